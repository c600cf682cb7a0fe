"""The adapter of the conformance kit for the Python client that openapi-python-client generates."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
import sys
import typing
from collections.abc import Callable
from typing import Any

import httpx

from posthog_groups import AuthenticatedClient, api
from posthog_groups.models import Error
from posthog_groups.types import Response

Function = Callable[..., Response[Any]]


def functions() -> dict[str, Function]:
    """The generated function of each operation. Its module has the name of the operation, and its parameters have the names of the specification."""
    modules = pkgutil.walk_packages(api.__path__, f"{api.__name__}.")
    return {
        module.name.rpartition(".")[2]: importlib.import_module(module.name).sync_detailed for module in modules if not module.ispkg
    }


def with_body(function: Function, body: Any) -> dict[str, Any]:
    """The keyword argument for the body, decoded with the model that the function accepts."""
    if "body" not in inspect.signature(function).parameters:
        return {}
    hint = typing.get_type_hints(function)["body"]
    model = next(model for model in typing.get_args(hint) or (hint,) if hasattr(model, "from_dict"))
    return {"body": model.from_dict(body)}


class NotJson(Exception):
    """A response that is not JSON, such as the page of a proxy."""

    def __init__(self, response: httpx.Response) -> None:
        super().__init__(f"{response.status_code} with {response.headers.get('content-type')}")
        self.response = response


def refuse_other_than_json(response: httpx.Response) -> None:
    """The generated code decodes every documented error as JSON and loses the status of an HTML page, so this runs first."""
    if not response.headers.get("content-type", "").startswith("application/json"):
        response.read()
        raise NotJson(response)


def plain(value: Any) -> Any:
    """Converts a decoded response back to JSON with the generated code."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value.to_dict() if hasattr(value, "to_dict") else value


def failure(status: int | None, body: Any, headers: Any) -> dict[str, Any]:
    retry_after, content_type = headers.get("retry-after"), headers.get("content-type")
    return {"error": {"status": status, "body": body, "retry_after": retry_after, "content_type": content_type}}


def conclude(call: dict[str, Any]) -> dict[str, Any]:
    function = OPERATIONS.get(call["operation"])
    if function is None:
        return {"unsupported": True}
    hooks = {"response": [refuse_other_than_json]}
    client = AuthenticatedClient(base_url=call["url"], token=call["key"], httpx_args={"event_hooks": hooks})
    try:
        response = function(client=client, **call["arguments"], **with_body(function, call.get("body")))
    except NotJson as error:
        return failure(error.response.status_code, error.response.text, error.response.headers)
    except (httpx.HTTPError, ValueError) as error:
        return failure(None, f"{type(error).__name__}: {error}", {})
    if response.parsed is None or isinstance(response.parsed, Error):
        return failure(response.status_code, plain(response.parsed), response.headers)
    return {"ok": plain(response.parsed), "status": response.status_code}


OPERATIONS = functions()

for line in sys.stdin:
    print(json.dumps(conclude(json.loads(line))), flush=True)
