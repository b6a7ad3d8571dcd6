//! Who is being asked, and whose connections are kept.
//!
//! A host is asked by a few at once. The connection to a host that was asked a moment ago is kept for
//! the next question; that to any other is closed with its answer, because thousands of publishers with one
//! feed each would otherwise hold thousands of idle connections, ours and theirs.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::Instant,
};

/// How long a connection is kept without a question: most servers close it after a minute or sooner.
pub(super) const IDLE: Duration = Duration::from_secs(60);
/// Hosts whose connections are kept at most.
const MOST_KEPT: usize = 128;

/// The hosts that were asked within the last minute.
pub(super) struct Hosts {
    per_host: usize,
    crowd: Mutex<Crowd>,
}

#[derive(Default)]
struct Crowd {
    hosts: HashMap<Arc<str>, Host>,
    /// When each host may be forgotten, soonest first; one that was asked since then stands in line again.
    line: VecDeque<(Instant, Arc<str>)>,
    kept: usize,
}

struct Host {
    seats: Arc<Semaphore>,
    asked: Instant,
    is_kept: bool,
}

/// A place at a host: given back when it is dropped.
pub(super) struct Seat {
    /// Whether the connection is worth keeping.
    pub(super) is_kept: bool,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Hosts {
    /// Each host is asked by so many at once.
    pub(super) fn new(per_host: usize) -> Self {
        Self { per_host, crowd: Mutex::default() }
    }

    /// Waits until the host may be asked by one more.
    pub(super) async fn seat(&self, host: &str) -> Seat {
        let (seats, is_kept) = self.crowd.lock().unwrap_or_else(PoisonError::into_inner).ask(host, self.per_host, Instant::now());
        Seat { is_kept, _permit: seats.acquire_owned().await.ok() }
    }
}

impl Crowd {
    /// The seats of a host, and whether its connection is kept: it is when it was asked within [`IDLE`].
    fn ask(&mut self, name: &str, per_host: usize, now: Instant) -> (Arc<Semaphore>, bool) {
        self.forget(now);
        match self.hosts.get_mut(name) {
            Some(host) => {
                if !host.is_kept && self.kept < MOST_KEPT && now.duration_since(host.asked) < IDLE {
                    host.is_kept = true;
                    self.kept += 1;
                }
                host.asked = now;
                (host.seats.clone(), host.is_kept)
            }
            None => {
                let (name, seats): (Arc<str>, _) = (name.into(), Arc::new(Semaphore::new(per_host)));
                self.hosts.insert(name.clone(), Host { seats: seats.clone(), asked: now, is_kept: false });
                self.line.push_back((now + IDLE, name));
                (seats, false)
            }
        }
    }

    /// Forgets hosts whose time is over: two for each that is asked, so that it never takes long and always catches up.
    fn forget(&mut self, now: Instant) {
        for _ in 0..2 {
            let Some((_, name)) = self.line.pop_front_if(|(until, _)| *until <= now) else { return };
            let Some(host) = self.hosts.get(&name) else { continue };
            let is_asked = Arc::strong_count(&host.seats) > 1;
            if is_asked || host.asked + IDLE > now {
                self.line.push_back((now.max(host.asked) + IDLE, name));
                continue;
            }
            self.kept -= usize::from(host.is_kept);
            self.hosts.remove(&name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_that_was_asked_a_moment_ago_is_kept_and_idle_ones_are_bounded_and_forgotten() {
        let (mut crowd, begin) = (Crowd::default(), Instant::now());
        let names: Vec<String> = (0..1000).map(|n| format!("{n}.example")).collect();
        let mut ask = |name: &str, after: u64| crowd.ask(name, 2, begin + Duration::from_secs(after)).1;
        assert!(names.iter().all(|name| !ask(name, 0)), "nobody is kept for one question");
        assert_eq!(names.iter().filter(|name| ask(name, 1)).count(), MOST_KEPT);
        assert!(ask(&names[0], 50) && ask(&names[0], 100), "it stays kept while it is asked");
        // Others fill the places of those that were asked no more.
        for n in 0..2000 {
            ask(&format!("{n}.example.org"), 200);
        }
        assert!(!ask(&names[1], 200));
        assert!(ask(&names[1], 201));
        assert!(crowd.hosts.len() <= 2001 && crowd.line.len() == crowd.hosts.len(), "{}", crowd.hosts.len());
        assert_eq!(crowd.kept, crowd.hosts.values().filter(|host| host.is_kept).count());
    }
}
