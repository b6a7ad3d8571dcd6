//! What an operator says about a source: one `[[source]]` of `sources.toml`, checked.

use std::time::Duration;

use chrono::NaiveDate;
use url::Url;

use super::{CountryCode, DateOrder, Keep, Lang, PageRules, Private, SourceId, TopicSlug, timetable::Timetable};

/// A publisher's feed as it is configured. What we learned from asking it is [`SourceState`](super::SourceState).
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// Its name for ever.
    pub id: SourceId,
    /// Whether it is pulled. A source that is switched off keeps its stories.
    pub enabled: bool,
    /// The publisher's name as readers see it.
    pub title: String,
    /// The address of the feed or page: `http`, `https`, or `file`.
    pub url: Url,
    /// How the page is read, when it is no feed.
    pub page: Option<PageRules>,
    /// How its dates of three numbers are meant.
    pub dates: DateOrder,
    /// The publisher's page for people.
    pub home: Option<Url>,
    /// The organization behind it: sources of one organization may tell one story.
    pub organization: Option<String>,
    /// The language when nothing else tells it.
    pub lang: Option<Lang>,
    /// Whose copy of a story is preferred; 0 is best, 9 is last.
    pub rank: u8,
    /// New stories of it wait so long for the original; not at all when it is zero.
    pub settle: Duration,
    /// More new stories within an hour are filed in the archive.
    pub most_per_hour: u32,
    /// When it is pulled.
    pub timetable: Timetable,
    /// It should have something new within this; `None` leaves it to its own rhythm.
    pub expect: Option<Duration>,
    /// Topics of its items.
    pub topics: Vec<TopicSlug>,
    /// Countries of its items.
    pub countries: Vec<CountryCode>,
    /// How `topics` and `countries` are meant.
    pub defaults: Defaults,
    /// How much of an item may be republished.
    pub content: ContentPolicy,
    /// A rights statement for its items.
    pub rights: Option<String>,
    /// Extra request headers.
    pub headers: Vec<(String, String)>,
    /// A whole answer has to be there within this.
    pub timeout: Duration,
    /// Which private or loopback addresses it may live at.
    pub allow_private: Private,
    /// Whether its redirects may lead from https to http.
    pub allow_downgrade: bool,
    /// How much of it is kept, in the place of what `[keep]` says of each source.
    pub keep: Option<Keep>,
    /// The day its address was last seen to work; `None` when it never was.
    pub probed: Option<NaiveDate>,
    /// Why it is switched off, or anything an editor should know.
    pub note: Option<String>,
}

impl Source {
    /// New stories of one source within an hour, unless an operator says otherwise. It is a judgement and was not measured: a feed
    /// lists ten to a hundred items, and one that turns into another, or has all its dates made anew, can show thousands.
    pub const MOST_PER_HOUR: u32 = 200;

    /// A source of which nothing more is known. A time limit of zero stands for the one of `[fetch]`.
    pub fn new(id: SourceId, title: String, url: Url) -> Self {
        Self {
            id,
            enabled: true,
            title,
            url,
            page: None,
            dates: DateOrder::default(),
            home: None,
            organization: None,
            lang: None,
            rank: 5,
            settle: Duration::ZERO,
            most_per_hour: Self::MOST_PER_HOUR,
            timetable: Timetable::Adaptive,
            expect: None,
            topics: Vec::new(),
            countries: Vec::new(),
            defaults: Defaults::default(),
            content: ContentPolicy::default(),
            rights: None,
            headers: Vec::new(),
            timeout: Duration::ZERO,
            allow_private: Private::Refused,
            allow_downgrade: false,
            keep: None,
            probed: None,
            note: None,
        }
    }
}

/// How configured topics and countries are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Defaults {
    /// Only when the text itself says nothing clearer.
    #[default]
    Hints,
    /// On every item.
    Always,
}

/// How much of an item may be republished; more is greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum ContentPolicy {
    /// The title only.
    Title,
    /// Title and summary.
    #[default]
    Summary,
    /// All of it, where the publisher allows it.
    Full,
}

impl ContentPolicy {
    /// Each as it is written in files and addresses.
    pub const NAMED: [(&'static str, Self); 3] = [("title", Self::Title), ("summary", Self::Summary), ("full", Self::Full)];

    /// As it is written.
    pub fn as_str(self) -> &'static str {
        Self::NAMED.iter().find(|(_, policy)| *policy == self).map_or("summary", |(name, _)| name)
    }
}
