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
use crate::model::{Category, CountryCode, Defaults, Field, Item, Labels, Lang, Language, Source, TopicRules, TopicSlug};

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
        let mut gazetteer = Gazetteer::new(rules);
        let topics = Topics::new(rules, &mut gazetteer.lexicon)?;
        Ok(Self { gazetteer, topics })
    }

    /// Files an item of a source.
    pub fn of(&self, item: &Item, source: &Source) -> Labels {
        self.classify(&subject(item, Some(source)))
    }

    /// Files an item again, in the language that it was told to be in: that stays. Without a source it has no defaults.
    pub fn again(&self, item: &Item, source: Option<&Source>, lang: Language) -> Labels {
        let subject = subject(item, source);
        self.file(&subject, &self.fields(&subject), lang)
    }

    /// Files what is known of an item.
    pub fn classify(&self, subject: &Subject<'_>) -> Labels {
        let fields = self.fields(subject);
        self.file(subject, &fields, language::tell(subject, &fields))
    }

    /// Its title and summary, as words.
    fn fields<'a>(&self, subject: &Subject<'a>) -> [Words<'a>; 2] {
        let fields = [(Field::Title, subject.title), (Field::Summary, subject.summary)];
        fields.map(|(field, text)| Words::of(field, text).numbered(&self.gazetteer.lexicon))
    }

    fn file(&self, subject: &Subject<'_>, fields: &[Words<'_>], lang: Language) -> Labels {
        let (countries, regions, mut rejected) = countries::tell(self, subject, fields, lang.value);
        let (topics, near, more) = self.topics.tell(subject, fields, lang.value);
        rejected.extend(more);
        Labels { lang, topics, countries, regions, near, rejected }
    }

    /// The language of an item, whatever it is about.
    pub fn language(&self, subject: &Subject<'_>) -> Lang {
        language::tell(subject, &self.fields(subject)).value
    }

    /// The country of that name in any of our languages.
    pub fn country(&self, name: &str) -> Option<CountryCode> {
        self.gazetteer.by_name.get(&tokens::key(name)).copied()
    }
}

/// What is known of an item that was cleaned.
fn subject<'a>(item: &'a Item, source: Option<&'a Source>) -> Subject<'a> {
    Subject {
        title: &item.title,
        summary: &item.summary,
        url: item.link.as_deref(),
        item_lang: item.lang,
        feed_lang: item.feed_lang,
        source_lang: source.and_then(|source| source.lang),
        categories: &item.categories,
        countries: source.map_or(&[], |source| &source.countries),
        topics: source.map_or(&[], |source| &source.topics),
        defaults: source.map_or(Defaults::default(), |source| source.defaults),
    }
}
