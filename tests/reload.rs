//! A running daemon goes by its configuration as it is edited: nobody is asked again for it, and a mistake changes nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "common/http.rs"]
mod http;
#[path = "common/daemon.rs"]
mod place;

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    sync::atomic::{AtomicBool, Ordering},
};

use http::get;
use place::{Daemon, Place};
use serde_json::{Value, json};
use tributary::serve::sample::Publisher;

const DONE: &str = "the configuration was read again: ";
const KEPT: &str = "nothing is changed";

/// Publishers on loopback, and a folder whose configuration is edited.
struct Desk {
    _runtime: tokio::runtime::Runtime,
    publisher: Publisher,
    place: Place,
}

impl Desk {
    fn new(names: &[&str]) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let publisher = runtime.block_on(Publisher::start()).unwrap();
        let desk = Self { _runtime: runtime, publisher, place: Place::new("") };
        fs::write(desk.file("topics.toml"), topics("bees", "beekeeper*")).unwrap();
        for name in names {
            desk.publish(name, &[&format!("{name}: beekeepers meet")]);
        }
        fs::write(desk.file("sources.toml"), desk.sources(names)).unwrap();
        desk
    }

    fn file(&self, name: &str) -> PathBuf {
        self.place.path("config").join(name)
    }

    fn sources(&self, names: &[&str]) -> String {
        let source = |name: &&str| {
            let url = format!("{}/{name}", self.publisher.base());
            format!("[[source]]\nid = \"{name}\"\ntitle = \"The {name}\"\nurl = \"{url}\"\nevery = \"1h\"\nallow_private = true\n")
        };
        format!("builtin = false\n{}", names.iter().map(source).collect::<String>())
    }

    fn publish(&self, name: &str, titles: &[&str]) {
        let items: String = titles.iter().map(|title| format!("<item><title>{title}</title><guid>{title}</guid></item>")).collect();
        self.publisher.put(
            &format!("/{name}"),
            "application/rss+xml",
            &format!("<rss version=\"2.0\"><channel><title>Wire</title>{items}</channel></rss>"),
        );
    }

    /// A daemon that has asked each of so many sources once.
    fn start(&self, sources: usize) -> Daemon {
        let mut daemon = self.place.start(&[]);
        for _ in 0..sources {
            daemon.next_pull().unwrap();
        }
        daemon
    }

    /// Paths that were asked, and their statuses, sorted.
    fn asked(&self) -> Vec<(String, u16)> {
        let mut asked: Vec<(String, u16)> = self.publisher.seen().into_iter().map(|seen| (seen.path, seen.status)).collect();
        asked.sort();
        asked
    }
}

/// One topic with one term.
fn topics(slug: &str, term: &str) -> String {
    format!(
        "builtin = false\n[[topic]]\nslug = \"{slug}\"\nlabel = {{ en = \"{slug}\", es = \"{slug}\", fr = \"{slug}\", pt = \"{slug}\" }}\n[topic.en]\nstrong = [\"{term}\"]\n"
    )
}

/// Puts a file in the place of another, as editors do.
fn replace(file: &Path, text: &str) {
    let aside = file.with_extension("swp");
    fs::write(&aside, text).unwrap();
    fs::rename(aside, file).unwrap();
}

/// The titles of a feed's entries; nothing when there is no such feed.
fn titles(daemon: &Daemon, path: &str) -> Option<Vec<String>> {
    let reply = get(daemon.address, path);
    let title = |entry: feed_rs::model::Entry| entry.title.unwrap().content;
    (reply.status == 200).then(|| feed_rs::parser::parse(&reply.body[..]).unwrap().entries.into_iter().map(title).collect())
}

fn configuration(daemon: &Daemon) -> Value {
    get(daemon.address, "/status.json").json()["configuration"].clone()
}

#[test]
fn edited_topics_are_for_what_comes_from_then_on_and_a_mistake_keeps_the_old_ones() {
    let desk = Desk::new(&["wire"]);
    let mut daemon = desk.start(1);
    let begun = configuration(&daemon);
    assert_eq!(begun, json!({ "since": begun["since"], "mistakes": [], "waiting": [] }));
    assert_eq!((titles(&daemon, "/feed/topic/bees.atom").unwrap().len(), titles(&daemon, "/feed/topic/wasps.atom")), (1, None));
    let everything = |daemon: &Daemon| {
        let reply = get(daemon.address, "/feed.atom");
        (reply.header("etag").map(str::to_owned), reply.text())
    };
    let before = everything(&daemon);

    let wasps = format!("{}{}", topics("bees", "apiar*"), topics("wasps", "beekeeper*").replace("builtin = false\n", ""));
    replace(&desk.file("topics.toml"), &wasps);
    let line = daemon.wait_for(DONE);
    assert_eq!(line["message"], format!("{DONE}other topics, for what comes from now on (`tributary refile` files what is kept)"));
    assert_eq!(desk.asked(), [("/wire".to_owned(), 200)], "nobody is asked for it");
    assert_eq!((titles(&daemon, "/feed/topic/bees.atom").unwrap().len(), titles(&daemon, "/feed/topic/wasps.atom")), (1, Some(vec![])));
    assert_eq!(everything(&daemon), before, "what did not change has the same bytes, and the same tag");
    desk.publish("wire", &["wire: beekeepers meet", "Beekeepers meet again"]);
    desk.place.succeed(&["pull"]);
    assert_eq!(titles(&daemon, "/feed/topic/bees.atom").unwrap(), ["wire: beekeepers meet"]);
    assert_eq!(titles(&daemon, "/feed/topic/wasps.atom").unwrap(), ["Beekeepers meet again"]);

    let mistaken = wasps.replace("strong = [\"apiar*\"]", "strong = [\"*\"]\nweek = []");
    replace(&desk.file("topics.toml"), &mistaken);
    let (term, key) = (daemon.wait_for("the term `*`"), daemon.wait_for("unknown key `week`; did you mean `weak`?"));
    let place = desk.file("topics.toml").display().to_string();
    assert!(term["message"].as_str().unwrap().starts_with(&format!("{place}:6:")), "{term}");
    assert_eq!((&term["level"], &key["level"]), (&json!("ERROR"), &json!("ERROR")));
    daemon.wait_for(&format!("has 2 mistakes; {KEPT}"));
    let told = configuration(&daemon);
    assert_eq!(told["mistakes"], json!([term["message"], key["message"]]));
    assert!(get(daemon.address, "/status").text().contains("unknown key `week`"));
    assert_eq!(titles(&daemon, "/feed/topic/wasps.atom").unwrap(), ["Beekeepers meet again"]);
    assert_eq!(get(daemon.address, "/readyz").json(), json!({ "ready": true }));

    replace(&desk.file("topics.toml"), &wasps);
    daemon.wait_for("the configuration is again the one that holds");
    assert_eq!(configuration(&daemon), json!({ "since": told["since"], "mistakes": [], "waiting": [] }));
    daemon.stop();
}

#[test]
fn a_source_that_is_added_is_asked_and_one_that_is_removed_no_more_and_a_new_title_is_no_new_source() {
    let desk = Desk::new(&["wire", "paper"]);
    let mut daemon = desk.start(2);
    let wire = || serde_json::from_str::<Value>(&desk.place.succeed(&["sources", "wire", "--json"])).unwrap();
    let before = wire();
    assert_eq!(before["history"]["looks"].as_array().unwrap().len(), 1);
    desk.publish("radio", &["radio: beekeepers meet"]);
    let sources = desk.sources(&["wire", "radio"]).replace("The wire", "Wire & Sons");
    replace(&desk.file("sources.toml"), &sources);
    assert_eq!(daemon.wait_for(DONE)["message"], format!("{DONE}1 source added, 1 source removed, 1 source changed"));
    assert_eq!(daemon.next_pull().unwrap(), "radio");
    let once = [("/paper".to_owned(), 200), ("/radio".to_owned(), 200), ("/wire".to_owned(), 200)];
    assert_eq!(desk.asked(), once);
    let mut renamed = before;
    renamed["title"] = json!("Wire & Sons");
    assert_eq!(wire(), renamed, "its history, and when it is asked next");
    let rows = |daemon: &Daemon| get(daemon.address, "/status.json").json()["sources"].clone();
    let told: Vec<(Value, Value, Value)> = rows(&daemon)
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["source"].clone(), row["title"].clone(), row["standing"].clone()))
        .collect();
    assert_eq!(told, [("radio", "The radio", "fine"), ("wire", "Wire & Sons", "fine")].map(|(a, b, c)| (json!(a), json!(b), json!(c))));
    // What the removed one told stays, and names it.
    assert_eq!(titles(&daemon, "/feed/source/paper.atom").unwrap(), ["paper: beekeepers meet"]);
    assert!(get(daemon.address, "/feed/source/paper.atom").text().contains("The paper"));
    assert!(get(daemon.address, "/feed/source/wire.atom").text().contains("Wire &amp; Sons"));

    desk.place.succeed(&["pull"]);
    let again = [("/paper", 200), ("/radio", 200), ("/radio", 304), ("/wire", 200), ("/wire", 304)];
    assert_eq!(desk.asked(), again.map(|(path, status)| (path.to_owned(), status)), "what was known of them is known");

    // Back again, it goes on where it was.
    replace(&desk.file("sources.toml"), &desk.sources(&["wire", "radio", "paper"]));
    daemon.wait_for(DONE);
    desk.place.succeed(&["pull", "paper"]);
    assert_eq!(desk.asked().into_iter().filter(|(path, _)| path == "/paper").map(|(_, status)| status).collect::<Vec<_>>(), [200, 304]);
    daemon.stop();
}

#[test]
fn an_edit_is_seen_however_the_file_comes_to_its_place() {
    let desk = Desk::new(&["wire"]);
    // As a config map is mounted: files lead to `..data`, and that to a folder.
    let config = desk.place.path("config");
    let version = |slug: &str| {
        fs::create_dir(config.join(format!("..{slug}"))).unwrap();
        fs::write(config.join(format!("..{slug}/topics.toml")), topics(slug, "x")).unwrap();
        symlink(format!("..{slug}"), config.join("..data_tmp")).unwrap();
        fs::rename(config.join("..data_tmp"), config.join("..data")).unwrap();
    };
    version("one");
    fs::remove_file(desk.file("topics.toml")).unwrap();
    symlink("..data/topics.toml", desk.file("topics.toml")).unwrap();
    let mut daemon = desk.start(1);
    // However many edits are seen on the way.
    let mut wait_for_topic = |slug: &str| {
        while titles(&daemon, &format!("/feed/topic/{slug}.atom")).is_none() {
            daemon.wait_for(DONE);
        }
    };
    wait_for_topic("one");
    version("two");
    wait_for_topic("two");
    // Taken away and written anew; and the whole folder put in the place of another.
    fs::remove_file(desk.file("topics.toml")).unwrap();
    fs::write(desk.file("topics.toml"), topics("three", "x")).unwrap();
    wait_for_topic("three");
    fs::rename(&config, desk.place.path("before")).unwrap();
    fs::create_dir(desk.place.path("next")).unwrap();
    fs::write(desk.place.path("next/sources.toml"), desk.sources(&["wire"])).unwrap();
    fs::write(desk.place.path("next/topics.toml"), topics("four", "x")).unwrap();
    fs::rename(desk.place.path("next"), &config).unwrap();
    wait_for_topic("four");
    fs::write(desk.file("topics.toml"), topics("five", "x")).unwrap();
    wait_for_topic("five");
    assert_eq!(titles(&daemon, "/feed/topic/four.atom"), None);
    assert_eq!(desk.asked(), [("/wire".to_owned(), 200)]);
    daemon.stop();
}

#[test]
fn a_renamed_topic_is_found_under_its_old_name_and_one_that_is_gone_says_so() {
    let desk = Desk::new(&["wire"]);
    let mut daemon = desk.start(1);
    let status = |daemon: &Daemon, slug: &str| get(daemon.address, &format!("/feed/topic/{slug}.atom"));
    assert_eq!(status(&daemon, "bees").status, 200);
    let apiculture = topics("apiculture", "beekeeper*");
    replace(&desk.file("topics.toml"), &apiculture.replace("label =", "aliases = [\"bees\"]\nlabel ="));
    daemon.wait_for(DONE);
    let moved = status(&daemon, "bees");
    assert_eq!(moved.status, 301);
    assert!(moved.header("location").unwrap().ends_with("/feed/topic/apiculture.atom"), "{moved:?}");
    // Switched off: not there, and it is said what is near.
    replace(&desk.file("topics.toml"), &apiculture.replace("apiculture", "beesting"));
    daemon.wait_for(DONE);
    let gone = status(&daemon, "bees");
    assert_eq!((gone.status, gone.json()["nearest"].clone()), (404, json!(["beesting"])));
    replace(&desk.file("topics.toml"), &format!("{apiculture}[[topic]]\nslug = \"bees\"\nretired = true\n"));
    daemon.wait_for(DONE);
    let retired = status(&daemon, "bees");
    assert_eq!(
        (retired.status, retired.json()["detail"].as_str().unwrap()),
        (410, "the topic `bees` is retired; nothing is filed under it any more")
    );
    daemon.stop();
}

#[test]
fn no_request_is_dropped_while_the_configuration_changes() {
    let desk = Desk::new(&["wire"]);
    let mut daemon = desk.start(1);
    let (address, ended) = (daemon.address, AtomicBool::new(false));
    let statuses = std::thread::scope(|scope| {
        let ended = &ended;
        let ask = move |path: &'static str| {
            let mut statuses = Vec::new();
            while !ended.load(Ordering::SeqCst) {
                statuses.push(get(address, path).status);
            }
            statuses
        };
        let readers = ["/feed.atom", "/feed/source/wire.atom", "/status.json"].map(|path| scope.spawn(move || ask(path)));
        for n in 0..4 {
            let feed = format!("[[feed]]\nslug = \"saved-{n}\"\ntitle = {{ en = \"Saved\" }}\nsources = [\"wire\"]\n");
            replace(&desk.file("feeds.toml"), &format!("builtin = false\n{feed}"));
            assert_eq!(daemon.wait_for(DONE)["message"], format!("{DONE}other saved feeds"));
            assert_eq!(titles(&daemon, &format!("/feed/saved/saved-{n}.atom")).unwrap().len(), 1);
        }
        ended.store(true, Ordering::SeqCst);
        readers.map(|reader| reader.join().unwrap()).concat()
    });
    assert!(statuses.len() > 12 && statuses.iter().all(|status| *status == 200), "{statuses:?}");
    assert_eq!(desk.asked().len(), 1);
    daemon.stop();
}

#[test]
fn a_signal_has_it_read_and_always_has_an_answer() {
    let desk = Desk::new(&["wire"]);
    let mut daemon = desk.start(1);
    daemon.hang_up();
    daemon.wait_for("the configuration was read again, and is as it was");
    replace(&desk.file("topics.toml"), "[[topic]\n");
    daemon.wait_for(KEPT);
    daemon.hang_up();
    daemon.wait_for(KEPT);
    fs::remove_file(desk.file("topics.toml")).unwrap();
    daemon.wait_for(DONE);
    assert_eq!(titles(&daemon, "/feed/topic/youth.atom"), Some(vec![]), "the built-in ones");
    daemon.stop();
}

#[test]
fn limits_are_taken_over_what_can_not_be_says_so_and_nobody_is_asked_anonymously() {
    let desk = Desk::new(&["wire"]);
    desk.publish("wire", &["One", "Two", "Three"]);
    let mut daemon = desk.start(1);
    assert_eq!(titles(&daemon, "/feed.atom").unwrap().len(), 3);
    fs::write(
        desk.file("tributary.toml"),
        "[serve]\nlimit = 2\nconnections = 99\ntitle = \"News\"\n[fetch]\nat_once = 3\ntimeout = \"9s\"\n",
    )
    .unwrap();
    daemon.wait_for(DONE);
    let line = daemon.wait_for("[serve] connections");
    assert_eq!(line["message"], "[serve] connections was changed, and stays as it was until the daemon is started again");
    assert_eq!(configuration(&daemon)["waiting"], json!([line["message"]]));
    assert_eq!(titles(&daemon, "/feed.atom").unwrap().len(), 2);
    assert!(get(daemon.address, "/feed.atom").text().contains("<title>News</title>"));
    desk.place.succeed(&["pull"]);
    assert_eq!(desk.asked(), [("/wire".to_owned(), 200), ("/wire".to_owned(), 304)]);

    let world = "[[source]]\nid = \"world\"\ntitle = \"World\"\nurl = \"https://world.example/feed\"\n";
    replace(&desk.file("sources.toml"), &format!("{}{world}", desk.sources(&["wire"])));
    daemon.wait_for("no contact address is configured");
    daemon.wait_for(KEPT);
    // An address may hold a key, and everybody may see what is told of it.
    replace(
        &desk.file("sources.toml"),
        &format!("{}{}", desk.sources(&["wire"]), world.replace("https:", "ftp:").replace("feed", "feed?key=hunter2")),
    );
    let told = daemon.wait_for("is not an address")["message"].clone();
    assert!(told.as_str().unwrap().contains("`ftp://world.example/feed?…` is not an address"), "{told}");
    assert_eq!(configuration(&daemon)["mistakes"], json!([told]));
    assert_eq!(get(daemon.address, "/status.json").json()["summary"]["sources"], 1);
    daemon.stop();
}
