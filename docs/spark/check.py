"""Makes the input of run.sh, finds an executor of a Spark application, and checks the result."""

import json
import pathlib
import subprocess
import sys
import urllib.request


def wanted(n):
    return {"n": n, "plan": "enterprise", "seats": n % 500, "tags": ["a", {"b": n}]}


def stored(n):
    """A third of the groups match, a third differ, and a third do not exist."""
    properties = {**wanted(n), "other": "stays"}
    return properties if n % 3 == 0 else {**properties, "plan": "free"}


def make(folder, rows):
    group = lambda n: {"group_type_index": 0, "group_key": f"org:{n}", "group_properties": stored(n)}
    state = {
        "group_types": [{"group_type": "organization", "group_type_index": 0}],
        "groups": [group(n) for n in range(rows) if n % 3 != 2],
    }
    (folder / "state.json").write_text(json.dumps(state))
    lines = (json.dumps({"group_key": f"org:{n}", "group_properties": wanted(n)}) for n in range(rows))
    (folder / "wanted.ndjson").write_text("\n".join(lines) + "\n")


def executor(application):
    """Prints the process ID of one executor of an application."""
    listed = subprocess.run(["ps", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    processes = [line.split(None, 2) for line in listed.splitlines()]
    below = {application}
    for _ in processes:
        below |= {pid for pid, parent, _ in processes if parent in below}
    print(next(pid for pid, _, args in processes if pid in below and "CoarseGrainedExecutorBackend" in args))


def result(folder, host):
    with urllib.request.urlopen(f"{host}/__admin/state") as answer:
        groups = json.load(answer)["groups"]
    found = {group["group_key"]: group["group_properties"] for group in groups}
    assert len(found) == len(groups), "a key is there twice"
    rows = (folder / "wanted.ndjson").read_text().splitlines()
    assert len(found) == len(rows), f"{len(found)} groups, and {len(rows)} rows"
    for n in range(len(rows)):
        expected = wanted(n) if n % 3 == 2 else {**wanted(n), "other": "stays"}
        assert found[f"org:{n}"] == expected, f"org:{n} is {found[f'org:{n}']}"
    left = list((folder / "journal").iterdir())
    print(f"exact: {len(rows)} groups as wanted; {len(left)} journals of interrupted tasks are left")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["make", folder, rows]:
            make(pathlib.Path(folder), int(rows))
        case ["executor", application]:
            executor(application)
        case ["result", folder, host]:
            result(pathlib.Path(folder), host)
