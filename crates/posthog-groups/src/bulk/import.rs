//! The builder of an import.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use posthog_groups_client::ProjectToken;

use super::report::{ImportEvent, ImportReport};
use super::row::ImportRow;
use super::run::{Mode, Run};
use super::settings::{OnEvent, Settings};
use super::stop::Until;
use super::{Duplicates, Engine};
use crate::error::Result;
use crate::resources::groups::Groups;

/// An import of many groups. [`Groups::import`] returns it, and the [module](super) explains it.
///
/// Unlike other requests, an import cannot be awaited itself: call [`run`](Self::run) or [`plan`](Self::plan). `IntoFuture` has to
/// name its future, and the future of an import borrows whatever `rows` borrows.
#[must_use = "nothing is sent until `run` or `plan` is awaited"]
pub struct Import<F> {
    groups: Groups,
    rows: F,
    settings: Settings,
    on_event: OnEvent,
    until: Option<Until>,
}

impl<F> fmt::Debug for Import<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Import")
            .field("groups", &self.groups)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl Groups {
    /// Creates and changes many groups; see the [module](crate::bulk). No request is sent until [`Import::run`] or [`Import::plan`]
    /// is awaited.
    ///
    /// `rows` is called for each pass over the rows, two or three times, and must return the same rows each time: the lines of a
    /// file, or clones of rows in memory. A row that is an error ends the import, in the first pass before anything is sent.
    pub fn import<F, I>(&self, rows: F) -> Import<F>
    where
        F: Fn() -> I + Send,
        I: Iterator<Item = io::Result<ImportRow>> + Send,
    {
        Import {
            groups: self.clone(),
            rows,
            settings: Settings::default(),
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
    /// Sets the engine; [`Engine::Auto`] by default.
    pub fn engine(mut self, engine: Engine) -> Self {
        self.settings.engine = engine;
        self
    }

    /// Sets the project token, `phc_...`, which events are sent with. It is sent to the host for events only.
    pub fn project_token(mut self, token: ProjectToken) -> Self {
        self.settings.token = Some(token);
        self
    }

    /// Sets the host that events are sent to. By default it is that of the region, or the client's own host for self-hosted instances.
    pub fn capture_host(mut self, url: impl Into<String>) -> Self {
        self.settings.capture_host = Some(url.into());
        self
    }

    /// Sets how many rows are written concurrently by REST; 16 by default, at least 1.
    pub fn concurrency(mut self, rows: usize) -> Self {
        self.settings.concurrency = rows.max(1);
        self
    }

    /// Keeps a journal in this file, and resumes the run that it belongs to if the file exists; the [module](super#the-journal)
    /// defines what that means. In a directory, each set of rows gets a journal of its own name. Without a journal, a stopped import
    /// starts from the beginning, and finds that most groups match.
    pub fn journal(mut self, path: impl Into<PathBuf>) -> Self {
        self.settings.journal = Some(path.into());
        self
    }

    /// Empties a journal that belongs to a run with other rows, and starts from the beginning. By default it is an error.
    pub fn accept_changed_input(mut self, accept: bool) -> Self {
        self.settings.accept_changed_input = accept;
        self
    }

    /// Sets how many bytes of memory the import uses for comparing rows and groups; 32 MiB by default, enough for about 60,000 rows of
    /// ten properties.
    ///
    /// What does not fit is kept in a temporary file: keyed hashes of keys and properties, about 130 bytes per such row and per listed
    /// group. The file is in [`std::env::temp_dir`], has no name, and is removed when the import ends or is killed.
    pub fn memory(mut self, bytes: usize) -> Self {
        self.settings.memory = bytes;
        self
    }

    /// Sets what to do with two rows that have the same key; an error by default.
    pub fn duplicates(mut self, duplicates: Duplicates) -> Self {
        self.settings.duplicates = duplicates;
        self
    }

    /// Sets whether rows are compared with the project before they are written, so that only differences are written; on by default.
    ///
    /// Turn it off for rows that are known to differ, such as one partition of a larger import: nothing is listed, events are sent
    /// for all rows, and REST reads the group of each. Rows that the journal records as done are not compared either, and count as
    /// [`RowOutcome::DoneBefore`](super::RowOutcome::DoneBefore). A plan always compares.
    pub fn compare(mut self, compare: bool) -> Self {
        self.settings.compare = compare;
        self
    }

    /// Sets the id of the run. Events of the same row have the same uuid in all imports with the same id, so that the server can
    /// discard duplicates. By default, an import and those that resume it from its journal are one run.
    pub fn run_id(mut self, id: impl Into<String>) -> Self {
        self.settings.run_id = Some(id.into());
        self
    }

    /// Sets whether groups are read again after they were written. By default this is done after events only, because the response to a
    /// REST write has the stored group.
    pub fn verify(mut self, verify: bool) -> Self {
        self.settings.verify = Some(verify);
        self
    }

    /// Sets how long to wait for groups to match their rows; 10 minutes by default. Rows whose groups do not match in time fail with
    /// [`Error::is_not_arrived`](crate::Error::is_not_arrived).
    pub fn verify_within(mut self, time: Duration) -> Self {
        self.settings.verify_within = time;
        self
    }

    /// Calls a function for every event of the import. It is called from within the import and must not block.
    pub fn on_event(mut self, receive: impl FnMut(ImportEvent<'_>) + Send + 'static) -> Self {
        self.on_event = Box::new(receive);
        self
    }

    /// Stops the import when this future completes, such as `tokio::signal::ctrl_c()`. No further row is started, rows in flight have
    /// five seconds, and the journal is written.
    pub fn until(mut self, stop: impl Future<Output = ()> + Send + 'static) -> Self {
        self.until = Some(Box::pin(stop));
        self
    }

    /// Compares, and returns what [`run`](Self::run) would do. Nothing is written, and the journal is not read.
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
    /// [`Error::is_file`](crate::Error::is_file) for rows, a journal or a temporary file that cannot be used, and errors of the first requests. In these
    /// cases nothing was written. Later failures are in the report: [`ImportReport::stopped`] and [`ImportReport::failed`].
    pub async fn run(self) -> Result<ImportReport> {
        self.go(Mode::Write).await
    }

    async fn go(self, mode: Mode) -> Result<ImportReport> {
        Run::new(self.groups, self.rows, self.settings, self.on_event, self.until).go(mode).await
    }
}
