//! Which tools there are, and how they are described.

use std::sync::Arc;

use posthog_groups::raw::{self, Idempotency};
use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use serde_json::{Value, json};

use crate::exit::Failure;
use crate::mcp::answer::{DEFAULT_LIMIT, MAX_LIMIT};
use crate::mcp::input_schema::{Spec, ToolInput};

/// One tool: an operation of the spec, which has the rest.
struct Offer {
    operation: &'static str,
    /// How much of a long answer the caller may choose.
    paging: Paging,
    /// Whether it may replace or remove a value. Meaningful for writes only.
    destructive: bool,
    /// What the spec's summary does not tell.
    more: &'static str,
}

/// How an answer goes on that is too long for one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Paging {
    /// It is one group after a write, which `find_group` shows in full.
    None,
    /// After a cursor.
    Cursor,
    /// After a cursor, with as many results as the caller says.
    Limit,
}

const fn read(operation: &'static str, paging: Paging, more: &'static str) -> Offer {
    Offer { operation, paging, destructive: false, more }
}

const fn write(operation: &'static str, destructive: bool, more: &'static str) -> Offer {
    Offer { operation, paging: Paging::None, destructive, more }
}

const OFFERS: &[Offer] = &[
    read(
        "list_group_types",
        Paging::Cursor,
        "Names and indexes of the kinds of groups in the project, at most five.",
    ),
    read(
        "list_groups",
        Paging::Limit,
        "Newest first. Recent writes may be missing for a while; `find_group` shows them.",
    ),
    read("find_group", Paging::Cursor, "One group with its properties, by its exact key."),
    read("list_activity", Paging::Limit, "What was changed in a group, when and by whom, newest first."),
    read(
        "list_related",
        Paging::Limit,
        "Persons and groups that share an event of the last 90 days with a group or a person.",
    ),
    read(
        "list_property_values",
        Paging::Cursor,
        "At most 20 values, the most frequent first, with the number of groups.",
    ),
    read("list_property_definitions", Paging::Limit, "With the number of groups that have each property."),
    write(
        "create_group",
        false,
        "Fails if the key is taken. If the answer is lost, the group is read back before anything is sent again.",
    ),
    write("update_property", true, "Replaces the value; other properties stay."),
    write("upsert_properties", true, "Writes only the properties that differ; others stay."),
    write(
        "delete_property",
        true,
        "Other properties stay. Deleting a property that does not exist succeeds.",
    ),
];

/// The tools that are offered.
pub(super) fn offered(writes: bool, has_default_type: bool) -> Result<Vec<Tool>, Failure> {
    let spec =
        Spec::embedded().map_err(|e| Failure::failed(format!("the embedded spec cannot be read: {e}")))?;
    OFFERS
        .iter()
        .filter(|offer| writes || is_read(offer))
        .map(|offer| {
            describe(&spec, offer, has_default_type).ok_or_else(|| {
                Failure::failed(format!("the embedded spec has no operation `{}`", offer.operation))
            })
        })
        .collect()
}

/// What to say to a host that calls a tool which is not offered.
pub(super) fn why_not_offered(name: &str) -> String {
    if OFFERS.iter().any(|offer| offer.operation == name) {
        format!(
            "the tool `{name}` writes, and this server was started without --allow-writes; help: ask the user to add \
             --allow-writes to the server's arguments in the configuration of the host"
        )
    } else {
        let names: Vec<&str> = OFFERS.iter().map(|offer| offer.operation).collect();
        let name: String = name.chars().take(100).collect();
        format!("there is no tool `{name}`; help: call one of {}", names.join(", "))
    }
}

fn is_read(offer: &Offer) -> bool {
    raw::operation(offer.operation).is_some_and(|operation| operation.idempotency == Idempotency::Safe)
}

fn describe(spec: &Spec, offer: &Offer, has_default_type: bool) -> Option<Tool> {
    let operation = raw::operation(offer.operation)?;
    let ToolInput { title, mut properties, mut required } = spec.input(offer.operation)?;
    if offer.paging == Paging::Limit {
        properties.insert(
            "limit".to_owned(),
            json!({
                "type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT,
                "description": "At most this many results in one answer."
            }),
        );
    }
    if offer.paging != Paging::None {
        properties.insert(
            "cursor".to_owned(),
            json!({
                "type": "string",
                "description": "`next_cursor` of the previous answer, unchanged, with the same other arguments."
            }),
        );
    }
    if offer.operation == "upsert_properties" {
        properties.insert(
            "create_if_missing".to_owned(),
            json!({
                "type": "boolean", "default": false,
                "description": "Create the group when it does not exist; otherwise that is an error."
            }),
        );
    }
    if has_default_type {
        required.retain(|name| name != "group_type_index");
    }
    let schema = json!({
        "type": "object", "properties": properties, "required": required, "additionalProperties": false
    });
    let mut description = format!("{title}. {}", offer.more);
    // The wrapper merges properties on servers of every age.
    if let Some(until) = operation.until.filter(|_| is_read(offer)) {
        description.push_str(&format!(" Servers since {until} do not offer it."));
    }
    if !operation.scopes.is_empty() {
        description.push_str(&format!(" The key needs the scope {}.", operation.scopes.join(", ")));
    }
    let read_only = is_read(offer);
    let idempotent =
        matches!(operation.idempotency, Idempotency::Idempotent | Idempotency::NotFoundIsSuccess);
    let annotations = ToolAnnotations::with_title(title)
        .read_only(read_only)
        .destructive(offer.destructive)
        .idempotent(read_only || idempotent)
        // Properties come from elsewhere.
        .open_world(true);
    let Value::Object(schema) = schema else { return None };
    Some(
        Tool::new(offer.operation, description, Arc::<JsonObject>::new(schema)).with_annotations(annotations),
    )
}
