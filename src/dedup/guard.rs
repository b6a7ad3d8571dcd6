//! What speaks against two alike texts being one: numbers, months, places, words in others' places.
//!
//! Agencies publish series from one template: `Flash update 12` and `13` share nearly every word. Which
//! words differ decides, not how many. Deliberately absent: how alike the texts are (`near`).

use std::collections::BTreeSet;

use super::sketch::{Sketch, content, counting, numbers};

/// Titles that share this part of their words look like one template ...
const ALIKE: f32 = 0.3;
/// ... and from here on, a word in another's place is another thing.
const MUCH_ALIKE: f32 = 0.4;
/// The opening of a text, in words: what a report under an unchanging title tells of.
const OPENING: usize = 14;
/// A text has figures from so many numbers on.
const FIGURES: usize = 3;
/// A word is another form of one that is this similar (Jaro-Winkler).
const FORM: f64 = 0.8;

/// Why two tellings are not one though they are alike; nothing when nothing speaks against it.
///
/// `held` is which part of the shorter text's pairs of words stands in the other.
pub(super) fn objection(one: &Sketch, other: &Sketch, held: f32) -> Option<&'static str> {
    let titles = Titles::of(one, other);
    if titles.shared >= ALIKE {
        if let Some(why) = series(one, other) {
            return Some(why);
        }
        let apart =
            |a: &Sketch, b: &Sketch| a.title_countries.iter().any(|code| !b.title_countries.contains(code) && !b.countries.contains(code));
        if apart(one, other) && apart(other, one) {
            return Some("their titles name other countries");
        }
    }
    if titles.shared >= MUCH_ALIKE
        && let Some(why) = titles.substitution(one, other, held)
    {
        return Some(why);
    }
    if titles.shared >= MUCH_ALIKE {
        let missing = |from: &Sketch, of: &Sketch| {
            let opening = numbers(from.lead.get(..OPENING).unwrap_or(&from.lead));
            let there: BTreeSet<&str> = numbers(&of.lead).into_iter().chain(numbers(&of.title)).collect();
            opening.iter().any(|number| !there.contains(number))
        };
        if missing(one, other) && missing(other, one) {
            return Some("their texts begin with other numbers");
        }
    }
    let (a, b) = (numbers(&one.lead), numbers(&other.lead));
    if a.len() >= FIGURES && b.len() >= FIGURES && a.intersection(&b).count() * 2 < a.len().min(b.len()) {
        return Some("their texts have other figures");
    }
    None
}

/// Whether two titles are of one series: numbers, months and ordinals say which part of it.
fn series(one: &Sketch, other: &Sketch) -> Option<&'static str> {
    let (a, b) = (counting(&one.title), counting(&other.title));
    let only = |a: &[&str], b: &[&str]| a.iter().any(|number| !b.contains(number));
    match (only(&a, &b), only(&b, &a)) {
        (true, true) => Some("their titles have other numbers"),
        _ if a.len() == b.len() && a != b => Some("the numbers in their titles stand in another order"),
        (true, _) if !holds(one, other) => Some("one title has a number more"),
        (_, true) if !holds(other, one) => Some("one title has a number more"),
        _ => None,
    }
}

/// Whether a title is another one with something added.
fn holds(longer: &Sketch, shorter: &Sketch) -> bool {
    let longer: BTreeSet<&str> = content(&longer.title).collect();
    content(&shorter.title).all(|word| longer.contains(word))
}

/// Two titles by the words that carry them.
pub(super) struct Titles<'a> {
    /// Which part of all their words they share.
    pub(super) shared: f32,
    /// What one has and the other has not.
    went: Vec<&'a str>,
    came: Vec<&'a str>,
}

impl<'a> Titles<'a> {
    pub(super) fn of(one: &'a Sketch, other: &'a Sketch) -> Self {
        let (a, b): (BTreeSet<&str>, BTreeSet<&str>) = (content(&one.title).collect(), content(&other.title).collect());
        let common = a.intersection(&b).count();
        let shared = common as f32 / (a.len() + b.len() - common).max(1) as f32;
        Self { shared, went: a.difference(&b).copied().collect(), came: b.difference(&a).copied().collect() }
    }

    /// Whether a word of one was put in the place of a word of the other, rather than added, taken away or respelt.
    pub(super) fn are_reworked(&self) -> bool {
        let (fewer, more) = if self.went.len() < self.came.len() { (&self.went, &self.came) } else { (&self.came, &self.went) };
        fewer.iter().all(|word| more.iter().any(|form| strsim::jaro_winkler(word, form) >= FORM))
    }

    fn substitution(&self, one: &Sketch, other: &Sketch, held: f32) -> Option<&'static str> {
        if self.went.is_empty() || self.came.is_empty() || self.are_reworked() {
            return None;
        }
        let is_place = |word: &&str| one.is_place(word) || other.is_place(word);
        if self.went.iter().any(is_place) && self.came.iter().any(is_place) {
            return Some("their titles name other places");
        }
        let (a, b): (BTreeSet<u64>, BTreeSet<u64>) = (one.figures.iter().copied().collect(), other.figures.iter().copied().collect());
        let same_text = held >= 0.95 && (a.is_subset(&b) || b.is_subset(&a));
        (!same_text).then_some("a word of one title stands in the place of another's")
    }
}

impl Sketch {
    /// Whether a word of the title names a place, or looks as if: it has a capital though most of the others have none.
    fn is_place(&self, word: &str) -> bool {
        let heavy = || self.title.iter().filter(|word| !word.is_small() && !word.counts());
        let names = heavy().filter(|word| word.is_name).count();
        let capitals_say_something = names * 2 <= heavy().count();
        self.places.contains(word) || (capitals_say_something && self.title.iter().skip(1).any(|own| own.is_name && own.text == word))
    }
}
