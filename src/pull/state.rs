//! What a look teaches us about a source.

use std::{io, time::Duration};

use url::Url;

use super::{Said, Trouble};
use crate::{
    fetch::FetchError,
    model::{DateOrder, Fault, Hints, Moved, RawFeed, Rhythm, Second, Source, SourceState, Timetable},
    parse::{PageError, ParseError},
    text,
};

/// The longest distance between two attempts at a source that fails.
const LONGEST_BACK_OFF: Duration = Duration::from_hours(24);
/// The first distance between attempts, unless the source is pulled more often.
const FIRST_BACK_OFF: Duration = Duration::from_mins(15);
/// A permanent redirect is believed when it was seen this often in a row ...
const MOVED_SEEN: u32 = 3;
/// ... over at least this time: sites are moved by mistake, and moved back.
const MOVED_FOR: Duration = Duration::from_hours(7 * 24);

/// Where to ask: the configured address, or the one it has long and steadily been redirected to.
pub fn address(source: &Source, known: Option<&SourceState>, now: Second) -> Url {
    known
        .and_then(|state| state.moved.as_ref())
        .filter(|moved| moved.seen >= MOVED_SEEN && now.since(moved.since) >= MOVED_FOR)
        .and_then(|moved| Url::parse(&moved.to).ok())
        .unwrap_or_else(|| source.url.clone())
}

/// How long to leave a source alone after so many failures in a row: doubling, with a share that
/// differs from source to source so that they do not come back all at once.
pub fn back_off(source: &Source, failures: u32) -> Duration {
    let first = match source.timetable {
        Timetable::Every(every) => every.min(FIRST_BACK_OFF),
        _ => FIRST_BACK_OFF,
    };
    let doubled = first.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(LONGEST_BACK_OFF);
    let lot = blake3::hash(format!("{} {failures}", source.id).as_bytes()).as_bytes()[0];
    doubled + doubled.mul_f64(f64::from(lot) / 1024.0)
}

/// The state after a good answer. `before` is what is known of the source, `known` the same when it is of this address;
/// `feed` is what was read, when it was not the same as last time.
#[allow(clippy::too_many_arguments, reason = "each is one thing that an answer can say")]
pub(super) fn answered(
    source: &Source,
    before: Option<&SourceState>,
    known: Option<&SourceState>,
    said: &Said,
    hints: Hints,
    body_hash: Option<String>,
    feed: Option<&RawFeed>,
    now: Second,
) -> SourceState {
    let moved = said.moved.as_ref().map(|to| {
        let before = known.and_then(|state| state.moved.as_ref()).filter(|moved| moved.to == to.as_str());
        let (since, seen) = before.map_or((now, 0), |moved| (moved.since, moved.seen));
        Moved { to: to.to_string(), since, seen: seen + 1 }
    });
    // An address that is already asked directly is not redirected any more, and stays believed.
    let moved = moved.or_else(|| known.and_then(|state| state.moved.clone()).filter(|_| address(source, known, now) != source.url));
    SourceState {
        source: source.id.clone(),
        title: source.title.clone(),
        home: source.home.as_ref().map(Url::to_string),
        url: source.url.to_string(),
        etag: said.etag.clone(),
        last_modified: said.last_modified.clone(),
        body_hash,
        asked: now,
        answered: Some(now),
        newest: before.and_then(|state| state.newest),
        rhythm: before.map(|state| state.rhythm.clone()).unwrap_or_default(),
        failures: 0,
        unread: 0,
        trouble: None,
        fault: None,
        since: None,
        not_before: wait(hints, now),
        moved,
        gone: false,
        repaired: feed.map_or_else(|| known.map(|state| state.repaired.clone()).unwrap_or_default(), |feed| feed.repaired.clone()),
        items: known.map_or(0, |state| state.items),
        news: 0,
        ids: known.and_then(|state| state.ids),
        rules: rules(source),
    }
}

/// In what way a source is read, when not as any feed is: `[source.page]` and `dates`, in brief.
pub(super) fn rules(source: &Source) -> Option<String> {
    let is_special = source.page.is_some() || source.dates != DateOrder::default();
    is_special.then(|| blake3::hash(format!("{:?} {:?}", source.page, source.dates).as_bytes()).to_hex()[..16].to_owned())
}

/// The state after a failure. Validators stay: they stand for what was kept.
pub(super) fn failed(source: &Source, before: Option<&SourceState>, trouble: &Trouble, now: Second) -> SourceState {
    let blank = SourceState {
        source: source.id.clone(),
        title: source.title.clone(),
        home: source.home.as_ref().map(Url::to_string),
        url: source.url.to_string(),
        etag: None,
        last_modified: None,
        body_hash: None,
        asked: now,
        answered: None,
        newest: None,
        rhythm: Rhythm::default(),
        failures: 0,
        unread: 0,
        trouble: None,
        fault: None,
        since: None,
        not_before: None,
        moved: None,
        gone: false,
        repaired: Vec::new(),
        items: 0,
        news: 0,
        ids: None,
        rules: rules(source),
    };
    let mut state = match before {
        Some(state) if state.url == source.url.as_str() => state.clone(),
        Some(state) => SourceState { answered: state.answered, newest: state.newest, rhythm: state.rhythm.clone(), ..blank },
        None => blank,
    };
    state.asked = now;
    state.failures += 1;
    state.news = 0;
    let kind = fault(trouble);
    // A trouble that changes its words, and not what can be done about it, is the same one.
    state.since = state.since.filter(|_| state.fault.is_some_and(|before| before.standing() == kind.standing())).or(Some(now));
    state.fault = Some(kind);
    state.trouble = Some(text::chain(trouble));
    let asked_to_wait = match trouble {
        Trouble::Fetch(FetchError::SlowDown { retry_after, .. }) => *retry_after,
        _ => None,
    };
    state.not_before = Some(now.plus(asked_to_wait.unwrap_or_else(|| back_off(source, state.failures))));
    state.gone = matches!(trouble, Trouble::Fetch(FetchError::Gone { .. }));
    state
}

/// What kind of trouble an error is.
fn fault(trouble: &Trouble) -> Fault {
    match trouble {
        Trouble::Fetch(error) => match error {
            FetchError::NoAnswer { .. } => Fault::Unreachable,
            FetchError::TooSlow { .. } => Fault::Slow,
            // A server that is busy and does not say how long is one that fails.
            FetchError::SlowDown { status: 503, retry_after: None, .. } => Fault::ServerError,
            FetchError::SlowDown { .. } => Fault::AskedToWait,
            FetchError::Gone { .. } => Fault::Gone,
            FetchError::Refused { .. } => Fault::Blocked,
            FetchError::Missing { .. } => Fault::Missing,
            FetchError::File { cause, .. } if cause.kind() == io::ErrorKind::NotFound => Fault::Missing,
            FetchError::File { .. } => Fault::Unreachable,
            FetchError::Failed { .. } => Fault::ServerError,
            FetchError::TooLarge { .. } => Fault::Unreadable,
            FetchError::BadRedirect { .. } => Fault::Misdirected,
            FetchError::Forbidden { .. } => Fault::Forbidden,
            FetchError::Setup { .. } => Fault::Internal,
        },
        Trouble::Parse(error) => match error {
            ParseError::Page(PageError::NothingMatches { .. } | PageError::NoParts { .. }) => Fault::Broken,
            ParseError::NotAFeed(_) | ParseError::Broken(_) | ParseError::Page(_) => Fault::Unreadable,
        },
        Trouble::Reader(_) => Fault::Internal,
    }
}

/// Not before this, by the publisher's word. Hours and days that it skips are passed over (RSS 2.0 `skipHours`, `skipDays`).
fn wait(hints: Hints, now: Second) -> Option<Second> {
    use chrono::{Datelike, Timelike};
    let earliest = hints.quiet_for.map_or(now, |quiet| now.plus(quiet));
    let is_skipped = |at: Second| {
        let time = at.date_time();
        hints.skip_hours >> time.hour() & 1 == 1 || hints.skip_days >> time.weekday().num_days_from_monday() & 1 == 1
    };
    // A publisher that skips every hour of the week skips none.
    let hours = (0..=7 * 24).map(|hours| earliest.plus(Duration::from_hours(hours)));
    let wanted = hours.into_iter().find(|at| !is_skipped(*at)).unwrap_or(earliest);
    (wanted > now).then_some(wanted)
}
