//! One publisher on loopback and a real data folder: documents are polled, and what is kept is looked at.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::{
    collections::BTreeMap,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use tributary::{
    apply::{Clock, Desk, Report, Writer},
    config::{self, Config},
    daemon::{self, data::DataFolder},
    model::{Filter, Genesis, Second, Source, SourceId, SourceState, Story, Window},
    pull::Kit,
    schedule::{Register, pull},
    serve::{App, Limits, sample::Publisher},
    store::Store,
    verify::verify,
};
use uuid::Uuid;

/// Where the clock of a world begins: a Saturday noon.
pub const BEGIN: i64 = 1_600_000_000 - 1_600_000_000 % 3600;
pub const HOUR: i64 = 3600;
pub const DAY: i64 = 24 * HOUR;

/// One item of a document, as a publisher writes it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Entry {
    pub guid: Option<String>,
    pub link: Option<String>,
    pub title: String,
    pub text: String,
    /// Unix seconds.
    pub date: Option<i64>,
}

/// An item with nothing but a title.
pub fn entry(title: &str) -> Entry {
    Entry { title: title.to_owned(), ..Entry::default() }
}

impl Entry {
    pub fn guid(self, guid: impl ToString) -> Self {
        Self { guid: Some(guid.to_string()), ..self }
    }

    pub fn link(self, link: impl ToString) -> Self {
        Self { link: Some(link.to_string()), ..self }
    }

    pub fn title(self, title: &str) -> Self {
        Self { title: title.to_owned(), ..self }
    }

    pub fn text(self, text: &str) -> Self {
        Self { text: text.to_owned(), ..self }
    }

    /// Dated so many hours after the beginning; 7 minutes past, so that it is no round hour.
    pub fn at(self, hours: i64) -> Self {
        Self { date: Some(BEGIN + hours * HOUR + 7 * 60), ..self }
    }

    /// Dated to a day: the midnight so many days after the beginning.
    pub fn on(self, days: i64) -> Self {
        Self { date: Some(BEGIN - BEGIN % DAY + days * DAY), ..self }
    }

    pub fn undated(self) -> Self {
        Self { date: None, ..self }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// The entries as RSS 2.0. A guid is no permalink unless the entry has no link and it looks like one.
pub fn rss(entries: &[Entry]) -> String {
    let element = |name: &str, text: &Option<String>| text.as_ref().map(|t| format!("<{name}>{}</{name}>", escaped(t))).unwrap_or_default();
    let items: String = entries
        .iter()
        .map(|entry| {
            let permalink = if entry.link.is_some() { " isPermaLink=\"false\"" } else { "" };
            let guid = entry.guid.as_ref().map(|guid| format!("<guid{permalink}>{}</guid>", escaped(guid))).unwrap_or_default();
            let date = entry.date.map(|at| Second::from_unix(at).date_time().to_rfc2822());
            let text = Some(entry.text.clone()).filter(|text| !text.is_empty());
            format!(
                "<item>{}{}{guid}{}{}</item>",
                element("title", &Some(entry.title.clone())),
                element("link", &entry.link),
                element("pubDate", &date),
                element("description", &text)
            )
        })
        .collect();
    format!("<rss version=\"2.0\"><channel><title>Wire</title><link>https://wire.example/</link>{items}</channel></rss>")
}

/// What readers have of a story and never may lose: its place and its entry ids.
type Fixed = Vec<(String, Second)>;

struct Open {
    store: Arc<Store>,
    desk: Desk,
    writer: Writer,
    register: Register,
    genesis: Genesis,
    _folder: DataFolder,
}

pub struct World {
    dir: tempfile::TempDir,
    runtime: tokio::runtime::Runtime,
    publisher: Publisher,
    kit: Kit,
    config: Config,
    sources: BTreeMap<SourceId, Arc<Source>>,
    now: Arc<AtomicI64>,
    open: Option<Open>,
    /// What was ever shown, with the title it was last seen under.
    fixed: BTreeMap<Uuid, Fixed>,
    polls: u32,
}

impl World {
    /// A world with one source, `wire`.
    pub fn new() -> Self {
        Self::of(&["wire"])
    }

    pub fn of(names: &[&str]) -> Self {
        Self::with(names, |_| String::new())
    }

    /// The same, where more is said of each source.
    pub fn with(names: &[&str], more: impl Fn(&str) -> String) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let publisher = runtime.block_on(Publisher::start()).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let source = |name: &&str| {
            format!(
                "[[source]]\nid = \"{name}\"\ntitle = \"{name}\"\nurl = \"{}/{name}\"\nhome = \"https://{name}.example/\"\nallow_private = true\n{}",
                publisher.base(),
                more(name)
            )
        };
        let text = format!("builtin = false\n{}", names.iter().map(source).collect::<String>());
        std::fs::write(dir.path().join("sources.toml"), text).unwrap();
        let config = config::load(Some(dir.path()), std::iter::empty(), &[]).unwrap();
        // Compiling the topics takes longer than all else that a world needs.
        static KIT: OnceLock<Kit> = OnceLock::new();
        let kit = KIT.get_or_init(|| daemon::kit(&config).unwrap()).clone();
        let sources = daemon::sources(&config);
        let now = Arc::new(AtomicI64::new(BEGIN));
        let mut world = Self { dir, runtime, publisher, kit, config, sources, now, open: None, fixed: BTreeMap::new(), polls: 0 };
        world.open = Some(world.opened());
        world
    }

    fn clock(&self) -> Clock {
        let now = self.now.clone();
        Arc::new(move || Second::from_unix(now.load(Ordering::SeqCst)))
    }

    fn opened(&self) -> Open {
        let folder = DataFolder::hold(&self.dir.path().join("data")).unwrap();
        let opened = folder.open("https://reader.example/", self.clock()(), |_, _| {}).unwrap();
        let genesis = opened.journal.genesis().clone();
        let (desk, writer) = Writer::start(opened.journal, opened.store.clone(), self.clock(), |_| {}).unwrap();
        let register = Register::new(opened.store.states().unwrap());
        Open { store: opened.store, desk, writer, register, genesis, _folder: folder }
    }

    fn close(&mut self) {
        let open = self.open.take().unwrap();
        drop(open.desk);
        let journal = open.writer.finish().unwrap();
        let verdict = verify(&open.store, &journal).unwrap();
        assert!(verdict.agrees(), "{:?}", verdict.rows());
    }

    /// Stops and starts again.
    pub fn restart(&mut self) {
        let before = (self.all(), self.states());
        self.close();
        self.open = Some(self.opened());
        assert_eq!((self.all(), self.states()), before, "a restart changes nothing");
    }

    /// Stops, throws the view away, and builds it anew from the journal.
    pub fn rebuild(&mut self) {
        let before = (self.all(), self.states());
        self.close();
        std::fs::remove_dir_all(self.dir.path().join("data/store")).unwrap();
        self.open = Some(self.opened());
        assert_eq!((self.all(), self.states()), before, "the journal tells the same");
    }

    /// Lets time pass.
    pub fn wait(&self, seconds: i64) {
        self.now.fetch_add(seconds, Ordering::SeqCst);
    }

    pub fn hours(&self) -> i64 {
        (self.now.load(Ordering::SeqCst) - BEGIN) / HOUR
    }

    /// An hour later the publisher of `name` serves these bytes, and is asked.
    pub fn poll_body(&mut self, name: &str, body: &str) -> Report {
        self.polls += 1;
        self.wait(HOUR);
        self.publisher.put(&format!("/{name}"), "application/rss+xml", body);
        let open = self.open.as_ref().unwrap();
        let source = &self.sources[&name.parse::<SourceId>().unwrap()];
        let outcome = self.runtime.block_on(pull(&self.kit, source, &open.register, &open.desk, &self.clock())).unwrap();
        assert_eq!(outcome.trouble, None);
        for story in self.all() {
            let entries: Fixed = story.editions.iter().map(|edition| (edition.entry_id.clone(), edition.position)).collect();
            // Nobody has seen what waits.
            if story.waits().is_some() {
                continue;
            }
            let known = self.fixed.entry(story.id).or_insert_with(|| entries.clone());
            assert_eq!(*known, entries[..known.len()], "no entry id and no place ever changes");
            *known = entries;
        }
        let mut ids: Vec<&String> = self.fixed.values().flatten().map(|(id, _)| id).collect();
        let mut places: Vec<Second> = self.fixed.values().flatten().map(|(_, at)| *at).collect();
        let count = (ids.len(), places.len());
        ids.sort();
        ids.dedup();
        places.sort();
        places.dedup();
        assert_eq!((ids.len(), places.len()), count, "no two entries share an id or a place");
        let waiting = self.all().iter().filter(|story| story.waits().is_some()).count();
        assert_eq!(self.fixed.len() + waiting, self.all().len(), "no story ever disappears");
        outcome.report.unwrap_or_default()
    }

    pub fn poll_of(&mut self, name: &str, entries: &[Entry]) -> Report {
        self.poll_body(name, &rss(entries))
    }

    /// An hour later the wire serves these, and is asked.
    pub fn poll(&mut self, entries: &[Entry]) -> Report {
        self.poll_of("wire", entries)
    }

    /// All stories, in the order of their places.
    pub fn all(&self) -> Vec<Story> {
        let store = &self.open.as_ref().unwrap().store;
        let mut stories: Vec<Story> = store.stories().map(Result::unwrap).collect();
        stories.sort_by_key(|story| story.editions[0].position);
        stories
    }

    /// The titles of all stories as they are told now, sorted.
    pub fn titles(&self) -> Vec<String> {
        let mut titles: Vec<String> = self.all().iter().map(|story| story.preferred(story.first_edition()).item.title.clone()).collect();
        titles.sort();
        titles
    }

    /// Title and entry id of every story, sorted.
    pub fn entries(&self) -> Vec<(String, String)> {
        let shown = |story: &Story| (story.preferred(story.first_edition()).item.title.clone(), story.first_edition().entry_id.clone());
        let mut entries: Vec<(String, String)> = self.all().iter().map(shown).collect();
        entries.sort();
        entries
    }

    /// When the feed of everything last changed in a way that a reader can see.
    pub fn changed(&self) -> Second {
        self.open.as_ref().unwrap().store.query(&Filter::default(), Window::ALL, 1).unwrap().changed
    }

    /// A feed as it is published, wherever the publisher lives today.
    pub fn print(&self, path: &str) -> String {
        let open = self.open.as_ref().unwrap();
        let states: Vec<SourceState> = self.states().into_values().collect();
        let publishing = daemon::publishing(&self.config, self.kit.classifier.clone(), &open.genesis, &states);
        let second = Duration::from_secs(1);
        let limits = Limits { connections: 1, cache: 1 << 20, made_at_once: 4, header: second, drain: second };
        let app = App::new(open.store.clone(), publishing, &limits, self.clock());
        let printed = self.runtime.block_on(app.print(path)).unwrap();
        printed.replace(&self.publisher.base(), "https://publisher.example")
    }

    /// What is known of all sources.
    pub fn states(&self) -> BTreeMap<SourceId, SourceState> {
        self.open.as_ref().unwrap().register.all()
    }

    pub fn state(&self, name: &str) -> SourceState {
        self.open.as_ref().unwrap().register.get(&name.parse().unwrap()).unwrap()
    }

    /// The view that is served from.
    pub fn store(&self) -> Arc<Store> {
        self.open.as_ref().unwrap().store.clone()
    }

    /// Journal records so far.
    pub fn records(&mut self) -> u64 {
        self.restart();
        self.open.as_ref().unwrap().store.applied()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // A world that ends in order has told the truth.
        if !std::thread::panicking() {
            self.rebuild();
        }
    }
}
