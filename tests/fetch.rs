//! How publishers are asked, against servers on loopback that do as they are told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::{
    io::Write,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tributary::{
    fetch::{Answer, Ask, Client, FetchError, Policy},
    model::Second,
};
use url::Url;

/// Answers each request with what `answer` makes of its head; remembers the heads.
struct Server {
    base: String,
    heads: Arc<Mutex<Vec<String>>>,
    most_at_once: Arc<AtomicUsize>,
}

impl Server {
    async fn start(answer: impl Fn(&str) -> Option<Vec<u8>> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let (heads, at_once, most) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let answer = Arc::new(answer);
        let server = Self { base, heads: heads.clone(), most_at_once: most.clone() };
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let (heads, at_once, most, answer) = (heads.clone(), at_once.clone(), most.clone(), answer.clone());
                tokio::spawn(async move {
                    let mut head = Vec::new();
                    while !head.ends_with(b"\r\n\r\n") {
                        let Ok(byte) = stream.read_u8().await else { return };
                        head.push(byte);
                    }
                    most.fetch_max(at_once.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    let head = String::from_utf8(head).unwrap();
                    heads.lock().unwrap().push(head.clone());
                    match answer(&head) {
                        Some(bytes) => {
                            // Others get their chance to be here at the same time.
                            tokio::task::yield_now().await;
                            let _ = stream.write_all(&bytes).await;
                        }
                        // A server that hangs.
                        None => std::future::pending().await,
                    }
                    at_once.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        server
    }

    fn url(&self, path: &str) -> Url {
        format!("{}{path}", self.base).parse().unwrap()
    }

    fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

fn answer(status: &str, headers: &str, body: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n", body.len()).into_bytes();
    bytes.extend(body);
    Some(bytes)
}

fn client() -> Client {
    let policy = Policy {
        user_agent: "Tributary/test (+https://example.org/; editor@example.org)".into(),
        connect: Duration::from_secs(5),
        silence: Duration::from_secs(5),
        longest_body: 1 << 20,
        per_host: 2,
    };
    Client::new(&policy).unwrap()
}

fn ask(url: &Url) -> Ask<'_> {
    Ask { url, etag: None, last_modified: None, headers: &[], timeout: Duration::from_secs(10), allow_private: true }
}

fn now() -> Second {
    "2026-05-01T12:00:00Z".parse().unwrap()
}

#[tokio::test]
async fn validators_go_out_as_they_came_in_and_nothing_else_does() {
    let server = Server::start(|head| match head.contains("if-none-match") {
        true => answer("304 Not Modified", "", b""),
        false => answer(
            "200 OK",
            "ETag: W/\"a b\"\r\nLast-Modified: yesterday, about noon\r\nSet-Cookie: a=b\r\nCache-Control: max-age=90\r\nAge: 30\r\n",
            b"feed",
        ),
    })
    .await;
    let (client, url) = (client(), server.url("/feed?id=1"));
    let Answer::Document { document, hints, .. } = client.fetch(&ask(&url), now()).await.unwrap() else { panic!("a document") };
    assert_eq!((document.etag.as_deref(), document.last_modified.as_deref()), (Some("W/\"a b\""), Some("yesterday, about noon")));
    assert_eq!((&document.body[..], hints.quiet_for), (&b"feed"[..], Some(Duration::from_secs(60))));
    let again = Ask { etag: document.etag.as_deref(), last_modified: document.last_modified.as_deref(), ..ask(&url) };
    assert!(matches!(client.fetch(&again, now()).await.unwrap(), Answer::Unchanged { .. }));
    let heads = server.heads();
    assert!(
        heads[1].contains("if-none-match: W/\"a b\"\r\n") && heads[1].contains("if-modified-since: yesterday, about noon\r\n"),
        "{}",
        heads[1]
    );
    for head in &heads {
        assert!(head.starts_with("GET /feed?id=1 HTTP/1.1\r\n"), "{head}");
        assert!(head.contains("user-agent: Tributary/test (+https://example.org/; editor@example.org)\r\n"));
        assert!(!head.contains("cookie") && !head.contains("referer"), "{head}");
    }
}

#[tokio::test]
async fn a_permanent_move_is_told_and_a_temporary_one_is_not() {
    let server = Server::start(|head| {
        let path = head.split(' ').nth(1).unwrap();
        match path {
            "/old" => answer("301 Moved Permanently", "Location: /older\r\n", b""),
            "/older" => answer("308 Permanent Redirect", "Location: /new\r\n", b""),
            "/elsewhere" => answer("302 Found", "Location: /old\r\n", b""),
            "/loop" => answer("301 Moved Permanently", "Location: /loop\r\n", b""),
            "/inside" => answer("302 Found", "Location: http://169.254.169.254/latest/\r\n", b""),
            "/file" => answer("301 Moved Permanently", "Location: file:///etc/passwd\r\n", b""),
            _ => answer("200 OK", "", b"feed"),
        }
    })
    .await;
    let client = client();
    let moved = async |path: &str| match client.fetch(&ask(&server.url(path)), now()).await {
        Ok(Answer::Document { moved, document, .. }) => Ok((moved.map(String::from), document.url.path().to_owned())),
        Ok(other) => panic!("{other:?}"),
        Err(error) => Err(error),
    };
    assert_eq!(moved("/old").await.unwrap(), (Some(server.url("/new").into()), "/new".into()));
    assert_eq!(moved("/elsewhere").await.unwrap(), (None, "/new".into()));
    assert!(matches!(moved("/loop").await, Err(FetchError::BadRedirect { .. })));
    assert!(matches!(moved("/file").await, Err(FetchError::Forbidden { .. })));
    // A source that may be private is still not led to where nobody sent it, unless it is an address it may ask.
    let inside = server.url("/inside");
    let guarded = Ask { allow_private: false, ..ask(&inside) };
    assert!(matches!(client.fetch(&guarded, now()).await, Err(FetchError::Forbidden { .. })));
}

#[tokio::test]
async fn no_private_address_is_dialled_unless_it_may() {
    let server = Server::start(|_| answer("200 OK", "", b"feed")).await;
    let port = server.url("/").port().unwrap();
    let client = client();
    for host in ["127.0.0.1", "localhost", "127.1", "0x7f.1", "2130706433", "[::ffff:127.0.0.1]", "0.0.0.0"] {
        let url: Url = format!("http://{host}:{port}/").parse().unwrap();
        let asked = Ask { allow_private: false, ..ask(&url) };
        let error = client.fetch(&asked, now()).await.unwrap_err();
        assert!(matches!(error, FetchError::Forbidden { .. }), "{host}: {error}");
    }
    assert_eq!(server.heads().len(), 0);
    for scheme in ["ftp://example.org/", "gopher://example.org/", "data:text/plain,x"] {
        assert!(matches!(client.fetch(&ask(&scheme.parse().unwrap()), now()).await, Err(FetchError::Forbidden { .. })));
    }
}

#[tokio::test]
async fn each_refusal_is_told_by_what_to_do_about_it() {
    let server = Server::start(|head| match head.split(' ').nth(1).unwrap() {
        "/429" => answer("429 Too Many Requests", "Retry-After: 120\r\n", b""),
        "/503" => answer("503 Service Unavailable", "Retry-After: Fri, 01 May 2026 13:00:00 GMT\r\n", b""),
        "/far" => answer("503 Service Unavailable", "Retry-After: 99999999999\r\n", b""),
        "/410" => answer("410 Gone", "", b""),
        "/403" => answer("403 Forbidden", "", b""),
        "/404" => answer("404 Not Found", "", b""),
        "/500" => answer("500 Oops", "", b""),
        _ => None,
    })
    .await;
    let client = client();
    let error = async |path: &str| client.fetch(&ask(&server.url(path)), now()).await.unwrap_err();
    let wait = |error: FetchError| match error {
        FetchError::SlowDown { retry_after, .. } => retry_after.unwrap().as_secs(),
        other => panic!("{other}"),
    };
    assert_eq!(wait(error("/429").await), 120);
    assert_eq!(wait(error("/503").await), 3600);
    assert_eq!(wait(error("/far").await), 30 * 86_400);
    assert!(matches!(error("/410").await, FetchError::Gone { .. }));
    assert!(matches!(error("/403").await, FetchError::Refused { status: 403, .. }));
    assert!(matches!(error("/404").await, FetchError::Missing { .. }));
    assert!(matches!(error("/500").await, FetchError::Failed { status: 500, .. }));
    let hanging = server.url("/hang");
    let impatient = Ask { timeout: Duration::from_millis(100), ..ask(&hanging) };
    assert!(matches!(client.fetch(&impatient, now()).await, Err(FetchError::TooSlow { .. })));
}

#[tokio::test]
async fn a_body_that_swells_when_it_is_decoded_is_stopped() {
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..64 {
        bomb.write_all(&vec![0; 1 << 20]).unwrap();
    }
    let bomb = bomb.finish().unwrap();
    let server = Server::start(move |_| answer("200 OK", "Content-Encoding: gzip\r\n", &bomb)).await;
    let error = client().fetch(&ask(&server.url("/")), now()).await.unwrap_err();
    assert!(matches!(error, FetchError::TooLarge { limit: 1_048_576, .. }), "{error}");
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
    assert!(server.most_at_once.load(Ordering::SeqCst) <= 2);
    assert_eq!(server.heads().len(), 12);
}
