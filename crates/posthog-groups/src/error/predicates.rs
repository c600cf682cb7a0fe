//! What kind of failure an error is.

use super::{Error, Kind, is_gateway_failure};

/// What kind of failure it is.
impl Error {
    /// The call was refused before anything was sent; the message says how to mend it.
    ///
    /// # Troubleshooting
    /// Read the message: it names the value and what to write instead. A project key `phc_...` in the place of a
    /// personal API key, a host without `https://`, a blank key of a group and a null value are the usual ones.
    pub fn is_invalid_input(&self) -> bool {
        matches!(self.0.kind, Kind::Input(_) | Kind::Setup)
    }

    /// There is no such group or project. (A group type that does not exist is [`is_invalid_input`](Self::is_invalid_input).)
    ///
    /// # Troubleshooting
    /// [`detail`](Self::detail) says what is missing. `Project not found.` is also the answer for a project id of another
    /// region: check [`Region`](crate::Region). Keys are case-sensitive. Group types come from events; list them with
    /// [`Client::group_types`](crate::Client::group_types).
    pub fn is_not_found(&self) -> bool {
        self.status() == Some(404) && self.code() == Some("not_found") && !self.is_not_offered()
    }

    /// There is no such project, or not in this region.
    ///
    /// # Troubleshooting
    /// Check the id, and [`Region`](crate::Region): the ids of one region are unknown in the other.
    pub fn is_project_not_found(&self) -> bool {
        self.is_not_found() && self.detail() == Some("Project not found.")
    }

    /// The server does not have this endpoint at all, because it is older or newer.
    ///
    /// # Troubleshooting
    /// The crate documentation has a table of the endpoints and when servers have them. Property definitions, for example, went
    /// in June 2026. If *every* call ends so, the host is not a PostHog instance's API: check its name and path.
    pub fn is_not_offered(&self) -> bool {
        self.status() == Some(404) && self.detail() == Some("Endpoint not found.")
    }

    /// The group that was to be created exists.
    ///
    /// # Troubleshooting
    /// Use [`GroupHandle::upsert`](crate::GroupHandle::upsert) with `create_if_missing` where both is fine. Blanks around a new
    /// key are removed by the server, so ` a` and `a` are one group.
    pub fn is_already_exists(&self) -> bool {
        matches!(self.0.kind, Kind::NotOurs)
            || self.status() == Some(400) && self.detail() == Some("A group with this key already exists")
    }

    /// The server refused a value; [`attr`](Self::attr) names the field.
    ///
    /// # Troubleshooting
    /// [`detail`](Self::detail) is the server's sentence. Servers report the first problem only, so there may be more.
    pub fn is_validation(&self) -> bool {
        self.status() == Some(400) && self.0.envelope.class.as_deref() == Some("validation_error")
    }

    /// The key is missing, unknown, expired, or of the wrong kind. Some endpoints say so with 403.
    ///
    /// # Troubleshooting
    /// The key must be a personal API key (`phx_...`) of this region: keys of `us` are unknown in `eu`. It dies with its
    /// user's account. [`Client::whoami`](crate::Client::whoami) is the cheapest call to try one (it needs `user:read`).
    pub fn is_unauthorized(&self) -> bool {
        self.status() == Some(401)
            || matches!(self.code(), Some("not_authenticated" | "authentication_failed"))
    }

    /// The key lacks a scope; [`missing_scope`](Self::missing_scope) names it.
    ///
    /// # Troubleshooting
    /// Add the scope to the key under Settings, Personal API keys. Reading groups needs `group:read`, writing
    /// `group:write`, the history of a group `activity_log:read`, and `whoami` `user:read`.
    pub fn is_missing_scope(&self) -> bool {
        self.missing_scope().is_some()
    }

    /// The key is valid but may not do this.
    ///
    /// # Troubleshooting
    /// Either a scope is missing ([`is_missing_scope`](Self::is_missing_scope)), or the key is confined to other projects or
    /// organizations, or its user has no access to the project.
    pub fn is_forbidden(&self) -> bool {
        self.status() == Some(403) && !self.is_unauthorized()
    }

    /// Too many requests: by the server's word (429), or because the client's own limit has no place soon enough.
    ///
    /// # Troubleshooting
    /// Cloud servers count 480 requests a minute and 4,800 an hour for each key, over all programs that use it. Wait for
    /// [`retry_after`](Self::retry_after), raise [`RetryPolicy::max_server_wait`](crate::RetryPolicy::max_server_wait) to have the client
    /// wait longer by itself, or give each program a key of its own.
    pub fn is_rate_limited(&self) -> bool {
        self.status() == Some(429) && !self.is_event_not_sent() || matches!(self.0.kind, Kind::OwnLimit)
    }

    /// It took too long: one attempt, the connecting, or the whole call.
    ///
    /// # Troubleshooting
    /// Three settings of the builder: `timeout` (each attempt), `connect_timeout`, `deadline` (the call with all attempts
    /// and waits). The message says which. After a write, look at [`is_outcome_unknown`](Self::is_outcome_unknown).
    pub fn is_timeout(&self) -> bool {
        let connecting = || {
            let source = self.0.source.as_ref().and_then(|source| source.downcast_ref::<reqwest::Error>());
            source.is_some_and(reqwest::Error::is_timeout)
        };
        matches!(self.0.kind, Kind::Timeout | Kind::Deadline | Kind::Queue(_)) || connecting()
    }

    /// No connection came about; the server has not seen the request.
    ///
    /// # Troubleshooting
    /// Name, port, firewall or certificate: the chain of [`source`](std::error::Error::source) says which. Without the features
    /// `rustls` and `native-tls`, https does not work at all.
    pub fn is_connect(&self) -> bool {
        matches!(self.0.kind, Kind::Connect)
    }

    /// The connection ended before the whole answer was there.
    ///
    /// # Troubleshooting
    /// A proxy or load balancer in between usually, with a shorter idle time or a smaller limit than the server's.
    pub fn is_interrupted(&self) -> bool {
        matches!(self.0.kind, Kind::Interrupted) || self.is_cut_short()
    }

    /// The server, or a proxy before it, failed: a status from 500 up.
    ///
    /// # Troubleshooting
    /// Servers of 2025 answer many mistakes of the caller with 500, so one that comes back each time is probably one.
    /// 502, 503, 504 and those of proxies (520 to 524, 530) are passing. [`body_snippet`](Self::body_snippet) shows whose page it is.
    pub fn is_server_error(&self) -> bool {
        self.0.status.is_some_and(|status| status.is_server_error())
    }

    /// The answer is not what was expected: no JSON, JSON of another form, too large, a redirect, a success of another
    /// status, or no HTTP at all.
    ///
    /// # Troubleshooting
    /// For properties that do not fit your struct, [`path`](Self::path) says where and [`group_key`](Self::group_key) of which
    /// group. HTML where JSON is due, and redirects, mean a login page: the host is not the API, or a proxy wants a login.
    pub fn is_decode(&self) -> bool {
        matches!(
            self.0.kind,
            Kind::Decode(_)
                | Kind::NotJson
                | Kind::TooLarge(_)
                | Kind::Redirect(_)
                | Kind::UnexpectedStatus
                | Kind::Malformed
        )
    }

    /// A list could not be followed: a link has no cursor, a cursor comes back, the list starts over or never ends.
    ///
    /// What came before the error has been delivered.
    ///
    /// # Troubleshooting
    /// A list that starts over: the cursor was from another version of the server. Start from the beginning.
    pub fn is_paging(&self) -> bool {
        matches!(self.0.kind, Kind::Paging(_))
    }

    /// The same call may succeed later, and repeating it does no harm.
    ///
    /// The client has repeated it already, as far as its policy and the operation allow. False for a write whose
    /// outcome is unknown: look first.
    ///
    /// # Troubleshooting
    /// Wait for [`retry_after`](Self::retry_after) where it is given, and for some seconds otherwise.
    pub fn is_retryable(&self) -> bool {
        !self.0.outcome_unknown
            && (self.is_rate_limited()
                || self.is_interrupted()
                || matches!(self.0.kind, Kind::Connect | Kind::Timeout | Kind::Deadline | Kind::Queue(_))
                || self.status().is_some_and(is_gateway_failure))
            && !self.is_event_not_sent()
    }

    /// A write may have taken effect, and looking did not settle it.
    ///
    /// # Troubleshooting
    /// Look ([`Groups::find`](crate::Groups::find)) before writing again. `set`, `unset` and `upsert` may be called again as they
    /// are. A longer `timeout` or `deadline` makes this rarer.
    pub fn is_outcome_unknown(&self) -> bool {
        self.0.outcome_unknown
    }

    /// The write is stored, but the server could not send the event about it, and the stored group could not be read back.
    ///
    /// Where it can be read back, the write succeeds and [`Group::event_not_sent`](crate::Group::event_not_sent) is true.
    ///
    /// # Troubleshooting
    /// Do not create the group again. Destinations that listen to events have missed this one.
    pub fn is_event_not_sent(&self) -> bool {
        self.0.envelope.event_not_sent
    }

    /// A file of this machine could not be read or written: the rows of an import, or its journal.
    ///
    /// # Troubleshooting
    /// The message names the file, and [`source`](std::error::Error::source) is the system's reason. After a full disk: make room and run the
    /// same import again; what the journal has is not done twice.
    #[cfg(feature = "bulk")]
    pub fn is_file(&self) -> bool {
        matches!(self.0.kind, Kind::File(_))
    }

    /// An event was accepted, but the group did not become as wanted within the time given.
    ///
    /// # Troubleshooting
    /// Ingestion may be late: run the same import again, which looks first and sends again only what is still missing. Where it
    /// stays so: the project is over its event quota (events are accepted and dropped), the project key is another project's, or
    /// somebody else writes other values.
    #[cfg(feature = "bulk")]
    pub fn is_not_arrived(&self) -> bool {
        matches!(self.0.kind, Kind::NotArrived)
    }
}
