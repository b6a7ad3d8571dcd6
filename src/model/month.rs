//! A month of the calendar, in UTC: what archives are kept by.

use std::{fmt, str::FromStr};

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use super::Second;

/// A month of a year from 1 to 9999, written as `2026-09`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Month(i32);

/// A text that is no such month.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no month; write one such as 2026-09")]
pub struct NotAMonth(String);

impl Month {
    /// The month in which a second lies.
    pub fn of(at: Second) -> Self {
        let day = at.day();
        Self(day.year() * 12 + day.month0() as i32)
    }

    /// Its first second.
    pub fn begins(self) -> Second {
        let day = NaiveDate::from_ymd_opt(self.0.div_euclid(12), self.0.rem_euclid(12).unsigned_abs() + 1, 1);
        // What can be no day lies before or after all that can be written.
        day.map_or(Second::from_unix(if self.0 < 12 { i64::MIN } else { i64::MAX }), Second::begin_of)
    }

    /// The month after it.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.0.div_euclid(12), self.0.rem_euclid(12) + 1)
    }
}

impl FromStr for Month {
    type Err = NotAMonth;

    fn from_str(text: &str) -> Result<Self, NotAMonth> {
        let day = (text.len() == 7).then(|| NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d").ok()).flatten();
        let month = day.map(|day| Self::of(Second::begin_of(day)));
        // It is written in one way only.
        month.filter(|month| month.to_string() == text).ok_or_else(|| NotAMonth(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_month_begins_with_its_first_second_and_ends_before_the_next() {
        for (text, begins, next) in [
            ("2026-09", "2026-09-01T00:00:00Z", "2026-10"),
            ("2026-12", "2026-12-01T00:00:00Z", "2027-01"),
            ("0001-01", "0001-01-01T00:00:00Z", "0001-02"),
        ] {
            let month: Month = text.parse().unwrap();
            let told = (month.to_string(), month.begins().to_string(), month.next().to_string());
            assert_eq!(told, (text.to_owned(), begins.to_owned(), next.to_owned()));
            assert_eq!(Month::of(month.begins()), month);
            assert_eq!(Month::of(Second::from_unix(month.next().begins().unix() - 1)), month);
        }
        let last: Month = "9999-12".parse().unwrap();
        assert_eq!(last.next().begins().to_string(), "9999-12-31T23:59:59Z", "nothing is written after that");
    }

    #[test]
    fn what_is_no_month_is_refused() {
        for text in ["", "2026", "2026-9", "2026-13", "2026-00", "26-09-1", "+026-09", "2026/09", "2026-09-01", "20260-9", "２０26-09"] {
            assert!(text.parse::<Month>().is_err(), "{text}");
        }
    }
}
