//! Values that the server cannot store, and values that it cannot return (contract section 1.5).

use posthog_groups_fake::{Era, State};
use serde_json::json;

use crate::harness::{Answer, Api, small, start};

const GROUP: &str = "group_type_index=0&group_key=org:5";
const TOO_LARGE: &str = "18446744073709551616";
const TOO_SMALL: &str = "-9223372036854775809";

async fn post(api: &Api, path: &str, body: &str) -> Answer {
    api.post_text(path, &[("content-type", "application/json")], body).await
}

fn is_html_500(answer: &Answer) -> bool {
    answer.status == 500 && answer.text.contains("<h1>Server Error (500)</h1>")
}

#[tokio::test]
async fn text_that_postgres_cannot_store_is_a_500_and_nothing_is_stored() {
    for era in Era::ALL {
        let api = Api::start(State { upsert_properties: true, ..small(era) }).await;
        let before = api.fake.state().to_json();
        for properties in [
            r#"{"a":"\u0000"}"#,
            r#"{"a\u0000":1}"#,
            r#"{"a":{"b":["\ud800"]}}"#,
            r#"{"\udc00":1}"#,
            r#"{"a":"\ud800\ud800\udc00"}"#,
        ] {
            let body =
                format!(r#"{{"group_type_index":0,"group_key":"new","group_properties":{properties}}}"#);
            assert_eq!(post(&api, "groups/", &body).await.status, 500, "{era} {properties}");
            let update = format!(r#"{{"key":"a","value":{properties}}}"#);
            let answer = post(&api, &format!("groups/update_property/?{GROUP}"), &update).await;
            assert_eq!(answer.status, 500, "{era} {properties}");
            if era == Era::Y2025 {
                let answer = post(&api, &format!("groups/upsert_properties/?{GROUP}"), properties).await;
                assert_eq!(answer.status, 500, "{properties}");
            }
        }
        for name in [r#""a\u0000""#, r#""\ud800""#] {
            let update = format!(r#"{{"key":{name},"value":1}}"#);
            let answer = post(&api, &format!("groups/update_property/?{GROUP}"), &update).await;
            assert_eq!(answer.status, 500, "{era} {name}");
        }
        assert_eq!(api.fake.state().to_json(), before, "{era}");
        // A surrogate pair is a character, and an escaped backslash does not start an escape.
        for text in [r#""\ud83d\ude00""#, r#""\\u0000""#] {
            let update = format!(r#"{{"key":"a","value":{text}}}"#);
            let answer = post(&api, &format!("groups/update_property/?{GROUP}"), &update).await;
            assert_eq!(answer.status, 200, "{era} {text}");
        }
    }
}

#[tokio::test]
async fn an_integer_beyond_64_bits_is_stored_and_breaks_every_response_until_it_is_unset() {
    for era in Era::ALL {
        for number in [TOO_LARGE, TOO_SMALL] {
            let api = start(era).await;
            let find = format!("groups/find/?{GROUP}");
            let update = format!(r#"{{"key":"n","value":{{"deep":[{number}]}}}}"#);
            assert!(is_html_500(&post(&api, &format!("groups/update_property/?{GROUP}"), &update).await));
            let stored = api.fake.state().groups[0].group_properties.get("n").unwrap();
            assert_eq!(stored.as_str(), format!(r#"{{"deep":[{number}]}}"#));
            assert_eq!(api.fake.state().captured_events.len(), 1);

            for path in ["groups/?group_type_index=0", &find] {
                assert!(is_html_500(&api.get(path).await), "{era} {path}");
            }
            let other = r#"{"key":"other","value":1}"#;
            assert!(is_html_500(&post(&api, &format!("groups/update_property/?{GROUP}"), other).await));
            assert_eq!(api.get("groups/?group_type_index=0&search=nobody").await.status, 200, "{era}");

            let unset = format!("groups/delete_property/?{GROUP}");
            assert_eq!(post(&api, &unset, r#"{"$unset":"n"}"#).await.status, 200, "{era}");
            assert_eq!(api.get("groups/?group_type_index=0").await.status, 200, "{era}");
            // The number is still in the history.
            assert!(is_html_500(&api.get(&format!("groups/activity/?{GROUP}")).await), "{era}");

            let body =
                format!(r#"{{"group_type_index":0,"group_key":"new","group_properties":{{"n":{number}}}}}"#);
            assert!(is_html_500(&post(&api, "groups/", &body).await), "{era}");
            assert_eq!(api.fake.state().groups.len(), 2);
            assert_eq!(post(&api, "groups/", &body).await.status, 400, "it is a duplicate now");
        }
    }
}

#[tokio::test]
async fn integers_of_64_bits_are_returned() {
    for era in Era::ALL {
        let api = start(era).await;
        for number in ["18446744073709551615", "-9223372036854775808", "-0", "0"] {
            let update = format!(r#"{{"key":"n","value":{number}}}"#);
            let answer = post(&api, &format!("groups/update_property/?{GROUP}"), &update).await;
            assert_eq!(answer.status, 200, "{era} {number}");
            assert!(answer.text.contains(&format!(r#""n":{number}}}"#)), "{}", answer.text);
        }
    }
}

#[tokio::test]
async fn a_number_beyond_doubles_is_a_parse_error_of_create_and_a_500_of_update() {
    for era in Era::ALL {
        let api = start(era).await;
        let before = api.fake.state().to_json();
        let body = r#"{"group_type_index":0,"group_key":"new","group_properties":{"n":[-1e400]}}"#;
        let (status, code, detail, _) = post(&api, "groups/", body).await.error();
        assert_eq!((status, code.as_str()), (400, "parse_error"), "{detail}");
        let update = r#"{"key":"n","value":1e400}"#;
        assert_eq!(post(&api, &format!("groups/update_property/?{GROUP}"), update).await.status, 500);
        assert_eq!(api.fake.state().to_json(), before, "{era}");
    }
}

#[tokio::test]
async fn an_event_that_postgres_cannot_store_changes_nothing() {
    let api = start(Era::Y2026).await;
    for set in [r#"{"a":"\u0000"}"#, r#"{"\ud800":1}"#, r#"{"n":1e400}"#] {
        let event = format!(
            r#"{{"api_key":"phc_1","event":"$groupidentify","distinct_id":"x","properties":
            {{"$group_type":"organization","$group_key":"new","$group_set":{set}}}}}"#
        );
        assert_eq!(post(&api, "/e/", &event).await.status, 200, "{set}");
    }
    assert_eq!(api.fake.state().groups.len(), 1);
}

#[tokio::test]
async fn a_state_document_can_have_a_group_that_cannot_be_returned() {
    let api = start(Era::Y2026).await;
    let document = format!(
        r#"{{"groups":[{{"group_type_index":0,"group_key":"a","group_properties":{{"n":{TOO_LARGE}}}}}]}}"#
    );
    api.fake.put_state(document.parse().unwrap()).unwrap();
    assert!(is_html_500(&api.get("groups/?group_type_index=0").await));
    assert_eq!(api.get("groups_types/").await.json(), json!([]));
}
