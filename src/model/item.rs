//! One publisher's telling, as it is kept.
//!
//! Everything here has been cleaned: text is text (no markup, no control characters, nothing
//! XML forbids), links are absolute `http` or `https`, markup is [`SafeHtml`]. What a publisher
//! sent is `parse::RawItem`; the two are never mixed up because they share no type.
//! These types are written into the journal: a field may be added (with a default), never renamed or reused.

use serde::{Deserialize, Serialize};

use super::{Lang, Second, SourceId};
use crate::{html::SafeHtml, text};

/// One publisher's telling of a story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Who told it.
    pub source: SourceId,
    /// Its identity within the source; does not move when a title, a link or a guid is edited.
    pub upstream: Upstream,
    /// Where it can be read: absolute, tracking parameters off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// The same address reduced to what makes two addresses one page (`clean::canonical`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canonical: Option<String>,
    /// Plain text, one line; may be empty.
    pub title: String,
    /// Plain text, at most 600 characters or so; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub summary: String,
    /// The body as the publisher gave it, made safe.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<SafeHtml>,
    /// The publisher's own date; absent when there was none or it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<Second>,
    /// The publisher's own date of change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated: Option<Second>,
    /// The language declared on the item itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lang: Option<Lang>,
    /// The language declared on its feed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feed_lang: Option<Lang>,
    /// Bylines, in feed order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub authors: Vec<String>,
    /// The publisher's own categories, in feed order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<Category>,
    /// Attached media and documents, in feed order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub enclosures: Vec<Enclosure>,
    /// A picture that stands for the item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// Where it happened, when the publisher says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub point: Option<super::Point>,
    /// The rights statement of the item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rights: Option<String>,
}

/// How an item is known again within its source (DESIGN: identity, time, order).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Upstream {
    /// The key itself, for ever the one of first sight: a guid, a canonical link, or a key given then.
    pub id: String,
    /// Where the key came from.
    pub from: UpstreamFrom,
    /// Another key that it goes by since its publisher made its ids, or wrote its title, anew; the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub also: Option<String>,
}

/// What a key that we gave begins with.
const GIVEN: &str = "given:";

impl Upstream {
    /// What the publisher calls it.
    pub fn guid(id: String) -> Self {
        Self { id, from: UpstreamFrom::Guid, also: None }
    }

    /// Where it is.
    pub fn link(canonical: String) -> Self {
        Self { id: canonical, from: UpstreamFrom::Link, also: None }
    }

    /// What it is at first sight: a date outlives an edited title; without one the words have to do.
    pub fn given(title: &str, published: Option<Second>, summary: &str) -> Self {
        let first = published.map_or_else(|| text::fold(&format!("{title}\n{summary}")), |at| format!("{at}\n{}", text::fold(title)));
        Self::named(&first)
    }

    /// The key of an item whose given key is another's: the text tells them apart, or else their number.
    pub fn given_beside(&self, summary: &str, nth: usize) -> Self {
        Self::named(&format!("{}\n{}\n{nth}", self.id, text::fold(summary)))
    }

    fn named(first: &str) -> Self {
        Self { id: format!("{GIVEN}{}", &blake3::hash(first.as_bytes()).to_hex()[..32]), from: UpstreamFrom::Given, also: None }
    }

    /// Whether this is one of the keys that it goes by.
    pub fn goes_by(&self, key: &str) -> bool {
        self.id == key || self.also.as_deref() == Some(key)
    }

    /// Whether it goes by a key that was given, be it since first sight or by now.
    pub fn is_given(&self) -> bool {
        self.from == UpstreamFrom::Given || self.also.as_ref().is_some_and(|also| also.starts_with(GIVEN))
    }

    /// Whether it goes by an id of the publisher's, be it since first sight or by now.
    pub fn has_guid(&self) -> bool {
        self.from == UpstreamFrom::Guid || self.also.as_ref().is_some_and(|also| !also.starts_with(GIVEN))
    }
}

/// Where an item's identity came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UpstreamFrom {
    /// `atom:id`, `guid`, `rdf:about` or the `id` of JSON Feed.
    Guid,
    /// The canonical link, when there is no id.
    Link,
    /// Given at first sight from title and date, when there is neither.
    Given,
}

/// A publisher's own category (RFC 4287 §4.2.2; RSS `category`; JSON Feed `tags`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Category {
    /// The category itself.
    pub term: String,
    /// The vocabulary: Atom `scheme`, RSS `domain`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheme: Option<String>,
    /// Its name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

/// Media or a document that belongs to an item (Atom `link rel=enclosure`, RSS `enclosure`, JSON Feed `attachments`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enclosure {
    /// Absolute `http` or `https` address.
    pub url: String,
    /// Media type, as `type/subtype`.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub media_type: Option<String>,
    /// Length in bytes, when the publisher said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<u64>,
}
