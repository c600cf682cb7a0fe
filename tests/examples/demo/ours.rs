//! The same operations with the wrapper, a write whose response is lost, and a rate limit.

use std::time::{Duration, Instant};

use anyhow::ensure;
use posthog_groups::{Client, Error, GroupHandle};
use posthog_groups_fake::{Effect, Fake, Fault, HttpFault, Phase};
use posthog_groups_tests::{GROUPS_OPERATIONS, KEY, requests, wrapper};
use serde_json::{Value, json};

use crate::screen::{self, Cell, Screen};

/// The outcome of a call.
pub(crate) enum Outcome {
    Good(String),
    /// An error that is expected on this server.
    Expected(String),
    Wrong(String),
}

impl Outcome {
    pub(crate) fn cell(&self) -> Cell {
        match self {
            Self::Good(text) => screen::good(text.clone()),
            Self::Expected(text) => screen::expected(format!("expected: {text}")),
            Self::Wrong(text) => screen::bad(format!("WRONG: {text}")),
        }
    }
}

/// Calls all ten operations on one server.
pub(crate) async fn all(fake: &Fake, era: &str, screen: &mut Screen) -> anyhow::Result<Vec<Outcome>> {
    let client = wrapper(fake).build()?;
    let mut outcomes = Vec::new();
    for operation in GROUPS_OPERATIONS {
        let before = fake.journal().len();
        let outcome = match call(&client, operation).await {
            Ok(Some(text)) => Outcome::Good(text),
            Ok(None) => Outcome::Wrong("the response is not what the server stores".to_owned()),
            // Property definitions were removed on 2026-06-26.
            Err(error)
                if error.is_not_offered() && operation == "list_property_definitions" && era == "2026" =>
            {
                Outcome::Expected("no such endpoint".to_owned())
            }
            Err(error) => Outcome::Wrong(error.to_string()),
        };
        screen.note(&format!("\n{operation}, server of {era}: {}", shown(&outcome)));
        for entry in &fake.journal()[before..] {
            let query = if entry.query.is_empty() { String::new() } else { format!("?{}", entry.query) };
            screen.note(&format!("  {} {}{query} {}", entry.method, entry.path, entry.body));
        }
        outcomes.push(outcome);
    }
    Ok(outcomes)
}

fn shown(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Good(text) | Outcome::Expected(text) | Outcome::Wrong(text) => text,
    }
}

/// Calls one operation. Returns the result in short, or `None` if it is wrong.
async fn call(client: &Client, operation: &str) -> Result<Option<String>, Error> {
    let groups = client.groups("account");
    let group = groups.group(KEY);
    let holds = |group: &posthog_groups::Group, expected: Value| {
        let stored: Result<Value, _> = group.properties.decode();
        stored.is_ok_and(|stored| stored == expected)
    };
    Ok(match operation {
        "create_group" => {
            let properties = json!({"plan": "scale", "seats": 42});
            let created = groups.create(KEY).properties(&properties).send().await?;
            holds(&created, properties).then(|| "created".to_owned())
        }
        "find_group" => {
            let found = group.get().await?;
            holds(&found, json!({"plan": "scale", "seats": 42})).then(|| "found, 2 properties".to_owned())
        }
        "update_property" => {
            let changed = group.set("seats", 43).await?;
            holds(&changed, json!({"plan": "scale", "seats": 43})).then(|| "seats: 42 -> 43".to_owned())
        }
        "upsert_properties" => {
            let done = group.upsert(json!({"plan": "scale", "trial": false})).await?;
            (done.written == ["trial"]).then(|| "1 written, 1 unchanged".to_owned())
        }
        "list_groups" => {
            let keys: Vec<String> = groups
                .list()
                .search("scale")
                .page()
                .await?
                .into_groups()?
                .into_iter()
                .map(|g| g.key.to_string())
                .collect();
            (keys == [KEY]).then(|| "1 group".to_owned())
        }
        "list_property_definitions" => {
            let definitions = client.property_definitions().await?;
            let names = definitions.of(0).len();
            (names == 3).then(|| format!("{names} names"))
        }
        "list_property_values" => {
            let values = groups.property_values("plan").await?;
            let first =
                values.first().map(|value| format!("{} x {}", value.value, value.count.unwrap_or_default()));
            first.filter(|first| first == "scale x 1")
        }
        "list_related" => related(&group).await?,
        "delete_property" => {
            let changed = group.unset("seats").await?;
            holds(&changed, json!({"plan": "scale", "trial": false})).then(|| "seats removed".to_owned())
        }
        "list_activity" => {
            let page = group.activity().pages().next().await.transpose()?;
            let entries = page.map_or(0, |page| page.entries.len());
            (entries == 5).then(|| format!("{entries} entries"))
        }
        _ => None,
    })
}

async fn related(group: &GroupHandle) -> Result<Option<String>, Error> {
    let related = group.related().await?;
    let (persons, groups) = (related.persons.len(), related.groups.len());
    Ok((persons == 1 && groups == 1).then(|| "1 person, 1 group".to_owned()))
}

/// A create that the server executes, and whose response is lost.
pub(crate) async fn lost_answer(fake: &Fake, screen: &mut Screen) -> anyhow::Result<Outcome> {
    let client = wrapper(fake).build()?;
    let groups = client.groups(0);
    ensure!(groups.find("acct_lost").await?.is_none());
    client.group_types().await?;
    let before = fake.journal().len();
    let lost = Fault {
        phase: Phase::After,
        method: Some("POST".to_owned()),
        ..Fault::new(Effect::Drop { reset: false })
    };
    fake.add_faults([lost])?;
    let result = groups.create("acct_lost").properties(json!({"plan": "trial"})).send().await;
    let sent = requests(&fake.journal()[before..]);
    screen.note(&format!("\na write, its answer lost: {result:?}\n  {}", sent.join("\n  ")));
    let state = fake.state();
    let stored = state.groups.iter().filter(|group| group.group_key == "acct_lost").count();
    let events = state.captured_events.len();
    let posts = sent.iter().filter(|request| request.starts_with("POST")).count();
    Ok(match result {
        Ok(_) if (stored, events, posts) == (1, 1, 1) => {
            Outcome::Good(format!("sent once, read back: {stored} group, {events} event"))
        }
        result => Outcome::Wrong(format!("{result:?}: sent {posts} times, {stored} groups, {events} events")),
    })
}

/// A read that the server rate limits for a second.
pub(crate) async fn rate_limit(fake: &Fake, screen: &mut Screen) -> anyhow::Result<Outcome> {
    let client = wrapper(fake).build()?;
    let before = fake.journal().len();
    let headers = [("Retry-After".to_owned(), "1".to_owned())].into();
    let body = json!({"type": "throttled_error", "code": "throttled", "detail": "Request was throttled.", "attr": null});
    fake.add_faults([Fault::new(Effect::Http(HttpFault {
        status: 429,
        headers,
        body,
        content_type: None,
    }))])?;
    let start = Instant::now();
    let result = client.groups(0).find("acct_lost").await;
    let waited = start.elapsed();
    let sent: Vec<Option<u16>> = fake.journal()[before..].iter().map(|entry| entry.status).collect();
    screen.note(&format!("\na rate limit: {sent:?} after {waited:?}"));
    Ok(match result {
        Ok(Some(_)) if waited >= Duration::from_secs(1) && sent == [Some(429), Some(200)] => Outcome::Good(
            format!("429, Retry-After: 1; waited {:.1} s, then succeeded", waited.as_secs_f64()),
        ),
        result => Outcome::Wrong(format!("{result:?} after {waited:?}, statuses {sent:?}")),
    })
}
