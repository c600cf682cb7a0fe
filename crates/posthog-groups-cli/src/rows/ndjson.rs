//! A row as one line of JSON: `{"group_key":"org:5","group_properties":{"plan":"scale"}}`.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, Write};

use posthog_groups::Properties;
use posthog_groups::bulk::ImportRow;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};

use crate::rows::input_error::{InputError, shortened};
use crate::rows::{KEY, PROPERTIES, SHORT_KEY};

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
pub(crate) fn read(text: &str, line: u64) -> Result<Option<ImportRow>, InputError> {
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
    Ok(Some(ImportRow::new(key, properties).at_line(line)))
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

    #[test]
    fn line_breaks_between_tokens_become_spaces() {
        let mut line = Vec::new();
        write(&mut line, "a", "{\r\n\"b\": \"c\\n\"\n}").unwrap();
        assert_eq!(
            String::from_utf8(line).unwrap(),
            "{\"group_key\":\"a\",\"group_properties\":{  \"b\": \"c\\n\" }}\n"
        );
    }
}
