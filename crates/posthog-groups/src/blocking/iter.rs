//! Iterators over pages and over their items.

use std::fmt;
use std::pin::Pin;

use futures_core::Stream;

use super::runtime::Runtime;
use crate::error::{Error, Result};

/// An iterator over pages. The next page is requested while the current one is processed. It ends after an error.
#[must_use = "iterators do nothing unless they are used"]
pub struct Pages<S> {
    runtime: Runtime,
    stream: Option<S>,
}

impl<S> fmt::Debug for Pages<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").field("ended", &self.stream.is_none()).finish_non_exhaustive()
    }
}

impl<S> Pages<S> {
    pub(crate) fn new(runtime: Runtime, stream: S) -> Self {
        Self { runtime, stream: Some(stream) }
    }
}

impl<S, T> Iterator for Pages<S>
where
    S: Stream<Item = Result<T>> + Unpin + Send + 'static,
    T: Send + 'static,
{
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        let mut stream = self.stream.take()?;
        let stepped = self.runtime.wait(async move {
            let page = std::future::poll_fn(|context| Pin::new(&mut stream).poll_next(context)).await;
            (page, stream)
        });
        match stepped {
            Ok((Some(page), stream)) => {
                self.stream = Some(stream);
                Some(page)
            }
            Ok((None, _)) => None,
            Err(error) => Some(Err(error)),
        }
    }
}

/// An iterator over the items on pages.
#[must_use = "iterators do nothing unless they are used"]
pub struct Items<S, P, T> {
    pages: Pages<S>,
    current: std::vec::IntoIter<Result<T>>,
    split: fn(P) -> Vec<Result<T>>,
}

impl<S, P, T> fmt::Debug for Items<S, P, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items").field("pages", &self.pages).field("remaining", &self.current.len()).finish()
    }
}

impl<S, P, T> Items<S, P, T> {
    pub(crate) fn new(pages: Pages<S>, split: fn(P) -> Vec<Result<T>>) -> Self {
        Self { pages, current: Vec::new().into_iter(), split }
    }
}

impl<S, P, T> Iterator for Items<S, P, T>
where
    S: Stream<Item = Result<P, Error>> + Unpin + Send + 'static,
    P: Send + 'static,
{
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        loop {
            // Waits for whole pages, so the thread is used once per hundred items.
            if let Some(item) = self.current.next() {
                return Some(item);
            }
            match self.pages.next()? {
                Ok(page) => self.current = (self.split)(page).into_iter(),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}
