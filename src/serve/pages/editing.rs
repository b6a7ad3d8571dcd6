//! What editors see: what waits for them, what they can do to a story, and what came of it.

use std::sync::Arc;

use askama::Template;
use serde_json::Value;

use super::{
    Frame, Ui, Words,
    form::{self, Choice, Select},
    frame::Link,
    told::{self, Time, number},
    words::fill,
};
use crate::{
    dedup,
    model::{Copy, Flood, Gone, SourceId, Story},
    serve::Publishing,
    store::Counts,
};

/// An editor who looks.
#[derive(Clone, Copy)]
pub(in crate::serve) struct Editor<'a> {
    pub(in crate::serve) publishing: &'a Publishing,
    pub(in crate::serve) ui: Ui,
    /// What each form holds.
    pub(in crate::serve) key: &'a str,
}

/// What waits for an editor.
pub(in crate::serve) struct Seen {
    /// Stories that nobody filed, the newest first.
    pub(in crate::serve) unfiled: Vec<Arc<Story>>,
    /// Stories that wait for their original.
    pub(in crate::serve) waiting: Vec<Arc<Story>>,
    /// Sources that brought too much.
    pub(in crate::serve) floods: Vec<(SourceId, Flood)>,
}

/// Stories of a kind.
struct List {
    name: &'static str,
    rows: Vec<Row>,
}

/// One of them.
struct Row {
    to: String,
    title: String,
    lang: String,
    source: String,
    time: Time,
}

/// A source that brought too much.
struct Flooded {
    source: String,
    name: String,
    told: String,
}

#[derive(Template)]
#[template(path = "editing.html")]
struct Overview<'a> {
    frame: Frame<'a>,
    key: &'a str,
    lists: Vec<List>,
    floods: Vec<Flooded>,
    sources: Vec<(&'a str, &'a str)>,
}

#[derive(Template)]
#[template(path = "done.html")]
struct Done<'a> {
    frame: Frame<'a>,
    heading: &'static str,
    /// Why nothing was done, as programs are told it: in English.
    failure: Option<&'a str>,
    outcomes: Vec<Outcome>,
    back: Vec<Link>,
}

/// What came of a deed for one story or source.
struct Outcome {
    name: String,
    to: Option<String>,
    told: Vec<String>,
}

/// What can be done to a story.
pub(super) struct Deeds<'a> {
    pub(super) key: &'a str,
    pub(super) story: String,
    /// Why it is in no feed.
    pub(super) gone: Option<&'static str>,
    /// Each label, by key and value, and its name.
    pub(super) labels: Vec<(&'static str, String, String)>,
    pub(super) give: Vec<Select>,
    /// The copies that can be taken out of it, by number.
    pub(super) copies: Vec<(usize, String)>,
}

impl<'a> Editor<'a> {
    pub(super) fn frame(&self, title: &str, own: &str) -> Frame<'a> {
        Frame::for_editors(self.publishing, self.ui, title, own)
    }

    fn w(&self) -> &'static Words {
        Words::of(self.ui.lang)
    }

    /// Where a story is.
    pub(in crate::serve) fn address_of(&self, id: &str) -> String {
        self.frame("", "").to(&format!("story/{id}"))
    }

    /// The page of what waits.
    pub(in crate::serve) fn overview(&self, seen: &Seen) -> String {
        let (w, lang) = (self.w(), self.ui.lang);
        let rows = |stories: &[Arc<Story>]| stories.iter().map(|story| self.row(story)).collect();
        let floods = seen.floods.iter().map(|(source, flood)| Flooded {
            source: source.to_string(),
            name: self.named(source),
            told: fill(w.flooded, &[&number(flood.entries.into(), lang), &Time::minute(flood.verdict.at, lang).told]),
        });
        let page = Overview {
            frame: self.frame(w.editing, ""),
            key: self.key,
            lists: vec![
                List { name: w.unfiled, rows: rows(&seen.unfiled) },
                List { name: w.waiting_for_original, rows: rows(&seen.waiting) },
            ],
            floods: floods.collect(),
            sources: self.publishing.sources.iter().map(|(id, card)| (id.as_str(), card.title.as_str())).collect(),
        };
        page.render().unwrap_or_default()
    }

    fn row(&self, story: &Story) -> Row {
        let edition = story.first_edition();
        let item = &story.preferred(edition).item;
        Row {
            to: self.address_of(&story.id.to_string()),
            title: if item.title.is_empty() { self.w().untitled.to_owned() } else { item.title.clone() },
            lang: told::tag(edition.lang),
            source: self.named(&item.source),
            time: Time::minute(edition.position, self.ui.lang),
        }
    }

    fn named(&self, source: &SourceId) -> String {
        self.publishing.sources.get(source).map_or_else(|| source.to_string(), |card| card.title.clone())
    }

    /// What can be done to a story.
    pub(super) fn deeds(&self, story: &Story, frame: &Frame<'_>) -> Deeds<'a> {
        let (w, none) = (self.w(), Counts::default());
        let select = |key, label| Select { key, label, choices: form::choices(key, &[], &none, frame) };
        let mut give = vec![select("topic", w.topic), select("country", w.country), select("region", w.region)];
        let mut labels = Vec::new();
        // What it has is taken, what it has not is given.
        let has = |key: &str, value: &str| match key {
            "topic" => story.topics.iter().any(|slug| slug.as_str() == value),
            "country" => story.countries.iter().any(|code| code.as_str().eq_ignore_ascii_case(value)),
            _ => story.regions.iter().any(|slug| slug.as_str() == value),
        };
        for select in &mut give {
            let (own, others): (Vec<Choice>, Vec<Choice>) =
                std::mem::take(&mut select.choices).into_iter().partition(|choice| has(select.key, &choice.value));
            labels.extend(own.into_iter().map(|choice| (select.key, choice.value, choice.name)));
            select.choices = others;
        }
        // A story keeps the copy that it has its name from.
        let is_namesake = |copy: &Copy| dedup::story_id(&copy.item.source, &copy.item.upstream.id) == story.id;
        let copies = story.copies.iter().enumerate().filter(|(_, copy)| story.copies.len() > 1 && !is_namesake(copy));
        Deeds {
            key: self.key,
            story: story.id.to_string(),
            gone: story.edited.gone.map(|gone| gone_words(gone, w)),
            labels,
            give,
            copies: copies.map(|(at, copy)| (at + 1, format!("{}: {}", self.named(&copy.item.source), copy.item.title))).collect(),
        }
    }

    /// What came of a deed; of rows as programs are given them.
    pub(in crate::serve) fn done(&self, rows: &[Value], story: Option<&str>) -> String {
        let outcomes: Vec<Outcome> = rows.iter().map(|row| self.outcome(row)).collect();
        self.after(self.w().done, None, outcomes, story)
    }

    /// Why nothing was done.
    pub(in crate::serve) fn failed(&self, why: &str) -> String {
        self.after(self.w().not_done, Some(why), Vec::new(), None)
    }

    fn after(&self, heading: &'static str, failure: Option<&str>, outcomes: Vec<Outcome>, story: Option<&str>) -> String {
        let (w, frame) = (self.w(), self.frame(heading, ""));
        let link = |below: &str, text: &str| Link { to: frame.to(below), text: text.to_owned(), is_here: false };
        let story = story.map(|id| link(&format!("story/{id}"), w.back_to_story));
        let back = story.into_iter().chain([link("", w.editing)]).collect();
        Done { frame, heading, failure, outcomes, back }.render().unwrap_or_default()
    }

    fn outcome(&self, row: &Value) -> Outcome {
        let (w, lang) = (self.w(), self.ui.lang);
        let count = |key: &str| number(row[key].as_u64().unwrap_or(0), lang);
        if let Some(id) = row["story"].as_str() {
            let list = |key: &str| row[key].as_array().into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>().join(", ");
            let feeds = [(w.enters, list("enters")), (w.leaves, list("leaves"))].into_iter().filter(|(_, feeds)| !feeds.is_empty());
            let mut told: Vec<String> = feeds.map(|(sentence, feeds)| fill(sentence, &[&feeds])).collect();
            told.extend((row["moved"] == true).then(|| w.stands_anew.to_owned()));
            told.extend((row["gone"].is_string()).then(|| w.in_no_feed.to_owned()));
            let name = row["title"].as_str().filter(|title| !title.is_empty()).unwrap_or(w.untitled);
            return Outcome { name: name.to_owned(), to: Some(self.address_of(id)), told };
        }
        let source = row["source"].as_str().unwrap_or_default();
        let name = source.parse().map_or_else(|_| source.to_owned(), |id: SourceId| self.named(&id));
        let told = if let Some(trouble) = row["trouble"].as_str() {
            trouble.to_owned()
        } else if row["released"].is_u64() {
            fill(w.released, &[&count("released")])
        } else if row["changed"].is_u64() {
            fill(w.withdrawn_all, &[&count("changed"), &count("gone")])
        } else {
            fill(w.pulled, &[&count("new"), &count("joined"), &count("revised")])
        };
        Outcome { name, to: None, told: vec![told] }
    }
}

/// Why a story is in no feed.
fn gone_words(gone: Gone, w: &Words) -> &'static str {
    match gone {
        Gone::Hidden => w.gone_hidden,
        Gone::Withdrawn => w.gone_withdrawn,
        Gone::Retracted => w.gone_retracted,
        Gone::Waiting(_) => w.gone_waiting,
        Gone::Joined(_) => w.gone_joined,
        Gone::Pruned => w.gone_pruned,
        Gone::Erased => w.gone_erased,
    }
}
