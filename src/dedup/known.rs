//! Which items of a document a source has told before.
//!
//! Ids change at every fetch, stand for several items, or are missing; links carry sessions or
//! all lead to the home page; titles, dates and texts are edited. None of them alone is an
//! identity, so a document is looked at as a whole: its items are set beside the copies that they
//! may be, the likest pairs first, each copy once. What the matches say about the source's keys
//! then decides how far these are believed, and the rest is asked once more.
//! Deliberately absent: other sources (`decide`), and how the copies were found (`apply`).

use std::{
    cell::OnceCell,
    cmp::Reverse,
    collections::{HashMap, HashSet},
};

use super::{
    judge,
    likeness::{Telling, Words},
    survey::{Survey, guid, is_page},
};
use crate::model::{Ids, Item, Second, UpstreamFrom};

/// A title of fewer words says too little to be known by alone.
const TITLE_THAT_PROVES: usize = 4;

/// By what an item was known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// The id that the publisher gave it.
    Id,
    /// Its link, though it may have another id now.
    Link,
    /// Title, date and text.
    Text,
}

/// The copy that an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Match {
    /// Which of the copies.
    pub copy: usize,
    /// By what it was known.
    pub by: By,
}

/// What became of the items of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recognition {
    /// For each item the copy that it is, if it is known.
    pub matches: Vec<Option<Match>>,
    /// What the source's ids are worth by now.
    pub ids: Option<Ids>,
}

/// The same id under the other of `http` and `https`: sites change that for all their ids at once.
pub fn other_scheme(id: &str) -> Option<String> {
    let secure = id.strip_prefix("http://").map(|rest| format!("https://{rest}"));
    secure.or_else(|| id.strip_prefix("https://").map(|rest| format!("http://{rest}")))
}

/// Whether two links differ in their query at most.
pub fn is_one_place(one: &Item, other: &Item) -> bool {
    fn path(item: &Item) -> Option<&str> {
        item.canonical.as_deref().and_then(|link| link.split('?').next())
    }
    path(one) == path(other)
}

/// How far the keys of a document are believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Belief {
    ids: bool,
    links: bool,
    /// Whether nothing in the document was known by its keys: then they may all have been made anew.
    unproven: bool,
}

/// Says which copy each item is. `pairs` are the items and copies that may be one, `settled` those that need no question;
/// `before` is what the source's ids were worth until now.
///
/// The order of items, copies and pairs decides nothing.
pub fn recognise(
    items: &[Telling<'_>],
    copies: &[Telling<'_>],
    survey: &Survey,
    settled: &[Option<Match>],
    pairs: &[(usize, usize)],
    before: Option<Ids>,
) -> Recognition {
    let sheet = Sheet {
        items,
        copies,
        survey,
        pairs,
        item_words: items.iter().map(|_| OnceCell::new()).collect(),
        copy_words: copies.iter().map(|_| OnceCell::new()).collect(),
    };
    let belief = Belief { ids: Ids::are_believed(before), links: true, unproven: false };
    let matches = sheet.assign(settled, belief, &Disputed::default());
    let (tally, disputed) = sheet.tally(&matches, belief);
    let ids = tally.verdict(before);
    let second = Belief {
        ids: belief.ids && Ids::are_believed(ids) && ids != Some(Ids::Renewed),
        links: tally.relinked <= tally.kept,
        unproven: tally.kept + tally.renamed + tally.relinked == 0,
    };
    let matches = if second == belief && disputed.copies.is_empty() {
        matches
    } else {
        // What was known by ids that stand for several items is asked anew; anything else stays as it is.
        let sure = if ids == Some(Ids::Repeating) { settled } else { &matches };
        sheet.assign(sure, second, &disputed)
    };
    Recognition { matches, ids }
}

/// Items and copies side by side; words are looked at only where they are needed.
struct Sheet<'a> {
    items: &'a [Telling<'a>],
    copies: &'a [Telling<'a>],
    survey: &'a Survey,
    pairs: &'a [(usize, usize)],
    item_words: Vec<OnceCell<Words<'a>>>,
    copy_words: Vec<OnceCell<Words<'a>>>,
}

/// What a first assignment says about the keys.
#[derive(Debug, Clone, Copy, Default)]
struct Tally {
    /// Items known by a key that they had before.
    kept: usize,
    /// Known items with another id than before ...
    renamed: usize,
    /// ... and not for the first time.
    again: usize,
    /// Known items without a known id, and with another link than before.
    relinked: usize,
    /// Items whose id is another item's.
    reused: usize,
    /// Items that have an id.
    with_id: usize,
}

impl Tally {
    fn verdict(&self, before: Option<Ids>) -> Option<Ids> {
        if !Ids::are_believed(before) {
            before
        } else if self.reused > 0 && self.reused * 2 >= self.with_id {
            Some(Ids::Repeating)
        } else if self.renamed > self.kept {
            Some(if before == Some(Ids::Renewed) && self.again > self.kept { Ids::Changing } else { Ids::Renewed })
        } else if self.kept > 0 {
            None
        } else {
            before
        }
    }
}

/// Ids that have become another item's: they say nothing of those that had them, nor of those that have them.
#[derive(Debug, Clone, Default)]
struct Disputed {
    /// The copies that had them.
    copies: HashSet<usize>,
    /// The items that have them, and were not known otherwise.
    items: HashSet<usize>,
}

/// How the keys of an item stand to those of a copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Keys {
    id: Key,
    link: Key,
    /// The links differ in their query at most, or one is missing.
    same_place: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    Equal,
    Differs,
    /// One is missing, or not believed.
    Mute,
}

impl Key {
    fn of(is_equal: bool, can_differ: bool) -> Self {
        match (is_equal, can_differ) {
            (true, _) => Self::Equal,
            (_, true) => Self::Differs,
            _ => Self::Mute,
        }
    }
}

impl<'a> Sheet<'a> {
    fn words(&self, item: usize, copy: usize) -> (&Words<'a>, &Words<'a>) {
        let own = self.item_words[item].get_or_init(|| Words::of(self.items[item]));
        (own, self.copy_words[copy].get_or_init(|| Words::of(self.copies[copy])))
    }

    /// Gives each copy to the item that is likest to it.
    fn assign(&self, sure: &[Option<Match>], belief: Belief, disputed: &Disputed) -> Vec<Option<Match>> {
        let mut matches = sure.to_vec();
        let mut taken: HashSet<usize> = matches.iter().flatten().map(|known| known.copy).collect();
        let mut kin = Vec::new();
        for &(item, copy) in self.pairs {
            if matches[item].is_none() && !taken.contains(&copy) {
                let is_disputed = disputed.copies.contains(&copy) || disputed.items.contains(&item);
                let belief = Belief { ids: belief.ids && !is_disputed, ..belief };
                kin.extend(self.kin(item, copy, belief).map(|(nearness, by)| (nearness, by, item, copy)));
            }
        }
        // Among equally likely pairs the words decide, never the order of the document.
        let rank = |&(nearness, _, item, copy): &((u8, u8), By, usize, usize)| {
            let (Item { title, published, summary, upstream, canonical, .. }, kept) = (self.items[item].item, self.copies[copy].item);
            (Reverse(nearness), title, published, summary, &upstream.id, canonical, &kept.upstream.id)
        };
        kin.sort_by(|one, other| rank(one).cmp(&rank(other)));
        for (_, by, item, copy) in kin {
            if matches[item].is_none() && taken.insert(copy) {
                matches[item] = Some(Match { copy, by });
            }
        }
        matches
    }

    /// Whether an item is a copy: how near they are, and by what it is known.
    fn kin(&self, item: usize, copy: usize, belief: Belief) -> Option<((u8, u8), By)> {
        let keys = self.keys(item, copy, belief);
        let (own, kept) = self.words(item, copy);
        let like = own.likeness(kept);
        let has_proof = own.title_words() >= TITLE_THAT_PROVES;
        let by = match (keys.id, keys.link) {
            (Key::Equal, Key::Differs) => judge::speaks_for_id(&like).then_some(By::Id),
            (Key::Equal, link) => (!judge::speaks_against(&like, link == Key::Equal)).then_some(By::Id),
            (Key::Differs, Key::Equal) => judge::speaks_for_link(&like).then_some(By::Link),
            (Key::Mute, Key::Equal) => (!judge::speaks_against(&like, true)).then_some(By::Link),
            (Key::Mute, Key::Mute) => judge::is_retold(&like).then_some(By::Text),
            _ => {
                let is_unproven = belief.unproven && judge::is_unproven_same(&like, keys.same_place);
                (judge::is_repeated(&like, keys.same_place, has_proof) || is_unproven).then_some(By::Text)
            }
        }?;
        let equal_keys = u8::from(keys.id == Key::Equal) + u8::from(keys.link == Key::Equal);
        Some(((judge::nearness(&like), equal_keys), by))
    }

    fn keys(&self, item: usize, copy: usize, belief: Belief) -> Keys {
        let (own, kept) = (self.items[item].item, self.copies[copy].item);
        let id = guid(own).filter(|_| belief.ids && self.survey.ids[item]);
        let goes_by = |id: &str| kept.upstream.goes_by(id) || other_scheme(id).is_some_and(|id| kept.upstream.goes_by(&id));
        let link = own.canonical.as_deref().filter(|_| belief.links && self.survey.links[item]);
        let is_at =
            |link: &str| kept.canonical.as_deref() == Some(link) || (kept.upstream.from == UpstreamFrom::Link && kept.upstream.id == link);
        Keys {
            id: Key::of(id.is_some_and(goes_by), id.is_some() && kept.upstream.has_guid()),
            link: Key::of(link.is_some_and(is_at), link.is_some() && kept.canonical.as_deref().is_some_and(is_page)),
            same_place: own.canonical.is_none() || kept.canonical.is_none() || is_one_place(own, kept),
        }
    }

    /// Counts what the matches say about the keys, and finds the ids that are another item's now.
    fn tally(&self, matches: &[Option<Match>], belief: Belief) -> (Tally, Disputed) {
        let mut owners: HashMap<&str, usize> = HashMap::new();
        for (copy, telling) in self.copies.iter().enumerate() {
            let upstream = &telling.item.upstream;
            owners.insert(&upstream.id, copy);
            owners.extend(upstream.also.as_deref().map(|also| (also, copy)));
        }
        let (mut tally, mut disputed) = (Tally::default(), Disputed::default());
        for (item, known) in matches.iter().enumerate().filter(|(item, _)| !self.survey.repeats[*item]) {
            let own = self.items[item].item;
            if let Some(id) = guid(own) {
                tally.with_id += 1;
                let former = owners.get(id).copied().filter(|owner| known.is_none_or(|known| known.copy != *owner));
                disputed.copies.extend(former);
                disputed.items.extend(former.filter(|_| known.is_none()).map(|_| item));
                tally.reused += usize::from(!self.survey.ids[item] || former.is_some());
            }
            let Some(Match { copy, by }) = *known else { continue };
            let keys = self.keys(item, copy, belief);
            let is_relinked = keys.link == Key::Differs && by == By::Text;
            // A source that has no ids has nothing but its links to make anew.
            let is_renamed = keys.id == Key::Differs || (is_relinked && guid(own).is_none());
            tally.renamed += usize::from(is_renamed);
            tally.again += usize::from(is_renamed && self.copies[copy].item.upstream.also.is_some());
            tally.relinked += usize::from(is_relinked);
            tally.kept += usize::from(by != By::Text && keys.id != Key::Differs);
        }
        (tally, disputed)
    }
}

/// Items and copies of equal words and date, at most `most` pairs: so most are found at once.
pub fn exact_pairs(items: &[(usize, Telling<'_>)], copies: &[(usize, Telling<'_>)], most: usize) -> Vec<(usize, usize)> {
    let words: Vec<(usize, Words<'_>)> = copies.iter().map(|(n, telling)| (*n, Words::of(*telling))).collect();
    let mut by_words: HashMap<(&str, &str, Option<Second>), Vec<usize>> = HashMap::new();
    for (copy, words) in &words {
        by_words.entry(words.exact()).or_default().push(*copy);
    }
    let of = |(item, telling): &(usize, Telling<'_>)| {
        let own = Words::of(*telling);
        by_words.get(&own.exact()).into_iter().flatten().map(|copy| (*item, *copy)).collect::<Vec<_>>()
    };
    items.iter().flat_map(of).take(most).collect()
}
