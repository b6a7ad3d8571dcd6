//! Deeds over HTTP: for whoever shows the token, and for nobody else.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "common/http.rs"]
mod http;
#[path = "common/daemon.rs"]
mod place;

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
};

use http::get;
use place::Place;
use serde_json::{Value, json};
use tributary::serve::sample::Publisher;

const TOKEN: &str = "0123456789abcdef-of-the-test";

fn place(publisher: &Publisher) -> Place {
    let source = format!("[[source]]\nid = \"wire\"\ntitle = \"Wire\"\nurl = \"{}/wire\"\nallow_private = true\n", publisher.base());
    let item = "<item><title>Beekeepers count their hives</title><guid>urn:wire:b</guid></item>";
    publisher.put("/wire", "application/rss+xml", &format!("<rss version=\"2.0\"><channel><title>Wire</title>{item}</channel></rss>"));
    let place = Place::new(&source);
    let file = place.path("token");
    fs::write(&file, format!("{TOKEN}\n")).unwrap();
    fs::write(place.path("config/tributary.toml"), format!("[admin]\nlisten = \"127.0.0.1:0\"\ntoken_file = \"{}\"\n", file.display()))
        .unwrap();
    place
}

/// Status, whole head and body.
fn ask(address: SocketAddr, method: &str, path: &str, token: Option<&str>, body: &str) -> (u16, String, Value) {
    let mut stream = TcpStream::connect(address).unwrap();
    let shown = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    let length = body.len();
    write!(stream, "{method} {path} HTTP/1.1\r\nHost: x\r\n{shown}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head[9..12].parse().unwrap(), head.to_ascii_lowercase(), serde_json::from_str(body).unwrap_or(Value::Null))
}

#[test]
fn whoever_shows_the_token_does_what_the_socket_does_and_nobody_else_does_anything() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let publisher = runtime.block_on(Publisher::start()).unwrap();
    let place = place(&publisher);
    let mut daemon = place.start(&[]);
    let line = daemon.lines.iter().find_map(|line| line["admin.address"].as_str());
    let admin: SocketAddr = line.expect("it says where").parse().unwrap();
    daemon.next_pull();
    let with = |path: &str, body: Value| ask(admin, "POST", path, Some(TOKEN), &body.to_string());

    for (method, path, token) in [
        ("POST", "/act", None),
        ("POST", "/act", Some("0123456789abcdef-of-the-tesT")),
        ("POST", "/act", Some("")),
        ("GET", "/pull", None),
        ("GET", "/", None),
    ] {
        let (status, head, problem) = ask(admin, method, path, token, "{\"story\":\"urn:wire:b\",\"wish\":{\"act\":\"hide\"}}");
        assert_eq!((status, &problem["status"]), (401, &json!(401)), "{method} {path} {token:?}");
        assert!(head.contains("www-authenticate: bearer") && head.contains("application/problem+json"), "{head}");
    }
    // Readers' listener knows nothing of it.
    assert_eq!(get(daemon.address, "/pull").status, 404);

    let (status, head, told) = with("/pull", json!({ "ids": ["wire"] }));
    assert_eq!((status, &told["rows"][0]["source"]), (200, &json!("wire")), "{told}");
    assert!(head.contains("cache-control: no-store"), "{head}");
    assert_eq!(with("/pull", json!({ "ids": ["nobody"] })).0, 409);
    let (status, _, told) =
        with("/act", json!({ "story": "urn:wire:b", "wish": { "act": "hide" }, "words": { "why": "a hoax", "who": "Ana" } }));
    assert_eq!((status, &told["rows"][0]["gone"]), (200, &json!("hidden")), "{told}");
    assert!(!get(daemon.address, "/feed.atom").text().contains("<entry>"));
    let (status, _, problem) = with("/act", json!({ "story": "urn:wire:b", "wish": { "act": "hide" } }));
    assert_eq!(status, 409);
    assert!(problem["detail"].as_str().unwrap().contains("is in no feed"), "{problem}");
    for (path, body, status) in [
        ("/act", json!({ "story": "urn:wire:b", "wish": { "act": "burn" } }), 400),
        ("/act", json!([1]), 400),
        ("/keep", json!({ "chore": { "do": "compact" } }), 404),
        ("/erase", json!({}), 404),
    ] {
        assert_eq!(with(path, body.clone()).0, status, "{path} {body}");
    }
    assert_eq!(ask(admin, "GET", "/pull", Some(TOKEN), "").0, 404);
    assert_eq!(with("/reload", json!({})).0, 200);
    daemon.wait_for("the configuration was read again");
    assert_eq!(with("/withdraw", json!({ "source": "wire", "words": { "why": "they asked" } })).0, 200);
    daemon.stop();
}

#[test]
fn a_token_that_can_be_guessed_or_not_be_read_stops_the_start() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let publisher = runtime.block_on(Publisher::start()).unwrap();
    let place = place(&publisher);
    let refused = || {
        let output = place.run(&["run", "--listen", "127.0.0.1:0"]);
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    fs::write(place.path("token"), "short").unwrap();
    assert!(refused().contains("is shorter than 16 characters"));
    fs::remove_file(place.path("token")).unwrap();
    assert!(refused().contains("token_file"));
    // Without a token there is no such listener.
    fs::write(place.path("config/tributary.toml"), "").unwrap();
    let daemon = place.start(&[]);
    assert!(daemon.lines.iter().all(|line| line["admin.address"].is_null()));
    daemon.stop();
}
