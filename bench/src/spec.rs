//! Time and peak memory of `openapi-ledger` on complete documents.
//!
//! The documents are built from the stored slice with inlined schemas: its paths, and copies of them outside the scope, with
//! descriptions. The large one has as many objects and bytes as a complete document of PostHog with all schemas inlined and
//! every path twice; the small one is a tenth of it. If `POSTHOG_DOCUMENTS` lists complete documents, separated as in `PATH`,
//! they are measured as well.

use std::fmt;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, ensure};
use openapi_ledger::{Document, METHODS, Value, to_yaml};

use crate::{verdict, workspace};

/// The objects and the bytes of the small document.
const OBJECTS: usize = 16_000;
const BYTES: usize = 1_920_000;
const TEXT: &str = "What a complete document says here. ";
const GOAL_MEGABYTES: f64 = 150.0;
/// The largest ratio of times at ten times the size that counts as linear.
const GOAL_RATIO: f64 = 12.0;
const ROUNDS: usize = 3;

/// The commands, with placeholders for the document, the specification, its ledger and the output.
const COMMANDS: [(&str, &[&str]); 5] = [
    ("compare", &["compare", "DOCUMENT", "--spec", "SPEC", "--ledger", "LEDGER"]),
    ("slice", &["slice", "DOCUMENT", "--spec", "SPEC", "--ledger", "LEDGER", "-o", "OUT"]),
    ("check", &["check", "--spec", "DOCUMENT"]),
    ("diff with itself", &["diff", "DOCUMENT", "DOCUMENT"]),
    (
        "patch",
        &["patch", "DOCUMENT", "--spec", "SPEC", "--ledger", "LEDGER", "--prefix", "Groups", "-o", "OUT"],
    ),
];

pub(crate) fn spec(out: &mut impl Write) -> anyhow::Result<()> {
    let folder = workspace().join("target/bench-spec");
    fs::create_dir_all(&folder)?;
    let slice = Document::read(&workspace().join("spec/published/inlined-2026-04.yaml"))?.value;
    writeln!(
        out,
        "| document | command | 1x: time, memory | 10x: time, memory | time, 10x / 1x | goal | verdict |\n\
         |---|---|---|---|---|---|---|"
    )?;
    for extension in ["json", "yaml"] {
        let written = |times: usize| -> anyhow::Result<PathBuf> {
            let path = folder.join(format!("complete-{times}.{extension}"));
            let document = copied(&slice, times)?;
            fs::write(&path, if extension == "json" { document.to_string() } else { to_yaml(&document)? })?;
            Ok(path)
        };
        let (small, large) = (written(1)?, written(10)?);
        let sizes = format!(
            "{}, {:.1} and {:.1} MB",
            extension.to_uppercase(),
            megabytes(&small)?,
            megabytes(&large)?
        );
        for (name, arguments) in COMMANDS {
            let (one, ten) = (least(arguments, &small, &folder)?, least(arguments, &large, &folder)?);
            let ratio = ten.seconds / one.seconds;
            let met = ten.megabytes <= GOAL_MEGABYTES && ratio <= GOAL_RATIO;
            writeln!(
                out,
                "| {sizes} | {name} | {one} | {ten} | {ratio:.1} | <= {GOAL_MEGABYTES} MB, <= {GOAL_RATIO} | {} |",
                verdict(met)
            )?;
        }
    }
    let documents = std::env::var_os("POSTHOG_DOCUMENTS");
    for path in documents.iter().flat_map(std::env::split_paths) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        for (command, arguments) in COMMANDS {
            let one = least(arguments, &path, &folder)?;
            let verdict = verdict(one.megabytes <= GOAL_MEGABYTES);
            let size = megabytes(&path)?;
            writeln!(
                out,
                "| {name}, {size:.1} MB | {command} | {one} | - | - | <= {GOAL_MEGABYTES} MB | {verdict} |"
            )?;
        }
    }
    Ok(())
}

fn megabytes(path: &Path) -> anyhow::Result<f64> {
    Ok(fs::metadata(path)?.len() as f64 / 1e6)
}

/// The slice with copies of its paths, as large as the small document or a multiple of it.
fn copied(slice: &Value, times: usize) -> anyhow::Result<Value> {
    let paths = slice["paths"].as_object().context("the slice has no paths")?;
    let copies = times * OBJECTS / objects(&slice["paths"]);
    let mut document = slice.clone();
    let all = document["paths"].as_object_mut().context("the slice has no paths")?;
    let operations = paths.values().filter_map(Value::as_object).map(|item| item.len()).sum::<usize>();
    let missing = (times * BYTES / copies).saturating_sub(slice["paths"].to_string().len());
    let text = TEXT.repeat(missing / operations / TEXT.len());
    for n in 1..copies {
        for (path, item) in paths {
            let mut item = item.clone();
            for method in METHODS {
                let Some(operation) = item.get_mut(method) else { continue };
                let id = operation["operationId"].as_str().unwrap_or_default();
                operation["operationId"] = format!("{id}_{n}").into();
                operation["description"] = text.as_str().into();
            }
            all.insert(format!("/copies/{n}{path}"), item);
        }
    }
    Ok(document)
}

fn objects(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(objects).sum(),
        Value::Object(members) => 1 + members.values().map(objects).sum::<usize>(),
        _ => 0,
    }
}

/// Duration and peak memory of a process.
struct Measured {
    seconds: f64,
    megabytes: f64,
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3} s, {:.0} MB", self.seconds, self.megabytes)
    }
}

/// Runs a command several times and returns the minimum of each measure.
fn least(arguments: &[&str], document: &Path, folder: &Path) -> anyhow::Result<Measured> {
    let mut least = Measured { seconds: f64::INFINITY, megabytes: f64::INFINITY };
    for _ in 0..ROUNDS {
        let one = measured(arguments, document, folder)?;
        least.seconds = least.seconds.min(one.seconds);
        least.megabytes = least.megabytes.min(one.megabytes);
    }
    Ok(least)
}

fn measured(arguments: &[&str], document: &Path, folder: &Path) -> anyhow::Result<Measured> {
    let program = std::env::current_exe()?.with_file_name("openapi-ledger");
    ensure!(program.exists(), "build the command first: cargo build --release -p openapi-ledger");
    let mut command = Command::new("/usr/bin/time");
    command.args(["-f", "%M"]).arg(program);
    for argument in arguments {
        match *argument {
            "DOCUMENT" => command.arg(document),
            "SPEC" => command.arg(workspace().join("spec/openapi.yaml")),
            "LEDGER" => command.arg(workspace().join("spec/defects.yaml")),
            "OUT" => command.arg(folder.join("out").with_extension(document.extension().unwrap_or_default())),
            word => command.arg(word),
        };
    }
    let start = Instant::now();
    let output = command.stdout(Stdio::null()).output().context("GNU time does not run; install it")?;
    let seconds = start.elapsed().as_secs_f64();
    let text = String::from_utf8_lossy(&output.stderr);
    // 1 means that there are findings.
    ensure!(matches!(output.status.code(), Some(0 | 1)), "{arguments:?} failed: {text}");
    let last = text.lines().next_back().unwrap_or_default();
    let kilobytes: f64 = last.parse().with_context(|| format!("GNU time printed {last:?}"))?;
    Ok(Measured { seconds, megabytes: kilobytes / 1_000.0 })
}
