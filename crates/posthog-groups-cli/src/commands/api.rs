//! `api`: sends a request to any path of the API.

use std::io::{self, Read as _};

use posthog_groups::JsonValue;

use crate::arguments::{Api, Format};
use crate::connection::Context;
use crate::exit::Failure;
use crate::json_text::{compact, pretty};

pub(crate) async fn run(context: &Context, arguments: &Api) -> Result<(), Failure> {
    let body = match arguments.body.as_deref() {
        None => None,
        Some("-") => {
            context.check_stdin_is_free("body", "--body @FILE")?;
            let mut text = String::new();
            io::stdin()
                .read_to_string(&mut text)
                .map_err(|e| Failure::usage(format!("cannot read the body from standard input: {e}")))?;
            Some(text)
        }
        Some(given) => Some(match given.strip_prefix('@') {
            Some(path) => std::fs::read_to_string(path)
                .map_err(|e| Failure::usage(format!("cannot read the body from {path}: {e}")))?,
            None => given.to_owned(),
        }),
    };
    let body = body
        .map(|text| JsonValue::parse(text.trim()))
        .transpose()
        .map_err(|e| Failure::usage(format!("the body is not valid JSON: {e}")))?;
    let client = context.client()?;
    let path = arguments.path.replace("{project_id}", client.project());
    let method = arguments.method.to_uppercase();
    let response = client.request(&method, &path, body.as_ref()).await.map_err(|e| {
        let failure = Failure::from(&e);
        match e.body_snippet().filter(|_| e.detail().is_none()) {
            Some(body) => failure.help(format!("the response begins with: {body}")),
            None => failure,
        }
    })?;
    let Some(response) = response else { return Ok(()) };
    context.output.line(&match context.output.format() {
        Format::Ndjson => compact(response.as_str()),
        _ => pretty(response.as_str(), 0),
    })
}
