"""Runs schemathesis with the corrected specification against the stand-in server, once per era; see README.md."""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PHASES = ("examples", "coverage", "fuzzing", "stateful")


def run(url: str, spec: Path, reports: Path, era: str) -> tuple[int, list[str]]:
    """Runs one era. Returns the number of test cases and the problems."""
    folder = reports / era
    folder.mkdir(parents=True, exist_ok=True)
    report, counts, output = folder / "report.json", folder / "facts.json", folder / "output.txt"
    for file in (report, counts, output):
        file.unlink(missing_ok=True)
    environment = os.environ | {
        "SCHEMATHESIS_HOOKS": "facts",
        "PYTHONPATH": str(HERE),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "POSTHOG_GROUPS_ERA": era,
        "POSTHOG_GROUPS_URL": url,
        "POSTHOG_GROUPS_FACTS": str(counts),
    }
    command = [
        str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(HERE / "schemathesis.toml"),
        "run", str(spec), "--url", url, "--checks", "all", "--report-json-path", str(report),
    ]  # fmt: skip
    started = time.monotonic()
    done = subprocess.run(command, env=environment, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600)
    seconds = time.monotonic() - started
    text = done.stdout.decode()
    output.write_text(text)
    if not report.exists() or not counts.exists():
        return 0, [f"{era}: schemathesis did not get to its end:\n{text}"]

    result = json.loads(report.read_text())
    dropped: dict[str, int] = json.loads(counts.read_text())
    cases = int(result["test_cases"]["generated"])
    operations = result["operations"]
    links = re.search(r"API Links: .*", text)
    print(f"{era}: {cases} cases for {operations['tested']} of {operations['total']} operations in {seconds:.0f} s")
    print(f"{era}: stateful phase: {links.group() if links else 'no links'}")
    wrong = []
    if done.returncode != 0:
        wrong.append(f"{era}: findings:\n{text}")
    if operations["tested"] != operations["total"]:
        wrong.append(f"{era}: only {operations['tested']} of {operations['total']} operations were tested")
    for phase in PHASES:
        status = result["phases"].get(phase, {}).get("status")
        if status not in ("success", "failure"):
            wrong.append(f"{era}: the phase {phase} ended with: {status}")
    facts = known_facts(environment)
    for fact in facts:
        name = fact["name"]
        if era in fact["eras"] and not fact["rare"] and not dropped.get(name):
            wrong.append(f"{era}: the fact `{name}` explained nothing; take it out of facts.py or give it the right eras")
    total = sum(dropped.values())
    print(f"{era}: {total} failed check(s) explained by {len(dropped)} named facts about the server; full log: {output}")
    for name, count in sorted(dropped.items()):
        print(f"{era}:   {count:>5}  {name}")
    return cases, wrong


def known_facts(environment: dict[str, str]) -> list[dict[str, Any]]:
    """The facts, from a separate process, because the module is meant to be loaded by schemathesis."""
    code = "import facts, json; print(json.dumps([f.shown() for f in facts.FACTS]))"
    environment = environment | {"POSTHOG_GROUPS_FACTS": os.devnull}
    done = subprocess.run([sys.executable, "-B", "-c", code], env=environment, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def table() -> str:
    """The table of facts for README.md."""
    environment = os.environ | {"PYTHONPATH": str(HERE), "POSTHOG_GROUPS_ERA": "2026", "POSTHOG_GROUPS_URL": ""}
    lines = ["| fact | check | operations | servers of | why |", "|---|---|---|---|---|"]
    for fact in known_facts(environment):
        operations, eras = ", ".join(fact["operations"]), ", ".join(fact["eras"])
        lines.append(f"| {fact['name']} | {fact['check']} | {operations} | {eras} | {fact['why']} |")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--url")
    parser.add_argument("--spec", type=Path)
    parser.add_argument("--reports", type=Path)
    parser.add_argument("--era", choices=["2025", "2026", "both"], default="both")
    parser.add_argument("--table", action="store_true", help="only write the table of facts into README.md")
    arguments = parser.parse_args()
    readme = HERE / "README.md"
    before, _, rest = readme.read_text(encoding="utf-8").partition("<!-- facts: begin -->\n")
    shown, _, after = rest.partition("<!-- facts: end -->")
    facts = f"\n{table()}\n\n"
    if arguments.table:
        readme.write_text(f"{before}<!-- facts: begin -->\n{facts}<!-- facts: end -->{after}", encoding="utf-8")
        return 0
    eras = ["2025", "2026"] if arguments.era == "both" else [arguments.era]
    total, wrong = 0, []
    if shown != facts:
        wrong.append("README.md does not list the facts as they are; `contract.py --table` writes the list")
    for era in eras:
        cases, problems = run(arguments.url, arguments.spec, arguments.reports, era)
        total += cases
        wrong += problems
    for problem in wrong:
        print(f"\n{problem}")
    print(f"{max(total - len(wrong), 0)} passed, {len(wrong)} failed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
