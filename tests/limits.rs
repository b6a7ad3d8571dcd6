//! How much a reader may ask for: what has to be made is counted and bounded, what is at hand never is.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;
#[path = "common/http.rs"]
mod http;
#[path = "common/daemon.rs"]
mod place;
#[path = "common/site.rs"]
mod site;

use std::{fs, num::NonZeroU32, sync::Arc};

use http::{Reply, ask, post};
use place::Place;
use site::{LIMITS, Site3, publishing, serve_within, site};
use tributary::{
    model::{Ranges, private::parse_range},
    serve::{Allowed, Door, Limits, Reply as Told},
};

/// A server where each client may have one answer a minute made. What loopback says of clients is believed, if it is trusted.
fn one_a_minute(trusted: &str) -> Site3 {
    let site = site();
    site.app.allow(Allowed { misses_per_minute: NonZeroU32::new(1), trusted_proxies: Ranges(vec![parse_range(trusted).unwrap()]) });
    site
}

fn ask_as(site: &Site3, client: &str, path: &str) -> Reply {
    ask(site.address, "GET", path, &[("X-Forwarded-For", client)])
}

fn detail(reply: &Reply) -> String {
    assert_eq!(reply.header("content-type"), Some("application/problem+json"));
    reply.json()["detail"].as_str().unwrap().to_owned()
}

#[test]
fn a_client_has_so_many_answers_made_and_those_at_hand_as_often_as_it_likes() {
    let site = one_a_minute("127.0.0.0/8");
    let get = |path: &str| ask_as(&site, "198.51.100.1", path);
    assert_eq!(get("/feed.atom").status, 200);
    // Mistakes, lists and what never changes are not made in this sense, and probes have to be answered always.
    for path in ["/topics.json", "/livez", "/openapi.json", "/icon.png"] {
        assert_eq!(get(path).status, 200, "{path}");
    }
    assert_eq!((get("/feed/topic/yuoth.atom").status, get("/feed.atom?x=1").status), (404, 400));

    for path in ["/feed.json", "/feed", "/trends.csv", "/opml"] {
        let refused = get(path);
        assert_eq!(refused.status, 429, "{path}");
        let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
        assert_eq!(refused.header("cache-control"), Some("no-store"));
        let told = detail(&refused);
        assert!(
            told.starts_with("more than 1 answers a minute that have to be made are too many for one address; ask again in "),
            "{told}"
        );
    }
    assert_eq!([0; 20].map(|_| get("/feed.atom").status), [200; 20]);
    let tag = get("/feed.atom").header("etag").unwrap().to_owned();
    let known = ask(site.address, "GET", "/feed.atom", &[("X-Forwarded-For", "198.51.100.1"), ("If-None-Match", &tag)]);
    assert_eq!(known.status, 304);
    let page = ask(site.address, "GET", "/feed", &[("X-Forwarded-For", "198.51.100.1"), ("Accept", "text/html")]);
    assert_eq!((page.status, page.header("content-type")), (429, Some("text/html; charset=utf-8")));
    assert!(page.header("retry-after").is_some() && page.text().contains("ask again in"));

    // Another has an allowance of its own, and what it has made is at hand for all.
    assert_eq!(ask_as(&site, "198.51.100.2", "/feed.json").status, 200);
    assert_eq!(get("/feed.json").status, 200);
}

#[test]
fn what_an_untrusted_client_says_of_itself_is_not_believed() {
    let paths: Vec<String> = (1..=5).map(|limit| format!("/feed.atom?limit={limit}")).collect();
    let statuses = |site: &Site3, client: fn(usize) -> String| -> Vec<u16> {
        paths.iter().enumerate().map(|(n, path)| ask_as(site, &client(n), path).status).collect()
    };
    // Nobody on this machine is counted, whatever name it uses; behind a trusted proxy whoever uses that name is.
    let one = |_| "198.51.100.1".to_owned();
    assert_eq!(statuses(&one_a_minute("10.0.0.0/8"), one), [200; 5]);
    assert_eq!(statuses(&one_a_minute("127.0.0.1"), one), [200, 429, 429, 429, 429]);
    // What the client wrote before the proxy did makes no others of it.
    assert_eq!(statuses(&one_a_minute("127.0.0.1"), |n| format!("192.0.2.{n}, 198.51.100.1")), [200, 429, 429, 429, 429]);
    assert_eq!(statuses(&one_a_minute("127.0.0.1"), |n| format!("2001:db8:1:2::{n}")), [200, 429, 429, 429, 429]);
    assert_eq!(statuses(&one_a_minute("127.0.0.1"), |n| format!("2001:db8:1:{n}::1")), [200; 5]);
}

#[test]
fn programs_that_subscribe_are_counted_as_well() {
    let mut publishing = publishing("https://news.example.org/");
    publishing.site.hub = Some("https://news.example.org/hub".into());
    let site = serve_within(LIMITS, publishing, Arc::new(|| common::at(86_400)));
    site.app.allow(Allowed { misses_per_minute: NonZeroU32::new(1), trusted_proxies: Ranges(vec![parse_range("127.0.0.1").unwrap()]) });
    site.app.open_hub(Door::for_forms(1_000, |_| std::future::ready(Told { status: 202, text: "well".into() })));
    let subscribe = |client: &str| {
        let headers = [("Content-Type", "application/x-www-form-urlencoded"), ("Content-Length", "0"), ("X-Forwarded-For", client)];
        ask(site.address, "POST", "/hub", &headers)
    };
    assert_eq!([0; 4].map(|_| subscribe("198.51.100.1").status), [202, 429, 429, 429]);
    assert!(subscribe("198.51.100.1").header("retry-after").is_some());
    assert_eq!(subscribe("198.51.100.2").status, 202);
    assert_eq!([0; 4].map(|_| post(site.address, "/hub", &[]).status), [202; 4], "what comes from this machine is not");
}

#[test]
fn the_configuration_says_how_much_and_an_edit_of_it_counts_at_once() {
    let place = Place::new("");
    let write = |misses: u32| {
        let text = format!("[serve]\nmisses_per_minute = {misses}\ntrusted_proxies = [\"127.0.0.1\"]\n");
        fs::write(place.path("config/tributary.toml"), text).unwrap();
    };
    write(1);
    let mut daemon = place.start(&[]);
    let statuses = |daemon: &place::Daemon, limits: [u8; 3]| {
        limits.map(|limit| ask(daemon.address, "GET", &format!("/feed.atom?limit={limit}"), &[("X-Forwarded-For", "198.51.100.1")]).status)
    };
    assert_eq!(statuses(&daemon, [1, 2, 3]), [200, 429, 429]);
    write(0);
    daemon.wait_for("the configuration was read again");
    assert_eq!(statuses(&daemon, [4, 5, 6]), [200; 3]);
    daemon.stop();
}

#[test]
fn more_at_once_than_can_be_made_is_asked_for_again_and_what_is_at_hand_passes_by() {
    let site = serve_within(Limits { made_at_once: 0, ..LIMITS }, publishing("https://news.example.org/"), Arc::new(|| common::at(86_400)));
    site.runtime.block_on(site.app.print("feed.atom")).unwrap();
    let get = |path: &str| http::get(site.address, path);
    assert_eq!(get("/feed.atom").status, 200);
    let (mut replies, address) = (Vec::new(), site.address);
    let asked: Vec<_> = ["/feed.rss", "/map", "/opml"].map(|path| std::thread::spawn(move || http::get(address, path))).into();
    replies.extend(asked.into_iter().map(|asked| asked.join().unwrap()));
    for reply in replies {
        assert_eq!((reply.status, reply.header("retry-after")), (503, Some("1")));
        assert_eq!(detail(&reply), "more is asked for at once than can be made; ask again in a second");
    }
    assert_eq!((get("/feed.atom").status, get("/topics.json").status), (200, 200));
}
