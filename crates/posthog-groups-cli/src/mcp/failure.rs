//! Errors of tool calls.

use posthog_groups::Error;
use serde_json::{Map, Value, json};

use crate::exit::text_of;

/// Why a tool call failed, and what the caller can do.
#[derive(Debug)]
pub(super) struct ToolFailure {
    message: String,
    help: Option<String>,
    details: Map<String, Value>,
}

impl ToolFailure {
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), help: None, details: Map::new() }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(super) fn text(&self) -> String {
        let mut object = Map::new();
        object.insert("error".to_owned(), Value::from(self.message.as_str()));
        if let Some(help) = &self.help {
            object.insert("help".to_owned(), Value::from(help.as_str()));
        }
        object.extend(self.details.clone());
        Value::Object(object).to_string()
    }
}

impl From<Error> for ToolFailure {
    fn from(error: Error) -> Self {
        let mut failure = Self::new(text_of(&error));
        failure.help = help_for(&error);
        let details = [
            ("status", error.status().map(Value::from)),
            ("retry_after_seconds", error.retry_after().map(|wait| json!(wait.as_secs_f64().ceil()))),
            ("outcome_unknown", error.is_outcome_unknown().then_some(Value::Bool(true))),
        ];
        let details = details.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
        failure.details = details.collect();
        failure
    }
}

/// What the caller can do: call tools, or ask the user about keys and hosts.
fn help_for(error: &Error) -> Option<String> {
    let help = if let Some(scope) = error.missing_scope() {
        return Some(format!(
            "ask the user to add the scope `{scope}` to the key in PostHog under Settings, Personal API keys"
        ));
    } else if error.is_outcome_unknown() {
        "read the group with `find_group` before writing again"
    } else if error.is_unauthorized() || error.is_forbidden() {
        "ask the user to check the key and the project; `posthog-groups doctor` in a terminal shows the problem"
    } else if error.is_not_found() {
        "check `group_key`, which is case-sensitive, and `group_type_index`; `list_groups` with `group_key` finds similar keys"
    } else if error.is_already_exists() {
        "change the group with `upsert_properties`"
    } else if error.is_not_offered() {
        "this server does not have the endpoint; `list_groups` shows the properties of groups"
    } else if error.is_rate_limited() {
        "wait `retry_after_seconds`, then call the tool again"
    } else if error.is_paging() {
        "omit `cursor` to start over"
    } else if error.is_connect() {
        "ask the user to check the host; `posthog-groups doctor` in a terminal shows the problem"
    } else if error.is_retryable() {
        "call the tool again in a few seconds"
    } else {
        return None;
    };
    Some(help.to_owned())
}
