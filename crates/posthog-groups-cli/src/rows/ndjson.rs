//! A row as one line of JSON: `{"group_key":"org:5","group_properties":{"plan":"scale"}}`.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, Write};

use posthog_groups::Properties;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};

use crate::rows::input_error::{InputError, shortened};
use crate::rows::{KEY, PROPERTIES, Row, SHORT_KEY};

/// Writes one row and a line break. Line breaks between the tokens of the properties become spaces.
pub(crate) fn write(out: &mut impl Write, key: &str, properties: &str) -> io::Result<()> {
    out.write_all(b"{\"group_key\":")?;
    serde_json::to_writer(&mut *out, key)?;
    out.write_all(b",\"group_properties\":")?;
    // JSON strings cannot contain line breaks, so these are between tokens.
    let mut pieces = properties.split(['\n', '\r']);
    out.write_all(pieces.next().unwrap_or_default().as_bytes())?;
    for piece in pieces {
        out.write_all(b" ")?;
        out.write_all(piece.as_bytes())?;
    }
    out.write_all(b"}\n")
}

/// Reads one line without its line break. Returns `None` for a blank line.
pub(crate) fn read(text: &str, line: u64) -> Result<Option<Row>, InputError> {
    let start = text.trim_start_matches([' ', '\t']);
    match start.as_bytes().first() {
        None => return Ok(None),
        Some(b'{') => {}
        Some(b'[') => {
            return Err(InputError::row(line, "the line is a JSON array; expected one object per line")
                .help("convert it with `jq -c '.[]'`"));
        }
        Some(_) => {
            let what = format!("`{}` is not a JSON object", shortened(start));
            let form = "each line has the form {\"group_key\": \"org:5\", \"group_properties\": {\"plan\": \"scale\"}}";
            return Err(InputError::row(line, what).help(format!("{form}; for CSV, add `--format csv`")));
        }
    }
    let mut json = serde_json::Deserializer::from_str(text);
    let read = json.deserialize_map(Members).and_then(|members| json.end().map(|()| members));
    let (key, properties) = read.map_err(|e| malformed(&e, line))?;
    if let Some(name) = duplicate_name(&properties) {
        return Err(InputError::row(line, format!("the property `{}` occurs twice", shortened(&name)))
            .help("remove one of them"));
    }
    Ok(Some(Row { key, properties, line }))
}

fn malformed(error: &serde_json::Error, line: u64) -> InputError {
    // The line within the row, which serde_json reports, is always 1.
    let text = error.to_string();
    let what = text.rsplit_once(" at line ").map_or(text.as_str(), |(what, _)| what);
    if error.is_eof() {
        return InputError::row(line, "the JSON object is incomplete at the end of the line")
            .help("write each object on one line; `jq -c .` does");
    }
    match error.is_data() {
        true => InputError::row(line, what),
        false => InputError::row(line, format!("malformed JSON: {what}, at column {}", error.column())),
    }
}

/// Reads the members of a row: the names of the API, their short forms, and the output of `list -o ndjson`.
struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = (String, Properties);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let (mut key, mut properties) = (None::<Cow<'de, str>>, None::<Properties>);
        let mut ignored = [false; 2];
        while let Some(name) = map.next_key::<Text<'de>>()? {
            let is_duplicate = match &*name.0 {
                KEY | SHORT_KEY => key.replace(map.next_value::<Text<'de>>()?.0).is_some(),
                PROPERTIES | "properties" => properties.replace(map.next_value()?).is_some(),
                "group_type_index" | "created_at" => {
                    map.next_value::<IgnoredAny>()?;
                    std::mem::replace(&mut ignored[usize::from(&*name.0 == "created_at")], true)
                }
                other => {
                    return Err(A::Error::custom(format_args!(
                        "unknown member `{}`; a row has {KEY} and {PROPERTIES}, which contains the properties (group_type_index and \
                         created_at are ignored)",
                        shortened(other)
                    )));
                }
            };
            if is_duplicate {
                return Err(A::Error::custom(format_args!("`{}` occurs twice; remove one of them", name.0)));
            }
        }
        let Some(key) = key else {
            return Err(A::Error::custom(format_args!(
                "{KEY} is missing; add it, for example \"{KEY}\": \"org:5\""
            )));
        };
        Ok((key.into_owned(), properties.unwrap_or_default()))
    }
}

/// A string, borrowed if it has no escapes.
struct Text<'de>(Cow<'de, str>);

impl<'de> serde::Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Borrow;

        impl<'de> Visitor<'de> for Borrow {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string as the group key")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(Borrow)
    }
}

/// Returns a name that occurs twice. This is an error, because servers may keep either of the two values.
fn duplicate_name(properties: &Properties) -> Option<String> {
    struct Names;

    impl<'de> Visitor<'de> for Names {
        type Value = Vec<Cow<'de, str>>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut names = Vec::new();
            while let Some(name) = map.next_key::<Text<'de>>()? {
                map.next_value::<IgnoredAny>()?;
                names.push(name.0);
            }
            Ok(names)
        }
    }

    let mut names = serde_json::Deserializer::from_str(properties.as_str()).deserialize_map(Names).ok()?;
    names.sort_unstable();
    let twice = names.windows(2).find(|pair| pair[0] == pair[1])?;
    Some(twice[0].clone().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        let error = read(text, 3).unwrap_err();
        assert_eq!(error.line, Some(3));
        error.to_string()
    }

    #[test]
    fn written_rows_read_back_byte_for_byte() {
        for (key, properties) in [
            ("org:5", r#"{"big":123456789012345678901234567890,"far":1e400,"f":1.0,"e":1E+3}"#),
            ("a,b\n\"c\"", r#"{"u":"\u00e9é","n":null,"o":{"z":1,"a":[]},"":""}"#),
            (" blank-adjacent ", "{}"),
            ("\u{feff}ключ\u{1F600}", r#"{"group_key":"x","a\"b":[ 1 , 2 ]}"#),
        ] {
            let mut line = Vec::new();
            write(&mut line, key, properties).unwrap();
            let line = String::from_utf8(line).unwrap();
            assert_eq!(line.matches('\n').count(), 1, "{line}");
            let row = read(line.trim_end_matches('\n'), 1).unwrap().unwrap();
            assert_eq!((row.key.as_str(), row.properties.as_str()), (key, properties));
        }
    }

    #[test]
    fn line_breaks_between_tokens_become_spaces() {
        let mut line = Vec::new();
        write(&mut line, "a", "{\r\n\"b\": \"c\\n\"\n}").unwrap();
        assert_eq!(
            String::from_utf8(line).unwrap(),
            "{\"group_key\":\"a\",\"group_properties\":{  \"b\": \"c\\n\" }}\n"
        );
    }

    #[test]
    fn short_names_and_the_members_of_a_list_are_accepted() {
        for text in [
            r#"{"key": "a", "properties": {"b": 1}}"#,
            r#"  {"group_properties":{"b": 1},"group_key":"\u0061"} "#,
            r#"{"group_type_index":0,"group_key":"a","group_properties":{"b": 1},"created_at":"2026-01-01T00:00:00Z"}"#,
        ] {
            let row = read(text, 1).unwrap().unwrap();
            assert_eq!((row.key.as_str(), row.properties.as_str()), ("a", r#"{"b": 1}"#), "{text}");
        }
        for text in [r#"{"key":"a"}"#, r#"{"key":"a","properties":null}"#] {
            assert!(read(text, 1).unwrap().unwrap().properties.is_empty(), "{text}");
        }
        assert_eq!(read("", 1), Ok(None));
        assert_eq!(read(" \t", 1), Ok(None));
    }

    #[test]
    fn malformed_rows_are_errors_with_help() {
        for (text, words) in [
            (r#"[{"group_key":"a"}]"#, "jq -c '.[]'"),
            ("{", "`jq -c .`"),
            ("group_key,plan", "--format csv"),
            (r#"{"group_key":"a",}"#, "malformed JSON: trailing comma, at column 18"),
            (r#"{"group_key":"a"} {"#, "trailing characters"),
            (
                r#"{"group_key":"a","plan":"x"}"#,
                "unknown member `plan`; a row has group_key and group_properties",
            ),
            (r#"{"group_properties":{}}"#, "group_key is missing"),
            (r#"{"group_key":5}"#, "expected a string as the group key"),
            (r#"{"group_key":"a","group_properties":[]}"#, "properties must be a JSON object"),
            (r#"{"group_key":"a","key":"b"}"#, "`key` occurs twice"),
            (r#"{"group_key":"a","created_at":1,"created_at":1}"#, "`created_at` occurs twice"),
            (r#"{"group_key":"a","properties":{"b":1,"c":2,"\u0062":3}}"#, "the property `b` occurs twice"),
            ("{\"group_key\":\"a\tb\"}", "control character"),
        ] {
            assert!(error(text).contains(words), "{text}: {}", error(text));
            assert!(!error(text).contains("at line"), "{}", error(text));
        }
    }
}
