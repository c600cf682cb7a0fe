//! Imports without `async`.

use std::fmt;
use std::io;

use super::groups::Groups;
use super::runtime::Runtime;
use crate::bulk::{self, ImportReport, ImportRow};
use crate::error::Result;

/// A request to import groups; see [`posthog_groups::bulk::Import`](crate::bulk::Import).
#[must_use = "no request is sent until `run` or `plan` is called"]
pub struct Import<F> {
    import: bulk::Import<F>,
    runtime: Runtime,
}

impl<F> fmt::Debug for Import<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.import.fmt(f)
    }
}

impl Groups {
    /// Creates and changes many groups; see [`posthog_groups::Groups::import`](crate::Groups::import).
    ///
    /// ```no_run
    /// # fn example(orgs: posthog_groups::blocking::Groups, rows: Vec<posthog_groups::bulk::ImportRow>) -> posthog_groups::Result<()> {
    /// let report = orgs
    ///     .import(move || rows.clone().into_iter().map(Ok))
    ///     .with(|import| import.journal("orgs.journal"))
    ///     .run()?;
    /// # Ok(()) }
    /// ```
    pub fn import<F, I>(&self, rows: F) -> Import<F>
    where
        F: Fn() -> I + Send,
        I: Iterator<Item = io::Result<ImportRow>> + Send,
    {
        Import { import: self.as_async().import(rows), runtime: self.runtime().clone() }
    }
}

impl<F, I> Import<F>
where
    F: Fn() -> I + Send + 'static,
    I: Iterator<Item = io::Result<ImportRow>> + Send + 'static,
{
    /// Changes the settings, with the methods of [`posthog_groups::bulk::Import`](crate::bulk::Import).
    pub fn with(mut self, change: impl FnOnce(bulk::Import<F>) -> bulk::Import<F>) -> Self {
        self.import = change(self.import);
        self
    }

    /// Returns what [`run`](Self::run) would do. Nothing is written.
    ///
    /// # Errors
    /// The errors of [`posthog_groups::bulk::Import::plan`](crate::bulk::Import::plan).
    pub fn plan(self) -> Result<ImportReport> {
        self.runtime.call(self.import.plan())
    }

    /// Runs the import.
    ///
    /// # Errors
    /// The errors of [`posthog_groups::bulk::Import::run`](crate::bulk::Import::run).
    pub fn run(self) -> Result<ImportReport> {
        self.runtime.call(self.import.run())
    }
}
