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

#[cfg(test)]
mod tests {
    //! A model of a server, a network and another writer. Every interleaving within a bound is played against the decisions
    //! above, and the rule is checked at the end of each: one effect, and the caller is told the truth.

    use super::*;

    /// The group, as far as one write is concerned.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Group {
        Missing,
        /// It is there, and not as it is after the write.
        Before,
        /// It is as it is after the write.
        After,
    }

    /// What happens to one attempt.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Event {
        Answered,
        LostBefore,
        LostAfter,
        /// It is lost, and the server carries it out after the group was read back.
        LostUntilRead,
        /// It is lost, and the server carries it out only when the call has ended.
        LostAndLate,
        /// 429, again and again.
        Throttled,
        ServerErrorBefore,
        ServerErrorAfter,
        CaptureFailure,
        UnexpectedSuccessBefore,
        UnexpectedSuccessAfter,
        /// A server whose store is not there for a moment.
        NotFound,
        /// The group type is missing, which the server notices after storing.
        NotFoundAfter,
    }

    /// What another writer does between two steps of the call.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Other {
        Nothing,
        /// Makes the group as it was before the write.
        Reverts,
        /// Makes the group as the write would make it.
        DoesTheSame,
    }

    /// What one read gives.
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

    /// What the caller is told.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Told {
        Done { event: bool },
        Failed { unknown: bool, stored: bool, taken: bool },
    }

    #[derive(Clone, Debug)]
    struct World {
        group: Group,
        /// How often a request of the call has taken effect.
        effects: u32,
        /// The effect of a request of the call is there, and nobody else has undone it.
        stands: bool,
        /// How often after the server had said that it is stored, or a read had shown it in effect.
        needless: u32,
        known_to_be_stored: bool,
        /// How many of the effects sent no event.
        silent: u32,
        /// Some answer did not say whether the request took effect.
        unclear: bool,
        /// A request that is carried out after the next read.
        under_way: bool,
        late: bool,
        /// The last answer, and whether the read after it works.
        last: (Answer, Read),
        /// The group was as wanted at some moment of the call.
        was_after: bool,
    }

    impl World {
        fn starts(group: Group) -> Self {
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

        /// The server carries out a request: what it answers if nothing goes wrong, or `None` when it confirms it.
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

        fn meet(&mut self, other: Other) {
            match (other, self.group) {
                (Other::Nothing, _) => {}
                // Nobody can remove a group.
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

    /// Sends one attempt; `None` when the server confirms it.
    fn send(world: &mut World, kind: Kind, event: Event) -> Option<Answer> {
        match event {
            Event::Answered => world.carry_out(kind),
            Event::LostBefore | Event::UnexpectedSuccessBefore => Some(Answer::Unclear),
            Event::LostAfter | Event::UnexpectedSuccessAfter => {
                world.carry_out(kind);
                Some(Answer::Unclear)
            }
            Event::LostUntilRead => {
                world.under_way = true;
                Some(Answer::Unclear)
            }
            Event::LostAndLate => {
                world.late = true;
                Some(Answer::Unclear)
            }
            Event::Throttled => Some(Answer::Refused),
            Event::ServerErrorBefore => Some(Answer::ServerError),
            Event::ServerErrorAfter => {
                world.carry_out(kind);
                Some(Answer::ServerError)
            }
            Event::CaptureFailure => match world.carry_out(kind) {
                None => {
                    world.known_to_be_stored = true;
                    world.silent += 1;
                    Some(Answer::StoredWithoutEvent)
                }
                refused => refused,
            },
            Event::NotFound => Some(Answer::NotFound),
            // A removal notices it before it stores anything.
            Event::NotFoundAfter if kind == Kind::Unset => Some(Answer::NotFound),
            Event::NotFoundAfter => match world.carry_out(kind) {
                None => {
                    world.silent += 1;
                    Some(Answer::NotFound)
                }
                refused => refused,
            },
        }
    }

    /// One attempt as it is played: the fate of the request, another writer before the read, and the read.
    type Turn = (Event, Other, Read);

    /// Plays the loop of `execute`; after the last turn the retry policy gives up.
    fn play(kind: Kind, world: &mut World, turns: &[Turn]) -> Told {
        let mut progress = Progress::new(kind);
        let failed = |unknown| Told::Failed { unknown, stored: false, taken: false };
        for (number, &(event, other, read)) in turns.iter().enumerate() {
            let Some(answer) = send(world, kind, event) else { return Told::Done { event: true } };
            world.last = (answer, read);
            world.unclear |= matches!(answer, Answer::Unclear | Answer::ServerError | Answer::NotFound);
            if progress.answered(answer) == Next::Fail {
                return failed(answer == Answer::Unclear || progress.may_still_arrive());
            }
            world.meet(other);
            let seen = if read == Read::Works { world.seen() } else { Seen::Nothing };
            world.known_to_be_stored |= seen == Seen::InEffect;
            let verdict = progress.read_back(seen);
            if verdict == Verdict::SendAgain && number + 1 < turns.len() && world.under_way {
                world.under_way = false;
                world.carry_out(kind);
            }
            match verdict {
                Verdict::Done => return Told::Done { event: true },
                Verdict::DoneWithoutEvent => return Told::Done { event: false },
                Verdict::SendAgain if number + 1 < turns.len() => {}
                Verdict::SendAgain | Verdict::Refused => return failed(progress.may_still_arrive()),
                Verdict::NoGroup => return failed(false),
                Verdict::Taken => return Told::Failed { unknown: false, stored: false, taken: true },
                Verdict::Unknown => {
                    let stored = answer == Answer::StoredWithoutEvent;
                    return Told::Failed { unknown: !stored, stored, taken: false };
                }
            }
        }
        failed(progress.may_still_arrive())
    }

    /// What is wrong with how a play has ended.
    fn violation(kind: Kind, world: &World, told: Told) -> Option<&'static str> {
        // A change has nothing to change without a group, however late it arrives.
        let may_arrive =
            (world.late || world.under_way) && (kind == Kind::Create || world.group != Group::Missing);
        if world.needless > 0 {
            return Some("sent again although it was known to be in effect");
        }
        match told {
            Told::Done { .. } if !world.was_after => Some("done, and the group was never as wanted"),
            Told::Done { event: true } if kind != Kind::Unset && world.effects == 0 && !world.unclear => {
                Some("done without an effect")
            }
            Told::Done { event: true } if world.stands && world.effects == world.silent => {
                Some("done, and that there was no event is not said")
            }
            Told::Failed { stored: true, .. } if world.effects == 0 => Some("stored, and it is not"),
            Told::Failed { stored: true, .. } if world.last.1 == Read::Works => {
                Some("failed, and the group that is stored could be read")
            }
            Told::Failed { .. } if world.stands && world.last == (Answer::AlreadyExists, Read::Works) => {
                Some("failed, because its own group was taken for that of another")
            }
            Told::Failed { unknown: true, .. }
                if kind != Kind::Create && world.group == Group::Missing && world.last.1 == Read::Works =>
            {
                Some("unknown, although there is no group to change")
            }
            Told::Failed { unknown: false, stored: false, taken: false } if world.stands => {
                Some("failed for certain, and it is in effect")
            }
            Told::Failed { unknown: false, stored: false, taken: false } if may_arrive => {
                Some("failed for certain, and it may still take effect")
            }
            _ => None,
        }
    }

    fn turns() -> Vec<Turn> {
        let mut turns = Vec::new();
        for event in EVENTS {
            for other in OTHERS {
                for read in [Read::Works, Read::Fails] {
                    turns.push((event, other, read));
                }
            }
        }
        turns
    }

    #[test]
    fn every_interleaving_has_one_effect_and_tells_the_caller_the_truth() {
        let all = turns();
        let mut plays = 0_u32;
        let mut wrong = Vec::new();
        for kind in [Kind::Create, Kind::Set, Kind::Unset] {
            for start in [Group::Missing, Group::Before, Group::After] {
                for first in &all {
                    for second in &all {
                        for third in &all {
                            let mut world = World::starts(start);
                            let turns = [*first, *second, *third];
                            let told = play(kind, &mut world, &turns);
                            plays += 1;
                            if let Some(violation) = violation(kind, &world, told) {
                                wrong.push(format!(
                                    "{kind:?} from {start:?}, {turns:?}: {told:?}: {violation}"
                                ));
                            }
                            if kind == Kind::Create && world.effects > 1 {
                                wrong.push(format!("{kind:?} from {start:?}, {turns:?}: created twice"));
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
    fn the_model_notices_wrong_decisions() {
        let world = |effects, late, was_after| World {
            effects,
            stands: effects > 0,
            late,
            was_after,
            last: (Answer::Unclear, Read::Fails),
            ..World::starts(Group::Before)
        };
        let failed = |unknown| Told::Failed { unknown, stored: false, taken: false };
        assert!(violation(Kind::Set, &world(1, false, true), failed(false)).is_some());
        assert!(violation(Kind::Set, &world(0, true, false), failed(false)).is_some());
        assert!(violation(Kind::Set, &world(0, true, false), failed(true)).is_none());
        assert!(violation(Kind::Set, &world(0, false, false), Told::Done { event: true }).is_some());
        let stored = Told::Failed { unknown: false, stored: true, taken: false };
        assert!(violation(Kind::Set, &world(0, false, false), stored).is_some());
        assert!(violation(Kind::Set, &world(0, false, true), Told::Done { event: true }).is_some());
        let silent = World { silent: 1, ..world(1, false, true) };
        assert!(violation(Kind::Set, &silent, Told::Done { event: true }).is_some());
        assert!(violation(Kind::Set, &silent, Told::Done { event: false }).is_none());
    }
}
