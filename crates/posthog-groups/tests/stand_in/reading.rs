//! Every read, on both servers.

use futures_util::{StreamExt as _, TryStreamExt as _};
use posthog_groups::Client;
use posthog_groups_fake::{ApiKey, Era, Fault, Group, State};
use serde_json::json;

use crate::stage::{builder, client, empty, one_group, organizations, requests, serve, start};

#[tokio::test]
async fn find_returns_an_option_and_get_an_error() {
    for era in Era::ALL {
        let (_fake, orgs) = start(era, one_group()).await;
        let group = orgs.find("org:5").await.unwrap().unwrap();
        assert_eq!((group.type_index, &*group.key), (0, "org:5"));
        assert_eq!(group.property("seats").unwrap().as_str(), "3");
        let json = r#"{"group_type_index":0,"group_key":"org:5","group_properties":{"plan":"free","seats":3},"created_at":"#;
        assert!(serde_json::to_string(&group).unwrap().starts_with(json));
        assert!(orgs.find("ORG:5").await.unwrap().is_none());
        let error = orgs.get("nobody").await.unwrap_err();
        assert!(error.is_not_found() && !error.is_not_offered() && !error.is_retryable(), "{error}");
        assert_eq!(
            (error.status(), error.operation_id(), error.attempts()),
            (Some(404), Some("find_group"), 1)
        );
    }
}

#[tokio::test]
async fn another_group_than_the_requested_one_is_an_error() {
    // As from a cache that ignores the query.
    let body = json!({"group_type_index": 0, "group_key": "org:6", "group_properties": {"plan": "free"},
        "created_at": "2026-01-01T00:00:00Z", "notebook": null});
    let mut other = body.clone();
    other["group_type_index"] = 1.into();
    other["group_key"] = "org:5".into();
    for body in [body, other] {
        let fake = serve(Era::Y2026, one_group()).await;
        let fault =
            json!({"kind": "http", "status": 200, "body": body, "times": 0, "path": "/groups/find/$"});
        fake.add_faults([serde_json::from_value(fault).unwrap()]).unwrap();
        let orgs = organizations(&fake);
        for error in [
            orgs.get("org:5").await.unwrap_err(),
            orgs.find("org:5").await.unwrap_err(),
            orgs.group("org:5").upsert(json!({"plan": "free"})).await.unwrap_err(),
        ] {
            assert!(error.is_decode() && !error.is_retryable(), "{error:?}");
            assert!(format!("{error:?}").contains("was not requested"), "{error:?}");
        }
        assert_eq!(requests(&fake, "POST", ""), 0);
    }
}

#[tokio::test]
async fn reading_creates_no_notebook() {
    let fake = serve(Era::Y2026, State { crm_enabled: true, ..one_group() }).await;
    organizations(&fake).get("org:5").await.unwrap();
    assert!(fake.state().notebooks.is_empty());
}

#[tokio::test]
async fn a_type_name_is_resolved_once_and_an_unknown_one_is_rejected_with_the_known_ones() {
    for era in Era::ALL {
        let fake = serve(era, one_group()).await;
        let posthog = client(&fake);
        for _ in 0..3 {
            posthog.clone().groups("organization").get("org:5").await.unwrap();
        }
        assert_eq!(requests(&fake, "GET", "/groups_types/"), 1);
        let error = posthog.groups("company").get("org:5").await.unwrap_err();
        assert!(error.is_invalid_input(), "{error}");
        assert!(error.to_string().contains("`organization` (0), `team` (1)"), "{error}");
        assert_eq!(requests(&fake, "GET", "/find/"), 3);
    }
}

#[tokio::test]
async fn concurrent_calls_that_miss_the_cache_make_one_request() {
    let fake = serve(Era::Y2026, one_group()).await;
    let posthog = client(&fake);
    let calls = (0..20).map(|_| {
        let orgs = posthog.groups("organization");
        async move { orgs.get("org:5").await.unwrap() }
    });
    futures_util::future::join_all(calls).await;
    assert_eq!(requests(&fake, "GET", "/groups_types/"), 1);
}

#[tokio::test]
async fn property_values_have_one_form_and_definitions_may_not_be_offered() {
    for era in Era::ALL {
        let groups = vec![
            Group::new(0, "a").with("plan", "free"),
            Group::new(0, "b").with("plan", "enterprise"),
            Group::new(0, "c").with("plan", "free"),
        ];
        let fake = serve(era, State { groups, ..empty() }).await;
        let posthog = client(&fake);
        let orgs = posthog.groups(0);
        let values = orgs.property_values("plan").await.unwrap();
        let values: Vec<_> = values.iter().map(|v| (v.value.as_str(), v.count)).collect();
        assert_eq!(values, [("free", Some(2)), ("enterprise", Some(1))]);
        assert_eq!(orgs.property_values("plan").containing("ENT").await.unwrap().len(), 1);

        let definitions = posthog.property_definitions().await;
        match era {
            Era::Y2025 => {
                let definitions = definitions.unwrap();
                let of_orgs: Vec<_> = definitions.of(0).iter().map(|d| (d.name.as_str(), d.count)).collect();
                assert_eq!(of_orgs, [("plan", 3)]);
                assert!(definitions.of(4).is_empty());
            }
            Era::Y2026 => {
                let error = definitions.unwrap_err();
                assert!(error.is_not_offered() && !error.is_not_found(), "{error}");
            }
        }
    }
}

#[tokio::test]
async fn related_and_activity_work_in_both_eras() {
    for era in Era::ALL {
        let fake = serve(era, State::seeded(200)).await;
        let posthog = client(&fake);
        let orgs = posthog.groups("organization");
        let related = orgs.group("org:6").related().await.unwrap();
        assert!(!related.persons.is_empty() && !related.groups.is_empty());
        assert!(related.groups.iter().all(|g| g.group_type_index != 0));
        let person = related.persons[0].uuid.clone();
        let of_person = posthog.related_to_person(&person).await.unwrap();
        assert!(of_person.persons.is_empty() && of_person.groups.iter().any(|g| g.group_key == "org:6"));
        assert!(orgs.group("nobody").related().await.unwrap().is_empty());

        let group = orgs.group("org:6");
        let all: Vec<_> = group.activity().stream().try_collect().await.unwrap();
        assert_eq!(all.len(), 7);
        let small: Vec<_> = group.activity().page_size(2).stream().try_collect().await.unwrap();
        let dates = |entries: &[posthog_groups::ActivityEntry]| -> Vec<_> {
            entries.iter().map(|e| (e.created_at, e.detail.name.clone())).collect()
        };
        assert_eq!(dates(&small).len(), dates(&all).len());
        let pages: Vec<_> = group.activity().page_size(3).pages().map(|p| p.unwrap()).collect().await;
        assert_eq!(pages.iter().map(|p| p.entries.len()).collect::<Vec<_>>(), [3, 3, 1]);
        assert!(pages.iter().all(|p| p.total == 7));
        let error = orgs.group("nobody").activity().stream().try_next().await.unwrap_err();
        assert!(error.is_not_found(), "{error}");
    }
}

#[tokio::test]
async fn projects_and_the_user_are_returned() {
    for era in Era::ALL {
        let fake = serve(era, one_group()).await;
        let posthog = client(&fake);
        let me = posthog.whoami().await.unwrap();
        assert_eq!(me.email, "user@example.com");
        let projects = posthog.projects().await.unwrap();
        assert_eq!(projects.len(), 1);
        assert!(!format!("{projects:?} {me:?}").contains("phc_"));
        assert_eq!(posthog.group_types().await.unwrap().len(), 2);
    }
}

#[tokio::test]
async fn keys_without_permission_are_distinguished() {
    for era in Era::ALL {
        let key = |key: &str, scopes: &[&str]| ApiKey {
            key: key.to_owned(),
            scopes: scopes.iter().map(|s| (*s).to_owned()).collect(),
            projects: None,
            organizations: None,
            active: true,
        };
        let state = State {
            api_keys: vec![key("phx_reader", &["group:read"]), key("phx_other", &["feature_flag:read"])],
            ..one_group()
        };
        let fake = serve(era, state).await;
        let with = |key: &str| builder(&fake).personal_api_key(key).build().unwrap();

        let reader = with("phx_reader").groups("organization");
        reader.get("org:5").await.unwrap();
        let error = reader.group("org:5").set("plan", "x").await.unwrap_err();
        assert!(error.is_forbidden() && error.is_missing_scope() && !error.is_unauthorized(), "{error}");
        assert_eq!(error.missing_scope(), Some("group:write"));
        let error = reader.group("org:5").activity().stream().try_next().await.unwrap_err();
        assert_eq!(error.missing_scope(), Some("activity_log:read"));
        let error = with("phx_other").groups(0).get("org:5").await.unwrap_err();
        assert_eq!(error.missing_scope(), Some("group:read"));

        let stranger = with("phx_stranger_secret");
        for error in [
            stranger.groups(0).get("org:5").await.unwrap_err(),
            // This endpoint returns 403.
            stranger.group_types().await.unwrap_err(),
            stranger.whoami().await.unwrap_err(),
        ] {
            assert!(error.is_unauthorized() && !error.is_forbidden() && error.attempts() == 1, "{error}");
            assert!(!format!("{error} {error:?}").contains("secret"));
        }
        let error = builder(&fake).project(999).build().unwrap().groups(0).get("org:5").await.unwrap_err();
        assert!(error.is_not_found(), "{error}");
        assert_eq!(error.detail(), Some("Project not found."));
        // Not a missing group: the project does not exist.
        let found = builder(&fake).project(999).build().unwrap().groups(0).find("org:5").await;
        assert!(found.is_err());
    }
}

#[tokio::test]
async fn invalid_input_is_rejected_before_any_request() {
    let fake = serve(Era::Y2026, one_group()).await;
    let posthog = client(&fake);
    let orgs = posthog.groups(0);
    let long = "k".repeat(401);
    let nothing: Option<u8> = None;
    let refusals = [
        posthog.groups(5).get("a").await.unwrap_err(),
        posthog.groups(-1).get("a").await.unwrap_err(),
        orgs.get("").await.unwrap_err(),
        orgs.find("  ").await.unwrap_err(),
        orgs.get(&long).await.unwrap_err(),
        orgs.create(" ").send().await.unwrap_err(),
        orgs.create(&long).send().await.unwrap_err(),
        orgs.create("a").properties(["x"]).send().await.unwrap_err(),
        orgs.group("a").set("plan", &nothing).await.unwrap_err(),
        orgs.group("a").set("", "x").await.unwrap_err(),
        orgs.group("").set("plan", "x").await.unwrap_err(),
        orgs.group("a").unset("").await.unwrap_err(),
        orgs.group("a").upsert(serde_json::json!({"a": null})).await.unwrap_err(),
        orgs.group("a").upsert("x").await.unwrap_err(),
        orgs.group(" ").activity().stream().try_next().await.unwrap_err(),
        orgs.group("").related().await.unwrap_err(),
        orgs.property_values(" ").await.unwrap_err(),
        posthog.related_to_person("someone").await.unwrap_err(),
        posthog.groups(9).list().stream().try_next().await.unwrap_err(),
    ];
    for error in &refusals {
        assert!(error.is_invalid_input() && error.attempts() == 0 && error.status().is_none(), "{error}");
    }
    let message = "upsert of nothing";
    assert!(orgs.group("a").upsert(serde_json::json!({})).await.expect(message).group.is_none());
    assert_eq!(fake.journal(), []);
}

#[tokio::test]
async fn login_pages_and_redirects_are_clear_errors() {
    let fake = serve(Era::Y2026, one_group()).await;
    let page: Fault = serde_json::from_value(serde_json::json!({
        "kind": "http", "status": 200, "body": "<!DOCTYPE html><title>Log in</title>", "content_type": "text/html"
    }))
    .unwrap();
    let redirect: Fault = serde_json::from_value(serde_json::json!({
        "kind": "http", "status": 302, "headers": {"location": "https://login.example/?next=/api/"}, "body": ""
    }))
    .unwrap();
    fake.add_faults([page, redirect]).unwrap();
    let orgs = client(&fake).groups(0);
    let error = orgs.get("org:5").await.unwrap_err();
    assert!(error.is_decode() && error.to_string().contains("login page"), "{error}");
    assert_eq!((error.status(), error.attempts()), (Some(200), 1));
    assert!(error.body_snippet().unwrap().contains("Log in"));
    let error = orgs.get("org:5").await.unwrap_err();
    assert_eq!(error.status(), Some(302));
    assert!(error.to_string().contains("302 to `https://login.example/`, which is not followed"), "{error}");
}

#[tokio::test]
async fn a_response_that_is_too_large_is_an_error() {
    let big = Group::new(0, "big").with("text", "x".repeat(100_000));
    let fake = serve(Era::Y2026, State { groups: vec![big], ..empty() }).await;
    let small = builder(&fake).max_response_size(50_000).build().unwrap();
    let error = small.groups(0).get("big").await.unwrap_err();
    assert!(error.is_decode() && error.to_string().contains("max_response_size"), "{error}");
    assert_eq!(
        client(&fake).groups(0).get("big").await.unwrap().property("text").unwrap().as_str().len(),
        100_002
    );
}

#[tokio::test]
async fn the_generated_client_is_available() {
    let fake = serve(Era::Y2026, one_group()).await;
    let posthog: Client = client(&fake);
    let page = posthog.raw().list_groups().project_id("@current").group_type_index(0).send().await.unwrap();
    assert_eq!(page.results[0].group_key, "org:5");
    fake.add_faults([Fault::http(503)]).unwrap();
    posthog.raw().list_group_types().project_id("1").send().await.unwrap();
}
