//! `GET /api/users/@me/` (contract section 3.3).

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::context::Context;
use crate::database::{Database, uuid_of};
use crate::endpoints::projects;
use crate::errors::{self, Failure};
use crate::state::Role;

pub(crate) fn retrieve(database: &Database, context: &Context<'_>) -> Result<Answer, Failure> {
    let user = &database.state.user;
    let email = user.email.as_deref().unwrap_or("user@example.com");
    let uuid = uuid_of("user", email);
    if context.route.item != "@me" && context.route.item != uuid {
        return Err(errors::no_such_thing());
    }
    let main = database.project(database.main_project()).map(|p| p.organization.clone());
    let names: Vec<String> = user.organizations.clone().unwrap_or_else(|| main.into_iter().collect());
    let level = match user.role {
        Role::Admin => 8,
        Role::Member => 1,
    };
    let organization = |name: &str| {
        json!({
            "id": uuid_of("organization", name),
            "name": name,
            "slug": name,
            "logo_media_id": null,
            "membership_level": level,
            "members_can_use_personal_api_keys": true,
        })
    };
    let team = database.current_project();
    let current = team.map(|p| &p.organization).filter(|name| names.contains(name)).or(names.first());
    let body = json!({
        "date_joined": "2020-01-01T00:00:00Z",
        "uuid": uuid,
        "distinct_id": uuid_of("distinct id", email),
        "first_name": user.first_name.as_deref().unwrap_or("User"),
        "last_name": "",
        "email": email,
        "pending_email": null,
        "is_email_verified": true,
        "notification_settings": {},
        "anonymize_data": false,
        "toolbar_mode": "toolbar",
        "has_password": true,
        "id": 1,
        "is_staff": false,
        "is_impersonated": null,
        "is_impersonated_until": null,
        "sensitive_session_expires_at": null,
        "team": team.map(projects::object).map(|mut team| {
            if let (Some(members), Some(id)) = (team.as_object_mut(), database.current_project().map(|p| p.id)) {
                members.insert("project_id".to_owned(), id.into());
            }
            team
        }),
        "organization": current.map(|name| organization(name)),
        "organizations": names.iter().map(|name| organization(name)).collect::<Vec<Value>>(),
        "events_column_config": {"active": "DEFAULT"},
        "is_2fa_enabled": false,
        "has_social_auth": false,
        "has_sso_enforcement": false,
        "has_seen_product_intro_for": {},
        "scene_personalisation": [],
        "theme_mode": null,
        "hedgehog_config": null,
        "role_at_organization": null,
    });
    Ok(Answer::json(200, body.to_string()))
}
