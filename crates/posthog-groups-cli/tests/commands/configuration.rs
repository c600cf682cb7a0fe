//! The precedence of flags, environment and context, and the sources of keys.

use super::program::{KEY, Program};

const FILE: &str = ".config/posthog-groups/config.toml";

/// Two contexts for the same server.
fn with_contexts() -> Program {
    let program = Program::of_2026();
    let url = program.fake.url();
    program.write("a.key", &format!("{KEY}\n"));
    program.write(
        FILE,
        &format!(
            "default_context = \"a\"\n\n[contexts.a]\nhost = \"{url}\"\nproject = 1\ngroup_type = \"organization\"\n\
             key_file = \"../../a.key\"\n\n[contexts.b]\nhost = \"{url}/\"\nproject = 2\nkey_command = [\"cat\", \"{}\"]\n",
            program.path("a.key").display()
        ),
    );
    program
}

/// Lines of `setting value source`.
fn settings(program: &Program, arguments: &[&str], variables: &[(&str, &str)]) -> String {
    let arguments = [&["contexts", "-o", "plain"], arguments].concat();
    let done = program.done(program.bare(&arguments).envs(variables.iter().copied()));
    assert_eq!(done.code, 0, "{}", done.all());
    done.stdout
}

#[test]
fn flags_override_the_environment_which_overrides_the_context() {
    let program = with_contexts();
    for (arguments, variables, line) in [
        (&[][..], &[][..], "project\t1\tcontext a"),
        (&[], &[], "context\ta\tdefault_context"),
        (&[], &[], "group_type\torganization\tcontext a"),
        (&[], &[("POSTHOG_PROJECT_ID", "5")], "project\t5\tPOSTHOG_PROJECT_ID"),
        (&["--project", "6"], &[("POSTHOG_PROJECT_ID", "5")], "project\t6\t--project"),
        (&[], &[("POSTHOG_PROJECT_ID", "")], "project\t1\tcontext a"),
        (&["--context", "b"], &[], "context\tb\t--context"),
        (&["--context", "b"], &[], "project\t2\tcontext b"),
        (&["--context", "b"], &[("POSTHOG_GROUPS_CONTEXT", "a")], "project\t2\tcontext b"),
        (&[], &[("POSTHOG_GROUPS_CONTEXT", "b")], "context\tb\tPOSTHOG_GROUPS_CONTEXT"),
        (&["-t", "team"], &[("POSTHOG_GROUP_TYPE", "x")], "group_type\tteam\t--group-type"),
        (&[], &[("POSTHOG_GROUP_TYPE", "x")], "group_type\tx\tPOSTHOG_GROUP_TYPE"),
        (&["--region", "eu"], &[("POSTHOG_HOST", "https://x")], "host\thttps://eu.posthog.com\t--region"),
        (&["--host", "https://y"], &[("POSTHOG_HOST", "https://x")], "host\thttps://y\t--host"),
        (&[], &[("POSTHOG_HOST", "https://x")], "host\thttps://x\tPOSTHOG_HOST"),
        (&[], &[], "key\tfile HOME/.config/posthog-groups/../../a.key\tcontext a"),
        (&[], &[("POSTHOG_PERSONAL_API_KEY", KEY)], "key\tset\tPOSTHOG_PERSONAL_API_KEY"),
        (&["--key-file", "k"], &[("POSTHOG_PERSONAL_API_KEY", KEY)], "key\tfile k\t--key-file"),
        (&["--key-command", "pass x"], &[], "key\tcommand `pass x`\t--key-command"),
        (&["--key-stdin"], &[], "key\tstandard input\t--key-stdin"),
        (&["--config", "/dev/null"], &[], "host\thttps://us.posthog.com\tdefault"),
        (&["--config", "/dev/null"], &[], "project\t@current\tdefault"),
        (&["--config", "/dev/null"], &[], "key\t-\t-"),
        (&[], &[("POSTHOG_GROUPS_CONFIG", "/dev/null")], "context\t-\t-"),
        (&[], &[("POSTHOG_PROJECT_API_KEY", "phc_x")], "project_token\tset\tPOSTHOG_PROJECT_API_KEY"),
    ] {
        let shown = settings(&program, arguments, variables);
        assert!(
            shown.lines().any(|shown| shown == line),
            "{arguments:?} {variables:?}: no {line:?} in\n{shown}"
        );
    }
}

#[test]
fn contexts_are_listed_and_the_current_one_is_marked() {
    let program = with_contexts();
    let done = |format: &str| program.done(&mut program.bare(&["contexts", "-o", format]));
    let all = ["table", "json", "csv"].map(|format| done(format).all()).join("\n");
    // The width of the columns depends on the addresses, which differ between runs.
    let squeezed: Vec<String> = all.lines().map(squeeze).collect();
    insta::assert_snapshot!(squeezed.join("\n"));
    let none = Program::of_2026();
    insta::assert_snapshot!(
        "contexts_without_a_file",
        none.done(&mut none.bare(&["contexts", "-o", "table"])).all()
    );
}

/// Replaces consecutive spaces in a line by two spaces.
fn squeeze(line: &str) -> String {
    let text = line.trim_start();
    let indent = &line[..line.len() - text.len()];
    let words: Vec<&str> = text.split("  ").map(str::trim).filter(|word| !word.is_empty()).collect();
    format!("{indent}{}", words.join("  "))
}

#[test]
fn a_key_is_read_from_every_source() {
    let program = with_contexts();
    program.write("other.key", &format!("{KEY}\r\n"));
    let run = |arguments: &[&str], stdin: &str| {
        let arguments = [&["types", "--project", "1"], arguments].concat();
        program.done(program.bare(&arguments).write_stdin(stdin.to_owned()))
    };
    for (arguments, stdin) in [
        (&["--context", "a"][..], ""),
        (&["--context", "b"], ""),
        (&["--key-file", "other.key"], ""),
        (&["--key-command", "cat other.key | head -1"], ""),
        (&["--key-stdin"], KEY),
        (&["--key-stdin"], &format!("{KEY}\n")),
    ] {
        let done = run(arguments, stdin);
        assert_eq!((done.code, done.stderr.as_str()), (0, ""), "{arguments:?}: {}", done.all());
    }
    for (arguments, stdin, message) in [
        (&["--key-file", "none.key"][..], "", "cannot read the key file none.key"),
        (&["--key-file", "/dev/null"], "", "no key in file /dev/null: it is empty"),
        (&["--key-command", "echo locked >&2; exit 3"], "", "failed (exit status: 3); error output: locked"),
        (&["--key-command", "true"], "", "printed nothing; without an error message"),
        (&["--key-command", "yes"], "", "printed more than 4096 bytes"),
        (&["--key-command", "sh -xc ': phx_Recognizable'; exit 1"], "", "its error output is not shown"),
        (&["--key-command", "echo phx_Recognizable; false"], "", "command `echo phx_...; false`"),
        (&["--key-command", "printf 'a\\nb\\n'"], "", "it has several lines"),
        (&["--key-stdin"], "", "no key in standard input"),
        (&["--key-stdin"], "phc_abc", "phc_"),
    ] {
        let done = run(arguments, stdin);
        assert_eq!(done.code, 2, "{arguments:?}: {}", done.all());
        assert!(done.stderr.contains(message), "{arguments:?}: {}", done.stderr);
        assert!(!done.all().contains("Recognizable"), "{arguments:?}: {}", done.all());
    }
    for (value, message) in [
        (" ", "error: POSTHOG_PERSONAL_API_KEY is set, but empty"),
        ("a\nb", "error: POSTHOG_PERSONAL_API_KEY contains more than a key: it has several lines"),
    ] {
        let done = program.done(program.bare(&["types"]).env("POSTHOG_PERSONAL_API_KEY", value));
        assert_eq!(done.code, 2, "{}", done.all());
        assert!(done.stderr.contains(message), "{}", done.stderr);
    }
}

#[test]
fn a_key_file_accessible_by_others_causes_a_warning() {
    let program = with_contexts();
    for (mode, warning) in [
        (0o600, None),
        (0o400, None),
        (0o640, Some("a.key can be read by others; run: chmod 600 HOME/")),
        (0o604, Some("a.key can be read by others; run: chmod 600 HOME/")),
        (0o620, Some("a.key can be changed by others; run: chmod 600 HOME/")),
        (0o666, Some("a.key can be read and changed by others; run: chmod 600 HOME/")),
    ] {
        program.permit("a.key", mode);
        let done = program.done(&mut program.bare(&["types"]));
        assert_eq!(done.code, 0);
        match warning {
            Some(warning) => assert!(done.stderr.contains(warning), "{mode:o}: {}", done.stderr),
            None => assert_eq!(done.stderr, "", "{mode:o}"),
        }
    }
}

#[test]
fn a_configuration_file_writable_by_others_causes_a_warning() {
    let program = with_contexts();
    for (mode, warned) in [(0o600, false), (0o644, false), (0o664, true), (0o602, true)] {
        program.permit(FILE, mode);
        let done = program.done(&mut program.bare(&["types"]));
        assert_eq!(done.code, 0);
        let warning = "config.toml can be changed by others; run: chmod go-w HOME/";
        assert_eq!(done.stderr.contains(warning), warned, "{mode:o}: {}", done.stderr);
        let doctor = program.done(&mut program.bare(&["doctor", "-o", "plain"]));
        assert_eq!(doctor.stdout.starts_with("configuration\twarn\t"), warned, "{}", doctor.all());
    }
}

#[test]
fn mistakes_in_the_configuration_are_reported_with_their_line() {
    let program = Program::of_2026();
    let path = program.path(FILE);
    let mut transcript = String::new();
    for text in [
        "[contexts.a]\nregoin = \"eu\"\n",
        "default_context = \"a\"\n",
        "[contexts.a]\n\nkey = \"phx_x\"\n",
        "[contexts.a]\nproject_token = \"phc_x\"\n",
        "[contexts.a]\nkey_command = \"phx_x\"\n",
        "[contexts.a]\nhost = \"https://x\"\nregion = \"eu\"\n",
        "[contexts.a]\nkey_file = \"a\"\nkey_command = [\"b\"]\n",
        "[contexts.a]\nregion = \"mars\"\n",
        "[contexts.a]\nproject = 1.5\n",
        "contexts = 5\n",
        "[contexts\n",
    ] {
        program.write(FILE, text);
        let done = program.done(&mut program.bare(&["types"]));
        transcript.push_str(&format!("{text}{}\n", done.all()));
    }
    std::fs::remove_file(path).unwrap();
    for arguments in [&["types", "--config", "none.toml"][..], &["types", "--context", "a"], &["types"]] {
        let done = program.done(&mut program.bare(arguments));
        transcript.push_str(&format!("{arguments:?}\n{}\n", done.all()));
    }
    insta::assert_snapshot!(transcript);
}

#[test]
fn one_of_several_contexts_must_be_selected_before_anything_is_sent() {
    let program = with_contexts();
    let text = std::fs::read_to_string(program.path(FILE)).unwrap();
    program.write(FILE, &text.replace("default_context = \"a\"", ""));
    let unchosen = "config.toml has the contexts a, b, and none is selected";
    let run = |arguments: &[&str], variables: &[(&str, &str)]| {
        program.done(program.bare(arguments).envs(variables.iter().copied()))
    };
    // Otherwise, this key would be sent to the default host.
    for variables in
        [&[][..], &[("POSTHOG_PERSONAL_API_KEY", KEY)], &[("POSTHOG_HOST", "http://127.0.0.1:1")]]
    {
        let done = run(&["types"], variables);
        assert_eq!(done.code, 2, "{}", done.all());
        assert!(done.stderr.contains(unchosen), "{}", done.stderr);
        assert!(done.stderr.contains("help: choose one with --context NAME"), "{}", done.stderr);
        let doctor = run(&["doctor", "-o", "table"], variables);
        assert_eq!(doctor.code, 1, "{}", doctor.all());
        assert!(doctor.stdout.starts_with("FAIL  configuration") && doctor.stdout.contains(unchosen));
        let shown = run(&["contexts"], variables);
        assert_eq!(shown.code, 0, "{}", shown.all());
        assert!(shown.stderr.contains(unchosen), "{}", shown.stderr);
    }
    // A context is selected, or none is needed.
    let url = program.fake.url();
    let given = [("POSTHOG_HOST", url.as_str()), ("POSTHOG_PERSONAL_API_KEY", KEY)];
    let done = [
        run(&["types", "--context", "a"], &[]),
        run(&["types"], &[("POSTHOG_GROUPS_CONTEXT", "a")]),
        run(&["types"], &given),
    ];
    for done in done {
        assert_eq!((done.code, done.stderr.as_str()), (0, ""), "{}", done.all());
    }
}

#[test]
fn an_unknown_context_is_an_error_that_lists_the_known_ones() {
    let program = with_contexts();
    let done = program.done(&mut program.bare(&["types", "--context", "c"]));
    assert_eq!(done.code, 2, "{}", done.all());
    assert!(
        done.stderr.contains("  help: choose one of a, b, or add a table [contexts.NAME]"),
        "{}",
        done.stderr
    );
}

#[test]
fn a_context_flag_overridden_by_the_environment_causes_a_warning() {
    let program = with_contexts();
    let done = program.done(&mut program.command(&["types", "--context", "a"]));
    assert_eq!(done.code, 0);
    assert!(
        done.stderr.contains("warning: POSTHOG_HOST, POSTHOG_PERSONAL_API_KEY override the context `a`"),
        "{}",
        done.stderr
    );
    let quiet = program.done(&mut program.command(&["types"]));
    assert_eq!(quiet.stderr, "", "nobody asked for a context");
}
