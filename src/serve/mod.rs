//! What the world asks over HTTP, and how it is answered.
//!
//! An answer is made once, when it is first asked for after its stories changed, and then served
//! as bytes; a request for it is a look-up and a write. Links in it begin with the configured
//! address, never with what a request says. Deliberately absent: anything that changes a story.

mod admin;
mod allowance;
mod answer;
mod archive;
mod art;
mod at_hand;
mod cache;
mod client;
mod coding;
mod counted;
mod crowd;
mod daily;
mod door;
mod editing;
mod exposition;
mod filter;
mod finder;
mod gate;
mod listen;
mod lists;
mod openapi;
mod pages;
mod popular;
mod reading;
mod routes;
pub mod sample;
mod sheets;
mod status;
mod subscriptions;
mod topic;

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock, OnceLock},
    time::Duration,
};

pub use admin::{Deeds, Outcome, Token, Undone};
use arc_swap::{ArcSwap, ArcSwapOption};
pub use archive::Leaf;
pub use art::Art;
use axum::{http::HeaderMap, response::Response};
pub use door::{Door, Knock, Reply};
pub use exposition::Exposition;
pub use filter::{Asked, Base, Format, Wrong};
pub use gate::{Allowed, Unmade};
pub use listen::{listen, listen_admin, listen_metrics};
pub use status::{Configuration, Watched};
pub use topic::{Changes, Content, Topic};

use tokio::sync::watch;

use self::{
    answer::Wish,
    archive::Found,
    cache::{Cache, Finished, Question},
    coding::Coding,
    gate::{Asker, Gate},
    sheets::Sheets,
};
use crate::{
    apply::Clock,
    classify::Classifier,
    config::SavedFeed,
    meters::Meters,
    model::{FeedSlug, Filter, Names, Page, Second, Site, SourceId, Window},
    publish::{self, More, SourceCard},
    store::{Store, StoreError, Touched},
    workshop::{Urgency, Workshop, processors},
};

/// Answers that are made at once: two for a processor, because some of them wait for the disk.
pub fn made_at_once() -> usize {
    2 * processors()
}

/// Where answers are made: written, or coded.
fn workshop() -> &'static Workshop {
    static WORKSHOP: LazyLock<Workshop> = LazyLock::new(|| Workshop::open("workshop", made_at_once(), Urgency::Waited));
    &WORKSHOP
}

/// Everything that published bytes depend on beside the stories.
#[derive(Clone)]
pub struct Publishing {
    /// Who publishes.
    pub site: Site,
    /// Its pictures.
    pub art: Art,
    /// What labels are called.
    pub names: Names,
    /// Knows countries by their names.
    pub classifier: Arc<Classifier>,
    /// Sources, also those that are configured no more.
    pub sources: BTreeMap<SourceId, SourceCard>,
    /// Saved feeds.
    pub feeds: BTreeMap<FeedSlug, SavedFeed>,
    /// Where readers tell that something is wrong: a mail address, or the address of a form.
    pub feedback: Option<String>,
    /// Entries in a feed.
    pub limit: usize,
    /// Entries that may be asked for.
    pub max_limit: usize,
    /// When the journal was begun.
    pub genesis: Second,
}

impl Publishing {
    /// Stories that were asked for, with all that it takes to write them; `path` and `home` are addresses below the base.
    fn feed<'a>(&'a self, asked: &'a Asked, [path, home]: [&'a str; 2], page: &'a Page, more: &'a More) -> publish::Feed<'a> {
        let saved = match &asked.base {
            Base::Saved(slug) => self.feeds.get(slug),
            Base::All | Base::Unfiled => None,
        };
        publish::Feed {
            site: &self.site,
            names: &self.names,
            sources: &self.sources,
            filter: &asked.filter,
            saved: saved.map(|feed| &feed.title),
            // Of what nobody filed all is told.
            own: if asked.base == Base::Unfiled { &asked.filter } else { &asked.own },
            content: asked.content,
            daily: None,
            path,
            home,
            page,
            more,
            genesis: self.genesis,
        }
    }
}

/// What the server allows itself.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections at once.
    pub connections: usize,
    /// Memory for finished feeds, in bytes.
    pub cache: usize,
    /// Answers that are made at once for readers.
    pub made_at_once: usize,
    /// A request's head has to be there within this.
    pub header: Duration,
    /// Open connections are cut this long after the signal to stop.
    pub drain: Duration,
}

/// The server's side of the daemon.
pub struct App {
    store: Arc<Store>,
    publishing: ArcSwap<Publishing>,
    cache: Cache,
    gate: Gate,
    standing: ArcSwap<Standing>,
    /// Whose health the status pages tell.
    watched: ArcSwapOption<Watched>,
    sheets: Sheets,
    meters: Meters,
    exposition: OnceLock<Arc<Exposition>>,
    hub: OnceLock<Door>,
    callbacks: OnceLock<Door>,
    clock: Clock,
}

/// Whether the daemon does its work.
enum Standing {
    Starting,
    Ready,
    /// It serves what it has, and takes nothing in.
    ReadOnly(String),
}

impl App {
    /// A server over a store. The clock says what day it is, for filters that ask for the last days.
    pub fn new(store: Arc<Store>, publishing: Publishing, limits: &Limits, clock: Clock) -> Arc<Self> {
        Self::counting(store, publishing, limits, clock, Meters::default())
    }

    /// The same, which counts what it does with these meters.
    pub fn counting(store: Arc<Store>, publishing: Publishing, limits: &Limits, clock: Clock, meters: Meters) -> Arc<Self> {
        Arc::new(Self {
            store,
            publishing: ArcSwap::from_pointee(publishing),
            cache: Cache::new(limits.cache).counting(meters.clone()),
            gate: Gate::new(limits.made_at_once, meters.clone()),
            standing: ArcSwap::from_pointee(Standing::Starting),
            watched: ArcSwapOption::empty(),
            sheets: Sheets::default(),
            meters,
            exposition: OnceLock::new(),
            hub: OnceLock::new(),
            callbacks: OnceLock::new(),
            clock,
        })
    }

    /// Says that all is well, or why nothing is taken in.
    pub fn set_ready(&self, read_only: Option<&str>) {
        let standing = read_only.map_or(Standing::Ready, |why| Standing::ReadOnly(why.to_owned()));
        self.standing.store(Arc::new(standing));
    }

    /// Says how much readers may ask for from now on; before, nobody is counted.
    pub fn allow(&self, allowed: Allowed) {
        self.gate.allow(allowed);
    }

    /// Tells metrics at `/metrics` from now on, to everybody.
    pub fn expose(&self, exposition: Arc<Exposition>) {
        // Whoever was first stays.
        let _ = self.exposition.set(exposition);
    }

    /// Opens the door at which programs subscribe to feeds.
    pub fn open_hub(&self, door: Door) {
        // Whoever was first stays.
        let _ = self.hub.set(door);
    }

    /// Opens the door at which hubs tell of publishers.
    pub fn open_callbacks(&self, door: Door) {
        // Whoever was first stays.
        let _ = self.callbacks.set(door);
    }

    /// Whether feeds can be asked for, and whether nothing is taken in.
    pub fn standing(&self) -> (bool, bool) {
        match &**self.standing.load() {
            Standing::Starting => (false, false),
            Standing::Ready => (true, false),
            Standing::ReadOnly(_) => (true, true),
        }
    }

    /// Whose health the status pages tell.
    pub fn watched(&self) -> Option<Arc<Watched>> {
        self.watched.load_full()
    }

    /// How many finished feeds are in memory, and how many bytes they take.
    pub fn cached(&self) -> (usize, usize) {
        self.cache.size()
    }

    /// Says whose health the status pages tell from now on; without it there are none.
    pub fn watch(&self, watched: Watched) {
        self.watched.store(Some(Arc::new(watched)));
        self.sheets.clear();
    }

    /// Publishes by another configuration from now on, with so many bytes of memory for finished feeds. All that were finished are
    /// dropped; one that is as it was has the same tag again.
    pub fn republish(&self, publishing: Publishing, cache: usize) {
        self.publishing.store(Arc::new(publishing));
        self.cache.set_limit(cache);
        self.cache.clear();
        self.sheets.clear();
    }

    /// Drops the finished feeds that these stories were in or are in now, but for those that ask for words.
    pub fn changed(&self, touched: &[Touched]) {
        self.cache.changed(touched);
    }

    /// Drops the finished feeds that ask for words and that these stories were in or are in, now that what they say can be found;
    /// all that ask for words, when nobody knows which stories.
    pub fn words_changed(&self, touched: Option<&[Touched]>) {
        self.cache.words_changed(touched);
    }

    /// The stories of a feed that is asked for by path and query, and from when to when they stand; however many there are.
    pub fn sought(&self, path: &str) -> Result<(Filter, Window), String> {
        let (asked, _) = self.understood(path)?;
        if asked.leaf.is_some() {
            return Err("this is a page of an archive; name the feed itself, which gives all of its stories".to_owned());
        }
        let window = asked.filter.window((self.clock)());
        Ok((asked.filter, window))
    }

    /// Sees to it that a feed can be printed where nobody reads words on: those of all stories are read now, when the feed asks for any.
    pub fn read_words_for(&self, path: &str) -> Result<(), String> {
        let (asked, _) = self.understood(path)?;
        if !asked.filter.words.is_empty() {
            self.store.read_words((self.clock)(), &|| true).map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    fn understood(&self, path: &str) -> Result<(Asked, Format), String> {
        let publishing = self.publishing.load_full();
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let read = topic::read(path, query, &publishing).map(Topic::asked);
        let read = read.and_then(|(asked, format)| if self.is_ahead(&asked) { Err(Wrong::NoPage) } else { Ok((asked, format)) });
        read.map_err(|wrong| wrong.detail(&publishing))
    }

    /// One feed as it would be served, asked for by path and query.
    pub async fn print(self: &Arc<Self>, path: &str) -> Result<String, String> {
        let (asked, format) = self.understood(path)?;
        let finished = self.finished(&self.question(asked, format), Asker::House).await.map_err(|error| error.to_string())?;
        Ok(String::from_utf8_lossy(finished.bytes(Coding::Identity).0).into_owned())
    }

    /// The finished feed, made now when it is not at hand.
    async fn finished(self: &Arc<Self>, question: &Question, asker: Asker) -> Result<Arc<Finished>, Unmade> {
        let app = self.clone();
        let is_readers = matches!(asker, Asker::Reader(..));
        self.cache.get(question, self.gate.pass(asker), is_readers, move |question| app.build(question)).await
    }

    /// Makes popular answers again that were dropped, one after the other, until `stop` becomes true.
    pub async fn make_again(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        loop {
            while let Some((question, demand)) = self.cache.dropped.take() {
                // It may be another day by now.
                let question = Question { view: question.view, ..self.question(question.asked, question.format) };
                let app = self.clone();
                if let Err(error) = self.cache.make_again(&question, demand, move |question| app.build(question)).await {
                    // Whoever asks for it is told so.
                    tracing::debug!("a popular answer could not be made again: {error}");
                }
                if *stop.borrow() {
                    return;
                }
            }
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                () = self.cache.dropped.wait() => {}
            }
        }
    }

    /// The answer to somebody who asks for a feed, or for its page.
    async fn answer(self: &Arc<Self>, question: &Question, asked: &HeaderMap, asker: Asker) -> Result<Response, Unmade> {
        let finished = self.finished(question, asker).await?;
        // A page shows more than its stories.
        let changed = question.view.is_none().then_some(finished.changed);
        let wish = Wish::of(&finished, asked, changed);
        // Whoever has it needs no bytes.
        if !wish.is_known() && finished.code(wish.coding).await {
            self.cache.coded(question, &finished);
        }
        Ok(match question.view {
            Some(_) => answer::page(&finished, &wish),
            None => answer::feed(&finished, &wish, question.format.content_type()),
        })
    }

    /// What is asked for today.
    fn question(&self, asked: Asked, format: Format) -> Question {
        let now = (self.clock)();
        let moves = asked.leaf.map_or(asked.filter.is_relative(), |leaf| !self.is_over(leaf.month));
        let day = match asked.daily {
            Some(zone) => Some(zone.begin_of(zone.day_of(now))),
            None => moves.then(|| Second::begin_of(now.day())),
        };
        Question { asked, format, day, view: None }
    }

    fn build(&self, question: &Question) -> Result<Finished, StoreError> {
        if let Some(view) = &question.view {
            return self.stories(question, view);
        }
        let write = match question.format {
            Format::Rss => publish::rss,
            Format::Json => publish::json,
            Format::Atom | Format::Page if question.asked.base == Base::Unfiled => publish::editor,
            Format::Atom | Format::Page => publish::atom,
        };
        let written = self.write(question, |feed| (write(feed), links(feed)));
        written.map(|((bytes, links), changed, is_closed)| Finished::new(bytes, changed).closed(is_closed).linked(links))
    }

    /// What is written of the stories that were asked for, when they last changed, and whether they will be the same for ever.
    fn write<T>(&self, question: &Question, write: impl FnOnce(&publish::Feed<'_>) -> T) -> Result<(T, Second, bool), StoreError> {
        let publishing = self.publishing.load();
        let Question { asked, format, day, .. } = question;
        let [path, home] = [*format, Format::Page].map(|format| asked.path(&publishing, format));
        // What is told day by day is for those who do not come and look.
        let (daily, found) = match asked.daily.filter(|_| *format != Format::Page) {
            Some(zone) => self.days(&publishing, asked, zone, day.unwrap_or(Second::EPOCH)).map(|(daily, found)| (Some(daily), found))?,
            None => (None, self.find(question, &publishing)?),
        };
        let Found { page, more, is_closed } = found;
        let feed = publish::Feed { daily: daily.as_ref(), ..publishing.feed(asked, [&path, &home], &page, &more) };
        // What is asked of the last days changes when a day begins, too.
        Ok((write(&feed), page.changed.max(day.unwrap_or(page.changed)), is_closed))
    }
}

/// Where a feed is and who tells of its changes (RFC 8288; WebSub §4); nothing where nobody does.
fn links(feed: &publish::Feed<'_>) -> String {
    feed.hub().map(|hub| format!("<{hub}>; rel=\"hub\", <{}>; rel=\"self\"", feed.address())).unwrap_or_default()
}
