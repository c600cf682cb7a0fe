//! Calls made exactly as a published document describes them: with the parameters that it requires and the body that it
//! describes. The response is compared with its schema.

use std::path::Path;

use anyhow::Context as _;
use posthog_groups_fake::Fake;
use posthog_groups_spec::{Document, to_3_1};
use posthog_groups_tests::{KEY, wrapper};
use serde_json::{Map, Value, json};

use crate::screen::{self, Cell, Screen};

/// The outcome of a call.
pub(crate) enum Verdict {
    /// The document does not have the operation.
    NotPublished,
    /// The server rejected it: the status and the reason.
    Refused(String),
    /// The document describes no response body, so generated code returns nothing.
    NoneDeclared,
    /// The response differs from its description.
    AnswerDiffers(String),
    Succeeds,
}

impl Verdict {
    pub(crate) fn cell(&self) -> Cell {
        match self {
            Self::NotPublished => screen::plain("not in the document".to_owned()),
            Self::Refused(why) => screen::bad(why.clone()),
            Self::NoneDeclared => screen::bad("no response described".to_owned()),
            Self::AnswerDiffers(how) => screen::bad(format!("returns {how}")),
            Self::Succeeds => screen::good("succeeds".to_owned()),
        }
    }
}

/// A document as PostHog publishes it, in the form of 3.1.
pub(crate) struct Published(Value);

impl Published {
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        Ok(Self((&to_3_1(&Document::read(path)?.value)).into()))
    }

    /// Calls one of our operations as this document describes it.
    pub(crate) async fn call(
        &self,
        fake: &Fake,
        operation: &str,
        screen: &mut Screen,
    ) -> anyhow::Result<Verdict> {
        let ours = posthog_groups_client::operation(operation).context("one of ours")?;
        let method = ours.method.to_lowercase();
        let published = &self.0["paths"][ours.path][&method];
        if published.is_null() {
            screen.note(&format!("\n{operation}: not in the document"));
            return Ok(Verdict::NotPublished);
        }
        let mut query = Vec::new();
        for parameter in published["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap_or_default();
            // Related groups require the index, which is optional in newer documents.
            if parameter["in"] == "query" && (parameter["required"] == true || name == "group_type_index") {
                query.push((name.to_owned(), text(&sample(name))));
            }
        }
        if operation != "create_group" {
            prepare(fake).await?;
        }
        let url = format!("{}{}", fake.url(), ours.path.replace("{project_id}", "@current"));
        let mut request = reqwest::Client::new()
            .request(ours.method.parse()?, url)
            .query(&query)
            .header("Authorization", format!("Bearer {}", fake.key()));
        let schema = &published["requestBody"]["content"]["application/json"]["schema"];
        let body = (!schema.is_null()).then(|| self.body(schema));
        if let Some(body) = &body {
            request = request.json(body);
        }
        let answer = request.send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        let body = body.map(|body| format!(" {body}")).unwrap_or_default();
        screen.note(&format!(
            "\n{operation}: {} {} {query:?}{body}\n  {status} {text}",
            ours.method, ours.path
        ));
        let answer: Value = serde_json::from_str(&text).unwrap_or_default();
        if !status.is_success() {
            return Ok(Verdict::Refused(format!("{} {}", status.as_u16(), complaint(&answer))));
        }
        let declared = &published["responses"][status.as_str()]["content"]["application/json"]["schema"];
        if declared.is_null() {
            return Ok(Verdict::NoneDeclared);
        }
        Ok(match self.difference(declared, &answer)? {
            Some(difference) => Verdict::AnswerDiffers(difference),
            None => Verdict::Succeeds,
        })
    }

    /// The body that a caller of generated code has to pass: the required fields that are not read-only.
    fn body(&self, schema: &Value) -> Value {
        let schema = self.resolved(schema);
        let properties = schema["properties"].as_object();
        let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let members = required
            .filter(|name| properties.is_none_or(|properties| properties[*name]["readOnly"] != true))
            .map(|name| (name.to_owned(), sample(name)));
        Value::Object(members.collect::<Map<_, _>>())
    }

    fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let reference = schema["$ref"].as_str().and_then(|reference| reference.strip_prefix('#'));
        reference.and_then(|pointer| self.0.pointer(pointer)).unwrap_or(schema)
    }

    /// The first difference between a response and its description.
    fn difference(&self, declared: &Value, answer: &Value) -> anyhow::Result<Option<String>> {
        let mut schema = declared.clone();
        schema["components"] = self.0["components"].clone();
        let validator = jsonschema::validator_for(&schema)?;
        let kind = |value: &Value| if value.is_array() { "array" } else { "object" };
        let Err(error) = validator.validate(answer) else { return Ok(None) };
        let declared = &self.resolved(declared)["type"];
        Ok(Some(if declared.is_string() && declared != kind(answer) {
            format!("{}, not {}", kind(answer), text(declared))
        } else {
            format!("at {}", error.instance_path())
        }))
    }
}

/// Creates the group for the calls.
async fn prepare(fake: &Fake) -> anyhow::Result<()> {
    let properties = json!({"plan": "scale", "seats": 42});
    wrapper(fake).build()?.groups(0).create(KEY).properties(properties).send().await?;
    Ok(())
}

/// A value that a caller would pass for a parameter or a field with this name.
fn sample(name: &str) -> Value {
    match name {
        "group_type_index" => json!(0),
        "group_key" | "id" => json!(KEY),
        "group_properties" => json!({"plan": "scale", "seats": 42}),
        "key" | "$unset" => json!("seats"),
        "value" => json!(43),
        // Some documents require it for listing groups. A blank value is treated as absent.
        "search" => json!(""),
        other => json!(other),
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The error of the server, in short.
fn complaint(answer: &Value) -> String {
    let part = |name: &str| answer[name].as_str().unwrap_or_default();
    match part("attr") {
        "" => part("detail").to_owned(),
        attr if part("detail").contains("required") => format!("needs {attr}"),
        attr => format!("{attr}: {}", part("detail")),
    }
}
