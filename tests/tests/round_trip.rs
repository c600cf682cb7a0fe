//! Written values are returned byte for byte, and a group that does not match a type does not affect others.

use futures_util::{StreamExt as _, TryStreamExt as _};
use posthog_groups::{Groups, JsonValue, Properties};
use posthog_groups_fake::{Effect, Era, Fake, Fault, Group, GroupType, State};
use posthog_groups_tests::wrapper;
use serde_json::json;

async fn serve(era: Era, groups: Vec<Group>) -> (Fake, Groups) {
    let state = State { group_types: vec![GroupType::new(0, "organization")], groups, ..State::default() };
    let fake = Fake::builder().era(era).state(state).start().await.unwrap();
    let groups = wrapper(&fake).build().unwrap().groups("organization");
    (fake, groups)
}

/// JSON texts that are easily changed by mistake.
fn values() -> Vec<String> {
    let mut values: Vec<String> = [
        "0",
        "-0",
        "1",
        "-1",
        "1.0",
        "-1.0",
        "0.1",
        "1e3",
        "1E+3",
        "1e-3",
        "1.10",
        "1.8e19",
        "5e-324",
        "9007199254740993",
        "-9223372036854775808",
        "18446744073709551615",
        "0.1000000000000000055511151231257827021181583404541015625",
        "true",
        "false",
        r#""""#,
        r#"" ""#,
        r#""null""#,
        r#""1""#,
        r#""\"\\\/\b\f\n\r\t""#,
        r#""é""#,
        r#""\u00e9""#,
        r#""😀""#,
        r#""\ud83d\ude00""#,
        r#""e\u0301 🇩🇪 \u200b\u202e""#,
        r#""\u0001\u001f\u007f""#,
        "[]",
        "{}",
        "[null]",
        r#"{"":null}"#,
        r#"{"a":{"b":{"c":[1.0,{"d":null}]}}}"#,
        r#"{"b":1,"a":2}"#,
        r#"{"$set":{"group_properties":{}},"a.b":1,"$unset":[]}"#,
        r#"[1,"1",1.0,true,null,[],{}]"#,
    ]
    .map(str::to_owned)
    .into();
    values.push(format!("{}{}", "[".repeat(100), "]".repeat(100)));
    // 1 MB each: ASCII, multi-byte characters, and only escapes.
    values.push(format!("\"{}\"", "x".repeat(1 << 20)));
    values.push(format!("\"{}\"", "😀".repeat(1 << 18)));
    values.push(format!("\"{}\"", "\\\"".repeat(1 << 19)));
    values
}

fn shown(text: &str) -> &str {
    text.get(..60).unwrap_or(text)
}

#[tokio::test]
async fn every_value_survives_create_find_list_and_set_byte_for_byte() {
    for era in [Era::Y2025, Era::Y2026] {
        let (fake, groups) = serve(era, Vec::new()).await;
        for (n, text) in values().iter().enumerate() {
            let value = JsonValue::parse(text.clone()).unwrap();
            let key = format!("created {n:02}");
            let properties = json_object(&[("v", text)]);
            let created = groups.create(&key).properties(&properties).send().await.unwrap();
            assert!(created.properties.as_str() == properties.as_str(), "created: {}", shown(text));
            let found = groups.get(&key).await.unwrap();
            assert!(found.properties.as_str() == properties.as_str(), "found: {}", shown(text));
            assert!(found.property("v").unwrap() == value, "property: {}", shown(text));

            let group = groups.group(&key);
            group.unset("v").await.unwrap();
            let set = group.set("v", &value).await.unwrap();
            assert!(set.property("v").unwrap() == value, "set: {}", shown(text));
            // The value is already set, so nothing is written.
            let sent = fake.journal().len();
            let upserted = group.upsert(&properties).await.unwrap();
            assert!(upserted.written.is_empty(), "upserted: {}", shown(text));
            assert_eq!(fake.journal().len(), sent + 1);
        }
        let mut listed: Vec<_> = groups.list().stream().try_collect().await.unwrap();
        listed.sort_by(|a, b| a.key.cmp(&b.key));
        assert_eq!(listed.len(), values().len());
        for (group, text) in listed.iter().zip(values()) {
            assert!(
                group.properties.as_str() == json_object(&[("v", &text)]).as_str(),
                "listed: {}",
                shown(&text)
            );
        }
    }
}

/// A server can have values that this client must not send, written by other programs.
#[tokio::test]
async fn values_that_cannot_be_written_can_be_read() {
    let text =
        r#"{"a":18446744073709551616,"b":-123456789012345678901234567890,"c":1e400,"d":"\u0000\ud800"}"#;
    let group = format!(
        r#"{{"group_type_index":0,"group_key":"a","group_properties":{text},"created_at":"2026-03-01T08:00:00Z"}}"#
    );
    let (fake, groups) = serve(Era::Y2026, Vec::new()).await;
    let mut found = Fault::http(200);
    if let Effect::Http(http) = &mut found.effect {
        http.body = group.clone().into();
    }
    fake.add_faults([found.on("GET", "/groups/find/$")]).unwrap();
    assert_eq!(groups.get("a").await.unwrap().properties.as_str(), text);
    let mut page = Fault::http(200);
    if let Effect::Http(http) = &mut page.effect {
        http.body = format!(r#"{{"next":null,"previous":null,"results":[{group}]}}"#).into();
    }
    fake.add_faults([page.on("GET", "/groups/$")]).unwrap();
    let listed: Vec<_> = groups.list().stream().try_collect().await.unwrap();
    assert_eq!(listed[0].properties.as_str(), text);
    assert_eq!(listed[0].property("a").unwrap().as_str(), "18446744073709551616");
}

#[tokio::test]
async fn setting_one_property_does_not_change_the_text_of_the_others() {
    for era in [Era::Y2025, Era::Y2026] {
        let (_fake, groups) = serve(era, Vec::new()).await;
        let texts = values();
        let named: Vec<(String, &str)> =
            texts.iter().enumerate().map(|(n, text)| (format!("p{n:02}"), text.as_str())).collect();
        let members: Vec<(&str, &str)> = named.iter().map(|(name, text)| (name.as_str(), *text)).collect();
        groups.create("all").properties(json_object(&members)).send().await.unwrap();
        let group = groups.group("all");
        group.set("one more", &1).await.unwrap();
        let left = group.unset("one more").await.unwrap();
        for (name, text) in members {
            assert!(left.property(name).unwrap().as_str() == text, "{name}: {}", shown(text));
        }
    }
}

#[tokio::test]
async fn keys_and_names_with_any_characters_select_the_right_group() {
    let odd = [
        "org:5", "a/b", "a b", "ä", "😀", "%2F", "a%", "a+b", "a&b=c", "#", "?", "..", "\"", "\\", "a\nb",
        "'--",
    ];
    for era in [Era::Y2025, Era::Y2026] {
        let (fake, groups) = serve(era, Vec::new()).await;
        for key in odd {
            groups.create(key).properties(json!({key: key})).send().await.unwrap();
        }
        for key in odd {
            let group = groups.group(key);
            let found = group.get().await.unwrap();
            assert_eq!((&*found.key, found.property(key).unwrap()), (key, JsonValue::from(key)));
            let set = group.set(format!("{key} again"), key).await.unwrap();
            assert_eq!(
                set.properties.decode::<serde_json::Value>().unwrap(),
                json!({key: key, format!("{key} again"): key})
            );
            assert_eq!(group.unset(key).await.unwrap().property(key), None);
            let values = groups.property_values(format!("{key} again")).await.unwrap();
            // Servers remove the quotes of the JSON text and keep its escapes.
            let text = JsonValue::from(key).as_str().trim_matches('"').to_owned();
            let text = if key == "\"" { "\\\"".to_owned() } else { text };
            assert_eq!(values.iter().map(|row| row.value.as_str()).collect::<Vec<_>>(), [text]);
            let listed = groups.list().key_contains(key).page().await.unwrap().into_groups().unwrap();
            assert!(listed.iter().any(|group| group.key == key), "{key}");
        }
        assert_eq!(fake.state().groups.len(), odd.len());
    }
}

fn json_object(members: &[(&str, &str)]) -> Properties {
    let members: Vec<String> =
        members.iter().map(|(name, text)| format!("{}:{text}", JsonValue::from(*name).as_str())).collect();
    JsonValue::parse(format!("{{{}}}", members.join(","))).unwrap().try_into().unwrap()
}

#[derive(Debug, PartialEq, serde::Deserialize)]
struct Account {
    plan: String,
    seats: Option<u32>,
    #[serde(default)]
    limits: Vec<Limit>,
}

#[derive(Debug, PartialEq, serde::Deserialize)]
struct Limit {
    most: u8,
}

#[tokio::test]
async fn a_group_that_does_not_match_the_type_is_an_error_and_the_list_continues() {
    for era in [Era::Y2025, Era::Y2026] {
        let group = |key: &str, properties: serde_json::Value| -> Group {
            let group = json!({"group_type_index": 0, "group_key": key, "group_properties": properties});
            serde_json::from_value(group).unwrap()
        };
        let (fake, groups) = serve(
            era,
            vec![
                group("1 good", json!({"plan": "scale", "seats": 3, "else": [1]})),
                group("2 number for text", json!({"plan": 5})),
                group("3 good", json!({"plan": "free", "limits": [{"most": 255}]})),
                group("4 deep", json!({"plan": "free", "limits": [{"most": 1}, {"most": 256}]})),
                group("5 missing", json!({"seats": 1})),
                group("6 good", json!({"plan": "free", "seats": null})),
            ],
        )
        .await;
        for page_size in [100, 2] {
            fake.put_state(State { page_size: Some(page_size), ..fake.state() }).unwrap();
            let mut lines: Vec<String> = groups
                .list()
                .properties::<Account>()
                .stream()
                .map(|account| match account {
                    Ok(account) => format!("{}: {:?}", account.key, account.properties),
                    Err(error) => {
                        assert!(error.is_decode() && error.raw_text().unwrap().starts_with('{'), "{error:?}");
                        format!("{}: {:?}: {error}", error.group_key().unwrap(), error.path().unwrap())
                    }
                })
                .collect()
                .await;
            lines.sort();
            insta::assert_snapshot!("typed_groups", lines.join("\n"));
        }
        let untyped: Vec<_> = groups.list().stream().try_collect().await.unwrap();
        assert_eq!(untyped.len(), 6);
    }
}

#[tokio::test]
async fn an_item_of_an_unexpected_form_does_not_lose_other_items_or_pages() {
    let (fake, groups) = serve(Era::Y2026, vec![Group::new(0, "real")]).await;
    let good = |key: &str| {
        json!({
            "group_type_index": 0, "group_key": key, "group_properties": {"n": 1.0}, "created_at": "2026-03-01T08:00:00Z",
            "of tomorrow": true,
        })
    };
    let bad = [
        json!({"group_type_index": 0, "group_key": "no time", "group_properties": {}, "created_at": "yesterday"}),
        json!({"group_type_index": 0, "group_key": "no object", "group_properties": [], "created_at": "2026-03-01T08:00:00Z"}),
        json!({"group_key": "no index", "group_properties": {}, "created_at": "2026-03-01T08:00:00Z"}),
        json!(null),
        json!("text"),
    ];
    for item in bad {
        let next = format!("{}/api/projects/1/groups/?cursor=x&group_type_index=0", fake.url());
        let mut page = Fault::http(200);
        if let Effect::Http(http) = &mut page.effect {
            http.body = json!({"next": next, "previous": null, "results": [good("a"), item, good("b")]});
        }
        fake.add_faults([page.on("GET", "/groups/$")]).unwrap();
        let items: Vec<_> = groups.list().stream().collect().await;
        let keys: Vec<_> = items.iter().map(|item| item.as_ref().map_or("-", |group| &group.key)).collect();
        assert_eq!(keys, ["a", "-", "b", "real"], "{item}");
        let error = items[1].as_ref().unwrap_err();
        assert!(error.is_decode(), "{error:?}");
        assert_eq!(error.raw_text().unwrap(), item.to_string());
        assert_eq!(error.group_key(), item["group_key"].as_str());
    }
}
