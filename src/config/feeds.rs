//! `feeds.toml`: filters with a name.

use super::{
    Layer,
    reader::Reader,
    sources::country,
    topics::{absent, find, four_names},
};
use crate::model::{FeedSlug, Filter, FourNames, Source, Topic};

/// A filter with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedFeed {
    /// Its name in addresses.
    pub slug: FeedSlug,
    /// Its title.
    pub title: FourNames,
    /// What it holds.
    pub filter: Filter,
}

/// Takes what a file says: feeds are changed by slug, switched off, or added.
pub(super) fn read(
    reader: &mut Reader<'_>,
    feeds: &mut Vec<SavedFeed>,
    topics: &[Topic],
    sources: &[Source],
    layer: Layer,
    overridden: &mut Vec<String>,
) {
    if layer == (Layer::BuiltIn { dropped: true }) {
        overridden.push("the built-in feeds are dropped".to_owned());
    }
    let mut seen: Vec<FeedSlug> = Vec::new();
    let mut root = reader.root();
    root.ignore(&["builtin"]);
    root.tables("feed", |table| {
        let Some(slug) = table.parsed::<FeedSlug>("slug") else {
            if !table.has("slug") {
                table.wrong("has no `slug`");
            }
            return table.ignore(&["title", "topics", "countries", "regions", "sources", "lang", "enabled"]);
        };
        table.call(format!("feed `{slug}`"));
        if seen.contains(&slug) {
            table.wrong_at("slug", "the same slug stands further up");
        }
        seen.push(slug.clone());
        let known = feeds.iter().position(|feed| feed.slug == slug);
        let blank = || SavedFeed { slug: slug.clone(), title: FourNames::default(), filter: Filter::default() };
        let mut feed = known.map_or_else(blank, |at| feeds[at].clone());
        table.table("title", |table| four_names(table, &mut feed.title));
        if feed.title.en.is_empty() && !table.has("title") {
            table.wrong("has no `title`; give at least { en = \"…\" }");
        }
        for name in [&mut feed.title.es, &mut feed.title.fr, &mut feed.title.pt] {
            if name.is_empty() {
                name.clone_from(&feed.title.en);
            }
        }
        let source = |name: &str| {
            let found = sources.iter().find(|source| source.id.as_str() == name).map(|source| source.id.clone());
            found.ok_or_else(|| absent("source", name, sources.iter().map(|source| source.id.as_str())))
        };
        let told = table.told();
        // An operator who switches a topic off has not made a mistake in our file.
        let missing = std::cell::Cell::new(false);
        let topic = |name: &str| match find(topics, name) {
            Err(_) if layer != Layer::Own => {
                missing.set(true);
                Ok(None)
            }
            found => found.map(Some),
        };
        if let Some(topics) = table.list("topics", topic) {
            feed.filter.topics = topics.into_iter().flatten().collect();
        }
        if let Some(countries) = table.list("countries", country) {
            feed.filter.countries = countries.into_iter().collect();
        }
        if let Some(regions) = table.list("regions", |slug| slug.parse().map_err(|error| format!("{error}"))) {
            feed.filter.regions = regions.into_iter().collect();
        }
        if let Some(sources) = table.list("sources", source) {
            feed.filter.sources = sources.into_iter().collect();
        }
        feed.filter.lang = table.parsed("lang").or(feed.filter.lang);
        if feed.filter.is_empty() && table.told() == told && !missing.get() {
            table.wrong("holds everything; give it topics, countries, regions, sources or a lang");
        }
        let enabled = table.flag("enabled").unwrap_or(true);
        if missing.get() {
            overridden.push(format!("feed `{slug}` is left out: a topic of it is switched off"));
            return;
        }
        match known {
            Some(at) if !enabled => {
                feeds.remove(at);
                overridden.push(format!("feed `{slug}` is switched off"));
            }
            Some(at) => {
                if layer == Layer::Own && feeds[at] != feed {
                    overridden.push(format!("feed `{slug}` is changed: {}", table.keys("slug")));
                }
                feeds[at] = feed;
            }
            None if enabled && layer != (Layer::BuiltIn { dropped: true }) => {
                if layer == Layer::Own {
                    overridden.push(format!("feed `{slug}` is added"));
                }
                feeds.push(feed);
            }
            None => {}
        }
    });
    root.finish();
}
