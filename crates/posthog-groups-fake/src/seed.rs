//! A generated state for manual tests, the same in every run.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use crate::database::uuid_of;
use crate::json::{Json, Properties};
use crate::state::{Activity, Actor, Group, GroupType, Person, Relation, State};

const TYPES: [(&str, &str, &str); 3] =
    [("organization", "Organization", "org"), ("team", "Team", "team"), ("site", "Site", "site")];
const PLANS: [&str; 4] = ["free", "team", "business", "enterprise"];
const INDUSTRIES: [&str; 6] = ["finance", "health", "retail", "education", "games", "logistics"];

/// The maximum number of persons. Each is related to some of the first groups of every type.
const MAX_PERSONS: usize = 50;

impl State {
    /// Creates a state with `groups` groups of three types, persons related to them, and activity.
    ///
    /// ```
    /// use posthog_groups_fake::State;
    ///
    /// let state = State::seeded(1000);
    /// assert_eq!(state.groups.len(), 1000);
    /// assert_eq!(state.to_json(), State::seeded(1000).to_json());
    /// ```
    pub fn seeded(groups: usize) -> Self {
        let start = DateTime::UNIX_EPOCH + TimeDelta::days(18_993); // 2022-01-01
        let mut state = Self {
            group_types: TYPES
                .iter()
                .zip(0..)
                .map(|((name, singular, _), index)| GroupType {
                    name_singular: Some((*singular).to_owned()),
                    name_plural: Some(format!("{singular}s")),
                    created_at: Some(start),
                    ..GroupType::new(index, *name)
                })
                .collect(),
            groups: (0..groups).map(|n| group(n, start)).collect(),
            ..Self::default()
        };
        let persons = groups.min(MAX_PERSONS);
        state.persons = (0..persons).map(|n| person(n, start)).collect();
        state.events = (0..persons * 3).filter_map(|n| relation(&state, n, persons)).collect();
        state.activity = state.groups.iter().take(100).flat_map(history).collect();
        state
    }
}

/// Of ten groups, seven are organizations, two are teams and one is a site.
fn kind(n: usize) -> usize {
    match n % 10 {
        0..7 => 0,
        7..9 => 1,
        _ => 2,
    }
}

fn group(n: usize, start: DateTime<Utc>) -> Group {
    let kind = kind(n);
    let index = i32::try_from(kind).unwrap_or(0);
    let prefix = TYPES.get(kind).map_or("group", |(_, _, prefix)| prefix);
    let pick = |words: &[&'static str], n: usize| words.get(n % words.len()).copied().unwrap_or_default();
    // Written as text: building the object member by member would take most of the time of a million groups.
    let properties = format!(
        r#"{{"name":"{prefix} number {n}","plan":"{}","industry":"{}","seats":{},"revenue":{}.5,"active":{}}}"#,
        pick(&PLANS, n / 3),
        pick(&INDUSTRIES, n / 7),
        n % 500,
        n * 37 % 100_000,
        !n.is_multiple_of(5),
    );
    let seconds = i64::try_from(n).unwrap_or(0) * 60;
    Group {
        group_properties: Properties::parse(&properties).unwrap_or_default(),
        created_at: Some(start + TimeDelta::seconds(seconds)),
        ..Group::new(index, format!("{prefix}:{n}"))
    }
}

fn person(n: usize, start: DateTime<Utc>) -> Person {
    let email = format!("person{n}@example.com");
    let members = [("email", email.as_str()), ("name", &format!("Person {n}"))];
    Person {
        uuid: uuid_of("person", &n.to_string()),
        distinct_ids: vec![format!("person-{n}")],
        properties: members.iter().map(|(name, value)| (*name, Json::string(value))).collect(),
        is_identified: !n.is_multiple_of(3),
        created_at: Some(start + TimeDelta::days(i64::try_from(n).unwrap_or(0))),
        last_seen_at: None,
    }
}

/// Relates a person to one group of each type. Without a time, the event always counts as recent.
fn relation(state: &State, n: usize, persons: usize) -> Option<Relation> {
    let person = state.persons.get(n % persons)?;
    let first = (n * 10) % state.groups.len().clamp(1, 500);
    let near = state.groups.iter().cycle().skip(first).take(10);
    let groups: BTreeMap<String, String> =
        near.map(|group| (group.group_type_index.to_string(), group.group_key.clone())).collect();
    Some(Relation { person_uuid: Some(person.uuid.clone()), groups, timestamp: None })
}

/// The activity entries of a group.
fn history(group: &Group) -> Vec<Activity> {
    let entry =
        |activity: &str, name: &str, action: &str, before: Json, after: Json, minutes: i64| Activity {
            project_id: None,
            group_type_index: group.group_type_index,
            group_key: group.group_key.clone(),
            activity: activity.to_owned(),
            name: Some(name.to_owned()),
            action: action.to_owned(),
            before,
            after,
            user: Actor::User,
            created_at: group.created_at.map(|time| time + TimeDelta::minutes(minutes)),
        };
    let mut entries: Vec<Activity> = group
        .group_properties
        .iter()
        .map(|(name, value)| entry("create_group", &name, "created", Json::null(), value, 0))
        .collect();
    if let Some(plan) = group.group_properties.get("plan") {
        entries.push(entry("update_property", "plan", "changed", Json::string("trial"), plan, 5));
    }
    entries
}
