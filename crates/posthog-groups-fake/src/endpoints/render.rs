//! Group objects as JSON text.

use crate::json::quoted;
use crate::store::GroupRow;
use crate::timestamps::iso;

/// The members of a group object, without the braces (contract section 1.6).
pub(crate) fn push_group_members(out: &mut String, row: &GroupRow) {
    out.push_str("\"group_type_index\":");
    out.push_str(&row.index.to_string());
    out.push_str(",\"group_key\":");
    out.push_str(&quoted(&row.key));
    out.push_str(",\"group_properties\":");
    out.push_str(row.properties.as_str());
    out.push_str(",\"created_at\":\"");
    out.push_str(&iso(&row.created_at));
    out.push('"');
}

/// A group object.
pub(crate) fn group_object(row: &GroupRow) -> String {
    let mut out = String::with_capacity(row.properties.as_str().len() + 128);
    out.push('{');
    push_group_members(&mut out, row);
    out.push('}');
    out
}

/// Formats a JSON string or null.
pub(crate) fn quoted_or_null(text: Option<&str>) -> String {
    text.map_or_else(|| "null".to_owned(), quoted)
}
