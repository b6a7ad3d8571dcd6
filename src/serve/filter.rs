//! What was asked for, in one canonical address; or why it can not be given.
//!
//! `/feed/topic/youth/country/gt.atom?lang=es&limit=20`: of each key the first wish that is one plain name stands in the
//! path, everything else behind the question mark, sorted, and what goes without saying is left out.
//! Deliberately absent: how an address is understood (`reading`).

use url::form_urlencoded;

use super::{Publishing, answer, archive::Leaf, daily::DAYS};
use crate::{
    model::{About, BadFilter, ContentPolicy, FeedSlug, Filed, Filter, TopicSlug, Zone},
    text,
};

/// In which format a feed is served. The extension alone decides, because shared caches do not look at `Accept`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// A page for people.
    Page,
    /// Atom 1.0.
    Atom,
    /// RSS 2.0.
    Rss,
    /// JSON Feed 1.1.
    Json,
}

impl Format {
    /// Those that news readers subscribe to, our native one first.
    pub(super) const FEEDS: [Self; 3] = [Self::Atom, Self::Rss, Self::Json];

    /// What stands behind the path.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Page => "",
            Self::Atom => ".atom",
            Self::Rss => ".rss",
            Self::Json => ".json",
        }
    }

    /// What people call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Page => "HTML",
            Self::Atom => "Atom",
            Self::Rss => "RSS",
            Self::Json => "JSON Feed",
        }
    }

    /// The `Content-Type` of an answer.
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Page => answer::HTML,
            Self::Atom => answer::ATOM,
            Self::Rss => answer::RSS,
            Self::Json => answer::JSON_FEED,
        }
    }

    /// The same without parameters: what links to it say.
    pub(super) fn media_type(self) -> &'static str {
        let whole = self.content_type();
        whole.split_once(';').map_or(whole, |(media_type, _)| media_type)
    }

    /// A path without its extension, and the format that asks for; nothing for an extension that is not known.
    pub fn of(path: &str) -> Option<(&str, Self)> {
        let feed = Self::FEEDS.into_iter().find_map(|format| Some((path.strip_suffix(format.extension())?, format)));
        feed.or_else(|| (!path.contains('.')).then_some((path, Self::Page)))
    }
}

/// What the wishes of an address are added to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Base {
    /// Everything.
    All,
    /// A saved feed.
    Saved(FeedSlug),
    /// What nobody filed, and what was filed in the archive because it was too much.
    Unfiled,
}

impl Base {
    /// What it holds by itself.
    pub(super) fn filter(&self, publishing: &Publishing) -> Filter {
        match self {
            Self::All => Filter::default(),
            Self::Saved(slug) => publishing.feeds.get(slug).map(|feed| feed.filter.clone()).unwrap_or_default(),
            Self::Unfiled => {
                let no_topic = About { topics: [Filed::Nowhere].into(), ..About::default() };
                let no_country = About { countries: [Filed::Nowhere].into(), ..About::default() };
                let flooded = About { flooded: true, ..About::default() };
                Filter { any: [no_topic, no_country, flooded].into(), ..Filter::default() }
            }
        }
    }

    /// The formats that news readers can have it in. What is work for editors is in one only.
    pub(super) fn formats(&self) -> &'static [Format] {
        match self {
            Self::All | Self::Saved(_) => &Format::FEEDS,
            Self::Unfiled => &[Format::Atom],
        }
    }

    /// How many entries it has, and the most that is shown of each, when nobody says otherwise.
    pub(super) fn usual(&self, publishing: &Publishing, daily: Option<Zone>) -> (usize, ContentPolicy) {
        let saved = match self {
            Self::Saved(slug) => publishing.feeds.get(slug),
            Self::All | Self::Unfiled => None,
        };
        let limit = saved.and_then(|feed| feed.limit).map_or(publishing.limit, |limit| limit.min(publishing.max_limit));
        let limit = if daily.is_some() { DAYS } else { limit };
        (limit, saved.and_then(|feed| feed.content).unwrap_or(ContentPolicy::Full))
    }
}

/// What was asked for, understood.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Asked {
    /// What it is asked of.
    pub base: Base,
    /// Which stories of it: what the address says itself.
    pub own: Filter,
    /// Which stories in all.
    pub filter: Filter,
    /// Whether days are told instead of stories, and by the clocks of which zone.
    pub daily: Option<Zone>,
    /// How many stories, or days.
    pub limit: usize,
    /// The most that is shown of each.
    pub content: ContentPolicy,
    /// Which page of its archive; none for its newest stories.
    pub leaf: Option<Leaf>,
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
    /// 404: there is no such page.
    NoPage,
    /// 410: there was such a topic, and nothing is filed under it any more.
    Retired(TopicSlug),
    /// 301: the same under its right name.
    Elsewhere(Box<Asked>),
}

impl From<BadFilter> for Wrong {
    fn from(error: BadFilter) -> Self {
        Self::Bad(error.to_string())
    }
}

impl Asked {
    /// The address of the list of subscriptions that it makes: all wishes stand in the query.
    pub(super) fn list(&self, publishing: &Publishing) -> String {
        let labels =
            self.own.any.iter().flat_map(About::written).flat_map(|(key, values)| values.into_iter().map(move |value| (key, value)));
        let wishes: Vec<String> = labels.chain(self.own.written()).map(pair).chain(self.shown(publishing)).collect();
        format!("opml{}{}", if wishes.is_empty() { "" } else { "?" }, wishes.join("&"))
    }

    /// How it is shown, as far as that does not go without saying.
    fn shown(&self, publishing: &Publishing) -> impl Iterator<Item = String> {
        let (limit, content) = self.base.usual(publishing, self.daily);
        let told = [
            (self.limit != limit).then(|| ("limit", self.limit.to_string())),
            (self.content != content).then(|| ("content", self.content.as_str().to_owned())),
            self.daily.map(|_| ("view", "daily".to_owned())),
            self.daily.filter(|zone| *zone != Zone::default()).map(|zone| ("tz", zone.to_string())),
        ];
        told.into_iter().flatten().map(pair)
    }

    /// The canonical address below the base, without leading slash.
    pub fn path(&self, publishing: &Publishing, format: Format) -> String {
        let may_stand_in_path = self.base == Base::All;
        let mut path = match &self.base {
            Base::All => "feed".to_owned(),
            Base::Saved(slug) => format!("feed/saved/{slug}"),
            Base::Unfiled => "editor".to_owned(),
        };
        let mut query: Vec<String> = Vec::new();
        for (key, values) in self.own.any.iter().flat_map(About::written) {
            let mut is_in_path = !may_stand_in_path;
            for value in values {
                if is_in_path || value.contains(',') || value.starts_with('-') {
                    query.push(format!("{key}={value}"));
                } else {
                    path.push_str(&format!("/{key}/{value}"));
                    is_in_path = true;
                }
            }
        }
        for (key, value) in self.own.written() {
            if key == "lang" && path == "feed" && !value.contains(',') {
                path.push_str(&format!("/lang/{value}"));
            } else {
                query.push(pair((key, value)));
            }
        }
        query.extend(self.shown(publishing));
        query.sort();
        path.extend(self.leaf.map(Leaf::path));
        let mark = if query.is_empty() { "" } else { "?" };
        format!("{path}{}{mark}{}", format.extension(), query.join("&"))
    }
}

/// A key and its value as they stand in a query. Only words, and the names of some zones, have letters that mean something there.
fn pair((key, value): (&'static str, String)) -> String {
    match key {
        "q" => format!("q={}", form_urlencoded::byte_serialize(value.as_bytes()).collect::<String>()),
        "tz" => format!("tz={}", value.replace('+', "%2B")),
        _ => format!("{key}={value}"),
    }
}

impl Wrong {
    /// What is wrong, in a sentence.
    pub fn detail(&self, publishing: &Publishing) -> String {
        match self {
            Self::Bad(why) => why.clone(),
            Self::NoPage => "there is nothing at this address; feeds are at feed.atom and feed/topic/….atom, or .rss or .json".to_owned(),
            Self::Unknown { key, value, nearest } if nearest.is_empty() => format!("there is no {key} `{}`", shown(value)),
            Self::Unknown { key, value, nearest } => {
                format!("there is no {key} `{}`; did you mean {}?", shown(value), nearest.join(", "))
            }
            Self::Retired(slug) => format!("the topic `{slug}` is retired; nothing is filed under it any more"),
            Self::Elsewhere(asked) => format!("it is at {}", asked.path(publishing, Format::Atom)),
        }
    }
}

/// A value as it is told back.
pub(super) fn shown(value: &str) -> String {
    text::shorten(&text::one_line(value), 60)
}
