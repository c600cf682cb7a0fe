"""The adapter of the conformance kit for the Python client that openapi-python-client makes."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any, TypeVar

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
from posthog_groups.models import CreateGroupRequest, DeletePropertyRequest, Error, Properties, UpdatePropertyRequest
from posthog_groups.types import Response

T = TypeVar("T")
Arguments = dict[str, Any]

# What the generated code has for each operation. The arguments are named as in the spec.
OPERATIONS: dict[str, Callable[[AuthenticatedClient, Arguments, Any], Response[Any]]] = {
    "list_groups": lambda client, a, body: list_groups.sync_detailed(client=client, **a),
    "create_group": lambda client, a, body: create_group.sync_detailed(client=client, body=CreateGroupRequest.from_dict(body), **a),
    "find_group": lambda client, a, body: find_group.sync_detailed(client=client, **a),
    "update_property": lambda client, a, body: update_property.sync_detailed(
        client=client, body=UpdatePropertyRequest.from_dict(body), **a
    ),
    "delete_property": lambda client, a, body: delete_property.sync_detailed(
        client=client, body=DeletePropertyRequest.from_dict(body), **a
    ),
    "upsert_properties": lambda client, a, body: upsert_properties.sync_detailed(client=client, body=Properties.from_dict(body), **a),
    "list_activity": lambda client, a, body: list_activity.sync_detailed(client=client, **a),
    "list_related": lambda client, a, body: list_related.sync_detailed(client=client, **a),
    "list_property_values": lambda client, a, body: list_property_values.sync_detailed(client=client, **a),
    "list_property_definitions": lambda client, a, body: list_property_definitions.sync_detailed(client=client, **a),
    "list_group_types": lambda client, a, body: list_group_types.sync_detailed(client=client, **a),
}


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


def plain(value: Any) -> Any:
    """A decoded answer as JSON again, by the generated code."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value.to_dict() if hasattr(value, "to_dict") else value


def failure(status: int | None, body: Any, headers: Any) -> dict[str, Any]:
    retry_after, content_type = headers.get("retry-after"), headers.get("content-type")
    return {"error": {"status": status, "body": body, "retry_after": retry_after, "content_type": content_type}}


def conclude(call: dict[str, Any]) -> dict[str, Any]:
    operation = OPERATIONS.get(call["operation"])
    if operation is None:
        return {"unsupported": True}
    hooks = {"response": [refuse_other_than_json]}
    client = AuthenticatedClient(base_url=call["url"], token=call["key"], httpx_args={"event_hooks": hooks})
    try:
        response = operation(client, call["arguments"], call.get("body"))
    except NotJson as error:
        return failure(error.response.status_code, error.response.text, error.response.headers)
    except (httpx.HTTPError, ValueError) as error:
        return failure(None, f"{type(error).__name__}: {error}", {})
    if response.parsed is None or isinstance(response.parsed, Error):
        return failure(response.status_code, plain(response.parsed), response.headers)
    return {"ok": plain(response.parsed), "status": response.status_code}


for line in sys.stdin:
    print(json.dumps(conclude(json.loads(line))), flush=True)
