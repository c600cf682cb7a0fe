//! An export of a million groups takes no more memory than a small one.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, reason = "in a test a panic is the message")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use posthog_groups_fake::{Fake, State};

/// Seven tenths of what is seeded are organizations.
const GROUPS: usize = 1_000_000;
const SEEDED: usize = GROUPS * 10 / 7;

/// The peak memory of an export in kB, and the lines that it wrote.
fn export(fake: &Fake, folder: &Path, group_type: &str) -> (u64, usize) {
    let mut export = Command::new(env!("CARGO_BIN_EXE_posthog-groups"))
        .args(["export", "-t", group_type, "groups.ndjson", "--force", "--quiet"])
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .env("POSTHOG_HOST", fake.url())
        .env("POSTHOG_PERSONAL_API_KEY", fake.key())
        .env("POSTHOG_PROJECT_ID", "1")
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", export.id());
    let mut peak = 0;
    let end = loop {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
        peak = line.map_or(peak, |kilobytes| kilobytes.parse().unwrap());
        if let Some(end) = export.try_wait().unwrap() {
            break end;
        }
        thread::sleep(Duration::from_millis(2));
    };
    assert!(end.success());
    let written = std::fs::read(folder.join("groups.ndjson")).unwrap();
    (peak, written.iter().filter(|byte| **byte == b'\n').count())
}

#[test]
fn a_million_groups_take_hardly_more_than_some_ten_thousands() {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake::builder().state(State::seeded(SEEDED)).start_blocking().unwrap();
    let (all, lines) = export(&fake, folder.path(), "organization");
    assert!(lines >= GROUPS - 1, "{lines} groups");
    drop(fake);
    // Enough to fill the runs that are sorted in memory.
    let fake = Fake::builder().state(State::seeded(SEEDED / 10)).start_blocking().unwrap();
    let (tenth, _) = export(&fake, folder.path(), "organization");
    assert!(all < tenth + 5_000, "{all} kB for {lines} groups, {tenth} kB for a tenth of them");
    // A release build takes 21 MB. This one, which is not optimized, is larger itself.
    assert!(all < 40_000, "{all} kB");
}
