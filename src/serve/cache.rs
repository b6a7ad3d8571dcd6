//! Finished bytes, kept until a story in them changes.

use std::{
    borrow::Borrow,
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Instant,
};

use axum::http::HeaderValue;
use bytes::Bytes;
use tokio::sync::OnceCell;

use super::{
    Asked, Format,
    coding::Coding,
    gate::{Place, Unmade},
    pages::stories::View,
    popular::{self, Demand, Line},
};
use crate::{
    meters::{Lookup, Meters},
    model::{Second, Story, Told},
    store::{StoreError, Touched},
};

/// An answer shorter than this, in bytes, fits in one packet as it is, so that coding it gains nothing.
const WORTH_CODING: usize = 1 << 10;

/// Addresses that are known by what they ask for, at most: some four megabytes.
const ADDRESSES: usize = 4_096;
/// A longer one is asked what it means each time, in bytes.
const LONGEST_ADDRESS: usize = 512;

/// One answer, in every coding that was asked for.
#[derive(Debug)]
pub(super) struct Finished {
    identity: Bytes,
    /// In the order of [`Coding::SHORTER`].
    coded: [OnceCell<Bytes>; 3],
    /// A hash of the bytes, without quotes; codings have a suffix.
    pub(super) tag: String,
    /// When what it shows last changed.
    pub(super) changed: Second,
    /// Whether it shows the same stories for ever.
    pub(super) is_closed: bool,
    /// Where it is and who tells of its changes, as its head says it; empty when nobody does.
    pub(super) links: String,
    /// What its head says each time, made once.
    pub(super) said: Said,
}

/// What the head of an answer says.
#[derive(Debug)]
pub(super) struct Said {
    /// The tag as it is, and in the order of [`Coding::SHORTER`].
    tags: [Option<HeaderValue>; 4],
    pub(super) changed: Option<HeaderValue>,
    pub(super) links: Option<HeaderValue>,
}

impl Said {
    fn of(tag: &str, changed: Second) -> Self {
        // A hash and a date are what can stand there.
        let value = |text: String| HeaderValue::try_from(text).ok();
        let [first, second, third] = Coding::SHORTER;
        let tags = [Coding::Identity, first, second, third].map(|coding| value(format!("\"{tag}{}\"", coding.suffix())));
        Self { tags, changed: value(changed.http_date()), links: None }
    }

    /// The tag in a coding.
    pub(super) fn tag(&self, coding: Coding) -> Option<&HeaderValue> {
        let place = Coding::SHORTER.iter().position(|other| *other == coding).map_or(0, |place| place + 1);
        self.tags[place].as_ref()
    }
}

impl Finished {
    pub(super) fn new(bytes: Vec<u8>, changed: Second) -> Self {
        let tag = blake3::hash(&bytes).to_hex()[..32].to_owned();
        let said = Said::of(&tag, changed);
        Self { identity: fitting(&bytes), coded: Default::default(), tag, changed, is_closed: false, links: String::new(), said }
    }

    /// The same, which shows the same stories for ever, or does not.
    pub(super) fn closed(self, is_closed: bool) -> Self {
        Self { is_closed, ..self }
    }

    /// The same with links in its head.
    pub(super) fn linked(self, links: String) -> Self {
        let said = Said { links: HeaderValue::from_str(&links).ok().filter(|_| !links.is_empty()), ..self.said };
        Self { links, said, ..self }
    }

    /// What is answered to somebody who likes a coding.
    pub(super) fn offered(&self, coding: Coding) -> Coding {
        if self.identity.len() < WORTH_CODING { Coding::Identity } else { coding }
    }

    fn cell(&self, coding: Coding) -> Option<&OnceCell<Bytes>> {
        Coding::SHORTER.iter().zip(&self.coded).find(|(other, _)| **other == coding).map(|(_, cell)| cell)
    }

    /// Codes the bytes once for all who will ask, away from the threads that answer; says whether that was now.
    pub(super) async fn code(&self, coding: Coding) -> bool {
        let Some(cell) = self.cell(coding).filter(|cell| !cell.initialized()) else { return false };
        let bytes = self.identity.clone();
        let code = move || fitting(&coding.code(&bytes));
        cell.get_or_init(|| async move { super::workshop().make(code).await.unwrap_or_default() }).await;
        true
    }

    /// Whether it is there in a coding.
    pub(super) fn has(&self, coding: Coding) -> bool {
        self.cell(coding).is_none_or(OnceCell::initialized)
    }

    /// The bytes in a coding; plain where they were not coded, or can not be.
    pub(super) fn bytes(&self, coding: Coding) -> (&Bytes, Coding) {
        let coded = self.cell(coding).and_then(OnceCell::get).filter(|bytes| !bytes.is_empty());
        coded.map_or((&self.identity, Coding::Identity), |bytes| (bytes, coding))
    }

    /// The codings it was asked for in.
    fn codings(&self) -> Vec<Coding> {
        let coded = Coding::SHORTER.iter().zip(&self.coded).filter(|(_, cell)| cell.initialized());
        coded.map(|(coding, _)| *coding).collect()
    }

    fn weight(&self) -> usize {
        self.identity.len() + self.coded.iter().filter_map(OnceCell::get).map(Bytes::len).sum::<usize>() + 1_000
    }
}

/// Bytes that take no more room than they are long: what is written piece by piece has up to as much again to spare, for as long as it is kept.
fn fitting(bytes: &[u8]) -> Bytes {
    Bytes::copy_from_slice(bytes)
}

/// What an answer is kept under: what was asked, in which format, and on which day, where that makes a difference.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Question {
    pub(super) asked: Asked,
    pub(super) format: Format,
    pub(super) day: Option<Second>,
    /// How a page of it is shown; nothing for a feed.
    pub(super) view: Option<View>,
}

impl Question {
    /// Whether a story is in the answer. Of days only those are told that are over; a page shows today as well.
    pub(super) fn has<T: Borrow<Told>>(&self, story: &Story, told: impl FnOnce() -> T) -> bool {
        let filter = &self.asked.filter;
        let position = || filter.edition_of(story).map(|edition| story.editions[edition].position);
        (self.asked.daily.is_none() || self.view.is_some() || position() < self.day) && filter.admits_telling(story, told)
    }

    fn asks_for_words(&self) -> bool {
        !self.asked.filter.words.is_empty()
    }
}

/// A story on its way through the cache: what it says is made out once, and only when that is asked.
pub(super) struct Changed<'a> {
    touched: &'a Touched,
    before: OnceLock<Told>,
    after: OnceLock<Told>,
}

impl<'a> Changed<'a> {
    pub(super) fn all(touched: &'a [Touched]) -> Vec<Self> {
        touched.iter().map(|touched| Self { touched, before: OnceLock::new(), after: OnceLock::new() }).collect()
    }

    /// Whether it was in an answer, or is in it now.
    pub(super) fn concerns(&self, question: &Question) -> bool {
        let Touched { before, after } = self.touched;
        let was_in = |before: &Arc<Story>| question.has(before, || self.before.get_or_init(|| Told::of(before)));
        question.has(after, || self.after.get_or_init(|| Told::of(after))) || before.as_ref().is_some_and(was_in)
    }
}

/// One who waits for an answer or makes it. When the last of them leaves, and be it by hanging up, a name under which nothing is
/// kept goes too.
struct Waiter<'a> {
    cache: &'a Cache,
    question: &'a Question,
    making: Making,
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        let mut inner = self.cache.inner();
        let is_last = |slot: &Slot| Arc::ptr_eq(&slot.making, &self.making) && Arc::strong_count(&self.making) == 2;
        if inner.slots.get(self.question).is_some_and(|slot| slot.finished.is_none() && is_last(slot)) {
            inner.remove(self.question);
        }
    }
}

/// Finished answers by what was asked, the least used given up first.
pub(super) struct Cache {
    limit: AtomicUsize,
    meters: Meters,
    inner: Mutex<Inner>,
    /// What was given up and is worth making again.
    pub(super) dropped: Line,
}

#[derive(Default)]
struct Inner {
    slots: HashMap<Question, Slot>,
    /// What addresses ask for, as they came.
    addresses: HashMap<Box<str>, Question>,
    bytes: usize,
    clock: u64,
    /// Counts changes, so that an answer begun before one is not kept after it.
    changes: u64,
}

#[derive(Default)]
struct Slot {
    finished: Option<Arc<Finished>>,
    /// Counted for what is finished; 0 without.
    weight: usize,
    used: u64,
    changed: u64,
    demand: Demand,
    making: Making,
}

/// Held by whoever makes an answer; the others wait for it. In it is the last one that was made, where something changed meanwhile so
/// that it is not kept: it is as new as those ask who asked before it was begun. Without it a burst of commits would have each who
/// waits make it once more, one after the other.
type Making = Arc<tokio::sync::Mutex<Option<Made>>>;

/// An answer that was made.
struct Made {
    finished: Arc<Finished>,
    /// The changes that it has seen.
    changes: u64,
}

impl Slot {
    fn holds(&self, finished: &Arc<Finished>) -> bool {
        self.finished.as_ref().is_some_and(|kept| Arc::ptr_eq(kept, finished))
    }
}

impl Inner {
    fn remove(&mut self, question: &Question) {
        self.bytes -= self.slots.remove(question).map_or(0, |slot| slot.weight);
    }

    /// Counts an answer that is kept for what it weighs, and gives up the least used until all of them weigh no more than `limit`.
    fn weigh(&mut self, question: &Question, finished: &Finished, limit: usize) {
        let Some(slot) = self.slots.get_mut(question) else { return };
        let before = std::mem::replace(&mut slot.weight, finished.weight());
        self.bytes = self.bytes + slot.weight - before;
        while self.bytes > limit {
            let oldest = self.slots.iter().filter(|(_, slot)| slot.finished.is_some()).min_by_key(|(_, slot)| slot.used);
            let Some(oldest) = oldest.map(|(question, _)| question.clone()) else { break };
            self.remove(&oldest);
        }
    }
}

impl Cache {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit: AtomicUsize::new(limit), meters: Meters::default(), inner: Mutex::default(), dropped: Line::default() }
    }

    /// The same, which counts with these meters what was at hand.
    pub(super) fn counting(self, meters: Meters) -> Self {
        Self { meters, ..self }
    }

    /// Keeps so many bytes from now on.
    pub(super) fn set_limit(&self, limit: usize) {
        self.limit.store(limit, Ordering::Relaxed);
    }

    /// How many answers are kept, and how many bytes they take.
    pub(super) fn size(&self) -> (usize, usize) {
        let inner = self.inner();
        (inner.slots.values().filter(|slot| slot.finished.is_some()).count(), inner.bytes)
    }

    fn inner(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The feed at an address that was asked for just so before, when it is at hand and `liked` by whoever asks.
    pub(super) fn at_hand<T>(
        &self,
        address: &str,
        now: Instant,
        liked: impl FnOnce(&Finished) -> Option<T>,
    ) -> Option<(Arc<Finished>, Format, T)> {
        let mut inner = self.inner();
        let Inner { slots, addresses, clock, .. } = &mut *inner;
        let question = addresses.get(address)?;
        let slot = slots.get_mut(question)?;
        let (finished, liked) = slot.finished.as_ref().and_then(|finished| Some((finished.clone(), liked(finished)?)))?;
        *clock += 1;
        slot.used = *clock;
        slot.demand.ask(now);
        self.meters.looked_up(Lookup::Hit);
        Some((finished, question.format, liked))
    }

    /// Notes what an address asks for, until all is [cleared](Self::clear): what goes by the day is not noted. `is_so_still` says that
    /// nothing was cleared since it was asked; whoever clears makes that false before.
    pub(super) fn remember(&self, address: &str, question: &Question, is_so_still: impl FnOnce() -> bool) {
        let mut inner = self.inner();
        let Inner { addresses, .. } = &mut *inner;
        if question.day.is_some() || address.len() > LONGEST_ADDRESS || addresses.contains_key(address) || !is_so_still() {
            return;
        }
        if addresses.len() >= ADDRESSES {
            addresses.clear();
        }
        addresses.insert(address.into(), question.clone());
    }

    /// The answer, made by one of those who ask for it at once when it is not there, and who has a place for it then.
    pub(super) async fn get(
        &self,
        question: &Question,
        pass: impl Future<Output = Result<Place, Unmade>>,
        is_readers: bool,
        make: impl FnOnce(&Question) -> Result<Finished, StoreError> + Send + 'static,
    ) -> Result<Arc<Finished>, Unmade> {
        let now = Instant::now();
        let ask = move |demand: &mut Demand| {
            if is_readers {
                demand.ask(now)
            }
        };
        self.get_or_make(question, pass, make, ask, |lookup| self.meters.looked_up(lookup)).await
    }

    /// The same answer once more, before anybody asks for it, in the codings it was asked for.
    pub(super) async fn make_again(
        &self,
        question: &Question,
        demand: Demand,
        make: impl FnOnce(&Question) -> Result<Finished, StoreError> + Send + 'static,
    ) -> Result<(), Unmade> {
        let codings = demand.codings.clone();
        let tell = |lookup| {
            if lookup == Lookup::Miss {
                self.meters.rebuilt();
            }
        };
        let finished =
            self.get_or_make(question, std::future::ready(Ok(Place::of_the_house())), make, |known| known.join(demand), tell).await?;
        for coding in codings {
            finished.code(coding).await;
        }
        self.coded(question, &finished);
        if let Some(slot) = self.inner().slots.get_mut(question).filter(|slot| slot.holds(&finished)) {
            slot.demand.serve();
        }
        Ok(())
    }

    /// The answer, made when it is not there. `ask` says how it is asked for, and `tell` is told whether it was there.
    async fn get_or_make(
        &self,
        question: &Question,
        pass: impl Future<Output = Result<Place, Unmade>>,
        make: impl FnOnce(&Question) -> Result<Finished, StoreError> + Send + 'static,
        ask: impl FnOnce(&mut Demand),
        tell: impl Fn(Lookup),
    ) -> Result<Arc<Finished>, Unmade> {
        let (making, changed) = match self.look(question, ask) {
            Ok(finished) => {
                tell(Lookup::Hit);
                return Ok(finished);
            }
            Err(missed) => missed,
        };
        let waiter = Waiter { cache: self, question, making };
        let mut last = waiter.making.lock().await;
        let is_new = |made: &&Made| made.changes >= changed;
        let at_hand = self.look(question, |_| {}).ok().or_else(|| last.as_ref().filter(is_new).map(|made| made.finished.clone()));
        if let Some(finished) = at_hand {
            tell(Lookup::Hit);
            return Ok(finished);
        }
        let place = pass.await?;
        tell(Lookup::Miss);
        let changes = self.inner().changes;
        let asked = question.clone();
        let made = super::workshop().make(move || {
            let _place = place;
            make(&asked)
        });
        let made = made.await.unwrap_or(Err(StoreError::Damaged { what: "a story that could not be written as a feed" }));
        let finished = Arc::new(made?);
        let is_kept = self.keep(question, &finished, changes);
        *last = (!is_kept).then(|| Made { finished: finished.clone(), changes });
        Ok(finished)
    }

    /// What is at hand; else the way to make it, and the last change that it must have seen.
    fn look(&self, question: &Question, ask: impl FnOnce(&mut Demand)) -> Result<Arc<Finished>, (Making, u64)> {
        let mut inner = self.inner();
        inner.clock += 1;
        let clock = inner.clock;
        let slot = match inner.slots.get_mut(question) {
            Some(slot) => slot,
            None => inner.slots.entry(question.clone()).or_default(),
        };
        slot.used = clock;
        ask(&mut slot.demand);
        slot.finished.clone().ok_or_else(|| (slot.making.clone(), slot.changed))
    }

    /// Keeps an answer that has seen so many changes; says whether nothing in it changed since.
    fn keep(&self, question: &Question, finished: &Arc<Finished>, changes: u64) -> bool {
        let mut inner = self.inner();
        let Some(slot) = inner.slots.get_mut(question).filter(|slot| slot.changed <= changes) else { return false };
        // Two may have made it, where it was given up in between.
        slot.finished = Some(finished.clone());
        inner.weigh(question, finished, self.limit.load(Ordering::Relaxed));
        true
    }

    /// Counts an answer anew that was coded, if it is still kept.
    pub(super) fn coded(&self, question: &Question, finished: &Arc<Finished>) {
        let mut inner = self.inner();
        if inner.slots.get(question).is_some_and(|slot| slot.holds(finished)) {
            inner.weigh(question, finished, self.limit.load(Ordering::Relaxed));
        }
    }

    /// What was asked for and is kept, of a kind.
    pub(super) fn kept(&self, is_meant: impl Fn(&Question) -> bool) -> Vec<Question> {
        let inner = self.inner();
        let kept = inner.slots.iter().filter(|(question, slot)| slot.finished.is_some() && is_meant(question));
        kept.map(|(question, _)| question.clone()).collect()
    }

    /// Gives up the answers that these stories were in or are in now, but for those that ask for words: what stories say
    /// is found a little later.
    pub(super) fn changed(&self, touched: &[Touched]) {
        let changed = Changed::all(touched);
        self.drop_for_now(|question| !question.asks_for_words() && changed.iter().any(|story| story.concerns(question)));
    }

    /// Gives up the answers that ask for words and that these stories were in or are in now; all that ask for words when
    /// nobody knows which stories.
    pub(super) fn words_changed(&self, touched: Option<&[Touched]>) {
        let Some(touched) = touched else { return self.drop_for_now(Question::asks_for_words) };
        let asked: Vec<Question> = self.inner().slots.keys().filter(|question| question.asks_for_words()).cloned().collect();
        // What stories say takes its time to make out, and nobody waits for that.
        let changed = Changed::all(touched);
        let stale: HashSet<Question> = asked.into_iter().filter(|question| changed.iter().any(|story| story.concerns(question))).collect();
        self.drop_for_now(|question| stale.contains(question));
    }

    /// Gives up all of them, for good: what was asked under another configuration may mean something else now.
    pub(super) fn clear(&self) {
        self.drop_matching(|_| true, Instant::now());
        self.inner().addresses.clear();
        self.dropped.clear();
    }

    /// Gives up the answers that are no longer true, and puts those in line that are worth making again.
    fn drop_for_now(&self, is_stale: impl Fn(&Question) -> bool) {
        let now = Instant::now();
        self.dropped.add(self.drop_matching(is_stale, now), now);
    }

    /// Gives up the answers that are no longer true; says which of them are popular.
    fn drop_matching(&self, is_stale: impl Fn(&Question) -> bool, now: Instant) -> Vec<(Question, Demand)> {
        let mut guard = self.inner();
        let inner = &mut *guard;
        inner.changes += 1;
        let mut popular = Vec::new();
        for (question, slot) in inner.slots.iter_mut().filter(|(question, _)| is_stale(question)) {
            slot.changed = inner.changes;
            inner.bytes -= std::mem::take(&mut slot.weight);
            if let Some(finished) = slot.finished.take() {
                slot.demand.codings = finished.codings();
            }
            popular.extend(slot.demand.rank(now).map(|rank| (rank, question, &slot.demand)));
        }
        popular.sort_by_key(|(rank, ..)| std::cmp::Reverse(*rank));
        let popular = popular.into_iter().take(popular::MOST).map(|(_, question, demand)| (question.clone(), demand.clone()));
        let popular = popular.collect();
        // A slot that nobody makes and that holds nothing is a name without a use.
        inner.slots.retain(|_, slot| slot.finished.is_some() || Arc::strong_count(&slot.making) > 1);
        popular
    }
}

#[cfg(test)]
pub(super) mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;
    use crate::{
        model::{ContentPolicy, Filter},
        serve::{
            Base,
            gate::{Asker, Gate},
        },
    };

    pub(in crate::serve) fn question(limit: usize, format: Format) -> Question {
        let (base, own, filter) = (Base::All, Filter::default(), Filter::default());
        let asked = Asked { base, own, filter, daily: None, limit, content: ContentPolicy::Full, leaf: None };
        Question { asked, format, day: None, view: None }
    }

    /// Bytes that no coding makes shorter.
    fn noise(seed: usize) -> Vec<u8> {
        let mut bytes = vec![0; 3_000];
        blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof().fill(&mut bytes);
        bytes
    }

    #[test]
    fn an_address_is_known_until_what_it_asks_for_may_be_something_else() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let cache = Cache::new(1 << 20);
        let asked = question(1, Format::Atom);
        let make = || {
            let pass = std::future::ready(Ok(Place::of_the_house()));
            runtime.block_on(cache.get(&asked, pass, true, |_| Ok(Finished::new(noise(1), Second::EPOCH)))).unwrap()
        };
        let is_at_hand = |address: &str| cache.at_hand(address, Instant::now(), |_| Some(())).is_some();
        let made = make();
        assert!(!is_at_hand("/feed.atom?limit=1"));
        cache.remember("/feed.atom?limit=1", &asked, || false);
        assert!(!is_at_hand("/feed.atom?limit=1"), "another configuration holds by now");
        cache.remember("/feed.atom?limit=1", &asked, || true);
        cache.remember("/feed.atom?since=P1D", &Question { day: Some(Second::EPOCH), ..asked.clone() }, || true);
        cache.remember(&"x".repeat(LONGEST_ADDRESS + 1), &asked, || true);
        assert_eq!(cache.inner().addresses.len(), 1);
        let (finished, format, ()) = cache.at_hand("/feed.atom?limit=1", Instant::now(), |_| Some(())).unwrap();
        assert_eq!((Arc::ptr_eq(&finished, &made), format), (true, Format::Atom));
        assert!(cache.at_hand("/feed.atom?limit=1", Instant::now(), |_| None::<()>).is_none(), "it is not what was liked");
        // Dropped, it is at hand when it was made again.
        cache.drop_matching(|_| true, Instant::now());
        assert!(!is_at_hand("/feed.atom?limit=1"));
        make();
        assert!(is_at_hand("/feed.atom?limit=1"));
        cache.clear();
        make();
        assert!(!is_at_hand("/feed.atom?limit=1"));
        for n in 0..=ADDRESSES {
            cache.remember(&format!("/feed.atom?utm_source={n}"), &asked, || true);
        }
        assert_eq!(cache.inner().addresses.len(), 1, "they have an end");
    }

    #[test]
    fn answers_weigh_what_was_made_of_them_and_the_least_used_goes_first() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (cache, gate) = (Cache::new(16_500), Gate::new(0, Meters::default()));
        let made = std::cell::Cell::new(0);
        let get = |limit: usize, format: Format| {
            let before = made.get();
            made.set(before + 1);
            let finished = runtime
                .block_on(cache.get(&question(limit, format), gate.pass(Asker::House), true, move |_| {
                    Ok(Finished::new(noise(before), Second::EPOCH))
                }));
            finished.unwrap()
        };
        let is_kept = |limit: usize, format: Format| cache.look(&question(limit, format), |_| {}).is_ok();
        let tags = [(1, Format::Atom), (1, Format::Rss), (2, Format::Atom), (1, Format::Json)]
            .map(|(limit, format)| get(limit, format).tag.clone());
        assert_eq!(tags.iter().collect::<std::collections::BTreeSet<_>>().len(), 4, "each is an answer of its own");
        assert_eq!(cache.inner().bytes, 16_000);
        // The first is used again, so that the second goes when a coding needs its room.
        assert_eq!(get(1, Format::Atom).tag, tags[0]);
        let coded = get(1, Format::Json);
        assert!(runtime.block_on(coded.code(Coding::Gzip)));
        assert!(!runtime.block_on(coded.code(Coding::Gzip)), "it is made once");
        cache.coded(&question(1, Format::Json), &coded);
        assert_eq!((coded.bytes(Coding::Gzip).1, coded.bytes(Coding::Brotli).1), (Coding::Gzip, Coding::Identity));
        assert_eq!(
            (coded.offered(Coding::Gzip), Finished::new(vec![0; 1_023], Second::EPOCH).offered(Coding::Gzip)),
            (Coding::Gzip, Coding::Identity)
        );
        assert_eq!(cache.inner().bytes, 12_000 + coded.bytes(Coding::Gzip).0.len());
        assert_eq!(
            [is_kept(1, Format::Atom), is_kept(1, Format::Rss), is_kept(2, Format::Atom), is_kept(1, Format::Json)],
            [true, false, true, true]
        );
        // What is no longer kept is not counted.
        cache.drop_for_now(|question| question.asked.limit == 1);
        assert!(runtime.block_on(coded.code(Coding::Brotli)));
        cache.coded(&question(1, Format::Json), &coded);
        assert_eq!(cache.inner().bytes, 4_000);
    }

    #[test]
    fn whoever_hangs_up_frees_no_place_before_the_work_is_done() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let (cache, gate) = (Cache::new(1 << 20), Gate::new(1, Meters::default()));
        let reader = |patience: bool| {
            let now = tokio::time::Instant::now();
            let long_ago = now.checked_sub(std::time::Duration::from_secs(60)).unwrap_or(now);
            gate.pass(Asker::Reader(None, if patience { now } else { long_ago }))
        };
        let (begin, begun) = tokio::sync::oneshot::channel();
        let (finish, finished) = std::sync::mpsc::channel::<()>();
        let make = move |_: &Question| {
            begin.send(()).unwrap();
            finished.recv().unwrap();
            Ok(Finished::new(noise(0), Second::EPOCH))
        };
        let asked = question(1, Format::Atom);
        runtime.block_on(async {
            tokio::select! {
                _ = cache.get(&asked, reader(true), true, make) => panic!("it waits"),
                begun = begun => begun.unwrap(),
            }
            assert!(cache.inner().slots.is_empty(), "nobody waits for it");
            let refused = cache.get(&asked, reader(false), true, |_| panic!("it is not made")).await;
            assert!(matches!(refused, Err(Unmade::TooMany)) && cache.inner().slots.is_empty());
            finish.send(()).unwrap();
            assert!(reader(true).await.is_ok());
        });
    }

    #[test]
    fn those_who_wait_through_a_burst_of_changes_share_what_is_as_new_as_they_ask() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (cache, asked) = (Arc::new(Cache::new(1 << 20)), question(1, Format::Atom));
        let made = Arc::new(AtomicUsize::new(0));
        let (go_on, told_to) = std::sync::mpsc::channel::<()>();
        let told_to = Arc::new(Mutex::new(told_to));
        // Each is changed while it is made, so that none is kept.
        let get = || {
            let (within, made, told_to) = (cache.clone(), made.clone(), told_to.clone());
            let make = move |_: &Question| {
                told_to.lock().unwrap().recv().unwrap();
                within.drop_for_now(|_| true);
                Ok(Finished::new(noise(made.fetch_add(1, Ordering::SeqCst)), Second::EPOCH))
            };
            let pass = std::future::ready(Ok(Place::of_the_house()));
            let (cache, asked) = (&cache, &asked);
            Box::pin(async move { cache.get(asked, pass, true, make).await.unwrap().tag.clone() })
        };
        let tag = |seed: usize| Finished::new(noise(seed), Second::EPOCH).tag;
        let told = runtime.block_on(async {
            let (mut early, mut late) = ([get(), get()], [get(), get(), get()]);
            // The second comes while the first makes it, the others after it has changed.
            for reader in &mut early {
                assert!(futures_util::poll!(reader.as_mut()).is_pending());
            }
            cache.drop_for_now(|_| true);
            for reader in &mut late {
                assert!(futures_util::poll!(reader.as_mut()).is_pending());
            }
            (0..3).for_each(|_| go_on.send(()).unwrap());
            futures_util::future::join_all(early.into_iter().chain(late)).await
        });
        assert_eq!(told, [0, 0, 1, 1, 1].map(tag));
        assert_eq!(runtime.block_on(get()), tag(2), "whoever asks later asks for what changed since");
        assert!(cache.inner().slots.is_empty());
    }

    #[test]
    fn what_changes_while_it_is_made_again_is_made_once_more_and_only_its_newest_state_is_kept() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let cache = Arc::new(Cache::new(1 << 20));
        let asked = question(1, Format::Atom);
        let get = || {
            let make = |_: &Question| Ok(Finished::new(noise(0), Second::EPOCH));
            runtime.block_on(cache.get(&asked, std::future::ready(Ok(Place::of_the_house())), true, make)).unwrap()
        };
        let change = || cache.drop_for_now(|_| true);
        get();
        change();
        assert!(cache.dropped.take().is_none(), "one reader is no habit");
        get();
        runtime.block_on(get().code(Coding::Gzip));
        (0..3).for_each(|_| change());
        let (question, demand) = cache.dropped.take().unwrap();
        assert!(cache.dropped.take().is_none(), "it stands in line once");
        let make_again = |seed: usize, demand: Demand, changes: bool| {
            let within = cache.clone();
            let make = move |_: &Question| {
                if changes {
                    within.drop_for_now(|_| true);
                }
                Ok(Finished::new(noise(seed), Second::EPOCH))
            };
            runtime.block_on(cache.make_again(&question, demand, make)).unwrap();
        };
        make_again(1, demand, true);
        assert_eq!(cache.size(), (0, 0), "it was no longer true");
        let (_, demand) = cache.dropped.take().unwrap();
        make_again(2, demand, false);
        let newest = get();
        assert_eq!(newest.tag, Finished::new(noise(2), Second::EPOCH).tag);
        assert_eq!((newest.codings(), cache.size()), (vec![Coding::Gzip], (1, newest.weight())));
        assert!(cache.dropped.take().is_none());

        // Under another configuration it may mean something else.
        get();
        change();
        cache.clear();
        assert!(cache.dropped.take().is_none());
        (0..2).for_each(|_| drop(get()));
        cache.clear();
        assert!(cache.dropped.take().is_none() && cache.size() == (0, 0));
    }
}
