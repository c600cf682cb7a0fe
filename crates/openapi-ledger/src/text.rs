//! Formats values and names for messages.

use crate::value::Value;

/// Returns the known word that `word` probably means.
pub fn did_you_mean<'w>(word: &str, known: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    let word = word.to_lowercase();
    let allowed = (word.chars().count() / 3).clamp(1, 3);
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&word, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= allowed && *distance < candidate.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Asks whether `word` means one of the known words that is similar, otherwise gives other help.
pub fn meant_or<'w>(
    word: &str,
    known: impl IntoIterator<Item = &'w str>,
    otherwise: impl Into<String>,
) -> String {
    match did_you_mean(word, known) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => otherwise.into(),
    }
}

/// The JSON name of a value's type.
pub fn json_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// A value as text with about sixty characters at most.
pub fn brief(value: &Value) -> String {
    let text = match value {
        Value::Array(items) if items.len() > 8 => format!("[{} items]", items.len()),
        Value::Object(members) if members.len() > 8 => format!("{{{} members}}", members.len()),
        other => other.to_string(),
    };
    if text.chars().count() <= 60 {
        return text;
    }
    let mut cut: String = text.chars().take(57).collect();
    cut.push_str("...");
    cut
}

/// A list of names: `a`, `b` and `c`.
pub fn listed<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    let mut quoted: Vec<_> = names.into_iter().map(|name| format!("`{name}`")).collect();
    let last = quoted.pop();
    match (quoted.is_empty(), last) {
        (_, None) => "none".to_owned(),
        (true, Some(last)) => last,
        (false, Some(last)) => format!("{} and {last}", quoted.join(", ")),
    }
}

/// A hint for the common mistake of a single value in place of a list.
pub(crate) fn or_what_fits(value: &Value, wanted: &str) -> String {
    match (wanted, value) {
        ("a list", Value::String(_) | Value::Number(_)) => format!(": [{}]", brief(value)),
        _ => String::new(),
    }
}
