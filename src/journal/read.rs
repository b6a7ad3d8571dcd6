//! Reading the journal, and checking it while reading.

use std::{fs, path::PathBuf};

use serde::Deserialize;

use super::{
    Damage, Header, JournalError,
    frame::{self, Bad, Frames},
    segment::{Segment, io_error},
};
use crate::model::{Record, Second};

/// The kinds that this version knows; anything else is refused.
const KINDS: [&str; 4] = ["pull", "checked", "snapshot", "snapshot_end"];

/// What the chain needs of a record; the rest of the line is passed over.
#[derive(Deserialize)]
pub(super) struct Outline {
    pub(super) seq: u64,
    pub(super) at: Second,
    kind: String,
    prev: String,
}

/// A line as the record that should stand here: the next in sequence, chained to the line before.
pub(super) fn record(line: &[u8], seq: u64, prev: &str) -> Result<Record, Bad> {
    outline(line, seq, prev)?;
    serde_json::from_slice(line).map_err(|error| Bad::Line(format!("record {seq} can not be read: {error}")))
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

/// The records of a journal, in order. Ends after the first error.
pub struct Records {
    segments: std::vec::IntoIter<Segment>,
    from: u64,
    /// Records of the segment that is being read, the next one last.
    ready: Vec<Result<Record, JournalError>>,
    ended: bool,
}

impl Records {
    pub(super) fn new(segments: &[Segment], from: u64) -> Self {
        // A segment is needed when it holds `from` or something after it.
        let skip = segments.iter().skip(1).take_while(|next| next.header.first <= from).count();
        Self { segments: Vec::from(&segments[skip..]).into_iter(), from, ready: Vec::new(), ended: false }
    }
}

impl Iterator for Records {
    type Item = Result<Record, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.ready.is_empty() && !self.ended {
            let segment = self.segments.next()?;
            match read(&segment, self.from) {
                Ok((records, None)) => self.ready.extend(records.into_iter().rev().map(Ok)),
                Ok((records, Some(damage))) => {
                    self.ended = true;
                    self.ready.push(Err(JournalError::Damaged(damage)));
                    self.ready.extend(records.into_iter().rev().map(Ok));
                }
                Err(error) => {
                    self.ended = true;
                    return Some(Err(error));
                }
            }
        }
        self.ready.pop()
    }
}

/// The records of one segment from `from` on, and what ended it early.
fn read(segment: &Segment, from: u64) -> Result<(Vec<Record>, Option<Damage>), JournalError> {
    let mut records = Vec::new();
    let end = walk(segment, |record| {
        if record.seq >= from {
            records.push(record);
        }
    })?;
    Ok((records, end.damage))
}

struct End {
    last: u64,
    hash: String,
    bytes: u64,
    damage: Option<Damage>,
}

/// Hands on each record of a segment in turn, up to the first bad frame.
fn walk(segment: &Segment, mut each: impl FnMut(Record)) -> Result<End, JournalError> {
    let bytes = fs::read(&segment.path).map_err(io_error(&segment.path))?;
    let mut frames = Frames::new(&bytes);
    let mut end = End { last: segment.header.first - 1, hash: String::new(), bytes: 0, damage: None };
    while let Some(line) = frames.next() {
        let checked = line.and_then(|line| {
            if end.bytes > 0 {
                let record = record(line, end.last + 1, &end.hash)?;
                end.last = record.seq;
                each(record);
            }
            end.hash = frame::hash(line);
            Ok(())
        });
        match checked {
            Ok(()) => end.bytes = frames.offset() as u64,
            Err(bad) => {
                bad.refuse(&segment.path)?;
                end.damage = Some(Damage { file: segment.path.clone(), at: end.bytes, after: end.last, why: bad.to_string() });
                break;
            }
        }
    }
    Ok(end)
}

/// What a full check found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Segments read.
    pub segments: u64,
    /// Records read.
    pub records: u64,
    /// Bytes read.
    pub bytes: u64,
    /// What is wrong, each with its file.
    pub problems: Vec<(PathBuf, String)>,
}

/// Reads every frame of every segment.
pub(super) fn verify(segments: &[Segment]) -> Report {
    let mut report = Report::default();
    let mut before: Option<End> = None;
    for segment in segments {
        report.segments += 1;
        let problem = match &before {
            Some(end) if end.damage.is_none() && (segment.header.first, &segment.header.before) != (end.last + 1, &end.hash) => {
                Some(format!("does not follow record {} of the segment before", end.last))
            }
            _ => None,
        };
        report.problems.extend(problem.map(|problem| (segment.path.clone(), problem)));
        match walk(segment, |_| report.records += 1) {
            Ok(end) => {
                report.bytes += end.bytes;
                report.problems.extend(end.damage.iter().map(|damage| (damage.file.clone(), damage.to_string())));
                before = Some(end);
            }
            Err(error) => {
                report.problems.push((segment.path.clone(), error.to_string()));
                before = None;
            }
        }
    }
    report
}
