//! The help of every command, manual pages and completions.

use super::program::Program;

#[test]
fn the_help_of_every_command() {
    let program = Program::of_2026();
    insta::assert_snapshot!("help_top", program.run("--help").all());
    insta::assert_snapshot!("help_top_short", program.run("-h").all());
    // The global options are the same for all commands, so they are checked once.
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
        "api",
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
        let (before, global) = own("\nTarget:\n");
        let after = global.find("\nExamples:\n").map_or("", |at| &global[at..]);
        insta::assert_snapshot!(format!("help_{command}"), format!("{before}...\n{after}"));
        assert!(after.contains("posthog-groups "), "{command} has no examples");
        let readme = include_str!("../../README.md");
        let mentions = [format!("posthog-groups {command}"), format!("`{command}`")];
        assert!(
            mentions.iter().any(|mention| readme.contains(mention)),
            "README.md does not mention {command}"
        );
    }
}

#[test]
fn the_version_is_printed() {
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
    // All referenced pages exist, all options have a text, and examples keep their lines.
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
    for (words, expected) in [
        (&["ex"][..], &["export"][..]),
        (&["export", "--for"], &["--force", "--format"]),
        (&["list", "-o", ""], &["table", "plain", "json", "ndjson", "csv"]),
        (&["import", "--engine", ""], &["auto", "rest", "capture"]),
        (&["-q", "list", "--key-c"], &["--key-command", "--key-contains"]),
        (&["help", "exp"], &["export"]),
    ] {
        // The arguments that bash passes: the command, the word to complete, and the previous word.
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
        let mut expected = expected.to_vec();
        reply.sort_unstable();
        expected.sort_unstable();
        assert_eq!(reply, expected, "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// Runs a shell with a script of the test; `None` if the shell is not installed.
fn shell(program: &Program, shell: &str, arguments: &[&str]) -> Option<String> {
    let mut command = std::process::Command::new(shell);
    command.args(arguments).current_dir(program.home.path()).env("HOME", program.home.path());
    command.output().ok().map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn fish_completes_commands_options_and_values() {
    let program = Program::of_2026();
    program.write("completions.fish", &program.done(&mut program.bare(&["completions", "fish"])).stdout);
    for (line, expected) in [
        ("posthog-groups ex", &["export"][..]),
        ("posthog-groups export --for", &["--force", "--format"]),
        ("posthog-groups list -o ", &["csv", "json", "ndjson", "plain", "table"]),
        ("posthog-groups -q list --key-c", &["--key-command", "--key-contains"]),
    ] {
        let script = format!("source completions.fish; complete -C '{line}'");
        let Some(reply) = shell(&program, "fish", &["--no-config", "-c", &script]) else {
            eprintln!("skipped: fish is not installed");
            return;
        };
        let mut reply: Vec<&str> = reply.lines().map(|line| line.split('\t').next().unwrap()).collect();
        reply.sort_unstable();
        assert_eq!(reply, expected, "{line}");
    }
}

/// Types each argument and Tab into an interactive zsh, and prints the resulting command line.
const ZSH: &str = r#"
zmodload zsh/zpty
zpty inner zsh -f -i
zpty -w inner "PROMPT=''; RPROMPT=''; fpath=($PWD \$fpath); autoload -Uz compinit; compinit -u -d $PWD/dump"
zpty -w inner "take() { print -r -- \"\$BUFFER\" > $PWD/line; BUFFER='' }; zle -N take; bindkey '^X' take"
zpty -w inner "print ready > $PWD/line"
for words in "" "$@"; do
  [[ -n $words ]] && zpty -w -n inner "posthog-groups $words"$'\t\x18'
  # The output has to be read, because a full pseudo-terminal blocks.
  for n in {1..600}; do zpty -r -t inner output; [[ -s line ]] && break; sleep 0.02; done
  [[ -n $words ]] && cat line
  rm -f line
done
zpty -d inner
"#;

#[test]
fn zsh_completes_commands_options_and_values() {
    let program = Program::of_2026();
    program.write("_posthog-groups", &program.done(&mut program.bare(&["completions", "zsh"])).stdout);
    program.write("test.zsh", ZSH);
    let words = ["ex", "export --forc", "-q list --key-cont", "import --engine re", "help exp"];
    let arguments = [&["-f", "test.zsh"][..], &words].concat();
    let Some(reply) = shell(&program, "zsh", &arguments) else {
        eprintln!("skipped: zsh is not installed");
        return;
    };
    let reply: Vec<&str> = reply.lines().map(str::trim_end).collect();
    let expected = [
        "posthog-groups export",
        "posthog-groups export --force",
        "posthog-groups -q list --key-contains=",
        "posthog-groups import --engine rest",
        "posthog-groups help export",
    ];
    assert_eq!(reply, expected);
}
