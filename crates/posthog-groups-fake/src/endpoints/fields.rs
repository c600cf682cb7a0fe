//! Validation of body fields as in Django REST framework (contract section 2.2).

use crate::errors::{self, Failure};
use crate::json::{Json, Kind};
use crate::request::{self, Data};

/// The maximum length of a text field.
const MAX_TEXT: usize = 400;

fn required(field: &str) -> Failure {
    errors::validation(field, "required", "This field is required.")
}

fn null(field: &str) -> Failure {
    errors::validation(field, "null", "This field may not be null.")
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
pub(crate) fn integer(data: &Data, field: &str) -> Result<i32, Failure> {
    let value = data.get(field).ok_or_else(|| required(field))?;
    let not_an_integer = || errors::invalid(field, "A valid integer is required.");
    let text = match value.kind() {
        Kind::Null => return Err(null(field)),
        Kind::String => value.text().unwrap_or_default(),
        Kind::Number => number_text(value.as_str()),
        _ => return Err(not_an_integer()),
    };
    let number = request::integer(without_zero_fraction(&text)).ok_or_else(not_an_integer)?;
    i32::try_from(number).map_err(|_| {
        let (code, bound) = if number > 0 {
            ("max_value", format!("less than or equal to {}", i32::MAX))
        } else {
            ("min_value", format!("greater than or equal to {}", i32::MIN))
        };
        errors::validation(field, code, &format!("Ensure this value is {bound}."))
    })
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

/// Parses a text field that is required and not blank.
pub(crate) fn filled_text(data: &Data, field: &str) -> Result<String, Failure> {
    let text = text(field, &data.get(field).ok_or_else(|| required(field))?)?;
    match text.as_str() {
        "" => Err(errors::validation(field, "blank", "This field may not be blank.")),
        _ => Ok(text),
    }
}

/// Parses a text field. Numbers become text, and the text is trimmed.
pub(crate) fn text(field: &str, value: &Json) -> Result<String, Failure> {
    let text = match value.kind() {
        Kind::Null => return Err(null(field)),
        Kind::String => value.text().unwrap_or_default(),
        Kind::Number => number_text(value.as_str()),
        _ => return Err(errors::invalid(field, "Not a valid string.")),
    };
    let text = text.trim();
    if text.chars().count() > MAX_TEXT {
        let detail = format!("Ensure this field has no more than {MAX_TEXT} characters.");
        return Err(errors::validation(field, "max_length", &detail));
    }
    if text.contains('\0') {
        let detail = "Null characters are not allowed.";
        return Err(errors::validation(field, "null_characters_not_allowed", detail));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_parsed_leniently_and_limited() {
        for (json, expected) in [
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
            let data = Data::of(&format!(r#"{{"n":{json}}}"#));
            let parsed = integer(&data, "n").map_err(|failure| failure.body["code"].clone());
            assert_eq!(parsed, expected.map_err(Into::into), "{json}");
        }
    }
}
