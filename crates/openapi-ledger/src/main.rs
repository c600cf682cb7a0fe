//! The command `openapi-ledger`.
#![expect(clippy::print_stderr, reason = "a program talks to its user")]

use std::fmt::Display;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};
use openapi_ledger::compare::{Ledger, compare};
use openapi_ledger::diff::{Effect, check_version, diff};
use openapi_ledger::lint::{Tool, findings_to_json, findings_to_sarif, lint, rules};
use openapi_ledger::{
    Document, Error, Marks, check_openapi, patch, patched_yaml, read_file, read_within, slice, to_json,
    to_yaml, write_atomically,
};

/// Compare a hand-corrected OpenAPI specification with the documents that a vendor publishes.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Documents are files, YAML or JSON, OpenAPI 3.0 or 3.1.\n\n\
        Exit codes: 0 success, 1 findings, 2 usage or I/O error."
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// The corrected specification and its ledger.
#[derive(Debug, clap::Args)]
struct Files {
    /// The corrected specification
    #[arg(long, value_name = "FILE")]
    spec: PathBuf,
    /// The ledger of known defects
    #[arg(long, value_name = "FILE")]
    ledger: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Compare a published document with the specification and report differences that are not known defects
    Compare {
        /// The published document
        document: PathBuf,
        #[command(flatten)]
        files: Files,
        /// An earlier published document, to print which defects were fixed or introduced since then
        #[arg(long, value_name = "FILE")]
        earlier: Option<PathBuf>,
        /// Output format
        #[arg(long, value_enum, default_value = "text")]
        format: Format,
    },
    /// Lint an OpenAPI 3.0 specification and check the format of its ledger
    Check {
        /// The specification
        #[arg(long, value_name = "FILE")]
        spec: PathBuf,
        /// The ledger of known defects
        #[arg(long, value_name = "FILE")]
        ledger: Option<PathBuf>,
        /// Output format
        #[arg(long, value_enum, default_value = "text")]
        format: CheckFormat,
    },
    /// Print the changes between two versions of a specification and who is affected
    ///
    /// Exits with 1 for a breaking change, or with --check-version if the version increase is too small.
    Diff {
        /// The old version
        old: PathBuf,
        /// The new version
        new: PathBuf,
        /// The ledger whose `marks` define extensions
        #[arg(long, value_name = "FILE")]
        ledger: Option<PathBuf>,
        /// Output format
        #[arg(long, value_enum, default_value = "text")]
        format: Format,
        /// Check that the increase of info.version matches the changes
        #[arg(long)]
        check_version: bool,
    },
    /// Extract the part of a published document that is within the ledger's scope, without texts and examples
    Slice {
        /// The published document
        document: PathBuf,
        #[command(flatten)]
        files: Files,
        /// Output file, as YAML [default: standard output]
        #[arg(short, long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Replace operations of a complete document with those of the specification
    Patch {
        /// The complete document
        full: PathBuf,
        #[command(flatten)]
        files: Files,
        /// Prefix for component names that the document already uses, such as `Pets`
        #[arg(long, value_name = "WORD")]
        prefix: String,
        /// Output file: JSON if FILE ends in .json, otherwise YAML
        #[arg(short, long, value_name = "FILE")]
        out: PathBuf,
    },
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    /// Text, for a terminal
    Text,
    /// Markdown, for an issue or a pull request
    Markdown,
    /// JSON, for programs
    Json,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum CheckFormat {
    /// Text, for a terminal
    Text,
    /// JSON, for programs
    Json,
    /// SARIF 2.1.0, for annotations on code hosts
    Sarif,
}

fn main() -> ExitCode {
    match run(&Arguments::parse().command) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            let cause =
                std::error::Error::source(&error).map_or_else(String::new, |cause| format!(": {cause}"));
            eprintln!("error: {error}{cause}");
            ExitCode::from(2)
        }
    }
}

/// Runs a command. Returns `false` if there are findings.
fn run(command: &Command) -> Result<bool, Error> {
    match command {
        Command::Compare { document, files, earlier, format } => {
            let (spec, ledger) = files.read()?;
            let compared =
                |document: &Path| compare(&read_published(document, &spec, &ledger)?, &spec, &ledger);
            let mut comparison = compared(document)?;
            if let Some(earlier) = earlier {
                comparison.relative_to(&compared(earlier)?);
            }
            match format {
                Format::Text => print(comparison.to_text(&ledger).trim_end()),
                Format::Markdown => print(comparison.to_markdown(&ledger).trim_end()),
                Format::Json => print(format_args!("{:#}", comparison.to_json(&ledger))),
            }
            Ok(comparison.is_accounted_for())
        }
        Command::Check { spec, ledger, format } => {
            let document = Document::read(spec)?;
            check_openapi(&document)?;
            ledger.as_deref().map(read_ledger).transpose()?;
            let findings = lint(&document);
            let tool = &Tool::OPENAPI_LEDGER;
            match format {
                CheckFormat::Json => {
                    print(format_args!("{:#}", findings_to_json(tool, &document.name, &findings)))
                }
                CheckFormat::Sarif => {
                    print(format_args!("{:#}", findings_to_sarif(tool, rules(), &findings)))
                }
                CheckFormat::Text if findings.is_empty() => {
                    print(format_args!("{}: {} rules, no findings", document.name, rules().len()));
                }
                CheckFormat::Text => findings.iter().for_each(print),
            }
            Ok(findings.is_empty())
        }
        Command::Diff { old, new, ledger, format, check_version: version } => {
            let marks =
                ledger.as_deref().map(read_ledger).transpose()?.map_or_else(Marks::default, |l| l.marks);
            let diff = diff(&Document::read(old)?, &Document::read(new)?, &marks)?;
            let check = version.then(|| check_version(&diff));
            match format {
                Format::Text => print(diff.to_text(Effect::Documentation).trim_end()),
                Format::Markdown => print(diff.to_markdown(Effect::Documentation).trim_end()),
                Format::Json => print(format_args!(
                    "{:#}",
                    diff.to_json(&Tool::OPENAPI_LEDGER, check.as_ref(), Effect::Documentation)
                )),
            }
            let Some(check) = check else { return Ok(diff.effect() != Some(Effect::Breaking)) };
            if !matches!(format, Format::Json) {
                print(format_args!("\n{}", check.message));
            }
            Ok(check.enough)
        }
        Command::Slice { document, files, out } => {
            let (spec, ledger) = files.read()?;
            let published = read_published(document, &spec, &ledger)?;
            let text = to_yaml(&slice(&published, &ledger.scope, &spec.paths())?)?;
            match out {
                Some(out) => write_atomically(out, &text)?,
                None => print(text.trim_end()),
            }
            Ok(true)
        }
        Command::Patch { full, files, prefix, out } => {
            let (spec, ledger) = files.read()?;
            let bytes = read_file(full)?;
            let full = Document::from_bytes(full.display().to_string(), &bytes)?;
            let patched = patch(&full, &spec, &ledger.scope, prefix)?;
            let text = if out.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json")) {
                drop((full, bytes));
                to_json(&patched)
            } else {
                patched_yaml(&full, &String::from_utf8_lossy(&bytes), &patched)?
            };
            write_atomically(out, &text)?;
            Ok(true)
        }
    }
}

impl Files {
    fn read(&self) -> Result<(Document, Ledger), Error> {
        Ok((Document::read(&self.spec)?, read_ledger(&self.ledger)?))
    }
}

fn read_published(path: &Path, spec: &Document, ledger: &Ledger) -> Result<Document, Error> {
    read_within(path.display().to_string(), &read_file(path)?, &ledger.scope, &spec.paths())
}

fn read_ledger(path: &Path) -> Result<Ledger, Error> {
    Ledger::from_document(&Document::read(path)?)
}

/// Prints a line. A closed pipe is not an error.
fn print(text: impl Display) {
    let _ = writeln!(std::io::stdout(), "{text}");
}
