//! Where a new edition stands in every feed, for ever.
//!
//! A place is a whole second that no other edition has. Live items stand at the time they were
//! first seen, so that a reader that takes only strictly newer dates takes each of them. Old
//! items, shown by a new source or suddenly by a known one, file into the archive at their own
//! date, and so do those of a source that has had too many within the hour, so that no subscriber is flooded.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use crate::model::{Rule, Second};

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
    /// In the archive, at this second or the next free one before it, and why.
    Archive(Second, Rule),
}

/// How many new entries a source may have within an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// So many in all.
    pub most: u32,
    /// So many it has had.
    pub had: u32,
}

impl Limit {
    fn left(self) -> usize {
        usize::try_from(self.most.saturating_sub(self.had)).unwrap_or(usize::MAX)
    }
}

/// Says for each new edition of one pull whether it is live or old.
///
/// `last_good` is when the source last answered well; `None` on its first pull. Arrivals come
/// oldest first, undated ones last; those that are undated go below the oldest dated one when the rest is old.
/// Of those that are live the latest are, as many as the limit leaves; the others are filed where they are out of sight: at
/// their date, and at least a day back.
pub fn wanted(arrivals: &[Arrival], last_good: Option<Second>, limit: Limit, now: Second) -> Vec<Wanted> {
    let day_ago = now.minus(FRESH);
    let (horizon, rule) = match last_good {
        None => (day_ago, Rule::FirstLook),
        // Clocks of publishers differ, and feeds are built some time after the fact.
        Some(last) => (last.min(now).minus(FRESH), Rule::Old),
    };
    let old = arrivals.iter().filter(|a| a.published.is_some_and(|p| p < horizon)).count();
    let is_flood = last_good.is_none() || old > HANDFUL;
    let mut wanted = if is_flood { filed(arrivals, horizon, rule, now) } else { vec![Wanted::Live; arrivals.len()] };
    let live = wanted.iter().filter(|wanted| **wanted == Wanted::Live).count();
    let too_many = live.saturating_sub(limit.left());
    let rest = wanted.iter_mut().zip(arrivals).filter(|(wanted, _)| **wanted == Wanted::Live).take(too_many);
    for (wanted, arrival) in rest {
        let at = arrival.published.map_or(day_ago, |published| published.min(day_ago));
        *wanted = Wanted::Archive(at, Rule::TooMany { most: limit.most });
    }
    wanted
}

/// Files what is older than `horizon` in the archive, and what is undated below the oldest.
fn filed(arrivals: &[Arrival], horizon: Second, rule: Rule, now: Second) -> Vec<Wanted> {
    let oldest = arrivals.iter().filter_map(|a| a.published).min().map_or(now.minus(FRESH), |oldest| oldest.min(now));
    let mut above = arrivals.iter().filter(|a| a.published.is_none()).count();
    arrivals
        .iter()
        .map(|arrival| match arrival.published {
            Some(published) if published < horizon => Wanted::Archive(published, rule),
            Some(_) => Wanted::Live,
            None => {
                // Oldest first: the last undated one stands just below the oldest dated one.
                above -= 1;
                Wanted::Archive(oldest.minus(Duration::from_secs(1 + above as u64)), rule)
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
            Wanted::Archive(at, _) => {
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

    const NO_LIMIT: Limit = Limit { most: u32::MAX, had: 0 };

    #[test]
    fn old_items_take_free_seconds_at_or_before_their_date() {
        let wanted = [10, 10, 11].map(|date| Wanted::Archive(at(date), Rule::Old));
        assert_eq!(places(&wanted, None, at(NOW), |s| if s == at(11) { at(10) } else { s }), [at(8), at(9), at(10)]);
    }

    #[test]
    fn the_first_pull_files_old_items_and_undated_ones_below_the_oldest() {
        let arrivals = [Some(at(NOW - 9 * DAY)), Some(at(NOW - 60)), None, None].map(|published| Arrival { published });
        let filed = |seconds| Wanted::Archive(at(NOW - 9 * DAY - seconds), Rule::FirstLook);
        assert_eq!(wanted(&arrivals, None, NO_LIMIT, at(NOW)), [filed(0), Wanted::Live, filed(2), filed(1)]);
    }

    #[test]
    fn a_handful_of_late_news_is_live_and_more_is_a_flood() {
        let late = |n: usize| vec![Arrival { published: Some(at(NOW - 40 * DAY)) }; n];
        let told = |n: usize| wanted(&late(n), Some(at(NOW - 900)), NO_LIMIT, at(NOW));
        assert_eq!(told(HANDFUL), vec![Wanted::Live; HANDFUL]);
        assert_eq!(told(HANDFUL + 1), vec![Wanted::Archive(at(NOW - 40 * DAY), Rule::Old); HANDFUL + 1]);
    }

    #[test]
    fn more_than_the_hour_allows_are_filed_at_least_a_day_back_and_the_latest_are_live() {
        let arrivals = [Some(at(NOW - 2 * DAY)), Some(at(NOW - 60)), Some(at(NOW - 30)), None].map(|published| Arrival { published });
        let told = |most, had| wanted(&arrivals, Some(at(NOW - 900)), Limit { most, had }, at(NOW));
        let filed = |date, most| Wanted::Archive(at(date), Rule::TooMany { most });
        assert_eq!(told(4, 0), [Wanted::Live; 4]);
        assert_eq!(told(5, 3), [filed(NOW - 2 * DAY, 5), filed(NOW - DAY, 5), Wanted::Live, Wanted::Live]);
        let none = |date| filed(date, 5);
        assert_eq!(told(5, 9), [none(NOW - 2 * DAY), none(NOW - DAY), none(NOW - DAY), none(NOW - DAY)]);
    }
}
