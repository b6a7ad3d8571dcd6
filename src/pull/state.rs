//! What a look teaches us about a source.

use std::{io, time::Duration};

use url::Url;

use super::{Said, Trouble};
use crate::{
    fetch::FetchError,
    model::{DateOrder, Fault, Guard, Hints, Moved, NamedHub, RawFeed, Rhythm, Second, Source, SourceState, Timetable, timetable::lot},
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
    let mut guard = before.map(|state| state.guard.clone()).unwrap_or_default();
    // What was not believed is not, until there is another document.
    if feed.is_some() || known.is_none() {
        guard.disbelieved = 0;
    }
    let quiet_for = hints.quiet_for.max(said.hints.quiet_for).max(rest);
    SourceState {
        source: source.id.clone(),
        title: source.title.clone(),
        home: source.home.as_ref().map(Url::to_string),
        url: source.url.to_string(),
        etag: said.etag.clone(),
        last_modified: said.last_modified.clone(),
        from: said.from.clone(),
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
        not_before: quiet_for.filter(|quiet| !quiet.is_zero()).map(|quiet| now.plus(quiet)),
        host_rests: rest.map(|rest| now.plus(rest)),
        hints,
        moved,
        gone: false,
        repaired: feed.map_or_else(|| known.map(|state| state.repaired.clone()).unwrap_or_default(), |feed| feed.repaired.clone()),
        items: known.map_or(0, |state| state.items),
        news: 0,
        ids: known.and_then(|state| state.ids),
        hub: feed.map_or_else(|| known.and_then(|state| state.hub.clone()), named_hub),
        rules: rules(source),
        guard,
    }
}

/// Who tells of a feed's changes. Without an address of its own, the feed can not be asked for there.
fn named_hub(feed: &RawFeed) -> Option<NamedHub> {
    Some(NamedHub { hub: feed.hub.clone()?, topic: feed.own.clone()? })
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
        from: None,
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
        host_rests: None,
        hints: Hints::default(),
        moved: None,
        gone: false,
        repaired: Vec::new(),
        items: 0,
        news: 0,
        ids: None,
        hub: None,
        rules: rules(source),
        guard: Guard::default(),
    };
    let mut state = match before {
        Some(state) if state.url == source.url.as_str() => state.clone(),
        Some(state) => SourceState {
            answered: state.answered,
            newest: state.newest,
            rhythm: state.rhythm.clone(),
            guard: state.guard.clone(),
            ..blank
        },
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

/// What kind of trouble an error is.
fn fault(trouble: &Trouble) -> Fault {
    match trouble {
        Trouble::Fetch(error) => match error {
            FetchError::NoAnswer { .. } | FetchError::NoSuchName { .. } | FetchError::Proxy { .. } => Fault::Unreachable,
            FetchError::Tls { .. } => Fault::Tls,
            FetchError::TooSlow { .. } => Fault::Slow,
            // A server that is busy and does not say how long is one that fails.
            FetchError::SlowDown { status: 503, retry_after: None, .. } => Fault::ServerError,
            FetchError::SlowDown { .. } => Fault::AskedToWait,
            FetchError::Gone { .. } => Fault::Gone,
            FetchError::Refused { .. } | FetchError::Challenge { .. } => Fault::Blocked,
            FetchError::Missing { .. } => Fault::Missing,
            FetchError::File { cause, .. } if cause.kind() == io::ErrorKind::NotFound => Fault::Missing,
            FetchError::File { .. } => Fault::Unreachable,
            FetchError::Failed { .. } | FetchError::Nonsense { .. } | FetchError::LongHead { .. } => Fault::ServerError,
            FetchError::TooLarge { .. } | FetchError::BadCoding { .. } => Fault::Unreadable,
            FetchError::BadRedirect { .. } => Fault::Misdirected,
            FetchError::Forbidden { .. } | FetchError::BadPort { .. } => Fault::Forbidden,
            FetchError::Setup { .. } | FetchError::Authority { .. } => Fault::Internal,
        },
        Trouble::Parse(error) => match error {
            ParseError::Page(PageError::NothingMatches { .. } | PageError::NoParts { .. }) => Fault::Broken,
            ParseError::NotAFeed(_) | ParseError::Broken(_) | ParseError::Page(_) => Fault::Unreadable,
        },
        Trouble::Reader(_) => Fault::Internal,
    }
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
        Trouble::Fetch(FetchError::NoAnswer { host, .. } | FetchError::NoSuchName { host, .. }) => {
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;

    const OLD: &str = "http://old.example/feed";

    fn at(hours: u64) -> Second {
        "2026-05-01T12:00:00Z".parse::<Second>().unwrap().plus(Duration::from_hours(hours))
    }

    fn source() -> Source {
        Source::new("wire".parse().unwrap(), "Wire".into(), OLD.parse().unwrap())
    }

    /// What is known after an answer that came by a permanent redirect, or without one.
    fn led(known: Option<&SourceState>, to: Option<&str>, hours: u64) -> SourceState {
        let moved = to.map(|to| to.parse().unwrap());
        let said = Said { etag: Some("\"1\"".into()), last_modified: None, from: None, is_delta: false, moved, hints: Hints::default() };
        answered(&source(), known, known, &said, None, None, None, at(hours))
    }

    fn asks(state: &SourceState) -> String {
        address(&source(), Some(state)).to_string()
    }

    fn is_missing(url: &str) -> Trouble {
        Trouble::Fetch(FetchError::Missing { url: url.to_owned() })
    }

    #[test]
    fn a_move_is_believed_after_a_week_of_agreement() {
        const NEW: &str = "https://new.example/feed";
        let mut state = led(None, Some(NEW), 0);
        for days in 1..7 {
            state = led(Some(&state), Some(NEW), 24 * days);
            assert_eq!(asks(&state), OLD, "day {days}");
        }
        // A week, and often enough.
        let agreed = led(Some(&state), Some(NEW), 24 * 7);
        assert_eq!(asks(&agreed), NEW);
        // It is then asked directly, where nothing is redirected any more.
        assert_eq!(asks(&led(Some(&agreed), None, 24 * 8)), NEW);
        // Twice in a week is not often; another address or an answer of its own begins the week anew.
        assert_eq!(asks(&led(Some(&led(None, Some(NEW), 0)), Some(NEW), 24 * 9)), OLD);
        assert_eq!(asks(&led(Some(&state), Some("https://newer.example/feed"), 24 * 9)), OLD);
        assert_eq!(led(Some(&state), None, 24 * 9).moved, None);
    }

    #[test]
    fn the_same_address_made_safe_is_believed_at_once() {
        let safe = "https://old.example/feed";
        assert_eq!(asks(&led(None, Some(safe), 0)), safe);
        for other in ["https://old.example/feed/", "https://www.old.example/feed", "http://old.example/new"] {
            assert_eq!(asks(&led(None, Some(other), 0)), OLD, "{other}");
        }
    }

    #[test]
    fn when_the_address_that_is_asked_dies_the_other_one_is_asked() {
        const NEW: &str = "https://new.example/feed";
        let seen = led(None, Some(NEW), 0);
        let fails = |state: &SourceState, trouble: &Trouble| failed(&source(), Some(state), trouble, at(1));
        // The new one is missing while the old one still leads there: nothing is learned.
        assert_eq!(asks(&fails(&seen, &is_missing(NEW))), OLD);
        let turned = fails(&seen, &is_missing(OLD));
        assert_eq!((asks(&turned), turned.etag.as_deref()), (NEW.to_owned(), Some("\"1\"")));
        let back = fails(&turned, &is_missing(NEW));
        assert_eq!((asks(&back), back.etag, back.moved), (OLD.to_owned(), None, None));
        // A feed that is gone where it was is not gone when we know where it went, and is when we do not.
        let gone = |url: &str| Trouble::Fetch(FetchError::Gone { url: url.to_owned() });
        let (went, lost) = (fails(&seen, &gone(OLD)), fails(&led(None, None, 0), &gone(OLD)));
        assert_eq!((asks(&went), went.gone, asks(&lost), lost.gone), (NEW.to_owned(), false, OLD.to_owned(), true));
        // No answer once is no death.
        let silence = Trouble::Fetch(FetchError::NoAnswer { host: "old.example".into(), what: "no connection", cause: "refused".into() });
        let once = fails(&seen, &silence);
        let thrice = fails(&fails(&once, &silence), &silence);
        assert_eq!((asks(&once), asks(&thrice)), (OLD.to_owned(), NEW.to_owned()));
    }

    #[test]
    fn failures_in_a_row_wait_longer_each_time_and_success_begins_anew() {
        let mut state = led(None, None, 0);
        let mut waits = Vec::new();
        for _ in 0..12 {
            state = failed(&source(), Some(&state), &is_missing(OLD), at(1));
            waits.push(state.not_before.unwrap().since(at(1)).as_secs_f64() / 900.0);
        }
        // Quarters of an hour: doubling, with up to a quarter more, up to a day.
        let doubled = [1, 2, 4, 8, 16, 32, 64, 96, 96, 96, 96, 96].map(f64::from);
        assert!(waits.iter().zip(doubled).all(|(wait, from)| (from..from * 1.25).contains(wait)), "{waits:?}");
        let good = led(Some(&state), None, 2);
        assert_eq!((good.failures, good.not_before, good.trouble), (0, None, None));
    }

    #[test]
    fn a_publisher_that_asks_us_to_wait_is_waited_for_and_its_host_is() {
        let slow_down = |seconds: Option<u64>| {
            let retry_after = seconds.map(Duration::from_secs);
            Trouble::Fetch(FetchError::SlowDown { host: "old.example".into(), status: 429, retry_after })
        };
        let first = |seconds| failed(&source(), None, &slow_down(seconds), at(0));
        let back_off = Duration::from_secs(back_off(&source(), 1).as_secs());
        let told = |state: &SourceState| [state.host_rests, state.not_before].map(|until| until.unwrap().since(at(0)));
        assert_eq!(told(&first(Some(7_200))), [Duration::from_secs(7_200); 2]);
        assert_eq!(told(&first(None)), [back_off; 2]);
        // A second is soon over for the host; who hears it again and again asks too often all the same.
        assert_eq!(told(&first(Some(1))), [Duration::from_secs(1), back_off]);
        assert_eq!(led(Some(&first(Some(7_200))), None, 3).host_rests, None);
    }
}
