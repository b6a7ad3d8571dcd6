//! How well items are filed, against labels that people set.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{Classifier, Subject};
use crate::model::Lang;

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

/// One axis of filing: topics, countries or regions.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Axis {
    /// All labels together.
    pub micro: Tally,
    /// Each label.
    pub labels: BTreeMap<String, Tally>,
    /// Each mistake: item, label, whether it was given.
    pub mistakes: Vec<(String, String, bool)>,
}

impl Axis {
    /// The mean F1 of the labels that are wanted at least once.
    pub fn macro_f1(&self) -> f64 {
        let wanted: Vec<f64> = self.labels.values().filter(|tally| tally.hits + tally.misses > 0).map(Tally::f1).collect();
        if wanted.is_empty() { 1.0 } else { wanted.iter().sum::<f64>() / wanted.len() as f64 }
    }

    fn take(&mut self, id: &str, given: impl IntoIterator<Item = String>, wanted: &[String], neutral: &[String]) {
        let given: BTreeSet<String> = given.into_iter().collect();
        let mut count = |label: &str, tell: fn(&mut Tally)| {
            tell(&mut self.micro);
            tell(self.labels.entry(label.to_owned()).or_default());
        };
        for label in &given {
            if wanted.contains(label) {
                count(label, |tally| tally.hits += 1);
            } else if !neutral.contains(label) {
                count(label, |tally| tally.false_hits += 1);
                self.mistakes.push((id.to_owned(), label.clone(), true));
            }
        }
        for label in wanted.iter().filter(|label| !given.contains(*label)) {
            count(label, |tally| tally.misses += 1);
            self.mistakes.push((id.to_owned(), label.clone(), false));
        }
    }
}

/// How a set was filed.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Score {
    /// Topics.
    pub topics: Axis,
    /// Countries.
    pub countries: Axis,
    /// Regions.
    pub regions: Axis,
    /// Languages told rightly, of all.
    pub languages: (u32, u32),
}

/// Files every item of a set and scores the result.
pub fn score(classifier: &Classifier, items: &[Labelled]) -> Score {
    let mut score = Score::default();
    for item in items {
        let labels =
            classifier.classify(&Subject { title: &item.title, summary: &item.summary, url: item.url.as_deref(), ..Subject::default() });
        score.topics.take(&item.id, labels.topics.iter().map(|label| label.slug.to_string()), &item.topics, &item.topics_ok);
        score.countries.take(&item.id, labels.countries.iter().map(|label| label.code.to_string()), &item.countries, &item.countries_ok);
        score.regions.take(&item.id, labels.regions.iter().map(|label| label.slug.to_string()), &item.regions, &item.regions_ok);
        score.languages.0 += u32::from(labels.lang.value == item.lang);
        score.languages.1 += 1;
    }
    score
}
