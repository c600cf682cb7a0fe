use std::collections::HashSet;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta};
use posthog_groups_fake::{Era, Fake, Fault, Group, State};
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::harness::{Api, small, start};

fn many(era: Era, groups: usize, same_time: usize, page_size: Option<usize>) -> State {
    let group = |n: usize| {
        let seconds = 1_600_000_000 + i64::try_from(n / same_time).unwrap();
        let time = DateTime::from_timestamp(seconds, 0).unwrap() + TimeDelta::milliseconds(250);
        Group::new(0, format!("org:{n:05}")).with("n", n).created_at(time)
    };
    State { era, page_size, groups: (0..groups).map(group).collect(), ..State::default() }
}

fn keys(page: &Value) -> Vec<String> {
    let results = page["results"].as_array().unwrap();
    results.iter().map(|group| group["group_key"].as_str().unwrap().to_owned()).collect()
}

async fn page(api: &Api, url: &str) -> Value {
    let response = api.http.get(url).bearer_auth(api.fake.key()).send().await.unwrap();
    assert_eq!(response.status(), 200, "{url}");
    response.json().await.unwrap()
}

#[tokio::test]
async fn ten_thousand_groups_are_listed_once_each_newest_first() {
    for era in Era::ALL {
        let api = Api::start(many(era, 10_000, 1, None)).await;
        let mut url = Some(api.url("groups/?group_type_index=0"));
        let mut seen = Vec::new();
        while let Some(next) = url {
            let page = page(&api, &next).await;
            seen.extend(keys(&page));
            url = page["next"].as_str().map(str::to_owned);
        }
        assert_eq!(seen.len(), 10_000, "{era}");
        assert!(seen.is_sorted_by(|a, b| a > b), "{era}");
    }
}

#[tokio::test]
async fn paging_continues_past_groups_with_equal_times_in_both_eras() {
    for era in Era::ALL {
        let api = Api::start(many(era, 100, 25, Some(10))).await;
        let mut url = Some(api.url("groups/?group_type_index=0"));
        let mut seen = HashSet::new();
        for _ in 0..10 {
            let page = page(&api, &url.expect("ten pages")).await;
            seen.extend(keys(&page));
            url = page["next"].as_str().map(str::to_owned);
        }
        assert_eq!((seen.len(), url), (100, None), "{era}");
    }
}

#[tokio::test]
async fn links_of_2025_go_both_ways_and_keep_the_query() {
    let api = Api::start(many(Era::Y2025, 25, 1, Some(10))).await;
    let first = page(&api, &api.url("groups/?search=n&group_type_index=0")).await;
    assert_eq!(first["previous"], Value::Null);
    let next = first["next"].as_str().unwrap();
    assert!(next.starts_with(&api.url("groups/?cursor=")), "{next}");
    assert!(next.ends_with("&group_type_index=0&search=n"), "{next}");

    let second = page(&api, next).await;
    let third = page(&api, second["next"].as_str().unwrap()).await;
    assert_eq!((keys(&third).len(), &third["next"]), (5, &Value::Null));
    let back = page(&api, third["previous"].as_str().unwrap()).await;
    assert_eq!(keys(&back), keys(&second));
    let back = page(&api, back["previous"].as_str().unwrap()).await;
    assert_eq!(keys(&back), keys(&first));
    assert_eq!(back["previous"], Value::Null);
}

#[tokio::test]
async fn links_of_2026_go_forward_and_have_only_known_parameters() {
    let api = Api::start(many(Era::Y2026, 25, 1, Some(10))).await;
    let url = api.url("groups?search=n&other=x&group_type_index=0&group_key=org");
    let first = page(&api, &url).await;
    let next = first["next"].as_str().unwrap();
    assert!(next.starts_with(&api.url("groups?group_type_index=0&cursor=")), "{next}");
    assert!(next.ends_with("&search=n&group_key=org"), "{next}");
    let second = page(&api, next).await;
    assert_eq!((&second["previous"], keys(&second)[0].as_str()), (&Value::Null, "org:00014"));
}

#[tokio::test]
async fn a_bad_cursor_is_an_error_in_2025_and_the_first_page_in_2026() {
    let old = start(Era::Y2025).await.get("groups/?group_type_index=0&cursor=invalid_cursor").await;
    assert_eq!(old.error(), (404, "not_found".to_owned(), "Invalid cursor".to_owned(), None));
    let new = start(Era::Y2026).await.get("groups/?group_type_index=0&cursor=invalid_cursor").await;
    assert_eq!(keys(&new.json()), ["org:5"]);
}

#[tokio::test]
async fn the_index_is_required_and_must_be_a_number() {
    for era in Era::ALL {
        let api = start(era).await;
        for path in ["groups/", "groups/?group_type_index="] {
            let (status, code, _, attr) = api.get(path).await.error();
            assert_eq!(
                (status, code.as_str(), attr.as_deref()),
                (400, "invalid_input", Some("group_type_index"))
            );
        }
        let status = api.get("groups/?group_type_index=abc").await.status;
        assert_eq!(status, if era == Era::Y2025 { 500 } else { 400 });
        assert_eq!(keys(&api.get("groups/?group_type_index=4").await.json()), [""; 0]);
    }
}

#[tokio::test]
async fn filters_match_key_and_properties() {
    for era in Era::ALL {
        let api = start(era).await;
        for (query, found) in [
            ("search=krabs", true),
            ("search=INDUSTRY", true),
            ("search=ORG%3A5", true),
            ("search=org", false),
            ("search=_r", false),
            ("group_key=RG", true),
            ("group_key=x", false),
            ("search=&group_key=", true),
        ] {
            let answer = api.get(&format!("groups/?group_type_index=0&{query}")).await;
            assert_eq!(keys(&answer.json()).len(), usize::from(found), "{era} {query}");
        }
    }
}

async fn late(era: Era, delay: Duration) -> Api {
    let fake = Fake::builder().state(small(era)).list_delay(delay).start().await.unwrap();
    Api { fake, http: Client::new() }
}

/// Key and property `name` of every group that the list shows.
async fn listed(api: &Api, filter: &str) -> Vec<(String, Value)> {
    let page = api.get(&format!("groups/?group_type_index=0{filter}")).await.json();
    let results = page["results"].as_array().unwrap();
    let pairs = results.iter().map(|group| {
        (group["group_key"].as_str().unwrap().to_owned(), group["group_properties"]["name"].clone())
    });
    pairs.collect()
}

async fn write(api: &Api) {
    let new = json!({"group_type_index": 0, "group_key": "new", "group_properties": {"name": "New"}});
    assert_eq!(api.post("groups/", new).await.status, 201);
    let path = "groups/update_property/?group_type_index=0&group_key=org%3A5";
    for name in ["Plankton", "Sandy"] {
        assert_eq!(api.post(path, json!({"key": "name", "value": name})).await.status, 200);
    }
}

#[tokio::test]
async fn the_list_of_2026_lags_behind_find() {
    let api = late(Era::Y2026, Duration::from_secs(3600)).await;
    write(&api).await;
    let find = |key: &str| format!("groups/find/?group_type_index=0&group_key={key}");
    assert_eq!(api.get(&find("new")).await.json()["group_properties"]["name"], "New");
    assert_eq!(api.get(&find("org%3A5")).await.json()["group_properties"]["name"], "Sandy");
    let before = vec![("org:5".to_owned(), json!("Mr. Krabs"))];
    assert_eq!(listed(&api, "").await, before);
    // The search considers the listed state.
    assert_eq!(listed(&api, "&search=krabs").await, before);
    assert_eq!(listed(&api, "&search=sandy").await, []);
    assert_eq!(listed(&api, "&group_key=new").await, []);
}

#[tokio::test]
async fn the_list_of_2026_catches_up() {
    let delay = Duration::from_millis(200);
    let api = late(Era::Y2026, delay).await;
    let written = Instant::now();
    write(&api).await;
    let both = vec![("org:5".to_owned(), json!("Sandy")), ("new".to_owned(), json!("New"))];
    while listed(&api, "").await != both {
        assert!(written.elapsed() < Duration::from_secs(30));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(written.elapsed() >= delay);
}

#[tokio::test]
async fn the_list_of_2025_never_lags() {
    let api = late(Era::Y2025, Duration::from_secs(3600)).await;
    write(&api).await;
    let both = vec![("org:5".to_owned(), json!("Sandy")), ("new".to_owned(), json!("New"))];
    assert_eq!(listed(&api, "").await, both);
}

#[tokio::test]
async fn a_write_that_was_rolled_back_is_never_listed() {
    let api = late(Era::Y2026, Duration::from_secs(3600)).await;
    let cut = json!({"kind": "truncate", "framing": "honest", "phase": "before"});
    api.fake.add_faults([serde_json::from_value::<Fault>(cut).unwrap()]).unwrap();
    let change = json!({"key": "name", "value": "Plankton"});
    let path = "groups/update_property/?group_type_index=0&group_key=org%3A5";
    assert_eq!(api.ask(Method::POST, path, Some(change)).await.status, 200);
    let stored = api.fake.state().groups[0].group_properties.get("name").unwrap();
    assert_eq!(
        (stored.as_str(), listed(&api, "").await),
        ("\"Mr. Krabs\"", vec![("org:5".to_owned(), json!("Mr. Krabs"))])
    );
}
