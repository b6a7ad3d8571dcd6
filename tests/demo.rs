//! The sample world comes out as it should: every announcement in its feeds, each told once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common {
    pub mod http;
}

use common::http::{get, subscribe};
use tributary::{
    cli::demo::{self, world},
    daemon::{
        self,
        control::{self, Ask},
        data::DataFolder,
    },
    model::{RawItem, RawText},
    serve::sample::Publisher,
};

fn title(item: &RawItem) -> String {
    match &item.title {
        Some(RawText::Plain(title) | RawText::Html(title)) => title.clone(),
        None => String::new(),
    }
}

#[test]
fn each_announcement_is_told_once_in_its_topic_and_country_feeds() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let publisher = runtime.block_on(Publisher::start()).unwrap();
    let clock = daemon::wall_clock();
    // From step 1 on all five publishers answer.
    demo::put(&publisher, 1, clock());
    let (say, stop) = tokio::sync::watch::channel(false);
    let (told, ready) = std::sync::mpsc::channel();
    let config = demo::config(&publisher.base(), "127.0.0.1:0".parse().unwrap(), &data).unwrap();
    let daemon = runtime.spawn({
        let data = data.clone();
        async move {
            let listener = daemon::listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
            let folder = DataFolder::hold(&data).unwrap();
            daemon::run(config, folder, listener, clock, true, move |ready| told.send(ready.address).unwrap(), stop).await
        }
    });
    let address = ready.recv().unwrap();
    let mut rows = Vec::new();
    control::ask(&data, &Ask::Pull { ids: Vec::new() }, |row| rows.push(row)).unwrap().unwrap();
    assert_eq!(rows.len(), world::publishers().len());
    assert!(rows.iter().all(|row| row["trouble"].is_null()), "{rows:?}");

    let all = subscribe(address, "/feed.atom?limit=200");
    let mut ids: Vec<String> = all.items.iter().filter_map(|item| item.id.clone()).collect();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), all.items.len(), "an entry is there twice");
    let mut announcements: Vec<u8> = world::expected().iter().map(|expected| expected.n).collect();
    announcements.dedup();
    announcements.sort_unstable();
    announcements.dedup();
    assert_eq!(announcements, [1, 2, 3, 4, 5, 6, 7, 8]);
    for expected in world::expected() {
        let topics = expected.topics.iter().map(|topic| format!("/feed/topic/{topic}.atom"));
        let countries = expected.countries.iter().map(|code| format!("/feed/country/{}.atom", code.to_lowercase()));
        for path in topics.chain(countries) {
            let feed = subscribe(address, &format!("{path}?lang={}&limit=200", expected.lang));
            let found: Vec<&RawItem> = feed.items.iter().filter(|item| title(item) == expected.title).collect();
            let titles: Vec<String> = feed.items.iter().map(title).collect();
            assert_eq!(found.len(), 1, "{} in {path} among {titles:#?}", expected.title);
        }
    }
    // A copy is named, and its own telling is not an entry of its own.
    let several = world::expected().iter().find(|expected| expected.told_by.len() > 1).unwrap();
    let text = get(address, &format!("/feed.atom?lang={}&limit=200", several.lang)).text();
    assert!(text.contains("rel=\"related\""));

    say.send(true).unwrap();
    runtime.block_on(daemon).unwrap().unwrap();
    drop(publisher);
}
