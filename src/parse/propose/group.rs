//! Groups of elements of one kind, and the parts that their members have.

use std::collections::{HashMap, HashSet};

use url::Url;

use super::FEWEST;
use crate::{html::Tree, model::DateOrder, parse::parse_date, text};

/// Members of a group that are looked at.
const MOST_MEMBERS: usize = 60;
/// Elements of one member that are looked at.
const MOST_INSIDE: usize = 400;
/// Classes of one element that are thought of.
const MOST_CLASSES: usize = 6;
/// The longest text that may be a date, in characters.
const LONGEST_DATE: usize = 40;
/// Less text tells nothing beside the title, in characters.
const SHORTEST_SUMMARY: usize = 30;

/// Elements that items are made of.
const KINDS: [&str; 8] = ["a", "article", "div", "li", "p", "section", "td", "tr"];
/// Words of names that say that an element is there to find one's way, or for other things than news.
const ASIDE: [&str; 28] = [
    "aside",
    "banner",
    "breadcrumb",
    "breadcrumbs",
    "calendar",
    "cookie",
    "cookies",
    "dropdown",
    "filter",
    "filters",
    "footer",
    "lang",
    "language",
    "languages",
    "logo",
    "logos",
    "menu",
    "nav",
    "navbar",
    "navigation",
    "pager",
    "pagination",
    "partners",
    "share",
    "sidebar",
    "social",
    "tabs",
    "tags",
];

/// Elements of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    /// What they are called.
    pub(super) name: String,
    /// The class that they have in common.
    pub(super) class: Option<String>,
    /// Where they are.
    pub(super) members: Vec<usize>,
}

/// The first two numbers of a date that is written as three.
type Numbers = Option<(u32, u32)>;

/// What one member of a group has. Numbers are places of elements.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) item: usize,
    pub(super) title: Option<usize>,
    pub(super) title_text: String,
    pub(super) link: Option<usize>,
    pub(super) url: Option<Url>,
    pub(super) date: Option<usize>,
    pub(super) numbers: Numbers,
    pub(super) summary: Option<usize>,
    pub(super) image: Option<usize>,
    /// Whether its title is a heading.
    pub(super) is_headed: bool,
    /// How many headings with links it has: more than one, and it holds several items.
    pub(super) headed_links: usize,
}

impl Parts {
    pub(super) fn is_item(&self) -> bool {
        self.title.is_some() && self.link.is_some() && (8..=250).contains(&self.title_text.chars().count())
    }

    pub(super) fn address(&self) -> String {
        self.url.as_ref().map(Url::to_string).unwrap_or_default()
    }
}

/// Whether a class may stand in a selector: a plain name that does not number or order the elements that have it.
pub(super) fn is_lasting(class: &str) -> bool {
    let is_plain =
        class.starts_with(|c: char| c.is_ascii_alphabetic()) && class.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    let counts = class.rsplit(['-', '_']).next().is_some_and(|last| last.bytes().any(|b| b.is_ascii_digit()));
    let orders = class.split(['-', '_']).any(|word| matches!(word, "first" | "last" | "odd" | "even" | "active" | "current" | "clearfix"));
    is_plain && !counts && !orders && class.len() <= 60
}

pub(super) fn lasting_classes(tree: &Tree, at: usize) -> impl Iterator<Item = &str> {
    tree.at(at).classes().filter(|class| is_lasting(class)).take(MOST_CLASSES)
}

/// The groups of a page, the likeliest first.
pub(super) fn groups(tree: &Tree) -> Vec<Group> {
    let kinds: Vec<String> = (0..tree.len())
        .map(|at| {
            let element = tree.at(at);
            let mark = element.attribute("id").filter(|id| is_lasting(id)).or_else(|| lasting_classes(tree, at).next()).unwrap_or_default();
            format!("{} {mark}", element.name)
        })
        .collect();
    let links: Vec<usize> = (0..tree.len())
        .scan(0, |count, at| {
            *count += usize::from(tree.at(at).name == "a");
            Some(*count)
        })
        .collect();
    let mut found: HashMap<(&str, Option<&str>, &str), Vec<usize>> = HashMap::new();
    for at in 0..tree.len() {
        let element = tree.at(at);
        let Some(parent) = element.parent.filter(|_| KINDS.contains(&element.name.as_str())) else { continue };
        // Neither without a link nor without words, nor as long as a whole article.
        let has_link = links[tree.inside(at).end - 1] - links[at] + usize::from(element.name == "a") > 0;
        if !has_link || !(8..=6_000).contains(&tree.length(at)) {
            continue;
        }
        for class in lasting_classes(tree, at) {
            // In lists of one kind, and wherever it stands.
            found.entry((&element.name, Some(class), &kinds[parent])).or_default().push(at);
            found.entry((&element.name, Some(class), "")).or_default().push(at);
        }
        found.entry((&element.name, None, &kinds[parent])).or_default().push(at);
    }
    let mut groups: Vec<Group> = found
        .into_iter()
        .filter(|(_, members)| members.len() >= FEWEST)
        .map(|((name, class, _), members)| Group { name: name.to_owned(), class: class.map(str::to_owned), members })
        .collect();
    // Of several names for the same members, the most telling one.
    groups.sort_by(|a, b| (&a.members, a.rank(), &a.class).cmp(&(&b.members, b.rank(), &b.class)));
    groups.dedup_by(|later, earlier| later.members == earlier.members);
    let likely = |group: &Group| {
        let words: usize = group.members.iter().map(|at| tree.length(*at).min(400)).sum();
        (words.min(12_000), group.members.len().min(30))
    };
    groups.sort_by(|a, b| likely(b).cmp(&likely(a)).then(a.members.cmp(&b.members)));
    groups
}

impl Group {
    /// How telling its class is; less is better.
    fn rank(&self) -> usize {
        const TELLING: [&str; 16] = [
            "item",
            "news",
            "article",
            "post",
            "entry",
            "teaser",
            "noticia",
            "story",
            "release",
            "card",
            "row",
            "result",
            "node",
            "press",
            "list",
            "actualite",
        ];
        let Some(class) = &self.class else { return TELLING.len() + 1 };
        let class = class.to_ascii_lowercase();
        let best =
            TELLING.iter().position(|word| class.split(['-', '_']).any(|part| part.trim_end_matches('s') == word.trim_end_matches('s')));
        best.unwrap_or(TELLING.len())
    }

    /// What its place on the page adds to or takes from its worth.
    pub(super) fn place(&self, tree: &Tree) -> f64 {
        let Some(first) = self.members.first() else { return 0.0 };
        let whole = tree.length(0);
        let (mut is_aside, mut is_main) = (false, false);
        for at in std::iter::once(*first).chain(tree.around(*first)) {
            let element = tree.at(at);
            let role = element.attribute("role").unwrap_or_default();
            is_main |= element.name == "main" || role == "main";
            // What holds most of the page is no margin, whatever it is called.
            if matches!(element.name.as_str(), "html" | "body") || tree.length(at) * 10 > whole * 6 {
                continue;
            }
            let names = [element.attribute("class"), element.attribute("id"), Some(role)].into_iter().flatten();
            is_aside |= matches!(element.name.as_str(), "nav" | "aside" | "footer" | "form") || names.into_iter().any(speaks_of_aside);
        }
        f64::from(u8::from(is_main)) * 6.0 - f64::from(u8::from(is_aside)) * 25.0
    }

    /// The parts of its members.
    pub(super) fn parts(&self, tree: &Tree, base: &Url) -> Vec<Parts> {
        let mut parts: Vec<Parts> = self.members.iter().take(MOST_MEMBERS).map(|at| parts(tree, base, *at)).collect();
        // Words that every member has, such as "Read more", are nobody's summary.
        let mut seen: HashMap<String, usize> = HashMap::new();
        for part in &parts {
            part.summary.iter().for_each(|at| *seen.entry(tree.text(*at)).or_default() += 1);
        }
        let most = parts.len() / 2;
        for part in &mut parts {
            part.summary = part.summary.filter(|at| seen[&tree.text(*at)] <= most.max(1));
        }
        parts
    }
}

/// Whether a word in names such as `main-menu` or `HoverMenuItem` says that an element is no list of news.
fn speaks_of_aside(names: &str) -> bool {
    let mut spread = String::with_capacity(names.len() + 8);
    let mut was_small = false;
    for c in names.chars() {
        if c.is_ascii_uppercase() && was_small {
            spread.push(' ');
        }
        was_small = c.is_ascii_lowercase();
        spread.push(c.to_ascii_lowercase());
    }
    spread.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| ASIDE.contains(&word))
}

/// The elements of a member, itself first.
pub(super) fn within(tree: &Tree, item: usize) -> impl Iterator<Item = usize> + '_ {
    std::iter::once(item).chain(tree.inside(item)).take(MOST_INSIDE)
}

fn is_heading(tree: &Tree, at: usize) -> bool {
    matches!(tree.at(at).name.as_bytes(), [b'h', b'1'..=b'6'])
}

/// Where a link leads, when it leads to another page.
fn address(tree: &Tree, base: &Url, at: usize) -> Option<Url> {
    let element = tree.at(at);
    let href = element.attribute("href").filter(|_| element.name == "a")?.trim();
    let mut url = base.join(href).ok().filter(|url| matches!(url.scheme(), "http" | "https"))?;
    url.set_fragment(None);
    let is_elsewhere = (url.path(), url.query()) != (base.path(), base.query()) || url.host_str() != base.host_str();
    (is_elsewhere && !href.is_empty()).then_some(url)
}

/// What a host and its `www.` have in common.
pub(super) fn site(url: &Url) -> String {
    url.host_str().unwrap_or_default().trim_start_matches("www.").to_owned()
}

fn contains(tree: &Tree, outer: usize, inner: usize) -> bool {
    outer == inner || tree.inside(outer).contains(&inner)
}

fn parts(tree: &Tree, base: &Url, item: usize) -> Parts {
    let mut parts = Parts { item, ..Parts::default() };
    let is_titled = |at: usize| (8..=250).contains(&tree.length(at));
    let is_called = |at: usize| {
        let called = |name: &str| ["title", "titulo", "titre", "headline"].iter().any(|word| name.to_ascii_lowercase().contains(word));
        tree.at(at).classes().any(called)
    };
    // The caption of a picture may be a heading as well, and leads nowhere.
    let leads = |at: usize| within(tree, at).chain(tree.around(at).take_while(|around| contains(tree, item, *around)));
    let has_link = |at: &usize| leads(*at).any(|at| address(tree, base, at).is_some());
    let headings = || within(tree, item).filter(|at| is_heading(tree, *at));
    let heading = headings().find(|at| is_titled(*at) && has_link(at)).or_else(|| headings().find(|at| is_titled(*at)));
    let called = || within(tree, item).skip(1).find(|at| is_called(*at) && is_titled(*at));
    let longest = || {
        let links = within(tree, item).filter(|at| address(tree, base, *at).is_some() && tree.length(*at) >= 8);
        links.fold(
            None,
            |longest: Option<usize>, at| {
                if longest.is_some_and(|longest| tree.length(longest) >= tree.length(at)) { longest } else { Some(at) }
            },
        )
    };
    parts.headed_links = headings().filter(|at| within(tree, *at).any(|inner| address(tree, base, inner).is_some())).count();
    parts.is_headed = heading.is_some();
    parts.title = heading.or_else(called).or_else(longest);
    let Some(title) = parts.title else { return parts };
    let around = || std::iter::once(title).chain(tree.around(title)).take_while(|at| contains(tree, item, *at));
    let link = within(tree, title).find(|at| address(tree, base, *at).is_some());
    let link = link.or_else(|| around().find(|at| address(tree, base, *at).is_some()));
    parts.link = link.or_else(|| within(tree, item).find(|at| address(tree, base, *at).is_some()));
    parts.url = parts.link.and_then(|at| address(tree, base, at));
    // The words of a link alone, where a title holds more than its link: labels, dates.
    if let Some(link) = parts.link.filter(|link| contains(tree, title, *link) && !parts.is_headed && is_titled(*link)) {
        parts.title = Some(link);
    }
    parts.title_text = text::shorten(&tree.text(parts.title.unwrap_or(title)), 300);
    let title = parts.title.unwrap_or(title);
    (parts.date, parts.numbers) = date(tree, item, title);
    let is_free = |at: &usize| !contains(tree, *at, title) && !contains(tree, title, *at);
    let is_dated = |at: &usize| parts.date.is_some_and(|date| contains(tree, *at, date) || contains(tree, date, *at));
    let tells = |at: &usize| {
        let is_text = || !within(tree, *at).any(|at| is_heading(tree, at)) && linked(tree, *at) * 5 < tree.length(*at) * 4;
        tree.length(*at) >= SHORTEST_SUMMARY && is_free(at) && !is_dated(at) && is_text()
    };
    let told = within(tree, item).skip(1).filter(tells);
    parts.summary = told
        .fold(None, |most: Option<usize>, at| if most.is_some_and(|most| tree.length(most) >= tree.length(at)) { most } else { Some(at) });
    let is_picture = |at: &usize| tree.at(*at).name == "img" && (tree.at(*at).attribute("src").is_some() || is_lazy(tree, *at));
    parts.image = within(tree, item).find(is_picture);
    parts
}

/// How many characters of an element's words are those of links in it: what is all links, such as "Read more", tells nothing.
fn linked(tree: &Tree, at: usize) -> usize {
    within(tree, at).filter(|at| tree.at(*at).name == "a").map(|at| tree.length(at)).sum()
}

/// Whether a picture is fetched late: its address then stands in `data-src`.
pub(super) fn is_lazy(tree: &Tree, at: usize) -> bool {
    let image = tree.at(at);
    image.attribute("data-src").is_some() && image.attribute("src").is_none_or(|src| src.is_empty() || src.starts_with("data:"))
}

/// The element that is a date and nothing else: a `time`, or the shortest text that can be read as one.
fn date(tree: &Tree, item: usize, title: usize) -> (Option<usize>, Numbers) {
    let mut best: Option<(usize, usize, Numbers)> = None;
    let mut tried: HashSet<String> = HashSet::new();
    for at in within(tree, item).skip(1).filter(|at| !contains(tree, title, *at) && !contains(tree, *at, title)) {
        let element = tree.at(at);
        if element.name == "time" && element.attribute("datetime").is_some_and(reads_as_date) {
            return (Some(at), None);
        }
        let length = tree.length(at);
        if !(6..=LONGEST_DATE).contains(&length) || best.is_some_and(|(_, shortest, _)| shortest <= length) {
            continue;
        }
        let written = tree.text(at);
        if !tried.insert(written.clone()) || !written.bytes().any(|b| b.is_ascii_digit()) {
            continue;
        }
        let numbers = numbers(&written);
        if numbers.is_some() || written.split(' ').count() <= 7 && reads_as_date(&written) {
            best = Some((at, length, numbers));
        }
    }
    best.map_or((None, None), |(at, _, numbers)| (Some(at), numbers))
}

/// Whether a text can be read as a date, whatever the order of its numbers.
fn reads_as_date(written: &str) -> bool {
    parse_date(written, DateOrder::DayFirst).is_some()
}

/// The first two numbers of `08/21/2020`, `21.08.2020` or `21-8-2020`.
fn numbers(written: &str) -> Numbers {
    let date = written.split(' ').find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    let mut parts = date.split(['/', '.', '-']);
    let mut number = |digits: std::ops::RangeInclusive<usize>| {
        let part = parts.next().filter(|part| digits.contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()))?;
        part.parse::<u32>().ok()
    };
    let (first, second, _year) = (number(1..=2)?, number(1..=2)?, number(4..=4)?);
    let is_date = (1..=12).contains(&first) && (1..=31).contains(&second) || (1..=31).contains(&first) && (1..=12).contains(&second);
    (is_date && parts.next().is_none()).then_some((first, second))
}
