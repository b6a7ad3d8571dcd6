//! Who sits on a connection and wants nothing just now, and is sent away when others find no seat.
//!
//! A connection is quiet before its first byte, and when what was asked on it is answered. Whoever has been quiet for longest is sent
//! away first; a client that still wants something opens another, as it has to whenever a server closes one that is idle. Nobody is sent
//! away in the middle of a question or an answer, so that one who asks slowly keeps a seat until the time for that is over.
//! Deliberately absent: how many seats there are, and who may sit at all.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use tokio::sync::Notify;

/// How many are sent away at once, so that who is quiet need not be looked for at each newcomer.
const TOGETHER: usize = 32;
/// What stands for a time when somebody is not quiet.
const BUSY: u64 = u64::MAX;

/// All who sit on a connection.
#[derive(Clone)]
pub(super) struct Crowd(Arc<Inner>);

struct Inner {
    begin: Instant,
    seated: Mutex<Seated>,
}

#[derive(Default)]
struct Seated {
    next: u64,
    seats: HashMap<u64, Arc<Seat>>,
}

/// One of them.
struct Seat {
    begin: Instant,
    /// Milliseconds from the beginning of the crowd to when it became quiet.
    quiet_since: AtomicU64,
    leave: Notify,
}

/// A seat as long as it is held.
pub(super) struct Guest {
    crowd: Crowd,
    number: u64,
    seat: Arc<Seat>,
}

/// By which a connection says what moves on it.
pub(super) struct Ear(Arc<Seat>);

impl Crowd {
    /// Nobody.
    pub(super) fn new() -> Self {
        Self(Arc::new(Inner { begin: Instant::now(), seated: Mutex::default() }))
    }

    /// One more, who is quiet.
    pub(super) fn sit(&self) -> Guest {
        let begin = self.0.begin;
        let seat = Arc::new(Seat { begin, quiet_since: AtomicU64::new(millis(begin)), leave: Notify::new() });
        let mut seated = self.seated();
        let number = seated.next;
        seated.next += 1;
        seated.seats.insert(number, seat.clone());
        drop(seated);
        Guest { crowd: self.clone(), number, seat }
    }

    /// Asks those who have been quiet for longest to leave; says how many.
    pub(super) fn make_room(&self) -> usize {
        let mut quiet: Vec<(u64, u64, Arc<Seat>)> = Vec::new();
        for (number, seat) in &self.seated().seats {
            let since = seat.quiet_since.load(Ordering::Relaxed);
            if since != BUSY {
                quiet.push((since, *number, seat.clone()));
            }
        }
        quiet.sort_unstable_by_key(|(since, number, _)| (*since, *number));
        quiet.truncate(TOGETHER);
        quiet.iter().for_each(|(_, _, seat)| seat.leave.notify_one());
        quiet.len()
    }

    fn seated(&self) -> MutexGuard<'_, Seated> {
        self.0.seated.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Guest {
    /// By which its connection says what moves.
    pub(super) fn ear(&self) -> Ear {
        Ear(self.seat.clone())
    }

    /// Waits until it has to leave. One that was asked to and is not quiet any more stays.
    pub(super) async fn has_to_leave(&self) {
        loop {
            self.seat.leave.notified().await;
            if self.seat.quiet_since.load(Ordering::Relaxed) != BUSY {
                return;
            }
        }
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.crowd.seated().seats.remove(&self.number);
    }
}

impl Ear {
    /// Something is asked or answered.
    pub(super) fn is_busy(&self) {
        self.0.quiet_since.store(BUSY, Ordering::Relaxed);
    }

    /// What was asked is answered.
    pub(super) fn is_quiet(&self) {
        self.0.quiet_since.store(millis(self.0.begin), Ordering::Relaxed);
    }
}

fn millis(begin: Instant) -> u64 {
    u64::try_from(begin.elapsed().as_millis()).unwrap_or(BUSY - 1)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::pin::pin;

    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn those_who_have_been_quiet_for_longest_leave_and_those_who_want_something_stay() {
        let crowd = Crowd::new();
        let guests: Vec<Guest> = (0..TOGETHER + 3).map(|_| crowd.sit()).collect();
        guests[0].ear().is_busy();
        guests[1].ear().is_busy();
        guests[1].seat.quiet_since.store(BUSY - 1, Ordering::Relaxed);
        assert_eq!(crowd.make_room(), TOGETHER);
        // Asked to leave, and then asking something.
        guests[2].ear().is_busy();
        let leaving: Vec<usize> =
            guests.iter().enumerate().filter(|(_, guest)| pin!(guest.has_to_leave()).now_or_never().is_some()).map(|(at, _)| at).collect();
        assert_eq!(leaving, (3..TOGETHER + 2).collect::<Vec<_>>());
        drop(guests);
        assert_eq!((crowd.make_room(), crowd.seated().seats.len()), (0, 0));
    }
}
