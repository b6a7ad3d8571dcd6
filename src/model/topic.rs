//! The rules by which items are filed: `topics.toml`, checked but not yet compiled.

use std::collections::{BTreeMap, BTreeSet};

use super::{CountryCode, Lang, RegionSlug, TopicSlug, names::FourNames};

/// All of `topics.toml`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TopicRules {
    /// What applies to every topic.
    pub defaults: TopicDefaults,
    /// The topics, in file order.
    pub topics: Vec<Topic>,
    /// Topics that there were, and will not be again: their slugs and those that they had.
    pub retired: BTreeSet<TopicSlug>,
    /// Regions and groups beside the built-in ones, and more forms of those.
    pub regions: Vec<Region>,
    /// What else countries are known by; goes before what is built in.
    pub places: Vec<Place>,
    /// Words that name no country, or another one; go before what is built in.
    pub masks: Vec<Mask>,
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

impl Default for TopicDefaults {
    fn default() -> Self {
        Self { threshold: 5.0, max_topics: 4, floor: 0.3, title_factor: 2.0, text_cap: 2, weights: [5.0, 3.0, 1.0] }
    }
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

/// A region or a group of countries: a label of its own, which never stands for its members.
#[derive(Debug, Clone, PartialEq)]
pub struct Region {
    /// Its name in addresses.
    pub slug: RegionSlug,
    /// Its name for people; empty where the built-in one stays, or the slug where there is none.
    pub label: FourNames,
    /// How texts name it; a word may end in `*`, a form all in capitals has to stand like that.
    pub forms: Vec<String>,
}

/// Forms that give a country.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// The country.
    pub code: CountryCode,
    /// What the forms are.
    pub kind: PlaceKind,
    /// As texts have them.
    pub forms: Vec<String>,
}

/// What a form is to its country.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaceKind {
    /// Its own name, which counts in full.
    Name,
    /// A place in it.
    Place,
    /// Its people.
    Demonym,
}

/// Forms that only look as if they gave a country.
#[derive(Debug, Clone, PartialEq)]
pub struct Mask {
    /// The country that they give instead, if any.
    pub code: Option<CountryCode>,
    /// As texts have them.
    pub forms: Vec<String>,
}
