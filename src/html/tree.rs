//! A page as a list of its elements, to look for patterns in.
//!
//! Each element knows its parent and where it ends, so that whoever looks at a page walks a list
//! and never a tree, however deep. It is made of a [`Dom`], so that a selector that is found
//! here finds the same elements there.

use std::collections::HashMap;

use scraper::Node;

use super::{BadPage, Dom};
use crate::text;

/// The elements of a page, in document order.
#[derive(Debug, Default)]
pub struct Tree {
    elements: Vec<Element>,
    /// The words, in document order.
    words: Vec<String>,
    /// How many characters there are up to each of them.
    lengths: Vec<usize>,
}

/// One element.
#[derive(Debug, Default)]
pub struct Element {
    /// Its name in lower case: `a`.
    pub name: String,
    /// The element around it.
    pub parent: Option<usize>,
    /// Where its descendants end: they are the elements between it and this.
    end: usize,
    /// Its attributes.
    attributes: Vec<(String, String)>,
    /// Where its words begin and end among those of the page.
    words: (usize, usize),
}

impl Element {
    /// The value of an attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Its classes, in order.
    pub fn classes(&self) -> impl Iterator<Item = &str> {
        self.attribute("class").unwrap_or_default().split_ascii_whitespace()
    }
}

impl Tree {
    /// Reads a page.
    pub fn read(markup: &str) -> Result<Self, BadPage> {
        let dom = Dom::parse(markup)?;
        let mut tree = Self::default();
        let mut places = HashMap::new();
        for node in dom.tree.tree.root().descendants() {
            let parent = node.parent().and_then(|parent| places.get(&parent.id()).copied());
            match node.value() {
                Node::Element(element) => {
                    let at = tree.elements.len();
                    places.insert(node.id(), at);
                    tree.elements.push(Element {
                        name: element.name().to_owned(),
                        parent,
                        end: at + 1,
                        attributes: element.attrs().map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
                        words: (tree.words.len(), tree.words.len()),
                    });
                }
                Node::Text(words) => {
                    if let Some(parent) = parent {
                        tree.lengths.push(tree.lengths.last().unwrap_or(&0) + words.trim().chars().count());
                        tree.words.push(words.to_string());
                        tree.elements[parent].words.1 = tree.words.len();
                    }
                }
                _ => {}
            }
        }
        // What ends last inside an element ends it; those inside come after it.
        for at in (0..tree.elements.len()).rev() {
            let (end, words) = (tree.elements[at].end, tree.elements[at].words.1);
            if let Some(parent) = tree.elements[at].parent {
                let parent = &mut tree.elements[parent];
                (parent.end, parent.words.1) = (parent.end.max(end), parent.words.1.max(words));
            }
        }
        Ok(tree)
    }

    /// How many elements there are.
    pub fn len(&self) -> usize {
        self.elements.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.elements.is_empty()
    }

    /// The element at a place; places are 0 to [`Tree::len`].
    pub fn at(&self, at: usize) -> &Element {
        &self.elements[at]
    }

    /// Every element that is called so, in document order.
    pub fn called<'a>(&'a self, name: &'a str) -> impl Iterator<Item = usize> + 'a {
        (0..self.len()).filter(move |at| self.elements[*at].name == name)
    }

    /// The elements inside an element, in document order.
    pub fn inside(&self, at: usize) -> std::ops::Range<usize> {
        at + 1..self.elements[at].end
    }

    /// The elements around an element, from the inside out.
    pub fn around(&self, at: usize) -> impl Iterator<Item = usize> + '_ {
        std::iter::successors(self.elements[at].parent, |at| self.elements[*at].parent)
    }

    /// The words of an element and what is inside it, as one line.
    pub fn text(&self, at: usize) -> String {
        let (from, to) = self.elements[at].words;
        text::one_line(&self.words[from..to].concat())
    }

    /// About how long that line is, in characters, without making it.
    pub fn length(&self, at: usize) -> usize {
        let (from, to) = self.elements[at].words;
        let up_to = |at: usize| at.checked_sub(1).map_or(0, |last| self.lengths[last]);
        up_to(to) - up_to(from)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn elements_know_what_is_inside_and_around_them() {
        let tree = Tree::read(
            "<title>T</title><ul class='a  b'><li>One<b>2</b><script>no</script></li><li><svg><title>no</title></svg>three</li></ul>",
        )
        .unwrap();
        let ul = tree.called("ul").next().unwrap();
        let names: Vec<&str> = tree.inside(ul).map(|at| tree.at(at).name.as_str()).collect();
        assert_eq!(names, ["li", "b", "li"]);
        assert_eq!(tree.at(ul).classes().collect::<Vec<_>>(), ["a", "b"]);
        let texts: Vec<String> = tree.called("li").map(|at| tree.text(at)).collect();
        assert_eq!(texts, ["One2", "three"]);
        assert_eq!((tree.text(ul).as_str(), tree.length(ul)), ("One2three", 9));
        let b = tree.called("b").next().unwrap();
        let around: Vec<&str> = tree.around(b).map(|at| tree.at(at).name.as_str()).collect();
        assert_eq!(around, ["li", "ul", "body", "html"]);
    }
}
