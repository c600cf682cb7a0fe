//! The commands, one module each.

pub(crate) mod activity;
pub(crate) mod api;
pub(crate) mod completions;
pub(crate) mod contexts;
pub(crate) mod create;
pub(crate) mod definitions;
pub(crate) mod doctor;
pub(crate) mod export;
pub(crate) mod get;
pub(crate) mod import;
pub(crate) mod list;
pub(crate) mod man;
pub(crate) mod plan;
pub(crate) mod related;
pub(crate) mod serve;
pub(crate) mod set;
mod set_where;
pub(crate) mod types;
pub(crate) mod unset;
pub(crate) mod upsert;
pub(crate) mod values;
mod who;
pub(crate) mod whoami;

use chrono::{DateTime, SecondsFormat, Utc};
use posthog_groups::Group;

use crate::json_text::compact;
use crate::output::Record;

/// In JSON as the server sends it.
impl Record for Group {
    const COLUMNS: &'static [&'static str] = &["group_key", "created_at", "group_properties"];
    const JSON: usize = 1;

    fn cells(&self) -> Vec<String> {
        vec![self.key.to_string(), time(self.created_at), compact(self.properties.as_str())]
    }
}

/// A time in RFC 3339, to the second.
fn time(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}
