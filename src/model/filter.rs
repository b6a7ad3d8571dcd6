//! What a feed is asked to hold, in one canonical form.
//!
//! A filter is the conjunction of its labels: a story passes when it has every one of them.
//! Two filters that ask for the same thing are equal, print the same and have the same feed id.
//! Deliberately absent: how a filter is written in an address (`serve`), and how many entries are shown.

use std::{collections::BTreeSet, fmt};

use super::{CountryCode, Lang, RegionSlug, SourceId, Story, TopicSlug};

/// Which stories a feed holds. The empty filter holds all.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Filter {
    /// The story has each of these topics.
    pub topics: BTreeSet<TopicSlug>,
    /// It is about each of these countries.
    pub countries: BTreeSet<CountryCode>,
    /// It names each of these regions.
    pub regions: BTreeSet<RegionSlug>,
    /// Each of these sources told it.
    pub sources: BTreeSet<SourceId>,
    /// It has an edition in this language, or one whose language is not known.
    pub lang: Option<Lang>,
}

impl Filter {
    /// Whether the filter holds everything.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a story belongs in the feed.
    pub fn admits(&self, story: &Story) -> bool {
        self.topics.iter().all(|t| story.topics.contains(t))
            && self.countries.iter().all(|c| story.countries.contains(c))
            && self.regions.iter().all(|r| story.regions.contains(r))
            && self.sources.iter().all(|s| story.copies.iter().any(|copy| copy.item.source == *s))
            && self.lang.is_none_or(|lang| story.edition_in(lang).is_some())
    }
}

/// The canonical form: `topic=a&topic=b&country=gt&lang=es`; empty for the filter that holds everything.
///
/// Feed ids are computed over this text, so it never changes for a filter that can be written today.
impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let topics = self.topics.iter().map(|t| format!("topic={t}"));
        let countries = self.countries.iter().map(|c| format!("country={}", c.as_str().to_ascii_lowercase()));
        let regions = self.regions.iter().map(|r| format!("region={r}"));
        let sources = self.sources.iter().map(|s| format!("source={s}"));
        let lang = self.lang.iter().map(|l| format!("lang={l}"));
        let parts: Vec<String> = topics.chain(countries).chain(regions).chain(sources).chain(lang).collect();
        f.write_str(&parts.join("&"))
    }
}
