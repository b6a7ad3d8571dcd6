//! Whether two publishers tell the same thing, in the same words or in others.
//!
//! Words find what may be one, [`guard`](super::guard) says what is not. In doubt the answer is no: a story
//! told twice is a smaller loss than one that swallows another. Deliberately absent: other languages
//! ([`translation`](super::translation)), links and ids, which were asked before, and which stories are looked at.

use std::time::Duration;

use super::{
    guard::{Titles, objection},
    sketch::{Sketch, hashes, matter, overlap, shared},
    translation::translation,
    window::sketches,
};
use crate::model::{Lang, Story, Why};

/// Two tellings further apart than this are two stories: 14 days.
const WINDOW: Duration = Duration::from_hours(14 * 24);
/// A release is retold and translated within 3 days.
pub(super) const RETOLD: Duration = Duration::from_hours(3 * 24);
/// A source puts the same words at two addresses within a day; later it says them again.
const REPEATED: Duration = Duration::from_hours(24);
/// A title of this many words says what is told.
const TITLE_THAT_PROVES: usize = 5;
/// Title and text of fewer words, or fewer pairs of words, prove nothing.
const WORDS_THAT_PROVE: usize = 10;
const PAIRS_THAT_PROVE: usize = 6;
/// Under one title, this part of the shorter text has to stand in the other.
const HELD_UNDER_ONE_TITLE: f32 = 0.5;
/// Under different titles, this part of the shorter telling has to stand in the other ...
const HELD: f32 = 0.65;
/// ... and this part of both be common.
const COMMON: f32 = 0.25;
/// Of two tellings of the same figures, this part of the shorter one's words stands in the other ...
const SAME_MATTER: f32 = 0.5;
/// ... and this part, when it is one figure alone.
const ALL_MATTER: f32 = 0.8;
/// Titles that share a figure and this part of their words tell the same.
const SAME_TITLE: f32 = 0.45;
/// A story that has so many copies takes no more for what they say: it is written whole at each, and what everybody
/// says is a form of words.
const MOST_COPIES: usize = 50;

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
pub fn relate(new: &Sketch<'_>, story: &Story) -> Kinship {
    if story.copies.len() >= MOST_COPIES {
        return Kinship::None;
    }
    let mut found = Kinship::None;
    for (n, known) in sketches(story).enumerate() {
        let is_shown = story.editions.iter().any(|edition| edition.preferred == n);
        match compare(new, &known) {
            Kinship::Refused(why) if is_shown => return Kinship::Refused(why),
            Kinship::Refused(_) => {}
            Kinship::Translation(_) if story.editions.iter().any(|edition| edition.lang == new.lang()) => {}
            Kinship::None => {}
            kin => found = first(found, kin),
        }
    }
    found
}

/// Whether two stories, both of which a third telling is the same as, may be one: nothing that one tells speaks against the other.
pub(super) fn may_be_one(one: &Story, other: &Story) -> bool {
    let is_kept_apart = one.edited.apart.contains(&other.id) || other.edited.apart.contains(&one.id);
    let is_refused = || sketches(one).any(|telling| matches!(relate(&telling, other), Kinship::Refused(_)));
    let is_over = |story: &Story| story.is_gone() && story.waits().is_none();
    one.id != other.id && !is_over(one) && !is_over(other) && !is_kept_apart && !is_refused()
}

/// The one that says more: the first of equals.
fn first(one: Kinship, other: Kinship) -> Kinship {
    if matches!((&one, &other), (Kinship::None, _) | (Kinship::Translation(_), Kinship::Same(_))) { other } else { one }
}

/// Says what two tellings are to each other. Which one comes first makes no difference.
pub fn compare(one: &Sketch<'_>, other: &Sketch<'_>) -> Kinship {
    let apart = one.at.since(other.at).max(other.at.since(one.at));
    let apart = if one.is_dated && other.is_dated { apart } else { Duration::ZERO };
    if apart > WINDOW {
        return Kinship::None;
    }
    let is_known = |lang: Lang| lang.is_known() && lang != Lang::MULTI;
    if is_known(one.lang()) && is_known(other.lang()) && one.lang() != other.lang() {
        return translation(one, other, apart);
    }
    let Some(why) = likeness(one, other, apart) else { return Kinship::None };
    match objection(one, other) {
        Some(objection) => Kinship::Refused(objection),
        None => Kinship::Same(why),
    }
}

/// Why two tellings in one language seem to be one.
fn likeness(one: &Sketch<'_>, other: &Sketch<'_>, apart: Duration) -> Option<Why> {
    let same_title = hashes(one.title()).eq(hashes(other.title()));
    let same_text = hashes(one.lead()).eq(hashes(other.lead()));
    let same_words = same_title && same_text && !one.lead().is_empty() && one.title().len() + one.lead().len() >= WORDS_THAT_PROVE;
    // What a source tells apart is told apart by more than words, which may stand under everything it tells.
    if one.source() == other.source() {
        let is_repeated = same_words && one.title().len() >= TITLE_THAT_PROVES && one.lead().len() >= WORDS_THAT_PROVE && apart < REPEATED;
        return is_repeated.then_some(Why::SameText);
    }
    if same_words && apart <= RETOLD {
        return Some(Why::SameText);
    }
    let (held, common) = overlap(one.shingles(), other.shingles());
    let percent = |share: f32| (share * 100.0) as u8;
    let near = Why::NearText { held: percent(held), common: percent(common) };
    if same_title && one.title().len() >= TITLE_THAT_PROVES {
        let has_figure = apart <= RETOLD && one.title().iter().any(|word| word.figure().is_some());
        let is_title_all = has_figure || one.lead().is_empty() || other.lead().is_empty();
        let is_near = overlap(one.lead_shingles(), other.lead_shingles()).0 >= HELD_UNDER_ONE_TITLE;
        return if is_near { Some(near) } else { is_title_all.then_some(Why::SameTitle) };
    }
    let shorter = one.shingles().len().min(other.shingles().len());
    if held >= HELD && common >= COMMON && shorter >= PAIRS_THAT_PROVE {
        return Some(near);
    }
    let figures = shared(one.figures(), other.figures());
    if apart > RETOLD || figures.is_empty() {
        return None;
    }
    let titles = Titles::of(one, other);
    let retold = Why::SameFigures { figures: figures.clone() };
    if titles.shared >= SAME_TITLE && titles.are_reworked() {
        return Some(retold);
    }
    let matter = matter(one, other);
    let needed = if figures.len() > 1 { SAME_MATTER } else { ALL_MATTER };
    (odd(&figures) > 0 && matter >= needed).then_some(retold)
}

/// How many of the figures are not round: two texts hardly have those in common by chance.
pub(super) fn odd(figures: &[u64]) -> usize {
    figures.iter().filter(|figure| !figure.is_multiple_of(100)).count()
}
