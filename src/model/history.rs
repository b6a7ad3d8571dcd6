//! The last looks at a source, briefly.
//!
//! Kept in the view and made from the records that are applied to it, so that replaying them gives
//! the same. It is bounded and short: what is the same look after look is one run with a
//! count, and a source that has had nothing new a thousand times is no longer than one that had
//! nothing new twice. Older history is forgotten; nothing is decided by it.

use serde::{Deserialize, Serialize};

use super::{Fault, Second, SourceState};

/// Runs of looks that are remembered.
const RUNS: usize = 20;
/// Times of trouble that are remembered: longer than the looks, which a busy source fills in a day.
const SPELLS: usize = 8;

/// The last looks at a source, and its last times of trouble; the newest last.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct History {
    runs: Vec<Run>,
    spells: Vec<Spell>,
}

/// Looks in a row that came to the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "PackedRun", into = "PackedRun")]
pub struct Run {
    /// When the first of them was.
    pub first: Second,
    /// When the last of them was.
    pub last: Second,
    /// How many they are.
    pub looks: u32,
    /// What each of them came to.
    pub outcome: Outcome,
}

/// What a look came to. Written in one letter: there are many of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// It answered, and nothing was new.
    #[serde(rename = "u")]
    Unchanged,
    /// So many items were new or changed.
    #[serde(rename = "n")]
    News(u32),
    /// There was trouble.
    #[serde(rename = "f")]
    Fault(Fault),
}

/// A time of trouble: looks in a row whose faults come to one standing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "PackedSpell", into = "PackedSpell")]
pub struct Spell {
    /// The last fault.
    pub fault: Fault,
    /// When it was first met.
    pub since: Second,
    /// When a look no longer met it; `None` while it lasts.
    pub until: Option<Second>,
    /// Looks that met it.
    pub looks: u32,
}

type PackedRun = (i64, i64, u32, Outcome);
type PackedSpell = (Fault, i64, Option<i64>, u32);

impl From<Run> for PackedRun {
    fn from(run: Run) -> Self {
        (run.first.unix(), run.last.unix() - run.first.unix(), run.looks, run.outcome)
    }
}

impl From<PackedRun> for Run {
    fn from((first, length, looks, outcome): PackedRun) -> Self {
        Self { first: Second::from_unix(first), last: Second::from_unix(first.saturating_add(length)), looks, outcome }
    }
}

impl From<Spell> for PackedSpell {
    fn from(spell: Spell) -> Self {
        (spell.fault, spell.since.unix(), spell.until.map(Second::unix), spell.looks)
    }
}

impl From<PackedSpell> for Spell {
    fn from((fault, since, until, looks): PackedSpell) -> Self {
        Self { fault, since: Second::from_unix(since), until: until.map(Second::from_unix), looks }
    }
}

impl Outcome {
    /// What the last look at a source came to, by its state.
    fn of(state: &SourceState) -> Self {
        match (state.fault, &state.trouble) {
            (Some(fault), _) => Self::Fault(fault),
            // Written before kinds were kept.
            (None, Some(_)) => Self::Fault(Fault::Other),
            (None, None) if state.news > 0 => Self::News(state.news),
            (None, None) => Self::Unchanged,
        }
    }
}

impl History {
    /// The last looks, the newest last.
    pub fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// The last times of trouble, the newest last.
    pub fn spells(&self) -> &[Spell] {
        &self.spells
    }

    /// Takes note of the look that a state comes from. The same look again changes nothing.
    pub fn note(&mut self, state: &SourceState) {
        if self.runs.last().is_none_or(|run| run.last != state.asked) {
            self.take(Run { first: state.asked, last: state.asked, looks: 1, outcome: Outcome::of(state) });
        }
    }

    /// Takes note of looks in a row that found nothing new.
    pub fn note_unchanged(&mut self, first: Second, last: Second, looks: u32) {
        self.take(Run { first, last, looks, outcome: Outcome::Unchanged });
    }

    fn take(&mut self, run: Run) {
        let Run { first: at, outcome, .. } = run;
        match self.runs.last_mut() {
            Some(before) if before.outcome == outcome && !matches!(outcome, Outcome::News(_)) => {
                before.last = run.last;
                before.looks = before.looks.saturating_add(run.looks);
            }
            _ => push(&mut self.runs, run, RUNS),
        }
        let open = self.spells.last_mut().filter(|spell| spell.until.is_none());
        match (outcome, open) {
            (Outcome::Fault(fault), Some(spell)) if spell.fault.standing() == fault.standing() => {
                spell.fault = fault;
                spell.looks = spell.looks.saturating_add(1);
            }
            (outcome, open) => {
                if let Some(spell) = open {
                    spell.until = Some(at);
                }
                if let Outcome::Fault(fault) = outcome {
                    push(&mut self.spells, Spell { fault, since: at, until: None, looks: 1 }, SPELLS);
                }
            }
        }
    }
}

/// Adds the newest, and forgets the oldest when there are too many.
fn push<T>(list: &mut Vec<T>, newest: T, most: usize) {
    list.push(newest);
    let old = list.len().saturating_sub(most);
    list.drain(..old);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;

    fn state(minutes: i64, fault: Option<Fault>, news: u32) -> SourceState {
        let asked = Second::from_unix(1_600_000_000 + 60 * minutes).to_string();
        let mut state: SourceState = serde_json::from_value(
            serde_json::json!({ "source": "wire", "title": "Wire", "url": "https://wire.example/", "asked": asked }),
        )
        .unwrap();
        state.fault = fault;
        state.news = news;
        state
    }

    fn noted(looks: impl IntoIterator<Item = (Option<Fault>, u32)>) -> History {
        let mut history = History::default();
        for (minute, (fault, news)) in looks.into_iter().enumerate() {
            history.note(&state(i64::try_from(minute).unwrap(), fault, news));
        }
        history
    }

    /// Minutes, looks and outcome of each run.
    fn runs(history: &History) -> Vec<(i64, i64, u32, Outcome)> {
        let minute = |at: Second| (at.unix() - 1_600_000_000) / 60;
        history.runs.iter().map(|run| (minute(run.first), minute(run.last), run.looks, run.outcome)).collect()
    }

    #[test]
    fn what_is_the_same_look_after_look_is_one_run_and_the_same_look_is_noted_once() {
        let slow = Some(Fault::Slow);
        let mut history = noted([(None, 3), (None, 0), (None, 0), (slow, 0), (slow, 0), (None, 2), (None, 2)]);
        history.note(&state(6, None, 2));
        let expected = [
            (0, 0, 1, Outcome::News(3)),
            (1, 2, 2, Outcome::Unchanged),
            (3, 4, 2, Outcome::Fault(Fault::Slow)),
            (5, 5, 1, Outcome::News(2)),
            (6, 6, 1, Outcome::News(2)),
        ];
        assert_eq!(runs(&history), expected);
    }

    #[test]
    fn faults_that_come_to_one_standing_are_one_trouble_and_others_follow_it() {
        let history = noted([Some(Fault::Slow), Some(Fault::ServerError), Some(Fault::Blocked), None, None].map(|fault| (fault, 0)));
        let at = |minutes: i64| Second::from_unix(1_600_000_000 + 60 * minutes);
        let expected = [
            Spell { fault: Fault::ServerError, since: at(0), until: Some(at(2)), looks: 2 },
            Spell { fault: Fault::Blocked, since: at(2), until: Some(at(3)), looks: 1 },
        ];
        assert_eq!(history.spells(), expected);
    }

    #[test]
    fn it_stays_short_whatever_happens_and_is_read_back_as_it_was() {
        let faults = [Fault::Slow, Fault::Blocked, Fault::Gone, Fault::Broken];
        let history = noted((0..1_000).map(|n| (faults.get(n % 5).copied(), 0)));
        assert_eq!((history.runs.len(), history.spells.len()), (RUNS, SPELLS));
        let written = rmp_serde::to_vec_named(&history).unwrap();
        assert!(written.len() < 1_000, "{} bytes", written.len());
        assert_eq!(rmp_serde::from_slice::<History>(&written).unwrap(), history);
        let quiet = noted((0..1_000).map(|_| (None, 0)));
        assert_eq!(runs(&quiet), [(0, 999, 1_000, Outcome::Unchanged)]);
    }

    #[test]
    fn a_kind_of_trouble_that_a_newer_version_writes_is_read() {
        assert_eq!(serde_json::from_str::<Fault>("\"haunted\"").unwrap(), Fault::Other);
        assert_eq!(rmp_serde::from_slice::<Fault>(&rmp_serde::to_vec("haunted").unwrap()).unwrap(), Fault::Other);
        for fault in [Fault::AskedToWait, Fault::Tls, Fault::Other] {
            assert_eq!(serde_json::to_value(fault).unwrap(), fault.as_str());
        }
    }
}
