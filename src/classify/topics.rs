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
    fn find<'a>(&'a self, tries: &[&'a Trie<Entry>], words: &Words<'_>) -> (Vec<Vec<Found<'a>>>, Places) {
        let mut found: Vec<Vec<Found<'_>>> = vec![Vec::new(); self.slugs.len()];
        let mut halves = Places::new();
        for at in 0..words.tokens.len() {
            for trie in tries {
                trie.walk(words, at, |length, entries| {
                    for entry in entries {
                        match *entry {
                            Entry::Whole(n) => {
                                let term = &self.terms[n];
                                let own = &mut found[term.topic];
                                match own.last_mut().filter(|best| best.at == at) {
                                    Some(best) if Found { at, length, term }.preference() > best.preference() => {
                                        *best = Found { at, length, term }
                                    }
                                    Some(_) => {}
                                    None => own.push(Found { at, length, term }),
                                }
                            }
                            Entry::Half(n) => {
                                let places = halves.entry(n).or_default();
                                if places.len() < HALVES {
                                    places.push((at, length));
                                }
                            }
                        }
                    }
                });
            }
        }
        (found, halves)
    }

    fn field<'a>(&'a self, tries: &[&'a Trie<Entry>], words: &'a Words<'_>, tallies: &mut [Tally<'a>]) {
        let (found, halves) = self.find(tries, words);
        let taken: Vec<Taken<'_>> = found.into_iter().map(|found| Taken::longest_first(found, words.tokens.len())).collect();
        let mut counted: Vec<&Found<'_>> = taken.iter().flat_map(|taken| &taken.by).collect();
        counted.sort_by_key(|one| one.at);
        for one in counted {
            self.count(words, one.at, one.length, one.term, tallies);
        }
        for (left, (right, n)) in halves.iter().flat_map(|(half, left)| self.pairs[*half].iter().map(move |pair| (left, pair))) {
            let term = &self.terms[*n];
            let near = halves.get(right).and_then(|right| pair(term, &taken[term.topic], words, left, right));
            if let Some((first, second)) = near {
                self.count(words, first.0, second.0 + second.1 - first.0, term, tallies);
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

/// Where each half of a pair was found, from which word on and how many, by its number.
type Places = BTreeMap<usize, Vec<(usize, usize)>>;

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

/// The words of a field that the terms of one topic have consumed.
struct Taken<'a> {
    by: Vec<Found<'a>>,
    /// For each word the place in `by` of what consumed it; empty when nothing did.
    words: Vec<Option<usize>>,
}

impl<'a> Taken<'a> {
    /// Lets the longest terms have their words first: `la trata` is no rival of `trata de personas`.
    fn longest_first(mut found: Vec<Found<'a>>, words: usize) -> Self {
        found.sort_by(|a, b| b.preference().partial_cmp(&a.preference()).unwrap_or(Ordering::Equal).then(a.at.cmp(&b.at)));
        let mut taken = Self { by: Vec::new(), words: if found.is_empty() { Vec::new() } else { vec![None; words] } };
        for one in found {
            let own = &mut taken.words[one.at..one.at + one.length];
            if own.iter().all(Option::is_none) {
                own.fill(Some(taken.by.len()));
                taken.by.push(one);
            }
        }
        taken
    }

    /// What consumed any word of a place.
    fn at(&self, (at, length): (usize, usize)) -> impl Iterator<Item = usize> {
        self.words.get(at..at + length).into_iter().flatten().flatten().copied()
    }
}

/// The first two halves of a term that stand near enough to one another.
///
/// A word that a heavier term has consumed, or a phrase that does not count, is no half; and two
/// halves within one phrase are that phrase, which was counted.
fn pair(
    term: &Term,
    taken: &Taken<'_>,
    words: &Words<'_>,
    left: &[(usize, usize)],
    right: &[(usize, usize)],
) -> Option<((usize, usize), (usize, usize))> {
    let is_lighter = |by: usize| taken.by[by].term.weight > 0.0 && taken.by[by].term.weight < term.weight;
    let is_free = |place: &&(usize, usize)| taken.at(**place).all(is_lighter);
    let is_one = |first, second| taken.at(first).any(|by| taken.at(second).any(|other| other == by));
    let is_near = |first: (usize, usize), second: (usize, usize)| {
        let end = first.0 + first.1;
        second.0 >= end && second.0 - end <= term.distance && words.tokens[first.0].sentence == words.tokens[second.0].sentence
    };
    let right: Vec<&(usize, usize)> = right.iter().filter(is_free).collect();
    let mut pairs = left.iter().filter(is_free).flat_map(|left| right.iter().map(move |right| (*left.min(right), *left.max(right))));
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
