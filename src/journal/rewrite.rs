//! Taking words out of lines that stand already: the one way in which a line is changed.
//!
//! A changed line keeps its place, its number and the hash of the line before it, and says in `was` what it hashed to when it was
//! first written: the line after it goes on to name that. So the chain holds, and what it can not prove any more, that this
//! line is the one that was written, is proved by the record of the erasure, which names the line before and after and
//! stands in the chain itself. Segments are written aside and renamed. Deliberately absent: which words.

use std::fs;

use serde_json::Value;

use super::{
    Journal, JournalError, chain,
    frame::{self, Bad, Frames, Press},
    read::damage,
    segment::{self, Segment, io_error},
};
use crate::model::{Record, Rewritten, Story};

/// A story without the words that have to go; the same when it holds none of them.
pub type Blank<'a> = &'a dyn Fn(&Story) -> Option<Story>;

/// A segment as it is to stand, and the lines in it that are changed by that.
struct Changed {
    bytes: Vec<u8>,
    lines: Vec<Rewritten>,
}

impl Journal {
    /// The lines that [`take_out`](Self::take_out) would change, as they would stand.
    pub fn lines_with(&mut self, blank: Blank<'_>) -> Result<Vec<Rewritten>, JournalError> {
        let mut lines = Vec::new();
        for segment in &self.segments {
            lines.extend(changed(segment, blank, &mut self.press)?.lines);
        }
        Ok(lines)
    }

    /// Takes words out of every line, and removes what an earlier snapshot had made needless. Says how many lines were changed.
    pub fn take_out(&mut self, blank: Blank<'_>) -> Result<usize, JournalError> {
        self.must_be_whole()?;
        // The segment that is written to is closed first: none that is open is ever replaced.
        self.rotate()?;
        let mut count = 0;
        for segment in &self.segments {
            let changed = changed(segment, blank, &mut self.press)?;
            if !changed.lines.is_empty() {
                segment::replace(&self.dir, &segment.path, &changed.bytes)?;
                count += changed.lines.len();
            }
        }
        if let Some(first) = self.segments.first() {
            segment::remove_before(&self.dir, first.number)?;
        }
        Ok(count)
    }
}

fn changed(segment: &Segment, blank: Blank<'_>, press: &mut Press) -> Result<Changed, JournalError> {
    let whole = fs::read(&segment.path).map_err(io_error(&segment.path))?;
    let mut frames = Frames::new(&whole);
    let (mut last, mut hash, mut at) = (segment.header.first - 1, String::new(), 0);
    let mut changed = Changed { bytes: Vec::with_capacity(whole.len()), lines: Vec::new() };
    while let Some(line) = frames.next() {
        let read = line.and_then(|line| {
            if at == 0 {
                return Ok((frame::hash(line), None));
            }
            let (record, outline) = chain::record(line, last + 1, &hash)?;
            last = record.seq;
            let was = outline.hash(line);
            let other = without(line, &record, &was, blank)?;
            Ok((was, other))
        });
        let (was, other) = read.map_err(|bad| damage(&bad, &segment.path, at, last))?;
        let end = frames.offset();
        match other {
            Some(other) => {
                let is = press.line(&other, &mut changed.bytes)?;
                changed.lines.push(Rewritten { seq: last, was: was.clone(), is });
            }
            None => changed.bytes.extend_from_slice(&whole[at..end]),
        }
        (hash, at) = (was, end);
    }
    Ok(changed)
}

/// A line without the words; nothing when it holds none of them. What a newer version added to it stays.
fn without(line: &[u8], record: &Record, was: &str, blank: Blank<'_>) -> Result<Option<Value>, Bad> {
    let blanked: Vec<(usize, Story)> =
        record.body.stories().iter().enumerate().filter_map(|(at, story)| Some((at, blank(story)?))).collect();
    if blanked.is_empty() {
        return Ok(None);
    }
    let unreadable = |error: serde_json::Error| Bad::Line(format!("record {} can not be written anew: {error}", record.seq));
    let mut other: Value = serde_json::from_slice(line).map_err(unreadable)?;
    for (at, story) in blanked {
        other["stories"][at] = serde_json::to_value(story).map_err(unreadable)?;
    }
    other["was"] = was.into();
    Ok(Some(other))
}
