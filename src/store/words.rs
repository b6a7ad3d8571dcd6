//! The index of words: which stories say what is asked for.
//!
//! It is a view of the view, in a folder beside it, and never the only copy of anything: what it has read stands inside it,
//! and one that is missing, broken, of another layout or of another journal is made anew from the stories. It holds for each
//! story the words of all its copies and the positions of its editions. A search gives positions, which meet those of labels like any
//! other set; it begins with the newest, so that words that many stories say cost no more than those that few say.
//! Memory: 15 MB for what is on its way into it, and as much of its files as the system likes to keep.
//! Deliberately absent: scores, stored text, and a thread of its own. Whoever tells it to read on waits until it has.

use std::{
    fs, io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tantivy::{
    Index, IndexReader, IndexSettings, IndexWriter, ReloadPolicy, Searcher, SegmentOrdinal, SegmentReader, TantivyDocument, TantivyError,
    Term,
    collector::{Collector, SegmentCollector},
    columnar::Column,
    indexer::IndexWriterOptions,
    query::{BooleanQuery, PhraseQuery, Query, TermQuery},
    schema::{BytesOptions, Field, IndexRecordOption, NumericOptions, Schema, TextFieldIndexing, TextOptions},
    store::Compressor,
    tokenizer::{PreTokenizedString, Token},
};
use uuid::Uuid;

use super::{Store, StoreError, seconds::Seconds};
use crate::{
    model::{Second, Story, Told, Window, Words, words::Phrase},
    text,
};

/// The layout of the index, and the rules by which texts become words. Another one is made anew.
const LAYOUT: u64 = 1;
/// Memory for stories on their way into the index, in bytes: the least that the library takes.
const MEMORY: usize = 15_000_000;
/// Stories that are read from the store at once while all are.
const STRETCH: u32 = 1_000;
/// A word that no more stories say than this is looked for in all of them at once.
const RARE: u64 = 5_000;
/// Spans of time by which the newest stories are looked through first: 2^20 and 2^24 seconds, twelve days and half a year.
const SPANS: [u32; 2] = [20, 24];
/// The field of positions, by the name under which a search asks for it.
const AT: &str = "at";

/// Which stories say what.
pub(super) struct WordIndex {
    path: PathBuf,
    journal: Uuid,
    /// What is searched; nothing while it is not there yet.
    reading: RwLock<Option<Arc<Reading>>>,
    /// What is written to; nothing before the first time, and after a failure.
    writing: Mutex<Option<Writing>>,
    /// Set when something in it could not be read: it is made anew.
    is_doubted: AtomicBool,
}

/// The index as it stood at a commit.
pub(super) struct Reading {
    searcher: Searcher,
    fields: Fields,
    /// What it has read.
    pub(super) stand: Stand,
}

struct Writing {
    writer: IndexWriter,
    reader: IndexReader,
    fields: Fields,
    /// What it has read; nothing when it was begun just now.
    stand: Option<Stand>,
}

/// What an index has read; stands inside it, with each commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stand {
    layout: u64,
    journal: Uuid,
    /// The last sequence whose stories are in it.
    pub(super) applied: u64,
    /// When it was written; no two commits have the same.
    pub(super) at: Second,
}

#[derive(Debug, Clone, Copy)]
struct Fields {
    /// The story, to find what was said before.
    id: Field,
    /// Positions of its editions.
    at: Field,
    /// The spans of time in which those lie.
    span: Field,
    text: Field,
}

/// Why the index did not do what it was told.
#[derive(Debug, thiserror::Error)]
enum Failed {
    /// The store did not give its stories.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It can not be used as it is.
    #[error("{0}")]
    Broken(String),
    /// The disk did not do it; another time it may.
    #[error("{0}")]
    Disk(String),
}

impl From<TantivyError> for Failed {
    fn from(error: TantivyError) -> Self {
        match error {
            TantivyError::IoError(_)
            | TantivyError::LockFailure(..)
            | TantivyError::OpenWriteError(_)
            | TantivyError::ErrorInThread(_)
            | TantivyError::SystemError(_) => Self::Disk(error.to_string()),
            _ => Self::Broken(error.to_string()),
        }
    }
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self::Disk(error.to_string())
    }
}

/// What is done with the library, which may break off on damage rather than say so.
fn guarded<T>(act: impl FnOnce() -> Result<T, Failed>) -> Result<T, Failed> {
    catch_unwind(AssertUnwindSafe(act)).unwrap_or_else(|panic| Err(Failed::Broken(text::of_panic(&*panic))))
}

impl WordIndex {
    /// The index of the view at a path. Nothing is opened yet.
    pub(super) fn beside(store: &Path, journal: Uuid) -> Self {
        let path = Self::path(store);
        Self { path, journal, reading: RwLock::default(), writing: Mutex::default(), is_doubted: AtomicBool::new(false) }
    }

    /// Where the index of a view is.
    pub(super) fn path(store: &Path) -> PathBuf {
        store.with_file_name("words")
    }

    /// The index as it stands; none while it is made.
    pub(super) fn reading(&self) -> Option<Arc<Reading>> {
        self.reading.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn show(&self, reading: Option<Reading>) {
        *self.reading.write().unwrap_or_else(PoisonError::into_inner) = reading.map(Arc::new);
    }

    fn failed(&self, error: Failed) -> StoreError {
        match error {
            Failed::Store(error) => error,
            Failed::Disk(why) => StoreError::Engine { path: self.path.clone(), why },
            Failed::Broken(why) => {
                self.is_doubted.store(true, Ordering::Release);
                StoreError::Engine { path: self.path.clone(), why: format!("{why}; the index of words is made anew") }
            }
        }
    }

    /// Removes all of it: what it has let go of would stay in its files for a while. It is made anew when it is read on.
    pub(super) fn begin_anew(&self) -> Result<(), StoreError> {
        let mut writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        *writing = None;
        self.show(None);
        remove(&self.path).map_err(|cause| self.failed(cause.into()))
    }

    /// Takes in what stories have said since the last time; all they say when there is no index yet. `goes_on` is asked now and
    /// then, and when it says no, nothing is kept of what was begun: then the answer is `false`.
    pub(super) fn read_on(&self, store: &Store, now: Second, goes_on: &dyn Fn() -> bool) -> Result<bool, StoreError> {
        let mut writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let done = guarded(|| self.advance(&mut writing, store, now, goes_on));
        if !matches!(done, Ok(true)) {
            // Whatever is half done is dropped with what writes it.
            let _ = catch_unwind(AssertUnwindSafe(|| *writing = None));
        }
        done.map_err(|error| self.failed(error))
    }

    fn advance(&self, slot: &mut Option<Writing>, store: &Store, now: Second, goes_on: &dyn Fn() -> bool) -> Result<bool, Failed> {
        if self.is_doubted.swap(false, Ordering::AcqRel) {
            *slot = None;
            self.show(None);
            remove(&self.path)?;
        }
        let writing = match slot {
            Some(writing) => writing,
            None => slot.insert(self.open(store.applied())?),
        };
        let applied = store.applied();
        match writing.stand {
            Some(stand) => {
                let changed = store.changed_since(stand.applied)?;
                if changed.is_empty() {
                    return Ok(true);
                }
                for number in changed {
                    store.kept(number)?.map_or(Ok(()), |(_, story)| writing.take(&story))?;
                }
            }
            None => {
                let mut next = Some(0);
                while let Some(first) = next {
                    if !goes_on() {
                        return Ok(false);
                    }
                    let (stories, more) = store.stretch(first, STRETCH)?;
                    stories.iter().try_for_each(|story| writing.take(story))?;
                    next = more;
                }
            }
        }
        let later = writing.stand.map_or(now, |stand| now.max(stand.at.plus(Duration::from_secs(1))));
        writing.commit(Stand { layout: LAYOUT, journal: self.journal, applied, at: later })?;
        self.show(writing.reading());
        Ok(true)
    }

    /// Opens the index, and shows what is in it; one that can not be used is begun anew.
    fn open(&self, applied: u64) -> Result<Writing, Failed> {
        match guarded(|| self.open_as_it_is(applied)) {
            Ok(writing) => return Ok(writing),
            Err(Failed::Broken(why)) if self.path.exists() => {
                tracing::warn!("the index of words at {} can not be used: {why}; it is made anew", self.path.display());
            }
            Err(Failed::Broken(_)) => {}
            Err(error) => return Err(error),
        }
        self.show(None);
        remove(&self.path)?;
        fs::create_dir_all(&self.path)?;
        let (schema, fields) = schema();
        // Nothing is stored that would have to be compressed.
        let settings = IndexSettings { docstore_compression: Compressor::None, ..IndexSettings::default() };
        let index = Index::builder().schema(schema).settings(settings).create_in_dir(&self.path)?;
        Writing::new(&index, fields, None)
    }

    fn open_as_it_is(&self, applied: u64) -> Result<Writing, Failed> {
        let index = Index::open_in_dir(&self.path)?;
        let (schema, fields) = schema();
        let payload = index.load_metas()?.payload;
        let stand: Option<Stand> = payload.and_then(|payload| serde_json::from_str(&payload).ok());
        let is_ours = |stand: &Stand| stand.layout == LAYOUT && stand.journal == self.journal;
        let stand = stand.filter(is_ours).filter(|_| index.schema() == schema);
        let stand = stand.ok_or_else(|| Failed::Broken("it is unfinished, of another layout or of another journal".to_owned()))?;
        if stand.applied > applied {
            return Err(Failed::Broken(format!("it has read record {}, and the store ends at {applied}", stand.applied)));
        }
        let writing = Writing::new(&index, fields, Some(stand))?;
        self.show(writing.reading());
        Ok(writing)
    }

    /// What a search comes to; when something can not be read, the index is not there any more.
    pub(super) fn found(&self, reading: &Reading, words: &Words, slice: &Slice) -> Result<Found, StoreError> {
        guarded(|| reading.find(words, slice)).map_err(|error| {
            tracing::error!("the index of words at {} can not be read: {error}; it is made anew", self.path.display());
            self.is_doubted.store(true, Ordering::Release);
            self.show(None);
            StoreError::NoWords
        })
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

impl Store {
    /// Takes what stories have said since the last time into the index of words, and all they say when there is none.
    ///
    /// It may take long, and one at a time does it. `goes_on` is asked now and then; when it says no, the answer is `false` and nothing changed.
    pub fn read_words(&self, now: Second, goes_on: &dyn Fn() -> bool) -> Result<bool, StoreError> {
        self.words.read_on(self, now, goes_on)
    }

    /// Whether words can be asked for.
    pub fn has_words(&self) -> bool {
        self.words.reading().is_some()
    }

    /// Removes the index of words of a view that is closed: for a view that is begun anew, perhaps without what was in the old one.
    pub fn forget_words(path: &Path) -> io::Result<()> {
        remove(&WordIndex::path(path))
    }
}

fn schema() -> (Schema, Fields) {
    let mut schema = Schema::builder();
    // Words come cut; the tokenizer is one that does nothing.
    let words = TextFieldIndexing::default().set_tokenizer("raw").set_fieldnorms(false);
    let words = words.set_index_option(IndexRecordOption::WithFreqsAndPositions);
    let fields = Fields {
        id: schema.add_bytes_field("id", BytesOptions::default().set_indexed()),
        at: schema.add_i64_field(AT, NumericOptions::default().set_fast()),
        span: schema.add_u64_field("span", NumericOptions::default().set_indexed()),
        text: schema.add_text_field("text", TextOptions::default().set_indexing_options(words)),
    };
    (schema.build(), fields)
}

impl Writing {
    fn new(index: &Index, fields: Fields, stand: Option<Stand>) -> Result<Self, Failed> {
        let options = IndexWriterOptions::builder().memory_budget_per_thread(MEMORY).num_worker_threads(1).num_merge_threads(1).build();
        let writer = index.writer_with_options(options)?;
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        Ok(Self { writer, reader, fields, stand })
    }

    /// What a story says takes the place of what it said before.
    fn take(&mut self, story: &Story) -> Result<(), Failed> {
        if self.stand.is_some() {
            self.writer.delete_term(Term::from_field_bytes(self.fields.id, story.id.as_bytes()));
        }
        if !story.is_gone() {
            self.writer.add_document(self.document(story))?;
        }
        Ok(())
    }

    fn document(&self, story: &Story) -> TantivyDocument {
        let Fields { id, at, span, text } = self.fields;
        let mut document = TantivyDocument::new();
        document.add_bytes(id, story.id.as_bytes());
        for position in story.editions.iter().map(|edition| edition.position) {
            document.add_i64(at, position.unix());
            SPANS.iter().for_each(|bits| document.add_u64(span, span_of(position, *bits)));
        }
        for words in Told::of(story).into_texts() {
            let token = |(position, text)| Token { position, text, ..Token::default() };
            let tokens = words.into_iter().enumerate().map(token).collect();
            document.add_pre_tokenized_text(text, PreTokenizedString { text: String::new(), tokens });
        }
        document
    }

    fn commit(&mut self, stand: Stand) -> Result<(), Failed> {
        let mut commit = self.writer.prepare_commit()?;
        commit.set_payload(&serde_json::to_string(&stand).unwrap_or_default());
        commit.commit()?;
        self.reader.reload()?;
        self.stand = Some(stand);
        Ok(())
    }

    fn reading(&self) -> Option<Reading> {
        Some(Reading { searcher: self.reader.searcher(), fields: self.fields, stand: self.stand? })
    }
}

/// The span of 2^`bits` seconds in which a second lies, as a number of its own.
fn span_of(at: Second, bits: u32) -> u64 {
    // No second is as far from the epoch as 2^40; so spans count from 0.
    let from_begin = u64::try_from(at.unix() + (1 << 40)).unwrap_or(0);
    (u64::from(bits) << 48) | (from_begin >> bits)
}

/// A part of time that is looked through at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slice {
    pub(super) window: Window,
    /// The spans in which it lies; none when it is all the rest.
    spans: Vec<u64>,
}

impl Slice {
    /// All of a window.
    pub(super) fn whole(window: Window) -> Self {
        Self { window, spans: Vec::new() }
    }
}

/// Where stories stand that say what was asked, and where those that say what they must not.
pub(super) struct Found {
    /// Only here, when words are asked for.
    pub(super) with: Option<Arc<Seconds>>,
    /// Nowhere here, when words are left out.
    pub(super) without: Option<Arc<Seconds>>,
}

impl Reading {
    /// The parts of a window, newest first; `newest` is the newest position there is. What is rare is looked for in one go.
    pub(super) fn slices(&self, words: &Words, window: Window, newest: Option<Second>) -> Vec<Slice> {
        let stems = words.with().flat_map(Phrase::stems);
        // What can not be looked up is told when it is searched for.
        let rarest = stems.map(|stem| self.searcher.doc_freq(&self.term(&stem)).unwrap_or(0)).min();
        let Some(top) = window.below.map(|below| below.minus(Duration::from_secs(1))).min(newest).or(newest) else {
            return vec![Slice::whole(window)];
        };
        if rarest.is_some_and(|rarest| rarest <= RARE) {
            return vec![Slice::whole(window)];
        }
        let (mut slices, mut below) = (Vec::new(), window.below);
        for bits in SPANS {
            // This span and the one before it, so that never next to nothing is looked through.
            let from = Second::from_unix(((top.unix() >> bits) - 1) << bits);
            let is_last = window.from.is_some_and(|begin| begin >= from);
            let part = Window { from: if is_last { window.from } else { Some(from) }, below };
            slices.push(Slice { window: part, spans: vec![span_of(top, bits), span_of(from, bits)] });
            if is_last {
                return slices;
            }
            below = Some(from);
        }
        slices.push(Slice::whole(Window { below, ..window }));
        slices
    }

    fn term(&self, stem: &str) -> Term {
        Term::from_field_text(self.fields.text, stem)
    }

    /// What is left out is looked for by itself, among what is not: the library's own way to leave a phrase out breaks off where
    /// the last one has been passed (tantivy 0.27).
    fn find(&self, words: &Words, slice: &Slice) -> Result<Found, Failed> {
        let with = || -> Vec<Box<dyn Query>> { words.with().map(|phrase| self.phrase(phrase)).collect() };
        let without: Vec<Box<dyn Query>> = words.without().map(|phrase| self.phrase(phrase)).collect();
        let found = (words.with().next().is_some()).then(|| self.within(with(), slice)).transpose()?;
        let left_out = (!without.is_empty()).then(|| {
            let any: Box<dyn Query> = Box::new(BooleanQuery::union(without));
            self.within(with().into_iter().chain([any]).collect(), slice)
        });
        Ok(Found { with: found.map(Arc::new), without: left_out.transpose()?.map(Arc::new) })
    }

    fn phrase(&self, phrase: &Phrase) -> Box<dyn Query> {
        let mut terms: Vec<Term> = phrase.stems().iter().map(|stem| self.term(stem)).collect();
        match (terms.len(), terms.pop()) {
            (1, Some(term)) => Box::new(TermQuery::new(term, IndexRecordOption::Basic)),
            (_, last) => {
                terms.extend(last);
                Box::new(PhraseQuery::new(terms))
            }
        }
    }

    /// Where stories stand that fulfil all this, within a part of time.
    fn within(&self, mut all: Vec<Box<dyn Query>>, slice: &Slice) -> Result<Seconds, Failed> {
        if !slice.spans.is_empty() {
            let in_span = |span: &u64| -> Box<dyn Query> {
                Box::new(TermQuery::new(Term::from_field_u64(self.fields.span, *span), IndexRecordOption::Basic))
            };
            all.push(Box::new(BooleanQuery::union(slice.spans.iter().map(in_span).collect())));
        }
        let mut positions = self.searcher.search(&BooleanQuery::intersection(all), &Positions { window: slice.window })?;
        positions.sort_unstable();
        Ok(positions.into_iter().collect())
    }
}

/// Collects where stories stand.
struct Positions {
    window: Window,
}

struct OfSegment {
    window: Window,
    at: Column<i64>,
    found: Vec<Second>,
}

impl Collector for Positions {
    type Fruit = Vec<Second>;
    type Child = OfSegment;

    fn for_segment(&self, _: SegmentOrdinal, segment: &SegmentReader) -> tantivy::Result<OfSegment> {
        Ok(OfSegment { window: self.window, at: segment.fast_fields().i64(AT)?, found: Vec::new() })
    }

    fn requires_scoring(&self) -> bool {
        false
    }

    fn merge_fruits(&self, found: Vec<Vec<Second>>) -> tantivy::Result<Vec<Second>> {
        Ok(found.concat())
    }
}

impl SegmentCollector for OfSegment {
    type Fruit = Vec<Second>;

    fn collect(&mut self, document: u32, _: f32) {
        let Self { window, at, found } = self;
        found.extend(at.values_for_doc(document).map(Second::from_unix).filter(|at| window.holds(*at)));
    }

    fn harvest(self) -> Vec<Second> {
        self.found
    }
}
