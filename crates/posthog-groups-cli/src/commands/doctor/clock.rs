//! Whether the clocks of this machine and of the server agree.

use std::time::SystemTime;

use chrono::{DateTime, Utc};
use posthog_groups::{Client, raw};

use super::check::Check;

/// Differences up to this are ignored.
const TOLERATED_SECONDS: i64 = 60;

pub(super) async fn check(client: &Client) -> Check {
    let header = match client.raw().get_current_user().send().await {
        Ok(answer) => answer.headers().get("date").cloned(),
        Err(raw::Error::UnexpectedResponse(answer)) => answer.headers().get("date").cloned(),
        Err(_) => None,
    };
    let theirs = header.and_then(|header| DateTime::parse_from_rfc2822(header.to_str().ok()?).ok());
    verdict(SystemTime::now().into(), theirs.map(|time| time.to_utc()))
}

fn verdict(ours: DateTime<Utc>, theirs: Option<DateTime<Utc>>) -> Check {
    let Some(theirs) = theirs else { return Check::ok("clock", "the server does not send its time") };
    let ahead = (ours - theirs).num_seconds();
    if ahead.abs() <= TOLERATED_SECONDS {
        return Check::ok("clock", "agrees with the server's clock");
    }
    let direction = if ahead > 0 { "ahead of" } else { "behind" };
    Check::warn(
        "clock",
        format!("{} s {direction} the server's clock", ahead.abs()),
        "set the clock of this machine: certificates and event times depend on it",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::check::Status;

    #[test]
    fn a_minute_is_tolerated() {
        let now: DateTime<Utc> = SystemTime::UNIX_EPOCH.into();
        for (seconds, status, found) in [
            (0, Status::Ok, "agrees"),
            (60, Status::Ok, "agrees"),
            (-60, Status::Ok, "agrees"),
            (90, Status::Warn, "90 s behind"),
            (-90, Status::Warn, "90 s ahead of"),
        ] {
            let check = verdict(now, Some(now + chrono::TimeDelta::seconds(seconds)));
            assert_eq!(check.status, status, "{seconds}");
            assert!(check.found.contains(found), "{seconds}: {}", check.found);
        }
        assert_eq!(verdict(now, None).status, Status::Ok);
    }
}
