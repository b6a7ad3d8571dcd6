//! A reader that takes only what is dated strictly later than the last it took, as Microsoft's connector does, misses nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;
#[path = "common/http.rs"]
mod http;
#[path = "common/site.rs"]
mod site;
#[path = "common/world.rs"]
mod world;

use std::{sync::Arc, time::Duration};

use site::publishing;
use tributary::{
    model::Second,
    serve::{App, Limits},
};
use world::{BEGIN, Entry, World, entry};

/// Items of one day, which their publisher dates to its midnight.
fn dated(numbers: std::ops::Range<usize>, days: i64) -> Vec<Entry> {
    numbers
        .map(|n| entry(&format!("Announcement {n} of the ministry")).guid(n).link(format!("https://wire.example/{n}")).on(days))
        .collect()
}

/// A reader that remembers one date.
struct Strict {
    last: Option<Second>,
    taken: Vec<String>,
}

impl Strict {
    /// Looks once, and takes one: the oldest that is later than the last one taken.
    fn look(&mut self, app: &Arc<App>, runtime: &tokio::runtime::Runtime, extension: &str) -> bool {
        let text = runtime.block_on(app.print(&format!("feed.{extension}"))).unwrap();
        let feed = feed_rs::parser::parse(text.as_bytes()).unwrap();
        let dated = |entry: feed_rs::model::Entry| (Second::of(entry.published.unwrap()), entry.title.unwrap().content);
        let later = feed.entries.into_iter().map(dated).filter(|(at, _)| self.last.is_none_or(|last| *at > last));
        let Some((at, title)) = later.min() else { return false };
        self.last = Some(at);
        self.taken.push(title);
        true
    }
}

#[test]
fn twenty_items_of_one_midnight_arrive_one_by_one() {
    for extension in ["atom", "rss", "json"] {
        let mut world = World::new();
        world.poll(&dated(0..1, 0));
        let limits =
            Limits { connections: 16, cache: 1 << 20, made_at_once: 4, header: Duration::from_secs(1), drain: Duration::from_secs(1) };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut reader = Strict { last: None, taken: Vec::new() };
        // The store is let go before the world goes on; whatever was asked before is asked anew.
        let look = |world: &World, reader: &mut Strict| {
            let app = App::new(world.store(), publishing("https://news.example.org/"), &limits, Arc::new(|| Second::from_unix(BEGIN)));
            while reader.look(&app, &runtime, extension) {}
        };
        look(&world, &mut reader);
        assert_eq!(reader.taken, ["Announcement 0 of the ministry"]);
        // One pull has twenty more, all of the same midnight; the next one twenty of the midnight after that, and one that was late.
        world.poll(&dated(0..21, 0));
        look(&world, &mut reader);
        let titles =
            |numbers: &mut dyn Iterator<Item = usize>| numbers.map(|n| format!("Announcement {n} of the ministry")).collect::<Vec<_>>();
        assert_eq!(reader.taken.len(), 21, "{extension}");
        world.wait(world::DAY);
        world.poll(&[dated(0..21, 0), dated(30..31, 0), dated(40..60, 1)].concat());
        look(&world, &mut reader);
        let mut taken = reader.taken.clone();
        taken.sort();
        let mut expected = titles(&mut (0..21).chain(30..31).chain(40..60));
        expected.sort();
        assert_eq!(taken, expected, "{extension}: each once");
    }
}
