//! A copy of a journal that may be written to meanwhile.
//!
//! Segments that are closed do not change but by an erasure, which puts a new file in their place; of the one that is written to, the frames that
//! are whole are taken. So nobody has to be asked, and what is copied is a journal as it stood at one moment. Deliberately absent:
//! the store, which is made from the journal, and sources and topics, which are the operator's own files.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
};

use super::{
    Journal, JournalError, Report,
    frame::Frames,
    segment::{self, io_error, is_segment, sync_dir},
};

/// How often it is begun again when a compaction takes segments away meanwhile.
const TRIES: usize = 5;

/// Copies the journal of a folder into an empty one, reads the copy whole, and says what it holds.
pub fn back_up(from: &Path, to: &Path) -> Result<Report, JournalError> {
    segment::make_dir(to).map_err(io_error(to))?;
    if fs::read_dir(to).map_err(io_error(to))?.next().is_some() {
        return Err(JournalError::Io { path: to.to_owned(), cause: io::ErrorKind::DirectoryNotEmpty.into() });
    }
    let mut tries = 0;
    while let Err(error) = copy_all(from, to) {
        tries += 1;
        let is_gone = matches!(&error, JournalError::Io { cause, .. } if cause.kind() == io::ErrorKind::NotFound);
        if !is_gone || tries == TRIES {
            return Err(error);
        }
        for name in names(to)? {
            fs::remove_file(to.join(&name)).map_err(io_error(to))?;
        }
    }
    sync_dir(to)?;
    // It is whole, or it is no backup: a journal would be begun in an empty folder, and this one is not empty.
    let (segments, _) = segment::list(to)?;
    let Some(genesis) = segments.first().map(|segment| segment.header.genesis.clone()) else {
        return Err(JournalError::Io { path: from.to_owned(), cause: io::ErrorKind::NotFound.into() });
    };
    let (journal, _) = Journal::open(to, || genesis)?;
    Ok(journal.verify())
}

/// The segments of a folder, the oldest first.
fn names(dir: &Path) -> Result<Vec<String>, JournalError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).map_err(io_error(dir))? {
        let name = entry.map_err(io_error(dir))?.file_name().to_string_lossy().into_owned();
        names.extend(Some(name).filter(|name| is_segment(name)));
    }
    names.sort_unstable();
    Ok(names)
}

fn copy_all(from: &Path, to: &Path) -> Result<(), JournalError> {
    let names = names(from)?;
    for name in &names {
        let path = from.join(name);
        let bytes = fs::read(&path).map_err(io_error(&path))?;
        let whole = if Some(name) == names.last() { whole_frames(&bytes) } else { bytes.len() };
        let copy = to.join(name);
        let written = File::create(&copy).and_then(|mut file| {
            file.write_all(&bytes[..whole])?;
            file.sync_all()
        });
        written.map_err(io_error(&copy))?;
    }
    Ok(())
}

/// Where the last whole frame ends. What is behind it is being written, or was never finished.
fn whole_frames(bytes: &[u8]) -> usize {
    let mut frames = Frames::new(bytes);
    while let Some(Ok(_)) = frames.next() {}
    frames.offset()
}
