//! For how long stories are kept, and how many.
//!
//! Nothing is said by default, and then everything is kept. Age is counted in days of the calendar, so that one
//! answer holds all day. Deliberately absent: what becomes of a story that is kept no longer.

use std::collections::BTreeMap;

use super::{Ago, Second, SourceId, When};

/// How much of what a source tells is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Keep {
    /// Stories that stand before this go; none do when it is not said.
    pub age: Option<Ago>,
    /// As many as this stay, the newest; all of them when it is not said.
    pub stories: Option<usize>,
}

impl Keep {
    /// Whether a story stays: where its newest entry stands, and how many newer ones its source tells.
    pub fn keeps(&self, stands: Second, newer: usize, now: Second) -> bool {
        self.is_young(stands, now) && self.stories.is_none_or(|most| newer < most)
    }

    /// Whether a story is not too old.
    pub fn is_young(&self, stands: Second, now: Second) -> bool {
        self.age.is_none_or(|age| stands >= When::Ago(age).begins(now))
    }

    fn is_silent(&self) -> bool {
        *self == Self::default()
    }
}

/// How much is kept of all that there is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Keeping {
    /// As many stories as this stay in all, the newest.
    pub all: Option<usize>,
    /// What holds for each source that says nothing of its own.
    pub each: Keep,
    /// What single sources say.
    pub of: BTreeMap<SourceId, Keep>,
}

impl Keeping {
    /// What holds for a source.
    pub fn of(&self, source: &SourceId) -> Keep {
        self.of.get(source).copied().unwrap_or(self.each)
    }

    /// Whether everything is kept.
    pub fn is_silent(&self) -> bool {
        self.all.is_none() && self.each.is_silent() && self.of.values().all(Keep::is_silent)
    }
}
