//! When the configuration may have been edited: at SIGHUP, and when something changes in its folder.
//!
//! Editors and Kubernetes do not write into a file, they put another in its place, or turn a link
//! (`..data`) to another folder: so the folder is watched and not its files, and the folder above, in which
//! it may itself be replaced. What comes in a burst is one edit, told when it is quiet again.
//! Deliberately absent: what was changed, and polling. Where a file system tells nothing (a network's, some
//! containers'), SIGHUP does.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use notify::{
    Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher,
    event::{AccessKind, AccessMode, MetadataKind, ModifyKind},
};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc,
    time::{Instant, timeout_at},
};

use crate::config::Config;

/// An edit is over when nothing has changed for this long ...
const QUIET: Duration = Duration::from_millis(300);
/// ... or at the latest after this, should something change all the time.
const LONGEST: Duration = Duration::from_secs(5);

/// Reads the configuration as it is now; what is wrong with it, one sentence each.
type Load = dyn Fn() -> Result<Config, Vec<String>> + Send + Sync;

/// Why the configuration is to be read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// Somebody said so.
    Signal,
    /// Something changed in its folder.
    Change,
}

/// Edits of a configuration, as they come, and how it is read.
pub struct Edits {
    pub(super) load: Arc<Load>,
    told: mpsc::Receiver<Why>,
    tell: mpsc::Sender<Why>,
    folder: Option<Folder>,
}

impl Edits {
    /// Listens for SIGHUP, and watches a folder, which need not be there yet. Needs a runtime.
    ///
    /// The first edit is told at once: there may have been one since the configuration was read.
    pub fn of(folder: &Path, load: impl Fn() -> Result<Config, Vec<String>> + Send + Sync + 'static) -> io::Result<Self> {
        let mut hangups = signal(SignalKind::hangup())?;
        let (tell, told) = mpsc::channel(16);
        // The channel is empty and has room.
        let _ = tell.try_send(Why::Change);
        let folder = Folder::watch(folder, tell.clone())
            .map_err(|error| tracing::warn!("{} is not watched: {error}; edits are seen at SIGHUP", folder.display()))
            .ok();
        let hung_up = tell.clone();
        tokio::spawn(async move { while hangups.recv().await.is_some() && hung_up.send(Why::Signal).await.is_ok() {} });
        Ok(Self { load: Arc::new(load), told, tell, folder })
    }

    /// Where it is told that the configuration is to be read again.
    pub(super) fn teller(&self) -> mpsc::Sender<Why> {
        self.tell.clone()
    }

    /// Waits for the next edit, until it is over.
    pub(super) async fn next(&mut self) -> Option<Why> {
        let mut why = self.told.recv().await?;
        let latest = Instant::now() + LONGEST;
        while why == Why::Change {
            match timeout_at(latest.min(Instant::now() + QUIET), self.told.recv()).await {
                Ok(next) => why = next?,
                Err(_) => break,
            }
        }
        // Another folder may stand there now; one that is gone is seen to come back by the folder above.
        if let Some(Err(error)) = self.folder.as_mut().map(Folder::watch_itself) {
            tracing::debug!("the configuration's folder is not watched: {error}");
        }
        Some(why)
    }
}

/// A folder that is watched.
struct Folder {
    path: PathBuf,
    watcher: RecommendedWatcher,
}

impl Folder {
    fn watch(path: &Path, tell: mpsc::Sender<Why>) -> notify::Result<Self> {
        let path = std::path::absolute(path)?;
        let own = path.clone();
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            // An event that can not be told is one of which nothing is known.
            if event.map_or(true, |event| is_edit(&event, &own)) {
                // When there is no room the next edit is told already.
                let _ = tell.try_send(Why::Change);
            }
        })?;
        // One that is not there is seen to come by the folder above; one of them is better than none.
        let above = path.parent().map(|above| watcher.watch(above, RecursiveMode::NonRecursive));
        let mut folder = Self { path, watcher };
        folder.watch_itself().or(above.unwrap_or(Ok(())))?;
        Ok(folder)
    }

    fn watch_itself(&mut self) -> notify::Result<()> {
        self.watcher.watch(&self.path, RecursiveMode::NonRecursive)
    }
}

/// Whether something changed in a folder, or the folder itself; that it is read is no change.
fn is_edit(event: &Event, folder: &Path) -> bool {
    let is_change = match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) | EventKind::Modify(ModifyKind::Metadata(MetadataKind::AccessTime)) => false,
        _ => true,
    };
    is_change && (event.paths.is_empty() || event.paths.iter().any(|path| path.starts_with(folder)))
}
