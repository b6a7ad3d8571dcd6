//! How each source is, for the people who run the daemon.
//!
//! What is known of a source, what it was configured as and the present time make its health:
//! nothing is stored here, so nothing can be out of date. Of several things that hold, the worst
//! leads and the others are told beside it. Each comes with a sentence and with what to try.
//! Deliberately absent: how it is shown (`serve`, `cli`), and what becomes of the source's
//! stories, which stay whatever it does.

mod notices;
mod row;

use std::time::Duration;

pub use notices::notices;
pub use row::{Past, Row, Summary, rows};
use serde::Serialize;

use crate::model::{Fault, Flood, Guard, Ids, Second, Source, SourceState, Standing, timetable::write_duration};

/// A source is silent when it has had nothing new for this many of its usual gaps ...
const SILENT_GAPS: u32 = 4;
/// ... and for at least this long: even a daily paper has holidays.
const SHORTEST_SILENCE: Duration = Duration::from_hours(7 * 24);
/// A flood is told of for this long: then whoever wanted to release it has.
pub const FLOOD_TOLD: Duration = Duration::from_hours(7 * 24);
/// A day, by which rhythms are kept.
const DAY: Duration = Duration::from_hours(24);

/// One thing that holds of a source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// In one word.
    pub standing: Standing,
    /// Since when it holds, where that is known.
    pub since: Option<Second>,
    /// In a sentence.
    pub sentence: String,
    /// What to try, where something can be done.
    #[serde(rename = "try")]
    pub remedy: Option<String>,
}

/// How a source is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// The worst that holds.
    pub leading: Finding,
    /// What holds beside it, the worst first.
    pub also: Vec<Finding>,
    /// What is worth knowing and is no standing of its own.
    pub notes: Vec<String>,
}

/// How a source is. `state` is what is known of it; `None` when it was never asked.
pub fn health(source: &Source, state: Option<&SourceState>, now: Second) -> Health {
    // What was learned about another address says nothing about this one.
    let known = state.filter(|state| state.url == source.url.as_str());
    let alone = |standing, sentence: String| Finding { standing, since: None, sentence, remedy: None };
    let mut all: Vec<Finding> = match known {
        _ if !source.enabled => {
            vec![alone(Standing::Off, source.note.clone().unwrap_or_else(|| "it is switched off".to_owned()))]
        }
        None if state.is_some() => vec![alone(Standing::New, "its address is new and was not asked yet".to_owned())],
        None => vec![alone(Standing::New, "it was not asked yet".to_owned())],
        Some(state) => {
            let trouble = trouble(source, state);
            // While it gives nothing, nothing can be new: that is no silence of its own.
            let silence = if trouble.is_none() { silence(source, state, now) } else { None };
            let repaired = if trouble.is_none() { repaired(state) } else { None };
            [trouble, silence, moved(source, state), repaired].into_iter().flatten().collect()
        }
    };
    all.sort_by_key(|finding| finding.standing);
    let notes = known.filter(|_| source.enabled).map(|state| notes(state, now)).unwrap_or_default();
    let mut all = all.into_iter();
    let fine = || alone(Standing::Fine, known.map(fine).unwrap_or_default());
    Health { leading: all.next().unwrap_or_else(fine), also: all.collect(), notes }
}

fn fine(state: &SourceState) -> String {
    format!("it answers, with {} {}", state.items, if state.items == 1 { "item" } else { "items" })
}

/// What the last look failed at.
fn trouble(source: &Source, state: &SourceState) -> Option<Finding> {
    let fault = if state.gone { Some(Fault::Gone) } else { state.fault };
    // Written before kinds were kept.
    let fault = fault.or(state.trouble.as_ref().map(|_| Fault::Other))?;
    let mut sentence = state.trouble.clone().unwrap_or_else(|| fault.words().to_owned());
    if let Some(since) = state.since {
        sentence.push_str(&format!("; so since {}", moment(since)));
    }
    match state.not_before {
        _ if state.gone => sentence.push_str("; it is asked no more"),
        Some(next) => sentence.push_str(&format!("; it is asked again after {}", moment(next))),
        None => {}
    }
    Some(Finding { standing: fault.standing(), since: state.since, sentence, remedy: Some(remedy(source, fault)) })
}

/// What to try against a fault.
fn remedy(source: &Source, fault: Fault) -> String {
    let (id, page) = (&source.id, source.home.as_ref().unwrap_or(&source.url));
    match fault {
        Fault::Gone => format!(
            "`tributary discover {page}` looks for the feed that came after it; if there is none, set `enabled = false` for `{id}` in sources.toml"
        ),
        Fault::Missing | Fault::Unreadable => {
            format!("open {} in a browser; `tributary discover {page}` finds the feed that is there now, or proposes how to read the page", source.url)
        }
        Fault::Broken => format!("`tributary discover {}` proposes selectors for the page as it is now", source.url),
        Fault::Blocked => format!("ask the publisher to let the program in, or set `headers` for `{id}` in sources.toml"),
        Fault::AskedToWait => format!("nothing now; if it happens often, set a longer `every` for `{id}` in sources.toml"),
        Fault::Tls => "tell the publisher that its certificate is not right; if all sources fail like this, something between here and them is in the way".to_owned(),
        Fault::Slow => format!("if it always takes so long, set a longer `timeout` for `{id}` in sources.toml"),
        Fault::Unreachable => format!("if only this source fails, check its address: {}", source.url),
        Fault::ServerError => "nothing now; tell the publisher if it lasts".to_owned(),
        Fault::Misdirected => format!("open {} in a browser and set `url` for `{id}` in sources.toml to where it leads", source.url),
        Fault::Forbidden => format!("if it is meant to live at such an address, set `allow_private = true` for `{id}` in sources.toml"),
        Fault::Internal | Fault::Other => "see the log; if it happens again, please report it".to_owned(),
    }
}

/// When it last had something new: an item that was revised is no sign of life, and one that was old
/// when it was first seen is of its own day.
pub fn last_news(state: &SourceState, now: Second) -> Option<Second> {
    let last_day = (!state.rhythm.is_empty()).then(|| {
        let midnight = Second::from_unix(now.unix() - now.unix().rem_euclid(86_400));
        midnight.minus(DAY * state.rhythm.silent_days(now))
    });
    match (state.newest, last_day) {
        (Some(newest), Some(day)) if day.plus(DAY) > newest => Some(newest),
        (newest, day) => day.or(newest),
    }
}

/// Nothing new for far longer than usual. Never of a source whose rhythm is not known yet.
fn silence(source: &Source, state: &SourceState, now: Second) -> Option<Finding> {
    let last = last_news(state, now)?;
    let (limit, why) = match (source.expect, state.rhythm.usual_gap()) {
        (Some(expect), _) => (expect, format!("something is expected every {}", write_duration(expect))),
        (None, Some(gap)) => ((gap * SILENT_GAPS).max(SHORTEST_SILENCE), format!("it usually is every {}", days(gap))),
        (None, None) => return None,
    };
    let since = last.plus(limit);
    (now > since).then(|| Finding {
        standing: Standing::Silent,
        since: Some(since),
        sentence: format!("nothing new since {}, where {why}", last.date_time().format("%Y-%m-%d")),
        remedy: Some(format!(
            "open {}: if the publisher writes elsewhere now, change `url` for `{}` in sources.toml; if it rests, set `expect` to how long that may be",
            source.home.as_ref().unwrap_or(&source.url),
            source.id
        )),
    })
}

fn moved(source: &Source, state: &SourceState) -> Option<Finding> {
    let moved = state.moved.as_ref()?;
    Some(Finding {
        standing: Standing::Moved,
        since: Some(moved.since),
        sentence: format!("it says that its address is {} for good, since {}", moved.to, moment(moved.since)),
        remedy: Some(format!("write `url = \"{}\"` for `{}` in sources.toml", moved.to, source.id)),
    })
}

fn repaired(state: &SourceState) -> Option<Finding> {
    (!state.repaired.is_empty()).then(|| Finding {
        standing: Standing::Repaired,
        since: None,
        sentence: format!("what it sent had to be mended: {}", state.repaired.join(", ")),
        remedy: Some("nothing; the publisher may be glad to know".to_owned()),
    })
}

fn notes(state: &SourceState, now: Second) -> Vec<String> {
    let unread =
        (state.unread > 0).then(|| format!("items were left out at {} looks in a row: their own pages did not answer", state.unread));
    let ids = state.ids.and_then(|ids| match ids {
        Ids::Renewed => None,
        Ids::Changing => Some("it gives its items other ids at every fetch; they are known by link and text".to_owned()),
        Ids::Repeating => Some("it gives one id to several items; they are known by link and text".to_owned()),
    });
    let (id, Guard { flood, disbelieved, .. }) = (&state.source, &state.guard);
    let flood = flood.filter(|flood| now.since(flood.verdict.at) < FLOOD_TOLD).map(|Flood { verdict, entries }| {
        let at = moment(verdict.at);
        format!(
            "{entries} new entries were filed in the archive at {at}: {}; `tributary sources release {id}` shows them as news",
            verdict.rule
        )
    });
    let disbelieved = (*disbelieved > 0).then(|| {
        format!("its last document takes back {disbelieved} items at once, which is not believed; `tributary sources withdraw {id}` takes all of its copies back")
    });
    unread.into_iter().chain(ids).chain(flood).chain(disbelieved).collect()
}

/// A time in a sentence.
fn moment(at: Second) -> String {
    at.date_time().format("%Y-%m-%d %H:%M UTC").to_string()
}

/// "day", "9 days".
fn days(time: Duration) -> String {
    match time.as_secs() / 86_400 {
        1 => "day".to_owned(),
        days => format!("{days} days"),
    }
}
