//! `tributary story` and `tributary sources withdraw`: what is known of a story, and what editors do to it.

use std::io::{self, Write};

use clap::{Args, Subcommand, builder::NonEmptyStringValueParser};
use serde_json::Value;
use tokio::sync::mpsc;

use super::{
    Common, Failure,
    data::{self, Held},
    log, runtime,
};
use crate::{
    apply::Writer,
    config::Config,
    daemon::{
        self,
        acts::{self, Wish, Words},
        control::Ask,
        data::{DataFolder, Opened},
        floods,
    },
    model::{Revision, Second},
};

/// A time for people, in UTC.
const MOMENT: &str = "%Y-%m-%d %H:%M:%S";

/// What is asked or wanted of a story.
#[derive(Debug, Args)]
pub struct Story {
    /// A story: its id, the id of one of its entries, or the link of a copy
    #[arg(value_name = "ID|URL")]
    story: String,
    /// Print JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    act: Option<Act>,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Take it out of every feed; it does not come back through another source
    Hide {
        #[command(flatten)]
        words: Reasoned,
    },
    /// Bring it back in its old place
    Release {
        /// In a new place, as news
        #[arg(long)]
        as_new: bool,
        #[command(flatten)]
        words: Spoken,
    },
    /// File it under other labels, whatever the rules say
    Relabel {
        /// Topics to give and to take: +youth,-asylum
        #[arg(long, value_name = "±SLUG,..", allow_hyphen_values = true)]
        topic: Vec<String>,
        /// Countries to give and to take: +GT
        #[arg(long, value_name = "±CODE,..", allow_hyphen_values = true)]
        country: Vec<String>,
        /// Regions to give and to take: +central-america
        #[arg(long, value_name = "±SLUG,..", allow_hyphen_values = true)]
        region: Vec<String>,
        /// Take back first what editors said of its labels before
        #[arg(long)]
        by_rules: bool,
        /// In a new place, as news
        #[arg(long)]
        as_new: bool,
        #[command(flatten)]
        words: Spoken,
    },
    /// Take a copy out into a story of its own, which stays apart
    Split {
        /// Its number, its source or its link
        copy: String,
        /// In a new place, as news
        #[arg(long)]
        as_new: bool,
        #[command(flatten)]
        words: Spoken,
    },
    /// Make one story of two: the older one stays, and the other's page leads to it
    Join {
        /// The other story
        other: String,
        #[command(flatten)]
        words: Spoken,
    },
}

/// Whose act it is; why has to be said.
#[derive(Debug, Clone, Args)]
pub struct Reasoned {
    /// Why, for whoever looks later
    #[arg(long, value_name = "TEXT", value_parser = NonEmptyStringValueParser::new())]
    why: String,
    /// Whose act it is
    #[arg(long, value_name = "NAME", env = "TRIBUTARY_WHO")]
    who: Option<String>,
}

/// Whose act it is, and perhaps why.
#[derive(Debug, Clone, Args)]
pub struct Spoken {
    /// Why, for whoever looks later
    #[arg(long, value_name = "TEXT")]
    why: Option<String>,
    /// Whose act it is
    #[arg(long, value_name = "NAME", env = "TRIBUTARY_WHO")]
    who: Option<String>,
}

impl From<Reasoned> for Words {
    fn from(Reasoned { why, who }: Reasoned) -> Self {
        Self { who, why: Some(why) }
    }
}

impl From<Spoken> for Words {
    fn from(Spoken { why, who }: Spoken) -> Self {
        Self { who, why }
    }
}

impl Act {
    /// What is wanted, by whom and why.
    fn wish(self) -> (Wish, Words) {
        match self {
            Self::Hide { words } => (Wish::Hide, words.into()),
            Self::Release { as_new, words } => (Wish::Release { as_new }, words.into()),
            Self::Relabel { topic, country, region, by_rules, as_new, words } => {
                (Wish::Relabel { topics: topic, countries: country, regions: region, forget: by_rules, as_new }, words.into())
            }
            Self::Split { copy, as_new, words } => (Wish::Split { copy, as_new }, words.into()),
            Self::Join { other, words } => (Wish::Join { other }, words.into()),
        }
    }
}

/// Shows what is known of a story, or does something to it.
pub fn story(common: &Common, asked: Story) -> Result<(), Failure> {
    let config = common.load(&[])?;
    log::start(common.log, "warn");
    let Story { story, json, act } = asked;
    let Some(act) = act else { return show(&config, story, json) };
    let (wish, words) = act.wish();
    let rows = ask(&config, Ask::Act { story, wish, words })?;
    print(&rows, json, changed)
}

/// Takes all copies of a source back.
pub fn withdraw(common: &Common, source: String, words: Reasoned, json: bool) -> Result<(), Failure> {
    let config = common.load(&[])?;
    log::start(common.log, "warn");
    let rows = ask(&config, Ask::Withdraw { source, words: words.into() })?;
    print(&rows, json, |out, row| {
        writeln!(out, "{}: stories that lost a copy: {}; that went with it: {}", words_of(&row["source"]), row["changed"], row["gone"])
    })
}

/// Shows as news what a source had filed in the archive because it was too much.
pub fn release_flood(common: &Common, source: String, at: Option<String>, words: Spoken, json: bool) -> Result<(), Failure> {
    let config = common.load(&[])?;
    log::start(common.log, "warn");
    let rows = ask(&config, Ask::ReleaseFlood { source, at, words: words.into() })?;
    print(&rows, json, |out, row| {
        writeln!(out, "{}: stories filed {} that are news now: {}", words_of(&row["source"]), moment(&row["at"]), row["released"])
    })
}

/// Has the daemon that holds the folder do it, or does it.
fn ask(config: &Config, question: Ask) -> Result<Vec<Value>, Failure> {
    match data::ask(config, &question)? {
        Held::Told(rows) => Ok(rows),
        Held::Free(folder) => by_ourselves(config, &folder, question),
    }
}

fn by_ourselves(config: &Config, folder: &DataFolder, question: Ask) -> Result<Vec<Value>, Failure> {
    let Opened { journal, store, read_only, .. } = data::open(config, folder)?;
    if let Some(why) = read_only {
        return Err(Failure::Failed(why));
    }
    let (desk, writer) =
        Writer::start(journal, store.clone(), daemon::wall_clock(), |_| {}).map_err(Failure::io("the system gave no thread"))?;
    let (rows, mut told) = mpsc::channel(64);
    let done = runtime()?.block_on(async {
        let hear = async {
            let mut heard = Vec::new();
            while let Some(row) = told.recv().await {
                heard.push(row);
            }
            heard
        };
        let work = async {
            match question {
                Ask::Act { story, wish, words } => acts::act(store, desk, config, story, wish, words, rows).await,
                Ask::Withdraw { source, words } => acts::withdraw(store, desk, source, words, rows).await,
                Ask::ReleaseFlood { source, at, words } => floods::release(store, desk, source, at, words, rows).await,
                other => Err(format!("{other:?} is no act")),
            }
        };
        let (done, heard) = tokio::join!(work, hear);
        done.map(|()| heard)
    });
    writer.finish();
    done.map_err(Failure::Failed)
}

fn show(config: &Config, story: String, json: bool) -> Result<(), Failure> {
    let rows = match data::ask(config, &Ask::Story { story: story.clone() })? {
        Held::Told(rows) => rows,
        Held::Free(folder) => {
            let store = data::open(config, &folder)?.store;
            let story = acts::find(&store, &story).map_err(Failure::Failed)?;
            vec![acts::story_row(&story)]
        }
    };
    print(&rows, json, known)
}

fn print(rows: &[Value], json: bool, tell: impl Fn(&mut dyn Write, &Value) -> io::Result<()>) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let told = rows.iter().try_for_each(|row| if json { writeln!(out, "{row}") } else { tell(&mut out, row) });
    told.map_err(Failure::io("what was told could not be printed"))
}

/// What became of a story.
fn changed(out: &mut dyn Write, row: &Value) -> io::Result<()> {
    let feeds = |key: &str| list_of(&row[key]).iter().map(words_of).collect::<Vec<_>>().join(", ");
    writeln!(out, "{}  {}", words_of(&row["story"]), words_of(&row["title"]))?;
    for (name, key) in [("enters", "enters"), ("leaves", "leaves")] {
        if !list_of(&row[key]).is_empty() {
            writeln!(out, "  {name}  {}", feeds(key))?;
        }
    }
    match (row["gone"].as_str(), row["moved"].as_bool()) {
        (Some(gone), _) => writeln!(out, "  is {gone} now"),
        (None, Some(true)) => writeln!(out, "  stands in a new place, first of {} feeds", row["stays"].as_u64().unwrap_or_default()),
        _ => Ok(()),
    }
}

/// All that is known of a story, for people.
fn known(out: &mut dyn Write, row: &Value) -> io::Result<()> {
    writeln!(out, "{}  {}", words_of(&row["story"]), words_of(&row["title"]))?;
    if let Some(gone) = row["gone"].as_str() {
        let joined = row["joined"].as_str().map(|id| format!(" to {id}"));
        let there = joined.or_else(|| row["waits"].as_str().map(|_| format!(" until {}", moment(&row["waits"])))).unwrap_or_default();
        line(out, "is", &format!("{gone}{there}, and in no feed"))?;
    }
    for edition in list_of(&row["editions"]) {
        let archived = if edition["archived"] == true { ", in the archive" } else { "" };
        line(out, "edition", &format!("{} {}", words_of(&edition["lang"]), words_of(&edition["entry_id"])))?;
        let changed = moment(&edition["updated"]);
        line(out, "", &format!("stands at {}{archived}, changed {changed}, shows copy {}", moment(&edition["position"]), edition["copy"]))?;
        if let Some(why) = edition["why_archived"].as_str() {
            line(out, "", &format!("filed in the archive {}: {why}", moment(&edition["verdict"]["at"])))?;
        }
    }
    for copy in list_of(&row["copies"]) {
        line(
            out,
            &format!("copy {}", copy["copy"]),
            &format!("{} ({})  {}", words_of(&copy["source"]), words_of(&copy["lang"]), words_of(&copy["title"])),
        )?;
        line(out, "", &words_of(&copy["link"]))?;
        let revised = if copy["revised"].is_null() { String::new() } else { format!(", revised {}", moment(&copy["revised"])) };
        line(out, "", &format!("first seen {}{revised}; {}", moment(&copy["first_seen"]), words_of(&copy["why"])))?;
        let revisions: Vec<Revision> = serde_json::from_value(copy["revisions"].clone()).unwrap_or_default();
        for revision in revisions.iter().rev() {
            line(out, "", &format!("changed {}: {}", revision.at.date_time().format(MOMENT), revision.words()))?;
        }
        for refused in list_of(&copy["refused"]) {
            line(out, "", &format!("looks like {}, and is not: {}", words_of(&refused["story"]), words_of(&refused["why"])))?;
        }
        for (key, name) in [("topics", "slug"), ("countries", "code"), ("regions", "slug")] {
            for label in list_of(&copy[key]) {
                let because = |e: &Value| {
                    format!("“{}” in the {} ({}, {})", words_of(&e["text"]), words_of(&e["field"]), words_of(&e["rule"]), e["weight"])
                };
                let because: Vec<String> = list_of(&label["evidence"]).iter().map(because).collect();
                line(out, "", &format!("{}: {}", words_of(&label[name]), because.join("; ")))?;
            }
        }
    }
    line(out, "feeds", &list_of(&row["feeds"]).iter().map(words_of).collect::<Vec<_>>().join(", "))?;
    for key in ["topics", "countries", "regions"] {
        for (name, sign) in [("give", "+"), ("take", "-")] {
            for label in list_of(&row["said"][key][name]) {
                line(out, "said", &format!("{sign}{}", words_of(label)))?;
            }
        }
    }
    for other in list_of(&row["apart"]) {
        line(out, "apart from", &words_of(other))?;
    }
    for source in list_of(&row["withdrawn"]) {
        line(out, "withdrawn", &words_of(source))?;
    }
    for retracted in list_of(&row["retracted"]) {
        let seen = moment(&retracted["seen"]);
        line(out, "taken back", &format!("the copy of {} was withdrawn by its publisher, seen {seen}", words_of(&retracted["source"])))?;
    }
    for said in list_of(&row["acts"]) {
        let who = said["who"].as_str().map(|who| format!(" by {who}")).unwrap_or_default();
        let why = said["why"].as_str().map(|why| format!(": {why}")).unwrap_or_default();
        line(out, "act", &format!("{} {}{who}{why}", moment(&said["at"]), words_of(&said["act"])))?;
    }
    Ok(())
}

fn line(out: &mut dyn Write, name: &str, text: &str) -> io::Result<()> {
    if text.is_empty() { Ok(()) } else { writeln!(out, "  {name:<11}  {text}") }
}

fn list_of(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn words_of(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A time for people, in UTC; nothing when there is none.
fn moment(value: &Value) -> String {
    let at = value.as_str().and_then(|text| text.parse::<Second>().ok());
    at.map(|at| at.date_time().format(MOMENT).to_string()).unwrap_or_default()
}
