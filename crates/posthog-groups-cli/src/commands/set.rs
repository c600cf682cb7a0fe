//! `set`: sets properties of an existing group. Only properties that differ are written.

use crate::arguments::Set;
use crate::assignment::assignments;
use crate::commands::upsert::merge;
use crate::connection::Context;
use crate::exit::Failure;

pub(crate) async fn run(context: &Context, arguments: &Set) -> Result<(), Failure> {
    let wanted = assignments(&arguments.pairs, arguments.string)?;
    merge(context, &arguments.key, &wanted, false, arguments.dry_run).await
}
