//! Servers in separate processes, and their groups.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use posthog_groups::Client;
use posthog_groups_fake::{DEFAULT_KEY, Fake, Group, GroupType, Properties, State};

/// A child process, which ends with this process.
pub(crate) struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts this program as a server, and returns its URL.
pub(crate) fn started(arguments: &[&str]) -> anyhow::Result<(Running, String)> {
    let mut command = Command::new(std::env::current_exe()?);
    let mut server = Running(command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?);
    let mut url = String::new();
    BufReader::new(server.0.stdout.take().context("no output")?).read_line(&mut url)?;
    ensure!(!url.is_empty(), "{arguments:?} did not start");
    Ok((server, url.trim().to_owned()))
}

/// Prints the URL, and returns when standard input ends.
pub(crate) fn announce(url: &str) -> anyhow::Result<()> {
    writeln!(io::stdout(), "{url}")?;
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

/// Runs the stand-in server until standard input ends.
pub(crate) fn serve(groups: u64, plan: &str, step: TimeDelta) -> anyhow::Result<()> {
    let fake = Fake::builder().state(state(groups, plan, step)?).start_blocking()?;
    announce(&fake.url())
}

/// Groups that were created one after the other, `step` apart.
pub(crate) fn state(groups: u64, plan: &str, step: TimeDelta) -> anyhow::Result<State> {
    let group = |n: u64| {
        anyhow::Ok(Group {
            group_properties: Properties::parse(&properties(n, plan))?,
            created_at: Some(start() + step * i32::try_from(n)?),
            ..Group::new(0, format!("org:{n}"))
        })
    };
    let groups = (0..groups).map(group).collect::<anyhow::Result<_>>()?;
    Ok(State { group_types: vec![GroupType::new(0, "organization")], groups, ..State::default() })
}

/// The creation time of the first group.
pub(crate) fn start() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(18_993)
}

/// Properties like those of a customer. Imports change `plan`.
pub(crate) fn properties(n: u64, plan: &str) -> String {
    format!(
        r#"{{"name":"Organization number {n}","plan":"{plan}","industry":"logistics","seats":{},"revenue":{}.5,"active":true}}"#,
        n % 500,
        n * 37 % 100_000
    )
}

pub(crate) fn client(url: &str) -> anyhow::Result<Client> {
    Ok(Client::builder().personal_api_key(DEFAULT_KEY).host(url).build()?)
}
