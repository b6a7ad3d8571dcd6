//! How alike two tellings of one source are: title, text and date, each judged by itself.
//!
//! What a likeness means depends on what else speaks for or against the two being one item; that
//! is weighed in `judge`. Deliberately absent: ids and links.

use std::{cmp::Ordering, time::Duration};

use super::agree::{TEXT_SHARE, TITLE_SHARE, WORDS_THAT_PROVE};
use crate::{
    model::{Item, Labels, Second},
    text,
};

/// Two texts tell of different things when less than this share of the shorter one's words stands
/// in the other: small words alone make up a third of any text.
const OTHER_SHARE: f32 = 0.5;
/// A text of fewer words may be one that stands under everything: "Please refer to the attached map."
const WORDS_OF_ITS_OWN: usize = 10;
/// A word is another spelling or form of one that is this similar (Jaro-Winkler): "ends" and "ended", and not "north" and "south".
const FORM: f64 = 0.8;
/// A title in which more words were put in others' places, or more were added, is another title.
const REWORKED: (usize, usize) = (3, 12);

/// One telling of the source, as it arrives or as it is kept.
#[derive(Debug, Clone, Copy)]
pub struct Telling<'a> {
    /// The item.
    pub item: &'a Item,
    /// What it is about, and in which language.
    pub labels: &'a Labels,
}

/// The words of a telling, made ready to be compared.
pub(super) struct Words<'a> {
    pub(super) telling: Telling<'a>,
    title: Side,
    text: Side,
}

/// One side of a comparison.
struct Side {
    folded: String,
    /// Each word once, sorted.
    words: Vec<String>,
    /// Those that are numbers.
    numbers: Vec<String>,
}

/// How near two texts are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Near {
    /// Letter case, accents and white space apart, they are one.
    Equal,
    /// They share most words.
    Much,
    /// They share some.
    Some,
    /// They tell of different things.
    Other,
    /// One is missing or too short to prove anything.
    Silent,
}

/// How two dates stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dates {
    /// Equal, and no whole hour: two items hardly share that by chance.
    Exact,
    /// Equal, but perhaps only a day.
    Equal,
    /// So far apart.
    Apart(Duration),
    /// One is missing.
    Unknown,
}

impl Dates {
    pub(super) fn are_equal(self) -> bool {
        matches!(self, Self::Exact | Self::Equal)
    }
}

/// How alike two tellings are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Likeness {
    /// Never `Some`, and `Other` when the numbers in them differ.
    pub(super) title: Near,
    /// Words were added to the title, taken away or respelt, and none was put in another's place.
    pub(super) is_reworked: bool,
    pub(super) text: Near,
    /// The texts are near, and long enough to be no form of words.
    pub(super) tells_the_same: bool,
    pub(super) dates: Dates,
    /// Both titles have numbers, and they are others.
    pub(super) other_numbers: bool,
    /// The texts have the same numbers.
    pub(super) same_figures: bool,
    /// They are about other countries.
    pub(super) elsewhere: bool,
    /// They are in other languages.
    pub(super) other_language: bool,
}

impl<'a> Words<'a> {
    pub(super) fn of(telling: Telling<'a>) -> Self {
        let Item { title, summary, .. } = telling.item;
        // A post without a title is known by what it says.
        let (title, text) = if title.is_empty() { (summary.as_str(), "") } else { (title.as_str(), summary.as_str()) };
        Self { telling, title: Side::of(title), text: Side::of(text) }
    }

    /// What has to be equal for two tellings to be one without any further question.
    pub(super) fn exact(&self) -> (&str, &str, Option<Second>) {
        (&self.title.folded, &self.text.folded, self.telling.item.published)
    }

    /// How many words the title has.
    pub(super) fn title_words(&self) -> usize {
        self.title.words.len()
    }

    pub(super) fn likeness(&self, other: &Words<'_>) -> Likeness {
        let (a, b) = (&self.title, &other.title);
        let other_numbers = !a.numbers.is_empty() && !b.numbers.is_empty() && a.numbers != b.numbers;
        let title = match (a.folded.is_empty() || b.folded.is_empty(), a.folded == b.folded) {
            (true, _) => Near::Silent,
            (_, true) => Near::Equal,
            _ if other_numbers => Near::Other,
            _ => {
                let common = common(&a.words, &b.words);
                if share(common, a.words.len() + b.words.len() - common) >= TITLE_SHARE { Near::Much } else { Near::Other }
            }
        };
        let (a, b) = (&self.text, &other.text);
        let shorter = a.words.len().min(b.words.len());
        let text = match share(common(&a.words, &b.words), shorter) {
            _ if shorter < WORDS_THAT_PROVE => Near::Silent,
            _ if a.folded == b.folded => Near::Equal,
            share if share >= TEXT_SHARE => Near::Much,
            share if share >= OTHER_SHARE => Near::Some,
            _ => Near::Other,
        };
        let tells_the_same = matches!(text, Near::Equal | Near::Much) && shorter >= WORDS_OF_ITS_OWN;
        let (one, two) = (self.telling.labels, other.telling.labels);
        let (here, there) = (&one.countries, &two.countries);
        let elsewhere =
            !here.is_empty() && !there.is_empty() && !here.iter().any(|label| there.iter().any(|other| other.code == label.code));
        let (lang, other_lang) = (one.lang.value, two.lang.value);
        Likeness {
            title,
            is_reworked: title == Near::Much && is_reworked(&self.title.words, &other.title.words),
            text,
            tells_the_same,
            dates: dates(self.telling.item, other.telling.item),
            other_numbers,
            same_figures: a.numbers == b.numbers,
            elsewhere,
            other_language: lang.is_known() && other_lang.is_known() && lang != other_lang,
        }
    }
}

impl Side {
    fn of(text: &str) -> Self {
        let folded = text::fold(&text::one_line(text));
        let mut words: Vec<String> =
            folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect();
        words.sort_unstable();
        words.dedup();
        let numbers = words.iter().filter(|word| word.chars().all(|c| c.is_ascii_digit())).cloned().collect();
        Self { folded, words, numbers }
    }
}

/// Whether a date is no whole hour: what publishers date to a day has midnight there, in some zone.
pub(super) fn is_exact(date: Second) -> bool {
    date.unix() % 3600 != 0
}

fn dates(one: &Item, other: &Item) -> Dates {
    let equal = |at| if is_exact(at) { Dates::Exact } else { Dates::Equal };
    match (one.published, other.published) {
        (Some(one), Some(other)) if one == other => equal(one),
        (Some(one), Some(other)) => Dates::Apart(one.since(other).max(other.since(one))),
        // The date of a change moves with every edit: it can speak for an item and never against it.
        (None, None) => one.updated.filter(|at| other.updated == Some(*at)).map_or(Dates::Unknown, equal),
        _ => Dates::Unknown,
    }
}

/// How many words two sorted lists have in common.
fn common(one: &[String], other: &[String]) -> usize {
    let (mut a, mut b, mut count) = (0, 0, 0);
    while a < one.len() && b < other.len() {
        match one[a].cmp(&other[b]) {
            Ordering::Less => a += 1,
            Ordering::Greater => b += 1,
            Ordering::Equal => (a, b, count) = (a + 1, b + 1, count + 1),
        }
    }
    count
}

/// Whether every word that went has a form of itself among those that came, or the other way round.
fn is_reworked(one: &[String], other: &[String]) -> bool {
    let only = |a: &[String], b: &[String]| -> Vec<String> { a.iter().filter(|word| b.binary_search(word).is_err()).cloned().collect() };
    let (went, came) = (only(one, other), only(other, one));
    let (fewer, more) = if went.len() < came.len() { (went, came) } else { (came, went) };
    fewer.len() <= REWORKED.0
        && more.len() <= REWORKED.1
        && fewer.iter().all(|word| more.iter().any(|form| strsim::jaro_winkler(word, form) >= FORM))
}

fn share(part: usize, whole: usize) -> f32 {
    part as f32 / whole.max(1) as f32
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;

    #[test]
    fn a_title_is_reworked_when_no_word_stands_in_anothers_place() {
        let reworked = |one: &str, other: &str| {
            let (one, other) = (Side::of(one), Side::of(other));
            assert_eq!(is_reworked(&one.words, &other.words), is_reworked(&other.words, &one.words));
            is_reworked(&one.words, &other.words)
        };
        for (one, other) in [
            ("A shelter opens at the river", "A new shelter opens at the river"),
            ("The course for young people ends", "The course for young people has ended"),
            ("Migrants arrive in Guatemla", "Migrants arrive in Guatemala"),
        ] {
            assert!(reworked(one, other), "{one}");
        }
        for (one, other) in [
            ("Rain in the north of the country", "Rain in the south of the country"),
            ("Returned migrants in Puebla", "Returned migrants in Oaxaca"),
            ("What the ministers said on Monday", "What the ministers said on Sunday"),
        ] {
            assert!(!reworked(one, other), "{one}");
        }
    }
}
