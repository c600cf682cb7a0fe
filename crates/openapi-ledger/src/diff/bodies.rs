//! Request bodies and responses: media types, status codes, headers.

use std::collections::{BTreeMap, BTreeSet};

use super::Who::{Caller, GeneratedCode, Reader};
use super::facets::{became, same};
use super::schemas::Use;
use super::{At, Comparison, Direction, Node, Verdict, kinds};

/// Whether the descriptions of two responses are compared. The descriptions of a status and of the range that covers it
/// always differ.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Texts {
    Compare,
    Differ,
}

impl<'a> Comparison<'a> {
    pub(super) fn request_body(&mut self, old: &Node<'a>, new: &Node<'a>) {
        let direction = Some(Direction::Request);
        let (before, after) = match (old.get("requestBody"), new.get("requestBody")) {
            (None, None) => return,
            (None, Some(after)) => {
                let body = self.new.resolve(after).node;
                let verdict = if body.flag("required") {
                    Verdict::breaking(
                        [Caller, GeneratedCode],
                        "requests without a body are rejected, and the generated method requires one",
                    )
                } else {
                    Verdict::compatible("requests without a body still succeed")
                };
                self.report(
                    &kinds::REQUEST_BODY_ADDED,
                    At::came(new.at.key("requestBody")),
                    direction,
                    verdict,
                    "a request body was added",
                );
                return;
            }
            (Some(_), None) => {
                let why = "the body that callers send is ignored or rejected, and the generated method has no body argument";
                let verdict = Verdict::breaking([Caller, GeneratedCode], why);
                self.report(
                    &kinds::REQUEST_BODY_REMOVED,
                    At::gone(old.at.key("requestBody")),
                    direction,
                    verdict,
                    "the request body was removed",
                );
                return;
            }
            (Some(before), Some(after)) => (self.old.resolve(before).node, self.new.resolve(after).node),
        };
        if before.flag("required") != after.flag("required") {
            let (what, verdict) = if after.flag("required") {
                (
                    "required",
                    Verdict::breaking([Caller, GeneratedCode], "requests without a body are rejected"),
                )
            } else {
                ("optional", Verdict::compatible("requests with a body still succeed"))
            };
            let at = At::member(&before, &after, "required");
            self.report(
                &kinds::REQUEST_BODY_REQUIRED,
                at,
                direction,
                verdict,
                format!("the request body is now {what}"),
            );
        }
        self.content(&before.key("content"), &after.key("content"), Direction::Request, "the request body");
        self.remaining(&before, &after, &["required", "content"], direction);
    }

    pub(super) fn responses(&mut self, old: &Node<'a>, new: &Node<'a>) {
        let statuses = |node: &Node<'a>| -> BTreeMap<String, Node<'a>> {
            let described = node.members().filter(|(key, _)| !key.starts_with("x-"));
            described
                .map(|(key, node)| (if key == "default" { key.to_owned() } else { key.to_uppercase() }, node))
                .collect()
        };
        let (before, after) = (statuses(old), statuses(new));
        for (status, response) in &before {
            if let Some(other) = after.get(status) {
                self.response(response, other, status, Texts::Compare);
            } else if let Some((range, other)) = self.covering(&after, status) {
                let verdict = Verdict::compatible(format!("{range} describes it"));
                let message = format!("response {status} was removed, and {range} covers it");
                self.report(
                    &kinds::STATUS_CODE_REMOVED,
                    At::gone(response.at.clone()),
                    Some(Direction::Response),
                    verdict,
                    message,
                );
                self.response(response, other, status, Texts::Differ);
            } else {
                let why = "the response is no longer described, and generated code no longer decodes it";
                let verdict = Verdict::breaking([Reader, GeneratedCode], why);
                let message = format!("response {status} was removed");
                self.report(
                    &kinds::STATUS_CODE_REMOVED,
                    At::gone(response.at.clone()),
                    Some(Direction::Response),
                    verdict,
                    message,
                );
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
            let message = format!("response {status} was added");
            self.report(
                &kinds::STATUS_CODE_ADDED,
                At::came(response.at.clone()),
                Some(Direction::Response),
                verdict,
                message,
            );
            if let Some((_, range)) = covered {
                self.response(range, response, status, Texts::Differ);
            }
        }
        let handled: Vec<&str> = old
            .members()
            .chain(new.members())
            .map(|(key, _)| key)
            .filter(|key| !key.starts_with("x-"))
            .collect();
        self.remaining(old, new, &handled, Some(Direction::Response));
    }

    fn response(&mut self, old: &Node<'a>, new: &Node<'a>, status: &str, texts: Texts) {
        let (old, new) = (self.old.resolve(old.clone()).node, self.new.resolve(new.clone()).node);
        let subject = format!("response {status}");
        let empty = |node: &Node<'_>| node.key("content").members().next().is_none();
        match (empty(&old), empty(&new)) {
            (true, true) => {}
            (true, false) => {
                let why =
                    "readers that expect no content ignore it; the generated method now returns a value";
                let message = format!("{subject} now has content");
                self.report(
                    &kinds::RESPONSE_BODY_ADDED,
                    At::member(&old, &new, "content"),
                    Some(Direction::Response),
                    Verdict::compatible(why),
                    message,
                );
            }
            (false, true) => {
                let verdict =
                    Verdict::breaking([Reader, GeneratedCode], "a reader that decodes the content fails");
                let message = format!("{subject} no longer has content");
                self.report(
                    &kinds::RESPONSE_BODY_REMOVED,
                    At::member(&old, &new, "content"),
                    Some(Direction::Response),
                    verdict,
                    message,
                );
            }
            (false, false) => {
                self.content(&old.key("content"), &new.key("content"), Direction::Response, &subject)
            }
        }
        self.headers(&old.key("headers"), &new.key("headers"), &subject);
        self.links(&old.key("links"), &new.key("links"));
        if texts == Texts::Compare {
            self.remaining(&old, &new, &["content", "headers", "links"], Some(Direction::Response));
        }
    }

    pub(super) fn content(&mut self, old: &Node<'a>, new: &Node<'a>, direction: Direction, subject: &str) {
        let types = |node: &Node<'a>| -> BTreeMap<String, Node<'a>> {
            node.members().map(|(name, node)| (name.to_lowercase().replace(' ', ""), node)).collect()
        };
        let (before, after) = (types(old), types(new));
        for (name, media) in &before {
            let Some(other) = after.get(name) else {
                let verdict = match direction {
                    Direction::Request => Verdict::breaking(
                        [Caller, GeneratedCode],
                        "requests with this media type are rejected with 415",
                    ),
                    Direction::Response => Verdict::breaking(
                        [Reader, GeneratedCode],
                        "a reader that requests this media type gets 406, or a body that it cannot decode",
                    ),
                };
                let message = format!("{subject}: `{name}` was removed");
                self.report(
                    &kinds::MEDIA_TYPE_REMOVED,
                    At::gone(media.at.clone()),
                    Some(direction),
                    verdict,
                    message,
                );
                continue;
            };
            self.schema(
                &media.key("schema"),
                &other.key("schema"),
                Use { direction: Some(direction), optional: false },
            );
            self.encoding(&media.key("encoding"), &other.key("encoding"), direction, subject);
            self.remaining(media, other, &["schema", "encoding"], Some(direction));
        }
        for (name, media) in after.iter().filter(|(name, _)| !before.contains_key(*name)) {
            let why = match direction {
                Direction::Request => "requests with the existing media types still succeed",
                Direction::Response => "readers that request the existing media types still get them",
            };
            let message = format!("{subject}: `{name}` was added");
            self.report(
                &kinds::MEDIA_TYPE_ADDED,
                At::came(media.at.clone()),
                Some(direction),
                Verdict::compatible(why),
                message,
            );
        }
    }

    fn encoding(&mut self, old: &Node<'a>, new: &Node<'a>, direction: Direction, subject: &str) {
        let names: BTreeSet<&str> = old.members().chain(new.members()).map(|(name, _)| name).collect();
        for name in names {
            if same(old.key(name).value, new.key(name).value) {
                continue;
            }
            let verdict = Verdict::breaking(
                [Caller, Reader],
                "the part is encoded differently than the other side expects",
            );
            let message = format!(
                "{subject}: the encoding of `{name}` {}",
                became(old.value.get(name), new.value.get(name))
            );
            self.report(
                &kinds::ENCODING_CHANGED,
                At::member(old, new, name),
                Some(direction),
                verdict,
                message,
            );
        }
    }

    fn headers(&mut self, old: &Node<'a>, new: &Node<'a>, subject: &str) {
        let direction = Some(Direction::Response);
        let named = |node: &Node<'a>| -> BTreeMap<String, (&'a str, Node<'a>)> {
            node.members().map(|(name, node)| (name.to_lowercase(), (name, node))).collect()
        };
        let (before, after) = (named(old), named(new));
        for (key, (name, header)) in &before {
            let Some((_, other)) = after.get(key) else {
                let verdict = Verdict::breaking(
                    [Reader],
                    "a reader that uses the header is no longer guaranteed to get it",
                );
                let message = format!("{subject}: header `{name}` was removed");
                self.report(
                    &kinds::RESPONSE_HEADER_REMOVED,
                    At::gone(header.at.clone()),
                    direction,
                    verdict,
                    message,
                );
                continue;
            };
            let (header, other) =
                (self.old.resolve(header.clone()).node, self.new.resolve(other.clone()).node);
            if header.flag("required") != other.flag("required") {
                let (what, verdict) = if other.flag("required") {
                    (
                        "now always present",
                        Verdict::compatible("readers that work without the header still do"),
                    )
                } else {
                    (
                        "no longer always present",
                        Verdict::breaking([Reader], "a reader that requires the header may not get it"),
                    )
                };
                let at = At::member(&header, &other, "required");
                self.report(
                    &kinds::RESPONSE_HEADER_REQUIRED,
                    at,
                    direction,
                    verdict,
                    format!("{subject}: header `{name}` is {what}"),
                );
            }
            self.schema_or_content(&header, &other, Direction::Response, true, &format!("header `{name}`"));
            self.remaining(
                &header,
                &other,
                &["required", "schema", "content", "style", "explode"],
                direction,
            );
            for field in ["style", "explode"] {
                if header.value.get(field) != other.value.get(field) {
                    let message = format!(
                        "{subject}: header `{name}`: `{field}` {}",
                        became(header.value.get(field), other.value.get(field))
                    );
                    let verdict =
                        Verdict::breaking([Reader], "the value is formatted differently than readers expect");
                    self.report(
                        &kinds::PARAMETER_STYLE,
                        At::member(&header, &other, field),
                        direction,
                        verdict,
                        message,
                    );
                }
            }
        }
        for (_, (name, header)) in after.iter().filter(|(key, _)| !before.contains_key(*key)) {
            let verdict = Verdict::compatible("readers that do not know it ignore it");
            let message = format!("{subject}: header `{name}` was added");
            self.report(
                &kinds::RESPONSE_HEADER_ADDED,
                At::came(header.at.clone()),
                direction,
                verdict,
                message,
            );
        }
    }

    fn links(&mut self, old: &Node<'a>, new: &Node<'a>) {
        let names: BTreeSet<&str> = old.members().chain(new.members()).map(|(name, _)| name).collect();
        for name in names {
            let verdict = match (old.get(name), new.get(name)) {
                (None, Some(_)) => {
                    Verdict::compatible("readers that do not follow the link are not affected")
                }
                (Some(a), Some(b)) if same(a.value, b.value) => continue,
                _ => Verdict::breaking(
                    [Reader],
                    "a reader that follows the link reaches a different operation, or none",
                ),
            };
            let message = format!("the link `{name}` was added, removed or changed");
            self.report(
                &kinds::LINK_CHANGED,
                At::member(old, new, name),
                Some(Direction::Response),
                verdict,
                message,
            );
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
