//! The client: where every call begins.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use posthog_groups_client as raw;
use posthog_groups_client::types::{CurrentUser, GroupType, Project};

use crate::data::input;
use crate::error::{Error, Result};
use crate::resources::group_type;
use crate::resources::related::Related;
use crate::wire::options::CallOptions;
use crate::wire::retry::RetryPolicy;
use crate::wire::session::{Session, Shared, read};
use crate::wire::transport::RawTransport;

/// A client of the groups API of one project.
///
/// Clones are cheap and share connections, rate limit, retry budget and the table of group types. It may be used from
/// any number of tasks and threads; calls may be dropped at any time.
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
    raw: raw::Client,
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
        let transport = RawTransport { connection: shared.connection.clone(), options };
        let raw = raw::Client::new_with_client(
            shared.connection.host.base(),
            shared.http.clone(),
            Arc::new(transport),
        );
        Self(Arc::new(Inner { shared, options, raw }))
    }

    /// The same client with other timeouts or retries for some calls. Everything else is shared.
    pub fn with_options(&self, change: impl FnOnce(CallOptions) -> CallOptions) -> Self {
        Self::assemble(self.0.shared.clone(), change(self.0.options))
    }

    /// The generated client, for calls that this crate has no comfort for.
    ///
    /// Its requests go the same way: authentication, rate limit, and repetitions as far as the operation allows them
    /// without a look. Where no answer came for a reason of this crate, such as a deadline, one with the status 599
    /// stands for it, and its body says the reason.
    pub fn raw(&self) -> &raw::Client {
        &self.0.raw
    }

    /// The project as requests name it: a number, or `@current`.
    pub fn project(&self) -> &str {
        &self.0.shared.project
    }

    /// The base URL, without a slash at its end.
    pub fn host(&self) -> &str {
        self.0.shared.connection.host.base()
    }

    /// The group types of the project, at most five, by index. Servers of 2026 may be five minutes behind.
    ///
    /// # Errors
    /// Needs `group:read`. Bad credentials are answered 403 here; [`Error::is_unauthorized`] knows.
    pub async fn group_types(&self) -> Result<Vec<GroupType>> {
        Ok(group_type::fetch(&self.session("group_types")).await?.to_vec())
    }

    /// The groups of all types that share an event of the last 90 days with a person.
    ///
    /// `uuid` is the `uuid` of the person, not a distinct id. Nobody with that id: an empty answer.
    ///
    /// # Errors
    /// [`Error::is_invalid_input`] when `uuid` is no UUID: servers break on it.
    pub async fn related_to_person(&self, uuid: impl AsRef<str>) -> Result<Related> {
        let uuid = input::person_uuid(uuid.as_ref())?;
        let session = self.session("related_to_person");
        let actors =
            read!(session, "list_related", |raw| raw.list_related().project_id(self.project()).id(uuid))?;
        Ok(Related::from(actors))
    }

    /// All projects that the key may see.
    ///
    /// # Errors
    /// Needs `project:read`. A key that is confined to projects is refused ([`Error::is_forbidden`]).
    pub async fn projects(&self) -> Result<Vec<Project>> {
        /// More than any key may see; each page has 100.
        const MAX_PAGES: u32 = 1_000;

        let session = self.session("projects");
        let mut projects: Vec<Project> = Vec::new();
        for _ in 0..MAX_PAGES {
            // Counted, not followed: the link may name another origin.
            let offset = i64::try_from(projects.len()).unwrap_or(i64::MAX);
            let page = read!(session, "list_projects", hide_answers, |raw| raw
                .list_projects()
                .limit(100_i64)
                .offset(offset))?;
            // All pages are held at once.
            session.check_size()?;
            let (empty, more) = (page.results.is_empty(), page.next.is_some());
            projects.extend(page.results);
            // An empty page that says there is more would say so for ever.
            if empty || !more {
                return Ok(projects);
            }
        }
        let error = Error::paging(format!("the server has more than {MAX_PAGES} pages of projects"));
        Err(session.fail(error))
    }

    /// The user that the key belongs to: the cheapest way to see whether a key works.
    ///
    /// # Errors
    /// Needs `user:read`. An unknown key: [`Error::is_unauthorized`].
    pub async fn whoami(&self) -> Result<CurrentUser> {
        let session = self.session("whoami");
        read!(session, "get_current_user", hide_answers, |raw| raw.get_current_user())
    }

    /// How long requests of this client and its clones wait for the rate limit at the moment; `None` while they do not.
    ///
    /// For showing it: an import or an export may wait for most of an hour.
    pub fn throttled_for(&self) -> Option<Duration> {
        self.0.shared.connection.waits_for()
    }

    /// The same client for work that takes as long as it takes: without a deadline, waiting for the rate limit however long that
    /// is, and not given up because a server fails for some seconds: after hours of work a 500 is no mistake of the caller.
    pub(crate) fn patient(&self) -> Self {
        // Longer than any window of the rate limit.
        const LONGEST: Duration = Duration::from_secs(2 * 3_600);
        // Up to 24 s of waits in all: servers are restarted within hours of work. Who asked for fewer gets fewer.
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

    /// Starts a call, which errors name so.
    pub(crate) fn session(&self, call: &'static str) -> Session {
        Session::start(self.0.shared.clone(), self.0.options, call)
    }
}
