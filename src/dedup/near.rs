//! Whether two publishers tell the same thing: in the same words, in other words, in another language.
//!
//! Words find what may be one, [`guard`](super::guard) says what is not. In doubt the answer is no: a story
//! told twice is a smaller loss than one that swallows another. Deliberately absent: links and ids, which
//! were asked before, and which stories are looked at.

use std::{collections::BTreeSet, time::Duration};

use super::{
    guard::{Titles, objection},
    sketch::{Sketch, matter, overlap, shared, texts},
    tokens::Word,
    window::sketches,
};
use crate::model::{Lang, Story, Why};

/// Two tellings further apart than this are two stories: 14 days.
const WINDOW: Duration = Duration::from_hours(14 * 24);
/// A release is retold and translated within 3 days.
const RETOLD: Duration = Duration::from_hours(3 * 24);
/// A title of this many words says what is told.
const TITLE_THAT_PROVES: usize = 5;
/// A text of fewer words, or pairs of words, proves nothing.
const TEXT_THAT_PROVES: usize = 6;
/// Under one title, this part of the shorter text has to stand in the other.
const HELD_UNDER_ONE_TITLE: f32 = 0.5;
/// Under different titles, this part of the shorter telling has to stand in the other ...
const HELD: f32 = 0.65;
/// ... and this part of both be common.
const COMMON: f32 = 0.25;
/// Of two tellings of the same figures, this part of the shorter one's words stands in the other.
const SAME_MATTER: f32 = 0.5;
/// ... and this part, when it is one figure alone.
const ALL_MATTER: f32 = 0.8;
/// Titles that share a figure and this part of their words tell the same.
const SAME_TITLE: f32 = 0.45;
/// Words of two languages that begin with so many of the same letters are mostly one.
const COGNATE: usize = 5;
/// A title and its translation have so many of those at least, and this part of the shorter one.
const COGNATES: usize = 4;
const SAME_WORDS: f32 = 0.4;
/// A translation scores at least this.
const TRANSLATION: f32 = 3.0;

/// What two tellings are to each other.
#[derive(Debug, Clone, PartialEq)]
pub enum Kinship {
    /// The same, told twice.
    Same(Why),
    /// The same in another language.
    Translation(Why),
    /// Alike, and not the same.
    Refused(&'static str),
    /// Strangers.
    None,
}

/// Says what a telling is to a story: the same as one of its copies, and nothing speaks against those that readers see.
///
/// A translation has to find its language free, because two texts in one language are compared as such.
pub fn relate(new: &Sketch, story: &Story) -> Kinship {
    let mut found = Kinship::None;
    for (n, known) in sketches(story).enumerate() {
        let is_shown = story.editions.iter().any(|edition| edition.preferred == n);
        match compare(new, &known) {
            Kinship::Refused(why) if is_shown => return Kinship::Refused(why),
            Kinship::Refused(_) => {}
            Kinship::Translation(_) if story.editions.iter().any(|edition| edition.lang == new.lang) => {}
            Kinship::None => {}
            kin => found = first(found, kin),
        }
    }
    found
}

/// The one that says more: the first of equals.
fn first(one: Kinship, other: Kinship) -> Kinship {
    if matches!((&one, &other), (Kinship::None, _) | (Kinship::Translation(_), Kinship::Same(_))) { other } else { one }
}

/// Says what two tellings are to each other. Which one comes first makes no difference.
pub fn compare(one: &Sketch, other: &Sketch) -> Kinship {
    let apart = one.at.since(other.at).max(other.at.since(one.at));
    let apart = if one.is_dated && other.is_dated { apart } else { Duration::ZERO };
    if apart > WINDOW {
        return Kinship::None;
    }
    let is_known = |lang: Lang| lang.is_known() && lang != Lang::MULTI;
    if is_known(one.lang) && is_known(other.lang) && one.lang != other.lang {
        return translation(one, other, apart);
    }
    let (held, common) = overlap(&one.shingles, &other.shingles);
    let Some(why) = likeness(one, other, held, common, apart) else { return Kinship::None };
    match objection(one, other) {
        Some(objection) => Kinship::Refused(objection),
        None => Kinship::Same(why),
    }
}

/// Why two tellings in one language seem to be one.
fn likeness(one: &Sketch, other: &Sketch, held: f32, common: f32, apart: Duration) -> Option<Why> {
    let same_title = texts(&one.title) == texts(&other.title);
    let same_text = texts(&one.lead) == texts(&other.lead);
    if same_title && same_text && one.title.len() + one.lead.len() >= TEXT_THAT_PROVES && !one.lead.is_empty() && apart <= RETOLD {
        return Some(Why::SameText);
    }
    // What a source tells apart is told apart by more than words.
    if one.source == other.source {
        return None;
    }
    let percent = |share: f32| (share * 100.0) as u8;
    let near = Why::NearText { held: percent(held), common: percent(common) };
    if same_title && one.title.len() >= TITLE_THAT_PROVES {
        let (held, _) = overlap(&one.lead_shingles, &other.lead_shingles);
        let has_figure = || apart <= RETOLD && one.title.iter().any(|word| word.figure().is_some());
        return (one.lead.is_empty() || other.lead.is_empty() || held >= HELD_UNDER_ONE_TITLE || has_figure()).then_some(near);
    }
    let shorter = one.shingles.len().min(other.shingles.len());
    if held >= HELD && common >= COMMON && shorter >= TEXT_THAT_PROVES {
        return Some(near);
    }
    let figures = shared(&one.figures, &other.figures);
    if apart > RETOLD || figures.is_empty() {
        return None;
    }
    let titles = Titles::of(one, other);
    let retold = Why::SameFigures { figures: figures.clone() };
    if titles.shared >= SAME_TITLE && titles.are_reworked() {
        return Some(retold);
    }
    let matter = matter(one, other);
    let is_same = matter >= ALL_MATTER && odd(&figures) > 0 || matter >= SAME_MATTER && odd(&figures) > 0 && figures.len() > 1;
    is_same.then_some(retold)
}

/// Whether most words of two titles begin alike: `Regional Conference on Migration`, `Conferencia Regional sobre Migración`.
fn are_cognate(one: &Sketch, other: &Sketch) -> bool {
    let alike = |a: &str, b: &str| a == b || a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count() >= COGNATE;
    let words = |of: &Sketch| {
        of.title.iter().filter(|word| !word.is_small() && !word.counts()).map(|word| word.text.clone()).collect::<BTreeSet<_>>()
    };
    let (a, b) = (words(one), words(other));
    let (shorter, longer) = if a.len() < b.len() { (a, b) } else { (b, a) };
    let cognates = shorter.iter().filter(|word| longer.iter().any(|other| alike(word, other))).count();
    cognates >= COGNATES && cognates as f32 >= SAME_WORDS * shorter.len() as f32
}

/// How many of the figures are not round: two texts hardly have those in common by chance.
fn odd(figures: &[u64]) -> usize {
    figures.iter().filter(|figure| !figure.is_multiple_of(100)).count()
}

/// Whether two tellings in two languages are one release.
fn translation(one: &Sketch, other: &Sketch, apart: Duration) -> Kinship {
    let mut by: Vec<&'static str> = Vec::new();
    let mut score = 0.0;
    let mut add = |points: f32, what: &'static str| {
        score += points;
        by.push(what);
    };
    let figures = shared(&one.figures, &other.figures);
    let same_site = !one.site.is_empty() && one.site == other.site;
    // Whoever is not of the same house has to tell the same figures.
    let near_enough = if same_site { apart <= RETOLD } else { figures.len() >= 2 };
    if !near_enough {
        return Kinship::None;
    }
    if same_site {
        add(0.5, "the same site");
    }
    if same_site && !one.path.is_empty() && one.path == other.path {
        add(3.0, "the same address but for the language");
    }
    if !one.media.is_disjoint(&other.media) {
        add(2.0, "the same picture or document");
    }
    match figures.len() {
        0 => {}
        1 => add(1.0, "the same figure"),
        2 if odd(&figures) < 2 => add(2.0, "two figures"),
        2 => add(3.0, "two odd figures"),
        _ => add(3.0, "three figures"),
    }
    let (a, b) = (&one.countries, &other.countries);
    if !a.is_empty() && a == b {
        add(1.0, "the same countries");
    } else if a.iter().any(|code| b.contains(code)) {
        add(0.5, "a country");
    }
    if same_site && are_cognate(one, other) {
        add(1.5, "a title of the same words");
    }
    match one.names.intersection(&other.names).count() {
        0..4 => {}
        4 => add(1.0, "the same names"),
        _ => add(1.5, "many of the same names"),
    }
    if !one.topics.is_empty() && one.topics == other.topics {
        add(0.5, "the same topics");
    }
    if !a.is_empty() && !b.is_empty() && !a.iter().any(|code| b.contains(code)) && odd(&figures) < 2 {
        return Kinship::Refused("they are about other countries");
    }
    if score < TRANSLATION {
        return Kinship::None;
    }
    let numbers = |sketch: &Sketch| sketch.title.iter().filter_map(Word::figure).collect::<BTreeSet<_>>();
    let (a, b) = (numbers(one), numbers(other));
    if !a.is_empty() && !b.is_empty() && a.is_disjoint(&b) {
        return Kinship::Refused("their titles have other figures");
    }
    Kinship::Translation(Why::Translation { by: by.into_iter().map(str::to_owned).collect() })
}
