//! The behavior of each call on each server: from 2025, from 2025 with `upsert_properties`, and from 2026.

use futures_util::TryStreamExt as _;
use posthog_groups::{Client, Cursor, Error};
use posthog_groups_fake::{ApiKey, Effect, Era, Fake, Fault, Group, GroupType, State};
use posthog_groups_tests::{requests, wrapper};
use serde_json::json;

const PERSON: &str = "0197a0de-5d5a-7c1e-9a5e-3c1f0e6f2a11";

/// The servers, in the order of the columns of the table.
const SERVERS: [(Era, bool); 3] = [(Era::Y2025, false), (Era::Y2025, true), (Era::Y2026, false)];

fn world() -> State {
    let mut state: State = serde_json::from_value(json!({
        "now": "2026-07-01T12:00:00Z",
        "persons": [{"uuid": PERSON, "distinct_ids": ["mara"]}],
        "events": [{"person_uuid": PERSON, "groups": {"0": "org:5", "1": "team:1"}}],
        "activity": [{"group_type_index": 0, "group_key": "org:5", "activity": "create_group", "name": "plan", "action": "created"}],
        "group_types": [{"group_type": "organization", "group_type_index": 0}, {"group_type": "team", "group_type_index": 1}],
        "groups": [{"group_type_index": 0, "group_key": "org:5", "group_properties": {"plan": "free"}}],
    }))
    .unwrap();
    state.groups.push(Group::new(0, "org:6").with("plan", "scale"));
    state.groups.push(Group::new(1, "team:1").with("plan", "free"));
    // A type that does not exist yet or was deleted.
    state.groups.push(Group::new(3, "lost"));
    state
}

async fn serve(era: Era, window: bool, state: State) -> (Fake, Client) {
    let fake =
        Fake::builder().era(era).state(State { upsert_properties: window, ..state }).start().await.unwrap();
    let client = wrapper(&fake).build().unwrap();
    (fake, client)
}

/// The predicates that hold for an error.
fn kind(error: &Error) -> String {
    let predicates = [
        ("not_found", error.is_not_found()),
        ("not_offered", error.is_not_offered()),
        ("already_exists", error.is_already_exists()),
        ("validation", error.is_validation()),
        ("unauthorized", error.is_unauthorized()),
        ("missing_scope", error.is_missing_scope()),
        ("forbidden", error.is_forbidden()),
        ("rate_limited", error.is_rate_limited()),
        ("server_error", error.is_server_error()),
        ("decode", error.is_decode()),
        ("outcome_unknown", error.is_outcome_unknown()),
        ("retryable", error.is_retryable()),
    ];
    let holding: Vec<_> = predicates.iter().filter(|(_, holds)| *holds).map(|(name, _)| *name).collect();
    let status = error.status().map_or(String::new(), |status| format!(" {status}"));
    format!("Err{status} {}", holding.join(", "))
}

fn summary<T>(result: Result<T, Error>, describe: impl FnOnce(T) -> String) -> String {
    result.map_or_else(|error| kind(&error), describe)
}

const CALLS: [&str; 27] = [
    "find",
    "find a missing group",
    "get a missing group",
    "list",
    "list from a bad cursor",
    "list of an unused type",
    "create",
    "create what exists",
    "create with white space around the key",
    "set",
    "set the same again",
    "set on a missing group",
    "set on a group without a type",
    "unset",
    "unset a missing property",
    "unset on a missing group",
    "upsert",
    "upsert of existing values",
    "upsert on a missing group",
    "upsert that creates",
    "activity",
    "activity of a missing group",
    "related",
    "related of a missing group",
    "related to a person",
    "property values",
    "property definitions",
];

async fn make(call: &str, client: &Client) -> String {
    let groups = client.groups("organization");
    let (group, missing) = (groups.group("org:5"), groups.group("missing"));
    let properties = |group: posthog_groups::Group| {
        let event = if group.event_not_sent() { ", event not sent" } else { "" };
        format!("{} {}{event}", group.key, group.properties.as_str())
    };
    let upserted = |done: posthog_groups::Upserted| {
        format!("created: {}, written: {}", done.created, done.written.join(", "))
    };
    match call {
        "find" => summary(group.find().await, |found| format!("{}", found.is_some())),
        "find a missing group" => summary(missing.find().await, |found| format!("{}", found.is_some())),
        "get a missing group" => summary(missing.get().await, properties),
        "list" => summary(groups.list().page().await, |page| format!("{} groups", page.groups.len())),
        "list from a bad cursor" => {
            summary(groups.list().start_from(Cursor::new("x")).page().await, |page| {
                format!("{} groups", page.groups.len())
            })
        }
        "list of an unused type" => {
            summary(client.groups(4).list().page().await, |page| format!("{} groups", page.groups.len()))
        }
        "create" => summary(groups.create("new").properties(json!({"a": 1})).send().await, properties),
        "create what exists" => summary(groups.create("org:5").send().await, properties),
        "create with white space around the key" => summary(groups.create(" new ").send().await, properties),
        "set" => summary(group.set("plan", "scale").await, properties),
        "set the same again" => summary(group.set("plan", "free").await, properties),
        "set on a missing group" => summary(missing.set("plan", "scale").await, properties),
        "set on a group without a type" => {
            summary(client.groups(3).group("lost").set("plan", "scale").await, properties)
        }
        "unset" => summary(group.unset("plan").await, properties),
        "unset a missing property" => summary(group.unset("trial").await, properties),
        "unset on a missing group" => summary(missing.unset("plan").await, properties),
        "upsert" => summary(group.upsert(json!({"plan": "scale", "seats": 5})).await, upserted),
        "upsert of existing values" => summary(group.upsert(json!({"plan": "free"})).await, upserted),
        "upsert on a missing group" => summary(missing.upsert(json!({"plan": "free"})).await, upserted),
        "upsert that creates" => {
            summary(missing.upsert(json!({"plan": "free"})).create_if_missing().await, upserted)
        }
        "activity" => summary(group.activity().stream().try_collect::<Vec<_>>().await, |entries| {
            format!("{} entries, with id: {}", entries.len(), entries.iter().all(|entry| entry.id.is_some()))
        }),
        "activity of a missing group" => {
            summary(missing.activity().stream().try_next().await, |_| "an entry".into())
        }
        "related" => summary(group.related().await, |related| {
            format!("{} persons, {} groups", related.persons.len(), related.groups.len())
        }),
        "related of a missing group" => {
            summary(missing.related().await, |related| format!("empty: {}", related.is_empty()))
        }
        "related to a person" => summary(client.related_to_person(PERSON).await, |related| {
            format!("{} persons, {} groups", related.persons.len(), related.groups.len())
        }),
        "property values" => summary(groups.property_values("plan").await, |values| {
            let text = |row: &posthog_groups::PropertyValue| format!("{} x {:?}", row.value, row.count);
            values.iter().map(text).collect::<Vec<_>>().join(", ")
        }),
        "property definitions" => summary(client.property_definitions().await, |definitions| {
            format!("{} of organization", definitions.of(0).len())
        }),
        other => panic!("no such call: {other}"),
    }
}

/// The outcome of every call on every server and the requests it sent. Equal columns are merged.
#[tokio::test]
async fn each_call_does_the_same_on_each_server_as_far_as_the_server_can() {
    let mut table = String::new();
    for call in CALLS {
        let mut cells = Vec::new();
        for (era, window) in SERVERS {
            let (fake, client) = serve(era, window, world()).await;
            // The group types are cached, so that requests for them do not appear.
            client.groups("organization").type_index().await.unwrap();
            let known = fake.journal().len();
            let outcome = make(call, &client).await;
            let sent = requests(&fake.journal()[known..]).join(", ");
            cells.push((if window { "window".to_owned() } else { era.to_string() }, outcome, sent));
        }
        table += &format!("{call}\n");
        let same = |pick: fn(&(String, String, String)) -> &String| {
            cells.iter().all(|cell| pick(cell) == pick(&cells[0]))
        };
        if same(|cell| &cell.1) {
            table += &format!("    all     {}\n", cells[0].1);
        } else {
            cells.iter().for_each(|(era, outcome, _)| table += &format!("    {era:7} {outcome}\n"));
        }
        if same(|cell| &cell.2) {
            table += &format!("        all     {}\n", cells[0].2);
        } else {
            cells.iter().for_each(|(era, _, sent)| table += &format!("        {era:7} {sent}\n"));
        }
    }
    insta::assert_snapshot!("calls", table);
}

#[tokio::test]
async fn both_shapes_of_property_values_are_one_and_so_is_the_one_of_2022_without_counts() {
    let (fake, client) = serve(Era::Y2026, false, world()).await;
    for (body, count) in [
        (json!([{"name": "free", "count": 2}]), Some(2)),
        (json!({"results": [{"name": "free", "count": 2}], "refreshing": true}), Some(2)),
        (json!([{"name": "free"}]), None),
    ] {
        fake.add_faults([answer(200, body)]).unwrap();
        let values = client.groups(0).property_values("plan").await.unwrap();
        assert_eq!(
            values.iter().map(|row| (row.value.as_str(), row.count)).collect::<Vec<_>>(),
            [("free", count)]
        );
    }
}

fn answer(status: u16, body: serde_json::Value) -> Fault {
    let mut fault = Fault::http(status);
    if let Effect::Http(http) = &mut fault.effect {
        http.body = body;
    }
    fault
}

/// Keys without permission, with all kinds of calls.
#[tokio::test]
async fn invalid_and_insufficient_keys_are_distinguished_for_any_status() {
    let inactive = ApiKey { active: false, ..ApiKey::new("phx_inactive", &["*"]) };
    let elsewhere = ApiKey { projects: Some(vec![2]), ..ApiKey::new("phx_elsewhere", &["*"]) };
    let keys = vec![
        ApiKey::new("phx_reader", &["group:read"]),
        ApiKey::new("phx_writer", &["group:write"]),
        ApiKey::new("phx_none", &[]),
        inactive,
        elsewhere,
    ];
    let mut table = String::new();
    for key in ["phx_unknown", "phx_inactive", "phx_elsewhere", "phx_none", "phx_reader", "phx_writer"] {
        table += &format!("{key}\n");
        for call in ["find", "set", "activity", "group types", "projects", "whoami"] {
            let mut cells = Vec::new();
            for era in [Era::Y2025, Era::Y2026] {
                let projects =
                    vec![posthog_groups_fake::Project::new(1), posthog_groups_fake::Project::new(2)];
                let state = State { api_keys: keys.clone(), projects, ..world() };
                let (fake, _) = serve(era, false, state).await;
                let client = wrapper(&fake).personal_api_key(key).project(1).build().unwrap();
                let group = client.groups(0).group("org:5");
                let ok = |()| "Ok".to_owned();
                cells.push(match call {
                    "find" => summary(group.find().await.map(drop), ok),
                    "set" => summary(group.set("plan", "scale").await.map(drop), ok),
                    "activity" => summary(group.activity().stream().try_next().await.map(drop), ok),
                    "group types" => summary(client.group_types().await.map(drop), ok),
                    "projects" => summary(client.projects().await.map(drop), ok),
                    _ => summary(client.whoami().await.map(drop), ok),
                });
                assert_eq!(fake.journal().len(), 1, "{key} {call}: nothing is repeated");
            }
            let (old, new) = (&cells[0], &cells[1]);
            let line = if old == new { old.clone() } else { format!("{old} (2025), {new} (2026)") };
            table += &format!("    {call:12} {line}\n");
        }
    }
    insta::assert_snapshot!("keys", table);
}

#[tokio::test]
async fn inconsistent_error_bodies_are_normalized() {
    let (fake, client) = serve(Era::Y2025, false, world()).await;
    let group = client.groups(0).group("org:5");
    // Servers from 2025 swap code and detail.
    let body = json!({"attr": "value", "code": "This field is required.", "detail": "required", "type": "validation_error"});
    fake.add_faults([answer(400, body)]).unwrap();
    let error = group.set("plan", "scale").await.unwrap_err();
    assert!(error.is_validation());
    assert_eq!(
        (error.code(), error.detail(), error.attr()),
        (Some("required"), Some("This field is required."), Some("value"))
    );

    // The same from the server itself, with a request that only the generated client can send.
    let null = posthog_groups::raw::types::UpdatePropertyRequest {
        key: "plan".into(),
        value: serde_json::Value::Null.into(),
    };
    let call = client.raw().update_property().project_id("1").group_type_index(0).group_key("org:5");
    let answer_of_2025 = call.body(null).send().await.unwrap_err();
    let posthog_groups::raw::Error::UnexpectedResponse(response) = answer_of_2025 else {
        panic!("an answer")
    };
    assert_eq!(response.status(), 400);
    let body: serde_json::Value = response.json().await.unwrap();
    assert_eq!((&body["code"], &body["detail"]), (&json!("This field is required."), &json!("required")));

    // The field is literally `detail`.
    let error = client.groups(0).create("org:5").send().await.unwrap_err();
    assert!(error.is_already_exists() && error.attr() == Some("detail"));

    for (status, body) in [
        (502, json!("<html>502 Bad Gateway</html>")),
        (403, json!("blocked by policy")),
        (401, json!("")),
        (400, json!("<h1>Bad Request (400)</h1>")),
        (404, json!("no such page")),
        (418, json!({"unheard": "of"})),
        (400, json!({"type": "validation_error", "code": "code_of_tomorrow", "detail": 5})),
    ] {
        fake.add_faults([Fault { times: 0, ..answer(status, body) }]).unwrap();
        let error = group.find().await.unwrap_err();
        fake.clear_faults();
        assert_eq!(error.status(), Some(status), "{error:?}");
        assert!(!error.is_not_found() && !error.to_string().contains('\n'), "{error:?}");
    }
}

#[tokio::test]
async fn unknown_values_are_preserved() {
    for era in [Era::Y2025, Era::Y2026] {
        let (fake, client) = serve(era, false, world()).await;
        let group = client.groups(0).group("org:5");
        let related = json!([
            {"type": "robot", "id": "r2"},
            {"type": "group", "id": "a", "group_key": "a", "group_type_index": 1, "created_at": null, "properties": {},
             "matched_recordings": [], "value_at_data_point": null, "of tomorrow": 1},
        ]);
        fake.add_faults([answer(200, related)]).unwrap();
        let related = group.related().await.unwrap();
        assert_eq!((related.groups.len(), related.others.len()), (1, 1));

        group.set("plan", "scale").await.unwrap();
        let mut state = fake.state();
        state.activity[0].activity = "merged_by_tomorrow".into();
        fake.put_state(state).unwrap();
        let entries: Vec<_> = group.activity().stream().try_collect().await.unwrap();
        assert!(entries.iter().any(|entry| entry.activity == "merged_by_tomorrow"));
    }
}

#[tokio::test]
async fn group_types_are_requested_once_and_again_if_one_is_missing() {
    for era in [Era::Y2025, Era::Y2026] {
        let (fake, client) = serve(era, false, world()).await;
        for _ in 0..3 {
            client.clone().groups("organization").get("org:5").await.unwrap();
            client.with_options(|options| options.retries(0)).groups("team").get("team:1").await.unwrap();
        }
        assert_eq!(requests(&fake.journal()).iter().filter(|r| *r == "GET groups_types").count(), 1);
        // Events have created another type in the meantime.
        let mut state = fake.state();
        state.group_types.push(GroupType::new(3, "site"));
        fake.put_state(state).unwrap();
        assert_eq!(client.groups("site").get("lost").await.unwrap().type_index, 3);
        assert_eq!(requests(&fake.journal()), ["GET groups_types", "GET find"]);
    }
}
