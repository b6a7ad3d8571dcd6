//! `tributary discover`: from the address of a page to a source that can be pulled.
//!
//! Every address is asked once, one after the other, by the same client that pulls sources; what
//! it answers is read, cleaned and filed as it would be in a pull, so that what is shown is what
//! would be kept.

mod feeds;
mod tell;

use std::collections::{BTreeMap, HashSet};

use url::Url;

use self::feeds::Candidate;
use super::{Common, Failure, log, runtime};
use crate::{
    clean, config,
    config::Config,
    daemon,
    fetch::{Answer, Ask, FetchError},
    html,
    model::{Document, Item, Labels, Lang, Private, RawFeed, RawText, Second, Source},
    parse::{self, Behind},
    pull::{self, Kit},
    text,
};

/// Items that are shown.
const SHOWN: usize = 10;

/// How it is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Wishes {
    /// Add the block to `sources.toml`.
    pub write: bool,
    /// One JSON object a line, instead of words.
    pub json: bool,
    /// The page and its feeds may be at a private or loopback address.
    pub allow_private: bool,
}

/// What came of it.
struct Found {
    /// Every feed that was thought of, best first.
    feeds: Vec<Candidate>,
    /// The source that can be pulled.
    proposed: Option<Proposed>,
    /// Links that look like feeds and were not asked.
    left_out: usize,
    /// What the page is, in one line.
    page: String,
}

/// A source, and what it has now.
struct Proposed {
    source: Source,
    items: Vec<(Item, Labels)>,
}

/// Finds the best feed behind a page, or proposes how to read the page itself.
pub fn discover(common: &Common, address: &str, wishes: Wishes) -> Result<(), Failure> {
    let config = common.load(&[])?;
    log::start(common.log, "error");
    let url = given(address)?;
    if config.settings.daemon.contact.is_empty() && !wishes.allow_private {
        return Err(daemon::DaemonError::NoContact.into());
    }
    let mut search = Search {
        kit: daemon::kit(&config)?,
        config: &config,
        now: daemon::wall_clock()(),
        allow_private: wishes.allow_private,
        blank: Source::new("candidate".parse().map_err(|error| Failure::Failed(format!("{error}")))?, String::new(), url.clone()),
        hosts: vec![host(&url)],
        tired: HashSet::new(),
    };
    let found = runtime()?.block_on(search.run(&url))?;
    tell::found(&found, wishes.json).map_err(Failure::io("what was found could not be printed"))?;
    let Some(Proposed { source, items }) = found.proposed else {
        let what = "there is no feed, and nothing on the page repeats like a list of news; look for a page of news on that site, or write `[source.page]` by hand";
        return Err(Failure::Failed(what.to_owned()));
    };
    if let Some(known) = known(&config, &source) {
        let off = if known.enabled { "" } else { ", but switched off: `enabled = true` switches it on" };
        tell::known(&known.id, off, wishes.json).map_err(Failure::io("what was found could not be printed"))?;
        return Ok(());
    }
    let block = config::source_block(&source);
    tell::proposed(&source, &items, &block, wishes.json).map_err(Failure::io("the source could not be printed"))?;
    if wishes.write {
        eprintln!("`{}` was added to {}", source.id, common.append_sources(&block)?.display());
    } else {
        eprintln!("nothing was written: with --write it is added to sources.toml");
    }
    Ok(())
}

/// The address that was given; `https://` need not be typed.
fn given(address: &str) -> Result<Url, Failure> {
    let whole = if address.contains("://") { address.to_owned() } else { format!("https://{address}") };
    match Url::parse(&whole) {
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            Err(Failure::Misuse("the address holds a name or password, and would be published with the source".to_owned()))
        }
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(url),
        _ => Err(Failure::Misuse(format!("`{address}` is not the address of a page; give one such as https://example.org/news"))),
    }
}

fn host(url: &Url) -> String {
    url.host_str().unwrap_or_default().to_owned()
}

/// The source that has this address already.
fn known<'a>(config: &'a Config, source: &Source) -> Option<&'a Source> {
    let key = clean::canonical(&source.url);
    config.sources.iter().find(|known| clean::canonical(&known.url) == key)
}

/// One search: whom it may ask, and whom it asks no more.
struct Search<'a> {
    kit: Kit,
    config: &'a Config,
    now: Second,
    allow_private: bool,
    /// Stands in for a source until its name is known.
    blank: Source,
    /// The hosts of the page: only these may be private.
    hosts: Vec<String>,
    /// Hosts that do not answer, or asked us to slow down.
    tired: HashSet<String>,
}

impl Search<'_> {
    async fn run(&mut self, url: &Url) -> Result<Found, Failure> {
        let (document, moved) = self.ask(url).await.map_err(Failure::Failed)?;
        let url = moved.unwrap_or_else(|| url.clone());
        self.hosts.push(host(&document.url));
        let not_a_feed = match self.read(&document, &self.blank) {
            Ok((feed, items)) => {
                let source = self.source(&url, &document.url, &feed, &items, None)?;
                let page = format!("{url} is itself a feed");
                return Ok(Found {
                    feeds: vec![Candidate::itself(url, &feed, &items)],
                    proposed: Some(Proposed { source, items }),
                    left_out: 0,
                    page,
                });
            }
            Err(error) => error,
        };
        let page = match &not_a_feed {
            parse::ParseError::NotAFeed(what) => format!("{url} is {what}"),
            error => format!("{url}: {error}"),
        };
        let behind = parse::behind(&document.body, document.content_type.as_deref(), &document.url)
            .map_err(|error| Failure::Failed(format!("{url}: {error}")))?;
        let asked = feeds::ask(self, &behind).await;
        let of_feed = |feed: feeds::Working| {
            let source = self.source(&feed.url, &feed.from, &feed.feed, &feed.items, Some((&behind, &document.url)));
            source.map(|source| Proposed { source, items: feed.items })
        };
        let proposed = match asked.best {
            Some(feed) => Some(of_feed(feed)?),
            // A feed that has nothing is worth less than a page that has something.
            None => match self.page(&document, &url, &behind)? {
                Some(proposed) => Some(proposed),
                None => asked.empty.map(of_feed).transpose()?,
            },
        };
        Ok(Found { feeds: asked.candidates, proposed, left_out: behind.left_out, page })
    }

    /// The page itself as a source: the best proposal that reads items when it is tried.
    fn page(&self, document: &Document, url: &Url, behind: &Behind) -> Result<Option<Proposed>, Failure> {
        for proposal in parse::propose(behind) {
            let source = Source { url: url.clone(), page: Some(proposal.page), dates: proposal.dates, ..self.blank.clone() };
            let Ok((_, items)) = self.read(document, &source) else { continue };
            if items.len() < parse::FEWEST {
                continue;
            }
            let lang = spoken(&items).or(behind.lang);
            let title = behind.site.as_ref().unwrap_or(&behind.title).clone();
            return Ok(Some(Proposed { source: self.named(title, Source { lang, ..source })?, items }));
        }
        Ok(None)
    }

    /// Asks an address once; the error says why there is nothing.
    async fn ask(&mut self, url: &Url) -> Result<(Document, Option<Url>), String> {
        let host = host(url);
        if self.tired.contains(&host) {
            return Err(format!("not asked: {host} wants to be left alone"));
        }
        let is_allowed = self.allow_private && self.hosts.contains(&host);
        let ask = Ask {
            own: &self.blank.url,
            allow_private: if is_allowed { &Private::Allowed } else { &Private::Refused },
            ..Ask::first(url, self.config.settings.fetch.timeout)
        };
        match self.kit.client.fetch(&ask, self.now).await {
            Ok(Answer::Document { document, moved, .. }) => Ok((document, moved)),
            Ok(Answer::Unchanged { .. }) => Err("it answered that nothing has changed, to a first question".to_owned()),
            Err(FetchError::Forbidden { url, .. }) if !self.allow_private => {
                Err(format!("{url} is not public, or leads to what is not; --allow-private lets it be asked"))
            }
            Err(FetchError::Missing { .. }) => Err("there is nothing (404)".to_owned()),
            Err(error) => {
                if matches!(error, FetchError::SlowDown { .. } | FetchError::NoAnswer { .. } | FetchError::TooSlow { .. }) {
                    self.tired.insert(host);
                }
                Err(text::chain(&error))
            }
        }
    }

    /// Reads a document as a pull of this source would.
    fn read(&self, document: &Document, source: &Source) -> Result<(RawFeed, Vec<(Item, Labels)>), parse::ParseError> {
        pull::read(document, source, &self.kit.classifier).map(|(feed, items, _)| (feed, items))
    }

    /// The source that a feed would be; `from` is the address that its links are relative to.
    fn source(
        &self,
        url: &Url,
        from: &Url,
        feed: &RawFeed,
        items: &[(Item, Labels)],
        page: Option<(&Behind, &Url)>,
    ) -> Result<Source, Failure> {
        let own = match &feed.title {
            Some(RawText::Plain(title)) => text::one_line(title),
            Some(RawText::Html(title)) => text::one_line(&html::text_of(title)),
            None => String::new(),
        };
        let host = host(url).trim_start_matches("www.").to_owned();
        let told = page.map(|(behind, _)| behind.site.as_ref().unwrap_or(&behind.title).clone());
        let title = [own, told.unwrap_or_default(), host].into_iter().find(|title| !title.is_empty()).unwrap_or_default();
        let home = feed.home.as_deref().and_then(|home| clean::follow(home, from)).or_else(|| page.map(|(_, url)| url.clone()));
        let lang = spoken(items).or_else(|| page.and_then(|(behind, _)| behind.lang));
        let blank = Source { url: url.clone(), home, lang, ..self.blank.clone() };
        self.named(title, blank)
    }

    /// The same source with a name of its own, seen to work today.
    fn named(&self, title: String, source: Source) -> Result<Source, Failure> {
        let id = config::Ids::beside(&self.config.sources).give(&[&title, &host(&source.url)]);
        let id = id.ok_or_else(|| Failure::Failed("there is no id left for it".to_owned()))?;
        let probed = Some(self.now.date_time().date_naive());
        let allow_private = if self.allow_private { Private::Allowed } else { Private::Refused };
        Ok(Source { id, title, probed, allow_private, ..source })
    }
}

/// The language of most items.
fn spoken(items: &[(Item, Labels)]) -> Option<Lang> {
    let mut counts: BTreeMap<Lang, usize> = BTreeMap::new();
    items.iter().map(|(_, labels)| labels.lang.value).filter(|lang| lang.is_known()).for_each(|lang| *counts.entry(lang).or_default() += 1);
    counts.into_iter().find(|(_, count)| count * 2 > items.len()).map(|(lang, _)| lang)
}
