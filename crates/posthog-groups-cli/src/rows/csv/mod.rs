//! Groups as CSV: a column `group_key`, and one column per property.
//!
//! | cell | value |
//! | --- | --- |
//! | nothing | the group does not have the property |
//! | JSON, such as `42`, `true`, `null`, `["a"]`, `"42"` | that value |
//! | anything else, such as `Acme`, `007`, ` x` | that text |
//!
//! Text that would parse as JSON is written as a JSON string, in double quotes: `"42"`; empty text is `""`. So is text that a spreadsheet
//! may evaluate (its first visible character is `=`, `+`, `-`, `@` or the full-width form of one, or it begins with a tab or a carriage
//! return): `"=1+2"`. All CSV output follows this rule. Keys and property names are always text, and `"42"` is the same as `42` there.
//! Values read back exactly; the order of the properties is not kept.

pub(crate) mod cell;
mod header;
pub(crate) mod reader;
mod record;
pub(crate) mod writer;
