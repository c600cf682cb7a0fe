//! The generated client with every example of the specification: responses of both eras decode, and errors keep status and body.

use std::fs;
use std::path::PathBuf;

use posthog_groups_client::{Error, OPERATIONS};
use posthog_groups_tests::{Canned, Recorder, call, workspace};
use serde_json::Value;

/// The response examples of one operation, with their paths.
fn responses(operation: &str) -> Vec<(PathBuf, Canned)> {
    let folder = workspace().join("spec/examples").join(operation);
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let examples = files.into_iter().map(|path| {
        let text = fs::read_to_string(&path).unwrap();
        (path, serde_json::from_str::<Value>(&text).unwrap())
    });
    examples
        .filter(|(_, example)| example["kind"] == "response")
        .map(|(path, example)| (path, canned(&example)))
        .collect()
}

fn canned(example: &Value) -> Canned {
    let content_type = example["content_type"].as_str().unwrap_or("application/json").to_owned();
    let body = match &example["body"] {
        Value::String(text) if !content_type.contains("json") => text.clone(),
        Value::Null => String::new(),
        body => body.to_string(),
    };
    let headers = example["headers"].as_object().into_iter().flatten();
    Canned {
        status: example["status"].as_u64().unwrap() as u16,
        content_type,
        headers: headers.map(|(name, value)| (name.clone(), value.to_string())).collect(),
        body,
    }
}

#[tokio::test]
async fn successes_of_both_eras_decode_and_errors_keep_status_and_body() {
    let (mut successes, mut errors) = (0, 0);
    for operation in &OPERATIONS {
        for (path, answer) in responses(operation.id) {
            let (client, _) = Recorder::client(answer.clone());
            match call(&client, operation.id, "1").await {
                Ok(decoded) => {
                    assert!(answer.status < 300, "{} was taken for a success", path.display());
                    assert_eq!(decoded.status, answer.status);
                    successes += 1;
                }
                Err(Error::UnexpectedResponse(response)) => {
                    assert_eq!(response.status().as_u16(), answer.status, "{}", path.display());
                    assert_eq!(response.text().await.unwrap(), answer.body, "{}", path.display());
                    errors += 1;
                }
                Err(other) => panic!("{}: {other:?}", path.display()),
            }
        }
    }
    assert!(
        successes >= 30 && errors >= 60,
        "{successes} successes and {errors} errors: are the examples gone?"
    );
}

#[tokio::test]
async fn the_html_502_of_a_proxy_keeps_status_headers_and_body() {
    let html = "<html><h1>502 Bad Gateway</h1></html>";
    for operation in &OPERATIONS {
        let answer = Canned {
            status: 502,
            content_type: "text/html".into(),
            headers: vec![("retry-after".into(), "3".into())],
            body: html.into(),
        };
        let (client, _) = Recorder::client(answer);
        let Err(Error::UnexpectedResponse(response)) = call(&client, operation.id, "1").await else {
            panic!("{} did not report the response", operation.id)
        };
        assert_eq!(response.status().as_u16(), 502);
        assert_eq!(response.headers()["retry-after"], "3");
        assert_eq!(response.text().await.unwrap(), html);
    }
}

#[tokio::test]
async fn numbers_of_any_size_and_the_order_of_properties_survive_decoding() {
    let properties = r#"{"z":123456789012345678901234567890,"a":1.0,"e":1E3,"u":"\u00e9"}"#;
    let body = format!(
        r#"{{"next":null,"previous":null,"results":[{{"group_type_index":0,"group_key":"k",
           "group_properties":{properties},"created_at":"2026-03-04T09:15:27.123456789Z","new":1}}]}}"#
    );
    let answer = Canned { status: 200, content_type: "application/json".into(), headers: Vec::new(), body };
    let (client, _) = Recorder::client(answer);
    let page = client.list_groups().project_id("1").group_type_index(0).send().await.unwrap();
    assert_eq!(page.results[0].group_properties.as_str(), properties);
    assert_eq!(serde_json::to_string(&page.results[0].group_properties).unwrap(), properties);
}
