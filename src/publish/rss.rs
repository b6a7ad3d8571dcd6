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
//! | its picture | `media:thumbnail` |
//!
//! Deliberately absent: `atom:link` in items, which readers mix up with `link`, and `dcterms:issued`, which those built on
//! feedparser take for the date. Other copies, and the publisher's own date, are told in the text.

use rss::{
    Category, Channel, Enclosure, Guid, Image, Item, Source,
    extension::{Extension, ExtensionMap, dublincore::DublinCoreExtension},
};

use super::{
    Feed,
    entry::{ANY_TYPE, Entry, clean},
    foreign::{Foreign, NAMESPACES, gathered},
    title,
};

/// The prefix of Atom's elements, and what it stands for.
const ATOM: (&str, &str) = ("atom", "http://www.w3.org/2005/Atom");

/// Writes a feed.
pub fn rss(feed: &Feed<'_>) -> Vec<u8> {
    let title = clean(&title(feed));
    let home = clean(&feed.home());
    let image = Image {
        url: clean(&feed.site.icon),
        // Readers expect the title and the link of the channel.
        title: title.clone(),
        link: home.clone(),
        // It is square; what is not said is taken for 88 by 31.
        width: Some("88".to_owned()),
        height: Some("88".to_owned()),
        description: None,
    };
    let channel = Channel {
        title: title.clone(),
        link: home,
        // One is required; the title says in words what the feed holds.
        description: title,
        language: Some(feed.lang().to_string()),
        last_build_date: Some(feed.updated().http_date()),
        generator: Some(concat!("Tributary ", env!("CARGO_PKG_VERSION")).to_owned()),
        image: Some(image),
        extensions: addresses(feed),
        items: feed.entries().map(|entry| item(&entry)).collect(),
        namespaces: NAMESPACES.into_iter().chain([ATOM]).map(|(prefix, name)| (prefix.to_owned(), name.to_owned())).collect(),
        ..Channel::default()
    };
    // Writing into memory does not fail.
    channel.write_to(Vec::new()).unwrap_or_default()
}

/// Where the feed is, and where there is more of it: RSS has no names for that, and takes Atom's (RSS Advisory Board, Best Practices
/// Profile; RFC 5005).
fn addresses(feed: &Feed<'_>) -> ExtensionMap {
    let own = ("self", feed.address());
    let hub = feed.hub().map(|hub| ("hub", hub.to_owned()));
    let links = std::iter::once(own).chain(feed.beside()).chain(hub).map(|(rel, address)| {
        let mut attributes = vec![("href", clean(&address)), ("rel", rel.to_owned())];
        // What a hub speaks is no feed.
        attributes.extend((rel != "hub").then(|| ("type", "application/rss+xml".to_owned())));
        Foreign { prefix: ATOM.0, name: "link", attributes, value: None }
    });
    extensions(links.chain(Foreign::archive(feed)))
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
        extensions: extensions(modified(entry).into_iter().chain(Foreign::picture(entry))),
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
fn modified(entry: &Entry<'_>) -> Option<Foreign> {
    (entry.updated != entry.position).then(|| Foreign::text("dcterms", "modified", entry.updated.to_string()))
}

fn extensions(elements: impl IntoIterator<Item = Foreign>) -> ExtensionMap {
    gathered(elements, |name, attrs, value| Extension { name, attrs, value, ..Extension::default() })
}
