//! What an address asks for: one small language in path and query.
//!
//! `/feed/topic/youth/country/gt.atom?lang=es&limit=20`: keys are AND-ed, a repeated key as well.
//! Equal wishes have one canonical address. What is not understood is refused, never overlooked:
//! a mistyped filter must not become a feed of everything. Not spoken yet: `a,b` for either, `-a` for neither.

use std::fmt::Write;

use url::form_urlencoded;

use super::Publishing;
use crate::{
    model::{CountryCode, FeedSlug, Filter, RegionSlug, SourceId, TopicSlug},
    text,
};

/// What was asked for, understood.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Asked {
    /// Which stories.
    pub filter: Filter,
    /// How many.
    pub limit: usize,
    /// The saved feed it was asked by.
    pub saved: Option<FeedSlug>,
}

/// What was asked for, and why it can not be given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrong {
    /// 400: it can not be understood.
    Bad(String),
    /// 404: there is no such label, and these are near.
    Unknown {
        /// Which key.
        key: &'static str,
        /// What was asked.
        value: String,
        /// Names that exist.
        nearest: Vec<String>,
    },
    /// 410: there was such a topic.
    Retired(TopicSlug),
    /// 404: there is no such page.
    NoPage,
    /// 301: the same under its right name.
    Elsewhere(Box<Asked>),
}

/// The most keys and values in one address.
const MOST: usize = 16;
/// Things that messengers and shops hang on to addresses.
const NOISE: [&str; 5] = ["_", "fbclid", "gclid", "mc_cid", "mc_eid"];
const KEYS: [&str; 5] = ["topic", "country", "region", "source", "lang"];

impl Asked {
    /// The canonical address below the base, without leading slash. `usual` is the number of entries that need not be said.
    pub fn path(&self, usual: usize) -> String {
        let mut path = String::from("feed");
        let mut query: Vec<String> = Vec::new();
        if let Some(saved) = &self.saved {
            // Writing to a string does not fail.
            let _ = write!(path, "/saved/{saved}");
        } else {
            let lists: [(&str, Vec<String>); 4] = [
                ("topic", self.filter.topics.iter().map(ToString::to_string).collect()),
                ("country", self.filter.countries.iter().map(|code| code.as_str().to_ascii_lowercase()).collect()),
                ("region", self.filter.regions.iter().map(ToString::to_string).collect()),
                ("source", self.filter.sources.iter().map(ToString::to_string).collect()),
            ];
            for (key, values) in &lists {
                for (n, value) in values.iter().enumerate() {
                    if n == 0 {
                        let _ = write!(path, "/{key}/{value}");
                    } else {
                        query.push(format!("{key}={value}"));
                    }
                }
            }
            match self.filter.lang {
                Some(lang) if path == "feed" => {
                    let _ = write!(path, "/lang/{lang}");
                }
                Some(lang) => query.push(format!("lang={lang}")),
                None => {}
            }
        }
        if self.limit != usual {
            query.push(format!("limit={}", self.limit));
        }
        query.sort();
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{path}.atom{mark}{}", query.join("&"))
    }
}

/// Understands a path below the base, without leading slash, and a query.
pub(super) fn read(path: &str, query: &str, publishing: &Publishing) -> Result<Asked, Wrong> {
    let path = path.strip_suffix(".atom").ok_or(Wrong::NoPage)?;
    let mut parts = path.split('/').map(decode);
    if parts.next().as_deref() != Some("feed") {
        return Err(Wrong::NoPage);
    }
    let parts: Vec<String> = parts.collect();
    let mut reading = Reading { publishing, filter: Filter::default(), limit: None, saved: None, is_elsewhere: false };
    for pair in parts.chunks(2) {
        match pair {
            [key, value] => reading.take(key, value, true)?,
            _ => return Err(Wrong::Bad(format!("`{}` has no value; an address such as feed/topic/youth.atom has", pair[0]))),
        }
    }
    // Messengers escape what they pass on.
    let query = query.replace("&amp;", "&");
    for (n, (key, value)) in form_urlencoded::parse(query.as_bytes()).enumerate() {
        if n >= MOST {
            return Err(Wrong::Bad(format!("more than {MOST} keys")));
        }
        reading.take(&key, &value, false)?;
    }
    reading.finish()
}

/// A part of the path without its escapes; `+` and `&` mean nothing there (RFC 3986 §3.3).
fn decode(part: &str) -> String {
    form_urlencoded::parse(format!("x={}", part.replace('+', "%2B").replace('&', "%26")).as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

struct Reading<'a> {
    publishing: &'a Publishing,
    filter: Filter,
    limit: Option<usize>,
    saved: Option<FeedSlug>,
    is_elsewhere: bool,
}

impl Reading<'_> {
    fn take(&mut self, key: &str, value: &str, in_path: bool) -> Result<(), Wrong> {
        let key = key.to_ascii_lowercase();
        if !in_path && (NOISE.contains(&key.as_str()) || key.starts_with("utm_")) {
            return Ok(());
        }
        let value = value.trim();
        if value.is_empty() && (KEYS.contains(&key.as_str()) || key == "limit") {
            return Err(Wrong::Bad(format!("`{key}` has no value")));
        }
        if KEYS.contains(&key.as_str()) && value.contains(',') {
            return Err(Wrong::Bad(format!("`{key}={value}`: one value for each key; repeat the key to ask for stories that have both")));
        }
        if KEYS.contains(&key.as_str()) && value.starts_with('-') {
            return Err(Wrong::Bad(format!("`{key}={value}`: leaving stories out is not spoken yet")));
        }
        match key.as_str() {
            "topic" => self.topic(value),
            "country" => self.country(value),
            "region" => self.region(value),
            "source" => self.source(value),
            "lang" => self.lang(value),
            "limit" if !in_path => self.limit(value),
            "saved" if in_path => self.saved(value),
            _ => {
                let known = KEYS.iter().copied().chain(["limit"]);
                let near = text::nearest(&key, known.clone(), 1);
                let hint = near.first().map_or_else(
                    || format!("known are {}", known.collect::<Vec<_>>().join(", ")),
                    |near| format!("did you mean `{near}`?"),
                );
                Err(Wrong::Bad(format!("unknown key `{key}`; {hint}")))
            }
        }
    }

    fn topic(&mut self, value: &str) -> Result<(), Wrong> {
        let names = &self.publishing.names;
        let slug: Option<TopicSlug> = value.to_ascii_lowercase().parse().ok();
        if let Some(now) = slug.as_ref().and_then(|slug| names.topic_aliases.get(slug)) {
            self.is_elsewhere = true;
            self.filter.topics.insert(now.clone());
            return Ok(());
        }
        if let Some(slug) = slug.as_ref().filter(|slug| names.retired_topics.contains(slug)) {
            return Err(Wrong::Retired(slug.clone()));
        }
        match slug.filter(|slug| names.topics.contains_key(slug)) {
            Some(slug) => {
                self.filter.topics.insert(slug);
                Ok(())
            }
            None => Err(unknown(
                "topic",
                value,
                names.topics.iter().map(|(slug, names)| (slug.to_string(), vec![&*names.en, &names.es, &names.fr, &names.pt])),
            )),
        }
    }

    fn country(&mut self, value: &str) -> Result<(), Wrong> {
        let code = value.parse::<CountryCode>().ok();
        let known = code.or_else(|| {
            self.is_elsewhere = true;
            CountryCode::from_alpha3(value).or_else(|| self.publishing.classifier.country(&value.replace('-', " ")))
        });
        match known {
            Some(code) => {
                self.filter.countries.insert(code);
                Ok(())
            }
            None => {
                let all = self.publishing.names.countries.iter();
                Err(unknown(
                    "country",
                    value,
                    all.map(|(code, names)| (code.as_str().to_ascii_lowercase(), vec![&*names.en, &names.es, &names.fr, &names.pt])),
                ))
            }
        }
    }

    fn region(&mut self, value: &str) -> Result<(), Wrong> {
        let regions = &self.publishing.names.regions;
        match value.to_ascii_lowercase().parse::<RegionSlug>().ok().filter(|slug| regions.contains_key(slug)) {
            Some(slug) => {
                self.filter.regions.insert(slug);
                Ok(())
            }
            None => Err(unknown(
                "region",
                value,
                regions.iter().map(|(slug, names)| (slug.to_string(), vec![&*names.en, &names.es, &names.fr, &names.pt])),
            )),
        }
    }

    fn source(&mut self, value: &str) -> Result<(), Wrong> {
        let sources = &self.publishing.sources;
        match value.to_ascii_lowercase().parse::<SourceId>().ok().filter(|id| sources.contains_key(id)) {
            Some(id) => {
                self.filter.sources.insert(id);
                Ok(())
            }
            None => Err(unknown("source", value, sources.iter().map(|(id, card)| (id.to_string(), vec![&*card.title])))),
        }
    }

    fn lang(&mut self, value: &str) -> Result<(), Wrong> {
        let lang = value.parse().map_err(|error| Wrong::Bad(format!("`lang`: {error}")))?;
        if self.filter.lang.replace(lang).is_some_and(|before| before != lang) {
            return Err(Wrong::Bad("`lang` is given twice; an edition has one language".to_owned()));
        }
        Ok(())
    }

    fn limit(&mut self, value: &str) -> Result<(), Wrong> {
        let most = self.publishing.max_limit;
        match value.parse::<usize>() {
            Ok(limit) if (1..=most).contains(&limit) => {
                self.limit = Some(limit);
                Ok(())
            }
            _ => Err(Wrong::Bad(format!("`limit` is `{value}`; it can be 1 to {most}"))),
        }
    }

    fn saved(&mut self, value: &str) -> Result<(), Wrong> {
        let feeds = &self.publishing.feeds;
        match value.to_ascii_lowercase().parse::<FeedSlug>().ok().and_then(|slug| feeds.get_key_value(&slug)) {
            Some((slug, feed)) => {
                self.saved = Some(slug.clone());
                self.filter = feed.filter.clone();
                Ok(())
            }
            None => Err(unknown("saved", value, feeds.iter().map(|(slug, feed)| (slug.to_string(), vec![&*feed.title.en])))),
        }
    }

    fn finish(self) -> Result<Asked, Wrong> {
        let is_saved = self.saved.as_ref().and_then(|slug| self.publishing.feeds.get(slug));
        if is_saved.is_some_and(|feed| feed.filter != self.filter) {
            return Err(Wrong::Bad("a saved feed takes no further keys but `limit`".to_owned()));
        }
        let asked = Asked { filter: self.filter, limit: self.limit.unwrap_or(self.publishing.limit), saved: self.saved };
        if self.is_elsewhere { Err(Wrong::Elsewhere(Box::new(asked))) } else { Ok(asked) }
    }
}

/// A label that does not exist, with those whose slug or name is near.
fn unknown<'a>(key: &'static str, value: &str, known: impl Iterator<Item = (String, Vec<&'a str>)>) -> Wrong {
    let known: Vec<(String, Vec<&str>)> = known.collect();
    let words = known.iter().flat_map(|(slug, names)| std::iter::once(slug.as_str()).chain(names.iter().copied()));
    let near = text::nearest(value, words, 6);
    let mut nearest: Vec<String> = Vec::new();
    for word in near {
        let slug = known.iter().find(|(slug, names)| slug == word || names.contains(&word)).map(|(slug, _)| slug.clone());
        nearest.extend(slug.filter(|slug| !nearest.contains(slug)));
    }
    nearest.truncate(3);
    Wrong::Unknown { key, value: value.to_owned(), nearest }
}

impl Wrong {
    /// What is wrong, in a sentence.
    pub fn detail(&self, publishing: &Publishing) -> String {
        match self {
            Self::Bad(why) => why.clone(),
            Self::NoPage => "there is nothing at this address; feeds are at feed.atom and feed/topic/….atom".to_owned(),
            Self::Retired(slug) => format!("the topic `{slug}` is retired; nothing is filed under it any more"),
            Self::Unknown { key, value, nearest } if nearest.is_empty() => {
                format!("there is no {key} `{}`", text::shorten(&text::one_line(value), 60))
            }
            Self::Unknown { key, value, nearest } => {
                format!("there is no {key} `{}`; did you mean {}?", text::shorten(&text::one_line(value), 60), nearest.join(", "))
            }
            Self::Elsewhere(asked) => format!("it is at {}", asked.path(publishing.limit)),
        }
    }
}
