//! How well items are filed, against labels that people set.
//!
//! The language is judged by the words alone: an address that names one would answer for the detector.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Classifier, Subject};
use crate::model::{Evidence, Labels, Lang};

/// One labelled item. Labels in an `_ok` list count neither way.
#[derive(Debug, Clone, Deserialize)]
pub struct Labelled {
    /// Its name in the set.
    pub id: String,
    /// Its address, if any.
    #[serde(default)]
    pub url: Option<String>,
    /// The language it is written in.
    pub lang: Lang,
    /// Its title.
    pub title: String,
    /// Its summary.
    #[serde(default)]
    pub summary: String,
    /// Topics it has to be filed under.
    #[serde(default)]
    pub topics: Vec<String>,
    /// Topics it may be filed under.
    #[serde(default)]
    pub topics_ok: Vec<String>,
    /// The same for countries.
    #[serde(default)]
    pub countries: Vec<String>,
    /// The same for countries.
    #[serde(default)]
    pub countries_ok: Vec<String>,
    /// The same for regions.
    #[serde(default)]
    pub regions: Vec<String>,
    /// The same for regions.
    #[serde(default)]
    pub regions_ok: Vec<String>,
}

/// Hits, false hits and misses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Given and wanted.
    pub hits: u32,
    /// Given and not wanted.
    pub false_hits: u32,
    /// Wanted and not given.
    pub misses: u32,
}

impl Tally {
    /// Hits among what was given.
    pub fn precision(&self) -> f64 {
        ratio(self.hits, self.hits + self.false_hits)
    }

    /// Hits among what was wanted.
    pub fn recall(&self) -> f64 {
        ratio(self.hits, self.hits + self.misses)
    }

    /// The harmonic mean of both.
    pub fn f1(&self) -> f64 {
        ratio(2 * self.hits, 2 * self.hits + self.false_hits + self.misses)
    }
}

fn ratio(part: u32, whole: u32) -> f64 {
    if whole == 0 { 1.0 } else { f64::from(part) / f64::from(whole) }
}

/// One label that was given and not wanted, or wanted and not given.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Miss {
    /// The item's name in the set.
    pub item: String,
    /// Its title.
    pub title: String,
    /// The label.
    pub label: String,
    /// Whether it was given.
    pub given: bool,
    /// What had been reached.
    pub score: f32,
    /// Why a missed label was rejected; nothing when it never was a candidate.
    pub rule: Option<String>,
    /// What spoke for it.
    pub evidence: Vec<Evidence>,
}

/// One axis of filing: topics, countries or regions.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Axis {
    /// All labels together.
    pub micro: Tally,
    /// Each label.
    pub labels: BTreeMap<String, Tally>,
    /// All labels of the items in one language.
    pub langs: BTreeMap<Lang, Tally>,
    /// Each mistake.
    pub mistakes: Vec<Miss>,
}

impl Axis {
    /// Precision, recall and F1, each the mean over the labels that are wanted at least once.
    pub fn macros(&self) -> [f64; 3] {
        let wanted: Vec<&Tally> = self.labels.values().filter(|tally| tally.hits + tally.misses > 0).collect();
        [Tally::precision, Tally::recall, Tally::f1].map(|figure| match wanted.len() {
            0 => 1.0,
            count => wanted.iter().map(|tally| figure(tally)).sum::<f64>() / count as f64,
        })
    }

    /// The mean F1 of the labels that are wanted at least once.
    pub fn macro_f1(&self) -> f64 {
        self.macros()[2]
    }

    fn take(&mut self, item: &Labelled, given: &[Candidate<'_>], rejected: &[Candidate<'_>], wanted: &[String], neutral: &[String]) {
        let names: BTreeSet<&str> = given.iter().map(|candidate| &*candidate.label).collect();
        let wanted: BTreeSet<&str> = wanted.iter().map(String::as_str).collect();
        for label in names.union(&wanted) {
            let tell: fn(&mut Tally) = match (names.contains(label), wanted.contains(label)) {
                (true, true) => |tally| tally.hits += 1,
                (true, false) if neutral.iter().any(|neutral| neutral == label) => continue,
                (true, false) => |tally| tally.false_hits += 1,
                (false, _) => |tally| tally.misses += 1,
            };
            tell(&mut self.micro);
            tell(self.labels.entry((*label).to_owned()).or_default());
            tell(self.langs.entry(item.lang).or_default());
        }
        let is_wrong = |label: &&str| !wanted.contains(label) && !neutral.iter().any(|neutral| neutral == label);
        let false_hits = names.iter().filter(|label| is_wrong(label)).map(|label| (label, true));
        let misses = wanted.difference(&names).map(|label| (label, false));
        for (label, is_given) in false_hits.chain(misses) {
            let candidates = if is_given { given } else { rejected };
            let own: Vec<&Candidate<'_>> = candidates.iter().filter(|candidate| candidate.label == *label).collect();
            self.mistakes.push(Miss {
                item: item.id.clone(),
                title: item.title.clone(),
                label: (*label).to_owned(),
                given: is_given,
                score: own.iter().map(|candidate| candidate.score).fold(0.0, f32::max),
                rule: own.first().and_then(|candidate| candidate.rule).map(str::to_owned),
                evidence: own.iter().flat_map(|candidate| candidate.evidence).cloned().collect(),
            });
        }
    }
}

/// A label that was given, or weighed and not given.
struct Candidate<'a> {
    label: String,
    score: f32,
    rule: Option<&'a str>,
    evidence: &'a [Evidence],
}

/// What was rejected of one axis.
fn rejected<'a>(labels: &'a Labels, axis: &str) -> Vec<Candidate<'a>> {
    let own = |label: &str| label.strip_prefix(axis).and_then(|rest| rest.strip_prefix(':')).map(str::to_owned);
    let candidates = labels.rejected.iter().filter_map(|rejected| {
        let label = own(&rejected.label)?;
        Some(Candidate { label, score: rejected.score, rule: Some(&rejected.rule), evidence: &rejected.evidence })
    });
    candidates.collect()
}

/// Languages told rightly.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Languages {
    /// Told rightly, of how many.
    pub all: (u32, u32),
    /// The same by the language that it is.
    pub langs: BTreeMap<Lang, (u32, u32)>,
    /// Item, title, the language that it is, the one that was told.
    pub mistakes: Vec<(String, String, Lang, Lang)>,
}

impl Languages {
    /// The share told rightly.
    pub fn share(&self) -> f64 {
        ratio(self.all.0, self.all.1)
    }

    fn take(&mut self, item: &Labelled, told: Lang) {
        for (right, of) in [&mut self.all, self.langs.entry(item.lang).or_default()] {
            *right += u32::from(told == item.lang);
            *of += 1;
        }
        if told != item.lang {
            self.mistakes.push((item.id.clone(), item.title.clone(), item.lang, told));
        }
    }
}

/// How a set was filed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Score {
    /// Items scored.
    pub items: usize,
    /// Topics.
    pub topics: Axis,
    /// Countries.
    pub countries: Axis,
    /// Regions.
    pub regions: Axis,
    /// Languages told from title and summary.
    pub languages: Languages,
    /// Languages told from titles alone.
    pub titles: Languages,
}

/// Files every item of a set and scores the result.
pub fn score(classifier: &Classifier, items: &[Labelled]) -> Score {
    let mut score = Score { items: items.len(), ..Score::default() };
    for item in items {
        let words = Subject { title: &item.title, summary: &item.summary, ..Subject::default() };
        let labels = classifier.classify(&Subject { url: item.url.as_deref(), ..words });
        let candidate = |label: String, score, evidence| Candidate { label, score, rule: None, evidence };
        let topics: Vec<_> = labels.topics.iter().map(|label| candidate(label.slug.to_string(), label.score, &*label.evidence)).collect();
        let countries: Vec<_> =
            labels.countries.iter().map(|label| candidate(label.code.to_string(), label.score, &*label.evidence)).collect();
        let regions: Vec<_> = labels.regions.iter().map(|label| candidate(label.slug.to_string(), 0.0, &*label.evidence)).collect();
        score.topics.take(item, &topics, &rejected(&labels, "topic"), &item.topics, &item.topics_ok);
        score.countries.take(item, &countries, &rejected(&labels, "country"), &item.countries, &item.countries_ok);
        score.regions.take(item, &regions, &rejected(&labels, "region"), &item.regions, &item.regions_ok);
        score.languages.take(item, classifier.language(&words));
        score.titles.take(item, classifier.language(&Subject { title: &item.title, ..Subject::default() }));
    }
    score
}
