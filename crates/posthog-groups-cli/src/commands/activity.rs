//! `activity`: shows the history of a group.

use posthog_groups::{ActivityEntry, ActivityUser};

use crate::arguments::Activity;
use crate::commands::time;
use crate::connection::Context;
use crate::exit::Failure;
use crate::json_text::compact;
use crate::output::Record;

impl Record for ActivityEntry {
    const COLUMNS: &'static [&'static str] =
        &["created_at", "user", "activity", "property", "before", "after"];
    const LOOSE: usize = 2;
    const JSON: usize = 2;

    fn cells(&self) -> Vec<String> {
        let change = self.detail.changes.as_ref().and_then(|changes| changes.first());
        vec![
            time(self.created_at),
            user(&self.user).to_owned(),
            self.activity.clone(),
            self.detail.name.clone().unwrap_or_default(),
            change.map_or_else(String::new, |change| compact(change.before.as_str())),
            change.map_or_else(String::new, |change| compact(change.after.as_str())),
        ]
    }
}

/// The email address of a user, or the name of a user without one. Empty for a deleted user.
pub(super) fn user(user: &ActivityUser) -> &str {
    user.email.as_deref().filter(|email| !email.is_empty()).unwrap_or(&user.first_name)
}

pub(crate) async fn run(context: &Context, arguments: &Activity) -> Result<(), Failure> {
    let mut query = context.group(&arguments.key).await?.activity();
    if let Some(limit) = arguments.limit {
        query = query.page_size(limit.min(100)).prefetch(false);
    }
    let mut entries = query.stream();
    let mut list = context.output.list();
    while arguments.limit.is_none_or(|limit| list.count() < u64::from(limit)) {
        match entries.next().await {
            Some(entry) => list.push(entry.map_err(|e| Failure::of_group(&arguments.key, e))?)?,
            None => break,
        }
    }
    if list.count() == 0 {
        context.note("no entries");
    }
    list.end()
}
