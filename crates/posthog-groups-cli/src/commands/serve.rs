//! `serve`: runs the stand-in server.

use std::io::{self, Write as _};

use posthog_groups_fake::{Fake, State};

use crate::arguments::{GlobalArguments, Serve};
use crate::exit::Failure;
use crate::style::Styles;
use crate::transfer::interrupt::Interrupt;

pub(crate) async fn run(global: &GlobalArguments, arguments: &Serve) -> Result<(), Failure> {
    let state = match (&arguments.state, arguments.seed) {
        (Some(path), _) => {
            let text = std::fs::read_to_string(path)
                .map_err(|e| Failure::usage(format!("cannot read {}: {e}", path.display())))?;
            text.parse().map_err(|e| Failure::usage(format!("{}: {e}", path.display())))?
        }
        (None, Some(groups)) => State::seeded(groups),
        (None, None) => State::default(),
    };
    let project = state.project_id;
    // With several types, most commands need one to be selected.
    let group_type = state.group_types.first().map_or_else(String::new, |first| {
        format!("export POSTHOG_GROUP_TYPE={}\n", name_or_index(&first.group_type, first.group_type_index))
    });
    let mut builder = Fake::builder().host(arguments.address).port(arguments.port).state(state);
    if let Some(era) = arguments.era {
        builder = builder.era(era);
    }
    if let Some(page_size) = arguments.page_size {
        builder = builder.page_size(page_size);
    }
    // Before the address is printed, so that no signal is missed.
    let stop = Interrupt::listen()?;
    let fake = builder.start().await.map_err(|e| {
        Failure::failed(e.to_string()).help("choose another port with --port N; 0 picks a free port")
    })?;
    let lines = format!(
        "export POSTHOG_HOST={}\nexport POSTHOG_PERSONAL_API_KEY={}\nexport POSTHOG_PROJECT_ID={project}\n{group_type}",
        fake.url(),
        fake.key(),
    );
    io::stdout().write_all(lines.as_bytes()).map_err(|e| Failure::of_stdout(&e))?;
    if !arguments.address.is_loopback() {
        // Not a note: --quiet leaves it.
        let _ = writeln!(
            io::stderr(),
            "{} anyone who can reach {} can read and change all data, and inject faults",
            Styles::of(&io::stderr(), global).warning("warning:"),
            fake.url()
        );
    }
    if !global.quiet {
        // Keep serving if standard error is closed.
        let _ = writeln!(
            io::stderr(),
            "stand-in for PostHog of {} is running; paste the lines above into another shell. Ctrl-C stops it and discards its data",
            fake.era()
        );
    }
    stop.stopped().await;
    fake.shutdown().await;
    Ok(())
}

/// The name, if a shell takes it literally and it is not mistaken for an index.
fn name_or_index(name: &str, index: impl ToString) -> String {
    let is_plain = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    if is_plain { name.to_owned() } else { index.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_a_shell_would_interpret_are_replaced_by_the_index() {
        for (name, written) in [
            ("organization", "organization"),
            ("a b", "3"),
            ("$(id)", "3"),
            ("5", "3"),
            ("", "3"),
            ("-n", "3"),
        ] {
            assert_eq!(name_or_index(name, 3), written);
        }
    }
}
