//! Commands from lines to lines: `classify`. They know nothing of a data folder.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufRead, BufReader, IsTerminal, Read, Write},
    path::{Path, PathBuf},
};

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Common, Failure, explain::Page, table};
use crate::{
    classify::{Classifier, Subject},
    config,
    model::{Category, Evidence, Labels, Lang, Rejected, Role, TopicRules},
};

/// Opens a file, or standard input for `-`.
pub fn open(file: &Path) -> Result<Box<dyn Read>, Failure> {
    if file.as_os_str() == "-" {
        return Ok(Box::new(io::stdin().lock()));
    }
    Ok(Box::new(File::open(file).map_err(Failure::io(format!("{} can not be read", file.display())))?))
}

/// Rules, compiled.
pub fn compile(rules: &TopicRules) -> Result<Classifier, Failure> {
    Classifier::new(rules).map_err(|error| Failure::Failed(error.to_string()))
}

/// What `classify` is asked for.
#[derive(Debug, clap::Args)]
pub struct Classify {
    /// A file, or - for standard input
    #[arg(default_value = "-")]
    file: PathBuf,
    /// Show evidence and rejected candidates
    #[arg(long)]
    explain: bool,
    /// Print only what moves from the rules of another topics.toml to those of now
    #[arg(long, value_name = "OLD_TOPICS.toml")]
    against: Option<PathBuf>,
    /// How to print [default: text for --explain and --against on a terminal, else json]
    #[arg(long)]
    format: Option<Form>,
}

/// How labels are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// For people, with evidence
    Text,
    /// One JSON object a line
    Json,
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

impl Line {
    fn filed(&self, classifier: &Classifier) -> Labels {
        classifier.classify(&Subject {
            title: &self.title,
            summary: self.summary.as_deref().unwrap_or_default(),
            url: self.url.as_deref(),
            item_lang: self.lang,
            categories: &self.categories,
            ..Subject::default()
        })
    }
}

/// Reads items, one JSON object a line, and prints them with their labels, or what moves between two sets of rules.
pub fn classify(common: &Common, asked: &Classify) -> Result<(), Failure> {
    let config = common.load(&[])?;
    let classifier = compile(&config.topics)?;
    let is_for_people = (asked.explain || asked.against.is_some()) && io::stdout().is_terminal();
    let form = asked.format.unwrap_or(if is_for_people { Form::Text } else { Form::Json });
    let page = Page { out: io::stdout().lock(), paints: table::paints() };
    match &asked.against {
        Some(old) => moves(&asked.file, form, page, &compile(&config::topic_rules(old)?)?, &classifier),
        None => file(&asked.file, form, page, asked.explain, &classifier),
    }
}

/// Prints each item with its labels. A line without a title passes unchanged, or is left out for people.
fn file(file: &Path, form: Form, mut page: Page<impl Write>, explain: bool, classifier: &Classifier) -> Result<(), Failure> {
    let failed = || Failure::io("the labels could not be printed");
    each(file, |text, mut value, item| {
        let Some(item) = item else {
            return if form == Form::Json { writeln!(page.out, "{text}").map_err(failed()) } else { Ok(()) };
        };
        let mut labels = item.filed(classifier);
        if !explain {
            labels.near.clear();
            labels.rejected.clear();
        }
        match form {
            Form::Text => page.title(&item.title).and_then(|()| page.labels(&labels)),
            Form::Json => {
                value["labels"] = serde_json::to_value(&labels).unwrap_or_default();
                writeln!(page.out, "{value}")
            }
        }
        .map_err(failed())
    })
}

/// Hands over each line that is not empty: as it stands, as JSON, and as an item when it has a title.
fn each(file: &Path, mut take: impl FnMut(&str, Value, Option<Line>) -> Result<(), Failure>) -> Result<(), Failure> {
    for (number, text) in BufReader::new(open(file)?).lines().enumerate() {
        let text = text.map_err(Failure::io(format!("{} can not be read", file.display())))?;
        let wrong = |error: serde_json::Error| Failure::Misuse(format!("{}:{}: {error}", file.display(), number + 1));
        if text.trim().is_empty() {
            continue;
        }
        let value: Value = serde_json::from_str(&text).map_err(wrong)?;
        let item = if value["title"].is_string() { Some(serde_json::from_value(value.clone()).map_err(wrong)?) } else { None };
        take(&text, value, item)?;
    }
    Ok(())
}

/// One label by one set of rules.
#[derive(Debug, Serialize)]
struct Moved {
    label: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<Role>,
    evidence: Vec<Evidence>,
    /// Why the other set does not give it, where it was a candidate there.
    #[serde(skip_serializing_if = "Option::is_none")]
    other: Option<Rejected>,
}

/// All labels of an item.
fn all(labels: &Labels) -> impl Iterator<Item = Moved> {
    let moved = |label: String, score, role, evidence: &[Evidence]| Moved { label, score, role, evidence: evidence.to_vec(), other: None };
    let topics = labels.topics.iter().map(move |label| moved(format!("topic:{}", label.slug), Some(label.score), None, &label.evidence));
    let countries = labels
        .countries
        .iter()
        .map(move |label| moved(format!("country:{}", label.code), Some(label.score), Some(label.role), &label.evidence));
    let regions = labels.regions.iter().map(move |label| moved(format!("region:{}", label.slug), None, None, &label.evidence));
    topics.chain(countries).chain(regions)
}

/// What one set of rules gives and another does not.
fn only_in(labels: &Labels, other: &Labels) -> Vec<Moved> {
    let others: Vec<String> = all(other).map(|moved| moved.label).collect();
    let why = |label: &str| other.rejected.iter().find(|rejected| rejected.label == label).cloned();
    let own = all(labels).filter(|moved| !others.contains(&moved.label));
    own.map(|moved| Moved { other: why(&moved.label), ..moved }).collect()
}

/// Prints each item that is filed differently by two sets of rules, then how often each label was lost and gained.
fn moves(file: &Path, form: Form, mut page: Page<impl Write>, old: &Classifier, new: &Classifier) -> Result<(), Failure> {
    let failed = || Failure::io("the moves could not be printed");
    let (mut items, mut moved) = (0, 0);
    let mut counts: BTreeMap<String, (u32, u32)> = BTreeMap::new();
    each(file, |_, value, item| {
        let Some(item) = item else { return Ok(()) };
        items += 1;
        let (before, after) = (item.filed(old), item.filed(new));
        let (lost, gained) = (only_in(&before, &after), only_in(&after, &before));
        lost.iter().for_each(|label| counts.entry(label.label.clone()).or_default().0 += 1);
        gained.iter().for_each(|label| counts.entry(label.label.clone()).or_default().1 += 1);
        if lost.is_empty() && gained.is_empty() {
            return Ok(());
        }
        moved += 1;
        match form {
            Form::Text => tell_moves(&mut page, &item.title, &lost, &gained),
            Form::Json => {
                let line = json!({ "id": value["id"], "title": item.title, "lost": lost, "gained": gained });
                writeln!(page.out, "{line}")
            }
        }
        .map_err(failed())
    })?;
    match form {
        Form::Text => {
            writeln!(page.out, "{moved} of {items} items are filed differently").map_err(failed())?;
            let rows: Vec<Vec<String>> =
                counts.into_iter().map(|(label, (lost, gained))| vec![label, lost.to_string(), gained.to_string()]).collect();
            if rows.is_empty() { Ok(()) } else { table::print(&mut page.out, &["label", "lost", "gained"], &rows) }
        }
        Form::Json => {
            let labels: BTreeMap<String, Value> =
                counts.into_iter().map(|(label, (lost, gained))| (label, json!({ "lost": lost, "gained": gained }))).collect();
            writeln!(page.out, "{}", json!({ "items": items, "moved": moved, "labels": labels }))
        }
    }
    .map_err(failed())
}

fn tell_moves(page: &mut Page<impl Write>, title: &str, lost: &[Moved], gained: &[Moved]) -> io::Result<()> {
    page.title(title)?;
    for moved in lost {
        page.lost(&moved.label, moved.score, moved.role, &moved.evidence)?;
        moved.other.iter().try_for_each(|now| page.rejected(now))?;
    }
    for moved in gained {
        page.given(&moved.label, moved.score, moved.role, &moved.evidence)?;
    }
    writeln!(page.out)
}
