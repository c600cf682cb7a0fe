//! The tool calls: arguments, and the call of the wrapper.

use posthog_groups::{Client, Cursor, GroupTypeRef, Groups, Upserted};
use rmcp::model::{JsonObject, Tool};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::commands::definitions::DefinitionRow;
use crate::mcp::answer::{self, DEFAULT_LIMIT, MAX_LIMIT, Place, text};
use crate::mcp::failure::ToolFailure;

pub(super) struct Calls {
    pub(super) client: Client,
    pub(super) default_type: Option<GroupTypeRef>,
}

/// The arguments of all tools. The schema of a tool determines which are allowed and required.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Arguments {
    group_type_index: Option<i64>,
    group_key: Option<String>,
    group_properties: Option<Map<String, Value>>,
    search: Option<String>,
    id: String,
    key: String,
    value: Value,
    create_if_missing: Option<bool>,
    limit: Option<usize>,
    cursor: Option<String>,
}

impl Calls {
    /// Runs a tool and returns its result as JSON.
    pub(super) async fn run(&self, tool: &Tool, given: JsonObject) -> Result<String, ToolFailure> {
        let arguments = Arguments::read(tool, given)?;
        let place = Place::parse(arguments.cursor.as_deref())?;
        let limit = arguments.limit.unwrap_or(DEFAULT_LIMIT);
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(ToolFailure::new(format!("`limit` is {limit}, but must be from 1 to {MAX_LIMIT}")));
        }
        let group = || Ok::<_, ToolFailure>(self.groups(&arguments)?.group(arguments.group_key()));
        let properties = || Value::Object(arguments.group_properties.clone().unwrap_or_default());
        match &*tool.name {
            "list_group_types" => {
                let types: Vec<String> = self.client.group_types().await?.iter().map(text).collect();
                Ok(answer::page(&types, &place, limit, None))
            }
            "list_groups" => self.list_groups(&arguments, &place, limit).await,
            "find_group" => {
                let found = group()?.get().await?;
                Ok(answer::group(&found, &place, &[]))
            }
            "list_activity" => self.list_activity(&arguments, &place, limit).await,
            "list_related" => {
                let related = match arguments.group_type_index {
                    Some(index) => self.client.groups(index).group(&arguments.id).related().await?,
                    None => self.client.related_to_person(&arguments.id).await?,
                };
                let persons = related.persons.iter().map(text);
                let groups = related.groups.iter().map(text);
                let others = related.others.iter().map(text);
                let actors: Vec<String> = persons.chain(groups).chain(others).collect();
                Ok(answer::page(&actors, &place, limit, None))
            }
            "list_property_values" => {
                let mut query = self.groups(&arguments)?.property_values(&arguments.key);
                match &arguments.value {
                    Value::Null => {}
                    Value::String(part) => query = query.containing(part),
                    _ => {
                        return Err(ToolFailure::new(
                            "the argument `value` has the wrong type: expected a string, a part of a value",
                        ));
                    }
                }
                let values = query.await?;
                Ok(answer::page(&values.iter().map(text).collect::<Vec<_>>(), &place, limit, None))
            }
            "list_property_definitions" => {
                let definitions = self.client.property_definitions().await?;
                let rows: Vec<String> = DefinitionRow::all(&definitions).map(|row| text(&row)).collect();
                Ok(answer::page(&rows, &place, limit, None))
            }
            "create_group" => {
                let groups = self.groups(&arguments)?;
                let created = groups.create(arguments.group_key()).properties(properties()).send().await?;
                Ok(answer::written(&created, &[]))
            }
            "update_property" => {
                let written = group()?.set(&arguments.key, &arguments.value).await?;
                Ok(answer::written(&written, &[]))
            }
            "delete_property" => {
                let written = group()?.unset(&arguments.key).await?;
                Ok(answer::written(&written, &[]))
            }
            "upsert_properties" => {
                let upsert = group()?.upsert(properties());
                let create = arguments.create_if_missing == Some(true);
                let done = if create { upsert.create_if_missing().await? } else { upsert.await? };
                let Upserted { group: Some(group), created, written, .. } = &done else {
                    return Ok(json!({"created": done.created, "written": done.written}).to_string());
                };
                Ok(answer::written(group, &[("created", text(created)), ("written", text(written))]))
            }
            other => Err(ToolFailure::new(format!(
                "the tool `{other}` is not implemented; please report this bug"
            ))),
        }
    }

    async fn list_groups(
        &self,
        arguments: &Arguments,
        place: &Place,
        limit: usize,
    ) -> Result<String, ToolFailure> {
        let mut list = self.groups(arguments)?.list();
        if let Some(search) = &arguments.search {
            list = list.search(search);
        }
        if let Some(part) = &arguments.group_key {
            list = list.key_contains(part);
        }
        if let Some(cursor) = &place.page {
            list = list.start_from(Cursor::new(cursor));
        }
        let page = list.page().await?;
        let next = page.next.as_ref().map(|next| next.as_str().to_owned());
        let groups = page.groups.into_iter().map(|group| match group {
            Ok(group) => answer::listed(&group),
            // A group that cannot be decoded does not affect the others.
            Err(error) => {
                let key = error.group_key().map(str::to_owned);
                json!({"group_key": key, "error": error.to_string()}).to_string()
            }
        });
        Ok(answer::page(&groups.collect::<Vec<_>>(), place, limit, next))
    }

    async fn list_activity(
        &self,
        arguments: &Arguments,
        place: &Place,
        limit: usize,
    ) -> Result<String, ToolFailure> {
        let mut query = self.groups(arguments)?.group(arguments.group_key()).activity().prefetch(false);
        if let Some(cursor) = &place.page {
            query = query.start_from(Cursor::new(cursor));
        }
        let Some(page) = query.pages().next().await else { return Ok(answer::page(&[], place, limit, None)) };
        let page = page?;
        let entries: Vec<String> = page.entries.iter().map(text).collect();
        Ok(answer::page(&entries, place, limit, page.next.map(|next| next.as_str().to_owned())))
    }

    fn groups(&self, arguments: &Arguments) -> Result<Groups, ToolFailure> {
        let group_type =
            arguments.group_type_index.map(GroupTypeRef::from).or_else(|| self.default_type.clone());
        match group_type {
            Some(group_type) => Ok(self.client.groups(group_type)),
            None => Err(ToolFailure::new("`group_type_index` is missing")
                .help("`list_group_types` returns the indexes")),
        }
    }
}

impl Arguments {
    /// Reads the arguments, which must conform to the schema of the tool.
    fn read(tool: &Tool, given: JsonObject) -> Result<Self, ToolFailure> {
        let schema = &tool.input_schema;
        let known = schema.get("properties").and_then(Value::as_object);
        let names =
            || known.into_iter().flat_map(Map::keys).map(String::as_str).collect::<Vec<_>>().join(", ");
        if let Some(unknown) = given.keys().find(|name| !known.is_some_and(|known| known.contains_key(*name)))
        {
            return Err(ToolFailure::new(format!("`{}` has no argument `{unknown}`", tool.name))
                .help(format!("the arguments are {}", names())));
        }
        let required = schema.get("required").and_then(Value::as_array).into_iter().flatten();
        if let Some(missing) = required.filter_map(Value::as_str).find(|name| !given.contains_key(*name)) {
            return Err(ToolFailure::new(format!("the argument `{missing}` of `{}` is missing", tool.name))
                .help(format!("the arguments are {}", names())));
        }
        serde_path_to_error::deserialize(Value::Object(given)).map_err(|e| {
            ToolFailure::new(format!("the argument `{}` has the wrong type: {}", e.path(), e.inner()))
        })
    }

    fn group_key(&self) -> &str {
        self.group_key.as_deref().unwrap_or_default()
    }
}
