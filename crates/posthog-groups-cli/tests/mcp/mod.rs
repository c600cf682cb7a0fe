//! The program as a server of the Model Context Protocol: a host writes lines to its standard input and reads lines from its
//! standard output.

mod host;

use posthog_groups_fake::{
    ApiKey, Effect, Era, Fake, Fault, Group, GroupType, HttpFault, Phase, Properties, State,
};
use serde_json::{Value, json};

use host::{Host, KEY};

const READS: &[&str] = &[
    "list_group_types",
    "list_groups",
    "find_group",
    "list_activity",
    "list_related",
    "list_property_values",
    "list_property_definitions",
];

const WRITES: &[&str] = &["create_group", "update_property", "upsert_properties", "delete_property"];

fn group(key: &str, properties: &str) -> Group {
    Group { group_properties: Properties::parse(properties).unwrap(), ..Group::new(0, key) }
}

fn server(era: Era, groups: Vec<Group>) -> Fake {
    let state = State {
        era,
        api_keys: vec![ApiKey::new(KEY, &["*"])],
        group_types: vec![GroupType::new(0, "organization"), GroupType::new(1, "team")],
        groups,
        ..State::default()
    };
    Fake::builder().state(state).start_blocking().unwrap()
}

/// The responses to the next `times` writes are lost, after or before the writes take effect.
fn lose_answers(fake: &Fake, phase: Phase, times: u64) {
    let lost =
        Fault { times, phase, method: Some("POST".to_owned()), ..Fault::new(Effect::Drop { reset: false }) };
    fake.add_faults([lost]).unwrap();
}

fn writes(fake: &Fake) -> usize {
    fake.journal().iter().filter(|entry| entry.method == "POST").count()
}

#[test]
fn only_reads_are_offered_without_allow_writes() {
    let fake = server(Era::Y2026, vec![group("org:5", r#"{"plan": "free"}"#)]);
    let mut host = Host::start(&fake, &["mcp"]);
    assert_eq!(host.tool_names(), READS);
    for name in WRITES {
        let error = host.refused(name, json!({"group_type_index": 0, "group_key": "org:5", "key": "plan"}));
        assert!(error.contains("--allow-writes"), "{error}");
    }
    assert!(host.refused("drop_tables", json!({})).contains("list_groups"));
    assert_eq!(writes(&fake), 0);

    let mut host = Host::start(&fake, &["mcp", "--allow-writes"]);
    let all: Vec<&str> = READS.iter().chain(WRITES).copied().collect();
    assert_eq!(host.tool_names(), all);
}

#[test]
fn tools_are_described_for_hosts() {
    let fake = server(Era::Y2026, vec![]);
    let mut tools = Host::start(&fake, &["mcp", "--allow-writes"]).tools();
    for argument in tools
        .iter_mut()
        .flat_map(|tool| tool["inputSchema"]["properties"].as_object_mut().unwrap().values_mut())
    {
        // The descriptions come from the specification, which may change them.
        assert!(argument.as_object_mut().unwrap().shift_remove("description").is_some());
    }
    insta::assert_snapshot!("tools", serde_json::to_string_pretty(&tools).unwrap());
    for tool in &tools {
        let hints = &tool["annotations"];
        let name = tool["name"].as_str().unwrap();
        assert_eq!(hints["readOnlyHint"], READS.contains(&name), "{name}");
        let replaces = ["update_property", "upsert_properties", "delete_property"].contains(&name);
        assert_eq!(hints["destructiveHint"], replaces, "{name}");
        assert_eq!(hints["idempotentHint"], name != "create_group", "{name}");
        for argument in tool["inputSchema"]["properties"].as_object().unwrap().keys() {
            assert!(argument.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{name}: {argument}");
        }
    }
}

#[test]
fn every_tool_works_on_servers_of_both_eras() {
    for era in Era::ALL {
        let fake = server(era, vec![group("org:5", r#"{"plan": "free", "big": 9007199254740993}"#)]);
        let mut host = Host::start(&fake, &["mcp", "--allow-writes"]);
        assert_eq!(host.ok("list_group_types", json!({}))["results"][0]["group_type"], "organization");
        let new = json!({"group_type_index": 0, "group_key": "org:9", "group_properties": {"plan": "trial", "seats": 4}});
        assert_eq!(host.ok("create_group", new)["group_properties"], json!({"plan": "trial", "seats": 4}));
        let org9 = |more: Value| {
            let mut arguments = json!({"group_type_index": 0, "group_key": "org:9"});
            arguments.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            arguments
        };
        let set = host.ok("update_property", org9(json!({"key": "plan", "value": "scale"})));
        assert_eq!(set["group_properties"]["plan"], "scale");
        let merged =
            host.ok("upsert_properties", org9(json!({"group_properties": {"plan": "scale", "seats": 5}})));
        assert_eq!((&merged["written"], &merged["created"]), (&json!(["seats"]), &json!(false)));
        let unset = host.ok("delete_property", org9(json!({"key": "seats"})));
        assert_eq!(unset["group_properties"], json!({"plan": "scale"}));
        assert_eq!(host.ok("find_group", org9(json!({})))["group_key"], "org:9");
        let listed = host.ok("list_groups", json!({"group_type_index": 0, "group_key": "ORG:9"}));
        assert_eq!(listed["results"][0]["group_key"], "org:9");
        let history = host.ok("list_activity", org9(json!({"limit": 1})));
        assert_eq!(history["results"].as_array().unwrap().len(), 1);
        assert_ne!(history["next_cursor"], Value::Null);
        assert_eq!(
            host.ok("list_related", json!({"group_type_index": 0, "id": "org:9"}))["results"],
            json!([])
        );
        let values =
            host.ok("list_property_values", json!({"group_type_index": 0, "key": "plan", "value": "sc"}));
        assert_eq!(values["results"], json!([{"value": "scale", "count": 1}]));
        let definitions = host.call("list_property_definitions", json!({}));
        match era {
            Era::Y2025 => assert!(definitions.text.contains("\"name\":\"plan\""), "{}", definitions.text),
            Era::Y2026 => assert!(definitions.text.contains("list_groups"), "{}", definitions.text),
        }
        // Numbers keep their digits.
        assert!(
            host.call("find_group", json!({"group_type_index": 0, "group_key": "org:5"}))
                .text
                .contains(":9007199254740993")
        );
    }
}

#[test]
fn a_write_whose_response_is_lost_takes_effect_once() {
    for era in Era::ALL {
        for phase in [Phase::Before, Phase::After] {
            let fake = server(era, vec![group("org:5", r#"{"plan": "free", "old": 1}"#)]);
            let mut host = Host::start(&fake, &["mcp", "--allow-writes", "-t", "organization"]);
            for (tool, arguments) in [
                ("create_group", json!({"group_key": "org:9", "group_properties": {"a": 1}})),
                ("update_property", json!({"group_key": "org:5", "key": "plan", "value": "scale"})),
                ("delete_property", json!({"group_key": "org:5", "key": "old"})),
                ("upsert_properties", json!({"group_key": "org:5", "group_properties": {"seats": 5}})),
                (
                    "upsert_properties",
                    json!({"group_key": "org:7", "group_properties": {"a": 1}, "create_if_missing": true}),
                ),
            ] {
                let events = fake.state().captured_events.len();
                lose_answers(&fake, phase, 1);
                host.ok(tool, arguments);
                fake.clear_faults();
                assert_eq!(
                    fake.state().captured_events.len(),
                    events + 1,
                    "{era:?} {phase:?} {tool}: one effect"
                );
            }
            let keys: Vec<String> = fake.state().groups.iter().map(|group| group.group_key.clone()).collect();
            assert_eq!(keys, ["org:5", "org:9", "org:7"]);
        }
    }
}

#[test]
fn a_write_that_cannot_be_read_back_has_an_unknown_outcome() {
    let fake = server(Era::Y2026, vec![group("org:5", "{}")]);
    let mut host = Host::start(&fake, &["mcp", "--allow-writes", "--retries", "0"]);
    lose_answers(&fake, Phase::After, 1);
    let http = HttpFault { status: 503, headers: Default::default(), body: Value::Null, content_type: None };
    fake.add_faults([Fault { times: 0, method: Some("GET".to_owned()), ..Fault::new(Effect::Http(http)) }])
        .unwrap();
    let arguments = json!({"group_type_index": 0, "group_key": "org:5", "key": "a", "value": 1});
    let error = host.failed("update_property", arguments);
    assert_eq!(error["outcome_unknown"], true, "{error}");
    assert!(error["help"].as_str().unwrap().contains("find_group"), "{error}");
}

#[test]
fn cursors_page_through_a_list_without_gaps_or_repetitions() {
    for era in Era::ALL {
        let groups = (0..250).map(|n| group(&format!("org:{n:03}"), r#"{"a": 1}"#)).collect();
        let fake = server(era, groups);
        let mut host = Host::start(&fake, &["mcp"]);
        for limit in [33, 100] {
            let mut keys =
                host.all("list_groups", json!({"group_type_index": 0, "limit": limit}), "group_key");
            assert_eq!(keys.len(), 250, "{era:?}");
            keys.sort();
            keys.dedup();
            assert_eq!(keys.len(), 250, "{era:?}");
        }
    }
}

#[test]
fn cursors_page_through_the_history_of_a_group() {
    let fake = server(Era::Y2026, vec![group("org:5", "{}")]);
    let mut host = Host::start(&fake, &["mcp", "--allow-writes"]);
    for n in 0..130 {
        host.ok(
            "update_property",
            json!({"group_type_index": 0, "group_key": "org:5", "key": format!("p{n}"), "value": n}),
        );
    }
    let before = fake.journal().len();
    let ids =
        host.all("list_activity", json!({"group_type_index": 0, "group_key": "org:5", "limit": 50}), "id");
    assert_eq!(ids.len(), 130);
    assert_eq!(fake.journal().len() - before, 3, "each answer takes one request");
}

#[test]
fn results_are_bounded_for_groups_of_any_size() {
    const MOST: usize = 34 * 1024;
    let big = |bytes: usize| format!("{{\"text\": \"{}\"}}", "x".repeat(bytes));
    let many: Vec<String> =
        (0..2_000).map(|n| format!("\"property_{n:04}\": \"{}\"", "y".repeat(40))).collect();
    let fake = server(
        Era::Y2026,
        vec![
            group("org:small", r#"{"a": 1}"#),
            group("org:huge", &big(3_000_000)),
            group("org:many", &format!("{{{}}}", many.join(","))),
            group("org:half", &big(20_000)),
            group("org:half2", &big(20_000)),
        ],
    );
    let mut host = Host::start(&fake, &["mcp"]);
    let mut keys = host.all("list_groups", json!({"group_type_index": 0}), "group_key");
    keys.sort();
    assert_eq!(keys, ["org:half", "org:half2", "org:huge", "org:many", "org:small"]);

    let huge = host.call("find_group", json!({"group_type_index": 0, "group_key": "org:huge"}));
    assert!(huge.text.len() < 3_000 && huge.text.contains("\"bytes\":3000009"), "{}", huge.text.len());

    let mut names = Vec::new();
    let mut cursor = Value::Null;
    loop {
        let part = host
            .call("find_group", json!({"group_type_index": 0, "group_key": "org:many", "cursor": cursor}));
        assert!(part.text.len() < MOST);
        let part: Value = serde_json::from_str(&part.text).unwrap();
        names.extend(part["group_properties"].as_object().unwrap().keys().cloned());
        cursor = part["next_cursor"].clone();
        if cursor.is_null() {
            break;
        }
    }
    assert_eq!(names.len(), 2_000);
    assert!(host.largest < MOST, "{}", host.largest);
}

#[test]
fn bad_arguments_are_errors_with_help_before_anything_is_sent() {
    let fake = server(Era::Y2026, vec![group("org:5", "{}")]);
    let mut host = Host::start(&fake, &["mcp", "--allow-writes"]);
    let before = fake.journal().len();
    for (tool, arguments, part) in [
        ("find_group", json!({"group_type_index": 0}), "`group_key` of `find_group` is missing"),
        ("find_group", json!({"group_key": "org:5"}), "`group_type_index` of `find_group` is missing"),
        (
            "find_group",
            json!({"group_type_index": 0, "group_key": "org:5", "project_id": 2}),
            "no argument `project_id`",
        ),
        (
            "find_group",
            json!({"group_type_index": "0", "group_key": "org:5"}),
            "`group_type_index` has the wrong type",
        ),
        ("find_group", json!({"group_type_index": 0, "group_key": " "}), "blank"),
        ("list_groups", json!({"group_type_index": 0, "cursor": "nonsense"}), "next_cursor"),
        ("list_groups", json!({"group_type_index": 0, "limit": 0}), "from 1 to 100"),
        (
            "list_property_values",
            json!({"group_type_index": 0, "key": "plan", "value": 1}),
            "`value` has the wrong type",
        ),
        ("list_related", json!({"id": "jo"}), "UUID"),
        (
            "update_property",
            json!({"group_type_index": 0, "group_key": "org:5", "key": "a", "value": null}),
            "null",
        ),
        (
            "update_property",
            json!({"group_type_index": 0, "group_key": "org:5", "key": "a", "value": 1e30}),
            "outside -9223372036854775808 to",
        ),
        (
            "create_group",
            json!({"group_type_index": 0, "group_key": "a", "group_properties": []}),
            "wrong type",
        ),
    ] {
        let error = host.failed(tool, arguments.clone());
        assert!(error.to_string().contains(part), "{tool} {arguments}: {error}");
    }
    assert_eq!(fake.journal().len(), before);
    let missing = host.failed("find_group", json!({"group_type_index": 0, "group_key": "org:6"}));
    assert!(missing["help"].as_str().unwrap().contains("list_groups"), "{missing}");
    let taken = host.failed("create_group", json!({"group_type_index": 0, "group_key": "org:5"}));
    assert!(taken["help"].as_str().unwrap().contains("upsert_properties"), "{taken}");
}

#[test]
fn no_message_contains_the_key_even_if_a_server_echoes_it() {
    let fake = server(Era::Y2026, vec![group("org:5", "{}")]);
    for arguments in [&["mcp", "--allow-writes"][..], &["mcp", "--allow-writes", "-v"]] {
        let mut host = Host::start(&fake, arguments);
        let body = json!({"code": "x", "detail": format!("you sent {KEY}"), "type": "y"});
        for status in [400, 401, 403, 500] {
            let http =
                HttpFault { status, headers: Default::default(), body: body.clone(), content_type: None };
            fake.add_faults([Fault { times: 0, ..Fault::new(Effect::Http(http)) }]).unwrap();
            for tool in ["list_groups", "list_group_types"] {
                let arguments =
                    if tool == "list_groups" { json!({"group_type_index": 0}) } else { json!({}) };
                assert!(host.call(tool, arguments).is_error);
            }
            fake.clear_faults();
        }
        let (stdout, stderr) = host.end();
        assert!(!stdout.contains("Recognizable") && !stderr.contains("Recognizable"), "{stdout}{stderr}");
        assert!(!stdout.is_empty());
    }
}

#[test]
fn only_the_protocol_is_written_to_standard_output() {
    let fake = server(Era::Y2026, vec![group("org:5", "{}")]);
    let mut host = Host::start(&fake, &["mcp", "-v"]);
    host.ok("list_groups", json!({"group_type_index": 0}));
    let (stdout, stderr) = host.end();
    for line in stdout.lines() {
        let message: Value = serde_json::from_str(line).unwrap();
        assert_eq!(message["jsonrpc"], "2.0", "{line}");
    }
    assert!(stderr.contains("GET"), "requests are shown on standard error: {stderr}");
}

#[test]
fn running_calls_complete_after_the_host_closes_its_end() {
    let fake = server(Era::Y2026, vec![group("org:5", "{}")]);
    let mut host = Host::start(&fake, &["mcp", "--allow-writes"]);
    let slow = Effect::Slow { delay: 1.0, chunk: 0, interval: 0.0 };
    fake.add_faults([Fault { method: Some("POST".to_owned()), ..Fault::new(slow) }]).unwrap();
    host.send(
        "update_property",
        json!({"group_type_index": 0, "group_key": "org:5", "key": "a", "value": 1}),
    );
    let (stdout, _) = host.end();
    assert!(stdout.contains(r#"\"a\":1"#), "{stdout}");
}

#[test]
fn mcp_reports_startup_errors_on_standard_error() {
    let fake = server(Era::Y2026, vec![]);
    for (arguments, key, code, part) in [
        (&["mcp"][..], "", 4, "no personal API key"),
        (&["mcp"], "phc_projectkey", 2, "phc_"),
        (&["mcp", "--key-stdin"], KEY, 2, "standard input"),
    ] {
        let output = host::program(&fake, arguments).env("POSTHOG_PERSONAL_API_KEY", key).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{stderr}");
        assert!(stderr.contains(part) && output.stdout.is_empty(), "{stderr}");
    }
    // It is not a failure if the host disconnects before it sends anything.
    assert!(host::program(&fake, &["mcp"]).output().unwrap().status.success());
}
