//! The journal written anew, as short as it can be.
//!
//! What is written is what the view holds, and only when that is, story by story, what the journal tells: the older segments
//! are removed afterwards, and what they said is then said nowhere else. Deliberately absent: how it is written (`journal`).

use std::sync::Arc;

use super::{ApplyError, Desk, Hand};
use crate::{
    journal::{Compacted, JournalError},
    verify::differences,
};

impl From<JournalError> for ApplyError {
    fn from(error: JournalError) -> Self {
        Self::Journal(Arc::new(error))
    }
}

impl Desk {
    /// Writes the journal anew. Looks wait meanwhile; readers do not.
    pub async fn compact(&self) -> Result<Compacted, ApplyError> {
        self.have(Hand::compact).await
    }
}

impl Hand {
    fn compact(&mut self) -> Result<Compacted, ApplyError> {
        let now = self.begin()?;
        self.write_round()?;
        let differences = differences(&self.store, &self.journal).map_err(|error| self.failed(error))?;
        if let Some(first) = differences.first() {
            return Err(ApplyError::Differ { count: differences.len(), first: first.clone() });
        }
        let (before, store) = (self.journal.bounds().last, self.store.clone());
        let rest = store.rest().map_err(|error| self.failed(error))?;
        let stories = store.stories().map(|story| story.map_err(|error| ApplyError::Store(Arc::new(error))));
        let compacted = self.journal.compact(stories, rest, now)?;
        self.follow(before + 1)?;
        Ok(compacted)
    }

    /// Has the view take in what is in the journal since a record.
    fn follow(&mut self, from: u64) -> Result<(), ApplyError> {
        for record in self.journal.read_from(from) {
            if let Err(error) = self.store.apply(&record?) {
                return Err(self.broke(error));
            }
        }
        Ok(())
    }
}
