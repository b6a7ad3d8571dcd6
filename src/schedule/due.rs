//! When a source is due: by its timetable, and never before its publisher's word allows it.
//!
//! Functions of what is known and of the present; nothing here remembers anything.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use crate::model::{
    Second, Source, SourceId, SourceState,
    timetable::{Pace, lot},
};

/// Sources that were missed come back in this order of haste: so many a second. Ten thousand take a quarter of an hour.
const BACK_A_SECOND: u64 = 10;

/// When a source is due; in the past when it is overdue, `None` when it is not to be asked at all.
pub fn due(source: &Source, state: Option<&SourceState>, now: Second) -> Option<Second> {
    if !source.enabled {
        return None;
    }
    // What was learned of another address says nothing about this one.
    let Some(known) = state.filter(|state| state.url == source.url.as_str()) else { return Some(now) };
    if known.gone {
        return None;
    }
    let is_good = known.trouble.is_none();
    let hinted = known.not_before.filter(|_| is_good).map(|at| at.since(known.asked));
    let pace = Pace { source: &source.id, rhythm: &known.rhythm, hinted };
    let next = source.timetable.next(Some(known.asked), now, &pace);
    let next = next.max(meant(known.not_before, known, now).unwrap_or(next));
    // What is overdue is asked now, unless the publisher skips this hour.
    let earliest = next.max(now);
    let passed = known.hints.passed_over(earliest);
    Some(if passed == earliest { next } else { passed })
}

/// Until when the host of a source is to be left alone, with all its sources.
pub(super) fn rests(source: &Source, state: &SourceState, now: Second) -> Option<Second> {
    let is_known = state.url == source.url.as_str();
    meant(state.host_rests, state, now).filter(|until| is_known && *until > now)
}

/// A time that was set when the source was asked. Where the clock was set back since, the wait is as long as was meant, and not until the clock has caught up.
fn meant(at: Option<Second>, state: &SourceState, now: Second) -> Option<Second> {
    at.map(|at| at.min(now.plus(at.since(state.asked))))
}

/// When each of these sources is to be asked from now on, for a start or after a clock that leapt.
///
/// One that is due later is asked then, one that was never asked at once, and those that were missed one
/// after the other, so that no start is a storm.
pub(super) fn lay_out(
    sources: &BTreeMap<SourceId, Arc<Source>>,
    state: impl Fn(&SourceId) -> Option<SourceState>,
    now: Second,
) -> Vec<(SourceId, Second)> {
    let (mut laid, mut missed) = (Vec::new(), Vec::new());
    for (id, source) in sources {
        let state = state(id);
        match due(source, state.as_ref(), now) {
            Some(at) if at < now && state.is_some() => missed.push((lot(id.as_str(), Second::EPOCH), id.clone())),
            Some(at) => laid.push((id.clone(), at)),
            None => {}
        }
    }
    // Drawn by name, so that the sources of one host do not come in a row.
    missed.sort_by(|one, other| one.0.total_cmp(&other.0).then_with(|| one.1.cmp(&other.1)));
    let back = missed.into_iter().zip(0u64..);
    laid.extend(back.map(|((_, id), n)| (id, now.plus(Duration::from_secs(n / BACK_A_SECOND)))));
    laid
}
