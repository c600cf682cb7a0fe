//! Moving groups between a project and files.
//!
//! | module | has |
//! | --- | --- |
//! | [`export`] | from a project to a file |
//! | [`source`] | the rows of an import, checked before and read as often as needed |
//! | [`outcomes`] | what became of the rows of an import: counted, the first failures kept, reported |
//! | [`progress`] | what is shown meanwhile |
//! | [`interrupt`] | Ctrl-C and SIGTERM |

pub(crate) mod export;
pub(crate) mod interrupt;
pub(crate) mod outcomes;
pub(crate) mod progress;
pub(crate) mod source;
