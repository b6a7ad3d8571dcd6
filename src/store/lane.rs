//! A query on its way down: one lane, or one for each source where each may have so many entries and no more.
//!
//! Lanes are taken together, the newest place of all first. A source that has had its share is then looked at no more,
//! however many stories it has.

use super::{Term, index::Index, terms::Meeting};
use crate::model::{Filter, Second, Window};

/// What is still to come of one source, or of all.
pub(super) struct Lane {
    asked: Vec<Meeting>,
    /// Where it was not looked yet.
    window: Window,
    /// Entries that it may still have; any number when there is none.
    left: Option<usize>,
    /// Places that were found and not taken yet, ascending.
    found: Vec<Second>,
    is_over: bool,
}

impl Lane {
    /// The lanes of a query.
    pub(super) fn all(index: &Index, filter: &Filter, asked: &[Meeting], window: Window) -> Vec<Self> {
        let lane = |asked: Vec<Meeting>| Self { asked, window, left: filter.per_source, found: Vec::new(), is_over: false };
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
            self.found.clear();
            self.is_over = true;
        }
    }

    /// The newest place that was not taken yet. When there is none, `most` more are looked for only now: it may be a long way to them.
    fn look(&mut self, index: &Index, most: usize) -> Option<Second> {
        if self.found.is_empty() && !self.is_over {
            self.found = index.newest(&self.asked, &mut self.window, most);
            self.is_over = self.found.len() < most;
        }
        self.found.last().copied()
    }
}

/// Takes the newest place of all lanes, of which `most` are wanted; gives the lane's number with it.
pub(super) fn next(lanes: &mut [Lane], index: &Index, most: usize) -> Option<(usize, Second)> {
    let (_, n) = lanes.iter_mut().enumerate().filter_map(|(n, lane)| Some((lane.look(index, most)?, n))).max()?;
    lanes[n].found.pop().map(|at| (n, at))
}
