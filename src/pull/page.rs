//! One look at a listing without a feed: its pages, then the items' own pages for what it does not give.
//!
//! The listing is asked for as a feed is, conditionally; what it leads to is asked for only when it
//! changed, on the same host, one after the other, and a few at a time. An item whose own page is
//! still to be read is not kept yet: it comes with a later look, and until then the listing is never
//! taken for known. An item that is kept already is not asked for again; what the listing does not give of it
//! is what is kept.

use std::{collections::HashSet, sync::Arc, time::Duration};

use url::Url;

use super::{Kit, Trouble, about, labelled};
use crate::{
    clean::{self, Origin},
    fetch::{Answer, Ask, FetchError},
    model::{Document, Item, Labels, RawFeed, RawItem, Second, Source, SourceId, SourceState},
    parse::{self, PageError, ParseError},
    text,
};

/// Items' own pages that are asked for in one look at most: a hundred new items take ten looks, and no publisher takes us for an attack.
const MOST_ITEM_PAGES: usize = 10;
/// When items' own pages did not answer in this many looks in a row, those that still do not are kept without.
const PATIENCE: u32 = 2;
/// A host that asks us to slow down without saying how long is left alone for this long.
const SLOWER: Duration = Duration::from_hours(1);

/// What is kept of the item that a source has at a canonical link.
pub type Recall = Arc<dyn Fn(&SourceId, &str) -> Option<Item> + Send + Sync>;

/// What was there.
pub(super) struct Gathered {
    /// The feed without its items.
    pub feed: RawFeed,
    /// The items, cleaned and labelled.
    pub items: Vec<(Item, Labels)>,
    /// How many had neither title, link nor text.
    pub dropped: usize,
    /// Whether everything that the listing told of is among the items.
    pub is_whole: bool,
    /// Looks in a row that left out items because their own pages did not answer.
    pub unread: u32,
    /// How long the host asked to be left alone.
    pub wait: Option<Duration>,
}

/// An item of a listing on its way to be kept.
enum Entry {
    /// It has all that it will have.
    Ready(Box<Item>),
    /// Something is wanted from its own page.
    Wanting { url: Url, raw: Box<RawItem> },
    /// It comes with a later look.
    Later,
}

/// One look at one listing.
pub(super) struct Reading<'a> {
    pub kit: &'a Kit,
    pub source: &'a Arc<Source>,
    pub known: Option<&'a SourceState>,
    pub recall: &'a Recall,
    pub now: Second,
}

/// One page of it.
struct Page {
    feed: RawFeed,
    entries: Vec<Entry>,
    dropped: usize,
    next: Option<Url>,
}

impl Reading<'_> {
    /// Reads the listing that begins with this document.
    pub(super) async fn gather(&self, first: Document) -> Result<Gathered, Trouble> {
        let url = first.url.clone();
        let page = self.page(first).await?;
        let mut gathered = Gathered { feed: page.feed, items: Vec::new(), dropped: page.dropped, is_whole: true, unread: 0, wait: None };
        let mut entries = page.entries;
        self.further_pages(&url, page.next, &mut entries, &mut gathered).await;
        // What moves from page to page while they are read is there twice.
        let mut seen = HashSet::new();
        entries.retain(|entry| match entry {
            Entry::Ready(item) => seen.insert(item.upstream.id.clone()),
            Entry::Wanting { url, .. } => seen.insert(clean::canonical(url)),
            Entry::Later => true,
        });
        self.item_pages(&url, &mut entries, &mut gathered).await?;
        let (classifier, source) = (self.kit.classifier.clone(), self.source.clone());
        let ready = move || {
            let items = entries.into_iter().filter_map(|entry| if let Entry::Ready(item) = entry { Some(*item) } else { None });
            items.map(|item| labelled(item, &source, &classifier)).collect()
        };
        gathered.items = super::in_turn(ready).await?;
        Ok(gathered)
    }

    /// Reads one page of the listing, and recalls what is kept of its items.
    async fn page(&self, document: Document) -> Result<Page, Trouble> {
        let (source, recall) = (self.source.clone(), self.recall.clone());
        let read = super::in_turn(move || {
            let Some(rules) = &source.page else {
                return Ok(Page { feed: RawFeed::default(), entries: Vec::new(), dropped: 0, next: None });
            };
            let parse::Listing { mut feed, wants, next } = parse::listing(&document.body, &about(&document, &source), rules)?;
            let raw = std::mem::take(&mut feed.items);
            let count = raw.len();
            let origin = Origin { source: &source.id, base: &document.url, feed_lang: feed.lang.as_deref() };
            let entry = |(raw, wants): (RawItem, Option<Url>)| {
                let Some(url) = wants else { return Some(Entry::Ready(Box::new(clean::clean(raw, &origin).ok()?))) };
                let item = clean::clean(raw.clone(), &origin).ok()?;
                match item.canonical.as_deref().and_then(|link| recall(&source.id, link)) {
                    Some(kept) => Some(Entry::Ready(Box::new(completed(item, kept)))),
                    // What it stands on is its base, also when it is read among those of other pages.
                    None => {
                        let base = raw.base.clone().or_else(|| Some(document.url.clone()));
                        Some(Entry::Wanting { url, raw: Box::new(RawItem { base, ..raw }) })
                    }
                }
            };
            let entries: Vec<Entry> = raw.into_iter().zip(wants).filter_map(entry).collect();
            let dropped = count - entries.len();
            Ok::<_, ParseError>(Page { feed, entries, dropped, next })
        });
        Ok(read.await??)
    }

    /// Reads the pages after the first. One that can not be had costs none of the others.
    async fn further_pages(&self, first: &Url, mut next: Option<Url>, entries: &mut Vec<Entry>, gathered: &mut Gathered) {
        let mut asked = HashSet::from([first.clone()]);
        for number in 2..=self.source.page.as_ref().map_or(1, |rules| rules.pages) {
            let Some(url) = next.take().filter(|url| asked.insert(url.clone())) else { break };
            let read = match self.fetch(&url).await {
                Ok(document) => self.page(document).await,
                Err(error) => Err(error.into()),
            };
            match read {
                Ok(page) => {
                    entries.extend(page.entries);
                    gathered.dropped += page.dropped;
                    next = page.next;
                }
                // Behind the last page many sites show an empty one.
                Err(Trouble::Parse(ParseError::Page(PageError::NothingMatches { .. }))) => break,
                Err(trouble) => {
                    gathered.is_whole = false;
                    gathered.feed.repaired.push(format!("page {number} of the listing is left out: {}", text::chain(&trouble)));
                    if let Trouble::Fetch(FetchError::SlowDown { retry_after, .. }) = trouble {
                        gathered.wait = Some(retry_after.unwrap_or(SLOWER));
                    }
                    break;
                }
            }
        }
    }

    /// Reads the own pages of the items that want it, the oldest first, so that they are kept in the order in which they appeared.
    async fn item_pages(&self, listing: &Url, entries: &mut [Entry], gathered: &mut Gathered) -> Result<(), Trouble> {
        let lang = gathered.feed.lang.clone();
        let origin = Origin { source: &self.source.id, base: listing, feed_lang: lang.as_deref() };
        let failed_before = self.known.map_or(0, |state| state.unread);
        let (mut asked, mut is_silent) = (0, false);
        for entry in entries.iter_mut().rev() {
            if !matches!(entry, Entry::Wanting { .. }) {
                continue;
            }
            let Entry::Wanting { url, mut raw } = std::mem::replace(entry, Entry::Later) else { continue };
            if asked == MOST_ITEM_PAGES || gathered.wait.is_some() {
                gathered.is_whole = false;
                continue;
            }
            asked += 1;
            match self.fetch(&url).await {
                Ok(document) if parse::is_same_host(&document.url, listing) => raw = self.item_page(document, raw).await?,
                // It leads to another site, of which this one says nothing.
                Ok(_) => {}
                Err(FetchError::SlowDown { retry_after, .. }) => {
                    gathered.is_whole = false;
                    gathered.wait = Some(retry_after.unwrap_or(SLOWER));
                    continue;
                }
                Err(FetchError::NoAnswer { .. } | FetchError::TooSlow { .. } | FetchError::Failed { .. } | FetchError::Proxy { .. })
                    if failed_before < PATIENCE =>
                {
                    gathered.is_whole = false;
                    is_silent = true;
                    continue;
                }
                // What the listing tells is better than nothing.
                Err(_) => {}
            }
            match clean::clean(*raw, &origin) {
                Ok(item) => *entry = Entry::Ready(Box::new(item)),
                Err(clean::Dropped::Empty(_)) => gathered.dropped += 1,
            }
        }
        if is_silent {
            gathered.unread = failed_before + 1;
            gathered.feed.repaired.push("items are left out for now, because their own pages do not answer".to_owned());
        }
        Ok(())
    }

    /// Adds to an item what its own page tells; a page that can not be read tells nothing.
    async fn item_page(&self, document: Document, mut raw: Box<RawItem>) -> Result<Box<RawItem>, Trouble> {
        let source = self.source.clone();
        let read = super::in_turn(move || {
            if let Some(rules) = &source.page {
                let _ = parse::detail(&document.body, &about(&document, &source), rules, &mut raw);
            }
            raw
        });
        read.await
    }

    /// Asks for a page that the listing leads to.
    async fn fetch(&self, url: &Url) -> Result<Document, FetchError> {
        let Source { url: own, headers, timeout, allow_private, allow_downgrade, .. } = &**self.source;
        let ask = Ask { own, headers, allow_private, allow_downgrade: *allow_downgrade, ..Ask::first(url, *timeout) };
        match self.kit.client.fetch(&ask, self.now).await? {
            Answer::Document { document, .. } => {
                self.kit.meters.fetched(document.body.len());
                Ok(document)
            }
            // Only who asks conditionally is answered so; anything else is an error already.
            Answer::Unchanged { .. } => {
                Err(FetchError::Nonsense { host: url.host_str().unwrap_or_default().to_owned(), what: "nothing has changed" })
            }
        }
    }
}

/// An item as the listing tells it, and what its own page told at first sight.
fn completed(item: Item, kept: Item) -> Item {
    let is_told = !item.summary.is_empty() || item.content.is_some();
    let (summary, content) = if is_told { (item.summary, item.content) } else { (kept.summary, kept.content) };
    let categories = if item.categories.is_empty() { kept.categories } else { item.categories };
    Item { published: item.published.or(kept.published), summary, content, categories, ..item }
}
