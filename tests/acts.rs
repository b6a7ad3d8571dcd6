//! What editors do to stories: hidden, brought back, filed elsewhere, parted, made one, withdrawn; and it lasts.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;
#[path = "common/http.rs"]
mod http;
#[path = "common/daemon.rs"]
mod place;

use std::{fs, net::SocketAddr};

use http::get;
use place::Place;
use serde_json::{Value, json};
use tributary::{
    daemon::data::DataFolder,
    dedup::{self, Parted, Unfit},
    model::{Act, Gone, Lang, Said, Second, Story, Why},
    serve::sample::Publisher,
};

const BEES: &str = "Beekeepers of the valley meet to count their hives";
const WASPS: &str = "A nest of wasps delays the opening of the town hall";

/// Two publishers, and a folder in which their items are filed under topics of our own.
struct Desk {
    _runtime: tokio::runtime::Runtime,
    publisher: Publisher,
    place: Place,
}

impl Desk {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let publisher = runtime.block_on(Publisher::start()).unwrap();
        let desk = Self { _runtime: runtime, publisher, place: Place::new("") };
        let source = |id: &str| {
            let url = format!("{}/{id}", desk.publisher.base());
            format!(
                "[[source]]\nid = \"{id}\"\ntitle = \"The {id}\"\nurl = \"{url}\"\nevery = \"1h\"\nlang = \"en\"\nallow_private = true\n"
            )
        };
        desk.put("sources.toml", &format!("builtin = false\n{}{}", source("wire"), source("paper")));
        let topic = |slug: &str, term: &str| format!("[[topic]]\nslug = \"{slug}\"\n[topic.en]\nstrong = [\"{term}\"]\n");
        desk.put("topics.toml", &format!("builtin = false\n{}{}", topic("bees", "beekeeper*"), topic("wasps", "wasp*")));
        desk.publish("paper", &[]);
        desk.publish("wire", &[("b", BEES), ("w", WASPS)]);
        desk.pull();
        desk
    }

    fn put(&self, name: &str, text: &str) {
        let aside = self.place.path("config/aside");
        fs::write(&aside, text).unwrap();
        fs::rename(aside, self.place.path("config").join(name)).unwrap();
    }

    /// Items by guid and title; those of one guid have one address, whoever publishes them.
    fn publish(&self, source: &str, items: &[(&str, &str)]) {
        let item = |(guid, title): &(&str, &str)| {
            format!("<item><title>{title}</title><guid>urn:{source}:{guid}</guid><link>https://town.example/{guid}</link></item>")
        };
        let items: String = items.iter().map(item).collect();
        let feed = format!("<rss version=\"2.0\"><channel><title>The {source}</title>{items}</channel></rss>");
        self.publisher.put(&format!("/{source}"), "application/rss+xml", &feed);
    }

    fn pull(&self) {
        self.place.succeed(&["pull"]);
    }

    /// What a command says, row by row.
    fn rows(&self, arguments: &[&str]) -> Vec<Value> {
        self.place.rows(arguments)
    }

    /// What is known of the story with a copy at a page.
    fn story(&self, page: &str) -> Value {
        let mut rows = self.rows(&["story", &format!("https://town.example/{page}")]);
        assert_eq!(rows.len(), 1);
        rows.remove(0)
    }

    fn act(&self, page: &str, act: &[&str]) -> Vec<Value> {
        self.rows(&[&["story", &format!("https://town.example/{page}")], act].concat())
    }

    fn refuse(&self, arguments: &[&str]) -> String {
        let output = self.place.run(arguments);
        assert!(!output.status.success(), "{arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    /// All that is kept, oldest first. No daemon may run.
    fn kept(&self) -> Vec<Story> {
        let folder = DataFolder::hold(&self.place.path("data")).unwrap();
        let opened = folder.open("", Second::EPOCH, |_, _| {}).unwrap();
        let mut stories: Vec<Story> = opened.store.stories().map(Result::unwrap).collect();
        stories.sort_by_key(|story| story.id);
        stories
    }

    /// Journal and store agree, and the journal alone tells the same. No daemon may run.
    fn endures(&self) {
        self.place.succeed(&["verify"]);
        let kept = self.kept();
        self.place.succeed(&["rebuild"]);
        assert_eq!(self.kept(), kept);
        self.place.succeed(&["verify"]);
    }
}

/// The entries of a feed: title, id, place and time of change.
fn entries(address: SocketAddr, path: &str) -> Vec<(String, String, String, String)> {
    let feed = feed_rs::parser::parse(&get(address, path).body[..]).unwrap();
    let date = |at: Option<chrono::DateTime<chrono::Utc>>| at.unwrap().to_rfc3339();
    feed.entries.into_iter().map(|entry| (entry.title.unwrap().content, entry.id, date(entry.published), date(entry.updated))).collect()
}

fn titles(address: SocketAddr, path: &str) -> Vec<String> {
    entries(address, path).into_iter().map(|(title, ..)| title).collect()
}

/// How many stories there are under a topic.
fn count(address: SocketAddr, topic: &str) -> u64 {
    let topics = get(address, "/topics.json").json();
    topics.as_array().unwrap().iter().find(|entry| entry["slug"] == topic).unwrap()["stories"].as_u64().unwrap()
}

fn page_of(story: &Value) -> String {
    format!("/story/{}", story["story"].as_str().unwrap())
}

#[test]
fn a_story_is_shown_by_its_id_its_entries_id_or_a_link() {
    let desk = Desk::new();
    let story = desk.story("b");
    let id = story["story"].as_str().unwrap();
    assert_eq!(story["feeds"], json!(["lang/en", "source/wire", "topic/bees"]));
    assert_eq!((&story["gone"], &story["editions"][0]["entry_id"]), (&Value::Null, &json!("urn:wire:b")));
    assert_eq!(
        (&story["editions"][0]["copy"], &story["editions"][0]["archived"]),
        (&json!(1), &json!(true)),
        "it came with the first look"
    );
    let copy = &story["copies"][0];
    assert_eq!((&copy["source"], &copy["title"], &copy["why"]), (&json!("wire"), &json!(BEES), &json!("the story began with it")));
    assert_eq!(copy["topics"][0]["evidence"][0]["text"], "Beekeepers");
    for name in [id, "urn:wire:b", "http://www.town.example/b?utm_source=x", &format!("https://tributary.example/story/{id}")] {
        assert_eq!(desk.rows(&["story", name]), std::slice::from_ref(&story), "{name}");
    }
    assert!(desk.refuse(&["story", "https://town.example/none"]).contains("there is no story `https://town.example/none`"));
    let people = desk.place.succeed(&["story", id]);
    for words in [
        id,
        "edition      en urn:wire:b",
        "copy 1       wire (en)",
        "bees: “Beekeepers” in the title (beekeeper*, ",
        "feeds        lang/en",
    ] {
        assert!(people.contains(words), "{words} in {people}");
    }
}

#[test]
fn a_hidden_story_leaves_every_feed_and_does_not_come_back_until_it_is_released() {
    let desk = Desk::new();
    let daemon = desk.place.start(&[]);
    let (address, paths) = (daemon.address, ["/feed.atom", "/feed/topic/bees.atom", "/feed/source/wire.atom", "/feed/lang/en.atom"]);
    let before = paths.map(|path| entries(address, path));
    let story = desk.story("b");
    assert_eq!((count(address, "bees"), get(address, &page_of(&story)).status), (1, 200));

    for silent in [&["hide"][..], &["hide", "--why", ""]] {
        assert!(desk.refuse(&[&["story", "urn:wire:b"], silent].concat()).contains("--why"));
    }
    let told = desk.act("b", &["hide", "--why", "It was a hoax", "--who", "Ana"]);
    let row = json!({
        "story": story["story"], "title": BEES, "gone": "hidden", "copies": 1, "enters": [],
        "leaves": ["lang/en", "source/wire", "topic/bees"], "stays": 0, "moved": false,
    });
    assert_eq!(told, [row]);
    let is_hidden = |address: SocketAddr| {
        for path in ["/feed.atom", "/feed/source/wire.atom", "/feed/lang/en.atom"] {
            assert_eq!(titles(address, path), [WASPS], "{path}");
        }
        assert_eq!(titles(address, "/feed/topic/bees.atom"), Vec::<String>::new());
        assert_eq!(count(address, "bees"), 0);
        let page = get(address, &page_of(&story));
        assert_eq!((page.status, &page.json()["detail"]), (410, &json!("this story was taken out of all feeds by an editor")));
    };
    is_hidden(address);
    assert!(desk.refuse(&["story", "urn:wire:b", "hide", "--why", "again"]).contains("is in no feed"));
    // Neither by another source, nor by an edit, nor under another guid and link.
    desk.publish("paper", &[("b", BEES)]);
    desk.pull();
    is_hidden(address);
    let edited = "Beekeepers of the valley meet to count their many hives";
    for guid in ["b", "moved"] {
        desk.publish("wire", &[(guid, edited), ("w", WASPS)]);
        desk.pull();
        is_hidden(address);
    }
    daemon.stop();
    desk.endures();
    let daemon = desk.place.start(&[]);
    is_hidden(daemon.address);
    let known = desk.story("b");
    let told_by = |number: usize| known["copies"][number]["source"].clone();
    assert_eq!((&known["gone"], told_by(0), told_by(1)), (&json!("hidden"), json!("wire"), json!("paper")));
    let act = &known["acts"][0];
    assert_eq!((&act["act"], &act["who"], &act["why"]), (&json!("hide"), &json!("Ana"), &json!("It was a hoax")));

    let told = desk.act("b", &["release"]);
    assert_eq!((&told[0]["gone"], &told[0]["moved"]), (&Value::Null, &json!(false)));
    assert_eq!(told[0]["enters"], json!(["lang/en", "source/paper", "source/wire", "topic/bees"]));
    let after = paths.map(|path| entries(daemon.address, path));
    let places = |feeds: &[Vec<(String, String, String, String)>; 4]| {
        feeds.clone().map(|feed| feed.into_iter().map(|(_, id, at, _)| (id, at)).collect::<Vec<_>>())
    };
    assert_eq!(places(&after), places(&before), "in their old places");
    assert!(desk.refuse(&["story", "urn:wire:b", "release"]).contains("is not hidden"));
    daemon.stop();
    desk.endures();
}

#[test]
fn what_is_released_as_new_stands_first_under_its_old_id() {
    let desk = Desk::new();
    let oldest = desk.kept().into_iter().min_by_key(|story| story.editions[0].position).unwrap();
    let entry = oldest.editions[0].entry_id.clone();
    desk.rows(&["story", &entry, "hide", "--why", "not yet"]);
    let told = desk.rows(&["story", &entry, "release", "--as-new"]);
    assert_eq!(told[0]["moved"], json!(true));
    let newest = desk.kept().into_iter().max_by_key(|story| story.editions[0].position).unwrap();
    assert_eq!((newest.id, &newest.editions[0].entry_id), (oldest.id, &entry));
    assert_eq!(newest.editions[0].updated, newest.editions[0].position);
    desk.endures();
}

#[test]
fn an_editors_labels_stand_above_the_rules() {
    let desk = Desk::new();
    let daemon = desk.place.start(&[]);
    let address = daemon.address;
    assert!(desk.refuse(&["story", "urn:wire:b", "relabel", "--topic", "+wasp"]).contains("there is no topic `wasp`; did you mean wasps?"));
    assert!(desk.refuse(&["story", "urn:wire:b", "relabel", "--country", "XX"]).contains("`XX` is not a two-letter"));
    assert!(desk.refuse(&["story", "urn:wire:b", "relabel", "--topic", "+bees,-bees"]).contains("given and taken at once"));
    let before = entries(address, "/feed.atom");
    let told = desk.act("b", &["relabel", "--topic", "-bees,+wasps", "--country", "+GT", "--why", "It says so below"]);
    assert_eq!((&told[0]["enters"], &told[0]["leaves"]), (&json!(["country/gt", "topic/wasps"]), &json!(["topic/bees"])));
    assert_eq!((told[0]["stays"].as_u64(), &told[0]["moved"]), (Some(2), &json!(false)));
    assert_eq!(entries(address, "/feed.atom"), before, "nobody sees it where the story stays");
    let is_relabelled = |address: SocketAddr| {
        assert_eq!(titles(address, "/feed/topic/bees.atom"), Vec::<String>::new());
        assert_eq!((titles(address, "/feed/country/gt.atom").len(), titles(address, "/feed/topic/wasps.atom").len()), (1, 2));
    };
    is_relabelled(address);
    let page = get(address, &page_of(&desk.story("b"))).text();
    let label = page.split("<dt>").find(|label| label.to_lowercase().contains("wasps</a>")).unwrap();
    assert!(label.contains("<dd>an editor says so</dd>"), "{page}");
    // An edit of the publisher, and filing again, keep them.
    desk.publish("wire", &[("b", "Beekeepers of the valley count all of their hives"), ("w", WASPS)]);
    desk.pull();
    is_relabelled(address);
    assert_eq!(titles(address, "/feed/country/gt.atom"), ["Beekeepers of the valley count all of their hives"]);
    desk.rows(&["refile"]);
    is_relabelled(address);
    daemon.stop();
    desk.endures();
    assert_eq!(desk.story("b")["said"], json!({ "topics": { "give": ["wasps"], "take": ["bees"] }, "countries": { "give": ["GT"] } }));
    // Without a daemon, and back to the rules.
    let told = desk.act("b", &["relabel", "--by-rules"]);
    assert_eq!((&told[0]["enters"], &told[0]["leaves"]), (&json!(["topic/bees"]), &json!(["country/gt", "topic/wasps"])));
    desk.endures();
}

#[test]
fn what_was_split_stays_apart_until_an_editor_joins_it() {
    let desk = Desk::new();
    desk.publish("paper", &[("b", BEES)]);
    desk.pull();
    let daemon = desk.place.start(&[]);
    let address = daemon.address;
    let whole = desk.story("b");
    assert_eq!(whole["copies"].as_array().unwrap().len(), 2);
    let id = whole["story"].as_str().unwrap();
    assert!(desk.refuse(&["story", id, "split", "wire"]).contains("has its name from that copy"));
    assert!(desk.refuse(&["story", id, "split", "7"]).contains("has no copy `7`"));
    assert!(desk.refuse(&["story", "urn:wire:w", "split", "1"]).contains("has no other copy"));

    let told = desk.rows(&["story", id, "split", "paper", "--why", "Another meeting"]);
    assert_eq!((&told[0]["story"], &told[0]["leaves"]), (&json!(id), &json!(["source/paper"])));
    assert_eq!(told[1]["enters"], json!(["lang/en", "source/paper", "topic/bees"]));
    let own = told[1]["story"].as_str().unwrap();
    let is_split = |address: SocketAddr| {
        let ids: Vec<String> = entries(address, "/feed/topic/bees.atom").into_iter().map(|(_, id, ..)| id).collect();
        assert_eq!(ids.len(), 2, "{ids:?}");
        assert!(ids.contains(&"urn:wire:b".into()) && ids.contains(&"urn:paper:b".into()), "{ids:?}");
    };
    is_split(address);
    desk.publish("paper", &[("b", BEES), ("n", "News of something else entirely")]);
    desk.pull();
    is_split(address);
    // The same page once more, under another guid: it is not of the story that it was taken out of.
    let again = format!("<item><title>{BEES}</title><guid>urn:paper:again</guid><link>https://town.example/b</link></item>");
    desk.publisher.put("/paper", "application/rss+xml", &format!("<rss version=\"2.0\"><channel><title>x</title>{again}</channel></rss>"));
    desk.pull();
    assert_eq!(desk.rows(&["story", id])[0]["copies"].as_array().unwrap().len(), 1);
    assert_eq!(desk.rows(&["story", id])[0]["apart"], json!([own]));

    let (parted, before) = (desk.rows(&["story", own]).remove(0), entries(address, "/feed/source/wire.atom"));
    let told = desk.rows(&["story", own, "join", id, "--why", "The same after all"]);
    assert_eq!((&told[0]["story"], &told[1]["story"], &told[1]["gone"]), (&json!(id), &json!(own), &json!("joined")));
    assert_eq!(entries(address, "/feed/source/wire.atom"), before, "the older story's id, place and text stay");
    let page = get(address, &format!("/story/{own}"));
    assert_eq!((page.status, page.header("location").unwrap().ends_with(&format!("/story/{id}"))), (301, true));
    assert_eq!(desk.rows(&["story", "urn:paper:b"])[0]["story"], json!(id));
    assert!(desk.refuse(&["story", own, "hide", "--why", "x"]).contains("was joined to"));
    desk.pull();
    daemon.stop();
    desk.endures();
    // Once more, by ourselves: it has its old id and its old place.
    let told = desk.rows(&["story", id, "split", "paper"]);
    let again = &desk.rows(&["story", own])[0];
    assert_eq!((&told[1]["story"], &again["editions"], &again["gone"]), (&json!(own), &parted["editions"], &Value::Null));
    desk.endures();
}

#[test]
fn a_withdrawn_source_takes_its_copies_along_and_they_do_not_come_back() {
    let desk = Desk::new();
    desk.publish("paper", &[("b", BEES)]);
    desk.pull();
    let daemon = desk.place.start(&[]);
    let address = daemon.address;
    let (both, alone) = (desk.story("b"), desk.story("w"));
    assert!(desk.refuse(&["sources", "withdraw", "nobody", "--why", "x"]).contains("nothing is kept of a source `nobody`"));
    assert_eq!(
        desk.rows(&["sources", "withdraw", "wire", "--why", "They asked us to"]),
        [json!({ "source": "wire", "changed": 2, "gone": 1 })]
    );
    let is_withdrawn = |address: SocketAddr, news: &[&str]| {
        assert_eq!(titles(address, "/feed.atom"), [news, &[BEES]].concat());
        assert_eq!(titles(address, "/feed/source/wire.atom"), news);
        assert_eq!((get(address, &page_of(&both)).status, get(address, &page_of(&alone)).status), (200, 410));
        assert!(!get(address, &page_of(&both)).text().contains("The wire"));
    };
    is_withdrawn(address, &[]);
    // What was taken back stays away, also when another source tells it; what the source publishes from then on is its own.
    let news = "Something else happened in the harbour";
    desk.publish("wire", &[("b", BEES), ("w", WASPS), ("n", news)]);
    desk.publish("paper", &[("b", BEES), ("w", WASPS)]);
    desk.pull();
    is_withdrawn(address, &[news]);
    daemon.stop();
    desk.endures();
    let gone = desk.kept().into_iter().filter(|story| story.edited.gone == Some(Gone::Withdrawn)).count();
    assert_eq!(gone, 1);
    assert_eq!(desk.story("b")["withdrawn"], json!(["wire"]));
    let daemon = desk.place.start(&["--read-only"]);
    is_withdrawn(daemon.address, &[news]);
    assert!(desk.refuse(&["sources", "withdraw", "paper", "--why", "x"]).contains("--read-only"));
    daemon.stop();
}

fn said(act: Act, seconds: i64) -> Said {
    Said { act, at: common::at(seconds), who: None, why: Some("so it is".into()) }
}

/// An English story, and a Spanish one that is younger.
fn two() -> (Story, Story) {
    let (older, mut younger) = (common::story("wire", "1", "Title", common::at(0)), common::story("paper", "2", "Título", common::at(10)));
    younger.editions[0].lang = Lang::ES;
    younger.copies[0].labels = common::labels(Lang::ES);
    (older, younger)
}

#[test]
fn a_language_that_only_the_younger_story_had_comes_along_and_goes_back() {
    let (older, younger) = two();
    let (whole, left) = dedup::join(&younger, &older, &Why::Editor { why: Some("so it is".into()) }, said(Act::Join, 20)).unwrap();
    assert_eq!((whole.id, left.id, left.joined()), (older.id, younger.id, Some(older.id)));
    assert_eq!(whole.editions[0], older.editions[0]);
    let (theirs, own) = (&whole.editions[1], &younger.editions[0]);
    assert_eq!((&theirs.entry_id, theirs.position, theirs.updated, theirs.preferred), (&own.entry_id, own.position, own.updated, 1));
    assert_eq!(whole.copies[1].why, Why::Editor { why: Some("so it is".into()) });
    assert_eq!(dedup::hide(&left, said(Act::Hide, 30)), Err(Unfit::Joined(left.id, whole.id)));

    let Parted { rest, own, is_unplaced } = dedup::split(&whole, 1, Some(&left), false, said(Act::Split, 30)).unwrap();
    assert_eq!((&rest.editions, &rest.copies), (&older.editions, &older.copies));
    assert_eq!((own.id, &own.editions, &own.copies, is_unplaced), (younger.id, &younger.editions, &younger.copies, false));
    assert_eq!((rest.edited.apart.first(), own.edited.apart.first()), (Some(&own.id), Some(&rest.id)));

    let withdrawn = dedup::withdraw(&whole, &"wire".parse().unwrap(), said(Act::Withdraw, 40)).unwrap();
    assert_eq!((&withdrawn.copies[..], &withdrawn.edited.withdrawn[..]), (&whole.copies[1..], &whole.copies[..1]));
    assert_eq!((withdrawn.editions.len(), withdrawn.editions[0].lang, withdrawn.editions[0].preferred), (1, Lang::ES, 0));
    assert_eq!(dedup::withdraw(&withdrawn, &"wire".parse().unwrap(), said(Act::Withdraw, 50)), None);
    let gone = dedup::withdraw(&withdrawn, &"paper".parse().unwrap(), said(Act::Withdraw, 50)).unwrap();
    assert_eq!((gone.edited.gone, &gone.copies, &gone.editions), (Some(Gone::Withdrawn), &withdrawn.copies, &withdrawn.editions));
}

#[test]
fn an_edition_that_loses_its_copy_is_told_by_the_best_of_the_others() {
    let mut whole = common::story("wire", "1", "Title", common::at(0));
    for (source, rank) in [("paper", 5), ("radio", 4), ("best", 1)] {
        let mut copy = common::story(source, "1", "Title of theirs", common::at(10)).copies.remove(0);
        (copy.rank, copy.why) = (rank, Why::SameText);
        whole.copies.push(copy);
    }
    whole.editions[0].preferred = 3;
    let before = whole.editions[0].clone();
    let Parted { rest, own, is_unplaced } = dedup::split(&whole, 3, None, true, said(Act::Split, 99)).unwrap();
    let edition = &rest.editions[0];
    assert_eq!((edition.preferred, edition.updated, edition.position), (0, common::at(99), before.position), "rank 3 goes before 4 and 5");
    assert_eq!((&edition.entry_id, rest.copies.len(), own.copies.len(), is_unplaced), (&before.entry_id, 3, 1, true));
    assert!(own.editions[0].entry_id.starts_with("urn:uuid:"), "another entry has its id");
    assert_eq!(dedup::split(&whole, 0, None, false, said(Act::Split, 99)), Err(Unfit::Namesake(whole.id)));
    let other = common::story("best", "1", "Title", common::at(5));
    assert_eq!(dedup::split(&whole, 3, Some(&other), false, said(Act::Split, 99)), Err(Unfit::Taken(other.id)));
}
