//! `feeds.toml`: filters with a name.

use super::{reader::Reader, sources::country, topics::four_names};
use crate::{
    model::{FeedSlug, Filter, FourNames, Source, TopicSlug},
    text,
};

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
    topics: &[TopicSlug],
    sources: &[Source],
    dropped: bool,
    overridden: &mut Vec<String>,
) {
    let is_own = !feeds.is_empty();
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
        let near = |what: &str, name: &str, known: Vec<&str>| match text::nearest(name, known, 1).first() {
            Some(near) => format!("there is no {what} `{name}`; did you mean `{near}`?"),
            None => format!("there is no {what} `{name}`"),
        };
        let topic = |name: &str| {
            let found = topics.iter().find(|topic| topic.as_str() == name).cloned();
            found.ok_or_else(|| near("topic", name, topics.iter().map(TopicSlug::as_str).collect()))
        };
        let source = |name: &str| {
            let found = sources.iter().find(|source| source.id.as_str() == name).map(|source| source.id.clone());
            found.ok_or_else(|| near("source", name, sources.iter().map(|source| source.id.as_str()).collect()))
        };
        if let Some(topics) = table.list("topics", topic) {
            feed.filter.topics = topics.into_iter().collect();
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
        let says_what = ["topics", "countries", "regions", "sources", "lang"].iter().any(|key| table.has(key));
        if feed.filter.is_empty() && !says_what {
            table.wrong("holds everything; give it topics, countries, regions, sources or a lang");
        }
        let enabled = table.flag("enabled").unwrap_or(true);
        match known {
            Some(at) if !enabled => {
                feeds.remove(at);
                overridden.push(format!("feed `{slug}` is switched off"));
            }
            Some(at) => {
                if is_own && feeds[at] != feed {
                    overridden.push(format!("feed `{slug}` is changed"));
                }
                feeds[at] = feed;
            }
            None if enabled && !dropped => {
                if is_own {
                    overridden.push(format!("feed `{slug}` is added"));
                }
                feeds.push(feed);
            }
            None => {}
        }
    });
    root.finish();
}
