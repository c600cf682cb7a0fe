//! `list`: groups, newest first, written while they come in.

use crate::arguments::List;
use crate::commands::GroupRow;
use crate::connection::Context;
use crate::exit::Failure;

pub(crate) async fn run(context: &Context, arguments: &List) -> Result<(), Failure> {
    let mut query = context.groups().await?.list();
    if let Some(text) = &arguments.search {
        query = query.search(text);
    }
    if let Some(text) = &arguments.key_contains {
        query = query.key_contains(text);
    }
    // A page ahead is wasted where the first one does.
    let mut groups = query.prefetch(arguments.limit.is_none_or(|limit| limit > 100)).stream();
    let mut list = context.output.list();
    while arguments.limit.is_none_or(|limit| list.count() < limit) {
        match groups.next().await {
            Some(group) => list.push(GroupRow(group?))?,
            None => break,
        }
    }
    if list.count() == 0 {
        context.note("no groups");
    }
    list.end()
}
