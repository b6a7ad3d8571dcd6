//! A set of seconds, kept in blocks of some eighteen hours.
//!
//! Within a block a second is two bytes, and sets meet in one walk over their blocks instead of by a search for each second:
//! a filter that leaves nearly everything out has passed a hundred thousand places before a reader notices.

use std::collections::{BTreeMap, btree_map};

use crate::model::{Second, Window};

/// A block is 2^16 seconds: what is left of a second within fits into two bytes.
const BITS: u32 = 16;
/// In a list that is so many times longer a way is found to each second; else both are walked along.
const MUCH_LONGER: usize = 6;

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
            merge(list);
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
}

impl FromIterator<Second> for Seconds {
    fn from_iter<I: IntoIterator<Item = Second>>(seconds: I) -> Self {
        let mut set = Self::default();
        seconds.into_iter().for_each(|at| set.insert(at));
        set
    }
}

/// A set on the way down through its blocks.
struct Descent<'a> {
    rest: btree_map::Range<'a, i64, Vec<u16>>,
    /// The highest block that was not passed yet, and what stands in it.
    next: Option<(i64, &'a [u16])>,
}

impl<'a> Descent<'a> {
    /// From a block on down.
    fn of(set: &'a Seconds, from: i64) -> Self {
        let mut descent = Self { rest: set.blocks.range(..=from), next: None };
        descent.pass();
        descent
    }

    fn pass(&mut self) {
        self.next = self.rest.next_back().map(|(block, list)| (*block, &**list));
    }

    /// The highest block up to one, which is never higher than the last one was.
    fn highest(&mut self, to: i64) -> Option<i64> {
        while self.next.is_some_and(|(block, _)| block > to) {
            self.pass();
        }
        self.next.map(|(block, _)| block)
    }

    /// What stands in a block that it has come to.
    fn block(&self, block: i64) -> &'a [u16] {
        self.next.filter(|(next, _)| *next == block).map_or(&[], |(_, list)| list)
    }
}

/// Sets that have to meet, and others that must not be met, on the way down through their blocks.
pub(super) struct Sets<'a> {
    /// Of each group any set will do; the smallest group stands first.
    all: Vec<Vec<Descent<'a>>>,
    none: Vec<Descent<'a>>,
}

impl<'a> Sets<'a> {
    /// From the newest block of a window on down.
    pub(super) fn new(mut all: Vec<Vec<&'a Seconds>>, none: Vec<&'a Seconds>, window: Window) -> Self {
        all.sort_by_key(|any| any.iter().map(|set| set.len()).sum::<usize>());
        let from = highest(window);
        let descents = |sets: Vec<&'a Seconds>| sets.into_iter().map(|set| Descent::of(set, from)).collect();
        Self { all: all.into_iter().map(descents).collect(), none: descents(none) }
    }

    /// The highest block up to one that every group has: each in turn moves the others on.
    fn highest(&mut self, mut to: i64) -> Option<i64> {
        let (groups, mut agreed) = (self.all.len(), 0);
        for n in (0..groups).cycle() {
            let found = self.all[n].iter_mut().filter_map(|set| set.highest(to)).max()?;
            agreed = if found == to { agreed + 1 } else { 1 };
            to = found;
            if agreed >= groups {
                return Some(found);
            }
        }
        None
    }

    /// Puts where they meet within a block that they have come to into an empty list, ascending; `lists` is room for the lists of a group.
    fn meet(&mut self, block: i64, met: &mut Vec<u16>, lists: &mut Vec<&'a [u16]>) {
        let mut all = self.all.iter();
        if let Some(sets) = all.next() {
            sets.iter().for_each(|set| met.extend_from_slice(set.block(block)));
            if sets.len() > 1 {
                merge(met);
            }
        }
        for sets in all {
            if met.is_empty() {
                return;
            }
            lists.clear();
            lists.extend(sets.iter().map(|set| set.block(block)).filter(|list| !list.is_empty()));
            match lists[..] {
                [one] if one.len() < MUCH_LONGER * met.len() => keep_common(met, one),
                _ => keep(met, lists, true),
            }
        }
        for set in &mut self.none {
            set.highest(block);
            keep(met, &mut [set.block(block)], false);
        }
    }
}

/// Keeps what stands in another ascending list, of which every place is looked at: without a branch that could be guessed wrong.
fn keep_common(list: &mut Vec<u16>, other: &[u16]) {
    let (mut from, mut at, mut kept) = (0, 0, 0);
    while from < list.len() && at < other.len() {
        let (one, other) = (list[from], other[at]);
        list[kept] = one;
        kept += usize::from(one == other);
        from += usize::from(one <= other);
        at += usize::from(other <= one);
    }
    list.truncate(kept);
}

/// Keeps what stands in any of other ascending lists, or what does not.
fn keep(list: &mut Vec<u16>, others: &mut [&[u16]], is_wanted: bool) {
    list.retain(|within| others.iter_mut().any(|rest| is_next(rest, *within)) == is_wanted);
}

/// Goes on in an ascending list to what is not below a second, and tells whether that is it.
fn is_next(rest: &mut &[u16], within: u16) -> bool {
    // The next step is as long as the last one was, and doubles: a short list passes a long one in few steps.
    let mut step = 1;
    while step < rest.len() && rest[step] < within {
        step *= 2;
    }
    let near = &rest[..rest.len().min(step + 1)];
    *rest = &rest[near.partition_point(|other| *other < within)..];
    rest.first() == Some(&within)
}

/// Puts ascending lists that follow one another in order, each second once: runs are merged, not sorted anew.
fn merge(lists: &mut Vec<u16>) {
    lists.sort();
    lists.dedup();
}

/// The highest block of a window.
fn highest(window: Window) -> i64 {
    window.below.map_or(i64::MAX, |below| (below.unix() - 1) >> BITS)
}

/// The newest seconds of a window at which any of the meetings takes place, ascending: those of as many blocks as it takes to have
/// `most` of them, or of all. The window is moved below those blocks.
pub(super) fn newest(meetings: &mut [Sets<'_>], window: &mut Window, most: usize) -> Vec<Second> {
    let lowest = window.from.map_or(i64::MIN, |from| split(from).0);
    let mut to = highest(*window);
    let mut newest_first: Vec<Second> = Vec::new();
    let (mut met, mut more, mut lists) = (Vec::new(), Vec::new(), Vec::new());
    while newest_first.len() < most {
        let highest = meetings.iter_mut().filter_map(|sets| sets.highest(to)).max();
        let Some(block) = highest.filter(|block| *block >= lowest) else { break };
        met.clear();
        for sets in &mut *meetings {
            more.clear();
            sets.meet(block, &mut more, &mut lists);
            met.extend_from_slice(&more);
        }
        if meetings.len() > 1 {
            merge(&mut met);
        }
        newest_first.extend(met.iter().rev().map(|within| join(block, *within)).filter(|at| window.holds(*at)));
        to = block - 1;
    }
    if let Some(last) = newest_first.last() {
        window.below = Some(join(split(*last).0, 0));
    }
    newest_first.reverse();
    newest_first
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
            most in 1usize..20, from in proptest::option::of(-80_000i64..80_000), below in proptest::option::of(-80_000i64..1_000_000),
        ) {
            let sets = [&one, &other, &another, &none, &alone].map(set);
            let together = |window| Sets::new(vec![vec![&sets[0]], vec![&sets[1], &sets[2]]], vec![&sets[3]], window);
            let meetings = |window| [together(window), Sets::new(vec![vec![&sets[4]]], vec![], window)];
            let mut window = Window { from: from.map(Second::from_unix), below: below.map(Second::from_unix) };
            let mut met: Vec<i64> = Vec::new();
            loop {
                let seconds = newest(&mut meetings(window), &mut window, most);
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
        keep(&mut kept, &mut [&long], true);
        keep(&mut left, &mut [&long], false);
        assert_eq!((kept, left), (vec![0, 3, 30_000, 59_997], vec![1, 2, 29_999, 59_999, 60_001]));
    }
}
