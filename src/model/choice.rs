//! What is wished of one kind of label: some of these, none of those.
//!
//! A choice holds no more than it says: a label that is left out is no way to pass, and a wish that another
//! one fulfils is gone. So equal wishes are equal choices, in whatever order they were told.
//! Deliberately absent: which labels there are.

use std::{collections::BTreeSet, fmt, str::FromStr};

/// A kind of label that can be wished for.
pub trait Label: Ord + Clone {
    /// What stands for having none of this kind, where that can be wished for.
    fn none() -> Option<Self> {
        None
    }
}

/// A label, or that nobody gave one. Written as the label's name, or `none`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Filed<L> {
    /// Nobody filed it.
    Nowhere,
    /// It was filed under this.
    Under(L),
}

/// How [`Filed::Nowhere`] is written.
pub const NONE: &str = "none";

impl<L: Ord + Clone> Label for Filed<L> {
    fn none() -> Option<Self> {
        Some(Self::Nowhere)
    }
}

impl<L: FromStr> FromStr for Filed<L> {
    type Err = L::Err;

    fn from_str(text: &str) -> Result<Self, L::Err> {
        if text == NONE { Ok(Self::Nowhere) } else { text.parse().map(Self::Under) }
    }
}

impl<L: fmt::Display> fmt::Display for Filed<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nowhere => f.write_str(NONE),
            Self::Under(label) => label.fmt(f),
        }
    }
}

/// One wish as it is written, `gt,mx,-us`: one of the first, none of those behind a minus.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause<L> {
    /// One of these; any when there are none.
    pub any: BTreeSet<L>,
    /// None of these.
    pub not: BTreeSet<L>,
}

/// A wish with a comma or a minus that belongs to nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` has an empty part; write names with commas between, and `-` before those to leave out")]
pub struct EmptyPart(String);

impl From<EmptyPart> for String {
    fn from(part: EmptyPart) -> Self {
        part.to_string()
    }
}

impl<L: Ord> Clause<L> {
    /// Reads a wish; `label` says what a name stands for.
    pub fn read<E: From<EmptyPart>>(text: &str, mut label: impl FnMut(&str) -> Result<L, E>) -> Result<Self, E> {
        let (mut any, mut not) = (BTreeSet::new(), BTreeSet::new());
        for part in text.split(',').map(str::trim) {
            let (name, list) = match part.strip_prefix('-') {
                Some(name) => (name.trim(), &mut not),
                None => (part, &mut any),
            };
            if name.is_empty() {
                return Err(EmptyPart(text.to_owned()).into());
            }
            list.insert(label(name)?);
        }
        Ok(Self { any, not })
    }
}

/// All wishes of one kind of label together. Without a wish everything passes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Choice<L> {
    /// One of each of these.
    all: BTreeSet<BTreeSet<L>>,
    /// None of these.
    not: BTreeSet<L>,
}

impl<L> Default for Choice<L> {
    fn default() -> Self {
        Self { all: BTreeSet::new(), not: BTreeSet::new() }
    }
}

impl<L: Label> Choice<L> {
    /// Wishes for this as well.
    pub fn wish(&mut self, clause: Clause<L>) {
        if !clause.any.is_empty() {
            self.all.insert(clause.any);
        }
        self.not.extend(clause.not);
        self.settle();
    }

    /// What both wish for.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let mut both = self.clone();
        both.all.extend(other.all.iter().cloned());
        both.not.extend(other.not.iter().cloned());
        both.settle();
        both
    }

    /// Brings equal wishes to one form.
    fn settle(&mut self) {
        let not = &self.not;
        let mut all: Vec<BTreeSet<L>> = self.all.iter().map(|any| any.difference(not).cloned().collect()).collect();
        if let Some(none) = L::none() {
            // Who has none has no other: where another wish is for some label, having none is no way to pass.
            if all.iter().any(|any| !any.contains(&none)) {
                for any in &mut all {
                    any.remove(&none);
                }
                self.not.remove(&none);
            } else if all.iter().any(|any| any.len() == 1) {
                self.not.clear();
            }
        }
        let is_said_by_another = |any: &BTreeSet<L>| all.iter().any(|other| other != any && other.is_subset(any));
        self.all = all.iter().filter(|any| !is_said_by_another(any)).cloned().collect();
    }

    /// Whether there is no wish.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty() && self.not.is_empty()
    }

    /// Whether anything at all could pass.
    pub fn is_possible(&self) -> bool {
        !self.all.iter().any(BTreeSet::is_empty)
    }

    /// Whether something passes that has the labels for which `has` says so.
    pub fn admits(&self, has: impl Fn(&L) -> bool) -> bool {
        self.all.iter().all(|any| any.iter().any(&has)) && !self.not.iter().any(has)
    }

    /// One of each of these.
    pub fn all(&self) -> impl Iterator<Item = &BTreeSet<L>> {
        self.all.iter()
    }

    /// None of these.
    pub fn not(&self) -> impl Iterator<Item = &L> {
        self.not.iter()
    }

    /// Every label that is named.
    pub fn labels(&self) -> impl Iterator<Item = &L> {
        self.all.iter().flatten().chain(&self.not)
    }
}

impl<L: Label + fmt::Display> Choice<L> {
    /// Each wish as it is written: in lower case and sorted; what is left out stands behind the last.
    pub fn written(&self) -> Vec<String> {
        let sorted = |labels: &BTreeSet<L>, mark: &str| -> Vec<String> {
            let mut names: Vec<String> = labels.iter().map(|label| format!("{mark}{label}").to_ascii_lowercase()).collect();
            names.sort();
            names
        };
        let mut written: Vec<Vec<String>> = self.all.iter().map(|any| sorted(any, "")).collect();
        written.sort();
        let not = sorted(&self.not, "-");
        match written.last_mut() {
            Some(last) => last.extend(not),
            None if not.is_empty() => {}
            None => written.push(not),
        }
        written.iter().map(|wish| wish.join(",")).collect()
    }
}

/// Each of these labels.
impl<L: Label, const N: usize> From<[L; N]> for Choice<L> {
    fn from(labels: [L; N]) -> Self {
        labels.into_iter().map(|label| Clause { any: [label].into(), not: [].into() }).collect()
    }
}

impl<L: Label> FromIterator<Clause<L>> for Choice<L> {
    fn from_iter<I: IntoIterator<Item = Clause<L>>>(clauses: I) -> Self {
        let mut choice = Self::default();
        clauses.into_iter().for_each(|clause| choice.wish(clause));
        choice
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;
    use crate::model::TopicSlug;

    type Topics = Choice<Filed<TopicSlug>>;

    fn choice(wishes: &[&str]) -> Topics {
        let read = |wish: &&str| Clause::read::<String>(wish, |name| name.parse().map_err(|error| format!("{error}"))).unwrap();
        wishes.iter().map(read).collect()
    }

    #[test]
    fn equal_wishes_are_written_alike() {
        for (wishes, written) in [
            (&["b,a,b"][..], &["a,b"][..]),
            (&["b", "a", "b"], &["a", "b"]),
            (&["a,b", "a"], &["a"]),
            (&["a,b,-b"], &["a,-b"]),
            (&["-b", "c,a"], &["a,c,-b"]),
            (&["-b", "-a"], &["-a,-b"]),
            (&["none,a", "b"], &["a", "b"]),
            (&["-none", "a"], &["a"]),
            (&["-none"], &["-none"]),
            (&["none", "-a"], &["none"]),
            (&["none,a", "-none"], &["a"]),
            (&["none, a"], &["a,none"]),
        ] {
            assert_eq!(choice(wishes).written(), written, "{wishes:?}");
            let backwards: Vec<&str> = wishes.iter().rev().copied().collect();
            assert_eq!(choice(&backwards), choice(wishes), "{wishes:?}");
            let again: Vec<String> = choice(wishes).written();
            assert_eq!(choice(&again.iter().map(String::as_str).collect::<Vec<_>>()), choice(wishes), "{wishes:?}");
        }
    }

    #[test]
    fn what_nothing_can_fulfil_is_seen() {
        for wishes in [&["a,-a"][..], &["none", "a"], &["none,-none"], &["a,b", "-a,-b"]] {
            assert!(!choice(wishes).is_possible(), "{wishes:?}");
        }
        assert!(choice(&["a", "b", "-c"]).is_possible());
    }

    #[test]
    fn a_comma_or_minus_with_nothing_beside_it_is_told() {
        for wish in ["a,", ",a", "a,,b", "-", "", "a,-"] {
            let read = Clause::<Filed<TopicSlug>>::read::<String>(wish, |name| name.parse().map_err(|error| format!("{error}")));
            assert!(read.unwrap_err().contains("has an empty part"), "{wish}");
        }
    }

    #[test]
    fn settling_changes_nobodys_chances() {
        // Every set of three labels against every pair of wishes.
        let names = ["a", "b", "c", "none"];
        let parts: Vec<String> = names.iter().flat_map(|name| [(*name).to_owned(), format!("-{name}")]).collect();
        let wishes: Vec<String> =
            parts.iter().cloned().chain(parts.iter().flat_map(|one| parts.iter().map(move |other| format!("{one},{other}")))).collect();
        let stories: Vec<Vec<&str>> =
            (0..8).map(|bits: u8| (0..3).filter(|bit| bits >> bit & 1 == 1).map(|bit| names[bit]).collect()).collect();
        let plainly = |wish: &str, story: &[&str]| {
            let has = |name: &str| if name == "none" { story.is_empty() } else { story.contains(&name) };
            let (not, any): (Vec<&str>, Vec<&str>) = wish.split(',').partition(|part| part.starts_with('-'));
            (any.is_empty() || any.iter().any(|name| has(name))) && !not.iter().any(|name| has(&name[1..]))
        };
        for one in &wishes {
            for other in &wishes {
                let choice = choice(&[one, other]);
                for story in &stories {
                    let admits = choice.admits(|label| match label {
                        Filed::Nowhere => story.is_empty(),
                        Filed::Under(slug) => story.contains(&slug.as_str()),
                    });
                    assert_eq!(admits, plainly(one, story) && plainly(other, story), "{one} and {other} of {story:?}: {choice:?}");
                    assert!(choice.is_possible() || !admits);
                }
            }
        }
    }
}
