//! Which story an item belongs to, and where it stands.
//!
//! Everything here is a function of its arguments: what is known is looked up by the roof and
//! handed in, and so is the present. What is decided is written into the journal and never
//! computed again. An item is known again within its source by id, link and text; it joins other
//! sources' stories by canonical link, by text, by figures, and as a translation. Deliberately absent:
//! any look at what is kept; and joining or parting stories that are there already, unless an editor says so (`acts`).

mod acts;
mod agree;
mod decide;
mod guard;
mod judge;
mod known;
mod likeness;
mod near;
mod place;
mod rest;
mod retract;
mod revisions;
mod sketch;
mod survey;
mod tokens;
mod translation;
mod window;

pub use acts::{
    BY_RULE, Parted, Unfit, WAIT_IS_OVER, hide, join, one_of_all, open, place_anew, release, say_labels, split, withdraw, without,
};
pub use agree::{agree, differ_materially};
pub use decide::{Also, Candidates, Decision, Own, Teller, decide, entry_id, refile, story_id};
pub use known::{By, Match, Recognition, exact_pairs, is_one_place, other_scheme, recognise};
pub use likeness::Telling;
pub use near::{Kinship, compare, relate};
pub use place::{Arrival, HANDFUL, Limit, Wanted, places, wanted};
pub use rest::{erased, is_wordless, pruned, resting, silenced};
pub use retract::{retract, tell_anew};
pub use sketch::{Sketch, dated};
pub use survey::{Survey, survey};
pub use window::{AGE, MOST, Sought, Trace, Traces, Window, is_old};
