//! The client: where every call begins.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use posthog_groups_client as raw;
use posthog_groups_client::types::{CurrentUser, Project};

use crate::GroupType;
use crate::data::input;
use crate::error::{Error, Result};
use crate::resources::builder::ClientBuilder;
use crate::resources::group_type::{self, GroupTypeRef};
use crate::resources::groups::Groups;
use crate::resources::property_values::PropertyDefinitions;
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
    /// A client with settings of your own; see [`ClientBuilder`].
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// A client of what the environment says:
    ///
    /// | variable | | |
    /// | --- | --- | --- |
    /// | `POSTHOG_PERSONAL_API_KEY` | required | `phx_...`, with the scopes `group:read`, and `group:write` for writing |
    /// | `POSTHOG_HOST` | `https://us.posthog.com` | the instance; hosts for events (`eu.i.posthog.com`) are understood |
    /// | `POSTHOG_PROJECT_ID` | `@current` | the number of the project |
    ///
    /// # Errors
    /// [`Error::is_invalid_input`] when the key is missing, or a value cannot work; the message names the variable.
    pub fn from_env() -> Result<Self> {
        ClientBuilder::from_env()?.build()
    }

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

    /// The groups of one type, by its name or by its index from 0 to 4. Nothing is sent.
    ///
    /// A name is looked up at the first call, and the table of group types is kept for five minutes.
    ///
    /// ```no_run
    /// # async fn example(posthog: posthog_groups::Client) -> posthog_groups::Result<()> {
    /// let by_name = posthog.groups("organization").find("org:5").await?;
    /// let by_index = posthog.groups(0).find("org:5").await?;
    /// # Ok(()) }
    /// ```
    pub fn groups(&self, group_type: impl Into<GroupTypeRef>) -> Groups {
        Groups::new(self.clone(), group_type.into())
    }

    /// The group types of the project, at most five, by index. Servers of 2026 may be five minutes behind.
    ///
    /// # Errors
    /// Needs `group:read`. Bad credentials are answered 403 here; [`Error::is_unauthorized`] knows.
    pub async fn group_types(&self) -> Result<Vec<GroupType>> {
        Ok(group_type::fetch(&self.session()).await?.to_vec())
    }

    /// The groups of all types that share an event of the last 90 days with a person.
    ///
    /// `uuid` is the `uuid` of the person, not a distinct id. Nobody with that id: an empty answer.
    ///
    /// # Errors
    /// [`Error::is_invalid_input`] when `uuid` is no UUID: servers break on it.
    pub async fn related_to_person(&self, uuid: impl AsRef<str>) -> Result<Related> {
        let uuid = input::person_uuid(uuid.as_ref())?;
        let session = self.session();
        let actors =
            read!(session, "list_related", |raw| raw.list_related().project_id(self.project()).id(uuid))?;
        Ok(Related::from(actors))
    }

    /// The names of the properties of each group type, with the number of groups that have them.
    ///
    /// # Errors
    /// [`Error::is_not_offered`] on servers since 2026-06-26, which no longer have the endpoint. Take
    /// [`Groups::property_values`] or sample with [`Groups::list`] there.
    pub async fn property_definitions(&self) -> Result<PropertyDefinitions> {
        let session = self.session();
        let definitions = read!(session, "list_property_definitions", |raw| raw
            .list_property_definitions()
            .project_id(self.project()))?;
        Ok(PropertyDefinitions::from(definitions))
    }

    /// All projects that the key may see.
    ///
    /// # Errors
    /// Needs `project:read`. A key that is confined to projects is refused ([`Error::is_forbidden`]).
    pub async fn projects(&self) -> Result<Vec<Project>> {
        /// More than any key may see; each page has 100.
        const MAX_PAGES: u32 = 1_000;

        let session = self.session();
        let mut projects: Vec<Project> = Vec::new();
        for _ in 0..MAX_PAGES {
            // Counted, not followed: the link may name another origin.
            let offset = i64::try_from(projects.len()).unwrap_or(i64::MAX);
            let page = read!(session, "list_projects", hide_answers, |raw| raw
                .list_projects()
                .limit(100_i64)
                .offset(offset))?;
            // All pages are held at once.
            session.check_size().map_err(|e| e.of("list_projects", session.requests()))?;
            let (empty, more) = (page.results.is_empty(), page.next.is_some());
            projects.extend(page.results);
            // An empty page that says there is more would say so for ever.
            if empty || !more {
                return Ok(projects);
            }
        }
        let error = Error::paging(format!("the server has more than {MAX_PAGES} pages of projects"));
        Err(error.of("list_projects", session.requests()))
    }

    /// The user that the key belongs to: the cheapest way to see whether a key works.
    ///
    /// # Errors
    /// Needs `user:read`. An unknown key: [`Error::is_unauthorized`].
    pub async fn whoami(&self) -> Result<CurrentUser> {
        let session = self.session();
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

    /// Starts a call.
    pub(crate) fn session(&self) -> Session {
        Session::start(self.0.shared.clone(), self.0.options)
    }
}
