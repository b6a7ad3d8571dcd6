//! `tributary sources`: how each source is, the worst first; of one source all that is known.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use serde_json::Value;

use super::{
    Common, Failure,
    data::{self, Held},
    log, table,
};
use crate::{
    daemon::{self, control::Ask, data::DataError},
    health::Summary,
    model::{Fault, Second, Standing},
};

/// Prints how the sources are, or one of them with its history.
pub fn sources(common: &Common, id: Option<String>, json: bool) -> Result<(), Failure> {
    let config = common.load(&[])?;
    log::start(common.log, "error");
    let wanted = daemon::wanted_sources(&config, id.as_slice()).map_err(Failure::Misuse)?.pop();
    let mut rows = match data::ask(&config, &Ask::Sources { id })? {
        Held::Told(rows) => rows,
        Held::Free(folder) => {
            let store = data::open(&config, &folder)?.store;
            let states = store.states().map_err(DataError::from)?;
            let states: BTreeMap<_, _> = states.into_iter().map(|state| (state.source.clone(), state)).collect();
            daemon::source_rows(&daemon::sources(&config), &states, &store, wanted.as_ref(), data::now()).map_err(Failure::Failed)?
        }
    };
    let mut out = io::stdout().lock();
    let told = match (json, wanted) {
        (true, _) => rows.iter().try_for_each(|row| writeln!(out, "{row}")),
        (false, None) => {
            rows.sort_by_key(standing);
            eprintln!("{}", Summary::count(rows.iter().map(standing)).words());
            list(&mut out, &rows)
        }
        (false, Some(_)) => rows.iter().try_for_each(|row| one(&mut out, row)),
    };
    told.map_err(Failure::io("the table could not be printed"))
}

/// A word of a newer daemon counts as the worst: it is looked at first.
fn standing(row: &Value) -> Standing {
    Standing::ALL.into_iter().find(|standing| row["standing"] == standing.as_str()).unwrap_or(Standing::Gone)
}

/// A table of all sources.
fn list(out: &mut impl Write, rows: &[Value]) -> io::Result<()> {
    let cells = |row: &Value| {
        let sentence = words(&row["sentence"]);
        let next = match standing(row) {
            Standing::Off | Standing::Gone => String::new(),
            _ if row["next"].is_null() => "now".to_owned(),
            _ => moment(&row["next"]),
        };
        vec![
            words(&row["source"]),
            words(&row["standing"]),
            moment(&row["answered"]),
            moment(&row["newest"]),
            per_week(row),
            next,
            sentence,
        ]
    };
    let cells: Vec<Vec<String>> = rows.iter().map(cells).collect();
    let paints = table::paints();
    let colour = |line: usize, column: usize| if paints && column == 1 { colour(standing(&rows[line])) } else { "" };
    table::painted(out, &["source", "standing", "last answer (UTC)", "last news", "new/week", "next look", ""], &cells, colour)
}

fn colour(standing: Standing) -> &'static str {
    match standing {
        Standing::Gone | Standing::Broken | Standing::Blocked | Standing::Failing => "\x1b[31m",
        Standing::Silent | Standing::Moved | Standing::Waiting | Standing::Repaired => "\x1b[33m",
        Standing::Fine => "\x1b[32m",
        Standing::New | Standing::Off => "\x1b[2m",
    }
}

/// All that is known of one source.
fn one(out: &mut impl Write, row: &Value) -> io::Result<()> {
    let mut lines: Vec<(&str, String)> = Vec::new();
    let since = |of: &Value| if of["since"].is_null() { String::new() } else { format!(", since {}", moment(&of["since"])) };
    for (n, finding) in [row].into_iter().chain(list_of(&row["also"])).enumerate() {
        lines.push((if n == 0 { "standing" } else { "also" }, format!("{}{}", words(&finding["standing"]), since(finding))));
        lines.push(("", words(&finding["sentence"])));
        if finding["try"].is_string() {
            lines.push(("", format!("what to try: {}", words(&finding["try"]))));
        }
    }
    lines.extend(list_of(&row["notes"]).iter().map(|note| ("note", words(note))));
    lines.push(("address", words(&row["url"])));
    let looks = [("last look", "asked"), ("last answer", "answered"), ("last news", "newest"), ("next look", "next")];
    lines.extend(looks.map(|(name, key)| (name, moment(&row[key]))).into_iter().filter(|(_, at)| !at.is_empty()));
    let gap = row["usual_gap_days"].as_u64().map(|days| format!(", usually every {days} days").replace("every 1 days", "every day"));
    lines.push(("items", format!("{} in its last document, {} new a week{}", row["items"], per_week(row), gap.unwrap_or_default())));
    for (n, look) in list_of(&row["history"]["looks"]).iter().enumerate() {
        let last = if look["looks"] == 1 { String::new() } else { format!(" to {}, {} looks", moment(&look["last"]), look["looks"]) };
        let fault = || serde_json::from_value(look["fault"].clone()).unwrap_or(Fault::Other);
        let what = match look["news"].as_u64() {
            _ if look["fault"].is_string() => fault().words().to_owned(),
            Some(news) if news > 0 => format!("{news} new or changed"),
            _ => "nothing new".to_owned(),
        };
        lines.push((if n == 0 { "history" } else { "" }, format!("{}{last}: {what}", moment(&look["first"]))));
    }
    writeln!(out, "{}  {}", words(&row["source"]), words(&row["title"]))?;
    lines.iter().try_for_each(|(name, text)| writeln!(out, "  {name:<11}  {text}"))
}

fn list_of(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn words(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A time for people, in UTC; nothing when there is none.
fn moment(value: &Value) -> String {
    let at = value.as_str().and_then(|text| text.parse::<Second>().ok());
    at.map(|at| at.date_time().format("%Y-%m-%d %H:%M").to_string()).unwrap_or_default()
}

fn per_week(row: &Value) -> String {
    row["items_per_week"].as_f64().map(|items| format!("{items:.1}")).unwrap_or_default()
}
