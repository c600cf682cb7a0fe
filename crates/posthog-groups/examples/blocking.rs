//! The client without `async`: `cargo run -p posthog-groups --features blocking --example blocking`.
#![allow(clippy::print_stdout, reason = "showing is what it is for")]

use posthog_groups::blocking::Client;
use posthog_groups_fake::{Fake, State};
use serde_json::json;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let fake = Fake::builder().state(State::seeded(500)).start_blocking()?;
    let posthog = Client::builder().personal_api_key(fake.key()).host(fake.url()).build_blocking()?;
    let orgs = posthog.groups("organization");

    for group in orgs.list().search("enterprise").iter().take(3) {
        let group = group?;
        println!("{} {}", group.key, group.properties.as_str());
    }
    println!("{} organizations", orgs.list().iter().filter(Result::is_ok).count());

    let done = orgs.group("org:new").upsert(json!({"plan": "free"})).create_if_missing().send()?;
    println!("created: {}, written: {:?}", done.created, done.written);
    println!("{}", orgs.group("org:new").set("plan", "enterprise")?.properties.as_str());
    Ok(())
}
