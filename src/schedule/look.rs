//! One look, from asking to keeping. The only way a source is ever pulled.

use std::{sync::Arc, time::Duration};

use super::Register;
use crate::{
    apply::{ApplyError, Clock, Desk, Kept, Report},
    fetch::FetchError,
    meters::{Fate, Meters, Pulled, Refusal},
    model::{Fault, Source, SourceId},
    pull::{self, Found, Kit, Trouble},
};

/// What one look came to, for whoever asked for it.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The source.
    pub source: SourceId,
    /// What was kept; `None` when there was nothing new.
    pub report: Option<Report>,
    /// Why there was nothing, in words.
    pub trouble: Option<String>,
    /// Whether its host gave no answer at all.
    pub was_silent: bool,
    /// How long it took.
    pub took: Duration,
}

/// Looks at a source and keeps what was found.
pub async fn pull(kit: &Kit, source: &Arc<Source>, register: &Register, desk: &Desk, clock: &Clock) -> Result<Outcome, Arc<ApplyError>> {
    let before = register.get(&source.id);
    let recall: pull::Recall = {
        let desk = desk.clone();
        Arc::new(move |source, link| desk.recall(source, link))
    };
    let look = pull::look(kit, source, before.as_ref(), &recall, clock()).await;
    let took = look.took;
    let (trouble, unchanged, was_silent) = match &look.found {
        Found::Trouble(trouble) => {
            let asked = pull::address(source, before.as_ref());
            (look.state.trouble.clone(), false, is_silence(trouble, asked.host_str().unwrap_or_default()))
        }
        Found::Unchanged => (None, true, false),
        Found::Items { .. } => (None, false, false),
    };
    let kept = desk.keep(look).await;
    let Kept { report, state } = kept.inspect_err(|error| kit.meters.refused(refusal(error)))?;
    register.set((*state).clone());
    let trouble = trouble.or_else(|| state.trouble.clone());
    let fault = trouble.is_some().then(|| state.fault.unwrap_or(Fault::Other));
    count(&kit.meters, fault, (!unchanged).then_some(&report), took);
    let id = &source.id;
    let duration_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    match &trouble {
        Some(trouble) if state.gone => tracing::error!(source.id = %id, duration_ms, "`{id}` is gone: {trouble}; it is asked no more"),
        Some(trouble) => {
            let failures = state.failures;
            let next = state.not_before.map(|at| at.to_string()).unwrap_or_default();
            tracing::warn!(source.id = %id, failures, duration_ms, "`{id}` gave nothing: {trouble}; next attempt after {next}");
        }
        None if unchanged => tracing::info!(source.id = %id, duration_ms, "pulled `{id}`: unchanged"),
        None => {
            let Report { items, new, joined, revised, withdrawn, .. } = report;
            tracing::info!(
                source.id = %id, items, new, joined, revised, withdrawn, duration_ms,
                "pulled `{id}`: {items} items, {new} new, {joined} joined, {revised} revised, {withdrawn} withdrawn"
            );
        }
    }
    let report = (!unchanged && trouble.is_none()).then_some(report);
    Ok(Outcome { source: source.id.clone(), report, trouble, was_silent, took })
}

/// Counts what a look came to: its trouble, or what became of the items of a document that is not the last one.
fn count(meters: &Meters, fault: Option<Fault>, report: Option<&Report>, took: Duration) {
    match (fault, report) {
        (Some(fault), _) => {
            meters.fault(fault);
            meters.pulled(Pulled::Failed, took);
        }
        (None, None) => meters.pulled(Pulled::Unchanged, took),
        (None, Some(Report { new, joined, revised, dropped, .. })) => {
            meters.pulled(Pulled::Changed, took);
            for (fate, count) in [(Fate::New, new), (Fate::Joined, joined), (Fate::Revised, revised), (Fate::Dropped, dropped)] {
                meters.items(fate, *count);
            }
        }
    }
}

fn refusal(error: &ApplyError) -> Refusal {
    match error {
        ApplyError::Journal(_) => Refusal::Journal,
        ApplyError::Store(_) | ApplyError::Differ { .. } => Refusal::Store,
        ApplyError::NoRoom(_) | ApplyError::Floor { .. } => Refusal::NoRoom,
        ApplyError::Clock { .. } => Refusal::Clock,
        ApplyError::Stopped => Refusal::Stopped,
    }
}

/// Whether the host that was asked gave no answer at all, so that its other sources will have none either.
fn is_silence(trouble: &Trouble, asked: &str) -> bool {
    matches!(trouble, Trouble::Fetch(FetchError::NoAnswer { host, .. } | FetchError::NoSuchName { host, .. } | FetchError::TooSlow { host, .. }) if host == asked)
}
