use posthog_groups_fake::State;
use serde_json::json;

use crate::calls::KEY;

/// A small world of an era (`2025` or `2026`): two group types, a group beside the one that the calls
/// create, and a person who knows both. A server of 2025 is one of the fortnight in which
/// `upsert_properties` existed.
///
/// # Errors
/// When the stand-in's state document has changed its form.
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
