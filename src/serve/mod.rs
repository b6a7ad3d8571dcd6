//! What the world asks over HTTP, and how it is answered.
//!
//! An answer is made once, when it is first asked for after its stories changed, and then served
//! as bytes; a request for it is a look-up and a write. Links in it begin with the configured
//! address, never with what a request says. Deliberately absent: anything that changes a story.

mod answer;
mod cache;
mod filter;
mod listen;
mod pages;
mod routes;
pub mod sample;
mod status;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
pub use filter::{Asked, Wrong};
pub use listen::listen;
pub use status::{Configuration, Watched};

use self::cache::{Cache, Finished};
use crate::{
    classify::Classifier,
    config::SavedFeed,
    model::{FeedSlug, Names, Second, Site, SourceId},
    publish::{self, SourceCard},
    store::{Store, StoreError, Touched},
};

/// Everything that published bytes depend on beside the stories.
#[derive(Clone)]
pub struct Publishing {
    /// Who publishes.
    pub site: Site,
    /// What labels are called.
    pub names: Names,
    /// Knows countries by their names.
    pub classifier: Arc<Classifier>,
    /// Sources, also those that are configured no more.
    pub sources: BTreeMap<SourceId, SourceCard>,
    /// Saved feeds.
    pub feeds: BTreeMap<FeedSlug, SavedFeed>,
    /// Entries in a feed.
    pub limit: usize,
    /// Entries that may be asked for.
    pub max_limit: usize,
    /// When the journal was begun.
    pub genesis: Second,
}

/// What the server allows itself.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections at once.
    pub connections: usize,
    /// Memory for finished feeds, in bytes.
    pub cache: usize,
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
    standing: ArcSwap<Standing>,
    status: status::Board,
}

/// Whether the daemon does its work.
enum Standing {
    Starting,
    Ready,
    /// It serves what it has, and takes nothing in.
    ReadOnly(String),
}

impl App {
    /// A server over a store.
    pub fn new(store: Arc<Store>, publishing: Publishing, limits: &Limits) -> Arc<Self> {
        Arc::new(Self {
            store,
            publishing: ArcSwap::from_pointee(publishing),
            cache: Cache::new(limits.cache),
            standing: ArcSwap::from_pointee(Standing::Starting),
            status: status::Board::default(),
        })
    }

    /// Says that all is well, or why nothing is taken in.
    pub fn set_ready(&self, read_only: Option<&str>) {
        let standing = read_only.map_or(Standing::Ready, |why| Standing::ReadOnly(why.to_owned()));
        self.standing.store(Arc::new(standing));
    }

    /// Says whose health the status pages tell from now on; without it there are none.
    pub fn watch(&self, watched: Watched) {
        self.status.watch(watched);
    }

    /// Publishes by another configuration from now on, with so many bytes of memory for finished feeds. All that were finished are
    /// dropped; one that is as it was has the same tag again.
    pub fn republish(&self, publishing: Publishing, cache: usize) {
        self.publishing.store(Arc::new(publishing));
        self.cache.set_limit(cache);
        self.cache.drop_matching(|_| true);
    }

    /// Drops the finished feeds that these stories were in or are in now.
    pub fn changed(&self, touched: &[Touched]) {
        self.cache.drop_matching(|asked| {
            touched
                .iter()
                .any(|story| asked.filter.admits(&story.after) || story.before.as_ref().is_some_and(|before| asked.filter.admits(before)))
        });
    }

    /// One feed as it would be served, asked for by path and query.
    pub async fn print(self: &Arc<Self>, path: &str) -> Result<String, String> {
        let publishing = self.publishing.load_full();
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let asked = filter::read(path.trim_matches('/'), query, &publishing).map_err(|wrong| wrong.detail(&publishing))?;
        let finished = self.finished(asked).await.map_err(|error| error.to_string())?;
        Ok(String::from_utf8_lossy(&finished.identity).into_owned())
    }

    /// The finished feed, made now when it is not at hand.
    async fn finished(self: &Arc<Self>, asked: Asked) -> Result<Arc<Finished>, StoreError> {
        let app = self.clone();
        self.cache.get(asked.clone(), move || app.build(&asked)).await
    }

    fn build(&self, asked: &Asked) -> Result<Finished, StoreError> {
        self.write(asked, publish::atom).map(|(bytes, changed)| Finished::new(bytes, changed))
    }

    /// What is written of the stories that were asked for, and when they last changed.
    fn write<T>(&self, asked: &Asked, write: impl FnOnce(&publish::Feed<'_>) -> T) -> Result<(T, Second), StoreError> {
        let publishing = self.publishing.load();
        let page = self.store.query(&asked.filter, None, asked.limit)?;
        let feed = publish::Feed {
            site: &publishing.site,
            names: &publishing.names,
            sources: &publishing.sources,
            filter: &asked.filter,
            saved: asked.saved.as_ref().and_then(|slug| publishing.feeds.get(slug)).map(|feed| &feed.title),
            path: &asked.path(publishing.limit),
            page: &page,
            genesis: publishing.genesis,
        };
        Ok((write(&feed), page.changed))
    }
}
