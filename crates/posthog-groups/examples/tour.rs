//! All ten operations of the groups API, against a stand-in server that this program starts itself:
//! `cargo run -p posthog-groups --example tour`.
#![allow(clippy::print_stdout, reason = "showing is what it is for")]

use futures_util::TryStreamExt as _;
use posthog_groups::Client;
use posthog_groups_fake::{Era, Fake, State};
use serde_json::json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    for era in Era::ALL {
        let fake = Fake::builder().era(era).state(State::seeded(1_000)).start().await?;
        println!("=== a server from {era}, {} ===", fake.url());
        let posthog = Client::builder().personal_api_key(fake.key()).host(fake.url()).build()?;
        tour(&posthog).await?;
        println!("{} requests\n", fake.journal().len());
    }
    Ok(())
}

async fn tour(posthog: &Client) -> Result<(), Box<dyn std::error::Error>> {
    let me = posthog.whoami().await?;
    println!("key of        {}", me.email);
    for group_type in posthog.group_types().await? {
        println!("group type    {} is {}", group_type.group_type_index, group_type.group_type);
    }

    let orgs = posthog.groups("organization");
    let pages: Vec<_> = orgs.list().pages().map_ok(|page| page.groups.len()).try_collect().await?;
    println!("list          {} groups on {} pages", pages.iter().sum::<usize>(), pages.len());
    let found: Vec<_> = orgs.list().search("enterprise").key_contains("org:1").stream().try_collect().await?;
    println!("search        {} on the plan enterprise with org:1 in the key", found.len());

    let group = orgs.find("org:6").await?.ok_or("org:6 is seeded")?;
    println!("find          {} {}", group.key, group.properties.as_str());
    println!("find          nobody is {:?}", orgs.find("nobody").await?.map(|group| group.key));

    let new = orgs.create("org:new").properties(json!({"name": "New", "plan": "trial"})).send().await?;
    println!("create        {} {}", new.key, new.properties.as_str());
    let again = orgs.create("org:new").send().await;
    println!("create        again: {}", again.err().ok_or("the key is taken")?);

    let handle = orgs.group("org:new");
    let after = handle.set("plan", "enterprise").await?;
    println!("set           {}", after.properties.as_str());
    let after = handle.unset("name").await?;
    println!("unset         {}", after.properties.as_str());
    let done = handle.upsert(json!({"plan": "enterprise", "seats": 42, "vip": true})).await?;
    println!("upsert        wrote {:?}", done.written);

    let history: Vec<_> = handle.activity().stream().try_collect().await?;
    println!("activity      {} entries", history.len());
    for entry in history {
        println!("              {} {}", entry.activity, entry.detail.name.unwrap_or_default());
    }

    let related = orgs.group("org:6").related().await?;
    println!("related       {} persons, {} groups to org:6", related.persons.len(), related.groups.len());
    if let Some(person) = related.persons.first() {
        let groups = posthog.related_to_person(&person.uuid).await?.groups;
        let keys: Vec<_> = groups.iter().map(|group| group.group_key.as_str()).collect();
        println!("related       {} to {}", keys.join(", "), person.name);
    }

    for value in orgs.property_values("plan").containing("e").await? {
        println!("values        plan {} x {}", value.value, value.count.unwrap_or_default());
    }
    match posthog.property_definitions().await {
        Ok(definitions) => println!("definitions   {} of organizations", definitions.of(0).len()),
        Err(error) if error.is_not_offered() => println!("definitions   not offered by this server"),
        Err(error) => return Err(error.into()),
    }
    Ok(())
}
