//! A server that does as it is told and remembers what it was sent, byte for byte.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::{
    net::{IpAddr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
};
use tributary::{
    fetch::{Ask, Policy},
    model::{Private, Second},
};
use url::Url;

/// What a server makes of the head of a request: bytes to send, or nothing, ever. It hangs up when there are none, or they say
/// `Connection: close`.
type Answer = Arc<dyn Fn(&str) -> Option<Vec<u8>> + Send + Sync>;

#[derive(Clone, Default)]
pub struct Seen {
    heads: Arc<Mutex<Vec<String>>>,
    connections: Arc<AtomicUsize>,
    open: Arc<AtomicUsize>,
    at_once: Arc<AtomicUsize>,
    most_at_once: Arc<AtomicUsize>,
}

pub struct Server {
    pub address: SocketAddr,
    scheme: &'static str,
    seen: Seen,
}

impl Server {
    pub async fn start(answer: impl Fn(&str) -> Option<Vec<u8>> + Send + Sync + 'static) -> Self {
        Self::start_at("127.0.0.1:0", answer).await
    }

    pub async fn start_at(address: &str, answer: impl Fn(&str) -> Option<Vec<u8>> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let (address, seen, answer): (_, _, Answer) = (listener.local_addr().unwrap(), Seen::default(), Arc::new(answer));
        let server = Self { address, scheme: "http", seen: seen.clone() };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, seen.clone(), answer.clone()));
            }
        });
        server
    }

    /// One that speaks TLS, with this certificate.
    pub async fn start_tls(config: rustls::ServerConfig, answer: impl Fn(&str) -> Option<Vec<u8>> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, seen, answer): (_, _, Answer) = (listener.local_addr().unwrap(), Seen::default(), Arc::new(answer));
        let server = Self { address, scheme: "https", seen: seen.clone() };
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, seen, answer) = (acceptor.clone(), seen.clone(), answer.clone());
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        serve(stream, seen, answer).await;
                    }
                });
            }
        });
        server
    }

    pub fn url(&self, path: &str) -> Url {
        format!("{}://{}{path}", self.scheme, self.address).parse().unwrap()
    }

    /// The same place under a name.
    pub fn named(&self, name: &str, path: &str) -> Url {
        format!("{}://{name}:{}{path}", self.scheme, self.address.port()).parse().unwrap()
    }

    /// The heads of the requests, each byte one character.
    pub fn heads(&self) -> Vec<String> {
        self.seen.heads.lock().unwrap().clone()
    }

    /// The values of a header in each request; `None` where it was not sent.
    pub fn sent(&self, name: &str) -> Vec<Option<String>> {
        let start = format!("{name}: ");
        self.heads().iter().map(|head| head.lines().find_map(|line| line.strip_prefix(&start).map(str::to_owned))).collect()
    }

    pub fn connections(&self) -> usize {
        self.seen.connections.load(Ordering::SeqCst)
    }

    pub fn most_at_once(&self) -> usize {
        self.seen.most_at_once.load(Ordering::SeqCst)
    }

    /// Waits until so many connections are open.
    pub async fn open(&self, count: usize) {
        while self.seen.open.load(Ordering::SeqCst) != count {
            tokio::task::yield_now().await;
        }
    }
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, seen: Seen, answer: Answer) {
    seen.connections.fetch_add(1, Ordering::SeqCst);
    seen.open.fetch_add(1, Ordering::SeqCst);
    'connection: loop {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            match stream.read_u8().await {
                Ok(byte) => head.push(byte),
                Err(_) => break 'connection,
            }
        }
        seen.most_at_once.fetch_max(seen.at_once.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        let head: String = head.into_iter().map(char::from).collect();
        seen.heads.lock().unwrap().push(head.clone());
        let Some(bytes) = answer(&head) else { std::future::pending().await };
        // Others get their chance to be here at the same time.
        tokio::task::yield_now().await;
        seen.at_once.fetch_sub(1, Ordering::SeqCst);
        if bytes.is_empty() || stream.write_all(&bytes).await.is_err() || bytes.windows(17).any(|window| window == b"Connection: close") {
            break;
        }
    }
    let _ = stream.shutdown().await;
    seen.open.fetch_sub(1, Ordering::SeqCst);
}

/// An answer whose headers are text.
pub fn answer(status: &str, headers: &str, body: &[u8]) -> Option<Vec<u8>> {
    answer_bytes(status, headers.as_bytes(), body)
}

pub fn answer_bytes(status: &str, headers: &[u8], body: &[u8]) -> Option<Vec<u8>> {
    let begin = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n", body.len());
    Some([begin.as_bytes(), headers, b"\r\n", body].concat())
}

/// The path that a request is for.
pub fn path(head: &str) -> &str {
    head.split(' ').nth(1).unwrap()
}

pub fn policy() -> Policy {
    Policy {
        user_agent: "Tributary/test (+https://example.org/; editor@example.org)".into(),
        connect: Duration::from_secs(10),
        headers: Duration::from_secs(10),
        silence: Duration::from_secs(10),
        longest_body: 1 << 20,
        per_host: 2,
        ports: vec![80, 443],
        proxy: None,
        extra_ca: vec![],
    }
}

/// A first question that may go to loopback.
pub fn ask(url: &Url) -> Ask<'_> {
    Ask { allow_private: &Private::Allowed, ..Ask::first(url, Duration::from_secs(30)) }
}

pub fn now() -> Second {
    "2026-05-01T12:00:00Z".parse().unwrap()
}

/// A look-up that knows names by heart.
pub fn knowing(names: &'static [(&'static str, &'static str)]) -> tributary::fetch::Lookup {
    Arc::new(move |name| {
        let found: Vec<SocketAddr> =
            names.iter().filter(|(known, _)| *known == name).map(|(_, ip)| (ip.parse::<IpAddr>().unwrap(), 0).into()).collect();
        Box::pin(async move { Ok(found) })
    })
}
