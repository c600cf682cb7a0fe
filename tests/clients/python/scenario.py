"""The scenario of ../scenario.json with the Python client that openapi-python-client makes."""

from __future__ import annotations

import json
import sys
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx

from posthog_groups import AuthenticatedClient
from posthog_groups.api.group_types import list_group_types
from posthog_groups.api.groups import (
    create_group,
    delete_property,
    find_group,
    list_activity,
    list_groups,
    list_property_definitions,
    list_property_values,
    list_related,
    update_property,
    upsert_properties,
)
from posthog_groups.models import (
    ActivityPage,
    CreateGroupRequest,
    CreateGroupRequestGroupPropertiesType0,
    DeletePropertyRequest,
    Error,
    FoundGroup,
    Group,
    GroupPage,
    Properties,
    PropertyDefinitions,
    PropertyValuePage,
    RelatedGroup,
    RelatedPerson,
    UpdatePropertyRequest,
)
from posthog_groups.types import UNSET, Response, Unset

T = TypeVar("T")
URL, SCENARIO = sys.argv[1], json.load(open(sys.argv[2], encoding="utf-8"))
PROJECT = "@current"
PERSON = UUID("0197a0de-5d5a-7c1e-9a5e-3c1f0e6f2a11")


class NotJson(Exception):
    """An answer that is no JSON: a proxy's page."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__(f"{response.status_code} with {response.headers.get('content-type')}")
        self.response = response


def refuse_other_than_json(response: httpx.Response) -> None:
    """The generated code decodes every documented error as JSON and loses the status of an HTML page; look before it."""
    if not response.headers.get("content-type", "").startswith("application/json"):
        response.read()
        raise NotJson(response)


def client(key: str) -> AuthenticatedClient:
    return AuthenticatedClient(
        base_url=URL, token=key, httpx_args={"event_hooks": {"response": [refuse_other_than_json]}}
    )


ALL, READER = client("phx_all"), client("phx_reader")


def admin(method: str, what: str, document: object = None) -> None:
    body = None if document is None else json.dumps(document).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{URL}/__admin/{what}", body, method=method), timeout=30):
        pass


def world(era: str, **more: object) -> None:
    admin("PUT", "state", SCENARIO["world"] | SCENARIO["eras"][era] | more)


def same(got: object, wanted: object) -> None:
    if got != wanted:
        raise AssertionError(f"{got!r} instead of {wanted!r}")


def good(response: Response[Error | T]) -> T:
    """What a call answered, of the documented type; an error or nothing is none."""
    parsed = response.parsed
    if parsed is None or isinstance(parsed, Error):
        raise AssertionError(f"{response.status_code}: {parsed}")
    return parsed


def refused(response: Response[Error | T], status: int, **members: object) -> None:
    same(response.status_code, status)
    if not isinstance(response.parsed, Error):
        raise AssertionError(f"no error: {response.parsed}")
    for name, value in members.items():
        same(getattr(response.parsed, name), value)


def find(key: str, by: AuthenticatedClient = ALL) -> Response[Error | FoundGroup]:
    return find_group.sync_detailed(PROJECT, client=by, group_type_index=0, group_key=key, skip_create_notebook=True)


def listed(cursor: str | Unset = UNSET, search: str | Unset = UNSET) -> GroupPage:
    return good(list_groups.sync_detailed(PROJECT, client=ALL, group_type_index=0, cursor=cursor, search=search))


def create(key: str, properties: dict[str, Any] | None = None) -> Response[Error | Group]:
    body = CreateGroupRequest(group_type_index=0, group_key=key)
    if properties is not None:
        body.group_properties = CreateGroupRequestGroupPropertiesType0.from_dict(properties)
    return create_group.sync_detailed(PROJECT, client=ALL, body=body)


def update(key: str, name: str, value: Any, by: AuthenticatedClient = ALL) -> Response[Error | Group]:
    body = UpdatePropertyRequest(key=name, value=value)
    return update_property.sync_detailed(PROJECT, client=by, body=body, group_type_index=0, group_key=key)


def unset(key: str, name: str) -> Response[Error | Group]:
    body = DeletePropertyRequest(unset=name)
    return delete_property.sync_detailed(PROJECT, client=ALL, body=body, group_type_index=0, group_key=key)


def keys(page: GroupPage) -> list[str]:
    return [group.group_key for group in page.results]


def three_pages(era: str) -> None:
    pages: list[list[str]] = []
    cursor = ""
    while not pages or (cursor and len(pages) < 9):
        page = listed(cursor or UNSET)
        pages.append(keys(page))
        cursor = "" if page.next_ is None else parse_qs(urlsplit(page.next_).query)["cursor"][0]
    same(pages, [["acct_7", "acct_6", "acct_5"], ["acct_4", "acct_3", "acct_2"], ["acct_1"]])


def search(era: str) -> None:
    page = listed(search="gREY wag")
    same(keys(page), ["acct_3"])
    same(page.next_, None)


def created(era: str) -> None:
    properties: dict[str, Any] = {"name": "Zaunkönig & Söhne", "nested": {"a": [1, None, True]}, "none": None}
    response = create("org:9/ä b", properties)
    same(response.status_code, 201)
    same(good(response).group_properties.to_dict(), properties)
    found = good(find("org:9/ä b"))
    same(found.group_properties.to_dict(), properties)
    same(found.created_at, datetime(2026, 3, 20, 12, tzinfo=UTC))


def key_taken(era: str) -> None:
    detail = "A group with this key already exists"
    refused(create("acct_1"), 400, type_="validation_error", code="invalid_input", detail=detail, attr="detail")


def found(era: str) -> None:
    group = good(find("acct_1"))
    same(group.group_type_index, 0)
    same(group.group_properties.to_dict(), {"name": "Blue Heron", "plan": "scale", "seats": 7})
    same(group.notebook, "nb5GkQ2a")
    # Servers of 2025 do not know `skip_create_notebook` yet, and write.
    same(good(find("acct_2")).notebook is None, era == "2026")


def not_found(era: str) -> None:
    refused(find("acct_99"), 404, type_="invalid_request", code="not_found", detail="Not found.")


def updated(era: str) -> None:
    for value in [57, "", 0, False, [], {"deep": [None]}]:
        group = good(update("acct_1", "seats", value))
        same(group.group_properties.to_dict(), {"name": "Blue Heron", "plan": "scale", "seats": value})


def deleted(era: str) -> None:
    same(good(unset("acct_2", "seats")).group_properties.to_dict(), {"name": "Red Kite", "plan": "scale"})


def deleted_again(era: str) -> None:
    response = unset("acct_1", "no such name")
    if era == "2025":
        refused(response, 500, type_="server_error", code="error", attr=None)
    else:
        refused(response, 400, code="invalid_input", attr="$unset")


def no_endpoint(response: Response[Error | T]) -> None:
    refused(response, 404, type_="invalid_request", code="not_found", detail="Endpoint not found.", attr=None)


def upserted(era: str) -> None:
    body = Properties.from_dict({"plan": "free", "tags": ["new"]})
    response = upsert_properties.sync_detailed(PROJECT, client=ALL, body=body, group_type_index=0, group_key="acct_4")
    if era == "2026":
        return no_endpoint(response)
    merged = {"name": "Black Swift", "plan": "free", "seats": 28, "tags": ["new"]}
    same(good(response).group_properties.to_dict(), merged)


def activity(era: str) -> None:
    def page(number: int) -> ActivityPage:
        return good(list_activity.sync_detailed(
            PROJECT, client=ALL, group_type_index=0, group_key="acct_2", limit=2, page=number
        ))  # fmt: skip

    first, second = page(1), page(2)
    same(first.total_count, 3)
    same((first.next_ is None, second.next_, second.previous is None), (False, None, False))
    same([e.detail.changes[0].after for e in first.results if e.detail.changes], ["plan 2", "plan 1"])
    oldest = second.results[0]
    same((oldest.user.is_system, oldest.user.email, oldest.detail.name), (True, None, "plan"))
    same(isinstance(oldest.id, Unset), era == "2025")


def definitions(era: str) -> None:
    response = list_property_definitions.sync_detailed(PROJECT, client=ALL)
    if era == "2026":
        return no_endpoint(response)
    names: PropertyDefinitions = good(response)
    same([(item.name, item.count) for item in names["0"]], [("name", 7), ("plan", 7), ("seats", 7)])
    same([(item.name, item.count) for item in names["1"]], [("name", 1)])


def values(era: str) -> None:
    answer = list_property_values.sync_detailed(PROJECT, client=ALL, group_type_index=0, key="plan").parsed
    if answer is None or isinstance(answer, Error):
        raise AssertionError(f"{answer}")
    same(isinstance(answer, PropertyValuePage), era == "2026")
    items = answer.results if isinstance(answer, PropertyValuePage) else answer
    same([(item.name, item.count) for item in items], [("scale", 4), ("free", 2), ("trial", 1)])


def of_group(era: str) -> None:
    person, group = good(list_related.sync_detailed(PROJECT, client=ALL, group_type_index=0, id="acct_1"))
    if not isinstance(person, RelatedPerson) or not isinstance(group, RelatedGroup):
        raise AssertionError(f"{person!r}, {group!r}")
    seen = UNSET if era == "2025" else None
    same((person.uuid, len(person.distinct_ids), person.is_identified, person.last_seen_at), (PERSON, 2, True, seen))
    same((group.group_key, group.group_type_index, group.properties["name"]), ("harbor-web", 1, "Harbor"))


def of_person(era: str) -> None:
    actors = good(list_related.sync_detailed(PROJECT, client=ALL, id=str(PERSON)))
    same([(actor.type_, actor.id) for actor in actors], [("group", "acct_1"), ("group", "harbor-web")])


def types(era: str) -> None:
    rows = good(list_group_types.sync_detailed(PROJECT, client=ALL))
    wanted = [(0, "account", "Account"), (1, "workspace", None)]
    same([(row.group_type_index, row.group_type, row.name_singular) for row in rows], wanted)


def unknown_key(era: str) -> None:
    detail = "Personal API key found in request Authorization header is invalid."
    response = find("acct_1", client("phx_stranger"))
    refused(response, 401, type_="authentication_error", code="authentication_failed", detail=detail)


def scope_missing(era: str) -> None:
    detail = "API key missing required scope 'group:write'"
    refused(update("acct_1", "plan", "free", READER), 403, code="permission_denied", detail=detail)


def not_allowed(era: str) -> None:
    body = {"type": "invalid_request", "code": "method_not_allowed", "detail": 'Method "GET" not allowed.', "attr": None}
    admin("POST", "faults", [{"kind": "http", "status": 405, "body": body}])
    refused(find("acct_1"), 405, code="method_not_allowed", attr=None)


def throttled(era: str) -> None:
    world(era, rate_limit={"limit": 1, "window_s": 60})
    good(find("acct_1"))
    response = find("acct_1")
    refused(response, 429, type_="throttled_error", code="throttled")
    same(1 <= int(response.headers["Retry-After"]) <= 60, True)


def crashed(era: str) -> None:
    admin("POST", "faults", [{"kind": "crash"}])
    refused(find("acct_1"), 500, type_="server_error", code="error", detail="A server error occurred.")


def proxy(era: str) -> None:
    admin("POST", "faults", [{"kind": "http", "status": 502}])
    try:
        find("acct_1")
    except NotJson as error:
        same(error.response.status_code, 502)
        same(error.response.headers["content-type"].startswith("text/html"), True)
        same("<html>" in error.response.text, True)
    else:
        raise AssertionError("no exception")


def unavailable(era: str) -> None:
    body = {"type": "server_error", "code": "database_unavailable", "detail": "Try again.", "attr": None}
    admin("POST", "faults", [{"kind": "http", "status": 503, "headers": {"Retry-After": "1"}, "body": body}])
    response = find("acct_1")
    refused(response, 503, code="database_unavailable")
    same(response.headers["Retry-After"], "1")


STEPS: list[tuple[str, Callable[[str], None]]] = [
    ("list_groups: three pages", three_pages),
    ("list_groups: search", search),
    ("create_group: created, then found as it was sent", created),
    ("create_group: the key is taken, 400", key_taken),
    ("find_group: a group and its notebook", found),
    ("find_group: no such group, 404", not_found),
    ("update_property: the whole group comes back", updated),
    ("delete_property: the whole group comes back", deleted),
    ("delete_property: gone already, 500 in 2025, 400 in 2026", deleted_again),
    ("upsert_properties: merged in the window of 2025, no such endpoint in 2026", upserted),
    ("list_activity: two pages", activity),
    ("list_property_definitions: by type in 2025, no such endpoint in 2026", definitions),
    ("list_property_values: a list in 2025, an envelope in 2026", values),
    ("list_related: a group's persons and groups", of_group),
    ("list_related: a person's groups", of_person),
    ("list_group_types: names by index", types),
    ("error 401: unknown key", unknown_key),
    ("error 403: scope missing", scope_missing),
    ("error 405: method not allowed", not_allowed),
    ("error 429: Retry-After", throttled),
    ("error 500: the server's own", crashed),
    ("error 502: the HTML of a proxy", proxy),
    ("error 503: Retry-After", unavailable),
]


def main() -> int:
    passed = failed = 0
    for era in ("2025", "2026"):
        for name, step in STEPS:
            try:
                # Every step starts from the same world.
                world(era)
                step(era)
            except Exception as error:  # noqa: BLE001 - whatever goes wrong is this step's failure
                failed += 1
                text = f"{type(error).__name__}: {error}".replace("\n", " ")
                print(f"FAIL {era} {name} | {text}")
            else:
                passed += 1
                print(f"ok   {era} {name}")
    print(f"python: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
