//! What a reader sees: one story, told by one or more publishers, in one or more languages.
//!
//! A story is written whole into the journal each time it changes, so that replaying needs no
//! rule of ours: the last word on a story is the story. Deliberately absent: any way to change an
//! edition's `entry_id` or `position` once it is given.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{CountryCode, Edited, Gone, Item, Labels, Lang, RegionSlug, Retracted, Revision, Second, TopicSlug, Verdict};

/// The name of a story for ever: UUID version 5 over source id and upstream id of its first item.
pub type StoryId = Uuid;

/// One story, with all its copies and editions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Story {
    /// Its name for ever.
    pub id: StoryId,
    /// One for each language, in the order they were first kept; never empty.
    pub editions: Vec<Edition>,
    /// Every publisher's telling, in the order they were first kept; never empty.
    pub copies: Vec<Copy>,
    /// What the story is about: the labels of the preferred copies of its editions together, best first.
    pub topics: Vec<TopicSlug>,
    /// The same for countries.
    pub countries: Vec<CountryCode>,
    /// The same for regions.
    pub regions: Vec<RegionSlug>,
    /// What editors said of it.
    #[serde(default, skip_serializing_if = "Edited::is_empty")]
    pub edited: Edited,
}

/// One language of a story: an entry of our feeds.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Edition {
    /// The language; `und` when it is not known.
    pub lang: Lang,
    /// The entry's id for ever: an IRI (RFC 4287 §4.2.6).
    pub entry_id: String,
    /// Its place in every feed, and its `published`: distinct in the whole store, given once.
    pub position: Second,
    /// When title, link or text last changed materially.
    pub updated: Second,
    /// Index into [`Story::copies`] of the copy that supplies title, text and link.
    pub preferred: usize,
    /// Whether the place was given in the archive (an old item) rather than at the live end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub archived: bool,
    /// Why its place was given in the archive; nothing is told of what was kept before reasons were, or was given a place as news since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// When a better copy took over; it happens at most once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub switched: Option<Second>,
}

impl Edition {
    /// Whether its place was given in the archive because its source brought too much.
    pub fn is_flooded(&self) -> bool {
        self.verdict.is_some_and(|verdict| verdict.is_flood())
    }

    /// Whether that was at this time.
    pub fn is_of_flood(&self, at: Second) -> bool {
        self.is_flooded() && self.verdict.is_some_and(|verdict| verdict.at == at)
    }
}

/// One publisher's telling within a story.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Copy {
    /// What was told.
    pub item: Item,
    /// What it is about, with the evidence.
    pub labels: Labels,
    /// When we first saw it.
    pub first_seen: Second,
    /// When it last changed materially, if ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revised: Option<Second>,
    /// The rank its source had when it was kept; 0 is best.
    pub rank: u8,
    /// Why it belongs to this story.
    pub why: Why,
    /// Stories that it looked like and does not belong to: a few.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<Refusal>,
    /// What changed of it, the newest last; the last [`REVISIONS`](super::revision::REVISIONS) of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revisions: Vec<Revision>,
    /// That its publisher took it back. One that is shown all the same was released by an editor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retracted: Option<Retracted>,
}

/// A story that a copy looked like, and why it does not belong to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Which story.
    pub story: StoryId,
    /// What speaks against it, in words.
    pub why: String,
}

/// Why a copy belongs to its story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// It is the first: the story began with it.
    First,
    /// The same page is told by two sources, and title or text agree, or the page is the source's own.
    SameLink {
        /// The canonical link that both have.
        link: String,
    },
    /// Title and text are the same.
    SameText,
    /// The title is the same, and says enough.
    SameTitle,
    /// Nearly the same text.
    NearText {
        /// Which part of the shorter telling stands in the other, in percent.
        held: u8,
        /// Which part of both is common, in percent.
        common: u8,
    },
    /// Other words for the same figures, within a few days.
    SameFigures {
        /// The figures that both have.
        figures: Vec<u64>,
    },
    /// The same in another language.
    Translation {
        /// What speaks for it, in words.
        by: Vec<String>,
    },
    /// A third telling is the same as this one and as what the story had.
    Between,
    /// An editor put it here.
    Editor {
        /// Why, when that was said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    /// A rule of a later version put it here.
    #[serde(untagged)]
    Other(serde_json::Value),
}

/// In words for people.
impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::First => f.write_str("the story began with it"),
            Self::SameLink { link } => write!(f, "tells the same page, {link}"),
            Self::SameText => f.write_str("has the same title and text"),
            Self::SameTitle => f.write_str("has the same title"),
            Self::NearText { held, common } => {
                write!(f, "has nearly the same text: {held} % of the shorter one stands in the other, {common} % of both is common")
            }
            Self::SameFigures { figures } => {
                let figures: Vec<String> = figures.iter().map(u64::to_string).collect();
                write!(f, "tells the same figures in other words: {}", figures.join(", "))
            }
            Self::Translation { by } => write!(f, "is a translation: {}", by.join(", ")),
            Self::Between => f.write_str("another copy tells the same as this one and as the others"),
            Self::Editor { why: Some(why) } => write!(f, "an editor put it here: {why}"),
            Self::Editor { why: None } => f.write_str("an editor put it here"),
            Self::Other(other) => other.fmt(f),
        }
    }
}

impl Story {
    /// The copy that supplies title, text and link of an edition.
    pub fn preferred(&self, edition: &Edition) -> &Copy {
        &self.copies[edition.preferred]
    }

    /// When an edition was first kept. Unlike its place, which an old item has at its own date, that goes with the order in which
    /// stories arrived: none that arrives later was kept earlier.
    pub fn kept(&self, edition: &Edition) -> Second {
        let is_told_in = |lang: Lang| lang == edition.lang || !lang.is_known() || !edition.lang.is_known();
        // A copy that was withdrawn has been there.
        let copies = self.copies.iter().chain(&self.edited.withdrawn).filter(|copy| is_told_in(copy.labels.lang.value));
        let first = copies.map(|copy| copy.first_seen).min().unwrap_or(edition.position);
        // One that waited to be shown is kept from then on.
        first.max(edition.position)
    }

    /// Whether it is in no feed: not yet, or not any more.
    pub fn is_gone(&self) -> bool {
        self.edited.gone.is_some()
    }

    /// Until when it waits for the original before it is shown.
    pub fn waits(&self) -> Option<Second> {
        match self.edited.gone {
            Some(Gone::Waiting(until)) => Some(until),
            _ => None,
        }
    }

    /// The story that tells what this one told, when they were made one.
    pub fn joined(&self) -> Option<StoryId> {
        match self.edited.gone {
            Some(Gone::Joined(id)) => Some(id),
            _ => None,
        }
    }

    /// Whether its words are gone for good. It is known by hashes of its keys alone, and nothing joins it.
    pub fn is_at_rest(&self) -> bool {
        matches!(self.edited.gone, Some(Gone::Pruned | Gone::Erased))
    }

    /// The edition to show when nobody asks for a language: the first kept.
    pub fn first_edition(&self) -> &Edition {
        &self.editions[0]
    }
}

/// Stories that passed a filter, newest position first, each in the edition to show.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// What to show, in order.
    pub entries: Vec<Shown>,
    /// When the membership or content of the whole filter last changed: the time of the last such record, else of the genesis.
    pub changed: Second,
}

/// One story in one edition.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// The story.
    pub story: Arc<Story>,
    /// Index into [`Story::editions`].
    pub edition: usize,
}

impl Shown {
    /// The edition to show.
    pub fn edition(&self) -> &Edition {
        &self.story.editions[self.edition]
    }

    /// The copy that supplies its title, text and link.
    pub fn copy(&self) -> &Copy {
        self.story.preferred(self.edition())
    }
}
