use std::fmt;
use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::scripted::{Request, Step, response};

/// The personal API key of the tests. It must not appear anywhere but in the Authorization header.
pub const SECRET: &str = "phx_SecretOfTheHostileSuite";

/// How a call must end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// With success.
    Success,
    /// With an error.
    Failure,
    /// Either way.
    Either,
}

type Respond = dyn Fn(&Request) -> Vec<Step> + Send + Sync;

/// A way in which a server misbehaves.
#[derive(Clone)]
pub struct Case {
    /// The name.
    pub name: String,
    /// How reads must end.
    pub reads: Expect,
    /// How writes must end.
    pub writes: Expect,
    /// Whether it only concerns lists of groups.
    pub only_list: bool,
    respond: Arc<Respond>,
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Case {
    fn new(
        name: impl Into<String>,
        expect: Expect,
        respond: impl Fn(&Request) -> Vec<Step> + Send + Sync + 'static,
    ) -> Self {
        let name = name.into();
        Self { name, reads: expect, writes: expect, only_list: false, respond: Arc::new(respond) }
    }

    fn writes(self, writes: Expect) -> Self {
        Self { writes, ..self }
    }

    fn list(
        name: impl Into<String>,
        expect: Expect,
        respond: impl Fn(&Request) -> Vec<Step> + Send + Sync + 'static,
    ) -> Self {
        Self { only_list: true, ..Self::new(name, expect, respond) }
    }

    /// The response to a request. The group types are always listed properly, so that writes get past them.
    pub fn respond(&self, request: &Request) -> Vec<Step> {
        let types = request.target().contains("/groups_types/");
        let list = request.method() == "GET" && request.target().contains("/groups/?");
        if types || (self.only_list && !list) { well(request) } else { (self.respond)(request) }
    }
}

/// The proper status and body for a request.
fn proper(request: &Request) -> (u16, String) {
    let group = json!({
        "group_type_index": 0, "group_key": "org:5", "group_properties": {"plan": "free", "n": 1},
        "created_at": "2026-01-01T00:00:00Z",
    });
    let target = request.target();
    let project = json!({"id": 1, "uuid": "0185f0a2-0000-0000-0000-000000000001", "organization": "o",
        "api_token": "phc_1", "name": "One", "timezone": "UTC"});
    let path = target.split('?').next().unwrap_or_default().trim_end_matches('/');
    let last = path.rsplit('/').next().unwrap_or_default();
    let body: Value = match (request.method(), last) {
        (_, "groups_types") => {
            json!([{"group_type": "organization", "group_type_index": 0, "name_singular": null,
            "name_plural": null, "detail_dashboard": null, "default_columns": null, "created_at": null}])
        }
        ("GET", "groups") => json!({"next": null, "previous": null, "results": [group]}),
        (_, "activity") => json!({"results": [], "next": null, "previous": null, "total_count": 0}),
        (_, "related") => json!([]),
        (_, "property_values") => json!({"results": [], "refreshing": false}),
        (_, "projects") => json!({"count": 1, "next": null, "previous": null, "results": [project]}),
        (_, "@me") => json!({"uuid": "0185f0a2-0000-0000-0000-000000000002", "email": "a@example.com",
            "team": project, "organization": null, "organizations": []}),
        (_, "find") => {
            let mut group = group;
            group["notebook"] = Value::Null;
            group
        }
        _ => group,
    };
    let created = request.method() == "POST" && last == "groups";
    (if created { 201 } else { 200 }, body.to_string())
}

const JSON: &str = "content-type: application/json\r\n";
const HTML: &str = "content-type: text/html\r\n";

fn answer(status: u16, body: &str) -> Vec<u8> {
    response(&format!("{status} Status"), JSON, body)
}

/// The proper response.
fn well(request: &Request) -> Vec<Step> {
    let (status, body) = proper(request);
    vec![Step::Send(answer(status, &body))]
}

/// A raw response, after which the connection closes.
fn raw(bytes: impl Into<Vec<u8>>) -> Vec<Step> {
    vec![Step::Send(bytes.into()), Step::Close]
}

fn page(next: &Value, keys: &[String]) -> String {
    let group = |key: &String| {
        json!({"group_type_index": 0, "group_key": key, "group_properties": {"n": 1},
            "created_at": "2026-01-01T00:00:00Z"})
    };
    let results: Vec<Value> = keys.iter().map(group).collect();
    json!({"next": next, "previous": null, "results": results}).to_string()
}

/// One page whose `next` is this, and after it the last page.
fn two_pages(next: impl Fn(&Request) -> Value + Send + Sync + 'static) -> impl Fn(&Request) -> Vec<Step> {
    move |request: &Request| {
        let second = request.target().contains("cursor=");
        let body = if second {
            page(&Value::Null, &["second".to_owned()])
        } else {
            page(&next(request), &["first".to_owned()])
        };
        vec![Step::Send(answer(200, &body))]
    }
}

/// A gzip file that decompresses to a gibibyte of spaces. Its 64 parts are equal, so only one of them is compressed.
fn gzip_bomb() -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    // Writing to memory does not fail.
    let _ = encoder.write_all(&vec![b' '; 16 << 20]);
    encoder.finish().unwrap_or_default().repeat(64)
}

/// All cases. `elsewhere` is a server that must never be called.
pub fn cases(elsewhere: SocketAddr) -> Vec<Case> {
    use Expect::{Either, Failure, Success};
    let pause = Duration::from_millis(30);
    let mut cases = Vec::new();
    let mut add = |case: Case| cases.push(case);

    // Sizes.
    let item = r#"{"group_type_index":0,"group_key":"a","group_properties":{},"created_at":"2026-01-01T00:00:00Z"},"#;
    let endless = move |headers: &str, chunk: String| {
        let head = format!("HTTP/1.1 200 OK\r\n{JSON}{headers}\r\n");
        move |_: &Request| {
            vec![Step::Send(head.clone().into_bytes()), Step::Repeat(chunk.clone().into_bytes())]
        }
    };
    add(Case::new("endless body", Failure, endless("", item.repeat(100))));
    let chunk = item.repeat(100);
    let chunked = format!("{:x}\r\n{chunk}\r\n", chunk.len());
    add(Case::new("endless chunked body", Failure, endless("transfer-encoding: chunked\r\n", chunked)));
    add(Case::new("endless whitespace", Failure, endless("", " ".repeat(1 << 14))));
    add(Case::new("endless headers", Failure, |_| {
        vec![Step::Send(b"HTTP/1.1 200 OK\r\n".to_vec()), Step::Repeat(b"x-filler: abcdefgh\r\n".repeat(100))]
    }));
    add(Case::new("an endless header", Failure, |_| {
        vec![Step::Send(b"HTTP/1.1 200 OK\r\nx-filler: ".to_vec()), Step::Repeat(vec![b'a'; 1 << 14])]
    }));
    add(Case::new("an endless status line", Failure, |_| {
        vec![Step::Send(b"HTTP/1.1 200 ".to_vec()), Step::Repeat(vec![b'a'; 1 << 14])]
    }));
    let bomb = gzip_bomb();
    add(Case::new("gzip bomb", Failure, move |_| {
        let head = format!(
            "HTTP/1.1 200 OK\r\n{JSON}content-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
            bomb.len()
        );
        raw([head.as_bytes(), &bomb].concat())
    }));
    for (name, depth) in [("nesting of 1,000", 1_000), ("nesting of 100,000", 100_000)] {
        add(Case::new(name, Either, move |_| {
            let deep = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            let group = r#""group_type_index":0,"group_key":"org:5","created_at":"2026-01-01T00:00:00Z","notebook":null"#;
            let group = format!(r#"{{{group},"group_properties":{{"deep":{deep}}}}}"#);
            vec![Step::Send(answer(
                200,
                &format!(r#"{{"next":null,"previous":null,"results":[{group}],{}"#, &group[1..]),
            ))]
        }));
    }

    // Time.
    add(Case::new("byte by byte", Failure, move |request| {
        let (status, body) = proper(request);
        vec![Step::Slowly(answer(status, &body), pause)]
    }));
    add(Case::new("silence", Failure, |_| vec![Step::Wait(Duration::from_secs(30))]));
    add(Case::new("silence after the headers", Failure, |_| {
        vec![
            Step::Send(format!("HTTP/1.1 200 OK\r\n{JSON}content-length: 100\r\n\r\n{{").into_bytes()),
            Step::Wait(Duration::from_secs(30)),
        ]
    }));

    // Connections.
    add(Case::new("closed at once", Failure, |_| vec![Step::Close]));
    add(Case::new("reset at once", Failure, |_| vec![Step::Reset]));
    add(Case::new("reset in the headers", Failure, |_| {
        vec![Step::Send(b"HTTP/1.1 200 OK\r\ncontent-".to_vec()), Step::Reset]
    }));
    add(Case::new("reset in the body", Failure, |request| {
        let (status, body) = proper(request);
        let bytes = answer(status, &body);
        vec![
            Step::Send(bytes[..bytes.len() - 5].to_vec()),
            Step::Wait(Duration::from_millis(50)),
            Step::Reset,
        ]
    }));

    // HTTP that is not valid.
    for (name, bytes) in [
        ("a server that speaks SSH", &b"SSH-2.0-OpenSSH_9.6\r\n"[..]),
        ("a server that speaks TLS", b"\x15\x03\x01\x00\x02\x02\x28"),
        ("a server that speaks HTTP/2", b"\x00\x00\x12\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64"),
        ("HTTP/0.9", b"<html>hello</html>"),
        ("a status that is not a number", b"HTTP/1.1 abc OK\r\n\r\n"),
        ("a status of four digits", b"HTTP/1.1 2000 OK\r\ncontent-length: 0\r\n\r\n"),
        ("status 99", b"HTTP/1.1 99 Low\r\ncontent-length: 0\r\n\r\n"),
        ("status 999", b"HTTP/1.1 999 High\r\ncontent-length: 0\r\n\r\n"),
        ("HTTP/9.9", b"HTTP/9.9 200 OK\r\ncontent-length: 2\r\n\r\n{}"),
        ("NUL in a header", b"HTTP/1.1 200 OK\r\nx-a: b\0c\r\ncontent-length: 2\r\n\r\n{}"),
        ("a header without a colon", b"HTTP/1.1 200 OK\r\nnonsense\r\ncontent-length: 2\r\n\r\n{}"),
        ("a negative length", b"HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n{}"),
        ("a length that is not a number", b"HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n{}"),
        ("an absurd length", b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\n{}"),
        ("a length of 8 EiB", b"HTTP/1.1 200 OK\r\ncontent-length: 9223372036854775807\r\n\r\n{}"),
        ("a length without a body", b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n"),
        ("different lengths", b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}x"),
        ("a bad chunk size", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"),
        (
            "a chunk size of 8 EiB",
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n7fffffffffffffff\r\n{}",
        ),
        ("no last chunk", b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n"),
        ("an unknown transfer encoding", b"HTTP/1.1 200 OK\r\ntransfer-encoding: magic\r\n\r\n{}"),
        (
            "an upgrade",
            b"HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n",
        ),
    ] {
        add(Case::new(name, Failure, move |_| raw(bytes)));
    }
    add(Case::new("a length that is too small", Failure, |request| {
        let (status, body) = proper(request);
        raw(format!("HTTP/1.1 {status} OK\r\n{JSON}content-length: {}\r\n\r\n{body}", body.len() - 1))
    }));
    add(Case::new("a second response that nobody asked for", Either, |request| {
        let (status, body) = proper(request);
        let second = answer(500, r#"{"detail":"smuggled"}"#);
        vec![Step::Send([answer(status, &body), second].concat())]
    }));
    add(Case::new("interim responses", Success, |request| {
        let (status, body) = proper(request);
        let interim =
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n".repeat(3);
        vec![Step::Send([interim, answer(status, &body)].concat())]
    }));
    // Not as fast as possible: see `flood`.
    add(Case::new("endless interim responses", Failure, |_| {
        vec![Step::Slowly(b"HTTP/1.1 103 Early Hints\r\n\r\n".repeat(10_000), Duration::from_millis(1))]
    }));

    // Statuses.
    for status in [201, 202, 203, 204, 205, 206, 226, 299] {
        let body = if status == 204 || status == 205 { "" } else { "{}" };
        let case = Case::new(format!("{status} on everything"), Failure, move |_| {
            vec![Step::Send(answer(status, body))]
        });
        add(case);
    }
    for status in [
        300, 304, 399, 400, 402, 405, 409, 413, 451, 499, 500, 501, 502, 503, 504, 511, 512, 520, 522, 524,
        530, 599,
    ] {
        add(Case::new(format!("{status} with HTML"), Failure, move |_| {
            let page = format!("<html><title>{status}</title><h1>Error {status}</h1></html>");
            vec![Step::Send(response(
                &format!("{status} Error"),
                HTML,
                if status == 304 { "" } else { &page },
            ))]
        }));
    }
    for wait in [
        "99999999999",
        "-1",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "1e300",
        "soon",
        "",
        "18446744073709551616",
    ] {
        for status in if wait.len() > 8 { &[429, 503][..] } else { &[429] } {
            add(Case::new(format!("{status} with Retry-After: {wait}"), Failure, move |_| {
                let body = r#"{"type":"throttled_error","code":"throttled","detail":"Request was throttled.","attr":null}"#;
                vec![Step::Send(response(
                    &format!("{status} Wait"),
                    &format!("{JSON}retry-after: {wait}\r\n"),
                    body,
                ))]
            }));
        }
    }

    // Redirects.
    for status in [301, 302, 303, 307, 308] {
        for (name, location) in [
            ("the same origin", "/elsewhere/".to_owned()),
            ("another origin", format!("http://{elsewhere}/api/projects/1/groups/")),
            ("another scheme", format!("https://{elsewhere}/")),
            ("another port of a name", format!("http://localhost:{}/", elsewhere.port())),
            ("a file", "file:///etc/passwd".to_owned()),
            ("itself", String::new()),
        ] {
            if ![302, 307].contains(&status) && name != "another origin" {
                continue;
            }
            add(Case::new(format!("{status} to {name}"), Failure, move |request| {
                let location = if location.is_empty() { request.target() } else { &location };
                vec![Step::Send(response(
                    &format!("{status} Moved"),
                    &format!("location: {location}\r\n"),
                    "",
                ))]
            }));
        }
    }

    // Bodies.
    for (name, body) in [
        ("HTML with 200", "<!doctype html><html><body>Sign in</body></html>"),
        ("an empty body", ""),
        ("null", "null"),
        ("a number", "42"),
        ("a string", "\"ok\""),
        ("half of the JSON", r#"{"next":null,"previous":null,"resul"#),
        ("two documents", "{} {}"),
        ("not UTF-8", "{\"next\":null,\"previous\":null,\"results\":[\u{fffd}]"),
        (
            "members of other types",
            r#"{"next":1,"previous":{},"results":{},"group_type_index":"x","group_key":7,
            "group_properties":5,"created_at":"yesterday","count":"x","uuid":[],"email":{},"total_count":"x"}"#,
        ),
    ] {
        add(Case::new(name, Failure, move |_| vec![Step::Send(answer(200, body))]));
    }
    add(Case::new("an empty object", Failure, |_| vec![Step::Send(answer(200, "{}"))]));

    // The key, echoed.
    for status in [200, 400, 401, 403, 404, 429, 500, 502] {
        add(Case::new(format!("{status} that echoes the key"), Either, move |request| {
            let key = request
                .head
                .lines()
                .find_map(|l| l.split_once("Bearer ").map(|(_, key)| key.trim().to_owned()));
            let key = key.unwrap_or_default();
            let detail = json!({"type": "validation_error", "code": key, "detail": format!("bad key {key}"),
                "attr": key, "extra": {"authorization": format!("Bearer {key}")}, "next": null,
                "results": [{"group_key": key, "group_type_index": 0}]});
            let headers =
                format!("{JSON}x-request-id: {key}\r\nx-echo: Bearer {key}\r\nretry-after: {key}\r\n");
            vec![Step::Send(response(&format!("{status} {key}"), &headers, &detail.to_string()))]
        }));
    }
    add(Case::new("an HTML page that echoes the request", Failure, |request| {
        let page = format!("<html><pre>{}</pre></html>", request.head);
        vec![Step::Send(response("400 Bad Request", HTML, &page))]
    }));

    // Pages.
    for (name, origin) in [
        ("another scheme", "https://127.0.0.1"),
        ("an internal name", "http://posthog.internal"),
        ("an address of the cloud's metadata", "http://169.254.169.254"),
        ("user info", "http://user:password@127.0.0.1"),
        ("no scheme", "//evil.example"),
        ("no origin", ""),
        ("a file", "file://"),
    ] {
        add(Case::list(
            format!("next with {name}"),
            Success,
            two_pages(move |_| {
                json!(format!("{origin}/api/projects/1/groups/?cursor=abc&group_type_index=0"))
            }),
        ));
    }
    for host in [elsewhere.to_string(), format!("localhost:{}", elsewhere.port())] {
        add(Case::list(
            format!("next at {host}"),
            Success,
            two_pages(move |_| json!(format!("http://{host}/collect?cursor=abc&key=steal"))),
        ));
    }
    for (name, next) in [
        ("next without a cursor", json!("http://127.0.0.1/api/projects/1/groups/?group_type_index=0")),
        ("next with an empty cursor", json!("http://127.0.0.1/?cursor=")),
        ("next that is not a URL", json!("more")),
        ("next that is a number", json!(7)),
        ("next that is an object", json!({"cursor": "abc"})),
        ("next that is a list", json!(["?cursor=abc"])),
    ] {
        add(Case::list(name, Failure, two_pages(move |_| next.clone())));
    }
    add(Case::list(
        "next with a cursor of 1 MB",
        Either,
        two_pages(|_| json!(format!("http://127.0.0.1/?cursor={}", "a".repeat(1 << 20)))),
    ));
    add(Case::list(
        "next with control characters",
        Either,
        two_pages(|_| json!("http://127.0.0.1/?cursor=a%0d%0ax-injected: 1%00\u{1b}[31m")),
    ));
    let numbered = |request: &Request, keys: &dyn Fn(usize) -> Vec<String>| {
        let next = json!(format!("http://127.0.0.1/?cursor=c{}", request.number));
        vec![Step::Send(answer(200, &page(&next, &keys(request.number))))]
    };
    add(Case::list("endless pages", Success, move |request| {
        numbered(request, &|n| vec![format!("org:{n}")])
    }));
    add(Case::list("endless empty pages", Failure, move |request| numbered(request, &|_| Vec::new())));
    add(Case::list("the same page again and again", Failure, move |request| {
        numbered(request, &|_| vec!["org:5".to_owned()])
    }));
    add(Case::list("the same cursor again and again", Failure, |request| {
        let next = json!("http://127.0.0.1/?cursor=same");
        vec![Step::Send(answer(200, &page(&next, &[format!("org:{}", request.number)])))]
    }));
    cases.push(Case::new("a proper server", Success, well).writes(Success));
    cases
}
