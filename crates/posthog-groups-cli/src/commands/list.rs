//! `list`: lists groups, newest first, printed as they arrive.

use std::sync::Arc;

use posthog_groups::{Group, JsonValue};
use serde::Serialize;

use crate::arguments::{Format, List};
use crate::assignment::as_written;
use crate::condition::{conditions, meets};
use crate::connection::Context;
use crate::exit::Failure;
use crate::output::Record;
use crate::rows::KEY;
use crate::rows::csv::{cell, writer::column_name};

/// A group, with a column for each of these properties if there are any.
#[derive(Serialize)]
#[serde(transparent)]
struct Row {
    group: Group,
    #[serde(skip)]
    names: Arc<[String]>,
}

impl Row {
    fn selected(&self, key: String, cell: impl Fn(&JsonValue) -> String) -> Vec<String> {
        let value = |name: &String| self.group.property(name).map(|value| cell(&value)).unwrap_or_default();
        [key].into_iter().chain(self.names.iter().map(value)).collect()
    }
}

impl Record for Row {
    const COLUMNS: &'static [&'static str] = Group::COLUMNS;

    fn cells(&self) -> Vec<String> {
        if self.names.is_empty() {
            return self.group.cells();
        }
        self.selected(self.group.key.to_string(), as_written)
    }

    /// Properties are written as in an export, so that they can be imported.
    fn csv_cells(&self) -> Vec<String> {
        if self.names.is_empty() {
            return self.group.csv_cells();
        }
        let key = cell::write_name(&self.group.key).into_owned();
        self.selected(key, |value| cell::write(value.as_str()).into_owned())
    }
}

pub(crate) async fn run(context: &Context, arguments: &List) -> Result<(), Failure> {
    let conditions = conditions(&arguments.conditions)?;
    let names: Arc<[String]> = arguments.columns.clone().into();
    let format = context.output.format();
    if !names.is_empty() && matches!(format, Format::Json | Format::Ndjson) {
        return Err(Failure::usage("--columns is for table, plain and csv; JSON has all properties")
            .help("select with jq, or choose another --output"));
    }
    let query = arguments.filter.apply(context.groups().await?.list());
    // If the first page is enough, prefetching the second is a wasted request.
    let one_page = conditions.is_empty() && arguments.limit.is_some_and(|limit| limit <= 100);
    let mut groups = query.prefetch(!one_page).stream();
    let mut list = context.output.list_of(columns(&names, format));
    while arguments.limit.is_none_or(|limit| list.count() < limit) {
        let Some(group) = groups.next().await else { break };
        let group = group?;
        if meets(&group, &conditions) {
            list.push(Row { group, names: Arc::clone(&names) })?;
        }
    }
    if list.count() == 0 {
        context.note("no groups");
    }
    list.end()
}

fn columns(names: &[String], format: Format) -> Vec<String> {
    if names.is_empty() {
        return Group::COLUMNS.iter().map(|name| (*name).to_owned()).collect();
    }
    let named = |name: &String| match format {
        Format::Csv => column_name(name).into_owned(),
        _ => name.clone(),
    };
    [KEY.to_owned()].into_iter().chain(names.iter().map(named)).collect()
}
