//! A server that generates pages on request, for more groups than fit in memory.

use std::io;

use posthog_groups_fake::DEFAULT_KEY;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::servers::{announce, properties, start};

const PAGE: u64 = 100;

/// Serves the list of this many groups, newest first, until standard input ends.
pub(crate) fn serve(groups: u64) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
    let url = format!("http://{}", listener.local_addr()?);
    let own_url = url.clone();
    runtime.spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            let url = own_url.clone();
            // Broken connections are handled by the client.
            tokio::spawn(async move { answer_all(connection, &url, groups).await.ok() });
        }
    });
    announce(&url)
}

/// Responds to the requests of a connection. All of them are reads, so a request ends with its head.
async fn answer_all(mut connection: TcpStream, url: &str, groups: u64) -> io::Result<()> {
    connection.set_nodelay(true)?;
    let mut received = Vec::new();
    loop {
        while let Some(end) = received.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&received[..end]).into_owned();
            received.drain(..end + 4);
            let (status, body) = answer(&head, url, groups);
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            connection.write_all(head.as_bytes()).await?;
            connection.write_all(body.as_bytes()).await?;
        }
        if connection.read_buf(&mut received).await? == 0 {
            return Ok(());
        }
    }
}

fn answer(head: &str, url: &str, groups: u64) -> (&'static str, String) {
    let target = head.split(' ').nth(1).unwrap_or_default();
    if !head.contains(DEFAULT_KEY) {
        return ("401 Unauthorized", "{}".to_owned());
    }
    if target.contains("/groups_types/") {
        let organization =
            r#"[{"group_type":"organization","group_type_index":0,"name_singular":null,"name_plural":null}]"#;
        return ("200 OK", organization.to_owned());
    }
    let cursor = target.split_once("cursor=").and_then(|(_, rest)| rest.split('&').next()?.parse().ok());
    ("200 OK", page(url, cursor.unwrap_or(groups)))
}

/// The groups below this number. Every second group has the plan of its row.
fn page(url: &str, below: u64) -> String {
    let last = below.saturating_sub(PAGE);
    let next = match last {
        0 => "null".to_owned(),
        last => format!(r#""{url}/api/projects/1/groups/?group_type_index=0&cursor={last}""#),
    };
    let results: Vec<_> = (last..below)
        .rev()
        .map(|n| {
            let plan = if n % 2 == 0 { "enterprise" } else { "free" };
            let created = start() + chrono::TimeDelta::seconds(i64::try_from(n).unwrap_or_default());
            format!(
                r#"{{"group_type_index":0,"group_key":"org:{n}","group_properties":{},"created_at":"{}"}}"#,
                properties(n, plan),
                created.format("%Y-%m-%dT%H:%M:%SZ")
            )
        })
        .collect();
    format!(r#"{{"next":{next},"previous":null,"results":[{}]}}"#, results.join(","))
}
