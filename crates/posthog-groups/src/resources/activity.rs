//! The history of a group.

use std::collections::HashSet;
use std::future::IntoFuture;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use posthog_groups_client::types::ActivityEntry;
use serde::{Deserialize, Serialize};

use crate::data::input;
use crate::error::{Error, Result};
use crate::resources::cursor::{Cursor, EmptyPages, parameter_of_link};
use crate::resources::handle::GroupHandle;
use crate::resources::walk::{Items, Pages, Walk};

/// A request for the history of a group, newest first; returned by [`GroupHandle::activity`].
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
#[must_use = "no request is sent until it is awaited or its stream is polled"]
pub struct ActivityQuery {
    handle: GroupHandle,
    page_size: u32,
    start: Option<Cursor>,
    prefetch: bool,
}

impl GroupHandle {
    /// Returns the history of the group, newest first. Requires the scope `activity_log:read`.
    pub fn activity(&self) -> ActivityQuery {
        ActivityQuery { handle: self.clone(), page_size: 100, start: None, prefetch: true }
    }
}

impl ActivityQuery {
    /// Sets the number of entries per page; 100 by default. Zero is treated as one.
    pub fn page_size(mut self, entries: u32) -> Self {
        self.page_size = entries.max(1);
        self
    }

    /// Starts at the cursor of an earlier page, [`ActivityPage::next`].
    pub fn start_from(mut self, cursor: Cursor) -> Self {
        self.start = Some(cursor);
        self
    }

    /// Sets whether the next page is requested while the current one is processed; on by default.
    pub fn prefetch(mut self, prefetch: bool) -> Self {
        self.prefetch = prefetch;
        self
    }

    /// Collects all entries. Awaiting the request does the same.
    ///
    /// # Errors
    /// The first error of the [stream](Self::stream).
    pub async fn collect(self) -> Result<Vec<ActivityEntry>> {
        self.stream().0.collect().await
    }

    /// Returns a stream of entries. It ends after an error.
    ///
    /// The error is [`Error::is_not_found`](crate::Error::is_not_found) if the group does not exist, and
    /// [`Error::is_missing_scope`](crate::Error::is_missing_scope) if the key lacks the scope `activity_log:read`.
    pub fn stream(self) -> ActivityStream {
        ActivityStream(Items::new(self.pages().0, |page| page.entries.into_iter().map(Ok).collect()))
    }

    /// Returns a stream of pages. It ends after an error.
    pub fn pages(self) -> ActivityPages {
        let prefetch = self.prefetch;
        ActivityPages(Pages::new(ActivityWalk::new(self), prefetch))
    }
}

impl IntoFuture for ActivityQuery {
    type Output = Result<Vec<ActivityEntry>>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    /// Same as [`collect`](Self::collect).
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.collect())
    }
}

/// One page of the history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ActivityPage {
    /// The entries, newest first.
    pub entries: Vec<ActivityEntry>,
    /// The number of entries on all pages.
    pub total: i64,
    /// The cursor of the next page; `None` on the last page. New entries move older ones to later pages. Entries that were on the previous
    /// page are omitted, except on servers from 2025, whose entries have no IDs.
    pub next: Option<Cursor>,
}

/// A stream of entries, returned by [`ActivityQuery::stream`].
#[must_use = "streams do nothing unless polled"]
#[derive(Debug)]
pub struct ActivityStream(Items<ActivityWalk, ActivityEntry>);

impl ActivityStream {
    /// Returns the next entry, or `None` at the end.
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

/// A stream of pages, returned by [`ActivityQuery::pages`].
#[must_use = "streams do nothing unless polled"]
#[derive(Debug)]
pub struct ActivityPages(Pages<ActivityWalk>);

impl ActivityPages {
    /// Returns the next page, or `None` at the end.
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
    /// The page to request; `None` for the first.
    cursor: Option<Cursor>,
    /// The IDs on the previous page.
    previous: HashSet<String>,
    empty_pages: EmptyPages,
}

impl ActivityWalk {
    fn new(query: ActivityQuery) -> Self {
        Self {
            page: 1,
            cursor: query.start.clone(),
            query,
            previous: HashSet::new(),
            empty_pages: EmptyPages::default(),
        }
    }
}

impl Walk for ActivityWalk {
    type Page = ActivityPage;

    async fn step(mut self) -> Result<(ActivityPage, Option<Self>)> {
        let session = self.query.handle.groups.client().session("activity");
        if let Some(cursor) = self.cursor.take() {
            // Checked here and not earlier, so that the caller has received the previous page.
            let (page, limit) = place_after(self.page, &cursor).map_err(|e| session.fail(e))?;
            self.page = page;
            // Page numbers depend on the page size that the server used.
            self.query.page_size = limit.unwrap_or(self.query.page_size);
        }
        let handle = &self.query.handle;
        let key = input::check_group_key(&handle.key)?;
        let index = handle.groups.index(&session).await?;
        let list = || {
            session
                .raw()
                .list_activity()
                .project_id(session.project())
                .group_type_index(index)
                .group_key(key)
                .limit(self.query.page_size)
                .page(self.page)
        };
        let mut page = session.read(list).await?;
        let next = page.next.as_deref().map(cursor_of);
        if next.is_some() {
            self.empty_pages.count(page.results.is_empty()).map_err(|e| session.fail(e))?;
        }
        let ids = page.results.iter().filter_map(|entry| entry.id.clone()).collect();
        let previous = std::mem::replace(&mut self.previous, ids);
        page.results.retain(|entry| entry.id.as_ref().is_none_or(|id| !previous.contains(id)));
        let rest = next.clone().map(|cursor| Self { cursor: Some(cursor), ..self });
        Ok((ActivityPage { entries: page.results, total: page.total_count, next }, rest))
    }
}

/// Parses a link: the number of the page, and the number of entries per page.
fn cursor_of(link: &str) -> Cursor {
    let parameter = |name| parameter_of_link(link, name).unwrap_or_default();
    Cursor::new(format!("{}/{}", parameter("page"), parameter("limit")))
}

/// Parses a cursor, whose page must be later than the current one.
fn place_after(current: i64, cursor: &Cursor) -> Result<(i64, Option<u32>)> {
    let (page, limit) = cursor.as_str().split_once('/').unwrap_or((cursor.as_str(), ""));
    match page.parse() {
        Ok(number) if number > current => Ok((number, limit.parse().ok().filter(|&limit| limit > 0))),
        _ => Err(Error::paging(format!(
            "page {current} of the history links to page `{page}` as the next one, so the history cannot be continued"
        ))),
    }
}
