//! What a feed is asked to hold, in one canonical form.
//!
//! A story passes when every wish is fulfilled, and is shown once, in one edition. Two filters that ask
//! for the same thing are equal, print the same and have the same feed id.
//! Deliberately absent: how a filter is written in an address (`serve`), and how many entries are shown.

use std::{borrow::Borrow, collections::BTreeSet, fmt};

use super::{
    BadName, Choice, CountryCode, Edition, Filed, Lang, RegionSlug, Second, SourceId, Story, Told, TopicSlug, When, Window, Words,
    choice::Label,
};

impl Label for RegionSlug {}
impl Label for SourceId {}

/// What a story is about, and who told it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct About {
    /// Its topics.
    pub topics: Choice<Filed<TopicSlug>>,
    /// The countries it is about.
    pub countries: Choice<Filed<CountryCode>>,
    /// The regions it names.
    pub regions: Choice<RegionSlug>,
    /// The sources that told it, be it the preferred copy or another.
    pub sources: Choice<SourceId>,
    /// It was filed in the archive because its source brought too much. No address asks for this; it is work for editors.
    pub flooded: bool,
}

impl About {
    /// The wishes by key, each as it is written; keys in their order.
    pub fn written(&self) -> [(&'static str, Vec<String>); 4] {
        [
            ("topic", self.topics.written()),
            ("country", self.countries.written()),
            ("region", self.regions.written()),
            ("source", self.sources.written()),
        ]
    }

    fn is_possible(&self) -> bool {
        self.topics.is_possible() && self.countries.is_possible() && self.regions.is_possible() && self.sources.is_possible()
    }

    /// What both wish for.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self {
            topics: self.topics.and(&other.topics),
            countries: self.countries.and(&other.countries),
            regions: self.regions.and(&other.regions),
            sources: self.sources.and(&other.sources),
            flooded: self.flooded || other.flooded,
        }
    }

    fn admits(&self, story: &Story) -> bool {
        self.topics.admits(|topic| is_filed(topic, &story.topics))
            && self.countries.admits(|country| is_filed(country, &story.countries))
            && self.regions.admits(|region| story.regions.contains(region))
            && self.sources.admits(|source| story.copies.iter().any(|copy| copy.item.source == *source))
            && (!self.flooded || story.editions.iter().any(|edition| edition.is_flooded()))
    }
}

fn is_filed<L: PartialEq>(wished: &Filed<L>, labels: &[L]) -> bool {
    match wished {
        Filed::Nowhere => labels.is_empty(),
        Filed::Under(label) => labels.contains(label),
    }
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wishes = self.written().into_iter().flat_map(|(key, values)| values.into_iter().map(move |value| format!("{key}={value}")));
        f.write_str(&wishes.collect::<Vec<_>>().join("&"))
    }
}

/// Which stories a feed holds, and in which edition. The empty filter holds all.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Filter {
    /// The story is one of these. Anything, when there are none; several, when a saved feed is a union.
    pub any: BTreeSet<About>,
    /// It has an edition in one of these languages, or one whose language is not known, and is shown in that. Any language, when there are none.
    pub langs: BTreeSet<Lang>,
    /// Of several editions the one in the first of these languages is shown; without them, or in none of them, the one first kept.
    pub prefer: Vec<Lang>,
    /// What it says.
    pub words: Words,
    /// What is shown stands at this time or later.
    pub since: Option<When>,
    /// At this time or earlier.
    pub until: Option<When>,
    /// The most entries whose preferred copy is of one source; the newest are shown.
    pub per_source: Option<usize>,
}

/// Why a filter can not be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadFilter {
    /// No story could fulfil all wishes for this key.
    #[error("what is asked of `{0}` excludes itself, so that nothing could ever be in the feed; leave one of the wishes out")]
    Impossible(&'static str),
    /// The key was said twice, and not the same.
    #[error("`{0}` is given twice; once is enough")]
    Twice(&'static str),
    /// The end is before the beginning.
    #[error("`until` is before `since`")]
    EndsFirst,
}

impl From<About> for Filter {
    fn from(about: About) -> Self {
        Self { any: [about].into(), ..Self::default() }.settled()
    }
}

impl Filter {
    /// Whether the filter holds everything.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What both ask for.
    pub fn and(&self, other: &Self) -> Result<Self, BadFilter> {
        let pairs = || self.any.iter().flat_map(|one| other.any.iter().map(move |another| one.and(another)));
        let any =
            if self.any.is_empty() || other.any.is_empty() { self.any.union(&other.any).cloned().collect() } else { pairs().collect() };
        let both = Self {
            any,
            langs: once("lang", &self.langs, &other.langs)?,
            prefer: once("prefer", &self.prefer, &other.prefer)?,
            words: self.words.and(&other.words),
            since: once("since", &self.since, &other.since)?,
            until: once("until", &self.until, &other.until)?,
            per_source: once("per_source", &self.per_source, &other.per_source)?,
        };
        Ok(both.settled())
    }

    /// The one form of all filters that ask for this.
    #[must_use]
    pub fn settled(mut self) -> Self {
        if self.any.contains(&About::default()) {
            self.any.clear();
        }
        // What could never be adds nothing, unless nothing else is left.
        if self.any.iter().any(About::is_possible) {
            self.any.retain(About::is_possible);
        }
        // Editions in no known language are shown to whoever asks for any.
        if self.langs.iter().any(|lang| lang.is_known()) {
            self.langs.retain(|lang| lang.is_known());
        }
        let mut told = BTreeSet::new();
        self.prefer.retain(|lang| (self.langs.is_empty() || self.langs.contains(lang)) && told.insert(*lang));
        if self.langs.len() == 1 {
            self.prefer.clear();
        }
        self.since = self.since.map(When::settled_begin);
        self.until = self.until.map(When::settled_end);
        self
    }

    /// Whether a settled filter can be fulfilled.
    pub fn check(&self) -> Result<(), BadFilter> {
        if let Some(about) = self.any.iter().find(|about| !about.is_possible()) {
            let keys =
                [about.topics.is_possible(), about.countries.is_possible(), about.regions.is_possible(), about.sources.is_possible()];
            let key = ["topic", "country", "region", "source"].into_iter().zip(keys).find(|(_, is_possible)| !is_possible);
            return Err(BadFilter::Impossible(key.map_or("source", |(key, _)| key)));
        }
        if !self.words.is_possible() {
            return Err(BadFilter::Impossible("q"));
        }
        match (self.since, self.until) {
            // A bound that moves may pass one that does not.
            (Some(since), Some(until)) if since.is_relative() == until.is_relative() => {
                // Which day it is makes no difference, as long as it is one for both.
                let Window { from, below } = self.window(Second::EPOCH);
                if from < below { Ok(()) } else { Err(BadFilter::EndsFirst) }
            }
            _ => Ok(()),
        }
    }

    /// Whether a story belongs in the feed, its time left aside. One that is gone belongs in none.
    pub fn admits(&self, story: &Story) -> bool {
        self.admits_telling(story, || Told::of(story))
    }

    /// The same, for who has what the story says at hand. It is asked for when nothing else keeps the story out.
    pub fn admits_telling<T: Borrow<Told>>(&self, story: &Story, told: impl FnOnce() -> T) -> bool {
        !story.is_gone()
            && (self.any.is_empty() || self.any.iter().any(|about| about.admits(story)))
            && self.edition_of(story).is_some()
            && (self.words.is_empty() || self.words.admits(told().borrow()))
    }

    /// The edition of a story that is shown, by its place in [`Story::editions`]; nothing when it has none to show.
    pub fn edition_of(&self, story: &Story) -> Option<usize> {
        let first = |is_it: &dyn Fn(&Edition) -> bool| story.editions.iter().position(is_it);
        let is_wanted = |edition: &Edition| self.langs.is_empty() || self.langs.contains(&edition.lang);
        let preferred = self.prefer.iter().find_map(|lang| first(&|edition| edition.lang == *lang && is_wanted(edition)));
        preferred.or_else(|| first(&is_wanted)).or_else(|| first(&|edition| !edition.lang.is_known()))
    }

    /// When what is shown stands, seen from `now`.
    pub fn window(&self, now: Second) -> Window {
        Window { from: self.since.map(|since| since.begins(now)), below: self.until.map(|until| until.ends(now)) }
    }

    /// Whether what it holds depends on the day it is asked for.
    pub fn is_relative(&self) -> bool {
        [self.since, self.until].into_iter().flatten().any(When::is_relative)
    }
}

/// A thing that can be said once.
fn once<T: Clone + PartialEq + Default>(key: &'static str, one: &T, other: &T) -> Result<T, BadFilter> {
    let blank = T::default();
    match (*one == blank, *other == blank) {
        (true, _) => Ok(other.clone()),
        (_, true) => Ok(one.clone()),
        _ if one == other => Ok(one.clone()),
        _ => Err(BadFilter::Twice(key)),
    }
}

/// Reads languages with commas between, `es,en`, and keeps their order.
pub fn langs(text: &str) -> Result<Vec<Lang>, BadName> {
    text.split(',').map(str::parse).collect()
}

/// Languages with commas between.
fn listed<'a>(langs: impl IntoIterator<Item = &'a Lang>) -> String {
    langs.into_iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
}

impl Filter {
    /// The keys beside labels, each with its value as it is written.
    pub fn written(&self) -> Vec<(&'static str, String)> {
        let all = [
            ("lang", (!self.langs.is_empty()).then(|| listed(&self.langs))),
            ("prefer", (!self.prefer.is_empty()).then(|| listed(&self.prefer))),
            ("q", (!self.words.is_empty()).then(|| self.words.to_string())),
            ("since", self.since.map(|since| since.to_string())),
            ("until", self.until.map(|until| until.to_string())),
            ("per_source", self.per_source.map(|most| most.to_string())),
        ];
        all.into_iter().filter_map(|(key, value)| Some((key, value?))).collect()
    }
}

/// The canonical form: `topic=a&topic=b,c&country=gt,-us&lang=es`; empty for the filter that holds everything.
///
/// Feed ids are computed over this text, so it never changes for a filter that can be written today.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What no address asks for is no part of the id.
        let mut any: Vec<String> = self.any.iter().filter(|about| !about.flooded).map(ToString::to_string).collect();
        any.sort();
        let any = if any.len() > 1 { format!("({})", any.join(")|(")) } else { any.concat() };
        let rest = self.written().into_iter().map(|(key, value)| format!("{key}={value}"));
        let parts: Vec<String> = (!any.is_empty()).then_some(any).into_iter().chain(rest).collect();
        f.write_str(&parts.join("&"))
    }
}
