//! JSON Feed 1.1 (jsonfeed.org/version/1.1).
//!
//! What it has no name for stands under `_tributary`: codes for programs, the publisher, the publisher's own
//! date, and the other copies. Keys stand in the order of the types below.

use serde::Serialize;

use super::{
    Feed,
    entry::{ANY_TYPE, Entry, clean},
    title,
};
use crate::model::{CountryCode, Lang, RegionSlug, Second, SourceId, TopicSlug};

#[derive(Serialize)]
struct Written<'a> {
    version: &'static str,
    title: String,
    home_page_url: String,
    feed_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_url: Option<String>,
    icon: &'a str,
    favicon: &'a str,
    language: Lang,
    #[serde(skip_serializing_if = "Option::is_none")]
    hubs: Option<[Hub<'a>; 1]>,
    authors: [Author<'a>; 1],
    #[serde(rename = "_tributary")]
    more: About,
    items: Vec<Item<'a>>,
}

/// One that tells of changes.
#[derive(Serialize)]
struct Hub<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    url: &'a str,
}

/// What Atom tells of a feed and JSON Feed has no name for.
#[derive(Serialize)]
struct About {
    id: String,
    updated: Second,
}

#[derive(Serialize)]
struct Author<'a> {
    name: &'a str,
}

#[derive(Serialize)]
struct Item<'a> {
    id: &'a str,
    url: &'a str,
    title: &'a str,
    content_html: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<&'a str>,
    date_published: Second,
    date_modified: Second,
    authors: Vec<Author<'a>>,
    tags: Vec<&'a str>,
    language: Lang,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<Attachment<'a>>,
    #[serde(rename = "_tributary", skip_serializing_if = "Option::is_none")]
    more: Option<More<'a>>,
}

#[derive(Serialize)]
struct Attachment<'a> {
    url: &'a str,
    mime_type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    size_in_bytes: Option<u64>,
}

/// What is known beside, for programs.
#[derive(Serialize)]
struct More<'a> {
    /// The page that says why the story is here.
    story: &'a str,
    topics: &'a [TopicSlug],
    countries: &'a [CountryCode],
    regions: &'a [RegionSlug],
    source: Source<'a>,
    /// The publisher's own date.
    #[serde(skip_serializing_if = "Option::is_none")]
    issued: Option<Second>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rights: Option<&'a str>,
    /// The other copies that can be followed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    others: Vec<Other<'a>>,
}

#[derive(Serialize)]
struct Source<'a> {
    id: &'a SourceId,
    title: &'a str,
    feed_url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    home_page_url: Option<&'a str>,
}

#[derive(Serialize)]
struct Other<'a> {
    source: &'a SourceId,
    title: &'a str,
    url: &'a str,
    language: Lang,
}

/// Writes a feed.
pub fn json(feed: &Feed<'_>) -> Vec<u8> {
    let entries: Vec<Entry<'_>> = feed.entries().collect();
    let site = clean(&feed.site.title);
    let written = Written {
        version: "https://jsonfeed.org/version/1.1",
        title: clean(&title(feed)),
        home_page_url: feed.home(),
        feed_url: feed.address(),
        next_url: feed.more.older.as_deref().map(|path| feed.site.address(path)),
        icon: &feed.site.icon,
        favicon: &feed.site.icon,
        language: feed.lang(),
        hubs: feed.hub().map(|url| [Hub { kind: "WebSub", url }]),
        authors: [Author { name: &site }],
        more: About { id: feed.id(), updated: feed.updated() },
        items: entries.iter().map(item).collect(),
    };
    // Plain data is always written.
    serde_json::to_vec(&written).unwrap_or_default()
}

fn item<'a>(entry: &'a Entry<'_>) -> Item<'a> {
    let mut tags: Vec<&str> = Vec::new();
    for category in &entry.categories {
        // A publisher's word may be ours as well.
        if !tags.contains(&category.label.as_str()) {
            tags.push(&category.label);
        }
    }
    let attachments = entry.enclosures.iter().map(|enclosure| Attachment {
        url: &enclosure.url,
        mime_type: enclosure.media_type.as_deref().unwrap_or(ANY_TYPE),
        size_in_bytes: enclosure.length,
    });
    Item {
        id: &entry.id,
        url: &entry.link,
        title: &entry.title,
        content_html: &entry.content,
        summary: entry.summary.as_deref(),
        image: entry.image.as_deref(),
        date_published: entry.position,
        date_modified: entry.updated,
        authors: entry.authors.iter().map(|name| Author { name }).collect(),
        tags,
        language: entry.lang,
        attachments: attachments.collect(),
        more: more(entry),
    }
}

/// Of a day there is nothing more.
fn more<'a>(entry: &'a Entry<'_>) -> Option<More<'a>> {
    let (shown, source) = (entry.shown?, entry.source.as_ref()?);
    let story = &*shown.story;
    let others =
        entry.others.iter().map(|other| Other { source: &other.source, title: &other.name, url: &other.link, language: other.lang });
    Some(More {
        story: &entry.about,
        topics: &story.topics,
        countries: &story.countries,
        regions: &story.regions,
        source: Source {
            id: &shown.copy().item.source,
            title: &source.title,
            feed_url: &source.url,
            home_page_url: source.home.as_deref(),
        },
        issued: entry.issued,
        rights: entry.rights.as_deref(),
        others: others.collect(),
    })
}
