//! Phrases by their words: from each word of a text, every phrase that begins there in one walk.

use std::collections::HashMap;

/// A trie of words. An edge is a whole word, or the beginning of one (`migra*`).
#[derive(Debug)]
pub(super) struct Trie<T> {
    nodes: Vec<Node<T>>,
}

#[derive(Debug)]
struct Node<T> {
    words: HashMap<Box<str>, usize>,
    /// Beginnings of words by their first two bytes, so that a node with many of them stays quick.
    beginnings: HashMap<[u8; 2], Vec<(Box<str>, usize)>>,
    entries: Vec<T>,
}

impl<T> Default for Trie<T> {
    fn default() -> Self {
        Self { nodes: vec![Node::default()] }
    }
}

impl<T> Default for Node<T> {
    fn default() -> Self {
        Self { words: HashMap::new(), beginnings: HashMap::new(), entries: Vec::new() }
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
                    let first = [beginning.as_bytes()[0], beginning.as_bytes()[1]];
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

    /// Hands over every phrase that begins with the first of these words: its length in words and its entries.
    pub(super) fn walk<'w>(&self, words: impl Iterator<Item = &'w str> + Clone, mut found: impl FnMut(usize, &[T])) {
        self.step(0, 0, words, &mut found);
    }

    fn step<'w>(&self, node: usize, depth: usize, mut words: impl Iterator<Item = &'w str> + Clone, found: &mut impl FnMut(usize, &[T])) {
        let node = &self.nodes[node];
        if !node.entries.is_empty() {
            found(depth, &node.entries);
        }
        let Some(word) = words.next() else { return };
        if let Some(next) = node.words.get(word) {
            self.step(*next, depth + 1, words.clone(), found);
        }
        if !node.beginnings.is_empty() && word.len() >= 2 {
            let first = [word.as_bytes()[0], word.as_bytes()[1]];
            for (beginning, next) in node.beginnings.get(&first).into_iter().flatten() {
                if word.starts_with(&**beginning) {
                    self.step(*next, depth + 1, words.clone(), found);
                }
            }
        }
    }
}
