//! `tributary dedup`: which items of a stream tell one story.

use std::{
    io::{self, BufRead, BufReader, Write},
    path::{Path, PathBuf},
};

use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::{Common, Failure, lines, shelf::Shelf};
use crate::{
    classify::{Classifier, Subject},
    clean::{self, Origin},
    model::{Item, Labels, RawItem, RawText, Second, SourceId},
    text,
};

/// A source's name in bytes at most.
const LONGEST_ID: usize = 56;

/// What `dedup` is asked for.
#[derive(Debug, clap::Args)]
pub struct Dedup {
    /// A file of items, one JSON object a line; - is standard input
    #[arg(default_value = "-")]
    file: PathBuf,
    /// Also tell which stories an item looked like and does not belong to
    #[arg(long)]
    explain: bool,
}

/// An item as `parse` prints it, or as a set of groups holds it.
#[derive(Debug, Deserialize)]
pub struct Telling {
    title: Option<String>,
    summary: Option<String>,
    content: Option<String>,
    url: Option<String>,
    /// `guid` in sets of groups.
    #[serde(alias = "guid")]
    id: Option<String>,
    source: Option<String>,
    lang: Option<String>,
    published: Option<String>,
    #[serde(default)]
    enclosures: Vec<Value>,
    labels: Option<Labels>,
}

/// Reads items and prints each with its `story`, `edition` and `why`. A line without a title passes unchanged.
pub fn dedup(common: &Common, asked: &Dedup) -> Result<(), Failure> {
    let classifier = lines::compile(&common.load(&[])?.topics)?;
    let mut shelf = Shelf::default();
    let mut now = Second::EPOCH;
    let mut out = io::stdout().lock();
    for (number, line) in BufReader::new(lines::open(&asked.file)?).lines().enumerate() {
        let line = line.map_err(Failure::io(format!("{} can not be read", asked.file.display())))?;
        if line.trim().is_empty() {
            continue;
        }
        let mut value: Value = serde_json::from_str(&line).map_err(wrong(&asked.file, number))?;
        if value["title"].is_string() {
            let telling: Telling = serde_json::from_value(value.clone()).map_err(wrong(&asked.file, number))?;
            if let Some((item, labels)) = telling.item(&classifier) {
                now = item.published.unwrap_or(now);
                let place = shelf.put(item, labels, now);
                value["story"] = json!(place.story);
                value["edition"] = json!(place.edition);
                value["why"] = json!(place.why);
                if asked.explain {
                    value["refused"] = json!(place.refused);
                }
            }
        }
        writeln!(out, "{value}").map_err(Failure::io("the items could not be printed"))?;
    }
    Ok(())
}

fn wrong(file: &Path, number: usize) -> impl FnOnce(serde_json::Error) -> Failure {
    let at = format!("{}:{}", file.display(), number + 1);
    move |error| Failure::Misuse(format!("{at}: {error}"))
}

impl Telling {
    /// The item, cleaned and filed; nothing when it has neither title, link nor text.
    pub fn item(self, classifier: &Classifier) -> Option<(Item, Labels)> {
        let url = self.url.as_deref().and_then(|url| Url::parse(url).ok());
        let host = url.as_ref().and_then(Url::host_str).unwrap_or("unknown").to_owned();
        let source: SourceId = text::slug(self.source.as_deref().unwrap_or(&host), LONGEST_ID).parse().ok()?;
        let base = url.or_else(|| Url::parse("http://localhost/").ok())?;
        let published = self.published.as_deref().and_then(moment);
        let enclosure = |value: &Value| value["url"].as_str().map(|url| (url.to_owned(), None, None));
        let raw = RawItem {
            id: self.id,
            title: self.title.map(RawText::Plain),
            link: self.url,
            summary: self.summary.map(RawText::Html),
            content: self.content.map(RawText::Html),
            published: published.map(Second::date_time),
            lang: self.lang,
            enclosures: self.enclosures.iter().filter_map(enclosure).collect(),
            ..RawItem::default()
        };
        let item = clean::clean(raw, &Origin { source: &source, base: &base, feed_lang: None }).ok()?;
        let labels = self.labels.unwrap_or_else(|| {
            classifier.classify(&Subject {
                title: &item.title,
                summary: &item.summary,
                url: item.link.as_deref(),
                item_lang: item.lang,
                ..Subject::default()
            })
        });
        Some((item, labels))
    }
}

/// A time, or the beginning of a day.
fn moment(text: &str) -> Option<Second> {
    text.parse().or_else(|_| format!("{text}T00:00:00Z").parse()).ok()
}
