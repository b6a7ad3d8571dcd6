//! All of a feed, page after page: archived pages (RFC 5005), and `next_url` of JSON Feed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;
#[path = "common/http.rs"]
mod http;
#[path = "common/site.rs"]
mod site;
#[path = "common/world.rs"]
mod world;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use http::{Reply, ask, get};
use proptest::prelude::*;
use site::{Site3, canonical, publishing, record, serve_with, told};
use tributary::model::{About, Choice, Clause, Filed, Filter, Gone, Month, Second, Story, Window};

const BASE: &str = "https://news.example.org/";

fn second(text: &str) -> Second {
    text.parse().unwrap()
}

/// A story about youth that was first kept then, and stands there.
fn kept(n: i64, first_seen: Second, position: Second) -> Story {
    let mut story = told(n, "youth", "GT");
    story.copies[0].first_seen = first_seen;
    (story.editions[0].position, story.editions[0].updated) = (position, position);
    story.editions[0].archived = position < first_seen;
    story
}

/// Stories that came one after another from a second on.
fn live(numbers: std::ops::Range<i64>, from: &str) -> Vec<Story> {
    let place = |n: i64| second(from).plus(Duration::from_secs((n - numbers.start) as u64));
    numbers.clone().map(|n| kept(n, place(n), place(n))).collect()
}

/// Old stories that came all at once.
fn old(numbers: std::ops::Range<i64>, at: &str, from: &str) -> Vec<Story> {
    let place = |n: i64| second(from).plus(Duration::from_secs((n - numbers.start) as u64));
    numbers.clone().map(|n| kept(n, second(at), place(n))).collect()
}

/// A server whose clock can be set.
struct Library {
    site: Site3,
    now: Arc<AtomicI64>,
    seq: AtomicU64,
}

impl Library {
    fn at(now: &str) -> Self {
        let clock = Arc::new(AtomicI64::new(second(now).unix()));
        let present = clock.clone();
        let site =
            serve_with(publishing(BASE), Duration::from_secs(10), Arc::new(move || Second::from_unix(present.load(Ordering::SeqCst))));
        Self { site, now: clock, seq: AtomicU64::new(1) }
    }

    fn set(&self, now: &str) {
        self.now.store(second(now).unix(), Ordering::SeqCst);
    }

    /// Keeps stories, in one record each pull.
    fn keep(&self, stories: Vec<Story>) {
        for stories in stories.chunks(64) {
            let seq = self.seq.fetch_add(1, Ordering::SeqCst) + 1;
            let touched = self.site.store.apply(&record(seq, stories.to_vec())).unwrap();
            self.site.app.changed(&touched);
        }
    }

    fn get(&self, path: &str) -> Reply {
        get(self.site.address, path)
    }

    fn page(&self, path: &str) -> Leaf {
        let reply = self.get(path);
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        let text = reply.text();
        let ids = text.split("<entry>").skip(1).map(|entry| between(entry, "<id>", "<").to_owned()).collect();
        let link = |rel: &str| {
            let link = text.split("<link ").find(|link| link.contains(&format!("rel=\"{rel}\"")))?;
            Some(between(link, "href=\"", "\"").replace("&amp;", "&").strip_prefix(BASE).unwrap().to_owned())
        };
        Leaf {
            ids,
            is_archive: text.contains("<fh:archive>"),
            current: link("current"),
            older: link("prev-archive"),
            newer: link("next-archive"),
        }
    }

    /// From a feed on by `prev-archive`; something happens before each step.
    fn walk(&self, from: &str, mut meanwhile: impl FnMut()) -> Vec<(String, Leaf)> {
        let (mut pages, mut next) = (Vec::new(), Some(from.to_owned()));
        while let Some(path) = next {
            let page = self.page(&format!("/{path}"));
            next = page.older.clone();
            pages.push((path, page));
            meanwhile();
            assert!(pages.len() < 1_000, "the way has an end");
        }
        pages
    }
}

#[derive(Debug, Clone, PartialEq)]
struct Leaf {
    ids: Vec<String>,
    is_archive: bool,
    current: Option<String>,
    older: Option<String>,
    newer: Option<String>,
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    text.split(before).nth(1).unwrap().split(after).next().unwrap()
}

fn ids(numbers: impl IntoIterator<Item = i64>) -> Vec<String> {
    numbers.into_iter().map(|n| format!("https://wire.example/n{n}")).collect()
}

/// What stands in the archived pages of a walk, each id as often as it does.
fn archived(pages: &[(String, Leaf)]) -> Vec<String> {
    let mut ids: Vec<String> = pages.iter().skip(1).flat_map(|(_, page)| page.ids.clone()).collect();
    ids.sort();
    ids
}

fn sorted(mut ids: Vec<String>) -> Vec<String> {
    ids.sort();
    ids
}

/// The library of these tests: 3 stories of June (beside the three that each site has, of September), none of July, 250 of August.
fn library() -> Library {
    let library = Library::at("2020-09-20T12:00:00Z");
    library.keep(live(1_000..1_003, "2020-06-10T08:00:00Z"));
    library.keep(live(2_000..2_250, "2020-08-02T08:00:00Z"));
    library
}

#[test]
fn walking_gives_every_story_once_and_passes_over_months_without_any() {
    let library = library();
    // An old item of a new source is archived when it came, not where it stands.
    library.keep(old(3_000..3_005, "2020-09-14T10:00:00Z", "2020-07-01T00:00:00Z"));
    let pages = library.walk("feed/topic/youth.atom", || {});
    let paths: Vec<&str> = pages.iter().map(|(path, _)| path.as_str()).collect();
    let page = |rest: &str| format!("feed/topic/youth/archive/{rest}.atom");
    let expected = [
        "feed/topic/youth.atom".to_owned(),
        page("2020-09/first/7"),
        page("2020-08/part/3"),
        page("2020-08/part/2"),
        page("2020-08"),
        page("2020-06"),
    ];
    assert_eq!(paths, expected);
    assert_eq!(pages[1].1.ids, ids([2, 1].into_iter().chain((3_000..3_005).rev())));
    assert_eq!(pages[2].1.ids, ids((2_200..2_250).rev()));
    assert_eq!(pages[5].1.ids, ids((1_000..1_003).rev()));
    let all = ids((1..3).chain(1_000..1_003).chain(2_000..2_250).chain(3_000..3_005));
    assert_eq!(archived(&pages), sorted(all));
    for (path, page) in &pages[1..] {
        assert_eq!((page.is_archive, page.current.as_deref()), (true, Some("feed/topic/youth.atom")), "{path}");
        assert_eq!(canonical(&library.get(&format!("/{path}"))), format!("{BASE}{path}"));
    }
    assert_eq!((pages[0].1.is_archive, pages[0].1.current.clone()), (false, None));
    let newer: Vec<Option<String>> = pages.iter().map(|(_, page)| page.newer.clone()).collect();
    let next = [None, None, Some(page("2020-09")), Some(page("2020-08/part/3")), Some(page("2020-08/part/2")), Some(page("2020-07"))];
    assert_eq!(newer, next);
    // A month without any leads on, in both directions.
    let empty = library.page("/feed/topic/youth/archive/2020-07.atom");
    assert_eq!((empty.ids.len(), empty.older, empty.newer), (0, Some(page("2020-06")), Some(page("2020-08"))));
    let open = library.page("/feed/topic/youth/archive/2020-09.atom");
    assert_eq!((open.ids.len(), open.older, open.newer), (7, Some(page("2020-08/part/3")), None));
}

#[test]
fn walking_while_stories_arrive_misses_none_and_shows_none_twice() {
    let library = library();
    library.keep(live(4_000..4_180, "2020-09-15T08:00:00Z"));
    let before = ids((1..3).chain(1_000..1_003).chain(2_000..2_250).chain(4_000..4_180));
    let mut next = 5_000;
    let pages = library.walk("feed/topic/youth.atom", || {
        // One pull of a known source, one of a new one that shows all it has, between any two steps.
        library.keep(live(next..next + 30, &format!("2020-09-{}T10:00:00Z", 16 + (next - 5_000) / 100)));
        library.keep(old(
            next + 30..next + 60,
            &format!("2020-09-{}T11:00:00Z", 16 + (next - 5_000) / 100),
            &format!("2019-0{}-01T00:00:00Z", 1 + (next - 5_000) / 100),
        ));
        next += 100;
    });
    assert_eq!(archived(&pages), sorted(before));
    // Whoever comes again has what arrived: a page that was there is not asked for again.
    let known: BTreeSet<&String> = pages.iter().map(|(path, _)| path).collect();
    let mut found: BTreeSet<String> = pages.iter().flat_map(|(_, page)| page.ids.clone()).collect();
    for (path, page) in library.walk("feed/topic/youth.atom", || {}) {
        if known.contains(&path) && path != "feed/topic/youth.atom" {
            break;
        }
        found.extend(page.ids);
    }
    assert_eq!(found.len(), 435 + 60 * pages.len());
}

#[test]
fn whatever_is_pulled_between_two_steps_each_story_of_before_comes_once() {
    let told = |source: &str, numbers: std::ops::Range<i64>, since: i64| -> Vec<world::Entry> {
        let entry = |n: i64| {
            world::entry(&format!("{source} tells of matter {n}")).guid(n).link(format!("https://{source}.example/{n}")).at(since + n)
        };
        numbers.map(entry).collect()
    };
    let mut world = world::World::of(&["wire", "paper"]);
    // All that the wire has told for months comes at once; then some more, month after month.
    world.poll(&told("wire", 0..130, -3_000));
    for month in 1..3 {
        world.wait(30 * world::DAY);
        world.poll(&told("wire", 130 * month..130 * month + 115, world.hours() - 130 * month - 120));
    }
    let limits = tributary::serve::Limits {
        connections: 16,
        cache: 1 << 20,
        made_at_once: 4,
        header: Duration::from_secs(1),
        drain: Duration::from_secs(1),
    };
    let page = |world: &world::World, path: &str| {
        let hours = world.hours();
        let clock = Arc::new(move || Second::from_unix(world::BEGIN + hours * world::HOUR));
        let app = tributary::serve::App::new(world.store(), publishing(BASE), &limits, clock);
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(app.print(path)).unwrap()
    };
    let entry_ids = |text: &str| text.split("<entry>").skip(1).map(|entry| between(entry, "<id>", "<").to_owned()).collect::<Vec<_>>();
    let mut before: Vec<String> = world.entries().into_iter().map(|(_, id)| id).collect();
    before.sort();
    assert_eq!(before.len(), 130 + 2 * 115);
    let (mut next, mut ids, mut step) = (Some("feed.atom".to_owned()), Vec::new(), 0);
    while let Some(path) = next {
        let text = page(&world, &path);
        ids.extend(if step == 0 { Vec::new() } else { entry_ids(&text) });
        let older = text.split("<link ").find(|link| link.contains("rel=\"prev-archive\""));
        next = older.map(|link| between(link, "href=\"", "\"").strip_prefix(BASE).unwrap().to_owned());
        // Another source shows its years, and the wire goes on.
        world.poll_of("paper", &told("paper", 0..20 * (step + 1), -20_000));
        world.poll(&told("wire", 1_000 + 10 * step..1_010 + 10 * step, world.hours() - 1_000 - 10 * step));
        step += 1;
    }
    ids.sort();
    assert_eq!(ids, before);
}

#[test]
fn a_closed_page_never_changes_but_by_an_editors_word() {
    let library = library();
    library.keep(live(4_000..4_180, "2020-09-15T08:00:00Z"));
    let closed = [
        "archive/2020-06",
        "archive/2020-08",
        "archive/2020-08/part/2",
        "archive/2020-08/part/3",
        "archive/2020-09",
        "archive/2020-09/part/2/first/81",
    ];
    let tags = || closed.map(|path| library.get(&format!("/feed/topic/youth/{path}.atom")).header("etag").unwrap().to_owned());
    let before = tags();
    library.keep(live(5_000..5_150, "2020-09-16T08:00:00Z"));
    library.keep(old(5_200..5_250, "2020-09-16T09:00:00Z", "2020-06-01T00:00:00Z"));
    assert_eq!(tags(), before);
    library.set("2020-10-03T00:00:00Z");
    library.keep(live(6_000..6_003, "2020-10-02T08:00:00Z"));
    assert_eq!(tags(), before);
    let october = library.page("/feed/topic/youth/archive/2020-10/first/3.atom");
    assert_eq!(october.older.as_deref(), Some("feed/topic/youth/archive/2020-09/part/4.atom"));
    // One is hidden: of June another page is told, of the others the same.
    let mut hidden = live(1_000..1_001, "2020-06-10T08:00:00Z");
    hidden[0].edited.gone = Some(Gone::Hidden);
    library.keep(hidden);
    let after = tags();
    assert_eq!((after[0] == before[0], &after[1..]), (false, &before[1..]));
    assert_eq!(library.page("/feed/topic/youth/archive/2020-06.atom").ids, ids([1_002, 1_001]));
}

#[test]
fn a_closed_page_may_be_kept_long_and_an_open_one_not() {
    let library = library();
    library.keep(live(4_000..4_180, "2020-09-15T08:00:00Z"));
    let long = "public, max-age=86400, stale-while-revalidate=86400, stale-if-error=604800";
    let short = "public, max-age=300, stale-while-revalidate=300, stale-if-error=86400";
    let caching = |path: &str| library.get(&format!("/feed/topic/youth{path}.atom")).header("cache-control").unwrap().to_owned();
    for (path, expected) in [
        ("", short),
        ("/archive/2020-06", long),
        ("/archive/2020-08/part/3", long),
        ("/archive/2020-09", long),
        ("/archive/2020-09/part/2", short),
        ("/archive/2020-09/part/2/first/82", long),
    ] {
        assert_eq!(caching(path), expected, "{path}");
    }
    let june = library.get("/feed/topic/youth/archive/2020-06.atom");
    let tag = june.header("etag").unwrap();
    let again = ask(library.site.address, "GET", "/feed/topic/youth/archive/2020-06.atom", &[("If-None-Match", tag)]);
    assert_eq!((again.status, again.header("cache-control")), (304, Some(long)));
    // What was pulled in the last moments of a month has an hour to be kept.
    library.set("2020-10-01T00:30:00Z");
    assert_eq!(caching("/archive/2020-09/part/2"), short);
    library.set("2020-10-01T01:00:00Z");
    assert_eq!(caching("/archive/2020-09/part/2"), long);
    let last = library.page("/feed/topic/youth/archive/2020-09/part/2.atom");
    assert_eq!(last.newer.as_deref(), Some("feed/topic/youth/archive/2020-10.atom"));
}

#[test]
fn what_has_an_archive_and_what_is_refused() {
    let library = library();
    let detail = |path: &str| {
        let reply = library.get(path);
        (reply.status, if reply.status == 200 { String::new() } else { reply.json()["detail"].as_str().unwrap().to_owned() })
    };
    for path in [
        "/feed/archive/2020-08.atom",
        "/feed/topic/youth/country/gt/archive/2020-08/part/2.rss",
        "/feed/lang/en/archive/2020-08.json?utm_source=x",
        "/feed/saved/smuggling-guatemala/archive/2020-08.atom",
        "/feed/topic/youth/archive/2020-08/part/1.atom",
        "/feed/topic/youth/archive/2020-08/part/9.atom",
        "/feed/archive/2020-08",
    ] {
        assert_eq!(detail(path), (200, String::new()), "{path}");
    }
    let question = "there is an archive of what a path or a saved feed names, with nothing behind the question mark; an editor can save a filter under a name";
    let alone = "`part` and `first` are said of an archive: feed/archive/2026-09/part/2.atom";
    for (path, status, why) in [
        ("/feed/topic/youth/archive/2020-08.atom?lang=es", 400, question),
        ("/feed/topic/youth/country/gt,mx/archive/2020-08.atom", 400, question),
        ("/feed/archive/2020-8.atom", 400, "`archive`: `2020-8` is no month; write one such as 2026-09"),
        ("/feed/archive/2020-08/archive/2020-09.atom", 400, "`archive` is given twice; once is enough"),
        ("/feed/archive/2020-08/part/0.atom", 400, "`part` is `0`; it can be 1 to 10000"),
        ("/feed/archive/2020-08/first/101.atom", 400, "`first` is `101`; it can be 1 to 100"),
        ("/feed/part/2.atom", 400, alone),
        (
            "/feed.atom?archive=2020-08",
            400,
            "unknown key `archive`; known are topic, country, region, source, lang, prefer, since, until, limit, per_source, content",
        ),
    ] {
        let (told, what) = detail(path);
        assert_eq!((told, what.split("; known").next().unwrap()), (status, why.split("; known").next().unwrap()), "{path}");
    }
    assert_eq!(library.get("/feed/archive/2020-10.atom").status, 404);
    assert_eq!(library.get("/editor/archive/2020-08.atom").status, 404);
    let own = |path: &str| canonical(&library.get(path));
    assert_eq!(own("/feed/archive/2020-08/topic/youth/part/1/first/100.atom"), format!("{BASE}feed/topic/youth/archive/2020-08.atom"));
    let moved = library.get("/feed/country/GTM/archive/2020-08/part/2.atom");
    assert_eq!(
        (moved.status, moved.header("location").unwrap()),
        (301, "https://news.example.org/feed/country/gt/archive/2020-08/part/2.atom")
    );
    // People see it as a page, and readers find the feed there.
    let page = library.get("/feed/topic/youth/archive/2020-06").text();
    assert!(
        page.contains(">Story 1001</a>") && page.contains("title=\"Atom\" href=\"https://news.example.org/feed/topic/youth.atom\""),
        "{page}"
    );
    let print = |path: &str| library.site.runtime.block_on(library.site.app.print(path));
    assert_eq!(
        (print("feed/archive/2020-08.atom").unwrap().matches("<entry>").count(), print("feed/archive/2020-10.atom").is_err()),
        (100, true)
    );
    // A question has none, and says so by naming none.
    assert_eq!(library.page("/feed/topic/youth.atom?lang=en").older, None);
    assert_eq!(library.page("/feed.atom?limit=5").older, None);
    assert_eq!(library.page("/feed/country/mx.atom").older, None, "nor has what was never told");
}

#[test]
fn rss_and_json_lead_on_as_well() {
    let library = library();
    let rss = library.get("/feed/topic/youth.rss").text();
    let older = between(&rss, "rel=\"prev-archive\"", "/>");
    assert!(older.contains("application/rss+xml"), "{rss}");
    assert!(rss.contains("href=\"https://news.example.org/feed/topic/youth/archive/2020-09/first/2.rss\" rel=\"prev-archive\""), "{rss}");
    let page = library.get("/feed/topic/youth/archive/2020-08/part/2.rss").text();
    assert!(
        page.contains("<fh:archive>") && page.contains("href=\"https://news.example.org/feed/topic/youth.rss\" rel=\"current\""),
        "{page}"
    );
    assert_eq!(page.matches("<item>").count(), 100);
    let json = library.get("/feed/topic/youth/archive/2020-08/part/2.json").json();
    assert_eq!(json["next_url"], "https://news.example.org/feed/topic/youth/archive/2020-08.json");
    assert_eq!(json["items"].as_array().unwrap().len(), 100);
    assert_eq!(json["_tributary"]["id"], library.get("/feed/topic/youth.json").json()["_tributary"]["id"], "it is one feed");
}

#[test]
fn json_feed_leads_on_from_any_question_and_gives_each_story_once() {
    for (query, expected) in [("", 255), ("?lang=en&limit=20", 255), ("?until=2020-08-02T08:02:00Z", 124), ("?since=2020-08-01", 252)] {
        let library = library();
        let (mut next, mut ids, mut arriving) = (Some(format!("feed/topic/youth.json{query}")), Vec::new(), 7_000);
        while let Some(path) = next {
            let feed = library.get(&format!("/{path}")).json();
            assert_eq!(feed["feed_url"], format!("{BASE}{path}"));
            ids.extend(feed["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap().to_owned()));
            next = feed["next_url"].as_str().map(|address| address.strip_prefix(BASE).unwrap().to_owned());
            let now = second("2020-09-15T10:00:00Z").plus(Duration::from_secs(arriving as u64));
            library.keep(live(arriving..arriving + 7, &now.to_string()));
            arriving += 7;
        }
        let count = ids.len();
        assert_eq!((count, ids.into_iter().collect::<BTreeSet<_>>().len()), (expected, expected), "{query}");
    }
    // How many each source may have is said of one document.
    let feed = library().get("/feed.json?per_source=5").json();
    assert_eq!((feed["items"].as_array().unwrap().len(), feed.get("next_url")), (5, None));
}

/// Youth, as a filter.
fn youth() -> Filter {
    let topics: Choice<_> =
        [Clause::read("youth", |slug| Ok::<_, tributary::model::choice::EmptyPart>(Filed::Under(slug.parse().unwrap()))).unwrap()]
            .into_iter()
            .collect();
    About { topics, ..About::default() }.into()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_archive_is_as_a_list_sorted_by_when_it_was_kept(
        stories in proptest::collection::vec((0i64..200, 1i64..400, any::<bool>()), 1..60), first in 0usize..8, most in 1usize..20,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let genesis = tributary::model::Genesis { id: uuid::Uuid::from_u128(1), instance: uuid::Uuid::from_u128(2), created: common::at(0) };
        let store = tributary::store::Store::open(&dir.path().join("store"), &genesis).unwrap();
        let mut twin: BTreeMap<Month, Vec<(Second, Second, i64)>> = BTreeMap::new();
        let mut stories = stories;
        stories.sort_by_key(|(day, ..)| *day);
        for (n, (day, back, is_youth)) in (0i64..).zip(stories) {
            // Some were kept at the same second; each stands at one of its own.
            let seen = second("2020-01-01T00:00:00Z").plus(Duration::from_secs(day as u64 * 86_400));
            let mut story = kept(n, seen, seen.minus(Duration::from_secs((back * 86_400 + n) as u64)));
            if is_youth {
                twin.entry(Month::of(seen)).or_default().push((seen, story.editions[0].position, n));
            } else {
                story.topics = vec!["diaspora".parse().unwrap()];
            }
            store.apply(&record(n as u64 + 1, vec![story])).unwrap();
        }
        for month in ["2020-01", "2020-02", "2020-03", "2020-05"].map(|month| month.parse::<Month>().unwrap()) {
            let archive = store.archive(&youth(), Window::ALL, month, &(first..first + most)).unwrap();
            let mut list = twin.get(&month).cloned().unwrap_or_default();
            list.sort_unstable();
            let mut chosen: Vec<_> = list.iter().skip(first).take(most).collect();
            chosen.sort_by_key(|(_, place, _)| std::cmp::Reverse(*place));
            let ids: Vec<String> = archive.page.entries.iter().map(|shown| shown.edition().entry_id.clone()).collect();
            prop_assert_eq!(ids, self::ids(chosen.iter().map(|(.., n)| *n)));
            prop_assert_eq!(archive.total, list.len());
            prop_assert_eq!(archive.before, twin.range(..month).next_back().map(|(month, list)| (*month, list.len())));
            prop_assert_eq!(archive.after, twin.range(month.next()..).next().map(|(month, _)| *month));
        }
        prop_assert_eq!(store.last_month(&youth(), Window::ALL), twin.last_key_value().map(|(month, list)| (*month, list.len())));
        prop_assert_eq!(store.verify().unwrap().problems, Vec::<String>::new());
    }
}
