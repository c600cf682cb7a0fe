//! Commands that write, on servers of both eras.

use posthog_groups_fake::{Era, Fault};

use crate::program::{Program, world};

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
fn only_what_differs_is_written() {
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
fn of_several_removals_one_failure_is_told_and_the_others_are_done() {
    let program = Program::of_2026();
    let refused = Fault::http(403).on("POST", "delete_property");
    program.fake.add_faults([refused]).unwrap();
    let done = program.run("unset -t 0 org:5 plan name --yes");
    assert_eq!(done.code, 6, "{}", done.all());
    assert!(done.stderr.contains("1 of 2 properties were not removed: `plan`"), "{}", done.stderr);
    assert_eq!(done.stdout, "name: \"Acme\" -> (not set)\n");
}

#[test]
fn a_property_of_a_group_that_cannot_be_read_is_removed_without_looking() {
    for era in Era::ALL {
        let program = Program::new(world(era));
        let unreadable = Fault { times: 99, ..Fault::http(500) }.on("GET", "/groups/(find/)?$");
        program.fake.add_faults([unreadable]).unwrap();
        let list = program.run("list -t 0 --retries 0");
        assert_eq!(list.code, 1, "{}", list.all());
        assert!(list.stderr.contains("posthog-groups unset KEY NAME"), "{}", list.stderr);
        let dry = program.run("unset -t 0 org:5 plan --dry-run --retries 0");
        assert_eq!(dry.code, 1, "{}", dry.all());
        let done = program.run("unset -t 0 org:5 plan --yes --retries 0");
        assert_eq!((done.code, done.stdout.as_str()), (0, "plan: removed\n"), "{}", done.all());
        assert!(done.stderr.starts_with("warning: the group cannot be read (500"), "{}", done.stderr);
        let group = program.fake.state().groups.into_iter().find(|g| g.group_key == "org:5").unwrap();
        assert!(!serde_json::to_string(&group.group_properties).unwrap().contains("plan"));
        let posts = program.fake.journal().into_iter().filter(|entry| entry.method == "POST").count();
        assert_eq!(posts, 1, "{era}");
    }
}
