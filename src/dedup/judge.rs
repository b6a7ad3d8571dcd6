//! Whether two tellings are one item, by their likeness and by what their keys say.
//!
//! The rules are told in words in `docs/how-is-an-item-known-again.md`. In doubt the answer is
//! no: a story told twice is a smaller loss than one that is overwritten.

use std::time::Duration;

use super::likeness::{Dates, Likeness, Near};

/// A date of a title without text is edited within this, rather than used again: 48 hours.
const REDATED: Duration = Duration::from_hours(48);

/// How near two tellings are that are one: the higher goes first.
pub(super) fn nearness(like: &Likeness) -> u8 {
    match (like.title, like.text) {
        (Near::Equal, text) if like.dates.are_equal() && text != Near::Other => 3,
        (Near::Equal, _) | (_, Near::Equal) => 2,
        (_, Near::Much) if like.dates.are_equal() => 2,
        (Near::Much, _) | (_, Near::Much) => 1,
        _ => 0,
    }
}

/// Whether two tellings under one key are two items all the same: an id that is used again, a page that holds another briefing each day.
///
/// Title and text have to tell of other things, and the date has to be another one or prove nothing. Without a
/// link to speak for it, a title with another number is the next of a series.
pub(super) fn speaks_against(like: &Likeness, same_link: bool) -> bool {
    like.title == Near::Other
        && match like.dates {
            Dates::Exact => false,
            _ if like.other_numbers && !same_link => true,
            Dates::Apart(_) => matches!(like.text, Near::Other | Near::Silent),
            Dates::Equal | Dates::Unknown => like.text == Near::Other,
        }
}

/// Whether two tellings under one id and two links are one item: its address changed. Translations share ids, too.
pub(super) fn speaks_for_id(like: &Likeness) -> bool {
    let is_translation = like.other_language && like.title != Near::Equal;
    !is_translation && !is_another_day(like) && (is_like(like) || (like.dates == Dates::Exact && like.text != Near::Other))
}

/// Whether two tellings under one link and two ids are one item: its id changed.
pub(super) fn speaks_for_link(like: &Likeness) -> bool {
    !is_another_day(like) && (is_like(like) || (like.dates.are_equal() && like.text != Near::Other && !like.other_numbers))
}

/// A standing title over another text of another date.
fn is_another_day(like: &Likeness) -> bool {
    like.text == Near::Other && matches!(like.dates, Dates::Apart(_))
}

fn is_like(like: &Likeness) -> bool {
    matches!(like.title, Near::Equal | Near::Much)
        || (matches!(like.text, Near::Equal | Near::Much) && (!like.other_numbers || like.dates == Dates::Exact))
}

/// Whether a telling under a new key repeats a known one to the word. `same_place` is said of links, `has_proof` of the title.
pub(super) fn is_repeated(like: &Likeness, same_place: bool, has_proof: bool) -> bool {
    like.title == Near::Equal
        && like.text != Near::Other
        && match like.dates {
            Dates::Exact => true,
            Dates::Equal => same_place || is_word_for_word(like),
            Dates::Unknown => same_place && (has_proof || like.tells_the_same),
            Dates::Apart(_) => false,
        }
}

/// Whether title and text are equal, and long enough to be no form of words.
fn is_word_for_word(like: &Likeness) -> bool {
    like.title == Near::Equal && like.text == Near::Equal && like.tells_the_same
}

/// Whether two tellings that no key joins or parts are one item: by date and title, by text when one of them was edited.
///
/// Numbered series, and one form of words for several countries, are as many items.
pub(super) fn is_retold(like: &Likeness) -> bool {
    if like.other_numbers || (like.elsewhere && like.title != Near::Equal) {
        return false;
    }
    match (like.title, like.dates) {
        (Near::Equal | Near::Much, Dates::Exact) => true,
        (Near::Equal, Dates::Equal | Dates::Unknown) => like.text != Near::Other,
        (Near::Much, Dates::Equal | Dates::Unknown) => like.tells_the_same || (like.is_reworked && like.text != Near::Other),
        // A date was edited; or the words are those of every week, and the figures are others.
        (Near::Equal, Dates::Apart(apart)) => match like.text {
            Near::Equal => true,
            Near::Much => like.same_figures,
            Near::Silent => apart <= REDATED,
            Near::Some | Near::Other => false,
        },
        (Near::Much, Dates::Apart(_)) => like.tells_the_same && like.same_figures,
        (_, Dates::Exact) => matches!(like.text, Near::Equal | Near::Much),
        (_, Dates::Equal | Dates::Unknown) => like.tells_the_same,
        (_, Dates::Apart(_)) => false,
    }
}

/// Whether two tellings under other keys are one item all the same, when no key of the document was ever seen.
///
/// The item's id may have changed, or the query of its link: then `same_place` is true. Where the whole address
/// did, only an undated item that is word for word the same is believed to be one.
pub(super) fn is_unproven_same(like: &Likeness, same_place: bool) -> bool {
    let is_of_one_time = match like.dates {
        Dates::Apart(apart) => apart <= REDATED && is_word_for_word(like),
        _ => true,
    };
    (same_place && is_of_one_time && is_retold(like)) || (like.dates == Dates::Unknown && is_word_for_word(like))
}
