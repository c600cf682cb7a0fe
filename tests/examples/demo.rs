//! Calls all ten operations of the generated client on a stand-in server of each era, and prints a table of
//! request, answer and type. The last step of `cargo xtask demo`.

use std::io::{self, Write};

use posthog_groups_client::{Error, PersonalApiKey, connect};
use posthog_groups_fake::Fake;
use posthog_groups_tests::{GROUPS_OPERATIONS, call, seed};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut out = io::stdout();
    for era in ["2025", "2026"] {
        let fake = Fake::builder().state(seed(era)?).start().await?;
        let client = connect(&fake.url(), PersonalApiKey::new(&fake.key())?)?;
        writeln!(out, "\nA server of {era} on {}:", fake.url())?;
        writeln!(out, "  {:<26} {:<6} {:<22} answer", "operation", "status", "type")?;
        for operation in GROUPS_OPERATIONS {
            let (status, type_name, answer) = match call(&client, operation, "@current").await {
                Ok(answer) => (answer.status, answer.type_name, answer.debug),
                Err(Error::UnexpectedResponse(response)) => {
                    (response.status().as_u16(), "(an error)".to_owned(), response.text().await?)
                }
                Err(e) => return Err(anyhow::anyhow!("{operation}: {e:?}")),
            };
            writeln!(out, "  {operation:<26} {status:<6} {type_name:<22} {}", excerpt(&answer))?;
            if let Some(request) = fake.journal().last() {
                let query =
                    if request.query.is_empty() { String::new() } else { format!("?{}", request.query) };
                writeln!(out, "    {} {}{query} {}", request.method, request.path, request.body)?;
            }
        }
        fake.shutdown().await;
    }
    Ok(())
}

/// One line of an answer, cut where it gets long.
fn excerpt(answer: &str) -> String {
    const WIDTH: usize = 110;
    let line = answer.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(WIDTH) {
        Some((end, _)) => format!("{} ...", &line[..end]),
        None => line,
    }
}
