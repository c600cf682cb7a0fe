//! The state document: all data of a stand-in server, as one JSON document or one Rust value.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};

use crate::json::{Json, Properties};
use crate::timestamps;
use crate::{Era, Error};

/// All data of the server. In JSON, every field can be omitted or null, and then has its default.
///
/// ```
/// use posthog_groups_fake::{Era, Group, GroupType, State};
///
/// let state = State {
///     era: Era::Y2025,
///     group_types: vec![GroupType::new(0, "organization")],
///     groups: vec![Group::new(0, "org:5").with("name", "Mr. Krabs")],
///     ..State::default()
/// };
/// let same: State = state.to_json().parse().unwrap();
/// assert_eq!(same.to_json(), state.to_json());
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// The era of the server.
    #[serde(default, deserialize_with = "or_default")]
    pub era: Era,
    /// Freezes the server's clock at this time. `None` means real time. Rate limits always use real time.
    #[serde(default, with = "timestamps::optional")]
    pub now: Option<DateTime<Utc>>,
    /// Groups on a page of the list. `None` means 100, as on the real server.
    pub page_size: Option<usize>,
    /// The scheme and host that links in responses name, as behind a proxy. `None` means those of the request.
    pub links_origin: Option<String>,
    /// The main project. Rows without a project belong to it.
    #[serde(default = "one", deserialize_with = "or_one")]
    pub project_id: i64,
    /// The projects. The main project is added if it is missing.
    #[serde(default, deserialize_with = "or_default")]
    pub projects: Vec<Project>,
    /// The user that all keys and sessions belong to.
    #[serde(default, deserialize_with = "or_default")]
    pub user: User,
    /// The personal API keys.
    #[serde(default = "default_keys", deserialize_with = "or_default_keys")]
    pub api_keys: Vec<ApiKey>,
    /// Values of the cookie `sessionid` that identify a logged-in session.
    #[serde(default, deserialize_with = "or_default")]
    pub sessions: Vec<String>,
    /// Tokens for `sharing_access_token`.
    #[serde(default, deserialize_with = "or_default")]
    pub sharing_tokens: Vec<SharingToken>,
    /// The group types. The real server has at most five per project.
    #[serde(default, deserialize_with = "or_default")]
    pub group_types: Vec<GroupType>,
    /// 2026: the cached list of group types, returned until a request changes group types.
    pub group_types_cache: Option<Vec<GroupType>>,
    /// The groups, in the order in which they were created.
    #[serde(default, deserialize_with = "or_default")]
    pub groups: Vec<Group>,
    /// The persons of the main project.
    #[serde(default, deserialize_with = "or_default")]
    pub persons: Vec<Person>,
    /// Events that relate persons and groups, for `related`.
    #[serde(default, deserialize_with = "or_default")]
    pub events: Vec<Relation>,
    /// The activity log, oldest first.
    #[serde(default, deserialize_with = "or_default")]
    pub activity: Vec<Activity>,
    /// The notebooks of groups.
    #[serde(default, deserialize_with = "or_default")]
    pub notebooks: Vec<Notebook>,
    /// The types of group properties, which servers of 2026 store.
    #[serde(default, deserialize_with = "or_default")]
    pub property_definitions: Vec<PropertyDefinition>,
    /// Events that REST writes have sent to ingestion.
    #[serde(default, deserialize_with = "or_default")]
    pub captured_events: Vec<CapturedEvent>,
    /// Whether `find` creates notebooks.
    #[serde(default, deserialize_with = "or_default")]
    pub crm_enabled: bool,
    /// Whether creating a notebook fails, so that `find` returns `notebook: null`.
    #[serde(default, deserialize_with = "or_default")]
    pub notebook_failure: bool,
    /// 2025: whether the endpoint `upsert_properties` exists.
    #[serde(default, deserialize_with = "or_default")]
    pub upsert_properties: bool,
    /// 2026: whether a user who is a member may not change the names of group types.
    #[serde(default, deserialize_with = "or_default")]
    pub access_control: bool,
    /// 2026: the date of the `Sunset` header on `/api/environments/`.
    pub environments_sunset: Option<NaiveDate>,
    /// Makes the capture call in every REST write fail.
    pub capture_failure: Option<CaptureFailure>,
    /// Whether the project is over its event quota: capture returns Ok and drops the events.
    #[serde(default, deserialize_with = "or_default")]
    pub capture_quota_exceeded: bool,
    /// The rate limit of each personal API key.
    pub rate_limit: Option<RateLimit>,
}

/// The API key of a state without `api_keys`.
pub const DEFAULT_KEY: &str = "phx_default";

impl Default for State {
    fn default() -> Self {
        Self {
            era: Era::default(),
            now: None,
            page_size: None,
            links_origin: None,
            project_id: 1,
            projects: Vec::new(),
            user: User::default(),
            api_keys: default_keys(),
            sessions: Vec::new(),
            sharing_tokens: Vec::new(),
            group_types: Vec::new(),
            group_types_cache: None,
            groups: Vec::new(),
            persons: Vec::new(),
            events: Vec::new(),
            activity: Vec::new(),
            notebooks: Vec::new(),
            property_definitions: Vec::new(),
            captured_events: Vec::new(),
            crm_enabled: false,
            notebook_failure: false,
            upsert_properties: false,
            access_control: false,
            environments_sunset: None,
            capture_failure: None,
            capture_quota_exceeded: false,
            rate_limit: None,
        }
    }
}

impl State {
    /// The document as JSON text.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Checks the constraints between fields.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let ensure = |holds: bool, member: fmt::Arguments<'_>, why: &str| match holds {
            true => Ok(()),
            false => Err(Error::State(format!("{member}: {why}"))),
        };
        let page_size = self.page_size != Some(0);
        ensure(page_size, format_args!("page_size"), "a page must have at least one group")?;
        let origin = self.links_origin.as_deref().is_none_or(is_origin);
        let why = "not a scheme and a host such as `http://posthog.internal`";
        ensure(origin, format_args!("links_origin"), why)?;
        let limit = self.rate_limit.is_none_or(|l| l.limit > 0 && l.window_s.is_finite() && l.window_s > 0.0);
        ensure(limit, format_args!("rate_limit"), "`limit` and `window_s` must be greater than zero")?;
        if let Some(CaptureFailure::Status(Some(status))) = self.capture_failure {
            let why = "a failing status must be a number from 400 to 599";
            ensure((400..=599).contains(&status), format_args!("capture_failure.status"), why)?;
        }

        let mut projects = HashSet::new();
        for (n, project) in self.projects.iter().enumerate() {
            let why = "another project has the same id";
            ensure(projects.insert(project.id), format_args!("projects[{n}].id"), why)?;
            let uuid = project.uuid.as_deref().is_none_or(is_uuid);
            ensure(uuid, format_args!("projects[{n}].uuid"), "not a UUID")?;
        }
        projects.insert(self.project_id);
        let known = |list: &str, n: usize, project: Option<i64>| {
            let known = project.is_none_or(|id| projects.contains(&id));
            ensure(known, format_args!("{list}[{n}].project_id"), "no project has this id")
        };
        for (n, token) in self.sharing_tokens.iter().enumerate() {
            known("sharing_tokens", n, token.project_id)?;
        }
        let mut types = HashSet::new();
        for (n, row) in self.group_types.iter().enumerate() {
            known("group_types", n, row.project_id)?;
            let new = types.insert((row.project_id.unwrap_or(self.project_id), row.group_type_index));
            let why = "the project already has this group type";
            ensure(new, format_args!("group_types[{n}].group_type_index"), why)?;
        }
        let mut groups = HashSet::with_capacity(self.groups.len());
        for (n, group) in self.groups.iter().enumerate() {
            known("groups", n, group.project_id)?;
            let project = group.project_id.unwrap_or(self.project_id);
            let new = groups.insert((project, group.group_type_index, group.group_key.as_str()));
            ensure(new, format_args!("groups[{n}].group_key"), "this group occurs twice")?;
        }
        for (n, entry) in self.activity.iter().enumerate() {
            let project = entry.project_id.unwrap_or(self.project_id);
            let exists = groups.contains(&(project, entry.group_type_index, entry.group_key.as_str()));
            ensure(exists, format_args!("activity[{n}].group_key"), "the group is not in `groups`")?;
        }
        for (n, person) in self.persons.iter().enumerate() {
            ensure(is_uuid(&person.uuid), format_args!("persons[{n}].uuid"), "not a UUID")?;
        }
        for (n, event) in self.events.iter().enumerate() {
            for index in event.groups.keys() {
                let why = format!("`{index}` is not the index of a group type");
                ensure(index.parse::<i32>().is_ok(), format_args!("events[{n}].groups"), &why)?;
            }
        }
        Ok(())
    }
}

impl std::str::FromStr for State {
    type Err = Error;

    /// Parses the JSON form. The error names the field that is unknown, missing or invalid.
    fn from_str(text: &str) -> Result<Self, Error> {
        if !text.trim_start().starts_with('{') {
            return Err(Error::State("the document must be a JSON object".to_owned()));
        }
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let state: Self = serde_path_to_error::deserialize(&mut deserializer).map_err(|e| {
            let member = e.path().to_string();
            match member.as_str() {
                "." => Error::State(e.inner().to_string()),
                _ => Error::State(format!("{member}: {}", e.inner())),
            }
        })?;
        deserializer.end().map_err(|e| Error::State(e.to_string()))?;
        state.check()?;
        Ok(state)
    }
}

/// A project.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Project {
    /// The id in paths.
    pub id: i64,
    /// The name. Default: `Project <id>`.
    pub name: Option<String>,
    /// The name of its organization. Projects with the same name share an organization.
    #[serde(default = "main_organization", deserialize_with = "or_main_organization")]
    pub organization: String,
    /// The UUID, which is the distinct id of events that REST writes send.
    pub uuid: Option<String>,
    /// The project key. Default: `phc_<id>`.
    pub api_token: Option<String>,
}

impl Project {
    /// A project of the main organization.
    pub fn new(id: i64) -> Self {
        Self { id, name: None, organization: main_organization(), uuid: None, api_token: None }
    }
}

/// The user.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// The email address. Default: `user@example.com`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The first name. Default: `User`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_name: Option<String>,
    /// The role in every organization.
    #[serde(default, deserialize_with = "or_default")]
    pub role: Role,
    /// The names of the user's organizations. Default: that of the main project.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organizations: Option<Vec<String>>,
    /// The project that `@current` means. Default: the main project.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_project: Option<i64>,
}

/// The role of a user in an organization.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Can change everything.
    #[default]
    Admin,
    /// Cannot change the names of group types under access control.
    Member,
}

/// A personal API key.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiKey {
    /// The key itself.
    pub key: String,
    /// The scopes, such as `group:read`; `*` means all. Without scopes, a key has no access (2025: full access).
    #[serde(default = "all_scopes", deserialize_with = "or_all_scopes")]
    pub scopes: Vec<String>,
    /// Restricts the key to these projects.
    pub projects: Option<Vec<i64>>,
    /// Restricts the key to organizations with these names.
    pub organizations: Option<Vec<String>>,
    /// Whether the user of the key is active.
    #[serde(default = "yes", deserialize_with = "or_yes")]
    pub active: bool,
}

impl ApiKey {
    /// Creates an unrestricted key with these scopes.
    pub fn new(key: impl Into<String>, scopes: &[&str]) -> Self {
        let scopes = scopes.iter().map(|&s| s.to_owned()).collect();
        Self { key: key.into(), scopes, projects: None, organizations: None, active: true }
    }
}

/// A token for `sharing_access_token`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SharingToken {
    /// The token.
    pub token: String,
    /// The project that it gives access to. Default: the main project.
    pub project_id: Option<i64>,
    /// Whether the token is accepted.
    #[serde(default = "yes", deserialize_with = "or_yes")]
    pub enabled: bool,
}

/// A group type.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupType {
    /// The project. Default: the main project.
    pub project_id: Option<i64>,
    /// The name that events use.
    pub group_type: String,
    /// The index, 0 to 4.
    pub group_type_index: i32,
    /// The display name of one group.
    pub name_singular: Option<String>,
    /// The display name of several groups.
    pub name_plural: Option<String>,
    /// The id of the dashboard shown on its groups. Entries of the cache may name it `detail_dashboard_id`.
    #[serde(alias = "detail_dashboard_id")]
    pub detail_dashboard: Option<i64>,
    /// The columns of its list in the web interface.
    pub default_columns: Option<Vec<String>>,
    /// The time when it was first seen.
    #[serde(default, with = "timestamps::optional")]
    pub created_at: Option<DateTime<Utc>>,
}

impl GroupType {
    /// Creates a group type of the main project with an index and a name.
    pub fn new(index: i32, name: impl Into<String>) -> Self {
        Self {
            project_id: None,
            group_type: name.into(),
            group_type_index: index,
            name_singular: None,
            name_plural: None,
            detail_dashboard: None,
            default_columns: None,
            created_at: None,
        }
    }
}

/// A group.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Group {
    /// The project. Default: the main project.
    pub project_id: Option<i64>,
    /// The index of its group type.
    pub group_type_index: i32,
    /// Its key.
    pub group_key: String,
    /// Its properties.
    #[serde(default, deserialize_with = "or_default")]
    pub group_properties: Properties,
    /// The creation time. Default: a fixed time that increases with each row.
    #[serde(default, with = "timestamps::optional")]
    pub created_at: Option<DateTime<Utc>>,
}

impl Group {
    /// Creates a group of the main project without properties.
    pub fn new(index: i32, key: impl Into<String>) -> Self {
        Self {
            project_id: None,
            group_type_index: index,
            group_key: key.into(),
            group_properties: Properties::new(),
            created_at: None,
        }
    }

    /// Sets a property.
    pub fn with(mut self, name: &str, value: impl Into<serde_json::Value>) -> Self {
        self.group_properties.set(name, &Json::from(&value.into()));
        self
    }

    /// Sets the creation time.
    pub fn created_at(mut self, time: DateTime<Utc>) -> Self {
        self.created_at = Some(time);
        self
    }
}

/// A person of the main project.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// The person's UUID.
    pub uuid: String,
    /// The ids that events use for the person.
    #[serde(default, deserialize_with = "or_default")]
    pub distinct_ids: Vec<String>,
    /// The person's properties.
    #[serde(default, deserialize_with = "or_default")]
    pub properties: Properties,
    /// Whether the person has been identified.
    #[serde(default, deserialize_with = "or_default")]
    pub is_identified: bool,
    /// The time when the person was first seen. Default: a fixed time.
    #[serde(default, with = "timestamps::optional")]
    pub created_at: Option<DateTime<Utc>>,
    /// The time when the person was last seen, which only servers of 2026 return.
    #[serde(default, with = "timestamps::optional")]
    pub last_seen_at: Option<DateTime<Utc>>,
}

/// An event that relates a person and groups to each other.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Relation {
    /// The person, if any.
    pub person_uuid: Option<String>,
    /// The keys of groups by the index of their type, as text.
    #[serde(default, deserialize_with = "or_default")]
    pub groups: BTreeMap<String, String>,
    /// The time of the event. `None` means within the last 90 days.
    #[serde(default, with = "timestamps::optional")]
    pub timestamp: Option<DateTime<Utc>>,
}

/// An entry of the activity log.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Activity {
    /// The project. Default: the main project, for which the member is omitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project_id: Option<i64>,
    /// The index of the group's type.
    pub group_type_index: i32,
    /// The group key.
    pub group_key: String,
    /// The activity: `create_group`, `create_property`, `update_property` or `upsert_properties`.
    pub activity: String,
    /// The name of the property.
    pub name: Option<String>,
    /// `created`, `changed` or `deleted`.
    pub action: String,
    /// The value before.
    #[serde(default, deserialize_with = "or_default")]
    pub before: Json,
    /// The value after.
    #[serde(default, deserialize_with = "or_default")]
    pub after: Json,
    /// The user who made the change.
    #[serde(default, deserialize_with = "or_default")]
    pub user: Actor,
    /// The time of the change. Default: a fixed time that increases with each row.
    #[serde(default, with = "timestamps::optional")]
    pub created_at: Option<DateTime<Utc>>,
}

/// The user of an activity entry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Actor {
    /// The user.
    #[default]
    User,
    /// PostHog itself.
    System,
    /// A deleted user.
    Deleted,
}

/// The notebook of a group.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notebook {
    /// The project. Default: the main project, for which the member is omitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project_id: Option<i64>,
    /// The index of the group's type.
    pub group_type_index: i32,
    /// The group key.
    pub group_key: String,
    /// The short id that `find` returns.
    pub short_id: String,
}

/// The type of a group property on a 2026 server.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PropertyDefinition {
    /// The project. Default: the main project, for which the member is omitted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project_id: Option<i64>,
    /// The index of the group type.
    pub group_type_index: i32,
    /// Its name.
    pub name: String,
    /// Its type.
    #[serde(default, deserialize_with = "or_default")]
    pub property_type: PropertyType,
    /// Whether the values are numbers.
    #[serde(default, deserialize_with = "or_default")]
    pub is_numerical: bool,
}

/// The types of properties on a 2026 server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum PropertyType {
    /// Text and everything else.
    #[default]
    String,
    /// A number.
    Numeric,
    /// True and false, also as text.
    Boolean,
}

/// An event that a REST write sent to ingestion.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CapturedEvent {
    /// `$groupidentify` or `$delete_group_property`.
    pub event: String,
    /// The UUID of the project.
    pub distinct_id: String,
    /// The project key.
    pub token: String,
    /// The properties of the event.
    #[serde(default, deserialize_with = "or_default")]
    pub properties: Properties,
    /// False in 2025, true in 2026.
    #[serde(default, deserialize_with = "or_default")]
    pub process_person_profile: bool,
}

/// How the capture call in REST writes fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CaptureFailure {
    /// Capture returned this status, 400 to 599. `None` means an unknown status.
    Status(Option<u16>),
    /// Capture did not respond.
    #[serde(rename = "error")]
    NoAnswer,
}

/// A limit on the requests of each personal API key in a sliding window.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// The number of requests allowed in a window.
    pub limit: usize,
    /// The length of the window in seconds.
    pub window_s: f64,
}

/// Whether text is `http://` or `https://` and a host, without a slash at the end.
fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    host.is_some_and(|host| !host.is_empty() && host.parse::<http::uri::Authority>().is_ok())
}

/// Whether text has the form of a UUID, in lower or upper case.
pub(crate) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(n, b)| match n {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

fn default_keys() -> Vec<ApiKey> {
    vec![ApiKey::new(DEFAULT_KEY, &["*"])]
}

fn all_scopes() -> Vec<String> {
    vec!["*".to_owned()]
}

fn main_organization() -> String {
    "main".to_owned()
}

fn one() -> i64 {
    1
}

fn yes() -> bool {
    true
}

/// Deserializes null as the default.
fn or<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
    default: fn() -> T,
) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_else(default))
}

fn or_default<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    or(deserializer, T::default)
}

fn or_one<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    or(deserializer, one)
}

fn or_yes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    or(deserializer, yes)
}

fn or_default_keys<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<ApiKey>, D::Error> {
    or(deserializer, default_keys)
}

fn or_all_scopes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    or(deserializer, all_scopes)
}

fn or_main_organization<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    or(deserializer, main_organization)
}
