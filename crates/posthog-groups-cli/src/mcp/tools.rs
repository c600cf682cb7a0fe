//! The tools and their descriptions.

use std::sync::Arc;

use posthog_groups::raw::{self, Idempotency};
use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use serde_json::{Value, json};

use crate::exit::Failure;
use crate::mcp::answer::{DEFAULT_LIMIT, MAX_LIMIT};
use crate::mcp::input_schema::{Spec, ToolInput};

/// A tool: an operation of the specification, which provides the rest.
struct Offer {
    operation: &'static str,
    /// How long results are paged.
    paging: Paging,
    /// Whether it may replace or remove a value. Only for writes.
    destructive: bool,
    /// The description, which follows the summary from the specification.
    more: &'static str,
}

/// How results that exceed one response are paged.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Paging {
    /// Not paged: the result of a write is one group, which `find_group` returns in full.
    None,
    /// By cursor.
    Cursor,
    /// By cursor, with a limit that the caller chooses.
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
        "The names and indexes of the group types of the project, at most five.",
    ),
    read(
        "list_groups",
        Paging::Limit,
        "Newest first. Recent writes can be missing for some time; `find_group` shows them immediately.",
    ),
    read("find_group", Paging::Cursor, "Returns the group with this key, with its properties."),
    read(
        "list_activity",
        Paging::Limit,
        "The changes of a group with time and user, newest first. Only writes through the API are recorded, not events.",
    ),
    read(
        "list_related",
        Paging::Limit,
        "Persons and groups that share an event of the last 90 days with a group or a person.",
    ),
    read(
        "list_property_values",
        Paging::Cursor,
        "At most 20 values with their number of groups, the most frequent first.",
    ),
    read(
        "list_property_definitions",
        Paging::Limit,
        "The names of properties, with the number of groups that have each.",
    ),
    write(
        "create_group",
        false,
        "Fails if the key exists. The group is created at most once, even if a response is lost.",
    ),
    write("update_property", true, "Replaces the value. Other properties are not changed."),
    write("upsert_properties", true, "Writes only properties that differ. Other properties are not changed."),
    write(
        "delete_property",
        true,
        "Other properties are not changed. Deleting a property that does not exist succeeds.",
    ),
];

pub(super) fn offered(writes: bool, has_default_type: bool) -> Result<Vec<Tool>, Failure> {
    let spec = Spec::embedded()
        .map_err(|e| Failure::failed(format!("cannot read the embedded specification: {e}")))?;
    OFFERS
        .iter()
        .filter(|offer| writes || is_read(offer))
        .map(|offer| {
            describe(&spec, offer, has_default_type).ok_or_else(|| {
                Failure::failed(format!("the embedded specification has no operation `{}`", offer.operation))
            })
        })
        .collect()
}

pub(super) fn why_not_offered(name: &str) -> String {
    if OFFERS.iter().any(|offer| offer.operation == name) {
        format!(
            "the tool `{name}` is not available, because the server runs without --allow-writes; help: ask the user to add \
             --allow-writes to the arguments of the server in the configuration of the host"
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
                "description": "Maximum number of results."
            }),
        );
    }
    if offer.paging != Paging::None {
        properties.insert(
            "cursor".to_owned(),
            json!({
                "type": "string",
                "description": "`next_cursor` of the previous result, unchanged. All other arguments must be the same."
            }),
        );
    }
    if offer.operation == "upsert_properties" {
        properties.insert(
            "create_if_missing".to_owned(),
            json!({
                "type": "boolean", "default": false,
                "description": "Create the group if it does not exist. Otherwise, a missing group is an error."
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
    // The wrapper can merge properties on all servers.
    if let Some(until) = operation.until.filter(|_| is_read(offer)) {
        description.push_str(&format!(" Not available on servers since {until}."));
    }
    if !operation.scopes.is_empty() {
        description.push_str(&format!(" Requires the scope {}.", operation.scopes.join(", ")));
    }
    let read_only = is_read(offer);
    let idempotent =
        matches!(operation.idempotency, Idempotency::Idempotent | Idempotency::NotFoundIsSuccess);
    let annotations = ToolAnnotations::with_title(title)
        .read_only(read_only)
        .destructive(offer.destructive)
        .idempotent(read_only || idempotent)
        // Property values come from outside.
        .open_world(true);
    let Value::Object(schema) = schema else { return None };
    Some(
        Tool::new(offer.operation, description, Arc::<JsonObject>::new(schema)).with_annotations(annotations),
    )
}
