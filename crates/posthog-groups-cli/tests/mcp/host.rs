//! A minimal host for the tests: JSON-RPC over lines.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use posthog_groups_fake::Fake;
use serde_json::{Value, json};

/// The key in all tests, which is easy to find in output that must not contain it.
pub(crate) const KEY: &str = "phx_Recognizable0123456789";

/// The program, connected to the server, with an empty standard input.
pub(crate) fn program(fake: &Fake, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_posthog-groups"));
    command.args(arguments).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("POSTHOG_") {
            command.env_remove(name);
        }
    }
    command.env("POSTHOG_GROUPS_CONFIG", "").env("HOME", std::env::temp_dir());
    command.env("POSTHOG_HOST", fake.url()).env("POSTHOG_PERSONAL_API_KEY", KEY);
    command
}

/// One session with the program.
pub(crate) struct Host {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
    last_id: u64,
    received: String,
    /// The length of the longest result of a tool.
    pub(crate) largest: usize,
}

/// The result of a tool.
pub(crate) struct Answer {
    pub(crate) text: String,
    pub(crate) is_error: bool,
}

impl Host {
    /// Starts the program, and negotiates the version of the protocol.
    pub(crate) fn start(fake: &Fake, arguments: &[&str]) -> Self {
        let mut command = program(fake, arguments);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (stdin, stdout) = (child.stdin.take(), BufReader::new(child.stdout.take().unwrap()));
        let mut host = Self { child, stdin, stdout, last_id: 0, received: String::new(), largest: 0 };
        let client = json!({"name": "test", "version": "1"});
        let hello = host.ask(
            "initialize",
            json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client}),
        );
        assert_eq!(hello["result"]["protocolVersion"], "2025-06-18", "{hello}");
        assert_eq!(hello["result"]["serverInfo"]["name"], "posthog-groups");
        assert!(hello["result"]["instructions"].as_str().unwrap().contains("list_group_types"));
        host.write(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
        host
    }

    fn write(&mut self, message: &Value) {
        writeln!(self.stdin.as_mut().unwrap(), "{message}").unwrap();
    }

    fn ask(&mut self, method: &str, parameters: Value) -> Value {
        self.last_id += 1;
        self.write(&json!({"jsonrpc": "2.0", "id": self.last_id, "method": method, "params": parameters}));
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        self.received.push_str(&line);
        let answer: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(answer["id"], self.last_id, "{answer}");
        answer
    }

    pub(crate) fn tools(&mut self) -> Vec<Value> {
        self.ask("tools/list", json!({}))["result"]["tools"].as_array().unwrap().clone()
    }

    pub(crate) fn tool_names(&mut self) -> Vec<String> {
        self.tools().iter().map(|tool| tool["name"].as_str().unwrap().to_owned()).collect()
    }

    /// Calls a tool without waiting for the result.
    pub(crate) fn send(&mut self, tool: &str, arguments: Value) {
        self.last_id += 1;
        let parameters = json!({"name": tool, "arguments": arguments});
        self.write(
            &json!({"jsonrpc": "2.0", "id": self.last_id, "method": "tools/call", "params": parameters}),
        );
    }

    pub(crate) fn call(&mut self, tool: &str, arguments: Value) -> Answer {
        let answer = self.ask("tools/call", json!({"name": tool, "arguments": arguments}));
        let result = &answer["result"];
        assert_eq!(result["content"][0]["type"], "text", "{answer}");
        let text = result["content"][0]["text"].as_str().unwrap().to_owned();
        self.largest = self.largest.max(text.len());
        Answer { text, is_error: result["isError"] == true }
    }

    /// A call that succeeds.
    pub(crate) fn ok(&mut self, tool: &str, arguments: Value) -> Value {
        let answer = self.call(tool, arguments);
        assert!(!answer.is_error, "{tool}: {}", answer.text);
        serde_json::from_str(&answer.text).unwrap()
    }

    /// A call that fails.
    pub(crate) fn failed(&mut self, tool: &str, arguments: Value) -> Value {
        let answer = self.call(tool, arguments);
        assert!(answer.is_error, "{tool}: {}", answer.text);
        serde_json::from_str(&answer.text).unwrap()
    }

    /// A call of a tool that is not offered.
    pub(crate) fn refused(&mut self, tool: &str, arguments: Value) -> String {
        let answer = self.ask("tools/call", json!({"name": tool, "arguments": arguments}));
        answer["error"]["message"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    /// One field of all results, page by page.
    pub(crate) fn all(&mut self, tool: &str, mut arguments: Value, member: &str) -> Vec<String> {
        let mut found = Vec::new();
        loop {
            let part = self.ok(tool, arguments.clone());
            for result in part["results"].as_array().unwrap() {
                found.push(result[member].to_string().trim_matches('"').to_owned());
            }
            if part["next_cursor"].is_null() {
                return found;
            }
            arguments["cursor"] = part["next_cursor"].clone();
        }
    }

    /// Closes the connection, and returns all output of the program.
    pub(crate) fn end(mut self) -> (String, String) {
        drop(self.stdin.take());
        self.stdout.read_to_string(&mut self.received).unwrap();
        let mut stderr = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        assert!(self.child.wait().unwrap().success(), "{stderr}");
        (std::mem::take(&mut self.received), stderr)
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
