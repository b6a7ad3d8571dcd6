//! What an item is about, and why we say so.
//!
//! Labels are decided once, when the item is kept, and written into the journal with their
//! evidence; a later version or another configuration does not change them, until an operator has
//! what is kept filed again (`tributary refile`).

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{CountryCode, Lang, RegionSlug, TopicSlug};

/// What one item is about. Lists are in order of falling score, then of name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Labels {
    /// The language the item is written in.
    pub lang: Language,
    /// At most a few topics.
    #[serde(default)]
    pub topics: Vec<TopicLabel>,
    /// The countries the item is about; not the ones it merely names.
    #[serde(default)]
    pub countries: Vec<CountryLabel>,
    /// Regions and groups named as such.
    #[serde(default)]
    pub regions: Vec<RegionLabel>,
    /// For an item without a topic: those that it came nearest to, at most two, for editors.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub near: Vec<TopicLabel>,
    /// Candidates that were weighed and not given, with the rule that decided. Not kept in the journal.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rejected: Vec<Rejected>,
}

/// The language of an item and the step that told it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Language {
    /// `und` when not known.
    pub value: Lang,
    /// Which step gave it.
    pub from: LangFrom,
}

/// The steps that can tell a language, in order of trust.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LangFrom {
    /// `xml:lang` or `dc:language` on the item.
    Item,
    /// A language segment of its address.
    Address,
    /// Detected in title and summary, long enough to be sure.
    Text,
    /// Declared on the feed.
    Feed,
    /// Detected in the title alone.
    Title,
    /// The configured language of the source.
    Source,
    /// None of these.
    None,
}

/// A topic with its score and evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TopicLabel {
    /// Which topic.
    pub slug: TopicSlug,
    /// Sum of the weights of its evidence.
    pub score: f32,
    /// What spoke for it.
    pub evidence: Vec<Evidence>,
}

/// A country with its score and evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CountryLabel {
    /// Which country.
    pub code: CountryCode,
    /// Sum of the weights of its evidence.
    pub score: f32,
    /// Why the country belongs to the item. Not written when it is the subject, so that older journals read the same.
    #[serde(default, skip_serializing_if = "Role::is_about")]
    pub role: Role,
    /// What spoke for it.
    pub evidence: Vec<Evidence>,
}

/// What a country is to an item. Feeds hold a country in each of the roles but `mentioned`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The subject: its territory, people or government.
    #[default]
    About,
    /// Named without being the subject: a donor, a seat, a member of a list, a place on the way. Never given as a label.
    Mentioned,
    /// Where one met or wrote: given only when nothing else is.
    Venue,
    /// Not in the item at all: the country configured for its source.
    Source,
}

impl Role {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::About => "about",
            Self::Mentioned => "mentioned",
            Self::Venue => "venue",
            Self::Source => "source",
        }
    }

    fn is_about(&self) -> bool {
        *self == Self::About
    }
}

/// A region with its evidence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RegionLabel {
    /// Which region.
    pub slug: RegionSlug,
    /// What spoke for it.
    pub evidence: Vec<Evidence>,
}

/// One thing that spoke for a label.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// Where it stood: `title`, `summary`, `content`, `category`, `source`.
    pub field: Field,
    /// The words as they stand in the item.
    pub text: SmolStr,
    /// Byte offset of the words in that field; 0 for `category` and `source`.
    #[serde(default)]
    pub at: u32,
    /// The rule that matched: the term of `topics.toml`, or the kind of name.
    pub rule: SmolStr,
    /// What it added to the score.
    pub weight: f32,
}

/// A part of an item that evidence can stand in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The title.
    Title,
    /// The summary.
    Summary,
    /// The text of the content.
    Content,
    /// One of the publisher's categories.
    Category,
    /// The configuration of the source.
    Source,
}

/// A label that was weighed and not given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Rejected {
    /// `topic:…`, `country:…` or `region:…`.
    pub label: String,
    /// What it reached.
    pub score: f32,
    /// The rule that decided against it, in words.
    pub rule: String,
    /// Of a country: what it is to the item instead of its subject, where the text says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// What had spoken for it.
    pub evidence: Vec<Evidence>,
}
