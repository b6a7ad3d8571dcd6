//! What other commands ask of a daemon, and what it answers them: rows of data.
//!
//! Deliberately absent: how a question comes here (`control`), and how rows are shown to people (`cli`).

use std::{collections::BTreeMap, sync::Arc};

use arc_swap::ArcSwap;
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};

use super::{
    acts,
    control::Ask,
    edits::Why,
    filing, floods,
    refile::{Refiling, refile},
    reload::InForce,
    sources,
    upkeep::{Upkeep, keeping},
};
use crate::{
    apply::{Clock, Desk},
    config::Config,
    health::{self, Past, Row},
    model::{Second, Source, SourceId, SourceState},
    schedule::{Order, Outcome, Register, Wish},
    serve::App,
    store::Store,
};

/// All that is needed to answer. Cheap to clone.
#[derive(Clone)]
pub(super) struct Answers {
    pub(super) current: Arc<ArcSwap<InForce>>,
    pub(super) app: Arc<App>,
    pub(super) desk: Desk,
    pub(super) register: Register,
    pub(super) store: Arc<Store>,
    pub(super) clock: Clock,
    pub(super) order: mpsc::Sender<Order>,
    /// Why nothing is pulled or written, if so.
    pub(super) why_not: Option<String>,
    pub(super) stop: watch::Receiver<bool>,
    /// Where it is told that the configuration is to be read again, when it can be.
    pub(super) edits: Option<mpsc::Sender<Why>>,
}

impl Answers {
    /// Answers one question; what was told before an error belongs to the answer.
    pub(super) async fn answer(self, ask: Ask, rows: mpsc::Sender<Value>) -> Result<(), String> {
        match ask {
            Ask::Pull { ids } => {
                self.may_write()?;
                pull_now(&self.current.load_full().config, &self.order, ids, rows).await
            }
            Ask::Sources { id } => tell_sources(self, id, rows).await,
            Ask::Print { path } => print(&self.app, path, rows).await,
            Ask::Refile { dry_run } => {
                if !dry_run {
                    self.may_write()?;
                }
                let current = self.current.load_full();
                let filing = filing(&current.config, current.kit.classifier.clone());
                refile(Refiling { store: self.store, filing, desk: (!dry_run).then_some(self.desk), rows, stop: self.stop }).await
            }
            Ask::Story { story } => {
                let found = tokio::task::spawn_blocking(move || acts::find(&self.store, &story)).await;
                let story = found.map_err(|fall| fall.to_string())??;
                // Whoever asked may have hung up.
                let _ = rows.send(acts::story_row(&story)).await;
                Ok(())
            }
            Ask::Act { story, wish, words } => {
                self.may_write()?;
                let current = self.current.load_full();
                acts::act(self.store, self.desk, &current.config, story, wish, words, rows).await
            }
            Ask::Withdraw { source, words } => {
                self.may_write()?;
                acts::withdraw(self.store, self.desk, source, words, rows).await
            }
            Ask::ReleaseFlood { source, at, words } => {
                self.may_write()?;
                floods::release(self.store, self.desk, source, at, words, rows).await
            }
            Ask::Verify => verify(&self.desk, rows).await,
            Ask::Reload => match &self.edits {
                Some(edits) => edits.send(Why::Signal).await.map_err(|_| "the daemon is stopping".to_owned()),
                None => Err("this daemon goes by the configuration that it was started with".to_owned()),
            },
            Ask::Keep { chore } => {
                if chore.writes() {
                    self.may_write()?;
                }
                self.upkeep().go(chore, rows).await
            }
        }
    }

    /// What upkeep needs, by the configuration of now.
    pub(super) fn upkeep(&self) -> Upkeep {
        let Self { app, store, desk, clock, current, .. } = self.clone();
        Upkeep { app, store, desk, keeping: keeping(&current.load().config), clock }
    }

    fn may_write(&self) -> Result<(), String> {
        self.why_not.clone().map_or(Ok(()), Err)
    }
}

async fn pull_now(config: &Config, order: &mpsc::Sender<Order>, ids: Vec<String>, rows: mpsc::Sender<Value>) -> Result<(), String> {
    let ids = wanted_sources(config, &ids)?;
    let (reply, mut outcomes) = mpsc::unbounded_channel();
    order.send(Order::Look(Wish { ids, reply })).await.map_err(|_| "the daemon is stopping".to_owned())?;
    while let Some(outcome) = outcomes.recv().await {
        // Whoever asked may have hung up; the pulls go on.
        let _ = rows.send(outcome_row(&outcome?)).await;
    }
    Ok(())
}

/// The sources of that name; an unknown one is told with its nearest neighbours.
pub fn wanted_sources(config: &Config, ids: &[String]) -> Result<Vec<SourceId>, String> {
    ids.iter()
        .map(|id| match config.sources.iter().find(|source| source.id.as_str() == id) {
            Some(source) => Ok(source.id.clone()),
            None => {
                let near = crate::text::nearest(id, config.sources.iter().map(|source| source.id.as_str()), 3);
                let hint = if near.is_empty() {
                    "`tributary sources` lists them".to_owned()
                } else {
                    format!("did you mean {}?", near.join(", "))
                };
                Err(format!("there is no source `{id}`; {hint}"))
            }
        })
        .collect()
}

/// One outcome as a row of data.
pub fn outcome_row(outcome: &Outcome) -> Value {
    let report = outcome.report.unwrap_or_default();
    json!({
        "source": outcome.source, "items": report.items, "new": report.new, "joined": report.joined, "revised": report.revised,
        "withdrawn": report.withdrawn, "dropped": report.dropped, "unchanged": outcome.report.is_none() && outcome.trouble.is_none(), "trouble": outcome.trouble,
        "duration_ms": u64::try_from(outcome.took.as_millis()).unwrap_or(u64::MAX),
    })
}

/// The health of each source as a row of data; of one source alone, with its history.
pub fn source_rows(
    sources: &BTreeMap<SourceId, Arc<Source>>,
    states: &BTreeMap<SourceId, SourceState>,
    store: &Store,
    id: Option<&SourceId>,
    now: Second,
) -> Result<Vec<Value>, String> {
    let written = |row: Result<Value, serde_json::Error>| row.map_err(|error| error.to_string());
    let Some(source) = id.and_then(|id| sources.get(id)) else {
        return health::rows(sources, states, now).into_iter().map(|row| written(serde_json::to_value(row))).collect();
    };
    let state = states.get(&source.id);
    let mut history = store.history(&source.id).map_err(|error| error.to_string())?;
    // The last look may not be written down yet.
    state.iter().for_each(|state| history.note(state));
    let mut row = written(serde_json::to_value(Row::of(source, state, now)))?;
    row["history"] = written(serde_json::to_value(Past(&history)))?;
    Ok(vec![row])
}

async fn tell_sources(answers: Answers, id: Option<String>, rows: mpsc::Sender<Value>) -> Result<(), String> {
    let Answers { current, register, store, clock, .. } = answers;
    let id = wanted_sources(&current.load().config, id.as_slice())?.pop();
    let told = move || source_rows(&sources(&current.load().config), &register.all(), &store, id.as_ref(), clock());
    let told = tokio::task::spawn_blocking(told).await;
    for row in told.map_err(|error| error.to_string())?? {
        // Whoever asked may have hung up.
        let _ = rows.send(row).await;
    }
    Ok(())
}

async fn print(app: &Arc<App>, path: String, rows: mpsc::Sender<Value>) -> Result<(), String> {
    let document = app.print(&path).await?;
    let _ = rows.send(Value::String(document)).await;
    Ok(())
}

async fn verify(desk: &Desk, rows: mpsc::Sender<Value>) -> Result<(), String> {
    let verdict = desk.verify().await.ok_or("the daemon is stopping")?.map_err(|error| error.to_string())?;
    for row in verdict.rows() {
        // Whoever asked may have hung up.
        let _ = rows.send(row).await;
    }
    if verdict.agrees() {
        Ok(())
    } else {
        Err("journal and store do not agree; stop the daemon and run `tributary verify --repair`".to_owned())
    }
}
