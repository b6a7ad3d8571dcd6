//! How a page without a feed could be read: selectors, from what repeats on it.
//!
//! A list of news is a group of elements of one kind that each have a title that leads somewhere.
//! All such groups of a page are weighed, by how many of their members are good items, by what these
//! have beside a title, and by where on the page they stand; then each part of an item gets
//! the plainest selector that finds it in most of them. Deliberately absent: what news are about, and
//! any knowledge of one site.

mod group;
mod select;

use group::Group;
use url::Url;

use super::discover::Behind;
use crate::{
    html::Tree,
    model::{DateOrder, PageRules, Pick},
};

/// Fewer items are no list of news.
pub const FEWEST: usize = 3;
/// Proposals for one page at most.
const MOST: usize = 5;
/// Groups that are looked at closely: the likeliest by number and length of their members.
const MOST_GROUPS: usize = 40;
/// A group that is worth less is no list of news.
const LEAST_WORTH: f64 = 30.0;

/// A headline is at least this long, in characters, half of the time; the entries of a menu are not.
const LONG_TITLE: usize = 38;

/// One way to read a page.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// The selectors.
    pub page: PageRules,
    /// How its dates of three numbers are meant.
    pub dates: DateOrder,
    /// How many items it finds.
    pub items: usize,
    /// How good it is; lists of news have 30 and more.
    pub worth: f64,
}

/// Ways to read a page, best first; none when nothing on it repeats like news.
pub fn propose(page: &Behind) -> Vec<Proposal> {
    let (tree, base) = (&page.tree, &page.base);
    let mut groups = group::groups(tree);
    groups.truncate(MOST_GROUPS);
    let mut weighed: Vec<(f64, Group, Vec<group::Parts>)> = groups
        .into_iter()
        .map(|group| {
            let parts = group.parts(tree, base);
            (worth(tree, base, &group, &parts), group, parts)
        })
        .filter(|(worth, ..)| *worth >= LEAST_WORTH)
        .collect();
    // Between equals one that has a class, then the outer one, which stands first.
    weighed.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.class.is_none().cmp(&b.1.class.is_none())).then(a.1.members.cmp(&b.1.members)));
    weighed.truncate(MOST);
    weighed.into_iter().filter_map(|(worth, group, parts)| proposal(tree, worth, &group, &parts)).collect()
}

/// What a group is worth as a list of news.
fn worth(tree: &Tree, base: &Url, group: &Group, parts: &[group::Parts]) -> f64 {
    let good: Vec<&group::Parts> = parts.iter().filter(|parts| parts.is_item()).collect();
    let count = |is_so: &dyn Fn(&group::Parts) -> bool| good.iter().filter(|parts| is_so(parts)).count();
    #[allow(clippy::cast_precision_loss)] // a hundred members at most
    let share = |some: usize, all: usize| some as f64 / all.max(1) as f64;
    let distinct = |of: &dyn Fn(&group::Parts) -> String| {
        let mut all: Vec<String> = good.iter().map(|parts| of(parts)).collect();
        all.sort();
        all.dedup();
        all.len()
    };
    let (links, titles) = (distinct(&|parts| parts.address()), distinct(&|parts| parts.title_text.clone()));
    let repeats = share(links.min(titles), good.len()) < 0.8;
    if good.len() < FEWEST || share(good.len(), parts.len()) < 0.6 || repeats {
        return 0.0;
    }
    let mut lengths: Vec<usize> = good.iter().map(|parts| parts.title_text.chars().count()).collect();
    lengths.sort_unstable();
    let median = lengths[lengths.len() / 2];
    let title = match median {
        25..=160 => 12.0,
        15..=24 => 5.0,
        _ => -10.0,
    };
    let of = |count: usize, most: f64| share(count, good.len()) * most;
    let host = |parts: &group::Parts| parts.url.as_ref().is_some_and(|url| group::site(url) == group::site(base));
    // Titles and nothing else are a menu, unless they are as long as headlines.
    let has_more = count(&|parts| parts.date.is_some() || parts.summary.is_some() || parts.is_headed);
    if share(has_more, good.len()) < 0.5 {
        let is_news = good.len() >= 5 && median >= LONG_TITLE;
        return if is_news { LEAST_WORTH + share(good.len().min(20), 20) + group.place(tree).min(0.0) } else { 0.0 };
    }
    let mut worth = share(good.len().min(20), 1) + title;
    worth += of(count(&|parts| parts.date.is_some()), 20.0);
    worth += of(count(&|parts| parts.summary.is_some()), 10.0);
    worth += of(count(&|parts| parts.image.is_some()), 4.0);
    worth += of(count(&|parts| parts.is_headed), 12.0);
    worth -= of(count(&|parts| parts.headed_links > 1), 30.0);
    worth -= of(count(&|parts| !host(parts)), 15.0);
    worth += group.place(tree);
    worth
}

/// The selectors of a group, when there are such.
fn proposal(tree: &Tree, worth: f64, group: &Group, parts: &[group::Parts]) -> Option<Proposal> {
    let item = select::item(tree, group)?;
    let good: Vec<&group::Parts> = parts.iter().filter(|parts| parts.is_item()).collect();
    let pick = |of: &dyn Fn(&group::Parts) -> Option<usize>| -> Option<Pick> {
        let wanted: Vec<(usize, usize)> = good.iter().filter_map(|parts| Some((parts.item, of(parts)?))).collect();
        // What only some items have is worth a selector as well.
        if wanted.len() * 3 < good.len() {
            return None;
        }
        let without: Vec<usize> = good.iter().filter(|parts| of(parts).is_none()).map(|parts| parts.item).collect();
        select::part(tree, &wanted, &without)?.parse().ok()
    };
    let lazy = good.iter().filter_map(|parts| parts.image).all(|image| group::is_lazy(tree, image));
    let image = pick(&|parts| parts.image).map(|image| Pick { attribute: lazy.then(|| "data-src".to_owned()), ..image });
    let page = PageRules {
        title: Some(pick(&|parts| parts.title)?),
        link: Some(pick(&|parts| parts.link)?),
        date: pick(&|parts| parts.date),
        summary: pick(&|parts| parts.summary),
        image,
        ..PageRules::of(item.parse().ok()?)
    };
    let month_first = good.iter().filter_map(|parts| parts.numbers).any(|(_, second)| second > 12);
    let dates = if month_first { DateOrder::MonthFirst } else { DateOrder::DayFirst };
    Some(Proposal { page, dates, items: good.len(), worth })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use proptest::prelude::*;

    use super::*;
    use crate::parse::behind;

    fn propositions(page: &str) -> Vec<Proposal> {
        let url = Url::parse("https://site.example/es/noticias").unwrap();
        behind(page.as_bytes(), Some("text/html; charset=utf-8"), &url).map(|page| propose(&page)).unwrap_or_default()
    }

    /// The best proposal as `item`, then its parts.
    fn best(page: &str) -> Vec<String> {
        let Some(best) = propositions(page).into_iter().next() else { return Vec::new() };
        let page = best.page;
        let parts = [("title", page.title), ("link", page.link), ("date", page.date), ("summary", page.summary), ("image", page.image)];
        let parts = parts.into_iter().filter_map(|(name, pick)| Some(format!("{name} {}", pick?)));
        [format!("{} {}", best.items, page.item)].into_iter().chain(parts).chain([format!("{:?}", best.dates)]).collect()
    }

    #[test]
    fn selectors_are_found_in_lists_of_many_shapes() {
        assert_eq!(
            best(include_str!("../../tests/pages/drupal-listing.html")),
            [
                "4 div.views-row",
                "title div.views-field-title a",
                "link div.views-field-title a",
                "date div.views-field-created",
                "summary div.views-field-body",
                "image img",
                "DayFirst"
            ]
        );
        assert_eq!(
            best(include_str!("../../tests/pages/cards.html")),
            [
                "5 a.card",
                "title h5.card-title",
                "link .",
                "date time",
                "summary p.card-text",
                "image img.card-img-top@data-src",
                "DayFirst"
            ]
        );
        assert_eq!(best(include_str!("../../tests/pages/plain-list.html")), ["4 ul > li", "title a", "link a", "date i", "MonthFirst"]);
        assert_eq!(best(include_str!("../../tests/pages/nothing.html")), Vec::<String>::new());
    }

    #[test]
    fn menus_are_no_news_and_long_headlines_alone_are() {
        let list = |title: &str| (0..12).map(|n| format!("<li><a href=/{n}>{title} {n}</a></li>")).collect::<String>();
        let page = |list: &str| format!("<body><p>Some words of welcome that stand above the list of this page.</p><ul>{list}</ul></body>");
        assert_eq!(best(&page(&list("Apply for a permit"))), Vec::<String>::new());
        assert_eq!(
            best(&page(&list("Ministers agree on a common permit for seasonal workers"))),
            ["12 ul > li", "title a", "link a", "DayFirst"]
        );
    }

    #[test]
    fn no_page_takes_for_ever() {
        let many = |part: &dyn Fn(usize) -> String, count: usize| (0..count).map(part).collect::<String>();
        let title = "a title that is long enough to be one";
        for page in [
            many(&|n| format!("<div class=a><a href=/{n}>{title} {n}</a></div>"), 10_000),
            many(&|n| format!("<div class='a b c d e f g h'><div><a href=/{n}>{title}</a></div>"), 120)
                + &many(&|_| "<p class=x>text</p>".into(), 9_000),
            many(&|n| format!("<div class=c{}><div class=d><div class=e><a href=/{n}>{title}</a></div></div></div>", n % 50), 4_000),
            many(
                &|n| format!("<section><h2>{title} {n}</h2><a href=/{n}>x</a>{}</section>", "<p>1 May 2020</p><i>2/3/2020</i>".repeat(100)),
                90,
            ),
            format!("<div class='{}'>", many(&|n| format!("k{n}x "), 100_000)) + &"<a href=/x>one two three</a>".repeat(1_000),
        ] {
            propositions(&page);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_page_is_looked_at_and_every_selector_is_one(
            parts in prop::collection::vec(r#"(</?(ul|li|div class="row news-[0-9]"|article|tr|td|table|p|h[1-6]|time datetime="2020-0[1-9]-05"|i)>|<a href="/[a-z]{1,3}">|</a>|<img src=x>|[1-9] May 2020|0[1-9]/[12][0-9]/2020|a headline of some length [a-z]{3}|\PC{0,4})"#, 0..80),
            times in 1usize..6
        ) {
            for proposal in propositions(&parts.concat().repeat(times)) {
                prop_assert!(proposal.items >= FEWEST && proposal.worth >= LEAST_WORTH);
                prop_assert!(proposal.page.title.is_some() && proposal.page.link.is_some());
            }
        }
    }
}
