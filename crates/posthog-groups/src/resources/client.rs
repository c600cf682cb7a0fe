//! The client.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use posthog_groups_client as raw;
use posthog_groups_client::types::{CurrentUser, GroupType, Project};

use crate::data::input;
use crate::error::{Error, Result};
use crate::resources::group_type;
use crate::resources::related::Related;
use crate::wire::options::CallOptions;
use crate::wire::retry::RetryPolicy;
use crate::wire::session::{Session, Shared};
use crate::wire::transport::RawTransport;

/// A client for the groups API of one project.
///
/// Clones are cheap and share the connections, the rate limit, the retry budget and the cached group types. A client can be used
/// from any number of tasks and threads. Dropping the future of a call cancels the call.
///
/// ```no_run
/// # async fn example() -> posthog_groups::Result<()> {
/// let posthog = posthog_groups::Client::from_env()?;
/// for group_type in posthog.group_types().await? {
///     println!("{} {}", group_type.group_type_index, group_type.group_type);
/// }
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    shared: Arc<Shared>,
    options: CallOptions,
    raw: OnceLock<raw::Client>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("host", &self.0.shared.connection.host.base())
            .field("project", &self.0.shared.project)
            .field("options", &self.0.options)
            .finish_non_exhaustive()
    }
}

impl Client {
    pub(crate) fn assemble(shared: Arc<Shared>, options: CallOptions) -> Self {
        Self(Arc::new(Inner { shared, options, raw: OnceLock::new() }))
    }

    /// Returns a client with different timeouts or retries. Everything else is shared with this client.
    pub fn with_options(&self, change: impl FnOnce(CallOptions) -> CallOptions) -> Self {
        Self::assemble(self.0.shared.clone(), change(self.0.options))
    }

    /// Returns the generated client, for endpoints without a high-level method.
    ///
    /// It uses the same authentication and rate limit. Requests are retried only if repeating the operation is safe; no group is read
    /// back. If there is no response from the server, for example after a timeout, the generated client gets a response with the
    /// status 599 whose body states the reason.
    pub fn raw(&self) -> &raw::Client {
        let Inner { shared, options, raw } = &*self.0;
        let transport = || RawTransport { connection: shared.connection.clone(), options: *options };
        raw.get_or_init(|| transport().into_client(shared.http.clone()))
    }

    /// Returns the project as it appears in requests: an ID, or `@current`.
    pub fn project(&self) -> &str {
        &self.0.shared.project
    }

    /// Returns the base URL without a trailing slash.
    pub fn host(&self) -> &str {
        self.0.shared.connection.host.base()
    }

    /// Returns the group types of the project, at most five, ordered by index. Servers from 2026 cache them for five minutes.
    ///
    /// # Errors
    /// Requires the scope `group:read`. For invalid credentials, the server returns 403 instead of 401; [`Error::is_unauthorized`]
    /// returns true for both.
    pub async fn group_types(&self) -> Result<Vec<GroupType>> {
        Ok(group_type::fetch(&self.session("group_types")).await?.to_vec())
    }

    /// Returns the groups of all types that share an event of the last 90 days with a person.
    ///
    /// `uuid` is the UUID of the person, not a distinct ID. Returns an empty list if no such person exists.
    ///
    /// # Errors
    /// [`Error::is_invalid_input`] if `uuid` is not a UUID. (Servers return 500 in this case.)
    pub async fn related_to_person(&self, uuid: impl AsRef<str>) -> Result<Related> {
        let uuid = input::person_uuid(uuid.as_ref())?;
        let session = self.session("related_to_person");
        let list = || session.raw().list_related().project_id(self.project()).id(uuid);
        let actors = session.read(list).await?;
        Ok(Related::from(actors))
    }

    /// Returns all projects that the key can access.
    ///
    /// # Errors
    /// Requires the scope `project:read`. The server rejects keys that are restricted to specific projects ([`Error::is_forbidden`]).
    pub async fn projects(&self) -> Result<Vec<Project>> {
        /// A page has 100 projects.
        const MAX_PAGES: u32 = 1_000;

        let session = self.session("projects").hide_answers();
        let mut projects: Vec<Project> = Vec::new();
        for _ in 0..MAX_PAGES {
            // The offset is counted, because the link can have another origin.
            let offset = i64::try_from(projects.len()).unwrap_or(i64::MAX);
            let page = session.read(|| session.raw().list_projects().limit(100_i64).offset(offset)).await?;
            // All pages are in memory.
            session.check_size()?;
            let (empty, more) = (page.results.is_empty(), page.next.is_some());
            projects.extend(page.results);
            // Following links from empty pages might never end.
            if empty || !more {
                return Ok(projects);
            }
        }
        let error = Error::paging(format!("the server has more than {MAX_PAGES} pages of projects"));
        Err(session.fail(error))
    }

    /// Returns the user that the key belongs to. This is the cheapest way to check a key.
    ///
    /// # Errors
    /// Requires the scope `user:read`. [`Error::is_unauthorized`] if the key is not valid.
    pub async fn whoami(&self) -> Result<CurrentUser> {
        let session = self.session("whoami").hide_answers();
        session.read(|| session.raw().get_current_user()).await
    }

    /// Returns how long requests of this client and its clones currently wait for the rate limit, or `None` if they do not.
    ///
    /// Useful for progress output, because an import or export can wait for most of an hour.
    pub fn throttled_for(&self) -> Option<Duration> {
        self.0.shared.connection.limiter.waits_for()
    }

    /// Returns a client for long-running work: without a deadline, with waits of any length for the rate limit, and with more retries,
    /// because a 500 after hours of work rarely means an invalid request.
    pub(crate) fn for_bulk(&self) -> Self {
        // Longer than any window of the rate limit.
        const LONGEST: Duration = Duration::from_secs(2 * 3_600);
        // Up to 24 s in total, enough for a restart of the server. A lower value set by the user is kept.
        const REPETITIONS: u32 = 7;
        self.with_options(|options| {
            let retry = options.retry;
            let fewer = retry.retries < RetryPolicy::default().retries;
            let retries = if fewer { retry.retries } else { retry.retries.max(REPETITIONS) };
            let retry = retry.retries(retries).max_server_wait(retry.max_server_wait.max(LONGEST));
            options.deadline(None).retry(RetryPolicy { server_errors: retry.retries, ..retry })
        })
    }

    #[cfg(any(test, feature = "bulk"))]
    pub(crate) fn shared(&self) -> &Shared {
        &self.0.shared
    }

    #[cfg(feature = "bulk")]
    pub(crate) fn options(&self) -> &CallOptions {
        &self.0.options
    }

    /// Starts a call. `call` is its name in errors.
    pub(crate) fn session(&self, call: &'static str) -> Session {
        Session::start(self.0.shared.clone(), self.0.options, call)
    }
}
