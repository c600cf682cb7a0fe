//! Timestamps as PostHog servers write them.

use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use serde::de::{Deserializer, Error, Visitor};

/// Parses RFC 3339. The format that servers send is parsed by position, all others by chrono.
pub(crate) fn parse(text: &str) -> chrono::ParseResult<DateTime<Utc>> {
    by_position(text.as_bytes()).map_or_else(|| text.parse(), Ok)
}

/// Parses `2026-03-04T09:15:27Z`, optionally with a fraction of up to nine digits, and with `+00:00` instead of `Z`.
pub(crate) fn by_position(text: &[u8]) -> Option<DateTime<Utc>> {
    let (seconds, rest) = text.split_first_chunk()?;
    let &[y1, y2, y3, y4, b'-', o1, o2, b'-', d1, d2, b'T', h1, h2, b':', m1, m2, b':', s1, s2] = seconds
    else {
        return None;
    };
    let year = i32::try_from(number(y1, y2)? * 100 + number(y3, y4)?).ok()?;
    let date = NaiveDate::from_ymd_opt(year, number(o1, o2)?, number(d1, d2)?)?;
    let (nanos, zone) = match rest {
        [b'.', fraction @ ..] => nanoseconds(fraction)?,
        _ => (0, rest),
    };
    if !matches!(zone, b"Z" | b"+00:00") {
        return None;
    }
    let time = date.and_hms_nano_opt(number(h1, h2)?, number(m1, m2)?, number(s1, s2)?, nanos)?;
    Some(time.and_utc())
}

/// Parses a fraction of one to nine digits. Returns the nanoseconds, and the text after it.
#[inline(always)]
fn nanoseconds(mut text: &[u8]) -> Option<(u32, &[u8])> {
    let (mut number, mut unit) = (0_u32, 1_000_000_000);
    while let [digit @ b'0'..=b'9', rest @ ..] = text {
        unit /= 10;
        number = number.wrapping_mul(10).wrapping_add(u32::from(digit - b'0'));
        text = rest;
    }
    (0 < unit && unit < 1_000_000_000).then_some((number.wrapping_mul(unit), text))
}

/// Parses two digits.
#[inline(always)]
fn number(tens: u8, ones: u8) -> Option<u32> {
    let (tens, ones) = (tens.wrapping_sub(b'0'), ones.wrapping_sub(b'0'));
    (tens < 10 && ones < 10).then(|| u32::from(tens) * 10 + u32::from(ones))
}

/// A function for `#[serde(deserialize_with)]`.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
    struct Timestamp;

    impl Visitor<'_> for Timestamp {
        type Value = DateTime<Utc>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an RFC 3339 formatted date and time string")
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
            parse(text).map_err(E::custom)
        }
    }

    deserializer.deserialize_str(Timestamp)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn timestamps_of_servers_are_parsed_by_position() {
        for text in [
            "2026-03-04T09:15:27Z",
            "2026-03-04T09:15:27.482913Z",
            "2026-03-04T09:15:27.4+00:00",
            "0000-01-01T00:00:00.000000001Z",
            "9999-12-31T23:59:59.999999999Z",
            "2024-02-29T00:00:00Z",
        ] {
            let read = by_position(text.as_bytes());
            assert_eq!(read, text.parse().ok(), "{text}");
            assert!(read.is_some(), "{text}");
        }
    }

    #[test]
    fn other_forms_are_parsed_by_chrono() {
        for (text, valid) in [
            ("2026-03-04T09:15:27+02:00", true),
            ("2026-03-04 09:15:27Z", true),
            ("2026-03-04t09:15:27z", true),
            ("2016-12-31T23:59:60Z", true),
            ("2026-03-04T09:15:27.4829131234Z", true),
            ("2026-02-29T00:00:00Z", false),
            ("2026-03-04T24:00:00Z", false),
            ("2026-03-04T09:15:27.Z", false),
            ("2026-03-04T09:15:27", false),
            ("2026-03-04T09:15:27.5", false),
            ("", false),
        ] {
            assert_eq!(by_position(text.as_bytes()), None, "{text}");
            assert_eq!(parse(text), text.parse(), "{text}");
            assert_eq!(parse(text).is_ok(), valid, "{text}");
        }
    }

    proptest! {
        #[test]
        fn parsing_by_position_agrees_with_chrono(
            text in r"[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\.[0-9]{0,11})?(Z|\+00:00|-00:00|z|)"
        ) {
            if let Some(time) = by_position(text.as_bytes()) {
                prop_assert_eq!(Ok(time), text.parse());
            }
        }
    }
}
