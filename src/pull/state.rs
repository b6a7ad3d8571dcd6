//! What a look teaches us about a source.

use std::time::Duration;

use url::Url;

use super::{Said, Trouble};
use crate::{
    fetch::FetchError,
    model::{DateOrder, Hints, Moved, RawFeed, Rhythm, Second, Source, SourceState, Timetable, timetable::lot},
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
/// An address is dead when it did not answer this often in a row.
const DEAD: u32 = 3;

/// Where to ask: the configured address, or the one that it has moved to as far as we believe. What is known of another address says nothing.
pub fn address(source: &Source, state: Option<&SourceState>) -> Url {
    state
        .filter(|state| state.url == source.url.as_str())
        .and_then(|state| state.moved.as_ref())
        .filter(|moved| moved.believed)
        .and_then(|moved| Url::parse(&moved.to).ok())
        .unwrap_or_else(|| source.url.clone())
}

/// The host and port that are asked for a source; `None` for a file.
pub fn host(source: &Source, state: Option<&SourceState>) -> Option<String> {
    let url = address(source, state);
    Some(format!("{}:{}", url.host_str()?, url.port_or_known_default()?))
}

/// How long to leave a source alone after so many failures in a row: doubling, with a share that
/// differs from source to source so that they do not come back all at once.
pub fn back_off(source: &Source, failures: u32) -> Duration {
    let first = match source.timetable {
        Timetable::Every(every) => every.min(FIRST_BACK_OFF),
        _ => FIRST_BACK_OFF,
    };
    let doubled = first.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(LONGEST_BACK_OFF);
    doubled + (doubled / 4).mul_f64(lot(source.id.as_str(), Second::from_unix(failures.into())))
}

/// The state after a good answer. `before` is what is known of the source, `known` the same when it is of this address;
/// `feed` is what was read, when it was not the same as last time; `rest` is how long the host asked to be left alone on the way.
#[allow(clippy::too_many_arguments, reason = "each is one thing that an answer can say")]
pub(super) fn answered(
    source: &Source,
    before: Option<&SourceState>,
    known: Option<&SourceState>,
    said: &Said,
    rest: Option<Duration>,
    body_hash: Option<String>,
    feed: Option<&RawFeed>,
    now: Second,
) -> SourceState {
    let known_move = known.and_then(|state| state.moved.as_ref());
    let moved = match &said.moved {
        Some(to) => Some(seen_again(source, to, known_move, now)),
        // An address that is already asked directly is not redirected any more, and stays believed.
        None => known_move.filter(|moved| moved.believed).cloned(),
    };
    // What the document asked for holds until there is another one.
    let hints = feed.map_or_else(|| known.map(|state| state.hints).unwrap_or_default(), |feed| feed.hints);
    let quiet_for = hints.quiet_for.max(said.hints.quiet_for).max(rest);
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
        not_before: wait(Hints { quiet_for, ..hints }, now),
        host_rests: rest.map(|rest| now.plus(rest)),
        hints,
        moved,
        gone: false,
        repaired: feed.map_or_else(|| known.map(|state| state.repaired.clone()).unwrap_or_default(), |feed| feed.repaired.clone()),
        items: known.map_or(0, |state| state.items),
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
        not_before: None,
        host_rests: None,
        hints: Hints::default(),
        moved: None,
        gone: false,
        repaired: Vec::new(),
        items: 0,
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
    state.trouble = Some(text::chain(trouble));
    let back_off = back_off(source, state.failures);
    let rest = match trouble {
        Trouble::Fetch(FetchError::SlowDown { retry_after, .. }) => Some(retry_after.unwrap_or(back_off)),
        _ => None,
    };
    state.host_rests = rest.map(|rest| now.plus(rest));
    // A publisher that says `1 s` each time is still one that is asked too often.
    state.not_before = Some(now.plus(back_off.max(rest.unwrap_or_default())));
    let is_elsewhere = turn(source, &mut state, trouble);
    state.gone = !is_elsewhere && matches!(trouble, Trouble::Fetch(FetchError::Gone { .. }));
    state
}

/// A permanent redirect that was seen, perhaps again. It is believed at once when only the scheme became a safe one.
fn seen_again(source: &Source, to: &Url, before: Option<&Moved>, now: Second) -> Moved {
    let before = before.filter(|moved| moved.to == to.as_str());
    let (since, seen, was_believed) = before.map_or((now, 0, false), |moved| (moved.since, moved.seen, moved.believed));
    // Counting ends there, so that a look that taught us nothing changes nothing.
    let seen = (seen + 1).min(MOVED_SEEN);
    let is_agreed = seen >= MOVED_SEEN && now.since(since) >= MOVED_FOR;
    let mut safe = source.url.clone();
    let is_made_safe = safe.scheme() == "http" && safe.set_scheme("https").is_ok() && safe == *to;
    Moved { to: to.to_string(), since, seen, believed: was_believed || is_agreed || is_made_safe }
}

/// When the address that was asked is dead and another one is known, turns to that one, and says so.
fn turn(source: &Source, state: &mut SourceState, trouble: &Trouble) -> bool {
    let Some(moved) = &mut state.moved else { return false };
    let host_of = |url: &str| Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
    let (here, there) = (source.url.as_str(), moved.to.as_str());
    let (asked, other) = if moved.believed { (there, here) } else { (here, there) };
    let is_dead = match trouble {
        // Where the old address leads is not the old address.
        Trouble::Fetch(FetchError::Missing { url } | FetchError::Gone { url }) => url == asked,
        Trouble::Fetch(FetchError::NoAnswer { host, .. }) => {
            let host = Some(host.clone());
            state.failures >= DEAD && host == host_of(asked) && host != host_of(other)
        }
        _ => false,
    };
    if !is_dead {
        return false;
    }
    if moved.believed {
        // What the new address said of itself says nothing about the old one.
        (state.moved, state.etag, state.last_modified) = (None, None, None);
    } else {
        moved.believed = true;
    }
    true
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
