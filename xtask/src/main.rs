//! The commands of this workspace: `cargo xtask --help`.
#![expect(clippy::print_stderr, reason = "a program talks to its user")]

/// `println!` that ignores a closed pipe, so that `| head` does not change the exit code.
macro_rules! say {
    ($($text:tt)*) => {
        $crate::print_line(format_args!($($text)*))
    };
}

mod bench;
mod checks;
mod compare;
mod diff;
mod dist;
mod fuzz;
mod generate;
mod languages;
mod patch;
mod reference;
mod source;
mod spec;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context as _, bail, ensure};
use clap::{Parser, Subcommand};

/// Maintain the corrected PostHog groups specification and everything derived from it.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    after_help = "From the specification to the client:\n  \
        1. edit spec/openapi.yaml, and state the defect in spec/defects.yaml\n  \
        2. cargo xtask spec build     writes the JSON forms and the table of defects\n  \
        3. cargo xtask spec check     lints the specification, its examples and its ledger\n  \
        4. cargo xtask generate       writes the Rust bindings\n\n\
        `spec build` and `generate` have --check, which only compares the files on disk.\n\
        Exit codes: 0 success, 1 findings, 2 usage or I/O error."
)]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Compare, build, check and patch the specification
    #[command(subcommand)]
    Spec(SpecTask),
    /// Write the Rust bindings, crates/posthog-groups-client/src/generated.rs, from spec/openapi.yaml
    Generate {
        /// Do not write; print the differences and exit with 1 if there are any
        #[arg(long)]
        check: bool,
    },
    /// Call each operation as published and with the client, on stand-in servers of both eras
    Demo,
    /// Run the benchmarks in a release build and write the tables of BENCHMARKS.md (counting instructions needs valgrind)
    Bench {
        /// Run only this benchmark [default: all]
        #[arg(value_enum)]
        subject: Option<bench::Subject>,
    },
    /// Run the property tests with many inputs in a release build; fails if a test fails or uses more than 256 MiB
    Fuzz {
        /// Inputs for each test
        #[arg(long, value_name = "N", default_value_t = 1_000_000)]
        inputs: u32,
        /// Only tests whose name contains this
        #[arg(value_name = "NAME", default_value = "", hide_default_value = true)]
        only: String,
    },
    /// Test the specification against a stand-in server of each era with schemathesis (needs Python)
    Contract {
        /// Era of the server
        #[arg(long, value_enum, value_name = "ERA", default_value_t = languages::EraChoice::Both)]
        era: languages::EraChoice,
    },
    /// Generate clients in other languages, type-check them and run them (needs Node.js, Python, Go)
    Clients {
        /// Only these languages [default: all]
        #[arg(value_enum, value_name = "LANGUAGE")]
        languages: Vec<languages::Language>,
    },
    /// Pack the specification, its examples and a reference page into an archive (needs Node.js)
    Dist {
        /// Folder to write to [default: dist in the target folder]
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// Run what continuous integration runs (.ci/run)
    Ci,
}

#[derive(Debug, Subcommand)]
enum SpecTask {
    /// Compare a document published by PostHog with spec/openapi.yaml and report differences that are not known defects
    #[command(after_help = "Examples:\n  cargo xtask spec compare posthog.openapi.yaml\n  \
        cargo xtask spec compare https://posthog.example.com/api/schema/\n  \
        cargo xtask spec compare posthog.openapi.yaml --format markdown > issue.md\n\n\
        The document may be YAML or JSON, OpenAPI 3.0 or 3.1, complete or a slice, with schemas referenced or inlined.\n\
        A URL is requested with the personal API key in POSTHOG_PERSONAL_API_KEY, if it is set.\n\n\
        Exit codes: 0 every difference is accounted for, 1 findings, 2 the document cannot be read or has no groups operations.")]
    Compare(compare::Arguments),
    /// Replace the groups operations in a complete PostHog document with those of the specification
    #[command(
        after_help = "Example:\n  cargo xtask spec patch posthog.openapi.yaml -o posthog-patched.yaml\n\n\
        Use this to generate a client for the whole PostHog API. All other operations, and the usage metrics that the \
        specification\nomits, are kept; the environments alias of the groups paths is removed. The result has the same \
        OpenAPI version as the\ndocument (3.0 or 3.1), and is written as JSON if OUT ends in .json, otherwise as YAML."
    )]
    Patch(patch::Arguments),
    /// Write openapi.json, openapi-3.1.json, defects.schema.json and the table of defects in spec/README.md
    Build {
        /// Do not write; print the differences and exit with 1 if there are any
        #[arg(long)]
        check: bool,
    },
    /// Lint a specification; without --spec, also check the examples and the ledger
    #[command(
        after_help = "Examples:\n  cargo xtask spec check\n  cargo xtask spec check --spec my.openapi.yaml\n  \
        cargo xtask spec check --format sarif > findings.sarif\n  cargo xtask spec check --rules"
    )]
    Check {
        /// Another OpenAPI 3.0 document, YAML or JSON [default: spec/openapi.yaml]
        #[arg(long, value_name = "FILE", conflicts_with = "rules")]
        spec: Option<PathBuf>,
        /// Output format
        #[arg(long, value_enum, default_value = "text", conflicts_with = "rules")]
        format: checks::Format,
        /// List the rules with their reasons
        #[arg(long)]
        rules: bool,
    },
    /// Print the changes between two versions of a specification, who is affected, and the required version increase
    #[command(
        after_help = "OLD and NEW are files, YAML or JSON, OpenAPI 3.0 or 3.1; git:REV is spec/openapi.yaml as of a \
        revision, and git:REV:PATH is another file.\n\n\
        breaking       requests are rejected, responses are unexpected, or generated code has different names\n\
        compatible     programs keep working\n\
        documentation  texts and examples\n\n\
        Examples:\n  cargo xtask spec diff git:main spec/openapi.yaml\n  \
        cargo xtask spec diff git:main spec/openapi.yaml --level breaking\n  \
        cargo xtask spec diff git:v1.2.0 git:HEAD --check-version\n  \
        cargo xtask spec diff old.yaml new.json --format markdown\n\n\
        Exit codes: 0 no breaking changes, 1 breaking changes, 2 the files are not two versions of one API.\n\
        With --check-version: 0 the version was raised enough for the changes, 1 it was not."
    )]
    Diff(diff::Arguments),
}

/// The outcome of a task that completed.
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

/// Whether a task needs the files of a workspace.
fn needs_workspace(task: &Task) -> bool {
    match task {
        Task::Spec(
            SpecTask::Compare(compare::Arguments { files, .. })
            | SpecTask::Patch(patch::Arguments { files, .. }),
        ) => !files.are_given(),
        Task::Spec(SpecTask::Check { spec, rules, .. }) => spec.is_none() && !rules,
        Task::Spec(SpecTask::Diff(arguments)) => arguments.need_repository(),
        _ => true,
    }
}

fn run(task: &Task) -> anyhow::Result<Outcome> {
    let root = match workspace_root() {
        Err(e) if needs_workspace(task) => return Err(e),
        root => root.unwrap_or_default(),
    };
    match task {
        Task::Spec(SpecTask::Compare(arguments)) => compare::run(&root, arguments),
        Task::Spec(SpecTask::Patch(arguments)) => patch::run(&root, arguments),
        Task::Spec(SpecTask::Build { check }) => spec::build(&root, *check),
        Task::Spec(SpecTask::Check { rules: true, .. }) => Ok(checks::rules()),
        Task::Spec(SpecTask::Check { spec, format, .. }) => checks::check(&root, spec.as_deref(), *format),
        Task::Spec(SpecTask::Diff(arguments)) => diff::diff(&root, arguments),
        Task::Generate { check } => generate::generate(&root, *check),
        Task::Demo => {
            cargo(&root, &["run", "--quiet", "--package", "posthog-groups-tests", "--example", "demo"])
        }
        Task::Bench { subject } => bench::bench(&root, *subject),
        Task::Fuzz { inputs, only } => fuzz::fuzz(&root, *inputs, only),
        Task::Contract { era } => languages::contract(&root, *era),
        Task::Clients { languages } => languages::clients(&root, languages),
        Task::Dist { out } => dist::dist(&root, out.as_deref()),
        Task::Ci => program(Command::new("bash").arg(root.join(".ci/run")), &root),
    }
}

/// Writes a line to standard output. A closed pipe is not an error.
fn print_line(text: std::fmt::Arguments<'_>) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Runs cargo in the workspace.
fn cargo(root: &Path, arguments: &[&str]) -> anyhow::Result<Outcome> {
    program(cargo_command(root).args(arguments), root)
}

/// Returns cargo as a command that runs in the workspace.
fn cargo_command(root: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // The root is an empty path if it is the current directory.
    if !root.as_os_str().is_empty() {
        command.current_dir(root);
    }
    command
}

/// Builds one executable with cargo and returns its path.
fn build(root: &Path, kind: Executable, arguments: &[&str]) -> anyhow::Result<PathBuf> {
    let mut command = cargo_command(root);
    match kind {
        Executable::Program => command.arg("build"),
        Executable::Tests => command.args(["test", "--no-run"]),
    };
    command.args(["--quiet", "--locked", "--message-format", "json-render-diagnostics"]).args(arguments);
    let output = command.stderr(Stdio::inherit()).output().context("cannot run cargo")?;
    ensure!(output.status.success(), "{arguments:?} does not build");
    let messages = String::from_utf8(output.stdout)?;
    let path = messages.lines().find_map(|message| executable(kind, message));
    path.with_context(|| format!("cargo reported no executable for {arguments:?}"))
}

/// The kind of an executable.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Executable {
    Program,
    Tests,
}

/// Returns the executable of this kind that a message of cargo reports.
fn executable(kind: Executable, message: &str) -> Option<PathBuf> {
    let message: serde_json::Value = serde_json::from_str(message).ok()?;
    let is_wanted = message["profile"]["test"].as_bool()? == (kind == Executable::Tests);
    is_wanted.then(|| message["executable"].as_str().map(PathBuf::from))?
}

/// Runs a program of the workspace and returns whether it succeeded.
fn program(command: &mut Command, root: &Path) -> anyhow::Result<Outcome> {
    if !root.as_os_str().is_empty() {
        command.current_dir(root);
    }
    let status = command.status().with_context(|| format!("cannot run {command:?}"))?;
    Ok(if status.success() { Outcome::Good } else { Outcome::Findings })
}

/// The workspace that the command runs in: the nearest folder with `Cargo.toml` and our specification.
fn workspace_root() -> anyhow::Result<PathBuf> {
    let here = std::env::current_dir().context("cannot determine the current directory")?;
    let is_root =
        |folder: &&Path| folder.join("Cargo.toml").is_file() && folder.join("spec/openapi.yaml").is_file();
    match here.ancestors().find(is_root) {
        // So that messages have relative paths.
        Some(root) if root == here => Ok(PathBuf::new()),
        Some(root) => Ok(root.to_owned()),
        None => bail!(
            "no workspace with spec/openapi.yaml in {} or above; run this in a checkout of posthog-groups",
            here.display()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_executable_is_the_one_of_the_kind_that_is_built() {
        for (message, program, tests) in [
            (r#"{"profile": {"test": true}, "executable": "/t/a-1"}"#, None, Some("/t/a-1")),
            (r#"{"profile": {"test": false}, "executable": "/t/a"}"#, Some("/t/a"), None),
            (r#"{"profile": {"test": true}, "executable": null}"#, None, None),
            (r#"{"reason": "build-finished"}"#, None, None),
        ] {
            assert_eq!(executable(Executable::Program, message), program.map(PathBuf::from), "{message}");
            assert_eq!(executable(Executable::Tests, message), tests.map(PathBuf::from), "{message}");
        }
    }
}
