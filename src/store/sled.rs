//! The engine: sled 0.34, handled with the care it needs.
//!
//! It is fast to read and atomic by batch, but a flush does not reach the disk, a lost tail opens
//! as an older or an empty store, and a kill at the wrong moment leaves a snapshot file that
//! makes it refuse to open. As a view none of this loses anything (`docs/why-a-journal-beside-sled.md`).

use std::{
    fs,
    iter::Flatten,
    option::IntoIter,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{PoisonError, RwLock, RwLockReadGuard},
    time::{Duration, Instant},
};

use super::StoreError;

/// Memory for pages, in bytes. The engine's own default is a gibibyte.
const CACHE: u64 = 16 << 20;

/// A store that was just closed lets go of its file within this.
const RELEASE: Duration = Duration::from_secs(5);

/// One tree of bytes.
pub(super) struct Tree {
    path: PathBuf,
    /// `None` while it is closed: an engine that failed takes nothing more until it was opened again.
    db: RwLock<Option<::sled::Db>>,
}

/// Changes that are made together or not at all.
#[derive(Default)]
pub(super) struct Batch(::sled::Batch);

impl Batch {
    pub(super) fn put(&mut self, key: Vec<u8>, value: Vec<u8>) {
        self.0.insert(key, value);
    }

    pub(super) fn remove(&mut self, key: Vec<u8>) {
        self.0.remove(key);
    }
}

impl Tree {
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let failed = |why: String| StoreError::Engine { path: path.to_owned(), why };
        remove_unfinished_snapshots(path);
        let config = ::sled::Config::new().path(path).cache_capacity(CACHE).flush_every_ms(None).mode(::sled::Mode::HighThroughput);
        let patience = Instant::now() + RELEASE;
        loop {
            // On some damage the engine panics rather than says so.
            let opened =
                catch_unwind(AssertUnwindSafe(|| config.open())).map_err(|_| failed("the engine broke off while opening".into()))?;
            match opened {
                Ok(db) => return Ok(Self { path: path.to_owned(), db: RwLock::new(Some(db)) }),
                // The data folder is ours alone; this is the engine's own thread, still letting go of the last store.
                Err(::sled::Error::Io(error)) if error.to_string().contains("acquire lock") && Instant::now() < patience => {
                    std::thread::sleep(Duration::from_millis(5));
                }
                Err(error) => return Err(failed(error.to_string())),
            }
        }
    }

    /// The folder.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    fn failed(&self) -> impl Fn(::sled::Error) -> StoreError + '_ {
        |error| StoreError::Engine { path: self.path.clone(), why: error.to_string() }
    }

    fn db(&self) -> RwLockReadGuard<'_, Option<::sled::Db>> {
        self.db.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with the engine, which may be closed.
    fn with<T>(&self, act: impl FnOnce(&::sled::Db) -> ::sled::Result<T>) -> Result<T, StoreError> {
        let db = self.db();
        let db = db.as_ref().ok_or_else(|| StoreError::Engine { path: self.path.clone(), why: "it could not be opened again".into() })?;
        act(db).map_err(self.failed())
    }

    /// Closes the engine and puts another in its place; readers wait meanwhile. When that fails it stays closed.
    pub(super) fn replace(&self, open: impl FnOnce(&Path) -> Result<Self, StoreError>) -> Result<(), StoreError> {
        let mut db = self.db.write().unwrap_or_else(PoisonError::into_inner);
        // The file is let go of before it is opened again; an engine that failed may break off while it closes.
        let closed = db.take();
        let _ = catch_unwind(AssertUnwindSafe(move || drop(closed)));
        *db = open(&self.path)?.db.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok(())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.db().as_ref().is_some_and(|db| db.is_empty())
    }

    pub(super) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.with(|db| Ok(db.get(key)?.map(|value| value.to_vec())))
    }

    pub(super) fn put(&self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        self.with(|db| db.insert(key, value).map(drop))
    }

    pub(super) fn apply(&self, batch: Batch) -> Result<(), StoreError> {
        // An engine that could not write may break off later, rather than say so.
        catch_unwind(AssertUnwindSafe(|| self.with(|db| db.apply_batch(batch.0))))
            .unwrap_or_else(|_| Err(StoreError::Engine { path: self.path.clone(), why: "the engine broke off while writing".into() }))
    }

    /// Pairs whose key has the prefix, in order.
    pub(super) fn pairs<'a>(&'a self, prefix: &[u8]) -> impl Iterator<Item = Result<(Vec<u8>, Vec<u8>), StoreError>> + use<'a> {
        let (pairs, closed) = self.scan(prefix);
        closed.into_iter().map(Err).chain(pairs.map(|pair| pair.map(|(key, value)| (key.to_vec(), value.to_vec())).map_err(self.failed())))
    }

    pub(super) fn values<'a>(&'a self, prefix: &[u8]) -> impl Iterator<Item = Result<Vec<u8>, StoreError>> + use<'a> {
        self.pairs(prefix).map(|pair| Ok(pair?.1))
    }

    /// The values of the keys from one to another.
    pub(super) fn values_between<'a>(&'a self, from: &[u8], to: &[u8]) -> impl Iterator<Item = Result<Vec<u8>, StoreError>> + use<'a> {
        let (pairs, closed) = opened(self.with(|db| Ok(db.range(from..=to))));
        closed.into_iter().map(Err).chain(pairs.map(|pair| pair.map(|(_, value)| value.to_vec()).map_err(self.failed())))
    }

    /// The same as [`values`](Self::values), the last key first.
    pub(super) fn values_from_last<'a>(&'a self, prefix: &[u8]) -> impl Iterator<Item = Result<Vec<u8>, StoreError>> + use<'a> {
        let (pairs, closed) = self.scan(prefix);
        closed.into_iter().map(Err).chain(pairs.rev().map(|pair| pair.map(|(_, value)| value.to_vec()).map_err(self.failed())))
    }

    /// The pairs of a prefix; when the engine is closed, why there are none.
    fn scan(&self, prefix: &[u8]) -> (Flatten<IntoIter<::sled::Iter>>, Option<StoreError>) {
        opened(self.with(|db| Ok(db.scan_prefix(prefix))))
    }

    pub(super) fn flush(&self) -> Result<(), StoreError> {
        self.with(|db| db.flush().map(drop))
    }

    pub(super) fn size_on_disk(&self) -> Result<u64, StoreError> {
        self.with(::sled::Db::size_on_disk)
    }
}

/// The pairs of a scan; when the engine is closed, why there are none.
fn opened(scan: Result<::sled::Iter, StoreError>) -> (Flatten<IntoIter<::sled::Iter>>, Option<StoreError>) {
    match scan {
        Ok(pairs) => (Some(pairs).into_iter().flatten(), None),
        Err(closed) => (None.into_iter().flatten(), Some(closed)),
    }
}

/// A kill while the engine writes a snapshot leaves a part of one, which it then takes for the newest.
fn remove_unfinished_snapshots(path: &Path) {
    let Ok(entries) = fs::read_dir(path) else { return };
    for file in entries.flatten().map(|entry| entry.path()) {
        let is_unfinished = file.file_name().is_some_and(|name| {
            let name = name.to_string_lossy();
            name.starts_with("snap.") && name.ends_with(".generating")
        });
        if is_unfinished && fs::remove_file(&file).is_ok() {
            tracing::warn!("{} was left unfinished by a kill and is removed; nothing is lost", file.display());
        }
    }
}
