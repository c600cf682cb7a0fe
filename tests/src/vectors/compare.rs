use std::fmt;

use regress::{Flags, Regex};
use serde_json::Value;

/// A difference between what a vector expects and what the server returned.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// The place: `status`, `headers.Link`, `$.results[0].group_key`, `state.groups`.
    pub path: String,
    /// The expected value; `None` if nothing was expected there.
    pub expected: Option<Value>,
    /// The actual value; `None` if there was none.
    pub got: Option<Value>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |value: &Option<Value>| value.as_ref().map_or("nothing".to_owned(), Value::to_string);
        write!(f, "{}: expected {}, got {}", self.path, shown(&self.expected), shown(&self.got))
    }
}

/// Whether objects may have more members than expected. Lists are always complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Match {
    Exact,
    Subset,
}

/// Returns the differences between `got` and `expected`, in which placeholders such as `<int>` match many values.
pub(super) fn differences(expected: &Value, got: Option<&Value>, path: &str, rule: Match) -> Vec<Difference> {
    let here =
        || vec![Difference { path: path.to_owned(), expected: Some(expected.clone()), got: got.cloned() }];
    if let Some(placeholder) = expected.as_str().and_then(placeholder) {
        return if fits(placeholder, got) { Vec::new() } else { here() };
    }
    match (expected, got) {
        (Value::Object(members), got) if members.len() == 1 && members.contains_key("<unordered>") => {
            unordered(&members["<unordered>"], got, path, rule)
        }
        (Value::Object(expected), Some(Value::Object(got))) => {
            let mut found: Vec<_> = expected
                .iter()
                .flat_map(|(name, value)| differences(value, got.get(name), &member(path, name), rule))
                .collect();
            if rule == Match::Exact {
                let more = got.iter().filter(|(name, _)| !expected.contains_key(*name));
                found.extend(more.map(|(name, value)| Difference {
                    path: member(path, name),
                    expected: None,
                    got: Some(value.clone()),
                }));
            }
            found
        }
        (Value::Array(expected), Some(Value::Array(got))) => {
            let items = expected.iter().zip(got).enumerate();
            let items = items.flat_map(|(n, (a, b))| differences(a, Some(b), &format!("{path}[{n}]"), rule));
            lengths(expected, got, path).into_iter().chain(items).collect()
        }
        (Value::Number(a), Some(Value::Number(b))) if a == b || a.as_f64() == b.as_f64() => Vec::new(),
        (expected, Some(got)) if expected == got => Vec::new(),
        _ => here(),
    }
}

fn lengths(expected: &[Value], got: &[Value], path: &str) -> Option<Difference> {
    (expected.len() != got.len()).then(|| Difference {
        path: format!("{path}.length"),
        expected: Some(expected.len().into()),
        got: Some(got.len().into()),
    })
}

/// Compares lists in any order: every expected item needs a distinct item.
fn unordered(expected: &Value, got: Option<&Value>, path: &str, rule: Match) -> Vec<Difference> {
    let (Value::Array(expected), Some(Value::Array(found))) = (expected, got) else {
        return vec![Difference {
            path: path.to_owned(),
            expected: Some(expected.clone()),
            got: got.cloned(),
        }];
    };
    if let Some(length) = lengths(expected, found, path) {
        return vec![length];
    }
    let fits: Vec<Vec<bool>> = expected
        .iter()
        .map(|a| found.iter().map(|b| differences(a, Some(b), "", rule).is_empty()).collect())
        .collect();
    if assigned(&fits, &mut Vec::new()) {
        return Vec::new();
    }
    let alone =
        expected.iter().zip(&fits).find(|(_, fits)| !fits.contains(&true)).map(|(item, _)| item.clone());
    let expected = Some(alone.unwrap_or_else(|| expected.as_slice().into()));
    vec![Difference { path: format!("{path}[in any order]"), expected, got: got.cloned() }]
}

/// Whether each row can be assigned a distinct column.
fn assigned(fits: &[Vec<bool>], taken: &mut Vec<usize>) -> bool {
    let Some(row) = fits.get(taken.len()) else { return true };
    row.iter().enumerate().any(|(n, fit)| {
        *fit && !taken.contains(&n) && {
            taken.push(n);
            assigned(fits, taken) || {
                taken.pop();
                false
            }
        }
    })
}

fn placeholder(text: &str) -> Option<&str> {
    let name = text.strip_prefix('<')?.strip_suffix('>')?;
    let known = ["any", "string", "uuid", "int", "int?", "digits", "date-time"].contains(&name);
    let counted = name.strip_prefix("items:").is_some_and(|n| n.parse::<usize>().is_ok());
    (known || counted || name.starts_with("re:")).then_some(name)
}

fn fits(placeholder: &str, got: Option<&Value>) -> bool {
    let Some(got) = got else { return placeholder == "int?" };
    if let Some(count) = placeholder.strip_prefix("items:") {
        return got.as_array().is_some_and(|items| items.len().to_string() == count);
    }
    let text = got.as_str();
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match placeholder {
        "any" => true,
        // The value of a header is text.
        "int" | "int?" => got.is_i64() || got.is_u64() || text.is_some_and(digits),
        "string" => text.is_some_and(|text| !text.is_empty()),
        "digits" => text.is_some_and(digits),
        "uuid" => text.is_some_and(|text| is_whole("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text)),
        "date-time" => {
            let pattern = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)";
            text.is_some_and(|text| is_whole(pattern, text))
        }
        pattern => {
            let pattern = pattern.strip_prefix("re:").unwrap_or(pattern);
            text.is_some_and(|text| is_whole(pattern, text))
        }
    }
}

/// Whether the regular expression matches the whole text. An invalid one matches nothing.
fn is_whole(pattern: &str, text: &str) -> bool {
    let flags = Flags { dot_all: true, ..Flags::default() };
    Regex::with_flags(&format!("^(?:{pattern})$"), flags).is_ok_and(|regex| regex.find(text).is_some())
}

fn member(path: &str, name: &str) -> String {
    if is_whole(r"\w+", name) { format!("{path}.{name}") } else { format!("{path}[{name:?}]") }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_compared_by_the_rules_of_the_vectors() {
        for (expected, got, rule, paths) in [
            (json!(1), json!(1.0), Match::Exact, &[][..]),
            (json!(1), json!(true), Match::Exact, &["$"]),
            (json!(1), json!("1"), Match::Exact, &["$"]),
            (json!({"a": 1}), json!({"a": 2}), Match::Exact, &["$.a"]),
            (json!({"a": 1}), json!({"b": 1}), Match::Exact, &["$.a", "$.b"]),
            (json!({"a": null}), json!({}), Match::Exact, &["$.a"]),
            (json!({"$a": 1}), json!({"$a": 2}), Match::Exact, &["$[\"$a\"]"]),
            (json!({"a": 1}), json!({"a": 1, "b": 1}), Match::Exact, &["$.b"]),
            (json!({"a": 1}), json!({"a": 1, "b": 1}), Match::Subset, &[]),
            (json!([1]), json!([1, 2]), Match::Subset, &["$.length"]),
            (json!([2, 1]), json!([1, 2]), Match::Exact, &["$[0]", "$[1]"]),
            (json!([{"a": 1}]), json!([{"a": 1, "b": 1}]), Match::Subset, &[]),
            (json!({}), json!([]), Match::Exact, &["$"]),
            (json!({"<unordered>": [2, 1]}), json!([1, 2]), Match::Exact, &[]),
            (json!({"<unordered>": [2, 1]}), json!([1, 1]), Match::Exact, &["$[in any order]"]),
            (json!({"<unordered>": [1]}), json!([1, 1]), Match::Exact, &["$.length"]),
            (json!({"<unordered>": [1]}), json!({}), Match::Exact, &["$"]),
            // The only assignment gives the first item its second choice.
            (json!({"<unordered>": ["<any>", 1]}), json!([1, 2]), Match::Exact, &[]),
            (json!({"<unordered>": ["<any>", 1, 1]}), json!([1, 2, 2]), Match::Exact, &["$[in any order]"]),
        ] {
            let found = differences(&expected, Some(&got), "$", rule);
            let found: Vec<_> = found.iter().map(|d| d.path.as_str()).collect();
            assert_eq!(found, paths, "{expected} {got} {rule:?}");
        }
    }

    #[test]
    fn placeholders_stand_for_the_values_they_name() {
        let uuid = "0185f0a2-0000-0000-0000-000000000017";
        for (placeholder, got, fit) in [
            ("<any>", Some(json!(null)), true),
            ("<any>", None, false),
            ("<string>", Some(json!("a")), true),
            ("<string>", Some(json!("")), false),
            ("<string>", Some(json!(1)), false),
            ("<int>", Some(json!(-1)), true),
            ("<int>", Some(json!("60")), true),
            ("<int>", Some(json!(1.5)), false),
            ("<int>", Some(json!(true)), false),
            ("<int>", None, false),
            ("<int?>", None, true),
            ("<int?>", Some(json!("x")), false),
            ("<digits>", Some(json!("12")), true),
            ("<digits>", Some(json!(12)), false),
            ("<digits>", Some(json!("")), false),
            ("<uuid>", Some(json!(uuid)), true),
            ("<uuid>", Some(json!(uuid.to_uppercase().replace('F', "G"))), false),
            ("<date-time>", Some(json!("2021-05-02T00:00:00Z")), true),
            ("<date-time>", Some(json!("2021-05-02T00:00:00.123+02:00")), true),
            ("<date-time>", Some(json!("2021-05-02")), false),
            ("<items:2>", Some(json!([1, 2])), true),
            ("<items:2>", Some(json!([1])), false),
            ("<items:2>", Some(json!("ab")), false),
            ("<re:(?=.*b)a.+>", Some(json!("a\nb")), true),
            ("<re:a|ab>", Some(json!("ab")), true),
            ("<re:a>", Some(json!("ab")), false),
            // Text that is not a placeholder is compared literally.
            ("<Any>", Some(json!("<Any>")), true),
            ("<items:x>", Some(json!([1])), false),
        ] {
            let found = differences(&json!(placeholder), got.as_ref(), "$", Match::Exact);
            assert_eq!(found.is_empty(), fit, "{placeholder} {got:?}");
        }
    }
}
