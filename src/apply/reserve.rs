//! Room that is kept free for the day the disk is full.
//!
//! An engine whose write failed has to be opened again before it is whole, and opening writes. So some
//! room is taken while there is plenty, and given back when it is needed; nothing new is taken in
//! until the same room could be taken again, which is how we see that the disk has space.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// Room that is kept, in bytes: enough to open the store and bring it up to the journal by a few groups of records.
const ROOM: usize = 8 << 20;

/// The file that takes the room.
#[derive(Debug)]
pub struct Reserve {
    path: PathBuf,
}

impl Reserve {
    /// The reserve of a data folder.
    pub fn of(data: &Path) -> Self {
        Self { path: data.join("reserve") }
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
