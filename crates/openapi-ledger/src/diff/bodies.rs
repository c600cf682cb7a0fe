//! Request bodies and responses: media types, status codes, headers.

use std::collections::BTreeMap;

use super::Who::{Caller, GeneratedCode, Reader};
use super::facets::same;
use super::{At, Comparison, Direction, Node, Pair, Verdict, kinds};

/// Whether the descriptions of two responses are compared. The descriptions of a status and of the range that covers it
/// always differ.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Texts {
    Compare,
    Differ,
}

impl<'a> Comparison<'a> {
    pub(super) fn request_body(&mut self, operation: &Pair<'a>) {
        let at = operation.at_key("requestBody");
        let body = self.resolved(&operation.key("requestBody"));
        match operation.get("requestBody") {
            (None, None) => return,
            (None, Some(_)) => {
                let verdict = if body.new.flag("required") {
                    Verdict::breaking(
                        [Caller, GeneratedCode],
                        "requests without a body are rejected, and the generated method requires one",
                    )
                } else {
                    Verdict::compatible("requests without a body still succeed")
                };
                return self.report(&kinds::REQUEST_BODY_ADDED, at, verdict, "a request body was added");
            }
            (Some(_), None) => {
                let why = "the body that callers send is ignored or rejected, and the generated method has no body argument";
                let verdict = Verdict::breaking([Caller, GeneratedCode], why);
                return self.report(
                    &kinds::REQUEST_BODY_REMOVED,
                    at,
                    verdict,
                    "the request body was removed",
                );
            }
            (Some(_), Some(_)) => {}
        }
        let (was, is) = body.flags("required");
        if was != is {
            let (what, verdict) = if is {
                let why = "requests without a body are rejected";
                ("required", Verdict::breaking([Caller, GeneratedCode], why))
            } else {
                ("optional", Verdict::compatible("requests with a body still succeed"))
            };
            let message = format!("the request body is now {what}");
            self.report(&kinds::REQUEST_BODY_REQUIRED, body.at_key("required"), verdict, message);
        }
        self.content(&body.key("content"), "the request body");
        self.remaining(&body, &["required", "content"]);
    }

    pub(super) fn responses(&mut self, responses: &Pair<'a>) {
        let statuses = |node: &Node<'a>| -> BTreeMap<String, Node<'a>> {
            let described = node.members().filter(|(key, _)| !key.starts_with("x-"));
            described
                .map(|(key, node)| (if key == "default" { key.to_owned() } else { key.to_uppercase() }, node))
                .collect()
        };
        let direction = responses.direction;
        let (before, after) = (statuses(&responses.old), statuses(&responses.new));
        for (status, response) in &before {
            let message = format!("response {status} was removed");
            let at = At::gone(response.at.clone(), direction);
            if let Some(other) = after.get(status) {
                self.response(response, other, status, Texts::Compare);
            } else if let Some((range, other)) = self.covering(&after, status) {
                let verdict = Verdict::compatible(format!("{range} describes it"));
                let message = format!("{message}, and {range} covers it");
                self.report(&kinds::STATUS_CODE_REMOVED, at, verdict, message);
                self.response(response, other, status, Texts::Differ);
            } else {
                let why = "the response is no longer described, and generated code no longer decodes it";
                let verdict = Verdict::breaking([Reader, GeneratedCode], why);
                self.report(&kinds::STATUS_CODE_REMOVED, at, verdict, message);
            }
        }
        for (status, response) in after.iter().filter(|(status, _)| !before.contains_key(*status)) {
            let covered = self.covering(&before, status);
            let verdict = match &covered {
                Some((range, _)) => Verdict::compatible(format!("readers already handle it as {range}")),
                None if status.starts_with('2') || status.starts_with('3') => Verdict::breaking(
                    [Reader, GeneratedCode],
                    "a reader that expects the old status treats this response as a failure, or decodes it incorrectly",
                ),
                None => Verdict::compatible(
                    "readers must expect undescribed statuses, and one of them is now described",
                ),
            };
            let at = At::came(response.at.clone(), direction);
            self.report(&kinds::STATUS_CODE_ADDED, at, verdict, format!("response {status} was added"));
            if let Some((_, range)) = covered {
                self.response(range, response, status, Texts::Differ);
            }
        }
        let handled: Vec<_> = responses.names().into_iter().filter(|key| !key.starts_with("x-")).collect();
        self.remaining(responses, &handled);
    }

    fn response(&mut self, old: &Node<'a>, new: &Node<'a>, status: &str, texts: Texts) {
        let direction = Some(Direction::Response);
        let response = self.resolved(&Pair { old: old.clone(), new: new.clone(), direction });
        let subject = format!("response {status}");
        let at = response.at_key("content");
        let content = response.key("content");
        let empty = |node: &Node<'_>| node.members().next().is_none();
        match (empty(&content.old), empty(&content.new)) {
            (true, true) => {}
            (true, false) => {
                let verdict = Verdict::compatible(
                    "readers that expect no content ignore it; the generated method now returns a value",
                );
                self.report(&kinds::RESPONSE_BODY_ADDED, at, verdict, format!("{subject} now has content"));
            }
            (false, true) => {
                let verdict =
                    Verdict::breaking([Reader, GeneratedCode], "a reader that decodes the content fails");
                let message = format!("{subject} no longer has content");
                self.report(&kinds::RESPONSE_BODY_REMOVED, at, verdict, message);
            }
            (false, false) => self.content(&content, &subject),
        }
        self.headers(&response.key("headers"), &subject);
        self.links(&response.key("links"));
        if texts == Texts::Compare {
            self.remaining(&response, &["content", "headers", "links"]);
        }
    }

    pub(super) fn content(&mut self, content: &Pair<'a>, subject: &str) {
        let (added, removed) = match content.direction {
            Some(Direction::Request) => (
                "requests with the existing media types still succeed",
                Verdict::breaking(
                    [Caller, GeneratedCode],
                    "requests with this media type are rejected with 415",
                ),
            ),
            _ => (
                "readers that request the existing media types still get them",
                Verdict::breaking(
                    [Reader, GeneratedCode],
                    "a reader that requests this media type gets 406, or a body that it cannot decode",
                ),
            ),
        };
        for (name, sides) in content.members_by(|name| name.to_lowercase().replace(' ', "")) {
            let added = (&kinds::MEDIA_TYPE_ADDED, Verdict::compatible(added));
            let removed = (&kinds::MEDIA_TYPE_REMOVED, removed.clone());
            let what = format!("{subject}: `{name}`");
            let Some(media) = self.in_both(sides, content.direction, &what, added, removed) else { continue };
            self.schema(&media.key("schema"), false);
            self.encoding(&media.key("encoding"), subject);
            self.remaining(&media, &["schema", "encoding"]);
        }
    }

    fn encoding(&mut self, encoding: &Pair<'a>, subject: &str) {
        for name in encoding.names() {
            let part = encoding.key(name);
            if !same(part.old.value, part.new.value) {
                let why = "the part is encoded differently than the other side expects";
                let verdict = Verdict::breaking([Caller, Reader], why);
                let what = format!("{subject}: the encoding of `{name}`");
                self.changed(&kinds::ENCODING_CHANGED, encoding, name, verdict, &what);
            }
        }
    }

    fn headers(&mut self, headers: &Pair<'a>, subject: &str) {
        for (_, sides) in headers.members_by(str::to_lowercase) {
            let node = sides.0.as_ref().or(sides.1.as_ref());
            let name = node.and_then(|node| node.at.tokens().last()).unwrap_or_default().into_owned();
            let what = format!("{subject}: header `{name}`");
            let added = Verdict::compatible("readers that do not know it ignore it");
            let removed = Verdict::breaking(
                [Reader],
                "a reader that uses the header is no longer guaranteed to get it",
            );
            let added = (&kinds::RESPONSE_HEADER_ADDED, added);
            let removed = (&kinds::RESPONSE_HEADER_REMOVED, removed);
            if let Some(header) = self.in_both(sides, headers.direction, &what, added, removed) {
                self.header(&self.resolved(&header), &name, &what);
            }
        }
    }

    fn header(&mut self, header: &Pair<'a>, name: &str, what: &str) {
        let (was, is) = header.flags("required");
        if was != is {
            let (now, verdict) = if is {
                let why = "readers that work without the header still do";
                ("now always present", Verdict::compatible(why))
            } else {
                let why = "a reader that requires the header may not get it";
                ("no longer always present", Verdict::breaking([Reader], why))
            };
            let at = header.at_key("required");
            self.report(&kinds::RESPONSE_HEADER_REQUIRED, at, verdict, format!("{what} is {now}"));
        }
        self.schema_or_content(header, true, &format!("header `{name}`"));
        self.remaining(header, &["required", "schema", "content", "style", "explode"]);
        for field in ["style", "explode"] {
            let (before, after) = header.values(field);
            if before != after {
                let why = "the value is formatted differently than readers expect";
                let verdict = Verdict::breaking([Reader], why);
                self.changed(&kinds::PARAMETER_STYLE, header, field, verdict, &format!("{what}: `{field}`"));
            }
        }
    }

    fn links(&mut self, links: &Pair<'a>) {
        let added = "readers that do not follow the link are not affected";
        let changed = "a reader that follows the link reaches a different operation, or none";
        self.opaque(links, &kinds::LINK_CHANGED, "link", added, changed);
    }

    /// Callbacks are requests that the server sends.
    pub(super) fn callbacks(&mut self, callbacks: &Pair<'a>) {
        let added = "receivers that do not subscribe to it do not get it";
        let changed =
            "the receiver gets something else or nothing; changes of callbacks are not analyzed further";
        self.opaque(callbacks, &kinds::CALLBACK_CHANGED, "callback", added, changed);
    }

    /// Reports only whether the members changed.
    fn opaque(&mut self, members: &Pair<'a>, kind: &super::Kind, what: &str, added: &str, changed: &str) {
        for name in members.names() {
            let verdict = match members.values(name) {
                (None, Some(_)) => Verdict::compatible(added),
                (Some(a), Some(b)) if same(a, b) => continue,
                _ => Verdict::breaking([Reader], changed),
            };
            let message = format!("the {what} `{name}` was added, removed or changed");
            self.report(kind, members.at_key(name), verdict, message);
        }
    }

    /// The range (`4XX`) or the `default` that covers a status without a response of its own.
    fn covering<'m>(
        &self,
        responses: &'m BTreeMap<String, Node<'a>>,
        status: &str,
    ) -> Option<(&'m str, &'m Node<'a>)> {
        if self.exact {
            return None;
        }
        let range = status.chars().next().filter(char::is_ascii_digit).map(|digit| format!("{digit}XX"));
        let found = range.filter(|range| range != status).and_then(|range| responses.get_key_value(&range));
        let found =
            found.or_else(|| (status != "default").then(|| responses.get_key_value("default")).flatten());
        found.map(|(key, node)| (key.as_str(), node))
    }
}
