"""The behavior of the real server that a contract test reports as a fault.

Schemathesis loads this module as its hooks. All checks are enabled for all operations. A finding is ignored only if a fact below
explains it: for these operations, in these eras, for this kind of request and response. All other findings are reported.
`contract.py` fails if a fact of the era explained nothing, so that no fact is obsolete.
"""

from __future__ import annotations

import atexit
import json
import os
import re
import urllib.request
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import schemathesis
import start

ERA = os.environ["POSTHOG_GROUPS_ERA"]
COUNTS = os.environ["POSTHOG_GROUPS_FACTS"]
URL = os.environ["POSTHOG_GROUPS_URL"]
ABSENT = object()


class Exchange:
    """A request and its response."""

    def __init__(self, case: Any, response: Any) -> None:
        self.operation: str = case.operation.definition.raw["operationId"]
        url = urlsplit(response.request.url)
        self.path: str = unquote(url.path)
        # The last value of a repeated parameter counts, as in Django.
        self.query: dict[str, str] = dict(parse_qsl(url.query, keep_blank_values=True))
        self.sent: Any = decode(response.request.body)
        self.status: int = response.status_code
        self.answer: Any = decode(response.content)

    def member(self, name: str) -> Any:
        """A member of the body that was sent."""
        return self.sent.get(name, ABSENT) if isinstance(self.sent, dict) else ABSENT

    def says(self, status: int, **members: Any) -> bool:
        """Whether the response has this status and these members in its body."""
        return (
            self.status == status
            and isinstance(self.answer, dict)
            and all(self.answer.get(name, ABSENT) == value for name, value in members.items())
        )

    def properties(self) -> dict[str, Any]:
        """The current properties of the group that the query names; empty if there is none."""
        expected = (integer(self.query.get("group_type_index", "")), self.query.get("group_key"))
        for group in world()["groups"]:
            if (group["group_type_index"], group["group_key"]) == expected:
                return dict(group["group_properties"])
        return {}

    def names_a_type(self, row: object) -> bool:
        """Whether a row of a body has the index of an existing type."""
        indexes = {kind["group_type_index"] for kind in world()["group_types"]}
        index = row.get("group_type_index") if isinstance(row, dict) else None
        return number(index) and index in indexes

    def sent_index_exists(self) -> bool:
        return self.names_a_type({"group_type_index": integer(self.member("group_type_index"))})

    def crashed(self) -> bool:
        """Whether this is the server's own 500."""
        return self.says(500, type="server_error", code="error", detail="A server error occurred.", attr=None)


def decode(body: bytes | str | None) -> Any:
    if body is None or len(body) == 0:
        return ABSENT
    try:
        return json.loads(body)
    except ValueError:
        return ABSENT


def integer(text: object) -> int | None:
    """Parses a number like the server: white space around it, a sign and underscores are accepted."""
    try:
        return int(str(text)) if text is not ABSENT else None
    except ValueError:
        return None


@dataclass(frozen=True)
class Fact:
    name: str
    check: str
    operations: tuple[str, ...]
    when: Callable[[Exchange], bool]
    why: str
    eras: tuple[str, ...] = ("2025", "2026")
    # Whether a run may not find it.
    rare: bool = False

    def shown(self) -> dict[str, Any]:
        """Everything but the code."""
        return {"name": self.name, "check": self.check, "operations": self.operations, "eras": self.eras, "why": self.why, "rare": self.rare}


NEEDS_INDEX = (
    "list_activity", "find_group", "list_property_values", "update_property", "delete_property", "upsert_properties",
)  # fmt: skip
SERVER_ERROR, NEGATIVE, POSITIVE = "not_a_server_error", "negative_data_rejection", "positive_data_acceptance"

WRITES = ("create_group", "update_property", "delete_property", "upsert_properties")
READS = ("list_groups", "find_group", "list_activity", "list_related")

FACTS: tuple[Fact, ...] = (
    # --- Values that the stores cannot store or return (contract section 1.5).
    Fact(
        "500-for-text-that-the-database-rejects", SERVER_ERROR, WRITES + ("set_default_columns", "update_group_types"),
        lambda x: x.crashed() and has_unstorable_text(x.sent),
        "PostgreSQL rejects NUL and unpaired surrogates in JSON, and nothing is stored.", rare=True,
    ),
    Fact(
        "500-for-a-group-with-a-number-beyond-64-bits", SERVER_ERROR, WRITES + READS,
        lambda x: x.status == 500 and x.answer is ABSENT,
        "Such a number is stored, and then every response with the group fails with an HTML page.", rare=True,
    ),
    Fact(
        "projects-take-numbers-beyond-their-maximum", NEGATIVE, ("list_projects",),
        lambda x: x.status == 200
        and any((integer(x.query.get(name, "")) or 0) > 2_147_483_647 for name in ("limit", "offset")),
        "The maximum keeps clients out of the range in which the server fails, although it accepts a part of that range.", rare=True,
    ),
    # --- 500 for invalid requests, which Django detects too late.
    Fact(
        "500-for-an-index-that-is-not-a-number", SERVER_ERROR, NEEDS_INDEX,
        lambda x: x.crashed() and "group_type_index" in x.query and integer(x.query["group_type_index"]) is None,
        "The text is passed to the database unchecked. Only the list of 2026 returns 400.",
    ),
    Fact(
        "2025-500-for-an-index-that-is-not-a-number-in-the-list", SERVER_ERROR, ("list_groups",),
        lambda x: x.crashed() and "group_type_index" in x.query and integer(x.query["group_type_index"]) is None,
        "The text is passed to the database unchecked; 400 since 2026.", ("2025",),
    ),
    Fact(
        "2025-500-for-a-missing-index", SERVER_ERROR, NEEDS_INDEX,
        lambda x: x.crashed() and "group_type_index" not in x.query,
        "Servers of 2025 do not check that the parameter exists; 400 since 2026.", ("2025",),
    ),
    Fact(
        "2025-500-for-a-missing-key", SERVER_ERROR, ("find_group",),
        lambda x: x.crashed() and "group_key" not in x.query,
        "Servers of 2025 do not check that the parameter exists; 400 since 2026.", ("2025",),
    ),
    Fact(
        "2025-500-for-a-missing-property-name", SERVER_ERROR, ("list_property_values",),
        lambda x: x.crashed() and "key" not in x.query,
        "Servers of 2025 do not check that the parameter exists; 400 since 2026.", ("2025",),
    ),
    Fact(
        "2025-500-for-a-missing-id", SERVER_ERROR, ("list_related",),
        lambda x: x.crashed() and "id" not in x.query,
        "Servers of 2025 do not check that the parameter exists; 400 since 2026.", ("2025",),
    ),
    Fact(
        "500-for-a-person-that-is-not-a-uuid", SERVER_ERROR, ("list_related",),
        lambda x: x.crashed() and "group_type_index" not in x.query and "id" in x.query and not uuid(x.query["id"]),
        "Without an index, `id` is the UUID of a person and is passed to the database unchecked. OpenAPI cannot express that the form of "
        "one parameter depends on another. Not verified on a real server.",
    ),
    Fact(
        "500-for-a-page-that-does-not-exist", SERVER_ERROR, ("list_activity",),
        lambda x: x.crashed() and ("page" in x.query or "limit" in x.query)
        and not (positive(x.query.get("limit", "10")) and integer(x.query.get("page", "1")) == 1),
        "Text and numbers below one for `page` or `limit`, and a page past the end, are passed to the paginator unchecked.",
    ),
    Fact(
        "2025-500-for-a-property-that-does-not-exist", SERVER_ERROR, ("delete_property",),
        lambda x: x.crashed() and isinstance(x.member("$unset"), str) and x.member("$unset") not in x.properties(),
        "`del` on a Python dictionary without the name; 400 since 2026.", ("2025",),
    ),
    Fact(
        "2025-500-for-a-name-that-is-not-text", SERVER_ERROR, ("delete_property",),
        lambda x: x.crashed() and x.member("$unset") is not ABSENT and not isinstance(x.member("$unset"), str),
        "Values other than strings are not property names; 400 since 2026.", ("2025",),
    ),
    Fact(
        "500-for-a-body-that-is-not-an-object", SERVER_ERROR, ("update_property", "delete_property", "upsert_properties"),
        lambda x: x.crashed() and x.sent is not ABSENT and not isinstance(x.sent, dict),
        "The body is used as a dictionary unchecked. Unknown for upsert_properties.",
    ),
    Fact(
        "500-for-a-name-that-is-a-list", SERVER_ERROR, ("update_property",),
        lambda x: x.crashed() and isinstance(x.member("key"), (list, dict)),
        "`key` is used as the key of a Python dictionary unchecked.",
    ),
    Fact(
        "500-for-properties-that-are-not-an-object", SERVER_ERROR, ("create_group",),
        lambda x: x.crashed() and bool(x.member("group_properties")) and not isinstance(x.member("group_properties"), dict),
        "Any JSON passes validation, is stored, and fails later when its members are read.",
    ),
    Fact(
        "2026-500-for-a-type-that-is-not-a-number", SERVER_ERROR, ("delete_group_type",),
        lambda x: x.crashed() and integer(x.path.rstrip("/").rpartition("/")[2]) is None,
        "The last part of the path is passed to the database unchecked.", ("2026",),
    ),
    Fact(
        "500-for-rows-without-a-type", SERVER_ERROR, ("update_group_types",),
        lambda x: x.crashed() and not (isinstance(x.sent, list) and all(x.names_a_type(row) for row in x.sent)),
        "The rows are processed one by one, and a missing type, index or row is not handled.",
    ),
    Fact(
        "500-for-a-body-without-a-type", SERVER_ERROR, ("create_detail_dashboard", "set_default_columns"),
        lambda x: x.crashed() and not index_like(x.member("group_type_index")),
        "The server does not check that `group_type_index` exists in the body and is a number.",
    ),
    Fact(
        "500-for-columns-that-are-not-text", SERVER_ERROR, ("set_default_columns",),
        lambda x: x.crashed() and not texts(x.member("default_columns")),
        "`default_columns` is passed to a text array column of the database unchecked.",
    ),
    # --- Accepted although the spec forbids it. The spec is narrower on purpose, because what it forbids is useless to callers.
    Fact(
        "projects-ignore-invalid-paging", NEGATIVE, ("list_projects",),
        lambda x: x.status == 200 and not (positive(x.query.get("limit", "1")) and natural(x.query.get("offset", "0"))),
        "An invalid `limit` or `offset` is treated as absent.",
    ),
    Fact(
        "any-32-bit-index-can-be-listed", NEGATIVE, ("list_groups", "list_property_values"),
        lambda x: x.status == 200 and odd_index(x.query.get("group_type_index")),
        "Only 0 to 4 are indexes of group types, as the spec says. The server accepts any number and finds nothing, or "
        "the groups that a failed create with such an index has left behind.",
    ),
    Fact(
        "numbers-become-keys", NEGATIVE, ("create_group",),
        lambda x: x.status == 201 and number(x.member("group_key")) and isinstance(x.answer.get("group_key"), str),
        "Text fields of the framework accept numbers and store their digits.",
    ),
    Fact(
        "anything-empty-means-no-properties", NEGATIVE, ("create_group",),
        lambda x: x.says(201, group_properties={}) and x.member("group_properties") is not ABSENT
        and not x.member("group_properties"),
        "`group_properties or {}`: false, 0, an empty string and an empty list are treated as absent.",
    ),
    Fact(
        "2025-any-property-name", NEGATIVE, ("update_property",),
        lambda x: x.status == 200 and (x.member("key") == "" or not isinstance(x.member("key"), str)),
        "Servers of 2025 only check that `key` exists, and convert it to a name.", ("2025",),
    ),
    Fact(
        "2025-a-blank-property-name-is-a-name", NEGATIVE, ("list_property_values",),
        lambda x: x.status == 200 and x.query.get("key") == "",
        "A blank name is treated as missing only since 2026.", ("2025",), rare=True,
    ),
    Fact(
        "no-rows-no-change", NEGATIVE, ("update_group_types",),
        lambda x: x.status == 200 and (x.sent is ABSENT or x.sent == {}),
        "An empty body changes nothing, and the response is the unchanged list.",
    ),
    Fact(
        "numbers-become-names-of-types", NEGATIVE, ("update_group_types",),
        lambda x: x.status == 200 and isinstance(x.sent, list)
        and any(number(row.get(name)) for row in x.sent if isinstance(row, dict) for name in ("name_singular", "name_plural")),
        "Text fields of the framework accept numbers and store their digits.",
    ),
    Fact(
        "columns-can-be-null", NEGATIVE, ("set_default_columns",),
        lambda x: x.says(200, default_columns=None) and x.member("default_columns") is None,
        "The column of the database can be null. Clients have no reason to send it.",
    ),
    Fact(
        "2025-upsert-of-nothing", NEGATIVE, ("upsert_properties",),
        lambda x: x.status == 200 and x.sent is ABSENT,
        "The behavior of the server for an empty body is unknown; the stand-in changes nothing.", ("2025",),
    ),
    # --- Rejected although the spec allows it, for reasons that OpenAPI cannot express.
    Fact(
        "a-key-may-exist", POSITIVE, ("create_group",),
        lambda x: x.says(400, code="invalid_input", detail="A group with this key already exists", attr="detail"),
        "Whether a group exists depends on earlier calls.",
    ),
    Fact(
        "a-key-is-not-blank", POSITIVE, ("create_group",),
        lambda x: x.says(400, code="blank", attr="group_key") and not str(x.member("group_key")).strip(),
        "White space is trimmed first. The spec says so in its description; a pattern would add a checked string type to every client.",
        rare=True,
    ),
    Fact(
        "no-null-characters", POSITIVE, ("create_group", "update_group_types"),
        lambda x: x.says(400, code="null_characters_not_allowed") and "\\u0000" in json.dumps(x.sent),
        "Text fields of the framework reject U+0000, which the database cannot store.",
        rare=True,
    ),
    Fact(
        "2026-a-property-may-not-exist", POSITIVE, ("delete_property",),
        lambda x: x.says(400, attr="$unset", detail=f"Property '{x.member('$unset')}' does not exist on this group.")
        and x.member("$unset") not in x.properties(),
        "Whether a property exists depends on earlier calls.", ("2026",),
    ),
    Fact(
        "null-is-not-a-value", POSITIVE, ("update_property",),
        lambda x: x.status == 400 and x.member("value") is None and x.answer.get("attr") == "value",
        "Any JSON value except null. OpenAPI 3.0.3 cannot express this in a way that code generators support; the spec says it in its description.",
    ),
    Fact(
        "a-dashboard-may-exist", POSITIVE, ("create_detail_dashboard",),
        lambda x: x.sent_index_exists() and x.status == 400
        and x.answer == {"detail": "Dashboard already exists for this group type."},
        "Whether a type has a dashboard depends on earlier calls.",
    ),
)


def uuid(text: str) -> bool:
    return re.fullmatch(r"[0-9a-fA-F]{8}(-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}", text) is not None


def positive(text: str) -> bool:
    value = integer(text)
    return value is not None and value > 0


def natural(text: str) -> bool:
    value = integer(text)
    return value is not None and value >= 0


def odd_index(text: str | None) -> bool:
    """Whether this is a number outside the indexes of group types."""
    value = None if text is None else integer(text)
    return value is not None and not 0 <= value <= 4


def has_unstorable_text(value: object) -> bool:
    """Whether a string in this has NUL or an unpaired surrogate."""
    if isinstance(value, dict):
        return any(has_unstorable_text(item) for pair in value.items() for item in pair)
    if isinstance(value, list):
        return any(has_unstorable_text(item) for item in value)
    return isinstance(value, str) and any(c == "\0" or "\ud800" <= c <= "\udfff" for c in value)


def number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def index_like(value: object) -> bool:
    return value is not ABSENT and value is not None and not isinstance(value, (list, dict)) and integer(value) is not None


def texts(value: object) -> bool:
    return value is None or (isinstance(value, list) and all(isinstance(item, str) for item in value))


# --- The world


def admin(method: str, document: dict[str, Any] | None = None) -> Any:
    body = None if document is None else json.dumps(document).encode()
    request = urllib.request.Request(f"{URL}/__admin/state", body, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=30) as response:
        return decode(response.read())


def world() -> Any:
    return admin("GET")


class Fresh:
    """Resets the state before a request, unless it belongs to a stateful sequence."""

    def __init__(self) -> None:
        self.now: str | None = None

    def before(self, operation: str, method: str, stateful: bool) -> None:
        expected = "without groups" if operation == "create_group" else "whole"
        if not stateful and self.now != expected:
            document = start.world(ERA)
            if expected == "without groups":
                document["groups"] = []
            admin("PUT", document)
            self.now = expected
        if method != "GET":
            self.now = None


FRESH = Fresh()


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    operation = case.operation.definition.raw["operationId"]
    stateful = case.meta is not None and case.meta.phase.name.value == "stateful"
    FRESH.before(operation, case.method, stateful)


# --- The hook


@schemathesis.hook
def filter_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:
    """Ignores a finding that a fact explains, and counts it."""
    exchange = Exchange(case, response)
    for fact in FACTS:
        if (
            ERA in fact.eras
            and fact.check in type(failure).checks
            and exchange.operation in fact.operations
            and fact.when(exchange)
        ):
            DROPPED[fact.name] += 1
            return False
    return True


DROPPED: Counter[str] = Counter()


@atexit.register
def report() -> None:
    with open(COUNTS, "w", encoding="utf-8") as file:
        json.dump(DROPPED, file)
