//! The upkeep of what is kept: taken out and brought in, written shorter, and words taken out of it.
//!
//! The same whether a daemon does it between looks or the command line by itself. What comes of it is told in rows.
//! Deliberately absent: how it is written (`apply`), and copies of the data folder, for which nobody has to be asked.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};

use super::{
    acts::{self, Words},
    brought,
};
use crate::{
    apply::{Arrived, Clock, Desk, Overdue, overdue},
    config::Config,
    model::{Filter, Keeping, Story, Window},
    serve::App,
    store::{Store, StoreError},
    text,
};

/// Stories that lose their words before looks that wait are kept.
const GROUP: usize = 256;
/// Stories that are looked up at once.
const STRETCH: usize = 500;
/// What is to be kept no longer goes once a day.
const DAY: Duration = Duration::from_hours(24);

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Chore {
    /// Tell every story, or those of a feed, a line each.
    Export {
        /// Path and query of the feed; everything when it is empty, also what is in no feed.
        path: String,
    },
    /// Bring stories in.
    Import {
        /// Each with the line that it stands in; a few at a time.
        stories: Vec<Brought>,
    },
    /// Write the journal anew, as short as it can be.
    Compact,
    /// Let stories go that are to be kept no longer.
    Prune {
        /// Only say which.
        dry_run: bool,
    },
    /// Take the words of a story out of all that is kept.
    Erase {
        /// Its id, the id of one of its entries, or the link of a copy.
        story: String,
        /// By whom, and why.
        words: Words,
    },
}

/// A line of an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brought {
    /// Its number in the file.
    pub line: u64,
    /// What it holds.
    pub story: Value,
}

impl Chore {
    /// Whether anything is changed by it.
    pub fn writes(&self) -> bool {
        !matches!(self, Self::Export { .. } | Self::Prune { dry_run: true })
    }
}

/// How much is kept, for a configuration.
pub fn keeping(config: &Config) -> Keeping {
    let (each, all) = config.settings.keep;
    let of = config.sources.iter().filter_map(|source| Some((source.id.clone(), source.keep?))).collect();
    Keeping { all, each, of }
}

/// All that upkeep needs. Cheap to clone.
#[derive(Clone)]
pub struct Upkeep {
    /// Understands what feeds are asked for.
    pub app: Arc<App>,
    /// What is kept.
    pub store: Arc<Store>,
    /// Who writes.
    pub desk: Desk,
    /// How much is kept.
    pub keeping: Keeping,
    /// The present.
    pub clock: Clock,
}

/// Who is told of what is done.
type Rows = mpsc::Sender<Value>;

impl Upkeep {
    /// Does it, and tells of it.
    pub async fn go(self, chore: Chore, rows: Rows) -> Result<(), String> {
        match chore {
            Chore::Export { path } => self.export(path, rows).await,
            Chore::Import { stories } => self.import(stories, rows).await,
            Chore::Compact => {
                let done = self.desk.compact().await.map_err(|error| text::chain(&error))?;
                let (segments, bytes) = done.removed;
                tell(&rows, json!({ "stories": done.stories, "bytes": done.bytes, "segments": segments, "removed": bytes })).await;
                Ok(())
            }
            Chore::Prune { dry_run } => self.prune(dry_run, rows).await,
            Chore::Erase { story, words } => self.erase(story, words, rows).await,
        }
    }

    async fn export(self, path: String, rows: Rows) -> Result<(), String> {
        let sought = if path.is_empty() { None } else { Some(self.app.sought(&path)?) };
        let store = self.store;
        let telling = tokio::task::spawn_blocking(move || {
            // Whoever asked may have seen enough.
            let mut say = |story: &Story| Ok::<_, String>(rows.blocking_send(line(story)?).is_ok());
            match sought {
                None => every(&store, &mut say),
                Some((filter, window)) => those(&store, &filter, window, &mut say),
            }
        });
        telling.await.map_err(|fall| fall.to_string())?
    }

    async fn import(self, lines: Vec<Brought>, rows: Rows) -> Result<(), String> {
        let now = (self.clock)();
        let mut stories = Vec::with_capacity(lines.len());
        let mut bad = 0;
        for Brought { line, story } in lines {
            match brought::story(story, now) {
                Ok(story) => stories.push(story),
                Err(why) => {
                    bad += 1;
                    tell(&rows, json!({ "line": line, "problem": why })).await;
                }
            }
        }
        let done = self.desk.import(stories).await.map_err(|error| text::chain(&error))?;
        let Arrived { new, known, parted, moved, renamed } = done;
        tell(&rows, json!({ "new": new, "known": known, "parted": parted, "moved": moved, "renamed": renamed, "bad": bad })).await;
        Ok(())
    }

    async fn prune(self, dry_run: bool, rows: Rows) -> Result<(), String> {
        let overdue = self.overdue().await?;
        let mut months: BTreeMap<(String, String), u64> = BTreeMap::new();
        for story in &overdue {
            let month = story.stands.date_time().format("%Y-%m").to_string();
            *months.entry((story.source.to_string(), month)).or_default() += 1;
        }
        for ((source, month), stories) in months {
            tell(&rows, json!({ "source": source, "month": month, "stories": stories })).await;
        }
        let pruned = if dry_run { 0 } else { self.let_go(&overdue).await? };
        tell(&rows, json!({ "overdue": overdue.len(), "pruned": pruned, "keeps_all": self.keeping.is_silent() })).await;
        Ok(())
    }

    async fn overdue(&self) -> Result<Vec<Overdue>, String> {
        if self.keeping.is_silent() {
            return Ok(Vec::new());
        }
        let (store, keeping, now) = (self.store.clone(), self.keeping.clone(), (self.clock)());
        let choosing = tokio::task::spawn_blocking(move || overdue(store.stories(), &keeping, now).map_err(told));
        choosing.await.map_err(|fall| fall.to_string())?
    }

    async fn let_go(&self, overdue: &[Overdue]) -> Result<usize, String> {
        let mut pruned = 0;
        for stories in overdue.chunks(GROUP) {
            let ids = stories.iter().map(|story| story.id).collect();
            pruned += self.desk.prune(ids).await.map_err(|error| text::chain(&error))?;
        }
        if pruned > 0 {
            tracing::info!(pruned, "{pruned} stories are kept no longer");
        }
        Ok(pruned)
    }

    async fn erase(self, story: String, words: Words, rows: Rows) -> Result<(), String> {
        let store = self.store;
        let finding = tokio::task::spawn_blocking(move || acts::find(&store, &story).map(|story| story.id));
        let id = finding.await.map_err(|fall| fall.to_string())??;
        let Words { who, why } = words.kept();
        let done = self.desk.erase(id, who, why).await.map_err(|error| text::chain(&error))?;
        for left in &done.left {
            tell(&rows, json!({ "left": left })).await;
        }
        tell(&rows, json!({ "story": id, "stories": done.stories, "lines": done.lines })).await;
        Ok(())
    }
}

/// Lets go what is to be kept no longer, now and once a day, until `stop` becomes true. `upkeep` goes by the configuration of the day.
pub(super) async fn daily(upkeep: impl Fn() -> Upkeep, mut stop: watch::Receiver<bool>) {
    loop {
        let upkeep = upkeep();
        match upkeep.overdue().await {
            Ok(overdue) => {
                if let Err(why) = upkeep.let_go(&overdue).await {
                    tracing::warn!("not all that is kept no longer could go: {why}; it is tried again in a day");
                }
            }
            Err(why) => tracing::warn!("what is kept no longer could not be looked for: {why}; it is tried again in a day"),
        }
        // Nothing that the writer waits for is held meanwhile.
        drop(upkeep);
        if tokio::time::timeout(DAY, stop.wait_for(|stop| *stop)).await.is_ok() {
            return;
        }
    }
}

/// Every story, in the order in which they were first kept. `say` says whether to go on.
fn every(store: &Store, say: &mut impl FnMut(&Story) -> Result<bool, String>) -> Result<(), String> {
    let mut next = Some(0);
    while let Some(first) = next {
        let (stories, rest) = store.stretch(first, STRETCH as u32).map_err(told)?;
        for story in &stories {
            if !say(story)? {
                return Ok(());
            }
        }
        next = rest;
    }
    Ok(())
}

/// The stories of a feed, the newest first.
fn those(store: &Store, filter: &Filter, mut window: Window, say: &mut impl FnMut(&Story) -> Result<bool, String>) -> Result<(), String> {
    // How many of a source there are can only be counted at once.
    let most = if filter.per_source.is_some() { usize::MAX } else { STRETCH };
    loop {
        let page = store.query(filter, window, most).map_err(told)?;
        for shown in &page.entries {
            if !say(&shown.story)? {
                return Ok(());
            }
        }
        match page.entries.last() {
            Some(last) if page.entries.len() == most => window.below = Some(last.edition().position),
            _ => return Ok(()),
        }
    }
}

/// A story as a line: a text, so that it is the same bytes whoever tells it.
fn line(story: &Story) -> Result<Value, String> {
    serde_json::to_string(story).map(Value::String).map_err(|error| error.to_string())
}

fn told(error: StoreError) -> String {
    text::chain(&error)
}

async fn tell(rows: &Rows, row: Value) {
    // Whoever asked may have hung up; what is done stays done.
    let _ = rows.send(row).await;
}
