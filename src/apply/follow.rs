//! Who wants to be told of changes, written down.
//!
//! Deliberately absent: who may, and for how long (`websub`).

use super::{ApplyError, Desk, Hand};
use crate::model::{Body, Draft, Followed};

impl Desk {
    /// Writes who wants to be told of changes, and who no more.
    pub async fn note_followed(&self, followed: Followed) -> Result<(), ApplyError> {
        self.have(move |hand| hand.note_followed(followed)).await
    }
}

impl Hand {
    fn note_followed(&mut self, followed: Followed) -> Result<(), ApplyError> {
        let now = self.begin()?;
        let key = format!("followed/{now}/{}", self.journal.bounds().last + 1);
        self.write(&[Draft { at: now, key, body: Body::Followed(followed) }])
    }
}
