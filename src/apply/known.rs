//! Looks up the copies that a document's items may be, and asks `dedup` which of them they are.
//!
//! Most items go by a key that leads straight to a copy with the same title, link and date: one
//! look-up, and nothing is compared. For the others all their keys are tried; for those that no
//! key leads to, the latest stories of the source are read, once a document, and only when an
//! item has no link of its own, or could have been there at the last look and still was not known.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::table::Table;
use crate::{
    dedup::{self, By, Match, Recognition, Survey, Telling},
    model::{Copy, Ids, Item, Labels, Second, SourceId, Story, StoryId, Upstream, UpstreamFrom},
    store::StoreError,
};

/// Stories of a source that an item without a known key is compared with at most: a few documents' worth.
const LATEST: usize = 200;
/// The same at least, however short the document.
const LATEST_AT_LEAST: usize = 50;
/// Items of a document that are compared with all of those at most; the others have to be equal in every word.
const COMPARED: usize = 200;
/// Pairs of equal items and copies that are looked at at most.
const PAIRS: usize = 20_000;

/// What is known of an item before it is decided.
pub(super) enum Fate {
    /// The document has it again, and better.
    Repeated,
    /// It is a copy that the source has told before.
    Known(Known),
    /// It is new; whether its own id and link can be believed.
    New { id: bool, link: bool },
}

/// A copy that an item is.
pub(super) struct Known {
    pub(super) story: Arc<Story>,
    /// Index into its copies.
    pub(super) copy: usize,
    pub(super) by: By,
    /// Keys of which it goes by the first free one from now on, and whether that alone is worth a record.
    pub(super) also: Option<(Vec<String>, bool)>,
    pub(super) keeps_link: bool,
}

impl Table<'_> {
    /// Says for each item of a document what is known of it, and what the source's ids are worth now.
    pub(super) fn recognise(
        &self,
        source: &SourceId,
        items: &[(Item, Labels)],
        ids: Option<Ids>,
        last_good: Option<Second>,
        now: Second,
    ) -> Result<(Vec<Fate>, Option<Ids>), StoreError> {
        let tellings: Vec<Telling<'_>> = items.iter().map(|(item, labels)| Telling { item, labels }).collect();
        let mut search = Search {
            pool: Pool { table: self, source, stories: HashMap::new(), copies: Vec::new(), places: HashMap::new() },
            survey: dedup::survey(&tellings),
            settled: vec![None; items.len()],
            taken: HashSet::new(),
            pairs: Vec::new(),
            ids,
        };
        for (n, telling) in tellings.iter().enumerate() {
            if !search.survey.repeats[n] {
                search.look_up(n, telling.item)?;
            }
        }
        let is_open = |search: &Search<'_>, n: usize| search.settled[n].is_none() && !search.survey.repeats[n];
        let unlinked: Vec<usize> = (0..items.len()).filter(|n| is_open(&search, *n) && !search.survey.links[*n]).collect();
        search.compare(&tellings, &unlinked)?;
        let mut found = search.recognise(&tellings);
        // What is dated since the last look can not have been there; what is older, and under unknown keys, may have been.
        let is_fresh = |item: &Item| item.published.is_some_and(|at| last_good.is_some_and(|last| at > last) && at <= now);
        let is_odd =
            |n: &usize| is_open(&search, *n) && found.matches[*n].is_none() && search.survey.links[*n] && !is_fresh(tellings[*n].item);
        let odd: Vec<usize> = (0..items.len()).filter(is_odd).collect();
        if !odd.is_empty() {
            search.compare(&tellings, &odd)?;
            found = search.recognise(&tellings);
        }
        let fates = tellings.iter().enumerate().map(|(n, telling)| search.fate(n, telling.item, &found)).collect();
        Ok((fates, found.ids))
    }
}

/// A document and the copies that its items may be.
struct Search<'a> {
    pool: Pool<'a>,
    survey: Survey,
    settled: Vec<Option<Match>>,
    /// The copies that are settled.
    taken: HashSet<usize>,
    pairs: Vec<(usize, usize)>,
    ids: Option<Ids>,
}

impl Search<'_> {
    /// Tries the keys of an item, the surest first, until one leads to a copy that is the item beyond question.
    fn look_up(&mut self, n: usize, item: &Item) -> Result<(), StoreError> {
        let believed = Ids::are_believed(self.ids) && self.survey.ids[n];
        let id = Some(item.upstream.id.as_str()).filter(|_| believed && item.upstream.from == UpstreamFrom::Guid);
        let mut found = Vec::new();
        if let Some(id) = id {
            found.extend(self.pool.by_key(id)?);
            if let Some(copy) = found.first().copied().filter(|copy| is_plainly(item, self.pool.item(*copy)))
                && self.settle(n, copy, By::Id)
            {
                return Ok(());
            }
        }
        if let Some(link) = item.canonical.as_deref().filter(|_| self.survey.links[n]) {
            let mut there = self.pool.by_link(link)?;
            // A link that several items had is no link of its own.
            self.survey.links[n] = there.len() < 2;
            if there.is_empty() {
                there.extend(self.pool.by_key(link)?);
            }
            if let (None, [copy]) = (id, &there[..])
                && is_plainly(item, self.pool.item(*copy))
                && self.settle(n, *copy, By::Link)
            {
                return Ok(());
            }
            found.extend(there);
        }
        if let Some(id) = id.filter(|_| found.is_empty()).and_then(dedup::other_scheme) {
            found.extend(self.pool.by_key(&id)?);
        }
        if !self.survey.links[n] {
            for key in given(item) {
                let Some(copy) = self.pool.by_key(&key)? else { continue };
                let kept = self.pool.item(copy);
                let is_same = kept.title == item.title && kept.published == item.published && kept.summary == item.summary;
                if is_same && id.is_none() && self.settle(n, copy, By::Text) {
                    return Ok(());
                }
                found.push(copy);
            }
        }
        found.sort_unstable();
        found.dedup();
        self.pairs.extend(found.into_iter().map(|copy| (n, copy)));
        Ok(())
    }

    /// Settles an item, unless the copy is another's already.
    fn settle(&mut self, n: usize, copy: usize, by: By) -> bool {
        let is_free = self.taken.insert(copy);
        if is_free {
            self.settled[n] = Some(Match { copy, by });
        }
        is_free
    }

    /// Sets items beside the latest copies of the source.
    fn compare(&mut self, tellings: &[Telling<'_>], open: &[usize]) -> Result<(), StoreError> {
        if open.is_empty() {
            return Ok(());
        }
        let most = (2 * tellings.len()).clamp(LATEST_AT_LEAST, LATEST);
        let latest = self.pool.latest(most)?;
        // Nothing is kept of the source yet.
        if latest.is_empty() {
            return Ok(());
        }
        for n in open {
            for key in given(tellings[*n].item) {
                let copy = self.pool.by_key(&key)?;
                self.pairs.extend(copy.map(|copy| (*n, copy)));
            }
        }
        let free: Vec<(usize, Telling<'_>)> =
            latest.into_iter().filter(|copy| !self.taken.contains(copy)).map(|copy| (copy, self.pool.telling(copy))).collect();
        let wanted: Vec<(usize, Telling<'_>)> = open.iter().map(|n| (*n, tellings[*n])).collect();
        let mut pairs = dedup::exact_pairs(&wanted, &free, PAIRS);
        let (items, copies): (HashSet<usize>, HashSet<usize>) = pairs.iter().copied().unzip();
        for (n, _) in wanted.iter().filter(|(n, _)| !items.contains(n)).take(COMPARED) {
            pairs.extend(free.iter().filter(|(copy, _)| !copies.contains(copy)).map(|(copy, _)| (*n, *copy)));
        }
        self.pairs.extend(pairs);
        self.pairs.sort_unstable();
        self.pairs.dedup();
        Ok(())
    }

    fn recognise(&self, tellings: &[Telling<'_>]) -> Recognition {
        let copies: Vec<Telling<'_>> = (0..self.pool.copies.len()).map(|copy| self.pool.telling(copy)).collect();
        dedup::recognise(tellings, &copies, &self.survey, &self.settled, &self.pairs, self.ids)
    }

    fn fate(&self, n: usize, item: &Item, found: &Recognition) -> Fate {
        if self.survey.repeats[n] {
            return Fate::Repeated;
        }
        let id = Ids::are_believed(found.ids) && self.survey.ids[n];
        let Some(Match { copy, by }) = found.matches[n] else { return Fate::New { id, link: self.survey.links[n] } };
        let (story, copy) = &self.pool.copies[copy];
        let kept = &story.copies[*copy].item;
        let upstream = &kept.upstream;
        // A key is worth a record of its own once, and when all were made anew; otherwise it goes along with what changed.
        let also = if id {
            let renamed = !upstream.goes_by(&item.upstream.id);
            renamed.then(|| (vec![item.upstream.id.clone()], upstream.also.is_none() || found.ids == Some(Ids::Renewed)))
        } else {
            let reworded = by == By::Text && !given(item).any(|key| upstream.goes_by(&key));
            reworded.then(|| (given(item).collect(), upstream.also.is_none() || !upstream.is_given()))
        };
        Fate::Known(Known {
            story: story.clone(),
            copy: *copy,
            by,
            also,
            // A site that makes ids anew may move as well, once.
            keeps_link: by == By::Text
                && found.ids == Some(Ids::Changing)
                && (item.canonical.is_some() && kept.canonical.is_some())
                && (upstream.is_given() || dedup::is_one_place(item, kept)),
        })
    }
}

/// Whether an item under a known key is the copy, and nothing asks for a closer look.
fn is_plainly(item: &Item, kept: &Item) -> bool {
    kept.canonical == item.canonical && kept.title == item.title && kept.published == item.published
}

/// The keys that an item would be given, and so may have been; the second one for when the first is another's.
pub(super) fn given(item: &Item) -> impl Iterator<Item = String> {
    let first = match item.upstream.from {
        UpstreamFrom::Given => item.upstream.clone(),
        _ => Upstream::given(&item.title, item.published, &item.summary),
    };
    let key = first.id.clone();
    std::iter::once(key).chain(std::iter::once_with(move || first.given_beside(&item.summary, 1).id))
}

/// Copies of one source that were looked up, each once.
struct Pool<'a> {
    table: &'a Table<'a>,
    source: &'a SourceId,
    stories: HashMap<StoryId, Arc<Story>>,
    copies: Vec<(Arc<Story>, usize)>,
    places: HashMap<(StoryId, usize), usize>,
}

impl Pool<'_> {
    fn telling(&self, copy: usize) -> Telling<'_> {
        let (story, at) = &self.copies[copy];
        Telling { item: &story.copies[*at].item, labels: &story.copies[*at].labels }
    }

    fn item(&self, copy: usize) -> &Item {
        self.telling(copy).item
    }

    /// Takes in the copies of a story that are the source's, and `wanted`.
    fn take(&mut self, id: StoryId, wanted: impl Fn(&Copy) -> bool) -> Result<Vec<usize>, StoreError> {
        let story = match self.stories.get(&id) {
            Some(story) => Some(story.clone()),
            None => self.table.story(&id)?,
        };
        // What this group has joined to another story is found there, as in the view.
        let Some(story) = story.filter(|story| story.joined().is_none()) else { return Ok(Vec::new()) };
        self.stories.insert(id, story.clone());
        let ours = story.copies.iter().enumerate().filter(|(_, copy)| copy.item.source == *self.source && wanted(copy));
        Ok(ours
            .map(|(at, _)| {
                *self.places.entry((id, at)).or_insert_with(|| {
                    self.copies.push((story.clone(), at));
                    self.copies.len() - 1
                })
            })
            .collect())
    }

    /// The copy that goes by a key.
    fn by_key(&mut self, key: &str) -> Result<Option<usize>, StoreError> {
        let Some(id) = self.table.by_upstream(self.source, key) else { return Ok(None) };
        Ok(self.take(id, |copy| copy.item.upstream.goes_by(key))?.pop())
    }

    /// The copies at a link; at most a few.
    fn by_link(&mut self, link: &str) -> Result<Vec<usize>, StoreError> {
        let mut ids = self.table.store.by_link_of(self.source, link);
        ids.extend(self.table.links.get(link).into_iter().flatten());
        let mut found = Vec::new();
        for id in ids {
            found.extend(self.take(id, |copy| copy.item.canonical.as_deref() == Some(link))?);
        }
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }

    /// The copies in the latest stories.
    fn latest(&mut self, most: usize) -> Result<Vec<usize>, StoreError> {
        let mut ids = self.table.store.latest_of(self.source, most);
        ids.extend(self.table.of_source.get(self.source).into_iter().flatten());
        let mut found = Vec::new();
        for id in ids {
            found.extend(self.take(id, |_| true)?);
        }
        found.sort_unstable();
        found.dedup();
        Ok(found)
    }
}
