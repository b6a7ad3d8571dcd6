//! A story as one row of a list.

use super::{
    Frame,
    told::{self, Time},
};
use crate::{
    model::{Lang, Shown, Story},
    publish::{self, Feed},
    text,
};

/// The longest summary in a list, in characters: what is read at a glance.
const GLANCE: usize = 320;

/// One story of a list.
pub(super) struct Row {
    pub(super) title: String,
    /// Where it can be read: at its publisher, else here.
    pub(super) link: String,
    pub(super) is_elsewhere: bool,
    /// The page that says why it is here.
    pub(super) about: String,
    /// The `lang` of its words.
    pub(super) lang: String,
    /// The name of that language.
    pub(super) language: &'static str,
    pub(super) summary: String,
    pub(super) source: String,
    /// All that this source told.
    pub(super) of_source: String,
    pub(super) time: Time,
    pub(super) labels: Vec<Label>,
    pub(super) others: Vec<Teller>,
}

/// A label, and where there is more under it.
pub(super) struct Label {
    pub(super) name: String,
    pub(super) to: String,
    pub(super) kind: &'static str,
}

/// Another publisher's telling.
pub(super) struct Teller {
    pub(super) name: String,
    pub(super) link: String,
    /// The language, where it is another one.
    pub(super) lang: Option<Lang>,
}

impl Row {
    pub(super) fn of(feed: &Feed<'_>, shown: &Shown, frame: &Frame<'_>) -> Self {
        let (edition, item) = (shown.edition(), &shown.copy().item);
        let about = frame.to(&format!("story/{}", shown.story.id));
        let source = feed.sources.get(&item.source).map_or_else(|| item.source.to_string(), |card| card.title.clone());
        let title = [&item.title, &text::shorten(&item.summary, 80)].into_iter().find(|title| !title.is_empty()).cloned();
        let others = publish::others(feed, shown).into_iter().map(|other| Teller {
            lang: Some(other.lang).filter(|lang| lang.is_known() && *lang != edition.lang),
            name: other.name,
            link: other.link,
        });
        Self {
            title: title.unwrap_or_else(|| frame.w.untitled.to_owned()),
            link: item.link.clone().unwrap_or_else(|| about.clone()),
            is_elsewhere: item.link.is_some(),
            about,
            lang: told::tag(edition.lang),
            language: told::language(edition.lang),
            summary: text::shorten(&item.summary, GLANCE),
            of_source: frame.to(&format!("feed/source/{}", item.source)),
            source,
            time: Time::minute(edition.position, frame.lang()),
            labels: labels(&shown.story, frame),
            others: others.collect(),
        }
    }
}

/// What a story is filed under.
pub(super) fn labels(story: &Story, frame: &Frame<'_>) -> Vec<Label> {
    let names = &frame.publishing.names;
    let label = |kind: &'static str, slug: &str, name: Option<&str>| Label {
        name: name.unwrap_or(slug).to_owned(),
        to: frame.to(&format!("feed/{kind}/{}", slug.to_ascii_lowercase())),
        kind,
    };
    let lang = frame.lang();
    let topics = story.topics.iter().map(|slug| label("topic", slug.as_str(), names.topics.get(slug).map(|names| names.in_lang(lang))));
    let countries =
        story.countries.iter().map(|code| label("country", code.as_str(), names.countries.get(code).map(|names| names.in_lang(lang))));
    let regions = story.regions.iter().map(|slug| label("region", slug.as_str(), names.regions.get(slug).map(|names| names.in_lang(lang))));
    topics.chain(countries).chain(regions).collect()
}
