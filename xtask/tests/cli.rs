//! The command line: help, exit codes, and messages for invalid input.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use posthog_groups_spec::{Value, json};

use workspace::{Workspace, xtask};

mod workspace;

/// A complete document like that of an instance: a published slice, with texts and another path.
fn complete(workspace: &Workspace) -> Value {
    let slice =
        posthog_groups_spec::Document::read(&workspace.path("spec/published/posthog-2025.yaml")).unwrap();
    let mut document = slice.value;
    document["info"]["description"] = "Vendor prose".into();
    document["paths"]["/api/projects/{project_id}/insights/"] =
        json!({"get": {"operationId": "insights_list", "responses": {"200": {"description": "x"}}}});
    document["components"]["schemas"]["Insight"] = json!({"type": "object"});
    document
}

#[test]
fn help_teaches() {
    let workspace = Workspace::new();
    for arguments in [
        &["--help"][..],
        &["spec", "--help"],
        &["spec", "compare", "--help"],
        &["spec", "patch", "--help"],
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
    assert_eq!(workspace.xtask(&["spec", "compare"]).code, 2);
}

#[test]
fn a_stale_file_is_shown_with_its_diff_and_the_command_that_writes_it() {
    let workspace = Workspace::new();
    let text =
        workspace.read("spec/openapi.yaml").replacen("summary: List groups", "summary: Lists groups", 1);
    assert_ne!(text, workspace.read("spec/openapi.yaml"));
    workspace.write("spec/openapi.yaml", text);
    let run = workspace.xtask(&["spec", "build", "--check"]);
    assert_eq!(run.code, 1);
    assert!(run.stdout.contains("+        \"summary\": \"Lists groups"), "{}", run.stdout);
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
fn a_document_with_other_texts_order_and_format_is_accounted_for() {
    let workspace = Workspace::new();
    let document = complete(&workspace);
    workspace.write("complete.json", document.to_string());
    let yaml = posthog_groups_spec::to_yaml(&document).unwrap();
    workspace.write("crlf.yaml", format!("\u{feff}{}", yaml.replace('\n', "\r\n")));
    for file in ["complete.json", "crlf.yaml"] {
        let run = workspace.xtask(&["spec", "compare", file]);
        assert_eq!(run.code, 0, "{file}: {}{}", run.stdout, run.stderr);
        assert!(run.stdout.contains("differences, all accounted for by"), "{}", run.stdout);
    }
}

#[test]
fn a_new_difference_is_reported_in_every_format_and_changes_nothing() {
    let workspace = Workspace::new();
    let mut document = complete(&workspace);
    document["components"]["schemas"]["Group"]["properties"]["icon"] = json!({"type": "string"});
    workspace.write("newer.json", document.to_string());
    let before = workspace.products();
    let run = workspace.xtask(&["spec", "compare", "newer.json"]);
    assert_eq!(run.code, 1);
    insta::assert_snapshot!("finding", run.stdout);
    let run = workspace.xtask(&["spec", "compare", "newer.json", "--format", "json"]);
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((run.code, &report["findings"][0]["kind"]), (1, &json!("property-removed")));
    assert!(report["findings"][0]["entry"].as_str().unwrap().contains("kind: property-removed"));
    let run = workspace.xtask(&["spec", "compare", "newer.json", "--format", "markdown"]);
    assert_eq!(run.code, 1);
    assert!(run.stdout.contains("### Defects of the document"), "{}", run.stdout);
    assert_eq!(workspace.products(), before);
}

#[test]
fn a_slice_is_stored_by_name_and_compared_from_then_on() {
    let workspace = Workspace::new();
    let mut document = complete(&workspace);
    document["paths"].as_object_mut().unwrap().retain(|path, _| !path.starts_with("/api/environments/"));
    workspace.write("newer.json", document.to_string());
    let arguments = ["spec", "compare", "newer.json", "--write", "mine-2026-12", "--date", "2026-12-01"];
    let run = workspace.xtask(&arguments);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    let slice = workspace.read("spec/published/mine-2026-12.yaml");
    assert!(slice.contains("groups/find/") && !slice.contains("insights"), "{slice}");
    assert_eq!(workspace.xtask(&["spec", "build"]).code, 0);
    assert!(workspace.read("spec/README.md").contains("| mine-2026-12 |"));
    let run = workspace.xtask(&["spec", "compare", "newer.json", "--write", "../mine"]);
    assert_eq!((run.code, run.stderr.contains("is not a valid name")), (2, true), "{}", run.stderr);
}

#[test]
fn a_specification_and_a_ledger_can_be_given_without_a_workspace() {
    let workspace = Workspace::new();
    workspace.write("complete.json", complete(&workspace).to_string());
    let elsewhere = tempfile::tempdir().unwrap();
    let path = |name: &str| workspace.path(name).display().to_string();
    let (document, spec, ledger) =
        (path("complete.json"), path("spec/openapi.yaml"), path("spec/defects.yaml"));
    let arguments = ["spec", "compare", &document, "--spec", &spec, "--ledger", &ledger];
    let run = xtask(elsewhere.path(), &arguments);
    assert_eq!(run.code, 0, "{}", run.stderr);
}

#[test]
fn the_workspace_is_found_from_where_the_command_runs_and_not_from_where_it_was_built() {
    let workspace = Workspace::new();
    workspace.write("spec/openapi.json", "{}");
    let below = workspace.path("spec/examples");
    let run = xtask(&below, &["spec", "build"]);
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    assert_ne!(workspace.read("spec/openapi.json"), "{}", "the copy was built, not the repository");
    let elsewhere = tempfile::tempdir().unwrap();
    let run = xtask(elsewhere.path(), &["spec", "build"]);
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("no workspace with spec/openapi.yaml"), "{}", run.stderr);
}

#[test]
fn input_that_is_no_usable_document_exits_with_2_names_the_place_and_touches_nothing() {
    let workspace = Workspace::new();
    let complete = complete(&workspace).to_string();
    let bomb: String =
        (1..9).map(|n| format!("a{n}: &a{n} [{}]\n", format!("*a{}, ", n - 1).repeat(10))).collect();
    let reference = "\"#/components/schemas/PaginatedGroupList\"";
    let cases: [(&str, Vec<u8>, &str); 11] = [
        ("prose.txt", b"Dear PostHog".to_vec(), "prose.txt:1 #: this is a string, not an OpenAPI document; is it a login page or an error message?"),
        ("empty.yaml", Vec::new(), "empty.yaml:1:1: the document is empty"),
        ("binary.yaml", vec![b'a', b':', 0xff], "binary.yaml:1:1: the text is not UTF-8"),
        ("truncated.json", complete.as_bytes()[..complete.len() / 2].to_vec(), "truncated.json:1:"),
        ("bomb.yaml", format!("a0: &a0 [x]\n{bomb}").into_bytes(), "grows too large when its aliases are expanded"),
        ("twice.yaml", b"openapi: 3.0.3\nopenapi: 3.0.3\n".to_vec(), "twice.yaml:2:1: the key `openapi` occurs twice"),
        ("deep.json", "[".repeat(100_000).into_bytes(), "is nested deeper than 64 levels"),
        ("swagger.yaml", b"swagger: '2.0'\n".to_vec(), "this is a Swagger 2.0 document; convert it to OpenAPI 3.0 first"),
        ("petstore.yaml", b"openapi: 3.0.3\npaths: {/pets: {}}\n".to_vec(), "petstore.yaml:2 #/paths: no path begins with"),
        (
            "dangling.json",
            complete.replacen(reference, "\"#/components/schemas/Gone\"", 1).into_bytes(),
            "`#/components/schemas/Gone` does not exist; is the document complete?",
        ),
        (
            "cycle.json",
            complete
                .replacen("\"schemas\":{", "\"schemas\":{\"A\":{\"$ref\":\"#/components/schemas/B\"},\"B\":{\"$ref\":\"#/components/schemas/A\"},", 1)
                .replacen(reference, "\"#/components/schemas/A\"", 1)
                .into_bytes(),
            "is circular and does not lead to a definition",
        ),
    ];
    let before = workspace.products();
    for (name, bytes, expected) in cases {
        workspace.write(name, bytes);
        let run = workspace.xtask(&["spec", "compare", name]);
        assert_eq!(run.code, 2, "{name}: {}{}", run.stdout, run.stderr);
        assert!(run.stderr.contains(expected), "{name}: {}", run.stderr);
        assert_eq!(workspace.products(), before, "{name}");
    }
    let run = workspace.xtask(&["spec", "compare", "nowhere.yaml"]);
    assert_eq!((run.code, run.stderr.contains("cannot read nowhere.yaml")), (2, true), "{}", run.stderr);
}

#[test]
fn a_malformed_ledger_is_named_by_place_and_nothing_is_written() {
    let workspace = Workspace::new();
    let ledger = workspace.read("spec/defects.yaml");
    let cases = [
        (ledger.replacen("title: ", "titel: ", 1), "unknown field `titel`"),
        (ledger.replacen("- id: D02", "- id: D01", 1), "D01 occurs twice; ids must be unique"),
        (ledger.replacen("id: D61\n", "id: D99\n", 1), "there is no defect D99"),
        (
            ledger.clone() + "- {id: D80, title: t, published: p, actual: a, evidence: [e]}\n",
            "D80 requires either `accounts`",
        ),
        ("- 1\n".into(), "a ledger must be an object with `scope` and `defects`"),
    ];
    for (text, expected) in cases {
        workspace.write("spec/defects.yaml", &text);
        let before = workspace.products();
        for arguments in [&["spec", "build"][..], &["spec", "check"]] {
            let run = workspace.xtask(arguments);
            assert_eq!(run.code, 2, "{expected}: {}", run.stdout);
            assert!(run.stderr.contains(expected) && run.stderr.contains("defects.yaml:"), "{}", run.stderr);
        }
        assert_eq!(workspace.products(), before);
    }
}

#[test]
fn an_unused_entry_and_a_missing_one_are_findings_of_check() {
    let workspace = Workspace::new();
    let ledger = workspace.read("spec/defects.yaml");
    let unused = "- id: D80\n  title: t\n  published: p\n  actual: a\n  evidence: [e]\n  accounts:\n  - {operation: GET /a, \
                  place: b, kind: type-changed, published: c}\n";
    workspace.write("spec/defects.yaml", format!("{ledger}{unused}"));
    let run = workspace.xtask(&["spec", "check"]);
    assert_eq!(run.code, 1);
    assert!(run.stdout.contains("defect-unused") && run.stdout.contains("D80"), "{}", run.stdout);
    workspace.write("spec/defects.yaml", ledger.replacen("kind: envelope-changed", "kind: type-changed", 1));
    let run = workspace.xtask(&["spec", "check", "--format", "json"]);
    assert_eq!(run.code, 1);
    assert!(
        run.stdout.contains("defect-missing") && run.stdout.contains("envelope-changed"),
        "{}",
        run.stdout
    );
}

/// Changes the corrected specification at a place, so that a rule must find the defect.
fn plant(spec: &mut Value, pointer: &str, value: Option<Value>) {
    let (parent, key) = pointer.rsplit_once('/').unwrap();
    let key = key.replace("~1", "/").replace("~0", "~");
    let parent = spec.pointer_mut(parent).unwrap_or_else(|| panic!("{pointer} is gone from the spec"));
    match (parent, value) {
        (Value::Object(members), Some(value)) => {
            members.insert(key, value);
        }
        (Value::Object(members), None) => {
            members.remove(&key).unwrap_or_else(|| panic!("{pointer} is gone from the spec"));
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

/// Responds to one request with `answer`, and returns the request.
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
fn a_document_is_read_from_an_instance_and_a_login_page_is_not_taken_for_one() {
    let workspace = Workspace::new();
    let document = complete(&workspace).to_string();
    let (url, server) = serve_once(response("200 OK", "", &document));
    let run = workspace.xtask(&["spec", "compare", &url]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    assert!(server.join().unwrap().starts_with("GET /api/schema/ HTTP/1.1"));

    let before = workspace.products();
    let cases = [
        (
            response("302 Found", "Location: /login\r\n", ""),
            "the server returned 302 Found: set POSTHOG_PERSONAL_API_KEY",
        ),
        (response("401 Unauthorized", "", "{}"), "the server returned 401 Unauthorized: set"),
        (response("502 Bad Gateway", "", "<html>"), "the server returned 502 Bad Gateway"),
        (response("200 OK", "", "<html>Log in</html>"), "not an OpenAPI document"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\nopenapi: 3".to_vec(), "cannot download"),
    ];
    for (answer, expected) in cases {
        let (url, server) = serve_once(answer);
        let run = workspace.xtask(&["spec", "compare", &url]);
        server.join().unwrap();
        assert_eq!(run.code, 2, "{expected}: {}{}", run.stdout, run.stderr);
        assert!(run.stderr.contains(expected), "{expected}: {}", run.stderr);
        assert_eq!(workspace.products(), before);
    }
}
