//! Synchronizing groups with a table: `cargo run -p posthog-groups --example upsert`.
#![allow(clippy::print_stdout, reason = "showing is what it is for")]

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use posthog_groups::Client;
use posthog_groups_fake::{Fake, State};
use serde::Serialize;

#[derive(Serialize)]
struct Customer {
    plan: &'static str,
    seats: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<&'static str>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let fake = Fake::builder().state(State::seeded(30)).start().await?;
    let posthog = Client::builder().personal_api_key(fake.key()).host(fake.url()).build()?;
    let orgs = posthog.groups("organization");
    let customers = [
        ("org:0", Customer { plan: "enterprise", seats: 10, owner: None }),
        ("org:1", Customer { plan: "free", seats: 1, owner: Some("Ada") }),
        ("org:77", Customer { plan: "team", seats: 5, owner: Some("Grace") }),
    ];

    for round in ["first", "second"] {
        println!("{round} round:");
        // Different groups are written concurrently; the client serializes writes to the same group.
        let done: Vec<_> = stream::iter(&customers)
            .map(|(key, customer)| {
                let group = orgs.group(*key);
                async move { group.upsert(customer).create_if_missing().await.map(|done| (*key, done)) }
            })
            .buffered(8)
            .try_collect()
            .await?;
        for (key, done) in done {
            let what = if done.created { "created with" } else { "written:" };
            println!("  {key} {what} {:?}", done.written);
        }
    }
    Ok(())
}
