//! Which topics an item is filed under.
//!
//! Weighted terms, added up by where they stand; within one topic the longest term wins and
//! consumes its words, and a `not` phrase consumes them for nothing. No stemming: the evidence
//! shows the term as the editor wrote it.

use std::collections::{BTreeMap, HashMap};

use super::{
    Subject,
    evidence::{plain, quoted},
    tokens::{Words, phrase},
    trie::Trie,
};
use crate::{
    model::{Defaults, Evidence, Field, Lang, Rejected, TopicDefaults, TopicLabel, TopicRules, TopicSlug},
    text,
};

/// A topic at least this near to its threshold is told to editors as a near miss.
const NEAR: f32 = 0.6;
/// Places of one half of a `a ~4 b` term that are looked at.
const HALVES: usize = 50;

/// The rules, compiled.
#[derive(Debug)]
pub(super) struct Topics {
    defaults: TopicDefaults,
    slugs: Vec<(TopicSlug, f32)>,
    tries: BTreeMap<Lang, Trie<Entry>>,
    terms: Vec<Term>,
    categories: HashMap<String, Vec<usize>>,
}

/// What a phrase stands for, by the index of its term.
#[derive(Debug, Clone, Copy)]
enum Entry {
    Whole(usize),
    /// One half of a term of two.
    Half(usize, Side),
}

#[derive(Debug, Clone, Copy)]
enum Side {
    Left,
    Right,
}

#[derive(Debug)]
struct Term {
    topic: usize,
    /// 0 for a phrase that does not count.
    weight: f32,
    strong: bool,
    /// Words between its halves, for a term of two.
    distance: usize,
    /// As the editor wrote it.
    text: Box<str>,
    /// One number for all terms of one folded text: the same word in two languages is one.
    name: usize,
}

/// A term that can not be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("topic `{topic}`: the term `{term}` {why}")]
pub struct BadTerm {
    /// Whose.
    pub topic: TopicSlug,
    /// As written.
    pub term: String,
    /// What is wrong with it.
    pub why: &'static str,
}

impl Topics {
    pub(super) fn new(rules: &TopicRules) -> Result<Self, BadTerm> {
        let mut topics = Self {
            defaults: rules.defaults.clone(),
            slugs: Vec::new(),
            tries: BTreeMap::new(),
            terms: Vec::new(),
            categories: HashMap::new(),
        };
        let mut names = HashMap::new();
        for (n, topic) in rules.topics.iter().enumerate() {
            topics.slugs.push((topic.slug.clone(), topic.threshold.unwrap_or(rules.defaults.threshold)));
            for category in &topic.categories {
                topics.categories.entry(phrase(category).join(" ")).or_default().push(n);
            }
            for (lang, terms) in &topic.terms {
                let [strong, medium, weak] = rules.defaults.weights;
                let groups =
                    [(&terms.strong, strong, true), (&terms.medium, medium, false), (&terms.weak, weak, false), (&terms.not, 0.0, false)];
                for (list, weight, strong) in groups {
                    for term in list {
                        let bad = |why| BadTerm { topic: topic.slug.clone(), term: term.clone(), why };
                        let fresh = names.len();
                        let name = *names.entry(text::fold(term)).or_insert(fresh);
                        let term = Term { topic: n, weight, strong, distance: 0, text: term.as_str().into(), name };
                        topics.add(*lang, term).map_err(bad)?;
                    }
                }
            }
        }
        Ok(topics)
    }

    fn add(&mut self, lang: Lang, mut term: Term) -> Result<(), &'static str> {
        const NUMBER: &str = "needs a number after ~, such as `a ~4 b`";
        let n = self.terms.len();
        let trie = self.tries.entry(lang).or_default();
        if let Some((left, rest)) = term.text.split_once('~') {
            let (distance, right) = rest.split_once(' ').ok_or(NUMBER)?;
            for (half, side) in [(left, Side::Left), (right, Side::Right)] {
                trie.add(&words_of(half).ok_or("has words on one side of ~ only")?, Entry::Half(n, side));
            }
            term.distance = distance.parse().map_err(|_| NUMBER)?;
        } else {
            trie.add(&words_of(&term.text).ok_or("has no words")?, Entry::Whole(n));
        }
        self.terms.push(term);
        Ok(())
    }

    /// The topics of an item, and those that nearly were.
    pub(super) fn tell(&self, subject: &Subject<'_>, fields: &[Words<'_>], lang: Lang) -> (Vec<TopicLabel>, Vec<Rejected>) {
        let mut tallies: Vec<Tally> = self.slugs.iter().map(|_| Tally::default()).collect();
        let own: Vec<&Trie<Entry>> = match self.tries.get(&lang) {
            Some(trie) => vec![trie],
            None => self.tries.values().collect(),
        };
        for words in fields {
            self.field(&own, words, &mut tallies);
        }
        for category in subject.categories {
            let names = std::iter::once(&category.term).chain(&category.label);
            for topic in names.filter_map(|name| self.categories.get(&phrase(name).join(" "))).flatten() {
                tallies[*topic].add(plain(Field::Category, &category.term, "category", self.defaults.weights[0]), false);
            }
        }
        let best = tallies.iter().map(|tally| tally.score).fold(0.0, f32::max);
        let (mut given, mut rejected) = (Vec::new(), Vec::new());
        for ((slug, threshold), tally) in self.slugs.iter().zip(tallies) {
            let rule = if tally.score < *threshold {
                Some("below the threshold")
            } else if tally.score < self.defaults.floor * best && !tally.strong_in_title {
                Some("little beside the others")
            } else {
                None
            };
            match rule {
                None => given.push(TopicLabel { slug: slug.clone(), score: tally.score, evidence: tally.evidence }),
                Some(rule) if tally.score >= NEAR * threshold => rejected.push(Rejected {
                    label: format!("topic:{slug}"),
                    score: tally.score,
                    rule: rule.to_owned(),
                    role: None,
                    evidence: tally.evidence,
                }),
                Some(_) => {}
            }
        }
        let is_wanted = |slug: &TopicSlug| !given.iter().any(|label| label.slug == *slug);
        if subject.defaults == Defaults::Always || given.is_empty() {
            let own: Vec<TopicSlug> = subject.topics.iter().filter(|slug| is_wanted(slug)).cloned().collect();
            let threshold = self.defaults.threshold;
            given.extend(own.into_iter().map(|slug| TopicLabel {
                evidence: vec![plain(Field::Source, slug.as_str(), "topic of the source", threshold)],
                slug,
                score: threshold,
            }));
        }
        given.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.slug.cmp(&b.slug)));
        given.truncate(self.defaults.max_topics);
        (given, rejected)
    }

    fn field(&self, tries: &[&Trie<Entry>], words: &Words<'_>, tallies: &mut [Tally]) {
        // Up to which word each topic has consumed the text.
        let mut consumed = vec![0; self.slugs.len()];
        // What it consumed: from where to where, by a term of what weight.
        let mut taken: Vec<(usize, usize, &Term)> = Vec::new();
        // The best term of each topic that begins at a word.
        let mut here: Vec<(usize, &Term)> = Vec::new();
        let mut halves: BTreeMap<usize, [Vec<(usize, usize)>; 2]> = BTreeMap::new();
        for at in 0..words.tokens.len() {
            for trie in tries {
                trie.walk(words, at, |length, entries| {
                    for entry in entries {
                        match *entry {
                            Entry::Whole(n) => {
                                let found = (length, &self.terms[n]);
                                match here.iter_mut().find(|(_, term)| term.topic == found.1.topic) {
                                    Some(best) if wins(found, *best) => *best = found,
                                    Some(_) => {}
                                    None => here.push(found),
                                }
                            }
                            Entry::Half(n, side) => {
                                let places = &mut halves.entry(n).or_default()[side as usize];
                                if places.len() < HALVES {
                                    places.push((at, length));
                                }
                            }
                        }
                    }
                });
            }
            for (length, term) in here.drain(..) {
                if at >= consumed[term.topic] {
                    consumed[term.topic] = at + length;
                    taken.push((at, at + length, term));
                    self.count(words, at, length, term, tallies);
                }
            }
        }
        for (n, [left, right]) in halves.into_iter().filter(|(_, [left, right])| !left.is_empty() && !right.is_empty()) {
            let term = &self.terms[n];
            // A word that a heavier term has consumed, or a phrase that does not count, is no half of a pair.
            let is_free = |&(at, length): &(usize, usize)| {
                !taken.iter().any(|(from, to, by)| {
                    by.topic == term.topic && *from < at + length && at < *to && (by.weight == 0.0 || by.weight >= term.weight)
                })
            };
            let (left, right): (Vec<_>, Vec<_>) = (left.into_iter().filter(is_free).collect(), right.into_iter().filter(is_free).collect());
            let is_near = |first: (usize, usize), second: (usize, usize)| {
                let end = first.0 + first.1;
                second.0 >= end && second.0 - end <= term.distance && words.tokens[first.0].sentence == words.tokens[second.0].sentence
            };
            let mut pairs = left.iter().flat_map(|left| right.iter().map(move |right| (*left.min(right), *left.max(right))));
            if let Some((first, second)) = pairs.find(|(first, second)| is_near(*first, *second)) {
                self.count(words, first.0, second.0 + second.1 - first.0, term, tallies);
            }
        }
    }

    fn count(&self, words: &Words<'_>, at: usize, length: usize, term: &Term, tallies: &mut [Tally]) {
        if term.weight == 0.0 {
            return;
        }
        let in_title = words.field == Field::Title;
        let (weight, cap) = if in_title { (term.weight * self.defaults.title_factor, 1) } else { (term.weight, self.defaults.text_cap) };
        let tally = &mut tallies[term.topic];
        if tally.told(in_title, term.name) <= cap {
            tally.add(quoted(words, at, length, &term.text, weight), term.strong && in_title);
        }
    }
}

/// Whether one term is preferred to another that begins at the same word: the longer one, then
/// the phrase that does not count, then the heavier one.
fn wins((length, term): (usize, &Term), (longest, best): (usize, &Term)) -> bool {
    length > longest || length == longest && best.weight > 0.0 && (term.weight == 0.0 || term.weight > best.weight)
}

/// The folded words of a term, unless it has none.
fn words_of(term: &str) -> Option<Vec<String>> {
    Some(phrase(term)).filter(|words| !words.is_empty())
}

/// What speaks for one topic.
#[derive(Default)]
struct Tally {
    score: f32,
    strong_in_title: bool,
    evidence: Vec<Evidence>,
    /// How often a term was found in the title or elsewhere, by its name.
    times: Vec<(bool, usize, u32)>,
}

impl Tally {
    /// Counts a term, and tells how often it has been found by now.
    fn told(&mut self, in_title: bool, name: usize) -> u32 {
        match self.times.iter_mut().find(|known| (known.0, known.1) == (in_title, name)) {
            Some(known) => {
                known.2 += 1;
                known.2
            }
            None => {
                self.times.push((in_title, name, 1));
                1
            }
        }
    }

    fn add(&mut self, evidence: Evidence, strong_in_title: bool) {
        self.score += evidence.weight;
        self.strong_in_title |= strong_in_title;
        self.evidence.push(evidence);
    }
}
