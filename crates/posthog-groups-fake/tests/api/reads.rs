use posthog_groups_fake::{Era, Group, Person, Properties, Relation, State};
use serde_json::{Value, json};

use crate::harness::{Api, envelope, small, start};

const GROUP: &str = "group_type_index=0&group_key=org:5";

#[tokio::test]
async fn find_returns_the_group_and_its_notebook() {
    for era in Era::ALL {
        let api = start(era).await;
        let expected = json!({
            "group_type_index": 0, "group_key": "org:5", "created_at": "2021-05-02T00:00:00Z", "notebook": null,
            "group_properties": {"name": "Mr. Krabs", "industry": "finance"},
        });
        assert_eq!(api.get(&format!("groups/find?{GROUP}")).await.json(), expected);
    }
}

#[tokio::test]
async fn find_creates_a_notebook_if_the_flag_is_on_unless_it_is_skipped() {
    for era in Era::ALL {
        let api = Api::start(State { crm_enabled: true, ..small(era) }).await;
        let path = format!("groups/find?{GROUP}");
        for value in ["true", "True", "1", "y", "yes", "t", "on", "", "0", "false", "2"] {
            let skips = !["", "0", "false", "2"].contains(&value);
            let api = Api::start(State { crm_enabled: true, ..small(era) }).await;
            let found = api.get(&format!("{path}&skip_create_notebook={value}")).await.json();
            assert_eq!(found["notebook"].is_null(), skips && era == Era::Y2026, "{value}");
        }
        let first = api.get(&path).await.json();
        assert!(first["notebook"].is_string());
        assert_eq!(api.get(&path).await.json(), first);
        assert_eq!(api.fake.state().notebooks.len(), 1);

        let api = Api::start(State { crm_enabled: true, notebook_failure: true, ..small(era) }).await;
        assert!(api.get(&path).await.json()["notebook"].is_null());
    }
}

#[tokio::test]
async fn find_requires_both_parameters_with_the_errors_of_the_era() {
    for (query, y2025, y2026) in [
        ("group_key=a", 500, 400),
        ("group_type_index=0", 500, 400),
        ("group_type_index=0&group_key=", 404, 400),
        ("group_type_index=x&group_key=a", 500, 500),
        ("group_type_index=0&group_key=ORG:5", 404, 404),
        ("group_type_index=99999999999&group_key=org:5", 404, 404),
    ] {
        for (era, expected) in [(Era::Y2025, y2025), (Era::Y2026, y2026)] {
            assert_eq!(
                start(era).await.get(&format!("groups/find/?{query}")).await.status,
                expected,
                "{era} {query}"
            );
        }
    }
    let answer = start(Era::Y2026).await.get("groups/find/").await;
    let expected = envelope(
        "validation_error",
        "invalid_input",
        "This query parameter is required.",
        Some("group_type_index"),
    );
    assert_eq!(answer.json(), expected);
}

#[tokio::test]
async fn activity_is_newest_first_and_paged() {
    for era in Era::ALL {
        let api = start(era).await;
        for n in 0..25 {
            let body = json!({"key": "n", "value": n});
            assert_eq!(api.post(&format!("groups/update_property/?{GROUP}"), body).await.status, 200);
        }
        let first = api.get(&format!("groups/activity/?{GROUP}")).await.json();
        assert_eq!(first["total_count"], 25);
        assert_eq!(first["previous"], Value::Null);
        assert_eq!(first["next"], api.url(&format!("groups/activity/?{GROUP}&page=2&limit=10")));
        let mut entry = first["results"][0].clone();
        assert_eq!(entry.as_object_mut().unwrap().remove("id").is_some(), era == Era::Y2026);
        let expected = json!({
            "user": {"first_name": "User", "email": "user@example.com"}, "activity": "update_property",
            "scope": "Group", "item_id": "1", "created_at": "2021-05-02T00:00:00Z",
            "detail": {
                "changes": [{"type": "Group", "action": "changed", "field": null, "before": 23, "after": 24}],
                "trigger": null, "name": "n", "short_id": null, "type": null,
            },
        });
        assert_eq!(entry, expected);

        let nothing = start(era).await;
        assert_eq!(nothing.get(&format!("groups/activity/?{GROUP}")).await.json()["results"], json!([]));
        assert_eq!(nothing.get(&format!("groups/activity/?{GROUP}&page=2")).await.status, 500);
        let last = api.get(&format!("groups/activity/?page=3&{GROUP}&limit=10")).await.json();
        assert_eq!((last["results"].as_array().unwrap().len(), &last["next"]), (5, &Value::Null));
        assert_eq!(last["previous"], api.url(&format!("groups/activity/?page=2&{GROUP}&limit=10")));
        // The second one is past the end of full pages.
        for query in ["page=4", "page=6&limit=5", "page=0", "page=-1", "limit=0", "limit=-1", "page=x"] {
            assert_eq!(api.get(&format!("groups/activity/?{GROUP}&{query}")).await.status, 500, "{query}");
        }
    }
}

fn related(era: Era) -> State {
    let person = |n: u32, ids: &[&str]| Person {
        uuid: format!("01795392-cc00-0003-7dc7-67a694604d7{n}"),
        distinct_ids: ids.iter().map(|&id| id.to_owned()).collect(),
        properties: Properties::new(),
        is_identified: false,
        created_at: Some("2021-05-01T00:00:00Z".parse().unwrap()),
        last_seen_at: None,
    };
    let event = |n: u32, groups: &[(&str, &str)], time: &str| Relation {
        person_uuid: Some(format!("01795392-cc00-0003-7dc7-67a694604d7{n}")),
        groups: groups.iter().map(|&(index, key)| (index.to_owned(), key.to_owned())).collect(),
        timestamp: Some(time.parse().unwrap()),
    };
    let mut state = small(era);
    state.groups.push(Group::new(1, "team:1").with("size", 3).created_at(state.now.unwrap()));
    state.groups.push(Group::new(1, "team:2"));
    state.persons = vec![person(1, &["one"]), person(2, &["two"])];
    state.events = vec![
        event(1, &[("0", "org:5"), ("1", "team:1")], "2021-05-01T00:00:00Z"),
        event(1, &[("0", "org:5"), ("1", "not stored")], "2021-05-01T00:00:00Z"),
        event(2, &[("0", "org:5"), ("1", "team:2")], "2021-01-01T00:00:00Z"),
        event(2, &[("1", "team:2")], "2021-05-01T00:00:00Z"),
    ];
    state
}

#[tokio::test]
async fn actors_are_related_by_events_of_ninety_days() {
    for era in Era::ALL {
        let api = Api::start(related(era)).await;
        let team = json!({
            "type": "group", "id": "team:1", "group_key": "team:1", "group_type_index": 1, "properties": {"size": 3},
            "created_at": "2021-05-02T00:00:00Z", "matched_recordings": [], "value_at_data_point": null,
        });
        let mut person = json!({
            "type": "person", "id": "01795392-cc00-0003-7dc7-67a694604d71",
            "uuid": "01795392-cc00-0003-7dc7-67a694604d71", "created_at": "2021-05-01T00:00:00Z", "properties": {},
            "is_identified": false, "name": "one", "distinct_ids": ["one"], "matched_recordings": [],
            "value_at_data_point": null,
        });
        if era == Era::Y2026 {
            person["last_seen_at"] = Value::Null;
        }
        let answer = api.get("groups/related?id=org:5&group_type_index=0").await;
        assert_eq!(answer.json(), json!([person, team]));

        let answer = api.get("groups/related?id=01795392-cc00-0003-7dc7-67a694604d71").await.json();
        let keys: Vec<_> = answer.as_array().unwrap().iter().map(|a| a["id"].as_str().unwrap()).collect();
        assert_eq!(keys, ["org:5", "team:1"]);
        assert_eq!(api.get("groups/related?id=unknown&group_type_index=0").await.json(), json!([]));
    }
}

#[tokio::test]
async fn related_rejects_invalid_indexes_with_its_own_message() {
    for era in Era::ALL {
        let api = start(era).await;
        for index in ["5", "-1", "abc", ""] {
            let answer = api.get(&format!("groups/related?id=x&group_type_index={index}")).await;
            let detail = "group_type_index is required to be at least 0 and less than 5";
            let expected = envelope("validation_error", "invalid_input", detail, None);
            assert_eq!((answer.status, answer.json()), (400, expected));
        }
        assert_eq!(api.get("groups/related").await.status, if era == Era::Y2025 { 500 } else { 400 });
        assert_eq!(api.get("groups/related?id=no-uuid").await.status, 500);
    }
}

fn industries(era: Era) -> State {
    let mut state = small(era);
    state.groups = ["finance", "technology", "finance-technology", "finance"]
        .iter()
        .enumerate()
        .map(|(n, industry)| Group::new(0, n.to_string()).with("industry", *industry))
        .collect();
    state.groups.push(Group::new(1, "t").with("industry", "finance").with("a", 1).with("b", Value::Null));
    state
}

#[tokio::test]
async fn property_values_are_counted_and_filtered() {
    for era in Era::ALL {
        let api = Api::start(industries(era)).await;
        for (query, expected) in [
            (
                "group_type_index=0&key=industry",
                &[("finance", 2), ("finance-technology", 1), ("technology", 1)][..],
            ),
            ("group_type_index=0&key=industry&value=TECH", &[("finance-technology", 1), ("technology", 1)]),
            ("group_type_index=0&key=industry&value=f%25-", &[("finance-technology", 1)]),
            ("group_type_index=1&key=a", &[("1", 1)]),
            ("group_type_index=0&key=name", &[]),
        ] {
            let answer = api.get(&format!("groups/property_values/?{query}")).await.json();
            let items: Vec<Value> =
                expected.iter().map(|(name, count)| json!({"name": name, "count": count})).collect();
            let expected = match era {
                Era::Y2025 => json!(items),
                Era::Y2026 => json!({"results": items, "refreshing": false}),
            };
            assert_eq!(answer, expected, "{query}");
        }
        for (query, y2025) in [("key=a", 500), ("group_type_index=0", 500)] {
            let status = api.get(&format!("groups/property_values/?{query}")).await.status;
            assert_eq!(status, if era == Era::Y2025 { y2025 } else { 400 });
        }
        assert_eq!(api.get("groups/property_values/?group_type_index=x&key=a").await.status, 500);
    }
}

#[tokio::test]
async fn at_most_twenty_values_are_returned() {
    let mut state = small(Era::Y2026);
    state.groups = (0..30).map(|n| Group::new(0, n.to_string()).with("n", n)).collect();
    let answer = Api::start(state).await.get("groups/property_values/?group_type_index=0&key=n").await;
    assert_eq!(answer.json()["results"].as_array().unwrap().len(), 20);
}

#[tokio::test]
async fn property_definitions_exist_in_2025_only() {
    let answer = Api::start(industries(Era::Y2025)).await.get("groups/property_definitions").await;
    let expected = json!({
        "0": [{"name": "industry", "count": 4}],
        "1": [{"name": "a", "count": 1}, {"name": "b", "count": 1}, {"name": "industry", "count": 1}],
    });
    assert_eq!(answer.json(), expected);

    let answer = start(Era::Y2026).await.get("groups/property_definitions").await;
    assert_eq!((answer.status, &answer.json()["detail"]), (404, &json!("Endpoint not found.")));
}
