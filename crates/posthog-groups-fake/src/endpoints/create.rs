//! `POST groups/` (contract section 2.2).

use crate::Era;
use crate::answer::Answer;
use crate::context::Context;
use crate::database::Database;
use crate::endpoints::fields;
use crate::endpoints::render::GroupObject;
use crate::endpoints::side_effects::{self, Change};
use crate::errors::{self, Failure};
use crate::json::{Json, Properties, to_text};
use crate::limits::Limits;
use crate::request::Data;
use crate::store::GroupRow;

/// Stores the group before it checks the group type and the properties, so these errors leave a group behind.
pub(crate) fn create(database: &mut Database, context: &Context<'_>) -> Result<Answer, Failure> {
    if Limits::of(context.data.value().as_str()).double {
        return Err(errors::parse_error(
            "JSON parse error - Out of range float values are not JSON compliant: inf",
        ));
    }
    let (index, key, properties) = fields(&context.data)?;
    if Limits::of(properties.as_str()).is_unstorable() {
        return Err(errors::server_error());
    }
    let row = GroupRow::new(context.project, index, &key, properties, database.now());
    let group = database
        .insert_group(row.clone())
        .ok_or_else(|| errors::invalid("detail", "A group with this key already exists"))?;
    side_effects::identify(database, group, "group create", row.properties.as_str())?;
    if !row.properties.is_object() {
        return Err(errors::server_error());
    }
    for (name, value) in row.properties.iter() {
        if database.era() == Era::Y2026 {
            database.define_property(row.project, index, &name, &value);
        }
        let change = Change {
            activity: "create_group",
            name: &name,
            action: "created",
            before: Json::null(),
            after: value,
        };
        side_effects::log(database, group, change);
    }
    Ok(Answer::json(201, to_text(&GroupObject::from(&row))))
}

/// Checks the fields in order and returns the first error.
fn fields(data: &Data) -> Result<(i32, String, Properties), Failure> {
    fields::object(data)?;
    let index = fields::integer(data, "group_type_index")?;
    let key = fields::filled_text(data, "group_key")?;
    let properties = match (data.get("group_properties"), data.form) {
        // In a form, this field is JSON text.
        (Some(text), true) => {
            let parsed = text.text().and_then(|text| Json::parse(&text).ok());
            Some(parsed.ok_or_else(|| errors::invalid("group_properties", "Value must be valid JSON."))?)
        }
        (value, _) => value,
    };
    let properties =
        properties.filter(|value| !value.is_falsy()).map_or_else(Properties::new, Properties::from);
    Ok((index, key, properties))
}
