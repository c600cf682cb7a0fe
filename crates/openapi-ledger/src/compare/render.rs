//! Renders a comparison as text, Markdown and JSON.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Comparison, Difference, Ledger, State};

impl Comparison {
    /// Returns the verdict in one line.
    pub fn verdict(&self) -> String {
        let defects = self.states.values().filter(|state| state.is_wrong()).count();
        let accounted: usize = self.accounted.values().map(Vec::len).sum();
        let unaccounted = self.findings.iter().flat_map(Difference::members).count();
        let differences = accounted + unaccounted;
        if differences == 0 {
            return format!("{}: {} operations, no difference", self.document, self.operations);
        }
        if self.is_accounted_for() {
            return format!(
                "{}: {} operations, {differences} differences, all accounted for by {defects} defects",
                self.document, self.operations
            );
        }
        format!(
            "{}: {unaccounted} of {differences} differences in {} operations {} not accounted for",
            self.document,
            self.operations,
            if unaccounted == 1 { "is" } else { "are" }
        )
    }

    /// Renders the comparison for a terminal: the verdict, the findings with instructions, and the defects that were fixed
    /// or introduced.
    pub fn to_text(&self, ledger: &Ledger) -> String {
        let mut text = self.verdict() + "\n";
        for (n, finding) in self.findings.iter().enumerate() {
            let _ = write!(
                text,
                "\n{}. {}\n   at `{}` ({})\n",
                n + 1,
                finding.heading(),
                finding.place,
                finding.kind
            );
            for other in &finding.also {
                let _ = writeln!(text, "   and {}", other.site());
            }
            let _ = writeln!(text, "   published: {}", shortened(&finding.published));
            let _ = writeln!(text, "   ours:      {}", shortened(&finding.ours));
            let _ = write!(
                text,
                "   If this is a defect, complete this entry and add it to the ledger:\n{}",
                indented(&finding.entry(ledger), 6)
            );
            if let Some(edit) = &finding.edit {
                let _ = write!(
                    text,
                    "   If it is right, add to the specification at `{}`:\n{}",
                    finding.holder(),
                    indented(edit, 6)
                );
            }
        }
        if let Some(since) = &self.since {
            for (what, ids) in [("repaired", &since.repaired), ("newly wrong", &since.newly_wrong)] {
                if !ids.is_empty() {
                    let _ = writeln!(text, "\n{what} since {}:", since.document);
                    for id in ids {
                        let title = ledger.defect(id).map_or("", |defect| &defect.title);
                        let _ = writeln!(text, "  {id}  {title}");
                    }
                }
            }
        }
        let _ = writeln!(text, "\n{}", self.count());
        text
    }

    fn count(&self) -> String {
        let count = |state: State| self.states.values().filter(|other| **other == state).count();
        format!(
            "defects: {} published, {} partly, {} where the document agrees, {} whose operation is absent, {} that it \
             cannot show",
            count(State::Published),
            count(State::Partly),
            count(State::Agrees),
            count(State::OperationAbsent),
            count(State::NotShown) + count(State::NoStructure)
        )
    }

    /// Renders the defects of the document for an issue or a pull request, with the actual behaviour and the evidence.
    pub fn to_markdown(&self, ledger: &Ledger) -> String {
        let mut text = format!("## {}\n", self.verdict());
        if !self.findings.is_empty() {
            text.push_str("\n### Differences that no defect accounts for\n\n| operation | place | kind | published | ours |\n|---|---|---|---|---|\n");
            for finding in self.findings.iter().flat_map(Difference::members) {
                let _ = writeln!(
                    text,
                    "| `{}` | `{}` | {} | `{}` | `{}` |",
                    finding.operation,
                    finding.place,
                    finding.kind,
                    cell(&finding.published),
                    cell(&finding.ours)
                );
            }
        }
        if let Some(since) = &self.since {
            for (what, ids) in [("Repaired", &since.repaired), ("Newly wrong", &since.newly_wrong)] {
                if !ids.is_empty() {
                    let _ = writeln!(text, "\n### {what} since {}\n", since.document);
                    for id in ids {
                        let title = ledger.defect(id).map_or("", |defect| &defect.title);
                        let _ = writeln!(text, "* {id}: {title}");
                    }
                }
            }
        }
        text.push_str("\n### Defects of the document\n");
        for defect in &ledger.defects {
            let Some(state) = self.states.get(&defect.id).filter(|state| state.is_wrong()) else { continue };
            let _ = write!(
                text,
                "\n#### {}: {}\n\n{}* **Published:** {}\n* **Actual:** {}\n* **Evidence:** {}\n",
                defect.id,
                defect.title,
                if *state == State::Partly { "Partly fixed.\n\n" } else { "" },
                defect.published,
                defect.actual,
                defect.evidence.join("; ")
            );
            let places: std::collections::BTreeSet<_> = self
                .accounted
                .get(&defect.id)
                .into_iter()
                .flatten()
                .map(|difference| format!("`{}` at `{}`", difference.operation, difference.place))
                .collect();
            let shown: Vec<_> = places.iter().take(8).cloned().collect();
            let more = places.len() - shown.len();
            if !shown.is_empty() {
                let more = if more > 0 { format!(", and {more} more") } else { String::new() };
                let _ = writeln!(text, "* **Where:** {}{more}", shown.join(", "));
            }
        }
        text
    }

    /// Renders the comparison for programs. The fields are those of [`Comparison`], and each finding also has the `entry` to add
    /// to the ledger.
    pub fn to_json(&self, ledger: &Ledger) -> Value {
        let mut value = serde_json::to_value(self).unwrap_or_default();
        value["verdict"] = self.verdict().into();
        let findings = value.get_mut("findings").and_then(Value::as_array_mut).into_iter().flatten();
        for (value, finding) in findings.zip(&self.findings) {
            value["entry"] = finding.entry(ledger).into();
        }
        json!(value)
    }
}

impl Difference {
    /// The operation, with its line and its path in the published document.
    fn heading(&self) -> String {
        let published =
            self.published_path.as_ref().map_or_else(String::new, |path| format!(", published as {path}"));
        let line = self.line.map_or_else(String::new, |line| format!(" (line {line}{published})"));
        format!("{}{line}", self.operation)
    }

    /// The object that contains the place.
    fn holder(&self) -> &str {
        self.place.rsplit_once('.').map_or("operation", |(holder, _)| holder)
    }

    /// A ledger entry that accounts for the difference, to be completed.
    fn entry(&self, ledger: &Ledger) -> String {
        let last =
            ledger.defects.iter().filter_map(|defect| defect.id.strip_prefix('D')?.parse::<u32>().ok()).max();
        let mut entry = format!(
            "- id: D{:02}\n  title: TITLE\n  published: {}\n  actual: WHAT THE SERVER DOES\n  evidence: [WHAT PROVES IT]\n  accounts:\n",
            last.unwrap_or(0) + 1,
            serde_json::to_string(&shortened(&self.published)).unwrap_or_default(),
        );
        for Self { operation, place, kind, pin, .. } in self.members() {
            let _ = write!(
                entry,
                "  - operation: {}\n    place: {}\n    kind: {kind}\n    published: {}\n",
                quoted(operation),
                quoted(place),
                serde_json::to_string(pin).unwrap_or_default()
            );
        }
        entry
    }
}

/// Text for YAML, where braces and brackets need quotes.
fn quoted(text: &str) -> String {
    if text.contains(['{', '[', '*', '#', '"', ':']) {
        serde_json::to_string(text).unwrap_or_default()
    } else {
        text.to_owned()
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(300) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

fn cell(text: &str) -> String {
    shortened(text).replace('|', "\\|")
}

fn indented(text: &str, by: usize) -> String {
    text.lines().map(|line| format!("{:by$}{line}\n", "")).collect()
}
