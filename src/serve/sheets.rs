//! Answers that are made of all stories or of the sources, kept as long as they are true, or a little longer when they took long.
//!
//! Whoever asks again and again costs a small share of one processor: one thread makes an answer while the others wait for it,
//! and only a few are made at once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::http::HeaderMap;
use tokio::sync::Semaphore;

use super::{
    App,
    answer::Wish,
    cache::Finished,
    gate::{Asker, Unmade},
};
use crate::store::StoreError;

/// An answer is kept for this many times as long as it took to make, also when a story came meanwhile.
const KEPT: u32 = 10;
/// Answers that are kept at most.
const MOST: usize = 64;
/// Answers that are made at once.
const AT_ONCE: usize = 2;

/// Where one answer is kept. Held while it is made.
type Slot = Arc<tokio::sync::Mutex<Option<Made>>>;

/// The answers that are kept, by what they are of.
pub(super) struct Sheets {
    slots: Mutex<HashMap<String, Slot>>,
    at_once: Semaphore,
}

struct Made {
    finished: Arc<Finished>,
    /// The last record that it knows of; nothing where it goes by the clock.
    applied: Option<u64>,
    day: chrono::NaiveDate,
    at: Instant,
    took: Duration,
}

/// What an answer depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Depends {
    /// On what is in the store, and on the day.
    OnStories,
    /// On the moment.
    OnTheMoment,
}

impl Default for Sheets {
    fn default() -> Self {
        Self { slots: Mutex::default(), at_once: Semaphore::new(AT_ONCE) }
    }
}

impl Sheets {
    /// Forgets all: they were made by another configuration.
    pub(super) fn clear(&self) {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn slot(&self, name: &str) -> Slot {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= MOST && !slots.contains_key(name) {
            slots.clear();
        }
        slots.entry(name.to_owned()).or_default().clone()
    }
}

impl App {
    /// The answer of that name, made now when it is not at hand and the asker may have it made, and what it would like of it.
    pub(super) async fn sheet(
        self: &Arc<Self>,
        name: &str,
        depends: Depends,
        (asked, asker): (&HeaderMap, Asker),
        make: impl FnOnce(&Self) -> Result<Vec<u8>, StoreError> + Send + 'static,
    ) -> Result<(Arc<Finished>, Wish), Unmade> {
        let slot = self.sheets.slot(name);
        let mut kept = slot.lock().await;
        let (applied, day) = ((depends == Depends::OnStories).then(|| self.store.applied()), (self.clock)().day());
        let is_true = |made: &Made| {
            let is_as_it_was = applied.is_some() && made.applied == applied;
            made.day == day && (is_as_it_was || made.at.elapsed() < made.took * KEPT)
        };
        let made = match kept.take().filter(is_true) {
            Some(made) => made,
            None => {
                let place = self.gate.pass(asker).await?;
                // It is never closed.
                let _turn = self.sheets.at_once.acquire().await;
                let (app, begun) = (self.clone(), Instant::now());
                let bytes = super::workshop().make(move || {
                    let _place = place;
                    make(&app)
                });
                let bytes = bytes.await.unwrap_or(Err(StoreError::Damaged { what: "something that a page was to show" }))?;
                let finished = Arc::new(Finished::new(bytes, (self.clock)()));
                Made { finished, applied, day, at: Instant::now(), took: begun.elapsed() }
            }
        };
        let made = kept.insert(made);
        let wish = Wish::of(&made.finished, asked, None);
        if !wish.is_known() {
            let begun = Instant::now();
            if made.finished.code(wish.coding).await {
                made.took += begun.elapsed();
            }
        }
        Ok((made.finished.clone(), wish))
    }
}
