//! Errors and their accessors: `cargo run -p posthog-groups --example errors`.
#![allow(clippy::print_stdout, reason = "showing is what it is for")]

use std::time::Duration;

use posthog_groups::{Client, Error, RetryPolicy};
use posthog_groups_fake::{Fake, Fault, Phase, State};
use serde_json::json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let fake = Fake::builder().state(State::seeded(100)).start().await?;
    let builder = || {
        Client::builder()
            .personal_api_key(fake.key())
            .host(fake.url())
            .retry(RetryPolicy::default().first_wait(Duration::from_millis(10)))
    };
    let posthog = builder().build()?;
    let orgs = posthog.groups("organization");

    println!("invalid input is rejected before a request is sent:");
    show(Client::builder().personal_api_key("phc_project_key").build().err());
    show(builder().host("eu.posthog.com").build().err());
    show(orgs.get(" ").await.err());
    show(posthog.groups(5).get("a").await.err());
    show(posthog.groups("company").get("a").await.err());
    show(orgs.group("org:0").set("plan", None::<u8>).await.err());

    println!("error responses of the server:");
    show(orgs.get("nobody").await.err());
    show(orgs.create("org:0").send().await.err());
    show(posthog.property_definitions().await.err());
    show(builder().personal_api_key("phx_unknown").build()?.groups(0).get("org:0").await.err());
    show(builder().project(404).build()?.groups(0).get("org:0").await.err());

    println!("temporary failures are retried, up to a limit:");
    fake.add_faults([Fault { times: 2, ..Fault::http(503) }])?;
    println!("  after two 503 responses: {}", orgs.get("org:0").await?.key);
    fake.add_faults([Fault { times: 0, ..Fault::http(503) }])?;
    show(orgs.get("org:0").await.err());
    fake.clear_faults();

    println!("the response to a create is lost, but the group is created only once:");
    let lost = Fault { phase: Phase::After, ..Fault::drop_connection() }.on("POST", "/groups/$");
    fake.add_faults([lost])?;
    let group = orgs.create("org:new").properties(json!({"plan": "trial"})).send().await?;
    let stored = fake.state().groups.iter().filter(|group| group.group_key == "org:new").count();
    println!("  {} was created {stored} time", group.key);
    Ok(())
}

fn show(error: Option<Error>) {
    let Some(error) = error else { return println!("  no error") };
    let mut kinds = Vec::new();
    for (name, holds) in [
        ("invalid input", error.is_invalid_input()),
        ("not found", error.is_not_found()),
        ("not offered", error.is_not_offered()),
        ("already exists", error.is_already_exists()),
        ("unauthorized", error.is_unauthorized()),
        ("server error", error.is_server_error()),
        ("retryable", error.is_retryable()),
    ] {
        if holds {
            kinds.push(name);
        }
    }
    println!("  [{}] {error}", kinds.join(", "));
}
