//! What an item is about: its language, its countries and regions, its topics, each with evidence.
//!
//! Words are folded and compared whole; nothing is learned and nothing is guessed, so that an
//! editor can see why an item was filed where it was, and change it. Time grows with the length of the text
//! and not with what stands in it. Deliberately absent: stemming, models, and the network.

mod countries;
pub mod eval;
mod evidence;
mod gazetteer;
mod language;
mod tokens;
mod topics;
mod trie;

pub use gazetteer::names;
pub use topics::BadTerm;

use self::{gazetteer::Gazetteer, tokens::Words, topics::Topics};
use crate::model::{Category, CountryCode, Defaults, Field, Item, Labels, Lang, Source, TopicRules, TopicSlug};

/// What is known of an item before it is filed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Subject<'a> {
    /// Its title.
    pub title: &'a str,
    /// Its summary, as text.
    pub summary: &'a str,
    /// Where it can be read: its address may name a language.
    pub url: Option<&'a str>,
    /// The language declared on it.
    pub item_lang: Option<Lang>,
    /// The language declared on its feed.
    pub feed_lang: Option<Lang>,
    /// The language configured for its source.
    pub source_lang: Option<Lang>,
    /// The publisher's own categories.
    pub categories: &'a [Category],
    /// The countries configured for its source.
    pub countries: &'a [CountryCode],
    /// The topics configured for its source.
    pub topics: &'a [TopicSlug],
    /// How those are meant.
    pub defaults: Defaults,
}

/// Files items. Built from the topics of an installation and the gazetteer of the program.
#[derive(Debug)]
pub struct Classifier {
    gazetteer: Gazetteer,
    topics: Topics,
}

impl Classifier {
    /// Compiles the rules; a term that can not be understood is named.
    pub fn new(rules: &TopicRules) -> Result<Self, BadTerm> {
        Ok(Self { gazetteer: Gazetteer::new(rules), topics: Topics::new(rules)? })
    }

    /// Files an item of a source.
    pub fn of(&self, item: &Item, source: &Source) -> Labels {
        self.classify(&Subject {
            title: &item.title,
            summary: &item.summary,
            url: item.link.as_deref(),
            item_lang: item.lang,
            feed_lang: item.feed_lang,
            source_lang: source.lang,
            categories: &item.categories,
            countries: &source.countries,
            topics: &source.topics,
            defaults: source.defaults,
        })
    }

    /// Files what is known of an item.
    pub fn classify(&self, subject: &Subject<'_>) -> Labels {
        let fields = [Words::of(Field::Title, subject.title), Words::of(Field::Summary, subject.summary)];
        let lang = language::tell(subject, &fields);
        let (countries, regions, mut rejected) = countries::tell(self, subject, &fields, lang.value);
        let (topics, near) = self.topics.tell(subject, &fields, lang.value);
        rejected.extend(near);
        Labels { lang, topics, countries, regions, rejected }
    }

    /// The language of an item, whatever it is about.
    pub fn language(&self, subject: &Subject<'_>) -> Lang {
        language::tell(subject, &[Words::of(Field::Title, subject.title), Words::of(Field::Summary, subject.summary)]).value
    }

    /// The country of that name in any of our languages.
    pub fn country(&self, name: &str) -> Option<CountryCode> {
        self.gazetteer.by_name.get(&tokens::key(name)).copied()
    }
}
