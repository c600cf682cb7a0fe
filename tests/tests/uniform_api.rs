//! The public API is uniform: every builder can be sent and awaited, data can be built, stored and compared.

use posthog_groups::bulk::{Engine, ImportEvent, ImportReport, RowOutcome, Stopped};
use posthog_groups::{
    ActivityEntry, ActivityPage, Client, Cursor, Group, GroupPage, GroupType, JsonValue, Properties,
    PropertyDefinition, PropertyDefinitions, PropertyValue, Related, UpsertPlan, Upserted, blocking,
};
use posthog_groups_fake::{Effect, Era, Fake, Fault, GroupType as FakeType, State};
use posthog_groups_tests::{requests, wrapper};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;

fn world(groups: usize) -> State {
    let group =
        |n| posthog_groups_fake::Group::new(0, format!("org:{n:03}")).with("plan", "free").with("seats", n);
    State {
        group_types: vec![FakeType::new(0, "organization")],
        groups: (0..groups).map(group).collect(),
        ..State::default()
    }
}

async fn serve(groups: usize) -> (Fake, Client) {
    let fake = Fake::builder().era(Era::Y2025).state(world(groups)).start().await.unwrap();
    let client = wrapper(&fake).build().unwrap();
    (fake, client)
}

/// Checks that a round trip through JSON does not change a value.
fn survives<T: Serialize + DeserializeOwned + PartialEq + Clone + std::fmt::Debug>(value: &T) {
    let text = serde_json::to_string(value).unwrap();
    assert_eq!(&serde_json::from_str::<T>(&text).unwrap(), value, "{text}");
}

#[tokio::test]
async fn what_calls_return_can_be_stored_and_compared() {
    let (_fake, client) = serve(3).await;
    let orgs = client.groups("organization");
    let group: Group =
        orgs.create("org:9").properties(json!({"big": 9_007_199_254_740_993_i64})).await.unwrap();
    survives(&group);
    survives(&orgs.get("org:9").await.unwrap());
    let done: Upserted = orgs.group("org:9").upsert(json!({"big": 1})).await.unwrap();
    survives(&done);
    let plan: UpsertPlan = orgs.group("org:9").upsert(json!({"big": 2})).plan().await.unwrap();
    survives(&plan);
    survives(&client.group_types().await.unwrap());
    survives(&orgs.group("org:9").activity().await.unwrap());
    let listed = orgs.list().limit(2).await.unwrap();
    assert_eq!(listed, orgs.list().limit(2).collect().await.unwrap());
    survives(&listed);
    survives(&orgs.property_values("plan").await.unwrap());
    survives(&client.property_definitions().await.unwrap());
    survives(&orgs.group("org:9").related().await.unwrap());
    survives(&client.whoami().await.unwrap());
}

#[test]
fn users_can_build_what_calls_return_for_their_tests() {
    let properties = Properties::new(&json!({"plan": "scale"})).unwrap();
    let group = Group::new(0, "org:5", properties, chrono::DateTime::UNIX_EPOCH);
    assert_eq!(group.clone(), group);
    let _ =
        Upserted { before: None, group: Some(group.clone()), created: true, written: vec!["plan".into()] };
    let _ = PropertyValue { value: "scale".into(), count: Some(1) };
    let rows = vec![PropertyDefinition { name: "plan".into(), count: 3 }];
    let definitions: PropertyDefinitions = [(0, rows.clone())].into_iter().collect();
    assert_eq!(definitions.of(0), rows);
    assert!(Related::default().is_empty());
    let entries: Vec<ActivityEntry> = Vec::new();
    let page: ActivityPage = serde_json::from_value(json!({"entries": entries, "total": 0})).unwrap();
    assert_eq!(page.total, 0);
    let page = GroupPage::new([group], Some(Cursor::new("c")));
    assert_eq!(page.clone().into_groups().unwrap().len(), 1);
    let mut report = ImportReport::new(Engine::Rest);
    report.rows = 3;
    assert_eq!(report.clone().left(), 3);
    let types: Vec<GroupType> = Vec::new();
    assert_eq!(types, []);
}

#[tokio::test]
async fn a_list_ends_at_its_limit_and_requests_no_page_that_is_not_needed() {
    for (limit, expected, sent) in
        [(0, 0, 0), (1, 1, 1), (100, 100, 1), (101, 101, 2), (250, 250, 3), (900, 250, 3)]
    {
        for prefetch in [false, true] {
            let (fake, client) = serve(250).await;
            let list = client.groups(0).list().prefetch(prefetch).limit(limit);
            assert_eq!(list.collect().await.unwrap().len(), expected, "limit {limit}");
            assert_eq!(fake.journal().len(), sent, "limit {limit}");
        }
    }
}

#[tokio::test]
async fn unset_accepts_one_or_more_names() {
    let (fake, client) = serve(1).await;
    let group = client.groups(0).group("org:000");
    group.upsert(json!({"a": 1, "b": 2, "c": 3, "d": 4})).await.unwrap();
    group.unset("a").await.unwrap();
    group.unset(String::from("missing")).await.unwrap();
    let names = ["b", "c"];
    let left = group.unset(&names[..]).await.unwrap();
    assert_eq!(left.property("d").unwrap().as_str(), "4");
    group.unset(vec!["d".to_owned()]).await.unwrap();
    let left = group.unset(["seats", "plan"]).await.unwrap();
    assert!(left.properties.is_empty(), "{left:?}");
    let sent = fake.journal().len();
    assert!(group.unset([""; 0]).await.unwrap_err().is_invalid_input());
    assert!(group.unset(["a", ""]).await.unwrap_err().is_invalid_input());
    assert_eq!(fake.journal().len(), sent, "nothing is sent");
}

#[tokio::test]
async fn an_upsert_can_be_planned_and_returns_the_group_before() {
    let (fake, client) = serve(1).await;
    let orgs = client.groups(0);
    let expected = json!({"plan": "scale", "seats": 0.0, "region": "eu"});
    let plan = orgs.group("org:000").upsert(&expected).plan().await.unwrap();
    let changes: Vec<_> =
        plan.changes.iter().map(|c| (c.name.as_str(), c.before.clone(), c.after.clone())).collect();
    let value = |text: &str| JsonValue::parse(text).unwrap();
    assert_eq!(
        changes,
        [("plan", Some(value("\"free\"")), value("\"scale\"")), ("region", None, value("\"eu\""))]
    );
    assert!(!plan.creates && plan.before.is_some());
    assert_eq!(requests(&fake.journal()), ["GET find"], "nothing is written");
    let done = orgs.group("org:000").upsert(&expected).send().await.unwrap();
    assert_eq!(done.before, plan.before);
    assert_eq!(done.written, ["plan", "region"]);

    assert!(orgs.group("new").upsert(&expected).plan().await.unwrap_err().is_not_found());
    let plan = orgs.group("new").upsert(&expected).create_if_missing().plan().await.unwrap();
    assert!(plan.creates && plan.before.is_none() && plan.changes.len() == 3);
    let done = orgs.group("new").upsert(&expected).create_if_missing().send().await.unwrap();
    assert!(done.created && done.before.is_none());
}

#[tokio::test]
async fn errors_name_the_call_that_was_made() {
    let (fake, client) = serve(1).await;
    fake.add_faults([Fault { times: 0, ..Fault::http(503) }]).unwrap();
    let client = client.with_options(|options| options.retries(0));
    let orgs = client.groups("organization");
    let group = orgs.group("org:000");
    for (call, error) in [
        ("upsert", group.upsert(json!({"a": 1})).await.unwrap_err()),
        ("set", group.set("a", 1).await.unwrap_err()),
        ("unset", group.unset("a").await.unwrap_err()),
        ("create", orgs.create("a").await.unwrap_err()),
        ("find", orgs.find("a").await.unwrap_err()),
        ("get", orgs.get("a").await.unwrap_err()),
        ("list", orgs.list().page().await.unwrap_err()),
        ("activity", group.activity().collect().await.unwrap_err()),
        ("related", group.related().await.unwrap_err()),
        ("property_values", orgs.property_values("plan").await.unwrap_err()),
        ("projects", client.projects().await.unwrap_err()),
        ("whoami", client.whoami().await.unwrap_err()),
    ] {
        assert_eq!(error.call(), Some(call));
        assert!(error.to_string().starts_with(&format!("{call}: 503")), "{error}");
        assert!(error.message().starts_with("503") && !error.message().contains(call), "{}", error.message());
        assert!(error.operation_id().is_some());
    }
}

#[tokio::test]
async fn the_texts_of_an_error_are_readable() {
    let (fake, client) = serve(1).await;
    let mut fault = Fault::http(200);
    if let Effect::Http(http) = &mut fault.effect {
        http.body = json!({"results": 5});
        http.headers.insert("X-Request-Id".into(), "7f3a".into());
    }
    fake.add_faults([fault]).unwrap();
    let error = client.groups(0).find("org:000").await.unwrap_err();
    insta::assert_snapshot!("debug_of_an_error", format!("{error:?}"));
    let error = client.groups(0).find(" ").await.unwrap_err();
    assert_eq!(error.message(), "the group key is blank");
    assert_eq!(
        error.help().as_deref(),
        Some("use the key that the events of the group have, such as `org:5`")
    );
    assert_eq!(
        error.to_string(),
        "the group key is blank; use the key that the events of the group have, such as `org:5`"
    );
    assert_eq!(format!("{error:?}"), error.to_string());
}

#[tokio::test]
async fn errors_and_reports_can_be_cloned_and_stored() {
    let (fake, client) = serve(1).await;
    fake.add_faults([Fault { times: 0, ..Fault::http(503) }]).unwrap();
    let orgs = client.with_options(|options| options.retries(0)).groups(0);
    let error = orgs.group("org:000").set("a", 1).await.unwrap_err();
    assert_eq!(error.clone().to_string(), error.to_string());
    let members = serde_json::to_value(&error).unwrap();
    assert_eq!(members["message"], error.message());
    assert_eq!((&members["call"], &members["status"]), (&json!("set"), &json!(503)));
    assert_eq!(members["outcome_unknown"], error.is_outcome_unknown());
    let mut report = ImportReport::new(Engine::Rest);
    report.stopped = Some(Stopped::Error(error));
    let members = serde_json::to_value(report.clone()).unwrap();
    assert_eq!((&members["engine"], &members["rows"]), (&json!("rest"), &json!(0)));
    assert_eq!(members["stopped"]["error"]["status"], 503);
    let event = ImportEvent::Row { line: 2, key: "org:5", outcome: &RowOutcome::Unchanged };
    assert_eq!(
        serde_json::to_value(event.clone()).unwrap(),
        json!({"row": {"line": 2, "key": "org:5", "outcome": "unchanged"}})
    );
}

#[test]
fn the_blocking_client_has_the_same_api() {
    #[derive(serde::Deserialize, schemars::JsonSchema)]
    #[allow(dead_code, reason = "only its schema is of interest")]
    struct Account {
        plan: String,
        seats: u32,
    }

    let fake = Fake::builder().era(Era::Y2025).state(world(150)).start_blocking().unwrap();
    let client = blocking::Client::new(wrapper(&fake).build().unwrap()).unwrap();
    let orgs = client.groups(0);
    assert_eq!(orgs.list().limit(7).collect().unwrap().len(), 7);
    let group = orgs.group("org:000");
    group.unset(["plan", "seats"]).unwrap();
    assert_eq!(group.upsert(json!({"plan": "scale"})).plan().unwrap().changes.len(), 1);
    assert_eq!(group.upsert(json!({"plan": "scale"})).send().unwrap().written, ["plan"]);
    assert!(!group.activity().collect().unwrap().is_empty());
    assert!(!orgs.check_schema::<Account>().unwrap().is_match());
    let properties = Properties::new(&json!({"plan": "scale"})).unwrap();
    let rows = vec![posthog_groups::bulk::ImportRow::new("org:new", properties)];
    let import = || {
        orgs.import({
            let rows = rows.clone();
            move || rows.clone().into_iter().map(Ok)
        })
    };
    assert_eq!(import().plan().unwrap().created, 1);
    assert_eq!(import().with(|import| import.concurrency(1)).run().unwrap().created, 1);
    assert!(orgs.find("org:new").unwrap().is_some());
}
