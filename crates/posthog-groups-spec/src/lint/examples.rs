//! The operations of a document, for checking example files.

use std::collections::BTreeMap;

use openapi_ledger::lint::{Context, Direction, Kind, Node, Validators};
use openapi_ledger::text::listed;
use openapi_ledger::{Document, Place, Text, Value};

/// A parameter or a header.
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) required: bool,
    pub(crate) schema: Option<usize>,
}

/// The operations under `paths` by their operationIds.
pub(crate) struct Operations<'d> {
    document: &'d Document,
    context: Context<'d>,
    by_id: BTreeMap<&'d str, usize>,
    validators: Validators,
}

impl<'d> Operations<'d> {
    pub(crate) fn new(document: &'d Document) -> Self {
        let context = Context::of(document);
        let mut by_id = BTreeMap::new();
        for (item, _) in context.paths() {
            for operation in context.operations_of(item) {
                if let Some(id) = context.sites[operation].text("operationId") {
                    by_id.insert(id, operation);
                }
            }
        }
        let validators = Validators::new(&context);
        Self { document, context, by_id, validators }
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = &'d str> + use<'d, '_> {
        self.by_id.keys().copied()
    }

    pub(crate) fn find(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    pub(crate) fn place(&self, id: &str) -> Place {
        let pointer = self.find(id).map(|n| self.context.sites[n].pointer.clone());
        self.document.place(&pointer.unwrap_or_default())
    }

    pub(crate) fn parameters(&self, operation: usize, place: &str) -> Vec<Named> {
        let all = self.context.parameters_of(operation).into_iter();
        all.filter(|n| self.context.sites[*n].text("in") == Some(place))
            .map(|n| self.named(n, self.context.sites[n].text("name").unwrap_or_default()))
            .collect()
    }

    fn named(&self, n: usize, name: &str) -> Named {
        Named {
            name: name.to_owned(),
            required: self.context.sites[n].flag("required"),
            schema: self.context.found_below(n, "schema").next(),
        }
    }

    /// The request body of an operation, and whether it must be sent.
    pub(crate) fn request_body(&self, operation: usize) -> Option<(usize, bool)> {
        let body = self.context.found_below(operation, "requestBody").next()?;
        Some((body, self.context.sites[body].flag("required")))
    }

    /// Returns the response for a status: by its code, otherwise by its range, otherwise the default.
    pub(crate) fn response(&self, operation: usize, status: u64) -> Option<usize> {
        let responses = self.context.responses_of(operation);
        let keys = [status.to_string(), format!("{}XX", status / 100), "default".to_owned()];
        let node = keys.iter().find_map(|wanted| responses.iter().find(|(key, _)| key == wanted));
        node.and_then(|(_, node)| self.context.follow(*node))
    }

    pub(crate) fn headers(&self, response: usize) -> Vec<Named> {
        let nodes = self.context.below(response, "headers");
        nodes
            .filter_map(|node| Some(self.named(self.context.follow(node)?, self.context.edge(node).1)))
            .collect()
    }

    pub(crate) fn has_content(&self, holder: usize) -> bool {
        self.context.sites[holder].map("content").is_some_and(|content| !content.is_empty())
    }

    /// Returns the schema of a media type, or `None` if the media type is not declared.
    pub(crate) fn media_type(&self, holder: usize, content_type: &str) -> Option<Option<usize>> {
        let essence = |name: &str| name.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let found = self.context.below(holder, "content").find(|node| {
            matches!(node, Node::Site(n) if self.context.sites[*n].kind == Kind::MediaType
                && essence(self.context.sites[*n].key) == essence(content_type))
        })?;
        let media_type = self.context.follow(found)?;
        Some(self.context.found_below(media_type, "schema").next())
    }

    pub(crate) fn media_types(&self, holder: usize) -> String {
        listed(self.context.sites[holder].map("content").into_iter().flat_map(|c| c.keys()).map(Text::as_str))
    }

    /// Returns the problems of a value in an example.
    pub(crate) fn problems(&mut self, schema: usize, sent: bool, value: &Value) -> Vec<(String, String)> {
        let direction = if sent { Direction::Request } else { Direction::Response };
        self.validators.problems(&self.context, schema, direction, value)
    }
}
