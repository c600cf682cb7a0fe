//! Texts with names in braces: paths, server URLs and callback URLs.

/// A template without the names of its parameters, which callers do not send.
pub(crate) fn without_names(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        text.push_str("{}");
        rest = after.split_once('}').map_or("", |(_, rest)| rest);
    }
    text.push_str(rest);
    text
}

/// The names between the braces, in order.
pub(crate) fn names_in(path: &str) -> Vec<&str> {
    path.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(name, _)| name).collect()
}

/// Splits a template at its names: each name with the text before it, and the text after the last one. If a brace does not match,
/// the text is the problem.
pub(crate) fn split(template: &str) -> (Vec<(&str, &str)>, Result<&str, &'static str>) {
    let mut parts = Vec::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once(['{', '}']) {
        if rest[before.len()..].starts_with('}') {
            return (parts, Err("a closing brace has no opening brace"));
        }
        let Some((name, after)) = after.split_once('}') else {
            return (parts, Err("a brace is not closed"));
        };
        parts.push((before, name));
        rest = after;
    }
    (parts, Ok(rest))
}
