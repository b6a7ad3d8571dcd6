//! What a group of looks comes to, before any of it is written.
//!
//! The view shows what was written, the table on top of it what this group has decided: each
//! item is decided against both. Deliberately absent: the journal.

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use url::Url;

use super::{
    Changes, Free, Kept, Noted, Report, Round,
    import::was_erased,
    known::{Fate, given},
    records::draft,
    retract::TakenBack,
};
use crate::{
    dedup::{self, Also, Arrival, Candidates, Decision, Kinship, Limit, Own, Sketch, Sought, Teller, Telling, Trace, Wanted, Window},
    model::{
        Draft, Flood, Gone, Guard, Ids, Item, Labels, Rule, Second, SourceId, Story, StoryId, Unchanged, Upstream, UpstreamFrom, Verdict,
    },
    pull::{Found, Look},
    store::{Store, StoreError},
};

/// The view, and on top of it what this group has decided but not yet written.
pub(super) struct Table<'a> {
    pub(super) store: &'a Store,
    /// The stories of late that were written; and those on the table.
    window: &'a Window,
    pub(super) fresh: Window,
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
        let (mut items, dropped, retracted) = match look.found {
            Found::Items { items, dropped, retracted } => (items, dropped, retracted),
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
        let hosts: Vec<&str> =
            [look.source.home.as_ref(), Some(&look.source.url)].into_iter().flatten().filter_map(Url::host_str).collect();
        let settle = look.source.settle;
        let teller = Teller { rank: look.source.rank, hosts: &hosts, settles: !settle.is_zero() };
        let mut changes = Changes::default();
        let TakenBack { copies, disbelieved } = self.take_back(&id, &retracted, &mut items, state.ids, &mut changes, now)?;
        report.withdrawn = copies;
        state.guard.disbelieved = u32::try_from(disbelieved).unwrap_or(u32::MAX);
        let (ranks, items) = in_order(items);
        let mut newcomers = Newcomers::default();
        let (fates, ids) = self.recognise(&id, &items, state.ids, look.last_good, now)?;
        tell_of_ids(&id, state.ids, ids);
        state.ids = ids;
        let mut heard: Vec<Option<Second>> = Vec::new();
        for (((item, labels), fate), rank) in items.into_iter().zip(fates).zip(ranks) {
            let published = item.published;
            let Asked { decision, also, trace } = self.ask(item, labels, fate, teller, now)?;
            if matches!(decision, Decision::NewStory(_) | Decision::NewEdition(_) | Decision::Opened(_)) {
                report.new += 1;
                heard.push(published);
            }
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
                    let is_placed = |id: StoryId| !newcomers.editions.iter().any(|newcomer| newcomer.story == id);
                    let also = if is_placed(story.id) { also } else { Vec::new() };
                    let others = also.iter().map(AsRef::as_ref).filter(|other: &&Story| is_placed(other.id));
                    let (story, left) = dedup::one_of_all(story, others, now);
                    for left in left {
                        tracing::info!(story.id = %story.id, "story {} turns out to be {}: another copy tells the same as both", left.id, story.id);
                        changes.add(left.id);
                        self.lay(left, now);
                    }
                    story
                }
                Decision::NewStory(story) => {
                    newcomers.begun.push(story.id);
                    newcomers.add(&story, 0, published, rank);
                    story
                }
                Decision::NewEdition(story) => {
                    newcomers.add(&story, story.editions.len() - 1, published, rank);
                    story
                }
                Decision::Opened(story) => {
                    (0..story.editions.len()).for_each(|edition| newcomers.add(&story, edition, published, rank));
                    story
                }
            };
            changes.add(story.id);
            self.lay_traced(story, trace, now);
        }
        let limit = Limit { most: look.source.most_per_hour, had: state.guard.new_within_hour(now) };
        let (unplaced, arrivals) = newcomers.in_order();
        let wanted = dedup::wanted(&arrivals, look.last_good, limit, now);
        self.place(&unplaced, &wanted, now);
        take_note(&mut state.guard, &id, &wanted, now);
        if !settle.is_zero() {
            self.let_wait(&newcomers.begun, now.plus(settle));
        }
        let news = report.new + report.joined + report.revised;
        if news > 0 {
            state.newest = Some(now);
        }
        state.rhythm.hear(heard, look.last_good, now);
        state.news = u32::try_from(news).unwrap_or(u32::MAX);
        if changes.order.is_empty() {
            noted.insert(id, Noted::State(Box::new(state.clone())));
        } else {
            noted.insert(id, Noted::Kept);
            let stories: Vec<Arc<Story>> = changes.order.iter().filter_map(|id| self.stories.get(id).cloned()).collect();
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
        if let Some((story, nth)) = self.taken_out(&item)? {
            let id_is_used = self.is_entry(&story.edited.withdrawn[nth].item.upstream.id);
            return Ok(dedup::tell_anew(&story, nth, item, labels, teller, id_is_used, now).into());
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
        stories.sort_by_key(|story| (story.waits().is_some(), story.copies[0].first_seen));
        let candidates: Vec<&Story> = stories.iter().map(AsRef::as_ref).collect();
        let id_is_used = self.is_entry(&item.upstream.id);
        let (found, trace) = self.alike(&item, &labels, now)?;
        let alike: Vec<(&Story, Kinship)> = found.iter().map(|(story, kin)| (story.as_ref(), kin.clone())).collect();
        let decision = dedup::decide(item, labels, teller, Candidates { own: None, linked: &candidates, alike: &alike, id_is_used }, now);
        let also = found.into_iter().filter(|(_, kin)| matches!(kin, Kinship::Same(_))).map(|(story, _)| story).collect();
        let trace = trace.filter(|_| matches!(decision, Decision::NewStory(_)));
        Ok(Asked { decision, also, trace })
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
        self.by_upstream(source, key).is_none()
    }

    /// The story that holds, or held, a copy from this source which goes by this key.
    pub(super) fn by_upstream(&self, source: &SourceId, key: &str) -> Option<StoryId> {
        self.upstream.get(&(source.clone(), key.to_owned())).copied().or_else(|| self.store.by_upstream(source, key))
    }

    /// Whether an entry has this id.
    fn is_entry(&self, id: &str) -> bool {
        self.entry_ids.contains(id) || self.store.by_entry_id(id).is_some()
    }

    pub(super) fn story(&self, id: &StoryId) -> Result<Option<Arc<Story>>, StoreError> {
        match self.stories.get(id) {
            Some(story) => Ok(Some(story.clone())),
            None => self.store.story(id),
        }
    }

    /// Lays a decided story on the table, where the next item finds it.
    pub(super) fn lay(&mut self, story: Story, now: Second) {
        self.lay_traced(story, None, now);
    }

    /// The same with a story of which it is known how it is found.
    fn lay_traced(&mut self, story: Story, trace: Option<Trace>, now: Second) {
        for copy in story.copies.iter().chain(&story.edited.withdrawn) {
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
        match trace {
            Some(trace) => self.fresh.put(story.id, trace),
            None => self.fresh.add(&story, now),
        }
        self.stories.insert(story.id, Arc::new(story));
    }

    /// The stories that tell something alike, the likeliest first, and how a story is found that begins with the item.
    fn alike(&self, item: &Item, labels: &Labels, now: Second) -> Result<(Alike, Option<Trace>), StoreError> {
        if dedup::is_old(item, now) {
            return Ok((Vec::new(), None));
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
        // The oldest of several is the one that others joined, and nobody has seen one that waits.
        alike.sort_by_key(|(story, _)| (story.waits().is_some(), story.copies[0].first_seen, story.id));
        Ok((alike, Some(sought.trace())))
    }

    /// Gives each new edition its place.
    fn place(&mut self, unplaced: &[(StoryId, usize)], wanted: &[Wanted], now: Second) {
        let last = self.last.max(self.store.last_position());
        let (store, positions, free) = (self.store, &self.positions, &mut self.free);
        let places = dedup::places(wanted, last, now, |from| {
            let mut at = store.free_at_or_before(*free.get(&from).unwrap_or(&from));
            while positions.contains(&at) {
                at = store.free_at_or_before(at.minus(Duration::from_secs(1)));
            }
            free.insert(from, at);
            at
        });
        for (((id, edition), place), wanted) in unplaced.iter().zip(&places).zip(wanted) {
            let Some(story) = self.stories.get_mut(id).map(Arc::make_mut) else { continue };
            if let Some(edition) = story.editions.get_mut(*edition) {
                edition.position = *place;
                edition.updated = *place;
                edition.archived = *wanted != Wanted::Live;
                edition.verdict = rule(wanted).map(|rule| Verdict { rule, at: now });
            }
            // What has no date is as old as its place in the archive.
            if *wanted != Wanted::Live && story.copies.iter().any(|copy| dedup::dated(&copy.item).is_none()) {
                self.fresh.add(story, now);
            }
            self.positions.insert(*place);
        }
        self.last = last.max(places.iter().max().copied());
    }

    /// Lets stories wait that would be shown at the live end.
    fn let_wait(&mut self, begun: &[StoryId], until: Second) {
        for id in begun {
            if let Some(story) = self.stories.get_mut(id).filter(|story| !story.first_edition().archived) {
                Arc::make_mut(story).edited.gone = Some(Gone::Waiting(until));
            }
        }
    }
}

/// The items of a document as they are decided, and the place of each in the document: the oldest first, and among those of one date
/// by what they say, so that what becomes of them does not depend on the order of the list.
fn in_order(items: Vec<(Item, Labels)>) -> (Vec<usize>, Vec<(Item, Labels)>) {
    let mut ranked: Vec<(usize, (Item, Labels))> = items.into_iter().enumerate().collect();
    ranked
        .sort_by(|(_, (one, _)), (_, (other, _))| age(one.published).cmp(&age(other.published)).then_with(|| told(one).cmp(&told(other))));
    ranked.into_iter().unzip()
}

/// What an item says, to tell it from others of its date.
fn told(item: &Item) -> (&str, &str, Option<&str>, &str) {
    (&item.title, &item.upstream.id, item.canonical.as_deref(), &item.summary)
}

/// What is dated comes before what is not.
fn age(published: Option<Second>) -> (bool, Option<Second>) {
    (published.is_none(), published)
}

/// New editions of a look.
#[derive(Default)]
struct Newcomers {
    editions: Vec<Newcomer>,
    /// The stories that began.
    begun: Vec<StoryId>,
}

/// A new edition, and what is known of its item.
struct Newcomer {
    story: StoryId,
    edition: usize,
    published: Option<Second>,
    /// Its place in the document, from the top.
    rank: usize,
}

impl Newcomers {
    fn add(&mut self, story: &Story, edition: usize, published: Option<Second>, rank: usize) {
        self.editions.push(Newcomer { story: story.id, edition, published, rank });
    }

    /// In the order in which they get their places. Feeds list the newest first: among items of one date the last one listed is the oldest.
    fn in_order(&mut self) -> (Vec<(StoryId, usize)>, Vec<Arrival>) {
        self.editions.sort_by_key(|newcomer| (age(newcomer.published), Reverse(newcomer.rank)));
        let place = |newcomer: &Newcomer| ((newcomer.story, newcomer.edition), Arrival { published: newcomer.published });
        self.editions.iter().map(place).unzip()
    }
}

/// By which rule an edition is filed in the archive.
fn rule(wanted: &Wanted) -> Option<Rule> {
    match wanted {
        Wanted::Live => None,
        Wanted::Archive(_, rule) => Some(*rule),
    }
}

/// Remembers what was new, and tells what was too much. That the first look at a source finds old items is no flood.
fn take_note(guard: &mut Guard, source: &SourceId, wanted: &[Wanted], now: Second) {
    let count = |is_it: &dyn Fn(Option<Rule>) -> bool| {
        u32::try_from(wanted.iter().filter(|wanted| is_it(rule(wanted))).count()).unwrap_or(u32::MAX)
    };
    guard.count(count(&|rule| rule.is_none()), now);
    let Some(rule) = wanted.iter().filter_map(rule).rfind(|rule| *rule != Rule::FirstLook) else { return };
    let entries = count(&|rule| rule.is_some_and(|rule| rule != Rule::FirstLook));
    guard.flood = Some(Flood { verdict: Verdict { rule, at: now }, entries });
    tracing::warn!(
        source.id = %source, entries,
        "`{source}`: {entries} new entries are filed in the archive: {rule}; `tributary sources release {source}` shows them as news"
    );
}

/// Stories, and what an item is to each.
type Alike = Vec<(Arc<Story>, Kinship)>;

/// What became of an item, and the stories that it is the same as.
struct Asked {
    decision: Decision,
    also: Vec<Arc<Story>>,
    /// How the story is found, where that is known.
    trace: Option<Trace>,
}

impl From<Decision> for Asked {
    fn from(decision: Decision) -> Self {
        Self { decision, also: Vec::new(), trace: None }
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
