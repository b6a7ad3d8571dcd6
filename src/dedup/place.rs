//! Where a new edition stands in every feed, for ever.
//!
//! A place is a whole second that no other edition has. Live items stand at the time they were
//! first seen, so that a reader that takes only strictly newer dates takes each of them. Old
//! items, shown by a new source or suddenly by a known one, file into the archive at their own
//! date, so that no subscriber is flooded.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use crate::model::Second;

/// The distance between two places.
const SECOND: Duration = Duration::from_secs(1);

/// On a source's first pull, what is older than this is old.
const FRESH: Duration = Duration::from_hours(24);

/// Up to this many items older than the last good pull are late news; more are a flood.
pub const HANDFUL: usize = 5;

/// What is known of a new edition when its place is sought. Given oldest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// The publisher's own date.
    pub published: Option<Second>,
}

/// Which place an edition should have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// At the live end.
    Live,
    /// In the archive, at this second or the next free one before it.
    Archive(Second),
}

/// Says for each new edition of one pull whether it is live or old.
///
/// `last_good` is when the source last answered well; `None` on its first pull. Arrivals come
/// oldest first, undated ones last; those that are undated go below the oldest dated one when the rest is old.
pub fn wanted(arrivals: &[Arrival], last_good: Option<Second>, now: Second) -> Vec<Wanted> {
    let horizon = match last_good {
        None => now.minus(FRESH),
        // Clocks of publishers differ, and feeds are built some time after the fact.
        Some(last) => last.min(now).minus(FRESH),
    };
    let old = arrivals.iter().filter(|a| a.published.is_some_and(|p| p < horizon)).count();
    if last_good.is_some() && old <= HANDFUL {
        return vec![Wanted::Live; arrivals.len()];
    }
    let oldest = arrivals.iter().filter_map(|a| a.published).min().map_or(now.minus(FRESH), |oldest| oldest.min(now));
    let undated = arrivals.iter().filter(|a| a.published.is_none()).count();
    let mut above = undated;
    arrivals
        .iter()
        .map(|arrival| match arrival.published {
            Some(published) if published < horizon => Wanted::Archive(published),
            Some(_) => Wanted::Live,
            None => {
                // Oldest first: the last undated one stands just below the oldest dated one.
                above -= 1;
                Wanted::Archive(oldest.minus(Duration::from_secs(1 + above as u64)))
            }
        })
        .collect()
}

/// Gives each edition its place. `last` is the newest place there is, `free` finds the first second
/// at or before another that no edition has.
///
/// Live editions take the seconds up to and including `now` that follow `last`, in the order given;
/// when there are too few, they run ahead of the clock. Places are strictly increasing with arrival.
pub fn places(wanted: &[Wanted], last: Option<Second>, now: Second, mut free: impl FnMut(Second) -> Second) -> Vec<Second> {
    let live = wanted.iter().filter(|w| **w == Wanted::Live).count() as i64;
    let mut next = (now.unix() - live + 1).max(last.map_or(i64::MIN, |last| last.unix() + 1));
    let mut given = BTreeSet::new();
    // Publishers date whole years to midnight: the search for one second goes on where it ended.
    let mut below: BTreeMap<Second, Second> = BTreeMap::new();
    // The archive is filled from its newest item down, so that items of one second keep their order.
    let mut placed: Vec<Option<Second>> = wanted
        .iter()
        .rev()
        .map(|wanted| match wanted {
            Wanted::Live => None,
            Wanted::Archive(at) => {
                let mut place = free(*below.get(at).unwrap_or(at));
                while !given.insert(place) {
                    place = free(place.minus(SECOND));
                }
                below.insert(*at, place.minus(SECOND));
                Some(place)
            }
        })
        .collect();
    placed.reverse();
    placed
        .into_iter()
        .map(|archived| {
            archived.unwrap_or_else(|| {
                while given.contains(&Second::from_unix(next)) {
                    next += 1;
                }
                next += 1;
                Second::from_unix(next - 1)
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;

    fn at(seconds: i64) -> Second {
        Second::from_unix(seconds)
    }
    const NOW: i64 = 1_600_000_000;
    const DAY: i64 = 86_400;

    #[test]
    fn a_burst_takes_the_free_seconds_before_now() {
        let places = places(&[Wanted::Live; 3], Some(at(NOW - 100)), at(NOW), |at| at);
        assert_eq!(places, [at(NOW - 2), at(NOW - 1), at(NOW)]);
    }

    #[test]
    fn a_burst_without_room_runs_ahead() {
        let places = places(&[Wanted::Live; 4], Some(at(NOW - 1)), at(NOW), |at| at);
        assert_eq!(places, [at(NOW), at(NOW + 1), at(NOW + 2), at(NOW + 3)]);
    }

    #[test]
    fn a_clock_that_went_back_gives_no_place_twice() {
        let places = places(&[Wanted::Live; 2], Some(at(NOW + 50)), at(NOW), |at| at);
        assert_eq!(places, [at(NOW + 51), at(NOW + 52)]);
    }

    #[test]
    fn old_items_take_free_seconds_at_or_before_their_date() {
        let wanted = [Wanted::Archive(at(10)), Wanted::Archive(at(10)), Wanted::Archive(at(11))];
        assert_eq!(places(&wanted, None, at(NOW), |s| if s == at(11) { at(10) } else { s }), [at(8), at(9), at(10)]);
    }

    #[test]
    fn the_first_pull_files_old_items_and_undated_ones_below_the_oldest() {
        let arrivals = [Some(at(NOW - 9 * DAY)), Some(at(NOW - 60)), None, None].map(|published| Arrival { published });
        let expected = [
            Wanted::Archive(at(NOW - 9 * DAY)),
            Wanted::Live,
            Wanted::Archive(at(NOW - 9 * DAY - 2)),
            Wanted::Archive(at(NOW - 9 * DAY - 1)),
        ];
        assert_eq!(wanted(&arrivals, None, at(NOW)), expected);
    }

    #[test]
    fn a_handful_of_late_news_is_live_and_more_is_a_flood() {
        let late = |n: usize| vec![Arrival { published: Some(at(NOW - 40 * DAY)) }; n];
        assert_eq!(wanted(&late(HANDFUL), Some(at(NOW - 900)), at(NOW)), vec![Wanted::Live; HANDFUL]);
        let flood = wanted(&late(HANDFUL + 1), Some(at(NOW - 900)), at(NOW));
        assert_eq!(flood, vec![Wanted::Archive(at(NOW - 40 * DAY)); HANDFUL + 1]);
    }
}
