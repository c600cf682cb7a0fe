//! The stand-in server as a program, for other languages and for manual tests.

use std::io::{self, Write as _};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr as _;
use std::time::Duration;

use clap::Parser;
use posthog_groups_fake::{Era, Fake, State};

/// A stand-in server for the groups part of PostHog's REST API.
///
/// It behaves like the real server, including its quirks. All data is kept in memory, and is lost when the server stops. The server
/// does not connect to other machines.
#[derive(Debug, Parser)]
#[command(version, after_long_help = EXAMPLES)]
struct Arguments {
    /// Port to listen on; 0 picks a free port
    #[arg(long, default_value_t = 0, value_name = "N")]
    port: u16,

    /// Write the port to this file once the server listens, so that scripts can wait for the file
    #[arg(long, value_name = "FILE")]
    port_file: Option<PathBuf>,

    /// Address to listen on; anyone who can reach the address can read and change the state
    #[arg(long, default_value = "127.0.0.1", value_name = "ADDRESS")]
    host: IpAddr,

    /// Era of the server: 2025 (self-hosted images of that year) or 2026 (PostHog Cloud); overrides the state file
    #[arg(long, value_name = "YEAR")]
    era: Option<Era>,

    /// Start with this many generated groups of three types, with persons and activity
    #[arg(long, value_name = "N", conflicts_with = "state")]
    seed: Option<usize>,

    /// Groups per page of the list [real server: 100]; overrides the state file
    #[arg(long, value_name = "N", value_parser = page_size)]
    page_size: Option<usize>,

    /// Seconds until an accepted capture event changes its group [real server: a few]
    #[arg(long, default_value = "0", value_name = "SECONDS", value_parser = seconds)]
    ingestion_delay: Duration,

    /// Seconds until a write appears in the list of 2026; find shows it immediately [real server: a few]
    #[arg(long, default_value = "0", value_name = "SECONDS", value_parser = seconds)]
    list_delay: Duration,

    /// Start with the state in this JSON file, as returned by `GET /__admin/state`
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  A thousand groups to play with:
    posthog-groups-fake --port 8000 --seed 1000
    curl -H 'Authorization: Bearer phx_default' \\
      'http://127.0.0.1:8000/api/projects/@current/groups/?group_type_index=0'

  For a test in another language, on whatever port is free:
    posthog-groups-fake --port-file /tmp/port --era 2025 &

  Set the state, read the journal of requests, inject faults:
    curl -X PUT  -d @world.json                          http://127.0.0.1:8000/__admin/state
    curl                                                 http://127.0.0.1:8000/__admin/journal
    curl -X POST -d '[{\"kind\": \"drop\", \"times\": 2}]'     http://127.0.0.1:8000/__admin/faults
    curl -X DELETE                                       http://127.0.0.1:8000/__admin/faults

Exit status: 0 after Ctrl-C or SIGTERM, 2 when it could not start.";

fn page_size(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("a page must have at least one group".to_owned()),
        Ok(size) => Ok(size),
        Err(_) => Err("not a number".to_owned()),
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().map_err(|_| "not a number".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|_| "not a duration".to_owned())
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            let _ = writeln!(io::stderr(), "posthog-groups-fake: {why}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), String> {
    let state = match (&arguments.state, arguments.seed) {
        (Some(path), _) => read_state(path)?,
        (None, Some(groups)) => State::seeded(groups),
        (None, None) => State::default(),
    };
    let mut builder = Fake::builder()
        .host(arguments.host)
        .port(arguments.port)
        .ingestion_delay(arguments.ingestion_delay)
        .list_delay(arguments.list_delay)
        .state(state);
    if let Some(era) = arguments.era {
        builder = builder.era(era);
    }
    if let Some(page_size) = arguments.page_size {
        builder = builder.page_size(page_size);
    }
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
    runtime.block_on(async {
        // Installed before the server is announced, so that no signal is missed.
        let stop = stop_signal().map_err(|e| format!("cannot listen for signals: {e}"))?;
        let fake = builder.start().await.map_err(|e| e.to_string())?;
        if let Some(path) = &arguments.port_file {
            write_port_file(path, fake.address().port())
                .map_err(|e| format!("cannot write {}: {e}", path.display()))?;
        }
        if !arguments.host.is_loopback() {
            let _ = writeln!(
                io::stderr(),
                "posthog-groups-fake: warning: {} accepts connections from other machines, and it has no protection\n\
                 help: leave out --host to listen on this machine only",
                fake.address()
            );
        }
        // A closed stdout does not stop the server.
        let _ = writeln!(io::stdout(), "{} (PostHog of {}; key {})", fake.url(), fake.era(), fake.key());
        stop.await;
        fake.shutdown().await;
        Ok(())
    })
}

fn read_state(path: &Path) -> Result<State, String> {
    let text = std::fs::read_to_string(path).map_err(|e| format!("cannot read {}: {e}", path.display()))?;
    State::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))
}

/// Writes the file atomically.
fn write_port_file(path: &Path, port: u16) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    writeln!(file, "{port}")?;
    file.persist(path)?;
    Ok(())
}

/// Resolves on Ctrl-C and, where it exists, SIGTERM.
#[cfg(unix)]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Resolves on Ctrl-C.
#[cfg(not(unix))]
fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        let _ = tokio::signal::ctrl_c().await;
    })
}
