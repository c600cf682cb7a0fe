//! The generated client over real HTTP: all ten operations on servers of both eras, errors included.

use posthog_groups_client::{Client, Error, PersonalApiKey, RelatedActor, connect};
use posthog_groups_fake::{Fake, Fault};
use posthog_groups_tests::{Answer, GROUPS_OPERATIONS, KEY, call, seed};
use serde_json::{Value, json};

async fn server(era: &str) -> (Fake, Client) {
    let fake = Fake::builder().state(seed(era).unwrap()).start().await.unwrap();
    let client = connect(&fake.url(), PersonalApiKey::new(&fake.key()).unwrap()).unwrap();
    (fake, client)
}

/// The status and body of an error response.
async fn refusal(outcome: Result<Answer, Error<()>>) -> (u16, String) {
    match outcome {
        Err(Error::UnexpectedResponse(response)) => {
            (response.status().as_u16(), response.text().await.unwrap())
        }
        other => panic!("not a refusal: {other:?}"),
    }
}

#[tokio::test]
async fn all_ten_operations_decode_on_a_server_of_2025() {
    let (fake, client) = server("2025").await;
    let mut types = Vec::new();
    for operation in GROUPS_OPERATIONS {
        let answer =
            call(&client, operation, "@current").await.unwrap_or_else(|e| panic!("{operation}: {e:?}"));
        types.push(format!("{operation}: {} {}", answer.status, answer.type_name));
    }
    insta::assert_snapshot!("types_2025", types.join("\n"));
    let group = fake.state().groups.into_iter().find(|group| group.group_key == KEY).unwrap();
    let properties = serde_json::to_value(&group.group_properties).unwrap();
    assert_eq!(properties, json!({"plan": "scale", "trial": false}));
}

#[tokio::test]
async fn eight_operations_decode_and_two_do_not_exist_on_a_server_of_2026() {
    let (_fake, client) = server("2026").await;
    let mut types = Vec::new();
    for operation in GROUPS_OPERATIONS {
        match call(&client, operation, "1").await {
            Ok(answer) => types.push(format!("{operation}: {} {}", answer.status, answer.type_name)),
            Err(e) => {
                let (status, body) = refusal(Err(e)).await;
                assert!(body.contains("Endpoint not found."), "{operation}: {body}");
                types.push(format!("{operation}: {status} not offered"));
            }
        }
    }
    insta::assert_snapshot!("types_2026", types.join("\n"));
}

#[tokio::test]
async fn related_actors_are_distinguished_and_keep_their_properties_as_text() {
    for era in ["2025", "2026"] {
        let (_fake, client) = server(era).await;
        call(&client, "create_group", "1").await.unwrap();
        let actors = client.list_related().project_id("1").group_type_index(0).id(KEY).send().await.unwrap();
        let [RelatedActor::Person(person), RelatedActor::Group(group)] = actors.as_slice() else {
            panic!("{era}: {actors:?}")
        };
        assert_eq!(person.distinct_ids, ["mara"]);
        assert_eq!(group.properties.decode::<Value>().unwrap(), json!({"name": "Harbor", "plan": "scale"}));
    }
}

#[tokio::test]
async fn both_shapes_of_property_values_decode() {
    use posthog_groups_client::types::PropertyValues;

    for era in ["2025", "2026"] {
        let (_fake, client) = server(era).await;
        let call = client.list_property_values().project_id("1").group_type_index(1).key("plan");
        let values = match call.send().await.unwrap().into_inner() {
            PropertyValues::List(list) if era == "2025" => list.0,
            PropertyValues::Page(page) if era == "2026" => page.results,
            other => panic!("{era}: {other:?}"),
        };
        assert_eq!(values[0].name, "scale");
        assert_eq!(values[0].count, Some(1));
    }
}

#[tokio::test]
async fn errors_keep_status_headers_and_body() {
    for era in ["2025", "2026"] {
        let (fake, client) = server(era).await;
        let (status, body) = refusal(call(&client, "find_group", "1").await).await;
        assert_eq!((status, body.contains("\"Not found.\"")), (404, true), "{era}: {body}");

        let stranger = connect(&fake.url(), PersonalApiKey::new("phx_stranger").unwrap()).unwrap();
        let (status, body) = refusal(call(&stranger, "find_group", "1").await).await;
        assert_eq!((status, body.contains("authentication_failed")), (401, true), "{era}: {body}");

        let (status, body) = refusal(call(&client, "find_group", "no-project").await).await;
        assert_eq!((status, body.contains("Project not found.")), (404, true), "{era}: {body}");

        let faults: Vec<Fault> =
            serde_json::from_value(json!([{"kind": "http", "status": 502, "headers": {"Retry-After": "3"}}]))
                .unwrap();
        fake.add_faults(faults).unwrap();
        match client.list_groups().project_id("1").group_type_index(0).send().await {
            Err(Error::UnexpectedResponse(response)) => {
                assert_eq!(response.status().as_u16(), 502);
                assert_eq!(response.headers()["retry-after"], "3");
                assert!(response.text().await.unwrap().contains("<html"));
            }
            other => panic!("{era}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_stopped_server_and_dropped_or_truncated_responses_are_errors() {
    let (fake, client) = server("2026").await;
    type IsExpected = fn(&Error<()>) -> bool;
    let faults: [(Value, IsExpected); 3] = [
        (json!({"kind": "drop"}), |e| matches!(e, Error::CommunicationError(_))),
        (json!({"kind": "truncate"}), |e| matches!(e, Error::ResponseBodyError(_))),
        (json!({"kind": "truncate", "framing": "honest"}), |e| {
            matches!(e, Error::InvalidResponsePayload(..))
        }),
    ];
    for (fault, is_expected) in faults {
        fake.add_faults(serde_json::from_value::<Vec<Fault>>(json!([fault])).unwrap()).unwrap();
        let error = client.list_groups().project_id("1").group_type_index(1).send().await.unwrap_err();
        assert!(is_expected(&error), "{fault}: {error:?}");
    }
    fake.shutdown().await;
    let outcome = client.list_groups().project_id("1").group_type_index(1).send().await;
    assert!(matches!(outcome, Err(Error::CommunicationError(_))), "{outcome:?}");
}
