//! The `posthog-groups` command.
#![allow(dead_code)]

mod rows;

fn main() {}
