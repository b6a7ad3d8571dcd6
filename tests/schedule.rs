//! When sources are asked, through the public door: publishers on loopback and clocks that do as they are told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common {
    pub mod world;
}

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use common::world::{DAY, World, entry};
use tributary::{
    apply::{Clock, Writer},
    config,
    daemon::{self, data::DataFolder},
    model::{Second, Source, SourceState},
    pull::Kit,
    schedule::{Register, due, pull},
};

#[test]
fn the_rhythm_of_a_source_is_kept_through_restarts_and_is_in_the_journal() {
    let mut world = World::new();
    // Three weekly items; a look a day shows two more, which are a week apart.
    let weekly = |n: i64| entry(&format!("Note {n}")).guid(n).at(24 * 7 * (n - 3));
    for day in 0..10 {
        let entries: Vec<_> = (0..4 + day / 7).map(weekly).collect();
        world.poll(&entries);
        world.wait(DAY - 3600);
    }
    let rhythm = world.state("wire").rhythm;
    assert_eq!(
        serde_json::to_string(&rhythm).unwrap(),
        r#"[["2020-08-23",1],["2020-08-30",1],["2020-09-06",1],["2020-09-13",1],["2020-09-20",1]]"#
    );
    assert_eq!(rhythm.usual_gap(), Some(Duration::from_hours(7 * 24)));
    // Both compare what is known of every source before and after.
    world.restart();
    world.rebuild();
}

/// Answers each path with what it was given, and remembers what it was asked.
struct Server {
    base: String,
    answers: Arc<Mutex<BTreeMap<String, String>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let server = Self { base, answers: Arc::default(), asked: Arc::default() };
        let (answers, asked) = (server.answers.clone(), server.asked.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut head = String::new();
                let mut lines = BufReader::new(&stream);
                while !head.ends_with("\r\n\r\n") && lines.read_line(&mut head).unwrap() > 0 {}
                let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                let answer = answers.lock().unwrap().get(&path).cloned().unwrap_or_else(|| answer("404 Not Found", "", ""));
                asked.lock().unwrap().push(path);
                stream.write_all(answer.as_bytes()).unwrap();
            }
        });
        server
    }

    fn put(&self, path: &str, answer: String) {
        self.answers.lock().unwrap().insert(path.to_owned(), answer);
    }

    /// What it was asked since this was last asked.
    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n{body}", body.len())
}

fn rss(says: &str) -> String {
    format!(
        "<rss version=\"2.0\" xmlns:sy=\"http://purl.org/rss/1.0/modules/syndication/\"><channel><title>Wire</title>{says}<item><guid>1</guid><title>One</title></item></channel></rss>"
    )
}

/// One source at a server, and a data folder.
struct Wire {
    runtime: tokio::runtime::Runtime,
    server: Server,
    source: Arc<Source>,
    kit: Kit,
    now: Arc<AtomicI64>,
    dir: tempfile::TempDir,
}

impl Wire {
    /// A source at `/feed` with these lines of configuration, on a Saturday noon.
    fn new(lines: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (server, dir) = (Server::start(), tempfile::tempdir().unwrap());
        let url = format!("{}/feed", server.base);
        let toml = format!("builtin = false\n[[source]]\nid = \"wire\"\ntitle = \"Wire\"\nurl = \"{url}\"\nallow_private = true\n{lines}");
        std::fs::write(dir.path().join("sources.toml"), toml).unwrap();
        let config = config::load(Some(dir.path()), std::iter::empty(), &[]).unwrap();
        let source = daemon::sources(&config).into_values().next().unwrap();
        let noon = "2026-05-02T12:00:00Z".parse::<Second>().unwrap().unix();
        Self { runtime, server, source, kit: daemon::kit(&config).unwrap(), now: Arc::new(AtomicI64::new(noon)), dir }
    }

    fn now(&self) -> Second {
        Second::from_unix(self.now.load(Ordering::SeqCst))
    }

    /// Starts, asks once, stops, and gives what is known then.
    fn look(&self, data: &str) -> SourceState {
        let data: &Path = &self.dir.path().join(data);
        let now = self.now.clone();
        let clock: Clock = Arc::new(move || Second::from_unix(now.load(Ordering::SeqCst)));
        let folder = DataFolder::hold(data).unwrap();
        let opened = folder.open("https://reader.example/", clock(), |_, _| {}).unwrap();
        let register = Register::new(opened.store.states().unwrap());
        let (desk, writer) = Writer::start(opened.journal, opened.store.clone(), clock.clone(), |_| {}).unwrap();
        self.runtime.block_on(pull(&self.kit, &self.source, &register, &desk, &clock)).unwrap();
        drop(desk);
        writer.finish().unwrap();
        let state = opened.store.states().unwrap().pop().unwrap();
        assert_eq!(register.get(&self.source.id).as_ref(), Some(&state));
        state
    }

    /// When it is asked next.
    fn next(&self, state: &SourceState) -> String {
        due(&self.source, Some(state), self.now()).unwrap().to_string()
    }
}

#[test]
fn what_a_publisher_says_makes_us_slower_never_faster_and_not_without_end() {
    let cases = [
        ("", "", "2026-05-02T12:20:00Z"),
        ("Cache-Control: public, max-age=5400\r\n", "", "2026-05-02T13:30:00Z"),
        ("Cache-Control: max-age=60\r\n", "", "2026-05-02T12:20:00Z"),
        ("Cache-Control: max-age=99999999\r\n", "", "2026-05-03T12:00:00Z"),
        ("Expires: Sat, 02 May 2026 14:00:00 GMT\r\n", "", "2026-05-02T14:00:00Z"),
        ("Expires: Mon, 01 Jan 2035 00:00:00 GMT\r\n", "", "2026-05-03T12:00:00Z"),
        ("Expires: Thu, 01 Jan 1970 00:00:00 GMT\r\n", "", "2026-05-02T12:20:00Z"),
        ("", "<ttl>90</ttl>", "2026-05-02T13:30:00Z"),
        ("", "<ttl>1</ttl>", "2026-05-02T12:20:00Z"),
        ("", "<ttl>999999999</ttl>", "2026-05-09T12:00:00Z"),
        ("", "<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>", "2026-05-02T12:30:00Z"),
        ("", "<sy:updatePeriod>yearly</sy:updatePeriod>", "2026-05-09T12:00:00Z"),
        // The longest of all of them.
        ("Cache-Control: max-age=3600\r\n", "<ttl>30</ttl>", "2026-05-02T13:00:00Z"),
        // Hours and days that are skipped: this one, those to come, and all.
        ("", "<skipHours><hour>12</hour><hour>13</hour></skipHours>", "2026-05-02T14:20:00Z"),
        ("", "<ttl>70</ttl><skipHours><hour>13</hour></skipHours>", "2026-05-02T14:10:00Z"),
        ("", "<skipDays><day>Saturday</day><day>Sunday</day></skipDays>", "2026-05-04T00:20:00Z"),
        (
            "",
            "<skipDays><day>Monday</day><day>Tuesday</day><day>Wednesday</day><day>Thursday</day><day>Friday</day><day>Saturday</day><day>Sunday</day></skipDays>",
            "2026-05-02T12:20:00Z",
        ),
    ];
    let wire = Wire::new("every = \"20m\"\n");
    for (n, (headers, says, next)) in cases.into_iter().enumerate() {
        wire.server.put("/feed", answer("200 OK", &format!("ETag: \"1\"\r\n{headers}"), &rss(says)));
        let data = format!("data-{n}");
        assert_eq!(wire.next(&wire.look(&data)), next, "{headers}{says}");
        // What the document said holds while it is the same one; what a header said holds for its answer.
        wire.server.put("/feed", answer("304 Not Modified", headers, ""));
        let state = wire.look(&data);
        assert_eq!((wire.next(&state).as_str(), state.failures), (next, 0), "304 after {headers}{says}");
    }
}

#[test]
fn a_permanent_move_is_remembered_through_restarts_and_a_temporary_one_never_is() {
    let wire = Wire::new("");
    for (status, steps) in [("301 Moved Permanently", 8), ("308 Permanent Redirect", 8), ("302 Found", 60), ("307 Temporary Redirect", 60)]
    {
        wire.server.put("/feed", answer(status, "Location: /new\r\n", ""));
        wire.server.put("/new", answer("200 OK", "ETag: \"1\"\r\n", &rss("")));
        for day in 0..steps {
            wire.look(status);
            assert_eq!(wire.server.asked(), ["/feed", "/new"], "{status}, day {day}");
            wire.now.fetch_add(DAY, Ordering::SeqCst);
        }
        let is_permanent = steps == 8;
        wire.look(status);
        assert_eq!(wire.server.asked(), if is_permanent { vec!["/new"] } else { vec!["/feed", "/new"] }, "{status}");
        // When the new address dies, the old one is asked again.
        wire.server.put("/new", answer("404 Not Found", "", ""));
        wire.look(status);
        wire.server.asked();
        wire.server.put("/feed", answer("200 OK", "", &rss("")));
        assert_eq!(wire.look(status).trouble, None);
        assert_eq!(wire.server.asked(), ["/feed"], "{status}");
    }
}

#[test]
fn a_refusal_that_names_a_time_is_waited_for_and_what_fails_is_asked_more_and_more_seldom() {
    let wire = Wire::new("every = \"5m\"\n");
    for (status, headers, next) in [
        ("429 Too Many Requests", "Retry-After: 7200\r\n", "2026-05-02T14:00:00Z"),
        ("503 Service Unavailable", "Retry-After: Sat, 02 May 2026 16:30:00 GMT\r\n", "2026-05-02T16:30:00Z"),
        ("429 Too Many Requests", "Retry-After: 99999999999\r\n", "2026-06-01T12:00:00Z"),
    ] {
        wire.server.put("/feed", answer(status, headers, ""));
        let state = wire.look(next);
        assert_eq!(
            (wire.next(&state).as_str(), state.host_rests.map(|at| at.to_string()).as_deref()),
            (next, Some(next)),
            "{status} {headers}"
        );
    }
    wire.server.put("/feed", answer("500 Oops", "", ""));
    let mut waits = Vec::new();
    for _ in 0..4 {
        let state = wire.look("failing");
        let next: Second = wire.next(&state).parse().unwrap();
        waits.push(next.since(wire.now()).as_secs() / 60);
        wire.now.store(next.unix(), Ordering::SeqCst);
    }
    assert!(waits.iter().zip([5, 10, 20, 40]).all(|(wait, least)| (least..=least * 5 / 4).contains(wait)), "{waits:?}");
    wire.server.put("/feed", answer("200 OK", "", &rss("")));
    let state = wire.look("failing");
    assert_eq!((wire.next(&state), state.failures), (wire.now().plus(Duration::from_secs(300)).to_string(), 0));
}
