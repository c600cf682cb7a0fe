//! The `posthog-groups` command.
#![allow(dead_code)]

mod rows;
mod transfer;

fn main() {}
