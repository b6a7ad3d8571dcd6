//! `feeds.toml`: filters with a name.

use std::cell::Cell;

use super::{
    Layer,
    reader::{Reader, Table},
    sources::{choice, country},
    topics::{absent, find, four_names},
};
use crate::model::{
    About, BadFilter, Choice, Clause, ContentPolicy, FeedSlug, Filed, Filter, FourNames, Source, Topic, TopicSlug,
    choice::{Label, NONE},
    filter::langs,
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
    /// How many entries, when it says so.
    pub limit: Option<usize>,
    /// The most that is shown of each.
    pub content: Option<ContentPolicy>,
    /// What a story of it has to be, as the file says it.
    about: About,
    /// One of these as well, when there are any.
    any: Vec<About>,
}

/// Keys of labels, in a feed and in each part of a union.
const LABELS: [&str; 4] = ["topics", "countries", "regions", "sources"];

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
            table.ignore(&LABELS);
            return table.ignore(&["title", "any", "lang", "prefer", "q", "since", "until", "limit", "per_source", "content", "enabled"]);
        };
        table.call(format!("feed `{slug}`"));
        if seen.contains(&slug) {
            table.wrong_at("slug", "the same slug stands further up");
        }
        seen.push(slug.clone());
        let known = feeds.iter().position(|feed| feed.slug == slug);
        let mut feed = known.map_or_else(|| blank(slug.clone()), |at| feeds[at].clone());
        table.table("title", |table| four_names(table, &mut feed.title));
        if feed.title.en.is_empty() && !table.has("title") {
            table.wrong("has no `title`; give at least { en = \"…\" }");
        }
        for name in [&mut feed.title.es, &mut feed.title.fr, &mut feed.title.pt] {
            if name.is_empty() {
                name.clone_from(&feed.title.en);
            }
        }
        let told = table.told();
        let labels = Labels { topics, sources, layer, missing: Cell::new(false) };
        labels.read(table, &mut feed.about);
        if table.has("any") {
            feed.any = labels.any(table);
        }
        rest(table, &mut feed);
        let is_missing = labels.missing.get();
        if table.told() == told && !is_missing {
            match whole(&feed) {
                Ok(filter) if filter.is_empty() => {
                    table.wrong("holds everything; give it topics, countries, regions, sources or a lang");
                }
                Ok(filter) => feed.filter = filter,
                Err(error) => table.wrong(&error.to_string()),
            }
        }
        let enabled = table.flag("enabled").unwrap_or(true);
        if is_missing {
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

fn blank(slug: FeedSlug) -> SavedFeed {
    let title = FourNames::default();
    SavedFeed { slug, title, filter: Filter::default(), limit: None, content: None, about: About::default(), any: Vec::new() }
}

/// Everything that is asked of a feed together.
fn whole(feed: &SavedFeed) -> Result<Filter, BadFilter> {
    let any = if feed.any.is_empty() { [feed.about.clone()].into() } else { feed.any.iter().map(|part| feed.about.and(part)).collect() };
    let filter = Filter { any, ..feed.filter.clone() }.settled();
    filter.check().map(|()| filter)
}

/// The keys beside labels.
fn rest(table: &mut Table<'_, '_>, feed: &mut SavedFeed) {
    let filter = &mut feed.filter;
    let count = |value: Option<i64>| value.and_then(|value| usize::try_from(value).ok());
    for key in ["lang", "prefer"] {
        let Some(text) = table.string(key) else { continue };
        match langs(&text) {
            Ok(langs) if key == "lang" => filter.langs = langs.into_iter().collect(),
            Ok(langs) => filter.prefer = langs,
            Err(error) => table.wrong_at(key, &format!("`{key}`: {error}")),
        }
    }
    if let Some(words) = table.parsed("q") {
        filter.words = words;
    }
    filter.since = table.parsed("since").or(filter.since);
    filter.until = table.parsed("until").or(filter.until);
    filter.per_source = count(table.integer("per_source", 1..=200)).or(filter.per_source);
    feed.limit = count(table.integer("limit", 1..=200)).or(feed.limit);
    feed.content = choice(table, "content", &ContentPolicy::NAMED).or(feed.content);
}

/// What labels there are.
struct Labels<'a> {
    topics: &'a [Topic],
    sources: &'a [Source],
    layer: Layer,
    /// Whether a topic was missing that is ours: an operator who switches a topic off has not made a mistake in our file.
    missing: Cell<bool>,
}

impl Labels<'_> {
    /// Reads the keys of labels: each text of a list is a wish, and all have to be fulfilled.
    fn read(&self, table: &mut Table<'_, '_>, about: &mut About) {
        wishes(table, "topics", &mut about.topics, |name| filed(name, |name| self.topic(name)));
        wishes(table, "countries", &mut about.countries, |name| filed(name, country));
        wishes(table, "regions", &mut about.regions, |slug| slug.parse().map_err(|error| format!("{error}")));
        wishes(table, "sources", &mut about.sources, |name| {
            let found = self.sources.iter().find(|source| source.id.as_str() == name).map(|source| source.id.clone());
            found.ok_or_else(|| absent("source", name, self.sources.iter().map(|source| source.id.as_str())))
        });
    }

    /// The parts of a union.
    fn any(&self, table: &mut Table<'_, '_>) -> Vec<About> {
        let mut any = Vec::new();
        table.tables("any", |table| {
            let (told, mut about) = (table.told(), About::default());
            self.read(table, &mut about);
            if about == About::default() && table.told() == told && !self.missing.get() {
                table.wrong("holds everything; give it topics, countries, regions or sources");
            }
            any.push(about);
        });
        any
    }

    fn topic(&self, name: &str) -> Result<TopicSlug, String> {
        match (find(self.topics, name), name.parse()) {
            (Err(_), Ok(slug)) if self.layer != Layer::Own => {
                self.missing.set(true);
                Ok(slug)
            }
            (found, _) => found,
        }
    }
}

fn wishes<L: Label>(table: &mut Table<'_, '_>, key: &'static str, place: &mut Choice<L>, label: impl Fn(&str) -> Result<L, String>) {
    if let Some(clauses) = table.list(key, |text| Clause::read(text, &label)) {
        *place = clauses.into_iter().collect();
    }
}

fn filed<L>(name: &str, label: impl Fn(&str) -> Result<L, String>) -> Result<Filed<L>, String> {
    if name == NONE { Ok(Filed::Nowhere) } else { label(name).map(Filed::Under) }
}
