//! Lists of subscriptions: OPML 1.0, 1.1 and 2.0.
//!
//! A list comes from a stranger's news reader. It is read in one pass and never as a whole tree:
//! entities that a list declares are not expanded, nothing that it names is fetched, and its
//! length, outlines and depth have limits. An address is handed on as it was written; whoever
//! subscribes judges it. Deliberately absent: outlines that are no feeds (notes, includes of
//! other lists), which are handed on without an address so that nobody misses them in silence.

use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};

use super::{decode, sniff::what_is};
use crate::{html, model::Subscription, text};

/// The longest list, in bytes: ten thousand outlines of a real list take three million.
pub const LONGEST_LIST: usize = 8 << 20;
/// Outlines in one list at most, folders too. Who reads ten thousand feeds has split them already.
const MOST_OUTLINES: usize = 10_000;
/// Outlines within outlines: real lists have two or three levels, and each feed names all of its folders.
const DEEPEST: usize = 16;
/// The longest title, folder or category, in characters.
const LONGEST_NAME: usize = 200;
/// Categories of one feed at most.
const MOST_CATEGORIES: usize = 20;

/// What a list holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Opml {
    /// Its feeds, in order.
    pub subscriptions: Vec<Subscription>,
    /// Where the list ends in disorder: what follows there was not read.
    pub broken: Option<String>,
}

/// Why a list is not read at all.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpmlError {
    /// It is something else.
    #[error("this is {0}, and no OPML list")]
    NotAList(String),
    /// It is longer than any list should be.
    #[error("the list is longer than {} MiB; split it", LONGEST_LIST >> 20)]
    TooLong,
    /// It holds more outlines than any list should.
    #[error("the list holds more than {MOST_OUTLINES} outlines; split it")]
    TooMany,
    /// Its outlines are nested deeper than any list's should be.
    #[error("the outlines are nested more than {DEEPEST} deep; flatten the list")]
    TooDeep,
    /// It declares entities of its own, which no news reader does.
    #[error("the list declares entities of its own (<!DOCTYPE … [ … ]>), which are never expanded; take the declaration out")]
    Declares,
}

/// An outline that is still open.
struct Open {
    name: String,
    /// Whether it is a feed, or holds outlines.
    is_something: bool,
}

/// Reads a list.
pub fn opml(body: &[u8]) -> Result<Opml, OpmlError> {
    if body.len() > LONGEST_LIST {
        return Err(OpmlError::TooLong);
    }
    let (text, _) = decode::decode(body, None);
    let mut reader = Reader::from_str(&text);
    let config = reader.config_mut();
    config.check_end_names = false;
    config.allow_unmatched_ends = true;
    config.allow_dangling_amp = true;
    let (mut list, mut open, mut count) = (Opml::default(), Vec::<Open>::new(), 0);
    let mut is_list = false;
    loop {
        let event = match reader.read_event() {
            Ok(Event::Eof) => break,
            Ok(event) => event,
            Err(error) => {
                list.broken = Some(format!("byte {}: {error}", reader.error_position()));
                break;
            }
        };
        match &event {
            Event::DocType(declared) if declared.contains('[') => return Err(OpmlError::Declares),
            Event::Start(element) | Event::Empty(element) if !is_list => {
                if !element.local_name().as_ref().eq_ignore_ascii_case("opml") {
                    break;
                }
                is_list = true;
            }
            Event::Start(element) | Event::Empty(element) if is_outline(element.local_name().as_ref()) => {
                count += 1;
                if count > MOST_OUTLINES {
                    return Err(OpmlError::TooMany);
                }
                if let Some(around) = open.last_mut() {
                    around.is_something = true;
                }
                let read = subscription(element, &open);
                let (name, is_feed) = (read.title.clone(), !read.feed.is_empty());
                let is_whole = matches!(event, Event::Empty(_));
                if is_feed || is_whole {
                    list.subscriptions.push(read);
                }
                if !is_whole {
                    open.push(Open { name, is_something: is_feed });
                }
                if open.len() > DEEPEST {
                    return Err(OpmlError::TooDeep);
                }
            }
            Event::End(element) if is_outline(element.local_name().as_ref()) => {
                // It held neither an address nor outlines.
                if let Some(Open { name, is_something: false }) = open.pop() {
                    list.subscriptions.push(Subscription { title: name, folder: folder(&open), ..Subscription::default() });
                }
            }
            _ => {}
        }
    }
    if is_list { Ok(list) } else { Err(OpmlError::NotAList(what_is(body, text.trim_start()))) }
}

fn is_outline(name: &str) -> bool {
    name.eq_ignore_ascii_case("outline")
}

fn folder(open: &[Open]) -> Vec<String> {
    open.iter().map(|open| open.name.clone()).filter(|name| !name.is_empty()).collect()
}

/// What an outline says of itself. Names are compared without regard to case: readers write `xmlUrl`, `xmlURL` and `xmlurl`.
fn subscription(element: &BytesStart<'_>, open: &[Open]) -> Subscription {
    let (mut read, mut text_of_it, mut kind, mut address) = (Subscription::default(), String::new(), String::new(), String::new());
    for attribute in element.html_attributes().with_checks(false).flatten() {
        let value = text::one_line(&resolve(&attribute.value));
        let name = |value: &str| text::shorten(value, LONGEST_NAME);
        match attribute.key.as_ref().to_ascii_lowercase().as_str() {
            "xmlurl" => read.feed = value,
            "url" => address = value,
            "htmlurl" => read.home = Some(value).filter(|home| !home.is_empty()),
            "title" => read.title = name(&value),
            "text" => text_of_it = name(&value),
            "type" => kind = value,
            "language" => read.lang = value.parse().ok(),
            "category" => {
                let each = value.split(',').map(|category| name(category.trim())).filter(|category| !category.is_empty());
                read.categories = each.take(MOST_CATEGORIES).collect();
            }
            _ => {}
        }
    }
    if read.feed.is_empty() && matches!(kind.to_ascii_lowercase().as_str(), "rss" | "atom") {
        read.feed = address;
    }
    if read.title.is_empty() {
        read.title = text_of_it;
    }
    read.folder = folder(open);
    read
}

/// The text that an attribute's value stands for: the five entities of XML and numbers are resolved, and nothing else is.
fn resolve(value: &str) -> String {
    let mut resolved = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(at) = rest.find('&') {
        resolved.push_str(&rest[..at]);
        rest = &rest[at..];
        let named = html::reference(rest).and_then(|name| Some((name, character(name)?)));
        match named {
            Some((name, c)) => {
                resolved.push(c);
                rest = &rest[name.len() + 2..];
            }
            None => {
                resolved.push('&');
                rest = &rest[1..];
            }
        }
    }
    resolved.push_str(rest);
    resolved
}

fn character(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let digits = name.strip_prefix('#')?;
            let code = match digits.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => digits.parse(),
            };
            char::from_u32(code.ok()?)
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use proptest::prelude::*;

    use super::*;

    fn read(body: &str) -> Vec<(String, String, String)> {
        let list = opml(format!("<opml version=\"1.0\"><body>{body}</body></opml>").as_bytes()).unwrap();
        assert_eq!(list.broken, None);
        list.subscriptions.into_iter().map(|read| (read.folder.join("/"), read.title, read.feed)).collect()
    }

    fn row(folder: &str, title: &str, feed: &str) -> (String, String, String) {
        (folder.to_owned(), title.to_owned(), feed.to_owned())
    }

    #[test]
    fn folders_are_followed_and_leaves_without_an_address_are_told() {
        let body = r#"<outline text="News"><outline text="UN" title=""><outline text="A" title="B" xmlUrl="http://a/"/></outline>
            <outline TEXT="C" xmlURL='http://c/'></outline><outline text="later"/><outline text="empty"></outline></outline>
            <outline text="D" xmlurl="http://d/"><outline text="E" type="RSS" url="http://e/"/></outline><outline type="link" text="F" url="http://f/"/>"#;
        assert_eq!(
            read(body),
            [
                row("News/UN", "B", "http://a/"),
                row("News", "C", "http://c/"),
                row("News", "later", ""),
                row("News", "empty", ""),
                row("", "D", "http://d/"),
                row("D", "E", "http://e/"),
                row("", "F", ""),
            ]
        );
    }

    #[test]
    fn what_writers_of_lists_forget_does_no_harm() {
        let body = r#"<outline text="R&D &amp; caf&eacute; &#x41;&#66;" xmlUrl="http://a/?x=1&y=2&amp;z=3"></body>"#;
        assert_eq!(read(body), [row("", "R&D & caf&eacute; AB", "http://a/?x=1&y=2&z=3")]);
        assert_eq!(read("<outline text=x xmlUrl=http://a/x></outline>"), [row("", "x", "http://a/x")]);
    }

    #[test]
    fn a_list_that_breaks_off_gives_what_came_before() {
        let list = opml(b"<opml><body><outline text='A' xmlUrl='http://a/'/><outline text='B' xmlUr").unwrap();
        assert_eq!(list.subscriptions.len(), 1);
        assert!(list.broken.unwrap().starts_with("byte "));
    }

    #[test]
    fn what_no_list_should_be_is_refused() {
        let nested = format!("<opml><body>{}", "<outline text='x'>".repeat(1_000_000 / 20));
        assert_eq!(opml(nested.as_bytes()), Err(OpmlError::TooDeep));
        let long = format!("<opml><body>{}", "<outline text='x' xmlUrl='http://a/'/>".repeat(100_000));
        assert_eq!(opml(long.as_bytes()), Err(OpmlError::TooMany));
        assert_eq!(opml(&vec![b' '; LONGEST_LIST + 1]), Err(OpmlError::TooLong));
        let page = opml(b"<!DOCTYPE html><html><head><title>Hello</title>");
        assert_eq!(page, Err(OpmlError::NotAList("an HTML page titled \u{201C}Hello\u{201D}".to_owned())));
        let secret = br#"<?xml version="1.0"?><!DOCTYPE opml [<!ENTITY x SYSTEM "file:///etc/passwd">]><opml><body><outline text="&x;" xmlUrl="http://a/"/></body></opml>"#;
        assert_eq!(opml(secret), Err(OpmlError::Declares));
        assert!(opml(b"<!DOCTYPE opml SYSTEM 'http://a/opml.dtd'><opml/>").is_ok());
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn no_list_makes_the_reader_break_off(list in r#"(<opml>|</?outline( text='[a-z&]{0,3}'| xmlUrl="[a-z:/&;]{0,5}"| type=rss| url=x){0,3}/?>|<!--|-->|<!DOCTYPE [a-z\[]{0,3}>|<\?|<!\[CDATA\[|&#x?[0-9a-f]{0,9};|[<>&;"'=/ ]|\PC){0,40}"#) {
            if let Ok(list) = opml(format!("<opml>{list}").as_bytes()) {
                let texts = list.subscriptions.iter().flat_map(|feed| [&feed.feed, &feed.title]);
                prop_assert!(texts.into_iter().all(|text| *text == text::one_line(text)));
            }
        }
    }
}
