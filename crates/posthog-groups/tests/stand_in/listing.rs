//! Lists: pages, guards, typed properties, prefetch.

use futures_util::{StreamExt as _, TryStreamExt as _};
use posthog_groups_fake::{Era, Fake, Fault, Group, State};
use serde_json::{Value, json};

use crate::stage::{client, empty, one_group, organizations, requests, serve};

fn many(n: usize) -> State {
    State {
        groups: (0..n).map(|n| Group::new(0, format!("org:{n}")).with("n", n as i64)).collect(),
        ..empty()
    }
}

/// Replaces the response to the next list by this page.
fn page(results: Value, next: Option<String>) -> Fault {
    let body = json!({"next": next, "previous": null, "results": results});
    let fault = json!({"kind": "http", "status": 200, "body": body, "method": "GET", "path": "/groups/$"});
    serde_json::from_value(fault).unwrap()
}

fn group(key: &str) -> Value {
    json!({"group_type_index": 0, "group_key": key, "group_properties": {}, "created_at": "2026-01-01T00:00:00Z"})
}

#[tokio::test]
async fn every_group_is_listed_once_for_any_number_of_groups() {
    for era in Era::ALL {
        for n in [0, 1, 99, 100, 101, 250] {
            let fake = serve(era, many(n)).await;
            let orgs = client(&fake).groups("organization");
            let mut keys: Vec<_> = orgs.list().stream().map_ok(|g| g.key).try_collect().await.unwrap();
            keys.sort_unstable();
            keys.dedup();
            assert_eq!(keys.len(), n, "{era}");
            let pages: Vec<_> = orgs.list().pages().map(|p| p.unwrap().groups.len()).collect().await;
            assert_eq!(pages.iter().sum::<usize>(), n);
            assert_eq!(pages.len(), n.div_ceil(100).max(1), "{era}, {n}");
        }
    }
}

#[tokio::test]
async fn a_page_with_groups_of_another_type_is_an_error() {
    // As from a cache that ignores the query.
    let fake = serve(Era::Y2026, empty()).await;
    fake.add_faults([page(json!([group("a"), group("b")]), None)]).unwrap();
    let error = client(&fake).groups("team").list().await.unwrap_err();
    assert!(error.is_decode() && format!("{error:?}").contains("was not requested"), "{error:?}");
}

#[tokio::test]
async fn filters_apply_to_every_page() {
    for era in Era::ALL {
        let mut state = many(120);
        state
            .groups
            .extend((0..120).map(|n| Group::new(0, format!("acme-{n}")).with("name", "Acme & Söhne?")));
        state.page_size = Some(50);
        let fake = serve(era, state).await;
        let orgs = client(&fake).groups(0);
        let found: Vec<_> = orgs.list().search("acme & sö").stream().try_collect().await.unwrap();
        assert_eq!(found.len(), 120, "{era}");
        let found: Vec<_> = orgs.list().key_contains("ORG:1").stream().try_collect().await.unwrap();
        assert_eq!(found.len(), 31, "{era}");
    }
}

#[tokio::test]
async fn pages_can_be_requested_one_at_a_time() {
    for era in Era::ALL {
        let fake = serve(era, many(150)).await;
        let orgs = client(&fake).groups(0);
        let first = orgs.list().page().await.unwrap();
        let next = first.next.clone().unwrap();
        assert_eq!(first.into_groups().unwrap().len(), 100);
        let second = orgs.list().start_from(next.clone()).page().await.unwrap();
        assert_eq!((second.groups.len(), second.next), (50, None));
        let rest: Vec<_> = orgs.list().start_from(next).stream().try_collect().await.unwrap();
        assert_eq!(rest.len(), 50);
        assert_eq!(requests(&fake, "GET", "/groups/"), 3);
    }
}

#[derive(Debug, serde::Deserialize)]
struct Account {
    seats: u32,
}

#[tokio::test]
async fn a_group_that_cannot_be_decoded_does_not_lose_its_page() {
    for era in Era::ALL {
        let mut state = empty();
        state.groups = (0..150).map(|n| Group::new(0, format!("org:{n}")).with("seats", n as i64)).collect();
        state.groups[42] = Group::new(0, "org:42").with("seats", "many");
        let fake = serve(era, state).await;
        let all: Vec<_> = client(&fake).groups(0).list().properties::<Account>().stream().collect().await;
        assert_eq!(all.len(), 150);
        let (good, bad): (Vec<_>, Vec<_>) = all.into_iter().partition(Result::is_ok);
        assert_eq!(
            good.iter().map(|g| g.as_ref().unwrap().properties.seats).sum::<u32>(),
            (0..150).sum::<u32>() - 42
        );
        let error = bad.into_iter().next().unwrap().unwrap_err();
        assert!(error.is_decode());
        assert_eq!((error.group_key(), error.path()), (Some("org:42"), Some("seats")));
        assert_eq!(error.raw_text(), Some(r#"{"seats":"many"}"#));
    }
}

#[tokio::test]
async fn a_group_of_an_unexpected_form_does_not_lose_its_page() {
    let fake = serve(Era::Y2026, empty()).await;
    let odd =
        json!({"group_type_index": 0, "group_key": "odd", "group_properties": {}, "created_at": "yesterday"});
    fake.add_faults([page(json!([group("a"), odd, group("b")]), None)]).unwrap();
    let all: Vec<_> = client(&fake).groups(0).list().stream().collect().await;
    assert_eq!(all.len(), 3);
    let error = all[1].as_ref().unwrap_err();
    assert_eq!((error.group_key(), error.path()), (Some("odd"), Some("created_at")));
    assert_eq!(all[2].as_ref().unwrap().key, "b");
}

#[tokio::test]
async fn failures_in_the_middle_of_a_list_are_retried() {
    for era in Era::ALL {
        let fake = serve(era, many(350)).await;
        fake.add_faults([
            Fault { skip: 1, ..Fault::http(502) },
            Fault { skip: 1, ..Fault::drop_connection() },
            Fault { skip: 1, ..serde_json::from_value(json!({"kind": "truncate"})).unwrap() },
            Fault {
                skip: 1,
                ..serde_json::from_value(json!({"kind": "truncate", "framing": "honest"})).unwrap()
            },
        ])
        .unwrap();
        let keys: Vec<_> =
            client(&fake).groups(0).list().stream().map_ok(|g| g.key).try_collect().await.unwrap();
        assert_eq!(keys.len(), 350, "{era}");
    }
}

/// A group that the server stores but cannot return.
fn unreadable(key: &str) -> Group {
    let group_properties = posthog_groups_fake::Properties::parse(r#"{"id":18446744073709551616}"#).unwrap();
    Group { group_properties, ..Group::new(0, key) }
}

/// Exports all groups. Returns the keys in order, and the keys of missing groups.
async fn export(fake: &Fake) -> (Vec<String>, Vec<Option<String>>) {
    let (mut keys, mut missing) = (Vec::new(), Vec::new());
    let mut all = organizations(fake).export().stream();
    while let Some(group) = all.next().await {
        match group {
            Ok(group) => keys.push(group.key.to_string()),
            Err(error) => {
                assert!(error.is_decode() && error.is_server_error(), "{error}");
                assert!(error.to_string().contains("`unset`"), "{error}");
                missing.push(error.group_key().map(str::to_owned));
            }
        }
    }
    (keys, missing)
}

#[tokio::test]
async fn an_export_goes_on_around_groups_that_a_server_of_2025_cannot_return() {
    export_around_groups(Era::Y2025).await;
}

#[tokio::test]
async fn an_export_goes_on_around_groups_that_a_server_of_2026_cannot_return() {
    export_around_groups(Era::Y2026).await;
}

async fn export_around_groups(era: Era) {
    let name = |n: usize| format!("org:{n}");
    let uuid = |n: usize| format!("{:08x}-6f3a-4c1e-9d2b-{:012x}", n * 0x9e37_79b9 % 0xffff_ffff, n * 7_919);
    let upper = |n: usize| format!("ORG {n}");
    type Name = Box<dyn Fn(usize) -> String>;
    let cases: [(Name, usize, &[usize], i64); 8] = [
        (Box::new(name), 1, &[0], 0),
        (Box::new(name), 30, &[12], 0),
        (Box::new(name), 350, &[0, 349], 1),
        (Box::new(name), 350, &[123, 124, 130], 0),
        (Box::new(name), 350, &[12, 170, 213], 100_000),
        (Box::new(uuid), 120, &[60], 1),
        (Box::new(upper), 120, &[77], 100_000),
        (Box::new(upper), 320, &[77, 78], 0),
    ];
    for (name, count, bad, seconds) in &cases {
        let start = chrono::DateTime::UNIX_EPOCH + chrono::TimeDelta::days(19_000);
        let group = |n: usize| {
            let group = if bad.contains(&n) { unreadable(&name(n)) } else { Group::new(0, name(n)) };
            group.created_at(start + chrono::TimeDelta::seconds(n as i64 * seconds))
        };
        let fake = serve(era, State { groups: (0..*count).map(group).collect(), ..empty() }).await;
        let (mut keys, mut missing) = export(&fake).await;
        let what = format!("{era}, {count} groups {seconds} s apart, without {bad:?}");
        let mut expected: Vec<_> = (0..*count).filter(|n| !bad.contains(n)).map(name).collect();
        expected.sort();
        keys.sort();
        assert_eq!(keys, expected, "{what}");
        let mut named: Vec<_> = bad.iter().map(|n| Some(name(*n))).collect();
        named.sort();
        missing.sort();
        assert_eq!(missing, named, "{what}");
        assert!(fake.requests() < 1_000, "{what}: {} requests", fake.requests());
    }
}

#[tokio::test]
async fn errors_of_single_groups_do_not_show_the_key() {
    #[derive(Debug, serde::Deserialize)]
    struct Account {
        #[expect(dead_code, reason = "only its type matters")]
        seats: u32,
    }
    for era in Era::ALL {
        for unreadable in [None, Some(unreadable("bad"))] {
            let count = 1 + usize::from(unreadable.is_some());
            let fake = serve(era, empty()).await;
            let key = fake.key();
            let echo = Group::new(0, "echo").with("seats", key.as_str());
            let groups = unreadable.into_iter().chain([echo]).collect();
            fake.put_state(State { groups, ..fake.state() }).unwrap();
            let list = organizations(&fake).export().properties::<Account>();
            let errors: Vec<_> = list.stream().filter_map(async |group| group.err()).collect().await;
            assert_eq!(errors.len(), count, "{era}: {errors:?}");
            let shown = format!("{errors:?} {errors:#?} {}", serde_json::to_string(&errors).unwrap());
            assert!(shown.contains("seats") && !shown.contains(&key), "{era}: {shown}");
        }
    }
}

#[tokio::test]
async fn the_limit_of_an_export_holds_around_groups_that_the_server_cannot_return() {
    for era in Era::ALL {
        let mut state = many(150);
        state.groups.push(unreadable("bad"));
        let fake = serve(era, state).await;
        for limit in [1, 2, 120] {
            let all: Vec<_> = organizations(&fake).export().limit(limit).stream().collect().await;
            assert_eq!(all.len(), limit, "{era}");
        }
    }
}

#[tokio::test]
async fn an_export_reports_why_it_did_not_go_around_a_group() {
    for era in Era::ALL {
        let fake = serve(era, State { groups: vec![unreadable("bad")], ..empty() }).await;
        let refused = Fault { times: 0, skip: 9, ..Fault::http(401) }.on("GET", "/groups/$");
        fake.add_faults([refused]).unwrap();
        let error = organizations(&fake).export().collect().await.unwrap_err();
        assert!(error.is_server_error(), "{error}");
        assert!(error.to_string().contains("reading the other groups of the page failed: 401"), "{error}");
    }
}

#[tokio::test]
async fn an_export_from_a_server_that_is_down_ends_after_a_few_more_requests() {
    for era in Era::ALL {
        let fake = serve(era, one_group()).await;
        fake.add_faults([Fault { times: 0, ..Fault::crash() }.on("GET", "/groups/$")]).unwrap();
        let error = organizations(&fake).export().collect().await.unwrap_err();
        assert!(error.is_server_error() && !error.is_decode(), "{error}");
        assert!(requests(&fake, "GET", "/groups/") <= 8 + 2 * 2, "{era}");
    }
}
