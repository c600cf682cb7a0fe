use posthog_groups_fake::State;
use serde_json::json;

use crate::calls::KEY;

/// A small state of an era (`2025` or `2026`): two group types, a group besides the one that the calls create, and a person
/// related to both. The server of 2025 has `upsert_properties`.
///
/// # Errors
/// Fails if the format of the state document has changed.
pub fn seed(era: &str) -> serde_json::Result<State> {
    let person = "0197a0de-5d5a-7c1e-9a5e-3c1f0e6f2a11";
    serde_json::from_value(json!({
        "era": era,
        "upsert_properties": era == "2025",
        "group_types": [
            {"group_type": "account", "group_type_index": 0},
            {"group_type": "workspace", "group_type_index": 1},
        ],
        "groups": [{
            "group_type_index": 1, "group_key": "harbor-web", "created_at": "2026-03-01T08:00:00Z",
            "group_properties": {"name": "Harbor", "plan": "scale"},
        }],
        "persons": [{"uuid": person, "distinct_ids": ["mara"], "properties": {"email": "mara@example.net"}}],
        "events": [{"person_uuid": person, "groups": {"0": KEY, "1": "harbor-web"}}],
    }))
}
