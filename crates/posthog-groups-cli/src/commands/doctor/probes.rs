//! Scopes and the age of the server, found out by calls that change nothing.

use posthog_groups::{Client, GroupType, JsonValue, Properties, raw};

use super::Check;
use super::verdicts::scope_mend;
use crate::exit::Failure;

/// How the server answered: the status and its sentence.
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

/// A key that no group has: servers store no more than 400 characters.
fn impossible_key() -> String {
    "posthog-groups-doctor-".repeat(20)
}

/// Sends the requests, and tells one check after the other. Nothing is sent once the server throttles the key.
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

/// What the server says to a request of which only that matters.
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
        // A success of another form than expected is a success here.
        Err(raw::Error::InvalidResponsePayload(..)) => Answer { status: 200, detail: String::new() },
        Err(_) => Answer { status: 0, detail: "no answer".to_owned() },
    }
}

/// What an answer tells about a scope. Not every key needs every scope, so that a missing one is a warning.
fn scope(scope: &'static str, can: &str, cannot: &str, answer: &Answer) -> Check {
    match answer {
        answer if answer.lacks_scope() => Check::warn(scope, cannot, scope_mend(scope)),
        answer if answer.is_not_offered() => {
            Check::warn(scope, "this server does not offer it", "update the server, if it is yours")
        }
        Answer { status: 200..=299 | 404, .. } => Check::ok(scope, can),
        Answer { status: 403, detail } => Check::warn(
            scope,
            format!("{cannot}: {detail}"),
            "where it is needed, use a key that is not confined",
        ),
        Answer { status: 429, .. } => Check::throttled(scope, "wait, and try again"),
        Answer { status, detail } => {
            Check::warn(scope, format!("not told: status {status} {detail}"), "try again")
        }
    }
}

/// Which manners the server has.
fn age(definitions: &Answer, upsert: &Answer) -> Check {
    if definitions.status == 429 {
        return Check::throttled("server's age", "wait, and try again");
    }
    let newer = definitions.is_not_offered();
    let mut found = match (newer, definitions.status) {
        (true, _) => "manners of 2026: lists may be behind writes, `definitions` is not offered".to_owned(),
        (false, 200) => "manners of 2025: lists see writes at once, `definitions` is offered".to_owned(),
        (false, status) => format!("not told (status {status})"),
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
    fn answers_tell_scopes() {
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
    fn answers_tell_the_age() {
        let gone = || answer(404, "Endpoint not found.");
        for (definitions, upsert, found) in [
            (gone(), gone(), "manners of 2026: lists may be behind writes, `definitions` is not offered"),
            (answer(200, ""), gone(), "manners of 2025: lists see writes at once, `definitions` is offered"),
            (
                answer(200, ""),
                answer(404, "Not found."),
                "manners of 2025: lists see writes at once, `definitions` is offered; it merges properties in one request",
            ),
            (answer(503, ""), gone(), "not told (status 503)"),
        ] {
            assert_eq!(age(&definitions, &upsert).found, found);
        }
    }
}
