use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_posthog-groups-fake"))
}

/// Kills the program if a test fails.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the program and waits until it listens.
fn running(command: &mut Command) -> (Running, String) {
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (Running(child), line)
}

fn failed(command: &mut Command) -> String {
    let Output { status, stderr, .. } = command.output().unwrap();
    assert_eq!(status.code(), Some(2));
    String::from_utf8(stderr).unwrap()
}

#[tokio::test]
async fn it_serves_the_given_state_and_prints_its_address() {
    let folder = tempfile::tempdir().unwrap();
    let port_file = folder.path().join("port");
    let mut command = program();
    command.args(["--seed", "250", "--page-size", "50", "--era", "2025", "--port-file"]).arg(&port_file);
    let (_running, line) = running(&mut command);
    let port: u16 = std::fs::read_to_string(&port_file).unwrap().trim().parse().unwrap();
    assert_eq!(line.trim_end(), format!("http://127.0.0.1:{port} (PostHog of 2025; key phx_default)"));

    let url = format!("http://127.0.0.1:{port}/api/projects/@current/groups/?group_type_index=0");
    let response = reqwest::Client::new().get(url).bearer_auth("phx_default").send().await.unwrap();
    let page: Value = response.json().await.unwrap();
    assert_eq!(page["results"].as_array().unwrap().len(), 50);
    assert_eq!(page["results"][0]["group_key"], "org:246");
}

#[tokio::test]
async fn delays_are_seconds() {
    let mut command = program();
    command.args(["--list-delay", "3600", "--ingestion-delay", "0.05"]);
    let (_running, line) = running(&mut command);
    let url = line.split(' ').next().unwrap();
    let http = reqwest::Client::new();
    let event = serde_json::json!({"event": "$groupidentify", "distinct_id": "any", "api_key": "phc_1",
        "properties": {"$group_type": "organization", "$group_key": "late"}});
    assert_eq!(http.post(format!("{url}/e/")).json(&event).send().await.unwrap().status(), 200);

    let groups = format!("{url}/api/projects/1/groups");
    let find = format!("{groups}/find/?group_type_index=0&group_key=late");
    let get = async |url: &str| http.get(url).bearer_auth("phx_default").send().await.unwrap();
    let started = std::time::Instant::now();
    while get(&find).await.status() != 200 {
        assert!(started.elapsed().as_secs() < 30);
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let page: Value = get(&format!("{groups}/?group_type_index=0")).await.json().await.unwrap();
    assert_eq!(page["results"], serde_json::json!([]));

    for delay in ["soon", "-1", "inf"] {
        let error = failed(program().args([&format!("--list-delay={delay}")]));
        assert!(error.contains("--list-delay"), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn a_signal_stops_it_cleanly() {
    for signal in ["-INT", "-TERM"] {
        let (mut running, _) = running(&mut program());
        let sent = Command::new("kill").args([signal, &running.0.id().to_string()]).status().unwrap();
        assert!(sent.success());
        assert_eq!(running.0.wait().unwrap().code(), Some(0), "{signal}");
    }
}

#[test]
fn an_invalid_state_file_is_reported_with_line_and_member() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("world.json");
    std::fs::write(
        &file,
        "{\n  \"groups\": [\n    {\"group_type_index\": \"x\", \"group_key\": \"a\"}\n  ]\n}\n",
    )
    .unwrap();
    let error = failed(program().arg("--state").arg(&file));
    for part in ["world.json", "groups[0].group_type_index", "line 3"] {
        assert!(error.contains(part), "{error}");
    }
    let error = failed(program().arg("--state").arg(folder.path().join("missing.json")));
    assert!(error.contains("missing.json"), "{error}");
}

#[test]
fn a_port_in_use_is_an_error_and_no_port_file_is_written() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let folder = tempfile::tempdir().unwrap();
    let port_file = folder.path().join("port");
    let error = failed(program().args(["--port", &port, "--port-file"]).arg(&port_file));
    assert!(error.contains(&format!("127.0.0.1:{port}")), "{error}");
    assert!(!port_file.exists());
}

#[test]
fn it_warns_when_other_machines_can_reach_it() {
    for (host, warns) in [("127.0.0.1", false), ("0.0.0.0", true)] {
        let mut child =
            program().args(["--host", host]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        child.kill().unwrap();
        let stderr = String::from_utf8(child.wait_with_output().unwrap().stderr).unwrap();
        assert_eq!(stderr.contains("accepts connections from other machines"), warns, "{stderr}");
    }
}

#[test]
fn the_help_has_examples() {
    let output = program().arg("--help").output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    for part in ["--seed 1000", "/__admin/faults", "--port-file", "Exit status"] {
        assert!(help.contains(part), "{help}");
    }
}
