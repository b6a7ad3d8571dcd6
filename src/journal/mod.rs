//! The journal: the truth, append-only, in no format of our own.
//!
//! Segments `000001.ndjson.zst`, each record one line of JSON in its own zstd frame with a
//! content checksum, so that `zstdcat journal/*.zst | jq` reads it. A segment begins with a header
//! line; every line names the BLAKE3 of the line before it, so that nothing can be missing or
//! changed unnoticed. A group of records is one write and one fsync.
//!
//! A frame that was cut off at the very end is what a crash leaves of a write that nobody was told
//! of: it is taken off, and kept beside the segment all the same. A whole one is as good as the others
//! once the disk has it, which is seen to whenever the journal is opened. A bad frame anywhere else means
//! that something kept was lost: then nothing is appended any more until `verify --repair`.
//! A line is changed in one case only, when words have to be taken out of it (`rewrite`), and says so.
//! Deliberately absent: a lock (the data folder's).

mod backup;
mod chain;
mod error;
mod frame;
mod read;
mod rewrite;
mod scan;
mod segment;
mod snapshot;

use std::{
    fs::{self, File, OpenOptions},
    io::Write,
    path::{Path, PathBuf},
};

use self::frame::{Frames, Press};
use crate::model::{Draft, Genesis, Record, Second};
pub use backup::back_up;
pub use error::{Damage, JournalError, Notice};
pub use read::{Records, Report};
pub use rewrite::Blank;
pub use segment::make_dir;
use segment::{Segment, io_error};
use serde::{Deserialize, Serialize};
pub use snapshot::Compacted;

/// The format that this version writes; it reads this one and older ones.
///
/// 2: stories without words, and lines from which words were taken (`was`), which an older version would call damage; and subscriptions.
pub const FORMAT: u32 = 2;

/// A segment is closed when it is this long, in bytes: short enough to be read into memory whole, long enough that a million stories are a few dozen files.
const SEGMENT: u64 = 16 << 20;

/// Bytes that a disk has to take before it is written to again after it was full: more than a group of records usually is.
const ROOM: usize = 1 << 20;

/// The first line of a segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Header {
    /// Always `journal`.
    tributary: String,
    format: u32,
    /// The version that began the segment; older ones did not say.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    version: String,
    genesis: Genesis,
    /// Sequence of the first record that follows.
    first: u64,
    /// BLAKE3 of the last line of the segment before; zeros for the first segment.
    before: String,
    /// When the segment was begun.
    created: Second,
    /// Whether it begins with a snapshot, so that no segment before it is needed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    snapshot: bool,
}

/// Which records can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The first sequence that is still there.
    pub first: u64,
    /// The last one; `first - 1` when there is none.
    pub last: u64,
    /// When the last record was decided; the next one never is before.
    pub last_at: Second,
}

/// The journal of one data folder.
#[derive(Debug)]
pub struct Journal {
    dir: PathBuf,
    genesis: Genesis,
    /// From the newest snapshot on.
    segments: Vec<Segment>,
    file: File,
    /// Bytes of the last segment that are good.
    length: u64,
    /// BLAKE3 of the last line, in hexadecimal.
    hash: String,
    bounds: Bounds,
    damage: Option<Damage>,
    /// An fsync or a truncation failed: what is on the disk is not known, and an fsync is never tried again.
    failed: bool,
    longest: u64,
    press: Press,
}

impl Journal {
    /// Opens the journal of a folder; one that has none is begun.
    ///
    /// The last segment is read whole, the others are trusted until they are read or [verified](Self::verify).
    pub fn open(dir: &Path, begin: impl FnOnce() -> Genesis) -> Result<(Self, Vec<Notice>), JournalError> {
        Self::open_with(dir, begin, SEGMENT)
    }

    /// [`open`](Self::open) with segments of another length, in bytes.
    pub fn open_with(dir: &Path, begin: impl FnOnce() -> Genesis, longest: u64) -> Result<(Self, Vec<Notice>), JournalError> {
        make_dir(dir).map_err(io_error(dir))?;
        let mut press = Press::new()?;
        let mut notices = Vec::new();
        let (mut segments, torn) = segment::list(dir)?;
        notices.extend(torn);
        if segments.is_empty() {
            let genesis = begin();
            let zeros = "0".repeat(64);
            let header = Header {
                tributary: "journal".into(),
                format: FORMAT,
                version: env!("CARGO_PKG_VERSION").into(),
                first: 1,
                before: zeros,
                created: genesis.created,
                snapshot: false,
                genesis,
            };
            segments.push(segment::create(dir, 1, header, &mut press)?);
        }
        let begins = segments.iter().rposition(|segment| segment.header.snapshot).unwrap_or(0);
        segments.drain(..begins);
        let mut damage = segment::gap(&segments);
        let (first, last) = match (segments.first(), segments.last()) {
            (Some(first), Some(last)) => (first.header.first, last),
            _ => return Err(JournalError::Io { path: dir.to_owned(), cause: std::io::ErrorKind::NotFound.into() }),
        };
        let mut bounds = Bounds { first, last: last.header.first - 1, last_at: last.header.created };
        let bytes = fs::read(&last.path).map_err(io_error(&last.path))?;
        let mut frames = Frames::new(&bytes);
        let mut hash = String::new();
        let mut length = 0;
        let mut end = None;
        while let Some(line) = frames.next() {
            let checked = line.and_then(|line| {
                if length == 0 {
                    hash = frame::hash(line);
                } else {
                    let record = chain::outline(line, bounds.last + 1, &hash)?;
                    (bounds.last, bounds.last_at, hash) = (record.seq, record.at, record.hash(line));
                }
                Ok(())
            });
            match checked {
                Ok(()) => length = frames.offset(),
                Err(bad) => {
                    bad.refuse(&last.path)?;
                    end = Some(bad);
                    break;
                }
            }
        }
        if let Some(bad) = end {
            if scan::holds_a_line(&bytes[length + 1..]) || bad.is_whole() {
                damage.get_or_insert(Damage { file: last.path.clone(), at: length as u64, after: bounds.last, why: bad.to_string() });
            } else {
                notices.push(segment::cut(&last.path, &bytes, length)?);
            }
        }
        let file = OpenOptions::new().append(true).open(&last.path).map_err(io_error(&last.path))?;
        // A kill between a write and its fsync leaves lines that no disk has. What is trusted from here on, and served, is kept first.
        file.sync_all().map_err(io_error(&last.path))?;
        segment::sync_dir(dir)?;
        let genesis = last.header.genesis.clone();
        let journal = Self {
            dir: dir.to_owned(),
            genesis,
            segments,
            file,
            length: length as u64,
            hash,
            bounds,
            damage,
            failed: false,
            longest,
            press,
        };
        Ok((journal, notices))
    }

    /// Whether a folder holds a journal at all.
    pub fn is_begun(dir: &Path) -> bool {
        fs::read_dir(dir).is_ok_and(|entries| entries.flatten().any(|entry| segment::is_segment(&entry.file_name().to_string_lossy())))
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.dir
    }

    /// Who began this journal.
    pub fn genesis(&self) -> &Genesis {
        &self.genesis
    }

    /// Which records can be read.
    pub fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// What was lost, if anything was seen to be: then nothing is appended.
    pub fn damage(&self) -> Option<&Damage> {
        self.damage.as_ref()
    }

    /// Numbers, chains and writes a group of records, with one fsync. All of them are kept, or none.
    ///
    /// When the write failed and could be undone, it may be tried again ([`JournalError::NotWritten`]);
    /// when an fsync failed, the journal takes nothing any more until it is opened again.
    pub fn append(&mut self, drafts: &[Draft]) -> Result<Vec<Record>, JournalError> {
        self.must_be_whole()?;
        if self.length >= self.longest {
            self.rotate()?;
        }
        let (mut hash, mut bounds) = (self.hash.clone(), self.bounds);
        let mut bytes = Vec::new();
        let mut records = Vec::with_capacity(drafts.len());
        for draft in drafts {
            let record = Record {
                seq: bounds.last + 1,
                at: draft.at.max(bounds.last_at),
                prev: std::mem::take(&mut hash),
                key: draft.key.clone(),
                body: draft.body.clone(),
            };
            hash = self.press.line(&record, &mut bytes)?;
            (bounds.last, bounds.last_at) = (record.seq, record.at);
            records.push(record);
        }
        self.put(&bytes)?;
        (self.hash, self.bounds) = (hash, bounds);
        Ok(records)
    }

    /// Refuses to go on when something was lost, or what is on the disk is not known.
    fn must_be_whole(&self) -> Result<(), JournalError> {
        if let Some(damage) = &self.damage {
            return Err(JournalError::Damaged(damage.clone()));
        }
        if self.failed { Err(JournalError::Failed { path: self.dir.clone() }) } else { Ok(()) }
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), JournalError> {
        if let Err(cause) = self.file.write_all(bytes) {
            // Part of it may be there; nobody was told of it, so it is taken off again.
            if let Err(cause) = self.file.set_len(self.length) {
                self.failed = true;
                return Err(JournalError::Io { path: self.dir.clone(), cause });
            }
            return Err(JournalError::NotWritten { path: self.dir.clone(), cause });
        }
        if let Err(cause) = self.file.sync_data() {
            self.failed = true;
            // What the disk may not have must not be read by whoever opens the journal next. Where it can not be taken off now, `mend` does.
            let _ = self.file.set_len(self.length);
            return Err(JournalError::Io { path: self.dir.clone(), cause });
        }
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Tries whether the disk takes anything again, and makes the journal ready to go on when it had failed.
    ///
    /// What was written and never synced was told to nobody, and is taken off. It is then gone on in a new
    /// segment: an fsync that failed once says nothing the second time, and nothing that was kept hangs on it.
    pub fn mend(&mut self) -> Result<(), JournalError> {
        if let Some(damage) = &self.damage {
            return Err(JournalError::Damaged(damage.clone()));
        }
        if self.failed {
            self.file.set_len(self.length).and_then(|()| self.file.sync_all()).map_err(io_error(&self.dir))?;
            self.rotate()?;
            self.failed = false;
        }
        segment::try_room(&self.dir, ROOM)
    }

    /// Closes the last segment and begins the next.
    fn rotate(&mut self) -> Result<(), JournalError> {
        let header = self.header(self.bounds.last + 1, false, self.bounds.last_at);
        let number = self.segments.last().map_or(1, |segment| segment.number + 1);
        let next = segment::create(&self.dir, number, header, &mut self.press)?;
        self.go_on_in(next)
    }

    fn header(&self, first: u64, snapshot: bool, created: Second) -> Header {
        let (genesis, before, version) = (self.genesis.clone(), self.hash.clone(), env!("CARGO_PKG_VERSION").into());
        Header { tributary: "journal".into(), format: FORMAT, version, genesis, first, before, created, snapshot }
    }

    fn go_on_in(&mut self, segment: Segment) -> Result<(), JournalError> {
        self.file = OpenOptions::new().append(true).open(&segment.path).map_err(io_error(&segment.path))?;
        self.length = segment.length;
        self.hash = segment.hash.clone();
        self.segments.push(segment);
        Ok(())
    }

    /// The records from `seq` on, in order, one segment in memory at a time.
    pub fn read_from(&self, seq: u64) -> Records {
        Records::new(&self.segments, seq)
    }

    /// Reads every frame of every segment and says what was found.
    pub fn verify(&self) -> Report {
        read::verify(&self.segments)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;
    use crate::model::{Body, Checked};

    fn draft(n: i64) -> Draft {
        let body = Body::Checked(Checked { unchanged: vec![], states: vec![] });
        Draft { at: Second::from_unix(n), key: format!("round/{n}"), body }
    }

    #[test]
    fn a_journal_whose_fsync_failed_goes_on_in_a_new_segment_without_what_nobody_was_told_of() {
        let dir = tempfile::tempdir().unwrap();
        let begin = || Genesis { id: uuid::Uuid::from_u128(1), instance: uuid::Uuid::from_u128(2), created: Second::EPOCH };
        let (mut journal, _) = Journal::open(dir.path(), begin).unwrap();
        journal.append(&[draft(1), draft(2)]).unwrap();
        // What an fsync that fails leaves: bytes that may be there or not, and of which nobody was told.
        let written = fs::read(dir.path().join("000001.ndjson.zst")).unwrap();
        journal.file.write_all(&written[written.len() / 2..]).unwrap();
        journal.failed = true;
        assert!(matches!(journal.append(&[draft(3)]), Err(JournalError::Failed { .. })));
        journal.mend().unwrap();
        assert_eq!(journal.append(&[draft(4)]).unwrap()[0].seq, 3);
        journal.mend().unwrap();
        drop(journal);
        let (journal, notices) = Journal::open(dir.path(), begin).unwrap();
        let keys: Vec<String> = journal.read_from(1).map(|record| record.unwrap().key).collect();
        assert_eq!((keys, notices), (["round/1", "round/2", "round/4"].map(str::to_owned).to_vec(), vec![]));
        assert_eq!((journal.segments.len(), journal.verify().problems), (2, vec![]));
    }
}
