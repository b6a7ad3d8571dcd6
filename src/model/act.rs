//! What editors say of a story. It stands in the story itself, above what the rules say of it.
//!
//! A story that is gone is kept: what it told has to be known again, so that it does not come back by
//! another way. Deliberately absent: what an act does to a story (`dedup`), and who may do it: whoever may write the data folder.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};

use super::{Copy, CountryCode, RegionSlug, Second, StoryId, TopicSlug};

/// Acts that are told of a story at most; the journal has them all.
pub const ACTS: usize = 32;

/// What an editor can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Take a story out of every feed.
    Hide,
    /// Bring it back.
    Release,
    /// File it under other labels.
    Relabel,
    /// Take a copy out of it.
    Split,
    /// Make one story of two.
    Join,
    /// Take all copies of a source back.
    Withdraw,
    /// Take its words out of all that is kept.
    Erase,
}

impl Act {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hide => "hide",
            Self::Release => "release",
            Self::Relabel => "relabel",
            Self::Split => "split",
            Self::Join => "join",
            Self::Withdraw => "withdraw",
            Self::Erase => "erase",
        }
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One act: what, when, by whom, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// What was done.
    pub act: Act,
    /// When.
    pub at: Second,
    /// Who did it, when that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
    /// Why, when that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// Why a story is in no feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gone {
    /// An editor hid it.
    Hidden,
    /// Its last copy was withdrawn.
    Withdrawn,
    /// It is told in another story.
    Joined(StoryId),
    /// It is kept no longer: its words are gone, and what it is known by is kept.
    Pruned,
    /// Its words were taken out of all that is kept.
    Erased,
    /// Its publisher took it back, and nobody else tells it.
    Retracted,
    /// It is not shown yet: until then it waits for the original.
    Waiting(Second),
}

/// All that was said of a story beside what its copies tell. Nothing, of most.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Edited {
    /// Why it is in no feed, if so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gone: Option<Gone>,
    /// Its labels beside those that the rules give.
    #[serde(default, skip_serializing_if = "Relabelled::is_empty")]
    pub labels: Relabelled,
    /// Stories that it is not, whatever it looks like.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub apart: BTreeSet<StoryId>,
    /// Copies that were withdrawn, by an editor or their publishers, while others stayed: they are known again, and do not come back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub withdrawn: Vec<Copy>,
    /// What was done to it, the last [`ACTS`] of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acts: Vec<Said>,
}

impl Edited {
    /// Whether no editor ever said anything.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Writes down what was done.
    pub fn note(&mut self, said: Said) {
        self.acts.push(said);
        let old = self.acts.len().saturating_sub(ACTS);
        self.acts.drain(..old);
    }
}

/// Labels that an editor gave or took, of each kind.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Relabelled {
    /// Topics.
    #[serde(default, skip_serializing_if = "Change::is_empty")]
    pub topics: Change<TopicSlug>,
    /// Countries.
    #[serde(default, skip_serializing_if = "Change::is_empty")]
    pub countries: Change<CountryCode>,
    /// Regions.
    #[serde(default, skip_serializing_if = "Change::is_empty")]
    pub regions: Change<RegionSlug>,
}

impl Relabelled {
    /// Whether no label is given or taken.
    pub fn is_empty(&self) -> bool {
        self.topics.is_empty() && self.countries.is_empty() && self.regions.is_empty()
    }

    /// What is said later counts, where both speak of one label.
    pub fn then(&mut self, later: &Self) {
        self.topics.then(&later.topics);
        self.countries.then(&later.countries);
        self.regions.then(&later.regions);
    }
}

/// Labels of one kind that an editor gave or took. No label is in both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change<L: Ord> {
    /// Given, whatever the rules say.
    #[serde(default = "BTreeSet::new", skip_serializing_if = "BTreeSet::is_empty")]
    pub give: BTreeSet<L>,
    /// Taken, whatever the rules say.
    #[serde(default = "BTreeSet::new", skip_serializing_if = "BTreeSet::is_empty")]
    pub take: BTreeSet<L>,
}

impl<L: Ord> Default for Change<L> {
    fn default() -> Self {
        Self { give: BTreeSet::new(), take: BTreeSet::new() }
    }
}

impl<L: Ord + Clone> Change<L> {
    /// Whether nothing is given or taken.
    pub fn is_empty(&self) -> bool {
        self.give.is_empty() && self.take.is_empty()
    }

    fn then(&mut self, later: &Self) {
        self.give.retain(|label| !later.take.contains(label));
        self.take.retain(|label| !later.give.contains(label));
        self.give.extend(later.give.iter().cloned());
        self.take.extend(later.take.iter().cloned());
    }

    /// Labels as the editor wants them: what was given stands before what the rules found, since nobody weighed it.
    pub fn lay_over(&self, labels: &mut Vec<L>) {
        labels.retain(|label| !self.take.contains(label));
        let more: Vec<L> = self.give.iter().filter(|label| !labels.contains(label)).cloned().collect();
        labels.splice(0..0, more);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_last_word_on_a_label_counts() {
        let change = |give: &[u8], take: &[u8]| Change { give: give.iter().copied().collect(), take: take.iter().copied().collect() };
        let mut said = change(&[1, 2], &[3, 4]);
        said.then(&change(&[3], &[2]));
        assert_eq!(said, change(&[1, 3], &[2, 4]));
        let mut labels = vec![9, 4, 3, 2];
        said.lay_over(&mut labels);
        assert_eq!(labels, [1, 9, 3]);
    }
}
