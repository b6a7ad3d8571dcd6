//! Who is being asked, and whose connections are kept.
//!
//! A host is asked by a few at once. The connection to a host that was asked a moment ago is kept for
//! the next question; that to any other is closed with its answer, because thousands of publishers with one
//! feed each would otherwise hold thousands of idle connections, ours and theirs. Kept connections have generations of
//! so many hosts; when one is full the next begins, and what is idle of the last is closed.

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
/// Hosts in one generation: with two connections each, half of the 1,024 files that many systems let a process open.
const MOST_KEPT: usize = 256;

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
    generation: u64,
    /// Hosts of this generation.
    kept: usize,
}

struct Host {
    seats: Arc<Semaphore>,
    asked: Instant,
    /// The generation that it belongs to.
    kept: Option<u64>,
}

/// A place at a host: given back when it is dropped.
pub(super) struct Seat {
    /// The generation in which the connection is kept; none when it is not worth it.
    pub(super) generation: Option<u64>,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Hosts {
    /// Each host is asked by so many at once.
    pub(super) fn new(per_host: usize) -> Self {
        Self { per_host, crowd: Mutex::default() }
    }

    /// Waits until the host may be asked by one more.
    pub(super) async fn seat(&self, host: &str) -> Seat {
        let (seats, generation) = self.crowd.lock().unwrap_or_else(PoisonError::into_inner).ask(host, self.per_host, Instant::now());
        Seat { generation, _permit: seats.acquire_owned().await.ok() }
    }
}

impl Crowd {
    /// The seats of a host, and the generation in which its connection is kept: it is when it was asked within [`IDLE`].
    fn ask(&mut self, name: &str, per_host: usize, now: Instant) -> (Arc<Semaphore>, Option<u64>) {
        self.forget(now);
        match self.hosts.get_mut(name) {
            Some(host) => {
                if host.kept != Some(self.generation) && now.duration_since(host.asked) < IDLE {
                    if self.kept == MOST_KEPT {
                        (self.generation, self.kept) = (self.generation + 1, 0);
                    }
                    host.kept = Some(self.generation);
                    self.kept += 1;
                }
                host.asked = now;
                (host.seats.clone(), host.kept.filter(|kept| *kept == self.generation))
            }
            None => {
                let (name, seats): (Arc<str>, _) = (name.into(), Arc::new(Semaphore::new(per_host)));
                self.hosts.insert(name.clone(), Host { seats: seats.clone(), asked: now, kept: None });
                self.line.push_back((now + IDLE, name));
                (seats, None)
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
            self.kept -= usize::from(host.kept == Some(self.generation));
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
        assert!(names.iter().all(|name| ask(name, 0).is_none()), "nobody is kept for one question");
        let kept: Vec<u64> = names.iter().filter_map(|name| ask(name, 1)).collect();
        let generations: Vec<u64> = (0..1000).map(|n| n / MOST_KEPT as u64).collect();
        assert_eq!(kept, generations);
        assert_eq!((ask(&names[999], 50), ask(&names[999], 100)), (Some(3), Some(3)), "it stays kept while it is asked");
        // The others are asked no more, and make room for those that are.
        for n in 0..2000 {
            ask(&format!("{n}.example.org"), 200);
        }
        assert_eq!((ask(&names[1], 200), ask(&names[1], 201)), (None, Some(3)));
        assert!(crowd.hosts.len() <= 2001 && crowd.line.len() == crowd.hosts.len(), "{}", crowd.hosts.len());
        assert_eq!(crowd.kept, crowd.hosts.values().filter(|host| host.kept == Some(crowd.generation)).count());
    }
}
