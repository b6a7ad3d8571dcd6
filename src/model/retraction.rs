//! A publisher's word that an item of its feed is none any more (RFC 6721, `at:deleted-entry`).
//!
//! Deliberately absent: what becomes of the story (`dedup`), and how many of them are believed at once (`apply`).

use serde::{Deserialize, Serialize};

use super::{Item, Second};

/// An item that a document says is taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retraction {
    /// The id that the item has in its feed: `ref`.
    pub id: String,
    /// Since when: `when`. Absent when it was not told, or can not be read.
    pub when: Option<Second>,
}

impl Retraction {
    /// Whether an item that the same source tells under the same id is told anew, and not what was taken back (RFC 6721 §3).
    /// A word without a time takes back nothing that is told beside it.
    pub fn is_overtaken_by(&self, item: &Item) -> bool {
        self.when.is_none_or(|when| told(item).is_some_and(|at| at > when))
    }
}

/// That a copy was taken back, as it is kept with the copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retracted {
    /// When we saw it.
    pub seen: Second,
    /// Since when, by the publisher's word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Second>,
}

impl Retracted {
    /// Whether it was taken back by this word already. One without a time is always the same.
    pub fn is_known(&self, retraction: &Retraction) -> bool {
        retraction.when.is_none_or(|when| self.when.is_some_and(|known| known >= when))
    }

    /// Whether an item is told anew since: its date is later. A publisher that takes back tomorrow's items takes back today's.
    pub fn is_overtaken_by(&self, item: &Item) -> bool {
        let since = self.when.map_or(self.seen, |when| when.min(self.seen));
        told(item).is_some_and(|at| at > since)
    }
}

/// When an item was last told, by its publisher's word.
fn told(item: &Item) -> Option<Second> {
    item.updated.or(item.published)
}
