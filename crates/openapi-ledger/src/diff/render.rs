//! Renders a diff for people (text, Markdown) and for programs (JSON).

use std::fmt;

use crate::json;
use crate::value::Value;

use super::{Change, Diff, Direction, Effect, Operation, Step, Version, VersionCheck, Who};
use crate::lint::Tool;

/// The maximum number of operations that are named in texts.
const NAMED: usize = 6;

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Breaking => "breaking",
            Self::Compatible => "compatible",
            Self::Documentation => "documentation",
        })
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Major => "major",
            Self::Minor => "minor",
            Self::Patch => "patch",
        })
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Caller => "callers",
            Self::Reader => "readers",
            Self::GeneratedCode => "users of generated code",
        })
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)?;
        self.operation_id.iter().try_for_each(|id| write!(f, " ({id})"))
    }
}

impl Change {
    /// The effect and the direction, such as `breaking, response`, and for a breaking change who is affected.
    fn class(&self) -> String {
        let direction = match self.direction {
            Some(Direction::Request) => ", request",
            Some(Direction::Response) => ", response",
            None => "",
        };
        format!("{}{direction}", self.effect)
    }

    fn broken(&self) -> String {
        self.who.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }

    fn place(&self, diff: &Diff) -> String {
        let name = if self.document == Version::Old { &diff.old.name } else { &diff.new.name };
        self.line.map_or_else(|| name.clone(), |line| format!("{name}:{line}"))
    }

    fn operations(&self) -> Option<String> {
        let named: Vec<_> = self.operations.iter().take(NAMED).map(ToString::to_string).collect();
        let more = match self.operations.len().saturating_sub(NAMED) {
            0 => String::new(),
            n => format!(" and {n} more"),
        };
        (!named.is_empty()).then(|| format!("{}{more}", named.join(", ")))
    }
}

impl Diff {
    /// Returns a summary in one line.
    pub fn summary(&self) -> String {
        let Some(step) = self.step() else { return "no change".to_owned() };
        let count = |effect| format!("{} {effect}", self.count(effect));
        format!(
            "{}, {}, {}; requires a {step} version",
            count(Effect::Breaking),
            count(Effect::Compatible),
            count(Effect::Documentation)
        )
    }

    /// The changes of at least this level.
    fn shown(&self, level: Effect) -> impl Iterator<Item = &Change> {
        self.changes.iter().filter(move |change| change.effect <= level)
    }

    /// States how many changes are not shown; empty if there are none.
    fn hidden(&self, level: Effect) -> String {
        match self.changes.len() - self.shown(level).count() {
            0 => String::new(),
            1 => format!("\n1 change below level `{level}` is not shown.\n"),
            n => format!("\n{n} changes below level `{level}` are not shown.\n"),
        }
    }

    /// Renders the changes of at least this level for a terminal. The summary covers all changes.
    ///
    /// ```
    /// use openapi_ledger::{Document, Marks, diff::{Effect, diff}};
    ///
    /// let text = "openapi: 3.0.3\ninfo: {title: Pets, version: 1.0.0}\npaths: {}\n";
    /// let (old, new) = (Document::parse("old.yaml", text)?, Document::parse("new.yaml", text)?);
    /// let diff = diff(&old, &new, &Marks::default())?;
    /// assert_eq!(diff.to_text(Effect::Documentation), "old.yaml (1.0.0) -> new.yaml (1.0.0): no change\n");
    /// # Ok::<(), openapi_ledger::Error>(())
    /// ```
    pub fn to_text(&self, level: Effect) -> String {
        let mut text = format!("{}: {}\n", self.title(), self.summary());
        for change in self.shown(level) {
            let Change { kind, pointer, message, why, step, .. } = change;
            text.push_str(&format!("\n{} {pointer}\n", change.place(self)));
            text.push_str(&format!("  {}[{kind}]: {message}\n", change.class()));
            text.push_str(&format!("  why: {why}\n"));
            if !change.who.is_empty() {
                text.push_str(&format!("  breaks: {}; requires: {step}\n", change.broken()));
            }
            if let Some(operations) = change.operations() {
                text.push_str(&format!("  in: {operations}\n"));
            }
        }
        text + &self.hidden(level)
    }

    /// Renders the changes of at least this level as Markdown for a pull request. The summary covers all changes.
    pub fn to_markdown(&self, level: Effect) -> String {
        let mut text = format!("# {}\n\n{}.\n", self.title(), capitalized(&self.summary()));
        for (effect, heading) in [
            (Effect::Breaking, "Breaking"),
            (Effect::Compatible, "Compatible"),
            (Effect::Documentation, "Documentation"),
        ] {
            let changes: Vec<_> = self.shown(level).filter(|change| change.effect == effect).collect();
            if changes.is_empty() {
                continue;
            }
            text.push_str(&format!("\n## {heading}\n\n"));
            for change in changes {
                text.push_str(&change.to_markdown(self));
            }
        }
        text + &self.hidden(level)
    }

    /// Renders the changes for programs. `changes` has the changes of at least this level; everything else covers all
    /// changes. Within one `format`, fields are only added:
    ///
    /// * `format`: `TOOL/diff/1`, with the name of the tool
    /// * `old`, `new`: `name` and `version` of the documents
    /// * `verdict`: `breaking`, `compatible`, `documentation` or `identical`
    /// * `step`: `major`, `minor`, `patch` or null: the greatest step that a change requires
    /// * `counts`: the number of changes with each effect
    /// * `versionCheck`: `enough` and `message`, or null if it was not requested
    /// * `changes`: each with `kind` (see [`kinds`](super::kinds)), `effect`, `step`, `direction`
    ///   (`request`, `response` or null), `who` (`caller`, `reader`, `generated-code`), `operations`
    ///   (`method`, `path`, `operationId`), `document` (`old` or `new`: the document of `pointer`),
    ///   `pointer`, `line` (or null), `message` and `why`
    pub fn to_json(&self, tool: &Tool, version: Option<&VersionCheck>, level: Effect) -> Value {
        json!({
            "format": format!("{}/diff/1", tool.name),
            "old": self.old,
            "new": self.new,
            "verdict": self.effect().map_or_else(|| "identical".to_owned(), |effect| effect.to_string()),
            "step": self.step(),
            "counts": {
                "breaking": self.count(Effect::Breaking),
                "compatible": self.count(Effect::Compatible),
                "documentation": self.count(Effect::Documentation),
            },
            "versionCheck": version,
            "changes": self.shown(level).collect::<Vec<_>>(),
        })
    }

    fn title(&self) -> String {
        let named = |described: &super::Described| match &described.version {
            Some(version) => format!("{} ({version})", described.name),
            None => described.name.clone(),
        };
        format!("{} -> {}", named(&self.old), named(&self.new))
    }
}

impl Change {
    fn to_markdown(&self, diff: &Diff) -> String {
        let direction = match self.direction {
            Some(Direction::Request) => " (request)",
            Some(Direction::Response) => " (response)",
            None => "",
        };
        let mut text = format!("* {}{direction}. {}. ", capitalized(&self.message), capitalized(&self.why));
        if !self.who.is_empty() {
            text.push_str(&format!("Breaks {}. ", self.broken()));
        }
        text.push_str(&format!("`{}`, {}, `{}`", self.kind, self.place(diff), self.pointer));
        if let Some(operations) = self.operations() {
            text.push_str(&format!("; {operations}"));
        }
        text.push('\n');
        text
    }
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
