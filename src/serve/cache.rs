//! Finished bytes, kept until a story in them changes.

use std::{
    collections::HashMap,
    io::Write,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;

use super::Asked;
use crate::{
    meters::{Lookup, Meters},
    model::Second,
    store::StoreError,
};

/// One answer in every coding that is offered.
#[derive(Debug)]
pub(super) struct Finished {
    pub(super) identity: Bytes,
    pub(super) gzip: Bytes,
    pub(super) brotli: Bytes,
    /// A hash of the bytes, without quotes; codings have a suffix.
    pub(super) tag: String,
    /// When what it shows last changed.
    pub(super) changed: Second,
}

impl Finished {
    /// Codes the bytes once for all who will ask.
    pub(super) fn new(bytes: Vec<u8>, changed: Second) -> Self {
        let tag = blake3::hash(&bytes).to_hex()[..32].to_owned();
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
        let gzip = gzip.write_all(&bytes).and_then(|()| gzip.finish()).unwrap_or_default();
        let mut brotli = Vec::new();
        let parameters = brotli::enc::BrotliEncoderParams { quality: 5, size_hint: bytes.len(), ..Default::default() };
        // Coding into memory does not fail; without a coding the plain bytes are served.
        if brotli::BrotliCompress(&mut bytes.as_slice(), &mut brotli, &parameters).is_err() {
            brotli.clear();
        }
        Self { identity: bytes.into(), gzip: gzip.into(), brotli: brotli.into(), tag, changed }
    }

    fn weight(&self) -> usize {
        self.identity.len() + self.gzip.len() + self.brotli.len() + 1_000
    }
}

/// What an answer is kept under: what was asked, and on which day, where that makes a difference.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Question {
    pub(super) asked: Asked,
    pub(super) day: Option<Second>,
}

/// Finished answers by what was asked, the least used given up first.
pub(super) struct Cache {
    limit: AtomicUsize,
    meters: Meters,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    slots: HashMap<Question, Slot>,
    bytes: usize,
    clock: u64,
    /// Counts changes, so that an answer begun before one is not kept after it.
    changes: u64,
}

#[derive(Default)]
struct Slot {
    finished: Option<Arc<Finished>>,
    used: u64,
    changed: u64,
    /// Held by whoever makes the answer; the others wait for it.
    making: Arc<tokio::sync::Mutex<()>>,
}

impl Inner {
    fn remove(&mut self, question: &Question) {
        self.bytes -= self.slots.remove(question).and_then(|slot| slot.finished).map_or(0, |finished| finished.weight());
    }
}

impl Cache {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit: AtomicUsize::new(limit), meters: Meters::default(), inner: Mutex::default() }
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

    /// The answer, made by one of those who ask for it at once when it is not there.
    pub(super) async fn get(
        &self,
        question: Question,
        make: impl FnOnce() -> Result<Finished, StoreError> + Send + 'static,
    ) -> Result<Arc<Finished>, StoreError> {
        let making = match self.look(&question) {
            Ok(finished) => return Ok(finished),
            Err(making) => making,
        };
        let _turn = making.lock().await;
        if let Ok(finished) = self.look(&question) {
            return Ok(finished);
        }
        self.meters.looked_up(Lookup::Miss);
        let before = self.inner().changes;
        let made = tokio::task::spawn_blocking(make).await;
        let made = made.map_err(|_| StoreError::Damaged { what: "a story that could not be written as a feed" }).and_then(|made| made);
        match made {
            Ok(finished) => {
                let finished = Arc::new(finished);
                self.keep(&question, &finished, before);
                Ok(finished)
            }
            Err(error) => {
                self.inner().remove(&question);
                Err(error)
            }
        }
    }

    fn look(&self, question: &Question) -> Result<Arc<Finished>, Arc<tokio::sync::Mutex<()>>> {
        let mut inner = self.inner();
        inner.clock += 1;
        let clock = inner.clock;
        let slot = inner.slots.entry(question.clone()).or_default();
        slot.used = clock;
        slot.finished.clone().inspect(|_| self.meters.looked_up(Lookup::Hit)).ok_or_else(|| slot.making.clone())
    }

    fn keep(&self, question: &Question, finished: &Arc<Finished>, before: u64) {
        let mut inner = self.inner();
        let Some(slot) = inner.slots.get_mut(question) else { return };
        if slot.changed > before {
            return;
        }
        // Two may have made it, where one before them failed.
        let replaced = slot.finished.replace(finished.clone()).map_or(0, |replaced| replaced.weight());
        inner.bytes = inner.bytes + finished.weight() - replaced;
        while inner.bytes > self.limit.load(Ordering::Relaxed) {
            let oldest = inner.slots.iter().filter(|(_, slot)| slot.finished.is_some()).min_by_key(|(_, slot)| slot.used);
            let Some(oldest) = oldest.map(|(question, _)| question.clone()) else { break };
            inner.remove(&oldest);
        }
    }

    /// Gives up the answers that are no longer true.
    pub(super) fn drop_matching(&self, is_stale: impl Fn(&Asked) -> bool) {
        let mut guard = self.inner();
        let inner = &mut *guard;
        inner.changes += 1;
        for (_, slot) in inner.slots.iter_mut().filter(|(question, _)| is_stale(&question.asked)) {
            slot.changed = inner.changes;
            inner.bytes -= slot.finished.take().map_or(0, |finished| finished.weight());
        }
        // A slot that nobody makes and that holds nothing is a name without a use.
        inner.slots.retain(|_, slot| slot.finished.is_some() || Arc::strong_count(&slot.making) > 1);
    }
}
