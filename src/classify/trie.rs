//! Phrases by their words: from each word of a text, every phrase that begins there in one walk.
//!
//! Words that stand in a table have a number. Those of a text are looked up once, whichever tables
//! they are then walked through, and compared as numbers.

use rustc_hash::FxHashMap;

use super::tokens::Words;

/// The number of a word that stands in a table.
pub(super) type Word = u32;

/// The number of all other words.
pub(super) const UNKNOWN: Word = Word::MAX;

/// The words of all tables. The map hashes quickly rather than safely: only words of our own are put in, so nobody can crowd a bucket.
#[derive(Debug, Default)]
pub(super) struct Lexicon {
    words: FxHashMap<Box<str>, Word>,
}

impl Lexicon {
    /// The number of a folded word.
    pub(super) fn number(&self, word: &str) -> Word {
        self.words.get(word).copied().unwrap_or(UNKNOWN)
    }

    fn learn(&mut self, word: &str) -> Word {
        let fresh = Word::try_from(self.words.len()).unwrap_or(UNKNOWN);
        self.words.get(word).copied().unwrap_or_else(|| *self.words.entry(word.into()).or_insert(fresh))
    }
}

/// A trie of words. An edge is a whole word, or the beginning of one (`migra*`).
#[derive(Debug)]
pub(super) struct Trie<T> {
    /// The first is the root, of which the edges are kept aside: each word of a text tries them.
    nodes: Vec<Node<T>>,
    /// Where a whole word leads from the root, by its number; 0 where it leads nowhere.
    words: Vec<usize>,
    /// Beginnings of words at the root, by their first two bytes.
    beginnings: FxHashMap<u16, Vec<Beginning>>,
}

#[derive(Debug)]
struct Node<T> {
    /// In the order of their numbers.
    words: Vec<(Word, usize)>,
    beginnings: Vec<Beginning>,
    entries: Vec<T>,
}

/// The beginning of a word, and where it leads.
#[derive(Debug)]
struct Beginning {
    head: u64,
    /// Which bits of a head belong to it.
    mask: u64,
    /// What it has beyond a head.
    rest: Box<[u8]>,
    next: usize,
}

impl Beginning {
    /// Of at least two bytes.
    fn of(text: &str, next: usize) -> Self {
        let bits = 8 * text.len().min(HEAD);
        let rest = text.as_bytes().get(HEAD..).unwrap_or_default();
        Self { head: head(text), mask: u64::MAX >> (64 - bits), rest: rest.into(), next }
    }

    fn begins(&self, head: u64, word: &str) -> bool {
        let rest = || word.as_bytes().get(HEAD..).unwrap_or_default();
        head & self.mask == self.head && (self.rest.is_empty() || rest().starts_with(&self.rest))
    }
}

/// Bytes of a word that are compared at once.
const HEAD: usize = 8;

/// The first bytes of a word, the first one lowest; a short word has zeros after it.
pub(super) fn head(word: &str) -> u64 {
    let mut bytes = [0; HEAD];
    let most = word.len().min(HEAD);
    bytes[..most].copy_from_slice(&word.as_bytes()[..most]);
    u64::from_le_bytes(bytes)
}

impl<T> Default for Trie<T> {
    fn default() -> Self {
        Self { nodes: vec![Node::default()], words: Vec::new(), beginnings: FxHashMap::default() }
    }
}

impl<T> Default for Node<T> {
    fn default() -> Self {
        Self { words: Vec::new(), beginnings: Vec::new(), entries: Vec::new() }
    }
}

impl<T> Trie<T> {
    /// Adds a phrase of folded words, each of which may end in `*`.
    pub(super) fn add(&mut self, lexicon: &mut Lexicon, phrase: &[String], entry: T) {
        let mut at = 0;
        for word in phrase {
            at = match word.strip_suffix('*').filter(|beginning| beginning.len() >= 2) {
                None => self.lead_by_word(at, lexicon.learn(word.trim_end_matches('*'))),
                Some(beginning) => self.lead_by_beginning(at, beginning),
            };
            if at == self.nodes.len() {
                self.nodes.push(Node::default());
            }
        }
        if at != 0 {
            self.nodes[at].entries.push(entry);
        }
    }

    /// Where a word leads from a node: to a fresh one if it led nowhere.
    fn lead_by_word(&mut self, from: usize, word: Word) -> usize {
        let fresh = self.nodes.len();
        if from == 0 {
            let word = word as usize;
            self.words.resize(self.words.len().max(word + 1), 0);
            let next = &mut self.words[word];
            if *next == 0 {
                *next = fresh;
            }
            return *next;
        }
        let words = &mut self.nodes[from].words;
        match words.binary_search_by_key(&word, |(known, _)| *known) {
            Ok(known) => words[known].1,
            Err(place) => {
                words.insert(place, (word, fresh));
                fresh
            }
        }
    }

    fn lead_by_beginning(&mut self, from: usize, text: &str) -> usize {
        let new = Beginning::of(text, self.nodes.len());
        let known = match from {
            0 => self.beginnings.entry(new.head as u16).or_default(),
            _ => &mut self.nodes[from].beginnings,
        };
        let is_same = |known: &&Beginning| (known.head, known.mask, &known.rest) == (new.head, new.mask, &new.rest);
        if let Some(same) = known.iter().find(is_same) {
            return same.next;
        }
        let next = new.next;
        known.push(new);
        next
    }

    /// Hands over every phrase that begins with a word of a text: its length in words and its entries.
    pub(super) fn walk<'t>(&'t self, words: &Words<'_>, at: usize, mut found: impl FnMut(usize, &'t [T])) {
        let Some(token) = words.tokens.get(at) else { return };
        if let Some(next) = self.words.get(token.word as usize).filter(|next| **next != 0) {
            self.step(*next, words, at, 1, &mut found);
        }
        if let Some(beginnings) = self.beginnings.get(&(token.head as u16)) {
            self.begin(beginnings, words, at, 0, &mut found);
        }
    }

    fn step<'t>(&'t self, node: usize, words: &Words<'_>, at: usize, length: usize, found: &mut impl FnMut(usize, &'t [T])) {
        let node = &self.nodes[node];
        if !node.entries.is_empty() {
            found(length, &node.entries);
        }
        let Some(token) = words.tokens.get(at + length) else { return };
        if let Ok(place) = node.words.binary_search_by_key(&token.word, |(word, _)| *word) {
            self.step(node.words[place].1, words, at, length + 1, found);
        }
        self.begin(&node.beginnings, words, at, length, found);
    }

    /// Goes on by each beginning that the next word has.
    fn begin<'t>(&'t self, beginnings: &[Beginning], words: &Words<'_>, at: usize, length: usize, found: &mut impl FnMut(usize, &'t [T])) {
        let (Some(token), Some(word)) = (words.tokens.get(at + length), words.word(at + length)) else { return };
        for beginning in beginnings.iter().filter(|beginning| beginning.begins(token.head, word)) {
            self.step(beginning.next, words, at, length + 1, found);
        }
    }
}
