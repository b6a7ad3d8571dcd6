//! What operators are told of their sources, and what readers are never told of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;
#[path = "common/http.rs"]
mod http;
#[path = "common/daemon.rs"]
mod place;

use std::{collections::BTreeMap, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use common::{at, state};
use http::{ask, get};
use place::{Daemon, Place};
use serde_json::{Value, json};
use tributary::{
    config,
    daemon::{self, data::DataFolder},
    health::{Health, health},
    model::{Body, Checked, Draft, Fault, Ids, Moved, Second, Source, SourceState, Standing},
    serve::sample::Publisher,
};

const DAY: i64 = 86_400;

fn source(id: &str) -> Source {
    let url = format!("https://{id}.example/feed").parse().unwrap();
    Source { home: format!("https://{id}.example/").parse().ok(), ..Source::new(id.parse().unwrap(), id.to_uppercase(), url) }
}

fn failing(fault: Fault, trouble: &str) -> SourceState {
    let trouble = Some(trouble.to_owned());
    SourceState { fault: Some(fault), trouble, since: Some(at(-7_200)), not_before: Some(at(3_600)), failures: 2, ..state("wire", at(0)) }
}

/// Standing, sentence and remedy of what leads.
fn told(health: &Health) -> (Standing, &str, Option<&str>) {
    (health.leading.standing, &health.leading.sentence, health.leading.remedy.as_deref())
}

#[test]
fn each_standing_has_the_sentence_that_a_person_needs_and_what_to_try() {
    let wire = source("wire");
    let good = state("wire", at(0));
    let until = "; so since 2020-09-13 10:26 UTC; it is asked again after 2020-09-13 13:26 UTC";
    let discover = "open https://wire.example/feed in a browser; `tributary discover https://wire.example/` finds the feed that is there now, or proposes how to read the page";
    let cases = [
        (Some(good.clone()), Standing::Fine, "it answers, with 1 item".to_owned(), None),
        (None, Standing::New, "it was not asked yet".to_owned(), None),
        (
            Some(SourceState { url: "https://wire.example/old".into(), ..failing(Fault::Gone, "gone") }),
            Standing::New,
            "its address is new and was not asked yet".to_owned(),
            None,
        ),
        (
            Some(failing(Fault::Broken, "`item` matches nothing")),
            Standing::Broken,
            format!("`item` matches nothing{until}"),
            Some("`tributary discover https://wire.example/feed` proposes selectors for the page as it is now"),
        ),
        (Some(failing(Fault::Missing, "it is not there (404)")), Standing::Broken, format!("it is not there (404){until}"), Some(discover)),
        (
            Some(failing(Fault::Blocked, "it refuses us (403)")),
            Standing::Blocked,
            format!("it refuses us (403){until}"),
            Some("ask the publisher to let the program in, or set `headers` for `wire` in sources.toml"),
        ),
        (
            Some(failing(Fault::Slow, "no whole answer within 60 s")),
            Standing::Failing,
            format!("no whole answer within 60 s{until}"),
            Some("if it always takes so long, set a longer `timeout` for `wire` in sources.toml"),
        ),
        (
            Some(failing(Fault::AskedToWait, "it asked us to slow down (429)")),
            Standing::Waiting,
            format!("it asked us to slow down (429){until}"),
            Some("nothing now; if it happens often, set a longer `every` for `wire` in sources.toml"),
        ),
        (
            Some(SourceState { gone: true, ..failing(Fault::Gone, "it is gone (410)") }),
            Standing::Gone,
            "it is gone (410); so since 2020-09-13 10:26 UTC; it is asked no more".to_owned(),
            Some(
                "`tributary discover https://wire.example/` looks for the feed that came after it; if there is none, set `enabled = false` for `wire` in sources.toml",
            ),
        ),
        (
            Some(SourceState {
                moved: Some(Moved { to: "https://new.example/".into(), since: at(-60), seen: 1, believed: false }),
                ..good.clone()
            }),
            Standing::Moved,
            "it says that its address is https://new.example/ for good, since 2020-09-13 12:25 UTC".to_owned(),
            Some("write `url = \"https://new.example/\"` for `wire` in sources.toml"),
        ),
        (
            Some(SourceState { repaired: vec!["cut off".into(), "a bare &".into()], ..good.clone() }),
            Standing::Repaired,
            "what it sent had to be mended: cut off, a bare &".to_owned(),
            Some("nothing; the publisher may be glad to know"),
        ),
        // A record of before kinds were kept.
        (
            Some(SourceState { trouble: Some("no answer".into()), ..good.clone() }),
            Standing::Failing,
            "no answer".to_owned(),
            Some("see the log; if it happens again, please report it"),
        ),
    ];
    for (state, standing, sentence, remedy) in cases {
        assert_eq!(told(&health(&wire, state.as_ref(), at(0))), (standing, sentence.as_str(), remedy));
    }
    let off = Source { enabled: false, note: Some("no feed was ever found".into()), ..wire };
    assert_eq!(told(&health(&off, Some(&failing(Fault::Slow, "x")), at(0))), (Standing::Off, "no feed was ever found", None));
}

#[test]
fn the_worst_leads_and_the_rest_is_told_beside_it() {
    let moved = Some(Moved { to: "https://new.example/".into(), since: at(-60), seen: 1, believed: false });
    let good =
        SourceState { moved: moved.clone(), repaired: vec!["cut off".into()], unread: 2, ids: Some(Ids::Changing), ..state("wire", at(0)) };
    let Health { leading, also, notes } = health(&source("wire"), Some(&good), at(0));
    let standings: Vec<Standing> = [&leading].into_iter().chain(&also).map(|finding| finding.standing).collect();
    assert_eq!(standings, [Standing::Moved, Standing::Repaired]);
    assert_eq!(
        notes,
        [
            "items were left out at 2 looks in a row: their own pages did not answer",
            "it gives its items other ids at every fetch; they are known by link and text"
        ]
    );
    // What was mended in the last good document says nothing of today.
    let bad = SourceState { moved, repaired: vec!["cut off".into()], ..failing(Fault::Slow, "x") };
    let Health { leading, also, .. } = health(&source("wire"), Some(&bad), at(0));
    assert_eq!(
        (leading.standing, also.iter().map(|finding| finding.standing).collect::<Vec<_>>()),
        (Standing::Failing, vec![Standing::Moved])
    );
}

/// A source that had something new every so many days until day 0.
fn heard(every: i64, times: i64) -> SourceState {
    let mut state = state("wire", at(0));
    for n in (0..times).rev() {
        state.rhythm.hear([None], Some(at(-every * n * DAY - 60)), at(-every * n * DAY));
    }
    state.newest = Some(at(0));
    state
}

#[test]
fn a_source_is_silent_by_its_own_rhythm_or_by_what_is_expected_of_it() {
    let after = |expect: Option<&str>, state: &SourceState, days: i64| {
        let expect = expect.map(|text| tributary::model::timetable::parse_duration(text).unwrap());
        health(&Source { expect, ..source("wire") }, Some(state), at(days * DAY + 1)).leading
    };
    let is_silent = |expect, state: &SourceState, days| after(expect, state, days).standing == Standing::Silent;
    for (every, expect, well, silent) in
        [(1, None, 6, 7), (7, None, 27, 28), (30, None, 119, 120), (30, Some("7d"), 6, 7), (1, Some("9w"), 62, 63)]
    {
        let state = heard(every, 5);
        assert_eq!((is_silent(expect, &state, well), is_silent(expect, &state, silent)), (false, true), "every {every} days, {expect:?}");
    }
    // Too young to know, however long it says nothing.
    assert!(!is_silent(None, &heard(1, 3), 900));
    assert!(!is_silent(None, &state("wire", at(0)), 900));
    assert!(is_silent(Some("7d"), &heard(1, 1), 8), "what is expected needs no rhythm");
    // What gives nothing can have nothing new.
    let failing = SourceState { fault: Some(Fault::Slow), trouble: Some("x".into()), ..heard(1, 5) };
    assert_eq!(after(None, &failing, 90).standing, Standing::Failing);
    let told = after(None, &heard(7, 5), 40);
    assert_eq!(
        (told.since, told.sentence.as_str()),
        (Some(at(28 * DAY)), "nothing new since 2020-09-13, where it usually is every 7 days")
    );
    // An item that was revised is no sign of life.
    let revised = SourceState { newest: Some(at(39 * DAY)), ..heard(7, 5) };
    assert!(is_silent(None, &revised, 40));
}

/// A daemon that pulls nothing and serves what is written of these states, at a given time.
struct Told {
    _dir: tempfile::TempDir,
    runtime: tokio::runtime::Runtime,
    address: SocketAddr,
    stop: tokio::sync::watch::Sender<bool>,
    ended: Option<tokio::task::JoinHandle<()>>,
}

impl Told {
    fn of(sources: &str, states: Vec<SourceState>, now: Second) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("sources.toml"), format!("builtin = false\n{sources}")).unwrap();
        let flags = [("serve.public", "https://news.example.org/".to_owned())].map(|(key, value)| (key.to_owned(), value));
        let config = config::load(Some(dir.path()), std::iter::empty(), &flags).unwrap();
        write(&dir.path().join("data"), states);
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let (say, ready) = tokio::sync::oneshot::channel();
        let folder = DataFolder::hold(&dir.path().join("data")).unwrap();
        let ended = runtime.spawn(async move {
            daemon::run(config, folder, listener, Arc::new(move || now), false, |ready| drop(say.send(ready)), stopped).await.unwrap();
        });
        let address = runtime.block_on(ready).unwrap().address;
        Self { _dir: dir, runtime, address, stop, ended: Some(ended) }
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
        let ended = self.ended.take().unwrap();
        let _ = self.runtime.block_on(ended);
    }
}

/// Writes a look that came to each of these states.
fn write(data: &Path, states: Vec<SourceState>) {
    let folder = DataFolder::hold(data).unwrap();
    let mut opened = folder.open("https://news.example.org/", at(-90 * DAY), |_, _| {}).unwrap();
    let draft = |(n, state): (usize, SourceState)| {
        let body = Body::Checked(Checked { unchanged: vec![], states: vec![state] });
        Draft { at: at(0), key: format!("round/{n}"), body }
    };
    let drafts: Vec<Draft> = states.into_iter().enumerate().map(draft).collect();
    opened.journal.append(&drafts).unwrap();
}

fn block(id: &str, more: &str) -> String {
    format!("[[source]]\nid = \"{id}\"\ntitle = \"The {id}\"\nurl = \"https://{id}.example/feed\"\nevery = \"1h\"\n{more}\n")
}

#[test]
fn the_page_the_list_and_the_feed_tell_the_same_and_are_kept_by_their_validators() {
    let wire = |seconds, fault: Option<(Fault, &str)>| SourceState {
        fault: fault.map(|(fault, _)| fault),
        trouble: fault.map(|(_, words)| words.to_owned()),
        since: fault.map(|_| at(-7_200)),
        not_before: fault.map(|_| at(3_600)),
        failures: u32::from(fault.is_some()) * 2,
        ..state("wire", at(seconds))
    };
    let fault = Some((Fault::ServerError, "wire.example failed (500) <b>"));
    let states = vec![wire(-10_800, None), wire(-7_200, fault), wire(-3_600, fault), state("paper", at(-60))];
    let sources = [block("paper", ""), block("wire", ""), block("old", "enabled = false"), block("young", "")].concat();
    let told = Told::of(&sources, states, at(0));

    let list = get(told.address, "/status.json");
    assert_eq!(list.header("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(list.json()["summary"], json!({ "sources": 4, "failing": 1, "new": 1, "fine": 1, "off": 1 }));
    let ids: Vec<Value> = list.json()["sources"].as_array().unwrap().iter().map(|row| row["source"].clone()).collect();
    assert_eq!(ids, ["old", "paper", "wire", "young"]);
    assert_eq!(
        list.json()["sources"][2],
        json!({
            "source": "wire", "title": "The wire", "url": "https://wire.example/feed", "standing": "failing", "since": "2020-09-13T10:26:40Z",
            "sentence": "wire.example failed (500) <b>; so since 2020-09-13 10:26 UTC; it is asked again after 2020-09-13 13:26 UTC",
            "try": "nothing now; tell the publisher if it lasts", "also": [], "notes": [], "fault": "server_error",
            "trouble": "wire.example failed (500) <b>", "failures": 2, "asked": "2020-09-13T11:26:40Z", "answered": "2020-09-13T11:26:40Z",
            "newest": null, "next": "2020-09-13T13:26:40Z", "not_before": "2020-09-13T13:26:40Z", "items": 1, "items_per_week": 0.0,
            "usual_gap_days": null, "moved": null, "repaired": [], "ids": null, "note": null
        })
    );

    let page = get(told.address, "/status");
    let text = page.text();
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(page.header("content-security-policy").unwrap().starts_with("default-src 'none'"));
    assert!(text.contains("4 sources: 1 fine, 1 failing, 1 new, 1 off"), "{text}");
    let place = |id: &str| text.find(&format!("<dt id=\"{id}\">")).unwrap();
    assert!(place("wire") < place("young") && place("young") < place("paper") && place("paper") < place("old"), "the worst comes first");
    assert!(
        text.contains("wire.example failed (500) &#60;b&#62;; so since") && text.contains("<time datetime=\"2020-09-13T13:26:40Z\">"),
        "{text}"
    );

    let feed = http::subscribe(told.address, "/status.atom");
    let titles: Vec<String> = feed.items.iter().map(|item| format!("{:?}", item.title)).collect();
    assert_eq!(titles, ["Some(Plain(\"The wire: failing\"))"]);
    let strict = feed_rs::parser::parse(&get(told.address, "/status.atom").body[..]).unwrap();
    let dates = [strict.updated, strict.entries[0].updated, strict.entries[0].published].map(|date| date.map(Second::of));
    assert_eq!(dates, [Some(at(-7_200)); 3], "the time when it began");

    for path in ["/status", "/status.json", "/status.atom"] {
        let reply = get(told.address, path);
        let tag = reply.header("etag").unwrap();
        assert_eq!((reply.header("cache-control"), reply.header("last-modified")), (Some("no-cache"), None), "{path}");
        let known = ask(told.address, "GET", path, &[("If-None-Match", tag)]);
        assert_eq!((known.status, known.body.len(), known.header("etag")), (304, 0, Some(tag)), "{path}");
        assert_eq!(ask(told.address, "GET", path, &[("If-Modified-Since", "Sun, 13 Sep 2099 12:26:41 GMT")]).status, 200, "{path}");
        assert_eq!(ask(told.address, "HEAD", path, &[]).body.len(), 0, "{path}");
        let coding = (reply.body.len() >= 1_024).then_some("gzip");
        assert_eq!(ask(told.address, "GET", path, &[("Accept-Encoding", "gzip")]).header("content-encoding"), coding, "{path}");
    }
}

#[test]
fn an_empty_feed_of_troubles_is_as_old_as_the_journal() {
    let told = Told::of(&block("wire", ""), vec![state("wire", at(-60))], at(0));
    let text = get(told.address, "/status.atom").text();
    let strict = feed_rs::parser::parse(text.as_bytes()).unwrap();
    assert_eq!((strict.entries.len(), strict.updated.map(Second::of)), (0, Some(at(-90 * DAY))), "{text}");
}

#[test]
fn no_secret_of_an_address_or_a_header_is_told_to_everybody() {
    let secret = "hunter2";
    let url = format!("https://wire.example/feed?key={secret}");
    let block = format!(
        "[[source]]\nid = \"wire\"\ntitle = \"Wire\"\nurl = \"{url}\"\nhome = \"https://wire.example/?key={secret}\"\nheaders = {{ Authorization = \"{secret}\" }}\nnote = \"see {url}\"\n"
    );
    let bad = SourceState {
        url: url.clone(),
        moved: Some(Moved { to: format!("https://ann:{secret}@new.example/feed?key={secret}"), since: at(-DAY), seen: 2, believed: false }),
        repaired: vec![format!("{url} is left out")],
        ..failing(Fault::Missing, &format!("{url} is not there (404); the publisher may have moved its feed"))
    };
    for fault in [Some(Fault::Missing), Some(Fault::Gone), None] {
        let gone = fault == Some(Fault::Gone);
        let trouble = bad.trouble.clone().filter(|_| fault.is_some());
        let told = Told::of(&block, vec![SourceState { fault, gone, trouble, ..bad.clone() }], at(0));
        for path in ["/status", "/status.json", "/status.atom"] {
            let text = get(told.address, path).text();
            assert!(text.contains("wire.example/feed?…") || text.contains("new.example/feed?…"), "{text}");
            assert!(!text.contains(secret), "{path}: {text}");
        }
    }
}

#[test]
fn the_page_of_ten_thousand_sources_is_bounded_and_json_has_them_all() {
    let names: Vec<String> = (0..10_000).map(|n| format!("s{n:05}")).collect();
    let sources: String = names.iter().map(|name| block(name, "")).collect();
    let states = names.iter().enumerate().map(|(n, name)| SourceState {
        fault: (n % 2 == 0).then_some(Fault::Slow),
        trouble: (n % 2 == 0).then(|| "no whole answer within 60 s".to_owned()),
        since: (n % 2 == 0).then(|| at(-60)),
        ..state(name, at(-60))
    });
    let told = Told::of(&sources, states.collect(), at(0));
    let page = get(told.address, "/status").text();
    assert_eq!(page.matches("<dt id=").count(), 500);
    assert!(
        page.contains("10,000 sources: 5,000 fine, 5,000 failing") && page.contains("4,700 more are not shown here"),
        "{}",
        &page[..400]
    );
    assert_eq!(get(told.address, "/status.json").json()["sources"].as_array().unwrap().len(), 10_000);
}

fn publisher() -> (tokio::runtime::Runtime, Publisher) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let publisher = runtime.block_on(Publisher::start()).unwrap();
    (runtime, publisher)
}

fn rss(titles: &[&str]) -> String {
    let items: String = titles.iter().map(|title| format!("<item><title>{title}</title><guid>{title}</guid></item>")).collect();
    format!("<rss version=\"2.0\"><channel><title>Wire</title><link>https://wire.example/</link>{items}</channel></rss>")
}

fn local(id: &str, publisher: &Publisher, more: &str) -> String {
    format!(
        "[[source]]\nid = \"{id}\"\ntitle = \"The {id}\"\nurl = \"{}/{id}\"\nevery = \"1h\"\nallow_private = true\n{more}\n",
        publisher.base()
    )
}

/// Standing and kind of trouble of each source, by id.
fn standings(rows: &str) -> BTreeMap<String, (String, Option<String>)> {
    let rows = rows.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let word = |value: &Value| value.as_str().map(str::to_owned);
    rows.map(|row| (word(&row["source"]).unwrap(), (word(&row["standing"]).unwrap(), word(&row["fault"])))).collect()
}

#[test]
fn what_publishers_do_is_told_apart() {
    let (runtime, publisher) = publisher();
    // A host that is busy may be left alone with all that it has.
    let busy = runtime.block_on(Publisher::start()).unwrap();
    busy.fail("/busy", 503, None);
    let cases = [
        ("fine", "fine", None),
        ("gone", "gone", Some("gone")),
        ("missing", "broken", Some("missing")),
        ("page", "broken", Some("unreadable")),
        ("selectors", "broken", Some("broken")),
        ("refused", "blocked", Some("blocked")),
        ("law", "blocked", Some("blocked")),
        ("error", "failing", Some("server_error")),
        ("busy", "failing", Some("server_error")),
        ("down", "failing", Some("unreachable")),
        ("private", "failing", Some("forbidden")),
        ("mended", "repaired", None),
        ("young", "new", None),
        ("off", "off", None),
    ];
    publisher.put("/fine", "application/rss+xml", &rss(&["one"]));
    publisher.put("/mended", "application/rss+xml", &rss(&["one & two"]));
    publisher.put("/page", "text/html", "<!doctype html><title>Sorry</title><p>We have moved.");
    publisher.put("/selectors", "text/html", "<!doctype html><title>News</title><p>Nothing here.");
    for (id, status) in [("gone", 410), ("missing", 404), ("refused", 403), ("law", 451), ("error", 500)] {
        publisher.fail(&format!("/{id}"), status, None);
    }
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let sources: String = cases
        .iter()
        .map(|(id, ..)| match *id {
            "off" => local(id, &publisher, "enabled = false"),
            "busy" => local(id, &busy, ""),
            "selectors" => local(id, &publisher, "[source.page]\nitem = \"article.news\""),
            "down" => format!("[[source]]\nid = \"down\"\ntitle = \"Down\"\nurl = \"http://{closed}/\"\nallow_private = true\n"),
            "private" => local(id, &publisher, "").replace("allow_private = true", "allow_private = false"),
            _ => local(id, &publisher, ""),
        })
        .collect();
    let place = Place::new(&sources);
    let named: Vec<&str> = cases.iter().map(|(id, ..)| *id).filter(|id| !matches!(*id, "young" | "off")).collect();
    let ran = place.run(&[&["pull", "--contact", "operator@example.org"][..], &named].concat());
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let expected: BTreeMap<_, _> =
        cases.iter().map(|(id, standing, fault)| ((*id).to_owned(), ((*standing).to_owned(), fault.map(str::to_owned)))).collect();
    assert_eq!(standings(&place.succeed(&["sources", "--json"])), expected);
    // One that asks us to wait, alone: its host is left alone with all its sources.
    publisher.fail("/fine", 429, Some(3_600));
    place.run(&["pull", "--contact", "operator@example.org", "fine"]);
    assert_eq!(standings(&place.succeed(&["sources", "--json"]))["fine"], ("waiting".into(), Some("asked_to_wait".into())));
}

/// Title, id and date of each entry, the newest first.
fn troubles(daemon: &Daemon) -> Vec<(String, String, String)> {
    let feed = feed_rs::parser::parse(&get(daemon.address, "/status.atom").body[..]).unwrap();
    feed.entries.into_iter().map(|entry| (entry.title.unwrap().content, entry.id, entry.updated.unwrap().to_rfc3339())).collect()
}

/// Pulls through the daemon until it tells of so many troubles and recoveries: looks within one second are one, and an answer is kept for a moment.
fn after_pulls(place: &Place, daemon: &Daemon, count: usize) -> Vec<(String, String, String)> {
    for _ in 0..100 {
        // Whether anything could be pulled is not the question here.
        place.run(&["pull"]);
        let told = troubles(daemon);
        if told.len() == count {
            return told;
        }
    }
    panic!("{:?}", troubles(daemon));
}

#[test]
fn sources_that_are_all_down_cost_readers_nothing_and_are_told_to_operators_until_they_recover() {
    let (_runtime, publisher) = publisher();
    let place = Place::new(&["wire", "paper"].map(|id| local(id, &publisher, "")).concat());
    publisher.put("/wire", "application/rss+xml", &rss(&["one", "two"]));
    publisher.put("/paper", "application/rss+xml", &rss(&["three"]));
    place.succeed(&["pull"]);
    let daemon = place.start(&["--read-only"]);
    let (before, quiet) = (get(daemon.address, "/feed.atom"), get(daemon.address, "/status.atom").body);
    assert_eq!((http::subscribe(daemon.address, "/feed.atom").items.len(), troubles(&daemon)), (3, vec![]));
    daemon.stop();

    publisher.fail("/wire", 500, None);
    publisher.fail("/paper", 403, None);
    let daemon = place.start(&[]);
    let blocked = after_pulls(&place, &daemon, 1);
    // One look that failed may be an accident; a publisher that does not let us in needs a person at once.
    assert_eq!(blocked.iter().map(|(title, ..)| title.as_str()).collect::<Vec<_>>(), ["The paper: blocked"]);
    assert_ne!(get(daemon.address, "/status.atom").body, quiet);
    daemon.stop();
    let daemon = place.start(&[]);
    let down = after_pulls(&place, &daemon, 2);
    assert!(down.iter().any(|(title, ..)| title == "The wire: failing") && down.contains(&blocked[0]), "{down:?}");
    // Readers see what they saw, and whoever watches the process is at ease.
    let after = get(daemon.address, "/feed.atom");
    assert_eq!((after.header("etag"), &after.body), (before.header("etag"), &before.body));
    assert_eq!((get(daemon.address, "/readyz").status, get(daemon.address, "/readyz").json()), (200, json!({ "ready": true })));
    assert_eq!(get(daemon.address, "/status.json").json()["summary"], json!({ "sources": 2, "blocked": 1, "failing": 1 }));
    daemon.stop();
    let daemon = place.start(&["--read-only"]);
    assert_eq!(troubles(&daemon), down, "the same ids and dates after a restart");
    daemon.stop();

    publisher.put("/wire", "application/rss+xml", &rss(&["one", "two"]));
    let daemon = place.start(&[]);
    let recovered = after_pulls(&place, &daemon, 3);
    assert_eq!(recovered[0].0, "The wire: recovered");
    let mut rest = recovered[1..].to_vec();
    rest.sort();
    let mut down = down;
    down.sort();
    assert_eq!(rest, down, "what began keeps its id and its date");
    daemon.stop();
    // The same is built again from the journal.
    let told = place.succeed(&["sources", "wire", "--json"]);
    place.succeed(&["rebuild"]);
    assert_eq!(place.succeed(&["sources", "wire", "--json"]), told);
}

#[test]
fn one_source_is_told_with_its_history_and_all_of_them_as_a_table() {
    let place = Place::new(&[block("wire", "expect = \"7d\""), block("paper", "")].concat());
    let wire = |minutes: i64, news: u32| SourceState { news, newest: Some(at(0)), ..state("wire", at(60 * minutes)) };
    let slow =
        |minutes: i64| SourceState { not_before: None, since: Some(at(240)), asked: at(60 * minutes), ..failing(Fault::Slow, "too slow") };
    write(&place.path("data"), vec![wire(0, 3), wire(1, 0), wire(2, 0), wire(3, 1), slow(4), slow(5)]);
    let told = place.succeed(&["sources", "wire"]);
    let history: Vec<&str> = told.lines().skip_while(|line| !line.contains("history")).map(str::trim).collect();
    assert_eq!(
        history,
        [
            "history      2020-09-13 12:30 to 2020-09-13 12:31, 2 looks: no whole answer in time",
            "2020-09-13 12:29: 1 new or changed",
            "2020-09-13 12:27 to 2020-09-13 12:28, 2 looks: nothing new",
            "2020-09-13 12:26: 3 new or changed",
        ],
        "{told}"
    );
    assert!(
        told.starts_with("wire  The wire\n  standing     failing, since 2020-09-13 12:30\n               too slow; so since"),
        "{told}"
    );
    let table = place.run(&["sources"]);
    assert_eq!(String::from_utf8(table.stderr).unwrap(), "2 sources: 1 failing, 1 new\n");
    let lines: Vec<String> = String::from_utf8(table.stdout)
        .unwrap()
        .lines()
        .map(|line| line.split_whitespace().take(4).collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(lines, ["source standing last answer", "wire failing 2020-09-13 12:26", "paper new 0.0 now"]);
    let unknown = place.run(&["sources", "wirr"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(String::from_utf8(unknown.stderr).unwrap().contains("there is no source `wirr`; did you mean wire"));
}

#[test]
fn what_is_expected_of_a_source_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let read = |expect: &str| {
        std::fs::write(dir.path().join("sources.toml"), format!("builtin = false\n{}", block("wire", &format!("expect = {expect}"))))
            .unwrap();
        config::load(Some(dir.path()), std::iter::empty(), &[])
            .map(|config| config.sources[0].expect)
            .map_err(|mistakes| mistakes.to_string())
    };
    assert_eq!(read("\"7d\""), Ok(Some(Duration::from_hours(7 * 24))));
    assert!(read("\"seven\"").unwrap_err().contains("`expect`: `seven` is not a duration such as 15m, 1h30m or 2d"));
}
