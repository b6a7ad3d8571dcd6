//! From text to tags and the text between them, whatever is wrong with them.
//!
//! A strict tokeniser stops at the first fault, and so loses the feed that we are here to read.
//! This one goes on: a `<` that begins no tag is text, a tag that never ends is cut at the next
//! one, a CDATA section that is cut off is text to the end. On well-formed XML it gives what XML
//! says. Each fault is noted once; a document without notes was well formed as far as it was read.
//!
//! It borrows everything, and looks at each byte a bounded number of times. Deliberately absent:
//! document types and entities of their own, which are passed over and so can neither be expanded
//! nor lead anywhere; and any check that tags match, which is for whoever knows what they mean.

use std::{borrow::Cow, cell::RefCell, collections::HashMap};

use crate::{html, text, text::find};

/// Names of HTML's character references are at most this many, misspelt ones included; what is beyond stays as it is written.
const MOST_NAMES: usize = 2_500;

/// One piece of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// `<name attributes>` or `<name attributes/>`.
    Start(Tag<'a>),
    /// `</name>`.
    End(&'a str),
    /// Text as it is written: references are not decoded.
    Text(&'a str),
    /// The inside of a CDATA section: nothing in it is to be decoded.
    Cdata(&'a str),
}

/// A start tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tag<'a> {
    /// The name as written, prefix and all.
    pub name: &'a str,
    /// What stands between the name and the end.
    pub attributes: &'a str,
    /// Whether it ends itself: `<name/>`.
    pub is_empty: bool,
}

/// A document on its way to be read.
#[derive(Debug, Clone)]
pub(super) struct Tokens<'a> {
    text: &'a str,
    at: usize,
    /// Ends that were searched for and are not there: nobody searches the whole text for them again.
    missing: [bool; 2],
    /// There is one document type; what else begins like one is no reason to look far ahead.
    has_doctype: bool,
}

impl<'a> Tokens<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0, missing: [false; 2], has_doctype: false }
    }

    /// How many bytes are read.
    pub fn at(&self) -> usize {
        self.at
    }

    /// Goes back, or on, to a place that [`at`](Self::at) gave.
    pub fn go_to(&mut self, at: usize) {
        self.at = at;
    }

    /// What stands between two places.
    pub fn between(&self, from: usize, to: usize) -> &'a str {
        &self.text[from..to]
    }

    /// The next piece. Comments, processing instructions and document types are passed over.
    pub fn next(&mut self, notes: &Notes) -> Option<Token<'a>> {
        loop {
            let rest = &self.text[self.at..];
            if rest.is_empty() {
                return None;
            }
            if !rest.starts_with('<') {
                return Some(Token::Text(self.take(find(rest, "<").unwrap_or(rest.len()))));
            }
            match rest.as_bytes().get(1) {
                Some(b'!') if rest.starts_with("<![CDATA[") => {
                    let Some(length) = find(&rest[9..], "]]>") else {
                        notes.add("cut off");
                        self.at = self.text.len();
                        return Some(Token::Cdata(&rest[9..]));
                    };
                    self.at += 9 + length + 3;
                    return Some(Token::Cdata(&rest[9..9 + length]));
                }
                Some(b'!') if rest.starts_with("<!--") => self.skip(4, "-->", 0, notes),
                Some(b'!') => self.skip_declaration(rest),
                Some(b'?') => self.skip(2, "?>", 1, notes),
                Some(b'/') => {
                    let length = rest.bytes().skip(1).position(|b| matches!(b, b'>' | b'<')).map_or(rest.len(), |at| at + 1);
                    let name = rest[2..length].trim();
                    self.at += length;
                    if self.text[self.at..].starts_with('>') {
                        self.at += 1;
                    } else {
                        notes.add("tags that do not end");
                    }
                    return Some(Token::End(name));
                }
                Some(first) if first.is_ascii_alphabetic() || *first == b'_' || *first >= 0x80 => {
                    return Some(Token::Start(self.tag(rest, notes)));
                }
                _ => {
                    notes.add("bare <");
                    let length = find(&rest[1..], "<").map_or(rest.len(), |at| at + 1);
                    return Some(Token::Text(self.take(length)));
                }
            }
        }
    }

    fn take(&mut self, length: usize) -> &'a str {
        let taken = &self.text[self.at..self.at + length];
        self.at += length;
        taken
    }

    /// Passes over what begins here and ends with `end`; what does not end, ends with its tag.
    fn skip(&mut self, from: usize, end: &str, kind: usize, notes: &Notes) {
        let rest = &self.text[self.at..];
        let length = if self.missing[kind] { None } else { find(&rest[from..], end).map(|at| from + at + end.len()) };
        if length.is_none() {
            self.missing[kind] = true;
            notes.add("comments that do not end");
        }
        self.at += length.or_else(|| find(rest, ">").map(|at| at + 1)).unwrap_or(rest.len());
    }

    /// Passes over a document type, with its internal subset (XML 1.0 §2.8).
    fn skip_declaration(&mut self, rest: &str) {
        let end = |from: usize| find(&rest[from..], ">").map(|at| from + at + 1);
        let close = end(0).unwrap_or(rest.len());
        let opens = find(&rest[..close], "[").filter(|_| !self.has_doctype);
        let subset = opens.and_then(|from| end(from + find(&rest[from..], "]")?));
        self.has_doctype = true;
        self.at += subset.unwrap_or(close);
    }

    /// A tag ends with the first `>` outside quotes. Where there is none before the next `<`, the first `>` at all will do, or that `<`.
    fn tag(&mut self, rest: &'a str, notes: &Notes) -> Tag<'a> {
        let bytes = rest.as_bytes();
        let (mut quote, mut first_close) = (None, None);
        let mut at = 1;
        let (end, is_closed) = loop {
            match (bytes.get(at), quote) {
                (None | Some(b'<'), _) => {
                    notes.add("tags that do not end");
                    break first_close.map_or((at, false), |close| (close, true));
                }
                (Some(b'>'), None) => break (at, true),
                (Some(b'>'), Some(_)) => first_close = first_close.or(Some(at)),
                // A quote opens a value only after `=`: elsewhere it is a slip.
                (Some(mark @ (b'"' | b'\'')), None) if rest[..at].trim_end().ends_with('=') => quote = Some(*mark),
                (Some(mark), Some(open)) if *mark == open => quote = None,
                _ => {}
            }
            at += 1;
        };
        let inner = &rest[1..end];
        self.at += end + usize::from(is_closed);
        let (inner, is_empty) = inner.strip_suffix('/').map_or((inner, false), |inner| (inner, true));
        let length = inner.bytes().position(|b| b.is_ascii_whitespace() || b == b'/').unwrap_or(inner.len());
        Tag { name: &inner[..length], attributes: &inner[length..], is_empty }
    }
}

impl<'a> Tag<'a> {
    /// The attributes, values decoded; without quotes or without a value they count as well.
    pub fn attributes(&self, notes: &'a Notes) -> impl Iterator<Item = (&'a str, Cow<'a, str>)> {
        let mut rest = self.attributes;
        std::iter::from_fn(move || {
            rest = rest.trim_start_matches(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '"' | '\'' | '='));
            let length = rest.bytes().position(|b| b == b'=' || b.is_ascii_whitespace()).unwrap_or(rest.len());
            let (name, after) = rest.split_at(length);
            if name.is_empty() {
                return None;
            }
            let Some(value) = after.trim_start().strip_prefix('=') else {
                rest = after;
                notes.add("attributes without a value");
                return Some((name, Cow::Borrowed("")));
            };
            let value = value.trim_start();
            let (value, after) = match value.chars().next() {
                Some(quote @ ('"' | '\'')) => value[1..].split_once(quote).unwrap_or((&value[1..], "")),
                _ => {
                    notes.add("attributes without quotes");
                    value.split_at(value.bytes().position(|b| b.is_ascii_whitespace()).unwrap_or(value.len()))
                }
            };
            rest = after;
            Some((name, notes.decode(value)))
        })
    }

    /// The value of the attribute of that name; prefixes count, the case of letters does not.
    pub fn attribute(&self, name: &str, notes: &'a Notes) -> Option<Cow<'a, str>> {
        self.attributes(notes).find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// What had to be tolerated, each thing once, in the order it was met.
#[derive(Debug, Default)]
pub(super) struct Notes {
    told: RefCell<Vec<String>>,
    /// HTML's character references by name, as they were looked up.
    names: RefCell<HashMap<String, Option<String>>>,
}

impl Notes {
    pub fn new(told: Vec<String>) -> Self {
        Self { told: RefCell::new(told), names: RefCell::default() }
    }

    pub fn add(&self, what: &str) {
        let mut told = self.told.borrow_mut();
        if !told.iter().any(|known| known == what) {
            told.push(what.to_owned());
        }
    }

    pub fn into_inner(self) -> Vec<String> {
        self.told.into_inner()
    }

    /// Character references decoded, once. Names that only HTML knows are known here too; what is no reference stays as it is.
    pub fn decode<'t>(&self, written: &'t str) -> Cow<'t, str> {
        let Some(first) = find(written, "&") else { return Cow::Borrowed(written) };
        let mut decoded = String::with_capacity(written.len());
        decoded.push_str(&written[..first]);
        let mut rest = &written[first..];
        while let Some(inner) = rest.strip_prefix('&') {
            match html::reference(rest) {
                Some(name) if self.write(name, &mut decoded) => rest = &inner[name.len() + 1..],
                _ => {
                    self.add("bare & and unknown entities");
                    decoded.push('&');
                    rest = inner;
                }
            }
            let next = find(rest, "&").unwrap_or(rest.len());
            decoded.push_str(&rest[..next]);
            rest = &rest[next..];
        }
        Cow::Owned(decoded)
    }

    /// Writes the character of a reference, if there is one.
    fn write(&self, name: &str, decoded: &mut String) -> bool {
        decoded.push(match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            _ => match name.strip_prefix('#') {
                Some(number) => match character(number) {
                    Some(c) if text::is_xml_char(c) => c,
                    _ => {
                        self.add("characters that XML forbids");
                        return true;
                    }
                },
                None => return self.write_named(name, decoded),
            },
        });
        true
    }

    fn write_named(&self, name: &str, decoded: &mut String) -> bool {
        self.add("bare & and unknown entities");
        let mut names = self.names.borrow_mut();
        if !names.contains_key(name) {
            if names.len() >= MOST_NAMES {
                return false;
            }
            names.insert(name.to_owned(), html::named_character(name));
        }
        let Some(Some(known)) = names.get(name) else { return false };
        decoded.push_str(known);
        true
    }
}

/// The character of a number. 128 to 159 mean what Windows means by them, as in HTML (WHATWG HTML §13.2.5.80).
fn character(number: &str) -> Option<char> {
    const WINDOWS: [char; 32] = [
        '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8D}', 'Ž', '\u{8F}', '\u{90}', '‘', '’', '“', '”', '•',
        '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9D}', 'ž', 'Ÿ',
    ];
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => number.parse(),
    };
    match code.ok()? {
        code @ 0x80..=0x9F => WINDOWS.get(code as usize - 0x80).copied(),
        code => char::from_u32(code),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;

    fn told(text: &str) -> (String, Vec<String>) {
        let notes = Notes::default();
        let mut tokens = Tokens::new(text);
        let mut told = String::new();
        while let Some(token) = tokens.next(&notes) {
            told.push_str(&match token {
                Token::Start(tag) => {
                    let attributes: Vec<String> = tag.attributes(&notes).map(|(name, value)| format!(" {name}={value}")).collect();
                    format!("[{}{}{}]", tag.name, attributes.concat(), if tag.is_empty { "/" } else { "" })
                }
                Token::End(name) => format!("[/{name}]"),
                Token::Text(text) => notes.decode(text).into_owned(),
                Token::Cdata(text) => format!("{{{text}}}"),
            });
        }
        (told, notes.into_inner())
    }

    #[test]
    fn well_formed_xml_is_read_as_xml_says_and_nothing_is_noted() {
        let xml = r#"<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "y">]><a b="1 &gt; 0" c:d='"'><!-- <x> --><b/>T&#233;xt &amp;amp;<![CDATA[<i> & ]]></a >"#;
        assert_eq!(told(xml), (r#"[a b=1 > 0 c:d="][b/]Téxt &amp;{<i> & }[/a]"#.to_owned(), vec![]));
    }

    #[test]
    fn what_is_broken_is_read_as_it_was_meant_and_noted() {
        for (xml, read, note) in [
            ("<a>R&D &eacute; &unknown; &#150;</a>", "[a]R&D é &unknown; –[/a]", "bare & and unknown entities"),
            ("<a>1 < 2</a>", "[a]1 < 2[/a]", "bare <"),
            ("<a b=c d>x</a>", "[a b=c d=]x[/a]", "attributes without quotes"),
            ("<a b=\"c><d>x</d></a>", "[a b=c][d]x[/d][/a]", "tags that do not end"),
            ("<a b='1'<d>x</d></a", "[a b=1][d]x[/d][/a]", "tags that do not end"),
            ("<a><![CDATA[x", "[a]{x}", "cut off"),
            ("<a>x<!-- y", "[a]x", "comments that do not end"),
            ("<a>&#0;&#x1F;&#xD800;x</a>", "[a]x[/a]", "characters that XML forbids"),
            ("<a>&#X41;</a>", "[a]A[/a]", ""),
            ("<a>x</a><!é", "[a]x[/a]", ""),
        ] {
            let (told, notes) = told(xml);
            assert_eq!((told.as_str(), notes.first().map_or("", String::as_str)), (read, note), "{xml}");
        }
    }
}
