//! Since when automatic replies are seen as they are, from one reading to the next.
//!
//! A mailbox tells only how they stand at present, and whoever holds it can date a schedule back.
//! What was seen with one's own eyes cannot be dated back.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::fact::AutomaticReplies;

/// Since when an answer is seen as it is
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct History {
    /// The first of all readings that saw it as it is, none of them having seen it otherwise since
    pub seen_since: Timestamp,
    /// The last reading that saw it otherwise
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_other: Option<Timestamp>,
}

/// What readings tell of how things stood at a moment
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Then {
    /// As they stand now, and they were not seen otherwise since
    Same,
    /// They were seen otherwise at that moment or after it
    Otherwise,
    /// Nobody looked at the right time
    Unseen,
}

impl History {
    /// What readings tell of how things stood at `moment`
    pub(crate) fn at(&self, moment: Timestamp) -> Then {
        if self.last_other.is_some_and(|it| it >= moment) {
            return Then::Otherwise;
        }
        if self.seen_since <= moment { Then::Same } else { Then::Unseen }
    }
}

/// What one reading saw
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Sighting {
    /// The whole setting
    Setting(AutomaticReplies),
    /// That something is replied at present
    Replying,
    /// That nothing is replied at present: it is off, or scheduled for another time
    Silent,
}

/// How two sightings compare
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Likeness {
    Same,
    Other,
    /// The one says too little
    Unclear,
}

impl Sighting {
    /// How what was seen at `at` compares with what was seen at `later`
    fn compared(self, at: Timestamp, other: Self, later: Timestamp) -> Likeness {
        let alike = |same| if same { Likeness::Same } else { Likeness::Other };
        match (self, other) {
            (Self::Setting(one), Self::Setting(other)) => alike(same(one, other)),
            (Self::Silent, Self::Setting(setting)) => silent(setting, at),
            (Self::Setting(setting), Self::Silent) => silent(setting, later),
            (Self::Replying, Self::Setting(setting)) => alike(setting.is_on(at)),
            (Self::Setting(setting), Self::Replying) => alike(setting.is_on(later)),
            (Self::Replying | Self::Silent, Self::Replying | Self::Silent) => alike(self == other),
        }
    }
}

/// How a setting compares with nothing being replied at that moment
fn silent(setting: AutomaticReplies, moment: Timestamp) -> Likeness {
    match setting {
        AutomaticReplies::Disabled => Likeness::Same,
        AutomaticReplies::Scheduled { .. } if !setting.is_on(moment) => Likeness::Unclear,
        AutomaticReplies::AlwaysEnabled | AutomaticReplies::Scheduled { .. } => Likeness::Other,
    }
}

/// Whether two settings are the same, to the second: not every way of asking tells more
fn same(one: AutomaticReplies, other: AutomaticReplies) -> bool {
    use AutomaticReplies::{AlwaysEnabled, Disabled, Scheduled};
    match (one, other) {
        (Disabled, Disabled) | (AlwaysEnabled, AlwaysEnabled) => true,
        (Scheduled { start, end }, Scheduled { start: other_start, end: other_end }) => {
            start.as_second() == other_start.as_second() && end.as_second() == other_end.as_second()
        }
        (Disabled | AlwaysEnabled | Scheduled { .. }, _) => false,
    }
}

/// Every reading of one mailbox so far, in short.
///
/// Readings may come in any order: what is kept never claims more than they saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    // INVARIANT: `history.seen_since` is not after `read`.
    seen: Sighting,
    read: Timestamp,
    #[serde(flatten)]
    history: History,
}

impl Snapshot {
    /// After the first reading
    pub const fn first(seen: Sighting, read: Timestamp) -> Self {
        Self { seen, read, history: History { seen_since: read, last_other: None } }
    }

    /// Since when what the last reading saw is seen so
    pub const fn history(&self) -> History {
        self.history
    }

    /// Whether what was seen at `read` may still stand, for all that was read since
    pub fn agrees_with(&self, seen: Sighting, read: Timestamp) -> bool {
        self.seen.compared(self.read, seen, read) != Likeness::Other
    }

    /// Since when what was seen at `read` is seen so; what another reading saw meanwhile counts
    pub fn history_of(&self, seen: Sighting, read: Timestamp) -> History {
        if self.agrees_with(seen, read) {
            return self.history;
        }
        History { seen_since: read, last_other: Some(self.read) }
    }

    /// After one more reading
    #[must_use]
    pub fn and(self, seen: Sighting, read: Timestamp) -> Self {
        if read < self.read { self.and_earlier(seen, read) } else { self.and_later(seen, read) }
    }

    fn and_later(self, seen: Sighting, read: Timestamp) -> Self {
        match self.seen.compared(self.read, seen, read) {
            Likeness::Same => {
                // What says more stands for both.
                let says_more = matches!(seen, Sighting::Setting(_));
                let seen = if says_more { seen } else { self.seen };
                Self { seen, read, ..self }
            }
            Likeness::Other => {
                let history = History { seen_since: read, last_other: Some(self.read) };
                Self { seen, read, history }
            }
            // Nothing is learned of the setting that is known.
            Likeness::Unclear if seen == Sighting::Silent => self,
            Likeness::Unclear => {
                Self { seen, read, history: History { seen_since: read, ..self.history } }
            }
        }
    }

    /// A reading that was on its way for long
    fn and_earlier(self, seen: Sighting, read: Timestamp) -> Self {
        let History { seen_since, last_other } = self.history;
        let history = match seen.compared(read, self.seen, self.read) {
            Likeness::Same if read < seen_since && last_other.is_none_or(|it| it < read) => {
                History { seen_since: read, last_other }
            }
            Likeness::Same | Likeness::Unclear => return self,
            Likeness::Other => History {
                // Of the readings since, only the last is remembered by its time.
                seen_since: if read < seen_since { seen_since } else { self.read },
                last_other: last_other.max(Some(read)),
            },
        };
        Self { history, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_kit::time;

    const ALWAYS: Sighting = Sighting::Setting(AutomaticReplies::AlwaysEnabled);
    const OFF: Sighting = Sighting::Setting(AutomaticReplies::Disabled);
    const SILENT: Sighting = Sighting::Silent;

    fn at(hour: u32) -> Timestamp {
        time(&format!("2026-11-22T{hour:02}:00:00Z"))
    }

    fn from_to(start: u32, end: u32) -> Sighting {
        Sighting::Setting(AutomaticReplies::Scheduled { start: at(start), end: at(end) })
    }

    #[test]
    fn what_is_seen_the_same_again_is_so_since_the_first_time() {
        check(&[(1, ALWAYS)], 1, None);
        check(&[(1, ALWAYS), (2, ALWAYS), (9, ALWAYS)], 1, None);
        check(&[(1, from_to(3, 9)), (2, from_to(3, 9))], 1, None);
    }

    #[test]
    fn what_changed_is_so_since_it_was_seen_changed() {
        check(&[(1, OFF), (2, ALWAYS)], 2, Some(1));
        check(&[(1, OFF), (2, OFF), (3, ALWAYS), (4, ALWAYS)], 3, Some(2));
        check(&[(1, ALWAYS), (2, OFF), (3, ALWAYS)], 3, Some(2));
        // A schedule that was moved is another.
        check(&[(1, from_to(3, 9)), (2, from_to(3, 10))], 2, Some(1));
        check(&[(4, from_to(3, 9)), (5, ALWAYS)], 5, Some(4));
    }

    #[test]
    fn silence_says_what_it_can() {
        check(&[(1, SILENT), (2, ALWAYS)], 2, Some(1));
        check(&[(1, ALWAYS), (2, SILENT)], 2, Some(1));
        check(&[(1, SILENT), (2, OFF)], 1, None);
        check(&[(1, OFF), (2, SILENT), (3, OFF)], 1, None);
        // Inside the window nothing was replied, so it was set later.
        check(&[(4, SILENT), (5, from_to(3, 9))], 5, Some(4));
        check(&[(4, from_to(3, 9)), (5, SILENT)], 5, Some(4));
        // Outside it nobody can say.
        check(&[(1, SILENT), (5, from_to(3, 9))], 5, None);
        check(&[(1, from_to(3, 9)), (2, SILENT), (4, from_to(3, 9))], 1, None);
    }

    #[test]
    fn that_something_is_replied_agrees_with_every_setting_that_is_on() {
        let replying = Sighting::Replying;
        check(&[(1, replying), (2, ALWAYS)], 1, None);
        check(&[(1, ALWAYS), (2, replying), (3, ALWAYS)], 1, None);
        check(&[(4, replying), (5, from_to(3, 9))], 4, None);
        check(&[(2, replying), (5, from_to(3, 9))], 5, Some(2));
        check(&[(1, from_to(3, 9)), (2, replying)], 2, Some(1));
        check(&[(1, OFF), (2, replying), (3, ALWAYS)], 2, Some(1));
        check(&[(1, replying), (2, SILENT), (3, replying)], 3, Some(2));
        // A setting that is known stands for what says less.
        check(&[(4, ALWAYS), (5, replying), (6, from_to(3, 9))], 6, Some(5));
    }

    #[test]
    fn a_reading_that_comes_late_takes_nothing_for_granted() {
        check(&[(5, ALWAYS), (3, OFF)], 5, Some(3));
        check(&[(5, ALWAYS), (3, ALWAYS)], 3, None);
        check(&[(5, ALWAYS), (3, OFF), (2, ALWAYS)], 5, Some(3));
        check(&[(5, ALWAYS), (2, ALWAYS), (3, OFF)], 5, Some(3));
        check(&[(5, ALWAYS), (3, OFF), (4, OFF), (2, OFF)], 5, Some(4));
        // Seen so at four as well; that was forgotten, which claims less and not more.
        check(&[(4, ALWAYS), (5, ALWAYS), (3, OFF)], 4, Some(3));
        check(&[(2, ALWAYS), (4, ALWAYS), (5, ALWAYS), (3, OFF)], 5, Some(3));
        // At the same moment both were seen.
        check(&[(3, OFF), (3, ALWAYS)], 3, Some(3));
    }

    #[track_caller]
    fn check(readings: &[(u32, Sighting)], since: u32, other: Option<u32>) {
        let mut all = readings.iter().map(|(hour, seen)| (*seen, at(*hour)));
        let (seen, read) = all.next().unwrap();
        let snapshot = all.fold(Snapshot::first(seen, read), |it, (seen, at)| it.and(seen, at));
        let expected = History { seen_since: at(since), last_other: other.map(at) };
        assert_eq!(snapshot.history(), expected, "after {readings:?}");
    }

    #[test]
    fn an_answer_that_another_reading_overtook_has_a_history_of_its_own() {
        let snapshot = Snapshot::first(ALWAYS, at(1)).and(SILENT, at(5));
        assert!(snapshot.agrees_with(OFF, at(6)) && !snapshot.agrees_with(ALWAYS, at(4)));
        let own = History { seen_since: at(4), last_other: Some(at(5)) };
        assert_eq!(snapshot.history_of(ALWAYS, at(4)), own);
        assert_eq!(snapshot.history_of(OFF, at(6)), snapshot.history());
    }

    #[test]
    fn what_was_seen_of_a_moment() {
        let history = |since, other: Option<u32>| History {
            seen_since: at(since),
            last_other: other.map(at),
        };
        assert_eq!(history(3, None).at(at(3)), Then::Same);
        assert_eq!(history(3, None).at(at(2)), Then::Unseen);
        assert_eq!(history(3, Some(1)).at(at(2)), Then::Unseen);
        assert_eq!(history(3, Some(1)).at(at(4)), Then::Same);
        assert_eq!(history(3, Some(2)).at(at(2)), Then::Otherwise);
        assert_eq!(history(3, Some(3)).at(at(3)), Then::Otherwise);
    }

    #[test]
    fn what_is_kept_is_read_again() {
        let snapshot = Snapshot::first(OFF, at(1)).and(from_to(3, 9), at(2));
        let text = serde_json::to_string(&snapshot).unwrap();
        assert_eq!(serde_json::from_str::<Snapshot>(&text).unwrap(), snapshot, "{text}");
    }
}
