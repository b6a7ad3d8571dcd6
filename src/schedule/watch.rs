//! Whether the wall clock can be believed.
//!
//! It is compared with the clock that only runs forward. That one stands still while a machine
//! sleeps, so that a leap of some hours is a machine that woke up, or a clock that was set right: all
//! times are then reckoned anew. A leap of more than a day is nothing that we want to date stories by.

use std::time::{Duration, Instant};

use crate::model::Second;

/// A clock that moves further than this by itself is not believed.
const JUMP: Duration = Duration::from_hours(24);
/// Less than this is no leap, in seconds: clocks are set right by little all the time.
const SLIP: i64 = 60;

/// How the wall clock went since it was last looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gait {
    /// As time did.
    Steady,
    /// It leapt by so many seconds, and is believed.
    Leapt(i64),
    /// It leapt too far.
    Unbelievable,
}

/// Compares the wall clock with the one that only runs forward.
pub(super) struct Watch {
    at: Instant,
    wall: Second,
    has_jumped: bool,
}

impl Watch {
    pub(super) fn new(at: Instant, wall: Second) -> Self {
        Self { at, wall, has_jumped: false }
    }

    /// Looks at both clocks.
    pub(super) fn look(&mut self, at: Instant, now: Second) -> Gait {
        let expected = self.wall.plus(at.saturating_duration_since(self.at));
        let by = now.unix() - expected.unix();
        let has_jumped = by.unsigned_abs() > JUMP.as_secs();
        if has_jumped && !self.has_jumped {
            tracing::error!(
                "the clock says {now} where {expected} was expected; nothing is pulled until it is right, or the daemon is started again"
            );
        }
        let was_wrong = std::mem::replace(&mut self.has_jumped, has_jumped) && !has_jumped;
        if has_jumped {
            return Gait::Unbelievable;
        }
        (self.at, self.wall) = (at, now);
        if was_wrong {
            tracing::info!("the clock is right again");
        }
        if was_wrong || by.abs() > SLIP { Gait::Leapt(by) } else { Gait::Steady }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_clock_is_believed_within_a_day_of_where_time_would_have_brought_it() {
        let (begin, wall) = (Instant::now(), "2026-05-01T12:00:00Z".parse::<Second>().unwrap());
        let mut watch = Watch::new(begin, wall);
        let mut after = |minutes: u64, hours_off: i64| {
            let passed = Duration::from_secs(60 * minutes);
            watch.look(begin + passed, Second::from_unix(wall.plus(passed).unix() + 3_600 * hours_off))
        };
        assert_eq!([after(1, 0), after(2, 10), after(3, 10)], [Gait::Steady, Gait::Leapt(36_000), Gait::Steady]);
        // A machine that sleeps every night is right every morning.
        assert_eq!([after(4, 20), after(5, 30), after(6, 40)], [Gait::Leapt(36_000); 3]);
        assert_eq!([after(7, 39), after(8, 39)], [Gait::Leapt(-3_600), Gait::Steady]);
        let years = 14 * 365 * 24;
        assert_eq!([after(9, years), after(10, years), after(11, -years)], [Gait::Unbelievable; 3]);
        assert_eq!([after(12, 39), after(13, 39)], [Gait::Leapt(0), Gait::Steady]);
    }
}
