//! `related`: shows persons and groups that share events of the last 90 days.

use posthog_groups::{JsonValue, RelatedGroup, RelatedPerson};
use serde::Serialize;

use crate::arguments::Related;
use crate::connection::Context;
use crate::exit::Failure;
use crate::json_text::compact;
use crate::output::Record;

/// An actor, as the server sends it.
#[derive(Serialize)]
#[serde(untagged)]
enum ActorRow {
    Person(RelatedPerson),
    Group(RelatedGroup),
    Other(JsonValue),
}

impl Record for ActorRow {
    const COLUMNS: &'static [&'static str] = &["type", "id", "group_type_index", "name", "properties"];
    const LOOSE: usize = 2;
    const JSON: usize = 1;

    fn cells(&self) -> Vec<String> {
        match self {
            Self::Person(person) => vec![
                "person".to_owned(),
                person.uuid.clone(),
                String::new(),
                person.name.clone(),
                compact(person.properties.as_str()),
            ],
            Self::Group(group) => {
                let name = group.properties.get("name").ok().flatten();
                vec![
                    "group".to_owned(),
                    group.group_key.clone(),
                    group.group_type_index.to_string(),
                    name.map_or_else(String::new, |name| name.decode().unwrap_or_default()),
                    compact(group.properties.as_str()),
                ]
            }
            Self::Other(json) => {
                let blank = String::new;
                vec!["other".to_owned(), blank(), blank(), blank(), compact(json.as_str())]
            }
        }
    }
}

pub(crate) async fn run(context: &Context, arguments: &Related) -> Result<(), Failure> {
    let related = match (&arguments.person, &arguments.key) {
        (Some(uuid), _) => context.client()?.related_to_person(uuid).await?,
        (None, Some(key)) => context.group(key).await?.related().await?,
        (None, None) => return Err(Failure::usage("give the key of a group, or --person UUID")),
    };
    if related.is_empty() {
        context.note("nothing related in the last 90 days; this is also the response for a group or person that does not exist");
    }
    let persons = related.persons.into_iter().map(ActorRow::Person);
    let groups = related.groups.into_iter().map(ActorRow::Group);
    let others = related.others.into_iter().map(ActorRow::Other);
    context.output.all(persons.chain(groups).chain(others))
}
