//! `man`: prints the manual pages.

use std::io::{self, Write as _};
use std::path::Path;

use clap::Command;
use clap_mangen::Man as Page;

use crate::arguments::Man;
use crate::exit::Failure;
use crate::help;

pub(crate) fn run(arguments: &Man) -> Result<(), Failure> {
    let mut command = whole(help::command().disable_help_subcommand(true));
    command.build();
    match &arguments.out {
        None => {
            let page = page(command).map_err(|e| Failure::of_stdout(&e))?;
            io::stdout().write_all(&page).map_err(|e| Failure::of_stdout(&e))
        }
        Some(folder) => write_pages(command, folder)
            .map_err(|e| Failure::failed(format!("cannot write to {}: {e}", folder.display()))),
    }
}

/// Shows all options, because a manual page is the long help.
fn whole(command: Command) -> Command {
    command.mut_args(|option| option.hide_short_help(false)).mut_subcommands(whole)
}

fn write_pages(command: Command, folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for subcommand in command.get_subcommands().filter(|subcommand| !subcommand.is_hide_set()) {
        write_page(subcommand.clone(), folder)?;
    }
    write_page(command, folder)
}

fn write_page(command: Command, folder: &Path) -> io::Result<()> {
    let name = Page::new(command.clone()).get_filename();
    std::fs::write(folder.join(name), page(command)?)
}

/// One page. The generator would reflow the lines of the examples, and title them "EXTRA".
fn page(command: Command) -> io::Result<Vec<u8>> {
    let after = command.get_after_long_help().map(ToString::to_string).unwrap_or_default();
    let version = command.get_version().is_some();
    let mut page = Vec::new();
    let (options, subcommands) = (
        command.get_arguments().any(|option| !option.is_hide_set()),
        command.get_subcommands().any(|subcommand| !subcommand.is_hide_set()),
    );
    // The source is the program, even on the page of a command.
    let generator = Page::new(command).source(concat!("posthog-groups ", env!("CARGO_PKG_VERSION")));
    generator.render_title(&mut page)?;
    generator.render_name_section(&mut page)?;
    generator.render_synopsis_section(&mut page)?;
    generator.render_description_section(&mut page)?;
    if options {
        generator.render_options_section(&mut page)?;
    }
    if subcommands {
        generator.render_subcommands_section(&mut page)?;
    }
    page.extend_from_slice(sections(&after).as_bytes());
    if version {
        generator.render_version_section(&mut page)?;
    }
    Ok(page)
}

/// Paragraphs of the help that start with one of these names become sections.
const SECTIONS: &[&str] = &["First steps", "Output", "Exit codes", "Settings", "Examples"];

/// The text after the help, line by line. Paragraphs without a heading come first, as notes.
fn sections(text: &str) -> String {
    let mut notes: Vec<&str> = Vec::new();
    let mut named = String::new();
    for paragraph in text.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()) {
        let (first, rest) = paragraph.split_once('\n').unwrap_or((paragraph, ""));
        let heading = SECTIONS.iter().find(|name| {
            first
                .strip_prefix(**name)
                .is_some_and(|after| after.starts_with([':', ',']) && after.contains(':'))
        });
        match heading {
            // The heading may have more than the name.
            Some(name) if first.len() > name.len() + 1 => named.push_str(&section(name, paragraph)),
            Some(name) => named.push_str(&section(name, rest)),
            None => notes.push(paragraph),
        }
    }
    let notes = if notes.is_empty() { String::new() } else { section("Notes", &notes.join("\n\n")) };
    notes + &named
}

fn section(name: &str, text: &str) -> String {
    let lines: String = text.lines().map(|line| format!("{}\n", literal(line))).collect();
    format!(".SH \"{}\"\n.nf\n{lines}.fi\n", name.to_uppercase())
}

/// Escapes a line for roff: backslashes and hyphens are literal, and no line is a request.
fn literal(line: &str) -> String {
    let line = line.replace('\\', "\\e").replace('-', "\\-");
    if line.starts_with(['.', '\'']) { format!("\\&{line}") } else { line }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_kept_below_their_headings() {
        assert_eq!(
            sections("A note.\n\nExamples:\n  a -b \\c\n.d\n\nThe file:\n\n  a = 1"),
            ".SH \"NOTES\"\n.nf\nA note.\n\nThe file:\n\n  a = 1\n.fi\n\
             .SH \"EXAMPLES\"\n.nf\n  a \\-b \\ec\n\\&.d\n.fi\n"
        );
        assert_eq!(
            sections("Settings, by rank: flags\n  A"),
            ".SH \"SETTINGS\"\n.nf\nSettings, by rank: flags\n  A\n.fi\n"
        );
        assert_eq!(sections(""), "");
    }
}
