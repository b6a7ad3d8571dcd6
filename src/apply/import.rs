//! Stories of an export on their way in.
//!
//! What is here stays as it is, so that the same file can be brought in twice. A story keeps its id, and each entry its id and
//! its place, where nobody else has them. Deliberately absent: how a line is read, and whether it can be believed (`daemon`).

use std::{collections::HashSet, sync::Arc, time::Duration};

use super::{ApplyError, Desk, Hand, records};
use crate::{
    dedup,
    model::{Copy, Gone, Item, Second, SourceId, Story, StoryId},
    store::{Store, StoreError},
};

/// What became of stories that were brought in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Arrived {
    /// Stories that came in.
    pub new: usize,
    /// Stories that were here already, or are known to be kept no longer.
    pub known: usize,
    /// Of those that came in, how many left copies behind that other stories tell here.
    pub parted: usize,
    /// Entries that had to stand in another place.
    pub moved: usize,
    /// Entries that had to get another id.
    pub renamed: usize,
}

impl Desk {
    /// Brings stories in; a few at a time.
    pub async fn import(&self, stories: Vec<Story>) -> Result<Arrived, ApplyError> {
        self.have(move |hand| hand.import(stories)).await
    }
}

impl Hand {
    fn import(&mut self, stories: Vec<Story>) -> Result<Arrived, ApplyError> {
        let now = self.begin()?;
        let mut gate = Gate::of(&self.store, now);
        let let_in = stories.into_iter().try_for_each(|story| gate.take(story));
        let Gate { arrived, stories, .. } = gate;
        let_in.map_err(|error| self.failed(error))?;
        self.write(&records::imported(stories, now, self.journal.bounds().last + 1))?;
        Ok(arrived)
    }
}

/// What is let in so far, on top of what is here.
struct Gate<'a> {
    store: &'a Store,
    now: Second,
    ids: HashSet<StoryId>,
    keys: HashSet<(SourceId, String)>,
    entry_ids: HashSet<String>,
    positions: HashSet<Second>,
    arrived: Arrived,
    stories: Vec<Arc<Story>>,
}

impl<'a> Gate<'a> {
    fn of(store: &'a Store, now: Second) -> Self {
        Self {
            store,
            now,
            ids: HashSet::new(),
            keys: HashSet::new(),
            entry_ids: HashSet::new(),
            positions: HashSet::new(),
            arrived: Arrived::default(),
            stories: Vec::new(),
        }
    }

    /// Lets a story in, unless it is here.
    fn take(&mut self, story: Story) -> Result<(), StoreError> {
        let is_known = self.ids.contains(&story.id) || self.store.story(&story.id)?.is_some();
        // What a story told that was joined to another is told, and found, there.
        let parted = if is_known || story.joined().is_some() { Some(story).filter(|_| !is_known) } else { self.parted(story)? };
        let Some(mut story) = parted else {
            self.arrived.known += 1;
            return Ok(());
        };
        if story.joined().is_none() {
            self.give_places(&mut story);
        }
        self.arrived.new += 1;
        self.ids.insert(story.id);
        self.keys.extend(story.copies.iter().flat_map(|copy| keys(&copy.item)));
        self.stories.push(Arc::new(story));
        Ok(())
    }

    /// A story without the copies that are here in another one; nothing when that leaves nothing.
    fn parted(&mut self, story: Story) -> Result<Option<Story>, StoreError> {
        let mut here = Vec::with_capacity(story.copies.len());
        for copy in &story.copies {
            here.push(self.is_here(&copy.item)?);
        }
        if !here.contains(&true) {
            return Ok(Some(story));
        }
        let known: Vec<&Copy> = story.copies.iter().zip(&here).filter(|(_, here)| **here).map(|(copy, _)| copy).collect();
        let rest = dedup::without(&story, |copy| known.contains(&copy), self.now);
        self.arrived.parted += usize::from(rest.is_some());
        Ok(rest)
    }

    fn is_here(&self, item: &Item) -> Result<bool, StoreError> {
        let is_told = |(source, key): (SourceId, String)| {
            self.store.by_upstream(&source, &key).is_some()
                || self.store.by_upstream(&source, &dedup::resting(&key)).is_some()
                || self.keys.contains(&(source, key))
        };
        Ok(keys(item).any(is_told) || was_erased(self.store, item)?)
    }

    /// Another place, or another id, for entries whose own is somebody else's.
    fn give_places(&mut self, story: &mut Story) {
        for edition in &mut story.editions {
            let mut place = self.store.free_at_or_before(edition.position);
            while self.positions.contains(&place) {
                place = self.store.free_at_or_before(place.minus(Duration::from_secs(1)));
            }
            if place != edition.position {
                (edition.position, edition.updated) = (place, edition.updated.max(place));
                self.arrived.moved += 1;
            }
            if self.store.by_entry_id(&edition.entry_id).is_some() || self.entry_ids.contains(&edition.entry_id) {
                edition.entry_id = format!("urn:uuid:{}", dedup::story_id(&story.copies[edition.preferred].item.source, &edition.entry_id));
                self.arrived.renamed += 1;
            }
            self.positions.insert(edition.position);
            self.entry_ids.insert(edition.entry_id.clone());
        }
    }
}

/// The keys that an item goes by.
fn keys(item: &Item) -> impl Iterator<Item = (SourceId, String)> + '_ {
    [Some(&item.upstream.id), item.upstream.also.as_ref()].into_iter().flatten().map(|key| (item.source.clone(), key.clone()))
}

/// Whether an item tells the page of a story whose words were taken out: that is told by nobody any more.
pub(super) fn was_erased(store: &Store, item: &Item) -> Result<bool, StoreError> {
    let Some(link) = &item.canonical else { return Ok(false) };
    for id in store.by_link(&dedup::resting(link)) {
        if store.story(&id)?.is_some_and(|story| story.edited.gone == Some(Gone::Erased)) {
            return Ok(true);
        }
    }
    Ok(false)
}
