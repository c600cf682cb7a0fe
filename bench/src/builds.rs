//! The cost of the dependency for a program: CPU time of a cold build, size of the program, number of crates.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context as _, ensure};

use crate::workspace;

/// A program that lists groups with `posthog-groups`.
const OURS: Program = Program {
    name: "ours",
    dependencies: "posthog-groups = { path = \"WORKSPACE/crates/posthog-groups\" }",
    main: r#"
#[tokio::main(flavor = "current_thread")]
async fn main() -> posthog_groups::Result<()> {
    let mut groups = posthog_groups::Client::from_env()?.groups(0).list().stream();
    while let Some(group) = groups.next().await {
        let group = group?;
        println!("{} {}", group.key, group.properties.as_str());
    }
    Ok(())
}
"#,
};

/// The same by hand, without the handling of errors, limits and paging in `posthog-groups`.
const BARE: Program = Program {
    name: "bare",
    dependencies: "reqwest = { version = \"0.13\", default-features = false, features = [\"json\", \"rustls\"] }\n\
                   serde_json = \"1\"",
    main: r#"
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (key, host) = (std::env::var("POSTHOG_PERSONAL_API_KEY")?, std::env::var("POSTHOG_HOST")?);
    let mut next = Some(format!("{host}/api/projects/@current/groups/?group_type_index=0"));
    let http = reqwest::Client::new();
    while let Some(url) = next {
        let page: serde_json::Value = http.get(url).bearer_auth(&key).send().await?.json().await?;
        for group in page["results"].as_array().into_iter().flatten() {
            println!("{} {}", group["group_key"], group["group_properties"]);
        }
        next = page["next"].as_str().map(str::to_owned);
    }
    Ok(())
}
"#,
};

struct Program {
    name: &'static str,
    dependencies: &'static str,
    main: &'static str,
}

pub(crate) fn builds(out: &mut impl Write) -> anyhow::Result<()> {
    const GOAL: f64 = 1.10;
    writeln!(
        out,
        "| what | ours | reqwest, serde_json, tokio | ratio | goal | verdict |\n|---|---|---|---|---|---|"
    )?;
    let (ours, bare) = (OURS.write()?, BARE.write()?);
    let mut row = |what: &str, ours: f64, bare: f64, unit: &str| {
        let ratio = ours / bare;
        let verdict = super::verdict(ratio <= GOAL);
        let digits = usize::from(!unit.is_empty());
        writeln!(
            out,
            "| {what} | {ours:.digits$}{unit} | {bare:.digits$}{unit} | {ratio:.2} | <= {GOAL:.2} | {verdict} |"
        )
    };
    for (what, profile) in
        [("cold build, debug, CPU time", "dev"), ("cold build, release, CPU time", "release")]
    {
        row(what, cold_build(&ours, profile)?, cold_build(&bare, profile)?, " s")?;
    }
    let size = |folder: &Path| -> anyhow::Result<f64> {
        let program = folder.join("target/release/program").with_extension(std::env::consts::EXE_EXTENSION);
        Ok(fs::metadata(program)?.len() as f64 / 1e6)
    };
    row("program, release", size(&ours)?, size(&bare)?, " MB")?;
    row("crates", crates(&ours)?, crates(&bare)?, "")?;
    Ok(())
}

impl Program {
    /// Writes the program as a separate package, with the dependency versions of the workspace.
    fn write(&self) -> anyhow::Result<PathBuf> {
        let folder = workspace().join("target/bench-builds").join(self.name);
        fs::create_dir_all(folder.join("src"))?;
        let dependencies =
            self.dependencies.replace("WORKSPACE", &workspace().to_string_lossy().replace('\\', "/"));
        let manifest = format!(
            "[package]\nname = \"program\"\nedition = \"2024\"\n\n[dependencies]\n{dependencies}\n\
             tokio = {{ version = \"1\", features = [\"macros\", \"rt\"] }}\n\n[workspace]\n"
        );
        fs::write(folder.join("Cargo.toml"), manifest)?;
        fs::write(folder.join("src/main.rs"), self.main)?;
        fs::copy(workspace().join("Cargo.lock"), folder.join("Cargo.lock"))?;
        Ok(folder)
    }
}

fn cargo(folder: &Path, arguments: &[&str]) -> anyhow::Result<String> {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(folder).args(arguments).env("CARGO_TARGET_DIR", folder.join("target"));
    let output = cargo.output().context("cargo does not run")?;
    ensure!(
        output.status.success(),
        "cargo {arguments:?} failed:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(String::from_utf8(output.stdout)?)
}

/// The total CPU time of all compiler processes in seconds.
fn cold_build(folder: &Path, profile: &str) -> anyhow::Result<f64> {
    cargo(folder, &["fetch"])?;
    if folder.join("target").exists() {
        fs::remove_dir_all(folder.join("target"))?;
    }
    let (start, before) = (Instant::now(), children_time());
    cargo(folder, &["build", "--offline", "--quiet", "--profile", profile])?;
    let taken = children_time().zip(before).map(|(after, before)| after - before);
    Ok(taken.unwrap_or_else(|| start.elapsed().as_secs_f64()))
}

/// The CPU time of all child processes so far, if the system reports it: fields 16 and 17, in hundredths of a second.
fn children_time() -> Option<f64> {
    let text = fs::read_to_string("/proc/self/stat").ok()?;
    let fields = text.rsplit_once(") ")?.1;
    let ticks: u64 = fields.split(' ').skip(13).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Some(ticks as f64 / 100.0)
}

fn crates(folder: &Path) -> anyhow::Result<f64> {
    let tree = cargo(folder, &["tree", "--offline", "--edges", "normal", "--prefix", "none"])?;
    let names: std::collections::BTreeSet<&str> =
        tree.lines().map(|line| line.trim_end_matches(" (*)")).filter(|line| !line.is_empty()).collect();
    Ok(names.len() as f64)
}
