//! JSON Feed 1.0 and 1.1 (<https://www.jsonfeed.org/version/1.1/>), and what is nearly one.
//!
//! Each item is read by itself, so that one that is wrong costs no other. Values that should be
//! text and are numbers are taken as text. JSON that does not read is mended once: control
//! characters in texts, halves of surrogate pairs, commas too many, and an end that is missing.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::{ParseError, dates::parse_date, feed::MOST_ITEMS, is_web_address};
use crate::model::{DateOrder, RawFeed, RawItem, RawText};

/// A feed, its items still as they are written.
#[derive(Deserialize)]
struct Feed<'a> {
    #[serde(default)]
    version: Value,
    #[serde(default)]
    title: Value,
    #[serde(default)]
    home_page_url: Value,
    #[serde(default)]
    feed_url: Value,
    #[serde(default)]
    hubs: Value,
    #[serde(default)]
    language: Value,
    #[serde(borrow)]
    items: Vec<&'a RawValue>,
}

/// Reads a document.
pub(super) fn read(text: &str, order: DateOrder, notes: &mut Vec<String>) -> Result<RawFeed, ParseError> {
    match serde_json::from_str::<Feed<'_>>(text) {
        Ok(feed) => Ok(from(feed, order, notes)),
        Err(error) => {
            let mended = mend(text);
            let feed = serde_json::from_str::<Feed<'_>>(&mended).map_err(|_| ParseError::Broken(error.to_string()))?;
            notes.push(format!("JSON that does not read: {error}"));
            Ok(from(feed, order, notes))
        }
    }
}

fn from(feed: Feed<'_>, order: DateOrder, notes: &mut Vec<String>) -> RawFeed {
    let version = feed.version.as_str().and_then(|version| version.rsplit('/').next()).filter(|v| v.len() <= 4);
    if feed.items.len() > MOST_ITEMS {
        notes.push(format!("more than {MOST_ITEMS} items; the rest is left out"));
    }
    let (mut lost, mut numbers, mut unread) = (0usize, false, 0usize);
    let mut items = Vec::new();
    for raw in feed.items.iter().take(MOST_ITEMS) {
        match serde_json::from_str::<Value>(raw.get()) {
            Ok(value) if value.is_object() => {
                numbers |= value["id"].is_number();
                items.push(item(&value, order, &mut unread));
            }
            _ => lost += 1,
        }
    }
    if numbers {
        notes.push("ids that are no text".to_owned());
    }
    if lost > 0 {
        notes.push(format!("items that can not be read: {lost}"));
    }
    if unread > 0 {
        notes.push(format!("dates that can not be read: {unread}"));
    }
    RawFeed {
        kind: format!("JSON Feed {}", version.unwrap_or("1.0")),
        title: text(&feed.title).map(RawText::Plain),
        home: text(&feed.home_page_url),
        own: text(&feed.feed_url),
        hub: list(&feed.hubs).iter().find_map(|hub| text(&hub["url"])),
        lang: text(&feed.language),
        items,
        ..RawFeed::default()
    }
}

fn item(value: &Value, order: DateOrder, unread: &mut usize) -> RawItem {
    let mut date = |key: &str| {
        let written = text(&value[key])?;
        let date = parse_date(&written, order);
        *unread += usize::from(date.is_none());
        date
    };
    let (published, updated) = (date("date_published"), date("date_modified"));
    let html = text(&value["content_html"]).map(RawText::Html);
    // 1.0 has one `author`, 1.1 has `authors`.
    let authors = list(&value["authors"]).iter().chain(value["author"].as_object().map(|_| &value["author"]));
    let attachment = |attached: &Value| {
        let length = attached["size_in_bytes"].as_f64().map(|bytes| bytes as u64);
        Some((text(&attached["url"])?, text(&attached["mime_type"]), length))
    };
    let id = text(&value["id"]);
    let link = text(&value["url"]).or_else(|| text(&value["external_url"]));
    RawItem {
        link: link.or_else(|| id.clone().filter(|id| is_web_address(id))),
        id,
        title: text(&value["title"]).map(RawText::Plain),
        summary: text(&value["summary"]).map(RawText::Plain),
        content: html.or_else(|| text(&value["content_text"]).map(RawText::Plain)),
        published,
        updated: updated.filter(|updated| published != Some(*updated)),
        lang: text(&value["language"]),
        authors: authors.filter_map(|author| text(&author["name"]).or_else(|| author.as_str().map(str::to_owned))).collect(),
        categories: list(&value["tags"]).iter().filter_map(|tag| Some((text(tag)?, None, None))).collect(),
        enclosures: list(&value["attachments"]).iter().filter_map(attachment).collect(),
        image: text(&value["image"]).or_else(|| text(&value["banner_image"])),
        ..RawItem::default()
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// A text, or a number as text; neither when nothing is in it.
fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => Cow::Borrowed(text.trim()),
        Value::Number(number) => Cow::Owned(number.to_string()),
        _ => return None,
    };
    (!text.is_empty()).then(|| text.into_owned())
}

/// The text with what JSON forbids written as it allows, cut after the last whole item when the end is missing.
fn mend(text: &str) -> String {
    let mut mended = String::with_capacity(text.len());
    let mut open: Vec<char> = Vec::new();
    // Where the last item ended: the length of what was mended until then.
    let mut whole: Option<usize> = None;
    let mut in_text = false;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let mut length = c.len_utf8();
        match c {
            '\\' if in_text => {
                let escape = escape(rest);
                mended.push_str(&escape.0);
                length = escape.1;
            }
            '"' => {
                in_text = !in_text;
                mended.push(c);
            }
            c if in_text && c < ' ' => mended.push_str(&format!("\\u{:04x}", u32::from(c))),
            c if in_text => mended.push(c),
            ',' if rest[1..].trim_start().starts_with([']', '}', ',']) => {}
            '{' | '[' => {
                open.push(c);
                mended.push(c);
            }
            '}' | ']' => {
                open.pop();
                mended.push(c);
                if c == '}' && open == ['{', '['] {
                    whole = Some(mended.len());
                }
            }
            c => mended.push(c),
        }
        rest = &rest[length..];
        if open.is_empty() && whole.is_some() {
            break;
        }
    }
    if !open.is_empty()
        && let Some(whole) = whole
    {
        mended.truncate(whole);
        mended.push_str("]}");
    }
    mended
}

/// The escape that a text begins with, and its length; half a surrogate pair becomes U+FFFD.
fn escape(text: &str) -> (Cow<'_, str>, usize) {
    let unit = |at: usize| {
        let hex = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(hex, 16).ok()
    };
    match unit(0) {
        Some(0xD800..=0xDBFF) if matches!(unit(6), Some(0xDC00..=0xDFFF)) => (Cow::Borrowed(&text[..12]), 12),
        Some(0xD800..=0xDFFF) => (Cow::Borrowed("\\ufffd"), 6),
        Some(_) => (Cow::Borrowed(&text[..6]), 6),
        None => match text[1..].chars().next() {
            Some(c) if "\"\\/bfnrt".contains(c) => (Cow::Borrowed(&text[..2]), 2),
            // A backslash that escapes nothing stands for itself.
            _ => (Cow::Borrowed("\\\\"), 1),
        },
    }
}
