//! Reading the journal, and checking it while reading.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use super::{
    Damage, JournalError,
    chain::record,
    frame::{self, Bad, Frames},
    segment::{Segment, io_error},
};
use crate::model::{Body, Record, Rewritten, SnapshotEnd};

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
    /// What the next line has to name the last one by.
    hash: String,
    /// The last line, when words were taken from it.
    rewritten: Option<Rewritten>,
}

impl Walk {
    fn begin(segment: Segment) -> Result<Self, JournalError> {
        let bytes = fs::read(&segment.path).map_err(io_error(&segment.path))?;
        Ok(Self { frames: Frames::new(bytes), last: segment.header.first - 1, hash: String::new(), rewritten: None, segment })
    }

    /// The next record; after a bad frame there is none.
    fn step(&mut self) -> Option<Result<Record, JournalError>> {
        loop {
            let at = self.frames.offset();
            let read = self.frames.next()?.and_then(|line| {
                // The first line is the header.
                if at == 0 {
                    return Ok((None, frame::hash(line), None));
                }
                let (record, outline) = record(line, self.last + 1, &self.hash)?;
                let hash = outline.hash(line);
                let rewritten = outline.was.map(|was| Rewritten { seq: record.seq, was, is: frame::hash(line) });
                Ok((Some(record), hash, rewritten))
            });
            match read {
                Ok((record, hash, rewritten)) => {
                    (self.hash, self.rewritten) = (hash, rewritten);
                    if let Some(record) = record {
                        self.last = record.seq;
                        return Some(Ok(record));
                    }
                }
                Err(bad) => return Some(Err(damage(&bad, &self.segment.path, at, self.last))),
            }
        }
    }
}

/// What a bad frame, or the line in it, means.
pub(super) fn damage(bad: &Bad, file: &Path, at: usize, after: u64) -> JournalError {
    let damage = || JournalError::Damaged(Damage { file: file.to_owned(), at: at as u64, after, why: bad.to_string() });
    bad.refuse(file).err().unwrap_or_else(damage)
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
    let mut claims = Claims::default();
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
                        Some(Ok(record)) => {
                            report.records += 1;
                            claims.hear(&record, &walk);
                        }
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
    // What could not be read may hold what would be missed.
    if report.problems.is_empty() {
        report.problems.extend(claims.problems());
    }
    report
}

/// What records say of other lines, to be held against them.
#[derive(Default)]
struct Claims {
    first: Option<u64>,
    /// Lines from which words were taken, each with its segment.
    rewritten: Vec<(PathBuf, Rewritten)>,
    /// The last word on how such a line should stand, and the record that says so.
    erased: BTreeMap<u64, (Rewritten, u64, PathBuf)>,
    snapshot: (SnapshotEnd, blake3::Hasher),
    wrong: Vec<(PathBuf, String)>,
}

impl Claims {
    fn hear(&mut self, record: &Record, walk: &Walk) {
        let file = &walk.segment.path;
        self.first.get_or_insert(record.seq);
        self.rewritten.extend(walk.rewritten.clone().map(|line| (file.clone(), line)));
        match &record.body {
            Body::Erased(erased) => {
                self.erased.extend(erased.lines.iter().map(|line| (line.seq, (line.clone(), record.seq, file.clone()))));
            }
            Body::Snapshot(part) => {
                let (told, all) = &mut self.snapshot;
                told.stories += part.stories.len() as u64;
                told.states += part.states.len() as u64;
                all.update(walk.hash.as_bytes());
            }
            Body::SnapshotEnd(end) => {
                let (mut told, all) = std::mem::take(&mut self.snapshot);
                told.hash = all.finalize().to_hex().to_string();
                if told != *end {
                    self.wrong.push((file.clone(), format!("the snapshot that ends with record {} is not what was written", record.seq)));
                }
            }
            _ => {}
        }
    }

    fn problems(mut self) -> Vec<(PathBuf, String)> {
        for (file, line) in self.rewritten {
            let seq = line.seq;
            match self.erased.remove(&seq) {
                Some((said, ..)) if said == line => {}
                Some((_, by, _)) => self.wrong.push((file, format!("record {seq} is not what record {by} says that it became"))),
                None => self.wrong.push((file, format!("record {seq} was changed, and no later record says so"))),
            }
        }
        // What a snapshot has taken the place of is not there to be changed.
        let first = self.first.unwrap_or_default();
        for (seq, (_, by, file)) in self.erased.into_iter().filter(|(seq, _)| *seq >= first) {
            self.wrong.push((file, format!("record {seq} still holds what record {by} erased; `tributary erase` again")));
        }
        self.wrong
    }
}
