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

/// Whether the effects of a request persist. A fault of the phase `before` that sends a part of the response needs one whose effects
/// do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Persistence {
    Keep,
    Discard,
}
