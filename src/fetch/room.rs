//! Room in memory for bodies: all have some, and a few at once have a lot.
//!
//! Most feeds are small. A body that grows beyond [`SMALL`] has to have one of a few large rooms before it
//! goes on, and its reader keeps that until nothing is left of it: so that a thousand hostile publishers
//! take no more memory than a handful. Deliberately absent: several rooms for one, which might wait for each other.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A body up to this length, in bytes, needs no large room.
pub(super) const SMALL: usize = 1 << 20;
/// Large bodies at once.
const LARGE: usize = 6;

/// The large rooms. Cheap to clone.
#[derive(Clone)]
pub(super) struct Rooms(Arc<Semaphore>);

/// The room that a body takes in memory: kept for as long as anything of it is there.
#[derive(Debug, Default)]
pub struct Room(#[allow(dead_code, reason = "given back when it is dropped")] Option<OwnedSemaphorePermit>);

impl Rooms {
    pub(super) fn new() -> Self {
        Self(Arc::new(Semaphore::new(LARGE)))
    }

    /// Makes room for a body of that length; waits for another to go when it is a large one.
    pub(super) async fn make(&self, length: usize, room: &mut Room) {
        if length > SMALL && room.0.is_none() {
            // The rooms are never closed.
            room.0 = self.0.clone().acquire_owned().await.ok();
        }
    }
}
