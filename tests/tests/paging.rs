//! Lists of any length, and lists with wrong links, with the wrapper on servers of both eras.

use std::net::TcpListener;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::TryStreamExt as _;
use posthog_groups::{Client, Cursor, Error, Groups};
use posthog_groups_fake::{Effect, Era, Fake, Fault, Group, GroupType, State};
use posthog_groups_tests::{ScriptedServer, Step, requests, response, wrapper};
use serde_json::{Value, json};

const ERAS: [Era; 2] = [Era::Y2025, Era::Y2026];

fn time(seconds: usize) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000) + TimeDelta::seconds(i64::try_from(seconds).unwrap())
}

/// A state with this many groups, created at the given seconds.
fn groups(number: usize, second: fn(usize) -> usize) -> State {
    let group = |n| Group::new(0, format!("org:{n:05}")).with("n", n).created_at(time(second(n)));
    State {
        group_types: vec![GroupType::new(0, "organization")],
        groups: (0..number).map(group).collect(),
        ..State::default()
    }
}

async fn serve(era: Era, state: State) -> (Fake, Groups) {
    let fake = Fake::builder().era(era).state(state).start().await.unwrap();
    let client: Client = wrapper(&fake).build().unwrap();
    (fake, client.groups(0))
}

async fn keys(groups: &Groups) -> Result<Vec<String>, Error> {
    groups.list().stream().map_ok(|group| group.key.to_string()).try_collect().await
}

/// A fault that replaces the page of the server.
fn page(keys: &[&str], next: Option<&str>) -> Fault {
    let group = |key: &&str| {
        json!({
            "group_type_index": 0, "group_key": key, "group_properties": {}, "created_at": "2026-03-01T08:00:00Z",
        })
    };
    let results: Vec<Value> = keys.iter().map(group).collect();
    canned(json!({"next": next, "previous": null, "results": results}))
}

fn canned(body: Value) -> Fault {
    let mut fault = Fault::http(200);
    if let Effect::Http(http) = &mut fault.effect {
        http.body = body;
    }
    fault
}

fn next(fake: &Fake, cursor: &str) -> String {
    format!("{}/api/projects/1/groups/?cursor={cursor}&group_type_index=0", fake.url())
}

/// The keys before the error, and the error.
async fn until_error(groups: &Groups) -> (Vec<String>, Error) {
    let mut stream = groups.list().stream();
    let mut keys = Vec::new();
    loop {
        match stream.next().await.expect("an error before the end") {
            Ok(group) => keys.push(group.key.to_string()),
            Err(error) => {
                assert!(stream.next().await.is_none(), "the stream goes on after {error}");
                return (keys, error);
            }
        }
    }
}

#[tokio::test]
async fn every_group_is_listed_once_newest_first_with_one_request_per_page() {
    for era in ERAS {
        for number in [0, 1, 99, 100, 101, 200, 201, 10_000] {
            let (fake, groups) = serve(era, groups(number, |n| n)).await;
            let expected: Vec<String> = (0..number).rev().map(|n| format!("org:{n:05}")).collect();
            assert!(keys(&groups).await.unwrap() == expected, "{number} groups in {era:?}");
            assert_eq!(fake.journal().len(), number.div_ceil(100).max(1), "{number} groups in {era:?}");
        }
    }
}

#[tokio::test]
async fn groups_with_equal_times_are_neither_lost_nor_repeated_between_pages() {
    for era in ERAS {
        for (number, page_size) in [(350, 100), (7, 3), (6, 3), (5, 1)] {
            let state = State { page_size: Some(page_size), ..groups(number, |_| 0) };
            let (fake, groups) = serve(era, state).await;
            let mut keys = keys(&groups).await.unwrap();
            keys.sort();
            let expected: Vec<String> = (0..number).map(|n| format!("org:{n:05}")).collect();
            assert_eq!(keys, expected, "{number} groups by {page_size} in {era:?}");
            assert_eq!(fake.journal().len(), number.div_ceil(page_size));
        }
    }
}

#[tokio::test]
async fn more_groups_of_one_time_than_a_server_can_list_are_explained() {
    for (number, complete) in [(1_100, true), (1_101, false)] {
        let (_fake, groups) = serve(Era::Y2025, groups(number, |_| 0)).await;
        match keys(&groups).await {
            Ok(keys) => assert!(complete && keys.len() == number, "{} groups", keys.len()),
            Err(error) => {
                assert!(!complete && error.is_paging(), "{error}");
                assert!(
                    error.to_string().contains("more than 1,000 groups were created at the same time"),
                    "{error}"
                );
            }
        }
    }
}

#[tokio::test]
async fn groups_created_during_paging_do_not_disturb_the_list() {
    for era in ERAS {
        let (fake, groups) = serve(era, State { page_size: Some(2), ..groups(5, |n| n) }).await;
        let mut pages = groups.list().prefetch(false).pages();
        let mut seen = Vec::new();
        let mut number = 0;
        while let Some(page) = pages.try_next().await.unwrap() {
            seen.extend(page.into_groups().unwrap().into_iter().map(|group| group.key.to_string()));
            number += 1;
            groups.create(format!("new:{number}")).send().await.unwrap();
        }
        assert_eq!(seen, ["org:00004", "org:00003", "org:00002", "org:00001", "org:00000"], "{era:?}");
        assert_eq!(fake.state().groups.len(), 8);
    }
}

#[tokio::test]
async fn a_group_that_moves_to_the_next_page_is_listed_once() {
    for era in ERAS {
        // Offsets count the groups of one time, which new groups of that time move.
        let (fake, groups) = serve(era, State { page_size: Some(3), ..groups(5, |_| 0) }).await;
        let mut pages = groups.list().prefetch(false).pages();
        let mut seen = Vec::new();
        while let Some(page) = pages.try_next().await.unwrap() {
            seen.extend(page.into_groups().unwrap().into_iter().map(|group| group.key.to_string()));
            let mut state = fake.state();
            if state.groups.len() == 5 {
                state.groups.push(Group::new(0, "z").created_at(time(0)));
                fake.put_state(state).unwrap();
            }
        }
        assert_eq!(seen, ["org:00004", "org:00003", "org:00002", "org:00001", "org:00000"], "{era:?}");
    }
}

#[tokio::test]
async fn an_entry_that_moves_to_the_next_page_of_a_history_is_returned_once() {
    let (_fake, groups) = serve(Era::Y2026, groups(1, |n| n)).await;
    let group = groups.group("org:00000");
    for n in 0..5 {
        group.set(format!("p{n}"), n).await.unwrap();
    }
    let mut pages = group.activity().page_size(3).prefetch(false).pages();
    let mut seen = Vec::new();
    while let Some(page) = pages.try_next().await.unwrap() {
        seen.extend(page.entries.into_iter().filter_map(|entry| entry.detail.name));
        if seen.len() == 3 {
            group.set("new", 1).await.unwrap();
        }
    }
    assert_eq!(seen, ["p4", "p3", "p2", "p1", "p0"]);
}

#[tokio::test]
async fn an_empty_page_does_not_end_the_list() {
    for era in ERAS {
        let (fake, groups) = serve(era, State::default()).await;
        fake.add_faults([
            page(&[], Some(&next(&fake, "1"))),
            page(&["a"], Some(&next(&fake, "2"))),
            page(&[], Some(&next(&fake, "3"))),
            page(&[], Some(&next(&fake, "4"))),
            page(&["b"], None),
        ])
        .unwrap();
        assert_eq!(keys(&groups).await.unwrap(), ["a", "b"]);
        let cursors: Vec<_> =
            fake.journal().iter().map(|entry| entry.query.matches("cursor=").count()).collect();
        assert_eq!(cursors, [0, 1, 1, 1, 1]);
    }
}

#[tokio::test]
async fn a_repeated_cursor_ends_the_list_with_an_error() {
    for cycle in [&["x", "x"][..], &["x", "y", "x"], &["x", "y", "z", "y"]] {
        for empty in [false, true] {
            let (fake, groups) = serve(Era::Y2026, State::default()).await;
            let keys: Vec<String> = (0..cycle.len()).map(|n| format!("key {n}")).collect();
            let page = |n: usize| {
                let keys = if empty { vec![] } else { vec![keys[n].as_str()] };
                page(&keys, Some(&next(&fake, cycle[n])))
            };
            fake.add_faults((0..cycle.len()).map(page)).unwrap();
            let (seen, error) = until_error(&groups).await;
            assert!(error.is_paging() && error.to_string().contains("same cursor twice"), "{error}");
            assert_eq!(seen.len(), if empty { 0 } else { cycle.len() });
            assert_eq!(fake.journal().len(), cycle.len(), "nothing is sent for the cursor that came back");
        }
    }
}

#[tokio::test]
async fn a_list_that_silently_starts_over_is_detected() {
    let (fake, groups) = serve(Era::Y2026, groups(3, |n| n)).await;
    // A server of 2026 returns the first page for an invalid cursor.
    let first = page(&["org:00002", "org:00001"], Some(&next(&fake, "of-another-version")));
    fake.add_faults([first]).unwrap();
    let (seen, error) = until_error(&groups).await;
    assert_eq!(seen, ["org:00002", "org:00001"]);
    assert!(error.is_paging() && error.to_string().contains("`org:00002`"), "{error}");
    assert_eq!(requests(&fake.journal()), ["GET groups", "GET groups"]);
}

#[tokio::test]
async fn an_old_cursor_is_an_error_in_2025_and_the_first_page_in_2026() {
    let page = |groups: &Groups| groups.list().start_from(Cursor::new("x")).page();
    let (_fake, old) = serve(Era::Y2025, groups(3, |n| n)).await;
    let error = page(&old).await.unwrap_err();
    assert!(error.is_not_found() && error.detail() == Some("Invalid cursor"), "{error:?}");
    let (_fake, new) = serve(Era::Y2026, groups(3, |n| n)).await;
    assert_eq!(page(&new).await.unwrap().groups.len(), 3);
}

#[tokio::test]
async fn the_cursor_of_a_page_continues_the_list_in_another_process() {
    for era in ERAS {
        let (fake, groups) = serve(era, State { page_size: Some(2), ..groups(5, |n| n) }).await;
        let first = groups.list().page().await.unwrap();
        let written_down = first.next.unwrap().as_str().to_owned();
        let other = wrapper(&fake).build().unwrap().groups(0);
        let rest =
            other.list().start_from(Cursor::new(written_down)).stream().map_ok(|group| group.key.to_string());
        let rest: Vec<String> = rest.try_collect().await.unwrap();
        assert_eq!(rest, ["org:00002", "org:00001", "org:00000"], "{era:?}");
    }
}

/// A listener that must not be connected to.
struct OtherServer(TcpListener);

impl OtherServer {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        Self(listener)
    }

    fn port(&self) -> u16 {
        self.0.local_addr().unwrap().port()
    }

    fn was_called(&self) -> bool {
        // The system accepts a connection before the program does.
        self.0.accept().is_ok()
    }
}

/// Links of servers behind proxies and of hostile servers. `{}` is a placeholder for the cursor.
fn links_elsewhere(own: u16, foreign: u16) -> Vec<String> {
    vec![
        format!("http://127.0.0.1:{foreign}/api/projects/1/groups/?cursor={{}}"),
        format!("https://127.0.0.1:{own}/api/projects/1/groups/?group_type_index=0&cursor={{}}"),
        "http://posthog-web.internal:8000/api/projects/1/groups/?cursor={}#top".to_owned(),
        format!("//127.0.0.1:{foreign}/?cursor={{}}"),
        format!("http://127.0.0.1:{own}@127.0.0.1:{foreign}/?cursor={{}}"),
        format!("\\\\127.0.0.1:{foreign}/?cursor={{}}"),
        "gopher://[/?cursor={}".to_owned(),
        "?cursor={}".to_owned(),
    ]
}

#[tokio::test]
async fn pages_are_requested_at_the_clients_origin_for_links_to_any_origin() {
    let other_server = OtherServer::start();
    for era in ERAS {
        let (fake, groups) = serve(era, State { page_size: Some(2), ..groups(5, |n| n) }).await;
        let cursor = groups.list().page().await.unwrap().next.unwrap().as_str().to_owned();
        let encoded = cursor.replace('+', "%2B").replace('=', "%3D").replace('/', "%2F");
        for link in links_elsewhere(fake.address().port(), other_server.port()) {
            for prefetch in [false, true] {
                let sent = fake.journal().len();
                fake.add_faults([page(&["org:00004", "org:00003"], Some(&link.replace("{}", &encoded)))])
                    .unwrap();
                let keys = groups.list().prefetch(prefetch).stream().map_ok(|group| group.key.to_string());
                let keys: Vec<String> = keys.try_collect().await.unwrap_or_else(|e| panic!("{link}: {e:?}"));
                assert_eq!(keys.len(), 5, "{link}: {keys:?}");
                assert_eq!(fake.journal().len() - sent, 3, "{link}");
            }
        }
    }
    assert!(!other_server.was_called());
}

#[tokio::test]
async fn a_page_reports_a_link_to_another_origin() {
    let (fake, groups) = serve(Era::Y2026, State::default()).await;
    for (link, origin) in [
        (next(&fake, "x"), None),
        ("/api/projects/1/groups/?cursor=x".to_owned(), None),
        ("http://posthog-web:8000/api/?cursor=x".to_owned(), Some("http://posthog-web:8000")),
        (fake.url().replace("http:", "https:") + "/?cursor=x", Some("https://127.0.0.1")),
    ] {
        fake.add_faults([page(&["a"], Some(&link))]).unwrap();
        let page = groups.list().page().await.unwrap();
        match (page.link_origin.as_deref(), origin) {
            (None, None) => {}
            (Some(named), Some(origin)) => assert!(named.starts_with(origin), "{link}: {named}"),
            other => panic!("{link}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_link_without_a_cursor_is_an_error_after_its_page_was_delivered() {
    for era in ERAS {
        for link in ["http://127.0.0.1/api/projects/1/groups/?group_type_index=0", "/?cursor=", "x", ""] {
            let (fake, groups) = serve(era, State::default()).await;
            fake.add_faults([page(&["a", "b"], Some(link))]).unwrap();
            let (seen, error) = until_error(&groups).await;
            assert_eq!(seen, ["a", "b"], "{link}");
            assert!(error.is_paging() && error.to_string().contains("cursor"), "{link}: {error}");
            assert_eq!(fake.journal().len(), 1, "{link}");

            fake.add_faults([page(&["a", "b"], Some(link))]).unwrap();
            let page = groups.list().page().await.unwrap();
            assert_eq!(page.groups.len(), 2, "{link}");
            let error = groups.list().start_from(page.next.unwrap()).page().await.unwrap_err();
            assert!(error.is_paging(), "{link}: {error}");
            assert_eq!(fake.journal().len(), 2, "nothing is sent without a cursor: {link}");
        }
    }
}

#[tokio::test]
async fn a_history_takes_only_page_and_limit_from_links() {
    let other_server = OtherServer::start();
    for era in ERAS {
        let (fake, groups) = serve(era, groups(1, |n| n)).await;
        let group = groups.group("org:00000");
        for n in 0..5 {
            group.set(format!("property {n}"), &n).await.unwrap();
        }
        let entries: Vec<_> = group.activity().stream().try_collect().await.unwrap();
        let first = serde_json::to_value(&entries[..2]).unwrap();
        let link = format!("https://127.0.0.1:{}/x?limit=2&page=2", other_server.port());
        let sent = fake.journal().len();
        fake.add_faults([canned(json!({
            "results": first, "previous": null, "total_count": 5, "next": link,
        }))])
        .unwrap();
        let names: Vec<_> =
            group.activity().stream().map_ok(|entry| entry.detail.name.unwrap()).try_collect().await.unwrap();
        assert_eq!(names, ["property 4", "property 3", "property 2", "property 1", "property 0"], "{era:?}");
        assert_eq!(fake.journal().len() - sent, 3, "{era:?}");

        // The entries are delivered before the error about a link without a page.
        for link in ["https://127.0.0.1/x?limit=2", "/x?page=none", "/x?page=1"] {
            fake.add_faults([canned(json!({
                "results": first, "previous": null, "total_count": 5, "next": link,
            }))])
            .unwrap();
            let mut stream = group.activity().stream();
            assert!(stream.next().await.unwrap().is_ok() && stream.next().await.unwrap().is_ok(), "{link}");
            let error = stream.next().await.unwrap().unwrap_err();
            assert!(error.is_paging(), "{link}: {error}");
            assert!(stream.next().await.is_none());
        }
    }
    assert!(!other_server.was_called());
}

#[tokio::test]
async fn endless_empty_pages_end_with_an_error_that_names_the_limit() {
    let empty = ScriptedServer::start(|request| {
        let number = request.number;
        let next = format!("http://x/?cursor=c{number}&page={}&limit=100", number + 2);
        let body = match request.target().contains("/activity/") {
            true => json!({"results": [], "previous": null, "total_count": 0, "next": next}),
            false => json!({"results": [], "previous": null, "next": next}),
        };
        vec![Step::Send(response("200 OK", "", &body.to_string()))]
    })
    .await;
    let client = Client::builder().host(empty.url()).personal_api_key("phx_x").build().unwrap();
    let error = client.groups(0).list().stream().try_next().await.unwrap_err();
    assert!(error.is_paging() && error.to_string().contains("100 empty pages"), "{error}");
    assert_eq!(empty.requests().len(), 100);
    let error = client.groups(0).group("a").activity().stream().try_next().await.unwrap_err();
    assert!(error.is_paging() && error.to_string().contains("100 empty pages"), "{error}");
    assert_eq!(empty.requests().len(), 200);
}

#[tokio::test]
async fn lists_of_projects_are_bounded() {
    let endless = |padding: usize| {
        ScriptedServer::start(move |request| {
            let name = "x".repeat(padding);
            let project = json!({
                "id": request.number, "uuid": "0197a0de-5d5a-7c1e-9a5e-3c1f0e6f2a11", "organization": "0197a0de-5d5a-7c1e-9a5e-3c1f0e6f2a11",
                "api_token": "phc_x", "name": name, "completed_snippet_onboarding": true, "has_completed_onboarding_for": {},
                "ingested_event": true, "is_demo": false, "timezone": "UTC", "access_control": false,
            });
            let body =
                json!({"count": 1, "next": "http://x/?offset=1", "previous": null, "results": [project]});
            vec![Step::Send(response("200 OK", "", &body.to_string()))]
        })
    };
    let server = endless(0).await;
    let client = Client::builder().host(server.url()).personal_api_key("phx_x").build().unwrap();
    let error = client.projects().await.unwrap_err();
    assert!(error.is_paging() && error.to_string().contains("1000 pages"), "{error}");
    assert_eq!(server.requests().len(), 1_000);
    let server = endless(100_000).await;
    let client = Client::builder().host(server.url()).personal_api_key("phx_x").max_response_size(1_000_000);
    let error = client.build().unwrap().projects().await.unwrap_err();
    assert!(error.is_decode() && error.to_string().contains("1000000 bytes"), "{error}");
    assert!(server.requests().len() < 15);
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let other_server = OtherServer::start();
    let (fake, groups) = serve(Era::Y2026, State::default()).await;
    for status in [301, 302, 303, 307, 308] {
        let mut redirect = Fault::http(status);
        if let Effect::Http(http) = &mut redirect.effect {
            let to = format!("http://127.0.0.1:{}/login?next=/api/", other_server.port());
            http.headers.insert("Location".into(), to);
        }
        fake.add_faults([redirect]).unwrap();
        let error = groups.find("a").await.unwrap_err();
        assert!(error.is_decode() && error.status() == Some(status), "{error:?}");
        assert!(error.to_string().contains("not followed"), "{error}");
    }
    assert_eq!(fake.journal().len(), 5);
    assert!(!other_server.was_called());
}

#[tokio::test]
async fn at_most_one_page_is_requested_ahead() {
    for era in ERAS {
        for prefetch in [true, false] {
            let (fake, groups) = serve(era, State { page_size: Some(1), ..groups(6, |n| n) }).await;
            let mut pages = groups.list().prefetch(prefetch).pages();
            assert_eq!(fake.journal().len(), 0, "nothing is sent before the stream is polled");
            for received in 1..=6 {
                pages.try_next().await.unwrap().unwrap();
                let sent = fake.journal().len();
                let ahead = usize::from(prefetch && received < 6);
                assert!((received..=received + ahead).contains(&sent), "page {received}: {sent} requests");
                if prefetch && received < 6 {
                    // The next page is requested without polling.
                    reaches(&fake, received + 1).await;
                }
            }
            assert!(pages.try_next().await.unwrap().is_none());
            assert_eq!(fake.journal().len(), 6);
        }
    }
}

/// Waits until the server has received this many requests.
async fn reaches(fake: &Fake, requests: usize) {
    let seen = async {
        while fake.journal().len() < requests {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), seen).await.expect("another request");
}

#[tokio::test]
async fn a_dropped_stream_sends_no_more_requests() {
    let (fake, groups) = serve(Era::Y2026, State { page_size: Some(1), ..groups(6, |n| n) }).await;
    let slow = |path: &str, delay| {
        let fault = Fault { skip: 1, ..Fault::new(Effect::Slow { delay, chunk: 0, interval: 0.0 }) };
        fault.on("GET", path)
    };
    fake.add_faults([slow("/groups/$", 0.02), Fault { skip: 0, ..slow("/groups/find/$", 0.2) }]).unwrap();
    let mut pages = groups.list().pages();
    pages.try_next().await.unwrap().unwrap();
    reaches(&fake, 2).await;
    drop(pages);
    // Ten times as long as the page in flight would have taken.
    assert!(groups.find("org:00001").await.unwrap().is_some());
    assert_eq!(requests(&fake.journal()), ["GET groups", "GET groups", "GET find"]);
}

#[tokio::test]
async fn a_call_that_is_dropped_leaves_the_client_usable() {
    let (fake, groups) = serve(Era::Y2026, groups(1, |n| n)).await;
    let stall = Effect::Stall {
        seconds: 30.0,
        at: posthog_groups_fake::StallAt::Headers,
        then: posthog_groups_fake::StallThen::Drop,
    };
    fake.add_faults([Fault { times: 3, ..Fault::new(stall) }]).unwrap();
    let group = groups.group("org:00000");
    for n in 1..=3 {
        tokio::select! {
            _ = group.set("plan", "scale") => panic!("the server is silent"),
            () = reaches(&fake, n) => {}
        }
    }
    group.set("plan", "scale").await.unwrap();
}

#[tokio::test]
async fn the_history_of_a_group_is_paged_in_both_eras() {
    for era in ERAS {
        let (fake, groups) = serve(era, groups(1, |n| n)).await;
        let group = groups.group("org:00000");
        for n in 0..5 {
            group.set(format!("property {n}"), &n).await.unwrap();
        }
        let sent = fake.journal().len();
        let entries: Vec<_> = group.activity().page_size(2).stream().try_collect().await.unwrap();
        let names: Vec<_> = entries.iter().map(|entry| entry.detail.name.clone().unwrap()).collect();
        assert_eq!(names, ["property 4", "property 3", "property 2", "property 1", "property 0"], "{era:?}");
        assert_eq!(fake.journal().len() - sent, 3);

        let cycle = format!("{}/api/?page=1&limit=2", fake.url());
        let page = json!({"results": [], "previous": null, "total_count": 20, "next": cycle});
        fake.add_faults([canned(page)]).unwrap();
        let error = group.activity().stream().try_next().await.unwrap_err();
        assert!(error.is_paging(), "{error}");
    }
}

#[tokio::test]
async fn all_projects_are_returned_from_all_pages() {
    for era in ERAS {
        let projects = (1..=250).map(posthog_groups_fake::Project::new).collect();
        let (fake, _) = serve(era, State { projects, ..State::default() }).await;
        let client = wrapper(&fake).build().unwrap();
        assert_eq!(client.projects().await.unwrap().len(), 250);
        assert_eq!(fake.journal().len(), 3);

        // An empty page with a link to the next would never end.
        let page = json!({"count": 5, "next": format!("{}/api/projects/?offset=0", fake.url()), "previous": null, "results": []});
        fake.add_faults([Fault { times: 0, ..canned(page) }]).unwrap();
        assert!(client.projects().await.unwrap().is_empty());
    }
}
