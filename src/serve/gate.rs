//! Before something is made for a reader: whether this one has asked for too much, and whether too much is being made.
//!
//! What is at hand passes by. What has to be made costs its client a token, and takes one of a few places; who finds none waits a
//! moment, as one of not too many. A place belongs to the work and not to the request, so that hanging up frees none early.
//!
//! Clients on this machine are not counted: they are its own programs, or readers behind a proxy that was not named as trusted, who
//! would all be one. Deliberately absent: what is done for the house itself, which is bounded where it begins.

use std::{
    net::IpAddr,
    num::NonZeroU32,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use arc_swap::ArcSwap;
use axum::http::HeaderMap;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, timeout_at},
};

use super::{
    allowance::Allowances,
    client::{self, Peer},
};
use crate::{
    meters::{Meters, Turned},
    model::Ranges,
    store::StoreError,
};

/// Clients that are told apart at most.
const CLIENTS: usize = 10_000;
/// Readers that wait for a place at most.
const WAITING: usize = 64;
/// The longest that one waits, since it asked.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// What readers may ask for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Allowed {
    /// Answers a minute that have to be made for one client; nothing where that is not counted.
    pub misses_per_minute: Option<NonZeroU32>,
    /// The proxies that say which client asks.
    pub trusted_proxies: Ranges,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Unmade {
    /// The store could not give what is in it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The client has asked for too much.
    #[error("more than {most} answers a minute that have to be made are too many for one address; ask again in {} s", seconds(*wait))]
    TooOften {
        /// What it may ask for within a minute.
        most: NonZeroU32,
        /// When it can ask again.
        wait: Duration,
    },
    /// More is asked for at once than can be made.
    #[error("more is asked for at once than can be made; ask again in a second")]
    TooMany,
}

/// A time in whole seconds, at least one.
pub(super) fn seconds(wait: Duration) -> u64 {
    wait.as_millis().div_ceil(1_000).try_into().unwrap_or(u64::MAX).max(1)
}

/// For whom something is made.
#[derive(Debug, Clone, Copy)]
pub(super) enum Asker {
    /// One who came by HTTP at that moment; its address, if it is counted.
    Reader(Option<IpAddr>, Instant),
    /// The daemon itself.
    House,
}

/// A place to make something at, as long as it is held.
pub(super) struct Place {
    _permit: Option<OwnedSemaphorePermit>,
}

impl Place {
    /// One that takes no reader's.
    pub(super) fn of_the_house() -> Self {
        Self { _permit: None }
    }
}

/// The gate.
pub(super) struct Gate {
    allowed: ArcSwap<Allowed>,
    allowances: Mutex<Allowances>,
    places: Arc<Semaphore>,
    line: Semaphore,
    meters: Meters,
}

impl Gate {
    /// One with so many places. Nobody is counted yet.
    pub(super) fn new(places: usize, meters: Meters) -> Self {
        Self {
            allowed: ArcSwap::default(),
            allowances: Mutex::new(Allowances::new(CLIENTS)),
            places: Arc::new(Semaphore::new(places)),
            line: Semaphore::new(WAITING),
            meters,
        }
    }

    /// Lets readers have so much from now on.
    pub(super) fn allow(&self, allowed: Allowed) {
        self.allowed.store(Arc::new(allowed));
    }

    /// Who asks now. Whoever is not counted has no address.
    pub(super) fn asker(&self, peer: Option<&Peer>, headers: &HeaderMap) -> Asker {
        let allowed = self.allowed.load();
        let client = peer.filter(|_| allowed.misses_per_minute.is_some());
        let client = client.map(|Peer(peer)| client::client(*peer, headers, &allowed.trusted_proxies));
        Asker::Reader(client.filter(|client| !client.is_loopback()).map(client::house), Instant::now())
    }

    /// Takes a token of whoever asks.
    pub(super) fn charge(&self, asker: Asker) -> Result<(), Unmade> {
        let (Asker::Reader(Some(client), _), Some(most)) = (asker, self.allowed.load().misses_per_minute) else { return Ok(()) };
        self.allowances().take(client, most, std::time::Instant::now()).map_err(|wait| {
            self.meters.turned(Turned::TooOften);
            Unmade::TooOften { most, wait }
        })
    }

    /// Lets whoever asks have something made: a place for it, or why not.
    pub(super) async fn pass(&self, asker: Asker) -> Result<Place, Unmade> {
        let Asker::Reader(client, since) = asker else { return Ok(Place::of_the_house()) };
        self.charge(asker)?;
        let permit = self.place(since + LONGEST_WAIT).await;
        if permit.is_none() {
            if let (Some(client), Some(most)) = (client, self.allowed.load().misses_per_minute) {
                self.allowances().give_back(client, most);
            }
            self.meters.turned(Turned::TooMany);
        }
        permit.map(|permit| Place { _permit: Some(permit) }).ok_or(Unmade::TooMany)
    }

    async fn place(&self, until: Instant) -> Option<OwnedSemaphorePermit> {
        let places = self.places.clone();
        if let Ok(permit) = places.clone().try_acquire_owned() {
            return Some(permit);
        }
        let _in_line = self.line.try_acquire().ok()?;
        timeout_at(until, places.acquire_owned()).await.ok()?.ok()
    }

    fn allowances(&self) -> std::sync::MutexGuard<'_, Allowances> {
        self.allowances.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn asking(client: Option<u8>) -> Asker {
        Asker::Reader(client.map(|n| [198, 51, 100, n].into()), Instant::now())
    }

    #[test]
    fn places_are_few_and_a_line_for_them_has_an_end_in_number_and_in_time() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let gate = Arc::new(Gate::new(1, Meters::default()));
            gate.allow(Allowed { misses_per_minute: NonZeroU32::new(1), ..Allowed::default() });
            let first = gate.pass(asking(None)).await.unwrap();
            assert!(gate.pass(Asker::House).await.is_ok(), "the house is not in line");
            let long_ago = Asker::Reader(Some([198, 51, 100, 1].into()), Instant::now().checked_sub(LONGEST_WAIT).unwrap());
            for _ in 0..3 {
                assert!(matches!(gate.pass(long_ago).await, Err(Unmade::TooMany)), "who got nothing has paid nothing");
            }
            let mut waiting: tokio::task::JoinSet<_> = (0..WAITING)
                .map(|_| {
                    let gate = gate.clone();
                    async move { gate.pass(asking(None)).await.is_ok() }
                })
                .collect();
            while gate.line.available_permits() > 0 {
                tokio::task::yield_now().await;
            }
            assert!(matches!(gate.pass(asking(None)).await, Err(Unmade::TooMany)), "the line is full");
            drop(first);
            let mut passed = 0;
            while let Some(is_in) = waiting.join_next().await {
                passed += usize::from(is_in.unwrap());
            }
            assert_eq!(passed, WAITING, "each has the place in turn");
            assert!(gate.pass(asking(Some(1))).await.is_ok());
            assert!(matches!(gate.pass(asking(Some(1))).await, Err(Unmade::TooOften { .. })));
        });
    }

    #[test]
    fn a_wait_is_told_in_whole_seconds() {
        let told = [0, 1, 1_000, 1_001, 59_999].map(|millis| seconds(Duration::from_millis(millis)));
        assert_eq!(told, [1, 1, 1, 2, 60]);
    }
}
