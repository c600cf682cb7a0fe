//! Formatting and parsing of timestamps.

use chrono::{DateTime, SecondsFormat, SubsecRound, Utc};

/// Formats ISO 8601 in UTC, with a fraction only if it is not zero (contract section 1.5).
pub(crate) fn iso(time: &DateTime<Utc>) -> String {
    let format =
        if time.timestamp_subsec_micros() == 0 { SecondsFormat::Secs } else { SecondsFormat::Micros };
    time.to_rfc3339_opts(format, true)
}

/// Parses RFC 3339 text, truncated to the microseconds that both stores keep.
pub(crate) fn parse(text: &str) -> Result<DateTime<Utc>, chrono::ParseError> {
    DateTime::parse_from_rfc3339(text).map(|t| t.with_timezone(&Utc).trunc_subsecs(6))
}

/// Serialization of `Option<DateTime<Utc>>` in the state document.
pub(crate) mod optional {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    use super::{DateTime, Utc, iso, parse};

    pub(crate) fn serialize<S: Serializer>(
        time: &Option<DateTime<Utc>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        time.as_ref().map(iso).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<DateTime<Utc>>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        let why = |text: &str, e| D::Error::custom(format!("`{text}` is not an RFC 3339 time: {e}"));
        text.map(|text| parse(&text).map_err(|e| why(&text, e))).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fraction_is_written_only_if_it_is_not_zero() {
        for (given, written) in [
            ("2021-05-02T00:00:00Z", "2021-05-02T00:00:00Z"),
            ("2021-05-02T02:00:00+02:00", "2021-05-02T00:00:00Z"),
            ("2021-05-02T00:00:00.5Z", "2021-05-02T00:00:00.500000Z"),
            ("2021-05-02T00:00:00.1234567Z", "2021-05-02T00:00:00.123456Z"),
            ("2021-05-02T00:00:00.0000001Z", "2021-05-02T00:00:00Z"),
        ] {
            assert_eq!(iso(&parse(given).unwrap()), written);
        }
    }
}
