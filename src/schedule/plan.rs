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
    hosts::{Hosts, Name},
    places::Places,
};
use crate::model::{Second, SourceId};

/// What to do next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Look at this source.
    Look(SourceId),
    /// Tell whoever wished for this source that its host asked to be left alone until then.
    Refuse(SourceId, Second),
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
    is_wished: bool,
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

    /// Puts a source where it is due, or nowhere. One that is under way stays so, and one that was wished for keeps its turn.
    pub(super) fn put(&mut self, id: &SourceId, host: Option<Name>, at: Option<Second>) {
        let (is_under_way, is_wished) =
            self.entries.get(id).map_or((false, false), |entry| (matches!(entry.stage, Stage::UnderWay), entry.is_wished));
        if is_under_way || is_wished {
            return;
        }
        self.lift(id);
        self.entries.insert(id.clone(), Entry { host, stage: Stage::Nowhere, is_wished: false });
        if let Some(at) = at {
            self.queue(id, at);
        }
    }

    /// Puts a source before all that are due; one that is under way is looked at already.
    pub(super) fn wish(&mut self, id: &SourceId) {
        if self.entries.get(id).is_some_and(|entry| !matches!(entry.stage, Stage::UnderWay)) {
            self.lift(id);
            if let Some(entry) = self.entries.get_mut(id) {
                entry.is_wished = true;
            }
            self.queue(id, Second::EPOCH);
        }
    }

    /// Forgets that a source was wished for; it then stands nowhere.
    pub(super) fn unwish(&mut self, id: &SourceId) {
        if let Some(entry) = self.entries.get_mut(id).filter(|entry| entry.is_wished) {
            entry.is_wished = false;
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
                if let Some(until) = self.hosts.left_alone(host, entry.is_wished, now) {
                    if std::mem::take(&mut entry.is_wished) {
                        entry.stage = Stage::Nowhere;
                        return Step::Refuse(id, until);
                    }
                    self.queue(&id, until);
                    continue;
                }
                if !self.hosts.sit(host, due, &id) {
                    entry.stage = Stage::InLine(due);
                    continue;
                }
            }
            (entry.stage, entry.is_wished) = (Stage::UnderWay, false);
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
