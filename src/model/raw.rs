//! What a publisher sent, read but not yet trusted: between `fetch`, `parse` and `clean`.

use std::time::Duration;

use chrono::{DateTime, Utc};
use url::Url;

/// The body of one answer, decoded from its content coding, and what was said about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// Where it came from in the end, after redirects: relative links are relative to this.
    pub url: Url,
    /// The bytes, within the size limit.
    pub body: bytes::Bytes,
    /// `Content-Type` as sent.
    pub content_type: Option<String>,
    /// `ETag` exactly as sent, each byte one character: a header need not be UTF-8.
    pub etag: Option<String>,
    /// `Last-Modified` exactly as sent, in the same way.
    pub last_modified: Option<String>,
}

/// How seldom a publisher would like to be asked; it can only make us slower.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hints {
    /// The longest of `max-age`, `Expires`, RSS `ttl`, `sy:updatePeriod`: not again within this.
    pub quiet_for: Option<Duration>,
    /// RSS `skipHours`, one bit an hour of UTC (bit 0 is midnight).
    pub skip_hours: u32,
    /// RSS `skipDays`, one bit a day of UTC (bit 0 is Monday).
    pub skip_days: u8,
}

/// A feed as it was read, whatever its format.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RawFeed {
    /// `RSS 2.0`, `Atom 1.0`, `JSON Feed 1.1` and so on.
    pub kind: String,
    /// The feed's own title.
    pub title: Option<RawText>,
    /// The publisher's page for people.
    pub home: Option<String>,
    /// The declared language tag.
    pub lang: Option<String>,
    /// How seldom it would like to be asked.
    pub hints: Hints,
    /// The items, in feed order.
    pub items: Vec<RawItem>,
    /// What had to be mended to read it; empty for a well-formed feed.
    pub repaired: Vec<String>,
}

/// One item as it was read. Empty strings are absent values.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RawItem {
    /// `atom:id`, `guid`, `rdf:about`, JSON Feed `id`; never one that a library made up.
    pub id: Option<String>,
    /// Its title.
    pub title: Option<RawText>,
    /// The first `alternate` link, or RSS `link`, or a permalink guid; may be relative to `base`.
    pub link: Option<String>,
    /// Atom `summary`, RSS `description`, JSON Feed `summary`.
    pub summary: Option<RawText>,
    /// Atom `content`, `content:encoded`, JSON Feed `content_html` or `content_text`.
    pub content: Option<RawText>,
    /// The date of publication, when it could be read.
    pub published: Option<DateTime<Utc>>,
    /// The date of change, when it was given apart from `published`.
    pub updated: Option<DateTime<Utc>>,
    /// The declared language tag of the item.
    pub lang: Option<String>,
    /// Bylines.
    pub authors: Vec<String>,
    /// Categories: term, scheme, label.
    pub categories: Vec<(String, Option<String>, Option<String>)>,
    /// Enclosures: address, media type, length in bytes.
    pub enclosures: Vec<(String, Option<String>, Option<u64>)>,
    /// A picture that stands for the item.
    pub image: Option<String>,
    /// A rights statement.
    pub rights: Option<RawText>,
    /// Where it happened: `georss:point`, `gml:pos`, `geo:lat` and `geo:long`.
    pub point: Option<super::Point>,
    /// `xml:base`, when it differs from the document's address.
    pub base: Option<Url>,
}

/// Text as sent, with what it was said to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RawText {
    /// Text: `&` and `<` stand for themselves.
    Plain(String),
    /// Markup, or what may be markup, as RSS descriptions are.
    Html(String),
}
