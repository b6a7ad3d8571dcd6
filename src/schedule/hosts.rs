//! Who is asked how much: each host has a few seats, and is left alone when it says so or does not answer.
//!
//! A source whose host is full stands in line there and takes no place among the looks, so that a
//! host that hangs with all its fifty sources costs the others two places and not fifty. A host that
//! answers none of several looks in a row is left alone for a while, whatever each of its sources waits by itself.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::Duration,
};

use crate::model::{Second, SourceId, timetable::lot};

/// A host that did not answer this often in a row is left alone ...
const SILENT: u32 = 2;
/// ... for this long, and twice as long each time that it still does not answer, a part being drawn ...
const FIRST_REST: Duration = Duration::from_mins(5);
/// ... but no longer than this: so long may it be back before we see it.
const LONGEST_REST: Duration = Duration::from_hours(2);

/// A host and its port: what one `Retry-After` speaks for.
pub(super) type Name = Arc<str>;

/// Sources that stand in line, by when they were due.
type Line = BTreeSet<(Second, SourceId)>;

#[derive(Default)]
struct Host {
    taken: usize,
    line: Line,
    /// It asked to be left alone until then (RFC 9110 §10.2.3).
    rests: Option<Second>,
    /// It does not answer, and we leave it alone until then.
    down: Option<Second>,
    /// Looks in a row that it did not answer.
    silent: u32,
    /// Times in a row that it was left alone for that.
    times: u32,
}

/// Why a host is left alone, and until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Alone {
    /// It said so.
    ByItsWord(Second),
    /// It does not answer.
    Silent(Second),
}

/// All hosts that there is anything to know of.
pub(super) struct Hosts {
    hosts: HashMap<Name, Host>,
    seats: usize,
}

impl Hosts {
    /// Hosts of which each is asked by so many at once.
    pub(super) fn new(seats: usize) -> Self {
        Self { hosts: HashMap::new(), seats: seats.max(1) }
    }

    /// Each is asked by so many at once from now on.
    pub(super) fn set_seats(&mut self, seats: usize) {
        self.seats = seats.max(1);
    }

    /// Whether a host is left alone.
    pub(super) fn left_alone(&self, name: &Name, now: Second) -> Option<Alone> {
        let host = self.hosts.get(name)?;
        let later = |until: Option<Second>| until.filter(|until| *until > now);
        later(host.rests).map(Alone::ByItsWord).or_else(|| later(host.down).map(Alone::Silent))
    }

    /// Takes a seat at a host, or stands in line there.
    pub(super) fn sit(&mut self, name: &Name, at: Second, id: &SourceId) -> bool {
        let seats = self.seats;
        let host = self.hosts.entry(name.clone()).or_default();
        let is_free = host.taken < seats;
        if is_free {
            host.taken += 1;
        } else {
            host.line.insert((at, id.clone()));
        }
        is_free
    }

    /// Gives a seat back; those come forward who can have it, or all when nobody else would call them.
    pub(super) fn rise(&mut self, name: &Name, now: Second) -> Line {
        let Some(host) = self.hosts.get_mut(name) else { return Line::new() };
        host.taken = host.taken.saturating_sub(1);
        if host.taken == 0 && host.rests.max(host.down).is_some_and(|until| until > now) {
            return std::mem::take(&mut host.line);
        }
        let next = host.line.pop_first();
        self.forget(name);
        next.into_iter().collect()
    }

    /// Takes a source out of the line.
    pub(super) fn step_out(&mut self, name: &Name, at: Second, id: &SourceId) {
        if let Some(host) = self.hosts.get_mut(name) {
            host.line.remove(&(at, id.clone()));
        }
    }

    /// The host asked to be left alone.
    pub(super) fn rest(&mut self, name: &Name, until: Second) {
        let host = self.hosts.entry(name.clone()).or_default();
        host.rests = host.rests.max(Some(until));
    }

    /// The host answered, whatever it said.
    pub(super) fn answered(&mut self, name: &Name) {
        if let Some(host) = self.hosts.get_mut(name) {
            (host.down, host.silent, host.times) = (None, 0, 0);
            self.forget(name);
        }
    }

    /// The host did not answer; gives until when it is left alone when that begins.
    pub(super) fn was_silent(&mut self, name: &Name, now: Second) -> Option<Second> {
        let host = self.hosts.entry(name.clone()).or_default();
        host.silent = host.silent.saturating_add(1);
        // Of two that ask at once the second one teaches nothing more.
        if host.silent < SILENT || host.down.is_some_and(|until| until > now) {
            return None;
        }
        let rest = FIRST_REST.saturating_mul(1 << host.times.min(16)).min(LONGEST_REST);
        let until = now.plus(rest - (rest / 4).mul_f64(lot(name, now)));
        host.times += 1;
        host.down = Some(until);
        Some(until)
    }

    /// The clock leapt: what was to last lasts as long as was meant.
    pub(super) fn shift(&mut self, by: i64) {
        for host in self.hosts.values_mut() {
            for until in [&mut host.rests, &mut host.down].into_iter().flatten() {
                *until = Second::from_unix(until.unix() + by);
            }
        }
    }

    /// A host of which there is nothing to know is not kept.
    fn forget(&mut self, name: &Name) {
        let is_idle = |host: &Host| host.taken == 0 && host.line.is_empty() && host.silent == 0;
        if self.hosts.get(name).is_some_and(|host| is_idle(host) && host.rests.is_none()) {
            self.hosts.remove(name);
        }
    }
}
