//! What a write changes in a group: the properties before and after.

use std::collections::BTreeMap;

use posthog_groups::{Group, JsonValue, Properties, check_properties, same_value};
use serde::Serialize;

use crate::assignment::Assignment;
use crate::connection::Context;
use crate::exit::Failure;
use crate::json_text::compact;
use crate::output::{Output, Record};
use crate::visible::visible;

/// The changes of one group. The schema of `--dry-run --output json`.
#[derive(Debug, Serialize)]
pub(crate) struct GroupChanges {
    pub(crate) group_key: String,
    pub(crate) dry_run: bool,
    /// The group does not exist and is created.
    pub(crate) created: bool,
    pub(crate) changes: Vec<Change>,
}

/// The change of one property.
#[derive(Debug, Serialize)]
pub(crate) struct Change {
    pub(crate) name: String,
    pub(crate) changed: bool,
    /// `None` if the property does not exist.
    pub(crate) before: Option<JsonValue>,
    /// `None` if the property is removed.
    pub(crate) after: Option<JsonValue>,
}

#[derive(Serialize)]
pub(crate) struct ChangeRow {
    group_key: String,
    name: String,
    before: Option<JsonValue>,
    after: Option<JsonValue>,
}

impl Record for ChangeRow {
    const COLUMNS: &'static [&'static str] = &["group_key", "name", "before", "after"];
    const LOOSE: usize = 2;
    const JSON: usize = 2;

    fn cells(&self) -> Vec<String> {
        let text =
            |value: &Option<JsonValue>| value.as_ref().map_or_else(String::new, |v| compact(v.as_str()));
        vec![self.group_key.clone(), self.name.clone(), text(&self.before), text(&self.after)]
    }
}

impl Record for GroupChanges {
    const COLUMNS: &'static [&'static str] = ChangeRow::COLUMNS;

    fn cells(&self) -> Vec<String> {
        vec![self.group_key.clone()]
    }
}

/// The changes of setting properties in the group, or of creating it.
pub(crate) fn of_setting(key: &str, before: Option<&Group>, wanted: &[Assignment]) -> GroupChanges {
    let change = |(name, after): &Assignment| {
        let before = before.and_then(|group| group.property(name));
        let changed = !before.as_ref().is_some_and(|before| same_value(before, after));
        Change { name: name.clone(), changed, before, after: Some(after.clone()) }
    };
    GroupChanges {
        group_key: key.to_owned(),
        dry_run: false,
        created: before.is_none(),
        changes: wanted.iter().map(change).collect(),
    }
}

pub(crate) fn of_removing(group: &Group, names: &[String]) -> GroupChanges {
    let change = |name: &String| {
        let before = group.property(name);
        Change { name: name.clone(), changed: before.is_some(), before, after: None }
    };
    GroupChanges {
        group_key: group.key.to_string(),
        dry_run: false,
        created: false,
        changes: names.iter().map(change).collect(),
    }
}

impl GroupChanges {
    /// The same changes, not written.
    pub(crate) fn into_dry_run(self) -> Self {
        Self { dry_run: true, ..self }
    }

    pub(crate) fn into_rows(self) -> Vec<ChangeRow> {
        let Self { group_key, changes, .. } = self;
        let row = |Change { name, before, after, .. }| ChangeRow {
            group_key: group_key.clone(),
            name,
            before,
            after,
        };
        changes.into_iter().map(row).collect()
    }

    /// For people: one line per property, `plan: "free" -> "enterprise"`.
    pub(crate) fn lines(&self) -> Vec<String> {
        let created = match (self.created, self.dry_run) {
            (false, _) => None,
            (true, false) => Some(format!("created {}", visible(&self.group_key))),
            (true, true) => Some(format!("would create {}", visible(&self.group_key))),
        };
        created.into_iter().chain(self.changes.iter().map(Change::line)).collect()
    }
}

impl Change {
    fn line(&self) -> String {
        let text = |value: &Option<JsonValue>| {
            value.as_ref().map_or_else(|| "(not set)".to_owned(), |value| compact(value.as_str()))
        };
        let name = visible(&self.name);
        if self.changed {
            format!("{name}: {} -> {}", text(&self.before), text(&self.after))
        } else {
            format!("{name}: {} (unchanged)", text(&self.before))
        }
    }
}

pub(crate) fn show_dry_run(context: &Context, changes: GroupChanges) -> Result<(), Failure> {
    let output = &context.output;
    context.note("dry run: nothing was written");
    let changes = changes.into_dry_run();
    if output.format() == crate::arguments::Format::Csv {
        return output.all(changes.into_rows());
    }
    if output.is_for_programs() { output.one(changes) } else { show_lines(output, &changes) }
}

/// Prints the result of a write: the changes for people, the group for programs.
pub(crate) fn show_done(context: &Context, changes: &GroupChanges, group: Group) -> Result<(), Failure> {
    if group.event_not_sent() {
        context.warn(
            "the change is stored, but the server could not send the event for it: destinations that receive events have missed it",
        );
    }
    if context.output.is_for_programs() {
        context.output.one(group)
    } else {
        show_lines(&context.output, changes)
    }
}

fn show_lines(output: &Output, changes: &GroupChanges) -> Result<(), Failure> {
    changes.lines().iter().try_for_each(|line| output.line(line))
}

/// The properties as one object, if a server can store them.
pub(crate) fn as_properties(wanted: &[Assignment]) -> Result<Properties, Failure> {
    let members: BTreeMap<&str, &JsonValue> =
        wanted.iter().map(|(name, value)| (name.as_str(), value)).collect();
    let properties = Properties::new(&members)
        .map_err(|e| Failure::usage(format!("the properties cannot be written: {e}")))?;
    check_properties(&properties)?;
    Ok(properties)
}
