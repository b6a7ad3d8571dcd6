//! The rules by which items are filed under topics: `topics.toml`, checked but not yet compiled.

use std::collections::{BTreeMap, BTreeSet};

use super::{Lang, TopicSlug, names::FourNames};

/// All of `topics.toml`.
#[derive(Debug, Clone, PartialEq)]
pub struct TopicRules {
    /// What applies to every topic.
    pub defaults: TopicDefaults,
    /// The topics, in file order.
    pub topics: Vec<Topic>,
    /// Topics that there were, and will not be again: their slugs and those that they had.
    pub retired: BTreeSet<TopicSlug>,
}

/// What applies to every topic.
#[derive(Debug, Clone, PartialEq)]
pub struct TopicDefaults {
    /// A topic is given when its score reaches this.
    pub threshold: f32,
    /// At most this many topics an item.
    pub max_topics: usize,
    /// A topic below this share of the best score is dropped, unless a strong term of it stands in the title.
    pub floor: f32,
    /// A term in the title counts this many times.
    pub title_factor: f32,
    /// A term counts at most this often outside the title.
    pub text_cap: u32,
    /// What a strong, a medium and a weak term weigh.
    pub weights: [f32; 3],
}

/// One topic.
#[derive(Debug, Clone, PartialEq)]
pub struct Topic {
    /// Its name in addresses.
    pub slug: TopicSlug,
    /// Its name for people.
    pub label: FourNames,
    /// What an item under it is about, in one sentence.
    pub definition: String,
    /// Its own threshold, where it has one.
    pub threshold: Option<f32>,
    /// Publishers' categories that count as one strong match.
    pub categories: Vec<String>,
    /// Former slugs: an address that uses one leads here.
    pub aliases: Vec<TopicSlug>,
    /// Its terms, by language. The grammar: words; `word*`; `a ~4 b`.
    pub terms: BTreeMap<Lang, Terms>,
}

/// The terms of one topic in one language.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Terms {
    /// Enough alone.
    pub strong: Vec<String>,
    /// Need company.
    pub medium: Vec<String>,
    /// Colour only.
    pub weak: Vec<String>,
    /// Phrases whose words do not count for this topic.
    pub not: Vec<String>,
}
