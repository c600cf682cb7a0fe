//! What an object or a list may hold: properties, further members, items.

use std::collections::BTreeSet;

use serde_json::Value;

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
                    "what callers send is ignored or refused"
                } else {
                    "readers no longer get it"
                };
                Verdict::breaking([other_end, GeneratedCode], why)
            } else {
                Verdict::compatible("it is left out by those who do not know that it may be there")
            };
            let message = format!("{}: `{field}` is {} now", self.owner(a, b), after.flag(field));
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
            "a caller that leaves it out is refused",
            "a reader that counts on it fails where it is left out",
        );
        let message = format!(
            "{}: `{name}` is {} now",
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
                Verdict::breaking([Caller, GeneratedCode], "a caller that does not send it is refused")
            }
            Some(Direction::Request) => {
                Verdict::compatible("callers that do not send it are served as before")
            }
            Some(Direction::Response) if closed => Verdict::breaking(
                [Reader],
                "the object was closed (`additionalProperties: false`): a strict reader refuses what it does not know",
            ),
            Some(Direction::Response) => Verdict::compatible("readers skip what they do not know"),
            None => {
                Verdict::compatible("no operation uses it; only code that names the generated type sees it")
            }
        };
        let message = format!(
            "{}: the {} property `{name}` is new",
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
                "what callers send is ignored or refused, and the generated member is gone",
            ),
            Some(Direction::Response) => Verdict::breaking(
                [Reader, GeneratedCode],
                "a reader that uses it does not find it, and the generated member is gone",
            ),
            None => Verdict::breaking([GeneratedCode], "the generated member is gone"),
        };
        let message = format!("{}: the property `{name}` is gone", holder(&self.old, property));
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
                        "it means the same; generated code may keep such members, or no longer",
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
            "a caller that sends such members is refused",
            "a strict reader meets members that it does not expect",
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
                    if before.is_some() { "are no longer described" } else { "are described now" }
                );
                let verdict = retyped(
                    direction,
                    variance,
                    "a caller that sends other items is refused",
                    "a reader that decodes the items meets others",
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

/// Which members an object may have that are not described, from few to many.
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

/// Whether values of this schema do not travel in this direction.
fn is_hidden(view: &View<'_>, direction: Option<Direction>) -> bool {
    match direction {
        Some(Direction::Request) => view.flag("readOnly"),
        Some(Direction::Response) => view.flag("writeOnly"),
        None => false,
    }
}

/// What the object of a property is called.
fn holder(side: &super::tree::Side<'_>, property: &Node<'_>) -> String {
    let holder = property.at.parent().and_then(|properties| properties.parent()).unwrap_or_default();
    side.subject(&holder)
}
