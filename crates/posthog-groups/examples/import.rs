//! An import with a plan and a journal, against a stand-in server that this program starts itself:
//! `cargo run -p posthog-groups --features bulk --example import`
#![allow(clippy::print_stdout, reason = "showing is what it is for")]

use posthog_groups::bulk::{ImportEvent, ImportRow, RowOutcome};
use posthog_groups::{Client, Properties};
use posthog_groups_fake::{Fake, Group, GroupType, State};
use serde_json::json;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let state = State {
        group_types: vec![GroupType::new(0, "organization")],
        groups: vec![
            Group::new(0, "org:1").with("plan", "free"),
            Group::new(0, "org:2").with("plan", "scale"),
        ],
        ..State::default()
    };
    let fake = Fake::builder().state(state).start().await?;
    let posthog = Client::builder().personal_api_key(fake.key()).host(fake.url()).build()?;
    let orgs = posthog.groups("organization");

    let rows = [
        ImportRow::new("org:1", Properties::new(&json!({"plan": "enterprise", "seats": 40}))?),
        ImportRow::new("org:2", Properties::new(&json!({"plan": "scale"}))?),
        ImportRow::new("org:3", Properties::new(&json!({"plan": "trial"}))?),
    ];
    let all = || rows.iter().cloned().map(Ok);

    let plan = orgs.import(all).plan().await?;
    println!("to create: {}, to change: {}, unchanged: {}", plan.created, plan.changed, plan.unchanged);

    let folder = tempfile::tempdir()?;
    let report = orgs
        .import(all)
        .journal(folder.path().join("organizations.journal"))
        .on_event(|event| {
            if let ImportEvent::Row { line, key, outcome } = event {
                let outcome = match outcome {
                    RowOutcome::Created { .. } => "created".to_owned(),
                    RowOutcome::Changed { properties } => format!("changed: {}", properties.join(", ")),
                    other => format!("{other:?}").to_lowercase(),
                };
                println!("{line} {key} {outcome}");
            }
        })
        .run()
        .await?;
    println!("complete: {}, with {} requests", report.is_complete(), report.requests);
    Ok(())
}
