//! What is written down of the upkeep of what is kept: stories that were brought in, and words that were taken out.
//!
//! Like every record these hold each story whole, as it stands afterwards; at most 64 of them.
//! Deliberately absent: the words that were taken out, and any trace that could bring them back.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Story, StoryId};

/// Stories that were brought in from an export.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Imported {
    /// Each as it was exported; in another place where its own was taken.
    pub stories: Vec<Arc<Story>>,
}

/// Stories that are kept no longer, by age or number.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Pruned {
    /// What is left of each: what it is known by.
    pub stories: Vec<Arc<Story>>,
}

/// A story whose words were taken out everywhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Erased {
    /// Which story was meant.
    pub story: StoryId,
    /// Who wanted it, when that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
    /// Why, when that was said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// The earlier lines that held its words, and hold them no more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<Rewritten>,
    /// What is left of it, and of those that were joined to it.
    pub stories: Vec<Arc<Story>>,
}

/// A line of the journal from which words were taken. The line after it still names it by `was`, and so does the line itself;
/// that it may stand as it does is said by the record of the erasure, which is a link of the same chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rewritten {
    /// Its record.
    pub seq: u64,
    /// BLAKE3, in hexadecimal, of the line as it was first written.
    pub was: String,
    /// BLAKE3, in hexadecimal, of the line as it stands now.
    pub is: String,
}
