//! Commands that read, on servers of both eras and in every format.

use posthog_groups_fake::{Era, Group, Properties, State};

use super::program::{PERSON, Program, world};

#[test]
fn every_command_that_reads_works_in_both_eras() {
    for era in Era::ALL {
        let program = Program::new(world(era));
        let person = format!("related --person {PERSON}");
        insta::assert_snapshot!(
            format!("reading_{era}"),
            program.transcript(&[
                "types",
                "list -t organization",
                "list -t 0 --search acme",
                "list -t organization --key-contains 6",
                "list -t organization --search nobody",
                "get -t organization org:5",
                "get -t organization org:5 nope org:6",
                "get -t organization nope none",
                "activity -t organization org:5",
                "activity -t organization org:5 -n 1",
                "activity -t organization org:6",
                "related -t organization org:5",
                &person,
                "related -t organization nope",
                "values -t organization plan",
                "values -t organization plan --containing zzz",
                "definitions",
                "definitions -t team",
                "whoami",
            ])
        );
    }
}

#[test]
fn every_format_has_its_documented_shape() {
    let program = Program::new(world(Era::Y2025));
    for format in ["table", "plain", "json", "ndjson", "csv"] {
        let lines = [
            "types",
            "list -t organization",
            "list -t organization --search nobody",
            "get -t organization org:6",
            "get -t organization org:5 org:6",
            "activity -t organization org:5",
            "related -t organization org:5",
            "values -t organization plan",
            "definitions",
            "whoami",
        ]
        .map(|line| format!("{line} -o {format}"));
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        insta::assert_snapshot!(format!("format_{format}"), program.transcript(&lines));
    }
}

#[test]
fn csv_quotes_text_that_a_spreadsheet_may_compute() {
    let group = Group::new(0, "=1+1").with("\u{ff1d}name", " =2").with("\n=3", "@SUM(4)");
    let groups = vec![group, Group::new(1, "\u{200b}+5").with("plan", "-6+1")];
    let program =
        Program::new(State { groups, activity: Vec::new(), events: Vec::new(), ..world(Era::Y2025) });
    let lines = [
        "list -t organization -o csv",
        "list -t organization -o csv --columns \u{ff1d}name",
        "get -t team \u{200b}+5 -o csv",
        "values -t team plan -o csv",
        "definitions -o csv",
        "set -t team \u{200b}+5 plan=@SUM(7) --dry-run -o csv",
    ];
    insta::assert_snapshot!(program.transcript(&lines));
}

#[test]
fn lists_of_several_pages_are_complete_and_limits_apply() {
    for era in Era::ALL {
        let groups = (0..250).map(|n| Group::new(0, format!("org:{n}"))).collect();
        let program = Program::new(State { groups, activity: Vec::new(), ..world(era) });
        for (arguments, lines) in [("", 250), ("-n 1", 1), ("-n 100", 100), ("-n 101", 101), ("-n 999", 250)]
        {
            for format in ["plain", "ndjson"] {
                let done = program.run(&format!("list -t organization -o {format} {arguments}"));
                assert_eq!(
                    (done.code, done.stdout.lines().count()),
                    (0, lines),
                    "{era} {arguments} {format}"
                );
            }
            let json = program.run(&format!("list -t organization -o json {arguments}")).stdout;
            let rows: Vec<serde_json::Value> = serde_json::from_str(&json).unwrap();
            assert_eq!(rows.len(), lines);
        }
    }
}

#[test]
fn the_only_group_type_is_the_default() {
    let mut state = world(Era::Y2026);
    state.group_types.truncate(1);
    state.groups.truncate(2);
    let program = Program::new(state);
    assert_eq!(program.run("get org:5 -o ndjson").code, 0);
    let several = Program::of_2026().run("get org:5");
    assert_eq!(several.code, 2);
    assert!(several.stderr.contains("organization (0), team (1)"), "{}", several.stderr);
    let none = Program::new(State::default());
    let none = none.done(none.command(&["get", "org:5"]).env("POSTHOG_PERSONAL_API_KEY", "phx_default"));
    assert_eq!(none.code, 2);
    assert!(none.stderr.contains("the project has no group types"), "{}", none.stderr);
}

#[test]
fn the_readme_examples_find_data_on_the_stand_in_server() {
    let readme = include_str!("../../README.md");
    let section = readme.split_once("\n## Read\n").unwrap().1;
    let block = section.split("```").nth(1).unwrap();
    let lines: Vec<&str> = block.lines().filter_map(|line| line.strip_prefix("posthog-groups ")).collect();
    assert!(lines.len() >= 10, "{lines:?}");
    let server = |era| Program::new(State { era, ..State::seeded(100) });
    let (old, new) = (server(Era::Y2025), server(Era::Y2026));
    for line in lines {
        let words: Vec<&str> = line.split_whitespace().take_while(|word| *word != "#").collect();
        let program = if words[0] == "definitions" { &old } else { &new };
        let mut command = program.command(&words);
        command
            .env("POSTHOG_PERSONAL_API_KEY", program.fake.key())
            .env("POSTHOG_GROUP_TYPE", "organization")
            .env("POSTHOG_PROJECT_ID", "1");
        let done = program.done(&mut command);
        assert!(done.code == 0 && !done.stdout.is_empty(), "{line}: {}", done.all());
    }
}

#[test]
fn values_without_a_match_mention_the_filter() {
    let program = Program::of_2026();
    let note = program.run("values -t 0 plan --containing nothing").stderr;
    assert!(
        note.starts_with("no values of `plan` contain `nothing`; there may be others without --containing"),
        "{note}"
    );
}

#[test]
fn list_filters_by_properties_and_shows_the_selected_columns() {
    let group = |key: &str, properties: &str| Group {
        group_properties: Properties::parse(properties).unwrap(),
        ..Group::new(0, key)
    };
    let groups = vec![
        group("a", r#"{"plan": "free", "zip": "1234", "seats": 3, "note": "=1+1"}"#),
        group("=b", r#"{"plan": "free", "zip": 1234.0, "tags": ["x"], "gone": null}"#),
        group("c", r#"{"plan": "team"}"#),
    ];
    let program = Program::new(State { groups, activity: Vec::new(), ..world(Era::Y2026) });
    for (line, keys) in [
        ("--where plan=free", "=b a"),
        ("--where plan=free -n 1", "=b"),
        ("--where zip=1234", "=b a"),
        ("--where zip=1234 --where seats=3.0", "a"),
        ("--where gone=null", "=b"),
        ("--where tags=[\"x\"]", "=b"),
        ("--where plan=", ""),
    ] {
        let done = program.run(&format!("list -t 0 -o plain {line}"));
        let found: Vec<&str> = done.stdout.lines().map(|line| line.split('\t').next().unwrap()).collect();
        let mut found = found;
        found.sort_unstable();
        assert_eq!((found.join(" ").as_str(), done.code), (keys, 0), "{line}: {}", done.all());
    }
    let columns = |format: &str| {
        program.run(&format!("list -t 0 -o {format} --columns plan,zip --columns note,group_key")).all()
    };
    insta::assert_snapshot!(["table", "plain", "csv", "json"].map(columns).join("\n"));
    assert_eq!(program.run("list -t 0 --where plan").code, 2);
}
