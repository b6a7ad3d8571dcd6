//! The way of one question: where it is asked, and where redirects may lead it.
//!
//! Each hop is our own step, so that each is looked at before it is taken. What an operator gave
//! for a source (headers, an unusual port) is good for its own address alone: once the way has left
//! it, it is gone for good, also when the way comes back.

use reqwest::{StatusCode, header::HeaderMap, header::LOCATION};
use url::{Host, Url};

use super::{Ask, FetchError, Policy, address::is_public, error::plain, headers::text};
use crate::model::Private;

/// Redirects that are followed: more are a loop or a trap.
const HOPS: usize = 5;

/// Where a question stands.
pub(super) struct Way<'a> {
    ask: &'a Ask<'a>,
    /// Where it is asked now.
    pub(super) url: Url,
    /// Where permanent redirects led: to the end of those that came before any other.
    pub(super) moved: Option<Url>,
    is_permanent: bool,
    is_home: bool,
    /// Where the validators came from.
    from: Option<Url>,
    been: Vec<Url>,
}

impl<'a> Way<'a> {
    pub(super) fn begin(ask: &'a Ask<'a>) -> Self {
        // What can not be read is nowhere, and nothing is sent there.
        let from = ask.from.map_or_else(|| Some(ask.own.clone()), |from| Url::parse(from).ok());
        let is_home = ask.url.origin() == ask.own.origin();
        Self { ask, url: ask.url.clone(), moved: None, is_permanent: true, is_home, from, been: Vec::new() }
    }

    /// Whether the address is the operator's own, and the way never left it.
    pub(super) fn is_home(&self) -> bool {
        self.is_home
    }

    /// Whether the validators are of this address.
    ///
    /// Two documents may well have one `ETag`, and any two have an order in time: a validator that is
    /// shown to another address than it came from can be told "unchanged" of something that was never
    /// read. The query may differ, because many redirects carry a signature there that is new each time.
    pub(super) fn is_validated(&self) -> bool {
        self.from.as_ref().is_some_and(|from| from.origin() == self.url.origin() && from.path() == self.url.path())
    }

    /// Refuses what must not be asked before anything is dialled: literal addresses never reach the look-up.
    pub(super) fn check(&self, policy: &Policy) -> Result<(), FetchError> {
        check_address(&self.url, self.ask.allow_private)?;
        let place = |url: &Url| (url.host().map(|host| host.to_owned()), url.port_or_known_default());
        if place(&self.url) == place(self.ask.own) { Ok(()) } else { check_port(&self.url, policy) }
    }

    /// Takes the next step.
    pub(super) fn turn(&mut self, status: StatusCode, headers: &HeaderMap) -> Result<(), FetchError> {
        let bad = |why| Err(FetchError::BadRedirect { url: plain(&self.url), why });
        let Some(mut target) = text(headers, &LOCATION).and_then(|to| self.url.join(&to).ok()) else { return bad("it leads nowhere") };
        // A name and password in it would be sent as ours.
        let _ = (target.set_username(""), target.set_password(None));
        target.set_fragment(None);
        if self.url.scheme() == "https" && target.scheme() == "http" && !self.ask.allow_downgrade {
            return bad("it leads from https to http; `allow_downgrade = true` lets it, for a source that you trust all the same");
        }
        self.been.push(self.url.clone());
        if self.been.contains(&target) {
            return bad("it leads in a circle");
        }
        if self.been.len() > HOPS {
            return Err(FetchError::BadRedirect { url: plain(self.ask.url), why: "it leads on more than 5 times" });
        }
        self.is_permanent &= matches!(status, StatusCode::MOVED_PERMANENTLY | StatusCode::PERMANENT_REDIRECT);
        if self.is_permanent {
            self.moved = Some(target.clone());
        }
        self.is_home &= target.origin() == self.ask.own.origin();
        self.url = target;
        Ok(())
    }
}

/// Refuses what is no address on the web, and literal addresses that are neither public nor allowed.
pub(super) fn check_address(url: &Url, allow_private: &Private) -> Result<(), FetchError> {
    let forbidden = |why| Err(FetchError::Forbidden { url: plain(url), why });
    if !matches!(url.scheme(), "http" | "https") {
        return forbidden("only http and https are spoken");
    }
    let ip = match url.host() {
        Some(Host::Domain(name)) if !name.is_empty() => return Ok(()),
        Some(Host::Ipv4(ip)) => ip.into(),
        Some(Host::Ipv6(ip)) => ip.into(),
        _ => return forbidden("it names no host"),
    };
    if is_public(ip) || allow_private.allows(ip) {
        return Ok(());
    }
    if allow_private.is_refused() {
        return forbidden("the address is not public; `allow_private` lets a source of your own be asked");
    }
    forbidden("the address is not public, and not in a range of `allow_private`")
}

/// Refuses ports that nobody named.
pub(super) fn check_port(url: &Url, policy: &Policy) -> Result<(), FetchError> {
    let port = url.port_or_known_default().unwrap_or_default();
    if policy.ports.contains(&port) { Ok(()) } else { Err(FetchError::BadPort { url: plain(url) }) }
}
