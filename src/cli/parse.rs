//! `tributary parse`: what is read of a feed, line by line. It knows nothing of a data folder.

use std::{
    fs,
    io::{self, BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
};

use clap::Args;
use serde_json::{Value, json};
use url::Url;

use super::{Failure, lines::open};
use crate::{
    clean::{self, Dropped, Origin, clean},
    model::{DateOrder, Item, RawFeed, RawText, SourceId},
    parse, text,
};

/// The longest document that is read, in bytes; the daemon's own limit is `[fetch] longest_body`.
const LONGEST: u64 = 64 << 20;

#[derive(Debug, Args)]
pub struct Parse {
    /// Files to read, or - for standard input
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// A file that names a file to read on each line
    #[arg(long, value_name = "FILE")]
    list: Option<PathBuf>,
    /// The address that relative links are relative to
    #[arg(long, value_name = "URL", default_value = "http://localhost/")]
    url: Url,
    /// The media type that the documents were sent with, such as "text/xml; charset=iso-8859-1"
    #[arg(long, value_name = "TYPE")]
    content_type: Option<String>,
    /// How dates of three numbers are meant
    #[arg(long, value_name = "ORDER", default_value = "dmy", value_parser = ["dmy", "mdy"])]
    dates: String,
}

/// Reads feeds and prints for each one line that says what it is, and one for each of its items, cleaned.
pub fn parse(asked: &Parse) -> Result<(), Failure> {
    let mut files = asked.files.clone();
    if let Some(list) = &asked.list {
        for line in BufReader::new(open(list)?).lines() {
            let line = line.map_err(Failure::io(format!("{} can not be read", list.display())))?;
            files.extend(Some(line.trim()).filter(|line| !line.is_empty()).map(PathBuf::from));
        }
    }
    if files.is_empty() && asked.list.is_none() {
        files.push(PathBuf::from("-"));
    }
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut failed = 0;
    for file in &files {
        let name = file.display().to_string();
        let printed = match read(file, asked) {
            Ok(feed) => tell(&mut out, &name, feed, &asked.url),
            Err(error) => {
                failed += 1;
                eprintln!("{name}: {error}");
                writeln!(out, "{}", json!({ "file": name, "error": error }))
            }
        };
        printed.map_err(Failure::io("the items could not be printed"))?;
    }
    out.flush().map_err(Failure::io("the items could not be printed"))?;
    if failed > 0 { Err(Failure::Failed(format!("{failed} of {} could not be read", files.len()))) } else { Ok(()) }
}

fn read(file: &Path, asked: &Parse) -> Result<RawFeed, String> {
    let mut body = Vec::new();
    // A folder opens as a file does, and says so only when it is read.
    let is_folder = fs::metadata(file).is_ok_and(|about| about.is_dir());
    if is_folder {
        return Err("this is a folder; name the files in it".to_owned());
    }
    let input = open(file).map_err(|error| text::chain(&error))?;
    let length = input.take(LONGEST + 1).read_to_end(&mut body).map_err(|error| error.to_string())?;
    if length as u64 > LONGEST {
        return Err(format!("more than {} MiB", LONGEST >> 20));
    }
    let dates = if asked.dates == "mdy" { DateOrder::MonthFirst } else { DateOrder::DayFirst };
    let about = parse::About { content_type: asked.content_type.as_deref(), base: &asked.url, dates };
    parse::parse(&body, &about).map_err(|error| error.to_string())
}

fn tell(out: &mut impl Write, file: &str, feed: RawFeed, url: &Url) -> io::Result<()> {
    let title = feed.title.as_ref().map(|(RawText::Plain(title) | RawText::Html(title))| text::one_line(&crate::html::text_of(title)));
    let home = feed.home.as_deref().and_then(|home| clean::follow(home, url)).map(String::from);
    let about = json!({ "title": title.filter(|title| !title.is_empty()), "link": home, "lang": feed.lang });
    writeln!(out, "{}", json!({ "file": file, "feed": about, "kind": feed.kind, "repaired": feed.repaired }))?;
    let Ok(source) = "stdin".parse::<SourceId>() else { return Ok(()) };
    let origin = Origin { source: &source, base: url, feed_lang: feed.lang.as_deref() };
    // The daemon keeps no item that has neither title, link nor text; whoever looks at a feed wants to see it.
    let items = feed.items.into_iter().map(|raw| clean(raw, &origin).unwrap_or_else(|Dropped::Empty(item)| *item));
    items.map(|item| line(file, &item)).try_for_each(|line| writeln!(out, "{line}"))
}

/// An item in the form that `classify` and `dedup` read; absent values are null.
fn line(file: &str, item: &Item) -> Value {
    let categories: Vec<Value> = item
        .categories
        .iter()
        .map(|category| json!({ "term": category.term, "scheme": category.scheme, "label": category.label }))
        .collect();
    let enclosures: Vec<Value> = item
        .enclosures
        .iter()
        .map(|enclosure| json!({ "url": enclosure.url, "type": enclosure.media_type, "length": enclosure.length }))
        .collect();
    let text = |text: &str| if text.is_empty() { Value::Null } else { Value::from(text) };
    json!({
        "file": file, "id": item.upstream.id, "url": item.link, "title": text(&item.title), "summary": text(&item.summary),
        "content": item.content.as_ref().map(|html| html.as_str()), "published": item.published, "updated": item.updated,
        "lang": item.lang.or(item.feed_lang), "authors": item.authors, "categories": categories, "enclosures": enclosures,
        "image": item.image, "point": item.point.map(|point| point.degrees()),
    })
}
