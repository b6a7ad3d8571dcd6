//! Asking publishers, politely, and without being led astray.
//!
//! Validators go out exactly as they came in; nothing else about us does. Each redirect is our
//! own step, so that each hop is looked at before it is taken; names are resolved by us, so that
//! the address that was judged is the one that is dialled. A body is counted as it is decoded and
//! never grows beyond its limit. Deliberately absent: cookies, `Referer`, proxies from the
//! environment, and any memory of a source (`pull`).

mod address;
mod error;
mod hints;

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

pub use address::is_public;
use bytes::{Bytes, BytesMut};
pub use error::FetchError;
use reqwest::{
    Response, StatusCode,
    dns::{Addrs, Name, Resolve, Resolving},
    header::{self, HeaderMap, HeaderName, HeaderValue},
    redirect,
};
use tokio::sync::Semaphore;
use url::{Host, Url};

use crate::model::{Document, Hints, Second};

/// Redirects that are followed: more are a loop or a trap.
const HOPS: usize = 5;
/// What we can read, best first.
const ACCEPT: &str = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.5";

/// How publishers are asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Who asks: program, version, address of the project, the operator's contact.
    pub user_agent: String,
    /// Longest wait for a connection.
    pub connect: Duration,
    /// Longest silence while an answer is read.
    pub silence: Duration,
    /// Longest body, in bytes, after decoding.
    pub longest_body: usize,
    /// Requests to one host at once.
    pub per_host: usize,
}

/// One question.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// Where.
    pub url: &'a Url,
    /// The `ETag` of the last answer, verbatim.
    pub etag: Option<&'a str>,
    /// The `Last-Modified` of the last answer, verbatim.
    pub last_modified: Option<&'a str>,
    /// Further request headers; they are not sent to another host.
    pub headers: &'a [(String, String)],
    /// The whole answer has to be there within this.
    pub timeout: Duration,
    /// Whether private and loopback addresses may be asked.
    pub allow_private: bool,
}

/// What came back.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// The same as last time (304, RFC 9110 §15.4.5).
    Unchanged {
        /// `ETag`, when the answer repeated it.
        etag: Option<String>,
        /// `Last-Modified`, when the answer repeated it.
        last_modified: Option<String>,
        /// How long the answer is good for.
        hints: Hints,
        /// Where permanent redirects led.
        moved: Option<Url>,
    },
    /// A document.
    Document {
        /// The document.
        document: Document,
        /// How long the answer is good for.
        hints: Hints,
        /// Where permanent redirects led.
        moved: Option<Url>,
    },
}

/// Asks publishers. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    policy: Policy,
    /// Dials public addresses only.
    public: reqwest::Client,
    /// Dials any address: for sources that an operator said may be private.
    any: reqwest::Client,
    /// Who is being asked right now.
    hosts: Mutex<HashMap<String, Arc<Semaphore>>>,
}

impl Client {
    /// A client that asks as the policy says.
    pub fn new(policy: &Policy) -> Result<Self, FetchError> {
        // A second provider is never wanted; the first one stays.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let build = |is_guarded: bool| {
            let client = reqwest::Client::builder()
                .user_agent(&policy.user_agent)
                .connect_timeout(policy.connect)
                .read_timeout(policy.silence)
                .redirect(redirect::Policy::none())
                .referer(false)
                .no_proxy()
                .pool_max_idle_per_host(policy.per_host)
                .pool_idle_timeout(Duration::from_secs(20))
                .dns_resolver(Arc::new(Resolver { is_guarded }));
            client.build().map_err(|cause| FetchError::Setup { cause: Box::new(cause) })
        };
        let (public, any) = (build(true)?, build(false)?);
        Ok(Self { inner: Arc::new(Inner { policy: policy.clone(), public, any, hosts: Mutex::default() }) })
    }

    /// Asks once, following redirects. `now` is for answers that name a date.
    pub async fn fetch(&self, ask: &Ask<'_>, now: Second) -> Result<Answer, FetchError> {
        if ask.url.scheme() == "file" {
            return self.read_file(ask.url).await;
        }
        let answer = tokio::time::timeout(ask.timeout, self.follow(ask, now)).await;
        answer.unwrap_or_else(|_| Err(FetchError::TooSlow { host: host_of(ask.url), timeout: ask.timeout }))
    }

    async fn follow(&self, ask: &Ask<'_>, now: Second) -> Result<Answer, FetchError> {
        let mut url = ask.url.clone();
        let mut is_permanent = true;
        let mut moved = None;
        for _ in 0..=HOPS {
            check(&url, ask.allow_private)?;
            let seat = self.seat(&url).await;
            let response = self.request(ask, &url).await?;
            if !ask.allow_private && response.remote_addr().is_some_and(|remote| !is_public(remote.ip())) {
                return Err(FetchError::Forbidden { url: url.to_string(), why: "it leads to an address that is not public" });
            }
            if !is_redirect(response.status()) {
                let answer = self.read(ask, &url, response, moved, now).await;
                drop(seat);
                return answer;
            }
            is_permanent &= matches!(response.status(), StatusCode::MOVED_PERMANENTLY | StatusCode::PERMANENT_REDIRECT);
            let target = text(response.headers(), &header::LOCATION).and_then(|to| url.join(&to).ok());
            let Some(target) = target else { return Err(FetchError::BadRedirect { url: url.to_string(), why: "it leads nowhere" }) };
            if url.scheme() == "https" && target.scheme() == "http" {
                return Err(FetchError::BadRedirect { url: url.to_string(), why: "it leads from https to http" });
            }
            moved = is_permanent.then(|| target.clone());
            url = target;
        }
        Err(FetchError::BadRedirect { url: ask.url.to_string(), why: "it leads on more than 5 times" })
    }

    async fn request(&self, ask: &Ask<'_>, url: &Url) -> Result<Response, FetchError> {
        let client = if ask.allow_private { &self.inner.any } else { &self.inner.public };
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_static(ACCEPT));
        let validators = [(header::IF_NONE_MATCH, ask.etag), (header::IF_MODIFIED_SINCE, ask.last_modified)];
        for (name, value) in validators {
            if let Some(value) = value.and_then(|value| HeaderValue::from_bytes(value.as_bytes()).ok()) {
                headers.insert(name, value);
            }
        }
        if url.origin() == ask.url.origin() {
            for (name, value) in ask.headers {
                if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
                    headers.insert(name, value);
                }
            }
        }
        client.get(url.clone()).headers(headers).send().await.map_err(|cause| error::no_answer(url, cause))
    }

    async fn read(&self, ask: &Ask<'_>, url: &Url, response: Response, moved: Option<Url>, now: Second) -> Result<Answer, FetchError> {
        let status = response.status();
        let headers = response.headers().clone();
        let hints = hints::hints(&headers, now);
        let (etag, last_modified) = (text(&headers, &header::ETAG), text(&headers, &header::LAST_MODIFIED));
        match status.as_u16() {
            304 if ask.etag.is_some() || ask.last_modified.is_some() => Ok(Answer::Unchanged { etag, last_modified, hints, moved }),
            200..=299 => {
                let body = self.body(url, response).await?;
                let content_type = text(&headers, &header::CONTENT_TYPE);
                let document = Document { url: url.clone(), body, content_type, etag, last_modified };
                Ok(Answer::Document { document, hints, moved })
            }
            status => Err(error::refused(url, status, hints::retry_after(&headers, now))),
        }
    }

    /// The body, decoded, within the limit.
    async fn body(&self, url: &Url, mut response: Response) -> Result<Bytes, FetchError> {
        let limit = self.inner.policy.longest_body;
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(|cause| error::no_answer(url, cause))? {
            if body.len() + chunk.len() > limit {
                return Err(FetchError::TooLarge { url: url.to_string(), limit });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    }

    /// Waits until the host may be asked by one more.
    async fn seat(&self, url: &Url) -> Option<tokio::sync::OwnedSemaphorePermit> {
        let host = format!("{}:{}", host_of(url), url.port_or_known_default().unwrap_or(0));
        let seats = {
            let mut hosts = self.inner.hosts.lock().unwrap_or_else(PoisonError::into_inner);
            // Hosts that nobody is asking are forgotten, so that the map stays as small as the crowd.
            hosts.retain(|_, seats| Arc::strong_count(seats) > 1);
            hosts.entry(host).or_insert_with(|| Arc::new(Semaphore::new(self.inner.policy.per_host))).clone()
        };
        seats.acquire_owned().await.ok()
    }

    /// A file of this machine: only an operator can name one, no redirect ever leads there.
    async fn read_file(&self, url: &Url) -> Result<Answer, FetchError> {
        let limit = self.inner.policy.longest_body;
        let path = url.to_file_path().map_err(|()| FetchError::Forbidden { url: url.to_string(), why: "it is no path of this machine" })?;
        let read = tokio::task::spawn_blocking(move || {
            let mut body = Vec::new();
            let file = std::fs::File::open(path)?;
            std::io::Read::read_to_end(&mut std::io::Read::take(file, limit as u64 + 1), &mut body)?;
            Ok::<_, std::io::Error>(body)
        });
        let failed = |cause| FetchError::File { url: url.to_string(), cause };
        let body = read.await.map_err(|cause| failed(std::io::Error::other(cause)))?.map_err(failed)?;
        if body.len() > limit {
            return Err(FetchError::TooLarge { url: url.to_string(), limit });
        }
        let document = Document { url: url.clone(), body: body.into(), content_type: None, etag: None, last_modified: None };
        Ok(Answer::Document { document, hints: Hints::default(), moved: None })
    }
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

fn host_of(url: &Url) -> String {
    url.host_str().unwrap_or_default().to_owned()
}

/// A header as it was sent, when it is text.
fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name).and_then(|value| std::str::from_utf8(value.as_bytes()).ok()).map(str::to_owned)
}

/// Refuses what must not be asked before anything is dialled: literal addresses never reach the resolver.
fn check(url: &Url, allow_private: bool) -> Result<(), FetchError> {
    if !matches!(url.scheme(), "http" | "https") {
        return Err(FetchError::Forbidden { url: url.to_string(), why: "only http and https are spoken" });
    }
    let is_fine = match url.host() {
        None => false,
        Some(Host::Domain(_)) => true,
        Some(Host::Ipv4(ip)) => allow_private || is_public(ip.into()),
        Some(Host::Ipv6(ip)) => allow_private || is_public(ip.into()),
    };
    if is_fine {
        Ok(())
    } else {
        Err(FetchError::Forbidden {
            url: url.to_string(),
            why: "the address is not public; `allow_private = true` lets a source of your own be asked",
        })
    }
}

/// Looks names up, and keeps to itself what must not be dialled.
struct Resolver {
    is_guarded: bool,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let is_guarded = self.is_guarded;
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let allowed: Vec<SocketAddr> = found.iter().copied().filter(|found| !is_guarded || is_public(found.ip())).collect();
            if allowed.is_empty() && !found.is_empty() {
                return Err(Box::new(address::NotPublic { host: name.as_str().to_owned() }) as Box<dyn std::error::Error + Send + Sync>);
            }
            let addresses: Addrs = Box::new(allowed.into_iter());
            Ok(addresses)
        })
    }
}
