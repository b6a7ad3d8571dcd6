//! Which topics an item is filed under.
//!
//! Weighted terms, added up by where they stand; within one topic the longest term wins, wherever it begins, and
//! consumes its words, and a `not` phrase consumes them for nothing. No stemming: the evidence
//! shows the term as the editor wrote it.

use std::{
    cmp::Ordering,
    collections::{BTreeMap, HashMap, HashSet},
};

use super::{
    Subject,
    evidence::{plain, quoted},
    tokens::{Words, phrase},
    trie::{Lexicon, Trie},
};
use crate::{
    model::{Defaults, Evidence, Field, Lang, Rejected, TopicDefaults, TopicLabel, TopicRules, TopicSlug},
    text,
};

/// A topic at least this near to its threshold is told to editors as a near miss.
const NEAR: f32 = 0.6;
/// Near misses that are kept with an item.
const NEARLY: usize = 2;
/// Evidence kept of one topic. All of it counts; what follows is told to nobody, since labels are kept for ever.
const TOLD: usize = 50;
/// Places of one half of a `a ~4 b` term that are looked at.
const HALVES: usize = 50;

/// The rules, compiled.
#[derive(Debug)]
pub(super) struct Topics {
    defaults: TopicDefaults,
    slugs: Vec<(TopicSlug, f32)>,
    tries: BTreeMap<Lang, Trie<Entry>>,
    terms: Vec<Term>,
    /// For each half the terms that begin with it: the number of their other half, and the term.
    pairs: Vec<Vec<(usize, usize)>>,
    categories: HashMap<String, Vec<usize>>,
}

/// What a phrase stands for.
#[derive(Debug, Clone, Copy)]
enum Entry {
    /// A term, by its index.
    Whole(usize),
    /// One half of terms of two, by its number in `pairs`: terms that share a half look for it once.
    Half(usize),
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
    pub(super) fn new(rules: &TopicRules, lexicon: &mut Lexicon) -> Result<Self, BadTerm> {
        let mut topics = Self {
            defaults: rules.defaults.clone(),
            slugs: Vec::new(),
            tries: BTreeMap::new(),
            terms: Vec::new(),
            pairs: Vec::new(),
            categories: HashMap::new(),
        };
        let mut names = HashMap::new();
        let mut halves = HashMap::new();
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
                        topics.add(lexicon, *lang, term, &mut halves).map_err(bad)?;
                    }
                }
            }
        }
        Ok(topics)
    }

    fn add(
        &mut self,
        lexicon: &mut Lexicon,
        lang: Lang,
        mut term: Term,
        halves: &mut HashMap<(Lang, Vec<String>), usize>,
    ) -> Result<(), &'static str> {
        const NUMBER: &str = "needs a number after ~, such as `a ~4 b`";
        let n = self.terms.len();
        let trie = self.tries.entry(lang).or_default();
        if let Some((left, rest)) = term.text.split_once('~') {
            let (distance, right) = rest.split_once(' ').ok_or(NUMBER)?;
            let mut half = |text| -> Result<usize, &'static str> {
                let words = words_of(text).ok_or("has words on one side of ~ only")?;
                let number = *halves.entry((lang, words.clone())).or_insert_with(|| {
                    trie.add(lexicon, &words, Entry::Half(self.pairs.len()));
                    self.pairs.push(Vec::new());
                    self.pairs.len() - 1
                });
                Ok(number)
            };
            let (left, right) = (half(left)?, half(right)?);
            self.pairs[left].push((right, n));
            term.distance = distance.parse().map_err(|_| NUMBER)?;
        } else {
            trie.add(lexicon, &words_of(&term.text).ok_or("has no words")?, Entry::Whole(n));
        }
        self.terms.push(term);
        Ok(())
    }

    /// The topics of an item, those that it nearly had when it has none, and all that were weighed and not given.
    pub(super) fn tell(
        &self,
        subject: &Subject<'_>,
        fields: &[Words<'_>],
        lang: Lang,
    ) -> (Vec<TopicLabel>, Vec<TopicLabel>, Vec<Rejected>) {
        let mut tallies: Vec<Tally> = self.slugs.iter().map(|_| Tally::default()).collect();
        let own: Vec<&Trie<Entry>> = match self.tries.get(&lang) {
            Some(trie) => vec![trie],
            None => self.tries.values().collect(),
        };
        for words in fields {
            self.field(&own, words, &mut tallies);
        }
        // A publisher that repeats a category does not mean it twice.
        let mut seen = HashSet::new();
        for category in subject.categories.iter().filter(|category| seen.insert(&*category.term)) {
            let names = std::iter::once(&category.term).chain(&category.label);
            for topic in names.filter_map(|name| self.categories.get(&phrase(name).join(" "))).flatten() {
                tallies[*topic].add(Spoke::Category(&category.term), self.defaults.weights[0], false);
            }
        }
        let best = tallies.iter().map(|tally| tally.score).fold(0.0, f32::max);
        let (mut given, mut near, mut rejected) = (Vec::new(), Vec::new(), Vec::new());
        for ((slug, threshold), tally) in self.slugs.iter().zip(tallies) {
            let rule = if tally.score < *threshold {
                Some("below the threshold")
            } else if tally.score < self.defaults.floor * best && !tally.strong_in_title {
                Some("little beside the others")
            } else {
                None
            };
            match rule {
                None => given.push(tally.label(slug)),
                Some(rule) if tally.score >= NEAR * threshold => {
                    let label = tally.label(slug);
                    rejected.push(Rejected {
                        label: format!("topic:{slug}"),
                        score: label.score,
                        rule: rule.to_owned(),
                        role: None,
                        evidence: label.evidence.clone(),
                    });
                    near.push(label);
                }
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
        let best_first = |a: &TopicLabel, b: &TopicLabel| b.score.total_cmp(&a.score).then(a.slug.cmp(&b.slug));
        given.sort_by(best_first);
        given.truncate(self.defaults.max_topics);
        near.sort_by(best_first);
        near.truncate(if given.is_empty() { NEARLY } else { 0 });
        (given, near, rejected)
    }

    /// The best term of each topic that begins at a word, and the places of the halves of pairs.
    fn find<'a>(&'a self, tries: &[&'a Trie<Entry>], words: &Words<'_>) -> (Vec<Found<'a>>, Vec<Half>) {
        let (mut found, mut halves) = (Vec::<Found<'_>>::with_capacity(words.tokens.len()), Vec::new());
        // Of each topic where in `found` its last one is.
        let mut last = vec![usize::MAX; self.slugs.len()];
        for at in 0..words.tokens.len() {
            for trie in tries {
                trie.walk(words, at, |length, entries| {
                    for entry in entries {
                        match *entry {
                            Entry::Whole(n) => {
                                let new = Found { at, length, term: &self.terms[n] };
                                let last = &mut last[new.term.topic];
                                match found.get_mut(*last).filter(|best| best.at == at) {
                                    Some(best) if new.preference() > best.preference() => *best = new,
                                    Some(_) => {}
                                    None => {
                                        *last = found.len();
                                        found.push(new);
                                    }
                                }
                            }
                            Entry::Half(half) => halves.push(Half { half, at, length }),
                        }
                    }
                });
            }
        }
        (found, halves)
    }

    fn field<'a>(&'a self, tries: &[&'a Trie<Entry>], words: &'a Words<'_>, tallies: &mut [Tally<'a>]) {
        let (mut found, mut halves) = self.find(tries, words);
        let_the_longest_stand(&mut found, words.tokens.len());
        for one in &found {
            self.count(words, one.at, one.length, one.term, tallies);
        }
        halves.sort_by_key(|half| half.half);
        for left in halves.chunk_by(|a, b| a.half == b.half) {
            for (right, n) in self.pairs.get(left[0].half).into_iter().flatten() {
                let term = &self.terms[*n];
                let right = part(&halves, |half| half.half, *right);
                if let Some((first, second)) = pair(term, part(&found, |one| one.term.topic, term.topic), words, left, right) {
                    self.count(words, first.at, second.at + second.length - first.at, term, tallies);
                }
            }
        }
    }

    fn count<'a>(&self, words: &'a Words<'_>, at: usize, length: usize, term: &'a Term, tallies: &mut [Tally<'a>]) {
        if term.weight == 0.0 {
            return;
        }
        let in_title = words.field == Field::Title;
        let (weight, cap) = if in_title { (term.weight * self.defaults.title_factor, 1) } else { (term.weight, self.defaults.text_cap) };
        let tally = &mut tallies[term.topic];
        if tally.told(in_title, term.name) <= cap {
            tally.add(Spoke::Words { words, at, length, rule: &term.text }, weight, term.strong && in_title);
        }
    }
}

/// Where one half of a pair was found: from which word on and how many, and its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Half {
    at: usize,
    length: usize,
    half: usize,
}

/// What is of one number among those that stand in the order of their numbers.
fn part<T>(all: &[T], number: impl Fn(&T) -> usize, of: usize) -> &[T] {
    let from = all.partition_point(|one| number(one) < of);
    let length = all[from..].partition_point(|one| number(one) == of);
    &all[from..from + length]
}

/// A term that was found in a field.
#[derive(Debug, Clone, Copy)]
struct Found<'a> {
    at: usize,
    length: usize,
    term: &'a Term,
}

impl Found<'_> {
    /// The longer one is preferred, then the phrase that does not count, then the heavier one.
    fn preference(&self) -> (usize, f32) {
        (self.length, if self.term.weight == 0.0 { f32::INFINITY } else { self.term.weight })
    }
}

/// Within each topic, lets the longest terms have their words first, for `la trata` is no rival of `trata de personas`; those that
/// stand are in order, topic by topic.
fn let_the_longest_stand(found: &mut Vec<Found<'_>>, words: usize) {
    let best_first = |a: &Found<'_>, b: &Found<'_>| b.preference().partial_cmp(&a.preference()).unwrap_or(Ordering::Equal);
    found.sort_unstable_by(|a, b| a.term.topic.cmp(&b.term.topic).then_with(|| best_first(a, b)).then(a.at.cmp(&b.at)));
    // Which topic a word was consumed by last: one is done with before the next begins.
    let mut taken = vec![usize::MAX; words];
    found.retain(|one| {
        let own = &mut taken[one.at..one.at + one.length];
        let is_free = own.iter().all(|by| *by != one.term.topic);
        if is_free {
            own.fill(one.term.topic);
        }
        is_free
    });
    found.sort_unstable_by_key(|one| (one.term.topic, one.at));
}

/// What consumed any word of a place: of terms in order, none of which overlap.
fn consumers<'t, 'a>(taken: &'t [Found<'a>], place: Half) -> impl Iterator<Item = &'t Found<'a>> + use<'t, 'a> {
    let first = taken.partition_point(|one| one.at + one.length <= place.at);
    taken[first..].iter().take_while(move |one| one.at < place.at + place.length)
}

/// The first two halves of a term that stand near enough to one another.
///
/// A word that a heavier term has consumed, or a phrase that does not count, is no half; and two
/// halves within one phrase are that phrase, which was counted.
fn pair(term: &Term, taken: &[Found<'_>], words: &Words<'_>, left: &[Half], right: &[Half]) -> Option<(Half, Half)> {
    let is_free = |place: &&Half| consumers(taken, **place).all(|by| by.term.weight > 0.0 && by.term.weight < term.weight);
    let is_one = |first, second| consumers(taken, first).any(|by| consumers(taken, second).any(|other| other.at == by.at));
    let is_near = |first: Half, second: Half| {
        let end = first.at + first.length;
        second.at >= end && second.at - end <= term.distance && words.tokens[first.at].sentence == words.tokens[second.at].sentence
    };
    let right: Vec<&Half> = right.iter().take(HALVES).filter(is_free).collect();
    let left = left.iter().take(HALVES).filter(is_free);
    let mut pairs = left.flat_map(|left| right.iter().map(move |right| (*left.min(right), *left.max(right))));
    pairs.find(|(first, second)| is_near(*first, *second) && !is_one(*first, *second))
}

/// The folded words of a term, unless it has none.
fn words_of(term: &str) -> Option<Vec<String>> {
    Some(phrase(term)).filter(|words| !words.is_empty())
}

/// What speaks for one topic.
#[derive(Default)]
struct Tally<'a> {
    score: f32,
    strong_in_title: bool,
    spoke: Vec<(Spoke<'a>, f32)>,
    /// How often a term was found in the title or elsewhere, by its name.
    times: Vec<(bool, usize, u32)>,
}

/// One thing that speaks for a topic; quoted only when the topic is told.
enum Spoke<'a> {
    Words { words: &'a Words<'a>, at: usize, length: usize, rule: &'a str },
    Category(&'a str),
}

impl Spoke<'_> {
    fn quote(&self, weight: f32) -> Evidence {
        match *self {
            Self::Words { words, at, length, rule } => quoted(words, at, length, rule, weight),
            Self::Category(term) => plain(Field::Category, term, "category", weight),
        }
    }
}

impl<'a> Tally<'a> {
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

    fn add(&mut self, spoke: Spoke<'a>, weight: f32, strong_in_title: bool) {
        self.score += weight;
        self.strong_in_title |= strong_in_title;
        if self.spoke.len() < TOLD {
            self.spoke.push((spoke, weight));
        }
    }

    fn label(&self, slug: &TopicSlug) -> TopicLabel {
        let evidence = self.spoke.iter().map(|(spoke, weight)| spoke.quote(*weight)).collect();
        TopicLabel { slug: slug.clone(), score: self.score, evidence }
    }
}
