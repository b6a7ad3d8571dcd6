//! What is known of each source, newer than what is written down.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::model::{SourceId, SourceState};

/// What is known of each source. Cheap to clone.
#[derive(Clone, Default)]
pub struct Register {
    states: Arc<Mutex<BTreeMap<SourceId, SourceState>>>,
}

impl Register {
    /// A register that begins with what was written down.
    pub fn new(states: impl IntoIterator<Item = SourceState>) -> Self {
        let states = states.into_iter().map(|state| (state.source.clone(), state)).collect();
        Self { states: Arc::new(Mutex::new(states)) }
    }

    /// The state of one source.
    pub fn get(&self, id: &SourceId) -> Option<SourceState> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    /// The states of all sources that were ever looked at.
    pub fn all(&self) -> BTreeMap<SourceId, SourceState> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn set(&self, state: SourceState) {
        self.states.lock().unwrap_or_else(PoisonError::into_inner).insert(state.source.clone(), state);
    }
}
