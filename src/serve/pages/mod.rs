//! Pages for people: what there is to read, why it is there, and how to subscribe to it.
//!
//! A page is made by the daemon and needs no script, no cookie and nothing from elsewhere; a few lines of script make some of it
//! more convenient. Its words come in four languages, by the browser's wish or by `ui=` in the address, which stays in every
//! link and is no part of the filter. Links between pages have no host in them, so that a page works wherever it is reached;
//! addresses to subscribe to begin with the public one.
//! Deliberately absent: pictures that publishers serve, which would tell them who reads what.

pub(super) mod assets;
pub(super) mod build;
pub(super) mod editing;
pub(super) mod form;
mod frame;
mod kept;
mod map;
mod rows;
pub(super) mod status;
pub(super) mod stories;
pub(super) mod story;
mod subscribe;
mod told;
mod trends;
mod ui;
mod words;
mod world;
pub(super) mod wrong;

pub(super) use form::Filled;
pub(super) use frame::{Frame, Place};
pub(super) use ui::Ui;
pub(super) use words::Words;

use super::{Asked, Publishing, Wrong};

/// What a picture was asked to show: the last month on the map, unless another time is said, and everything in trends.
pub(super) fn picture(filled: &form::Filled, publishing: &Publishing, which: &str) -> Result<Asked, Wrong> {
    let since = (which == "map").then_some(map::USUAL);
    filled.asked_since(since, publishing)
}
