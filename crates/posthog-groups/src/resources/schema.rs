//! Compares a struct with the properties of groups on the server.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::pin::pin;

use futures_core::Stream;
use schemars::JsonSchema;
use serde_json::Value;

use crate::data::group::Group;
use crate::error::{Error, Result};
use crate::resources::groups::Groups;

/// The maximum number of groups in the sample.
const SAMPLE: usize = 1_000;

/// The result of [`Groups::check_schema`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SchemaReport {
    /// The number of groups in the sample: the newest, at most 1,000.
    pub groups_seen: usize,
    /// Whether the sample has all groups of the type.
    pub is_complete: bool,
    /// Properties of the struct that groups lack: required properties that some groups lack, and optional ones that no group has.
    pub missing: Vec<MissingProperty>,
    /// Properties of groups that the struct does not have. Empty if the struct accepts additional properties (`#[serde(flatten)]` with
    /// a map).
    pub unknown: Vec<UnknownProperty>,
    /// Properties with values of a type that the struct does not accept.
    pub different: Vec<DifferentProperty>,
}

/// A property of the struct that groups lack.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MissingProperty {
    /// The name in JSON.
    pub name: String,
    /// Whether the struct requires it, so that groups without it cannot be decoded.
    pub required: bool,
    /// The number of groups in the sample that lack it.
    pub groups_without: usize,
}

/// A property of groups that the struct does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownProperty {
    /// The name in JSON.
    pub name: String,
    /// The number of groups that have it: in the sample, or on the server if no group in the sample has it.
    pub groups_with: usize,
    /// The types of its values; empty if no group in the sample has it.
    pub found: Vec<ValueKind>,
}

/// A property with values of a type that the struct does not accept.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DifferentProperty {
    /// The name in JSON.
    pub name: String,
    /// The types that the struct accepts.
    pub expected: Vec<ValueKind>,
    /// The types that were found and are not accepted.
    pub found: Vec<ValueKind>,
    /// A group in the sample with such a value, if there is one.
    pub group_key: Option<String>,
}

/// The types of JSON values, as in JSON Schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ValueKind {
    /// `null`.
    Null,
    /// `true` or `false`.
    Boolean,
    /// A number without a fraction.
    Integer,
    /// Any other number.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

/// All types with their names.
const KINDS: [(ValueKind, &str); 7] = [
    (ValueKind::Null, "null"),
    (ValueKind::Boolean, "boolean"),
    (ValueKind::Integer, "integer"),
    (ValueKind::Number, "number"),
    (ValueKind::String, "string"),
    (ValueKind::Array, "array"),
    (ValueKind::Object, "object"),
];

impl fmt::Display for ValueKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = KINDS.iter().find(|(kind, _)| kind == self).map_or("", |(_, name)| name);
        f.write_str(name)
    }
}

impl SchemaReport {
    /// Returns true if no difference was found.
    pub fn is_match(&self) -> bool {
        self.missing.is_empty() && self.unknown.is_empty() && self.different.is_empty()
    }
}

impl fmt::Display for SchemaReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list =
            |kinds: &[ValueKind]| kinds.iter().map(ValueKind::to_string).collect::<Vec<_>>().join(" or ");
        writeln!(
            f,
            "{} groups compared{}: {} properties missing, {} unknown, {} of another type",
            self.groups_seen,
            if self.is_complete { " (all)" } else { "" },
            self.missing.len(),
            self.unknown.len(),
            self.different.len()
        )?;
        for row in &self.missing {
            let required = if row.required { "required" } else { "optional" };
            writeln!(f, "missing    {} ({required}), {} groups lack it", row.name, row.groups_without)?;
        }
        for row in &self.unknown {
            writeln!(
                f,
                "unknown    {} ({}), {} groups have it",
                row.name,
                list(&row.found),
                row.groups_with
            )?;
        }
        for row in &self.different {
            write!(f, "different  {} is {}, expected {}", row.name, list(&row.found), list(&row.expected))?;
            match &row.group_key {
                Some(key) => writeln!(f, ", in group {key}")?,
                None => writeln!(f)?,
            }
        }
        Ok(())
    }
}

impl Groups {
    /// Compares the JSON Schema of a struct with the properties of groups on the server.
    ///
    /// The sample is the newest 1,000 groups. If there are more groups, the values of properties that no group in the sample has are
    /// requested, and, on servers that have property definitions, the names of all properties.
    ///
    /// ```no_run
    /// # async fn example(orgs: posthog_groups::Groups) -> posthog_groups::Result<()> {
    /// #[derive(schemars::JsonSchema, serde::Deserialize)]
    /// struct Account { plan: String, seats: Option<u32> }
    ///
    /// let report = orgs.check_schema::<Account>().await?;
    /// assert!(report.is_match(), "{report}");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`Error::is_invalid_input`] if the schema of `P` is not an object with properties.
    pub async fn check_schema<P: JsonSchema>(&self) -> Result<SchemaReport> {
        let declared = Declared::of::<P>()?;
        let (seen, is_complete) = self.sample().await?;
        let mut report = declared.compare(&seen, is_complete);
        if !is_complete {
            self.compare_beyond_the_sample(&declared, &seen, &mut report).await?;
        }
        Ok(report)
    }

    async fn sample(&self) -> Result<(Seen, bool)> {
        let mut seen = Seen::default();
        let mut groups = pin!(self.list().stream());
        while let Some(group) = std::future::poll_fn(|context| groups.as_mut().poll_next(context)).await {
            if seen.groups == SAMPLE {
                return Ok((seen, false));
            }
            seen.add(&group?)?;
        }
        Ok((seen, true))
    }

    async fn compare_beyond_the_sample(
        &self,
        declared: &Declared,
        seen: &Seen,
        report: &mut SchemaReport,
    ) -> Result<()> {
        for (name, property) in &declared.properties {
            if seen.properties.contains_key(name) {
                continue;
            }
            let values = self.property_values(name).await?;
            if values.is_empty() {
                continue;
            }
            if !property.required {
                report.missing.retain(|row| row.name != *name);
            }
            // Values are returned as text, so `5` can be a number or a string.
            let taken = |text: &str| {
                property.kinds.contains(&ValueKind::String) || property.takes(kind_of_text(text))
            };
            let found: BTreeSet<_> =
                values.iter().filter(|v| !taken(&v.value)).map(|v| kind_of_text(&v.value)).collect();
            if !found.is_empty() {
                report.different.push(property.differs(name, found.into_iter().collect(), None));
            }
        }
        let definitions = match self.client().property_definitions().await {
            Ok(definitions) => definitions,
            Err(error) if error.is_not_offered() => return Ok(()),
            Err(error) => return Err(error),
        };
        for row in definitions.of(self.type_index().await?) {
            let known =
                declared.properties.contains_key(&row.name) || seen.properties.contains_key(&row.name);
            if !known && !declared.takes_others {
                let groups_with = usize::try_from(row.count).unwrap_or_default();
                report.unknown.push(UnknownProperty {
                    name: row.name.clone(),
                    groups_with,
                    found: Vec::new(),
                });
            }
        }
        Ok(())
    }
}

fn kind_of_text(text: &str) -> ValueKind {
    serde_json::from_str(text).map_or(ValueKind::String, |value| kind_of(&value))
}

fn kind_of(value: &Value) -> ValueKind {
    match value {
        Value::Null => ValueKind::Null,
        Value::Bool(_) => ValueKind::Boolean,
        Value::Number(number) if number.is_f64() => ValueKind::Number,
        Value::Number(_) => ValueKind::Integer,
        Value::String(_) => ValueKind::String,
        Value::Array(_) => ValueKind::Array,
        Value::Object(_) => ValueKind::Object,
    }
}

/// The properties of the groups in the sample.
#[derive(Debug, Default)]
struct Seen {
    groups: usize,
    properties: BTreeMap<String, BTreeMap<ValueKind, Occurrence>>,
}

/// The values of one type of one property.
#[derive(Debug)]
struct Occurrence {
    times: usize,
    first_group: String,
}

impl Seen {
    fn add(&mut self, group: &Group) -> Result<()> {
        self.groups += 1;
        let members: BTreeMap<String, Value> = crate::data::group::decode(&group.key, &group.properties)?;
        for (name, value) in members {
            self.properties
                .entry(name)
                .or_default()
                .entry(kind_of(&value))
                .and_modify(|occurrence| occurrence.times += 1)
                .or_insert_with(|| Occurrence { times: 1, first_group: group.key.to_string() });
        }
        Ok(())
    }
}

/// The properties that a struct declares.
#[derive(Debug)]
struct Declared {
    properties: BTreeMap<String, Property>,
    takes_others: bool,
}

#[derive(Debug)]
struct Property {
    required: bool,
    kinds: BTreeSet<ValueKind>,
}

/// The maximum depth of references. Deeper ones may be recursive, and accept any type.
const DEEPEST: u32 = 16;

impl Declared {
    fn of<P: JsonSchema>() -> Result<Self> {
        let schema = schemars::schema_for!(P).to_value();
        let Some(members) = schema.get("properties").and_then(Value::as_object) else {
            return Err(Error::input(format!(
                "the schema of `{}` is not an object with properties",
                P::schema_name()
            ))
            .with_help("use a struct with named fields"));
        };
        let required: BTreeSet<&str> = schema
            .get("required")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let properties = members.iter().map(|(name, property)| {
            let kinds = kinds(&schema, property, 0);
            (name.clone(), Property { required: required.contains(name.as_str()), kinds })
        });
        let takes_others =
            schema.get("additionalProperties").is_some_and(|others| *others != Value::Bool(false));
        Ok(Self { properties: properties.collect(), takes_others })
    }

    fn compare(&self, seen: &Seen, is_complete: bool) -> SchemaReport {
        let mut report = SchemaReport { groups_seen: seen.groups, is_complete, ..SchemaReport::default() };
        for (name, property) in &self.properties {
            let found = seen.properties.get(name);
            let with: usize = found.into_iter().flat_map(BTreeMap::values).map(|o| o.times).sum();
            let groups_without = seen.groups - with;
            if groups_without > 0 && (property.required || with == 0) {
                let required = property.required;
                report.missing.push(MissingProperty { name: name.clone(), required, groups_without });
            }
            let others: Vec<_> =
                found.into_iter().flatten().filter(|(kind, _)| !property.takes(**kind)).collect();
            if let Some((_, first)) = others.first() {
                let group_key = Some(first.first_group.clone());
                let kinds = others.iter().map(|(kind, _)| **kind).collect();
                report.different.push(property.differs(name, kinds, group_key));
            }
        }
        if !self.takes_others {
            let unknown = seen.properties.iter().filter(|(name, _)| !self.properties.contains_key(*name));
            report.unknown.extend(unknown.map(|(name, found)| UnknownProperty {
                name: name.clone(),
                groups_with: found.values().map(|o| o.times).sum(),
                found: found.keys().copied().collect(),
            }));
        }
        report
    }
}

impl Property {
    fn takes(&self, kind: ValueKind) -> bool {
        self.kinds.contains(&kind) || kind == ValueKind::Integer && self.kinds.contains(&ValueKind::Number)
    }

    fn differs(&self, name: &str, found: Vec<ValueKind>, group_key: Option<String>) -> DifferentProperty {
        let expected = self.kinds.iter().copied().collect();
        DifferentProperty { name: name.to_owned(), expected, found, group_key }
    }
}

/// The types that a schema accepts.
fn kinds(root: &Value, schema: &Value, depth: u32) -> BTreeSet<ValueKind> {
    let every = || KINDS.iter().map(|(kind, _)| *kind).collect();
    if depth > DEEPEST {
        return every();
    }
    if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
        let target = target.strip_prefix('#').and_then(|pointer| root.pointer(pointer));
        return target.map_or_else(every, |target| kinds(root, target, depth + 1));
    }
    for union in ["anyOf", "oneOf"] {
        if let Some(members) = schema.get(union).and_then(Value::as_array) {
            return members.iter().flat_map(|member| kinds(root, member, depth + 1)).collect();
        }
    }
    if let Some(members) = schema.get("allOf").and_then(Value::as_array) {
        let taken = members.iter().map(|member| kinds(root, member, depth + 1));
        return taken.reduce(|a, b| a.intersection(&b).copied().collect()).unwrap_or_else(every);
    }
    if let Some(value) = schema.get("const") {
        return BTreeSet::from([kind_of(value)]);
    }
    match schema.get("type") {
        Some(Value::String(name)) => kind_named(name).into_iter().collect(),
        Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).filter_map(kind_named).collect(),
        _ => match schema.get("enum").and_then(Value::as_array) {
            Some(values) => values.iter().map(kind_of).collect(),
            None => every(),
        },
    }
}

fn kind_named(name: &str) -> Option<ValueKind> {
    KINDS.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind)
}
