//! What kind of trouble a look at a source met.
//!
//! The words of a trouble are for people and may change with every version; its kind is what
//! programs and rules go by. Deliberately absent: which fault an error is (`pull`), and what
//! to try against it (`health`).

use serde::{Deserialize, Serialize};

use super::Standing;

/// A kind of trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// No answer: name, connection, or an answer that broke off.
    Unreachable,
    /// No encrypted connection: a certificate that is out of date, of another name, or not trusted.
    Tls,
    /// No whole answer in time.
    Slow,
    /// The publisher asked us to wait (429, or 503 with a time).
    AskedToWait,
    /// The publisher said that it is gone for good (410).
    Gone,
    /// The publisher does not want us: 401, 403, 451, or a page that asks whether we are human.
    Blocked,
    /// There is nothing at the address (404).
    Missing,
    /// The publisher's server failed (5xx and the like).
    ServerError,
    /// It redirects in a way that is not followed.
    Misdirected,
    /// What was sent is no feed that can be read.
    Unreadable,
    /// The selectors of a page find nothing.
    Broken,
    /// The address must not be asked.
    Forbidden,
    /// It is our own fault.
    Internal,
    /// A kind that a newer version knows.
    #[serde(other)]
    Other,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Unreachable,
        Self::Tls,
        Self::Slow,
        Self::AskedToWait,
        Self::Gone,
        Self::Blocked,
        Self::Missing,
        Self::ServerError,
        Self::Misdirected,
        Self::Unreadable,
        Self::Broken,
        Self::Forbidden,
        Self::Internal,
        Self::Other,
    ];

    /// How a source stands that has this fault. What one person would do the same about is one trouble.
    pub fn standing(self) -> Standing {
        match self {
            Self::Gone => Standing::Gone,
            Self::Blocked => Standing::Blocked,
            Self::Missing | Self::Unreadable | Self::Broken => Standing::Broken,
            Self::AskedToWait => Standing::Waiting,
            Self::Unreachable
            | Self::Tls
            | Self::Slow
            | Self::ServerError
            | Self::Misdirected
            | Self::Forbidden
            | Self::Internal
            | Self::Other => Standing::Failing,
        }
    }

    /// Its one word, as it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Tls => "tls",
            Self::Slow => "slow",
            Self::AskedToWait => "asked_to_wait",
            Self::Gone => "gone",
            Self::Blocked => "blocked",
            Self::Missing => "missing",
            Self::ServerError => "server_error",
            Self::Misdirected => "misdirected",
            Self::Unreadable => "unreadable",
            Self::Broken => "broken",
            Self::Forbidden => "forbidden",
            Self::Internal => "internal",
            Self::Other => "other",
        }
    }

    /// What it was, in words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Unreachable => "no answer",
            Self::Tls => "no encrypted connection",
            Self::Slow => "no whole answer in time",
            Self::AskedToWait => "it asked us to wait",
            Self::Gone => "it said that it is gone for good",
            Self::Blocked => "it did not let us in",
            Self::Missing => "there was nothing at its address",
            Self::ServerError => "its server failed",
            Self::Misdirected => "it redirected in a way that is not followed",
            Self::Unreadable => "what it sent was no feed that could be read",
            Self::Broken => "the selectors of its page found nothing",
            Self::Forbidden => "its address must not be asked",
            Self::Internal => "it could not be read, by a fault of ours",
            Self::Other => "a fault that this version does not know",
        }
    }
}
