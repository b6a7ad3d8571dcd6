//! Whether two tellings in two languages are one release.
//!
//! Nothing is translated: figures, names, countries, addresses and pictures are the same in every language, and titles of one
//! release have words that begin alike. Each of these is a point or more; a few points together are enough. Deliberately
//! absent: tellings in one language (`near`).

use std::{collections::BTreeSet, time::Duration};

use super::{
    near::{Kinship, RETOLD, odd},
    sketch::{Sketch, shared},
    tokens::Word,
};
use crate::model::Why;

/// Words of two languages that begin with so many of the same letters are mostly one.
const COGNATE: usize = 5;
/// A title and its translation have so many of those at least, and this part of the shorter one.
const COGNATES: usize = 4;
const SAME_WORDS: f32 = 0.4;
/// A translation scores at least this.
const TRANSLATION: f32 = 3.0;

/// Whether two tellings in two languages are one release.
pub(super) fn translation(one: &Sketch<'_>, other: &Sketch<'_>, apart: Duration) -> Kinship {
    let mut by: Vec<&'static str> = Vec::new();
    let mut score = 0.0;
    let mut add = |points: f32, what: &'static str| {
        score += points;
        by.push(what);
    };
    let site = one.site();
    let same_site = !site.is_empty() && site == other.site();
    if same_site && apart > RETOLD {
        return Kinship::None;
    }
    let figures = shared(one.figures(), other.figures());
    // Whoever is not of the same house has to tell the same figures.
    if !same_site && figures.len() < 2 {
        return Kinship::None;
    }
    if same_site {
        add(0.5, "the same site");
    }
    let path = one.path();
    if same_site && !path.is_empty() && path == other.path() {
        add(3.0, "the same address but for the language");
    }
    if !one.media().is_disjoint(&other.media()) {
        add(2.0, "the same picture or document");
    }
    match figures.len() {
        0 => {}
        1 => add(1.0, "the same figure"),
        2 if odd(&figures) < 2 => add(2.0, "two figures"),
        2 => add(3.0, "two odd figures"),
        _ => add(3.0, "three figures"),
    }
    let (a, b) = (one.countries(), other.countries());
    if !a.is_empty() && a == b {
        add(1.0, "the same countries");
    } else if a.iter().any(|code| b.contains(code)) {
        add(0.5, "a country");
    }
    if same_site && are_cognate(one, other) {
        add(1.5, "a title of the same words");
    }
    match one.names().intersection(&other.names()).count() {
        0..4 => {}
        4 => add(1.0, "the same names"),
        _ => add(1.5, "many of the same names"),
    }
    let topics = one.topics();
    if !topics.is_empty() && topics == other.topics() {
        add(0.5, "the same topics");
    }
    if !a.is_empty() && !b.is_empty() && !a.iter().any(|code| b.contains(code)) && odd(&figures) < 2 {
        return Kinship::Refused("they are about other countries");
    }
    if score < TRANSLATION {
        return Kinship::None;
    }
    let numbers = |sketch: &Sketch<'_>| sketch.title().iter().filter_map(Word::figure).collect::<BTreeSet<_>>();
    let (a, b) = (numbers(one), numbers(other));
    if !a.is_empty() && !b.is_empty() && a.is_disjoint(&b) {
        return Kinship::Refused("their titles have other figures");
    }
    Kinship::Translation(Why::Translation { by: by.into_iter().map(str::to_owned).collect() })
}

/// Whether most words of two titles begin alike: `Regional Conference on Migration`, `Conferencia Regional sobre Migración`.
fn are_cognate(one: &Sketch<'_>, other: &Sketch<'_>) -> bool {
    let alike = |a: &str, b: &str| a == b || a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count() >= COGNATE;
    let words = |title: &[Word]| {
        title.iter().filter(|word| !word.is_small() && !word.counts()).map(|word| word.text.clone()).collect::<BTreeSet<_>>()
    };
    let (a, b) = (words(one.title()), words(other.title()));
    let (shorter, longer) = if a.len() < b.len() { (a, b) } else { (b, a) };
    let cognates = shorter.iter().filter(|word| longer.iter().any(|other| alike(word, other))).count();
    cognates >= COGNATES && cognates as f32 >= SAME_WORDS * shorter.len() as f32
}
