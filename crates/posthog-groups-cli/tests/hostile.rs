//! The command line against servers that break every rule.
//!
//! Bounds, with `--timeout 1 --retries 1`: a command ends within 20 s, reads at most 64 MiB of a response, and uses less
//! than 200 MiB. It neither panics nor dies of a signal, a failure is explained on standard error, nothing shows the key,
//! and no other server is called.

#![cfg(unix)]

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use futures_util::{StreamExt as _, stream};
use posthog_groups_fake::{Fake, State};
use posthog_groups_tests::{
    CERTIFICATE, Case, Expect, SECRET, SOCKET_BUFFERS, ScriptedServer, Step, cases, flood, peak_memory,
    tls_proxy,
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_posthog-groups");
const BOUND: Duration = Duration::from_secs(20);
const MEMORY: u64 = 200 << 20;
/// The maximum size of a response.
const BODY: u64 = 64 << 20;

/// The commands, each of which meets every case.
const COMMANDS: [&[&str]; 5] = [
    &["list", "-t", "0", "--limit", "500"],
    &["set", "-t", "0", "org:5", "plan=free"],
    &["get", "-t", "0", "org:5"],
    &["create", "-t", "0", "org:5"],
    &["export", "-t", "0", "out.ndjson", "--force"],
];

struct Ended {
    code: Option<i32>,
    shown: String,
    stderr: String,
    peak: u64,
}

/// Runs the program; `None` if it does not end in time.
fn run(server: &str, arguments: &[&str]) -> Option<Ended> {
    let home = tempfile::tempdir().unwrap();
    let file = |name: &str| std::fs::File::create(home.path().join(name)).unwrap();
    let mut child = Command::new(PROGRAM)
        .args(arguments)
        .args(["--timeout", "1", "--retries", "1"])
        .env_clear()
        .env("HOME", home.path())
        .env("POSTHOG_HOST", server)
        .env("POSTHOG_PERSONAL_API_KEY", SECRET)
        .env("POSTHOG_PROJECT_ID", "1")
        .current_dir(home.path())
        .stdin(Stdio::null())
        .stdout(file("stdout"))
        .stderr(file("stderr"))
        .spawn()
        .unwrap();
    let started = Instant::now();
    let mut peak = 0;
    let status = loop {
        // The last value is the peak. The first one can be that of this process, from which the child was forked.
        peak = peak_memory(child.id()).unwrap_or(peak);
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if started.elapsed() > BOUND {
            child.kill().unwrap();
            child.wait().unwrap();
            return None;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let read = |name: &str| {
        String::from_utf8_lossy(&std::fs::read(home.path().join(name)).unwrap_or_default()).into_owned()
    };
    let stderr = read("stderr");
    let shown = format!("{}{stderr}{}", read("stdout"), read("out.ndjson"));
    Some(Ended { code: status.code(), shown, stderr, peak })
}

/// Runs a command against a case and returns what is wrong, if anything.
async fn problem(case: &Case, arguments: &'static [&'static str]) -> Option<String> {
    let script = case.clone();
    let server = ScriptedServer::start(move |request| script.respond(request)).await;
    let url = server.url();
    let ended = tokio::task::spawn_blocking(move || run(&url, arguments)).await.unwrap();
    let Some(ended) = ended else {
        return Some(format!("did not end within {BOUND:?}, {} requests", server.requests().len()));
    };
    let reads = !matches!(arguments[0], "set" | "create");
    let expected = match (reads, case.only_list) {
        (true, false) => case.reads,
        (false, false) => case.writes,
        (_, true) if matches!(arguments[0], "list" | "export") => case.reads,
        (_, true) => Expect::Success,
    };
    if ended.shown.contains(SECRET) {
        return Some(format!("shows the key: {}", ended.shown.replace(SECRET, "KEY")));
    }
    if server.most_repeated() > BODY + SOCKET_BUFFERS {
        return Some(format!("read {} bytes of a response", server.most_repeated()));
    }
    if ended.peak > MEMORY {
        return Some(format!("used {} MiB", ended.peak >> 20));
    }
    match (ended.code, expected) {
        (None, _) => Some(format!("died of a signal: {}", ended.stderr)),
        (Some(101), _) => Some(format!("panicked: {}", ended.stderr)),
        (Some(0), Expect::Failure) => Some(format!("succeeded: {}", ended.shown)),
        (Some(code), Expect::Success) if code != 0 => Some(format!("failed with {code}: {}", ended.stderr)),
        (Some(code), _) if code != 0 && ended.stderr.trim().len() < 20 => {
            Some(format!("explains too little: {:?}", ended.stderr))
        }
        _ => None,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_server_makes_a_command_hang_crash_leak_or_use_much_memory() {
    let elsewhere = ScriptedServer::start(|_| vec![Step::Close]).await;
    let only = std::env::var("HOSTILE_ONLY").unwrap_or_default();
    let mut cases = cases(elsewhere.address());
    cases.retain(|case| case.name.contains(&only));
    let applies = |case: &Case, command: &str| match command {
        // An endless list never ends an export.
        "export" => case.name != "endless pages",
        "list" => true,
        _ => !case.only_list,
    };
    let runs: Vec<_> = cases
        .iter()
        .flat_map(|case| COMMANDS.map(|command| (case, command)))
        .filter(|(case, command)| applies(case, command[0]))
        .collect();
    assert!(!runs.is_empty(), "no case matches");
    let (count, started) = (runs.len(), Instant::now());
    let problems: Vec<String> = stream::iter(runs)
        .map(|(case, command)| async move {
            let problem = problem(case, command).await?;
            Some(format!("{} / {}: {problem}", case.name, command[0]))
        })
        .buffer_unordered(8)
        .filter_map(|problem| async { problem })
        .collect()
        .await;
    println!("{count} runs in {:?}", started.elapsed());
    assert!(problems.is_empty(), "{} of {count}:\n{}", problems.len(), problems.join("\n"));
    assert_eq!(elsewhere.connections(), 0, "another server was called");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_interim_responses_does_not_outlast_the_timeout() {
    for command in [COMMANDS[0], COMMANDS[1]] {
        let server = ScriptedServer::start(|_| flood()).await;
        let (url, started) = (server.url(), Instant::now());
        let ended = tokio::task::spawn_blocking(move || run(&url, command)).await.unwrap().unwrap();
        assert_eq!(ended.code, Some(1), "{}", ended.stderr);
        assert!(ended.stderr.contains("within the timeout"), "{}", ended.stderr);
        // Two attempts of 1 s each, on a machine that may be busy.
        assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_is_not_trusted_is_explained_and_the_remedy_works() {
    let fake = Fake::builder().state(State::default()).start().await.unwrap();
    let plain = fake.url().strip_prefix("http://").unwrap().parse().unwrap();
    let (url, key) = (format!("https://{}", tls_proxy(plain).await), fake.key());
    let run = |trust: Option<&str>| {
        let mut command = Command::new(PROGRAM);
        command.args(["types", "--host", &url]).env_clear().env("POSTHOG_PERSONAL_API_KEY", &key);
        command.env("POSTHOG_PROJECT_ID", "1").envs(trust.map(|file| ("SSL_CERT_FILE", file)));
        tokio::task::spawn_blocking(move || command.output().unwrap())
    };
    let refused = run(None).await.unwrap();
    let explained = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success());
    assert!(explained.contains("invalid peer certificate: UnknownIssuer"), "{explained}");
    assert!(explained.contains("add that authority to the system's certificate store"), "{explained}");
    assert!(explained.contains("SSL_CERT_FILE"), "{explained}");
    if cfg!(target_os = "linux") {
        let accepted = run(Some(CERTIFICATE)).await.unwrap();
        assert!(accepted.status.success(), "{}", String::from_utf8_lossy(&accepted.stderr));
    }
}
