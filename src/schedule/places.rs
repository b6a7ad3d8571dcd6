//! How many looks are under way at once.
//!
//! Each look takes a place, and there are few, so that a thousand publishers are not asked in the same
//! second. A look that takes much longer than looks usually do gives its place up and goes on aside:
//! servers that hang would else take all places one after the other, and everybody would wait for them.
//! There is room for a few times as many aside, and no more: a look holds a connection and perhaps a document.

use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant},
};

use crate::model::SourceId;

/// So many looks can be aside for each place there is.
const ASIDE: usize = 3;
/// A look that takes so many times as long as usual goes aside ...
const LONG: u32 = 3;
/// ... but not before this ...
const SOONEST: Duration = Duration::from_millis(250);
/// ... and not after this.
const LATEST: Duration = Duration::from_secs(2);

/// A look under way.
struct Under {
    since: Instant,
    is_aside: bool,
}

/// The places, and who has them.
pub(super) struct Places {
    places: usize,
    under_way: HashMap<SourceId, Under>,
    /// In the order of their beginning; those that have ended are taken off when they come first.
    order: VecDeque<(Instant, SourceId)>,
    aside: usize,
    /// How long a look takes that did not go aside, of late.
    usual: Duration,
}

impl Places {
    pub(super) fn new(places: usize) -> Self {
        Self { places: places.max(1), under_way: HashMap::new(), order: VecDeque::new(), aside: 0, usual: LATEST / LONG }
    }

    /// There are so many places from now on; nobody is sent away.
    pub(super) fn set(&mut self, places: usize) {
        self.places = places.max(1);
    }

    /// Whether there is a place, once all that take long are aside.
    pub(super) fn is_free(&mut self, at: Instant) -> bool {
        let patience = self.patience();
        while let Some((since, id)) = self.order.front() {
            match self.under_way.get_mut(id).filter(|under| under.since == *since && !under.is_aside) {
                None => {}
                Some(under) if *since + patience <= at && self.aside < ASIDE * self.places => {
                    under.is_aside = true;
                    self.aside += 1;
                }
                Some(_) => break,
            }
            self.order.pop_front();
        }
        self.under_way.len() - self.aside < self.places
    }

    pub(super) fn take(&mut self, id: SourceId, at: Instant) {
        self.order.push_back((at, id.clone()));
        self.under_way.insert(id, Under { since: at, is_aside: false });
    }

    pub(super) fn give_back(&mut self, id: &SourceId, at: Instant) {
        match self.under_way.remove(id) {
            Some(Under { is_aside: true, .. }) => self.aside -= 1,
            Some(Under { since, .. }) => self.usual = (self.usual * 7 + at.saturating_duration_since(since)) / 8,
            None => {}
        }
    }

    /// When the next one may go aside, if that gives a place.
    pub(super) fn next_aside(&self) -> Option<Instant> {
        self.order.front().filter(|_| self.aside < ASIDE * self.places).map(|(since, _)| *since + self.patience())
    }

    /// How long a look keeps its place.
    fn patience(&self) -> Duration {
        (self.usual * LONG).clamp(SOONEST, LATEST)
    }
}
