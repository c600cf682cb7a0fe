//! What is refused before any request, with the mend in the message.

use posthog_groups_client::{JsonValue, Properties};
use serde::Serialize;

use crate::error::Error;

/// The most characters that a group key has on a server.
const LONGEST_KEY: usize = 400;

/// A group key as it is looked up: exact, and not trimmed, because events may create keys with blanks.
pub(crate) fn group_key(key: &str) -> Result<&str, Error> {
    if key.trim().is_empty() {
        return Err(Error::input("the group key is blank; give the key that events use, such as `org:5`"));
    }
    // As the server counts: characters, not bytes.
    let length = key.chars().count();
    if length > LONGEST_KEY {
        return Err(Error::input(format!(
            "the group key has {length} characters, and {LONGEST_KEY} are allowed; use a shorter id, or a hash of it"
        )));
    }
    if key.contains('\0') {
        return Err(Error::input(
            "the group key holds a NUL character, which the server cannot store; remove it",
        ));
    }
    Ok(key)
}

/// A group key as `create` stores it: the server trims it, so that looking for it needs the trimmed form.
pub(crate) fn new_group_key(key: &str) -> Result<&str, Error> {
    group_key(key.trim_matches(is_blank_to_the_server))
}

fn is_blank_to_the_server(c: char) -> bool {
    // Python counts the four separators of ASCII among the blanks, Unicode does not.
    c.is_whitespace() || ('\x1c'..='\x1f').contains(&c)
}

/// The name of a property.
pub(crate) fn property_name(name: &str) -> Result<&str, Error> {
    match name {
        "" => {
            Err(Error::input("the name of the property is empty; give the name as it appears on the group"))
        }
        name => Ok(name),
    }
}

/// A value to be set.
pub(crate) fn property_value<T: Serialize + ?Sized>(name: &str, value: &T) -> Result<JsonValue, Error> {
    let value = JsonValue::new(value)
        .map_err(|e| Error::input(format!("the value of `{name}` is no JSON: {e}")).with_source(e))?;
    if value.is_null() {
        return Err(Error::input(format!(
            "the value of `{name}` is null (or a number that JSON has no word for), which the server takes for missing; call \
             `unset(\"{name}\")` to remove it"
        )));
    }
    Ok(value)
}

/// Properties to be written all at once.
pub(crate) fn properties<T: Serialize + ?Sized>(value: &T) -> Result<Properties, Error> {
    let value = JsonValue::new(value)
        .map_err(|e| Error::input(format!("the properties are no JSON: {e}")).with_source(e))?;
    Properties::try_from(value).map_err(|e| Error::input(e.to_string()))
}

/// The id of a person.
pub(crate) fn person_uuid(text: &str) -> Result<&str, Error> {
    let dashes = [8, 13, 18, 23];
    let is_uuid = text.len() == 36
        && text.bytes().enumerate().all(
            |(n, b)| {
                if dashes.contains(&n) { b == b'-' } else { b.is_ascii_hexdigit() }
            },
        );
    if is_uuid {
        Ok(text)
    } else {
        Err(Error::input(
            "the id of the person is no UUID; distinct ids do not work here, take the `uuid` of the person",
        ))
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
    fn keys_are_counted_in_characters_and_must_not_be_blank() {
        assert_eq!(refusal(group_key(&"ä".repeat(400))), "accepted");
        assert!(refusal(group_key(&"a".repeat(401))).contains("401 characters"));
        for blank in ["", " ", "\t\n"] {
            assert!(refusal(group_key(blank)).contains("blank"));
        }
        assert!(refusal(group_key("a\0b")).contains("NUL"));
        assert_eq!(group_key(" a ").unwrap(), " a ");
        assert_eq!(new_group_key(" \u{1f}a b\u{a0}").unwrap(), "a b");
        assert_eq!(refusal(new_group_key(&format!(" {} ", "a".repeat(400)))), "accepted");
    }

    #[test]
    fn null_and_what_is_no_object_are_refused() {
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
    fn a_person_is_named_by_a_uuid() {
        assert_eq!(refusal(person_uuid("0190a5d1-9a3b-7c4d-8e5f-0123456789ab")), "accepted");
        assert!(refusal(person_uuid("distinct-id")).contains("take the `uuid`"));
        assert!(refusal(person_uuid("0190a5d1-9a3b-7c4d-8e5f-0123456789az")).contains("UUID"));
    }
}
