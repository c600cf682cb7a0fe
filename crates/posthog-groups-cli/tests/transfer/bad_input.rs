//! Invalid inputs: each is reported with its file, its line and help, and nothing is written.

use std::io::Write as _;

use posthog_groups_fake::Era;

use super::program::{Program, world};

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

fn rows(count: usize) -> Vec<u8> {
    (0..count).flat_map(|n| format!("{{\"group_key\":\"org:{n}\"}}\n").into_bytes()).collect()
}

#[test]
fn bad_input_is_reported_with_help_and_nothing_is_written() {
    let program = Program::new(world(Era::Y2026, Vec::new()));
    std::fs::create_dir(program.path("folder")).unwrap();
    let good = rows(30_000);
    let utf16: Vec<u8> = "\u{feff}{\"key\":\"a\"}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let (gz, zst) = (gzip(&good), zstd::stream::encode_all(&good[..], 0).unwrap());
    let mut damaged = gz.clone();
    damaged[gz.len() - 6] ^= 0xff;
    let key = "ä".repeat(401);
    let files: &[(&str, &[u8])] = &[
        ("malformed.ndjson", b"{\"group_key\":\"a\"}\n{\"group_key\":\"b\",}\n"),
        ("cut.ndjson", b"{\"group_key\":\"a\"}\n{\"group_key\":\"b\",\"group_prop"),
        ("column.ndjson", b"{\"group_key\":\"a\",\"plan\":\"free\"}\n"),
        ("no-key.ndjson", b"{\"group_properties\":{}}\n"),
        ("number.ndjson", b"{\"group_key\":5}\n"),
        ("twice.ndjson", b"{\"group_key\":\"a\",\"group_properties\":{\"b\":1,\"c\":2,\"\\u0062\":3}}\n"),
        ("trailing.ndjson", b"{\"group_key\":\"a\"} {\n"),
        ("list.ndjson", b"{\"group_key\":\"a\",\"group_properties\":[]}\n"),
        ("two-keys.ndjson", b"{\"group_key\":\"a\",\"key\":\"b\"}\n"),
        ("two-times.ndjson", b"{\"group_key\":\"a\",\"created_at\":1,\"created_at\":1}\n"),
        ("control.ndjson", b"{\"group_key\":\"a\tb\"}\n"),
        ("array.ndjson", b"[{\"group_key\":\"a\"}]\n"),
        ("pretty.ndjson", b"{\n  \"group_key\": \"a\"\n}\n"),
        ("blank.ndjson", b"{\"group_key\":\" \"}\n"),
        ("long-key.ndjson", &[b"{\"group_key\":\"", key.as_bytes(), b"\"}\n"].concat()),
        ("nul.ndjson", b"{\"group_key\":\"a\",\"group_properties\":{\"b\":[\"\\u0000\"]}}\n"),
        ("nul-key.ndjson", b"{\"group_key\":\"a\\u0000\"}\n"),
        ("half.ndjson", b"{\"group_key\":\"a\",\"group_properties\":{\"b\":\"\\ud800\"}}\n"),
        ("half-name.ndjson", b"{\"group_key\":\"a\",\"group_properties\":{\"\\ud800\":1}}\n"),
        ("half-key.ndjson", b"{\"group_key\":\"\\ud800\"}\n"),
        (
            "integer.ndjson",
            b"{\"group_key\":\"a\",\"group_properties\":{\"id\":123456789012345678901234567890}}\n",
        ),
        ("number.ndjson", b"{\"group_key\":\"a\",\"group_properties\":{\"n\":{\"m\":1e400}}}\n"),
        ("integer.csv", b"group_key,id\na,1\nb,-9223372036854775809\n"),
        ("number.csv", b"group_key,id\na,1e400\n"),
        ("double.csv", b"group_key,id\na,1\nb,1e22\n"),
        ("nul.csv", b"group_key,id\na,x\0y\n"),
        ("half.csv", b"group_key,id\na,\"\"\"\\ud800\"\"\"\n"),
        ("latin1.ndjson", b"{\"group_key\":\"a\"}\n{\"group_key\":\"caf\xe9\"}\n"),
        ("latin1.csv", b"group_key,plan\n\"a\n\",b\nc,\"d\ne\xff\"\n"),
        ("utf16.ndjson", &utf16),
        ("utf16-without-mark.ndjson", &utf16[2..]),
        ("duplicate.ndjson", b"{\"group_key\":\"a\"}\n\n{\"group_key\":\"a\"}\n"),
        ("is-csv.ndjson", b"group_key,plan\na,free\n"),
        ("no-key.csv", b"id,plan\na,free\n"),
        ("semicolons.csv", b"group_key;plan\na;free\n"),
        ("tabs.csv", b"group_key\tplan\na\tfree\n"),
        ("is-ndjson.csv", b"{\"group_key\":1}\n"),
        ("same.csv", b"group_key,plan,plan\na,b,c\n"),
        ("same-in-quotes.csv", b"group_key,plan,\"\"\"plan\"\"\"\na,b,c\n"),
        ("same-key.csv", b"group_key,plan,group_key\na,b,c\n"),
        ("list.csv", b"group_key,created_at,group_properties\na,b,c\n"),
        ("unnamed.csv", b"group_key,\na,b\n"),
        ("no-value.csv", b"group_key,plan\n,b\n"),
        ("many.csv", b"group_key,plan\na,b\nc,d,e\n"),
        ("few.csv", b"group_key,plan\n\"a\n\nb\",c\n\r\nd\n"),
        ("quote.csv", b"group_key,plan\na,\"b\nc,d\n"),
        ("after-quote.csv", b"group_key,plan\n\"a\"b,c\n"),
        ("returns.csv", b"group_key,plan\ra,b\r"),
        ("duplicate.csv", b"group_key,plan\na,b\nb,c\na,d\n"),
        ("cut.ndjson.gz", &gz[..gz.len() - 20]),
        ("cut.ndjson.zst", &zst[..zst.len() - 20]),
        ("damaged.ndjson.gz", &damaged),
        ("plain.ndjson.gz", b"{\"group_key\":\"a\"}\n"),
        ("zstd.ndjson.gz", &zst),
        ("empty.ndjson.zst", b""),
        ("data.json", b"{\"group_key\":\"a\"}\n"),
    ];
    let mut output = String::new();
    for name in ["missing.ndjson", "folder"] {
        let done = program.run(&["import", "-y", name]);
        output.push_str(&format!("{name}: {}", done.all()));
    }
    for (name, content) in files {
        program.write(name, content);
        let done = program.run(&["import", "-y", name]);
        assert_eq!(done.code, if name == &"data.json" { 2 } else { 1 }, "{name}");
        output.push_str(&format!("{name}: {}", done.all()));
    }
    insta::assert_snapshot!(output);
    assert!(program.groups().is_empty());
    assert!(program.fake.journal().iter().all(|entry| entry.method == "GET"), "something was written");
    assert!(program.files().iter().all(|name| !name.ends_with(".journal")), "{:?}", program.files());
}

#[test]
fn unusual_but_valid_files_are_accepted() {
    let zstd = |data: &[u8]| zstd::stream::encode_all(data, 0).unwrap();
    for (name, content, groups) in [
        (
            "a.ndjson",
            b"\xef\xbb\xbf{\"group_key\":\"a\"}\r\n \t\r\n{\"key\":\"b\",\"properties\":{\"p\":1}}".to_vec(),
            &["a {}", "b {\"p\":1}"][..],
        ),
        ("a.csv", b"\xef\xbb\xbfplan,group_key\r\nfree,a\r\n\r\n,b".to_vec(), &["a {\"plan\":\"free\"}", "b {}"]),
        (
            "listed.ndjson",
            b" {\"group_type_index\":0,\"group_properties\":null,\"group_key\":\"\\u0061\",\"created_at\":\"2026-01-01\"} ".to_vec(),
            &["a {}"],
        ),
        ("packed.ndjson", gzip(&rows(1)), &["org:0 {}"]),
        ("members.gz", [gzip(b"{\"key\":"), gzip(b"\"a\"}")].concat(), &["a {}"]),
        ("frames.zst", [zstd(b"{\"key\":"), zstd(b"\"a\"}")].concat(), &["a {}"]),
        ("mark.csv", b"\xef\xbb\xbf".to_vec(), &[]),
    ] {
        let program = Program::new(world(Era::Y2026, Vec::new()));
        program.write(name, content);
        program.run(&["import", "-y", name]).ok();
        assert_eq!(program.groups(), groups, "{name}");
    }
}

#[test]
fn a_file_without_rows_succeeds() {
    let program = Program::new(world(Era::Y2026, Vec::new()));
    for (name, content) in [("a.ndjson", ""), ("a.csv", "group_key,plan\n")] {
        program.write(name, content);
        let done = program.run(&["import", "-y", name]).ok();
        assert_eq!(done.stderr, format!("{name} has no rows\n"));
    }
    assert!(program.fake.journal().iter().all(|entry| entry.path.ends_with("groups_types/")));
}

#[test]
fn invalid_rows_are_skipped_and_kept_unchanged_with_keep_going() {
    let program = Program::new(world(Era::Y2026, Vec::new()));
    program.write(
        "a.ndjson",
        b"{\"group_key\":\"a\"}\nnonsense\n{\"group_key\":\"b\"}\n{\"group_key\":\"\xff\"}",
    );
    let done = program.run(&["import", "-y", "a.ndjson", "--keep-going", "--rejected", "bad.ndjson"]);
    insta::assert_snapshot!(done.all());
    assert_eq!(program.groups(), ["a {}", "b {}"]);
    assert_eq!(std::fs::read(program.path("bad.ndjson")).unwrap(), b"nonsense\n{\"group_key\":\"\xff\"}\n");

    // Invalid rows of CSV are written with the header, so that they can be corrected and imported.
    program.write("c.csv", "group_key,plan\nc,free\nd,free,1\ne\n");
    let done = program.run(&["import", "-y", "c.csv", "--keep-going", "--rejected", "bad.csv"]);
    assert_eq!(done.code, 6);
    assert_eq!(program.read("bad.csv"), "group_key,plan\nd,free,1\ne\n");

    let many: String = (0..50).map(|n| format!("bad {n}\n")).collect();
    program.write("many.ndjson", many);
    let done = program.run(&["import", "-y", "many.ndjson", "--keep-going"]);
    assert_eq!(done.stderr.matches("skipped:").count(), 20);
    assert!(done.stderr.contains("... and 30 more invalid rows"), "{}", done.stderr);
    assert_eq!(done.code, 6);
}

#[test]
fn the_last_row_with_a_key_wins_with_duplicates_last() {
    let program = Program::new(world(Era::Y2026, Vec::new()));
    program.write("a.csv", "group_key,plan\na,1\nb,2\na,3\n");
    program.run(&["import", "-y", "a.csv", "--duplicates", "last"]).ok();
    assert_eq!(program.groups(), ["a {\"plan\":3}", "b {\"plan\":2}"]);
}

#[test]
fn a_file_is_never_used_twice() {
    let program = Program::new(world(Era::Y2026, Vec::new()));
    let row = "{\"group_key\":\"a\"}\n";
    program.write("a.ndjson", row);
    for arguments in [
        &["--report", "a.ndjson"][..],
        &["--report", "./a.ndjson"],
        &["--keep-going", "--rejected", "a.ndjson"],
        &["--keep-going", "--rejected", "b", "--report", "b"],
        &["--report", "a.ndjson.journal"],
        &["--journal", "b", "--report", "b"],
        &["--journal", "a.ndjson"],
    ] {
        let done = program.run(&[&["import", "-y", "a.ndjson"], arguments].concat());
        assert_eq!(done.code, 2, "{arguments:?}: {}", done.all());
        assert!(done.stderr.contains("is used twice"), "{arguments:?}: {}", done.all());
        assert_eq!(program.files(), ["a.ndjson"]);
        assert_eq!(program.read("a.ndjson"), row);
    }
    let done = program.run(&["plan", "a.ndjson", "--report", "a.ndjson"]);
    assert!(done.stderr.contains("is used twice"), "{}", done.all());
    assert_eq!(program.read("a.ndjson"), row);
    assert_eq!(program.groups().len(), 0);
}

#[test]
fn nested_rows_are_imported_unless_servers_could_not_return_them() {
    let program = Program::new(world(Era::Y2026, Vec::new()));
    let nest = |levels| {
        let nested = format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        program
            .write("a.ndjson", format!("{{\"group_key\":\"a\",\"group_properties\":{{\"x\":{nested}}}}}\n"));
    };
    nest(250);
    program.run(&["import", "-y", "a.ndjson"]).ok();
    let unchanged = program.run(&["import", "-y", "a.ndjson", "-o", "json"]).ok();
    assert!(unchanged.stdout().contains("\"unchanged\": 1"), "{}", unchanged.all());
    nest(100_000);
    let done = program.run(&["plan", "a.ndjson"]);
    assert_eq!(done.code, 1, "{}", done.all());
    assert!(done.stderr.contains("line 1: the property `x` contains more than 250 levels"), "{}", done.all());
}

#[test]
fn csv_with_another_key_column_or_delimiter_is_read() {
    let program = Program::new(world(Era::Y2026, Vec::new()));
    program.write("short.csv", "key,plan\na,free\n");
    program.write("named.csv", "plan;id;key\nfree;b;\"x;y\"\n");
    program.write("tabs.csv", "group_key\tplan\nc\tfree,\n");
    program.run(&["import", "-y", "short.csv"]).ok();
    program.run(&["import", "-y", "named.csv", "--key-column", "id", "--delimiter", ";"]).ok();
    program.run(&["import", "-y", "tabs.csv", "--delimiter", "tab"]).ok();
    let groups = [r#"a {"plan":"free"}"#, r#"b {"plan":"free","key":"x;y"}"#, r#"c {"plan":"free,"}"#];
    assert_eq!(program.groups(), groups);
    program.run(&["export", "all.csv", "--delimiter", ";"]).ok();
    assert_eq!(program.read("all.csv"), "group_key;key;plan\na;;free\nb;\"x;y\";free\nc;;free,\n");
    program.run(&["export", "again.csv", "--delimiter", "|"]).ok();
    assert_eq!(program.read("again.csv"), "group_key|key|plan\na||free\nb|x;y|free\nc||free,\n");
    for arguments in [
        &["import", "-y", "a.ndjson", "--delimiter", ";"][..],
        &["import", "-y", "a.ndjson", "--key-column", "id"],
        &["plan", "a.csv", "--delimiter", ";;"],
        &["export", "a.ndjson", "--delimiter", ";"],
    ] {
        program.write("a.csv", "group_key\na\n");
        let refused = program.run(arguments);
        assert_eq!(refused.code, 2, "{arguments:?}: {}", refused.all());
        assert!(refused.stderr.contains("--delimiter"), "{}", refused.stderr);
    }
}

#[test]
fn report_files_replace_others_only_with_force_and_never_an_input_or_a_key() {
    let program = Program::new(world(Era::Y2026, Vec::new()));
    program.write("a.ndjson", "{\"group_key\":\"a\"}\n");
    program.write("key", program.fake.key());
    program.write("old", "old");
    for (link, target) in [("link", "old"), ("dangling", "nothing")] {
        std::os::unix::fs::symlink(target, program.path(link)).unwrap();
    }
    std::fs::hard_link(program.path("key"), program.path("hard")).unwrap();
    let import = |arguments: &[&str]| {
        program.run(&[&["import", "-y", "a.ndjson", "--key-file", "key", "--keep-going"], arguments].concat())
    };
    for (arguments, words) in [
        (&["--report", "old"][..], "--force"),
        (&["--rejected", "old"], "--force"),
        (&["--report", "link"], "is a symbolic link"),
        (&["--rejected", "link", "--force"], "is a symbolic link"),
        (&["--report", "dangling"], "is a symbolic link"),
        (&["--report", "dangling", "--force"], "is a symbolic link"),
        (&["--report", "hard", "--force"], "used twice: as the file of the key"),
        (&["--report", "key", "--force"], "used twice: as the file of the key"),
        (&["--rejected", "./key", "--force"], "used twice: as the file of the key"),
        (&["--report", "a.ndjson", "--force"], "used twice: as the input"),
    ] {
        let refused = import(arguments);
        assert_ne!(refused.code, 0, "{arguments:?}");
        assert!(refused.stderr.contains(words), "{arguments:?}: {}", refused.stderr);
        assert_eq!((program.read("old").as_str(), program.groups().len()), ("old", 0), "{arguments:?}");
    }
    assert!(!program.path("nothing").exists());
    let refused = program.run(&["export", "key", "--force", "--key-file", "key", "--format", "csv"]);
    assert!(refused.stderr.contains("used twice: as the file of the key"), "{}", refused.stderr);
    assert_eq!(program.read("key"), program.fake.key());
    import(&["--report", "old", "--force"]).ok();
    assert!(program.read("old").contains("created"));
    import(&["--report", "/dev/null"]).ok();
}
