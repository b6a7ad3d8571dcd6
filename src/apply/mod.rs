//! The single writer: what was found becomes stories, is written down, and only then is seen.
//!
//! One thread owns the journal. It takes all looks that are ready, decides each of their items
//! in turn against the view and against what it has just decided, appends everything with one
//! fsync, applies one batch a record, tells the server which stories changed, and answers.
//! Nothing is acknowledged or served before it is in the journal.
//! Deliberately absent: rules about stories (`dedup`), and any other way to change one.

mod known;
mod records;
mod table;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, mpsc},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use tokio::sync::oneshot;

use self::table::Table;
use crate::{
    journal::{Journal, JournalError},
    model::{Body, Checked, Draft, Item, Second, SourceId, SourceState, Unchanged},
    pull::{Found, Look},
    store::{Store, StoreError, Touched},
    verify::{Verdict, verify},
};

/// Where the present comes from: the roof is the only place that has one.
pub type Clock = Arc<dyn Fn() -> Second + Send + Sync>;

/// Looks that may wait for the writer; more wait at the publisher's door.
const QUEUE: usize = 64;
/// Items decided in one group at most, so that readers of the view are never held up for long.
const GROUP: usize = 2_000;
/// What is no story is written once a round.
const ROUND: Duration = Duration::from_secs(60);
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
    /// The view could not be read or written; the journal heals it at the next start.
    #[error("the store failed; it is brought up from the journal at the next start")]
    Store(#[source] Arc<StoreError>),
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
    jobs: mpsc::SyncSender<Job>,
    store: Arc<Store>,
}

type Reply = oneshot::Sender<Result<Kept, Arc<ApplyError>>>;

enum Job {
    Keep { look: Box<Look>, reply: Reply },
    Verify { reply: oneshot::Sender<Result<Verdict, StoreError>> },
}

impl Desk {
    /// Hands a look to the writer and waits until it is kept.
    pub async fn keep(&self, look: Look) -> Result<Kept, Arc<ApplyError>> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Keep { look: Box::new(look), reply }).await;
        answer.await.unwrap_or_else(|_| Err(Arc::new(ApplyError::Stopped)))
    }

    /// Checks journal and view while nothing is written; `None` when the writer has stopped.
    pub async fn verify(&self) -> Option<Result<Verdict, StoreError>> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Verify { reply }).await;
        answer.await.ok()
    }

    /// What is kept of the item that a source has at this canonical link; nothing when the view can not be read, of which the writer tells.
    pub fn recall(&self, source: &SourceId, link: &str) -> Option<Item> {
        let told = self.store.by_link_of(source, link).into_iter().filter_map(|id| self.store.story(&id).ok().flatten());
        let mut items = told.flat_map(|story| story.copies.iter().map(|copy| copy.item.clone()).collect::<Vec<_>>());
        items.find(|item| item.source == *source && item.canonical.as_deref() == Some(link))
    }

    /// A job that can not be sent is dropped, and whoever waits for its answer is told so by that.
    async fn send(&self, job: Job) {
        if let Err(mpsc::TrySendError::Full(job)) = self.jobs.try_send(job) {
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
        let (jobs, inbox) = mpsc::sync_channel(QUEUE);
        let desk = Desk { jobs, store: store.clone() };
        let mut hand = Hand { journal, store, clock, changed: Box::new(changed), round: Round::new(), free: Free::new(), broken: None };
        let thread = std::thread::Builder::new().name("writer".into()).spawn(move || {
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

/// Whoever is told of stories once they are in the view.
type Changed = Box<dyn Fn(&[Touched]) + Send>;

struct Hand {
    journal: Journal,
    store: Arc<Store>,
    clock: Clock,
    changed: Changed,
    round: Round,
    free: Free,
    /// Set when the view missed a record: deciding against it would tell stories twice.
    broken: Option<Arc<StoreError>>,
}

impl Hand {
    fn work(&mut self, inbox: &mpsc::Receiver<Job>) {
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
                round_ends = Instant::now() + ROUND;
            }
        }
        self.end_round();
        if let Err(error) = self.store.flush() {
            tracing::warn!(%error, "the store was not flushed; it is brought up from the journal at the next start");
        }
    }

    /// Puts a look into the group, and says how much work it is; anything else is done at once.
    fn sort(&self, job: Job, group: &mut Vec<(Look, Reply)>) -> usize {
        match job {
            Job::Keep { look, reply } => {
                let weight = look.weight();
                group.push((*look, reply));
                weight
            }
            Job::Verify { reply } => {
                // Whoever asked may have gone.
                let _ = reply.send(verify(&self.store, &self.journal));
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
                self.round.extend(noted);
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
        let now = self.now()?;
        let mut noted = Round::new();
        let mut drafts = Vec::new();
        if self.free.len() > REMEMBERED {
            self.free.clear();
        }
        let mut table = Table::new(&self.store, std::mem::take(&mut self.free));
        let decided: Result<_, StoreError> = looks.into_iter().map(|look| table.decide(look, now, &mut drafts, &mut noted)).collect();
        let kept = decided.map_err(|e| ApplyError::Store(Arc::new(e)))?;
        let free = table.free;
        self.write(&drafts)?;
        // Only what was written is taken.
        self.free = free;
        Ok((kept, noted))
    }

    /// Writes what the round found that was no story.
    fn end_round(&mut self) {
        let mut checked = Checked { unchanged: Vec::new(), states: Vec::new() };
        for noted in self.round.values() {
            match noted {
                Noted::Unchanged(unchanged) => checked.unchanged.push(unchanged.clone()),
                Noted::State(state) => checked.states.push((**state).clone()),
                Noted::Kept => {}
            }
        }
        if checked.unchanged.is_empty() && checked.states.is_empty() {
            return;
        }
        let written = self.now().and_then(|now| {
            let key = format!("round/{now}/{}", self.journal.bounds().last + 1);
            self.write(&[Draft { at: now, key, body: Body::Checked(checked) }])
        });
        match written {
            Ok(()) => self.round.clear(),
            Err(error) => tracing::error!(error = &error as &dyn std::error::Error, "the round was not written: {error}"),
        }
    }

    fn write(&mut self, drafts: &[Draft]) -> Result<(), ApplyError> {
        if drafts.is_empty() {
            return Ok(());
        }
        let records = self.journal.append(drafts).map_err(|e| ApplyError::Journal(Arc::new(e)))?;
        for record in &records {
            match self.store.apply(record) {
                Ok(touched) => {
                    touched.iter().for_each(tell);
                    (self.changed)(&touched);
                }
                Err(error) => {
                    let error = Arc::new(error);
                    self.broken = Some(error.clone());
                    return Err(ApplyError::Store(error));
                }
            }
        }
        Ok(())
    }

    /// The time of the next decision, if one may be made.
    fn now(&self) -> Result<Second, ApplyError> {
        if let Some(error) = &self.broken {
            return Err(ApplyError::Store(error.clone()));
        }
        let (now, last) = ((self.clock)(), self.journal.bounds().last_at);
        if now.plus(CLOCK_SLIP) < last { Err(ApplyError::Clock { now, last }) } else { Ok(now.max(last)) }
    }
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
