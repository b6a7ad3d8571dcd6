//! Where the feeds behind a page may be: what it declares, what it links to, what others of its kind have.
//!
//! Deliberately absent: asking any of these addresses, and judging what they answer.

use std::collections::HashSet;

use url::Url;

use super::decode;
use crate::{
    html::{BadPage, Tree},
    model::Lang,
    text,
};

/// Feeds that a page declares in its head and are asked: real pages declare two or three.
const MOST_DECLARED: usize = 10;
/// Links of a page that look like feeds and are asked: a page that lists all feeds of a site has a hundred.
const MOST_LINKED: usize = 8;
/// Addresses that are asked on the chance that there is a feed.
const MOST_GUESSED: usize = 12;
/// The longest title or label, in characters.
const LONGEST_LABEL: usize = 120;

/// Media types of feeds. `application/json` alone is how other things are declared.
const TYPES: [&str; 7] = [
    "application/atom+xml",
    "application/feed+json",
    "application/rdf+xml",
    "application/rss+xml",
    "application/x.atom+xml",
    "application/xml",
    "text/xml",
];

/// Words that comments are called by, folded, in addresses, labels and titles of feeds.
const COMMENTS: [&str; 4] = ["comment", "comentario", "commentaire", "kommentar"];

/// A page, and where its feeds may be.
#[derive(Debug)]
pub struct Behind {
    /// The title of the page, or its address.
    pub title: String,
    /// The name of the site, when the page tells it.
    pub site: Option<String>,
    /// The language that the page declares.
    pub lang: Option<Lang>,
    /// What its links are relative to.
    pub base: Url,
    /// Feeds that it declares or links to, the likeliest first.
    pub leads: Vec<Lead>,
    /// How many links more look like feeds.
    pub left_out: usize,
    /// Where feeds are on other sites, the likeliest first: to be asked only when the page tells of none.
    pub guesses: Vec<Lead>,
    /// The page itself.
    pub(super) tree: Tree,
}

/// An address that may be a feed's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lead {
    /// The address.
    pub url: Url,
    /// How we came by it.
    pub how: How,
    /// What the page calls it.
    pub label: String,
}

/// How we came by an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// The page declares it: `link rel=alternate` with the media type of a feed.
    Declared,
    /// The page links to it.
    Linked,
    /// Other sites have theirs there.
    Guessed,
}

impl Lead {
    /// Whether it is said to hold comments, which are no news.
    pub fn is_comments(&self) -> bool {
        let address = format!("{}?{}", self.url.path(), self.url.query().unwrap_or_default());
        speaks_of_comments(&address) || speaks_of_comments(&self.label)
    }
}

/// Whether a name or address speaks of comments.
pub(super) fn speaks_of_comments(name: &str) -> bool {
    let name = text::fold(name);
    // `/recommendations/feed` has the word within another one.
    let begins = |at: usize| !name[..at].ends_with(|c: char| c.is_alphanumeric());
    COMMENTS.iter().any(|word| name.match_indices(word).any(|(at, _)| begins(at)))
}

/// Reads a page and finds where its feeds may be. `content_type` is the HTTP header, `url` the address it came from.
pub fn behind(body: &[u8], content_type: Option<&str>, url: &Url) -> Result<Behind, BadPage> {
    let (markup, _) = decode::decode(body, content_type);
    let tree = Tree::read(&markup)?;
    let value = |element: usize, name: &str| tree.at(element).attribute(name).map(text::one_line).filter(|value| !value.is_empty());
    let meta = |wanted: &str| {
        let is_it =
            |element: &usize| value(*element, "name").or(value(*element, "property")).is_some_and(|name| name.eq_ignore_ascii_case(wanted));
        tree.called("meta").find(is_it).and_then(|element| value(element, "content"))
    };
    let base = tree.called("base").find_map(|element| url.join(&value(element, "href")?).ok()).unwrap_or_else(|| url.clone());
    let title = tree.called("title").map(|element| tree.text(element)).find(|title| !title.is_empty());
    let lang = tree.called("html").find_map(|element| value(element, "lang").or(value(element, "xml:lang"))?.parse().ok());
    let label = |text: &str| text::shorten(text, LONGEST_LABEL);

    let mut seen: HashSet<String> = HashSet::new();
    let mut add = |leads: &mut Vec<Lead>, lead: Option<Lead>, most: usize| -> bool {
        let Some(lead) = lead.filter(|lead| seen.insert(lead.url.to_string())) else { return false };
        let has_room = leads.iter().filter(|known| known.how == lead.how).count() < most;
        if has_room {
            leads.push(lead);
        }
        !has_room
    };
    let lead = |href: &str, how: How, name: &str| Some(Lead { url: address(href, &base)?, how, label: label(name) });
    let mut leads = Vec::new();
    let mut left_out = 0;
    for element in tree.called("link") {
        let is_alternate = value(element, "rel").is_some_and(|rel| rel.split(' ').any(|rel| rel.eq_ignore_ascii_case("alternate")));
        let kind = value(element, "type").unwrap_or_default().to_ascii_lowercase();
        let essence = kind.split(';').next().unwrap_or_default().trim();
        let href = value(element, "href").unwrap_or_default();
        let is_feed = TYPES.contains(&essence) || essence == "application/json" && href.contains("feed");
        if is_alternate && is_feed {
            let lead = lead(&href, How::Declared, &value(element, "title").unwrap_or_default());
            left_out += usize::from(add(&mut leads, lead, MOST_DECLARED));
        }
    }
    for element in tree.called("a") {
        let Some(href) = value(element, "href") else { continue };
        let words = tree.text(element);
        let name = value(element, "title").unwrap_or_default();
        if looks_like_a_feed(&href, &base, &words, &name) {
            let name = if words.is_empty() { name } else { words };
            left_out += usize::from(add(&mut leads, lead(&href, How::Linked, &name), MOST_LINKED));
        }
    }
    // Comments are the last to be asked.
    leads.sort_by_key(Lead::is_comments);
    let mut guesses = Vec::new();
    for path in places(url, &meta("generator").unwrap_or_default()) {
        add(&mut guesses, lead(&path, How::Guessed, "").filter(|lead| lead.url.origin() == url.origin()), MOST_GUESSED);
    }
    let (title, site) = (label(&title.unwrap_or_else(|| url.to_string())), meta("og:site_name").map(|name| label(&name)));
    Ok(Behind { title, site, lang, base, leads, left_out, guesses, tree })
}

/// An address that can be asked. `feed:` is how readers used to be called.
fn address(href: &str, base: &Url) -> Option<Url> {
    let href = match href.strip_prefix("feed:") {
        Some(rest) if rest.starts_with("//") => format!("https:{rest}"),
        Some(rest) => rest.to_owned(),
        None => href.to_owned(),
    };
    let mut url = base.join(&href).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())?;
    url.set_fragment(None);
    // Names and passwords would be published with the source.
    let _ = url.set_username("").and_then(|()| url.set_password(None));
    Some(url)
}

/// Whether a link looks as if it led to a feed, by its address or by what it is called.
fn looks_like_a_feed(href: &str, base: &Url, words: &str, name: &str) -> bool {
    if href.starts_with("feed:") {
        return true;
    }
    let Some(url) = address(href, base) else { return false };
    let path = url.path().trim_end_matches('/').to_ascii_lowercase();
    let last = path.rsplit('/').next().unwrap_or_default();
    let (stem, extension) = last.rsplit_once('.').unwrap_or((last, ""));
    let is_named = |name: &str| matches!(name, "feed" | "feeds" | "rss" | "rss2" | "atom" | "rdf");
    let is_document = matches!(extension, "pdf" | "jpg" | "jpeg" | "png" | "gif" | "svg" | "zip" | "doc" | "docx" | "mp3" | "mp4");
    let by_address = matches!(extension, "rss" | "atom" | "rdf")
        || matches!(extension, "xml" | "json") && (stem == "index" || stem.split(['-', '_', '.']).any(is_named))
        || extension.is_empty() && is_named(last)
        || url
            .query_pairs()
            .any(|(key, value)| matches!(&*key, "feed" | "format") && (is_named(&value) || value == "rdf" || value == "json"));
    // A picture of a feed's sign often stands alone, with a title.
    let is_called = |text: &str| {
        let text = text::fold(text);
        text.chars().count() <= 40 && text.split(|c: char| !c.is_alphanumeric()).any(|word| matches!(word, "rss" | "atom"))
    };
    !is_document && (by_address || is_called(words) || is_called(name))
}

/// Where feeds usually are: first what belongs to the page itself, then to the whole site.
fn places(url: &Url, generator: &str) -> Vec<String> {
    let path = url.path().trim_end_matches('/');
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let is_drupal = generator.to_ascii_lowercase().contains("drupal");
    let is_wordpress = generator.to_ascii_lowercase().contains("wordpress");
    let mut places = Vec::new();
    // `/taxonomy/term/12` and `/es/taxonomy/term/12` (Drupal), `/category/news` (WordPress).
    let is_term = parts.len() >= 3 && parts[parts.len() - 3..parts.len() - 1] == ["taxonomy", "term"];
    if is_term || is_wordpress && !parts.is_empty() {
        places.push(format!("{path}/feed"));
    }
    let spoken = parts.first().filter(|part| part.parse::<Lang>().is_ok() && part.len() == 2);
    if let Some(lang) = spoken {
        places.extend([format!("/{lang}/rss.xml"), format!("/{lang}/feed")]);
    }
    let mut usual = vec!["/feed", "/feed/", "/rss", "/rss.xml", "/atom.xml", "/feed.xml", "/index.xml", "/feed.json", "/?feed=rss2"];
    if is_drupal {
        usual.sort_by_key(|place| *place != "/rss.xml");
    }
    if is_wordpress {
        usual.sort_by_key(|place| !matches!(*place, "/feed/" | "/?feed=rss2"));
    }
    places.extend(usual.into_iter().map(str::to_owned));
    places
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;

    fn read(url: &str, page: &str) -> Behind {
        behind(page.as_bytes(), None, &Url::parse(url).unwrap()).unwrap()
    }

    fn addresses(leads: &[Lead]) -> Vec<&str> {
        leads.iter().map(|lead| lead.url.as_str()).collect()
    }

    #[test]
    fn what_a_page_declares_comes_before_what_it_links_to_and_comments_come_last() {
        let found = read(
            "https://site.example/en/news?page=1",
            r#"<html lang="en-GB"><head><base href="/en/"><title>News | Site</title><meta property="og:site_name" content="Site">
            <link rel="alternate" type="application/rss+xml" title="Comments" href="comments/feed/">
            <link rel="alternate" type="application/rss+xml; charset=UTF-8" title="Site &raquo; Feed" href="feed/#top">
            <link rel="ALTERNATE home" type="application/feed+json" href="//cdn.example/feed.json">
            <link rel="alternate" type="application/json" href="/wp-json/wp/v2/pages/2">
            <link rel="alternate" hreflang="es" href="/es/"><link rel="stylesheet" type="text/xml" href="x.xml">
            </head><body><a href="feed/">Feed</a><a href="feed://other.example/rss">R</a> <a href="/en/all/" title="RSS feed"><img src=x></a>
            <a href="/en/rss-guide.pdf">RSS guide</a><a href="/en/press/index.xml">XML</a><a href="?format=rss">x</a><a href="javascript:rss()">rss</a></body>"#,
        );
        assert_eq!(
            addresses(&found.leads),
            [
                "https://site.example/en/feed/",
                "https://cdn.example/feed.json",
                "https://other.example/rss",
                "https://site.example/en/all/",
                "https://site.example/en/press/index.xml",
                "https://site.example/en/?format=rss",
                "https://site.example/en/comments/feed/",
            ]
        );
        assert_eq!(found.leads[0], Lead { url: found.leads[0].url.clone(), how: How::Declared, label: "Site » Feed".to_owned() });
        assert_eq!((found.title.as_str(), found.site.as_deref(), found.lang), ("News | Site", Some("Site"), Some(Lang::EN)));
        assert!(!speaks_of_comments("/recommendations/feed") && speaks_of_comments("Comentarios en: Inicio"));
    }

    #[test]
    fn guesses_begin_with_the_page_and_with_what_made_it() {
        let guesses = |url: &str, generator: &str| {
            let found = read(url, &format!("<meta name=generator content='{generator}'>"));
            let paths = found.guesses.iter().map(|lead| lead.url.as_str().replace("https://site.example", ""));
            paths.take(4).collect::<Vec<_>>()
        };
        assert_eq!(guesses("https://site.example/", ""), ["/feed", "/feed/", "/rss", "/rss.xml"]);
        assert_eq!(
            guesses("https://site.example/es/taxonomy/term/12?page=1", "Drupal 10"),
            ["/es/taxonomy/term/12/feed", "/es/rss.xml", "/es/feed", "/rss.xml"]
        );
        assert_eq!(
            guesses("https://site.example/category/news/", "WordPress 6"),
            ["/category/news/feed", "/feed/", "/?feed=rss2", "/feed"]
        );
    }

    #[test]
    fn a_page_that_links_to_a_thousand_feeds_has_a_few_of_them_asked() {
        let page: String = (0..1_000).map(|n| format!("<a href=/{n}.rss>{n}</a>")).collect();
        let found = read("https://site.example/", &page);
        assert_eq!((found.leads.len(), found.left_out, found.guesses.len()), (MOST_LINKED, 1_000 - MOST_LINKED, 9));
    }
}
