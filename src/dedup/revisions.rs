//! What changed of an item from one telling to the next, in brief.
//!
//! Deliberately absent: whether the change is worth a revision ([`differ_materially`](super::differ_materially)).

use super::agree::are_equal_words;
use crate::{
    model::{Copy, Item, Revision, Second, TextChange, revision::REVISIONS},
    text,
};

/// Words that went or came are kept up to this many characters.
const WORDS_KEPT: usize = 160;

/// Writes down what a copy's item was before it becomes another one.
pub(super) fn note(copy: &mut Copy, new: &Item, now: Second) {
    let old = &copy.item;
    let title = (!are_equal_words(&old.title, &new.title)).then(|| old.title.clone());
    let link = (old.canonical != new.canonical).then(|| old.link.clone().unwrap_or_default());
    let revision = Revision { at: now, title, link, text: text_change(&full_text(old), &full_text(new)) };
    if revision.title.is_none() && revision.link.is_none() && revision.text.is_none() {
        return;
    }
    copy.revisions.push(revision);
    let old = copy.revisions.len().saturating_sub(REVISIONS);
    copy.revisions.drain(..old);
}

/// The text of an item as it is told: its body, else its summary.
fn full_text(item: &Item) -> String {
    item.content.as_ref().map_or_else(|| item.summary.clone(), |content| content.to_text())
}

/// What changed in a text, if anything did: what is left when the words that both begin and end with are taken away.
fn text_change(old: &str, new: &str) -> Option<TextChange> {
    let (before, after): (Vec<&str>, Vec<&str>) = (old.split_whitespace().collect(), new.split_whitespace().collect());
    let begin = before.iter().zip(&after).take_while(|(one, other)| one == other).count();
    let end = before[begin..].iter().rev().zip(after[begin..].iter().rev()).take_while(|(one, other)| one == other).count();
    let (gone, came) = (before[begin..before.len() - end].join(" "), after[begin..after.len() - end].join(" "));
    if are_equal_words(&gone, &came) {
        return None;
    }
    let count = |words: &[&str]| u32::try_from(words.len()).unwrap_or(u32::MAX);
    let kept = |words: &str| text::shorten(words, WORDS_KEPT);
    Some(TextChange { gone: kept(&gone), new: kept(&came), words: [count(&before), count(&after)] })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn told(old: &str, new: &str) -> Option<(String, String, [u32; 2])> {
        text_change(old, new).map(|TextChange { gone, new, words }| (gone, new, words))
    }

    #[test]
    fn a_change_is_the_words_between_those_that_stayed() {
        let change = |gone: &str, new: &str, words| Some((gone.to_owned(), new.to_owned(), words));
        assert_eq!(told("It killed 12 people on Monday.", "It killed 15 people on Monday."), change("12", "15", [6, 6]));
        assert_eq!(told("a b c", "a b"), change("c", "", [3, 2]));
        assert_eq!(told("a a", "a a a"), change("", "a", [2, 3]));
        assert_eq!(told("", "New text"), change("", "New text", [0, 2]));
        assert_eq!(told("one  two", "one\ntwo"), None);
        assert_eq!(told("Él vino", "el VINO"), None);
        let long = "word ".repeat(500);
        let (gone, ..) = told(&long, "nothing").unwrap();
        assert!(gone.chars().count() <= WORDS_KEPT, "{gone}");
    }
}
