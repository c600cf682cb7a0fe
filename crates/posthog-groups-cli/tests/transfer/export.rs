//! `export`: the output, its order, and failures.

use std::io::Read as _;
use std::process::Stdio;

use posthog_groups_fake::{Effect, Era, Fault, HttpFault};

use super::program::{Program, limited, numbered, world};

fn keys(text: &str) -> Vec<String> {
    let key = |line: &str| {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        row["group_key"].as_str().unwrap().to_owned()
    };
    text.lines().map(key).collect()
}

#[test]
fn groups_are_sorted_by_key_or_in_the_order_of_the_server() {
    for era in [Era::Y2025, Era::Y2026] {
        let program = Program::new(world(era, numbered(250)));
        let by_key = keys(program.run(&["export"]).ok().stdout());
        let mut sorted = by_key.clone();
        sorted.sort();
        assert_eq!(by_key, sorted);
        assert_eq!(by_key.len(), 250);

        let newest = keys(program.run(&["export", "--order", "newest"]).ok().stdout());
        assert_eq!(newest[0], "org:142", "the newest of numbered()");
        sorted = newest.clone();
        sorted.sort();
        assert_eq!(sorted, by_key);
    }
}

/// Replaces the response to the next request for a page of groups.
fn page(keys: &[&str], next: Option<&str>) -> Fault {
    let group = |key: &&str| serde_json::json!({"group_type_index": 0, "group_key": key, "group_properties": {}, "created_at": "2026-01-01T00:00:00Z"});
    let results: Vec<_> = keys.iter().map(group).collect();
    let body = serde_json::json!({"next": next, "previous": null, "results": results});
    let answer = HttpFault { status: 200, headers: Default::default(), body, content_type: None };
    Fault::new(Effect::Http(answer)).on("GET", "/groups/$")
}

#[test]
fn a_group_that_moves_to_the_next_page_meanwhile_is_written_once() {
    let program = Program::new(world(Era::Y2025, Vec::new()));
    for name in ["a.ndjson", "a.csv"] {
        let pages = [page(&["org:3", "org:2"], Some("http://h/?cursor=b")), page(&["org:2", "org:1"], None)];
        program.fake.add_faults(pages).unwrap();
        assert_eq!(program.run(&["export", name]).ok().stderr, format!("3 groups to {name}\n"));
    }
    assert_eq!(keys(&program.read("a.ndjson")), ["org:1", "org:2", "org:3"]);
    assert_eq!(program.read("a.csv"), "group_key\norg:1\norg:2\norg:3\n");
}

#[test]
fn only_matching_groups_are_exported() {
    let program = Program::new(world(Era::Y2026, numbered(30)));
    let done = program.run(&["export", "--key-contains", "org:2", "--search", "free"]).ok();
    assert_eq!(keys(done.stdout()), ["org:2", "org:20", "org:22", "org:24", "org:26", "org:28"]);
    assert_eq!(done.stderr, "6 groups to standard output\n");
    assert_eq!(program.run(&["export", "--quiet"]).ok().stderr, "");
}

#[test]
fn csv_has_the_same_columns_in_both_orders() {
    let program = Program::new(world(Era::Y2026, numbered(3)));
    let by_key = program.run(&["export", "a.csv"]).ok();
    assert_eq!(by_key.stderr, "3 groups to a.csv\n");
    assert_eq!(program.read("a.csv"), "group_key,n,plan\norg:0,0,free\norg:1,1,scale\norg:2,2,free\n");
    program.run(&["export", "b.csv", "--order", "newest"]).ok();
    assert_eq!(program.read("b.csv"), "group_key,n,plan\norg:2,2,free\norg:1,1,scale\norg:0,0,free\n");
}

#[test]
fn an_empty_project_is_an_empty_file() {
    let program = Program::new(world(Era::Y2026, Vec::new()));
    program.run(&["export", "a.ndjson"]).ok();
    program.run(&["export", "a.csv"]).ok();
    assert_eq!((program.read("a.ndjson").as_str(), program.read("a.csv").as_str()), ("", "group_key\n"));
}

#[test]
fn an_existing_file_needs_force_and_is_kept_when_the_export_fails() {
    let program = Program::new(world(Era::Y2026, numbered(150)));
    program.write("a.ndjson", "old");
    let refused = program.run(&["export", "a.ndjson"]);
    insta::assert_snapshot!(refused.all());
    assert!(program.fake.journal().iter().all(|entry| !entry.path.ends_with("/groups/")), "it asked first");

    // The second page always fails.
    let fault = Fault { times: 0, ..Fault::http(400) }.on("GET", "/groups/$");
    program.fake.add_faults([Fault { skip: 1, ..fault }]).unwrap();
    let failed = program.run(&["export", "a.ndjson", "--force"]);
    assert_eq!(failed.code, 1, "{}", failed.all());
    assert_eq!(program.read("a.ndjson"), "old");
    assert_eq!(program.files(), ["a.ndjson"]);

    program.fake.clear_faults();
    program.run(&["export", "a.ndjson", "--force"]).ok();
    assert_eq!(program.read("a.ndjson").lines().count(), 150);
    assert_eq!(program.files(), ["a.ndjson"]);
}

#[test]
fn groups_that_the_server_cannot_return_are_named_and_the_others_are_written() {
    for era in [Era::Y2025, Era::Y2026] {
        let mut groups = numbered(250);
        let unreadable = posthog_groups_fake::Properties::parse(r#"{"id":-9223372036854775809}"#).unwrap();
        groups[42].group_properties = unreadable.clone();
        let program = Program::new(world(era, groups));
        for file in ["a.ndjson", "a.csv"] {
            let done = program.run(&["export", file, "--retries", "0"]);
            assert_eq!(done.code, 6, "{}", done.all());
            assert!(done.stderr.contains("249 groups to"), "{}", done.stderr);
            assert!(
                done.stderr.contains("missing: the server cannot return group `org:42`"),
                "{}",
                done.stderr
            );
            assert!(done.stderr.contains(&format!("1 group is missing from {file}")), "{}", done.stderr);
            assert!(done.stderr.contains("unset"), "{}", done.stderr);
        }
        let mut expected: Vec<_> = (0..250).filter(|n| *n != 42).map(|n| format!("org:{n}")).collect();
        expected.sort();
        assert_eq!(keys(&program.read("a.ndjson")), expected);
        // The repair that the help suggests.
        program.run(&["unset", "org:42", "id", "--yes"]).ok();
        program.run(&["export", "b.ndjson"]).ok();
        assert_eq!(program.read("b.ndjson").lines().count(), 250);
    }
}

#[test]
fn an_export_waits_for_the_rate_limit() {
    let program = Program::new(world(Era::Y2026, numbered(150)));
    program.fake.add_faults([limited("GET", 1, 2, 1)]).unwrap();
    program.run(&["export", "a.ndjson"]).ok();
    assert_eq!(program.read("a.ndjson").lines().count(), 150);
}

#[test]
fn a_rejected_key_has_its_own_exit_code() {
    let program = Program::new(world(Era::Y2026, numbered(1)));
    program.fake.add_faults([Fault::http(401).on("GET", "/groups/$")]).unwrap();
    assert_eq!(program.run(&["export", "a.ndjson"]).code, 4);
    assert!(program.files().is_empty());
}

#[test]
fn names_without_a_known_extension_are_errors() {
    let program = Program::new(world(Era::Y2026, numbered(1)));
    insta::assert_snapshot!(program.run(&["export", "groups.json"]).all());
    program.run(&["export", "groups.json", "--format", "ndjson"]).ok();
}

#[test]
fn a_closed_pipe_is_not_a_failure() {
    let program = Program::new(world(Era::Y2026, numbered(5_000)));
    for order in ["key", "newest"] {
        let mut child = program
            .command(&["export", "--order", order])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut start = [0; 10];
        child.stdout.take().unwrap().read_exact(&mut start).unwrap();
        let done = program.finish(child);
        assert_eq!((done.code, done.stderr.as_str()), (0, ""), "{order}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error_and_leaves_nothing() {
    let program = Program::new(world(Era::Y2026, numbered(3)));
    let full = || std::fs::File::options().write(true).open("/dev/full").unwrap();
    let child = program.command(&["export"]).stdout(full()).stderr(Stdio::piped()).spawn().unwrap();
    insta::assert_snapshot!(program.finish(child).all());
    let done = program.run(&["export", "/dev/full", "--format", "csv"]);
    assert_eq!(done.code, 1, "{}", done.all());
    assert!(done.stderr.contains("cannot write /dev/full: No space left on device"), "{}", done.stderr);
    let done = program.run(&["export", "missing/a.ndjson"]);
    assert_eq!(done.code, 1);
    assert!(done.stderr.contains("cannot write missing/a.ndjson"), "{}", done.stderr);
}

#[test]
fn an_output_option_that_is_no_export_format_is_an_error() {
    let program = Program::new(world(Era::Y2026, numbered(2)));
    let csv = program.run(&["export", "--format", "csv"]).ok();
    assert!(csv.stdout().starts_with("group_key,"), "{}", csv.stdout());
    assert_eq!(program.run(&["export", "-o", "csv"]).ok().stdout(), csv.stdout());
    let lines = program.run(&["export"]).ok();
    assert_eq!(program.run(&["export", "-o", "ndjson"]).ok().stdout(), lines.stdout());
    for form in ["json", "table", "plain"] {
        let refused = program.run(&["export", "-o", form]);
        assert_eq!(refused.code, 2, "{form}");
        assert!(refused.stderr.contains("--format csv"), "{}", refused.stderr);
    }
}
