//! What can go wrong with the journal, by what somebody does about it.

use std::{fmt, io, path::PathBuf};

/// Something that was kept can not be read any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The segment.
    pub file: PathBuf,
    /// Where the bad frame begins, in bytes.
    pub at: u64,
    /// The last sequence before it that can be read.
    pub after: u64,
    /// What is wrong there.
    pub why: String,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, at, after, why } = self;
        write!(
            f,
            "{}: damaged at byte {at}, after record {after} ({why}); `tributary verify --repair` writes what the store still has",
            file.display()
        )
    }
}

/// Why the journal could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// A file could not be read or written.
    #[error("{} can not be read or written", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// The disk took nothing, or only a part that was taken off again: it may be tried again.
    #[error("nothing could be written to {}", path.display())]
    NotWritten {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// An fsync failed before: what the disk holds is not known until the journal is opened again.
    #[error("{} failed earlier and takes nothing until the daemon is started again", path.display())]
    Failed {
        /// The folder.
        path: PathBuf,
    },
    /// Something kept was lost, and nothing is appended to what is left.
    #[error("{0}")]
    Damaged(Damage),
    /// A record of a kind that this version does not know: ignoring it would lose a decision.
    #[error("{}: record {seq} is of the kind `{kind}`, which this version does not know; use the version that wrote it", file.display())]
    UnknownKind {
        /// The segment.
        file: PathBuf,
        /// The record.
        seq: u64,
        /// Its kind.
        kind: String,
    },
    /// A segment of a newer format.
    #[error(
        "{} has format {format}, written by tributary {version}; this is {}, which reads formats up to {}. Nothing was changed: start {version} or a later version again, or bring back a backup of the data folder from before it",
        file.display(), env!("CARGO_PKG_VERSION"), super::FORMAT
    )]
    NewerFormat {
        /// The segment.
        file: PathBuf,
        /// Its format.
        format: u32,
        /// The version that wrote it, as far as it said so.
        version: String,
    },
}

/// What was found and dealt with at opening.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// A frame that was not written to its end was taken off.
    TornTail {
        /// The segment.
        file: PathBuf,
        /// Where it now ends, in bytes.
        at: u64,
        /// How many bytes were taken off.
        bytes: u64,
        /// Where they are kept.
        kept: PathBuf,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::TornTail { file, at, bytes, kept } = self;
        write!(f, "{}: {bytes} bytes of an unfinished record were cut off at byte {at} and are kept in {}", file.display(), kept.display())
    }
}
