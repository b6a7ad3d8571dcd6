//! Which vocabulary an element belongs to.
//!
//! A namespace is told by its address; where the address is missing, misspelt or of a vocabulary
//! that nobody knows, the prefix that everybody uses for it will do. Prefixes are taken as they
//! were last declared anywhere before; only a default namespace ends with its element.

use std::collections::HashMap;

/// Prefixes one document may declare.
const MOST_PREFIXES: usize = 200;

/// A vocabulary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Space {
    /// RSS of any version, Atom of any version, or none: their elements do not collide.
    Core,
    /// `content:encoded` (RSS 1.0 modules).
    Content,
    /// Dublin Core 1.1.
    Dc,
    /// Dublin Core terms.
    Terms,
    /// Media RSS.
    Media,
    /// Podcasts.
    Itunes,
    /// GeoRSS, in its simple and its GML form.
    Geo,
    /// `geo:lat` and `geo:long` (W3C).
    LatLong,
    /// RDF.
    Rdf,
    /// How often a feed changes (RSS 1.0 Syndication).
    Syndication,
    /// Tombstones (RFC 6721).
    Tombstones,
    /// XHTML.
    Xhtml,
    /// Something else.
    Other,
}

/// Parts of addresses, in lower case and without scheme, that tell a vocabulary; the first that fits.
const ADDRESSES: &[(&str, Space)] = &[
    ("www.w3.org/2005/atom", Space::Core),
    ("purl.org/atom/", Space::Core),
    ("purl.org/rss/1.0/modules/content", Space::Content),
    ("purl.org/rss/1.0/modules/syndication", Space::Syndication),
    ("purl.org/rss/1.0/modules/rss091", Space::Core),
    ("purl.org/rss/1.0/modules/", Space::Other),
    ("purl.org/rss/1.0", Space::Core),
    ("my.netscape.com/rdf/simple/0.9", Space::Core),
    ("channel.netscape.com/rdf/simple/0.9", Space::Core),
    ("backend.userland.com/rss", Space::Core),
    ("blogs.law.harvard.edu/tech/rss", Space::Core),
    ("cyber.law.harvard.edu/rss/rss.html", Space::Core),
    ("purl.org/echo/", Space::Core),
    ("purl.org/pie/", Space::Core),
    ("example.com/newformat", Space::Core),
    ("example.com/necho", Space::Core),
    ("uri/of/echo/namespace", Space::Core),
    ("purl.org/dc/elements/", Space::Dc),
    ("purl.org/dc/terms", Space::Terms),
    ("purl.org/atompub/tombstones/", Space::Tombstones),
    ("search.yahoo.com/mrss", Space::Media),
    ("tools.search.yahoo.com/mrss", Space::Media),
    ("dtds/podcast-1.0.dtd", Space::Itunes),
    ("www.georss.org/georss", Space::Geo),
    ("www.opengis.net/gml", Space::Geo),
    ("www.w3.org/2003/01/geo/wgs84_pos", Space::LatLong),
    ("www.w3.org/1999/02/22-rdf-syntax-ns", Space::Rdf),
    ("www.w3.org/1999/xhtml", Space::Xhtml),
];

/// The prefixes that everybody uses.
fn usual(prefix: &str) -> Space {
    match prefix {
        "" | "atom" | "atom10" | "atom03" | "a10" | "rss" => Space::Core,
        "content" => Space::Content,
        "dc" => Space::Dc,
        "dcterms" | "dcq" => Space::Terms,
        "media" => Space::Media,
        "itunes" => Space::Itunes,
        "georss" | "gml" => Space::Geo,
        "geo" => Space::LatLong,
        "rdf" => Space::Rdf,
        "sy" => Space::Syndication,
        "at" => Space::Tombstones,
        "xhtml" => Space::Xhtml,
        _ => Space::Other,
    }
}

fn told_by(address: &str) -> Option<Space> {
    let address = address.trim().to_ascii_lowercase();
    ADDRESSES.iter().find(|(part, _)| address.contains(part)).map(|(_, space)| *space)
}

/// The prefixes of a document.
#[derive(Debug, Default)]
pub(super) struct Names<'a> {
    declared: HashMap<&'a str, Space>,
}

impl<'a> Names<'a> {
    /// Takes a declaration `xmlns:prefix="address"`.
    pub fn declare(&mut self, prefix: &'a str, address: &str) {
        if self.declared.len() < MOST_PREFIXES {
            self.declared.insert(prefix, told_by(address).unwrap_or_else(|| usual(prefix)));
        }
    }

    /// The vocabulary that `xmlns="address"` makes the default.
    pub fn default_of(address: &str) -> Space {
        // An unknown default namespace does not make another format of a feed.
        told_by(address).unwrap_or(Space::Core)
    }

    /// The vocabulary of an element, and its name without prefix.
    pub fn resolve(&self, name: &'a str, default: Space) -> (Space, &'a str) {
        match name.split_once(':') {
            None => (default, name),
            Some((prefix, local)) => (self.declared.get(prefix).copied().unwrap_or_else(|| usual(prefix)), local),
        }
    }
}
