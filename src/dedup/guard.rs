//! What speaks against two alike texts being one: numbers, months, places, words in others' places.
//!
//! Agencies publish series from one template: `Flash update 12` and `13` share nearly every word. Which
//! words differ decides, not how many. Deliberately absent: how alike the texts are (`near`).

use std::collections::BTreeSet;

use super::{
    sketch::{Sketch, content, counting, matter, numbers, overlap, shared},
    tokens::Word,
};
use crate::model::CountryCode;

/// Titles that share this part of their words look like one template ...
const ALIKE: f32 = 0.3;
/// ... and from here on, a word in another's place is another thing ...
const MUCH_ALIKE: f32 = 0.4;
/// ... unless this part of the shorter text stands in the other ...
const SAME_TEXT: f32 = 0.95;
/// ... or, under the same numbers, this part of the shorter telling's words. That is for titles that were reworded ...
const SAME_MATTER: f32 = 0.6;
/// ... and not for those that share more than this, which are made from one template.
const TEMPLATE: f32 = 0.65;
/// The opening of a text, in words: what a report under an unchanging title tells of.
const OPENING: usize = 14;
/// A text has figures from so many numbers on.
const FIGURES: usize = 3;
/// Two words are forms of one when they begin alike for so many letters, and for half of the longer one.
const STEM: usize = 4;

/// Why two tellings are not one though they are alike; nothing when nothing speaks against it.
pub(super) fn objection(one: &Sketch<'_>, other: &Sketch<'_>) -> Option<&'static str> {
    let titles = Titles::of(one, other);
    let by_title = || series(one, other).or_else(|| elsewhere(one, other)).or_else(|| titles.substitution(one, other));
    let is_alike = titles.shared >= ALIKE;
    let by_opening = || (titles.shared >= MUCH_ALIKE).then(|| opening(one, other)).flatten();
    is_alike.then(by_title).flatten().or_else(by_opening).or_else(|| figures(one, other))
}

/// Each is about a country that the other is not about.
fn elsewhere(one: &Sketch<'_>, other: &Sketch<'_>) -> Option<&'static str> {
    let (a, b) = (one.countries(), other.countries());
    let has_own = |a: &[CountryCode], b: &[CountryCode]| a.iter().any(|code| !b.contains(code));
    (has_own(&a, &b) && has_own(&b, &a)).then_some("each names a country that the other does not")
}

/// Under one title, another week or another case.
fn opening(one: &Sketch<'_>, other: &Sketch<'_>) -> Option<&'static str> {
    let has_own = |from: &Sketch<'_>, of: &Sketch<'_>| {
        let there = counted(of);
        counting(from.lead().get(..OPENING).unwrap_or(from.lead())).iter().any(|number| !there.contains(number))
    };
    (has_own(one, other) && has_own(other, one)).then_some("their texts begin with other numbers or days")
}

fn figures(one: &Sketch<'_>, other: &Sketch<'_>) -> Option<&'static str> {
    let (a, b) = (numbers(one.lead()), numbers(other.lead()));
    let are_others = a.len() >= FIGURES && b.len() >= FIGURES && a.intersection(&b).count() * 2 < a.len().min(b.len());
    are_others.then_some("their texts have other figures")
}

/// What counts in title and text.
fn counted<'a>(of: &'a Sketch<'_>) -> BTreeSet<&'a str> {
    counting(of.title()).into_iter().chain(counting(of.lead())).collect()
}

/// Whether two titles are of one series: numbers, months and ordinals say which part of it.
///
/// A figure that the other one tells in its text is no other figure; `12` and `13` are different whatever the texts say.
fn series(one: &Sketch<'_>, other: &Sketch<'_>) -> Option<&'static str> {
    let (a, b) = (counting(one.title()), counting(other.title()));
    let (told_by_one, told_by_other) = (counted(one), counted(other));
    let has_other = |title: &[Word], there: &[&str], told: &BTreeSet<&str>| {
        let mut own = title.iter().filter(|word| word.counts() && !there.contains(&&*word.text));
        own.any(|word| word.figure().is_none() || !told.contains(&*word.text))
    };
    let has_more = |title: &[&str], there: &[&str], told: &BTreeSet<&str>| {
        title.iter().any(|number| !there.contains(number) && !told.contains(*number))
    };
    if has_other(one.title(), &b, &told_by_other) && has_other(other.title(), &a, &told_by_one) {
        return Some("their titles have other numbers");
    }
    if a != b && is_permuted(&a, &b) {
        return Some("the numbers in their titles stand in another order");
    }
    let is_next = has_more(&a, &b, &told_by_other) && !holds(one, other) || has_more(&b, &a, &told_by_one) && !holds(other, one);
    is_next.then_some("one title has a number more")
}

fn is_permuted(one: &[&str], other: &[&str]) -> bool {
    let (mut one, mut other) = (one.to_vec(), other.to_vec());
    one.sort_unstable();
    other.sort_unstable();
    one == other
}

/// Whether a title is another one with something added.
fn holds(longer: &Sketch<'_>, shorter: &Sketch<'_>) -> bool {
    let longer: BTreeSet<&str> = content(longer.title()).collect();
    content(shorter.title()).all(|word| longer.contains(word))
}

/// Two titles by the words that carry them.
pub(super) struct Titles<'a> {
    /// Which part of all their words they share.
    pub(super) shared: f32,
    /// What one has, and the other has in no form.
    went: Vec<&'a str>,
    came: Vec<&'a str>,
}

impl<'a> Titles<'a> {
    pub(super) fn of(one: &'a Sketch<'_>, other: &'a Sketch<'_>) -> Self {
        let (a, b): (BTreeSet<&str>, BTreeSet<&str>) = (content(one.title()).collect(), content(other.title()).collect());
        let common = a.intersection(&b).count();
        let shared = common as f32 / (a.len() + b.len() - common).max(1) as f32;
        // Under one number, what one title leaves out may stand in the text; without one, any text has such words.
        let has_number = counting(one.title()).iter().any(|number| b.contains(number));
        let only = |title: &BTreeSet<&'a str>, there: &'a Sketch<'_>| {
            let text = content(there.lead()).filter(|_| has_number);
            let words: Vec<&str> = content(there.title()).chain(text).collect();
            let tells = |word: &str| words.iter().any(|form| *form == word || are_forms(word, form));
            title.iter().copied().filter(|word| !tells(word)).collect()
        };
        Self { shared, went: only(&a, other), came: only(&b, one) }
    }

    /// Whether words were added, taken away or respelt, and none was put in the place of another.
    pub(super) fn are_reworked(&self) -> bool {
        self.went.is_empty() || self.came.is_empty()
    }

    fn substitution(&self, one: &Sketch<'_>, other: &Sketch<'_>) -> Option<&'static str> {
        if self.are_reworked() {
            return None;
        }
        let places: BTreeSet<String> = one.places().into_iter().chain(other.places()).collect();
        let is_place = |word: &&str| places.contains(*word) || looks_like_place(one, word) || looks_like_place(other, word);
        if self.went.iter().any(is_place) && self.came.iter().any(is_place) {
            return Some("their titles name other places");
        }
        let (numbers, others) = (counting(one.title()), counting(other.title()));
        let same_numbers = !numbers.is_empty() && numbers == others && one.countries() == other.countries();
        let same_matter = figures_in_titles(one, other) >= 2 || same_numbers && matter(one, other) >= SAME_MATTER;
        if self.shared < MUCH_ALIKE || self.shared < TEMPLATE && same_matter {
            return None;
        }
        let fewer = one.figures().len().min(other.figures().len());
        let held =
            if one.lead().is_empty() || other.lead().is_empty() { 0.0 } else { overlap(one.lead_shingles(), other.lead_shingles()).0 };
        let same_text = held >= SAME_TEXT && shared(one.figures(), other.figures()).len() == fewer;
        (!same_text).then_some("a word of one title stands in the place of another's")
    }
}

/// How many figures two titles have in common.
fn figures_in_titles(one: &Sketch<'_>, other: &Sketch<'_>) -> usize {
    let figures = |of: &Sketch<'_>| of.title().iter().filter_map(Word::figure).collect::<BTreeSet<_>>();
    figures(one).intersection(&figures(other)).count()
}

/// Whether two words are forms of one, or one of them misspelt at its end.
fn are_forms(one: &str, other: &str) -> bool {
    let alike = one.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    alike >= STEM && alike * 2 >= one.chars().count().max(other.chars().count())
}

/// Whether a word of the title looks as if it named a place: it has a capital though most of the others have none.
fn looks_like_place(of: &Sketch<'_>, word: &str) -> bool {
    let heavy = || of.title().iter().filter(|word| !word.is_small() && !word.counts());
    let names = heavy().filter(|word| word.is_name).count();
    let capitals_say_something = names * 2 <= heavy().count();
    capitals_say_something && of.title().iter().skip(1).any(|own| own.is_name && own.text == word)
}
