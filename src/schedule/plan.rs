//! Who is looked at next.
//!
//! The plan is handed the time and what happened, and says what to do; it neither waits nor asks. Each
//! step costs the same however many sources there are: a source stands in one queue by when it is due, or in line at its host,
//! or is under way.

use std::{
    collections::{BTreeSet, HashMap},
    time::{Duration, Instant},
};

use super::{
    hosts::{Alone, Hosts, Name},
    places::Places,
};
use crate::model::{Second, SourceId};

/// What to do next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Look at this source.
    Look(SourceId),
    /// Tell whoever wished for this source why its host is left alone.
    Refuse(SourceId, Alone),
    /// Nothing for now.
    Wait,
}

/// Where a source stands.
enum Stage {
    /// It is due then.
    Due(Second),
    /// It was due then, and stands in line at its host.
    InLine(Second),
    UnderWay,
    Nowhere,
}

struct Entry {
    /// `None` for a file, which nobody else is asked for.
    host: Option<Name>,
    stage: Stage,
    wished: Wished,
}

/// Whether somebody wished for a source.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wished {
    No,
    /// With all others.
    Along,
    /// By its name: then it is asked though its host does not answer.
    ByName,
}

/// All sources, and when they are due.
pub(super) struct Plan {
    entries: HashMap<SourceId, Entry>,
    due: BTreeSet<(Second, SourceId)>,
    hosts: Hosts,
    places: Places,
}

impl Plan {
    /// A plan for so many looks at once, and so many at one host.
    pub(super) fn new(at_once: usize, per_host: usize) -> Self {
        Self { entries: HashMap::new(), due: BTreeSet::new(), hosts: Hosts::new(per_host), places: Places::new(at_once) }
    }

    /// There is room for so many looks at once, and so many at one host, from now on.
    pub(super) fn set_room(&mut self, at_once: usize, per_host: usize) {
        self.places.set(at_once);
        self.hosts.set_seats(per_host);
    }

    /// Forgets a source. One that is under way ends first, and has to be forgotten again then.
    pub(super) fn forget(&mut self, id: &SourceId) {
        self.lift(id);
        if self.entries.get(id).is_some_and(|entry| !matches!(entry.stage, Stage::UnderWay)) {
            self.entries.remove(id);
        }
    }

    /// Puts a source where it is due, or nowhere. One that is under way stays so, and one that was wished for keeps its turn.
    pub(super) fn put(&mut self, id: &SourceId, host: Option<Name>, at: Option<Second>) {
        if self.entries.get(id).is_some_and(|entry| matches!(entry.stage, Stage::UnderWay) || entry.wished != Wished::No) {
            return;
        }
        self.lift(id);
        self.entries.insert(id.clone(), Entry { host, stage: Stage::Nowhere, wished: Wished::No });
        if let Some(at) = at {
            self.queue(id, at);
        }
    }

    /// Puts a source before all that are due; one that is under way is looked at already.
    pub(super) fn wish(&mut self, id: &SourceId, by_name: bool) {
        if self.entries.get(id).is_some_and(|entry| !matches!(entry.stage, Stage::UnderWay)) {
            self.lift(id);
            if let Some(entry) = self.entries.get_mut(id) {
                entry.wished = if by_name { Wished::ByName } else { Wished::Along };
            }
            self.queue(id, Second::EPOCH);
        }
    }

    /// Forgets that a source was wished for; it then stands nowhere.
    pub(super) fn unwish(&mut self, id: &SourceId) {
        if let Some(entry) = self.entries.get_mut(id).filter(|entry| entry.wished != Wished::No) {
            entry.wished = Wished::No;
            self.lift(id);
        }
    }

    /// What to do next. A source that it says to look at is under way from then on.
    pub(super) fn next(&mut self, now: Second, at: Instant) -> Step {
        if !self.places.is_free(at) {
            return Step::Wait;
        }
        while let Some((due, id)) = self.due.first().filter(|(due, _)| *due <= now).cloned() {
            self.due.pop_first();
            let Some(entry) = self.entries.get_mut(&id) else { continue };
            if let Some(host) = &entry.host {
                match (self.hosts.left_alone(host, now), entry.wished) {
                    (None, _) | (Some(Alone::Silent(_)), Wished::ByName) => {}
                    (Some(Alone::ByItsWord(until) | Alone::Silent(until)), Wished::No) => {
                        self.queue(&id, until);
                        continue;
                    }
                    (Some(alone), _) => {
                        (entry.stage, entry.wished) = (Stage::Nowhere, Wished::No);
                        return Step::Refuse(id, alone);
                    }
                }
                if !self.hosts.sit(host, due, &id) {
                    entry.stage = Stage::InLine(due);
                    continue;
                }
            }
            (entry.stage, entry.wished) = (Stage::UnderWay, Wished::No);
            self.places.take(id.clone(), at);
            return Step::Look(id);
        }
        Step::Wait
    }

    /// A look has ended.
    pub(super) fn end(&mut self, id: &SourceId, now: Second, at: Instant) {
        self.places.give_back(id, at);
        let Some(entry) = self.entries.get_mut(id) else { return };
        entry.stage = Stage::Nowhere;
        let Some(host) = entry.host.clone() else { return };
        for (due, next) in self.hosts.rise(&host, now) {
            self.queue(&next, due);
        }
    }

    /// What there is to know of hosts.
    pub(super) fn hosts(&mut self) -> &mut Hosts {
        &mut self.hosts
    }

    /// The host of a source.
    pub(super) fn host_of(&self, id: &SourceId) -> Option<Name> {
        self.entries.get(id)?.host.clone()
    }

    /// How long there is nothing to do, unless a look ends before.
    pub(super) fn rest(&mut self, now: Second, at: Instant, longest: Duration) -> Duration {
        if self.places.is_free(at) {
            self.due.first().map_or(longest, |(due, _)| due.since(now)).min(longest)
        } else {
            self.places.next_aside().map_or(longest, |then| then.saturating_duration_since(at)).min(longest)
        }
    }

    fn queue(&mut self, id: &SourceId, at: Second) {
        if let Some(entry) = self.entries.get_mut(id) {
            entry.stage = Stage::Due(at);
            self.due.insert((at, id.clone()));
        }
    }

    /// Takes a source out of whatever queue it stands in.
    fn lift(&mut self, id: &SourceId) {
        let Some(entry) = self.entries.get_mut(id) else { return };
        match (&entry.stage, &entry.host) {
            (Stage::Due(at), _) => drop(self.due.remove(&(*at, id.clone()))),
            (Stage::InLine(at), Some(host)) => self.hosts.step_out(host, *at, id),
            _ => return,
        }
        entry.stage = Stage::Nowhere;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;

    /// How long a source takes, in milliseconds, and whether it answers in the end.
    type Takes = Box<dyn Fn(&str) -> (u64, bool)>;

    /// A world of publishers in which time passes as fast as one likes.
    struct World {
        plan: Plan,
        begin: Instant,
        takes: Takes,
        /// When each look began and ended, in milliseconds.
        looks: Vec<(u64, u64, SourceId)>,
        /// Looks under way: when they end, and when they began.
        under_way: BTreeSet<(u64, u64, SourceId)>,
        most_at_once: usize,
    }

    fn id(name: &str) -> SourceId {
        name.parse().unwrap()
    }

    fn second(ms: u64) -> Second {
        Second::from_unix(1_600_000_000 + i64::try_from(ms / 1_000).unwrap())
    }

    impl World {
        fn new(at_once: usize, takes: impl Fn(&str) -> (u64, bool) + 'static) -> Self {
            let (plan, begin) = (Plan::new(at_once, 2), Instant::now());
            Self { plan, begin, takes: Box::new(takes), looks: Vec::new(), under_way: BTreeSet::new(), most_at_once: 0 }
        }

        fn put(&mut self, name: &str, host: &str, due_ms: u64) {
            self.plan.put(&id(name), Some(host.into()), Some(second(due_ms)));
        }

        /// Lets time pass; each source is looked at once. Gives the names of those whose wish was refused.
        fn run(&mut self, from_ms: u64, until_ms: u64) -> Vec<SourceId> {
            let (mut ms, mut refused) = (from_ms, Vec::new());
            while ms < until_ms {
                let at = self.begin + Duration::from_millis(ms);
                loop {
                    match self.plan.next(second(ms), at) {
                        Step::Look(id) => drop(self.under_way.insert((ms + (self.takes)(id.as_str()).0, ms, id))),
                        Step::Refuse(id, _) => refused.push(id),
                        Step::Wait => break,
                    }
                }
                self.most_at_once = self.most_at_once.max(self.under_way.len());
                let rest = self.plan.rest(second(ms), at, Duration::from_secs(30)).as_millis();
                let next = ms + u64::try_from(rest).unwrap().max(20);
                ms = self.under_way.first().map_or(next, |(end, ..)| next.min(*end));
                while let Some((end, since, id)) = self.under_way.first().filter(|(end, ..)| *end <= ms).cloned() {
                    self.under_way.pop_first();
                    let host = self.plan.host_of(&id).unwrap();
                    match (self.takes)(id.as_str()).1 {
                        true => self.plan.hosts().answered(&host),
                        false => drop(self.plan.hosts().was_silent(&host, second(end))),
                    }
                    self.plan.end(&id, second(end), self.begin + Duration::from_millis(end));
                    self.looks.push((since, end, id));
                }
            }
            refused
        }

        /// When the last of those that answer had answered, in milliseconds.
        fn all_answered(&self) -> u64 {
            self.looks.iter().filter(|(.., id)| (self.takes)(id.as_str()).1).map(|(_, end, _)| *end).max().unwrap()
        }

        /// Looks at a host that were under way at one time, at most.
        fn most_at(&self, host: &str) -> usize {
            let of_host = |(.., id): &&(u64, u64, SourceId)| self.plan.host_of(id).as_deref() == Some(host);
            let looks: Vec<_> = self.looks.iter().filter(of_host).collect();
            looks.iter().map(|(at, ..)| looks.iter().filter(|(since, end, _)| since <= at && at < end).count()).max().unwrap_or(0)
        }
    }

    /// So many sources, ten on each host, of which one host in a hundred hangs when `hangs`.
    fn farm(count: usize, hangs: bool) -> World {
        let is_dead = move |name: &str| hangs && name[1..].parse::<usize>().unwrap() / 10 % 100 == 50;
        let mut world = World::new(32, move |name| if is_dead(name) { (15_000, false) } else { (100, true) });
        for n in 0..count {
            world.put(&format!("s{n}"), &format!("host{}:80", n / 10), 0);
        }
        world
    }

    #[test]
    fn ten_thousand_sources_are_asked_as_fast_as_the_places_allow() {
        let mut world = farm(10_000, false);
        world.run(0, 120_000);
        assert_eq!((world.looks.len(), world.most_at_once), (10_000, 32));
        let floor = 10_000 * 100 / 32;
        assert!((floor..floor * 11 / 10).contains(&world.all_answered()), "{} ms", world.all_answered());
    }

    #[test]
    fn servers_that_hang_delay_the_others_by_less_than_a_twentieth() {
        let (mut without, mut with) = (farm(10_000, false), farm(10_000, true));
        without.run(0, 120_000);
        with.run(0, 120_000);
        let (without, took) = (without.all_answered(), with.all_answered());
        assert!(took < without * 105 / 100, "{took} ms, and {without} ms when none hangs");
        assert!(with.most_at_once <= 4 * 32, "{}", with.most_at_once);
        // Each of the ten hosts was asked for two of its ten sources, and then left alone; one may have been tried again.
        let asked = with.looks.iter().filter(|(.., id)| !(with.takes)(id.as_str()).1).count();
        assert!((20..=22).contains(&asked), "{asked} of the 100");
    }

    #[test]
    fn a_host_that_hangs_with_all_its_sources_takes_two_places_and_is_tried_more_and_more_seldom() {
        let mut world = World::new(4, |name| if name.starts_with("dead") { (60_000, false) } else { (100, true) });
        for n in 0..50 {
            world.put(&format!("dead{n}"), "dead:80", 0);
            world.put(&format!("live{n}"), &format!("live{n}:80"), 1_000);
        }
        world.run(0, 24 * 3_600_000);
        assert!(world.all_answered() < 4_000, "{} ms", world.all_answered());
        assert_eq!(world.most_at("dead:80"), 2);
        // Tried by twos: at once, and then after a rest that doubles up to two hours.
        let mut tried: Vec<u64> =
            world.looks.iter().filter(|(.., id)| id.as_str().starts_with("dead")).map(|look| look.0 / 60_000).collect();
        tried.dedup();
        let gaps: Vec<u64> = tried.windows(2).map(|pair| pair[1] - pair[0] - 1).collect();
        let rests = [5, 10, 20, 40, 80, 120, 120, 120];
        assert!(gaps.iter().zip(rests).all(|(gap, rest)| (rest * 3 / 4..=rest + 1).contains(gap)), "{gaps:?}");
    }

    #[test]
    fn a_host_that_asked_for_rest_is_left_alone_whatever_is_wished_and_one_that_is_down_is_tried_by_name() {
        const NOBODY: [SourceId; 0] = [];
        let mut world = World::new(4, |_| (100, true));
        for name in ["a1", "a2", "b1"] {
            world.put(name, if name == "b1" { "b:80" } else { "a:80" }, 0);
        }
        world.plan.hosts().rest(&"a:80".into(), second(600_000));
        for _ in 0..3 {
            world.plan.hosts().was_silent(&"b:80".into(), second(0));
        }
        world.plan.wish(&id("a2"), true);
        world.plan.wish(&id("b1"), false);
        assert_eq!(world.run(0, 1_000), [id("a2"), id("b1")]);
        world.plan.wish(&id("b1"), true);
        assert_eq!(world.run(1_000, 2_000), NOBODY);
        assert_eq!(world.looks, [(1_000, 1_100, id("b1"))], "the operator wants to know");
        // The other one comes when the rest is over; the refused one is for the schedule to put again.
        world.put("a2", "a:80", 700_000);
        world.run(2_000, 800_000);
        let begun: Vec<_> = world.looks[1..].iter().map(|(since, _, id)| (since / 1_000, id.as_str())).collect();
        assert_eq!(begun, [(600, "a1"), (700, "a2")]);
    }

    #[test]
    fn a_wish_comes_before_all_that_is_due_and_never_makes_two_looks_at_once() {
        let (mut plan, at) = (Plan::new(1, 2), Instant::now());
        let put = |plan: &mut Plan, n: u64| plan.put(&id(&format!("s{n}")), Some(format!("h{n}:80").into()), Some(second(n)));
        (0..4).for_each(|n| put(&mut plan, n));
        let begun = |plan: &mut Plan| match plan.next(second(10_000), at) {
            Step::Look(id) => id.to_string(),
            step => format!("{step:?}"),
        };
        assert_eq!(begun(&mut plan), "s0");
        plan.wish(&id("s3"), false);
        // The look that is under way answers this wish, and nothing puts its source into the queue.
        plan.wish(&id("s0"), true);
        put(&mut plan, 0);
        let mut order = vec![begun(&mut plan)];
        for ended in ["s0", "s3", "s1", "s2"] {
            plan.end(&id(ended), second(10_000), at);
            order.push(begun(&mut plan));
        }
        assert_eq!(order, ["Wait", "s3", "s1", "s2", "Wait"]);
    }
}
