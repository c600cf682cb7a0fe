//! The specification is valid, its derived forms are up to date and equivalent, and its ledger accounts for every published
//! document.

use std::fs;

use posthog_groups_spec::compare::{Comparison, compare};
use posthog_groups_spec::lint::lint;
use posthog_groups_spec::{Document, Project, check_examples, sha256, to_3_0, to_3_1, without_examples};
use posthog_groups_tests::workspace;

fn project() -> Project {
    Project::new(workspace().join("spec"))
}

#[test]
fn the_derived_files_are_fresh() {
    for product in project().build().unwrap() {
        if let Some(difference) = product.difference().unwrap() {
            let path = product.path.display();
            panic!("{path} is stale; run `cargo xtask spec build` and commit the result\n{difference}");
        }
    }
}

#[test]
fn the_specification_and_its_examples_pass_every_rule_without_a_warning() {
    let spec = project().spec().unwrap();
    let mut findings = lint(&spec);
    findings.extend(check_examples(&spec, &project().path("examples")).unwrap());
    let text: Vec<_> = findings.iter().map(ToString::to_string).collect();
    assert!(text.is_empty(), "{}", text.join("\n"));
}

#[test]
fn the_ledger_accounts_for_every_published_document_and_has_no_unused_entry() {
    let text: Vec<_> = project().check_ledger().unwrap().iter().map(ToString::to_string).collect();
    assert!(text.is_empty(), "{}", text.join("\n"));
}

#[test]
fn the_ledger_has_every_defect_from_the_first_to_the_last() {
    let ledger = project().ledger().unwrap();
    let ids: Vec<_> = ledger.defects.iter().map(|defect| defect.id.clone()).collect();
    let expected: Vec<_> = (1..=ids.len()).map(|n| format!("D{n:02}")).collect();
    assert_eq!(ids, expected);
    for defect in &ledger.defects {
        assert!(!defect.evidence.is_empty(), "{} has no evidence", defect.id);
    }
}

#[test]
fn yaml_json_and_3_1_say_the_same_and_only_the_derived_forms_have_examples() {
    let read = |name: &str| Document::read(&project().path(name)).unwrap();
    let yaml = read("openapi.yaml").value;
    let json = read("openapi.json").value;
    assert_ne!(yaml, json, "the JSON form has examples");
    assert_eq!(yaml, without_examples(&json));
    let newer = read("openapi-3.1.json");
    assert_eq!(newer.value["openapi"], "3.1.0");
    let mut back = to_3_0(&newer).unwrap();
    // If there are two equivalent keywords, converting back results in the other one.
    back["openapi"] = yaml["openapi"].clone();
    assert_eq!(to_3_1(&back), to_3_1(&json));
}

#[test]
fn embedded_examples_are_the_example_files() {
    let json = Document::read(&project().path("openapi.json")).unwrap().value;
    let find = &json["paths"]["/api/projects/{project_id}/groups/find/"]["get"]["responses"]["200"];
    let embedded = &find["content"]["application/json"]["examples"]["response-200-with-notebook"]["value"];
    let file =
        Document::read(&project().path("examples/find_group/response-200-with-notebook.json")).unwrap();
    assert_eq!(*embedded, file.value["body"]);
}

#[test]
fn a_slice_that_was_edited_is_refused_by_its_digest() {
    let folder = tempfile::tempdir().unwrap();
    let spec = folder.path().join("spec");
    for name in
        ["openapi.yaml", "defects.yaml", "README.md", "published/lock.yaml", "published/posthog-2025.yaml"]
    {
        fs::create_dir_all(spec.join("published")).unwrap();
        fs::copy(workspace().join("spec").join(name), spec.join(name)).unwrap();
    }
    let slice = spec.join("published/posthog-2025.yaml");
    fs::write(&slice, fs::read_to_string(&slice).unwrap() + "# edited\n").unwrap();
    let error = Project::new(&spec).comparisons().unwrap_err().to_string();
    assert!(error.contains("slices must not be edited"), "{error}");
}

/// The complete documents, if they are available next to the workspace in `shared/`.
#[test]
fn the_stored_slices_are_those_of_the_complete_documents() {
    let folder = workspace().join("../shared/upstream");
    if !folder.exists() {
        println!("skipped: the complete documents are not on this machine");
        return;
    }
    let lock = fs::read_to_string(project().path("published/lock.yaml")).unwrap();
    let (spec, ledger) = (project().spec().unwrap(), project().ledger().unwrap());
    let check = |comparison: Comparison| {
        let name = &comparison.document;
        let extension = if name.starts_with("inlined") { "json" } else { "yaml" };
        let bytes = fs::read(folder.join(format!("{name}.openapi.{extension}"))).unwrap();
        assert!(lock.contains(&sha256(&bytes)), "{name} is another document than the one in the lock");
        let document = Document::from_bytes(format!("{name}.openapi.{extension}"), &bytes).unwrap();
        let date = "2026-01-01";
        let products = project().store(name, date, &document, &bytes).unwrap();
        assert_eq!(products[0].difference().unwrap(), None, "{name}");
        let complete = compare(&document, &spec, &ledger).unwrap();
        assert_eq!((complete.findings, complete.states), (comparison.findings, comparison.states), "{name}");
    };
    std::thread::scope(|scope| {
        for comparison in project().comparisons().unwrap() {
            let check = &check;
            scope.spawn(move || check(comparison));
        }
    });
}
