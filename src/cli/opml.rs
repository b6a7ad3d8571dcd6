//! `tributary opml import` and `tributary opml export`.

use std::{
    collections::HashMap,
    io::{self, Read, Write},
    path::Path,
};

use url::Url;

use super::{Common, Failure, lines, table};
use crate::{
    clean, config,
    model::{Source, Subscription},
    parse, publish, text,
};

/// Addresses and titles in the table are cut after so many characters.
const WIDEST: usize = 70;

/// What becomes of one feed of a list.
enum Verdict {
    /// It becomes a source.
    New(Box<Source>),
    /// It does not, and why.
    Skipped(String),
}

/// Prints the feeds of a list as `[[source]]` blocks; with `write` they are added to `sources.toml` as well.
pub fn import(common: &Common, file: &Path, write: bool) -> Result<(), Failure> {
    let config = common.load(&[])?;
    let mut body = Vec::new();
    let unreadable = || Failure::io(format!("{} can not be read", file.display()));
    lines::open(file)?.take(parse::LONGEST_LIST as u64 + 1).read_to_end(&mut body).map_err(unreadable())?;
    let list = parse::opml(&body).map_err(|error| Failure::Failed(format!("{}: {error}", file.display())))?;
    let verdicts = judge(&list.subscriptions, &config.sources);

    let new: Vec<&Source> = verdicts
        .iter()
        .filter_map(|verdict| match verdict {
            Verdict::New(source) => Some(&**source),
            Verdict::Skipped(_) => None,
        })
        .collect();
    let blocks = new.iter().map(|source| config::source_block(source)).collect::<Vec<_>>().join("\n");
    io::stdout().lock().write_all(blocks.as_bytes()).map_err(Failure::io("the sources could not be printed"))?;
    tell(&list.subscriptions, &verdicts).map_err(Failure::io("the table could not be printed"))?;
    if let Some(broken) = &list.broken {
        eprintln!("{}: the list breaks off at {broken}", file.display());
    }
    let counts = format!("{} new, {} skipped", new.len(), verdicts.len() - new.len());
    if new.is_empty() {
        eprintln!("{counts}; there is nothing to add");
    } else if write {
        let path = common.append_sources(&blocks)?;
        eprintln!("{counts}; added to {}", path.display());
    } else {
        eprintln!("{counts}; nothing was written: with --write they are added to sources.toml");
    }
    Ok(())
}

/// Decides on each feed of a list, in order.
fn judge(list: &[Subscription], configured: &[Source]) -> Vec<Verdict> {
    let mut ids = config::Ids::beside(configured);
    let mut known: HashMap<String, String> = HashMap::new();
    for source in configured {
        let off = if source.enabled { "" } else { ", which is switched off" };
        known.entry(clean::canonical(&source.url)).or_insert_with(|| format!("it is already there as `{}`{off}", source.id));
    }
    let mut one = |feed: &Subscription| -> Result<Box<Source>, String> {
        let url = address(&feed.feed)?;
        let key = clean::canonical(&url);
        if let Some(why) = known.get(&key) {
            return Err(why.clone());
        }
        let host = url.host_str().unwrap_or_default().trim_start_matches("www.").to_owned();
        let id = ids.give(&[&feed.title, &host]).ok_or("there is no id left for it")?;
        known.insert(key, format!("it stands further up as `{id}`"));
        let title = if feed.title.is_empty() { host } else { feed.title.clone() };
        let home = feed.home.as_deref().and_then(|home| address(home).ok());
        Ok(Box::new(Source { home, lang: feed.lang, note: note(feed), ..Source::new(id, title, url) }))
    };
    list.iter().map(|feed| one(feed).map_or_else(Verdict::Skipped, Verdict::New)).collect()
}

/// An address that may be configured, or why not.
fn address(written: &str) -> Result<Url, String> {
    if written.is_empty() {
        return Err("it has no xmlUrl".to_owned());
    }
    let url = Url::parse(written).map_err(|_| "its xmlUrl is no address")?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("only http and https are spoken, not {}:", url.scheme()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("its address holds a name or password, and would be published".to_owned());
    }
    Ok(url)
}

/// Where the feed stood in its list. A folder is no organization: sources of one organization may tell one story.
fn note(feed: &Subscription) -> Option<String> {
    let mut parts = Vec::new();
    if !feed.folder.is_empty() {
        parts.push(format!("folder {}", feed.folder.join(" / ")));
    }
    if !feed.categories.is_empty() {
        parts.push(format!("categories {}", feed.categories.join(", ")));
    }
    (!parts.is_empty()).then(|| format!("From an OPML list: {}.", parts.join("; ")))
}

/// An address for people to see: a password is not for every terminal and log.
fn shown(written: &str) -> String {
    match Url::parse(written) {
        Ok(mut url) if !url.username().is_empty() || url.password().is_some() => {
            // What can have a password can be without one.
            let _ = url.set_username("").and_then(|()| url.set_password(None));
            url.to_string()
        }
        _ => written.to_owned(),
    }
}

/// The table of what was decided, on stderr.
fn tell(list: &[Subscription], verdicts: &[Verdict]) -> io::Result<()> {
    let row = |(feed, verdict): (&Subscription, &Verdict)| {
        let cell = |words: &str| text::shorten(words, WIDEST);
        let (what, why) = match verdict {
            Verdict::New(source) => ("new", format!("as `{}`", source.id)),
            Verdict::Skipped(why) => ("skipped", why.clone()),
        };
        vec![what.to_owned(), cell(&feed.title), cell(&shown(&feed.feed)), why]
    };
    let rows: Vec<Vec<String>> = list.iter().zip(verdicts).map(row).collect();
    table::print(&mut io::stderr().lock(), &["", "title", "address", ""], &rows)
}

/// Prints the sources as a list; with `all` also those that are switched off.
pub fn export(common: &Common, all: bool) -> Result<(), Failure> {
    let config = common.load(&[])?;
    let mut list = Vec::new();
    for source in config.sources.iter().filter(|source| all || source.enabled) {
        match source.url.scheme() {
            _ if source.page.is_some() => eprintln!("`{}` is left out: it is a page, and no feed", source.id),
            "http" | "https" => list.push(subscription(source)),
            scheme => eprintln!("`{}` is left out: {scheme}: is no address for others", source.id),
        }
    }
    // A folder for one feed hides it. Feeds without a folder come first; within one they keep their order.
    let mut members: HashMap<Vec<String>, usize> = HashMap::new();
    list.iter().for_each(|feed| *members.entry(feed.folder.clone()).or_default() += 1);
    list.iter_mut().filter(|feed| members[&feed.folder] == 1).for_each(|feed| feed.folder.clear());
    list.sort_by(|a, b| a.folder.cmp(&b.folder));
    let document = publish::opml(&config.settings.serve.title, &list);
    io::stdout().lock().write_all(document.as_bytes()).map_err(Failure::io("the list could not be printed"))
}

fn subscription(source: &Source) -> Subscription {
    Subscription {
        feed: source.url.to_string(),
        title: source.title.clone(),
        home: source.home.as_ref().map(Url::to_string),
        lang: source.lang,
        categories: Vec::new(),
        folder: source.organization.iter().map(|name| text::one_line(name)).filter(|name| !name.is_empty()).collect(),
    }
}
