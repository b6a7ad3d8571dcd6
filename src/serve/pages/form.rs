//! Forms: how what people fill in becomes a filter, and a filter is shown as a form.
//!
//! A browser sends fields that were left alone as empty values and a list as a repeated key, which in an address would be a
//! mistake and something else. So forms have addresses of their own, and lead to the canonical one.

use std::cmp::Reverse;

use url::form_urlencoded;

use super::{
    Frame,
    told::{self, number},
};
use crate::{
    model::{About, Page, Second, Zone},
    publish::{self, More},
    serve::{Asked, Base, Format, Publishing, Wrong, reading},
    store::Counts,
    text,
};

/// Sources that can be chosen from at most: those that told most. Others are found by their own address.
const SOURCES: usize = 300;

/// A wish of a filter, and the page without it.
pub(super) struct Chip {
    pub(super) text: String,
    pub(super) without: String,
}

/// One thing that can be chosen.
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) name: String,
    pub(super) is_chosen: bool,
    /// How many stories there are, where that is told.
    pub(super) count: u64,
    /// The same for people.
    pub(super) told: String,
}

/// A field of which one is chosen.
pub(super) struct Select {
    pub(super) key: &'static str,
    pub(super) label: &'static str,
    pub(super) choices: Vec<Choice>,
}

/// The form that narrows a page.
pub(super) struct Narrow {
    pub(super) selects: Vec<Select>,
    /// Words that are looked for.
    pub(super) words: String,
    /// What stays as it is: names and values.
    pub(super) hidden: Vec<(&'static str, String)>,
}

/// Where a filter is narrowed down from: its path without wishes.
fn base(asked: &Asked) -> String {
    match &asked.base {
        Base::All => "feed".to_owned(),
        Base::Saved(slug) => format!("feed/saved/{slug}"),
        Base::Unfiled => "editor".to_owned(),
    }
}

/// Every wish that an address makes by itself, as key and value.
pub(super) fn pairs(asked: &Asked, publishing: &Publishing) -> Vec<(&'static str, String)> {
    let labels = asked.own.any.iter().flat_map(About::written);
    let labels = labels.flat_map(|(key, values)| values.into_iter().map(move |value| (key, value)));
    let (limit, content) = asked.base.usual(publishing, asked.daily);
    let limit = (asked.limit != limit).then(|| ("limit", asked.limit.to_string()));
    let content = (asked.content != content).then(|| ("content", asked.content.as_str().to_owned()));
    let view = asked.daily.map(|_| ("view", "daily".to_owned()));
    let zone = asked.daily.filter(|zone| *zone != Zone::default()).map(|zone| ("tz", zone.to_string()));
    labels.chain(asked.own.written()).chain(limit).chain(content).chain(view).chain(zone).collect()
}

/// Pairs as a query.
pub(super) fn query<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// What a filter holds, in the words of a page.
pub(super) fn wording(asked: &Asked, frame: &Frame<'_>) -> Option<String> {
    let nothing = Page { entries: Vec::new(), changed: Second::EPOCH };
    publish::wording(&frame.publishing.feed(asked, ["", ""], &nothing, &More::default()), frame.lang())
}

/// What one wish asks for, in the words of a page; as it is written where there are none for it.
fn wish(key: &str, value: &str, frame: &Frame<'_>) -> String {
    let alone = reading::read("feed", &query([(key, value)]), frame.publishing).ok();
    alone.and_then(|alone| wording(&alone, frame)).unwrap_or_else(|| format!("{key}={value}"))
}

/// The wishes of a filter in words, each with the filter without it.
pub(super) fn lacks(asked: &Asked, frame: &Frame<'_>) -> Vec<(String, Asked)> {
    let all = pairs(asked, frame.publishing);
    let without = |at: usize| {
        let others = all.iter().enumerate().filter(|(n, _)| *n != at).map(|(_, (key, value))| (*key, value.as_str()));
        reading::read(&base(asked), &query(others), frame.publishing).ok()
    };
    let lack = |(at, (key, value)): (usize, &(&str, String))| Some((wish(key, value, frame), without(at)?));
    all.iter().enumerate().filter_map(lack).collect()
}

/// The wishes of a filter, each with the page without it.
pub(super) fn chips(asked: &Asked, frame: &Frame<'_>) -> Vec<Chip> {
    let chip = |(text, without): (String, Asked)| Chip { text, without: frame.to(&without.path(frame.publishing, Format::Page)) };
    lacks(asked, frame).into_iter().map(chip).collect()
}

/// Everything that can be chosen of one key, by name.
pub(super) fn choices(key: &str, chosen: &[String], counts: &Counts, frame: &Frame<'_>) -> Vec<Choice> {
    let (names, lang) = (&frame.publishing.names, frame.lang());
    let count = |count: Option<&u64>| count.copied().unwrap_or(0);
    let all: Vec<(String, String, u64)> = match key {
        "topic" => names
            .topics
            .iter()
            .map(|(slug, names)| (slug.to_string(), names.in_lang(lang).to_owned(), count(counts.topics.get(slug))))
            .collect(),
        "country" => {
            let row = |(code, names): (&crate::model::CountryCode, &crate::model::FourNames)| {
                (code.as_str().to_ascii_lowercase(), names.in_lang(lang).to_owned(), count(counts.countries.get(code)))
            };
            names.countries.iter().map(row).collect()
        }
        "region" => names
            .regions
            .iter()
            .map(|(slug, names)| (slug.to_string(), names.in_lang(lang).to_owned(), count(counts.regions.get(slug))))
            .collect(),
        "lang" => {
            let known = counts.langs.iter().filter(|(lang, _)| lang.is_known());
            known.map(|(lang, count)| (lang.to_string(), language(*lang), *count)).collect()
        }
        _ => {
            let cards = &frame.publishing.sources;
            let told = counts.sources.iter().filter_map(|(id, count)| Some((id.to_string(), cards.get(id)?.title.clone(), *count)));
            let mut told: Vec<_> = told.collect();
            told.sort_by_key(|(_, _, count)| Reverse(*count));
            told.truncate(SOURCES);
            told
        }
    };
    let is_chosen = |value: &str| chosen.iter().any(|chosen| chosen == value);
    let choice = |(value, name, count): (String, String, u64)| Choice {
        is_chosen: is_chosen(&value),
        value,
        name,
        count,
        told: number(count, lang),
    };
    let mut all: Vec<Choice> = all.into_iter().map(choice).collect();
    all.sort_by_cached_key(|choice| text::fold(&choice.name));
    all
}

fn language(lang: crate::model::Lang) -> String {
    let name = told::language(lang);
    if name.is_empty() { lang.to_string() } else { name.to_owned() }
}

/// The form that narrows a page, as its filter stands.
pub(super) fn narrow(asked: &Asked, counts: &Counts, frame: &Frame<'_>) -> Narrow {
    let w = frame.w;
    let mut rest = pairs(asked, frame.publishing);
    let labels = [("topic", w.topic), ("country", w.country), ("region", w.region), ("source", w.source), ("lang", w.language)];
    let selects = labels.map(|(key, label)| {
        let first = rest.iter().position(|(known, _)| *known == key).map(|at| rest.remove(at).1);
        let mut choices = choices(key, first.as_slice(), counts, frame);
        // What is no plain name, or in no list, stays as it is until something else is chosen.
        if let Some(value) = first.filter(|_| choices.iter().all(|choice| !choice.is_chosen)) {
            choices.insert(0, Choice { name: wish(key, &value, frame), value, is_chosen: true, count: 0, told: String::new() });
        }
        Select { key, label, choices }
    });
    let words = rest.iter().position(|(key, _)| *key == "q").map(|at| rest.remove(at).1).unwrap_or_default();
    let also = query(rest.iter().map(|(key, value)| (*key, value.as_str())));
    let hidden =
        [("in", Some(base(asked))), ("also", Some(also).filter(|also| !also.is_empty())), ("ui", frame.chosen().map(|ui| ui.to_string()))];
    Narrow { selects: selects.into(), words, hidden: hidden.into_iter().filter_map(|(key, value)| Some((key, value?))).collect() }
}

/// What was filled in: the fields that were not left empty, in order.
#[derive(Debug, Default)]
pub(in crate::serve) struct Filled {
    fields: Vec<(String, String)>,
}

/// The most fields that are looked at: all countries and topics twice.
const MOST: usize = 1_000;
/// Fields that can be filled in with several values.
const FIELDS: [&str; 6] = ["topic", "country", "region", "source", "lang", "q"];
/// Fields that say how the others are meant.
const AROUND: [&str; 5] = ["in", "also", "ui", "topics", "since"];

impl Filled {
    /// Reads the query that a browser makes of a form.
    pub(in crate::serve) fn read(query: &str) -> Self {
        let fields = form_urlencoded::parse(query.as_bytes()).take(MOST);
        let fields = fields.map(|(key, value)| (key.to_ascii_lowercase(), value.trim().to_owned()));
        Self { fields: fields.filter(|(_, value)| !value.is_empty()).collect() }
    }

    /// The last value of a field.
    pub(in crate::serve) fn one(&self, key: &str) -> Option<&str> {
        self.fields.iter().rev().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
    }

    /// All values of a field.
    pub(in crate::serve) fn all(&self, key: &str) -> Vec<String> {
        self.fields.iter().filter(|(known, _)| known == key).map(|(_, value)| value.clone()).collect()
    }

    /// What it asks for. Several values of a field are any of them, or all of them where `topics=all` says so;
    /// `not-country` leaves out; `also` is taken as it is.
    pub(in crate::serve) fn asked(&self, publishing: &Publishing) -> Result<Asked, Wrong> {
        self.asked_since(None, publishing)
    }

    /// The same of a time, where no other is filled in; `since=all` is for all of it.
    pub(super) fn asked_since(&self, usual: Option<&str>, publishing: &Publishing) -> Result<Asked, Wrong> {
        let base = self.one("in").filter(|base| *base == "editor" || base.starts_with("feed")).unwrap_or("feed");
        let mut wishes: Vec<(&str, String)> = Vec::new();
        for key in FIELDS {
            let (any, not) = (self.all(key), self.all(&format!("not-{key}")));
            let is_all = key == "topic" && self.one("topics") == Some("all");
            match is_all {
                true => wishes.extend(any.into_iter().map(|value| (key, value))),
                false if any.is_empty() => {}
                false => wishes.push((key, any.join(if key == "q" { " " } else { "," }))),
            }
            let not: Vec<String> = not.iter().map(|value| format!("-{value}")).collect();
            wishes.extend((!not.is_empty()).then(|| (key, not.join(","))));
        }
        // What is no field of ours is a key of an address, or a mistake.
        let is_ours = |key: &str| AROUND.contains(&key) || FIELDS.contains(&key.strip_prefix("not-").unwrap_or(key));
        wishes.extend(self.fields.iter().filter(|(key, _)| !is_ours(key)).map(|(key, value)| (key.as_str(), value.clone())));
        let since = self.one("since").or(usual).filter(|since| *since != "all");
        wishes.extend(since.map(|since| ("since", since.to_owned())));
        let mut query = query(wishes.iter().map(|(key, value)| (*key, value.as_str())));
        if let Some(also) = self.one("also") {
            query = [&*query, also].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("&");
        }
        match reading::read(base, &query, publishing) {
            Err(Wrong::Elsewhere(asked)) => Ok(*asked),
            read => read,
        }
    }
}
