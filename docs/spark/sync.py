"""Writes the rows that differ from a snapshot of the groups, with one import per partition.

    sync.py --wanted wanted.ndjson --snapshot snapshot.ndjson --run-id 2026-11-25 --partitions 16 --journal DIR

Both files have lines such as {"group_key": "org:5", "group_properties": {"plan": "scale"}}. The command `posthog-groups` and the
variables POSTHOG_... must be there on every executor.
"""

import argparse
import json
import os
import shlex

from pyspark.sql import SparkSession

def keyed(line):
    row = json.loads(line)
    return row["group_key"], row["group_properties"]


def text(value):
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def difference(wanted, stored):
    """The properties of the row that are missing or different in the group; None if there are none."""
    if stored is None:
        return wanted
    different = {
        name: value
        for name, value in wanted.items()
        if name not in stored or text(stored[name]) != text(value)
    }
    return different or None


def differing(pair):
    key, (wanted, stored) = pair
    properties = difference(wanted, stored)
    return [] if properties is None else [(key, text({"group_key": key, "group_properties": properties}))]


def main():
    parser = argparse.ArgumentParser()
    for name in ["wanted", "snapshot", "run-id", "journal"]:
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--partitions", type=int, default=16)
    parser.add_argument("--command", default="posthog-groups")
    arguments = parser.parse_args()

    spark = SparkSession.builder.appName("posthog-groups").getOrCreate()
    read = lambda path: spark.sparkContext.textFile(path, arguments.partitions).map(keyed)
    command = [
        *[arguments.command, "--quiet", "--output", "ndjson", "import", "-", "--yes", "--engine", "events"],
        *["--no-compare", "--no-verify", "--run-id", arguments.run_id, "--journal", arguments.journal],
    ]
    environment = {name: value for name, value in os.environ.items() if name.startswith("POSTHOG_") or name == "PATH"}
    reports = (
        read(arguments.wanted)
        .leftOuterJoin(read(arguments.snapshot), arguments.partitions)
        .flatMap(differing)
        # Sorted, so that a retried task has the same rows and finds its journal.
        .repartitionAndSortWithinPartitions(arguments.partitions)
        .values()
        .pipe(shlex.join(command), environment, checkCode=True)
        .map(json.loads)
        .collect()
    )
    total = lambda name: sum(report[name] for report in reports)
    print(f"{total('rows')} rows differed: {total('sent')} sent now, {total('done_before')} before an interruption")


if __name__ == "__main__":
    main()
