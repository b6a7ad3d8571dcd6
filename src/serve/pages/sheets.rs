//! Pages that are made of all stories or of the sources, kept as long as they are true, or a little longer when they took long.
//!
//! Whoever asks again and again costs a small share of one processor: one thread makes a page while the others wait for it, and
//! only a few pages are made at once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::sync::Semaphore;

use super::Ui;
use crate::{
    serve::{App, cache::Finished},
    store::StoreError,
};

/// A page is kept for this many times as long as it took to make, also when a story came meanwhile.
const KEPT: u32 = 10;
/// Pages that are kept at most.
const MOST: usize = 64;
/// Pages that are made at once.
const AT_ONCE: usize = 2;

/// What is told: its address below the base, and in which language.
pub(in crate::serve) type Name = (String, Ui);

/// The pages that are kept.
pub(in crate::serve) struct Sheets {
    slots: Mutex<HashMap<Name, Arc<tokio::sync::Mutex<Option<Made>>>>>,
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

/// What a page depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::serve) enum Depends {
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
    pub(in crate::serve) fn clear(&self) {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    fn slot(&self, name: &Name) -> Arc<tokio::sync::Mutex<Option<Made>>> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.len() >= MOST && !slots.contains_key(name) {
            slots.clear();
        }
        slots.entry(name.clone()).or_default().clone()
    }
}

impl App {
    /// The page of that name, made now when it is not at hand.
    pub(in crate::serve) async fn sheet(
        self: &Arc<Self>,
        name: Name,
        depends: Depends,
        make: impl FnOnce(&Self) -> Result<String, StoreError> + Send + 'static,
    ) -> Result<Arc<Finished>, StoreError> {
        let slot = self.sheets.slot(&name);
        let mut made = slot.lock().await;
        let (applied, day) = ((depends == Depends::OnStories).then(|| self.store.applied()), (self.clock)().day());
        let is_true = |made: &Made| {
            let is_as_it_was = applied.is_some() && made.applied == applied;
            made.day == day && (is_as_it_was || made.at.elapsed() < made.took * KEPT)
        };
        if let Some(made) = made.as_ref().filter(|made| is_true(made)) {
            return Ok(made.finished.clone());
        }
        // It is never closed.
        let _turn = self.sheets.at_once.acquire().await;
        let (app, begun) = (self.clone(), Instant::now());
        let html = tokio::task::spawn_blocking(move || make(&app)).await;
        let html = html.map_err(|_| StoreError::Damaged { what: "something that a page was to show" }).and_then(|html| html)?;
        let finished = Arc::new(Finished::new(html.into_bytes(), (self.clock)()));
        *made = Some(Made { finished: finished.clone(), applied, day, at: Instant::now(), took: begun.elapsed() });
        Ok(finished)
    }
}
