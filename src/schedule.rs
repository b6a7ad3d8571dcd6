//! When each source is looked at.
//!
//! One loop owns the timetable of all sources. A look on schedule and a look on demand are the
//! same code; a source is never looked at twice at once; a publisher that asks us to slow down
//! is left alone with all its sources. Deliberately absent: what a look is (`pull`) and what
//! becomes of it (`apply`).

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};

use crate::{
    apply::{ApplyError, Clock, Desk, Kept, Report},
    fetch::FetchError,
    model::{Second, Source, SourceId, SourceState},
    pull::{self, Found, Kit, Trouble},
};

/// A jump of the wall clock is noticed within this.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// A clock that moves further than this by itself is not believed.
const JUMP: Duration = Duration::from_hours(24);
/// When nothing can be written, nothing is pulled for this long.
const WRITER_PAUSE: Duration = Duration::from_secs(30);

/// What is known of each source, newer than what is written down.
#[derive(Clone, Default)]
pub struct Register {
    states: Arc<Mutex<BTreeMap<SourceId, SourceState>>>,
}

impl Register {
    /// A register that begins with what was written down.
    pub fn new(states: impl IntoIterator<Item = SourceState>) -> Self {
        let states = states.into_iter().map(|state| (state.source.clone(), state)).collect();
        Self { states: Arc::new(Mutex::new(states)) }
    }

    /// The state of one source.
    pub fn get(&self, id: &SourceId) -> Option<SourceState> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    /// The states of all sources that were ever looked at.
    pub fn all(&self) -> BTreeMap<SourceId, SourceState> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, state: SourceState) {
        self.states.lock().unwrap_or_else(PoisonError::into_inner).insert(state.source.clone(), state);
    }
}

/// What one look came to, for whoever asked for it.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The source.
    pub source: SourceId,
    /// What was kept; `None` when there was nothing new.
    pub report: Option<Report>,
    /// Why there was nothing, in words.
    pub trouble: Option<String>,
    /// Whether the publisher asked us to wait.
    pub asked_to_wait: bool,
    /// How long it took.
    pub took: Duration,
}

/// One look, from asking to keeping. The only way a source is ever pulled.
pub async fn pull(kit: &Kit, source: &Arc<Source>, register: &Register, desk: &Desk, clock: &Clock) -> Result<Outcome, Arc<ApplyError>> {
    let before = register.get(&source.id);
    let recall: pull::Recall = {
        let desk = desk.clone();
        Arc::new(move |source, link| desk.recall(source, link))
    };
    let look = pull::look(kit, source, before.as_ref(), &recall, clock()).await;
    let took = look.took;
    let (trouble, unchanged) = match &look.found {
        Found::Trouble(_) => (look.state.trouble.clone(), false),
        Found::Unchanged => (None, true),
        Found::Items { .. } => (None, false),
    };
    let asked_to_wait = matches!(&look.found, Found::Trouble(Trouble::Fetch(FetchError::SlowDown { .. })));
    let Kept { report, state } = desk.keep(look).await?;
    register.set((*state).clone());
    let id = &source.id;
    let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    match &trouble {
        Some(trouble) if state.gone => tracing::error!(source.id = %id, duration_ms, "`{id}` is gone: {trouble}; it is asked no more"),
        Some(trouble) => {
            let failures = state.failures;
            let next = state.not_before.map(|at| at.to_string()).unwrap_or_default();
            tracing::warn!(source.id = %id, failures, duration_ms, "`{id}` gave nothing: {trouble}; next attempt after {next}");
        }
        None if unchanged => tracing::info!(source.id = %id, duration_ms, "pulled `{id}`: unchanged"),
        None => {
            let Report { items, new, joined, revised, .. } = report;
            tracing::info!(
                source.id = %id, items, new, joined, revised, duration_ms,
                "pulled `{id}`: {items} items, {new} new, {joined} joined, {revised} revised"
            );
        }
    }
    Ok(Outcome { source: source.id.clone(), report: (!unchanged && trouble.is_none()).then_some(report), trouble, asked_to_wait, took })
}

/// When a source is due.
pub fn due(source: &Source, state: Option<&SourceState>, now: Second) -> Option<Second> {
    if !source.enabled || state.is_some_and(|state| state.gone) {
        return None;
    }
    let rhythm = state.map_or(0.0, |state| items_per_week(state, now));
    let next = source.timetable.next(state.map(|state| state.asked), now, rhythm);
    Some(next.max(state.and_then(|state| state.not_before).unwrap_or(next)))
}

/// A rough rhythm until a longer history is kept: a source that had news lately is asked more often.
fn items_per_week(state: &SourceState, now: Second) -> f32 {
    let Some(newest) = state.newest else { return 0.0 };
    let days = now.since(newest).as_secs_f32() / 86_400.0;
    7.0 / days.max(1.0 / 24.0)
}

/// A wish to look at sources now.
pub struct Wish {
    /// Which; empty for all that are switched on.
    pub ids: Vec<SourceId>,
    /// Told of each outcome as it comes.
    pub reply: mpsc::Sender<Result<Outcome, String>>,
}

/// Everything the loop needs.
pub struct Schedule {
    /// What looks are made with.
    pub kit: Kit,
    /// The sources.
    pub sources: BTreeMap<SourceId, Arc<Source>>,
    /// What is known of them.
    pub register: Register,
    /// Where looks are kept.
    pub desk: Desk,
    /// The present.
    pub clock: Clock,
    /// Looks under way at once.
    pub at_once: usize,
}

type Done = (SourceId, Result<Outcome, Arc<ApplyError>>);

impl Schedule {
    /// Looks at every source when it is due, until `stop` says so. Looks under way are then given up; the next start repeats them.
    pub async fn run(self, mut wishes: mpsc::Receiver<Wish>, mut stop: watch::Receiver<bool>) {
        let mut queue: BTreeSet<(Second, SourceId)> = BTreeSet::new();
        let mut waiting: HashMap<SourceId, Vec<mpsc::Sender<Result<Outcome, String>>>> = HashMap::new();
        let mut running: JoinSet<Done> = JoinSet::new();
        let mut under_way: BTreeSet<SourceId> = BTreeSet::new();
        let mut hosts: HashMap<String, Second> = HashMap::new();
        let mut paused_until = Second::EPOCH;
        let now = (self.clock)();
        let mut watch = Watch { started: Instant::now(), wall: now, has_jumped: false };
        for source in self.sources.values() {
            queue.extend(due(source, self.register.get(&source.id).as_ref(), now).map(|at| (at, source.id.clone())));
        }
        loop {
            let now = (self.clock)();
            hosts.retain(|_, until| *until > now);
            if watch.jumps(now) {
                paused_until = now.plus(WRITER_PAUSE);
            }
            while running.len() < self.at_once && now >= paused_until {
                let Some((at, id)) = queue.first().filter(|(at, _)| *at <= now).cloned() else { break };
                queue.remove(&(at, id.clone()));
                let Some(source) = self.sources.get(&id) else { continue };
                if let Some(until) = source.url.host_str().and_then(|host| hosts.get(host)) {
                    queue.insert((*until, id));
                    continue;
                }
                under_way.insert(id);
                self.start(source.clone(), &mut running);
            }
            let next = queue.first().map_or(LONGEST_SLEEP, |(at, _)| (*at).max(paused_until).since(now)).min(LONGEST_SLEEP);
            // The second has to be over before the clock says the next one.
            let sleep = if running.len() < self.at_once { next.max(Duration::from_millis(50)) } else { LONGEST_SLEEP };
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => break,
                Some(wish) = wishes.recv() => {
                    for id in self.wished(&wish) {
                        waiting.entry(id.clone()).or_default().push(wish.reply.clone());
                        if !under_way.contains(&id) {
                            queue.retain(|(_, queued)| *queued != id);
                            queue.insert((Second::EPOCH, id));
                        }
                    }
                }
                Some(done) = running.join_next() => {
                    let Ok((id, result)) = done else { continue };
                    under_way.remove(&id);
                    let now = (self.clock)();
                    if let Err(error) = &result {
                        paused_until = now.plus(WRITER_PAUSE);
                        tracing::error!(source.id = %id, error = &**error as &dyn std::error::Error, "nothing can be kept: {error}; pulling pauses");
                    }
                    let state = self.register.get(&id);
                    if let Some(source) = self.sources.get(&id) {
                        if result.as_ref().is_ok_and(|outcome| outcome.asked_to_wait) {
                            slow_down(source, state.as_ref(), &mut hosts);
                        }
                        queue.extend(due(source, state.as_ref(), now).map(|at| (at.max(now), id.clone())));
                    }
                    for reply in waiting.remove(&id).into_iter().flatten() {
                        let told = result.clone().map_err(|error| error.to_string());
                        // Whoever asked may have hung up.
                        let _ = reply.try_send(told);
                    }
                }
                () = tokio::time::sleep(sleep) => {}
            }
        }
        running.shutdown().await;
    }

    fn start(&self, source: Arc<Source>, running: &mut JoinSet<Done>) {
        let (kit, register, desk, clock) = (self.kit.clone(), self.register.clone(), self.desk.clone(), self.clock.clone());
        running.spawn(async move { (source.id.clone(), pull(&kit, &source, &register, &desk, &clock).await) });
    }

    fn wished(&self, wish: &Wish) -> Vec<SourceId> {
        if wish.ids.is_empty() {
            return self.sources.values().filter(|source| source.enabled).map(|source| source.id.clone()).collect();
        }
        wish.ids.iter().filter(|id| self.sources.contains_key(id)).cloned().collect()
    }
}

/// Compares the wall clock with the one that only runs forward.
struct Watch {
    started: Instant,
    wall: Second,
    has_jumped: bool,
}

impl Watch {
    /// Whether the wall clock stands where time alone would not have brought it: what is dated by it would stay.
    fn jumps(&mut self, now: Second) -> bool {
        let expected = self.wall.plus(self.started.elapsed());
        let by = now.since(expected).max(expected.since(now));
        let has_jumped = by > JUMP;
        if has_jumped != self.has_jumped {
            self.has_jumped = has_jumped;
            match has_jumped {
                true => tracing::error!(
                    "the clock says {now} where {expected} was expected; nothing is pulled until it is right, or the daemon is started again"
                ),
                false => tracing::info!("the clock is right again"),
            }
        }
        has_jumped
    }
}

/// A host that asked one source to wait is left alone by the others too (RFC 9110 §10.2.3).
fn slow_down(source: &Source, state: Option<&SourceState>, hosts: &mut HashMap<String, Second>) {
    if let (Some(host), Some(until)) = (source.url.host_str(), state.and_then(|state| state.not_before)) {
        hosts.insert(host.to_owned(), until);
    }
}

/// Looks at the named sources once, politely, and tells each outcome as it comes: `tributary pull` without a daemon.
pub async fn once(schedule: &Schedule, ids: &[SourceId], mut told: impl FnMut(Result<Outcome, String>)) {
    let (reply, _) = mpsc::channel(1);
    let mut waiting = schedule.wished(&Wish { ids: ids.to_vec(), reply });
    waiting.reverse();
    let mut running = JoinSet::new();
    loop {
        while running.len() < schedule.at_once {
            let Some(source) = waiting.pop().and_then(|id| schedule.sources.get(&id)) else { break };
            schedule.start(source.clone(), &mut running);
        }
        match running.join_next().await {
            Some(Ok((_, result))) => told(result.map_err(|error| error.to_string())),
            Some(Err(error)) => told(Err(error.to_string())),
            None => break,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_clock_that_jumps_more_than_a_day_is_not_believed_until_it_is_back() {
        let wall: Second = "2026-05-01T12:00:00Z".parse().unwrap();
        let mut watch = Watch { started: Instant::now(), wall, has_jumped: false };
        let days = |n: u64| Duration::from_hours(24 * n);
        assert!(!watch.jumps(wall.plus(Duration::from_hours(1))));
        assert!(watch.jumps(wall.plus(days(2))));
        assert!(watch.jumps(wall.minus(days(2))));
        assert!(!watch.jumps(wall));
    }
}
