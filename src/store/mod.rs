//! The store: a view of the journal that can be asked.
//!
//! Everything in it can be made again from the journal, so it is never the only copy and is
//! allowed to lose its tail: what it has applied stands inside it, and the rest is applied again.
//! One record is one atomic batch, which also moves the applied sequence. Stories and source states are read from the
//! engine; how stories are found is kept in memory, because an engine that has to keep every index entry does little else. What
//! they say is found in an index beside it, which is read on when somebody says so.
//! It blocks: the roof calls it from threads that may.
//! Deliberately absent: decisions. What a record says is put where it can be found.

mod archive;
mod index;
mod keys;
mod lane;
mod quiet;
mod seconds;
mod sled;
mod tally;
mod terms;
mod value;
mod words;

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, mpsc},
};

pub use archive::Archive;
use serde::{Deserialize, Serialize};
pub use terms::Counts;
use terms::{Meeting, Term};

use self::{
    index::{Block, Handle, Index, Number, Row, Size},
    keys::Key,
    lane::Lane,
    quiet::Quiet,
    sled::{Batch, Tree},
    value::{pack, unpack},
    words::{Reading, Slice, WordIndex},
};
use crate::model::{
    Body, Filter, Followed, Follower, Genesis, History, Lease, Page, Record, Second, Shown, Snapshot, SourceId, SourceState, Story,
    StoryId, Unchanged, Window,
};

/// The layout of the view. Another one is set aside and rebuilt from the journal.
const LAYOUT: u64 = 8;
/// A query that the writer keeps overtaking waits for it after this many tries.
const TRIES: usize = 3;
/// Blocks of the index that are read ahead at a start: a few megabytes.
const READ_AHEAD: usize = 64;
/// Copies under one link that are looked at; a link that more share proves nothing.
const LINKED: usize = 16;

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
    /// Words were asked for, and their index is not there yet. It is being made.
    #[error("words can not be looked for yet: their index is being made from what is kept")]
    NoWords,
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
    /// How stories are found. Written to after the tree, so what it leads to is there.
    index: RwLock<Index>,
    /// Held while a record is applied, and by a query that was overtaken too often.
    writing: Mutex<()>,
    /// Which stories say what: read when it is told to.
    words: WordIndex,
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
        let index = RwLock::new(index(&tree)?);
        let words = WordIndex::beside(path, genesis.id);
        Ok(Self { tree, index, writing: Mutex::new(()), words, created: genesis.created })
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

    /// Closes the engine after it failed and opens it again, which is the only way in which it takes anything more.
    ///
    /// `catch_up` brings what was opened up to the journal; until then readers wait, so that none of them sees
    /// less than before. What can not be opened any more is set aside and begun anew, as at a start.
    pub fn reopen(&self, genesis: &Genesis, catch_up: impl FnOnce(&Self) -> Result<(), StoreError>) -> Result<(), StoreError> {
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        self.tree.replace(|path| {
            let store = match Self::open(path, genesis) {
                Ok(store) => store,
                Err(error) => {
                    tracing::warn!("the store can not be opened again: {error}; it is set aside and rebuilt from the journal");
                    Self::set_aside(path).map_err(|cause| StoreError::Engine { path: path.to_owned(), why: cause.to_string() })?;
                    Self::open(path, genesis)?
                }
            };
            catch_up(&store)?;
            *index = store.index.into_inner().unwrap_or_else(PoisonError::into_inner);
            Ok(store.tree)
        })
    }

    /// Makes the view anew beside itself and takes its place, so that nothing of the old one is left on the disk. `fill` says whether
    /// it is whole; one that is not is thrown away. Readers are served from the old one until then, and wait while it is opened.
    pub fn renew(&self, genesis: &Genesis, fill: impl FnOnce(&Self) -> Result<bool, StoreError>) -> Result<(), StoreError> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |cause: io::Error| StoreError::Engine { path, why: cause.to_string() }
        };
        let aside = self.tree.path().with_extension("anew");
        if aside.exists() {
            fs::remove_dir_all(&aside).map_err(failed(&aside))?;
        }
        let fresh = Self::open(&aside, genesis)?;
        let is_whole = fill(&fresh)?;
        fresh.flush()?;
        drop(fresh);
        if !is_whole {
            return fs::remove_dir_all(&aside).map_err(failed(&aside));
        }
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        self.tree.replace(|path| {
            fs::remove_dir_all(path).and_then(|()| fs::rename(&aside, path)).map_err(failed(path))?;
            let store = Self::open(path, genesis)?;
            *index = store.index.into_inner().unwrap_or_else(PoisonError::into_inner);
            Ok(store.tree)
        })?;
        drop(index);
        self.words.begin_anew()
    }

    /// The last sequence whose record is in the view; 0 when there is none.
    pub fn applied(&self) -> u64 {
        self.index().applied
    }

    /// The index as it stands. Nobody but [`verify`](Self::verify) reads the disk while holding it.
    fn index(&self) -> RwLockReadGuard<'_, Index> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
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
        let mut change = Change::new(self, record.seq, record.at);
        let touched = match &record.body {
            Body::Pull(pull) => {
                pull.state.iter().try_for_each(|state| change.state(state))?;
                change.stories(&pull.stories)?
            }
            Body::Checked(checked) => {
                for unchanged in &checked.unchanged {
                    change.unchanged(unchanged)?;
                }
                checked.states.iter().try_for_each(|state| change.state(state))?;
                Vec::new()
            }
            Body::Refiled(refiled) => change.stories(&refiled.stories)?,
            Body::Acted(_) | Body::Imported(_) | Body::Pruned(_) | Body::Erased(_) => change.stories(record.body.stories())?,
            Body::Followed(Followed { begun, ended, leased, unleased }) => {
                begun.iter().try_for_each(|follower| change.follower(follower))?;
                ended.iter().for_each(|id| change.batch.remove(Key::follower(id)));
                leased.iter().try_for_each(|lease| change.lease(lease))?;
                unleased.iter().for_each(|id| change.batch.remove(Key::lease(id)));
                Vec::new()
            }
            Body::Snapshot(snapshot) => {
                snapshot.states.iter().try_for_each(|state| change.state(state))?;
                snapshot.followers.iter().try_for_each(|follower| change.follower(follower))?;
                snapshot.leases.iter().try_for_each(|lease| change.lease(lease))?;
                // A view that has all of it already is only told so.
                change.stories(&self.unlike(&snapshot.stories)?)?
            }
            Body::SnapshotEnd(_) => Vec::new(),
        };
        change.finish()?;
        Ok(touched)
    }

    /// A story by its name.
    pub fn story(&self, id: &StoryId) -> Result<Option<Arc<Story>>, StoreError> {
        let number = self.index().number(id);
        let kept = number.map(|number| self.kept(number)).transpose()?.flatten();
        Ok(kept.map(|(_, story)| Arc::new(story)))
    }

    /// Those stories that the view does not have as they are.
    fn unlike(&self, stories: &[Arc<Story>]) -> Result<Vec<Arc<Story>>, StoreError> {
        let mut unlike = Vec::new();
        for story in stories {
            if self.story(&story.id)?.as_ref() != Some(story) {
                unlike.push(story.clone());
            }
        }
        Ok(unlike)
    }

    /// A story, and the record that wrote it.
    fn kept(&self, number: Number) -> Result<Option<(u64, Story)>, StoreError> {
        self.tree.get(&Key::story(number))?.map(|bytes| unpack(&bytes, "a story")).transpose()
    }

    /// The story that holds a copy from this source which goes by this key.
    pub fn by_upstream(&self, source: &SourceId, upstream: &str) -> Option<StoryId> {
        self.index().latest(Handle::upstream(source, upstream), 1).pop()
    }

    /// Stories that hold a copy with this canonical link; the latest ones, at most a few.
    pub fn by_link(&self, link: &str) -> Vec<StoryId> {
        self.index().latest(Handle::link(link), LINKED)
    }

    /// Stories that hold a copy from this source with this canonical link; the latest ones, at most a few.
    pub fn by_link_of(&self, source: &SourceId, link: &str) -> Vec<StoryId> {
        self.index().latest(Handle::link_of(link, source), LINKED)
    }

    /// The stories of a source that stand first, at most `most`, newest first; then, as many at most, those that are in no feed any more.
    pub fn latest_of(&self, source: &SourceId, most: usize) -> Vec<StoryId> {
        let index = self.index();
        let mut seen = HashSet::new();
        let places = |term: Term| index.places(&term).take(most).collect::<Vec<_>>();
        let places = [Term::Source, Term::Gone].into_iter().flat_map(|of| places(of(source.clone())));
        places.filter_map(|at| index.at(at).filter(|number| seen.insert(*number)).and_then(|number| index.id(number))).collect()
    }

    /// The stories that wait for their original, the one first kept first.
    pub fn waiting(&self) -> Vec<StoryId> {
        let index = self.index();
        let mut numbers: Vec<Number> = index.places(&Term::Waiting).filter_map(|at| index.at(at)).collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers.into_iter().filter_map(|number| index.id(number)).collect()
    }

    /// How many stories that are in feeds a source tells.
    pub fn count_of(&self, source: &SourceId) -> u64 {
        self.index().count(&Term::Source(source.clone()))
    }

    /// The stories that have an edition at or after a second, newest first, at most `most`; one at a time, as they are now.
    pub fn since(&self, at: Second, most: usize) -> impl Iterator<Item = Result<Story, StoreError>> + '_ {
        let numbers = self.index().since(at, most);
        numbers.into_iter().filter_map(|number| self.kept(number).map(|kept| kept.map(|(_, story)| story)).transpose())
    }

    /// The story that has an entry of this id.
    pub fn by_entry_id(&self, entry_id: &str) -> Option<StoryId> {
        self.index().latest(Handle::entry(entry_id), 1).pop()
    }

    /// The story that has an edition at this position.
    pub fn at_position(&self, at: Second) -> Option<StoryId> {
        let index = self.index();
        index.at(at).and_then(|number| index.id(number))
    }

    /// The first second at or before `from` at which no edition stands.
    pub fn free_at_or_before(&self, from: Second) -> Second {
        self.index().free_at_or_before(from)
    }

    /// The newest position there is.
    pub fn last_position(&self) -> Option<Second> {
        self.index().last_position()
    }

    /// What is known of a source.
    pub fn state(&self, id: &SourceId) -> Result<Option<SourceState>, StoreError> {
        Ok(self.known(id)?.map(|(state, _)| state))
    }

    /// What is known of every source that was ever looked at, by id.
    pub fn states(&self) -> Result<Vec<SourceState>, StoreError> {
        self.all_known().map(|known| Ok(known?.0)).collect()
    }

    /// The last looks at a source.
    pub fn history(&self, id: &SourceId) -> Result<History, StoreError> {
        Ok(self.known(id)?.map(|(_, history)| history).unwrap_or_default())
    }

    /// The last looks at every source that was ever looked at.
    pub fn histories(&self) -> Result<BTreeMap<SourceId, History>, StoreError> {
        self.all_known().map(|known| known.map(|(state, history)| (state.source, history))).collect()
    }

    fn known(&self, id: &SourceId) -> Result<Option<(SourceState, History)>, StoreError> {
        self.tree.get(&Key::state(id))?.map(|bytes| self.as_known(&bytes)).transpose()
    }

    fn all_known(&self) -> impl Iterator<Item = Result<(SourceState, History), StoreError>> + '_ {
        self.tree.values(&Key::states()).map(|bytes| self.as_known(&bytes?))
    }

    /// A state as it was written, with the looks that came to nothing since.
    fn as_known(&self, bytes: &[u8]) -> Result<(SourceState, History), StoreError> {
        let (mut state, mut history): (SourceState, History) = unpack(bytes, "a source's state")?;
        if let Some(quiet) = self.quiet(&state.source)? {
            quiet.lay_over(&mut state, &mut history);
        }
        Ok((state, history))
    }

    fn quiet(&self, id: &SourceId) -> Result<Option<Quiet>, StoreError> {
        self.tree.get(&Key::quiet(id))?.map(|bytes| Quiet::unpack(&bytes)).transpose()
    }

    /// All that is known beside stories, as a snapshot has it.
    pub fn rest(&self) -> Result<Snapshot, StoreError> {
        Ok(Snapshot { stories: Vec::new(), states: self.states()?, followers: self.followers()?, leases: self.leases()? })
    }

    /// Everyone who wants to be told of changes, in no order that means anything.
    pub fn followers(&self) -> Result<Vec<Follower>, StoreError> {
        self.tree.values(&Key::followers()).map(|bytes| unpack(&bytes?, "a subscription")).collect()
    }

    /// The hubs that promised to tell us of sources.
    pub fn leases(&self) -> Result<Vec<Lease>, StoreError> {
        self.tree.values(&Key::leases()).map(|bytes| unpack(&bytes?, "a hub's promise")).collect()
    }

    /// Every story, in no order that means anything.
    pub fn stories(&self) -> impl Iterator<Item = Result<Story, StoreError>> + '_ {
        self.tree.values(&Key::stories()).map(|bytes| Ok(unpack::<(u64, Story)>(&bytes?, "a story")?.1))
    }

    /// The `first` story that was ever kept, counted from 0, and those after it, at most `most`; and where to go on, when there are more.
    ///
    /// For work on all stories that takes its time: between two stretches nothing of the engine is held.
    pub fn stretch(&self, first: u32, most: u32) -> Result<(Vec<Story>, Option<u32>), StoreError> {
        let next = self.index().next();
        let end = first.saturating_add(most).min(next);
        let stories = (first..end).filter_map(|number| self.kept(number).transpose());
        Ok((stories.map(|kept| Ok(kept?.1)).collect::<Result<_, StoreError>>()?, (end < next).then_some(end)))
    }

    /// The stories that were written by records after this one, each once.
    fn changed_since(&self, applied: u64) -> Result<BTreeSet<Number>, StoreError> {
        let blocks = self.tree.values_between(&Key::block(applied.saturating_add(1)), &Key::block(u64::MAX));
        let mut numbers = BTreeSet::new();
        for block in blocks {
            numbers.extend(unpack::<Block>(&block?, "a block of the index")?.numbers());
        }
        Ok(numbers)
    }

    /// How many stories there are, in all and under each label.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        self.index().counts().for_each(|(term, count)| counts.add(term, count));
        counts
    }

    /// The newest stories that pass a filter and are shown within a window, newest first.
    ///
    /// Each stands where the edition stands in which it is shown. Bounds of time that the filter names are the caller's to
    /// turn into a window: the store knows no present.
    ///
    /// What is asked of words is what they were when their index was last [read on](Self::read_words), but for what can be seen to be
    /// otherwise; without an index it is [refused](StoreError::NoWords).
    pub fn query(&self, filter: &Filter, window: Window, limit: usize) -> Result<Page, StoreError> {
        if filter.words.is_empty() {
            return self.search(&Search { filter, asked: terms::asked(filter), window, read: u64::MAX }, limit);
        }
        let words = self.words.reading().ok_or(StoreError::NoWords)?;
        // How many entries a source may still have is known by who goes through all of them.
        let slices = if filter.per_source.is_some() {
            vec![Slice::whole(window)]
        } else {
            words.slices(&filter.words, window, self.last_position())
        };
        let mut page = Page { entries: Vec::new(), changed: words.stand.at };
        for slice in slices {
            let part = self.part(filter, &words, &slice, limit - page.entries.len())?;
            page.entries.extend(part.entries);
            page.changed = page.changed.max(part.changed);
            if page.entries.len() >= limit {
                break;
            }
        }
        Ok(page)
    }

    /// A part of a query for words.
    fn part(&self, filter: &Filter, words: &Reading, slice: &Slice, limit: usize) -> Result<Page, StoreError> {
        let found = self.words.found(words, &filter.words, slice)?;
        let asked = terms::asked(filter).into_iter().map(|meeting| meeting.among(&found)).collect();
        self.search(&Search { filter, asked, window: slice.window, read: words.stand.applied }, limit)
    }

    fn search(&self, search: &Search<'_>, limit: usize) -> Result<Page, StoreError> {
        self.steadily(|is_still| self.page(search, limit, is_still))
    }

    /// What is found while nothing is applied. The look says `None` when it was overtaken by a record; it is told whether it can be.
    fn steadily<T>(&self, look: impl Fn(bool) -> Result<Option<T>, StoreError>) -> Result<T, StoreError> {
        for _ in 0..TRIES {
            if let Some(found) = look(false)? {
                return Ok(found);
            }
        }
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        look(true)?.ok_or(StoreError::Damaged { what: "a story that the index leads to" })
    }

    /// What a query comes to; `None` when a record was applied meanwhile. When none can be, because the caller sees to it, a
    /// story of a later record is what an engine that failed has kept of it, and is shown as it is.
    fn page(&self, search: &Search<'_>, limit: usize, is_still: bool) -> Result<Option<Page>, StoreError> {
        let Search { filter, asked, window, read } = search;
        let (applied, changed) = {
            let index = self.index();
            (index.applied, self.changed(&index, asked))
        };
        let mut entries: Vec<Shown> = Vec::new();
        let mut lanes = Lane::all(&self.index(), filter, asked, *window);
        while entries.len() < limit {
            // Whether a place counts for its lane is known when its story has been read.
            let most = if filter.per_source.is_some() { 1 } else { limit - entries.len() };
            let found = {
                let index = self.index();
                if index.applied != applied {
                    return Ok(None);
                }
                let next = || lane::next(&mut lanes, &index, most).and_then(|(lane, at)| Some((lane, at, index.at(at)?)));
                std::iter::from_fn(next).take(most).collect::<Vec<_>>()
            };
            if found.is_empty() {
                break;
            }
            for (lane, at, number) in found {
                // A story of a later record is one that the index has yet to tell of.
                let Some((seq, story)) = self.kept(number)?.filter(|(seq, _)| is_still || *seq <= applied) else { return Ok(None) };
                // What was written after words were last read may say something else by now.
                let says = seq <= *read || filter.admits(&story);
                let edition = filter.edition_of(&story).filter(|edition| says && story.editions[*edition].position == at);
                if let Some(edition) = edition {
                    lanes[lane].count();
                    entries.push(Shown { story: Arc::new(story), edition });
                }
            }
        }
        Ok(Some(Page { entries, changed }))
    }

    /// When membership or content of a filter last changed, or a little later: a change touches one term of each
    /// group, so the group that changed longest ago bounds it. What must not be met bounds nothing.
    fn changed(&self, index: &Index, asked: &[Meeting]) -> Second {
        let latest = |any: &Vec<Term>| any.iter().filter_map(|term| index.changed(term)).max().unwrap_or(self.created);
        asked.iter().filter_map(|meeting| meeting.all.iter().map(latest).min()).max().unwrap_or(self.created)
    }

    /// Writes what the engine still holds in memory to the disk.
    pub fn flush(&self) -> Result<(), StoreError> {
        self.tree.flush()
    }

    /// Bytes on the disk.
    pub fn size_on_disk(&self) -> Result<u64, StoreError> {
        self.tree.size_on_disk()
    }

    /// Checks that every story is found by all that leads to it, and that nothing leads anywhere else.
    pub fn verify(&self) -> Result<Report, StoreError> {
        // Nothing is applied meanwhile.
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let index = self.index();
        let mut report = Report { applied: index.applied, ..Report::default() };
        let (mut size, mut counts) = (Size::default(), Counts::default());
        for pair in self.tree.pairs(&Key::stories()) {
            let (key, value) = pair?;
            let (_, story) = unpack::<(u64, Story)>(&value, "a story")?;
            report.stories += 1;
            report.editions += story.editions.len() as u64;
            let row = Row::of(keys::number(&key).unwrap_or(Number::MAX), &story);
            if !index.holds(&row) {
                report.problems.push(format!("story {} is not found by all that should lead to it", story.id));
            }
            size.count(&row);
            let own: BTreeSet<&Term> = row.terms().collect();
            own.into_iter().for_each(|term| counts.more(term));
        }
        if index.size() != size {
            report.problems.push(format!("the index holds {:?} where the stories make {size:?}", index.size()));
        }
        let mut held = Counts::default();
        index.counts().for_each(|(term, count)| held.add(term, count));
        if held != counts {
            report.problems.push("the counts by label are not those of the stories".to_owned());
        }
        Ok(report)
    }
}

/// The index of a view: all its blocks together, the newest first, because of each story the newest row counts.
///
/// A thread reads ahead: to read blocks takes about as long as to take them in, and nobody is served before.
fn index(tree: &Tree) -> Result<Index, StoreError> {
    let mut index = Index::default();
    std::thread::scope(|scope| {
        let (read, blocks) = mpsc::sync_channel(READ_AHEAD);
        scope.spawn(move || {
            let unpacked = tree.values_from_last(&Key::blocks()).map(|block| unpack(&block?, "a block of the index"));
            // When one can not be taken in, no more are read.
            for block in unpacked {
                if read.send(block).is_err() {
                    break;
                }
            }
        });
        blocks.iter().try_for_each(|block: Result<Block, StoreError>| {
            index.take_older(block?).ok_or(StoreError::Damaged { what: "a block of the index" })
        })
    })?;
    let applied = tree.get(&Key::applied())?;
    index.applied = applied.and_then(|applied| applied.as_slice().try_into().ok()).map_or(0, u64::from_be_bytes);
    Ok(index)
}

/// What is looked for.
struct Search<'a> {
    filter: &'a Filter,
    asked: Vec<Meeting>,
    window: Window,
    /// The last record that its words are of.
    read: u64,
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
    seq: u64,
    at: Second,
    batch: Batch,
    /// How the stories were found that it writes again, and how they are found from now on.
    before: Vec<Row>,
    after: Vec<Row>,
    touched: BTreeSet<Term>,
    next: Number,
}

impl<'a> Change<'a> {
    fn new(store: &'a Store, seq: u64, at: Second) -> Self {
        let next = store.index().next();
        Self { store, seq, at, batch: Batch::default(), before: Vec::new(), after: Vec::new(), touched: BTreeSet::new(), next }
    }

    /// The look that a state comes from goes into the history beside it, after those that came to nothing.
    fn state(&mut self, state: &SourceState) -> Result<(), StoreError> {
        let mut history = self.store.history(&state.source)?;
        history.note(state);
        self.batch.put(Key::state(&state.source), pack(&(state, history))?);
        self.batch.remove(Key::quiet(&state.source));
        Ok(())
    }

    fn follower(&mut self, follower: &Follower) -> Result<(), StoreError> {
        self.batch.put(Key::follower(&follower.id()), pack(follower)?);
        Ok(())
    }

    fn lease(&mut self, lease: &Lease) -> Result<(), StoreError> {
        self.batch.put(Key::lease(&lease.source), pack(lease)?);
        Ok(())
    }

    /// Of a source that nothing is known of, nothing is kept.
    fn unchanged(&mut self, unchanged: &Unchanged) -> Result<(), StoreError> {
        let Unchanged { source, at, not_before } = unchanged;
        let before = self.store.quiet(source)?;
        if before.is_some() || self.store.tree.get(&Key::state(source))?.is_some() {
            self.batch.put(Key::quiet(source), Quiet::then(before, *at, *not_before).pack());
        }
        Ok(())
    }

    fn stories(&mut self, stories: &[Arc<Story>]) -> Result<Vec<Touched>, StoreError> {
        // Of a story that a record writes twice the last word counts.
        let last = |(n, story): &(usize, &Arc<Story>)| !stories[n + 1..].iter().any(|later| later.id == story.id);
        let told = stories.iter().enumerate().filter(last).map(|(_, story)| self.story(story));
        Ok(told.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    }

    /// Puts a story into the view; tells of it unless it only goes by another key, which nobody sees.
    fn story(&mut self, story: &Arc<Story>) -> Result<Option<Touched>, StoreError> {
        let known = self.store.index().number(&story.id);
        let before = known.map(|number| self.store.kept(number)).transpose()?.flatten().map(|(_, story)| Arc::new(story));
        let number = known.unwrap_or(self.next);
        self.next = self.next.max(number.saturating_add(1));
        self.before.extend(before.as_ref().map(|before| Row::of(number, before)));
        let row = Row::of(number, story);
        let is_seen = before.as_ref().is_none_or(|before| !differ_in_keys_alone(before, story));
        if is_seen {
            let left = before.as_ref().and(self.before.last());
            self.touched.extend(left.into_iter().chain([&row]).flat_map(Row::terms).cloned());
        }
        self.after.push(row);
        self.batch.put(Key::story(number), pack(&(self.seq, &**story))?);
        Ok(is_seen.then(|| Touched { before, after: story.clone() }))
    }

    fn finish(mut self) -> Result<(), StoreError> {
        if !self.after.is_empty() {
            self.batch.put(Key::block(self.seq), pack(&Block::new(self.at, &self.after, &self.touched))?);
        }
        self.batch.put(Key::applied(), self.seq.to_be_bytes().to_vec());
        self.store.tree.apply(self.batch)?;
        let mut index = self.store.index.write().unwrap_or_else(PoisonError::into_inner);
        index.replace(&self.before, &self.after, self.touched, self.at, self.seq);
        Ok(())
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
