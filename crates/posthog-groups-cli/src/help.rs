//! The help: commands grouped by topic, and tips for command names of other programs.

use std::fmt::Write as _;

use clap::CommandFactory as _;
use clap::error::{ContextKind, ContextValue};

use crate::arguments::Arguments;

/// The order and headings of the commands in the help.
const TOPICS: &[(&str, &[&str])] = &[
    ("Read", &["types", "list", "get", "activity", "related", "values", "definitions"]),
    ("Write", &["create", "set", "unset", "upsert"]),
    ("Transfer", &["export", "import", "plan"]),
    ("Set up", &["doctor", "whoami", "contexts", "mcp", "serve", "api"]),
    ("Shell", &["completions", "man", "help"]),
];

/// The command line, with the commands listed by topic.
pub(crate) fn command() -> clap::Command {
    let command = Arguments::command();
    let mut topics = String::new();
    for (topic, names) in TOPICS {
        // Styled like clap's own headings; clap removes the style if it is not wanted.
        let _ = writeln!(topics, "\u{1b}[1m\u{1b}[4m{topic}:\u{1b}[0m");
        for name in *names {
            let about = match command.find_subcommand(name) {
                Some(known) => known.get_about().map(ToString::to_string).unwrap_or_default(),
                None => "Print the help of a command".to_owned(),
            };
            let _ = writeln!(topics, "  \u{1b}[1m{name:<12}\u{1b}[0m {about}");
        }
        topics.push('\n');
    }
    command.help_template(format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{topics}{{all-args}}{{after-help}}"
    ))
}

/// The command line for parsing, whose help does not list the commands twice. Completions and manual pages need the list.
pub(crate) fn parser() -> clap::Command {
    command()
        .override_usage("posthog-groups [OPTIONS] <COMMAND>")
        .mut_subcommands(|subcommand| subcommand.hide(true))
}

/// Command names of other programs, and the closest command here. They are not aliases, because none means exactly the same.
const ELSEWHERE: &[(&[&str], &str)] = &[
    (
        &["delete", "del", "rm", "remove", "destroy"],
        "groups cannot be deleted; `posthog-groups unset KEY NAME` removes properties of a group",
    ),
    (
        &["update", "edit", "modify", "patch", "change"],
        "`posthog-groups set KEY NAME=VALUE` changes properties of a group",
    ),
    (&["add", "new"], "`posthog-groups create KEY` creates a group"),
    (&["find", "search"], "`posthog-groups list --search TEXT` finds groups"),
    (&["diff"], "`posthog-groups plan FILE` shows what an import would change"),
    (
        &["login", "auth", "config", "configure"],
        "`posthog-groups contexts --help` shows how to configure the key",
    ),
];

/// Adds what the user probably meant to the error about an unknown command, or about a property that is not an option.
pub(crate) fn with_tip(mut error: clap::Error) -> clap::Error {
    let tip = if let Some(ContextValue::String(given)) = error.get(ContextKind::InvalidSubcommand) {
        let known = ELSEWHERE.iter().find(|(names, _)| names.contains(&given.as_str()));
        known.map(|(_, tip)| (*tip).to_owned())
    } else if let Some(ContextValue::String(given)) = error.get(ContextKind::InvalidArg) {
        let usage = error.get(ContextKind::Usage).map(ToString::to_string).unwrap_or_default();
        let has_set = [" create ", " upsert "].iter().any(|command| usage.contains(command));
        (has_set && given.contains('=') && !given.starts_with('-')).then(|| format!("use `--set {given}`"))
    } else {
        None
    };
    if let Some(tip) = tip {
        // Replaces clap's suggestion of a command with a similar spelling.
        error.remove(ContextKind::SuggestedSubcommand);
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    }
    error
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }

    #[test]
    fn every_command_is_listed_below_one_topic() {
        let listed: Vec<&str> = TOPICS.iter().flat_map(|(_, names)| names.iter().copied()).collect();
        let command = command();
        for known in command.get_subcommands().map(clap::Command::get_name) {
            let times = listed.iter().filter(|name| **name == known).count();
            assert_eq!(times, 1, "{known} is listed {times} times in TOPICS");
        }
        assert_eq!(
            listed.len(),
            command.get_subcommands().count() + 1,
            "TOPICS lists a command that does not exist"
        );
    }

    #[test]
    fn the_list_of_commands_fits_60_columns() {
        for known in command().get_subcommands() {
            let about = known.get_about().map(ToString::to_string).unwrap_or_default();
            assert!(format!("  {:<12} {about}", "").len() <= 60, "{}: {about}", known.get_name());
        }
    }
}
