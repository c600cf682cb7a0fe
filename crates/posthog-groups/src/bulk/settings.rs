//! The settings of an import.

use std::path::PathBuf;
use std::time::Duration;

use posthog_groups_client::ProjectToken;

use super::report::ImportEvent;
use super::{Duplicates, Engine};

pub(crate) type OnEvent = Box<dyn FnMut(ImportEvent<'_>) + Send>;

/// The settings of an import.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) engine: Engine,
    pub(crate) token: Option<ProjectToken>,
    pub(crate) capture_host: Option<String>,
    pub(crate) concurrency: usize,
    pub(crate) journal: Option<PathBuf>,
    pub(crate) accept_changed_input: bool,
    pub(crate) duplicates: Duplicates,
    pub(crate) compare: bool,
    pub(crate) run_id: Option<String>,
    pub(crate) verify: Option<bool>,
    pub(crate) verify_within: Duration,
    pub(crate) memory: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            engine: Engine::Auto,
            token: None,
            capture_host: None,
            concurrency: 16,
            journal: None,
            accept_changed_input: false,
            duplicates: Duplicates::Refuse,
            compare: true,
            run_id: None,
            verify: None,
            verify_within: Duration::from_secs(600),
            memory: 32 << 20,
        }
    }
}
