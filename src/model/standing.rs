//! How a source stands, in one word that operators and programs go by.
//!
//! Deliberately absent: the rules by which it is found (`health`).

use serde::{Deserialize, Serialize};

/// How a source stands, in one word. The worst comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// The publisher said that it is gone for good; it is asked no more.
    Gone,
    /// There is no feed any more, or the selectors of its page find nothing.
    Broken,
    /// The publisher does not let us in.
    Blocked,
    /// It gives no answer, or a failure.
    Failing,
    /// It answers, and has had nothing new for far longer than usual.
    Silent,
    /// It answers, and says that its address is another one now.
    Moved,
    /// It asked us to wait.
    Waiting,
    /// It is read, and had to be mended.
    Repaired,
    /// It has not been asked yet.
    New,
    /// It answers.
    Fine,
    /// It is switched off.
    Off,
}

impl Standing {
    /// All of them, the worst first.
    pub const ALL: [Self; 11] = [
        Self::Gone,
        Self::Broken,
        Self::Blocked,
        Self::Failing,
        Self::Silent,
        Self::Moved,
        Self::Waiting,
        Self::Repaired,
        Self::New,
        Self::Fine,
        Self::Off,
    ];

    /// Its one word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Broken => "broken",
            Self::Blocked => "blocked",
            Self::Failing => "failing",
            Self::Silent => "silent",
            Self::Moved => "moved",
            Self::Waiting => "waiting",
            Self::Repaired => "repaired",
            Self::New => "new",
            Self::Fine => "fine",
            Self::Off => "off",
        }
    }

    /// Whether somebody may have to do something about it.
    pub fn is_trouble(self) -> bool {
        self <= Self::Waiting
    }
}
