//! Words that a story has to say, and others that it must not.
//!
//! `camp "climate change" -virtual`: each word, each phrase as it stands, and nothing behind a minus. There is no other
//! operator; whatever else is written is a word. Case and accents do not count, nor does the `s` of a plural, because four
//! languages form it that way and a reader can not ask for either form.
//! Deliberately absent: how stories that say them are found (`store`); stems, word order, likeness.

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashSet},
    fmt,
};

use super::Story;
use crate::text;

/// The longest question for words, in characters.
pub const LONGEST: usize = 200;
/// The most words in one question, those of phrases counted each.
pub const MOST: usize = 16;
/// Words of one text that are looked at. A longer one is a book, and is found by its beginning.
const LOOKED_AT: usize = 20_000;
/// Bytes of a word that count; whatever is longer is none.
const LONGEST_WORD: usize = 60;
/// Shorter words have no plural that could be told from another word.
const SHORTEST_PLURAL: usize = 4;

/// Words in a row, folded; one word is the shortest.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Phrase(Vec<String>);

/// What is asked of the words of a story. Without a wish every story passes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Words {
    /// It says all of these.
    with: BTreeSet<Phrase>,
    /// It says none of these.
    without: BTreeSet<Phrase>,
}

/// Why a question for words is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadWords {
    /// There is nothing to look for.
    #[error("there is no word in it; write words, \"phrases in quotes\", and -words to leave out")]
    None,
    /// It is too long.
    #[error("it is {0} characters long; {LONGEST} are the most")]
    Long(usize),
    /// It has too many words.
    #[error("it has {0} words; {MOST} are the most")]
    Many(usize),
}

impl Phrase {
    /// The words of a text; nothing when it has none.
    fn of(text: &str) -> Option<Self> {
        let words: Vec<String> = words(&text::fold(text)).map(str::to_owned).collect();
        (!words.is_empty()).then_some(Self(words))
    }

    /// Its words as they are looked for.
    pub fn stems(&self) -> Vec<String> {
        self.0.iter().map(|word| stem(word).into_owned()).collect()
    }

    /// Whether whoever says this says the other one, too.
    fn says(&self, other: &Self) -> bool {
        let (own, other) = (self.stems(), other.stems());
        own.windows(other.len()).any(|words| words == other)
    }
}

impl fmt::Display for Phrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

impl std::str::FromStr for Words {
    type Err = BadWords;

    fn from_str(text: &str) -> Result<Self, BadWords> {
        let length = text.chars().count();
        if length > LONGEST {
            return Err(BadWords::Long(length));
        }
        let mut words = Self::default();
        let mut rest = text;
        while let Some((part, is_left_out, after)) = next_part(rest) {
            let list = if is_left_out { &mut words.without } else { &mut words.with };
            list.extend(Phrase::of(part));
            rest = after;
        }
        words.check()?;
        words.settle();
        if words.is_empty() { Err(BadWords::None) } else { Ok(words) }
    }
}

/// What stands first in a question: a word, or what is in quotes; whether it is left out; and what follows.
fn next_part(text: &str) -> Option<(&str, bool, &str)> {
    // Phones write quotes that bend.
    let is_quote = |c: char| matches!(c, '"' | '“' | '”' | '„' | '«' | '»');
    let is_gap = |c: char| c.is_whitespace() || c == ',' || c == ';';
    let begin = text.trim_start_matches(is_gap);
    let bare = begin.trim_start_matches('-');
    let is_left_out = bare.len() < begin.len();
    if begin.is_empty() {
        return None;
    }
    let Some(quoted) = bare.strip_prefix(is_quote) else {
        let (part, after) = bare.split_at(bare.find(|c| is_gap(c) || is_quote(c)).unwrap_or(bare.len()));
        return Some((part, is_left_out, after));
    };
    // A quote that is not closed reaches to the end.
    let end = quoted.find(is_quote).unwrap_or(quoted.len());
    let after = quoted[end..].strip_prefix(is_quote).unwrap_or_default();
    Some((&quoted[..end], is_left_out, after))
}

impl Words {
    /// Whether there is no wish.
    pub fn is_empty(&self) -> bool {
        self.with.is_empty() && self.without.is_empty()
    }

    /// What a story has to say, each of them.
    pub fn with(&self) -> impl Iterator<Item = &Phrase> {
        self.with.iter()
    }

    /// What it must not say.
    pub fn without(&self) -> impl Iterator<Item = &Phrase> {
        self.without.iter()
    }

    /// What both wish for.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let together = |one: &BTreeSet<Phrase>, other: &BTreeSet<Phrase>| one.union(other).cloned().collect();
        let mut both = Self { with: together(&self.with, &other.with), without: together(&self.without, &other.without) };
        both.settle();
        both
    }

    /// Whether it is no longer than a question may be.
    pub fn check(&self) -> Result<(), BadWords> {
        let count = self.with.iter().chain(&self.without).map(|phrase| phrase.0.len()).sum();
        if count > MOST { Err(BadWords::Many(count)) } else { Ok(()) }
    }

    /// Brings equal wishes to one form: what another wish says already is left out.
    fn settle(&mut self) {
        let all: Vec<Phrase> = self.with.iter().cloned().collect();
        // Of two that say the same, as `camp` and `camps`, the first stays.
        let is_said = |phrase: &Phrase, other: &Phrase| other != phrase && other.says(phrase) && (!phrase.says(other) || other < phrase);
        self.with.retain(|phrase| !all.iter().any(|other| is_said(phrase, other)));
        let none: Vec<Phrase> = self.without.iter().cloned().collect();
        let is_broader = |phrase: &Phrase, other: &Phrase| other != phrase && phrase.says(other) && (!other.says(phrase) || other < phrase);
        self.without.retain(|phrase| !none.iter().any(|other| is_broader(phrase, other)));
    }

    /// Whether a story could pass.
    pub fn is_possible(&self) -> bool {
        !self.with.iter().any(|phrase| self.without.iter().any(|other| phrase.says(other)))
    }

    /// Whether a story that says this passes.
    pub fn admits(&self, told: &Told) -> bool {
        self.with.iter().all(|phrase| told.says(phrase)) && !self.without.iter().any(|phrase| told.says(phrase))
    }
}

/// As it is written: `camp "climate change" -virtual`, sorted, what is left out last.
impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |phrase: &Phrase| if phrase.0.len() > 1 { format!("\"{phrase}\"") } else { phrase.to_string() };
        let with = self.with.iter().map(quoted);
        let without = self.without.iter().map(|phrase| format!("-{}", quoted(phrase)));
        f.write_str(&with.chain(without).collect::<Vec<_>>().join(" "))
    }
}

/// Everything that a story says, as it is looked for: the titles, summaries and texts of all its copies.
#[derive(Debug, Clone, Default)]
pub struct Told {
    texts: Vec<Vec<String>>,
}

impl Told {
    /// What a story says. One that is in no feed says nothing.
    pub fn of(story: &Story) -> Self {
        let told = story.copies.iter().filter(|_| !story.is_gone()).flat_map(|copy| {
            let item = &copy.item;
            let content = item.content.as_ref().map(|content| content.to_text());
            [Some(Cow::from(&item.title)), Some(Cow::from(&item.summary)), content.map(Cow::from)]
        });
        let mut seen = HashSet::new();
        let texts = told.flatten().map(|text| stems(&text)).filter(|text| !text.is_empty() && seen.insert(text.clone()));
        Self { texts: texts.collect() }
    }

    /// Each text, word by word. No phrase reaches from one into the next.
    pub fn into_texts(self) -> Vec<Vec<String>> {
        self.texts
    }

    fn says(&self, phrase: &Phrase) -> bool {
        let stems = phrase.stems();
        self.texts.iter().any(|text| text.windows(stems.len()).any(|words| words == stems))
    }
}

/// The words of a folded text: runs of letters and digits. What is longer than any word is an address or a key, which nobody looks for.
fn words(folded: &str) -> impl Iterator<Item = &str> {
    folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty() && word.len() <= LONGEST_WORD)
}

/// The words of a text as they are looked for.
fn stems(text: &str) -> Vec<String> {
    words(&text::fold(text)).take(LOOKED_AT).map(|word| stem(word).into_owned()).collect()
}

/// What singular and plural of a word have in common: `migrante(s)`, `mujer(es)`, `country` and `countries`, `pays`.
///
/// It is the same rule for all languages, because nobody says in which one a word is asked for. Two words become one by it
/// now and then (`fire`, `fir`); what it misses (`animal`, `animaux`) has to be asked for in either form.
fn stem(word: &str) -> Cow<'_, str> {
    if word.len() < SHORTEST_PLURAL || !word.bytes().all(|b| b.is_ascii_lowercase()) {
        return word.into();
    }
    let is_singular = ["ss", "us", "is"].iter().any(|end| word.ends_with(end));
    let word = if is_singular { word } else { word.strip_suffix('s').unwrap_or(word) };
    match word.as_bytes() {
        // The plural of what ends with one of these has an `e` of its own.
        [.., b'd' | b'l' | b'n' | b'r' | b's' | b'x' | b'z', b'e'] => word[..word.len() - 1].into(),
        [.., last, b'y'] if !b"aeiou".contains(last) => format!("{}ie", &word[..word.len() - 1]).into(),
        _ => word.into(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;

    fn asked(text: &str) -> Words {
        text.parse().unwrap()
    }

    fn told(texts: &[&str]) -> Told {
        Told { texts: texts.iter().map(|text| stems(text)).collect() }
    }

    #[test]
    fn equal_questions_are_written_alike() {
        for (text, written) in [
            ("Camp", "camp"),
            ("  youth CAMP youth ", "camp youth"),
            ("“Cambio  Climático”", "\"cambio climatico\""),
            ("«été» \"camp\"", "camp ete"),
            ("-virtual camp -\"a fair\"", "camp -\"a fair\" -virtual"),
            ("--virtual, camp;youth", "camp youth -virtual"),
            ("covid-19 d'Europe l’aide", "\"covid 19\" \"d europe\" \"l aide\""),
            ("camp \"virtual camp\" virtual", "\"virtual camp\""),
            ("-camp -\"virtual camp\"", "-camp"),
            ("camps camp", "camp"),
            ("\"not closed", "\"not closed\""),
            ("camp - youth", "camp youth"),
            ("title:camp* OR (camp) ^ ~", "or \"title camp\""),
            ("日本 Ελλάδα", "ελλαδα 日本"),
        ] {
            let read = asked(text);
            assert_eq!(read.to_string(), written, "{text}");
            assert_eq!(asked(&read.to_string()), read, "{text}");
        }
    }

    #[test]
    fn what_is_no_question_is_told() {
        for text in ["", "  ", "-", "\"\"", "*", "-\" . \""] {
            assert_eq!(text.parse::<Words>(), Err(BadWords::None), "{text}");
        }
        assert_eq!("é".repeat(201).parse::<Words>(), Err(BadWords::Long(201)));
        let many: Vec<String> = (0..17).map(|n| format!("w{n}")).collect();
        assert_eq!(many.join(" ").parse::<Words>(), Err(BadWords::Many(17)));
        assert_eq!(format!("\"{}\"", many.join(" ")).parse::<Words>(), Err(BadWords::Many(17)));
        assert!(many[1..].join(" ").parse::<Words>().is_ok());
        assert!(!asked("camp -camps").is_possible());
        assert!(!asked("\"virtual camp\" -camp").is_possible());
        assert!(asked("camp -\"virtual camp\"").is_possible());
    }

    #[test]
    fn a_story_passes_that_says_all_of_it_and_nothing_that_is_left_out() {
        let story = told(&["Más de 180 jóvenes inician un campamento virtual", "El campamento: migración, COVID-19 y niñez."]);
        for (text, passes) in [
            ("campamento", true),
            ("CAMPAMENTOS jovenes", true),
            ("joven", true),
            ("\"campamento virtual\"", true),
            ("\"campamentos virtuales\"", true),
            ("\"virtual campamento\"", false),
            // Not across the end of a text.
            ("\"virtual el\"", false),
            ("\"el campamento migración\"", true),
            ("virtual niñez", true),
            ("covid-19", true),
            ("covid-20", false),
            ("campamento -virtual", false),
            ("campamento -deporte", true),
            ("-deporte", true),
            ("-\"campamento virtual\"", false),
            ("camp", false),
        ] {
            assert_eq!(asked(text).admits(&story), passes, "{text}");
        }
    }

    #[test]
    fn singular_and_plural_are_one() {
        for (one, many) in [
            ("migrante", "migrantes"),
            ("migrant", "migrants"),
            ("mujer", "mujeres"),
            ("naci\u{f3}n", "naciones"),
            ("pa\u{ed}s", "pa\u{ed}ses"),
            ("country", "countries"),
            ("maladie", "maladies"),
            ("serie", "series"),
            ("refugee", "refugees"),
            ("r\u{e9}fugi\u{e9}", "r\u{e9}fugi\u{e9}s"),
            ("crise", "crises"),
            ("trabalhador", "trabalhadores"),
            ("visa", "visas"),
            ("box", "boxes"),
            ("bus", "buses"),
        ] {
            assert!(asked(one).admits(&told(&[many])) && asked(many).admits(&told(&[one])), "{one} {many}");
        }
        for (one, other) in [("camp", "campus"), ("crisis", "cris"), ("pass", "pas"), ("youth", "young")] {
            assert!(!asked(one).admits(&told(&[other])), "{one} {other}");
        }
    }
}
