//! A whole second of UTC: the only time that is written down.
//!
//! Positions, `updated` and `published` go into feeds as RFC 3339 date-times
//! (RFC 4287 §3.3). Readers compare them, sort by them and cut their fractions off
//! in different ways, so we keep none: one second is the smallest step there is.
//! Deliberately absent: the present. Whoever needs it is handed it.

use std::{fmt, str::FromStr, time::Duration};

use chrono::{DateTime, NaiveDate, NaiveTime, SecondsFormat, TimeZone, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A whole second of UTC between the years 1 and 9999, written as `2020-09-08T12:00:00Z`; in forms that only programs read, as seconds after the epoch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Second(i64);

/// A text that is no RFC 3339 date-time of a four-digit year.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a date and time such as 2020-09-08T12:00:00Z")]
pub struct NotASecond(String);

/// 9999-12-31T23:59:59Z: RFC 3339 has four digits for a year.
const LAST: i64 = 253_402_300_799;
/// 0001-01-01T00:00:00Z.
const FIRST: i64 = -62_135_596_800;

impl Second {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);

    /// The second that many seconds after the epoch; out of range is brought to the nearest end.
    pub fn from_unix(seconds: i64) -> Self {
        Self(seconds.clamp(FIRST, LAST))
    }

    /// Seconds after the epoch; negative before 1970.
    pub fn unix(self) -> i64 {
        self.0
    }

    /// The second in which `time` lies: fractions are cut off.
    pub fn of(time: DateTime<Utc>) -> Self {
        Self::from_unix(time.timestamp())
    }

    /// The first second of a day of UTC.
    pub fn begin_of(day: NaiveDate) -> Self {
        Self::of(day.and_time(NaiveTime::MIN).and_utc())
    }

    /// The day of UTC in which it lies.
    pub fn day(self) -> NaiveDate {
        self.date_time().date_naive()
    }

    /// The same instant for calendar arithmetic and formatting.
    pub fn date_time(self) -> DateTime<Utc> {
        Utc.timestamp_opt(self.0, 0).single().unwrap_or_default()
    }

    /// As HTTP and RSS write it: `Sun, 13 Sep 2020 12:26:41 GMT` (RFC 9110 §5.6.7; RFC 822 with four digits of the year).
    pub fn http_date(self) -> String {
        self.date_time().format("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }

    /// This much later; whole seconds count.
    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        Self::from_unix(self.0.saturating_add(i64::try_from(by.as_secs()).unwrap_or(i64::MAX)))
    }

    /// This much earlier; whole seconds count.
    #[must_use]
    pub fn minus(self, by: Duration) -> Self {
        Self::from_unix(self.0.saturating_sub(i64::try_from(by.as_secs()).unwrap_or(i64::MAX)))
    }

    /// How long after `earlier` this is; zero when it is not after.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_secs(u64::try_from(self.0 - earlier.0).unwrap_or(0))
    }
}

impl fmt::Display for Second {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.date_time().to_rfc3339_opts(SecondsFormat::Secs, true))
    }
}

impl fmt::Debug for Second {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Second {
    type Err = NotASecond;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let time = DateTime::parse_from_rfc3339(text).map_err(|_| NotASecond(text.to_owned()))?;
        Ok(Self::of(time.to_utc()))
    }
}

impl Serialize for Second {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if serializer.is_human_readable() { serializer.collect_str(self) } else { serializer.serialize_i64(self.0) }
    }
}

impl<'de> Deserialize<'de> for Second {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if !deserializer.is_human_readable() {
            return i64::deserialize(deserializer).map(Self::from_unix);
        }
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}
