//! What an import, or a plan, came to.

use std::ffi::OsString;

use posthog_groups::bulk::{Engine, ImportReport, Stopped};
use serde::Serialize;

use crate::exit::{Failure, text_of};
use crate::output::{Output, Record};
use crate::transfer::progress::grouped;

/// The counts, as `-o json` has them.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Totals {
    pub(crate) engine: &'static str,
    /// Good rows of the input.
    pub(crate) rows: u64,
    pub(crate) created: u64,
    pub(crate) changed: u64,
    pub(crate) unchanged: u64,
    /// Accepted as events, and not looked for.
    pub(crate) sent: u64,
    /// A later row has the same key.
    pub(crate) superseded: u64,
    pub(crate) done_before: u64,
    pub(crate) failed: u64,
    /// Not reached, because it was stopped.
    pub(crate) left: u64,
    /// Those of them that were not compared with the server yet.
    pub(crate) not_compared: u64,
    /// Bad rows of the input, which were passed over.
    pub(crate) bad: u64,
    pub(crate) requests: u64,
    pub(crate) seconds: f64,
    /// Why it was stopped, if it was.
    pub(crate) stopped: Option<String>,
}

impl Totals {
    /// `rows` are the good rows of the input, of which an import that was stopped early has not read all.
    pub(crate) fn of(report: &ImportReport, rows: u64, bad: u64) -> Self {
        let unread = rows.saturating_sub(report.rows);
        Self {
            engine: if report.engine == Engine::Capture { "capture" } else { "rest" },
            rows: report.rows + unread,
            created: report.created,
            changed: report.changed,
            unchanged: report.unchanged,
            sent: report.sent,
            superseded: report.superseded,
            done_before: report.done_before,
            failed: report.failed,
            left: report.left() + unread,
            not_compared: report.not_compared + unread,
            bad,
            requests: report.requests,
            seconds: (report.elapsed.as_secs_f64() * 1_000.0).round() / 1_000.0,
            stopped: report.stopped.as_ref().map(|stopped| match stopped {
                Stopped::Error(error) => text_of(error),
                _ => "interrupted".to_owned(),
            }),
        }
    }

    /// The counts that are not zero, and those that everybody looks for.
    pub(crate) fn counts(&self, plan: bool) -> Vec<(&'static str, u64)> {
        let (created, changed) = if plan { ("to create", "to change") } else { ("created", "changed") };
        let always = [(created, self.created), (changed, self.changed), ("unchanged", self.unchanged)];
        let others = [
            ("sent, not verified", self.sent),
            ("superseded by a later row", self.superseded),
            ("done before", self.done_before),
            ("failed", self.failed),
            ("left to do", self.left),
            ("of these not compared", self.not_compared),
            ("bad rows, passed over", self.bad),
        ];
        always.into_iter().chain(others.into_iter().filter(|(_, count)| *count > 0)).collect()
    }
}

impl Record for Totals {
    const COLUMNS: &'static [&'static str] = &[
        "engine",
        "rows",
        "created",
        "changed",
        "unchanged",
        "sent",
        "superseded",
        "done_before",
        "failed",
        "left",
        "not_compared",
        "bad",
        "requests",
        "seconds",
        "stopped",
    ];

    fn cells(&self) -> Vec<String> {
        let counts = [
            self.rows,
            self.created,
            self.changed,
            self.unchanged,
            self.sent,
            self.superseded,
            self.done_before,
            self.failed,
            self.left,
            self.not_compared,
            self.bad,
            self.requests,
        ];
        let mut cells = vec![self.engine.to_owned()];
        cells.extend(counts.map(|count| count.to_string()));
        cells.push(self.seconds.to_string());
        cells.push(self.stopped.clone().unwrap_or_default());
        cells
    }
}

/// Shows the totals of an import that wrote.
pub(crate) fn show(output: &Output, totals: Totals) -> Result<(), Failure> {
    if output.is_for_programs() {
        return output.one(totals);
    }
    let rows: Vec<_> =
        totals.counts(false).iter().map(|(what, count)| vec![(*what).to_owned(), grouped(*count)]).collect();
    output.table(&rows)
}

/// The command line to go on with: the one that was given, with no key in it.
pub(crate) fn same_command(arguments: impl IntoIterator<Item = OsString>) -> String {
    let mut words = vec!["posthog-groups".to_owned()];
    for argument in arguments.into_iter().skip(1) {
        let text = argument.to_string_lossy();
        let has_key = ["phx_", "phc_"]
            .iter()
            .any(|start| text.starts_with(start) || text.contains(&format!("={start}")));
        match has_key {
            true => words.push("KEY".to_owned()),
            false => words.push(in_shell(&text)),
        }
    }
    words.join(" ")
}

/// A word as a POSIX shell takes it.
fn in_shell(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_can_be_given_to_a_shell_again_and_holds_no_key() {
        for (arguments, expected) in [
            (
                &["x", "import", "-t", "organization", "a.ndjson"][..],
                "posthog-groups import -t organization a.ndjson",
            ),
            (&["x", "import", "it's here.csv", ""], r"posthog-groups import 'it'\''s here.csv' ''"),
            (&["x", "import", "--key", "phx_a", "a"], "posthog-groups import --key KEY a"),
            (&["x", "import", "--key=phx_a", "$a"], "posthog-groups import KEY '$a'"),
        ] {
            assert_eq!(same_command(arguments.iter().map(OsString::from)), expected);
        }
    }

    #[test]
    fn counts_of_nothing_are_left_out_but_for_the_main_ones() {
        let totals = Totals { rows: 3, created: 2, failed: 1, ..Totals::default() };
        assert_eq!(totals.counts(false), [("created", 2), ("changed", 0), ("unchanged", 0), ("failed", 1)]);
        assert_eq!(totals.counts(true)[0], ("to create", 2));
    }
}
