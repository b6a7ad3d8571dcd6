//! What is so at the moment of asking, as somebody read it off.
//!
//! It is told from a registry of its own that lives for one answer: a source that is configured no more, or
//! stands otherwise, leaves nothing behind.

use std::time::Duration;

use prometheus_client::{
    metrics::{family::Family, gauge::ConstGauge, gauge::Gauge, info::Info},
    registry::Registry,
};

use super::PREFIX;
use crate::model::{Second, SourceId, Standing};

/// Sources that are told one by one at most: those without success for the longest.
const MOST_SOURCES: usize = 200;

/// What was read off.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Readings {
    /// When the daemon was started.
    pub started: Option<Second>,
    /// Whether feeds can be asked for.
    pub is_ready: bool,
    /// Whether nothing is taken in, because something fails.
    pub is_read_only: bool,
    /// How each source stands.
    pub standings: Vec<Standing>,
    /// For how long each source that is asked has not answered well; those that never did are left out.
    pub ages: Vec<(SourceId, Duration)>,
    /// Finds that wait for the writer.
    pub queue: usize,
    /// Stories in the store.
    pub stories: u64,
    /// The last record that the store shows.
    pub record: u64,
    /// Bytes of the journal's files.
    pub journal_bytes: u64,
    /// Bytes of the store's files.
    pub store_bytes: u64,
    /// Finished feeds in memory ...
    pub cached: usize,
    /// ... and their bytes.
    pub cached_bytes: usize,
    /// Subscriptions at the built-in hub.
    pub subscriptions: usize,
    /// Connections that may be open at once.
    pub most_connections: usize,
    /// Mistakes of a configuration that was not taken.
    pub mistakes: usize,
    /// What of the configuration waits for the next start.
    pub waiting: usize,
    /// Bytes of the disk of the data folder that are free.
    pub disk_free_bytes: Option<u64>,
    /// Bytes of it that are to be left free.
    pub disk_floor_bytes: u64,
    /// Bytes of memory that the process holds.
    pub resident_bytes: Option<u64>,
    /// Files and connections that the process has open.
    pub open_files: Option<u64>,
}

impl Readings {
    /// A registry of all of it.
    pub(super) fn registry(&self) -> Registry {
        let mut registry = Registry::with_prefix(PREFIX);
        let gauges = [
            ("ready", "1 when feeds can be asked for", u64::from(self.is_ready)),
            ("read_only", "1 when nothing is taken in because something fails", u64::from(self.is_read_only)),
            ("writer_queue_length", "Finds that wait for the writer", self.queue as u64),
            ("stories", "Stories in the store", self.stories),
            ("record", "Sequence of the last record that the store shows", self.record),
            ("journal_bytes", "Bytes of the files of the journal", self.journal_bytes),
            ("store_bytes", "Bytes of the files of the store", self.store_bytes),
            ("cache_feeds", "Finished feeds in memory", self.cached as u64),
            ("cache_bytes", "Bytes of memory that finished feeds take", self.cached_bytes as u64),
            ("websub_subscriptions", "Subscriptions at the built-in hub", self.subscriptions as u64),
            ("connections_limit", "Connections of readers that may be open at once", self.most_connections as u64),
            ("disk_floor_bytes", "Bytes of the disk of the data folder below which nothing is taken in", self.disk_floor_bytes),
            ("configuration_mistakes", "Mistakes of the configuration that was last read and not taken", self.mistakes as u64),
            ("configuration_waiting", "Settings that wait for the daemon to be started again", self.waiting as u64),
        ];
        for (name, help, value) in gauges {
            registry.register(name, help, ConstGauge::new(value));
        }
        let process = [
            ("start_time_seconds", "When the daemon was started, in seconds since 1970", self.started.map(|at| at.unix().unsigned_abs())),
            ("disk_free_bytes", "Bytes of the disk of the data folder that are free", self.disk_free_bytes),
            ("resident_memory_bytes", "Bytes of memory that the process holds", self.resident_bytes),
            ("open_files", "Files and connections that the process has open", self.open_files),
        ];
        for (name, help, value) in process {
            if let Some(value) = value {
                registry.register(name, help, ConstGauge::new(value));
            }
        }
        registry.register("build", "The version that runs", Info::new([("version", env!("CARGO_PKG_VERSION"))]));
        self.tell_sources(&mut registry);
        registry
    }

    fn tell_sources(&self, registry: &mut Registry) {
        let standings = Family::<[(&'static str, &'static str); 1], Gauge>::default();
        for standing in Standing::ALL {
            let count = self.standings.iter().filter(|other| **other == standing).count();
            standings.get_or_create(&[("standing", standing.as_str())]).set(i64::try_from(count).unwrap_or(i64::MAX));
        }
        registry.register("sources", "Sources, by how they stand", standings);
        let ages = Family::<[(&'static str, String); 1], Gauge>::default();
        let mut longest: Vec<&(SourceId, Duration)> = self.ages.iter().collect();
        longest.sort_by_key(|(id, age)| (std::cmp::Reverse(*age), id));
        for (id, age) in longest.into_iter().take(MOST_SOURCES) {
            ages.get_or_create(&[("source", id.to_string())]).set(i64::try_from(age.as_secs()).unwrap_or(i64::MAX));
        }
        let help = format!("Seconds since a source last answered well; of the {MOST_SOURCES} sources for which that is longest");
        registry.register("source_last_success_age_seconds", help, ages);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::meters::Meters;

    #[test]
    fn of_many_sources_those_without_success_for_the_longest_are_told() {
        let ages = (0..1_000).map(|n| (format!("source-{n}").parse().unwrap(), Duration::from_secs(n))).collect();
        let text = Meters::default().text(&Readings { ages, ..Readings::default() });
        let mut told: Vec<u64> = text
            .lines()
            .filter(|line| line.starts_with("tributary_source_last_success_age_seconds{"))
            .map(|line| line.rsplit(' ').next().unwrap().parse().unwrap())
            .collect();
        told.sort_unstable();
        assert_eq!(told, (800..1_000).collect::<Vec<u64>>());
    }

    #[test]
    fn what_can_not_be_read_off_is_not_told_as_nought() {
        let text = Meters::default().text(&Readings::default());
        assert!(!text.contains("open_files") && text.contains("\ntributary_ready 0\n"), "{text}");
    }
}
