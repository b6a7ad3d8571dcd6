//! What stories are indexed under.
//!
//! Each edition of a story stands in the index of each of the story's labels, at its own
//! position; that it has no topic, or no country, is an index too. Which edition is shown is one as well: of all
//! first editions, and of the editions of each language. A filter is then nothing but indexes that have to meet,
//! and others that must not be met.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{seconds::Seconds, words::Found};
use crate::model::{About, Choice, CountryCode, Filed, Filter, Lang, Month, RegionSlug, Second, SourceId, Story, TopicSlug, choice::Label};

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
    /// Stories that are filed under no topic.
    NoTopic,
    /// Stories that are about no country.
    NoCountry,
    /// Editions that are shown in the words of a source.
    Preferred(SourceId),
    /// Editions that a source told, and that are in no feed.
    Gone(SourceId),
    /// Editions of stories that wait for their original.
    Waiting,
    /// Editions that were filed in the archive because their source brought too much.
    Flooded,
    /// Editions that were first kept in a month.
    Kept(Month),
}

/// Where a story stands in which index.
pub(super) fn terms(story: &Story) -> Vec<(Term, Second)> {
    if story.is_gone() {
        return gone(story);
    }
    let mut terms = vec![(Term::First, story.first_edition().position)];
    for edition in &story.editions {
        let at = edition.position;
        let lang = if edition.lang.is_known() { Term::Lang(edition.lang) } else { Term::AnyLang };
        terms.extend([(lang, at), (Term::Kept(Month::of(story.kept(edition))), at)]);
        terms.extend(story.topics.iter().map(|slug| (Term::Topic(slug.clone()), at)));
        terms.extend(story.countries.iter().map(|code| (Term::Country(*code), at)));
        terms.extend(story.regions.iter().map(|slug| (Term::Region(slug.clone()), at)));
        terms.extend(story.copies.iter().map(|copy| (Term::Source(copy.item.source.clone()), at)));
        terms.extend(edition.is_flooded().then_some((Term::Flooded, at)));
        terms.extend(story.topics.is_empty().then_some((Term::NoTopic, at)));
        terms.extend(story.countries.is_empty().then_some((Term::NoCountry, at)));
        terms.extend(story.copies.get(edition.preferred).map(|copy| (Term::Preferred(copy.item.source.clone()), at)));
    }
    terms.sort();
    terms.dedup();
    terms
}

/// Where a story stands that is in no feed: its sources know it again. Of one that is told in another, or whose words are gone,
/// nothing is left to compare.
fn gone(story: &Story) -> Vec<(Term, Second)> {
    if story.joined().is_some() || story.is_at_rest() {
        return Vec::new();
    }
    let sources = |at: Second| story.copies.iter().map(move |copy| (Term::Gone(copy.item.source.clone()), at));
    let mut terms: Vec<(Term, Second)> = story.editions.iter().flat_map(|edition| sources(edition.position)).collect();
    terms.extend(story.editions.iter().filter(|_| story.waits().is_some()).map(|edition| (Term::Waiting, edition.position)));
    terms.sort();
    terms.dedup();
    terms
}

/// Indexes that have to meet.
#[derive(Debug, Clone, Default)]
pub(super) struct Meeting {
    /// Each of these groups; within one group any index will do.
    pub(super) all: Vec<Vec<Term>>,
    /// None of these.
    pub(super) none: Vec<Term>,
    /// Where stories say the words that are asked for, when any are.
    pub(super) found: Option<Arc<Seconds>>,
    /// Where stories say words that are left out, when any are.
    pub(super) left_out: Option<Arc<Seconds>>,
}

/// The meetings of which any will do.
pub(super) fn asked(filter: &Filter) -> Vec<Meeting> {
    let everything = About::default();
    let any: Vec<&About> = if filter.any.is_empty() { vec![&everything] } else { filter.any.iter().collect() };
    any.into_iter().map(|about| meeting(about, shown(filter))).collect()
}

/// Editions that may be the one to show: of each story at least that one, and of no story more than a few.
fn shown(filter: &Filter) -> Vec<Term> {
    let in_lang = |lang: &Lang| if lang.is_known() { Term::Lang(*lang) } else { Term::AnyLang };
    let mut shown: Vec<Term> = if filter.langs.is_empty() {
        [Term::First].into_iter().chain(filter.prefer.iter().map(in_lang)).collect()
    } else {
        filter.langs.iter().map(in_lang).chain([Term::AnyLang]).collect()
    };
    shown.sort();
    shown.dedup();
    shown
}

fn meeting(about: &About, shown: Vec<Term>) -> Meeting {
    let mut meeting = Meeting { all: vec![shown], ..Meeting::default() };
    meeting.wish(&about.topics, |topic| filed(topic, Term::Topic, Term::NoTopic));
    meeting.wish(&about.countries, |country| filed(country, Term::Country, Term::NoCountry));
    meeting.wish(&about.regions, |slug| Term::Region(slug.clone()));
    meeting.wish(&about.sources, |id| Term::Source(id.clone()));
    meeting.all.extend(about.flooded.then(|| vec![Term::Flooded]));
    meeting
}

fn filed<L: Clone>(label: &Filed<L>, under: impl Fn(L) -> Term, nowhere: Term) -> Term {
    match label {
        Filed::Under(label) => under(label.clone()),
        Filed::Nowhere => nowhere,
    }
}

impl Meeting {
    /// The same, among the stories that say what is asked for.
    pub(super) fn among(self, found: &Found) -> Self {
        Self { found: found.with.clone(), left_out: found.without.clone(), ..self }
    }

    /// The same, where another index has to be met as well.
    pub(super) fn and(&self, term: Term) -> Self {
        let mut meeting = self.clone();
        meeting.all.push(vec![term]);
        meeting
    }

    fn wish<L: Label>(&mut self, choice: &Choice<L>, term: impl Fn(&L) -> Term) {
        self.all.extend(choice.all().map(|any| any.iter().map(&term).collect()));
        self.none.extend(choice.not().map(term));
    }
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
    /// Under no topic.
    pub no_topic: u64,
    /// About no country.
    pub no_country: u64,
    /// Shown in the words of each source.
    pub preferred: BTreeMap<SourceId, u64>,
    /// Waiting for their original.
    pub waiting: u64,
    /// Filed in the archive because their source brought too much.
    pub flooded: u64,
    /// Told by each source, and in no feed, be it not yet or not any more. They are in no other count.
    pub gone: BTreeMap<SourceId, u64>,
    /// First kept in each month, in one edition or more.
    pub kept: BTreeMap<Month, u64>,
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
            Term::NoTopic => &mut self.no_topic,
            Term::NoCountry => &mut self.no_country,
            Term::Waiting => &mut self.waiting,
            Term::Flooded => &mut self.flooded,
            Term::Gone(id) => self.gone.entry(id.clone()).or_default(),
            Term::Kept(month) => self.kept.entry(*month).or_default(),
            Term::Preferred(id) => self.preferred.entry(id.clone()).or_default(),
        }
    }
}
