//! What nobody filed, and what was filed in the archive because it was too much, as Atom: for editors.
//!
//! It is a feed of its own: its entries have ids of their own, and say what is missing, what came near, and by which words.

use atom_syndication::{Category, Entry, Text};
use uuid::Uuid;

use super::{
    Feed,
    atom::{about, date, document, link, person, plain},
    entry::{clean, updated},
    words,
};
use crate::{
    model::{Lang, Shown, TopicLabel},
    text,
};

/// Writes the stories of a feed as work to be done.
pub fn editor(feed: &Feed<'_>) -> Vec<u8> {
    let lang = feed.lang();
    let entries = feed.page.entries.iter().map(|shown| entry(feed, shown, lang)).collect();
    document(atom_syndication::Feed { id: id(feed, "editor", &feed.own.to_string()), entries, ..about(feed) })
}

fn id(feed: &Feed<'_>, of: &str, name: &str) -> String {
    format!("urn:uuid:{}", Uuid::new_v5(&feed.site.instance, format!("{of} {name}").as_bytes()))
}

fn entry(feed: &Feed<'_>, shown: &Shown, lang: Lang) -> Entry {
    let (story, edition, item) = (&shown.story, shown.edition(), &shown.copy().item);
    let source = feed.sources.get(&item.source).map_or(item.source.as_str(), |card| &card.title);
    let about = feed.site.address(&format!("story/{}", story.id));
    let told = if item.title.is_empty() { text::shorten(&item.summary, 80) } else { item.title.clone() };
    let told = if told.is_empty() { source.to_owned() } else { told };
    let no_topic = words::pick(["no topic", "ningún tema", "aucun thème", "nenhum tema"], lang);
    let no_country = words::pick(["no country", "ningún país", "aucun pays", "nenhum país"], lang);
    let reasons = [
        ("no-topic", no_topic, story.topics.is_empty()),
        ("no-country", no_country, story.countries.is_empty()),
        ("too-much", words::too_much(lang), edition.is_flooded()),
    ];
    let reasons: Vec<(&str, &str)> = reasons.into_iter().filter(|(.., holds)| *holds).map(|(term, label, _)| (term, label)).collect();
    let mut says = vec![source.to_owned(), reasons.iter().map(|(_, label)| *label).collect::<Vec<_>>().join(", ")];
    let near: Vec<String> = shown.copy().labels.near.iter().map(|label| near(feed, label, lang)).collect();
    if !near.is_empty() {
        says.push(format!("{}: {}", words::pick(["nearly", "casi", "presque", "quase"], lang), near.join("; ")));
    }
    Entry {
        title: plain(&told, Some(edition.lang.as_str())),
        id: id(feed, "editor entry", &edition.entry_id),
        updated: date(updated(shown)),
        published: Some(date(edition.position)),
        authors: vec![person(source)],
        categories: reasons.iter().map(|(term, label)| Category { term: clean(term), scheme: None, label: Some(clean(label)) }).collect(),
        links: vec![
            link("alternate", item.link.as_deref().unwrap_or(&about), Some("text/html")),
            link("related", &about, Some("text/html")),
        ],
        summary: Some(Text { lang: Some(lang.to_string()), ..plain(&says.join(" · "), None) }),
        ..Entry::default()
    }
}

/// A topic that it nearly was filed under, what it reached, and by which words.
fn near(feed: &Feed<'_>, label: &TopicLabel, lang: Lang) -> String {
    let name = feed.names.topics.get(&label.slug).map_or(label.slug.as_str(), |names| names.in_lang(lang));
    let mut words: Vec<String> = label.evidence.iter().map(|evidence| format!("“{}”", evidence.text)).collect();
    words.dedup();
    format!("{name} {} ({})", label.score, words.join(", "))
}
