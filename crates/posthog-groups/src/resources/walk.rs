//! Walks through the pages of a list, one page ahead.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use tokio::task::JoinHandle;

use crate::error::Result;

/// A list whose pages come one after the other.
pub(crate) trait Walk: Send + Sized + 'static {
    /// One page.
    type Page: Send + 'static;

    /// Fetches a page; with it comes the rest of the walk, if there is more.
    fn step(self) -> impl Future<Output = Result<(Self::Page, Option<Self>)>> + Send;
}

/// The pages of a walk. While one is looked at, the next is on its way; more are not.
pub(crate) struct Pages<W: Walk> {
    state: State<W>,
    prefetch: bool,
}

enum State<W: Walk> {
    /// Nothing has been asked for yet.
    Waiting(W),
    /// A page is on its way.
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

/// What a step of a walk gives.
type Stepped<W> = Result<(<W as Walk>::Page, Option<W>)>;

/// A task that ends when nobody waits for it any more: nothing is sent for a stream that has been dropped.
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

// Nothing in it is pinned: the task has its own place.
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
                            // The runtime is shutting down: nobody will miss the rest.
                            Err(_) => None,
                        },
                    });
                }
            }
        }
    }
}

/// The items of pages, one by one.
pub(crate) struct Items<W: Walk, T> {
    pages: Pages<W>,
    current: std::vec::IntoIter<Result<T>>,
    split: fn(W::Page) -> Vec<Result<T>>,
}

impl<W: Walk, T> fmt::Debug for Items<W, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items").field("pages", &self.pages).field("at_hand", &self.current.len()).finish()
    }
}

impl<W: Walk, T> Items<W, T> {
    pub(crate) fn new(pages: Pages<W>, split: fn(W::Page) -> Vec<Result<T>>) -> Self {
        Self { pages, current: Vec::new().into_iter(), split }
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
            // A page may be empty although more follow.
            match ready!(Pin::new(&mut this.pages).poll_next(context)) {
                Some(Ok(page)) => this.current = (this.split)(page).into_iter(),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => return Poll::Ready(None),
            }
        }
    }
}
