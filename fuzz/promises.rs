//! What has to hold for any input. The fuzz targets call these, and so does `tests/fuzz.rs` with what was found.

#![allow(dead_code, reason = "each target calls one")]

use tributary::{
    clean::{Origin, clean as clean_item},
    html::{self, BadPage, Dom, SafeHtml, Selector},
    model::{DateOrder, Detail, Item, PageRules, Pick, RawItem, RawText, SourceId},
    parse::{self, About},
    text,
};
use url::Url;

fn base() -> Url {
    Url::parse("https://wire.example/news/").expect("an address")
}

/// Any bytes become text; text that is UTF-8 stays as it is.
pub fn decode(input: &[u8]) {
    let (text, _) = parse::decode(input, None);
    let is_marked = input.starts_with(b"\xEF\xBB\xBF") || input.starts_with(b"\xFF\xFE") || input.starts_with(b"\xFE\xFF");
    let is_wide = input.iter().take(4).any(|byte| *byte == 0);
    // The one who declares says more than the bytes, and a declaration begins like this.
    if let Ok(same) = std::str::from_utf8(input)
        && !is_marked
        && !is_wide
        && !same.contains("<?xml")
    {
        assert_eq!(text, same);
    }
    for label in ["utf-8", "iso-8859-1", "shift_jis", "utf-16", "no such thing"] {
        let _ = parse::decode(input, Some(&format!("text/xml; charset={label}")));
    }
}

/// Any bytes are a feed or an error that says what they are; what is read can be cleaned, and is then clean.
pub fn parse(input: &[u8]) {
    let (base, source): (Url, SourceId) = (base(), "wire".parse().expect("an id"));
    let Ok(feed) = parse::parse(input, &About { content_type: None, base: &base, dates: DateOrder::DayFirst }) else { return };
    assert!(feed.items.len() <= 10_000);
    let origin = Origin { source: &source, base: &base, feed_lang: feed.lang.as_deref() };
    for raw in feed.items {
        if let Ok(item) = clean_item(raw, &origin) {
            is_clean(&item);
        }
    }
}

/// Any markup becomes safe, stays so when it is made safe again, and its words are text.
pub fn clean(input: &[u8]) {
    let markup = String::from_utf8_lossy(input);
    let base = base();
    let once = SafeHtml::sanitise(&markup, Some(&base));
    assert_eq!(SafeHtml::sanitise(once.as_str(), Some(&base)), once, "cleaning twice changes nothing");
    is_safe(once.as_str());
    is_text(&html::text_of(&markup).split('\n').map(text::one_line).collect::<String>());
    let raw = RawItem {
        title: Some(RawText::Html(markup.clone().into_owned())),
        summary: Some(RawText::Html(markup.into_owned())),
        ..RawItem::default()
    };
    let source: SourceId = "wire".parse().expect("an id");
    if let Ok(item) = clean_item(raw, &Origin { source: &source, base: &base, feed_lang: None }) {
        is_clean(&item);
    }
}

/// Any bytes are a listing or an error, whatever its selectors; what is read can be cleaned, and what it leads to is on its host.
pub fn page(input: &[u8]) {
    let (base, source): (Url, SourceId) = (base(), "wire".parse().expect("an id"));
    let text = String::from_utf8_lossy(input);
    assert_ne!(Dom::parse(&text).err(), Some(BadPage::Unreadable));
    // The first line may be a selector, and then is one for the rest.
    let own = text.lines().next().and_then(|line| line.parse::<Selector>().ok());
    let written = |selector: &Selector| PageRules::of(selector.clone());
    let usual = "li, article, .views-row".parse().expect("a selector");
    let pick = |text: &str| text.parse::<Pick>().ok();
    let full = PageRules {
        until: "hr".parse().ok(),
        summary: pick("p"),
        image: pick("img"),
        country: pick("i"),
        date: pick("time, b"),
        formats: vec!["%A, %d %B %Y, %I:%M %p %z".parse().expect("a format")],
        next: pick("a"),
        detail: Some(Detail { date: pick("b"), summary: pick("div"), country: pick("@lang") }),
        ..PageRules::of("h3, h4".parse().expect("a selector"))
    };
    for rules in own.as_ref().map(written).into_iter().chain([written(&usual), full]) {
        let about = About { content_type: None, base: &base, dates: DateOrder::MonthFirst };
        let Ok(read) = parse::listing(input, &about, &rules) else { continue };
        assert!(read.feed.items.len() <= 1_000 && read.wants.len() == read.feed.items.len());
        assert!(read.next.iter().chain(read.wants.iter().flatten()).all(|url| parse::is_same_host(url, &base)));
        for mut raw in read.feed.items.into_iter().take(20) {
            parse::detail(input, &about, &rules, &mut raw).expect("a page that was read once");
            if let Ok(item) = clean_item(raw, &Origin { source: &source, base: &base, feed_lang: read.feed.lang.as_deref() }) {
                is_clean(&item);
            }
        }
    }
}

fn is_clean(item: &Item) {
    is_text(&item.title);
    is_text(&item.summary);
    assert!(item.title.chars().count() <= 501 && item.summary.chars().count() <= 601);
    assert_eq!(text::one_line(&item.title), item.title);
    for line in item.authors.iter().chain(item.categories.iter().map(|category| &category.term)) {
        is_text(line);
    }
    for url in item.link.iter().chain(&item.image).chain(item.enclosures.iter().map(|enclosure| &enclosure.url)) {
        assert!(url.starts_with("http://") || url.starts_with("https://"), "{url}");
    }
    if let Some(content) = &item.content {
        is_safe(content.as_str());
    }
}

fn is_text(text: &str) {
    assert!(text.chars().all(|c| text::is_xml_char(c) && !c.is_control()), "{text:?}");
}

/// No element and no attribute that could act; nothing that XML forbids.
fn is_safe(markup: &str) {
    assert!(markup.chars().all(text::is_xml_char), "{markup:?}");
    for tag in markup.split('<').skip(1) {
        let tag = tag.split('>').next().unwrap_or_default().to_ascii_lowercase();
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap_or_default();
        assert!(
            !["script", "style", "iframe", "object", "embed", "svg", "math", "form", "link", "meta", "base"].contains(&name),
            "{markup:?}"
        );
        assert!(!tag.contains(" on") || tag.contains('"'), "{markup:?}");
        for (attribute, scheme) in
            ["href", "src", "cite"].iter().flat_map(|name| ["javascript", "data", "vbscript"].map(|scheme| (name, scheme)))
        {
            assert!(!tag.contains(&format!(" {attribute}=\"{scheme}:")), "{markup:?}");
        }
    }
}
