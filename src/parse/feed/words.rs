//! The inside of an element as text or markup, and the values of its attributes.

use std::borrow::Cow;

use url::Url;

use super::{
    super::tokens::{Notes, Tag, Token, Tokens},
    Reader,
};
use crate::{html, model::RawText, text};

/// What the text of an element was said to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    Plain,
    Html,
    Xhtml,
    Base64,
}

/// The inside of an element.
#[derive(Clone, Copy)]
pub(super) struct Inner<'a> {
    pub raw: &'a str,
    pub has_tags: bool,
    pub has_cdata: bool,
}

impl<'a> Reader<'a> {
    /// The words of an element; tags within are left out.
    pub(super) fn words(&self, inner: Inner<'a>) -> Cow<'a, str> {
        if !inner.has_tags && !inner.has_cdata {
            return self.notes.decode(inner.raw);
        }
        Cow::Owned(self.unwrapped(inner.raw))
    }

    /// Text decoded, CDATA as it is, tags left out.
    fn unwrapped(&self, raw: &str) -> String {
        let mut text = String::with_capacity(raw.len());
        let mut tokens = Tokens::new(raw);
        while let Some(token) = tokens.next(self.notes) {
            match token {
                Token::Text(part) => text.push_str(&self.notes.decode(part)),
                Token::Cdata(part) => text.push_str(part),
                Token::Start(_) | Token::End(_) => {}
            }
        }
        text
    }

    /// A text construct (RFC 4287 §3.1) or RSS's text that may be markup.
    pub(super) fn text(&self, tag: &Tag<'a>, inner: Inner<'a>, default: Said) -> Option<RawText> {
        let said = if tag.attributes.trim().is_empty() { default } else { said(tag, default, self.notes) };
        let text = match said {
            _ if inner.raw.trim().is_empty() => return None,
            Said::Xhtml => RawText::Html(self.markup(inner.raw, said)),
            // Markup that stands where its text should.
            Said::Plain | Said::Html if inner.has_tags => {
                RawText::Html(self.markup(inner.raw, if self.is_atom { said } else { Said::Plain }))
            }
            Said::Plain if self.is_atom => RawText::Plain(self.words(inner).into_owned()),
            // RSS never says what its text is, and most of it is markup.
            Said::Plain | Said::Html => RawText::Html(self.words(inner).into_owned()),
            Said::Base64 => {
                let packed: String = self.words(inner).split_whitespace().collect();
                match text::from_base64(&packed) {
                    Some(text) if default == Said::Plain && !text.contains('<') => RawText::Plain(text),
                    Some(text) => RawText::Html(text),
                    // Only content may be of any type (RFC 4287 §4.1.3.3): a title that says so is text all the same.
                    None if tag.name.ends_with("content") => return None,
                    None => RawText::Plain(self.words(inner).into_owned()),
                }
            }
        };
        let (RawText::Plain(inside) | RawText::Html(inside)) = &text;
        (!inside.trim().is_empty()).then_some(text)
    }

    /// Markup within XML as HTML: prefixes gone, elements that end themselves ended, CDATA as text in XHTML and as markup elsewhere.
    ///
    /// What was said to be HTML is escaped (RFC 4287 §3.1.1.2), whatever stands around it.
    fn markup(&self, raw: &'a str, said: Said) -> String {
        const VOID: [&str; 14] =
            ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"];
        let mut html = String::with_capacity(raw.len() + 16);
        let mut tokens = Tokens::new(raw);
        while let Some(token) = tokens.next(self.notes) {
            match token {
                Token::Start(tag) => {
                    let name = tag.name.rsplit(':').next().unwrap_or_default();
                    html.push('<');
                    html.push_str(name);
                    html.push_str(tag.attributes);
                    html.push('>');
                    if tag.is_empty && !VOID.contains(&name) {
                        html.extend(["</", name, ">"]);
                    }
                }
                Token::End(name) => html.extend(["</", name.rsplit(':').next().unwrap_or_default(), ">"]),
                Token::Text(text) if said == Said::Html => html.push_str(&self.notes.decode(text)),
                Token::Text(text) => html.push_str(text),
                Token::Cdata(text) if said == Said::Xhtml => html.push_str(&html::escape(text)),
                Token::Cdata(text) => html.push_str(text),
            }
        }
        html
    }
}

/// What `type` and `mode` (Atom 0.3) say of a text.
fn said(tag: &Tag<'_>, default: Said, notes: &Notes) -> Said {
    let (mut kind, mut mode) = (None, None);
    for (name, value) in tag.attributes(notes) {
        match name {
            "type" => kind = Some(value.trim().to_ascii_lowercase()),
            "mode" => mode = Some(value.trim().to_ascii_lowercase()),
            _ => {}
        }
    }
    let kind = kind.as_deref().map(|kind| kind.split(';').next().unwrap_or_default().trim());
    let is_escaped = mode.as_deref() == Some("escaped");
    match kind {
        _ if mode.as_deref() == Some("base64") => Said::Base64,
        None | Some("") => default,
        Some("text" | "text/plain") => Said::Plain,
        Some(kind) if kind.contains("xhtml") && !is_escaped => Said::Xhtml,
        Some(kind) if kind.contains("html") => {
            if mode.as_deref() == Some("xml") {
                Said::Xhtml
            } else {
                Said::Html
            }
        }
        Some(kind) if kind.ends_with("/xml") || kind.ends_with("+xml") => {
            if is_escaped {
                Said::Html
            } else {
                Said::Xhtml
            }
        }
        Some(kind) if kind.contains('/') && !kind.starts_with("text/") => Said::Base64,
        _ => default,
    }
}

/// The trimmed text, unless nothing is left of it.
pub(super) fn filled(text: Cow<'_, str>) -> Option<String> {
    let trimmed = text.trim();
    match text {
        _ if trimmed.is_empty() => None,
        Cow::Owned(text) if trimmed.len() == text.len() => Some(text),
        _ => Some(trimmed.to_owned()),
    }
}

/// An attribute by its name without prefix: `rdf:about`, `xml:lang`.
pub(super) fn attribute_in<'a>(tag: &Tag<'a>, local: &str, notes: &'a Notes) -> Option<Cow<'a, str>> {
    if !tag.attributes.contains(local) {
        return None;
    }
    tag.attributes(notes).find(|(name, _)| name.rsplit(':').next() == Some(local)).map(|(_, value)| value)
}

/// Where a link or enclosure leads: `href`, `url`, `uri`.
pub(super) fn address(tag: &Tag<'_>, notes: &Notes) -> Option<String> {
    ["href", "url", "uri"].into_iter().find_map(|name| tag.attribute(name, notes)).and_then(filled)
}

pub(super) fn media_type(tag: &Tag<'_>, notes: &Notes) -> Option<String> {
    tag.attribute("type", notes).and_then(filled)
}

pub(super) fn length(tag: &Tag<'_>, name: &str, notes: &Notes) -> Option<u64> {
    tag.attribute(name, notes).and_then(|length| length.trim().parse().ok())
}

/// An address under its base; what can not be joined stays as it is written, for `clean` to judge.
pub(super) fn absolute(address: &str, base: &Url) -> String {
    let is_absolute = address.starts_with("http://") || address.starts_with("https://");
    match base.join(address) {
        Ok(url) if !is_absolute => url.to_string(),
        _ => address.to_owned(),
    }
}

/// The text of the first element of that name, whatever its prefix.
pub(super) fn within(raw: &str, notes: &Notes, name: &str) -> Option<String> {
    all_within(raw, notes, name).next()
}

/// The texts of all elements of that name, whatever their prefix.
pub(super) fn all_within(raw: &str, notes: &Notes, name: &str) -> impl Iterator<Item = String> {
    let mut tokens = Tokens::new(raw);
    std::iter::from_fn(move || {
        let mut found: Option<String> = None;
        while let Some(token) = tokens.next(notes) {
            match token {
                Token::Start(tag) if !tag.is_empty && tag.name.rsplit(':').next().is_some_and(|local| local.eq_ignore_ascii_case(name)) => {
                    found = Some(String::new());
                }
                Token::Text(text) => found.iter_mut().for_each(|found| found.push_str(&notes.decode(text))),
                Token::Cdata(text) => found.iter_mut().for_each(|found| found.push_str(text)),
                Token::End(ended) if found.is_some() && ended.rsplit(':').next().is_some_and(|local| local.eq_ignore_ascii_case(name)) => {
                    return found;
                }
                _ => {}
            }
        }
        found
    })
}
