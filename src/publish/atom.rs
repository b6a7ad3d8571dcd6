//! Atom 1.0 (RFC 4287): our native form.

use std::collections::BTreeMap;

use atom_syndication::{
    Category, Content, Entry, FixedDateTime, Generator, Link, Person, Source, Text, WriteConfig,
    extension::{Extension, ExtensionMap},
};
use uuid::Uuid;

use super::{Feed, SourceCard, title, words};
use crate::{
    html::{SafeHtml, escape},
    model::{ContentPolicy, Copy, Second, Shown, SourceId, Story},
    text,
};

/// The vocabulary of country codes (RFC 5141).
const COUNTRIES: &str = "urn:iso:std:iso:3166";

/// Writes a feed.
pub fn atom(feed: &Feed<'_>) -> Vec<u8> {
    let entries: Vec<Entry> = feed.page.entries.iter().map(|shown| entry(feed, shown)).collect();
    // The newest change that can be seen in it: never the time of the request.
    let updated = feed.page.entries.iter().map(updated).max().unwrap_or(feed.genesis);
    let page = page(feed);
    let written = atom_syndication::Feed {
        title: plain(&title(feed), None),
        id: format!("urn:uuid:{}", Uuid::new_v5(&feed.site.instance, feed.filter.to_string().as_bytes())),
        updated: date(updated),
        authors: vec![person(&feed.site.title)],
        generator: Some(Generator { value: "Tributary".into(), uri: None, version: Some(env!("CARGO_PKG_VERSION").into()) }),
        links: vec![
            link("self", &feed.site.address(feed.path), Some("application/atom+xml")),
            link("alternate", &feed.site.address(if page == "feed" { "" } else { &page }), Some("text/html")),
        ],
        lang: Some(feed.lang().to_string()),
        namespaces: BTreeMap::from([("dcterms".to_owned(), "http://purl.org/dc/terms/".to_owned())]),
        entries,
        ..atom_syndication::Feed::default()
    };
    let config = WriteConfig { write_document_declaration: true, indent_size: None };
    // Writing into memory does not fail; a feed that could not be written would be an empty answer, which no reader takes for a feed.
    written.write_with_config(Vec::new(), config).unwrap_or_default()
}

/// The page of a feed for people: its address without the extension.
pub(super) fn page(feed: &Feed<'_>) -> String {
    feed.path.split_once(".atom").map_or_else(|| feed.path.to_owned(), |(path, query)| format!("{path}{query}"))
}

/// An entry is never updated before it is published (RFC 4287 §4.2.15).
fn updated(shown: &Shown) -> Second {
    shown.edition().updated.max(shown.edition().position)
}

fn entry(feed: &Feed<'_>, shown: &Shown) -> Entry {
    let (story, edition, copy) = (&*shown.story, shown.edition(), shown.copy());
    let item = &copy.item;
    let card = card(feed, &item.source);
    let known = edition.lang.is_known().then(|| edition.lang.to_string());
    // Said even when it is not known, so that nothing takes on the language of the feed's own words.
    let lang = edition.lang.as_str();
    let about = feed.site.address(&format!("story/{}", story.id));
    // Exactly one alternate, and the first: readers disagree about which of several to take.
    let mut alternate = link("alternate", item.link.as_deref().unwrap_or(&about), Some("text/html"));
    alternate.hreflang = known;
    let mut links = vec![alternate];
    links.extend(others(feed, story, shown).map(|(other, name)| Link {
        hreflang: Some(other.labels.lang.value).filter(|lang| lang.is_known()).map(|lang| lang.to_string()),
        title: Some(clean(&name)),
        ..link("related", other.item.link.as_deref().unwrap_or_default(), None)
    }));
    links.extend(item.enclosures.iter().map(|enclosure| Link {
        length: enclosure.length.map(|length| length.to_string()),
        ..link("enclosure", &enclosure.url, enclosure.media_type.as_deref().filter(|media_type| text::is_media_type(media_type)))
    }));
    let authors: Vec<Person> = item.authors.iter().map(|author| person(author)).filter(|author| !author.name.is_empty()).collect();
    let title = if item.title.is_empty() { text::shorten(&item.summary, 80) } else { item.title.clone() };
    let title = if title.is_empty() { card.title.clone() } else { title };
    let content = card.content.min(feed.content);
    let summary = (content != ContentPolicy::Title && !item.summary.is_empty()).then(|| plain(&item.summary, Some(lang)));
    Entry {
        title: plain(&title, Some(lang)),
        // To the letter: readers know an entry by it.
        id: text::xml_safe(&edition.entry_id).into_owned(),
        updated: date(updated(shown)),
        published: Some(date(edition.position)),
        authors: if authors.is_empty() { vec![person(&card.title)] } else { authors },
        categories: categories(feed, story, copy),
        links,
        rights: item.rights.as_ref().or(card.rights.as_ref()).map(|rights| plain(rights, Some(lang))),
        source: Some(source(&card, edition.position)),
        summary,
        content: Some(Content {
            content_type: Some("html".into()),
            lang: Some(lang.to_owned()),
            value: Some(text::xml_safe(&body(feed, shown, &card, &about)).into_owned()),
            ..Content::default()
        }),
        extensions: issued(item.published),
        ..Entry::default()
    }
}

/// What is shown below the title: as much as the source allows, and a quiet line that says where it comes from.
fn body(feed: &Feed<'_>, shown: &Shown, card: &SourceCard, about: &str) -> String {
    let item = &shown.copy().item;
    let told = match (card.content.min(feed.content), &item.content) {
        (ContentPolicy::Full, Some(content)) => content.as_str().to_owned(),
        (ContentPolicy::Title, _) => String::new(),
        _ if item.summary.is_empty() => String::new(),
        _ => SafeHtml::from_text(&item.summary).as_str().to_owned(),
    };
    let lang = feed.lang();
    let linked = |address: Option<&str>, words: &str| match address {
        Some(address) => format!("<a href=\"{}\">{}</a>", escape(address), escape(words)),
        None => escape(words),
    };
    let mut parts = vec![linked(item.link.as_deref().or(card.home.as_deref()), &card.title)];
    parts.extend(item.published.map(|at| words::day(at.day(), lang)));
    let others: Vec<String> = others(feed, &shown.story, shown)
        .map(|(other, name)| {
            let told_in = other.labels.lang.value;
            let name = if told_in.is_known() { format!("{name} ({told_in})") } else { name };
            linked(other.item.link.as_deref(), &name)
        })
        .collect();
    if !others.is_empty() {
        parts.push(format!("{} {}", words::also(lang), others.join(", ")));
    }
    parts.push(linked(Some(about), words::why(lang)));
    format!("{told}<p lang=\"{lang}\"><small>{}</small></p>", parts.join(" · "))
}

/// The other copies that can be followed, with the names of their sources, each address once.
fn others<'a>(feed: &'a Feed<'_>, story: &'a Story, shown: &'a Shown) -> impl Iterator<Item = (&'a Copy, String)> {
    let own = shown.edition().preferred;
    let mut seen = vec![story.copies[own].item.link.as_deref()];
    story.copies.iter().enumerate().filter(move |(at, _)| *at != own).filter_map(move |(_, copy)| {
        let link = copy.item.link.as_deref();
        if link.is_none() || seen.contains(&link) {
            return None;
        }
        seen.push(link);
        Some((copy, card(feed, &copy.item.source).title))
    })
}

fn categories(feed: &Feed<'_>, story: &Story, copy: &Copy) -> Vec<Category> {
    let lang = feed.lang();
    let ours = |term: &str, scheme: &str, label: Option<&str>| Category {
        term: clean(term),
        scheme: Some(scheme.to_owned()),
        label: Some(clean(label.unwrap_or(term))),
    };
    let topics = story.topics.iter().map(|slug| {
        let name = feed.names.topics.get(slug).map(|names| names.in_lang(lang));
        ours(slug.as_str(), &feed.site.address("topics"), name)
    });
    let countries = story.countries.iter().map(|code| {
        let name = feed.names.countries.get(code).map(|names| names.in_lang(lang));
        ours(code.as_str(), COUNTRIES, name)
    });
    let regions = story.regions.iter().map(|slug| {
        let name = feed.names.regions.get(slug).map(|names| names.in_lang(lang));
        ours(slug.as_str(), &feed.site.address("regions"), name)
    });
    let theirs = copy.item.categories.iter().map(|category| {
        // A vocabulary has to be named by an IRI (§4.2.2.2); a publisher's word alone is put under the publisher.
        let scheme = category.scheme.clone().filter(|scheme| url::Url::parse(scheme).is_ok());
        let scheme = scheme.unwrap_or_else(|| feed.site.address(&format!("sources/{}/categories", copy.item.source)));
        ours(&category.term, &clean(&scheme), category.label.as_deref())
    });
    topics.chain(countries).chain(regions).chain(theirs).collect()
}

/// The feed that the entry was taken from (§4.2.11).
fn source(card: &SourceCard, at: Second) -> Source {
    let mut links = vec![link("self", &card.url, None)];
    links.extend(card.home.iter().map(|home| link("alternate", home, Some("text/html"))));
    Source { title: plain(&card.title, None), id: clean(&card.url), updated: date(at), links, ..Source::default() }
}

/// The publisher's own date: `published` is when we saw it (DCMI `issued`).
fn issued(at: Option<Second>) -> ExtensionMap {
    let Some(at) = at else { return ExtensionMap::default() };
    let issued = Extension { name: "dcterms:issued".into(), value: Some(at.to_string()), ..Extension::default() };
    BTreeMap::from([("dcterms".to_owned(), BTreeMap::from([("issued".to_owned(), vec![issued])]))])
}

fn card(feed: &Feed<'_>, id: &SourceId) -> SourceCard {
    feed.sources.get(id).cloned().unwrap_or_else(|| SourceCard {
        title: id.to_string(),
        home: None,
        url: format!("urn:tributary:source:{id}"),
        lang: None,
        content: ContentPolicy::Summary,
        rights: None,
    })
}

pub(super) fn clean(text: &str) -> String {
    text::one_line(text)
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
