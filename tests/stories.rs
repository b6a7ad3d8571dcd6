//! One story told by several publishers, through the real program: joined by what it says, kept apart by what it does not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common {
    pub mod daemon;
    pub mod http;
}

use std::net::SocketAddr;

use chrono::{DateTime, Duration, Utc};
use common::{
    daemon::Place,
    http::{get, subscribe},
};
use tributary::serve::sample::Publisher;

const RSS: &str = "application/rss+xml";
const RESCUE: &str = "Fishermen pulled 187 people out of rough water off Libya on Monday after their engine failed, the agency said; 63 of them were children.";

/// An item of a feed: when it was published in hours before now, its address, title and text.
type Told<'a> = (i64, &'a str, &'a str, &'a str);

struct World {
    runtime: tokio::runtime::Runtime,
    publisher: Publisher,
    place: Place,
    now: DateTime<Utc>,
}

impl World {
    /// A world of these sources, the first one of the best rank.
    fn of(sources: &[&str]) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let publisher = runtime.block_on(Publisher::start()).unwrap();
        let blocks = sources.iter().enumerate().map(|(rank, name)| {
            let url = format!("{}/{name}", publisher.base());
            format!(
                "[[source]]\nid = \"{name}\"\ntitle = \"{name}\"\nurl = \"{url}\"\nevery = \"1h\"\nrank = {rank}\nallow_private = true\n"
            )
        });
        let place = Place::new(&blocks.collect::<String>());
        let world = Self { runtime, publisher, place, now: Utc::now() };
        sources.iter().for_each(|name| world.put(name, &[]));
        world
    }

    fn put(&self, name: &str, items: &[Told<'_>]) {
        let item = |(hours, link, title, text): &Told<'_>| {
            let date = (self.now - Duration::hours(*hours)).to_rfc2822();
            format!(
                "<item><title>{title}</title><link>{link}</link><guid>{link}</guid><pubDate>{date}</pubDate><description>{text}</description></item>"
            )
        };
        let items: String = items.iter().map(item).collect();
        self.publisher.put(
            &format!("/{name}"),
            RSS,
            &format!("<rss version=\"2.0\"><channel><title>{name}</title>{items}</channel></rss>"),
        );
    }

    /// Pulls the sources, one after another.
    fn pull(&self, names: &[&str]) {
        names.iter().for_each(|name| drop(self.place.succeed(&["pull", name])));
    }
}

/// The entries of a feed: title and who else tells it.
fn entries(address: SocketAddr, feed: &str) -> Vec<(String, Vec<String>)> {
    let feed = feed_rs::parser::parse(&get(address, feed).body[..]).unwrap();
    let related = |entry: &feed_rs::model::Entry| {
        let links = entry.links.iter().filter(|link| link.rel.as_deref() == Some("related"));
        links.filter_map(|link| link.title.clone()).collect()
    };
    let mut entries: Vec<(String, Vec<String>)> =
        feed.entries.iter().map(|entry| (entry.title.as_ref().unwrap().content.clone(), related(entry))).collect();
    entries.sort();
    entries
}

#[test]
fn one_release_in_three_papers_is_one_entry_also_after_a_restart() {
    let world = World::of(&["agency", "paper", "mirror"]);
    world.put("paper", &[(5, "https://paper.example/a", "187 people saved off Libya | Paper", &RESCUE[..90])]);
    world.put("agency", &[(3, "https://agency.example/1", "Agency: 187 people saved off Libya", RESCUE)]);
    world.put("mirror", &[(1, "https://mirror.example/9", "187 people saved off Libya", &format!("TRIPOLI – {RESCUE}"))]);
    // Each is a program of its own, which finds what the last one has kept.
    world.pull(&["paper", "agency", "mirror"]);
    let daemon = world.place.start(&["--read-only"]);
    let told = entries(daemon.address, "/feed.atom");
    assert_eq!(told, [("Agency: 187 people saved off Libya".to_owned(), vec!["paper".to_owned(), "mirror".to_owned()])]);
    let id = subscribe(daemon.address, "/feed.atom").items[0].id.clone().unwrap();
    assert_eq!(id, "https://paper.example/a", "the entry is the one that readers have");
    daemon.stop();
    assert_eq!(world.place.run(&["verify"]).status.code(), Some(0));
}

#[test]
fn the_next_of_a_series_is_a_story_of_its_own_and_says_what_it_looked_like() {
    let world = World::of(&["agency", "mirror"]);
    let text = |n: u32| format!("Over {n}00 people have crossed the river since the flood began; teams registered them in {n} places.");
    world.put("agency", &[(4, "https://agency.example/12", "Flood in the valley: flash update 12", &text(12))]);
    world.put("mirror", &[(2, "https://mirror.example/13", "Flood in the valley: flash update 13", &text(13))]);
    world.pull(&["agency", "mirror"]);
    let daemon = world.place.start(&["--read-only"]);
    let told: Vec<String> = entries(daemon.address, "/feed.atom").into_iter().map(|(title, _)| title).collect();
    assert_eq!(told, ["Flood in the valley: flash update 12", "Flood in the valley: flash update 13"]);
    let text = get(daemon.address, "/feed/source/mirror.atom").text();
    let page: String = text.split("/story/").nth(1).unwrap().chars().take_while(|c| c.is_ascii_hexdigit() || *c == '-').collect();
    let page = get(daemon.address, &format!("/story/{page}")).text();
    assert!(page.contains("Looks like, and is not") && page.contains("their titles have other numbers"), "{page}");
    daemon.stop();
}

#[test]
fn a_translation_is_an_edition_and_news_in_its_own_language_alone() {
    let world = World::of(&["agency", "agencia"]);
    world.put(
        "agency",
        &[(30, "https://agency.example/en/news/18-600-domestic-workers", "Chile: 18,600 migrant domestic workers gain access to social security",
            "SANTIAGO – The new law covers 18,600 women from Peru and Haiti who work in private homes, the agency said on Tuesday; 214 of them had sued.")],
    );
    world.pull(&["agency"]);
    world.put(
        "agencia",
        &[(2, "https://agency.example/es/noticias/18-600-trabajadoras", "Chile: 18.600 trabajadoras migrantes del hogar acceden a la seguridad social",
            "SANTIAGO – La nueva ley ampara a 18.600 mujeres de Perú y Haití que trabajan en casas particulares, dijo la agencia el martes; 214 de ellas habían demandado.")],
    );
    world.pull(&["agencia"]);
    let daemon = world.place.start(&["--read-only"]);
    let titles = |feed: &str| entries(daemon.address, feed).into_iter().map(|(title, _)| title).collect::<Vec<_>>();
    let (english, spanish) = (
        "Chile: 18,600 migrant domestic workers gain access to social security",
        "Chile: 18.600 trabajadoras migrantes del hogar acceden a la seguridad social",
    );
    assert_eq!(titles("/feed.atom"), [english]);
    assert_eq!(titles("/feed/lang/es.atom"), [spanish]);
    assert_eq!(titles("/feed.atom?prefer=es"), [spanish]);
    let position = |feed: &str| subscribe(daemon.address, feed).items[0].published.unwrap();
    assert!(position("/feed/lang/es.atom") > position("/feed.atom"), "it is new where Spanish is read");
    daemon.stop();
    drop(world.runtime);
}

#[test]
fn our_own_groups_are_told_apart() {
    let place = Place::new("");
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/eval");
    let (groups, rewritten) = (folder.join("groups.jsonl"), folder.join("rewritten.jsonl"));
    let eval = |file: &std::path::Path, least: &[&str]| {
        let mut arguments = vec!["eval", "--groups", file.to_str().unwrap()];
        arguments.extend(least.iter().flat_map(|least| ["--min", least]));
        place.run(&arguments)
    };
    let least = ["pairs-precision=0.99", "pairs-recall=0.96", "translations-precision=0.98", "translations-recall=0.75"];
    for (file, least) in [(&groups, &least[..]), (&rewritten, &["pairs-precision=0.99", "translations-precision=0.98"])] {
        let output = eval(file, least);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let output = eval(&groups, &["translations-recall=1"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("translations-recall 0."));
}

#[test]
fn items_on_standard_input_are_told_which_story_they_tell() {
    use std::io::Write;
    let lines = [
        serde_json::json!({"id": "1", "source": "Agency", "url": "https://agency.example/1", "title": "187 people saved off Libya", "summary": RESCUE, "published": "2026-05-01T10:00:00Z"}),
        serde_json::json!({"id": "x", "source": "Paper", "url": "https://paper.example/x", "title": "187 PEOPLE SAVED OFF LIBYA", "summary": "", "published": "2026-05-01T12:00:00Z"}),
        serde_json::json!({"note": "no item"}),
    ];
    let place = Place::new("");
    let mut child =
        place.command(&["dedup", "--explain"]).stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped()).spawn().unwrap();
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let told: Vec<serde_json::Value> =
        String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(told[0]["story"], told[1]["story"]);
    let whys: Vec<&str> = told[..2].iter().map(|told| told["why"].as_str().unwrap()).collect();
    assert_eq!(whys, ["the story began with it", "has the same title"]);
    assert_eq!((told[1]["edition"].as_str(), &told[1]["refused"], &told[2]), (Some("en"), &serde_json::json!([]), &lines[2]));
}

#[test]
fn two_stories_that_a_third_telling_shows_to_be_one_are_one_from_then_on() {
    let world = World::of(&["agency", "paper", "mirror"]);
    let first = "The crew of two boats heard them shout and brought them ashore before dawn, the agency said.";
    let second = "In all 187 people reached the harbour of Zawiya on Monday night, and 1,263 have been brought back there since January.";
    // The agency tells the beginning, the paper the rest; the mirror has both.
    world.put("agency", &[(5, "https://agency.example/1", "Fishermen save people off Libya after their engine fails", first)]);
    world.put("paper", &[(4, "https://paper.example/a", "Zawiya: another night of arrivals", second)]);
    world.pull(&["agency", "paper"]);
    let daemon = world.place.start(&["--read-only"]);
    let before = entries(daemon.address, "/feed.atom");
    assert_eq!(before.len(), 2, "nothing says that they are one: {before:?}");
    let page = |address: SocketAddr, source: &str| {
        let text = get(address, &format!("/feed/source/{source}.atom")).text();
        text.split("/story/").nth(1).unwrap().chars().take_while(|c| c.is_ascii_hexdigit() || *c == '-').collect::<String>()
    };
    let (older, younger) = (page(daemon.address, "agency"), page(daemon.address, "paper"));
    daemon.stop();
    let (title, whole) = ("Fishermen save people off Libya after their engine fails", format!("{first} {second}"));
    world.put("mirror", &[(1, "https://mirror.example/9", title, &whole)]);
    world.pull(&["mirror"]);
    let daemon = world.place.start(&["--read-only"]);
    let told = entries(daemon.address, "/feed.atom");
    assert_eq!(told, [(title.to_owned(), vec!["mirror".to_owned(), "paper".to_owned()])]);
    assert_eq!(subscribe(daemon.address, "/feed.atom").items[0].id.as_deref(), Some("https://agency.example/1"));
    let gone = get(daemon.address, &format!("/story/{younger}"));
    assert_eq!((gone.status, gone.header("location").map(|to| to.ends_with(&older))), (301, Some(true)));
    daemon.stop();
    assert_eq!(world.place.run(&["verify"]).status.code(), Some(0));
}
