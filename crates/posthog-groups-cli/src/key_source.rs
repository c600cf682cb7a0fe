//! Sources of keys. A key is never displayed.

use std::fmt;
use std::fs::Metadata;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::exit::Failure;

/// A file or an output with more bytes than this is not a key.
const MAX_KEY_BYTES: u64 = 4096;

/// An environment variable. An empty one is treated as not set.
pub(crate) fn variable(name: &'static str) -> Result<Option<String>, Failure> {
    match std::env::var(name) {
        Ok(value) => Ok(Some(value).filter(|value| !value.is_empty())),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(Failure::usage(format!("{name} is not valid Unicode"))),
    }
}

/// Where a key comes from.
#[derive(Clone, Debug)]
pub(crate) enum KeySource {
    /// An environment variable.
    Variable(&'static str),
    File(PathBuf),
    /// A program and its arguments.
    Command(Vec<String>),
    /// A command line for the shell.
    Shell(String),
    Stdin,
}

impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(_) => f.write_str("set"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Command(words) => write!(f, "command `{}`", without_keys(&words.join(" "))),
            Self::Shell(line) => write!(f, "command `{}`", without_keys(line)),
            Self::Stdin => f.write_str("standard input"),
        }
    }
}

impl KeySource {
    /// Reads the key: one line, without the line end.
    pub(crate) fn read(&self) -> Result<String, Failure> {
        let text = match self {
            Self::Variable(name) => variable(name)?.unwrap_or_default(),
            Self::File(path) => read_file(path)?,
            Self::Command(words) => {
                let Some((program, arguments)) = words.split_first() else {
                    return Err(Failure::usage("the key command is an empty list").help(
                        "give the program and its arguments, such as `key_command = [\"pass\", \"show\", \"posthog\"]`",
                    ));
                };
                let mut command = Command::new(program);
                command.args(arguments);
                self.output_of(command)?
            }
            Self::Shell(line) => {
                let mut command = Command::new(if cfg!(windows) { "cmd" } else { "sh" });
                command.args([if cfg!(windows) { "/C" } else { "-c" }, line]);
                self.output_of(command)?
            }
            Self::Stdin => {
                let mut text = String::new();
                io::stdin()
                    .take(MAX_KEY_BYTES)
                    .read_to_string(&mut text)
                    .map_err(|e| Failure::usage(format!("cannot read the key from standard input: {e}")))?;
                text
            }
        };
        let text = text.trim_end_matches(['\n', '\r']);
        if text.trim().is_empty() {
            return Err(Failure::usage(match self {
                Self::Variable(name) => format!("{name} is set, but empty"),
                _ => format!("no key in {self}: it is empty"),
            }));
        }
        if text.contains(['\n', '\r']) {
            let place = match self {
                Self::Variable(name) => (*name).to_owned(),
                _ => self.to_string(),
            };
            return Err(Failure::usage(format!("{place} contains more than a key: it has several lines"))
                .help("keep only the key, on one line"));
        }
        Ok(text.to_owned())
    }

    /// Runs the command and takes what it prints, which is at most [`MAX_KEY_BYTES`].
    fn output_of(&self, mut command: Command) -> Result<String, Failure> {
        let cannot = |e| Failure::usage(format!("cannot run {self}, which provides the key: {e}"));
        // Standard input is inherited: password stores may ask for a passphrase.
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(cannot)?;
        let stderr = child.stderr.take();
        // Both pipes are read at the same time, because a full one blocks the command.
        let stderr = std::thread::spawn(move || stderr.map(read_start).unwrap_or_default());
        let mut stdout = Vec::new();
        let read = child.stdout.take().map(|pipe| pipe.take(MAX_KEY_BYTES + 1).read_to_end(&mut stdout));
        if u64::try_from(stdout.len()).is_ok_and(|length| length > MAX_KEY_BYTES) {
            // It may never end by itself.
            let _ = child.kill();
            let _ = child.wait();
            return Err(Failure::usage(format!(
                "{self}, which provides the key, printed more than {MAX_KEY_BYTES} bytes"
            ))
            .help("make the command print only the key, on one line"));
        }
        read.transpose().map_err(cannot)?;
        let status = child.wait().map_err(cannot)?;
        let said = explanation(&stdout, &stderr.join().unwrap_or_default());
        if !status.success() {
            return Err(Failure::usage(format!("{self}, which provides the key, failed ({status}); {said}")));
        }
        if stdout.trim_ascii().is_empty() {
            return Err(Failure::usage(format!("{self}, which provides the key, printed nothing; {said}")));
        }
        String::from_utf8(stdout).map_err(|_| {
            Failure::usage(format!("{self}, which provides the key, printed text that is not valid Unicode"))
        })
    }

    /// Returns a warning if others can access the key.
    pub(crate) fn warning(&self) -> Option<Exposed> {
        match self {
            Self::File(path) => Exposed::check(path, true),
            _ => None,
        }
    }
}

/// The beginning of the output; the rest is read and dropped, so that the command is not blocked.
fn read_start(mut pipe: impl Read) -> Vec<u8> {
    let mut start = Vec::new();
    let _ = pipe.by_ref().take(MAX_KEY_BYTES).read_to_end(&mut start);
    let _ = io::copy(&mut pipe, &mut io::sink());
    start
}

/// The error output of the command, unless it may contain the key, for example if the command traces its execution.
fn explanation(stdout: &[u8], stderr: &[u8]) -> String {
    let (stdout, stderr) = (String::from_utf8_lossy(stdout), String::from_utf8_lossy(stderr));
    let stderr = stderr.trim();
    let repeats_output = stdout.split_whitespace().any(|word| stderr.contains(word));
    if stderr.is_empty() {
        "without an error message".to_owned()
    } else if repeats_output || words(stderr).any(could_be_key) {
        "its error output is not shown, because it may contain the key".to_owned()
    } else {
        format!("error output: {stderr}")
    }
}

/// The text with everything that has the form of a key replaced.
pub(crate) fn without_keys(text: &str) -> String {
    words(text)
        .filter(|word| has_key_prefix(word))
        .fold(text.to_owned(), |text, key| text.replace(key, &format!("{}...", &key[..KEY_PREFIX_LENGTH])))
}

/// The parts of the text between characters that no key has.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '-'))
}

/// The length of `phx_`.
const KEY_PREFIX_LENGTH: usize = 4;

fn has_key_prefix(word: &str) -> bool {
    ["phx_", "pha_", "phc_", "phs_"].iter().any(|prefix| word.starts_with(prefix))
}

/// Whether a word is a key, or is as long and as random as one.
fn could_be_key(word: &str) -> bool {
    has_key_prefix(word) || word.len() >= 20 && word.contains(|c: char| c.is_ascii_digit())
}

fn read_file(path: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(MAX_KEY_BYTES).read_to_string(&mut text))
        .map_err(|e| Failure::usage(format!("cannot read the key file {}: {e}", path.display())))?;
    Ok(text)
}

/// A file that others can read or change, and the command that prevents it.
#[derive(Debug)]
pub(crate) struct Exposed {
    pub(crate) found: String,
    pub(crate) remedy: String,
}

impl Exposed {
    /// Checks a file, which others may read unless it is secret.
    pub(crate) fn check(path: &Path, is_secret: bool) -> Option<Self> {
        // A pipe, such as that of `<(pass show posthog)`, is not accessible to others.
        let mode = mode(&std::fs::metadata(path).ok().filter(Metadata::is_file)?);
        let others_can = match (is_secret && mode & 0o044 != 0, mode & 0o022 != 0) {
            (false, false) => return None,
            (true, false) => "read",
            (false, true) => "changed",
            (true, true) => "read and changed",
        };
        let path = path.display();
        let command = if is_secret { "chmod 600" } else { "chmod go-w" };
        Some(Self {
            found: format!("{path} can be {others_can} by others"),
            remedy: format!("run: {command} {path}"),
        })
    }
}

#[cfg(unix)]
fn mode(file: &Metadata) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    file.permissions().mode()
}

#[cfg(not(unix))]
fn mode(_: &Metadata) -> u32 {
    0
}

impl fmt::Display for Exposed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}", self.found, self.remedy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_output_that_may_contain_the_key_is_not_shown() {
        for (stdout, stderr, shown) in [
            ("", "", "without an error message"),
            ("", " locked\n", "error output: locked"),
            ("", "+ echo phx_a", "its error output is not shown, because it may contain the key"),
            (
                "",
                "token=0123456789abcdefghij!",
                "its error output is not shown, because it may contain the key",
            ),
            ("odd", "+ echo odd", "its error output is not shown, because it may contain the key"),
        ] {
            assert_eq!(explanation(stdout.as_bytes(), stderr.as_bytes()), shown, "{stdout:?} {stderr:?}");
        }
    }

    #[test]
    fn keys_in_a_command_line_are_replaced() {
        for (text, shown) in [
            ("pass show posthog", "pass show posthog"),
            ("echo phx_abcDEF_12-3", "echo phx_..."),
            ("printf '%s' \"phc_a\" phx_b", "printf '%s' \"phc_...\" phx_..."),
        ] {
            assert_eq!(without_keys(text), shown);
        }
    }
}
