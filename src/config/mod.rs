//! What an operator said, read once and checked whole.
//!
//! Four files, each with defaults that are part of the program: settings, sources, topics and
//! saved feeds. The files of an operator change the built-in ones by id. Every mistake in every
//! file is told at once, with its place and a remedy, and then nothing starts.
//! Deliberately absent: compiling rules (`classify`), and anything that is learned while running.

mod append;
mod block;
mod feeds;
mod keep;
mod mistake;
mod page;
mod picture;
mod reader;
pub mod schema;
mod settings;
mod sources;
mod topics;

use std::{collections::BTreeMap, fs, path::Path};

pub use append::{AppendError, Ids, append_sources};
pub use block::source_block;
pub use feeds::SavedFeed;
pub use mistake::{Mistake, Mistakes};
use reader::Reader;
pub use settings::{Admin, Daemon, Exposure, Fetch, Hub, Serve, Settings, WebSub};

use crate::model::{FourNames, Source, TopicRules, TopicSlug};

const SETTINGS: &str = include_str!("../../config/tributary.toml");
const SOURCES: &str = include_str!("../../config/sources.toml");
const TOPICS: &str = include_str!("../../config/topics.toml");
const BUILT_IN_TOPICS: &str = "built-in topics.toml";
const FEEDS: &str = include_str!("../../config/feeds.toml");

/// Whose file is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layer {
    /// Ours, and whether the operator wants none of it.
    BuiltIn { dropped: bool },
    /// The operator's.
    Own,
}

/// A whole configuration without mistakes.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Settings of the daemon.
    pub settings: Settings,
    /// Sources, built-in ones first.
    pub sources: Vec<Source>,
    /// Topics.
    pub topics: TopicRules,
    /// Saved feeds.
    pub feeds: Vec<SavedFeed>,
    /// What is no mistake and still worth telling.
    pub notices: Vec<String>,
    /// What the operator's files change of what is built in.
    pub overridden: Vec<String>,
}

/// Reads the configuration: built-in defaults, then the files of a folder, then variables
/// (`TRIBUTARY__SECTION__KEY`), then flags (`section.key`).
pub fn load(dir: Option<&Path>, env: impl Iterator<Item = (String, String)>, flags: &[(String, String)]) -> Result<Config, Mistakes> {
    load_with(dir, env, flags, None)
}

/// Reads the configuration, with another text in the place of the folder's `sources.toml`.
fn load_with(
    dir: Option<&Path>,
    env: impl Iterator<Item = (String, String)>,
    flags: &[(String, String)],
    other_sources: Option<&str>,
) -> Result<Config, Mistakes> {
    let mut mistakes = Vec::new();
    let mut overridden = Vec::new();
    let mut file = |name: &str, built_in: &str| -> Option<(String, String)> {
        let path = dir?.join(name);
        let other = other_sources.filter(|_| name == "sources.toml").map(|text| Ok(text.to_owned()));
        match other.unwrap_or_else(|| fs::read_to_string(&path)) {
            // The shipped file itself, in place: it changes nothing.
            Ok(text) if text == built_in => None,
            Ok(text) => Some((path.display().to_string(), text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => {
                mistakes.push(Mistake::of_file(&path.display().to_string(), &format!("can not be read: {error}")));
                None
            }
        }
    };
    let own = [("tributary.toml", SETTINGS), ("sources.toml", SOURCES), ("topics.toml", TOPICS), ("feeds.toml", FEEDS)]
        .map(|(name, built_in)| file(name, built_in));
    let [own_settings, own_sources, own_topics, own_feeds] = own;

    let mut read = |own: Option<(String, String)>, name: &str, built_in: &str, each: &mut dyn FnMut(&mut Reader<'_>, Layer)| {
        layers(own, name, built_in, &mut mistakes, each);
    };

    let mut settings = Settings::default();
    read(own_settings, "built-in tributary.toml", SETTINGS, &mut |reader, _| settings.read(reader, dir));
    let mut topics = TopicRules::default();
    read(own_topics, BUILT_IN_TOPICS, TOPICS, &mut |reader, layer| topics::read(reader, &mut topics, layer, &mut overridden));
    let mut feeds = Vec::new();
    let mut sources = Vec::new();
    read(own_sources, "built-in sources.toml", SOURCES, &mut |reader, layer| {
        sources::read(reader, &mut sources, &topics.topics, layer, &mut overridden);
    });
    read(own_feeds, "built-in feeds.toml", FEEDS, &mut |reader, layer| {
        feeds::read(reader, &mut feeds, &topics.topics, &sources, layer, &mut overridden);
    });
    for (name, key, value) in variables(env).into_iter().chain(flags.iter().map(|(key, value)| flag(key, value))) {
        settings::override_one(&mut settings, dir, [&name, &key, &value], &mut mistakes);
    }
    if settings.serve.limit > settings.serve.max_limit {
        let what = format!("`limit` {} is greater than `max_limit` {}", settings.serve.limit, settings.serve.max_limit);
        mistakes.push(Mistake::of_file("[serve]", &what));
    }
    let timeout = settings.fetch.timeout;
    for source in &mut sources {
        if source.timeout.is_zero() {
            source.timeout = timeout;
        }
    }
    if !mistakes.is_empty() {
        mistakes.sort_by(|a, b| (&a.file, a.line, a.column).cmp(&(&b.file, b.line, b.column)));
        return Err(Mistakes(mistakes));
    }
    let notices = settings.notices();
    Ok(Config { settings, sources, topics, feeds, notices, overridden })
}

/// Reads the built-in file, unless the operator's drops it, and then that one.
fn layers(
    own: Option<(String, String)>,
    name: &str,
    built_in: &str,
    mistakes: &mut Vec<Mistake>,
    each: &mut dyn FnMut(&mut Reader<'_>, Layer),
) {
    let keeps = own.as_ref().is_none_or(|(name, text)| {
        let mut silent = Vec::new();
        Reader::new(name, text, &mut silent).root().flag("builtin").unwrap_or(true)
    });
    each(&mut Reader::new(name, built_in, mistakes), Layer::BuiltIn { dropped: !keeps });
    if let Some((name, text)) = own {
        each(&mut Reader::new(&name, &text, mistakes), Layer::Own);
    }
}

/// The rules as they are with one file in the place of the folder's `topics.toml`.
pub fn topic_rules(file: &Path) -> Result<TopicRules, Mistakes> {
    let name = file.display().to_string();
    let text = fs::read_to_string(file).map_err(|error| Mistakes(vec![Mistake::of_file(&name, &format!("can not be read: {error}"))]))?;
    let (mut rules, mut mistakes) = (TopicRules::default(), Vec::new());
    layers(Some((name, text)), BUILT_IN_TOPICS, TOPICS, &mut mistakes, &mut |reader, layer| {
        topics::read(reader, &mut rules, layer, &mut Vec::new());
    });
    if mistakes.is_empty() { Ok(rules) } else { Err(Mistakes(mistakes)) }
}

/// `TRIBUTARY__SERVE__LISTEN` as the name to tell, the key and the value; sorted, so that mistakes come in one order.
fn variables(env: impl Iterator<Item = (String, String)>) -> Vec<(String, String, String)> {
    let mut found: Vec<_> = env
        // Compose files pass on variables that nobody set.
        .filter(|(_, value)| !value.is_empty())
        .filter_map(|(name, value)| {
            let key = name.strip_prefix("TRIBUTARY__")?.to_ascii_lowercase().replace("__", ".");
            Some((name, key, value))
        })
        .collect();
    found.sort();
    found
}

fn flag(key: &str, value: &str) -> (String, String, String) {
    let name = format!("--{}", key.rsplit('.').next().unwrap_or(key));
    (name, key.to_owned(), value.to_owned())
}

impl Config {
    /// The names of topics, and the slugs they had.
    pub fn topic_names(&self) -> (BTreeMap<TopicSlug, FourNames>, BTreeMap<TopicSlug, TopicSlug>) {
        let names = self.topics.topics.iter().map(|topic| (topic.slug.clone(), topic.label.clone()));
        let aliases = self.topics.topics.iter().flat_map(|topic| topic.aliases.iter().map(|alias| (alias.clone(), topic.slug.clone())));
        (names.collect(), aliases.collect())
    }
}
