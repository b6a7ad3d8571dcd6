//! What stories are indexed under.
//!
//! Each edition of a story stands in the index of each of the story's labels, at its own
//! position. Which edition is shown is an index as well: of all first editions, and of the
//! editions of each language. A filter is then nothing but indexes that have to meet.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::{CountryCode, Filter, Lang, RegionSlug, Second, SourceId, Story, TopicSlug};

/// One index.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(super) enum Term {
    /// First editions: what a feed without a language shows.
    First,
    /// Editions in a language.
    Lang(Lang),
    /// Editions whose language is not known: they show in every language.
    AnyLang,
    Topic(TopicSlug),
    Country(CountryCode),
    Region(RegionSlug),
    Source(SourceId),
}

/// Where a story stands in which index.
pub(super) fn terms(story: &Story) -> Vec<(Term, Second)> {
    let mut terms = vec![(Term::First, story.first_edition().position)];
    for edition in &story.editions {
        let at = edition.position;
        let lang = if edition.lang.is_known() { Term::Lang(edition.lang) } else { Term::AnyLang };
        terms.push((lang, at));
        terms.extend(story.topics.iter().map(|slug| (Term::Topic(slug.clone()), at)));
        terms.extend(story.countries.iter().map(|code| (Term::Country(*code), at)));
        terms.extend(story.regions.iter().map(|slug| (Term::Region(slug.clone()), at)));
        terms.extend(story.copies.iter().map(|copy| (Term::Source(copy.item.source.clone()), at)));
    }
    terms.sort();
    terms.dedup();
    terms
}

/// The indexes that have to meet; within one group any will do.
pub(super) fn asked(filter: &Filter) -> Vec<Vec<Term>> {
    let shown = match filter.lang {
        None => vec![Term::First],
        Some(lang) if lang.is_known() => vec![Term::Lang(lang), Term::AnyLang],
        Some(_) => vec![Term::AnyLang],
    };
    let mut asked = vec![shown];
    asked.extend(filter.topics.iter().map(|slug| vec![Term::Topic(slug.clone())]));
    asked.extend(filter.countries.iter().map(|code| vec![Term::Country(*code)]));
    asked.extend(filter.regions.iter().map(|slug| vec![Term::Region(slug.clone())]));
    asked.extend(filter.sources.iter().map(|id| vec![Term::Source(id.clone())]));
    asked
}

/// How many stories there are.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Counts {
    /// In all.
    pub total: u64,
    /// Under each topic.
    pub topics: BTreeMap<TopicSlug, u64>,
    /// About each country.
    pub countries: BTreeMap<CountryCode, u64>,
    /// Naming each region.
    pub regions: BTreeMap<RegionSlug, u64>,
    /// Told by each source.
    pub sources: BTreeMap<SourceId, u64>,
    /// In each language.
    pub langs: BTreeMap<Lang, u64>,
}

impl Counts {
    /// Takes in the count of one term.
    pub(super) fn add(&mut self, term: &Term, count: u64) {
        *self.of(term) += count;
    }

    /// Counts one more.
    pub(super) fn more(&mut self, term: &Term) {
        *self.of(term) += 1;
    }

    fn of(&mut self, term: &Term) -> &mut u64 {
        match term {
            Term::First => &mut self.total,
            Term::Lang(lang) => self.langs.entry(*lang).or_default(),
            Term::AnyLang => self.langs.entry(Lang::UNKNOWN).or_default(),
            Term::Topic(slug) => self.topics.entry(slug.clone()).or_default(),
            Term::Country(code) => self.countries.entry(*code).or_default(),
            Term::Region(slug) => self.regions.entry(slug.clone()).or_default(),
            Term::Source(id) => self.sources.entry(id.clone()).or_default(),
        }
    }
}
