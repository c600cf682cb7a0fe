//! Commands exit with the documented codes, and every error has help.

use posthog_groups_fake::{ApiKey, Effect, Era, Fault, HttpFault, RateLimit};

use super::program::{KEY, Program, world};

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
    // A port on which no program can listen.
    let done = program.done(command.env("POSTHOG_HOST", "http://127.0.0.1:1"));
    assert_eq!(done.code, 1);
    assert!(done.stderr.contains("Connection refused") && done.stderr.contains("doctor"), "{}", done.stderr);
}

/// Responds to every request with this path with this status, header and body.
fn answers(status: u16, header: (&str, &str), body: &str, path: &str) -> Fault {
    let headers = [(header.0.to_owned(), header.1.to_owned())].into();
    let fault = HttpFault { status, headers, body: body.into(), content_type: None };
    Fault { times: 0, path: Some(path.to_owned()), ..Fault::new(Effect::Http(fault)) }
}

#[test]
fn problems_of_proxies_are_reported_with_help() {
    let throttled = r#"{"type": "quota", "code": "quota_limited", "detail": "quota", "attr": null}"#;
    let types = r#"[{"group_type_index": 0}]"#;
    let slow = Effect::Slow { delay: 2.0, chunk: 0, interval: 0.0 };
    for (fault, line, said, help) in [
        (
            answers(413, ("x-a", "b"), "<h1>Too large</h1>", "groups/$"),
            "create -t 0 org:9",
            "413",
            "client_max_body_size",
        ),
        (answers(402, ("x-a", "b"), throttled, "groups/$"), "list -t 0", "402 quota_limited", "billing"),
        (
            Fault { times: 0, ..Fault::drop_connection() },
            "types --retries 0",
            "the connection was closed",
            "http or https",
        ),
        (
            answers(200, ("content-encoding", "gzip"), "\u{1f}\u{8b}", "types/$"),
            "types",
            "content-encoding is `gzip`",
            "proxy",
        ),
        (
            answers(200, ("x-a", "b"), types, "types/$"),
            "types",
            "missing field `group_type`",
            "PostHog itself",
        ),
        (answers(204, ("x-a", "b"), "", "types/$"), "types", "unexpected status 204", "PostHog itself"),
        (Fault::new(slow), "types --timeout 0.2 --retries 0", "within the timeout", "--timeout SECONDS"),
    ] {
        let program = Program::of_2026();
        program.fake.add_faults([fault]).unwrap();
        let done = program.run(line);
        assert_eq!(done.code, 1, "{}", done.all());
        let (message, helps) = done.stderr.split_once("\n  help: ").unwrap();
        assert!(message.contains(said) && helps.contains(help), "{}", done.stderr);
        let doctor = program.run("doctor -o plain");
        assert!(!doctor.stdout.contains("give the key access"), "{}", doctor.stdout);
    }
}

#[test]
fn requests_that_the_client_itself_holds_back_are_explained() {
    let mut state = world(Era::Y2026);
    // Reading the group, and two removals, of which the second is refused.
    state.rate_limit = Some(RateLimit { limit: 2, window_s: 3000.0 });
    let done = Program::new(state).run("unset -t 0 org:5 plan seats ratio --yes");
    let said = "`ratio`: too many requests: the server asked to wait";
    assert!(done.code == 6 && done.stderr.contains(said), "{}", done.all());
}

#[test]
fn a_broken_list_is_not_a_missing_group() {
    let refused =
        r#"{"type": "invalid_request", "code": "not_found", "detail": "Invalid cursor", "attr": null}"#;
    let no_cursor = r#"{"next": "http://SERVER/?page=2", "previous": null, "results": []}"#;
    for (status, body, said) in [(404, refused, "Invalid cursor"), (200, no_cursor, "has no cursor")] {
        let program = Program::of_2026();
        program.fake.add_faults([answers(status, ("x-a", "b"), body, "groups/$")]).unwrap();
        let done = program.run("list -t 0");
        assert_eq!(done.code, 1, "{}", done.all());
        assert!(
            done.stderr.contains(said) && done.stderr.contains("help: run the command again"),
            "{}",
            done.stderr
        );
    }
}
