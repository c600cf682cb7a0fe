//! `groups_types/{index}/metrics/`: usage metrics (contract section 3.1).
//!
//! Only access is modeled: no group type has metrics, and none can be created.

use crate::answer::Answer;
use crate::context::Context;
use crate::endpoints::paging;
use crate::errors::{self, Failure};

pub(crate) fn list(context: &Context<'_>) -> Answer {
    paging::page(context.call, Vec::new())
}

pub(crate) fn create() -> Answer {
    Answer::text(501, "the stand-in server does not store usage metrics\n")
}

/// A single metric, which does not exist.
pub(crate) fn find() -> Failure {
    errors::no_such_thing()
}
