//! Authentication and permissions (contract section 1.2).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::Era;
use crate::database::{Database, uuid_of};
use crate::errors::{self, Failure};
use crate::request::{Call, Data};
use crate::routes::{Action, Endpoint, Route};
use crate::state::{ApiKey, Project, SharingToken};

/// The caller of a request.
#[derive(Clone, Debug)]
pub(crate) enum Caller {
    Key(ApiKey),
    Session,
    Sharing(SharingToken),
}

/// The place of a personal API key that has its own errors.
const HEADER: &str = "Authorization header";

/// Returns the credential of a bearer header, which has at least two characters. White space around it is ignored.
fn bearer(header: Option<&str>) -> Option<&str> {
    let rest = header?.strip_prefix("Bearer")?;
    let key = rest.trim_start();
    (key.len() < rest.len() && key.chars().count() > 1).then(|| key.trim_end())
}

/// Finds the personal API key and names its place. Only the first place that is not empty is used.
fn find_key(
    call: &Call,
    data: impl FnOnce() -> Result<Data, Failure>,
) -> Result<Option<(String, &'static str)>, Failure> {
    if let Some(key) = bearer(call.header("authorization")) {
        return Ok(Some((key.to_owned(), HEADER)));
    }
    if let Some(key) = data()?.get("personal_api_key") {
        return Ok(Some((key.text().unwrap_or_else(|| key.as_str().to_owned()), "body")));
    }
    Ok(call.query.get("personal_api_key").map(|key| (key.to_owned(), "query string")))
}

/// Whether text has three parts, the first of which is a JSON object that names an algorithm.
fn looks_like_jwt(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    let header = || {
        let bytes = URL_SAFE_NO_PAD.decode(parts.first()?).ok()?;
        serde_json::from_slice::<Value>(&bytes).ok()?.get("alg").cloned()
    };
    parts.len() == 3 && header().is_some()
}

/// Authenticates a request. `Ok(None)` means that there are no credentials.
pub(crate) fn authenticate(
    database: &Database,
    call: &Call,
    route: &Route,
    data: impl FnOnce() -> Result<Data, Failure>,
) -> Result<Option<Caller>, Failure> {
    if route.takes_sharing_tokens()
        && let Some(token) = call.query.filled("sharing_access_token")
    {
        if !matches!(call.method.as_str(), "GET" | "HEAD") {
            return Err(errors::authentication_failed(
                "Sharing access token can only be used for GET requests.",
            ));
        }
        let known = database.state.sharing_tokens.iter().find(|t| t.token == token && t.enabled);
        return match known {
            Some(token) => Ok(Some(Caller::Sharing(token.clone()))),
            None => Err(errors::authentication_failed("Sharing access token is invalid.")),
        };
    }
    if let Some((key, place)) = find_key(call, data)? {
        if let Some(known) = database.state.api_keys.iter().find(|k| k.key == key && k.active) {
            return Ok(Some(Caller::Key(known.clone())));
        }
        return Err(match place {
            HEADER if looks_like_jwt(&key) => errors::authentication_failed("Token invalid."),
            HEADER if key.starts_with("pha_") => errors::authentication_failed("Invalid access token."),
            _ => {
                let detail = format!("Personal API key found in request {place} is invalid.");
                errors::authentication_failed(&detail)
            }
        });
    }
    let session = call.cookie("sessionid").is_some_and(|id| database.state.sessions.iter().any(|s| s == id));
    Ok(session.then_some(Caller::Session))
}

/// Whether a key has no restrictions: in 2025, keys without scopes are older than scopes.
fn is_unrestricted(key: &ApiKey, era: Era) -> bool {
    era == Era::Y2025 && key.scopes.is_empty()
}

/// Rejects personal API keys for actions that declare no scope.
pub(crate) fn check_supported(caller: &Caller, endpoint: Option<&Endpoint>, era: Era) -> Result<(), Failure> {
    match (caller, endpoint) {
        (Caller::Key(key), Some(endpoint)) if endpoint.scope(era).is_none() && !is_unrestricted(key, era) => {
            Err(errors::permission_denied(match era {
                Era::Y2025 => "This action does not support Personal API Key access",
                Era::Y2026 => "This action does not support personal API key access",
            }))
        }
        _ => Ok(()),
    }
}

/// Rejects keys that are restricted to other projects or organizations. The user endpoint is exempt.
pub(crate) fn check_confinement(
    database: &Database,
    caller: &Caller,
    endpoint: Option<&Endpoint>,
    project: Option<&Project>,
) -> Result<(), Failure> {
    let Caller::Key(key) = caller else { return Ok(()) };
    if endpoint.is_some_and(|e| e.action == Action::User) || is_unrestricted(key, database.era()) {
        return Ok(());
    }
    match (key.projects.as_ref().filter(|p| !p.is_empty()), project) {
        (Some(_), None) => {
            let detail = "API keys with scoped projects are only supported on project-based endpoints.";
            return Err(errors::permission_denied(detail));
        }
        (Some(projects), Some(project)) if !projects.contains(&project.id) => {
            let detail = format!("API key does not have access to the requested project: ID {}.", project.id);
            return Err(errors::permission_denied(&detail));
        }
        _ => {}
    }
    match (key.organizations.as_ref().filter(|o| !o.is_empty()), project) {
        (Some(organizations), Some(project)) if !organizations.contains(&project.organization) => {
            let id = uuid_of("organization", &project.organization);
            let detail = format!("API key does not have access to the requested organization: ID {id}.");
            Err(errors::permission_denied(&detail))
        }
        _ => Ok(()),
    }
}

/// Rejects keys without the scope. `write` includes `read`, and `*` includes everything.
pub(crate) fn check_scope(caller: &Caller, endpoint: Option<&Endpoint>, era: Era) -> Result<(), Failure> {
    let (Caller::Key(key), Some(scope)) = (caller, endpoint.and_then(|e| e.scope(era))) else {
        return Ok(());
    };
    let write = scope.replace(":read", ":write");
    let granted = key.scopes.iter().any(|own| own == "*" || own == scope || *own == write);
    if granted || is_unrestricted(key, era) {
        return Ok(());
    }
    Err(errors::permission_denied(&format!("API key missing required scope '{scope}'")))
}

/// Rejects projects of organizations that the user does not belong to.
pub(crate) fn check_membership(database: &Database, project: &Project) -> Result<(), Failure> {
    if database.is_member(&project.organization) {
        Ok(())
    } else {
        Err(errors::permission_denied("You don't have access to the project."))
    }
}
