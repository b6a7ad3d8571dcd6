//! Listings without a feed: HTML read with the selectors of a source.
//!
//! Each item is an element, or with `until` an element and what follows it. What the source names
//! no place for is looked for where it usually stands. When selectors that were right once find
//! nothing any more the listing is *broken*, and the error says so: an empty feed would be believed.
//! Deliberately absent: asking for the next page or for an item's own page (`pull`), and scripts: what
//! a page draws by itself when it is opened is not on it when it is read.

mod dates;

use std::collections::HashSet;

use url::Url;

use super::{About, ParseError, decode, sniff};
use crate::{
    html::{BadPage, Dom, Element, Selector},
    model::{Detail, PageRules, Pick, RawFeed, RawItem, RawText, page::COUNTRY_LINE},
    text,
};

/// Items of one page at most.
const MOST_ITEMS: usize = 1_000;
/// Countries in one line at most.
const MOST_COUNTRIES: usize = 50;
/// Markup of one summary at most, in bytes; the rest of what matches is left out.
const LONGEST_SUMMARY: usize = 64 << 10;

/// The longest line that is read, in bytes: titles, dates, countries.
const LONGEST_LINE: usize = 4 << 10;

/// Where lazy pages keep the address of a picture until it is looked at, best first; `src` is a placeholder then.
const IMAGE_ATTRIBUTES: [&str; 6] = ["data-src", "data-lazy-src", "data-original", "data-srcset", "srcset", "src"];

/// Why a page is no listing that we can read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PageError {
    /// The selector of items finds nothing.
    #[error(
        "the publisher sent {sent}, in which `item` = \"{selector}\" matches nothing; when the site has changed, `tributary discover {url}` proposes selectors"
    )]
    NothingMatches {
        /// What was sent.
        sent: String,
        /// The selector.
        selector: String,
        /// The address.
        url: String,
    },
    /// Items are found, and the parts that make them items are not.
    #[error(
        "the publisher sent {sent}, in which `item` = \"{selector}\" matches {items}×, never with {what}; when the site has changed, `tributary discover {url}` proposes selectors"
    )]
    NoParts {
        /// What was sent.
        sent: String,
        /// The selector.
        selector: String,
        /// How many elements it matches.
        items: usize,
        /// What none of them has: `a title or a link`, ``a `title` = "h3" ``.
        what: String,
        /// The address.
        url: String,
    },
    /// No tree can be built of it.
    #[error(transparent)]
    Bad(#[from] BadPage),
}

/// A listing as it was read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Listing {
    /// Title and language of the page, and its items in the order of the page; of kind `page`.
    pub feed: RawFeed,
    /// For each item the address of its own page, when something of it is to be read there.
    pub wants: Vec<Option<Url>>,
    /// The next page of the listing, on the same host.
    pub next: Option<Url>,
}

/// Reads a page of a listing.
pub fn listing(body: &[u8], about: &About<'_>, rules: &PageRules) -> Result<Listing, ParseError> {
    let (markup, repaired) = decode(body, about.content_type);
    let dom = Dom::parse(&markup).map_err(PageError::Bad)?;
    let page = Page { dom: &dom, base: base(&dom, about.base), about, rules };
    let items: Vec<Item<'_>> = page.items().take(MOST_ITEMS).collect();
    let (selector, url) = (rules.item.to_string(), about.base.to_string());
    let sent = || sniff::what_is(body, &markup);
    if items.is_empty() {
        return Err(PageError::NothingMatches { sent: sent(), selector, url }.into());
    }
    let read: Vec<(RawItem, Option<Url>)> = items.iter().map(|item| page.read(item)).collect();
    let nothing = match &rules.title {
        Some(title) if read.iter().all(|(item, _)| item.title.is_none()) => Some(format!("a `title` = \"{title}\"")),
        _ if read.iter().all(|(item, _)| item.title.is_none() && item.link.is_none()) => Some("a title or a link".to_owned()),
        _ => None,
    };
    if let Some(what) = nothing {
        return Err(PageError::NoParts { sent: sent(), selector, items: items.len(), what, url }.into());
    }
    let lang = dom.elements().find(|element| element.name() == "html").and_then(|html| html.attribute("lang"));
    let (items, wants) = read.into_iter().unzip();
    let feed = RawFeed {
        kind: "page".to_owned(),
        title: dom.title().map(RawText::Plain),
        lang: lang.map(str::to_owned),
        items,
        repaired,
        ..RawFeed::default()
    };
    Ok(Listing { feed, wants, next: page.next() })
}

/// Reads from an item's own page what the listing did not give.
pub fn detail(body: &[u8], about: &About<'_>, rules: &PageRules, item: &mut RawItem) -> Result<(), ParseError> {
    let Some(Detail { date, summary, country }) = &rules.detail else { return Ok(()) };
    let (markup, _) = decode(body, about.content_type);
    let dom = Dom::parse(&markup).map_err(PageError::Bad)?;
    let page = Page { dom: &dom, base: base(&dom, about.base), about, rules };
    let whole = Item { elements: dom.elements().find(|element| element.name() == "html").into_iter().collect(), is_open: false };
    if let Some(date) = date.as_ref().filter(|_| item.published.is_none()) {
        item.published = page.date(&whole, date);
    }
    if let Some(country) = country.as_ref().filter(|_| item.categories.is_empty()) {
        item.categories = countries(&whole, country);
    }
    if let Some(summary) = summary.as_ref().filter(|_| item.summary.is_none()) {
        item.summary = page.summary(&whole, Some(summary));
        // Everything else is absolute by now.
        item.base = Some(page.base);
    }
    Ok(())
}

/// What the links of a page are relative to.
fn base(dom: &Dom, url: &Url) -> Url {
    let named = dom.elements().filter(|element| element.name() == "base").find_map(|element| element.attribute("href"));
    named.and_then(|href| url.join(href).ok()).unwrap_or_else(|| url.clone())
}

/// Whether two addresses are on one host, with or without `www.`.
pub fn is_same_host(one: &Url, other: &Url) -> bool {
    let host = |url: &Url| url.host_str().map(|host| host.strip_prefix("www.").unwrap_or(host).to_owned());
    matches!(one.scheme(), "http" | "https") && host(one) == host(other) && one.port() == other.port()
}

struct Page<'a> {
    dom: &'a Dom,
    base: Url,
    about: &'a About<'a>,
    rules: &'a PageRules,
}

/// The elements that make one item: its own, and with `until` those that follow it.
struct Item<'a> {
    elements: Vec<Element<'a>>,
    /// Whether its elements are parts of it themselves, rather than only what is in them.
    is_open: bool,
}

impl<'a> Item<'a> {
    fn own(&self) -> Option<Element<'a>> {
        self.elements.first().copied()
    }

    /// What matches a selector, in the order of the page.
    fn select<'b>(&'b self, selector: &'b Selector) -> impl Iterator<Item = Element<'a>> + use<'a, 'b> {
        self.elements.iter().flat_map(move |element| {
            let own = (self.is_open && element.is(selector)).then_some(*element);
            own.into_iter().chain(element.select(selector))
        })
    }

    /// What a pick names, in the order of the page.
    fn pick<'b>(&'b self, pick: &'b Pick) -> Box<dyn Iterator<Item = Element<'a>> + 'b> {
        match &pick.selector {
            Some(selector) => Box::new(self.select(selector)),
            None => Box::new(self.own().into_iter()),
        }
    }

    /// All elements of it.
    fn all(&self) -> impl Iterator<Item = Element<'a>> {
        self.elements.iter().flat_map(|element| std::iter::once(*element).chain(element.elements()))
    }
}

impl<'a> Page<'a> {
    fn items(&self) -> Box<dyn Iterator<Item = Item<'a>> + '_> {
        let own = self.dom.outermost(&self.rules.item);
        let Some(until) = &self.rules.until else { return Box::new(own.map(|element| Item { elements: vec![element], is_open: false })) };
        // Whatever holds an item, or is one, ends the one before it.
        let own: Vec<Element<'a>> = own.collect();
        let mut ends = HashSet::new();
        for element in &own {
            // Where one was before, all have been.
            element.outwards().take_while(|around| ends.insert(around.id())).for_each(drop);
        }
        Box::new(own.into_iter().map(move |element| {
            let following = element.following().take_while(|next| !ends.contains(&next.id()) && !next.is(until));
            Item { elements: std::iter::once(element).chain(following).collect(), is_open: true }
        }))
    }

    fn read(&self, item: &Item<'a>) -> (RawItem, Option<Url>) {
        let rules = self.rules;
        let title = self.title(item);
        let link = match &rules.link {
            Some(pick) => item.pick(pick).find_map(|element| self.link(element, pick.attribute.as_deref())),
            None => {
                let near = title.as_ref().and_then(|(element, _)| self.link(*element, None));
                near.or_else(|| item.all().filter(|element| element.name() == "a").find_map(|element| self.link(element, None)))
            }
        };
        let read = RawItem {
            title: title.map(|(_, words)| RawText::Plain(words)),
            summary: self.summary(item, rules.summary.as_ref()),
            published: rules.date.as_ref().and_then(|pick| self.date(item, pick)),
            image: rules.image.as_ref().and_then(|pick| item.pick(pick).find_map(|element| self.image(element, pick.attribute.as_deref()))),
            categories: rules.country.as_ref().map(|pick| countries(item, pick)).unwrap_or_default(),
            link: link.as_ref().map(Url::to_string),
            base: (self.base != *self.about.base).then(|| self.base.clone()),
            ..RawItem::default()
        };
        let lacks = rules
            .detail
            .as_ref()
            .is_some_and(|detail| detail.date.is_some() && read.published.is_none() || detail.summary.is_some() && read.summary.is_none());
        let wants = link.filter(|link| lacks && is_same_host(link, self.about.base));
        (read, wants)
    }

    /// The title, and the element that it is of.
    fn title(&self, item: &Item<'a>) -> Option<(Element<'a>, String)> {
        let told = |element: Element<'a>, attribute: Option<&str>| {
            let words = words(element, attribute);
            (!words.is_empty()).then_some((element, words))
        };
        if let Some(pick) = &self.rules.title {
            return item.pick(pick).find_map(|element| told(element, pick.attribute.as_deref()));
        }
        let is_heading = |element: &Element<'a>| matches!(element.name(), "h1" | "h2" | "h3" | "h4" | "h5" | "h6");
        let heading = item.all().filter(is_heading).find_map(|element| told(element, None));
        let link = || item.all().filter(|element| self.link_of(*element).is_some()).find_map(|element| told(element, None));
        heading.or_else(link).or_else(|| item.own().filter(|_| item.is_open).and_then(|element| told(element, None)))
    }

    /// Where an element leads: by an attribute of it, or by the link that it is, holds or stands in.
    fn link(&self, element: Element<'a>, attribute: Option<&str>) -> Option<Url> {
        if let Some(name) = attribute {
            return self.address(element.attribute(name)?);
        }
        let within = std::iter::once(element).chain(element.elements());
        within.chain(element.outwards().skip(1)).find_map(|element| self.link_of(element))
    }

    fn link_of(&self, element: Element<'a>) -> Option<Url> {
        if element.name() == "a" { self.address(element.attribute("href")?) } else { None }
    }

    /// An address that leads to another page. Where a listing adds its own place in the pager to the links on it, that is taken out again.
    fn address(&self, href: &str) -> Option<Url> {
        if href.starts_with('#') {
            return None;
        }
        let mut url = self.base.join(href).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
        let own: Vec<&str> = self.about.base.query().unwrap_or_default().split('&').filter(|pair| pair.starts_with("page=")).collect();
        if let Some(query) = url.query().filter(|_| !own.is_empty() && url.path() != self.about.base.path()) {
            let kept: Vec<&str> = query.split('&').filter(|pair| !own.contains(pair)).collect();
            let kept = (!kept.is_empty()).then(|| kept.join("&"));
            url.set_query(kept.as_deref());
        }
        Some(url)
    }

    /// The address of the picture that an element is or holds.
    fn image(&self, element: Element<'a>, attribute: Option<&str>) -> Option<String> {
        // The first of a set of sizes; a picture that is written out in its address is a placeholder.
        let address = |value: &str| {
            let first = value.split_whitespace().next()?.trim_end_matches(',');
            let url = self.base.join(first).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
            Some(url.to_string())
        };
        if let Some(name) = attribute {
            return address(element.attribute(name)?);
        }
        let within = std::iter::once(element).chain(element.elements());
        let pictures = within.filter(|element| matches!(element.name(), "img" | "source"));
        pictures.flat_map(|picture| IMAGE_ATTRIBUTES.iter().filter_map(move |name| picture.attribute(name))).find_map(address)
    }

    fn date(&self, item: &Item<'a>, pick: &Pick) -> Option<chrono::DateTime<chrono::Utc>> {
        let read = |written: &str| dates::read(written, &self.rules.formats, self.rules.locale, self.about.dates);
        item.pick(pick).find_map(|element| match &pick.attribute {
            Some(name) => read(element.attribute(name)?),
            None => {
                // The machine's date before the reader's, also of a `time` inside.
                let times = std::iter::once(element).chain(element.elements()).filter(|element| element.name() == "time");
                let exact = times.filter_map(|time| time.attribute("datetime")).find_map(read);
                exact.or_else(|| read(&element.text(LONGEST_LINE)))
            }
        })
    }

    /// All that matches, or what follows the item's own element.
    fn summary(&self, item: &Item<'a>, pick: Option<&Pick>) -> Option<RawText> {
        let parts: Vec<Element<'a>> = match pick {
            Some(Pick { attribute: Some(name), .. }) => {
                let told = pick.into_iter().flat_map(|pick| item.pick(pick)).map(|element| words(element, Some(name)));
                let told = told.filter(|words| !words.is_empty()).collect::<Vec<_>>().join(" ");
                return (!told.is_empty()).then_some(RawText::Plain(told));
            }
            Some(pick) => item.pick(pick).collect(),
            None => item.elements.iter().skip(1).copied().collect(),
        };
        let mut markup = String::new();
        let taken: HashSet<_> = parts.iter().map(|part| part.id()).collect();
        // What stands in a part that is taken is there already.
        for part in parts.iter().filter(|part| !part.outwards().skip(1).any(|around| taken.contains(&around.id()))) {
            let room = LONGEST_SUMMARY.saturating_sub(markup.len());
            if room > 0 && !text::one_line(&part.text(room)).is_empty() {
                markup.push_str(&part.markup(room));
                markup.push('\n');
            }
        }
        (!markup.is_empty()).then_some(RawText::Html(markup))
    }

    /// The next page of the listing.
    fn next(&self) -> Option<Url> {
        let pick = self.rules.next.as_ref()?;
        let whole = Item { elements: self.dom.elements().take(1).collect(), is_open: true };
        let mut next = whole.pick(pick).find_map(|element| match &pick.attribute {
            Some(name) => self.base.join(element.attribute(name)?).ok(),
            None => {
                let links = std::iter::once(element).chain(element.elements()).chain(element.outwards().skip(1));
                links.filter_map(|element| element.attribute("href")).find_map(|href| self.base.join(href).ok())
            }
        })?;
        next.set_fragment(None);
        (is_same_host(&next, self.about.base) && next != *self.about.base).then_some(next)
    }
}

/// The words of an element or of its attribute, in one line.
fn words(element: Element<'_>, attribute: Option<&str>) -> String {
    match attribute {
        Some(name) => text::one_line(element.attribute(name).unwrap_or_default()),
        None => text::one_line(&element.text(LONGEST_LINE)),
    }
}

/// The countries of a line such as `Country: Belize, Costa Rica, Other`, or of one element each, as categories of a vocabulary of ours.
fn countries(item: &Item<'_>, pick: &Pick) -> Vec<(String, Option<String>, Option<String>)> {
    let mut countries: Vec<String> = Vec::new();
    for element in item.pick(pick) {
        let line = words(element, pick.attribute.as_deref());
        let line = line.split_once(':').map_or(line.as_str(), |(_, names)| names);
        for name in line.split([',', ';', '|', '/', '·']).map(str::trim).filter(|name| !name.is_empty()) {
            if countries.len() < MOST_COUNTRIES && !countries.iter().any(|known| known == name) {
                countries.push(name.to_owned());
            }
        }
    }
    countries.into_iter().map(|country| (country, Some(COUNTRY_LINE.to_owned()), None)).collect()
}
