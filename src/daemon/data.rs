//! The data folder: who holds it, and how journal and view are brought together.
//!
//! The journal is the truth. A view that is behind is brought up; one that is missing, empty or
//! unreadable is set aside and rebuilt; one that is ahead means that the journal has lost
//! something: then nothing is written any more, and what the view has is still served.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read, Seek, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use uuid::Uuid;

use crate::{
    journal::{Journal, JournalError, Notice, make_dir},
    meters::Repair,
    model::{Genesis, Second},
    store::{Store, StoreError},
};

/// Why a data folder can not be used.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// Another process holds it.
    #[error("{} is in use by another tributary{}; one data folder has one daemon", path.display(), holder(*pid))]
    Held {
        /// The folder.
        path: PathBuf,
        /// The process that holds it, when it said so.
        pid: Option<u32>,
    },
    /// It can not be read or written.
    #[error("{} can not be used as data folder", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// The journal can not be opened.
    #[error("the journal can not be opened")]
    Journal(#[from] JournalError),
    /// The view can not be opened, not even an empty one.
    #[error("the store can not be opened")]
    Store(#[from] StoreError),
}

fn holder(pid: Option<u32>) -> String {
    pid.map(|pid| format!(" (process {pid})")).unwrap_or_default()
}

/// A data folder that this process holds, and nobody else.
#[derive(Debug)]
pub struct DataFolder {
    path: PathBuf,
    _lock: File,
}

/// Journal and view, brought together.
pub struct Opened {
    /// The truth.
    pub journal: Journal,
    /// The view of it.
    pub store: Arc<Store>,
    /// Why nothing may be written, if so.
    pub read_only: Option<String>,
    /// What was damaged or missing, and is whole again.
    pub repairs: Vec<Repair>,
}

impl DataFolder {
    /// Takes hold of a folder, which is made when it is not there.
    pub fn hold(path: &Path) -> Result<Self, DataError> {
        let folder = |cause| DataError::Folder { path: path.to_owned(), cause };
        make_dir(path).map_err(folder)?;
        let mut lock = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path.join("lock")).map_err(folder)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                let _ = lock.read_to_string(&mut pid);
                return Err(DataError::Held { path: path.to_owned(), pid: pid.trim().parse().ok() });
            }
            Err(TryLockError::Error(cause)) => return Err(folder(cause)),
        }
        // Who holds it, for the message above; the lock itself is the file's, and goes with the process.
        let named = lock.set_len(0).and_then(|()| lock.rewind()).and_then(|()| writeln!(lock, "{}", std::process::id()));
        named.map_err(folder)?;
        Ok(Self { path: path.to_owned(), _lock: lock })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the journal and brings the view up to it. `progress` is told of records applied and of how many there are.
    pub fn open(&self, instance: &str, now: Second, mut progress: impl FnMut(u64, u64)) -> Result<Opened, DataError> {
        let (journal, notices) = self.journal(instance, now)?;
        for notice in &notices {
            tracing::warn!("{notice}");
        }
        let mut repairs: Vec<Repair> = notices.iter().map(|_| Repair::Journal).collect();
        let (first, last) = (journal.bounds().first, journal.bounds().last);
        let mut store = self.view(&journal)?;
        if store.applied() > 0 && store.applied() + 1 < first {
            tracing::warn!(
                "the store ends at record {}, before the journal's first, {first}; it is set aside and rebuilt",
                store.applied()
            );
            drop(store);
            store = self.fresh_view(&journal)?;
        }
        repairs.extend((store.applied() == 0 && last > 0).then_some(Repair::Store));
        let mut read_only = journal.damage().map(|damage| damage.to_string());
        if store.applied() > last {
            read_only.get_or_insert(format!(
                "the store has applied record {}, but the journal ends at {last}: {} has lost records; `tributary verify --repair` writes them back from the store",
                store.applied(),
                journal.path().display()
            ));
        } else {
            let behind = store.applied();
            for record in journal.read_from(behind + 1) {
                match record {
                    Ok(record) => match store.apply(&record) {
                        Ok(_) => progress(record.seq - behind, last - behind),
                        // The disk is full, or fails: what there is can be served, and the writer brings the rest when it can.
                        Err(error @ StoreError::Engine { .. }) => {
                            tracing::error!(
                                "the store can not be brought up to the journal, and is served as it is after record {}: {error}",
                                record.seq - 1
                            );
                            break;
                        }
                        Err(error) => return Err(error.into()),
                    },
                    // What follows a bad frame is not applied: it may build on what is lost.
                    Err(error) if read_only.is_some() => {
                        tracing::error!(error = &error as &dyn std::error::Error, "the journal can be read only in part: {error}");
                        break;
                    }
                    Err(error) => return Err(error.into()),
                }
            }
            if let Err(error) = store.flush() {
                tracing::warn!("the store was not flushed: {error}; it is brought up from the journal again at the next start");
            }
        }
        if let Some(reason) = &read_only {
            tracing::error!("{reason}; nothing is pulled, the store is still served");
        }
        Ok(Opened { journal, store: Arc::new(store), read_only, repairs })
    }

    /// Opens the journal; it is begun when the folder has none.
    ///
    /// Beside a view that has something, a journal was not begun but lost: it keeps its name, and the view is then ahead of it.
    pub fn journal(&self, instance: &str, now: Second) -> Result<(Journal, Vec<Notice>), JournalError> {
        let path = self.path.join("journal");
        let lost = if Journal::is_begun(&path) { None } else { Store::belongs_to(&self.path.join("store")) };
        Journal::open(&path, || lost.unwrap_or_else(|| genesis(instance, now)))
    }

    /// Opens the view as it is; one that can not be used is set aside and begun anew.
    fn view(&self, journal: &Journal) -> Result<Store, DataError> {
        match Store::open(&self.path.join("store"), journal.genesis()) {
            Ok(store) => Ok(store),
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the store can not be used: {error}; it is set aside and rebuilt from the journal"
                );
                self.fresh_view(journal)
            }
        }
    }

    /// Sets the view aside and begins an empty one.
    pub fn fresh_view(&self, journal: &Journal) -> Result<Store, DataError> {
        let path = self.path.join("store");
        if path.exists() {
            let aside = Store::set_aside(&path).map_err(|cause| DataError::Folder { path: path.clone(), cause })?;
            tracing::warn!("the old store is kept at {}", aside.display());
        }
        // What it knew of words may be of stories that are in the journal no more.
        Store::forget_words(&path).map_err(|cause| DataError::Folder { path: path.clone(), cause })?;
        Ok(Store::open(&path, journal.genesis())?)
    }
}

/// How a new journal begins.
fn genesis(instance: &str, now: Second) -> Genesis {
    let named = || Uuid::new_v5(&Uuid::NAMESPACE_URL, instance.as_bytes());
    let instance = if instance.is_empty() { Uuid::new_v4() } else { Uuid::parse_str(instance).unwrap_or_else(|_| named()) };
    Genesis { id: Uuid::new_v4(), instance, created: now }
}
