//! Properties as a struct: `cargo run -p posthog-groups --example typed`.
#![allow(clippy::print_stdout, reason = "showing is what it is for")]

use posthog_groups::Client;
use posthog_groups_fake::{Fake, Group, GroupType, State};
use serde::{Deserialize, Serialize};

#[derive(Debug, Deserialize, Serialize)]
struct Account {
    plan: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    seats: Option<u32>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let fake = Fake::builder()
        .state(State {
            group_types: vec![GroupType::new(0, "organization")],
            groups: vec![
                Group::new(0, "org:1").with("plan", "free"),
                Group::new(0, "org:2").with("plan", "team").with("seats", "a dozen"),
                Group::new(0, "org:3").with("plan", "enterprise").with("seats", 300),
            ],
            ..State::default()
        })
        .start()
        .await?;
    let posthog = Client::builder().personal_api_key(fake.key()).host(fake.url()).build()?;
    let orgs = posthog.groups("organization");

    let account = orgs.get("org:3").await?.typed::<Account>()?;
    println!("{} is on {} with {:?} seats", account.key, account.properties.plan, account.properties.seats);

    println!("all groups, one of which does not match the struct:");
    let mut accounts = orgs.list().properties::<Account>().stream();
    while let Some(account) = accounts.next().await {
        match account {
            Ok(account) => println!("  {} {:?}", account.key, account.properties),
            Err(error) if error.is_decode() => {
                println!(
                    "  {} does not match at `{}`",
                    error.group_key().unwrap_or("?"),
                    error.path().unwrap_or("?")
                );
            }
            Err(error) => return Err(error.into()),
        }
    }

    let new = Account { plan: "trial".to_owned(), seats: None };
    let group = orgs.create("org:4").properties(&new).send().await?;
    println!("created {} {}", group.key, group.properties.as_str());
    Ok(())
}
