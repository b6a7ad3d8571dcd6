//! The index: where each story stands, and how it is found. It lives in memory.
//!
//! An engine that keeps every index entry on the disk spends most of its time on them. So a record writes
//! one [`Block`] that says how its stories are found, and the index is made of all blocks when the
//! view is opened. A story takes about 200 bytes here. Deliberately absent: stories; the index knows their numbers.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet, hash_map::Entry},
    hash::{BuildHasherDefault, Hash, Hasher},
};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    Term,
    seconds::{self, Seconds, Sets},
    terms::{Meeting, terms},
};
use crate::model::{Second, SourceId, Story, StoryId, Window};

/// The number of a story in this view: counted up from 0, never used again.
pub(super) type Number = u32;

/// By what a story is found, as a hash of it. Whoever finds a story by one looks whether it is the one that was meant.
///
/// In two halves, so that it lies beside the number of a story without a gap: there are five for each story.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "u64", into = "u64")]
pub(super) struct Handle([u32; 2]);

impl From<u64> for Handle {
    fn from(hash: u64) -> Self {
        // Each half is what fits.
        Self([(hash >> 32) as u32, (hash & 0xFFFF_FFFF) as u32])
    }
}

impl From<Handle> for u64 {
    fn from(Handle([high, low]): Handle) -> Self {
        Self::from(high) << 32 | Self::from(low)
    }
}

impl Hash for Handle {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        hasher.write_u64((*self).into());
    }
}

/// A handle is a hash: it is not hashed again. It comes of BLAKE3, so that nobody can crowd a bucket.
#[derive(Debug, Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, byte| hash.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

type ByHandle<V> = HashMap<Handle, V, BuildHasherDefault<AsItIs>>;

impl Handle {
    pub(super) fn id(id: &StoryId) -> Self {
        Self::of(b'i', &[id.as_bytes()])
    }

    pub(super) fn upstream(source: &SourceId, key: &str) -> Self {
        Self::of(b'u', &[source.as_str().as_bytes(), key.as_bytes()])
    }

    pub(super) fn link(link: &str) -> Self {
        Self::of(b'l', &[link.as_bytes()])
    }

    /// One source's copies under a link are found by themselves: others that share it can not hide them.
    pub(super) fn link_of(link: &str, source: &SourceId) -> Self {
        Self::of(b'o', &[source.as_str().as_bytes(), link.as_bytes()])
    }

    pub(super) fn entry(entry_id: &str) -> Self {
        Self::of(b'e', &[entry_id.as_bytes()])
    }

    /// A source id, the only part that another one follows, has no line break.
    fn of(kind: u8, parts: &[&[u8]]) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&[kind]);
        for part in parts {
            hasher.update(part).update(b"\n");
        }
        let mut first = [0; 8];
        hasher.finalize_xof().fill(&mut first);
        u64::from_le_bytes(first).into()
    }
}

/// How one story is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) number: Number,
    pub(super) id: StoryId,
    handles: Vec<Handle>,
    /// Sorted; each pair once.
    places: Vec<(Term, Second)>,
    /// Where its editions stand.
    positions: Vec<Second>,
    /// When each of them was first kept.
    kept: Vec<Second>,
}

impl Row {
    pub(super) fn of(number: Number, story: &Story) -> Self {
        let mut handles = vec![Handle::id(&story.id)];
        // What a story told that was joined to another is found there; its entries' ids stay taken.
        let is_here = story.joined().is_none();
        for copy in story.copies.iter().chain(&story.edited.withdrawn).filter(|_| is_here) {
            let item = &copy.item;
            let keys = [Some(&item.upstream.id), item.upstream.also.as_ref()];
            handles.extend(keys.into_iter().flatten().map(|key| Handle::upstream(&item.source, key)));
            handles.extend(item.canonical.as_ref().into_iter().flat_map(|link| [Handle::link(link), Handle::link_of(link, &item.source)]));
        }
        handles.extend(story.editions.iter().map(|edition| Handle::entry(&edition.entry_id)));
        handles.sort_unstable();
        handles.dedup();
        let editions = || story.editions.iter().filter(|_| is_here);
        let positions = editions().map(|edition| edition.position).collect();
        let kept = editions().map(|edition| story.kept(edition)).collect();
        Self { number, id: story.id, handles, places: terms(story), positions, kept }
    }

    pub(super) fn terms(&self) -> impl Iterator<Item = &Term> {
        self.places.iter().map(|(term, _)| term)
    }

    fn spots(&self) -> impl Iterator<Item = (Second, Spot)> + '_ {
        spots(self.number, &self.positions, &self.kept)
    }
}

/// What a record says of the index: how its stories are found from now on, and which terms changed.
///
/// Terms are written once a block; the rest names them by their place in that list.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Block {
    at: Second,
    terms: Vec<Term>,
    rows: Vec<Written>,
    touched: Vec<u16>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Written {
    number: Number,
    id: Uuid,
    handles: Vec<Handle>,
    positions: Vec<Second>,
    /// In the order of `positions`.
    kept: Vec<Second>,
    /// Terms, and the places in `positions` of those where they stand.
    places: Vec<(u16, u16)>,
}

impl Block {
    pub(super) fn new(at: Second, rows: &[Row], touched: &BTreeSet<Term>) -> Self {
        let terms: BTreeSet<&Term> = rows.iter().flat_map(Row::terms).chain(touched).collect();
        let terms: Vec<Term> = terms.into_iter().cloned().collect();
        // A record has at most 64 stories, of at most a few dozen terms each.
        let place = |term: &Term| terms.binary_search(term).unwrap_or(0) as u16;
        let written = |row: &Row| {
            let edition = |at: &Second| row.positions.iter().position(|own| own == at).unwrap_or(0) as u16;
            let places = row.places.iter().map(|(term, at)| (place(term), edition(at))).collect();
            let Row { number, id, handles, positions, kept, .. } = row.clone();
            Written { number, id, handles, positions, kept, places }
        };
        Self { at, rows: rows.iter().map(written).collect(), touched: touched.iter().map(place).collect(), terms }
    }

    /// The stories that it is of.
    pub(super) fn numbers(&self) -> impl Iterator<Item = Number> + '_ {
        self.rows.iter().map(|row| row.number)
    }
}

/// Where the stories of one term stand.
#[derive(Debug, Default)]
struct Places {
    at: Seconds,
    /// Each story once, however many editions it has.
    stories: u64,
    /// When membership or content last changed.
    changed: Option<Second>,
}

/// How all stories of a view are found.
#[derive(Debug, Default)]
pub(super) struct Index {
    /// The last sequence whose record is in the view.
    pub(super) applied: u64,
    ids: Vec<Option<StoryId>>,
    handles: ByHandle<Number>,
    /// Further stories of one handle: a link that several have.
    shared: ByHandle<Vec<Number>>,
    positions: BTreeMap<Second, Spot>,
    terms: HashMap<Term, Places>,
}

/// What stands at a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Spot {
    number: Number,
    /// When it was first kept, in seconds after the epoch: half the room of a [`Second`] is enough until 2106, and it tells
    /// nothing but what came before what.
    kept: u32,
}

impl Spot {
    fn new(number: Number, kept: Second) -> Self {
        Self { number, kept: u32::try_from(kept.unix().max(0)).unwrap_or(u32::MAX) }
    }
}

/// What stands at each position of a story.
fn spots<'a>(number: Number, positions: &'a [Second], kept: &'a [Second]) -> impl Iterator<Item = (Second, Spot)> + 'a {
    positions.iter().zip(kept).map(move |(at, kept)| (*at, Spot::new(number, *kept)))
}

impl Index {
    /// Takes in a block that is older than all that were taken in before: of each story the newest row counts.
    /// Gives nothing when the block does not fit together.
    pub(super) fn take_older(&mut self, block: Block) -> Option<()> {
        let Block { at, terms, rows, touched } = block;
        if self.ids.is_empty() {
            self.expect(&rows);
        }
        // A term is looked up once for all that stands under it.
        let mut standing: Vec<(Vec<Second>, u64)> = vec![Default::default(); terms.len()];
        for Written { number, id, handles, positions, kept, places } in &rows {
            if self.id(*number).is_some() {
                continue;
            }
            if positions.len() != kept.len() {
                return None;
            }
            self.find_by(*number, *id, handles);
            self.positions.extend(spots(*number, positions, kept));
            let mut last = None;
            for (term, at) in places {
                let (seconds, stories) = standing.get_mut(usize::from(*term))?;
                seconds.push(*positions.get(usize::from(*at))?);
                *stories += u64::from(last != Some(term));
                last = Some(term);
            }
        }
        let mut changed = vec![false; terms.len()];
        for term in touched {
            *changed.get_mut(usize::from(term))? = true;
        }
        for ((term, (mut seconds, stories)), is_changed) in terms.into_iter().zip(standing).zip(changed) {
            if seconds.is_empty() && !is_changed {
                continue;
            }
            let places = self.terms.entry(term).or_default();
            seconds.sort_unstable();
            places.at.extend(&seconds);
            places.stories += stories;
            places.changed = places.changed.max(is_changed.then_some(at));
        }
        Some(())
    }

    /// Makes room for all stories at once, by what the newest block has: the newest story has the highest number but for a few.
    fn expect(&mut self, rows: &[Written]) {
        let stories = rows.iter().map(|row| row.number as usize + 1).max().unwrap_or(0);
        let handles: usize = rows.iter().map(|row| row.handles.len()).sum();
        self.ids.reserve_exact(stories);
        self.handles.reserve(stories * handles / rows.len().max(1));
    }

    /// Puts the rows of a record in the place of those that their stories had.
    pub(super) fn replace(&mut self, before: &[Row], after: &[Row], touched: BTreeSet<Term>, at: Second, seq: u64) {
        before.iter().for_each(|row| self.remove(row));
        after.iter().for_each(|row| self.add(row));
        for term in touched {
            self.terms.entry(term).or_default().changed = Some(at);
        }
        self.applied = seq;
    }

    fn find_by(&mut self, number: Number, id: StoryId, handles: &[Handle]) {
        let place = number as usize;
        if self.ids.len() <= place {
            self.ids.resize(place + 1, None);
        }
        self.ids[place] = Some(id);
        for handle in handles {
            match self.handles.entry(*handle) {
                Entry::Vacant(vacant) => drop(vacant.insert(number)),
                Entry::Occupied(_) => self.shared.entry(*handle).or_default().push(number),
            }
        }
    }

    fn add(&mut self, row: &Row) {
        self.find_by(row.number, row.id, &row.handles);
        self.positions.extend(row.spots());
        let mut last = None;
        for (term, at) in &row.places {
            let places = match self.terms.get_mut(term) {
                Some(places) => places,
                None => self.terms.entry(term.clone()).or_default(),
            };
            places.at.insert(*at);
            places.stories += u64::from(last != Some(term));
            last = Some(term);
        }
    }

    fn remove(&mut self, row: &Row) {
        for handle in &row.handles {
            let others = self.shared.get_mut(handle);
            if self.handles.get(handle) == Some(&row.number) {
                match others.and_then(Vec::pop) {
                    Some(other) => drop(self.handles.insert(*handle, other)),
                    None => drop(self.handles.remove(handle)),
                }
            } else if let Some(others) = others {
                others.retain(|other| *other != row.number);
            }
            if self.shared.get(handle).is_some_and(Vec::is_empty) {
                self.shared.remove(handle);
            }
        }
        for at in &row.positions {
            self.positions.remove(at);
        }
        let mut last = None;
        for (term, at) in &row.places {
            let Some(places) = self.terms.get_mut(term) else { continue };
            places.at.remove(*at);
            places.stories = places.stories.saturating_sub(u64::from(last != Some(term)));
            last = Some(term);
        }
    }

    /// The number that the next new story gets.
    pub(super) fn next(&self) -> Number {
        Number::try_from(self.ids.len()).unwrap_or(Number::MAX)
    }

    pub(super) fn id(&self, number: Number) -> Option<StoryId> {
        self.ids.get(number as usize).copied().flatten()
    }

    pub(super) fn number(&self, id: &StoryId) -> Option<Number> {
        self.found(Handle::id(id)).find(|number| self.id(*number).as_ref() == Some(id))
    }

    /// The stories that go by a handle.
    pub(super) fn found(&self, handle: Handle) -> impl Iterator<Item = Number> + '_ {
        self.handles.get(&handle).into_iter().chain(self.shared.get(&handle).into_iter().flatten()).copied()
    }

    /// The stories that go by a handle, the one first kept last; at most `most`.
    pub(super) fn latest(&self, handle: Handle, most: usize) -> Vec<StoryId> {
        let mut numbers: Vec<Number> = self.found(handle).collect();
        numbers.sort_unstable_by(|one, other| other.cmp(one));
        numbers.truncate(most);
        numbers.into_iter().filter_map(|number| self.id(number)).collect()
    }

    pub(super) fn at(&self, position: Second) -> Option<Number> {
        self.positions.get(&position).map(|spot| spot.number)
    }

    /// What stands at these positions, in the order in which it was first kept.
    pub(super) fn in_order_of_keeping(&self, positions: Vec<Second>) -> Vec<(Second, Number)> {
        let spot = |at: Second| self.positions.get(&at).map(|spot| (spot.kept, at, spot.number));
        let mut spots: Vec<_> = positions.into_iter().filter_map(spot).collect();
        // Of one pull the editions are kept at once, and stand in order.
        spots.sort_unstable();
        spots.into_iter().map(|(_, at, number)| (at, number)).collect()
    }

    /// The stories with an edition at or after a second, newest first, each once; at most `most`.
    pub(super) fn since(&self, at: Second, most: usize) -> Vec<Number> {
        let mut seen = HashSet::new();
        self.positions.range(at..).rev().map(|(_, spot)| spot.number).filter(|number| seen.insert(*number)).take(most).collect()
    }

    pub(super) fn last_position(&self) -> Option<Second> {
        self.positions.last_key_value().map(|(at, _)| *at)
    }

    /// The first second at or before `from` at which no edition stands.
    pub(super) fn free_at_or_before(&self, from: Second) -> Second {
        let mut free = from.unix();
        for (at, _) in self.positions.range(..=from).rev() {
            if at.unix() != free {
                break;
            }
            free -= 1;
        }
        Second::from_unix(free)
    }

    /// The positions of a term, newest first.
    pub(super) fn places(&self, term: &Term) -> impl Iterator<Item = Second> + '_ {
        self.terms.get(term).into_iter().flat_map(|places| places.at.newest_first())
    }

    /// The newest positions within a window at which one of the meetings takes place, ascending: `most` of them, or a few more. The
    /// window is moved below those; there are no more when fewer are given.
    pub(super) fn newest(&self, meetings: &[Meeting], window: &mut Window, most: usize) -> Vec<Second> {
        let mut meetings: Vec<Sets<'_>> = meetings.iter().map(|meeting| self.sets(meeting, *window)).collect();
        seconds::newest(&mut meetings, window, most)
    }

    fn sets<'a>(&'a self, meeting: &'a Meeting, window: Window) -> Sets<'a> {
        let known = |terms: &[Term]| -> Vec<&'a Seconds> { terms.iter().filter_map(|term| Some(&self.terms.get(term)?.at)).collect() };
        let labels = meeting.all.iter().map(|any| known(any));
        let words = meeting.found.iter().map(|found| vec![&**found]);
        let none = known(&meeting.none).into_iter().chain(meeting.left_out.as_deref());
        Sets::new(labels.chain(words).collect(), none.collect(), window)
    }

    /// When a term last changed.
    pub(super) fn changed(&self, term: &Term) -> Option<Second> {
        self.terms.get(term)?.changed
    }

    /// Every term that there is, in no order that means anything.
    pub(super) fn terms(&self) -> impl Iterator<Item = &Term> {
        self.terms.keys()
    }

    /// How many stories each term has.
    pub(super) fn counts(&self) -> impl Iterator<Item = (&Term, u64)> {
        self.terms.iter().map(|(term, places)| (term, places.stories)).filter(|(_, count)| *count > 0)
    }

    /// How many stories a term has.
    pub(super) fn count(&self, term: &Term) -> u64 {
        self.terms.get(term).map_or(0, |places| places.stories)
    }

    /// Whether a story is found by all that its row says.
    pub(super) fn holds(&self, row: &Row) -> bool {
        self.id(row.number) == Some(row.id)
            && row.handles.iter().all(|handle| self.found(*handle).any(|number| number == row.number))
            && row.spots().all(|(at, spot)| self.positions.get(&at) == Some(&spot))
            && row.places.iter().all(|(term, at)| self.terms.get(term).is_some_and(|places| places.at.contains(*at)))
    }

    /// How much there is: stories, ways to find them, positions, and places under terms.
    pub(super) fn size(&self) -> Size {
        Size {
            stories: self.ids.iter().flatten().count() as u64,
            handles: self.handles.len() as u64 + self.shared.values().map(|others| others.len() as u64).sum::<u64>(),
            positions: self.positions.len() as u64,
            places: self.terms.values().map(|places| places.at.len() as u64).sum(),
        }
    }
}

/// How much an index holds, or should.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Size {
    pub(super) stories: u64,
    handles: u64,
    positions: u64,
    places: u64,
}

impl Size {
    pub(super) fn count(&mut self, row: &Row) {
        self.stories += 1;
        self.handles += row.handles.len() as u64;
        self.positions += row.positions.len() as u64;
        self.places += row.places.len() as u64;
    }
}
