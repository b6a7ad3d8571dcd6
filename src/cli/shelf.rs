//! Stories in memory, for commands that know nothing of a data folder.
//!
//! An item is decided here by the same rules as in the daemon, but known again by the id or the link of its source alone.
//! Deliberately absent: places, journal and store.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::{
    dedup::{self, By, Candidates, Decision, Kinship, Own, Sketch, Sought, Teller, Telling, Window},
    model::{Item, Labels, Lang, Refusal, Second, SourceId, Story, StoryId},
};

/// Stories, and how they are found.
#[derive(Default)]
pub struct Shelf {
    stories: BTreeMap<StoryId, Story>,
    by_upstream: HashMap<(SourceId, String), StoryId>,
    by_link: HashMap<String, Vec<StoryId>>,
    entry_ids: HashSet<String>,
    window: Window,
}

/// Where an item was put.
pub struct Place {
    /// The story.
    pub story: StoryId,
    /// The language of the edition that it tells.
    pub edition: Lang,
    /// Why it is there, in words.
    pub why: String,
    /// The stories that it looked like.
    pub refused: Vec<Refusal>,
}

impl Shelf {
    /// Puts an item where it belongs. `now` is when it is seen.
    pub fn put(&mut self, item: Item, labels: Labels, now: Second) -> Place {
        let key = (item.source.clone(), item.upstream.id.clone());
        let lang = labels.lang.value;
        let links = item.canonical.as_ref().and_then(|link| self.by_link.get(link)).into_iter().flatten();
        let linked: Vec<&Story> = links.filter_map(|id| self.stories.get(id)).collect();
        let by_id = self.by_upstream.get(&key).and_then(|id| self.stories.get(id));
        let own = by_id.and_then(|story| own(story, By::Id, |known| known.source == key.0 && known.upstream.goes_by(&key.1)));
        let at_link = |known: &Item| known.source == key.0 && known.canonical == item.canonical && dedup::agree(known, &item);
        let own = own.or_else(|| linked.iter().find_map(|story| self::own(story, By::Link, at_link)));
        let known = own.map(|own| own.story.id);
        let sketch = Sketch::of(Telling { item: &item, labels: &labels }, now);
        let found = if own.is_some() { Vec::new() } else { self.window.candidates(&Sought::of(&sketch), now) };
        let mut alike: Vec<(&Story, Kinship)> =
            found.iter().filter_map(|id| self.stories.get(id)).map(|story| (story, dedup::relate(&sketch, story))).collect();
        alike.sort_by_key(|(story, _)| (story.copies[0].first_seen, story.id));
        let teller = Teller { rank: u8::MAX, hosts: &[], settles: false };
        let candidates = Candidates { own, linked: &linked, alike: &alike, id_is_used: self.entry_ids.contains(&item.upstream.id) };
        let (story, left) = match dedup::decide(item, labels, teller, candidates, now) {
            Decision::Same => (None, Vec::new()),
            Decision::Joined(story) => {
                let same = alike.iter().filter(|(_, kin)| matches!(kin, Kinship::Same(_))).map(|(story, _)| *story);
                let (story, left) = dedup::one_of_all(story, same, now);
                (Some(story), left)
            }
            Decision::Renamed(story) | Decision::Revised(story) => (Some(story), Vec::new()),
            Decision::NewEdition(story) | Decision::Opened(story) | Decision::NewStory(story) => (Some(story), Vec::new()),
        };
        for story in left {
            self.keep(story, now);
        }
        let id = story.map_or(known.unwrap_or_default(), |story| self.keep(story, now));
        let copy = self.stories.get(&id).and_then(|story| story.copies.last()).filter(|_| known.is_none());
        Place {
            story: id,
            edition: self.edition(&id, lang),
            why: copy.map_or_else(|| "is known by its id or link".to_owned(), |copy| copy.why.to_string()),
            refused: copy.map(|copy| copy.refused.clone()).unwrap_or_default(),
        }
    }

    /// The story that tells by now what a story told when an item was put there.
    pub fn told_in(&self, id: StoryId) -> StoryId {
        self.stories.get(&id).and_then(Story::joined).map_or(id, |whole| self.told_in(whole))
    }

    /// The language of the edition that an item of that language tells.
    fn edition(&self, id: &StoryId, lang: Lang) -> Lang {
        let editions = self.stories.get(id).map_or(&[][..], |story| &story.editions);
        let own = editions.iter().find(|edition| edition.lang == lang);
        own.or_else(|| editions.iter().find(|edition| !edition.lang.is_known())).or(editions.first()).map_or(lang, |edition| edition.lang)
    }

    fn keep(&mut self, story: Story, now: Second) -> StoryId {
        let id = story.id;
        for copy in &story.copies {
            self.by_upstream.insert((copy.item.source.clone(), copy.item.upstream.id.clone()), id);
            if let Some(link) = &copy.item.canonical {
                let ids = self.by_link.entry(link.clone()).or_default();
                if !ids.contains(&id) {
                    ids.push(id);
                }
            }
        }
        self.entry_ids.extend(story.editions.iter().map(|edition| edition.entry_id.clone()));
        self.window.add(&story, now);
        self.stories.insert(id, story);
        id
    }
}

/// The copy of a story that an item is.
fn own(story: &Story, by: By, is_it: impl Fn(&Item) -> bool) -> Option<Own<'_>> {
    let copy = story.copies.iter().position(|copy| is_it(&copy.item))?;
    Some(Own { story, copy, by, also: None, keeps_link: false })
}
