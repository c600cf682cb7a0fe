//! Operations: how they are matched, and their parts other than parameters, bodies and responses.

use std::collections::BTreeMap;

use super::Who::{Caller, GeneratedCode};
use super::{At, Comparison, Direction, Node, Operation, Pair, REQUEST, Verdict, kinds};
use crate::grammar::METHODS;
use crate::template::{names_in, without_names};
use crate::text::listed;

/// The numbers of operations in each document and in both.
pub(super) struct Matched {
    pub(super) old: usize,
    pub(super) new: usize,
    common: usize,
}

impl Matched {
    /// Whether the documents describe different APIs.
    pub(super) fn none_in_common(&self) -> bool {
        self.common == 0 && self.old > 0 && self.new > 0
    }
}

/// An operation with the path item that contains it.
pub(super) struct Site<'a> {
    pub(super) path: &'a str,
    method: &'a str,
    pub(super) item: Node<'a>,
    pub(super) node: Node<'a>,
}

impl<'a> Site<'a> {
    fn id(&self) -> Option<&'a str> {
        self.node.text("operationId")
    }

    fn named(&self) -> Operation {
        Operation {
            method: self.method.to_uppercase(),
            path: self.path.to_owned(),
            operation_id: self.id().map(str::to_owned),
        }
    }

    fn method_and_path(&self) -> String {
        format!("{} {}", self.method.to_uppercase(), self.path)
    }

    /// The operation in both documents.
    fn with(&self, new: &Self) -> Pair<'a> {
        Pair { old: self.node.clone(), new: new.node.clone(), direction: REQUEST }
    }

    /// The method, and the path without the names of its parameters, which callers do not send.
    fn on_the_wire(&self) -> (String, &'a str) {
        (without_names(self.path), self.method)
    }
}

/// Pairs operations that have no counterpart yet with those that have the same key, in the order of the documents.
fn pair<'a, K: Ord>(
    pairs: &mut [(Site<'a>, Option<Site<'a>>)],
    added: &mut [Option<Site<'a>>],
    key: impl Fn(&Site<'a>) -> Option<K>,
) {
    let mut candidates: BTreeMap<K, Vec<&mut Option<Site<'a>>>> = BTreeMap::new();
    for site in added.iter_mut().rev() {
        if let Some(key) = site.as_ref().and_then(&key) {
            candidates.entry(key).or_default().push(site);
        }
    }
    for (before, after) in pairs.iter_mut().filter(|(_, after)| after.is_none()) {
        let same = key(before).and_then(|key| candidates.get_mut(&key)?.pop());
        *after = same.and_then(Option::take);
    }
}

/// Compares all operations, and the other contents of path items.
pub(super) fn compare(comparison: &mut Comparison<'_>) -> Matched {
    let mut old: Vec<_> = sites(comparison.old).into_iter().map(|site| (site, None)).collect();
    let mut added: Vec<_> = sites(comparison.new).into_iter().map(Some).collect();
    let (old_count, new_count) = (old.len(), added.len());
    pair(&mut old, &mut added, |site| Some((site.path, site.method)));
    pair(&mut old, &mut added, |site| Some(site.on_the_wire()));
    let (mut pairs, mut removed) = (Vec::new(), Vec::new());
    for (before, after) in old {
        match after {
            Some(after) => pairs.push((before, after)),
            None => removed.push((before, None)),
        }
    }
    pair(&mut removed, &mut added, Site::id);
    for (before, after) in removed {
        match after {
            Some(after) => {
                comparison.moved(&before, &after);
                pairs.push((before, after));
            }
            None => comparison.removed(&before),
        }
    }
    for after in added.iter().flatten() {
        comparison.added(after);
    }
    let matched = Matched { old: old_count, new: new_count, common: pairs.len() };
    for (before, after) in &pairs {
        comparison.operation(before, after);
    }
    comparison.enter(None);
    path_items(comparison, &pairs);
    matched
}

fn sites(side: super::tree::Side<'_>) -> Vec<Site<'_>> {
    let mut sites = Vec::new();
    for (path, item) in side.root().key("paths").members() {
        let item = side.resolve(item).node;
        for (method, node) in item.members().filter(|(field, _)| METHODS.contains(field)) {
            sites.push(Site { path, method, item: item.clone(), node });
        }
    }
    sites
}

fn path_items<'a>(comparison: &mut Comparison<'a>, pairs: &[(Site<'a>, Site<'a>)]) {
    let items: BTreeMap<_, _> =
        pairs.iter().map(|(old, new)| ((&old.item.at, &new.item.at), (&old.item, &new.item))).collect();
    let handled: Vec<_> = METHODS.into_iter().chain(["parameters", "servers", "$ref"]).collect();
    for (old, new) in items.into_values() {
        let item = Pair { old: old.clone(), new: new.clone(), direction: None };
        comparison.remaining(&item, &handled);
        comparison.servers(&item);
    }
    let paths = comparison.roots().key("paths");
    let handled: Vec<_> = paths.names().into_iter().filter(|path| path.starts_with('/')).collect();
    comparison.remaining(&paths, &handled);
}

impl<'a> Comparison<'a> {
    fn removed(&mut self, site: &Site<'a>) {
        self.enter(Some(site.named()));
        let verdict = Verdict::breaking(
            [Caller, GeneratedCode],
            "callers get 404 or 405, and the generated method is removed",
        );
        let at = At::gone(site.node.at.clone(), REQUEST);
        self.report(
            &kinds::OPERATION_REMOVED,
            at,
            verdict,
            format!("{} was removed", site.method_and_path()),
        );
    }

    fn added(&mut self, site: &Site<'a>) {
        self.enter(Some(site.named()));
        let verdict = Verdict::compatible("there are no callers yet");
        let at = At::came(site.node.at.clone(), REQUEST);
        self.report(&kinds::OPERATION_ADDED, at, verdict, format!("{} was added", site.method_and_path()));
    }

    fn moved(&mut self, old: &Site<'a>, new: &Site<'a>) {
        self.enter(Some(old.named()));
        let verdict = Verdict::breaking([Caller], "callers get 404 or 405 at the old path");
        let (from, to) = (old.method_and_path(), new.method_and_path());
        let message = format!("`{}` moved from {from} to {to}", old.id().unwrap_or_default());
        self.report(&kinds::OPERATION_MOVED, old.with(new).at(), verdict, message);
    }

    fn operation(&mut self, old: &Site<'a>, new: &Site<'a>) {
        let inherited = |site: &Site<'a>| site.item.key("parameters").value;
        if old.path == new.path
            && self.unchanged.contains(inherited(old), inherited(new))
            && self.unchanged.contains(old.node.value, new.node.value)
        {
            return;
        }
        self.enter(Some(old.named()));
        let operation = old.with(new);
        self.operation_id(&operation.clone().with(None));
        self.path_names(old, new);
        self.parameters(old, new);
        self.request_body(&operation);
        self.responses(&operation.key("responses").with(Some(Direction::Response)));
        self.settle();
        self.security(&operation);
        self.servers(&operation.clone().with(None));
        self.callbacks(&operation.key("callbacks").with(Some(Direction::Response)));
        let handled =
            ["operationId", "parameters", "requestBody", "responses", "security", "servers", "callbacks"];
        self.remaining(&operation, &handled);
    }

    fn operation_id(&mut self, operation: &Pair<'a>) {
        let (before, after) = operation.values("operationId");
        if before != after {
            let why = "the generated method has a different name; the requests and responses are the same";
            let verdict = Verdict::breaking([GeneratedCode], why);
            self.changed(&kinds::OPERATION_ID_CHANGED, operation, "operationId", verdict, "`operationId`");
        }
    }

    fn path_names(&mut self, old: &Site<'a>, new: &Site<'a>) {
        if without_names(old.path) != without_names(new.path) || old.path == new.path {
            return;
        }
        let why = "the argument of the generated method has a different name; the requests and responses are the same";
        let names = |path| listed(names_in(path));
        let message =
            format!("the parameters of the path changed from {} to {}", names(old.path), names(new.path));
        let item = Pair { old: old.item.clone(), new: new.item.clone(), direction: None };
        let verdict = Verdict::breaking([GeneratedCode], why);
        self.report(&kinds::PATH_PARAMETER_RENAMED, item.at(), verdict, message);
    }
}
