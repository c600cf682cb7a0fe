//! The contents of objects and lists: properties, additional properties, items.

use std::collections::BTreeSet;

use crate::value::Value;

use super::Who::{Caller, GeneratedCode, Reader};
use super::facets::{became, texts};
use super::schemas::{Use, Variance, View, judge, retyped, view};
use super::{At, Comparison, Direction, Node, Verdict, kinds};

impl<'a> Comparison<'a> {
    pub(super) fn properties(&mut self, old: &Node<'a>, new: &Node<'a>, direction: Option<Direction>) {
        let (before, after) = (old.key("properties"), new.key("properties"));
        let required = (texts(&old.key("required")), texts(&new.key("required")));
        let names: BTreeSet<&str> = before.members().chain(after.members()).map(|(name, _)| name).collect();
        for name in &names {
            let is_required = (required.0.contains(name), required.1.contains(name));
            match (before.get(name), after.get(name)) {
                (Some(a), Some(b)) => self.property(&a, &b, (old, new), name, is_required, direction),
                (None, Some(b)) => self.property_added(old, &b, name, is_required.1, direction),
                (Some(a), None) => self.property_removed(&a, name, direction),
                (None, None) => {}
            }
        }
        for name in required.0.symmetric_difference(&required.1).filter(|name| !names.contains(**name)) {
            self.required(old, new, name, required.1.contains(name), direction);
        }
    }

    fn property(
        &mut self,
        a: &Node<'a>,
        b: &Node<'a>,
        holders: (&Node<'a>, &Node<'a>),
        name: &str,
        is_required: (bool, bool),
        direction: Option<Direction>,
    ) {
        let (before, after) = (view(self.old, a), view(self.new, b));
        for (field, hidden_in, other_end) in
            [("readOnly", Direction::Request, Caller), ("writeOnly", Direction::Response, Reader)]
        {
            if before.flag(field) == after.flag(field) || direction != Some(hidden_in) {
                continue;
            }
            let verdict = if after.flag(field) {
                let why = if other_end == Caller {
                    "the value that callers send is ignored or rejected"
                } else {
                    "readers no longer get the value"
                };
                Verdict::breaking([other_end, GeneratedCode], why)
            } else {
                Verdict::compatible("readers and callers that do not know it omit or ignore it")
            };
            let message = format!("{}: `{field}` is now {}", self.owner(a, b), after.flag(field));
            let at = At::member(before.outermost(), after.outermost(), field);
            self.report(&kinds::PROPERTY_DIRECTION, at, direction, verdict, message);
        }
        if is_hidden(&before, direction) && is_hidden(&after, direction) {
            return;
        }
        if is_required.0 != is_required.1 {
            self.required(holders.0, holders.1, name, is_required.1, direction);
        }
        self.schema(a, b, Use { direction, optional: !(is_required.0 && is_required.1) });
    }

    fn required(
        &mut self,
        old: &Node<'a>,
        new: &Node<'a>,
        name: &str,
        now: bool,
        direction: Option<Direction>,
    ) {
        let variance = if now { Variance::Narrower } else { Variance::Wider };
        let verdict = judge(
            direction,
            variance,
            "requests without it are rejected",
            "a reader that requires it fails if it is missing",
        );
        let message = format!(
            "{}: `{name}` is now {}",
            self.owner(old, new),
            if now { "required" } else { "optional" }
        );
        self.report(&kinds::PROPERTY_REQUIRED, At::member(old, new, "required"), direction, verdict, message);
    }

    fn property_added(
        &mut self,
        old: &Node<'a>,
        property: &Node<'a>,
        name: &str,
        required: bool,
        direction: Option<Direction>,
    ) {
        let after = view(self.new, property);
        if is_hidden(&after, direction) {
            return;
        }
        let closed = old.value.get("additionalProperties") == Some(&Value::Bool(false));
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
        let message = format!(
            "{}: the {} property `{name}` was added",
            holder(&self.new, property),
            if required { "required" } else { "optional" }
        );
        self.report(&kinds::PROPERTY_ADDED, At::came(property.at.clone()), direction, verdict, message);
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
        self.report(&kinds::PROPERTY_REMOVED, At::gone(property.at.clone()), direction, verdict, message);
    }

    pub(super) fn additional_properties(
        &mut self,
        old: &Node<'a>,
        new: &Node<'a>,
        direction: Option<Direction>,
    ) {
        let key = "additionalProperties";
        let (before, after) = (old.value.get(key), new.value.get(key));
        let variance = match (Others::of(before), Others::of(after)) {
            (Others::Described, Others::Described) => {
                return self.schema(&old.key(key), &new.key(key), Use { direction, optional: false });
            }
            (a, b) if a == b => {
                if before != after {
                    let message = format!("{}: `{key}` {}", self.owner(old, new), became(before, after));
                    let verdict = Verdict::compatible(
                        "the meaning is the same, but generated code may or may not keep such properties",
                    );
                    self.report(
                        &kinds::ADDITIONAL_PROPERTIES_CHANGED,
                        At::member(old, new, key),
                        direction,
                        verdict,
                        message,
                    );
                }
                return;
            }
            (a, b) if a < b => Variance::Wider,
            _ => Variance::Narrower,
        };
        let verdict = judge(
            direction,
            variance,
            "requests with such properties are rejected",
            "strict readers can get properties that they do not expect",
        );
        let message = format!("{}: `{key}` {}", self.owner(old, new), became(before, after));
        self.report(
            &kinds::ADDITIONAL_PROPERTIES_CHANGED,
            At::member(old, new, key),
            direction,
            verdict,
            message,
        );
    }

    pub(super) fn items(&mut self, old: &Node<'a>, new: &Node<'a>, direction: Option<Direction>) {
        match (old.get("items"), new.get("items")) {
            (None, None) => {}
            (Some(a), Some(b)) => self.schema(&a, &b, Use { direction, optional: false }),
            (before, _) => {
                let variance = if before.is_some() { Variance::Wider } else { Variance::Narrower };
                let message = format!(
                    "{}: the items {}",
                    self.owner(old, new),
                    if before.is_some() { "are no longer described" } else { "are now described" }
                );
                let verdict = retyped(
                    direction,
                    variance,
                    "requests with other items are rejected",
                    "readers can get items of another type",
                );
                self.report(
                    &kinds::ITEMS_CHANGED,
                    At::member(old, new, "items"),
                    direction,
                    verdict,
                    message,
                );
            }
        }
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
