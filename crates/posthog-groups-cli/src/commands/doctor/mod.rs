//! `doctor`: checks everything from the configuration to the server, each check with a finding and help.

mod check;
mod clock;
mod probes;
mod verdicts;

use posthog_groups::{Client, GroupType};

use self::check::{Check, Status};
use crate::arguments::{Format, GlobalArguments};
use crate::connection::{Context, group_type_ref, no_key};
use crate::exit::{Code, Failure, wait_for};
use crate::output::{List, Output};
use crate::style::Styles;
use crate::visible::visible;

/// Prints checks as they complete, and counts their results.
struct Report<'o> {
    output: &'o Output,
    list: List<'o, Check>,
    /// The exit codes because of checks.
    codes: Vec<Code>,
    warned: u32,
}

impl<'o> Report<'o> {
    fn new(output: &'o Output) -> Self {
        Self { output, list: output.list(), codes: Vec::new(), warned: 0 }
    }

    /// Prints one check. Returns whether it did not fail.
    fn add(&mut self, check: Check) -> Result<bool, Failure> {
        let status = check.status;
        self.codes.extend(check.code);
        self.warned += u32::from(status == Status::Warn && check.code.is_none());
        if self.output.format() == Format::Table {
            for line in lines(&check, self.output.styles()) {
                self.output.line(&line)?;
            }
        } else {
            self.list.push(check)?;
        }
        Ok(status != Status::Fail)
    }

    fn end(mut self) -> Result<(), Failure> {
        let throttled = self.codes.iter().filter(|code| **code == Code::RateLimited).count();
        if self.output.format() == Format::Table {
            self.output.line("")?;
            self.output.line(&match (self.codes.len() - throttled, self.warned) {
                (0, _) if throttled > 0 => {
                    format!("no failures, but the server throttles this key; not checked: {throttled}")
                }
                (0, 0) => "all checks passed".to_owned(),
                (0, warned) => format!("it works; warnings: {warned}"),
                (failed, warned) => format!("failed: {failed}, warnings: {warned}"),
            })?;
        } else {
            self.list.end()?;
        }
        let gravest = [Code::Failed, Code::Auth, Code::RateLimited];
        match gravest.into_iter().find(|code| self.codes.contains(code)) {
            Some(code) => Err(Failure::Reported(code)),
            None => Ok(()),
        }
    }
}

fn lines(check: &Check, styles: Styles) -> Vec<String> {
    let status = match check.status {
        Status::Ok => styles.good("ok  "),
        Status::Warn => styles.warning("warn"),
        Status::Fail => styles.failed("FAIL"),
    };
    let mut lines = vec![format!("{status}  {:<17}  {}", check.check, visible(&check.found))];
    if let Some(help) = &check.help {
        lines.push(format!("      {:<17}  help: {}", "", visible(help)));
    }
    lines
}

pub(crate) async fn run(global: &GlobalArguments) -> Result<(), Failure> {
    let output = Output::new(global);
    let mut report = Report::new(&output);
    examine(global, &mut report).await?;
    report.end()
}

/// Runs the checks until one fails that the others depend on.
async fn examine(global: &GlobalArguments, report: &mut Report<'_>) -> Result<(), Failure> {
    let context = match Context::new(global) {
        Ok(context) => context,
        Err(failure) => return report.add(Check::of_failure("configuration", failure)).map(|_| ()),
    };
    context.report_waits();
    report.add(verdicts::configuration(&context))?;
    let host = report.add(verdicts::host(&context))?;
    let key = report.add(key(&context))?;
    if let Some(check) = project_token(&context) {
        report.add(check)?;
    }
    if !host || !key {
        return Ok(());
    }
    let client = match context.client() {
        // No retries, because a temporary failure is a finding too.
        Ok(client) => client.with_options(|options| options.retries(0)),
        Err(failure) => return report.add(Check::of_failure("settings", failure)).map(|_| ()),
    };
    let who = client.whoami().await;
    let server = report.add(verdicts::server(client.host(), who.as_ref().err()))?;
    if !server {
        return Ok(());
    }
    report.add(match &who {
        Err(e) if e.is_rate_limited() => Check::throttled("clock", wait_for(e)),
        _ => clock::check(&client).await,
    })?;
    if !report.add(verdicts::key_is_known(client.host(), &who))? {
        return Ok(());
    }
    let types = client.group_types().await;
    for check in verdicts::project(&context.settings.project.value, &types) {
        report.add(check)?;
    }
    let Ok(types) = types else { return Ok(()) };
    report.add(group_type(&context, &client, &types).await)?;
    if !types.is_empty() {
        report.add(list(&client, &types).await)?;
    }
    probes::examine(&client, &types, |check| report.add(check).map(|_| ())).await?;
    report.add(verdicts::rate_limit(client.host()))?;
    Ok(())
}

/// The source of the key, whether other users can read it, and whether it has the format of a key.
fn key(context: &Context) -> Check {
    let Some(key) = &context.settings.key else { return Check::of_failure("key", no_key()) };
    match key.value.read() {
        Err(failure) => {
            let failure = failure.help(format!("correct {}", key.source));
            Check { code: Some(Code::Auth), ..Check::of_failure("key", failure) }
        }
        Ok(secret) => verdicts::kind_of_key(&secret, &key.source.to_string(), key.value.warning()),
    }
}

/// The token for sending events, if one is configured.
fn project_token(context: &Context) -> Option<Check> {
    match context.project_token() {
        Ok(None) => None,
        Ok(Some(token)) => Some(verdicts::kind_of_token(token.reveal())),
        Err(failure) => Some(Check::of_failure("project token", failure)),
    }
}

/// Whether the first page of each group type can be listed.
async fn list(client: &Client, types: &[GroupType]) -> Check {
    /// Projects have at most five group types.
    const MAX_TYPES: usize = 5;

    let mut pages = Vec::new();
    for group_type in types.iter().take(MAX_TYPES) {
        pages.push((group_type, client.groups(group_type.group_type_index).list().page().await));
    }
    verdicts::list(client.host(), &pages)
}

/// The group type that commands use.
async fn group_type(context: &Context, client: &Client, types: &[GroupType]) -> Check {
    let names = || types.iter().map(|t| t.group_type.as_str()).collect::<Vec<_>>().join(", ");
    let Some(setting) = &context.settings.group_type else {
        return match types {
            [] => Check::warn(
                "group type",
                "the project has no group types",
                "group types are created by events: send one with `$group_type` first",
            ),
            [only] => Check::ok("group type", format!("{}, the only one", only.group_type)),
            several => Check::ok("group type", format!("{}: {}; choose one with -t", several.len(), names())),
        };
    };
    match client.groups(group_type_ref(&setting.value)).type_index().await {
        Ok(index) if types.iter().any(|t| t.group_type_index == i64::from(index)) => {
            Check::ok("group type", format!("{} ({index}), from {}", setting.value, setting.source))
        }
        Err(e) if e.is_rate_limited() => Check::throttled("group type", wait_for(&e)),
        _ => Check::fail(
            "group type",
            format!("the project has no group type {}, set by {}", setting.value, setting.source),
            format!("it has: {}", if types.is_empty() { "none".to_owned() } else { names() }),
        ),
    }
}
