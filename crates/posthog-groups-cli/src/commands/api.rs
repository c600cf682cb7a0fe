//! `api`: sends a request to any path of the API.

use posthog_groups::JsonValue;

use crate::arguments::{Api, Format};
use crate::assignment::argument;
use crate::connection::Context;
use crate::exit::Failure;
use crate::json_text::{compact, pretty};

pub(crate) async fn run(context: &Context, arguments: &Api) -> Result<(), Failure> {
    if arguments.body.as_deref() == Some("-") {
        context.check_stdin_is_free("body", "--body @FILE")?;
    }
    let body = arguments.body.as_deref().map(|given| argument(given, "body")).transpose()?;
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
