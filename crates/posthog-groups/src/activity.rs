//! The history of a group.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use posthog_groups_client::types::ActivityEntry;

use crate::client::read;
use crate::cursor::parameter_of_next;
use crate::error::{Error, Result};
use crate::handle::GroupHandle;
use crate::input;
use crate::walk::{Items, Pages, Walk};

/// The history of a group, newest first, that has yet to be fetched; [`GroupHandle::activity`] makes it.
///
/// ```no_run
/// # async fn example(orgs: posthog_groups::Groups) -> posthog_groups::Result<()> {
/// let mut history = orgs.group("org:5").activity().stream();
/// while let Some(entry) = history.next().await {
///     let entry = entry?;
///     println!("{} {} {:?}", entry.created_at, entry.activity, entry.detail.name);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until its stream is polled"]
pub struct ActivityQuery {
    handle: GroupHandle,
    page_size: u32,
    start_page: u32,
    prefetch: bool,
}

impl ActivityQuery {
    pub(crate) fn new(handle: GroupHandle) -> Self {
        Self { handle, page_size: 100, start_page: 1, prefetch: true }
    }

    /// Entries on a page; 100 by default, where the server's own default is 10. Zero counts as one.
    pub fn page_size(mut self, entries: u32) -> Self {
        self.page_size = entries.max(1);
        self
    }

    /// Starts at this page, as [`ActivityPage::next`] of an earlier one names it, with the same page size.
    pub fn start_page(mut self, page: u32) -> Self {
        self.start_page = page.max(1);
        self
    }

    /// Whether the next page is fetched while one is looked at; on by default.
    pub fn prefetch(mut self, prefetch: bool) -> Self {
        self.prefetch = prefetch;
        self
    }

    /// The entries one by one. It ends after an error.
    ///
    /// [`Error::is_not_found`](crate::Error::is_not_found) when there is no such group;
    /// [`Error::is_missing_scope`](crate::Error::is_missing_scope) without `activity_log:read`.
    pub fn stream(self) -> ActivityStream {
        let prefetch = self.prefetch;
        let walk = ActivityWalk { page: self.start_page, query: self };
        ActivityStream(Items::new(Pages::new(walk, prefetch), |page| {
            page.entries.into_iter().map(Ok).collect()
        }))
    }

    /// The entries page by page. It ends after an error.
    pub fn pages(self) -> ActivityPages {
        let prefetch = self.prefetch;
        ActivityPages(Pages::new(ActivityWalk { page: self.start_page, query: self }, prefetch))
    }
}

/// One page of the history.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ActivityPage {
    /// The entries, newest first.
    pub entries: Vec<ActivityEntry>,
    /// How many entries there are on all pages.
    pub total: i64,
    /// The number of the next page; `None` on the last one.
    pub next: Option<u32>,
}

/// Entries one by one; [`ActivityQuery::stream`] makes it.
#[must_use = "streams do nothing unless polled"]
#[derive(Debug)]
pub struct ActivityStream(Items<ActivityWalk, ActivityEntry>);

impl ActivityStream {
    /// The next entry; `None` at the end.
    pub async fn next(&mut self) -> Option<Result<ActivityEntry>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }
}

impl Stream for ActivityStream {
    type Item = Result<ActivityEntry>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.0).poll_next(context)
    }
}

/// Entries page by page; [`ActivityQuery::pages`] makes it.
#[must_use = "streams do nothing unless polled"]
#[derive(Debug)]
pub struct ActivityPages(Pages<ActivityWalk>);

impl ActivityPages {
    /// The next page; `None` at the end.
    pub async fn next(&mut self) -> Option<Result<ActivityPage>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }
}

impl Stream for ActivityPages {
    type Item = Result<ActivityPage>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.0).poll_next(context)
    }
}

struct ActivityWalk {
    query: ActivityQuery,
    page: u32,
}

impl Walk for ActivityWalk {
    type Page = ActivityPage;

    async fn step(self) -> Result<(ActivityPage, Option<Self>)> {
        let handle = &self.query.handle;
        let key = input::group_key(&handle.key)?;
        let client = handle.groups.client();
        let scope = client.scope();
        let index = handle.groups.index(&scope).await?;
        let page = read!(client, &scope, "list_activity", |raw| raw
            .list_activity()
            .project_id(client.project())
            .group_type_index(index)
            .group_key(key)
            .limit(self.query.page_size)
            .page(self.page))?;
        let next = match &page.next {
            Some(next) => Some(number_of_next(
                &parameter_of_next(&client.shared().wire.host, next, "page")?,
                self.page,
            )?),
            None => None,
        };
        let rest = next.map(|page| Self { page, query: self.query.clone() });
        Ok((ActivityPage { entries: page.results, total: page.total_count, next }, rest))
    }
}

fn number_of_next(text: &str, current: u32) -> Result<u32> {
    match text.parse() {
        Ok(number) if number > current => Ok(number),
        _ => Err(Error::paging(format!(
            "page {current} of the history names page `{text}` as the next: it would never end"
        ))),
    }
}
