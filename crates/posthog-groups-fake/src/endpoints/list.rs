//! `GET groups/` (contract section 2.1).

use std::borrow::Cow;
use std::time::Instant;

use serde::Serialize;

use crate::Era;
use crate::answer::Answer;
use crate::context::Context;
use crate::cursor::{self, Framework, Keyset, Page};
use crate::database::Database;
use crate::endpoints::like::Search;
use crate::endpoints::render::GroupObject;
use crate::errors::{self, Failure};
use crate::json::to_text;
use crate::request::{self, form_encoded};
use crate::store::GroupRow;

const NO_INDEX: &str = "You must pass ?group_type_index= in this URL. \
    To get a list of valid group types, call /api/:project_id/groups_types/.";

pub(crate) fn list(database: &Database, context: &Context<'_>) -> Result<Answer, Failure> {
    let query = &context.call.query;
    let index =
        query.filled("group_type_index").ok_or_else(|| errors::invalid("group_type_index", NO_INDEX))?;
    let index = request::integer(index).ok_or_else(|| match database.era() {
        Era::Y2025 => errors::server_error(),
        Era::Y2026 => errors::invalid("group_type_index", "A valid integer is required."),
    })?;
    match database.era() {
        Era::Y2025 => framework_page(database, context, index),
        Era::Y2026 => keyset_page(database, context, index),
    }
}

/// 2026: pages forward only. An invalid cursor means the first page.
fn keyset_page(database: &Database, context: &Context<'_>, index: i128) -> Result<Answer, Failure> {
    let query = &context.call.query;
    let search = Search::new(query.filled("search"), query.filled("group_key"));
    let from = query.filled("cursor").and_then(Keyset::decode);
    let from = from.as_ref().map(|c| (c.micros, c.key.as_str()));
    let size = database.page_size();

    let mut rows: Vec<Cow<'_, GroupRow>> = match i32::try_from(index) {
        Ok(index) => {
            let below = database.groups.below(context.project, index, from);
            let (now, lag) = (Instant::now(), database.list_lag());
            let listed = below.filter_map(|row| row.listed(now, lag));
            listed.filter(|row| search.matches(row)).take(size.saturating_add(1)).collect()
        }
        Err(_) => Vec::new(),
    };
    let has_more = rows.len() > size;
    rows.truncate(size);

    let next = rows.last().filter(|_| has_more).map(|last| {
        let cursor =
            Keyset { micros: last.created_at.timestamp_micros(), key: last.key.to_string() }.encode();
        let index = index.to_string();
        let mut parameters = vec![("group_type_index", index.as_str()), ("cursor", &cursor)];
        for name in ["search", "group_key"] {
            parameters.extend(query.filled(name).map(|value| (name, value)));
        }
        format!("{}{}?{}", context.call.origin, context.call.path, form_encoded(&parameters))
    });
    Ok(answer(next, None, &rows))
}

/// 2025: the framework's cursor pagination in both directions. Links keep the query of the caller.
fn framework_page(database: &Database, context: &Context<'_>, index: i128) -> Result<Answer, Failure> {
    let query = &context.call.query;
    let search = Search::new(query.filled("search"), query.filled("group_key"));
    let start = match query.get("cursor") {
        Some(text) => Framework::decode(text).ok_or_else(|| errors::not_found("Invalid cursor"))?,
        None => Framework::default(),
    };
    let position = match &start.position {
        Some(position) => Some(cursor::micros_of(position).ok_or_else(errors::server_error)?),
        None => None,
    };
    let size = database.page_size();

    let groups = &database.groups;
    let project = context.project;
    let rows: Box<dyn Iterator<Item = &GroupRow>> = match (i32::try_from(index), start.reverse, position) {
        (Err(_), _, _) => Box::new(std::iter::empty()),
        (Ok(index), true, position) => Box::new(groups.newer(project, index, position)),
        (Ok(index), false, Some(position)) => Box::new(groups.older(project, index, position)),
        (Ok(index), false, None) => Box::new(groups.below(project, index, None)),
    };
    let matching = rows.filter(|row| search.matches(row)).skip(start.offset).take(size.saturating_add(1));
    let mut rows: Vec<Cow<'_, GroupRow>> = matching.map(Cow::Borrowed).collect();
    let following = rows.get(size).map(|row| cursor::position_of(&row.created_at));
    rows.truncate(size);
    if start.reverse {
        rows.reverse();
    }

    let positions = rows.iter().map(|row| cursor::position_of(&row.created_at)).collect();
    let (next, previous) = cursor::links(&start, &Page { positions, following, page_size: size });
    let link = |cursor: Option<Framework>| {
        cursor.map(|cursor| {
            let query = query.replaced("cursor", Some(&cursor.encode()));
            format!("{}{}?{query}", context.call.origin, context.call.path)
        })
    };
    Ok(answer(link(next), link(previous), &rows))
}

fn answer(next: Option<String>, previous: Option<String>, rows: &[Cow<'_, GroupRow>]) -> Answer {
    #[derive(Serialize)]
    struct Body<'a> {
        next: Option<String>,
        previous: Option<String>,
        results: Vec<GroupObject<'a>>,
    }

    let results = rows.iter().map(|row| GroupObject::from(row.as_ref())).collect();
    Answer::json(200, to_text(&Body { next, previous, results }))
}
