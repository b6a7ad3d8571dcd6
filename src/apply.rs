//! The single writer: what was found becomes stories, is written down, and only then is seen.
//!
//! One thread owns the journal. It takes all looks that are ready, decides each of their items
//! in turn against the view and against what it has just decided, appends everything with one
//! fsync, applies one batch a record, tells the server which stories changed, and answers.
//! Nothing is acknowledged or served before it is in the journal.
//! Deliberately absent: rules about stories (`dedup`), and any other way to change one.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, mpsc},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use tokio::sync::oneshot;
use url::Url;

use crate::{
    dedup::{self, Arrival, Candidates, Decision, Teller},
    journal::{Journal, JournalError},
    model::{Body, Checked, Draft, Item, Labels, Pull, Second, SourceId, SourceState, Story, StoryId, Unchanged},
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
/// Stories in one record at most.
const STORIES_IN_RECORD: usize = 64;
/// Text in one record at most, in bytes before compression: half a mebibyte compressed is never exceeded.
const TEXT_IN_RECORD: usize = 512 << 10;
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
}

type Reply = oneshot::Sender<Result<Report, Arc<ApplyError>>>;

enum Job {
    Keep { look: Box<Look>, reply: Reply },
    Verify { reply: oneshot::Sender<Result<Verdict, StoreError>> },
}

impl Desk {
    /// Hands a look to the writer and waits until it is kept.
    pub async fn keep(&self, look: Look) -> Result<Report, Arc<ApplyError>> {
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
        let mut hand = Hand { journal, store, clock, changed: Box::new(changed), round: Round::new(), free: Free::new(), broken: None };
        let thread = std::thread::Builder::new().name("writer".into()).spawn(move || {
            hand.work(&inbox);
            hand.journal
        })?;
        Ok((Desk { jobs }, Self { thread }))
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
            Ok((reports, noted)) => {
                self.round.extend(noted);
                for (reply, report) in replies.into_iter().zip(reports) {
                    // Whoever asked may have gone; what is kept stays kept.
                    let _ = reply.send(Ok(report));
                }
            }
            Err(error) => {
                for reply in replies {
                    let _ = reply.send(Err(error.clone()));
                }
            }
        }
    }

    fn decide(&mut self, looks: Vec<Look>) -> Result<(Vec<Report>, Round), ApplyError> {
        let now = self.now()?;
        let mut noted = Round::new();
        let mut drafts = Vec::new();
        if self.free.len() > REMEMBERED {
            self.free.clear();
        }
        let mut table = Table::new(&self.store, std::mem::take(&mut self.free));
        let decided: Result<_, StoreError> = looks.into_iter().map(|look| table.decide(look, now, &mut drafts, &mut noted)).collect();
        let reports = decided.map_err(|e| ApplyError::Store(Arc::new(e)))?;
        let free = table.free;
        self.write(&drafts)?;
        // Only what was written is taken.
        self.free = free;
        Ok((reports, noted))
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

/// The view, and on top of it what this group has decided but not yet written.
struct Table<'a> {
    store: &'a Store,
    stories: HashMap<StoryId, Story>,
    upstream: HashMap<(SourceId, String), StoryId>,
    links: HashMap<String, Vec<StoryId>>,
    entry_ids: HashSet<String>,
    positions: HashSet<Second>,
    free: Free,
    last: Option<Second>,
}

impl<'a> Table<'a> {
    fn new(store: &'a Store, free: Free) -> Self {
        Self {
            store,
            stories: HashMap::new(),
            upstream: HashMap::new(),
            links: HashMap::new(),
            entry_ids: HashSet::new(),
            positions: HashSet::new(),
            free,
            last: None,
        }
    }

    /// Decides a look's items, oldest first, and drafts its records.
    fn decide(&mut self, look: Look, now: Second, drafts: &mut Vec<Draft>, noted: &mut Round) -> Result<Report, StoreError> {
        let mut state = look.state;
        let id = look.source.id.clone();
        let (mut items, dropped) = match look.found {
            Found::Items { items, dropped } => (items, dropped),
            Found::Unchanged if is_plain_repeat(self.store.state(&id)?.as_ref(), &state) => {
                let unchanged = Unchanged { source: id.clone(), at: look.at, not_before: state.not_before };
                noted.insert(id, Noted::Unchanged(unchanged));
                return Ok(Report::default());
            }
            Found::Unchanged | Found::Trouble(_) => {
                noted.insert(id, Noted::State(Box::new(state)));
                return Ok(Report::default());
            }
        };
        let mut report = Report { items: items.len(), dropped, ..Report::default() };
        // Feeds list the newest first; among items of one date the last one listed is the oldest.
        items.reverse();
        items.sort_by_key(|(item, _)| item.published.map_or((1, Second::EPOCH), |at| (0, at)));

        let hosts: Vec<&str> =
            [look.source.home.as_ref(), Some(&look.source.url)].into_iter().flatten().filter_map(Url::host_str).collect();
        let teller = Teller { rank: look.source.rank, hosts: &hosts };
        let mut changed: Vec<StoryId> = Vec::new();
        let mut unplaced: Vec<(StoryId, usize)> = Vec::new();
        let mut arrivals: Vec<Arrival> = Vec::new();
        for (item, labels) in items {
            let published = item.published;
            let story = match self.ask(item, labels, teller, now)? {
                Decision::Same => continue,
                Decision::Revised(story) => {
                    report.revised += 1;
                    story
                }
                Decision::Joined(story) => {
                    report.joined += 1;
                    story
                }
                Decision::NewEdition(story) | Decision::NewStory(story) => {
                    report.new += 1;
                    unplaced.push((story.id, story.editions.len() - 1));
                    arrivals.push(Arrival { published });
                    story
                }
            };
            if !changed.contains(&story.id) {
                changed.push(story.id);
            }
            self.lay(story);
        }
        self.place(&unplaced, &arrivals, look.last_good, now)?;
        if report.new + report.joined + report.revised > 0 {
            state.newest = Some(now);
        }
        if changed.is_empty() {
            noted.insert(id, Noted::State(Box::new(state)));
        } else {
            noted.insert(id, Noted::Kept);
            let stories: Vec<Story> = changed.iter().filter_map(|id| self.stories.get(id).cloned()).collect();
            draft(look.source.id.clone(), look.at, stories, state, now, drafts);
        }
        Ok(report)
    }

    fn ask(&self, item: Item, labels: Labels, teller: Teller<'_>, now: Second) -> Result<Decision, StoreError> {
        let keys = dedup::keys(&item);
        let own = match self.upstream.get(&(item.source.clone(), keys.upstream.to_owned())) {
            Some(id) => Some(*id),
            None => self.store.by_upstream(&item.source, keys.upstream)?,
        };
        let own = own.map(|id| self.story(&id)).transpose()?.flatten();
        let mut linked: Vec<StoryId> = Vec::new();
        if let Some(link) = keys.link.filter(|_| own.is_none()) {
            linked = self.store.by_link(link)?;
            linked.extend(self.links.get(link).into_iter().flatten());
            linked.dedup();
        }
        let mut stories = Vec::new();
        for id in linked {
            stories.extend(self.story(&id)?);
        }
        stories.sort_by_key(|story| story.copies[0].first_seen);
        let candidates: Vec<&Story> = stories.iter().map(AsRef::as_ref).collect();
        let id_is_used = self.entry_ids.contains(keys.upstream) || self.store.by_entry_id(keys.upstream)?.is_some();
        Ok(dedup::decide(item, labels, teller, Candidates { own: own.as_deref(), linked: &candidates, id_is_used }, now))
    }

    fn story(&self, id: &StoryId) -> Result<Option<Arc<Story>>, StoreError> {
        match self.stories.get(id) {
            Some(story) => Ok(Some(Arc::new(story.clone()))),
            None => self.store.story(id),
        }
    }

    /// Lays a decided story on the table, where the next item finds it.
    fn lay(&mut self, story: Story) {
        for copy in &story.copies {
            self.upstream.insert((copy.item.source.clone(), copy.item.upstream.id.clone()), story.id);
            if let Some(link) = &copy.item.canonical {
                let ids = self.links.entry(link.clone()).or_default();
                if !ids.contains(&story.id) {
                    ids.push(story.id);
                }
            }
        }
        self.entry_ids.extend(story.editions.iter().map(|edition| edition.entry_id.clone()));
        self.stories.insert(story.id, story);
    }

    /// Gives each new edition its place.
    fn place(
        &mut self,
        unplaced: &[(StoryId, usize)],
        arrivals: &[Arrival],
        last_good: Option<Second>,
        now: Second,
    ) -> Result<(), StoreError> {
        let last = self.last.max(self.store.last_position()?);
        let wanted = dedup::wanted(arrivals, last_good, now);
        let (store, positions, free) = (self.store, &self.positions, &mut self.free);
        let mut failure = None;
        let places = dedup::places(&wanted, last, now, |from| {
            let mut at = *free.get(&from).unwrap_or(&from);
            loop {
                match store.free_at_or_before(at) {
                    Ok(found) if positions.contains(&found) => at = found.minus(Duration::from_secs(1)),
                    Ok(found) => {
                        free.insert(from, found);
                        return found;
                    }
                    Err(error) => {
                        failure = Some(error);
                        return at;
                    }
                }
            }
        });
        if let Some(error) = failure {
            return Err(error);
        }
        for (((id, edition), place), wanted) in unplaced.iter().zip(&places).zip(&wanted) {
            if let Some(edition) = self.stories.get_mut(id).and_then(|story| story.editions.get_mut(*edition)) {
                edition.position = *place;
                edition.updated = *place;
                edition.archived = *wanted != dedup::Wanted::Live;
            }
            self.positions.insert(*place);
        }
        self.last = last.max(places.iter().max().copied());
        Ok(())
    }
}

/// Whether a look taught us nothing but that the source still answers.
fn is_plain_repeat(known: Option<&SourceState>, state: &SourceState) -> bool {
    known.is_some_and(|known| {
        SourceState { asked: state.asked, answered: state.answered, not_before: state.not_before, ..known.clone() } == *state
    })
}

/// One record, or several when there is much. Only the last one has the source's state: a half-kept pull is pulled again.
fn draft(source: SourceId, at: Second, stories: Vec<Story>, state: SourceState, now: Second, drafts: &mut Vec<Draft>) {
    let mut parts: Vec<Vec<Story>> = Vec::new();
    let mut room = 0;
    for story in stories {
        let weight = weight(&story);
        match parts.last_mut() {
            Some(part) if part.len() < STORIES_IN_RECORD && weight <= room => {
                room -= weight;
                part.push(story);
            }
            _ => {
                room = TEXT_IN_RECORD.saturating_sub(weight);
                parts.push(vec![story]);
            }
        }
    }
    let last = parts.len().saturating_sub(1);
    for (part, stories) in parts.into_iter().enumerate() {
        let state = (part == last).then(|| state.clone());
        let key = format!("pull/{source}/{at}/{part}");
        drafts.push(Draft { at: now, key, body: Body::Pull(Pull { source: source.clone(), stories, state }) });
    }
}

/// About how many bytes a story takes in the journal before compression.
fn weight(story: &Story) -> usize {
    let text = |item: &Item| item.title.len() + item.summary.len() + item.content.as_ref().map_or(0, |html| html.as_str().len());
    story.copies.iter().map(|copy| 2_000 + text(&copy.item)).sum()
}
