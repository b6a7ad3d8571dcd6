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

/// A browser: shows the token as the password of `Ana`. Status, head and page.
fn browse(address: SocketAddr, method: &str, path: &str, headers: &str, body: &str) -> (u16, String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    let basic = base64(&format!("Ana:{TOKEN}"));
    let length = body.len();
    let form = "Content-Type: application/x-www-form-urlencoded";
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {basic}\r\n{form}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head[9..12].parse().unwrap(), head.to_ascii_lowercase(), body.to_owned())
}

/// RFC 4648 §4, of what is a multiple of three bytes long or not.
fn base64(text: &str) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let group = |bytes: &[u8]| {
        let all = bytes.iter().chain(&[0; 2]).take(3).fold(0u32, |all, byte| all << 8 | u32::from(*byte));
        let letters = (0..4).map(|at| LETTERS[(all >> (18 - 6 * at)) as usize & 63] as char);
        letters.enumerate().map(|(at, letter)| if at > bytes.len() { '=' } else { letter }).collect::<String>()
    };
    text.as_bytes().chunks(3).map(group).collect()
}

#[test]
fn an_editor_does_it_by_forms_which_pages_of_others_can_not_send() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let publisher = runtime.block_on(Publisher::start()).unwrap();
    let place = place(&publisher);
    let item =
        |n: &str, title: &str| format!("<item><title>{title}</title><guid>urn:wire:{n}</guid><link>https://wire.example/{n}</link></item>");
    let items =
        item("b", "Beekeepers count their hives") + &item("c", "Ferries stay in the harbour") + &item("d", "Schools open a week later");
    publisher.put("/wire", "application/rss+xml", &format!("<rss version=\"2.0\"><channel><title>Wire</title>{items}</channel></rss>"));
    let mut daemon = place.start(&[]);
    let admin: SocketAddr = daemon.lines.iter().find_map(|line| line["admin.address"].as_str()).unwrap().parse().unwrap();
    daemon.next_pull();
    let look = |path: &str| browse(admin, "GET", path, "", "");
    let titles = || get(daemon.address, "/feed.atom").text().matches("<entry>").count();
    assert_eq!(titles(), 3);

    // A browser is asked for name and password, and then given the page; nobody keeps it, and no other page frames it.
    let (status, head, _) = ask(admin, "GET", "/", None, "");
    assert!(status == 401 && head.contains("www-authenticate: basic realm=\"tributary"), "{head}");
    let (status, head, page) = look("/?ui=en");
    assert_eq!(status, 200);
    assert!(
        head.contains("cache-control: no-store") && head.contains("frame-ancestors 'none'") && head.contains("form-action 'self'"),
        "{head}"
    );
    assert!(page.contains("Beekeepers count their hives"), "nobody filed it: {page}");
    let style = page.split("href=\"/page.").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(look(&format!("/page.{style}")).0, 200);
    // Whoever reads sees nothing of it.
    assert!(!get(daemon.address, "/").text().contains("/act"));

    // A story is found by its link, and its page has the forms.
    let (status, head, _) = look("/story?ui=en&story=https%3A%2F%2Fwire.example%2Fb");
    assert_eq!(status, 303, "{head}");
    let own = head.split("location: ").nth(1).unwrap().split("\r\n").next().unwrap().to_owned();
    let id = own.strip_prefix("/story/").unwrap().split('?').next().unwrap().to_owned();
    let page = look(&own).2;
    let key = page.split("name=\"key\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let send = |deed: &str, fields: &str| browse(admin, "POST", &format!("/{deed}?ui=en"), "", &format!("key={key}&{fields}"));

    // What a page of others sends is refused, with the password that the browser adds by itself.
    let hide = format!("story={id}&act=hide&why=a+hoax");
    for (headers, body) in [
        ("", hide.clone()),
        ("", format!("key={}&{hide}", "0".repeat(64))),
        ("Sec-Fetch-Site: cross-site\r\n", format!("key={key}&{hide}")),
        ("Sec-Fetch-Site: same-site\r\n", format!("key={key}&{hide}")),
        ("Content-Type: text/plain\r\n", json!({ "story": id, "wish": { "act": "hide" } }).to_string()),
    ] {
        assert_eq!((browse(admin, "POST", "/act", headers, &body).0, titles()), (403, 3), "{headers}{body}");
    }

    // Each form does its deed, in the name of whoever it was.
    let (status, _, page) = send("act", &hide);
    assert!(status == 200 && page.contains("is in no feed") && page.contains(&format!("/story/{id}?ui=en")), "{page}");
    assert_eq!(titles(), 2);
    let page = look(&own).2;
    assert!(page.contains("hidden by an editor") && page.contains("a hoax · Ana"), "{page}");
    let (status, _, page) = send("act", &hide);
    assert!(status == 409 && page.contains("This was not done") && page.contains("is in no feed"), "{page}");
    assert_eq!(send("act", &format!("story={id}&act=release")).0, 200);
    let (status, _, page) = send("act", &format!("story={id}&act=relabel&give-topic=youth&give-country=gt&take-topic=asylum"));
    assert!(status == 200 && page.contains("enters country/gt, topic/youth"), "{page}");
    assert!(get(daemon.address, "/feed/topic/youth/country/gt.atom").text().contains("Beekeepers"));
    let page = look(&own).2;
    assert!(
        page.contains("name=\"take-topic\" value=\"youth\"") && !page.contains("<option value=\"youth\">"),
        "what it has can be taken: {page}"
    );
    let (status, _, page) = send("act", &format!("story={id}&act=join&other=https%3A%2F%2Fwire.example%2Fc"));
    assert_eq!((status, titles()), (200, 2), "{page}");
    // Whichever of the two it is now, both addresses lead to it.
    let (status, head, _) = look("/story?story=https%3A%2F%2Fwire.example%2Fb");
    assert_eq!(status, 303);
    let one = head.split("location: /story/").nth(1).unwrap().split("\r\n").next().unwrap().to_owned();
    let gone = look(&own);
    assert!(one == id || gone.0 == 303 && gone.1.contains(&format!("location: /story/{one}")), "{}", gone.1);
    assert!(look(&format!("/story/{one}")).2.contains("name=\"copy\" value=\"2\""));
    assert_eq!((send("act", &format!("story={one}&act=split&copy=2")).0, titles()), (200, 3));
    let (status, _, page) = send("act", &format!("story={id}&act=burn"));
    assert!(status == 400 && page.contains("burn"), "{page}");

    // And what is no story.
    let (status, _, page) = send("pull", "source=wire");
    assert!(status == 200 && page.contains("0 new, 0 joined, 0 revised"), "{page}");
    assert_eq!(send("reload", "").0, 200);
    daemon.wait_for("the configuration was read again");
    let (status, _, page) = send("release_flood", "source=wire");
    assert!(status == 409 && page.contains("nothing of `wire` was filed in the archive"), "{page}");
    let (status, _, page) = send("withdraw", "source=wire&why=they+asked");
    assert!(status == 200 && page.contains("3 stories changed, 3 of them went"), "{page}");
    assert_eq!((send("erase", "").0, look("/nowhere").0, look("/story/nobody").0), (404, 404, 404));
    // All of it in the editor's language.
    for (ui, words) in [("es", "Edición"), ("fr", "Rédaction"), ("pt", "Edição")] {
        assert!(look(&format!("/?ui={ui}")).2.contains(&format!("<h1>{words}</h1>")), "{ui}");
    }
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
