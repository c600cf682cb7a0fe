//! The contents of standard output and standard error.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

use posthog_groups_fake::{Effect, Era, Fault, Group, State};

use super::program::{KEY, Program, world};

fn many(groups: usize) -> Program {
    let groups = (0..groups).map(|n| Group::new(0, format!("org:{n}"))).collect();
    Program::new(State { groups, activity: Vec::new(), ..world(Era::Y2026) })
}

/// The program as the standard library starts it, for pipes.
fn std_command(program: &Program, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_posthog-groups"));
    command
        .args(arguments)
        .env_clear()
        .env("HOME", program.home.path())
        .env("POSTHOG_HOST", program.fake.url())
        .env("POSTHOG_PERSONAL_API_KEY", KEY);
    command
}

#[test]
fn a_closed_pipe_ends_the_list_quietly_and_early() {
    let program = many(5000);
    for format in ["plain", "json", "ndjson", "csv", "table"] {
        let mut child = std_command(&program, &["list", "-t", "0", "-o", format])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(!line.is_empty());
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert_eq!((child.wait().unwrap().code(), stderr.as_str()), (Some(0), ""), "{format}");
    }
    let pages = program.fake.journal().iter().filter(|entry| entry.path.ends_with("/groups/")).count();
    assert!(pages < 5 * 50, "all {pages} pages were fetched for nobody");
}

#[test]
fn a_full_disk_is_an_error() {
    let program = many(10);
    for format in ["plain", "json", "csv", "table"] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let output = std_command(&program, &["list", "-t", "0", "-o", format]).stdout(full).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{format}");
        assert!(stderr.starts_with("error: cannot write to standard output: No space left"), "{stderr}");
    }
}

#[test]
fn escape_sequences_in_data_are_never_printed() {
    let program = Program::of_2026();
    let nasty = Group::new(0, "a\u{1b}[2J\u{9b}1m\u{202e}b").with("n\u{9b}", "\u{1b}]0;title\u{7} \u{7f}");
    let mut state = world(Era::Y2026);
    state.groups.push(nasty);
    program.fake.put_state(state).unwrap();
    for format in ["table", "plain", "json", "ndjson", "csv"] {
        let done = program.run(&format!("list -t 0 -o {format}"));
        let acts = |c: char| c.is_control() && c != '\n' && c != '\t' || c == '\u{202e}';
        // CSV is for other programs, so its keys are byte for byte those of the server.
        if format != "csv" {
            assert!(!done.stdout.contains(acts), "{format}: {:?}", done.stdout);
        }
        assert_eq!(done.code, 0);
    }
    let missing = program.done(&mut program.command(&["get", "-t", "0", "x\u{1b}[2Jy"]));
    assert!(missing.stderr.contains("`x\\u001b[2Jy`"), "{:?}", missing.stderr);
}

#[test]
fn colors_follow_the_flags_and_the_environment() {
    let program = Program::of_2026();
    let colored = |arguments: &[&str], no_color: bool| {
        let mut command = program.command(arguments);
        if no_color {
            command.env("NO_COLOR", "1");
        }
        let done = program.done(&mut command);
        (done.stdout + &done.stderr).contains('\u{1b}')
    };
    for (arguments, no_color, expected) in [
        (&["types", "-o", "table"][..], false, false),
        (&["types", "-o", "table", "--color", "always"], false, true),
        (&["types", "-o", "table", "--color", "always"], true, true),
        (&["types", "-o", "table", "--color", "always", "--no-color"], false, false),
        (&["types", "-o", "table", "--color", "never"], false, false),
        (&["get", "-t", "0", "nope", "--color", "always"], false, true),
    ] {
        assert_eq!(colored(arguments, no_color), expected, "{arguments:?} {no_color}");
    }
}

#[test]
fn quiet_leaves_only_errors_and_verbose_shows_requests() {
    let program = Program::of_2026();
    assert!(program.run("list -t 0 --search nobody").stderr.contains("no groups"));
    assert_eq!(program.run("list -t 0 --search nobody -q").stderr, "");
    assert!(program.run("get -t 0 nope -q").stderr.starts_with("error: "));
    let verbose = program.run("get -t 0 nope -v").stderr;
    let url =
        "/api/projects/@current/groups/find/?group_key=nope&group_type_index=0&skip_create_notebook=true";
    assert!(verbose.starts_with(&format!("GET {url}: 404, ")), "{verbose}");
    program.fake.add_faults([posthog_groups_fake::Fault::http(503)]).unwrap();
    let again = program.run("types -v").stderr;
    assert!(again.contains(": 503, ") && again.contains(", attempt 2"), "{again}");
}

#[test]
fn long_waits_are_reported_on_standard_error_without_a_terminal() {
    let after_a_wait = |status, line| {
        let program = Program::of_2026();
        let mut fault = Fault::http(status);
        if let Effect::Http(http) = &mut fault.effect {
            http.headers.insert("Retry-After".to_owned(), "5".to_owned());
        }
        program.fake.add_faults([fault]).unwrap();
        program.run(line)
    };
    std::thread::scope(|scope| {
        for (status, beginning) in [
            (429, "rate limit: waiting "),
            (503, "waiting before the next attempt (the last one failed: 503)"),
        ] {
            scope.spawn(move || {
                let done = after_a_wait(status, "types");
                assert_eq!(done.code, 0, "{}", done.all());
                let lines = done.stderr.lines().count();
                assert!(done.stderr.starts_with(beginning) && lines == 1, "{status}: {}", done.stderr);
            });
            scope.spawn(move || assert_eq!(after_a_wait(status, "types -q").stderr, ""));
        }
    });
}
