//! What gathering costs, beside a bare download of the same feeds in the same run.
//!
//!     cargo bench --bench farm            1,000 feeds
//!     cargo bench --bench farm -- 10000   more
//!
//! A farm of publishers on loopback addresses, in a process of its own, serves RSS and Atom feeds of
//! 20 to 50 items of one to three kilobytes, gzipped, with an ETag. Two others are timed: a bare
//! download (reqwest), with and without a parse of each feed (feed-rs), nothing kept; and `tributary pull`, into an empty
//! data folder. A daemon then holds that folder, reads its words, and is asked for a round in each of the ways that feeds change or stay: what
//! it writes of sources that had nothing new, once a minute, comes after. CPU is the process's own;
//! memory is its peak. The figures of one run can be compared with one another, and with nothing else.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod daemon;

use std::{
    fmt::Write as _,
    io::{BufRead, BufReader, Read as _, Write as _},
    net::Ipv4Addr,
    path::Path,
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use daemon::{Daemon, PROGRAM, memory};
use flate2::{Compression, read::MultiGzDecoder, write::GzEncoder};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

const FEEDS_A_HOST: usize = 20;
/// Questions under way at once, as in the settings that the pulls are made with.
const AT_ONCE: usize = 32;
/// One feed in so many changes, or hangs.
const ONE_IN: usize = 100;
/// How long the farm takes to answer when it is told to be slow.
const LATENCY: Duration = Duration::from_millis(100);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve", count] => serve(count.parse().unwrap()),
        ["bare", list] => bare(list, false),
        ["parse", list] => bare(list, true),
        [count] => compare(count.parse().expect("a number of feeds")),
        _ => compare(1_000),
    }
}

/// How the farm answers; each line of its input sets one of them: `edition 2`, `latency 100`, `forgets 1`, `hangs 1`. It
/// then tells how long it was answering until now, in milliseconds.
#[derive(Default)]
struct Mood {
    /// One feed in a hundred is of this edition.
    edition: AtomicU64,
    /// Milliseconds before each answer.
    latency: AtomicU64,
    /// Whether it answers 200 whatever it is asked with.
    forgets: AtomicU64,
    /// Whether one host in a hundred says nothing.
    hangs: AtomicU64,
    /// When the first question came since it was told anything, and when the last answer went, in milliseconds.
    first: AtomicU64,
    last: AtomicU64,
}

/// The farm: tells the address of each feed, then serves until its input ends.
fn serve(count: usize) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (mood, begin): (Arc<Mood>, Instant) = (Arc::default(), Instant::now());
    let bodies: Arc<Vec<[Vec<u8>; 2]>> = Arc::new((0..count).map(|n| [answer(n, 0), answer(n, 1)]).collect());
    for host in 0..count.div_ceil(FEEDS_A_HOST) {
        let address = Ipv4Addr::new(127, 0, 1 + (host / 250) as u8, 1 + (host % 250) as u8);
        let listener = runtime.block_on(TcpListener::bind((address, 0))).unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        for n in (host * FEEDS_A_HOST)..count.min((host + 1) * FEEDS_A_HOST) {
            println!("{base}/{n}");
        }
        let (mood, bodies) = (mood.clone(), bodies.clone());
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(talk(stream, host, mood.clone(), bodies.clone(), begin));
            }
        });
    }
    println!();
    std::io::stdout().flush().unwrap();
    for line in std::io::stdin().lines().map(Result::unwrap) {
        let (what, value) = line.split_once(' ').unwrap();
        let set = match what {
            "edition" => &mood.edition,
            "latency" => &mood.latency,
            "forgets" => &mood.forgets,
            _ => &mood.hangs,
        };
        set.store(value.parse().unwrap(), Ordering::SeqCst);
        let (first, last) = (mood.first.swap(u64::MAX, Ordering::SeqCst), mood.last.swap(0, Ordering::SeqCst));
        println!("{}", last.saturating_sub(first));
    }
}

/// One connection: requests come one after the other, without bodies.
async fn talk(mut stream: TcpStream, host: usize, mood: Arc<Mood>, bodies: Arc<Vec<[Vec<u8>; 2]>>, begin: Instant) {
    let mut head = Vec::new();
    loop {
        head.clear();
        while !head.ends_with(b"\r\n\r\n") {
            match stream.read_buf(&mut head).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
        }
        let now = || u64::try_from(begin.elapsed().as_millis()).unwrap();
        mood.first.fetch_min(now(), Ordering::SeqCst);
        let text = String::from_utf8_lossy(&head);
        let n: usize = text.split(' ').nth(1).unwrap().trim_start_matches('/').parse().unwrap();
        if mood.hangs.load(Ordering::SeqCst) == 1 && host.is_multiple_of(ONE_IN) {
            std::future::pending::<()>().await;
        }
        let latency = mood.latency.load(Ordering::SeqCst);
        if latency > 0 {
            tokio::time::sleep(Duration::from_millis(latency)).await;
        }
        let edition = if n.is_multiple_of(ONE_IN) { mood.edition.load(Ordering::SeqCst) } else { 0 };
        let is_known = mood.forgets.load(Ordering::SeqCst) == 0 && text.contains(&format!("\"{n}-{edition}\""));
        let sent = if is_known {
            stream.write_all(format!("HTTP/1.1 304 Not Modified\r\nETag: \"{n}-{edition}\"\r\n\r\n").as_bytes()).await
        } else {
            let body = &bodies[n][usize::from(edition > 0)];
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nContent-Encoding: gzip\r\nETag: \"{n}-{edition}\"\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            stream.write_all(&[head.as_bytes(), body].concat()).await
        };
        mood.last.fetch_max(now(), Ordering::SeqCst);
        if sent.is_err() {
            return;
        }
    }
}

/// A feed as it is sent.
fn answer(n: usize, edition: usize) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(feed(n, edition).as_bytes()).unwrap();
    gzip.finish().unwrap()
}

/// A feed that looks like news: words of a small vocabulary, drawn by its number. A later edition has one item more.
fn feed(n: usize, edition: usize) -> String {
    const WORDS: [&str; 24] = [
        "migrants",
        "region",
        "Guatemala",
        "border",
        "officials",
        "shelter",
        "training",
        "women",
        "youth",
        "Honduras",
        "support",
        "agency",
        "report",
        "families",
        "programme",
        "return",
        "community",
        "Mexico",
        "health",
        "workers",
        "route",
        "protection",
        "government",
        "children",
    ];
    let mut seed = n as u64 * 2_654_435_761 + 1;
    let mut draw = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    let is_atom = n % 2 == 1;
    let mut items = String::new();
    for item in 0..20 + draw(30) + edition {
        let mut sentence = |words: usize| (0..words).map(|_| WORDS[draw(WORDS.len())]).collect::<Vec<_>>().join(" ");
        let title = sentence(8);
        let body: String = (0..3).map(|_| format!("&lt;p&gt;{}.&lt;/p&gt;", sentence(60))).collect();
        let day = 1 + item % 28;
        let link = format!("https://p{n}.example/{item}");
        let _ = if is_atom {
            write!(
                items,
                "<entry><id>{link}</id><title>{title}</title><link href=\"{link}\"/><updated>2020-09-{day:02}T10:00:00Z</updated><content type=\"html\">{body}</content></entry>"
            )
        } else {
            write!(
                items,
                "<item><guid>{link}</guid><title>{title}</title><link>{link}</link><pubDate>{day:02} Sep 2020 10:00:00 GMT</pubDate><description>{body}</description></item>"
            )
        };
    }
    if is_atom {
        format!(
            "<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>p{n}</title><id>urn:p{n}</id><updated>2020-09-28T10:00:00Z</updated>{items}</feed>"
        )
    } else {
        format!("<rss version=\"2.0\"><channel><title>p{n}</title><link>https://p{n}.example/</link>{items}</channel></rss>")
    }
}

/// The floor: each feed downloaded, and parsed if that is asked for; nothing is kept.
fn bare(list: &str, is_parsed: bool) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let urls: Vec<String> = std::fs::read_to_string(list).unwrap().lines().map(str::to_owned).collect();
    runtime.block_on(async {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let seats = Arc::new(tokio::sync::Semaphore::new(AT_ONCE));
        let mut running = tokio::task::JoinSet::new();
        for url in urls {
            let (client, seats) = (client.clone(), seats.clone());
            running.spawn(async move {
                let _seat = seats.acquire_owned().await.unwrap();
                let sent = client.get(url).header("accept-encoding", "gzip").send().await.unwrap().bytes().await.unwrap();
                let mut body = Vec::new();
                MultiGzDecoder::new(&sent[..]).read_to_end(&mut body).unwrap();
                if !is_parsed {
                    return body.len();
                }
                tokio::task::spawn_blocking(move || feed_rs::parser::parse(&body[..]).unwrap().entries.len()).await.unwrap()
            });
        }
        let all: usize = running.join_all().await.into_iter().sum();
        println!("{all}");
    });
}

/// What a command took.
#[derive(Clone, Copy)]
struct Took {
    /// Processor time, in seconds.
    cpu: f64,
    /// Seconds from beginning to end.
    wall: f64,
    /// Peak memory, in MiB; 0 where that can not be told.
    memory: u64,
}

fn time(command: &[&str]) -> Took {
    let started = Instant::now();
    let mut child = Command::new("sh")
        .args(["-c", "\"$@\" >/dev/null & echo $!; wait; times", "sh"])
        .args(command)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(child.stdout.take().unwrap());
    let mut pid = String::new();
    told.read_line(&mut pid).unwrap();
    let mut memory = 0;
    // The peak can be read only while there is a process.
    while let Some(peak) = self::memory(pid.trim(), "VmHWM") {
        memory = peak.max(memory);
        std::thread::sleep(Duration::from_millis(20));
    }
    let mut rest = String::new();
    told.read_to_string(&mut rest).unwrap();
    child.wait().unwrap();
    let wall = started.elapsed().as_secs_f64();
    let seconds = |text: &str| {
        let (minutes, seconds) = text.trim_end_matches('s').split_once('m').unwrap();
        minutes.parse::<f64>().unwrap() * 60.0 + seconds.parse::<f64>().unwrap()
    };
    let cpu = rest.lines().last().unwrap().split_whitespace().map(seconds).sum();
    Took { cpu, wall, memory: memory >> 10 }
}

/// What one round of a daemon takes, until whoever asked for it was told of every source.
fn round(daemon: &Daemon, pull: &[&str]) -> Took {
    daemon.forget_peak();
    let (before, started) = (daemon.cpu(), Instant::now());
    Command::new(pull[0]).args(&pull[1..]).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    Took { cpu: daemon.cpu() - before, wall: started.elapsed().as_secs_f64(), memory: daemon.peak() }
}

/// The farm as the one who asks sees it.
struct Farm {
    child: Child,
    orders: ChildStdin,
    told: BufReader<std::process::ChildStdout>,
    urls: Vec<String>,
}

impl Farm {
    fn open(count: usize) -> Self {
        let itself = std::env::current_exe().unwrap();
        let mut child =
            Command::new(itself).args(["serve", &count.to_string()]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (orders, mut told) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let urls = told.by_ref().lines().map(Result::unwrap).take_while(|line| !line.is_empty()).collect();
        Self { child, orders, told, urls }
    }

    /// Sets how it answers; gives for how many seconds it was answering until now.
    fn set(&mut self, order: &str) -> f64 {
        writeln!(self.orders, "{order}").unwrap();
        let mut told = String::new();
        self.told.read_line(&mut told).unwrap();
        told.trim().parse::<f64>().unwrap() / 1_000.0
    }

    fn close(self) {
        let Self { mut child, orders, .. } = self;
        drop(orders);
        child.wait().unwrap();
    }
}

fn compare(count: usize) {
    let dir = tempfile::tempdir().unwrap();
    let itself = std::env::current_exe().unwrap();
    let mut farm = Farm::open(count);
    let list = dir.path().join("list");
    std::fs::write(&list, farm.urls.join("\n")).unwrap();
    let config = dir.path().join("config");
    std::fs::create_dir(&config).unwrap();
    let mut sources = String::from("builtin = false\n");
    for (n, url) in farm.urls.iter().enumerate() {
        let _ = write!(sources, "[[source]]\nid = \"p{n}\"\ntitle = \"p{n}\"\nurl = \"{url}\"\nevery = \"1h\"\nallow_private = true\n");
    }
    std::fs::write(config.join("sources.toml"), sources).unwrap();
    std::fs::write(config.join("tributary.toml"), format!("[fetch]\nat_once = {AT_ONCE}\n")).unwrap();
    let text = |path: &Path| path.display().to_string();
    let data = text(&dir.path().join("data"));
    let (own, list, config) = (text(&itself), text(&list), text(&config));
    let pull = [PROGRAM, "pull", "--config", &config, "--data", &data];
    println!("{count} feeds on {} hosts, {AT_ONCE} asked at once", count.div_ceil(FEEDS_A_HOST));
    println!("{:<34} {:>8} {:>8} {:>8} {:>10} {:>10}", "", "CPU s", "wall s", "MiB", "/download", "/parse");
    let mut floors: Vec<f64> = Vec::new();
    let mut tell = |name: &str, took: Took| {
        if floors.len() < 2 {
            floors.push(took.cpu);
        }
        let to = |floor: usize| floors.get(floor).map_or(String::new(), |floor| format!("{:.2}", took.cpu / floor));
        println!("{name:<34} {:>8.2} {:>8.2} {:>8} {:>10} {:>10}", took.cpu, took.wall, took.memory, to(0), to(1));
        took
    };
    tell("bare download", time(&[&own, "bare", &list]));
    tell("bare download and parse", time(&[&own, "parse", &list]));
    tell("pull: all new", time(&pull));
    let started = Instant::now();
    let daemon = Daemon::start(&config, &data);
    // What a start costs, and the words of all of it, are rows of their own and in no round.
    daemon.wait_for("words can be asked for");
    tell("start: its words read", Took { cpu: daemon.cpu(), wall: started.elapsed().as_secs_f64(), memory: daemon.peak() });
    tell("round: all 304, its first", round(&daemon, &pull));
    tell("round: all 304, the next", round(&daemon, &pull));
    farm.set("edition 1");
    tell("round: 1 in 100 changed", round(&daemon, &pull));
    farm.set("forgets 1");
    tell("round: all 200, nothing changed", round(&daemon, &pull));
    farm.set("forgets 0");
    farm.set(&format!("latency {}", LATENCY.as_millis()));
    tell("round: 304 after 100 ms", round(&daemon, &pull));
    let calm = farm.set("hangs 1");
    tell("round: and 1 host in 100 hangs", round(&daemon, &pull));
    let hung = farm.set("hangs 0");
    println!(
        "answering, after 100 ms each: {calm:.1} s, {:.2} of feeds x latency / {AT_ONCE}; the others while 1 host in 100 hangs: {hung:.1} s",
        calm / (count as f64 * LATENCY.as_secs_f64() / AT_ONCE as f64)
    );
    daemon.stop();
    farm.close();
}
