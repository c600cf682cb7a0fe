//! Invalid arguments and settings are rejected before a request is sent, with help.

use std::collections::BTreeMap;

use posthog_groups::{Client, ClientBuilder, Error, JsonValue, Properties, blocking};
use posthog_groups_fake::{ApiKey, Era, Fake, Group, GroupType, State};
use posthog_groups_tests::{requests, wrapper};
use serde_json::{Value, json};

/// Error messages with the attempts that caused them, in the order in which they occurred.
#[derive(Default)]
struct Refusals(Vec<(String, String)>);

impl Refusals {
    fn add<T>(&mut self, tried: impl Into<String>, result: Result<T, Error>) {
        let tried = tried.into();
        let error = result.err().unwrap_or_else(|| panic!("{tried} was accepted"));
        assert!(error.is_invalid_input() && !error.is_retryable(), "{tried}: {error:?}");
        assert_eq!((error.attempts(), error.status()), (0, None), "{tried}");
        self.0.push((tried, error.to_string()));
    }

    /// Each message with its causes.
    fn text(&self) -> String {
        let mut messages: Vec<(&str, Vec<&str>)> = Vec::new();
        for (tried, message) in &self.0 {
            match messages.iter_mut().find(|(known, _)| known == message) {
                Some((_, all)) => all.push(tried),
                None => messages.push((message, vec![tried])),
            }
        }
        messages.iter().map(|(message, tried)| format!("{}\n    {message}\n", tried.join(" | "))).collect()
    }
}

fn builder() -> ClientBuilder {
    Client::builder().personal_api_key("phx_x")
}

#[test]
fn invalid_settings_are_rejected_with_help() {
    let mut refusals = Refusals::default();
    refusals.add("no key", Client::builder().build());
    for key in ["", "  ", "phx_x\n", "phx_\nx", "phx_\u{7f}x", "phc_x", " phc_x"] {
        refusals.add(format!("key {key:?}"), Client::builder().personal_api_key(key).build());
    }
    for host in [
        "",
        "eu.posthog.com",
        "localhost:8000",
        "http://posthog.example.com",
        "http://eu.i.posthog.com",
        "http://127.0.0.1.example.com",
        "ftp://eu.posthog.com",
        "https://",
        "https://me:password@eu.posthog.com",
        "https://eu.posthog.com?project=1",
        "https://eu.posthog.com#groups",
    ] {
        refusals.add(format!("host {host:?}"), builder().host(host).build());
    }
    for project in ["", "0", "-1", "1.5", "main", "@me", "7/groups", "99999999999999999999"] {
        refusals.add(format!("project {project:?}"), builder().project(project).build());
    }
    insta::assert_snapshot!("settings", refusals.text());
}

async fn serve() -> (Fake, Client) {
    let state = State {
        group_types: vec![GroupType::new(0, "organization"), GroupType::new(1, "team")],
        groups: vec![Group::new(0, "org:5").with("plan", "free")],
        ..State::default()
    };
    let fake = Fake::builder().state(state).start().await.unwrap();
    let client = wrapper(&fake).build().unwrap();
    (fake, client)
}

#[tokio::test]
async fn invalid_arguments_are_rejected_with_help() {
    let (fake, client) = serve().await;
    let before = fake.state().to_json();
    let mut refusals = Refusals::default();
    let groups = client.groups(0);

    let keys = [String::new(), " ".into(), "\t\n".into(), "x".repeat(401), "ä".repeat(401), "a\0b".into()];
    for key in &keys {
        let shown = if key.len() > 9 {
            format!("of {} characters, {} bytes", key.chars().count(), key.len())
        } else {
            format!("{key:?}")
        };
        let group = groups.group(key.as_str());
        refusals.add(format!("key {shown}"), groups.find(key).await);
        let message = refusals.0.last().unwrap().1.clone();
        let mut same = Refusals::default();
        same.add("get", groups.get(key).await);
        same.add("create", groups.create(key.as_str()).send().await);
        same.add("set", group.set("plan", &1).await);
        same.add("unset", group.unset("plan").await);
        same.add("upsert", group.upsert(json!({"plan": 1})).await);
        same.add("upsert and create", group.upsert(json!({"plan": 1})).create_if_missing().await);
        same.add("related", group.related().await);
        same.add("activity", futures_util::TryStreamExt::try_next(&mut group.activity().stream()).await);
        for (call, other) in same.0 {
            assert_eq!(other, message, "{call} {shown}");
        }
    }
    for index in [5, -1, 255, 256, i64::MAX] {
        refusals.add(format!("group type {index}"), client.groups(index).find("org:5").await);
        refusals.add(format!("create in group type {index}"), client.groups(index).create("a").send().await);
    }
    let group = groups.group("org:5");
    refusals.add("set null", group.set("plan", &Value::Null).await);
    refusals.add("set none", group.set("plan", &None::<u8>).await);
    refusals.add("set not a number", group.set("plan", &f64::NAN).await);
    refusals.add("set a map with keys that are not text", group.set("plan", &odd_map()).await);
    refusals.add("set without a name", group.set("", &1).await);
    refusals.add("unset without a name", group.unset("").await);
    refusals.add("upsert null", group.upsert(json!({"plan": 1, "trial": null})).await);
    refusals.add("upsert without a name", group.upsert(json!({"": 1})).await);
    for properties in [json!(["x"]), json!("x"), json!(1), json!(true), json!(null), json!([])] {
        let create = groups.create("new").properties(&properties).send();
        refusals.add(format!("create with {properties}"), create.await);
        refusals.add(format!("upsert {properties}"), group.upsert(&properties).await);
    }
    refusals.add(
        "create with a map with keys that are no text",
        groups.create("new").properties(odd_map()).send().await,
    );
    refusals.add("values of no property", groups.property_values("").await);
    refusals.add("values of a blank property", groups.property_values(" ").await);
    for id in ["", "mara", "0197a0de-5d5a-7c1e-9a5e-3c1f0e6f2a1", "0197a0de-5d5a-7c1e-9a5e-3c1f0e6f2a1g"] {
        refusals.add(format!("person {id:?}"), client.related_to_person(id).await);
    }

    assert_eq!(requests(&fake.journal()), [""; 0], "nothing is sent");
    assert_eq!(fake.state().to_json(), before);
    insta::assert_snapshot!("arguments", refusals.text());
}

fn odd_map() -> BTreeMap<Option<u8>, u8> {
    BTreeMap::from([(None, 1)])
}

#[tokio::test]
async fn an_unknown_group_type_costs_one_request_and_no_write() {
    let (fake, client) = serve().await;
    let mut refusals = Refusals::default();
    for (tried, result) in [
        ("create", client.groups("organisation").create("new").send().await),
        ("get", client.groups("Organization").get("org:5").await),
        ("get without a name", client.groups("").get("org:5").await),
        ("create by index", client.groups(4).create("new").send().await),
    ] {
        // The request was for the group types; the call itself was not sent.
        let error = result.unwrap_err();
        assert!(error.is_invalid_input(), "{error:?}");
        refusals.0.push((tried.into(), error.to_string()));
    }
    assert!(
        fake.journal().iter().all(|entry| entry.method == "GET" && entry.path.ends_with("/groups_types/"))
    );
    assert_eq!(fake.state().groups.len(), 1);
    insta::assert_snapshot!("group_types", refusals.text());
}

#[tokio::test]
async fn a_project_that_does_not_exist_is_not_found_and_nothing_is_written_anywhere() {
    for era in [Era::Y2025, Era::Y2026] {
        let (fake, _) = serve().await;
        fake.put_state(State { era, ..fake.state() }).unwrap();
        let groups = fake.state().groups.len();
        let client = wrapper(&fake).project(99_999).build().unwrap();
        for error in [
            client.groups(0).find("org:5").await.unwrap_err(),
            client.groups(0).create("new").send().await.unwrap_err(),
            client.groups(0).group("org:5").set("plan", "scale").await.unwrap_err(),
            client.groups("organization").list().page().await.unwrap_err(),
        ] {
            assert!(error.is_not_found() && !error.is_not_offered(), "{error:?}");
            assert_eq!(error.detail(), Some("Project not found."));
            assert!(!error.is_retryable() && !error.is_outcome_unknown());
        }
        // A missing project is not a missing group: `find` fails, and no request is retried.
        assert_eq!(fake.journal().len(), 4);
        assert_eq!(fake.state().groups.len(), groups);
    }
}

/// JSON texts that servers cannot store or cannot return, and the path that the error names.
const UNSTORABLE: [(&str, &str); 18] = [
    (r#"{"a":"x\u0000y"}"#, "`a`"),
    (r#"{"a\u0000b":1}"#, "`a b`"),
    (r#"{"a":"\ud800"}"#, "`a`"),
    (r#"{"a":"\ud800\u0041"}"#, "`a`"),
    (r#"{"a":"\udc00\ud800"}"#, "`a`"),
    (r#"{"\udfff":1}"#, "`\\udfff`"),
    (r#"{"limits":{"seats":[1,18446744073709551616]}}"#, "`limits.seats[1]`"),
    (r#"{"a":-9223372036854775809}"#, "`a`"),
    (r#"{"a":123456789012345678901234567890}"#, "`a`"),
    (r#"{"ok":1,"b":[[],[{"c":1e400}]]}"#, "`b[1][0].c`"),
    (r#"{"a":-1E+400}"#, "`a`"),
    (r#"{"a":{"b":{"":"\u0000"}}}"#, "`a.b.`"),
    (r#"{"first":[{"x":1},{"y":2}],"second":"\uD83D"}"#, "`second`"),
    (r#"{"a":[1,[2,[3,"\\\u0000"]]]}"#, "`a[1][1][1]`"),
    // jsonb has no exponents: these doubles return as integers.
    (r#"{"a":1e22}"#, "`a`"),
    (r#"{"a":123456789012345678901234567890.0}"#, "`a`"),
    (r#"{"a":18446744073709551616.0}"#, "`a`"),
    (r#"{"a":{"b":-9.223372036854775808E18}}"#, "`a.b`"),
];

/// Similar texts that can be stored.
const STORABLE: [&str; 10] = [
    r#"{"a":"\\u0000"}"#,
    r#"{"a":"\ud83d\ude00"}"#,
    r#"{"a":18446744073709551615}"#,
    r#"{"a":-9223372036854775808}"#,
    r#"{"a":-0}"#,
    r#"{"a":1.844674407370955e19}"#,
    r#"{"a":-9.223372036854775e18}"#,
    r#"{"a":1e-400}"#,
    r#"{"a":12345678901234567890.0}"#,
    r#"{"\u0061":["\u0001",{}],"b":"\ud83d\ude00\ud83d\ude00"}"#,
];

#[tokio::test]
async fn values_that_no_server_can_store_are_rejected_with_their_path_by_every_write() {
    let (fake, client) = serve().await;
    let groups = client.groups(0);
    let group = groups.group("org:5");
    let mut refusals = Refusals::default();
    for (text, place) in UNSTORABLE {
        let properties: Properties = serde_json::from_str(text).unwrap();
        refusals.add(text, posthog_groups::check_properties(&properties));
        let message = refusals.0.last().unwrap().1.clone();
        assert!(message.contains(place), "{text}: {message}");
        let mut same = Refusals::default();
        same.add("Groups::check_properties", groups.check_properties(&properties));
        same.add("create", groups.create("new").properties(&properties).send().await);
        same.add("upsert", group.upsert(&properties).await);
        same.add("upsert and create", groups.group("new").upsert(&properties).create_if_missing().await);
        for (call, other) in same.0 {
            assert_eq!(other, message, "{call} {text}");
        }
        let members: BTreeMap<String, JsonValue> = match properties.decode() {
            Ok(members) => members,
            Err(_) => continue, // A name that is not a string cannot be passed to `set`.
        };
        for (name, value) in members {
            let set = group.set(&name, &value).await;
            if let Err(error) = &set {
                assert!(error.is_invalid_input() && error.attempts() == 0, "{text}: {error}");
            }
            assert!(set.is_err() || name == "ok" || name == "first", "{text}");
        }
    }
    refusals.add("unset a name with NUL", group.unset("a\0b").await);
    refusals.add("set a name with NUL", group.set("a\0b", 1).await);
    refusals.add("set a big integer", group.set("a", u128::MAX).await);
    let posts: Vec<_> = fake.journal().into_iter().filter(|entry| entry.method == "POST").collect();
    assert!(posts.iter().all(|entry| entry.path.ends_with("/update_property/")), "{posts:?}");
    insta::assert_snapshot!("unstorable", refusals.text());

    for text in STORABLE {
        let properties: Properties = serde_json::from_str(text).unwrap();
        posthog_groups::check_properties(&properties).unwrap_or_else(|e| panic!("{text}: {e}"));
    }
    // Responses with more than 254 levels fail. No depth overflows the stack.
    for (levels, storable) in [(250, true), (251, false), (100_000, false)] {
        let value = JsonValue::parse(format!("{}1{}", "[".repeat(levels), "]".repeat(levels))).unwrap();
        let properties = JsonValue::parse(format!(r#"{{"b":1,"a":{}}}"#, value.as_str())).unwrap();
        let checked = posthog_groups::check_properties(&Properties::try_from(properties).unwrap());
        assert_eq!(checked.is_ok(), storable, "{levels}");
        if let Err(error) = checked {
            assert!(
                error.to_string().starts_with("the property `a` contains more than 250 levels"),
                "{error}"
            );
            let set = group.set("a", &value).await.unwrap_err();
            assert!(set.is_invalid_input() && set.attempts() == 0, "{set}");
        }
    }
}

#[test]
fn group_keys_are_validated_and_trimmed_by_the_same_rule_everywhere() {
    use posthog_groups::{check_group_key, stored_group_key};
    for blank in ["", " ", "\t\n", "\u{a0}", "\u{1f}", "\u{3000} "] {
        assert!(check_group_key(blank).unwrap_err().is_invalid_input(), "{blank:?}");
        assert!(stored_group_key(blank).unwrap_err().is_invalid_input(), "{blank:?}");
    }
    assert_eq!(check_group_key("  sp ").unwrap(), "  sp ");
    assert_eq!(stored_group_key("  sp\u{1f}\u{a0}").unwrap(), "sp");
}

#[test]
fn the_blocking_client_rejects_the_same_input() {
    let state = State { api_keys: vec![ApiKey::new("phx_x", &["*"])], ..State::default() };
    let fake = Fake::builder().state(state).start_blocking().unwrap();
    let client = blocking::Client::new(wrapper(&fake).build().unwrap()).unwrap();
    let groups = client.groups(0);
    let mut refusals = Refusals::default();
    refusals.add("find", groups.find(" "));
    refusals.add("get", groups.get("x".repeat(401)));
    refusals.add("group type", client.groups(5).find("a"));
    refusals.add("set", groups.group("a").set("plan", Value::Null));
    refusals.add("upsert", groups.group("a").upsert(json!(["x"])).send());
    refusals.add("create", groups.create("a").properties("x").send());
    refusals.add("person", client.related_to_person("mara"));
    assert_eq!(fake.journal(), []);
}
