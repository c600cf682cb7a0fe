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

impl Action {
    /// The scope that a personal API key requires. `None` means that the action rejects personal API keys.
    pub(crate) fn scope(self, era: Era) -> Option<&'static str> {
        Some(match self {
            Action::List
            | Action::Find
            | Action::Related
            | Action::PropertyDefinitions
            | Action::PropertyValues
            | Action::GroupTypes => "group:read",
            Action::Create
            | Action::UpdateProperty
            | Action::DeleteProperty
            | Action::UpsertProperties
            | Action::DeleteGroupType => "group:write",
            Action::Activity => "activity_log:read",
            Action::UpdateMetadata | Action::CreateDetailDashboard | Action::SetDefaultColumns => {
                return None;
            }
            Action::Metrics | Action::Metric => match era {
                Era::Y2025 => "group:read",
                Era::Y2026 => "usage_metric:read",
            },
            Action::CreateMetric | Action::ChangeMetric => match era {
                Era::Y2025 => "group:write",
                Era::Y2026 => "usage_metric:write",
            },
            Action::Projects | Action::Project => "project:read",
            Action::User => "user:read",
        })
    }
}

/// A routed path.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Route {
    /// The action of each method.
    methods: &'static [(Method, Action)],
    /// The project of the path, as text.
    pub(crate) project: Option<String>,
    /// The last variable part of the path: a group type index, a metric, a user.
    pub(crate) item: String,
}

impl Route {
    /// Returns the action of a method.
    pub(crate) fn action(&self, method: &Method) -> Option<Action> {
        let method = if *method == Method::HEAD { &Method::GET } else { method };
        self.methods.iter().find(|(m, _)| m == method).map(|&(_, action)| action)
    }

    /// Returns the action of a path that has only one.
    pub(crate) fn only_action(&self) -> Option<Action> {
        match self.methods {
            [(_, action)] => Some(*action),
            _ => None,
        }
    }

    /// Whether the view accepts sharing tokens. Such views return 403 for failed authentication.
    pub(crate) fn takes_sharing_tokens(&self) -> bool {
        use Action::{CreateDetailDashboard, DeleteGroupType, GroupTypes, SetDefaultColumns, UpdateMetadata};
        let own = [GroupTypes, UpdateMetadata, CreateDetailDashboard, SetDefaultColumns, DeleteGroupType];
        self.methods.iter().any(|(_, action)| own.contains(action))
    }

    /// The `Allow` header.
    pub(crate) fn allow(&self) -> String {
        let order = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
        let mut names: Vec<String> = order
            .iter()
            .filter(|m| self.methods.iter().any(|(own, _)| own == *m))
            .map(Method::to_string)
            .collect();
        if names.iter().any(|n| n == "GET") {
            names.push("HEAD".to_owned());
        }
        names.push("OPTIONS".to_owned());
        names.join(", ")
    }
}

/// Routes a path, with or without its trailing slash.
pub(crate) fn route(path: &str, settings: &State) -> Option<Route> {
    use Action as A;
    let path = path.strip_prefix("/api/")?;
    let path = path.strip_suffix('/').unwrap_or(path);
    let parts: Vec<String> = path.split('/').map(|part| percent_decoded(part).into_owned()).collect();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let found = |methods: &'static [(Method, Action)], project: &str, item: &str| {
        // A variable part has neither a slash nor a dot.
        let variable = |part: &str| !part.contains(['.', '/']);
        (variable(project) && variable(item)).then(|| Route {
            methods,
            project: (!project.is_empty()).then(|| project.to_owned()),
            item: item.to_owned(),
        })
    };
    if parts.iter().any(|part| part.is_empty()) {
        return None;
    }
    match parts.as_slice() {
        ["users", user] => found(&[(Method::GET, A::User)], "", user),
        ["projects" | "environments"] => found(&[(Method::GET, A::Projects)], "", ""),
        ["projects" | "environments", project] => found(&[(Method::GET, A::Project)], project, ""),
        ["projects" | "environments", project, rest @ ..] => match rest {
            ["groups"] => found(&[(Method::GET, A::List), (Method::POST, A::Create)], project, ""),
            ["groups", action] => {
                let methods: &'static [(Method, Action)] = match *action {
                    "find" => &[(Method::GET, A::Find)],
                    "activity" => &[(Method::GET, A::Activity)],
                    "related" => &[(Method::GET, A::Related)],
                    "property_values" => &[(Method::GET, A::PropertyValues)],
                    "update_property" => &[(Method::POST, A::UpdateProperty)],
                    "delete_property" => &[(Method::POST, A::DeleteProperty)],
                    // Removed on 2026-06-26.
                    "property_definitions" if settings.era == Era::Y2025 => {
                        &[(Method::GET, A::PropertyDefinitions)]
                    }
                    // Existed for two weeks in 2025.
                    "upsert_properties" if settings.era == Era::Y2025 && settings.upsert_properties => {
                        &[(Method::POST, A::UpsertProperties)]
                    }
                    _ => return None,
                };
                found(methods, project, "")
            }
            ["groups_types"] => found(&[(Method::GET, A::GroupTypes)], project, ""),
            ["groups_types", "update_metadata"] => found(&[(Method::PATCH, A::UpdateMetadata)], project, ""),
            ["groups_types", "create_detail_dashboard"] => {
                found(&[(Method::PUT, A::CreateDetailDashboard)], project, "")
            }
            ["groups_types", "set_default_columns"] => {
                found(&[(Method::PUT, A::SetDefaultColumns)], project, "")
            }
            ["groups_types", index] => found(&[(Method::DELETE, A::DeleteGroupType)], project, index),
            ["groups_types", index, "metrics"] => {
                found(&[(Method::GET, A::Metrics), (Method::POST, A::CreateMetric)], project, index)
            }
            ["groups_types", _, "metrics", metric] => {
                const METRIC: &[(Method, Action)] = &[
                    (Method::GET, A::Metric),
                    (Method::PUT, A::ChangeMetric),
                    (Method::PATCH, A::ChangeMetric),
                    (Method::DELETE, A::ChangeMetric),
                ];
                found(METRIC, project, metric)
            }
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn action(method: Method, path: &str, era: Era) -> Option<Option<Action>> {
        let settings = State { era, upsert_properties: true, ..State::default() };
        route(path, &settings).map(|r| r.action(&method))
    }

    #[test]
    fn paths_work_with_and_without_trailing_slash() {
        for era in Era::ALL {
            for path in
                ["/api/projects/1/groups", "/api/projects/1/groups/", "/api/environments/@current/groups/"]
            {
                assert_eq!(action(Method::GET, path, era), Some(Some(Action::List)), "{path}");
                assert_eq!(action(Method::POST, path, era), Some(Some(Action::Create)), "{path}");
                assert_eq!(action(Method::HEAD, path, era), Some(Some(Action::List)), "{path}");
                assert_eq!(action(Method::DELETE, path, era), Some(None), "{path}");
            }
        }
    }

    #[test]
    fn unknown_paths_are_not_routed() {
        for path in [
            "/api/projects/1/groups//",
            "/api/projects//groups/",
            "/api/projects/1/groups/org:5",
            "/api/projects/1.5/groups/",
            "/api/1/groups_types/",
            "/api/",
            "/projects/1/groups",
        ] {
            assert_eq!(action(Method::GET, path, Era::Y2026), None, "{path}");
        }
    }

    #[test]
    fn endpoints_depend_on_the_era() {
        for (path, y2025, y2026) in [
            ("/api/projects/1/groups/property_definitions/", Some(None), None),
            ("/api/projects/1/groups/upsert_properties/", Some(Some(Action::UpsertProperties)), None),
        ] {
            assert_eq!(action(Method::POST, path, Era::Y2025), y2025, "{path}");
            assert_eq!(action(Method::POST, path, Era::Y2026), y2026, "{path}");
        }
    }

    #[test]
    fn the_allow_header_is_in_the_frameworks_order() {
        let settings = State::default();
        for (path, wanted) in [
            ("/api/projects/1/groups/", "GET, POST, HEAD, OPTIONS"),
            ("/api/projects/1/groups/update_property/", "POST, OPTIONS"),
            ("/api/projects/1/groups_types/0/metrics/x/", "GET, PUT, PATCH, DELETE, HEAD, OPTIONS"),
        ] {
            assert_eq!(route(path, &settings).map(|r| r.allow()).as_deref(), Some(wanted));
        }
    }
}
