//! Lists of groups: by item, by page, or one page at a time.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use posthog_groups_client::{self as raw, JsonValue, Properties};
use serde::de::DeserializeOwned;

use crate::data::group::Group;
use crate::error::{Error, Result};
use crate::resources::cursor::{Cursor, Trail, other_origin, parameter_of_link};
use crate::resources::groups::Groups;
use crate::resources::walk::{Items, Pages, Walk};
use crate::wire::session::Session;

/// Decodes the properties of a group.
type Decode<P> = fn(raw::Group) -> Result<Group<P>>;

/// A list of groups, newest first, that has yet to be fetched; [`Groups::list`] makes it.
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
#[must_use = "a list does nothing until its stream is polled"]
pub struct ListGroups<P = Properties> {
    groups: Groups,
    search: Option<String>,
    key_contains: Option<String>,
    start: Option<Cursor>,
    limit: Option<usize>,
    prefetch: bool,
    decode: Decode<P>,
}

impl<P> Clone for ListGroups<P> {
    fn clone(&self) -> Self {
        Self {
            groups: self.groups.clone(),
            search: self.search.clone(),
            key_contains: self.key_contains.clone(),
            start: self.start.clone(),
            limit: self.limit,
            prefetch: self.prefetch,
            decode: self.decode,
        }
    }
}

impl<P> fmt::Debug for ListGroups<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ListGroups")
            .field("groups", &self.groups)
            .field("search", &self.search)
            .field("key_contains", &self.key_contains)
            .field("start", &self.start)
            .finish_non_exhaustive()
    }
}

impl Groups {
    /// Lists groups, newest first.
    pub fn list(&self) -> ListGroups {
        ListGroups::new(self.clone())
    }

    /// Lists all groups, however many there are: as [`list`](Self::list), but without a deadline, waiting for the rate limit
    /// however long that is, and repeating after a 500 as after other failures.
    ///
    /// Two pages are held at a time, so that memory does not grow with the list. PostHog Cloud allows 4,800 pages of 100 groups
    /// an hour. [`Client::throttled_for`] tells when it waits, and [`GroupPage::next`](crate::GroupPage::next) where to go on.
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
        ListGroups::new(self.patient())
    }
}

impl ListGroups {
    pub(crate) fn new(groups: Groups) -> Self {
        Self {
            groups,
            search: None,
            key_contains: None,
            start: None,
            limit: None,
            prefetch: true,
            // The text is there already: listing does not read the properties.
            decode: |group| Ok(group.into()),
        }
    }
}

impl<P: Send + 'static> ListGroups<P> {
    /// Keeps groups whose properties, written as JSON, contain this text, names included, and the group whose whole key it
    /// is. Case does not matter. Blank text keeps all.
    pub fn search(mut self, text: impl Into<String>) -> Self {
        self.search = Some(text.into());
        self
    }

    /// Keeps groups whose key contains this text; case does not matter. Blank text keeps all.
    pub fn key_contains(mut self, text: impl Into<String>) -> Self {
        self.key_contains = Some(text.into());
        self
    }

    /// Starts where [`GroupPage::next`] of an earlier page points to.
    pub fn start_from(mut self, cursor: Cursor) -> Self {
        self.start = Some(cursor);
        self
    }

    /// Ends the list after this many groups. No page is requested that is not needed for them.
    pub fn limit(mut self, groups: usize) -> Self {
        self.limit = Some(groups);
        self
    }

    /// Whether the next page is requested while the current one is processed; on by default.
    pub fn prefetch(mut self, prefetch: bool) -> Self {
        self.prefetch = prefetch;
        self
    }

    /// The properties as a type of yours.
    ///
    /// A group whose properties do not fit gives an error with its key and its text, and the list goes on after it.
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
        ListGroups {
            groups: self.groups,
            search: self.search,
            key_contains: self.key_contains,
            start: self.start,
            limit: self.limit,
            prefetch: self.prefetch,
            decode: |group| Group::from(group).typed(),
        }
    }

    /// The groups one by one. Nothing is sent before the stream is polled, and nothing after it is dropped.
    ///
    /// A group that cannot be decoded is an error of its own, and the stream goes on. After any other error it ends.
    pub fn stream(self) -> GroupStream<P> {
        let pages = Pages::new(GroupWalk::new(&self), self.prefetch);
        GroupStream(Items::new(pages, |page| page.groups))
    }

    /// Collects all groups, or the first [`limit`](Self::limit) of them.
    ///
    /// ```no_run
    /// # async fn example(orgs: posthog_groups::Groups) -> posthog_groups::Result<()> {
    /// let newest = orgs.list().limit(10).collect().await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The first error of the list; a group that cannot be decoded is one.
    pub async fn collect(self) -> Result<Vec<Group<P>>> {
        let mut groups = Vec::new();
        let mut stream = self.stream();
        while let Some(group) = stream.next().await {
            groups.push(group?);
        }
        Ok(groups)
    }

    /// The groups page by page, as the server gives them: 100 each.
    pub fn pages(self) -> GroupPages<P> {
        GroupPages(Pages::new(GroupWalk::new(&self), self.prefetch))
    }

    /// One page: the first, or the one that [`start_from`](Self::start_from) names.
    ///
    /// # Errors
    /// As those of the streams; [`Error::is_not_found`] with the detail `Invalid cursor` for a cursor that a server of 2025
    /// does not understand. Servers of 2026 give the first page then.
    pub async fn page(self) -> Result<GroupPage<P>> {
        GroupWalk::new(&self).step().await.map(|(page, _)| page)
    }
}

/// One page of groups.
#[derive(Debug)]
#[non_exhaustive]
pub struct GroupPage<P = Properties> {
    /// The groups; an error stands where one could not be decoded.
    pub groups: Vec<Result<Group<P>>>,
    /// Where the next page begins; `None` on the last page. A page may be empty although more follow.
    ///
    /// It is empty where the server's link has no cursor: the error comes when that page is asked for.
    pub next: Option<Cursor>,
    /// The origin that the server's link to the next page names, when it is another than the client's: the server does not
    /// know its own address, as is common behind proxies. The next page is asked for at the client's origin nevertheless.
    pub link_origin: Option<String>,
}

impl<P> GroupPage<P> {
    /// All groups, or the first error.
    ///
    /// # Errors
    /// [`Error::is_decode`] when a group could not be decoded.
    pub fn into_groups(self) -> Result<Vec<Group<P>>> {
        self.groups.into_iter().collect()
    }
}

/// Groups one by one; [`ListGroups::stream`] makes it. `Unpin` and `Send`.
#[must_use = "streams do nothing unless polled"]
#[derive(Debug)]
pub struct GroupStream<P: Send + 'static = Properties>(Items<GroupWalk<P>, Group<P>>);

impl<P: Send + 'static> GroupStream<P> {
    /// The next group; `None` at the end. The same as `StreamExt::next`, without a further crate.
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

/// Groups page by page; [`ListGroups::pages`] makes it. `Unpin` and `Send`. It ends after an error.
#[must_use = "streams do nothing unless polled"]
#[derive(Debug)]
pub struct GroupPages<P: Send + 'static = Properties>(Pages<GroupWalk<P>>);

impl<P: Send + 'static> GroupPages<P> {
    /// The next page; `None` at the end.
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

/// A walk through the pages of a list of groups.
struct GroupWalk<P> {
    list: ListGroups<P>,
    index: Option<u8>,
    cursor: Option<Cursor>,
    /// How many groups are still wanted; `None` for all.
    left: Option<usize>,
    trail: Trail,
}

impl<P> GroupWalk<P> {
    fn new(list: &ListGroups<P>) -> Self {
        Self {
            list: list.clone(),
            index: None,
            cursor: list.start.clone(),
            left: list.limit,
            trail: Trail::default(),
        }
    }
}

impl<P: Send + 'static> Walk for GroupWalk<P> {
    type Page = GroupPage<P>;

    async fn step(mut self) -> Result<(GroupPage<P>, Option<Self>)> {
        if self.left == Some(0) {
            return Ok((GroupPage { groups: Vec::new(), next: self.cursor, link_origin: None }, None));
        }
        if let Some(cursor) = &self.cursor {
            self.trail.follow(cursor)?;
        }
        // Each page has the time of a call.
        let session = self.list.groups.client().session("list");
        let index = match self.index {
            Some(index) => index,
            None => self.list.groups.index(&session).await?,
        };
        self.index = Some(index);
        let page = fetch(&self.list, &session, index, self.cursor.as_ref()).await?;
        if let Some((index, key)) = page.first() {
            self.trail.enter(index, key)?;
        }
        let link = page.next();
        let next = link.map(|link| Cursor::new(parameter_of_link(link, "cursor").unwrap_or_default()));
        let link_origin = link.and_then(|link| other_origin(&session.shared.connection.host, link));
        if next.is_some() {
            self.trail.empty_pages.count(page.is_empty())?;
        }
        let key = &session.shared.connection.key;
        let mut groups: Vec<_> = page
            .into_groups(self.list.decode)
            .into_iter()
            .map(|group| group.map_err(|e| e.redacted(key)))
            .collect();
        if let Some(left) = &mut self.left {
            groups.truncate(*left);
            *left -= groups.len();
        }
        let rest =
            next.clone().filter(|_| self.left != Some(0)).map(|next| Self { cursor: Some(next), ..self });
        Ok((GroupPage { groups, next, link_origin }, rest))
    }
}

/// A page as it was received.
enum Received {
    /// Every group is of the expected form.
    Whole(raw::GroupPage),
    /// Some group is not: all of them as text.
    Loose(LoosePage),
}

/// A page whose groups are decoded one by one, so that one that is not of the expected form does not lose the others.
#[derive(serde::Deserialize)]
struct LoosePage {
    next: Option<String>,
    results: Vec<JsonValue>,
}

impl Received {
    fn next(&self) -> Option<&str> {
        match self {
            Self::Whole(page) => page.next.as_deref(),
            Self::Loose(page) => page.next.as_deref(),
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Whole(page) => page.results.is_empty(),
            Self::Loose(page) => page.results.is_empty(),
        }
    }

    fn first(&self) -> Option<(i64, &str)> {
        match self {
            Self::Whole(page) => page.results.first().map(|g| (g.group_type_index, &*g.group_key)),
            // What such a page holds is unclear; its cursor is guarded nevertheless.
            Self::Loose(_) => None,
        }
    }

    fn into_groups<P>(self, decode: Decode<P>) -> Vec<Result<Group<P>>> {
        match self {
            Self::Whole(page) => page.results.into_iter().map(decode).collect(),
            Self::Loose(page) => page.results.iter().map(|text| one_group(text).and_then(decode)).collect(),
        }
    }
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

async fn fetch<P>(
    list: &ListGroups<P>,
    session: &Session,
    index: u8,
    cursor: Option<&Cursor>,
) -> Result<Received> {
    let mut again = session.options.retry.retries > 0;
    loop {
        let call = session.begin("list_groups");
        let mut request = call.raw().list_groups().project_id(session.project()).group_type_index(index);
        if let Some(cursor) = cursor {
            request = request.cursor(cursor.as_str());
        }
        if let Some(search) = &list.search {
            request = request.search(search.as_str());
        }
        if let Some(part) = &list.key_contains {
            request = request.group_key(part.as_str());
        }
        let sent = request.send().await;
        if let Err(posthog_groups_client::Error::InvalidResponsePayload(body, _)) = &sent
            && let Ok(page) = serde_json::from_slice(body)
        {
            return Ok(Received::Loose(page));
        }
        match call.finish(sent) {
            // Cut in a way that only decoding shows: once more, as `read!` does.
            Err(error) if again && error.is_cut_short() => again = false,
            result => return result.map(Received::Whole).map_err(Error::with_repair_help),
        }
    }
}
