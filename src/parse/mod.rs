//! Reading what publishers sent: RSS 0.9x, 1.0 and 2.0, Atom 0.3 and 1.0, JSON Feed 1.0 and 1.1.
//!
//! The format is found in the content; names and media types are not believed. A document is
//! first decoded to UTF-8 and read as it is; when that fails it is repaired once and read again,
//! then item by item, so that one bad entry never costs the good ones; and when nothing helps the
//! error says what was sent instead of a feed. Deliberately absent: trust. Markup, links and
//! dates come out as they were sent; `clean` makes them fit to be kept.

mod dates;
mod decode;
mod discover;
mod opml;
mod propose;
mod rank;
mod read;
mod repair;

use std::panic::{AssertUnwindSafe, catch_unwind};

pub use dates::parse_date;
pub use discover::{Behind, How, Lead, behind};
pub use opml::{LONGEST_LIST, Opml, OpmlError, opml};
pub use propose::{Proposal, propose};
pub use rank::{Merit, rank};
use url::Url;

use crate::model::RawFeed;

/// Items in one document at most: the reader takes a kilobyte of memory for each, however empty.
const MOST_ITEMS: usize = 10_000;

/// Why a document could not be read. The text says what was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// The document is something else.
    #[error("the publisher sent {0} instead of a feed")]
    NotAFeed(String),
    /// It is a feed, too broken to be read even in part.
    #[error("the feed is broken beyond repair: {0}")]
    Broken(String),
    /// It holds more items than any feed should.
    #[error("the feed holds {items} items, more than {MOST_ITEMS}")]
    TooMany {
        /// How many.
        items: usize,
    },
}

/// Reads a document. `content_type` is the HTTP header, `base` the address it came from.
pub fn parse(body: &[u8], content_type: Option<&str>, base: &Url) -> Result<RawFeed, ParseError> {
    let (text, mut notes) = decode::decode(body, content_type);
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}');
    if !looks_like_a_feed(text) {
        return Err(ParseError::NotAFeed(what_is(body, text)));
    }
    let items = text.matches("<item").count() + text.matches("<entry").count();
    if items > MOST_ITEMS {
        return Err(ParseError::TooMany { items });
    }
    if text.starts_with('{') {
        return read::json(text, base, &mut notes).map(|feed| RawFeed { repaired: notes, ..feed });
    }
    let plain = repair::without_declaration(text);
    let updated = repair::old_formats(plain);
    let first = guarded(|| read::xml(&updated, base));
    let why = match first {
        Ok(feed) if !feed.items.is_empty() || items == 0 => return Ok(RawFeed { repaired: notes, ..feed }),
        Ok(_) => "no item could be read".to_owned(),
        Err(why) => why,
    };
    let mended = repair::repair(&updated, &mut notes);
    let again = guarded(|| read::xml(&mended, base));
    if let Ok(feed) = again
        && (!feed.items.is_empty() || items == 0)
    {
        return Ok(RawFeed { repaired: notes, ..feed });
    }
    let (mut feed, mut lost) = (RawFeed::default(), 0);
    for part in repair::one_by_one(&mended) {
        match guarded(|| read::xml(&part, base)) {
            Ok(mut part) => {
                let items = std::mem::take(&mut part.items);
                let mut all = std::mem::take(&mut feed.items);
                all.extend(items);
                feed = RawFeed { items: all, ..part };
            }
            Err(_) => lost += 1,
        }
    }
    if feed.items.is_empty() {
        return Err(ParseError::Broken(why));
    }
    notes.push(format!("items read one by one, {lost} lost"));
    Ok(RawFeed { repaired: notes, ..feed })
}

/// A reader that breaks off must not take the daemon with it.
fn guarded(read: impl FnOnce() -> Result<RawFeed, String>) -> Result<RawFeed, String> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err("the reader broke off".to_owned()))
}

fn looks_like_a_feed(text: &str) -> bool {
    if text.starts_with('{') {
        return text.contains("\"items\"") || text.contains("jsonfeed.org");
    }
    let head: String = text.chars().take(20_000).collect::<String>().to_ascii_lowercase();
    ["<rss", "<feed", "<rdf:rdf", "<rdf ", ":feed"].iter().any(|root| head.contains(root)) && text.contains('<')
}

/// What was sent, for people.
fn what_is(body: &[u8], text: &str) -> String {
    let lower = text.chars().take(4_000).collect::<String>().to_ascii_lowercase();
    let title = || {
        let (_, rest) = lower.split_once("<title").and_then(|(_, rest)| rest.split_once('>'))?;
        let from = lower.len() - rest.len();
        let length = rest.find('<')?;
        let title = crate::text::one_line(&crate::html::text_of(text.get(from..from + length)?));
        (!title.is_empty()).then(|| format!(" titled “{}”", crate::text::shorten(&title, 80)))
    };
    match body {
        [] => "an empty body".to_owned(),
        _ if text.is_empty() => "a blank body".to_owned(),
        [0x89, b'P', b'N', b'G', ..] => "a PNG image".to_owned(),
        [0xFF, 0xD8, ..] => "a JPEG image".to_owned(),
        [b'G', b'I', b'F', b'8', ..] => "a GIF image".to_owned(),
        [b'%', b'P', b'D', b'F', ..] => "a PDF document".to_owned(),
        [0x1F, 0x8B, ..] => "a gzip file".to_owned(),
        [b'P', b'K', 3, 4, ..] => "a zip file".to_owned(),
        _ if lower.contains("<!doctype html") || lower.contains("<html") => {
            let kind = if lower.contains("type=\"password\"") { "a login page" } else { "an HTML page" };
            format!("{kind}{}", title().unwrap_or_default())
        }
        _ if text.starts_with('{') || text.starts_with('[') => "JSON that is no JSON Feed".to_owned(),
        _ if lower.contains("<opml") => "an OPML list".to_owned(),
        _ if lower.contains("<urlset") || lower.contains("<sitemapindex") => "a site map".to_owned(),
        _ => format!("something that begins “{}”", crate::text::shorten(&crate::text::one_line(text), 40)),
    }
}
