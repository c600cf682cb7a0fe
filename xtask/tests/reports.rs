//! The reports of the commands for people and for programs: `spec diff`, and findings as JSON and SARIF.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::process::Command;

use posthog_groups_spec::{Value, json};

use workspace::Workspace;

mod workspace;

/// The corrected spec after an edit, as JSON.
fn edited(workspace: &Workspace, edit: impl FnOnce(&mut Value)) -> String {
    let mut spec = posthog_groups_spec::Document::read(&workspace.path("spec/openapi.yaml")).unwrap().value;
    edit(&mut spec);
    spec.to_string()
}

#[test]
fn exit_codes_tell_breaking_from_compatible_and_from_errors() {
    let workspace = Workspace::new();
    let before = workspace.products();
    workspace
        .write("text.json", edited(&workspace, |spec| spec["info"]["description"] = "Other words".into()));
    workspace.write(
        "additive.json",
        edited(&workspace, |spec| {
            spec["components"]["schemas"]["Group"]["properties"]["icon"] = json!({"type": "string"})
        }),
    );
    workspace.write(
        "breaking.json",
        edited(&workspace, |spec| {
            spec["components"]["schemas"]["Group"]["properties"]["group_key"]["nullable"] = true.into()
        }),
    );
    workspace.write(
        "pets.yaml",
        "openapi: 3.0.3\ninfo: {title: Pets, version: 1.0.0}\npaths: {/pets: {get: {responses: {}}}}\n",
    );
    workspace.write("prose.txt", "Dear PostHog");
    let cases = [
        ("spec/openapi.json", 0, "0 breaking, 0 compatible"),
        ("spec/openapi-3.1.json", 0, "openapi-version-changed"),
        ("text.json", 0, "0 breaking, 0 compatible, 1 documentation; requires a patch version"),
        ("additive.json", 0, "`Group`: the optional property `icon` was added"),
        ("breaking.json", 1, "`Group.group_key` can now be null"),
        (
            "pets.yaml",
            2,
            "pets.yaml:3 #/paths: no operation in common with spec/openapi.yaml (17 there, 1 here); is it the description of a different API?",
        ),
        ("prose.txt", 2, "prose.txt:1 #: this is a string, not an OpenAPI document"),
        ("nowhere.yaml", 2, "cannot read nowhere.yaml"),
        ("git:", 2, "`git:` lacks a revision"),
    ];
    for (new, code, expected) in cases {
        let run = workspace.xtask(&["spec", "diff", "spec/openapi.yaml", new]);
        assert_eq!(run.code, code, "{new}: {}{}", run.stdout, run.stderr);
        let text = if code == 2 { &run.stderr } else { &run.stdout };
        assert!(text.contains(expected), "{new}: {text}");
    }
    assert_eq!(workspace.products(), before, "a comparison writes nothing");
}

#[test]
fn a_level_hides_lesser_changes_and_leaves_the_exit_code() {
    let workspace = Workspace::new();
    let text = std::fs::read_to_string(workspace.path("spec/openapi.yaml")).unwrap();
    let reworded = text.replacen("summary: ", "summary: Reworded ", 1);
    std::fs::write(workspace.path("reworded.yaml"), &reworded).unwrap();
    let renamed = reworded.replacen("operationId: list_groups", "operationId: groups_list", 1);
    std::fs::write(workspace.path("renamed.yaml"), renamed).unwrap();
    for (new, level, code, shown, hidden) in [
        ("renamed.yaml", "documentation", 1, 2, 0),
        ("renamed.yaml", "breaking", 1, 1, 1),
        ("reworded.yaml", "compatible", 0, 0, 1),
    ] {
        let run = workspace.xtask(&["spec", "diff", "spec/openapi.yaml", new, "--level", level]);
        assert_eq!(run.code, code, "{new} {level}: {}{}", run.stdout, run.stderr);
        assert_eq!(run.stdout.matches("  why: ").count(), shown, "{new} {level}: {}", run.stdout);
        let notice = format!("\n{hidden} change below level `{level}` is not shown.\n");
        assert_eq!(run.stdout.contains(&notice), hidden > 0, "{}", run.stdout);
        let summary = |run: &workspace::Run| run.stdout.lines().next().map(str::to_owned);
        let all = workspace.xtask(&["spec", "diff", "spec/openapi.yaml", new]);
        assert_eq!(summary(&run), summary(&all), "the summary considers all");
        let json = |level| {
            let run = workspace.xtask(&[
                "spec",
                "diff",
                "spec/openapi.yaml",
                new,
                "--format",
                "json",
                "--level",
                level,
            ]);
            serde_json::from_str::<Value>(&run.stdout).unwrap()
        };
        let (mut limited, mut all) = (json(level), json("documentation"));
        assert_eq!(limited["changes"].as_array().unwrap().len(), shown);
        (limited["changes"], all["changes"]) = (json!([]), json!([]));
        assert_eq!(limited, all, "the verdict and the counts consider all");
    }
}

#[test]
fn a_revision_of_git_stands_for_the_spec_as_it_was() {
    let workspace = Workspace::new();
    let git = |arguments: &[&str]| {
        let identity = ["-c", "user.name=T", "-c", "user.email=t@example.com", "-c", "core.autocrlf=false"];
        let output = Command::new("git")
            .current_dir(workspace.path(""))
            .args(identity)
            .args(arguments)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
    };
    git(&["init", "--quiet"]);
    git(&["add", "spec"]);
    git(&["commit", "--quiet", "--message", "Spec"]);
    let text =
        workspace.read("spec/openapi.yaml").replace("operationId: find_group", "operationId: get_group");
    workspace.write("spec/openapi.yaml", text);
    let run = workspace.xtask(&["spec", "diff", "git:HEAD", "spec/openapi.yaml"]);
    assert_eq!(run.code, 1, "{}", run.stderr);
    assert!(
        run.stdout.starts_with("git:HEAD (0.2.0) -> spec/openapi.yaml (0.2.0): 1 breaking"),
        "{}",
        run.stdout
    );
    let run = workspace.xtask(&["spec", "diff", "git:HEAD:spec/openapi.json", "git:HEAD"]);
    assert_eq!(run.code, 0, "{}{}", run.stdout, run.stderr);
    for wrong in ["git:nowhere", "git:HEAD:spec/nothing.yaml", "git:--help"] {
        let run = workspace.xtask(&["spec", "diff", wrong, "spec/openapi.yaml"]);
        assert_eq!(run.code, 2, "{wrong}: {}", run.stdout);
        assert!(run.stderr.contains(&format!("cannot read {wrong}")), "{}", run.stderr);
    }
}

#[test]
fn the_version_has_to_be_raised_by_what_the_changes_ask_for() {
    let workspace = Workspace::new();
    let cases = [
        (false, "0.2.0", 0, "nothing changed; the version 0.2.0 can stay"),
        (
            true,
            "0.2.0",
            1,
            "the changes require a major version, but the version is still 0.2.0; raise it to 0.3.0 or higher",
        ),
        (true, "0.2.1", 1, "the version was only raised from 0.2.0 to 0.2.1; raise it to 0.3.0 or higher"),
        (
            true,
            "0.3.0",
            0,
            "the changes require a major version, and the version was raised from 0.2.0 to 0.3.0",
        ),
        (false, "0.0.9", 1, "the version was lowered from 0.2.0 to 0.0.9"),
        (false, "soon", 1, "the version `soon` of new.json is not a semantic version"),
    ];
    for (renamed, version, code, expected) in cases {
        let edit = |spec: &mut Value| {
            spec["info"]["version"] = version.into();
            if renamed {
                spec["paths"]["/api/projects/"]["get"]["operationId"] = "projects".into();
            }
        };
        workspace.write("new.json", edited(&workspace, edit));
        let run = workspace.xtask(&["spec", "diff", "spec/openapi.yaml", "new.json", "--check-version"]);
        assert_eq!(run.code, code, "{version}: {}{}", run.stdout, run.stderr);
        assert!(run.stdout.contains(expected), "{version}: {}", run.stdout);
    }
}

#[test]
fn a_diff_for_programs_and_for_merge_requests_says_the_same() {
    let workspace = Workspace::new();
    let edit = |spec: &mut Value| spec["paths"]["/api/projects/"]["get"]["operationId"] = "projects".into();
    workspace.write("new.json", edited(&workspace, edit));
    let arguments =
        |format| ["spec", "diff", "spec/openapi.yaml", "new.json", "--check-version", "--format", format];
    let json: Value = serde_json::from_str(&workspace.xtask(&arguments("json")).stdout).unwrap();
    assert_eq!(json["format"], "posthog-groups-spec/diff/1");
    assert_eq!((&json["verdict"], &json["step"]), (&json!("breaking"), &json!("major")));
    assert_eq!(json["versionCheck"]["enough"], json!(false));
    assert_eq!(json["changes"][0]["kind"], "operation-id-changed");
    assert_eq!(json["changes"][0]["operations"][0]["operationId"], "list_projects");
    insta::assert_snapshot!("diff_markdown", workspace.xtask(&arguments("markdown")).stdout);
}

#[test]
fn findings_come_as_json_and_as_sarif_with_the_same_exit_code() {
    let workspace = Workspace::new();
    workspace.write("bad.yaml", "openapi: 3.0.3\ninfo: {title: Pets}\npaths: {}\n");
    let run = |format| workspace.xtask(&["spec", "check", "--spec", "bad.yaml", "--format", format]);
    let (json, sarif) = (run("json"), run("sarif"));
    assert_eq!((json.code, sarif.code), (1, 1));
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(json["format"], "posthog-groups-spec/findings/1");
    assert_eq!(json["findings"][0]["rule"], "missing-field");
    let sarif: Value = serde_json::from_str(&sarif.stdout).unwrap();
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!(result["ruleId"], "missing-field");
    let expected = json!({"artifactLocation": {"uri": "bad.yaml", "uriBaseId": "%SRCROOT%"}, "region": {"startLine": 2}});
    assert_eq!(result["locations"][0]["physicalLocation"], expected);

    let own = workspace.xtask(&["spec", "check", "--format", "sarif"]);
    assert_eq!(own.code, 0, "{}", own.stderr);
    let own: Value = serde_json::from_str(&own.stdout).unwrap();
    assert_eq!(own["runs"][0]["results"], json!([]));
}
