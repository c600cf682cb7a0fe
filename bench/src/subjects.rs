//! The programs that are measured: ours, and peers that do the same work without our client.
//!
//! Each program reads the key, the time and the property `plan` of every group that it receives, and returns a checksum of them, so
//! that a subject that skips work is detected.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use posthog_groups_client::{PersonalApiKey, connect};
use posthog_groups_fake::DEFAULT_KEY;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::measure::cpu_time;
use crate::servers::client;

/// A subject: sends `count` requests to the server at `url`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(crate) enum Subject {
    /// Lists that many pages with the wrapper.
    List,
    /// The same with properties decoded to a struct.
    ListTyped,
    /// reqwest, a struct with `RawValue` properties and `DateTime`.
    ListByHand,
    /// reqwest, a struct with the decoded properties.
    ListTypedByHand,
    /// reqwest, a struct with `serde_json::Value` properties.
    ListToValue,
    /// The code of openapi-generator: the body as text, then owned models with maps.
    ListGenerated,
    /// reqwest, only `next`. Does not read groups: the lower bound, not a peer.
    ListCursorOnly,
    Find,
    FindRaw,
    FindByHand,
    Set,
    SetByHand,
    Create,
    CreateByHand,
    /// Finds groups from 64 concurrent tasks on two threads.
    Tasks,
    TasksByHand,
    /// Prints three groups, like `posthog-groups list --limit 3`.
    Print,
}

impl Subject {
    pub(crate) fn named(name: &str) -> anyhow::Result<Self> {
        Ok(serde_json::from_value(name.into())?)
    }

    pub(crate) fn name(self) -> String {
        format!("{self:?}")
    }

    /// Runs the subject in its own runtime. Returns its checksum and its CPU time.
    pub(crate) fn run(self, url: &str, count: u64) -> anyhow::Result<(u64, Duration)> {
        let start = Instant::now();
        let mut runtime = match self {
            Self::Tasks | Self::TasksByHand => {
                let mut threads = tokio::runtime::Builder::new_multi_thread();
                threads.worker_threads(2);
                threads
            }
            _ => tokio::runtime::Builder::new_current_thread(),
        };
        let runtime = runtime.enable_all().build()?;
        let sum = runtime.block_on(self.send(url, count))?;
        // Read while the worker threads still exist, so that their time is included.
        Ok((sum, cpu_time(start)))
    }

    async fn send(self, url: &str, count: u64) -> anyhow::Result<u64> {
        match self {
            Self::List => list(url, count).await,
            Self::ListTyped => list_typed(url, count).await,
            Self::ListByHand => {
                follow(url, count, |body| Ok(read_page(&serde_json::from_slice(body)?))).await
            }
            Self::ListTypedByHand => {
                let read = |body: &[u8]| {
                    let page: Page<HandGroup<Account>> = serde_json::from_slice(body)?;
                    let read = |group: &HandGroup<Account>| group.read(&group.group_properties.plan);
                    Ok((page.results.iter().map(read).sum(), page.next))
                };
                follow(url, count, read).await
            }
            Self::ListToValue => {
                let read = |body: &[u8]| {
                    let page: Page<HandGroup<Value>> = serde_json::from_slice(body)?;
                    let read = |group: &HandGroup<Value>| {
                        group.read(group.group_properties["plan"].as_str().unwrap_or_default())
                    };
                    Ok((page.results.iter().map(read).sum(), page.next))
                };
                follow(url, count, read).await
            }
            Self::ListGenerated => follow(url, count, generated_page).await,
            Self::ListCursorOnly => {
                let read = |body: &[u8]| {
                    let page: Page<IgnoredAny> = serde_json::from_slice(body)?;
                    Ok((page.results.len() as u64, page.next))
                };
                follow(url, count, read).await
            }
            Self::Find => find(url, count).await,
            Self::FindRaw => find_raw(url, count).await,
            Self::FindByHand => find_by_hand(url, count).await,
            Self::Set => set(url, count).await,
            Self::SetByHand => set_by_hand(url, count).await,
            Self::Create => create(url, count).await,
            Self::CreateByHand => create_by_hand(url, count).await,
            Self::Tasks => tasks(url, count).await,
            Self::TasksByHand => tasks_by_hand(url, count).await,
            Self::Print => print(url).await,
        }
    }
}

#[derive(Deserialize)]
struct Page<G> {
    next: Option<String>,
    results: Vec<G>,
}

/// A group, as typically written by hand.
#[derive(Deserialize)]
struct HandGroup<P = Box<RawValue>> {
    group_key: String,
    group_properties: P,
    created_at: DateTime<Utc>,
    #[expect(dead_code, reason = "decoded, not read")]
    group_type_index: i64,
}

impl<P> HandGroup<P> {
    fn read(&self, plan: &str) -> u64 {
        checksum(&self.group_key, self.created_at, plan)
    }
}

/// One property, which is the only one that the subjects read from properties that are text.
#[derive(Deserialize)]
struct Plan<'a> {
    #[serde(borrow)]
    plan: Cow<'a, str>,
}

/// All properties of the groups on the server.
#[derive(Deserialize)]
#[expect(dead_code, reason = "decoded, not read")]
struct Account {
    name: String,
    plan: String,
    industry: String,
    seats: u32,
    revenue: f64,
    active: bool,
}

fn checksum(key: &str, time: DateTime<Utc>, plan: &str) -> u64 {
    key.len() as u64 + time.timestamp().unsigned_abs() % 1_000 + plan.len() as u64
}

fn read_by_hand(group: &HandGroup) -> u64 {
    let plan = serde_json::from_str::<Plan<'_>>(group.group_properties.get());
    group.read(&plan.map(|found| found.plan).unwrap_or_default())
}

fn read_page(page: &Page<HandGroup>) -> (u64, Option<String>) {
    (page.results.iter().map(read_by_hand).sum(), page.next.clone())
}

fn read_ours(group: &posthog_groups::Group) -> u64 {
    /// serde copies into a bare `Cow`; the peers borrow as well.
    #[derive(Default, Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

    let plan = group.property("plan");
    let plan: Option<Text<'_>> = plan.as_ref().and_then(|value| value.decode().ok());
    checksum(&group.key, group.created_at, &plan.unwrap_or_default().0)
}

// --- lists ---

async fn list(url: &str, pages: u64) -> anyhow::Result<u64> {
    let mut groups = client(url)?.groups(0).list().stream();
    let mut sum = 0;
    for _ in 0..pages * 100 {
        sum += read_ours(&groups.next().await.context("too few groups")??);
    }
    Ok(sum)
}

async fn list_typed(url: &str, pages: u64) -> anyhow::Result<u64> {
    let mut groups = client(url)?.groups(0).list().properties::<Account>().stream();
    let mut sum = 0;
    for _ in 0..pages * 100 {
        let group = groups.next().await.context("too few groups")??;
        sum += checksum(&group.key, group.created_at, &group.properties.plan);
    }
    Ok(sum)
}

/// A bare loop that follows `next`.
async fn follow(
    url: &str,
    pages: u64,
    read: impl Fn(&[u8]) -> anyhow::Result<(u64, Option<String>)>,
) -> anyhow::Result<u64> {
    let http = reqwest::Client::new();
    let mut next = format!("{url}/api/projects/@current/groups/?group_type_index=0");
    let mut sum = 0;
    for _ in 0..pages {
        let response = http.get(&next).bearer_auth(DEFAULT_KEY).send().await?.error_for_status()?;
        let (read, link) = read(&response.bytes().await?)?;
        sum += read;
        next = link.context("too few pages")?;
    }
    Ok(sum)
}

/// openapi-generator's models: all fields are owned, nullable fields are doubly optional, and the time is text by default.
fn generated_page(body: &[u8]) -> anyhow::Result<(u64, Option<String>)> {
    #[derive(Deserialize)]
    struct PaginatedGroupList {
        #[serde(default, with = "double_option")]
        next: Option<Option<String>>,
        #[expect(dead_code, reason = "decoded, not read")]
        #[serde(default, with = "double_option")]
        previous: Option<Option<String>>,
        results: Vec<Group>,
    }

    #[derive(Deserialize)]
    struct Group {
        #[expect(dead_code, reason = "decoded, not read")]
        group_type_index: i32,
        group_key: String,
        group_properties: std::collections::HashMap<String, Value>,
        created_at: String,
    }

    let content = std::str::from_utf8(body)?.to_owned();
    let page: PaginatedGroupList = serde_json::from_str(&content)?;
    let mut sum = 0;
    for group in &page.results {
        let plan = group.group_properties.get("plan").and_then(Value::as_str).unwrap_or_default();
        sum += checksum(&group.group_key, group.created_at.parse()?, plan);
    }
    Ok((sum, page.next.flatten()))
}

/// Like `serde_with::rust::double_option`, which openapi-generator uses.
mod double_option {
    use serde::{Deserialize, Deserializer};

    pub(super) fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Option<T>>, D::Error> {
        Option::deserialize(deserializer).map(Some)
    }
}

// --- single calls ---

/// The key of the group for single calls.
const KEY: &str = "org:6";

fn find_url(url: &str) -> String {
    format!("{url}/api/projects/@current/groups/find/?group_type_index=0&group_key=org%3A6")
}

/// Sends a request and decodes the group.
async fn sent(request: reqwest::RequestBuilder) -> anyhow::Result<HandGroup> {
    Ok(request.bearer_auth(DEFAULT_KEY).send().await?.error_for_status()?.json().await?)
}

async fn find(url: &str, count: u64) -> anyhow::Result<u64> {
    let orgs = client(url)?.groups(0);
    let mut sum = 0;
    for _ in 0..count {
        sum += read_ours(&orgs.find(KEY).await?.context("no group")?);
    }
    Ok(sum)
}

async fn find_raw(url: &str, count: u64) -> anyhow::Result<u64> {
    let client = connect(url, PersonalApiKey::new(DEFAULT_KEY)?)?;
    let mut sum = 0;
    for _ in 0..count {
        let found =
            client.find_group().project_id("@current").group_type_index(0).group_key(KEY).send().await?;
        let plan = found.group_properties.decode::<Plan<'_>>()?;
        sum += checksum(&found.group_key, found.created_at, &plan.plan);
    }
    Ok(sum)
}

async fn find_by_hand(url: &str, count: u64) -> anyhow::Result<u64> {
    let http = reqwest::Client::new();
    let mut sum = 0;
    for _ in 0..count {
        sum += read_by_hand(&sent(http.get(find_url(url))).await?);
    }
    Ok(sum)
}

async fn set(url: &str, count: u64) -> anyhow::Result<u64> {
    let group = client(url)?.groups(0).group(KEY);
    let mut sum = 0;
    for n in 0..count {
        sum += read_ours(&group.set("plan", plan(n)).await?);
    }
    Ok(sum)
}

async fn set_by_hand(url: &str, count: u64) -> anyhow::Result<u64> {
    let http = reqwest::Client::new();
    let url =
        format!("{url}/api/projects/@current/groups/update_property/?group_type_index=0&group_key=org%3A6");
    let mut sum = 0;
    for n in 0..count {
        let body = json!({"key": "plan", "value": plan(n)});
        sum += read_by_hand(&sent(http.post(&url).json(&body)).await?);
    }
    Ok(sum)
}

/// A different plan each time, so that each call changes something.
fn plan(n: u64) -> &'static str {
    if n.is_multiple_of(2) { "trial" } else { "scale" }
}

/// A key that no other run has used.
fn fresh_key(n: u64) -> String {
    static RUNS: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    if n == 0 {
        RUNS.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }
    let run = RUNS.load(std::sync::atomic::Ordering::Relaxed);
    format!("new:{:08}:{run:04}:{n:06}", std::process::id())
}

async fn create(url: &str, count: u64) -> anyhow::Result<u64> {
    let orgs = client(url)?.groups(0);
    let mut sum = 0;
    for n in 0..count {
        let properties = json!({"name": "Acme", "plan": plan(n)});
        sum += fixed_time(&orgs.create(fresh_key(n)).properties(&properties).send().await?);
    }
    Ok(sum)
}

/// Excludes the time from the checksum, because it is the server's clock.
fn fixed_time(group: &posthog_groups::Group) -> u64 {
    read_ours(group) - group.created_at.timestamp().unsigned_abs() % 1_000
}

async fn create_by_hand(url: &str, count: u64) -> anyhow::Result<u64> {
    let http = reqwest::Client::new();
    let url = format!("{url}/api/projects/@current/groups/");
    let mut sum = 0;
    for n in 0..count {
        let body = json!({"group_type_index": 0, "group_key": fresh_key(n),
            "group_properties": {"name": "Acme", "plan": plan(n)}});
        let group = sent(http.post(&url).json(&body)).await?;
        sum += read_by_hand(&group) - group.created_at.timestamp().unsigned_abs() % 1_000;
    }
    Ok(sum)
}

// --- many tasks ---

const TASKS: u64 = 64;

async fn tasks(url: &str, count: u64) -> anyhow::Result<u64> {
    let orgs = client(url)?.groups(0);
    let call = move || {
        let orgs = orgs.clone();
        async move { Ok(read_ours(&orgs.find(KEY).await?.context("no group")?)) }
    };
    in_tasks(count, call).await
}

async fn tasks_by_hand(url: &str, count: u64) -> anyhow::Result<u64> {
    let http = reqwest::Client::new();
    let url: Arc<str> = find_url(url).into();
    let call = move || {
        let (http, url) = (http.clone(), url.clone());
        async move { Ok(read_by_hand(&sent(http.get(&*url)).await?)) }
    };
    in_tasks(count, call).await
}

async fn in_tasks<F, R>(count: u64, call: F) -> anyhow::Result<u64>
where
    F: Fn() -> R + Clone + Send + 'static,
    R: Future<Output = anyhow::Result<u64>> + Send,
{
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..TASKS {
        let call = call.clone();
        running.spawn(async move {
            let mut sum = 0;
            for _ in 0..count / TASKS {
                sum += call().await?;
            }
            anyhow::Ok(sum)
        });
    }
    let mut sum = 0;
    while let Some(ended) = running.join_next().await {
        sum += ended??;
    }
    Ok(sum)
}

// --- a whole program ---

async fn print(url: &str) -> anyhow::Result<u64> {
    let http = reqwest::Client::new();
    let url = format!("{url}/api/projects/@current/groups/?group_type_index=0");
    let page: Page<HandGroup> = http.get(url).bearer_auth(DEFAULT_KEY).send().await?.json().await?;
    let mut text = String::new();
    for group in page.results.iter().take(3) {
        writeln!(text, "{} {} {}", group.group_key, group.created_at, group.group_properties.get())?;
    }
    std::io::Write::write_all(&mut std::io::stdout(), text.as_bytes())?;
    Ok(0)
}
