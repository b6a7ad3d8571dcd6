//! A page as a tree that can be asked with selectors.
//!
//! Building one takes time in proportion to the page, whatever it holds, and never the daemon
//! with it. Nothing of it is safe to republish: that is for [`SafeHtml`](super::SafeHtml) to judge.

use std::{
    collections::HashSet,
    panic::{AssertUnwindSafe, catch_unwind},
};

use scraper::{ElementRef, Html, Node};

use super::{
    Selector, escape,
    tidy::{self, MOST_ELEMENTS},
};
use crate::text;

/// The longest title of a page, in bytes.
const LONGEST_TITLE: usize = 4 << 10;

/// Why no tree was built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadPage {
    /// It is larger than any listing.
    #[error("the page has more than {MOST_ELEMENTS} elements; no listing needs as many")]
    TooManyElements,
    /// The reader broke off, which it never should.
    #[error("the reader of pages broke off")]
    Unreadable,
}

/// A page.
pub struct Dom {
    pub(super) tree: Html,
}

/// An element of a page.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Element<'a>(ElementRef<'a>);

impl Dom {
    /// Reads a page.
    pub fn parse(markup: &str) -> Result<Self, BadPage> {
        let plain = tidy::tidy(&text::xml_safe(markup)).map_err(|tidy::TooManyElements| BadPage::TooManyElements)?;
        let tree = catch_unwind(AssertUnwindSafe(|| Html::parse_document(&plain)));
        tree.map(|tree| Self { tree }).map_err(|_| BadPage::Unreadable)
    }

    /// Every element, in the order of the page.
    pub fn elements(&self) -> impl Iterator<Item = Element<'_>> {
        self.tree.tree.root().descendants().filter_map(ElementRef::wrap).map(Element)
    }

    /// What matches a selector, in the order of the page.
    pub fn select<'a, 'b>(&'a self, selector: &'b Selector) -> impl Iterator<Item = Element<'a>> + use<'a, 'b> {
        self.tree.select(&selector.compiled).map(Element)
    }

    /// What matches a selector and stands in nothing that matches it.
    pub fn outermost<'a>(&'a self, selector: &Selector) -> impl Iterator<Item = Element<'a>> + use<'a> {
        let mut taken = HashSet::new();
        // Parents come before their children, so one look upwards is enough.
        let mut is_within = move |element: &Element<'_>, matches: bool| {
            let within = element.0.parent().is_some_and(|parent| taken.contains(&parent.id()));
            if within || matches {
                taken.insert(element.0.id());
            }
            within
        };
        let matched: HashSet<_> = self.tree.select(&selector.compiled).map(|element| element.id()).collect();
        self.elements().filter(move |element| {
            let matches = matched.contains(&element.0.id());
            !is_within(element, matches) && matches
        })
    }

    /// The title of the page, in one line.
    pub fn title(&self) -> Option<String> {
        let title = self.elements().find(|element| element.name() == "title");
        title.map(|title| text::one_line(&title.text(LONGEST_TITLE))).filter(|title| !title.is_empty())
    }
}

impl<'a> Element<'a> {
    /// Its name, in small letters.
    pub fn name(self) -> &'a str {
        self.0.value().name()
    }

    /// What tells it from the other elements of its page.
    pub fn id(self) -> impl Copy + Eq + std::hash::Hash + use<> {
        self.0.id()
    }

    /// An attribute, when it is there and not blank.
    pub fn attribute(self, name: &str) -> Option<&'a str> {
        self.0.attr(name).map(str::trim).filter(|value| !value.is_empty())
    }

    /// What matches a selector among the elements in it.
    pub fn select<'b>(self, selector: &'b Selector) -> impl Iterator<Item = Self> + use<'a, 'b> {
        self.0.select(&selector.compiled).map(Element)
    }

    /// Whether it matches a selector itself.
    pub fn is(self, selector: &Selector) -> bool {
        selector.compiled.matches(&self.0)
    }

    /// The element that it stands in.
    pub fn parent(self) -> Option<Self> {
        self.0.parent().and_then(ElementRef::wrap).map(Element)
    }

    /// It, and the elements that it stands in, outwards.
    pub fn outwards(self) -> impl Iterator<Item = Self> {
        std::iter::successors(Some(self), |element| element.parent())
    }

    /// The elements in it, in order, at any depth.
    pub fn elements(self) -> impl Iterator<Item = Self> {
        self.0.descendants().skip(1).filter_map(ElementRef::wrap).map(Element)
    }

    /// The elements beside it that come after it.
    pub fn following(self) -> impl Iterator<Item = Self> {
        self.0.next_siblings().filter_map(ElementRef::wrap).map(Element)
    }

    /// Its words; blocks end a line. It ends soon after so many bytes.
    pub fn text(self, longest: usize) -> String {
        let mut words = String::new();
        self.walk(|node, _| {
            match node {
                Node::Text(text) => words.push_str(text),
                Node::Element(element) if tidy::is_block(element.name()) => words.push('\n'),
                _ => {}
            }
            words.len() < longest
        });
        words
    }

    /// Its markup, itself included, to be made safe before anybody sees it. It ends soon after so many bytes.
    pub fn markup(self, longest: usize) -> String {
        let mut markup = String::new();
        self.walk(|node, step| {
            match (node, step) {
                (Node::Text(text), Step::In) => markup.push_str(&escape(text)),
                (Node::Element(element), Step::In) => {
                    markup.push('<');
                    markup.push_str(element.name());
                    for (name, value) in element.attrs() {
                        markup.extend([" ", name, "=\"", &escape(value), "\""]);
                    }
                    markup.push('>');
                }
                (Node::Element(element), Step::Out) if !tidy::VOID.contains(&element.name()) => {
                    markup.extend(["</", element.name(), ">"]);
                }
                _ => {}
            }
            markup.len() < longest
        });
        markup
    }

    /// Visits every node in it, itself first, going in and coming out, for as long as the visitor wants.
    fn walk(self, mut visit: impl FnMut(&'a Node, Step) -> bool) {
        let first = *self.0;
        let mut node = first;
        loop {
            if !visit(node.value(), Step::In) {
                return;
            }
            if let Some(child) = node.first_child() {
                node = child;
                continue;
            }
            loop {
                if !node.value().is_text() && !visit(node.value(), Step::Out) || node == first {
                    return;
                }
                if let Some(next) = node.next_sibling() {
                    node = next;
                    break;
                }
                let Some(parent) = node.parent() else { return };
                node = parent;
            }
        }
    }
}

/// Which way a node is passed.
#[derive(Clone, Copy)]
enum Step {
    In,
    Out,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use std::time::{Duration, Instant};

    use proptest::prelude::*;

    use super::*;

    fn texts(page: &str, selector: &str) -> Vec<String> {
        let (dom, selector) = (Dom::parse(page).unwrap(), selector.parse().unwrap());
        dom.select(&selector).map(|element| text::one_line(&element.text(1 << 10))).collect()
    }

    #[test]
    fn words_and_markup_come_out_as_they_are_read() {
        let page =
            "<title> A  &lt;b&gt; </title><div class=x><h3>One<br>two</h3><p>th<b>r</b>ee &amp; <a href='?a=1&amp;b=2'>f</a></p><hr></div>";
        let dom = Dom::parse(page).unwrap();
        assert_eq!(dom.title().as_deref(), Some("A <b>"));
        assert_eq!(texts(page, ".x"), ["One two three & f"]);
        let x = dom.select(&".x".parse().unwrap()).map(|element| element.markup(1 << 10)).collect::<String>();
        assert_eq!(x, "<div class=\"x\"><h3>One<br>two</h3><p>th<b>r</b>ee &amp; <a href=\"?a=1&amp;b=2\">f</a></p><hr></div>");
    }

    #[test]
    fn sloppy_pages_are_read_as_browsers_read_them() {
        assert_eq!(texts("<ul><li>a<li>b <b>c<li>d</ul>", "li"), ["a", "b c", "d"]);
        assert_eq!(texts("<table><tr><td>a<td>b<tr><td>c</table>", "td"), ["a", "b", "c"]);
        assert_eq!(texts("<table><tr><td><b>a</td><td>b</b></td></tr></table>d", "td"), ["a", "b"]);
        assert_eq!(texts("<p>a<div>b</div>c", "p"), ["a"]);
        assert_eq!(texts("<dl><dt>a<dd>b<dt>c</dl>", "dd"), ["b"]);
    }

    #[test]
    fn the_outermost_of_those_that_stand_in_each_other_are_taken() {
        let dom = Dom::parse("<ul id=a><li><ul id=b></ul></li></ul><p><ul id=c></ul>").unwrap();
        let ids: Vec<_> = dom.outermost(&"ul".parse().unwrap()).filter_map(|element| element.attribute("id")).collect();
        assert_eq!(ids, ["a", "c"]);
    }

    #[test]
    fn no_page_takes_for_ever() {
        let many = |part: &str, bytes: usize| part.repeat(bytes / part.len());
        let numbered = |count: usize, part: &str| (0..count).map(|n| part.replace('#', &n.to_string())).collect::<String>();
        let size = 512 << 10;
        let pages = [
            many("&", size),
            many("&amp;", size),
            many("<", size),
            many("<!--", size),
            many("<p>", 15_000),
            many("<div>", 70_000),
            many("<div>x</span>", 170_000),
            many("<table>x", 110_000),
            format!("<table>{}", many("x<tr>", 70_000)),
            many("<table><td>", 80_000),
            numbered(9_000, "<b a=#>") + &many("<p>x", 16_000),
            numbered(5_000, "<a href=#>") + &many("<p>x", 16_000),
            numbered(2_000, "<font a=#><table><td><table></td></table></font>") + &many("</table>", 16_000) + &many("<p>x", 16_000),
            format!("<a{}>", numbered(80_000, " a#=1")),
            format!("<p {}>", many("\"'=<", size)),
            many("<svg>", size),
            many("<script>", size),
            many("<title>", size),
            format!("<title>{}", many("</titlx", size)),
            many("<a b='", size),
        ];
        let selectors = ["div > div p", "p:nth-child(2n + 1):not(:has(b))"].map(|selector| selector.parse::<Selector>().unwrap());
        for (n, page) in pages.iter().enumerate() {
            let started = Instant::now();
            if let Ok(dom) = Dom::parse(page) {
                let nodes = dom.elements().count();
                assert!(nodes < 400_000, "page {n}: {nodes} elements");
                for selector in &selectors {
                    dom.outermost(selector).map(|element| element.text(1 << 10)).for_each(drop);
                }
            }
            let took = started.elapsed();
            // Unoptimised and on a busy machine; a run that grows with the square takes minutes.
            assert!(took < Duration::from_secs(20), "page {n}: {took:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn nothing_makes_the_reader_break_off(
            page in r#"(</?(p|b|a href="x"|div|ul|li|td|tr|table|caption|svg|template|select|option|body|html|head|title|form|h1|frameset|button|math|br|dd|col)>|[a-z&;<>"'/= ]|<!--|-->|&amp;|\PC){0,60}"#
        ) {
            let dom = Dom::parse(&page);
            prop_assert!(dom.is_ok(), "{:?}", dom.err());
        }
    }
}
