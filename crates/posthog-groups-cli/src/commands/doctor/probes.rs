//! Scopes and the age of the server, determined by requests that change nothing.

use posthog_groups::{Client, GroupType, JsonValue, Properties, raw};

use super::Check;
use super::verdicts::scope_help;
use crate::exit::Failure;

/// The status and the detail of a response.
#[derive(Debug)]
struct Answer {
    status: u16,
    detail: String,
}

impl Answer {
    fn lacks_scope(&self) -> bool {
        self.status == 403 && self.detail.starts_with("API key missing required scope")
    }

    fn is_not_offered(&self) -> bool {
        self.status == 404 && self.detail == "Endpoint not found."
    }
}

/// A key that no group can have: servers store at most 400 characters.
fn impossible_key() -> String {
    "posthog-groups-doctor-".repeat(20)
}

/// Sends the requests, and reports one check after the other. Stops sending once the server throttles the key.
pub(super) async fn examine(
    client: &Client,
    types: &[GroupType],
    mut throttled: bool,
    mut tell: impl FnMut(Check) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let index = types.first().map_or(0, |first| first.group_type_index);
    let (api, project, key) = (client.raw(), client.project(), impossible_key());

    // The scope is checked before the group is looked up: 404 means that the key may write.
    let body = raw::types::UpdatePropertyRequest { key: "name".to_owned(), value: JsonValue::from(true) };
    let write = api.update_property().project_id(project).group_type_index(index).group_key(&key).body(body);
    let write = ask(&mut throttled, write.send()).await;
    tell(scope("group:write", "groups can be changed", "groups cannot be changed", &write))?;

    let history =
        api.list_activity().project_id(project).group_type_index(index).group_key(&key).limit(1_i64);
    let history = ask(&mut throttled, history.send()).await;
    tell(scope(
        "activity_log:read",
        "the history of groups can be read",
        "the history of groups cannot be read",
        &history,
    ))?;

    let projects = ask(&mut throttled, api.list_projects().limit(1_i64).send()).await;
    tell(scope("project:read", "projects can be listed", "projects cannot be listed", &projects))?;

    let definitions = ask(&mut throttled, api.list_property_definitions().project_id(project).send()).await;
    let upsert = api
        .upsert_properties()
        .project_id(project)
        .group_type_index(index)
        .group_key(&key)
        .body(Properties::default());
    let upsert = ask(&mut throttled, upsert.send()).await;
    tell(age(&definitions, &upsert))
}

/// The answer to a request, which is not sent if the server throttles the key.
async fn ask<T>(
    throttled: &mut bool,
    request: impl Future<Output = Result<raw::ResponseValue<T>, raw::Error<()>>>,
) -> Answer {
    let answer = match *throttled {
        true => Answer { status: 429, detail: String::new() },
        false => answer(request.await).await,
    };
    *throttled |= answer.status == 429;
    answer
}

/// The status and detail of the response.
async fn answer<T>(sent: Result<raw::ResponseValue<T>, raw::Error<()>>) -> Answer {
    match sent {
        Ok(answer) => Answer { status: answer.status().as_u16(), detail: String::new() },
        Err(raw::Error::UnexpectedResponse(answer)) => {
            #[derive(serde::Deserialize)]
            struct Envelope {
                detail: String,
            }
            let status = answer.status().as_u16();
            let body = answer.text().await.unwrap_or_default();
            let detail = serde_json::from_str(&body)
                .map_or_else(|_| String::new(), |envelope: Envelope| envelope.detail);
            Answer { status, detail }
        }
        // The form of a successful response does not matter here.
        Err(raw::Error::InvalidResponsePayload(..)) => Answer { status: 200, detail: String::new() },
        Err(_) => Answer { status: 0, detail: "no answer".to_owned() },
    }
}

/// What a response says about a scope. Not every key needs every scope, so a missing one is a warning.
fn scope(scope: &'static str, can: &str, cannot: &str, answer: &Answer) -> Check {
    match answer {
        answer if answer.lacks_scope() => Check::warn(scope, cannot, scope_help(scope)),
        answer if answer.is_not_offered() => {
            Check::warn(scope, "this server does not offer it", "update the server, if you operate it")
        }
        Answer { status: 200..=299 | 404, .. } => Check::ok(scope, can),
        Answer { status: 403, detail } => Check::warn(
            scope,
            format!("{cannot}: {detail}"),
            "if you need it, use a key without this restriction",
        ),
        Answer { status: 429, .. } => Check::throttled(scope, "wait, and try again"),
        Answer { status, detail } => {
            Check::warn(scope, format!("unclear: status {status} {detail}"), "try again")
        }
    }
}

/// Which era the server belongs to.
fn age(definitions: &Answer, upsert: &Answer) -> Check {
    if definitions.status == 429 {
        return Check::throttled("server's age", "wait, and try again");
    }
    let newer = definitions.is_not_offered();
    let mut found = match (newer, definitions.status) {
        (true, _) => "like 2026: lists show writes after a delay, `definitions` is not offered".to_owned(),
        (false, 200) => "like 2025: lists show writes at once, `definitions` is offered".to_owned(),
        (false, status) => format!("unclear (status {status})"),
    };
    if !upsert.is_not_offered() && upsert.status == 404 {
        found.push_str("; it merges properties in one request");
    }
    Check::ok("server's age", found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::Status;

    fn answer(status: u16, detail: &str) -> Answer {
        Answer { status, detail: detail.to_owned() }
    }

    #[test]
    fn the_key_is_longer_than_servers_store() {
        assert!(impossible_key().chars().count() > 400);
    }

    #[test]
    fn responses_show_scopes() {
        for (status, detail, verdict) in [
            (404, "Not found.", Status::Ok),
            (200, "", Status::Ok),
            (404, "Endpoint not found.", Status::Warn),
            (403, "API key missing required scope 'group:write'", Status::Warn),
            (
                403,
                "API keys with scoped projects are only supported on project-based endpoints.",
                Status::Warn,
            ),
            (429, "Request was throttled.", Status::Warn),
            (500, "", Status::Warn),
        ] {
            let check = scope("group:write", "can", "cannot", &answer(status, detail));
            assert_eq!(check.status, verdict, "{status} {detail}");
            assert_eq!(check.found == "can", verdict == Status::Ok);
        }
    }

    #[test]
    fn responses_show_the_age() {
        let gone = || answer(404, "Endpoint not found.");
        for (definitions, upsert, found) in [
            (gone(), gone(), "like 2026: lists show writes after a delay, `definitions` is not offered"),
            (answer(200, ""), gone(), "like 2025: lists show writes at once, `definitions` is offered"),
            (
                answer(200, ""),
                answer(404, "Not found."),
                "like 2025: lists show writes at once, `definitions` is offered; it merges properties in one request",
            ),
            (answer(503, ""), gone(), "unclear (status 503)"),
        ] {
            assert_eq!(age(&definitions, &upsert).found, found);
        }
    }
}
