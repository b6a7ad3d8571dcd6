//! News about the sources themselves, as Atom: for those who watch over them.
//!
//! It is a feed of its own and never part of one that readers see.

use atom_syndication::{Category, Entry, Generator, Text, WriteConfig};
use uuid::Uuid;

use super::{
    atom::{date, link, person, plain},
    entry::clean,
};
use crate::model::{Second, Site, SourceId};

/// Entries in the feed at most.
const MOST: usize = 100;

/// Something that happened to a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Which source.
    pub source: SourceId,
    /// Its publisher's name.
    pub title: String,
    /// What happened, in one word: with source and time it makes the entry's id.
    pub what: String,
    /// When it happened.
    pub at: Second,
    /// What is known of it, and what to try.
    pub text: String,
}

/// Writes the newest of them as a feed. Nothing in it is older than the journal,
/// whose date an empty one has; never that of the request.
pub fn notices(site: &Site, notices: &[Notice], genesis: Second) -> Vec<u8> {
    let mut newest: Vec<&Notice> = notices.iter().collect();
    newest.sort_by(|a, b| (b.at, &a.source, &a.what).cmp(&(a.at, &b.source, &b.what)));
    newest.truncate(MOST);
    let id = |name: String| format!("urn:uuid:{}", Uuid::new_v5(&site.instance, name.as_bytes()));
    let page = site.address("status");
    let entries = newest.iter().map(|notice| {
        let Notice { source, title, what, at, text } = notice;
        Entry {
            id: id(format!("status {source} {what} {at}")),
            title: plain(&format!("{title}: {what}"), Some("en")),
            updated: date((*at).max(genesis)),
            published: Some(date((*at).max(genesis))),
            links: vec![link("alternate", &format!("{page}#{source}"), Some("text/html"))],
            categories: vec![Category { term: clean(what), ..Category::default() }],
            summary: Some(Text { lang: Some("en".to_owned()), ..plain(text, None) }),
            ..Entry::default()
        }
    });
    let written = atom_syndication::Feed {
        title: plain(&format!("Health of sources — {}", site.title), None),
        id: id("status".to_owned()),
        updated: date(newest.first().map_or(genesis, |notice| notice.at.max(genesis))),
        authors: vec![person(&site.title)],
        generator: Some(Generator { value: "Tributary".into(), uri: None, version: Some(env!("CARGO_PKG_VERSION").into()) }),
        links: vec![link("self", &site.address("status.atom"), Some("application/atom+xml")), link("alternate", &page, Some("text/html"))],
        lang: Some("en".to_owned()),
        entries: entries.collect(),
        ..atom_syndication::Feed::default()
    };
    let config = WriteConfig { write_document_declaration: true, indent_size: None };
    // Writing into memory does not fail.
    written.write_with_config(Vec::new(), config).unwrap_or_default()
}
