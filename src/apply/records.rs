//! Decided stories as records of the journal.

use std::sync::Arc;

use crate::model::{Acted, Body, Draft, Imported, Item, Pruned, Pull, Refiled, Second, SourceId, SourceState, Story};

/// Stories in one record at most.
const STORIES_IN_RECORD: usize = 64;
/// Text in one record at most, in bytes before compression: half a mebibyte compressed is never exceeded.
const TEXT_IN_RECORD: usize = 512 << 10;

/// One record, or several when there is much. Only the last one has the source's state: a half-kept pull is pulled again.
pub(super) fn draft(source: SourceId, at: Second, stories: Vec<Arc<Story>>, state: SourceState, now: Second, drafts: &mut Vec<Draft>) {
    let parts = parts(stories);
    let last = parts.len().saturating_sub(1);
    for (part, stories) in parts.into_iter().enumerate() {
        let state = (part == last).then(|| state.clone());
        let key = format!("pull/{source}/{at}/{part}");
        drafts.push(Draft { at: now, key, body: Body::Pull(Pull { source: source.clone(), stories, state }) });
    }
}

/// Stories that were filed again; `seq` is the number that the first of their records gets.
pub(super) fn refiled(stories: Vec<Arc<Story>>, now: Second, seq: u64) -> Vec<Draft> {
    drafted("refile", stories, now, seq, |stories| Body::Refiled(Refiled { stories }))
}

/// Stories that were brought in; `seq` is as above.
pub(super) fn imported(stories: Vec<Arc<Story>>, now: Second, seq: u64) -> Vec<Draft> {
    drafted("import", stories, now, seq, |stories| Body::Imported(Imported { stories }))
}

/// Stories that are kept no longer; `seq` is as above.
pub(super) fn pruned(stories: Vec<Arc<Story>>, now: Second, seq: u64) -> Vec<Draft> {
    drafted("prune", stories, now, seq, |stories| Body::Pruned(Pruned { stories }))
}

fn drafted(what: &str, stories: Vec<Arc<Story>>, now: Second, seq: u64, body: impl Fn(Vec<Arc<Story>>) -> Body) -> Vec<Draft> {
    let drafted = |(seq, stories)| Draft { at: now, key: format!("{what}/{now}/{seq}"), body: body(stories) };
    (seq..).zip(parts(stories)).map(drafted).collect()
}

/// What an editor did, or the end of a wait; `seq` is as above. What was done to single stories is one record: it is done, or it is not.
pub(super) fn acted(acted: Acted, now: Second, seq: u64) -> Vec<Draft> {
    let Acted { stories, .. } = &acted;
    let parts = if acted.story.is_none() { parts(stories.clone()) } else { vec![stories.clone()] };
    let draft = |(seq, stories)| Draft { at: now, key: format!("act/{now}/{seq}"), body: Body::Acted(Acted { stories, ..acted.clone() }) };
    (seq..).zip(parts).map(draft).collect()
}

/// As many stories together as one record takes.
fn parts(stories: Vec<Arc<Story>>) -> Vec<Vec<Arc<Story>>> {
    let mut parts: Vec<Vec<Arc<Story>>> = Vec::new();
    let mut room = 0;
    for story in stories {
        let weight = weight(&story);
        match parts.last_mut() {
            Some(part) if part.len() < STORIES_IN_RECORD && weight <= room => {
                room -= weight;
                part.push(story);
            }
            _ => {
                room = TEXT_IN_RECORD.saturating_sub(weight);
                parts.push(vec![story]);
            }
        }
    }
    parts
}

/// About how many bytes a story takes in the journal before compression.
fn weight(story: &Story) -> usize {
    let text = |item: &Item| item.title.len() + item.summary.len() + item.content.as_ref().map_or(0, |html| html.as_str().len());
    story.copies.iter().map(|copy| 2_000 + text(&copy.item)).sum()
}
