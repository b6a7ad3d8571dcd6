//! Dates as publishers write them. A date that can not be read is absent, never invented.

use chrono::{DateTime, Datelike, Duration, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Timelike, Utc};

use crate::{model::DateOrder, text};

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
const ZONES: [(&str, i32); 43] = [
    ("z", 0),
    ("ut", 0),
    ("utc", 0),
    ("gmt", 0),
    ("wet", 0),
    ("west", 60),
    ("bst", 60),
    ("met", 60),
    ("mez", 60),
    ("cet", 60),
    ("cest", 120),
    ("mest", 120),
    ("mesz", 120),
    ("eet", 120),
    ("cat", 120),
    ("sast", 120),
    ("wat", 60),
    ("eest", 180),
    ("eat", 180),
    ("msk", 180),
    ("msd", 240),
    ("hkt", 480),
    ("jst", 540),
    ("kst", 540),
    ("aest", 600),
    ("aedt", 660),
    ("brt", -180),
    ("art", -180),
    ("clt", -240),
    ("bot", -240),
    ("ast", -240),
    ("adt", -180),
    ("pet", -300),
    ("cot", -300),
    ("ect", -300),
    ("mst", -420),
    ("mdt", -360),
    ("est", -300),
    ("edt", -240),
    ("cst", -360),
    ("cdt", -300),
    ("pst", -480),
    ("pdt", -420),
];

/// The longest text that is looked at, in bytes: no date is longer.
const LONGEST: usize = 100;

/// Reads a date: RFC 822 and ISO 8601 in their real variants, asctime, Unix seconds and milliseconds, dates of three
/// numbers, month and day names in four languages.
///
/// Without a zone it is UTC; without a time it is midnight; a month or year alone (W3C date-time, RFC 3339's ancestor) is
/// its first moment. `order` says which number is the day, where the numbers themselves do not.
pub fn parse_date(written: &str, order: DateOrder) -> Option<DateTime<Utc>> {
    let written = written.trim();
    if written.is_empty() || written.len() > LONGEST {
        return None;
    }
    // Nearly every date is one of these two; what they refuse, and how they read odd years, is for what follows.
    if let Ok(date) = DateTime::parse_from_rfc3339(written) {
        // The second 60 of a leap second is the last one before it.
        return date.to_utc().with_nanosecond(0).and_then(sensible);
    }
    let written = text::fold(&text::one_line(written));
    if let Some(seconds) = written.parse::<i64>().ok().filter(|n| *n > 100_000_000 && written.len() >= 9) {
        // What could be a day written together is that day.
        let is_time = written.len() >= 12;
        let date = if is_time { Utc.timestamp_millis_opt(seconds) } else { Utc.timestamp_opt(seconds, 0) };
        if written.len() <= 13 {
            return date.single();
        }
    }
    iso(&written).or_else(|| in_numbers(&written, order)).or_else(|| in_words(&written)).and_then(sensible)
}

/// A year of which no feed speaks is a slip: 0001-01-01 is how programs write "none".
fn sensible(date: DateTime<Utc>) -> Option<DateTime<Utc>> {
    (1000..=9999).contains(&date.year()).then_some(date)
}

/// `2024-05-01T10:00:00+02:00` and whatever is left out of it: `2024-05-01 10:00`, `20240501T1000Z`, `2024-122`, `2024-05`, `2024`.
fn iso(written: &str) -> Option<DateTime<Utc>> {
    let date = |length: usize, form: &str| {
        let head = written.get(..length)?;
        Some((NaiveDate::parse_from_str(head, form).ok()?, &written[length..]))
    };
    let is_digit_at = |at: usize| written.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
    let (date, rest) = date(10, "%Y-%m-%d")
        .or_else(|| date(8, "%Y-%j").filter(|_| !is_digit_at(8)))
        .or_else(|| date(8, "%Y%m%d").filter(|_| !is_digit_at(8) || written.len() == 14))
        .or_else(|| month_alone(written))?;
    let rest = rest.trim_start_matches(['t', ' ', ',']);
    let (time, zone) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit() && !matches!(c, ':' | '.' | ',')).unwrap_or(rest.len()));
    // What follows the numbers is a zone or nothing: words are no part of such a date.
    let zone = zone.trim();
    let is_zone = zone.is_empty() || offset(zone).is_some() || half_of_day(zone).is_some();
    match half_of_day(zone) {
        Some(half) => Some(shift(at(date, time, "")?, time, half)),
        None if is_zone => at(date, time, zone),
        None => None,
    }
}

/// `2024-05` and `2024`.
fn month_alone(written: &str) -> Option<(NaiveDate, &str)> {
    let (year, month) = match written.split_once('-') {
        Some((year, month)) if month.len() == 2 => (year, month.parse().ok()?),
        None => (written, 1),
        _ => return None,
    };
    let year = year.parse::<i32>().ok().filter(|_| year.len() == 4).filter(|year| (1990..2100).contains(year))?;
    Some((NaiveDate::from_ymd_opt(year, month, 1)?, ""))
}

/// `21/08/2020 10:00`, `08-21-2020`, `1.5.2024`, `2024/05/01`, with a week day before it or not.
fn in_numbers(written: &str, order: DateOrder) -> Option<DateTime<Utc>> {
    let mut words = written.split([' ', ',', 't']).filter(|word| !word.is_empty());
    let date = words.find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    let mut parts = date.split(['/', '-', '.']).map(|part| part.parse::<u32>().ok().map(|number| (number, part.len())));
    let (Some(Some(one)), Some(Some(two)), Some(Some(three)), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return None;
    };
    let (year, digits, month, day) = match (one, two, three) {
        ((year, 4), (month, _), (day, _)) => (year, 4, month, day),
        // A number over 12 is a day, whatever the order.
        ((day, _), (month, _), (year, digits @ (2 | 4))) if day > 12 || (order == DateOrder::DayFirst && month <= 12) => {
            (year, digits, month, day)
        }
        ((month, _), (day, _), (year, digits @ (2 | 4))) => (year, digits, month, day),
        _ => return None,
    };
    let date = NaiveDate::from_ymd_opt(century(i32::try_from(year).ok()?, digits), month, day)?;
    let Some(time) = words.next() else { return at(date, "", "") };
    timed(date, time, words.next().unwrap_or_default(), words.next().unwrap_or_default())
}

/// Two digits are a year of this century or of the last.
fn century(year: i32, digits: usize) -> i32 {
    match (year, digits) {
        (0..50, 2) => year + 2000,
        (50..100, 2) => year + 1900,
        _ => year,
    }
}

/// A date with a time, and what follows it: a half of the day, a zone, or both.
fn timed(date: NaiveDate, time: &str, after: &str, later: &str) -> Option<DateTime<Utc>> {
    let (time, stuck) = time.split_at(time.find(|c: char| !c.is_ascii_digit() && !matches!(c, ':' | '.')).unwrap_or(time.len()));
    let (half, zone) = if stuck.is_empty() { (after, later) } else { (stuck, after) };
    match half_of_day(half) {
        Some(hours) => Some(shift(at(date, time, zone)?, time, hours)),
        None => at(date, time, half),
    }
}

/// The hours that `am` and `pm` add.
fn half_of_day(word: &str) -> Option<i64> {
    match word.trim_end_matches('.') {
        "am" | "a.m" => Some(0),
        "pm" | "p.m" => Some(12),
        _ => None,
    }
}

/// 12 am is midnight and 12 pm is noon.
fn shift(morning: DateTime<Utc>, time: &str, hours: i64) -> DateTime<Utc> {
    morning + Duration::hours(if time.starts_with("12") { hours - 12 } else { hours })
}

/// `Wed, 01 May 2024 10:00:00 GMT`, `1 de mayo de 2024`, `May 1, 2024 10:00 AM`, `Wed May  1 10:00:00 2024`.
fn in_words(written: &str) -> Option<DateTime<Utc>> {
    // `01-May-2024` is three words; `-0400` and `gmt-3` are one.
    let is_date = |word: &str| word.starts_with(|c: char| c.is_ascii_digit()) && word.contains(|c: char| c.is_ascii_alphabetic());
    let parts = |word| if is_date(word) { ['-', '/'] } else { [' ', ' '] };
    let words = written.split([' ', ',', '(', ')']).flat_map(|word| word.split(parts(word)));
    let words: Vec<&str> = words.map(|word| word.trim_end_matches('.')).filter(|word| !word.is_empty()).collect();
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
    let date = NaiveDate::from_ymd_opt(century(year, words[year_at].len()), month, day)?;
    let time_at = words.iter().position(|word| word.contains(':') && word.starts_with(|c: char| c.is_ascii_digit()));
    let Some(time_at) = time_at else { return at(date, "", "") };
    // asctime has the year behind the time.
    let mut after = words.iter().enumerate().skip(time_at + 1).filter(|(at, _)| *at != year_at).map(|(_, word)| *word);
    timed(date, words[time_at], after.next().unwrap_or_default(), after.next().unwrap_or_default())
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
    let seconds = if seconds == 60 { 59 } else { seconds };
    let time = NaiveTime::from_hms_opt(hours, minutes, seconds)?;
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
    if digits.len() > 4 {
        return None;
    }
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
            let read = parse_date(written, DateOrder::DayFirst).map(|date| date.with_nanosecond(0).unwrap().to_rfc3339());
            assert_eq!(read.as_deref(), Some(noon), "{written}");
        }
    }

    #[test]
    fn the_edges_of_a_day_are_kept_and_nonsense_is_absent() {
        let read = |written: &str| parse_date(written, DateOrder::DayFirst).map(|date| date.to_rfc3339());
        assert_eq!(read("2024-05-01T24:00:00Z").as_deref(), Some("2024-05-02T00:00:00+00:00"));
        assert_eq!(read("2016-12-31T23:59:60Z").as_deref(), Some("2016-12-31T23:59:59+00:00"));
        assert_eq!(read("May 1, 2024 12:30 am").as_deref(), Some("2024-05-01T00:30:00+00:00"));
        assert_eq!(read("2024-05-01T10:00:00+9999999999").as_deref(), Some("2024-05-01T10:00:00+00:00"));
        assert_eq!(read("8 Septiembre, 2020").as_deref(), Some("2020-09-08T00:00:00+00:00"));
        for nonsense in ["", "yesterday", "2024-13-45", "99", "31 Feb 2024", "Mon", "2024-05-01T10:00:61Z"] {
            assert_eq!(read(nonsense), None, "{nonsense}");
        }
    }
}
