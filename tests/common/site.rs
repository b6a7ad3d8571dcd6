//! A server over three made-up stories.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, LazyLock},
    time::Duration,
};

use tributary::{
    apply::Clock,
    classify::{self, Classifier},
    config::{self, Config},
    meters::Meters,
    model::{ContentPolicy, Genesis, Lang, Names, Pull, Record, Site, Story},
    publish::SourceCard,
    serve::{self, App, Art, Limits, Publishing},
    store::Store,
};
use uuid::Uuid;

use crate::{
    common::{at, story},
    http::Reply,
};

pub fn card(title: &str) -> SourceCard {
    let home = Some(format!("https://{title}.example/"));
    SourceCard {
        title: title.to_uppercase(),
        home,
        url: format!("https://{title}.example/feed"),
        lang: None,
        content: ContentPolicy::Summary,
        rights: None,
    }
}

/// Reading the topics takes longer than any test; they are read once.
static CONFIG: LazyLock<(Config, Arc<Classifier>)> = LazyLock::new(|| {
    let config = config::load(None, std::iter::empty(), &[]).unwrap();
    let classifier = Arc::new(Classifier::new(&config.topics).unwrap());
    (config, classifier)
});

pub fn publishing(base: &str) -> Publishing {
    publishing_of(base, &CONFIG.0)
}

/// What is published of another configuration with the same topics.
pub fn publishing_of(base: &str, config: &Config) -> Publishing {
    let classifier = &CONFIG.1;
    let (topics, topic_aliases) = config.topic_names();
    let (countries, regions) = classify::names(&[]);
    Publishing {
        site: Site {
            base: base.parse().unwrap(),
            title: "News".into(),
            icon: format!("{base}icon.png"),
            logo: format!("{base}logo.png"),
            lang: Lang::EN,
            hub: None,
            instance: Uuid::from_u128(2),
        },
        art: Art::default(),
        names: Names { topics, countries, regions, topic_aliases, retired_topics: ["quarantine".parse().unwrap()].into() },
        classifier: classifier.clone(),
        sources: BTreeMap::from([("wire".parse().unwrap(), card("wire"))]),
        feeds: config.feeds.iter().map(|feed| (feed.slug.clone(), feed.clone())).collect(),
        feedback: None,
        limit: 50,
        max_limit: 200,
        genesis: at(-1_000),
    }
}

pub fn told(n: i64, topic: &str, country: &str) -> Story {
    let mut story = story("wire", &format!("n{n}"), &format!("Story {n}"), at(n));
    story.topics = vec![topic.parse().unwrap()];
    story.countries = vec![country.parse().unwrap()];
    story.copies[0].item.summary = format!("What is told of {n} & more.");
    story
}

pub fn record(seq: u64, stories: Vec<Story>) -> Record {
    let stories = stories.into_iter().map(Into::into).collect();
    let body = tributary::model::Body::Pull(Pull { source: "wire".parse().unwrap(), stories, state: None });
    Record { seq, at: at(seq as i64), prev: String::new(), key: String::new(), body }
}

/// A server over three stories.
pub struct Site3 {
    pub runtime: tokio::runtime::Runtime,
    pub app: Arc<App>,
    pub store: Arc<Store>,
    pub meters: Meters,
    pub address: SocketAddr,
    pub stop: tokio::sync::watch::Sender<bool>,
    pub ended: tokio::task::JoinHandle<()>,
    _dir: tempfile::TempDir,
}

pub fn serve_at(base: &str, header: Duration) -> Site3 {
    serve_with(publishing(base), header, Arc::new(|| at(86_400)))
}

pub fn serve_with(publishing: Publishing, header: Duration, clock: Clock) -> Site3 {
    serve_within(Limits { header, ..LIMITS }, publishing, clock)
}

pub const LIMITS: Limits =
    Limits { connections: 64, cache: 1 << 20, made_at_once: 4, header: Duration::from_secs(10), drain: Duration::from_secs(2) };

pub fn serve_within(limits: Limits, publishing: Publishing, clock: Clock) -> Site3 {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let genesis = Genesis { id: Uuid::from_u128(1), instance: Uuid::from_u128(2), created: at(-1_000) };
    let store = Arc::new(Store::open(&dir.path().join("store"), &genesis).unwrap());
    store.apply(&record(1, vec![told(1, "youth", "GT"), told(2, "youth", "HN"), told(3, "diaspora", "GT")])).unwrap();
    let meters = Meters::default();
    let app = App::counting(store.clone(), publishing, &limits, clock, meters.clone());
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    let ended = runtime.spawn({
        let app = app.clone();
        async move { serve::listen(listener, app, &limits, stopped).await }
    });
    Site3 { runtime, app, store, meters, address, stop, ended, _dir: dir }
}

pub fn site() -> Site3 {
    serve_at("https://news.example.org/", Duration::from_secs(10))
}

pub fn titles(reply: &Reply) -> Vec<String> {
    assert_eq!(reply.status, 200, "{}", reply.text());
    let text = reply.text();
    text.split("<entry>")
        .skip(1)
        .map(|entry| entry.split_once("<title xml:lang=\"").unwrap().1.split(['<', '>']).nth(1).unwrap().to_owned())
        .collect()
}

pub fn canonical(reply: &Reply) -> String {
    let text = reply.text();
    let links = text.split("<link ").find(|link| link.contains("rel=\"self\"")).unwrap();
    links.split("href=\"").nth(1).unwrap().split('"').next().unwrap().replace("&amp;", "&")
}
