//! The command line as a person meets it: help, exit codes, and what bad input is told.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::fs;

use serde_json::{Value, json};

use workspace::{Workspace, complete};

mod workspace;

#[test]
fn help_teaches() {
    let workspace = Workspace::new();
    for arguments in [
        &["--help"][..],
        &["spec", "--help"],
        &["spec", "pull", "--help"],
        &["spec", "check", "--help"],
        &["spec", "diff", "--help"],
    ] {
        let run = workspace.xtask(arguments);
        assert_eq!(run.code, 0);
        insta::assert_snapshot!(arguments.join("_").replace("--", ""), run.stdout);
    }
}

#[test]
fn a_fresh_workspace_is_up_to_date_and_wrong_usage_exits_with_2() {
    let workspace = Workspace::new();
    for arguments in [&["spec", "build", "--check"][..], &["spec", "check"], &["generate", "--check"]] {
        let run = workspace.xtask(arguments);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{arguments:?}: {}", run.stdout);
    }
    assert_eq!(workspace.xtask(&["spec", "push"]).code, 2);
    assert_eq!(workspace.xtask(&["spec", "pull"]).code, 2);
}

#[test]
fn a_stale_file_is_shown_with_its_diff_and_the_mending_command() {
    let workspace = Workspace::new();
    let text =
        workspace.read("spec/openapi.yaml").replacen("summary: List groups", "summary: Lists groups", 1);
    assert_ne!(text, workspace.read("spec/openapi.yaml"));
    workspace.write("spec/openapi.yaml", text);
    let run = workspace.xtask(&["spec", "build", "--check"]);
    assert_eq!(run.code, 1);
    assert!(run.stdout.contains("-      summary: Lists groups"), "{}", run.stdout);
    assert!(run.stdout.contains("run `cargo xtask spec build` and commit the result"), "{}", run.stdout);
    assert_eq!(workspace.xtask(&["spec", "build"]).code, 0);
    assert_eq!(workspace.xtask(&["spec", "build", "--check"]).code, 0);

    let generated = "crates/posthog-groups-client/src/generated.rs";
    workspace.write(generated, "// by hand\n");
    let run = workspace.xtask(&["generate", "--check"]);
    assert_eq!(run.code, 1);
    assert!(run.stdout.contains("run `cargo xtask generate`"), "{}", run.stdout);
    assert_eq!(workspace.read(generated), "// by hand\n", "--check writes nothing");
}

#[test]
fn a_document_with_other_prose_order_and_format_has_no_drift() {
    let workspace = Workspace::new();
    let document = complete(&workspace);
    workspace.write("complete.json", document.to_string());
    let yaml = posthog_groups_spec::to_yaml(&document).unwrap();
    workspace.write("crlf.yaml", format!("\u{feff}{}", yaml.replace('\n', "\r\n")));
    for file in ["complete.json", "crlf.yaml"] {
        let run = workspace.xtask(&["spec", "pull", "--from", file, "--check"]);
        assert_eq!(run.code, 0, "{file}: {}{}", run.stdout, run.stderr);
        assert!(
            run.stdout.contains("no drift") && run.stdout.contains("no stale correction"),
            "{}",
            run.stdout
        );
    }
}

#[test]
fn drift_is_reported_in_the_words_of_the_api_and_changes_nothing() {
    let workspace = Workspace::new();
    let mut document = complete(&workspace);
    let paths = document["paths"].as_object_mut().unwrap();
    paths.shift_remove("/api/projects/{project_id}/groups/property_definitions/");
    let related = paths.get_mut("/api/projects/{project_id}/groups/related/").unwrap();
    related["get"]["operationId"] = "groups_related_list".into();
    document["components"]["schemas"]["Group"]["properties"]["icon"] = json!({"type": "string"});
    workspace.write("newer.json", document.to_string());
    let before = workspace.products();

    let run = workspace.xtask(&["spec", "pull", "--from", "newer.json", "--check"]);
    assert_eq!(run.code, 1);
    insta::assert_snapshot!("drift", run.stdout);
    assert_eq!(workspace.products(), before);

    let run = workspace.xtask(&["spec", "pull", "--from", "newer.json"]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    let run = workspace.xtask(&["spec", "build"]);
    assert_eq!(run.code, 1, "the corrections of what is gone are stale");
    assert!(run.stdout.contains("never applied"), "{}", run.stdout);
    let untouched = |name: &str| {
        let path = workspace.path("spec").join(name);
        before.iter().any(|(old, text)| *old == path && *text == fs::read_to_string(&path).unwrap())
    };
    assert!(untouched("openapi.yaml") && untouched("openapi.json"));
}

#[test]
fn input_that_is_no_usable_document_exits_with_2_names_the_place_and_touches_nothing() {
    let workspace = Workspace::new();
    let complete = complete(&workspace).to_string();
    let bomb: String =
        (1..9).map(|n| format!("a{n}: &a{n} [{}]\n", format!("*a{}, ", n - 1).repeat(10))).collect();
    let reference = "\"#/components/schemas/PaginatedGroupList\"";
    let cases: [(&str, Vec<u8>, &str); 11] = [
        ("prose.txt", b"Dear PostHog".to_vec(), "prose.txt:1 #: this is a string, not an OpenAPI document; give an object"),
        ("empty.yaml", Vec::new(), "empty.yaml:1:1: the document is empty"),
        ("binary.yaml", vec![b'a', b':', 0xff], "binary.yaml:1:1: the text is not UTF-8"),
        ("truncated.json", complete.as_bytes()[..complete.len() / 2].to_vec(), "truncated.json:1:"),
        ("bomb.yaml", format!("a0: &a0 [x]\n{bomb}").into_bytes(), "unfolds beyond all bounds through aliases"),
        ("twice.yaml", b"openapi: 3.0.3\nopenapi: 3.0.3\n".to_vec(), "twice.yaml:2:1: the key `openapi` stands twice"),
        ("deep.json", "[".repeat(100_000).into_bytes(), "nests deeper than 64 levels"),
        ("swagger.yaml", b"swagger: '2.0'\n".to_vec(), "this is a Swagger 2.0 document; convert it to OpenAPI 3.0 first"),
        ("petstore.yaml", b"openapi: 3.0.3\npaths: {/pets: {}}\n".to_vec(), "petstore.yaml:2 #/paths: no path begins with"),
        (
            "dangling.json",
            complete.replacen(reference, "\"#/components/schemas/Gone\"", 1).into_bytes(),
            "`#/components/schemas/Gone` leads nowhere",
        ),
        (
            "circle.json",
            complete
                .replacen("\"schemas\":{", "\"schemas\":{\"A\":{\"$ref\":\"#/components/schemas/B\"},\"B\":{\"$ref\":\"#/components/schemas/A\"},", 1)
                .replacen(reference, "\"#/components/schemas/A\"", 1)
                .into_bytes(),
            "leads in a circle and never to a definition",
        ),
    ];
    let before = workspace.products();
    for (name, bytes, expected) in cases {
        workspace.write(name, bytes);
        let run = workspace.xtask(&["spec", "pull", "--from", name]);
        assert_eq!(run.code, 2, "{name}: {}{}", run.stdout, run.stderr);
        assert!(run.stderr.contains(expected), "{name}: {}", run.stderr);
        assert_eq!(workspace.products(), before, "{name}");
    }
    let run = workspace.xtask(&["spec", "pull", "--from", "nowhere.yaml"]);
    assert_eq!((run.code, run.stderr.contains("cannot read nowhere.yaml")), (2, true), "{}", run.stderr);
}

#[test]
fn a_malformed_correction_is_named_and_nothing_is_written() {
    let workspace = Workspace::new();
    let before = workspace.products();
    let head = "overlay: 1.0.0\ninfo: {title: T, version: 1.0.0}\nactions:\n";
    let cases = [
        (
            format!("{head}- {{target: $.info}}\n"),
            "99-mine.yaml:4 #/actions/0: an action has either `update` or `remove: true`",
        ),
        (
            format!("{head}- {{target: '$.[', remove: true}}\n"),
            "99-mine.yaml:4 #/actions/0/target: `$.[` is no RFC 9535 query",
        ),
        (
            format!("{head}- {{target: $.info, remove: true, why: x}}\n"),
            "99-mine.yaml:4 #/actions/0: not an Overlay 1.0 document: unknown field `why`",
        ),
        (
            "overlay: 2.0.0\ninfo: {title: T, version: 1.0.0}\nactions: []\n".into(),
            "Overlay 2.0.0 is not supported",
        ),
    ];
    for (text, expected) in cases {
        workspace.write("spec/corrections/99-mine.yaml", &text);
        let run = workspace.xtask(&["spec", "build"]);
        assert_eq!(run.code, 2, "{text}: {}", run.stdout);
        assert!(run.stderr.contains(expected), "{}", run.stderr);
        assert_eq!(workspace.products(), before);
    }
    workspace
        .write("spec/corrections/99-mine.yaml", format!("{head}- {{target: $.nothing, remove: true}}\n"));
    let run = workspace.xtask(&["spec", "build"]);
    assert_eq!(run.code, 1);
    assert!(
        run.stdout.contains("99-mine.yaml:4 action 1: never applied: expected at least 1 node, found 0"),
        "{}",
        run.stdout
    );
}

/// A mutation of the corrected spec: what to plant, where, and the rule that must find it.
fn plant(spec: &mut Value, pointer: &str, value: Option<Value>) {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let key = key.replace("~1", "/").replace("~0", "~");
    let parent = spec.pointer_mut(parent).unwrap_or_else(|| panic!("{pointer} is gone from the spec"));
    match (parent, value) {
        (Value::Object(members), Some(value)) => {
            members.insert(key, value);
        }
        (Value::Object(members), None) => {
            members.shift_remove(&key).unwrap_or_else(|| panic!("{pointer} is gone from the spec"));
        }
        (Value::Array(items), Some(value)) => items[key.parse::<usize>().unwrap()] = value,
        _ => panic!("{pointer} cannot be mutated"),
    }
}

#[test]
fn every_planted_defect_is_rejected_and_the_clean_spec_accepted() {
    const FIND: &str = "/paths/~1api~1projects~1{project_id}~1groups~1find~1/get";
    const GROUP: &str = "/components/schemas/Group";
    let workspace = Workspace::new();
    let clean: Value = serde_json::from_str(&workspace.read("spec/openapi.json")).unwrap();
    workspace.write("clean.json", clean.to_string());
    let run = workspace.xtask(&["spec", "check", "--spec", "clean.json"]);
    assert_eq!(run.code, 0, "{}", run.stdout);

    let find = |rest: &str| format!("{FIND}{rest}");
    let group = |rest: &str| format!("{GROUP}{rest}");
    let json_schema = "/responses/200/content/application~1json/schema";
    let planted: Vec<(String, Option<Value>)> = vec![
        (find(json_schema), Some(json!({"$ref": "#/components/schemas/Gone"}))),
        (find(json_schema), None),
        (find("/operationId"), None),
        (find("/operationId"), Some(json!("list_groups"))),
        (find("/responses/200/description"), None),
        (find("/responses"), Some(json!({"200": {"description": "Fine", "content": {}}}))),
        (
            find("/parameters/0"),
            Some(json!({"name": "other", "in": "path", "required": true, "schema": {"type": "string"}})),
        ),
        (find("/security"), Some(json!([{"Undefined": []}]))),
        (find("/desciption"), Some(json!("misspelt"))),
        (group("/type"), Some(json!("objekt"))),
        (group("/properties/group_key/type"), Some(json!("bool"))),
        (group("/properties/group_type_index/minimum"), Some(json!(9))),
        (group("/properties/group_key/pattern"), Some(json!("(["))),
        (group("/properties/group_key/enum"), Some(json!(["a", "a"]))),
        (group("/properties/group_key/enum"), Some(json!([1]))),
        (group("/properties/group_key/default"), Some(json!(7))),
        (group("/properties/group_key/nullable"), Some(json!("yes"))),
        (group("/properties/any"), Some(json!({"nullable": true}))),
        (group("/properties/list"), Some(json!({"type": "array"}))),
        (group("/required/0"), Some(json!("no_such_member"))),
        (group("/example"), Some(json!({"group_key": 1}))),
        (
            "/components/schemas/RelatedActor/discriminator/mapping/person".into(),
            Some(json!("#/components/schemas/Gone")),
        ),
        ("/components/schemas/Unused".into(), Some(json!({"type": "string"}))),
        ("/servers/0/url".into(), Some(json!("https//posthog"))),
        ("/servers/2/variables".into(), None),
        (
            "/components/schemas/PropertyValues".into(),
            Some(json!({"anyOf": [{"type": "string", "enum": ["a"]}, {"type": "string"}]})),
        ),
        (
            find("/responses/201"),
            Some(
                json!({"description": "Made", "content": {"application/json": {"schema": {"type": "string"}}}}),
            ),
        ),
        (find("/x-idempotency"), Some(json!("perhaps"))),
    ];
    assert!(planted.len() >= 20);
    let mut found = String::new();
    for (n, (pointer, value)) in planted.into_iter().enumerate() {
        let mut spec = clean.clone();
        plant(&mut spec, &pointer, value.clone());
        let name = format!("planted-{n:02}.json");
        workspace.write(&name, format!("{spec:#}"));
        let run = workspace.xtask(&["spec", "check", "--spec", &name]);
        assert_eq!(run.code, 1, "{pointer} = {value:?}: {}{}", run.stdout, run.stderr);
        found.push_str(run.stdout.lines().next().unwrap_or_default());
        found.push('\n');
    }
    insta::assert_snapshot!("planted_defects", found);
    workspace
        .write("duplicate.yaml", "openapi: 3.0.3\ninfo: {title: T, version: '1', title: U}\npaths: {}\n");
    assert_eq!(workspace.xtask(&["spec", "check", "--spec", "duplicate.yaml"]).code, 2, "no document at all");
}

/// Answers one request with `answer` and gives back what was asked.
fn serve_once(answer: Vec<u8>) -> (String, std::thread::JoinHandle<String>) {
    use std::io::{Read, Write};

    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/api/schema/", listener.local_addr().unwrap());
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = Vec::new();
        let mut chunk = [0; 1024];
        while !request.windows(4).any(|end| end == b"\r\n\r\n") {
            let read = stream.read(&mut chunk).unwrap();
            request.extend_from_slice(&chunk[..read]);
        }
        stream.write_all(&answer).unwrap();
        String::from_utf8(request).unwrap()
    });
    (url, thread)
}

fn response(status: &str, headers: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
        .into_bytes()
}

#[test]
fn a_document_is_pulled_from_an_instance_and_a_login_page_is_not_taken_for_one() {
    let workspace = Workspace::new();
    let document = complete(&workspace).to_string();
    let (url, server) = serve_once(response("200 OK", "", &document));
    let run = workspace.xtask(&["spec", "pull", "--from", &url, "--check"]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    assert!(server.join().unwrap().starts_with("GET /api/schema/ HTTP/1.1"));

    let before = workspace.products();
    let cases = [
        (
            response("302 Found", "Location: /login\r\n", ""),
            "the server answered 302 Found: log in by setting POSTHOG_PERSONAL_API_KEY",
        ),
        (response("401 Unauthorized", "", "{}"), "the server answered 401 Unauthorized: log in"),
        (response("502 Bad Gateway", "", "<html>"), "the server answered 502 Bad Gateway"),
        (response("200 OK", "", "<html>Log in</html>"), "not an OpenAPI document"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\nopenapi: 3".to_vec(), "cannot download"),
    ];
    for (answer, expected) in cases {
        let (url, server) = serve_once(answer);
        let run = workspace.xtask(&["spec", "pull", "--from", &url]);
        server.join().unwrap();
        assert_eq!(run.code, 2, "{expected}: {}{}", run.stdout, run.stderr);
        assert!(run.stderr.contains(expected), "{expected}: {}", run.stderr);
        assert_eq!(workspace.products(), before);
    }
}
