"""The state of the server for the contract test."""

from __future__ import annotations

from typing import Any

PERSON = "0197a0de-5d5a-7c1e-9a5e-3c1f0e6f2a11"


def world(era: str) -> dict[str, Any]:
    """Five group types, two of them with a dashboard, the groups in the examples, a person, and a small page size, so that lists have several pages."""
    return {
        "era": era,
        "now": "2026-03-20T12:00:00Z",
        "page_size": 3,
        "project_id": 7,
        "upsert_properties": era == "2025",
        "api_keys": [{"key": "phx_contract"}],
        "sessions": ["session-of-the-user"],
        "group_types": [
            {"group_type": name, "group_type_index": index, "created_at": "2026-01-01T00:00:00Z",
             "detail_dashboard": 40 + index if index > 2 else None}
            for index, name in enumerate(["account", "workspace", "vessel", "port", "fleet"])
        ],
        "groups": [
            {
                "group_type_index": index,
                "group_key": key,
                "group_properties": {"plan": "scale", "seats": number, "trial_ends": "2026-09-01", "nested": {"a": [1, None]}},
                "created_at": f"2026-03-{1 + number:02}T08:00:00Z",
            }
            for index in range(5)
            for number, key in enumerate(["acct_1042", "acct_1", "acct_2", "acct_3", "org:5", "münchen & söhne", "a/b?c", " "])
        ],
        "persons": [{"uuid": PERSON, "distinct_ids": ["mara"], "properties": {"email": "mara@example.net"}}],
        "events": [{"person_uuid": PERSON, "groups": {str(index): "acct_1042" for index in range(5)}}],
    }  # fmt: skip
