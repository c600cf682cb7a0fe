//! Validation before a request is sent.

use posthog_groups_client::{JsonValue, Properties};
use serde::Serialize;

use crate::data::storable;
use crate::error::Error;

/// The maximum number of characters of a group key.
const LONGEST_KEY: usize = 400;

/// Checks the key of an existing group. The key is not trimmed, because events can create keys with surrounding white space.
///
/// Every call with a key performs the same check.
///
/// ```
/// assert_eq!(posthog_groups::check_group_key(" org:5 ")?, " org:5 ");
/// assert!(posthog_groups::check_group_key(" ").is_err());
/// # Ok::<(), posthog_groups::Error>(())
/// ```
///
/// # Errors
/// [`Error::is_invalid_input`] if the key is blank, has more than 400 characters, or contains NUL.
pub fn check_group_key(key: &str) -> Result<&str, Error> {
    if key.trim_matches(is_blank_to_the_server).is_empty() {
        return Err(Error::input("the group key is blank")
            .with_help("use the key that the events of the group have, such as `org:5`"));
    }
    // The server counts characters, not bytes.
    let length = key.chars().count();
    if length > LONGEST_KEY {
        return Err(Error::input(format!(
            "the group key has {length} characters, but only {LONGEST_KEY} are allowed"
        ))
        .with_help("use a shorter ID, or a hash of it"));
    }
    if key.contains('\0') {
        return Err(Error::input("the group key contains a NUL character, which the server cannot store")
            .with_help("remove it"));
    }
    Ok(key)
}

/// Returns the key that the server stores when a group is created with `key`: the key without surrounding white space.
///
/// ```
/// assert_eq!(posthog_groups::stored_group_key(" org:5 ")?, "org:5");
/// # Ok::<(), posthog_groups::Error>(())
/// ```
///
/// # Errors
/// The errors of [`check_group_key`].
pub fn stored_group_key(key: &str) -> Result<&str, Error> {
    check_group_key(key.trim_matches(is_blank_to_the_server))
}

fn is_blank_to_the_server(c: char) -> bool {
    // Python treats the four ASCII separators as white space; Unicode does not.
    c.is_whitespace() || ('\x1c'..='\x1f').contains(&c)
}

pub(crate) fn property_name(name: &str) -> Result<&str, Error> {
    match name {
        "" => Err(Error::input("the name of the property is empty")
            .with_help("use the name as it appears on the group")),
        name if name.contains('\0') => Err(Error::input(format!(
            "the property `{name}` contains a NUL character, which the server cannot store"
        ))
        .with_help("remove the character")),
        name => Ok(name),
    }
}

/// Checks a value and serializes it.
pub(crate) fn property_value<T: Serialize + ?Sized>(name: &str, value: &T) -> Result<JsonValue, Error> {
    let value = JsonValue::new(value).map_err(|e| {
        Error::input(format!("the value of `{name}` does not serialize to JSON: {e}")).with_source(e)
    })?;
    if value.is_null() {
        return Err(Error::input(format!(
            "the value of `{name}` is null (or NaN or infinite), which the server treats as missing"
        ))
        .with_help(format!("call `unset(\"{name}\")` to remove it")));
    }
    storable::check(Some(name), value.as_str())?;
    Ok(value)
}

/// Checks whether a server can store these properties and return them.
///
/// `create`, `set`, `upsert` and imports perform the same check before they send a request. Properties *from* a server are not
/// checked.
///
/// ```
/// use posthog_groups::{Properties, check_properties};
///
/// let properties: Properties = serde_json::from_str(r#"{"limits": {"seats": [5, 18446744073709551616]}}"#)?;
/// let error = check_properties(&properties).unwrap_err();
/// assert!(error.to_string().contains("`limits.seats[1]`"));
/// # Ok::<(), serde_json::Error>(())
/// ```
///
/// # Errors
/// [`Error::is_invalid_input`], with the path of the value, for:
///
/// * NUL and unpaired surrogates in names and strings, for which the server returns 500;
/// * numbers below -2<sup>63</sup> or above 2<sup>64</sup> - 1, whether written as integers or as doubles such as `1e22`, which the
///   server stores as integers, but then every response that contains the group fails;
/// * numbers beyond the range of a double, such as `1e400`;
/// * values with more than 250 levels of objects and arrays, which the server stores but cannot return.
pub fn check_properties(properties: &Properties) -> Result<(), Error> {
    storable::check(None, properties.as_str())
}

/// Serializes properties and checks that a server can store them.
pub(crate) fn properties<T: Serialize + ?Sized>(value: &T) -> Result<Properties, Error> {
    let value = JsonValue::new(value)
        .map_err(|e| Error::input(format!("the properties do not serialize to JSON: {e}")).with_source(e))?;
    let properties = Properties::try_from(value).map_err(|e| Error::input(e.to_string()))?;
    check_properties(&properties)?;
    Ok(properties)
}

pub(crate) fn person_uuid(text: &str) -> Result<&str, Error> {
    let is_uuid = text.split('-').map(str::len).eq([8, 4, 4, 4, 12])
        && text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit());
    if is_uuid {
        Ok(text)
    } else {
        Err(Error::input("the ID of the person is not a UUID")
            .with_help("use the `uuid` of the person, not a distinct ID"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal<T>(result: Result<T, Error>) -> String {
        match result {
            Ok(_) => "accepted".to_owned(),
            Err(e) => {
                assert!(e.is_invalid_input());
                e.to_string()
            }
        }
    }

    #[test]
    fn keys_are_measured_in_characters_and_must_not_be_blank() {
        assert_eq!(refusal(check_group_key(&"ä".repeat(400))), "accepted");
        assert!(refusal(check_group_key(&"a".repeat(401))).contains("401 characters"));
        for blank in ["", " ", "\t\n"] {
            assert!(refusal(check_group_key(blank)).contains("blank"));
        }
        assert!(refusal(check_group_key("a\0b")).contains("NUL"));
        assert_eq!(check_group_key(" a ").unwrap(), " a ");
        assert_eq!(stored_group_key(" \u{1f}a b\u{a0}").unwrap(), "a b");
        assert_eq!(refusal(stored_group_key(&format!(" {} ", "a".repeat(400)))), "accepted");
    }

    #[test]
    fn null_and_non_objects_are_rejected() {
        assert!(refusal(property_value("plan", &None::<u8>)).contains("unset(\"plan\")"));
        for value in
            [serde_json::json!(0), serde_json::json!(false), serde_json::json!(""), serde_json::json!([])]
        {
            assert_eq!(refusal(property_value("plan", &value)), "accepted");
        }
        assert!(refusal(properties(&["x"])).contains("must be a JSON object"));
        assert!(refusal(properties("x")).contains("must be a JSON object"));
        assert!(refusal(properties(&None::<u8>)).contains("must be a JSON object"));
        assert_eq!(refusal(properties(&serde_json::json!({"a": null}))), "accepted");
        assert!(refusal(property_name("")).contains("empty"));
    }

    #[test]
    fn a_person_id_is_a_uuid() {
        assert_eq!(refusal(person_uuid("0190a5d1-9a3b-7c4d-8e5f-0123456789ab")), "accepted");
        assert!(refusal(person_uuid("distinct-id")).contains("use the `uuid`"));
        assert!(refusal(person_uuid("0190a5d1-9a3b-7c4d-8e5f-0123456789az")).contains("UUID"));
    }
}
