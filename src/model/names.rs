//! What topics, countries and regions are called in the four languages we speak.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{CountryCode, Lang, RegionSlug, TopicSlug};

/// A name in English, Spanish, French and Portuguese.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FourNames {
    /// English.
    pub en: String,
    /// Spanish.
    pub es: String,
    /// French.
    pub fr: String,
    /// Portuguese.
    pub pt: String,
}

impl FourNames {
    /// The name in that language; the English one for a language we do not speak.
    pub fn in_lang(&self, lang: Lang) -> &str {
        match lang {
            Lang::ES => &self.es,
            Lang::FR => &self.fr,
            Lang::PT => &self.pt,
            _ => &self.en,
        }
    }
}

/// Everything that can be asked for by name, with its names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Names {
    /// Topics, by slug.
    pub topics: BTreeMap<TopicSlug, FourNames>,
    /// Countries, by code.
    pub countries: BTreeMap<CountryCode, FourNames>,
    /// Regions, by slug.
    pub regions: BTreeMap<RegionSlug, FourNames>,
    /// Former topic slugs and the topic each leads to.
    pub topic_aliases: BTreeMap<TopicSlug, TopicSlug>,
    /// Topics that there were, and will not be again.
    pub retired_topics: BTreeSet<TopicSlug>,
}
