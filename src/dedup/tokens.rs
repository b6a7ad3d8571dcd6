//! Text as words that can be compared: folded, numbers and months recognised in whatever way they are written.
//!
//! `9.015`, `9,015` and `9 015` are one number, `IV` and `4` as well, `March` and `marzo` one month. Deliberately
//! absent: meaning. Which words are names of places is told by whoever filed the item.

use std::{
    hash::{Hash, Hasher},
    sync::LazyLock,
};

use rustc_hash::{FxHashMap, FxHasher};

use crate::text;

/// One word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// Folded; a number without its separators, a month as `m1` to `m12`, a day as `d1` to `d7`.
    pub(super) text: String,
    pub(super) kind: Kind,
    /// Written with a capital and otherwise small letters.
    pub(super) is_name: bool,
    /// Of its text: what keys are made of.
    pub(super) hash: u64,
    is_small: bool,
}

/// What a word is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Plain,
    Number,
    /// A number with separators, which no year has.
    Figure,
    Month,
    /// A day of the week.
    Day,
}

impl Word {
    fn new(text: String, kind: Kind, is_name: bool) -> Self {
        let hash = hash(&text);
        Self { hash, is_small: false, text, kind, is_name }
    }

    /// Whether it counts and orders things: a number, a month, a day.
    pub(super) fn counts(&self) -> bool {
        self.kind != Kind::Plain
    }

    /// Whether it is one of the small words that every text has.
    pub(super) fn is_small(&self) -> bool {
        self.is_small
    }

    /// The number, when it is a figure that few texts share: of three digits or more, and no year.
    pub(super) fn figure(&self) -> Option<u64> {
        let number: u64 = self.text.parse().ok().filter(|_| matches!(self.kind, Kind::Number | Kind::Figure))?;
        let may_be_year = self.kind == Kind::Number && (1900..=2100).contains(&number);
        (number >= 100 && !may_be_year).then_some(number)
    }
}

/// The small words of English, Spanish, French and Portuguese.
#[rustfmt::skip]
const SMALL: &[&str] = &[
    "a", "about", "after", "al", "an", "and", "ao", "aos", "are", "as", "at", "au", "aux", "avec", "been", "but", "by", "ce", "ces",
    "com", "como", "con", "cuando", "da", "dans", "das", "de", "del", "des", "desde", "do", "dos", "du", "e", "el", "em", "en", "entre",
    "es", "est", "esta", "et", "for", "from", "ha", "had", "han", "has", "hasta", "have", "in", "into", "is", "it", "its", "la", "las",
    "le", "les", "leur", "lo", "los", "mais", "mas", "more", "na", "nas", "no", "nos", "not", "o", "of", "on", "or", "os", "ou", "over",
    "par", "para", "pela", "pelo", "plus", "por", "pour", "que", "qui", "s", "se", "ses", "sin", "sobre", "son", "su", "sur", "sus",
    "than", "that", "the", "their", "this", "to", "um", "uma", "un", "una", "une", "was", "were", "which", "who", "will", "with", "y",
];

/// Months in the four languages, folded.
#[rustfmt::skip]
const MONTHS: [&[&str]; 12] = [
    &["january", "jan", "enero", "janvier", "janeiro"], &["february", "feb", "febrero", "fevrier", "fevereiro"],
    &["march", "marzo", "mars", "marco"], &["april", "apr", "abril", "avril"], &["may", "mayo", "mai", "maio"],
    &["june", "jun", "junio", "juin", "junho"], &["july", "jul", "julio", "juillet", "julho"], &["august", "aug", "agosto", "aout"],
    &["september", "sep", "sept", "septiembre", "setiembre", "septembre", "setembro"], &["october", "oct", "octubre", "octobre", "outubro"],
    &["november", "nov", "noviembre", "novembre", "novembro"], &["december", "dec", "diciembre", "decembre", "dezembro"],
];

/// Days of the week, folded; Portuguese counts most of them, which is left to its ordinals.
#[rustfmt::skip]
const DAYS: [&[&str]; 7] = [
    &["monday", "lunes", "lundi"], &["tuesday", "martes", "mardi"], &["wednesday", "miercoles", "mercredi"], &["thursday", "jueves", "jeudi"],
    &["friday", "viernes", "vendredi"], &["saturday", "sabado", "samedi"], &["sunday", "domingo", "dimanche"],
];

/// Words for the place in a series.
#[rustfmt::skip]
const ORDINALS: [&[&str]; 10] = [
    &["first", "primer", "primera", "primero", "premier", "premiere", "primeiro", "primeira"], &["second", "segundo", "segunda", "deuxieme", "seconde"],
    &["third", "tercer", "tercera", "tercero", "troisieme", "terceiro", "terceira"], &["fourth", "cuarto", "cuarta", "quatrieme", "quarto", "quarta"],
    &["fifth", "quinto", "quinta", "cinquieme"], &["sixth", "sexto", "sexta", "sixieme"], &["seventh", "septimo", "septima", "septieme", "setimo", "setima"],
    &["eighth", "octavo", "octava", "huitieme", "oitavo", "oitava"], &["ninth", "noveno", "novena", "neuvieme", "nono", "nona"],
    &["tenth", "decimo", "decima", "dixieme"],
];

/// Numbers that English writes out; other languages have the same words for other things (`dos`, `once`, `doce`).
#[rustfmt::skip]
const SPELT: [&str; 19] = [
    "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen",
    "eighteen", "nineteen", "twenty",
];

/// Roman numbers that stand in titles; `I`, `C`, `D`, `L` and `M` are mostly something else.
#[rustfmt::skip]
const ROMAN: [&str; 21] = [
    "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII", "XIII", "XIV", "XV", "XVI", "XVII", "XVIII", "XIX", "XX", "XXI", "XXII",
];

/// The words of a text, at most so many.
pub(super) fn words(text: &str, most: usize) -> Vec<Word> {
    // Most words are longer than four letters.
    let mut words: Vec<Word> = Vec::with_capacity(most.min(text.len() / 5));
    let mut rest = text;
    // Whether three more digits may belong to the last word.
    let mut is_open = false;
    while words.len() < most {
        let Some(from) = rest.find(char::is_alphanumeric) else { break };
        let (gap, begun) = rest.split_at(from);
        let to = begun.find(|c: char| !is_within(c)).unwrap_or(begun.len());
        let (word, after) = begun.split_at(to);
        rest = after;
        if is_digits(word) {
            match words.last_mut().filter(|_| is_open && is_separator(gap) && word.len() == 3) {
                Some(number) => *number = Word::new(format!("{}{word}", number.text), Kind::Figure, false),
                None => {
                    is_open = word.len() <= 3 && !word.starts_with('0');
                    words.push(number(word));
                }
            }
        } else {
            is_open = false;
            words.push(spelt(word));
        }
    }
    words
}

fn number(digits: &str) -> Word {
    let text = digits.trim_start_matches('0');
    Word::new(if text.is_empty() { "0" } else { text }.to_owned(), Kind::Number, false)
}

fn spelt(word: &str) -> Word {
    let is_name = word.starts_with(char::is_uppercase) && word.chars().skip(1).any(char::is_lowercase);
    if word.starts_with(['I', 'V', 'X'])
        && let Some(place) = ROMAN.iter().position(|roman| *roman == word)
    {
        return number(&(place + 2).to_string());
    }
    let folded = text::fold(word);
    // "12th", "3rd", "4e", "2a".
    let digits = folded.trim_end_matches(|c: char| c.is_ascii_lowercase());
    if is_digits(digits) && folded.len() - digits.len() <= 3 {
        return number(digits);
    }
    let plain = Word::new(folded, Kind::Plain, is_name);
    let known = if plain.text.len() <= LONGEST { KNOWN.get(&plain.hash) } else { None };
    match known {
        // English writes months with a capital, and without one "may" and "march" are verbs.
        Some(Known::Counts(_)) if matches!(&*plain.text, "may" | "march") && !word.starts_with(char::is_uppercase) => plain,
        Some(Known::Counts(counting)) => counting.clone(),
        Some(Known::Small) => Word { is_small: true, ..plain },
        None => Word { is_small: plain.text.len() < 2, ..plain },
    }
}

/// What is known of a word by itself.
enum Known {
    /// It is one of the small ones.
    Small,
    /// It is a month, a day, an ordinal or a number, and compared as this.
    Counts(Word),
}

/// No word that is known is longer, in bytes.
const LONGEST: usize = 10;

/// What is known of words, by their hashes.
static KNOWN: LazyLock<FxHashMap<u64, Known>> = LazyLock::new(|| {
    let of = |names: &'static [&'static str], word: Word| names.iter().map(move |name| (*name, Known::Counts(word.clone())));
    let named = |letter: char, n: usize, kind: Kind| Word::new(format!("{letter}{}", n + 1), kind, false);
    let small = SMALL.iter().map(|word| (*word, Known::Small));
    let months = MONTHS.iter().enumerate().flat_map(|(n, names)| of(names, named('m', n, Kind::Month)));
    let days = DAYS.iter().enumerate().flat_map(|(n, names)| of(names, named('d', n, Kind::Day)));
    let ordinals = ORDINALS.iter().enumerate().flat_map(|(n, names)| of(names, number(&(n + 1).to_string())));
    let spelt = SPELT.iter().enumerate().map(|(n, name)| (*name, Known::Counts(number(&(n + 2).to_string()))));
    let all = small.chain(months).chain(days).chain(ordinals).chain(spelt);
    all.map(|(name, known)| (hash(name), known)).collect()
});

/// One number for what is compared: the same for as long as the program runs, and kept nowhere.
pub(super) fn hash(of: impl Hash) -> u64 {
    let mut hasher = FxHasher::default();
    of.hash(&mut hasher);
    mix(hasher.finish())
}

/// Spreads a number over all 64 bits (the finisher of SplitMix64).
pub(super) fn mix(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

fn is_within(c: char) -> bool {
    c.is_alphanumeric() || ('\u{300}'..='\u{36F}').contains(&c)
}

fn is_digits(word: &str) -> bool {
    !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit())
}

/// What stands between groups of three digits.
fn is_separator(gap: &str) -> bool {
    matches!(gap, "." | "," | " " | "'" | "’" | "\u{A0}" | "\u{202F}" | "\u{2009}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        words(text, 100).into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn numbers_and_months_are_the_same_however_they_are_written() {
        assert_eq!(
            texts("9.015 migrantes, 15 023 returnees, 1,234,567 people"),
            ["9015", "migrantes", "15023", "returnees", "1234567", "people"]
        );
        assert_eq!(texts("4.3 million in 2019, 408 of 1133"), ["4", "3", "million", "in", "2019", "408", "of", "1133"]);
        assert_eq!(
            texts("Turquesa IV, la 4ª y la cuarta, el 12 de MARZO"),
            ["turquesa", "4", "la", "4", "y", "la", "4", "el", "12", "de", "m3"]
        );
        assert_eq!(texts("They may march in May"), ["they", "may", "march", "in", "m5"]);
        assert_eq!(texts("007 No. 03"), ["7", "no", "3"]);
    }

    #[test]
    fn no_known_word_is_too_long_to_be_found() {
        let counting = MONTHS.iter().chain(&DAYS).chain(&ORDINALS).copied().flatten();
        let known: Vec<&str> = SMALL.iter().chain(counting).chain(&SPELT).copied().collect();
        assert_eq!(known.iter().map(|word| word.len()).max(), Some(LONGEST));
        assert_eq!(known.iter().filter(|word| !KNOWN.contains_key(&hash(word))).count(), 0);
    }

    #[test]
    fn small_words_are_small_and_others_are_not() {
        let small = |text: &str| words(text, 100).iter().map(Word::is_small).collect::<Vec<_>>();
        assert_eq!(small("The people of Él y ella, a 1"), [true, false, true, true, true, false, true, false]);
    }
}
