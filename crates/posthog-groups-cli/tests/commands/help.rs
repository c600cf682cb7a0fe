//! The help of every command, and what is made of it.

use crate::program::Program;

#[test]
fn the_help_of_every_command() {
    let program = Program::of_2026();
    insta::assert_snapshot!("help_top", program.run("--help").all());
    insta::assert_snapshot!("help_top_short", program.run("-h").all());
    // The global options are the same everywhere: once is enough.
    insta::assert_snapshot!("help_list", program.run("list --help").all());
    let commands = [
        "types",
        "get",
        "create",
        "set",
        "unset",
        "upsert",
        "activity",
        "related",
        "values",
        "definitions",
        "whoami",
        "contexts",
        "doctor",
        "mcp",
        "serve",
        "completions",
        "man",
        "export",
        "import",
        "plan",
    ];
    for command in commands {
        let help = program.run(&format!("{command} --help"));
        assert_eq!(help.code, 0, "{command}");
        let own = |heading: &str| {
            let (before, rest) = help.stdout.split_once(heading).unwrap_or((&help.stdout, ""));
            (before.to_owned(), rest.to_owned())
        };
        let (before, global) = own("\nWhat to work on:\n");
        let after = global.find("\nExamples:\n").map_or("", |at| &global[at..]);
        insta::assert_snapshot!(format!("help_{command}"), format!("{before}...\n{after}"));
        assert!(after.contains("posthog-groups "), "{command} has no examples");
        let readme = include_str!("../../README.md");
        let told = [format!("posthog-groups {command}"), format!("`{command}`")];
        assert!(told.iter().any(|told| readme.contains(told)), "README.md does not tell of {command}");
    }
}

#[test]
fn the_version_is_told() {
    let version = Program::of_2026().run("--version");
    assert_eq!(version.stdout, format!("posthog-groups {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn completions_and_manual_pages_know_every_command() {
    let program = Program::of_2026();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = program.done(&mut program.bare(&["completions", shell]));
        assert_eq!(script.code, 0);
        for word in ["upsert", "doctor", "group-type"] {
            assert!(script.stdout.contains(word), "{shell}: {word}");
        }
    }
    let page = program.done(&mut program.bare(&["man"]));
    assert!(
        page.stdout.contains(".TH posthog-groups 1") && page.stdout.contains(".SH \"EXIT CODES\""),
        "{}",
        page.stdout
    );
    assert_eq!(program.done(&mut program.bare(&["man", "--out", "pages"])).code, 0);
    for name in ["posthog-groups.1", "posthog-groups-list.1", "posthog-groups-doctor.1"] {
        assert!(
            std::fs::read_to_string(program.path("pages").join(name)).unwrap().contains("posthog"),
            "{name}"
        );
    }
    // Every page that is named is there, every option has a text, and examples stay lines.
    for entry in std::fs::read_dir(program.path("pages")).unwrap() {
        let path = entry.unwrap().path();
        let page = std::fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = page.lines().collect();
        for named in lines.iter().filter_map(|line| line.strip_suffix("(1)")) {
            let named = named.replace('\\', "");
            assert!(program.path("pages").join(format!("{named}.1")).exists(), "{named}");
        }
        for option in lines.windows(3).filter(|lines| lines[0] == ".TP") {
            assert!(!option[2].starts_with(".TP") && !option[2].starts_with(".SH"), "{path:?}: {option:?}");
        }
        assert!(page.contains("\"EXAMPLES\"\n.nf\n") || page.contains("\"EXIT CODES\"\n.nf\n"), "{path:?}");
        assert!(!page.contains("EXTRA"), "{path:?}");
    }
}

#[test]
fn bash_completes_after_a_subcommand() {
    let program = Program::of_2026();
    let script = program.done(&mut program.bare(&["completions", "bash"])).stdout;
    program.write("completions.bash", &script);
    for (words, wanted) in [
        (&["ex"][..], &["export"][..]),
        (&["export", "--for"], &["--force", "--format"]),
        (&["list", "-o", ""], &["table", "plain", "json", "ndjson", "csv"]),
        (&["import", "--engine", ""], &["auto", "rest", "capture"]),
        (&["-q", "list", "--key-c"], &["--key-command", "--key-contains"]),
        (&["help", "exp"], &["export"]),
    ] {
        // As bash calls it: the command, the word to complete, the one before.
        let complete = "source completions.bash; COMP_WORDS=(posthog-groups \"$@\"); COMP_CWORD=$#; \
            read -ra spec <<< \"$(complete -p posthog-groups)\"; \
            for i in \"${!spec[@]}\"; do [[ ${spec[i]} == -F ]] && name=${spec[i+1]}; done; \
            $name posthog-groups \"${COMP_WORDS[COMP_CWORD]}\" \"${COMP_WORDS[COMP_CWORD-1]}\"; \
            printf '%s\\n' \"${COMPREPLY[@]}\"";
        let mut bash = std::process::Command::new("bash");
        bash.args(["--norc", "-c", complete, "bash"]).args(words).current_dir(program.home.path());
        let Ok(output) = bash.output() else {
            eprintln!("skipped: there is no bash here");
            return;
        };
        let mut reply: Vec<_> = std::str::from_utf8(&output.stdout).unwrap().lines().collect();
        let mut wanted = wanted.to_vec();
        reply.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(reply, wanted, "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
