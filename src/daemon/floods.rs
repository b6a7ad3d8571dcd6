//! What a source brought too much of, shown as news after all.
//!
//! The entries that one look filed in the archive are found by the time of that verdict, and released a few at a time, the
//! oldest first. Deliberately absent: what was filed at the first look, which was no flood.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::acts::Words;
use crate::{
    apply::{Desk, What},
    model::{Second, SourceId, StoryId},
    store::{Store, StoreError},
    text,
};

/// Stories that are released before looks that wait are kept.
const GROUP: usize = 256;

/// Gives what a source had filed in the archive, at its last flood or at the one of that time, places at the top, and tells how many stories that were.
pub async fn release(
    store: Arc<Store>,
    desk: Desk,
    source: String,
    at: Option<String>,
    words: Words,
    rows: mpsc::Sender<Value>,
) -> Result<(), String> {
    let source: SourceId = source.parse().map_err(|error: crate::model::BadName| error.to_string())?;
    let at = at.map(|at| at.parse::<Second>().map_err(|_| format!("`{at}` is not a time such as 2026-03-01T10:00:00Z"))).transpose()?;
    let theirs = source.clone();
    let listing = tokio::task::spawn_blocking(move || flood(&store, &theirs, at)).await.map_err(|fall| fall.to_string())?;
    let (at, ids) = listing.map_err(|error| error.to_string())?.unzip();
    let (Some(at), Some(ids)) = (at, ids) else {
        return Err(format!("nothing of `{source}` was filed in the archive because it was too much"));
    };
    let mut released = 0;
    for stories in ids.chunks(GROUP) {
        let what = What::ReleaseFlood { source: source.clone(), at, stories: stories.to_vec() };
        released += desk.act(words.deed(what)).await.map_err(|error| text::chain(&error))?.len();
    }
    // Whoever asked may have hung up.
    let _ = rows.send(json!({ "source": source, "at": at, "released": released })).await;
    Ok(())
}

/// When a source brought too much, and the stories that were filed then and were not released since, the oldest first.
fn flood(store: &Store, source: &SourceId, at: Option<Second>) -> Result<Option<(Second, Vec<StoryId>)>, StoreError> {
    let last = || Ok(store.state(source)?.and_then(|state| state.guard.flood).map(|flood| flood.verdict.at));
    let Some(at) = at.map_or_else(last, |at| Ok(Some(at)))? else { return Ok(None) };
    let mut ids = Vec::new();
    for id in store.latest_of(source, usize::MAX) {
        ids.extend(store.story(&id)?.filter(|story| story.editions.iter().any(|edition| edition.is_of_flood(at))).map(|story| story.id));
    }
    ids.reverse();
    Ok(Some((at, ids)))
}
