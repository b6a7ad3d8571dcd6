//! A time zone by its name, and the days in it.
//!
//! A day goes from midnight to midnight by the clocks of the zone, so that it has 23 hours or 25 when they are changed. Where
//! midnight is skipped it begins with the first second there is; where midnight comes twice, with the first.
//! Deliberately absent: offsets such as `+02:00`, which are no zone, and the present.

use std::{fmt, str::FromStr};

use chrono::{Days, NaiveDate, NaiveTime, TimeDelta, TimeZone};
use chrono_tz::{TZ_VARIANTS, Tz};

use super::Second;
use crate::text;

/// A zone of the IANA time zone database; UTC when none is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Zone(Tz);

/// A text that is no zone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is no time zone; {}", hint(nearest))]
pub struct BadZone {
    name: String,
    nearest: Vec<&'static str>,
}

fn hint(nearest: &[&str]) -> String {
    if nearest.is_empty() {
        return "write one of the IANA database, such as America/Guatemala".to_owned();
    }
    format!("did you mean {}?", nearest.join(", "))
}

/// The most by which clocks are put on: a day that was skipped whole, as in Samoa in 2011.
const LONGEST_GAP: i64 = 24 * 4;

impl Default for Zone {
    fn default() -> Self {
        Self(Tz::UTC)
    }
}

impl Zone {
    /// The day in which a second lies.
    pub fn day_of(self, at: Second) -> NaiveDate {
        self.0.from_utc_datetime(&at.date_time().naive_utc()).date_naive()
    }

    /// The first second of a day.
    pub fn begin_of(self, day: NaiveDate) -> Second {
        let midnight = day.and_time(NaiveTime::MIN);
        let quarters = (0..=LONGEST_GAP).map(|quarters| midnight + TimeDelta::minutes(15 * quarters));
        let first = quarters.filter_map(|local| self.0.from_local_datetime(&local).earliest()).next();
        first.map_or_else(|| Second::begin_of(day), |first| Second::of(first.to_utc()))
    }

    /// The first second after a day.
    pub fn end_of(self, day: NaiveDate) -> Second {
        self.begin_of(day.checked_add_days(Days::new(1)).unwrap_or(day))
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name())
    }
}

impl FromStr for Zone {
    type Err = BadZone;

    fn from_str(text: &str) -> Result<Self, BadZone> {
        let found = TZ_VARIANTS.iter().find(|zone| zone.name().eq_ignore_ascii_case(text));
        found.copied().map(Self).ok_or_else(|| BadZone { name: text::shorten(&text::one_line(text), 60), nearest: nearest(text) })
    }
}

/// The zones that were perhaps meant: a town alone is enough to tell.
fn nearest(text: &str) -> Vec<&'static str> {
    let town = |name: &'static str| name.rsplit('/').next().unwrap_or(name);
    let names = || TZ_VARIANTS.iter().map(|zone| zone.name());
    let mut nearest: Vec<&'static str> = names().filter(|name| town(name).eq_ignore_ascii_case(text)).collect();
    if nearest.is_empty() {
        let near = text::nearest(text, names().flat_map(|name| [name, town(name)]), 6);
        let zones = near.iter().filter_map(|near| names().find(|name| name == near || town(name) == *near));
        nearest.extend(zones);
        nearest.dedup();
    }
    nearest.truncate(3);
    nearest
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_day_is_from_midnight_to_midnight_by_the_clocks_there() {
        for (zone, date, begins, ends) in [
            ("UTC", "2026-01-31", "2026-01-31T00:00:00Z", "2026-02-01T00:00:00Z"),
            ("America/Guatemala", "2026-01-31", "2026-01-31T06:00:00Z", "2026-02-01T06:00:00Z"),
            ("Asia/Kathmandu", "2026-01-31", "2026-01-30T18:15:00Z", "2026-01-31T18:15:00Z"),
            // 23 and 25 hours.
            ("Europe/Madrid", "2026-03-29", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"),
            ("Europe/Madrid", "2026-10-25", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"),
            // Clocks were put on at midnight: the day began at one.
            ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z", "2018-11-05T02:00:00Z"),
            // Clocks were put back at midnight: the hour before it came twice.
            ("America/Sao_Paulo", "2018-02-17", "2018-02-17T02:00:00Z", "2018-02-18T03:00:00Z"),
            // Midnight came twice.
            ("America/Havana", "2018-11-04", "2018-11-04T04:00:00Z", "2018-11-05T05:00:00Z"),
            // The day did not come.
            ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z", "2011-12-30T10:00:00Z"),
        ] {
            let zone: Zone = zone.parse().unwrap();
            let told = (zone.begin_of(day(date)).to_string(), zone.end_of(day(date)).to_string());
            assert_eq!(told, (begins.to_owned(), ends.to_owned()), "{zone} {date}");
        }
        let zone: Zone = "america/guatemala".parse().unwrap();
        assert_eq!(zone.to_string(), "America/Guatemala");
        assert_eq!(zone.day_of("2026-02-01T05:59:59Z".parse().unwrap()), day("2026-01-31"));
        assert_eq!(zone.day_of("2026-02-01T06:00:00Z".parse().unwrap()), day("2026-02-01"));
    }

    #[test]
    fn what_is_no_zone_is_told_with_what_is_near() {
        let told = |text: &str| text.parse::<Zone>().unwrap_err().to_string();
        assert_eq!(told("Guatemala"), "`Guatemala` is no time zone; did you mean America/Guatemala?");
        assert!(told("Europe/Madird").contains("Europe/Madrid"), "{}", told("Europe/Madird"));
        assert_eq!(told("+02:00"), "`+02:00` is no time zone; write one of the IANA database, such as America/Guatemala");
    }
}
