//! The result of an import or a plan.

use std::ffi::OsString;

use posthog_groups::bulk::{Engine, ImportReport, Stopped};
use serde::{Serialize, Serializer};
use serde_json::json;

use crate::exit::{Failure, text_of};
use crate::output::{Output, Record};
use crate::transfer::progress::grouped;

/// The report of an import or a plan, completed by what the library does not know.
#[derive(Clone, Debug)]
pub(crate) struct Totals {
    pub(crate) report: ImportReport,
    /// The number of invalid rows, which were skipped.
    pub(crate) invalid: u64,
}

impl Totals {
    /// `rows` is the number of valid rows, which a stopped import may not have read.
    pub(crate) fn new(mut report: ImportReport, rows: u64, invalid: u64) -> Self {
        let unread = rows.saturating_sub(report.rows);
        report.rows += unread;
        report.not_compared += unread;
        Self { report, invalid }
    }

    /// The main counts, and others that are not zero.
    pub(crate) fn counts(&self, plan: bool) -> Vec<(&'static str, u64)> {
        let (created, changed) = if plan { ("to create", "to change") } else { ("created", "changed") };
        let Self { report, invalid } = self;
        let always = [(created, report.created), (changed, report.changed), ("unchanged", report.unchanged)];
        let others = [
            ("sent, not verified", report.sent),
            ("superseded by a later row", report.superseded),
            ("done before", report.done_before),
            ("failed", report.failed),
            ("not processed", report.left()),
            ("of these, not compared", report.not_compared),
            ("invalid rows, skipped", *invalid),
        ];
        always.into_iter().chain(others.into_iter().filter(|(_, count)| *count > 0)).collect()
    }
}

impl Serialize for Totals {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { report, invalid } = self;
        let stopped = report.stopped.as_ref().map(|stopped| match stopped {
            Stopped::Error(error) => text_of(error),
            _ => "interrupted".to_owned(),
        });
        let totals = json!({
            "engine": if report.engine == Engine::Capture { "capture" } else { "rest" },
            "rows": report.rows,
            "created": report.created,
            "changed": report.changed,
            "unchanged": report.unchanged,
            "sent": report.sent,
            "superseded": report.superseded,
            "done_before": report.done_before,
            "failed": report.failed,
            "left": report.left(),
            "not_compared": report.not_compared,
            "bad": invalid,
            "requests": report.requests,
            "seconds": (report.elapsed.as_secs_f64() * 1_000.0).round() / 1_000.0,
            "stopped": stopped,
        });
        totals.serialize(serializer)
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
}

/// Prints the totals of an import.
pub(crate) fn show(output: &Output, totals: Totals) -> Result<(), Failure> {
    if output.is_for_programs() {
        return output.one(totals);
    }
    let rows: Vec<_> =
        totals.counts(false).iter().map(|(what, count)| vec![(*what).to_owned(), grouped(*count)]).collect();
    output.table(&rows)
}

/// The command line for resuming: the given one, without keys.
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

/// Quotes a word for a POSIX shell.
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
    fn the_command_is_quoted_for_a_shell_and_has_no_key() {
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
}
