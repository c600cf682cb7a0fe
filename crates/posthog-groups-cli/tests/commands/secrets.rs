//! The key never appears in the output of the program.

use posthog_groups_fake::{Effect, Era, Fault, HttpFault};

use super::program::{KEY, PERSON, Program, world};

#[test]
fn no_command_prints_the_key() {
    for era in Era::ALL {
        let program = Program::new(world(era));
        let person = format!("related --person {PERSON}");
        let mut runs = 0;
        for line in [
            "types",
            "list -t 0",
            "get -t 0 org:5",
            "get -t 0 nope",
            "create -t 0 org:7 --set a=1",
            "create -t 0 org:7",
            "set -t 0 org:5 a=1 --dry-run",
            "set -t 0 org:5 a=1",
            "unset -t 0 org:5 a --yes",
            "upsert -t 0 org:8 --create",
            "activity -t 0 org:5",
            &person,
            "values -t 0 plan",
            "definitions",
            "whoami",
            "api GET /api/users/@me/",
            "api GET /api/projects/{project_id}/none/",
            "contexts",
            "doctor",
            "list -t nothing",
            "list --project x",
            "list --host ftp://example.com",
            "types --timeout 0.000001 --retries 0",
        ] {
            for more in ["", "-v", "-o json", "-v -o csv"] {
                let done = program.run(&format!("{line} {more}"));
                assert!(!done.all().contains("Recognizable"), "{line} {more}: {}", done.all());
                runs += 1;
            }
        }
        assert_eq!(runs, 92);
        assert!(program.fake.journal().iter().any(|entry| entry.status == Some(201)), "the key was used");
    }
}

#[test]
fn a_key_in_the_wrong_place_is_not_repeated() {
    let program = Program::of_2026();
    for flag in ["--key", "--api-key", "--personal-api-key", "--token"] {
        let done = program.run(&format!("types {flag} {KEY}"));
        assert_eq!(done.code, 2);
        assert!(
            done.stderr.contains("POSTHOG_PERSONAL_API_KEY") && !done.all().contains(KEY),
            "{}",
            done.all()
        );
    }
    for text in [
        "key = \"KEY\"",
        "key_command = \"KEY\"",
        "key_file = [\"KEY\"]",
        "region = \"KEY\"",
        "project = \"KEY\" x",
    ] {
        let text = format!("[contexts.a]\n{}\n", text.replace("KEY", KEY));
        program.write(".config/posthog-groups/config.toml", &text);
        let done = program.run("types");
        assert_eq!(done.code, 2, "{text}");
        assert!(!done.all().contains(KEY), "{}", done.all());
    }
}

#[test]
fn a_key_echoed_by_the_server_is_not_shown() {
    let program = Program::of_2026();
    for line in ["types -v", "doctor"] {
        let body = format!("{{\"code\": \"x\", \"detail\": \"you sent {KEY}\", \"type\": \"y\"}}");
        let http =
            HttpFault { status: 400, headers: Default::default(), body: body.into(), content_type: None };
        program.fake.add_faults([Fault { times: 20, ..Fault::new(Effect::Http(http)) }]).unwrap();
        let done = program.run(line);
        assert_ne!(done.code, 0);
        assert!(!done.all().contains("Recognizable"), "{}", done.all());
        program.fake.clear_faults();
    }
}
