//! How often each client may have something made: a bucket of tokens for each, emptied by asking and filled by time.
//!
//! Of a bucket only one thing is known, the moment when it is full again (the generic cell rate algorithm, ITU-T I.371 §A): who
//! has asked for nothing lately is not in the table at all. Deliberately absent: a clock, and who is a client.

use std::{
    collections::{BTreeSet, HashMap},
    net::IpAddr,
    num::NonZeroU32,
    time::{Duration, Instant},
};

/// The time in which an empty bucket becomes full.
const WHOLE: Duration = Duration::from_secs(60);

/// The buckets that are not full.
pub(super) struct Allowances {
    most: usize,
    /// When each is full again.
    full: HashMap<IpAddr, Instant>,
    /// The same, the fullest first.
    by_time: BTreeSet<(Instant, IpAddr)>,
}

impl Allowances {
    /// A table of so many clients at most.
    pub(super) fn new(most: usize) -> Self {
        Self { most, full: HashMap::new(), by_time: BTreeSet::new() }
    }

    /// Takes one token of those that a client has each minute, or says how long it takes until there is one. It may take those of a
    /// minute at once.
    pub(super) fn take(&mut self, client: IpAddr, each_minute: NonZeroU32, now: Instant) -> Result<(), Duration> {
        while let Some((_, full)) = self.by_time.first().filter(|(full, _)| *full <= now).copied() {
            self.set(full, None);
        }
        let full = self.full.get(&client).map_or(now, |full| *full) + WHOLE / each_minute.get();
        let wait = full.saturating_duration_since(now + WHOLE);
        if !wait.is_zero() {
            return Err(wait);
        }
        if self.full.len() >= self.most && !self.full.contains_key(&client) {
            // Whoever has the most left loses the least by being forgotten.
            let fullest = self.by_time.first().map(|(_, client)| *client);
            fullest.into_iter().for_each(|fullest| self.set(fullest, None));
        }
        self.set(client, Some(full));
        Ok(())
    }

    /// Puts a token back that bought nothing.
    pub(super) fn give_back(&mut self, client: IpAddr, each_minute: NonZeroU32) {
        let full = self.full.get(&client).and_then(|full| full.checked_sub(WHOLE / each_minute.get()));
        full.into_iter().for_each(|full| self.set(client, Some(full)));
    }

    fn set(&mut self, client: IpAddr, full: Option<Instant>) {
        let before = match full {
            Some(full) => self.full.insert(client, full),
            None => self.full.remove(&client),
        };
        if let Some(before) = before {
            self.by_time.remove(&(before, client));
        }
        if let Some(full) = full {
            self.by_time.insert((full, client));
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn client(n: u8) -> IpAddr {
        [198, 51, 100, n].into()
    }

    const SIX: NonZeroU32 = NonZeroU32::new(6).unwrap();

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_minutes_worth_is_there_at_once_and_then_one_after_the_other() {
        let (mut table, begin) = (Allowances::new(10), Instant::now());
        let mut take = |n, after| table.take(client(n), SIX, begin + seconds(after));
        assert_eq!([0; 6].map(|after| take(1, after)), [Ok(()); 6]);
        assert_eq!((take(1, 0), take(1, 7)), (Err(seconds(10)), Err(seconds(3))), "being refused costs nothing");
        assert_eq!(take(2, 7), Ok(()), "each has its own");
        assert_eq!((take(1, 10), take(1, 10), take(1, 20)), (Ok(()), Err(seconds(10)), Ok(())));
        // Nobody saves up for more than a minute.
        assert_eq!([1_000; 6].map(|after| take(1, after)), [Ok(()); 6]);
        assert_eq!(take(1, 1_000), Err(seconds(10)));
        assert_eq!(table.full.len(), 1, "whoever owes nothing is not held");
    }

    #[test]
    fn a_token_that_bought_nothing_is_put_back() {
        let (mut table, now) = (Allowances::new(10), Instant::now());
        (0..6).for_each(|_| table.take(client(1), SIX, now).unwrap());
        table.give_back(client(1), SIX);
        table.give_back(client(2), SIX);
        assert_eq!((table.take(client(1), SIX, now), table.take(client(1), SIX, now)), (Ok(()), Err(seconds(10))));
    }

    #[test]
    fn the_table_has_an_end_and_who_asked_most_is_not_forgotten() {
        let (mut table, now) = (Allowances::new(3), Instant::now());
        (0..6).for_each(|_| table.take(client(1), SIX, now).unwrap());
        for n in 2..=100 {
            assert_eq!(table.take(client(n), SIX, now), Ok(()));
            assert_eq!((table.full.len(), table.by_time.len()), (usize::from(n).min(3), usize::from(n).min(3)));
        }
        assert_eq!(table.take(client(1), SIX, now), Err(seconds(10)));
    }
}
