//! Text as words: folded for comparison, with the place where each stands.

use super::trie::{self, Lexicon, Word};
use crate::{model::Field, text};

/// A text is read up to this many words: a news item's subject is told long before.
const MOST: usize = 4_000;

/// Bytes that so many words take at most, as a rule.
const READ: usize = 8 * MOST;

/// One word.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    /// Where its folded form begins in [`Words::folded`], in bytes.
    from: usize,
    /// Where that ends.
    to: usize,
    /// Where it begins in the original, in bytes.
    pub(super) start: usize,
    /// Where it ends.
    pub(super) end: usize,
    /// Whether it begins with a capital.
    pub(super) capital: bool,
    /// Sentences before it.
    pub(super) sentence: u32,
    /// Its number in the lexicon it was looked up in.
    pub(super) word: Word,
    /// The first bytes of its folded form.
    pub(super) head: u64,
}

/// The words of one field.
#[derive(Debug)]
pub(super) struct Words<'a> {
    pub(super) field: Field,
    pub(super) text: &'a str,
    pub(super) tokens: Vec<Token>,
    /// All words folded, a space before, between and after: a phrase of them is a slice of it.
    pub(super) folded: String,
    /// Whether it is written in capitals throughout, so that a capital says nothing.
    pub(super) shouts: bool,
}

impl<'a> Words<'a> {
    /// Splits at everything that is neither letter nor digit.
    pub(super) fn of(field: Field, text: &'a str) -> Self {
        // Words have six letters on average.
        let (tokens, mut folded) = (Vec::with_capacity(text.len().min(READ) / 6), String::with_capacity(text.len().min(READ) + 16));
        folded.push(' ');
        let mut words = Self { field, text, tokens, folded, shouts: true };
        let mut sentence = 0;
        let mut chars = text.char_indices().peekable();
        while let Some((start, c)) = chars.next() {
            if !c.is_alphanumeric() {
                let ends = matches!(c, '.' | '!' | '?' | ';' | '\n') && chars.peek().is_none_or(|(_, next)| next.is_whitespace());
                sentence += u32::from(ends);
                continue;
            }
            let mut end = start + c.len_utf8();
            words.shouts &= !c.is_lowercase();
            while let Some((at, next)) = chars.next_if(|(_, next)| next.is_alphanumeric() || is_mark(*next)) {
                end = at + next.len_utf8();
                words.shouts &= !next.is_lowercase();
            }
            let from = words.folded.len();
            let word = &text[start..end];
            text::fold_into(&mut words.folded, word);
            let to = words.folded.len();
            let head = trie::head(&words.folded[from..]);
            words.folded.push(' ');
            let capital = c.is_uppercase() || c.is_ascii_digit();
            words.tokens.push(Token { from, to, start, end, capital, sentence, word: trie::UNKNOWN, head });
            if words.tokens.len() >= MOST {
                break;
            }
        }
        words
    }

    /// The same, each word with its number.
    pub(super) fn numbered(mut self, lexicon: &Lexicon) -> Self {
        for token in &mut self.tokens {
            token.word = lexicon.number(&self.folded[token.from..token.to]);
        }
        self
    }

    /// One folded word.
    pub(super) fn word(&self, at: usize) -> Option<&str> {
        self.tokens.get(at).map(|token| &self.folded[token.from..token.to])
    }

    /// Folded words a space apart, the last one not included.
    pub(super) fn phrase(&self, from: usize, to: usize) -> &str {
        self.span(from, to).map_or("", |(first, last)| &self.folded[first.from..last.to])
    }

    /// All folded words before one, a space before each.
    pub(super) fn before(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| self.folded[..token.from].trim_end())
    }

    /// The original words from one to another, the last one not included.
    pub(super) fn slice(&self, from: usize, to: usize) -> &'a str {
        self.span(from, to).map_or("", |(first, last)| &self.text[first.start..last.end])
    }

    /// What follows a word at once in the original.
    pub(super) fn after(&self, at: usize) -> &'a str {
        self.tokens.get(at).map_or("", |token| &self.text[token.end..])
    }

    fn span(&self, from: usize, to: usize) -> Option<(&Token, &Token)> {
        let words = self.tokens.get(from..to)?;
        words.first().zip(words.last())
    }
}

/// Combining accents belong to the letter before them.
fn is_mark(c: char) -> bool {
    ('\u{300}'..='\u{36F}').contains(&c)
}

/// The folded words of a phrase of a table; a `*` stays at the end of its word.
pub(super) fn phrase(text: &str) -> Vec<String> {
    let folded = text::fold(text);
    let words = folded.split(|c: char| !c.is_alphanumeric() && c != '*').map(|word| word.trim_start_matches('*'));
    words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

/// A form as one folded text, its words a space apart.
pub(super) fn key(form: &str) -> String {
    phrase(form).join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_what_is_folded_changes_nothing() {
        for text in ["Los NIÑOS de Cox’s Bazar – « réfugiés »", "ﬁn straße İstanbul", "Cafe\u{301} 한국 ١٢"] {
            let once = text::fold(text);
            assert_eq!(text::fold(&once), once);
            let folded = Words::of(Field::Title, text).folded;
            assert_eq!(Words::of(Field::Title, &folded).folded, folded);
        }
    }

    #[test]
    fn a_phrase_of_a_text_is_the_phrase_of_a_table() {
        let words = Words::of(Field::Title, "  El «Tapón del Darién», ¿qué es?");
        assert_eq!(words.phrase(1, 4), key("tapón del Darién"));
        assert_eq!(words.slice(1, 4), "Tapón del Darién");
        assert_eq!(words.before(1), " el");
        assert_eq!((words.phrase(3, 9), words.word(9)), ("", None));
        assert_eq!(phrase("trabajador* ~migrant*"), ["trabajador*", "migrant*"]);
    }
}
