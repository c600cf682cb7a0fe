//! `groups_types/{index}/metrics/`: usage metrics (contract section 3.1).

use serde_json::{Value, json};

use crate::Era;
use crate::answer::Answer;
use crate::api::Context;
use crate::endpoints::fields::{self, Complaint, TextRules};
use crate::endpoints::paging;
use crate::errors::{self, Failure};
use crate::json::{Json, Kind};
use crate::request::{Data, python_int};
use crate::world::{Metric, World, uuid_of};

const NAME_RULES: TextRules = TextRules { longest: 255, blank: false };
const MATH_PROPERTY_RULES: TextRules = TextRules { longest: 255, blank: true };

/// How much of a metric an update must bring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Update {
    /// All required fields (`PUT`).
    Whole,
    /// Any (`PATCH`).
    Parts,
}

pub(crate) fn list(world: &World, context: &Context<'_>) -> Result<Answer, Failure> {
    let index = parent(context)?;
    let own = world.metrics.iter().filter(|m| m.project == context.project && m.index == index);
    Ok(paging::page(context.call, own.map(|metric| object(metric, world.era())).collect()))
}

pub(crate) fn retrieve(world: &World, context: &Context<'_>) -> Result<Answer, Failure> {
    let metric = world.metrics.get(place(world, context)?).ok_or_else(errors::no_such_thing)?;
    Ok(Answer::json(200, object(metric, world.era()).to_string()))
}

pub(crate) fn create(world: &mut World, context: &Context<'_>) -> Result<Answer, Failure> {
    let index = parent(context)?;
    let blank = Metric {
        id: String::new(),
        project: context.project,
        index,
        name: String::new(),
        format: "numeric".to_owned(),
        interval: 7,
        display: "number".to_owned(),
        filters: Json::null(),
        math: "count".to_owned(),
        math_property: None,
    };
    let mut metric = changed(blank, &context.data, Update::Whole, world.era())?;
    unique(world, &metric, None)?;
    metric.id = uuid_of("metric", &world.next_serial().to_string());
    let body = object(&metric, world.era()).to_string();
    world.metrics.push(metric);
    Ok(Answer::json(201, body))
}

pub(crate) fn update(world: &mut World, context: &Context<'_>, update: Update) -> Result<Answer, Failure> {
    let at = place(world, context)?;
    let known = world.metrics.get(at).cloned().ok_or_else(errors::no_such_thing)?;
    let metric = changed(known, &context.data, update, world.era())?;
    unique(world, &metric, Some(at))?;
    let body = object(&metric, world.era()).to_string();
    if let Some(known) = world.metrics.get_mut(at) {
        *known = metric;
    }
    Ok(Answer::json(200, body))
}

pub(crate) fn delete(world: &mut World, context: &Context<'_>) -> Result<Answer, Failure> {
    let at = place(world, context)?;
    world.metrics.remove(at);
    Ok(Answer::no_content())
}

/// The group type index in the path; text that is none finds nothing.
fn parent(context: &Context<'_>) -> Result<i32, Failure> {
    let index = python_int(&context.route.parent).and_then(|index| i32::try_from(index).ok());
    index.ok_or_else(errors::no_such_thing)
}

fn place(world: &World, context: &Context<'_>) -> Result<usize, Failure> {
    let index = parent(context)?;
    let id = &context.route.item;
    let found =
        world.metrics.iter().position(|m| m.project == context.project && m.index == index && m.id == *id);
    found.ok_or_else(errors::no_such_thing)
}

/// Only the database keeps names apart, and what it says nobody catches.
fn unique(world: &World, metric: &Metric, at: Option<usize>) -> Result<(), Failure> {
    let twin = world.metrics.iter().enumerate().any(|(n, m)| {
        Some(n) != at && m.project == metric.project && m.index == metric.index && m.name == metric.name
    });
    if twin { Err(errors::server_error()) } else { Ok(()) }
}

fn changed(mut metric: Metric, data: &Data, update: Update, era: Era) -> Result<Metric, Failure> {
    fields::object(data)?;
    let whole = update == Update::Whole;
    let field = |name: &str| data.get(name);
    let refuse = |name: &'static str| move |why: Complaint| fields::refuse(name, why);

    match field("name") {
        Some(value) => metric.name = fields::text(&value, NAME_RULES).map_err(refuse("name"))?,
        None if whole => return Err(fields::refuse("name", fields::required())),
        None => {}
    }
    if let Some(value) = field("format") {
        metric.format = fields::choice(&value, &["numeric", "currency"]).map_err(refuse("format"))?;
    }
    if let Some(value) = field("interval") {
        metric.interval = i64::from(fields::integer(Some(&value)).map_err(refuse("interval"))?);
    }
    if let Some(value) = field("display") {
        metric.display = fields::choice(&value, &["number", "sparkline"]).map_err(refuse("display"))?;
    }
    match field("filters") {
        Some(value) => {
            metric.filters = match (value.kind(), era) {
                (Kind::Null, _) => {
                    return Err(errors::validation("filters", "null", "This field may not be null."));
                }
                (Kind::Object, _) | (_, Era::Y2025) => value,
                (kind, Era::Y2026) => {
                    let name = kind.python(value.as_str());
                    let detail = format!("Expected a dictionary of items but got type \"{name}\".");
                    return Err(fields::refuse("filters", ("not_a_dict", detail)));
                }
            };
        }
        None if whole => return Err(fields::refuse("filters", fields::required())),
        None => {}
    }
    if era == Era::Y2026 {
        if let Some(value) = field("math") {
            metric.math = fields::choice(&value, &["count", "sum"]).map_err(refuse("math"))?;
        }
        match field("math_property") {
            Some(value) if value.kind() == Kind::Null => metric.math_property = None,
            Some(value) => {
                let text = fields::text(&value, MATH_PROPERTY_RULES).map_err(refuse("math_property"))?;
                metric.math_property = Some(text);
            }
            None => {}
        }
        check_math(&metric)?;
    }
    Ok(metric)
}

/// A sum needs something to sum, a count must not have it.
fn check_math(metric: &Metric) -> Result<(), Failure> {
    let filled = metric.math_property.as_deref().is_some_and(|p| !p.is_empty());
    match (metric.math.as_str(), filled) {
        ("sum", false) => {
            Err(errors::invalid("math_property", "math_property is required when math is 'sum'."))
        }
        ("count", true) => {
            Err(errors::invalid("math_property", "math_property must be empty when math is 'count'."))
        }
        _ => Ok(()),
    }
}

fn object(metric: &Metric, era: Era) -> Value {
    let mut object = json!({
        "id": metric.id,
        "name": metric.name,
        "format": metric.format,
        "interval": metric.interval,
        "display": metric.display,
        "filters": metric.filters.to_value(),
    });
    if let (Era::Y2026, Some(members)) = (era, object.as_object_mut()) {
        members.insert("math".to_owned(), metric.math.clone().into());
        members.insert("math_property".to_owned(), metric.math_property.clone().into());
    }
    object
}
