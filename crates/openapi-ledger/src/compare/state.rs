//! The state of a defect in a published document.

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

use super::{
    Difference, Places,
    ledger::{Account, Defect, Scope},
};

/// Whether a published document has a defect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum State {
    /// The document has the whole defect.
    Published,
    /// The document has part of the defect.
    Partly,
    /// The document agrees with the specification.
    Agrees,
    /// The document does not have the operation.
    OperationAbsent,
    /// The document lacks the subject of the defect, such as a request body.
    NotShown,
    /// The defect does not appear in the structure of any document.
    NoStructure,
}

impl State {
    /// Returns `true` if the document has the defect or part of it.
    pub fn is_wrong(self) -> bool {
        matches!(self, Self::Published | Self::Partly)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Published => "published",
            Self::Partly => "partly",
            Self::Agrees => "agrees",
            Self::OperationAbsent => "operation absent",
            Self::NotShown | Self::NoStructure => "n/a",
        })
    }
}

/// The state of a defect: whether the document is wrong at all, some or none of the places of the defect that the
/// document has.
pub(super) fn state(
    defect: &Defect,
    accounted: &[Difference],
    sites: &[Places],
    aliases: &BTreeSet<String>,
    scope: &Scope,
) -> State {
    let own_alias = scope.aliases.iter().find(|alias| alias.id == defect.id);
    if let Some(alias) = own_alias {
        return if aliases.contains(&alias.published) { State::Published } else { State::Agrees };
    }
    if defect.accounts.is_empty() {
        return State::NoStructure;
    }
    let present = defect.accounts.iter().any(|account| {
        sites.iter().any(|site| site.published && account.is_about_operation(&site.operation))
    });
    if !present {
        return State::OperationAbsent;
    }
    let is_wrong = |account: &Account, operation: &str, place: &str| {
        accounted.iter().any(|difference| {
            account.covers(difference) && difference.operation == operation && difference.place == place
        })
    };
    let wrong = accounted.iter().any(|difference| difference.place != "operation");
    let right = defect.accounts.iter().any(|account| {
        sites.iter().filter(|site| site.published && account.is_about_operation(&site.operation)).any(
            |site| {
                site.candidates(account).into_iter().any(|place| !is_wrong(account, &site.operation, &place))
            },
        )
    });
    match (wrong, right) {
        (true, false) => State::Published,
        (true, true) => State::Partly,
        (false, true) => State::Agrees,
        (false, false) => State::NotShown,
    }
}

impl Places {
    /// The places of an account that the document has in a form in which they could be wrong.
    fn candidates(&self, account: &Account) -> BTreeSet<String> {
        let literal = account.place.iter().filter(|place| !place.contains('*'));
        match account.kind.as_str() {
            "operation-added" => BTreeSet::new(),
            "security-changed" | "scopes-changed" | "deprecated-changed" => {
                account.place.iter().map(str::to_owned).collect()
            }
            // Right if the document has it, like the specification.
            kind if kind.ends_with("-added") => {
                let both = self.ours.intersection(&self.theirs);
                both.filter(|place| account.is_about_place(place)).cloned().collect()
            }
            // Right if the document lacks it, although it has the object that would contain it.
            kind if kind.ends_with("-removed") => literal
                .filter(|place| holder(place).is_none_or(|holder| self.theirs.contains(holder)))
                .map(str::to_owned)
                .collect(),
            // A keyword of a node that both have.
            _ => {
                let last = |place: &str| place.rsplit_once('.').map(|(_, last)| last.to_owned());
                let keywords: BTreeSet<String> = account.place.iter().filter_map(last).collect();
                let both = self.ours.intersection(&self.theirs);
                both.flat_map(|node| keywords.iter().map(move |keyword| format!("{node}.{keyword}")))
                    .filter(|place| account.is_about_place(place))
                    .collect()
            }
        }
    }
}

/// The object that contains a place: the object of a property, or the JSON body of another media type. `None` for the
/// operation.
fn holder(place: &str) -> Option<&str> {
    let holder = match place.rsplit_once('(') {
        Some((body, form)) if form.contains('/') => body,
        _ => place.rsplit_once('.')?.0,
    };
    (!matches!(holder, "parameters" | "responses")).then_some(holder)
}
