//! What Prometheus is told is what happened, and alerts and dashboards name nothing else.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "common/http.rs"]
mod http;
#[path = "common/daemon.rs"]
mod place;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Write,
    net::SocketAddr,
};

use http::{ask, get};
use place::{Daemon, Place};
use serde_json::Value;
use tributary::serve::sample::Publisher;

/// Two publishers, of whom one has nothing at its address, and a source that is switched off.
struct Desk {
    _runtime: tokio::runtime::Runtime,
    publisher: Publisher,
    place: Place,
}

impl Desk {
    fn new(metrics: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let publisher = runtime.block_on(Publisher::start()).unwrap();
        let items = ["Bees", "Wasps"].map(|title| format!("<item><title>{title}</title><guid>{title}</guid></item>")).concat();
        publisher.put("/wire", "application/rss+xml", &wire(&items));
        let source = |id: &str, rest: &str| {
            let url = format!("{}/{id}", publisher.base());
            format!("[[source]]\nid = \"{id}\"\ntitle = \"{id}\"\nurl = \"{url}\"\nevery = \"1h\"\nallow_private = true\n{rest}\n")
        };
        let place = Place::new(&[source("wire", ""), source("paper", ""), source("post", "enabled = false")].concat());
        fs::write(place.path("config/tributary.toml"), format!("[serve]\nmetrics = \"{metrics}\"\n")).unwrap();
        Self { _runtime: runtime, publisher, place }
    }

    /// A daemon that has asked both sources once.
    fn start(&self) -> Daemon {
        let mut daemon = self.place.start(&[]);
        let source = |line: &Value| line["source.id"].as_str().map(str::to_owned);
        // They may have been asked before it said that it serves.
        let mut told: BTreeSet<String> = daemon.lines.iter().filter_map(source).collect();
        while told.len() < 2 {
            told.extend(source(&daemon.next_line().unwrap()));
        }
        daemon
    }
}

fn wire(items: &str) -> String {
    format!("<rss version=\"2.0\"><channel><title>Wire</title>{items}</channel></rss>")
}

/// Where a daemon said that it tells metrics.
fn address(daemon: &Daemon) -> SocketAddr {
    daemon.lines.iter().find_map(|line| line["metrics.address"].as_str()).expect("metrics are told somewhere").parse().unwrap()
}

/// Every series by its name and labels.
fn series(address: SocketAddr) -> BTreeMap<String, f64> {
    let reply = get(address, "/metrics");
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("text/plain; version=0.0.4; charset=utf-8")));
    let text = reply.text();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.rsplit_once(' ').unwrap()).map(|(name, value)| (name.to_owned(), value.parse().unwrap())).collect()
}

/// Series that are not at nought, but for those that tell times, sizes and what is open just now.
fn counted(address: SocketAddr) -> Vec<(String, f64)> {
    let is_steady =
        |name: &str| !["seconds", "bytes", "_files", "tributary_connections", "tributary_build"].iter().any(|part| name.contains(part));
    series(address).into_iter().filter(|(name, value)| is_steady(name) && *value != 0.0).collect()
}

fn expected(all: &[(&str, f64)]) -> Vec<(String, f64)> {
    let mut all: Vec<(String, f64)> = all.iter().map(|(name, value)| (format!("tributary_{name}"), *value)).collect();
    all.sort_by(|one, other| one.0.cmp(&other.0));
    all
}

#[test]
fn what_is_told_is_what_happened() {
    let desk = Desk::new("127.0.0.1:0");
    let mut daemon = desk.start();
    let metrics = address(&daemon);
    let first = get(daemon.address, "/feed.atom");
    let tag = first.header("etag").unwrap().to_owned();
    assert_eq!(ask(daemon.address, "GET", "/feed.atom", &[("If-None-Match", &tag)]).status, 304);
    assert_eq!(ask(daemon.address, "HEAD", "/feed/source/wire.atom", &[]).status, 200);
    for (path, status) in [("/", 200), ("/feed", 200), ("/topics.json", 200), ("/status", 200), ("/readyz", 200)] {
        assert_eq!(get(daemon.address, path).status, status, "{path}");
    }
    assert_eq!(get(daemon.address, "/feed/topic/no-such-topic.atom").status, 404);
    assert_eq!(ask(daemon.address, "POST", "/wp-login.php", &[]).status, 405);
    let once = [
        ("cache_feeds", 3.0),
        ("cache_lookups_total{result=\"hit\"}", 2.0),
        ("cache_lookups_total{result=\"miss\"}", 3.0),
        ("http_requests_total{kind=\"feed\",status=\"2xx\"}", 2.0),
        ("http_requests_total{kind=\"feed\",status=\"304\"}", 1.0),
        ("http_requests_total{kind=\"feed\",status=\"4xx\"}", 1.0),
        ("http_requests_total{kind=\"list\",status=\"2xx\"}", 1.0),
        ("http_requests_total{kind=\"other\",status=\"4xx\"}", 1.0),
        ("http_requests_total{kind=\"page\",status=\"2xx\"}", 2.0),
        ("http_requests_total{kind=\"probe\",status=\"2xx\"}", 1.0),
        ("http_requests_total{kind=\"status\",status=\"2xx\"}", 1.0),
        ("items_total{fate=\"new\"}", 2.0),
        ("pull_faults_total{fault=\"missing\"}", 1.0),
        ("pulls_total{outcome=\"changed\"}", 1.0),
        ("pulls_total{outcome=\"failed\"}", 1.0),
        ("ready", 1.0),
        ("record", 1.0),
        ("sources{standing=\"broken\"}", 1.0),
        ("sources{standing=\"fine\"}", 1.0),
        ("sources{standing=\"off\"}", 1.0),
        ("stories", 2.0),
    ];
    assert_eq!(counted(metrics), expected(&once));

    // Times and sizes are told as well, and those of requests are as many as the requests.
    let all = series(metrics);
    let value = |name: &str| *all.get(&format!("tributary_{name}")).unwrap_or_else(|| panic!("there is no {name}"));
    assert_eq!(value("http_request_duration_seconds_count{kind=\"feed\"}"), 4.0);
    assert_eq!(value("http_request_duration_seconds_bucket{kind=\"feed\",le=\"+Inf\"}"), 4.0);
    assert_eq!((value("pull_duration_seconds_count"), value("connections_limit")), (2.0, 1024.0));
    assert_eq!(value(&format!("build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"))), 1.0);
    let journal: u64 = fs::read_dir(desk.place.path("data/journal")).unwrap().map(|file| file.unwrap().metadata().unwrap().len()).sum();
    assert_eq!(value("journal_bytes"), journal as f64);
    for name in ["cache_bytes", "store_bytes", "start_time_seconds", "resident_memory_bytes", "open_files"] {
        assert!(value(name) > 0.0, "{name}");
    }
    assert!(value("source_last_success_age_seconds{source=\"wire\"}") < 600.0);
    assert!(!all.keys().any(|name| name.contains("source=\"paper\"")), "one that never answered has no age");

    // The same document again, and then one that another item was added to.
    for (items, outcome) in [(None, "unchanged"), (Some("<item><title>Ants</title><guid>Ants</guid></item>"), "changed")] {
        let before = series(metrics);
        if let Some(items) = items {
            desk.publisher.put("/wire", "application/rss+xml", &wire(items));
        }
        desk.place.succeed(&["pull", "wire"]);
        let name = format!("tributary_pulls_total{{outcome=\"{outcome}\"}}");
        assert_eq!(series(metrics)[&name], before[&name] + 1.0);
    }
    // The feed and the page of everything were asked for twice each.
    let begin = std::time::Instant::now();
    while series(metrics)["tributary_cache_rebuilds_total"] < 2.0 {
        assert!(begin.elapsed().as_secs() < 60, "nothing is made again");
    }
    let fetched = series(metrics)["tributary_fetched_bytes_total"];
    let items = ["Bees", "Wasps"].map(|title| format!("<item><title>{title}</title><guid>{title}</guid></item>")).concat();
    let sent = wire(&items).len() + wire("<item><title>Ants</title><guid>Ants</guid></item>").len();
    assert_eq!(fetched, sent as f64);

    // An edit with a mistake changes nothing, and is told.
    fs::write(desk.place.path("config/topics.toml"), "[[topic]]\n").unwrap();
    daemon.wait_for("nothing is changed");
    let after = series(metrics);
    assert!(after["tributary_configuration_mistakes"] >= 1.0);
    let reloads = |all: &BTreeMap<String, f64>| {
        ["refused", "taken"].map(|result| all[&format!("tributary_configuration_reloads_total{{result=\"{result}\"}}")])
    };
    assert_eq!((reloads(&after), after["tributary_configuration_waiting"]), ([1.0, 0.0], 0.0));

    // Another address for metrics waits for the next start.
    fs::remove_file(desk.place.path("config/topics.toml")).unwrap();
    daemon.wait_for("again the one that holds");
    fs::write(desk.place.path("config/tributary.toml"), "[serve]\nmetrics = \"here\"\n").unwrap();
    daemon.wait_for("[serve] metrics was changed, and stays as it was");
    let after = series(metrics);
    let told = |name: &str| after[&format!("tributary_configuration_{name}")];
    assert_eq!((reloads(&after), told("mistakes"), told("waiting")), ([1.0, 1.0], 0.0, 1.0));
    daemon.stop();
}

#[test]
fn metrics_are_told_where_the_configuration_says_and_nowhere_else() {
    let [at, here, off] = ["127.0.0.1:0", "here", ""].map(Desk::new);
    let own = at.place.start(&[]);
    assert_eq!((get(address(&own), "/metrics").status, get(own.address, "/metrics").status), (200, 404));
    for path in ["/", "/feed.atom", "/readyz", "/metrics/"] {
        assert_eq!(get(address(&own), path).status, 404, "{path}");
    }
    assert_eq!(ask(address(&own), "POST", "/metrics", &[]).status, 405);

    let here = here.place.start(&["--read-only"]);
    assert_eq!(counted(here.address), expected(&[("ready", 1.0), ("sources{standing=\"new\"}", 2.0), ("sources{standing=\"off\"}", 1.0)]));
    assert!(here.lines.iter().all(|line| line["metrics.address"].is_null()));

    let off = off.place.start(&[]);
    assert_eq!(ask(off.address, "GET", "/metrics", &[("X-Forwarded-For", "127.0.0.1")]).status, 404);

    let place = Place::new("");
    let refused = |metrics: &str| {
        fs::write(place.path("config/tributary.toml"), format!("[serve]\nlisten = \"127.0.0.1:8080\"\nmetrics = \"{metrics}\"\n")).unwrap();
        let told = String::from_utf8(place.run(&["check"]).stderr).unwrap();
        told.lines().find(|line| line.contains("tributary.toml:3:11")).unwrap_or_else(|| panic!("{told}")).to_owned()
    };
    assert!(
        refused("9464")
            .ends_with("[serve]: `metrics`: `9464` is neither an address and port, such as 127.0.0.1:9464, nor \"here\", nor empty")
    );
    assert!(
        refused("127.0.0.1:8080")
            .ends_with("[serve]: `metrics`: feeds are served at 127.0.0.1:8080; to tell metrics there too, write \"here\"")
    );
}

#[test]
fn what_was_mended_at_the_start_is_told() {
    let desk = Desk::new("127.0.0.1:0");
    let repairs = |daemon: &Daemon| -> Vec<(String, f64)> {
        counted(address(daemon)).into_iter().filter(|(name, _)| name.contains("repairs")).collect()
    };
    let daemon = desk.start();
    assert_eq!(repairs(&daemon), []);
    daemon.kill();
    fs::remove_dir_all(desk.place.path("data/store")).unwrap();
    let journal = desk.place.path("data/journal/000001.ndjson.zst");
    // The beginning of a frame, as a kill in the middle of a write leaves it.
    fs::OpenOptions::new().append(true).open(journal).unwrap().write_all(&[0x28, 0xb5, 0x2f, 0xfd, 0x04]).unwrap();
    let daemon = desk.place.start(&["--read-only"]);
    assert_eq!(repairs(&daemon), expected(&[("repairs_total{what=\"journal\"}", 1.0), ("repairs_total{what=\"store\"}", 1.0)]));
}

/// Texts between quotes that stand behind a label's name, by label: `{status=~"2xx|304"}` names two.
fn labels(text: &str) -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    for (at, sign) in text.match_indices('=') {
        let before = text[..at].trim_end_matches('!');
        let name: String =
            before.chars().rev().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect::<Vec<_>>().into_iter().rev().collect();
        let value = text[at + sign.len()..].trim_start_matches('~').strip_prefix('"').and_then(|rest| rest.split_once('"'));
        let Some((value, _)) = value.filter(|_| !name.is_empty()) else { continue };
        found.extend(value.split('|').map(|value| (name.clone(), value.to_owned())));
    }
    found
}

/// Names of ours in a text.
fn names(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("tributary_")).map(str::to_owned).collect()
}

#[test]
fn alerts_and_dashboard_name_only_what_is_told() {
    let desk = Desk::new("127.0.0.1:0");
    let daemon = desk.start();
    let all = series(address(&daemon));
    let told: BTreeSet<String> = all.keys().map(|name| name.split('{').next().unwrap().to_owned()).collect();
    let values: BTreeSet<(String, String)> = all.keys().flat_map(|name| labels(name)).collect();
    let ours: BTreeSet<&String> = values.iter().map(|(label, _)| label).collect();
    for file in ["prometheus/alerts.yml", "grafana/dashboard.json"] {
        let text = fs::read_to_string(format!("{}/deploy/{file}", env!("CARGO_MANIFEST_DIR"))).unwrap().replace("\\\"", "\"");
        let named = names(&text);
        assert!(named.len() > 10, "{file} names {named:?}");
        let unknown: Vec<&String> = named.difference(&told).collect();
        assert!(unknown.is_empty(), "{file} names what is not told: {unknown:?}");
        let asked: BTreeSet<(String, String)> = labels(&text).into_iter().filter(|(label, _)| ours.contains(label)).collect();
        assert!(asked.len() > 3, "{file} asks for {asked:?}");
        let unknown: Vec<_> = asked.difference(&values).collect();
        assert!(unknown.is_empty(), "{file} asks for what never is: {unknown:?}");
    }
    // Nothing is counted that nobody looks at.
    let looked_at = fs::read_to_string(format!("{}/deploy/grafana/dashboard.json", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let is_part = |name: &&String| ["_sum", "_count"].iter().any(|end| name.ends_with(end));
    let unseen: Vec<&String> = told.iter().filter(|name| !is_part(name)).filter(|name| !looked_at.contains(name.as_str())).collect();
    assert!(unseen.is_empty(), "the dashboard leaves out {unseen:?}");
}
