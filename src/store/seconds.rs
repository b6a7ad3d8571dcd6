//! A set of seconds, kept in blocks of some eighteen hours.
//!
//! Within a block a second is two bytes, and sets meet in one walk over their blocks instead of by a search for each second:
//! a filter that leaves nearly everything out has passed a hundred thousand places before a reader notices.

use std::{borrow::Cow, collections::BTreeMap};

use crate::model::{Second, Window};

/// A block is 2^16 seconds: what is left of a second within fits into two bytes.
const BITS: u32 = 16;

/// A set of seconds.
#[derive(Debug, Default)]
pub(super) struct Seconds {
    /// Seconds within each block, ascending; no block is empty.
    blocks: BTreeMap<i64, Vec<u16>>,
    count: usize,
}

/// The block of a second, and what is left of it within.
fn split(at: Second) -> (i64, u16) {
    // Sixteen bits are left, which is what fits.
    (at.unix() >> BITS, (at.unix() & 0xFFFF) as u16)
}

fn join(block: i64, within: u16) -> Second {
    Second::from_unix((block << BITS) | i64::from(within))
}

impl Seconds {
    pub(super) fn insert(&mut self, at: Second) {
        let (block, within) = split(at);
        let list = self.blocks.entry(block).or_default();
        if let Err(place) = list.binary_search(&within) {
            list.insert(place, within);
            self.count += 1;
        }
    }

    /// Takes in seconds that are in order.
    pub(super) fn extend(&mut self, seconds: &[Second]) {
        for run in seconds.chunk_by(|one, other| split(*one).0 == split(*other).0) {
            let list = self.blocks.entry(split(run[0]).0).or_default();
            let before = list.len();
            list.extend(run.iter().map(|at| split(*at).1));
            // Two ascending runs are merged, not sorted anew.
            list.sort();
            list.dedup();
            self.count += list.len() - before;
        }
    }

    pub(super) fn remove(&mut self, at: Second) {
        let (block, within) = split(at);
        let Some(list) = self.blocks.get_mut(&block) else { return };
        if let Ok(place) = list.binary_search(&within) {
            list.remove(place);
            self.count -= 1;
        }
        if list.is_empty() {
            self.blocks.remove(&block);
        }
    }

    pub(super) fn contains(&self, at: Second) -> bool {
        let (block, within) = split(at);
        self.block(block).binary_search(&within).is_ok()
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    /// All of them, newest first.
    pub(super) fn newest_first(&self) -> impl Iterator<Item = Second> + '_ {
        self.blocks.iter().rev().flat_map(|(block, list)| list.iter().rev().map(|within| join(*block, *within)))
    }

    fn block(&self, block: i64) -> &[u16] {
        self.blocks.get(&block).map_or(&[], Vec::as_slice)
    }

    /// The highest block up to one.
    fn highest(&self, to: i64) -> Option<i64> {
        self.blocks.range(..=to).next_back().map(|(block, _)| *block)
    }
}

impl FromIterator<Second> for Seconds {
    fn from_iter<I: IntoIterator<Item = Second>>(seconds: I) -> Self {
        let mut set = Self::default();
        seconds.into_iter().for_each(|at| set.insert(at));
        set
    }
}

/// Sets that have to meet, and others that must not be met.
pub(super) struct Sets<'a> {
    /// Of each group any set will do; the smallest group stands first.
    all: Vec<Vec<&'a Seconds>>,
    none: Vec<&'a Seconds>,
}

impl<'a> Sets<'a> {
    pub(super) fn new(mut all: Vec<Vec<&'a Seconds>>, none: Vec<&'a Seconds>) -> Self {
        all.sort_by_key(|any| any.iter().map(|set| set.len()).sum::<usize>());
        Self { all, none }
    }

    /// The highest block up to one that every group has: each in turn moves the others on.
    fn highest(&self, mut to: i64) -> Option<i64> {
        let mut agreed = 0;
        for any in self.all.iter().cycle() {
            let found = any.iter().filter_map(|set| set.highest(to)).max()?;
            agreed = if found == to { agreed + 1 } else { 1 };
            to = found;
            if agreed >= self.all.len() {
                return Some(found);
            }
        }
        None
    }

    /// Where they meet within a block, ascending.
    fn within(&self, block: i64) -> Vec<u16> {
        let any = |sets: &[&'a Seconds]| match sets {
            // Most groups are one set, which need not be copied to be looked through.
            [set] => Cow::Borrowed(set.block(block)),
            sets => Cow::Owned(united(sets.iter().map(|set| set.block(block)))),
        };
        let mut all = self.all.iter();
        let mut met = all.next().map(|sets| any(sets).into_owned()).unwrap_or_default();
        for sets in all {
            if met.is_empty() {
                return met;
            }
            keep(&mut met, &any(sets), true);
        }
        for set in &self.none {
            keep(&mut met, set.block(block), false);
        }
        met
    }
}

/// Keeps what stands in another ascending list, or what does not.
fn keep(list: &mut Vec<u16>, other: &[u16], is_wanted: bool) {
    let mut rest = other;
    list.retain(|within| {
        // The next step is as long as the last one was, and doubles: a short list passes a long one in few steps.
        let mut step = 1;
        while step < rest.len() && rest[step] < *within {
            step *= 2;
        }
        let near = &rest[..rest.len().min(step + 1)];
        rest = &rest[near.partition_point(|other| other < within)..];
        (rest.first() == Some(within)) == is_wanted
    });
}

/// What stands in any of these ascending lists, ascending.
fn united<L: AsRef<[u16]>>(lists: impl Iterator<Item = L>) -> Vec<u16> {
    let mut all: Vec<u16> = Vec::new();
    for list in lists {
        all.extend_from_slice(list.as_ref());
    }
    // Ascending runs are merged, not sorted anew.
    all.sort();
    all.dedup();
    all
}

/// The seconds of the newest block of a window in which any of the meetings takes place, ascending; none when there is no such block.
/// The window is moved below that block.
pub(super) fn newest(meetings: &[Sets<'_>], window: &mut Window) -> Vec<Second> {
    let lowest = window.from.map_or(i64::MIN, |from| split(from).0);
    let mut to = window.below.map_or(i64::MAX, |below| (below.unix() - 1) >> BITS);
    while let Some(block) = meetings.iter().filter_map(|sets| sets.highest(to)).max().filter(|block| *block >= lowest) {
        let within = united(meetings.iter().map(|sets| sets.within(block)));
        let seconds: Vec<Second> = within.into_iter().map(|within| join(block, within)).filter(|at| window.holds(*at)).collect();
        if !seconds.is_empty() {
            window.below = Some(join(block, 0));
            return seconds;
        }
        to = block - 1;
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn seconds() -> impl Strategy<Value = BTreeSet<i64>> {
        // Some close together, some blocks away, some before the epoch.
        proptest::collection::btree_set(prop_oneof![-70_000i64..70_000, 0i64..40, 900_000i64..900_010], 0..60)
    }

    fn set(seconds: &BTreeSet<i64>) -> Seconds {
        let mut set = Seconds::default();
        seconds.iter().for_each(|at| set.insert(Second::from_unix(*at)));
        set
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn it_is_as_any_set(told in seconds(), gone in seconds()) {
            let mut set = set(&told);
            for at in &gone {
                set.remove(Second::from_unix(*at));
                set.insert(Second::from_unix(at + 1));
                set.insert(Second::from_unix(at + 1));
            }
            let mut twin = told;
            for at in &gone {
                twin.remove(at);
                twin.insert(at + 1);
            }
            let newest_first: Vec<i64> = set.newest_first().map(Second::unix).collect();
            prop_assert_eq!(newest_first, twin.iter().rev().copied().collect::<Vec<_>>());
            prop_assert_eq!(set.len(), twin.len());
            let more: Vec<Second> = gone.iter().copied().map(Second::from_unix).collect();
            set.extend(&more);
            twin.extend(&gone);
            prop_assert_eq!((set.len(), set.newest_first().count()), (twin.len(), twin.len()));
            prop_assert!((-70_010..70_010).step_by(7).all(|at| set.contains(Second::from_unix(at)) == twin.contains(&at)));
        }

        #[test]
        fn sets_meet_as_any_sets(
            one in seconds(), other in seconds(), another in seconds(), none in seconds(), alone in seconds(),
            from in proptest::option::of(-80_000i64..80_000), below in proptest::option::of(-80_000i64..1_000_000),
        ) {
            let sets = [&one, &other, &another, &none, &alone].map(set);
            let meetings = [Sets::new(vec![vec![&sets[0]], vec![&sets[1], &sets[2]]], vec![&sets[3]]), Sets::new(vec![vec![&sets[4]]], vec![])];
            let mut window = Window { from: from.map(Second::from_unix), below: below.map(Second::from_unix) };
            let mut met: Vec<i64> = Vec::new();
            loop {
                let seconds = newest(&meetings, &mut window);
                if seconds.is_empty() {
                    break;
                }
                met.extend(seconds.iter().rev().map(|at| at.unix()));
            }
            let meet = |at: &i64| one.contains(at) && (other.contains(at) || another.contains(at)) && !none.contains(at) || alone.contains(at);
            let all: BTreeSet<i64> = one.union(&alone).copied().collect();
            let is_shown = |at: &i64| from.is_none_or(|from| *at >= from) && below.is_none_or(|below| *at < below);
            prop_assert_eq!(met, all.into_iter().rev().filter(meet).filter(is_shown).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_short_list_is_kept_against_a_long_one() {
        let long: Vec<u16> = (0..60_000).filter(|n| n % 3 == 0).collect();
        let short = || vec![0, 1, 2, 3, 29_999, 30_000, 59_997, 59_999, 60_001];
        let (mut kept, mut left) = (short(), short());
        keep(&mut kept, &long, true);
        keep(&mut left, &long, false);
        assert_eq!((kept, left), (vec![0, 3, 30_000, 59_997], vec![1, 2, 29_999, 59_999, 60_001]));
    }
}
