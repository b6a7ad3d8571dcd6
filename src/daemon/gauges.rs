//! What is read off the daemon when somebody asks for its metrics.
//!
//! Nothing of it is kept up to date in between, so that it costs nothing while nobody asks.
//! Deliberately absent: what is counted as it happens (`meters`).

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock, Weak},
    time::Duration,
};

use crate::{
    apply::{Queue, free_bytes},
    health,
    meters::{Meters, Readings},
    model::{Second, Source, SourceId, SourceState, Standing},
    serve::{App, Exposition, Watched},
    store::Store,
    websub::Ear,
};

/// Where all of it is read off.
pub(super) struct Gauges {
    /// Holds what is asked for, which holds this.
    pub(super) app: Weak<App>,
    pub(super) store: Arc<Store>,
    /// The journal's folder.
    pub(super) journal: PathBuf,
    pub(super) queue: Queue,
    /// Bytes of the disk that are to be left free.
    pub(super) floor: u64,
    pub(super) started: Second,
    pub(super) most_connections: usize,
    pub(super) ear: Arc<OnceLock<Ear>>,
}

impl Gauges {
    /// Tells what was counted, and what is read off at that moment.
    pub(super) fn exposition(self, meters: Meters) -> Arc<Exposition> {
        Exposition::new(move || meters.text(&self.read()))
    }

    fn read(&self) -> Readings {
        let app = self.app.upgrade();
        let (is_ready, is_read_only) = app.as_ref().map(|app| app.standing()).unwrap_or_default();
        let (cached, cached_bytes) = app.as_ref().map(|app| app.cached()).unwrap_or_default();
        let watched = app.and_then(|app| app.watched());
        let (standings, ages) = watched.as_deref().map(sources).unwrap_or_default();
        let configuration = watched.as_ref().map(|watched| &watched.configuration);
        Readings {
            started: Some(self.started),
            is_ready,
            is_read_only,
            standings,
            ages,
            queue: self.queue.length(),
            stories: self.store.counts().total,
            record: self.store.applied(),
            journal_bytes: bytes_in(&self.journal),
            // A store that can not be asked is told in other ways.
            store_bytes: self.store.size_on_disk().unwrap_or_default(),
            cached,
            cached_bytes,
            subscriptions: self.ear.get().map_or(0, Ear::count),
            most_connections: self.most_connections,
            disk_free_bytes: free_bytes(&self.journal).ok(),
            disk_floor_bytes: self.floor,
            mistakes: configuration.map_or(0, |configuration| configuration.mistakes.len()),
            waiting: configuration.map_or(0, |configuration| configuration.waiting.len()),
            resident_bytes: resident_bytes(),
            open_files: fs::read_dir("/proc/self/fd").ok().map(|files| files.count() as u64),
        }
    }
}

/// How each source stands, and for how long those that are asked have not answered well.
fn sources(watched: &Watched) -> (Vec<Standing>, Vec<(SourceId, Duration)>) {
    let (states, now) = (watched.register.all(), (watched.clock)());
    let sources = watched.sources.values().map(|source| (source, states.get(&source.id)));
    let standings = sources.clone().map(|(source, state)| health::health(source, state, now).leading.standing).collect();
    let is_asked = |(source, _): &(&Arc<Source>, Option<&SourceState>)| source.enabled;
    let age = |(source, state): (&Arc<Source>, Option<&SourceState>)| Some((source.id.clone(), now.since(state?.answered?)));
    (standings, sources.filter(is_asked).filter_map(age).collect())
}

/// Bytes of the files in a folder.
fn bytes_in(folder: &Path) -> u64 {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    files.filter_map(|file| file.metadata().ok()).filter(fs::Metadata::is_file).map(|file| file.len()).sum()
}

/// Memory that the process holds, where the system tells (`proc(5)`, `VmRSS`, in KiB).
fn resident_bytes() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib << 10)
}
