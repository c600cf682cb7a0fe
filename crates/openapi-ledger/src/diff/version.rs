//! Checks whether a version was raised as much as the changes require.

use serde::Serialize;

use super::{Diff, Step};

/// The result of checking the version of the new document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VersionCheck {
    /// Whether it was raised by at least the step that the changes require.
    pub enough: bool,
    /// The result as a sentence.
    pub message: String,
}

/// Checks whether `info.version` was raised by at least the step that the changes require. While the first number is 0,
/// breaking changes raise the second number and all others the third, as in Cargo.
///
/// ```
/// use openapi_ledger::{Document, Marks, diff::{check_version, diff}};
///
/// let text = "
/// openapi: 3.0.3
/// info: {title: Pets, version: 1.4.0}
/// paths: {/pets: {get: {operationId: list_pets, responses: {'200': {description: Fine}}}}}
/// ";
/// let old = Document::parse("old.yaml", text)?;
/// let new = Document::parse("new.yaml", &text.replace("list_pets", "pets"))?;
/// let check = check_version(&diff(&old, &new, &Marks::default())?);
/// assert_eq!(check.message, "the changes require a major version, but the version is still 1.4.0; raise it to 2.0.0 or higher");
/// # Ok::<(), openapi_ledger::Error>(())
/// ```
pub fn check_version(diff: &Diff) -> VersionCheck {
    let (enough, message) = match judge(diff) {
        Ok(message) => (true, message),
        Err(message) => (false, message),
    };
    VersionCheck { enough, message }
}

fn judge(diff: &Diff) -> Result<String, String> {
    let (old, new) = (
        read(diff.old.version.as_deref(), &diff.old.name)?,
        read(diff.new.version.as_deref(), &diff.new.name)?,
    );
    let (was, is) =
        (diff.old.version.as_deref().unwrap_or_default(), diff.new.version.as_deref().unwrap_or_default());
    if new < old {
        return Err(format!("the version was lowered from {was} to {is}; versions must increase"));
    }
    let Some(step) = diff.step() else {
        return Ok(format!("nothing changed; the version {is} can stay"));
    };
    let needed = old.raised(step);
    if new >= needed {
        return Ok(format!(
            "the changes require a {step} version, and the version was raised from {was} to {is}"
        ));
    }
    let from = if new == old {
        format!("the version is still {was}")
    } else {
        format!("the version was only raised from {was} to {is}")
    };
    Err(format!("the changes require a {step} version, but {from}; raise it to {needed} or higher"))
}

/// A version without the text after `-` or `+`. A pre-release is ordered before its release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Number {
    major: u64,
    minor: u64,
    patch: u64,
    is_release: bool,
}

impl Number {
    /// The lowest version that is raised by the step. A pre-release of it is enough.
    fn raised(self, step: Step) -> Self {
        let (major, minor, patch) = (self.major, self.minor, self.patch);
        let (major, minor, patch) = match (step, major) {
            (Step::Major, 0) => (0, minor + 1, 0),
            (Step::Major, _) => (major + 1, 0, 0),
            (Step::Minor, 1..) => (major, minor + 1, 0),
            (Step::Minor | Step::Patch, _) => (major, minor, patch + 1),
        };
        Self { major, minor, patch, is_release: false }
    }
}

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

fn read(version: Option<&str>, document: &str) -> Result<Number, String> {
    let Some(text) = version else {
        return Err(format!("{document} has no `info.version`; add one, such as 1.0.0"));
    };
    let core = text.split(['-', '+']).next().unwrap_or_default();
    let numbers: Option<Vec<u64>> = core.split('.').map(|part| part.parse().ok()).collect();
    match numbers.as_deref() {
        Some([major, minor, patch]) => {
            let is_release = !text.split('+').next().unwrap_or_default().contains('-');
            Ok(Number { major: *major, minor: *minor, patch: *patch, is_release })
        }
        _ => Err(format!("the version `{text}` of {document} is not a semantic version such as 1.0.0")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Change, Described, Effect};
    use super::*;
    use crate::pointer::Pointer;

    fn check(effect: Option<Effect>, old: &str, new: &str) -> VersionCheck {
        let described =
            |name: &str, version: &str| Described { name: name.into(), version: Some(version.into()) };
        let change = effect.map(|effect| Change {
            kind: "type-changed",
            effect,
            step: effect.step(),
            direction: None,
            who: Vec::new(),
            operations: Vec::new(),
            document: super::super::Version::New,
            pointer: Pointer::root(),
            line: None,
            place: String::new(),
            old: None,
            new: None,
            message: String::new(),
            why: String::new(),
        });
        check_version(&Diff {
            old: described("old", old),
            new: described("new", new),
            changes: change.into_iter().collect(),
        })
    }

    #[test]
    fn a_step_has_to_be_taken_in_full() {
        let (breaking, compatible, text) =
            (Some(Effect::Breaking), Some(Effect::Compatible), Some(Effect::Documentation));
        let enough = [
            (None, "1.2.3", "1.2.3"),
            (text, "1.2.3", "1.2.4"),
            (compatible, "1.2.3", "1.3.0"),
            (compatible, "1.2.3", "2.0.0"),
            (breaking, "1.2.3", "2.0.0"),
            (breaking, "1.2.3", "2.0.0-rc.1"),
            (breaking, "0.2.3", "0.3.0"),
            (compatible, "0.2.3", "0.2.4"),
        ];
        for (effect, old, new) in enough {
            assert!(check(effect, old, new).enough, "{effect:?} {old} {new}");
        }
        let short = [
            (text, "1.2.3", "1.2.3"),
            (text, "1.2.3", "1.2.3+build"),
            (compatible, "1.2.3", "1.2.4"),
            (breaking, "1.2.3", "1.3.0"),
            (breaking, "0.2.3", "0.2.4"),
            (breaking, "1.2.3", "0.9.0"),
            (None, "1.2.3", "1.2.2"),
            (text, "1.2", "1.3.0"),
        ];
        for (effect, old, new) in short {
            assert!(!check(effect, old, new).enough, "{effect:?} {old} {new}");
        }
        assert_eq!(
            check(breaking, "1.2.3", "1.3.0").message,
            "the changes require a major version, but the version was only raised from 1.2.3 to 1.3.0; raise it to 2.0.0 or higher"
        );
    }
}
