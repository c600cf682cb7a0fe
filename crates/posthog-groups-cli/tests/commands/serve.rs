//! `serve`: the stand-in server, from start to end.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use super::program::{Program, world};

#[test]
fn serve_prints_working_settings_and_ends_on_a_signal() {
    let program = Program::of_2026();
    let state = program.write("world.json", &world(posthog_groups_fake::Era::Y2025).to_json());
    for (arguments, key, types) in [
        (vec!["--seed", "20", "--era", "2025", "--page-size", "3"], "phx_default", 3),
        (vec!["--state", state.to_str().unwrap()], super::program::KEY, 2),
    ] {
        let mut server = Command::new(env!("CARGO_BIN_EXE_posthog-groups"))
            .args(["serve", "--port", "0"])
            .args(arguments)
            .env_clear()
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
        let mut variable = |name: &str| {
            let line = lines.next().unwrap().unwrap();
            line.strip_prefix(&format!("export {name}=")).unwrap().to_owned()
        };
        let host = variable("POSTHOG_HOST");
        assert_eq!(variable("POSTHOG_PERSONAL_API_KEY"), key);
        assert_eq!(variable("POSTHOG_PROJECT_ID"), "1");
        let group_type = variable("POSTHOG_GROUP_TYPE");
        assert_eq!(group_type, "organization");
        let listed = program.done(
            program
                .bare(&["list", "-n", "1"])
                .env("POSTHOG_HOST", &host)
                .env("POSTHOG_PERSONAL_API_KEY", key)
                .env("POSTHOG_GROUP_TYPE", group_type),
        );
        assert_eq!((listed.code, listed.stdout.lines().count()), (0, 1), "{}", listed.all());
        let mut command = program.bare(&["types"]);
        let done = program.done(command.env("POSTHOG_HOST", host).env("POSTHOG_PERSONAL_API_KEY", key));
        assert_eq!(done.stdout.lines().count(), types, "{}", done.all());

        let kill = Command::new("kill").args(["-INT", &server.id().to_string()]).status().unwrap();
        assert!(kill.success());
        assert_eq!(server.wait().unwrap().code(), Some(0));
    }
}

#[test]
fn serve_reports_why_it_cannot_start() {
    let program = Program::of_2026();
    let port = program.fake.address().port();
    let taken = program.done(&mut program.bare(&["serve", "--port", &port.to_string()]));
    assert_eq!(taken.code, 1);
    assert!(taken.stderr.contains("help: choose another port"), "{}", taken.stderr);
    program.write("bad.json", "{\"era\": \"1999\"}");
    let bad = program.done(&mut program.bare(&["serve", "--state", "bad.json"]));
    assert_eq!(bad.code, 2);
    assert!(bad.stderr.contains("bad.json: invalid state: era: "), "{}", bad.stderr);
}
