//! How a listing without a feed is read: what `[source.page]` says, checked.
//!
//! Deliberately absent: reading one (`parse`), and anything a program would have to run.

use std::{fmt, str::FromStr};

use super::Lang;
use crate::html::{BadSelector, Selector};

/// The vocabulary of categories that we made of a page's line of countries.
pub const COUNTRY_LINE: &str = "urn:tributary:country-line";

/// Pages of one listing that are read in one pull at most: what is older was read before.
pub const MOST_PAGES: u8 = 10;

/// An HTML page that lists items, and where on it each part of an item stands.
///
/// What names no place of its own is found where it usually stands; see each field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRules {
    /// One element for each item.
    pub item: Selector,
    /// For pages whose items are no elements of their own, such as headings with paragraphs below: an
    /// item is then its element *and what follows it*, up to the next item or to what matches this.
    pub until: Option<Selector>,
    /// The title; else the first heading in the item, else its link.
    pub title: Option<Pick>,
    /// The link; else the one in or around the title, else the first one in the item.
    pub link: Option<Pick>,
    /// The summary: all that matches. Else nothing, or with `until` what follows the item's element.
    pub summary: Option<Pick>,
    /// A picture.
    pub image: Option<Pick>,
    /// Countries, separated by commas or one to an element.
    pub country: Option<Pick>,
    /// The date of publication.
    pub date: Option<Pick>,
    /// How dates are written, when they are not written as everybody writes them; the first one that fits is taken.
    pub formats: Vec<DateFormat>,
    /// The language of the names of months and days in `formats`; else English, Spanish, French and Portuguese are tried.
    pub locale: Option<Lang>,
    /// The link to the next page of the listing.
    pub next: Option<Pick>,
    /// How many pages of the listing are read in one pull, 1 to [`MOST_PAGES`].
    pub pages: u8,
    /// What is read from an item's own page when the listing does not give it.
    pub detail: Option<Detail>,
}

/// Where on an item's own page its date, summary and countries stand: one of them at least.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Detail {
    /// The date of publication.
    pub date: Option<Pick>,
    /// The summary: all that matches.
    pub summary: Option<Pick>,
    /// Countries, as in a listing.
    pub country: Option<Pick>,
}

impl PageRules {
    /// A page of which only the items are known.
    pub fn of(item: Selector) -> Self {
        Self {
            item,
            until: None,
            title: None,
            link: None,
            summary: None,
            image: None,
            country: None,
            date: None,
            formats: Vec::new(),
            locale: None,
            next: None,
            pages: 1,
            detail: None,
        }
    }
}

/// An element, and what of it is read: `h3 a`, `time@datetime`, `@title`, `.`.
///
/// Without an attribute, it is the address of a link or picture where one is wanted, `datetime` of a `time` element
/// where a date is wanted, and the words of the element otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pick {
    /// Which element; `None` is the item itself.
    pub selector: Option<Selector>,
    /// Which attribute of it.
    pub attribute: Option<String>,
}

impl FromStr for Pick {
    type Err = BadSelector;

    fn from_str(text: &str) -> Result<Self, BadSelector> {
        let is_name = |name: &str| {
            name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_:".contains(&b))
        };
        // An `@` in quotes, as in `a[href*="@"]`, is followed by more than a name.
        let (selector, attribute) = match text.rsplit_once('@') {
            Some((selector, name)) if is_name(name.trim()) => (selector.trim(), Some(name.trim().to_ascii_lowercase())),
            _ => (text.trim(), None),
        };
        let selector = if matches!(selector, "" | ".") { None } else { Some(selector.parse()?) };
        Ok(Self { selector, attribute })
    }
}

impl fmt::Display for Pick {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.selector, &self.attribute) {
            (Some(selector), Some(name)) => write!(f, "{selector}@{name}"),
            (Some(selector), None) => write!(f, "{selector}"),
            (None, Some(name)) => write!(f, "@{name}"),
            (None, None) => f.write_str("."),
        }
    }
}

/// How a date is written, in the manner of strftime: `%d %B, %Y`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DateFormat {
    text: Box<str>,
    parts: Vec<DatePart>,
}

/// One part of a [`DateFormat`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DatePart {
    /// `%d`, `%e`: the day of the month, perhaps as an ordinal: `1`, `01`, `1st`, `1er`, `1º`.
    Day,
    /// `%m`: the month by number.
    Month,
    /// `%B`, `%b`: the month by name, whole or short.
    MonthName,
    /// `%Y`: the year, four digits.
    Year,
    /// `%y`: the year, two digits; up to 49 of this century.
    ShortYear,
    /// `%A`, `%a`: the day of the week by name; it is passed over, because publishers get it wrong.
    WeekDay,
    /// `%H`: the hour, 0 to 23.
    Hour,
    /// `%I`: the hour, 1 to 12.
    HalfDayHour,
    /// `%M`: the minute.
    Minute,
    /// `%S`: the second.
    Second,
    /// `%p`: before or after noon.
    Half,
    /// `%z`: hours and minutes east of Greenwich: `+0200`, `-06:00`, `Z`.
    Zone,
    /// White space, any or none.
    Space,
    /// The character itself, whatever its case or accent.
    Sign(char),
}

/// A text that tells no date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a date format: {why}; `%d %B, %Y` reads “8 September, 2020”")]
pub struct BadDateFormat {
    /// What was given.
    pub text: String,
    /// What is wrong with it.
    pub why: String,
}

impl DateFormat {
    /// The format as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Its parts, in order.
    pub fn parts(&self) -> &[DatePart] {
        &self.parts
    }
}

impl FromStr for DateFormat {
    type Err = BadDateFormat;

    fn from_str(text: &str) -> Result<Self, BadDateFormat> {
        let bad = |why: String| BadDateFormat { text: text.to_owned(), why };
        let mut parts = Vec::new();
        let mut signs = text.trim().chars();
        while let Some(sign) = signs.next() {
            parts.push(match sign {
                '%' => match signs.next() {
                    Some('d' | 'e') => DatePart::Day,
                    Some('m') => DatePart::Month,
                    Some('B' | 'b' | 'h') => DatePart::MonthName,
                    Some('Y') => DatePart::Year,
                    Some('y') => DatePart::ShortYear,
                    Some('A' | 'a') => DatePart::WeekDay,
                    Some('H' | 'k') => DatePart::Hour,
                    Some('I' | 'l') => DatePart::HalfDayHour,
                    Some('M') => DatePart::Minute,
                    Some('S') => DatePart::Second,
                    Some('p' | 'P') => DatePart::Half,
                    Some('z') => DatePart::Zone,
                    Some('%') => DatePart::Sign('%'),
                    Some(other) => return Err(bad(format!("`%{other}` is not known"))),
                    None => return Err(bad("it ends with `%`".to_owned())),
                },
                sign if sign.is_whitespace() => DatePart::Space,
                sign => DatePart::Sign(sign),
            });
        }
        let has = |wanted: &[DatePart]| wanted.iter().any(|part| parts.contains(part));
        for (wanted, what) in [
            (&[DatePart::Day][..], "day (`%d`)"),
            (&[DatePart::Month, DatePart::MonthName], "month (`%m` or `%B`)"),
            (&[DatePart::Year, DatePart::ShortYear], "year (`%Y`)"),
        ] {
            if !has(wanted) {
                return Err(bad(format!("it names no {what}")));
            }
        }
        Ok(Self { text: text.trim().into(), parts })
    }
}

impl fmt::Display for DateFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_pick_is_an_element_an_attribute_or_both() {
        for (text, selector, attribute, again) in [
            ("h3 a", Some("h3 a"), None, "h3 a"),
            (" time @ datetime ", Some("time"), Some("datetime"), "time@datetime"),
            ("@DATA-src", None, Some("data-src"), "@data-src"),
            (".", None, None, "."),
            ("", None, None, "."),
            (".@href", None, Some("href"), "@href"),
            ("a[title='x@y.example']", Some("a[title='x@y.example']"), None, "a[title='x@y.example']"),
        ] {
            let pick: Pick = text.parse().unwrap();
            assert_eq!((pick.selector.as_ref().map(Selector::as_str), pick.attribute.as_deref()), (selector, attribute), "{text}");
            assert_eq!(pick.to_string(), again);
            assert_eq!(again.parse::<Pick>().unwrap(), pick);
        }
        assert!("h3[@href".parse::<Pick>().is_err());
    }

    #[test]
    fn a_format_names_day_month_and_year() {
        let why = |text: &str| text.parse::<DateFormat>().unwrap_err().to_string();
        assert!("%A, %B %e, %Y".parse::<DateFormat>().is_ok());
        assert!(why("%d %Y").contains("names no month"));
        assert!(why("%d/%m/%Q").contains("`%Q` is not known"));
        assert!(why("%d/%m/%Y %").contains("ends with `%`"));
        assert!(why("dd/mm/yyyy").contains("names no day"));
    }
}
