//! What was found, for people and for programs.
//!
//! The block goes to stdout, so that it can be put into a file as it is; everything else is talk.
//! With `--json` all of it goes to stdout, one object a line.

use std::io::{self, Write};

use serde_json::{Value, json};

use super::{Found, SHOWN, feeds::Candidate};
use crate::{
    cli::table,
    model::{Item, Labels, Source, SourceId},
    parse::How,
    text,
};

/// Titles and addresses in a table are cut after so many characters.
const WIDEST: usize = 80;

fn line(value: &Value) -> io::Result<()> {
    writeln!(io::stdout().lock(), "{value}")
}

/// The page, and every feed that was thought of.
pub fn found(found: &Found, as_json: bool) -> io::Result<()> {
    if as_json {
        line(&json!({ "page": found.page, "left_out": found.left_out }))?;
        return found.feeds.iter().try_for_each(|feed| line(&candidate(feed)));
    }
    eprintln!("{}", found.page);
    let row = |feed: &Candidate| {
        let praise = feed.merit.as_ref().map(|merit| merit.praise());
        let said = match (praise, &feed.why_not) {
            (Some(praise), None) => format!("best: {praise}"),
            (Some(praise), Some(why)) => format!("{why}: {praise}"),
            (None, why) => why.clone().unwrap_or_default(),
        };
        vec![text::shorten(feed.url.as_str(), WIDEST), found_how(feed.how).to_owned(), said]
    };
    let rows: Vec<Vec<String>> = found.feeds.iter().map(row).collect();
    if !rows.is_empty() {
        table::print(&mut io::stderr().lock(), &["feed", "", ""], &rows)?;
    }
    if found.left_out > 0 {
        eprintln!("{} links more look like feeds and were not asked", found.left_out);
    }
    if found.proposed.as_ref().is_some_and(|proposed| proposed.source.page.is_some()) {
        eprintln!("there is no feed; the page itself can be read");
    }
    Ok(())
}

fn found_how(how: Option<How>) -> &'static str {
    match how {
        Some(How::Declared) => "declared",
        Some(How::Linked) => "linked",
        Some(How::Guessed) => "guessed",
        None => "given",
    }
}

fn candidate(feed: &Candidate) -> Value {
    let mut told = json!({ "feed": feed.url, "found": found_how(feed.how), "label": feed.label, "works": feed.merit.is_some(),
        "best": feed.why_not.is_none(), "why_not": feed.why_not });
    if let Some(merit) = &feed.merit {
        told["kind"] = json!(merit.kind);
        told["items"] = json!(merit.items);
        told["dated_percent"] = json!(merit.dated);
        told["ids_percent"] = json!(merit.named);
        told["whole_text_percent"] = json!(merit.whole);
        told["summary_percent"] = json!(merit.told);
        told["lang"] = json!(merit.lang);
        told["newest"] = json!(merit.newest);
    }
    told
}

/// A source that is configured already.
pub fn known(id: &SourceId, off: &str, as_json: bool) -> io::Result<()> {
    if as_json {
        return line(&json!({ "source": id, "is_there": true }));
    }
    eprintln!("it is already there as `{id}`{off}");
    Ok(())
}

/// The source, what it has now, and its block.
pub fn proposed(source: &Source, items: &[(Item, Labels)], block: &str, as_json: bool) -> io::Result<()> {
    let shown = &items[..items.len().min(SHOWN)];
    if as_json {
        shown.iter().try_for_each(|(item, labels)| line(&preview(item, labels)))?;
        return line(&json!({ "source": source.id, "is_there": false, "block": block }));
    }
    let day = |item: &Item| item.published.map(|at| at.date_time().format("%Y-%m-%d").to_string()).unwrap_or_default();
    let row = |(item, labels): &(Item, Labels)| {
        let topics: Vec<&str> = labels.topics.iter().map(|label| label.slug.as_str()).collect();
        let places = labels.countries.iter().map(|label| label.code.as_str()).chain(labels.regions.iter().map(|label| label.slug.as_str()));
        let places: Vec<&str> = places.collect();
        vec![day(item), labels.lang.value.to_string(), text::shorten(&item.title, WIDEST), topics.join(" "), places.join(" ")]
    };
    let rows: Vec<Vec<String>> = shown.iter().map(row).collect();
    let plural = if items.len() == 1 { "" } else { "s" };
    let first = if items.len() > SHOWN { format!("; the first {SHOWN} are") } else { String::new() };
    eprintln!("\nnow it has {} item{plural}{first}", items.len());
    table::print(&mut io::stderr().lock(), &["date", "lang", "title", "topics", "places"], &rows)?;
    eprintln!();
    io::stdout().lock().write_all(block.as_bytes())
}

fn preview(item: &Item, labels: &Labels) -> Value {
    json!({ "item": item.title, "url": item.link, "published": item.published, "lang": labels.lang.value,
        "topics": labels.topics.iter().map(|label| &label.slug).collect::<Vec<_>>(),
        "countries": labels.countries.iter().map(|label| label.code).collect::<Vec<_>>(),
        "regions": labels.regions.iter().map(|label| &label.slug).collect::<Vec<_>>() })
}
