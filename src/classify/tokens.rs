//! Text as words: folded for comparison, with the place where each stands.

use crate::{model::Field, text};

/// A text is read up to this many words: a news item's subject is told long before.
const MOST: usize = 4_000;

/// One word.
#[derive(Debug, Clone)]
pub(super) struct Token {
    /// Lower case, without accents.
    pub(super) word: Box<str>,
    /// Where it begins in the original, in bytes.
    pub(super) start: usize,
    /// Where it ends.
    pub(super) end: usize,
    /// Whether it begins with a capital.
    pub(super) capital: bool,
    /// Sentences before it.
    pub(super) sentence: u32,
    /// Whether a hyphen follows at once.
    pub(super) hyphen_after: bool,
    /// Whether `$` follows at once, as in `US$`.
    pub(super) dollar_after: bool,
}

/// The words of one field.
#[derive(Debug)]
pub(super) struct Words<'a> {
    pub(super) field: Field,
    pub(super) text: &'a str,
    pub(super) tokens: Vec<Token>,
}

impl<'a> Words<'a> {
    /// Splits at everything that is neither letter nor digit.
    pub(super) fn of(field: Field, text: &'a str) -> Self {
        let mut tokens: Vec<Token> = Vec::new();
        let mut sentence = 0;
        let mut chars = text.char_indices().peekable();
        while let Some((start, c)) = chars.next() {
            if !c.is_alphanumeric() {
                let ends = matches!(c, '.' | '!' | '?' | ';' | '\n') && chars.peek().is_none_or(|(_, next)| next.is_whitespace());
                sentence += u32::from(ends);
                continue;
            }
            let mut end = start + c.len_utf8();
            while let Some((at, next)) = chars.peek().copied().filter(|(_, next)| next.is_alphanumeric() || is_mark(*next)) {
                end = at + next.len_utf8();
                chars.next();
            }
            let word = &text[start..end];
            let folded = if word.is_ascii() { word.to_ascii_lowercase() } else { text::fold(word) };
            tokens.push(Token {
                word: folded.into(),
                start,
                end,
                capital: c.is_uppercase() || c.is_ascii_digit(),
                sentence,
                hyphen_after: text[end..].starts_with(['-', '‐', '‑']),
                dollar_after: text[end..].starts_with('$'),
            });
            if tokens.len() >= MOST {
                break;
            }
        }
        Self { field, text, tokens }
    }

    /// The original words from one token to another, the last one not included.
    pub(super) fn slice(&self, from: usize, to: usize) -> &'a str {
        match (self.tokens.get(from), self.tokens.get(to.saturating_sub(1))) {
            (Some(first), Some(last)) if first.start <= last.end => &self.text[first.start..last.end],
            _ => "",
        }
    }
}

/// Combining accents belong to the letter before them.
fn is_mark(c: char) -> bool {
    ('\u{300}'..='\u{36F}').contains(&c)
}

/// The folded words of a phrase; a `*` stays at the end of its word.
pub(super) fn phrase(text: &str) -> Vec<String> {
    let starred = text.replace('*', "\u{1}");
    let folded = text::fold(&starred.replace('\u{1}', "STARSTAR"));
    folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(|word| word.replace("starstar", "*")).collect()
}
