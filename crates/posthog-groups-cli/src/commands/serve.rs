//! `serve`: the stand-in server.

use std::io::{self, Write as _};

use posthog_groups_fake::{Fake, State};

use crate::arguments::{GlobalArguments, Serve};
use crate::exit::Failure;
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
    let mut builder = Fake::builder().host(arguments.address).port(arguments.port).state(state);
    if let Some(era) = arguments.era {
        builder = builder.era(era);
    }
    if let Some(page_size) = arguments.page_size {
        builder = builder.page_size(page_size);
    }
    // Before anybody can know that the server runs, so that no signal finds it unprepared.
    let stop = Interrupt::listen().map_err(|e| Failure::failed(format!("cannot listen for signals: {e}")))?;
    let fake = builder.start().await.map_err(|e| {
        Failure::failed(e.to_string())
            .mend("choose another port with --port N; 0 lets the system pick a free one")
    })?;
    let lines = format!(
        "export POSTHOG_HOST={}\nexport POSTHOG_PERSONAL_API_KEY={}\nexport POSTHOG_PROJECT_ID={project}\n",
        fake.url(),
        fake.key(),
    );
    io::stdout().write_all(lines.as_bytes()).map_err(|e| Failure::of_stdout(&e))?;
    if !global.quiet {
        // A reader that has gone away is no reason to stop serving.
        let _ = writeln!(
            io::stderr(),
            "a stand-in for PostHog of {} listens; paste the lines above into another shell. Ctrl-C stops it, and all is gone",
            fake.era()
        );
    }
    stop.wait().await;
    fake.shutdown().await;
    Ok(())
}
