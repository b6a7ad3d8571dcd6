//! From a well-formed document to a [`RawFeed`]. The only place that knows feed-rs.

use std::time::Duration;

use feed_rs::{
    model::{Entry, Feed, FeedType, Link, Text},
    parser::Builder,
};
use serde_json::Value;
use url::Url;

use super::{ParseError, dates::parse_date};
use crate::model::{Hints, RawFeed, RawItem, RawText};

/// A publisher may ask for this much quiet at most; a slip of the pen is not to silence a source.
const LONGEST_QUIET: Duration = Duration::from_hours(7 * 24);

/// Reads XML that is well formed.
pub(super) fn xml(text: &str, base: &Url) -> Result<RawFeed, String> {
    let feed = read(text, base)?;
    let hints = hints(text, feed.ttl);
    Ok(from_feed(feed, hints))
}

/// Reads JSON Feed 1.0 or 1.1; ids that are numbers are taken as text.
pub(super) fn json(text: &str, base: &Url, notes: &mut Vec<String>) -> Result<RawFeed, ParseError> {
    let strict = read(text, base);
    let feed = match strict {
        Ok(feed) => feed,
        Err(why) => {
            let mut value: Value = serde_json::from_str(text).map_err(|_| ParseError::Broken(why.clone()))?;
            mend(&mut value);
            notes.push("ids that are no text".to_owned());
            read(&value.to_string(), base).map_err(|_| ParseError::Broken(why))?
        }
    };
    Ok(from_feed(feed, Hints::default()))
}

/// What JSON Feed wants as text is made text.
fn mend(value: &mut Value) {
    if value["version"].as_str().is_none_or(|version| !version.contains("jsonfeed.org")) {
        value["version"] = "https://jsonfeed.org/version/1.1".into();
    }
    if !value["title"].is_string() {
        value["title"] = "".into();
    }
    for item in value["items"].as_array_mut().into_iter().flatten() {
        for key in ["id", "url", "title", "date_published", "date_modified", "language"] {
            if let Some(number) = item.get(key).filter(|value| value.is_number()) {
                item[key] = number.to_string().into();
            }
        }
        let keep = |key: &str, value: &Value| !value.is_null() || !["id", "title", "url"].contains(&key);
        if let Some(item) = item.as_object_mut() {
            item.retain(|key, value| keep(key, value));
        }
    }
}

fn read(text: &str, base: &Url) -> Result<Feed, String> {
    let reader = Builder::new()
        .base_uri(Some(base.as_str()))
        .sanitize_content(false)
        // An id that a library makes up is no identity: it moves with the title.
        .id_generator(|_, _, _| String::new())
        .timestamp_parser(parse_date)
        .build();
    reader.parse(text.as_bytes()).map_err(|error| error.to_string())
}

fn from_feed(feed: Feed, hints: Hints) -> RawFeed {
    let is_rss = matches!(feed.feed_type, FeedType::RSS0 | FeedType::RSS1 | FeedType::RSS2);
    let is_json = feed.feed_type == FeedType::JSON;
    let kind = match feed.feed_type {
        FeedType::Atom => "Atom",
        FeedType::JSON => "JSON Feed",
        FeedType::RSS0 => "RSS 0.9x",
        FeedType::RSS1 => "RSS 1.0",
        FeedType::RSS2 => "RSS 2.0",
    };
    let home = feed.links.iter().find(|link| link.rel.as_deref().is_none_or(|rel| rel == "alternate")).map(|link| link.href.clone());
    RawFeed {
        kind: kind.to_owned(),
        title: feed.title.map(|title| text_of(title, is_rss)),
        home,
        lang: feed.language.filter(|lang| !lang.trim().is_empty()),
        hints,
        items: feed.entries.into_iter().map(|entry| item(entry, is_rss, is_json)).collect(),
        repaired: Vec::new(),
    }
}

fn item(entry: Entry, is_rss: bool, is_json: bool) -> RawItem {
    let id = Some(entry.id.trim().to_owned()).filter(|id| !id.is_empty());
    // The reader gives attachments of JSON Feed as links without a relation, but with a type.
    let is_attached =
        |link: &Link| link.rel.as_deref() == Some("enclosure") || (is_json && link.rel.is_none() && link.media_type.is_some());
    let is_alternate =
        |link: &Link| link.target.is_none() && !is_attached(link) && link.rel.as_deref().is_none_or(|rel| rel == "alternate");
    let alternate = entry.links.iter().find(|link| is_alternate(link));
    let link = alternate.map(|link| link.href.trim().to_owned()).filter(|href| !href.is_empty());
    // RSS 2.0: a guid is a permalink unless it says otherwise.
    let link = link.or_else(|| id.clone().filter(|id| is_rss && id.starts_with("http")));
    let mut enclosures: Vec<(String, Option<String>, Option<u64>)> =
        entry.links.iter().filter(|link| is_attached(link)).map(|link| (link.href.clone(), link.media_type.clone(), link.length)).collect();
    let mut image = None;
    for media in &entry.media {
        for content in &media.content {
            let Some(url) = &content.url else { continue };
            let media_type = content.content_type.as_ref().map(ToString::to_string);
            if !enclosures.iter().any(|(known, _, _)| known == url.as_str()) {
                enclosures.push((url.to_string(), media_type, content.size));
            }
        }
        image = image.or_else(|| media.thumbnails.first().map(|thumbnail| thumbnail.image.uri.clone()));
    }
    let content = entry.content.and_then(|content| {
        let body = content.body?;
        let is_html = content.content_type.subty() != "plain";
        Some(if is_html { RawText::Html(body) } else { RawText::Plain(body) })
    });
    let person = |person: feed_rs::model::Person| person.name.filter(|name| !name.trim().is_empty()).or(person.email);
    RawItem {
        id,
        title: entry.title.map(|title| text_of(title, is_rss)),
        link,
        summary: entry.summary.map(|summary| text_of(summary, is_rss)),
        content,
        published: entry.published,
        updated: entry.updated.filter(|updated| entry.published != Some(*updated)),
        lang: entry.language.filter(|lang| !lang.trim().is_empty()),
        authors: entry.authors.into_iter().filter_map(person).collect(),
        categories: entry.categories.into_iter().map(|category| (category.term, category.scheme, category.label)).collect(),
        enclosures,
        image,
        rights: entry.rights.map(|rights| text_of(rights, is_rss)),
        base: entry.base.and_then(|base| Url::parse(&base).ok()),
    }
}

/// RSS never says what its text is, and most of it is markup.
fn text_of(text: Text, is_rss: bool) -> RawText {
    if is_rss || text.content_type.subty() != "plain" { RawText::Html(text.content) } else { RawText::Plain(text.content) }
}

/// How seldom a feed would like to be asked: `ttl`, `skipHours`, `skipDays` (RSS 2.0), `sy:updatePeriod` (RSS 1.0 Syndication).
fn hints(text: &str, ttl: Option<u32>) -> Hints {
    const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let head = text.split("<item").next().unwrap_or_default();
    let ttl = ttl.map(|minutes| Duration::from_secs(u64::from(minutes) * 60));
    let period = within(head, "sy:updatePeriod").next().and_then(|period| match period.trim() {
        "hourly" => Some(1),
        "daily" => Some(24),
        "weekly" => Some(7 * 24),
        "monthly" => Some(30 * 24),
        "yearly" => Some(365 * 24),
        _ => None,
    });
    let frequency = within(head, "sy:updateFrequency").next().and_then(|n| n.trim().parse::<u32>().ok()).unwrap_or(1).max(1);
    let period = period.map(|hours| Duration::from_hours(hours) / frequency);
    let hours = within(head, "skipHours").flat_map(|hours| within(hours, "hour")).filter_map(|hour| hour.trim().parse::<u32>().ok());
    let days = within(head, "skipDays").flat_map(|days| within(days, "day"));
    let days = days.filter_map(|day| DAYS.iter().position(|name| day.trim().eq_ignore_ascii_case(name)));
    Hints {
        quiet_for: ttl.max(period).map(|quiet| quiet.min(LONGEST_QUIET)).filter(|quiet| !quiet.is_zero()),
        skip_hours: hours.fold(0, |bits, hour| bits | 1 << (hour % 24)),
        skip_days: days.fold(0, |bits, day| bits | 1 << day),
    }
}

/// The insides of every element of that name.
fn within<'a>(text: &'a str, name: &str) -> impl Iterator<Item = &'a str> + use<'a> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let parts: Vec<&str> = text.split(&open).skip(1).filter_map(|rest| rest.split_once(&close).map(|(inner, _)| inner)).collect();
    parts.into_iter()
}
