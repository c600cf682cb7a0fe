//! Property tests of all parsers of responses and files: no input panics or takes long, and written values can be read
//! back.
//!
//! Each target runs a few hundred inputs with a fixed seed; `cargo xtask fuzz` runs a million of each.

use std::time::{Duration, Instant, SystemTime};

use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderValue, StatusCode};
use posthog_groups_client::{FromBody as _, GroupPage};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use url::form_urlencoded;

use crate::error::Error;
use crate::error::envelope::Envelope;
use crate::resources::cursor::parameter_of_link;
use crate::wire::retry_after::retry_after;

/// The maximum time for one input.
const BOUND: Duration = Duration::from_secs(1);

fn config() -> ProptestConfig {
    ProptestConfig { rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..ProptestConfig::default() }
}

/// Runs a function and fails if it takes too long.
fn timed<T>(run: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let result = run();
    assert!(started.elapsed() < BOUND, "took {:?}", started.elapsed());
    result
}

/// JSON tokens in random order, which are sometimes valid JSON.
fn tokens(words: &'static [&'static str]) -> impl Strategy<Value = String> {
    let token = prop_oneof![
        4 => proptest::sample::select(&[
            "{", "}", "[", "]", ":", ",", "\"", " ", "\n", "\u{feff}", "\u{0}", "null", "true", "0", "-1", "1e400",
            "18446744073709551616", "\"\\ud800\"", "\"\\u0000\"", "\"a\"", "\"\"", "{}", "[]",
        ][..]),
        4 => proptest::sample::select(words),
    ];
    proptest::collection::vec(token, 0..40).prop_map(|tokens| tokens.concat())
}

/// Valid text in which bytes are replaced, removed and repeated.
fn mutated(valid: &'static str) -> impl Strategy<Value = Vec<u8>> {
    let edit = (any::<prop::sample::Index>(), any::<u8>(), 0..4_u8);
    proptest::collection::vec(edit, 0..6).prop_map(move |edits| {
        let mut bytes = valid.as_bytes().to_vec();
        for (place, byte, kind) in edits {
            if bytes.is_empty() {
                break;
            }
            let place = place.index(bytes.len());
            match kind {
                0 => bytes[place] = byte,
                1 => _ = bytes.remove(place),
                2 => bytes.insert(place, byte),
                _ => bytes.truncate(place),
            }
        }
        bytes
    })
}

const PAGE: &str = r#"{"next":"http://h/?cursor=a","previous":null,"results":[{"group_type_index":0,"group_key":"org:5",
    "group_properties":{"a":[1,{"b":null}],"n":1e3},"created_at":"2026-01-01T00:00:00.123456Z"}]}"#;
const ENVELOPE: &str =
    r#"{"type":"validation_error","code":"invalid_input","detail":"This field is required.","attr":"key"}"#;
const CAPTURE: &str =
    r#"{"code":"Failed to submit group create event.","detail":"capture_http_error","type":"x"}"#;

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_list_page_keeps_the_text_of_properties(bytes in mutated(PAGE)) {
        if let Ok(page) = timed(|| GroupPage::from_body(&bytes::Bytes::copy_from_slice(&bytes))) {
            // Members that are not read can contain invalid UTF-8.
            let text = String::from_utf8_lossy(&bytes);
            for group in &page.results {
                let properties = group.group_properties.as_str();
                prop_assert!(text.contains(properties));
                prop_assert!(serde_json::from_str::<serde::de::IgnoredAny>(properties).is_ok());
            }
        }
    }

    #[test]
    fn tokens_of_a_list_page_never_panic(text in tokens(&[
        "\"next\":", "\"previous\":", "\"results\":", "\"group_key\":", "\"group_properties\":", "\"created_at\":",
        "\"group_type_index\":", "\"2026-01-01T00:00:00Z\"",
    ])) {
        let _ = timed(|| GroupPage::from_body(&text.into()));
    }

    #[test]
    fn an_error_body_never_panics_and_its_error_is_bounded(
        bytes in prop_oneof![mutated(ENVELOPE), mutated(CAPTURE), proptest::collection::vec(any::<u8>(), 0..3000)],
        status in 100..1000_u16,
    ) {
        let envelope = timed(|| Envelope::read(&bytes));
        if let Some(envelope) = &envelope && envelope.event_not_sent {
            // The body has both the message and the code.
            prop_assert!(envelope.code.as_deref().is_some_and(|code| code.starts_with("capture_")));
        }
        let status = StatusCode::from_u16(status).unwrap();
        let error = timed(|| Error::answer(status, &HeaderMap::new(), &bytes, None));
        let shown = timed(|| format!("{error} {error:?} {:?}", error.help()));
        prop_assert!(shown.len() < 64 * 1024, "{} bytes", shown.len());
    }

    #[test]
    fn a_cursor_is_found_in_a_link_to_any_origin(
        cursor in ".{1,40}",
        origin in prop_oneof![Just("http://a".to_owned()), "[a-z]{0,5}:?/{0,3}[a-z.:@]{0,12}"],
        before in "[a-z]{1,5}=[a-z%+]{0,5}&",
    ) {
        let query: String = form_urlencoded::byte_serialize(cursor.as_bytes()).collect();
        prop_assume!(!before.starts_with("cursor="));
        let link = format!("{origin}/api/projects/1/groups/?{before}cursor={query}&group_type_index=0");
        prop_assert_eq!(timed(|| parameter_of_link(&link, "cursor")), Some(cursor));
    }

    #[test]
    fn a_link_never_panics_and_never_has_an_empty_cursor(
        link in any::<String>(),
        tail in "((cursor)?[?&#=%a-z]?){0,12}",
    ) {
        let link = format!("{link}{tail}");
        prop_assert!(timed(|| parameter_of_link(&link, "cursor")).is_none_or(|cursor| !cursor.is_empty()));
    }

    #[test]
    fn a_retry_after_never_panics(
        text in prop_oneof![
            "[0-9.eE+-]{0,30}",
            "-?[0-9]{1,25}(\\.[0-9]{0,3})?(e[0-9]{1,3})?",
            "(Mon|Fri|Sunday),? [0-9]{1,2}[ -][A-Z][a-z]{2}[ -][0-9]{2,6} [0-9]{2}:[0-9]{2}:[0-9]{2} (GMT|UTC|Z)?",
            "[ -~]{0,40}",
        ],
        now in 0..4_102_444_800_u64,
    ) {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(now);
        let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_str(&text).unwrap())]);
        let wait = timed(|| retry_after(&headers, now));
        if let Ok(seconds) = text.trim().parse::<u64>() {
            prop_assert_eq!(wait, Some(Duration::from_secs(seconds)));
        }
    }
}

#[cfg(feature = "bulk")]
mod bulk {
    use std::path::Path;

    use super::*;
    use crate::bulk::{Contents, read_journal, refusal};
    use posthog_groups_client::ProjectToken;

    const JOURNAL: &str = concat!(
        r#"{"posthog_groups_journal":2,"host":"http://a","project":"1","group_type_index":0,"rows":9,"input":"x","#,
        r#""started":"2026-01-01T00:00:00Z"}"#,
        "\n1\n2\n3 failed\n12\n",
    );

    proptest! {
        #![proptest_config(config())]

        #[test]
        fn a_journal_reads_the_same_again_from_its_whole_lines(
            bytes in prop_oneof![mutated(JOURNAL), proptest::collection::vec(any::<u8>(), 0..200)],
            rows in 0..50_u64,
        ) {
            if let Ok(contents) = timed(|| read_journal(Path::new("journal"), bytes.as_slice(), rows)) {
                let whole: usize = contents.whole.try_into().unwrap();
                prop_assert!(whole <= bytes.len());
                let again: Contents = read_journal(Path::new("journal"), &bytes[..whole], rows).unwrap();
                prop_assert_eq!(again, contents);
            }
        }

        #[test]
        fn a_refusal_of_capture_never_shows_the_token(
            before in ".{0,250}", after in ".{0,250}", status in 100..600_u16,
        ) {
            let token = ProjectToken::new("phc_TokenOfThisProject").unwrap();
            let body = format!("{before}phc_TokenOfThisProject{after}");
            let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static("phc_TokenOfThisProject"))]);
            let status = StatusCode::from_u16(status).unwrap();
            let error = timed(|| refusal(&token, status, headers, body.as_bytes()));
            let shown = format!("{error} {error:?}");
            prop_assert!(!shown.contains("phc_Token"));
        }
    }
}
