//! Phrases by their words: from each word of a text, every phrase that begins there in one walk.

use rustc_hash::FxHashMap;

use super::tokens::Words;

/// A trie of words. An edge is a whole word, or the beginning of one (`migra*`).
#[derive(Debug)]
pub(super) struct Trie<T> {
    nodes: Vec<Node<T>>,
}

/// The maps hash quickly rather than safely: only words of our own tables are put in, so nobody can crowd a bucket.
#[derive(Debug)]
struct Node<T> {
    words: FxHashMap<Box<str>, usize>,
    /// Beginnings of words by their first two bytes, so that a node with many of them stays quick.
    beginnings: FxHashMap<u16, Vec<(Box<str>, usize)>>,
    entries: Vec<T>,
}

impl<T> Default for Trie<T> {
    fn default() -> Self {
        Self { nodes: vec![Node::default()] }
    }
}

impl<T> Default for Node<T> {
    fn default() -> Self {
        Self { words: FxHashMap::default(), beginnings: FxHashMap::default(), entries: Vec::new() }
    }
}

impl<T> Trie<T> {
    /// Adds a phrase of folded words, each of which may end in `*`.
    pub(super) fn add(&mut self, phrase: &[String], entry: T) {
        let mut at = 0;
        for word in phrase {
            let fresh = self.nodes.len();
            let node = &mut self.nodes[at];
            at = match word.strip_suffix('*').filter(|beginning| beginning.len() >= 2) {
                None => *node.words.entry(word.trim_end_matches('*').into()).or_insert(fresh),
                Some(beginning) => {
                    let first = u16::from_be_bytes([beginning.as_bytes()[0], beginning.as_bytes()[1]]);
                    let own = node.beginnings.entry(first).or_default();
                    match own.iter().find(|(known, _)| **known == *beginning) {
                        Some((_, next)) => *next,
                        None => {
                            own.push((beginning.into(), fresh));
                            fresh
                        }
                    }
                }
            };
            if at == fresh {
                self.nodes.push(Node::default());
            }
        }
        if at != 0 {
            self.nodes[at].entries.push(entry);
        }
    }

    /// Hands over every phrase that begins with a word of a text: its length in words and its entries.
    pub(super) fn walk<'t>(&'t self, words: &Words<'_>, at: usize, mut found: impl FnMut(usize, &'t [T])) {
        self.step(0, 0, words, at, &mut found);
    }

    fn step<'t>(&'t self, node: usize, length: usize, words: &Words<'_>, at: usize, found: &mut impl FnMut(usize, &'t [T])) {
        let node = &self.nodes[node];
        if !node.entries.is_empty() {
            found(length, &node.entries);
        }
        let Some(word) = words.word(at + length) else { return };
        if let Some(next) = node.words.get(word) {
            self.step(*next, length + 1, words, at, found);
        }
        if let (false, [first, second, ..]) = (node.beginnings.is_empty(), word.as_bytes()) {
            for (beginning, next) in node.beginnings.get(&u16::from_be_bytes([*first, *second])).into_iter().flatten() {
                if word.starts_with(&**beginning) {
                    self.step(*next, length + 1, words, at, found);
                }
            }
        }
    }
}
