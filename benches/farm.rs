//! What gathering costs, beside a bare download of the same feeds in the same run.
//!
//!     cargo bench --bench farm            1,000 feeds
//!     cargo bench --bench farm -- 5000    more
//!
//! A farm of publishers on loopback addresses, in a process of its own, serves RSS and Atom feeds of
//! 20 to 50 items of one to three kilobytes. Three others are timed: a bare download and parse
//! (reqwest and feed-rs, nothing kept), `tributary pull` into an empty data folder, and the same
//! once more, when every answer is a 304. CPU is the process's own, as the shell's `times` tells it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::{
    fmt::Write as _,
    io::{BufRead, BufReader, Write as _},
    net::Ipv4Addr,
    process::{Command, Stdio},
    sync::Arc,
    time::Instant,
};

use tributary::serve::sample::Publisher;

const FEEDS_A_HOST: usize = 20;
const AT_ONCE: usize = 32;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve", count] => serve(count.parse().unwrap()),
        ["bare", list] => bare(list),
        [count] => compare(count.parse().expect("a number of feeds")),
        _ => compare(1_000),
    }
}

/// The farm: tells the address of each feed, then serves until its input ends.
fn serve(count: usize) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let hosts = count.div_ceil(FEEDS_A_HOST);
    let publishers: Vec<Publisher> = (0..hosts)
        .map(|host| {
            let address = Ipv4Addr::new(127, 0, 1 + (host / 250) as u8, 1 + (host % 250) as u8);
            runtime.block_on(Publisher::start_at(address)).unwrap()
        })
        .collect();
    for n in 0..count {
        let (publisher, path) = (&publishers[n / FEEDS_A_HOST], format!("/{n}"));
        publisher.put(&path, "application/xml", &feed(n));
        println!("{}{path}", publisher.base());
    }
    println!();
    std::io::stdout().flush().unwrap();
    let _ = std::io::stdin().read_line(&mut String::new());
}

/// A feed that looks like news: words of a small vocabulary, drawn by its number.
fn feed(n: usize) -> String {
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
    for item in 0..20 + draw(31) {
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

/// The floor: each feed downloaded and parsed, nothing kept.
fn bare(list: &str) {
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
                let body = client.get(url).send().await.unwrap().bytes().await.unwrap();
                tokio::task::spawn_blocking(move || feed_rs::parser::parse(&body[..]).unwrap().entries.len()).await.unwrap()
            });
        }
        let items: usize = running.join_all().await.into_iter().sum();
        println!("{items} items");
    });
}

/// Runs a command; gives its CPU and wall time in seconds, and its peak memory in MiB where that can be told.
fn time(command: &[&str]) -> (f64, f64) {
    let started = Instant::now();
    let output = Command::new("sh").args(["-c", "\"$@\" >/dev/null; times", "sh"]).args(command).stderr(Stdio::inherit()).output().unwrap();
    let wall = started.elapsed().as_secs_f64();
    let told = String::from_utf8(output.stdout).unwrap();
    let seconds = |text: &str| {
        let (minutes, seconds) = text.trim_end_matches('s').split_once('m').unwrap();
        minutes.parse::<f64>().unwrap() * 60.0 + seconds.parse::<f64>().unwrap()
    };
    (told.lines().last().unwrap().split_whitespace().map(seconds).sum(), wall)
}

fn compare(count: usize) {
    let dir = tempfile::tempdir().unwrap();
    let itself = std::env::current_exe().unwrap();
    let mut farm = Command::new(&itself).args(["serve", &count.to_string()]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(farm.stdout.take().unwrap()).lines().map(Result::unwrap);
    let urls: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
    let list = dir.path().join("list");
    std::fs::write(&list, urls.join("\n")).unwrap();
    let config = dir.path().join("config");
    std::fs::create_dir(&config).unwrap();
    let mut sources = String::from("builtin = false\n");
    for (n, url) in urls.iter().enumerate() {
        let _ = write!(sources, "[[source]]\nid = \"p{n}\"\ntitle = \"p{n}\"\nurl = \"{url}\"\nevery = \"1h\"\nallow_private = true\n");
    }
    std::fs::write(config.join("sources.toml"), sources).unwrap();
    let text = |path: &std::path::Path| path.display().to_string();
    let (program, data) = (env!("CARGO_BIN_EXE_tributary"), text(&dir.path().join("data")));
    let pull = [program, "pull", "--config", &text(&config), "--data", &data].map(str::to_owned);
    let pull: Vec<&str> = pull.iter().map(String::as_str).collect();
    let own = text(&itself);
    let rows = [
        ("bare download and parse", time(&[&own, "bare", &text(&list)])),
        ("tributary pull, cold", time(&pull)),
        ("tributary pull, all 304", time(&pull)),
    ];
    let floor = rows[0].1;
    println!("{count} feeds on {} hosts", count.div_ceil(FEEDS_A_HOST));
    println!("{:<26} {:>8} {:>8} {:>10}", "", "CPU s", "wall s", "CPU/bare");
    for (name, (cpu, wall)) in rows {
        println!("{name:<26} {cpu:>8.2} {wall:>8.2} {:>10.2}", cpu / floor.0);
    }
    drop(farm.stdin.take());
    farm.wait().unwrap();
}
