//! Progress on standard error: a bar on a terminal, otherwise occasional lines.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use posthog_groups::Client;
use tokio::task::JoinHandle;

/// Shows progress until it is dropped.
pub(crate) struct Progress {
    task: Option<JoinHandle<()>>,
    bar: ProgressBar,
    counter: Counter,
}

/// Counts progress.
#[derive(Clone, Debug)]
pub(crate) struct Counter(Arc<Mutex<State>>);

#[derive(Clone, Debug)]
struct State {
    stage: &'static str,
    unit: &'static str,
    done: u64,
    total: Option<u64>,
    began: Instant,
}

impl Progress {
    /// Starts showing progress, unless `quiet`, and the waits of the client for the rate limit.
    pub(crate) fn start(quiet: bool, client: Client, stage: &'static str, unit: &'static str) -> Self {
        let counter = Counter::new(stage, unit);
        let shown = counter.clone();
        let (bar, task) = match (quiet, io::stderr().is_terminal()) {
            (true, _) => (ProgressBar::hidden(), None),
            (false, true) => {
                let bar = ProgressBar::new_spinner();
                (bar.clone(), Some(tokio::spawn(draw(bar, shown, client))))
            }
            (false, false) => (ProgressBar::hidden(), Some(tokio::spawn(print_lines(shown, client)))),
        };
        Self { task, bar, counter }
    }

    pub(crate) fn counter(&self) -> Counter {
        self.counter.clone()
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
        self.bar.finish_and_clear();
    }
}

impl Counter {
    pub(crate) fn new(stage: &'static str, unit: &'static str) -> Self {
        let state = State { stage, unit, done: 0, total: None, began: Instant::now() };
        Self(Arc::new(Mutex::new(state)))
    }

    /// Starts another stage, of this size if known.
    pub(crate) fn stage(&self, stage: &'static str, unit: &'static str, total: Option<u64>) {
        *self.state() = State { stage, unit, done: 0, total, began: Instant::now() };
    }

    pub(crate) fn set(&self, done: u64) {
        self.state().done = done;
    }

    pub(crate) fn add(&self, more: u64) {
        self.state().done += more;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn draw(bar: ProgressBar, counter: Counter, client: Client) {
    let style =
        |template| ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    let (known, unknown) = (style("{bar:24} {msg}"), style("{spinner} {msg}"));
    loop {
        // First, so that short work shows no bar.
        tokio::time::sleep(Duration::from_millis(150)).await;
        let state = counter.state().clone();
        match state.total {
            Some(total) => {
                bar.set_style(known.clone());
                bar.set_length(total);
                bar.set_position(state.done);
            }
            None => {
                bar.set_style(unknown.clone());
                bar.tick();
            }
        }
        bar.set_message(line(&state, state.began.elapsed(), client.throttled_for()));
    }
}

async fn print_lines(counter: Counter, client: Client) {
    const EVERY: Duration = Duration::from_secs(10);
    loop {
        tokio::time::sleep(EVERY).await;
        let state = counter.state().clone();
        // If standard error is closed, progress is lost.
        let line = line(&state, state.began.elapsed(), client.throttled_for());
        let _ = writeln!(io::stderr(), "{line}");
    }
}

/// One line: the progress, the rate, the remaining time, and the wait.
fn line(state: &State, elapsed: Duration, waits: Option<Duration>) -> String {
    let mut line = format!("{}: {}", state.stage, grouped(state.done));
    // Rows that an earlier run recorded as done are not expected, but written again if the server lost them.
    let total = state.total.map(|total| total.max(state.done));
    if let Some(total) = total {
        line.push_str(&format!(" of {}", grouped(total)));
    }
    line.push_str(&format!(" {}", state.unit));
    let seconds = elapsed.as_secs_f64();
    if state.done > 0 && seconds >= 1.0 {
        let rate = state.done as f64 / seconds;
        line.push_str(&match rate {
            rate if rate >= 10.0 => format!(", {}/s", grouped(rate as u64)),
            rate => format!(", {rate:.1}/s"),
        });
        if let Some(left) = total.map(|total| total - state.done).filter(|left| *left > 0) {
            line.push_str(&format!(", {} left", rough(Duration::from_secs_f64(left as f64 / rate))));
        }
    }
    if let Some(waits) = waits {
        line.push_str(&format!("; rate limit: waiting {}", rough(waits)));
    }
    line
}

/// A number with thousands separators.
pub(crate) fn grouped(number: u64) -> String {
    HumanCount(number).to_string()
}

pub(crate) fn rough(time: Duration) -> String {
    let seconds = time.as_secs_f64().ceil() as u64;
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7_199 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_progress_rate_and_remaining_time() {
        let state =
            |done, total| State { stage: "Writing", unit: "rows", done, total, began: Instant::now() };
        for (state, seconds, waits, expected) in [
            (state(0, None), 0, None, "Writing: 0 rows"),
            (state(0, Some(10)), 60, None, "Writing: 0 of 10 rows"),
            (state(1_204, Some(10_000)), 150, None, "Writing: 1,204 of 10,000 rows, 8.0/s, 19 min left"),
            (state(2, Some(1)), 10, None, "Writing: 2 of 2 rows, 0.2/s"),
            (state(50_000, None), 10, None, "Writing: 50,000 rows, 5,000/s"),
            (state(10, Some(10)), 10, Some(12), "Writing: 10 of 10 rows, 1.0/s; rate limit: waiting 12 s"),
        ] {
            let line = line(&state, Duration::from_secs(seconds), waits.map(Duration::from_secs));
            assert_eq!(line, expected);
        }
    }

    #[test]
    fn numbers_are_grouped_and_times_rounded() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
        for (millis, text) in
            [(0, "0 s"), (1_200, "2 s"), (119_000, "119 s"), (121_000, "3 min"), (7_260_000, "2 h 1 min")]
        {
            assert_eq!(rough(Duration::from_millis(millis)), text);
        }
    }
}
