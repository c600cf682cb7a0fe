//! The workspace's own commands: `cargo xtask --help`.
#![expect(clippy::print_stderr, reason = "a program talks to its user")]

/// `println!` for a program whose reader may leave: `| head` must change neither what is done nor the
/// exit code.
macro_rules! say {
    ($($text:tt)*) => {
        $crate::print_line(format_args!($($text)*))
    };
}

mod bench;
mod checks;
mod diff;
mod dist;
mod generate;
mod languages;
mod pull;
mod spec;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::Context as _;
use clap::{Parser, Subcommand};

/// Keeps the corrected PostHog groups spec and everything made of it.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    after_help = "From the vendor's document to the client:\n  \
        1. cargo xtask spec pull --from posthog.yaml   cuts spec/upstream.yaml out of a complete document\n  \
        2. cargo xtask spec build                      applies spec/corrections/ and writes spec/openapi.*\n  \
        3. cargo xtask spec check                      lints the result and its examples\n  \
        4. cargo xtask generate                        writes the Rust bindings\n\n\
        Every command that writes has --check, which changes nothing.\n\
        Exit codes: 0 good, 1 findings, 2 wrong usage, or a file that cannot be read or written."
)]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Pull, build and check the spec
    #[command(subcommand)]
    Spec(SpecTask),
    /// Write the Rust bindings, crates/posthog-groups-client/src/generated.rs, from spec/openapi.yaml
    Generate {
        /// Write nothing; print how the file differs and exit with 1 if it does
        #[arg(long)]
        check: bool,
    },
    /// Correct, check, generate; then call all ten operations on a stand-in server on this machine, raw and by
    /// way of the wrapper
    Demo,
    /// Measure against named peers, in a release build, and write the tables to BENCHMARKS.md (valgrind counts instructions)
    Bench {
        /// Measure only this [default: everything]
        #[arg(value_enum)]
        subject: Option<bench::Subject>,
    },
    /// Test the spec against a stand-in server of each era with schemathesis (needs Python)
    Contract {
        /// Which server to meet
        #[arg(long, value_enum, value_name = "ERA", default_value_t = languages::EraChoice::Both)]
        era: languages::EraChoice,
    },
    /// Generate clients in other languages, check their types and run them (needs Node.js, Python, Go)
    Clients {
        /// Only these languages [default: all]
        #[arg(value_enum, value_name = "LANGUAGE")]
        languages: Vec<languages::Language>,
    },
    /// Pack the spec, its examples and a reference page into one archive (needs Node.js)
    Dist {
        /// Folder to write to
        #[arg(long, value_name = "DIR", default_value = "target/dist")]
        out: PathBuf,
    },
    /// Run what continuous integration runs (.ci/run)
    Ci,
}

#[derive(Debug, Subcommand)]
enum SpecTask {
    /// Cut the groups paths out of a complete PostHog document into spec/upstream.yaml
    #[command(after_help = "Examples:\n  cargo xtask spec pull --from posthog.openapi.yaml\n  \
        cargo xtask spec pull --from https://posthog.example.com/api/schema/ --check\n  \
        cargo xtask spec pull --from posthog.openapi.yaml --check --format markdown > drift.md\n\n\
        A URL is asked for with the personal API key in POSTHOG_PERSONAL_API_KEY, where that is set.")]
    Pull {
        /// A complete OpenAPI document of a PostHog instance: YAML or JSON, 3.0 or 3.1
        #[arg(long, value_name = "FILE|URL")]
        from: String,
        /// Write nothing; report what changed upstream and which corrections are stale
        #[arg(long)]
        check: bool,
        /// How --check reports
        #[arg(long, value_enum, default_value = "text", requires = "check")]
        format: pull::Format,
    },
    /// Apply spec/corrections/ to spec/upstream.yaml and write spec/openapi.yaml, .json, -3.1.json
    Build {
        /// Write nothing; print how the files differ and exit with 1 if they do
        #[arg(long)]
        check: bool,
    },
    /// Lint a spec; without --spec also the examples and the table of corrections
    #[command(
        after_help = "Examples:\n  cargo xtask spec check\n  cargo xtask spec check --spec my.openapi.yaml\n  \
        cargo xtask spec check --format sarif > findings.sarif\n  cargo xtask spec check --rules"
    )]
    Check {
        /// Another OpenAPI 3.0 document, YAML or JSON [default: spec/openapi.yaml]
        #[arg(long, value_name = "FILE", conflicts_with = "rules")]
        spec: Option<PathBuf>,
        /// How the findings are printed
        #[arg(long, value_enum, default_value = "text", conflicts_with = "rules")]
        format: checks::Format,
        /// List the rules with their reasons
        #[arg(long)]
        rules: bool,
    },
    /// Say what changed between two versions of a spec, whom it breaks, and which version it asks for
    #[command(
        after_help = "OLD and NEW are files, YAML or JSON, OpenAPI 3.0 or 3.1; git:REV is spec/openapi.yaml as of a \
        revision, and git:REV:PATH another file of it.\n\n\
        breaking       a caller is refused, a reader meets what it does not expect, or generated code has other names\n\
        compatible     nothing that worked stops working\n\
        documentation  text and samples\n\n\
        Examples:\n  cargo xtask spec diff git:main spec/openapi.yaml\n  \
        cargo xtask spec diff git:v1.2.0 git:HEAD --check-version\n  \
        cargo xtask spec diff old.yaml new.json --format markdown\n\n\
        Exit codes: 0 no breaking change, 1 breaking, 2 not two versions of one API.\n\
        With --check-version: 0 the version was raised by enough, even for breaking changes, 1 it was not."
    )]
    Diff {
        /// The version before
        #[arg(value_name = "OLD")]
        old: String,
        /// The version after
        #[arg(value_name = "NEW")]
        new: String,
        /// How the changes are printed
        #[arg(long, value_enum, default_value = "text")]
        format: diff::Format,
        /// Judge NEW's info.version: 1.2.3 becomes 2.0.0 for a breaking change, 1.3.0 for a compatible one,
        /// 1.2.4 for text; while it is 0.2.3, 0.3.0 and 0.2.4
        #[arg(long)]
        check_version: bool,
    },
}

/// How a task ended that could do its work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Good,
    Findings,
}

fn main() -> ExitCode {
    match run(&Arguments::parse().command) {
        Ok(Outcome::Good) => ExitCode::SUCCESS,
        Ok(Outcome::Findings) => ExitCode::from(1),
        Err(e) => {
            eprintln!("error: {e:#}");
            ExitCode::from(2)
        }
    }
}

fn run(task: &Task) -> anyhow::Result<Outcome> {
    let root = workspace_root();
    match task {
        Task::Spec(SpecTask::Pull { from, check, format }) => pull::pull(&root, from, *check, *format),
        Task::Spec(SpecTask::Build { check }) => spec::build(&root, *check),
        Task::Spec(SpecTask::Check { rules: true, .. }) => Ok(checks::rules()),
        Task::Spec(SpecTask::Check { spec, format, .. }) => checks::check(&root, spec.as_deref(), *format),
        Task::Spec(SpecTask::Diff { old, new, format, check_version }) => {
            diff::diff(&root, old, new, *format, *check_version)
        }
        Task::Generate { check } => generate::generate(&root, *check),
        Task::Demo => demo(&root),
        Task::Bench { subject } => bench::bench(&root, *subject),
        Task::Contract { era } => languages::contract(&root, *era),
        Task::Clients { languages } => languages::clients(&root, languages),
        Task::Dist { out } => dist::dist(&root, out),
        Task::Ci => program(Command::new("bash").arg(root.join(".ci/run")), &root),
    }
}

/// Writes a line to standard output; that nobody reads it any more is no error.
fn print_line(text: std::fmt::Arguments<'_>) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

fn demo(root: &Path) -> anyhow::Result<Outcome> {
    say!("1. correct: spec/upstream.yaml + spec/corrections/ -> spec/openapi.yaml");
    spec::build(root, false)?;
    say!("\n2. check: spec/openapi.yaml and spec/examples/");
    if checks::check(root, None, checks::Format::Text)? == Outcome::Findings {
        return Ok(Outcome::Findings);
    }
    say!("\n3. generate: crates/posthog-groups-client/src/generated.rs");
    generate::generate(root, false)?;
    say!("\n4. call the generated client");
    if cargo(root, &["run", "--quiet", "--package", "posthog-groups-tests", "--example", "demo"])?
        == Outcome::Findings
    {
        return Ok(Outcome::Findings);
    }
    say!("\n5. the same and more through the wrapper");
    cargo(root, &["run", "--quiet", "--package", "posthog-groups", "--example", "tour"])
}

/// Runs cargo in the workspace.
fn cargo(root: &Path, arguments: &[&str]) -> anyhow::Result<Outcome> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    program(Command::new(cargo).args(arguments), root)
}

/// Runs a program of the workspace; its failure is ours.
fn program(command: &mut Command, root: &Path) -> anyhow::Result<Outcome> {
    if !root.as_os_str().is_empty() {
        command.current_dir(root);
    }
    let status = command.status().with_context(|| format!("cannot run {command:?}"))?;
    Ok(if status.success() { Outcome::Good } else { Outcome::Findings })
}

fn workspace_root() -> PathBuf {
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    let root = manifest.parent().unwrap_or(&manifest).to_owned();
    // Messages name files as a person in the workspace would.
    match std::env::current_dir() {
        Ok(here) if here == root => PathBuf::new(),
        _ => root,
    }
}
