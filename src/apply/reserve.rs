//! Room that is kept free for the day the disk is full.
//!
//! An engine whose write failed has to be opened again before it is whole, and opening writes. So some
//! room is taken while there is plenty, and given back when it is needed; nothing new is taken in
//! until the same room could be taken again, which is how we see that the disk has space. Long before that, nothing is
//! taken in while the disk has less room than an operator wants to be left.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use super::ApplyError;

/// Room that is kept, in bytes: enough to open the store and bring it up to the journal by a few groups of records.
const ROOM: usize = 8 << 20;

/// The file that takes the room.
#[derive(Debug)]
pub struct Reserve {
    path: PathBuf,
    /// Bytes of the disk that are to be left free.
    floor: u64,
}

/// Bytes that an ordinary user may still write to the disk of a folder.
pub fn free_bytes(folder: &Path) -> io::Result<u64> {
    let disk = rustix::fs::statvfs(folder)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

impl Reserve {
    /// The reserve of a data folder on a disk of which so many bytes are to be left free.
    pub fn of(data: &Path, floor: u64) -> Self {
        Self { path: data.join("reserve"), floor }
    }

    /// Refuses when the disk has less room than is to be left. A disk that does not say is taken to have it.
    pub(super) fn floor(&self) -> Result<(), ApplyError> {
        let folder = self.path.parent().unwrap_or(&self.path);
        match free_bytes(folder) {
            Ok(free) if free < self.floor => Err(ApplyError::Floor { path: folder.to_owned(), free, floor: self.floor }),
            _ => Ok(()),
        }
    }

    /// Takes the room, if it is not taken.
    pub(super) fn take(&self) -> io::Result<()> {
        if fs::metadata(&self.path).is_ok_and(|file| file.len() == ROOM as u64) {
            return Ok(());
        }
        let aside = self.path.with_extension("partial");
        let taken = File::create(&aside).and_then(|mut file| {
            // Written and not only claimed: a hole takes no room.
            file.write_all(&vec![0; ROOM])?;
            file.sync_all()?;
            fs::rename(&aside, &self.path)
        });
        if taken.is_err() {
            // Nothing is to be done about a file that will not go.
            let _ = fs::remove_file(&aside);
        }
        taken
    }

    /// Gives the room back.
    pub(super) fn give(&self) {
        if let Err(error) = fs::remove_file(&self.path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!("{} could not be removed to make room: {error}", self.path.display());
        }
    }
}
