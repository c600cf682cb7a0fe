//! Requests and their bodies.

use std::num::IntErrorKind;

use bytes::Bytes;
use form_urlencoded::Serializer;
use http::{HeaderMap, Method};
use percent_encoding::percent_decode_str;

use crate::errors::{self, Failure};
use crate::json::{self, Json, Kind};

/// A request with its body.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    /// Percent-encoded, as it was sent.
    pub(crate) path: String,
    pub(crate) raw_query: Option<String>,
    pub(crate) query: Query,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// The scheme and host of links in responses.
    pub(crate) origin: String,
}

impl Call {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|v| v.to_str().ok())
    }

    /// The URL of the request.
    pub(crate) fn url(&self) -> String {
        match &self.raw_query {
            Some(query) => format!("{}{}?{query}", self.origin, self.path),
            None => format!("{}{}", self.origin, self.path),
        }
    }

    /// The value of a cookie.
    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        let pairs = self.header("cookie")?.split(';');
        pairs.filter_map(|pair| pair.trim().split_once('=')).find(|(n, _)| *n == name).map(|(_, value)| value)
    }
}

/// Query parameters. If a name occurs twice, the last value is used, as on the real server.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn parse(raw: &str) -> Self {
        Self(form_urlencoded::parse(raw.as_bytes()).into_owned().collect())
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().rev().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The value unless it is blank.
    pub(crate) fn filled(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    /// Returns the query with one parameter replaced, sorted by name as in the framework's links.
    pub(crate) fn replaced(&self, name: &str, value: Option<&str>) -> String {
        let mut pairs: Vec<(&str, &str)> =
            self.0.iter().filter(|(n, _)| n != name).map(|(n, v)| (n.as_str(), v.as_str())).collect();
        if let Some(value) = value {
            pairs.push((name, value));
        }
        pairs.sort_by_key(|(n, _)| *n);
        form_encoded(&pairs)
    }
}

/// Formats `a=1&b=2`, encoded as by Python, which encodes an asterisk and not a tilde.
pub(crate) fn form_encoded(pairs: &[(&str, &str)]) -> String {
    let text = Serializer::new(String::new()).extend_pairs(pairs).finish();
    text.replace('*', "%2A").replace("%7E", "~")
}

/// Percent-decodes text. Invalid escapes are kept, and invalid UTF-8 is replaced.
pub(crate) fn percent_decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// The decoded body.
#[derive(Clone, Debug)]
pub(crate) struct Data {
    value: Json,
    /// Whether it is a form, whose values are text.
    pub(crate) form: bool,
}

impl Data {
    /// Parses the body by its content type (contract section 1.5).
    pub(crate) fn read(call: &Call) -> Result<Self, Failure> {
        let content_type = call.header("content-type").unwrap_or("");
        let media_type = content_type.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
        let form = |pairs: Vec<(String, String)>| Self {
            value: Json::from(&serde_json::Value::Object(
                pairs.into_iter().map(|(n, v)| (n, v.into())).collect(),
            )),
            form: true,
        };
        match media_type.as_str() {
            "application/x-www-form-urlencoded" => {
                Ok(form(Query::parse(&String::from_utf8_lossy(&call.body)).0))
            }
            "multipart/form-data" => Ok(form(multipart(content_type, &call.body)?)),
            _ if call.body.is_empty() => Ok(Self { value: Json::from(&serde_json::json!({})), form: false }),
            "application/json" => read_json(&call.body).map(|value| Self { value, form: false }),
            _ => Err(errors::unsupported_media_type(content_type)),
        }
    }

    #[cfg(test)]
    pub(crate) fn of(json: &str) -> Self {
        Self { value: Json::parse(json).unwrap(), form: false }
    }

    pub(crate) fn value(&self) -> &Json {
        &self.value
    }

    /// Returns a member of the body.
    pub(crate) fn get(&self, name: &str) -> Option<Json> {
        json::members(self.value.as_str())?.get(name).map(|&value| Json::from(value))
    }

    /// Returns a member that is not null.
    pub(crate) fn set(&self, name: &str) -> Option<Json> {
        self.get(name).filter(|value| value.kind() != Kind::Null)
    }
}

/// Parses a JSON body. The most common error has the text of the server's parser.
fn read_json(body: &[u8]) -> Result<Json, Failure> {
    let error = |why: String| errors::parse_error(&format!("JSON parse error - {why}"));
    let text = std::str::from_utf8(body).map_err(|e| error(e.to_string()))?;
    Json::parse(text).map_err(|e| match text.trim_start().starts_with(['{', '[', '"']) {
        true => error(e.to_string()),
        false => error("Expecting value: line 1 column 1 (char 0)".to_owned()),
    })
}

/// Parses the text fields of a multipart body.
fn multipart(content_type: &str, body: &[u8]) -> Result<Vec<(String, String)>, Failure> {
    let boundary = content_type
        .split(';')
        .filter_map(|p| p.trim().split_once('='))
        .find(|(name, _)| name.eq_ignore_ascii_case("boundary"))
        .map(|(_, value)| value.trim_matches('"').to_owned())
        .filter(|boundary| !boundary.is_empty())
        .ok_or_else(|| {
            errors::parse_error("Multipart form parse error - Invalid boundary in multipart: None")
        })?;
    let text = String::from_utf8_lossy(body);
    let mut fields = Vec::new();
    for part in text.split(&format!("--{boundary}")).skip(1) {
        let Some((head, value)) = part.split_once("\r\n\r\n") else { continue };
        let name = head.split(';').filter_map(|p| p.trim().strip_prefix("name=\"")).next();
        if let Some((name, _)) = name.and_then(|n| n.split_once('"')) {
            fields.push((name.to_owned(), value.strip_suffix("\r\n").unwrap_or(value).to_owned()));
        }
    }
    Ok(fields)
}

/// Parses an integer with an optional sign and white space around it. An integer out of range becomes the nearest one in range.
pub(crate) fn integer(text: &str) -> Option<i128> {
    match text.trim().parse::<i128>() {
        Ok(number) => Some(number),
        Err(e) if *e.kind() == IntErrorKind::PosOverflow => Some(i128::MAX),
        Err(e) if *e.kind() == IntErrorKind::NegOverflow => Some(i128::MIN),
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_value_of_a_repeated_parameter_counts() {
        let query = Query::parse("a=1&b=x%20y&a=2&c&d=p+q&e=%zz");
        assert_eq!(query.get("a"), Some("2"));
        assert_eq!(query.get("b"), Some("x y"));
        assert_eq!(query.get("c"), Some(""));
        assert_eq!(query.filled("c"), None);
        assert_eq!(query.get("d"), Some("p q"));
        assert_eq!(query.get("e"), Some("%zz"));
        assert_eq!(query.get("f"), None);
    }

    #[test]
    fn a_replaced_query_is_sorted_and_encoded() {
        let query = Query::parse("search=a%26b+*~&group_type_index=0&cursor=old");
        let rest = "group_type_index=0&search=a%26b+%2A~";
        assert_eq!(query.replaced("cursor", Some("x=")), format!("cursor=x%3D&{rest}"));
        assert_eq!(query.replaced("cursor", None), rest);
    }

    #[test]
    fn multipart_fields_are_parsed() {
        let body = b"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--x--\r\n";
        let fields = multipart("multipart/form-data; boundary=x", body);
        assert_eq!(fields, Ok(vec![("a".to_owned(), "1".to_owned())]));
    }
}
