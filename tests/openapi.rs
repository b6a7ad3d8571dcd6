//! What is told of the public addresses to programs, and that it is so.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;
#[path = "common/http.rs"]
mod http;
#[path = "common/site.rs"]
mod site;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use http::get;
use serde_json::Value;
use site::{LIMITS, publishing, serve_at, serve_within, site, told};
use tributary::serve::Limits;

/// What a reference leads to.
fn follow<'a>(whole: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        Some(to) => whole.pointer(to.trim_start_matches('#')).unwrap_or_else(|| panic!("{to} leads nowhere")),
        None => value,
    }
}

#[test]
fn every_address_that_is_described_is_there_and_takes_the_keys_that_are_told() {
    let site = site();
    site.store.read_words(common::at(0), &|| true).unwrap();
    let whole = get(site.address, "/openapi.json").json();
    assert_eq!((&whole["openapi"], &whole["servers"][0]["url"]), (&"3.1.0".into(), &"https://news.example.org".into()));
    for (path, asked) in whole["paths"].as_object().unwrap() {
        let mut address = path.clone();
        for parameter in asked["parameters"].as_array().into_iter().flatten().chain(asked["get"]["parameters"].as_array().unwrap()) {
            let parameter = follow(&whole, parameter);
            let (name, example) = (parameter["name"].as_str().unwrap(), parameter["example"].as_str().unwrap());
            let example = if name == "value" { "youth" } else { example };
            let example = if name == "key" { "topic" } else { example };
            let id = told(1, "youth", "GT").id.to_string();
            let example = if name == "story" { &id } else { example };
            match parameter["in"].as_str() {
                Some("path") => {
                    assert!(address.contains(&format!("{{{name}}}")), "{path} has no {name}");
                    address = address.replace(&format!("{{{name}}}"), example);
                }
                _ => {
                    assert!(!parameter["description"].as_str().unwrap().is_empty(), "{name}");
                    let example = if name == "source" { "wire" } else { example };
                    // Of a zone only days are told.
                    let example = if name == "tz" { "America/Guatemala&view=daily" } else { example };
                    let mark = if path.contains('?') { '&' } else { '?' };
                    let status = get(
                        site.address,
                        &format!(
                            "{}{mark}{name}={example}",
                            address
                                .replace("{key}/{value}.{format}", "topic/youth.atom")
                                .replace("{saved}.{format}", "smuggling-guatemala.atom")
                        ),
                    )
                    .status;
                    // A saved feed may have said it already.
                    assert!(status == 200 || path.contains("saved"), "{path} {name}={example}: {status}");
                }
            }
        }
        assert!(!address.contains('{'), "{address}: every part is described");
        let reply = get(site.address, &address);
        let expected = match path.as_str() {
            // Nobody is watched here, and nothing was started.
            "/status" | "/status.json" | "/status.atom" => 404,
            "/readyz" => 503,
            _ => 200,
        };
        assert_eq!(reply.status, expected, "{address}");
        if expected == 200 {
            let types: Vec<&String> = asked["get"]["responses"]["200"]["content"].as_object().unwrap().keys().collect();
            assert!(types.iter().any(|media_type| reply.header("content-type") == Some(media_type)), "{address}: {types:?}");
        }
        for response in asked["get"]["responses"].as_object().unwrap().values() {
            for content in response["content"].as_object().into_iter().flat_map(|contents| contents.values()) {
                follow(&whole, &content["schema"]);
            }
        }
    }
}

#[test]
fn every_public_address_is_described() {
    let site = site();
    let whole = get(site.address, "/openapi.json").json();
    let described: BTreeSet<&str> = whole["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    for path in [
        "/",
        "/feed.atom",
        "/feed.rss",
        "/feed.json",
        "/feed/{key}/{value}.{format}",
        "/feed/saved/{saved}.{format}",
        "/feed/archive/{month}.{format}",
        "/editor.atom",
        "/topics.json",
        "/countries.json",
        "/sources.json",
        "/opml",
        "/build",
        "/map",
        "/trends",
        "/map.csv",
        "/trends.csv",
        "/status",
        "/status.json",
        "/status.atom",
        "/story/{story}",
        "/livez",
        "/readyz",
        "/icon.svg",
        "/icon.png",
        "/logo.png",
        "/favicon.ico",
        "/openapi.json",
    ] {
        assert!(described.contains(path), "{path}");
    }
    // What addresses are read by is what is told.
    let keys = get(site.address, "/feed.atom?zzz=1").json()["detail"].as_str().unwrap().split("known are ").nth(1).unwrap().to_owned();
    for key in keys.split(", ") {
        assert!(!whole["components"]["parameters"][key]["description"].as_str().unwrap().is_empty(), "{key}");
    }
}

#[test]
fn what_is_refused_when_nothing_can_be_made_is_told_to_be() {
    let limits = Limits { made_at_once: 0, ..LIMITS };
    let site = serve_within(limits, publishing("https://news.example.org/"), Arc::new(|| common::at(86_400)));
    let whole = get(site.address, "/openapi.json").json();
    let fill = |path: &str| {
        let story = told(1, "youth", "GT").id.to_string();
        [("{key}/{value}", "topic/youth"), ("{saved}", "smuggling-guatemala"), ("{format}", "json"), ("{month}", "2020-09")]
            .into_iter()
            .chain([("{part}", "1"), ("{first}", "1"), ("{story}", &story)])
            .fold(path.to_owned(), |path, (name, value)| path.replace(name, value))
    };
    // Nobody is watched here, and nothing was started.
    let others = ["/status", "/status.json", "/status.atom", "/readyz"];
    let paths = whole["paths"].as_object().unwrap().iter().filter(|(path, _)| !others.contains(&path.as_str()));
    // Each waits for a place as long as readers do: all at once.
    let asked: Vec<_> = paths
        .map(|(path, asked)| {
            let (address, at, is_told) = (fill(path), site.address, &asked["get"]["responses"]);
            let is_told = ["429", "503"].map(|status| !is_told[status].is_null());
            (address.clone(), is_told, std::thread::spawn(move || get(at, &address).status))
        })
        .collect();
    for (address, is_told, status) in asked {
        assert_eq!(is_told, [status.join().unwrap() == 503; 2], "{address}");
    }
}

#[test]
fn the_address_of_the_server_is_the_configured_one() {
    let site = serve_at("https://news.example.org/feeds/", Duration::from_secs(10));
    assert_eq!(get(site.address, "/feeds/openapi.json").json()["servers"][0]["url"], "https://news.example.org/feeds");
}
