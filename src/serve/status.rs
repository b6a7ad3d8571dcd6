//! How the sources are, for operators: JSON, a feed of troubles and recoveries, and what the page of it is made of.
//!
//! Everybody may look, so that nothing of it holds a secret. It is made when it is asked for,
//! by one thread at a time, and kept for several times as long as that took: whoever asks again and
//! again costs a small share of one processor, however many sources there are.
//! Deliberately absent: anything that feeds or readiness depend on.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use arc_swap::ArcSwapOption;
use axum::http::HeaderMap;
use serde::Serialize;
use tokio::sync::Mutex;

use super::{
    App,
    answer::{self, Wish},
    cache::Finished,
    pages::{Ui, status},
};
use crate::{
    apply::Clock,
    health::{self, Row, Summary},
    model::{Second, Source, SourceId, Standing},
    publish,
    schedule::Register,
    store::StoreError,
    text,
};

/// An answer is kept for this many times as long as it took to make.
const KEPT: u32 = 10;

/// Whose health is told.
pub struct Watched {
    /// The sources.
    pub sources: BTreeMap<SourceId, Arc<Source>>,
    /// What is known of them.
    pub register: Register,
    /// The present.
    pub clock: Clock,
    /// By which configuration they are watched.
    pub configuration: Configuration,
}

/// How the configuration stands that the daemon goes by. Everybody may see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Configuration {
    /// Since when it holds.
    pub since: Second,
    /// The mistakes of a later one, because of which this one was kept.
    pub mistakes: Vec<String>,
    /// What a later one says that is not so before the daemon is started again.
    pub waiting: Vec<String>,
}

impl Configuration {
    /// One that holds from then on, and that nothing is to be said about.
    pub fn since(since: Second) -> Self {
        Self { since, mistakes: Vec::new(), waiting: Vec::new() }
    }
}

/// In what form it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Json,
    Atom,
}

impl Form {
    pub(super) fn media_type(self) -> &'static str {
        match self {
            Self::Json => answer::JSON,
            Self::Atom => answer::ATOM,
        }
    }
}

/// What is watched, and the last answer in each form.
#[derive(Default)]
pub(super) struct Board {
    watched: ArcSwapOption<Watched>,
    made: [Mutex<Option<Made>>; 2],
}

struct Made {
    watched: Arc<Watched>,
    finished: Arc<Finished>,
    at: Instant,
    took: Duration,
}

impl Board {
    pub(super) fn watch(&self, watched: Watched) {
        self.watched.store(Some(Arc::new(watched)));
    }

    pub(super) fn watched(&self) -> Option<Arc<Watched>> {
        self.watched.load_full()
    }
}

impl App {
    /// How the sources are, and what somebody who asks would like of that; nothing when none are watched.
    pub(super) async fn status(self: &Arc<Self>, form: Form, asked: &HeaderMap) -> Result<Option<(Arc<Finished>, Wish)>, StoreError> {
        let Some(watched) = self.status.watched.load_full() else { return Ok(None) };
        // Held while it is made: the others wait for the same answer.
        let mut made = self.status.made[form as usize].lock().await;
        let is_true = |made: &Made| Arc::ptr_eq(&made.watched, &watched) && made.at.elapsed() < made.took * KEPT;
        let last = match made.take().filter(is_true) {
            Some(last) => last,
            None => self.tell_in_time(watched.clone(), form).await?,
        };
        let last = made.insert(last);
        let wish = Wish::of(&last.finished, asked, None);
        if !wish.is_known() {
            let begun = Instant::now();
            if last.finished.code(wish.coding).await {
                last.took += begun.elapsed();
            }
        }
        Ok(Some((last.finished.clone(), wish)))
    }

    async fn tell_in_time(self: &Arc<Self>, watched: Arc<Watched>, form: Form) -> Result<Made, StoreError> {
        let (app, of, begun) = (self.clone(), watched.clone(), Instant::now());
        let told = tokio::task::spawn_blocking(move || app.tell(&of, form)).await;
        let finished = Arc::new(told.unwrap_or(Err(StoreError::Damaged { what: "the health of a source" }))?);
        Ok(Made { watched, finished, at: Instant::now(), took: begun.elapsed() })
    }

    /// The page of it, of the sources of one standing or of all.
    pub(super) fn status_page(&self, watched: &Watched, only: Option<Standing>, ui: Ui) -> Result<String, StoreError> {
        let Watched { sources, register, clock, configuration } = watched;
        let rows = public(health::rows(sources, &register.all(), clock()));
        let histories = self.store.histories()?;
        let known = status::Known { rows: &rows, histories: &histories, configuration, only };
        Ok(status::page(&known, &self.publishing.load(), ui))
    }

    fn tell(&self, watched: &Watched, form: Form) -> Result<Finished, StoreError> {
        let Watched { sources, register, clock, configuration } = watched;
        let (states, now) = (register.all(), clock());
        let publishing = self.publishing.load();
        let bytes = match form {
            Form::Json => json(&public(health::rows(sources, &states, now)), configuration),
            Form::Atom => {
                let mut histories = self.store.histories()?;
                let mut notices = Vec::new();
                for source in sources.values() {
                    let state = states.get(&source.id);
                    let mut history = histories.remove(&source.id).unwrap_or_default();
                    // The last look may not be written down yet.
                    state.iter().for_each(|state| history.note(state));
                    notices.extend(health::notices(source, &health::health(source, state, now), &history));
                }
                let hidden = notices.into_iter().map(|notice| publish::Notice { text: text::without_secrets(&notice.text), ..notice });
                publish::notices(&publishing.site, &hidden.collect::<Vec<_>>(), publishing.genesis)
            }
        };
        Ok(Finished::new(bytes, now))
    }
}

fn public(rows: Vec<Row>) -> Vec<Row> {
    rows.into_iter().map(Row::for_everybody).collect()
}

/// All of it: `summary` counts sources by standing, `configuration` says which one holds, `sources` has a row for each, by id.
fn json(rows: &[Row], configuration: &Configuration) -> Vec<u8> {
    #[derive(Serialize)]
    struct Status<'a> {
        summary: Summary,
        configuration: &'a Configuration,
        sources: &'a [Row],
    }
    // Plain data is always written.
    serde_json::to_vec(&Status { summary: Summary::of(rows), configuration, sources: rows }).unwrap_or_default()
}
