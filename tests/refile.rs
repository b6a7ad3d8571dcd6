//! What is kept is filed again by the rules of today: other feeds, and nothing else that a reader could see.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "common/http.rs"]
mod http;
#[path = "common/daemon.rs"]
mod place;

use std::fs;

use http::{Reply, get};
use place::{Daemon, Place};
use serde_json::{Value, json};
use tributary::{
    daemon::data::DataFolder,
    model::{Labels, Second, Story},
    serve::sample::Publisher,
};

/// A publisher, and a folder in which its items are filed under topics of our own.
struct Desk {
    _runtime: tokio::runtime::Runtime,
    publisher: Publisher,
    place: Place,
}

const TITLES: [&str; 4] = ["Beekeepers meet in Honduras", "Beekeepers sell honey", "Beekeepers rest", "Nothing of that kind"];

impl Desk {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let publisher = runtime.block_on(Publisher::start()).unwrap();
        let desk = Self { _runtime: runtime, publisher, place: Place::new("") };
        desk.publish(&TITLES);
        desk.sources("");
        desk.topics(&[("bees", "beekeeper*")]);
        desk.place.succeed(&["pull"]);
        desk
    }

    fn publish(&self, titles: &[&str]) {
        let items: String = titles.iter().map(|title| format!("<item><title>{title}</title><guid>{title}</guid></item>")).collect();
        let feed = format!("<rss version=\"2.0\"><channel><title>Wire</title>{items}</channel></rss>");
        self.publisher.put("/wire", "application/rss+xml", &feed);
    }

    fn sources(&self, more: &str) {
        let url = format!("{}/wire", self.publisher.base());
        let source = format!(
            "builtin = false\n[[source]]\nid = \"wire\"\ntitle = \"Wire\"\nurl = \"{url}\"\nevery = \"1h\"\nallow_private = true\n{more}"
        );
        self.put("sources.toml", &source);
    }

    /// Topics with one term each.
    fn topics(&self, topics: &[(&str, &str)]) {
        let topic = |(slug, term): &(&str, &str)| {
            format!("[[topic]]\nslug = \"{slug}\"\n[topic.en]\nstrong = [\"{term}\"]\n[topic.es]\nstrong = [\"{term}\"]\n")
        };
        let text = format!("builtin = false\n{}", topics.iter().map(topic).collect::<String>());
        self.put("topics.toml", &text);
    }

    /// Puts a file of the configuration in the place of another.
    fn put(&self, name: &str, text: &str) {
        let aside = self.place.path("config/aside");
        fs::write(&aside, text).unwrap();
        fs::rename(aside, self.place.path("config").join(name)).unwrap();
    }

    /// What the command says, row by row.
    fn refile(&self, arguments: &[&str]) -> Vec<Value> {
        let told = self.place.succeed(&[&["refile", "--json"], arguments].concat());
        told.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// All that is kept, by its places, and how many records tell of it. No daemon may run.
    fn kept(&self) -> (Vec<Story>, u64) {
        let folder = DataFolder::hold(&self.place.path("data")).unwrap();
        let opened = folder.open("", Second::EPOCH, |_, _| {}).unwrap();
        let mut stories: Vec<Story> = opened.store.stories().map(Result::unwrap).collect();
        stories.sort_by_key(|story| story.editions[0].position);
        (stories, opened.journal.bounds().last)
    }

    fn verify(&self) {
        self.place.succeed(&["verify"]);
    }
}

fn shift(label: &str, [before, enter, leave, after]: [u64; 4], warning: Option<&str>) -> Value {
    json!({ "label": label, "before": before, "enter": enter, "leave": leave, "after": after, "warning": warning })
}

/// Stories as they are but for what they are filed under, and the topics of each.
fn apart(stories: &[Story]) -> (Vec<Story>, Vec<Vec<String>>) {
    let bare = stories.iter().cloned().map(|mut story| {
        (story.topics, story.countries, story.regions) = Default::default();
        for copy in &mut story.copies {
            copy.labels = Labels { topics: vec![], countries: vec![], regions: vec![], ..copy.labels.clone() };
        }
        story
    });
    (bare.collect(), stories.iter().map(|story| story.topics.iter().map(ToString::to_string).collect()).collect())
}

#[test]
fn stories_move_between_feeds_once_and_nothing_else_of_them_changes() {
    let desk = Desk::new();
    let (before, records) = desk.kept();
    let was = apart(&before).1;
    assert_eq!(was.iter().map(Vec::len).collect::<Vec<_>>().iter().sum::<usize>(), 3);
    desk.verify();
    // The rules that they were filed by.
    assert_eq!(desk.refile(&[]), [json!({ "stories": 4, "changed": 0, "moved": 0 }), json!({ "written": 0 })]);
    assert_eq!(desk.kept(), (before.clone(), records));

    desk.topics(&[("bees", "honey"), ("insects", "beekeeper*")]);
    let outlook = vec![
        shift("topic/bees", [3, 0, 2, 1], None),
        shift("topic/insects", [0, 3, 0, 3], None),
        json!({ "stories": 4, "changed": 3, "moved": 3 }),
    ];
    assert_eq!(desk.refile(&["--dry-run"]), outlook);
    assert_eq!(desk.kept(), (before.clone(), records), "a dry run writes nothing");
    assert_eq!(desk.refile(&[]), [outlook, vec![json!({ "written": 3 })]].concat());
    let (after, written) = desk.kept();
    assert_eq!((apart(&after).0, written), (apart(&before).0, records + 1), "ids, places, times and languages are what they were");
    let topics_of = |title: &str| after.iter().find(|story| story.copies[0].item.title == title).unwrap().topics.clone();
    let topics: Vec<Vec<String>> = TITLES.iter().map(|title| topics_of(title).iter().map(ToString::to_string).collect()).collect();
    assert_eq!(topics, [vec!["insects"], vec!["bees", "insects"], vec!["insects"], vec![]]);
    let evidence = &after.iter().find(|story| story.copies[0].item.title == TITLES[1]).unwrap().copies[0].labels.topics[0].evidence;
    assert_eq!((evidence[0].text.as_str(), evidence[0].rule.as_str()), ("honey", "honey"));

    assert_eq!(
        desk.refile(&[]),
        [json!({ "stories": 4, "changed": 0, "moved": 0 }), json!({ "written": 0 })],
        "a second run has nothing to do"
    );
    assert_eq!(desk.kept(), (after.clone(), written));
    desk.verify();
    desk.place.succeed(&["rebuild"]);
    assert_eq!(desk.kept(), (after.clone(), written), "the journal tells the same");
    assert_eq!(desk.refile(&[]), [json!({ "stories": 4, "changed": 0, "moved": 0 }), json!({ "written": 0 })], "to the last digit");

    // The same topics for another reason: nobody's feed changes, and the reason is kept.
    desk.topics(&[("bees", "hone*"), ("insects", "beekeeper*")]);
    assert_eq!(desk.refile(&[]), [json!({ "stories": 4, "changed": 1, "moved": 0 }), json!({ "written": 1 })]);
    let (reasoned, last) = desk.kept();
    assert_eq!((apart(&reasoned), last), (apart(&after), written + 1));
    desk.verify();
}

#[test]
fn a_feed_that_empties_or_floods_is_warned_of_before_anything_is_written() {
    let desk = Desk::new();
    let many: Vec<String> = (0..30).map(|n| format!("Wasp number {n} flies")).collect();
    desk.publish(&many.iter().map(String::as_str).collect::<Vec<_>>());
    desk.place.succeed(&["pull"]);
    desk.topics(&[("bees", "wasp*")]);
    let (before, records) = desk.kept();
    let rows = desk.refile(&["--dry-run"]);
    assert_eq!(rows[0], shift("topic/bees", [3, 30, 3, 30], Some("3 of its 3 stories leave")));
    desk.topics(&[("bees", "beekeeper*"), ("wasps", "wasp*")]);
    let output = desk.place.run(&["refile", "--dry-run"]);
    let (table, talk) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    assert_eq!(table, "feed         stories  enter  leave  then\ntopic/wasps        0     30      0    30  30 stories enter where 0 are\n");
    assert_eq!(
        talk,
        "30 of 34 stories are filed in another way today, 30 of them in other feeds; look at the feed with a warning; nothing was written\n"
    );
    assert_eq!(desk.kept(), (before, records));
}

#[test]
fn a_language_stays_what_it_was_and_a_source_that_is_gone_has_no_defaults() {
    let desk = Desk::new();
    // Too short to tell the language of; by its source it is Spanish, and about Honduras.
    desk.sources("lang = \"es\"\ncountries = [\"HN\"]\ntopics = [\"bees\"]\n");
    desk.publish(&["Abejas"]);
    desk.place.succeed(&["pull"]);
    let abejas = |desk: &Desk| desk.kept().0.into_iter().find(|story| story.copies[0].item.title == "Abejas").unwrap();
    let before = abejas(&desk);
    let labels = |story: &Story| (story.editions[0].lang.to_string(), story.topics.len(), story.countries.len());
    assert_eq!(labels(&before), ("es".into(), 1, 1));

    desk.sources("lang = \"fr\"\ncountries = [\"GT\"]\n");
    desk.refile(&[]);
    let after = abejas(&desk);
    assert_eq!((labels(&after), after.countries[0].as_str()), (("es".into(), 0, 1), "GT"));
    assert_eq!((&after.editions, after.copies[0].labels.lang), (&before.editions, before.copies[0].labels.lang));

    desk.put("sources.toml", "builtin = false\n");
    desk.refile(&[]);
    assert_eq!(labels(&abejas(&desk)), ("es".into(), 0, 0));
    desk.verify();
}

/// The entries of a feed: title, id, date and time of change.
fn entries(reply: &Reply) -> Vec<(String, String, String, String)> {
    let feed = feed_rs::parser::parse(&reply.body[..]).unwrap();
    let date = |at: Option<chrono::DateTime<chrono::Utc>>| at.unwrap().to_rfc3339();
    feed.entries.into_iter().map(|entry| (entry.title.unwrap().content, entry.id, date(entry.published), date(entry.updated))).collect()
}

#[test]
fn a_daemon_does_it_between_looks_and_its_feeds_change_at_once() {
    let desk = Desk::new();
    let mut daemon = desk.place.start(&[]);
    let paths = ["/feed.atom", "/feed/topic/bees.atom", "/feed/country/hn.atom"];
    let feeds = |daemon: &Daemon| paths.map(|path| get(daemon.address, path));
    let before = feeds(&daemon);
    desk.topics(&[("bees", "honey"), ("insects", "beekeeper*")]);
    daemon.wait_for("the configuration was read again");
    let empty = get(daemon.address, "/feed/topic/insects.atom");
    assert_eq!(entries(&empty), []);

    let dry = desk.refile(&["--dry-run"]);
    assert_eq!((dry.len(), &dry[2]), (3, &json!({ "stories": 4, "changed": 3, "moved": 3 })));
    assert_eq!(feeds(&daemon).map(|reply| reply.body), before.clone().map(|reply| reply.body));
    assert_eq!(desk.refile(&[]).last(), Some(&json!({ "written": 3 })));
    let after = feeds(&daemon);
    assert_eq!(entries(&after[0]), entries(&before[0]), "in the feed of everything nobody sees it");
    let bees: Vec<_> = entries(&before[1]).into_iter().filter(|(title, ..)| title == TITLES[1]).collect();
    assert_eq!(entries(&after[1]), bees);
    let insects = get(daemon.address, "/feed/topic/insects.atom");
    assert_eq!(entries(&insects), entries(&before[1]), "with their ids, their places and their times");
    assert_ne!(insects.header("etag"), empty.header("etag"));
    assert_eq!(
        get(daemon.address, "/topics.json").json().as_array().unwrap().iter().map(|topic| topic["stories"].clone()).collect::<Vec<_>>(),
        [1, 3]
    );
    // The daemon goes on pulling.
    desk.publish(&["Beekeepers wake"]);
    desk.place.succeed(&["pull"]);
    assert_eq!(entries(&get(daemon.address, "/feed/topic/insects.atom")).len(), 4);
    assert_eq!(desk.refile(&[]).last(), Some(&json!({ "written": 0 })));
    let last = paths.map(|path| get(daemon.address, path).text().replace(&daemon.address.to_string(), ""));
    daemon.stop();

    desk.verify();
    let daemon = desk.place.start(&["--read-only"]);
    assert_eq!(paths.map(|path| get(daemon.address, path).text().replace(&daemon.address.to_string(), "")), last, "after a restart");
    assert_eq!(desk.refile(&["--dry-run"]), [json!({ "stories": 5, "changed": 0, "moved": 0 })]);
    let refused = desk.place.run(&["refile"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8(refused.stderr).unwrap().contains("this daemon was started with --read-only"));
    daemon.stop();
}
