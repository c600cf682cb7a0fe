//! Continues a list after a group that the server stores but cannot return (contract section 1.5).
//!
//! The page that contains such a group fails, and the page size cannot be changed. However, groups can be filtered by a part of their
//! key. The other groups of the page are read with parts that the key of this group does not contain, and the parts that fail reveal
//! its key. The list continues at the cursor of one of these pages, or, with offsets, at one that is constructed here (contract
//! section 2.1).

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use chrono::{DateTime, TimeDelta, Utc};
use url::form_urlencoded;

use crate::data::group::Group;
use crate::error::Result;
use crate::resources::cursor::{Cursor, Offset};

/// The number of groups on a page.
const PAGE: u64 = 100;

/// The number of requests after which the search for keys ends.
const MAX_REQUESTS: u32 = 2_000;

/// The maximum number of keys that are read one by one, because they are parts of the key of a group that cannot be returned.
const MAX_KEYS: usize = 250;

/// The requests that a detour needs. Both fail with 500 if a group cannot be returned.
pub(crate) trait Source: Sync {
    /// Returns the page after a cursor, of the groups whose key contains `part`.
    fn page(&self, cursor: Option<&Cursor>, part: Option<&str>) -> impl Future<Output = Result<Page>> + Send;

    fn find(&self, key: &str) -> impl Future<Output = Result<Option<Group>>> + Send;
}

/// A page of a list.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) groups: Vec<Group>,
    pub(crate) next: Option<Cursor>,
}

/// The result of a detour, which replaces a page that the server cannot return.
#[derive(Debug)]
pub(crate) struct Detour {
    /// The groups that could be read, newest first.
    pub(crate) groups: Vec<Group>,
    /// The keys of groups that cannot be returned; in lower case if the case could not be determined.
    pub(crate) unreadable: Vec<String>,
    /// Whether only these groups can be missing.
    pub(crate) is_complete: bool,
    /// Where the list continues, unless it has ended.
    pub(crate) next: Option<Cursor>,
}

/// Reads around a page that fails. `from` is its cursor, `newest` is the time of the group before it, and `characters` are the non-ASCII
/// characters that occur in keys.
///
/// Returns `None` if that is not possible: the server fails for all requests, or its cursors have another format.
pub(crate) async fn detour(
    source: &impl Source,
    from: Option<&Cursor>,
    newest: DateTime<Utc>,
    characters: BTreeSet<char>,
) -> Result<Option<Detour>> {
    let Some(form) = form(source, from).await? else { return Ok(None) };
    let mut search = Search { source, form, characters, found: BTreeMap::new(), end: End::List, requests: 0 };
    if !search.find_end().await? {
        return Ok(None);
    }
    let (names, substrings) = search.find_keys().await?;

    // Keys that are part of such a key are on none of the pages. Such a key may be part of another.
    let mut keys = substrings;
    keys.extend(names.iter().cloned());
    let mut unreadable = BTreeSet::new();
    for key in keys.iter().flat_map(|key| BTreeSet::from([key.clone(), key.to_uppercase()])) {
        match search.find(&key).await? {
            Some(group) => search.keep(group),
            None => {
                unreadable.insert(key);
            }
        }
    }
    let is_confirmed = |key: &String| unreadable.iter().any(|confirmed| confirmed.eq_ignore_ascii_case(key));
    let guessed: Vec<_> = names.iter().filter(|key| !is_confirmed(key)).cloned().collect();
    let is_complete = !names.is_empty() && guessed.is_empty() && search.requests < MAX_REQUESTS;
    unreadable.extend(guessed);

    let is_within = |group: &Group| {
        // Single groups may have another fraction of a second than the list.
        let slack = TimeDelta::milliseconds(keys.contains(&*group.key).into());
        group.created_at - slack <= newest && search.end.is_behind(group, None, slack)
    };
    let mut groups: Vec<_> = search.found.values().filter(|group| is_within(group)).cloned().collect();
    groups.sort_by(|a, b| place(b).cmp(&place(a)));
    let unreadable = unreadable.into_iter().collect();
    Ok(Some(Detour { groups, unreadable, is_complete, next: search.next() }))
}

/// The form of the server's cursors, and the start of the page that fails (contract section 2.1).
enum Form {
    /// 2026: groups after a time and a key or, before 2026-06-12, after a time and an ID that is not part of groups.
    Keyset { from: Option<Cursor> },
    /// 2025: groups older than a time, without the first few.
    Offset { time: Option<String>, offset: u64 },
}

impl Form {
    fn offset(from: Option<&Cursor>) -> Option<Self> {
        let Some(from) = from else { return Some(Self::Offset { time: None, offset: 0 }) };
        let Offset { time, groups } = Offset::of(from)?;
        (groups < Offset::MAX).then_some(Self::Offset { time, offset: groups })
    }

    /// A position after all groups.
    fn end(&self) -> Cursor {
        match self {
            // 1970 in microseconds and in milliseconds.
            Self::Keyset { .. } => Cursor::new(URL_SAFE.encode(r#"{"c": 1, "k": "", "i": 0}"#)),
            Self::Offset { .. } => offset_cursor(Some("1970-01-01 00:00:00+00:00"), 0),
        }
    }

    /// Where the pages of a filtered list start. Offsets count the groups of a list without a filter: with one, the groups from the
    /// start on are on one of the pages up to that offset.
    fn starts(&self) -> Vec<Option<Cursor>> {
        match self {
            Self::Keyset { from } => vec![from.clone()],
            Self::Offset { time, offset } => {
                let offsets = (0..=offset.div_ceil(PAGE)).map(|page| page * PAGE);
                offsets.map(|offset| Some(offset_cursor(time.as_deref(), offset))).collect()
            }
        }
    }
}

/// The ID in a cursor of a server from 2026-05-07 to 2026-06-12.
fn id_of(cursor: &Cursor) -> Option<i64> {
    #[derive(serde::Deserialize)]
    struct Keyset {
        i: i64,
    }

    let json = URL_SAFE.decode(cursor.as_str()).ok()?;
    serde_json::from_slice(&json).ok().map(|keyset: Keyset| keyset.i)
}

fn offset_cursor(time: Option<&str>, offset: u64) -> Cursor {
    let mut parts = form_urlencoded::Serializer::new(String::new());
    if offset > 0 {
        parts.append_pair("o", &offset.to_string());
    }
    if let Some(time) = time {
        parts.append_pair("p", time);
    }
    Cursor::new(STANDARD.encode(parts.finish()))
}

/// Determines the format of the server's cursors, by requesting the page after all groups.
async fn form(source: &impl Source, from: Option<&Cursor>) -> Result<Option<Form>> {
    let keyset = Form::Keyset { from: from.cloned() };
    for form in [Some(keyset), Form::offset(from)].into_iter().flatten() {
        match source.page(Some(&form.end()), None).await {
            // A server that does not understand a cursor returns the first page.
            Ok(page) if page.groups.is_empty() => return Ok(Some(form)),
            Ok(_) => {}
            Err(error) if matches!(error.status(), Some(404 | 500)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

/// The place of a group in a list of 2026. Lists are in descending order.
fn place(group: &Group) -> (DateTime<Utc>, &str) {
    (group.created_at, &group.key)
}

/// The end of the groups that a detour covers.
enum End {
    /// At the end of the list.
    List,
    /// 2026: at this group, which all filtered pages reach, and whose position is `next`. `id` is set for servers that order groups with
    /// the same time by their IDs.
    Group { last: Box<Group>, id: Option<i64>, next: Cursor },
    /// 2025: before the page that starts after this many groups.
    Page { start: u64, groups: Vec<Group> },
}

impl End {
    /// Whether it is after a group, whose time may be later by `slack`, and whose ID is known if it is the last of a page. If the ID is
    /// needed but not known, the end counts as being after the group, which is then skipped when it is listed again.
    fn is_behind(&self, group: &Group, group_id: Option<i64>, slack: TimeDelta) -> bool {
        let created_at = group.created_at + slack;
        match self {
            Self::List => true,
            Self::Group { last, id: Some(id), .. } => {
                (created_at, group_id.unwrap_or(i64::MAX)) >= (last.created_at, *id)
            }
            Self::Group { last, .. } => (created_at, &*group.key) >= place(last),
            Self::Page { groups, .. } => {
                groups.first().is_none_or(|first| created_at >= first.created_at)
                    && !groups.iter().any(|later| later.key == group.key)
            }
        }
    }
}

/// The search for the groups around those that cannot be returned.
struct Search<'s, S> {
    source: &'s S,
    form: Form,
    /// The non-ASCII characters in the keys of the groups that were found.
    characters: BTreeSet<char>,
    found: BTreeMap<String, Group>,
    end: End,
    requests: u32,
}

impl<S: Source> Search<'_, S> {
    /// Returns a page, or `None` if the server cannot return it.
    async fn page(&mut self, cursor: Option<&Cursor>, part: Option<&str>) -> Result<Option<Page>> {
        self.requests += 1;
        or_unreadable(self.source.page(cursor, part).await)
    }

    /// Returns the group with a key, or `None` if the server cannot return it.
    async fn find(&mut self, key: &str) -> Result<Option<Option<Group>>> {
        self.requests += 1;
        or_unreadable(self.source.find(key).await)
    }

    fn keep(&mut self, groups: impl IntoIterator<Item = Group>) {
        for group in groups {
            note_characters(&mut self.characters, &group.key);
            self.found.insert(group.key.to_string(), group);
        }
    }

    /// 2025: finds the first offset from which the server can return a page, and reads the page before the group that is skipped.
    /// Returns false if there is no such offset.
    async fn find_end(&mut self) -> Result<bool> {
        let Form::Offset { time, offset } = &self.form else { return Ok(true) };
        let (time, offset) = (time.clone(), *offset);
        let at = |groups: u64| offset_cursor(time.as_deref(), offset + groups);
        let (mut fails, mut step) = (0, 1);
        let (mut works, mut page) = loop {
            let within = step.min(Offset::MAX - offset);
            if let Some(page) = self.page(Some(&at(within)), None).await? {
                break (within, page);
            }
            if within < step {
                return Ok(false);
            }
            (fails, step) = (within, step * 2);
        };
        while works - fails > 1 {
            let middle = fails + (works - fails) / 2;
            match self.page(Some(&at(middle)), None).await? {
                Some(found) => (works, page) = (middle, found),
                None => fails = middle,
            }
        }
        self.end = End::Page { start: offset + works, groups: page.groups };
        if let Some(before) = (offset + works).checked_sub(1 + PAGE)
            && let Some(page) = self.page(Some(&offset_cursor(time.as_deref(), before)), None).await?
        {
            self.keep(page.groups);
        }
        Ok(true)
    }

    /// Reads groups by parts of their keys, starting with single characters. Returns the keys of those that cannot be returned, in
    /// lower case, and the parts of these that can be keys too.
    async fn find_keys(&mut self) -> Result<(Vec<String>, BTreeSet<String>)> {
        let ascii = (b'!'..=b'~').map(|byte| byte.to_ascii_lowercase() as char);
        let mut parts: BTreeSet<String> = ascii.chain(self.characters.clone()).map(String::from).collect();
        let mut keys: Vec<String> = Vec::new();
        let mut failing = BTreeSet::new();
        while !parts.is_empty() && self.requests < MAX_REQUESTS {
            let (mut failed, mut read) = (Vec::new(), BTreeSet::new());
            while let Some(part) = parts.pop_first() {
                if self.requests >= MAX_REQUESTS {
                    // So far, only parts of keys have failed.
                    return Ok((Vec::new(), failing));
                }
                let known = self.characters.len();
                if self.read_part(&part).await? {
                    failed.push(part.clone());
                }
                read.insert(part);
                if failing.is_empty() && self.characters.len() > known {
                    // Other groups may have keys with only these characters.
                    let new = self.characters.iter().map(|c| String::from(*c));
                    parts.extend(new.filter(|part| !read.contains(part)));
                }
            }
            if let Some(whole) = chains(&failed)
                && self.all_fail(&whole).await?
            {
                keys = whole;
                failing.extend(keys.iter().flat_map(|key| parts_of(key)));
                break;
            }
            if failing.is_empty() && !failed.is_empty() {
                // The server ignores a blank filter, so a failure says nothing about blank parts.
                failed.push(" ".to_owned());
            }
            parts = joined(&failed);
            failing.extend(failed.iter().cloned());
            keys.retain(|key| !failed.iter().any(|longer| longer.contains(key)));
            keys.extend(failed);
        }
        if failing.len() > MAX_KEYS {
            failing = keys.iter().flat_map(|key| prefixes(key)).collect();
        }
        keys.retain(|key| !key.trim().is_empty());
        failing.retain(|key| !key.trim().is_empty());
        Ok((keys, failing))
    }

    /// Reads the groups whose key contains a part. Returns whether there is one that cannot be returned.
    async fn read_part(&mut self, part: &str) -> Result<bool> {
        if part.trim().is_empty() {
            return Ok(true);
        }
        let mut fails = false;
        for start in self.form.starts() {
            let Some(page) = self.page(start.as_ref(), Some(part)).await? else {
                fails = true;
                continue;
            };
            if let (Some(next), Some(last), Form::Keyset { .. }) =
                (&page.next, page.groups.last(), &self.form)
                && let id = id_of(next)
                && self.end.is_behind(last, id, TimeDelta::zero())
            {
                let last = Box::new(last.clone().into_owned());
                self.end = End::Group { last, id, next: next.clone() };
            }
            let is_last = page.next.is_none();
            self.keep(page.groups);
            if is_last {
                break;
            }
        }
        Ok(fails)
    }

    async fn all_fail(&mut self, parts: &[String]) -> Result<bool> {
        for part in parts {
            if !self.read_part(part).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Where the list continues, unless it has ended.
    fn next(&self) -> Option<Cursor> {
        match (&self.end, &self.form) {
            (End::Group { next, .. }, _) => Some(next.clone()),
            (End::Page { start, .. }, Form::Offset { time, .. }) => {
                Some(offset_cursor(time.as_deref(), *start))
            }
            _ => None,
        }
    }
}

/// Converts a 500 to `None`: the server cannot return it.
fn or_unreadable<T>(answer: Result<T>) -> Result<Option<T>> {
    match answer {
        Err(error) if error.status() == Some(500) => Ok(None),
        answer => answer.map(Some),
    }
}

/// The texts without their first and without their last character.
fn ends(text: &str) -> (&str, &str) {
    let first = text.chars().next().map_or(0, char::len_utf8);
    let last = text.chars().next_back().map_or(0, char::len_utf8);
    (&text[first..], &text[..text.len() - last])
}

/// Adds the non-ASCII characters of a key, in lower case.
pub(crate) fn note_characters(characters: &mut BTreeSet<char>, key: &str) {
    if !key.is_ascii() {
        let lower = key.chars().flat_map(char::to_lowercase);
        characters.extend(lower.filter(|c| !c.is_ascii() && !c.is_whitespace()));
    }
}

/// Whether `b` continues `a` by one character.
fn follows(b: &str, a: &str) -> bool {
    ends(a).0 == ends(b).1
}

/// The texts that are one character longer and whose two ends are both among these texts of equal length.
fn joined(texts: &[String]) -> BTreeSet<String> {
    let follow = |a: &String| {
        let followers = texts.iter().filter(|b| follows(b, a));
        followers.map(|b| format!("{a}{}", &b[ends(b).1.len()..])).collect::<Vec<_>>()
    };
    texts.iter().flat_map(follow).collect()
}

/// The texts that consist of these parts of equal length, if every part has at most one predecessor and successor.
fn chains(parts: &[String]) -> Option<Vec<String>> {
    if parts.iter().any(|part| part.chars().nth(2).is_none()) {
        return None;
    }
    let follower = |a: &String| parts.iter().find(|b| follows(b, a));
    let followers = |a: &String| parts.iter().filter(|b| follows(b, a)).count();
    let preceding = |b: &String| parts.iter().filter(|a| follows(b, a)).count();
    if parts.iter().any(|part| followers(part) > 1 || preceding(part) > 1) {
        return None;
    }
    let mut whole = Vec::new();
    for first in parts.iter().filter(|part| preceding(part) == 0) {
        let (mut text, mut last) = (first.clone(), first);
        while let Some(next) = follower(last) {
            text.push_str(&next[ends(next).1.len()..]);
            last = next;
        }
        whole.push(text);
    }
    // Without a first part, the parts form a cycle.
    (!whole.is_empty()).then_some(whole)
}

fn prefixes(text: &str) -> impl Iterator<Item = String> {
    text.char_indices().map(|(place, c)| text[..place + c.len_utf8()].to_owned())
}

/// All parts of a text.
fn parts_of(text: &str) -> impl Iterator<Item = String> {
    text.char_indices().flat_map(|(place, _)| prefixes(&text[place..]).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, StatusCode};
    use posthog_groups_client::Properties;

    use super::*;
    use crate::error::Error;

    /// A server from 2026-05-07 to 2026-06-12, which orders groups with the same time by their IDs. It cannot return some of its groups.
    struct Server {
        /// Newest first, with their IDs, and whether they can be returned.
        groups: Vec<(Group, i64, bool)>,
    }

    #[derive(serde::Deserialize)]
    struct Keyset {
        c: i64,
        i: i64,
    }

    impl Server {
        fn new(count: i64, seconds: i64, bad: &[i64], key: impl Fn(i64) -> String) -> Self {
            let group = |id: i64| {
                let created_at = DateTime::UNIX_EPOCH + TimeDelta::seconds(1_700_000_000 + id * seconds);
                let group = Group::stored(0, key(id).as_str().into(), Properties::default(), created_at);
                (group, id, !bad.contains(&id))
            };
            Self { groups: (0..count).rev().map(group).collect() }
        }
    }

    fn or_500<T>(value: Option<T>) -> Result<T> {
        value.ok_or_else(|| Error::answer(StatusCode::INTERNAL_SERVER_ERROR, &HeaderMap::new(), b"", None))
    }

    impl Source for Server {
        async fn page(&self, cursor: Option<&Cursor>, part: Option<&str>) -> Result<Page> {
            // Invalid cursors are ignored.
            let decode = |cursor: &Cursor| {
                serde_json::from_slice::<Keyset>(&URL_SAFE.decode(cursor.as_str()).ok()?).ok()
            };
            let from = cursor.and_then(decode);
            let is_listed = |(group, id, _): &&(Group, i64, bool)| {
                from.as_ref().is_none_or(|from| (group.created_at.timestamp_micros(), *id) < (from.c, from.i))
                    && part.is_none_or(|part| group.key.to_lowercase().contains(part))
            };
            let mut listed = self.groups.iter().filter(is_listed);
            let page: Vec<_> = listed.by_ref().take(100).collect();
            let last = page.last().filter(|_| listed.next().is_some());
            let next = last.map(|(group, id, _)| {
                let micros = group.created_at.timestamp_micros();
                Cursor::new(URL_SAFE.encode(format!(r#"{{"c": {micros}, "i": {id}}}"#)))
            });
            let groups = page.iter().map(|(group, _, readable)| readable.then(|| group.clone()));
            Ok(Page { groups: or_500(groups.collect::<Option<_>>())?, next })
        }

        async fn find(&self, key: &str) -> Result<Option<Group>> {
            let found = self.groups.iter().find(|(group, ..)| &*group.key == key);
            found.map(|(group, _, readable)| or_500(readable.then(|| group.clone()))).transpose()
        }
    }

    #[tokio::test]
    async fn groups_are_read_around_an_unreadable_one_if_cursors_have_ids() {
        let key = |id: i64| format!("org:{id}");
        for (count, seconds, bad) in [
            (1, 0, &[0][..]),
            (90, 1, &[33]),
            (450, 1, &[0, 449]),
            (450, 0, &[123]),
            (450, 3, &[7, 210, 400]),
        ] {
            let server = Server::new(count, seconds, bad, key);
            let what = format!("{count} groups {seconds} s apart, without {bad:?}");
            let (mut keys, mut missing) = (BTreeSet::new(), BTreeSet::new());
            let (mut cursor, mut newest) = (None, DateTime::<Utc>::MAX_UTC - TimeDelta::days(1));
            loop {
                let (groups, next) = match server.page(cursor.as_ref(), None).await {
                    Ok(page) => (page.groups, page.next),
                    Err(_) => {
                        let found = detour(&server, cursor.as_ref(), newest, BTreeSet::new()).await.unwrap();
                        let found = found.unwrap_or_else(|| panic!("{what}: no detour"));
                        assert!(found.is_complete, "{what}: {found:?}");
                        missing.extend(found.unreadable);
                        (found.groups, found.next)
                    }
                };
                newest = groups.last().map_or(newest, |group| group.created_at);
                keys.extend(groups.iter().map(|group| group.key.to_string()));
                match next {
                    Some(next) => cursor = Some(next),
                    None => break,
                }
            }
            assert_eq!(missing, bad.iter().map(|id| key(*id)).collect(), "{what}");
            let wanted: BTreeSet<_> = (0..count).filter(|id| !bad.contains(id)).map(key).collect();
            assert_eq!(keys, wanted, "{what}");
        }
    }

    #[tokio::test]
    async fn keys_of_other_alphabets_are_found_by_the_characters_of_other_keys() {
        let key = |id: i64| match id % 3 {
            0 => format!("компания {id}"),
            1 => ["ка", "ни"].concat().repeat(usize::try_from(id).unwrap() / 3 + 1),
            _ => format!("org:{id}"),
        };
        let server = Server::new(90, 1, &[2], key);
        let found = detour(&server, None, DateTime::<Utc>::MAX_UTC - TimeDelta::days(1), BTreeSet::new());
        let found = found.await.unwrap().unwrap();
        assert_eq!((found.unreadable, found.groups.len()), (vec!["org:2".to_owned()], 89));
    }
}
