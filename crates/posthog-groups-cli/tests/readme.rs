//! The transcript in the README matches the output of the program.

#![cfg(unix)]

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use chrono::DateTime;

/// The README of the repository; a packed crate comes without it.
fn readme() -> Option<String> {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../README.md")).ok()
}

/// The lines of the first block of this kind.
fn block(readme: &str) -> Vec<&str> {
    readme
        .lines()
        .skip_while(|line| *line != "```console")
        .skip(1)
        .take_while(|line| *line != "```")
        .collect()
}

/// A shell that runs one command after the other, like a user at a terminal.
struct Shell {
    folder: tempfile::TempDir,
    exported: Vec<(String, String)>,
    server: Option<Child>,
    port: String,
}

impl Shell {
    fn command(&self, line: &str) -> Command {
        let programs = PathBuf::from(env!("CARGO_BIN_EXE_posthog-groups")).parent().unwrap().to_owned();
        let path = format!("{}:{}", programs.display(), std::env::var("PATH").unwrap());
        let mut shell = Command::new("sh");
        shell.args(["-c", line]).current_dir(self.folder.path()).env_clear().env("PATH", path);
        shell.env("HOME", self.folder.path()).envs(self.exported.iter().cloned()).stdin(Stdio::null());
        shell
    }

    /// Returns the output of a command, which has the format of a terminal: tables.
    fn run(&mut self, line: &str) -> String {
        if let Some(server) = line.strip_suffix(" &") {
            return self.serve(&server.replace("--port 8000", "--port 0"));
        }
        if let Some((name, value)) = line.strip_prefix("export ").and_then(|rest| rest.split_once('=')) {
            self.exported.push((name.to_owned(), value.replace("8000", &self.port)));
            return String::new();
        }
        // Redirected output has the plain format.
        let is_shown = !line.contains(['>', '|']) && !line.contains(" export ");
        let table = if is_shown { "posthog-groups -o table " } else { "posthog-groups " };
        let as_on_a_terminal = line.replacen("posthog-groups ", table, 1);
        let output = self.command(&format!("{{ {as_on_a_terminal}; }} 2>&1")).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    fn serve(&mut self, line: &str) -> String {
        // `exec`, so that the server itself can be stopped.
        let mut server = self.command(&format!("exec {line} 2>&1")).stdout(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        let mut lines = BufReader::new(server.stdout.take().unwrap());
        while !said.contains("Ctrl-C") {
            assert_ne!(lines.read_line(&mut said).unwrap(), 0, "the server ended: {said}");
        }
        self.server = Some(server);
        let host = said.lines().find_map(|line| line.strip_prefix("export POSTHOG_HOST=")).unwrap();
        self.port = host.rsplit(':').next().unwrap().to_owned();
        said
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        if let Some(server) = &mut self.server {
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

/// Replaces times and the port, which differ between runs.
fn timeless(text: &str, port: &str) -> String {
    let word = |word: &str| if DateTime::parse_from_rfc3339(word).is_ok() { "TIME" } else { word }.to_owned();
    let line = |line: &str| line.trim_end().split(' ').map(word).collect::<Vec<_>>().join(" ");
    let text: Vec<String> = text.lines().map(line).collect();
    text.join("\n").replace(&format!(":{port}"), ":8000")
}

#[test]
fn the_transcript_in_the_readme_is_accurate() {
    let Some(readme) = readme() else { return };
    let expected = block(&readme);
    let mut shell = Shell {
        folder: tempfile::tempdir().unwrap(),
        exported: vec![],
        server: None,
        port: "8000".to_owned(),
    };
    let mut said = String::new();
    let commands: Vec<&str> = expected.iter().filter_map(|line| line.strip_prefix("$ ")).collect();
    assert!(commands.len() >= 10, "the README has a transcript");
    for command in commands {
        said.push_str(&format!("$ {command}\n"));
        said.push_str(&shell.run(command));
    }
    let said = timeless(&said, &shell.port);
    assert_eq!(said, timeless(&expected.join("\n"), "8000"), "the transcript is now:\n{said}");
}
