//! Asking the feeds that a page may have, and putting them in order.

use std::collections::HashMap;

use url::Url;

use super::{Search, spoken};
use crate::{
    cli::progress,
    model::{Document, Item, Labels, Lang, RawFeed},
    parse::{self, Behind, How, Lead, Merit},
};

/// An address that was thought of.
pub struct Candidate {
    /// The address to configure.
    pub url: Url,
    /// How we came by it; `None` when it was given.
    pub how: Option<How>,
    /// What the page calls it.
    pub label: String,
    /// What speaks for it, when it works.
    pub merit: Option<Merit>,
    /// Why it is not the best, or not a feed at all; `None` for the best.
    pub why_not: Option<String>,
}

/// A feed that works.
pub struct Working {
    /// The address to configure.
    pub url: Url,
    /// The address that its links are relative to.
    pub from: Url,
    /// The feed, without its items.
    pub feed: RawFeed,
    /// Its items.
    pub items: Vec<(Item, Labels)>,
    lead: Lead,
    merit: Merit,
}

/// What was found behind a page.
pub struct Asked {
    /// Every address that was thought of, best first.
    pub candidates: Vec<Candidate>,
    /// The best feed that has news.
    pub best: Option<Working>,
    /// A feed that works and has none: better than nothing.
    pub empty: Option<Working>,
}

impl Candidate {
    /// The address that was asked for, when that is a feed.
    pub fn itself(url: Url, feed: &RawFeed, items: &[(Item, Labels)]) -> Self {
        let merit = weigh(feed, items, None, false);
        Self { url, how: None, label: String::new(), merit: Some(merit), why_not: None }
    }

    fn without(lead: &Lead, why: impl Into<String>) -> Self {
        Self { url: lead.url.clone(), how: Some(lead.how), label: lead.label.clone(), merit: None, why_not: Some(why.into()) }
    }
}

fn weigh(feed: &RawFeed, items: &[(Item, Labels)], page: Option<Lang>, is_comments: bool) -> Merit {
    let lang = spoken(items);
    let items: Vec<&Item> = items.iter().map(|(item, _)| item).collect();
    Merit::of(feed, &items, lang, page, is_comments)
}

/// Asks what a page tells of; only when that gives no news, the places where other sites have their feeds.
pub async fn ask(search: &mut Search<'_>, behind: &Behind) -> Asked {
    let mut working: Vec<Working> = Vec::new();
    let mut others: Vec<Candidate> = Vec::new();
    // Addresses that led somewhere, and where.
    let mut led: HashMap<Url, Url> = HashMap::new();
    let has_news = |working: &[Working]| working.iter().any(Working::has_news);
    let bar = progress::bar((behind.leads.len() + behind.guesses.len()) as u64);
    for lead in behind.leads.iter().chain(&behind.guesses) {
        bar.inc(1);
        if has_news(&working) {
            match lead.how {
                How::Guessed => break,
                _ if lead.is_comments() => {
                    others.push(Candidate::without(lead, "not asked: it holds comments"));
                    continue;
                }
                _ => {}
            }
        }
        let (document, moved) = match search.ask(&lead.url).await {
            Ok(answer) => answer,
            Err(why) => {
                others.push(Candidate::without(lead, why));
                continue;
            }
        };
        if let Some(first) = led.get(&document.url) {
            others.push(Candidate::without(lead, format!("it leads to the same as {first}")));
            continue;
        }
        led.insert(document.url.clone(), lead.url.clone());
        match read(search, &document, moved, lead, behind.lang) {
            Ok(feed) => working.push(feed),
            Err(error) => others.push(Candidate::without(lead, error.to_string())),
        }
    }
    bar.finish_and_clear();
    order(working, others)
}

fn read(
    search: &Search<'_>,
    document: &Document,
    moved: Option<Url>,
    lead: &Lead,
    page: Option<Lang>,
) -> Result<Working, parse::ParseError> {
    let (feed, items) = search.read(document, &search.blank)?;
    let merit = weigh(&feed, &items, page, lead.is_comments());
    Ok(Working { url: moved.unwrap_or_else(|| lead.url.clone()), from: document.url.clone(), feed, items, lead: lead.clone(), merit })
}

/// The feeds that work, best first, then what does not work.
fn order(working: Vec<Working>, others: Vec<Candidate>) -> Asked {
    let merits: Vec<Merit> = working.iter().map(|feed| feed.merit.clone()).collect();
    let mut slots: Vec<Option<Working>> = working.into_iter().map(Some).collect();
    let mut asked = Asked { candidates: Vec::new(), best: None, empty: None };
    for (at, why_not) in parse::rank(&merits) {
        let Some(feed) = slots[at].take() else { continue };
        let is_best = why_not.is_none() && feed.has_news();
        let why_not = match why_not {
            _ if is_best => None,
            Some(why) => Some(why.to_owned()),
            None if feed.merit.is_comments => Some("it holds comments".to_owned()),
            None => Some("it has no items".to_owned()),
        };
        asked.candidates.push(Candidate {
            url: feed.url.clone(),
            how: Some(feed.lead.how),
            label: feed.lead.label.clone(),
            merit: Some(feed.merit.clone()),
            why_not,
        });
        if is_best {
            asked.best = Some(feed);
        } else if asked.empty.is_none() && !feed.merit.is_comments && feed.items.is_empty() {
            asked.empty = Some(feed);
        }
    }
    asked.candidates.extend(others);
    asked
}

impl Working {
    fn has_news(&self) -> bool {
        !self.items.is_empty() && !self.merit.is_comments
    }
}
