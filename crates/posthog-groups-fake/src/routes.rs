//! Routing: from method and path to an action.

use http::Method;

use crate::Era;
use crate::request::percent_decoded;
use crate::state::State;

/// An operation of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    List,
    Create,
    Find,
    UpdateProperty,
    DeleteProperty,
    UpsertProperties,
    Activity,
    Related,
    PropertyDefinitions,
    PropertyValues,
    GroupTypes,
    UpdateMetadata,
    CreateDetailDashboard,
    SetDefaultColumns,
    DeleteGroupType,
    Metrics,
    CreateMetric,
    Metric,
    ChangeMetric,
    Projects,
    Project,
    User,
}

/// An action of a path.
#[derive(Debug, PartialEq)]
pub(crate) struct Endpoint {
    method: Method,
    pub(crate) action: Action,
    scope: Option<&'static str>,
}

impl Endpoint {
    /// The scope that a personal API key requires. `None` means that the action rejects personal API keys.
    pub(crate) fn scope(&self, era: Era) -> Option<&'static str> {
        match (self.scope, era) {
            (Some("usage_metric:read"), Era::Y2025) => Some("group:read"),
            (Some("usage_metric:write"), Era::Y2025) => Some("group:write"),
            (scope, _) => scope,
        }
    }

    fn exists(&self, settings: &State) -> bool {
        match self.action {
            // Removed on 2026-06-26.
            Action::PropertyDefinitions => settings.era == Era::Y2025,
            // Existed for two weeks in 2025.
            Action::UpsertProperties => settings.era == Era::Y2025 && settings.upsert_properties,
            _ => true,
        }
    }
}

const fn get(action: Action, scope: &'static str) -> Endpoint {
    Endpoint { method: Method::GET, action, scope: Some(scope) }
}

const fn post(action: Action, scope: &'static str) -> Endpoint {
    Endpoint { method: Method::POST, action, scope: Some(scope) }
}

const fn other(method: Method, action: Action, scope: Option<&'static str>) -> Endpoint {
    Endpoint { method, action, scope }
}

/// The endpoints of each path below `/api/`. The parts in braces are variable. The first path that matches is used.
const PATHS: &[(&str, &[Endpoint])] = &[
    ("users/{item}", &[get(Action::User, "user:read")]),
    ("projects", &[get(Action::Projects, "project:read")]),
    ("projects/{project}", &[get(Action::Project, "project:read")]),
    ("projects/{project}/groups", &[get(Action::List, "group:read"), post(Action::Create, "group:write")]),
    ("projects/{project}/groups/find", &[get(Action::Find, "group:read")]),
    ("projects/{project}/groups/activity", &[get(Action::Activity, "activity_log:read")]),
    ("projects/{project}/groups/related", &[get(Action::Related, "group:read")]),
    ("projects/{project}/groups/property_values", &[get(Action::PropertyValues, "group:read")]),
    ("projects/{project}/groups/property_definitions", &[get(Action::PropertyDefinitions, "group:read")]),
    ("projects/{project}/groups/update_property", &[post(Action::UpdateProperty, "group:write")]),
    ("projects/{project}/groups/delete_property", &[post(Action::DeleteProperty, "group:write")]),
    ("projects/{project}/groups/upsert_properties", &[post(Action::UpsertProperties, "group:write")]),
    ("projects/{project}/groups_types", &[get(Action::GroupTypes, "group:read")]),
    (
        "projects/{project}/groups_types/update_metadata",
        &[other(Method::PATCH, Action::UpdateMetadata, None)],
    ),
    (
        "projects/{project}/groups_types/create_detail_dashboard",
        &[other(Method::PUT, Action::CreateDetailDashboard, None)],
    ),
    (
        "projects/{project}/groups_types/set_default_columns",
        &[other(Method::PUT, Action::SetDefaultColumns, None)],
    ),
    (
        "projects/{project}/groups_types/{item}",
        &[other(Method::DELETE, Action::DeleteGroupType, Some("group:write"))],
    ),
    (
        "projects/{project}/groups_types/{item}/metrics",
        &[get(Action::Metrics, "usage_metric:read"), post(Action::CreateMetric, "usage_metric:write")],
    ),
    (
        "projects/{project}/groups_types/{item}/metrics/{item}",
        &[
            get(Action::Metric, "usage_metric:read"),
            other(Method::PUT, Action::ChangeMetric, Some("usage_metric:write")),
            other(Method::PATCH, Action::ChangeMetric, Some("usage_metric:write")),
            other(Method::DELETE, Action::ChangeMetric, Some("usage_metric:write")),
        ],
    ),
];

/// A routed path.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Route {
    path: &'static str,
    endpoints: &'static [Endpoint],
    /// The project of the path, as text.
    pub(crate) project: Option<String>,
    /// The last variable part of the path: a group type index, a metric, a user.
    pub(crate) item: String,
}

impl Route {
    /// Returns the endpoint of a method.
    pub(crate) fn endpoint(&self, method: &Method) -> Option<&'static Endpoint> {
        let method = if *method == Method::HEAD { &Method::GET } else { method };
        self.endpoints.iter().find(|endpoint| endpoint.method == method)
    }

    /// Returns the endpoint of a path that has only one.
    pub(crate) fn only_endpoint(&self) -> Option<&'static Endpoint> {
        match self.endpoints {
            [endpoint] => Some(endpoint),
            _ => None,
        }
    }

    /// Whether the view accepts sharing tokens. Such views return 403 for failed authentication.
    pub(crate) fn takes_sharing_tokens(&self) -> bool {
        self.path.contains("/groups_types") && !self.path.contains("/metrics")
    }

    /// The `Allow` header.
    pub(crate) fn allow(&self) -> String {
        let mut names: Vec<&str> = self.endpoints.iter().map(|endpoint| endpoint.method.as_str()).collect();
        if names.contains(&"GET") {
            names.push("HEAD");
        }
        names.push("OPTIONS");
        names.join(", ")
    }
}

/// Routes a path, with or without its trailing slash.
pub(crate) fn route(path: &str, settings: &State) -> Option<Route> {
    let path = path.strip_prefix("/api/")?;
    let path = path.strip_suffix('/').unwrap_or(path);
    let parts: Vec<String> = path.split('/').map(percent_decoded).collect();
    let mut routes = PATHS.iter().filter_map(|&(path, endpoints)| {
        let mut route = Route { path, endpoints, project: None, item: String::new() };
        let names = path.split('/');
        for (name, part) in names.clone().zip(&parts) {
            // A variable part has neither a slash nor a dot.
            let variable = !part.is_empty() && !part.contains(['.', '/']);
            match name {
                "{project}" if variable => route.project = Some(part.clone()),
                "{item}" if variable => route.item.clone_from(part),
                "projects" if part == "environments" => {}
                _ if name == part => {}
                _ => return None,
            }
        }
        (names.count() == parts.len()).then_some(route)
    });
    routes.find(|route| route.endpoints.iter().all(|endpoint| endpoint.exists(settings)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_work_with_and_without_trailing_slash_and_method_decides() {
        let action = |method: Method, path: &str| {
            let route = route(path, &State::default())?;
            Some(route.endpoint(&method).map(|endpoint| endpoint.action))
        };
        for path in
            ["/api/projects/1/groups", "/api/projects/1/groups/", "/api/environments/@current/groups/"]
        {
            assert_eq!(action(Method::GET, path), Some(Some(Action::List)), "{path}");
            assert_eq!(action(Method::POST, path), Some(Some(Action::Create)), "{path}");
            assert_eq!(action(Method::HEAD, path), Some(Some(Action::List)), "{path}");
            assert_eq!(action(Method::DELETE, path), Some(None), "{path}");
        }
        for path in [
            "/api/projects/1/groups//",
            "/api/projects//groups/",
            "/api/projects/1/groups/org:5",
            "/api/projects/1.5/groups/",
            "/api/1/groups_types/",
            "/api/",
            "/projects/1/groups",
        ] {
            assert_eq!(action(Method::GET, path), None, "{path}");
        }
    }
}
