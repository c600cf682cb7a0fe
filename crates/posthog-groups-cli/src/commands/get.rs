//! `get`: shows groups by their keys.

use posthog_groups::{Group, JsonValue, check_group_key};

use crate::arguments::Format;
use crate::arguments::Get;
use crate::assignment::as_written;
use crate::commands::time;
use crate::connection::Context;
use crate::exit::{Failure, SIMILAR_KEYS};
use crate::visible::visible;

pub(crate) async fn run(context: &Context, arguments: &Get) -> Result<(), Failure> {
    arguments.keys.iter().try_for_each(|key| check_group_key(key).map(drop))?;
    let groups = context.groups().await?;
    if let [key] = arguments.keys.as_slice() {
        let group = groups.get(key).await.map_err(|e| Failure::of_group(key, e))?;
        return match context.output.format() {
            Format::Table => show(context, &group),
            _ => context.output.one(group),
        };
    }
    let as_cards = context.output.format() == Format::Table;
    let mut missing = Vec::new();
    let mut list = context.output.list();
    let mut cards = 0;
    for key in &arguments.keys {
        match groups.find(key).await? {
            Some(group) if as_cards => {
                if cards > 0 {
                    context.output.line("")?;
                }
                cards += 1;
                show(context, &group)?;
            }
            Some(group) => list.push(group)?,
            None => missing.push(visible(key).into_owned()),
        }
    }
    list.end()?;
    let total = arguments.keys.len();
    match missing.len() {
        0 => Ok(()),
        gone if gone == total => {
            Err(Failure::not_found(format!("groups not found: {}", missing.join(", "))).help(SIMILAR_KEYS))
        }
        gone => Err(Failure::partial(format!("{gone} of {total} groups not found: {}", missing.join(", ")))
            .help(SIMILAR_KEYS)),
    }
}

/// One group: a property per line, its value in the form that `set` accepts.
fn show(context: &Context, group: &Group) -> Result<(), Failure> {
    let styles = context.output.styles();
    context.output.line(&styles.bold(&visible(&group.key)))?;
    context.output.line(&format!("created {}", time(group.created_at)))?;
    let properties: std::collections::BTreeMap<String, JsonValue> = group
        .properties
        .decode()
        .map_err(|e| Failure::failed(format!("cannot read the properties of {}: {e}", group.key)))?;
    let rows: Vec<Vec<String>> =
        properties.into_iter().map(|(name, value)| vec![format!("  {name}"), as_written(&value)]).collect();
    context.output.table(&rows)
}
