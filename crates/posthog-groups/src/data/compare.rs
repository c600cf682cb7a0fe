//! Comparing JSON by meaning, with exact numbers.

use std::collections::BTreeMap;

use posthog_groups_client::{JsonValue, Properties};
use serde::Deserialize;
use serde_json::value::RawValue;

/// Returns whether two values are the same JSON, ignoring the order of members, escapes in strings, and the notation of numbers.
/// Numbers are compared exactly. Calls that write use this comparison.
///
/// ```
/// use posthog_groups::{JsonValue, same_value};
///
/// assert!(same_value(&JsonValue::parse("1.0")?, &JsonValue::parse("1")?));
/// assert!(!same_value(&JsonValue::parse("\"1\"")?, &JsonValue::parse("1")?));
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn same_value(a: &JsonValue, b: &JsonValue) -> bool {
    same(a.as_str(), b.as_str())
}

/// The depth to which values are parsed. Deeper values are compared as text, so that nested brackets cannot overflow the stack.
const DEEPEST: usize = 64;

pub(crate) fn same_properties(a: &Properties, b: &Properties) -> bool {
    same(a.as_str(), b.as_str())
}

fn same(a: &str, b: &str) -> bool {
    same_within(DEEPEST, a, b)
}

fn same_within(depth: usize, a: &str, b: &str) -> bool {
    if a == b {
        return true;
    }
    let Some(depth) = depth.checked_sub(1) else { return false };
    let same = |a: &RawValue, b: &RawValue| same_within(depth, a.get(), b.get());
    match (Kind::of(a), Kind::of(b)) {
        (Kind::Object, Kind::Object) => both(a, b, |a: Members<'_>, b: Members<'_>| {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same(a, b)))
        }),
        (Kind::Array, Kind::Array) => both(a, b, |a: Vec<&RawValue>, b: Vec<&RawValue>| {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }),
        (Kind::Text, Kind::Text) => both(a, b, |a: String, b: String| a == b),
        (Kind::Number, Kind::Number) => same_number(a, b),
        // `true`, `false` and `null` have one notation.
        _ => false,
    }
}

/// Hashes a value. Equal values have equal hashes, except for integers beyond 2^53 that are written with a fraction or
/// exponent.
#[cfg(feature = "bulk")]
pub(crate) fn feed(value: &JsonValue, hasher: &mut impl std::hash::Hasher) {
    hash_text(DEEPEST, value.as_str(), hasher);
}

#[cfg(feature = "bulk")]
fn hash_text(depth: usize, text: &str, hasher: &mut impl std::hash::Hasher) {
    use std::hash::Hash as _;

    let Some(depth) = depth.checked_sub(1) else { return text.hash(hasher) };
    let kind = Kind::of(text);
    hasher.write_u8(kind as u8);
    let hashed = match kind {
        Kind::Object => serde_json::from_str::<Members<'_>>(text).ok().map(|members| {
            hasher.write_usize(members.len());
            for (name, value) in members {
                name.hash(hasher);
                hash_text(depth, value.get(), hasher);
            }
        }),
        Kind::Array => serde_json::from_str::<Vec<&RawValue>>(text).ok().map(|items| {
            hasher.write_usize(items.len());
            items.iter().for_each(|item| hash_text(depth, item.get(), hasher));
        }),
        Kind::Text => serde_json::from_str::<String>(text).ok().map(|plain| plain.hash(hasher)),
        Kind::Number => {
            as_stored(text).map(|number| (number.negative, number.digits, number.exponent).hash(hasher))
        }
        Kind::Word => None,
    };
    if hashed.is_none() {
        text.hash(hasher);
    }
}

fn both<'t, T: Deserialize<'t>>(a: &'t str, b: &'t str, equal: impl FnOnce(T, T) -> bool) -> bool {
    match (serde_json::from_str(a), serde_json::from_str(b)) {
        (Ok(a), Ok(b)) => equal(a, b),
        _ => false,
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Object,
    Array,
    Text,
    Number,
    Word,
}

impl Kind {
    fn of(text: &str) -> Self {
        match text.as_bytes().first() {
            Some(b'{') => Self::Object,
            Some(b'[') => Self::Array,
            Some(b'"') => Self::Text,
            Some(b'-' | b'0'..=b'9') => Self::Number,
            _ => Self::Word,
        }
    }
}

/// The members of an object. If a name occurs twice, the last value is used.
type Members<'t> = BTreeMap<String, &'t RawValue>;

/// Servers store integers exactly and other numbers as doubles. Two numbers are equal if they are the same decimal, or if
/// both are fractions and the same double.
fn same_number(a: &str, b: &str) -> bool {
    if is_fraction(a) && is_fraction(b) {
        match (a.parse::<f64>(), b.parse::<f64>()) {
            (Ok(a), Ok(b)) if a.is_finite() && b.is_finite() => return a == b,
            _ => {}
        }
    }
    match (Decimal::read(a), Decimal::read(b)) {
        (Some(a), Some(b)) => a == b,
        _ => false,
    }
}

fn is_fraction(text: &str) -> bool {
    text.contains(['.', 'e', 'E'])
}

/// A number as servers store it.
#[cfg(feature = "bulk")]
fn as_stored(text: &str) -> Option<Decimal> {
    match text.parse::<f64>() {
        Ok(double) if is_fraction(text) && double.is_finite() => Decimal::read(&format!("{double:?}")),
        _ => Decimal::read(text),
    }
}

/// A decimal number: digits without leading or trailing zeros, and a power of ten.
#[derive(PartialEq)]
struct Decimal {
    negative: bool,
    digits: String,
    exponent: i64,
}

impl Decimal {
    fn read(text: &str) -> Option<Self> {
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = format!("{whole}{fraction}");
        let digits = all.trim_start_matches('0');
        let short = digits.trim_end_matches('0');
        if short.is_empty() {
            return Some(Self { negative: false, digits: String::new(), exponent: 0 });
        }
        let zeros = i64::try_from(digits.len() - short.len()).ok()?;
        let exponent = exponent.checked_sub(i64::try_from(fraction.len()).ok()?)?.checked_add(zeros)?;
        Some(Self { negative, digits: short.to_owned(), exponent })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(feature = "bulk")]
    fn hash(text: &str) -> u64 {
        use std::hash::Hasher as _;

        let mut hasher = std::hash::DefaultHasher::new();
        feed(&JsonValue::parse(text).unwrap(), &mut hasher);
        hasher.finish()
    }

    #[test]
    fn no_depth_overflows_the_stack() {
        let nested = |inner: &str| format!("{}{inner}{}", "[".repeat(50_000), "]".repeat(50_000));
        let (one, other) = (nested("1"), nested("2"));
        assert!(same(&one, &one) && !same(&one, &other));
        #[cfg(feature = "bulk")]
        assert!(hash(&one) == hash(&one) && hash(&one) != hash(&other));
    }

    #[test]
    fn values_with_equal_meaning_are_equal_and_no_others() {
        for (a, b, wanted) in [
            ("1", "1", true),
            ("1", "1.0", true),
            ("100", "1e2", true),
            ("1E+2", "100.0", true),
            ("0", "-0.0", true),
            ("0.1", "0.10000000000000000555", true),
            ("0.1", "0.2", false),
            ("-1", "1", false),
            ("9007199254740993", "9007199254740992", false),
            ("9007199254740993", "9007199254740993.0", true),
            ("123456789012345678901234567890", "123456789012345678901234567891", false),
            ("1e400", "1e401", false),
            ("1e400", "10e399", true),
            ("1", "\"1\"", false),
            ("1", "true", false),
            ("true", "true", true),
            ("true", "false", false),
            ("null", "false", false),
            (r#""\u00e9""#, "\"é\"", true),
            (r#""a\/b""#, r#""a/b""#, true),
            (r#"{"a": 1, "b": [1, 2]}"#, r#"{"b":[1.0,2],"a":1}"#, true),
            (r#"{"a":1,"b":2}"#, r#"{"a":1}"#, false),
            (r#"{"a":1}"#, r#"{"b":1}"#, false),
            (r#"{"\u0061":null}"#, r#"{"a":null}"#, true),
            ("[1,2]", "[2,1]", false),
            ("[1]", "[1,1]", false),
            ("[]", "{}", false),
            ("{ }", "{}", true),
            (r#"{"a":1,"a":2}"#, r#"{"a":2}"#, true),
        ] {
            assert_eq!(same(a, b), wanted, "{a} and {b}");
            assert_eq!(same(b, a), wanted, "{b} and {a}");
            #[cfg(feature = "bulk")]
            if (a, b) != ("9007199254740993", "9007199254740993.0") {
                assert_eq!(hash(a) == hash(b), wanted, "the hashes of {a} and {b}");
            }
        }
    }
}
