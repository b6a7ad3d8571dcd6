//! What a source brings too much of, and what its publisher takes back, through the real program: told, shown, and released.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common {
    pub mod daemon;
    pub mod http;
}

use std::net::SocketAddr;

use common::{
    daemon::Place,
    http::{get, subscribe},
};
use serde_json::{Value, json};
use tributary::serve::sample::Publisher;

struct World {
    _runtime: tokio::runtime::Runtime,
    publisher: Publisher,
    place: Place,
}

impl World {
    fn new(more: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let publisher = runtime.block_on(Publisher::start()).unwrap();
        let url = format!("{}/wire", publisher.base());
        let source =
            format!("[[source]]\nid = \"wire\"\ntitle = \"The wire\"\nurl = \"{url}\"\nevery = \"1h\"\nallow_private = true\n{more}");
        Self { _runtime: runtime, publisher, place: Place::new(&source) }
    }

    /// Publishes items by their numbers, the newest first, and pulls them.
    fn pull(&self, items: std::ops::Range<u32>, retracted: &str) {
        let words = ["bridge", "harvest", "clinic", "railway", "museum", "harbour", "school", "glacier", "market", "theatre"];
        let now = chrono::Utc::now();
        let item = |n: u32| {
            let (word, at) = (words[n as usize % words.len()], (now - chrono::Duration::minutes(60 - i64::from(n))).to_rfc3339());
            format!(
                "<entry><id>urn:wire:{n}</id><title>The {word} opens again</title><link href=\"https://wire.example/{n}\"/><published>{at}</published><updated>{at}</updated></entry>"
            )
        };
        let items: String = items.rev().map(item).collect();
        let feed = format!(
            "<feed xmlns=\"http://www.w3.org/2005/Atom\" xmlns:at=\"http://purl.org/atompub/tombstones/1.0\"><title>Wire</title>{items}{retracted}</feed>"
        );
        self.publisher.put("/wire", "application/atom+xml", &feed);
        self.place.succeed(&["pull", "wire"]);
    }

    fn story(&self, n: u32) -> Value {
        serde_json::from_str(&self.place.succeed(&["story", &format!("urn:wire:{n}"), "--json"])).unwrap()
    }
}

/// The numbers of the items of a feed, in its order.
fn numbers(address: SocketAddr) -> Vec<u32> {
    let items = subscribe(address, "/feed.atom").items;
    items.into_iter().map(|item| item.id.unwrap().rsplit(':').next().unwrap().parse().unwrap()).collect()
}

#[test]
fn a_flood_is_told_everywhere_and_released_at_once() {
    let world = World::new("most_per_hour = 3\n");
    world.pull(0..1, "");
    world.pull(0..7, "");
    let why = "its source had more than 3 new stories within the hour";
    let story = world.story(1);
    assert_eq!((&story["editions"][0]["archived"], &story["editions"][0]["why_archived"]), (&json!(true), &json!(why)));
    assert!(world.place.succeed(&["story", "urn:wire:1"]).contains(&format!(": {why}")));
    let note = "4 new entries were filed in the archive at ";
    let told = world.place.succeed(&["sources", "wire"]);
    assert!(told.contains(note) && told.contains("`tributary sources release wire` shows them as news"), "{told}");

    let daemon = world.place.start(&["--contact", "editor@example.org"]);
    let before = numbers(daemon.address);
    assert_eq!(before, [6, 5, 0, 4, 3, 2, 1]);
    let page = get(daemon.address, &format!("/story/{}", story["story"].as_str().unwrap())).text();
    assert!(page.contains(&format!("filed in the archive: {why}")), "{page}");
    let editor = get(daemon.address, "/editor.atom").text();
    assert_eq!(editor.matches("term=\"too-much\"").count(), 4, "{editor}");
    // One by itself, then all that are left; those that came live stay where they are.
    let refused = world.place.run(&["story", "urn:wire:3", "release"]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("`--as-new` gives it a place at the top"));
    world.place.succeed(&["story", "urn:wire:3", "release", "--as-new", "--who", "Ana"]);
    assert_eq!(numbers(daemon.address), [3, 6, 5, 0, 4, 2, 1]);
    let told = world.place.succeed(&["sources", "--json", "release", "wire", "--who", "Ana"]);
    assert_eq!(serde_json::from_str::<Value>(&told).unwrap()["released"], 3);
    assert_eq!(numbers(daemon.address), [4, 2, 1, 3, 6, 5, 0]);
    assert_eq!(get(daemon.address, "/editor.atom").text().matches("term=\"too-much\"").count(), 0);
    let story = world.story(1);
    assert_eq!(
        (&story["editions"][0]["archived"], &story["acts"][0]["act"], &story["acts"][0]["who"]),
        (&json!(false), &json!("release"), &json!("Ana"))
    );
    let none = world.place.run(&["sources", "release", "wire"]);
    assert!(none.status.success(), "what was released is not released again");
    assert_eq!(numbers(daemon.address), [4, 2, 1, 3, 6, 5, 0]);
    daemon.stop();
    world.place.succeed(&["verify"]);
}

#[test]
fn what_a_publisher_takes_back_says_so() {
    let world = World::new("");
    world.pull(0..3, "");
    let story = world.story(1);
    world.pull(2..3, "<at:deleted-entry ref=\"urn:wire:1\" when=\"2100-01-01T00:00:00Z\"/>");
    let daemon = world.place.start(&["--read-only"]);
    assert_eq!(numbers(daemon.address), [2, 0]);
    let page = get(daemon.address, &format!("/story/{}", story["story"].as_str().unwrap()));
    assert_eq!((page.status, &page.json()["detail"]), (410, &json!("this story was withdrawn by its publisher")));
    daemon.stop();
    let told = world.place.succeed(&["story", story["story"].as_str().unwrap()]);
    assert!(told.contains("is           retracted, and in no feed"), "{told}");
    assert!(told.contains("withdraw by wire: withdrawn by its publisher"), "{told}");
    // An editor may know better, and the same word does not take it back again.
    world.place.succeed(&["story", story["story"].as_str().unwrap(), "release", "--why", "It was right"]);
    world.pull(2..4, "<at:deleted-entry ref=\"urn:wire:1\" when=\"2100-01-01T00:00:00Z\"/>");
    assert_eq!(world.story(1)["gone"], Value::Null);
    world.place.succeed(&["verify"]);
}

#[test]
fn a_wait_that_can_not_be_is_told_with_its_place() {
    for (more, mistake) in [
        ("settle = \"25h\"\n", "`settle` is 25h; 24h is the longest"),
        ("settle = \"soon\"\n", "`settle`: `soon` is not a duration"),
        ("rank = 0\nsettle = \"15m\"\n", "`settle` means nothing at rank 0"),
        ("most_per_hour = 0\n", "`most_per_hour`"),
    ] {
        let place = World::new(more).place;
        let output = place.run(&["check"]);
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && told.contains(mistake), "{more}: {told}");
    }
    for more in ["settle = \"0\"\n", "rank = 8\nsettle = \"24h\"\nmost_per_hour = 1\n"] {
        World::new(more).place.succeed(&["check"]);
    }
}
