//! Names and what they lead to.
//!
//! Names are looked up by us and judged at once, and the connection is made to the addresses that
//! passed: nobody can answer the judge with one address and the dialler with another. With a proxy
//! it is the proxy that looks names up; what can be said beforehand is said by [`is_outside`].

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::time::timeout;

use super::address::is_public;
use crate::model::Private;

/// How names are looked up: a name in, addresses out; port 0 stands for the port of the question.
pub type Lookup = Arc<dyn Fn(String) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> + Send + Sync>;

/// What names end in that never leave a house or machine (RFC 6761, 6762, 8375, and `.internal` by ICANN).
const INSIDE: &[&str] = &["localhost", "local", "internal", "intranet", "home.arpa", "lan", "home", "corp", "test", "onion"];

/// With a proxy, our own look-up has this long: in many offices nobody answers it.
const OWN_LOOKUP: Duration = Duration::from_secs(2);

/// The look-up of the system.
pub fn system() -> Lookup {
    Arc::new(|name| Box::pin(async move { Ok(tokio::net::lookup_host((name.as_str(), 0)).await?.collect()) }))
}

/// Why a name led nowhere.
#[derive(Debug, thiserror::Error)]
pub(super) enum NameError {
    #[error("{0} leads only to addresses that are not public")]
    NotPublic(String),
    #[error("there is no host named {0}")]
    NoSuchName(String),
    #[error("the name {0} could not be looked up")]
    Unasked(String, #[source] io::Error),
}

/// The addresses of a name that may be dialled.
async fn addresses(lookup: &Lookup, name: &str, allowed: &Private) -> Result<Vec<SocketAddr>, NameError> {
    let found = match lookup(name.to_owned()).await {
        Ok(found) => found,
        Err(error) if is_absent(&error) => return Err(NameError::NoSuchName(name.to_owned())),
        Err(error) => return Err(NameError::Unasked(name.to_owned(), error)),
    };
    if found.is_empty() {
        return Err(NameError::NoSuchName(name.to_owned()));
    }
    let fine: Vec<SocketAddr> = found.into_iter().filter(|found| is_public(found.ip()) || allowed.allows(found.ip())).collect();
    if fine.is_empty() { Err(NameError::NotPublic(name.to_owned())) } else { Ok(fine) }
}

/// Whether the name server answered, and answered that there is nothing.
///
/// The system's look-up tells it in words alone (`gai_strerror` of glibc, musl and the BSDs); other words mean that nobody could be asked.
fn is_absent(error: &io::Error) -> bool {
    let words = error.to_string();
    ["Name or service not known", "No address associated", "Name does not resolve", "nodename nor servname", "Name has no usable address"]
        .iter()
        .any(|known| words.contains(known))
}

/// Whether a name may be given to a proxy: it is none of the inside, and does not lead there as far as we can find out in time.
pub(super) async fn is_outside(lookup: &Lookup, name: &str) -> bool {
    let name = name.trim_end_matches('.');
    let is_inside = !name.contains('.') || INSIDE.iter().any(|end| name.strip_suffix(end).is_some_and(|rest| rest.ends_with('.')));
    // Where nobody but the proxy can look names up, it is the proxy's to judge.
    !is_inside && !matches!(timeout(OWN_LOOKUP, addresses(lookup, name, &Private::Refused)).await, Ok(Err(NameError::NotPublic(_))))
}

/// Looks names up for the dialler, and keeps to itself what must not be dialled.
pub(super) struct Resolver {
    pub(super) lookup: Lookup,
    pub(super) allowed: Private,
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (lookup, allowed) = (self.lookup.clone(), self.allowed.clone());
        Box::pin(async move {
            let addresses: Addrs = Box::new(addresses(&lookup, name.as_str(), &allowed).await?.into_iter());
            Ok(addresses)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_such_name_and_nobody_to_ask_are_told_apart() {
        let absent = |words: &str| is_absent(&io::Error::other(format!("failed to lookup address information: {words}")));
        assert!(absent("Name or service not known") && absent("No address associated with hostname") && absent("Name does not resolve"));
        assert!(!absent("Temporary failure in name resolution") && !absent("Try again") && !absent("System error"));
    }
}
