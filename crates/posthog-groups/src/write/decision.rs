//! The decisions of a write: what follows from a response and from reading the group back (contract section 4). No I/O.

use crate::error::Error;

/// The kind of a write, which determines what a response means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Creates a group, which must not exist.
    Create,
    /// Sets properties. If the group type is missing, the server stores them before it returns 404.
    Set,
    /// Removes a property. Succeeds if it does not exist.
    Unset,
}

/// The response to an attempt that the server did not confirm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// The write is stored, but its event was not sent.
    StoredWithoutEvent,
    /// A group with the key exists.
    AlreadyExists,
    /// The property does not exist.
    AlreadyGone,
    /// There is no such group.
    NotFound,
    /// 500: the server has finished the request, which may or may not be in effect.
    ServerError,
    /// The outcome is unknown. The request may also take effect later.
    Unclear,
    /// The write is not in effect.
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

/// What follows a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Return the error of the attempt.
    Fail,
    /// Read the group back.
    ReadBack,
}

/// The result of reading back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    /// The write is in effect.
    InEffect,
    /// The group exists, and the write is not in effect.
    NotInEffect,
    /// There is no such group.
    Missing,
    /// Reading failed.
    Nothing,
}

/// What follows reading back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The write is done. Return the group.
    Done,
    /// The write is done, but no event was sent. Return the group.
    DoneWithoutEvent,
    /// The write is not in effect. Send it again if the retry policy allows.
    SendAgain,
    /// The write was rejected. Return the error of the attempt.
    Refused,
    /// The group does not exist.
    NoGroup,
    /// The key belongs to a group with other properties.
    Taken,
    /// The outcome is unknown. Return the error of the attempt.
    Unknown,
}

/// What is known about a write so far.
#[derive(Debug)]
pub(crate) struct Progress {
    kind: Kind,
    answer: Answer,
    /// Whether an earlier attempt may have taken effect.
    repeated: bool,
    may_still_arrive: bool,
}

impl Progress {
    pub(crate) fn new(kind: Kind) -> Self {
        Self { kind, answer: Answer::Refused, repeated: false, may_still_arrive: false }
    }

    /// Whether an attempt may still take effect, although it was not in effect when the group was read back.
    pub(crate) fn may_still_arrive(&self) -> bool {
        self.may_still_arrive
    }

    /// Records the response to an attempt.
    pub(crate) fn answered(&mut self, answer: Answer) -> Next {
        self.answer = answer;
        self.may_still_arrive |= answer == Answer::Unclear;
        match answer {
            Answer::Refused => Next::Fail,
            // This call cannot have created it.
            Answer::AlreadyExists if !self.repeated => Next::Fail,
            Answer::AlreadyGone if self.kind != Kind::Unset => Next::Fail,
            _ => Next::ReadBack,
        }
    }

    /// Records the result of reading back after the last response.
    pub(crate) fn read_back(&mut self, seen: Seen) -> Verdict {
        let verdict = match (self.answer, seen) {
            // The server has confirmed that the write is stored. It may have been overwritten since.
            (Answer::StoredWithoutEvent, Seen::InEffect | Seen::NotInEffect) => Verdict::DoneWithoutEvent,
            (Answer::StoredWithoutEvent, _) | (_, Seen::Nothing) => Verdict::Unknown,
            // The server stored the write before it found that the group type is missing, so it sent no event.
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

#[cfg(test)]
mod tests {
    //! A model of a server, a network and another writer. The tests run every interleaving up to a bound against the decisions
    //! above, and check at the end of each that there was one effect and that the result is true.

    use super::*;

    /// The state of the group relative to the write.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Group {
        Missing,
        /// The group exists, and the write is not in effect.
        Before,
        /// The write is in effect.
        After,
    }

    /// What happens to one attempt.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Event {
        Answered,
        LostBefore,
        LostAfter,
        /// The response is lost, and the server processes the request after the group was read back.
        LostUntilRead,
        /// The response is lost, and the server processes the request only after the call has ended.
        LostAndLate,
        /// 429 until the retries are exhausted.
        Throttled,
        ServerErrorBefore,
        ServerErrorAfter,
        CaptureFailure,
        UnexpectedSuccessBefore,
        UnexpectedSuccessAfter,
        /// 404, because a store of the server is temporarily unavailable.
        NotFound,
        /// 404 after storing, because the group type does not exist.
        NotFoundAfter,
    }

    /// What another writer does between two steps of the call.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Other {
        Nothing,
        /// Reverts the write.
        Reverts,
        /// Writes the same values.
        DoesTheSame,
    }

    /// The result of a read.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Read {
        Works,
        Fails,
    }

    const EVENTS: [Event; 13] = [
        Event::Answered,
        Event::LostBefore,
        Event::LostAfter,
        Event::LostUntilRead,
        Event::LostAndLate,
        Event::Throttled,
        Event::ServerErrorBefore,
        Event::ServerErrorAfter,
        Event::CaptureFailure,
        Event::UnexpectedSuccessBefore,
        Event::UnexpectedSuccessAfter,
        Event::NotFound,
        Event::NotFoundAfter,
    ];
    const OTHERS: [Other; 3] = [Other::Nothing, Other::Reverts, Other::DoesTheSame];

    /// The result of the call.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum CallResult {
        Done { event: bool },
        Failed { unknown: bool, stored: bool, taken: bool },
    }

    #[derive(Clone, Debug)]
    struct Model {
        group: Group,
        /// How many requests of the call have taken effect.
        effects: u32,
        /// Whether a request of the call has taken effect and it has not been reverted.
        stands: bool,
        /// How many of them did so after the write was known to be in effect.
        needless: u32,
        known_to_be_stored: bool,
        /// How many of the effects sent no event.
        silent: u32,
        /// Whether an answer left the outcome open.
        unclear: bool,
        /// Whether the server will process a lost request after the next read.
        under_way: bool,
        late: bool,
        /// The last answer, and whether the read after it works.
        last: (Answer, Read),
        /// Whether the write was in effect at some moment of the call.
        was_after: bool,
    }

    impl Model {
        fn new(group: Group) -> Self {
            Self {
                group,
                effects: 0,
                stands: false,
                needless: 0,
                known_to_be_stored: false,
                silent: 0,
                unclear: false,
                under_way: false,
                late: false,
                last: (Answer::Refused, Read::Works),
                was_after: group == Group::After,
            }
        }

        /// Processes a request. Returns `None` if the server confirms it.
        fn carry_out(&mut self, kind: Kind) -> Option<Answer> {
            match (kind, self.group) {
                (Kind::Create, Group::Missing) | (Kind::Set, Group::Before | Group::After) => {}
                (Kind::Unset, Group::Before) => {}
                (Kind::Create, _) => return Some(Answer::AlreadyExists),
                (Kind::Unset, Group::After) => return Some(Answer::AlreadyGone),
                (_, Group::Missing) => return Some(Answer::NotFound),
            }
            self.set(Group::After);
            self.effects += 1;
            self.stands = true;
            self.needless += u32::from(self.known_to_be_stored);
            None
        }

        fn set(&mut self, group: Group) {
            self.group = group;
            self.was_after |= group == Group::After;
        }

        fn apply(&mut self, other: Other) {
            match (other, self.group) {
                (Other::Nothing, _) => {}
                // Groups cannot be deleted.
                (Other::Reverts, _) => {
                    self.set(Group::Before);
                    self.stands = false;
                }
                (Other::DoesTheSame, _) => self.set(Group::After),
            }
        }

        fn seen(&self) -> Seen {
            match self.group {
                Group::Missing => Seen::Missing,
                Group::Before => Seen::NotInEffect,
                Group::After => Seen::InEffect,
            }
        }
    }

    /// Sends one attempt. Returns `None` if the server confirms it.
    fn send(model: &mut Model, kind: Kind, event: Event) -> Option<Answer> {
        match event {
            Event::Answered => model.carry_out(kind),
            Event::LostBefore | Event::UnexpectedSuccessBefore => Some(Answer::Unclear),
            Event::LostAfter | Event::UnexpectedSuccessAfter => {
                model.carry_out(kind);
                Some(Answer::Unclear)
            }
            Event::LostUntilRead => {
                model.under_way = true;
                Some(Answer::Unclear)
            }
            Event::LostAndLate => {
                model.late = true;
                Some(Answer::Unclear)
            }
            Event::Throttled => Some(Answer::Refused),
            Event::ServerErrorBefore => Some(Answer::ServerError),
            Event::ServerErrorAfter => {
                model.carry_out(kind);
                Some(Answer::ServerError)
            }
            Event::CaptureFailure => match model.carry_out(kind) {
                None => {
                    model.known_to_be_stored = true;
                    model.silent += 1;
                    Some(Answer::StoredWithoutEvent)
                }
                refused => refused,
            },
            Event::NotFound => Some(Answer::NotFound),
            // Removals check the group type first.
            Event::NotFoundAfter if kind == Kind::Unset => Some(Answer::NotFound),
            Event::NotFoundAfter => match model.carry_out(kind) {
                None => {
                    model.silent += 1;
                    Some(Answer::NotFound)
                }
                refused => refused,
            },
        }
    }

    /// One attempt: what happens to the request, what another writer does before the read, and the read.
    type Round = (Event, Other, Read);

    /// Runs the loop of `execute`. The retry policy gives up after the last round.
    fn simulate(kind: Kind, model: &mut Model, rounds: &[Round]) -> CallResult {
        let mut progress = Progress::new(kind);
        let failed = |unknown| CallResult::Failed { unknown, stored: false, taken: false };
        for (number, &(event, other, read)) in rounds.iter().enumerate() {
            let Some(answer) = send(model, kind, event) else { return CallResult::Done { event: true } };
            model.last = (answer, read);
            model.unclear |= matches!(answer, Answer::Unclear | Answer::ServerError | Answer::NotFound);
            if progress.answered(answer) == Next::Fail {
                return failed(answer == Answer::Unclear || progress.may_still_arrive());
            }
            model.apply(other);
            let seen = if read == Read::Works { model.seen() } else { Seen::Nothing };
            model.known_to_be_stored |= seen == Seen::InEffect;
            let verdict = progress.read_back(seen);
            if verdict == Verdict::SendAgain && number + 1 < rounds.len() && model.under_way {
                model.under_way = false;
                model.carry_out(kind);
            }
            match verdict {
                Verdict::Done => return CallResult::Done { event: true },
                Verdict::DoneWithoutEvent => return CallResult::Done { event: false },
                Verdict::SendAgain if number + 1 < rounds.len() => {}
                Verdict::SendAgain | Verdict::Refused => return failed(progress.may_still_arrive()),
                Verdict::NoGroup => return failed(false),
                Verdict::Taken => return CallResult::Failed { unknown: false, stored: false, taken: true },
                Verdict::Unknown => {
                    let stored = answer == Answer::StoredWithoutEvent;
                    return CallResult::Failed { unknown: !stored, stored, taken: false };
                }
            }
        }
        failed(progress.may_still_arrive())
    }

    /// Returns the problem with the result of a run, if there is one.
    fn violation(kind: Kind, model: &Model, result: CallResult) -> Option<&'static str> {
        // A change of a missing group has no effect, even if it arrives late.
        let may_arrive =
            (model.late || model.under_way) && (kind == Kind::Create || model.group != Group::Missing);
        if model.needless > 0 {
            return Some("sent again although it was known to be in effect");
        }
        match result {
            CallResult::Done { .. } if !model.was_after => Some("reported as done, but was never in effect"),
            CallResult::Done { event: true }
                if kind != Kind::Unset && model.effects == 0 && !model.unclear =>
            {
                Some("done without an effect")
            }
            CallResult::Done { event: true } if model.stands && model.effects == model.silent => {
                Some("reported as done, but not that no event was sent")
            }
            CallResult::Failed { stored: true, .. } if model.effects == 0 => Some("stored, and it is not"),
            CallResult::Failed { stored: true, .. } if model.last.1 == Read::Works => {
                Some("reported as failed, but the stored group could be read")
            }
            CallResult::Failed { .. }
                if model.stands && model.last == (Answer::AlreadyExists, Read::Works) =>
            {
                Some("reported as failed, because its own group was mistaken for another's")
            }
            CallResult::Failed { unknown: true, .. }
                if kind != Kind::Create && model.group == Group::Missing && model.last.1 == Read::Works =>
            {
                Some("reported as unknown, but there is no group to change")
            }
            CallResult::Failed { unknown: false, stored: false, taken: false } if model.stands => {
                Some("reported as failed, but is in effect")
            }
            CallResult::Failed { unknown: false, stored: false, taken: false } if may_arrive => {
                Some("reported as failed, but may still take effect")
            }
            _ => None,
        }
    }

    fn rounds() -> Vec<Round> {
        let mut rounds = Vec::new();
        for event in EVENTS {
            for other in OTHERS {
                for read in [Read::Works, Read::Fails] {
                    rounds.push((event, other, read));
                }
            }
        }
        rounds
    }

    #[test]
    fn every_interleaving_has_one_effect_and_a_true_result() {
        let all = rounds();
        let mut plays = 0_u32;
        let mut wrong = Vec::new();
        for kind in [Kind::Create, Kind::Set, Kind::Unset] {
            for start in [Group::Missing, Group::Before, Group::After] {
                for first in &all {
                    for second in &all {
                        for third in &all {
                            let mut model = Model::new(start);
                            let rounds = [*first, *second, *third];
                            let result = simulate(kind, &mut model, &rounds);
                            plays += 1;
                            if let Some(violation) = violation(kind, &model, result) {
                                wrong.push(format!(
                                    "{kind:?} from {start:?}, {rounds:?}: {result:?}: {violation}"
                                ));
                            }
                            if kind == Kind::Create && model.effects > 1 {
                                wrong.push(format!("{kind:?} from {start:?}, {rounds:?}: created twice"));
                            }
                        }
                    }
                }
            }
        }
        assert!(plays > 4_000_000, "{plays} plays");
        assert!(
            wrong.is_empty(),
            "{} of {plays}, such as\n{}",
            wrong.len(),
            wrong[..wrong.len().min(10)].join("\n")
        );
    }

    #[test]
    fn the_model_detects_wrong_decisions() {
        let model = |effects, late, was_after| Model {
            effects,
            stands: effects > 0,
            late,
            was_after,
            last: (Answer::Unclear, Read::Fails),
            ..Model::new(Group::Before)
        };
        let failed = |unknown| CallResult::Failed { unknown, stored: false, taken: false };
        assert!(violation(Kind::Set, &model(1, false, true), failed(false)).is_some());
        assert!(violation(Kind::Set, &model(0, true, false), failed(false)).is_some());
        assert!(violation(Kind::Set, &model(0, true, false), failed(true)).is_none());
        assert!(violation(Kind::Set, &model(0, false, false), CallResult::Done { event: true }).is_some());
        let stored = CallResult::Failed { unknown: false, stored: true, taken: false };
        assert!(violation(Kind::Set, &model(0, false, false), stored).is_some());
        assert!(violation(Kind::Set, &model(0, false, true), CallResult::Done { event: true }).is_some());
        let silent = Model { silent: 1, ..model(1, false, true) };
        assert!(violation(Kind::Set, &silent, CallResult::Done { event: true }).is_some());
        assert!(violation(Kind::Set, &silent, CallResult::Done { event: false }).is_none());
    }
}
