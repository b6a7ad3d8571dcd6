//! What is there to ask for, as JSON for programs.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Publishing;
use crate::{
    model::{FourNames, SourceId},
    store::Counts,
};

fn entry(publishing: &Publishing, key: &str, slug: &str, names: &FourNames, count: Option<&u64>) -> Value {
    let feed = publishing.site.address(&format!("feed/{key}/{}.atom", slug.to_ascii_lowercase()));
    json!({ "slug": slug, "names": names, "stories": count.copied().unwrap_or(0), "feed": feed })
}

/// All topics.
pub(super) fn topics(publishing: &Publishing, counts: &Counts) -> Value {
    publishing.names.topics.iter().map(|(slug, names)| entry(publishing, "topic", slug.as_str(), names, counts.topics.get(slug))).collect()
}

/// All countries, by code.
pub(super) fn countries(publishing: &Publishing, counts: &Counts) -> Value {
    publishing
        .names
        .countries
        .iter()
        .map(|(code, names)| {
            let mut entry = entry(publishing, "country", code.as_str(), names, counts.countries.get(code));
            entry["code"] = code.as_str().into();
            entry
        })
        .collect()
}

/// All sources: how many stories each told, and how many of them are shown in its words.
pub(super) fn sources(publishing: &Publishing, counts: &Counts) -> Value {
    let all = publishing.sources.iter().map(|(id, card)| {
        let feed = publishing.site.address(&format!("feed/source/{id}.atom"));
        let count = |of: &BTreeMap<SourceId, u64>| of.get(id).copied().unwrap_or(0);
        let (stories, preferred) = (count(&counts.sources), count(&counts.preferred));
        json!({ "id": id, "title": card.title, "home": card.home, "lang": card.lang, "stories": stories, "preferred": preferred, "feed": feed })
    });
    all.collect()
}
