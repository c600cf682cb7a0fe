//! `GET groups/activity/` (contract section 2.3).

use serde_json::json;

use crate::Era;
use crate::answer::Answer;
use crate::context::Context;
use crate::database::{Database, uuid_of};
use crate::endpoints::lookup;
use crate::errors::{self, Failure};
use crate::json::to_text;
use crate::request::Call;
use crate::state::{Activity, Actor};
use crate::timestamps::iso;

pub(crate) fn activity(database: &Database, context: &Context<'_>) -> Result<Answer, Failure> {
    let group = lookup::object(database, context)?;
    let query = &context.call.query;
    let limit = lookup::integer(query.get("limit").unwrap_or("10"))?;
    let page = lookup::integer(query.get("page").unwrap_or("1"))?;

    let entries = database.activity_of(group);
    let shown = slice(entries.len(), limit, page).ok_or_else(errors::server_error)?;
    let next = (shown.end < entries.len()).then(|| link(context.call, page + 1, limit));
    let previous = (page > 1).then(|| link(context.call, page - 1, limit));

    let results = entries.get(shown).unwrap_or_default().iter();
    let results: Vec<String> =
        results.map(|(place, entry)| object(database, *place, entry, group + 1)).collect();
    let body = format!(
        r#"{{"results":[{}],"next":{},"previous":{},"total_count":{}}}"#,
        results.join(","),
        to_text(&next),
        to_text(&previous),
        entries.len()
    );
    Ok(Answer::json(200, body))
}

/// The entries of a page. The server fails for a page that does not exist and for a limit below one.
fn slice(total: usize, limit: i128, page: i128) -> Option<std::ops::Range<usize>> {
    let limit = usize::try_from(limit).ok().filter(|limit| *limit > 0)?;
    let page = usize::try_from(page).ok()?;
    let start = page.checked_sub(1)?.checked_mul(limit)?;
    (start == 0 || start < total).then(|| start..total.min(start.saturating_add(limit)))
}

/// The URL of the request with `page` and `limit` set, replaced where they exist.
fn link(call: &Call, page: i128, limit: i128) -> String {
    let mut url = call.url();
    for (name, value) in [("page", page), ("limit", limit)] {
        url = with_number(&url, name, value);
    }
    url
}

fn with_number(url: &str, name: &str, value: i128) -> String {
    let found = [format!("?{name}="), format!("&{name}=")].iter().find_map(|mark| {
        let start = url.find(mark.as_str())? + mark.len();
        let digits = url.get(start..)?.bytes().take_while(u8::is_ascii_digit).count();
        (digits > 0).then_some((start, start + digits))
    });
    match found {
        Some((start, end)) => format!("{}{value}{}", &url[..start], &url[end..]),
        None => format!("{url}{}{name}={value}", if url.contains('?') { '&' } else { '?' }),
    }
}

fn object(database: &Database, place: usize, entry: &Activity, item: usize) -> String {
    let id = match database.era() {
        Era::Y2025 => String::new(),
        Era::Y2026 => format!(r#""id":"{}","#, uuid_of("activity", &place.to_string())),
    };
    let user = &database.state.user;
    let user = match entry.user {
        Actor::User => json!({
            "first_name": user.first_name.as_deref().unwrap_or("User"),
            "email": user.email.as_deref().unwrap_or("user@example.com"),
        }),
        Actor::System => json!({"first_name": "System", "email": null, "is_system": true}),
        Actor::Deleted => json!({"first_name": "", "email": ""}),
    };
    format!(
        concat!(
            r#"{{{id}"user":{user},"activity":{activity},"scope":"Group","item_id":"{item}","#,
            r#""detail":{{"changes":[{{"type":"Group","action":{action},"field":null,"before":{before},"#,
            r#""after":{after}}}],"trigger":null,"name":{name},"short_id":null,"type":null}},"#,
            r#""created_at":{created_at}}}"#
        ),
        id = id,
        user = user,
        activity = to_text(&entry.activity),
        item = item,
        action = to_text(&entry.action),
        before = entry.before.as_str(),
        after = entry.after.as_str(),
        name = to_text(&entry.name),
        created_at = to_text(&entry.created_at.as_ref().map(iso)),
    )
}
