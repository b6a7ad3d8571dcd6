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
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    sync::{mpsc, watch as signal},
    task::{self, JoinError, JoinSet},
};

use self::{
    hosts::Alone,
    plan::{Plan, Step},
    watch::{Gait, Watch},
};
use crate::{
    apply::{ApplyError, Clock, Desk},
    meters::Repair,
    model::{Second, Source, SourceId, SourceState},
    pull::{self, Kit},
};
pub use due::due;
pub use look::{Outcome, pull};
pub use register::Register;

/// A leap of the wall clock is noticed within this.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);
/// When nothing can be kept, it is tried again after this ...
const FIRST_PAUSE: Duration = Duration::from_secs(5);
/// ... and then twice as long each time, up to this.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);
/// A source whose look broke off in a way that it never should is left alone for this long.
const AFTER_A_FALL: Duration = Duration::from_hours(1);

/// When so many hosts and nobody else was heard of in a row, it is our network that is gone.
const CUT_OFF: usize = 5;

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

/// Who is asked, and by what means: all of it that an operator may change while the loop runs.
pub struct Setup {
    /// What looks are made with.
    pub kit: Kit,
    /// The sources.
    pub sources: BTreeMap<SourceId, Arc<Source>>,
    /// Looks under way at once.
    pub at_once: usize,
    /// Of which so many at one host.
    pub per_host: usize,
}

/// What the loop is told to do.
pub enum Order {
    /// Look at sources now.
    Look(Wish),
    /// Go on with another setup.
    Change(Setup),
}

/// Everything the loop needs.
pub struct Schedule {
    /// Who is asked, and by what means.
    pub setup: Setup,
    /// What is known of the sources.
    pub register: Register,
    /// Where looks are kept.
    pub desk: Desk,
    /// The present.
    pub clock: Clock,
    /// Who wants to know whether sources are pulled.
    pub tell: Tell,
}

impl Schedule {
    /// Looks at every source when it is due, until `stop` says so. Looks under way are then given up; the next start repeats them.
    pub async fn run(self, orders: mpsc::Receiver<Order>, stop: signal::Receiver<bool>) {
        Round::new(self, true).go(orders, stop).await;
    }
}

/// Looks at the named sources once, politely, and tells each outcome as it comes: `tributary pull` without a daemon.
pub async fn once(schedule: Schedule, ids: &[SourceId], mut told: impl FnMut(Told)) {
    let (reply, mut outcomes) = mpsc::unbounded_channel();
    let (order, orders) = mpsc::channel(1);
    let (end, stop) = signal::channel(false);
    // There is room for one.
    let _ = order.try_send(Order::Look(Wish { ids: ids.to_vec(), reply }));
    let going = task::spawn(Round::new(schedule, false).go(orders, stop));
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
    /// Why nothing can be kept.
    fault: Option<String>,
    /// How long it is waited before it is tried again, which grows until something was kept.
    pause: Duration,
    mending: JoinSet<Result<(), Arc<ApplyError>>>,
    /// Why the clock can not be believed.
    doubt: Option<String>,
    /// Sources that had no answer since anybody had one.
    unanswered: HashMap<SourceId, hosts::Name>,
}

impl Round {
    fn new(schedule: Schedule, is_on_schedule: bool) -> Self {
        let now = (schedule.clock)();
        let mut round = Self {
            plan: Plan::new(schedule.setup.at_once, schedule.setup.per_host),
            watch: Watch::new(monotonic(), now),
            waiting: HashMap::new(),
            looks: JoinSet::new(),
            under_way: HashMap::new(),
            fault: None,
            pause: FIRST_PAUSE,
            mending: JoinSet::new(),
            doubt: None,
            unanswered: HashMap::new(),
            is_on_schedule,
            schedule,
        };
        round.lay_out(now);
        round
    }

    async fn go(mut self, mut orders: mpsc::Receiver<Order>, mut stop: signal::Receiver<bool>) {
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
                Some(order) = orders.recv() => match order {
                    Order::Look(wish) => self.wish(wish),
                    Order::Change(setup) => self.change(setup),
                },
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
        let (sources, register) = (&self.schedule.setup.sources, &self.schedule.register);
        let mut laid: HashMap<SourceId, Second> = HashMap::new();
        if self.is_on_schedule {
            laid.extend(due::lay_out(sources, |id| register.get(id), now));
        }
        let ids: Vec<SourceId> = sources.keys().cloned().collect();
        for id in ids {
            self.place(&id, laid.get(&id).copied(), now);
        }
    }

    /// Puts one source where it is due next, but not before `earliest`.
    fn put(&mut self, id: &SourceId, now: Second, earliest: Second) {
        let Some(source) = self.schedule.setup.sources.get(id) else { return };
        let due = due(source, self.schedule.register.get(id).as_ref(), now).filter(|_| self.is_on_schedule);
        self.place(id, due.map(|due| due.max(earliest)), now);
    }

    /// Puts one source there, and leaves its host alone for as long as it asked for.
    fn place(&mut self, id: &SourceId, at: Option<Second>, now: Second) {
        let Some(source) = self.schedule.setup.sources.get(id) else { return };
        let state = self.schedule.register.get(id);
        let host = pull::host(source, state.as_ref()).map(hosts::Name::from);
        if let (Some(host), Some(until)) = (&host, state.and_then(|state| due::rests(source, &state, now))) {
            self.plan.hosts().rest(host, until);
        }
        self.plan.put(id, host, at);
    }

    /// Goes on with another setup. Nobody is asked for that alone: what did not change stands where it stood.
    fn change(&mut self, setup: Setup) {
        let now = (self.schedule.clock)();
        self.plan.set_room(setup.at_once, setup.per_host);
        let before = std::mem::replace(&mut self.schedule.setup, setup).sources;
        let sources = &self.schedule.setup.sources;
        let removed: Vec<SourceId> = before.keys().filter(|id| !sources.contains_key(id)).cloned().collect();
        let is_other = |(id, source): &(&SourceId, &Arc<Source>)| before.get(id).is_none_or(|before| before != *source);
        let changed: Vec<SourceId> = sources.iter().filter(is_other).map(|(id, _)| id.clone()).collect();
        let is_under_way: HashSet<SourceId> = self.under_way.values().cloned().collect();
        for id in removed {
            self.plan.forget(&id);
            if !is_under_way.contains(&id) {
                self.answer(&id, &Err(format!("`{id}` is configured no more")));
            }
        }
        for id in changed {
            self.plan.unwish(&id);
            self.put(&id, now, now);
            if self.waiting.contains_key(&id) {
                self.plan.wish(&id, true);
            }
        }
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
                    let Some(source) = self.schedule.setup.sources.get(&id).cloned() else { continue };
                    let Schedule { setup: Setup { kit, .. }, register, desk, clock, .. } = &self.schedule;
                    let (kit, register, desk, clock) = (kit.clone(), register.clone(), desk.clone(), clock.clone());
                    let look = self.looks.spawn(async move { pull(&kit, &source, &register, &desk, &clock).await });
                    self.under_way.insert(look.id(), id);
                }
                Step::Refuse(id, alone) => {
                    let host = self.plan.host_of(&id).unwrap_or_else(|| "its host".into());
                    let trouble = Some(match alone {
                        Alone::ByItsWord(until) => format!("{host} asked us to leave it alone until {until}; it is not asked before"),
                        Alone::Silent(until) => {
                            format!("{host} answers nothing and is left alone until {until}; `tributary pull {id}` asks all the same")
                        }
                    });
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
                if outcome.report.is_some() {
                    self.pause = FIRST_PAUSE;
                }
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
        if self.schedule.setup.sources.contains_key(&id) {
            self.put(&id, now, earliest);
        } else {
            self.plan.forget(&id);
        }
        self.answer(&id, &told);
    }

    /// What a look taught us about the host.
    fn take_note(&mut self, id: &SourceId, host: &hosts::Name, was_silent: bool, now: Second) {
        let hosts = self.plan.hosts();
        if !was_silent {
            hosts.answered(host);
            self.come_back(now);
        } else {
            self.unanswered.insert(id.clone(), host.clone());
            if let Some(until) = hosts.was_silent(host, now) {
                tracing::warn!(%host, "{host} answers nothing; its sources are left alone until {until}");
            }
        }
        let state = self.schedule.register.get(id);
        let rests = self.schedule.setup.sources.get(id).zip(state).and_then(|(source, state)| due::rests(source, &state, now));
        if let Some(until) = rests {
            self.plan.hosts().rest(host, until);
        }
    }

    /// Somebody answered. If nobody did for a while it was the network that was gone, and not each of the hosts: then
    /// nobody waits any longer for that.
    fn come_back(&mut self, now: Second) {
        let unanswered = std::mem::take(&mut self.unanswered);
        let hosts: HashSet<&hosts::Name> = unanswered.values().collect();
        if hosts.len() < CUT_OFF {
            return;
        }
        tracing::info!(sources = unanswered.len(), "publishers answer again, of whom {} hosts did not", hosts.len());
        for (id, host) in &unanswered {
            self.plan.hosts().answered(host);
            let (Some(source), Some(state)) = (self.schedule.setup.sources.get(id), self.schedule.register.get(id)) else { continue };
            let state = SourceState { not_before: None, ..state };
            let due = due(source, Some(&state), now).filter(|_| self.is_on_schedule);
            self.plan.put(id, Some(host.clone()), due);
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
        self.fault = Some(why);
        self.tell();
        self.mend();
    }

    fn mend(&mut self) {
        let (desk, pause) = (self.schedule.desk.clone(), self.pause);
        self.pause = (pause * 2).min(LONGEST_PAUSE);
        self.mending.spawn(async move {
            tokio::time::sleep(pause).await;
            desk.mend().await
        });
    }

    fn mended(&mut self, mended: Result<Result<(), Arc<ApplyError>>, JoinError>) {
        let Some(why) = self.fault.take() else { return };
        match mended {
            Ok(Ok(())) => {
                self.lay_out((self.schedule.clock)());
                self.tell();
                self.schedule.setup.kit.meters.repaired(Repair::Writing);
                tracing::info!("what is found can be kept again; pulling goes on");
            }
            failed => {
                let why = match failed {
                    Ok(Err(error)) => crate::text::chain(&*error),
                    _ => why,
                };
                tracing::warn!("still nothing can be kept: {why}");
                self.fault = Some(why);
                self.tell();
                self.mend();
            }
        }
    }

    /// Says why nothing is pulled, or that it is.
    fn tell(&self) {
        let why = self.fault.as_ref().or(self.doubt.as_ref());
        (self.schedule.tell)(why.map(String::as_str));
    }

    fn wish(&mut self, wish: Wish) {
        let why_not = self.fault.as_ref().or(self.doubt.as_ref()).cloned();
        for id in self.wished(&wish) {
            if let Some(why) = &why_not {
                // Whoever asked may have hung up.
                let _ = wish.reply.send(Err(why.clone()));
                continue;
            }
            self.plan.wish(&id, !wish.ids.is_empty());
            self.waiting.entry(id).or_default().push(wish.reply.clone());
        }
    }

    fn wished(&self, wish: &Wish) -> Vec<SourceId> {
        let Schedule { setup: Setup { sources, .. }, register, .. } = &self.schedule;
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
        let under_way: HashSet<&SourceId> = self.under_way.values().collect();
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use std::sync::{
        Mutex,
        atomic::{AtomicBool, AtomicI64, Ordering},
    };

    use super::*;
    use crate::{
        apply::Writer,
        config,
        daemon::{self, data::DataFolder},
        serve::sample::Publisher,
    };

    const HOUR: i64 = 3_600;
    const RSS: &str = "<rss version=\"2.0\"><channel><title>Wire</title><item><guid>1</guid><title>One</title></item></channel></rss>";

    /// The loop without its sleep: publishers on loopback, a real data folder, and clocks that do as they are told.
    struct World {
        runtime: tokio::runtime::Runtime,
        publishers: Vec<Publisher>,
        config: config::Config,
        kit: Kit,
        /// The wall clock, in Unix seconds.
        wall: Arc<AtomicI64>,
        /// The clock that only runs forward.
        passed: Duration,
        begin: Instant,
        falls: Arc<AtomicBool>,
        told: Arc<Mutex<Vec<Option<String>>>>,
        dir: tempfile::TempDir,
        running: Option<(Round, Writer, DataFolder)>,
    }

    impl World {
        /// So many publishers with so many hourly sources each: `a0`, `a1` and so on, then `b0`.
        fn new(publishers: usize, sources: usize) -> Self {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
            let publishers: Vec<Publisher> = (0..publishers).map(|_| runtime.block_on(Publisher::start()).unwrap()).collect();
            let dir = tempfile::tempdir().unwrap();
            let mut toml = "builtin = false\n".to_owned();
            for (publisher, letter) in publishers.iter().zip('a'..) {
                for n in 0..sources {
                    publisher.put(&format!("/{letter}{n}"), "application/rss+xml", RSS);
                    let url = format!("{}/{letter}{n}", publisher.base());
                    toml += &format!(
                        "[[source]]\nid = \"{letter}{n}\"\ntitle = \"Wire\"\nurl = \"{url}\"\nevery = \"1h\"\nallow_private = true\n"
                    );
                }
            }
            std::fs::write(dir.path().join("sources.toml"), toml).unwrap();
            let config = config::load(Some(dir.path()), std::iter::empty(), &[]).unwrap();
            let kit = daemon::kit(&config).unwrap();
            let mut world = Self {
                runtime,
                publishers,
                config,
                kit,
                wall: Arc::new(AtomicI64::new(1_600_000_000)),
                passed: Duration::ZERO,
                begin: Instant::now(),
                falls: Arc::default(),
                told: Arc::default(),
                dir,
                running: None,
            };
            world.start();
            world
        }

        fn start(&mut self) {
            let (wall, falls, told) = (self.wall.clone(), self.falls.clone(), self.told.clone());
            let clock: Clock = Arc::new(move || {
                // Looks are tasks; the loop of a test is none.
                assert!(task::try_id().is_none() || !falls.swap(false, Ordering::SeqCst), "the clock fell");
                Second::from_unix(wall.load(Ordering::SeqCst))
            });
            let folder = DataFolder::hold(&self.dir.path().join("data")).unwrap();
            let opened = folder.open("https://reader.example/", clock(), |_, _| {}).unwrap();
            let register = Register::new(opened.store.states().unwrap());
            let (desk, writer) = Writer::start(opened.journal, opened.store, clock.clone(), |_| {}).unwrap();
            let schedule = Schedule {
                setup: self.setup(),
                register,
                desk,
                clock,
                tell: Arc::new(move |why| told.lock().unwrap().push(why.map(str::to_owned))),
            };
            (self.passed, self.begin) = (Duration::ZERO, Instant::now());
            self.running = Some((Round::new(schedule, true), writer, folder));
        }

        fn setup(&self) -> Setup {
            Setup { kit: self.kit.clone(), sources: daemon::sources(&self.config), at_once: 32, per_host: 2 }
        }

        /// Goes on with other sources.
        fn reload(&mut self, change: impl FnOnce(&mut Vec<Source>)) {
            change(&mut self.config.sources);
            let setup = self.setup();
            self.round().change(setup);
        }

        fn restart(&mut self) {
            let (round, writer, folder) = self.running.take().unwrap();
            drop(round);
            writer.finish().unwrap();
            drop(folder);
            self.start();
        }

        fn round(&mut self) -> &mut Round {
            &mut self.running.as_mut().unwrap().0
        }

        /// Lets time pass, or the wall clock alone leap.
        fn pass(&mut self, seconds: i64) {
            self.leap(seconds);
            self.passed += Duration::from_secs(seconds.unsigned_abs());
        }

        fn leap(&self, seconds: i64) {
            self.wall.fetch_add(seconds, Ordering::SeqCst);
        }

        /// Turns the loop until nothing is to be done at this time; gives those that were asked, by name.
        fn turn(&mut self) -> Vec<String> {
            let (now, at) = (Second::from_unix(self.wall.load(Ordering::SeqCst)), self.begin + self.passed);
            let round = &mut self.running.as_mut().unwrap().0;
            let mut asked = Vec::new();
            self.runtime.block_on(async {
                loop {
                    round.look_at_the_clock(now, at);
                    if round.fault.is_none() && round.doubt.is_none() {
                        round.start(now, at);
                    }
                    asked.extend(round.under_way.values().map(ToString::to_string));
                    if round.under_way.is_empty() {
                        break;
                    }
                    while let Some(ended) = round.looks.join_next_with_id().await {
                        round.end(ended);
                    }
                }
            });
            asked.sort();
            asked
        }

        /// Wishes for sources, turns the loop, and gives what was told of each.
        fn wish(&mut self, ids: &[&str]) -> Vec<(String, Option<String>)> {
            let (reply, mut told) = mpsc::unbounded_channel();
            self.round().wish(Wish { ids: ids.iter().map(|id| id.parse().unwrap()).collect(), reply });
            self.turn();
            let mut all = Vec::new();
            while let Ok(told) = told.try_recv() {
                all.push(told.map_or_else(|why| (String::new(), Some(why)), |outcome| (outcome.source.to_string(), outcome.trouble)));
            }
            all
        }

        fn state(&mut self, id: &str) -> SourceState {
            self.round().schedule.register.get(&id.parse().unwrap()).unwrap()
        }
    }

    const NOBODY: Vec<String> = Vec::new();

    #[test]
    fn a_machine_that_wakes_up_asks_everybody_once_and_one_after_the_other() {
        let mut world = World::new(20, 2);
        assert_eq!(world.turn().len(), 40, "who was never asked is asked at once");
        world.pass(600);
        assert_eq!(world.turn(), NOBODY);
        world.leap(10 * HOUR);
        let asked: Vec<Vec<String>> = (0..60)
            .map(|_| {
                let asked = world.turn();
                world.pass(1);
                asked
            })
            .collect();
        assert_eq!(asked.iter().map(Vec::len).collect::<Vec<_>>()[..5], [10, 10, 10, 10, 0], "ten missed looks each are one");
        assert_eq!(asked.concat().len(), 40);
        world.pass(HOUR - 61);
        assert_eq!(world.turn(), NOBODY);
        world.pass(4);
        assert_eq!(world.turn().len(), 40);
    }

    #[test]
    fn a_clock_that_is_set_back_keeps_nobody_waiting_for_longer_than_was_meant() {
        let mut world = World::new(2, 1);
        world.publishers[1].fail("/b0", 429, Some(1_800));
        assert_eq!(world.turn(), ["a0", "b0"]);
        world.pass(60);
        world.leap(-HOUR);
        assert_eq!(world.turn(), NOBODY);
        world.pass(HOUR - 1);
        assert_eq!(world.turn(), NOBODY);
        world.pass(1);
        assert_eq!(world.turn(), ["a0", "b0"]);
    }

    #[test]
    fn a_clock_that_leaps_by_years_stops_pulling_and_says_so_until_it_is_right() {
        let mut world = World::new(1, 1);
        assert_eq!(world.turn(), ["a0"]);
        let years = 14 * 365 * 24 * HOUR;
        world.leap(years);
        assert_eq!(world.turn(), NOBODY);
        let [(_, Some(why))] = &world.wish(&["a0"])[..] else { panic!("one answer") };
        assert_eq!(
            why,
            "the clock says 2034-09-10T12:26:40Z, which is more than a day from where it should be; set it, or start the daemon again"
        );
        world.pass(2 * HOUR);
        assert_eq!(world.turn(), NOBODY);
        world.leap(-years);
        assert_eq!(world.turn(), ["a0"], "two hours have passed meanwhile");
        assert_eq!(*world.told.lock().unwrap(), [Some(why.clone()), None]);
    }

    #[test]
    fn a_restart_asks_nobody_sooner_and_a_long_stop_spreads_them() {
        let mut world = World::new(25, 1);
        assert_eq!(world.turn().len(), 25);
        world.pass(HOUR - 1);
        world.restart();
        assert_eq!(world.turn(), NOBODY);
        world.pass(1);
        world.restart();
        assert_eq!(world.turn().len(), 25, "what is due is asked as it would have been");
        world.pass(2 * HOUR);
        world.restart();
        let asked: Vec<usize> = (0..4)
            .map(|_| {
                let asked = world.turn().len();
                world.pass(1);
                asked
            })
            .collect();
        assert_eq!(asked, [10, 10, 5, 0]);
    }

    #[test]
    fn another_setup_asks_nobody_but_who_is_new_or_elsewhere() {
        let mut world = World::new(3, 1);
        assert_eq!(world.turn(), ["a0", "b0", "c0"]);
        world.pass(600);
        // Another title and another rhythm; gone from the list; and elsewhere.
        let (mut kept, c0) = (world.config.sources.clone(), world.config.sources[2].clone());
        kept.remove(2);
        kept[0].title = "The Wire".into();
        kept[0].timetable = crate::model::Timetable::Every(Duration::from_secs(1_200));
        kept[1].url = format!("{}/b0?new", world.publishers[1].base()).parse().unwrap();
        let after = kept.clone();
        world.reload(move |sources| *sources = kept);
        assert_eq!(world.turn(), ["b0"]);
        assert_eq!(world.wish(&["c0"]), []);
        world.pass(600);
        assert_eq!(world.turn(), ["a0"], "by its own rhythm");
        assert_eq!((world.state("a0").title.as_str(), world.state("a0").failures), ("The Wire", 0));
        // Whoever waits for one that goes is told; one that comes back is asked when it would have been.
        let (reply, mut told) = mpsc::unbounded_channel();
        world.round().wish(Wish { ids: vec!["b0".parse().unwrap()], reply });
        world.reload(|sources| drop(sources.remove(1)));
        assert_eq!(told.try_recv().unwrap().unwrap_err(), "`b0` is configured no more");
        assert_eq!(world.turn(), NOBODY);
        world.reload(move |sources| *sources = [after, vec![c0]].concat());
        assert_eq!(world.turn(), NOBODY);
        world.pass(HOUR - 1_200);
        assert_eq!(world.turn(), ["a0", "c0"]);
    }

    #[test]
    fn a_host_that_asks_us_to_wait_is_left_alone_with_all_its_sources_also_after_a_restart() {
        let mut world = World::new(2, 3);
        assert_eq!(world.turn().len(), 6);
        world.publishers[0].fail("/a0", 429, Some(2 * 3_600));
        world.pass(HOUR - 60);
        assert_eq!(world.wish(&["a0"]), [("a0".into(), Some(world.state("a0").trouble.unwrap()))]);
        let host = world.publishers[0].base().replace("http://", "");
        let until = world.state("a0").host_rests.unwrap();
        let refused = format!("{host} asked us to leave it alone until {until}; it is not asked before");
        for restart in [false, true] {
            if restart {
                world.restart();
            }
            world.pass(60);
            let asked = world.turn();
            assert_eq!(asked, if restart { NOBODY } else { ["b0", "b1", "b2"].map(str::to_owned).to_vec() });
            assert_eq!(world.wish(&["a0", "a1"]), ["a0", "a1"].map(|id| (id.to_owned(), Some(refused.clone()))), "restart: {restart}");
        }
        world.publishers[0].put("/a0", "application/rss+xml", RSS);
        world.pass(2 * HOUR - 120);
        assert_eq!(world.turn(), ["a0", "a1", "a2", "b0", "b1", "b2"]);
        assert_eq!((world.state("a0").host_rests, world.state("a0").failures), (None, 0));
    }

    #[test]
    fn what_is_gone_is_asked_no_more_unless_by_name_or_under_another_address() {
        let mut world = World::new(1, 2);
        world.publishers[0].fail("/a0", 410, None);
        assert_eq!(world.turn(), ["a0", "a1"]);
        world.pass(30 * 24 * HOUR);
        world.restart();
        assert_eq!(world.turn(), ["a1"]);
        assert_eq!(world.wish(&[]).len(), 1, "all are those that are still there");
        assert_eq!(world.wish(&["a0"]).len(), 1);
        let mut moved = world.config.clone();
        moved.sources[0].url = moved.sources[1].url.clone();
        world.config = moved;
        world.restart();
        assert_eq!(world.turn(), ["a0"]);
        assert_eq!((world.state("a0").gone, world.state("a0").items), (false, 1));
    }

    #[test]
    fn when_the_network_comes_back_nobody_waits_for_what_the_hosts_did_not_do() {
        let mut world = World::new(7, 1);
        world.turn();
        for gone in [4, 5] {
            world.pass(2 * HOUR);
            assert_eq!(world.turn().len(), 7);
            let now = Second::from_unix(world.wall.load(Ordering::SeqCst));
            let ids: Vec<SourceId> = ["a0", "b0", "c0", "d0", "e0", "f0"].map(|id| id.parse().unwrap()).into();
            let round = world.round();
            for id in &ids[..gone] {
                let host = round.plan.host_of(id).unwrap();
                let state = round.schedule.register.get(id).unwrap();
                let not_before = Some(now.plus(Duration::from_hours(8)));
                round.schedule.register.set(SourceState { failures: 6, trouble: Some("no answer".into()), not_before, ..state });
                round.take_note(id, &host, true, now);
                round.put(id, now, now);
            }
            world.pass(HOUR);
            // The last one is answered, as every hour.
            let first = world.turn();
            world.pass(1);
            let then = world.turn();
            match gone {
                4 => assert_eq!((first.len(), then.len()), (3, 0), "four hosts can be down at once"),
                _ => assert_eq!([first, then].concat().len(), 7, "five of them are our network"),
            }
            world.pass(10 * HOUR);
            world.turn();
        }
    }

    #[test]
    fn a_look_that_breaks_off_costs_nobody_else_anything_and_is_tried_again_later() {
        let mut world = World::new(1, 1);
        world.falls.store(true, Ordering::SeqCst);
        let told = world.wish(&["a0"]);
        let [(_, Some(why))] = &told[..] else { panic!("one answer: {told:?}") };
        assert!(why.starts_with("the look at `a0` broke off: ") && why.contains("the clock fell"), "{why}");
        world.pass(HOUR - 1);
        assert_eq!(world.turn(), NOBODY);
        world.pass(1);
        assert_eq!(world.turn(), ["a0"]);
        assert_eq!(world.state("a0").items, 1);
    }
}
