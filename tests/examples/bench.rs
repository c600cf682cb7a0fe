//! Measures ratios against named peers, each pair in one run, and prints them as Markdown: `cargo xtask bench`.
//! `BENCHMARKS.md` holds the output of one run.

use std::hint::black_box;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use futures_util::TryStreamExt as _;
use posthog_groups_client::types::GroupPage;
use posthog_groups_fake::{Fake, State};
use posthog_groups_spec::compare::compare;
use posthog_groups_spec::lint::lint;
use posthog_groups_spec::{Document, Project};
use posthog_groups_tests::workspace;
use serde::Deserialize;
use serde_json::{Value, json};

/// A page as somebody would write it by hand, with properties as trees.
#[derive(Deserialize)]
#[expect(dead_code, reason = "decoded, not read")]
struct TreePage {
    next: Option<String>,
    previous: Option<String>,
    results: Vec<HandGroup<Value>>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "decoded, not read")]
struct HandPage {
    next: Option<String>,
    previous: Option<String>,
    results: Vec<HandGroup<Account>>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "decoded, not read")]
struct HandGroup<P> {
    group_type_index: i64,
    group_key: String,
    group_properties: P,
    created_at: chrono::DateTime<chrono::Utc>,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "decoded, not read")]
struct Account {
    name: String,
    plan: String,
    industry: String,
    seats: u32,
    revenue: f64,
    active: bool,
    tags: Vec<String>,
}

/// What a bare loop that only follows cursors reads of a page.
#[derive(Deserialize)]
struct Cursor {
    next: Option<String>,
    results: Vec<serde::de::IgnoredAny>,
}

fn page() -> String {
    let results: Vec<_> = (0..100)
        .map(|n| {
            json!({"group_type_index": 0, "group_key": format!("org:{n}"), "created_at": "2026-03-04T09:15:27.482Z",
                "group_properties": {"name": format!("Organization number {n}"), "plan": "enterprise",
                    "industry": "shipping and logistics", "seats": n, "revenue": 1234.5, "active": true,
                    "tags": ["one", "two", "three"]}})
        })
        .collect();
    json!({"next": null, "previous": null, "results": results}).to_string()
}

/// The best of several rounds, the two subjects in turn, so that what else the machine does hits both.
fn best(rounds: u32, mut a: impl FnMut(), mut b: impl FnMut()) -> (Duration, Duration) {
    let (mut best_a, mut best_b) = (Duration::MAX, Duration::MAX);
    for _ in 0..rounds {
        let start = Instant::now();
        a();
        best_a = best_a.min(start.elapsed());
        let start = Instant::now();
        b();
        best_b = best_b.min(start.elapsed());
    }
    (best_a, best_b)
}

fn row(
    out: &mut impl Write,
    what: &str,
    peer: &str,
    ours: Duration,
    theirs: Duration,
    target: &str,
) -> io::Result<()> {
    let ratio = theirs.as_secs_f64() / ours.as_secs_f64();
    let ratio =
        if ratio >= 1.2 { format!("{ratio:.2}x faster") } else { format!("{:.2}x the time", 1.0 / ratio) };
    writeln!(out, "| {what} | {peer} | {ours:.1?} | {theirs:.1?} | {ratio} | {target} |")
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let mut out = io::stdout();
    writeln!(out, "| what | against | ours | peer | ratio | target |\n|---|---|---|---|---|---|")?;

    let text = page();
    let decode = |f: &dyn Fn()| (0..50).for_each(|_| f());
    let (ours, theirs) = best(
        200,
        || decode(&|| drop(black_box(serde_json::from_str::<GroupPage>(&text)))),
        || decode(&|| drop(black_box(serde_json::from_str::<TreePage>(&text)))),
    );
    row(
        &mut out,
        "decode a page of 100 groups, properties untouched (50 times)",
        "the same struct with `serde_json::Value`",
        ours,
        theirs,
        "2.5x faster",
    )?;

    let typed = || {
        let page: GroupPage = serde_json::from_str(&text).unwrap_or_else(|e| unreachable!("{e}"));
        for group in &page.results {
            drop(black_box(group.group_properties.decode::<Account>()));
        }
    };
    let (ours, theirs) =
        best(200, || decode(&typed), || decode(&|| drop(black_box(serde_json::from_str::<HandPage>(&text)))));
    row(
        &mut out,
        "decode a page, typed properties (50 times)",
        "a hand-written serde struct",
        ours,
        theirs,
        "1.05x the time",
    )?;

    network(&mut out).await?;
    pipeline(&mut out)?;
    Ok(())
}

/// Calls over loopback against the stand-in, beside bare reqwest.
async fn network(out: &mut impl Write) -> anyhow::Result<()> {
    let fake = Fake::builder().state(State::seeded(145_000)).start().await?;
    let posthog = posthog_groups::Client::builder().personal_api_key(fake.key()).host(fake.url()).build()?;
    let bare = reqwest::Client::new();
    let orgs = posthog.groups(0);

    let (mut ours, mut theirs) = (Duration::MAX, Duration::MAX);
    let mut counts = (0, 0);
    for _ in 0..3 {
        let start = Instant::now();
        counts.0 = orgs.list().stream().try_fold(0_u64, |n, _| async move { Ok(n + 1) }).await?;
        ours = ours.min(start.elapsed());
        let start = Instant::now();
        counts.1 = bare_walk(&bare, &fake).await?;
        theirs = theirs.min(start.elapsed());
    }
    anyhow::ensure!(counts.0 == counts.1, "the two walks saw {counts:?} groups");
    let what = format!("list {} groups, decoded, one by one", counts.0);
    row(out, &what, "a bare reqwest loop that only follows cursors", ours, theirs, "1.10x the time")?;

    let url =
        format!("{}/api/projects/@current/groups/find/?group_type_index=0&group_key=org%3A6", fake.url());
    let (mut ours, mut theirs) = (Duration::MAX, Duration::MAX);
    for _ in 0..10 {
        let start = Instant::now();
        for _ in 0..300 {
            black_box(orgs.find("org:6").await?);
        }
        ours = ours.min(start.elapsed());
        let start = Instant::now();
        for _ in 0..300 {
            black_box(bare.get(&url).bearer_auth(fake.key()).send().await?.json::<Value>().await?);
        }
        theirs = theirs.min(start.elapsed());
    }
    row(
        out,
        "find a group (300 times)",
        "the same call by bare reqwest, to `Value`",
        ours,
        theirs,
        "1.10x the time",
    )?;
    fake.shutdown().await;
    Ok(())
}

async fn bare_walk(http: &reqwest::Client, fake: &Fake) -> anyhow::Result<u64> {
    let mut url = format!("{}/api/projects/@current/groups/?group_type_index=0", fake.url());
    let mut count = 0;
    loop {
        let page: Cursor = http.get(&url).bearer_auth(fake.key()).send().await?.json().await?;
        count += page.results.len() as u64;
        match page.next {
            Some(next) => url = next,
            None => return Ok(count),
        }
    }
}

/// From a complete document to the verdict on it, and from the specification to bindings; there is no peer.
fn pipeline(out: &mut impl Write) -> anyhow::Result<()> {
    let real = workspace().join("../shared/upstream/posthog-2025.openapi.yaml");
    let (name, text) = match std::fs::read_to_string(&real) {
        Ok(text) => ("a complete published document", text),
        Err(_) => (
            "a slice: no complete document is on this machine",
            std::fs::read_to_string(workspace().join("spec/published/posthog-2025.yaml"))?,
        ),
    };
    let project = Project::new(workspace().join("spec"));
    let (spec, ledger) = (project.spec()?, project.ledger()?);
    let mut fastest = Duration::MAX;
    for _ in 0..5 {
        let start = Instant::now();
        let document = Document::parse("published.yaml", &text)?;
        black_box(compare(&document, &spec, &ledger)?);
        black_box(lint(&spec));
        black_box(posthog_groups_codegen::generate(&spec)?);
        fastest = fastest.min(start.elapsed());
    }
    writeln!(
        out,
        "| compare, lint and generate ({name}, {} kB) | - | {fastest:.1?} | - | - | 1 s |",
        text.len() / 1000
    )?;
    Ok(())
}
