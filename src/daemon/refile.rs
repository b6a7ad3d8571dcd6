//! Filing again what is kept: looked at, told, then written.
//!
//! The same whether a daemon does it between looks or the command line by itself. It is told in rows: how far it is
//! (`progress`), a row for each feed that changes (`label`), what it comes to (`changed`), and at the end what
//! was written (`written`). When whoever asked hangs up it stops; what is written is right, and a later run does the rest.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};

use crate::{
    apply::{Desk, Filing, Outlook},
    store::Store,
};

/// Stories that are written before looks that wait are kept: four records, a tenth of a second.
const GROUP: usize = 256;

/// What is filed again, by what rules, and where.
pub struct Refiling {
    /// What is kept.
    pub store: Arc<Store>,
    /// The rules.
    pub filing: Arc<Filing>,
    /// Who writes; nobody, when it is only to be looked at.
    pub desk: Option<Desk>,
    /// Who is told.
    pub rows: mpsc::Sender<Value>,
    /// When to stop.
    pub stop: watch::Receiver<bool>,
}

/// Files again what is kept, or says what that would do.
pub async fn refile(refiling: Refiling) -> Result<(), String> {
    let Refiling { store, filing, desk, rows, stop } = refiling;
    let outlook = tokio::task::spawn_blocking({
        let (filing, rows, stop) = (filing.clone(), rows.clone(), stop.clone());
        move || look(&store, &filing, &rows, &stop)
    });
    let outlook = outlook.await.map_err(|fall| fall.to_string())??;
    for (label, shift) in outlook.shifts.iter().filter(|(_, shift)| shift.enter + shift.leave > 0) {
        let row = json!({
            "label": label.to_string(), "before": shift.before, "enter": shift.enter, "leave": shift.leave, "after": shift.after(),
            "warning": shift.warning(),
        });
        tell(&rows, row).await?;
    }
    let of = outlook.changed.len();
    tell(&rows, json!({ "stories": outlook.stories, "changed": of, "moved": outlook.moved })).await?;
    let Some(desk) = desk else { return Ok(()) };
    let (mut done, mut written) = (0, 0);
    for ids in outlook.changed.chunks(GROUP) {
        if *stop.borrow() {
            return Err(format!("stopped after {done} of {of} stories; a later run does the rest"));
        }
        written += desk.refile(filing.clone(), ids.to_vec()).await.map_err(|error| crate::text::chain(&*error))?;
        done += ids.len();
        tell(&rows, json!({ "progress": "writing", "done": done, "of": of })).await?;
    }
    if written > 0 {
        tracing::info!(written, "filed {written} stories again; {} of them stand in other feeds", outlook.moved);
    }
    tell(&rows, json!({ "written": written })).await
}

fn look(store: &Store, filing: &Filing, rows: &mpsc::Sender<Value>, stop: &watch::Receiver<bool>) -> Result<Outlook, String> {
    let of = store.counts().total;
    let mut outlook = Outlook::default();
    while outlook.go_on(store, filing).map_err(|error| error.to_string())? {
        let row = json!({ "progress": "looking", "done": outlook.stories, "of": of });
        if *stop.borrow() || rows.blocking_send(row).is_err() {
            return Err("stopped while looking; nothing was written".to_owned());
        }
    }
    Ok(outlook)
}

/// Whoever asked wants to see what is written, and stops it by hanging up.
async fn tell(rows: &mpsc::Sender<Value>, row: Value) -> Result<(), String> {
    rows.send(row).await.map_err(|_| "whoever asked has gone; a later run does the rest".to_owned())
}
