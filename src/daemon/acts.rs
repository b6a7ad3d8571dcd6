//! What editors ask and want of stories: found by the names that people have for them, told, and done.
//!
//! The same whether a daemon does it between looks or the command line by itself. Deliberately absent: what an
//! act does to a story (`dedup`), and how it is written (`apply`).

use std::{collections::BTreeSet, str::FromStr, sync::Arc};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use url::Url;
use uuid::Uuid;

use crate::{
    apply::{Deed, Desk, What, labels},
    classify, clean,
    config::Config,
    model::{Copy, CountryCode, Gone, RegionSlug, Relabelled, SourceId, Story, TopicSlug, act::Change},
    store::{Store, StoreError, Touched},
    text,
};

/// Stories whose copies are withdrawn before looks that wait are kept.
const GROUP: usize = 256;
/// Stories of one name that are told at most.
const SEVERAL: usize = 5;
/// Tombstones that are followed at most.
const STEPS: usize = 8;
/// The longest reason or name that is kept, in characters.
const LONGEST: usize = 500;

/// What is wanted of a story, in the words of whoever wants it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum Wish {
    /// Take it out of every feed.
    Hide,
    /// Bring it back.
    Release {
        /// In a new place.
        as_new: bool,
    },
    /// File it under other labels: `+youth,-asylum`.
    Relabel {
        /// Topics.
        topics: Vec<String>,
        /// Countries.
        countries: Vec<String>,
        /// Regions.
        regions: Vec<String>,
        /// Take back first what was said before.
        forget: bool,
        /// In a new place.
        as_new: bool,
    },
    /// Take a copy out of it.
    Split {
        /// Its number, its source or its link.
        copy: String,
        /// In a new place.
        as_new: bool,
    },
    /// Make one story of two.
    Join {
        /// The other one.
        other: String,
    },
}

/// Whose act it is, and why.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Words {
    /// Who, if that is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
    /// Why, if that is said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

impl Words {
    /// As they are kept: one line each, and not too long.
    pub(super) fn kept(&self) -> Self {
        let kept = |words: &Option<String>| {
            let words = words.as_ref().map(|words| text::shorten(&text::one_line(words), LONGEST));
            words.filter(|words| !words.is_empty())
        };
        Self { who: kept(&self.who), why: kept(&self.why) }
    }

    pub(super) fn deed(&self, what: What) -> Deed {
        let Self { who, why } = self.kept();
        Deed { what, who, why }
    }
}

/// The story of a name: its id, the id of one of its entries, the address of its page, or the link of a copy.
pub fn find(store: &Store, name: &str) -> Result<Arc<Story>, String> {
    let failed = |error: StoreError| error.to_string();
    let name = name.trim();
    let id = Uuid::parse_str(name.rsplit_once("story/").map_or(name, |(_, id)| id)).ok();
    if let Some(story) = id.map(|id| store.story(&id)).transpose().map_err(failed)?.flatten() {
        return Ok(story);
    }
    let has_link = |story: &Story, link: &str| story.copies.iter().any(|copy| copy.item.canonical.as_deref() == Some(link));
    let mut found: Vec<Arc<Story>> = Vec::new();
    if let Some(id) = store.by_entry_id(name) {
        let story = store.story(&id).map_err(failed)?.filter(|story| story.editions.iter().any(|edition| edition.entry_id == name));
        found.extend(story.map(|story| followed(store, story)).transpose().map_err(failed)?);
    }
    if let (true, Ok(link)) = (found.is_empty(), Url::parse(name)) {
        let link = clean::canonical(&link);
        for id in store.by_link(&link) {
            found.extend(store.story(&id).map_err(failed)?.filter(|story| has_link(story, &link)));
        }
    }
    match &found[..] {
        [story] => Ok(story.clone()),
        [] => Err(format!("there is no story `{name}`; name it by its id, the id of an entry, or the link of a copy")),
        several => {
            let ids: Vec<String> = several.iter().take(SEVERAL).map(|story| story.id.to_string()).collect();
            Err(format!("{} stories have a copy at {name}; name one of them: {}", several.len(), ids.join(", ")))
        }
    }
}

/// The story that tells today what a story told.
fn followed(store: &Store, mut story: Arc<Story>) -> Result<Arc<Story>, StoreError> {
    for _ in 0..STEPS {
        let Some(next) = story.joined().map(|id| store.story(&id)).transpose()?.flatten() else { break };
        story = next;
    }
    Ok(story)
}

/// All that is known of a story, as a row of data. Copies are counted from 1.
pub fn story_row(story: &Story) -> Value {
    let copies: Vec<Value> = story.copies.iter().enumerate().map(|(at, copy)| copy_row(at + 1, copy)).collect();
    let editions = story.editions.iter().map(|edition| {
        json!({
            "entry_id": edition.entry_id, "lang": edition.lang, "position": edition.position, "updated": edition.updated,
            "copy": edition.preferred + 1, "archived": edition.archived, "switched": edition.switched,
            "verdict": edition.verdict, "why_archived": edition.verdict.map(|verdict| verdict.rule.to_string()),
        })
    });
    json!({
        "story": story.id, "title": title(story), "gone": gone(story), "joined": story.joined(), "waits": story.waits(), "feeds": feeds(story),
        "copies": copies, "editions": editions.collect::<Vec<_>>(), "said": story.edited.labels, "apart": story.edited.apart,
        "withdrawn": story.edited.withdrawn.iter().map(|copy| &copy.item.source).collect::<Vec<_>>(), "retracted": retracted(story),
        "acts": story.edited.acts,
    })
}

fn copy_row(number: usize, copy: &Copy) -> Value {
    let item = &copy.item;
    json!({
        "copy": number, "source": item.source, "title": item.title, "link": item.link, "lang": copy.labels.lang.value,
        "published": item.published, "first_seen": copy.first_seen, "revised": copy.revised, "rank": copy.rank,
        "why": copy.why.to_string(), "refused": copy.refused, "revisions": copy.revisions, "retracted": copy.retracted,
        "topics": copy.labels.topics, "countries": copy.labels.countries, "regions": copy.labels.regions,
    })
}

/// The copies that their publishers took back, and that nobody brought back.
fn retracted(story: &Story) -> Vec<Value> {
    let own = story.copies.iter().filter(|_| story.edited.gone == Some(Gone::Retracted));
    let taken = story.edited.withdrawn.iter().chain(own).filter_map(|copy| Some((&copy.item.source, copy.retracted?)));
    taken.map(|(source, retracted)| json!({ "source": source, "seen": retracted.seen, "when": retracted.when })).collect()
}

fn title(story: &Story) -> &str {
    &story.preferred(story.first_edition()).item.title
}

fn gone(story: &Story) -> Option<&'static str> {
    story.edited.gone.map(|gone| match gone {
        Gone::Hidden => "hidden",
        Gone::Withdrawn => "withdrawn",
        Gone::Retracted => "retracted",
        Gone::Waiting(_) => "waiting",
        Gone::Joined(_) => "joined",
        Gone::Pruned => "pruned",
        Gone::Erased => "erased",
    })
}

/// The plain feeds that a story stands in, as their addresses are: `topic/youth`, `source/iom`.
fn feeds(story: &Story) -> BTreeSet<String> {
    if story.is_gone() {
        return BTreeSet::new();
    }
    let langs = story.editions.iter().map(|edition| format!("lang/{}", edition.lang));
    let sources = story.copies.iter().map(|copy| format!("source/{}", copy.item.source));
    labels(story).map(|label| label.to_string()).chain(langs).chain(sources).collect()
}

/// What became of a story: which feeds it entered and left.
fn change_row(touched: &Touched) -> Value {
    let before = touched.before.as_deref().map(feeds).unwrap_or_default();
    let after = feeds(&touched.after);
    let positions = |story: &Story| story.editions.iter().map(|edition| edition.position).collect::<Vec<_>>();
    let is_moved = touched.before.as_deref().is_some_and(|before| positions(before) != positions(&touched.after));
    json!({
        "story": touched.after.id, "title": title(&touched.after), "gone": gone(&touched.after), "copies": touched.after.copies.len(),
        "enters": after.difference(&before).collect::<Vec<_>>(), "leaves": before.difference(&after).collect::<Vec<_>>(),
        "stays": before.intersection(&after).count(), "moved": is_moved,
    })
}

/// Does something to a story, and tells of each story that changed by it.
pub async fn act(
    store: Arc<Store>,
    desk: Desk,
    config: &Config,
    story: String,
    wish: Wish,
    words: Words,
    rows: mpsc::Sender<Value>,
) -> Result<(), String> {
    let labels = match &wish {
        Wish::Relabel { topics, countries, regions, .. } => read_labels(config, topics, countries, regions)?,
        _ => Relabelled::default(),
    };
    let finding = tokio::task::spawn_blocking(move || what(&store, &story, wish, labels));
    let what = finding.await.map_err(|fall| fall.to_string())??;
    let touched = desk.act(words.deed(what)).await.map_err(|error| text::chain(&error))?;
    for touched in &touched {
        // Whoever asked may have hung up; what is done stays done.
        let _ = rows.send(change_row(touched)).await;
    }
    Ok(())
}

fn what(store: &Store, story: &str, wish: Wish, labels: Relabelled) -> Result<What, String> {
    let found = find(store, story)?;
    let story = found.id;
    Ok(match wish {
        Wish::Hide => What::Hide(story),
        Wish::Release { as_new } => What::Release { story, as_new },
        Wish::Relabel { forget, as_new, .. } => What::Relabel { story, labels, forget, as_new },
        Wish::Split { copy, as_new } => {
            let item = &copy_of(&found, &copy)?.item;
            What::Split { story, source: item.source.clone(), key: item.upstream.id.clone(), as_new }
        }
        Wish::Join { other } => What::Join(story, find(store, &other)?.id),
    })
}

/// The copy of a story by its number, its source or its link.
fn copy_of<'a>(story: &'a Story, name: &str) -> Result<&'a Copy, String> {
    let link = Url::parse(name).ok().map(|url| clean::canonical(&url));
    let is_it = |at: usize, copy: &Copy| {
        let item = &copy.item;
        name.parse() == Ok(at + 1) || item.source.as_str() == name || link.is_some() && item.canonical == link
    };
    let found: Vec<&Copy> = story.copies.iter().enumerate().filter(|(at, copy)| is_it(*at, copy)).map(|(_, copy)| copy).collect();
    match &found[..] {
        [copy] => Ok(copy),
        [] => Err(format!("story {} has no copy `{name}`; name it by its number, its source or its link", story.id)),
        several => Err(format!("story {} has {} copies `{name}`; name one by its number", story.id, several.len())),
    }
}

/// Reads labels as they are given and taken: `+youth,-asylum`. What is given has to be known.
fn read_labels(config: &Config, topics: &[String], countries: &[String], regions: &[String]) -> Result<Relabelled, String> {
    let (_, known) = classify::names(&config.topics.regions);
    let known_topics: Vec<&str> = config.topics.topics.iter().map(|topic| topic.slug.as_str()).collect();
    let known_regions: Vec<&str> = known.keys().map(AsRef::as_ref).collect();
    let read = Relabelled {
        topics: change::<TopicSlug>("topic", topics, Some(&known_topics))?,
        countries: change::<CountryCode>("country", countries, None)?,
        regions: change::<RegionSlug>("region", regions, Some(&known_regions))?,
    };
    Ok(read)
}

fn change<L>(what: &str, words: &[String], known: Option<&[&str]>) -> Result<Change<L>, String>
where
    L: Ord + Clone + FromStr<Err: std::fmt::Display>,
{
    let mut change = Change::default();
    for word in words.iter().flat_map(|words| words.split(',')).map(str::trim).filter(|word| !word.is_empty()) {
        let name = word.trim_start_matches(['+', '-']);
        let label: L = name.parse().map_err(|error: L::Err| error.to_string())?;
        let is_given = !word.starts_with('-');
        if let Some(known) = known.filter(|known| is_given && !known.contains(&name)) {
            let near = text::nearest(name, known.iter().copied(), 3);
            let hint = if near.is_empty() { String::new() } else { format!("; did you mean {}?", near.join(", ")) };
            return Err(format!("there is no {what} `{name}`{hint}"));
        }
        let (into, other) = if is_given { (&mut change.give, &change.take) } else { (&mut change.take, &change.give) };
        if other.contains(&label) {
            return Err(format!("{what} `{name}` can not be given and taken at once"));
        }
        into.insert(label);
    }
    Ok(change)
}

/// Takes all copies of a source back, and tells how many stories lost one, and how many went with it.
pub async fn withdraw(store: Arc<Store>, desk: Desk, source: String, words: Words, rows: mpsc::Sender<Value>) -> Result<(), String> {
    let source: SourceId = source.parse().map_err(|error: crate::model::BadName| error.to_string())?;
    let theirs = source.clone();
    let listing = tokio::task::spawn_blocking(move || store.latest_of(&theirs, usize::MAX));
    let ids = listing.await.map_err(|fall| fall.to_string())?;
    if ids.is_empty() {
        return Err(format!("nothing is kept of a source `{source}`; `tributary sources` lists them"));
    }
    let (mut changed, mut went) = (0, 0);
    for stories in ids.chunks(GROUP) {
        let what = What::Withdraw { source: source.clone(), stories: stories.to_vec() };
        let touched = desk.act(words.deed(what)).await.map_err(|error| text::chain(&error))?;
        changed += touched.len();
        went += touched.iter().filter(|touched| touched.after.is_gone() && touched.after.waits().is_none()).count();
    }
    // Whoever asked may have hung up.
    let _ = rows.send(json!({ "source": source, "changed": changed, "gone": went })).await;
    Ok(())
}
