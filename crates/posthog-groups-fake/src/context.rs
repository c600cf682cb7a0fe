//! The context of a request, for endpoints.

use crate::auth::Caller;
use crate::request::{Call, Data};
use crate::routes::Route;

/// A checked request.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    pub(crate) call: &'a Call,
    pub(crate) route: &'a Route,
    pub(crate) data: Data,
    pub(crate) caller: Caller,
    /// The project id, zero for paths without a project.
    pub(crate) project: i64,
}

/// The moment at which an endpoint fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Crash {
    /// Before it does anything.
    Before,
    /// After it is done.
    After,
}

/// Whether the effects of a request persist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Persistence {
    Keep,
    RollBack,
}
