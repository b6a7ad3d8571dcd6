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
/// White space, letter case, accents, tracking parameters and counts of comments and the like are no change; nor are dates,
/// categories and enclosures.
pub fn differ_materially(old: &Item, new: &Item) -> bool {
    old.canonical != new.canonical || differ_in_words(old, new)
}

/// Whether title or text changed in a way that readers should see.
pub(super) fn differ_in_words(old: &Item, new: &Item) -> bool {
    let body = |content: &Option<SafeHtml>| content.as_ref().map(|html| html.to_text()).unwrap_or_default();
    !are_equal_words(&old.title, &new.title)
        || !are_equal_words(&old.summary, &new.summary)
        || (old.content != new.content && !are_equal_words(&body(&old.content), &body(&new.content)))
}

/// Whether two texts read the same, be it that something was counted on.
pub(super) fn are_equal_words(one: &str, other: &str) -> bool {
    if one == other {
        return true;
    }
    let (one, other) = (text::fold(&text::one_line(one)), text::fold(&text::one_line(other)));
    one == other || without_counts(&one) == without_counts(&other)
}

/// What sites count beside a text, folded: "12 comments", "Comentarios (3)".
const COUNTED: [&str; 17] = [
    "comment",
    "comments",
    "comentario",
    "comentarios",
    "commentaire",
    "commentaires",
    "reply",
    "replies",
    "respuesta",
    "respuestas",
    "view",
    "views",
    "visita",
    "visitas",
    "vues",
    "likes",
    "shares",
];

/// The words of a folded text, without what is counted and the numbers that stand before or after it.
fn without_counts(text: &str) -> Vec<&str> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let core = |at: usize| words[at].trim_matches(|c: char| !c.is_alphanumeric());
    let is_number = |at: usize| {
        core(at).starts_with(|c: char| c.is_ascii_digit()) && core(at).bytes().all(|b| b.is_ascii_digit() || b",.".contains(&b))
    };
    let mut counts = vec![false; words.len()];
    for at in 1..words.len() {
        let is_count = |number: usize, of: usize| is_number(number) && COUNTED.contains(&core(of));
        if is_count(at - 1, at) || is_count(at, at - 1) {
            (counts[at - 1], counts[at]) = (true, true);
        }
    }
    words.into_iter().zip(counts).filter(|(_, is_count)| !is_count).map(|(word, _)| word).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_sites_count_is_no_change_and_what_news_count_is() {
        let same = |one: &str, other: &str| assert!(are_equal_words(one, other) && are_equal_words(other, one), "{one} / {other}");
        let differ = |one: &str, other: &str| assert!(!are_equal_words(one, other), "{one} / {other}");
        same("The  bridge is\u{a0}open", "the bridge is open");
        same("The bridge is open. 1 comment", "The bridge is open. 12 comments");
        same("El puente se abre · Comentarios (3)", "El puente se abre · Comentarios (14)");
        same("Un pont 1,204 vues", "Un pont 1,310 vues");
        same("5 likes, 3 shares: a bridge", "9 likes, 11 shares: a bridge");
        differ("12 people reached the shore", "15 people reached the shore");
        differ("The bridge is open. 12 comments", "The bridge is closed. 12 comments");
        differ("The minister comments on 12 points", "The minister comments on 13 points");
        differ("The bridge is open", "The bridge is open.");
    }
}
