//! Exporting many groups takes no more memory than exporting a few.

#![cfg(target_os = "linux")]

use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use posthog_groups_fake::{Fake, State};
use posthog_groups_tests::peak_memory;

/// The number of groups that are exported. Even the smaller number fills the runs that are sorted in memory.
struct Groups {
    few: usize,
    many: usize,
}

impl Groups {
    /// A million and a tenth of a million with `POSTHOG_GROUPS_FULL_SIZE` in the environment, which takes a minute; otherwise fewer.
    fn of_environment() -> Self {
        match std::env::var_os("POSTHOG_GROUPS_FULL_SIZE") {
            Some(_) => Self { few: 100_000, many: 1_000_000 },
            None => Self { few: 60_000, many: 120_000 },
        }
    }
}

/// A server with this many organizations, which are seven tenths of the seeded groups.
fn serve(groups: usize) -> Fake {
    Fake::builder().state(State::seeded(groups * 10 / 7)).start_blocking().unwrap()
}

/// The peak memory of an export of this many groups in kB, and the lines that it wrote.
fn export(groups: usize) -> (u64, usize) {
    let (fake, folder) = (serve(groups), tempfile::tempdir().unwrap());
    let folder = folder.path();
    let mut export = Command::new(env!("CARGO_BIN_EXE_posthog-groups"))
        .args(["export", "-t", "organization", "groups.ndjson", "--force", "--quiet"])
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .env("POSTHOG_HOST", fake.url())
        .env("POSTHOG_PERSONAL_API_KEY", fake.key())
        .env("POSTHOG_PROJECT_ID", "1")
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let mut peak = 0;
    let end = loop {
        peak = peak_memory(export.id()).unwrap_or(peak);
        if let Some(end) = export.try_wait().unwrap() {
            break end;
        }
        thread::sleep(Duration::from_millis(2));
    };
    assert!(end.success());
    let written = std::fs::read(folder.join("groups.ndjson")).unwrap();
    (peak >> 10, written.iter().filter(|byte| **byte == b'\n').count())
}

#[test]
fn many_groups_need_hardly_more_memory_than_few() {
    let groups = Groups::of_environment();
    let ((few, _), (many, lines)) = thread::scope(|scope| {
        let few = scope.spawn(|| export(groups.few));
        let many = export(groups.many);
        (few.join().unwrap(), many)
    });
    assert!(lines >= groups.many - 1, "{lines} groups");
    assert!(many < few + 5_000, "{many} kB for {lines} groups, {few} kB for {}", groups.few);
    // A release build takes 21 MB. This unoptimized program is larger.
    assert!(many < 40_000, "{many} kB");
}
