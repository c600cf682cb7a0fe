//! Every wait and every body is limited.

use std::time::{Duration, Instant};

use posthog_groups::raw::{Direct, PersonalApiKey, connect};
use posthog_groups::{Client, RateLimit};
use posthog_groups_fake::{Effect, Fake, Fault, Group, GroupType, StallAt, StallThen, State};
use posthog_groups_tests::{ScriptedServer, Step, quick, requests, wrapper};

async fn serve() -> Fake {
    let state = State {
        group_types: vec![GroupType::new(0, "organization")],
        groups: vec![Group::new(0, "org:5").with("plan", "free")],
        ..State::default()
    };
    Fake::builder().state(state).start().await.unwrap()
}

fn patient(client: &Client) -> Client {
    let policy = quick(3).max_server_wait(Duration::from_secs(7_200));
    client.with_options(|options| options.deadline(None).retry(policy))
}

fn silent() -> Fault {
    Fault::new(Effect::Stall { seconds: 30.0, at: StallAt::Headers, then: StallThen::Drop })
}

#[tokio::test]
async fn a_call_queued_behind_another_waits_no_longer_than_its_own_limit() {
    let fake = serve().await;
    let client = wrapper(&fake).rate_limit(RateLimit::per_minute(1)).build().unwrap();
    client.groups(0).get("org:5").await.unwrap();
    let waiting = {
        let orgs = patient(&client).groups(0);
        tokio::spawn(async move { orgs.get("org:5").await })
    };
    tokio::time::sleep(Duration::from_millis(50)).await;
    for deadline in [Some(Duration::from_secs(300)), None] {
        let policy = quick(3).max_server_wait(Duration::from_secs(1));
        let limited_client = client.with_options(|options| options.deadline(deadline).retry(policy));
        let started = Instant::now();
        let error = limited_client.groups(0).get("org:5").await.unwrap_err();
        assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
        assert!(error.is_rate_limited() && error.attempts() == 0, "{error:?}");
        assert!(error.retry_after().is_some_and(|wait| wait > Duration::from_secs(30)), "{error:?}");
    }
    waiting.abort();
}

#[tokio::test]
async fn a_deadline_holds_while_another_call_requests_the_group_types() {
    let fake = serve().await;
    let client = wrapper(&fake).timeout(Duration::from_secs(20)).build().unwrap();
    fake.add_faults([Fault { times: 0, ..silent() }.on("GET", "/groups_types/$")]).unwrap();
    let waiting = {
        let orgs = patient(&client).groups("organization");
        tokio::spawn(async move { orgs.get("org:5").await })
    };
    tokio::time::sleep(Duration::from_millis(100)).await;
    let limited_client = client.with_options(|options| options.deadline(Duration::from_millis(500)));
    let started = Instant::now();
    let error = limited_client.groups("organization").get("org:5").await.unwrap_err();
    assert!(error.is_timeout() && started.elapsed() < Duration::from_secs(3), "{error:?}");
    let policy = quick(0).max_server_wait(Duration::from_millis(500));
    let limited_client = client.with_options(|options| options.deadline(None).retry(policy));
    let started = Instant::now();
    let error = limited_client.groups("organization").get("org:5").await.unwrap_err();
    assert!(error.is_timeout() && started.elapsed() < Duration::from_secs(3), "{error:?}");
    assert_eq!(requests(&fake.journal()), ["GET groups_types"]);
    waiting.abort();
}

#[tokio::test]
async fn a_deadline_holds_while_another_call_writes_to_the_group() {
    let fake = serve().await;
    let client = wrapper(&fake).timeout(Duration::from_secs(20)).build().unwrap();
    fake.add_faults([silent().on("POST", "/update_property/$")]).unwrap();
    let waiting = {
        let group = patient(&client).groups(0).group("org:5");
        tokio::spawn(async move { group.set("plan", "scale").await })
    };
    tokio::time::sleep(Duration::from_millis(100)).await;
    let policy = quick(0).max_server_wait(Duration::from_millis(500));
    for limited_client in [
        client.with_options(|options| options.deadline(Duration::from_millis(500))),
        client.with_options(|options| options.deadline(None).retry(policy)),
    ] {
        let group = limited_client.groups(0).group("org:5");
        let started = Instant::now();
        for error in [group.set("plan", 1).await.unwrap_err(), group.unset("plan").await.unwrap_err()] {
            assert!(error.is_timeout() && error.is_retryable() && error.attempts() == 0, "{error:?}");
        }
        assert!(started.elapsed() < Duration::from_secs(5));
    }
    waiting.abort();
}

/// A server that sends an endless body.
async fn endless(status: &str) -> ScriptedServer {
    let head = format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n[");
    ScriptedServer::start(move |_| vec![Step::Send(head.clone().into()), Step::Repeat(vec![b' '; 65_536])])
        .await
}

/// The messages of an error and its causes. For an unexpected response, the messages of the error of reading its body.
async fn causes(error: posthog_groups::raw::Error<()>) -> String {
    match error {
        posthog_groups::raw::Error::UnexpectedResponse(response) => {
            chain(&response.bytes().await.unwrap_err())
        }
        error => chain(&error),
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(Some(error), |error| error.source()).map(|error| format!("{error}\n")).collect()
}

#[tokio::test]
async fn the_raw_client_limits_bodies_and_the_limit_can_be_changed() {
    for status in ["200 OK", "502 Bad Gateway"] {
        let server = endless(status).await;
        let key = PersonalApiKey::new("phx_x").unwrap();
        let started = Instant::now();
        let client = connect(&server.url(), Direct::new(key.clone()).max_response_size(1_000_000)).unwrap();
        let error = client.list_group_types().project_id("1").send().await.unwrap_err();
        let text = causes(error).await;
        assert!(text.contains("1000000 bytes") && text.contains("max_response_size"), "{text}");
        // The default is 64 MB.
        let client = connect(&server.url(), key).unwrap();
        let error = client.list_group_types().project_id("1").send().await.unwrap_err();
        let text = causes(error).await;
        assert!(text.contains("67108864 bytes"), "{text}");
        assert!(started.elapsed() < Duration::from_secs(60));
    }
}

#[tokio::test]
async fn the_wrapper_limits_bodies_of_every_status() {
    for status in ["200 OK", "404 Not Found", "502 Bad Gateway"] {
        let server = endless(status).await;
        let builder = Client::builder().host(server.url()).personal_api_key("phx_x").retry(quick(0));
        let client = builder.max_response_size(1_000_000).build().unwrap();
        for error in [
            client.groups(0).get("a").await.unwrap_err(),
            client.groups(0).group("a").set("plan", 1).await.unwrap_err(),
            client.projects().await.unwrap_err(),
        ] {
            assert!(error.is_decode() && error.to_string().contains("1000000 bytes"), "{error:?}");
        }
    }
}
