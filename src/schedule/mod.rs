//! When each source is looked at.
//!
//! One loop owns the timetable of all sources. A look on schedule and a look on demand are the
//! same code; a source is never looked at twice at once; a publisher that asks us to slow down
//! is left alone with all its sources, and one that hangs costs nobody else anything.
//! [`due`] says when, the plan says who is next, and the loop does it. When nothing can be
//! kept, nobody is asked, until the writer is well again.
//! Deliberately absent: what a look is (`pull`) and what becomes of it (`apply`).

mod due;
mod hosts;
mod look;
mod places;
mod plan;
mod register;
mod watch;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    sync::{mpsc, watch as signal},
    task::{self, JoinError, JoinSet},
};

use self::{
    plan::{Plan, Step},
    watch::{Gait, Watch},
};
use crate::{
    apply::{ApplyError, Clock, Desk},
    model::{Second, Source, SourceId},
    pull::{self, Kit},
};
pub use due::due;
pub use look::{Outcome, pull};
pub use register::Register;

/// A leap of the wall clock is noticed within this.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// When nothing can be kept, it is tried again after this ...
const FIRST_PAUSE: Duration = Duration::from_secs(15);
/// ... and then twice as long each time, up to this.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);
/// A source whose look broke off in a way that it never should is left alone for this long.
const AFTER_A_FALL: Duration = Duration::from_hours(1);

/// What came of a wish, or why nobody is asked.
type Told = Result<Outcome, String>;

/// A wish to look at sources now.
pub struct Wish {
    /// Which; empty for all that are switched on and not gone.
    pub ids: Vec<SourceId>,
    /// Told of each outcome as it comes.
    pub reply: mpsc::UnboundedSender<Told>,
}

/// Told why pulling has stopped, and nothing when it goes on.
pub type Tell = Arc<dyn Fn(Option<&str>) + Send + Sync>;

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
    /// Of which so many at one host.
    pub per_host: usize,
    /// Who wants to know whether sources are pulled.
    pub tell: Tell,
}

impl Schedule {
    /// Looks at every source when it is due, until `stop` says so. Looks under way are then given up; the next start repeats them.
    pub async fn run(self, wishes: mpsc::Receiver<Wish>, stop: signal::Receiver<bool>) {
        Round::new(self, true).go(wishes, stop).await;
    }
}

/// Looks at the named sources once, politely, and tells each outcome as it comes: `tributary pull` without a daemon.
pub async fn once(schedule: Schedule, ids: &[SourceId], mut told: impl FnMut(Told)) {
    let (reply, mut outcomes) = mpsc::unbounded_channel();
    let (wish, wishes) = mpsc::channel(1);
    let (end, stop) = signal::channel(false);
    // There is room for one.
    let _ = wish.try_send(Wish { ids: ids.to_vec(), reply });
    let going = task::spawn(Round::new(schedule, false).go(wishes, stop));
    while let Some(outcome) = outcomes.recv().await {
        told(outcome);
    }
    end.send_replace(true);
    // All has been told.
    let _ = going.await;
}

/// The loop, and what it has in hand.
struct Round {
    schedule: Schedule,
    /// Whether sources are looked at when they are due, or only when somebody wishes it.
    is_on_schedule: bool,
    plan: Plan,
    watch: Watch,
    waiting: HashMap<SourceId, Vec<mpsc::UnboundedSender<Told>>>,
    looks: JoinSet<Result<Outcome, Arc<ApplyError>>>,
    under_way: HashMap<task::Id, SourceId>,
    /// Why nothing can be kept, and how long it was waited before it is tried again.
    fault: Option<(String, Duration)>,
    mending: JoinSet<Result<(), Arc<ApplyError>>>,
    /// Why the clock can not be believed.
    doubt: Option<String>,
}

impl Round {
    fn new(schedule: Schedule, is_on_schedule: bool) -> Self {
        let now = (schedule.clock)();
        let mut round = Self {
            plan: Plan::new(schedule.at_once, schedule.per_host),
            watch: Watch::new(monotonic(), now),
            waiting: HashMap::new(),
            looks: JoinSet::new(),
            under_way: HashMap::new(),
            fault: None,
            mending: JoinSet::new(),
            doubt: None,
            is_on_schedule,
            schedule,
        };
        round.lay_out(now);
        round
    }

    async fn go(mut self, mut wishes: mpsc::Receiver<Wish>, mut stop: signal::Receiver<bool>) {
        loop {
            let (now, at) = ((self.schedule.clock)(), monotonic());
            self.look_at_the_clock(now, at);
            let is_idle = self.fault.is_some() || self.doubt.is_some();
            if !is_idle {
                self.start(now, at);
            }
            let rest = if is_idle { LONGEST_SLEEP } else { self.plan.rest(now, at, LONGEST_SLEEP) };
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => break,
                Some(wish) = wishes.recv() => self.wish(wish),
                Some(ended) = self.looks.join_next_with_id() => self.end(ended),
                Some(mended) = self.mending.join_next() => self.mended(mended),
                // A second has to be over before the clock says the next one.
                () = tokio::time::sleep(rest.max(Duration::from_millis(20))) => {}
            }
        }
        self.looks.shutdown().await;
        self.mending.shutdown().await;
    }

    /// Puts every source where it is due.
    fn lay_out(&mut self, now: Second) {
        let (sources, register) = (&self.schedule.sources, &self.schedule.register);
        let mut laid: HashMap<SourceId, Second> = HashMap::new();
        if self.is_on_schedule {
            laid.extend(due::lay_out(sources, |id| register.get(id), now));
        }
        for (id, source) in sources {
            let state = register.get(id);
            let host = pull::host(source, state.as_ref()).map(hosts::Name::from);
            if let (Some(host), Some(until)) = (&host, state.and_then(|state| due::rests(source, &state, now))) {
                self.plan.hosts().rest(host, until);
            }
            self.plan.put(id, host, laid.get(id).copied());
        }
    }

    /// Puts one source where it is due next, but not before `earliest`.
    fn put(&mut self, id: &SourceId, now: Second, earliest: Second) {
        let Some(source) = self.schedule.sources.get(id) else { return };
        let state = self.schedule.register.get(id);
        let due = due(source, state.as_ref(), now).filter(|_| self.is_on_schedule);
        let host = pull::host(source, state.as_ref()).map(hosts::Name::from);
        self.plan.put(id, host, due.map(|due| due.max(earliest)));
    }

    fn look_at_the_clock(&mut self, now: Second, at: Instant) {
        match self.watch.look(at, now) {
            Gait::Steady => {}
            Gait::Leapt(by) => {
                self.plan.hosts().shift(by);
                self.lay_out(now);
                if self.doubt.take().is_some() {
                    self.tell();
                }
            }
            Gait::Unbelievable if self.doubt.is_some() => {}
            Gait::Unbelievable => {
                let why =
                    format!("the clock says {now}, which is more than a day from where it should be; set it, or start the daemon again");
                self.refuse_all(&why);
                self.doubt = Some(why);
                self.tell();
            }
        }
    }

    fn start(&mut self, now: Second, at: Instant) {
        loop {
            match self.plan.next(now, at) {
                Step::Look(id) => {
                    let Some(source) = self.schedule.sources.get(&id).cloned() else { continue };
                    let Schedule { kit, register, desk, clock, .. } = &self.schedule;
                    let (kit, register, desk, clock) = (kit.clone(), register.clone(), desk.clone(), clock.clone());
                    let look = self.looks.spawn(async move { pull(&kit, &source, &register, &desk, &clock).await });
                    self.under_way.insert(look.id(), id);
                }
                Step::Refuse(id, until) => {
                    let host = self.plan.host_of(&id).unwrap_or_else(|| "its host".into());
                    let trouble = Some(format!("{host} asked us to leave it alone until {until}; it is not asked before"));
                    let outcome = Outcome { source: id.clone(), report: None, trouble, was_silent: false, took: Duration::ZERO };
                    self.answer(&id, &Ok(outcome));
                    self.put(&id, now, now);
                }
                Step::Wait => break,
            }
        }
    }

    fn end(&mut self, ended: Result<(task::Id, Result<Outcome, Arc<ApplyError>>), JoinError>) {
        let (now, at) = ((self.schedule.clock)(), monotonic());
        let task = ended.as_ref().map_or_else(JoinError::id, |(task, _)| *task);
        let Some(id) = self.under_way.remove(&task) else { return };
        let host = self.plan.host_of(&id);
        let mut earliest = now;
        let told = match ended {
            Ok((_, Ok(outcome))) => {
                if let Some(host) = host {
                    self.take_note(&id, &host, outcome.was_silent, now);
                }
                Ok(outcome)
            }
            Ok((_, Err(error))) => {
                self.stop_pulling(&error);
                Err(error.to_string())
            }
            Err(fall) => {
                tracing::error!(source.id = %id, "the look at `{id}` broke off, which it never should: {fall}; the others go on");
                earliest = now.plus(AFTER_A_FALL);
                Err(format!("the look at `{id}` broke off: {fall}"))
            }
        };
        self.plan.end(&id, now, at);
        self.put(&id, now, earliest);
        self.answer(&id, &told);
    }

    /// What a look taught us about the host.
    fn take_note(&mut self, id: &SourceId, host: &hosts::Name, was_silent: bool, now: Second) {
        let hosts = self.plan.hosts();
        if !was_silent {
            hosts.answered(host);
        } else if let Some(until) = hosts.was_silent(host, now) {
            tracing::warn!(%host, "{host} answers nothing; its sources are left alone until {until}");
        }
        let state = self.schedule.register.get(id);
        let rests = self.schedule.sources.get(id).zip(state).and_then(|(source, state)| due::rests(source, &state, now));
        if let Some(until) = rests {
            self.plan.hosts().rest(host, until);
        }
    }

    /// Nothing can be kept: nobody is asked until that is mended.
    fn stop_pulling(&mut self, error: &Arc<ApplyError>) {
        if self.fault.is_some() {
            return;
        }
        let why = crate::text::chain(&**error);
        tracing::error!("nothing can be kept: {why}; nothing is pulled until it can be, what is kept is still served");
        self.refuse_all(&why);
        self.fault = Some((why, FIRST_PAUSE));
        self.tell();
        self.mend(FIRST_PAUSE);
    }

    fn mend(&mut self, pause: Duration) {
        let desk = self.schedule.desk.clone();
        self.mending.spawn(async move {
            tokio::time::sleep(pause).await;
            desk.mend().await
        });
    }

    fn mended(&mut self, mended: Result<Result<(), Arc<ApplyError>>, JoinError>) {
        let Some((why, pause)) = self.fault.take() else { return };
        match mended {
            Ok(Ok(())) => {
                tracing::info!("what is found can be kept again; pulling goes on");
                self.lay_out((self.schedule.clock)());
            }
            failed => {
                let why = match failed {
                    Ok(Err(error)) => crate::text::chain(&*error),
                    _ => why,
                };
                tracing::debug!("still nothing can be kept: {why}");
                let pause = (pause * 2).min(LONGEST_PAUSE);
                self.fault = Some((why, pause));
                self.mend(pause);
            }
        }
        self.tell();
    }

    /// Says why nothing is pulled, or that it is.
    fn tell(&self) {
        let why = self.fault.as_ref().map(|(why, _)| why).or(self.doubt.as_ref());
        (self.schedule.tell)(why.map(String::as_str));
    }

    fn wish(&mut self, wish: Wish) {
        let why_not = self.fault.as_ref().map(|(why, _)| why).or(self.doubt.as_ref()).cloned();
        for id in self.wished(&wish) {
            if let Some(why) = &why_not {
                // Whoever asked may have hung up.
                let _ = wish.reply.send(Err(why.clone()));
                continue;
            }
            self.plan.wish(&id);
            self.waiting.entry(id).or_default().push(wish.reply.clone());
        }
    }

    fn wished(&self, wish: &Wish) -> Vec<SourceId> {
        let Schedule { sources, register, .. } = &self.schedule;
        if wish.ids.is_empty() {
            let now = (self.schedule.clock)();
            let is_asked = |source: &Source| due(source, register.get(&source.id).as_ref(), now).is_some();
            return sources.values().filter(|source| is_asked(source)).map(|source| source.id.clone()).collect();
        }
        let mut ids: Vec<SourceId> = wish.ids.iter().filter(|id| sources.contains_key(id)).cloned().collect();
        ids.sort();
        ids.dedup();
        ids
    }

    fn answer(&mut self, id: &SourceId, told: &Told) {
        for reply in self.waiting.remove(id).into_iter().flatten() {
            // Whoever asked may have hung up.
            let _ = reply.send(told.clone());
        }
    }

    /// Tells all who wait for a look that has not begun that it will not.
    fn refuse_all(&mut self, why: &str) {
        let under_way: std::collections::HashSet<&SourceId> = self.under_way.values().collect();
        let refused: Vec<SourceId> = self.waiting.keys().filter(|id| !under_way.contains(id)).cloned().collect();
        for id in refused {
            self.answer(&id, &Err(why.to_owned()));
            self.plan.unwish(&id);
        }
    }
}

/// The clock that only runs forward.
fn monotonic() -> Instant {
    tokio::time::Instant::now().into_std()
}
