//! The history of a group.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use posthog_groups_client::types::ActivityEntry;

use crate::data::input;
use crate::error::{Error, Result};
use crate::resources::cursor::{EmptyPages, parameter_of_link};
use crate::resources::handle::GroupHandle;
use crate::resources::walk::{Items, Pages, Walk};
use crate::wire::session::read;

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
    prefetch: bool,
}

impl ActivityQuery {
    pub(crate) fn new(handle: GroupHandle) -> Self {
        Self { handle, page_size: 100, prefetch: true }
    }

    /// Entries on a page; 100 by default, where the server's own default is 10. Zero counts as one.
    pub fn page_size(mut self, entries: u32) -> Self {
        self.page_size = entries.max(1);
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
        ActivityStream(Items::new(Pages::new(ActivityWalk::new(self), prefetch), |page| {
            page.entries.into_iter().map(Ok).collect()
        }))
    }

    /// The entries page by page. It ends after an error.
    pub fn pages(self) -> ActivityPages {
        let prefetch = self.prefetch;
        ActivityPages(Pages::new(ActivityWalk::new(self), prefetch))
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
    page: i64,
    /// The server's link to the page to come, when it is not the first.
    link: Option<String>,
    empty_pages: EmptyPages,
}

impl ActivityWalk {
    fn new(query: ActivityQuery) -> Self {
        Self { query, page: 1, link: None, empty_pages: EmptyPages::default() }
    }
}

impl Walk for ActivityWalk {
    type Page = ActivityPage;

    async fn step(mut self) -> Result<(ActivityPage, Option<Self>)> {
        if let Some(link) = self.link.take() {
            // Only now, so that the page before it has been delivered.
            self.page = page_after(self.page, &link)?;
            // The server's number of entries on a page is what its page numbers mean.
            let limit = parameter_of_link(&link, "limit").and_then(|limit| limit.parse().ok());
            self.query.page_size = limit.filter(|&limit| limit > 0).unwrap_or(self.query.page_size);
        }
        let handle = &self.query.handle;
        let key = input::check_group_key(&handle.key)?;
        let session = handle.groups.client().session();
        let index = handle.groups.index(&session).await?;
        let page = read!(session, "list_activity", |raw| raw
            .list_activity()
            .project_id(session.project())
            .group_type_index(index)
            .group_key(key)
            .limit(self.query.page_size)
            .page(self.page))?;
        let rest = match page.next {
            Some(link) => {
                self.empty_pages.count(page.results.is_empty())?;
                Some(Self { link: Some(link), ..self })
            }
            None => None,
        };
        Ok((ActivityPage { entries: page.results, total: page.total_count }, rest))
    }
}

/// The page that a link names, which has to be a later one.
fn page_after(current: i64, link: &str) -> Result<i64> {
    let text = parameter_of_link(link, "page").unwrap_or_default();
    match text.parse() {
        Ok(number) if number > current => Ok(number),
        _ => Err(Error::paging(format!(
            "page {current} of the history names page `{text}` as the next, so that it cannot be continued"
        ))),
    }
}
