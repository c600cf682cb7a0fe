//! Compares the performance with other clients that do the same work, and prints Markdown: `cargo xtask bench`.
//!
//! Each subject runs in its own process, against the stand-in server in another process over loopback. If valgrind is installed,
//! instructions determine the verdict; CPU time is printed next to them with its spread.

mod builds;
mod bulk;
mod measure;
mod pages;
mod servers;
mod spec;
mod subjects;

use std::io::{self, Write};
use std::path::Path;

use anyhow::{bail, ensure};
use chrono::TimeDelta;
use posthog_groups_fake::DEFAULT_KEY;

use measure::{Cost, Pair, cost, has_valgrind, interleaved, whole_program};
use subjects::Subject;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let out = &mut io::stdout();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["calls"] => calls(out),
        ["builds"] => builds::builds(out),
        ["spec"] => spec::spec(out),
        ["bulk"] => bulk::bulk(out),
        ["limits"] => bulk::at_the_limits(out),
        ["exports"] => bulk::exports(out),
        ["flight"] => bulk::in_flight(out),
        ["plans"] => bulk::plans(out),
        // The child processes.
        ["serve", groups, plan, millis] => {
            servers::serve(groups.parse()?, plan, TimeDelta::milliseconds(millis.parse()?))
        }
        ["pages", groups] => pages::serve(groups.parse()?),
        ["export", url] => bulk::alone(bulk::export(url)),
        ["follow", url] => bulk::alone(bulk::follow(url)),
        ["plan", url, rows] => bulk::alone(bulk::plan(url, rows.parse()?)),
        [subject, url, count] => alone(Subject::named(subject)?, url, count.parse()?),
        _ => bail!(
            "usage: bench calls|builds|spec|bulk, or a part of bulk: limits|exports|flight|plans; everything else is for its \
             own child processes"
        ),
    }
}

/// Runs one subject; prints its CPU time in nanoseconds and its checksum.
fn alone(subject: Subject, url: &str, count: u64) -> anyhow::Result<()> {
    let (sum, time) = subject.run(url, count)?;
    writeln!(io::stdout(), "{} {sum}", time.as_nanos())?;
    Ok(())
}

/// A comparison: the subjects, the numbers of requests, and the goal for the ratio.
struct Row {
    what: &'static str,
    peer: &'static str,
    ours: Subject,
    theirs: Subject,
    /// The run lengths: two for valgrind, one for the clock.
    lengths: (u64, u64, u64),
    goal: f64,
    /// The goal for the allocations, if there is one.
    allocations: Option<f64>,
}

const LIST: (u64, u64, u64) = (10, 60, 50);
const CALL: (u64, u64, u64) = (20, 120, 500);

fn rows() -> Vec<Row> {
    use Subject::{
        Create, CreateByHand, Find, FindByHand, FindRaw, List, ListByHand, ListCursorOnly, ListGenerated,
        ListToValue, ListTyped, ListTypedByHand, Set, SetByHand, Tasks, TasksByHand,
    };
    let row = |what, peer, ours, theirs, lengths, goal, allocations| Row {
        what,
        peer,
        ours,
        theirs,
        lengths,
        goal,
        allocations,
    };
    vec![
        row("list, a page", "hand-written: `RawValue`, chrono", List, ListByHand, LIST, 0.60, Some(0.10)),
        row("list, a page", "hand-written: `Value`, chrono", List, ListToValue, LIST, 0.31, None),
        row("list, a page", "code of openapi-generator", List, ListGenerated, LIST, 0.33, None),
        row(
            "list, a page",
            "lower bound: a loop that reads only `next`",
            List,
            ListCursorOnly,
            LIST,
            1.0,
            None,
        ),
        row(
            "list, a page, to a struct",
            "hand-written: a struct",
            ListTyped,
            ListTypedByHand,
            LIST,
            1.05,
            None,
        ),
        row("find", "bare reqwest, to a struct", Find, FindByHand, CALL, 1.05, None),
        row("find, raw client", "bare reqwest, to a struct", FindRaw, FindByHand, CALL, 1.03, None),
        row("set", "bare reqwest, to a struct", Set, SetByHand, CALL, 1.05, None),
        row("create", "bare reqwest, to a struct", Create, CreateByHand, CALL, 1.05, None),
        row(
            "find from 64 tasks",
            "bare reqwest, to a struct",
            Tasks,
            TasksByHand,
            (640, 3_840, 8_000),
            1.10,
            None,
        ),
    ]
}

fn calls(out: &mut impl Write) -> anyhow::Result<()> {
    let (_server, url) = servers::started(&["serve", "11000", "enterprise", "61417"])?;
    let url = url.as_str();
    let valgrind = has_valgrind();
    if !valgrind {
        writeln!(out, "valgrind is not installed: CPU time, which is noisy, determines the verdict.\n")?;
    }
    writeln!(
        out,
        "| what | peer | instructions, ours | peer | ratio | allocations, ours / peer | CPU time, ours / peer | \
         ratio, median (10 % to 90 %) | goal | verdict |\n|---|---|---|---|---|---|---|---|---|---|"
    )?;
    let mut known: Vec<(Subject, Cost)> = Vec::new();
    for row in rows() {
        let (short, long, timed) = row.lengths;
        let mut look = |subject: Subject| -> anyhow::Result<Option<Cost>> {
            if !valgrind {
                return Ok(None);
            }
            if let Some((_, cost)) = known.iter().find(|(known, _)| *known == subject) {
                return Ok(Some(*cost));
            }
            let cost = cost(subject, url, (short, long))?;
            known.push((subject, cost));
            Ok(Some(cost))
        };
        let costs = look(row.ours)?.zip(look(row.theirs)?);
        let pair = interleaved(row.ours, row.theirs, url, timed)?;
        print_row(out, &row, costs, pair)?;
    }
    if valgrind {
        program_start(out, url)?;
    }
    Ok(())
}

fn print_row(out: &mut impl Write, row: &Row, costs: Option<(Cost, Cost)>, pair: Pair) -> io::Result<()> {
    let [median, low, high] = pair.ratio;
    let ratio = costs.map_or(median, |(ours, peer)| ours.instructions / peer.instructions);
    let (instructions, allocations) = match costs {
        Some((ours, peer)) => (
            format!("{} | {} | {ratio:.2}", thousands(ours.instructions), thousands(peer.instructions)),
            format!(
                "{:.0} / {:.0} = {:.2}",
                ours.allocations,
                peer.allocations,
                ours.allocations / peer.allocations
            ),
        ),
        None => ("- | - | -".to_owned(), "-".to_owned()),
    };
    let mut goal = format!("<= {:.2}", row.goal);
    let mut met = ratio <= row.goal;
    if let Some(most) = row.allocations {
        goal += &format!(", allocations <= {most:.2}");
        met &= costs.is_none_or(|(ours, peer)| ours.allocations / peer.allocations <= most);
    }
    writeln!(
        out,
        "| {} | {} | {instructions} | {allocations} | {:.1?} / {:.1?} | {median:.2} ({low:.2} to {high:.2}) | {goal} | {} |",
        row.what,
        row.peer,
        pair.ours,
        pair.peer,
        verdict(met)
    )
}

/// The root of the repository.
fn workspace() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn thousands(number: f64) -> String {
    format!("{:.1}k", number / 1_000.0)
}

fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "**missed**" }
}

/// Measures the command line as a whole process, against a program that only sends the request and prints the response.
fn program_start(out: &mut impl Write, url: &str) -> anyhow::Result<()> {
    const GOAL: f64 = 1.05;
    let bench = std::env::current_exe()?;
    let program = bench.with_file_name(format!("posthog-groups{}", std::env::consts::EXE_SUFFIX));
    ensure!(program.exists(), "build the command first: cargo build --release -p posthog-groups-cli");
    let variables = [
        ("POSTHOG_PERSONAL_API_KEY", DEFAULT_KEY),
        ("POSTHOG_HOST", url),
        ("POSTHOG_PROJECT_ID", "1"),
        ("POSTHOG_GROUP_TYPE", "0"),
    ];
    let ours = whole_program(&program.to_string_lossy(), &["list", "--limit", "3"], &variables)?;
    let peer = whole_program(&bench.to_string_lossy(), &[&Subject::Print.name(), url, "1"], &[])?;
    writeln!(
        out,
        "| `posthog-groups list --limit 3`, the whole process | bare reqwest program | {} | {} | {:.2} | - | - | - | <= {GOAL:.2} | {} |",
        thousands(ours),
        thousands(peer),
        ours / peer,
        verdict(ours / peer <= GOAL)
    )?;
    Ok(())
}
