//! How publishers are asked, against servers on loopback that record what they were sent.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common {
    pub mod daemon;
    pub mod recorder;
}

use std::{
    io::Write,
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use common::{
    daemon::Place,
    recorder::{Server, answer, answer_bytes, ask, knowing, now, path, policy},
};
use tributary::{
    config,
    fetch::{Answer, Ask, Client, FetchError, Policy, Wait},
    model::{Hints, Private, Source, SourceState},
    pull::{self, Found, Kit},
};
use url::Url;

fn client() -> Client {
    Client::new(&policy()).unwrap()
}

/// What a document that was asked for holds.
fn body(answer: Answer) -> String {
    match answer {
        Answer::Document { document, .. } => String::from_utf8(document.body.to_vec()).unwrap(),
        other => panic!("no document: {other:?}"),
    }
}

#[tokio::test]
async fn validators_go_out_as_they_came_in_and_nothing_else_does() {
    // A header is bytes: this one is latin-1, and no UTF-8.
    const TAG: &[u8] = b"W/\"caf\xe9 \xff,  a\"";
    let server = Server::start(|head| match head.contains("if-none-match") {
        true => answer("304 Not Modified", "", b""),
        false => {
            let headers = [
                b"ETag: ",
                TAG,
                b"\r\nLast-Modified: yesterday, about noon\r\nSet-Cookie: a=b\r\nCache-Control: max-age=90\r\nAge: 30\r\n",
            ];
            answer_bytes("200 OK", &headers.concat(), b"feed")
        }
    })
    .await;
    let (client, url) = (client(), server.url("/feed?id=1&x=%41"));
    let Answer::Document { document, hints, .. } = client.fetch(&ask(&url), now()).await.unwrap() else { panic!("a document") };
    assert_eq!((&document.body[..], hints.quiet_for), (&b"feed"[..], Some(Duration::from_secs(60))));
    // Through the journal and back.
    let kept: String = serde_json::from_str(&serde_json::to_string(&document.etag).unwrap()).unwrap();
    let again = Ask { etag: Some(&kept), last_modified: document.last_modified.as_deref(), ..ask(&url) };
    let answer = client.fetch(&again, now()).await.unwrap();
    assert!(matches!(&answer, Answer::Unchanged { hints, moved: None } if *hints == Hints::default()), "{answer:?}");

    let tag: String = TAG.iter().map(|byte| char::from(*byte)).collect();
    let common = "GET /feed?id=1&x=%41 HTTP/1.1\r\n\
        accept: application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.5\r\n\
        accept-encoding: gzip, br, zstd, deflate\r\n";
    let end = format!("user-agent: Tributary/test (+https://example.org/; editor@example.org)\r\nhost: {}\r\n\r\n", server.address);
    let conditions = format!("if-none-match: {tag}\r\na-im: feed\r\nif-modified-since: yesterday, about noon\r\n");
    assert_eq!(server.heads(), [format!("{common}{end}"), format!("{common}{conditions}{end}")]);
}

#[tokio::test]
async fn validators_are_shown_only_to_the_address_they_came_from() {
    let turn = Arc::new(AtomicUsize::new(0));
    let there = Server::start_at("127.0.0.2:0", |head| match head.contains("if-none-match") {
        true => answer("304 Not Modified", "", b""),
        false => answer("200 OK", "ETag: \"1\"\r\n", b"there"),
    })
    .await;
    let (base, turned) = (there.url(""), turn.clone());
    let home = Server::start(move |_| match turned.load(Ordering::SeqCst) {
        0 => answer("302 Found", &format!("Location: {base}feed?signed=1\r\n"), b""),
        1 => answer("302 Found", &format!("Location: {base}feed?signed=2\r\n"), b""),
        2 => answer("302 Found", &format!("Location: {base}other\r\n"), b""),
        // Now it tells something of its own, under the same tag.
        _ => answer("200 OK", "ETag: \"1\"\r\n", b"here"),
    })
    .await;
    let mut policy = policy();
    policy.ports.push(there.address.port());
    let (client, url) = (Client::new(&policy).unwrap(), home.url("/feed"));
    let Answer::Document { document, .. } = client.fetch(&ask(&url), now()).await.unwrap() else { panic!("a document") };
    let from = document.url.to_string();
    let again = Ask { etag: document.etag.as_deref(), from: Some(&from), ..ask(&url) };
    let mut answers = Vec::new();
    for at in 1..4 {
        turn.store(at, Ordering::SeqCst);
        answers.push(match client.fetch(&again, now()).await.unwrap() {
            Answer::Unchanged { .. } => "unchanged".to_owned(),
            document => body(document),
        });
    }
    assert_eq!(answers, ["unchanged", "there", "here"]);
    assert_eq!(home.sent("if-none-match"), [None, None, None, None]);
    assert_eq!(there.sent("if-none-match"), [None, Some("\"1\"".to_owned()), None]);
}

#[tokio::test]
async fn an_answer_that_does_not_fit_the_question_is_an_error_and_no_empty_feed() {
    let server = Server::start(|head| match path(head) {
        "/304" => answer("304 Not Modified", "ETag: \"1\"\r\n", b""),
        "/206" => answer("206 Partial Content", "Content-Range: bytes 0-3/100\r\n", b"part"),
        "/226/other" => answer("226 IM Used", "IM: vcdiff\r\nETag: \"2\"\r\n", b"changes"),
        _ => answer("226 IM Used", "IM: feed\r\nETag: \"2\"\r\n", b"new entries"),
    })
    .await;
    let client = client();
    let told = async |path: &str| client.fetch(&ask(&server.url(path)), now()).await.unwrap_err().to_string();
    let begin = "the answer of 127.0.0.1 makes no sense: ";
    assert_eq!(told("/304").await, format!("{begin}it says that nothing has changed (304), and was not asked whether"));
    assert_eq!(told("/206").await, format!("{begin}it sent a part (206), and was asked for the whole"));
    assert_eq!(told("/226/other").await, format!("{begin}it sent changes (226) in a form that was not asked for"));
    let url = server.url("/226");
    let known = Ask { etag: Some("\"1\""), ..ask(&url) };
    let Answer::Document { document, is_delta: true, .. } = client.fetch(&known, now()).await.unwrap() else { panic!("new entries") };
    assert_eq!((&document.body[..], document.etag.as_deref()), (&b"new entries"[..], Some("\"2\"")));
    assert_eq!(server.sent("a-im"), [None, None, None, Some("feed".to_owned())]);
}

const RSS: &str = "Content-Type: application/rss+xml\r\n";

fn rss(items: std::ops::Range<u32>) -> Vec<u8> {
    let items: String = items.map(|n| format!("<item><title>Item {n}</title><guid isPermaLink=\"false\">{n}</guid></item>")).collect();
    format!("<rss version=\"2.0\"><channel><title>Wire</title>{items}</channel></rss>").into_bytes()
}

/// A source that lives at an address, and what looks at it are made with.
fn source(url: &Url) -> (Kit, Arc<Source>) {
    let config = config::load(None, std::iter::empty(), &[]).unwrap();
    let kit = Kit::new(client(), Arc::new(tributary::classify::Classifier::new(&config.topics).unwrap()));
    let mut source = Source::new("wire".parse().unwrap(), "Wire".to_owned(), url.clone());
    (source.allow_private, source.timeout) = (Private::Allowed, Duration::from_secs(30));
    (kit, Arc::new(source))
}

async fn look(kit: &Kit, source: &Arc<Source>, before: Option<&SourceState>) -> (SourceState, &'static str) {
    let recall: pull::Recall = Arc::new(|_, _| None);
    let look = pull::look(kit, source, before, &recall, now()).await;
    let found = match look.found {
        Found::Items { .. } => "items",
        Found::Unchanged => "unchanged",
        Found::Trouble(_) => "trouble",
    };
    (look.state, found)
}

#[tokio::test]
async fn validators_stand_for_what_was_read_whatever_is_said_in_between() {
    let turn = AtomicUsize::new(0);
    let server = Server::start(move |_| match turn.fetch_add(1, Ordering::SeqCst) {
        0 => answer("200 OK", &format!("{RSS}ETag: \"a\"\r\n"), &rss(0..20)),
        // This tag is of something that we were never sent.
        1 => answer("304 Not Modified", "ETag: \"zz\"\r\nLast-Modified: today\r\n", b""),
        2 => answer("304 Not Modified", "", b""),
        3 => answer("500 Oops", "ETag: \"error\"\r\n", b""),
        4 => answer("226 IM Used", &format!("{RSS}IM: feed\r\nETag: \"b\"\r\n"), &rss(20..22)),
        // The same bytes again under another tag, whole.
        5 | 6 => answer("200 OK", &format!("{RSS}ETag: \"c\"\r\n"), &rss(2..22)),
        7 => answer("200 OK", RSS, &rss(3..23)),
        _ => answer("200 OK", RSS, &rss(4..24)),
    })
    .await;
    let (kit, source) = source(&server.url("/feed"));
    let (mut state, mut told) = (None, Vec::new());
    for _ in 0..9 {
        let (after, found) = look(&kit, &source, state.as_ref()).await;
        told.push((found, after.etag.clone(), after.last_modified.clone(), after.items, after.body_hash.is_some()));
        state = Some(after);
    }
    let tag = |tag: &str| Some(format!("\"{tag}\""));
    assert_eq!(
        told,
        [
            ("items", tag("a"), None, 20, true),
            ("unchanged", tag("a"), None, 20, true),
            ("unchanged", tag("a"), None, 20, true),
            ("trouble", tag("a"), None, 20, true),
            ("items", tag("b"), None, 20, false),
            ("items", tag("c"), None, 20, true),
            ("unchanged", tag("c"), None, 20, true),
            ("items", None, None, 20, true),
            ("items", None, None, 20, true),
        ]
    );
    let sent = [None, tag("a"), tag("a"), tag("a"), tag("a"), tag("b"), tag("c"), tag("c"), None];
    assert_eq!(server.sent("if-none-match"), sent);
}

#[tokio::test]
async fn a_source_that_is_redirected_is_asked_conditionally_where_it_leads() {
    let server = Server::start(|head| match path(head) {
        "/old" => answer("302 Found", "Location: /new\r\n", b""),
        _ if head.contains("if-none-match: \"n\"") => answer("304 Not Modified", "", b""),
        _ => answer("200 OK", &format!("{RSS}ETag: \"n\"\r\n"), &rss(0..3)),
    })
    .await;
    let (kit, source) = source(&server.url("/old"));
    let (first, found) = look(&kit, &source, None).await;
    assert_eq!((found, first.from.as_deref()), ("items", Some(server.url("/new").as_str())));
    let (second, found) = look(&kit, &source, Some(&first)).await;
    assert_eq!((found, second.from, second.etag), ("unchanged", first.from, first.etag));
    assert_eq!(server.sent("if-none-match"), [None, None, None, Some("\"n\"".to_owned())]);
}

#[tokio::test]
async fn a_permanent_move_is_told_and_a_temporary_one_is_not() {
    let server = Server::start(|head| match path(head) {
        "/old" => answer("301 Moved Permanently", "Location: /older\r\n", b""),
        "/older" => answer("308 Permanent Redirect", "Location: /new#part\r\n", b""),
        "/elsewhere" => answer("302 Found", "Location: /old\r\n", b""),
        "/seeother" => answer("303 See Other", "Location: new\r\n", b""),
        "/kept" => answer("307 Temporary Redirect", "Location: //HOST/new\r\n".replace("HOST", host(head)).as_str(), b""),
        "/moved" => answer("301 Moved Permanently", "Location: /kept\r\n", b""),
        "/nowhere" => answer("301 Moved Permanently", "", b""),
        "/loop" => answer("301 Moved Permanently", "Location: /loop2\r\n", b""),
        "/loop2" => answer("302 Found", "Location: /loop\r\n", b""),
        "/file" => answer("301 Moved Permanently", "Location: file:///etc/passwd\r\n", b""),
        hop if hop.starts_with("/hop") => {
            let left: u32 = hop[4..].parse().unwrap();
            if left == 0 { answer("200 OK", "", b"feed") } else { answer("302 Found", &format!("Location: /hop{}\r\n", left - 1), b"") }
        }
        _ => answer("200 OK", "", b"feed"),
    })
    .await;
    let client = client();
    let moved = async |path: &str| match client.fetch(&ask(&server.url(path)), now()).await {
        Ok(Answer::Document { moved, document, .. }) => {
            Ok((moved.map(|url| url[url::Position::BeforePath..].to_owned()), document.url.path().to_owned()))
        }
        Ok(other) => panic!("{other:?}"),
        Err(error) => Err(error.to_string().replace(server.url("").as_str(), "/")),
    };
    let to = |moved: Option<&str>, end: &str| Ok((moved.map(str::to_owned), end.to_owned()));
    assert_eq!(moved("/old").await, to(Some("/new"), "/new"));
    assert_eq!(moved("/elsewhere").await, to(None, "/new"));
    assert_eq!(moved("/seeother").await, to(None, "/new"));
    assert_eq!(moved("/moved").await, to(Some("/kept"), "/new"), "it has moved for good to what leads on for now");
    assert_eq!(moved("/hop5").await, to(None, "/hop0"));
    let bad = |url: &str, why: &str| Err(format!("{url} redirects badly: {why}"));
    assert_eq!(moved("/hop6").await, bad("/hop6", "it leads on more than 5 times"));
    assert_eq!(moved("/loop").await, bad("/loop2", "it leads in a circle"));
    assert_eq!(moved("/nowhere").await, bad("/nowhere", "it leads nowhere"));
    assert_eq!(moved("/file").await, Err("file:///etc/passwd is not asked: only http and https are spoken".to_owned()));
}

fn host(head: &str) -> &str {
    head.lines().find_map(|line| line.strip_prefix("host: ")).unwrap()
}

/// A body in a coding, as a server would send it.
fn coded(coding: &str, body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let best = flate2::Compression::best();
    match coding {
        "gzip" => flate2::write::GzEncoder::new(&mut bytes, best).write_all(body).unwrap(),
        "deflate" => flate2::write::ZlibEncoder::new(&mut bytes, best).write_all(body).unwrap(),
        "br" => brotli::CompressorWriter::new(&mut bytes, 4096, 5, 22).write_all(body).unwrap(),
        "zstd" => bytes = zstd::encode_all(body, 3).unwrap(),
        _ => bytes = body.to_vec(),
    }
    bytes
}

const CODINGS: [&str; 4] = ["gzip", "br", "zstd", "deflate"];

#[tokio::test]
async fn every_coding_that_is_accepted_is_read_and_none_may_swell() {
    let server = Server::start(|head| {
        let (kind, coding) = path(head)[1..].split_once('/').unwrap();
        let header = |coding: &str| format!("Content-Encoding: {coding}\r\n");
        match kind {
            "feed" => answer("200 OK", &header(coding), &coded(coding, &b"a feed ".repeat(1000))),
            "bomb" => answer("200 OK", &header(coding), &coded(coding, &vec![0; 24 << 20])),
            "cut" => answer("200 OK", &header(coding), &coded(coding, &b"a feed ".repeat(1000))[..12]),
            "twice" => answer("200 OK", &header("gzip, gzip"), &coded("gzip", &coded("gzip", b"feed"))),
            "lines" => answer("200 OK", &header("gzip").repeat(2), &coded("gzip", &coded("gzip", b"feed"))),
            "long" => Some(b"HTTP/1.1 200 OK\r\nContent-Length: 1048577\r\n\r\n".to_vec()),
            // Members without an end that hold nothing.
            "empty" => answer("200 OK", &header("gzip"), &coded("gzip", b"").repeat(100_000)),
            _ => answer("200 OK", &header("x-own"), b"feed"),
        }
    })
    .await;
    let client = client();
    let said = async |path: &str| match client.fetch(&ask(&server.url(path)), now()).await {
        Ok(answer) => body(answer),
        Err(error) => error.to_string().replace(server.url("").as_str(), "/"),
    };
    for coding in CODINGS {
        assert_eq!(said(&format!("/feed/{coding}")).await, "a feed ".repeat(1000), "{coding}");
        let limit = format!("/bomb/{coding} is longer than 1 MiB after decoding; [fetch] max_body_mib is the limit");
        assert_eq!(said(&format!("/bomb/{coding}")).await, limit);
        let cut = said(&format!("/cut/{coding}")).await;
        assert!(cut.starts_with(&format!("/cut/{coding} can not be decoded: its body is damaged or cut off (")), "{cut}");
    }
    for path in ["/twice/", "/lines/"] {
        assert_eq!(said(path).await, format!("{path} can not be decoded: it is coded 2 times over; one coding is read at most"));
    }
    assert_eq!(said("/own/").await, "/own/ can not be decoded: it is coded as `x-own`, which is not among gzip, br, zstd, deflate");
    // The rest of these never comes, or says nothing, and is not waited for.
    for path in ["/long/", "/empty/"] {
        assert_eq!(said(path).await, format!("{path} is longer than 1 MiB after decoding; [fetch] max_body_mib is the limit"));
    }
}

#[tokio::test]
async fn only_a_few_large_bodies_are_held_at_once_and_small_ones_do_not_wait_for_them() {
    let large = vec![b'x'; 3 << 20];
    let server = Server::start(move |head| answer("200 OK", "", if path(head) == "/large" { &large } else { b"feed" })).await;
    let client = Client::new(&Policy { longest_body: 4 << 20, ..policy() }).unwrap();
    let url = server.url("/large");
    let (patient, brief) = (ask(&url), Ask { timeout: Duration::from_millis(200), ..ask(&url) });
    let mut held = Vec::new();
    for _ in 0..6 {
        held.push(client.fetch(&patient, now()).await.unwrap());
    }
    let refused = client.fetch(&brief, now()).await.unwrap_err();
    assert!(matches!(refused, FetchError::TooSlow { wait: Wait::Whole, .. }), "{refused}");
    assert_eq!(body(client.fetch(&ask(&server.url("/small")), now()).await.unwrap()), "feed");
    held.pop();
    assert_eq!(body(client.fetch(&patient, now()).await.unwrap()).len(), 3 << 20);
}

#[tokio::test]
async fn each_refusal_is_told_by_what_to_do_about_it() {
    let server = Server::start(|head| {
        let path = path(head);
        let retry = if path.contains("later") { "Retry-After: 120\r\n" } else { "" };
        answer(&format!("{} Whatever", &path[1..4]), retry, b"")
    })
    .await;
    let client = client();
    let error = async |path: &str| client.fetch(&ask(&server.url(path)), now()).await.unwrap_err();
    let wait = Some(Duration::from_secs(120));
    assert!(matches!(error("/429/later").await, FetchError::SlowDown { status: 429, retry_after, .. } if retry_after == wait));
    assert!(matches!(error("/503/later").await, FetchError::SlowDown { status: 503, retry_after, .. } if retry_after == wait));
    assert!(matches!(error("/503").await, FetchError::SlowDown { retry_after: None, .. }));
    let url = server.url("");
    let it_may = "it may block programs: write to the publisher, or set `headers` for this source";
    for (status, expected) in [
        (401, format!("127.0.0.1 refuses us (401, it wants a name and password); {it_may}")),
        (402, format!("127.0.0.1 refuses us (402, it wants to be paid); {it_may}")),
        (403, format!("127.0.0.1 refuses us (403); {it_may}")),
        (451, format!("127.0.0.1 refuses us (451, for legal reasons); {it_may}")),
        (404, format!("{url}404 is not there (404); the publisher may have moved its feed")),
        (410, format!("{url}410 is gone (410)")),
        (407, "127.0.0.1 failed (407)".to_owned()),
        (421, "127.0.0.1 failed (421, the host is not at home there)".to_owned()),
        (425, "127.0.0.1 failed (425, too early)".to_owned()),
        (500, "127.0.0.1 failed (500)".to_owned()),
        (522, "127.0.0.1 failed (522, a server in front of it has no answer)".to_owned()),
        (300, "127.0.0.1 failed (300)".to_owned()),
    ] {
        assert_eq!(error(&format!("/{status}")).await.to_string(), expected);
    }
}

#[tokio::test]
async fn a_page_that_wants_to_see_a_person_is_no_wish_to_be_asked_later() {
    const PAGE: &[u8] = b"<!DOCTYPE html><html><head><title>Just a moment...</title></head>";
    let server = Server::start(|head| match path(head) {
        "/header" => answer("503 Service Unavailable", "cf-mitigated: challenge\r\nRetry-After: 9\r\n", b""),
        "/page" => answer("403 Forbidden", "Content-Encoding: gzip\r\n", &coded("gzip", PAGE)),
        "/503" => answer("503 Service Unavailable", "", PAGE),
        "/202" => answer("202 Accepted", "x-amzn-waf-action: challenge\r\n", b""),
        "/later" => answer("503 Service Unavailable", "Retry-After: 9\r\n", PAGE),
        // A feed may well tell of such pages.
        _ => answer("200 OK", "", PAGE),
    })
    .await;
    let client = client();
    let asked = async |path: &str| client.fetch(&ask(&server.url(path)), now()).await;
    for path in ["/header", "/page", "/503", "/202"] {
        assert!(matches!(asked(path).await, Err(FetchError::Challenge { .. })), "{path}");
    }
    assert!(matches!(asked("/later").await, Err(FetchError::SlowDown { retry_after: Some(wait), .. }) if wait.as_secs() == 9));
    assert!(asked("/feed").await.is_ok());
}

#[tokio::test]
async fn each_time_limit_is_told_by_its_own_words() {
    let server = Server::start(|head| match path(head) {
        "/silent" => None,
        "/begun" => Some(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun".to_vec()),
        _ => answer("302 Found", "Location: /silent\r\n", b""),
    })
    .await;
    let short = Duration::from_millis(60);
    let told = async |policy: Policy, path: &str, timeout: Duration| {
        let url = server.url(path);
        let asked = Ask { timeout, ..ask(&url) };
        Client::new(&policy).unwrap().fetch(&asked, now()).await.unwrap_err()
    };
    let long = Duration::from_secs(30);
    // Waiting for headers begins when there is a connection, at the latest after the time that this may take.
    let impatient = Policy { headers: short, connect: short, ..policy() };
    let error = told(impatient, "/silent", long).await;
    assert!(matches!(error, FetchError::TooSlow { wait: Wait::Headers, .. }));
    assert_eq!(error.to_string(), "127.0.0.1 took the question and gave no headers within 0.06 s");
    let error = told(Policy { silence: short, ..policy() }, "/begun", long).await;
    assert_eq!(error.to_string(), "127.0.0.1 fell silent in the middle of its answer, and gave no more within 0.06 s");
    for path in ["/silent", "/begun", "/redirect"] {
        assert_eq!(told(policy(), path, short).await.to_string(), "127.0.0.1 gave no whole answer within 0.06 s", "{path}");
    }
    // A full queue gives no connection: nobody accepts.
    let full = tokio::net::TcpSocket::new_v4().unwrap();
    full.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let full = full.listen(0).unwrap();
    let address = full.local_addr().unwrap();
    let _waiting: Vec<_> = (0..4).filter_map(|_| std::net::TcpStream::connect_timeout(&address, short).ok()).collect();
    let url: Url = format!("http://{address}/").parse().unwrap();
    let error = Client::new(&Policy { connect: short, ..policy() }).unwrap().fetch(&ask(&url), now()).await.unwrap_err();
    assert_eq!(error.to_string(), "127.0.0.1 gave no connection within 0.06 s");
}

#[tokio::test]
async fn what_waits_for_its_turn_is_not_late() {
    let server = Server::start(|head| match path(head) {
        "/slow" => None,
        _ => answer("200 OK", "", b"feed"),
    })
    .await;
    let client = Client::new(&Policy { per_host: 1, ..policy() }).unwrap();
    let (slow, quick) = (server.url("/slow"), server.url("/quick"));
    let patient = Ask { timeout: Duration::from_millis(1500), ..ask(&slow) };
    let hasty = Ask { timeout: Duration::from_millis(1000), ..ask(&quick) };
    let (first, second) = tokio::join!(client.fetch(&patient, now()), client.fetch(&hasty, now()));
    assert!(matches!(first, Err(FetchError::TooSlow { wait: Wait::Whole, .. })));
    assert_eq!(body(second.unwrap()), "feed");
}

#[tokio::test]
async fn headers_have_a_limit() {
    let server = Server::start(|head| match path(head) {
        "/many" => answer("200 OK", &"X-Many: 1\r\n".repeat(200), b"feed"),
        "/long" => answer("200 OK", &format!("X-Long: {}\r\n", "x".repeat(100_000)), b"feed"),
        "/endless" => answer("200 OK", &format!("X-Long: {}\r\n", "x".repeat(4 << 20)), b"feed"),
        _ => answer("200 OK", &format!("X-Long: {}\r\n", "x".repeat(60_000)), b"feed"),
    })
    .await;
    let client = client();
    for path in ["/many", "/long", "/endless"] {
        let error = client.fetch(&ask(&server.url(path)), now()).await.unwrap_err();
        assert_eq!(error.to_string(), "the headers of 127.0.0.1 are longer than 64 KiB, or more than 100", "{path}");
    }
    assert!(client.fetch(&ask(&server.url("/")), now()).await.is_ok());
}

#[tokio::test]
async fn one_host_is_asked_by_two_at_once_at_most() {
    let server = Server::start(|_| answer("200 OK", "", b"feed")).await;
    let client = client();
    let mut running = tokio::task::JoinSet::new();
    for n in 0..12 {
        let (client, url) = (client.clone(), server.url(&format!("/{n}")));
        running.spawn(async move { client.fetch(&ask(&url), now()).await.is_ok() });
    }
    assert!(running.join_all().await.into_iter().all(|fine| fine));
    assert!(server.most_at_once() <= 2);
    assert_eq!(server.heads().len(), 12);
}

#[tokio::test]
async fn a_connection_is_kept_for_a_host_with_many_sources_and_closed_for_one_with_a_single_one() {
    let (busy, other) =
        (Server::start(|_| answer("200 OK", "", b"feed")).await, Server::start_at("127.0.0.2:0", |_| answer("200 OK", "", b"feed")).await);
    let client = client();
    for n in 0..12 {
        client.fetch(&ask(&busy.url(&format!("/{n}"))), now()).await.unwrap();
    }
    assert!(busy.connections() <= 6, "{} connections for 12 questions", busy.connections());
    client.fetch(&ask(&other.url("/")), now()).await.unwrap();
    // Closed by us: the server would wait for ever.
    other.open(0).await;
    busy.open(1).await;
}

#[tokio::test]
async fn a_kept_connection_that_is_closed_under_the_question_costs_no_answer() {
    let (turn, answered) = (AtomicUsize::new(0), b"feed");
    // The third question comes on the connection of the second.
    let server = Server::start(move |_| match turn.fetch_add(1, Ordering::SeqCst) {
        2 => Some(Vec::new()),
        _ => answer("200 OK", "", answered),
    })
    .await;
    let client = client();
    for n in 0..3 {
        assert_eq!(body(client.fetch(&ask(&server.url(&format!("/{n}"))), now()).await.unwrap()), "feed");
    }
    assert_eq!(server.heads().iter().map(|head| path(head)).collect::<Vec<_>>(), ["/0", "/1", "/2", "/2"]);
}

#[test]
fn proxies_of_the_environment_are_not_asked() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let server = runtime.block_on(Server::start(|_| answer("200 OK", RSS, &rss(0..2))));
    let trap = TcpListener::bind("127.0.0.1:0").unwrap();
    trap.set_nonblocking(true).unwrap();
    let proxy = format!("http://{}", trap.local_addr().unwrap());
    let place = Place::new(&format!(
        "[[source]]\nid = \"wire\"\ntitle = \"Wire\"\nurl = \"{}\"\nallow_private = [\"127.0.0.1\"]\n",
        server.url("/feed")
    ));
    let mut command = place.command(&["pull", "--json"]);
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        command.env(name, &proxy);
    }
    let output = command.env_remove("NO_PROXY").env_remove("no_proxy").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(trap.accept().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    let agents: Vec<String> = server.sent("user-agent").into_iter().flatten().collect();
    assert_eq!(agents, [format!("Tributary/{}", env!("CARGO_PKG_VERSION"))]);
}

#[test]
fn a_configured_proxy_is_asked_and_its_password_is_in_no_log() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let proxy = runtime.block_on(Server::start(|_| answer("200 OK", RSS, &rss(0..2))));
    let place = Place::new("[[source]]\nid = \"wire\"\ntitle = \"Wire\"\nurl = \"http://8.8.8.8/feed\"\n");
    let settings = format!(
        "[daemon]\ncontact = \"editor@example.org\"\nlog = \"trace\"\n[serve]\npublic = \"https://news.example.org/\"\n\
         [fetch]\nproxy = \"http://office:geheim@{}\"\n",
        proxy.address
    );
    std::fs::write(place.path("config/tributary.toml"), settings).unwrap();
    let mut daemon = place.start(&[]);
    let mut log = format!("{:?}", daemon.lines);
    while !log.contains("pulled `wire`") {
        log.push_str(&daemon.next_line().unwrap().to_string());
    }
    daemon.stop();
    assert!(log.contains("starting new connection") && !log.contains("geheim") && !log.contains("b2ZmaWNlOmdlaGVpbQ"), "{log}");
    assert_eq!(proxy.heads()[0].lines().next(), Some("GET http://8.8.8.8/feed HTTP/1.1"));
    let agent = format!("Tributary/{} (+https://news.example.org/; +editor@example.org)", env!("CARGO_PKG_VERSION"));
    assert_eq!(proxy.sent("user-agent"), [Some(agent)]);
}

#[tokio::test]
async fn a_proxy_is_given_what_is_outside_and_nothing_else() {
    let proxy = Server::start(|head| match head.starts_with("CONNECT") {
        true => answer("407 Proxy Authentication Required", "", b""),
        false => answer("200 OK", "", b"through the proxy"),
    })
    .await;
    let inside = Server::start_at("127.0.0.2:0", |_| answer("200 OK", "", b"inside")).await;
    let address = format!("http://office:secret@{}", proxy.address);
    let policy = Policy { proxy: Some(address.parse().unwrap()), ..policy() };
    let lookup = knowing(&[("inner.example", "10.1.2.3"), ("outer.example", "192.88.98.1")]);
    let client = Client::with_lookup(&policy, lookup).unwrap();
    let said = async |url: &str| match client.fetch(&Ask::first(&url.parse().unwrap(), Duration::from_secs(30)), now()).await {
        Ok(answer) => body(answer),
        Err(error) => error.to_string(),
    };
    // A name that only the proxy can look up is the proxy's to judge.
    for host in ["outer.example", "unheard.example", "8.8.8.8"] {
        assert_eq!(said(&format!("http://{host}/feed?x=1")).await, "through the proxy");
    }
    for host in ["inner.example", "localhost", "printer", "nas.local", "metadata.google.internal", "localhost.", "x.localhost"] {
        let told = said(&format!("http://{host}/")).await;
        assert!(told.contains("is of the inside, or leads to an address that is not public"), "{host}: {told}");
    }
    for host in ["10.0.0.1", "[::1]", "169.254.169.254"] {
        assert!(said(&format!("http://{host}/")).await.contains("the address is not public"), "{host}");
    }
    let lines = |server: &Server| server.heads().iter().map(|head| head.lines().next().unwrap().to_owned()).collect::<Vec<_>>();
    let asked = ["outer.example", "unheard.example", "8.8.8.8"].map(|host| format!("GET http://{host}/feed?x=1 HTTP/1.1"));
    assert_eq!(lines(&proxy), asked);
    assert_eq!(proxy.sent("proxy-authorization")[0].as_deref(), Some("Basic b2ZmaWNlOnNlY3JldA=="));
    let refused = said("https://outer.example/").await;
    assert_eq!(refused, format!("the proxy http://{} wants a name and password; see [fetch] proxy", proxy.address));
    // What is inside is asked without it.
    let url = inside.url("/");
    let range = Private::Within(vec!["127.0.0.2/32".parse().unwrap()]);
    assert_eq!(body(client.fetch(&Ask { allow_private: &range, ..ask(&url) }, now()).await.unwrap()), "inside");
    assert!(!format!("{policy:?}").contains("secret"), "it is never printed");
}
