//! `plan --who`: who last wrote each property that differs, according to the histories of the groups.

use std::collections::BinaryHeap;
use std::sync::mpsc::Receiver;

use chrono::{DateTime, Utc};
use posthog_groups::{ActivityEntry, Error, Groups, JsonValue, same_value};
use serde::Serialize;

use crate::commands::activity::user;
use crate::commands::time;
use crate::connection::Context;
use crate::exit::{Failure, text_of};
use crate::json_text::compact;
use crate::output::Record;
use crate::transfer::interrupt::{Interrupt, nothing_written};
use crate::transfer::outcomes::Outcome;
use crate::transfer::progress::grouped;

/// The number of entries that are read: one page of the default size.
const ENTRIES: u32 = 100;

/// The first groups that would change, in the order of the file, and the number of all.
pub(super) struct Changed {
    rows: Vec<Outcome>,
    total: u64,
}

impl Changed {
    /// Takes the first `limit` groups of the plan. Groups are compared concurrently, so they arrive in any order.
    pub(super) fn of(plan: &Receiver<Outcome>, limit: u32) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let (mut first, mut total) = (BinaryHeap::new(), 0);
        for row in plan.iter().filter(|row| row.outcome == "changed") {
            total += 1;
            first.push(row);
            if first.len() > limit {
                first.pop();
            }
        }
        Self { rows: first.into_sorted_vec(), total }
    }
}

/// A property that differs, its value on the server, and its last write.
#[derive(Serialize)]
struct PropertyRow {
    line: u64,
    group_key: String,
    property: String,
    user: Option<String>,
    written_at: Option<DateTime<Utc>>,
    /// The reason why the history does not explain the value.
    note: Option<String>,
    /// The value on the server; `None` if the group does not have the property.
    value: Option<JsonValue>,
}

impl Record for PropertyRow {
    const COLUMNS: &'static [&'static str] =
        &["line", "group_key", "property", "user", "written_at", "note", "value"];
    const LOOSE: usize = 2;
    const JSON: usize = 1;

    fn cells(&self) -> Vec<String> {
        vec![
            self.line.to_string(),
            self.group_key.clone(),
            self.property.clone(),
            self.user.clone().unwrap_or_default(),
            self.written_at.map_or_else(String::new, time),
            self.note.clone().unwrap_or_default(),
            self.value.as_ref().map_or_else(String::new, |value| compact(value.as_str())),
        ]
    }
}

/// Reads the histories, and prints a row for each property that differs.
pub(super) async fn show(
    context: &Context,
    groups: Groups,
    Changed { rows, total }: Changed,
    interrupt: &Interrupt,
) -> Result<(), Failure> {
    let read = rows.len() as u64;
    if read > 0 {
        context.note(&format!(
            "reading the newest {ENTRIES} history entries of each changed group: {} requests, 2 per group",
            grouped(read * 2)
        ));
    }
    let progress = context.progress("Reading histories", "groups")?;
    let counter = progress.counter();
    counter.stage("Reading histories", "groups", Some(read));
    let mut found = Vec::new();
    for row in rows {
        found.extend(interrupt.or(properties(&groups, row)).await.map_err(nothing_written)??);
        counter.add(1);
    }
    drop(progress);
    context.output.all(found)?;
    if read < total {
        context.note(&format!(
            "changed groups not shown: {}; `--limit {total}` shows all",
            grouped(total - read)
        ));
    }
    Ok(())
}

/// The rows of one group.
async fn properties(groups: &Groups, row: Outcome) -> Result<Vec<PropertyRow>, Failure> {
    let Outcome { line, key, properties, .. } = row;
    let history = groups.group(&key).activity().page_size(ENTRIES).prefetch(false);
    let mut pages = history.pages();
    let (group, page) = tokio::join!(groups.get(&key), pages.next());
    let page = page.transpose();
    if let Some(error) = page.as_ref().err().filter(|e| ends_the_command(e)) {
        return Err(Failure::from(error));
    }
    let last = |name: &str| -> Result<(Option<JsonValue>, LastWrite<'_>), &Error> {
        let value = group.as_ref()?.property(name);
        let page = page.as_ref()?;
        let (entries, total) = page.as_ref().map_or((&[][..], 0), |page| (&page.entries, page.total));
        let last = last_write(entries, total, name, value.as_ref());
        Ok((value, last))
    };
    let property = |name: String| {
        let (value, last) = last(&name).unwrap_or_else(|e| {
            (None, LastWrite { entry: None, note: Some(format!("not known: {}", text_of(e))) })
        });
        PropertyRow {
            line,
            group_key: key.clone(),
            property: name,
            user: last.entry.map(|entry| user(&entry.user).to_owned()),
            written_at: last.entry.map(|entry| entry.created_at),
            note: last.note,
            value,
        }
    };
    Ok(properties.into_iter().map(property).collect())
}

/// Whether the histories of other groups would fail as well.
fn ends_the_command(error: &Error) -> bool {
    error.is_unauthorized() || error.is_forbidden() || error.is_not_offered() || error.is_connect()
}

/// The last entry for a property, and the reason if it does not explain the value.
#[derive(Debug, PartialEq)]
struct LastWrite<'e> {
    entry: Option<&'e ActivityEntry>,
    note: Option<String>,
}

/// Finds the last write of a property among the newest `entries` of `total`.
///
/// Only writes through the API are logged, so a value other than that of the entry was written later by something else.
fn last_write<'e>(
    entries: &'e [ActivityEntry],
    total: i64,
    name: &str,
    value: Option<&JsonValue>,
) -> LastWrite<'e> {
    let explains = |entry: &&ActivityEntry| {
        let change = entry.detail.changes.as_ref().and_then(|changes| changes.first());
        match (change.map(|change| &change.after).filter(|after| !after.is_null()), value) {
            (Some(after), Some(value)) => same_value(after, value),
            (None, value) => value.is_none_or(JsonValue::is_null),
            (Some(_), None) => false,
        }
    };
    let mut writes = entries.iter().filter(|entry| entry.detail.name.as_deref() == Some(name));
    let Some(newest) = writes.next() else {
        let note = match (usize::try_from(total), value) {
            (Ok(total), _) if total > entries.len() => {
                format!("not among the newest {} of {total} entries", entries.len())
            }
            (_, None) => "not set, and no entry".to_owned(),
            (_, Some(_)) => "no entry; events and syncs are not logged".to_owned(),
        };
        return LastWrite { entry: None, note: Some(note) };
    };
    // Entries with the same time are in no particular order.
    let same_instant = writes.take_while(|entry| entry.created_at == newest.created_at);
    match std::iter::once(newest).chain(same_instant).find(explains) {
        Some(entry) => {
            let is_deleted = entry.user.email.as_deref() == Some("") && entry.user.first_name.is_empty();
            LastWrite { entry: Some(entry), note: is_deleted.then(|| "the user has been deleted".to_owned()) }
        }
        None => LastWrite {
            entry: Some(newest),
            note: Some("changed after this entry; events and syncs are not logged".to_owned()),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str, after: &str, minute: u32, email: &str) -> ActivityEntry {
        let text = format!(
            r#"{{"activity":"update_property","created_at":"2026-01-01T00:{minute:02}:00Z","item_id":"1","scope":"Group",
                "user":{{"first_name":"","email":"{email}"}},
                "detail":{{"name":"{name}","changes":[{{"type":"Group","action":"changed","field":null,"before":null,"after":{after}}}]}}}}"#
        );
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn the_last_entry_is_the_last_write_only_if_it_explains_the_value() {
        let entries = [
            entry("seats", "7", 9, "a@example.com"),
            entry("plan", r#""scale""#, 8, "b@example.com"),
            entry("plan", r#""free""#, 8, "c@example.com"),
            entry("gone", "null", 7, "d@example.com"),
            entry("plan", r#""trial""#, 6, "e@example.com"),
            entry("old", "1", 5, ""),
        ];
        const NOT_LOGGED: &str = "events and syncs are not logged";
        for (name, value, total, email, note) in [
            ("seats", Some("7.0"), 6, Some("a@example.com"), None),
            ("seats", Some("8"), 6, Some("a@example.com"), Some("changed after this entry")),
            ("seats", None, 6, Some("a@example.com"), Some(NOT_LOGGED)),
            ("plan", Some(r#""free""#), 6, Some("c@example.com"), None),
            ("plan", Some(r#""trial""#), 6, Some("b@example.com"), Some("changed after this entry")),
            ("gone", None, 6, Some("d@example.com"), None),
            ("gone", Some("1"), 6, Some("d@example.com"), Some(NOT_LOGGED)),
            ("old", Some("1"), 6, Some(""), Some("the user has been deleted")),
            ("none", None, 6, None, Some("not set, and no entry")),
            ("none", Some("1"), 6, None, Some("no entry; events and syncs are not logged")),
            ("none", Some("1"), 250, None, Some("not among the newest 6 of 250 entries")),
        ] {
            let value = value.map(|text| JsonValue::parse(text).unwrap());
            let last = last_write(&entries, total, name, value.as_ref());
            assert_eq!(last.entry.and_then(|e| e.user.email.as_deref()), email, "{name} {value:?}");
            match (last.note, note) {
                (Some(text), Some(expected)) => assert!(text.contains(expected), "{text}"),
                (text, expected) => assert_eq!(text.as_deref(), expected, "{name} {value:?}"),
            }
        }
    }
}
