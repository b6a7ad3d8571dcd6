//! What a group of looks comes to, before any of it is written.
//!
//! The view shows what was written, the table on top of it what this group has decided: each
//! item is decided against both. Deliberately absent: the journal.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use url::Url;

use super::{
    Free, Kept, Noted, Report, Round,
    import::was_erased,
    known::{Fate, given},
    records::draft,
};
use crate::{
    dedup::{self, Also, Arrival, Candidates, Decision, Kinship, Own, Sketch, Sought, Teller, Telling, Window},
    model::{Copy, Draft, Ids, Item, Labels, Second, SourceId, Story, StoryId, Unchanged, Upstream, UpstreamFrom},
    pull::{Found, Look},
    store::{Store, StoreError},
};

/// The view, and on top of it what this group has decided but not yet written.
pub(super) struct Table<'a> {
    pub(super) store: &'a Store,
    /// The stories of late that were written; and those on the table.
    window: &'a Window,
    fresh: Window,
    pub(super) stories: HashMap<StoryId, Arc<Story>>,
    /// The stories of each source among them.
    pub(super) of_source: HashMap<SourceId, Vec<StoryId>>,
    pub(super) upstream: HashMap<(SourceId, String), StoryId>,
    pub(super) links: HashMap<String, Vec<StoryId>>,
    entry_ids: HashSet<String>,
    positions: HashSet<Second>,
    pub(super) free: Free,
    last: Option<Second>,
}

impl<'a> Table<'a> {
    pub(super) fn new(store: &'a Store, window: &'a Window, free: Free) -> Self {
        Self {
            store,
            window,
            fresh: Window::default(),
            stories: HashMap::new(),
            of_source: HashMap::new(),
            upstream: HashMap::new(),
            links: HashMap::new(),
            entry_ids: HashSet::new(),
            positions: HashSet::new(),
            free,
            last: None,
        }
    }

    /// Decides a look's items, oldest first, and drafts its records.
    pub(super) fn decide(&mut self, look: Look, now: Second, drafts: &mut Vec<Draft>, noted: &mut Round) -> Result<Kept, StoreError> {
        let mut state = look.state;
        let id = look.source.id.clone();
        let (mut items, dropped) = match look.found {
            Found::Items { items, dropped } => (items, dropped),
            Found::Unchanged if look.is_repeat => {
                let unchanged = Unchanged { source: id.clone(), at: look.at, not_before: state.not_before };
                noted.insert(id, Noted::Unchanged(unchanged));
                return Ok(Kept { report: Report::default(), state: Box::new(state) });
            }
            Found::Unchanged | Found::Trouble(_) => {
                let state = Box::new(state);
                noted.insert(id, Noted::State(state.clone()));
                return Ok(Kept { report: Report::default(), state });
            }
        };
        let mut report = Report { items: items.len(), dropped, ..Report::default() };
        self.leave_at_rest(&mut items, state.ids)?;
        // Feeds list the newest first; among items of one date the last one listed is the oldest.
        items.reverse();
        items.sort_by_key(|(item, _)| item.published.map_or((1, Second::EPOCH), |at| (0, at)));

        let hosts: Vec<&str> =
            [look.source.home.as_ref(), Some(&look.source.url)].into_iter().flatten().filter_map(Url::host_str).collect();
        let teller = Teller { rank: look.source.rank, hosts: &hosts };
        let (mut changed, mut is_changed): (Vec<StoryId>, HashSet<StoryId>) = Default::default();
        let mut unplaced: Vec<(StoryId, usize)> = Vec::new();
        let mut arrivals: Vec<Arrival> = Vec::new();
        let (fates, ids) = self.recognise(&id, &items, state.ids, look.last_good, now)?;
        tell_of_ids(&id, state.ids, ids);
        state.ids = ids;
        let mut heard: Vec<Option<Second>> = Vec::new();
        for ((item, labels), fate) in items.into_iter().zip(fates) {
            let published = item.published;
            let Asked { decision, also } = self.ask(item, labels, fate, teller, now)?;
            let story = match decision {
                Decision::Same => continue,
                Decision::Renamed(story) => story,
                Decision::Revised(story) => {
                    report.revised += 1;
                    story
                }
                Decision::Joined(story) => {
                    report.joined += 1;
                    heard.push(published);
                    // What was begun with this document has no place yet, and can wait for the next telling.
                    let is_placed = |id: StoryId| !unplaced.iter().any(|(unplaced, _)| *unplaced == id);
                    let also = if is_placed(story.id) { also } else { Vec::new() };
                    let others = also.iter().map(AsRef::as_ref).filter(|other: &&Story| is_placed(other.id));
                    let (story, left) = dedup::one_of_all(story, others, now);
                    for left in left {
                        tracing::info!(story.id = %story.id, "story {} turns out to be {}: another copy tells the same as both", left.id, story.id);
                        changed.extend(is_changed.insert(left.id).then_some(left.id));
                        self.lay(left, now);
                    }
                    story
                }
                Decision::NewEdition(story) | Decision::NewStory(story) => {
                    report.new += 1;
                    heard.push(published);
                    unplaced.push((story.id, story.editions.len() - 1));
                    arrivals.push(Arrival { published });
                    story
                }
            };
            if is_changed.insert(story.id) {
                changed.push(story.id);
            }
            self.lay(story, now);
        }
        self.place(&unplaced, &arrivals, look.last_good, now);
        let news = report.new + report.joined + report.revised;
        if news > 0 {
            state.newest = Some(now);
        }
        state.rhythm.hear(heard, look.last_good, now);
        state.news = u32::try_from(news).unwrap_or(u32::MAX);
        if changed.is_empty() {
            noted.insert(id, Noted::State(Box::new(state.clone())));
        } else {
            noted.insert(id, Noted::Kept);
            let stories: Vec<Arc<Story>> = changed.iter().filter_map(|id| self.stories.get(id).cloned()).collect();
            draft(look.source.id.clone(), look.at, stories, state.clone(), now, drafts);
        }
        Ok(Kept { report, state: Box::new(state) })
    }

    fn ask(&self, mut item: Item, labels: Labels, fate: Fate, teller: Teller<'_>, now: Second) -> Result<Asked, StoreError> {
        let (id, link) = match fate {
            Fate::Repeated => return Ok(Decision::Same.into()),
            Fate::Known(known) => {
                // An item before it may have changed the story since it was looked up.
                let story = self.stories.get(&known.story.id).unwrap_or(&known.story).clone();
                let also = match &known.also {
                    Some((keys, by_itself)) => self.first_free(&item.source, keys).map(|key| Also { key, by_itself: *by_itself }),
                    None => None,
                };
                let own = Own { story: &story, copy: known.copy, by: known.by, also, keeps_link: known.keeps_link };
                return Ok(dedup::decide(item, labels, teller, Candidates { own: Some(own), ..Candidates::default() }, now).into());
            }
            Fate::New { id, link } => (id, link),
        };
        if self.is_withdrawn(&item)? {
            return Ok(Decision::Same.into());
        }
        item.upstream = self.name(&item, id, link);
        let mut linked: Vec<StoryId> = Vec::new();
        if let Some(link) = &item.canonical {
            linked = self.store.by_link(link);
            linked.extend(self.links.get(link).into_iter().flatten());
            linked.dedup();
        }
        let mut stories = Vec::new();
        for id in linked {
            stories.extend(self.story(&id)?);
        }
        // The view does not know yet of what this group has made one.
        stories.retain(|story| story.joined().is_none());
        stories.sort_by_key(|story| story.copies[0].first_seen);
        let candidates: Vec<&Story> = stories.iter().map(AsRef::as_ref).collect();
        let id = item.upstream.id.as_str();
        let id_is_used = self.entry_ids.contains(id) || self.store.by_entry_id(id).is_some();
        let found = self.alike(&item, &labels, now)?;
        let alike: Vec<(&Story, Kinship)> = found.iter().map(|(story, kin)| (story.as_ref(), kin.clone())).collect();
        let decision = dedup::decide(item, labels, teller, Candidates { own: None, linked: &candidates, alike: &alike, id_is_used }, now);
        let also = found.into_iter().filter(|(_, kin)| matches!(kin, Kinship::Same(_))).map(|(story, _)| story).collect();
        Ok(Asked { decision, also })
    }

    /// Leaves out items that are kept no longer, or whose words were erased.
    fn leave_at_rest(&self, items: &mut Vec<(Item, Labels)>, ids: Option<Ids>) -> Result<(), StoreError> {
        let mut links: HashMap<&str, usize> = HashMap::new();
        for link in items.iter().filter_map(|(item, _)| item.canonical.as_deref()) {
            *links.entry(link).or_default() += 1;
        }
        let is_own = |item: &Item| item.canonical.as_deref().is_some_and(|link| links.get(link) == Some(&1));
        let mut rests = Vec::with_capacity(items.len());
        for (item, _) in items.iter() {
            rests.push(self.rests(item, Ids::are_believed(ids), is_own(item))?);
        }
        let mut rests = rests.into_iter();
        items.retain(|_| !rests.next().unwrap_or_default());
        Ok(())
    }

    /// Whether an item is known to rest: by its own id, else by what it would be known by without one.
    fn rests(&self, item: &Item, id_is_believed: bool, link_is_own: bool) -> Result<bool, StoreError> {
        let is_known = |key: &str| self.store.by_upstream(&item.source, &dedup::resting(key)).is_some();
        let link = item.canonical.as_deref().filter(|_| link_is_own);
        let has_id = id_is_believed && item.upstream.from == UpstreamFrom::Guid;
        if has_id && is_known(&item.upstream.id) || link.is_some_and(is_known) {
            return Ok(true);
        }
        let link_rests = |link: &str| !self.store.by_link_of(&item.source, &dedup::resting(link)).is_empty();
        if !has_id && (link.is_some_and(link_rests) || given(item).any(|key| is_known(&key))) {
            return Ok(true);
        }
        if link_is_own { was_erased(self.store, item) } else { Ok(false) }
    }

    /// Whether an item is a copy that an editor took back.
    fn is_withdrawn(&self, item: &Item) -> Result<bool, StoreError> {
        let mut stories: Vec<StoryId> = self.store.by_upstream(&item.source, &item.upstream.id).into_iter().collect();
        stories.extend(item.canonical.iter().flat_map(|link| self.store.by_link_of(&item.source, link)));
        let is_it = |copy: &Copy| {
            let kept = &copy.item;
            kept.source == item.source
                && (kept.upstream.goes_by(&item.upstream.id) || kept.canonical.is_some() && kept.canonical == item.canonical)
        };
        for id in stories {
            if self.story(&id)?.is_some_and(|story| story.edited.withdrawn.iter().any(is_it)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The identity of a new item: the first of its keys that are believed and that no other item of the source goes by.
    fn name(&self, item: &Item, id_is_believed: bool, link_is_believed: bool) -> Upstream {
        let id = (id_is_believed && item.upstream.from == UpstreamFrom::Guid).then(|| item.upstream.clone());
        let link = item.canonical.clone().filter(|_| link_is_believed).map(Upstream::link);
        let is_free = |name: &Upstream| self.is_free(&item.source, &name.id);
        if let Some(name) = [id, link].into_iter().flatten().find(is_free) {
            return name;
        }
        let given = Upstream::given(&item.title, item.published, &item.summary);
        let mut nth = 0;
        let mut name = given.clone();
        while !is_free(&name) {
            nth += 1;
            name = given.given_beside(&item.summary, nth);
        }
        name
    }

    fn first_free<'k>(&self, source: &SourceId, keys: &'k [String]) -> Option<&'k str> {
        keys.iter().map(String::as_str).find(|key| self.is_free(source, key))
    }

    /// Whether no item of the source goes by a key.
    fn is_free(&self, source: &SourceId, key: &str) -> bool {
        !self.upstream.contains_key(&(source.clone(), key.to_owned())) && self.store.by_upstream(source, key).is_none()
    }

    pub(super) fn story(&self, id: &StoryId) -> Result<Option<Arc<Story>>, StoreError> {
        match self.stories.get(id) {
            Some(story) => Ok(Some(story.clone())),
            None => self.store.story(id),
        }
    }

    /// Lays a decided story on the table, where the next item finds it.
    fn lay(&mut self, story: Story, now: Second) {
        for copy in &story.copies {
            let Upstream { id, also, .. } = &copy.item.upstream;
            for key in [Some(id), also.as_ref()].into_iter().flatten() {
                self.upstream.insert((copy.item.source.clone(), key.clone()), story.id);
            }
            if let Some(link) = &copy.item.canonical {
                let ids = self.links.entry(link.clone()).or_default();
                if !ids.contains(&story.id) {
                    ids.push(story.id);
                }
            }
        }
        self.entry_ids.extend(story.editions.iter().map(|edition| edition.entry_id.clone()));
        for source in story.copies.iter().map(|copy| &copy.item.source) {
            let known = self.of_source.entry(source.clone()).or_default();
            if !known.contains(&story.id) {
                known.push(story.id);
            }
        }
        self.fresh.add(&story, now);
        self.stories.insert(story.id, Arc::new(story));
    }

    /// The stories that tell something alike, the likeliest first.
    fn alike(&self, item: &Item, labels: &Labels, now: Second) -> Result<Vec<(Arc<Story>, Kinship)>, StoreError> {
        if dedup::is_old(item, now) {
            return Ok(Vec::new());
        }
        let sketch = Sketch::of(Telling { item, labels }, now);
        let sought = Sought::of(&sketch);
        let mut ids = self.fresh.candidates(&sought, now);
        ids.extend(self.window.candidates(&sought, now).into_iter().filter(|id| !self.stories.contains_key(id)));
        let mut alike = Vec::new();
        for id in ids {
            if let Some(story) = self.story(&id)? {
                let kin = dedup::relate(&sketch, &story);
                alike.push((story, kin));
            }
        }
        // The oldest of several is the one that others joined.
        alike.sort_by_key(|(story, _)| (story.copies[0].first_seen, story.id));
        Ok(alike)
    }

    /// Gives each new edition its place.
    fn place(&mut self, unplaced: &[(StoryId, usize)], arrivals: &[Arrival], last_good: Option<Second>, now: Second) {
        let last = self.last.max(self.store.last_position());
        let wanted = dedup::wanted(arrivals, last_good, now);
        let (store, positions, free) = (self.store, &self.positions, &mut self.free);
        let places = dedup::places(&wanted, last, now, |from| {
            let mut at = store.free_at_or_before(*free.get(&from).unwrap_or(&from));
            while positions.contains(&at) {
                at = store.free_at_or_before(at.minus(Duration::from_secs(1)));
            }
            free.insert(from, at);
            at
        });
        for (((id, edition), place), wanted) in unplaced.iter().zip(&places).zip(&wanted) {
            if let Some(edition) = self.stories.get_mut(id).and_then(|story| Arc::make_mut(story).editions.get_mut(*edition)) {
                edition.position = *place;
                edition.updated = *place;
                edition.archived = *wanted != dedup::Wanted::Live;
            }
            self.positions.insert(*place);
        }
        self.last = last.max(places.iter().max().copied());
    }
}

/// What became of an item, and the stories that it is the same as.
struct Asked {
    decision: Decision,
    also: Vec<Arc<Story>>,
}

impl From<Decision> for Asked {
    fn from(decision: Decision) -> Self {
        Self { decision, also: Vec::new() }
    }
}

/// Tells once that a source's ids are no ids.
fn tell_of_ids(source: &SourceId, before: Option<Ids>, now: Option<Ids>) {
    let what = match now {
        Some(Ids::Changing) if before != now => "gives its items other ids at every fetch",
        Some(Ids::Repeating) if before != now => "gives one id to several items",
        _ => return,
    };
    tracing::warn!(source.id = %source, "`{source}` {what}; they are known by link and text from now on");
}
