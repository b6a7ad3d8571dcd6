//! Which story an item belongs to, and where it stands.
//!
//! Everything here is a function of its arguments: what is known is looked up by the roof and
//! handed in, and so is the present. What is decided is written into the journal and never
//! computed again. In this version an item is known again within its source by id, link and text,
//! and joins other sources' stories by canonical link; near texts between sources and translations
//! are deliberately absent.

mod agree;
mod decide;
mod judge;
mod known;
mod likeness;
mod place;
mod survey;

pub use agree::{agree, differ_materially};
pub use decide::{Also, Candidates, Decision, Own, Teller, decide, entry_id, refile, story_id};
pub use known::{By, Match, Recognition, exact_pairs, is_one_place, other_scheme, recognise};
pub use likeness::Telling;
pub use place::{Arrival, HANDFUL, Wanted, places, wanted};
pub use survey::{Survey, survey};
