//! Which topics an item is filed under.
//!
//! Weighted terms, added up by where they stand; within one topic the longest term wins and
//! consumes its words, and a `not` phrase consumes them for nothing. No stemming: the evidence
//! shows the term as the editor wrote it.

use std::collections::{BTreeMap, HashMap};

use super::{
    Subject,
    countries::plain,
    tokens::{Words, phrase},
    trie::Trie,
};
use crate::model::{Defaults, Evidence, Field, Lang, Rejected, TopicDefaults, TopicLabel, TopicRules, TopicSlug};

/// A topic at least this near to its threshold is told to editors as a near miss.
const NEAR: f32 = 0.6;
/// Places of one half of a `a ~4 b` term that are looked at.
const HALVES: usize = 50;

/// The rules, compiled.
#[derive(Debug)]
pub(super) struct Topics {
    defaults: TopicDefaults,
    slugs: Vec<(TopicSlug, f32)>,
    terms: BTreeMap<Lang, Trie<Entry>>,
    /// Terms of two halves, in the order of their numbers.
    pairs: Vec<Pair>,
    categories: HashMap<String, Vec<usize>>,
}

#[derive(Debug, Clone)]
enum Entry {
    /// A term of a topic, with its weight: 0 for a phrase that does not count.
    Term { topic: usize, weight: f32, strong: bool, term: Box<str> },
    /// One half of a term of two.
    Half { pair: usize, second: bool },
}

#[derive(Debug)]
struct Pair {
    topic: usize,
    weight: f32,
    strong: bool,
    distance: usize,
    term: Box<str>,
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
            terms: BTreeMap::new(),
            pairs: Vec::new(),
            categories: HashMap::new(),
        };
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
                        topics.add(*lang, n, term, weight, strong).map_err(bad)?;
                    }
                }
            }
        }
        Ok(topics)
    }

    fn add(&mut self, lang: Lang, topic: usize, term: &str, weight: f32, strong: bool) -> Result<(), &'static str> {
        let trie = self.terms.entry(lang).or_default();
        let Some((first, rest)) = term.split_once('~') else {
            let words = phrase(term);
            if words.is_empty() || words.iter().any(|word| word.trim_end_matches('*').is_empty()) {
                return Err("has no words");
            }
            trie.add(&words, Entry::Term { topic, weight, strong, term: term.into() });
            return Ok(());
        };
        let (distance, second) = rest.split_once(' ').ok_or("needs a number after ~, such as `a ~4 b`")?;
        let distance = distance.parse().map_err(|_| "needs a number after ~, such as `a ~4 b`")?;
        for (half, second) in [(first, false), (second, true)] {
            let words = phrase(half);
            if words.is_empty() {
                return Err("has words on one side of ~ only");
            }
            trie.add(&words, Entry::Half { pair: self.pairs.len(), second });
        }
        self.pairs.push(Pair { topic, weight, strong, distance, term: term.into() });
        Ok(())
    }

    /// The topics of an item, and those that nearly were.
    pub(super) fn tell(&self, subject: &Subject<'_>, fields: &[Words<'_>], lang: Lang) -> (Vec<TopicLabel>, Vec<Rejected>) {
        let mut tallies: BTreeMap<usize, Tally> = BTreeMap::new();
        let own: Vec<&Trie<Entry>> = match self.terms.get(&lang) {
            Some(trie) => vec![trie],
            None => self.terms.values().collect(),
        };
        for words in fields {
            for trie in &own {
                self.field(trie, words, &mut tallies);
            }
        }
        for category in subject.categories {
            let names = std::iter::once(&category.term).chain(&category.label);
            for topic in names.filter_map(|name| self.categories.get(&phrase(name).join(" "))).flatten() {
                let tally = tallies.entry(*topic).or_default();
                tally.add(plain(Field::Category, &category.term, "category", self.defaults.weights[0]), false);
            }
        }
        let best = tallies.values().map(|tally| tally.score).fold(0.0, f32::max);
        let (mut given, mut rejected) = (Vec::new(), Vec::new());
        for (topic, tally) in tallies {
            let (slug, threshold) = &self.slugs[topic];
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

    fn field(&self, trie: &Trie<Entry>, words: &Words<'_>, tallies: &mut BTreeMap<usize, Tally>) {
        // Up to which word each topic has consumed the text.
        let mut consumed: HashMap<usize, usize> = HashMap::new();
        let mut halves: BTreeMap<usize, [Vec<(usize, usize)>; 2]> = BTreeMap::new();
        let mut here: BTreeMap<usize, (usize, f32, bool, Box<str>)> = BTreeMap::new();
        for at in 0..words.tokens.len() {
            here.clear();
            trie.walk(words.tokens[at..].iter().map(|token| &*token.word), |length, entries| {
                for entry in entries {
                    match entry {
                        Entry::Term { topic, weight, strong, term } => {
                            let longest = here.get(topic).map_or(0, |(longest, ..)| *longest);
                            // Of two terms of one length the heavier counts, but a `not` phrase always does.
                            let heavier = length == longest && *weight > here[topic].1 && here[topic].1 > 0.0;
                            if length > longest || heavier || (length == longest && *weight == 0.0) {
                                here.insert(*topic, (length, *weight, *strong, term.clone()));
                            }
                        }
                        Entry::Half { pair, second } => {
                            let places = &mut halves.entry(*pair).or_default()[usize::from(*second)];
                            if places.len() < HALVES {
                                places.push((at, length));
                            }
                        }
                    }
                }
            });
            for (topic, (length, weight, strong, term)) in &here {
                if consumed.get(topic).is_some_and(|until| at < *until) {
                    continue;
                }
                consumed.insert(*topic, at + length);
                if *weight > 0.0 {
                    self.count(words, at, *length, *weight, *strong, term, tallies.entry(*topic).or_default());
                }
            }
        }
        for (pair, [firsts, seconds]) in halves {
            let pair = &self.pairs[pair];
            let near = firsts.iter().flat_map(|first| seconds.iter().map(move |second| (first, second))).find(|(first, second)| {
                let (left, right) = if first.0 < second.0 { (first, second) } else { (second, first) };
                let apart = right.0.saturating_sub(left.0 + left.1);
                right.0 >= left.0 + left.1 && apart <= pair.distance && words.tokens[left.0].sentence == words.tokens[right.0].sentence
            });
            if let Some((first, second)) = near {
                let (from, to) = (first.0.min(second.0), (first.0 + first.1).max(second.0 + second.1));
                self.count(words, from, to - from, pair.weight, pair.strong, &pair.term, tallies.entry(pair.topic).or_default());
            }
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn count(&self, words: &Words<'_>, at: usize, length: usize, weight: f32, strong: bool, term: &str, tally: &mut Tally) {
        let in_title = words.field == Field::Title;
        let (weight, cap) = if in_title { (weight * self.defaults.title_factor, 1) } else { (weight, self.defaults.text_cap) };
        let times = tally.times.entry((in_title, term.to_owned())).or_default();
        *times += 1;
        if *times > cap {
            return;
        }
        let start = words.tokens.get(at).map_or(0, |token| token.start);
        let text = words.slice(at, at + length).to_owned();
        let at = u32::try_from(start).unwrap_or(0);
        tally.add(Evidence { field: words.field, text, at, rule: term.to_owned(), weight }, strong && in_title);
    }
}

/// What speaks for one topic.
#[derive(Default)]
struct Tally {
    score: f32,
    strong_in_title: bool,
    evidence: Vec<Evidence>,
    times: HashMap<(bool, String), u32>,
}

impl Tally {
    fn add(&mut self, evidence: Evidence, strong_in_title: bool) {
        self.score += evidence.weight;
        self.strong_in_title |= strong_in_title;
        self.evidence.push(evidence);
    }
}
