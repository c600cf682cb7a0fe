//! The program with a server and a temporary folder.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use posthog_groups_fake::{Effect, Era, Fake, Fault, Group, GroupType, State};
use tempfile::TempDir;

pub(crate) struct Program {
    pub(crate) fake: Fake,
    pub(crate) folder: TempDir,
    token: Option<&'static str>,
}

/// The result of a run.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: i32,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Done {
    pub(crate) fn stdout(&self) -> &str {
        std::str::from_utf8(&self.stdout).unwrap()
    }

    /// Both outputs and the code, for snapshots.
    pub(crate) fn all(&self) -> String {
        format!("exit {}\n--- stdout\n{}--- stderr\n{}", self.code, self.stdout(), self.stderr)
    }

    /// Asserts that the run succeeded.
    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.code, 0, "{}", self.all());
        self
    }
}

/// A state with one group type.
pub(crate) fn world(era: Era, groups: Vec<Group>) -> State {
    State { era, group_types: vec![GroupType::new(0, "organization")], groups, ..State::default() }
}

/// This many groups, the newest last.
pub(crate) fn numbered(count: usize) -> Vec<Group> {
    let start: chrono::DateTime<chrono::Utc> = "2025-01-01T00:00:00Z".parse().unwrap();
    (0..count)
        .map(|n| {
            Group::new(0, format!("org:{n}"))
                .with("n", n)
                .with("plan", if n % 2 == 0 { "free" } else { "scale" })
                .created_at(start + chrono::Duration::seconds(n as i64 * 7 % 1_000))
        })
        .collect()
}

impl Program {
    pub(crate) fn new(state: State) -> Self {
        let fake = Fake::builder().state(state).start_blocking().unwrap();
        Self { fake, folder: tempfile::tempdir().unwrap(), token: None }
    }

    /// Sets the project token in the environment.
    pub(crate) fn with_token(mut self, token: &'static str) -> Self {
        self.token = Some(token);
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), content).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    /// The names of the files in the folder.
    pub(crate) fn files(&self) -> Vec<String> {
        let mut names: Vec<_> = std::fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// The groups of the server as `key properties`, by key.
    pub(crate) fn groups(&self) -> Vec<String> {
        let mut groups: Vec<_> = self
            .fake
            .state()
            .groups
            .iter()
            .map(|g| format!("{} {}", g.group_key, serde_json::to_string(&g.group_properties).unwrap()))
            .collect();
        groups.sort();
        groups
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_posthog-groups"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("POSTHOG_PERSONAL_API_KEY", self.fake.key())
            .env("POSTHOG_HOST", self.fake.url())
            .env("POSTHOG_PROJECT_ID", "1")
            .env("POSTHOG_GROUPS_CONFIG", "")
            .env("HOME", self.folder.path());
        if let Some(token) = self.token {
            command.env("POSTHOG_PROJECT_API_KEY", token);
        }
        command
    }

    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Done {
        self.finish(self.start(arguments))
    }

    pub(crate) fn run_with(&self, arguments: &[&str], stdin: &[u8]) -> Done {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(stdin).unwrap();
        self.finish(child)
    }

    /// Waits for the program. Replaces text that differs between runs, and checks that the output contains no key.
    pub(crate) fn finish(&self, child: Child) -> Done {
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        let shown = [String::from_utf8_lossy(&output.stdout), stderr.as_str().into()].concat();
        assert!(!shown.contains(&self.fake.key()), "the key is shown: {shown}");
        if let Some(token) = self.token {
            assert!(!shown.contains(token), "the token is shown: {shown}");
        }
        let stderr = stderr
            .replace(&self.fake.url(), "[host]")
            .replace(self.folder.path().to_str().unwrap(), "[folder]");
        Done { code: output.status.code().unwrap_or(-1), stdout: output.stdout, stderr }
    }
}

/// Responds that the rate limit is exceeded: to lists for GET, to creates for POST.
pub(crate) fn limited(method: &str, skip: u64, times: u64, seconds: u32) -> Fault {
    let mut fault = Fault { skip, times, ..Fault::http(429) }.on(method, "/groups/$");
    if let Effect::Http(answer) = &mut fault.effect {
        answer.headers.insert("Retry-After".to_owned(), seconds.to_string());
    }
    fault
}
