//! A stand-in server for the groups part of PostHog's REST API that behaves like the real server, including its quirks.
//!
//! It serves the ten groups endpoints, and those for group types, projects, the current user and capture, with the page formats,
//! error bodies, scopes, activity log and rate limits of servers from 2025 and from 2026. You can test programs that use the API
//! against it without a network and without an account, and inject the faults that a network can have ([`Fault`]). The README of
//! this crate has examples in Rust and in other languages.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use posthog_groups_fake::{Era, Fake, GroupType, State};
//!
//! let state = State { group_types: vec![GroupType::new(0, "organization")], ..State::default() };
//! let fake = Fake::builder().era(Era::Y2025).state(state).start().await?;
//!
//! let response = reqwest::Client::new()
//!     .post(format!("{}/api/projects/1/groups/", fake.url()))
//!     .bearer_auth(fake.key())
//!     .json(&serde_json::json!({"group_type_index": 0, "group_key": "org:5"}))
//!     .send()
//!     .await?;
//!
//! assert_eq!(response.status(), 201);
//! assert_eq!(fake.state().groups[0].group_key, "org:5");
//! # Ok(())
//! # }
//! ```
//!
//! From other languages, use the program with the same name. It is controlled over HTTP under `/__admin/`, where `state`, `journal`
//! and `faults` are [`State`], [`JournalEntry`] and [`Fault`] as JSON.

mod admin;
mod answer;
mod api;
mod auth;
mod context;
mod cursor;
mod database;
mod endpoints;
mod era;
mod error;
mod errors;
mod faults;
mod identify;
mod ingestion;
mod journal;
mod json;
mod limits;
mod request;
mod routes;
mod seed;
mod server;
mod service;
mod shared;
mod state;
mod store;
mod throttle;
mod timestamps;
mod transport;

pub use era::{Era, UnknownEra};
pub use error::Error;
pub use faults::{Effect, Fault, FaultKind, Framing, HttpFault, Phase, StallAt, StallThen};
pub use journal::{FaultHit, JournalEntry};
pub use json::{Json, Properties};
pub use server::{Builder, Fake};
pub use state::{
    Activity, Actor, ApiKey, CaptureFailure, CapturedEvent, DEFAULT_KEY, Group, GroupType, Notebook, Person,
    Project, PropertyDefinition, PropertyType, RateLimit, Relation, Role, SharingToken, State, User,
};

/// The code in the README, which is compiled and run as a doctest.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
