//! `cargo xtask fuzz`: runs the property tests with many inputs, each test in a process of its own.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

use crate::{Executable, Outcome, build};

/// The tests that take generated inputs: the arguments of cargo, and the prefixes of the tests' names. `PROPTEST_CASES` sets the number
/// of inputs. Some of the tests fail if an input takes longer than a second.
const TARGETS: [(&[&str], &[&str]); 4] = [
    (&["--package", "posthog-groups", "--all-features", "--lib"], &["property_tests::"]),
    (&["--package", "posthog-groups-cli", "--bin", "posthog-groups"], &["property_tests::"]),
    (
        &["--package", "posthog-groups-client", "--lib"],
        &["scan::tests::results_agree_with_serde_json", "timestamp::tests::parsing_by_position_agrees"],
    ),
    (
        &["--package", "openapi-ledger", "--test", "hostile"],
        &["any_", "lint_slice_and_conversion", "compare_and_diff"],
    ),
];

/// The maximum memory of a test.
const MEMORY: u64 = 256 << 20;

/// Runs all targets whose names contain `only`.
pub(crate) fn fuzz(root: &Path, inputs: u32, only: &str) -> anyhow::Result<Outcome> {
    let mut outcome = Outcome::Good;
    let mut ran = 0;
    for (arguments, names) in TARGETS {
        let program = build(root, Executable::Tests, &[&["--release"], arguments].concat())?;
        let listed = Command::new(&program).args(["--list", "--format", "terse"]).output()?;
        let listed = String::from_utf8(listed.stdout)?;
        let tests: Vec<_> = listed.lines().filter_map(|line| line.strip_suffix(": test")).collect();
        for name in names {
            ensure!(tests.iter().any(|test| test.starts_with(name)), "{arguments:?} has no test `{name}...`");
        }
        for test in
            tests.iter().filter(|test| names.iter().any(|name| test.starts_with(name)) && test.contains(only))
        {
            ran += 1;
            let mut run = measure(&program, test, inputs)?;
            say!("{}", run.line(test, inputs));
            if run.problem().is_some() {
                // On a busy machine, an input can take a second because the process is not scheduled. The seeds are fixed, so a real failure fails again.
                run = measure(&program, test, inputs)?;
                say!("{} (repeated)", run.line(test, inputs));
            }
            if run.problem().is_some() {
                outcome = Outcome::Findings;
            }
        }
    }
    ensure!(ran > 0, "no property test has a name that contains `{only}`");
    Ok(outcome)
}

/// The result of a test run.
struct Run {
    succeeded: bool,
    took: Duration,
    /// The peak resident size in bytes, if the system reports it (Linux).
    peak: Option<u64>,
}

impl Run {
    fn problem(&self) -> Option<&'static str> {
        if !self.succeeded {
            return Some("FAILED");
        }
        self.peak.is_some_and(|peak| peak > MEMORY).then_some("TOO MUCH MEMORY")
    }

    fn line(&self, test: &str, inputs: u32) -> String {
        let peak = self.peak.map_or_else(|| "unknown".to_owned(), |peak| format!("{} MiB", peak >> 20));
        let problem = self.problem().unwrap_or("ok");
        format!("{problem:15} {inputs} inputs in {:.1} s, peak {peak}: {test}", self.took.as_secs_f64())
    }
}

fn measure(program: &Path, test: &str, inputs: u32) -> anyhow::Result<Run> {
    let started = Instant::now();
    let mut child = Command::new(program)
        .args(["--exact", test])
        .env("PROPTEST_CASES", inputs.to_string())
        .env("PROPTEST_RNG_SEED", "1")
        .stdout(Stdio::null())
        .spawn()
        .with_context(|| format!("cannot run {}", program.display()))?;
    let mut peak = None;
    loop {
        peak = peak.max(peak_memory(child.id()));
        if let Some(status) = child.try_wait()? {
            return Ok(Run { succeeded: status.success(), took: started.elapsed(), peak });
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn peak_memory(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_that_fails_or_uses_too_much_memory_is_a_finding() {
        for (succeeded, peak, problem) in [
            (true, Some(MEMORY), None),
            (true, None, None),
            (true, Some(MEMORY + 1), Some("TOO MUCH MEMORY")),
            (false, Some(1), Some("FAILED")),
        ] {
            let run = Run { succeeded, took: Duration::from_secs(1), peak };
            assert_eq!(run.problem(), problem);
        }
    }
}
