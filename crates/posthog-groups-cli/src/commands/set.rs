//! `set`: sets properties of an existing group. Only properties that differ are written.

use crate::arguments::Set;
use crate::assignment::assignments;
use crate::commands::set_where;
use crate::commands::upsert::merge;
use crate::connection::Context;
use crate::exit::Failure;

pub(crate) async fn run(context: &Context, arguments: &Set) -> Result<(), Failure> {
    if !arguments.conditions.is_empty() {
        return set_where::run(context, arguments).await;
    }
    let (key, pairs) = match arguments.words.split_first() {
        Some((key, pairs)) if !pairs.is_empty() => (key, pairs),
        _ => {
            return Err(Failure::usage("a key and at least one NAME=VALUE are required").help(
                "write `posthog-groups set KEY NAME=VALUE`, or select groups with --where NAME=VALUE",
            ));
        }
    };
    let wanted = assignments(pairs, arguments.string)?;
    merge(context, key, &wanted, false, arguments.dry_run).await
}
