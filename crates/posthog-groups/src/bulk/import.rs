//! An import that has yet to run.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use posthog_groups_client::ProjectToken;

use super::report::{ImportEvent, ImportReport};
use super::row::ImportRow;
use super::run::{Mode, Run};
use super::stop::Until;
use super::{Duplicates, Engine};
use crate::error::Result;
use crate::resources::groups::Groups;

/// Many groups to be created or changed; [`Groups::import`] makes it, and the [module](super) explains it.
#[must_use = "nothing is sent until `run` or `plan` is awaited"]
pub struct Import<F> {
    groups: Groups,
    rows: F,
    settings: Settings,
    on_event: OnEvent,
    until: Option<Until>,
}

/// Who hears of events.
pub(crate) type OnEvent = Box<dyn FnMut(ImportEvent<'_>) + Send>;

#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) engine: Engine,
    pub(crate) token: Option<ProjectToken>,
    pub(crate) capture_host: Option<String>,
    pub(crate) concurrency: usize,
    pub(crate) journal: Option<PathBuf>,
    pub(crate) accept_changed_input: bool,
    pub(crate) duplicates: Duplicates,
    pub(crate) verify: Option<bool>,
    pub(crate) verify_within: Duration,
    pub(crate) memory: usize,
}

/// How much memory an import uses by default.
const MEMORY: usize = 32 << 20;

impl<F> fmt::Debug for Import<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Import")
            .field("groups", &self.groups)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl Groups {
    /// Creates and changes many groups; see the [module](crate::bulk). Nothing is sent until [`Import::run`] or [`Import::plan`] is
    /// awaited.
    ///
    /// `rows` is called for each pass over the rows, two or three times, and must give the same rows each time: the lines of a file, or
    /// clones of what is in memory. A row that is an error ends the import; before the first write, if it is one in the first pass.
    pub fn import<F, I>(&self, rows: F) -> Import<F>
    where
        F: Fn() -> I + Send,
        I: Iterator<Item = io::Result<ImportRow>> + Send,
    {
        Import {
            groups: self.clone(),
            rows,
            settings: Settings {
                engine: Engine::Auto,
                token: None,
                capture_host: None,
                concurrency: 16,
                journal: None,
                accept_changed_input: false,
                duplicates: Duplicates::Refuse,
                verify: None,
                verify_within: Duration::from_secs(600),
                memory: MEMORY,
            },
            on_event: Box::new(|_| {}),
            until: None,
        }
    }
}

impl<F, I> Import<F>
where
    F: Fn() -> I + Send,
    I: Iterator<Item = io::Result<ImportRow>> + Send,
{
    /// How it writes; [`Engine::Auto`] by default.
    pub fn engine(mut self, engine: Engine) -> Self {
        self.settings.engine = engine;
        self
    }

    /// The key of the project, `phc_...`: what events are sent with. It goes to the host for events only.
    pub fn project_token(mut self, token: ProjectToken) -> Self {
        self.settings.token = Some(token);
        self
    }

    /// Where events are sent: by default the host for events of the region, and for self-hosted instances the client's own host.
    pub fn capture_host(mut self, url: impl Into<String>) -> Self {
        self.settings.capture_host = Some(url.into());
        self
    }

    /// How many rows are written at the same time by REST; 16 by default, and at least 1.
    pub fn concurrency(mut self, rows: usize) -> Self {
        self.settings.concurrency = rows.max(1);
        self
    }

    /// Keeps a journal in this file, and resumes the run that it belongs to if the file exists; the [module](super#the-journal)
    /// defines what that means. Without one, an import that was stopped begins anew, and finds most groups as wanted.
    pub fn journal(mut self, path: impl Into<PathBuf>) -> Self {
        self.settings.journal = Some(path.into());
        self
    }

    /// Empties a journal that belongs to a run with other rows, and begins anew. By default it is an error.
    pub fn accept_changed_input(mut self, accept: bool) -> Self {
        self.settings.accept_changed_input = accept;
        self
    }

    /// How many bytes of memory the import uses for the rows and for the groups that it lists; 32 MiB by default, enough for about
    /// 60,000 rows of ten properties.
    ///
    /// What does not fit is kept in a temporary file: keyed hashes of keys and properties, about 130 bytes for such a row and as much
    /// for a listed group. The file is in [`std::env::temp_dir`], has no name, and is gone when the import ends, however it ends.
    pub fn memory(mut self, bytes: usize) -> Self {
        self.settings.memory = bytes;
        self
    }

    /// What two rows with the same key mean; a mistake by default.
    pub fn duplicates(mut self, duplicates: Duplicates) -> Self {
        self.settings.duplicates = duplicates;
        self
    }

    /// Whether groups are read again after writing; by default only after events, because each REST write is answered with
    /// the group as it is stored.
    pub fn verify(mut self, verify: bool) -> Self {
        self.settings.verify = Some(verify);
        self
    }

    /// How long the verifying read waits for groups to become as wanted; 10 minutes by default. Those that do not are
    /// failures with [`Error::is_not_arrived`](crate::Error::is_not_arrived).
    pub fn verify_within(mut self, time: Duration) -> Self {
        self.settings.verify_within = time;
        self
    }

    /// Hears of everything that happens, from within the import: it must not block.
    pub fn on_event(mut self, hear: impl FnMut(ImportEvent<'_>) + Send + 'static) -> Self {
        self.on_event = Box::new(hear);
        self
    }

    /// Stops when this future comes to its end, such as `tokio::signal::ctrl_c()`: no further row is begun, those under way have five
    /// seconds, and the journal is written.
    pub fn until(mut self, stop: impl Future<Output = ()> + Send + 'static) -> Self {
        self.until = Some(Box::pin(stop));
        self
    }

    /// Looks, and tells what [`run`](Self::run) would do. Nothing is written, and no journal is read.
    ///
    /// # Errors
    /// As [`run`](Self::run).
    pub async fn plan(self) -> Result<ImportReport> {
        self.go(Mode::Plan).await
    }

    /// Runs the import.
    ///
    /// # Errors
    /// [`Error::is_invalid_input`](crate::Error::is_invalid_input) for a bad row, a duplicate key, an unknown group type, a journal of another import, and
    /// [`Error::is_file`](crate::Error::is_file) for rows or a journal that cannot be read; and whatever the first look at the server ends with. Nothing was
    /// written then. What goes wrong later is in the report: [`ImportReport::stopped`] and [`ImportReport::failed`].
    pub async fn run(self) -> Result<ImportReport> {
        self.go(Mode::Write).await
    }

    async fn go(self, mode: Mode) -> Result<ImportReport> {
        Run::new(self.groups, self.rows, self.settings, self.on_event, self.until).go(mode).await
    }
}
