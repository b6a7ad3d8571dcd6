//! `tributary eval`: how well the rules of an installation file items that people have labelled.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{self, BufRead, BufReader, Write},
    path::{Path, PathBuf},
    str::FromStr,
};

use serde_json::{Value, json};

use super::{Common, Failure, explain::Page, groups, lines, table};
use crate::{
    classify::{
        self,
        eval::{Axis, Labelled, Languages, Score, Tally, score},
    },
    config::Config,
    model::{CountryCode, Lang},
    text,
};

/// What `eval` is asked for.
#[derive(Debug, clap::Args)]
pub struct Eval {
    /// Files of labelled items, or of groups of items, one JSON object a line; - is standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// The files hold groups of items that do or do not tell one story
    #[arg(long)]
    groups: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    /// Also list each miss and each false hit, with what spoke for it
    #[arg(long)]
    errors: bool,
    /// Fail when a figure is below this: `topics=0.88`, `countries-precision=0.96`; may be repeated
    #[arg(long = "min", value_name = "FIGURE=LEAST")]
    least: Vec<Least>,
}

/// A figure and the least that it has to be.
#[derive(Debug, Clone)]
struct Least {
    figure: String,
    least: f64,
}

/// The end of a figure's name, and how an axis gives it.
type Figure = (&'static str, fn(&Axis) -> f64);

/// The figures of an axis. The first one is plain F1.
const OF_AN_AXIS: [Figure; 4] = [
    ("", |axis| axis.micro.f1()),
    ("-macro", Axis::macro_f1),
    ("-precision", |axis| axis.micro.precision()),
    ("-recall", |axis| axis.micro.recall()),
];

/// Every figure that can be asked for.
fn figures(score: &Score) -> BTreeMap<String, f64> {
    let axes = axes(score).into_iter().flat_map(|(name, axis)| OF_AN_AXIS.map(|(end, figure)| (format!("{name}{end}"), figure(axis))));
    let languages = [("languages", &score.languages), ("languages-titles", &score.titles)];
    axes.chain(languages.map(|(name, told)| (name.to_owned(), told.share()))).collect()
}

fn axes(score: &Score) -> [(&'static str, &Axis); 3] {
    [("topics", &score.topics), ("countries", &score.countries), ("regions", &score.regions)]
}

impl FromStr for Least {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (figure, least) = text.split_once('=').ok_or("needs a figure and a number, such as topics=0.88")?;
        let mut known = figures(&Score::default());
        known.extend(groups::Score::default().figures());
        if !known.contains_key(figure) {
            return Err(format!("there is no figure `{figure}`; known are {}", known.into_keys().collect::<Vec<_>>().join(", ")));
        }
        match least.parse() {
            Ok(least) if (0.0..=1.0).contains(&least) => Ok(Self { figure: figure.to_owned(), least }),
            _ => Err(format!("`{least}` is not a number from 0 to 1")),
        }
    }
}

/// Files labelled items and prints how well that went.
pub fn eval(common: &Common, asked: &Eval) -> Result<(), Failure> {
    let config = common.load(&[])?;
    let classifier = lines::compile(&config.topics)?;
    if asked.groups {
        let score = groups::score(&asked.files, &classifier)?;
        let mut out = io::stdout().lock();
        let told = if asked.json { writeln!(out, "{}", score.in_json(asked.errors)) } else { score.tell(&mut out, asked.errors) };
        told.map_err(Failure::io("the figures could not be printed"))?;
        return reach(&asked.least, &score.figures());
    }
    let items = read(&asked.files)?;
    for note in unknown(&items, &config) {
        eprintln!("note: {note}");
    }
    let score = score(&classifier, &items);
    let mut out = io::stdout().lock();
    let told = if asked.json {
        writeln!(out, "{}", in_json(&score, asked.errors))
    } else {
        tell(&mut out, &score).and_then(|()| if asked.errors { tell_errors(&mut out, &score) } else { Ok(()) })
    };
    told.map_err(Failure::io("the figures could not be printed"))?;
    reach(&asked.least, &figures(&score))
}

/// Fails when a figure is below what it has to be, or none of those that were scored.
fn reach(least: &[Least], reached: &BTreeMap<String, f64>) -> Result<(), Failure> {
    let short = least.iter().filter_map(|least| match reached.get(&least.figure) {
        Some(figure) if *figure >= least.least => None,
        Some(figure) => Some(format!("{} {figure:.3} is below {}", least.figure, least.least)),
        None => Some(format!("{} was not scored", least.figure)),
    });
    let short: Vec<String> = short.collect();
    if short.is_empty() { Ok(()) } else { Err(Failure::Failed(short.join("; "))) }
}

/// Reads all items, or tells every line that is none.
fn read(files: &[PathBuf]) -> Result<Vec<Labelled>, Failure> {
    let (mut items, mut wrong) = (Vec::new(), Vec::new());
    for file in files {
        read_one(file, &mut items, &mut wrong)?;
    }
    if !wrong.is_empty() {
        let count = wrong.len();
        let lines = if count == 1 { "1 line is no labelled item".to_owned() } else { format!("{count} lines are no labelled items") };
        return Err(Failure::Misuse(format!("{lines}\n{}\n{FORM}", wrong.join("\n"))));
    }
    if items.is_empty() {
        return Err(Failure::Misuse(format!("there are no items to score\n{FORM}")));
    }
    Ok(items)
}

const FORM: &str = r#"an item is one line such as {"id": "a1", "lang": "es", "title": "…", "summary": "…", "topics": ["youth"], "countries": ["GT"], "regions": []}"#;

fn read_one(file: &Path, items: &mut Vec<Labelled>, wrong: &mut Vec<String>) -> Result<(), Failure> {
    for (number, line) in BufReader::new(lines::open(file)?).split(b'\n').enumerate() {
        let line = line.map_err(Failure::io(format!("{} can not be read", file.display())))?;
        if line.trim_ascii().is_empty() {
            continue;
        }
        let item = serde_json::from_slice::<Labelled>(&line).map_err(|error| error.to_string());
        let is_country = |code: &&String| code.parse::<CountryCode>().is_ok_and(|known| known.as_str() == **code);
        match item {
            Ok(item) => match item.countries.iter().chain(&item.countries_ok).find(|code| !is_country(code)) {
                Some(code) => {
                    wrong.push(format!("{}:{}: `{code}` is not a two-letter country code in capitals", file.display(), number + 1))
                }
                None => items.push(item),
            },
            Err(error) => wrong.push(format!("{}:{}: {error}", file.display(), number + 1)),
        }
    }
    Ok(())
}

/// Labels that the configuration does not know, and so can not give.
fn unknown(items: &[Labelled], config: &Config) -> Vec<String> {
    let (topics, _) = config.topic_names();
    let (_, regions) = classify::names(&config.topics.regions);
    let topics: BTreeSet<&str> = topics.keys().map(AsRef::as_ref).collect();
    let regions: BTreeSet<&str> = regions.keys().map(AsRef::as_ref).collect();
    let mut notes = BTreeSet::new();
    let mut look = |what: &str, known: &BTreeSet<&str>, used: &mut dyn Iterator<Item = &String>| {
        for name in used.filter(|name| !known.contains(name.as_str())) {
            let near = text::nearest(name, known.iter().copied(), 1);
            let hint = near.first().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            notes.insert(format!("there is no {what} `{name}`, so it counts as missed{hint}"));
        }
    };
    for item in items {
        look("topic", &topics, &mut item.topics.iter());
        look("region", &regions, &mut item.regions.iter());
    }
    notes.into_iter().collect()
}

fn share(figure: f64) -> String {
    format!("{figure:.3}")
}

fn counts(tally: &Tally) -> [String; 6] {
    let [p, r, f1] = [tally.precision(), tally.recall(), tally.f1()].map(share);
    [p, r, f1, tally.hits.to_string(), tally.false_hits.to_string(), tally.misses.to_string()]
}

/// Tables: all together, by language, by label.
fn tell(out: &mut impl Write, score: &Score) -> io::Result<()> {
    writeln!(out, "{} items\n", score.items)?;
    let rows: Vec<Vec<String>> = axes(score)
        .into_iter()
        .map(|(name, axis)| {
            let [p, r, f1, rest @ ..] = counts(&axis.micro);
            [name.to_owned(), p, r, f1].into_iter().chain(axis.macros().map(share)).chain(rest).collect()
        })
        .collect();
    table::print(out, &["", "P", "R", "F1", "macro P", "macro R", "macro F1", "hits", "false", "missed"], &rows)?;
    writeln!(out)?;
    let langs: BTreeSet<Lang> = score.languages.langs.keys().copied().collect();
    let mut rows: Vec<Vec<String>> = langs.into_iter().map(|lang| by_language(score, Some(lang))).collect();
    rows.push(by_language(score, None));
    table::print(
        out,
        &["language", "items", "told", "told by title", "topics P", "R", "F1", "countries P", "R", "F1", "regions P", "R", "F1"],
        &rows,
    )?;
    for (name, axis) in axes(score) {
        writeln!(out)?;
        let rows: Vec<Vec<String>> =
            axis.labels.iter().map(|(label, tally)| [label.clone()].into_iter().chain(counts(tally)).collect()).collect();
        table::print(out, &[name, "P", "R", "F1", "hits", "false", "missed"], &rows)?;
    }
    Ok(())
}

/// One language, or all.
fn by_language(score: &Score, lang: Option<Lang>) -> Vec<String> {
    let told = |languages: &Languages| lang.map_or(languages.all, |lang| languages.langs.get(&lang).copied().unwrap_or_default());
    let (words, titles) = (told(&score.languages), told(&score.titles));
    let mut row =
        vec![lang.map_or("all".to_owned(), |lang| lang.to_string()), words.1.to_string(), words.0.to_string(), titles.0.to_string()];
    for (_, axis) in axes(score) {
        let tally = lang.map_or(axis.micro, |lang| axis.langs.get(&lang).copied().unwrap_or_default());
        row.extend(counts(&tally).into_iter().take(3));
    }
    row
}

/// Each mistake with its item and what spoke for the label.
fn tell_errors(out: &mut impl Write, score: &Score) -> io::Result<()> {
    let mut page = Page { out, paints: false };
    for (name, axis) in axes(score) {
        for miss in &axis.mistakes {
            let what = if miss.given { "false hit" } else { "missed" };
            writeln!(page.out, "\n{name}: {what} {} at {}: {}", miss.label, miss.item, miss.title)?;
            if let Some(rule) = &miss.rule {
                writeln!(page.out, "    weighed {} and rejected: {rule}", miss.score)?;
            }
            page.evidence(&miss.evidence)?;
        }
    }
    for (name, told) in [("languages", &score.languages), ("languages-titles", &score.titles)] {
        for (item, title, is, told) in &told.mistakes {
            writeln!(page.out, "\n{name}: {is} told as {told} at {item}: {title}")?;
        }
    }
    Ok(())
}

fn in_json(score: &Score, errors: bool) -> Value {
    let figures = |p: f64, r: f64, f1: f64| json!({ "precision": p, "recall": r, "f1": f1 });
    let tally = |tally: &Tally| {
        let mut value = figures(tally.precision(), tally.recall(), tally.f1());
        value["hits"] = tally.hits.into();
        value["false_hits"] = tally.false_hits.into();
        value["misses"] = tally.misses.into();
        value
    };
    let mut whole = json!({ "items": score.items });
    for (name, axis) in axes(score) {
        let [p, r, f1] = axis.macros();
        let labels: BTreeMap<&String, Value> = axis.labels.iter().map(|(label, one)| (label, tally(one))).collect();
        let langs: BTreeMap<String, Value> = axis.langs.iter().map(|(lang, one)| (lang.to_string(), tally(one))).collect();
        whole[name] = json!({ "micro": tally(&axis.micro), "macro": figures(p, r, f1), "labels": labels, "languages": langs });
        if errors {
            whole[name]["errors"] = json!(axis.mistakes);
        }
    }
    for (name, told) in [("languages", &score.languages), ("languages_titles", &score.titles)] {
        let one = |(right, of): (u32, u32)| json!({ "right": right, "of": of });
        let langs: BTreeMap<String, Value> = told.langs.iter().map(|(lang, told)| (lang.to_string(), one(*told))).collect();
        whole[name] = json!({ "share": told.share(), "right": told.all.0, "of": told.all.1, "languages": langs });
        if errors {
            let wrong =
                |(item, title, is, told): &(String, String, Lang, Lang)| json!({ "item": item, "title": title, "is": is, "told": told });
            whole[name]["errors"] = told.mistakes.iter().map(wrong).collect();
        }
    }
    whole
}
