//! Reading what publishers sent: RSS 0.90 to 2.0, Atom 0.3 and 1.0, JSON Feed 1.0 and 1.1.
//!
//! The format is found in the content; names and media types are not believed. A document is
//! decoded to UTF-8 and read once, by a reader that reads well-formed XML as XML says, goes on
//! where it is not, and notes what it had to tolerate: so that one bad entry never costs the good
//! ones, and a feed that is mended is known to be. When nothing helps the error says what was sent instead
//! of a feed. Deliberately absent: trust. Markup, links and dates come out as they were
//! sent; `clean` makes them fit to be kept.

mod dates;
mod decode;
mod discover;
mod feed;
mod json;
mod names;
mod opml;
mod page;
mod propose;
mod rank;
mod sniff;
mod tokens;

use std::panic::{AssertUnwindSafe, catch_unwind};

pub use dates::parse_date;
pub use decode::decode;
pub use discover::{Behind, How, Lead, behind};
pub use opml::{LONGEST_LIST, Opml, OpmlError, opml};
pub use page::{Listing, PageError, detail, is_same_host, listing};
pub use propose::{FEWEST, Proposal, propose};
pub use rank::{Merit, rank};
use tokens::Notes;
use url::Url;

use crate::{
    model::{DateOrder, RawFeed},
    text,
};

/// Why a document could not be read. The text says what was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// The document is something else.
    #[error("the publisher sent {0} instead of a feed")]
    NotAFeed(String),
    /// It is a feed, too broken to be read even in part.
    #[error("the feed is broken beyond repair: {0}")]
    Broken(String),
    /// It is a page, and not a listing that the source's selectors read.
    #[error(transparent)]
    Page(#[from] PageError),
}

/// What is known of a document beside its bytes.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// `Content-Type` as it was sent; only its charset is looked at.
    pub content_type: Option<&'a str>,
    /// The address it came from, which relative addresses are relative to.
    pub base: &'a Url,
    /// How its dates of three numbers are meant.
    pub dates: DateOrder,
}

/// Reads a document.
pub fn parse(body: &[u8], about: &About<'_>) -> Result<RawFeed, ParseError> {
    let (text, mut notes) = decode(body, about.content_type);
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}');
    if text.starts_with('{') {
        let is_feed = text.contains("\"items\"") || text.contains("jsonfeed.org");
        let read = is_feed.then(|| guarded(|| json::read(text, about.dates, &mut notes)));
        return read.unwrap_or_else(|| Err(not_a_feed(body, text))).map(|feed| RawFeed { repaired: notes, ..feed });
    }
    if text::has_controls(text) {
        notes.push("characters that XML forbids".to_owned());
    }
    let notes = Notes::new(notes);
    let feed = guarded(|| feed::read(text, about.base, about.dates, &notes).ok_or_else(|| not_a_feed(body, text)))?;
    let repaired = notes.into_inner();
    // An end that is missing before anything was told is no empty feed.
    if feed.items.is_empty() && repaired.iter().any(|note| note == "cut off") {
        return Err(ParseError::Broken("it is cut off before the end of its first item".to_owned()));
    }
    Ok(RawFeed { repaired, ..feed })
}

/// Whether an id is an address as well.
fn is_web_address(id: &str) -> bool {
    id.get(..4).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http"))
}

fn not_a_feed(body: &[u8], text: &str) -> ParseError {
    ParseError::NotAFeed(sniff::what_is(body, text))
}

/// A reader that breaks off must not take the daemon with it.
fn guarded(read: impl FnOnce() -> Result<RawFeed, ParseError>) -> Result<RawFeed, ParseError> {
    catch_unwind(AssertUnwindSafe(read))
        .unwrap_or_else(|_| Err(ParseError::Broken("the reader broke off; please report this feed".to_owned())))
}
