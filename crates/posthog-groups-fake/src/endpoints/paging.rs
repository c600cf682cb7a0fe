//! Paging by `limit` and `offset`.

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::request::{Call, Query};

const DEFAULT_LIMIT: usize = 100;

/// Returns one page of `items`.
pub(crate) fn page(call: &Call, items: Vec<Value>) -> Answer {
    let number = |name: &str| call.query.get(name).and_then(|text| text.trim().parse::<usize>().ok());
    let limit = number("limit").filter(|limit| *limit > 0).unwrap_or(DEFAULT_LIMIT);
    let offset = number("offset").unwrap_or(0);
    let count = items.len();
    let next = offset.checked_add(limit).filter(|end| *end < count).map(|end| link(call, limit, Some(end)));
    let previous =
        (offset > 0).then(|| link(call, limit, offset.checked_sub(limit).filter(|start| *start > 0)));
    let results: Vec<Value> = items.into_iter().skip(offset).take(limit).collect();
    Answer::json(
        200,
        json!({"count": count, "next": next, "previous": previous, "results": results}).to_string(),
    )
}

fn link(call: &Call, limit: usize, offset: Option<usize>) -> String {
    let query = call.query.replaced("limit", Some(&limit.to_string()));
    let query = Query::parse(&query).replaced("offset", offset.map(|n| n.to_string()).as_deref());
    format!("{}{}?{query}", call.origin, call.path)
}
