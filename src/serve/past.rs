//! What happened to a story, for people: why it stands in the archive, what changed of it, and who took it back.
//!
//! Deliberately absent: the story itself (`pages`).

use super::Publishing;
use crate::{
    html::escape,
    model::{SourceId, Story},
};

/// What happened to a story, as a heading and a list; nothing when nothing did.
pub(super) fn past(story: &Story, publishing: &Publishing) -> String {
    let name = |source: &SourceId| publishing.sources.get(source).map_or_else(|| source.to_string(), |card| card.title.clone());
    let archived = story.editions.iter().filter_map(|edition| edition.verdict);
    let archived = archived.map(|verdict| (verdict.at, format!("filed in the archive: {}", verdict.rule)));
    let revised = story.copies.iter().flat_map(|copy| {
        let source = name(&copy.item.source);
        copy.revisions.iter().map(move |revision| (revision.at, format!("{source} changed the {}", revision.words())))
    });
    let copies = story.copies.iter().chain(&story.edited.withdrawn);
    let taken = copies.filter_map(|copy| Some((copy.retracted?, name(&copy.item.source))));
    let taken = taken.map(|(retracted, source)| (retracted.seen, format!("the copy of {source} was withdrawn by its publisher")));
    let mut told: Vec<_> = archived.chain(revised).chain(taken).collect();
    if told.is_empty() {
        return String::new();
    }
    told.sort();
    let rows: String = told.iter().map(|(at, what)| format!("<li>{} <small>{at}</small></li>", escape(what))).collect();
    format!("<h2>What happened to it</h2><ul>{rows}</ul>")
}
