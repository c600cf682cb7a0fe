//! The program with a server and a temporary home folder.

use std::ffi::OsStr;
use std::path::PathBuf;

use assert_cmd::Command;
use posthog_groups_fake::{
    Activity, Actor, ApiKey, Era, Fake, Group, GroupType, Json, Person, Properties, Relation, State,
};
use tempfile::TempDir;

/// The key in all tests, which is easy to find in output that must not contain it.
pub(crate) const KEY: &str = "phx_Recognizable0123456789";

/// The person in the state.
pub(crate) const PERSON: &str = "017f2a3b-6c1d-7e0f-8a1b-2c3d4e5f6071";

/// A server and a home folder.
pub(crate) struct Program {
    pub(crate) fake: Fake,
    pub(crate) home: TempDir,
}

/// The result of a run.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Done {
    /// The whole result, for snapshots.
    pub(crate) fn all(&self) -> String {
        let mut all = self.stdout.clone();
        all.extend(self.stderr.lines().map(|line| format!("2> {line}\n")));
        format!("{all}[{}]\n", self.code)
    }
}

/// Two group types, three groups, a person and some history, with a frozen clock.
pub(crate) fn world(era: Era) -> State {
    let time = |text: &str| Some(text.parse().unwrap());
    let group = |index: i32, key: &str, properties: &str, created: &str| Group {
        group_properties: Properties::parse(properties).unwrap(),
        created_at: time(created),
        ..Group::new(index, key)
    };
    let history = |activity: &str, name: &str, action: &str, before: Json, after: Json, at: &str| Activity {
        project_id: None,
        group_type_index: 0,
        group_key: "org:5".to_owned(),
        activity: activity.to_owned(),
        name: Some(name.to_owned()),
        action: action.to_owned(),
        before,
        after,
        user: Actor::User,
        created_at: time(at),
    };
    State {
        era,
        now: time("2026-07-08T09:10:11Z"),
        api_keys: vec![ApiKey::new(KEY, &["*"])],
        group_types: vec![GroupType::new(0, "organization"), GroupType::new(1, "team")],
        groups: vec![
            group(
                0,
                "org:5",
                r#"{"name": "Acme", "plan": "free", "seats": 9007199254740993, "ratio": 1.5, "tags": ["a", "b"]}"#,
                "2026-01-02T03:04:05Z",
            ),
            group(
                0,
                "org:6",
                r#"{"name": "Zürich 東京 \u001b[31mred\n", "zip": "01234", "nothing": null}"#,
                "2026-01-03T03:04:05Z",
            ),
            group(1, "team:1", r#"{"name": "Crew"}"#, "2026-01-04T03:04:05Z"),
        ],
        persons: vec![Person {
            uuid: PERSON.to_owned(),
            distinct_ids: vec!["jo".to_owned()],
            properties: Properties::parse(r#"{"email": "jo@example.com"}"#).unwrap(),
            is_identified: true,
            created_at: time("2026-01-01T00:00:00Z"),
            last_seen_at: None,
        }],
        events: vec![Relation {
            person_uuid: Some(PERSON.to_owned()),
            groups: [("0", "org:5"), ("1", "team:1")]
                .map(|(index, key)| (index.to_owned(), key.to_owned()))
                .into(),
            timestamp: None,
        }],
        activity: vec![
            history(
                "create_group",
                "plan",
                "created",
                Json::null(),
                Json::string("trial"),
                "2026-02-01T00:00:00Z",
            ),
            history(
                "update_property",
                "plan",
                "changed",
                Json::string("trial"),
                Json::string("free"),
                "2026-02-02T00:00:00Z",
            ),
        ],
        ..State::default()
    }
}

impl Program {
    pub(crate) fn new(state: State) -> Self {
        Self {
            fake: Fake::builder().state(state).start_blocking().unwrap(),
            home: tempfile::tempdir().unwrap(),
        }
    }

    /// The state of [`world`] on a server from 2026.
    pub(crate) fn of_2026() -> Self {
        Self::new(world(Era::Y2026))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// Writes a file that only its owner may read.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        self.permit(name, 0o600);
        path
    }

    pub(crate) fn permit(&self, name: &str, mode: u32) {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(self.path(name), std::fs::Permissions::from_mode(mode)).unwrap();
    }

    /// The program with a minimal environment.
    pub(crate) fn bare<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_posthog-groups"));
        command
            .args(arguments)
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home.path())
            .current_dir(self.home.path());
        command
    }

    /// The same, connected to the server.
    pub(crate) fn command<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Command {
        let mut command = self.bare(arguments);
        command.env("POSTHOG_HOST", self.fake.url()).env("POSTHOG_PERSONAL_API_KEY", KEY);
        command
    }

    /// Runs a command line, split at spaces.
    pub(crate) fn run(&self, line: &str) -> Done {
        self.done(&mut self.command(&line.split_whitespace().collect::<Vec<_>>()))
    }

    /// Runs a command, and removes the addresses of this run from its output.
    pub(crate) fn done(&self, command: &mut Command) -> Done {
        let output = command.output().unwrap();
        let text = |bytes: Vec<u8>| {
            let text = String::from_utf8(bytes).unwrap();
            let text = text.replace(&self.fake.url(), "http://SERVER");
            text.replace(&self.home.path().display().to_string(), "HOME")
        };
        Done {
            code: output.status.code().unwrap_or(-1),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// Runs command lines one after the other, and returns a transcript.
    pub(crate) fn transcript(&self, lines: &[&str]) -> String {
        lines.iter().map(|line| format!("$ posthog-groups {line}\n{}\n", self.run(line).all())).collect()
    }
}
