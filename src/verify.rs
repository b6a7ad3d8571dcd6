//! Whether journal and view are whole, and agree.

use serde_json::{Value, json};

use crate::{
    journal::{self, Journal},
    store::{self, Store, StoreError},
};

/// What a full check of both found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The last sequence in the journal.
    pub last: u64,
    /// What the journal holds.
    pub journal: journal::Report,
    /// What the view holds.
    pub store: store::Report,
}

impl Verdict {
    /// Whether both are whole and the view has all that the journal has.
    pub fn agrees(&self) -> bool {
        self.journal.problems.is_empty() && self.store.problems.is_empty() && self.last == self.store.applied
    }

    /// What was found, a row each.
    pub fn rows(&self) -> Vec<Value> {
        let problems = |list: Vec<String>| Value::from(list);
        let lost: Vec<String> = self.journal.problems.iter().map(|(file, what)| format!("{}: {what}", file.display())).collect();
        vec![
            json!({ "part": "journal", "records": self.journal.records, "segments": self.journal.segments, "bytes": self.journal.bytes, "last": self.last, "problems": problems(lost) }),
            json!({ "part": "store", "stories": self.store.stories, "editions": self.store.editions, "applied": self.store.applied, "problems": problems(self.store.problems.clone()) }),
        ]
    }
}

/// Reads every frame of the journal and every key of the view.
pub fn verify(store: &Store, journal: &Journal) -> Result<Verdict, StoreError> {
    Ok(Verdict { last: journal.bounds().last, journal: journal.verify(), store: store.verify()? })
}
