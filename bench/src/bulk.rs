//! Measures imports and exports, and prints Markdown: `cargo xtask bench bulk`.
//!
//! Imports at the rate limits of PostHog Cloud would take most of a day, so they run with a simulated clock that is advanced
//! whenever no request is in flight. Exports run in separate processes, which report their peak memory.

use std::io::{self, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use chrono::TimeDelta;
use posthog_groups::bulk::{Engine, ImportReport, ImportRow};
use posthog_groups::{Client, ProjectToken, Properties, RateLimit, RetryPolicy};
use posthog_groups_fake::{DEFAULT_KEY, Effect, Era, Fake, Fault, FaultKind, Phase};
use serde::Deserialize;
use tokio::sync::mpsc;

use crate::servers::{client, properties, started, state};
use crate::verdict;

const PER_MINUTE: usize = 480;
const PER_HOUR: usize = 4_800;
const MILLION: u64 = 1_000_000;
const SECOND: TimeDelta = TimeDelta::seconds(1);

pub(crate) fn bulk(out: &mut impl Write) -> anyhow::Result<()> {
    at_the_limits(out)?;
    exports(out)?;
    in_flight(out)?;
    plans(out)
}

fn row(n: u64) -> io::Result<ImportRow> {
    let properties: Properties = serde_json::from_str(&properties(n, "enterprise"))?;
    Ok(ImportRow::new(format!("org:{n}"), properties))
}

/// Checks that the stand-in server has exactly the groups of the rows.
fn ensure_exact(fake: &Fake, rows: u64) -> anyhow::Result<()> {
    let mut groups = fake.state().groups;
    groups.sort_by_key(|group| group.group_key.trim_start_matches("org:").parse::<u64>().unwrap_or(u64::MAX));
    ensure!(groups.len() as u64 == rows, "{} groups instead of {rows}", groups.len());
    for (n, group) in (0..).zip(&groups) {
        let expected: serde_json::Value = serde_json::from_str(&properties(n, "enterprise"))?;
        let stored: serde_json::Value = serde_json::from_str(group.group_properties.as_str())?;
        ensure!(
            group.group_key == format!("org:{n}") && stored == expected,
            "{} holds {stored}",
            group.group_key
        );
    }
    Ok(())
}

// --- 1. With a simulated clock ---

/// The cost of an import.
struct Taken {
    report: ImportReport,
    /// Simulated time.
    time: Duration,
    /// Requests that count for the limits, and batches of events, which do not.
    counted: u64,
    batches: u64,
}

pub(crate) fn at_the_limits(out: &mut impl Write) -> anyhow::Result<()> {
    const ROWS: u64 = 20_000;
    writeln!(
        out,
        "| {ROWS} rows | engine | requests that count | batches | time at {PER_MINUTE} per minute and {PER_HOUR} per hour | \
         projected for a million rows: requests, time |\n|---|---|---|---|---|---|"
    )?;
    for (what, era, existing) in [
        ("all new", Era::Y2026, None),
        ("one property changed in each", Era::Y2026, Some("free")),
        ("the same on a server of 2025", Era::Y2025, Some("free")),
        ("unchanged", Era::Y2026, Some("enterprise")),
    ] {
        for (name, engine) in [("REST", Engine::Rest), ("events", Engine::Capture)] {
            let groups = if existing.is_some() { ROWS } else { 0 };
            let state = state(groups, existing.unwrap_or_default(), SECOND)?;
            let fake = Fake::builder().era(era).state(state).start_blocking()?;
            let taken = simulated(&fake, ROWS, engine).with_context(|| format!("{what}, {name}"))?;
            let report = &taken.report;
            ensure!(report.is_complete() && report.engine == engine, "{report:?}");
            let counts = [report.created, report.changed, report.unchanged];
            let expected = match existing {
                None => [ROWS, 0, 0],
                Some("free") => [0, ROWS, 0],
                Some(_) => [0, 0, ROWS],
            };
            ensure!(counts == expected, "{what}, {name}: {report:?}");
            ensure_exact(&fake, ROWS)?;
            // Rounded up, as if the few requests that every import makes increased with the rows.
            let requests = (taken.counted * MILLION).div_ceil(ROWS);
            writeln!(
                out,
                "| {what} | {name} | {} | {} | {} | {requests}, {} |",
                taken.counted,
                taken.batches,
                hours(taken.time),
                hours(time_for(requests))
            )?;
        }
    }
    writeln!(out)?;
    Ok(())
}

/// The minimum time for this many requests at the rate limits.
fn time_for(requests: u64) -> Duration {
    let waited = requests.saturating_sub(1);
    let (hours, rest) = (waited / PER_HOUR as u64, waited % PER_HOUR as u64);
    Duration::from_secs(hours * 3_600 + rest / PER_MINUTE as u64 * 60)
}

/// Formats a time that is determined by the rate limits.
fn hours(time: Duration) -> String {
    let minutes = time.as_secs_f64() / 60.0;
    match minutes {
        ..1.0 => "no wait".to_owned(),
        1.0..120.0 => format!("{minutes:.0} min"),
        _ => format!("{:.1} h", minutes / 60.0),
    }
}

/// Runs an import at the rate limits of PostHog Cloud, in a runtime with a clock that is paused unless it is advanced.
fn simulated(fake: &Fake, rows: u64, engine: Engine) -> anyhow::Result<Taken> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?;
    let posthog = Client::builder()
        .personal_api_key(fake.key())
        .host(fake.url())
        .rate_limit(RateLimit::cloud())
        .build()?
        // The clock may be advanced while a response is in flight, which must not cause a timeout.
        .with_options(|o| o.timeout(Duration::from_secs(7 * 24 * 3_600)));
    runtime.block_on(async {
        let (ticker, mut ticks) = Ticker::start();
        let mut clock = Clock::new(fake, &posthog);
        let import = posthog
            .groups(0)
            .import(|| (0..rows).map(row))
            .engine(engine)
            .project_token(ProjectToken::new("phc_1")?)
            .run();
        let report = tokio::select! {
            report = import => report?,
            never = clock.drive(&mut ticks) => match never {},
        };
        drop(ticker);
        let time = clock.started.elapsed();
        clock.note();
        let (counted, batches) = clock.check_windows()?;
        ensure!(counted + batches == report.requests, "{counted} and {batches} were seen: {report:?}");
        Ok(Taken { report, time, counted, batches })
    })
}

/// Real time for the runtime with the paused clock. While its task runs, the runtime does not advance the clock itself.
struct Ticker(Arc<AtomicBool>);

impl Ticker {
    fn start() -> (Self, mpsc::Receiver<()>) {
        let stop = Arc::new(AtomicBool::new(false));
        let (tick, ticks) = mpsc::channel(1);
        let stopping = stop.clone();
        tokio::task::spawn_blocking(move || {
            while !stopping.load(Ordering::Relaxed) {
                std::thread::sleep(Duration::from_millis(1));
                // If the last tick has not been received yet, skipping one is harmless.
                let _ = tick.try_send(());
            }
        });
        (Self(stop), ticks)
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Advances the clock whenever no request is in flight.
struct Clock<'a> {
    fake: &'a Fake,
    client: &'a Client,
    started: tokio::time::Instant,
    /// The number of requests that the stand-in server had received before the clock left this time.
    seen: Vec<(Duration, u64)>,
}

enum Never {}

impl<'a> Clock<'a> {
    fn new(fake: &'a Fake, client: &'a Client) -> Self {
        Self { fake, client, started: tokio::time::Instant::now(), seen: Vec::new() }
    }

    fn note(&mut self) {
        self.seen.push((self.started.elapsed(), self.fake.requests()));
    }

    async fn drive(&mut self, ticks: &mut mpsc::Receiver<()>) -> Never {
        const STEP: Duration = Duration::from_millis(250);
        /// Milliseconds without a new request. Long enough for a busy machine.
        const QUIET: u32 = 400;
        let (mut requests, mut quiet) = (0, 0);
        loop {
            ticks.recv().await;
            let now = self.fake.requests();
            quiet = if now == requests { quiet + 1 } else { 0 };
            requests = now;
            // Whoever waits for the limit keeps everybody else from sending, so that only requests on their way are waited for.
            // One that is missed counts for a later minute, which has too many then.
            if quiet >= QUIET {
                quiet = 0;
                self.note();
                tokio::time::advance(self.client.throttled_for().unwrap_or(STEP)).await;
            }
        }
    }

    /// Returns the numbers of requests to the API and of batches, or an error if a minute or an hour had too many requests.
    fn check_windows(&self) -> anyhow::Result<(u64, u64)> {
        let mut times = Vec::new();
        let mut batches = 0;
        let mut seen = self.seen.iter().peekable();
        let journal = self.fake.journal();
        ensure!(journal.len() as u64 == self.fake.requests(), "the journal has dropped requests");
        for entry in &journal {
            while seen.next_if(|(_, requests)| *requests < entry.seq).is_some() {}
            let (time, _) = seen.peek().context("a request without a time")?;
            if entry.path.starts_with("/batch") { batches += 1 } else { times.push(*time) }
        }
        for (length, limit) in [(60, PER_MINUTE), (3_600, PER_HOUR)] {
            let length = Duration::from_secs(length);
            for (first, last) in times.iter().zip(times.iter().skip(limit)) {
                ensure!(
                    *last - *first >= length,
                    "more than {limit} requests in {length:?}, from {first:?} on"
                );
            }
        }
        Ok((times.len() as u64, batches))
    }
}

// --- 2. Exports in separate processes ---

/// The report of a child process.
#[derive(Clone, Copy)]
struct Measured {
    groups: u64,
    time: Duration,
    /// In kilobytes, if the system reports it.
    peak: Option<u64>,
}

impl Measured {
    fn peak(&self) -> String {
        self.peak.map_or("-".to_owned(), |kb| format!("{:.1} MB", kb as f64 / 1_000.0))
    }
}

pub(crate) fn exports(out: &mut impl Write) -> anyhow::Result<()> {
    let (_server, url) = started(&["serve", &MILLION.to_string(), "free", "1000"])?;
    let url = url.as_str();

    let faster = |a: Option<Measured>, b: Measured| Some(a.filter(|a| a.time < b.time).unwrap_or(b));
    let (mut ours, mut bare) = (None, None);
    for _ in 0..3 {
        ours = faster(ours, measured(&["export", url])?);
        bare = faster(bare, measured(&["follow", url])?);
    }
    let (ours, bare) = (ours.context("no round")?, bare.context("no round")?);
    ensure!(ours.groups == MILLION && bare.groups == MILLION, "{} and {} groups", ours.groups, bare.groups);
    writeln!(out, "| what | peer | ours | peer | ratio | goal |\n|---|---|---|---|---|---|")?;
    writeln!(
        out,
        "| export {MILLION} groups, decoded, one by one | a bare reqwest loop that only follows cursors | {:.1?} | {:.1?} | \
         {:.2}x the time | 1.10x the time |",
        ours.time,
        bare.time,
        ours.time.as_secs_f64() / bare.time.as_secs_f64()
    )?;
    writeln!(out, "| its peak memory | the same | {} | {} | - | 30 MB |", ours.peak(), bare.peak())?;
    Ok(())
}

/// Runs this program with these arguments, and reads its report.
fn measured(arguments: &[&str]) -> anyhow::Result<Measured> {
    let output = Command::new(std::env::current_exe()?).args(arguments).stderr(Stdio::inherit()).output()?;
    ensure!(output.status.success(), "{arguments:?} failed");
    let text = String::from_utf8(output.stdout)?;
    let numbers: Vec<u64> = text.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
    let [groups, micros, ref peak @ ..] = numbers[..] else { bail!("{arguments:?} printed {text:?}") };
    Ok(Measured { groups, time: Duration::from_micros(micros), peak: peak.first().copied() })
}

/// Reports the number of groups, microseconds, and the peak memory.
pub(crate) fn alone(export: impl Future<Output = anyhow::Result<u64>>) -> anyhow::Result<()> {
    let started = Instant::now();
    let groups = tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(export)?;
    let micros = started.elapsed().as_micros();
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
    writeln!(io::stdout(), "{groups} {micros} {}", peak.unwrap_or_default())?;
    Ok(())
}

pub(crate) async fn export(url: &str) -> anyhow::Result<u64> {
    let posthog = client(url)?;
    let mut groups = posthog.groups(0).export().stream();
    let mut count = 0;
    while let Some(group) = groups.next().await {
        std::hint::black_box(group?);
        count += 1;
    }
    Ok(count)
}

// --- 4. Plans in separate processes ---

pub(crate) fn plans(out: &mut impl Write) -> anyhow::Result<()> {
    const GOAL: u64 = 64_000;
    writeln!(
        out,
        "\n| plan, half of the rows differ | rows per second | time | peak memory | goal | verdict |\n|---|---|---|---|---|---|"
    )?;
    for rows in [MILLION / 10, MILLION, 10 * MILLION] {
        let (_server, url) = started(&["pages", &rows.to_string()])?;
        let plan = measured(&["plan", &url, &rows.to_string()])?;
        ensure!(plan.groups == rows / 2, "{} of {rows} rows differ", plan.groups);
        let verdict = plan.peak.map_or("-", |kb| verdict(kb <= GOAL));
        writeln!(
            out,
            "| {rows} rows against {rows} groups | {:.0} | {:.1?} | {} | <= {} MB | {verdict} |",
            rows as f64 / plan.time.as_secs_f64(),
            plan.time,
            plan.peak(),
            GOAL / 1_000
        )?;
    }
    Ok(())
}

pub(crate) async fn plan(url: &str, rows: u64) -> anyhow::Result<u64> {
    let report = client(url)?.groups(0).import(|| (0..rows).map(row)).engine(Engine::Rest).plan().await?;
    ensure!(report.is_complete() && report.created == 0, "{report:?}");
    Ok(report.changed)
}

// --- 3 and 2: the child processes ---

/// The part of a page that is read by a loop that only follows cursors.
#[derive(Deserialize)]
struct Cursor {
    next: Option<String>,
    results: Vec<serde::de::IgnoredAny>,
}

pub(crate) async fn follow(url: &str) -> anyhow::Result<u64> {
    let http = reqwest::Client::new();
    let mut next = Some(format!("{url}/api/projects/@current/groups/?group_type_index=0"));
    let mut count = 0;
    while let Some(url) = next {
        let page: Cursor = http.get(url).bearer_auth(DEFAULT_KEY).send().await?.json().await?;
        count += page.results.len() as u64;
        next = page.next;
    }
    Ok(count)
}

// --- 3. Many in flight ---

pub(crate) fn in_flight(out: &mut impl Write) -> anyhow::Result<()> {
    const ROWS: u64 = 2_000;
    const LATENCY: f64 = 0.02;
    let late = Fault { times: 0, ..Fault::new(Effect::Slow { delay: LATENCY, chunk: 0, interval: 0.0 }) };
    let run = |concurrency: usize, faults: Vec<Fault>| -> anyhow::Result<(ImportReport, u64)> {
        let fake = Fake::builder().state(state(0, "", SECOND)?).start_blocking()?;
        fake.add_faults(faults)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        // Measures only the benefit of many requests in flight, so waits between retries are short.
        let posthog = client(&fake.url())?
            .with_options(|o| o.retry(RetryPolicy::default().first_wait(Duration::from_millis(10))));
        let import = posthog.groups(0).import(|| (0..ROWS).map(row));
        let report = runtime.block_on(import.engine(Engine::Rest).concurrency(concurrency).run())?;
        ensure!(
            report.is_complete() && report.created + report.changed + report.unchanged == ROWS,
            "{report:?}"
        );
        ensure_exact(&fake, ROWS)?;
        let hit =
            fake.journal().iter().filter(|e| e.fault.is_some_and(|hit| hit.kind != FaultKind::Slow)).count();
        Ok((report, hit as u64))
    };
    let (many, _) = run(32, vec![late.clone()])?;
    let (one, _) = run(1, vec![late.clone()])?;
    let ratio = one.elapsed.as_secs_f64() / many.elapsed.as_secs_f64();
    writeln!(
        out,
        "| {ROWS} upserts by REST, {:.0} ms of latency, 32 in flight | one at a time | {:.2?} | {:.2?} | {ratio:.1}x faster | \
         25x faster |",
        LATENCY * 1_000.0,
        many.elapsed,
        one.elapsed
    )?;

    // One in twenty requests fails, before or after it is processed.
    let kinds = [
        Fault::http(503),
        Fault::drop_connection(),
        Fault { phase: Phase::After, ..Fault::http(502) },
        Fault { phase: Phase::After, ..Fault::drop_connection() },
        Fault { phase: Phase::After, ..Fault::reset_connection() },
    ];
    let faults = (1..=200).zip(kinds.iter().cycle()).map(|(n, kind)| Fault { skip: n * 19, ..kind.clone() });
    let (report, hit) = run(32, faults.chain([late.clone()]).collect())?;
    let share = hit as f64 * 100.0 / report.requests as f64;
    ensure!(share > 4.0, "only {hit} of {} requests were hit", report.requests);
    writeln!(
        out,
        "| the same, while {share:.1} % of {} requests fail, before or after they take effect | - | {:.2?}, and all {ROWS} groups \
         are as given | - | - | exact |",
        report.requests, report.elapsed
    )?;
    Ok(())
}
