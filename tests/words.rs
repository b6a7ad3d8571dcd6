//! What stories say can be asked for: `q=`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;
#[path = "common/daemon.rs"]
mod daemon;
#[path = "common/http.rs"]
mod http;
#[path = "common/site.rs"]
mod site;

use std::{fs, path::Path, sync::Arc};

use common::{at, item, labels, story};
use daemon::Place;
use http::get;
use proptest::{prelude::*, strategy::ValueTree, test_runner::TestRunner};
use site::{Site3, record, site, titles};
use tributary::{
    daemon::words::{Inbox, WordReader},
    html::SafeHtml,
    model::{Copy, Edition, Filter, Genesis, Gone, Lang, Second, Story, Why, Window},
    store::{Store, StoreError},
};
use uuid::Uuid;

/// A story with a summary.
fn said(n: i64, title: &str, summary: &str) -> Story {
    let mut story = story("wire", &format!("s{n}"), title, at(n));
    story.copies[0].item.summary = summary.into();
    story
}

/// The same story in another language, by another source.
fn also_in(mut story: Story, lang: Lang, title: &str, later: i64) -> Story {
    let (item, position) = (item("paper", &format!("p{later}"), title), at(later));
    let first = story.editions[0].clone();
    story.editions.push(Edition {
        lang,
        entry_id: format!("https://paper.example/p{later}"),
        position,
        updated: position,
        preferred: 1,
        ..first
    });
    let (labels, why) = (labels(lang), Why::SameText);
    story.copies.push(Copy {
        item,
        labels,
        first_seen: position,
        revised: None,
        rank: 5,
        why,
        refused: Vec::new(),
        revisions: Vec::new(),
        retracted: None,
    });
    story
}

fn read(store: &Store) -> bool {
    store.read_words(at(500), &|| true).unwrap()
}

fn shown(site: &Site3, query: &str) -> Vec<String> {
    let mut titles = titles(&get(site.address, &format!("/feed.atom?{query}")));
    titles.iter_mut().for_each(|title| *title = title.split(' ').next().unwrap().to_owned());
    titles
}

#[test]
fn words_phrases_and_exclusions_are_looked_for_in_every_copy() {
    let site = site();
    let mut long = said(13, "C", "");
    long.copies[0].item.content = Some(SafeHtml::sanitise("<p>El <b>campa</b>mento</p><p>virtual &amp; más</p>", None));
    long.topics = vec!["youth".parse().unwrap()];
    let stories = vec![
        said(11, "A Más de 180 jóvenes", "Un campamento virtual."),
        also_in(said(12, "B More than 180", "A virtual camp."), Lang::ES, "B2 Un campamento", 20),
        long,
        said(14, "D", "Virtual, this is; and the camps of last year."),
    ];
    site.store.apply(&record(2, stories)).unwrap();
    assert!(read(&site.store));
    for (query, expected) in [
        ("q=campamento", &["C", "B", "A"][..]),
        ("q=CAMPAMENTOS", &["C", "B", "A"]),
        ("q=jovenes", &["A"]),
        ("q=joven+180", &["A"]),
        ("q=virtual", &["D", "C", "B", "A"]),
        ("q=virtual+campamento", &["C", "B", "A"]),
        // The words of one telling and of another.
        ("q=virtual+campamento+camp", &["B"]),
        ("q=%22campamento+virtual%22", &["C", "A"]),
        ("q=%22virtual+camp%22", &["B"]),
        ("q=virtual+-%22campamento+virtual%22", &["D", "B"]),
        ("q=virtual+-camp", &["C", "A"]),
        ("q=-virtual", &["Story", "Story", "Story"]),
        ("q=-virtual&limit=1", &["Story"]),
        ("q=-virtual+-told", &[]),
        ("q=nobody", &[]),
        ("q=virtual+nobody", &[]),
        ("q=virtual&limit=2", &["D", "C"]),
        ("q=virtual&topic=youth", &["C"]),
        ("q=virtual&topic=-youth", &["D", "B", "A"]),
        ("q=virtual&lang=es", &["B2"]),
        ("q=virtual&prefer=es", &["B2", "D", "C", "A"]),
        ("q=virtual&prefer=es&limit=1", &["B2"]),
        ("q=virtual&per_source=2", &["D", "C"]),
        ("q=virtual&until=2020-09-13T12:26:52Z", &["B", "A"]),
        ("q=virtual&since=2020-09-13T12:26:53Z", &["D", "C"]),
    ] {
        assert_eq!(shown(&site, query), expected, "{query}");
    }
    for format in ["rss", "json"] {
        assert!(get(site.address, &format!("/feed.{format}?q=jovenes")).text().contains("Más de 180"), "{format}");
    }
    assert!(get(site.address, "/feed?q=jovenes").text().contains("Más de 180"));
    let list = get(site.address, "/opml?q=campamento+-camp").text();
    assert!(list.contains("xmlUrl=\"https://news.example.org/feed.atom?q=campamento+-camp\""), "{list}");
    assert!(list.contains("xmlUrl=\"https://news.example.org/feed/topic/youth.atom?q=campamento+-camp\""), "{list}");
    assert_eq!(list.matches("<outline").count(), 2);
}

#[test]
fn what_is_not_read_yet_is_asked_for_again_later() {
    let site = site();
    let reply = get(site.address, "/feed.atom?q=story");
    assert_eq!((reply.status, reply.header("retry-after")), (503, Some("10")));
    assert_eq!(reply.json()["detail"], "words can not be looked for yet: their index is being made from what is kept");
    assert_eq!(get(site.address, "/feed?q=story").status, 503);
    assert_eq!(get(site.address, "/feed.atom").status, 200);
    // What was broken off was not begun.
    assert!(!site.store.read_words(at(500), &|| false).unwrap() && !site.store.has_words());
    assert!(read(&site.store));
    assert_eq!(shown(&site, "q=story").len(), 3);
}

#[test]
fn a_cached_answer_is_dropped_when_what_its_stories_say_was_read() {
    let site = site();
    assert!(read(&site.store));
    let tag = |query: &str| get(site.address, &format!("/feed.atom?{query}")).header("etag").unwrap().to_owned();
    let tags = || ["q=camp", "q=fair", "q=-camp", "q=camp&topic=youth"].map(tag);
    let mut seq = 1;
    let mut write = |story: Story| {
        seq += 1;
        let touched = site.store.apply(&record(seq, vec![story])).unwrap();
        site.app.changed(&touched);
        let at_once = tags();
        read(&site.store);
        site.app.words_changed(Some(&touched));
        (at_once, tags())
    };
    let differ = |one: &[String; 4], other: &[String; 4]| -> Vec<bool> { one.iter().zip(other).map(|(one, other)| one != other).collect() };
    let empty = tags();
    let (at_once, enters) = write(said(11, "The camp", ""));
    assert_eq!((at_once, differ(&empty, &enters)), (empty.clone(), vec![true, false, false, false]));
    let (_, other) = write(said(11, "The fair", ""));
    assert_eq!(differ(&enters, &other), [true, true, true, false]);
    let mut filed = said(11, "The camp", "");
    filed.topics = vec!["youth".parse().unwrap()];
    let (_, filed) = write(filed);
    assert_eq!(differ(&other, &filed), [true, true, true, true]);
    let mut hidden = said(11, "The camp", "");
    hidden.edited.gone = Some(Gone::Hidden);
    let (_, hidden) = write(hidden);
    assert_eq!(hidden, empty);
}

#[test]
fn a_reader_that_asks_by_date_is_told_of_what_was_found_later() {
    let site = site();
    assert!(read(&site.store));
    let touched = site.store.apply(&record(2, vec![said(11, "The camp", "")])).unwrap();
    let early = get(site.address, "/feed.atom?q=camp");
    read(&site.store);
    site.app.words_changed(Some(&touched));
    let since = [("If-Modified-Since", early.header("last-modified").unwrap())];
    let late = http::ask(site.address, "GET", "/feed.atom?q=camp", &since);
    assert_eq!((early.status, titles(&early).len(), late.status, titles(&late).len()), (200, 0, 200, 1));
}

#[test]
fn what_changed_since_words_were_read_is_seen() {
    let site = site();
    site.store.apply(&record(2, vec![said(11, "The camp", ""), said(12, "Another camp", "")])).unwrap();
    assert!(read(&site.store));
    assert_eq!(shown(&site, "q=camp"), ["Another", "The"]);
    site.app.words_changed(None);
    let mut hidden = said(12, "Another camp", "");
    hidden.edited.gone = Some(Gone::Hidden);
    site.store.apply(&record(3, vec![said(11, "The fair", ""), hidden])).unwrap();
    assert_eq!(shown(&site, "q=camp"), Vec::<String>::new());
    // What says it only now is found when it was read.
    assert_eq!(shown(&site, "q=fair"), Vec::<String>::new());
    read(&site.store);
    site.app.words_changed(None);
    assert_eq!(shown(&site, "q=fair"), ["The"]);
}

fn genesis() -> Genesis {
    Genesis { id: Uuid::from_u128(1), instance: Uuid::from_u128(2), created: at(-1_000) }
}

fn found(store: &Store, words: &str) -> Vec<String> {
    let filter = Filter { words: words.parse().unwrap(), ..Filter::default() };
    let page = store.query(&filter, Window::ALL, 100).unwrap();
    page.entries.iter().map(|shown| shown.copy().item.title.clone()).collect()
}

#[test]
fn an_index_that_can_not_be_used_is_made_anew_and_one_that_is_behind_reads_on() {
    let dir = tempfile::tempdir().unwrap();
    let (path, words) = (dir.path().join("store"), dir.path().join("words"));
    let open = || Store::open(&path, &genesis()).unwrap();
    let store = open();
    store.apply(&record(1, vec![said(1, "A camp", ""), said(2, "A fair", "")])).unwrap();
    assert!(matches!(
        store.query(&Filter { words: "camp".parse().unwrap(), ..Filter::default() }, Window::ALL, 1),
        Err(StoreError::NoWords)
    ));
    read(&store);
    assert_eq!(found(&store, "camp"), ["A camp"]);
    // Behind, and read on.
    store.apply(&record(2, vec![said(3, "Another camp", ""), said(1, "A fair", "")])).unwrap();
    drop(store);
    let files = |path: &Path| fs::read_dir(path).unwrap().map(|file| file.unwrap().path()).collect::<Vec<_>>();
    let before = files(&words);
    let store = open();
    read(&store);
    assert_eq!((found(&store, "camp"), found(&store, "fair")), (vec!["Another camp".to_owned()], vec!["A fair".into(), "A fair".into()]));
    assert!(before.iter().any(|file| file.exists() && file.extension().is_some()), "what was read is not read again");
    drop(store);
    let damages: [&dyn Fn(); 6] = [
        &|| fs::remove_dir_all(&words).unwrap(),
        &|| files(&words).iter().for_each(|file| fs::write(file, "").unwrap()),
        &|| {
            files(&words)
                .iter()
                .filter(|file| file.extension().is_some_and(|name| name == "idx"))
                .for_each(|file| fs::write(file, "x").unwrap())
        },
        &|| {
            files(&words)
                .iter()
                .filter(|file| file.extension().is_some_and(|name| name == "term"))
                .for_each(|file| fs::remove_file(file).unwrap())
        },
        &|| {
            let meta = fs::read_to_string(words.join("meta.json")).unwrap();
            fs::write(words.join("meta.json"), meta.replace("\\\"layout\\\":", "\\\"layout\\\":9")).unwrap();
        },
        &|| {
            let meta = fs::read_to_string(words.join("meta.json")).unwrap();
            fs::write(words.join("meta.json"), meta.replace("\\\"applied\\\":", "\\\"applied\\\":9")).unwrap();
        },
    ];
    for (n, damage) in damages.iter().enumerate() {
        damage();
        let store = open();
        // What is damaged is seen when it is opened, or when it is read.
        let _ = store.read_words(at(600), &|| true);
        let _ = store.query(&Filter { words: "camp".parse().unwrap(), ..Filter::default() }, Window::ALL, 1);
        read(&store);
        assert_eq!((found(&store, "camp").len(), found(&store, "fair").len()), (1, 2), "damage {n}");
    }
    // Of another journal.
    drop(fs::remove_dir_all(&path));
    let other = Store::open(&path, &Genesis { id: Uuid::from_u128(7), ..genesis() }).unwrap();
    other.apply(&record(1, vec![said(1, "A camp", "")])).unwrap();
    other.apply(&record(2, vec![])).unwrap();
    read(&other);
    assert_eq!((found(&other, "camp").len(), found(&other, "fair").len()), (1, 0));
}

/// A story of a few words of a small language, perhaps told twice.
fn any_story() -> impl Strategy<Value = Story> {
    let text = || {
        proptest::collection::vec(proptest::sample::select(vec!["camp", "Fair", "niñez", "virtual", "boxes", "aid"]), 0..5)
            .prop_map(|words| words.join(" "))
    };
    let topic = proptest::option::of(proptest::sample::select(vec!["youth", "diaspora"]));
    let more = proptest::option::of((text(), 0i64..5_000_000));
    (0i64..40, text(), text(), topic, more, 0u8..8).prop_map(|(n, title, summary, topic, more, gone)| {
        let mut story = said(n * 131_071, &title, &summary);
        story.topics = topic.into_iter().map(|topic| topic.parse().unwrap()).collect();
        // No two editions stand at one second.
        let mut story = match more {
            Some((title, later)) => also_in(story, Lang::ES, &title, (later / 40) * 40 + 7_000_000_000 + n),
            None => story,
        };
        story.edited.gone = (gone == 0).then_some(Gone::Hidden);
        story
    })
}

fn any_filter() -> impl Strategy<Value = Filter> {
    let word = proptest::sample::select(vec!["camp", "fairs", "ninez", "virtual", "box", "\"camp fair\"", "\"virtual camp\"", "nobody"]);
    let words = proptest::collection::vec((word, any::<bool>()), 1..4);
    let rest = (any::<bool>(), any::<bool>(), proptest::option::of(1usize..3));
    (words, rest).prop_map(|(words, (es, prefer, per_source))| {
        let words: Vec<String> = words.into_iter().map(|(word, not)| format!("{}{word}", if not { "-" } else { "" })).collect();
        let langs = es.then_some(Lang::ES).into_iter().collect();
        let prefer = prefer.then_some(Lang::ES).into_iter().collect();
        Filter { words: words.join(" ").parse().unwrap(), langs, prefer, per_source, ..Filter::default() }.settled()
    })
}

#[test]
fn the_index_finds_what_a_look_at_every_story_finds() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("store"), &genesis()).unwrap();
    let mut runner = TestRunner::deterministic();
    let mut twin = std::collections::BTreeMap::new();
    for seq in 1..30 {
        let stories = proptest::collection::vec(any_story(), 1..6).new_tree(&mut runner).unwrap().current();
        twin.extend(stories.iter().map(|story| (story.id, story.clone())));
        store.apply(&record(seq, stories)).unwrap();
        if seq % 3 == 0 {
            read(&store);
        }
        for _ in 0..10 * (seq / 10) {
            let filter = any_filter().new_tree(&mut runner).unwrap().current();
            if seq % 3 != 0 {
                // What was not read yet may be missing, but nothing is there that should not.
                let page = store.query(&filter, Window::ALL, 100).unwrap();
                assert!(page.entries.iter().all(|shown| filter.admits(&twin[&shown.story.id])), "{filter}");
                continue;
            }
            let mut expected: Vec<(Second, Uuid)> = twin
                .values()
                .filter(|story| filter.admits(story))
                .map(|story| (story.editions[filter.edition_of(story).unwrap()].position, story.id))
                .collect();
            expected.sort_unstable_by(|one, other| other.cmp(one));
            let page = store.query(&filter, Window::ALL, 100).unwrap();
            let found: Vec<(Second, Uuid)> = page.entries.iter().map(|shown| (shown.edition().position, shown.story.id)).collect();
            if filter.per_source.is_none() {
                assert_eq!(found, expected, "{filter}");
            } else {
                assert!(found.iter().all(|entry| expected.contains(entry)), "{filter}");
            }
            let first = store.query(&filter, Window::ALL, 2).unwrap();
            assert_eq!(first.entries, page.entries[..page.entries.len().min(2)], "{filter}");
        }
    }
}

#[test]
fn what_many_stories_say_is_looked_for_among_the_newest_first() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("store"), &genesis()).unwrap();
    // Over more than a year, so that all parts of time are looked through.
    let told = |n: i64| said(n * 7_000, &format!("Camp {n}"), if n % 1_500 == 7 { "and a fair" } else { "" });
    let stories: Vec<Story> = (0..5_200).map(told).collect();
    for (seq, stories) in stories.chunks(64).enumerate() {
        store.apply(&record(seq as u64 + 1, stories.to_vec())).unwrap();
    }
    read(&store);
    let numbers = |words: &str, window: Window, limit: usize| -> Vec<i64> {
        let filter = Filter { words: words.parse().unwrap(), ..Filter::default() };
        let page = store.query(&filter, window, limit).unwrap();
        page.entries.iter().map(|shown| (shown.edition().position.unix() - common::NOON) / 7_000).collect()
    };
    let down = |from: i64, count: i64| (0..count).map(|n| from - n).collect::<Vec<_>>();
    assert_eq!(numbers("camp", Window::ALL, 50), down(5_199, 50));
    assert_eq!(numbers("camp", Window::ALL, 400), down(5_199, 400));
    assert_eq!(numbers("camp", Window::ALL, 5_200), down(5_199, 5_200));
    assert_eq!(numbers("camp -fair", Window::ALL, 694)[..], down(5_199, 695).into_iter().filter(|n| *n != 4_507).collect::<Vec<_>>()[..]);
    assert_eq!(numbers("camp fair", Window::ALL, 50), [4_507, 3_007, 1_507, 7]);
    assert_eq!(numbers("-camp", Window::ALL, 50), Vec::<i64>::new());
    assert_eq!(numbers("camp", Window { from: None, below: Some(at(3_000 * 7_000)) }, 60), down(2_999, 60));
    assert_eq!(numbers("camp", Window { from: Some(at(5_190 * 7_000)), below: None }, 60), down(5_199, 10));
    assert_eq!(numbers("camp", Window { from: Some(at(10 * 7_000)), below: Some(at(20 * 7_000)) }, 60), down(19, 10));
}

#[test]
fn the_thread_reads_what_it_is_told_of() {
    let site = site();
    // An index that is being made when nothing is to come would not be finished.
    read(&site.store);
    let inbox = Inbox::default();
    let reader = WordReader::start(site.store.clone(), site.app.clone(), Arc::new(|| at(500)), inbox.clone()).unwrap();
    let touched = site.store.apply(&record(2, vec![said(11, "The camp", "")])).unwrap();
    inbox.tell(&touched);
    reader.finish();
    assert_eq!(shown(&site, "q=camp"), ["The"]);
    // More than it holds: all feeds that ask for words are made anew.
    let inbox = Inbox::default();
    let reader = WordReader::start(site.store.clone(), site.app.clone(), Arc::new(|| at(500)), inbox.clone()).unwrap();
    let touched = site.store.apply(&record(3, vec![said(11, "The fair", "")])).unwrap();
    (0..3_000).for_each(|_| inbox.tell(&touched));
    reader.finish();
    assert_eq!((shown(&site, "q=camp"), shown(&site, "q=fair")), (vec![], vec!["The".to_owned()]));
}

const FEED: &str = r#"<?xml version="1.0"?><rss version="2.0"><channel><title>W</title><link>https://wire.example/</link><description>W</description>
<item><title>Un campamento virtual</title><link>https://wire.example/1</link><guid>1</guid><description>Para la niñez.</description></item>
<item><title>Una feria</title><link>https://wire.example/2</link><guid>2</guid><description>Para todos.</description></item>
</channel></rss>"#;

#[test]
fn the_real_program_finds_words_with_a_daemon_and_without() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("feed.xml"), FEED).unwrap();
    let place =
        Place::new(&format!("[[source]]\nid = \"wire\"\ntitle = \"Wire\"\nurl = \"file://{}\"\n", dir.path().join("feed.xml").display()));
    place.succeed(&["pull"]);
    let printed = place.succeed(&["print", "q=niñez"]);
    assert_eq!((printed.matches("<entry>").count(), printed.contains("campamento")), (1, true));
    let exported = place.succeed(&["export", "q=niñez"]);
    assert_eq!((exported.lines().count(), exported.contains("campamento")), (1, true));
    let misused = place.run(&["print", "q=*"]);
    assert!(String::from_utf8_lossy(&misused.stderr).contains("there is no word in it"));
    let mut daemon = place.start(&["--read-only"]);
    daemon.wait_for("words can be asked for");
    assert_eq!(titles(&get(daemon.address, "/feed.atom?q=feria")), ["Una feria"]);
    assert!(place.succeed(&["print", "q=niñez"]).contains("campamento"), "asked through the daemon");
    assert_eq!(place.succeed(&["export", "q=niñez"]), exported);
    daemon.stop();
    // What is made anew may hold less: nothing of the old index stays.
    place.succeed(&["rebuild"]);
    assert!(!place.path("data/words").exists());
    assert_eq!(place.succeed(&["print", "q=niñez"]), printed);
}
