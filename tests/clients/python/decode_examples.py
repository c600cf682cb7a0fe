"""Decodes every example of the specification with the models that datamodel-code-generator generates."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import models
from pydantic import AwareDatetime, TypeAdapter, ValidationError


def adapter(schema: dict[str, Any]) -> TypeAdapter[Any]:
    """The type that decodes a body with this schema: a model, a list of models, or a union."""
    if "$ref" in schema:
        return TypeAdapter(getattr(models, schema["$ref"].rpartition("/")[2]))
    if schema.get("type") == "array":
        item: Any = getattr(models, schema["items"]["$ref"].rpartition("/")[2])
        return TypeAdapter(list[item])
    if "anyOf" in schema:
        first, *others = [getattr(models, part["$ref"].rpartition("/")[2]) for part in schema["anyOf"]]
        either = first
        for other in others:
            either = either | other
        return TypeAdapter(either)
    raise SystemExit(f"error: a schema that this program does not know: {schema}")


def response_of(spec: dict[str, Any], operation: dict[str, Any], status: int) -> dict[str, Any]:
    responses = operation["responses"]
    found = responses.get(str(status)) or responses.get(f"{status // 100}XX")
    if found is None:
        raise SystemExit(f"error: no response {status} in {operation['operationId']}")
    if "$ref" in found:
        return dict(spec["components"]["responses"][found["$ref"].rpartition("/")[2]])
    return dict(found)


def main() -> int:
    spec = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    operations = {
        operation["operationId"]: operation
        for item in spec["paths"].values() for operation in item.values()
    }  # fmt: skip
    passed: Counter[str] = Counter()
    skipped, failed = 0, 0
    for path in sorted(Path(sys.argv[2]).glob("*/*.json")):
        example = json.loads(path.read_text(encoding="utf-8"))
        operation = operations[path.parent.name]
        if "body" not in example or example.get("content_type", "application/json") != "application/json":
            # Queries, empty responses and the pages of proxies have no model.
            skipped += 1
            continue
        holder = operation["requestBody"] if example["kind"] == "request" else response_of(spec, operation, example["status"])
        schema = holder["content"]["application/json"]["schema"]
        try:
            decoder = adapter(schema)
            decoded = decoder.validate_json(json.dumps(example["body"]))
            # Serializing the decoded value must not lose or add fields.
            written = decoder.dump_python(decoded, mode="json", by_alias=True, exclude_unset=True)
            if normal(written) != normal(example["body"]):
                raise ValueError(f"comes back as {written}")
            passed[example["kind"]] += 1
        except (ValidationError, ValueError) as error:
            failed += 1
            print(f"FAIL {path.parent.name}/{path.name} | {error}")
    # The models must reject invalid values; otherwise, decoding proves nothing.
    for wrong in ('{"next": null, "results": []}', '{"next": null, "previous": null, "results": [{}]}'):
        try:
            TypeAdapter(models.GroupPage).validate_json(wrong)
            failed += 1
            print(f"FAIL decoded as GroupPage: {wrong}")
        except ValidationError:
            passed["refusal"] += 1
    counts = ", ".join(f"{count} {kind}s" for kind, count in sorted(passed.items()))
    print(f"datamodel: {counts}; {skipped} examples have no JSON body")
    print(f"datamodel: {sum(passed.values())} passed, {failed} failed")
    return 1 if failed or not passed["response"] or not passed["request"] else 0


def normal(value: Any) -> Any:
    """Normalizes times, which can be written with and without a fraction of zeros."""
    if isinstance(value, dict):
        return {name: normal(member) for name, member in value.items()}
    if isinstance(value, list):
        return [normal(item) for item in value]
    if isinstance(value, str):
        time: TypeAdapter[Any] = TypeAdapter(AwareDatetime)
        try:
            return time.validate_python(value).isoformat() if value[:2] == "20" and "T" in value else value
        except ValidationError:
            return value
    return value


if __name__ == "__main__":
    sys.exit(main())
