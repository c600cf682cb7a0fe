//! What is to be done about drift: which corrections to delete, which to adapt, and what to write for
//! what is new.

mod proposals;
mod render;

use serde_json::Value;

use crate::diff::{Diff, diff};
use crate::document::Document;
use crate::overlay::{Action, ActionSite, Overlay, Reason, Words, apply_leniently};
use crate::pointer::Pointer;
pub use proposals::Proposal;

/// What upstream changed, and what that asks of the corrections.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Repair {
    /// The changes by whom they break; `None` when the slices cannot be compared.
    pub diff: Option<Diff>,
    /// The corrections that do not apply as they are, in order.
    pub stale: Vec<Stale>,
    /// Actions to paste for what is new.
    pub proposals: Vec<Proposal>,
}

/// A correction that does not apply as it is.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Stale {
    /// Which action of which file.
    pub site: ActionSite,
    /// What it does, in one line.
    pub description: Option<String>,
    /// Its target as written.
    pub target: String,
    /// What is to be done about it.
    pub remedy: Remedy,
}

/// What is to be done about a stale correction.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remedy {
    /// Upstream has the right value by now: delete it.
    Unnecessary,
    /// Upstream has the right value by now, and what is left is text: make it one for text.
    WordsOnly,
    /// What it corrected is gone from upstream: delete it.
    Gone {
        /// What is gone.
        what: Vec<String>,
    },
    /// It applies again with another target, another number of nodes, or both.
    Adapt {
        /// The new target, where it has to change.
        target: Option<String>,
        /// The new number of nodes, where it has to change.
        expect: Option<usize>,
        /// Why.
        why: Vec<String>,
    },
    /// It applies again once the others are adapted.
    Follows,
    /// A person has to look.
    Look {
        /// What stands in the way.
        why: String,
    },
}

/// Looks into every correction that does not apply to `fresh`, a slice, although it applies to
/// `committed`, the slice before.
pub(crate) fn repair(committed: &Value, fresh: &Value, overlays: &[Overlay]) -> Repair {
    let named = |name: &str, value: &Value| Document::from_value(name, value.clone());
    let diff = diff(&named("the committed slice", committed), &named("upstream now", fresh)).ok();
    let renamed = proposals::renamed_operations(committed, fresh);
    let (before, _) = trace(committed, overlays, Action::clone);
    let (_, stale) = apply_leniently(fresh, overlays);
    let (last, corrected) =
        trace(fresh, overlays, |action| action.retargeted(&renamed).unwrap_or_else(|| action.clone()));

    let stale = stale
        .into_iter()
        .map(|action| {
            let find = |steps: &[Step]| steps.iter().position(|step| step.site == action.site);
            let remedy = match (find(&before).map(|n| &before[n]), find(&last).map(|n| &last[n])) {
                (Some(before), Some(last)) => remedy(before, last, &Slices { committed, fresh }, &renamed),
                _ => Remedy::Look { why: action.reason.to_string() },
            };
            let description = find(&before).and_then(|n| before[n].action.description.clone());
            Stale { site: action.site, description, target: action.target, remedy }
        })
        .collect();
    Repair { diff, stale, proposals: proposals::proposals(committed, fresh, &corrected) }
}

/// What one action met when it was applied.
struct Step {
    site: ActionSite,
    target: String,
    expected: Option<usize>,
    /// The nodes that its target matched.
    matched: Vec<Pointer>,
    outcome: Result<(), Reason>,
    action: Action,
}

/// Applies the actions in order, each as `adapt` makes it and for as many nodes as it finds; a later one may
/// count on an earlier one.
fn trace(document: &Value, overlays: &[Overlay], adapt: impl Fn(&Action) -> Action) -> (Vec<Step>, Value) {
    let mut document = document.clone();
    let actions = overlays.iter().flat_map(|overlay| &overlay.actions);
    let steps = actions.map(|action| {
        let mut action = adapt(action);
        let matched = action.matches(&document);
        if !matched.is_empty() {
            action = action.expecting(matched.len());
        }
        Step {
            site: action.site.clone(),
            target: action.target.clone(),
            expected: action.correction.as_ref().map(|correction| correction.expect),
            matched,
            outcome: action.apply(&mut document),
            action,
        }
    });
    (steps.collect(), document)
}

/// The published document before and after, without corrections.
struct Slices<'a> {
    committed: &'a Value,
    fresh: &'a Value,
}

/// `before` is the action on the committed slice, `last` its adapted form on the fresh one.
fn remedy(before: &Step, last: &Step, slices: &Slices<'_>, renamed: &[(String, String)]) -> Remedy {
    let lost = before.matched.iter().filter(|at| !last.matched.contains(at));
    let gone: Vec<String> = unique(lost.clone().filter_map(|at| slices.gone(at)));
    let everywhere =
        |holds: &dyn Fn(&Pointer) -> bool| !before.matched.is_empty() && before.matched.iter().all(holds);
    match &last.outcome {
        Ok(()) => {
            let target = (before.target != last.target).then(|| last.target.clone());
            let expect = last.expected.filter(|_| last.expected != before.expected);
            if target.is_none() && expect.is_none() {
                return Remedy::Follows;
            }
            let came = last.matched.iter().filter(|at| !before.matched.contains(at));
            let names =
                renamed.iter().filter(|(old, _)| target.is_some() && before.target.contains(old.as_str()));
            let mut why: Vec<String> =
                names.map(|(old, new)| format!("`{old}` is called `{new}` now")).collect();
            why.extend(gone.into_iter().map(|what| format!("{what} is gone")));
            let still = lost.filter(|at| slices.gone(at).is_none());
            why.extend(still.map(|at| format!("{at} is right by now, or has another form")));
            why.extend(came.map(|at| format!("{at} is new")));
            Remedy::Adapt { target, expect, why: unique(why.into_iter()) }
        }
        Err(Reason::Unchanged) => Remedy::Unnecessary,
        Err(_) if everywhere(&|at| last.action.is_done_at(slices.fresh, at, Words::Count)) => {
            Remedy::Unnecessary
        }
        Err(_) if everywhere(&|at| last.action.is_done_at(slices.fresh, at, Words::Skip)) => {
            Remedy::WordsOnly
        }
        Err(_) if everywhere(&|at| slices.gone(at).is_some()) => Remedy::Gone { what: gone },
        Err(_) if everywhere(&|at| slices.is_ours(at)) => {
            let made = unique(before.matched.iter().map(ToString::to_string)).join(", ");
            Remedy::Look {
                why: format!("it corrects {made}, which an earlier correction makes; look at that first"),
            }
        }
        Err(Reason::Mismatch { pointer, found }) => Remedy::Look { why: format!("{pointer} is {found} now") },
        Err(reason) => {
            let was = unique(before.matched.iter().map(ToString::to_string)).join(", ");
            let why = match reason {
                Reason::Count { found: 0, .. } if was.is_empty() => {
                    "its target matches nothing, then and now".to_owned()
                }
                Reason::Count { found: 0, .. } => format!("it corrected {was}, which has another form now"),
                reason => reason.to_string(),
            };
            Remedy::Look { why }
        }
    }
}

impl Slices<'_> {
    /// The path, operation or component of `at`, if upstream had it and no longer has.
    fn gone(&self, at: &Pointer) -> Option<String> {
        let tokens: Vec<_> = at.tokens().map(|token| token.into_owned()).collect();
        let went = |depth: usize| {
            let pointer = tokens.iter().take(depth).fold(Pointer::root(), |at, token| at.key(token));
            let lacks = |document: &Value| document.pointer(pointer.as_str()).is_none();
            tokens.len() >= depth && lacks(self.fresh) && !lacks(self.committed)
        };
        match tokens.first().map(String::as_str)? {
            "paths" if went(2) => Some(format!("the path {}", tokens[1])),
            "paths" if went(3) => Some(format!("the operation {} {}", tokens[2].to_uppercase(), tokens[1])),
            "components" if went(3) => Some(format!("`{}` of `components.{}`", tokens[2], tokens[1])),
            _ => None,
        }
    }

    /// Whether corrections make the node: upstream never had it.
    fn is_ours(&self, at: &Pointer) -> bool {
        self.committed.pointer(at.as_str()).is_none()
    }
}

fn unique(texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    texts.for_each(|text| {
        if !found.contains(&text) {
            found.push(text);
        }
    });
    found
}
