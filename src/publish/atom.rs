//! Atom 1.0 (RFC 4287): our native form.

use atom_syndication::{
    Category, Content, FixedDateTime, Generator, Link, Person, Source, Text, WriteConfig,
    extension::{Extension, ExtensionMap},
};

use super::{
    Feed, SourceCard,
    entry::{Entry, clean},
    foreign::{Foreign, NAMESPACES, gathered},
    title,
};
use crate::model::{Lang, Second};

/// Writes a feed.
pub fn atom(feed: &Feed<'_>) -> Vec<u8> {
    let entries = feed.entries().map(|entry| written(&entry)).collect();
    let about = about(feed);
    let links = feed.beside().map(|(rel, address)| link(rel, &address, Some("application/atom+xml")));
    let links = about.links.into_iter().chain(links).collect();
    let namespaces = NAMESPACES.map(|(prefix, name)| (prefix.to_owned(), name.to_owned())).into();
    let extensions = extensions(Foreign::archive(feed));
    document(atom_syndication::Feed { id: feed.id(), links, namespaces, extensions, entries, ..about })
}

/// What an Atom document says of a feed, whatever its entries are.
pub(super) fn about(feed: &Feed<'_>) -> atom_syndication::Feed {
    let mut links = vec![link("self", &feed.address(), Some("application/atom+xml")), link("alternate", &feed.home(), Some("text/html"))];
    links.extend(feed.hub().map(|hub| link("hub", hub, None)));
    atom_syndication::Feed {
        title: plain(&title(feed), None),
        updated: date(feed.updated()),
        authors: vec![person(&feed.site.title)],
        generator: Some(Generator { value: "Tributary".into(), uri: None, version: Some(env!("CARGO_PKG_VERSION").into()) }),
        links,
        icon: Some(clean(&feed.site.icon)),
        logo: Some(clean(&feed.site.logo)),
        lang: Some(feed.lang().to_string()),
        ..atom_syndication::Feed::default()
    }
}

/// The bytes of a document.
pub(super) fn document(feed: atom_syndication::Feed) -> Vec<u8> {
    let config = WriteConfig { write_document_declaration: true, indent_size: None };
    // Writing into memory does not fail; a feed that could not be written would be an empty answer, which no reader takes for a feed.
    feed.write_with_config(Vec::new(), config).unwrap_or_default()
}

fn written(entry: &Entry<'_>) -> atom_syndication::Entry {
    let lang = Some(entry.lang.as_str());
    let hreflang = |lang: Lang| lang.is_known().then(|| lang.to_string());
    // Exactly one alternate, and the first: readers disagree about which of several to take.
    let mut links = vec![Link { hreflang: hreflang(entry.lang), ..link("alternate", &entry.link, Some("text/html")) }];
    links.extend(entry.others.iter().map(|other| Link {
        hreflang: hreflang(other.lang),
        title: Some(other.name.clone()),
        ..link("related", &other.link, None)
    }));
    links.extend(entry.enclosures.iter().map(|enclosure| Link {
        length: enclosure.length.map(|length| length.to_string()),
        ..link("enclosure", &enclosure.url, enclosure.media_type.as_deref())
    }));
    let categories = entry.categories.iter().map(|category| Category {
        term: category.term.clone(),
        scheme: Some(category.scheme.clone()),
        label: Some(category.label.clone()),
    });
    atom_syndication::Entry {
        title: plain(&entry.title, lang),
        id: entry.id.clone(),
        updated: date(entry.updated),
        published: Some(date(entry.position)),
        authors: entry.authors.iter().map(|author| person(author)).collect(),
        categories: categories.collect(),
        links,
        rights: entry.rights.as_ref().map(|rights| plain(rights, lang)),
        source: entry.source.as_ref().map(|card| source(card, entry.position)),
        summary: entry.summary.as_ref().map(|summary| plain(summary, lang)),
        content: Some(Content {
            content_type: Some("html".into()),
            lang: lang.map(str::to_owned),
            value: Some(entry.content.clone()),
            ..Content::default()
        }),
        extensions: extensions(issued(entry).into_iter().chain(Foreign::picture(entry))),
        ..atom_syndication::Entry::default()
    }
}

/// The feed that the entry was taken from (§4.2.11).
fn source(card: &SourceCard, at: Second) -> Source {
    let mut links = vec![link("self", &card.url, None)];
    links.extend(card.home.iter().map(|home| link("alternate", home, Some("text/html"))));
    Source { title: plain(&card.title, None), id: card.url.clone(), updated: date(at), links, ..Source::default() }
}

/// The publisher's own date: `published` is when we saw it (DCMI `issued`).
fn issued(entry: &Entry<'_>) -> Option<Foreign> {
    entry.issued.map(|at| Foreign::text("dcterms", "issued", at.to_string()))
}

fn extensions(elements: impl IntoIterator<Item = Foreign>) -> ExtensionMap {
    gathered(elements, |name, attrs, value| Extension { name, attrs, value, ..Extension::default() })
}

pub(super) fn plain(text: &str, lang: Option<&str>) -> Text {
    Text { lang: lang.map(str::to_owned), ..Text::plain(clean(text)) }
}

pub(super) fn person(name: &str) -> Person {
    Person { name: clean(name), ..Person::default() }
}

pub(super) fn link(rel: &str, href: &str, media_type: Option<&str>) -> Link {
    Link { href: clean(href), rel: rel.to_owned(), mime_type: media_type.map(str::to_owned), ..Link::default() }
}

pub(super) fn date(at: Second) -> FixedDateTime {
    at.date_time().fixed_offset()
}
