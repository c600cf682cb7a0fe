//! `doctor` finds problems, and does not change anything.

use posthog_groups_fake::{ApiKey, Era, Fault, Group, RateLimit, State};
use serde_json::json;

use super::program::{KEY, Program, world};

#[test]
fn a_good_setup_passes_in_both_eras_and_nothing_is_changed() {
    for era in Era::ALL {
        let program = Program::new(world(era));
        let before = program.fake.state().to_json();
        // The clock of the state is frozen, but `doctor` compares the header of the response.
        let done = program.run("doctor -o table");
        assert_eq!(done.code, 0, "{}", done.all());
        insta::assert_snapshot!(format!("doctor_{era}"), without_clock(&done.all()));
        assert_eq!(program.fake.state().to_json(), before);
    }
}

/// The text without the line about the clocks.
fn without_clock(text: &str) -> String {
    text.lines().filter(|line| !line.contains("  clock  ")).map(|line| format!("{line}\n")).collect()
}

/// Status, text and help of a check, with the exit code.
fn check(program: &Program, line: &str, name: &str) -> (i32, String) {
    let done = program.run(&format!("doctor -o json {line}"));
    let checks: Vec<serde_json::Value> = serde_json::from_str(&done.stdout).unwrap();
    let found = checks.iter().find(|check| check["check"] == name);
    let found = found.unwrap_or_else(|| panic!("no check {name} in {}", done.stdout));
    (done.code, format!("{}: {} ({})", found["status"], found["found"], found["help"]).replace('"', ""))
}

#[test]
fn every_problem_is_found_with_its_help() {
    let with_key = |key: ApiKey| Program::new(State { api_keys: vec![key], ..world(Era::Y2026) });
    let with_scopes = |scopes: &[&str]| with_key(ApiKey::new(KEY, scopes));
    let html = Program::of_2026();
    html.fake.add_faults([Fault { times: 99, ..Fault::http(200) }]).unwrap();
    let no_api = Program::of_2026();
    no_api.fake.add_faults([Fault { times: 99, ..Fault::http(404) }]).unwrap();
    let broken = Program::of_2026();
    broken.fake.add_faults([Fault { times: 99, ..Fault::http(503) }]).unwrap();
    let unreadable = || {
        let program = Program::of_2026();
        program.fake.add_faults([Fault { times: 99, ..Fault::http(500) }.on("GET", "/groups/$")]).unwrap();
        program
    };
    let mut groups: Vec<Group> = (0..120).map(|n| Group::new(0, format!("org:{n}"))).collect();
    groups.push(Group::new(1, "team:1"));
    let elsewhere = Some("http://posthog.internal".to_owned());
    let proxied = Program::new(State { groups, links_origin: elsewhere, ..world(Era::Y2026) });
    let all = Program::of_2026;
    for (program, line, name, code, expected) in [
        (all(), "", "key is known", 0, "ok: it belongs to"),
        (
            with_key(ApiKey::new("phx_other", &["*"])),
            "",
            "key is known",
            4,
            "fail: the server does not accept the key",
        ),
        (
            with_scopes(&["group:write", "activity_log:read"]),
            "",
            "key is known",
            0,
            "without the scope user:read",
        ),
        (
            with_scopes(&["user:read"]),
            "",
            "group:read",
            4,
            "fail: groups cannot be read (add the scope group:read",
        ),
        (
            with_scopes(&["group:read"]),
            "",
            "group:write",
            0,
            "warn: groups cannot be changed (add the scope group:write",
        ),
        (
            with_scopes(&["group:read"]),
            "",
            "activity_log:read",
            0,
            "warn: the history of groups cannot be read",
        ),
        (with_scopes(&["group:read"]), "", "project:read", 0, "warn: projects cannot be listed"),
        (with_scopes(&["group:write"]), "", "group:write", 0, "ok: groups can be changed"),
        (all(), "--project 77", "project", 1, "fail: project 77 does not exist on this server"),
        (all(), "-t company", "group type", 1, "fail: the project has no group type company"),
        (all(), "-t team", "group type", 0, "ok: team (1), from --group-type"),
        (all(), "--key-file none.key", "key", 4, "fail: cannot read the key file none.key"),
        (
            all(),
            "--host http://127.0.0.1:1",
            "server",
            1,
            "fail: no connection to the server: Connection refused",
        ),
        (all(), "--host ftp://x", "host", 1, "fail: the host has the scheme"),
        (all(), "--host http://x.example", "host", 1, "fail: plain HTTP to x.example"),
        (all(), "--context none", "configuration", 1, "fail: there is no configuration file"),
        (html, "", "server", 1, "responds, but not like PostHog"),
        (no_api, "", "server", 1, "responds, but not like PostHog"),
        (broken, "", "server", 1, "fail: 503"),
        (
            proxied,
            "",
            "list",
            0,
            "warn: groups can be listed, but links to the next page name http://posthog.internal instead of",
        ),
        (unreadable(), "", "list", 1, "fail: groups of type organization cannot be listed: 500"),
        (unreadable(), "", "list", 1, "remove the property with `posthog-groups unset KEY NAME`"),
    ] {
        let (exit, found) = check(&program, line, name);
        assert!(found.contains(expected), "{line} {name}: {found}");
        assert_eq!(exit, code, "{line} {name}: {found}");
        assert!(found.starts_with("ok") || !found.ends_with("(null)"), "no help: {found}");
    }
}

#[test]
fn checks_skipped_for_a_throttled_key_are_not_failures() {
    for (limit, not_checked) in [(1, "project"), (3, "group:write")] {
        let rate_limit = Some(RateLimit { limit, window_s: 3000.0 });
        let program = Program::new(State { rate_limit, ..world(Era::Y2026) });
        let done = program.run("doctor -o plain");
        assert_eq!(done.code, 5, "{}", done.all());
        assert!(!done.stdout.contains("FAIL"), "{}", done.stdout);
        assert!(!done.stdout.contains("599"), "{}", done.stdout);
        let line = done.stdout.lines().find(|line| line.starts_with(&format!("{not_checked}\t"))).unwrap();
        assert!(line.contains("\twarn\tnot checked: throttled\twait"), "{line}");
        let table = program.run("doctor -o table");
        assert_eq!(table.code, 5, "{}", table.all());
        assert!(table.stdout.contains("warn  clock              not checked: throttled"), "{}", table.all());
        assert!(
            table.stdout.contains("help: wait ") && table.stdout.contains("throttles this key"),
            "{}",
            table.all()
        );
    }
}

#[test]
fn a_server_that_claims_many_group_types_costs_few_requests() {
    let program = Program::new(world(Era::Y2026));
    let types: Vec<_> =
        (0..500).map(|n| json!({"group_type": format!("type {n}"), "group_type_index": n % 5})).collect();
    let fault = json!({"kind": "http", "status": 200, "body": types, "times": 0, "path": "/groups_types/$"});
    program.fake.add_faults([serde_json::from_value(fault).unwrap()]).unwrap();
    program.run("doctor");
    let requests = program.fake.journal().len();
    assert!(requests < 20, "{requests} requests");
}

#[test]
fn wrong_kinds_of_keys_and_tokens_are_recognized_by_prefix() {
    let program = Program::of_2026();
    program.write("wrong.key", "phc_abc\n");
    program.write("flags.key", "phs_abc\n");
    program.write("oauth.key", "pha_abc\n");
    program.write("odd.key", "abc\n");
    program.write("open.key", KEY);
    program.permit("open.key", 0o644);
    for (file, code, expected) in [
        ("wrong.key", 4, "fail: it is a project token (phc_...)"),
        ("flags.key", 4, "fail: it is a secret for feature flags (phs_...)"),
        ("oauth.key", 4, "ok: an OAuth token, which expires"),
        ("odd.key", 4, "warn: it does not look like"),
        ("open.key", 0, "warn: open.key can be read by others (run: chmod 600 open.key)"),
    ] {
        let (exit, found) = check(&program, &format!("--key-file {file}"), "key");
        assert!(found.starts_with(expected), "{file}: {found}");
        assert_eq!(exit, code, "{file}");
    }
    let mut command = program.command(&["doctor", "-o", "plain"]);
    let done = program.done(command.env("POSTHOG_PROJECT_API_KEY", KEY));
    assert!(
        done.stdout.contains("project token\tFAIL\tthe project token: phx_... is a personal API key"),
        "{}",
        done.stdout
    );
    assert_eq!(done.code, 1);
}
