//! What a large store costs: to make, to start with, to ask.
//!
//!     cargo bench --bench large                     10,000 and 100,000 stories
//!     cargo bench --bench large -- 1000000          as many as are named
//!     cargo bench --bench large -- 1000000 FOLDER   the same, made there and left there, or found there
//!
//! Stories are made of titles and texts of `tests/eval/items.jsonl`, filed as any other, over five years until today, from 300
//! sources; each says a number that no other does. Written are journal and store; the daemon makes the index of words by itself.
//! It is started after a clean stop, after a kill, and without a store. Filters are asked for over one connection, each
//! for the first time, so that none is at hand.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod daemon;

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::{Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use daemon::{Daemon, PROGRAM};
use tributary::{
    classify::{Classifier, Subject},
    clean::{Origin, clean},
    daemon::data::DataFolder,
    dedup::{self, Candidates, Decision, Teller},
    model::{Body, Draft, Imported, RawItem, RawText, Second, Story},
};
use url::Url;

/// As in the program itself.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Stories of a record, as in the program itself.
const RECORD: usize = 64;
/// Records that are appended at once.
const AT_ONCE: usize = 16;
/// The time over which stories are spread, in seconds.
const SPREAD: i64 = 5 * 365 * 86_400;
/// Filters that are asked for of each kind.
const ASKED: usize = 196;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => [10_000, 100_000].into_iter().for_each(|count| measure(count, tempfile::tempdir().unwrap().path())),
        [count] => measure(count.parse().expect("a number of stories"), tempfile::tempdir().unwrap().path()),
        [count, folder, ..] => measure(count.parse().expect("a number of stories"), Path::new(folder)),
    }
}

fn measure(count: usize, folder: &Path) {
    println!("{count} stories");
    let (config, data) = (folder.join("config"), folder.join("data"));
    std::fs::create_dir_all(&config).unwrap();
    std::fs::write(config.join("sources.toml"), "builtin = false\n").unwrap();
    if data.exists() {
        println!("  found in {}", data.display());
    } else {
        let started = Instant::now();
        fill(count, &data);
        println!("  made in {:.1} s", started.elapsed().as_secs_f64());
    }
    let [config, data] = [config, data].map(|path| path.display().to_string());
    let daemon = Daemon::start(&config, &data);
    let started = Instant::now();
    if !words_are_there(&daemon) {
        daemon.wait_for("words can be asked for");
        println!(
            "  words can be asked for after {:.1} s more; peak memory until then {} MiB",
            started.elapsed().as_secs_f64(),
            daemon.peak()
        );
    }
    daemon.stop();
    for part in ["journal", "store", "words"] {
        println!("  {part}: {:.1} MiB", bytes(&Path::new(&data).join(part)) as f64 / f64::from(1 << 20));
    }
    let start = |after: &str| {
        let daemon = Daemon::start(&config, &data);
        println!("  {after}: ready after {:.2} s, {} MiB, peak {} MiB", daemon.ready_after.as_secs_f64(), daemon.resident(), daemon.peak());
        daemon
    };
    start("after a clean stop").kill();
    let daemon = start("after a kill");
    ask(&daemon);
    println!("  memory after that: {} MiB, peak {} MiB", daemon.resident(), daemon.peak());
    daemon.stop();
    let started = Instant::now();
    let status =
        Command::new(PROGRAM).args(["rebuild", "--config", &config, "--data", &data]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    assert!(status.unwrap().success());
    println!("  rebuild: {:.1} s", started.elapsed().as_secs_f64());
}

fn bytes(path: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(path) else { return std::fs::metadata(path).map_or(0, |file| file.len()) };
    entries.flatten().map(|entry| bytes(&entry.path())).sum()
}

/// Journal and store, as a daemon would have written them.
fn fill(count: usize, data: &Path) {
    let folder = DataFolder::hold(data).unwrap();
    let now = Second::of(chrono::Utc::now());
    let opened = folder.open("", now.minus(Duration::from_secs(SPREAD as u64)), |_, _| {}).unwrap();
    let (mut journal, store) = (opened.journal, opened.store);
    let text = std::fs::read_to_string("tests/eval/items.jsonl").unwrap();
    let told: Vec<[String; 3]> = text.lines().map(told).collect();
    let config = tributary::config::load(None, std::iter::empty(), &[]).unwrap();
    let classifier = Classifier::new(&config.topics).unwrap();
    let at = |n: usize| Second::from_unix(now.unix() - SPREAD + (n as i64 * SPREAD) / count as i64 - 60);
    let mut n = 0;
    while n < count {
        let mut drafts = Vec::new();
        while n < count && drafts.len() < AT_ONCE {
            let stories: Vec<Arc<Story>> = (n..count.min(n + RECORD)).map(|n| Arc::new(story(n, at(n), &told, &classifier))).collect();
            n += stories.len();
            drafts.push(Draft { at: at(n - 1), key: format!("large/{n}"), body: Body::Imported(Imported { stories }) });
        }
        for record in journal.append(&drafts).unwrap() {
            store.apply(&record).unwrap();
        }
    }
    store.flush().unwrap();
}

/// Language, title and text of a labelled item.
fn told(line: &str) -> [String; 3] {
    let item: serde_json::Value = serde_json::from_str(line).unwrap();
    ["lang", "title", "summary"].map(|key| item[key].as_str().unwrap_or_default().to_owned())
}

/// A story of one item: its title from one of those that are labelled, its text from two of the same language.
fn story(n: usize, at: Second, told: &[[String; 3]], classifier: &Classifier) -> Story {
    let mut seed = n as u64 * 2_654_435_761 + 1;
    let mut draw = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    let [lang, title, first] = &told[draw(told.len())];
    let same: Vec<&String> = told.iter().filter(|other| other[0] == *lang).map(|[_, _, text]| text).collect();
    let (second, source) = (same[draw(same.len())], draw(300));
    let base: Url = format!("https://s{source}.example/").parse().unwrap();
    let source = format!("s{source}").parse().unwrap();
    let raw = RawItem {
        id: Some(format!("{base}{n}")),
        link: Some(format!("{base}news/{n}")),
        title: Some(RawText::Plain(title.clone())),
        summary: Some(RawText::Plain(format!("{first} {second} No. {n}."))),
        published: Some(at.date_time()),
        ..RawItem::default()
    };
    let item = clean(raw, &Origin { source: &source, base: &base, feed_lang: None }).unwrap();
    let labels = classifier.classify(&Subject { title: &item.title, summary: &item.summary, ..Subject::default() });
    let teller = Teller { rank: 1, hosts: &[], settles: false };
    match dedup::decide(item, labels, teller, Candidates::default(), at) {
        Decision::NewStory(story) => story,
        other => panic!("{other:?}"),
    }
}

/// One connection, on which one question follows the other.
struct Line(BufReader<TcpStream>);

impl Line {
    fn open(daemon: &Daemon) -> Self {
        Self(BufReader::new(TcpStream::connect(&daemon.address).unwrap()))
    }

    /// Status and body.
    fn get(&mut self, path: &str) -> (u16, Vec<u8>) {
        let path = path.replace(' ', "%20").replace('"', "%22");
        self.0.get_mut().write_all(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes()).unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            assert!(self.0.read_until(b'\n', &mut head).unwrap() > 0, "cut off");
        }
        let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).unwrap();
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body)
    }

    /// The names that a list of labels has stories under, the most used first.
    fn names(&mut self, path: &str, key: &str) -> Vec<String> {
        let list: serde_json::Value = serde_json::from_slice(&self.get(path).1).unwrap();
        let row = |row: &serde_json::Value| (row["stories"].as_u64().unwrap(), row[key].as_str().unwrap().to_lowercase());
        let mut rows: Vec<(u64, String)> = list.as_array().unwrap().iter().map(row).collect();
        rows.retain(|(stories, _)| *stories > 0);
        rows.sort_by(|one, other| other.cmp(one));
        rows.into_iter().map(|(_, name)| name).collect()
    }
}

fn words_are_there(daemon: &Daemon) -> bool {
    Line::open(daemon).get("/feed.json?q=camp&limit=1").0 == 200
}

/// Asks for feeds that nobody has asked for, and tells how long each kind takes.
fn ask(daemon: &Daemon) {
    let mut line = Line::open(daemon);
    let (topics, countries) = (line.names("/topics.json", "slug"), line.names("/countries.json", "code"));
    let langs = ["en", "es", "fr", "pt"];
    let nth = |list: &[String], n: usize| list[n % list.len()].clone();
    let last = |list: &[String], n: usize| list[list.len() - 1 - n % list.len().min(20)].clone();
    // Where so many entries are wanted, answers that have fewer do not count.
    let mut tell = |kind: &str, wanted: usize, path: &dyn Fn(usize) -> String| {
        let mut took: Vec<Duration> = Vec::new();
        let mut entries = 0;
        for n in 0..ASKED {
            let (path, started) = (path(n), Instant::now());
            let (status, body) = line.get(&path);
            let elapsed = started.elapsed();
            assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&body));
            let count = String::from_utf8_lossy(&body).matches("<entry").count();
            if count >= wanted {
                took.push(elapsed);
                entries += count;
            }
        }
        if took.is_empty() {
            return println!("  {kind:<46} none has so many");
        }
        took.sort_unstable();
        let ms = |part: usize| took[took.len() * part / 100].as_secs_f64() * 1_000.0;
        let (count, each) = (took.len(), entries as f64 / took.len() as f64);
        println!("  {kind:<46} {count:>3} asked, p50 {:.2} ms, p99 {:.2} ms, {each:.1} entries each", ms(50), ms(99));
    };
    let most = |limit: usize| {
        let (topics, countries) = (&topics, &countries);
        move |n: usize| {
            let (topic, country, lang) = (&topics[n % 7], &countries[n / 7 % 7], langs[n / 49]);
            format!("/feed/topic/{topic}/country/{country}.atom?lang={lang}&limit={limit}")
        }
    };
    tell("topic, country and language, 50 stories", 50, &|n| most(50)(n));
    tell("the same, 10 stories", 10, &|n| most(10)(n));
    tell("topic, country and language, any", 0, &|n| {
        format!("/feed/topic/{}/country/{}.atom?lang={}&limit=49", nth(&topics, n), nth(&countries, n / topics.len() + n), langs[n % 4])
    });
    tell("two rare topics and a rare country", 0, &|n| {
        format!(
            "/feed.atom?topic={}&topic={}&country={}&limit={}",
            last(&topics, n),
            last(&topics, n + 1),
            last(&countries, n),
            51 + n / 20
        )
    });
    tell("a word that nobody says", 0, &|n| format!("/feed.atom?q=xq{n}z"));
    tell("a phrase of common words that nobody says", 0, &|n| format!("/feed.atom?q=\"migrantes frontera {n}\""));
    tell("two common words and a country", 0, &|n| {
        format!("/feed/country/{}.atom?q=migrantes {}&limit={}", nth(&countries, n), ["apoyo", "personas", "frontera"][n % 3], 50 + n / 60)
    });
    tell("a word that one story says", 0, &|n| format!("/feed.atom?q={}", 1_000 + n * 7));
}
