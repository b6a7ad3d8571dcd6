//! What is there to ask for, as JSON for programs and as plain pages for people.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{App, Format, Publishing, past::past};
use crate::{
    html::escape,
    model::{Evidence, Field, FourNames, Labels, Refusal, SourceId, Story, TopicLabel},
    publish::{self, Feed},
    store::Counts,
};

fn entry(publishing: &Publishing, key: &str, slug: &str, names: &FourNames, count: Option<&u64>) -> Value {
    let feed = publishing.site.address(&format!("feed/{key}/{}.atom", slug.to_ascii_lowercase()));
    json!({ "slug": slug, "names": names, "stories": count.copied().unwrap_or(0), "feed": feed })
}

/// All topics.
pub(super) fn topics(publishing: &Publishing, counts: &Counts) -> Value {
    publishing.names.topics.iter().map(|(slug, names)| entry(publishing, "topic", slug.as_str(), names, counts.topics.get(slug))).collect()
}

/// All countries, by code.
pub(super) fn countries(publishing: &Publishing, counts: &Counts) -> Value {
    publishing
        .names
        .countries
        .iter()
        .map(|(code, names)| {
            let mut entry = entry(publishing, "country", code.as_str(), names, counts.countries.get(code));
            entry["code"] = code.as_str().into();
            entry
        })
        .collect()
}

/// All sources: how many stories each told, and how many of them are shown in its words.
pub(super) fn sources(publishing: &Publishing, counts: &Counts) -> Value {
    let all = publishing.sources.iter().map(|(id, card)| {
        let feed = publishing.site.address(&format!("feed/source/{id}.atom"));
        let count = |of: &BTreeMap<SourceId, u64>| of.get(id).copied().unwrap_or(0);
        let (stories, preferred) = (count(&counts.sources), count(&counts.preferred));
        json!({ "id": id, "title": card.title, "home": card.home, "lang": card.lang, "stories": stories, "preferred": preferred, "feed": feed })
    });
    all.collect()
}

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:2rem auto;padding:0 1rem;color:#1d2433;background:#fff}\
a{color:#0b5cad}small,.quiet{color:#5a6472}li{margin:.2rem 0}dt{margin-top:.8rem}dd{margin:0 0 0 1rem;overflow-wrap:anywhere}@media(prefers-color-scheme:dark){body{color:#e6e9ef;background:#14171c}a{color:#7db7f0}small,.quiet{color:#9aa4b2}}";

pub(super) fn page(title: &str, head: &str, body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>{}</title>{head}<style>{STYLE}</style></head><body>{body}</body></html>",
        escape(title)
    )
}

/// A format that something can be subscribed to in, and the address of that.
pub(super) type FeedLink = (Format, String);

/// What a reader finds on a page that it is given instead of a feed.
fn autodiscovery(links: &[FeedLink]) -> String {
    let link = |(format, address): &FeedLink| {
        let (media_type, name) = (format.media_type(), format.name());
        format!("<link rel=\"alternate\" type=\"{media_type}\" title=\"{name}\" href=\"{}\">", escape(address))
    };
    links.iter().map(link).collect()
}

/// What there is to subscribe to.
pub(super) fn index(app: &App, publishing: &Publishing) -> String {
    let counts = app.store.counts();
    let address = |path: &str| escape(&publishing.site.address(path));
    let mut body = format!(
        "<h1>{}</h1><p>{} stories. <a href=\"{}\">All of them as a feed</a></p>",
        escape(&publishing.site.title),
        counts.total,
        address("feed.atom")
    );
    let mut list = |heading: &str, rows: Vec<(String, &str, u64)>| {
        let mut rows = rows;
        rows.retain(|(_, _, count)| *count > 0);
        rows.sort_by(|a, b| b.2.cmp(&a.2).then(a.1.cmp(b.1)));
        let rows: String = rows
            .iter()
            .map(|(path, name, count)| format!("<li><a href=\"{}\">{}</a> <small>{count}</small></li>", address(path), escape(name)))
            .collect();
        body.push_str(&format!("<h2>{heading}</h2><ul>{rows}</ul>"));
    };
    let names = &publishing.names;
    let topics =
        counts.topics.iter().filter_map(|(slug, count)| Some((format!("feed/topic/{slug}.atom"), &*names.topics.get(slug)?.en, *count)));
    list("Topics", topics.collect());
    let countries = counts.countries.iter().filter_map(|(code, count)| {
        Some((format!("feed/country/{}.atom", code.as_str().to_ascii_lowercase()), &*names.countries.get(code)?.en, *count))
    });
    list("Countries", countries.collect());
    let regions =
        counts.regions.iter().filter_map(|(slug, count)| Some((format!("feed/region/{slug}.atom"), &*names.regions.get(slug)?.en, *count)));
    list("Regions", regions.collect());
    let sources = counts
        .sources
        .iter()
        .filter_map(|(id, count)| Some((format!("feed/source/{id}.atom"), &*publishing.sources.get(id)?.title, *count)));
    list("Sources", sources.collect());
    body.push_str(&format!(
        "<p class=\"quiet\"><a href=\"{}\">How the sources are</a> · <a href=\"{}\">What nobody filed</a>, for editors</p>",
        address("status"),
        address("editor")
    ));
    let everything = Format::FEEDS.map(|format| (format, publishing.site.address(&format!("feed{}", format.extension()))));
    page(&publishing.site.title, &autodiscovery(&everything), &body)
}

/// A feed for people: what it is called, where it is in each format, and what is in it.
pub(super) fn feed(feed: &Feed<'_>, links: &[FeedLink]) -> String {
    let title = publish::title(feed);
    let rows = feed.page.entries.iter().map(|shown| {
        let (story, edition, item) = (&shown.story, shown.edition(), &shown.copy().item);
        let about = escape(&feed.site.address(&format!("story/{}", story.id)));
        let source = feed.sources.get(&item.source).map_or(item.source.as_str(), |card| &card.title);
        let told = if item.title.is_empty() { source } else { &item.title };
        format!("<li><a lang=\"{}\" href=\"{about}\">{}</a> <small>{}</small></li>", edition.lang, escape(told), escape(source))
    });
    let addresses = links.iter().map(|(format, address)| {
        let address = escape(address);
        format!("<li>{}: <a href=\"{address}\">{address}</a></li>", format.name())
    });
    let (addresses, rows) = (addresses.collect::<String>(), rows.collect::<String>());
    let body = format!("<h1>{}</h1><ul>{addresses}</ul><ul>{rows}</ul>", escape(&title));
    page(&title, &autodiscovery(links), &body)
}

/// Why a story is where it is: who told it, what it was filed under, and what spoke for that.
pub(super) fn story(story: &Story, publishing: &Publishing) -> String {
    let shown = story.preferred(story.first_edition());
    let mut body = format!("<h1>{}</h1><p>{}</p><h2>Told by</h2><ul>", escape(&shown.item.title), escape(&shown.item.summary));
    for copy in &story.copies {
        let name = publishing.sources.get(&copy.item.source).map_or_else(|| copy.item.source.to_string(), |card| card.title.clone());
        let title = match &copy.item.link {
            Some(link) => format!("<a href=\"{}\">{}</a>", escape(link), escape(&name)),
            None => escape(&name),
        };
        let lang = copy.labels.lang.value;
        body.push_str(&format!(
            "<li>{title} <small>({lang}) first seen {} · {}</small></li>",
            copy.first_seen,
            escape(&copy.why.to_string())
        ));
    }
    let refused: Vec<&Refusal> = story.copies.iter().flat_map(|copy| &copy.refused).collect();
    if !refused.is_empty() {
        body.push_str("</ul><h2>Looks like, and is not</h2><ul>");
    }
    body.extend(refused.into_iter().map(|refusal| {
        let there = escape(&publishing.site.address(&format!("story/{}", refusal.story)));
        format!("<li><a href=\"{there}\">another story</a> <small>{}</small></li>", escape(&refusal.why))
    }));
    body.push_str("</ul><h2>Filed under</h2><ul>");
    let because = |evidence: &[Evidence]| {
        if evidence.is_empty() {
            return "an editor says so".to_owned();
        }
        let told = evidence.iter().map(|e| format!("“{}” in the {} ({}, {})", e.text, field(e.field), e.rule, e.weight));
        escape(&told.collect::<Vec<_>>().join("; "))
    };
    let row = |key: &str, slug: &str, names: Option<&FourNames>, evidence: &[Evidence]| {
        let feed = escape(&publishing.site.address(&format!("feed/{key}/{}.atom", slug.to_ascii_lowercase())));
        let name = escape(names.map_or(slug, |names| &names.en));
        format!("<li><a href=\"{feed}\">{name}</a> <small>{}</small></li>", because(evidence))
    };
    let names = &publishing.names;
    let topic = |label: &TopicLabel| row("topic", label.slug.as_str(), names.topics.get(&label.slug), &label.evidence);
    let told: Vec<&Labels> = story.editions.iter().map(|edition| &story.preferred(edition).labels).collect();
    for slug in &story.topics {
        let label = told.iter().flat_map(|labels| &labels.topics).find(|label| label.slug == *slug);
        body.push_str(&row("topic", slug.as_str(), names.topics.get(slug), label.map_or(&[], |label| &label.evidence)));
    }
    for code in &story.countries {
        let label = told.iter().flat_map(|labels| &labels.countries).find(|label| label.code == *code);
        body.push_str(&row("country", code.as_str(), names.countries.get(code), label.map_or(&[], |label| &label.evidence)));
    }
    for slug in &story.regions {
        let label = told.iter().flat_map(|labels| &labels.regions).find(|label| label.slug == *slug);
        body.push_str(&row("region", slug.as_str(), names.regions.get(slug), label.map_or(&[], |label| &label.evidence)));
    }
    if !shown.labels.near.is_empty() {
        body.push_str("</ul><h2>Nearly filed under</h2><ul>");
        body.extend(shown.labels.near.iter().map(topic));
    }
    body.push_str("</ul>");
    body.push_str(&past(story, publishing));
    body.push_str(&format!("<p><a href=\"{}\">{}</a></p>", escape(&publishing.site.address("")), escape(&publishing.site.title)));
    page(&shown.item.title, "", &body)
}

fn field(field: Field) -> &'static str {
    match field {
        Field::Title => "title",
        Field::Summary => "summary",
        Field::Content => "text",
        Field::Category => "publisher's categories",
        Field::Source => "source's configuration",
    }
}
