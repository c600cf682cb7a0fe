//! An import that is killed repeatedly, with a server that fails every tenth request, results in exactly the expected state.
//!
//! Unix only, because the program runs in an empty environment.

#![cfg(unix)]

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use posthog_groups_fake::{Era, Fake, Fault, Group, GroupType, State};
use serde_json::{Value, json};

/// The number of rows of each kind.
#[derive(Clone, Copy)]
struct Rows {
    /// The group already matches.
    same: usize,
    /// One property has to be changed.
    different: usize,
    /// The group has to be created.
    new: usize,
}

impl Rows {
    /// 20,000 with `POSTHOG_GROUPS_FULL_SIZE` in the environment, which takes minutes; otherwise 2,000.
    fn of_environment() -> Self {
        let scale = if std::env::var_os("POSTHOG_GROUPS_FULL_SIZE").is_some() { 10 } else { 1 };
        Self { same: 400 * scale, different: 400 * scale, new: 1_200 * scale }
    }

    fn existing(self) -> usize {
        self.same + self.different
    }

    fn all(self) -> usize {
        self.existing() + self.new
    }
}

fn properties(n: usize) -> Value {
    json!({"name": format!("Company {n}"), "plan": "enterprise", "seats": n})
}

fn world(rows: Rows) -> State {
    let stored = |n: usize| {
        let plan = if n < rows.same { "enterprise" } else { "free" };
        Group::new(0, format!("org:{n}"))
            .with("name", format!("Company {n}"))
            .with("plan", plan)
            .with("seats", n as i64)
    };
    State {
        group_types: vec![GroupType::new(0, "organization")],
        groups: (0..rows.existing()).map(stored).collect(),
        ..State::default()
    }
}

fn input(rows: Rows) -> String {
    let line =
        |n| json!({"group_key": format!("org:{n}"), "group_properties": properties(n)}).to_string() + "\n";
    (0..rows.all()).map(line).collect()
}

/// Pseudo-random numbers, the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// A hundred faults among the next thousand requests.
fn wave(dice: &mut Dice) -> Vec<Fault> {
    let kinds = [
        json!({"kind": "http", "status": 503}),
        json!({"kind": "http", "status": 502, "phase": "after"}),
        json!({"kind": "http", "status": 504, "phase": "after"}),
        json!({"kind": "crash"}),
        json!({"kind": "drop"}),
        json!({"kind": "drop", "phase": "after"}),
        json!({"kind": "drop", "reset": true, "phase": "after"}),
        json!({"kind": "stall", "seconds": 0.02, "then": "drop", "phase": "after"}),
        json!({"kind": "truncate"}),
        json!({"kind": "truncate", "framing": "honest"}),
        json!({"kind": "truncate", "framing": "chunked"}),
        json!({"kind": "slow", "delay": 0.01}),
    ];
    let mut fault = || {
        let kind = kinds[dice.below(kinds.len() as u64) as usize].clone();
        Fault { skip: dice.below(1_000), ..serde_json::from_value(kind).unwrap() }
    };
    (0..100).map(|_| fault()).collect()
}

/// Injects faults until it is stopped. Returns the number of requests that were affected.
fn inject_faults(fake: &Arc<Fake>, over: &Arc<AtomicBool>, seed: u64) -> thread::JoinHandle<u64> {
    let (fake, over) = (fake.clone(), over.clone());
    thread::spawn(move || {
        let mut dice = Dice(seed);
        let mut added = 0;
        while !over.load(Ordering::Relaxed) {
            if fake.pending_faults().len() < 10 {
                fake.add_faults(wave(&mut dice)).unwrap();
                added += 100;
            }
            thread::sleep(Duration::from_millis(2));
        }
        added - fake.pending_faults().len() as u64
    })
}

fn start(fake: &Fake, folder: &Path) -> Child {
    Command::new(env!("CARGO_BIN_EXE_posthog-groups"))
        .args([
            "import",
            "-t",
            "organization",
            "rows.ndjson",
            "--journal",
            "journal",
            "--engine",
            "rest",
            "--quiet",
            "--yes",
        ])
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .env("POSTHOG_HOST", fake.url())
        .env("POSTHOG_PERSONAL_API_KEY", fake.key())
        .env("POSTHOG_PROJECT_ID", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn lines(journal: &Path) -> u64 {
    std::fs::read(journal).map_or(0, |bytes| bytes.iter().filter(|b| **b == b'\n').count() as u64)
}

/// Returns how often the import was killed, and the exit codes of the runs that were not killed.
fn kill_and_resume(fake: &Fake, folder: &Path, rows: Rows, dice: &mut Dice) -> (u32, Vec<i32>) {
    let journal = folder.join("journal");
    let (mut kills, mut ends) = (0, Vec::new());
    loop {
        let mut import = start(fake, folder);
        // Killed some time after a random row, so that any operation can be interrupted.
        let hundredth = rows.all() as u64 / 100;
        let goal = lines(&journal) + hundredth + dice.below(15 * hundredth);
        let instants = Duration::from_micros(dice.below(20_000));
        let end = loop {
            if let Some(end) = import.try_wait().unwrap() {
                break Some(end);
            }
            if kills < if rows.all() > 2_000 { 12 } else { 6 } && lines(&journal) >= goal {
                thread::sleep(instants);
                import.kill().unwrap();
                break None;
            }
            thread::sleep(Duration::from_millis(5));
        };
        let said = import.wait_with_output().unwrap();
        match end {
            None => kills += 1,
            Some(end) => {
                ends.push(end.code().unwrap());
                match end.code() {
                    Some(0) => return (kills, ends),
                    // Some rows failed five consecutive times; they are not recorded as done in the journal.
                    Some(6) if ends.len() < 5 => {}
                    _ => panic!("{end}: {}", String::from_utf8_lossy(&said.stderr)),
                }
            }
        }
    }
}

fn check(state: &State, rows: Rows) {
    let stored: BTreeMap<&str, Value> = state
        .groups
        .iter()
        .map(|group| (group.group_key.as_str(), serde_json::to_value(&group.group_properties).unwrap()))
        .collect();
    assert_eq!(stored.len(), state.groups.len(), "no key is there twice");
    assert_eq!(stored.len(), rows.all());
    let mut entries: BTreeMap<(&str, &str, &str), u32> = BTreeMap::new();
    for entry in &state.activity {
        *entries.entry((&entry.group_key, entry.name.as_deref().unwrap(), &entry.activity)).or_default() += 1;
    }
    let mut expected = BTreeMap::new();
    let keys: Vec<String> = (0..rows.all()).map(|n| format!("org:{n}")).collect();
    for (n, key) in keys.iter().enumerate() {
        assert_eq!(stored[key.as_str()], properties(n), "{key}");
        if n >= rows.existing() {
            expected.extend(["name", "plan", "seats"].map(|name| ((key.as_str(), name, "create_group"), 1)));
        } else if n >= rows.same {
            expected.insert((key.as_str(), "plan", "update_property"), 1);
        }
    }
    let surplus: Vec<_> =
        entries.iter().filter(|(entry, count)| expected.get(*entry) != Some(count)).collect();
    assert!(surplus.is_empty(), "unexpected entries: {surplus:?}");
    assert_eq!(entries.len(), expected.len(), "an entry for each change, and for nothing else");
}

#[test]
fn a_killed_and_failing_import_completes_when_it_is_resumed() {
    let rows = Rows::of_environment();
    for (era, seed) in [(Era::Y2025, 1), (Era::Y2026, 2)] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("rows.ndjson"), input(rows)).unwrap();
        let fake = Arc::new(Fake::builder().era(era).state(world(rows)).start_blocking().unwrap());
        let over = Arc::new(AtomicBool::new(false));
        let started = Instant::now();
        let faults = inject_faults(&fake, &over, seed);
        let (kills, ends) = kill_and_resume(&fake, folder.path(), rows, &mut Dice(seed));
        over.store(true, Ordering::Relaxed);
        let faults = faults.join().unwrap();
        let requests = fake.journal().last().map_or(0, |entry| entry.seq);
        check(&fake.state(), rows);
        assert!(kills >= 5, "killed {kills} times only");
        assert!(faults * 100 / requests >= 8, "{faults} faults in {requests} requests");
        assert!(!folder.path().join("journal").exists(), "nothing is left of an import that is complete");
        let _ = writeln!(
            std::io::stderr(),
            "{era}: {} rows, killed {kills} times, {requests} requests, {faults} of them with a fault; ended with {ends:?} \
             after {:.1?}",
            rows.all(),
            started.elapsed()
        );
    }
}
