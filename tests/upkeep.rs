//! What is kept goes out and comes in again, is written shorter, and loses the words that have to go.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;
#[path = "common/http.rs"]
mod http;
#[path = "common/daemon.rs"]
mod place;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use common::{at, checked, pull, state, story};
use http::get;
use place::{Place, copy_folder};
use serde_json::{Value, json};
use tributary::{
    apply::{Arrived, Writer, overdue},
    daemon::data::DataFolder,
    dedup,
    journal::{self, Journal, JournalError},
    model::{Ago, Copy, Draft, Edited, Erased, Genesis, Gone, Item, Keep, Keeping, Pruned, Record, Rewritten, Second, Story, Why},
    serve::sample::Publisher,
    store::Store,
    verify::verify,
};
use uuid::Uuid;

const BEES: &str = "Beekeepers of the valley count their hives";
const SECRET: &str = "Wilhelmina Quackenbush was seen at the border";

/// A wire and a paper on loopback, and a data folder.
struct Desk {
    _runtime: tokio::runtime::Runtime,
    publisher: Publisher,
    place: Place,
}

impl Desk {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let publisher = runtime.block_on(Publisher::start()).unwrap();
        let place = Place::new(&sources(&publisher.base(), ""));
        let desk = Self { _runtime: runtime, publisher, place };
        desk.publish("wire", &[("b", BEES), ("s", SECRET), ("t", "Three bridges were opened over the river")]);
        desk.publish("paper", &[("b", BEES), ("p", "The paper has a new press")]);
        desk.place.succeed(&["pull"]);
        desk
    }

    fn publish(&self, name: &str, items: &[(&str, &str)]) {
        let item = |(guid, title): &(&str, &str)| {
            format!("<item><title>{title}</title><guid>urn:{name}:{guid}</guid><link>https://{name}.example/{}</link></item>", slug(title))
        };
        let items: String = items.iter().map(item).collect();
        self.publisher.put(
            &format!("/{name}"),
            "application/rss+xml",
            &format!("<rss version=\"2.0\"><channel><title>x</title>{items}</channel></rss>"),
        );
    }

    fn rows(&self, arguments: &[&str]) -> Vec<Value> {
        self.place.rows(arguments)
    }

    fn refuse(&self, arguments: &[&str]) -> String {
        let output = self.place.run(arguments);
        assert!(!output.status.success(), "{arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    fn data(&self) -> PathBuf {
        self.place.path("data")
    }

    /// All bytes of the journal, decompressed.
    fn lines(&self) -> String {
        lines(&self.data().join("journal"))
    }
}

/// The last part of an address: the first two words of a title.
fn slug(title: &str) -> String {
    let words: Vec<&str> = title.split(' ').take(2).map(|word| word.trim_end_matches(',')).collect();
    words.join("-")
}

fn sources(base: &str, more: &str) -> String {
    let source = |id: &str| {
        format!(
            "[[source]]\nid = \"{id}\"\ntitle = \"The {id}\"\nurl = \"{base}/{id}\"\nhome = \"https://{id}.example/\"\nallow_private = true\n{more}"
        )
    };
    source("wire") + &source("paper")
}

fn segments(journal: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(journal).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.to_string_lossy().ends_with(".ndjson.zst"));
    paths.sort();
    paths
}

/// What `zstdcat` prints.
fn lines(journal: &Path) -> String {
    segments(journal).iter().map(|path| String::from_utf8(zstd::decode_all(&fs::read(path).unwrap()[..]).unwrap()).unwrap()).collect()
}

/// Opens a data folder, and gives all stories in the order in which they were first kept.
fn kept(data: &Path) -> Vec<Story> {
    let folder = DataFolder::hold(data).unwrap();
    let opened = folder.open("", at(0), |_, _| {}).unwrap();
    assert_eq!(opened.read_only, None);
    let verdict = verify(&opened.store, &opened.journal).unwrap();
    assert!(verdict.agrees(), "{:?}", verdict.rows());
    opened.store.stretch(0, u32::MAX).unwrap().0
}

/// The same when the store is made anew.
fn kept_anew(data: &Path) -> Vec<Story> {
    fs::remove_dir_all(data.join("store")).unwrap();
    kept(data)
}

fn genesis() -> Genesis {
    Genesis { id: Uuid::from_u128(1), instance: Uuid::from_u128(2), created: at(0) }
}

fn open(dir: &Path) -> Journal {
    Journal::open(dir, genesis).unwrap().0
}

// Out and in.

#[test]
fn an_export_is_the_same_bytes_beside_a_daemon_and_alone_and_comes_in_once() {
    let desk = Desk::new();
    desk.place.succeed(&["story", "urn:paper:p", "hide", "--why", "not now"]);
    let file = desk.place.path("all.ndjson");
    let alone = desk.place.succeed(&["export"]);
    desk.place.succeed(&["export", "--out", file.to_str().unwrap()]);
    assert_eq!(fs::read_to_string(&file).unwrap(), alone);
    let daemon = desk.place.start(&["--read-only"]);
    assert_eq!(desk.place.succeed(&["export"]), alone);
    let of_paper = desk.place.succeed(&["export", "source=paper"]);
    assert_eq!(desk.place.succeed(&["export", "feed/source/paper.rss"]), of_paper);
    assert!(desk.refuse(&["export", "source=nobody"]).contains("nobody"));
    daemon.stop();
    // One story, as a line of it: the other one of the paper is in no feed.
    let told: Vec<Story> = alone.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(told, kept(&desk.data()));
    assert_eq!((told.len(), of_paper.lines().count()), (4, 1));
    assert!(alone.lines().any(|line| line == of_paper.trim_end()));

    let other = Place::new(&sources(&desk.publisher.base(), ""));
    let import = ["import", file.to_str().unwrap()];
    assert_eq!(other.succeed(&import), "stories that came in: 4; that were here: 0; that could not be read: 0\n");
    assert_eq!(kept(&other.path("data")), told, "ids, places, copies, labels and acts are what they were");
    let records = lines(&other.path("data/journal")).lines().count();
    assert_eq!(other.succeed(&import), "stories that came in: 0; that were here: 4; that could not be read: 0\n");
    assert_eq!(lines(&other.path("data/journal")).lines().count(), records, "nothing is written the second time");
    assert_eq!(kept_anew(&other.path("data")), told);
    // What the publishers still list is known.
    let pulled = other.succeed(&["pull", "--json"]);
    assert!(pulled.lines().all(|line| line.contains("\"new\":0")), "{pulled}");
    let daemon = other.start(&["--read-only"]);
    let hidden = told.iter().find(|story| story.editions[0].entry_id == "urn:paper:p").unwrap();
    assert_eq!(get(daemon.address, &format!("/story/{}", hidden.id)).status, 410, "what was hidden stays so");
    daemon.stop();
}

#[test]
fn what_others_have_is_given_up_and_bad_lines_are_told_by_their_number() {
    let desk = Desk::new();
    let here = kept(&desk.data());
    let line = |story: &Story| serde_json::to_string(story).unwrap();
    // The same place and the same entry id, of a story that is not here.
    let mut rival = story("radio", "r", "On the radio", here[0].editions[0].position);
    rival.editions[0].entry_id = here[0].editions[0].entry_id.clone();
    // A story of two tellings, one of which another story tells here.
    let mut both = story("radio", "both", "Told twice", at(77));
    let copy = Copy { why: Why::SameText, ..here[0].copies[0].clone() };
    both.copies.push(copy);
    let known = Story { id: Uuid::from_u128(7), ..here[0].clone() };
    let mut evil = story("radio", "e", "Markup", at(78));
    evil.copies[0].item.content = serde_json::from_value(json!("<p onclick=\"x()\">a</p><script>x()</script>")).unwrap();
    evil.copies[0].item.title = "Two\u{7}\nlines".into();
    let mut link = story("radio", "l", "Link", at(79));
    link.copies[0].item.link = Some("javascript:x()".into());
    let future = story("radio", "f", "Ahead", Second::from_unix(32_503_680_000));
    let mut none = story("radio", "n", "None", at(80));
    none.copies.clear();
    let text =
        [&line(&rival), "", "{\"half\":", &line(&both), &line(&known), &line(&evil), "[]", &line(&link), &line(&future), &line(&none)]
            .join("\n");
    fs::write(desk.place.path("in.ndjson"), text).unwrap();
    let output = desk.place.run(&["import", desk.place.path("in.ndjson").to_str().unwrap(), "--json"]);
    let (told, talk) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!(told, json!({ "new": 3, "known": 1, "parted": 1, "moved": 1, "renamed": 1, "bad": 5 }), "{talk}");
    assert_eq!(output.status.code(), Some(1));
    for said in [
        "line 3: is no JSON",
        "line 7: is no story",
        "line 8: names `javascript:x()`",
        "line 9: has an entry that stands in the future",
        "line 10: has no copy",
    ] {
        assert!(talk.contains(said), "{said}: {talk}");
    }
    let now = kept_anew(&desk.data());
    assert_eq!(now[..here.len()], here, "what is here stays as it is");
    let [rival_now, both_now, evil_now] = &now[here.len()..] else { panic!("{now:?}") };
    let is_taken = |place: Second| here.iter().any(|story| story.editions[0].position == place);
    let mut place = here[0].editions[0].position;
    while is_taken(place) {
        place = place.minus(std::time::Duration::from_secs(1));
    }
    assert_eq!((rival_now.id, rival_now.editions[0].position), (rival.id, place), "the next free place before it");
    assert!(rival_now.editions[0].entry_id.starts_with("urn:uuid:"));
    assert_eq!((both_now.id, &both_now.copies[..], &both_now.editions), (both.id, &both.copies[..1], &both.editions));
    let item = &evil_now.copies[0].item;
    assert_eq!((item.title.as_str(), item.content.as_ref().unwrap().as_str()), ("Two lines", "<p>a</p>"));
}

// Shorter.

fn drafts() -> Vec<Draft> {
    let mut hidden = story("wire", "n2", "Two", at(2));
    hidden.edited = Edited { gone: Some(Gone::Hidden), ..Edited::default() };
    let stories: Vec<Story> = (0..70).map(|n| story("wire", &format!("m{n}"), &format!("Many {n}"), at(100 + n))).collect();
    vec![
        pull("wire", vec![story("wire", "n1", "One", at(1))], 1),
        pull("wire", vec![hidden], 2),
        checked("wire", 3),
        pull("paper", stories[..40].to_vec(), 4),
        pull("paper", stories[40..].to_vec(), 5),
        pull("wire", vec![story("wire", "n1", "One, edited", at(1))], 6),
    ]
}

/// A view of all that a journal tells, and what it shows.
fn viewed(dir: &Path, journal: &Journal) -> (Store, Vec<Story>) {
    let store = Store::open(&dir.join("view"), journal.genesis()).unwrap();
    for record in journal.read_from(store.applied() + 1) {
        store.apply(&record.unwrap()).unwrap();
    }
    let stories = store.stretch(0, u32::MAX).unwrap().0;
    (store, stories)
}

#[test]
fn a_compaction_that_is_cut_off_anywhere_leaves_the_old_journal_or_the_new_one() {
    let dir = tempfile::tempdir().unwrap();
    let (old, view) = (dir.path().join("old"), dir.path().join("view-of-old"));
    let (mut journal, _) = Journal::open_with(&old, genesis, 1).unwrap();
    for draft in drafts() {
        journal.append(&[draft]).unwrap();
    }
    let (store, stories) = viewed(&view, &journal);
    let before: Vec<Record> = journal.read_from(1).map(Result::unwrap).collect();
    let new = dir.path().join("new");
    copy_folder(&old, &new);
    let mut compacting = open(&new);
    let told = |store: &Store| store.stories().map(|story| Ok::<_, JournalError>(story.unwrap())).collect::<Vec<_>>().into_iter();
    let done = compacting.compact(told(&store), store.rest().unwrap(), at(9)).unwrap();
    assert_eq!((done.stories, done.removed.0), (72, 7));
    assert_eq!(compacting.append(&[checked("wire", 20)]).unwrap()[0].seq, 10);
    drop(compacting);
    let [snapshot] = &segments(&new)[..] else { panic!("one segment") };
    let (name, partial) = ("000008.ndjson.zst", "000008.ndjson.zst.partial");
    assert_eq!(snapshot.file_name().unwrap(), name);
    let whole = fs::read(snapshot).unwrap();
    let whole = &whole[..done.bytes as usize];

    let mut cuts: Vec<usize> = (0..whole.len()).step_by(97).collect();
    cuts.push(whole.len());
    for cut in cuts {
        // Written aside, up to here.
        let data = dir.path().join(format!("cut-{cut}"));
        copy_folder(&old, &data);
        fs::write(data.join(partial), &whole[..cut]).unwrap();
        let journal = open(&data);
        assert_eq!(journal.read_from(1).map(Result::unwrap).collect::<Vec<_>>(), before, "cut at {cut}");
        assert!(!data.join(partial).exists());
        fs::remove_dir_all(&data).unwrap();
    }
    for removed in 0..=7 {
        // Renamed, and so many of the older ones removed, from either end.
        for from_end in [false, true] {
            let data = dir.path().join(format!("removed-{removed}-{from_end}"));
            copy_folder(&old, &data);
            fs::write(data.join(name), whole).unwrap();
            let mut older = segments(&old);
            if from_end {
                older.reverse();
            }
            for path in &older[..removed] {
                fs::remove_file(data.join(path.file_name().unwrap())).unwrap();
            }
            let mut journal = open(&data);
            assert_eq!((journal.damage(), journal.bounds().first, journal.verify().problems), (None, 7, vec![]));
            let (store, now) = viewed(&data, &journal);
            assert_eq!(now, stories, "tombstones and all");
            assert_eq!(store.state(&"wire".parse().unwrap()).unwrap(), Some(state("wire", at(6))));
            journal.append(&[checked("wire", 21)]).unwrap();
            // The next compaction takes what was left along.
            journal.compact(told(&store), store.rest().unwrap(), at(30)).unwrap();
            assert_eq!(segments(&data).len(), 1);
        }
    }
}

#[test]
fn a_compaction_that_can_not_read_a_story_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = open(dir.path());
    journal.append(&drafts()).unwrap();
    let before = lines(dir.path());
    let broken = || JournalError::Failed { path: dir.path().to_owned() };
    let stories = (0..200).map(|n| if n < 150 { Ok(story("wire", &format!("{n}"), "T", at(n))) } else { Err(broken()) });
    assert!(journal.compact(stories, Default::default(), at(9)).is_err());
    assert_eq!((lines(dir.path()), fs::read_dir(dir.path()).unwrap().count()), (before, 1));
    assert_eq!(journal.append(&[checked("wire", 20)]).unwrap()[0].seq, 7);
    assert_eq!(journal.verify().problems, []);
}

#[test]
fn a_snapshot_with_a_story_less_is_not_what_was_written() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = open(dir.path());
    let stories = (0..3).map(|n| Ok::<_, JournalError>(story("wire", &format!("{n}"), "T", at(n))));
    journal.compact(stories, Default::default(), at(9)).unwrap();
    drop(journal);
    // Somebody takes a story out, and mends the chain but not the count.
    let path = segments(dir.path()).remove(0);
    let text = lines(dir.path());
    let (mut rewritten, mut prev) = (Vec::new(), String::new());
    for line in text.lines() {
        let mut value: Value = serde_json::from_str(line).unwrap();
        if value["kind"].is_string() {
            value["prev"] = prev.into();
        }
        if let Some(stories) = value["stories"].as_array_mut() {
            stories.pop();
        }
        let line = value.to_string();
        prev = blake3::hash(line.as_bytes()).to_hex().to_string();
        rewritten.extend(zstd::bulk::compress(format!("{line}\n").as_bytes(), 1).unwrap());
    }
    fs::write(&path, rewritten).unwrap();
    let problems = open(dir.path()).verify().problems;
    assert!(matches!(&problems[..], [(_, what)] if what.contains("is not what was written")), "{problems:?}");
}

#[test]
fn what_is_served_is_the_same_after_a_compaction() {
    let desk = Desk::new();
    desk.place.succeed(&["story", "urn:wire:t", "hide", "--why", "so"]);
    let before = kept(&desk.data());
    let daemon = desk.place.start(&["--read-only"]);
    let feed = get(daemon.address, "/feed.atom");
    assert!(desk.refuse(&["compact"]).contains("--read-only"));
    daemon.stop();
    let daemon = desk.place.start(&[]);
    let told = desk.place.succeed(&["compact"]);
    assert!(told.starts_with("4 stories in "), "{told}");
    let after = get(daemon.address, "/feed.atom");
    assert_eq!(
        (after.text(), after.header("etag"), after.header("last-modified")),
        (feed.text(), feed.header("etag"), feed.header("last-modified"))
    );
    assert!(desk.place.succeed(&["verify"]).contains("\"segments\":1"));
    desk.publish("wire", &[("n", "News after all of that")]);
    desk.place.succeed(&["pull"]);
    daemon.stop();
    let now = kept(&desk.data());
    assert_eq!((&now[..4], now.len()), (&before[..], 5));
    assert_eq!(kept_anew(&desk.data()), now);
    // Alone.
    desk.place.succeed(&["compact"]);
    assert_eq!(kept_anew(&desk.data()), now);
    assert_eq!(segments(&desk.data().join("journal")).len(), 1);
}

#[test]
fn a_store_that_tells_other_than_the_journal_is_never_made_the_truth() {
    let desk = Desk::new();
    let journal = desk.data().join("journal");
    // A journal of the same name in which a story is told otherwise, as after a silent loss in the store.
    let text = lines(&journal).replace("Three bridges were", "Thrae bridges were");
    let (mut frames, mut before) = (Vec::new(), Vec::<(String, String)>::new());
    for line in text.lines() {
        let line = before.iter().fold(line.to_owned(), |line, (old, new)| line.replace(old, new));
        let old = lines(&journal).lines().nth(before.len()).unwrap().to_owned();
        before.push((blake3::hash(old.as_bytes()).to_hex().to_string(), blake3::hash(line.as_bytes()).to_hex().to_string()));
        frames.extend(zstd::bulk::compress(format!("{line}\n").as_bytes(), 1).unwrap());
    }
    fs::write(segments(&journal).remove(0), frames).unwrap();
    let refused = desk.refuse(&["compact"]);
    assert!(refused.contains("journal and store differ in 1 stories") && refused.contains("tributary rebuild"), "{refused}");
    assert!(desk.refuse(&["verify"]).contains("do not agree"));
    desk.place.succeed(&["rebuild"]);
    desk.place.succeed(&["compact"]);
}

// Less.

fn told_by(sources: &[&str], upstream: &str, seconds: i64) -> Story {
    let mut story = story(sources[0], upstream, "Title", at(seconds));
    for source in &sources[1..] {
        let mut copy = common::story(source, upstream, "Title", at(seconds)).copies.remove(0);
        copy.why = Why::SameText;
        story.copies.push(copy);
    }
    story
}

#[test]
fn a_story_stays_while_one_of_its_sources_keeps_it() {
    const DAY: i64 = 24 * 3600;
    let day = |day: i64| day * DAY;
    let mut hidden = told_by(&["wire"], "hidden", day(1) - 1);
    hidden.edited.gone = Some(Gone::Hidden);
    let stories = [
        told_by(&["wire"], "w1", day(1)),
        told_by(&["wire"], "w2", day(2)),
        told_by(&["wire", "paper"], "both", day(3)),
        told_by(&["wire"], "w8", day(8)),
        told_by(&["paper"], "p1", day(1) + 1),
        hidden,
        dedup::pruned(&told_by(&["wire"], "gone", day(0)), |_| true),
    ];
    let names = |keeping: &Keeping| -> Vec<String> {
        let over = overdue(stories.iter().cloned().map(Ok), keeping, at(day(10))).unwrap();
        let name = |id| stories.iter().find(|story| story.id == id).unwrap().copies[0].item.upstream.id.clone();
        over.into_iter().map(|story| format!("{}/{}", story.source, name(story.id))).collect()
    };
    let days = |days| Some(Ago { months: 0, days });
    let of = |keep: Keep| BTreeMap::from([("paper".parse().unwrap(), keep)]);
    let none = Keeping::default();
    assert!(none.is_silent());
    assert_eq!(names(&none), Vec::<String>::new());
    let aged = Keep { age: days(5), stories: None };
    assert_eq!(names(&Keeping { each: aged, ..none.clone() }), ["wire/both", "wire/w2", "paper/p1", "wire/w1", "wire/hidden"]);
    assert_eq!(names(&Keeping { each: aged, of: of(Keep::default()), ..none.clone() }), ["wire/w2", "wire/w1", "wire/hidden"]);
    assert_eq!(names(&Keeping { of: of(aged), ..none.clone() }), ["paper/p1"], "the wire keeps what both told");
    let two = Keep { age: None, stories: Some(2) };
    assert_eq!(names(&Keeping { each: two, ..none.clone() }), ["wire/w2", "wire/w1"], "the paper has two");
    let one = Keep { age: None, stories: Some(1) };
    assert_eq!(names(&Keeping { each: two, of: of(one), ..none.clone() }), ["wire/w2", "paper/p1", "wire/w1"]);
    assert_eq!(names(&Keeping { all: Some(3), ..none.clone() }), ["paper/p1", "wire/w1"]);
    assert_eq!(names(&Keeping { all: Some(2), each: two, ..none }), ["wire/w2", "paper/p1", "wire/w1"]);
}

#[test]
fn what_is_kept_no_longer_leaves_its_feeds_and_does_not_come_back() {
    let desk = Desk::new();
    let before = kept(&desk.data());
    let daemon = desk.place.start(&[]);
    let feed = get(daemon.address, "/feed.atom");
    assert_eq!(desk.rows(&["prune"]), [json!({ "overdue": 0, "pruned": 0, "keeps_all": true })]);
    daemon.stop();
    fs::write(desk.place.path("config/tributary.toml"), "[keep]\nstories = 1\n").unwrap();
    let month = |story: &Story| story.editions[0].position.date_time().format("%Y-%m").to_string();
    let rows = desk.rows(&["prune", "--dry-run"]);
    let gone: u64 = rows.iter().filter_map(|row| row["stories"].as_u64()).sum();
    assert_eq!((gone, &rows[rows.len() - 1]), (3, &json!({ "overdue": 3, "pruned": 0, "keeps_all": false })));
    assert!(rows.iter().any(|row| row["source"] == "wire" && row["month"] == month(&before[0]).as_str()), "{rows:?}");
    assert_eq!(kept(&desk.data()), before, "nothing was written");

    // The daemon does it by itself, once it is there.
    let mut daemon = desk.place.start(&[]);
    daemon.wait_for("are kept no longer");
    let after = get(daemon.address, "/feed.atom");
    let stays = before.iter().max_by_key(|story| story.editions[0].position).unwrap();
    assert_eq!(after.text().matches("<entry>").count(), 1);
    assert_ne!(after.header("etag"), feed.header("etag"));
    for story in &before {
        assert_eq!(get(daemon.address, &format!("/story/{}", story.id)).status, if story.id == stays.id { 200 } else { 410 });
    }
    assert!(
        desk.refuse(&["story", &before.iter().find(|story| story.id != stays.id).unwrap().id.to_string(), "release"])
            .contains("its words are gone")
    );
    // What the publishers still list stays away, and what is new comes in.
    let told = desk.place.succeed(&["pull", "--json"]);
    assert!(told.lines().all(|line| line.contains("\"new\":0") || line.contains("\"unchanged\":true")), "{told}");
    desk.publish("wire", &[("b", BEES), ("s", SECRET), ("t", "Three bridges were opened over the river"), ("n", "News of the day")]);
    desk.publish("paper", &[("b", BEES), ("p", "The paper has a new press"), ("s", "x")]);
    let told = desk.place.succeed(&["pull", "--json"]);
    let new: u64 = told.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["new"].as_u64().unwrap()).sum();
    assert_eq!(new, 2, "{told}");
    daemon.stop();
    // The journal still has the words; a compaction takes them out.
    assert!(desk.lines().contains(BEES) || stays.copies[0].item.title == BEES);
    let now = kept_anew(&desk.data());
    desk.place.succeed(&["compact"]);
    let text = desk.lines();
    for story in before.iter().filter(|story| story.id != stays.id) {
        assert!(!text.contains(&story.copies[0].item.title), "{}", story.copies[0].item.title);
    }
    assert_eq!(kept_anew(&desk.data()), now);
    let file = desk.place.path("old.ndjson");
    fs::write(&file, before.iter().map(|story| serde_json::to_string(story).unwrap() + "\n").collect::<String>()).unwrap();
    assert!(
        desk.place.succeed(&["import", file.to_str().unwrap()]).contains("came in: 0; that were here: 4"),
        "an older export does not bring it back"
    );
}

#[test]
fn the_page_of_an_item_at_rest_is_not_asked_for_again() {
    let dir = tempfile::tempdir().unwrap();
    let folder = DataFolder::hold(dir.path()).unwrap();
    let opened = folder.open("", at(0), |_, _| {}).unwrap();
    let (desk, writer) = Writer::start(opened.journal, opened.store, Arc::new(|| at(9)), |_| {}).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (one, wire) = (story("wire", "n1", "One", at(1)), "wire".parse().unwrap());
    let arrived = runtime.block_on(desk.import(vec![one.clone(), one.clone()])).unwrap();
    assert_eq!(arrived, Arrived { new: 1, known: 1, ..Arrived::default() });
    assert_eq!(desk.recall(&wire, "wire.example/n1"), Some(one.copies[0].item.clone()));
    assert_eq!(runtime.block_on(desk.prune(vec![one.id])).unwrap(), 1);
    assert_eq!(runtime.block_on(desk.prune(vec![one.id])).unwrap(), 0, "there is nothing more to take");
    let left = desk.recall(&wire, "wire.example/n1").unwrap();
    assert_eq!((left.title.as_str(), left.canonical), ("", Some(dedup::resting("wire.example/n1"))));
    assert_eq!(desk.recall(&wire, "wire.example/n2"), None);
    drop(desk);
    writer.finish().unwrap();
}

#[test]
fn how_long_is_said_in_days_months_or_years() {
    let place = Place::new(&sources("https://wire.example", "keep = { age = \"P90D\", stories = 500 }\n"));
    let tell = |settings: &str| {
        fs::write(place.path("config/tributary.toml"), settings).unwrap();
        let output = place.run(&["check"]);
        (output.status.code(), String::from_utf8(output.stderr).unwrap() + &String::from_utf8(output.stdout).unwrap())
    };
    let (code, told) = tell("[keep]\nage = \"P2Y\"\nper_source = 100\nstories = 0\n");
    assert_eq!(code, Some(0), "{told}");
    let (code, told) = tell("[keep]\nage = \"400 days\"\nper_source = -1\nsories = 3\n");
    assert_eq!(code, Some(2), "{told}");
    for said in [
        "tributary.toml:2:7: [keep]: `age`: `400 days` is no length of time; write P400D, P12M or P2Y, or nothing",
        "tributary.toml:3:14: [keep]: `per_source` -1 is not in the range 0 to 100000000",
        "tributary.toml:4:1: [keep]: unknown key `sories`; did you mean `stories`?",
    ] {
        assert!(told.contains(said), "{said}: {told}");
    }
}

// Without somebody's words.

/// The files of a folder, all the way down, that hold some bytes as they stand.
fn holding(folder: &Path, words: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            found.extend(holding(&entry, words));
        } else if let Ok(bytes) = fs::read(&entry)
            && bytes.windows(words.len()).any(|window| window == words.as_bytes())
        {
            found.push(entry);
        }
    }
    found
}

#[test]
fn an_erased_story_is_in_no_file_and_in_no_feed_and_the_chain_still_proves_the_rest() {
    let desk = Desk::new();
    // Told by two, revised, and joined by an editor.
    desk.publish("paper", &[("b", BEES), ("p", "The paper has a new press"), ("s", "Wilhelmina Quackenbush, again")]);
    desk.place.succeed(&["pull"]);
    desk.place.succeed(&["story", "urn:paper:s", "join", "urn:wire:s"]);
    desk.publish("wire", &[("b", BEES), ("s", &format!("{SECRET}, she says")), ("t", "Three bridges were opened over the river")]);
    desk.place.succeed(&["pull"]);
    let (before, text) = (kept(&desk.data()), desk.lines());
    assert!(text.matches("Quackenbush").count() > 4);
    fs::create_dir_all(desk.data().join("store.set-aside-1")).unwrap();
    fs::write(desk.data().join("journal/000001.ndjson.zst.torn-9"), "Quackenbush").unwrap();
    fs::create_dir_all(desk.data().join("journal/set-aside-3")).unwrap();

    let daemon = desk.place.start(&[]);
    let id = desk.rows(&["story", "urn:wire:s"])[0]["story"].as_str().unwrap().to_owned();
    assert!(get(daemon.address, "/feed.atom").text().contains("Quackenbush"));
    assert!(desk.refuse(&["erase", &id]).contains("--why"));
    let rows = desk.rows(&["erase", &id, "--why", "She asked us to", "--who", "Ana"]);
    assert!(rows[0]["left"].as_str().unwrap().ends_with("journal/set-aside-3"), "{rows:?}");
    assert_eq!((&rows[1]["story"], &rows[1]["stories"]), (&json!(id), &json!(2)));
    assert!(!get(daemon.address, "/feed.atom").text().contains("Quackenbush"));
    assert_eq!(get(daemon.address, &format!("/story/{id}")).status, 410);
    assert!(desk.place.succeed(&["verify"]).contains("\"problems\":[]"));
    // Neither the same source nor another one that names the page brings it back.
    desk.publish("wire", &[("b", BEES), ("s", SECRET), ("n", "News of the day")]);
    let link = format!("https://wire.example/{}", slug(SECRET));
    let item = format!("<item><title>Seen at the border</title><guid>urn:paper:x</guid><link>{link}</link></item>");
    desk.publisher.put("/paper", "application/rss+xml", &format!("<rss version=\"2.0\"><channel><title>x</title>{item}</channel></rss>"));
    let told = desk.place.succeed(&["pull", "--json"]);
    let new: u64 = told.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["new"].as_u64().unwrap()).sum();
    assert_eq!(new, 1, "{told}");
    daemon.stop();

    let after = desk.lines();
    for words in ["Quackenbush", "quackenbush", "urn:wire:s", "urn:paper:s"] {
        assert!(!after.contains(words), "{words}: {:?}", after.lines().find(|line| line.contains(words)));
        assert_eq!(holding(&desk.data(), words), Vec::<PathBuf>::new());
    }
    assert!(!desk.data().join("store.set-aside-1").exists() && !desk.data().join("journal/000001.ndjson.zst.torn-9").exists());
    let now = kept(&desk.data());
    assert_eq!(now, kept_anew(&desk.data()));
    let is_theirs = |story: &&Story| story.id.to_string() == id || story.joined().is_some_and(|other| other.to_string() == id);
    assert_eq!(
        now[..before.len()].iter().filter(|story| !is_theirs(story)).collect::<Vec<_>>(),
        before.iter().filter(|story| !is_theirs(story)).collect::<Vec<_>>()
    );
    let (was, is): (Vec<&Story>, Vec<&Story>) = (before.iter().filter(is_theirs).collect(), now.iter().filter(is_theirs).collect());
    assert_eq!(was.len(), 2);
    for (was, is) in was.iter().zip(&is) {
        let places = |story: &Story| story.editions.iter().map(|edition| edition.position).collect::<Vec<_>>();
        assert_eq!((is.id, places(is)), (was.id, places(was)));
        assert!(is.copies.iter().all(|copy| copy.item.title.is_empty() && copy.item.upstream.id.starts_with("rest:")));
    }
    // The lines that were changed say what they were, and the act says what they are.
    let changed: Vec<Value> =
        after.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).filter(|line| line["was"].is_string()).collect();
    let act: Value = after.lines().map(|line| serde_json::from_str(line).unwrap()).find(|line: &Value| line["kind"] == "erased").unwrap();
    assert_eq!(
        (changed.len(), &act["why"], &act["who"]),
        (act["lines"].as_array().unwrap().len(), &json!("She asked us to"), &json!("Ana"))
    );
    for line in &changed {
        let old = text.lines().find(|old| old.contains(&format!("\"seq\":{},", line["seq"]))).unwrap();
        assert_eq!(line["was"], json!(blake3::hash(old.as_bytes()).to_hex().to_string()));
    }
    // Done again it changes nothing.
    let rows = desk.rows(&["erase", &id, "--why", "again"]);
    assert_eq!((&rows[1]["stories"], &rows[1]["lines"]), (&json!(0), &json!(0)));
    assert_eq!(desk.lines().lines().filter(|line| line.contains("\"kind\":\"erased\"")).count(), 1);
    // A compaction has nothing more to say of it.
    desk.place.succeed(&["compact"]);
    assert_eq!(kept_anew(&desk.data()), now);
}

#[test]
fn a_changed_line_that_no_act_speaks_of_is_found_and_so_is_one_that_was_not_changed() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = open(dir.path());
    let one = story("wire", "n1", "One", at(1));
    journal.append(&[pull("wire", vec![one.clone(), story("wire", "n2", "Two", at(2))], 2), checked("wire", 3)]).unwrap();
    let blank = |story: &Story| (story.id == one.id).then(|| dedup::erased(story, |_| true)).filter(|blank| blank != story);
    let lines = journal.lines_with(&blank).unwrap();
    assert_eq!(lines.iter().map(|line| line.seq).collect::<Vec<_>>(), [1]);
    let says = |lines: Vec<Rewritten>| Draft {
        at: at(4),
        key: "erase/4".into(),
        body: tributary::model::Body::Erased(Erased {
            story: one.id,
            who: None,
            why: None,
            lines,
            stories: vec![blank(&one).unwrap().into()],
        }),
    };
    let problem = |journal: &Journal| journal.verify().problems.into_iter().map(|(_, what)| what).collect::<Vec<_>>();
    // Said, and not yet done: a crash between the two.
    journal.append(&[says(lines.clone())]).unwrap();
    assert_eq!(problem(&journal), ["record 1 still holds what record 3 erased; `tributary erase` again"]);
    assert_eq!(journal.take_out(&blank).unwrap(), 1);
    assert_eq!(problem(&journal), Vec::<String>::new());
    assert_eq!(journal.take_out(&blank).unwrap(), 0);
    let records: Vec<u64> = journal.read_from(1).map(|record| record.unwrap().seq).collect();
    assert_eq!((records, open(dir.path()).bounds().last), (vec![1, 2, 3], 3));
    // Done, and never said.
    let other = tempfile::tempdir().unwrap();
    let mut journal = open(other.path());
    journal.append(&[pull("wire", vec![one.clone()], 2)]).unwrap();
    journal.take_out(&blank).unwrap();
    assert_eq!(problem(&journal), ["record 1 was changed, and no later record says so"]);
    // Said otherwise than it was done.
    journal.append(&[says(vec![Rewritten { is: "0".repeat(64), ..lines[0].clone() }])]).unwrap();
    assert_eq!(problem(&journal), ["record 1 is not what record 2 says that it became"]);
}

// Copied.

#[test]
fn a_copy_of_a_journal_that_is_written_to_opens_in_whatever_order_its_files_were_copied() {
    let dir = tempfile::tempdir().unwrap();
    let live = dir.path().join("live");
    let (mut journal, _) = Journal::open_with(&live, genesis, 2_000).unwrap();
    journal.append(&drafts()).unwrap();
    let is_over = Arc::new(AtomicBool::new(false));
    let writing = std::thread::spawn({
        let is_over = is_over.clone();
        move || {
            let mut n = 0;
            while !is_over.load(Ordering::SeqCst) {
                n += 1;
                journal
                    .append(&[pull("wire", vec![story("wire", &format!("x{n}"), &format!("While it is copied {n}"), at(n))], 10 + n)])
                    .unwrap();
            }
        }
    });
    for round in 0..6 {
        let copy = dir.path().join(format!("copy-{round}"));
        fs::create_dir(&copy).unwrap();
        let mut files = segments(&live);
        if round % 2 == 1 {
            files.reverse();
        }
        for file in files {
            fs::copy(&file, copy.join(file.file_name().unwrap())).unwrap();
        }
        let copied = open(&copy);
        assert_eq!((copied.damage(), copied.verify().problems), (None, vec![]), "round {round}");
        assert!(copied.bounds().last >= 6);
        let backed_up = dir.path().join(format!("backup-{round}"));
        let report = journal::back_up(&live, &backed_up).unwrap();
        assert_eq!((report.problems, open(&backed_up).bounds().last), (vec![], report.records));
    }
    is_over.store(true, Ordering::SeqCst);
    writing.join().unwrap();
    assert!(
        matches!(journal::back_up(&live, &dir.path().join("copy-0")), Err(JournalError::Io { .. })),
        "not into a folder that is not empty"
    );
}

#[test]
fn a_backup_is_a_data_folder() {
    let desk = Desk::new();
    let daemon = desk.place.start(&[]);
    let to = desk.place.path("backup");
    let told = desk.place.succeed(&["backup", to.to_str().unwrap()]);
    assert!(told.contains("records in 1 segments") && told.contains("read back"), "{told}");
    assert!(desk.refuse(&["backup", to.to_str().unwrap()]).contains("backup"));
    daemon.stop();
    assert_eq!(kept(&to), kept(&desk.data()));
}

// Room.

#[test]
fn below_the_floor_nothing_is_taken_in_and_what_is_kept_is_served() {
    let desk = Desk::new();
    fs::write(desk.place.path("config/tributary.toml"), "[limits]\nfree_mib = 1000000000\n[serve]\nmetrics = \"here\"\n").unwrap();
    let before = kept(&desk.data());
    let mut daemon = desk.place.start(&[]);
    desk.publish("wire", &[("n", "News of the day")]);
    desk.place.run(&["pull"]);
    let line = daemon.wait_for("nothing can be kept");
    assert!(line["message"].as_str().unwrap().contains("MiB free, and [limits] free_mib leaves 1000000000"), "{line}");
    let ready = get(daemon.address, "/readyz");
    assert_eq!(ready.status, 200);
    assert!(ready.text().contains("\"read_only\":\"the disk of "), "{}", ready.text());
    assert_eq!(get(daemon.address, "/feed.atom").text().matches("<entry>").count(), 4);
    let metrics = get(daemon.address, "/metrics").text();
    let told =
        |name: &str| metrics.lines().find_map(|line| line.strip_prefix(&format!("tributary_{name} "))).unwrap().parse::<u64>().unwrap();
    assert!(told("disk_free_bytes") > 0 && told("disk_floor_bytes") == 1_000_000_000 << 20 && told("read_only") == 1);
    daemon.stop();
    assert_eq!(kept(&desk.data()), before);
}

// Older and newer.

#[test]
fn a_data_folder_of_an_older_version_is_opened_as_it_is() {
    let desk = Place::new(&sources("https://wire.example", ""));
    let golden = Path::new("tests/golden/data-format-1/journal");
    copy_folder(golden, &desk.path("data/journal"));
    let text = lines(golden);
    assert!(text.contains("\"format\":1"));
    // The last word of the journal on each story, whatever reads it.
    let mut last: BTreeMap<String, Value> = BTreeMap::new();
    for line in text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        for story in line["stories"].as_array().into_iter().flatten() {
            last.insert(story["id"].as_str().unwrap().to_owned(), story.clone());
        }
    }
    let exported = |desk: &Place| -> BTreeMap<String, Value> {
        let stories = desk.succeed(&["export"]);
        let stories = stories.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        stories.map(|story| (story["id"].as_str().unwrap().to_owned(), story)).collect()
    };
    assert_eq!((exported(&desk), last.len()), (last.clone(), 4));
    assert_eq!(lines(&desk.path("data/journal")), text, "to read it changes nothing");
    desk.succeed(&["story", "urn:wire:3", "release"]);
    assert!(lines(&desk.path("data/journal")).starts_with(&text), "the old lines stay as they are");
    desk.succeed(&["compact"]);
    desk.succeed(&["verify"]);
    let now = exported(&desk);
    assert!(now.iter().all(|(id, story)| id == "038ccd66-5e0c-5552-85fe-e43af7697210" || *story == last[id]));
}

#[test]
fn a_data_folder_of_a_newer_version_is_refused_and_left_alone() {
    let desk = Desk::new();
    let path = segments(&desk.data().join("journal")).remove(0);
    let text = lines(&desk.data().join("journal"));
    let newer = text.replacen("\"format\":2,\"version\":\"0.1.0\"", "\"format\":7,\"version\":\"3.2.1\"", 1);
    assert_ne!(newer, text);
    let frames: Vec<u8> = newer.lines().flat_map(|line| zstd::bulk::compress(format!("{line}\n").as_bytes(), 1).unwrap()).collect();
    fs::write(&path, &frames).unwrap();
    for command in [&["pull"][..], &["export"], &["compact"], &["verify"], &["rebuild"]] {
        let refused = desk.refuse(command);
        assert!(refused.contains("has format 7, written by tributary 3.2.1; this is 0.1.0, which reads formats up to 2"), "{refused}");
        assert!(refused.contains("start 3.2.1 or a later version again"), "{refused}");
    }
    assert_eq!(fs::read(&path).unwrap(), frames);
}

#[test]
fn words_that_are_gone_leave_nothing_that_can_be_read() {
    let mut whole = story("wire", "https://wire.example/words", "Words", at(1));
    let item = Item { summary: "More words".into(), authors: vec!["Ana Words".into()], ..whole.copies[0].item.clone() };
    whole.copies[0].item = item;
    whole.topics = vec!["words".parse().unwrap()];
    for (blank, gone) in [(dedup::pruned(&whole, |_| true), Gone::Pruned), (dedup::erased(&whole, |_| true), Gone::Erased)] {
        let copy = &blank.copies[0];
        assert_eq!(
            (blank.edited.gone, copy.item.canonical.as_deref()),
            (Some(gone), Some(dedup::resting("wire.example/https://wire.example/words").as_str()))
        );
        let text = serde_json::to_string(&blank).unwrap().to_lowercase();
        assert_eq!(text.contains("words"), gone == Gone::Pruned, "{text}");
        assert!(dedup::is_wordless(&blank));
        assert_eq!(
            (dedup::erased(&dedup::erased(&whole, |_| true), |_| true), dedup::pruned(&blank, |_| true).edited.gone),
            (dedup::erased(&whole, |_| true), Some(gone))
        );
    }
    let record = Pruned { stories: vec![dedup::pruned(&whole, |_| false).into()] };
    assert_eq!(record.stories[0].copies[0].item.canonical, None, "a link that others share says nothing");
}
