//! What every format tells of one story.
//!
//! Formats differ in the names of things, not in what they say: the same stories, ids, dates and words stand in each.
//! They are chosen here, once, and every text passes its filter here.
//! Deliberately absent: how any format is written.

use super::{Feed, SourceCard, words};
use crate::{
    html::{SafeHtml, escape},
    model::{ContentPolicy, Enclosure, Lang, Second, Shown, SourceId},
    text,
};

/// The vocabulary of country codes (RFC 5141).
const COUNTRIES: &str = "urn:iso:std:iso:3166";
/// The type of a file that its publisher did not tell, where a format wants one (RFC 2046 §4.5.1).
pub(super) const ANY_TYPE: &str = "application/octet-stream";

/// One story in one edition. Texts are one clean line, but for `id` and `content`, which hold nothing that XML forbids.
pub(super) struct Entry<'a> {
    /// What is kept of it; nothing of a day.
    pub(super) shown: Option<&'a Shown>,
    /// Its name for ever, to the letter: readers know it by that.
    pub(super) id: String,
    /// What it is called; never empty.
    pub(super) title: String,
    /// Where it can be read: at its publisher, else here.
    pub(super) link: String,
    /// The page that says why it is here.
    pub(super) about: String,
    /// The language it is told in. Said even when it is not known, so that nothing takes on the language of the feed's own words.
    pub(super) lang: Lang,
    /// Its date for readers.
    pub(super) position: Second,
    /// When it last changed; never before its date.
    pub(super) updated: Second,
    /// The publisher's own date.
    pub(super) issued: Option<Second>,
    /// The bylines, else the publisher; never empty.
    pub(super) authors: Vec<String>,
    /// Who told it; nobody tells a day but us.
    pub(super) source: Option<SourceCard>,
    /// A rights statement.
    pub(super) rights: Option<String>,
    /// What it is filed under: by us, and by the publisher.
    pub(super) categories: Vec<Category>,
    /// What it says in short, where the source allows that.
    pub(super) summary: Option<String>,
    /// As much as the source allows, and a quiet line that says where it comes from.
    pub(super) content: String,
    /// The other copies that can be followed, each address once.
    pub(super) others: Vec<Other>,
    /// Attached media and documents.
    pub(super) enclosures: Vec<Enclosure>,
    /// A picture that stands for it, where the source allows more than a title.
    pub(super) image: Option<String>,
}

/// A name that a story is filed under.
pub(super) struct Category {
    /// The name for programs.
    pub(super) term: String,
    /// The vocabulary that it is of, an IRI.
    pub(super) scheme: String,
    /// The name for people, in the feed's language where it is ours.
    pub(super) label: String,
}

/// Another publisher's telling of the same story.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Other {
    /// Who told it.
    pub source: SourceId,
    /// The same by name.
    pub name: String,
    /// Where.
    pub link: String,
    /// In which language.
    pub lang: Lang,
}

impl<'a> Entry<'a> {
    /// What a feed tells of a story.
    pub(super) fn of(feed: &Feed<'_>, shown: &'a Shown) -> Self {
        let (edition, item) = (shown.edition(), &shown.copy().item);
        let source = card(feed, &item.source);
        let about = feed.site.address(&format!("story/{}", shown.story.id));
        let authors: Vec<String> = item.authors.iter().map(|author| clean(author)).filter(|author| !author.is_empty()).collect();
        let titles = [clean(&item.title), clean(&text::shorten(&item.summary, 80)), source.title.clone()];
        let content = source.content.min(feed.content);
        let enclosures = item.enclosures.iter().map(|enclosure| Enclosure {
            url: clean(&enclosure.url),
            media_type: enclosure.media_type.clone().filter(|media_type| text::is_media_type(media_type)),
            length: enclosure.length,
        });
        let others = others(feed, shown);
        Self {
            id: text::xml_safe(&edition.entry_id).into_owned(),
            title: titles.into_iter().find(|title| !title.is_empty()).unwrap_or_default(),
            link: clean(item.link.as_deref().unwrap_or(&about)),
            lang: edition.lang,
            position: edition.position,
            updated: updated(shown),
            issued: item.published,
            authors: if authors.is_empty() { vec![source.title.clone()] } else { authors },
            rights: item.rights.as_deref().or(source.rights.as_deref()).map(clean),
            categories: categories(feed, shown),
            summary: (content != ContentPolicy::Title).then(|| clean(&item.summary)).filter(|summary| !summary.is_empty()),
            content: text::xml_safe(&body(feed, shown, &source, &others, &about)).into_owned(),
            enclosures: enclosures.collect(),
            image: item.image.as_deref().filter(|_| content != ContentPolicy::Title).map(clean),
            shown: Some(shown),
            about,
            source: Some(source),
            others,
        }
    }
}

/// An entry is never updated before it is published (RFC 4287 §4.2.15).
pub(super) fn updated(shown: &Shown) -> Second {
    shown.edition().updated.max(shown.edition().position)
}

/// One clean line.
pub(super) fn clean(text: &str) -> String {
    text::one_line(text)
}

/// What is shown below the title.
fn body(feed: &Feed<'_>, shown: &Shown, source: &SourceCard, others: &[Other], about: &str) -> String {
    let item = &shown.copy().item;
    let told = match (source.content.min(feed.content), &item.content) {
        (ContentPolicy::Full, Some(content)) => content.as_str().to_owned(),
        (ContentPolicy::Title, _) => String::new(),
        _ if item.summary.is_empty() => String::new(),
        _ => SafeHtml::from_text(&item.summary).as_str().to_owned(),
    };
    let lang = feed.lang();
    let linked = |address: Option<&str>, words: &str| match address {
        Some(address) => format!("<a href=\"{}\">{}</a>", escape(address), escape(words)),
        None => escape(words),
    };
    let mut parts = vec![linked(item.link.as_deref().or(source.home.as_deref()), &source.title)];
    parts.extend(item.published.map(|at| words::day(at.day(), lang)));
    let named = others.iter().map(|other| {
        let name = if other.lang.is_known() { format!("{} ({})", other.name, other.lang) } else { other.name.clone() };
        linked(Some(&other.link), &name)
    });
    let named: Vec<String> = named.collect();
    if !named.is_empty() {
        parts.push(format!("{} {}", words::also(lang), named.join(", ")));
    }
    parts.push(linked(Some(about), words::why(lang)));
    format!("{told}<p lang=\"{lang}\"><small>{}</small></p>", parts.join(" · "))
}

/// The copies beside the one that is shown which can be followed, each address once.
pub fn others(feed: &Feed<'_>, shown: &Shown) -> Vec<Other> {
    let (copies, own) = (&shown.story.copies, shown.edition().preferred);
    let mut seen = vec![copies[own].item.link.as_deref()];
    let mut others = Vec::new();
    for (_, copy) in copies.iter().enumerate().filter(|(at, _)| *at != own) {
        let link = copy.item.link.as_deref();
        if let Some(address) = link.filter(|_| !seen.contains(&link)) {
            seen.push(link);
            let source = copy.item.source.clone();
            others.push(Other { name: card(feed, &source).title, source, link: clean(address), lang: copy.labels.lang.value });
        }
    }
    others
}

fn categories(feed: &Feed<'_>, shown: &Shown) -> Vec<Category> {
    let (story, item, lang) = (&*shown.story, &shown.copy().item, feed.lang());
    let category = |term: &str, scheme: &str, label: Option<&str>| {
        let label = label.map(clean).filter(|label| !label.is_empty());
        Category { term: clean(term), scheme: clean(scheme), label: label.unwrap_or_else(|| clean(term)) }
    };
    let topics = story.topics.iter().map(|slug| {
        let name = feed.names.topics.get(slug).map(|names| names.in_lang(lang));
        category(slug.as_str(), &feed.site.address("topics"), name)
    });
    let countries = story.countries.iter().map(|code| {
        let name = feed.names.countries.get(code).map(|names| names.in_lang(lang));
        category(code.as_str(), COUNTRIES, name)
    });
    let regions = story.regions.iter().map(|slug| {
        let name = feed.names.regions.get(slug).map(|names| names.in_lang(lang));
        category(slug.as_str(), &feed.site.address("regions"), name)
    });
    let theirs = item.categories.iter().map(|theirs| {
        // A vocabulary has to be named by an IRI (RFC 4287 §4.2.2.2); a publisher's word alone is put under the publisher.
        let scheme = theirs.scheme.clone().filter(|scheme| url::Url::parse(scheme).is_ok());
        let scheme = scheme.unwrap_or_else(|| feed.site.address(&format!("sources/{}/categories", item.source)));
        category(&theirs.term, &scheme, theirs.label.as_deref())
    });
    topics.chain(countries).chain(regions).chain(theirs.filter(|theirs| !theirs.term.is_empty())).collect()
}

/// What is known of a source; of one that is not known at all, its id.
fn card(feed: &Feed<'_>, id: &SourceId) -> SourceCard {
    let unknown = || SourceCard {
        title: id.to_string(),
        home: None,
        url: format!("urn:tributary:source:{id}"),
        lang: None,
        content: ContentPolicy::Summary,
        rights: None,
    };
    let card = feed.sources.get(id).cloned().unwrap_or_else(unknown);
    SourceCard { title: clean(&card.title), home: card.home.as_deref().map(clean), url: clean(&card.url), ..card }
}
