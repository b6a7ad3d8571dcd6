//! From what a publisher sent to what we keep: text is text, links are absolute, markup is safe.
//!
//! Cleaning twice changes nothing, and takes time in proportion to what was sent. Deliberately
//! absent: a clock, and any judgement of what an item is about or belongs to.

mod link;

use chrono::{DateTime, Utc};
pub use link::{canonical, follow};
use url::Url;

use crate::{
    html::{self, SafeHtml},
    model::{Category, Enclosure, Item, Lang, RawFeed, RawItem, RawText, Retraction, Second, SourceId, Upstream},
    text,
};

/// The longest summary, in characters: what a reader takes in at a glance.
const SUMMARY: usize = 600;
/// The longest title, in characters.
const TITLE: usize = 500;
/// How many bytes of a text's words are looked at first: they nearly always hold a summary.
const LOOKED_AT: usize = 2 * SUMMARY;
/// Categories, authors and enclosures of one item at most.
const MOST: usize = 50;
/// The longest id that is kept as it is, in bytes: as long as an address that works everywhere. Some publishers put the item itself there.
const LONGEST_ID: usize = 2048;
/// A date before this is a slip (1990-01-01).
const EARLIEST: i64 = 631_152_000;

/// Where an item comes from.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// The source.
    pub source: &'a SourceId,
    /// The address of the document, which relative links are relative to.
    pub base: &'a Url,
    /// The language tag that the feed declares.
    pub feed_lang: Option<&'a str>,
}

/// Why an item is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dropped {
    /// It has neither title, link nor text; here is what it has.
    Empty(Box<Item>),
}

/// Makes an item fit to be kept.
pub fn clean(raw: RawItem, origin: &Origin<'_>) -> Result<Item, Dropped> {
    let base = raw.base.as_ref().unwrap_or(origin.base);
    let title = text::shorten(&text::one_line(&raw.title.as_ref().map(title_words).unwrap_or_default()), TITLE);
    let link = raw.link.as_deref().and_then(|link| follow(link, base));
    let content = raw.content.as_ref().map(|content| safe(content, base)).filter(|content| !content.as_str().is_empty());
    let description = raw.summary.as_ref().map(|summary| safe(summary, base));
    // The beginning tells enough: it is shortened, and differs from whatever is short.
    let words = |html: &SafeHtml| {
        let first = text::one_line(&html.first_words(LOOKED_AT));
        if first.chars().count() > SUMMARY || html.as_str().len() < LOOKED_AT { first } else { text::one_line(&html.to_text()) }
    };
    let told = description.as_ref().map(words).filter(|told| !told.is_empty() && *told != title);
    // Many feeds have their whole text in the description: then it is content as well.
    let content = content.or_else(|| description.filter(|_| told.as_ref().is_some_and(|told| told.chars().count() > SUMMARY)));
    let body = content.as_ref().map(words);
    let summary = told.or_else(|| body.clone()).filter(|summary| *summary != title).unwrap_or_default();
    let content = content.filter(|content| {
        body.as_ref() != Some(&summary)
            || summary.chars().count() > SUMMARY
            || content.as_str().contains("<a ")
            || content.as_str().contains("<img ")
    });
    let summary = text::shorten(&summary, SUMMARY);
    let is_empty = title.is_empty() && link.is_none() && summary.is_empty() && content.is_none();
    let canonical = link.as_ref().map(canonical);
    let published = raw.published.map(Second::of).filter(|at| at.unix() >= EARLIEST);
    let upstream = upstream(raw.id.as_deref(), canonical.as_deref(), &title, published, &summary);
    let absolute = |address: &str| follow(address, base).map(String::from);
    let item = Item {
        source: origin.source.clone(),
        upstream,
        link: link.map(String::from),
        canonical,
        title,
        summary,
        content,
        published,
        updated: raw.updated.map(Second::of).filter(|at| at.unix() >= EARLIEST),
        lang: raw.lang.as_deref().and_then(|lang| lang.parse().ok()),
        feed_lang: origin.feed_lang.and_then(|lang| lang.parse::<Lang>().ok()),
        authors: distinct(raw.authors.iter().map(|author| text::one_line(&html::text_of(author))).filter(|author| !author.is_empty())),
        categories: distinct(raw.categories.iter().filter_map(category)),
        enclosures: enclosures(raw.enclosures.into_iter().filter_map(|(url, media_type, length)| {
            Some(Enclosure { url: absolute(&url)?, media_type: media_type.filter(|t| text::is_media_type(t)), length })
        })),
        image: raw.image.as_deref().and_then(absolute),
        point: raw.point,
        rights: raw.rights.as_ref().map(|rights| text::one_line(&title_words(rights))).filter(|rights| !rights.is_empty()),
    };
    if is_empty { Err(Dropped::Empty(Box::new(item))) } else { Ok(item) }
}

/// What a document says is taken back, under the ids that its items are kept by.
pub fn retractions(feed: &RawFeed) -> Vec<Retraction> {
    let told = |(id, when): &(String, Option<DateTime<Utc>>)| {
        let id = guid(id)?.id;
        Some(Retraction { id, when: when.map(Second::of).filter(|at| at.unix() >= EARLIEST) })
    };
    feed.retracted.iter().filter_map(told).collect()
}

/// The words of a text that should be one line. RSS does not say whether its titles are markup: those that look like it are.
fn title_words(raw: &RawText) -> String {
    match raw {
        RawText::Plain(text) => text.clone(),
        RawText::Html(markup) => {
            // A title such as `a < b &amp; c`: the references are markup, the sign is not.
            let tame = html::escape_bare_signs(markup);
            let has_reference = || markup.match_indices('&').any(|(at, _)| html::reference(&markup[at..]).is_some());
            if tame.contains('<') || has_reference() { html::text_of(&tame) } else { markup.clone() }
        }
    }
}

fn safe(raw: &RawText, base: &Url) -> SafeHtml {
    match raw {
        RawText::Plain(text) => SafeHtml::from_text(text.trim()),
        RawText::Html(markup) => SafeHtml::sanitise(markup, Some(base)),
    }
}

/// An item's identity within its source as the item itself tells it: what the publisher calls it, else where it is, else what it is.
///
/// White space in an id does not count, letter case does (RFC 4287 §4.2.6.1). Whether the id can be believed, only other items can tell (`dedup`).
fn upstream(id: Option<&str>, canonical: Option<&str>, title: &str, published: Option<Second>, summary: &str) -> Upstream {
    match (id.and_then(guid), canonical) {
        (Some(guid), _) => guid,
        (None, Some(link)) => Upstream::link(link.to_owned()),
        (None, None) => Upstream::given(title, published, summary),
    }
}

/// The key that an id of the publisher's is kept as; nothing when it is empty.
fn guid(id: &str) -> Option<Upstream> {
    let id = text::one_line(id);
    let kept = if id.len() > LONGEST_ID { format!("blake3:{}", blake3::hash(id.as_bytes()).to_hex()) } else { id };
    (!kept.is_empty()).then(|| Upstream::guid(kept))
}

fn category((term, scheme, label): &(String, Option<String>, Option<String>)) -> Option<Category> {
    let line = |text: &str| text::shorten(&text::one_line(&html::text_of(text)), 100);
    let (term, label) = (line(term), label.as_deref().map(line).filter(|label| !label.is_empty()));
    let scheme = scheme.as_deref().map(text::one_line).filter(|scheme| !scheme.is_empty());
    (!term.is_empty()).then_some(Category { term, scheme, label })
}

/// The first of each, as many as are kept.
fn distinct<T: PartialEq>(values: impl Iterator<Item = T>) -> Vec<T> {
    let mut kept = Vec::new();
    for value in values {
        if !kept.contains(&value) {
            kept.push(value);
        }
        if kept.len() == MOST {
            break;
        }
    }
    kept
}

/// Each address once: what is told of it in one place completes what is told in another.
fn enclosures(told: impl Iterator<Item = Enclosure>) -> Vec<Enclosure> {
    let mut kept: Vec<Enclosure> = Vec::new();
    for enclosure in told {
        let has_room = kept.len() < MOST;
        match kept.iter_mut().find(|known| known.url == enclosure.url) {
            Some(known) => {
                known.media_type = known.media_type.take().or(enclosure.media_type);
                known.length = known.length.or(enclosure.length);
            }
            None if has_room => kept.push(enclosure),
            None => {}
        }
    }
    kept
}
