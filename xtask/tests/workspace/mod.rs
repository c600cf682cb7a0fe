//! A temporary workspace for commands.

mod copy;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use copy::copy;

/// A copy of the workspace's specification, for commands.
pub(crate) struct Workspace {
    folder: tempfile::TempDir,
}

pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Workspace {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        copy(&root.join("spec"), &folder.path().join("spec"));
        let client = folder.path().join("crates/posthog-groups-client/src");
        fs::create_dir_all(&client).unwrap();
        fs::copy(root.join("crates/posthog-groups-client/src/generated.rs"), client.join("generated.rs"))
            .unwrap();
        fs::copy(root.join("Cargo.toml"), folder.path().join("Cargo.toml")).unwrap();
        Self { folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn xtask(&self, arguments: &[&str]) -> Run {
        xtask(self.folder.path(), arguments)
    }

    /// The contents of all files that the commands may write.
    pub(crate) fn products(&self) -> Vec<(PathBuf, String)> {
        let names = [
            "openapi.yaml",
            "openapi.json",
            "openapi-3.1.json",
            "defects.yaml",
            "defects.schema.json",
            "published/lock.yaml",
            "README.md",
        ];
        names.iter().map(|name| (self.path("spec").join(name), self.read(&format!("spec/{name}")))).collect()
    }
}

/// Runs a command in a folder.
pub(crate) fn xtask(folder: &Path, arguments: &[&str]) -> Run {
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("CARGO_MANIFEST_DIR")
        .env_remove("POSTHOG_PERSONAL_API_KEY")
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Run { code: output.status.code().unwrap(), stdout: text(output.stdout), stderr: text(output.stderr) }
}
