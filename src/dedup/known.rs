//! Which items of a document a source has told before.
//!
//! Ids change at every fetch, stand for several items, or are missing; links carry sessions or
//! all lead to the home page; titles, dates and texts are edited. None of them alone is an
//! identity, so a document is looked at as a whole: first what it says about its own keys
//! ([`survey`]), then which kept copy each item is, the likest first and each copy once
//! ([`recognise`]). A key that still holds decides unless the texts speak against it; without one
//! the texts have to speak for it. What can not be told apart is kept as an item of its own:
//! a story told twice is a smaller loss than one that is overwritten.
//! Deliberately absent: other sources (`decide`), and how the copies were found (`apply`).

use std::{
    cell::OnceCell,
    cmp::Reverse,
    collections::{BTreeMap, HashMap, HashSet, hash_map::Entry},
    time::Duration,
};

use super::likeness::{Dates, Likeness, Near, Telling, Words, is_exact};
use crate::model::{Ids, Item, Second, UpstreamFrom};

/// Items under one key of a document that are compared with one another; more share it by rule, not by a slip.
const TWINS: usize = 8;
/// A date of a title without text is edited within this, rather than used again: 48 hours.
const REDATED: Duration = Duration::from_hours(48);
/// A title of fewer words says too little to be known by alone.
const TITLE_THAT_PROVES: usize = 4;

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
    /// How many were known by a key that they had before.
    pub kept: usize,
}

/// The guid of an item, if it has one.
pub(super) fn guid(item: &Item) -> Option<&str> {
    (item.upstream.from == UpstreamFrom::Guid).then_some(item.upstream.id.as_str())
}

/// The same id under the other of `http` and `https`: sites change that for all their ids at once.
pub fn other_scheme(id: &str) -> Option<String> {
    let secure = id.strip_prefix("http://").map(|rest| format!("https://{rest}"));
    secure.or_else(|| id.strip_prefix("https://").map(|rest| format!("http://{rest}")))
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
fn is_page(canonical: &str) -> bool {
    canonical.contains(['/', '?', '#'])
}

/// Whether two links differ in their query at most.
pub fn is_one_place(one: &Item, other: &Item) -> bool {
    fn path(item: &Item) -> Option<&str> {
        item.canonical.as_deref().and_then(|link| link.split('?').next())
    }
    path(one) == path(other)
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

/// How far the keys of a document are believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Belief {
    ids: bool,
    links: bool,
    /// Whether a key that is not known speaks against an item.
    unknown_keys: Unknown,
}

/// What a key says that was never seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unknown {
    /// The item is new, unless it repeats a known one to the word.
    New,
    /// Nothing in the document was known by its keys: an item may be one whose id, or the query of its link, changed.
    Doubtful,
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
    let belief = Belief { ids: Ids::are_believed(before), links: true, unknown_keys: Unknown::New };
    let matches = sheet.assign(settled, belief, &HashSet::new());
    let (tally, disowned) = sheet.tally(&matches, belief);
    let ids = tally.verdict(before);
    let second = Belief {
        ids: belief.ids && Ids::are_believed(ids) && ids != Some(Ids::Renewed),
        links: tally.relinked <= tally.kept,
        unknown_keys: if tally.kept + tally.renamed + tally.relinked == 0 { Unknown::Doubtful } else { Unknown::New },
    };
    let matches = if second == belief && disowned.is_empty() {
        matches
    } else {
        // What was known by ids that stand for several items is asked anew; anything else stays as it is.
        let sure = if ids == Some(Ids::Repeating) { settled } else { &matches };
        sheet.assign(sure, second, &disowned)
    };
    Recognition { matches, ids, kept: tally.kept }
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

    /// Gives each copy to the item that is likest to it. The id of a `disowned` copy has become another item's.
    fn assign(&self, sure: &[Option<Match>], belief: Belief, disowned: &HashSet<usize>) -> Vec<Option<Match>> {
        let mut matches = sure.to_vec();
        let mut taken: HashSet<usize> = matches.iter().flatten().map(|known| known.copy).collect();
        let mut kin = Vec::new();
        for &(item, copy) in self.pairs {
            if matches[item].is_none() && !taken.contains(&copy) {
                let belief = Belief { ids: belief.ids && !disowned.contains(&copy), ..belief };
                kin.extend(self.kin(item, copy, belief).map(|(nearness, by)| (nearness, by, item, copy)));
            }
        }
        kin.sort_by_cached_key(|&(nearness, _, item, copy)| {
            let (own, kept) = (self.items[item].item, self.copies[copy].item);
            (Reverse(nearness), own.title.clone(), own.published, own.summary.clone(), own.upstream.id.clone(), kept.upstream.id.clone())
        });
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
            (Key::Equal, Key::Differs) => speaks_for_id(&like).then_some(By::Id),
            (Key::Equal, link) => (!speaks_against(&like, link == Key::Equal)).then_some(By::Id),
            (Key::Differs, Key::Equal) => speaks_for_link(&like).then_some(By::Link),
            (Key::Mute, Key::Equal) => (!speaks_against(&like, true)).then_some(By::Link),
            (Key::Mute, Key::Mute) => is_retold(&like).then_some(By::Text),
            _ => {
                let is_doubtful = belief.unknown_keys == Unknown::Doubtful && keys.same_place;
                let is_same = is_repeated(&like, keys.same_place, has_proof) || (is_doubtful && is_retold(&like) && is_of_one_time(&like));
                is_same.then_some(By::Text)
            }
        }?;
        let equal_keys = u8::from(keys.id == Key::Equal) + u8::from(keys.link == Key::Equal);
        Some(((nearness(&like), equal_keys), by))
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

    /// Counts what the matches say about the keys, and finds the copies whose id is another item's now.
    fn tally(&self, matches: &[Option<Match>], belief: Belief) -> (Tally, HashSet<usize>) {
        let mut owners: HashMap<&str, usize> = HashMap::new();
        for (copy, telling) in self.copies.iter().enumerate() {
            let upstream = &telling.item.upstream;
            owners.insert(&upstream.id, copy);
            owners.extend(upstream.also.as_deref().map(|also| (also, copy)));
        }
        let (mut tally, mut disowned) = (Tally::default(), HashSet::new());
        for (item, known) in matches.iter().enumerate().filter(|(item, _)| !self.survey.repeats[*item]) {
            let own = self.items[item].item;
            if let Some(id) = guid(own) {
                tally.with_id += 1;
                let former = owners.get(id).copied().filter(|owner| known.is_none_or(|known| known.copy != *owner));
                disowned.extend(former);
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
        (tally, disowned)
    }
}

/// How near two tellings are that are one: the higher goes first.
fn nearness(like: &Likeness) -> u8 {
    match (like.title, like.text) {
        (Near::Equal, text) if like.dates.are_equal() && text != Near::Other => 3,
        (Near::Equal, _) | (_, Near::Equal) => 2,
        (_, Near::Much) if like.dates.are_equal() => 2,
        (Near::Much, _) | (_, Near::Much) => 1,
        _ => 0,
    }
}

/// Whether two tellings under one key are two items all the same: an id that is used again, a page that holds another briefing each day.
///
/// Title and text have to tell of other things, and the date has to be another one or prove nothing. Without a
/// link to speak for it, a title with another number is the next of a series.
fn speaks_against(like: &Likeness, same_link: bool) -> bool {
    like.title == Near::Other
        && match like.dates {
            Dates::Exact => false,
            _ if like.other_numbers && !same_link => true,
            Dates::Apart(_) => matches!(like.text, Near::Other | Near::Silent),
            Dates::Equal | Dates::Unknown => like.text == Near::Other,
        }
}

/// Whether two tellings under one id and two links are one item: its address changed. Translations share ids, too.
fn speaks_for_id(like: &Likeness) -> bool {
    let is_translation = like.other_language && like.title != Near::Equal;
    !is_translation && !is_another_day(like) && (is_like(like) || (like.dates == Dates::Exact && like.text != Near::Other))
}

/// Whether two tellings under one link and two ids are one item: its id changed.
fn speaks_for_link(like: &Likeness) -> bool {
    !is_another_day(like) && (is_like(like) || (like.dates.are_equal() && like.text != Near::Other && !like.other_numbers))
}

/// A standing title over another text of another date.
fn is_another_day(like: &Likeness) -> bool {
    like.text == Near::Other && matches!(like.dates, Dates::Apart(_))
}

fn is_like(like: &Likeness) -> bool {
    matches!(like.title, Near::Equal | Near::Much)
        || (matches!(like.text, Near::Equal | Near::Much) && (!like.other_numbers || like.dates == Dates::Exact))
}

/// Whether a telling under a new key repeats a known one to the word. `same_place` is said of links, `has_proof` of the title.
fn is_repeated(like: &Likeness, same_place: bool, has_proof: bool) -> bool {
    like.title == Near::Equal
        && match (like.dates, like.text) {
            (_, Near::Other) | (Dates::Apart(_), _) => false,
            (Dates::Exact, _) | (_, Near::Equal) => true,
            (Dates::Equal, _) | (Dates::Unknown, Near::Much) => same_place,
            (Dates::Unknown, _) => same_place && has_proof,
        }
}

/// Whether two tellings that no key joins or parts are one item: by date and title, by text when one of them was edited.
///
/// Numbered series, and one form of words for several countries, are as many items.
fn is_retold(like: &Likeness) -> bool {
    if like.other_numbers || (like.elsewhere && like.title != Near::Equal) {
        return false;
    }
    match (like.title, like.dates) {
        (Near::Equal | Near::Much, Dates::Exact) => true,
        (Near::Equal, Dates::Equal | Dates::Unknown) => like.text != Near::Other,
        (Near::Much, Dates::Equal | Dates::Unknown) => like.tells_the_same || (like.is_reworked && like.text != Near::Other),
        // A date was edited; or the words are those of every week, and the figures are others.
        (Near::Equal, Dates::Apart(apart)) => match like.text {
            Near::Equal => true,
            Near::Much => like.same_figures,
            Near::Silent => apart <= REDATED,
            Near::Some | Near::Other => false,
        },
        (Near::Much, Dates::Apart(_)) => like.tells_the_same && like.same_figures,
        (_, Dates::Exact) => matches!(like.text, Near::Equal | Near::Much),
        (_, Dates::Equal | Dates::Unknown) => like.tells_the_same,
        (_, Dates::Apart(_)) => false,
    }
}

/// Whether the dates of two tellings do not speak against them; the same words at another hour are told again, not anew.
fn is_of_one_time(like: &Likeness) -> bool {
    match like.dates {
        Dates::Apart(apart) => apart <= REDATED && like.title == Near::Equal && like.text == Near::Equal && like.tells_the_same,
        _ => true,
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
