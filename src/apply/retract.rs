//! What a document says is taken back: found among the copies of its source, and believed unless it is too much at once.
//!
//! Deliberately absent: what becomes of a story (`dedup`).

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::{Changes, table::Table};
use crate::{
    dedup,
    model::{Copy, Ids, Item, Labels, Retraction, Second, SourceId, Story, StoryId, UpstreamFrom},
    store::StoreError,
};

/// So many items a publisher may take back at once, though it be all that it tells. Of more, half is the most: software that slips
/// takes back everything.
const HANDFUL: usize = 5;

/// How many copies were taken back, and how many were not because they were too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct TakenBack {
    pub(super) copies: usize,
    pub(super) disbelieved: usize,
}

impl Table<'_> {
    /// Takes back what a document says is taken back, and leaves those items out of it that it tells all the same.
    pub(super) fn take_back(
        &mut self,
        source: &SourceId,
        retractions: &[Retraction],
        items: &mut Vec<(Item, Labels)>,
        ids: Option<Ids>,
        changes: &mut Changes,
        now: Second,
    ) -> Result<TakenBack, StoreError> {
        // Ids that stand for several items, or for none, take nothing back.
        if retractions.is_empty() || !Ids::are_believed(ids) {
            return Ok(TakenBack::default());
        }
        let words: HashMap<&str, &Retraction> = retractions.iter().map(|retraction| (retraction.id.as_str(), retraction)).collect();
        let word = |item: &Item| words.get(item.upstream.id.as_str()).filter(|_| item.upstream.from == UpstreamFrom::Guid);
        let is_told_anew = |item: &Item| word(item).is_some_and(|word| word.is_overtaken_by(item));
        let told_anew: HashSet<String> =
            items.iter().filter(|(item, _)| is_told_anew(item)).map(|(item, _)| item.upstream.id.clone()).collect();
        let mut meant = Vec::new();
        for retraction in retractions.iter().filter(|retraction| !told_anew.contains(&retraction.id)) {
            let found = self.copy_of(source, &retraction.id)?;
            meant.extend(found.filter(|(story, at)| dedup::retract(story, *at, retraction, now).is_some()).map(|_| retraction));
        }
        if meant.len() > HANDFUL && 2 * meant.len() as u64 > self.store.count_of(source) {
            let disbelieved = meant.len();
            tracing::warn!(
                source.id = %source, items = disbelieved,
                "`{source}` takes back {disbelieved} items at once, which is not believed; `tributary sources withdraw {source}` does it"
            );
            return Ok(TakenBack { copies: 0, disbelieved });
        }
        items.retain(|(item, _)| word(item).is_none() || told_anew.contains(&item.upstream.id));
        let mut copies = 0;
        for retraction in meant {
            // One before it may have changed the story.
            let Some((story, at)) = self.copy_of(source, &retraction.id)? else { continue };
            let Some(story) = dedup::retract(&story, at, retraction, now) else { continue };
            tracing::info!(source.id = %source, story.id = %story.id, "`{source}` takes back its copy of story {}", story.id);
            copies += 1;
            changes.add(story.id);
            self.lay(story, now);
        }
        Ok(TakenBack { copies, disbelieved: 0 })
    }

    /// The copy that a source's item of this id is.
    fn copy_of(&self, source: &SourceId, id: &str) -> Result<Option<(Arc<Story>, usize)>, StoreError> {
        let Some(story) = self.by_upstream(source, id).map(|id| self.story(&id)).transpose()?.flatten() else { return Ok(None) };
        let is_it = |copy: &Copy| copy.item.source == *source && copy.item.upstream.has_guid() && copy.item.upstream.goes_by(id);
        let at = story.copies.iter().position(is_it);
        Ok(at.map(|at| (story, at)))
    }

    /// The copy of a story that an item is, out of which it was taken: the story, and its place among those.
    pub(super) fn taken_out(&self, item: &Item) -> Result<Option<(Arc<Story>, usize)>, StoreError> {
        let mut stories: Vec<StoryId> = self.by_upstream(&item.source, &item.upstream.id).into_iter().collect();
        stories.extend(item.canonical.iter().flat_map(|link| self.store.by_link_of(&item.source, link)));
        let is_it = |copy: &Copy| {
            let kept = &copy.item;
            kept.source == item.source
                && (kept.upstream.goes_by(&item.upstream.id) || kept.canonical.is_some() && kept.canonical == item.canonical)
        };
        for id in stories {
            let Some(story) = self.story(&id)? else { continue };
            if let Some(at) = story.edited.withdrawn.iter().position(is_it) {
                return Ok(Some((story, at)));
            }
        }
        Ok(None)
    }
}
