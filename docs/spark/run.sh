#!/usr/bin/env bash
# Runs the recipe against the stand-in server on this machine, kills an executor in the middle, and checks the result.
#
# Requires cargo, Java 17 or later, Python 3.9 to 3.12, and 2 GB of memory. Usage: docs/spark/run.sh [ROWS]
set -euo pipefail
rows=${1:-20000}
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
cd "$root"
cargo build --quiet --locked -p posthog-groups-cli -p posthog-groups-fake
target=${CARGO_TARGET_DIR:-$root/target}
python=$target/spark/bin/python
if [ ! -x "$python" ]; then
    python3 -m venv "$target/spark"
    "$python" -m pip install --quiet -r "$here/requirements.txt"
fi

work=$(mktemp -d)
server= spark=
finish() {
    for process in $spark $server; do kill "$process" 2>/dev/null || true; done
    rm -rf "$work"
}
trap finish EXIT
export PATH="$target/debug:$PATH"
"$python" "$here/check.py" make "$work" "$rows"

posthog-groups-fake --state "$work/state.json" --port-file "$work/port" >"$work/server.log" 2>&1 &
server=$!
until [ -s "$work/port" ]; do sleep 0.1; done
export POSTHOG_HOST=http://127.0.0.1:$(cat "$work/port") POSTHOG_PERSONAL_API_KEY=phx_default POSTHOG_PROJECT_API_KEY=phc_1
export POSTHOG_PROJECT_ID=1 POSTHOG_GROUP_TYPE=organization

# 1. The snapshot: the current groups of the project.
posthog-groups export "$work/snapshot.ndjson"

# 2. The differences, on three executors with two cores each. Each batch of events takes half a second, so that an executor can be
# killed in the middle.
curl -fsS -X POST -d '[{"kind": "slow", "delay": 0.5, "times": 0, "path": "/batch/"}]' "$POSTHOG_HOST/__admin/faults"
mkdir "$work/journal"
export SPARK_LOCAL_IP=127.0.0.1 PYSPARK_PYTHON=$python
SPARK_HOME=$("$python" -c 'import os, pyspark; print(os.path.dirname(pyspark.__file__))')
export SPARK_HOME
"$SPARK_HOME/bin/spark-submit" --master 'local-cluster[3,2,512]' --conf spark.executor.memory=512m --conf spark.ui.enabled=false \
    --conf spark.local.dir="$work" "$here/sync.py" --wanted "$work/wanted.ndjson" --snapshot "$work/snapshot.ndjson" \
    --run-id "$(basename "$work")" --partitions 12 --journal "$work/journal" >"$work/spark.out" 2>"$work/spark.log" &
spark=$!

# Kill one executor after rows have been sent.
until grep -qs -x '[0-9]*' "$work"/journal/*.journal; do
    kill -0 $spark 2>/dev/null || { tail -n 30 "$work/spark.log" >&2; exit 1; }
    sleep 0.1
done
executor=$("$python" "$here/check.py" executor $spark)
kill -KILL "$executor"
echo "killed executor process $executor"
wait $spark || { tail -n 30 "$work/spark.log" >&2; exit 1; }
spark=
cat "$work/spark.out"
grep -c 'Lost task' "$work/spark.log" | sed 's/$/ tasks were lost and ran again/'

# 3. Check the result with the command and with the state of the server.
curl -fsS -X DELETE "$POSTHOG_HOST/__admin/faults"
posthog-groups plan "$work/wanted.ndjson"
"$python" "$here/check.py" result "$work" "$POSTHOG_HOST"
