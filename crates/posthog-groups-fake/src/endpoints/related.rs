//! `GET groups/related/` (contract section 2.8).

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;

use crate::Era;
use crate::answer::Answer;
use crate::context::Context;
use crate::database::Database;
use crate::endpoints::lookup;
use crate::errors::{self, Failure};
use crate::json::to_text;
use crate::request;
use crate::state::{Person, Relation, is_uuid};
use crate::store::GroupRow;
use crate::timestamps::iso;

/// The age up to which an event relates two actors.
const WINDOW: TimeDelta = TimeDelta::days(90);

pub(crate) fn related(database: &Database, context: &Context<'_>) -> Result<Answer, Failure> {
    let id = lookup::parameter(database, context, "id")?;
    let index = context.call.query.get("group_type_index").map(valid_index).transpose()?;
    if index.is_none() && !is_uuid(id) {
        return Err(errors::server_error());
    }

    let shared: Vec<&Relation> = events_in_window(database, context.project)
        .filter(|event| match index {
            Some(index) => event.groups.get(&index.to_string()).is_some_and(|key| key == id),
            None => event.person_uuid.as_deref().is_some_and(|uuid| uuid.eq_ignore_ascii_case(id)),
        })
        .collect();

    let mut actors = Vec::new();
    if index.is_some() {
        actors.extend(
            people(database, &shared).into_iter().map(|person| person_object(person, database.era())),
        );
    }
    let mut keys: BTreeMap<i32, BTreeSet<&str>> = BTreeMap::new();
    for (other, key) in shared.iter().flat_map(|event| &event.groups) {
        if let Ok(other) = other.parse() {
            keys.entry(other).or_default().insert(key);
        }
    }
    for group_type in database.group_types_of(context.project) {
        let other = group_type.group_type_index;
        if Some(other) == index {
            continue;
        }
        let stored = keys.get(&other).into_iter().flatten();
        let stored = stored.filter_map(|key| database.groups.find(context.project, other, key));
        actors.extend(stored.filter_map(|id| database.groups.get(id)).map(group_object));
    }
    Ok(Answer::json(200, format!("[{}]", actors.join(","))))
}

/// Parses an index from 0 to 4. Everything else is rejected, including blank text.
fn valid_index(text: &str) -> Result<i32, Failure> {
    let index = request::integer(text).and_then(|index| i32::try_from(index).ok());
    let detail = "group_type_index is required to be at least 0 and less than 5";
    index
        .filter(|index| (0..5).contains(index))
        .ok_or_else(|| errors::invalid_request("invalid_input", detail))
}

/// Relations belong to the main project.
fn events_in_window(database: &Database, project: i64) -> impl Iterator<Item = &Relation> {
    let now = database.now();
    let events: &[Relation] = if project == database.main_project() { &database.state.events } else { &[] };
    events.iter().filter(move |event| event.timestamp.is_none_or(|time| time > now - WINDOW && time < now))
}

/// The persons of events, newest first.
fn people<'w>(database: &'w Database, events: &[&Relation]) -> Vec<&'w Person> {
    let uuids: BTreeSet<String> =
        events.iter().filter_map(|e| e.person_uuid.as_deref()).map(str::to_ascii_lowercase).collect();
    let persons = database.state.persons.iter();
    let mut persons: Vec<&Person> =
        persons.filter(|p| uuids.contains(&p.uuid.to_ascii_lowercase())).collect();
    persons.sort_by(|a, b| b.created_at.cmp(&a.created_at).then_with(|| a.uuid.cmp(&b.uuid)));
    persons
}

fn person_object(person: &Person, era: Era) -> String {
    let time = |time: &Option<_>| to_text(&time.as_ref().map(iso));
    let distinct_ids: Vec<&String> = person.distinct_ids.iter().take(1000).collect();
    let last_seen_at = match era {
        Era::Y2025 => String::new(),
        Era::Y2026 => format!("\"last_seen_at\":{},", time(&person.last_seen_at)),
    };
    format!(
        concat!(
            r#"{{"type":"person","id":{uuid},"uuid":{uuid},"created_at":{created_at},{last_seen_at}"#,
            r#""properties":{properties},"is_identified":{is_identified},"name":{name},"distinct_ids":{ids},"#,
            r#""matched_recordings":[],"value_at_data_point":null}}"#
        ),
        uuid = to_text(&person.uuid),
        created_at = time(&person.created_at),
        last_seen_at = last_seen_at,
        properties = person.properties.as_str(),
        is_identified = person.is_identified,
        name = to_text(&display_name(person)),
        ids = to_text(&distinct_ids),
    )
}

/// The display name: a naming property, the first distinct id that is not a UUID, the first distinct id, or the UUID.
fn display_name(person: &Person) -> String {
    const NAMES: [&str; 8] = ["email", "Email", "$email", "name", "Name", "username", "Username", "UserName"];
    let property =
        NAMES.iter().filter_map(|name| person.properties.get(name)).find(|value| !value.is_falsy());
    if let Some(value) = property {
        return value.text().unwrap_or_else(|| value.as_str().to_owned());
    }
    let ids = &person.distinct_ids;
    let id = ids.iter().find(|id| !is_uuid(id)).or_else(|| ids.first());
    id.unwrap_or(&person.uuid).clone()
}

fn group_object(row: &GroupRow) -> String {
    format!(
        concat!(
            r#"{{"type":"group","id":{key},"group_key":{key},"group_type_index":{index},"#,
            r#""created_at":"{created_at}","properties":{properties},"matched_recordings":[],"#,
            r#""value_at_data_point":null}}"#
        ),
        key = to_text(&*row.key),
        index = row.index,
        created_at = iso(&row.created_at),
        properties = row.properties.as_str(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_named_by_the_most_specific_property() {
        let person = |properties: &str, ids: &[&str]| Person {
            uuid: "01795392-cc00-0003-7dc7-67a694604d72".to_owned(),
            distinct_ids: ids.iter().map(|&id| id.to_owned()).collect(),
            properties: crate::Properties::parse(properties).unwrap(),
            is_identified: false,
            created_at: None,
            last_seen_at: None,
        };
        let anonymous = "01795392-cc00-0003-7dc7-67a694604d99";
        for (properties, ids, name) in [
            (r#"{"name":"N","email":"e@x"}"#, &["1"][..], "e@x"),
            (r#"{"name":"N","email":""}"#, &["1"], "N"),
            ("{}", &[anonymous, "1"], "1"),
            ("{}", &[anonymous], anonymous),
            ("{}", &[], "01795392-cc00-0003-7dc7-67a694604d72"),
        ] {
            assert_eq!(display_name(&person(properties, ids)), name);
        }
    }
}
