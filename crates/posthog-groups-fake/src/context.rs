//! A request on its way to an endpoint.

use crate::auth::Caller;
use crate::request::{Call, Data};
use crate::routes::Route;

/// What an endpoint gets to work with.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    pub(crate) call: &'a Call,
    pub(crate) route: &'a Route,
    pub(crate) data: Data,
    pub(crate) caller: Caller,
    /// The project; zero on paths without one.
    pub(crate) project: i64,
}

/// When the endpoint fails inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Crash {
    /// Before it did anything.
    Before,
    /// When all was done.
    After,
}

/// Whether what a request did stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Persistence {
    Keep,
    RollBack,
}
