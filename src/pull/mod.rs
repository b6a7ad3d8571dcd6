//! One look at one source. The order of the stages is written here, once.
//!
//! `fetch → parse → clean → classify`: what comes out is decided by `apply`. Parsing and
//! cleaning are work for a thread of their own, never for one that waits on sockets.
//! Deliberately absent: when to look (`schedule`), and anything that is kept (`apply`).

mod page;
mod state;

use std::{
    panic::AssertUnwindSafe,
    sync::{Arc, LazyLock},
    time::{Duration, Instant},
};

use futures_util::FutureExt;
pub use page::Recall;
use page::{Gathered, Reading};
pub use state::{address, back_off, host};
use state::{answered, failed, rules};

use crate::{
    classify::Classifier,
    clean::{self, Origin},
    fetch::{Answer, Ask, Client, FetchError, Room},
    meters::Meters,
    model::{Document, Hints, Item, Labels, RawFeed, Retraction, Second, Source, SourceState},
    parse, text,
    workshop::{Urgency, Workshop, processors},
};

/// What a look is made with. Cheap to clone; swapped as a whole when the configuration changes.
#[derive(Clone)]
pub struct Kit {
    /// Asks publishers.
    pub client: Client,
    /// Files items.
    pub classifier: Arc<Classifier>,
    /// Counts what looks come to.
    pub meters: Meters,
}

impl Kit {
    /// A kit of these.
    pub fn new(client: Client, classifier: Arc<Classifier>) -> Self {
        Self { client, classifier, meters: Meters::default() }
    }

    /// A kit of others, whose looks are counted with those of this one.
    #[must_use]
    pub fn with(&self, client: Client, classifier: Arc<Classifier>) -> Self {
        Self { client, classifier, ..self.clone() }
    }
}

/// Where documents are read: as many at once as there are processors, because each takes many times its size in memory.
static READERS: LazyLock<Workshop> = LazyLock::new(|| Workshop::open("reader", processors(), Urgency::GivesWay));

/// Reads something there, when it is its turn.
async fn in_turn<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Trouble> {
    READERS.make(work).await.map_err(Trouble::Reader)
}

/// What one look at one source found.
#[derive(Debug)]
pub struct Look {
    /// The source that was looked at.
    pub source: Arc<Source>,
    /// When.
    pub at: Second,
    /// Its state after the look.
    pub state: SourceState,
    /// When it last answered well before this look; `None` on its first.
    pub last_good: Option<Second>,
    /// What was there.
    pub found: Found,
    /// Whether it taught nothing but that the source still answers.
    pub is_repeat: bool,
    /// How long it took.
    pub took: Duration,
    /// The room that what was there takes in memory.
    pub room: Room,
}

/// What was there.
#[derive(Debug)]
pub enum Found {
    /// A document that is not the last one; its items in feed order, cleaned and labelled.
    Items {
        /// The items.
        items: Vec<(Item, Labels)>,
        /// How many had neither title, link nor text.
        dropped: usize,
        /// What the document says is taken back.
        retracted: Vec<Retraction>,
    },
    /// The same as last time (RFC 9110 §15.4.5, or the same bytes).
    Unchanged,
    /// Nothing that could be read. The state says why.
    Trouble(Trouble),
}

/// Why a look found nothing.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// The publisher did not give us a document.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// What it gave is no feed that we can read.
    #[error(transparent)]
    Parse(#[from] parse::ParseError),
    /// Reading it failed in a way that it never should; the daemon goes on.
    #[error("reading the document failed: {0}")]
    Reader(String),
}

/// Looks at a source. `before` is what is known of it, `recall` what is kept of its items, `now` the present.
pub async fn look(kit: &Kit, source: &Arc<Source>, before: Option<&SourceState>, recall: &Recall, now: Second) -> Look {
    let started = Instant::now();
    // What was learned about another address says nothing about this one.
    let known = before.filter(|state| state.url == source.url.as_str());
    // A document that would be read in another way today is new, though it has not changed.
    let anew = known.filter(|state| state.rules != rules(source)).map(|state| SourceState {
        etag: None,
        last_modified: None,
        from: None,
        body_hash: None,
        ..state.clone()
    });
    let known = anew.as_ref().or(known);
    let last_good = before.and_then(|state| state.answered);
    // A document that makes us stumble costs its source this look, and nobody else anything.
    let asked = AssertUnwindSafe(ask(kit, source, known, recall, now)).catch_unwind().await;
    let (state, found, room) = match asked.unwrap_or_else(|panic| Err(Trouble::Reader(text::of_panic(&*panic)))) {
        Ok(Heard::Unchanged { answer, hash }) => {
            (answered(source, before, known, &answer, None, hash, None, now), Found::Unchanged, Room::default())
        }
        Ok(Heard::Feed { answer, hash, gathered, room }) => {
            let Gathered { feed, items, dropped, unread, wait, .. } = *gathered;
            let mut state = answered(source, before, known, &answer, wait, hash, Some(&feed), now);
            let count = u32::try_from(items.len()).unwrap_or(u32::MAX);
            state.items = if answer.is_delta { state.items.max(count) } else { count };
            state.unread = unread;
            (state, Found::Items { items, dropped, retracted: clean::retractions(&feed) }, room)
        }
        Err(trouble) => (failed(source, before, &trouble, now), Found::Trouble(trouble), Room::default()),
    };
    let is_repeat = matches!(found, Found::Unchanged) && before.is_some_and(|before| state.repeats(before));
    Look { source: source.clone(), at: now, state, last_good, found, is_repeat, took: started.elapsed(), room }
}

/// The state of a source whose items made us stumble after the look: it is asked again as one that fails.
pub fn stumbled(source: &Source, before: Option<&SourceState>, why: &str, now: Second) -> SourceState {
    failed(source, before, &Trouble::Reader(why.to_owned()), now)
}

/// What an answer said about itself.
struct Said {
    etag: Option<String>,
    last_modified: Option<String>,
    from: Option<String>,
    /// Whether what is not there may be there all the same.
    is_delta: bool,
    moved: Option<url::Url>,
    hints: Hints,
}

enum Heard {
    Unchanged { answer: Said, hash: Option<String> },
    Feed { answer: Said, hash: Option<String>, gathered: Box<Gathered>, room: Room },
}

async fn ask(kit: &Kit, source: &Arc<Source>, known: Option<&SourceState>, recall: &Recall, now: Second) -> Result<Heard, Trouble> {
    let url = address(source, known);
    let ask = Ask {
        url: &url,
        own: &source.url,
        etag: known.and_then(|state| state.etag.as_deref()),
        last_modified: known.and_then(|state| state.last_modified.as_deref()),
        from: known.and_then(|state| state.from.as_deref()),
        headers: &source.headers,
        timeout: source.timeout,
        allow_private: &source.allow_private,
        allow_downgrade: source.allow_downgrade,
    };
    match kit.client.fetch(&ask, now).await? {
        Answer::Unchanged { hints, moved } => {
            // The validators stand that came with what was read.
            let of = |field: fn(&SourceState) -> &Option<String>| known.and_then(|state| field(state).clone());
            let (etag, last_modified, from) = (of(|state| &state.etag), of(|state| &state.last_modified), of(|state| &state.from));
            Ok(Heard::Unchanged {
                answer: Said { etag, last_modified, from, is_delta: false, moved, hints },
                hash: of(|state| &state.body_hash),
            })
        }
        Answer::Document { document, hints, moved, is_delta, room } => {
            kit.meters.fetched(document.body.len());
            let from = (document.url != source.url).then(|| document.url.to_string());
            let said = Said { etag: document.etag.clone(), last_modified: document.last_modified.clone(), from, is_delta, moved, hints };
            // The new entries alone say nothing of the whole document, which is read when it comes again.
            let hash = (!is_delta).then(|| blake3::hash(&document.body).to_hex().to_string());
            if hash.is_some() && known.is_some_and(|state| state.body_hash == hash && state.trouble.is_none()) {
                return Ok(Heard::Unchanged { answer: said, hash });
            }
            if source.page.is_some() {
                // Its further pages may need room as well.
                drop(room);
                let gathered = Reading { kit, source, known, recall, now }.gather(document).await?;
                // What was left out has to be found again, and is not when the page counts as known.
                let (answer, hash) =
                    if gathered.is_whole { (said, hash) } else { (Said { etag: None, last_modified: None, ..said }, None) };
                return Ok(Heard::Feed { answer, hash, gathered: Box::new(gathered), room: Room::default() });
            }
            let (classifier, source) = (kit.classifier.clone(), source.clone());
            let (feed, items, dropped) = in_turn(move || read(&document, &source, &classifier)).await??;
            let gathered = Gathered { feed, items, dropped, is_whole: true, unread: 0, wait: None };
            Ok(Heard::Feed { answer: said, hash, gathered: Box::new(gathered), room })
        }
    }
}

/// The feed without its items, the items that are kept, and how many were not.
pub type Read = (RawFeed, Vec<(Item, Labels)>, usize);

/// From a document to labelled items: the pure stages, in their order. Of a listing, this is its first page alone.
pub fn read(document: &Document, source: &Source, classifier: &Classifier) -> Result<Read, parse::ParseError> {
    let about = about(document, source);
    let mut feed = match &source.page {
        Some(rules) => parse::listing(&document.body, &about, rules)?.feed,
        None => parse::parse(&document.body, &about)?,
    };
    feed.hub = document.hub.clone().or(feed.hub);
    feed.own = document.own.clone().or(feed.own).or_else(|| Some(document.url.to_string()));
    let raw = std::mem::take(&mut feed.items);
    let count = raw.len();
    let origin = Origin { source: &source.id, base: &document.url, feed_lang: feed.lang.as_deref() };
    let items = raw.into_iter().filter_map(|raw| clean::clean(raw, &origin).ok());
    let items: Vec<(Item, Labels)> = items.map(|item| labelled(item, source, classifier)).collect();
    let dropped = count - items.len();
    Ok((feed, items, dropped))
}

fn about<'a>(document: &'a Document, source: &Source) -> parse::About<'a> {
    parse::About { content_type: document.content_type.as_deref(), base: &document.url, dates: source.dates }
}

fn labelled(item: Item, source: &Source, classifier: &Classifier) -> (Item, Labels) {
    let mut labels = classifier.of(&item, source);
    // All that was weighed is for `classify --explain`; the journal keeps what was decided, and what was nearly.
    labels.rejected.clear();
    (item, labels)
}
