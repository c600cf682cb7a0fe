//! Behavior on a terminal: confirmation, tables and their width. `script` provides the terminal.

use std::io::Write as _;
use std::process::{Command, Stdio};

use posthog_groups_fake::{Era, Group};

use super::program::{KEY, Program, world};

/// Runs a command line on a terminal with 60 columns, or returns `None` if `script` of util-linux is not installed.
fn on_terminal(program: &Program, line: &str, typed: &str) -> Option<(i32, String)> {
    on_terminal_of(program, "cols 60 rows 20", line, typed, &[])
}

/// The same on a terminal with another size, in the format of `stty`, and with variables.
fn on_terminal_of(
    program: &Program,
    size: &str,
    line: &str,
    typed: &str,
    variables: &[(&str, &str)],
) -> Option<(i32, String)> {
    let version = Command::new("script").arg("--version").output().ok()?;
    if !String::from_utf8_lossy(&version.stdout).contains("util-linux") {
        return None;
    }
    let line = format!("stty {size}; {} {line}", env!("CARGO_BIN_EXE_posthog-groups"));
    let mut child = Command::new("script")
        .args(["-qec", &line, "/dev/null"])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("TERM", "xterm")
        .env("HOME", program.home.path())
        .env("POSTHOG_HOST", program.fake.url())
        .env("POSTHOG_PERSONAL_API_KEY", KEY)
        .env("POSTHOG_GROUP_TYPE", "organization")
        .envs(variables.iter().copied())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(typed.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    Some((output.status.code().unwrap_or(-1), String::from_utf8(output.stdout).unwrap()))
}

#[test]
fn a_removal_shows_the_properties_and_asks_first() {
    for (typed, code, left) in [("y\n", 0, 4), (" YES\n", 0, 4), ("yep\n", 1, 5), ("\n", 1, 5)] {
        let program = Program::of_2026();
        let Some((exit, shown)) = on_terminal(&program, "unset org:5 plan", typed) else { return };
        assert!(shown.contains("plan: \"free\"") && shown.contains("[y/N]"), "{shown}");
        assert_eq!(exit, code, "{typed:?}: {shown}");
        let groups = program.fake.state().groups;
        let org = groups.iter().find(|group| group.group_key == "org:5").unwrap();
        assert_eq!(org.group_properties.iter().count(), left, "{typed:?}");
    }
}

#[test]
fn tables_fit_the_terminal_and_escape_sequences_are_escaped() {
    let program = Program::of_2026();
    let Some((code, shown)) = on_terminal(&program, "list", "") else { return };
    assert_eq!(code, 0, "{shown}");
    let plain = shown.replace("\u{1b}[1m", "").replace("\u{1b}[0m", "");
    assert!(plain.starts_with("GROUP KEY  CREATED AT"), "{plain}");
    assert!(plain.contains('…') && !plain.contains('\u{1b}'), "{plain:?}");
    assert!(plain.lines().all(|line| line.trim_end().chars().count() <= 60), "{plain}");
    let (_, card) = on_terminal(&program, "get org:6", "").unwrap();
    assert!(card.contains("Zürich 東京 \\u001b[31mred\\n"), "{card:?}");
}

#[test]
fn a_terminal_without_a_size_truncates_nothing_unless_columns_is_set() {
    let program = Program::of_2026();
    for size in ["cols 0 rows 0", "cols 80 rows 0", "cols 0 rows 20"] {
        let Some((code, whole)) = on_terminal_of(&program, size, "list", "", &[]) else { return };
        assert_eq!(code, 0, "{whole}");
        assert!(!whole.contains('…') && whole.contains("9007199254740993"), "{size}: {whole}");
        let (_, cut) = on_terminal_of(&program, size, "list", "", &[("COLUMNS", "50")]).unwrap();
        let cut = cut.replace("\u{1b}[1m", "").replace("\u{1b}[0m", "");
        assert!(cut.lines().all(|line| line.trim_end().chars().count() <= 50), "{size}: {cut}");
        // The keys and the times are not truncated.
        assert!(cut.contains("org:5") && cut.contains("2026-01-02T03:04:05Z  "), "{size}: {cut}");
    }
}

#[test]
fn a_terminal_too_narrow_for_the_columns_shows_one_line_per_cell() {
    let program = Program::of_2026();
    for (columns, line) in [(30, "whoami"), (24, "list"), (36, "activity org:5"), (20, "types")] {
        let size = format!("cols {columns} rows 20");
        let Some((code, shown)) = on_terminal_of(&program, &size, &format!("{line} --no-color"), "", &[])
        else {
            return;
        };
        assert_eq!(code, 0, "{shown}");
        assert!(
            line == "doctor" || shown.lines().all(|line| line.trim_end().chars().count() <= columns),
            "{shown}"
        );
        insta::assert_snapshot!(
            format!("narrow_{}", &line[..4]),
            shown.replace(&program.fake.url(), "http://SERVER").replace('\r', "")
        );
    }
}

#[test]
fn control_characters_reach_a_terminal_only_with_raw() {
    let mut state = world(Era::Y2026);
    state
        .groups
        .push(Group::new(0, "a\u{1b}[2J\u{9b}1m\u{202e}b").with("n\u{9b}", "\u{1b}]0;title\u{7} \u{7f}"));
    let program = Program::new(state);
    for format in ["table", "plain", "json", "ndjson", "csv"] {
        let Some((code, shown)) = on_terminal(&program, &format!("list -o {format} --no-color"), "") else {
            return;
        };
        assert_eq!(code, 0, "{shown}");
        let acts = |c: char| c.is_control() && !matches!(c, '\r' | '\n' | '\t') || c == '\u{202e}';
        assert!(!shown.contains(acts), "{format}: {shown:?}");
    }
    for export in ["export -q -", "export -q - --format csv"] {
        let (code, shown) = on_terminal(&program, export, "").unwrap();
        assert!(code == 0 && shown.contains("org:5"), "{shown}");
        let acts = |c: char| c.is_control() && !matches!(c, '\r' | '\n' | '\t') || c == '\u{202e}';
        assert!(!shown.contains(acts), "{export}: {shown:?}");
    }
    for line in ["list -o csv --raw", "export -q - --format csv --raw"] {
        let (_, raw) = on_terminal(&program, line, "").unwrap();
        assert!(raw.contains("a\u{1b}[2J\u{9b}1m\u{202e}b"), "{raw:?}");
    }
}

#[test]
fn an_import_shows_its_counts_before_it_asks() {
    for (typed, code) in [("y\n", 0), ("n\n", 1)] {
        let program = Program::of_2026();
        let rows = "group_key,plan\norg:5,scale\norg:new,free\norg:newer,free\n";
        let file = program.write("rows.csv", rows);
        let Some((exit, shown)) = on_terminal(&program, &format!("import {}", file.display()), typed) else {
            return;
        };
        assert!(shown.contains("Create 2 groups and change 1 of type organization in project"), "{shown}");
        assert_eq!(exit, code, "{typed:?}: {shown}");
        let created =
            program.fake.state().groups.iter().filter(|g| g.group_key.starts_with("org:new")).count();
        assert_eq!(created, if code == 0 { 2 } else { 0 }, "{shown}");
    }
}

#[test]
fn set_where_shows_the_changes_and_asks() {
    for (typed, code, plan) in [("y\n", 0, "\"team\""), ("\n", 1, "\"free\"")] {
        let program = Program::of_2026();
        let Some((exit, shown)) = on_terminal(&program, "set --where plan=free plan=team", typed) else {
            return;
        };
        assert_eq!(exit, code, "{shown}");
        assert!(shown.contains("  org:5  plan: \"free\" -> \"team\""), "{shown}");
        assert!(
            shown.contains("1 group matches the conditions, 1 to change. Set plan in project"),
            "{shown}"
        );
        let groups = program.fake.state().groups;
        let org = groups.iter().find(|group| group.group_key == "org:5").unwrap();
        assert!(serde_json::to_string(&org.group_properties).unwrap().contains(plan));
    }
}
