//! Demonstrates on a stand-in server of each era that calls fail if they follow PostHog's published description, that the same calls
//! succeed with `posthog-groups`, and that a write takes effect once even if its response is lost. Run by `cargo xtask demo`.
//!
//! Prints two screens, and writes every request and response to a file. Exits with 1 if a call of `posthog-groups` fails.

mod ours;
mod published;
mod screen;

use std::path::PathBuf;
use std::process::ExitCode;

use posthog_groups_fake::Fake;
use posthog_groups_tests::{GROUPS_OPERATIONS, seed, workspace};

use crate::ours::Outcome;
use crate::published::{Published, Verdict};
use crate::screen::Screen;

/// A server of an era, and what is published for it.
const ERAS: [(&str, &str); 2] = [("2025", "posthog-2025.yaml"), ("2026", "posthog-2026-09-21.yaml")];

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let file = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace().join("target"), PathBuf::from);
    let mut screen = Screen::new(file.join("demo.txt"));

    screen.title("1. As PostHog publishes it: each operation called exactly as described");
    let mut published = Vec::new();
    for (era, document) in ERAS {
        let document = Published::read(&workspace().join("spec/published").join(document))?;
        let mut verdicts = Vec::new();
        for operation in GROUPS_OPERATIONS {
            let fake = Fake::builder().state(seed(era)?).start().await?;
            let verdict = document.call(&fake, operation, &mut screen).await?;
            verdicts.push(verdict);
            fake.shutdown().await;
        }
        published.push(verdicts);
    }
    screen.row("operation", ["document, server of 2025", "document, server of 2026"].map(screen::heading));
    for (n, operation) in GROUPS_OPERATIONS.iter().enumerate() {
        screen.row(operation, [&published[0][n], &published[1][n]].map(Verdict::cell));
    }
    screen.text(
        "A call succeeds if it gets the response that is described. Each description has\n\
         further defects, such as errors and limits that are missing: spec/README.md.",
    );
    let works =
        |verdicts: &[Verdict]| verdicts.iter().filter(|verdict| matches!(verdict, Verdict::Succeeds)).count();
    let there = |verdicts: &[Verdict]| {
        verdicts.iter().filter(|verdict| !matches!(verdict, Verdict::NotPublished)).count()
    };

    screen.title("2. The same operations with `posthog-groups`");
    let mut ours = Vec::new();
    for (era, _) in ERAS {
        let fake = Fake::builder().state(seed(era)?).start().await?;
        ours.push(ours::all(&fake, era, &mut screen).await?);
        fake.shutdown().await;
    }
    screen.row("operation", ["server of 2025", "server of 2026"].map(screen::heading));
    for (n, operation) in GROUPS_OPERATIONS.iter().enumerate() {
        screen.row(operation, [&ours[0][n], &ours[1][n]].map(Outcome::cell));
    }
    let fake = Fake::builder().state(seed("2026")?).start().await?;
    screen.blank();
    let lost = ours::lost_answer(&fake, &mut screen).await?;
    screen.line("a write, response lost", lost.cell());
    let limited = ours::rate_limit(&fake, &mut screen).await?;
    screen.line("a rate limit", limited.cell());
    fake.shutdown().await;

    let all = || ours.iter().flatten().chain([&lost, &limited]);
    let good = all().filter(|outcome| !matches!(outcome, Outcome::Wrong(_))).count();
    let expected = all().filter(|outcome| matches!(outcome, Outcome::Expected(_))).count();
    screen.blank();
    screen.line(
        "as published",
        screen::bad(format!(
            "{} of {} calls succeed in 2025, {} of {} in 2026",
            works(&published[0]),
            there(&published[0]),
            works(&published[1]),
            there(&published[1])
        )),
    );
    let counts = format!("{good} of {} as expected, {expected} of them an expected error", all().count());
    let is_good = good == all().count();
    screen.line("with posthog-groups", if is_good { screen::good(counts) } else { screen::bad(counts) });
    screen.finish()?;
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
