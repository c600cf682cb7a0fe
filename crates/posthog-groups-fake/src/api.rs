//! The steps of a request: routing, content negotiation, authentication, permissions, rate limit, endpoint. As on the
//! real server, this order decides which of several errors the caller sees.

use std::time::Instant;

use http::Method;
use http::header::CONTENT_TYPE;

use crate::Era;
use crate::answer::Answer;
use crate::auth::{self, Caller};
use crate::context::{Context, Persistence};
use crate::database::Database;
use crate::endpoints::{self, Access};
use crate::errors::{self, Failure};
use crate::faults::Phase;
use crate::limits::Limits;
use crate::request::{self, Call, Data};
use crate::routes::{self, Action, Route};
use crate::shared::Shared;
use crate::state::Project;

/// Responds to a request under `/api/`.
pub(crate) fn answer(
    shared: &Shared,
    mut call: Call,
    crash: Option<Phase>,
    persistence: Persistence,
) -> Answer {
    let reads = matches!(call.method, Method::GET | Method::HEAD | Method::OPTIONS);
    let (era, sunset, creates_notebooks) = {
        let database = shared.database.read();
        (database.era(), database.state.environments_sunset, database.state.crm_enabled)
    };

    // 2026 rewrites the old paths; in 2025, they are registered separately.
    let alias = (era == Era::Y2026).then(|| call.path.strip_prefix("/api/environments/")).flatten();
    let successor = alias.map(|rest| format!("/api/projects/{rest}"));
    if let Some(path) = &successor {
        call.path.clone_from(path);
    }

    let mut answer = if reads && !creates_notebooks {
        serve(shared, Access::Read(&shared.database.read()), &call, crash)
    } else if persistence == Persistence::Discard {
        let mut copy = shared.database.read().clone();
        serve(shared, Access::Write(&mut copy), &call, crash)
    } else {
        serve(shared, Access::Write(&mut shared.database.write()), &call, crash)
    };

    if let Some(path) = successor {
        let query = call.raw_query.as_ref().map(|q| format!("?{q}")).unwrap_or_default();
        answer = answer
            .header("deprecation", "true")
            .header("link", &format!("<{path}{query}>; rel=\"successor-version\""));
        if let Some(date) = sunset {
            answer = answer.header("sunset", &date.format("%a, %d %b %Y 00:00:00 GMT").to_string());
        }
    }
    answer
}

fn serve(shared: &Shared, mut access: Access<'_>, call: &Call, crash: Option<Phase>) -> Answer {
    let database = access.read();
    let Some(route) = routes::route(&call.path, &database.state) else {
        return finish(database, call, None, Err(errors::no_such_endpoint()));
    };
    let done = checked(shared, database, call, &route).and_then(|context| {
        match (route.endpoint(&call.method), crash) {
            (None, _) if call.method == Method::OPTIONS => Ok(Answer::json(200, endpoints::metadata(&route))),
            (None, _) => Err(errors::method_not_allowed(call.method.as_str())),
            (Some(_), Some(Phase::Before)) => Err(errors::server_error()),
            (Some(endpoint), Some(Phase::After)) => {
                endpoints::run(&mut access, endpoint.action, &context).and(Err(errors::server_error()))
            }
            (Some(endpoint), None) => endpoints::run(&mut access, endpoint.action, &context),
        }
    });
    finish(access.read(), call, Some(&route), done)
}

/// All checks before the endpoint.
fn checked<'a>(
    shared: &Shared,
    database: &Database,
    call: &'a Call,
    route: &'a Route,
) -> Result<Context<'a>, Failure> {
    let era = database.era();
    negotiate(call)?;
    let endpoint = route.endpoint(&call.method).or_else(|| route.only_endpoint());
    let is = |action| endpoint.is_some_and(|endpoint| endpoint.action == action);

    let data = Data::read(call);
    let caller =
        auth::authenticate(database, call, route, || data.clone())?.ok_or_else(errors::not_authenticated)?;
    auth::check_supported(&caller, endpoint, era)?;
    let data = data?;

    let project = resolve_project(database, call, route, &data);
    if let Caller::Sharing(token) = &caller {
        let own = project.ok().flatten().is_some_and(|p| token.project_id == Some(p.id));
        if !own || !is(Action::GroupTypes) {
            return Err(errors::permission_denied("You do not have permission to perform this action."));
        }
        let project = token.project_id.unwrap_or_default();
        return Ok(Context { call, route, data, caller, project });
    }
    let project = project?;
    if let Err(refused) = auth::check_confinement(database, &caller, endpoint, project) {
        // The current project is looked up among the projects that the key can access.
        let current = is(Action::Project) && route.project.as_deref() == Some("@current");
        return Err(if current { errors::no_such_project() } else { refused });
    }
    auth::check_scope(&caller, endpoint, era)?;
    if let Some(project) = project {
        auth::check_membership(database, project)?;
    }
    if let (Caller::Key(key), Some(limit)) = (&caller, database.state.rate_limit) {
        shared.throttle.lock().admit(&key.key, limit, Instant::now()).map_err(errors::throttled)?;
    }
    let project = project.map_or(0, |p| p.id);
    Ok(Context { call, route, data, caller, project })
}

/// Rejects requests that do not accept JSON.
fn negotiate(call: &Call) -> Result<(), Failure> {
    if call.query.filled("format").is_some_and(|format| format != "json") {
        return Err(errors::no_such_thing());
    }
    let accept = call.header("accept").unwrap_or("*/*");
    if accept.trim().is_empty() || accept.split(',').any(accepts_json) {
        Ok(())
    } else {
        Err(errors::not_acceptable())
    }
}

fn accepts_json(range: &str) -> bool {
    let media_type = range.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
    matches!(media_type.as_str(), "*/*" | "application/*" | "application/json")
}

/// The project of the path. A project key under the names `token` or `api_key` overrides it.
fn resolve_project<'w>(
    database: &'w Database,
    call: &Call,
    route: &Route,
    data: &Data,
) -> Result<Option<&'w Project>, Failure> {
    let Some(text) = route.project.as_deref() else { return Ok(None) };
    let field = |name: &str| {
        let in_form = || data.form.then(|| data.get(name)?.text()).flatten();
        call.query.filled(name).map(str::to_owned).or_else(in_form).filter(|token| !token.is_empty())
    };
    if let Some(token) = field("token").or_else(|| field("api_key")) {
        let project = database.project_with_token(&token);
        return project
            .map(Some)
            .ok_or_else(|| errors::authentication_failed("Incorrect authentication credentials."));
    }
    let project = match text {
        "@current" => database.current_project(),
        _ => request::integer(text).and_then(|id| i64::try_from(id).ok()).and_then(|id| database.project(id)),
    };
    project.map(Some).ok_or_else(errors::no_such_project)
}

/// Builds the response: the challenge of failed authentication, the common headers, and the renderer, which fails on
/// integers beyond 64 bits.
fn finish(
    database: &Database,
    call: &Call,
    route: Option<&Route>,
    outcome: Result<Answer, Failure>,
) -> Answer {
    let challenge = outcome.as_ref().is_err_and(|failure| failure.challenge);
    let mut answer = outcome.unwrap_or_else(Failure::answer);
    if challenge {
        if route.is_some_and(Route::takes_sharing_tokens) {
            // The first authenticator of such a view has no challenge, so the status is 403.
            answer.status = http::StatusCode::FORBIDDEN;
        } else if database.era() == Era::Y2026 {
            let site = &call.origin;
            let value = format!("Bearer resource_metadata=\"{site}/.well-known/oauth-protected-resource\"");
            answer = answer.header("www-authenticate", &value);
        }
    }
    let is_json = answer.headers.get(CONTENT_TYPE).is_some_and(|value| value == "application/json");
    if is_json && std::str::from_utf8(&answer.body).is_ok_and(|body| Limits::of(body).integer) {
        let page = "<!doctype html><title>Server Error (500)</title><h1>Server Error (500)</h1>\n";
        return Answer::html(500, page);
    }
    match route {
        Some(route) => answer.header("allow", &route.allow()),
        None => answer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_accept_header_with_json_is_accepted() {
        for (range, expected) in [
            ("*/*", true),
            ("application/json", true),
            (" application/*;q=0.8", true),
            ("Application/JSON; indent=4", true),
            ("text/html", false),
            ("text/*", false),
        ] {
            assert_eq!(accepts_json(range), expected, "{range}");
        }
    }
}
