use posthog_groups_fake::{ApiKey, Era, Project, RateLimit, SharingToken, State, User};
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::harness::{Answer, Api, envelope, small, start};

const LIST: &str = "groups/?group_type_index=0";

fn failed(detail: &str) -> Value {
    envelope("authentication_error", "authentication_failed", detail, None)
}

fn denied(detail: &str) -> Value {
    envelope("authentication_error", "permission_denied", detail, None)
}

async fn with_header(api: &Api, path: &str, value: &str) -> Answer {
    Answer::of(Client::new().get(api.url(path)).header("authorization", value)).await
}

async fn without_key(api: &Api, path: &str) -> Answer {
    Answer::of(Client::new().get(api.url(path))).await
}

#[tokio::test]
async fn a_caller_without_credentials_is_challenged() {
    for era in Era::ALL {
        let api = start(era).await;
        let unauthenticated = envelope(
            "authentication_error",
            "not_authenticated",
            "Authentication credentials were not provided.",
            None,
        );
        let answer = without_key(&api, LIST).await;
        assert_eq!((answer.status, answer.json()), (401, unauthenticated.clone()));
        let site = api.fake.url();
        let challenge = format!("Bearer resource_metadata=\"{site}/.well-known/oauth-protected-resource\"");
        assert_eq!(answer.header("www-authenticate"), (era == Era::Y2026).then_some(challenge.as_str()));
        for header in ["bearer phx_default", "Bearerphx_default", "Bearer x", "Basic phx_default"] {
            assert_eq!(with_header(&api, LIST, header).await.json(), unauthenticated, "{header}");
        }

        let answer = without_key(&api, "groups_types/").await;
        assert_eq!((answer.status, answer.json()), (403, unauthenticated));
        assert_eq!(answer.header("www-authenticate"), None);
    }
}

#[tokio::test]
async fn only_the_first_place_with_a_key_is_used() {
    for era in Era::ALL {
        let api = start(era).await;
        let key = api.fake.key();
        assert_eq!(with_header(&api, LIST, &format!("Bearer   {key}  ")).await.status, 200);
        assert_eq!(without_key(&api, &format!("{LIST}&personal_api_key={key}")).await.status, 200);
        let invalid = |place| failed(&format!("Personal API key found in request {place} is invalid."));
        let answer = with_header(&api, &format!("{LIST}&personal_api_key={key}"), "Bearer phx_wrong").await;
        assert_eq!((answer.status, answer.json()), (401, invalid("Authorization header")));
        let answer = without_key(&api, &format!("{LIST}&personal_api_key=phx_wrong")).await;
        assert_eq!(answer.json(), invalid("query string"));
        for (body, expected) in
            [(json!({"personal_api_key": key}), None), (json!({"personal_api_key": "x"}), Some("body"))]
        {
            let url = api.url(&format!("groups/?personal_api_key={key}"));
            let answer = Answer::of(Client::new().post(url).json(&body)).await;
            match expected {
                Some(place) => assert_eq!(answer.json(), invalid(place)),
                None => assert_eq!(answer.status, 400),
            }
        }
    }
}

#[tokio::test]
async fn other_bearer_tokens_are_rejected_with_their_own_messages() {
    for era in Era::ALL {
        let api = start(era).await;
        for (token, detail) in [
            ("phc_1", "Personal API key found in request Authorization header is invalid."),
            ("phx_a.b.c", "Personal API key found in request Authorization header is invalid."),
            ("pha_1", "Invalid access token."),
            ("eyJhbGciOiJIUzI1NiJ9.e30.c2ln", "Token invalid."),
        ] {
            assert_eq!(with_header(&api, LIST, &format!("Bearer {token}")).await.json(), failed(detail));
        }
    }
}

#[tokio::test]
async fn a_deactivated_user_is_rejected() {
    for era in Era::ALL {
        let keys = vec![ApiKey { active: false, ..ApiKey::new("phx_off", &["*"]) }];
        let api = Api::start(State { api_keys: keys, ..small(era) }).await;
        assert_eq!(api.get(LIST).await.status, 401);
        assert_eq!(api.get("groups_types/").await.status, 403);
    }
}

#[tokio::test]
async fn every_endpoint_requires_its_scope() {
    for era in Era::ALL {
        let metric = if era == Era::Y2025 { "group" } else { "usage_metric" };
        let state = State {
            api_keys: vec![ApiKey::new("phx_none", &["nothing:read"])],
            upsert_properties: true,
            ..small(era)
        };
        let api = Api::start(state).await;
        let mut endpoints = vec![
            (Method::GET, "groups/", "group:read".to_owned()),
            (Method::POST, "groups/", "group:write".to_owned()),
            (Method::GET, "groups/find/", "group:read".to_owned()),
            (Method::GET, "groups/related/", "group:read".to_owned()),
            (Method::GET, "groups/property_values/", "group:read".to_owned()),
            (Method::GET, "groups/activity/", "activity_log:read".to_owned()),
            (Method::POST, "groups/update_property/", "group:write".to_owned()),
            (Method::POST, "groups/delete_property/", "group:write".to_owned()),
            (Method::GET, "groups_types/", "group:read".to_owned()),
            (Method::DELETE, "groups_types/0/", "group:write".to_owned()),
            (Method::GET, "groups_types/0/metrics/", format!("{metric}:read")),
            (Method::POST, "groups_types/0/metrics/", format!("{metric}:write")),
            (Method::GET, "/api/projects/", "project:read".to_owned()),
            (Method::GET, "/api/projects/1/", "project:read".to_owned()),
            (Method::GET, "/api/users/@me/", "user:read".to_owned()),
        ];
        if era == Era::Y2025 {
            endpoints.push((Method::GET, "groups/property_definitions/", "group:read".to_owned()));
            endpoints.push((Method::POST, "groups/upsert_properties/", "group:write".to_owned()));
        }
        for (method, path, scope) in endpoints {
            let answer = api.ask(method.clone(), path, None).await;
            let expected = denied(&format!("API key missing required scope '{scope}'"));
            assert_eq!((answer.status, answer.json()), (403, expected), "{era} {method} {path}");
        }
    }
}

#[tokio::test]
async fn write_includes_read_and_a_star_is_everything() {
    let activity = "groups/activity/?group_type_index=0&group_key=org:5";
    let metrics = "groups_types/0/metrics/";
    for (scope, path, y2025, y2026) in [
        ("group:read", LIST, 200, 200),
        ("group:write", LIST, 200, 200),
        ("*", activity, 200, 200),
        ("group:write", activity, 403, 403),
        ("group:read", metrics, 200, 403),
        ("usage_metric:write", metrics, 403, 200),
    ] {
        for (era, status) in [(Era::Y2025, y2025), (Era::Y2026, y2026)] {
            let api =
                Api::start(State { api_keys: vec![ApiKey::new("phx_a", &[scope])], ..small(era) }).await;
            assert_eq!(api.get(path).await.status, status, "{era} {scope} {path}");
            let create = json!({"group_type_index": 0, "group_key": "a"});
            let status = if matches!(scope, "*" | "group:write") { 201 } else { 403 };
            assert_eq!(api.post("groups/", create).await.status, status, "{scope}");
        }
    }
}

#[tokio::test]
async fn a_key_without_scopes_has_full_access_in_2025_and_none_in_2026() {
    for (era, status) in [(Era::Y2025, 200), (Era::Y2026, 403)] {
        let api = Api::start(State { api_keys: vec![ApiKey::new("phx_a", &[])], ..small(era) }).await;
        assert_eq!(api.get(LIST).await.status, status);
    }
}

fn two_projects(era: Era) -> State {
    State {
        projects: vec![Project { organization: "other".to_owned(), ..Project::new(2) }],
        sharing_tokens: vec![
            SharingToken { token: "open".to_owned(), project_id: Some(2), enabled: true },
            SharingToken { token: "shut".to_owned(), project_id: Some(2), enabled: false },
        ],
        ..small(era)
    }
}

#[tokio::test]
async fn projects_are_closed_to_users_of_other_organizations() {
    for era in Era::ALL {
        let api = Api::start(two_projects(era)).await;
        let foreign = "/api/projects/2/groups/?group_type_index=0";
        let answer = api.get(foreign).await;
        assert_eq!((answer.status, answer.json()), (403, denied("You don't have access to the project.")));
        assert_eq!(api.as_session(Method::GET, foreign, None).await.status, 403);
        for project in ["3", "abc", "99999999999999999999"] {
            let answer = api.get(&format!("/api/projects/{project}/groups/?group_type_index=0")).await;
            let expected = envelope("invalid_request", "not_found", "Project not found.", None);
            assert_eq!((answer.status, answer.json()), (404, expected));
        }
        assert_eq!(api.get("/api/projects/@current/groups/?group_type_index=0").await.status, 200);
    }
}

#[tokio::test]
async fn keys_stay_within_their_projects_and_organizations() {
    for era in Era::ALL {
        let key = |name: &str, projects: Option<Vec<i64>>, organizations: Option<&str>| ApiKey {
            projects,
            organizations: organizations.map(|o| vec![o.to_owned()]),
            ..ApiKey::new(name, &["*"])
        };
        let keys = vec![key("phx_two", Some(vec![2]), None), key("phx_other", None, Some("other"))];
        let user =
            User { organizations: Some(vec!["main".to_owned(), "other".to_owned()]), ..User::default() };
        let api = Api::start(State { api_keys: keys, user, ..two_projects(era) }).await;
        let ask = |key: &'static str, path: &'static str| api.ask_as(key, Method::GET, path, None);

        let own = "/api/projects/2/groups/?group_type_index=0";
        assert_eq!(ask("phx_two", own).await.status, 200);
        assert_eq!(ask("phx_other", own).await.status, 200);
        let expected = denied("API key does not have access to the requested project: ID 1.");
        assert_eq!(ask("phx_two", LIST).await.json(), expected);
        let (status, _, detail, _) = ask("phx_other", LIST).await.error();
        assert!(
            status == 403
                && detail.starts_with("API key does not have access to the requested organization: ID ")
        );

        let expected = denied("API keys with scoped projects are only supported on project-based endpoints.");
        assert_eq!(ask("phx_two", "/api/projects/").await.json(), expected);
        assert_eq!(ask("phx_other", "/api/projects/").await.json()["count"], 1);
        assert_eq!(ask("phx_other", "/api/projects/@current/").await.status, 404);
        assert_eq!(ask("phx_two", "/api/users/@me/").await.status, 200);
        assert_eq!(ask("phx_other", "/api/users/@me/").await.status, 200);
    }
}

#[tokio::test]
async fn sharing_tokens_give_access_to_the_group_types_of_their_project() {
    for era in Era::ALL {
        let api = Api::start(two_projects(era)).await;
        let ask = |project: u8, token: &str| {
            format!("/api/projects/{project}/groups_types/?sharing_access_token={token}")
        };
        assert_eq!(without_key(&api, &ask(2, "open")).await.json(), json!([]));
        let answer = without_key(&api, &ask(1, "open")).await;
        assert_eq!(
            (answer.status, answer.json()),
            (403, denied("You do not have permission to perform this action."))
        );
        for token in ["shut", "unknown"] {
            let answer = api.get(&ask(2, token)).await;
            assert_eq!((answer.status, answer.json()), (403, failed("Sharing access token is invalid.")));
        }
        let answer = api.ask(Method::DELETE, "groups_types/0?sharing_access_token=open", None).await;
        assert_eq!(answer.json(), failed("Sharing access token can only be used for GET requests."));
        assert_eq!(without_key(&api, "/api/projects/2/groups/?sharing_access_token=open").await.status, 401);
    }
}

#[tokio::test]
async fn a_project_key_in_the_query_overrides_the_project() {
    for era in Era::ALL {
        let api = Api::start(two_projects(era)).await;
        assert_eq!(api.get(&format!("{LIST}&token=phc_2")).await.status, 403);
        assert_eq!(api.get(&format!("{LIST}&api_key=phc_1")).await.status, 200);
        assert_eq!(api.get(&format!("{LIST}&token=phc_9")).await.status, 401);
    }
}

#[tokio::test]
async fn a_rate_limit_applies_to_each_key_separately() {
    for era in Era::ALL {
        let limit = RateLimit { limit: 3, window_s: 60.0 };
        let keys = vec![ApiKey::new("phx_a", &["*"]), ApiKey::new("phx_b", &["*"])];
        let api = Api::start(State { rate_limit: Some(limit), api_keys: keys, ..small(era) }).await;
        for _ in 0..3 {
            assert_eq!(api.get(LIST).await.status, 200);
        }
        let answer = api.get(LIST).await;
        let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=60).contains(&wait));
        let detail = format!("Request was throttled. Expected available in {wait} seconds.");
        assert_eq!(
            (answer.status, answer.json()),
            (429, envelope("throttled_error", "throttled", &detail, None))
        );

        assert_eq!(api.ask_as("phx_b", Method::GET, LIST, None).await.status, 200);
        assert_eq!(api.as_session(Method::GET, LIST, None).await.status, 200);
        api.fake.put_state(api.fake.state()).unwrap();
        assert_eq!(api.get(LIST).await.status, 200);
    }
}

#[tokio::test]
async fn the_user_and_their_projects_are_returned() {
    for era in Era::ALL {
        let api = start(era).await;
        let user = api.get("/api/users/@me").await.json();
        assert_eq!((&user["email"], &user["team"]["id"]), (&json!("user@example.com"), &json!(1)));
        assert_eq!(user["organizations"].as_array().unwrap().len(), 1);
        let own = format!("/api/users/{}/", user["uuid"].as_str().unwrap());
        assert_eq!(api.get(&own).await.json(), user);

        let projects = api.get("/api/projects?search=PROJECT").await.json();
        assert_eq!((&projects["count"], &projects["next"]), (&json!(1), &Value::Null));
        assert_eq!(api.get("/api/projects/@current/").await.json(), projects["results"][0]);
        assert_eq!(api.get("/api/projects/?search=nothing").await.json()["count"], 0);
    }
}
