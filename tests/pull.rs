//! The main job through the public door: publishers on loopback, the real program, a reader that parses what it is served.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common {
    pub mod daemon;
    pub mod disk;
    pub mod http;
}

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Write,
    net::SocketAddr,
    path::PathBuf,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use common::{
    daemon::{Daemon, Place},
    disk::{Disk, tear},
    http::{ask, get, subscribe},
};
use tributary::serve::sample::Publisher;

/// A publisher needs a runtime to live in.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

fn rss(name: &str, items: std::ops::Range<u32>) -> String {
    let items: String = items
        .map(|n| {
            let day = 1 + n % 28;
            format!(
                "<item><title>{name} report {n} on migrant smuggling in Guatemala</title><link>https://{name}.example/{n}</link>\
                 <guid>https://{name}.example/{n}</guid><pubDate>{day:02} Sep 2020 10:00:00 GMT</pubDate><description>What {name} says of matter {n}.</description></item>"
            )
        })
        .collect();
    format!("<rss version=\"2.0\"><channel><title>{name}</title><link>https://{name}.example/</link>{items}</channel></rss>")
}

fn source(name: &str, publisher: &Publisher) -> String {
    format!(
        "[[source]]\nid = \"{name}\"\ntitle = \"{name}\"\nurl = \"{}/{name}\"\nevery = \"1h\"\nallow_private = true\n",
        publisher.base()
    )
}

const RSS: &str = "application/rss+xml";
const CONTACT: [&str; 2] = ["--contact", "editor@example.org"];

/// Entry id and place of every entry.
fn entries(address: SocketAddr) -> BTreeMap<String, String> {
    entries_at(address, "/feed.atom?limit=200")
}

/// The same of a feed.
fn entries_at(address: SocketAddr, path: &str) -> BTreeMap<String, String> {
    let feed = subscribe(address, path);
    let count = feed.items.len();
    let entries: BTreeMap<String, String> =
        feed.items.into_iter().map(|item| (item.id.unwrap(), item.published.unwrap().to_rfc3339())).collect();
    assert_eq!(entries.len(), count, "an entry is there twice");
    entries
}

/// Entry id and place of every entry of these sources.
fn entries_of(address: SocketAddr, names: &[String]) -> BTreeMap<String, String> {
    names.iter().flat_map(|name| entries_at(address, &format!("/feed/source/{name}.atom?limit=200"))).collect()
}

/// Numbers below a limit, the same ones for a seed.
fn drawn(mut seed: u64) -> impl FnMut(u64) -> u64 {
    move |below| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    }
}

/// As many rounds as a variable says, up to 200, for whoever has the time.
fn rounds(variable: &str, usual: u32) -> u32 {
    std::env::var(variable).map_or(usual, |rounds| rounds.parse().unwrap_or_else(|_| panic!("{variable} is a number"))).min(200)
}

/// Ends a daemon again and again at moments that are drawn, and sees that whatever was served or acknowledged is there afterwards, once.
fn end_again_and_again(rounds: u32, start: impl Fn(&Place) -> Daemon, mut after: impl FnMut(&Place, &mut dyn FnMut(u64) -> u64)) {
    let runtime = runtime();
    let publisher = runtime.block_on(Publisher::start()).unwrap();
    let names: Vec<String> = (0..8).map(|n| format!("wire{n}")).collect();
    let place = Place::new(&names.iter().map(|name| source(name, &publisher)).collect::<String>());
    // What the outside knows: what was served, at which place; and what was acknowledged.
    let mut kept: BTreeMap<String, String> = BTreeMap::new();
    let mut promised: BTreeSet<String> = BTreeSet::new();
    let mut draw = drawn(7);
    for round in 0..rounds {
        // Each round every publisher has one item more.
        for name in &names {
            publisher.put(&format!("/{name}"), RSS, &rss(name, 0..round + 1));
        }
        let mut daemon = start(&place);
        // Whatever was acknowledged before the last end is served, each at its place.
        let now = entries_of(daemon.address, &names);
        assert!(kept.iter().all(|(id, at)| now.get(id) == Some(at)), "round {round}");
        assert!(promised.iter().all(|id| now.contains_key(id)), "round {round}");
        let mut asking = place.command(&["pull"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // What is told as pulled is acknowledged: this round's items of that source.
        let acknowledged: BTreeSet<String> = (0..draw(8)).filter_map(|_| daemon.next_pull()).collect();
        promised.extend(acknowledged.iter().flat_map(|name| (0..=round).map(move |n| format!("https://{name}.example/{n}"))));
        kept = entries_of(daemon.address, &names);
        // And a moment later, whatever it is doing then.
        let moment = Instant::now() + Duration::from_micros(draw(20_000));
        while Instant::now() < moment {
            std::hint::spin_loop();
        }
        daemon.kill();
        // One that found no daemon any more would hold the folder.
        asking.kill().unwrap();
        asking.wait().unwrap();
        after(&place, &mut draw);
    }
    let daemon = start(&place);
    place.succeed(&["pull"]);
    let all = entries_of(daemon.address, &names);
    assert!(kept.iter().all(|(id, at)| all.get(id) == Some(at)));
    let items = |name: &String| (0..rounds).map(|n| format!("https://{name}.example/{n}")).collect::<Vec<_>>();
    assert_eq!(all.keys().cloned().collect::<BTreeSet<_>>(), names.iter().flat_map(items).collect());
    let verdict = place.succeed(&["verify"]);
    assert!(verdict.lines().all(|line| line.contains("\"problems\":[]")), "{verdict}");
    daemon.stop();
}

/// Twenty kills; or as many as `KILLS` says.
#[test]
fn a_kill_at_any_moment_loses_nothing_and_repeats_nothing() {
    end_again_and_again(rounds("KILLS", 20), |place| place.start(&CONTACT), |_, _| {});
}

/// Twelve cuts; or as many as `CUTS` says.
#[test]
fn a_power_cut_at_any_moment_loses_nothing_and_repeats_nothing() {
    let Some(disk) = Disk::under("/data") else { return };
    let by = disk.by();
    let start = |place: &Place| {
        let data = place.path("data");
        if !data.exists() {
            // The folder itself is the operator's, and there.
            fs::create_dir(&data).unwrap();
            disk.settle(&data);
        }
        place.start_by(&by.each_ref().map(String::as_str), &CONTACT)
    };
    end_again_and_again(rounds("CUTS", 12), start, |place, draw| {
        let (data, store, aside) = (place.path("data"), place.path("data/store"), place.path("store-aside"));
        // The engine asks for nothing to be synced: by the letter all of it is lost. A system may have written it all the same, or some of it.
        let is_written = draw(3);
        if is_written > 0 {
            fs::rename(&store, &aside).unwrap();
        }
        disk.forget(&data);
        if is_written > 0 {
            let _ = fs::remove_dir_all(&store);
            fs::rename(&aside, &store).unwrap();
            if is_written > 1 {
                tear(&store, draw);
            }
            disk.settle(&data);
        }
    });
}

#[test]
fn what_a_kill_left_unsynced_is_on_the_disk_before_it_is_served() {
    let Some(disk) = Disk::under("/data") else { return };
    let by = disk.by();
    let runtime = runtime();
    let publisher = runtime.block_on(Publisher::start()).unwrap();
    let place = Place::new(&source("wire", &publisher));
    let data = place.path("data");
    fs::create_dir(&data).unwrap();
    disk.settle(&data);
    let start = || place.start_by(&by.each_ref().map(String::as_str), &CONTACT);
    start().kill();
    // Of what is written by one that the disk does not mind, it was asked to keep nothing.
    let daemon = place.start(&CONTACT);
    publisher.put("/wire", RSS, &rss("wire", 0..12));
    place.succeed(&["pull"]);
    daemon.kill();
    let daemon = start();
    let served = entries(daemon.address);
    assert_eq!(served.len(), 12);
    daemon.kill();
    disk.forget(&data);
    let daemon = start();
    assert_eq!(entries(daemon.address), served);
    daemon.kill();
}

#[test]
fn what_a_failed_sync_left_is_not_there_after_a_kill() {
    let Some(disk) = Disk::under("/data/journal/") else { return };
    let runtime = runtime();
    let publisher = runtime.block_on(Publisher::start()).unwrap();
    let place = Place::new(&source("wire", &publisher));
    publisher.put("/wire", RSS, &rss("wire", 0..4));
    let daemon = place.start_by(&disk.by().each_ref().map(String::as_str), &CONTACT);
    place.succeed(&["pull"]);
    let kept = entries(daemon.address);
    disk.fail("sync");
    publisher.put("/wire", RSS, &rss("wire", 0..12));
    let failed = place.run(&["pull"]);
    assert_eq!(failed.status.code(), Some(1), "{failed:?}");
    daemon.kill();
    // The disk keeps what it has taken from now on, and says nothing of what it lost.
    disk.heal("sync");
    let daemon = place.start(&["--read-only"]);
    assert_eq!((kept.len(), entries(daemon.address)), (4, kept));
    daemon.stop();
}

/// A disk that says of every write, or of every sync, that it failed; and one that became read-only.
#[test]
fn a_disk_that_fails_takes_nothing_and_loses_nothing() {
    let disks = [("/data/journal/", "write"), ("/data/journal/", "sync"), ("/data/store/", "write"), ("/data/", "any")];
    // Each waits for a while until it is tried again.
    std::thread::scope(|all| {
        disks.map(|(of, what)| all.spawn(|| take_nothing_while_a_disk_fails(of, what))).map(|one| one.join().unwrap())
    });
}

fn take_nothing_while_a_disk_fails(of: &str, what: &str) {
    let Some(disk) = Disk::under(of) else { return };
    let runtime = runtime();
    let publisher = runtime.block_on(Publisher::start()).unwrap();
    let place = Place::new(&source("wire", &publisher));
    // It is there before the daemon looks by itself.
    publisher.put("/wire", RSS, &rss("wire", 0..12));
    let mut daemon = place.start_by(&disk.by().each_ref().map(String::as_str), &CONTACT);
    place.succeed(&["pull"]);
    let (before, kept) = (bytes(daemon.address), entries(daemon.address));
    assert_eq!(kept.len(), 12);

    disk.fail(what);
    // More than an engine holds before it writes.
    let mut draw = drawn(1);
    let mut numbers = || (0..4_000).map(|_| format!(" {}", draw(100_000))).collect::<String>();
    let long = rss("wire", 0..180).split("</description>").map(|item| item.to_owned() + &numbers()).collect::<Vec<_>>();
    publisher.put("/wire", RSS, &long.join("</description>"));
    let failed = place.run(&["pull"]);
    assert_eq!(failed.status.code(), Some(1), "{of} {what}: {failed:?}");
    message(&mut daemon, "nothing can be kept");
    assert_eq!(bytes(daemon.address), before, "{of} {what}");
    let ready = get(daemon.address, "/readyz");
    assert_eq!((ready.status, ready.json()["ready"].as_bool()), (200, Some(true)));
    assert!(ready.json()["read_only"].is_string(), "{}", ready.text());

    disk.heal(what);
    message(&mut daemon, "pulling goes on");
    assert_eq!(get(daemon.address, "/readyz").json(), serde_json::json!({ "ready": true }));
    place.succeed(&["pull"]);
    let all = entries(daemon.address);
    assert!(all.len() == 180 && kept.iter().all(|(id, at)| all.get(id) == Some(at)), "{of} {what}: {all:?}");
    daemon.stop();
    let verdict = place.succeed(&["verify"]);
    assert!(verdict.contains("\"stories\":180") && verdict.lines().all(|line| line.contains("\"problems\":[]")), "{verdict}");
}

const PATHS: [&str; 4] = ["/feed.atom", "/feed/topic/migrant-smuggling.atom", "/feed/country/gt.atom?lang=en", "/feed/topic/youth.atom"];

fn bytes(address: SocketAddr) -> Vec<(Vec<u8>, Option<String>, Option<String>)> {
    let replies = PATHS.iter().map(|path| get(address, path));
    replies
        .map(|reply| (reply.body.clone(), reply.header("etag").map(str::to_owned), reply.header("last-modified").map(str::to_owned)))
        .collect()
}

/// A place with two sources pulled, at a fixed address so that its feeds can be compared.
fn filled(publisher: &Publisher) -> Place {
    let place = Place::new(&format!("{}{}", source("wire", publisher), source("paper", publisher)));
    fs::write(
        place.path("config/tributary.toml"),
        "[serve]\npublic = \"https://news.example.org/\"\n[daemon]\ncontact = \"editor@example.org\"\n",
    )
    .unwrap();
    publisher.put("/wire", RSS, &rss("wire", 0..12));
    publisher.put("/paper", RSS, &rss("paper", 0..5));
    place.succeed(&["pull", "wire"]);
    place.succeed(&["pull", "paper"]);
    place
}

#[test]
fn a_store_that_is_lost_or_damaged_is_rebuilt_to_the_same_bytes() {
    let runtime = runtime();
    let publisher = runtime.block_on(Publisher::start()).unwrap();
    let place = filled(&publisher);
    let before = {
        let daemon = place.start(&["--read-only"]);
        let before = bytes(daemon.address);
        daemon.stop();
        before
    };
    assert!(String::from_utf8_lossy(&before[1].0).contains("matter 11"));
    let store = place.path("data/store");
    for damage in ["deleted", "truncated", "emptied", "garbled"] {
        match damage {
            "deleted" => fs::remove_dir_all(&store).unwrap(),
            "truncated" => {
                let length = fs::metadata(store.join("db")).unwrap().len();
                fs::OpenOptions::new().write(true).open(store.join("db")).unwrap().set_len(length / 2).unwrap();
            }
            "emptied" => fs::write(store.join("db"), "").unwrap(),
            _ => fs::write(store.join("conf"), "garbage").unwrap(),
        }
        let daemon = place.start(&["--read-only"]);
        assert_eq!(bytes(daemon.address), before, "{damage}");
        daemon.stop();
        assert!(place.run(&["verify"]).status.success(), "{damage}");
    }
    place.succeed(&["rebuild"]);
    let daemon = place.start(&["--read-only"]);
    assert_eq!(bytes(daemon.address), before);
    daemon.stop();
}

#[test]
fn a_damaged_journal_is_named_the_store_is_served_and_repair_mends_it() {
    let runtime = runtime();
    let publisher = runtime.block_on(Publisher::start()).unwrap();
    for damage in ["last frame torn", "middle frame damaged", "all of it lost"] {
        let place = filled(&publisher);
        let before = {
            let daemon = place.start(&["--read-only"]);
            let before = bytes(daemon.address);
            daemon.stop();
            before
        };
        let segment = place.path("data/journal/000001.ndjson.zst");
        let mut frames = fs::read(&segment).unwrap();
        match damage {
            "last frame torn" => frames.truncate(frames.len() - 5),
            // The first record begins after the header.
            "middle frame damaged" => {
                let header = zstd::zstd_safe::find_frame_compressed_size(&frames).unwrap();
                frames[header + 60] ^= 1;
            }
            _ => frames.clear(),
        }
        match damage {
            "all of it lost" => fs::remove_dir_all(place.path("data/journal")).unwrap(),
            _ => fs::write(&segment, frames).unwrap(),
        }
        let mut daemon = place.start(&[]);
        assert_eq!(
            bytes(daemon.address).iter().map(|(body, ..)| body.len()).collect::<Vec<_>>(),
            before.iter().map(|(body, ..)| body.len()).collect::<Vec<_>>(),
            "{damage}"
        );
        let told = daemon
            .lines
            .iter()
            .find(|line| line["level"] == "ERROR")
            .unwrap_or_else(|| panic!("{damage}: nobody was told: {:?}", daemon.lines));
        assert!(told["message"].as_str().unwrap().contains("verify --repair"), "{damage}: {told}");
        assert!(get(daemon.address, "/readyz").json()["read_only"].is_string());
        let refused = place.run(&["pull"]);
        assert_eq!(refused.status.code(), Some(1), "{damage}");
        daemon.stop_quietly();

        let repaired = place.run(&["verify", "--repair"]);
        assert!(repaired.status.success(), "{damage}: {}", String::from_utf8_lossy(&repaired.stderr));
        let daemon = place.start(&[]);
        assert_eq!(
            bytes(daemon.address).iter().map(|(body, ..)| body.clone()).collect::<Vec<_>>(),
            before.iter().map(|(body, ..)| body.clone()).collect::<Vec<_>>(),
            "{damage}"
        );
        assert!(place.run(&["pull"]).status.success());
        daemon.stop();
        // What was repaired is enough to build the store from.
        place.succeed(&["rebuild"]);
        let daemon = place.start(&["--read-only"]);
        assert_eq!(entries(daemon.address).len(), 17, "{damage}");
        daemon.stop();
    }
}

#[test]
fn a_publisher_is_asked_conditionally_also_after_a_restart() {
    let runtime = runtime();
    let publisher = runtime.block_on(Publisher::start()).unwrap();
    let place = filled(&publisher);
    place.succeed(&["pull", "wire"]);
    let asked: Vec<(u16, Option<String>)> = publisher
        .seen()
        .iter()
        .filter(|seen| seen.path == "/wire")
        .map(|seen| (seen.status, seen.headers.iter().find(|(name, _)| name == "if-none-match").map(|(_, value)| value.clone())))
        .collect();
    assert_eq!(asked.iter().map(|(status, _)| *status).collect::<Vec<_>>(), [200, 304]);
    assert_eq!(asked[0].1, None);
    assert!(asked[1].1.as_ref().is_some_and(|tag| tag.starts_with('"')));
    let first = &publisher.seen()[0];
    let names: BTreeSet<&str> = first.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["accept", "accept-encoding", "host", "user-agent"].into());
    let agent = &first.headers.iter().find(|(name, _)| name == "user-agent").unwrap().1;
    assert!(agent.starts_with("Tributary/") && agent.contains("editor@example.org"), "{agent}");
}

#[test]
fn a_changed_item_is_updated_in_its_place_and_a_copy_joins_its_story() {
    let runtime = runtime();
    let publisher = runtime.block_on(Publisher::start()).unwrap();
    let place = filled(&publisher);
    let daemon = place.start(&[]);
    let before = entries(daemon.address);
    // An edited title, and another source that tells the same page under a dressed-up address.
    publisher.put("/wire", RSS, &rss("wire", 0..12).replace("wire report 11 on", "Corrected: wire report 11 on"));
    let copy = rss("wire", 3..4)
        .replace("https://wire.example/3<", "http://www.wire.example/3/?utm_source=x<")
        .replace("<guid>https://wire.example/3", "<guid isPermaLink=\"false\">copy");
    publisher.put("/paper", RSS, &copy);
    let rows = place.succeed(&["pull", "--json"]);
    let of = |source: &str| -> serde_json::Value {
        rows.lines().map(|line| serde_json::from_str(line).unwrap()).find(|row: &serde_json::Value| row["source"] == source).unwrap()
    };
    assert_eq!((of("wire")["revised"].as_u64(), of("paper")["joined"].as_u64()), (Some(1), Some(1)), "{rows}");
    assert_eq!(entries(daemon.address), before, "no entry is new and none has moved");
    let text = get(daemon.address, "/feed.atom").text();
    assert!(text.contains("Corrected: wire report 11"));
    assert!(text.contains("rel=\"related\"") && text.contains("title=\"paper\""), "the copy is named");
    // A reader that knows the feed is told that it changed, and then that it did not.
    let tag = get(daemon.address, "/feed.atom").header("etag").unwrap().to_owned();
    assert_eq!(ask(daemon.address, "GET", "/feed.atom", &[("If-None-Match", &tag)]).status, 304);
    daemon.stop();
}

#[test]
fn one_data_folder_has_one_daemon_and_the_others_ask_it() {
    let runtime = runtime();
    let publisher = runtime.block_on(Publisher::start()).unwrap();
    let place = filled(&publisher);
    let daemon = place.start(&[]);
    let second = place.run(&["run", "--listen", "127.0.0.1:0"]);
    assert_eq!(second.status.code(), Some(1));
    let told = String::from_utf8(second.stderr).unwrap();
    assert!(told.contains("is in use by another tributary (process "), "{told}");
    use std::os::unix::fs::PermissionsExt;
    assert_eq!(fs::metadata(place.path("data/tributary.sock")).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(
        place.succeed(&["print", "feed/topic/migrant-smuggling.atom"]),
        get(daemon.address, "/feed/topic/migrant-smuggling.atom").text()
    );
    for (asked, address) in [
        (&["feed/topic/migrant-smuggling.rss"][..], "/feed/topic/migrant-smuggling.rss"),
        (&["--format", "json", "topic=migrant-smuggling&limit=1"], "/feed/topic/migrant-smuggling.json?limit=1"),
        (&["--format", "rss", "feed/topic/migrant-smuggling.atom?limit=1"], "/feed/topic/migrant-smuggling.rss?limit=1"),
        (&["--format", "json"], "/feed.json"),
        (&["/editor?limit=1"], "/editor.atom?limit=1"),
        (&[], "/feed.atom"),
    ] {
        let asked: Vec<&str> = ["print"].iter().chain(asked).copied().collect();
        assert_eq!(place.succeed(&asked), get(daemon.address, address).text(), "{asked:?}");
    }
    let refused = place.run(&["print", "editor", "--format", "rss"]);
    assert!(String::from_utf8(refused.stderr).unwrap().contains("there is nothing at this address"));
    let sources = place.succeed(&["sources", "--json"]);
    assert_eq!(sources.lines().filter(|line| line.contains("\"fault\":null")).count(), 2, "{sources}");
    let unknown = place.run(&["pull", "wirr"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(String::from_utf8(unknown.stderr).unwrap().contains("there is no source `wirr`; did you mean wire"));
    daemon.stop();
}

#[test]
fn real_sources_are_not_pulled_without_a_contact_address() {
    let place = Place::new("[[source]]\nid = \"wire\"\ntitle = \"Wire\"\nurl = \"https://wire.example/feed\"\n");
    for command in ["run", "pull"] {
        let refused = place.run(&[command]);
        assert_eq!(refused.status.code(), Some(2), "{command}");
        assert!(String::from_utf8(refused.stderr).unwrap().contains("no contact address"), "{command}");
    }
}

#[test]
fn a_source_that_fails_costs_the_others_nothing() {
    let runtime = runtime();
    let publisher = runtime.block_on(Publisher::start()).unwrap();
    let place = filled(&publisher);
    publisher.put("/wire", "text/html", "<!doctype html><html><title>Sorry</title></html>");
    publisher.put("/paper", RSS, &rss("paper", 0..6));
    let table = place.succeed(&["pull"]);
    assert!(table.contains("the publisher sent an HTML page titled “Sorry” instead of a feed"), "{table}");
    let rows = place.succeed(&["sources", "--json"]);
    let standing = |id: &str| {
        rows.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()).find(|row| row["source"] == id).unwrap()["standing"].clone()
    };
    assert_eq!((standing("wire"), standing("paper")), ("broken".into(), "silent".into()), "the last news of both is of 2020");
    let daemon = place.start(&["--read-only"]);
    assert_eq!(entries(daemon.address).len(), 18, "what the failing source told before is still there");
    daemon.stop();
}

/// Reads the log until a line has these words.
fn message(daemon: &mut Daemon, words: &str) -> String {
    loop {
        let line = daemon.next_line().unwrap_or_else(|| panic!("the daemon ended before it said `{words}`"));
        let message = line["message"].as_str().unwrap_or_default().to_owned();
        if message.contains(words) {
            return message;
        }
    }
}

/// What a program has to be started by to see a small disk of its own at the folder that `DATA` names; nothing where nobody may mount one.
fn by_a_disk_of_its_own(options: &str) -> Option<[String; 8]> {
    let mount = format!("mount -t tmpfs -o {options} tmpfs \"$DATA\" && exec \"$@\"");
    let by = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", &mount, "sh"].map(str::to_owned);
    let probe = tempfile::tempdir().unwrap();
    let mounts = Command::new(&by[0]).args(&by[1..]).arg("true").env("DATA", probe.path()).output();
    let may = mounts.is_ok_and(|output| output.status.success());
    if !may {
        eprintln!("skipped: this system lets nobody mount a small disk");
    }
    may.then_some(by)
}

#[test]
fn a_volume_that_is_read_only_from_the_start_is_refused() {
    let by = by_a_disk_of_its_own("ro");
    let Some(by) = by.as_ref() else { return };
    let place = Place::new("");
    let data = place.path("data");
    fs::create_dir(&data).unwrap();
    let run = place.command(&["run", "--listen", "127.0.0.1:0"]);
    let output = Command::new(&by[0]).args(&by[1..]).arg(run.get_program()).args(run.get_args()).env("DATA", &data).output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("can not be used as data folder") && told.contains("Read-only file system"), "{told}");
}

#[test]
fn a_full_disk_stops_pulling_and_not_reading_and_pulling_goes_on_by_itself() {
    // The daemon sees it, and the others reach it by way of the daemon.
    let by = by_a_disk_of_its_own("size=24m");
    let Some(on_a_small_disk) = by.as_ref() else { return };
    let runtime = runtime();
    let publisher = runtime.block_on(Publisher::start()).unwrap();
    let place = Place::new(&source("wire", &publisher));
    // It has less room than is left free elsewhere.
    let config = "[daemon]\ncontact = \"editor@example.org\"\n[limits]\nfree_mib = 0\n";
    fs::write(place.path("config/tributary.toml"), config).unwrap();
    let data = place.path("data");
    fs::create_dir(&data).unwrap();
    let variable = format!("DATA={}", data.display());
    let by = [&["env", &variable], &on_a_small_disk.each_ref().map(String::as_str)[..]].concat();
    let mut daemon = place.start_by(&by, &[]);
    let disk = PathBuf::from(format!("/proc/{}/root{}", daemon.pid(), data.display()));
    let run = |command: &str| {
        let config = place.path("config");
        let output = Command::new(env!("CARGO_BIN_EXE_tributary"))
            .arg(command)
            .arg("--config")
            .arg(config)
            .arg("--data")
            .arg(&disk)
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
    };
    let pull = || run("pull");
    publisher.put("/wire", RSS, &rss("wire", 0..40));
    assert_eq!(pull().0, Some(0));
    let before = bytes(daemon.address);

    // All but half a mebibyte is taken, which is enough for what is found in the journal, and not in the store.
    let ballast = disk.join("ballast");
    let mut file = fs::File::create(&ballast).unwrap();
    let mut written = 0;
    while file.write_all(&[1; 64 << 10]).is_ok() {
        written += 64 << 10;
    }
    file.set_len(written - (512 << 10)).unwrap();
    drop(file);
    publisher.put("/wire", RSS, &rss("wire", 0..3_000).replace("What wire says", "Just what wire says"));
    let (code, told) = pull();
    assert!(code == Some(1) && told.contains("the store failed"), "{told}");
    assert!(message(&mut daemon, "nothing can be kept").ends_with("nothing is pulled until it can be, what is kept is still served"));
    // Nobody is asked again to learn that nothing can be kept, and whoever reads is served.
    let asked = publisher.seen().len();
    assert_eq!(pull().0, Some(1));
    assert_eq!(publisher.seen().len(), asked);
    let ready = get(daemon.address, "/readyz");
    assert_eq!((ready.status, ready.json()["ready"].as_bool()), (200, Some(true)));
    assert!(ready.json()["read_only"].is_string(), "{}", ready.text());
    let titles = |address| subscribe(address, "/feed.atom?limit=200").items.len();
    assert_eq!((before.len(), titles(daemon.address)), (PATHS.len(), 200));
    for path in PATHS {
        assert_eq!(get(daemon.address, path).status, 200, "{path}");
    }

    fs::remove_file(&ballast).unwrap();
    message(&mut daemon, "pulling goes on");
    assert_eq!(get(daemon.address, "/readyz").json(), serde_json::json!({ "ready": true }));
    assert_eq!(pull().0, Some(0));
    let (code, verdict) = run("verify");
    assert!(code == Some(0) && verdict.contains("\"stories\":3000"), "{verdict}");
    daemon.stop();
}
