//! Commands that write, on servers of both eras.

use posthog_groups_fake::{Era, Fault, Group, Phase, Properties, State};

use super::program::{Program, world};

#[test]
fn every_command_that_writes_works_in_both_eras() {
    for era in Era::ALL {
        let program = Program::new(world(era));
        let properties = program.write("acme.json", r#"{"plan": "trial", "big": 18446744073709551615}"#);
        let from_file =
            format!("create -t 0 org:8 --properties @{} --set plan=team -o ndjson", properties.display());
        let transcript = program.transcript(&[
            "create -t 0 org:7 --set seats=42 --set name=Acme --set zip=01234",
            "create -t 0 org:7",
            "create -t 0 org:7 --dry-run",
            &from_file,
            "set -t 0 org:5 plan=enterprise seats=9007199254740993.0 fresh=true",
            "set -t 0 org:5 plan=enterprise",
            "set -t 0 org:5 plan=12 --string -o json",
            "set -t 0 nope plan=free",
            "upsert -t 0 nope --set plan=free",
            "upsert -t 0 org:9 --set plan=free --create",
            "upsert -t 0 org:9 --set plan=team --set seats=1 --create",
            "upsert -t 0 org:10 --create",
            "upsert -t 0 org:9",
            "unset -t 0 org:9 plan",
            "unset -t 0 org:9 plan other plan --yes",
            "unset -t 0 org:9 seats --yes -o csv",
            "unset -t 0 nope seats --yes",
        ]);
        insta::assert_snapshot!(
            format!("writing_{era}"),
            transcript.replace(&*program.home.path().to_string_lossy(), "HOME")
        );
        let groups = program.fake.state().groups;
        let of = |key: &str| {
            let group = groups.iter().find(|g| g.group_key == key).unwrap();
            serde_json::to_string(&group.group_properties).unwrap()
        };
        assert_eq!(of("org:8"), r#"{"big":18446744073709551615,"plan":"team"}"#, "{era}: digits are kept");
        assert_eq!(of("org:9"), "{}", "{era}");
    }
}

#[test]
fn dry_runs_show_before_and_after_and_write_nothing() {
    let program = Program::of_2026();
    let before = program.fake.state().to_json();
    insta::assert_snapshot!(program.transcript(&[
        "create -t 0 org:7 --set a=1 --dry-run",
        "set -t 0 org:5 plan=team seats=1 --dry-run",
        "set -t 0 org:5 plan=team --dry-run -o json",
        "upsert -t 0 org:9 --create --set a=1 --dry-run -o ndjson",
        "upsert -t 0 org:5 --set plan=team --dry-run -o csv",
        "unset -t 0 org:5 plan nothere --dry-run",
    ]));
    assert_eq!(program.fake.state().to_json(), before);
    let writes = program.fake.journal().into_iter().filter(|entry| entry.method != "GET").count();
    assert_eq!(writes, 0);
}

#[test]
fn whitespace_around_a_new_key_is_removed_with_a_note() {
    let program = Program::of_2026();
    for (key, stored) in [("  sp ", "sp"), ("\u{a0}nb\u{1f}", "nb")] {
        let done = program.done(&mut program.command(&["create", "-t", "0", key]));
        assert_eq!(
            (done.code, done.stdout.as_str()),
            (0, format!("created {stored}\n").as_str()),
            "{}",
            done.stderr
        );
        assert!(done.stderr.contains(&format!("the key becomes `{stored}`")), "{}", done.stderr);
        assert_eq!(program.run(&format!("get -t 0 {stored}")).code, 0);
    }
    assert_eq!(program.run("create -t 0 plain").stderr, "");
}

#[test]
fn api_sends_a_write_exactly_once_and_nothing_to_another_origin() {
    for era in Era::ALL {
        let program = Program::new(world(era));
        let me = program.run("api GET /api/users/@me/");
        assert_eq!(me.code, 0, "{}", me.all());
        assert!(me.stdout.starts_with("{\n  \"") && me.stdout.contains("\"email\""), "{}", me.stdout);
        let before = program.fake.journal().len();
        for fault in [
            Fault::http(503),
            Fault::http(429),
            Fault { phase: Phase::After, ..Fault::drop_connection() },
            Fault::http(500),
        ] {
            program.fake.add_faults([fault.on("POST", "update_property")]).unwrap();
            let mut command = program.command(&[
                "api",
                "post",
                "/api/projects/{project_id}/groups/update_property/?group_type_index=0&group_key=org:5",
                "--body",
                r#"{"key": "plan", "value": "team"}"#,
            ]);
            let done = program.done(&mut command);
            assert_ne!(done.code, 0, "{}", done.all());
        }
        assert_eq!(program.fake.journal().len() - before, 4, "{era}: each was sent once");
        program.fake.add_faults([Fault::http(503)]).unwrap();
        assert_eq!(program.run("api GET /api/users/@me/").code, 0, "{era}: a read is repeated");
        for path in ["//evil.example/", "@evil.example/", "https://evil.example/api/", "api/users/"] {
            let before = program.fake.journal().len();
            let done = program.run(&format!("api GET {path}"));
            assert_eq!((done.code, program.fake.journal().len()), (2, before), "{path}: {}", done.all());
        }
        assert_eq!(program.run("api TRACE /api/users/@me/").code, 2);
        assert_eq!(program.run("api GET /api/no-such-endpoint/").code, 1);
    }
}

#[test]
fn only_differences_are_written() {
    let program = Program::of_2026();
    program.run("set -t 0 org:5 plan=free name=Acme seats=1");
    let writes =
        program.fake.journal().into_iter().filter(|entry| entry.path.contains("update_property")).count();
    assert_eq!(writes, 1);
}

#[test]
fn properties_come_from_standard_input() {
    let program = Program::of_2026();
    let mut command = program.command(&["create", "-t", "0", "org:7", "--properties", "-"]);
    assert_eq!(program.done(command.write_stdin("{\"a=b\": [1, 2]}")).code, 0);
    let group = program.fake.state().groups.into_iter().find(|g| g.group_key == "org:7").unwrap();
    assert_eq!(serde_json::to_string(&group.group_properties).unwrap(), r#"{"a=b":[1, 2]}"#);
}

#[test]
fn one_failed_removal_does_not_stop_the_others() {
    let program = Program::of_2026();
    let refused = Fault::http(403).on("POST", "delete_property");
    program.fake.add_faults([refused]).unwrap();
    let done = program.run("unset -t 0 org:5 plan name --yes");
    assert_eq!(done.code, 6, "{}", done.all());
    assert!(done.stderr.contains("1 of 2 properties were not removed: `plan`"), "{}", done.stderr);
    assert_eq!(done.stdout, "name: \"Acme\" -> (not set)\n");
}

#[test]
fn a_property_of_an_unreadable_group_is_removed_without_reading_it() {
    for era in Era::ALL {
        let mut state = world(era);
        let unreadable = r#"{"plan": "free", "id": 123456789012345678901234567890}"#;
        state.groups.push(Group {
            group_properties: Properties::parse(unreadable).unwrap(),
            ..Group::new(0, "org:7")
        });
        let program = Program::new(state);
        for line in ["list -t 0", "get -t 0 org:7"] {
            let failed = program.run(&format!("{line} --retries 0"));
            assert_eq!(failed.code, 1, "{}", failed.all());
            assert!(failed.stderr.contains("posthog-groups unset KEY NAME"), "{line}: {}", failed.stderr);
        }
        let doctor = program.run("doctor -o plain");
        assert_eq!(doctor.code, 1, "{}", doctor.all());
        assert!(
            doctor.stdout.contains("list\tFAIL\tgroups of type organization cannot be listed"),
            "{}",
            doctor.stdout
        );
        let before = program.fake.journal().len();
        let dry = program.run("unset -t 0 org:7 id --dry-run --retries 0");
        assert_eq!(dry.code, 1, "{}", dry.all());
        let done = program.run("unset -t 0 org:7 id --yes --retries 0");
        assert_eq!((done.code, done.stdout.as_str()), (0, "id: removed\n"), "{}", done.all());
        assert!(done.stderr.starts_with("warning: the group cannot be read (500"), "{}", done.stderr);
        assert!(program.run("list -t 0").stdout.contains("org:7"));
        let posts =
            program.fake.journal().into_iter().skip(before).filter(|entry| entry.method == "POST").count();
        assert_eq!(posts, 1, "{era}");
    }
}

#[test]
fn set_where_writes_only_matching_groups() {
    for era in Era::ALL {
        let groups = (0..250).map(|n| {
            Group::new(0, format!("org:{n}")).with("plan", ["free", "team"][n % 2]).with("seats", n)
        });
        let program = Program::new(State { groups: groups.collect(), activity: Vec::new(), ..world(era) });
        let line = "set -t 0 --where plan=free plan=starter tier=1";
        let refused = program.run(line);
        assert_eq!(refused.code, 2, "{}", refused.all());
        assert!(
            refused.stderr.contains("add --yes") && program.fake.journal().is_empty(),
            "{}",
            refused.all()
        );
        let dry = program.run(&format!("{line} --dry-run -o ndjson"));
        assert_eq!((dry.code, dry.stdout.lines().count()), (0, 125), "{}", dry.stderr);
        assert!(dry.stderr.contains("125 groups match the conditions, 125 to change"), "{}", dry.stderr);
        assert!(program.fake.journal().iter().all(|entry| entry.method == "GET"));
        let done = program.run(&format!("{line} --yes"));
        assert_eq!(done.code, 0, "{}", done.all());
        assert!(done.stdout.contains("changed\t125\n"), "{}", done.stdout);
        for group in program.fake.state().groups {
            let properties = serde_json::to_value(&group.group_properties).unwrap();
            let starter = properties["seats"].as_u64().unwrap() % 2 == 0;
            assert_eq!(properties["plan"], if starter { "starter" } else { "team" }, "{era}");
            assert_eq!(properties["tier"].is_number(), starter, "{era}");
        }
        let none = program.run(&format!("{line} --yes"));
        assert_eq!((none.code, none.stderr.as_str()), (0, "no group matches the conditions\n"));
    }
}
