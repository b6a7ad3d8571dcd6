//! Labels by what people call them: slugs, former slugs, codes, and names in four languages.

use super::{Publishing, filter::Wrong};
use crate::{
    model::{CountryCode, FeedSlug, Filed, FourNames, RegionSlug, SourceId, TopicSlug, choice::NONE},
    text,
};

/// Finds labels, and remembers whether all were called by their right names.
pub(super) struct Finder<'a> {
    publishing: &'a Publishing,
    /// Whether something was called by another name than its own.
    pub(super) is_renamed: bool,
    /// How many were looked for.
    pub(super) looked: usize,
}

impl<'a> Finder<'a> {
    pub(super) fn new(publishing: &'a Publishing) -> Self {
        Self { publishing, is_renamed: false, looked: 0 }
    }

    pub(super) fn topic(&mut self, value: &str) -> Result<Filed<TopicSlug>, Wrong> {
        self.looked += 1;
        let name = value.to_ascii_lowercase();
        if name == NONE {
            return Ok(Filed::Nowhere);
        }
        let names = &self.publishing.names;
        let slug: Option<TopicSlug> = name.parse().ok();
        if let Some(now) = slug.as_ref().and_then(|slug| names.topic_aliases.get(slug)) {
            self.is_renamed = true;
            return Ok(Filed::Under(now.clone()));
        }
        if let Some(slug) = slug.as_ref().filter(|slug| names.retired_topics.contains(slug)) {
            return Err(Wrong::Retired(slug.clone()));
        }
        let found = slug.filter(|slug| names.topics.contains_key(slug)).map(Filed::Under);
        found.ok_or_else(|| unknown("topic", value, names.topics.iter().map(|(slug, names)| (slug.to_string(), called(names)))))
    }

    pub(super) fn country(&mut self, value: &str) -> Result<Filed<CountryCode>, Wrong> {
        self.looked += 1;
        if value.eq_ignore_ascii_case(NONE) {
            return Ok(Filed::Nowhere);
        }
        let code = value.parse::<CountryCode>().ok().or_else(|| {
            self.is_renamed = true;
            CountryCode::from_alpha3(value).or_else(|| self.publishing.classifier.country(&value.replace('-', " ")))
        });
        let all = &self.publishing.names.countries;
        let known = || all.iter().map(|(code, names)| (code.as_str().to_ascii_lowercase(), called(names)));
        code.map(Filed::Under).ok_or_else(|| unknown("country", value, known()))
    }

    pub(super) fn region(&mut self, value: &str) -> Result<RegionSlug, Wrong> {
        self.looked += 1;
        let regions = &self.publishing.names.regions;
        let found = value.to_ascii_lowercase().parse::<RegionSlug>().ok().filter(|slug| regions.contains_key(slug));
        found.ok_or_else(|| unknown("region", value, regions.iter().map(|(slug, names)| (slug.to_string(), called(names)))))
    }

    pub(super) fn source(&mut self, value: &str) -> Result<SourceId, Wrong> {
        self.looked += 1;
        let sources = &self.publishing.sources;
        let found = value.to_ascii_lowercase().parse::<SourceId>().ok().filter(|id| sources.contains_key(id));
        found.ok_or_else(|| unknown("source", value, sources.iter().map(|(id, card)| (id.to_string(), vec![&*card.title]))))
    }

    pub(super) fn saved(&self, value: &str) -> Result<FeedSlug, Wrong> {
        let feeds = &self.publishing.feeds;
        let found = value.to_ascii_lowercase().parse::<FeedSlug>().ok().filter(|slug| feeds.contains_key(slug));
        found.ok_or_else(|| unknown("saved", value, feeds.iter().map(|(slug, feed)| (slug.to_string(), called(&feed.title)))))
    }
}

fn called(names: &FourNames) -> Vec<&str> {
    vec![&names.en, &names.es, &names.fr, &names.pt]
}

/// A label that does not exist, with those whose slug or name is near.
fn unknown<'a>(key: &'static str, value: &str, known: impl Iterator<Item = (String, Vec<&'a str>)>) -> Wrong {
    let known: Vec<(String, Vec<&str>)> = known.collect();
    let words = known.iter().flat_map(|(slug, names)| std::iter::once(slug.as_str()).chain(names.iter().copied()));
    let near = text::nearest(value, words, 6);
    let mut nearest: Vec<String> = Vec::new();
    for word in near {
        let slug = known.iter().find(|(slug, names)| slug == word || names.contains(&word)).map(|(slug, _)| slug.clone());
        nearest.extend(slug.filter(|slug| !nearest.contains(slug)));
    }
    nearest.truncate(3);
    Wrong::Unknown { key, value: value.to_owned(), nearest }
}
