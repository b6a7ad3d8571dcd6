//! Dates as listings show them: by the formats that a source names, then as everybody writes them.
//!
//! Labels before a date and words behind it do no harm. A date that can not be read is absent, never invented.

use std::{ops::RangeInclusive, str::FromStr};

use chrono::{DateTime, Duration, NaiveDate, NaiveDateTime, NaiveTime, Utc};

use crate::{
    model::{DateFormat, DateOrder, DatePart, Lang},
    parse::parse_date,
    text,
};

/// What is longer than this, in characters, is no date but a text with one in it.
const LONGEST: usize = 200;

/// Month names in each language, folded.
const MONTHS: [(Lang, [&str; 12]); 4] = [
    (Lang::EN, ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"]),
    (
        Lang::ES,
        ["enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"],
    ),
    (Lang::FR, ["janvier", "fevrier", "mars", "avril", "mai", "juin", "juillet", "aout", "septembre", "octobre", "novembre", "decembre"]),
    (
        Lang::PT,
        ["janeiro", "fevereiro", "marco", "abril", "maio", "junho", "julho", "agosto", "setembro", "outubro", "novembro", "dezembro"],
    ),
];

/// Reads a date. Without a zone it is UTC; without a time it is midnight.
pub(super) fn read(written: &str, formats: &[DateFormat], locale: Option<Lang>, order: DateOrder) -> Option<DateTime<Utc>> {
    let line = text::one_line(written);
    if line.chars().count() > LONGEST {
        return None;
    }
    let folded = text::fold(&line);
    let by_format = formats.iter().find_map(|format| find(format, &folded, locale));
    by_format.or_else(|| candidates(&line).into_iter().find_map(|candidate| parse_date(candidate, order)))
}

/// The parts of a line that may be a date: all of it, what stands between bars or behind a label, three numbers.
fn candidates(line: &str) -> Vec<&str> {
    let mut candidates = vec![line];
    for part in line.split(['|', '·', '•']) {
        let label = part.split_once(':').filter(|(label, _)| !label.contains(|c: char| c.is_ascii_digit()));
        candidates.extend([part, label.map_or(part, |(_, rest)| rest)].map(str::trim));
    }
    let is_three_numbers = |word: &&str| word.matches(['/', '.', '-']).count() == 2 && word.len() >= 6;
    let words = line.split(|c: char| !c.is_ascii_digit() && !matches!(c, '/' | '.' | '-'));
    candidates.extend(words.filter(is_three_numbers));
    candidates
}

/// The first place in the text where a format fits, from a word's beginning to a word's end.
fn find(format: &DateFormat, text: &str, locale: Option<Lang>) -> Option<DateTime<Utc>> {
    let mut before = None;
    text.char_indices().find_map(|(at, c)| {
        let begins = before.replace(c).is_none_or(|before| !before.is_alphanumeric());
        if begins && !c.is_whitespace() { Fit::default().of(format, &text[at..], locale) } else { None }
    })
}

/// What was read of a date so far.
#[derive(Default)]
struct Fit {
    year: i32,
    month: u32,
    day: u32,
    hour: u32,
    minute: u32,
    second: u32,
    is_afternoon: Option<bool>,
    east: i64,
}

impl Fit {
    fn of(mut self, format: &DateFormat, text: &str, locale: Option<Lang>) -> Option<DateTime<Utc>> {
        let mut rest = text;
        for part in format.parts() {
            rest = self.take(*part, rest, locale)?;
        }
        if rest.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let hour = match self.is_afternoon {
            None => self.hour,
            Some(_) if !(1..=12).contains(&self.hour) => return None,
            Some(is_afternoon) => self.hour % 12 + if is_afternoon { 12 } else { 0 },
        };
        let time = NaiveTime::from_hms_opt(hour, self.minute, self.second.min(59))?;
        let date = NaiveDate::from_ymd_opt(self.year, self.month, self.day)?;
        Some(NaiveDateTime::new(date, time).and_utc() - Duration::minutes(self.east))
    }

    /// Takes one part, and gives what follows it.
    fn take<'a>(&mut self, part: DatePart, text: &'a str, locale: Option<Lang>) -> Option<&'a str> {
        let rest;
        match part {
            DatePart::Space => rest = text.trim_start(),
            // A sign that folds to nothing, such as an accent, need not be there.
            DatePart::Sign(sign) => rest = text.strip_prefix(text::fold(sign.encode_utf8(&mut [0; 4])).as_str())?,
            DatePart::WeekDay => (_, rest) = word(text)?,
            DatePart::MonthName => {
                let name;
                (name, rest) = word(text)?;
                self.month = month(name, locale)?;
            }
            DatePart::Half => {
                let is_afternoon;
                (is_afternoon, rest) = half(text)?;
                self.is_afternoon = Some(is_afternoon);
            }
            DatePart::Zone => (self.east, rest) = zone(text)?,
            DatePart::Day => {
                let after;
                (self.day, after) = number(text, 1..=2)?;
                // 1st, 1er, 1º (which folds to an o).
                let ordinal = word(after).filter(|(word, _)| matches!(*word, "st" | "nd" | "rd" | "th" | "er" | "o"));
                rest = ordinal.map_or(after, |(_, rest)| rest);
            }
            DatePart::Month => (self.month, rest) = number(text, 1..=2)?,
            DatePart::Year => (self.year, rest) = number(text, 4..=4)?,
            DatePart::ShortYear => {
                let year: i32;
                (year, rest) = number(text, 2..=2)?;
                self.year = year + if year < 50 { 2000 } else { 1900 };
            }
            DatePart::Hour | DatePart::HalfDayHour => (self.hour, rest) = number(text, 1..=2)?,
            DatePart::Minute => (self.minute, rest) = number(text, 2..=2)?,
            DatePart::Second => (self.second, rest) = number(text, 2..=2)?,
        }
        Some(rest)
    }
}

/// A number of so many digits, and what follows it.
fn number<N: FromStr>(text: &str, digits: RangeInclusive<usize>) -> Option<(N, &str)> {
    let text = text.trim_start();
    let length = text.bytes().take(*digits.end()).take_while(u8::is_ascii_digit).count();
    if length < *digits.start() {
        return None;
    }
    Some((text[..length].parse().ok()?, &text[length..]))
}

/// A word, its hyphens included and the dot of an abbreviation passed over, and what follows it.
fn word(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !c.is_alphabetic() && c != '-').unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    (!word.is_empty()).then(|| (word.trim_matches('-'), rest.strip_prefix('.').unwrap_or(rest)))
}

/// The month that a name of three letters or more stands for, when it stands for one only.
fn month(name: &str, locale: Option<Lang>) -> Option<u32> {
    if name.len() < 3 {
        return None;
    }
    let languages = MONTHS.iter().filter(|(lang, _)| locale.is_none_or(|locale| locale == *lang));
    let mut found = languages.flat_map(|(_, names)| (1..).zip(names)).filter(|(_, full)| full.starts_with(name)).map(|(month, _)| month);
    let first = found.next()?;
    found.all(|month| month == first).then_some(first)
}

/// `am`, `p.m.` and their like: whether it is the afternoon, and what follows.
fn half(text: &str) -> Option<(bool, &str)> {
    let text = text.trim_start();
    let (half, rest) = text.split_at_checked(1)?;
    let rest = rest.trim_start_matches(['.', ' ']).strip_prefix('m')?;
    matches!(half, "a" | "p").then(|| (half == "p", rest.strip_prefix('.').unwrap_or(rest)))
}

/// Minutes east of Greenwich, and what follows: `+0200`, `-06:00`, `z`.
fn zone(text: &str) -> Option<(i64, &str)> {
    let text = text.trim_start();
    if let Some(rest) = text.strip_prefix('z') {
        return Some((0, rest));
    }
    let sign = if text.starts_with('+') { 1 } else { -1 };
    let (hours, rest) = number::<i64>(text.strip_prefix(['+', '-'])?, 2..=2)?;
    let (minutes, rest) = number::<i64>(rest.strip_prefix(':').unwrap_or(rest), 2..=2)?;
    (hours <= 14 && minutes < 60).then(|| (sign * (hours * 60 + minutes), rest))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn date(written: &str, formats: &[&str], locale: Option<Lang>) -> Option<String> {
        let formats: Vec<DateFormat> = formats.iter().map(|format| format.parse().unwrap()).collect();
        read(written, &formats, locale, DateOrder::DayFirst).map(|date| date.format("%Y-%m-%dT%H:%M").to_string())
    }

    #[test]
    fn a_date_is_read_by_its_format_wherever_it_stands() {
        for (written, format, expected) in [
            ("Date Publish: 08/21/2020", "%m/%d/%Y", "2020-08-21T00:00"),
            ("03/04/2020", "%m/%d/%Y", "2020-03-04T00:00"),
            ("8 Septiembre, 2020", "%d %B, %Y", "2020-09-08T00:00"),
            ("mar. 8 de sept. de 2020 | Noticias", "%a %d de %b de %Y", "2020-09-08T00:00"),
            ("Friday, February 19, 2016", "%A, %B %d, %Y", "2016-02-19T00:00"),
            ("1º de março de 2021", "%d de %B de %Y", "2021-03-01T00:00"),
            ("le 1er août 2021 à 14 h 05", "%d %B %Y à %H h %M", "2021-08-01T14:05"),
            ("segunda-feira, 5 de abril de 2021", "%A, %d de %B de %Y", "2021-04-05T00:00"),
            ("20.08.19", "%d.%m.%y", "2019-08-20T00:00"),
            ("5-Jan-2020 12:30 a.m.", "%d-%b-%Y %I:%M %p", "2020-01-05T00:30"),
            ("5 Jan 2020 9:30PM -06:00", "%d %b %Y %I:%M %p %z", "2020-01-06T03:30"),
        ] {
            assert_eq!(date(written, &[format], None).as_deref(), Some(expected), "{written}");
        }
    }

    #[test]
    fn names_are_those_of_the_language() {
        assert_eq!(date("3 setembro 2020", &["%d %B %Y"], Some(Lang::PT)).as_deref(), Some("2020-09-03T00:00"));
        let month = |name: &str, lang| month(name, lang);
        assert_eq!((month("setembro", Some(Lang::EN)), month("sept", Some(Lang::FR)), month("jui", None)), (None, Some(9), None));
    }

    #[test]
    fn without_a_format_dates_are_read_as_everybody_writes_them() {
        for (written, expected) in [
            ("9 August, 2018", Some("2018-08-09T00:00")),
            ("Date Publish: 21/08/2020", Some("2020-08-21T00:00")),
            ("08/21/2020", Some("2020-08-21T00:00")),
            ("03.04.2020", Some("2020-04-03T00:00")),
            ("2020-09-08T12:30:00Z", Some("2020-09-08T12:30")),
            ("Date Publish:", None),
            ("", None),
            ("31/31/2020", None),
            ("1/2/3/2020", None),
        ] {
            assert_eq!(date(written, &[], None).as_deref(), expected, "{written}");
        }
        assert_eq!(date(&format!("{} 9 August 2018", "word ".repeat(50)), &["%d %B %Y"], None), None);
        let month_first = read("03/04/2020", &[], None, DateOrder::MonthFirst).unwrap();
        assert_eq!(month_first.to_rfc3339(), "2020-03-04T00:00:00+00:00");
    }
}
