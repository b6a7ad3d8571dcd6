//! Commands from lines to lines: `classify`. They know nothing of a data folder.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, IsTerminal, Read, Write},
    path::Path,
};

use serde::Deserialize;
use serde_json::Value;

use super::{Common, Failure};
use crate::{
    classify::{Classifier, Subject},
    model::{Category, Evidence, Labels, Lang},
};

/// Opens a file, or standard input for `-`.
pub fn open(file: &Path) -> Result<Box<dyn Read>, Failure> {
    if file.as_os_str() == "-" {
        return Ok(Box::new(io::stdin().lock()));
    }
    Ok(Box::new(File::open(file).map_err(Failure::io(format!("{} can not be read", file.display())))?))
}

/// The part of a line that says what the item is about.
#[derive(Deserialize)]
struct Line {
    title: String,
    summary: Option<String>,
    url: Option<String>,
    lang: Option<Lang>,
    #[serde(default)]
    categories: Vec<Category>,
}

/// Reads items, one JSON object a line, and prints them with their labels. A line without a title passes unchanged.
pub fn classify(common: &Common, file: &Path, explain: bool) -> Result<(), Failure> {
    let config = common.load(&[])?;
    let classifier = Classifier::new(&config.topics).map_err(|error| Failure::Failed(error.to_string()))?;
    let mut out = io::stdout().lock();
    let for_people = explain && io::stdout().is_terminal();
    let failed = || Failure::io("the labels could not be printed");
    for (number, text) in BufReader::new(open(file)?).lines().enumerate() {
        let text = text.map_err(Failure::io(format!("{} can not be read", file.display())))?;
        let wrong = |error: serde_json::Error| Failure::Misuse(format!("{}:{}: {error}", file.display(), number + 1));
        if text.trim().is_empty() {
            continue;
        }
        let mut value: Value = serde_json::from_str(&text).map_err(wrong)?;
        if !value["title"].is_string() {
            writeln!(out, "{text}").map_err(failed())?;
            continue;
        }
        let item: Line = serde_json::from_value(value.clone()).map_err(wrong)?;
        let mut labels = classifier.classify(&Subject {
            title: &item.title,
            summary: item.summary.as_deref().unwrap_or_default(),
            url: item.url.as_deref(),
            item_lang: item.lang,
            categories: &item.categories,
            ..Subject::default()
        });
        if for_people {
            tell(&mut out, &item.title, &labels).map_err(failed())?;
            continue;
        }
        if !explain {
            labels.near.clear();
            labels.rejected.clear();
        }
        value["labels"] = serde_json::to_value(&labels).map_err(wrong)?;
        writeln!(out, "{value}").map_err(failed())?;
    }
    Ok(())
}

/// Labels, evidence and near misses for people.
fn tell(out: &mut impl Write, title: &str, labels: &Labels) -> io::Result<()> {
    writeln!(out, "\x1b[1m{title}\x1b[0m")?;
    writeln!(out, "  language {} ({:?})", labels.lang.value, labels.lang.from)?;
    let mut row = |mark: &str, name: &str, score: f32, evidence: &[Evidence]| {
        writeln!(out, "  {mark} {name} {score}")?;
        evidence.iter().try_for_each(|e| writeln!(out, "      {:+} “{}” in {:?} at {}: {}", e.weight, e.text, e.field, e.at, e.rule))
    };
    for label in &labels.topics {
        row("\x1b[32m+\x1b[0m topic", label.slug.as_str(), label.score, &label.evidence)?;
    }
    for label in &labels.countries {
        row("\x1b[32m+\x1b[0m country", label.code.as_str(), label.score, &label.evidence)?;
    }
    for label in &labels.regions {
        row("\x1b[32m+\x1b[0m region", label.slug.as_str(), 0.0, &label.evidence)?;
    }
    for rejected in &labels.rejected {
        row(&format!("\x1b[33m-\x1b[0m {}:", rejected.rule), &rejected.label, rejected.score, &rejected.evidence)?;
    }
    writeln!(out)
}
