"""Sessions of the Python SDK with `posthog-groups mcp`; see run.sh. Usage: session.py STAND_IN_URL PROGRAM

Each step runs in both eras of the server and in both manners of the protocol: the handshake of the versions up to 2025, and the
requests without a session of 2026.
"""

import asyncio
import json
import os
import sys
import tempfile
import urllib.request
from typing import Any

from mcp import Client, MCPError, StdioServerParameters
from mcp.client.stdio import stdio_client

URL, PROGRAM = sys.argv[1:]
KEY = "phx_Recognizable0123456789"


def admin(method: str, path: str, body: Any = None) -> Any:
    """Calls the admin protocol of the stand-in server."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{URL}/__admin/{path}", data, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def reset(era: str) -> None:
    groups = [
        {"group_type_index": 0, "group_key": f"org:{n:03}", "group_properties": {"plan": "free", "n": n}} for n in range(250)
    ]
    types = [{"group_type": "organization", "group_type_index": 0}]
    admin("PUT", "state", {"era": era, "api_keys": [{"key": KEY}], "group_types": types, "groups": groups})


def stored(key: str) -> Any:
    groups = admin("GET", "state")["groups"]
    return next((group["group_properties"] for group in groups if group["group_key"] == key), None)


class Session:
    """One session with the program, and its output on standard error."""

    def __init__(self, mode: str, *flags: str) -> None:
        environment = {"POSTHOG_HOST": URL, "POSTHOG_PERSONAL_API_KEY": KEY, "POSTHOG_GROUPS_CONFIG": "", "HOME": "/nonexistent"}
        server = StdioServerParameters(command=PROGRAM, args=["mcp", *flags], env=environment)
        self.stderr = tempfile.TemporaryFile("w+")
        self.client = Client(stdio_client(server, errlog=self.stderr), mode=mode)

    async def __aenter__(self) -> "Session":
        await self.client.__aenter__()
        return self

    async def __aexit__(self, *raised: Any) -> None:
        await self.client.__aexit__(*raised)
        self.stderr.seek(0)
        assert KEY not in self.stderr.read()

    async def call(self, tool: str, arguments: dict[str, Any], error: bool = False) -> Any:
        result = await self.client.call_tool(tool, arguments)
        (block,) = result.content
        assert block.type == "text"
        assert KEY not in block.text
        assert len(block.text) < 34 * 1024
        assert result.is_error == error, f"{tool} {arguments}: {block.text}"
        return json.loads(block.text)


async def reads_only(mode: str) -> None:
    async with Session(mode) as session:
        tools = (await session.client.list_tools()).tools
        assert "list_groups" in {tool.name for tool in tools}
        assert all(tool.annotations and tool.annotations.read_only_hint for tool in tools)
        try:
            await session.client.call_tool("create_group", {"group_type_index": 0, "group_key": "org:new"})
        except MCPError as refusal:
            assert "--allow-writes" in str(refusal)
        else:
            raise AssertionError("a write without --allow-writes was carried out")
        assert stored("org:new") is None


async def descriptions(mode: str) -> None:
    async with Session(mode, "--allow-writes") as session:
        tools = {tool.name: tool for tool in (await session.client.list_tools()).tools}
        assert {"list_groups", "create_group"} <= tools.keys()
        hints = tools["delete_property"].annotations
        assert hints and hints.destructive_hint and hints.idempotent_hint and not hints.read_only_hint
        hints = tools["create_group"].annotations
        assert hints and not hints.destructive_hint and not hints.idempotent_hint
        schema = tools["update_property"].input_schema
        assert set(schema["required"]) == {"group_type_index", "group_key", "key", "value"}


async def lists_by_cursor(mode: str) -> None:
    async with Session(mode) as session:
        arguments: dict[str, Any] = {"group_type_index": 0, "limit": 60}
        keys: list[str] = []
        while True:
            answer = await session.call("list_groups", arguments)
            keys += [group["group_key"] for group in answer["results"]]
            if answer["next_cursor"] is None:
                break
            arguments["cursor"] = answer["next_cursor"]
        assert sorted(keys) == [f"org:{n:03}" for n in range(250)]


async def all_operations(mode: str) -> None:
    async with Session(mode, "--allow-writes") as session:
        org = {"group_type_index": 0, "group_key": "org:new"}
        types = await session.call("list_group_types", {})
        assert [row["group_type"] for row in types["results"]] == ["organization"]
        await session.call("create_group", org | {"group_properties": {"plan": "trial"}})
        await session.call("update_property", org | {"key": "plan", "value": "scale"})
        merged = await session.call("upsert_properties", org | {"group_properties": {"plan": "scale", "seats": 4}})
        assert merged["written"] == ["seats"]
        await session.call("delete_property", org | {"key": "seats"})
        found = await session.call("find_group", org)
        assert found["group_properties"] == stored("org:new") == {"plan": "scale"}
        history = await session.call("list_activity", org)
        assert len(history["results"]) == 4
        assert (await session.call("list_related", {"group_type_index": 0, "id": "org:new"}))["results"] == []
        values = await session.call("list_property_values", {"group_type_index": 0, "key": "plan"})
        assert {row["value"] for row in values["results"]} == {"free", "scale"}
        is_2026 = admin("GET", "state")["era"] == "2026"
        definitions = await session.call("list_property_definitions", {}, error=is_2026)
        assert ("help" if is_2026 else "results") in definitions


async def lost_answers(mode: str) -> None:
    writes = [
        ("create_group", {"group_key": "org:a", "group_properties": {"a": 1}}),
        ("update_property", {"group_key": "org:000", "key": "plan", "value": "scale"}),
        ("delete_property", {"group_key": "org:000", "key": "n"}),
        ("upsert_properties", {"group_key": "org:b", "group_properties": {"a": 1}, "create_if_missing": True}),
    ]
    async with Session(mode, "--allow-writes") as session:
        for tool, arguments in writes:
            before = len(admin("GET", "state")["captured_events"])
            admin("POST", "faults", [{"kind": "drop", "method": "POST", "phase": "after"}])
            await session.call(tool, {"group_type_index": 0} | arguments)
            admin("DELETE", "faults")
            assert len(admin("GET", "state")["captured_events"]) == before + 1, f"{tool} had one effect"
        assert stored("org:a") == stored("org:b") == {"a": 1}
        assert stored("org:000") == {"plan": "scale"}


async def errors(mode: str) -> None:
    async with Session(mode, "--allow-writes") as session:
        missing = await session.call("find_group", {"group_type_index": 0, "group_key": "nope"}, error=True)
        assert missing["status"] == 404 and "list_groups" in missing["help"]
        wrong = await session.call("find_group", {"group_type_index": 0}, error=True)
        assert "group_key" in wrong["error"]
        admin("POST", "faults", [{"kind": "http", "status": 429, "headers": {"Retry-After": "600"}, "times": 0}])
        limited = await session.call("list_groups", {"group_type_index": 0}, error=True)
        admin("DELETE", "faults")
        assert limited["retry_after_seconds"] >= 590 and "retry_after_seconds" in limited["help"]


async def main() -> int:
    failed = 0
    steps = [reads_only, descriptions, lists_by_cursor, all_operations, lost_answers, errors]
    for era in ("2025", "2026"):
        for mode in ("legacy", "2026-07-28"):
            for step in steps:
                reset(era)
                name = f"{era} {mode} {step.__name__}"
                try:
                    await asyncio.wait_for(step(mode), 60)
                    print(f"ok   {name}")
                except Exception as raised:
                    failed += 1
                    print(f"FAIL {name}: {type(raised).__name__}: {raised}")
    print(f"{len(steps) * 4 - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    os.environ.pop("POSTHOG_PROJECT_ID", None)
    sys.exit(asyncio.run(main()))
