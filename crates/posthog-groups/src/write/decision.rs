//! What follows from the answer to a write and from reading the group back (contract section 4), without any I/O.

use crate::error::Error;

/// What a server's answers to a write mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It makes a group that must not exist.
    Create,
    /// It sets properties. A 404 may come after they were stored, when the group type is missing.
    Set,
    /// It removes a property. That is done as well when there is none.
    Unset,
}

/// What a server says of an attempt, when it does not confirm it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It is stored, and the event about it was not sent.
    StoredWithoutEvent,
    /// A group with the key exists.
    AlreadyExists,
    /// The property does not exist.
    AlreadyGone,
    /// There is no such group.
    NotFound,
    /// 500: the server has ended the request, in effect or not.
    ServerError,
    /// Nobody knows whether it is in effect, or will be: the request may still be under way.
    Unclear,
    /// It is not in effect.
    Refused,
}

impl Answer {
    pub(crate) fn of(error: &Error) -> Self {
        if error.is_event_not_sent() {
            Self::StoredWithoutEvent
        } else if error.is_already_exists() {
            Self::AlreadyExists
        } else if error.status() == Some(400)
            && error.detail().is_some_and(|detail| detail.contains("does not exist on this group"))
        {
            Self::AlreadyGone
        } else if error.is_group_not_found() {
            Self::NotFound
        } else if error.status() == Some(500) && !error.is_interrupted() {
            Self::ServerError
        } else if error.is_outcome_unknown() {
            Self::Unclear
        } else {
            Self::Refused
        }
    }
}

/// What comes after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// The error of the attempt is the result.
    Fail,
    /// The group has to be read back.
    ReadBack,
}

/// What reading back has shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// The group is as it is after the write.
    InEffect,
    /// The group is there, and is not so.
    NotInEffect,
    /// There is no such group.
    Missing,
    /// Reading failed.
    Nothing,
}

/// What comes after reading back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The write is done; the group is the result.
    Done,
    /// The same, and no event was sent.
    DoneWithoutEvent,
    /// It is not in effect: it may be sent again, if the retry policy allows.
    SendAgain,
    /// The error of the attempt is the result: it was refused.
    Refused,
    /// There is no group to write to.
    NoGroup,
    /// The key belongs to a group with other properties.
    Taken,
    /// The error of the attempt is the result: its outcome could not be found out.
    Unknown,
}

/// What is known of a write so far.
#[derive(Debug)]
pub(crate) struct Progress {
    kind: Kind,
    answer: Answer,
    /// An earlier attempt may have taken effect.
    repeated: bool,
    may_still_arrive: bool,
}

impl Progress {
    pub(crate) fn new(kind: Kind) -> Self {
        Self { kind, answer: Answer::Refused, repeated: false, may_still_arrive: false }
    }

    /// Some attempt may take effect after it was not seen when read back.
    pub(crate) fn may_still_arrive(&self) -> bool {
        self.may_still_arrive
    }

    /// Takes in the answer to an attempt.
    pub(crate) fn answered(&mut self, answer: Answer) -> Next {
        self.answer = answer;
        self.may_still_arrive |= answer == Answer::Unclear;
        match answer {
            Answer::Refused => Next::Fail,
            // Nothing of this call can have created it.
            Answer::AlreadyExists if !self.repeated => Next::Fail,
            Answer::AlreadyGone if self.kind != Kind::Unset => Next::Fail,
            _ => Next::ReadBack,
        }
    }

    /// Takes in what reading back has shown after the last answer.
    pub(crate) fn read_back(&mut self, seen: Seen) -> Verdict {
        let verdict = match (self.answer, seen) {
            // The server says itself that it is stored, whatever became of it since.
            (Answer::StoredWithoutEvent, Seen::InEffect | Seen::NotInEffect) => Verdict::DoneWithoutEvent,
            (Answer::StoredWithoutEvent, _) | (_, Seen::Nothing) => Verdict::Unknown,
            // Stored before the server noticed that there is no such type, so that no event followed.
            (Answer::NotFound, Seen::InEffect) if self.kind != Kind::Unset => Verdict::DoneWithoutEvent,
            (_, Seen::InEffect) => Verdict::Done,
            (_, Seen::NotInEffect) if self.kind == Kind::Create => Verdict::Taken,
            (Answer::AlreadyExists, Seen::Missing) => Verdict::Unknown,
            (_, Seen::Missing) if self.kind != Kind::Create => Verdict::NoGroup,
            (Answer::AlreadyGone, Seen::NotInEffect) => Verdict::Refused,
            _ => Verdict::SendAgain,
        };
        self.repeated |= verdict == Verdict::SendAgain;
        verdict
    }
}
