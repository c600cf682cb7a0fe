//! Citations in code and documentation resolve: sections of the contract, defects, linked files.

use std::collections::BTreeSet;
use std::process::Command;

use posthog_groups_tests::workspace;
use regress::Regex;

/// The tracked text files with one of these endings, each as (name, text).
fn files(endings: &[&str]) -> Vec<(String, String)> {
    let patterns = endings.iter().map(|ending| format!("*{ending}"));
    let mut git = Command::new("git");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).args(patterns);
    let output = output_of(git.current_dir(workspace()));
    let read = |name: &str| Some((name.to_owned(), std::fs::read_to_string(workspace().join(name)).ok()?));
    output.split('\0').filter(|name| !name.is_empty()).filter_map(read).collect()
}

fn output_of(command: &mut Command) -> String {
    match command.output() {
        Ok(output) if output.status.success() => String::from_utf8(output.stdout).unwrap(),
        // Git has no list of the files in an unpacked archive.
        _ => String::new(),
    }
}

/// The matches of a pattern with their line numbers. Lines without `word` are skipped for speed.
fn cited(word: &str, pattern: &str, text: &str) -> Vec<(usize, String)> {
    let regex = Regex::new(pattern).unwrap();
    let mut found = Vec::new();
    for (n, line) in text.lines().enumerate().filter(|(_, line)| line.contains(word)) {
        found.extend(regex.find_iter(line).map(|m| (n + 1, line[m.range()].to_owned())));
    }
    found
}

fn numbers(text: &str) -> Vec<String> {
    cited("", r"\d+(\.\d+)?", text).into_iter().map(|(_, number)| number).collect()
}

#[test]
fn every_section_of_the_contract_that_is_cited_exists() {
    let contract = std::fs::read_to_string(workspace().join("spec/contract.md")).unwrap();
    let headings = contract.lines().filter(|line| line.starts_with("##"));
    let sections: BTreeSet<String> = headings.filter_map(|line| numbers(line).into_iter().next()).collect();
    assert!(sections.contains("1.3") && sections.contains("4"), "{sections:?}");

    let mut seen = 0;
    let mut broken = Vec::new();
    for (name, text) in files(&[".rs", ".md", ".yaml", ".toml", ".py", ".sh"]) {
        let within = ["spec/contract.md", "spec/admin-protocol.md"].contains(&name.as_str());
        let words = if within { "" } else { "[Cc]ontract " };
        let list = r"sections? \d+(\.\d+)?((,| and|, and| to) \d+(\.\d+)?)*";
        for (line, citation) in cited("section", &format!("{words}{list}"), &text) {
            seen += 1;
            let missing: Vec<_> = numbers(&citation).into_iter().filter(|n| !sections.contains(n)).collect();
            broken.extend(
                (!missing.is_empty()).then(|| format!("{name}:{line}: no section {}", missing.join(", "))),
            );
        }
    }
    assert!(seen > 30, "only {seen} citations found");
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_defect_that_is_cited_is_recorded() {
    let record = ["spec/defects.yaml", "spec/README.md"].map(|name| workspace().join(name));
    let record = record.iter().find(|path| path.exists()).unwrap();
    let known: BTreeSet<String> = cited("D", r"\bD\d\d\b", &std::fs::read_to_string(record).unwrap())
        .into_iter()
        .map(|(_, id)| id)
        .collect();
    assert!(known.len() >= 78, "{} defects in {}", known.len(), record.display());
    let mut broken = Vec::new();
    for (name, text) in files(&[".rs", ".md", ".yaml", ".toml"]) {
        // The first free number is used in the example in the instructions, and D99 by tests as an unknown defect.
        let made_up = [format!("D{}", known.len() + 1), "D99".to_owned()];
        let unknown = cited("D", r"\bD\d\d\b", &text).into_iter();
        let unknown = unknown.filter(|(_, id)| !known.contains(id) && !made_up.contains(id));
        broken.extend(unknown.map(|(line, id)| format!("{name}:{line}: no defect {id}")));
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn every_file_that_a_document_links_to_exists() {
    let mut broken = Vec::new();
    for (name, text) in files(&[".md"]) {
        let folder = workspace().join(&name).parent().unwrap().to_owned();
        for (line, link) in cited("](", r"\]\([^)\s:]+\)", &text) {
            let target = link[2..link.len() - 1].split('#').next().unwrap_or_default();
            if !target.is_empty() && !folder.join(target).exists() {
                broken.push(format!("{name}:{line}: no file {target}"));
            }
        }
    }
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}
