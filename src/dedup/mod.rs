//! Which story an item belongs to, and where it stands.
//!
//! Everything here is a function of its arguments: what is known is looked up by the roof and
//! handed in, and so is the present. What is decided is written into the journal and never
//! computed again. In this version an item is known again by its identity within its source and
//! by its canonical link; near texts and translations are deliberately absent.

mod agree;
mod decide;
mod place;

pub use agree::{agree, differ_materially};
pub use decide::{Candidates, Decision, Teller, decide, entry_id, story_id};
pub use place::{Arrival, HANDFUL, Wanted, places, wanted};

use crate::model::Item;

/// What the roof has to look up before [`decide`] can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keys<'a> {
    /// The item's identity within its source.
    pub upstream: &'a str,
    /// Its canonical link, under which other sources may tell the same page.
    pub link: Option<&'a str>,
}

/// The keys under which an item's story may already be known.
pub fn keys(item: &Item) -> Keys<'_> {
    Keys { upstream: &item.upstream.id, link: item.canonical.as_deref() }
}
