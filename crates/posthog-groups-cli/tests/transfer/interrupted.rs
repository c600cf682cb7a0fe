//! Ctrl-C and SIGTERM.
#![cfg(unix)]

use std::process::{Child, Command};
use std::time::{Duration, Instant};

use posthog_groups_fake::{Effect, Era, Fault};

use super::program::{Program, numbered, world};

fn send(signal: &str, child: &Child) {
    let id = child.id().to_string();
    assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
}

#[track_caller]
fn wait_until(what: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !what() {
        assert!(Instant::now() < end, "it did not happen");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Delays each response.
fn slow(seconds: f64) -> Fault {
    Fault { times: 0, ..Fault::new(Effect::Slow { delay: seconds, chunk: 0, interval: 0.0 }) }
}

#[test]
fn an_interrupted_import_stops_gracefully_and_resumes() {
    for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
        let program = Program::new(world(Era::Y2026, Vec::new()));
        let rows: String = (0..200).map(|n| format!("{{\"key\":\"org:{n}\"}}\n")).collect();
        program.write("a.ndjson", rows);
        program.fake.add_faults([slow(0.05).on("POST", "/groups/$")]).unwrap();
        let child = program.start(&["import", "-y", "a.ndjson", "--concurrency", "2"]);
        wait_until(|| program.fake.state().groups.len() >= 4);
        send(signal, &child);
        let done = program.finish(child);
        assert_eq!(done.code, code, "{}", done.all());
        let go_on = "a.ndjson.journal records the rows that are done; to resume, run: posthog-groups import -y a.ndjson --concurrency 2";
        assert!(done.stderr.contains(go_on), "{}", done.stderr);
        let written = program.fake.state().groups.len();
        assert!(written < 200);

        program.fake.clear_faults();
        let done = program.run(&["import", "-y", "a.ndjson", "--concurrency", "2"]).ok();
        // Writes that were in flight were completed, and are in the journal.
        assert!(done.stdout().contains(&format!("done before\t{written}\n")), "{written}: {}", done.stdout());
        assert_eq!(program.fake.state().groups.len(), 200);
    }
}

#[test]
fn an_interrupted_export_keeps_the_old_file_and_leaves_nothing() {
    let program = Program::new(world(Era::Y2026, numbered(1_000)));
    program.write("a.ndjson", "old");
    program.fake.add_faults([slow(0.2).on("GET", "/groups/$")]).unwrap();
    let child = program.start(&["export", "a.ndjson", "--force"]);
    wait_until(|| program.files().len() > 1);
    send("-INT", &child);
    let done = program.finish(child);
    assert_eq!(done.code, 130, "{}", done.all());
    assert_eq!(done.stderr, "error: interrupted; a.ndjson is unchanged\n");
    assert_eq!(program.files(), ["a.ndjson"]);
    assert_eq!(program.read("a.ndjson"), "old");
}

#[test]
fn silent_standard_input_does_not_block() {
    let program = Program::new(world(Era::Y2026, Vec::new()));
    let mut command = program.command(&["import", "-y", "-"]);
    let mut child = command
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    // Kept open, so that the program waits for it.
    let stdin = child.stdin.take();
    // The group types are requested before the input is read.
    wait_until(|| !program.fake.journal().is_empty());
    std::thread::sleep(Duration::from_millis(300));
    send("-INT", &child);
    let done = program.finish(child);
    drop(stdin);
    assert_eq!((done.code, done.stderr.as_str()), (130, "error: interrupted; nothing was written\n"));
}

#[test]
fn an_import_stopped_during_the_listing_reports_that_nothing_was_compared() {
    let program = Program::new(world(Era::Y2026, numbered(150)));
    let rows: String = (0..3_000).map(|n| format!("{{\"key\":\"org:{n}\"}}\n")).collect();
    program.write("a.ndjson", rows);
    program.fake.add_faults([slow(5.0).on("GET", "/groups/$")]).unwrap();
    let child = program.start(&["import", "-y", "a.ndjson", "-o", "json"]);
    wait_until(|| program.fake.journal().iter().any(|entry| entry.path.ends_with("/groups/")));
    send("-INT", &child);
    let done = program.finish(child);
    assert_eq!(done.code, 130, "{}", done.all());
    let totals: serde_json::Value = serde_json::from_str(done.stdout()).unwrap();
    assert_eq!((&totals["rows"], &totals["left"]), (&3_000.into(), &3_000.into()));
    assert_eq!(totals["not_compared"], 3_000);
    let words = "interrupted with 3,000 of 3,000 rows left, 3,000 of them not compared yet";
    assert!(done.stderr.contains(words), "{}", done.stderr);
}

#[test]
fn leftovers_of_a_killed_export_are_removed_by_the_next_one() {
    let program = Program::new(world(Era::Y2026, numbered(1_000)));
    program.fake.add_faults([slow(0.5).on("GET", "/groups/$")]).unwrap();
    let mut child = program.start(&["export", "a.ndjson"]);
    wait_until(|| !program.files().is_empty());
    let [left] = &program.files()[..] else { panic!("{:?}", program.files()) };
    assert!(left.ends_with(".partial"), "{left}");
    // A temporary file that is in use is kept, however old it is.
    std::thread::sleep(Duration::from_millis(1_100));
    let other = program.run(&["export", "b.ndjson", "--key-contains", "org:99"]).ok();
    assert!(program.files().contains(left), "{}", other.all());
    child.kill().unwrap();
    child.wait().unwrap();
    std::thread::sleep(Duration::from_millis(1_100));
    program.fake.clear_faults();
    program.run(&["export", "a.ndjson"]).ok();
    assert_eq!(program.files(), ["a.ndjson", "b.ndjson"]);
}
