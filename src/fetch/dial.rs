//! Connections: guarded, kept or not, direct or through a proxy.
//!
//! Each set of allowed addresses has connections of its own, so that none is used that its source
//! could not have made. The environment has no say: neither `HTTP_PROXY` nor its relatives are read.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use reqwest::redirect;

use super::{
    FetchError, LONGEST_HEAD, Policy,
    hosts::IDLE,
    names::{Lookup, Resolver},
    trust::tls,
};
use crate::model::{Private, Proxy};

/// Headers of an answer at most (HTTP/1).
const MOST_HEADERS: usize = 100;

/// What questions go out by.
pub(super) struct Diallers {
    policy: Policy,
    lookup: Lookup,
    tls: rustls::ClientConfig,
    /// For sources that may only be public: through the proxy, where there is one.
    public: Arc<Dialler>,
    /// For all others, each made when it is first wanted. There are as many as there are different `allow_private` in the configuration.
    private: Mutex<HashMap<Private, Arc<Dialler>>>,
}

impl Diallers {
    pub(super) fn new(policy: &Policy, lookup: Lookup) -> Result<Self, FetchError> {
        let tls = tls(policy)?;
        let public = Arc::new(Dialler::new(policy, &lookup, &tls, &Private::Refused)?);
        Ok(Self { policy: policy.clone(), lookup, tls, public, private: Mutex::default() })
    }

    /// The dialler for what a source may be.
    pub(super) fn of(&self, allowed: &Private) -> Result<Arc<Dialler>, FetchError> {
        if allowed.is_refused() {
            return Ok(self.public.clone());
        }
        let mut private = self.private.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = private.get(allowed) {
            return Ok(known.clone());
        }
        let made = Arc::new(Dialler::new(&self.policy, &self.lookup, &self.tls, allowed)?);
        private.insert(allowed.clone(), made.clone());
        Ok(made)
    }

    /// Whether such a source is asked through the proxy. What is inside is not behind it.
    pub(super) fn proxy(&self, allowed: &Private) -> Option<&Proxy> {
        self.policy.proxy.as_ref().filter(|_| allowed.is_refused())
    }

    pub(super) fn lookup(&self) -> &Lookup {
        &self.lookup
    }
}

/// Connections to the addresses that one set of sources may have.
pub(super) struct Dialler {
    policy: Policy,
    lookup: Lookup,
    tls: rustls::ClientConfig,
    allowed: Private,
    /// Closes each connection with its answer.
    pub(super) closing: reqwest::Client,
    /// Keeps connections for a while. All that are idle are closed when the next generation begins.
    keeping: Mutex<(u64, reqwest::Client)>,
}

impl Dialler {
    fn new(policy: &Policy, lookup: &Lookup, tls: &rustls::ClientConfig, allowed: &Private) -> Result<Self, FetchError> {
        let client = |idle| client(policy, lookup, tls, allowed, idle);
        Ok(Self {
            closing: client(0)?,
            keeping: Mutex::new((0, client(policy.per_host)?)),
            policy: policy.clone(),
            lookup: lookup.clone(),
            tls: tls.clone(),
            allowed: allowed.clone(),
        })
    }

    /// The client that keeps its connections within a generation.
    pub(super) fn kept(&self, generation: u64) -> Result<reqwest::Client, FetchError> {
        let mut keeping = self.keeping.lock().unwrap_or_else(PoisonError::into_inner);
        if generation > keeping.0 {
            *keeping = (generation, client(&self.policy, &self.lookup, &self.tls, &self.allowed, self.policy.per_host)?);
        }
        Ok(keeping.1.clone())
    }
}

/// A client that keeps so many idle connections to each host.
fn client(
    policy: &Policy,
    lookup: &Lookup,
    tls: &rustls::ClientConfig,
    allowed: &Private,
    idle: usize,
) -> Result<reqwest::Client, FetchError> {
    let failed = |cause| FetchError::Setup { cause: Box::new(cause) };
    let proxy = policy.proxy.as_ref().filter(|_| allowed.is_refused());
    // The proxy is dialled wherever it is: an operator named it, and nothing else is looked up.
    let allowed = if proxy.is_some() { Private::Allowed } else { allowed.clone() };
    let client = reqwest::Client::builder()
        .user_agent(&policy.user_agent)
        .connect_timeout(policy.connect)
        .redirect(redirect::Policy::none())
        .referer(false)
        .no_proxy()
        .pool_max_idle_per_host(idle)
        .pool_idle_timeout(IDLE)
        .http1_max_headers(MOST_HEADERS)
        .http2_max_header_list_size(u32::try_from(LONGEST_HEAD).unwrap_or(u32::MAX))
        .tls_backend_preconfigured(tls.clone())
        .dns_resolver(Arc::new(Resolver { lookup: lookup.clone(), allowed }));
    let client = match proxy {
        Some(proxy) => client.proxy(reqwest::Proxy::all(proxy.url().as_str()).map_err(failed)?),
        None => client,
    };
    client.build().map_err(failed)
}
