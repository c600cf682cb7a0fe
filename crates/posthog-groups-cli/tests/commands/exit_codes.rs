//! The exit codes that the help documents, and that every error says what to do.

use posthog_groups_fake::{ApiKey, Era, Fault, RateLimit};

use crate::program::{KEY, Program, world};

#[test]
fn exit_codes_are_those_of_the_help() {
    for era in Era::ALL {
        let with_scopes = |scopes: &[&str]| {
            let mut state = world(era);
            state.api_keys = vec![ApiKey::new(KEY, scopes)];
            Program::new(state)
        };
        let mut throttled = world(era);
        throttled.rate_limit = Some(RateLimit { limit: 1, window_s: 3000.0 });
        let all = || with_scopes(&["*"]);
        let cases = [
            (all(), "list -t 0", 0),
            (all(), "--version", 0),
            (all(), "create -t 0 org:5", 1),
            (all(), "list -t nothing", 2),
            (all(), "list --limit 0", 2),
            (all(), "no-such-command", 2),
            (all(), "list -t 7", 2),
            (all(), "unset -t 0 org:5 plan", 2),
            (all(), "get -t 0 nope", 3),
            (all(), "set -t 0 nope a=1", 3),
            (all(), "activity -t 0 nope", 3),
            (all(), "list -t 0 --project 77", 3),
            (with_scopes(&["user:read"]), "list -t 0", 4),
            (with_scopes(&["group:read"]), "set -t 0 org:5 a=1", 4),
            (with_scopes(&["group:read"]), "activity -t 0 org:5", 4),
            (Program::new(throttled), "get -t 0 org:5 org:6", 5),
            (all(), "get -t 0 org:5 nope", 6),
        ];
        for (program, line, code) in cases {
            let done = program.run(line);
            assert_eq!(done.code, code, "{era} {line}: {}", done.all());
            if code != 0 {
                assert!(done.stderr.starts_with("error: "), "{line}: {}", done.stderr);
                let says_what_to_do = done.stderr.contains("\n  help: ")
                    || done.stderr.contains("--help")
                    || done.stderr.contains("but `organization`")
                    || done.stderr.contains("indexes go from 0 to 4");
                assert!(says_what_to_do, "{line}: {}", done.stderr);
                assert!(code != 5 || done.stderr.contains("help: wait "), "{line}: {}", done.stderr);
                assert!(!done.stderr.contains("own rate limit"), "{line}: {}", done.stderr);
            }
        }
    }
}

#[test]
fn a_wrong_key_is_recognized_although_servers_answer_403() {
    for era in Era::ALL {
        let program = Program::new(world(era));
        for line in ["types", "list -t 0", "whoami"] {
            let words: Vec<&str> = line.split(' ').collect();
            let done = program.done(program.command(&words).env("POSTHOG_PERSONAL_API_KEY", "phx_unknown"));
            assert_eq!(done.code, 4, "{era} {line}: {}", done.all());
            assert!(done.stderr.contains("of this region"), "{}", done.stderr);
        }
    }
}

#[test]
fn a_missing_scope_is_reported() {
    let mut state = world(Era::Y2026);
    state.api_keys = vec![ApiKey::new(KEY, &["group:read"])];
    let done = Program::new(state).run("set -t 0 org:5 a=1");
    assert!(done.stderr.contains("add the scope `group:write`"), "{}", done.stderr);
}

#[test]
fn failing_and_unreachable_servers_exit_with_1() {
    let program = Program::of_2026();
    program.fake.add_faults([Fault { times: 9, ..Fault::http(502) }]).unwrap();
    let done = program.run("types --retries 1");
    assert_eq!(done.code, 1, "{}", done.all());
    assert!(
        done.stderr.contains("try again later") && done.stderr.contains("(2 requests)"),
        "{}",
        done.stderr
    );

    let mut command = program.command(&["types", "--retries", "0"]);
    // A port that nobody can listen on.
    let done = program.done(command.env("POSTHOG_HOST", "http://127.0.0.1:1"));
    assert_eq!(done.code, 1);
    assert!(done.stderr.contains("Connection refused") && done.stderr.contains("doctor"), "{}", done.stderr);
}
