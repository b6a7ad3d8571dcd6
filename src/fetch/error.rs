//! Why a publisher gave us nothing.

use std::{error::Error, fmt, io, path::PathBuf, time::Duration};

use url::Url;

/// The longest a publisher may ask us to stay away: 30 days.
///
/// `Retry-After` is a date or a number of seconds (RFC 9110 §10.2.3). Anything longer is read as
/// this, so that one wrong header can not silence a source for good.
pub const LONGEST_WAIT: Duration = Duration::from_hours(30 * 24);

/// Why a source gave us nothing this time. The variant decides when we ask again, and what an editor is told to try.
///
/// Addresses are told without user name and query, which may hold keys.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The name servers say that there is no such host. A mistake in the address, or a site that is no more.
    #[error("there is no host named {host}; look whether the address is right, and whether the site is still there")]
    NoSuchName {
        /// The host.
        host: String,
    },
    /// No answer: name servers that do not answer, connection, or an answer that broke off. Worth asking again soon.
    #[error("no answer from {host} ({what})")]
    NoAnswer {
        /// The host.
        host: String,
        /// Which step failed.
        what: &'static str,
        /// What the client said.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
    /// The connection could not be encrypted. It stays so until somebody does something.
    #[error("no encrypted connection to {host}: {fault}")]
    Tls {
        /// The host.
        host: String,
        /// What is wrong.
        fault: TlsFault,
        /// What the client said.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
    /// One of the time limits is over.
    #[error("{host} {wait} within {} s", limit.as_secs_f32())]
    TooSlow {
        /// The host.
        host: String,
        /// What was waited for.
        wait: Wait,
        /// How long.
        limit: Duration,
    },
    /// 429 or 503: the publisher asks us to wait, perhaps saying how long.
    #[error("{host} asked us to slow down ({status})")]
    SlowDown {
        /// The host.
        host: String,
        /// 429 or 503.
        status: u16,
        /// How long to stay away.
        retry_after: Option<Duration>,
    },
    /// 410: the feed is gone for good, so we stop asking (RFC 9110 §15.5.11).
    #[error("{url} is gone (410)")]
    Gone {
        /// The address.
        url: String,
    },
    /// 401, 402, 403, 405, 406, 451: the publisher does not want us, or not like this.
    #[error("{host} refuses us ({status}{}); it may block programs: write to the publisher, or set `headers` for this source", meaning(*status))]
    Refused {
        /// The host.
        host: String,
        /// The status.
        status: u16,
    },
    /// A page that wants to see a person, whatever its status: waiting does not help.
    #[error(
        "{host} blocks programs: it answers with a page that only a browser gets past ({status}); ask the publisher to let us through to its feed"
    )]
    Challenge {
        /// The host.
        host: String,
        /// The status.
        status: u16,
    },
    /// 404: there is nothing, at least now.
    #[error("{url} is not there (404); the publisher may have moved its feed")]
    Missing {
        /// The address.
        url: String,
    },
    /// Any other status that is no answer.
    #[error("{host} failed ({status}{})", meaning(*status))]
    Failed {
        /// The host.
        host: String,
        /// The status.
        status: u16,
    },
    /// An answer that does not fit the question. Nothing is known by it, and nothing is changed.
    #[error("the answer of {host} makes no sense: {what}")]
    Nonsense {
        /// The host.
        host: String,
        /// What does not fit.
        what: &'static str,
    },
    /// The body is longer than any feed should be.
    #[error("{url} is longer than {} MiB after decoding; [fetch] max_body_mib is the limit", limit >> 20)]
    TooLarge {
        /// The address.
        url: String,
        /// The limit, in bytes.
        limit: usize,
    },
    /// The headers are longer than any answer's should be.
    #[error("the headers of {host} are longer than {} KiB, or more than 100", super::LONGEST_HEAD >> 10)]
    LongHead {
        /// The host.
        host: String,
    },
    /// A content coding that is not read, or a body that is not what its coding says.
    #[error("{url} can not be decoded: {why}")]
    BadCoding {
        /// The address.
        url: String,
        /// Why not.
        why: String,
    },
    /// A redirect that is not followed.
    #[error("{url} redirects badly: {why}")]
    BadRedirect {
        /// The address.
        url: String,
        /// Why it is not followed.
        why: &'static str,
    },
    /// An address that must not be asked.
    #[error("{url} is not asked: {why}")]
    Forbidden {
        /// The address.
        url: String,
        /// Why not.
        why: &'static str,
    },
    /// A redirect or link to a port that is not on the list.
    #[error("{url} is not asked: its port is not among [fetch] `ports`; a source of your own may name another in its `url`")]
    BadPort {
        /// The address.
        url: String,
    },
    /// The proxy of `[fetch] proxy` is at fault, not the publisher.
    #[error("the proxy {proxy} {what}; see [fetch] proxy")]
    Proxy {
        /// Its address, without name and password.
        proxy: String,
        /// What it did.
        what: &'static str,
    },
    /// A file that could not be read.
    #[error("{url} could not be read")]
    File {
        /// The address.
        url: String,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// A file of `[fetch] extra_ca` that could not be read.
    #[error("the certificates in {} could not be read; see [fetch] extra_ca", path.display())]
    Authority {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
    /// The client could not be made.
    #[error("the HTTP client could not be set up")]
    Setup {
        /// Why.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
}

/// Why a connection could not be encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsFault {
    /// The certificate's time is over.
    Expired,
    /// The certificate's time has not come.
    NotYetValid,
    /// The certificate is that of another host.
    WrongName,
    /// The certificate is signed by itself.
    SelfSigned,
    /// The certificate is signed by nobody we trust.
    Untrusted,
    /// The certificate was taken back.
    Revoked,
    /// There is something that speaks no TLS, or none that we speak.
    NoCommonTongue,
    /// Anything else.
    Other,
}

impl fmt::Display for TlsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Expired => "its certificate has expired; the publisher has to renew it",
            Self::NotYetValid => "its certificate is not valid yet; is the clock of this machine right?",
            Self::WrongName => "its certificate is that of another host; look whether the address is right",
            Self::SelfSigned => {
                "its certificate is self-signed; the publisher needs one of an authority, or, if the server is your own, it belongs into [fetch] extra_ca"
            }
            Self::Untrusted => {
                "its certificate is signed by nobody that this machine trusts; the authority of your own network belongs into [fetch] extra_ca"
            }
            Self::Revoked => "its certificate was revoked; the publisher has to renew it",
            Self::NoCommonTongue => "it speaks no TLS there, or none of version 1.2 or 1.3; look whether the address should begin with http:",
            Self::Other => "its certificate or its TLS is faulty",
        })
    }
}

/// What was waited for in vain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// A connection.
    Connection,
    /// The headers of the answer.
    Headers,
    /// The next piece of the body.
    Piece,
    /// All of the answer.
    Whole,
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connection => "gave no connection",
            Self::Headers => "took the question and gave no headers",
            Self::Piece => "fell silent in the middle of its answer, and gave no more",
            Self::Whole => "gave no whole answer",
        })
    }
}

/// What a status says that few know by heart.
fn meaning(status: u16) -> &'static str {
    match status {
        401 => ", it wants a name and password",
        402 => ", it wants to be paid",
        405 => ", it takes no GET",
        406 => ", it has no feed for us",
        421 => ", the host is not at home there",
        425 => ", too early",
        451 => ", for legal reasons",
        502 | 504 | 520..=527 => ", a server in front of it has no answer",
        _ => "",
    }
}

/// An address as it may be told: without name, password and query.
pub(super) fn plain(url: &Url) -> String {
    let mut plain = url.clone();
    let _ = (plain.set_username(""), plain.set_password(None));
    plain.set_fragment(None);
    if plain.query().is_some() {
        plain.set_query(Some("…"));
        return plain.to_string().replace("%E2%80%A6", "…");
    }
    plain.into()
}

/// What a status other than success means.
pub(super) fn refused(url: &Url, status: u16, retry_after: Option<Duration>) -> FetchError {
    let host = url.host_str().unwrap_or_default().to_owned();
    match status {
        429 | 503 => FetchError::SlowDown { host, status, retry_after },
        410 => FetchError::Gone { url: plain(url) },
        404 => FetchError::Missing { url: plain(url) },
        401 | 402 | 403 | 405 | 406 | 451 => FetchError::Refused { host, status },
        status => FetchError::Failed { host, status },
    }
}
