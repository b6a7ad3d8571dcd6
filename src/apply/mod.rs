//! The single writer: what was found becomes stories, is written down, and only then is seen.
//!
//! One thread owns the journal. It takes all looks that are ready, decides each of their items
//! in turn against the view and against what it has just decided, appends everything with one
//! fsync, applies one batch a record, tells the server which stories changed, and answers.
//! Nothing is acknowledged or served before it is in the journal.
//! Deliberately absent: rules about stories (`dedup`), and any other way to change one.

mod acts;
mod compact;
mod erase;
mod follow;
mod import;
mod known;
mod prune;
mod records;
mod refile;
mod reserve;
mod retract;
mod table;
mod waiting;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use tokio::sync::oneshot;

use self::table::Table;
use crate::{
    dedup::{self, Traces, Window},
    journal::{Journal, JournalError},
    model::{Body, Checked, Draft, Item, Second, Source, SourceId, SourceState, StoryId, Unchanged},
    pull::{self, Found, Look},
    store::{Store, StoreError, Touched},
    text,
    verify::{Verdict, verify},
    workshop::Urgency,
};
pub use acts::{ActError, Deed, What};
pub use erase::Erasure;
pub use import::Arrived;
pub use prune::{Overdue, overdue};
pub use refile::{Filing, Label, Outlook, Shift, labels};
pub use reserve::{Reserve, free_bytes};

/// Where the present comes from: the roof is the only place that has one.
pub type Clock = Arc<dyn Fn() -> Second + Send + Sync>;

/// Looks that may wait for the writer; more wait at the publisher's door.
const QUEUE: usize = 16;
/// Items decided in one group at most, so that readers of the view are never held up for long.
const GROUP: usize = 500;
/// What is no story is written once a round.
const ROUND: Duration = Duration::from_secs(60);
/// Sources that one record of a round tells of at most: what the engine changes in one batch it holds twice until it is done.
const CHECKED: usize = 1_000;
/// A clock that stands this far behind the last record is wrong, and nothing is decided by it.
const CLOCK_SLIP: Duration = Duration::from_hours(24);

/// What became of a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Report {
    /// Items in the document.
    pub items: usize,
    /// Stories and editions that began with it.
    pub new: usize,
    /// Copies that joined a story that was there.
    pub joined: usize,
    /// Items that changed.
    pub revised: usize,
    /// Items that their publisher took back.
    pub withdrawn: usize,
    /// Items with neither title, link nor text.
    pub dropped: usize,
}

/// A look that was kept.
#[derive(Debug)]
pub struct Kept {
    /// What became of it.
    pub report: Report,
    /// The source's state as it was written, or will be at the end of the round.
    pub state: Box<SourceState>,
}

/// Why nothing was kept. What was found is found again at the next look.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The journal could not be written.
    #[error("the journal did not take what was found")]
    Journal(#[source] Arc<JournalError>),
    /// The view could not be read or written; the journal heals it.
    #[error("the store failed; it is opened again and brought up from the journal")]
    Store(#[source] Arc<StoreError>),
    /// The disk is full, or nearly so.
    #[error("the disk has no room left; nothing is taken in until it has")]
    NoRoom(#[source] Arc<std::io::Error>),
    /// The disk has less room than is to be left free.
    #[error("the disk of {} has {} MiB free, and [limits] free_mib leaves {}; nothing is taken in until there is room", path.display(), free >> 20, floor >> 20)]
    Floor {
        /// The data folder.
        path: PathBuf,
        /// Bytes that are free.
        free: u64,
        /// Bytes that are to be left free.
        floor: u64,
    },
    /// Journal and view do not tell the same.
    #[error("journal and store differ in {count} stories or states ({first}); `tributary rebuild` makes the store anew from the journal")]
    Differ {
        /// In how many.
        count: usize,
        /// One of them.
        first: String,
    },
    /// The clock is far behind the last record.
    #[error("the clock says {now}, but the last record is of {last}; set the clock, nothing is pulled until then")]
    Clock {
        /// What the clock says.
        now: Second,
        /// When the last record was written.
        last: Second,
    },
    /// The writer has stopped.
    #[error("the writer has stopped")]
    Stopped,
}

/// The way in. Cheap to clone; the writer stops when the last one is dropped.
#[derive(Clone)]
pub struct Desk {
    jobs: mpsc::SyncSender<Queued>,
    queue: Queue,
    store: Arc<Store>,
}

/// How many jobs wait for the writer. Cheap to clone, and nothing that the writer waits for.
#[derive(Clone, Default)]
pub struct Queue(Arc<AtomicUsize>);

impl Queue {
    /// How many jobs wait.
    pub fn length(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    fn take_place(&self) -> Place {
        self.0.fetch_add(1, Ordering::Relaxed);
        Place(self.clone())
    }
}

/// A place in the queue, given back when its job is begun or dropped.
struct Place(Queue);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A job that waits.
type Queued = (Place, Job);

type Reply = oneshot::Sender<Result<Kept, Arc<ApplyError>>>;

enum Job {
    Keep {
        look: Box<Look>,
        reply: Reply,
    },
    Refile {
        filing: Arc<Filing>,
        ids: Vec<StoryId>,
        reply: oneshot::Sender<Result<usize, Arc<ApplyError>>>,
    },
    Act {
        deed: Box<Deed>,
        reply: oneshot::Sender<Result<Vec<Touched>, ActError>>,
    },
    Verify {
        reply: oneshot::Sender<Result<Verdict, StoreError>>,
    },
    Mend {
        reply: oneshot::Sender<Result<(), Arc<ApplyError>>>,
    },
    /// Upkeep; whoever asked for it is answered by it.
    Upkeep(Box<dyn FnOnce(&mut Hand) + Send>),
}

impl Desk {
    /// Hands a look to the writer and waits until it is kept.
    pub async fn keep(&self, look: Look) -> Result<Kept, Arc<ApplyError>> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Keep { look: Box::new(look), reply }).await;
        answer.await.unwrap_or_else(|_| Err(Arc::new(ApplyError::Stopped)))
    }

    /// Files stories again, and says how many of them changed by that. Looks that wait are kept before the next ones: hand in a few at a time.
    pub async fn refile(&self, filing: Arc<Filing>, ids: Vec<StoryId>) -> Result<usize, Arc<ApplyError>> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Refile { filing, ids, reply }).await;
        answer.await.unwrap_or_else(|_| Err(Arc::new(ApplyError::Stopped)))
    }

    /// Does what an editor wants, and gives the stories that changed by it, the one that was meant first.
    pub async fn act(&self, deed: Deed) -> Result<Vec<Touched>, ActError> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Act { deed: Box::new(deed), reply }).await;
        answer.await.unwrap_or_else(|_| Err(ApplyError::Stopped.into()))
    }

    /// Checks journal and view while nothing is written; `None` when the writer has stopped.
    pub async fn verify(&self) -> Option<Result<Verdict, StoreError>> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Verify { reply }).await;
        answer.await.ok()
    }

    /// Mends what failed, as far as it can be: `Ok` when looks can be kept again.
    pub async fn mend(&self) -> Result<(), Arc<ApplyError>> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Mend { reply }).await;
        answer.await.unwrap_or_else(|_| Err(Arc::new(ApplyError::Stopped)))
    }

    /// Has the writer do some upkeep between looks.
    async fn have<T, E>(&self, work: impl FnOnce(&mut Hand) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<ApplyError> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let upkeep = Box::new(move |hand: &mut Hand| {
            // Whoever asked may have gone; what is done stays done.
            let _ = reply.send(work(hand));
        });
        self.send(Job::Upkeep(upkeep)).await;
        answer.await.unwrap_or_else(|_| Err(ApplyError::Stopped.into()))
    }

    /// What is kept of the item that a source has at this canonical link; nothing when the view can not be read, of which the writer tells.
    pub fn recall(&self, source: &SourceId, link: &str) -> Option<Item> {
        // What is at rest is known by a hash, and has nothing to say but that it need not be read again.
        let keys = [link.to_owned(), dedup::resting(link)];
        let told = keys.iter().flat_map(|key| self.store.by_link_of(source, key));
        let told = told.filter_map(|id| self.store.story(&id).ok().flatten());
        let mut items = told.flat_map(|story| story.copies.iter().map(|copy| copy.item.clone()).collect::<Vec<_>>());
        items.find(|item| item.source == *source && item.canonical.as_ref().is_some_and(|link| keys.contains(link)))
    }

    /// What waits for the writer.
    pub fn queue(&self) -> Queue {
        self.queue.clone()
    }

    /// A job that can not be sent is dropped, and whoever waits for its answer is told so by that.
    async fn send(&self, job: Job) {
        if let Err(mpsc::TrySendError::Full(job)) = self.jobs.try_send((self.queue.take_place(), job)) {
            // The queue is full: wait on a thread that may wait.
            let jobs = self.jobs.clone();
            let _ = tokio::task::spawn_blocking(move || jobs.send(job)).await;
        }
    }
}

/// The thread that owns the journal.
pub struct Writer {
    thread: JoinHandle<Journal>,
}

impl Writer {
    /// Starts the writer. `changed` is told of stories once they are in the view.
    pub fn start(
        journal: Journal,
        store: Arc<Store>,
        clock: Clock,
        changed: impl Fn(&[Touched]) + Send + 'static,
    ) -> std::io::Result<(Desk, Self)> {
        Self::start_with(journal, store, clock, None, changed)
    }

    /// The same with a reserve for the day the disk is full: for a daemon, whose readers are to be served then.
    pub fn start_with(
        journal: Journal,
        store: Arc<Store>,
        clock: Clock,
        reserve: Option<Reserve>,
        changed: impl Fn(&[Touched]) + Send + 'static,
    ) -> std::io::Result<(Desk, Self)> {
        let (jobs, inbox) = mpsc::sync_channel(QUEUE);
        let desk = Desk { jobs, queue: Queue::default(), store: store.clone() };
        // A view that is behind shows what it has; deciding against it would tell stories twice.
        let (applied, last) = (store.applied(), journal.bounds().last);
        let broken = (applied < last).then(|| Arc::new(StoreError::OutOfOrder { seq: last, applied }));
        let mut hand = Hand {
            journal,
            store,
            clock,
            changed: Box::new(changed),
            round: Round::new(),
            window: Window::default(),
            free: Free::new(),
            broken,
            reserve,
            no_room: None,
            is_failing: false,
        };
        let thread = std::thread::Builder::new().name("writer".into()).spawn(move || {
            Urgency::GivesWay.keep();
            hand.work(&inbox);
            hand.journal
        })?;
        Ok((desk, Self { thread }))
    }

    /// Waits until all that was handed in is kept, and gives the journal back. Every [`Desk`] must be gone.
    pub fn finish(self) -> Option<Journal> {
        self.thread.join().ok()
    }
}

/// What a round of looks found that was no story: for each source the last word.
type Round = BTreeMap<SourceId, Noted>;

/// What is to be written of a source at the end of the round.
enum Noted {
    /// That it had nothing new.
    Unchanged(Unchanged),
    /// Its state.
    State(Box<SourceState>),
    /// Nothing: its state was written with its stories.
    Kept,
}

/// Where the search for a free second ended last time it began there. What is taken stays taken, so it need not look again.
type Free = HashMap<Second, Second>;

/// Searches that are remembered at most.
const REMEMBERED: usize = 100_000;

/// The stories that a look changed, each once, in the order in which they were first changed.
#[derive(Default)]
struct Changes {
    order: Vec<StoryId>,
    known: HashSet<StoryId>,
}

impl Changes {
    fn add(&mut self, story: StoryId) {
        if self.known.insert(story) {
            self.order.push(story);
        }
    }
}

/// Whoever is told of stories once they are in the view.
type Changed = Box<dyn Fn(&[Touched]) + Send>;

struct Hand {
    journal: Journal,
    store: Arc<Store>,
    clock: Clock,
    changed: Changed,
    round: Round,
    /// The stories that new items are compared with.
    window: Window,
    free: Free,
    /// Set when the view missed a record: deciding against it would tell stories twice.
    broken: Option<Arc<StoreError>>,
    reserve: Option<Reserve>,
    /// Set when the reserve could not be taken: nothing is taken in until it can be.
    no_room: Option<Arc<std::io::Error>>,
    /// Set when a round could not be written: nothing is taken in until it is.
    is_failing: bool,
}

impl Hand {
    fn work(&mut self, inbox: &mpsc::Receiver<Queued>) {
        self.take_reserve();
        self.fill_window();
        let mut round_ends = Instant::now() + ROUND;
        loop {
            match inbox.recv_timeout(round_ends.saturating_duration_since(Instant::now())) {
                Ok(first) => {
                    let mut group = Vec::new();
                    let mut weight = self.sort(first, &mut group);
                    while weight < GROUP {
                        let Ok(job) = inbox.try_recv() else { break };
                        weight += self.sort(job, &mut group);
                    }
                    self.keep(group);
                }
                Err(mpsc::RecvTimeoutError::Timeout) => {}
                Err(mpsc::RecvTimeoutError::Disconnected) => break,
            }
            if Instant::now() >= round_ends {
                self.end_round();
                self.open_in_time();
                self.window.forget((self.clock)());
                round_ends = Instant::now() + ROUND;
            }
        }
        self.is_failing = false;
        self.end_round();
        if let Err(error) = self.store.flush() {
            tracing::warn!(%error, "the store was not flushed; it is brought up from the journal at the next start");
        }
    }

    /// Puts a look into the group, and says how much work it is; anything else is done at once.
    fn sort(&mut self, (place, job): Queued, group: &mut Vec<(Look, Reply)>) -> usize {
        drop(place);
        match job {
            Job::Keep { look, reply } => {
                let weight = look.weight();
                group.push((*look, reply));
                weight
            }
            Job::Refile { filing, ids, reply } => {
                // Whoever asked may have gone; what is written stays written.
                let _ = reply.send(self.refile(&filing, &ids).map_err(Arc::new));
                0
            }
            Job::Act { deed, reply } => {
                // Whoever asked may have gone; what is done stays done.
                let _ = reply.send(self.act(*deed));
                0
            }
            Job::Verify { reply } => {
                // Whoever asked may have gone.
                let _ = reply.send(verify(&self.store, &self.journal));
                0
            }
            Job::Mend { reply } => {
                let _ = reply.send(self.mend().map_err(Arc::new));
                0
            }
            Job::Upkeep(upkeep) => {
                upkeep(self);
                0
            }
        }
    }

    /// Decides, writes, applies and answers a group of looks: all of them are kept, or none.
    fn keep(&mut self, group: Vec<(Look, Reply)>) {
        if group.is_empty() {
            return;
        }
        let (looks, replies): (Vec<Look>, Vec<Reply>) = group.into_iter().unzip();
        match self.decide(looks).map_err(Arc::new) {
            Ok((kept, noted)) => {
                noted.into_iter().for_each(|(id, noted)| note(&mut self.round, id, noted));
                for (reply, kept) in replies.into_iter().zip(kept) {
                    // Whoever asked may have gone; what is kept stays kept.
                    let _ = reply.send(Ok(kept));
                }
            }
            Err(error) => {
                for reply in replies {
                    let _ = reply.send(Err(error.clone()));
                }
            }
        }
    }

    fn decide(&mut self, looks: Vec<Look>) -> Result<(Vec<Kept>, Round), ApplyError> {
        let now = self.begin()?;
        self.open_waiting(now)?;
        let mut noted = Round::new();
        let mut kept = Vec::with_capacity(looks.len());
        if self.free.len() > REMEMBERED {
            self.free.clear();
        }
        let mut looks = looks.into_iter();
        while looks.len() > 0 {
            let mut drafts = Vec::new();
            let mut table = Table::new(&self.store, &self.window, std::mem::take(&mut self.free));
            let mut fallen = None;
            for look in looks.by_ref() {
                let (source, drafted) = (look.source.clone(), drafts.len());
                let decided = catch_unwind(AssertUnwindSafe(|| table.decide(look, now, &mut drafts, &mut noted)));
                match decided {
                    Ok(Ok(one)) => kept.push(one),
                    Ok(Err(error)) => return Err(self.failed(error)),
                    Err(panic) => {
                        drafts.truncate(drafted);
                        fallen = Some((source, text::of_panic(&*panic)));
                        break;
                    }
                }
            }
            let Table { free, fresh, .. } = table;
            match fallen {
                None => {
                    self.write_laid(&drafts, fresh.into_traces())?;
                    // Only what was written is taken.
                    self.free = free;
                }
                // What it laid on the table goes with it, and the others begin a new one.
                Some((source, why)) => {
                    self.write(&drafts)?;
                    kept.push(self.fell(&source, &why, now, &mut noted)?);
                }
            }
        }
        Ok((kept, noted))
    }

    /// Marks a source whose items can not be decided: it costs nobody else anything.
    fn fell(&self, source: &Source, why: &str, now: Second, noted: &mut Round) -> Result<Kept, ApplyError> {
        let before = self.store.state(&source.id).map_err(|error| ApplyError::Store(Arc::new(error)))?;
        let state = Box::new(pull::stumbled(source, before.as_ref(), why, now));
        noted.insert(source.id.clone(), Noted::State(state.clone()));
        Ok(Kept { report: Report::default(), state })
    }

    /// Writes stories as they are filed today, those that changed by that; as they stand now, whatever they were when they were asked for.
    fn refile(&mut self, filing: &Filing, ids: &[StoryId]) -> Result<usize, ApplyError> {
        let now = self.begin()?;
        let mut stories = Vec::new();
        for id in ids {
            let story = self.store.story(id).map_err(|error| self.failed(error))?;
            stories.extend(story.and_then(|story| filing.again(&story)).map(Arc::new));
        }
        let count = stories.len();
        self.write(&records::refiled(stories, now, self.journal.bounds().last + 1))?;
        Ok(count)
    }

    /// The view did not answer; an engine that failed is opened again.
    fn failed(&mut self, error: StoreError) -> ApplyError {
        match error {
            StoreError::Engine { .. } => self.broke(error),
            error => ApplyError::Store(Arc::new(error)),
        }
    }

    /// A view that failed has to be opened again before anything more is decided.
    ///
    /// An engine whose write failed answers only some questions. The reserve is given back so that it can be opened
    /// for those who read, and nothing is taken in until the room is there again.
    fn broke(&mut self, error: StoreError) -> ApplyError {
        let error = Arc::new(error);
        self.broken = Some(error.clone());
        if let Some(reserve) = &self.reserve {
            reserve.give();
            self.no_room = Some(Arc::new(std::io::ErrorKind::StorageFull.into()));
            if let Err(error) = self.bring_up() {
                tracing::error!("the store could not be opened again: {}; it is tried again", text::chain(&error));
            }
        }
        ApplyError::Store(error)
    }

    fn take_reserve(&mut self) {
        self.no_room = self.reserve.as_ref().and_then(|reserve| reserve.take().err()).map(Arc::new);
    }

    fn has_room(&self) -> Result<(), ApplyError> {
        if let Some(cause) = &self.no_room {
            return Err(ApplyError::NoRoom(cause.clone()));
        }
        self.reserve.as_ref().map_or(Ok(()), Reserve::floor)
    }

    /// Makes journal and view ready to go on, and writes what could not be written.
    fn mend(&mut self) -> Result<(), ApplyError> {
        self.take_reserve();
        self.has_room()?;
        self.journal.mend().map_err(|error| ApplyError::Journal(Arc::new(error)))?;
        self.bring_up()?;
        self.write_round()?;
        self.is_failing = false;
        Ok(())
    }

    /// Opens a view that failed again, and brings it up to the journal.
    fn bring_up(&mut self) -> Result<(), ApplyError> {
        if self.broken.is_some() {
            let (journal, shown) = (&self.journal, self.store.applied());
            let mut lost = None;
            let mut news = Vec::new();
            let reopened = self.store.reopen(journal.genesis(), |store| {
                lost = replay(journal, store, |seq, touched| news.extend(touched.into_iter().filter(|_| seq > shown)))?;
                Ok(())
            });
            reopened.map_err(|error| ApplyError::Store(Arc::new(error)))?;
            (self.changed)(&news);
            if let Some(error) = lost {
                return Err(ApplyError::Journal(Arc::new(error)));
            }
            self.broken = None;
            self.free.clear();
            self.fill_window();
            tracing::info!("the store was opened again and is up to the journal");
        }
        Ok(())
    }

    /// Makes the view anew from the journal and puts it in the place of the one on the disk, which may hold what it does not show.
    fn renew_view(&mut self) -> Result<(), ApplyError> {
        let journal = &self.journal;
        let mut lost = None;
        let renewed = self.store.renew(journal.genesis(), |store| {
            lost = replay(journal, store, |_, _| {})?;
            Ok(lost.is_none())
        });
        if let Err(error) = renewed {
            return Err(self.broke(error));
        }
        match lost {
            Some(error) => Err(error.into()),
            None => {
                self.free.clear();
                Ok(())
            }
        }
    }

    /// Looks at the stories of late again. What can not be read is joined by link alone.
    fn fill_window(&mut self) {
        let now = (self.clock)();
        self.window = Window::default();
        for story in self.store.since(now.minus(dedup::AGE), dedup::MOST) {
            match story {
                Ok(story) => self.window.add(&story, now),
                Err(error) => tracing::warn!("a story can not be compared with new ones: {}", text::chain(&error)),
            }
        }
    }

    /// Writes what the round found that was no story.
    fn end_round(&mut self) {
        if self.is_failing {
            return;
        }
        if let Err(error) = self.write_round() {
            self.is_failing = true;
            tracing::error!(error = &error as &dyn std::error::Error, "the round was not written: {error}");
        }
    }

    fn write_round(&mut self) -> Result<(), ApplyError> {
        let is_told = |noted: &&Noted| !matches!(noted, Noted::Kept);
        let told: Vec<&Noted> = self.round.values().filter(is_told).collect();
        if told.is_empty() {
            return Ok(());
        }
        let now = self.now()?;
        let draft = |(seq, told): (u64, &[&Noted])| {
            let mut checked = Checked { unchanged: Vec::new(), states: Vec::new() };
            for noted in told {
                match noted {
                    Noted::Unchanged(unchanged) => checked.unchanged.push(unchanged.clone()),
                    Noted::State(state) => checked.states.push((**state).clone()),
                    Noted::Kept => {}
                }
            }
            Draft { at: now, key: format!("round/{now}/{seq}"), body: Body::Checked(checked) }
        };
        let drafts: Vec<Draft> = (self.journal.bounds().last + 1..).zip(told.chunks(CHECKED)).map(draft).collect();
        self.write(&drafts)?;
        self.round.clear();
        Ok(())
    }

    fn write(&mut self, drafts: &[Draft]) -> Result<(), ApplyError> {
        self.write_laid(drafts, Traces::default())
    }

    /// Writes what was decided; of stories that were laid on a table it is known how they are found.
    fn write_laid(&mut self, drafts: &[Draft], mut laid: Traces) -> Result<(), ApplyError> {
        if drafts.is_empty() {
            return Ok(());
        }
        let records = self.journal.append(drafts).map_err(|e| ApplyError::Journal(Arc::new(e)))?;
        for record in &records {
            match self.store.apply(record) {
                Ok(touched) => {
                    touched.iter().for_each(tell);
                    for Touched { after, .. } in &touched {
                        match laid.remove(&after.id) {
                            Some(trace) => self.window.put(after.id, trace),
                            None => self.window.add(after, record.at),
                        }
                    }
                    (self.changed)(&touched);
                }
                // The journal has it, so that a view without it must not be decided against.
                Err(error) => return Err(self.broke(error)),
            }
        }
        Ok(())
    }

    /// The time of the next decision, once the round that could not be written is.
    fn begin(&mut self) -> Result<Second, ApplyError> {
        let now = self.now()?;
        if self.is_failing {
            self.write_round()?;
            self.is_failing = false;
        }
        Ok(now)
    }

    /// The time of the next decision, if one may be made.
    fn now(&self) -> Result<Second, ApplyError> {
        if let Some(error) = &self.broken {
            return Err(ApplyError::Store(error.clone()));
        }
        self.has_room()?;
        let (now, last) = ((self.clock)(), self.journal.bounds().last_at);
        if now.plus(CLOCK_SLIP) < last { Err(ApplyError::Clock { now, last }) } else { Ok(now.max(last)) }
    }
}

/// Notes the last word on a source; what is still to be written of it is not forgotten over a look that taught nothing.
fn note(round: &mut Round, id: SourceId, noted: Noted) {
    match (round.get_mut(&id), noted) {
        (Some(Noted::State(state)), Noted::Unchanged(unchanged)) => state.answer_again(unchanged.at, unchanged.not_before),
        (_, noted) => drop(round.insert(id, noted)),
    }
}

/// Applies what a view does not have, and tells of each record what it touched. Gives what ended it, when the journal can not be read to its end:
/// what follows may build on that.
fn replay(journal: &Journal, store: &Store, mut tell: impl FnMut(u64, Vec<Touched>)) -> Result<Option<JournalError>, StoreError> {
    for record in journal.read_from(store.applied() + 1) {
        match record {
            Ok(record) => tell(record.seq, store.apply(&record)?),
            Err(error) => return Ok(Some(error)),
        }
    }
    Ok(None)
}

/// Tells what became of a story, for those who want to watch.
fn tell(touched: &Touched) {
    let (story, is_new) = (&touched.after, touched.before.is_none());
    let shown = story.preferred(story.first_edition());
    let labels: Vec<&str> = story.topics.iter().map(AsRef::as_ref).chain(story.countries.iter().map(|code| code.as_str())).collect();
    let sources: Vec<&str> = story.copies.iter().map(|copy| copy.item.source.as_str()).collect();
    let (what, title) = (if is_new { "new" } else { "changed" }, &shown.item.title);
    tracing::debug!(story.id = %story.id, "{what}: “{title}” [{}] told by {}", labels.join(", "), sources.join(", "));
}

impl Look {
    fn weight(&self) -> usize {
        match &self.found {
            Found::Items { items, .. } => items.len(),
            _ => 1,
        }
    }
}
