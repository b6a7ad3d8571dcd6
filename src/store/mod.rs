//! The store: a view of the journal that can be asked.
//!
//! Everything in it can be made again from the journal, so it is never the only copy and is
//! allowed to lose its tail: what it has applied stands inside it, and the rest is applied again.
//! One record is one atomic batch, which also moves the applied sequence.
//! It blocks: the roof calls it from threads that may.
//! Deliberately absent: decisions. What a record says is put where it can be found.

mod keys;
mod sled;
mod terms;

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
pub use terms::Counts;
use terms::{Term, terms};
use uuid::Uuid;
use zstd::bulk::{Compressor, Decompressor};

use self::{
    keys::Key,
    sled::{Batch, Tree},
};
use crate::model::{Body, Filter, Genesis, Item, Page, Record, Second, Shown, SourceId, SourceState, Story, StoryId};

/// The layout of the view. Another one is set aside and rebuilt from the journal.
const LAYOUT: u64 = 2;
/// A query that the writer keeps overtaking waits for it after this many tries.
const TRIES: usize = 3;
/// Copies under one link that are looked at; a link that more share proves nothing.
const LINKED: usize = 16;
/// The first byte of a value: how the rest is written.
const VALUE: u8 = 1;
/// Bytes of checksum in a value.
const CHECK: usize = 8;

/// Why the store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The engine below failed.
    #[error("the store at {} failed: {why}", path.display())]
    Engine {
        /// The folder.
        path: PathBuf,
        /// What the engine said.
        why: String,
    },
    /// It was written by a version with another layout, or for another journal.
    #[error("the store at {} is {what}", path.display())]
    Unusable {
        /// The folder.
        path: PathBuf,
        /// What it is.
        what: String,
    },
    /// A value does not match its checksum, or can not be read.
    #[error("the store holds a damaged value ({what}); `tributary rebuild` makes it anew from the journal")]
    Damaged {
        /// What it should have been.
        what: &'static str,
    },
    /// Records have to come in order.
    #[error("record {seq} can not be applied after record {applied}")]
    OutOfOrder {
        /// The record.
        seq: u64,
        /// The last one applied.
        applied: u64,
    },
}

/// A story that a record changed, for whoever keeps answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Touched {
    /// The story before; `None` when it began.
    pub before: Option<Arc<Story>>,
    /// The story as it is now.
    pub after: Arc<Story>,
}

/// The view of one journal.
pub struct Store {
    tree: Tree,
    /// Held while a batch is applied, and by a query that was overtaken too often.
    writing: Mutex<()>,
    created: Second,
}

impl Store {
    /// Opens the view of a journal; an empty one is begun where there is none.
    ///
    /// A view of another journal, of another layout, or one that the engine can not open is refused: set it aside and apply all records anew.
    pub fn open(path: &Path, genesis: &Genesis) -> Result<Self, StoreError> {
        let tree = Tree::open(path)?;
        let unusable = |what: &str| StoreError::Unusable { path: path.to_owned(), what: what.to_owned() };
        if tree.is_empty() {
            let own = Owner { layout: LAYOUT, genesis: genesis.clone() };
            tree.put(&Key::owner(), &pack(&own)?)?;
        } else {
            let owner = owner(&tree).ok_or_else(|| unusable("of another layout"))?;
            if owner.genesis.id != genesis.id {
                return Err(unusable("the view of another journal"));
            }
        }
        Ok(Self { tree, writing: Mutex::new(()), created: genesis.created })
    }

    /// The journal that a view is of, if there is a view that has applied anything: for when the journal itself is gone.
    pub fn belongs_to(path: &Path) -> Option<Genesis> {
        let tree = if path.exists() { Tree::open(path).ok()? } else { return None };
        let has_records = tree.get(&Key::applied()).ok()?.is_some();
        owner(&tree).filter(|_| has_records).map(|owner| owner.genesis)
    }

    /// Moves a view out of the way, and says where to. Nothing is deleted.
    pub fn set_aside(path: &Path) -> io::Result<PathBuf> {
        let free = (1u32..).map(|n| path.with_extension(format!("set-aside-{n}"))).find(|aside| !aside.exists());
        let aside = free.ok_or(io::ErrorKind::AlreadyExists)?;
        fs::rename(path, &aside)?;
        Ok(aside)
    }

    /// The last sequence whose record is in the view; 0 when there is none.
    pub fn applied(&self) -> u64 {
        self.number(&Key::applied()).unwrap_or(0)
    }

    /// Puts a record into the view, all of it or nothing. A record that is there already changes nothing.
    pub fn apply(&self, record: &Record) -> Result<Vec<Touched>, StoreError> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let applied = self.applied();
        if record.seq <= applied {
            return Ok(Vec::new());
        }
        let begins = applied == 0 && (record.seq == 1 || matches!(record.body, Body::Snapshot(_)));
        if record.seq != applied + 1 && !begins {
            return Err(StoreError::OutOfOrder { seq: record.seq, applied });
        }
        let mut change = Change { store: self, batch: Batch::default(), counts: BTreeMap::new(), at: record.at, touched: BTreeSet::new() };
        let touched = match &record.body {
            Body::Pull(pull) => {
                pull.state.iter().try_for_each(|state| change.state(state))?;
                change.stories(&pull.stories, record.seq)?
            }
            Body::Checked(checked) => {
                for unchanged in &checked.unchanged {
                    if let Some(mut state) = self.state(&unchanged.source)? {
                        state.asked = unchanged.at;
                        state.answered = Some(unchanged.at);
                        state.not_before = unchanged.not_before;
                        change.state(&state)?;
                    }
                }
                checked.states.iter().try_for_each(|state| change.state(state))?;
                Vec::new()
            }
            Body::Snapshot(snapshot) => {
                snapshot.states.iter().try_for_each(|state| change.state(state))?;
                change.stories(&snapshot.stories, record.seq)?
            }
            Body::SnapshotEnd(_) => Vec::new(),
        };
        change.finish(record.seq)?;
        Ok(touched)
    }

    /// A story by its name.
    pub fn story(&self, id: &StoryId) -> Result<Option<Arc<Story>>, StoreError> {
        Ok(self.row(id)?.map(|(_, story)| Arc::new(story)))
    }

    fn row(&self, id: &StoryId) -> Result<Option<(u64, Story)>, StoreError> {
        self.tree.get(&Key::story(id))?.map(|bytes| unpack(&bytes, "a story")).transpose()
    }

    /// The story that holds a copy from this source which goes by this key.
    pub fn by_upstream(&self, source: &SourceId, upstream: &str) -> Result<Option<StoryId>, StoreError> {
        Ok(self.tree.get(&Key::upstream(source, upstream))?.and_then(|id| Uuid::from_slice(&id).ok()))
    }

    /// Stories that hold a copy with this canonical link; at most a few.
    pub fn by_link(&self, link: &str) -> Result<Vec<StoryId>, StoreError> {
        self.at_link(&Key::links(link))
    }

    /// Stories that hold a copy from this source with this canonical link; at most a few.
    pub fn by_link_of(&self, source: &SourceId, link: &str) -> Result<Vec<StoryId>, StoreError> {
        self.at_link(&Key::links_of(link, source))
    }

    fn at_link(&self, prefix: &[u8]) -> Result<Vec<StoryId>, StoreError> {
        let mut ids: Vec<StoryId> = Vec::new();
        for key in self.tree.keys_from(prefix, prefix).take(LINKED) {
            // A story that several sources tell stands there once for each.
            ids.extend(keys::story(&key?).filter(|id| !ids.contains(id)));
        }
        Ok(ids)
    }

    /// The stories of a source that stand first, at most `most`, newest first.
    pub fn latest_of(&self, source: &SourceId, most: usize) -> Result<Vec<StoryId>, StoreError> {
        let prefix = Key::index(&Term::Source(source.clone()));
        let mut ids: Vec<StoryId> = Vec::new();
        for key in self.tree.keys_from(&prefix, &prefix).take(most) {
            let at = keys::at(&key?);
            let id = at.map(|at| self.at_position(at)).transpose()?.flatten();
            ids.extend(id.filter(|id| !ids.contains(id)));
        }
        Ok(ids)
    }

    /// The story that has an entry of this id.
    pub fn by_entry_id(&self, entry_id: &str) -> Result<Option<StoryId>, StoreError> {
        Ok(self.tree.get(&Key::entry(entry_id))?.and_then(|id| Uuid::from_slice(&id).ok()))
    }

    /// The story that has an edition at this position.
    pub fn at_position(&self, at: Second) -> Result<Option<StoryId>, StoreError> {
        Ok(self.tree.get(&Key::position(at))?.and_then(|id| Uuid::from_slice(&id).ok()))
    }

    /// The first second at or before `from` at which no edition stands.
    pub fn free_at_or_before(&self, from: Second) -> Result<Second, StoreError> {
        let prefix = Key::positions();
        let mut free = from.unix();
        for key in self.tree.keys_from(&Key::position(from), &prefix) {
            if keys::at(&key?).map(Second::unix) != Some(free) {
                break;
            }
            free -= 1;
        }
        Ok(Second::from_unix(free))
    }

    /// The newest position there is.
    pub fn last_position(&self) -> Result<Option<Second>, StoreError> {
        let prefix = Key::positions();
        let mut keys = self.tree.keys_from(&prefix, &prefix);
        Ok(keys.next().transpose()?.and_then(|key| keys::at(&key)))
    }

    /// What is known of a source.
    pub fn state(&self, id: &SourceId) -> Result<Option<SourceState>, StoreError> {
        self.tree.get(&Key::state(id))?.map(|bytes| unpack(&bytes, "a source's state")).transpose()
    }

    /// What is known of every source that was ever looked at, by id.
    pub fn states(&self) -> Result<Vec<SourceState>, StoreError> {
        self.tree.values(&Key::states()).map(|bytes| unpack(&bytes?, "a source's state")).collect()
    }

    /// Every story, in no order that means anything.
    pub fn stories(&self) -> impl Iterator<Item = Result<Story, StoreError>> + '_ {
        self.tree.values(&Key::stories()).map(|bytes| Ok(unpack::<(u64, Story)>(&bytes?, "a story")?.1))
    }

    /// How many stories there are, in all and under each label.
    pub fn counts(&self) -> Result<Counts, StoreError> {
        let mut counts = Counts::default();
        let prefix = Key::counts();
        for pair in self.tree.pairs(&prefix) {
            let (key, value) = pair?;
            let count = value.as_slice().try_into().map(u64::from_be_bytes).unwrap_or(0);
            counts.add(&key[prefix.len()..], count);
        }
        Ok(counts)
    }

    /// The newest stories that pass a filter, those below a position when one is given, newest first.
    ///
    /// Without a language a story is shown in its first edition and stands where that stands.
    pub fn query(&self, filter: &Filter, below: Option<Second>, limit: usize) -> Result<Page, StoreError> {
        for _ in 0..TRIES {
            let applied = self.applied();
            let page = self.page(filter, below, limit)?;
            if self.applied() == applied {
                return Ok(page);
            }
        }
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        self.page(filter, below, limit)
    }

    fn page(&self, filter: &Filter, below: Option<Second>, limit: usize) -> Result<Page, StoreError> {
        let asked = terms::asked(filter);
        let mut entries = Vec::new();
        let mut from = below.map_or(i64::MAX, |below| below.unix() - 1);
        while entries.len() < limit {
            let Some(at) = self.meet(&asked, from)? else { break };
            from = at.unix() - 1;
            let Some(story) = self.at_position(at)?.map(|id| self.story(&id)).transpose()?.flatten() else { continue };
            let edition = story.editions.iter().position(|edition| edition.position == at);
            let shown = match filter.lang {
                None => story.editions.first(),
                Some(lang) => story.edition_in(lang),
            };
            if let (Some(edition), true) = (edition, shown.is_some_and(|shown| shown.position == at)) {
                entries.push(Shown { story, edition });
            }
        }
        Ok(Page { entries, changed: self.changed(&asked)? })
    }

    /// The newest position at or before `from` that all terms have: each term in turn moves the others on.
    fn meet(&self, asked: &[Vec<Term>], from: i64) -> Result<Option<Second>, StoreError> {
        let mut at = from;
        let mut agreed = 0;
        for any in asked.iter().cycle() {
            let mut best: Option<i64> = None;
            for term in any {
                best = best.max(self.first_at_or_before(term, at)?);
            }
            let Some(found) = best else { return Ok(None) };
            agreed = if found == at { agreed + 1 } else { 1 };
            at = found;
            if agreed >= asked.len() {
                return Ok(Some(Second::from_unix(at)));
            }
        }
        Ok(None)
    }

    fn first_at_or_before(&self, term: &Term, at: i64) -> Result<Option<i64>, StoreError> {
        let prefix = Key::index(term);
        let mut keys = self.tree.keys_from(&Key::index_at(term, at), &prefix);
        Ok(keys.next().transpose()?.and_then(|key| keys::at(&key)).map(Second::unix))
    }

    /// When membership or content of a filter last changed, or a little later: a change touches each of
    /// its terms, so the term that changed longest ago bounds it.
    fn changed(&self, asked: &[Vec<Term>]) -> Result<Second, StoreError> {
        let mut changed = None;
        for any in asked {
            let mut latest = None;
            for term in any {
                latest = latest.max(self.tree.get(&Key::changed(term))?.and_then(|at| keys::second(&at)));
            }
            let latest = latest.unwrap_or(self.created);
            changed = Some(changed.map_or(latest, |changed: Second| changed.min(latest)));
        }
        Ok(changed.unwrap_or(self.created))
    }

    fn number(&self, key: &[u8]) -> Option<u64> {
        let value = self.tree.get(key).ok()??;
        value.as_slice().try_into().map(u64::from_be_bytes).ok()
    }

    /// Writes what the engine still holds in memory to the disk.
    pub fn flush(&self) -> Result<(), StoreError> {
        self.tree.flush()
    }

    /// Bytes on the disk.
    pub fn size_on_disk(&self) -> Result<u64, StoreError> {
        self.tree.size_on_disk()
    }

    /// Checks that every story can be found under each of its keys, and that no key leads nowhere.
    pub fn verify(&self) -> Result<Report, StoreError> {
        let mut report = Report { applied: self.applied(), ..Report::default() };
        let mut keys = 0u64;
        let mut counts: BTreeMap<Vec<u8>, i64> = BTreeMap::new();
        for story in self.stories() {
            let story = story?;
            report.stories += 1;
            report.editions += story.editions.len() as u64;
            for (key, _) in entries(&story) {
                keys += 1;
                if self.tree.get(&key)?.is_none() {
                    report.problems.push(format!("story {} can not be found under one of its keys", story.id));
                }
            }
            count(&story, 1, &mut counts);
        }
        let stored = self.tree.count_entries()?;
        if stored != keys {
            report.problems.push(format!("the index has {stored} keys where the stories have {keys}"));
        }
        counts.retain(|_, count| *count != 0);
        let stored: BTreeMap<Vec<u8>, i64> = self
            .tree
            .pairs(&Key::counts())
            .map(|pair| pair.map(|(key, value)| (key, value.as_slice().try_into().map(i64::from_be_bytes).unwrap_or(-1))))
            .filter(|pair| !matches!(pair, Ok((_, 0))))
            .collect::<Result<_, _>>()?;
        if stored != counts {
            report.problems.push("the counts by label are not those of the stories".to_owned());
        }
        Ok(report)
    }
}

/// What a view is of.
#[derive(Serialize, Deserialize)]
struct Owner {
    layout: u64,
    genesis: Genesis,
}

/// What a view is of; nothing when it is of a layout that this version does not read.
fn owner(tree: &Tree) -> Option<Owner> {
    let owner: Owner = unpack(&tree.get(&Key::owner()).ok()??, "the view's owner").ok()?;
    (owner.layout == LAYOUT).then_some(owner)
}

/// What a full check of the view found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// The last sequence applied.
    pub applied: u64,
    /// Stories.
    pub stories: u64,
    /// Their editions.
    pub editions: u64,
    /// What is wrong.
    pub problems: Vec<String>,
}

/// A record on its way into the view.
struct Change<'a> {
    store: &'a Store,
    batch: Batch,
    counts: BTreeMap<Vec<u8>, i64>,
    at: Second,
    touched: BTreeSet<Term>,
}

impl Change<'_> {
    fn state(&mut self, state: &SourceState) -> Result<(), StoreError> {
        self.batch.put(Key::state(&state.source), pack(state)?);
        Ok(())
    }

    fn stories(&mut self, stories: &[Story], seq: u64) -> Result<Vec<Touched>, StoreError> {
        let touched: Result<Vec<Option<Touched>>, StoreError> = stories.iter().map(|story| self.story(story, seq)).collect();
        Ok(touched?.into_iter().flatten().collect())
    }

    /// Puts a story into the view; tells of it unless it only goes by another key, which nobody sees.
    fn story(&mut self, story: &Story, seq: u64) -> Result<Option<Touched>, StoreError> {
        let before = self.store.story(&story.id)?;
        if let Some(before) = &before {
            for (key, _) in entries(before) {
                self.batch.remove(key);
            }
            count(before, -1, &mut self.counts);
        }
        let is_seen = before.as_ref().is_none_or(|before| !differ_in_keys_alone(before, story));
        if is_seen {
            let shown = before.iter().map(AsRef::as_ref).chain([story]).flat_map(terms);
            self.touched.extend(shown.map(|(term, _)| term));
        }
        for (key, value) in entries(story) {
            self.batch.put(key, value);
        }
        count(story, 1, &mut self.counts);
        self.batch.put(Key::story(&story.id), pack(&(seq, story))?);
        Ok(is_seen.then(|| Touched { before, after: Arc::new(story.clone()) }))
    }

    fn finish(mut self, seq: u64) -> Result<(), StoreError> {
        for (key, change) in self.counts {
            let count = self.store.number(&key).unwrap_or(0).saturating_add_signed(change);
            self.batch.put(key, count.to_be_bytes().to_vec());
        }
        for term in self.touched {
            self.batch.put(Key::changed(&term), self.at.unix().to_be_bytes().to_vec());
        }
        self.batch.put(Key::applied(), seq.to_be_bytes().to_vec());
        self.store.tree.apply(self.batch)
    }
}

/// Whether nothing is different but the keys that its copies go by.
fn differ_in_keys_alone(one: &Story, other: &Story) -> bool {
    let also = |story: &Story| story.copies.iter().map(|copy| copy.item.upstream.also.clone()).collect::<Vec<_>>();
    if one.copies.len() != other.copies.len() || also(one) == also(other) {
        return false;
    }
    let mut alike = other.clone();
    for (copy, also) in alike.copies.iter_mut().zip(also(one)) {
        copy.item.upstream.also = also;
    }
    alike == *one
}

/// Every key that leads to a story, with its value.
fn entries(story: &Story) -> Vec<(Vec<u8>, Vec<u8>)> {
    let id = story.id.as_bytes().to_vec();
    let mut entries = Vec::with_capacity(12);
    for copy in &story.copies {
        let Item { source, upstream, canonical, .. } = &copy.item;
        entries
            .extend([Some(&upstream.id), upstream.also.as_ref()].into_iter().flatten().map(|key| (Key::upstream(source, key), id.clone())));
        entries.extend(canonical.as_ref().map(|link| (Key::link(link, source, &story.id), Vec::new())));
    }
    for edition in &story.editions {
        entries.push((Key::position(edition.position), id.clone()));
        entries.push((Key::entry(&edition.entry_id), id.clone()));
    }
    entries.extend(terms(story).into_iter().map(|(term, at)| (Key::index_at(&term, at.unix()), Vec::new())));
    entries.sort();
    entries.dedup();
    entries
}

/// Counts a story once under each of its terms.
fn count(story: &Story, by: i64, counts: &mut BTreeMap<Vec<u8>, i64>) {
    let own: BTreeSet<Term> = terms(story).into_iter().map(|(term, _)| term).collect();
    for term in own {
        *counts.entry(Key::count(&term)).or_default() += by;
    }
}

/// The longest value that is believed, in bytes.
const LONGEST_VALUE: u64 = 64 << 20;

thread_local! {
    /// A context costs a megabyte to make: each thread makes one.
    static PRESS: RefCell<Option<Compressor<'static>>> = RefCell::new(Compressor::new(1).ok());
    static UNPRESS: RefCell<Option<Decompressor<'static>>> = RefCell::new(Decompressor::new().ok());
}

/// A value with its version and checksum, compressed.
fn pack(value: &impl Serialize) -> Result<Vec<u8>, StoreError> {
    let damaged = |_: io::Error| StoreError::Damaged { what: "a value to be written" };
    let plain = rmp_serde::to_vec_named(value).map_err(|_| StoreError::Damaged { what: "a value to be written" })?;
    let packed = PRESS.with_borrow_mut(|press| press.as_mut().map(|press| press.compress(&plain)));
    let packed = packed.ok_or_else(|| damaged(io::ErrorKind::OutOfMemory.into()))?.map_err(damaged)?;
    let check = blake3::hash(&packed);
    Ok([&[VALUE][..], &check.as_bytes()[..CHECK], &packed].concat())
}

fn unpack<T: DeserializeOwned>(bytes: &[u8], what: &'static str) -> Result<T, StoreError> {
    let damaged = || StoreError::Damaged { what };
    let (&version, rest) = bytes.split_first().ok_or_else(damaged)?;
    let (check, packed) = rest.split_at_checked(CHECK).ok_or_else(damaged)?;
    if version != VALUE || check != &blake3::hash(packed).as_bytes()[..CHECK] {
        return Err(damaged());
    }
    let size = zstd::zstd_safe::get_frame_content_size(packed).ok().flatten().filter(|size| *size <= LONGEST_VALUE).ok_or_else(damaged)?;
    let size = usize::try_from(size).map_err(|_| damaged())?;
    let plain = UNPRESS.with_borrow_mut(|unpress| unpress.as_mut().and_then(|unpress| unpress.decompress(packed, size).ok()));
    let plain = plain.ok_or_else(damaged)?;
    rmp_serde::from_slice(&plain).map_err(|_| damaged())
}
