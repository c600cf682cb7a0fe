//! Findings from settings and responses, as pure functions.

use posthog_groups::{CurrentUser, Error, GroupPage, GroupType, Region};

use super::check::Check;
use crate::config_file::ConfigFile;
use crate::connection::Context;
use crate::exit::{Code, UNREADABLE_GROUP, is_not_posthog, text_of, wait_for};
use crate::key_source::Exposed;

pub(super) fn configuration(context: &Context) -> Check {
    let found = match (&context.config, &context.settings.context) {
        (None, _) => "no configuration file; flags and environment".to_owned(),
        (Some(file), None) => format!("{}, no context selected", file.path.display()),
        (Some(file), Some(named)) => {
            format!("context {} of {}, from {}", named.value, file.path.display(), named.source)
        }
    };
    if let Some(exposed) = context.config.as_ref().and_then(ConfigFile::warning) {
        return Check::warn("configuration", exposed.found, exposed.remedy);
    }
    match context.settings.overruled_context() {
        Some(overruled) => Check::warn(
            "configuration",
            format!("{found}; {overruled}"),
            "unset the variables that you do not need",
        ),
        None => Check::ok("configuration", found),
    }
}

/// The format of the host; the connection is checked later.
pub(super) fn host(context: &Context) -> Check {
    let settings = &context.settings;
    let given = settings.host.value.trim_end_matches('/');
    // Nothing is sent with this key.
    let client = match context.client_of("phx_none", "@current") {
        Ok(client) => client,
        Err(failure) => return Check::of_failure("host", failure),
    };
    let host = client.host();
    let (scheme, rest) = host.split_once("://").unwrap_or(("", host));
    if host != given && (given.contains(".i.posthog.com") || given.contains("app.posthog.com")) {
        Check::warn(
            "host",
            format!("{given} receives events; {host} is used instead"),
            format!("set {host} in {}", settings.host.source),
        )
    } else if let Some((_, path)) = rest.split_once('/') {
        Check::warn(
            "host",
            format!("{host} has the path /{path}"),
            "remove the path, unless PostHog is served under it: the client adds /api itself",
        )
    } else if scheme == "http" && settings.allow_insecure_http {
        Check::warn(
            "host",
            format!("{host}: the key is sent unencrypted"),
            "use https:// if the server supports it",
        )
    } else {
        Check::ok("host", format!("{host}, from {}", settings.host.source))
    }
}

pub(super) fn kind_of_key(key: &str, source: &str, exposed: Option<Exposed>) -> Check {
    let wrong = |what: &str| {
        Check::fail_of_key(
            "key",
            format!("it is {what}, from {source}"),
            "use a personal API key (phx_...), from Settings, Personal API keys",
        )
    };
    if key.starts_with("phc_") {
        return wrong("a project token (phc_...), which only sends events");
    }
    if key.starts_with("phs_") {
        return wrong("a secret for feature flags (phs_...)");
    }
    if let Some(exposed) = exposed {
        return Check::warn("key", exposed.found, exposed.remedy);
    }
    match key {
        key if key.starts_with("phx_") => Check::ok("key", format!("a personal API key, from {source}")),
        key if key.starts_with("pha_") => {
            Check::ok("key", format!("an OAuth token, which expires, from {source}"))
        }
        _ => Check::warn(
            "key",
            format!("it does not look like a personal API key, from {source}"),
            "personal API keys begin with phx_; the check `key is known` below shows whether the server accepts it",
        ),
    }
}

pub(super) fn kind_of_token(token: &str) -> Check {
    if token.starts_with("phc_") {
        Check::ok("project token", "set, for sending events")
    } else {
        Check::fail(
            "project token",
            "it is not a project token (phc_...)",
            "use the project API key from Settings, Project; personal keys cannot send events",
        )
    }
}

/// Whether the host is a PostHog server.
pub(super) fn server(host: &str, error: Option<&Error>) -> Check {
    let Some(error) = error else { return Check::ok("server", format!("{host} is a PostHog instance")) };
    if error.is_connect() || error.is_timeout() || error.is_interrupted() {
        return Check::fail(
            "server",
            text_of(error),
            "check the name, the port, the certificate, and any proxy or firewall",
        );
    }
    if is_not_posthog(error) {
        return Check::fail(
            "server",
            format!("{host} responds, but not like PostHog: {}", text_of(error)),
            "use the address of PostHog itself, not of a login page, a proxy, or another server",
        );
    }
    if error.is_not_offered() {
        return Check::fail(
            "server",
            format!("{host} has no PostHog API at this path"),
            "remove the path from the host",
        );
    }
    if error.is_server_error() {
        return Check::fail(
            "server",
            text_of(error),
            "try again later; if the error persists, contact the operators of the server",
        );
    }
    if error.is_rate_limited() {
        let help = format!("{}, or use another key", wait_for(error));
        return Check {
            code: Some(Code::RateLimited),
            ..Check::warn("server", format!("{host} is throttling this key"), help)
        };
    }
    Check::ok("server", format!("{host} is a PostHog instance"))
}

/// Whether the server knows the key.
pub(super) fn key_is_known(host: &str, who: &Result<CurrentUser, Error>) -> Check {
    match who {
        Ok(user) => {
            let organization = user.organization.as_ref().and_then(|o| o.name.as_deref());
            let of = organization.map_or_else(String::new, |name| format!(" of {name}"));
            Check::ok("key is known", format!("it belongs to {}{of}", user.email))
        }
        Err(e) if e.is_unauthorized() => {
            Check::fail_of_key("key is known", "the server does not accept the key", other_region(host))
        }
        Err(e) if e.is_missing_scope() => {
            Check::ok("key is known", "yes; its owner is not shown without the scope user:read")
        }
        Err(e) if e.is_rate_limited() => Check::throttled("key is known", wait_for(e)),
        Err(e) => Check::ok("key is known", format!("not rejected ({})", text_of(e))),
    }
}

/// The help for the usual cause: keys of one region do not work in the other.
fn other_region(host: &str) -> String {
    let new = "or it was deleted or has expired: create a new one under Settings, Personal API keys";
    if host == Region::Eu.url() {
        format!("if the key belongs to {}, pass --region us; {new}", Region::Us.url())
    } else if host == Region::Us.url() {
        format!("if the key belongs to {}, pass --region eu; {new}", Region::Eu.url())
    } else {
        format!("check that the key belongs to {host}, not to PostHog Cloud; {new}")
    }
}

/// Whether the project exists, and groups can be read.
pub(super) fn project(project: &str, types: &Result<Vec<GroupType>, Error>) -> Vec<Check> {
    match types {
        Ok(_) => vec![
            Check::ok("project", format!("{project} exists")),
            Check::ok("group:read", "groups can be read"),
        ],
        Err(e) if e.is_missing_scope() => {
            vec![Check::fail_of_key("group:read", "groups cannot be read", scope_help("group:read"))]
        }
        Err(e) if e.is_not_found() => vec![Check::fail(
            "project",
            format!("project {project} does not exist on this server"),
            "choose one with --project: the id in the project's URL; the projects of one region do not exist in the other",
        )],
        Err(e) if e.is_rate_limited() => vec![Check::throttled("project", wait_for(e))],
        Err(e) if e.is_unauthorized() || e.is_forbidden() => vec![Check::fail_of_key(
            "project",
            text_of(e),
            "give the key access to the project, or choose another with --project",
        )],
        Err(e) => vec![Check::of_failure("project", e.into())],
    }
}

/// Whether groups can be listed, by the first page of each type.
pub(super) fn list(host: &str, pages: &[(&GroupType, Result<GroupPage, Error>)]) -> Check {
    let failed = pages.iter().find_map(|(group_type, page)| page.as_ref().err().map(|e| (group_type, e)));
    let other_origin = pages.iter().find_map(|(_, page)| page.as_ref().ok()?.link_origin.as_deref());
    match (failed, other_origin) {
        (None, None) => Check::ok("list", "groups can be listed"),
        (None, Some(origin)) => Check::warn(
            "list",
            format!("groups can be listed, but links to the next page name {origin} instead of {host}"),
            "nothing to do here: the next page is requested from the configured host. Other clients may fail: let the \
             proxy send X-Forwarded-Proto and X-Forwarded-Host, and the server trust it",
        ),
        (Some((_, e)), _) if e.is_rate_limited() => Check::throttled("list", wait_for(e)),
        (Some((group_type, e)), _) => {
            let found = format!("groups of type {} cannot be listed: {}", group_type.group_type, text_of(e));
            let help = if e.status() == Some(500) { UNREADABLE_GROUP } else { "try again later" };
            Check::fail("list", found, help)
        }
    }
}

pub(super) fn scope_help(scope: &str) -> String {
    format!("add the scope {scope} to the key under Settings, Personal API keys")
}

/// The effect of the rate limit on many writes.
pub(super) fn rate_limit(host: &str) -> Check {
    if host == Region::Us.url() || host == Region::Eu.url() {
        Check::ok(
            "rate limit",
            "480 requests per minute and 4,800 per hour for this key: one write to each of 100,000 groups takes 21 hours",
        )
    } else {
        Check::ok("rate limit", "none known for this host; commands wait if the server asks them to")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_for_an_unknown_key_names_the_other_region() {
        assert!(other_region("https://us.posthog.com").contains("--region eu"));
        assert!(other_region("https://eu.posthog.com").contains("--region us"));
        assert!(other_region("https://posthog.example.com").contains("https://posthog.example.com"));
    }
}
