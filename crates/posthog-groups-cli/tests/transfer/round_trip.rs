//! Exported groups can be imported unchanged.

use posthog_groups_fake::{Era, Group};

use super::program::{Program, world};

/// Properties of all kinds, as servers write them.
const HOSTILE: &[(&str, &str)] = &[
    ("org:5", r#"{"big": 18446744073709551615, "f": 1.0, "e": 1e+19, "tiny": -0.0}"#),
    ("a,b;\"c\"", r#"{"nested": {"z": [1, {"a": null}], "": {}}, "list": [], "object": {}}"#),
    ("line\nbreak", r#"{"text": "1\r\n2\t3", "quote": "say \"hi\"", "name, with comma": "x"}"#),
    ("key with  blanks", r#"{"u": "é東京😀", "bom": "\ufeff", "control": "\u0001"}"#),
    ("42", r#"{"zip": "007", "number": "42", "word": "true", "yes": true, "empty": "", "blank": " "}"#),
    ("=1+1", r#"{"group_key": "not the key", "=2+2": "=3+3", "name\nbreak": "[1]", "\"q\"": "{}"}"#),
    ("empty", "{}"),
    ("no name", r#"{"": "x", "a": 1}"#),
];

fn hostile(era: Era) -> Program {
    let groups = HOSTILE.iter().map(|(key, properties)| {
        let mut group = Group::new(0, *key);
        group.group_properties = serde_json::from_str(properties).unwrap();
        group
    });
    Program::new(world(era, groups.collect()))
}

#[test]
fn ndjson_survives_export_import_and_export_byte_for_byte() {
    for era in [Era::Y2025, Era::Y2026] {
        let full = hostile(era);
        full.run(&["export", "all.ndjson"]).ok();
        let first = full.read("all.ndjson");
        assert_eq!(first.lines().count(), HOSTILE.len());
        assert!(first.contains("18446744073709551615"));

        let empty = Program::new(world(era, Vec::new()));
        empty.write("all.ndjson", &first);
        let done = empty.run(&["import", "-y", "all.ndjson", "-o", "json"]).ok();
        let totals: serde_json::Value = serde_json::from_str(done.stdout()).unwrap();
        assert_eq!(totals["created"], HOSTILE.len());
        empty.run(&["export", "again.ndjson"]).ok();
        assert_eq!(empty.read("again.ndjson"), first, "{era:?}");
    }
}

#[test]
fn csv_survives_export_import_and_export_byte_for_byte() {
    for era in [Era::Y2025, Era::Y2026] {
        let full = hostile(era);
        full.run(&["export", "all.csv"]).ok();
        let first = full.read("all.csv");

        let empty = Program::new(world(era, Vec::new()));
        empty.write("all.csv", &first);
        empty.run(&["import", "-y", "all.csv"]).ok();
        empty.run(&["export", "again.csv"]).ok();
        assert_eq!(empty.read("again.csv"), first, "{era:?}");

        // The groups are the exported ones: importing them into the same project changes nothing.
        let done = full.run(&["import", "-y", "all.csv", "-o", "json"]).ok();
        let totals: serde_json::Value = serde_json::from_str(done.stdout()).unwrap();
        assert_eq!(totals["unchanged"], HOSTILE.len(), "{era:?}: {totals}");
    }
}

#[test]
fn compressed_files_and_pipes_have_the_same_rows() {
    let full = hostile(Era::Y2026);
    let plain = full.run(&["export"]).ok().stdout;
    for name in ["all.ndjson.gz", "all.zst", "all.csv.gz", "all.csv.zst"] {
        full.run(&["export", name]).ok();
        let packed = std::fs::read(full.path(name)).unwrap();
        assert_ne!(packed[0], b'{');

        let empty = Program::new(world(Era::Y2026, Vec::new()));
        std::fs::write(empty.path(name), &packed).unwrap();
        empty.run(&["import", "-y", name]).ok();
        let by_file = empty.groups();
        assert_eq!(by_file.len(), HOSTILE.len());

        // On standard input, compressed data is recognized by its first bytes.
        let empty = Program::new(world(Era::Y2026, Vec::new()));
        let format = if name.contains("csv") { "csv" } else { "ndjson" };
        empty.run_with(&["import", "-y", "-", "--format", format], &packed).ok();
        assert_eq!(empty.groups(), by_file, "{name}");
    }
    let empty = Program::new(world(Era::Y2026, Vec::new()));
    empty.run_with(&["import", "-y", "-"], &plain).ok();
    assert_eq!(empty.run(&["export"]).ok().stdout, plain);
}
