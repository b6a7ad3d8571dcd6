//! What spoke for a label, quoted from the item.
//!
//! A quotation is a piece of the item, letter by letter, so that a page can mark it where it stands. It is cut
//! short rather than shortened: what is kept for ever must not grow with what strangers write.

use super::tokens::Words;
use crate::model::{Evidence, Field};

/// The longest quotation, in bytes. Two words can be a whole page apart, and both speak for a label.
const QUOTED: usize = 200;

/// Words of a field, from one on.
pub(super) fn quoted(words: &Words<'_>, at: usize, length: usize, rule: &str, weight: f32) -> Evidence {
    let start = words.tokens.get(at).map_or(0, |token| token.start);
    let text = words.slice(at, at + length);
    Evidence {
        field: words.field,
        text: text[..text.floor_char_boundary(QUOTED.min(text.len()))].into(),
        at: u32::try_from(start).unwrap_or(0),
        rule: rule.into(),
        weight,
    }
}

/// Something that is not a place in a text: a category, the configuration.
pub(super) fn plain(field: Field, text: &str, rule: &str, weight: f32) -> Evidence {
    Evidence { field, text: text.into(), at: 0, rule: rule.into(), weight }
}
