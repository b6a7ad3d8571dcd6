//! Which answers are worth making again before anybody asks: those that were asked for often since they last changed, or lately.
//!
//! When a commit drops such an answer it is put in line, and one after the other is made again while readers are served as ever;
//! whoever asks meanwhile waits for the one that is being made. An answer stands in line once, however often it changed, so that
//! only its newest state is made. Deliberately absent: serving the old bytes in the meantime. What was taken back must not be read once more.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::Notify;

use super::{cache::Question, coding::Coding};

/// An answer that was asked for twice within this is popular, whatever changed meanwhile.
const LATELY: Duration = Duration::from_secs(10 * 60);
/// One that was asked for twice since it last changed is not, when that was longer ago.
const LONG_AGO: Duration = Duration::from_hours(24);
/// Answers that wait to be made again at most, the most popular of them.
pub(super) const MOST: usize = 64;

/// How an answer is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Demand {
    /// How often since it last changed.
    count: u32,
    /// When, the last two times; the last one first.
    last: [Option<Instant>; 2],
    /// The codings that were asked for.
    pub(super) codings: Vec<Coding>,
}

impl Demand {
    /// It is asked for.
    pub(super) fn ask(&mut self, now: Instant) {
        self.count = self.count.saturating_add(1);
        self.last = [Some(now), self.last[0]];
    }

    /// It was asked for in this way, too.
    pub(super) fn join(&mut self, other: Self) {
        self.count = self.count.saturating_add(other.count);
        let mut all = [self.last, other.last].concat();
        all.sort_by(|one, other| other.cmp(one));
        // It may have stood in line twice.
        all.dedup();
        self.last = [all[0], all.get(1).copied().flatten()];
        for coding in other.codings {
            if !self.codings.contains(&coding) {
                self.codings.push(coding);
            }
        }
    }

    /// It was made again.
    pub(super) fn serve(&mut self) {
        self.count = 0;
    }

    /// How popular it is, if it is: of two the one whose last but one reader came later.
    pub(super) fn rank(&self, now: Instant) -> Option<Instant> {
        let within = if self.count >= 2 { LONG_AGO } else { LATELY };
        self.last[1].filter(|before| now.saturating_duration_since(*before) < within)
    }
}

/// Answers in line.
#[derive(Default)]
pub(super) struct Line {
    waiting: Mutex<Vec<(Question, Demand)>>,
    bell: Notify,
}

impl Line {
    /// Puts answers in line; those that were in it before stay once.
    pub(super) fn add(&self, dropped: Vec<(Question, Demand)>, now: Instant) {
        if dropped.is_empty() {
            return;
        }
        let mut waiting = self.waiting();
        for (question, demand) in dropped {
            match waiting.iter_mut().find(|(known, _)| *known == question) {
                Some((_, known)) => known.join(demand),
                None => waiting.push((question, demand)),
            }
        }
        waiting.sort_by_key(|(_, demand)| std::cmp::Reverse(demand.rank(now)));
        waiting.truncate(MOST);
        drop(waiting);
        self.bell.notify_one();
    }

    /// Sends all of them away.
    pub(super) fn clear(&self) {
        self.waiting().clear();
    }

    /// The one that is made next, the most popular.
    pub(super) fn take(&self) -> Option<(Question, Demand)> {
        let mut waiting = self.waiting();
        (!waiting.is_empty()).then(|| waiting.remove(0))
    }

    /// Waits until something is put in line.
    pub(super) async fn wait(&self) {
        self.bell.notified().await;
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Vec<(Question, Demand)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::serve::{Format, cache::tests::question};

    fn asked(times: &[u64], begin: Instant) -> Demand {
        let mut demand = Demand::default();
        times.iter().for_each(|seconds| demand.ask(begin + Duration::from_secs(*seconds)));
        demand
    }

    #[test]
    fn what_is_asked_for_often_or_lately_is_popular() {
        const HOUR: u64 = 3_600;
        let begin = Instant::now();
        let is_popular = |demand: &Demand, after: u64| demand.rank(begin + Duration::from_secs(after)).is_some();
        let mut twice = asked(&[0, 5], begin);
        assert!(!is_popular(&Demand::default(), 0) && !is_popular(&asked(&[0], begin), 0), "once is no habit");
        assert_eq!([5, 23 * HOUR, 24 * HOUR].map(|after| is_popular(&twice, after)), [true, true, false]);
        twice.serve();
        assert_eq!([5, 599, 600].map(|after| is_popular(&twice, after)), [true, true, false]);
        twice.ask(begin + Duration::from_secs(HOUR));
        assert!(!is_popular(&twice, HOUR), "that was one reader in an hour");
        twice.ask(begin + Duration::from_secs(HOUR + 1));
        assert!(is_popular(&twice, HOUR + 1));
    }

    #[test]
    fn readers_that_are_told_of_twice_are_counted_once() {
        let begin = Instant::now();
        let mut once = asked(&[5], begin);
        once.join(once.clone());
        assert_eq!((once.last, once.rank(begin)), ([Some(begin + Duration::from_secs(5)), None], None));
        once.join(asked(&[1, 7], begin));
        assert_eq!(once.last, [7, 5].map(|seconds| Some(begin + Duration::from_secs(seconds))));
    }

    #[test]
    fn the_line_has_an_end_and_each_stands_in_it_once_the_most_popular_first() {
        let (line, begin) = (Line::default(), Instant::now());
        let now = begin + Duration::from_secs(300);
        let add = |limit: u64, times: &[u64]| line.add(vec![(question(limit as usize, Format::Atom), asked(times, begin))], now);
        (1..=100).for_each(|limit| add(limit, &[limit, 200 + limit]));
        assert_eq!(line.waiting().len(), MOST);
        add(40, &[201, 202]);
        let next = || line.take().map(|(question, demand)| (question.asked.limit, demand.count));
        // The fortieth had two readers after the hundredth had one, and two before.
        assert_eq!([next(), next(), next()], [Some((40, 4)), Some((100, 2)), Some((99, 2))]);
        assert_eq!(std::iter::from_fn(next).last(), Some((37, 2)), "those that fewer asked for were left out");
        assert!(line.take().is_none());
    }
}
