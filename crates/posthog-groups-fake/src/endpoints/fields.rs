//! Validation of body fields as in Django REST framework (contract section 2.2).

use crate::errors::{self, Failure};
use crate::json::{Json, Kind};
use crate::request::{self, Data};

/// Why a field is invalid: code and detail.
pub(crate) type Complaint = (&'static str, String);

pub(crate) fn required() -> Complaint {
    ("required", "This field is required.".to_owned())
}

fn null() -> Complaint {
    ("null", "This field may not be null.".to_owned())
}

/// The framework's code `invalid`, which the envelope renames.
fn invalid(detail: &str) -> Complaint {
    ("invalid_input", detail.to_owned())
}

/// Turns a complaint into an error.
pub(crate) fn refuse(field: &str, (code, detail): Complaint) -> Failure {
    errors::validation(field, code, &detail)
}

/// The body must be an object.
pub(crate) fn object(data: &Data) -> Result<(), Failure> {
    match data.value().kind() {
        Kind::Object => Ok(()),
        Kind::Null => Err(errors::invalid_request("null", "No data provided")),
        kind => {
            let name = kind.python(data.value().as_str());
            let detail = format!("Invalid data. Expected a dictionary, but got {name}.");
            Err(errors::invalid_request("invalid_input", &detail))
        }
    }
}

/// Parses a field that is a 32-bit integer. Text and floats without a fraction are accepted.
pub(crate) fn integer(value: Option<&Json>) -> Result<i32, Complaint> {
    let value = value.ok_or_else(required)?;
    let not_an_integer = || invalid("A valid integer is required.");
    let text = match value.kind() {
        Kind::Null => return Err(null()),
        Kind::String => value.text().unwrap_or_default(),
        Kind::Number => number_text(value.as_str()),
        _ => return Err(not_an_integer()),
    };
    let number = request::integer(without_zero_fraction(&text)).ok_or_else(not_an_integer)?;
    if number > i128::from(i32::MAX) {
        return Err(("max_value", format!("Ensure this value is less than or equal to {}.", i32::MAX)));
    }
    if number < i128::from(i32::MIN) {
        return Err(("min_value", format!("Ensure this value is greater than or equal to {}.", i32::MIN)));
    }
    i32::try_from(number).map_err(|_| not_an_integer())
}

/// Formats a number as Python does: a float without a fraction ends in `.0`.
fn number_text(text: &str) -> String {
    if !text.contains(['.', 'e', 'E']) {
        return text.to_owned();
    }
    match text.parse::<f64>() {
        Ok(n) if n.is_finite() && n.abs() < 1e16 => format!("{n:?}"),
        Ok(n) => format!("{n:e}"),
        Err(_) => text.to_owned(),
    }
}

/// Removes a fraction of zeros, which the framework ignores.
fn without_zero_fraction(text: &str) -> &str {
    let trimmed = text.trim_end();
    match trimmed.trim_end_matches('0').strip_suffix('.') {
        Some(whole) => whole,
        None => text,
    }
}

/// The rules of a text field.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TextRules {
    pub(crate) longest: usize,
    pub(crate) blank: bool,
}

/// Parses a text field. Numbers become text, and the text is trimmed.
pub(crate) fn text(value: &Json, rules: TextRules) -> Result<String, Complaint> {
    let text = match value.kind() {
        Kind::Null => return Err(null()),
        Kind::String => value.text().unwrap_or_default(),
        Kind::Number => number_text(value.as_str()),
        _ => return Err(invalid("Not a valid string.")),
    };
    let text = text.trim();
    if text.is_empty() && !rules.blank {
        return Err(("blank", "This field may not be blank.".to_owned()));
    }
    if text.chars().count() > rules.longest {
        let detail = format!("Ensure this field has no more than {} characters.", rules.longest);
        return Err(("max_length", detail));
    }
    if text.contains('\0') {
        return Err(("null_characters_not_allowed", "Null characters are not allowed.".to_owned()));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_parsed_leniently_and_limited() {
        for (json, wanted) in [
            ("0", Ok(0)),
            ("\"1\"", Ok(1)),
            ("1.0", Ok(1)),
            ("\"1.00 \"", Ok(1)),
            ("1e2", Ok(100)),
            ("100", Ok(100)),
            ("-2147483648", Ok(i32::MIN)),
            ("null", Err("null")),
            ("true", Err("invalid_input")),
            ("1.5", Err("invalid_input")),
            ("\"\"", Err("invalid_input")),
            ("\"abc\"", Err("invalid_input")),
            ("[]", Err("invalid_input")),
            ("2147483648", Err("max_value")),
            ("-2147483649", Err("min_value")),
            ("1e400", Err("invalid_input")),
        ] {
            let value = Json::parse(json).unwrap();
            assert_eq!(integer(Some(&value)).map_err(|(code, _)| code), wanted, "{json}");
        }
        assert_eq!(integer(None).map_err(|(code, _)| code), Err("required"));
    }

    #[test]
    fn text_is_trimmed_and_limited() {
        let rules = TextRules { longest: 3, blank: false };
        for (json, wanted) in [
            ("\" a \"", Ok("a")),
            ("5", Ok("5")),
            ("\"   \"", Err("blank")),
            ("\"abcd\"", Err("max_length")),
            ("\"äöü\"", Ok("äöü")),
            ("\"a\\u0000\"", Err("null_characters_not_allowed")),
            ("null", Err("null")),
            ("true", Err("invalid_input")),
            ("{}", Err("invalid_input")),
        ] {
            let value = Json::parse(json).unwrap();
            assert_eq!(text(&value, rules).as_deref().map_err(|(code, _)| *code), wanted, "{json}");
        }
    }
}
