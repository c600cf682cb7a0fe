//! Compares two versions of a document, with the pairs in `tests/diff-pairs`.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use posthog_groups_spec::diff::{Diff, Effect, Version, diff, kinds};
use posthog_groups_spec::{Document, Pointer, to_3_1, to_json};
use posthog_groups_spec::{Value, json};

struct Pair {
    name: String,
    truth: String,
    sees: BTreeSet<String>,
    canary: bool,
    new: Value,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/diff-pairs")
}

fn base() -> Document {
    let mut base = Document::read(&folder().join("base.yaml")).unwrap();
    base.name = "base.yaml".into();
    base
}

fn pairs() -> Vec<Pair> {
    let list = Document::read(&folder().join("pairs.yaml")).unwrap().value;
    let base = base().value;
    let pair = |entry: &Value| {
        let mut new = base.clone();
        for edit in entry["edits"].as_array().unwrap() {
            patch(&mut new, edit);
        }
        if !entry["convert"].is_null() {
            new = to_3_1(&new);
        }
        Pair {
            name: entry["name"].as_str().unwrap().to_owned(),
            truth: entry["truth"].as_str().unwrap().to_owned(),
            sees: entry["sees"]
                .as_array()
                .unwrap()
                .iter()
                .map(|kind| kind.as_str().unwrap().to_owned())
                .collect(),
            canary: entry["canary"].as_bool().unwrap_or(false),
            new,
        }
    };
    list.as_array().unwrap().iter().map(pair).collect()
}

/// Applies one operation of a JSON Patch. Panics if it has no effect, because such a pair would not test anything.
fn patch(document: &mut Value, edit: &Value) {
    let path = edit["path"].as_str().unwrap();
    match edit["op"].as_str().unwrap() {
        "add" => add(document, path, edit["value"].clone()),
        "remove" => drop(take(document, path)),
        "replace" => {
            let node = document.pointer_mut(path).unwrap_or_else(|| panic!("{path} is not there"));
            assert_ne!(*node, edit["value"], "{path} is that already");
            *node = edit["value"].clone();
        }
        "move" => {
            let value = take(document, edit["from"].as_str().unwrap());
            add(document, path, value);
        }
        op => panic!("{op} is no operation"),
    }
}

fn holder<'v>(document: &'v mut Value, path: &str) -> (&'v mut Value, String) {
    let pointer = Pointer::parse(path).unwrap();
    let key = pointer.tokens().last().unwrap().into_owned();
    let holder = document.pointer_mut(pointer.parent().unwrap().as_str());
    (holder.unwrap_or_else(|| panic!("nothing holds {path}")), key)
}

fn add(document: &mut Value, path: &str, value: Value) {
    match holder(document, path) {
        (Value::Object(members), key) => {
            assert!(members.insert(key, value).is_none(), "{path} is there already")
        }
        (Value::Array(items), key) if key == "-" => items.push(value),
        (Value::Array(items), key) => items.insert(key.parse().unwrap(), value),
        _ => panic!("{path} cannot be added"),
    }
}

fn take(document: &mut Value, path: &str) -> Value {
    match holder(document, path) {
        (Value::Object(members), key) => members.remove(&key),
        (Value::Array(items), key) => Some(items.remove(key.parse().unwrap())),
        _ => None,
    }
    .unwrap_or_else(|| panic!("{path} is not there"))
}

fn compared(new: &Value) -> Diff {
    diff(&base(), &Document::from_value("new.yaml", new.clone())).unwrap()
}

fn verdict(diff: &Diff) -> String {
    diff.effect().map_or_else(|| "identical".to_owned(), |effect| effect.to_string())
}

/// Writes the documents for tests/diff-pairs/compare.sh.
fn write_for_other_tools(pairs: &[Pair]) {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("diff-pairs");
    fs::create_dir_all(&out).unwrap();
    fs::write(out.join("base.json"), to_json(&base().value)).unwrap();
    let mut table = String::new();
    for pair in pairs {
        fs::write(out.join(format!("{}.json", pair.name)), to_json(&pair.new)).unwrap();
        table.push_str(&format!("{}\t{}\t{}\n", pair.name, pair.truth, verdict(&compared(&pair.new))));
    }
    fs::write(out.join("table.tsv"), table).unwrap();
}

#[test]
fn every_pair_is_classified_as_a_person_would() {
    let pairs = pairs();
    assert!(pairs.len() >= 30);
    let mut texts = String::new();
    let mut wrong = Vec::new();
    for pair in &pairs {
        let diff = compared(&pair.new);
        let seen: BTreeSet<_> = diff.changes.iter().map(|change| change.kind.to_owned()).collect();
        if verdict(&diff) != pair.truth || seen != pair.sees {
            wrong.push(format!(
                "{}: {} by {seen:?}, not {} by {:?}",
                pair.name,
                verdict(&diff),
                pair.truth,
                pair.sees
            ));
        }
        texts.push_str(&format!("## {}\n\n{}\n", pair.name, diff.to_text(Effect::Documentation)));
    }
    write_for_other_tools(&pairs);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    insta::assert_snapshot!("pairs", texts);
}

#[test]
fn what_other_tools_miss_is_seen() {
    let canaries: Vec<_> = pairs().into_iter().filter(|pair| pair.canary).collect();
    assert!(canaries.len() >= 20, "{}", canaries.len());
    for canary in canaries {
        assert_eq!(compared(&canary.new).effect(), Some(Effect::Breaking), "{} went unseen", canary.name);
    }
}

/// Every node of a document by its address.
fn nodes(value: &Value, at: &Pointer, found: &mut Vec<Pointer>) {
    let children: Vec<_> = match value {
        Value::Object(members) => members.iter().map(|(key, child)| (at.key(key), child)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(n, child)| (at.index(n), child)).collect(),
        _ => Vec::new(),
    };
    for (at, child) in children {
        nodes(child, &at, found);
        found.push(at);
    }
}

/// Whether removing a node results in an equivalent document.
fn means_the_same(at: &Pointer) -> bool {
    let silent = [
        "/info/version",                                           // shown in the head of a diff
        "/components/schemas/NewBoat/properties/tags/uniqueItems", // false is what its absence means
        "/paths/~1boats/get/parameters/2/explode",                 // true is what its absence means
        // Invalid, because path parameters are always required.
        "/paths/~1boats~1{boat_id}/get/parameters/0/required",
        "/paths/~1boats~1{boat_id}/delete/parameters/0/required",
    ];
    silent.contains(&at.as_str())
}

#[test]
fn no_node_can_be_taken_away_unseen() {
    let base = base().value;
    let mut found = Vec::new();
    nodes(&base, &Pointer::root(), &mut found);
    assert!(found.len() > 400, "{}", found.len());
    let mut unseen = Vec::new();
    for at in found {
        let mut new = base.clone();
        take(&mut new, at.as_str());
        let diff = diff(&Document::from_value("old", base.clone()), &Document::from_value("new", new));
        if diff.is_ok_and(|diff| diff.changes.is_empty()) && !means_the_same(&at) {
            unseen.push(at.to_string());
        }
    }
    assert!(unseen.is_empty(), "{}", unseen.join("\n"));
}

#[test]
fn no_member_can_be_added_unseen() {
    let base = base().value;
    let mut found = Vec::new();
    nodes(&base, &Pointer::root(), &mut found);
    let mut unseen = Vec::new();
    for at in found.iter().filter(|at| base.pointer(at.as_str()).is_some_and(Value::is_object)) {
        let mut new = base.clone();
        let Some(Value::Object(members)) = new.pointer_mut(at.as_str()) else { continue };
        members.insert("x-unheard-of", json!({"type": "string", "in": "query", "name": "x"}));
        // OpenAPI 3.0 ignores fields next to `$ref`.
        if members.contains_key("$ref") {
            continue;
        }
        let diff = diff(&Document::from_value("old", base.clone()), &Document::from_value("new", new));
        if diff.is_ok_and(|diff| diff.changes.is_empty()) {
            unseen.push(at.to_string());
        }
    }
    assert!(unseen.is_empty(), "{}", unseen.join("\n"));
}

#[test]
fn both_ways_round_every_pair_is_seen() {
    for pair in pairs().iter().filter(|pair| pair.truth != "identical") {
        let back = diff(&Document::from_value("new", pair.new.clone()), &base()).unwrap();
        assert!(!back.changes.is_empty(), "{} backwards", pair.name);
    }
}

#[test]
fn one_edit_of_a_shared_schema_is_one_change_with_all_its_operations() {
    let mut new = base().value;
    new["components"]["schemas"]["Boat"]["properties"]["nickname"]["nullable"] = true.into();
    let diff = compared(&new);
    assert_eq!(diff.changes.len(), 1);
    let operations: Vec<_> =
        diff.changes[0].operations.iter().filter_map(|o| o.operation_id.as_deref()).collect();
    assert_eq!(operations, ["list_boats", "get_boat", "create_boat"]);
}

#[test]
fn recursive_schemas_are_compared_once() {
    let mut old = base().value;
    old["components"]["schemas"]["Boat"]["properties"]["tender"] =
        json!({"$ref": "#/components/schemas/Boat"});
    let mut new = old.clone();
    new["components"]["schemas"]["Boat"]["properties"]["tender"]["$ref"] =
        "#/components/schemas/Owner".into();
    new["components"]["schemas"]["Owner"]["allOf"][1]["properties"]["boat"] =
        json!({"$ref": "#/components/schemas/Boat"});
    let diff = diff(&Document::from_value("old", old), &Document::from_value("new", new)).unwrap();
    assert!(diff.changes.iter().any(|change| change.kind == "reference-changed"));
}

#[test]
fn a_chain_of_references_may_be_longer_than_the_stack_is_deep() {
    let chain = |last: &str| {
        let mut spec = base().value;
        let schemas = spec["components"]["schemas"].as_object_mut().unwrap();
        for n in 0..5_000 {
            let next = json!({"$ref": format!("#/components/schemas/S{}", n + 1)});
            schemas.insert(format!("S{n}"), json!({"type": "object", "properties": {"next": next}}));
        }
        schemas.insert("S5000", json!({"type": last}));
        spec["components"]["schemas"]["Boat"]["properties"]["notes"] =
            json!({"$ref": "#/components/schemas/S0"});
        Document::from_value(last, spec)
    };
    let diff = diff(&chain("string"), &chain("integer")).unwrap();
    let kinds: Vec<_> = diff.changes.iter().map(|change| change.kind).collect();
    assert_eq!(kinds, ["type-changed"]);
}

#[test]
fn a_malformed_document_is_compared_without_a_crash() {
    let malformed = json!({
        "openapi": "3.0.3", "info": [], "servers": {}, "tags": 3, "security": {"a": 1},
        "paths": {"/a": {"get": {"parameters": {"x": 1}, "responses": [1], "requestBody": 7}, "parameters": 3}, "/b": []},
        "components": {"securitySchemes": [], "schemas": {"A": {"$ref": "#/components/schemas/A"}, "B": 3,
            "C": {"allOf": [{"$ref": "#/components/schemas/C"}], "enum": {}, "required": "x", "discriminator": 4}}},
    });
    let mut other = malformed.clone();
    other["paths"]["/a"]["get"]["responses"] = json!({"default": 3, "200": []});
    other["paths"]["/a"]["get"]["requestBody"] =
        json!({"content": {"a": {"schema": {"$ref": "#/components/schemas/C"}}}});
    other["components"]["schemas"]["C"] = json!({"allOf": 3, "properties": [1], "oneOf": "x"});
    let (old, new) = (Document::from_value("old", malformed), Document::from_value("new", other));
    assert_eq!(diff(&old, &new).unwrap().effect(), Some(Effect::Breaking));
    assert_eq!(diff(&new, &old).unwrap().effect(), Some(Effect::Breaking));
    assert_eq!(diff(&old, &old).unwrap().changes, []);
}

#[test]
fn a_change_in_both_directions_is_told_for_each() {
    let schema = |kind: &str| json!({"type": kind});
    let document = |kind: &str| {
        let content = json!({"application/json": {"schema": {"$ref": "#/components/schemas/S"}}});
        let operation = json!({"requestBody": {"content": content}, "responses": {"200": {"description": "x", "content": content}}});
        Document::from_value(
            kind,
            json!({"openapi": "3.0.3", "info": {"version": "1.0.0"}, "paths": {"/a": {"put": operation}},
                   "components": {"schemas": {"S": schema(kind)}}}),
        )
    };
    let diff = diff(&document("integer"), &document("number")).unwrap();
    let found: Vec<_> =
        diff.changes.iter().map(|change| (change.direction.is_some(), change.who.len())).collect();
    assert_eq!(found, [(true, 1), (true, 2)], "callers may go on sending integers, readers meet fractions");
}

#[test]
fn changes_lead_to_the_line_in_the_document_that_has_them() {
    let text = fs::read_to_string(folder().join("base.yaml")).unwrap();
    let new = Document::parse("new.yaml", &text.replace("name: limit", "name: size")).unwrap();
    let diff = diff(&base(), &new).unwrap();
    let expected = 1 + text.lines().position(|line| line.contains("name: limit")).unwrap();
    let places: Vec<_> = diff.changes.iter().map(|change| (change.document, change.line)).collect();
    assert!(places.contains(&(Version::Old, u32::try_from(expected).ok())), "{places:?}");
    assert!(places.contains(&(Version::New, u32::try_from(expected).ok())), "{places:?}");
}

#[test]
fn the_json_form_has_every_documented_field() {
    let new = pairs().into_iter().find(|pair| pair.name == "response-enum-value-added").unwrap().new;
    let mut json = compared(&new).to_json(&posthog_groups_spec::TOOL, None, Effect::Documentation);
    json["changes"][0]["operations"].as_array_mut().unwrap().truncate(1);
    insta::assert_snapshot!("json", format!("{json:#}"));
}

#[test]
fn what_is_no_version_of_the_same_api_is_refused_with_a_reason() {
    let refusal = |new: Value| diff(&base(), &Document::from_value("new.yaml", new)).unwrap_err().to_string();
    let other = json!({"openapi": "3.0.3", "info": {"title": "Pets", "version": "1.0.0"}, "paths": {"/pets": {"get": {}}}});
    assert_eq!(
        refusal(other),
        "new.yaml #/paths: no operation in common with base.yaml (5 there, 1 here); is it the description of a different API?"
    );
    assert!(refusal(json!({"swagger": "2.0", "paths": {}})).contains("Swagger 2.0"));
    assert!(refusal(json!([1])).contains("not an OpenAPI document"));
    let mut newest = to_3_1(&base().value);
    newest["components"]["schemas"]["Boat"]["patternProperties"] = json!({"^x": {}});
    assert!(refusal(newest).contains("OpenAPI 3.0 has no `patternProperties`"));
}

#[test]
fn every_kind_is_named_once_and_described() {
    let names: BTreeSet<_> = kinds().iter().map(|kind| kind.name).collect();
    assert_eq!(names.len(), kinds().len());
    assert!(kinds().iter().all(|kind| !kind.summary.is_empty()));
    let reported: BTreeSet<String> = pairs().iter().flat_map(|pair| pair.sees.clone()).collect();
    let unknown: Vec<_> = reported.iter().filter(|kind| !names.contains(kind.as_str())).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}
