//! `tributary check`.

use std::io::{self, Write};

use super::{Common, Failure, runtime};
use crate::{
    classify::Classifier,
    config::Config,
    daemon, fetch,
    model::{Second, Source},
    pull, text,
};

/// Reads the configuration and tells what it says; a mistake has been told before this prints anything.
pub fn check(common: &Common, online: bool) -> Result<(), Failure> {
    let config = common.load(&[])?;
    Classifier::new(&config.topics).map_err(|error| Failure::Failed(error.to_string()))?;
    tell(&config).map_err(Failure::io("the report could not be printed"))?;
    if online {
        daemon::need_contact(&config)?;
        runtime()?.block_on(probe(&config))?;
    }
    Ok(())
}

fn tell(config: &Config) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let on = config.sources.iter().filter(|source| source.enabled).count();
    writeln!(
        out,
        "{} sources, {on} of them switched on; {} topics; {} saved feeds",
        config.sources.len(),
        config.topics.topics.len(),
        config.feeds.len()
    )?;
    for line in &config.overridden {
        writeln!(out, "{line}")?;
    }
    for notice in &config.notices {
        writeln!(out, "note: {notice}")?;
    }
    if config.settings.daemon.contact.is_empty() {
        writeln!(out, "note: no contact address is set; `run` and `pull` need one ([daemon] contact, or --contact)")?;
    }
    Ok(())
}

/// Asks every source once, also those that are switched off, and says what to change.
async fn probe(config: &Config) -> Result<(), Failure> {
    let kit = daemon::kit(config)?;
    for source in &config.sources {
        let said = one(&kit, source, Second::of(chrono::Utc::now())).await;
        println!("{}: {said}", source.id);
    }
    Ok(())
}

async fn one(kit: &pull::Kit, source: &Source, now: Second) -> String {
    let ask = fetch::Ask {
        headers: &source.headers,
        allow_private: &source.allow_private,
        allow_downgrade: source.allow_downgrade,
        ..fetch::Ask::first(&source.url, source.timeout)
    };
    let today = now.date_time().format("%Y-%m-%d");
    let seen = source.probed.map_or_else(|| "never seen to work".to_owned(), |day| format!("last seen to work on {day}"));
    match kit.client.fetch(&ask, now).await {
        Ok(fetch::Answer::Document { document, moved, .. }) => match pull::read(&document, source, &kit.classifier) {
            Ok((feed, items, _)) => {
                let newest = items.iter().filter_map(|(item, _)| item.published).max();
                let newest = newest.map_or("undated".to_owned(), |at| format!("newest of {at}"));
                let moved = moved.map(|to| format!("\nurl = \"{to}\"")).unwrap_or_default();
                let on = if source.enabled { "" } else { "\nenabled = true" };
                let what = if moved.is_empty() { "works" } else { "has moved" };
                let block = format!("[[source]]\nid = \"{}\"{moved}{on}\nprobed = {today}", source.id);
                format!("{what}: {}, {} items, {newest}\n{block}\n", feed.kind, items.len())
            }
            Err(error) => format!("no feed: {error}; {seen}\n{}", off(source, &error.to_string())),
        },
        Ok(fetch::Answer::Unchanged { .. }) => "works: unchanged".to_owned(),
        Err(error @ (fetch::FetchError::Refused { .. } | fetch::FetchError::Challenge { .. })) => {
            format!("blocked: {}; {seen}\n{}", text::chain(&error), off(source, &error.to_string()))
        }
        Err(error) => format!("does not work: {}; {seen}\n{}", text::chain(&error), off(source, &error.to_string())),
    }
}

/// The block that switches a source off, with the reason; nothing for one that is off.
fn off(source: &Source, why: &str) -> String {
    if !source.enabled {
        return String::new();
    }
    format!("[[source]]\nid = \"{}\"\nenabled = false\nnote = \"{}\"\n", source.id, why.replace(['"', '\\'], "'"))
}
