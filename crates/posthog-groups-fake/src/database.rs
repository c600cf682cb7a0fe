//! The data of a running server: created from a state document, changed by requests, and returned as a document.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

use crate::Era;
use crate::identify::Accepted;
use crate::json::{Json, Kind, Properties};
use crate::state::*;
use crate::store::{GroupRow, Groups, RowId};

/// The delays of the server, in real time.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Delays {
    /// From accepting an event to changing its group.
    pub(crate) ingestion: Duration,
    /// From a write to its appearance in the list (2026).
    pub(crate) list: Duration,
}

/// All data of the server.
#[derive(Clone, Debug)]
pub(crate) struct Database {
    /// The document, with every project, creation time and project id of a row filled in, and without groups.
    pub(crate) state: State,
    pub(crate) groups: Groups,
    activity_of: HashMap<RowId, Vec<usize>>,
    delays: Delays,
    /// Accepted events that have not changed their groups yet, oldest first.
    pub(crate) accepted: VecDeque<Accepted>,
}

impl Database {
    /// Creates a database from a document that has passed [`State::check`].
    pub(crate) fn new(mut state: State) -> Self {
        let main = state.project_id;
        if !state.projects.iter().any(|p| p.id == main) {
            state.projects.insert(0, Project::new(main));
        }
        for project in &mut state.projects {
            let id = project.id;
            project.name.get_or_insert_with(|| format!("Project {id}"));
            project.uuid.get_or_insert_with(|| uuid_of("project", &id.to_string()));
            project.api_token.get_or_insert_with(|| format!("phc_{id}"));
        }
        let mut groups = Groups::default();
        for (n, group) in std::mem::take(&mut state.groups).into_iter().enumerate() {
            let project = group.project_id.unwrap_or(main);
            let created_at = group.created_at.unwrap_or_else(|| fixed_time(n));
            let (index, key) = (group.group_type_index, &group.group_key);
            groups.insert(GroupRow::new(project, index, key, group.group_properties, created_at));
        }
        for row in state.group_types.iter_mut().chain(state.group_types_cache.iter_mut().flatten()) {
            row.project_id.get_or_insert(main);
        }
        for person in &mut state.persons {
            person.created_at.get_or_insert_with(|| fixed_time(0));
        }
        for token in &mut state.sharing_tokens {
            token.project_id.get_or_insert(main);
        }
        let mut activity_of: HashMap<RowId, Vec<usize>> = HashMap::new();
        for (n, entry) in state.activity.iter_mut().enumerate() {
            entry.created_at.get_or_insert_with(|| fixed_time(n));
            let project = entry.project_id.unwrap_or(main);
            if let Some(group) = groups.find(project, entry.group_type_index, &entry.group_key) {
                activity_of.entry(group).or_default().push(n);
            }
        }
        let (delays, accepted) = (Delays::default(), VecDeque::new());
        Self { state, groups, activity_of, delays, accepted }
    }

    /// Sets the delays.
    pub(crate) fn with_delays(mut self, delays: Delays) -> Self {
        self.delays = delays;
        self
    }

    /// Returns the current state as a document.
    pub(crate) fn to_state(&self) -> State {
        let groups = self.groups.rows().iter().map(|row| Group {
            project_id: Some(row.project),
            group_type_index: row.index,
            group_key: row.key.to_string(),
            group_properties: row.properties.clone(),
            created_at: Some(row.created_at),
        });
        State { groups: groups.collect(), ..self.state.clone() }
    }

    pub(crate) fn delays(&self) -> Delays {
        self.delays
    }

    pub(crate) fn era(&self) -> Era {
        self.state.era
    }

    pub(crate) fn page_size(&self) -> usize {
        self.state.page_size.unwrap_or(100)
    }

    /// The server's clock. The store of 2026 keeps milliseconds.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        let digits = match self.era() {
            Era::Y2025 => 6,
            Era::Y2026 => 3,
        };
        self.state.now.unwrap_or_else(|| Utc::now().trunc_subsecs(digits))
    }

    pub(crate) fn main_project(&self) -> i64 {
        self.state.project_id
    }

    pub(crate) fn project(&self, id: i64) -> Option<&Project> {
        self.state.projects.iter().find(|p| p.id == id)
    }

    pub(crate) fn project_with_token(&self, token: &str) -> Option<&Project> {
        self.state.projects.iter().find(|p| p.api_token.as_deref() == Some(token))
    }

    /// The project that `@current` means.
    pub(crate) fn current_project(&self) -> Option<&Project> {
        self.project(self.state.user.current_project.unwrap_or(self.main_project()))
    }

    /// Whether the user belongs to an organization.
    pub(crate) fn is_member(&self, organization: &str) -> bool {
        match &self.state.user.organizations {
            Some(organizations) => organizations.iter().any(|o| o == organization),
            None => self.project(self.main_project()).is_some_and(|main| main.organization == organization),
        }
    }

    pub(crate) fn group_type(&self, project: i64, index: i32) -> Option<&GroupType> {
        self.state.group_types.iter().find(|t| t.project_id == Some(project) && t.group_type_index == index)
    }

    pub(crate) fn group_type_mut(&mut self, project: i64, index: i32) -> Option<&mut GroupType> {
        self.state
            .group_types
            .iter_mut()
            .find(|t| t.project_id == Some(project) && t.group_type_index == index)
    }

    /// The group types of a project, ordered by index.
    pub(crate) fn group_types_of(&self, project: i64) -> Vec<&GroupType> {
        let mut types: Vec<_> =
            self.state.group_types.iter().filter(|t| t.project_id == Some(project)).collect();
        types.sort_by_key(|t| t.group_type_index);
        types
    }

    /// Adds a group. Returns `None` if it exists.
    pub(crate) fn insert_group(&mut self, row: GroupRow) -> Option<RowId> {
        let lag = self.list_lag();
        let group = self.groups.insert(row)?;
        self.groups.get_mut(group)?.hide(None, Instant::now(), lag);
        Some(group)
    }

    /// Replaces the properties of a group.
    pub(crate) fn set_properties(&mut self, group: RowId, properties: Properties) {
        let lag = self.list_lag();
        if let Some(row) = self.groups.get_mut(group) {
            let before = std::mem::replace(&mut row.properties, properties);
            row.hide(Some(before), Instant::now(), lag);
        }
    }

    /// How long the list does not show a write. Servers of 2026 write to one database and list from another.
    pub(crate) fn list_lag(&self) -> Duration {
        match self.era() {
            Era::Y2025 => Duration::ZERO,
            Era::Y2026 => self.delays.list,
        }
    }

    /// The `project_id` member of rows that omit it for the main project.
    pub(crate) fn unless_main(&self, project: i64) -> Option<i64> {
        (project != self.main_project()).then_some(project)
    }

    /// Appends an entry to the activity log of a group.
    pub(crate) fn log(&mut self, group: RowId, entry: Activity) {
        self.activity_of.entry(group).or_default().push(self.state.activity.len());
        self.state.activity.push(entry);
    }

    /// The activity log of a group, newest first, with the position of each entry in the whole log.
    pub(crate) fn activity_of(&self, group: RowId) -> Vec<(usize, &Activity)> {
        let places = self.activity_of.get(&group).map_or(&[][..], Vec::as_slice);
        let mut entries: Vec<_> =
            places.iter().rev().filter_map(|&n| Some((n, self.state.activity.get(n)?))).collect();
        entries.sort_by_key(|(_, entry)| std::cmp::Reverse(entry.created_at));
        entries
    }

    pub(crate) fn notebook_of(&self, group: &GroupRow) -> Option<&Notebook> {
        self.state.notebooks.iter().find(|n| {
            n.project_id.unwrap_or(self.main_project()) == group.project
                && n.group_type_index == group.index
                && *n.group_key == *group.key
        })
    }

    /// Creates the definition of a property or changes its type (2026).
    pub(crate) fn define_property(&mut self, project: i64, index: i32, name: &str, value: &Json) {
        let property_type = property_type(value);
        let is_numerical = property_type == PropertyType::Numeric;
        let project_id = self.unless_main(project);
        let main = self.main_project();
        let known = self.state.property_definitions.iter_mut().find(|d| {
            d.project_id.unwrap_or(main) == project && d.group_type_index == index && d.name == name
        });
        match known {
            Some(definition) => {
                definition.property_type = property_type;
                definition.is_numerical = is_numerical;
            }
            None => self.state.property_definitions.push(PropertyDefinition {
                project_id,
                group_type_index: index,
                name: name.to_owned(),
                property_type,
                is_numerical,
            }),
        }
    }
}

/// The type that a 2026 server gives to a property. The texts "true" and "false" count as Boolean.
fn property_type(value: &Json) -> PropertyType {
    match value.kind() {
        Kind::True | Kind::False => PropertyType::Boolean,
        Kind::Number => PropertyType::Numeric,
        Kind::String => match value.text().unwrap_or_default().to_lowercase().as_str() {
            "true" | "false" => PropertyType::Boolean,
            _ => PropertyType::String,
        },
        Kind::Null | Kind::List | Kind::Object => PropertyType::String,
    }
}

/// The default creation time of a row: the same in every run, and increasing with the row.
fn fixed_time(row: usize) -> DateTime<Utc> {
    let start = DateTime::UNIX_EPOCH + TimeDelta::days(18_262); // 2020-01-01
    start + TimeDelta::seconds(i64::try_from(row).unwrap_or(0).min(1 << 31))
}

/// A UUID that is the same in every run (FNV-1a of kind and name, marked as version 8).
pub(crate) fn uuid_of(kind: &str, name: &str) -> String {
    let hash = |salt: u64| {
        let bytes = kind.bytes().chain([0]).chain(name.bytes());
        bytes
            .fold(0xcbf2_9ce4_8422_2325 ^ salt, |h: u64, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
    };
    let (high, low) = (hash(0), hash(0x9e37_79b9_7f4a_7c15));
    let version = (high & 0x0fff) | 0x8000;
    let variant = (low >> 48 & 0x3fff) | 0x8000;
    format!(
        "{:08x}-{:04x}-{version:04x}-{variant:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        low & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_are_typed_by_their_value() {
        for (value, expected) in [
            ("1", PropertyType::Numeric),
            ("-1.5e3", PropertyType::Numeric),
            ("true", PropertyType::Boolean),
            ("\"FALSE\"", PropertyType::Boolean),
            ("\"x\"", PropertyType::String),
            ("null", PropertyType::String),
            ("[1]", PropertyType::String),
            ("{}", PropertyType::String),
        ] {
            assert_eq!(property_type(&Json::parse(value).unwrap()), expected, "{value}");
        }
    }

    #[test]
    fn a_generated_uuid_is_valid() {
        assert!(is_uuid(&uuid_of("project", "1")));
        assert_ne!(uuid_of("project", "1"), uuid_of("project", "2"));
    }
}
