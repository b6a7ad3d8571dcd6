//! What a source brought that was not taken as it came: too much at once, or too much taken back at once.
//!
//! Deliberately absent: the rules (`dedup` says what is filed in the archive, `apply` what is not believed).

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use super::Second;

/// The time over which new stories are counted.
const HOUR: Duration = Duration::from_hours(1);

/// Why something new was filed in the archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// It was old when its source was first looked at.
    FirstLook,
    /// It was old, and came with many that were.
    Old,
    /// Its source had had as many new stories within the hour as it may.
    TooMany {
        /// How many that are.
        most: u32,
    },
}

/// In words for people.
impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FirstLook => f.write_str("it was old when its source was first looked at"),
            Self::Old => f.write_str("its source suddenly showed many old items"),
            Self::TooMany { most } => write!(f, "its source had more than {most} new stories within the hour"),
        }
    }
}

/// That something new was filed in the archive: by which rule, and when. What one look filed so has one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verdict {
    /// Why.
    pub rule: Rule,
    /// When.
    pub at: Second,
}

impl Verdict {
    /// Whether it was too much, and not what any new source brings.
    pub fn is_flood(&self) -> bool {
        self.rule != Rule::FirstLook
    }
}

/// The last time that a source brought too much.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flood {
    /// Why it was filed in the archive, and when.
    pub verdict: Verdict,
    /// How many entries that were.
    pub entries: u32,
}

/// New entries of late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Hour {
    since: Second,
    new: u32,
}

/// What is remembered of a source so that it brings no flood.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Guard {
    /// New entries within the hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hour: Option<Hour>,
    /// The last time that it brought too much.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flood: Option<Flood>,
    /// Items that its last document takes back, when those are so many that they are not believed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub disbelieved: u32,
}

impl Guard {
    /// Whether there is nothing to remember.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// New entries that there were within this hour.
    pub fn new_within_hour(&self, now: Second) -> u32 {
        self.hour.filter(|hour| now.since(hour.since) < HOUR).map_or(0, |hour| hour.new)
    }

    /// Counts new entries. An hour begins with the first of them.
    pub fn count(&mut self, new: u32, now: Second) {
        if new == 0 {
            return;
        }
        let hour = self.hour.filter(|hour| now.since(hour.since) < HOUR).unwrap_or(Hour { since: now, new: 0 });
        self.hour = Some(Hour { new: hour.new.saturating_add(new), ..hour });
    }
}

fn is_zero(count: &u32) -> bool {
    *count == 0
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn an_hour_begins_with_the_first_that_is_new_and_is_then_forgotten() {
        let at = |minutes: i64| Second::from_unix(60 * minutes);
        let mut guard = Guard::default();
        guard.count(0, at(0));
        assert!(guard.is_empty());
        guard.count(3, at(10));
        guard.count(2, at(69));
        assert_eq!([at(69), at(70)].map(|now| guard.new_within_hour(now)), [5, 0]);
        guard.count(1, at(80));
        assert_eq!(guard.new_within_hour(at(139)), 1);
        assert_eq!(serde_json::to_string(&guard).unwrap(), r#"{"hour":{"since":"1970-01-01T01:20:00Z","new":1}}"#);
    }

    #[test]
    fn a_flood_reads_as_it_is_written() {
        let flood = Flood { verdict: Verdict { rule: Rule::TooMany { most: 200 }, at: Second::EPOCH }, entries: 7 };
        let written = serde_json::to_string(&flood).unwrap();
        assert_eq!(written, r#"{"verdict":{"rule":{"too_many":{"most":200}},"at":"1970-01-01T00:00:00Z"},"entries":7}"#);
        assert_eq!(serde_json::from_str::<Flood>(&written).unwrap(), flood);
        assert_eq!(rmp_serde::from_slice::<Flood>(&rmp_serde::to_vec_named(&flood).unwrap()).unwrap(), flood);
    }
}
