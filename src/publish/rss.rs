//! RSS 2.0 (rssboard.org/rss-specification), with Dublin Core for what it has no name for.
//!
//! | of an entry | stands in |
//! |---|---|
//! | its id | `guid`, which is never a permalink |
//! | its date, and when it last changed | `pubDate`, `dcterms:modified` |
//! | authors, language, rights | `dc:creator`, `dc:language`, `dc:rights` |
//! | labels and the publisher's own categories | `category`, the vocabulary as `domain` |
//! | text with the line that says where it comes from | `description`, as HTML |
//! | the first enclosure | `enclosure`: readers take one |
//!
//! Deliberately absent: `atom:link` in items, which readers mix up with `link`, and `dcterms:issued`, which those built on
//! feedparser take for the date. Other copies, and the publisher's own date, are told in the text.

use std::collections::BTreeMap;

use rss::{
    Category, Channel, Enclosure, Guid, Item, Source,
    extension::{Extension, ExtensionMap, dublincore::DublinCoreExtension},
};

use super::{
    Feed,
    entry::{ANY_TYPE, Entry, clean},
    title,
};

/// Writes a feed.
pub fn rss(feed: &Feed<'_>) -> Vec<u8> {
    let title = clean(&title(feed));
    let namespaces = [("atom", "http://www.w3.org/2005/Atom"), ("dcterms", "http://purl.org/dc/terms/")];
    let channel = Channel {
        title: title.clone(),
        link: clean(&feed.home()),
        // One is required; the title says in words what the feed holds.
        description: title,
        language: Some(feed.lang().to_string()),
        last_build_date: Some(feed.updated().http_date()),
        generator: Some(concat!("Tributary ", env!("CARGO_PKG_VERSION")).to_owned()),
        extensions: own_address(feed),
        items: feed.entries().map(|entry| item(&entry)).collect(),
        namespaces: namespaces.map(|(prefix, name)| (prefix.to_owned(), name.to_owned())).into(),
        ..Channel::default()
    };
    // Writing into memory does not fail.
    channel.write_to(Vec::new()).unwrap_or_default()
}

/// Where the feed is: RSS has no name for that, and takes Atom's (RSS Advisory Board, Best Practices Profile).
fn own_address(feed: &Feed<'_>) -> ExtensionMap {
    let attributes = [("href", clean(&feed.site.address(feed.path))), ("rel", "self".into()), ("type", "application/rss+xml".into())];
    let attrs = attributes.map(|(name, value)| (name.to_owned(), value)).into();
    extension("atom", "link", Extension { attrs, ..Extension::default() })
}

fn item(entry: &Entry<'_>) -> Item {
    let categories = entry.categories.iter().map(|category| Category {
        // Readers take a comma for the end of a category.
        name: category.label.replace(',', ""),
        domain: Some(category.scheme.clone()),
    });
    let enclosure = entry.enclosures.first().map(|enclosure| Enclosure {
        url: enclosure.url.clone(),
        // All three are required; 0 stands for a length that is not known.
        length: enclosure.length.unwrap_or(0).to_string(),
        mime_type: enclosure.media_type.clone().unwrap_or_else(|| ANY_TYPE.to_owned()),
    });
    Item {
        title: Some(entry.title.clone()),
        link: Some(entry.link.clone()),
        description: Some(entry.content.clone()),
        categories: categories.collect(),
        enclosure,
        guid: Some(Guid { value: entry.id.clone(), permalink: false }),
        pub_date: Some(entry.position.http_date()),
        source: entry.source.as_ref().map(|card| Source { url: card.url.clone(), title: Some(card.title.clone()) }),
        extensions: modified(entry),
        dublin_core_ext: Some(DublinCoreExtension {
            creators: entry.authors.clone(),
            languages: vec![entry.lang.to_string()],
            rights: entry.rights.clone().into_iter().collect(),
            ..DublinCoreExtension::default()
        }),
        ..Item::default()
    }
}

/// When the entry last changed, if ever (DCMI `modified`).
fn modified(entry: &Entry<'_>) -> ExtensionMap {
    if entry.updated == entry.position {
        return ExtensionMap::default();
    }
    extension("dcterms", "modified", Extension { value: Some(entry.updated.to_string()), ..Extension::default() })
}

/// One element of another vocabulary.
fn extension(prefix: &str, name: &str, written: Extension) -> ExtensionMap {
    let written = Extension { name: format!("{prefix}:{name}"), ..written };
    BTreeMap::from([(prefix.to_owned(), BTreeMap::from([(name.to_owned(), vec![written])]))])
}
