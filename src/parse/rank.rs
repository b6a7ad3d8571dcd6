//! Which of several feeds of one site is the best, and why.
//!
//! One that works goes before one that does not, news before comments, a living feed before a
//! dead one, the more complete before the less; between equals Atom, which says most clearly
//! what it means. Deliberately absent: asking and reading them.

use std::{cmp::Reverse, time::Duration};

use super::discover::speaks_of_comments;
use crate::model::{Item, Lang, RawFeed, RawText, Second, UpstreamFrom};

/// A feed whose newest item is so much older than that of another one of the site is a dead one.
const DEAD_AFTER: Duration = Duration::from_hours(180 * 24);

/// What speaks for a feed. Shares are of its items, in percent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merit {
    /// `RSS 2.0`, `Atom 1.0`, `JSON Feed 1.1` and so on.
    pub kind: String,
    /// How many items it has.
    pub items: usize,
    /// Items with a date.
    pub dated: u32,
    /// Items whose date has a time of the day.
    pub timed: u32,
    /// Items with an id of their own.
    pub named: u32,
    /// Items with their whole text.
    pub whole: u32,
    /// Items with a summary.
    pub told: u32,
    /// The date of its newest item.
    pub newest: Option<Second>,
    /// The language that most of its items are in, when it is known.
    pub lang: Option<Lang>,
    /// Whether that is the language of the page; `None` when one of them is not known.
    pub speaks_as_page: Option<bool>,
    /// Whether it holds comments.
    pub is_comments: bool,
    /// Whether it had to be repaired.
    pub is_repaired: bool,
}

impl Merit {
    /// Weighs a feed that was read. `lang` is the language that most of its items are in, `page` the one of the page it belongs to.
    pub fn of(feed: &RawFeed, items: &[&Item], lang: Option<Lang>, page: Option<Lang>, is_comments: bool) -> Self {
        let share = |is_so: &dyn Fn(&Item) -> bool| {
            let count = items.iter().filter(|item| is_so(item)).count();
            u32::try_from(count * 100 / items.len().max(1)).unwrap_or(100)
        };
        let lang = lang.filter(|lang| lang.is_known());
        let title = match &feed.title {
            Some(RawText::Plain(title) | RawText::Html(title)) => title.as_str(),
            None => "",
        };
        Self {
            kind: feed.kind.clone(),
            items: items.len(),
            dated: share(&|item| item.published.is_some()),
            timed: share(&|item| item.published.is_some_and(|at| at.unix() % 86_400 != 0)),
            named: share(&|item| item.upstream.from == UpstreamFrom::Guid),
            whole: share(&|item| item.content.is_some()),
            told: share(&|item| !item.summary.is_empty()),
            newest: items.iter().filter_map(|item| item.published).max(),
            lang,
            speaks_as_page: lang.zip(page).map(|(lang, page)| lang == page),
            is_comments: is_comments || speaks_of_comments(title),
            is_repaired: !feed.repaired.is_empty(),
        }
    }

    /// How much the feed tells, of 100.
    fn completeness(&self) -> u32 {
        let [dates, ids, words, language] = self.parts();
        dates + ids + words + language
    }

    /// Dates, ids, text, language.
    fn parts(&self) -> [u32; 4] {
        let language = self.speaks_as_page.map_or(10, |same| if same { 20 } else { 0 });
        [self.dated / 5 + self.timed / 10, self.named * 15 / 100, self.whole * 15 / 100 + self.told / 5, language]
    }

    fn family(&self) -> u32 {
        if self.kind.starts_with("Atom") { 2 } else { u32::from(self.kind.starts_with("JSON")) }
    }

    /// What decides, the weightiest first; more is better. `freshest` is the newest item of all feeds that are compared.
    fn key(&self, freshest: Option<Second>) -> [u32; 6] {
        let is_dead = freshest.is_some_and(|freshest| self.newest.is_some_and(|newest| freshest.since(newest) > DEAD_AFTER));
        [
            u32::from(self.items > 0),
            u32::from(!self.is_comments),
            u32::from(!is_dead),
            // A few percent are no difference.
            self.completeness() / 5,
            u32::from(!self.is_repaired),
            self.family(),
        ]
    }

    /// What is good about it, in one line.
    pub fn praise(&self) -> String {
        let share = |percent: u32, what: &str| match percent {
            0 => format!("none {what}"),
            100 => format!("all {what}"),
            some => format!("{some} % {what}"),
        };
        let mut parts = vec![
            format!("{}, {} item{}", self.kind, self.items, if self.items == 1 { "" } else { "s" }),
            share(self.dated, "dated"),
            share(self.named, "with ids"),
            if self.whole > 0 { share(self.whole, "with whole text") } else { share(self.told, "with a summary") },
        ];
        parts.extend(self.lang.map(|lang| match self.speaks_as_page {
            Some(true) => format!("in {lang} as the page"),
            Some(false) => format!("in {lang}, unlike the page"),
            None => format!("in {lang}"),
        }));
        parts.extend(self.newest.map(|at| format!("newest of {}", at.date_time().format("%Y-%m-%d"))));
        if self.items == 0 {
            parts.truncate(1);
        }
        parts.join(", ")
    }

    /// Why another feed goes before this one.
    fn behind(&self, best: &Self, freshest: Option<Second>) -> &'static str {
        let (own, other) = (self.key(freshest), best.key(freshest));
        let weightiest = own.iter().zip(other).position(|(own, other)| *own < other);
        match weightiest {
            Some(0) => "it has no items",
            Some(1) => "it holds comments",
            Some(2) => "its newest item is half a year older",
            Some(3) => {
                let lacks = self.parts().into_iter().zip(best.parts()).map(|(own, other)| other.saturating_sub(own));
                match lacks.enumerate().max_by_key(|(at, lack)| (*lack, Reverse(*at))) {
                    Some((0, _)) => "fewer of its items are dated",
                    Some((1, _)) => "fewer of its items have ids",
                    Some((2, _)) => "it has less text",
                    _ => "it is not in the language of the page",
                }
            }
            Some(4) => "it has to be repaired",
            Some(_) => "it tells the same in an older form",
            None => "it tells the same, and was found later",
        }
    }
}

/// The order of feeds, best first, each as its place in the list and with the reason why it is not the best.
pub fn rank(feeds: &[Merit]) -> Vec<(usize, Option<&'static str>)> {
    let freshest = feeds.iter().filter(|feed| !feed.is_comments).filter_map(|feed| feed.newest).max();
    let mut order: Vec<usize> = (0..feeds.len()).collect();
    order.sort_by_key(|at| Reverse(feeds[*at].key(freshest)));
    let best = order.first().map(|at| &feeds[*at]);
    let why = |at: &usize| best.filter(|best| !std::ptr::eq(*best, &feeds[*at])).map(|best| feeds[*at].behind(best, freshest));
    order.iter().map(|at| (*at, why(at))).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn good() -> Merit {
        Merit {
            kind: "RSS 2.0".to_owned(),
            items: 10,
            dated: 100,
            timed: 100,
            named: 100,
            whole: 100,
            told: 100,
            newest: Some("2026-05-01T10:00:00Z".parse().unwrap()),
            lang: Some(Lang::ES),
            speaks_as_page: Some(true),
            is_comments: false,
            is_repaired: false,
        }
    }

    #[test]
    fn each_reason_decides_in_its_turn() {
        let feeds = [
            good(),
            Merit { items: 0, ..good() },
            Merit { is_comments: true, newest: Some("2026-06-01T10:00:00Z".parse().unwrap()), ..good() },
            Merit { newest: Some("2019-05-01T10:00:00Z".parse().unwrap()), ..good() },
            Merit { whole: 0, ..good() },
            Merit { dated: 40, timed: 0, ..good() },
            Merit { speaks_as_page: Some(false), lang: Some(Lang::EN), ..good() },
            Merit { kind: "Atom 1.0".to_owned(), ..good() },
            Merit { kind: "Atom 1.0".to_owned(), is_repaired: true, ..good() },
        ];
        assert_eq!(
            rank(&feeds),
            [
                (7, None),
                (0, Some("it tells the same in an older form")),
                (8, Some("it has to be repaired")),
                (4, Some("it has less text")),
                (6, Some("it is not in the language of the page")),
                (5, Some("fewer of its items are dated")),
                (3, Some("its newest item is half a year older")),
                (2, Some("it holds comments")),
                (1, Some("it has no items")),
            ]
        );
        assert_eq!(
            good().praise(),
            "RSS 2.0, 10 items, all dated, all with ids, all with whole text, in es as the page, newest of 2026-05-01"
        );
        assert_eq!(rank(&[good(), good()])[1], (1, Some("it tells the same, and was found later")));
        assert_eq!(rank(&[]), []);
    }
}
