//! Runs mixed calls of the library in both eras while 10 % of the requests fail:
//! `cargo run --release -p posthog-groups-tests --example soak -- --seconds 60`.
//!
//! Every worker changes its own groups and records their expected state. A call that succeeds has taken effect, a call that fails
//! has not, and a call with an unknown outcome may have. At the end, the state of the server is compared, and the memory growth of
//! the client's process is printed. Each era has a process for the client, and one for the stand-in server, which keeps all
//! events. Exit codes: 1 if the state differs, 2 for invalid usage.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, ensure};
use posthog_groups::{Client, Error, Groups, RetryPolicy};
use posthog_groups_fake::{Era, Fake, GroupType, State};
use serde_json::{Value, json};

const WORKERS: usize = 8;
const GROUPS: usize = 40;
const PROPERTIES: [&str; 4] = ["plan", "seats", "tags", "note"];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let parts: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (seconds, seed) = match parts.as_slice() {
        ["serve", era] => return serve(era),
        ["client", era, seconds, seed] => return client(era, seconds, seed),
        ["--seconds", seconds] => (seconds.parse(), Ok(1)),
        ["--seconds", seconds, "--seed", seed] => (seconds.parse(), seed.parse()),
        _ => (Ok(0.0), Ok(0)),
    };
    let (Ok(seconds @ 1.0..), Ok(seed)) = (seconds, seed) else {
        let _ = writeln!(std::io::stderr(), "usage: soak --seconds N [--seed N]");
        return ExitCode::from(2);
    };
    exit_code(run(seconds, seed))
}

fn exit_code(good: anyhow::Result<bool>) -> ExitCode {
    match good {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "soak: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Runs the two eras one after the other.
fn run(seconds: f64, seed: u64) -> anyhow::Result<bool> {
    let mut good = true;
    for era in ["2025", "2026"] {
        let arguments = ["client", era, &(seconds / 2.0).to_string(), &seed.to_string()];
        good &= Command::new(std::env::current_exe()?).args(arguments).status()?.success();
    }
    Ok(good)
}

/// The client of one era.
fn client(era: &str, seconds: &str, seed: &str) -> ExitCode {
    let done = || {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        runtime.block_on(soak(era, Duration::from_secs_f64(seconds.parse()?), seed.parse()?))
    };
    exit_code(done())
}

/// The stand-in server, until standard input closes.
fn serve(era: &str) -> ExitCode {
    let state = State { group_types: vec![GroupType::new(0, "organization")], ..State::default() };
    let era = if era == "2025" { Era::Y2025 } else { Era::Y2026 };
    let Ok(fake) = Fake::builder().era(era).state(state).start_blocking() else { return ExitCode::FAILURE };
    println!("{}", fake.url());
    let _ = std::io::stdin().read_line(&mut String::new());
    ExitCode::SUCCESS
}

/// A server process, which ends when this is dropped.
struct Server {
    child: Child,
    url: String,
}

impl Server {
    fn start(era: &str) -> anyhow::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["serve", era])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut url = String::new();
        BufReader::new(child.stdout.take().context("no output")?).read_line(&mut url)?;
        ensure!(!url.is_empty(), "the server did not start");
        Ok(Self { child, url: url.trim().to_owned() })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

#[derive(Debug, Default)]
struct Counts {
    succeeded: AtomicU64,
    failed: AtomicU64,
    unknown: AtomicU64,
}

async fn soak(era: &str, time: Duration, seed: u64) -> anyhow::Result<bool> {
    let server = Server::start(era)?;
    let retry = RetryPolicy::default()
        .retries(4)
        .first_wait(Duration::from_millis(1))
        .longest_wait(Duration::from_millis(20));
    let client = Client::builder()
        .host(&server.url)
        .personal_api_key("phx_default")
        .project(1)
        .retry(retry)
        .timeout(Duration::from_secs(2))
        .jitter_seed(seed)
        .build()?;
    let stop = Arc::new(AtomicBool::new(false));
    let counts = Arc::new(Counts::default());
    let faults = tokio::spawn(inject_faults(server.url.clone(), seed, stop.clone()));
    let workers: Vec<_> = (0..WORKERS)
        .map(|n| {
            let worker = Worker {
                groups: client.groups("organization"),
                prefix: format!("w{n}:"),
                random: fastrand::Rng::with_seed(seed.wrapping_mul(1_000).wrapping_add(n as u64)),
                expected: BTreeMap::new(),
                counts: counts.clone(),
            };
            tokio::spawn(worker.work(stop.clone()))
        })
        .collect();

    // The first fifth fills caches and pools.
    tokio::time::sleep(time / 5).await;
    let (warm, started) = (resident_memory(), Instant::now());
    tokio::time::sleep(time - time / 5).await;
    stop.store(true, Ordering::Relaxed);
    let mut expected = Expected::new();
    for worker in workers {
        expected.extend(worker.await??);
    }
    faults.await??;
    let (end, elapsed) = (resident_memory(), started.elapsed());
    let journal: Value =
        reqwest::get(format!("{}/__admin/journal", server.url)).await?.error_for_status()?.json().await?;
    let entries = journal["entries"].as_array().map(Vec::as_slice).unwrap_or_default();
    let hit = entries.iter().filter(|entry| !entry["fault"].is_null()).count();
    let requests = entries.len();

    let state: Value =
        reqwest::get(format!("{}/__admin/state", server.url)).await?.error_for_status()?.json().await?;
    let problems = differences(&expected, &state);
    let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
    println!(
        "{era}: {} calls ({} succeeded, {} failed, {} with an unknown outcome); of the last {requests} requests, {hit} hit by \
         a fault; {} groups compared, {} differ",
        read(&counts.succeeded) + read(&counts.failed) + read(&counts.unknown),
        read(&counts.succeeded),
        read(&counts.failed),
        read(&counts.unknown),
        expected.len(),
        problems.len(),
    );
    if let (Some(warm), Some(end)) = (warm, end) {
        let growth = (end as f64 - warm as f64) / 1024.0;
        println!(
            "{era}: resident memory {} KiB, {growth:+.0} KiB in {:.0} s",
            end / 1024,
            elapsed.as_secs_f64()
        );
    }
    for problem in problems.iter().take(20) {
        println!("  {problem}");
    }
    Ok(problems.is_empty())
}

/// The resident size of this process in bytes, if the system reports it (Linux).
fn resident_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

/// Makes a tenth of the requests fail. The faults apply to the next 1,600 requests, and are replaced before even a fast server has
/// received that many.
async fn inject_faults(url: String, seed: u64, stop: Arc<AtomicBool>) -> anyhow::Result<()> {
    let http = reqwest::Client::new();
    let mut random = fastrand::Rng::with_seed(seed);
    let url = format!("{url}/__admin/faults");
    while !stop.load(Ordering::Relaxed) {
        let faults: Vec<Value> = (0..200)
            .map(|n| {
                let mut fault = fault(&mut random);
                // One in eight, of which some are replaced before their turn.
                fault["skip"] = (n * 7 + random.u64(0..7)).into();
                fault
            })
            .collect();
        http.delete(&url).send().await?.error_for_status()?;
        http.post(&url).json(&faults).send().await?.error_for_status()?;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    http.delete(&url).send().await?.error_for_status()?;
    Ok(())
}

fn fault(random: &mut fastrand::Rng) -> Value {
    let phase = if random.bool() { "before" } else { "after" };
    let event_lost = json!({"code": "Failed to submit group property update event.", "detail": "capture_http_error",
        "type": "capture_http_error"});
    let statuses = [500, 502, 503, 504, 520, 522, 524, 530];
    let lost = [429, 502][random.usize(0..2)];
    let at = ["headers", "body"][random.usize(0..2)];
    match random.u8(0..10) {
        0 | 1 => json!({"kind": "http", "status": statuses[random.usize(0..statuses.len())], "phase": phase}),
        2 => json!({"kind": "http", "status": 429, "headers": {"retry-after": "0"}, "phase": "before",
            "body": {"type": "throttled_error", "code": "throttled", "detail": "Request was throttled.", "attr": null}}),
        // Only a write returns this response; the body says that it took effect.
        3 => {
            json!({"kind": "http", "status": lost, "body": event_lost, "phase": "after",
            "method": "POST"})
        }
        4 => json!({"kind": "drop", "phase": phase}),
        5 => json!({"kind": "drop", "phase": phase, "reset": true}),
        6 => json!({"kind": "truncate", "phase": phase, "keep": random.f64()}),
        7 => json!({"kind": "truncate", "phase": phase, "keep": random.f64(), "framing": "chunked"}),
        8 => json!({"kind": "crash", "phase": phase}),
        _ => {
            json!({"kind": "stall", "seconds": 0.05, "phase": phase, "at": at})
        }
    }
}

/// The values that a property may have; `None` means that it may be absent.
type Possible = BTreeMap<&'static str, Vec<Option<Value>>>;

/// The groups of a worker: their possible properties, and whether they may be absent.
type Expected = BTreeMap<String, (Possible, bool)>;

struct Worker {
    groups: Groups,
    prefix: String,
    random: fastrand::Rng,
    expected: Expected,
    counts: Arc<Counts>,
}

/// The effect of a write.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Effect {
    Taken,
    None,
    Unknown,
}

impl Worker {
    async fn work(mut self, stop: Arc<AtomicBool>) -> anyhow::Result<Expected> {
        while !stop.load(Ordering::Relaxed) {
            self.step().await?;
        }
        Ok(self.expected)
    }

    fn effect<T>(&self, result: &Result<T, Error>) -> anyhow::Result<Effect> {
        let (count, effect) = match result {
            Ok(_) => (&self.counts.succeeded, Effect::Taken),
            Err(error) if error.is_event_not_sent() => (&self.counts.succeeded, Effect::Taken),
            Err(error) if error.is_outcome_unknown() => (&self.counts.unknown, Effect::Unknown),
            // A read that returns 500 twice fails, whatever its purpose.
            Err(error)
                if error.is_retryable()
                    || error.is_server_error()
                    || error.is_already_exists()
                    || error.is_not_found() =>
            {
                (&self.counts.failed, Effect::None)
            }
            Err(error) => return Err(anyhow!("unexpected error: {error} ({error:?})")),
        };
        count.fetch_add(1, Ordering::Relaxed);
        Ok(effect)
    }

    async fn step(&mut self) -> anyhow::Result<()> {
        let key = format!("{}{}", self.prefix, self.random.usize(0..GROUPS));
        let name = PROPERTIES[self.random.usize(0..PROPERTIES.len())];
        let value = match self.random.u8(0..3) {
            0 => json!(self.random.u32(..)),
            1 => json!([self.random.bool(), {"nested": self.random.u8(..)}]),
            _ => json!(format!("text {}", self.random.u16(..))),
        };
        let group = self.groups.group(&key);
        let known = self.expected.contains_key(&key);
        match self.random.u8(0..12) {
            0 | 1 => {
                let created = self.groups.create(&key).properties(json!({name: value})).send().await;
                let effect = self.effect(&created)?;
                if effect != Effect::None {
                    self.created(key, name, value, effect);
                }
            }
            2..=5 => {
                let done = group.set(name, &value).await;
                self.wrote(&key, &[(name, Some(value))], self.effect(&done)?);
            }
            6 => {
                let done = group.unset(name).await;
                self.wrote(&key, &[(name, None)], self.effect(&done)?);
            }
            7 => {
                let other = PROPERTIES[self.random.usize(0..PROPERTIES.len())];
                let done = group.upsert(json!({name: value, other: 1})).await;
                let mut changes = vec![(name, Some(value)), (other, Some(json!(1)))];
                if name == other {
                    changes.remove(0);
                }
                let effect = match self.effect(&done)? {
                    // Some of its properties may have been written before it failed.
                    Effect::None => Effect::Unknown,
                    effect => effect,
                };
                self.wrote(&key, &changes, effect);
            }
            8 | 9 => {
                let found = group.find().await;
                if self.effect(&found)? == Effect::Taken
                    && let Ok(Some(found)) = found
                {
                    ensure!(known, "{key} exists and was never created");
                    self.check(&key, &serde_json::from_str(found.properties.as_str())?)?;
                }
            }
            10 => {
                let mut stream = self.groups.list().key_contains(&self.prefix).stream();
                let mut seen = BTreeSet::new();
                while let Some(group) = stream.next().await {
                    let Ok(group) = group else { break };
                    ensure!(seen.insert(group.key.clone()), "{} is listed twice", group.key);
                }
            }
            _ => {
                let mut stream = group.activity().page_size(5).stream();
                for _ in 0..20 {
                    if !matches!(stream.next().await, Some(Ok(_))) {
                        break;
                    }
                }
            }
        }
        Ok(())
    }

    /// Records a create. It does not change an existing group, but after a lost response, the library finds the group and cannot know
    /// that it existed before.
    fn created(&mut self, key: String, name: &'static str, value: Value, effect: Effect) {
        let unset: Possible = PROPERTIES.map(|name| (name, vec![None])).into();
        match self.expected.entry(key) {
            Entry::Vacant(entry) => {
                let mut possible = unset;
                possible.insert(name, vec![Some(value)]);
                entry.insert((possible, effect == Effect::Unknown));
            }
            Entry::Occupied(mut entry) if entry.get().1 => {
                let (possible, absent) = entry.get_mut();
                possible.values_mut().for_each(|values| values.push(None));
                possible.entry(name).or_default().push(Some(value));
                *absent = effect == Effect::Unknown;
            }
            Entry::Occupied(_) => {}
        }
    }

    /// Records the effect of a write on a group that exists or may exist.
    fn wrote(&mut self, key: &str, changes: &[(&'static str, Option<Value>)], effect: Effect) {
        let Some((possible, absent)) = self.expected.get_mut(key) else { return };
        for (name, value) in changes {
            let values = possible.entry(name).or_default();
            match effect {
                Effect::Taken => *values = vec![value.clone()],
                Effect::None => {}
                Effect::Unknown => values.push(value.clone()),
            }
        }
        *absent &= effect != Effect::Taken;
    }

    /// Compares a group that was read, after which its properties are certain.
    fn check(&mut self, key: &str, found: &Value) -> anyhow::Result<()> {
        let Some((possible, absent)) = self.expected.get_mut(key) else { return Ok(()) };
        for (name, values) in possible {
            let value = found.get(*name).cloned();
            ensure!(values.contains(&value), "{key}.{name} is {value:?}, expected one of {values:?}");
        }
        *absent = false;
        Ok(())
    }
}

/// The differences between the state of the server and the possible states.
fn differences(expected: &Expected, state: &Value) -> Vec<String> {
    let groups = state["groups"].as_array().map(Vec::as_slice).unwrap_or_default();
    let stored: BTreeMap<&str, &Value> = groups
        .iter()
        .map(|g| (g["group_key"].as_str().unwrap_or_default(), &g["group_properties"]))
        .collect();
    let mut problems: Vec<String> = stored
        .keys()
        .filter(|key| !expected.contains_key(**key))
        .map(|key| format!("{key} exists and was never created"))
        .collect();
    for (key, (possible, absent)) in expected {
        match stored.get(key.as_str()) {
            None if *absent => {}
            None => problems.push(format!("{key} is missing")),
            Some(found) => problems.extend(possible.iter().filter_map(|(name, values)| {
                let value = found.get(*name).cloned();
                (!values.contains(&value))
                    .then(|| format!("{key}.{name}: {value:?}, expected one of {values:?}"))
            })),
        }
    }
    problems
}
