//! Mending what can be mended, so that a strict reader can read it.
//!
//! Nothing here knows XML; each step is one pass over the text that leaves well-formed feeds as they are.

use crate::{html, text};

/// What stands before the first item is at most this long, in bytes, for a feed to be read item by item.
const LONGEST_HEAD: usize = 64 << 10;

/// The text after the XML declaration, which speaks of an encoding that is no longer true.
pub(super) fn without_declaration(text: &str) -> &str {
    match text.strip_prefix("<?xml") {
        Some(rest) => rest.split_once("?>").map_or(text, |(_, rest)| rest.trim_start()),
        None => text,
    }
}

/// Formats that differ from a newer one in name only.
pub(super) fn old_formats(text: &str) -> String {
    let mut text = text.to_owned();
    if text.contains("http://purl.org/atom/ns#") {
        // Atom 0.3: other names for the same things.
        text = text.replace("http://purl.org/atom/ns#", "http://www.w3.org/2005/Atom");
        for (old, new) in [("issued", "published"), ("modified", "updated"), ("tagline", "subtitle"), ("copyright", "rights")] {
            text = text.replace(&format!("<{old}>"), &format!("<{new}>")).replace(&format!("</{old}>"), &format!("</{new}>"));
        }
        text = text
            .replace(" mode=\"escaped\"", "")
            .replace("type=\"text/html\"", "type=\"html\"")
            .replace("type=\"text/plain\"", "type=\"text\"");
        text = text.replace("type=\"application/xhtml+xml\"", "type=\"xhtml\"");
    }
    text = text.replace("https://www.w3.org/2005/Atom", "http://www.w3.org/2005/Atom");
    text = text.replace("http://my.netscape.com/rdf/simple/0.9/", "http://purl.org/rss/1.0/");
    let Some(at) = find_ignoring_case(&text, "<rss") else { return text };
    let Some(length) = text[at..].find('>') else { return text };
    let root = &text[at..at + length];
    let known = ["\"2.0\"", "'2.0'", "\"0.91\"", "'0.91'", "\"0.92\"", "'0.92'"].iter().any(|version| root.contains(version));
    if known && root.starts_with("<rss") {
        return text;
    }
    // Versions 0.93, 0.94, 3.0 and none at all are read as what they resemble.
    let attributes = root[4..].split_whitespace().filter(|part| !part.starts_with("version")).collect::<Vec<_>>().join(" ");
    let text = format!("{}<rss version=\"2.0\" {attributes}{}", &text[..at], &text[at + length..]);
    text.replace("</RSS>", "</rss>").replace("<CHANNEL>", "<channel>").replace("</CHANNEL>", "</channel>")
}

/// Mends what publishers break most, and notes what it was.
pub(super) fn repair(text: &str, notes: &mut Vec<String>) -> String {
    let mut text = text.to_owned();
    let mut note = |what: &str, before: &str, after: String| {
        if after != before {
            notes.push(what.to_owned());
        }
        after
    };
    text = note("characters that XML forbids", &text, text::xml_safe(&text).into_owned());
    text = note("text before the feed", &text, from_root(&text).to_owned());
    text = note("bare & and unknown entities", &text, mend_ampersands(&text));
    text = note("markup in text", &text, wrap_markup(&text));
    text = note("addresses of people", &text, without_addresses(&text));
    note("cut off", &text, close(&text))
}

/// From the root element on.
fn from_root(text: &str) -> &str {
    let roots = ["<rss", "<feed", "<rdf:RDF"].iter().filter_map(|root| find_ignoring_case(text, root));
    roots.min().map_or(text, |at| &text[at..])
}

/// Outside CDATA, `&` that begins nothing XML knows is written as `&amp;`; HTML's names then come out of the text later.
fn mend_ampersands(text: &str) -> String {
    let mut mended = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['&', '<']) {
        mended.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(inner) = rest.strip_prefix("<![CDATA[") {
            let end = inner.find("]]>").map_or(rest.len(), |end| end + 12);
            mended.push_str(&rest[..end]);
            rest = &rest[end..];
            continue;
        }
        if rest.starts_with('&') {
            mended.push_str(match html::reference(rest) {
                Some("amp" | "lt" | "gt" | "quot" | "apos") => "&",
                Some(number) if number.starts_with('#') => match character(number) {
                    Some(c) if text::is_xml_char(c) && !number.starts_with("#X") => "&",
                    _ => "&amp;",
                },
                _ => "&amp;",
            });
        } else {
            mended.push('<');
        }
        rest = &rest[1..];
    }
    mended.push_str(rest);
    mended
}

fn character(number: &str) -> Option<char> {
    let digits = number.strip_prefix('#')?;
    let code = match digits.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => digits.parse(),
    };
    char::from_u32(code.ok()?)
}

/// Text elements of RSS that hold markup as it is are wrapped in CDATA.
fn wrap_markup(text: &str) -> String {
    if find_ignoring_case(text, "<feed").is_some_and(|at| at < 200) {
        return text.to_owned();
    }
    change_inside(text, &["title", "description", "content:encoded", "summary"], |inner| {
        // The reader decodes no entity in CDATA, and the cleaner decodes them anyway.
        let is_bare = inner.contains('<') && !inner.contains("<![CDATA[");
        is_bare.then(|| format!("<![CDATA[{}]]>", inner.replace("]]>", "]]&gt;")))
    })
}

/// Addresses of people beside letters that are no ASCII make the reader break off; only their names are wanted.
fn without_addresses(text: &str) -> String {
    change_inside(text, &["managingEditor", "webMaster", "author"], |inner| {
        let is_mixed = inner.contains('@') && !inner.is_ascii();
        is_mixed.then(|| inner.split_whitespace().filter(|word| !word.contains('@')).collect::<Vec<_>>().join(" "))
    })
}

/// The text with the insides of these elements changed, where `change` gives something.
fn change_inside(text: &str, names: &[&str], change: impl Fn(&str) -> Option<String>) -> String {
    let mut changed = text.to_owned();
    for name in names {
        let (open, close) = (format!("<{name}>"), format!("</{name}>"));
        let mut next = String::with_capacity(changed.len());
        let mut rest = changed.as_str();
        while let Some(at) = rest.find(&open) {
            let from = at + open.len();
            next.push_str(&rest[..from]);
            rest = &rest[from..];
            let Some(length) = rest.find(&close) else { break };
            let inner = &rest[..length];
            next.push_str(change(inner).as_deref().unwrap_or(inner));
            rest = &rest[length..];
        }
        next.push_str(rest);
        changed = next;
    }
    changed
}

/// A document that was cut off ends after its last whole item.
fn close(text: &str) -> String {
    let Some((_, item, end)) = shape(text) else { return text.to_owned() };
    let trimmed = text.trim_end();
    if trimmed.ends_with(end.rsplit("</").next().map(|last| format!("</{last}")).as_deref().unwrap_or(end)) {
        return text.to_owned();
    }
    let last = format!("</{item}>");
    match text.rfind(&last) {
        Some(at) => format!("{}{end}", &text[..at + last.len()]),
        None => text.to_owned(),
    }
}

/// The root of a document, what its items are called, and what closes it.
fn shape(text: &str) -> Option<(usize, &'static str, &'static str)> {
    let shapes = [("<rss", "item", "</channel></rss>"), ("<feed", "entry", "</feed>"), ("<rdf:RDF", "item", "</rdf:RDF>")];
    shapes.iter().find_map(|(root, item, end)| Some((text.find(root)?, *item, *end)))
}

/// The document once for each of its items, with only that item in it, one after the other.
pub(super) fn one_by_one(text: &str) -> impl Iterator<Item = String> + '_ {
    let parts = shape(text).and_then(|(_, item, end)| {
        let (open, close) = (format!("<{item}"), format!("</{item}>"));
        let first = text.find(&open)?;
        // A head as long as a feed is none, and would be copied for every item.
        (first <= LONGEST_HEAD).then_some((first, open, close, end))
    });
    parts.into_iter().flat_map(move |(first, open, close, end)| {
        let (head, mut rest) = text.split_at(first);
        std::iter::from_fn(move || {
            let from = rest.find(&open)?;
            let length = rest[from..].find(&close)? + close.len();
            let item = &rest[from..from + length];
            rest = &rest[from + length..];
            Some(format!("{head}{item}{end}"))
        })
    })
}

fn find_ignoring_case(text: &str, what: &str) -> Option<usize> {
    text.as_bytes().windows(what.len()).position(|window| window.eq_ignore_ascii_case(what.as_bytes()))
}
