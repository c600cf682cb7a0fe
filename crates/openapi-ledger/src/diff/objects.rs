//! The contents of objects and lists: properties, additional properties, items.

use crate::value::Value;

use super::Who::{Caller, GeneratedCode, Reader};
use super::facets::texts;
use super::schemas::{Variance, View, judge, retyped, view};
use super::{At, Comparison, Direction, Node, Pair, Verdict, kinds};

impl<'a> Comparison<'a> {
    pub(super) fn properties(&mut self, schema: &Pair<'a>) {
        let (properties, required) = (schema.key("properties"), schema.key("required"));
        let required = (texts(&required.old), texts(&required.new));
        for name in properties.names() {
            let is_required = (required.0.contains(name), required.1.contains(name));
            match properties.get(name) {
                (Some(_), Some(_)) => self.property(schema, &properties.key(name), name, is_required),
                (None, Some(property)) => self.property_added(schema, &property, name, is_required.1),
                (Some(property), None) => self.property_removed(&property, name, schema.direction),
                (None, None) => {}
            }
        }
        for name in required.0.symmetric_difference(&required.1) {
            if let (None, None) = properties.get(name) {
                self.required(schema, name, required.1.contains(name));
            }
        }
    }

    fn property(&mut self, schema: &Pair<'a>, property: &Pair<'a>, name: &str, is_required: (bool, bool)) {
        let direction = property.direction;
        let (before, after) = (view(self.old, &property.old), view(self.new, &property.new));
        let hidden = match direction {
            Some(Direction::Request) => {
                Some(("readOnly", Caller, "the value that callers send is ignored or rejected"))
            }
            Some(Direction::Response) => Some(("writeOnly", Reader, "readers no longer get the value")),
            None => None,
        };
        if let Some((field, other_end, why)) = hidden
            && before.flag(field) != after.flag(field)
        {
            let verdict = if after.flag(field) {
                Verdict::breaking([other_end, GeneratedCode], why)
            } else {
                Verdict::compatible("readers and callers that do not know it omit or ignore it")
            };
            let message = format!("{}: `{field}` is now {}", self.owner(property), after.flag(field));
            let (old, new) = (before.outermost().clone(), after.outermost().clone());
            let at = Pair { old, new, direction }.at_key(field);
            self.report(&kinds::PROPERTY_DIRECTION, at, verdict, message);
        }
        if is_hidden(&before, direction) && is_hidden(&after, direction) {
            return;
        }
        if is_required.0 != is_required.1 {
            self.required(schema, name, is_required.1);
        }
        self.schema(property, !(is_required.0 && is_required.1));
    }

    fn required(&mut self, schema: &Pair<'a>, name: &str, now: bool) {
        let (variance, what) =
            if now { (Variance::Narrower, "required") } else { (Variance::Wider, "optional") };
        let verdict = judge(
            schema.direction,
            variance,
            "requests without it are rejected",
            "a reader that requires it fails if it is missing",
        );
        let message = format!("{}: `{name}` is now {what}", self.owner(schema));
        self.report(&kinds::PROPERTY_REQUIRED, schema.at_key("required"), verdict, message);
    }

    fn property_added(&mut self, schema: &Pair<'a>, property: &Node<'a>, name: &str, required: bool) {
        let direction = schema.direction;
        if is_hidden(&view(self.new, property), direction) {
            return;
        }
        let closed = schema.old.value.get("additionalProperties") == Some(&Value::Bool(false));
        let verdict = match direction {
            Some(Direction::Request) if required => {
                Verdict::breaking([Caller, GeneratedCode], "requests without it are rejected")
            }
            Some(Direction::Request) => Verdict::compatible("requests without it still succeed"),
            Some(Direction::Response) if closed => Verdict::breaking(
                [Reader],
                "the object was closed (`additionalProperties: false`), so strict readers reject unknown properties",
            ),
            Some(Direction::Response) => Verdict::compatible("readers ignore unknown properties"),
            None => Verdict::compatible(
                "no operation uses it; only code that uses the generated type is affected",
            ),
        };
        let kind = if required { "required" } else { "optional" };
        let message = format!("{}: the {kind} property `{name}` was added", holder(&self.new, property));
        self.report(&kinds::PROPERTY_ADDED, At::came(property.at.clone(), direction), verdict, message);
    }

    fn property_removed(&mut self, property: &Node<'a>, name: &str, direction: Option<Direction>) {
        if is_hidden(&view(self.old, property), direction) {
            return;
        }
        let verdict = match direction {
            Some(Direction::Request) => Verdict::breaking(
                [Caller, GeneratedCode],
                "the value that callers send is ignored or rejected, and the field of the generated type is removed",
            ),
            Some(Direction::Response) => Verdict::breaking(
                [Reader, GeneratedCode],
                "readers that use it do not get it, and the field of the generated type is removed",
            ),
            None => Verdict::breaking([GeneratedCode], "the field of the generated type is removed"),
        };
        let message = format!("{}: the property `{name}` was removed", holder(&self.old, property));
        self.report(&kinds::PROPERTY_REMOVED, At::gone(property.at.clone(), direction), verdict, message);
    }

    pub(super) fn additional_properties(&mut self, schema: &Pair<'a>) {
        let key = "additionalProperties";
        let (before, after) = schema.values(key);
        let (was, is) = (Others::of(before), Others::of(after));
        let verdict = if was == is {
            if was == Others::Described {
                return self.schema(&schema.key(key), false);
            }
            if before == after {
                return;
            }
            Verdict::compatible(
                "the meaning is the same, but generated code may or may not keep such properties",
            )
        } else {
            judge(
                schema.direction,
                if was < is { Variance::Wider } else { Variance::Narrower },
                "requests with such properties are rejected",
                "strict readers can get properties that they do not expect",
            )
        };
        let what = format!("{}: `{key}`", self.owner(schema));
        self.changed(&kinds::ADDITIONAL_PROPERTIES_CHANGED, schema, key, verdict, &what);
    }

    pub(super) fn items(&mut self, schema: &Pair<'a>) {
        let (variance, what) = match schema.get("items") {
            (None, None) => return,
            (Some(_), Some(_)) => return self.schema(&schema.key("items"), false),
            (Some(_), None) => (Variance::Wider, "are no longer described"),
            (None, Some(_)) => (Variance::Narrower, "are now described"),
        };
        let verdict = retyped(
            schema.direction,
            variance,
            "requests with other items are rejected",
            "readers can get items of another type",
        );
        let message = format!("{}: the items {what}", self.owner(schema));
        self.report(&kinds::ITEMS_CHANGED, schema.at_key("items"), verdict, message);
    }
}

/// The undescribed members that an object may have, from few to many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Others {
    None,
    Described,
    Any,
}

impl Others {
    fn of(value: Option<&Value>) -> Self {
        match value {
            None | Some(Value::Bool(true)) => Self::Any,
            Some(Value::Bool(false)) => Self::None,
            Some(Value::Object(members)) if members.is_empty() => Self::Any,
            Some(_) => Self::Described,
        }
    }
}

/// Whether values of this schema are not sent in this direction.
fn is_hidden(view: &View<'_>, direction: Option<Direction>) -> bool {
    match direction {
        Some(Direction::Request) => view.flag("readOnly"),
        Some(Direction::Response) => view.flag("writeOnly"),
        None => false,
    }
}

/// The name, in messages, of the object of a property.
fn holder(side: &super::tree::Side<'_>, property: &Node<'_>) -> String {
    let holder = property.at.parent().and_then(|properties| properties.parent()).unwrap_or_default();
    side.subject(&holder)
}
