//! Reading the journal, and checking it while reading.

use std::{fs, path::PathBuf};

use super::{
    Damage, JournalError,
    chain::record,
    frame::{self, Frames},
    segment::{Segment, io_error},
};
use crate::model::Record;

/// The records of a journal, in order, one segment's compressed bytes in memory at a time. Ends after the first error.
pub struct Records {
    segments: std::vec::IntoIter<Segment>,
    from: u64,
    walk: Option<Walk>,
}

impl Records {
    pub(super) fn new(segments: &[Segment], from: u64) -> Self {
        // A segment is needed when it holds `from` or something after it.
        let skip = segments.iter().skip(1).take_while(|next| next.header.first <= from).count();
        Self { segments: Vec::from(&segments[skip..]).into_iter(), from, walk: None }
    }

    fn end(&mut self, error: JournalError) -> Option<Result<Record, JournalError>> {
        self.segments = Vec::new().into_iter();
        self.walk = None;
        Some(Err(error))
    }
}

impl Iterator for Records {
    type Item = Result<Record, JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let Some(walk) = &mut self.walk else {
                match Walk::begin(self.segments.next()?) {
                    Ok(walk) => self.walk = Some(walk),
                    Err(error) => return self.end(error),
                }
                continue;
            };
            match walk.step() {
                Some(Ok(record)) if record.seq < self.from => {}
                Some(Ok(record)) => return Some(Ok(record)),
                Some(Err(error)) => return self.end(error),
                None => self.walk = None,
            }
        }
    }
}

/// One segment, record by record.
struct Walk {
    segment: Segment,
    frames: Frames<Vec<u8>>,
    /// The last sequence that was read.
    last: u64,
    /// Hash of the last line that was read.
    hash: String,
}

impl Walk {
    fn begin(segment: Segment) -> Result<Self, JournalError> {
        let bytes = fs::read(&segment.path).map_err(io_error(&segment.path))?;
        Ok(Self { frames: Frames::new(bytes), last: segment.header.first - 1, hash: String::new(), segment })
    }

    /// The next record; after a bad frame there is none.
    fn step(&mut self) -> Option<Result<Record, JournalError>> {
        loop {
            let at = self.frames.offset();
            let read = self.frames.next()?.and_then(|line| {
                // The first line is the header.
                let record = if at == 0 { None } else { Some(record(line, self.last + 1, &self.hash)?) };
                Ok((record, frame::hash(line)))
            });
            match read {
                Ok((record, hash)) => {
                    self.hash = hash;
                    if let Some(record) = record {
                        self.last = record.seq;
                        return Some(Ok(record));
                    }
                }
                Err(bad) => {
                    let refused = bad.refuse(&self.segment.path);
                    let damage = Damage { file: self.segment.path.clone(), at: at as u64, after: self.last, why: bad.to_string() };
                    return Some(Err(refused.err().unwrap_or(JournalError::Damaged(damage))));
                }
            }
        }
    }
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
    // Where the segment before ended, when it could be read to its end.
    let mut before: Option<(u64, String)> = None;
    for segment in segments {
        report.segments += 1;
        let own = (segment.header.first - 1, segment.header.before.clone());
        if before.as_ref().is_some_and(|before| *before != own) {
            report.problems.push((segment.path.clone(), format!("does not follow record {} of the segment before", own.0)));
        }
        before = None;
        match Walk::begin(segment.clone()) {
            Ok(mut walk) => {
                let problem = loop {
                    match walk.step() {
                        Some(Ok(_)) => report.records += 1,
                        Some(Err(error)) => break Some(error),
                        None => break None,
                    }
                };
                report.bytes += walk.frames.offset() as u64;
                match problem {
                    Some(error) => report.problems.push((segment.path.clone(), error.to_string())),
                    None => before = Some((walk.last, walk.hash)),
                }
            }
            Err(error) => report.problems.push((segment.path.clone(), error.to_string())),
        }
    }
    report
}
