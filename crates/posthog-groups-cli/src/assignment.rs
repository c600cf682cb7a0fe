//! Properties from the command line: `NAME=VALUE` pairs and JSON objects.

use std::collections::BTreeMap;
use std::io::{self, Read as _};

use posthog_groups::{JsonValue, Properties};

use crate::arguments::GivenProperties;
use crate::exit::Failure;
use crate::json_text::compact;

pub(crate) type Assignment = (String, JsonValue);

/// Reads `NAME=VALUE`, split at the first `=`. With `as_text`, the value is always text.
pub(crate) fn assignment(pair: &str, as_text: bool) -> Result<Assignment, Failure> {
    let (name, value) = split(pair)?;
    let value = if as_text { JsonValue::from(value) } else { typed(name, value)? };
    if value.is_null() {
        return Err(Failure::usage(format!("`{name}` cannot be set to null")).help(format!(
            "remove it with `posthog-groups unset KEY {name}`, or add --string to set the text"
        )));
    }
    Ok((name.to_owned(), value))
}

/// A name, and the text after the first `=`.
pub(crate) fn split(pair: &str) -> Result<(&str, &str), Failure> {
    let Some((name, value)) = pair.split_once('=') else {
        return Err(
            Failure::usage(format!("`{pair}` is not NAME=VALUE")).help("write, for example, plan=enterprise")
        );
    };
    if name.is_empty() {
        return Err(Failure::usage(format!("`{pair}` has no name before the `=`"))
            .help("use --properties for a name that begins with `=`"));
    }
    Ok((name, value))
}

/// JSON if the text parses as JSON, otherwise the text. Text that begins like JSON but does not parse is an error.
pub(crate) fn typed(name: &str, text: &str) -> Result<JsonValue, Failure> {
    match JsonValue::parse(text) {
        Ok(value) => Ok(value),
        Err(e) if text.trim_start().starts_with(['{', '[', '"']) => Err(Failure::usage(format!(
            "the value of `{name}` looks like JSON but is not valid: {e}"
        ))
        .help(
            "correct the JSON (quote it for the shell: 'tags=[\"a\"]'), or add --string to set it as text",
        )),
        Err(_) => Ok(JsonValue::from(text)),
    }
}

/// Reads several pairs. Each name may occur once.
pub(crate) fn assignments(pairs: &[String], as_text: bool) -> Result<Vec<Assignment>, Failure> {
    let mut read: Vec<Assignment> = Vec::with_capacity(pairs.len());
    for pair in pairs {
        let (name, value) = assignment(pair, as_text)?;
        if read.iter().any(|(known, _)| *known == name) {
            return Err(Failure::usage(format!("`{name}` is given twice")));
        }
        read.push((name, value));
    }
    Ok(read)
}

/// Reads the properties of `create` and `upsert`: the JSON object, overridden by the pairs.
pub(crate) fn given(properties: &GivenProperties) -> Result<Vec<Assignment>, Failure> {
    let mut all = match &properties.properties {
        None => Vec::new(),
        Some(given) => members(&argument(given, "properties")?)?,
    };
    for (name, value) in assignments(&properties.pairs, properties.string)? {
        all.retain(|(known, _)| *known != name);
        all.push((name, value));
    }
    Ok(all)
}

/// The text of an argument: `@FILE` is read from a file, and `-` from standard input.
pub(crate) fn argument(given: &str, what: &str) -> Result<String, Failure> {
    let cannot =
        |from: &str, e: io::Error| Failure::usage(format!("cannot read the {what} from {from}: {e}"));
    if given == "-" {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text).map_err(|e| cannot("standard input", e))?;
        return Ok(text);
    }
    match given.strip_prefix('@') {
        Some(path) => std::fs::read_to_string(path).map_err(|e| cannot(path, e)),
        None => Ok(given.to_owned()),
    }
}

/// The members of a JSON object, in the order of their names.
fn members(text: &str) -> Result<Vec<Assignment>, Failure> {
    let text = text.trim_start_matches('\u{feff}').trim();
    let value = JsonValue::parse(text).map_err(|e| {
        Failure::usage(format!("the properties are not valid JSON: {e}"))
            .help("write, for example, '{\"plan\": \"free\"}'")
    })?;
    let properties = Properties::try_from(value).map_err(|e| Failure::usage(e.to_string()))?;
    let members: BTreeMap<String, JsonValue> =
        properties.decode().map_err(|e| Failure::usage(format!("the properties cannot be read: {e}")))?;
    if let Some((name, _)) = members.iter().find(|(name, value)| name.is_empty() || value.is_null()) {
        return Err(Failure::usage(format!("the property `{name}` is null or has no name"))
            .help("omit it; `posthog-groups unset KEY NAME` removes properties"));
    }
    Ok(members.into_iter().collect())
}

/// The value in the form that `NAME=` accepts: text as it is, unless it would be read as something else.
pub(crate) fn as_written(value: &JsonValue) -> String {
    match value.decode::<String>() {
        Ok(text)
            if typed("", &text).is_ok_and(|read| read.decode::<String>().is_ok_and(|read| read == text)) =>
        {
            text
        }
        _ => compact(value.as_str()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_parse_as_json_are_json() {
        for (pair, name, value) in [
            ("seats=42", "seats", "42"),
            ("id=90071992547409931234567890", "id", "90071992547409931234567890"),
            ("ratio=1.50", "ratio", "1.50"),
            ("active=true", "active", "true"),
            ("name=Acme", "name", "\"Acme\""),
            ("name=Acme \"the\" Inc", "name", r#""Acme \"the\" Inc""#),
            ("zip=01234", "zip", "\"01234\""),
            ("zip=\"1234\"", "zip", "\"1234\""),
            ("tags=[\"a\", 1]", "tags", "[\"a\", 1]"),
            ("address={\"city\": \"Bonn\"}", "address", "{\"city\": \"Bonn\"}"),
            ("url=https://a?b=c", "url", "\"https://a?b=c\""),
            ("note=", "note", "\"\""),
            ("truth=True", "truth", "\"True\""),
            ("big=1e5", "big", "1e5"),
            ("not=NaN", "not", "\"NaN\""),
        ] {
            let (read_name, read) = assignment(pair, false).unwrap();
            assert_eq!((read_name.as_str(), read.as_str()), (name, value), "{pair}");
        }
        assert_eq!(assignment("zip=42", true).unwrap().1.as_str(), "\"42\"");
        assert_eq!(assignment("x=null", true).unwrap().1.as_str(), "\"null\"");
        assert_eq!(assignment("x=[", true).unwrap().1.as_str(), "\"[\"");
    }
}
