//! What a publisher sent, read but not yet trusted: between `fetch`, `parse` and `clean`.

use std::time::Duration;

use chrono::{DateTime, Datelike, Timelike, Utc};
use serde::{Deserialize, Serialize};
use url::Url;

use super::Second;

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
    /// Where `Link` says that a hub is (`rel=hub`).
    pub hub: Option<String>,
    /// Where it says that this is (`rel=self`).
    pub own: Option<String>,
}

/// How seldom a publisher would like to be asked; it can only make us slower.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Hints {
    /// The longest of `max-age`, `Expires`, RSS `ttl`, `sy:updatePeriod`: not again within this. Written in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "seconds")]
    pub quiet_for: Option<Duration>,
    /// RSS `skipHours`, one bit an hour of UTC (bit 0 is midnight).
    #[serde(default, skip_serializing_if = "is_default")]
    pub skip_hours: u32,
    /// RSS `skipDays`, one bit a day of UTC (bit 0 is Monday).
    #[serde(default, skip_serializing_if = "is_default")]
    pub skip_days: u8,
}

impl Hints {
    /// The first time at or after `at` that is in no hour and on no day that is to be skipped.
    pub fn passed_over(&self, at: Second) -> Second {
        let is_skipped = |at: Second| {
            let time = at.date_time();
            self.skip_hours >> time.hour() & 1 == 1 || self.skip_days >> time.weekday().num_days_from_monday() & 1 == 1
        };
        // Whole hours on, so that not everybody comes at the full hour. A publisher that skips all of the week skips nothing.
        (0..=7 * 24).map(|hours| at.plus(Duration::from_hours(hours))).find(|at| !is_skipped(*at)).unwrap_or(at)
    }

    /// Whether nothing is asked for.
    pub fn is_silent(&self) -> bool {
        is_default(self)
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// A duration as whole seconds.
mod seconds {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
        match duration {
            Some(duration) => serializer.serialize_u64(duration.as_secs()),
            None => serializer.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
        Ok(Option::<u64>::deserialize(deserializer)?.map(Duration::from_secs))
    }
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
    /// The hub that tells of its changes: `link rel=hub` (Atom, and Atom within RSS), JSON Feed `hubs`.
    pub hub: Option<String>,
    /// Its own address, as the hub knows it: `link rel=self`, JSON Feed `feed_url`.
    pub own: Option<String>,
    /// The declared language tag.
    pub lang: Option<String>,
    /// How seldom it would like to be asked.
    pub hints: Hints,
    /// The items, in feed order.
    pub items: Vec<RawItem>,
    /// Items that it says are taken back: `at:deleted-entry` with `ref` and `when` (RFC 6721).
    pub retracted: Vec<(String, Option<DateTime<Utc>>)>,
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
