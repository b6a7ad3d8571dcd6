//! A day as one entry: its stories, each in a line.
//!
//! The entry is named after the filter, the zone and the day, so that it is the same for ever; it is dated by the end of the day,
//! and is newer than that only when one of its stories changed later. Deliberately absent: a day that is not over.

use chrono::NaiveDate;
use uuid::Uuid;

use super::{
    Feed,
    entry::{self, Entry, clean},
    title, words,
};
use crate::{
    html::escape,
    model::{Second, Shown, Zone},
    text,
};

/// What a line tells of a story beside its title, in characters.
const LINE: usize = 200;

/// Days that are over.
#[derive(Debug, Clone, PartialEq)]
pub struct Daily {
    /// By whose clocks.
    pub zone: Zone,
    /// Newest first; none is without stories.
    pub days: Vec<Day>,
}

/// A day that is over.
#[derive(Debug, Clone, PartialEq)]
pub struct Day {
    /// Which.
    pub date: NaiveDate,
    /// The first second after it.
    pub ends: Second,
    /// A page with its stories.
    pub address: String,
    /// Its stories, newest first.
    pub stories: Vec<Shown>,
    /// How many more there are.
    pub left: usize,
    /// Whether there are no more than those.
    pub are_counted: bool,
}

impl Day {
    /// When it was over, or when one of its stories changed later.
    pub(super) fn updated(&self) -> Second {
        self.stories.iter().map(entry::updated).max().map_or(self.ends, |updated| updated.max(self.ends))
    }

    /// What every format tells of it.
    pub(super) fn entry(&self, feed: &Feed<'_>, daily: &Daily) -> Entry<'static> {
        let lang = feed.lang();
        let name = format!("{}&day={}", daily.name(feed), self.date);
        Entry {
            shown: None,
            id: format!("urn:uuid:{}", Uuid::new_v5(&feed.site.instance, name.as_bytes())),
            title: clean(&title::of_day(feed, self.date)),
            link: self.address.clone(),
            about: self.address.clone(),
            lang,
            position: self.ends,
            updated: self.updated(),
            issued: None,
            authors: vec![clean(&feed.site.title)],
            source: None,
            rights: None,
            categories: Vec::new(),
            summary: None,
            content: text::xml_safe(&self.content(feed)).into_owned(),
            others: Vec::new(),
            enclosures: Vec::new(),
            image: None,
        }
    }

    fn content(&self, feed: &Feed<'_>) -> String {
        let lines: String = self.stories.iter().map(|shown| line(feed, shown)).collect();
        let more = words::more(self.left, self.are_counted, feed.lang());
        let more = more.map(|more| format!("<p><a href=\"{}\">{}</a></p>", escape(&self.address), escape(&more)));
        format!("<ul>{lines}</ul>{}", more.unwrap_or_default())
    }
}

impl Daily {
    /// What its feed is named after, and with a day its entries.
    pub(super) fn name(&self, feed: &Feed<'_>) -> String {
        format!("{}&view=daily&tz={}", feed.filter, self.zone)
    }
}

/// A story in a line.
fn line(feed: &Feed<'_>, shown: &Shown) -> String {
    let Entry { title, link, summary, lang, source, .. } = Entry::of(feed, shown);
    let source = source.map(|card| format!(" — {}", escape(&card.title))).unwrap_or_default();
    let told = summary.map(|summary| format!("<br>{}", escape(&text::shorten(&summary, LINE)))).unwrap_or_default();
    let spoken = if lang.is_known() { format!(" lang=\"{lang}\"") } else { String::new() };
    format!("<li{spoken}><a href=\"{}\">{}</a>{source}{told}</li>", escape(&link), escape(&title))
}
