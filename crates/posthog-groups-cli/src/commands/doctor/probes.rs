//! Scopes and the version of the server, determined by requests that do not change anything.

use posthog_groups::{Client, GroupType, Result};

use super::check::Check;
use super::verdicts::scope_help;
use crate::exit::{Failure, text_of, wait_for};

/// A key that no group has, of the maximum length.
fn unused_key() -> String {
    "posthog-groups-doctor-".chars().cycle().take(400).collect()
}

/// Sends the requests, and reports one check after the other.
pub(super) async fn examine(
    client: &Client,
    types: &[GroupType],
    mut report: impl FnMut(Check) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let index = types.first().map_or(0, |first| first.group_type_index);
    let group = client.groups(index).group(unused_key());
    // The scope is checked before the group is looked up: not found means that the key may write.
    let write = group.set("name", true).await.map(drop);
    report(scope("group:write", "groups can be changed", "groups cannot be changed", write))?;
    let history = group.activity().page_size(1).prefetch(false).stream().next().await;
    let history = history.transpose().map(drop);
    report(scope(
        "activity_log:read",
        "the history of groups can be read",
        "the history of groups cannot be read",
        history,
    ))?;
    let projects = client.projects().await.map(drop);
    report(scope("project:read", "projects can be listed", "projects cannot be listed", projects))?;
    report(age(client.property_definitions().await.map(drop)))
}

/// What a response says about a scope. Not every key needs every scope, so a missing one is a warning.
fn scope(scope: &'static str, can: &str, cannot: &str, result: Result<()>) -> Check {
    match result {
        Ok(()) => Check::ok(scope, can),
        Err(e) if e.is_not_found() => Check::ok(scope, can),
        Err(e) if e.is_missing_scope() => Check::warn(scope, cannot, scope_help(scope)),
        Err(e) if e.is_not_offered() => Check::warn(
            scope,
            "this server does not have the endpoint",
            "update the server, if you operate it",
        ),
        Err(e) if e.is_rate_limited() => Check::throttled(scope, wait_for(&e)),
        Err(e) if e.is_forbidden() => Check::warn(
            scope,
            format!("{cannot}: {}", text_of(&e)),
            "if you need it, use a key without this restriction",
        ),
        Err(e) => Check::warn(scope, format!("unclear: {}", text_of(&e)), "try again"),
    }
}

/// The era of the server, determined by the endpoint of property definitions.
fn age(definitions: Result<()>) -> Check {
    match definitions {
        Ok(()) => {
            Check::ok("server version", "like 2025: lists show writes immediately, `definitions` is offered")
        }
        Err(e) if e.is_not_offered() => Check::ok(
            "server version",
            "like 2026: lists show writes after a delay, `definitions` is not offered",
        ),
        Err(e) if e.is_rate_limited() => Check::throttled("server version", wait_for(&e)),
        Err(e) => Check::ok("server version", format!("unclear: {}", text_of(&e))),
    }
}
