//! What a failed request means: the client's errors, told apart by their causes.

use std::{error::Error, io, iter};

use rustls::{CertificateError, OtherError};
use url::Url;

use super::{FetchError, Policy, TlsFault, Wait, error::plain, names::NameError, trust::SelfSigned};
use crate::model::Proxy;

/// Words for a request to `url` that failed. `proxy` is the one it went through.
pub(super) fn told(url: &Url, policy: &Policy, proxy: Option<&Proxy>, error: reqwest::Error) -> FetchError {
    let host = url.host_str().unwrap_or_default().to_owned();
    if let Some(told) = by_cause(url, &host, &error) {
        return match told {
            Told::Whole(error) => error,
            Told::Tls(fault) => FetchError::Tls { host, fault, cause: Box::new(error.without_url()) },
        };
    }
    if error.is_connect() && error.is_timeout() {
        return FetchError::TooSlow { host, wait: Wait::Connection, limit: policy.connect };
    }
    if let Some(proxy) = proxy.filter(|_| error.is_connect()) {
        return FetchError::Proxy { proxy: proxy.to_string(), what: by_proxy(&error) };
    }
    FetchError::NoAnswer { host, what: what(&error), cause: Box::new(error.without_url()) }
}

/// Whether the connection was closed before anything came of it.
pub(super) fn is_closed(error: &reqwest::Error) -> bool {
    let is_reset = |cause: &io::Error| matches!(cause.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe);
    !error.is_connect()
        && causes(error).any(|cause| {
            cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_incomplete_message)
                || cause.downcast_ref::<io::Error>().is_some_and(is_reset)
        })
}

enum Told {
    Whole(FetchError),
    Tls(TlsFault),
}

/// The first cause that says all.
fn by_cause(url: &Url, host: &str, error: &reqwest::Error) -> Option<Told> {
    causes(error).find_map(|cause| {
        if let Some(name) = cause.downcast_ref::<NameError>() {
            return match name {
                NameError::NotPublic(_) => {
                    Some(Told::Whole(FetchError::Forbidden { url: plain(url), why: "its name leads to an address that is not public" }))
                }
                NameError::NoSuchName(_) => Some(Told::Whole(FetchError::NoSuchName { host: host.to_owned() })),
                NameError::Unasked(..) => None,
            };
        }
        if cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse_too_large) {
            return Some(Told::Whole(FetchError::LongHead { host: host.to_owned() }));
        }
        cause.downcast_ref::<rustls::Error>().map(|cause| Told::Tls(fault(cause)))
    })
}

fn fault(error: &rustls::Error) -> TlsFault {
    use rustls::AlertDescription as Alert;
    match error {
        rustls::Error::InvalidCertificate(certificate) => match certificate {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => TlsFault::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => TlsFault::NotYetValid,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => TlsFault::WrongName,
            CertificateError::Revoked => TlsFault::Revoked,
            // The second is that of an authority with the name of one that we trust, and another key.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => TlsFault::Untrusted,
            CertificateError::Other(OtherError(other)) if other.is::<SelfSigned>() => TlsFault::SelfSigned,
            _ => TlsFault::Other,
        },
        rustls::Error::InvalidMessage(_) | rustls::Error::PeerIncompatible(_) => TlsFault::NoCommonTongue,
        rustls::Error::AlertReceived(Alert::HandshakeFailure | Alert::ProtocolVersion) => TlsFault::NoCommonTongue,
        _ => TlsFault::Other,
    }
}

/// Which step failed, as far as the system says it.
fn what(error: &reqwest::Error) -> &'static str {
    if causes(error).any(|cause| matches!(cause.downcast_ref(), Some(NameError::Unasked(..)))) {
        return "its name could not be looked up: no name server answers";
    }
    let kind = causes(error).find_map(|cause| cause.downcast_ref::<io::Error>().map(io::Error::kind));
    match kind {
        Some(io::ErrorKind::ConnectionRefused) => "the connection is refused: no server listens there",
        Some(io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable) => "there is no way to it from here",
        Some(io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe) => "the connection was reset",
        _ if error.is_connect() => "no connection",
        _ if causes(error).any(|cause| cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_incomplete_message)) => {
            "the connection was closed before an answer"
        }
        _ if causes(error).any(|cause| cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_parse)) => "the answer is no HTTP",
        _ if error.is_body() || error.is_decode() => "the answer broke off",
        _ => "the request failed",
    }
}

fn by_proxy(error: &reqwest::Error) -> &'static str {
    let words: Vec<String> = causes(error).map(ToString::to_string).collect();
    let says = |text: &str| words.iter().any(|words| words.contains(text));
    if says("proxy authorization required") {
        "wants a name and password"
    } else if says("tunnel error") {
        "leads to no such host"
    } else {
        "gives no connection"
    }
}

/// An error and what is behind it. What an I/O error carries is its own cause, which `source` leaves out.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| {
        match (*error).downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner as &(dyn Error + 'static)),
            None => (*error).source(),
        }
    })
}
