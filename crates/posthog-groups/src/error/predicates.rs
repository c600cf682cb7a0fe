//! The predicates of an error.

#[cfg(feature = "bulk")]
use super::Refusal;
#[cfg(feature = "rustls")]
use super::chain;
use super::{Error, Kind, is_gateway_failure};

/// Predicates that classify an error.
impl Error {
    /// The arguments or settings are invalid. No request was sent.
    ///
    /// # Troubleshooting
    /// The message names the value, and [`help`](Self::help) says what to use instead. Common mistakes are a project token
    /// (`phc_...`) instead of a personal API key, a host without `https://`, a blank group key, and a null value.
    pub fn is_invalid_input(&self) -> bool {
        #[cfg(feature = "bulk")]
        if matches!(self.0.kind, Kind::Import(..)) {
            return true;
        }
        matches!(self.0.kind, Kind::Input(_) | Kind::Setup)
    }

    /// The group or project does not exist. (For a group type that does not exist, see [`is_invalid_input`](Self::is_invalid_input).)
    ///
    /// # Troubleshooting
    /// [`detail`](Self::detail) says what is missing. `Project not found.` is also returned for the ID of a project in another
    /// [`Region`](crate::Region). Keys are case-sensitive. [`Client::group_types`](crate::Client::group_types) lists the group types,
    /// which are created by events.
    pub fn is_not_found(&self) -> bool {
        self.status() == Some(404) && self.code() == Some("not_found") && !self.is_not_offered()
    }

    /// The project does not exist in this region.
    ///
    /// # Troubleshooting
    /// Check the ID and the [`Region`](crate::Region). The IDs of one region do not exist in the other.
    pub fn is_project_not_found(&self) -> bool {
        self.is_not_found() && self.detail() == Some("Project not found.")
    }

    /// The server does not have this endpoint, because it is too old or too new.
    ///
    /// # Troubleshooting
    /// The crate documentation says which servers have which endpoints. If *every* call fails with this error, the host is not the
    /// API of a PostHog instance.
    pub fn is_not_offered(&self) -> bool {
        self.status() == Some(404) && self.detail() == Some("Endpoint not found.")
    }

    /// A group with the key already exists.
    ///
    /// # Troubleshooting
    /// Use [`GroupHandle::upsert`](crate::GroupHandle::upsert) with `create_if_missing` to create or change a group. The server trims
    /// white space from a new key, so ` a` and `a` are the same group.
    pub fn is_already_exists(&self) -> bool {
        matches!(self.0.kind, Kind::NotOurs)
            || self.status() == Some(400) && self.detail() == Some("A group with this key already exists")
    }

    /// The server rejected a value; [`attr`](Self::attr) names the field.
    ///
    /// # Troubleshooting
    /// [`detail`](Self::detail) is the server's message. Servers report only the first invalid field.
    pub fn is_validation(&self) -> bool {
        self.status() == Some(400) && self.0.envelope.class.as_deref() == Some("validation_error")
    }

    /// The key is missing, unknown, expired, or of the wrong kind. Some endpoints return 403 in this case.
    ///
    /// # Troubleshooting
    /// Use a personal API key (`phx_...`) of this region; keys of `us` do not work in `eu`. When a user is deleted, the user's keys
    /// are deleted too. To check a key, call [`Client::whoami`](crate::Client::whoami), which requires `user:read`.
    pub fn is_unauthorized(&self) -> bool {
        self.status() == Some(401)
            || matches!(self.code(), Some("not_authenticated" | "authentication_failed"))
    }

    /// The key lacks a scope; [`missing_scope`](Self::missing_scope) names it.
    ///
    /// # Troubleshooting
    /// Add the scope to the key under Settings, Personal API keys. Reading groups requires `group:read`, writing requires
    /// `group:write`, the history of a group requires `activity_log:read`, and `whoami` requires `user:read`.
    pub fn is_missing_scope(&self) -> bool {
        self.missing_scope().is_some()
    }

    /// The key is valid but not allowed to do this.
    ///
    /// # Troubleshooting
    /// The key lacks a scope ([`is_missing_scope`](Self::is_missing_scope)) or is restricted to other projects or organizations, or its
    /// user has no access to the project.
    pub fn is_forbidden(&self) -> bool {
        self.status() == Some(403) && !self.is_unauthorized()
    }

    /// Too many requests: the server returned 429, or the client's rate limit would delay the request for too long.
    ///
    /// # Troubleshooting
    /// PostHog Cloud allows 480 requests per minute and 4,800 per hour for each key, across all programs that use it. Wait for
    /// [`retry_after`](Self::retry_after), increase [`RetryPolicy::max_server_wait`](crate::RetryPolicy::max_server_wait) so that the client
    /// waits longer, or use a separate key for each program.
    pub fn is_rate_limited(&self) -> bool {
        self.status() == Some(429) && !self.is_event_not_sent() || matches!(self.0.kind, Kind::OwnLimit)
    }

    /// An attempt, connecting, waiting for another call, or the whole call took too long.
    ///
    /// # Troubleshooting
    /// The message names the limit: `timeout` (an attempt), `connect_timeout`, `deadline` (the call with all attempts and waits), or
    /// `max_server_wait`. After a write, check [`is_outcome_unknown`](Self::is_outcome_unknown).
    pub fn is_timeout(&self) -> bool {
        let connecting = || {
            let source = self.0.source.as_ref().and_then(|source| source.downcast_ref::<reqwest::Error>());
            source.is_some_and(reqwest::Error::is_timeout)
        };
        matches!(self.0.kind, Kind::Timeout | Kind::Deadline | Kind::Queue(_)) || connecting()
    }

    /// No connection could be made. The server has not received the request.
    ///
    /// # Troubleshooting
    /// Check the host name, port, firewall and certificate; [`source`](std::error::Error::source) returns the cause. HTTPS requires
    /// the feature `rustls` or `native-tls`.
    pub fn is_connect(&self) -> bool {
        matches!(self.0.kind, Kind::Connect)
    }

    /// No connection could be made because the server's certificate is not valid for the host, or not trusted. Implies
    /// [`is_connect`](Self::is_connect). Always false with `native-tls`, which does not distinguish certificate errors from other failures.
    ///
    /// # Troubleshooting
    /// [`source`](std::error::Error::source) says what is wrong with the certificate. Check the host name. If the certificate was issued
    /// by a private authority, add that authority to the system's certificate store.
    #[cfg(feature = "rustls")]
    pub fn is_certificate(&self) -> bool {
        let is_certificate = |cause: &(dyn std::error::Error + 'static)| {
            matches!(cause.downcast_ref(), Some(rustls::Error::InvalidCertificate(_)))
        };
        self.is_connect() && self.0.source.iter().any(|source| chain(&**source).any(is_certificate))
    }

    /// The connection ended before the response was complete.
    ///
    /// # Troubleshooting
    /// Usually caused by a proxy or load balancer with a shorter idle timeout or smaller limits than the server.
    pub fn is_interrupted(&self) -> bool {
        matches!(self.0.kind, Kind::Interrupted) || self.is_cut_short()
    }

    /// The server or a proxy failed: the status is 500 or higher.
    ///
    /// # Troubleshooting
    /// Servers from 2025 return 500 for many invalid requests, so a persistent 500 probably means that the request is invalid. 502, 503,
    /// 504 and the statuses of proxies (520 to 524, 530) are temporary. [`body_snippet`](Self::body_snippet) shows who sent the response.
    pub fn is_server_error(&self) -> bool {
        self.0.status.is_some_and(|status| status.is_server_error())
    }

    /// The response is unexpected: it is not JSON, has an unexpected structure, is too large, is a redirect, is a success with an
    /// unexpected status, or is not valid HTTP. Also true for a group that [`Groups::export`](crate::Groups::export) skips because the
    /// server cannot return it.
    ///
    /// # Troubleshooting
    /// For properties that do not match your struct, [`path`](Self::path) and [`group_key`](Self::group_key) name the value and the
    /// group. HTML and redirects usually mean that the host is not the API, or that a proxy requires a login.
    pub fn is_decode(&self) -> bool {
        matches!(
            self.0.kind,
            Kind::Decode(_)
                | Kind::Unreadable(_)
                | Kind::NotJson
                | Kind::TooLarge(_)
                | Kind::Redirect(_)
                | Kind::UnexpectedStatus
                | Kind::Malformed
        )
    }

    /// A list cannot be continued: a link has no cursor, a cursor is repeated, or the list starts over or never ends.
    ///
    /// All items before the error have been returned.
    ///
    /// # Troubleshooting
    /// If a list starts over, the cursor was from a different version of the server. Start from the beginning.
    pub fn is_paging(&self) -> bool {
        matches!(self.0.kind, Kind::Paging(_))
    }

    /// The same call may succeed later and can be repeated safely.
    ///
    /// The client has already retried it as often as its policy allows. False for a write with an unknown outcome: read the group
    /// first.
    ///
    /// # Troubleshooting
    /// Wait for [`retry_after`](Self::retry_after) if it is set, and for a few seconds otherwise.
    pub fn is_retryable(&self) -> bool {
        !self.0.outcome_unknown
            && (self.is_rate_limited()
                || self.is_interrupted()
                || matches!(self.0.kind, Kind::Connect | Kind::Timeout | Kind::Deadline | Kind::Queue(_))
                || self.status().is_some_and(is_gateway_failure))
            && !self.is_event_not_sent()
    }

    /// A write may have taken effect, and reading the group back did not determine whether it did.
    ///
    /// # Troubleshooting
    /// Read the group ([`Groups::find`](crate::Groups::find)) before creating it again. `set`, `unset` and `upsert` can be repeated
    /// as they are. A longer `timeout` or `deadline` makes this error less likely.
    pub fn is_outcome_unknown(&self) -> bool {
        self.0.outcome_unknown
    }

    /// The write is stored, but the server could not send the event for it, and the stored group could not be read back.
    ///
    /// If it can be read back, the call succeeds and [`Group::event_not_sent`](crate::Group::event_not_sent) returns true.
    ///
    /// # Troubleshooting
    /// Do not create the group again. Destinations that receive events have not received the event for this write.
    pub fn is_event_not_sent(&self) -> bool {
        self.0.envelope.event_not_sent
    }

    /// A local file could not be read or written: the rows of an import, or its journal.
    ///
    /// # Troubleshooting
    /// The message names the file, and [`source`](std::error::Error::source) is the system's reason. If the disk is full,
    /// free some space and run the same import again. Rows that the journal lists as done are not written twice.
    #[cfg(feature = "bulk")]
    pub fn is_file(&self) -> bool {
        matches!(self.0.kind, Kind::File(_))
    }

    /// An event was accepted, but the group did not get the expected properties in time.
    ///
    /// # Troubleshooting
    /// Ingestion may be delayed. Run the same import again: it compares first, and sends only what is still missing. If the error
    /// persists, the project is over its event quota (events are accepted and dropped), the project token belongs to another
    /// project, or another writer sets other values.
    #[cfg(feature = "bulk")]
    pub fn is_not_arrived(&self) -> bool {
        matches!(self.0.kind, Kind::NotArrived)
    }

    /// Two rows of an import have the same key. Nothing was sent.
    ///
    /// # Troubleshooting
    /// Remove one of the rows, or use the last one ([`Duplicates::LastWins`](crate::bulk::Duplicates::LastWins)).
    #[cfg(feature = "bulk")]
    pub fn is_duplicate_key(&self) -> bool {
        matches!(self.0.kind, Kind::Import(Refusal::DuplicateKey, _))
    }

    /// The journal of an import belongs to a run with other rows. Nothing was sent, and the journal was not changed.
    ///
    /// # Troubleshooting
    /// Finish that run with its original rows, or call [`Import::accept_changed_input`](crate::bulk::Import::accept_changed_input).
    #[cfg(feature = "bulk")]
    pub fn is_changed_input(&self) -> bool {
        matches!(self.0.kind, Kind::Import(Refusal::ChangedInput, _))
    }

    /// The journal of an import cannot be used: it is in use, belongs to another import, or is not a journal. Nothing was sent, and
    /// the file was not changed.
    ///
    /// # Troubleshooting
    /// The message says which of these applies. Use another file for the journal.
    #[cfg(feature = "bulk")]
    pub fn is_journal_refused(&self) -> bool {
        matches!(self.0.kind, Kind::Import(Refusal::Journal, _))
    }
}
