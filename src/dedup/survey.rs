//! What a document says about its own keys: which of them stand for several items, and what it lists twice.
//!
//! An id or a link that two different items of one document have says nothing about either. Whether
//! they are different, their words decide; the order of the document never does.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap, hash_map::Entry},
};

use super::likeness::{Dates, Near, Telling, Words, is_exact};
use crate::model::{Item, UpstreamFrom};

/// Items under one key of a document that are compared with one another; more share it by rule, not by a slip.
const TWINS: usize = 8;

/// What a document says about its own keys. Each list has a place for each item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// Whether the item is there again, and better: it is then passed over.
    pub repeats: Vec<bool>,
    /// Whether it has an id, and no other item has the same.
    pub ids: Vec<bool>,
    /// Whether it has a link of its own: no other item's, and not a home page.
    pub links: Vec<bool>,
}

/// The guid of an item, if it has one.
pub(super) fn guid(item: &Item) -> Option<&str> {
    (item.upstream.from == UpstreamFrom::Guid).then_some(item.upstream.id.as_str())
}

/// Looks at the keys of a document: which repeat, and whether for the same item or for others.
pub fn survey(items: &[Telling<'_>]) -> Survey {
    let (mut by_id, mut by_link, mut keyless) = (BTreeMap::<&str, Vec<usize>>::new(), BTreeMap::<&str, Vec<usize>>::new(), Vec::new());
    for (n, telling) in items.iter().enumerate() {
        let (id, link) = (guid(telling.item), telling.item.canonical.as_deref());
        by_id.entry(id.unwrap_or_default()).or_default().push(n);
        by_link.entry(link.unwrap_or_default()).or_default().push(n);
        if id.is_none() && link.is_none() {
            keyless.push(n);
        }
    }
    by_id.remove("");
    by_link.remove("");
    let mut repeats = vec![false; items.len()];
    pass_over_equals(items, &keyless, &mut repeats);
    for group in by_id.values().chain(by_link.values()).filter(|group| group.len() > 1) {
        pass_over_equals(items, group, &mut repeats);
        pass_over_twins(items, group, &mut repeats);
    }
    let alone = |groups: &BTreeMap<&str, Vec<usize>>| {
        let mut alone = vec![false; items.len()];
        for group in groups.values() {
            let mut left = group.iter().filter(|n| !repeats[**n]);
            if let (Some(n), None) = (left.next(), left.next()) {
                alone[*n] = true;
            }
        }
        alone
    };
    let (ids, mut links) = (alone(&by_id), alone(&by_link));
    for (own, telling) in links.iter_mut().zip(items) {
        *own &= telling.item.canonical.as_deref().is_some_and(is_page);
    }
    Survey { repeats, ids, links }
}

/// Whether a canonical link leads to more than a site: all items may have the home page as link.
pub(super) fn is_page(canonical: &str) -> bool {
    canonical.contains(['/', '?', '#'])
}

/// Marks what is there twice to the letter.
fn pass_over_equals(items: &[Telling<'_>], group: &[usize], repeats: &mut [bool]) {
    let mut best: HashMap<_, usize> = HashMap::with_capacity(group.len());
    for n in group.iter().copied().filter(|n| !repeats[*n]).collect::<Vec<_>>() {
        let item = items[n].item;
        let keys = if has_substance(item) { (None, None) } else { (guid(item), item.canonical.as_deref()) };
        match best.entry((&item.title, &item.summary, item.published, keys)) {
            Entry::Vacant(vacant) => drop(vacant.insert(n)),
            Entry::Occupied(mut kept) => {
                let (stays, goes) = if worth(items[n].item) > worth(items[*kept.get()].item) { (n, *kept.get()) } else { (*kept.get(), n) };
                kept.insert(stays);
                repeats[goes] = true;
            }
        }
    }
}

/// Marks what is there twice in somewhat other words, among a few items that share a key.
fn pass_over_twins(items: &[Telling<'_>], group: &[usize], repeats: &mut [bool]) {
    let mut left: Vec<usize> = group.iter().copied().filter(|n| !repeats[*n]).collect();
    if left.len() > TWINS {
        return;
    }
    // The best first, so that the order of the document decides nothing.
    left.sort_by_key(|n| Reverse(worth(items[*n].item)));
    let mut kept: Vec<Words<'_>> = Vec::new();
    for n in left {
        let words = Words::of(items[n]);
        repeats[n] = kept.iter().any(|better| are_twins(better, &words));
        if !repeats[n] {
            kept.push(words);
        }
    }
}

/// Whether equal words and dates are enough to say that two items are one, whatever their other keys.
fn has_substance(item: &Item) -> bool {
    !item.title.is_empty() && (!item.summary.is_empty() || item.published.is_some_and(is_exact))
}

/// Which of two twins stays: the one that changed last, else the fuller, else the first by its words and keys.
fn worth(item: &Item) -> impl Ord + '_ {
    let Item { title, summary, updated, published, canonical, upstream, .. } = item;
    ((*updated).max(*published), summary.len(), Reverse((title, summary, &upstream.id, canonical)))
}

/// Whether two items of one document that share a key are one item that is listed twice (RFC 4287 §4.1.1).
fn are_twins(one: &Words<'_>, other: &Words<'_>) -> bool {
    let (a, b) = (one.telling.item, other.telling.item);
    let (same_id, same_link) = (guid(a).is_some() && guid(a) == guid(b), a.canonical.is_some() && a.canonical == b.canonical);
    let like = one.likeness(other);
    if matches!(like.dates, Dates::Apart(_)) || like.text == Near::Other {
        return false;
    }
    // Short texts prove nothing between two fetches; side by side they are two texts.
    let is_one_text =
        matches!(like.text, Near::Equal | Near::Much) || a.summary.is_empty() || b.summary.is_empty() || a.summary == b.summary;
    let is_one_telling = like.title == Near::Equal && is_one_text;
    match (same_id, same_link) {
        (true, true) => is_one_telling || (!like.elsewhere && !like.other_numbers && (like.is_reworked || like.tells_the_same)),
        (false, _) => is_one_telling && like.dates.are_equal(),
        // On two pages.
        (true, false) => {
            let may_be_one_page = a.canonical.is_none() || b.canonical.is_none();
            is_one_telling && like.dates.are_equal() && (may_be_one_page || has_substance(a))
        }
    }
}
