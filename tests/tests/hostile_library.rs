//! The library against servers that break every rule.
//!
//! Bounds, for a client with a timeout of 1 s, a deadline of 4 s, one retry and responses of at most 4 MiB: a call ends
//! within 8 s (on an idle machine, within 2 s after its deadline) and reads at most 4 MiB of a response, and all calls
//! together use less than 400 MiB. No error shows the key, and no other server is called. `HOSTILE_ONLY` selects
//! the cases whose names contain its value.

use std::error::Error as _;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use futures_util::{StreamExt as _, stream};
use posthog_groups::{Client, Error, RetryPolicy};
use posthog_groups_fake::{Fake, State};
use posthog_groups_tests::{
    Case, Expect, SECRET, SOCKET_BUFFERS, ScriptedServer, Step, cases, peak_memory, tls_proxy,
};

const BOUND: Duration = Duration::from_secs(8);
const MEMORY: u64 = 400 << 20;
/// The maximum size of a response.
const BODY: u64 = 4 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    List,
    Get,
    Create,
    Set,
    Unset,
    Page,
    Types,
    Projects,
    Whoami,
    Activity,
    Related,
    Values,
    Upsert,
}

const CALLS: [Call; 13] = [
    Call::List,
    Call::Get,
    Call::Create,
    Call::Set,
    Call::Unset,
    Call::Page,
    Call::Types,
    Call::Projects,
    Call::Whoami,
    Call::Activity,
    Call::Related,
    Call::Values,
    Call::Upsert,
];

impl Call {
    fn writes(self) -> bool {
        matches!(self, Call::Create | Call::Set | Call::Unset | Call::Upsert)
    }

    async fn run(self, client: &Client) -> Result<(), Error> {
        let groups = client.groups(0);
        let group = groups.group("org:5");
        match self {
            Call::List => {
                let mut stream = groups.list().stream();
                let mut taken = 0;
                while let Some(group) = stream.next().await {
                    group?;
                    taken += 1;
                    // A list may be long; what counts is that it does not grow in memory.
                    if taken == 500 {
                        break;
                    }
                }
                Ok(())
            }
            Call::Page => groups.list().page().await.map(drop),
            Call::Get => group.get().await.map(drop),
            Call::Types => client.group_types().await.map(drop),
            Call::Projects => client.projects().await.map(drop),
            Call::Whoami => client.whoami().await.map(drop),
            Call::Activity => {
                let mut stream = group.activity().stream();
                while let Some(entry) = stream.next().await {
                    entry?;
                }
                Ok(())
            }
            Call::Related => group.related().await.map(drop),
            Call::Values => groups.property_values("plan").await.map(drop),
            Call::Create => groups.create("org:5").send().await.map(drop),
            Call::Set => group.set("plan", "free").await.map(drop),
            Call::Unset => group.unset("gone").await.map(drop),
            Call::Upsert => group.upsert(serde_json::json!({"plan": "free"})).await.map(drop),
        }
    }
}

fn client(server: &ScriptedServer) -> Client {
    let retry = RetryPolicy::default()
        .retries(1)
        .first_wait(Duration::from_millis(1))
        .longest_wait(Duration::from_millis(4))
        .max_server_wait(Duration::from_secs(1));
    Client::builder()
        .host(server.url())
        .personal_api_key(SECRET)
        .project(1)
        .retry(retry)
        .jitter_seed(1)
        .timeout(Duration::from_secs(1))
        .deadline(Duration::from_secs(4))
        .max_response_size(BODY)
        .build()
        .unwrap()
}

/// Everything that an error shows.
fn shown(error: &Error) -> String {
    let mut text = format!("{error} {error:?} {error:#?} {:?} {:?}", error.body_snippet(), error.detail());
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!(" {cause} {cause:?}"));
        source = cause.source();
    }
    text
}

/// Runs a call against a case and returns what is wrong, if anything.
async fn problem(case: &Case, call: Call) -> Option<String> {
    let script = case.clone();
    let server = ScriptedServer::start(move |request| script.respond(request)).await;
    let client = client(&server);
    let started = Instant::now();
    let ended = tokio::time::timeout(BOUND, tokio::spawn(async move { call.run(&client).await })).await;
    let elapsed = started.elapsed();
    let result = match ended {
        Ok(Ok(result)) => result,
        Ok(Err(panic)) => return Some(format!("panicked: {panic}")),
        Err(_) => return Some(format!("did not end within {BOUND:?}, {} requests", server.requests().len())),
    };
    let expected = if call.writes() { case.writes } else { case.reads };
    // The group types are listed properly by every case.
    let expected = if call == Call::Types { Expect::Success } else { expected };
    if server.requests().iter().any(|r| r.target().contains(SECRET) || r.body.contains(SECRET)) {
        return Some("the key is in a URL or a body".to_owned());
    }
    if server.most_repeated() > BODY + SOCKET_BUFFERS {
        return Some(format!("read {} bytes of a response", server.most_repeated()));
    }
    if server.requests().len() > 600 {
        return Some(format!("{} requests", server.requests().len()));
    }
    match (result, expected) {
        (Ok(()), Expect::Failure) => Some("succeeded".to_owned()),
        (Err(error), Expect::Success) => Some(format!("failed after {elapsed:?}: {error}")),
        (Err(error), _) => {
            let shown = shown(&error);
            if shown.contains(SECRET) {
                Some(format!("shows the key: {}", shown.replace(SECRET, "KEY")))
            } else if error.to_string().trim().len() < 20 {
                Some(format!("says too little: {error}"))
            } else {
                None
            }
        }
        (Ok(()), _) => None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_server_makes_a_call_hang_panic_leak_or_use_much_memory() {
    let elsewhere = ScriptedServer::start(|_| vec![Step::Close]).await;
    let only = std::env::var("HOSTILE_ONLY").unwrap_or_default();
    let cases: Vec<Case> =
        cases(elsewhere.address()).into_iter().filter(|case| case.name.contains(&only)).collect();
    assert!(!cases.is_empty());
    let runs: Vec<_> = cases
        .iter()
        .flat_map(|case| CALLS.map(|call| (case, call)))
        .filter(|(case, call)| !case.only_list || *call == Call::List)
        .collect();
    let before = peak_memory(std::process::id());
    let count = runs.len();
    let started = Instant::now();
    let problems: Vec<String> = stream::iter(runs)
        .map(|(case, call)| async move {
            problem(case, call).await.map(|problem| format!("{} / {call:?}: {problem}", case.name))
        })
        .buffer_unordered(24)
        .filter_map(|problem| async { problem })
        .collect()
        .await;
    println!("{count} runs in {:?}, memory from {before:?}", started.elapsed());
    assert!(problems.is_empty(), "{} of {count}:\n{}", problems.len(), problems.join("\n"));
    assert_eq!(elsewhere.connections(), 0, "another server was called");
    if let (Some(before), Some(after)) = (before, peak_memory(std::process::id())) {
        println!("grew by {} MiB", (after - before) >> 20);
        assert!(after - before < MEMORY, "grew by {} MiB", (after - before) >> 20);
    }
}

#[tokio::test]
async fn an_untrusted_certificate_is_distinguished_from_other_failures_to_connect() {
    let fake = Fake::builder().state(State::default()).start().await.unwrap();
    let plain = fake.url().strip_prefix("http://").unwrap().parse().unwrap();
    let error = async |address: SocketAddr| {
        let retry = RetryPolicy::default().retries(1).first_wait(Duration::from_millis(1));
        let client =
            Client::builder().personal_api_key(SECRET).host(format!("https://{address}")).retry(retry);
        client.build().unwrap().projects().await.unwrap_err()
    };
    let untrusted = error(tls_proxy(plain).await).await;
    assert!(untrusted.is_certificate() && untrusted.is_connect(), "{untrusted:?}");
    let without_tls = error(plain).await;
    assert!(without_tls.is_connect() && !without_tls.is_certificate(), "{without_tls:?}");
}
