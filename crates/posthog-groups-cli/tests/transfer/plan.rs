//! `plan`: the changes that an import would make, in every output format.

use posthog_groups_fake::{Activity, Actor, ApiKey, Era, Fault, Group, Json, Project, State};

use super::program::{Program, world};

const ROWS: &str = "group_key,plan,seats\norg:1,free,1\norg:2,scale,2\norg:3,new,3\n";

fn program() -> Program {
    let groups = vec![
        Group::new(0, "org:1").with("plan", "free").with("seats", 1).with("other", true),
        Group::new(0, "org:2").with("plan", "free").with("seats", 2),
    ];
    let program = Program::new(world(Era::Y2026, groups));
    program.write("a.csv", ROWS);
    program
}

#[test]
fn changes_are_shown_and_nothing_is_written() {
    let program = program();
    let before = program.groups();
    let mut shown = String::new();
    for output in ["table", "plain", "ndjson", "csv", "json"] {
        let done = program.run(&["plan", "a.csv", "-o", output]).ok();
        shown.push_str(&format!("{output}: {}", done.all()));
    }
    insta::assert_snapshot!(shown);
    let same = program.run(&["import", "--plan", "a.csv", "-o", "plain"]).ok();
    assert!(shown.contains(same.stdout()));
    assert_eq!(program.groups(), before);
    assert_eq!(program.files(), ["a.csv"]);
    assert!(program.fake.journal().iter().all(|entry| entry.method == "GET"));
}

#[test]
fn csv_quotes_text_that_a_spreadsheet_may_compute() {
    let program = program();
    program.write("b.ndjson", "{\"key\":\"=1+1\",\"properties\":{\" =2\":3}}\n");
    let done = program.run(&["plan", "b.ndjson", "-o", "csv"]).ok();
    let row = done.stdout().lines().nth(1).unwrap();
    assert_eq!(row, r#"1,created,"""=1+1""",""" =2""","#);
}

#[test]
fn a_long_plan_is_printed_in_full_without_a_terminal() {
    let program = program();
    let rows: String = (0..3_000).map(|n| format!("{{\"key\":\"new:{n}\"}}\n")).collect();
    program.write("many.ndjson", rows);
    let done = program.run(&["plan", "many.ndjson", "-o", "table"]).ok();
    assert_eq!(done.stdout().lines().count(), 3_001);
    assert!(
        done.stderr.ends_with("many.ndjson: 3,000 to create, 0 to change, 0 unchanged\n"),
        "{}",
        done.stderr
    );
}

#[test]
fn unchanged_rows_are_only_in_the_report() {
    let program = program();
    let done = program.run(&["plan", "a.csv", "--report", "report.ndjson", "-o", "plain"]).ok();
    assert_eq!(done.stdout(), "3\tchanged\torg:2\tplan\t\n4\tcreated\torg:3\tplan, seats\t\n");
    let report = program.read("report.ndjson");
    assert!(report.contains(
        "{\"line\":2,\"group_key\":\"org:1\",\"outcome\":\"unchanged\",\"properties\":[],\"error\":null}\n"
    ));
    assert_eq!(report.lines().count(), 3);
}

/// A program whose groups were written by a user and then by an event, which servers do not log.
fn written_by_others(era: Era) -> Program {
    let entry = |name: &str, after: &str, user| Activity {
        project_id: None,
        group_type_index: 0,
        group_key: "org:1".to_owned(),
        activity: "update_property".to_owned(),
        name: Some(name.to_owned()),
        action: "changed".to_owned(),
        before: Json::null(),
        after: Json::string(after),
        user,
        created_at: None,
    };
    let groups = vec![
        Group::new(0, "org:1").with("plan", "free").with("owner", "Ann").with("seats", 1),
        Group::new(0, "org:2").with("plan", "free"),
    ];
    let activity = vec![entry("plan", "free", Actor::User), entry("owner", "Ann", Actor::System)];
    let project = Project { api_token: Some("phc_test".to_owned()), ..Project::new(1) };
    let reader = ApiKey::new("phx_reader", &["group:read"]);
    let mut state = State { activity, projects: vec![project], ..world(era, groups) };
    state.api_keys.push(reader);
    let program = Program::new(state).with_token("phc_test");
    program.write("sync.csv", "group_key,owner\norg:1,Bob\n");
    program.run(&["import", "sync.csv", "--engine", "capture", "--yes", "-q"]).ok();
    program.write(
        "wanted.csv",
        "group_key,plan,owner,seats,new\norg:1,scale,Cy,9,x\norg:2,scale,,,\norg:3,new,,,\n",
    );
    program
}

#[test]
fn the_last_writer_of_each_property_that_differs_is_shown() {
    for era in [Era::Y2025, Era::Y2026] {
        let program = written_by_others(era);
        let before = program.fake.journal().len();
        let mut shown = String::new();
        for output in ["table", "plain", "ndjson", "csv", "json"] {
            let done = program.run(&["plan", "wanted.csv", "--who", "-o", output]).ok();
            shown.push_str(&format!("{output}: {}", done.all()));
        }
        insta::assert_snapshot!("who", shown);
        assert!(program.fake.journal()[before..].iter().all(|entry| entry.method == "GET"));
    }
}

#[test]
fn histories_are_read_only_up_to_the_limit() {
    let program = written_by_others(Era::Y2026);
    let histories = || program.fake.journal().iter().filter(|e| e.path.contains("/activity")).count();
    let done = program.run(&["plan", "wanted.csv", "--who", "--limit", "1", "-o", "plain"]).ok();
    assert!(done.stdout().lines().all(|line| line.contains("\torg:1\t")), "{}", done.all());
    assert_eq!(histories(), 1);
    assert!(done.stderr.contains("changed group: 2 requests"), "{}", done.stderr);
    assert!(done.stderr.contains("changed groups not shown: 1; `--limit 2`"), "{}", done.stderr);
    let done = program.run(&["plan", "wanted.csv", "--limit", "1"]);
    assert_eq!(done.code, 2);
}

#[test]
fn an_unreadable_history_is_a_note_and_a_missing_scope_an_error() {
    let program = written_by_others(Era::Y2026);
    program.fake.add_faults([Fault::http(500).on("GET", "/groups/activity")]).unwrap();
    let done = program.run(&["plan", "wanted.csv", "--who", "-o", "plain", "--retries", "0"]).ok();
    assert!(done.stdout().contains("not known: "), "{}", done.all());
    let mut command = program.command(&["plan", "wanted.csv", "--who"]);
    let output = command.env("POSTHOG_PERSONAL_API_KEY", "phx_reader").output().unwrap();
    assert_eq!(output.status.code(), Some(4));
    assert!(String::from_utf8_lossy(&output.stderr).contains("activity_log:read"));
}
