//! `clients` and `contract`: run the scripts in `tests/` after checking that the required tools are installed.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};
use clap::ValueEnum;

use crate::{Executable, Outcome, build, program};

/// A language for which a client is generated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    Typescript,
    Python,
    Go,
}

/// The eras of the servers for the contract test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EraChoice {
    #[value(name = "2025")]
    Y2025,
    #[value(name = "2026")]
    Y2026,
    Both,
}

/// A tool that must be installed. Everything else is installed into the target folder, with pinned versions.
struct Tool {
    /// The name of the program, and the arguments with which it succeeds if its version is sufficient.
    probe: &'static [&'static str],
    need: &'static str,
    get: &'static str,
}

const BASH: Tool = Tool {
    probe: &["bash", "--version"],
    need: "bash",
    get: "it is part of Linux and macOS; on Windows, use WSL",
};
const NODE: Tool = Tool {
    probe: &["node", "-e", "process.exit(parseInt(process.versions.node) >= 20 ? 0 : 1)"],
    need: "Node.js 20 or newer (`node`)",
    get: "from nodejs.org, or your system's package `nodejs`",
};
const NPM: Tool = Tool {
    probe: &["npm", "--version"],
    need: "npm",
    get: "it comes with Node.js; on Debian it is the package `npm`",
};
const PYTHON: Tool = Tool {
    probe: &[
        "python3",
        "-c",
        "import sys, venv, ensurepip; sys.exit(0 if sys.version_info >= (3, 11) else 1)",
    ],
    need: "Python 3.11 or newer with venv (`python3`)",
    get: "from python.org; on Debian the packages `python3` and `python3-venv`",
};
const GO: Tool = Tool {
    probe: &["go", "tool", "-n", "compile"],
    need: "Go 1.25 or newer (`go`)",
    get: "from go.dev; the package of an older Debian is too old",
};

impl Language {
    fn name(self) -> &'static str {
        match self {
            Self::Typescript => "typescript",
            Self::Python => "python",
            Self::Go => "go",
        }
    }

    /// Every script uses Python to check its list of steps.
    fn tools(self) -> &'static [Tool] {
        match self {
            Self::Typescript => &[BASH, PYTHON, NODE, NPM],
            Self::Python => &[BASH, PYTHON],
            Self::Go => &[BASH, PYTHON, GO],
        }
    }
}

impl fmt::Display for EraChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Y2025 => "2025",
            Self::Y2026 => "2026",
            Self::Both => "both",
        })
    }
}

impl Tool {
    fn is_here(&self) -> bool {
        let Some((name, arguments)) = self.probe.split_first() else { return true };
        let quiet = Command::new(name).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
        quiet.is_ok_and(|status| status.success())
    }
}

/// Prints which tools are missing. Returns false if any is missing.
fn all_here(what: &str, tools: &[Tool]) -> bool {
    let missing: Vec<_> = tools.iter().filter(|tool| !tool.is_here()).collect();
    for tool in &missing {
        say!("{what} requires {}, which is not installed: {}", tool.need, tool.get);
    }
    missing.is_empty()
}

/// Generates, checks and runs the clients in the given languages, or in all languages if none is given.
pub(crate) fn clients(root: &Path, expected: &[Language]) -> anyhow::Result<Outcome> {
    let expected = if expected.is_empty() { Language::value_variants() } else { expected };
    let (ready, lacking): (Vec<Language>, Vec<Language>) =
        expected.iter().partition(|language| all_here(language.name(), language.tools()));
    let mut outcome = Outcome::Good;
    if !ready.is_empty() {
        let scripts = Scripts::new(root)?;
        for language in ready {
            say!("== {}", language.name());
            if scripts.run("tests/clients/run.sh", language.name())? == Outcome::Findings {
                outcome = Outcome::Findings;
            }
        }
    }
    if outcome == Outcome::Good && !lacking.is_empty() {
        let names: Vec<_> = lacking.iter().map(|language| language.name()).collect();
        bail!("not checked: {}", names.join(", "));
    }
    Ok(outcome)
}

/// Runs schemathesis with the specification against the stand-in server.
pub(crate) fn contract(root: &Path, era: EraChoice) -> anyhow::Result<Outcome> {
    if !all_here("the contract test", &[BASH, PYTHON]) {
        bail!("not checked");
    }
    Scripts::new(root)?.run("tests/contract/run.sh", &era.to_string())
}

/// Creates the reference page of a document.
pub(crate) fn reference_page(root: &Path, document: &Path, page: &Path) -> anyhow::Result<()> {
    if !all_here("the reference page", &[BASH, NODE, NPM]) {
        bail!("the archive requires the reference page; install the missing tools");
    }
    let script = root.join("xtask/reference/run.sh");
    let mut command = Command::new("bash");
    command.arg(&script).arg(document).arg(page).env("POSTHOG_GROUPS_CACHE", cache(root)?);
    let status = command.status().with_context(|| format!("cannot run {}", script.display()))?;
    if !status.success() {
        bail!("{} failed", script.display());
    }
    Ok(())
}

/// Returns the folder in which scripts install tools and write generated code.
fn cache(root: &Path) -> anyhow::Result<PathBuf> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let cache = std::path::absolute(target)?.join("other-languages");
    std::fs::create_dir_all(&cache).with_context(|| format!("cannot create {}", cache.display()))?;
    Ok(cache)
}

/// The inputs of the scripts.
struct Scripts<'a> {
    root: &'a Path,
    stand_in: PathBuf,
    cache: PathBuf,
}

impl<'a> Scripts<'a> {
    fn new(root: &'a Path) -> anyhow::Result<Self> {
        let arguments = ["--package", "posthog-groups-fake", "--bin", "posthog-groups-fake"];
        Ok(Self { root, stand_in: build(root, Executable::Program, &arguments)?, cache: cache(root)? })
    }

    fn run(&self, script: &str, argument: &str) -> anyhow::Result<Outcome> {
        let mut command = Command::new("bash");
        command
            .arg(std::path::absolute(self.root.join(script))?)
            .arg(argument)
            .env("POSTHOG_GROUPS_FAKE", &self.stand_in)
            .env("POSTHOG_GROUPS_CACHE", &self.cache);
        program(&mut command, self.root)
    }
}
