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

/// An import of many groups, returned by [`Groups::import`]. The [module](super) explains how it works.
///
/// Unlike other requests, an import cannot be awaited directly: call [`run`](Self::run) or [`plan`](Self::plan). The reason is that
/// `IntoFuture` requires a future type with a name, and the future of an import borrows from `rows`.
#[must_use = "no request is sent until `run` or `plan` is awaited"]
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
    /// `rows` is called for each pass over the rows, two or three times, and must return the same rows each time, for example the
    /// lines of a file, or clones of rows in memory. If a row is an error, the import fails; in the first pass, this happens before
    /// any request is sent.
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

    /// Sets the project token (`phc_...`), which is required for sending events. It is sent only to the host for events.
    pub fn project_token(mut self, token: ProjectToken) -> Self {
        self.settings.token = Some(token);
        self
    }

    /// Sets the host that events are sent to. The default is the event host of the region, or the client's own host for self-hosted
    /// instances.
    pub fn capture_host(mut self, url: impl Into<String>) -> Self {
        self.settings.capture_host = Some(url.into());
        self
    }

    /// Sets how many rows the REST engine writes concurrently; 16 by default, at least 1.
    pub fn concurrency(mut self, rows: usize) -> Self {
        self.settings.concurrency = rows.max(1);
        self
    }

    /// Keeps a journal in this file. If the file exists, the run that it belongs to is resumed; see the [module](super#the-journal).
    /// If the path is a directory, the name of the journal is derived from the rows. Without a journal, an interrupted import starts
    /// from the beginning, and does not write groups that already match.
    pub fn journal(mut self, path: impl Into<PathBuf>) -> Self {
        self.settings.journal = Some(path.into());
        self
    }

    /// Sets whether to discard a journal that belongs to a run with other rows, and to start from the beginning. By default, such a
    /// journal is an error.
    pub fn accept_changed_input(mut self, accept: bool) -> Self {
        self.settings.accept_changed_input = accept;
        self
    }

    /// Sets how many bytes of memory the import uses for comparing rows and groups; 32 MiB by default, enough for about 60,000 rows
    /// with ten properties.
    ///
    /// Beyond this size, the import keeps keyed hashes of keys and properties in a temporary file, about 130 bytes per row and per
    /// listed group with ten properties. The file is in [`std::env::temp_dir`], has no name, and is removed when the import ends or is
    /// killed.
    pub fn memory(mut self, bytes: usize) -> Self {
        self.settings.memory = bytes;
        self
    }

    /// Sets how to handle rows with the same key; an error by default.
    pub fn duplicates(mut self, duplicates: Duplicates) -> Self {
        self.settings.duplicates = duplicates;
        self
    }

    /// Sets whether rows are compared with the project before they are written, so that only differences are written; on by default.
    ///
    /// Turn this off for rows that are known to differ, such as a partition of a larger import. The groups are then not listed; events
    /// are sent for all rows, and REST reads the group of each row. Rows that the journal records as done are not compared either, and
    /// count as [`RowOutcome::DoneBefore`](super::RowOutcome::DoneBefore). A plan always compares.
    pub fn compare(mut self, compare: bool) -> Self {
        self.settings.compare = compare;
        self
    }

    /// Sets the ID of the run. Events of the same row have the same UUID in all imports with the same ID, so that the server can
    /// discard duplicates. By default, an import and the imports that resume it from its journal are one run.
    pub fn run_id(mut self, id: impl Into<String>) -> Self {
        self.settings.run_id = Some(id.into());
        self
    }

    /// Sets whether to verify groups by reading them after they have been written. By default, only groups that are written by events
    /// are verified, because the response to a REST write contains the stored group.
    pub fn verify(mut self, verify: bool) -> Self {
        self.settings.verify = Some(verify);
        self
    }

    /// Sets how long verification waits for groups to match their rows; 10 minutes by default. Rows whose groups do not match in time fail with
    /// [`Error::is_not_arrived`](crate::Error::is_not_arrived).
    pub fn verify_within(mut self, time: Duration) -> Self {
        self.settings.verify_within = time;
        self
    }

    /// Sets a function that is called for every event of the import. It must not block.
    pub fn on_event(mut self, receive: impl FnMut(ImportEvent<'_>) + Send + 'static) -> Self {
        self.on_event = Box::new(receive);
        self
    }

    /// Stops the import when this future completes, such as `tokio::signal::ctrl_c()`. The import then starts no further rows, waits up
    /// to five seconds for rows in flight, and writes the journal.
    pub fn until(mut self, stop: impl Future<Output = ()> + Send + 'static) -> Self {
        self.until = Some(Box::pin(stop));
        self
    }

    /// Compares the rows with the server, and returns what [`run`](Self::run) would do. Nothing is written, and the journal is not read.
    ///
    /// # Errors
    /// The errors of [`run`](Self::run).
    pub async fn plan(self) -> Result<ImportReport> {
        self.go(Mode::Plan).await
    }

    /// Runs the import.
    ///
    /// # Errors
    /// [`Error::is_invalid_input`](crate::Error::is_invalid_input) for an invalid row, a duplicate key, an unknown group type, or a journal of
    /// another import; [`Error::is_file`](crate::Error::is_file) if the rows, the journal or a temporary file cannot be used; and the errors of
    /// the first requests. In all of these cases, nothing was written. Later failures are in the report:
    /// [`ImportReport::stopped`] and [`ImportReport::failed`].
    pub async fn run(self) -> Result<ImportReport> {
        self.go(Mode::Write).await
    }

    async fn go(self, mode: Mode) -> Result<ImportReport> {
        Run::new(self.groups, self.rows, self.settings, self.on_event, self.until).go(mode).await
    }
}
