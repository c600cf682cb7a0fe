//! Pagination with prefetching of one page.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use tokio::task::JoinHandle;

use crate::error::Result;

/// A position in a paginated list.
pub(crate) trait Walk: Send + Sized + 'static {
    /// One page.
    type Page: Send + 'static;

    /// Requests a page. Returns it with the position after it, if there are more pages.
    fn step(self) -> impl Future<Output = Result<(Self::Page, Option<Self>)>> + Send;
}

/// A stream of pages. At most one page is requested ahead.
pub(crate) struct Pages<W: Walk> {
    state: State<W>,
    prefetch: bool,
}

enum State<W: Walk> {
    /// No request is in flight.
    Waiting(W),
    /// A page has been requested.
    Fetching(Fetch<W>),
    Ended,
}

impl<W: Walk> fmt::Debug for Pages<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = match self.state {
            State::Waiting(_) => "waiting",
            State::Fetching(_) => "fetching",
            State::Ended => "ended",
        };
        f.debug_struct("Pages").field("state", &state).finish_non_exhaustive()
    }
}

/// The result of a step.
type Stepped<W> = Result<(<W as Walk>::Page, Option<W>)>;

/// A task that is aborted when it is dropped, so that dropping a stream cancels its request.
struct Fetch<W: Walk>(JoinHandle<Stepped<W>>);

impl<W: Walk> Fetch<W> {
    fn start(walk: W) -> Self {
        let step = walk.step();
        #[cfg(feature = "tracing")]
        let step = tracing::Instrument::in_current_span(step);
        Self(tokio::spawn(step))
    }
}

impl<W: Walk> Drop for Fetch<W> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl<W: Walk> Pages<W> {
    pub(crate) fn new(walk: W, prefetch: bool) -> Self {
        Self { state: State::Waiting(walk), prefetch }
    }
}

// No field is pinned; the task has its own allocation.
impl<W: Walk> Unpin for Pages<W> {}

impl<W: Walk> Stream for Pages<W> {
    type Item = Result<W::Page>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            match std::mem::replace(&mut this.state, State::Ended) {
                State::Ended => return Poll::Ready(None),
                State::Waiting(walk) => this.state = State::Fetching(Fetch::start(walk)),
                State::Fetching(mut fetch) => {
                    let Poll::Ready(stepped) = Pin::new(&mut fetch.0).poll(context) else {
                        this.state = State::Fetching(fetch);
                        return Poll::Pending;
                    };
                    return Poll::Ready(match stepped {
                        Ok(Ok((page, rest))) => {
                            this.state = match rest {
                                Some(walk) if this.prefetch => State::Fetching(Fetch::start(walk)),
                                Some(walk) => State::Waiting(walk),
                                None => State::Ended,
                            };
                            Some(Ok(page))
                        }
                        Ok(Err(error)) => Some(Err(error)),
                        Err(ended) => match ended.try_into_panic() {
                            Ok(panic) => std::panic::resume_unwind(panic),
                            // The runtime is shutting down.
                            Err(_) => None,
                        },
                    });
                }
            }
        }
    }
}

/// A stream of the items on the pages.
pub(crate) struct Items<W: Walk, T> {
    pages: Pages<W>,
    current: std::vec::IntoIter<Result<T>>,
    split: fn(W::Page) -> Vec<Result<T>>,
}

impl<W: Walk, T> fmt::Debug for Items<W, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items").field("pages", &self.pages).field("remaining", &self.current.len()).finish()
    }
}

impl<W: Walk, T> Items<W, T> {
    pub(crate) fn new(pages: Pages<W>, split: fn(W::Page) -> Vec<Result<T>>) -> Self {
        Self { pages, current: Vec::new().into_iter(), split }
    }

    /// Collects all items, or returns the first error.
    pub(crate) async fn collect(mut self) -> Result<Vec<T>> {
        let mut items = Vec::new();
        while let Some(item) = std::future::poll_fn(|context| Pin::new(&mut self).poll_next(context)).await {
            items.push(item?);
        }
        Ok(items)
    }
}

impl<W: Walk, T> Unpin for Items<W, T> {}

impl<W: Walk, T> Stream for Items<W, T> {
    type Item = Result<T>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        loop {
            if let Some(item) = this.current.next() {
                return Poll::Ready(Some(item));
            }
            // A page can be empty although more pages follow.
            match ready!(Pin::new(&mut this.pages).poll_next(context)) {
                Some(Ok(page)) => this.current = (this.split)(page).into_iter(),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}
