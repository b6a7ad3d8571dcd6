//! What makes a line the one that should stand here: its number, and the hash of the line before.

use serde::Deserialize;

use super::{
    Header,
    frame::{self, Bad},
};
use crate::model::{Record, Second};

/// The kinds that this version knows; anything else is refused.
const KINDS: [&str; 10] = ["pull", "checked", "refiled", "acted", "imported", "pruned", "erased", "followed", "snapshot", "snapshot_end"];

/// What the chain needs of a record; the rest of the line is passed over.
#[derive(Deserialize)]
pub(super) struct Outline {
    pub(super) seq: u64,
    pub(super) at: Second,
    kind: String,
    prev: String,
    /// BLAKE3 of the line as it was first written, when words were taken from it since.
    #[serde(default)]
    pub(super) was: Option<String>,
}

impl Outline {
    /// What the next line names this one by.
    pub(super) fn hash(&self, line: &[u8]) -> String {
        self.was.clone().unwrap_or_else(|| frame::hash(line))
    }
}

/// A line as the record that should stand here: the next in sequence, chained to the line before.
pub(super) fn record(line: &[u8], seq: u64, prev: &str) -> Result<(Record, Outline), Bad> {
    let outline = outline(line, seq, prev)?;
    let record = serde_json::from_slice(line).map_err(|error| Bad::Line(format!("record {seq} can not be read: {error}")))?;
    Ok((record, outline))
}

/// Whether the record that should stand here does; what it says is not looked at.
pub(super) fn outline(line: &[u8], seq: u64, prev: &str) -> Result<Outline, Bad> {
    let outline: Outline = serde_json::from_slice(line).map_err(|error| Bad::Line(format!("no record: {error}")))?;
    if outline.seq != seq {
        return Err(Bad::Line(format!("record {} stands where {seq} should", outline.seq)));
    }
    if outline.prev != prev {
        return Err(Bad::Line(format!("record {seq} does not follow the line before it")));
    }
    if !KINDS.contains(&outline.kind.as_str()) {
        return Err(Bad::UnknownKind { seq, kind: outline.kind });
    }
    Ok(outline)
}

/// Whether a line is a record or a header at all.
pub(super) fn is_a_line(line: &[u8]) -> bool {
    serde_json::from_slice::<Outline>(line).is_ok() || serde_json::from_slice::<Header>(line).is_ok()
}

/// The sequence number of a line, if it is a record.
pub(super) fn sequence(line: &[u8]) -> Option<u64> {
    serde_json::from_slice::<Outline>(line).ok().map(|outline| outline.seq)
}
