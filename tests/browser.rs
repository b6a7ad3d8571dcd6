//! The pages in a real browser: read, filter, subscribe, build a feed; with a script and without, on a phone, in the dark.
//!
//! Without Chromium's driver these tests say that they were skipped; `./test` installs it where it can.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "common/browser.rs"]
mod browser;
#[path = "common/http.rs"]
mod http;

use std::{net::SocketAddr, path::Path};

use browser::Browser;
use serde_json::{Value, json};
use tributary::{
    cli::demo,
    config::Admin,
    daemon::{
        self, Configured,
        control::{self, Ask},
        data::DataFolder,
    },
    serve::sample::Publisher,
};

const TOKEN: &str = "0123456789abcdef-of-the-test";

/// The sample world, gathered and served.
struct World {
    address: SocketAddr,
    /// Where editors are.
    editing: SocketAddr,
    _runtime: tokio::runtime::Runtime,
    _publisher: Publisher,
    _say: tokio::sync::watch::Sender<bool>,
    _dir: tempfile::TempDir,
}

impl World {
    fn start() -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let publisher = runtime.block_on(Publisher::start()).unwrap();
        let clock = daemon::wall_clock();
        demo::put(&publisher, 1, clock());
        let (say, stop) = tokio::sync::watch::channel(false);
        let (told, ready) = std::sync::mpsc::channel();
        // Addresses to subscribe to have to be the ones that are served.
        let listener = runtime.block_on(daemon::listen("127.0.0.1:0".parse().unwrap())).unwrap();
        let address = listener.local_addr().unwrap();
        let mut config = demo::config(&publisher.base(), address, &data).unwrap();
        let token = dir.path().join("token");
        std::fs::write(&token, TOKEN).unwrap();
        config.settings.admin = Admin { listen: "127.0.0.1:0".parse().unwrap(), token_file: Some(token) };
        let admin = runtime.block_on(daemon::Admin::of(&config)).unwrap().unwrap();
        let editing = admin.address().unwrap();
        let config = Configured { admin: Some(admin), ..config.into() };
        runtime.spawn({
            let data = data.clone();
            async move {
                let data = DataFolder::hold(&data).unwrap();
                daemon::run(config, data, listener, clock, true, move |_| told.send(()).unwrap(), stop).await.unwrap();
            }
        });
        ready.recv().unwrap();
        control::ask(&data, &Ask::Pull { ids: Vec::new() }, |_| {}).unwrap().unwrap();
        Self { address, editing, _runtime: runtime, _publisher: publisher, _say: say, _dir: dir }
    }

    /// A page for editors, and name and password for it.
    fn for_editors(&self, path: &str) -> String {
        format!("http://Ana:{TOKEN}@{}{path}", self.editing)
    }

    /// Its story of a topic.
    fn story_of(&self, topic: &str) -> String {
        let feed = http::get(self.address, &format!("/feed/topic/{topic}.json")).text();
        let id = feed.split("/story/").nth(1).unwrap();
        id.chars().take_while(|c| c.is_ascii_hexdigit() || *c == '-').collect()
    }

    fn at(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// One of each kind of page.
    fn pages(&self) -> Vec<String> {
        let feed = http::get(self.address, "/feed/country/gt.json").json();
        let story = feed["items"][0]["_tributary"]["story"].as_str().map(str::to_owned);
        let story = story.unwrap_or_else(|| {
            let text = feed.to_string();
            text.split("/story/").nth(1).unwrap().chars().take_while(|c| c.is_ascii_hexdigit() || *c == '-').collect()
        });
        let story = format!("/story/{}", story.rsplit('/').next().unwrap());
        ["/", "/feed/topic/youth?country=gt", &story, "/build?topic=youth", "/map?since=all", "/trends", "/status", "/feed/topic/yuoth"]
            .map(str::to_owned)
            .into()
    }
}

#[test]
fn a_person_reads_filters_subscribes_and_sees_why() {
    let Some(browser) = Browser::start("en") else { return };
    let world = World::start();
    browser.open(&world.at("/"));
    assert!(browser.all(".story h3 a").len() > 3);
    // Filter by topic, with the form that a wide window shows.
    browser.click(&browser.one("select[name=topic] option[value=youth]"));
    browser.click(&browser.one(".narrow button"));
    assert_eq!(browser.address(), world.at("/feed/topic/youth"));
    assert_eq!(browser.text(&browser.one("h1")), "Youth");
    // What is to be copied is a feed that a real reader reads.
    let address = browser.text(&browser.one("[data-address]"));
    let path = address.strip_prefix(&world.at("")).unwrap().to_owned();
    assert_eq!(http::subscribe(world.address, &path).items.len(), browser.all(".story").len());
    // And why it is there.
    browser.click(&browser.one(".why a"));
    assert!(browser.address().contains("/story/"), "{}", browser.address());
    assert!(!browser.all("mark").is_empty() && !browser.all(".filed q").is_empty());
    // The keyboard goes to the content first.
    browser.press(&browser.one("body"), "\u{E004}");
    assert_eq!(browser.run("return document.activeElement.className"), "skip");
    // The language stays.
    browser.click(&browser.one("footer a[lang=es]"));
    assert_eq!(browser.run("return document.documentElement.lang"), "es");
    browser.click(&browser.one(".pages li:last-child a"));
    assert_eq!(browser.text(&browser.one("h1")), "Cómo están las fuentes");
    assert!(browser.all(".sources dt").len() >= 5);
}

#[test]
fn a_browser_that_opens_a_feed_is_shown_its_page() {
    let Some(browser) = Browser::start("pt-BR,pt") else { return };
    let world = World::start();
    browser.open(&world.at("/feed/topic/youth.atom?country=gt"));
    assert_eq!(browser.address(), world.at("/feed/topic/youth?country=gt"));
    assert_eq!(browser.text(&browser.one("h1")), "Juventude, Guatemala");
}

/// Chooses by label, as a person does.
fn choose(browser: &Browser, field: &str, value: &str) {
    browser.click(&browser.one(&format!("input[name={field}][value={value}]")));
}

#[test]
fn a_feed_is_built_with_a_live_preview_and_on_the_map() {
    let Some(browser) = Browser::start("en") else { return };
    let world = World::start();
    browser.open(&world.at("/build"));
    let becomes = |address: &str| {
        let script = format!(
            "const done = arguments[arguments.length - 1];\
             const look = () => document.querySelector('#outcome [data-address]')?.textContent === '{}' ? done(true) : requestAnimationFrame(look);\
             look();",
            world.at(address)
        );
        assert_eq!(browser.wait(&script), true);
    };
    choose(&browser, "topic", "youth");
    becomes("/feed/topic/youth.atom");
    browser.run("document.querySelector('[data-country=gt] path').dispatchEvent(new MouseEvent('click', { bubbles: true }))");
    becomes("/feed/topic/youth/country/gt.atom");
    assert_eq!(browser.run("return document.querySelector('input[name=country][value=gt]').checked"), true);
    assert_eq!(browser.run("return document.querySelector('[data-country=gt]').classList.contains('chosen')"), true);
    assert!(browser.address().contains("topic=youth") && browser.address().contains("country=gt"), "{}", browser.address());
}

#[test]
fn all_of_it_works_without_a_script() {
    let Some(browser) = Browser::start("en") else { return };
    let world = World::start();
    browser.command("Emulation.setScriptExecutionDisabled", json!({ "value": true }));
    browser.open(&world.at("/build"));
    choose(&browser, "topic", "youth");
    browser.click(&browser.one(".builder .go button"));
    browser.arrives(|address| address.contains("topic=youth"));
    assert_eq!(browser.text(&browser.one("#outcome [data-address]")), world.at("/feed/topic/youth.atom"));
    // In a narrow window the filter has to be opened first.
    browser.resize(600, 900);
    browser.open(&world.at("/"));
    browser.click(&browser.one(".panel summary"));
    browser.click(&browser.one("select[name=country] option[value=gt]"));
    browser.click(&browser.one(".narrow button"));
    browser.arrives(|address| address == world.at("/feed/country/gt"));
    assert_eq!(browser.text(&browser.one("h1")), "Guatemala");
}

#[test]
fn no_page_is_wider_than_a_phone_or_jumps_or_loads_much() {
    let Some(browser) = Browser::start("en") else { return };
    let world = World::start();
    for width in [360, 1280] {
        browser.command(
            "Emulation.setDeviceMetricsOverride",
            json!({ "width": width, "height": 740, "deviceScaleFactor": 1, "mobile": width == 360 }),
        );
        for page in world.pages() {
            browser.open(&world.at(&page));
            assert_eq!(browser.run("return document.documentElement.scrollWidth <= innerWidth"), true, "{page} at {width}");
            let measured = browser.run(
                "const shift = new PerformanceObserver(() => {});\
                 shift.observe({ type: 'layout-shift', buffered: true });\
                 const own = performance.getEntriesByType('navigation')[0];\
                 const loaded = performance.getEntriesByType('resource');\
                 return { shift: shift.takeRecords().reduce((sum, entry) => sum + entry.value, 0),\
                          bytes: own.encodedBodySize + loaded.reduce((sum, entry) => sum + entry.encodedBodySize, 0),\
                          requests: loaded.map(entry => entry.name) };",
            );
            let painted = browser.wait(
                "const done = arguments[arguments.length - 1];\
                 new PerformanceObserver(list => list.getEntriesByName('first-contentful-paint').forEach(paint => done(paint.startTime)))\
                   .observe({ type: 'paint', buffered: true });",
            );
            // How fast that is depends on the machine; whoever wants to know runs it with --nocapture.
            println!("{page} at {width}: painted after {:.0} ms", painted.as_f64().unwrap());
            assert!(measured["shift"].as_f64().unwrap() < 0.02, "{page} at {width}: {measured}");
            assert!(measured["bytes"].as_u64().unwrap() < 60 << 10, "{page}: {measured}");
            let requests: Vec<&str> = measured["requests"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
            // Style, script and icon.
            assert!(requests.len() <= 3 && requests.iter().all(|request| request.starts_with(&world.at("/"))), "{page}: {requests:?}");
        }
    }
}

#[test]
fn an_editor_hides_files_joins_and_splits() {
    let Some(browser) = Browser::start("en") else { return };
    let world = World::start();
    browser.open(&world.for_editors("/"));
    assert_eq!(browser.text(&browser.one("h1")), "Editing");
    assert!(!browser.all("main ul.plain a").is_empty(), "something waits");
    let (one, other) = (world.story_of("youth"), world.story_of("migrant-smuggling"));
    assert_ne!(one, other);
    let open = |story: &str| browser.open(&format!("http://{}/story/{story}", world.editing));
    let send = |act: &str| {
        let form = format!("form:has([name=act][value={act}])");
        browser.run("document.querySelectorAll('details').forEach(details => { details.open = true; })");
        browser.click(&browser.one(&format!("{form} button")));
        browser.arrives(|address| address.ends_with("/act"));
        assert_eq!(browser.text(&browser.one("h1")), "Done", "{act}: {}", browser.source());
    };
    let is_told = |topic: &str, story: &str| http::get(world.address, &format!("/feed/topic/{topic}.json")).text().contains(story);

    open(&one);
    let topic = browser.run("return document.querySelector('select[name=give-topic] option:nth-child(2)').value");
    let topic = topic.as_str().unwrap();
    assert!(!is_told(topic, &one));
    browser.click(&browser.one(&format!("select[name=give-topic] option[value={topic}]")));
    send("relabel");
    assert!(is_told(topic, &one));
    open(&one);
    send("hide");
    assert!(!is_told(topic, &one) && !is_told("youth", &one));
    open(&one);
    send("release");
    assert!(is_told(topic, &one) && is_told("youth", &one));
    open(&one);
    browser.run(&format!("document.querySelector('[name=other]').value = '{other}'"));
    send("join");
    // The page that says so leads back to what is now one story.
    browser.click(&browser.one("main ul:last-child a"));
    browser.arrives(|address| address.contains("/story/"));
    let copies = browser.all("[name=copy]").len();
    assert!(copies > 0);
    browser.run("document.querySelector('[name=copy]').checked = true");
    send("split");
}

#[test]
fn axe_finds_nothing_wrong_in_light_and_dark() {
    let Some(browser) = Browser::start("en") else { return };
    let axe = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/axe-core/package/axe.min.js");
    let Ok(axe) = std::fs::read_to_string(axe) else {
        return println!("skipped: there is no axe-core; `./test` fetches it where there is npm");
    };
    let world = World::start();
    let mut wrong: Vec<String> = Vec::new();
    for scheme in ["light", "dark"] {
        browser.command("Emulation.setEmulatedMedia", json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] }));
        let editing = ["/", &format!("/story/{}", world.story_of("youth")), "/nowhere"].map(|page| world.for_editors(page));
        for page in world.pages().iter().map(|page| world.at(page)).chain(editing) {
            browser.open(&page);
            // Whatever can be opened is looked at, too.
            browser.run("document.querySelectorAll('details').forEach(details => { details.open = true; })");
            browser.run(&axe);
            let found = browser.wait(
                "const done = arguments[arguments.length - 1];\
                 axe.run(document, { resultTypes: ['violations'] }).then(found => done(found.violations.map(\
                   violation => violation.id + ': ' + violation.nodes.map(node => node.html + ' ' + node.failureSummary).slice(0, 3).join(' | '))));",
            );
            wrong.extend(found.as_array().unwrap().iter().map(|found| format!("{page} ({scheme}): {}", found.as_str().unwrap())));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
