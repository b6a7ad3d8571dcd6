//! Stories that are kept no longer, by age or number.
//!
//! A story stays while one of its sources would keep it, and of those that stay the newest go on standing when there are too
//! many in all. One that is in no feed any more goes by age alone. What goes leaves what it is known by, so that it does not
//! come back. Deliberately absent: a clock, and when it is done (`daemon`).

use std::{cmp::Reverse, collections::HashMap, sync::Arc};

use super::{ApplyError, Desk, Hand, records};
use crate::{
    dedup,
    model::{Item, Keep, Keeping, Second, SourceId, Story, StoryId},
    store::{Store, StoreError},
};

/// A story that is to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overdue {
    /// Which.
    pub id: StoryId,
    /// In whose words it is shown.
    pub source: SourceId,
    /// Where its newest entry stands.
    pub stands: Second,
}

/// What choosing needs of a story.
struct Standing {
    id: StoryId,
    stands: Second,
    is_shown: bool,
    /// The one in whose words it is shown first; numbers of [`Sources`].
    sources: Vec<u32>,
}

/// Each source once, with its rule and how many stories of it were passed.
#[derive(Default)]
struct Sources {
    numbers: HashMap<SourceId, u32>,
    all: Vec<(SourceId, Keep, usize)>,
}

impl Sources {
    fn number(&mut self, id: &SourceId, keeping: &Keeping) -> u32 {
        *self.numbers.entry(id.clone()).or_insert_with(|| {
            self.all.push((id.clone(), keeping.of(id), 0));
            u32::try_from(self.all.len() - 1).unwrap_or(u32::MAX)
        })
    }
}

/// Which stories are to go, the newest first.
pub fn overdue(
    stories: impl Iterator<Item = Result<Story, StoreError>>,
    keeping: &Keeping,
    now: Second,
) -> Result<Vec<Overdue>, StoreError> {
    let mut sources = Sources::default();
    let mut standing: Vec<Standing> = Vec::new();
    for story in stories {
        let story = story?;
        if !dedup::is_wordless(&story) {
            standing.push(stands(&story, &mut sources, keeping));
        }
    }
    standing.sort_by_key(|story| (Reverse(story.stands), story.id));
    let mut shown = 0;
    let is_over = |story: &Standing| {
        let mut stays = false;
        for number in &story.sources {
            let (_, keep, newer) = &mut sources.all[*number as usize];
            if story.is_shown {
                stays |= keep.keeps(story.stands, *newer, now);
                *newer += 1;
            } else {
                stays |= keep.is_young(story.stands, now);
            }
        }
        if stays && story.is_shown {
            shown += 1;
            stays = keeping.all.is_none_or(|most| shown <= most);
        }
        !stays
    };
    standing.retain(is_over);
    let named = |story: Standing| Overdue { id: story.id, source: sources.all[story.sources[0] as usize].0.clone(), stands: story.stands };
    Ok(standing.into_iter().map(named).collect())
}

fn stands(story: &Story, sources: &mut Sources, keeping: &Keeping) -> Standing {
    let mut told: Vec<u32> = Vec::new();
    for copy in std::iter::once(story.preferred(story.first_edition())).chain(&story.copies) {
        let number = sources.number(&copy.item.source, keeping);
        if !told.contains(&number) {
            told.push(number);
        }
    }
    let stands = story.editions.iter().map(|edition| edition.position).max().unwrap_or(Second::EPOCH);
    Standing { id: story.id, stands, is_shown: !story.is_gone(), sources: told }
}

impl Desk {
    /// Takes the words out of stories that are kept no longer, a few at a time; says how many had some.
    pub async fn prune(&self, ids: Vec<StoryId>) -> Result<usize, ApplyError> {
        self.have(move |hand| hand.prune(&ids)).await
    }
}

impl Hand {
    fn prune(&mut self, ids: &[StoryId]) -> Result<usize, ApplyError> {
        let now = self.begin()?;
        let mut stories = Vec::new();
        for id in ids {
            let story = self.store.story(id).map_err(|error| self.failed(error))?;
            let wordy = story.filter(|story| !dedup::is_wordless(story));
            stories.extend(wordy.map(|story| Arc::new(dedup::pruned(&story, |item| has_own_link(&self.store, item)))));
        }
        let count = stories.len();
        self.write(&records::pruned(stories, now, self.journal.bounds().last + 1))?;
        Ok(count)
    }
}

/// Whether no other story of its source has an item's link: a link that several have says nothing of the next one.
pub(super) fn has_own_link(store: &Store, item: &Item) -> bool {
    item.canonical.as_ref().is_some_and(|link| store.by_link_of(&item.source, link).len() < 2)
}
