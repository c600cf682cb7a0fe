//! The API key of a client is only visible to its server.

use std::collections::BTreeMap;
use std::error::Error as _;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use posthog_groups::raw::{ConnectError, Direct, PersonalApiKey};
use posthog_groups::{Client, ClientBuilder, Error, RateLimit, Region, blocking};
use posthog_groups_fake::{ApiKey, Effect, Era, Fake, Fault, Group, GroupType, State};
use posthog_groups_tests::{ScriptedServer, wrapper};
use serde_json::{Value, json};

/// All secrets in these tests contain this word, and nothing else does.
const SECRET: &str = "canary";
const KEY: &str = "phx_canary0123456789abcdef";

fn world() -> State {
    State {
        api_keys: vec![ApiKey::new(KEY, &["*"])],
        projects: vec![posthog_groups_fake::Project {
            api_token: Some("phc_canary".into()),
            ..posthog_groups_fake::Project::new(1)
        }],
        group_types: vec![GroupType::new(0, "organization")],
        groups: vec![Group::new(0, "org:5").with("plan", "free"), Group::new(0, "org:6")],
        ..State::default()
    }
}

async fn serve(era: Era) -> (Fake, Client) {
    let fake = Fake::builder().era(era).state(world()).start().await.unwrap();
    let client = wrapper(&fake).build().unwrap();
    (fake, client)
}

fn builder() -> ClientBuilder {
    Client::builder().personal_api_key(KEY).region(Region::Eu).project(7)
}

#[tokio::test]
async fn debug_output_does_not_contain_the_key() {
    let client = builder().build().unwrap();
    let limited = builder().rate_limit(RateLimit::per_minute(9));
    let proxy = reqwest::Proxy::all("http://canary:canary@proxy.example:3128").unwrap();
    let (groups, group) = (client.groups("organization"), client.groups(0).group("org:5"));
    let calm = blocking::Client::new(client.clone()).unwrap();
    let key = PersonalApiKey::new(KEY).unwrap();
    let mut forms = BTreeMap::new();
    let mut add = |name: &'static str, value: &dyn std::fmt::Debug| {
        assert!(!format!("{value:#?}").contains(SECRET), "{name}: {value:#?}");
        forms.insert(name, format!("{value:?}"));
    };
    add("ClientBuilder", &limited);
    add("ClientBuilder with a proxy", &builder().proxy(proxy));
    add("Client", &client);
    add("Client with options", &client.with_options(|o| o.retries(0).timeout(Duration::from_secs(1))));
    add("Groups", &groups);
    add("GroupHandle", &group);
    add("ListGroups", &groups.list().search("acme"));
    add("ListGroups of a type", &groups.list().properties::<Value>());
    add("GroupStream", &groups.list().stream());
    add("GroupPages", &groups.list().pages());
    add("CreateGroup", &groups.create("org:9").properties(json!({"plan": "free"})));
    add("Upsert", &group.upsert(json!({"plan": "free"})));
    add("ActivityQuery", &group.activity());
    add("ActivityStream", &group.activity().stream());
    add("ActivityPages", &group.activity().pages());
    let token: posthog_groups::ProjectToken = serde_json::from_str("\"phc_canary\"").unwrap();
    let rows = || std::iter::empty::<std::io::Result<posthog_groups::bulk::ImportRow>>();
    add("Import", &groups.import(rows).project_token(token.clone()).journal("orgs.journal"));
    add("PropertyValuesQuery", &groups.property_values("plan"));
    add("blocking::Client", &calm);
    add("blocking::Groups", &calm.groups(0));
    add("blocking::GroupHandle", &calm.groups(0).group("org:5"));
    add("blocking::ListGroups", &calm.groups(0).list());
    add("blocking::Items", &calm.groups(0).list().iter());
    add("blocking::Pages", &calm.groups(0).list().pages());
    add("blocking::CreateGroup", &calm.groups(0).create("org:9"));
    add("blocking::Upsert", &calm.groups(0).group("org:5").upsert(json!({"plan": "free"})));
    add("blocking::ActivityQuery", &calm.groups(0).group("org:5").activity());
    add("blocking::PropertyValuesQuery", &calm.groups(0).property_values("plan"));
    add("raw::PersonalApiKey", &key);
    add("raw::PersonalApiKey as header", &key.to_header());
    add("raw::Direct", &Direct::new(key));
    add("ProjectToken", &token);
    // One client is enough.
    for (name, form) in &mut forms {
        if !name.starts_with("Client") {
            *form = form.replace(&format!("{client:?}"), "Client { .. }");
        }
    }
    let text: String = forms.iter().map(|(name, form)| format!("{name}\n    {form}\n")).collect();
    insta::assert_snapshot!("debug_forms", text);
    // Dropping a runtime waits, which a task must not.
    tokio::task::spawn_blocking(move || drop(calm)).await.unwrap();
}

#[tokio::test]
async fn the_generated_client_and_its_calls_do_not_show_the_key() {
    let proxy = reqwest::Proxy::all("http://canary:canary@proxy.example:3128").unwrap();
    for client in [builder().build().unwrap(), builder().proxy(proxy).build().unwrap()] {
        let raw = client.raw();
        for text in [
            format!("{raw:#?}"),
            format!("{:#?}", raw.list_groups().project_id("7")),
            format!("{:#?}", raw.find_group().group_key("org:5")),
            format!("{:#?}", raw.create_group()),
            format!("{:#?}", raw.get_current_user()),
        ] {
            assert!(!text.contains(SECRET), "{text}");
        }
    }
}

#[test]
fn errors_about_an_invalid_key_do_not_contain_it() {
    for key in
        ["phc_canary", "phx_canary\n", "phx_\ncanary", "phx_canary\u{0}", "\tphx_canary", "phx_canaryä\u{85}"]
    {
        let error = Client::builder().personal_api_key(key).build().unwrap_err();
        let text = format!("{error} {error:?} {error:#?}");
        assert!(error.is_invalid_input() && !text.contains(SECRET), "{text}");
        let error: ConnectError = match PersonalApiKey::new(key) {
            Err(error) => error,
            Ok(_) => continue,
        };
        assert!(!format!("{error} {error:?}").contains(SECRET));
    }
    // It could be sent, but not be recognized in a response.
    assert!(matches!(PersonalApiKey::new("phx_canaryä"), Err(ConnectError::MalformedKey)));
    for host in [
        "https://canary@eu.posthog.com",
        "https://u:canary@eu.posthog.com",
        "https://eu.posthog.com?k=canary",
    ] {
        let error = builder().host(host).build().unwrap_err();
        assert!(!format!("{error} {error:?}").contains(SECRET), "{error}");
    }
}

#[tokio::test]
async fn project_keys_in_responses_are_redacted_unless_revealed() {
    for era in [Era::Y2025, Era::Y2026] {
        let (_fake, client) = serve(era).await;
        let (projects, user) = (client.projects().await.unwrap(), client.whoami().await.unwrap());
        let text = format!("{projects:#?} {user:#?}");
        assert!(!text.contains(SECRET), "{text}");
        assert_eq!(projects[0].api_token.as_ref().unwrap().reveal(), "phc_canary");
    }
}

/// All texts of an error.
fn texts(error: &Error) -> String {
    let mut text = format!("{error}\n{error:?}\n{error:#?}\n");
    let mut source = error.source();
    while let Some(cause) = source {
        text += &format!("{cause}\n{cause:?}\n");
        source = cause.source();
    }
    let parts = [
        error.code(),
        error.detail(),
        error.attr(),
        error.request_id(),
        error.body_snippet(),
        error.missing_scope(),
        error.path(),
        error.group_key(),
    ];
    text + &format!("{parts:?}")
}

/// A truncated key is a secret too, as long as the rest of it can be guessed.
fn assert_no_key(text: &str, case: &str) {
    assert!(!text.contains("phx_"), "{case}: {text}");
}

#[tokio::test]
async fn a_key_echoed_by_a_server_is_not_in_the_error() {
    let (fake, client) = serve(Era::Y2026).await;
    let long = |n: usize| format!("{}{KEY} and more", "x".repeat(n));
    let mut bodies = vec![
        json!({"type": KEY, "code": KEY, "detail": format!("Bearer {KEY} is bad"), "attr": KEY, "error_event_id": KEY}),
        json!({"type": "t", "code": format!("Failed to submit {KEY}."), "detail": "capture_error"}),
        json!(format!("<html>Authorization: Bearer {KEY}</html>")),
        json!(KEY),
        json!([KEY]),
        json!({"detail": {"key": KEY}}),
        json!({"results": KEY}),
        json!({"group_key": [KEY], "group_type_index": KEY}),
        json!({"next": null, "results": [], "previous": {KEY: KEY}}),
        json!({"group_type_index": KEY, "group_key": "a", "group_properties": {}, "created_at": KEY}),
    ];
    for n in 460..=520 {
        bodies.push(json!(long(n)));
    }
    for status in [200, 201, 302, 400, 401, 403, 404, 429, 500, 502] {
        for body in &bodies {
            let mut echo = Fault::http(status);
            if let Effect::Http(http) = &mut echo.effect {
                http.headers.insert("X-Request-Id".into(), KEY.into());
                http.headers.insert("Retry-After".into(), "0".into());
                http.body = body.clone();
            }
            fake.add_faults([Fault { times: 0, ..echo }]).unwrap();
            let client = client.with_options(|options| options.retries(1));
            let group = client.groups(0).group("org:5");
            let errors = [
                client.groups(0).find("org:5").await.err(),
                client.groups(0).list().stream().try_next().await.err(),
                group.set("plan", "scale").await.err(),
                client.whoami().await.err(),
                group.activity().stream().try_next().await.err(),
            ];
            fake.clear_faults();
            for error in errors.iter().flatten() {
                assert_no_key(&texts(error), &format!("{status} {body}"));
            }
        }
    }
    for n in 150..=210 {
        let mut redirect = Fault::http(302);
        if let Effect::Http(http) = &mut redirect.effect {
            http.headers.insert("Location".into(), format!("https://login.example/{}", long(n)));
        }
        fake.add_faults([redirect]).unwrap();
        let error = client.groups(0).find("org:5").await.unwrap_err();
        assert_no_key(&texts(&error), &format!("redirect, {n}"));
    }
}

/// All texts of an error of the raw client.
async fn raw_texts(error: posthog_groups::raw::Error<()>) -> String {
    let mut text = format!("{error} {error:?} {error:#?}");
    if let posthog_groups::raw::Error::UnexpectedResponse(response) = error {
        text += &format!("{:?}", response.headers());
        text += &response.text().await.unwrap();
    }
    text
}

#[tokio::test]
async fn a_key_echoed_by_a_server_is_not_in_an_error_of_the_raw_client() {
    let (fake, client) = serve(Era::Y2026).await;
    let direct = posthog_groups::raw::connect(&fake.url(), PersonalApiKey::new(KEY).unwrap()).unwrap();
    for raw in [&direct, client.with_options(|options| options.retries(0)).raw()] {
        for status in [200, 302, 400, 403, 404, 500, 502] {
            for body in [
                json!({"detail": format!("Bearer {KEY} is bad"), "code": KEY}),
                json!(format!("<html>Authorization: Bearer {KEY}</html>")),
                json!({"results": KEY}),
            ] {
                let mut echo = Fault::http(status);
                if let Effect::Http(http) = &mut echo.effect {
                    for name in ["X-Request-Id", "Location", "X-Echo"] {
                        http.headers.insert(name.into(), format!("/login?next={KEY}"));
                    }
                    http.body = body.clone();
                }
                fake.add_faults([Fault { times: 0, ..echo }]).unwrap();
                let list = raw.list_groups().project_id("1").group_type_index(0).send().await.unwrap_err();
                let set = raw
                    .update_property()
                    .project_id("1")
                    .group_type_index(0)
                    .group_key("org:5")
                    .body(posthog_groups::raw::types::UpdatePropertyRequest {
                        key: "a".into(),
                        value: 1.into(),
                    })
                    .send()
                    .await
                    .unwrap_err();
                fake.clear_faults();
                assert_no_key(&raw_texts(list).await, &format!("list, {status} {body}"));
                assert_no_key(&raw_texts(set).await, &format!("set, {status} {body}"));
            }
        }
    }
}

#[tokio::test]
async fn decode_errors_show_the_body_unless_it_has_project_keys() {
    let (fake, client) = serve(Era::Y2026).await;
    let mut fault = Fault::http(200);
    if let Effect::Http(http) = &mut fault.effect {
        http.body = json!({"results": 5, "next": "visible"});
    }
    fake.add_faults([Fault { times: 0, ..fault }]).unwrap();
    let (orgs, group) = (client.groups(0), client.groups(0).group("org:5"));
    for error in [
        orgs.find("org:5").await.unwrap_err(),
        group.related().await.unwrap_err(),
        group.activity().stream().try_next().await.unwrap_err(),
        orgs.property_values("plan").await.unwrap_err(),
        client.group_types().await.unwrap_err(),
        client.property_definitions().await.unwrap_err(),
    ] {
        assert!(error.is_decode(), "{error:?}");
        assert!(error.body_snippet().is_some_and(|text| text.contains("visible")), "{error:?}");
    }
    for error in [client.projects().await.unwrap_err(), client.whoami().await.unwrap_err()] {
        assert!(error.is_decode() && error.body_snippet().is_none(), "{error:?}");
    }
}

/// Runs itself in a child process, because it changes the environment.
#[tokio::test(flavor = "multi_thread")]
async fn loopback_is_never_reached_through_a_proxy_of_the_environment() {
    let proxy = ScriptedServer::always("200 OK", "", "{}").await;
    let server = ScriptedServer::always("200 OK", "", "[]").await;
    if let Ok(url) = std::env::var("POSTHOG_GROUPS_TEST_URL") {
        let client = Client::builder().personal_api_key(KEY).host(&url).build().unwrap();
        client.group_types().await.unwrap();
        let raw = posthog_groups::raw::connect(&url, PersonalApiKey::new(KEY).unwrap()).unwrap();
        raw.list_group_types().project_id("1").send().await.unwrap();
        // Plain http to another machine, which was requested, does not use the proxy either.
        let other = Client::builder().personal_api_key(KEY).host("http://127.0.0.1.invalid");
        let other = other.allow_insecure_http(true).build().unwrap();
        other.with_options(|options| options.retries(0)).group_types().await.unwrap_err();
        // Nothing listens on this port.
        let tls = Client::builder().personal_api_key(KEY).host("https://127.0.0.1:1").build().unwrap();
        tls.with_options(|options| options.retries(0)).group_types().await.unwrap_err();
        return;
    }
    let mut again = std::process::Command::new(std::env::current_exe().unwrap());
    again.args(["--exact", "redaction::loopback_is_never_reached_through_a_proxy_of_the_environment"]);
    again.env("POSTHOG_GROUPS_TEST_URL", server.url());
    for variable in ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
        again.env(variable, proxy.url());
    }
    again.env_remove("no_proxy").env_remove("NO_PROXY");
    let output = again.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(proxy.requests().is_empty());
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_proxy_for_loopback_is_rejected() {
    let proxy = || reqwest::Proxy::all("http://proxy.example:3128").unwrap();
    let error = builder().host("http://127.0.0.1:8000").proxy(proxy()).build().unwrap_err();
    assert!(error.is_invalid_input() && error.to_string().contains("proxy"), "{error}");
    let asked = builder().host("http://posthog.internal").allow_insecure_http(true).proxy(proxy());
    assert!(asked.build().is_ok());
}
