//! Property tests of everything that reads files and arguments: no input panics or takes long, and written values can be read
//! back.
//!
//! Each target runs a few hundred inputs with a fixed seed; `cargo xtask fuzz` runs a million of each.

use std::path::Path;
use std::time::{Duration, Instant};

use posthog_groups::{JsonValue, Properties};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use crate::assignment::{as_written, assignment, typed};
use crate::config_file;
use crate::rows::csv::reader::CsvReader;
use crate::rows::csv::writer::{Columns, CsvWriter};
use crate::rows::format::CsvLayout;
use crate::rows::lines::Lines;
use crate::rows::ndjson;

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

/// Text with many characters that have a special meaning in files and shells.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ \\t\\r\\n,;|\"'=+@\\-{}\\[\\]:\\\\0-9a-c.enué＝\u{feff}]{0,12}",
        "\\PC{0,12}",
        proptest::sample::select(
            &[
                "true",
                "null",
                "1e400",
                "007",
                "=1+1",
                "\"a\"",
                "{}",
                "{\"a\":null}",
                " 1",
                "1\n",
                "\u{ff1d}1",
                "a\u{0}b",
                "group_key"
            ][..]
        )
        .prop_map(str::to_owned),
    ]
}

fn json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        text().prop_map(Into::into),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            proptest::collection::hash_map(text(), inner, 0..4)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

fn groups() -> impl Strategy<Value = Vec<(String, Properties)>> {
    let properties = proptest::collection::hash_map(text(), json(), 0..5);
    let properties = properties.prop_map(|members| Properties::new(&members).unwrap());
    proptest::collection::hash_map(text(), properties, 0..6).prop_map(|groups| groups.into_iter().collect())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn an_ndjson_row_reads_back(groups in groups()) {
        for (key, properties) in groups {
            let mut line = Vec::new();
            ndjson::write(&mut line, &key, properties.as_str()).unwrap();
            let line = String::from_utf8(line).unwrap();
            prop_assert_eq!(line.matches('\n').count(), 1);
            let row = timed(|| ndjson::read(line.trim_end_matches('\n'), 1)).unwrap().unwrap();
            prop_assert_eq!(row.key, key);
            prop_assert_eq!(row.properties.as_str(), properties.as_str());
        }
    }

    #[test]
    fn an_ndjson_line_never_panics(
        line in prop_oneof![
            text(),
            "\\{?\"(group_)?key\" ?: ?(\"[a-z]{0,3}\"|[0-9]{1,3}),\"group_properties\":(\\{[a-z\":,0-9]{0,12}\\}|null)\\}?",
        ]
    ) {
        let _ = timed(|| ndjson::read(&line, 1));
    }

    #[test]
    fn a_csv_file_reads_back(groups in groups(), delimiter in proptest::sample::select(&[b',', b';', b'\t', b'|'][..])) {
        let layout = CsvLayout { delimiter, ..CsvLayout::default() };
        let mut columns = Columns::default();
        for (_, properties) in &groups {
            columns.add(properties).unwrap();
        }
        let mut writer = CsvWriter::new(Vec::new(), columns, delimiter).unwrap();
        for (key, properties) in &groups {
            writer.write(key, properties.as_str()).unwrap();
        }
        let file = writer.finish().unwrap();
        let mut reader = CsvReader::new(Lines::new(file.as_slice()), layout);
        for (key, properties) in &groups {
            let row = timed(|| reader.next()).map_err(|error| TestCaseError::fail(format!("{error:?}")))?.unwrap();
            prop_assert_eq!(&row.key, key);
            let value = |properties: &Properties| {
                serde_json::from_str::<serde_json::Value>(properties.as_str()).unwrap()
            };
            prop_assert_eq!(value(&row.properties), value(properties));
        }
        prop_assert!(reader.next().unwrap().is_none());
    }

    #[test]
    fn csv_bytes_never_panic_and_end(
        bytes in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..200),
            "(group_)?key[,;][a-c\"]{1,5}(\r?\n[a-z0-9,\"= ]{0,20}){0,6}".prop_map(String::into_bytes),
        ]
    ) {
        let mut reader = CsvReader::new(Lines::new(bytes.as_slice()), CsvLayout::default());
        timed(|| {
            for _ in 0..1_000 {
                match reader.next() {
                    Ok(Some(_)) => {}
                    Ok(None) => return Ok(()),
                    // A fatal error ends the file; an error in a row does not.
                    Err(error) if error.is_fatal => return Ok(()),
                    Err(_) => {}
                }
            }
            Err(TestCaseError::fail("no end"))
        })?;
    }

    #[test]
    fn a_configuration_never_panics_and_its_error_names_the_file(
        text in prop_oneof![
            text(),
            "(default_context = \"[a-z]{0,3}\"\n)?\\[contexts\\.[a-z\"]{1,4}\\]\n([a-z_]{1,12} ?= ?(\"[a-z:/.]{0,12}\"|[0-9]{1,3}|\\[\\])\n){0,4}",
            "(host|key|key_file|key_command|project|region)? ?= ?[\"\\[\\]a-z]{0,8}",
        ]
    ) {
        if let Err(failure) = timed(|| config_file::parse(Path::new("config.toml"), &text)) {
            let shown = format!("{failure:?}");
            prop_assert!(shown.contains("config.toml"));
        }
    }

    #[test]
    fn an_assignment_never_panics_and_keeps_its_name(pair in prop_oneof![text(), "[a-z=]{0,4}=.{0,12}"], as_text: bool) {
        if let Ok((name, value)) = timed(|| assignment(&pair, as_text)) {
            let start = format!("{name}=");
            prop_assert!(pair.starts_with(&start));
            prop_assert!(!value.is_null());
        }
    }

    #[test]
    fn a_value_as_written_is_read_as_the_same(value in prop_oneof![json(), text().prop_map(Into::into)]) {
        let value = JsonValue::from(value);
        let written = as_written(&value);
        let read = timed(|| typed("name", &written)).map_err(|failure| TestCaseError::fail(format!("{failure:?}")))?;
        prop_assert!(posthog_groups::same_value(&read, &value), "{written}");
    }
}
