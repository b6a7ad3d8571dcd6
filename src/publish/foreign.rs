//! Elements of vocabularies that neither Atom nor RSS has, written in both in the same way.

use std::collections::BTreeMap;

use super::{Feed, entry::Entry};

/// Prefixes, and what they stand for: DCMI terms, feed history (RFC 5005), Media RSS.
pub(super) const NAMESPACES: [(&str, &str); 3] = [
    ("dcterms", "http://purl.org/dc/terms/"),
    ("fh", "http://purl.org/syndication/history/1.0"),
    ("media", "http://search.yahoo.com/mrss/"),
];

/// One element.
pub(super) struct Foreign {
    pub(super) prefix: &'static str,
    pub(super) name: &'static str,
    pub(super) attributes: Vec<(&'static str, String)>,
    pub(super) value: Option<String>,
}

impl Foreign {
    /// One that holds a text.
    pub(super) fn text(prefix: &'static str, name: &'static str, value: String) -> Self {
        Self { prefix, name, attributes: Vec::new(), value: Some(value) }
    }

    /// That a document is an archived page (RFC 5005 §4).
    pub(super) fn archive(feed: &Feed<'_>) -> Option<Self> {
        feed.more.current.as_ref().map(|_| Self { prefix: "fh", name: "archive", attributes: Vec::new(), value: None })
    }

    /// The picture that stands for an entry (Media RSS 1.5.1). An enclosure would be taken for something to play.
    pub(super) fn picture(entry: &Entry<'_>) -> Option<Self> {
        let attributes = |address: &String| vec![("url", address.clone())];
        entry.image.as_ref().map(|address| Self { prefix: "media", name: "thumbnail", attributes: attributes(address), value: None })
    }
}

/// Elements by prefix and name, as the writers below want them; `write` takes an element's whole name, its attributes and its text.
pub(super) fn gathered<E>(
    elements: impl IntoIterator<Item = Foreign>,
    write: impl Fn(String, BTreeMap<String, String>, Option<String>) -> E,
) -> BTreeMap<String, BTreeMap<String, Vec<E>>> {
    let mut all = BTreeMap::<String, BTreeMap<String, Vec<E>>>::new();
    for Foreign { prefix, name, attributes, value } in elements {
        let attributes = attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let element = write(format!("{prefix}:{name}"), attributes, value);
        all.entry(prefix.to_owned()).or_default().entry(name.to_owned()).or_default().push(element);
    }
    all
}
