//! The `posthog-groups` command.

fn main() {}
