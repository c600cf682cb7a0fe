//! Group objects.

use serde::Serialize;

use crate::json::Properties;
use crate::store::GroupRow;
use crate::timestamps::iso;

/// A group object (contract section 1.6).
#[derive(Debug, Serialize)]
pub(crate) struct GroupObject<'a> {
    group_type_index: i32,
    group_key: &'a str,
    group_properties: &'a Properties,
    created_at: String,
}

impl<'a> From<&'a GroupRow> for GroupObject<'a> {
    fn from(row: &'a GroupRow) -> Self {
        Self {
            group_type_index: row.index,
            group_key: &row.key,
            group_properties: &row.properties,
            created_at: iso(&row.created_at),
        }
    }
}
