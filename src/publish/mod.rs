//! Feeds that any news reader can subscribe to.
//!
//! A feed is a function of the stories in it, of the publishing configuration and of this version:
//! the same input gives the same bytes. Every text passes one filter on its way out, because the
//! writer below would let characters through that XML forbids. Deliberately absent: a clock, and
//! anything a reader's request could change beside the filter.

mod atom;
mod daily;
mod editor;
mod entry;
mod foreign;
mod json;
mod notices;
mod opml;
mod rss;
mod title;
mod words;

use std::collections::BTreeMap;

pub use self::rss::rss;
pub use atom::atom;
pub use daily::{Daily, Day};
pub use editor::editor;
use entry::Entry;
pub use entry::{Other, others};
pub use json::json;
pub use notices::{Notice, notices};
pub use opml::opml;
pub use title::{title, wording};
use uuid::Uuid;
pub use words::day;

use crate::model::{ContentPolicy, Filter, FourNames, Lang, Names, Page, Second, Site, SourceId};

/// What readers are told about a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceCard {
    /// Its name.
    pub title: String,
    /// Its page for people.
    pub home: Option<String>,
    /// The address of its feed.
    pub url: String,
    /// The language it is configured for.
    pub lang: Option<Lang>,
    /// How much of its items may be republished.
    pub content: ContentPolicy,
    /// A rights statement for its items.
    pub rights: Option<String>,
}

/// Where there is more of a feed than one document holds (RFC 5005): addresses below the base, in the format that is written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct More {
    /// Of an archived page, the feed that it is of; nothing of the feed itself.
    pub current: Option<String>,
    /// What is older.
    pub older: Option<String>,
    /// What is newer; of an archived page only.
    pub newer: Option<String>,
}

/// Everything that a feed is made from.
#[derive(Debug, Clone, Copy)]
pub struct Feed<'a> {
    /// Who publishes.
    pub site: &'a Site,
    /// What labels are called.
    pub names: &'a Names,
    /// Sources by id, also those that are configured no more.
    pub sources: &'a BTreeMap<SourceId, SourceCard>,
    /// What the feed holds.
    pub filter: &'a Filter,
    /// A title that it was saved under.
    pub saved: Option<&'a FourNames>,
    /// What is asked beside what was saved; without a saved title, all of the filter.
    pub own: &'a Filter,
    /// The most that is shown of each story; what its source allows may be less.
    pub content: ContentPolicy,
    /// Days instead of stories.
    pub daily: Option<&'a Daily>,
    /// Its canonical address in the format that is written, below the base and without leading slash: `feed/topic/youth.atom?lang=es`.
    pub path: &'a str,
    /// Its page for people, in the same way: `feed/topic/youth?lang=es`.
    pub home: &'a str,
    /// The stories.
    pub page: &'a Page,
    /// Where there are more of them.
    pub more: &'a More,
    /// When the journal was begun: the time of a feed without stories.
    pub genesis: Second,
}

impl<'a> Feed<'a> {
    /// Its name for ever, in every format.
    fn id(&self) -> String {
        let name = self.daily.map_or_else(|| self.filter.to_string(), |daily| daily.name(self));
        format!("urn:uuid:{}", Uuid::new_v5(&self.site.instance, name.as_bytes()))
    }

    /// The newest change that can be seen in it: never the time of the request.
    fn updated(&self) -> Second {
        let days = self.daily.into_iter().flat_map(|daily| &daily.days).map(Day::updated);
        self.page.entries.iter().map(entry::updated).chain(days).max().unwrap_or(self.genesis)
    }

    /// The address of its page for people.
    fn home(&self) -> String {
        self.site.address(if self.home == "feed" { "" } else { self.home })
    }

    /// Its own address.
    pub fn address(&self) -> String {
        self.site.address(self.path)
    }

    /// The hub that tells of its changes. Nobody subscribes to an archived page, or to what is new once a day.
    pub fn hub(&self) -> Option<&'a str> {
        self.site.hub.as_deref().filter(|_| self.more.current.is_none() && self.daily.is_none())
    }

    /// Where there is more of it, by the relations that RFC 5005 has for that.
    fn beside(&self) -> impl Iterator<Item = (&'static str, String)> {
        let More { current, older, newer } = self.more;
        let links = [("current", current), ("prev-archive", older), ("next-archive", newer)];
        links.into_iter().filter_map(|(rel, path)| Some((rel, self.site.address(path.as_ref()?))))
    }

    /// What is told of each story.
    fn entries(&self) -> impl Iterator<Item = Entry<'a>> {
        let days = self.daily.into_iter().flat_map(|daily| daily.days.iter().map(|day| day.entry(self, daily)));
        self.page.entries.iter().map(|shown| Entry::of(self, shown)).chain(days)
    }

    /// The language of the feed's own words: the one asked for, or preferred, when we speak it, else the site's.
    fn lang(&self) -> Lang {
        let asked = self.filter.langs.first().filter(|_| self.filter.langs.len() == 1);
        asked.or(self.filter.prefer.first()).copied().filter(|lang| Lang::SPOKEN.contains(lang)).unwrap_or(self.site.lang)
    }
}
