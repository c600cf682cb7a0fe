//! `import`: the written groups, the output, and resuming.

use posthog_groups_fake::{Era, Fault, Group, Project, State};

use super::program::{Program, limited, world};

fn rows(count: usize) -> String {
    (0..count)
        .map(|n| format!("{{\"group_key\":\"org:{n}\",\"group_properties\":{{\"n\":{n}}}}}\n"))
        .collect()
}

fn totals(stdout: &str) -> serde_json::Value {
    let mut totals: serde_json::Value = serde_json::from_str(stdout).unwrap();
    let seconds = totals.as_object_mut().unwrap().remove("seconds").unwrap();
    assert!(seconds.as_f64().unwrap() > 0.0);
    totals
}

#[test]
fn only_differences_are_written_and_the_journal_is_removed_on_completion() {
    for era in [Era::Y2025, Era::Y2026] {
        let groups = vec![
            Group::new(0, "org:1").with("n", 1).with("other", "stays"),
            Group::new(0, "org:2").with("n", "old"),
        ];
        let program = Program::new(world(era, groups));
        program.write("a.ndjson", rows(4));
        let done = program.run(&["import", "-y", "a.ndjson", "--report", "report.ndjson"]).ok();
        assert_eq!(done.stdout(), "created\t2\nchanged\t1\nunchanged\t1\n");
        assert_eq!(done.stderr, "");
        assert_eq!(
            program.groups(),
            ["org:0 {\"n\":0}", "org:1 {\"n\":1,\"other\":\"stays\"}", "org:2 {\"n\":2}", "org:3 {\"n\":3}"]
        );
        assert_eq!(program.files(), ["a.ndjson", "report.ndjson"]);
        let mut report: Vec<_> = program.read("report.ndjson").lines().map(str::to_owned).collect();
        report.sort();
        assert_eq!(
            report[2],
            "{\"line\":3,\"group_key\":\"org:2\",\"outcome\":\"changed\",\"properties\":[\"n\"],\"error\":null}"
        );

        let done = program.run(&["import", "-y", "a.ndjson", "-o", "json"]).ok();
        let totals = totals(done.stdout());
        assert_eq!((&totals["rows"], &totals["unchanged"]), (&4.into(), &4.into()), "{era:?}");
    }
}

#[test]
fn failed_rows_are_reported_and_the_same_import_completes_them() {
    let program = Program::new(world(Era::Y2026, Vec::new()));
    program.write("a.ndjson", rows(20));
    // The third write is rejected once.
    program.fake.add_faults([Fault { skip: 2, ..Fault::http(400) }.on("POST", "/groups/$")]).unwrap();
    let done = program.run(&["import", "-y", "a.ndjson", "--concurrency", "1"]);
    insta::assert_snapshot!(done.all());
    assert_eq!(program.groups().len(), 19);
    assert_eq!(program.files(), ["a.ndjson", "a.ndjson.journal"]);

    let done = program.run(&["import", "-y", "a.ndjson", "--concurrency", "1"]).ok();
    assert_eq!(done.stdout(), "created\t1\nchanged\t0\nunchanged\t0\ndone before\t19\n");
    assert_eq!(program.files(), ["a.ndjson"]);
}

#[test]
fn an_expired_key_stops_the_import_and_the_same_command_resumes() {
    let program = Program::new(world(Era::Y2026, Vec::new()));
    program.write("it's here.ndjson", rows(30));
    let expired = Fault { skip: 10, times: 0, ..Fault::http(401) }.on("POST", "/groups/$");
    program.fake.add_faults([expired]).unwrap();
    let done = program.run(&["import", "-y", "it's here.ndjson", "--concurrency", "1"]);
    insta::assert_snapshot!(done.all());
    assert_eq!(program.groups().len(), 10);

    program.fake.clear_faults();
    let done = program.run(&["import", "-y", "it's here.ndjson"]).ok();
    assert_eq!(done.stdout(), "created\t20\nchanged\t0\nunchanged\t0\ndone before\t10\n");
    assert_eq!(program.groups().len(), 30);
}

#[test]
fn an_import_waits_for_a_rate_limit_unless_the_wait_is_too_long() {
    let program = Program::new(world(Era::Y2026, Vec::new()));
    program.write("a.ndjson", rows(20));
    program.fake.add_faults([limited("POST", 5, 1, 1)]).unwrap();
    program.run(&["import", "-y", "a.ndjson", "--concurrency", "1"]).ok();
    assert_eq!(program.groups().len(), 20);

    program.write("b.ndjson", rows(30));
    program.fake.add_faults([limited("POST", 5, 0, 100_000)]).unwrap();
    let done = program.run(&["import", "-y", "b.ndjson", "--concurrency", "1"]);
    assert_eq!(done.code, 5, "{}", done.all());
    assert!(done.stderr.starts_with("error: stopped with 5 of 30 rows left: "), "{}", done.stderr);
    assert!(done.stderr.contains("b.ndjson.journal records the rows that are done"), "{}", done.stderr);
    assert_eq!(program.groups().len(), 25);
}

#[test]
fn a_changed_input_is_refused_until_it_is_accepted() {
    let program = Program::new(world(Era::Y2026, Vec::new()));
    program.write("a.ndjson", rows(3));
    program
        .fake
        .add_faults([Fault { skip: 1, times: 1, ..Fault::http(400) }.on("POST", "/groups/$")])
        .unwrap();
    assert_eq!(program.run(&["import", "-y", "a.ndjson"]).code, 6);
    program.write("a.ndjson", rows(4));
    let done = program.run(&["import", "-y", "a.ndjson"]);
    insta::assert_snapshot!(done.all());
    program.run(&["import", "-y", "a.ndjson", "--accept-changed-input"]).ok();
    assert_eq!(program.groups().len(), 4);
}

#[test]
fn standard_input_has_a_journal_only_if_one_is_named() {
    let program = Program::new(world(Era::Y2026, Vec::new()));
    let done = program.run_with(&["import", "-y", "-"], rows(2).as_bytes()).ok();
    assert_eq!(
        done.stderr,
        "without a journal, an interrupted import starts over; --journal FILE keeps one\n"
    );
    program.fake.add_faults([Fault::http(400).on("POST", "/groups/$")]).unwrap();
    let done = program.run_with(&["import", "-y", "-", "--journal", "j"], rows(4).as_bytes());
    assert_eq!(done.code, 6);
    assert_eq!(program.files(), ["j"]);
    program.run_with(&["import", "-y", "-", "--journal", "j"], rows(4).as_bytes()).ok();
    assert!(program.files().is_empty());
}

#[test]
fn events_write_what_the_project_token_allows() {
    let mut project = Project::new(1);
    project.api_token = Some("phc_test".to_owned());
    let state = State { projects: vec![project], ..world(Era::Y2026, Vec::new()) };
    let program = Program::new(state.clone());
    program.write("a.ndjson", rows(1_500));
    let refused = program.run(&["import", "-y", "a.ndjson", "--engine", "capture"]);
    assert_eq!(refused.code, 2, "{}", refused.all());
    assert!(refused.stderr.contains("POSTHOG_PROJECT_API_KEY"));

    let program = Program::new(state).with_token("phc_test");
    program.write("a.ndjson", rows(1_500));
    let done = program.run(&["import", "-y", "a.ndjson", "--engine", "capture", "-o", "json"]).ok();
    let totals = totals(done.stdout());
    assert_eq!((&totals["engine"], &totals["created"]), (&"capture".into(), &1_500.into()));
    assert_eq!(program.groups().len(), 1_500);
}

#[test]
fn an_unwritable_report_is_an_error_before_anything_is_written() {
    let program = Program::new(world(Era::Y2026, Vec::new()));
    program.write("a.ndjson", rows(1));
    let done = program.run(&["import", "-y", "a.ndjson", "--report", "missing/report.ndjson"]);
    assert_eq!(done.code, 1);
    assert!(done.stderr.contains("cannot write the report missing/report.ndjson"), "{}", done.stderr);
    assert!(program.groups().is_empty());
}

#[test]
fn a_rejected_project_token_is_distinguished_from_a_rejected_key() {
    let personal = Program::new(world(Era::Y2026, Vec::new())).with_token("phx_personal");
    personal.write("a.ndjson", "{\"group_key\":\"a\"}\n");
    let refused = personal.run(&["import", "-y", "a.ndjson", "--engine", "capture"]);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("use the project key (phc_...)"), "{}", refused.stderr);
    assert!(personal.fake.journal().iter().all(|entry| entry.path != "/batch/"), "it must not be sent");

    // Longer than any key, so the server rejects it.
    const LONG: &str = "phc_0123456789012345678901234567890123456789012345678901234567890123456789";
    let program = Program::new(world(Era::Y2026, Vec::new())).with_token(LONG);
    program.write("a.ndjson", "{\"group_key\":\"a\"}\n");
    let refused = program.run(&["import", "-y", "a.ndjson", "--engine", "capture"]);
    assert_eq!(refused.code, 4);
    assert!(refused.stderr.contains("API key is not valid: too_long"), "{}", refused.stderr);
    assert!(refused.stderr.contains("rejects the project token"), "{}", refused.stderr);
    assert!(!refused.all().contains(LONG), "{}", refused.all());

    // The token of another project is accepted, but has no effect.
    let program = Program::new(world(Era::Y2026, Vec::new())).with_token("phc_another");
    program.write("a.ndjson", "{\"group_key\":\"a\"}\n");
    let lost = program.run(&["import", "-y", "a.ndjson", "--engine", "capture", "--verify-within", "1s"]);
    assert_eq!(lost.code, 6);
    assert!(lost.stderr.contains("check that the token belongs to this project"), "{}", lost.stderr);
}

#[test]
fn without_a_terminal_and_without_yes_nothing_is_sent() {
    let program = Program::new(world(Era::Y2026, Vec::new()));
    program.write("a.ndjson", rows(3));
    let refused = program.run(&["import", "a.ndjson", "--report", "report.ndjson"]);
    assert_eq!(refused.code, 2, "{}", refused.all());
    assert!(refused.stderr.contains("--yes") && refused.stderr.contains("--dry-run"), "{}", refused.stderr);
    assert!(program.fake.journal().is_empty());
    assert_eq!(program.files(), ["a.ndjson"]);

    let plan = program.run(&["plan", "a.ndjson"]).ok();
    for dry in [&["import", "a.ndjson", "--dry-run"][..], &["import", "a.ndjson", "--plan"]] {
        let dry = program.run(dry).ok();
        assert_eq!((dry.stdout(), &dry.stderr), (plan.stdout(), &plan.stderr));
    }
    assert!(program.groups().is_empty());
}
