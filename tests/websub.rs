//! Readers that subscribed are told at once when a feed changes, and nobody else is told anything.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;
#[path = "common/http.rs"]
mod http;
#[path = "common/daemon.rs"]
mod place;
#[path = "common/reader.rs"]
mod reader;

use std::{
    fs,
    net::SocketAddr,
    os::unix::fs::PermissionsExt,
    path::Path,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicI64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use http::{Reply, ask, get, post, push};
use place::Place;
use reader::{Called, Reader};
use tributary::{
    apply::{Clock, Desk, Writer},
    config::{self, Config},
    daemon::{self, data::DataFolder},
    model::{Follower, Lease, NamedHub, Second, Source, SourceState},
    pull::Kit,
    schedule::{Order, Register, pull},
    serve::{self, App, sample::Publisher},
    store::Store,
    websub::{self, Ear, Means, Pace},
};

const BEGIN: i64 = 1_600_000_000;
const DAY: i64 = 86_400;

/// Sources, feeds that are served, and whoever tells of their changes.
struct Site {
    dir: tempfile::TempDir,
    runtime: tokio::runtime::Runtime,
    publisher: Publisher,
    now: Arc<AtomicI64>,
    config: Config,
    kit: Kit,
    address: SocketAddr,
    open: Option<Open>,
}

struct Open {
    app: Arc<App>,
    store: Arc<Store>,
    desk: Desk,
    writer: Writer,
    register: Register,
    ear: Ear,
    stop: tokio::sync::watch::Sender<bool>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
    _folder: DataFolder,
}

impl Site {
    fn new(websub: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let publisher = runtime.block_on(Publisher::start()).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let source = |id: &str, rest: &str| {
            let url = format!("{}/{id}", publisher.base());
            format!("[[source]]\nid = \"{id}\"\ntitle = \"{id}\"\nurl = \"{url}\"\nallow_private = true\n{rest}\n")
        };
        let sources = [source("wire", ""), source("paper", "")].concat();
        fs::write(dir.path().join("sources.toml"), format!("builtin = false\n{sources}")).unwrap();
        // The port that is given back is taken again at once.
        let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        fs::write(dir.path().join("tributary.toml"), format!("[serve]\npublic = \"http://{address}/news/\"\n[websub]\n{websub}\n"))
            .unwrap();
        let config = config::load(Some(dir.path()), std::iter::empty(), &[]).unwrap();
        // Compiling the topics takes longer than all else.
        static KIT: OnceLock<Kit> = OnceLock::new();
        let kit = KIT.get_or_init(|| daemon::kit(&config).unwrap()).clone();
        let mut site = Self { dir, runtime, publisher, now: Arc::new(AtomicI64::new(BEGIN)), config, kit, address, open: None };
        site.start();
        site
    }

    fn willing() -> Self {
        Self::new("allow_private = true")
    }

    fn clock(&self) -> Clock {
        let now = self.now.clone();
        Arc::new(move || Second::from_unix(now.load(Ordering::SeqCst)))
    }

    fn data(&self) -> std::path::PathBuf {
        self.dir.path().join("data")
    }

    fn start(&mut self) {
        let folder = DataFolder::hold(&self.data()).unwrap();
        let opened = folder.open("https://reader.example/", self.clock()(), |_, _| {}).unwrap();
        let store = opened.store;
        let publishing = daemon::publishing(&self.config, self.kit.classifier.clone(), opened.journal.genesis(), &[]);
        let app = App::counting(store.clone(), publishing, &daemon::limits(&self.config), self.clock(), self.kit.meters.clone());
        let ear: Arc<OnceLock<Ear>> = Arc::default();
        let changed = {
            let (app, ear) = (app.clone(), ear.clone());
            move |touched: &[_]| {
                ear.get().unwrap().changed(touched);
                app.changed(touched);
            }
        };
        let (desk, writer) = Writer::start(opened.journal, store.clone(), self.clock(), changed).unwrap();
        let kit = self.kit.clone();
        let means = Means {
            app: app.clone(),
            desk: desk.clone(),
            client: Box::new(move || kit.client.clone()),
            clock: self.clock(),
            meters: self.kit.meters.clone(),
            data: self.data(),
            most: self.config.settings.websub.most,
            allow_private: self.config.settings.websub.allow_private.clone(),
        };
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let moment = Duration::from_millis(50);
        let pace = Pace { quiet: moment, retries: vec![moment; 2] };
        let _runtime = self.runtime.enter();
        let (heard, telling) = websub::start(&self.config.settings.websub.hub, means, &store, pace, stopped.clone()).unwrap();
        let _ = ear.set(heard.clone());
        let listener = self.runtime.block_on(tokio::net::TcpListener::bind(self.address)).unwrap();
        let serving = {
            let (app, limits) = (app.clone(), daemon::limits(&self.config));
            tokio::spawn(async move { serve::listen(listener, app, &limits, stopped).await })
        };
        app.set_ready(None);
        let register = Register::new(store.states().unwrap());
        self.open = Some(Open { app, store, desk, writer, register, ear: heard, stop, tasks: vec![telling, serving], _folder: folder });
    }

    fn open(&self) -> &Open {
        self.open.as_ref().unwrap()
    }

    fn restart(&mut self) {
        self.close();
        self.start();
    }

    fn close(&mut self) {
        let Open { stop, tasks, writer, app, desk, .. } = self.open.take().unwrap();
        stop.send(true).unwrap();
        tasks.into_iter().for_each(|task| self.runtime.block_on(task).unwrap());
        drop((app, desk));
        writer.finish().unwrap();
    }

    /// Hears a hub that the feeds of both sources name. Gives what is pulled because it says so.
    fn hear(&mut self, hub: &Reader) -> tokio::sync::mpsc::Receiver<Order> {
        let states = ["wire", "paper"].map(|id| SourceState {
            hub: Some(NamedHub { hub: hub.url("/hub"), topic: format!("https://{id}.example/feed") }),
            ..common::state(id, self.at(0))
        });
        let (order, orders) = tokio::sync::mpsc::channel(16);
        let (kit, configured, open) = (self.kit.clone(), daemon::sources(&self.config), self.open());
        let sources = websub::Sources {
            app: open.app.clone(),
            client: Box::new(move || kit.client.clone()),
            configured: Box::new(move || configured.clone()),
            register: Register::new(states),
            desk: open.desk.clone(),
            order,
            clock: self.clock(),
            round: Duration::from_millis(20),
        };
        let _runtime = self.runtime.enter();
        let task = websub::hear(sources, &open.store, &self.data(), open.stop.subscribe()).unwrap();
        self.open.as_mut().unwrap().tasks.push(task);
        orders
    }

    fn leases(&self) -> Vec<Lease> {
        self.open().store.leases().unwrap()
    }

    /// A publisher tells these, and is asked an hour later.
    fn pull(&self, source: &str, titles: &[&str]) {
        self.now.fetch_add(3_600, Ordering::SeqCst);
        let items: String = titles
            .iter()
            .map(|title| {
                format!("<item><title>{title}</title><guid>{title}</guid><link>https://{source}.example/{}</link></item>", title.len())
            })
            .collect();
        let body = format!("<rss version=\"2.0\"><channel><title>{source}</title>{items}</channel></rss>");
        self.publisher.put(&format!("/{source}"), "application/rss+xml", &body);
        let source: Arc<Source> = daemon::sources(&self.config)[&source.parse().unwrap()].clone();
        let open = self.open();
        let outcome = self.runtime.block_on(pull(&self.kit, &source, &open.register, &open.desk, &self.clock())).unwrap();
        assert_eq!(outcome.trouble, None);
    }

    fn feed(&self, path: &str) -> String {
        format!("http://{}/news/{path}", self.address)
    }

    fn ask(&self, mode: &str, topic: &str, callback: &str, more: &[(&str, &str)]) -> Reply {
        let fields = [("hub.mode", mode), ("hub.topic", topic), ("hub.callback", callback)];
        post(self.address, "/news/hub", &[&fields[..], more].concat())
    }

    /// Subscribes, and waits until that holds.
    fn subscribe(&self, reader: &Reader, path: &str, callback: &str, more: &[(&str, &str)]) -> Called {
        let (before, topic) = (self.open().store.applied(), self.feed(path));
        let reply = self.ask("subscribe", &topic, &reader.url(callback), more);
        assert_eq!(reply.status, 202, "{}", reply.text());
        let called = reader.next();
        // It is written first, and counted then.
        self.until(|open| open.store.applied() > before && open.ear.count() == open.store.followers().unwrap().len());
        called
    }

    /// Waits until something is so.
    fn until(&self, is_so: impl Fn(&Open) -> bool) {
        let begin = std::time::Instant::now();
        while !is_so(self.open()) {
            assert!(begin.elapsed() < Duration::from_secs(60), "it is never so");
            std::thread::yield_now();
        }
    }

    fn followers(&self) -> Vec<Follower> {
        let mut followers = self.open().store.followers().unwrap();
        followers.sort_by(|one, other| (&one.topic, &one.callback).cmp(&(&other.topic, &other.callback)));
        followers
    }

    fn at(&self, seconds: i64) -> Second {
        Second::from_unix(self.now.load(Ordering::SeqCst) + seconds)
    }
}

fn wrong(reply: &Reply) -> (u16, String) {
    (reply.status, reply.json()["detail"].as_str().unwrap().to_owned())
}

#[test]
fn every_feed_names_the_hub_in_its_head_and_in_its_body() {
    let site = Site::willing();
    let (hub, atom) = (site.feed("hub"), get(site.address, "/news/feed/source/wire.atom?limit=50"));
    let links = format!("<{hub}>; rel=\"hub\", <{}>; rel=\"self\"", site.feed("feed/source/wire.atom"));
    assert_eq!(atom.header("link"), Some(links.as_str()));
    assert!(atom.text().contains(&format!("<link href=\"{hub}\" rel=\"hub\"/>")), "{}", atom.text());
    let rss = get(site.address, "/news/feed.rss").text();
    assert!(rss.contains(&format!("<atom:link href=\"{hub}\" rel=\"hub\"></atom:link>")), "{rss}");
    let json = get(site.address, "/news/feed.json").json();
    assert_eq!(json["hubs"], serde_json::json!([{ "type": "WebSub", "url": hub }]));
    let archived = get(site.address, "/news/feed/archive/2020-09.atom");
    assert_eq!((archived.status, archived.header("link"), archived.text().contains("\"hub\"")), (200, None, false));
    let daily = get(site.address, "/news/feed.atom?view=daily");
    assert_eq!((daily.status, daily.header("link"), daily.text().contains("\"hub\"")), (200, None, false));
    let tag = atom.header("etag").unwrap();
    let known = ask(site.address, "GET", "/news/feed/source/wire.atom", &[("If-None-Match", tag)]);
    assert_eq!((known.status, known.header("link")), (304, None));
}

#[test]
fn a_subscriber_is_asked_whether_it_meant_it_and_told_what_changed() {
    let site = Site::willing();
    let reader = Reader::willing();
    site.pull("wire", &["Bees"]);
    let more = [("hub.secret", "s3cret & more"), ("hub.lease_seconds", "86400")];
    let asked = site.subscribe(&reader, "feed.atom?source=wire&utm_source=x", "/told?id=7", &more);
    let challenge = asked.value("hub.challenge").unwrap();
    assert_eq!(challenge.len(), 32);
    let expected = [
        ("id", "7"),
        ("hub.mode", "subscribe"),
        ("hub.topic", &site.feed("feed.atom?source=wire&utm_source=x")),
        ("hub.challenge", &challenge),
        ("hub.lease_seconds", "86400"),
    ];
    assert_eq!((asked.method.as_str(), asked.asked()), ("GET", expected.map(|(key, value)| (key.to_owned(), value.to_owned())).to_vec()));
    let callback = reader.url("/told?id=7");
    let held = Follower { topic: "feed/source/wire.atom".into(), callback, until: site.at(DAY), signed: true };
    assert_eq!(site.followers(), [held]);

    site.pull("wire", &["Wasps", "Bees"]);
    let told = reader.next();
    let feed = get(site.address, "/news/feed/source/wire.atom");
    assert!(feed.text().contains("Wasps"));
    assert_eq!((told.method.as_str(), told.path.as_str(), &told.body), ("POST", "/told?id=7", &feed.body));
    assert_eq!((told.header("content-type"), told.header("link")), (feed.header("content-type"), feed.header("link")));
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b"s3cret & more");
    let tag: String = ring::hmac::sign(&key, &feed.body).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(told.header("x-hub-signature"), Some(format!("sha256={tag}").as_str()));
}

#[test]
fn only_feeds_that_a_story_touches_are_told_and_the_changes_of_a_moment_are_told_once() {
    let site = Site::willing();
    let reader = Reader::willing();
    for path in ["feed/source/wire.atom", "feed/source/paper.rss", "feed.json"] {
        site.subscribe(&reader, path, &format!("/{path}"), &[]);
    }
    let next = |count: usize| {
        let mut paths: Vec<String> = (0..count).map(|_| reader.next().path).collect();
        paths.sort();
        paths
    };
    site.pull("wire", &["Bees"]);
    assert_eq!(next(2), ["/feed.json", "/feed/source/wire.atom"]);
    site.pull("paper", &["A quite different matter"]);
    assert_eq!(next(2), ["/feed.json", "/feed/source/paper.rss"]);
    // Nothing is new, so that nobody is told.
    site.pull("wire", &["Bees"]);
    site.pull("wire", &["Wasps", "Bees"]);
    assert_eq!(next(2), ["/feed.json", "/feed/source/wire.atom"]);
    assert_eq!(reader.so_far(), []);
}

#[test]
fn whoever_did_not_mean_it_is_never_told() {
    let site = Site::willing();
    type Answer = fn(&Called) -> (u16, String);
    let answers: [Answer; 4] = [
        |called| (404, called.yes().1),
        |_| (200, "yes".into()),
        |called| (200, format!("{}x", called.yes().1)),
        |called| (302, called.yes().1),
    ];
    let unwilling: Vec<Reader> = answers.into_iter().map(|answer| Reader::start(answer)).collect();
    for reader in &unwilling {
        assert_eq!(site.ask("subscribe", &site.feed("feed.atom"), &reader.url("/"), &[]).status, 202);
        assert_eq!(reader.next().method, "GET");
    }
    let willing = Reader::willing();
    site.subscribe(&willing, "feed.atom", "/", &[]);
    site.pull("wire", &["Bees"]);
    assert_eq!(willing.next().method, "POST");
    assert_eq!(site.followers().into_iter().map(|follower| follower.callback).collect::<Vec<_>>(), [willing.url("/")]);
    assert!(unwilling.iter().all(|reader| reader.so_far().is_empty()), "a redirect is not followed, and nothing is sent");
}

#[test]
fn mistakes_are_told_in_words_and_nobody_is_called() {
    let site = Site::new("max_subscriptions = 4");
    let reader = Reader::willing();
    let feed = site.feed("feed.atom");
    let refused = |topic: &str, callback: &str| wrong(&site.ask("subscribe", topic, callback, &[]));
    let told = [
        wrong(&post(site.address, "/news/hub", &[])),
        refused("https://elsewhere.example/feed.atom", "https://reader.example/"),
        refused(&site.feed("feed"), "https://reader.example/"),
        refused(&site.feed("editor.atom"), "https://reader.example/"),
        refused(&site.feed("feed/archive/2020-09.atom"), "https://reader.example/"),
        refused(&site.feed("feed.atom?view=daily"), "https://reader.example/"),
        refused(&site.feed("feed/topic/yuoth.atom"), "https://reader.example/"),
        refused(&feed, "ftp://reader.example/"),
        refused(&feed, "https://reader.example:25/"),
        refused(&feed, &reader.url("/")),
        wrong(&site.ask("unsubscribe", &feed, "https://reader.example/", &[])),
    ];
    let callable = "`hub.callback` has to be a public address, http or https, at one of the usual ports";
    let expected = [
        (400, "`hub.mode` is neither subscribe nor unsubscribe".to_owned()),
        (404, format!("`hub.topic` is no feed of ours: it is not ours; our feeds begin with {}", site.feed(""))),
        (404, "`hub.topic` is no feed of ours: there is nothing at this address; feeds are at feed.atom and feed/topic/….atom, or .rss or .json".to_owned()),
        (404, "`hub.topic` is no feed of ours: it is work for editors, and nobody is told of it".to_owned()),
        (404, "`hub.topic` is no feed of ours: it is a page of an archive, which stays as it is".to_owned()),
        (404, "`hub.topic` is no feed of ours: it has something new once a day, and is best asked then".to_owned()),
        (404, "`hub.topic` is no feed of ours: there is no topic `yuoth`; did you mean youth?".to_owned()),
        (400, callable.to_owned()),
        (400, callable.to_owned()),
        (400, callable.to_owned()),
        (404, "there is no such subscription".to_owned()),
    ];
    assert_eq!(told, expected);
    let got = get(site.address, "/news/hub");
    assert_eq!((got.status, got.header("allow")), (405, Some("POST")));
    assert_eq!(ask(site.address, "POST", "/news/hub", &[("Content-Type", "application/json")]).status, 415);
    assert_eq!(post(site.address, "/news/hub", &[("x", &"x".repeat(17_000))]).status, 413);
    assert_eq!(ask(site.address, "POST", "/news/feed.atom", &[]).status, 405);
    assert_eq!(reader.so_far(), []);
}

#[test]
fn there_is_an_end_to_how_many_are_told() {
    let site = Site::new("max_subscriptions = 4\nallow_private = [\"127.0.0.0/8\"]");
    let reader = Reader::willing();
    site.subscribe(&reader, "feed.atom", "/", &[]);
    let other = Reader::willing();
    let refused = |path: &str, callback: &str| wrong(&site.ask("subscribe", &site.feed(path), callback, &[]));
    assert_eq!(refused("feed.rss", &reader.url("/")), (503, "127.0.0.1 has 1 subscriptions here, and can have no more".into()));
    let elsewhere = other.url("/").replace("127.0.0.1", "127.0.0.2");
    assert_eq!(refused("feed.atom", &elsewhere), (503, "this feed has 1 subscriptions, and takes no more".into()));
    // Whoever is told already may ask again.
    site.subscribe(&reader, "feed.atom", "/", &[]);
    assert_eq!(site.followers().len(), 1);
}

#[test]
fn whoever_fails_is_told_again_and_whoever_is_gone_no_more() {
    let site = Site::willing();
    let failing = Arc::new(AtomicUsize::new(2));
    let reader = Reader::start({
        let failing = failing.clone();
        move |called| match called.method.as_str() {
            "POST" if failing.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() => (500, String::new()),
            _ => called.yes(),
        }
    });
    let gone = Reader::start(|called| if called.method == "POST" { (410, String::new()) } else { called.yes() });
    site.subscribe(&reader, "feed.atom", "/", &[]);
    site.subscribe(&gone, "feed.atom", "/", &[]);
    site.pull("wire", &["Bees"]);
    let told = [reader.next(), reader.next(), reader.next()].map(|called| (called.method, called.body));
    assert!(told.iter().all(|called| *called == told[0] && called.0 == "POST"));
    assert_eq!(gone.next().method, "POST");
    site.until(|open| open.store.followers().unwrap().len() == 1 && open.ear.count() == 1);
    // All attempts fail: it is given up, and told of the next change.
    failing.store(3, Ordering::SeqCst);
    site.pull("wire", &["Wasps", "Bees"]);
    let given_up = [reader.next(), reader.next(), reader.next()].map(|called| called.body);
    assert!(given_up.iter().all(|body| *body == given_up[0]));
    site.pull("wire", &["Hornets, which are large", "Wasps", "Bees"]);
    assert!(String::from_utf8(reader.next().body).unwrap().contains("Hornets"));
    assert_eq!((reader.so_far(), gone.so_far()), (vec![], vec![]));
}

#[test]
fn subscriptions_are_there_again_after_a_start_and_end_when_they_should() {
    let mut site = Site::willing();
    let [signed, plain, leaving] = [Reader::willing(), Reader::willing(), Reader::willing()];
    site.subscribe(&signed, "feed.atom", "/", &[("hub.secret", "one")]);
    site.subscribe(&plain, "feed.atom", "/", &[("hub.lease_seconds", "7200"), ("hub.secret", "three")]);
    site.subscribe(&leaving, "feed.rss", "/", &[("hub.secret", "two")]);
    // Who asks again without a secret has none.
    site.subscribe(&plain, "feed.atom", "/", &[("hub.lease_seconds", "7200")]);
    assert_eq!(site.ask("unsubscribe", &site.feed("feed.rss"), &leaving.url("/"), &[]).status, 202);
    let asked = leaving.next();
    assert_eq!((asked.value("hub.mode").as_deref(), asked.value("hub.lease_seconds")), (Some("unsubscribe"), None));
    site.until(|open| open.store.followers().unwrap().len() == 2);
    site.until(|_| !fs::read_to_string(site.data().join("websub.secrets")).unwrap().contains("two"));
    let before = site.followers();
    site.restart();
    assert_eq!((site.followers(), site.open().ear.count()), (before, 2));
    let secrets = site.data().join("websub.secrets");
    assert_eq!(fs::metadata(&secrets).unwrap().permissions().mode() & 0o777, 0o600);
    site.pull("wire", &["Bees"]);
    assert!(signed.next().header("x-hub-signature").is_some_and(|signature| signature.starts_with("sha256=")));
    assert_eq!(plain.next().header("x-hub-signature"), None);
    // One hour later the shorter lease is over.
    site.pull("wire", &["Wasps", "Bees"]);
    signed.next();
    site.until(|open| open.store.followers().unwrap().len() == 1);
    assert_eq!((plain.so_far(), leaving.so_far()), (vec![], vec![]));
    assert_eq!(fs::read_to_string(&secrets).unwrap().matches("one").count(), 1);
    journal_says_nothing_of(&site.data(), &["one", "two", "three"]);
}

/// No secret stands in the journal.
fn journal_says_nothing_of(data: &Path, secrets: &[&str]) {
    let mut text = String::new();
    for file in fs::read_dir(data.join("journal")).unwrap().map(|file| file.unwrap().path()) {
        if file.extension().is_some_and(|extension| extension == "zst") {
            text.push_str(&String::from_utf8(zstd::decode_all(fs::File::open(file).unwrap()).unwrap()).unwrap());
        }
    }
    assert!(text.contains("\"kind\":\"followed\""));
    assert!(secrets.iter().all(|secret| !text.contains(&format!("\"{secret}\""))), "{text}");
}

#[test]
fn who_is_told_of_a_feed_that_is_no_more_is_told_so() {
    let mut site = Site::willing();
    let reader = Reader::willing();
    let saved = "[[feed]]\nslug = \"wires\"\ntitle = { en = \"W\", es = \"W\", fr = \"W\", pt = \"W\" }\nsources = [\"wire\"]\n";
    let with_feeds = |site: &mut Site, feeds: &str| {
        fs::write(site.dir.path().join("feeds.toml"), feeds).unwrap();
        site.config = config::load(Some(site.dir.path()), std::iter::empty(), &[]).unwrap();
        let genesis = tributary::model::Genesis { id: uuid::Uuid::nil(), instance: uuid::Uuid::nil(), created: Second::EPOCH };
        let publishing = daemon::publishing(&site.config, site.kit.classifier.clone(), &genesis, &[]);
        site.open().app.republish(publishing, 1 << 20);
        site.runtime.block_on(site.open().ear.configured());
    };
    with_feeds(&mut site, saved);
    site.subscribe(&reader, "feed/saved/wires.atom", "/saved", &[]);
    site.subscribe(&reader, "feed.atom", "/all", &[]);
    with_feeds(&mut site, "");
    let denied = reader.next();
    let expected =
        [("hub.mode", "denied"), ("hub.topic", &site.feed("feed/saved/wires.atom")), ("hub.reason", "there is no saved `wires`")];
    assert_eq!((denied.method.as_str(), denied.path.split('?').next()), ("GET", Some("/saved")));
    assert_eq!(denied.asked(), expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
    assert_eq!(site.followers().into_iter().map(|follower| follower.topic).collect::<Vec<_>>(), ["feed.atom"]);
}

#[test]
fn another_hub_is_named_and_told() {
    let failing = Arc::new(AtomicUsize::new(1));
    let hub = Reader::start(move |_| {
        let fails = failing.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        (if fails { 503 } else { 204 }, String::new())
    });
    let site = Site::new(&format!("hub = \"{}\"\nallow_private = true", hub.url("/")));
    let asked = get(site.address, "/news/feed/source/wire.atom");
    assert!(asked.header("link").unwrap().starts_with(&format!("<{}>; rel=\"hub\", ", hub.url("/"))));
    get(site.address, "/news/feed/source/paper.atom");
    assert_eq!(get(site.address, "/news/feed/source/wire").status, 200, "a page for people is no feed");
    assert_eq!(get(site.address, "/news/hub").status, 404);
    site.pull("wire", &["Bees"]);
    let (first, again) = (hub.next(), hub.next());
    assert_eq!((&first.method, &first.body), (&again.method, &again.body));
    assert_eq!(first.header("content-type"), Some("application/x-www-form-urlencoded"));
    let mut named: Vec<(String, String)> = url::form_urlencoded::parse(&first.body).into_owned().collect();
    named.sort();
    let mut expected = vec![("hub.mode".to_owned(), "publish".to_owned())];
    expected.extend(["feed.atom", "feed.json", "feed.rss", "feed/source/wire.atom"].map(|path| ("hub.url".to_owned(), site.feed(path))));
    assert_eq!(named, expected);
}

#[test]
fn the_daemon_tells_its_readers_also_after_it_was_killed() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let publisher = runtime.block_on(Publisher::start()).unwrap();
    let feed = |titles: &[&str]| {
        let items: String = titles.iter().map(|title| format!("<item><title>{title}</title><guid>{title}</guid></item>")).collect();
        publisher.put("/wire", "application/rss+xml", &format!("<rss version=\"2.0\"><channel><title>W</title>{items}</channel></rss>"));
    };
    feed(&["Bees"]);
    let url = format!("{}/wire", publisher.base());
    let place = Place::new(&format!("[[source]]\nid = \"wire\"\ntitle = \"W\"\nurl = \"{url}\"\nevery = \"1h\"\nallow_private = true\n"));
    let settings = "[serve]\npublic = \"https://news.example.org/\"\n[websub]\nallow_private = true\n";
    fs::write(place.path("config/tributary.toml"), settings).unwrap();
    let mut daemon = place.start(&[]);
    let reader = Reader::willing();
    let topic = "https://news.example.org/feed.atom";
    let fields = [("hub.mode", "subscribe"), ("hub.topic", topic), ("hub.callback", &reader.url("/")), ("hub.secret", "mine")];
    assert_eq!(post(daemon.address, "/hub", &fields).status, 202);
    assert_eq!(reader.next().method, "GET");
    daemon.wait_for("asked to subscribe to feed.atom");
    daemon.kill();
    let daemon = place.start(&[]);
    feed(&["Wasps", "Bees"]);
    place.succeed(&["pull", "wire"]);
    // What was known before the kill may be told once more.
    let told = std::iter::repeat_with(|| reader.next()).find(|told| String::from_utf8_lossy(&told.body).contains("Wasps")).unwrap();
    assert_eq!((told.method.as_str(), told.header("x-hub-signature").is_some()), ("POST", true));
    journal_says_nothing_of(&place.path("data"), &["mine"]);
    daemon.stop();
}

/// What a program handed in, as a form says it.
fn form(called: &Called, key: &str) -> String {
    let mut form = url::form_urlencoded::parse(&called.body);
    form.find(|(known, _)| known == key).map(|(_, value)| value.into_owned()).unwrap()
}

/// How a hub signs what it pushes.
fn signed(secret: &str, body: &[u8]) -> String {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret.as_bytes());
    let tag: String = ring::hmac::sign(&key, body).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={tag}")
}

#[test]
fn what_a_hub_promised_outlasts_a_start_and_is_asked_for_again_before_its_end() {
    let mut site = Site::willing();
    let hub = Reader::start(|_| (202, String::new()));
    drop(site.hear(&hub));
    let asked = [hub.next(), hub.next()];
    let wire = asked.iter().find(|asked| form(asked, "hub.topic") == "https://wire.example/feed").unwrap();
    let (callback, secret) = (form(wire, "hub.callback"), form(wire, "hub.secret"));
    let path = callback.strip_prefix(&format!("http://{}", site.address)).unwrap().to_owned();
    let say = |site: &Site, mode: &str| {
        let question = format!("{path}?hub.mode={mode}&hub.topic=https://wire.example/feed&hub.challenge=abc&hub.lease_seconds=86400");
        get(site.address, &question).status
    };
    assert_eq!(say(&site, "subscribe"), 200);
    site.until(|open| !open.store.leases().unwrap().is_empty());
    let told = site.leases();
    assert_eq!((told.len(), told[0].from, told[0].until), (1, site.at(0), site.at(DAY)));
    // Whoever says so again without being asked is believed, and not written down each time.
    let last = site.open().store.applied();
    assert_eq!([0; 3].map(|_| say(&site, "subscribe")), [200; 3]);
    site.runtime.block_on(site.open().desk.compact()).unwrap();
    assert_eq!(site.open().store.applied(), last + 2, "a snapshot and its end were written, and nothing else");

    // The journal alone knows it.
    site.close();
    fs::remove_dir_all(site.data().join("store")).unwrap();
    site.start();
    let mut orders = site.hear(&hub);
    assert_eq!(site.leases(), told);
    // It is heard at once, and asked only when a quarter of the time is left; the other, which never promised, is asked as ever.
    assert_eq!(push(site.address, &path, "<rss/>", &signed(&secret, b"<rss/>")).status, 202);
    let Some(Order::Look(wish)) = site.runtime.block_on(orders.recv()) else { panic!("nothing is pulled") };
    assert_eq!(wish.ids.iter().map(ToString::to_string).collect::<Vec<_>>(), ["wire"]);
    let next = || form(&hub.next(), "hub.topic");
    assert_eq!(next(), "https://paper.example/feed");
    site.now.fetch_add(DAY * 3 / 4 - 1, Ordering::SeqCst);
    assert_eq!(next(), "https://paper.example/feed");
    site.now.fetch_add(1, Ordering::SeqCst);
    assert_eq!(next(), "https://wire.example/feed");
    assert_eq!(say(&site, "subscribe"), 200);
    site.until(|open| open.store.leases().unwrap()[0].until == site.at(DAY));

    assert_eq!(say(&site, "denied"), 200);
    site.until(|open| open.store.leases().unwrap().is_empty());
    journal_says_nothing_of(&site.data(), &[&secret, path.rsplit('/').next().unwrap()]);
}

#[test]
fn a_hub_that_is_told_at_another_address_is_asked_anew() {
    let mut site = Site::willing();
    let hub = Reader::start(|_| (202, String::new()));
    drop(site.hear(&hub));
    let asked = [hub.next(), hub.next()];
    for asked in &asked {
        let callback = form(asked, "hub.callback");
        let path = callback.strip_prefix(&format!("http://{}", site.address)).unwrap();
        let topic = form(asked, "hub.topic");
        assert_eq!(get(site.address, &format!("{path}?hub.mode=subscribe&hub.topic={topic}&hub.challenge=abc")).status, 200);
    }
    site.until(|open| open.store.leases().unwrap().len() == 2);
    // Without the key nobody knows the old callbacks.
    fs::remove_file(site.data().join("websub.key")).unwrap();
    site.restart();
    drop(site.hear(&hub));
    let callbacks =
        |asked: &[Called; 2]| -> std::collections::BTreeSet<String> { asked.iter().map(|asked| form(asked, "hub.callback")).collect() };
    assert!(callbacks(&[hub.next(), hub.next()]).is_disjoint(&callbacks(&asked)));
    site.until(|open| open.store.leases().unwrap().is_empty());
}

#[test]
fn a_publisher_that_has_a_hub_is_pulled_when_that_says_so() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let publisher = runtime.block_on(Publisher::start()).unwrap();
    let hub = Reader::start(|_| (202, String::new()));
    let feed = |titles: &[&str]| {
        let items: String = titles.iter().map(|title| format!("<item><title>{title}</title><guid>{title}</guid></item>")).collect();
        let links = format!(
            "<atom:link rel=\"self\" href=\"https://wire.example/feed\"/><atom:link rel=\"hub\" href=\"{}\"/>",
            hub.url("/hub?x=y")
        );
        let body = format!(
            "<rss version=\"2.0\" xmlns:atom=\"http://www.w3.org/2005/Atom\"><channel><title>W</title>{links}{items}</channel></rss>"
        );
        publisher.put("/wire", "application/rss+xml", &body);
    };
    feed(&["Bees"]);
    let url = format!("{}/wire", publisher.base());
    let place = Place::new(&format!("[[source]]\nid = \"wire\"\ntitle = \"W\"\nurl = \"{url}\"\nevery = \"1h\"\nallow_private = true\n"));
    let settings = "[serve]\npublic = \"https://news.example.org/\"\n[websub]\nsubscribe = true\n";
    fs::write(place.path("config/tributary.toml"), settings).unwrap();
    place.succeed(&["pull", "wire"]);
    let mut daemon = place.start(&[]);
    let asked = hub.next();
    let (callback, secret) = (form(&asked, "hub.callback"), form(&asked, "hub.secret"));
    assert_eq!((asked.method.as_str(), asked.path.as_str()), ("POST", "/hub?x=y"));
    assert_eq!((form(&asked, "hub.mode"), form(&asked, "hub.topic")), ("subscribe".to_owned(), "https://wire.example/feed".to_owned()));
    let path = callback.strip_prefix("https://news.example.org").unwrap();
    assert_eq!(path.strip_prefix("/websub/").map(str::len), Some(32));

    let question = |mode: &str, topic: &str| {
        get(daemon.address, &format!("{path}?hub.mode={mode}&hub.topic={topic}&hub.challenge=abc&hub.lease_seconds=600"))
    };
    let meant = question("subscribe", "https://wire.example/feed");
    assert_eq!((meant.status, meant.text()), (200, "abc".to_owned()));
    assert_eq!(question("subscribe", "https://other.example/feed").status, 404);
    assert_eq!(question("unsubscribe", "https://wire.example/feed").status, 404);
    assert_eq!(get(daemon.address, "/websub/0123?hub.mode=subscribe").status, 404);

    feed(&["Wasps", "Bees"]);
    let signed = |secret: &str| signed(secret, b"<rss/>");
    assert_eq!(push(daemon.address, "/websub/0123", "<rss/>", &signed(&secret)).status, 404);
    assert_eq!(push(daemon.address, path, "<rss/>", &signed("guessed")).status, 202);
    daemon.wait_for("what its hub did not sign");
    assert_eq!(publisher.seen().len(), 1, "it was not asked for that");
    assert_eq!(push(daemon.address, path, "<rss/>", &signed(&secret)).status, 202);
    let pulled = daemon.wait_for("pulled `wire`");
    assert_eq!((pulled["items"].as_u64(), pulled["new"].as_u64()), (Some(2), Some(1)));
    daemon.stop();

    let key = place.path("data/websub.key");
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    // What the hub promised holds: it is heard without being asked.
    let mut daemon = place.start(&[]);
    feed(&["Ants", "Wasps", "Bees"]);
    assert_eq!(push(daemon.address, path, "<rss/>", &signed(&secret)).status, 202);
    assert_eq!(daemon.wait_for("pulled `wire`")["new"].as_u64(), Some(1));
    daemon.stop();
}
