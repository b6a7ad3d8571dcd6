//! How an address is understood: path and query are one small language.
//!
//! Keys are AND-ed, a repeated key as well; a comma is OR, and `-` before a name leaves it out. What is not understood is refused,
//! never overlooked: a mistyped filter must not become a feed of everything. What messengers hang on to addresses is forgiven.

use url::form_urlencoded;

use super::{
    Publishing,
    archive::{Leaf, PART},
    daily::DAYS,
    filter::{Asked, Base, Wrong, shown},
    finder::Finder,
};
use crate::{
    model::{About, Clause, ContentPolicy, Filter, Lang, Month, Zone, choice::EmptyPart, filter::langs},
    text,
};

/// The longest address, in bytes of path and query: what every proxy and browser lets through.
const LONGEST: usize = 2_048;
/// The most keys in one address.
const MOST_KEYS: usize = 16;
/// The most names and languages in one address.
const MOST_NAMES: usize = 64;
/// Things that messengers and shops hang on to addresses.
const NOISE: [&str; 12] = ["_", "dclid", "fbclid", "gbraid", "gclid", "igshid", "mc_cid", "mc_eid", "msclkid", "twclid", "wbraid", "yclid"];
/// Keys that may stand in the path.
pub(super) const IN_PATH: [&str; 5] = ["topic", "country", "region", "source", "lang"];
/// Keys that name a saved feed, and a page of an archive; in the path only.
const NAMING: [&str; 4] = ["saved", "archive", "part", "first"];
/// The most pages that are looked for in a month: a million stories.
pub(super) const MOST_PARTS: usize = 10_000;
/// Keys that stand in the query only.
pub(super) const IN_QUERY: [&str; 9] = ["prefer", "q", "since", "until", "limit", "per_source", "content", "view", "tz"];

impl From<EmptyPart> for Wrong {
    fn from(part: EmptyPart) -> Self {
        Self::Bad(part.to_string())
    }
}

/// Understands a path below the base, without leading slash and extension, and a query.
pub(super) fn read(path: &str, query: &str, publishing: &Publishing) -> Result<Asked, Wrong> {
    let mut reading = Reading::new(publishing, path.len() + query.len())?;
    let mut parts = path.split('/').map(decode);
    reading.base = match parts.next().as_deref() {
        Some("feed") => Base::All,
        Some("editor") if path == "editor" => Base::Unfiled,
        _ => return Err(Wrong::NoPage),
    };
    let parts: Vec<String> = parts.collect();
    for pair in parts.chunks(2) {
        match pair {
            [key, value] => reading.take(key, value, true)?,
            _ => return Err(Wrong::Bad(format!("`{}` has no value; an address such as feed/topic/youth.atom has", shown(&pair[0])))),
        }
    }
    // Messengers escape what they pass on.
    let query = query.replace("&amp;", "&");
    for (key, value) in form_urlencoded::parse(query.as_bytes()) {
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
    finder: Finder<'a>,
    keys: usize,
    langs: usize,
    base: Base,
    about: About,
    /// What is asked beside labels.
    rest: Filter,
    limit: Option<usize>,
    content: Option<ContentPolicy>,
    is_daily: bool,
    zone: Option<Zone>,
    month: Option<Month>,
    part: Option<usize>,
    first: Option<usize>,
}

impl<'a> Reading<'a> {
    fn new(publishing: &'a Publishing, length: usize) -> Result<Self, Wrong> {
        if length > LONGEST {
            return Err(Wrong::Bad(format!(
                "the address is {length} bytes long; {LONGEST} are the most; an editor can save a long filter under a name"
            )));
        }
        Ok(Self {
            publishing,
            finder: Finder::new(publishing),
            keys: 0,
            langs: 0,
            base: Base::All,
            about: About::default(),
            rest: Filter::default(),
            limit: None,
            content: None,
            is_daily: false,
            zone: None,
            month: None,
            part: None,
            first: None,
        })
    }

    fn take(&mut self, key: &str, value: &str, in_path: bool) -> Result<(), Wrong> {
        let (key, value) = (key.to_ascii_lowercase(), value.trim());
        if !in_path && (NOISE.contains(&key.as_str()) || key.starts_with("utm_")) {
            return Ok(());
        }
        let is_known = IN_PATH.contains(&key.as_str())
            || (!in_path && IN_QUERY.contains(&key.as_str()))
            || (in_path && NAMING.contains(&key.as_str()));
        if !is_known {
            return Err(unspoken(&key));
        }
        if value.is_empty() {
            return Err(Wrong::Bad(format!("`{key}` has no value")));
        }
        self.keys += 1;
        if self.keys > MOST_KEYS {
            return Err(Wrong::Bad(format!("more than {MOST_KEYS} keys")));
        }
        let finder = &mut self.finder;
        match key.as_str() {
            "topic" => self.about.topics.wish(Clause::read(value, |name| finder.topic(name))?),
            "country" => self.about.countries.wish(Clause::read(value, |name| finder.country(name))?),
            "region" => self.about.regions.wish(Clause::read(value, |name| finder.region(name))?),
            "source" => self.about.sources.wish(Clause::read(value, |name| finder.source(name))?),
            "saved" => self.base = Base::Saved(finder.saved(value)?),
            "archive" => {
                let month = value.parse().map_err(|error| Wrong::Bad(format!("`archive`: {error}")))?;
                self.month = once(&key, self.month, month)?;
            }
            "part" => self.part = once(&key, self.part, count(&key, value, MOST_PARTS)?)?,
            "first" => self.first = once(&key, self.first, count(&key, value, PART)?)?,
            _ => self.other(&key, value)?,
        }
        if self.finder.looked + self.langs > MOST_NAMES {
            return Err(Wrong::Bad(format!("more than {MOST_NAMES} names")));
        }
        Ok(())
    }

    /// Keys that are said once.
    fn other(&mut self, key: &str, value: &str) -> Result<(), Wrong> {
        let bad = |error: &dyn std::fmt::Display| Wrong::Bad(format!("`{key}`: {error}"));
        let mut said = Filter::default();
        match key {
            "lang" => said.langs = self.langs(key, value)?.into_iter().collect(),
            "prefer" => said.prefer = self.langs(key, value)?,
            "q" => said.words = value.parse().map_err(|error| bad(&error))?,
            "since" => said.since = Some(value.parse().map_err(|error| bad(&error))?),
            "until" => said.until = Some(value.parse().map_err(|error| bad(&error))?),
            "per_source" => said.per_source = Some(count(key, value, self.publishing.max_limit)?),
            "limit" => self.limit = once(key, self.limit, count(key, value, self.publishing.max_limit)?)?,
            "tz" => self.zone = once(key, self.zone, value.parse().map_err(|error| bad(&error))?)?,
            "view" if value.eq_ignore_ascii_case("daily") => self.is_daily = true,
            "view" => return Err(Wrong::Bad(format!("`view` is `{}`; it can be daily", shown(value)))),
            _ => {
                let named = ContentPolicy::NAMED.iter().find(|(name, _)| value.eq_ignore_ascii_case(name));
                let (_, content) =
                    named.ok_or_else(|| Wrong::Bad(format!("`content` is `{}`; it can be title, summary or full", shown(value))))?;
                self.content = once(key, self.content, *content)?;
            }
        }
        self.rest = self.rest.and(&said)?;
        self.rest.words.check().map_err(|error| bad(&error))
    }

    fn langs(&mut self, key: &str, value: &str) -> Result<Vec<Lang>, Wrong> {
        if value.starts_with('-') || value.contains(",-") {
            return Err(Wrong::Bad(format!(
                "`{key}={}`: a language can not be left out; name those to show, such as {key}=es,pt",
                shown(value)
            )));
        }
        let langs = langs(value).map_err(|error| Wrong::Bad(format!("`{key}`: {error}")))?;
        self.langs += langs.len();
        Ok(langs)
    }

    /// The zone whose days are told, when days are.
    fn daily(&self) -> Result<Option<Zone>, Wrong> {
        if !self.is_daily {
            return match self.zone {
                Some(_) => Err(Wrong::Bad("`tz` is the time zone of days; ask for view=daily with it".to_owned())),
                None => Ok(None),
            };
        }
        if let Some(limit) = self.limit.filter(|limit| *limit > DAYS) {
            return Err(Wrong::Bad(format!("`limit` is `{limit}`; of days it can be 1 to {DAYS}")));
        }
        if self.base == Base::Unfiled {
            return Err(Wrong::Bad("`view` is not for editors; what nobody filed is told story by story".to_owned()));
        }
        Ok(Some(self.zone.unwrap_or_default()))
    }

    fn finish(self) -> Result<Asked, Wrong> {
        let daily = self.daily()?;
        let own = Filter::from(self.about).and(&self.rest)?;
        own.check()?;
        let filter = self.base.filter(self.publishing).and(&own)?;
        filter.check()?;
        let (limit, content) = self.base.usual(self.publishing, daily);
        let asked = Asked {
            base: self.base,
            own,
            filter,
            daily,
            limit: self.limit.unwrap_or(limit),
            content: self.content.map_or(content, |asked| asked.min(content)),
            leaf: self.month.map(|month| Leaf { month, part: self.part.unwrap_or(1), first: self.first.filter(|first| *first < PART) }),
        };
        if asked.leaf.is_some() && !asked.has_archive(self.publishing) {
            return Err(Wrong::Bad(
                "there is an archive of what a path or a saved feed names, with nothing behind the question mark; an editor can save a filter under a name".to_owned(),
            ));
        }
        if asked.leaf.is_none() && (self.part.is_some() || self.first.is_some()) {
            return Err(Wrong::Bad("`part` and `first` are said of an archive: feed/archive/2026-09/part/2.atom".to_owned()));
        }
        if self.finder.is_renamed { Err(Wrong::Elsewhere(Box::new(asked))) } else { Ok(asked) }
    }
}

/// A number from 1 to a most.
fn count(key: &str, value: &str, most: usize) -> Result<usize, Wrong> {
    let count = value.parse::<usize>().ok().filter(|count| (1..=most).contains(count));
    count.ok_or_else(|| Wrong::Bad(format!("`{key}` is `{}`; it can be 1 to {most}", shown(value))))
}

/// A value that has not been said yet, or is the same.
fn once<T: PartialEq>(key: &str, before: Option<T>, now: T) -> Result<Option<T>, Wrong> {
    if before.is_some_and(|before| before != now) {
        return Err(Wrong::Bad(format!("`{key}` is given twice; once is enough")));
    }
    Ok(Some(now))
}

/// A key that means nothing where it stands.
fn unspoken(key: &str) -> Wrong {
    if IN_QUERY.contains(&key) {
        return Wrong::Bad(format!("`{key}` stands behind the question mark: feed.atom?{key}=…"));
    }
    let near = text::nearest(key, spoken(), 1);
    let hint = near
        .first()
        .map_or_else(|| format!("known are {}", spoken().collect::<Vec<_>>().join(", ")), |near| format!("did you mean `{near}`?"));
    Wrong::Bad(format!("unknown key `{}`; {hint}", shown(key)))
}

fn spoken() -> impl Iterator<Item = &'static str> {
    IN_PATH.into_iter().chain(IN_QUERY)
}
