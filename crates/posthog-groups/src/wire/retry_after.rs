//! The `Retry-After` header.

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use http::header::RETRY_AFTER;

/// Parses `Retry-After`: seconds, or a date in any of the three formats of HTTP.
///
/// A date in the past means no wait. Any other text is ignored.
pub(crate) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    if let Ok(seconds) = text.parse::<f64>() {
        // Not standard, but some proxies send "1.5" or "-1".
        return Some(Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_all_date_formats_are_parsed_and_other_text_is_ignored() {
        // 1994-11-06 08:49:37 UTC.
        let date = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let now = date - Duration::from_secs(30);
        for (text, wanted) in [
            ("0", Some(0.0)),
            ("2", Some(2.0)),
            (" 120 ", Some(120.0)),
            ("1.5", Some(1.5)),
            ("-3", Some(0.0)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(30.0)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Some(30.0)),
            ("Sun Nov  6 08:49:37 1994", Some(30.0)),
            ("Sun, 06 Nov 1983 08:49:37 GMT", Some(0.0)),
            ("soon", None),
            ("", None),
            ("NaN", Some(0.0)),
        ] {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]);
            let got = retry_after(&headers, now).map(|wait| wait.as_secs_f64());
            assert_eq!(got, wanted, "{text}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
        let headers = HeaderMap::from_iter([(RETRY_AFTER, "99999999999999999999999".parse().unwrap())]);
        assert!(retry_after(&headers, now).is_some_and(|wait| wait > Duration::from_secs(1 << 40)));
    }
}
