//! Which elements there are, and what becomes of tags of others.
//!
//! A parser makes an element of any name. Where a line of text says `<gorilla>`, that is a word;
//! where markup does, its tag is nothing and its words are the publisher's. A sanitiser takes an element with a name
//! of another vocabulary (`text`, `set`, `list`) for a trick, and takes its words away with it: so those tags go first.
//!
//! Deliberately absent: any judgement of what is safe.

use std::{borrow::Cow, sync::LazyLock};

use rustc_hash::FxHashSet;

use super::tidy;
use crate::text;

/// Every element of HTML, of today and of old.
const ELEMENTS: &str = "a abbr acronym address applet area article aside audio b base bdi bdo big blink blockquote body br button canvas caption \
    center cite code col colgroup data datalist dd del details dfn dialog dir div dl dt em embed fieldset figcaption figure font \
    footer form frame frameset h1 h2 h3 h4 h5 h6 head header hgroup hr html i iframe img input ins kbd label legend li link main \
    map mark marquee math menu meta meter nav nobr noframes noscript object ol optgroup option output p param picture pre \
    progress q rp rt ruby s samp script search section select slot small source span strike strong style sub summary sup svg \
    table tbody td template textarea tfoot th thead time title tr track tt u ul var video wbr";

/// The longest name of an element, in bytes.
const LONGEST_NAME: usize = 10;

/// A name in small letters, as one number: there is one to compare for each tag of every text.
fn key(name: &[u8]) -> u128 {
    name.iter().fold(0, |key, byte| key << 8 | u128::from(byte.to_ascii_lowercase()))
}

/// Whether what follows `<` makes it a tag: of any name, as a parser sees it.
fn is_tag(text: &str) -> bool {
    text.strip_prefix('/').unwrap_or(text).starts_with(|c: char| c.is_ascii_alphabetic())
}

/// Whether what follows `<` makes it a tag of an element that there is.
fn is_known(text: &str) -> bool {
    static KNOWN: LazyLock<FxHashSet<u128>> = LazyLock::new(|| ELEMENTS.split(' ').map(|name| key(name.as_bytes())).collect());
    let text = text.strip_prefix('/').unwrap_or(text).as_bytes();
    let end = text.iter().take(LONGEST_NAME + 1).position(|b| b.is_ascii_whitespace() || matches!(b, b'/' | b'>'));
    end.is_some_and(|end| KNOWN.contains(&key(&text[..end])))
}

/// `<` that begins no tag of HTML, and no comment, becomes `&lt;`: in a line of text `<gorilla>` is a word.
pub fn escape_bare_signs(markup: &str) -> Cow<'_, str> {
    if !markup.contains('<') {
        return Cow::Borrowed(markup);
    }
    let mut parts = markup.split('<');
    let mut tame = parts.next().unwrap_or_default().to_owned();
    let has_end = markup.contains('>');
    for part in parts {
        tame.push_str(if has_end && (part.starts_with('!') || is_known(part)) { "<" } else { "&lt;" });
        tame.push_str(part);
    }
    Cow::Owned(tame)
}

/// Markup without the tags of elements that there are not; what stands between them stays.
pub(super) fn without_unknown(markup: &str) -> Cow<'_, str> {
    let is_unknown = |text: &str| is_tag(text) && !is_known(text);
    if !text::places(markup, b'<').any(|at| is_unknown(&markup[at + 1..])) {
        return Cow::Borrowed(markup);
    }
    let mut kept = String::with_capacity(markup.len());
    let mut rest = markup;
    while let Some(at) = text::find(rest, "<") {
        kept.push_str(&rest[..at]);
        rest = &rest[at..];
        // Within a comment nothing is a tag; nor is what does not end.
        let after = match rest.strip_prefix("<!--") {
            Some(comment) => comment.find("-->").map(|end| &comment[end..]),
            None if is_tag(&rest[1..]) => tidy::after_tag(&rest[1..]),
            None => Some(&rest[1..]),
        };
        let Some(after) = after else { break };
        if !is_unknown(&rest[1..]) {
            kept.push_str(&rest[..rest.len() - after.len()]);
        }
        rest = after;
    }
    kept.push_str(rest);
    Cow::Owned(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_is_longer_than_the_longest() {
        assert_eq!(ELEMENTS.split(' ').map(str::len).max(), Some(LONGEST_NAME));
    }
}
