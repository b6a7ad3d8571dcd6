//! Dates as publishers write them. A date that can not be read is absent, never invented.

use chrono::{DateTime, Duration, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};

use crate::text;

/// Month names in English, Spanish, French and Portuguese, folded; three letters or more tell them apart.
const MONTHS: [&[&str]; 12] = [
    &["jan", "enero", "ene"],
    &["feb", "fev"],
    &["mar"],
    &["apr", "abr", "avr"],
    &["may", "mai"],
    &["jun", "juin"],
    &["jul", "juil"],
    &["aug", "ago", "aou"],
    &["sep", "set"],
    &["oct", "out"],
    &["nov"],
    &["dec", "dic", "dez"],
];

/// Zone names that still occur, in minutes east of Greenwich.
const ZONES: [(&str, i32); 14] = [
    ("z", 0),
    ("ut", 0),
    ("utc", 0),
    ("gmt", 0),
    ("bst", 60),
    ("cet", 60),
    ("cest", 120),
    ("eest", 180),
    ("est", -300),
    ("edt", -240),
    ("cst", -360),
    ("cdt", -300),
    ("pst", -480),
    ("pdt", -420),
];

/// Reads a date: RFC 822 and ISO 8601 in their real variants, asctime, Unix seconds, month names in four languages.
///
/// Without a zone it is UTC; without a time it is midnight.
pub fn parse_date(written: &str) -> Option<DateTime<Utc>> {
    let written = text::fold(&text::one_line(written));
    let seconds = written.parse::<i64>().ok().filter(|n| *n > 100_000_000 && written.len() >= 9);
    match seconds {
        Some(milliseconds) if milliseconds > 100_000_000_000 => return Utc.timestamp_millis_opt(milliseconds).single(),
        Some(seconds) => return Utc.timestamp_opt(seconds, 0).single(),
        None => {}
    }
    iso(&written).or_else(|| in_words(&written))
}

/// `2024-05-01T10:00:00+02:00` and whatever is left out of it.
fn iso(written: &str) -> Option<DateTime<Utc>> {
    let (date, rest) = match written.get(..10).and_then(|date| NaiveDate::parse_from_str(date, "%Y-%m-%d").ok()) {
        Some(date) => (date, &written[10..]),
        None => (written.get(..8).and_then(|date| NaiveDate::parse_from_str(date, "%Y%m%d").ok())?, &written[8..]),
    };
    let rest = rest.trim_start_matches(['t', ' ']);
    let (time, zone) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit() && !matches!(c, ':' | '.' | ',')).unwrap_or(rest.len()));
    at(date, time, zone)
}

/// `Wed, 01 May 2024 10:00:00 GMT`, `1 de mayo de 2024`, `May 1, 2024 10:00 AM`, `Wed May  1 10:00:00 2024`.
fn in_words(written: &str) -> Option<DateTime<Utc>> {
    let words: Vec<&str> =
        written.split([' ', ',', '(', ')']).map(|word| word.trim_end_matches('.')).filter(|word| !word.is_empty()).collect();
    let month_at = words.iter().position(|word| month(word).is_some() && !is_week_day(word))?;
    let month = month(words[month_at])?;
    let numbers = || words.iter().enumerate().filter(|(_, word)| word.bytes().all(|b| b.is_ascii_digit()));
    let ordinal = |word: &str| word.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == 'º').parse::<u32>().ok();
    let day_at = words.iter().enumerate().find(|(at, word)| {
        *at != month_at
            && word.len() <= 4
            && word.starts_with(|c: char| c.is_ascii_digit())
            && ordinal(word).is_some_and(|day| (1..=31).contains(&day))
    });
    let (day_at, day) = (day_at?.0, ordinal(day_at?.1)?);
    let (year_at, year) = numbers()
        .filter(|(at, word)| *at != day_at && (word.len() == 4 || word.len() == 2))
        .find_map(|(at, word)| Some((at, word.parse::<i32>().ok()?)))?;
    let year = match year {
        0..50 => year + 2000,
        50..100 => year + 1900,
        year => year,
    };
    let date = NaiveDate::from_ymd_opt(year, month, day)?;
    let time_at = words.iter().position(|word| word.contains(':') && word.starts_with(|c: char| c.is_ascii_digit()));
    let Some(time_at) = time_at else { return at(date, "", "") };
    let (time, stuck) = words[time_at]
        .split_at(words[time_at].find(|c: char| !c.is_ascii_digit() && !matches!(c, ':' | '.')).unwrap_or(words[time_at].len()));
    let after = words.get(time_at + 1).copied().filter(|_| time_at + 1 != year_at).unwrap_or_default();
    let half = if stuck.is_empty() { after } else { stuck };
    if let Some(hours) = match half {
        "am" | "a.m" => Some(0),
        "pm" | "p.m" => Some(12),
        _ => None,
    } {
        let morning = at(date, time, "")?;
        let twelve = time.starts_with("12:");
        let zone = words.get(time_at + 2).copied().unwrap_or_default();
        let shift = offset(zone).unwrap_or(0);
        return Some(morning + Duration::hours(if twelve { hours - 12 } else { hours }) - Duration::minutes(i64::from(shift)));
    }
    at(date, time, half)
}

fn month(word: &str) -> Option<u32> {
    if word.len() < 3 || !word.bytes().all(|b| b.is_ascii_alphabetic()) {
        return None;
    }
    let found = MONTHS.iter().position(|names| names.iter().any(|name| word.starts_with(name)))?;
    u32::try_from(found + 1).ok()
}

/// Week days that begin like a month: French `mardi`, Spanish and Portuguese `martes`.
fn is_week_day(word: &str) -> bool {
    matches!(word, "mardi" | "martes")
}

/// A date with a time and a zone as they are written. 24:00 is the next midnight, second 60 the last second.
fn at(date: NaiveDate, time: &str, zone: &str) -> Option<DateTime<Utc>> {
    let mut parts = time.split(':');
    let mut next = || parts.next().filter(|part| !part.is_empty());
    let (hours, minutes, seconds) = match next() {
        None => (0, 0, 0),
        // Basic ISO: 101500.
        Some(all) if all.len() >= 4 && !time.contains(':') => {
            let part = |at: usize| all.get(at..at + 2).and_then(|part| part.parse::<u32>().ok());
            (part(0)?, part(2)?, part(4).unwrap_or(0))
        }
        Some(hours) => {
            let minutes = next().map_or(Some(0), |part| part.parse().ok())?;
            let seconds = next().map_or(Some(0), |part| part.split(['.', ',']).next()?.parse().ok())?;
            (hours.parse::<u32>().ok()?, minutes, seconds)
        }
    };
    let (days, hours) = if (hours, minutes, seconds) == (24, 0, 0) { (1, 0) } else { (0, hours) };
    let time = NaiveTime::from_hms_opt(hours, minutes, seconds.min(59))?;
    let local = NaiveDateTime::new(date, time) + Duration::days(days);
    let east = FixedOffset::east_opt(offset(zone).unwrap_or(0) * 60)?;
    Some(east.from_local_datetime(&local).single()?.to_utc())
}

/// Minutes east of Greenwich: `+02:00`, `-0400`, `gmt+1`, `cest`.
fn offset(zone: &str) -> Option<i32> {
    let zone = zone.trim();
    if let Some((_, minutes)) = ZONES.iter().find(|(name, _)| *name == zone) {
        return Some(*minutes);
    }
    let zone = zone.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let sign = match zone.chars().next()? {
        '+' => 1,
        '-' => -1,
        _ => return None,
    };
    let digits: String = zone.chars().filter(char::is_ascii_digit).collect();
    let (hours, minutes) = if digits.len() <= 2 { (digits.as_str(), "0") } else { digits.split_at(digits.len() - 2) };
    let total = hours.parse::<i32>().ok()? * 60 + minutes.parse::<i32>().ok()?;
    (total <= 14 * 60).then_some(sign * total)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;

    #[test]
    fn one_moment_is_read_however_it_is_written() {
        let noon = "2024-05-01T10:00:00+00:00";
        for written in [
            "Wed, 01 May 2024 10:00:00 GMT",
            "Wed, 1 May 2024 10:00 +0000",
            "01 May 24 10:00:00 UT",
            "Wed, 01 May 2024 12:00:00 CEST",
            "Wed, 01 May 2024 06:00:00 -0400",
            "Thu, 01 May 2024 10:00:00 GMT",
            "2024-05-01T10:00:00Z",
            "2024-05-01T12:00:00+02:00",
            "2024-05-01T10:00",
            "2024-05-01 10:00:00",
            "20240501T100000Z",
            "2024-05-01T10:00:00.123Z",
            "1714557600",
            "1714557600000",
            "Wed May  1 10:00:00 2024",
            "May 1, 2024 10:00 AM",
            "1 de mayo de 2024 10:00",
            "mercredi 1 mai 2024 10:00",
            "qua, 01 Maio 2024 10:00:00 +0000",
        ] {
            let read = parse_date(written).map(|date| date.with_nanosecond(0).unwrap().to_rfc3339());
            assert_eq!(read.as_deref(), Some(noon), "{written}");
        }
    }

    #[test]
    fn the_edges_of_a_day_are_kept_and_nonsense_is_absent() {
        let read = |written: &str| parse_date(written).map(|date| date.to_rfc3339());
        assert_eq!(read("2024-05-01T24:00:00Z").as_deref(), Some("2024-05-02T00:00:00+00:00"));
        assert_eq!(read("2016-12-31T23:59:60Z").as_deref(), Some("2016-12-31T23:59:59+00:00"));
        assert_eq!(read("May 1, 2024 12:30 am").as_deref(), Some("2024-05-01T00:30:00+00:00"));
        assert_eq!(read("8 Septiembre, 2020").as_deref(), Some("2020-09-08T00:00:00+00:00"));
        for nonsense in ["", "yesterday", "2024-13-45", "99", "31 Feb 2024", "Mon"] {
            assert_eq!(read(nonsense), None, "{nonsense}");
        }
    }

    use chrono::Timelike;
}
