//! Where the fetcher can not be sent, and what it tells of a bad connection: servers and traps on loopback.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common {
    pub mod recorder;
}

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use common::recorder::{Server, answer, ask, knowing, now, path, policy};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::net::TcpListener;
use tributary::{
    fetch::{Answer, Answered, Ask, Call, Client, FetchError, Policy, TlsFault},
    model::{Private, private::parse_range},
};
use url::Url;

fn within(ranges: &[&str]) -> Private {
    Private::Within(ranges.iter().map(|range| parse_range(range).unwrap()).collect())
}

/// Counts who comes in, on every address of this machine.
struct Trap {
    port: u16,
    caught: Arc<AtomicUsize>,
}

impl Trap {
    async fn set() -> Self {
        let caught = Arc::new(AtomicUsize::new(0));
        let first = TcpListener::bind("0.0.0.0:0").await.unwrap();
        let port = first.local_addr().unwrap().port();
        // Where there is no IPv6, nobody can come in by it.
        let second = TcpListener::bind(("::1", port)).await.ok();
        for listener in [Some(first), second].into_iter().flatten() {
            let caught = caught.clone();
            tokio::spawn(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    caught.fetch_add(1, Ordering::SeqCst);
                    drop(stream);
                }
            });
        }
        Self { port, caught }
    }

    fn caught(&self) -> usize {
        self.caught.load(Ordering::SeqCst)
    }
}

/// Hosts that lead inside, in many spellings.
const HOSTILE: &[&str] = &[
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0x7F.0x0.0x0.0x1",
    "0177.0.0.1",
    "017700000001",
    "127.0.0.1.",
    "127.255.255.254",
    "0.0.0.0",
    "0",
    "%31%32%37.0.0.1",
    "１２７.0.0.1",
    "127。0。0。1",
    "localhost",
    "LOCALHOST.",
    "inner.example",
    "mixed-up.example",
    "six.example",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.0.1",
    "169.254.169.254",
    "169.254.170.2",
    "168.63.129.16",
    "192.0.0.192",
    "100.100.100.200",
    "100.64.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "192.88.99.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "[::]",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::127.0.0.1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::ffff:169.254.169.254]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[2001::1]",
    "[2001:db8::1]",
    "[3fff::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[fe80::1]",
    "[fe80::1%25lo]",
    "[fec0::1]",
    "[ff02::1]",
    "[100::1]",
];

const NAMES: &[(&str, &str)] = &[
    ("localhost", "127.0.0.1"),
    ("localhost.", "127.0.0.1"),
    ("inner.example", "10.1.2.3"),
    ("mixed-up.example", "::ffff:127.0.0.1"),
    ("six.example", "::1"),
];

#[tokio::test]
async fn no_hostile_address_is_dialled_neither_at_first_nor_by_a_redirect() {
    let trap = Trap::set().await;
    let port = trap.port;
    // Each path of this one leads to the hostile address of that number.
    let guide = Server::start_at("127.0.0.2:0", move |head| {
        let host = HOSTILE[path(head)[1..].parse::<usize>().unwrap()];
        answer("302 Found", &format!("Location: http://{host}:{port}/latest/\r\n"), b"")
    })
    .await;
    let client = Client::with_lookup(&Policy { ports: vec![80, 443, port], ..policy() }, knowing(NAMES)).unwrap();
    let only_guide = within(&["127.0.0.2"]);
    for (number, host) in HOSTILE.iter().enumerate() {
        // Not every one of these is an address at all.
        if let Ok(url) = Url::parse(&format!("http://{host}:{port}/latest/")) {
            for allowed in [&Private::Refused, &only_guide] {
                let asked = Ask { allow_private: allowed, ..ask(&url) };
                let error = client.fetch(&asked, now()).await.unwrap_err();
                assert!(matches!(error, FetchError::Forbidden { .. }), "{host}: {error}");
            }
        }
        let url = guide.url(&format!("/{number}"));
        let error = client.fetch(&Ask { allow_private: &only_guide, ..ask(&url) }, now()).await.unwrap_err();
        assert!(matches!(error, FetchError::Forbidden { .. } | FetchError::BadRedirect { .. }), "to {host}: {error}");
    }
    assert_eq!((guide.heads().len(), trap.caught()), (HOSTILE.len(), 0));
    // The trap works: who may go there is caught.
    let url: Url = format!("http://127.1:{port}/").parse().unwrap();
    assert!(matches!(client.fetch(&ask(&url), now()).await, Err(FetchError::NoAnswer { .. })));
    assert_eq!(trap.caught(), 1);
    for other in ["ftp://example.org/", "gopher://example.org/", "data:text/plain,x", "javascript:1", "ws://example.org/"] {
        assert!(matches!(client.fetch(&ask(&other.parse().unwrap()), now()).await, Err(FetchError::Forbidden { .. })), "{other}");
    }
}

#[tokio::test]
async fn a_name_that_changes_its_address_is_dialled_where_it_was_judged() {
    // The same port on two addresses of loopback: one may be asked, the other is the trap.
    let server = Server::start_at("127.0.0.2:0", |_| answer("200 OK", "Connection: close\r\n", b"feed")).await;
    let trap = Server::start_at(&format!("127.0.0.3:{}", server.address.port()), |_| answer("200 OK", "", b"secret")).await;
    let asked = Arc::new(AtomicUsize::new(0));
    let lookup = {
        let asked = asked.clone();
        Arc::new(move |_: String| {
            let (good, bad): (SocketAddr, SocketAddr) = (([127, 0, 0, 2], 0).into(), ([127, 0, 0, 3], 0).into());
            let found = match asked.fetch_add(1, Ordering::SeqCst) % 3 {
                0 => vec![good],
                1 => vec![bad],
                _ => vec![bad, good],
            };
            Box::pin(async move { Ok(found) }) as _
        })
    };
    let client = Client::with_lookup(&policy(), lookup).unwrap();
    let (url, range) = (server.named("rebind.example", "/feed"), within(&["127.0.0.2/32"]));
    let mut read = 0;
    for _ in 0..300 {
        match client.fetch(&Ask { allow_private: &range, ..ask(&url) }, now()).await {
            Ok(Answer::Document { document, .. }) => {
                assert_eq!(&document.body[..], b"feed");
                read += 1;
            }
            Err(FetchError::Forbidden { .. }) => {}
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((read, trap.connections(), asked.load(Ordering::SeqCst)), (200, 0, 300));
}

#[tokio::test]
async fn a_source_of_ones_own_is_asked_within_its_ranges_and_never_by_anothers_connection() {
    let server = Server::start(|_| answer("200 OK", "", b"feed")).await;
    let client = Client::with_lookup(&policy(), knowing(&[("intranet.example", "127.0.0.1")])).unwrap();
    for url in [server.url("/"), server.named("intranet.example", "/"), server.named("[::ffff:127.0.0.1]", "/")] {
        let asked = async |allowed: &Private| client.fetch(&Ask { allow_private: allowed, ..ask(&url) }, now()).await;
        for allowed in [Private::Allowed, within(&["127.0.0.0/8"]), within(&["10.0.0.0/8", "127.0.0.1"])] {
            assert!(asked(&allowed).await.is_ok(), "{url} {allowed:?}");
            assert!(asked(&allowed).await.is_ok(), "{url} {allowed:?}");
        }
        // Now there are open connections to it, which are not for these.
        for allowed in [Private::Refused, within(&["127.0.0.2/32", "fd00::/8"])] {
            assert!(matches!(asked(&allowed).await, Err(FetchError::Forbidden { .. })), "{url} {allowed:?}");
        }
    }
}

#[tokio::test]
async fn ports_are_those_of_the_list_or_the_one_that_an_operator_wrote() {
    let other = Server::start(|_| answer("200 OK", "", b"feed")).await;
    let to = other.url("/");
    let server = Server::start(move |head| match path(head) {
        "/other" => answer("302 Found", &format!("Location: {to}\r\n"), b""),
        "/here" => answer("302 Found", "Location: /\r\n", b""),
        _ => answer("200 OK", "", b"feed"),
    })
    .await;
    let client = Client::new(&policy()).unwrap();
    let asked = async |path: &str| client.fetch(&ask(&server.url(path)), now()).await;
    assert!(asked("/").await.is_ok() && asked("/here").await.is_ok());
    let told = asked("/other").await.unwrap_err().to_string();
    assert_eq!(
        told,
        format!(
            "{} is not asked: its port is not among [fetch] `ports`; a source of your own may name another in its `url`",
            other.url("/")
        )
    );
    // What a listing leads to was not written by its operator either.
    let (own, link) = (server.url("/"), other.url("/"));
    assert!(matches!(client.fetch(&Ask { own: &own, ..ask(&link) }, now()).await, Err(FetchError::BadPort { .. })));
    assert_eq!(other.connections(), 0);
}

#[tokio::test]
async fn credentials_stay_at_home_also_when_the_way_comes_back() {
    let away = Arc::new(std::sync::OnceLock::new());
    let home = {
        let away = away.clone();
        Server::start(move |head| match path(head) {
            "/out" => answer("302 Found", &format!("Location: {}\r\n", away.get().unwrap()), b""),
            "/around" => answer("301 Moved Permanently", "Location: /end\r\n", b""),
            _ => answer("200 OK", "", b"feed"),
        })
        .await
    };
    let back = home.url("/back");
    let other = Server::start_at("127.0.0.2:0", move |_| answer("302 Found", &format!("Location: {back}\r\n"), b"")).await;
    let mut to = other.url("/");
    to.set_username("eve").unwrap();
    to.set_password(Some("pw")).unwrap();
    away.set(to.to_string()).unwrap();
    let client = Client::new(&Policy { ports: vec![other.address.port()], ..policy() }).unwrap();
    let headers = [("Authorization".to_owned(), "Bearer secret".to_owned()), ("X-Key".to_owned(), "k".to_owned())];
    for path in ["/out", "/around"] {
        let url = home.url(path);
        client.fetch(&Ask { headers: &headers, ..ask(&url) }, now()).await.unwrap();
    }
    // A source that has moved to another host is asked there without what was given for the old one.
    let (own, moved) = (home.url("/out"), other.url("/moved"));
    client.fetch(&Ask { own: &own, headers: &headers, ..ask(&moved) }, now()).await.unwrap();
    let secret = || Some("Bearer secret".to_owned());
    assert_eq!(home.sent("authorization"), [secret(), None, secret(), secret(), None]);
    assert_eq!(home.sent("x-key").iter().flatten().count(), 3);
    assert_eq!((other.sent("authorization"), other.sent("x-key")), (vec![None, None], vec![None, None]));
}

/// A certificate authority in a file, and certificates that it signed.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    file: tempfile::NamedTempFile,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(rcgen::DnType::CommonName, "An authority");
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), issuer.pem()).unwrap();
        Self { issuer, file }
    }

    /// A server's configuration with a certificate for a name, for these years.
    fn certify(&self, name: &str, from: i32, until: i32) -> rustls::ServerConfig {
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (params.not_before, params.not_after) = (rcgen::date_time_ymd(from, 1, 1), rcgen::date_time_ymd(until, 1, 1));
        let key = KeyPair::generate().unwrap();
        server_config(params.signed_by(&key, &self.issuer).unwrap(), &key)
    }
}

fn server_config(certificate: rcgen::Certificate, key: &KeyPair) -> rustls::ServerConfig {
    let key = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    config.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key).unwrap()
}

#[tokio::test]
async fn faults_of_encryption_are_told_apart_each_with_its_remedy() {
    let authority = Authority::new();
    let feed = |_: &str| answer("200 OK", "", b"feed");
    let self_signed = |is_ca| {
        let mut params = CertificateParams::new(vec!["publisher.example".to_owned()]).unwrap();
        params.is_ca = if is_ca { IsCa::Ca(BasicConstraints::Unconstrained) } else { IsCa::NoCa };
        let key = KeyPair::generate().unwrap();
        server_config(params.self_signed(&key).unwrap(), &key)
    };
    let policy = Policy { extra_ca: vec![authority.file.path().to_owned()], ..policy() };
    let lookup = knowing(&[("publisher.example", "127.0.0.1")]);
    let client = Client::with_lookup(&policy, lookup.clone()).unwrap();
    let stranger = Client::with_lookup(&Policy { extra_ca: vec![], ..policy.clone() }, lookup);
    let asked = async |client: &Client, server: &Server| {
        let url = server.named("publisher.example", "/feed");
        match client.fetch(&ask(&url), now()).await {
            Ok(_) => None,
            Err(FetchError::Tls { fault, .. }) => Some(fault),
            Err(other) => panic!("{url}: {other:?}"),
        }
    };
    let good = Server::start_tls(authority.certify("publisher.example", 2020, 4000), feed).await;
    assert_eq!(asked(&client, &good).await, None);
    for (config, fault) in [
        (authority.certify("publisher.example", 2010, 2020), TlsFault::Expired),
        (authority.certify("publisher.example", 4000, 4001), TlsFault::NotYetValid),
        (authority.certify("other.example", 2020, 4000), TlsFault::WrongName),
        (Authority::new().certify("publisher.example", 2020, 4000), TlsFault::Untrusted),
        (self_signed(false), TlsFault::SelfSigned),
        (self_signed(true), TlsFault::SelfSigned),
    ] {
        assert_eq!(asked(&client, &Server::start_tls(config, feed).await).await, Some(fault));
    }
    // On a machine that trusts nobody at all, no client can be made.
    if let Ok(stranger) = stranger {
        assert_eq!(asked(&stranger, &good).await, Some(TlsFault::Untrusted));
    }
    // Something that speaks no TLS.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let babble: Url = format!("https://publisher.example:{}/", listener.local_addr().unwrap().port()).parse().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, b"220 mail.example ESMTP ready\r\n").await;
            let _ = tokio::io::AsyncReadExt::read(&mut stream, &mut [0; 4096]).await;
        }
    });
    let error = client.fetch(&ask(&babble), now()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "no encrypted connection to publisher.example: it speaks no TLS there, or none of version 1.2 or 1.3; look whether the address should begin with http:"
    );
}

#[tokio::test]
async fn http_2_is_spoken_where_it_is_offered_within_the_same_limits() {
    let authority = Authority::new();
    let mut config = authority.certify("publisher.example", 2020, 4000);
    config.alpn_protocols = vec![b"h2".to_vec()];
    let (acceptor, listener) = (tokio_rustls::TlsAcceptor::from(Arc::new(config)), TcpListener::bind("127.0.0.1:0").await.unwrap());
    let port = listener.local_addr().unwrap().port();
    let service = tower::service_fn(|request: hyper::Request<hyper::body::Incoming>| async move {
        let mut response = hyper::Response::new(axum::body::Body::from(format!("{:?}", request.version())));
        if request.uri().path() == "/long" {
            response.headers_mut().insert("x-long", "x".repeat(100_000).parse().unwrap());
        }
        Ok::<_, std::convert::Infallible>(response)
    });
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let (stream, executor) = (acceptor.accept(stream).await.unwrap(), hyper_util::rt::TokioExecutor::new());
                let connection = hyper_util::server::conn::auto::Builder::new(executor);
                let service = hyper_util::service::TowerToHyperService::new(service);
                let _ = connection.serve_connection(hyper_util::rt::TokioIo::new(stream), service).await;
            });
        }
    });
    let policy = Policy { extra_ca: vec![authority.file.path().to_owned()], ..policy() };
    let client = Client::with_lookup(&policy, knowing(&[("publisher.example", "127.0.0.1")])).unwrap();
    let asked = async |path: &str| client.fetch(&ask(&format!("https://publisher.example:{port}{path}").parse().unwrap()), now()).await;
    for _ in 0..3 {
        let Answer::Document { document, .. } = asked("/feed").await.unwrap() else { panic!("a document") };
        assert_eq!(&document.body[..], b"HTTP/2.0");
    }
    assert!(asked("/long").await.is_err());
    assert!(asked("/feed").await.is_ok());
}

#[tokio::test]
async fn no_redirect_leads_from_https_to_http_unless_it_may() {
    let authority = Authority::new();
    let plain = Server::start(|_| answer("200 OK", "", b"feed")).await;
    let to = plain.url("/");
    let config = authority.certify("publisher.example", 2020, 4000);
    let server = Server::start_tls(config, move |_| answer("302 Found", &format!("Location: {to}\r\n"), b"")).await;
    let policy = Policy { extra_ca: vec![authority.file.path().to_owned()], ports: vec![plain.address.port()], ..policy() };
    let client = Client::with_lookup(&policy, knowing(&[("publisher.example", "127.0.0.1")])).unwrap();
    let url = server.named("publisher.example", "/feed");
    let told = client.fetch(&ask(&url), now()).await.unwrap_err().to_string();
    let why = "it leads from https to http; `allow_downgrade = true` lets it, for a source that you trust all the same";
    assert_eq!(told, format!("{url} redirects badly: {why}"));
    assert_eq!(plain.connections(), 0);
    assert!(client.fetch(&Ask { allow_downgrade: true, ..ask(&url) }, now()).await.is_ok());
}

#[test]
fn a_file_of_authorities_that_holds_none_is_a_mistake_at_the_start() {
    let empty = tempfile::NamedTempFile::new().unwrap();
    for file in [empty.path().to_owned(), "/no/such/file.pem".into()] {
        let made = Client::new(&Policy { extra_ca: vec![file.clone()], ..policy() }).map(drop);
        let told = made.unwrap_err().to_string();
        assert_eq!(told, format!("the certificates in {} could not be read; see [fetch] extra_ca", file.display()));
    }
}

#[tokio::test]
async fn what_gives_no_answer_is_told_by_the_step_that_failed() {
    let lookup: tributary::fetch::Lookup = Arc::new(|name| {
        Box::pin(async move {
            match name.as_str() {
                "absent.example" => Err(std::io::Error::other("failed to lookup address information: Name or service not known")),
                "unasked.example" => {
                    Err(std::io::Error::other("failed to lookup address information: Temporary failure in name resolution"))
                }
                _ => Ok(vec![([127, 0, 0, 1], 0).into()]),
            }
        })
    });
    let client = Client::with_lookup(&policy(), lookup).unwrap();
    let told = async |url: &str| client.fetch(&ask(&url.parse().unwrap()), now()).await.unwrap_err().to_string();
    assert_eq!(
        told("http://absent.example/").await,
        "there is no host named absent.example; look whether the address is right, and whether the site is still there"
    );
    assert_eq!(
        told("http://unasked.example/").await,
        "no answer from unasked.example (its name could not be looked up: no name server answers)"
    );
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = format!("http://publisher.example:{}/", free.local_addr().unwrap().port());
    drop(free);
    assert_eq!(told(&closed).await, "no answer from publisher.example (the connection is refused: no server listens there)");
    let server = Server::start(|head| {
        Some(match path(head) {
            "/mail" => b"220 mail.example ESMTP ready\r\n\r\nConnection: close".to_vec(),
            _ => b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 100\r\n\r\nbegun".to_vec(),
        })
    })
    .await;
    let from = |what: &str| format!("no answer from 127.0.0.1 ({what})");
    assert_eq!(told(server.url("/mail").as_str()).await, from("the answer is no HTTP"));
    assert_eq!(told(server.url("/cut").as_str()).await, from("the answer broke off"));
    // Hangs up on the question, with RST: nothing was read of it.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = tokio::io::AsyncReadExt::read_u8(&mut stream).await;
            drop(stream);
        }
    });
    assert_eq!(told(&format!("http://{address}/")).await, from("the connection was reset"));
}

#[tokio::test]
async fn an_address_is_told_without_its_keys() {
    let server = Server::start(|_| answer("404 Not Found", "", b"")).await;
    let client = Client::new(&policy()).unwrap();
    let told = client.fetch(&ask(&server.url("/feed?token=secret#part")), now()).await.unwrap_err().to_string();
    assert_eq!(
        told,
        format!(
            "{} is not there (404); the publisher may have moved its feed",
            server.url("/feed?…").to_string().replace("%E2%80%A6", "…")
        )
    );
}

/// A call with nothing to say, of which ten bytes of the answer are read.
fn call<'a>(url: &'a Url, allow_private: &'a Private) -> Call<'a> {
    Call { url, body: None, headers: &[], timeout: std::time::Duration::from_secs(30), allow_private, most: 10 }
}

#[tokio::test]
async fn whoever_wants_to_be_called_can_not_have_us_call_inside() {
    let trap = Trap::set().await;
    let client =
        Client::with_lookup(&Policy { ports: vec![80, 443, trap.port], ..policy() }, knowing(&[("inside.example", "127.0.0.1")])).unwrap();
    for host in HOSTILE.iter().chain(&["inside.example"]) {
        let Ok(url) = Url::parse(&format!("http://{host}:{}/", trap.port)) else { continue };
        assert!(client.call(&call(&url, &Private::Refused)).await.is_err(), "{host}");
    }
    let elsewhere: Url = "https://reader.example:25/".parse().unwrap();
    assert!(matches!(client.call(&call(&elsewhere, &Private::Refused)).await, Err(FetchError::BadPort { .. })));
    assert_eq!(trap.caught(), 0);
}

#[tokio::test]
async fn a_call_follows_no_redirect_and_reads_no_more_than_it_wants() {
    let server = Server::start(|head| match path(head) {
        "/moved" => answer("302 Found", "Location: /elsewhere\r\n", b""),
        _ => answer("200 OK", "", &[b'x'; 100_000]),
    })
    .await;
    let client = Client::new(&policy()).unwrap();
    let moved = client.call(&call(&server.url("/moved"), &Private::Allowed)).await.unwrap();
    assert_eq!(moved, Answered { status: 302, body: vec![] });
    let long = client.call(&call(&server.url("/long"), &Private::Allowed)).await.unwrap();
    assert_eq!(long.status, 200);
    assert!(long.body.len() < 100_000, "{}", long.body.len());
    assert_eq!(server.heads().len(), 2);
}
