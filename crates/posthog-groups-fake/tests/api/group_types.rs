use posthog_groups_fake::{Era, GroupType, Role, State, User};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Api, envelope, small, start};

fn row(index: i32, name: &str) -> Value {
    json!({
        "group_type": name, "group_type_index": index, "name_singular": null, "name_plural": null,
        "detail_dashboard": null, "default_columns": null, "created_at": null,
    })
}

#[tokio::test]
async fn group_types_are_listed_by_index() {
    for era in Era::ALL {
        let answer = start(era).await.get("groups_types").await;
        assert_eq!(answer.json(), json!([row(0, "organization"), row(1, "team")]));
    }
}

#[tokio::test]
async fn the_cache_of_2026_lasts_until_something_is_written() {
    let cached = r#"{"group_type":"old","group_type_index":0,"detail_dashboard_id":7}"#;
    let cached: GroupType = serde_json::from_str(cached).unwrap();
    for era in Era::ALL {
        let api = Api::start(State { group_types_cache: Some(vec![cached.clone()]), ..small(era) }).await;
        let mut expected = row(0, "old");
        expected["detail_dashboard"] = json!(7);
        let fresh = json!([row(0, "organization"), row(1, "team")]);
        let first = if era == Era::Y2026 { json!([expected]) } else { fresh };
        assert_eq!(api.get("groups_types/").await.json(), first);
        assert_eq!(api.ask(Method::DELETE, "groups_types/0/", None).await.status, 204);
        assert_eq!(api.get("groups_types/").await.json(), json!([row(1, "team")]));
    }
}

#[tokio::test]
async fn metadata_is_changed_row_by_row() {
    for era in Era::ALL {
        let api = start(era).await;
        let path = "groups_types/update_metadata";
        let rows = json!([
            {"group_type_index": 1, "group_type": "x", "name_plural": "teams"},
            {"group_type_index": 0, "name_singular": null},
        ]);
        let answer = api.as_session(Method::PATCH, path, Some(rows)).await;
        let mut team = row(1, "team");
        team["name_plural"] = json!("teams");
        assert_eq!((answer.status, answer.json()), (200, json!([row(0, "organization"), team])));
        for bad in [json!([{"group_type_index": 4}]), json!([{}]), json!({"group_type_index": 0}), json!("x")]
        {
            assert_eq!(api.as_session(Method::PATCH, path, Some(bad)).await.status, 500);
        }
    }
}

#[tokio::test]
async fn a_member_cannot_rename_under_access_control() {
    for (era, status) in [(Era::Y2025, 200), (Era::Y2026, 400)] {
        let user = User { role: Role::Member, ..User::default() };
        let api = Api::start(State { user, access_control: true, ..small(era) }).await;
        let rows = json!([{"group_type_index": 0, "name_singular": "x"}]);
        assert_eq!(
            api.as_session(Method::PATCH, "groups_types/update_metadata", Some(rows)).await.status,
            status
        );
    }
}

#[tokio::test]
async fn dashboards_and_columns_require_a_session() {
    for era in Era::ALL {
        let api = start(era).await;
        let dashboard = "groups_types/create_detail_dashboard";
        let body = || Some(json!({"group_type_index": 0, "default_columns": ["name"]}));
        let answer = api.as_session(Method::PUT, dashboard, body()).await;
        assert_eq!((answer.status, &answer.json()["detail_dashboard"]), (200, &json!(1)));
        let again = api.as_session(Method::PUT, dashboard, body()).await;
        let duplicate = json!({"detail": "Dashboard already exists for this group type."});
        assert_eq!((again.status, again.json()), (400, duplicate));

        let columns = "groups_types/set_default_columns/";
        let answer = api.as_session(Method::PUT, columns, body()).await;
        assert_eq!((answer.status, &answer.json()["default_columns"]), (200, &json!(["name"])));

        for path in [dashboard, columns] {
            let unknown = api.as_session(Method::PUT, path, Some(json!({"group_type_index": 3}))).await;
            let expected = envelope("invalid_request", "not_found", "Group type not found", None);
            assert_eq!((unknown.status, unknown.json()), (404, expected));
            assert_eq!(api.as_session(Method::PUT, path, Some(json!({}))).await.status, 500);
            let refused = api.ask(Method::PUT, path, body()).await;
            let name = if era == Era::Y2025 { "Personal API Key" } else { "personal API key" };
            let detail = format!("This action does not support {name} access");
            let expected = envelope("authentication_error", "permission_denied", &detail, None);
            assert_eq!((refused.status, refused.json()), (403, expected));
        }
    }
}

#[tokio::test]
async fn deleting_a_type_keeps_its_groups() {
    for (era, detail, text) in [(Era::Y2025, "Not found.", 404), (Era::Y2026, "Group type not found", 500)] {
        let api = start(era).await;
        let answer = api.ask(Method::DELETE, "groups_types/0", None).await;
        assert_eq!((answer.status, answer.text.as_str()), (204, ""));
        let again = api.ask(Method::DELETE, "groups_types/0", None).await;
        assert_eq!((again.status, &again.json()["detail"]), (404, &json!(detail)));
        assert_eq!(api.ask(Method::DELETE, "groups_types/x", None).await.status, text);
        assert_eq!(api.fake.state().groups.len(), 1);
    }
}

#[tokio::test]
async fn no_group_type_has_metrics_and_none_can_be_created() {
    for era in Era::ALL {
        let api = start(era).await;
        let path = "groups_types/0/metrics/";
        assert_eq!(api.post(path, json!({"name": "m", "filters": {}})).await.status, 501);
        let empty = json!({"count": 0, "next": null, "previous": null, "results": []});
        assert_eq!(api.get(path).await.json(), empty);
        for method in [Method::GET, Method::PUT, Method::PATCH, Method::DELETE] {
            assert_eq!(api.ask(method, &format!("{path}x/"), None).await.status, 404);
        }
    }
}
