//! From when and until when: a day, a second, or so long ago.
//!
//! What is said relative to the present is counted in days, so that one answer holds all day.
//! Deliberately absent: the present, which is handed in; hours; and every zone but UTC.

use std::{fmt, str::FromStr, time::Duration};

use chrono::{Days, Months, NaiveDate};

use super::Second;

/// The longest that can be looked back: a hundred years.
const LONGEST: Ago = Ago { months: 1_200, days: 36_525 };
const DAY: Duration = Duration::from_hours(24);
const SECOND: Duration = Duration::from_secs(1);

/// A point in time, as it was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum When {
    /// That long before today.
    Ago(Ago),
    /// A day of UTC.
    Day(NaiveDate),
    /// A second.
    At(Second),
}

/// Calendar months and days: `P30D`, `P6M`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ago {
    /// Months of the calendar; a year has twelve.
    pub months: u32,
    /// Days; a week has seven.
    pub days: u32,
}

/// A text that is no such time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no time; write a day such as 2026-01-31, a time such as 2026-01-31T12:00:00Z, or days, weeks, months or years back such as P30D (at most P100Y)"
)]
pub struct BadWhen(String);

/// From when to when entries stand. Open at each end that is not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Window {
    /// At this second or later.
    pub from: Option<Second>,
    /// Before this second.
    pub below: Option<Second>,
}

impl Window {
    /// All of time.
    pub const ALL: Self = Self { from: None, below: None };

    /// Whether a second lies within.
    pub fn holds(&self, at: Second) -> bool {
        self.from.is_none_or(|from| at >= from) && self.below.is_none_or(|below| at < below)
    }

    /// The part that both have.
    #[must_use]
    pub fn and(&self, other: Self) -> Self {
        let below = [self.below, other.below].into_iter().flatten().min();
        Self { from: self.from.max(other.from), below }
    }
}

impl When {
    /// The first second of it.
    pub(super) fn begins(self, now: Second) -> Second {
        match self {
            Self::Ago(ago) => Second::begin_of(ago.day_before(now)),
            Self::Day(day) => Second::begin_of(day),
            Self::At(at) => at,
        }
    }

    /// The first second after it.
    pub(super) fn ends(self, now: Second) -> Second {
        self.begins(now).plus(if matches!(self, Self::At(_)) { SECOND } else { DAY })
    }

    /// Whether it moves with the present.
    pub(super) fn is_relative(self) -> bool {
        matches!(self, Self::Ago(_))
    }

    /// The day that begins with this second, where one does.
    pub(super) fn settled_begin(self) -> Self {
        match self {
            Self::At(at) if Second::begin_of(at.day()) == at => Self::Day(at.day()),
            other => other,
        }
    }

    /// The day that ends with this second, where one does.
    pub(super) fn settled_end(self) -> Self {
        match self {
            Self::At(at) if Second::begin_of(at.day()).plus(DAY - SECOND) == at => Self::Day(at.day()),
            other => other,
        }
    }
}

impl Ago {
    fn day_before(self, now: Second) -> NaiveDate {
        let today = now.day();
        let day = today.checked_sub_months(Months::new(self.months)).and_then(|day| day.checked_sub_days(Days::new(u64::from(self.days))));
        // A hundred years before a day that can be written is a day that can be written.
        day.unwrap_or(today)
    }
}

impl FromStr for Ago {
    type Err = BadWhen;

    /// Reads a duration of ISO 8601 without a time of day.
    fn from_str(text: &str) -> Result<Self, BadWhen> {
        let bad = || BadWhen(text.to_owned());
        let mut rest = text.strip_prefix(['P', 'p']).filter(|rest| !rest.is_empty()).ok_or_else(bad)?;
        let (mut months, mut days, mut last) = (0u32, 0u32, 0);
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let (number, unit) = rest.split_at(digits);
            let number: u32 = number.parse().map_err(|_| bad())?;
            let (place, sum, factor) = match unit.bytes().next().map(|unit| unit.to_ascii_uppercase()) {
                Some(b'Y') => (1, &mut months, 12),
                Some(b'M') => (2, &mut months, 1),
                Some(b'W') => (3, &mut days, 7),
                Some(b'D') => (4, &mut days, 1),
                _ => return Err(bad()),
            };
            if place <= last {
                return Err(bad());
            }
            last = place;
            *sum = number.checked_mul(factor).and_then(|more| sum.checked_add(more)).ok_or_else(bad)?;
            rest = &unit[1..];
        }
        if months > LONGEST.months || days > LONGEST.days {
            return Err(bad());
        }
        Ok(Self { months, days })
    }
}

impl fmt::Display for Ago {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("P")?;
        if self.months > 0 {
            write!(f, "{}M", self.months)?;
        }
        if self.days > 0 || self.months == 0 {
            write!(f, "{}D", self.days)?;
        }
        Ok(())
    }
}

impl FromStr for When {
    type Err = BadWhen;

    fn from_str(text: &str) -> Result<Self, BadWhen> {
        if text.starts_with(['P', 'p']) {
            return text.parse().map(Self::Ago);
        }
        let bad = || BadWhen(text.to_owned());
        let date = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok();
        if text.len() == 10 {
            return date(text).map(Self::Day).ok_or_else(bad);
        }
        // A plus in a query is read as a space; a time without a zone is UTC.
        let text = text.replace(' ', "+");
        let forms = [text.clone(), format!("{text}Z"), format!("{text}:00Z")];
        forms.iter().find_map(|form| form.parse().ok()).map(Self::At).ok_or_else(bad)
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ago(ago) => ago.fmt(f),
            Self::Day(day) => write!(f, "{}", day.format("%Y-%m-%d")),
            Self::At(at) => at.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;

    fn now() -> Second {
        "2026-03-31T15:30:00Z".parse().unwrap()
    }

    #[test]
    fn a_time_is_a_day_a_second_or_so_long_ago() {
        for (text, written, begins, ends) in [
            ("P30D", "P30D", "2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z"),
            ("p2w", "P14D", "2026-03-17T00:00:00Z", "2026-03-18T00:00:00Z"),
            // The last day of February.
            ("P1M", "P1M", "2026-02-28T00:00:00Z", "2026-03-01T00:00:00Z"),
            ("P1Y1D", "P12M1D", "2025-03-30T00:00:00Z", "2025-03-31T00:00:00Z"),
            ("P0D", "P0D", "2026-03-31T00:00:00Z", "2026-04-01T00:00:00Z"),
            ("2026-01-31", "2026-01-31", "2026-01-31T00:00:00Z", "2026-02-01T00:00:00Z"),
            ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z", "2026-01-31T12:00:01Z"),
            ("2026-01-31T12:00:00 02:00", "2026-01-31T10:00:00Z", "2026-01-31T10:00:00Z", "2026-01-31T10:00:01Z"),
            ("2026-01-31T12:00", "2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z", "2026-01-31T12:00:01Z"),
        ] {
            let when: When = text.parse().unwrap();
            let told = (when.to_string(), when.begins(now()).to_string(), when.ends(now()).to_string());
            assert_eq!(told, (written.to_owned(), begins.to_owned(), ends.to_owned()), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "P",
            "PT5H",
            "P1D2D",
            "P1D1W",
            "P101Y",
            "P99999999999D",
            "P1",
            "yesterday",
            "2026-02-30",
            "2026-1-1",
            "+2026-01-0",
            "2026-01-31T25:00:00Z",
            "Pé",
        ] {
            assert!(text.parse::<When>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_second_that_begins_or_ends_a_day_is_that_day() {
        let when = |text: &str| text.parse::<When>().unwrap();
        assert_eq!(when("2026-01-31T00:00:00Z").settled_begin(), when("2026-01-31"));
        assert_eq!(when("2026-01-31T23:59:59Z").settled_end(), when("2026-01-31"));
        assert_eq!(when("2026-01-31T00:00:00Z").settled_end(), when("2026-01-31T00:00:00Z"));
    }
}
