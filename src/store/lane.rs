//! A query on its way down: one lane, or one for each source where each may have so many entries and no more.
//!
//! Lanes are taken together, the newest place of all first. A source that has had its share is then looked at no more,
//! however many stories it has.

use super::{Term, index::Index, terms::Meeting};
use crate::model::{Filter, Second, Window};

/// What is still to come of one source, or of all.
pub(super) struct Lane {
    asked: Vec<Meeting>,
    window: Window,
    /// Entries that it may still have; any number when there is none.
    left: Option<usize>,
    /// The newest place that was not taken yet.
    next: Next,
}

/// It is looked for when it is needed: behind the last entry that is shown there may be a long way to the next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Unknown,
    At(Second),
    Nowhere,
}

impl Lane {
    /// The lanes of a query.
    pub(super) fn all(index: &Index, filter: &Filter, asked: &[Meeting], window: Window) -> Vec<Self> {
        let lane = |asked: Vec<Meeting>| Self { asked, window, left: filter.per_source, next: Next::Unknown };
        if filter.per_source.is_none() {
            return vec![lane(asked.to_vec())];
        }
        let of = |source: &Term| asked.iter().map(|meeting| meeting.and(source.clone())).collect();
        index.terms().filter(|term| matches!(term, Term::Preferred(_))).map(|source| lane(of(source))).collect()
    }

    /// Counts an entry of the lane.
    pub(super) fn count(&mut self) {
        self.left = self.left.map(|left| left.saturating_sub(1));
        if self.left == Some(0) {
            self.next = Next::Nowhere;
        }
    }

    fn look(&mut self, index: &Index) -> Option<Second> {
        if self.next == Next::Unknown {
            self.next = index.newest(&self.asked, self.window).map_or(Next::Nowhere, Next::At);
        }
        match self.next {
            Next::At(at) => Some(at),
            Next::Unknown | Next::Nowhere => None,
        }
    }
}

/// Takes the newest place of all lanes; gives the lane's number with it.
pub(super) fn next(lanes: &mut [Lane], index: &Index) -> Option<(usize, Second)> {
    let (at, n) = lanes.iter_mut().enumerate().filter_map(|(n, lane)| Some((lane.look(index)?, n))).max()?;
    lanes[n].window.below = Some(at);
    lanes[n].next = Next::Unknown;
    Some((n, at))
}
