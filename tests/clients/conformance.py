#!/usr/bin/env python3
"""The conformance kit for clients of the groups API in any language. README.md describes it.

    conformance.py [--server PROGRAM | --url URL] [--era 2025|2026|both] [--only TEXT] [--json FILE] COMMAND...

COMMAND is an adapter: it reads one call per line as JSON, makes it with the client, and writes one line with what the client
concluded. Needs Python 3.11 and nothing else. Exit codes: 0 all passed, 1 some failed, 2 the adapter or the server cannot be used.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from datetime import datetime
from pathlib import Path
from queue import Empty, Queue
from typing import Any
from urllib.parse import parse_qs, urlsplit

CASES = json.loads((Path(__file__).parent / "cases.json").read_text(encoding="utf-8"))
ERAS = ("2025", "2026")
ANSWER_SECONDS = 60


class Unusable(Exception):
    """The adapter or the server does not work."""


class Failed(Exception):
    """The client returned a different result, or sent different requests."""


class Unsupported(Exception):
    """The client does not have the operation."""


def differs(got: Any, expected: Any, place: str) -> str | None:
    """Returns the difference between `got` and the expected value, or None. Fields that are not listed may have any value."""
    if isinstance(expected, str) and (match := re.fullmatch(r"<(nothing|text|exact|time|contains|seconds)(?: (.*))?>", expected)):
        good = is_such(got, match[1], match[2] or "")
    elif isinstance(expected, dict) and expected.keys() == {"<exact>"}:
        good = same(got, expected["<exact>"])
    elif isinstance(expected, dict) and isinstance(got, dict):
        members = (differs(got.get(name), value, f"{place}.{name}") for name, value in expected.items())
        return next((text for text in members if text), None)
    elif isinstance(expected, list) and isinstance(got, list) and len(expected) == len(got):
        items = (differs(g, w, f"{place}[{n}]") for n, (g, w) in enumerate(zip(got, expected, strict=True)))
        return next((text for text in items if text), None)
    else:
        good = same(got, expected)
    return None if good else f"{place} is {json.dumps(got, ensure_ascii=False)[:300]} instead of {json.dumps(expected, ensure_ascii=False)[:300]}"


def is_such(got: Any, kind: str, detail: str) -> bool:
    match kind:
        case "nothing":
            return got is None
        case "text":
            return isinstance(got, str) and got != ""
        case "contains":
            return isinstance(got, str) and detail in got
        case "time":
            return isinstance(got, str) and datetime.fromisoformat(got) == datetime.fromisoformat(detail)
        case "seconds":
            least, most = (int(number) for number in detail.split(" to "))
            return re.fullmatch(r"\d+", str(got)) is not None and least <= int(got) <= most
    return False


def same(got: Any, expected: Any) -> bool:
    """JSON equality: 7 equals 7.0, and true does not equal 1."""
    if isinstance(got, bool) or isinstance(expected, bool):
        return got is expected
    if isinstance(got, dict) and isinstance(expected, dict):
        return got.keys() == expected.keys() and all(same(got[name], expected[name]) for name in got)
    if isinstance(got, list) and isinstance(expected, list):
        return len(got) == len(expected) and all(map(same, got, expected))
    return bool(got == expected)


def of_era(node: Any, era: str) -> Any:
    """The expectation for one era, if it depends on the era."""
    if isinstance(node, dict):
        return of_era(node[era], era) if node.keys() == set(ERAS) else {name: of_era(value, era) for name, value in node.items()}
    return [of_era(item, era) for item in node] if isinstance(node, list) else node


class StandIn:
    """The admin protocol of the stand-in server."""

    def __init__(self, url: str) -> None:
        self.url = url

    def admin(self, method: str, what: str, document: Any = None) -> Any:
        body = None if document is None else json.dumps(document).encode()
        with urllib.request.urlopen(urllib.request.Request(f"{self.url}/__admin/{what}", body, method=method), timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text else None


class Adapter:
    """The adapter: the program around the client."""

    def __init__(self, command: list[str]) -> None:
        try:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8")
        except OSError as error:
            raise Unusable(f"cannot start the adapter: {error}") from error
        self.lines: Queue[str] = Queue()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self) -> None:
        for line in self.process.stdout or ():
            self.lines.put(line)
        self.lines.put("")

    def call(self, call: dict[str, Any]) -> dict[str, Any]:
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps(call) + "\n")
            self.process.stdin.flush()
            line = self.lines.get(timeout=ANSWER_SECONDS)
        except Empty:
            raise Unusable(f"the adapter did not answer within {ANSWER_SECONDS} s (does it flush its output after each line?): {json.dumps(call)}") from None
        except BrokenPipeError:
            line = ""
        if not line:
            raise Unusable(f"the adapter exited with code {self.process.wait()} at the call {json.dumps(call)}; it must answer one line for each until its input ends")
        try:
            answer = json.loads(line)
        except ValueError:
            raise Unusable(f"the adapter wrote a line that is not JSON: {line[:300]!r}") from None
        if not isinstance(answer, dict) or not answer.keys() & {"ok", "error", "unsupported"}:
            raise Unusable(f"the adapter wrote a line without `ok`, `error` or `unsupported`: {line[:300]!r}")
        return answer


def run(case: dict[str, Any], era: str, server: StandIn, adapter: Adapter) -> None:
    server.admin("PUT", "state", CASES["world"] | CASES["eras"][era] | case.get("world", {}))
    if "faults" in case:
        server.admin("POST", "faults", case["faults"])
    answer: dict[str, Any] = {}
    for number, call in enumerate(case["calls"], 1):
        arguments = dict(call["arguments"])
        if arguments.get("cursor") == "<cursor of the previous answer>":
            arguments["cursor"] = parse_qs(urlsplit(answer["ok"]["next"]).query)["cursor"][0]
        sent = {"url": server.url, "key": call.get("key", "phx_all"), "operation": call["operation"], "arguments": arguments}
        answer = adapter.call(sent | ({"body": call["body"]} if "body" in call else {}))
        if "unsupported" in answer:
            raise Unsupported(call["operation"])
        expected = of_era(call["answer"], era)
        outcome = "ok" if "ok" in expected else "error"
        if outcome not in answer:
            raise Failed(f"call {number}: {json.dumps(answer, ensure_ascii=False)[:400]} instead of `{outcome}`")
        if text := differs(answer, expected, f"call {number}"):
            raise Failed(text)
    if "requests" in case:
        check_requests(case["requests"], server.admin("GET", "journal")["entries"])


def check_requests(expected: list[dict[str, Any]], entries: list[dict[str, Any]]) -> None:
    if len(entries) != len(expected):
        raise Failed(f"{len(entries)} requests were sent instead of {len(expected)}: {[(e['method'], e['path']) for e in entries]}")
    for number, (entry, expectation) in enumerate(zip(entries, expected, strict=True), 1):
        query = {name: values[-1] for name, values in parse_qs(entry["query"] or "", keep_blank_values=True).items()}
        got = {"method": entry["method"], "query": query, "body": json.loads(entry["body"]) if entry["body"] else None}
        if text := differs(got, expectation, f"request {number}"):
            raise Failed(text)


def start_server(program: str) -> tuple[StandIn, subprocess.Popen[bytes]]:
    with tempfile.TemporaryDirectory() as folder:
        port = Path(folder) / "port"
        try:
            process = subprocess.Popen([program, "--port", "0", "--port-file", str(port)], stdout=subprocess.DEVNULL)
        except OSError as error:
            raise Unusable(f"cannot start the stand-in server: {error}; install it with `cargo install --path crates/posthog-groups-fake`, or name it with --server or --url") from error
        for _ in range(200):
            if port.exists() and (text := port.read_text()):
                return StandIn(f"http://127.0.0.1:{text.strip()}"), process
            if process.poll() is not None:
                break
            time.sleep(0.05)
        process.kill()
        raise Unusable("the stand-in server did not start within 10 s")


def main() -> int:
    parser = argparse.ArgumentParser(description="Proves a client of the groups API against the stand-in server.")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--server", metavar="PROGRAM", default="posthog-groups-fake", help="the stand-in server [%(default)s]")
    where.add_argument("--url", help="a stand-in server that runs already")
    parser.add_argument("--era", choices=[*ERAS, "both"], default="both")
    parser.add_argument("--only", metavar="TEXT", default="", help="only cases whose name contains this")
    parser.add_argument("--json", metavar="FILE", help="write the results there as well")
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="COMMAND...", help="the adapter")
    given = parser.parse_args()
    command = given.command[1:] if given.command[:1] == ["--"] else given.command
    if not command:
        parser.error("name the command of the adapter")
    process, results = None, []
    try:
        if given.url:
            server = StandIn(given.url.rstrip("/"))
        else:
            server, process = start_server(given.server)
        adapter = Adapter(command)
        for era in ERAS if given.era == "both" else [given.era]:
            for case in CASES["cases"]:
                if given.only not in case["name"]:
                    continue
                result, why = "passed", ""
                try:
                    run(case, era, server, adapter)
                except Failed as failure:
                    result, why = "failed", str(failure)
                except Unsupported as operation:
                    result, why = "skipped", f"the client has no {operation}"
                results.append({"era": era, "case": case["name"], "result": result, "why": why})
                print({"passed": "ok  ", "failed": "FAIL", "skipped": "skip"}[result], era, case["name"] + (f" | {why}" if why else ""), flush=True)
    except (Unusable, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    finally:
        if process:
            process.kill()
    counts = {name: sum(row["result"] == name for row in results) for name in ("passed", "failed", "skipped")}
    print(", ".join(f"{count} {name}" for name, count in counts.items()))
    if given.json:
        Path(given.json).write_text(json.dumps(results, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return 1 if counts["failed"] or not results else 0


if __name__ == "__main__":
    sys.exit(main())
