//! How the sources are, for operators: JSON, a feed of troubles and recoveries, and what the page of it is made of.
//!
//! Everybody may look, so that nothing of it holds a secret. It is made when it is asked for (`sheets`).
//! Deliberately absent: anything that feeds or readiness depend on.

use std::{collections::BTreeMap, sync::Arc};

use axum::http::HeaderMap;
use serde::Serialize;

use super::{
    App,
    answer::{self, Wish},
    cache::Finished,
    gate::{Asker, Unmade},
    pages::{Ui, status},
    sheets::Depends,
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

impl App {
    /// How the sources are, and what somebody who asks would like of that; nothing when none are watched.
    pub(super) async fn status(
        self: &Arc<Self>,
        form: Form,
        asked: &HeaderMap,
        asker: Asker,
    ) -> Result<Option<(Arc<Finished>, Wish)>, Unmade> {
        let Some(watched) = self.watched() else { return Ok(None) };
        let name = format!("status {form:?}");
        self.sheet(&name, Depends::OnTheMoment, (asked, asker), move |app| app.tell(&watched, form)).await.map(Some)
    }

    /// The page of it, of the sources of one standing or of all.
    pub(super) fn status_page(&self, watched: &Watched, only: Option<Standing>, ui: Ui) -> Result<Vec<u8>, StoreError> {
        let Watched { sources, register, clock, configuration } = watched;
        let rows = public(health::rows(sources, &register.all(), clock()));
        let histories = self.store.histories()?;
        let known = status::Known { rows: &rows, histories: &histories, configuration, only };
        Ok(status::page(&known, &self.publishing.load(), ui).into_bytes())
    }

    fn tell(&self, watched: &Watched, form: Form) -> Result<Vec<u8>, StoreError> {
        let Watched { sources, register, clock, configuration } = watched;
        let (states, now) = (register.all(), clock());
        let publishing = self.publishing.load();
        Ok(match form {
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
        })
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
