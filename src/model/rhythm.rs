//! How often a source has something new.
//!
//! Kept by day, because a publisher's hours say little: one that works from nine to five is not silent
//! at night, and one that writes five notes on a Monday is weekly all the same. A few days say enough,
//! so that the record stays short however long a source is known.
//! Deliberately absent: what follows from it (`timetable`, and whoever calls a source silent).

use std::time::Duration;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::Second;

/// Days that are remembered.
const DAYS: usize = 16;
/// The rhythm of a source is that of the last four weeks, in days.
const WINDOW: i64 = 28;
/// Fewer gaps than this tell nothing of the usual one.
const GAPS: usize = 3;
/// Items that are older than the last good look by more than this are not of today.
const LATE: Duration = Duration::from_hours(24);

/// The last days on which a source had something new, and how much. Written as `[["2020-09-08", 3], …]`, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rhythm {
    days: Vec<(NaiveDate, u32)>,
}

impl Rhythm {
    /// Whether nothing was ever heard.
    pub fn is_empty(&self) -> bool {
        self.days.is_empty()
    }

    /// Takes note of new items by their published dates. `last_good` is when the source answered well before; `None` on its first look.
    ///
    /// An item counts today. One that is older than the last good look counts on its own day, and without
    /// a date not at all on the first look: an archive that comes into view is not a busy day.
    pub fn hear(&mut self, published: impl IntoIterator<Item = Option<Second>>, last_good: Option<Second>, now: Second) {
        for published in published {
            let at = match (published, last_good) {
                (Some(at), None) => at.min(now),
                (Some(at), Some(last)) if at < last.min(now).minus(LATE) => at,
                (_, Some(_)) => now,
                (None, None) => continue,
            };
            let day = day(at);
            match self.days.binary_search_by_key(&day, |(day, _)| *day) {
                Ok(at) => self.days[at].1 = self.days[at].1.saturating_add(1),
                Err(at) => self.days.insert(at, (day, 1)),
            }
        }
        let old = self.days.len().saturating_sub(DAYS);
        self.days.drain(..old);
    }

    /// New items a week, of late: over the last four weeks, or since the first day that is remembered.
    pub fn items_per_week(&self, now: Second) -> f32 {
        let Some((first, _)) = self.days.first() else { return 0.0 };
        let span = (day(now) - *first).num_days().clamp(1, WINDOW);
        // The first day only marks where counting begins.
        let counted = self.days.iter().filter(|(at, _)| (day(now) - *at).num_days() < span);
        let items: u32 = counted.map(|(_, items)| *items).fold(0, u32::saturating_add);
        7.0 * items as f32 / span as f32
    }

    /// The usual distance between days with something new, in whole days; `None` until enough of them are known.
    pub fn usual_gap(&self) -> Option<Duration> {
        let mut gaps: Vec<i64> = self.days.windows(2).map(|pair| (pair[1].0 - pair[0].0).num_days()).collect();
        gaps.sort_unstable();
        let gap = gaps.get(gaps.len() / 2).filter(|_| gaps.len() >= GAPS)?;
        Some(Duration::from_hours(24 * gap.unsigned_abs()))
    }

    /// Whole days without anything new; zero when nothing was ever heard.
    pub fn silent_days(&self, now: Second) -> u32 {
        let silent = self.days.last().map_or(0, |(last, _)| (day(now) - *last).num_days());
        u32::try_from(silent).unwrap_or(0)
    }
}

/// The day of UTC.
fn day(at: Second) -> NaiveDate {
    at.date_time().date_naive()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;

    /// Noon of a day after the first of May 2024.
    fn noon(day: i64) -> Second {
        "2024-05-01T12:00:00Z".parse::<Second>().map(|at| Second::from_unix(at.unix() + day * 86_400)).unwrap()
    }

    fn heard(days: &[i64]) -> Rhythm {
        let mut rhythm = Rhythm::default();
        for day in days {
            rhythm.hear([None, None], Some(noon(*day - 1)), noon(*day));
        }
        rhythm
    }

    #[test]
    fn the_rhythm_is_that_of_the_last_weeks_and_fades() {
        let daily = heard(&(0..40).collect::<Vec<_>>());
        let per_week = |days: i64| daily.items_per_week(noon(39 + days));
        assert_eq!((per_week(0), per_week(13), per_week(28)), (14.0, 7.5, 0.0));
        assert_eq!((daily.silent_days(noon(39)), daily.silent_days(noon(44)), daily.silent_days(noon(3))), (0, 5, 0));
        assert_eq!(heard(&[]).items_per_week(noon(0)), 0.0);
        // A clock that was set back makes nothing of it.
        assert_eq!(heard(&[5]).items_per_week(noon(0)), 14.0);
    }

    #[test]
    fn the_usual_gap_is_known_after_four_days_and_one_holiday_does_not_change_it() {
        assert_eq!(heard(&[0, 7, 14]).usual_gap(), None);
        let days = |days: u64| Some(Duration::from_hours(24 * days));
        assert_eq!(heard(&[0, 7, 14, 21]).usual_gap(), days(7));
        // Five notes a Monday are one day; work days are one day apart.
        assert_eq!(heard(&[0, 0, 0, 0, 0, 7, 7, 14, 21]).usual_gap(), days(7));
        assert_eq!(heard(&[0, 1, 2, 3, 4, 7, 8, 9, 10, 40, 41, 42]).usual_gap(), days(1));
    }

    #[test]
    fn an_archive_that_comes_into_view_is_no_busy_day() {
        let mut rhythm = Rhythm::default();
        // Forty weekly items, and three that say nothing of their day.
        let archive = (0..40).map(|week| Some(noon(-7 * week - 1)));
        rhythm.hear(archive.chain([None, None, None]), None, noon(0));
        assert_eq!((rhythm.items_per_week(noon(0)), rhythm.usual_gap()), (1.0, Some(Duration::from_hours(7 * 24))));
        let known = rhythm.clone();
        rhythm.hear((0..50).map(|n| Some(noon(-700 - n))), Some(noon(0)), noon(1));
        assert_eq!(rhythm, known, "what is older than all that is remembered is not remembered");
        rhythm.hear([Some(noon(1)), Some(noon(900)), None], Some(noon(0)), noon(1));
        assert_eq!(serde_json::to_string(&rhythm).unwrap().split("],[").last(), Some("\"2024-05-02\",3]]"));
    }
}
