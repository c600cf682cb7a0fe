//! Where a key comes from, and how it is read. It is shown nowhere.

use std::fmt;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::exit::Failure;
use crate::visible::visible;

/// The most bytes that are taken for a key: a larger file is some other file.
const LONGEST: u64 = 4096;

/// Text that no `Debug` shows.
#[derive(Clone)]
pub(crate) struct Secret(String);

impl Secret {
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }

    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(redacted)")
    }
}

/// Where a key comes from.
#[derive(Clone, Debug)]
pub(crate) enum KeySource {
    /// The value of this variable.
    Given(&'static str, Secret),
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
            Self::Given(..) => f.write_str("set"),
            Self::File(path) => write!(f, "file {}", path.display()),
            Self::Command(words) => write!(f, "command `{}`", words.join(" ")),
            Self::Shell(line) => write!(f, "command `{line}`"),
            Self::Stdin => f.write_str("standard input"),
        }
    }
}

impl KeySource {
    /// Reads the key: one line, without its end.
    pub(crate) fn read(&self) -> Result<Secret, Failure> {
        let text = match self {
            Self::Given(_, secret) => secret.reveal().to_owned(),
            Self::File(path) => read_file(path)?,
            Self::Command(words) => {
                let Some((program, arguments)) = words.split_first() else {
                    return Err(Failure::usage("the key command is an empty list").mend(
                        "name the program and its arguments, such as `key_command = [\"pass\", \"show\", \"posthog\"]`",
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
                    .take(LONGEST)
                    .read_to_string(&mut text)
                    .map_err(|e| Failure::usage(format!("cannot read the key from standard input: {e}")))?;
                text
            }
        };
        let text = text.trim_end_matches(['\n', '\r']);
        if text.trim().is_empty() {
            return Err(Failure::usage(match self {
                Self::Given(name, _) => format!("{name} is set, but empty"),
                _ => format!("there is no key in {self}: it is empty"),
            }));
        }
        if text.contains(['\n', '\r']) {
            let place = match self {
                Self::Given(name, _) => (*name).to_owned(),
                _ => self.to_string(),
            };
            return Err(Failure::usage(format!("there is more than a key in {place}: it has several lines"))
                .mend("leave only the key, on one line"));
        }
        Ok(Secret::new(text.to_owned()))
    }

    fn output_of(&self, mut command: Command) -> Result<String, Failure> {
        // Standard input stays: password stores may ask for a passphrase.
        let output = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .and_then(std::process::Child::wait_with_output)
            .map_err(|e| Failure::usage(format!("the key comes from {self}, which cannot be run: {e}")))?;
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        let said =
            if said.is_empty() { "it says nothing about why".to_owned() } else { format!("it says: {said}") };
        if !output.status.success() {
            return Err(Failure::usage(format!(
                "the key comes from {self}, which failed ({}); {said}",
                output.status
            )));
        }
        if output.stdout.trim_ascii().is_empty() {
            return Err(Failure::usage(format!("the key comes from {self}, which printed nothing; {said}")));
        }
        String::from_utf8(output.stdout)
            .map_err(|_| Failure::usage(format!("the key comes from {self}, which printed no Unicode text")))
    }

    /// What is unsafe about it, with the mend.
    pub(crate) fn warning(&self) -> Option<String> {
        let Self::File(path) = self else { return None };
        others_may_read(path).then(|| {
            format!("{0} can be read by others; run: chmod 600 {0}", visible(&path.display().to_string()))
        })
    }
}

fn read_file(path: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(LONGEST).read_to_string(&mut text))
        .map_err(|e| Failure::usage(format!("cannot read the key file {}: {e}", path.display())))?;
    Ok(text)
}

#[cfg(unix)]
fn others_may_read(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;

    // A pipe, as `<(pass show posthog)` gives one, is nobody else's.
    std::fs::metadata(path).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o044 != 0)
}

#[cfg(not(unix))]
fn others_may_read(_: &Path) -> bool {
    false
}
