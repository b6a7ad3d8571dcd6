//! Whether two texts tell the same thing, and whether a change is one that readers should see.

use std::collections::BTreeSet;

use crate::{html::SafeHtml, model::Item, text};

/// Two titles agree when this share of all their words is common to both.
pub(super) const TITLE_SHARE: f32 = 0.6;
/// Two texts agree when this share of the shorter one's words stands in the other.
pub(super) const TEXT_SHARE: f32 = 0.7;
/// A text shorter than this many words proves nothing.
pub(super) const WORDS_THAT_PROVE: usize = 6;

/// Whether title or text of two items agree, so that a shared link may join them.
///
/// Titles agree when they share most of their words; texts when the shorter one's words nearly
/// all stand in the other. Titles with other numbers never agree: "Flash update 12" is not "13".
pub fn agree(one: &Item, other: &Item) -> bool {
    let (a, b) = (words(&one.title), words(&other.title));
    let (m, n) = (numbers(&a), numbers(&b));
    if !m.is_empty() && !n.is_empty() && m != n {
        return false;
    }
    let common = a.intersection(&b).count();
    if !a.is_empty() && !b.is_empty() && share(common, a.len() + b.len() - common) >= TITLE_SHARE {
        return true;
    }
    let (a, b) = (words(&one.summary), words(&other.summary));
    let shorter = a.len().min(b.len());
    shorter >= WORDS_THAT_PROVE && share(a.intersection(&b).count(), shorter) >= TEXT_SHARE
}

/// Whether title, link or text changed in a way that readers should see: then `updated` moves.
///
/// White space, letter case, accents and tracking parameters are no change; nor are dates, categories and enclosures.
pub fn differ_materially(old: &Item, new: &Item) -> bool {
    old.canonical != new.canonical || differ_in_words(old, new)
}

/// Whether title or text changed in a way that readers should see.
pub(super) fn differ_in_words(old: &Item, new: &Item) -> bool {
    let same = |a: &str, b: &str| a == b || text::fold(&text::one_line(a)) == text::fold(&text::one_line(b));
    let body = |content: &Option<SafeHtml>| content.as_ref().map(|html| html.to_text()).unwrap_or_default();
    !same(&old.title, &new.title)
        || !same(&old.summary, &new.summary)
        || (old.content != new.content && !same(&body(&old.content), &body(&new.content)))
}

fn share(part: usize, whole: usize) -> f32 {
    part as f32 / whole.max(1) as f32
}

fn words(text: &str) -> BTreeSet<String> {
    text::fold(text).split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn numbers(words: &BTreeSet<String>) -> BTreeSet<&str> {
    words.iter().filter(|word| word.chars().all(|c| c.is_ascii_digit())).map(String::as_str).collect()
}
