//! Query strings.

use progenitor_client::{Error, QueryParam};
use serde::Serialize;
use url::form_urlencoded;

/// Builds the text of a URL with a query, and parses it at the end.
pub(crate) struct Query {
    path_length: usize,
    pairs: form_urlencoded::Serializer<'static, String>,
    error: Option<serde_urlencoded::ser::Error>,
}

impl Query {
    /// Starts with a URL without a query.
    pub(crate) fn new(mut url: String) -> Self {
        let path_length = url.len();
        url.reserve(128);
        url.push('?');
        Self {
            path_length,
            pairs: form_urlencoded::Serializer::for_suffix(url, path_length + 1),
            error: None,
        }
    }

    /// Adds a parameter: none for `None`, one per item for a list.
    pub(crate) fn with<T: Serialize>(mut self, name: &str, value: &T) -> Self {
        let serializer = serde_urlencoded::Serializer::new(&mut self.pairs);
        if let Err(error) = QueryParam::new(name, value).serialize(serializer) {
            self.error = Some(error);
        }
        self
    }

    /// Parses the URL.
    ///
    /// # Errors
    /// Fails if a parameter is neither a value nor a list of values.
    #[expect(clippy::result_large_err, reason = "the error of the generated calls")]
    pub(crate) fn finish(mut self) -> Result<String, Error<()>> {
        if let Some(error) = self.error {
            return Err(Error::InvalidRequest(format!("the query cannot be written: {error}")));
        }
        let mut url = self.pairs.finish();
        if url.len() == self.path_length + 1 {
            url.truncate(self.path_length);
        }
        Ok(url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_encoded_in_order_and_absent_ones_left_out() {
        let url = Query::new("http://x/a/".to_owned())
            .with("search", &Some("a b&c=é"))
            .with("cursor", &None::<String>)
            .with("index", &0_i64)
            .with("flag", &Some(true))
            .with("id", &vec!["1", "2"])
            .finish();
        assert_eq!(url.unwrap(), "http://x/a/?search=a+b%26c%3D%C3%A9&index=0&flag=true&id=1&id=2");
    }

    #[test]
    fn without_parameters_there_is_no_question_mark() {
        assert_eq!(Query::new("http://x/".to_owned()).with("a", &None::<i64>).finish().unwrap(), "http://x/");
    }
}
