//! The stories of late, by what tellings of one story have in common.
//!
//! A telling is compared with the few stories that share a key with it, however many there are. A key that
//! many stories share is a template and leads nowhere. What is in here is a function of the stories alone,
//! so that it can be made anew at any time. It takes about 1 KB for each story, and [`MOST`] bounds it.
//! Deliberately absent: the stories themselves.

use std::{collections::BTreeSet, time::Duration};

use rustc_hash::FxHashMap;

use super::{
    Telling,
    sketch::{Keys, Sketch, dated},
};
use crate::model::{Item, Second, Story, StoryId};

/// Stories older than this are joined by link alone: 30 days.
pub const AGE: Duration = Duration::from_hours(30 * 24);
/// Stories at most; the oldest go first. About 60 MB.
pub const MOST: usize = 60_000;
/// A key that more stories share is nobody's.
const CROWD: usize = 32;
/// Stories that a telling is compared with at most.
const CANDIDATES: usize = 8;
/// A key that is enough counts for so much, one that is not for one.
const ENOUGH: usize = 2;
/// A translation may come this many days before or after.
const DAYS: i64 = 3;
/// Copies of a story that it is found by.
const COPIES: usize = 8;

/// The stories of late.
#[derive(Debug, Default)]
pub struct Window {
    known: Traces,
    by_age: BTreeSet<(Second, StoryId)>,
    by_key: FxHashMap<u64, Postings>,
}

/// The stories of one key: most have one.
#[derive(Debug)]
enum Postings {
    One(StoryId),
    Many(Vec<StoryId>),
}

impl Postings {
    fn all(&self) -> &[StoryId] {
        match self {
            Self::One(id) => std::slice::from_ref(id),
            Self::Many(ids) => ids,
        }
    }

    fn add(&mut self, new: StoryId) {
        match self {
            Self::One(id) => *self = Self::Many(vec![*id, new]),
            Self::Many(ids) => ids.push(new),
        }
    }

    /// Whether none is left.
    fn remove(&mut self, gone: StoryId) -> bool {
        match self {
            Self::One(id) => *id == gone,
            Self::Many(ids) => {
                ids.retain(|id| *id != gone);
                ids.is_empty()
            }
        }
    }
}

/// What the stories that a telling may be of are found by: made once, for any number of windows.
#[derive(Debug, Clone)]
pub struct Sought {
    /// What it is found by itself.
    keys: Keys,
    /// What its site tells in other languages.
    neighbours: Vec<u64>,
    at: Second,
}

impl Sought {
    /// Of a telling.
    pub fn of(sketch: &Sketch<'_>) -> Self {
        Self { keys: sketch.keys(), neighbours: sketch.neighbours(DAYS), at: sketch.at }
    }

    /// Each key, and what it counts.
    fn weighed(&self) -> impl Iterator<Item = (u64, usize)> + '_ {
        let Keys { sure, bands } = &self.keys;
        sure.iter().chain(&self.neighbours).map(|key| (*key, ENOUGH)).chain(bands.iter().map(|key| (*key, 1)))
    }

    /// How the story is found that begins with the telling.
    pub fn trace(self) -> Trace {
        Trace::new(self.at, [self.keys])
    }
}

/// How a story is found.
#[derive(Debug, PartialEq, Eq)]
pub struct Trace {
    at: Second,
    /// Sorted.
    keys: Box<[u64]>,
}

/// How stories are found.
pub type Traces = FxHashMap<StoryId, Trace>;

impl Trace {
    fn new(at: Second, keys: impl IntoIterator<Item = Keys>) -> Self {
        let mut keys: Vec<u64> = keys.into_iter().flat_map(|Keys { sure, bands }| sure.into_iter().chain(bands)).collect();
        keys.sort_unstable();
        keys.dedup();
        Self { at, keys: keys.into() }
    }

    /// Of a story; nothing when it is not to be found.
    fn of(story: &Story, now: Second) -> Option<Self> {
        // What it told is told in another one, or not at all.
        if story.joined().is_some() || story.is_at_rest() {
            return None;
        }
        // To sketch a whole archive that nobody will be compared with takes its time.
        if story.copies.iter().all(|copy| is_old(&copy.item, now)) {
            return None;
        }
        let sketches: Vec<Sketch<'_>> = sketches(story).collect();
        let at = sketches.iter().map(|sketch| sketch.at).max()?;
        Some(Self::new(at, sketches.iter().map(Sketch::keys)))
    }
}

impl Window {
    /// Takes a story in, or what became of it.
    pub fn add(&mut self, story: &Story, now: Second) {
        self.remove(&story.id);
        if let Some(trace) = Trace::of(story, now) {
            self.put(story.id, trace);
        }
    }

    /// Takes a story in that is found so.
    pub fn put(&mut self, id: StoryId, trace: Trace) {
        self.remove(&id);
        for key in &trace.keys {
            self.by_key.entry(*key).and_modify(|postings| postings.add(id)).or_insert(Postings::One(id));
        }
        self.by_age.insert((trace.at, id));
        self.known.insert(id, trace);
        while self.known.len() > MOST
            && let Some((_, oldest)) = self.by_age.first().copied()
        {
            self.remove(&oldest);
        }
    }

    /// Forgets what is older than [`AGE`].
    pub fn forget(&mut self, now: Second) {
        while let Some((at, id)) = self.by_age.first().copied()
            && is_past(at, now)
        {
            self.remove(&id);
        }
    }

    /// The stories that a telling may be of, the likeliest first.
    pub fn candidates(&self, sought: &Sought, now: Second) -> Vec<StoryId> {
        let mut hits: FxHashMap<StoryId, usize> = FxHashMap::default();
        for (key, weight) in sought.weighed() {
            let found = self.by_key.get(&key).map_or(&[][..], Postings::all);
            if found.len() <= CROWD {
                found.iter().for_each(|id| *hits.entry(*id).or_default() += weight);
            }
        }
        let is_likely = |(id, hits): &(StoryId, usize)| *hits >= ENOUGH && self.known.get(id).is_some_and(|trace| !is_past(trace.at, now));
        let mut found: Vec<(usize, StoryId)> = hits.into_iter().filter(is_likely).map(|(id, hits)| (hits, id)).collect();
        found.sort_unstable_by(|one, other| other.0.cmp(&one.0).then(one.1.cmp(&other.1)));
        found.into_iter().take(CANDIDATES).map(|(_, id)| id).collect()
    }

    /// How each of its stories is found.
    pub fn into_traces(self) -> Traces {
        self.known
    }

    /// How many stories are in it.
    pub fn len(&self) -> usize {
        self.known.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    fn remove(&mut self, id: &StoryId) {
        let Some(trace) = self.known.remove(id) else { return };
        self.by_age.remove(&(trace.at, *id));
        for key in &trace.keys {
            if self.by_key.get_mut(key).is_some_and(|postings| postings.remove(*id)) {
                self.by_key.remove(key);
            }
        }
    }
}

/// Whether an item is so old that it is joined by link alone.
pub fn is_old(item: &Item, now: Second) -> bool {
    dated(item).is_some_and(|at| is_past(at, now))
}

fn is_past(at: Second, now: Second) -> bool {
    at.plus(AGE) < now
}

/// A story's copies, as tellings are compared with them.
pub(super) fn sketches(story: &Story) -> impl Iterator<Item = Sketch<'_>> {
    // What came into the archive without a date is as old as its place.
    let old = Some(story.first_edition()).filter(|edition| edition.archived).map(|edition| edition.position);
    let told = story.copies.iter().take(COPIES);
    told.map(move |copy| Sketch::of(Telling { item: &copy.item, labels: &copy.labels }, old.unwrap_or(copy.first_seen)))
}
