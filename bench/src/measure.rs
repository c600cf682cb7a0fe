//! Measures instructions and allocations with valgrind, and CPU time in interleaved rounds.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};

use crate::subjects::Subject;

/// The cost of one request of a subject: the difference between two run lengths, which excludes the start of the process.
#[derive(Clone, Copy)]
pub(crate) struct Cost {
    pub(crate) instructions: f64,
    pub(crate) allocations: f64,
}

/// Whether valgrind can be run.
pub(crate) fn has_valgrind() -> bool {
    let silent =
        Command::new("valgrind").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    silent.is_ok_and(|status| status.success())
}

/// The cost of one request of `subject`.
pub(crate) fn cost(subject: Subject, url: &str, (short, long): (u64, u64)) -> anyhow::Result<Cost> {
    let exe = std::env::current_exe()?;
    let at = |tool: Tool, count: u64| {
        let mut program = Command::new("valgrind");
        program.args(tool.arguments()).arg(&exe).args([&subject.name(), url, &count.to_string()]);
        tool.count(program)
    };
    let each = |tool: Tool| anyhow::Ok((at(tool, long)? - at(tool, short)?) / (long - short) as f64);
    Ok(Cost { instructions: each(Tool::Callgrind)?, allocations: each(Tool::Dhat)? })
}

/// The instructions of a whole program.
pub(crate) fn whole_program(
    program: &str,
    arguments: &[&str],
    variables: &[(&str, &str)],
) -> anyhow::Result<f64> {
    let mut valgrind = Command::new("valgrind");
    valgrind.args(Tool::Callgrind.arguments()).arg(program).args(arguments).envs(variables.iter().copied());
    Tool::Callgrind.count(valgrind)
}

#[derive(Clone, Copy)]
enum Tool {
    Callgrind,
    Dhat,
}

impl Tool {
    fn arguments(self) -> [&'static str; 2] {
        match self {
            Self::Callgrind => ["--tool=callgrind", "--callgrind-out-file=/dev/null"],
            Self::Dhat => ["--tool=dhat", "--dhat-out-file=/dev/null"],
        }
    }

    /// Runs the program and takes the total from valgrind's report.
    fn count(self, mut valgrind: Command) -> anyhow::Result<f64> {
        let output =
            valgrind.stdout(Stdio::null()).stdin(Stdio::null()).output().context("valgrind does not run")?;
        let report = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "the measured program failed:\n{report}");
        // `==1== Collected : 123`, and `==1== Total:     1,234 bytes in 56 blocks`.
        let number = match self {
            Self::Callgrind => {
                report.lines().find_map(|line| line.split_once("Collected : ")).map(|(_, n)| n)
            }
            Self::Dhat => {
                let total = report.lines().find(|line| line.contains("Total:"));
                total.and_then(|line| line.split_once(" bytes in ")?.1.strip_suffix(" blocks"))
            }
        };
        let number = number.with_context(|| format!("valgrind reported no total:\n{report}"))?;
        Ok(number.replace(',', "").trim().parse()?)
    }
}

/// The CPU time per request of two subjects, and their ratio with its spread.
#[derive(Clone, Copy)]
pub(crate) struct Pair {
    pub(crate) ours: Duration,
    pub(crate) peer: Duration,
    /// Median, tenth and ninetieth percentile.
    pub(crate) ratio: [f64; 3],
}

/// Runs two subjects alternately, so that other load on the machine affects both.
pub(crate) fn interleaved(ours: Subject, peer: Subject, url: &str, count: u64) -> anyhow::Result<Pair> {
    const ROUNDS: usize = 11;
    let exe = std::env::current_exe()?;
    let timed = |subject: Subject| -> anyhow::Result<(Duration, u64)> {
        let mut child = Command::new(&exe);
        let output =
            child.args([&subject.name(), url, &count.to_string()]).stderr(Stdio::inherit()).output()?;
        ensure!(output.status.success(), "{} failed", subject.name());
        let text = String::from_utf8(output.stdout)?;
        let (nanos, sum) = text.trim().split_once(' ').with_context(|| format!("it printed {text:?}"))?;
        Ok((Duration::from_nanos(nanos.parse()?), sum.parse()?))
    };
    let mut rounds = Vec::with_capacity(ROUNDS);
    for round in 0..=ROUNDS {
        let ((our_time, our_sum), (peer_time, peer_sum)) = if round % 2 == 0 {
            let first = timed(ours)?;
            (first, timed(peer)?)
        } else {
            let first = timed(peer)?;
            (timed(ours)?, first)
        };
        let reads_nothing = peer == Subject::ListCursorOnly;
        ensure!(our_sum == peer_sum || reads_nothing, "{ours:?} read {our_sum}, {peer:?} {peer_sum}");
        // The first round warms the server up.
        if round > 0 {
            rounds.push((our_time, peer_time));
        }
    }
    let each = u32::try_from(count)?;
    let mut ratios: Vec<f64> = rounds.iter().map(|(a, b)| a.as_secs_f64() / b.as_secs_f64()).collect();
    ratios.sort_by(f64::total_cmp);
    let median = |times: &mut Vec<Duration>| {
        times.sort();
        times[times.len() / 2] / each
    };
    Ok(Pair {
        ours: median(&mut rounds.iter().map(|round| round.0).collect()),
        peer: median(&mut rounds.iter().map(|round| round.1).collect()),
        ratio: [ratios[ROUNDS / 2], ratios[ROUNDS / 10], ratios[ROUNDS - 1 - ROUNDS / 10]],
    })
}

/// The CPU time of all threads of this process, or the time since `start` if the system does not report it.
pub(crate) fn cpu_time(start: Instant) -> Duration {
    let ticks = || {
        let mut nanos = 0;
        for thread in std::fs::read_dir("/proc/self/task").ok()? {
            let text = std::fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
            nanos += text.split_whitespace().next()?.parse::<u64>().ok()?;
        }
        Some(Duration::from_nanos(nanos))
    };
    ticks().unwrap_or_else(|| start.elapsed())
}
