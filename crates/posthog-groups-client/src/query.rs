//! URLs and their queries.

use progenitor_client::{Error, QueryParam};
use reqwest::Url;
use serde::Serialize;
use url::Position;

use crate::generated::Client;

impl Client {
    /// Parses the URL of a request.
    #[expect(clippy::result_large_err, reason = "the error of the generated calls")]
    pub(crate) fn url(&self, text: &str) -> Result<Url, Error<()>> {
        parse(self.base.as_ref(), text)
            .map_err(|e| Error::InvalidRequest(format!("the URL of the request is invalid: {e}")))
    }
}

/// Parses a URL. If it has the origin of `base`, only its path is parsed.
fn parse(base: Option<&Url>, text: &str) -> Result<Url, url::ParseError> {
    let path = base.and_then(|base| text.strip_prefix(&base[..Position::BeforePath]));
    // After a second slash, for example, a host would follow.
    let is_path = |path: &str| {
        path.strip_prefix('/').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
    };
    match (base, path) {
        (Some(base), Some(path)) if is_path(path) => base.join(path),
        _ => Url::parse(text),
    }
}

/// Builds the query of a URL.
pub(crate) struct Query {
    url: Url,
    error: Option<serde_urlencoded::ser::Error>,
}

impl Query {
    /// Starts with a URL without a query.
    pub(crate) fn new(url: Url) -> Self {
        Self { url, error: None }
    }

    /// Adds a parameter. `None` adds nothing, and a list adds one parameter per item.
    pub(crate) fn with<T: Serialize>(mut self, name: &str, value: &T) -> Self {
        let mut pairs = self.url.query_pairs_mut();
        let serializer = serde_urlencoded::Serializer::new(&mut pairs);
        if let Err(error) = QueryParam::new(name, value).serialize(serializer) {
            self.error = Some(error);
        }
        drop(pairs);
        self
    }

    /// Returns the URL.
    ///
    /// # Errors
    /// Fails if a parameter is neither a value nor a list of values.
    #[expect(clippy::result_large_err, reason = "the error of the generated calls")]
    pub(crate) fn finish(mut self) -> Result<Url, Error<()>> {
        if let Some(error) = self.error {
            return Err(Error::InvalidRequest(format!("the query cannot be serialized: {error}")));
        }
        if self.url.query() == Some("") {
            self.url.set_query(None);
        }
        Ok(self.url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query() -> Query {
        Query::new(Url::parse("http://x/a/").unwrap())
    }

    #[test]
    fn parameters_are_encoded_in_order_and_absent_ones_left_out() {
        let url = query()
            .with("search", &Some("a b&c=é"))
            .with("cursor", &None::<String>)
            .with("index", &0_i64)
            .with("flag", &Some(true))
            .with("id", &vec!["1", "2"])
            .finish();
        assert_eq!(url.unwrap().as_str(), "http://x/a/?search=a+b%26c%3D%C3%A9&index=0&flag=true&id=1&id=2");
    }

    #[test]
    fn without_parameters_there_is_no_question_mark() {
        assert_eq!(query().with("a", &None::<i64>).finish().unwrap().as_str(), "http://x/a/");
    }

    #[test]
    fn a_url_is_the_same_whether_only_its_path_is_parsed_or_all_of_it() {
        for base in [
            "https://x.example",
            "http://127.0.0.1:8000/",
            "https://x.example/posthog",
            "https://X.example//y",
            "no url",
        ] {
            let parsed = Url::parse(base).ok();
            for path in [
                "/api/projects/@current/groups/",
                "/api/a%2Fb/../c",
                "//y.example/api",
                "/\\y.example",
                "/\t/y.example",
                "/é",
                "",
                "?a",
                "y",
            ] {
                let text = format!("{}{path}", base.trim_end_matches('/'));
                assert_eq!(parse(parsed.as_ref(), &text), Url::parse(&text), "{text}");
            }
        }
    }
}
