use std::fmt::Debug;

use posthog_groups_client::types::{
    CreateDetailDashboardRequest, CreateGroupRequest, DeletePropertyRequest, GroupTypeUpdate,
    SetDefaultColumnsRequest, UpdatePropertyRequest,
};
use posthog_groups_client::{Client, Error, JsonValue, Properties, ResponseValue};
use serde_json::json;

/// A decoded response: its type and its `Debug` form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The Rust type without its path, such as `GroupPage`.
    pub type_name: String,
    /// The value.
    pub debug: String,
}

/// The key of the group that the calls use. It needs escaping.
pub const KEY: &str = "acct/1042 ä";

/// The ten groups operations, ordered so that each works: the group is created first.
pub const GROUPS_OPERATIONS: [&str; 10] = [
    "create_group",
    "find_group",
    "update_property",
    "upsert_properties",
    "list_groups",
    "list_property_definitions",
    "list_property_values",
    "list_related",
    "delete_property",
    "list_activity",
];

/// Calls one operation of the generated client, with every parameter that it has.
///
/// # Errors
/// The error of the generated call; [`Error::InvalidRequest`] for an unknown operation ID.
pub async fn call(client: &Client, operation: &str, project: &str) -> Result<Answer, Error<()>> {
    match operation {
        "list_groups" => {
            let call = client.list_groups().project_id(project).group_type_index(0);
            answer(call.search("scale").group_key("acct").send().await)
        }
        "create_group" => {
            let body = CreateGroupRequest {
                group_type_index: 0,
                group_key: KEY.into(),
                group_properties: Properties::try_from(json!({"plan": "scale", "seats": 42})).ok(),
            };
            answer(client.create_group().project_id(project).body(body).send().await)
        }
        "find_group" => {
            let call = client.find_group().project_id(project).group_type_index(0);
            answer(call.group_key(KEY).skip_create_notebook(true).send().await)
        }
        "update_property" => {
            let body = UpdatePropertyRequest { key: "seats".into(), value: JsonValue::from(43) };
            let call = client.update_property().project_id(project).group_type_index(0).group_key(KEY);
            answer(call.body(body).send().await)
        }
        "delete_property" => {
            let body = DeletePropertyRequest { unset: "seats".into() };
            let call = client.delete_property().project_id(project).group_type_index(0).group_key(KEY);
            answer(call.body(body).send().await)
        }
        "upsert_properties" => {
            let body = Properties::try_from(json!({"plan": "scale", "trial": false})).unwrap_or_default();
            let call = client.upsert_properties().project_id(project).group_type_index(0).group_key(KEY);
            answer(call.body(body).send().await)
        }
        "list_activity" => {
            let call = client.list_activity().project_id(project).group_type_index(0).group_key(KEY);
            answer(call.limit(5).page(1).send().await)
        }
        "list_related" => {
            answer(client.list_related().project_id(project).group_type_index(0).id(KEY).send().await)
        }
        "list_property_definitions" => {
            answer(client.list_property_definitions().project_id(project).send().await)
        }
        "list_property_values" => {
            let call = client.list_property_values().project_id(project).group_type_index(0);
            answer(call.key("plan").value("sca").send().await)
        }
        "list_group_types" => answer(client.list_group_types().project_id(project).send().await),
        "update_group_types" => {
            let row = GroupTypeUpdate {
                group_type_index: 0,
                name_singular: Some("account".into()),
                name_plural: Some("accounts".into()),
            };
            answer(client.update_group_types().project_id(project).body(vec![row]).send().await)
        }
        "create_detail_dashboard" => {
            let body = CreateDetailDashboardRequest { group_type_index: 0 };
            answer(client.create_detail_dashboard().project_id(project).body(body).send().await)
        }
        "set_default_columns" => {
            let body = SetDefaultColumnsRequest { group_type_index: 0, default_columns: vec!["plan".into()] };
            answer(client.set_default_columns().project_id(project).body(body).send().await)
        }
        "delete_group_type" => {
            answer(client.delete_group_type().project_id(project).group_type_index(4).send().await)
        }
        "list_projects" => answer(client.list_projects().limit(20).offset(0).search("har").send().await),
        "get_current_user" => answer(client.get_current_user().send().await),
        other => Err(Error::InvalidRequest(format!("no operation is called {other}"))),
    }
}

fn answer<T: Debug>(result: Result<ResponseValue<T>, Error<()>>) -> Result<Answer, Error<()>> {
    let value = result?;
    let name = std::any::type_name::<T>();
    Ok(Answer { status: value.status().as_u16(), type_name: short(name), debug: format!("{value:#?}") })
}

/// Removes the paths from a type name.
fn short(name: &str) -> String {
    let mut text = String::new();
    for part in name.split_inclusive(['<', '>', ',', ' ']) {
        text.push_str(part.rsplit("::").next().unwrap_or(part));
    }
    text
}
