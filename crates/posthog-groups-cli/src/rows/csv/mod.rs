//! Groups as CSV: a column `group_key`, and one column for each property.
//!
//! | cell | stands for |
//! | --- | --- |
//! | nothing | the group does not have the property |
//! | JSON, such as `42`, `true`, `null`, `["a"]`, `"42"` | that value |
//! | anything else, such as `Acme`, `007`, ` x` | that text |
//!
//! So text that is JSON by chance is written as JSON text, in double quotes: `"42"`; empty text is `""`. So is text
//! that a spreadsheet may compute (its first visible character is `=`, `+`, `-`, `@` or the full-width form of one, or it begins with
//! a tab or a carriage return): `"=1+2"`. The CSV of `list`, `plan` and all other commands follows the same rule. Keys and the names of properties are text always, and `"42"` there is
//! the same as `42`. Reading undoes writing exactly; only the order of the properties is not kept.

pub(crate) mod cell;
mod header;
pub(crate) mod reader;
mod record;
pub(crate) mod writer;
