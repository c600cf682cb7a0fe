//! Listing groups: as a stream, page by page, or a single page.

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::future::IntoFuture;
use std::hash::{BuildHasher as _, RandomState};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::SystemTime;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use futures_core::Stream;
use posthog_groups_client::{self as raw, FromBody as _, JsonValue, PersonalApiKey, Properties};
use serde::de::DeserializeOwned;

use crate::data::group::Group;
use crate::error::{Error, Result};
use crate::resources::cursor::{Cursor, Offset, Trail, other_origin, parameter_of_link};
use crate::resources::detour::{Page, Source, detour, note_characters};
use crate::resources::groups::Groups;
use crate::resources::walk::{Items, Pages, Walk};
use crate::wire::retry::RetryPolicy;
use crate::wire::session::Session;
use crate::write::find;

/// Decodes the properties of a group.
type Decode<P> = fn(Group) -> Result<Group<P>>;

/// A request for groups, newest first; returned by [`Groups::list`].
///
/// ```no_run
/// # async fn example(orgs: posthog_groups::Groups) -> posthog_groups::Result<()> {
/// let mut found = orgs.list().search("acme").stream();
/// while let Some(group) = found.next().await {
///     let group = group?;
///     println!("{} {}", group.key, group.properties.as_str());
/// }
/// # Ok(()) }
/// ```
#[must_use = "no request is sent until it is awaited or its stream is polled"]
pub struct ListGroups<P = Properties> {
    query: Query,
    decode: Decode<P>,
}

/// What to list, and how.
#[derive(Clone)]
struct Query {
    groups: Groups,
    search: Option<String>,
    key_contains: Option<String>,
    start: Option<Cursor>,
    limit: Option<usize>,
    prefetch: bool,
    /// Whether to continue after groups that the server cannot return.
    detours: bool,
}

impl<P> Clone for ListGroups<P> {
    fn clone(&self) -> Self {
        Self { query: self.query.clone(), decode: self.decode }
    }
}

impl<P> fmt::Debug for ListGroups<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Query { groups, search, key_contains, start, .. } = &self.query;
        f.debug_struct("ListGroups")
            .field("groups", groups)
            .field("search", search)
            .field("key_contains", key_contains)
            .field("start", start)
            .finish_non_exhaustive()
    }
}

impl Groups {
    /// Lists groups, newest first.
    pub fn list(&self) -> ListGroups {
        ListGroups::new(self.clone(), false)
    }

    /// Lists all groups of the type. Unlike [`list`](Self::list), this has no deadline, waits for the rate limit as long as necessary,
    /// and retries after a 500 like after other failures.
    ///
    /// For a group that the server stores but cannot return, such as one with a number outside 64 bits, the stream returns an error
    /// ([`Error::is_decode`], with [`Error::group_key`]) and continues after it. Reading around such a group takes several
    /// hundred requests, which filter groups by characters of their keys: the ASCII characters, and those that occur in other keys. If
    /// the key of a group on the same page has none of these characters, this group is missing too, without an error.
    ///
    /// At most two pages are in memory. PostHog Cloud allows 4,800 pages of 100 groups per hour.
    /// [`Client::throttled_for`](crate::Client::throttled_for) returns the current wait, and [`GroupPage::next`] is the cursor to
    /// continue from.
    ///
    /// ```no_run
    /// # async fn example(orgs: posthog_groups::Groups) -> posthog_groups::Result<()> {
    /// let mut all = orgs.export().stream();
    /// while let Some(group) = all.next().await {
    ///     let group = group?;
    ///     println!("{} {}", group.key, group.properties.as_str());
    /// }
    /// # Ok(()) }
    /// ```
    pub fn export(&self) -> ListGroups {
        ListGroups::new(self.for_bulk(), true)
    }
}

impl ListGroups {
    fn new(groups: Groups, detours: bool) -> Self {
        Self {
            query: Query {
                groups,
                search: None,
                key_contains: None,
                start: None,
                limit: None,
                prefetch: true,
                detours,
            },
            // Listing does not parse the properties.
            decode: Ok,
        }
    }
}

impl<P: Send + 'static> ListGroups<P> {
    /// Returns only groups whose properties contain this text in their JSON text (names or values), or whose key equals it. Case is
    /// ignored. A blank text matches all groups.
    pub fn search(mut self, text: impl Into<String>) -> Self {
        self.query.search = Some(text.into());
        self
    }

    /// Returns only groups whose key contains this text. Case is ignored. A blank text matches all groups.
    pub fn key_contains(mut self, text: impl Into<String>) -> Self {
        self.query.key_contains = Some(text.into());
        self
    }

    /// Starts at the cursor of an earlier page, [`GroupPage::next`].
    pub fn start_from(mut self, cursor: Cursor) -> Self {
        self.query.start = Some(cursor);
        self
    }

    /// Limits the list to this many groups. Pages beyond them are not requested.
    pub fn limit(mut self, groups: usize) -> Self {
        self.query.limit = Some(groups);
        self
    }

    /// Sets whether the next page is requested while the current one is processed; on by default.
    pub fn prefetch(mut self, prefetch: bool) -> Self {
        self.query.prefetch = prefetch;
        self
    }

    /// Decodes properties as `Q`.
    ///
    /// For a group whose properties do not match, the stream returns an error with its key and JSON text, and continues after it.
    ///
    /// ```no_run
    /// # async fn example(orgs: posthog_groups::Groups) {
    /// #[derive(serde::Deserialize)]
    /// struct Account { plan: String }
    ///
    /// let mut accounts = orgs.list().properties::<Account>().stream();
    /// while let Some(account) = accounts.next().await {
    ///     match account {
    ///         Ok(account) => println!("{} {}", account.key, account.properties.plan),
    ///         Err(e) if e.is_decode() => eprintln!("{:?}: {e}", e.group_key()),
    ///         Err(e) => return eprintln!("{e}"),
    ///     }
    /// }
    /// # }
    /// ```
    pub fn properties<Q: DeserializeOwned>(self) -> ListGroups<Q> {
        ListGroups { query: self.query, decode: Group::typed }
    }

    /// Returns a stream of groups. No request is sent until the stream is polled. Dropping the stream cancels the request in flight.
    ///
    /// The stream continues after a group that cannot be decoded, and ends after any other error.
    pub fn stream(self) -> GroupStream<P> {
        GroupStream(Items::new(self.pages().0, |page| page.groups))
    }

    /// Collects all groups, or the first [`limit`](Self::limit) of them. Awaiting the request does the same.
    ///
    /// ```no_run
    /// # async fn example(orgs: posthog_groups::Groups) -> posthog_groups::Result<()> {
    /// let newest = orgs.list().limit(10).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The first error of the list, including the error for a group that cannot be decoded.
    pub async fn collect(self) -> Result<Vec<Group<P>>> {
        self.stream().0.collect().await
    }

    /// Returns a stream of pages of 100 groups.
    pub fn pages(self) -> GroupPages<P> {
        let prefetch = self.query.prefetch;
        GroupPages(Pages::new(GroupWalk::new(self), prefetch))
    }

    /// Returns one page: the first, or the one that [`start_from`](Self::start_from) selects.
    ///
    /// # Errors
    /// [`Error::is_not_found`] with the detail `Invalid cursor` if a server from 2025 does not accept the cursor. Servers from 2026
    /// return the first page instead. [`Error::is_paging`] if the cursor is empty.
    pub async fn page(self) -> Result<GroupPage<P>> {
        GroupWalk::new(self).step().await.map(|(page, _)| page)
    }
}

impl<P: Send + 'static> IntoFuture for ListGroups<P> {
    type Output = Result<Vec<Group<P>>>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    /// Same as [`collect`](Self::collect).
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.collect())
    }
}

/// One page of groups.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct GroupPage<P = Properties> {
    /// The groups, with an error for each group that could not be decoded.
    pub groups: Vec<Result<Group<P>>>,
    /// The cursor of the next page; `None` on the last page. A page can be empty although more pages follow.
    ///
    /// The cursor is empty if the server's link has none. Requesting that page fails.
    pub next: Option<Cursor>,
    /// The origin of the server's link to the next page, if it differs from the client's, as is common behind proxies. The next page
    /// is still requested from the client's origin.
    pub link_origin: Option<String>,
}

impl<P> GroupPage<P> {
    /// Creates a page, for tests.
    pub fn new(groups: impl IntoIterator<Item = Group<P>>, next: Option<Cursor>) -> Self {
        Self { groups: groups.into_iter().map(Ok).collect(), next, link_origin: None }
    }

    /// Returns all groups, or the first error.
    ///
    /// # Errors
    /// [`Error::is_decode`] if a group could not be decoded.
    pub fn into_groups(self) -> Result<Vec<Group<P>>> {
        self.groups.into_iter().collect()
    }

    /// Redacts the API key in the errors of single groups, in case the server has echoed it.
    fn redacted(self, key: &PersonalApiKey) -> Self {
        let groups = self.groups.into_iter().map(|group| group.map_err(|e| e.redacted(key))).collect();
        Self { groups, ..self }
    }
}

/// A stream of groups, returned by [`ListGroups::stream`].
#[must_use = "streams do nothing unless polled"]
#[derive(Debug)]
pub struct GroupStream<P: Send + 'static = Properties>(Items<GroupWalk<P>, Group<P>>);

impl<P: Send + 'static> GroupStream<P> {
    /// Returns the next group, or `None` at the end. Equivalent to `StreamExt::next`.
    pub async fn next(&mut self) -> Option<Result<Group<P>>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }
}

impl<P: Send + 'static> Stream for GroupStream<P> {
    type Item = Result<Group<P>>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.0).poll_next(context)
    }
}

/// A stream of pages, returned by [`ListGroups::pages`]. It ends after an error.
#[must_use = "streams do nothing unless polled"]
#[derive(Debug)]
pub struct GroupPages<P: Send + 'static = Properties>(Pages<GroupWalk<P>>);

impl<P: Send + 'static> GroupPages<P> {
    /// Returns the next page, or `None` at the end.
    pub async fn next(&mut self) -> Option<Result<GroupPage<P>>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }
}

impl<P: Send + 'static> Stream for GroupPages<P> {
    type Item = Result<GroupPage<P>>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.0).poll_next(context)
    }
}

/// The state of paging through a list of groups.
struct GroupWalk<P> {
    query: Query,
    decode: Decode<P>,
    index: Option<u8>,
    cursor: Option<Cursor>,
    /// The number of groups still to return; `None` for all.
    left: Option<usize>,
    trail: Trail,
    /// Hashes of the keys on the previous page, if the server counts groups to continue a list (2025).
    previous: Vec<u64>,
    hasher: RandomState,
    /// When the last group was created, and the keys of the groups of that time.
    last: Option<(DateTime<Utc>, HashSet<String>)>,
    /// The non-ASCII characters of the keys so far, for a detour.
    characters: BTreeSet<char>,
    /// The keys of groups that were read out of order, around a group that the server cannot return.
    read_before: HashSet<String>,
}

impl<P> GroupWalk<P> {
    fn new(ListGroups { query, decode }: ListGroups<P>) -> Self {
        Self {
            index: None,
            cursor: query.start.clone(),
            left: query.limit,
            query,
            decode,
            trail: Trail::default(),
            previous: Vec::new(),
            hasher: RandomState::new(),
            last: None,
            characters: BTreeSet::new(),
            read_before: HashSet::new(),
        }
    }
}

impl<P: Send + 'static> Walk for GroupWalk<P> {
    type Page = GroupPage<P>;

    async fn step(mut self) -> Result<(GroupPage<P>, Option<Self>)> {
        if self.left == Some(0) {
            return Ok((GroupPage { groups: Vec::new(), next: self.cursor, link_origin: None }, None));
        }
        // The deadline applies to each page.
        let session = self.query.groups.client().session("list");
        if let Some(cursor) = &self.cursor {
            self.trail.follow(cursor).map_err(|e| session.fail(e))?;
        }
        let index = match self.index {
            Some(index) => index,
            None => self.query.groups.index(&session).await?,
        };
        self.index = Some(index);
        let mut page = match fetch(&self.query, &session, index, self.cursor.as_ref(), None).await {
            Err(error) if self.query.detours && error.status() == Some(500) => {
                return self.go_around(index, error).await;
            }
            page => page?,
        };
        if let Some(Ok(group)) = page.groups.first() {
            self.trail.enter(group.group_type_index, &group.group_key).map_err(|e| session.fail(e))?;
        }
        if let Some(other) =
            page.groups.iter().flatten().find(|group| group.group_type_index != i64::from(index))
        {
            let error = Error::other_group(&other.group_key, other.group_type_index).of("list_groups");
            return Err(session.fail(error));
        }
        if page.next.is_some() {
            self.trail.empty_pages.count(page.groups.is_empty()).map_err(|e| session.fail(e))?;
        }
        if self.query.detours {
            self.note(&page);
        }
        let hash = |group: &raw::Group| self.hasher.hash_one(&*group.group_key);
        let hashes = || page.groups.iter().flatten().map(hash);
        let overlaps = hashes().next().is_some_and(|first| self.previous.contains(&first));
        // With offsets, a page begins with the last groups of the previous page if groups were added meanwhile.
        let is_offset = page.next.as_ref().is_some_and(|next| Offset::of(next).is_some());
        let current = if is_offset { hashes().collect() } else { Vec::new() };
        let is_repeated = |group: &raw::Group| {
            self.read_before.contains(&*group.group_key) || overlaps && self.previous.contains(&hash(group))
        };
        page.groups.retain(|group| !group.as_ref().is_ok_and(is_repeated));
        self.previous = current;
        let groups = page.groups.into_iter().map(|group| (self.decode)(group?.into())).collect();
        let page = GroupPage { groups, next: page.next, link_origin: page.link_origin };
        Ok(self.finish(page, &session.shared.connection.key))
    }
}

impl<P: Send + 'static> GroupWalk<P> {
    /// Completes a page: applies the limit, and redacts the key. Returns the rest of the walk, if there is one.
    fn finish(mut self, mut page: GroupPage<P>, key: &PersonalApiKey) -> (GroupPage<P>, Option<Self>) {
        if let Some(left) = &mut self.left {
            page.groups.truncate(*left);
            *left -= page.groups.len();
        }
        let next = page.next.clone().filter(|_| self.left != Some(0));
        (page.redacted(key), next.map(|next| Self { cursor: Some(next), ..self }))
    }

    /// Notes what a detour needs: when the last group was created, the keys of the groups of that time, and the characters of all keys.
    fn note(&mut self, page: &Received) {
        let groups = || page.groups.iter().flatten();
        groups().for_each(|group| note_characters(&mut self.characters, &group.group_key));
        let Some(time) = groups().last().map(|group| group.created_at) else { return };
        let (_, keys) = match &mut self.last {
            Some(noted) if noted.0 == time => noted,
            noted => noted.insert((time, HashSet::new())),
        };
        let tied = groups().rev().take_while(|group| group.created_at == time);
        keys.extend(tied.map(|group| group.group_key.to_string()));
    }

    /// Creates a page of the groups around those that the server cannot return. Fails with `error` if that is not possible.
    async fn go_around(mut self, index: u8, error: Error) -> Result<(GroupPage<P>, Option<Self>)> {
        let tomorrow = DateTime::from(SystemTime::now()) + TimeDelta::days(1);
        let (newest, delivered) = self.last.clone().unwrap_or((tomorrow, HashSet::new()));
        // Retries a 500 once, because it may be temporary.
        let client = self.query.groups.client();
        let once = |retry: RetryPolicy| RetryPolicy { server_errors: 1, ..retry };
        let session = client.with_options(|o| o.retry(once(o.retry))).session("list");
        let source = Filtered { query: &self.query, session, index };
        let shared = source.session.shared.clone();
        let detour = match detour(&source, self.cursor.as_ref(), newest, self.characters.clone()).await {
            Ok(Some(detour)) => detour,
            Ok(None) => return Err(error),
            Err(reason) => {
                let note = format!(
                    "reading the other groups of the page failed: {}",
                    reason.with_requests(0).message()
                );
                return Err(error.with_note(note));
            }
        };
        let part = self.query.key_contains.as_deref().unwrap_or_default().to_lowercase();
        let is_listed = |key: &str| key.to_lowercase().contains(&part);
        let mut groups = Vec::new();
        for group in detour.groups.into_iter().filter(|group| is_listed(&group.key)) {
            let is_new = !delivered.contains(&*group.key);
            if is_new && self.read_before.insert(group.key.to_string()) {
                groups.push((self.decode)(group));
            }
        }
        if !detour.is_complete {
            groups.push(Err(Error::unreadable(None)));
        }
        for key in detour.unreadable.into_iter().filter(|key| is_listed(key)) {
            if self.read_before.insert(key.clone()) {
                groups.push(Err(Error::unreadable(Some(key))));
            }
        }
        let page = GroupPage { groups, next: detour.next, link_origin: None };
        Ok(self.finish(page, &shared.connection.key))
    }
}

/// The filtered requests of a detour.
struct Filtered<'q> {
    query: &'q Query,
    session: Session,
    index: u8,
}

impl Source for Filtered<'_> {
    async fn page(&self, cursor: Option<&Cursor>, part: Option<&str>) -> Result<Page> {
        let page = fetch(self.query, &self.session, self.index, cursor, part).await?;
        let key = &self.session.shared.connection.key;
        let groups = page.groups.into_iter().map(|group| Ok(group.map_err(|e| e.redacted(key))?.into()));
        Ok(Page { groups: groups.collect::<Result<_>>()?, next: page.next })
    }

    async fn find(&self, key: &str) -> Result<Option<Group>> {
        match find(&self.session, self.index, key).await {
            Err(missing) if missing.is_group_not_found() => Ok(None),
            found => found.map(Some),
        }
    }
}

/// A page as it was received.
struct Received {
    groups: Vec<Result<raw::Group>>,
    next: Option<Cursor>,
    link_origin: Option<String>,
}

/// A page whose groups are decoded one by one, so that an unexpected group does not lose the others.
#[derive(serde::Deserialize)]
struct LoosePage {
    next: Option<String>,
    results: Vec<JsonValue>,
}

/// The cursor of a link to the next page, empty if it has none.
fn cursor_of(link: &str) -> Cursor {
    Cursor::new(parameter_of_link(link, "cursor").unwrap_or_default())
}

fn one_group(text: &JsonValue) -> Result<raw::Group> {
    #[derive(serde::Deserialize)]
    struct Key {
        group_key: String,
    }

    let mut json = serde_json::Deserializer::from_str(text.as_str());
    serde_path_to_error::deserialize(&mut json).map_err(|e| {
        let key = text.decode::<Key>().ok().map(|key| key.group_key);
        Error::decode_group(key, text.as_str(), e)
    })
}

/// Requests a page. `part` replaces the filter by key.
async fn fetch(
    query: &Query,
    session: &Session,
    index: u8,
    cursor: Option<&Cursor>,
    part: Option<&str>,
) -> Result<Received> {
    let request = || {
        let mut request = session.raw().list_groups().project_id(session.project()).group_type_index(index);
        if let Some(cursor) = cursor {
            request = request.cursor(cursor.as_str());
        }
        if let Some(search) = &query.search {
            request = request.search(search.as_str());
        }
        if let Some(part) = part.or(query.key_contains.as_deref()) {
            request = request.group_key(part);
        }
        request
    };
    let decode = |body: &Bytes| match raw::GroupPage::from_body(body) {
        Ok(page) => Ok((page.next, page.results.into_iter().map(Ok).collect::<Vec<_>>())),
        Err(error) => {
            let page: LoosePage = serde_json::from_slice(body).map_err(|_| error)?;
            Ok((page.next, page.results.iter().map(one_group).collect()))
        }
    };
    let (next, groups) = session.read_as(request, decode).await.map_err(Error::with_repair_help)?;
    let link_origin = next.as_deref().and_then(|link| other_origin(&session.shared.connection.host, link));
    Ok(Received { groups, next: next.as_deref().map(cursor_of), link_origin })
}
