//! The report for people.

use serde_json::Value;

use super::{Proposal, Remedy, Repair, Stale};
use crate::write::to_yaml;

impl Repair {
    /// The report as Markdown: what upstream changed, what becomes of the corrections, what to paste.
    pub fn to_markdown(&self) -> String {
        let mut text = String::from("# What upstream changed\n\n");
        match &self.diff {
            Some(diff) if diff.changes.is_empty() => text.push_str("Nothing.\n"),
            Some(diff) => {
                // The title says which documents these are; here that is plain.
                let body = diff.to_markdown();
                text.push_str(body.split_once("\n\n").map_or("", |(_, body)| body));
            }
            None => text.push_str("The slices cannot be compared: one of them is no OpenAPI document, or they have no operation in common.\n"),
        }
        for (heading, remark, belongs) in SECTIONS {
            let stale: Vec<_> = self.stale.iter().filter(|stale| belongs(&stale.remedy)).collect();
            if stale.is_empty() {
                continue;
            }
            text.push_str(&format!("\n# {heading}\n\n{remark}\n\n"));
            stale.iter().for_each(|stale| text.push_str(&stale.to_markdown()));
        }
        if self.stale.is_empty() {
            text.push_str("\n# Corrections\n\nEvery correction applies.\n");
        }
        if !self.proposals.is_empty() {
            text.push_str(
                "\n# New: actions to paste\n\nFill in what stands behind `FILL IN`, and give the defect a number in place of `D??`.\n",
            );
            self.proposals.iter().for_each(|proposal| text.push_str(&proposal.to_markdown()));
        }
        text
    }
}

type Belongs = fn(&Remedy) -> bool;

const SECTIONS: &[(&str, &str, Belongs)] = &[
    ("Corrections that are unnecessary now", "Upstream has the right value: delete them.", |remedy| {
        *remedy == Remedy::Unnecessary
    }),
    (
        "Corrections of which only the text is needed",
        "Upstream has the right value: make the target one that matches it, and leave `description` and `summary` in `update`.",
        |remedy| *remedy == Remedy::WordsOnly,
    ),
    (
        "Corrections of what is gone",
        "Delete them, unless servers that still have it are to be described: then add it by a correction.",
        |remedy| matches!(remedy, Remedy::Gone { .. }),
    ),
    (
        "Corrections to adapt",
        "They apply again with these lines in the place of the old ones. Look whether they should, where something is new.",
        |remedy| matches!(remedy, Remedy::Adapt { .. }),
    ),
    ("Corrections that follow", "They apply again once those above are adapted.", |remedy| {
        *remedy == Remedy::Follows
    }),
    ("Corrections that no longer apply", "A person has to look.", |remedy| {
        matches!(remedy, Remedy::Look { .. })
    }),
];

impl Stale {
    fn to_markdown(&self) -> String {
        let Self { target, remedy, .. } = self;
        let site = match &self.description {
            Some(description) => format!("{} \"{description}\"", self.site),
            None => self.site.to_string(),
        };
        match remedy {
            Remedy::Unnecessary | Remedy::WordsOnly | Remedy::Follows => format!("* {site}\n"),
            Remedy::Gone { what } => format!("* {site}: {} is gone\n", what.join(", ")),
            Remedy::Look { why } => format!("* {site}: {why}. Its target is `{target}`\n"),
            Remedy::Adapt { target, expect, why } => {
                let mut lines = serde_json::Map::new();
                if let Some(target) = target {
                    lines.insert("target".into(), target.clone().into());
                }
                if let Some(expect) = expect {
                    lines.insert("expect".into(), (*expect).into());
                }
                format!(
                    "* {site}: {}\n\n{}\n",
                    why.join("; "),
                    indented("  ", &fenced(&Value::Object(lines)))
                )
            }
        }
    }
}

impl Proposal {
    fn to_markdown(&self) -> String {
        format!(
            "\n## {}\n\nIn {}:\n\n{}",
            self.title,
            self.file,
            fenced(&Value::Array(vec![self.action.clone()]))
        )
    }
}

fn fenced(value: &Value) -> String {
    format!("```yaml\n{}```\n", to_yaml(value).unwrap_or_else(|_| format!("{value:#}\n")))
}

fn indented(by: &str, text: &str) -> String {
    text.lines().map(|line| format!("{by}{line}\n")).collect()
}
