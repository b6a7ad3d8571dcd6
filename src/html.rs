//! HTML that is safe to republish.
//!
//! Feeds carry other people's markup, and we serve it from our own address, so
//! a script that slipped through would run with our name on it. Rather than
//! remember to sanitise before every use, we make the unsafe case impossible to
//! write down: [`SafeHtml::sanitise`] is the only way to get a [`SafeHtml`] from a stranger's
//! markup, and [`Item`](crate::model::Item) holds nothing else.
//!
//! The sanitiser takes time that grows with the square of some inputs (nested blocks, bare `&`),
//! so those are counted and taken out first, in one pass. Deliberately absent: styles, forms,
//! frames, pictures drawn in markup (svg, mathml), and every attribute that is not listed.

mod dom;
mod known;
mod selector;
mod settled;
mod tidy;
mod tree;

use std::{
    borrow::Cow,
    cell::RefCell,
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use ammonia::{Builder, UrlRelative};
pub use dom::{BadPage, Dom, Element};
pub use known::escape_bare_signs;
use rustc_hash::FxHashMap;
pub use selector::{BadSelector, Selector};
use serde::{Deserialize, Serialize};
pub use tree::Tree;
use url::Url;

use crate::text;

/// The longest markup that is kept, in bytes; the rest is cut off. Real articles stay far below.
pub const LONGEST: usize = 256 << 10;
/// Elements nested deeper than this are no article: such markup keeps only its words.
const DEEPEST: usize = 256;

/// So does markup with more elements than this: text between the cells of a table is moved about, at a cost that grows with the square.
const MOST_ELEMENTS: usize = 5_000;
/// As much of an element's name as is looked at, in bytes: all that mean something are shorter.
const LONGEST_NAME: usize = 16;
/// Markup with more `&` than this keeps only its words as well.
const MOST_REFERENCES: usize = 5_000;

/// Attributes of one element at most: parsers compare each with all before it.
const MOST_ATTRIBUTES: usize = 1_000;

/// Markup up to this length, in bytes, can be as wild as it likes: the square of it is still no time.
const TAME: usize = 4 << 10;

/// How often markup is parsed again until it is at rest; what is not by then keeps only its words.
const PARSED_AGAIN: usize = 6;

/// Elements that may stay, each with the attributes it may have.
const ALLOWED: &[(&str, &[&str])] = &[
    ("a", &["href", "hreflang", "title"]),
    ("abbr", &["title"]),
    ("b", &[]),
    ("bdi", &["dir"]),
    ("blockquote", &["cite"]),
    ("br", &[]),
    ("caption", &[]),
    ("cite", &[]),
    ("code", &[]),
    ("dd", &[]),
    ("del", &["datetime"]),
    ("dl", &[]),
    ("dt", &[]),
    ("em", &[]),
    ("figcaption", &[]),
    ("figure", &[]),
    ("h2", &[]),
    ("h3", &[]),
    ("h4", &[]),
    ("h5", &[]),
    ("h6", &[]),
    ("hr", &[]),
    ("i", &[]),
    ("img", &["alt", "height", "src", "title", "width"]),
    ("ins", &["datetime"]),
    ("li", &[]),
    ("ol", &["start"]),
    ("p", &["dir", "lang"]),
    ("pre", &[]),
    ("q", &["cite"]),
    ("s", &[]),
    ("small", &[]),
    ("span", &["dir", "lang"]),
    ("strong", &[]),
    ("sub", &[]),
    ("sup", &[]),
    ("table", &[]),
    ("tbody", &[]),
    ("td", &["colspan", "rowspan"]),
    ("tfoot", &[]),
    ("th", &["colspan", "rowspan", "scope"]),
    ("thead", &[]),
    ("time", &["datetime"]),
    ("tr", &[]),
    ("u", &[]),
    ("ul", &[]),
];

/// Elements that end a line of text.
const BLOCKS: &[&str] = &[
    "blockquote",
    "br",
    "caption",
    "dd",
    "dl",
    "dt",
    "figcaption",
    "figure",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "li",
    "ol",
    "p",
    "pre",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "ul",
];

/// Markup without scripts, styles, frames, forms, event handlers and relative addresses.
///
/// Reading one back from the journal or the view trusts that it was one when it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SafeHtml(String);

impl SafeHtml {
    /// Makes a stranger's markup safe. Relative addresses become absolute under `base`; without one they go.
    pub fn sanitise(markup: &str, base: Option<&Url>) -> Self {
        let markup = &markup[..floor_char_boundary(markup, LONGEST)];
        if !has_markup(markup) {
            // As a parser does it: a carriage return is a line break (WHATWG HTML §13.2.3.5), a space that does not break has a name (§13.3).
            let text = text::xml_safe(markup).replace("\r\n", "\n").replace('\r', "\n");
            return Self(trimmed(&text).replace('>', "&gt;").replace('\u{A0}', "&nbsp;"));
        }
        if markup.len() > TAME && (text::places(markup, b'&').nth(MOST_REFERENCES).is_some() || is_wild(markup)) {
            return Self(escape(&text::one_line(&without_tags(markup))));
        }
        let known = known::without_unknown(markup);
        let tame = escape_bare_ampersands(&known);
        let Some(clean) = with_builder(base, |builder| at_rest(builder, &tame)) else {
            return Self(escape(&text::one_line(&without_tags(markup))));
        };
        let trimmed = trimmed(&clean);
        Self(if trimmed.len() == clean.len() { clean } else { trimmed.to_owned() })
    }

    /// A text as one paragraph.
    pub fn from_text(text: &str) -> Self {
        Self(format!("<p>{}</p>", escape(&text::xml_safe(text))))
    }

    /// The markup.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its words: blocks end a line.
    pub fn to_text(&self) -> String {
        self.first_words(usize::MAX)
    }

    /// Its first words: as [`to_text`](Self::to_text), but no further than the tag or text that brings them to `length` bytes.
    pub fn first_words(&self, length: usize) -> String {
        // What the sanitiser wrote is regular: every `<` begins a tag, every `&` one of six entities.
        let mut words = String::with_capacity(self.0.len().min(length));
        let mut rest = self.0.as_str();
        while let Some(at) = text::find_either(rest, b'<', b'&').filter(|_| words.len() < length) {
            words.push_str(&rest[..at]);
            rest = &rest[at..];
            let end = if rest.starts_with('<') { ">" } else { ";" };
            let Some(length) = text::find(rest, end) else { break };
            let inner = &rest[1..length];
            if end == ";" {
                words.push_str(match inner {
                    "amp" => "&",
                    "lt" => "<",
                    "gt" => ">",
                    "quot" => "\"",
                    "nbsp" => " ",
                    _ => "",
                });
            } else {
                let name = inner.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default();
                if BLOCKS.binary_search(&name).is_ok() {
                    words.push('\n');
                }
            }
            rest = &rest[length + 1..];
        }
        if words.len() < length {
            words.push_str(rest);
        }
        words
    }
}

/// The words of a stranger's markup; entities decoded once, scripts and styles gone.
pub fn text_of(markup: &str) -> String {
    if has_markup(markup) { SafeHtml::sanitise(markup, None).to_text() } else { text::xml_safe(markup).into_owned() }
}

/// Whether a text is more than its characters.
fn has_markup(text: &str) -> bool {
    text::find_either(text, b'<', b'&').is_some()
}

/// A text with `&`, `<`, `>` and `"` written so that they stand for themselves, in content and in attributes.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Markup made safe, and parsed again until that changes nothing. `None` when it does not come to rest.
fn at_rest(builder: &Builder<'_>, markup: &str) -> Option<String> {
    let parsed = |markup: &str| without_first_breaks(without_forbidden(builder.clean(markup).to_string()));
    let mut clean = parsed(markup);
    if settled::is_settled(&clean) {
        return Some(clean);
    }
    for _ in 0..PARSED_AGAIN {
        let again = parsed(&clean);
        if again == clean {
            return Some(clean);
        }
        clean = again;
    }
    None
}

/// Without white space around it, and without the byte order marks that a parser drops from the beginning (WHATWG HTML §13.2.3.1).
fn trimmed(markup: &str) -> &str {
    markup.trim_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}')
}

/// References can stand for characters that XML forbids, and for a carriage return, which is a line break to a parser.
fn without_forbidden(markup: String) -> String {
    let markup = if markup.contains('\r') { markup.replace("\r\n", "\n").replace('\r', "\n") } else { markup };
    match text::xml_safe(&markup) {
        Cow::Borrowed(_) => markup,
        Cow::Owned(safe) => safe,
    }
}

/// A parser drops the line break that `pre` begins with, each time another one (WHATWG HTML §13.2.6.4.7).
fn without_first_breaks(markup: String) -> String {
    const PRE: &str = "<pre>";
    if !markup.contains("<pre>\n") {
        return markup;
    }
    let mut parts = markup.split(PRE);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + PRE + part.trim_start_matches('\n'))
}

/// Lends the sanitiser for this base. Making one costs more than most texts, and one after the other has the same base.
fn with_builder<T>(base: Option<&Url>, work: impl FnOnce(&Builder<'static>) -> T) -> T {
    type Known = Option<(Url, Builder<'static>)>;
    static PLAIN: LazyLock<Builder<'static>> = LazyLock::new(|| builder(None));
    thread_local! {
        static LAST: RefCell<Known> = const { RefCell::new(None) };
    }
    let Some(base) = base else { return work(&PLAIN) };
    LAST.with_borrow_mut(|last| {
        let (_, builder) = match last.take().filter(|(known, _)| known == base) {
            Some(known) => last.insert(known),
            None => last.insert((base.clone(), builder(Some(base)))),
        };
        work(builder)
    })
}

fn builder(base: Option<&Url>) -> Builder<'static> {
    let mut builder = Builder::empty();
    let attributes: HashMap<&str, HashSet<&str>> = ALLOWED.iter().map(|(tag, own)| (*tag, own.iter().copied().collect())).collect();
    builder
        .tags(ALLOWED.iter().map(|(tag, _)| *tag).collect())
        .tag_attributes(attributes)
        .generic_attributes(HashSet::new())
        .clean_content_tags(["script", "style", "noscript", "template", "title", "textarea", "iframe", "svg", "math", "select"].into())
        .url_schemes(["http", "https", "mailto"].into())
        .url_relative(base.map_or(UrlRelative::Deny, |base| UrlRelative::RewriteWithBase(base.clone())))
        .link_rel(Some("noopener noreferrer nofollow"))
        .strip_comments(true);
    builder
}

/// The words of markup that is too wild to be sanitised in good time.
fn without_tags(markup: &str) -> String {
    let mut words = String::with_capacity(markup.len());
    let mut rest = markup;
    while let Some(at) = text::find(rest, "<") {
        words.push_str(&rest[..at]);
        words.push(' ');
        rest = text::find(&rest[at..], ">").map_or("", |end| &rest[at + end + 1..]);
    }
    words.push_str(rest);
    words
}

fn floor_char_boundary(text: &str, limit: usize) -> usize {
    if text.len() <= limit { text.len() } else { (0..=limit).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0) }
}

/// `&` that begins no character reference becomes `&amp;`.
pub fn escape_bare_ampersands(markup: &str) -> Cow<'_, str> {
    let mut tame = String::new();
    let mut done = 0;
    for at in text::places(markup, b'&').filter(|at| reference(&markup[*at..]).is_none()) {
        tame.push_str(&markup[done..=at]);
        tame.push_str("amp;");
        done = at + 1;
    }
    if done == 0 {
        return Cow::Borrowed(markup);
    }
    tame.push_str(&markup[done..]);
    Cow::Owned(tame)
}

/// The character, or characters, that HTML gives a name: `eacute` is `é` (WHATWG HTML §13.5). The five of XML are among them.
pub fn named_character(name: &str) -> Option<String> {
    let written = format!("&{name};");
    let text = text_of(&written);
    (text != written).then_some(text)
}

/// The name or number of the character reference that a text begins with: `amp`, `#39`.
pub fn reference(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('&')?;
    let end = inner.bytes().take(33).position(|b| b == b';')?;
    let name = &inner[..end];
    let is_number = |digits: &str| match digits.strip_prefix(['x', 'X']) {
        Some(hex) => !hex.is_empty() && hex.bytes().all(|b| b.is_ascii_hexdigit()),
        None => !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()),
    };
    let is_good = match name.strip_prefix('#') {
        Some(digits) => is_number(digits),
        None => name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.bytes().all(|b| b.is_ascii_alphanumeric()),
    };
    is_good.then_some(name)
}

/// Whether markup is nested too deep or has too many elements or attributes to be sanitised in good time.
///
/// An end tag counts only when such an element is open: any other is ignored by parsers, and must not hide how deep it goes.
fn is_wild(markup: &str) -> bool {
    const ENDLESS: [&str; 22] = [
        "area", "base", "br", "col", "dd", "dt", "embed", "hr", "img", "input", "li", "link", "meta", "option", "p", "param", "source",
        "td", "th", "tr", "track", "wbr",
    ];
    let mut open: FxHashMap<[u8; LONGEST_NAME], usize> = FxHashMap::default();
    let (mut depth, mut elements, mut in_paragraph) = (0usize, 0usize, false);
    // Tags are looked at where they begin, also within what may be a quote: all looks together are bounded.
    let mut patience = 16 * markup.len() + (64 << 10);
    for at in text::places(markup, b'<') {
        let rest = &markup[at + 1..];
        let (closes, name) = rest.strip_prefix('/').map_or((false, rest), |name| (true, name));
        let length = name.bytes().take(LONGEST_NAME).take_while(u8::is_ascii_alphanumeric).count();
        if length == 0 {
            continue;
        }
        let (attributes, looked_at) = attributes(&name.as_bytes()[length..]);
        patience = patience.saturating_sub(looked_at);
        if attributes > MOST_ATTRIBUTES || patience == 0 {
            return true;
        }
        let mut key = [0; LONGEST_NAME];
        key[..length].copy_from_slice(&name.as_bytes()[..length]);
        key.make_ascii_lowercase();
        let name = &key[..length];
        // `</br>` makes an element, and so does `</p>` where no paragraph is open.
        elements += usize::from(!closes || name == b"br" || name == b"p" && !in_paragraph);
        in_paragraph = if name == b"p" { !closes } else { in_paragraph };
        if !ENDLESS.iter().any(|endless| endless.as_bytes() == name) {
            let count = open.entry(key).or_default();
            match (closes, *count) {
                (true, 0) => {}
                (true, _) => {
                    *count -= 1;
                    depth -= 1;
                }
                (false, _) => {
                    *count += 1;
                    depth += 1;
                }
            }
        }
        if depth > DEEPEST || elements > MOST_ELEMENTS {
            return true;
        }
    }
    false
}

/// How many attributes a tag has whose name has been read, at most one more than may be, and how many bytes that took to see.
fn attributes(tag: &[u8]) -> (usize, usize) {
    let (mut count, mut at) = (0, 0);
    let is_gap = |byte: u8| byte.is_ascii_whitespace() || byte == b'/';
    while let Some(byte) = tag.get(at).copied().filter(|byte| *byte != b'>' && count <= MOST_ATTRIBUTES) {
        if is_gap(byte) {
            at += 1;
            continue;
        }
        count += 1;
        // The name, then perhaps a value.
        at += 1 + tag[at + 1..].iter().take_while(|byte| !is_gap(**byte) && !matches!(byte, b'=' | b'>')).count();
        at += tag[at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        if tag.get(at) != Some(&b'=') {
            continue;
        }
        at += 1;
        at += tag[at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        match tag.get(at) {
            Some(quote @ (b'"' | b'\'')) => at += 2 + tag[at + 1..].iter().take_while(|byte| *byte != quote).count(),
            _ => at += tag[at..].iter().take_while(|byte| !byte.is_ascii_whitespace() && **byte != b'>').count(),
        }
    }
    (count, at.min(tag.len()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use proptest::prelude::*;

    use super::*;

    fn clean(markup: &str) -> String {
        SafeHtml::sanitise(markup, Url::parse("https://example.org/news/").ok().as_ref()).0
    }

    #[test]
    fn active_content_goes_and_addresses_become_absolute() {
        let markup = r#"<p onclick="x()" style="color:red">Hola <a href="a?b=1" target=_blank>aquí</a><script>alert(1)</script><svg><script>1</script></svg>
            <a href="javascript:x()">no</a><iframe src="//x"></iframe><img src="/i.png" onerror=x></p>"#;
        let expected = r#"<p>Hola <a href="https://example.org/news/a?b=1" rel="noopener noreferrer nofollow">aquí</a>
            <a rel="noopener noreferrer nofollow">no</a><img src="https://example.org/i.png"></p>"#;
        assert_eq!(clean(markup), expected);
    }

    #[test]
    fn what_stands_in_for_an_object_stays() {
        let markup =
            r#"One <object data="x.swf"><param name="a" value="b"><embed src="x.swf"><p>See the <a href="x">film</a>.</p></object> two"#;
        let link = r#"<a href="https://example.org/news/x" rel="noopener noreferrer nofollow">film</a>"#;
        assert_eq!(clean(markup), format!("One <p>See the {link}.</p> two"));
        assert_eq!(clean("One <object data=x.swf> two"), "One  two");
    }

    #[test]
    fn words_in_elements_that_are_none_of_html_stay() {
        let markup = r#"<p title="a <set> b">Use <set> of the <Text x=">">words</Text> <o:p>in</o:p> a <list>.</p><svg><text>W</text></svg><b>end</b>"#;
        assert_eq!(clean(markup), "<p>Use  of the words in a .</p><b>end</b>");
        assert_eq!(clean("1 <!-- <set> --> 2 <none a='3'> 4 <none 5"), "1  2  4");
    }

    #[test]
    fn words_come_out_once_decoded() {
        assert_eq!(text_of("Caf&eacute; &amp;amp; <b>pan</b><br>dulce&nbsp;&#8212; R&D"), "Café &amp; pan\ndulce — R&D");
        assert_eq!(text_of("plain > text"), "plain > text");
    }

    #[test]
    fn what_would_take_for_ever_takes_no_time() {
        assert!(clean(&"&".repeat(1_000_000)).starts_with("&amp;&amp;"));
        assert_eq!(clean(&("<div>".repeat(40_000) + "x")), "x");
        assert_eq!(clean(&("<div></x>".repeat(20_000) + "x")), "x");
        assert!(clean(&("<table>".to_owned() + &"x<i>y</i>".repeat(20_000))).starts_with("x y"));
        assert!(clean(&"<p>one".repeat(2_000)).starts_with("<p>one</p><p>one"));
        let distinct: String = (0..30_000).map(|n| format!(" a{n:x}")).collect();
        assert_eq!(clean(&format!("<a{distinct}>x</a>")), "x");
    }

    #[test]
    fn attributes_are_counted_as_parsers_count_them() {
        let count = |tag: &str| attributes(tag.as_bytes()).0;
        for (tag, expected) in
            [(">", 0), (" a b=c d='e f>g' h = \"i\">j k", 4), ("/a/b=c/d>", 2), (" =a b>", 2), (" a='", 1), (" a=", 1), (" a='b'c='d'>", 2)]
        {
            assert_eq!(count(tag), expected, "{tag}");
        }
    }

    #[test]
    fn lists_are_sorted_for_searching() {
        assert!(BLOCKS.is_sorted());
        assert!(ALLOWED.is_sorted_by_key(|(tag, _)| *tag));
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn cleaning_twice_changes_nothing(markup in r#"(<(p|b|a href="x"|div|ul|li|td|table|/p|/b|/a|/div|svg|style|br|!--|math|title)>|[a-z&;<>"' ]|&amp;|&lt;|\PC){0,40}"#) {
            let once = clean(&markup);
            prop_assert_eq!(clean(&once), once.clone());
            prop_assert!(once.chars().all(text::is_xml_char));
        }
    }
}
