# Sourced by ../run.sh.
venv python "$here/python/requirements.txt"
# The generator calls `ruff`, which must be on the PATH.
export PATH="$venv/bin:$PATH" PYTHONDONTWRITEBYTECODE=1
cd "$work"
rm -rf generated again mypy
for folder in generated again; do
    openapi-python-client generate --path "$spec" --config "$here/python/config.yaml" --output-path "$folder" \
        --overwrite --fail-on-warning >"$folder.log"
    rm -rf "$folder/.ruff_cache"
    datamodel-codegen --input "$spec" --input-file-type openapi --output-model-type pydantic_v2.BaseModel \
        --strict-nullable --extra-fields allow --use-annotated --target-python-version 3.11 --disable-timestamp --formatters builtin \
        --output "$folder/models.py"
done
same_bytes generated again
cp "$here"/python/{adapter.py,decode_examples.py} generated
cd generated
mypy --strict --cache-dir "$work/mypy" posthog_groups models.py adapter.py decode_examples.py
python decode_examples.py "$workspace/spec/openapi.json" "$workspace/spec/examples"
conforms python adapter.py
