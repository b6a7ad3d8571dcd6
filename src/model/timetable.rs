//! When a source is pulled.
//!
//! A source without a timetable of its own is asked at its own rhythm: often enough to see each item
//! while it is news, more seldom the longer it is silent, and never all of them at once. What is
//! random in it is drawn from the source's name and the last look, so that the same day comes out the same.
//! Deliberately absent: what a publisher asks for, which can only make us slower (`schedule`).

use std::{str::FromStr, time::Duration};

use chrono::{DateTime, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Tz;

use super::{Rhythm, Second, SourceId};

/// A source without a timetable of its own is asked no more often than this ...
const SHORTEST: Duration = Duration::from_hours(1);
/// ... unless its publisher itself speaks of less, and then no more often than this ...
const SHORTEST_HINTED: Duration = Duration::from_mins(15);
/// ... and no less often than this, whatever is drawn.
const LONGEST: Duration = Duration::from_hours(24);
/// A source of which no rhythm is known yet is asked at this distance.
const UNKNOWN: Duration = Duration::from_hours(6);
/// For each day of silence the distance is at least this much longer.
const A_DAY_OF_SILENCE: Duration = Duration::from_hours(1);
/// At most this part of the distance is drawn, and added.
const DRAWN: u32 = 8;
/// Nothing is pulled more often than this, whatever a timetable says.
const SOONEST: Duration = Duration::from_secs(60);

/// When a source is pulled.
#[derive(Debug, Clone, PartialEq)]
pub enum Timetable {
    /// At its own rhythm, between once an hour and once a day.
    Adaptive,
    /// At this distance.
    Every(Duration),
    /// At these times.
    Cron(Box<Cron>),
}

/// Times in the form of crontab.
#[derive(Debug, Clone, PartialEq)]
pub struct Cron {
    schedule: cron::Schedule,
    zone: Tz,
}

/// A time or duration that can not be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadTimetable(String);

impl Cron {
    /// Reads five fields (minute, hour, day, month, week day) or six (second first), in UTC unless a zone is named.
    ///
    /// Week days are numbered as in crontab, 0 and 7 being Sunday. Day of month and day of week have both to match.
    pub fn parse(expression: &str, zone: Option<&str>) -> Result<Self, BadTimetable> {
        let bad = |why: String| BadTimetable(format!("cron `{expression}`: {why}"));
        let fields: Vec<&str> = expression.split_whitespace().collect();
        let written = match fields[..] {
            [minute, hour, day, month, week_day] => format!("0 {minute} {hour} {day} {month} {}", week_days(week_day)),
            [second, minute, hour, day, month, week_day] => format!("{second} {minute} {hour} {day} {month} {}", week_days(week_day)),
            _ => return Err(bad(format!("{} fields; give five, such as `*/15 * * * *`, or six with the second first", fields.len()))),
        };
        let schedule =
            cron::Schedule::from_str(&written).map_err(|error| bad(format!("{error}; a time such as `0 6 * * mon-fri` works")))?;
        let zone = zone.map_or(Ok(Tz::UTC), |zone| {
            zone.parse::<Tz>().map_err(|_| BadTimetable(format!("`{zone}` is not a time zone such as America/Guatemala")))
        })?;
        // From a fixed day on, so that the same text is always judged alike; a leap day comes within eight years.
        let from = Second::from_unix(1_577_836_800).date_time().with_timezone(&zone);
        let times: Vec<_> = schedule.after(&from).take(3).collect();
        let [first, second, ..] = &times[..] else { return Err(bad("such a time never comes".to_owned())) };
        if (*second - *first).num_seconds() < 60 {
            return Err(bad("more than once a minute; publishers would rightly block us".to_owned()));
        }
        Ok(Self { schedule, zone })
    }

    /// The six fields, as [`Cron::parse`] reads them.
    pub fn expression(&self) -> &str {
        self.schedule.source()
    }

    /// The time zone; `None` for UTC.
    pub fn zone(&self) -> Option<&'static str> {
        (self.zone != Tz::UTC).then(|| self.zone.name())
    }

    /// The first such time after `after`. A time that comes twice, where clocks are put back, is taken once;
    /// one that never comes, where they are put forward, is taken as soon as they have been.
    fn next(&self, after: Second) -> Option<Second> {
        // The clock on the wall there, which the expression is about; it has no gaps and comes once.
        let wall = after.date_time().with_timezone(&self.zone).naive_local().and_utc();
        let quarters = |wall: NaiveDateTime| (0..=24 * 4).map(move |n| wall + chrono::TimeDelta::minutes(15 * n));
        let real = |wall: DateTime<Utc>| quarters(wall.naive_utc()).find_map(|wall| self.zone.from_local_datetime(&wall).earliest());
        let times = self.schedule.after(&wall).take(500).filter_map(real);
        times.map(|time| Second::of(time.to_utc())).find(|at| *at > after)
    }
}

/// The week days of crontab by name, because the library counts from Sunday = 1.
fn week_days(field: &str) -> String {
    const NAMES: [&str; 8] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let name = |day: &str| day.parse::<usize>().ok().and_then(|n| NAMES.get(n)).map_or(day.to_owned(), |name| (*name).to_owned());
    let range = |range: &str| {
        let (days, step) = range.split_once('/').map_or((range, None), |(days, step)| (days, Some(step)));
        // A range up to Sunday would begin and end wrongly by name.
        if let Some((from, "0" | "7" | "sun")) = days.split_once('-').filter(|_| step.is_none())
            && let Some(first) = (1..7).find(|n| name(from) == NAMES[*n])
        {
            return NAMES[first..].join(",");
        }
        let days = days.split('-').map(name).collect::<Vec<_>>().join("-");
        step.map_or(days.clone(), |step| format!("{days}/{step}"))
    };
    field.split(',').map(range).collect::<Vec<_>>().join(",")
}

impl Timetable {
    /// When a source is due that was last asked at `last`; at once when it never was. What lies in the past is overdue: missed times come together into one.
    pub fn next(&self, last: Option<Second>, now: Second, pace: &Pace<'_>) -> Second {
        // A clock that was set back must not keep a source waiting until it has caught up.
        let Some(last) = last.map(|last| last.min(now)) else { return now };
        match self {
            Self::Adaptive => last.plus(pace.distance(last, now)),
            Self::Every(every) => last.plus(*every),
            Self::Cron(cron) => cron.next(last).unwrap_or_else(|| last.plus(LONGEST)).max(last.plus(SOONEST)),
        }
    }
}

/// What the distance between two looks at an adaptive source follows from.
#[derive(Debug, Clone, Copy)]
pub struct Pace<'a> {
    /// Which source.
    pub source: &'a SourceId,
    /// How often it has something new.
    pub rhythm: &'a Rhythm,
    /// How long its publisher said that the last answer is good for.
    pub hinted: Option<Duration>,
}

impl Pace<'_> {
    /// Twice for each item that is to be expected, within reason; more seldom the longer it is silent.
    fn distance(&self, last: Second, now: Second) -> Duration {
        let week = Duration::from_hours(7 * 24).as_secs_f32();
        let wanted = match self.rhythm.items_per_week(now) {
            _ if self.rhythm.is_empty() => UNKNOWN,
            items => Duration::from_secs_f32(week / items.max(1.0) / 2.0),
        };
        let shortest = self.hinted.map_or(SHORTEST, |hinted| hinted.clamp(SHORTEST_HINTED, SHORTEST));
        // Room is left for what is drawn.
        let longest = LONGEST * DRAWN / (DRAWN + 1);
        let distance = wanted.max(A_DAY_OF_SILENCE * self.rhythm.silent_days(now)).clamp(shortest, longest);
        distance + (distance / DRAWN).mul_f64(lot(self.source.as_str(), last))
    }
}

/// A number from 0 up to 1 that is the same whenever it is drawn for the same name and time.
pub fn lot(name: &str, at: Second) -> f64 {
    let hash = blake3::hash(format!("{name} {}", at.unix()).as_bytes());
    let [a, b, c, d, ..] = *hash.as_bytes();
    f64::from(u32::from_be_bytes([a, b, c, d])) / (f64::from(u32::MAX) + 1.0)
}

/// Reads `90s`, `15m`, `1h30m`, `2d`, `1w`.
pub fn parse_duration(text: &str) -> Result<Duration, BadTimetable> {
    let bad = || BadTimetable(format!("`{text}` is not a duration such as 15m, 1h30m or 2d"));
    let mut seconds = 0u64;
    let mut rest = text.trim();
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let unit = match rest.as_bytes().get(digits).ok_or_else(bad)? {
            b's' => 1,
            b'm' => 60,
            b'h' => 3_600,
            b'd' => 86_400,
            b'w' => 604_800,
            _ => return Err(bad()),
        };
        let count: u64 = rest[..digits].parse().map_err(|_| bad())?;
        seconds = count.checked_mul(unit).and_then(|more| seconds.checked_add(more)).ok_or_else(bad)?;
        rest = &rest[digits + 1..];
    }
    if seconds == 0 { Err(bad()) } else { Ok(Duration::from_secs(seconds)) }
}

/// Writes a duration as [`parse_duration`] reads it: whole seconds, the largest units first.
pub fn write_duration(duration: Duration) -> String {
    let mut written = String::new();
    let mut rest = duration.as_secs();
    for (unit, seconds) in [("w", 604_800), ("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)] {
        if rest >= seconds {
            written.push_str(&format!("{}{unit}", rest / seconds));
            rest %= seconds;
        }
    }
    written
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;

    fn at(text: &str) -> Second {
        text.parse().unwrap()
    }

    /// The next time by a timetable that does not ask for the pace.
    fn next(timetable: &Timetable, last: Option<Second>, now: Second) -> Second {
        let (source, rhythm) = ("wire".parse().unwrap(), Rhythm::default());
        timetable.next(last, now, &Pace { source: &source, rhythm: &rhythm, hinted: None })
    }

    fn cron(expression: &str) -> Timetable {
        Timetable::Cron(Box::new(Cron::parse(expression, None).unwrap()))
    }

    fn times(expression: &str, zone: Option<&str>, from: &str, count: usize) -> Vec<String> {
        let timetable = Timetable::Cron(Box::new(Cron::parse(expression, zone).unwrap()));
        let mut last = at(from);
        (0..count)
            .map(|_| {
                last = next(&timetable, Some(last), last);
                last.to_string()
            })
            .collect()
    }

    #[test]
    fn crontab_is_read_as_crontab_is_written() {
        assert_eq!(times("*/20 * * * *", None, "2024-05-01T10:00:00Z", 2), ["2024-05-01T10:20:00Z", "2024-05-01T10:40:00Z"]);
        assert_eq!(times("30 0 6 * * *", None, "2024-05-01T10:00:00Z", 1), ["2024-05-02T06:00:30Z"]);
        // The first of May 2024 was a Wednesday.
        for days in ["0", "7", "sun"] {
            assert_eq!(times(&format!("0 6 * * {days}"), None, "2024-05-01T10:00:00Z", 1), ["2024-05-05T06:00:00Z"], "{days}");
        }
        assert_eq!(
            times("0 6 * * 5-7", None, "2024-05-01T10:00:00Z", 3),
            ["2024-05-03T06:00:00Z", "2024-05-04T06:00:00Z", "2024-05-05T06:00:00Z"]
        );
        assert_eq!(times("0 6 * * *", Some("America/Guatemala"), "2024-05-01T10:00:00Z", 1), ["2024-05-01T12:00:00Z"]);
    }

    #[test]
    fn clocks_that_change_neither_skip_a_day_twice_nor_go_back() {
        let spring = times("30 2 * * *", Some("Europe/Madrid"), "2024-03-30T00:00:00Z", 3);
        let autumn = times("30 2 * * *", Some("Europe/Madrid"), "2024-10-26T00:00:00Z", 3);
        assert_eq!(spring, ["2024-03-30T01:30:00Z", "2024-03-31T01:00:00Z", "2024-04-01T00:30:00Z"], "02:30 never comes on the 31st");
        assert_eq!(autumn, ["2024-10-26T00:30:00Z", "2024-10-27T00:30:00Z", "2024-10-28T01:30:00Z"], "02:30 comes twice on the 27th");
        let often = |from| times("*/30 1-3 * * *", Some("Europe/Madrid"), from, 4);
        let spring = ["2024-03-31T00:30:00Z", "2024-03-31T01:00:00Z", "2024-03-31T01:30:00Z", "2024-03-31T23:00:00Z"];
        let autumn = ["2024-10-27T00:00:00Z", "2024-10-27T00:30:00Z", "2024-10-27T02:00:00Z", "2024-10-27T02:30:00Z"];
        assert_eq!(
            (often("2024-03-31T00:00:00Z"), often("2024-10-26T23:30:00Z")),
            (spring.map(str::to_owned).into(), autumn.map(str::to_owned).into())
        );
        // Also for who was asked between the two.
        assert_eq!(times("30 2 * * *", Some("Europe/Madrid"), "2024-10-27T01:10:00Z", 1), ["2024-10-28T01:30:00Z"]);
    }

    #[test]
    fn what_never_or_always_comes_is_refused() {
        let told = |expression: &str| Cron::parse(expression, None).unwrap_err().to_string();
        assert_eq!(told("* * *"), "cron `* * *`: 3 fields; give five, such as `*/15 * * * *`, or six with the second first");
        assert_eq!(told("0 0 31 2 *"), "cron `0 0 31 2 *`: such a time never comes");
        assert_eq!(told("* * * * * *"), "cron `* * * * * *`: more than once a minute; publishers would rightly block us");
        assert_eq!(Cron::parse("0 6 * * *", Some("Mars")).unwrap_err().to_string(), "`Mars` is not a time zone such as America/Guatemala");
    }

    #[test]
    fn missed_times_come_together_into_one() {
        let every = Timetable::Every(Duration::from_secs(900));
        let (last, now) = (at("2024-05-01T10:00:00Z"), at("2024-05-02T10:00:00Z"));
        let missed = |timetable: &Timetable| next(timetable, Some(last), now);
        // One look is overdue, not ninety-six.
        assert_eq!((missed(&every), missed(&cron("*/15 * * * *"))), (at("2024-05-01T10:15:00Z"), at("2024-05-01T10:15:00Z")));
        assert_eq!(next(&every, None, now), now);
        // A clock that was set back a day does not keep a source waiting for a day.
        assert_eq!(next(&every, Some(now), last), at("2024-05-01T10:15:00Z"));
        assert_eq!(next(&cron("0 6 * * *"), Some(now), last), at("2024-05-02T06:00:00Z"));
    }

    /// Minutes between two looks at a source that had so many items on each of these days, when nothing is drawn.
    fn minutes(items: u32, days: std::ops::Range<i64>, now: i64, hinted: Option<u64>) -> u64 {
        let day = |n: i64| Second::from_unix(at("2024-05-01T10:00:00Z").unix() + n * 86_400);
        let mut rhythm = Rhythm::default();
        for n in days {
            rhythm.hear((0..items).map(|_| None), Some(day(n - 1)), day(n));
        }
        let distance = |name: &str| {
            let source = name.parse().unwrap();
            let hinted = hinted.map(|minutes| Duration::from_secs(60 * minutes));
            let pace = Pace { source: &source, rhythm: &rhythm, hinted };
            let drawn = lot(name, day(now));
            let next = Timetable::Adaptive.next(Some(day(now)), day(now), &pace).since(day(now)).as_secs_f64();
            (next / (1.0 + drawn / f64::from(DRAWN)) / 60.0).round() as u64
        };
        assert_eq!(distance("wire"), distance("paper"), "what is drawn is all that differs");
        distance("wire")
    }

    #[test]
    fn an_adaptive_source_is_asked_at_its_own_rhythm_and_more_seldom_when_it_falls_silent() {
        const HOUR: u64 = 60;
        const MOST: u64 = 1_280;
        // Nothing known; one item a day; a hundred; one a week for two weeks.
        assert_eq!([minutes(0, 0..1, 0, None), minutes(1, 0..20, 19, None), minutes(100, 0..20, 19, None)], [6 * HOUR, 12 * HOUR, HOUR]);
        // A wire of a hundred items a day after two days, a week, and a month of silence.
        assert_eq!([2, 7, 30].map(|days| minutes(100, 0..20, 19 + days, None)), [2 * HOUR, 7 * HOUR, MOST]);
        // A publisher that speaks of less than an hour is asked as often as it has something, and no more often than it says.
        assert_eq!([1, 20, 50, 500].map(|hint| minutes(1_000, 0..20, 19, Some(hint))), [15, 20, 50, HOUR]);
        assert_eq!(minutes(1, 0..20, 19, Some(1)), 12 * HOUR, "a hint alone makes nobody faster");
    }

    #[test]
    fn what_is_drawn_spreads_sources_and_stays_within_an_hour_and_a_day() {
        let now = at("2024-05-01T10:00:00Z");
        let mut hours = [0; 24];
        for n in 0..1_000 {
            let source: SourceId = format!("s{n}").parse().unwrap();
            for (busy, rhythm) in [(false, Rhythm::default()), (true, Rhythm::default())] {
                let mut rhythm = rhythm;
                let day = |n: i64| Second::from_unix(now.unix() + n * 86_400);
                let heard = if busy { 200 } else { 1 };
                rhythm.hear((0..heard).map(|_| None), Some(day(-2)), if busy { now } else { day(-27) });
                let pace = Pace { source: &source, rhythm: &rhythm, hinted: None };
                let distance = Timetable::Adaptive.next(Some(now), now, &pace).since(now);
                assert!((SHORTEST..=LONGEST).contains(&distance), "{distance:?}");
                assert_eq!(distance, Timetable::Adaptive.next(Some(now), now, &pace).since(now), "the same day comes out the same");
                if !busy {
                    hours[(distance.as_secs() / 600 % 24) as usize] += 1;
                }
            }
        }
        // 1,000 silent sources come back over 2 hours and 40 minutes, about 62 of them in each ten minutes.
        assert!(hours.iter().filter(|count| (30..=100).contains(*count)).count() >= 15, "{hours:?}");
    }

    #[test]
    fn durations_are_read() {
        assert_eq!(parse_duration("1h30m").unwrap().as_secs(), 5_400);
        for bad in ["", "15", "m", "1y", "0m", "-1m", "99999999999999999999d"] {
            assert!(parse_duration(bad).is_err(), "{bad}");
        }
    }
}
