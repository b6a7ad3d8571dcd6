//! Asking publishers, politely, and without being led astray.
//!
//! Validators go out exactly as they came in, to where they came from; nothing else about us does.
//! Each redirect is our own step ([`way`]), names are judged where they are looked up ([`names`]), and
//! a body never grows beyond its limit ([`coding`]). Deliberately absent: cookies, `Referer`, proxies from
//! the environment, and any memory of a source (`pull`).

mod address;
mod body;
mod call;
mod challenge;
mod coding;
mod dial;
mod error;
mod fault;
mod file;
mod headers;
mod hints;
mod hosts;
mod links;
mod names;
mod room;
mod trust;
mod way;

use std::{path::PathBuf, sync::Arc, time::Duration};

pub use address::is_public;
use bytes::Bytes;
pub use call::{Answered, Call};
pub use error::{FetchError, TlsFault, Wait};
pub use names::{Lookup, system};
use reqwest::{
    Method, Response, StatusCode,
    header::{self, HeaderMap, HeaderName, HeaderValue},
};
pub use room::Room;
use tokio::time::{Instant, timeout};
use url::{Host, Url};

use self::{
    dial::Diallers,
    error::plain,
    headers::{list, sent_back, text, verbatim},
    hosts::{Hosts, Seat},
    room::Rooms,
    way::Way,
};
use crate::model::{Document, Hints, Private, Proxy, Second};

/// What we can read, best first.
const ACCEPT: &str = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.5";
/// The headers of an answer are at most this long, in bytes: a page of cookies is a tenth of it. The client itself holds no more
/// than 408 KiB of HTTP/1 headers before they can be counted.
const LONGEST_HEAD: usize = 64 << 10;
/// Asks for the new entries of a feed alone (RFC 3229 §10.5.2 and the registry's `feed`).
const A_IM: HeaderName = HeaderName::from_static("a-im");
/// Says that they are.
const IM: HeaderName = HeaderName::from_static("im");

/// How publishers are asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Who asks: program, version, address of the project, the operator's contact.
    pub user_agent: String,
    /// Longest wait for a connection, its name looked up and its encryption agreed on.
    pub connect: Duration,
    /// Longest wait for the headers of an answer, once there is a connection.
    pub headers: Duration,
    /// Longest silence while an answer is read.
    pub silence: Duration,
    /// Longest body, in bytes, after decoding.
    pub longest_body: usize,
    /// Requests to one host at once.
    pub per_host: usize,
    /// Ports that redirects and links may lead to.
    pub ports: Vec<u16>,
    /// What publishers are asked through, but for sources that may be private.
    pub proxy: Option<Proxy>,
    /// Files of authorities that are trusted beside the system's, in PEM form.
    pub extra_ca: Vec<PathBuf>,
}

/// One question.
#[derive(Debug, Clone, Copy)]
pub struct Ask<'a> {
    /// Where.
    pub url: &'a Url,
    /// The address that an operator wrote: `headers` and its port are for it alone.
    pub own: &'a Url,
    /// The `ETag` of the last answer, verbatim.
    pub etag: Option<&'a str>,
    /// The `Last-Modified` of the last answer, verbatim.
    pub last_modified: Option<&'a str>,
    /// Where the last answer came from, when not from `own`: its validators are shown to nobody else.
    pub from: Option<&'a str>,
    /// Further request headers.
    pub headers: &'a [(String, String)],
    /// The whole answer has to be there within this. Waiting until the host may be asked by one more does not count.
    pub timeout: Duration,
    /// Which addresses may be asked though they are not public.
    pub allow_private: &'a Private,
    /// Whether redirects may lead from https to http.
    pub allow_downgrade: bool,
}

impl<'a> Ask<'a> {
    /// A first question, of public addresses.
    pub fn first(url: &'a Url, timeout: Duration) -> Self {
        Self {
            url,
            own: url,
            etag: None,
            last_modified: None,
            from: None,
            headers: &[],
            timeout,
            allow_private: &Private::Refused,
            allow_downgrade: false,
        }
    }
}

/// What came back.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "there is one for each question, and it is taken apart at once")]
pub enum Answer {
    /// The same as last time (304, RFC 9110 §15.4.5). What was known of it still stands: validators that a 304 brings may be of
    /// something that was never read.
    Unchanged {
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
        /// Whether it holds only what is new since the last answer (226, RFC 3229): what is missing is not gone.
        is_delta: bool,
        /// The room it takes.
        room: Room,
    },
}

/// Asks publishers. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    policy: Policy,
    diallers: Diallers,
    hosts: Hosts,
    rooms: Rooms,
}

/// What one hop came to.
enum Hop {
    Answer(Box<Answer>),
    Redirect(StatusCode, HeaderMap),
}

impl Client {
    /// A client that asks as the policy says.
    pub fn new(policy: &Policy) -> Result<Self, FetchError> {
        Self::with_lookup(policy, system())
    }

    /// The same, with another look-up of names than the system's.
    pub fn with_lookup(policy: &Policy, lookup: Lookup) -> Result<Self, FetchError> {
        let (diallers, hosts) = (Diallers::new(policy, lookup)?, Hosts::new(policy.per_host));
        Ok(Self { inner: Arc::new(Inner { policy: policy.clone(), diallers, hosts, rooms: Rooms::new() }) })
    }

    /// Asks once, following redirects. `now` is for answers that name a date.
    pub async fn fetch(&self, ask: &Ask<'_>, now: Second) -> Result<Answer, FetchError> {
        if ask.url.scheme() == "file" {
            return file::read(ask.url, self.inner.policy.longest_body).await;
        }
        let (mut way, mut left) = (Way::begin(ask), ask.timeout);
        loop {
            way.check(&self.inner.policy)?;
            let seat = self.inner.hosts.seat(way.url.host_str().unwrap_or_default()).await;
            let began = Instant::now();
            let late = || FetchError::TooSlow { host: host_of(ask.url), wait: Wait::Whole, limit: ask.timeout };
            match timeout(left, self.hop(ask, &way, &seat, now)).await.map_err(|_| late())?? {
                Hop::Answer(answer) => return Ok(*answer),
                Hop::Redirect(status, headers) => way.turn(status, &headers)?,
            }
            left = left.saturating_sub(began.elapsed());
        }
    }

    async fn hop(&self, ask: &Ask<'_>, way: &Way<'_>, seat: &Seat, now: Second) -> Result<Hop, FetchError> {
        let (headers, is_conditional) = request(ask, way);
        let (response, proxy) = self.send(Method::GET, &way.url, headers, None, ask.allow_private, seat).await?;
        if is_redirect(response.status()) {
            return Ok(Hop::Redirect(response.status(), response.headers().clone()));
        }
        self.read(way, response, is_conditional, proxy, now).await.map(Box::new).map(Hop::Answer)
    }

    /// Sends one request, and gives the answer once its head is there, with the proxy that it came by.
    async fn send(
        &self,
        method: Method,
        url: &Url,
        headers: HeaderMap,
        body: Option<&Bytes>,
        allow_private: &Private,
        seat: &Seat,
    ) -> Result<(Response, Option<&Proxy>), FetchError> {
        let (policy, diallers) = (&self.inner.policy, &self.inner.diallers);
        let proxy = diallers.proxy(allow_private);
        if let (Some(Host::Domain(name)), Some(_)) = (url.host(), proxy)
            && !names::is_outside(diallers.lookup(), name).await
        {
            let why = "its name is of the inside, or leads to an address that is not public, and is not given to the proxy";
            return Err(FetchError::Forbidden { url: plain(url), why });
        }
        let dialler = diallers.of(allow_private)?;
        let kept = seat.generation.map(|generation| dialler.kept(generation)).transpose()?;
        let written = |client: &reqwest::Client| {
            let request = client.request(method.clone(), url.clone()).headers(headers.clone());
            match body {
                Some(body) => request.body(body.clone()),
                None => request,
            }
        };
        let asking = async {
            if let Some(kept) = kept {
                match written(&kept).send().await {
                    // The server closed the connection that we kept just as we asked: nothing is lost by asking again.
                    Err(error) if fault::is_closed(&error) => {}
                    answer => return answer,
                }
            }
            written(&dialler.closing).send().await
        };
        let response = match timeout(policy.connect + policy.headers, asking).await {
            Ok(answer) => answer.map_err(|error| fault::told(url, policy, proxy, error))?,
            Err(_) => return Err(FetchError::TooSlow { host: host_of(url), wait: Wait::Headers, limit: policy.headers }),
        };
        let is_strange = |ip| !is_public(ip) && !allow_private.allows(ip);
        if proxy.is_none() && response.remote_addr().is_some_and(|remote| is_strange(remote.ip())) {
            return Err(FetchError::Forbidden { url: plain(url), why: "it leads to an address that is not public" });
        }
        if headers::size(response.headers()) > LONGEST_HEAD {
            return Err(FetchError::LongHead { host: host_of(url) });
        }
        Ok((response, proxy))
    }

    async fn read(
        &self,
        way: &Way<'_>,
        mut response: Response,
        is_conditional: bool,
        proxy: Option<&Proxy>,
        now: Second,
    ) -> Result<Answer, FetchError> {
        let (policy, url, moved, status) = (&self.inner.policy, &way.url, way.moved.clone(), response.status().as_u16());
        let nonsense = |what| Err(FetchError::Nonsense { host: host_of(url), what });
        let headers = response.headers();
        if status != 304 && challenge::is_told_by(headers) {
            return Err(FetchError::Challenge { host: host_of(url), status });
        }
        match status {
            304 if is_conditional => Ok(Answer::Unchanged { hints: hints::hints(headers, now), moved }),
            304 => nonsense("it says that nothing has changed (304), and was not asked whether"),
            206 => nonsense("it sent a part (206), and was asked for the whole"),
            226 if list(headers, &IM).iter().any(|manipulation| manipulation != "feed") => {
                nonsense("it sent changes (226) in a form that was not asked for")
            }
            200..=299 => {
                let (etag, last_modified) = (verbatim(headers, &header::ETAG), verbatim(headers, &header::LAST_MODIFIED));
                let (content_type, hints) = (text(headers, &header::CONTENT_TYPE), hints::hints(headers, now));
                let [hub, own] = ["hub", "self"].map(|relation| links::link(headers, relation, url));
                let (body, room) = body::whole(url, &mut response, policy, proxy, &self.inner.rooms).await?;
                let document = Document { url: url.clone(), body: body.into(), content_type, etag, last_modified, hub, own };
                Ok(Answer::Document { document, hints, moved, is_delta: status == 226, room })
            }
            407 if proxy.is_some() => {
                Err(FetchError::Proxy { proxy: proxy.map(ToString::to_string).unwrap_or_default(), what: "wants a name and password" })
            }
            status => {
                let retry_after = hints::retry_after(headers, now);
                // A publisher that says when to come back is believed.
                let may_be_challenge = matches!(status, 403 | 429 | 503) && retry_after.is_none();
                if may_be_challenge && challenge::is_shown_by(&body::beginning(&mut response, challenge::LOOKED_AT, policy.silence).await) {
                    return Err(FetchError::Challenge { host: host_of(url), status });
                }
                Err(error::refused(url, status, retry_after))
            }
        }
    }
}

/// The headers of a question, and whether it is asked only for what has changed.
fn request(ask: &Ask<'_>, way: &Way<'_>) -> (HeaderMap, bool) {
    let mut headers = HeaderMap::new();
    headers.insert(header::ACCEPT, HeaderValue::from_static(ACCEPT));
    headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(coding::ACCEPT));
    let mut is_conditional = false;
    if way.is_validated() {
        if let Some(etag) = ask.etag.and_then(sent_back) {
            headers.insert(header::IF_NONE_MATCH, etag);
            // New entries alone can only be sent to who says what it has.
            headers.insert(A_IM, HeaderValue::from_static("feed"));
            is_conditional = true;
        }
        if let Some(date) = ask.last_modified.and_then(sent_back) {
            headers.insert(header::IF_MODIFIED_SINCE, date);
            is_conditional = true;
        }
    }
    if way.is_home() {
        for (name, value) in ask.headers {
            if let (Ok(name), Ok(mut value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
                value.set_sensitive(true);
                headers.insert(name, value);
            }
        }
    }
    (headers, is_conditional)
}

fn is_redirect(status: StatusCode) -> bool {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308)
}

fn host_of(url: &Url) -> String {
    url.host_str().unwrap_or_default().to_owned()
}
