//! The test vectors, `spec/vectors.jsonl`, run against the stand-in server in both eras.
//!
//! Against another server: `VECTORS_BASE_URL=http://127.0.0.1:8000 cargo test -p posthog-groups-tests --test vectors`.
//! `VECTORS_FILE` selects another file of vectors, and `VECTORS_ONLY` runs only vectors whose id or endpoint contains a text.

use posthog_groups_fake::Fake;
use posthog_groups_tests::{VectorRunner, eras, parse, workspace};
use serde_json::{Value, json};

fn vectors() -> Vec<Value> {
    let file = std::env::var_os("VECTORS_FILE").map(Into::into);
    let file = file.unwrap_or_else(|| workspace().join("spec/vectors.jsonl"));
    parse(&std::fs::read_to_string(&file).unwrap()).unwrap()
}

/// Runs every vector in every era and returns a line for each that fails.
async fn failures(base_url: &str, vectors: &[Value]) -> Vec<String> {
    let runner = VectorRunner::new(base_url).unwrap();
    let mut failed = Vec::new();
    for vector in vectors {
        for era in eras(vector) {
            let name = format!("{} [{era}]", vector["id"].as_str().unwrap_or("(no id)"));
            match runner.run(vector, &era).await {
                Ok(found) => failed.extend(found.first().map(|difference| format!("{name} {difference}"))),
                Err(error) => failed.push(format!("{name} {error:#}")),
            }
        }
    }
    failed
}

#[tokio::test]
async fn every_vector_passes_in_every_era_that_it_names() {
    let only = std::env::var("VECTORS_ONLY").unwrap_or_default();
    let expected =
        |v: &Value| ["id", "endpoint"].iter().any(|m| v[*m].as_str().unwrap_or("").contains(&only));
    let vectors: Vec<_> = vectors().into_iter().filter(|v| expected(v) && v["level"] != "unit").collect();
    let runs: usize = vectors.iter().map(|v| eras(v).len()).sum();
    assert_ne!(runs, 0, "no vector matches");
    let failed = match std::env::var("VECTORS_BASE_URL") {
        Ok(url) => failures(&url, &vectors).await,
        Err(_) => failures(&Fake::start().await.unwrap().url(), &vectors).await,
    };
    println!("{} passed, {} failed", runs - failed.len(), failed.len());
    assert!(failed.is_empty(), "{} of {runs} failed:\n{}", failed.len(), failed.join("\n"));
}

#[tokio::test]
async fn a_vector_with_a_wrong_expectation_fails_where_it_is_wrong() {
    let vector = |id: &str| vectors().into_iter().find(|v| v["id"] == id).unwrap();
    let fake = Fake::start().await.unwrap();
    let runner = VectorRunner::new(&fake.url()).unwrap();
    for (id, place, wrong, path) in [
        ("list-01-by-type", "/expect/status", json!(201), "status"),
        ("list-01-by-type", "/expect/body/next", json!("x"), "$.next"),
        ("list-01-by-type", "/expect/body/results/0", json!({}), "$.results[0].group_type_index"),
        ("list-01-by-type", "/expect/body/results", json!([]), "$.results.length"),
        ("list-19-page1", "/expect/body/has_more", json!(false), "$.next"),
        ("list-19-page1", "/expect/body/result_keys", json!(["org:1"]), "$.results[*].group_key.length"),
        ("list-17-2025-links", "/then/1/expect/body/previous", json!(null), "then[1].$.previous"),
        (
            "create-22-property-definitions",
            "/side_effects/property_definitions",
            json!([]),
            "state.property_definitions.length",
        ),
        ("update-01-add-2026", "/side_effects/events", json!(0), "state.captured_events.length"),
        (
            "update-01-add-2026",
            "/side_effects/events/0/event",
            json!("x"),
            "state.captured_events[in any order]",
        ),
        ("update-01-add-2026", "/given/groups", json!([]), "status"),
    ] {
        let mut vector = vector(id);
        let member = vector.pointer_mut(place).unwrap_or_else(|| panic!("{id} has no {place}"));
        *member = wrong;
        let era = eras(&vector).remove(0);
        let found = runner.run(&vector, &era).await.unwrap();
        assert_eq!(found.first().map(|d| d.path.as_str()), Some(path), "{id} {place}: {found:?}");
    }
}

#[tokio::test]
async fn no_vector_passes_with_another_status() {
    let fake = Fake::start().await.unwrap();
    let runner = VectorRunner::new(&fake.url()).unwrap();
    for mut vector in vectors() {
        let status = vector["expect"]["status"].as_u64().unwrap();
        vector["expect"]["status"] = (status + 1).into();
        for era in eras(&vector) {
            let found = runner.run(&vector, &era).await.unwrap();
            assert!(found.iter().any(|d| d.path == "status"), "{} [{era}]: {found:?}", vector["id"]);
        }
    }
}
