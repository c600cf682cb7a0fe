//! Invalid input is rejected before a request is sent, with help.

use posthog_groups_fake::Fault;

use super::program::Program;

#[test]
fn mistakes_are_errors_before_anything_is_sent() {
    let program = Program::of_2026();
    let mut transcript = String::new();
    for arguments in [
        &["set", "-t", "0", "org:5", "plan"][..],
        &["set", "-t", "0", "org:5", "plan=null"],
        &["set", "-t", "0", "org:5", "tags=[a]"],
        &["set", "-t", "0", "org:5", "a={\"b\""],
        &["set", "-t", "0", "org:5", "a=\"b"],
        &["set", "-t", "0", "org:5", "=x"],
        &["set", "-t", "0", "org:5", "a=1", "a=2"],
        &["set", "-t", "0", "org:5"],
        &["create", "-t", "0", "org:7", "plan=trial"],
        &["upsert", "-t", "0", "org:5", "plan=trial"],
        &["create", "-t", "0", "org:7", "--properties", "[1]"],
        &["create", "-t", "0", "org:7", "--properties", "{"],
        &["create", "-t", "0", "org:7", "--properties", "{\"a\": null}"],
        &["create", "-t", "0", "org:7", "--properties", "{\"\": 1}"],
        &["create", "-t", "0", "org:7", "--properties", "@none.json"],
        &["create", "-t", "0", " "],
        &["upsert", "-t", "0", "org:5"],
        &["upsert", "-t", "0", "org:5", "--properties", "-", "--key-stdin"],
        &["import", "-y", "-t", "0", "-", "--key-stdin"],
        &["plan", "-t", "0", "-", "--key-stdin"],
        &["get", "-t", "0", ""],
        &["related", "--person", "jo"],
        &["related"],
        &["values", "-t", "0", " "],
        &["list", "-t", "9"],
        &["list", "-o", "xml"],
        &["types", "--timeout", "0"],
        &["types", "--host", "example.com"],
        &["types", "--host", "http://example.com"],
        &["types", "--project", "main"],
        &["unset", "-t", "0", "org:5", "plan"],
        &["lits"],
    ] {
        let done = program.done(&mut program.command(arguments));
        assert_eq!(done.code, 2, "{arguments:?}: {}", done.all());
        transcript.push_str(&format!("$ posthog-groups {}\n{}\n", arguments.join(" "), done.all()));
    }
    insta::assert_snapshot!(transcript);
    assert!(program.fake.journal().is_empty(), "{:?}", program.fake.journal());
}

#[test]
fn a_server_that_is_not_posthog_is_recognized() {
    for status in [200, 403, 404, 410] {
        let program = Program::of_2026();
        program.fake.add_faults([Fault { times: 9, ..Fault::http(status) }]).unwrap();
        let done = program.run("types --retries 0");
        assert!([1, 4].contains(&done.code), "{}", done.all());
        assert!(done.stderr.contains("  help: "), "{}", done.stderr);
        assert!(status == 403 || done.stderr.contains("not of a login page"), "{}", done.stderr);
    }
}

#[test]
fn commands_of_other_programs_suggest_the_right_one() {
    let program = Program::of_2026();
    assert_eq!(program.run("ls -t 0").stdout, program.run("list -t 0").stdout);
    assert_eq!(program.run("show -t 0 org:5").stdout, program.run("get -t 0 org:5").stdout);
    for (line, tip) in [
        ("delete org:5", "unset KEY NAME"),
        ("rm org:5", "unset KEY NAME"),
        ("update org:5 a=1", "set KEY NAME=VALUE"),
        ("add org:9", "create KEY"),
    ] {
        let done = program.run(line);
        assert_eq!(done.code, 2, "{}", done.all());
        assert!(done.stderr.contains("unrecognized subcommand"), "{}", done.stderr);
        assert!(done.stderr.contains("  tip: ") && done.stderr.contains(tip), "{}", done.stderr);
    }
    assert!(program.run("lisst").stderr.contains("'list'"), "near misses are still clap's");
    let related = program.run("related");
    assert_eq!(related.code, 2);
    assert!(related.stderr.contains("<KEY|--person <UUID>>"), "{}", related.stderr);
    assert_eq!(program.run("related a --person b").code, 2);
}

#[test]
fn invalid_keys_are_errors_before_the_group_type_is_resolved() {
    let program = Program::of_2026();
    for command in ["get", "create", "unset --yes a", "upsert --create", "activity", "related", "set a=1"] {
        let (name, rest) = command.split_once(' ').unwrap_or((command, ""));
        let mut arguments = vec![name, "-t", "organization"];
        match name {
            "set" => arguments.extend(["", rest]),
            _ => arguments
                .extend(rest.split_whitespace().take(1).chain([""]).chain(rest.split_whitespace().skip(1))),
        }
        let done = program.done(&mut program.command(&arguments));
        assert_eq!(done.code, 2, "{arguments:?}: {}", done.all());
        assert!(done.stderr.contains("the group key is blank"), "{arguments:?}: {}", done.all());
    }
    assert!(program.fake.journal().is_empty(), "{:?}", program.fake.journal());
}

#[test]
fn a_mistyped_group_type_is_suggested() {
    let program = Program::of_2026();
    let done = program.run("list -t organisation");
    assert_eq!(done.code, 2, "{}", done.all());
    assert!(done.stderr.ends_with(": did you mean `organization`?\n"), "{}", done.stderr);
    assert!(!program.run("list -t company").stderr.contains("did you mean"));
}
