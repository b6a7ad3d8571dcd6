//! Nothing is lost: crashes between any two records, disks that are full, and engines that fail, while reading goes on.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    sync::Arc,
    time::Duration,
};

use tributary::{
    apply::{ApplyError, Clock, Desk, Writer},
    config,
    daemon::{self, data::DataFolder},
    fetch::Room,
    journal::{Journal, JournalError},
    model::{Body, Genesis, Second, Source, SourceId, SourceState},
    pull::{Found, Kit, Look},
    schedule::{Outcome, Register, pull},
    serve::sample::Publisher,
    store::Store,
};
use uuid::Uuid;

const RSS: &str = "application/rss+xml";
const NOON: i64 = 1_600_000_000;

fn rss(items: std::ops::Range<u32>, words: usize) -> String {
    let text = "What the wire says of this matter. ".repeat(words);
    let items: String = items
        .map(|n| format!("<item><guid>https://wire.example/{n}</guid><title>Report {n} of the wire</title><description>{n}: {text}</description></item>"))
        .collect();
    format!("<rss version=\"2.0\"><channel><title>Wire</title>{items}</channel></rss>")
}

/// One source, `wire`, and what a look at it is made with.
struct Wire {
    runtime: tokio::runtime::Runtime,
    publisher: Publisher,
    source: Arc<Source>,
    kit: Kit,
}

impl Wire {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let publisher = runtime.block_on(Publisher::start()).unwrap();
        let dir = tempfile::tempdir().unwrap();
        let toml = format!(
            "builtin = false\n[[source]]\nid = \"wire\"\ntitle = \"Wire\"\nurl = \"{}/wire\"\nallow_private = true\n",
            publisher.base()
        );
        fs::write(dir.path().join("sources.toml"), toml).unwrap();
        let config = config::load(Some(dir.path()), std::iter::empty(), &[]).unwrap();
        let source = daemon::sources(&config).into_values().next().unwrap();
        Self { runtime, publisher, source, kit: daemon::kit(&config).unwrap() }
    }

    fn pull(&self, open: &Open) -> Result<Outcome, Arc<ApplyError>> {
        self.runtime.block_on(pull(&self.kit, &self.source, &open.register, &open.desk, &clock()))
    }

    /// What each request for validators was answered with, since the last time.
    fn statuses(&self, from: usize) -> Vec<u16> {
        self.publisher.seen()[from..].iter().map(|seen| seen.status).collect()
    }
}

fn clock() -> Clock {
    Arc::new(|| Second::from_unix(NOON))
}

struct Open {
    store: Arc<Store>,
    desk: Desk,
    writer: Writer,
    register: Register,
    _folder: Option<DataFolder>,
}

fn open(data: &Path) -> Open {
    let folder = DataFolder::hold(data).unwrap();
    let opened = folder.open("https://reader.example/", Second::from_unix(NOON), |_, _| {}).unwrap();
    assert_eq!(opened.read_only, None);
    begun(opened.journal, opened.store, Some(folder))
}

fn begun(journal: Journal, store: Arc<Store>, folder: Option<DataFolder>) -> Open {
    let (desk, writer) = Writer::start(journal, store.clone(), clock(), |_| {}).unwrap();
    let register = Register::new(store.states().unwrap());
    Open { store, desk, writer, register, _folder: folder }
}

impl Open {
    fn close(self) {
        drop(self.desk);
        self.writer.finish().unwrap();
    }

    /// Entry id and place of every story.
    fn told(&self) -> BTreeMap<String, Second> {
        let stories: Vec<_> = self.store.stories().map(Result::unwrap).collect();
        let told: BTreeMap<String, Second> =
            stories.iter().map(|story| (story.editions[0].entry_id.clone(), story.editions[0].position)).collect();
        assert_eq!(told.len(), stories.len(), "an item is there twice");
        told
    }

    fn state(&self) -> Option<SourceState> {
        self.register.get(&"wire".parse::<SourceId>().unwrap())
    }
}

#[test]
fn a_crash_between_any_two_records_of_a_pull_repeats_it_and_tells_nothing_twice() {
    let wire = Wire::new();
    wire.publisher.put("/wire", RSS, &rss(0..150, 1));
    let dir = tempfile::tempdir().unwrap();
    let whole = dir.path().join("whole");
    let world = open(&whole);
    wire.pull(&world).unwrap();
    let (told, etag) = (world.told(), world.state().unwrap().etag);
    assert_eq!((told.len(), etag.is_some()), (150, true));
    world.close();
    let segment = fs::read(whole.join("journal/000001.ndjson.zst")).unwrap();
    let mut ends = vec![0];
    while *ends.last().unwrap() < segment.len() {
        let at = *ends.last().unwrap();
        ends.push(at + zstd::zstd_safe::find_frame_compressed_size(&segment[at..]).unwrap());
    }
    // A header and three records, of which the last has the state.
    assert_eq!(ends.len(), 5);
    for kept in 0..=3 {
        for applied in 0..=kept {
            let data = dir.path().join(format!("crash-{kept}-{applied}"));
            fs::create_dir_all(data.join("journal")).unwrap();
            // The store had applied so many of them when the crash came.
            fs::write(data.join("journal/000001.ndjson.zst"), &segment[..ends[applied + 1]]).unwrap();
            open(&data).close();
            // The frame after the last whole one was torn.
            let torn = segment.len().min(ends[kept + 1] + 40);
            fs::write(data.join("journal/000001.ndjson.zst"), &segment[..torn]).unwrap();
            let world = open(&data);
            let (before, asked) = (world.told(), wire.publisher.seen().len());
            assert_eq!(before.len(), [0, 64, 128, 150][kept]);
            assert_eq!(
                world.state().and_then(|state| state.etag),
                etag.clone().filter(|_| kept == 3),
                "validators come with the last record"
            );
            wire.pull(&world).unwrap();
            assert_eq!(wire.statuses(asked), [if kept == 3 { 304 } else { 200 }], "kept {kept}, applied {applied}");
            let after = world.told();
            assert!(before.iter().all(|(id, at)| after.get(id) == Some(at)), "what was kept keeps its place");
            assert_eq!(after.keys().collect::<BTreeSet<_>>(), told.keys().collect(), "kept {kept}, applied {applied}");
            assert_eq!(world.state().unwrap().etag, etag);
            world.close();
        }
    }
}

#[test]
fn a_journal_that_takes_nothing_keeps_nothing_and_goes_on_when_it_does() {
    let wire = Wire::new();
    let dir = tempfile::tempdir().unwrap();
    let genesis = Genesis { id: Uuid::from_u128(1), instance: Uuid::from_u128(2), created: Second::from_unix(NOON) };
    // Each group of records begins a segment, so that the next one can be in the way.
    let (journal, _) = Journal::open_with(dir.path(), || genesis.clone(), 1).unwrap();
    let store = Arc::new(Store::open(&dir.path().join("store"), &genesis).unwrap());
    let world = begun(journal, store, None);
    wire.publisher.put("/wire", RSS, &rss(0..3, 1));
    wire.pull(&world).unwrap();
    let (told, state) = (world.told(), world.state());

    let obstacles = ["000002.ndjson.zst.partial", "000003.ndjson.zst.partial", "000004.ndjson.zst.partial", "room.partial"]
        .map(|name| dir.path().join(name));
    for path in &obstacles {
        let _ = fs::create_dir(path);
    }
    wire.publisher.put("/wire", RSS, &rss(0..6, 1));
    let error = wire.pull(&world).unwrap_err();
    assert!(matches!(&*error, ApplyError::Journal(cause) if matches!(&**cause, JournalError::Io { .. })), "{error:?}");
    assert!(wire.runtime.block_on(world.desk.mend()).is_err());
    assert_eq!((world.told(), world.state()), (told, state), "what there is is still there, and no validator is ahead of it");

    obstacles.iter().for_each(|path| fs::remove_dir(path).unwrap());
    wire.runtime.block_on(world.desk.mend()).unwrap();
    wire.pull(&world).unwrap();
    assert_eq!(world.told().len(), 6);
    world.close();
}

#[test]
fn a_round_over_many_sources_is_kept_in_records_of_a_thousand() {
    let wire = Wire::new();
    wire.publisher.put("/wire", RSS, &rss(0..1, 1));
    let dir = tempfile::tempdir().unwrap();
    let world = open(dir.path());
    wire.pull(&world).unwrap();
    let state = world.state().unwrap();
    let ids: BTreeSet<SourceId> = (0..2_500).map(|n| format!("wire{n}").parse().unwrap()).collect();
    for (n, id) in ids.iter().enumerate() {
        let look = Look {
            source: Arc::new(Source { id: id.clone(), ..(*wire.source).clone() }),
            at: Second::from_unix(NOON),
            state: SourceState { source: id.clone(), ..state.clone() },
            last_good: state.answered,
            found: Found::Unchanged,
            is_repeat: n % 2 == 0,
            took: Duration::ZERO,
            room: Room::default(),
        };
        wire.runtime.block_on(world.desk.keep(look)).unwrap();
    }
    let Open { store, desk, writer, .. } = world;
    drop(desk);
    let journal = writer.finish().unwrap();
    let mut told = BTreeSet::new();
    for record in journal.read_from(1).map(Result::unwrap) {
        let Body::Checked(checked) = record.body else { continue };
        assert!(checked.unchanged.len() + checked.states.len() <= 1_000, "{}", record.key);
        told.extend(checked.unchanged.into_iter().map(|unchanged| unchanged.source));
        told.extend(checked.states.into_iter().map(|state| state.source));
    }
    assert_eq!(told, ids);
    assert_eq!((store.applied(), store.states().unwrap().len()), (journal.bounds().last, 1 + 1_250));
}
