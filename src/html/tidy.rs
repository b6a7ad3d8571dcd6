//! A stranger's page made plain, in one pass, before a tree is built of it.
//!
//! The rules of HTML for what is not well formed let a small page make a large tree: what is
//! bold and never closed is made anew in each paragraph that follows, so that a hundred kilobytes
//! become millions of elements. So nothing of the kind gets that far. Every tag is read here, and
//! written again as one that can do no harm: bold and its like end where a block begins or ends, are few at a time,
//! and nothing is nested deeper than a page can be; scripts, styles and pictures drawn in markup are left out.
//! What is left means the same to a reader, and to the selectors of one.

use std::collections::HashMap;

/// Elements in one page at most. Long listings have a third of this; a selector with `~` looks at each element
/// before each element, which takes a second here and ten times as long with three times as many.
pub(super) const MOST_ELEMENTS: usize = 15_000;
/// Elements nested deeper than this lose their tags and keep their words.
const DEEPEST: usize = 256;
/// Formatting elements within each other; more lose their tags.
const MOST_FORMATTING: usize = 16;
/// Attributes of one tag; whoever builds the tree compares each with all before it.
const MOST_ATTRIBUTES: usize = 64;
/// Signs for *less* in one page; more of them are no text.
const MOST_SIGNS: usize = 100_000;
/// The longest name of an element or attribute, in bytes.
const LONGEST_NAME: usize = 64;

/// Elements that are made anew in what follows when they are not closed (HTML §13.2.4.3), but for `a`.
const FORMATTING: &[&str] = &["b", "big", "code", "em", "font", "i", "s", "small", "strike", "strong", "tt", "u"];
/// Elements that stand in a line of text and end none.
const INLINE: &[&str] = &[
    "a", "abbr", "bdi", "bdo", "button", "cite", "data", "del", "dfn", "img", "input", "ins", "kbd", "label", "mark", "picture", "q", "rp",
    "rt", "ruby", "samp", "source", "span", "sub", "sup", "time", "var", "wbr",
];
/// Elements without content.
pub(super) const VOID: &[&str] = &["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"];
/// Elements whose end tag many leave out, so that they can not be counted; each closes the one before it.
const ENDLESS: &[&str] = &["dd", "dt", "li", "p", "rp", "rt", "tbody", "td", "tfoot", "th", "thead", "tr"];
/// Elements whose content is no markup (HTML §13.2.5.1 and §13.2.6.4.7): left out whole.
const RAW: &[&str] = &["iframe", "noembed", "noframes", "noscript", "script", "style", "textarea", "xmp"];
/// Elements whose content is markup of another kind, or of no page yet: left out whole.
const FOREIGN: &[&str] = &["math", "svg", "template"];
/// Tags that change the rules for all that follows; their content stays.
const UNWANTED: &[&str] =
    &["applet", "frame", "frameset", "image", "marquee", "nobr", "object", "optgroup", "option", "param", "plaintext", "select"];
/// Elements that a page has once.
const ONCE: &[&str] = &["body", "head", "html", "title"];

/// A page with more elements than are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TooManyElements;

/// Whether an element ends the line that it stands in.
pub(super) fn is_block(name: &str) -> bool {
    name == "br" || !(INLINE.contains(&name) || FORMATTING.contains(&name))
}

/// The page, made plain.
pub(super) fn tidy(markup: &str) -> Result<String, TooManyElements> {
    let mut tidy = Tidy {
        plain: String::with_capacity(markup.len() + 64),
        elements: 0,
        depth: 0,
        open: HashMap::new(),
        formatting: Vec::new(),
        is_in_link: false,
        seen: Vec::new(),
        unclosed: Vec::new(),
        signs: 0,
    };
    tidy.plain.push_str("<!doctype html>");
    let mut rest = markup;
    while let Some(at) = rest.find('<') {
        tidy.plain.push_str(&rest[..at]);
        rest = tidy.take(&rest[at..])?;
    }
    tidy.plain.push_str(rest);
    Ok(tidy.plain)
}

struct Tidy {
    plain: String,
    elements: usize,
    depth: usize,
    /// How many of each name are open, but for formatting and links.
    open: HashMap<String, usize>,
    formatting: Vec<&'static str>,
    is_in_link: bool,
    /// Of those that a page has once, which it had.
    seen: Vec<&'static str>,
    /// Foreign elements that were begun and never ended.
    unclosed: Vec<&'static str>,
    /// How many `<` were met that begin nothing.
    signs: usize,
}

impl Tidy {
    /// Takes what a `<` begins, and gives what follows it (HTML §13.2.5.6 and §13.2.5.7).
    fn take<'a>(&mut self, text: &'a str) -> Result<&'a str, TooManyElements> {
        let is_letter = |at: usize| text.as_bytes().get(at).is_some_and(u8::is_ascii_alphabetic);
        if is_letter(1) {
            let Some((tag, rest)) = tag(&text[1..]) else { return Ok("") };
            return self.start(&tag, rest);
        }
        if text.starts_with("</") && is_letter(2) {
            let Some((tag, rest)) = tag(&text[2..]) else { return Ok("") };
            self.end(&tag.name);
            return Ok(rest);
        }
        if let Some(comment) = text.strip_prefix("<!--") {
            let short = [">", "->"].iter().find_map(|end| comment.strip_prefix(end));
            let rest = short.or_else(|| comment.split_once("-->").map(|(_, rest)| rest));
            return Ok(rest.unwrap_or_default());
        }
        if ["<!", "<?", "</"].iter().any(|begin| text.starts_with(begin)) {
            return Ok(text.split_once('>').map_or("", |(_, rest)| rest));
        }
        self.signs += 1;
        self.plain.push_str(if self.signs <= MOST_SIGNS { "&lt;" } else { " " });
        Ok(&text[1..])
    }

    fn start<'a>(&mut self, tag: &Tag<'_>, rest: &'a str) -> Result<&'a str, TooManyElements> {
        let name = tag.name.as_str();
        if RAW.contains(&name) {
            return Ok(raw(rest, name).1);
        }
        if FOREIGN.contains(&name) {
            // What was never closed once is not looked for again: its own words are better than none of the page.
            if tag.closes_itself || self.unclosed.contains(&name) {
                return Ok(rest);
            }
            let after = after_foreign(rest, name);
            self.unclosed.extend(FOREIGN.iter().filter(|foreign| after.is_none() && **foreign == name));
            return Ok(after.unwrap_or(rest));
        }
        if UNWANTED.contains(&name) || !is_name(name) {
            return Ok(rest);
        }
        if let Some(once) = ONCE.iter().find(|once| **once == name) {
            let (text, after) = if name == "title" { raw(rest, name) } else { ("", rest) };
            if !self.seen.contains(once) {
                self.seen.push(once);
                self.write(tag)?;
                if name == "title" {
                    self.plain.push_str(&text.replace('<', "&lt;"));
                    self.plain.push_str("</title>");
                }
            }
            return Ok(after);
        }
        if let Some(formatting) = FORMATTING.iter().find(|formatting| **formatting == name) {
            if self.formatting.len() < MOST_FORMATTING {
                self.formatting.push(formatting);
                self.write(tag)?;
            }
            return Ok(rest);
        }
        if name == "a" {
            if self.is_in_link {
                self.write_end("a");
            }
            self.is_in_link = true;
            self.write(tag)?;
            return Ok(rest);
        }
        if is_block(name) && name != "br" {
            self.end_formatting();
        }
        if !VOID.contains(&name) {
            let counts = !ENDLESS.contains(&name);
            if counts && self.depth >= DEEPEST {
                return Ok(rest);
            }
            self.depth += usize::from(counts);
            *self.open.entry(name.to_owned()).or_default() += 1;
        }
        self.write(tag)?;
        Ok(rest)
    }

    fn end(&mut self, name: &str) {
        if FORMATTING.contains(&name) {
            if let Some(at) = self.formatting.iter().rposition(|open| *open == name) {
                self.formatting.remove(at);
                self.write_end(name);
            }
            return;
        }
        if name == "a" {
            if std::mem::take(&mut self.is_in_link) {
                self.write_end("a");
            }
            return;
        }
        // An end without a beginning does nothing, or makes an empty element.
        let Some(count) = self.open.get_mut(name).filter(|count| **count > 0) else { return };
        *count -= 1;
        if !ENDLESS.contains(&name) {
            self.depth -= 1;
        }
        if is_block(name) {
            self.end_formatting();
        }
        self.write_end(name);
    }

    fn end_formatting(&mut self) {
        while let Some(name) = self.formatting.pop() {
            self.write_end(name);
        }
    }

    fn write(&mut self, tag: &Tag<'_>) -> Result<(), TooManyElements> {
        self.elements += 1;
        if self.elements > MOST_ELEMENTS {
            return Err(TooManyElements);
        }
        self.plain.push('<');
        self.plain.push_str(&tag.name);
        for (name, value) in tag.attributes.iter().filter(|(name, _)| is_name(name)) {
            // What stood in one kind of quotes has none of that kind inside.
            let quote = if value.contains('"') { '\'' } else { '"' };
            self.plain.push(' ');
            self.plain.push_str(name);
            self.plain.push('=');
            self.plain.push(quote);
            if quote == '\'' && value.contains('\'') {
                self.plain.push_str(&value.replace('\'', "&#39;"));
            } else {
                self.plain.push_str(value);
            }
            self.plain.push(quote);
        }
        self.plain.push('>');
        Ok(())
    }

    fn write_end(&mut self, name: &str) {
        self.plain.push_str("</");
        self.plain.push_str(name);
        self.plain.push('>');
    }
}

/// A tag as it stands.
struct Tag<'a> {
    name: String,
    attributes: Vec<(&'a str, &'a str)>,
    closes_itself: bool,
}

/// What follows a tag, of which the `<` was read; `None` when it does not end.
pub(super) fn after_tag(text: &str) -> Option<&str> {
    tag(text.strip_prefix('/').unwrap_or(text)).map(|(_, after)| after)
}

/// Reads a tag from its name on, and gives what follows it; `None` when it does not end (HTML §13.2.5.8 and on).
fn tag(text: &str) -> Option<(Tag<'_>, &str)> {
    let is_space = |c: char| c.is_ascii_whitespace();
    let end = text.find(|c: char| is_space(c) || matches!(c, '/' | '>'))?;
    let mut tag = Tag { name: text[..end].to_ascii_lowercase(), attributes: Vec::new(), closes_itself: false };
    let mut rest = &text[end..];
    loop {
        let before = rest;
        rest = rest.trim_start_matches(|c: char| is_space(c) || c == '/');
        if let Some(after) = rest.strip_prefix('>') {
            tag.closes_itself = before[..before.len() - rest.len()].ends_with('/');
            return Some((tag, after));
        }
        // A name may begin with `=`, and does not contain it.
        let first = rest.chars().next()?.len_utf8();
        let end = first + rest[first..].find(|c: char| is_space(c) || matches!(c, '/' | '>' | '='))?;
        let name = &rest[..end];
        rest = rest[end..].trim_start_matches(is_space);
        let mut value = "";
        if let Some(after) = rest.strip_prefix('=') {
            rest = after.trim_start_matches(is_space);
            (value, rest) = match rest.chars().next()? {
                quote @ ('"' | '\'') => rest[1..].split_once(quote)?,
                _ => rest.split_at(rest.find(|c: char| is_space(c) || c == '>')?),
            };
        }
        if tag.attributes.len() < MOST_ATTRIBUTES {
            tag.attributes.push((name, value));
        }
    }
}

fn is_name(name: &str) -> bool {
    name.len() <= LONGEST_NAME
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_:.".contains(&b))
}

/// The text up to the end tag of that name, and what follows the tag; all of it, when there is none.
fn raw<'a>(text: &'a str, name: &str) -> (&'a str, &'a str) {
    for (at, _) in text.match_indices("</") {
        let after = &text[at + 2..];
        let ends = after.get(..name.len()).is_some_and(|end| end.eq_ignore_ascii_case(name))
            && after[name.len()..].starts_with(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>'));
        if ends {
            return (&text[..at], after.split_once('>').map_or("", |(_, rest)| rest));
        }
    }
    (text, "")
}

/// What follows the end tag of that name, others of that name within passed over; `None`, when there is none.
fn after_foreign<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (mut depth, mut rest) = (1usize, text);
    while depth > 0 {
        rest = &rest[rest.find('<')? + 1..];
        let (closes, after) = rest.strip_prefix('/').map_or((false, rest), |after| (true, after));
        let is_one = after.get(..name.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(name))
            && after[name.len()..].starts_with(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>'));
        if is_one {
            let (tag, after) = after.split_once('>')?;
            rest = after;
            match closes {
                true => depth -= 1,
                false => depth += usize::from(!tag.ends_with('/')),
            }
        }
    }
    Some(rest)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;

    fn plain(markup: &str) -> String {
        tidy(markup).unwrap().strip_prefix("<!doctype html>").unwrap().to_owned()
    }

    #[test]
    fn a_good_page_stays_as_it_is() {
        let page = "<html lang=\"es\"><head><title>A &amp; B</title><meta charset=\"utf-8\"></head>\
                    <body class=\"x\"><ul><li><h3><a href=\"/n/1?a=1&amp;b=2\">T</a></h3><time datetime=\"2020-09-08\">8 Sep</time>\
                    <img data-src='{\"a\":1}' alt=\"\"><p>One <b>two</b>.</p></li></ul></body></html>";
        assert_eq!(plain(page), page.replace("</head>", "").replace("</body></html>", ""));
    }

    #[test]
    fn what_is_no_page_content_is_left_out() {
        for (markup, expected) in [
            ("a<script>if (a<b) '</div>'</script>b", "ab"),
            ("a<SCRIPT src=x></sCript >b<style>p{}</style><!-- <p> -->c<!-->d<?php x ?>e</>f</ p>g", "abcdefg"),
            ("a<svg><title>Icon</title><svg></svg><path d=\"\"/></svg>b<svg/>c", "abc"),
            ("a<svg><p>b</p>", "a<p>b</p>"),
            ("<title>x<b></title><title>y</title>", "<title>x&lt;b></title>"),
            ("<select><option>a</select>b", "ab"),
            ("1 < 2 <3", "1 &lt; 2 &lt;3"),
            ("<p a=1 b='\"' =c \"d e", ""),
            ("<p a=1 b='\"' =c \"d>e", "<p a=\"1\" b='\"'>e"),
            ("<p a=it's\"so\">", "<p a='it&#39;s\"so\"'>"),
            ("</p></div></b></a>x", "x"),
        ] {
            assert_eq!(plain(markup), expected, "{markup}");
        }
    }

    #[test]
    fn formatting_ends_where_a_block_begins_or_ends() {
        assert_eq!(plain("<p><b>a<i>b<p>c</i>d</b>"), "<p><b>a<i>b</i></b><p>cd");
        assert_eq!(
            plain("<a href=1><div>a</div></a><a href=2>b<a href=3>c"),
            "<a href=\"1\"><div>a</div></a><a href=\"2\">b</a><a href=\"3\">c"
        );
        assert_eq!(plain(&"<b>".repeat(20)), "<b>".repeat(16));
        assert_eq!(plain(&"<div>".repeat(300)), "<div>".repeat(256));
        assert_eq!(tidy(&"<p>".repeat(15_001)), Err(TooManyElements));
    }
}
