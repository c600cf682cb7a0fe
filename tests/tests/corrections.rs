//! The corrections bite, each of them, and agree with another implementation of the Overlay standard.

use std::fs;

use posthog_groups_spec::{
    BuildError, Document, NeverApplied, Overlay, PATH_PREFIXES, Project, apply, apply_leniently,
    read_overlays, slice, to_3_0, to_3_1,
};
use posthog_groups_tests::workspace;
use serde_json::{Value, json};

fn upstream() -> Value {
    Document::read(&workspace().join("spec/upstream.yaml")).unwrap().value
}

fn corrections() -> Vec<Overlay> {
    read_overlays(&workspace().join("spec/corrections")).unwrap()
}

#[test]
fn the_committed_products_are_fresh() {
    for product in Project::new(workspace().join("spec")).build().unwrap() {
        if let Some(difference) = product.difference().unwrap() {
            panic!(
                "{} is stale; run `cargo xtask spec build` and commit the result\n{difference}",
                product.path.display()
            );
        }
    }
}

#[test]
fn the_corrected_spec_passes_its_own_lint_without_a_warning_and_so_do_its_examples() {
    let spec = Document::read(&workspace().join("spec/openapi.yaml")).unwrap();
    let mut findings = posthog_groups_spec::lint::lint(&spec);
    findings.extend(posthog_groups_spec::check_examples(&spec, &workspace().join("spec/examples")).unwrap());
    let text: Vec<_> = findings.iter().map(ToString::to_string).collect();
    assert!(text.is_empty(), "{}", text.join("\n"));
}

#[test]
fn every_published_defect_has_a_row() {
    let defects = Project::new(workspace().join("spec")).defects().unwrap();
    assert_eq!(defects.gaps(), (Vec::new(), Vec::new()));
    let numbered = defects.iter().filter(|(id, _)| id.starts_with('D')).count();
    assert_eq!(numbered, 78);
}

/// A slice in which somebody upstream has repaired the defect that an action corrects: the state that
/// the action itself would have left.
#[test]
fn an_action_on_a_document_that_it_has_already_corrected_never_applies() {
    let overlays = corrections();
    let mut before = upstream();
    let mut silent = Vec::new();
    for overlay in &overlays {
        for action in &overlay.actions {
            let alone = [Overlay { name: overlay.name.clone(), actions: vec![action.clone()] }];
            let after = apply(&before, &alone).unwrap_or_else(|stale| panic!("{}", stale[0]));
            // A choice of ours (S..) is nothing that upstream could repair.
            let defect = action.correction.iter().flat_map(|c| c.id.iter()).any(|id| id.starts_with('D'));
            if defect && apply(&after, &alone).is_ok() {
                silent.push(action.site.to_string());
            }
            before = after;
        }
    }
    assert!(silent.is_empty(), "these would not notice a repair upstream:\n{}", silent.join("\n"));
}

#[test]
fn a_defect_that_upstream_repaired_is_reported_by_action_target_and_count() {
    let mut repaired = upstream();
    let list = &mut repaired["paths"]["/api/projects/{project_id}/groups/"]["get"];
    for parameter in list["parameters"].as_array_mut().unwrap() {
        if parameter["name"] == "search" {
            parameter.as_object_mut().unwrap().shift_remove("required");
        }
    }
    let stale = apply(&repaired, &corrections()).unwrap_err();
    let text: Vec<_> = stale.iter().map(NeverApplied::to_string).collect();
    insta::assert_snapshot!("repaired_upstream", text.join("\n"));
}

#[test]
fn removing_any_operation_from_upstream_is_noticed() {
    let whole = upstream();
    for (path, item) in whole["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            let mut poorer = whole.clone();
            poorer["paths"][path].as_object_mut().unwrap().shift_remove(method);
            let (_, stale) = apply_leniently(&poorer, &corrections());
            // What is out of scope is removed with its path, whatever the path holds.
            assert!(path.contains("/metrics/") || !stale.is_empty(), "{method} {path} went unnoticed");
        }
    }
}

#[test]
fn deleting_one_line_of_what_an_action_targets_makes_the_build_fail_and_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let spec = folder.path().join("spec");
    copy(&workspace().join("spec"), &spec);
    let slice = fs::read_to_string(spec.join("upstream.yaml")).unwrap();
    fs::write(spec.join("upstream.yaml"), slice.replacen("minimum: -2147483648", "", 1)).unwrap();
    let before = fs::read_to_string(spec.join("openapi.yaml")).unwrap();

    let outcome = Project::new(&spec).build();
    let Err(BuildError::NeverApplied(stale)) = outcome else { panic!("{outcome:?}") };
    insta::assert_snapshot!("deleted_line", stale.iter().map(|s| format!("{s}\n")).collect::<String>());
    assert_eq!(fs::read_to_string(spec.join("openapi.yaml")).unwrap(), before);
}

#[test]
fn a_slice_that_was_edited_without_touching_a_correction_is_refused_by_its_digest() {
    let folder = tempfile::tempdir().unwrap();
    let spec = folder.path().join("spec");
    copy(&workspace().join("spec"), &spec);
    let slice = fs::read_to_string(spec.join("upstream.yaml")).unwrap();
    fs::write(spec.join("upstream.yaml"), format!("{slice}# edited\n")).unwrap();
    let error = Project::new(&spec).build().unwrap_err().to_string();
    assert!(error.contains("the vendor's slice is never edited"), "{error}");
}

/// Other tools can apply the corrections: here the `roas-overlay` crate does, and gets the same document.
#[test]
fn another_implementation_of_overlay_1_0_gets_the_same_document() {
    use roas_overlay::apply::Apply;

    let mut theirs = upstream();
    let mut files: Vec<_> = fs::read_dir(workspace().join("spec/corrections"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    for file in files {
        let document = Document::read(&file).unwrap().value;
        let overlay: roas_overlay::v1_0::Overlay = serde_json::from_value(document).unwrap();
        overlay.apply(&mut theirs, Default::default()).unwrap();
    }
    assert_eq!(apply(&upstream(), &corrections()), Ok(theirs));
}

#[test]
fn the_correction_that_the_readme_teaches_bites_once_and_not_twice() {
    let readme = fs::read_to_string(workspace().join("spec/README.md")).unwrap();
    let block = readme.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
    let overlay = Overlay::from_document(&Document::parse("README.md", block).unwrap()).unwrap();
    let spec = Document::read(&workspace().join("spec/openapi.yaml")).unwrap().value;
    let corrected = apply(&spec, std::slice::from_ref(&overlay)).unwrap();
    assert_eq!(corrected["components"]["schemas"]["FoundGroup"]["properties"]["archived"]["type"], "boolean");
    assert!(apply(&corrected, &[overlay]).is_err());
}

#[test]
fn the_products_say_the_same_in_yaml_in_json_and_in_3_1() {
    let read = |name: &str| Document::read(&workspace().join("spec").join(name)).unwrap();
    let yaml = read("openapi.yaml").value;
    assert_eq!(yaml, read("openapi.json").value);
    let newer = read("openapi-3.1.json");
    assert_eq!(newer.value["openapi"], "3.1.0");
    let mut back = to_3_0(&newer).unwrap();
    // Of two words for one thing the way back takes the other.
    back["openapi"] = yaml["openapi"].clone();
    let (mut back, mut there) = (to_3_1(&back), to_3_1(&yaml));
    back.sort_all_objects();
    there.sort_all_objects();
    assert_eq!(back, there);
}

#[test]
fn a_3_1_document_of_upstream_gives_the_same_slice() {
    let mut newer = to_3_1(&upstream());
    newer["info"]["summary"] = "a field of 3.1".into();
    let document = Document::from_value("newer.json", newer);
    let mut older = upstream();
    // `nullable` without a type says nothing, and 3.1 has no word for nothing.
    let untyped = &mut older["components"]["schemas"]["CreateGroup"]["properties"]["group_properties"];
    assert_eq!(untyped.take(), json!({"nullable": true}));
    *untyped = json!({});
    assert_eq!(slice(&document, &PATH_PREFIXES).unwrap(), older);
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
