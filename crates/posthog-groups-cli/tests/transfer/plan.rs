//! `plan`: what an import would do, in every form of output.

use posthog_groups_fake::{Era, Group};

use crate::program::{Program, world};

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
fn a_long_plan_is_shown_whole_where_no_person_looks() {
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
fn rows_that_change_nothing_are_in_the_report_only() {
    let program = program();
    let done = program.run(&["plan", "a.csv", "--report", "report.ndjson", "-o", "plain"]).ok();
    assert_eq!(done.stdout(), "3\tchanged\torg:2\tplan\t\n4\tcreated\torg:3\tplan, seats\t\n");
    let report = program.read("report.ndjson");
    assert!(report.contains(
        "{\"line\":2,\"group_key\":\"org:1\",\"outcome\":\"unchanged\",\"properties\":[],\"error\":null}\n"
    ));
    assert_eq!(report.lines().count(), 3);
}
