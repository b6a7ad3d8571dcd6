//! Why a publisher gave us nothing.

use std::{error::Error, io, time::Duration};

use url::Url;

use super::address::NotPublic;

/// The longest a publisher may ask us to stay away: 30 days.
///
/// `Retry-After` is a date or a number of seconds (RFC 9110 §10.2.3). Anything longer is read as
/// this, so that one wrong header can not silence a source for good.
pub const LONGEST_WAIT: Duration = Duration::from_hours(30 * 24);

/// Why a source gave us nothing this time. The variant decides when we ask again.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// No answer: name, connection, encryption, or an answer that broke off.
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
    /// The whole answer was not there in time.
    #[error("no whole answer from {host} within {} s", timeout.as_secs_f32())]
    TooSlow {
        /// The host.
        host: String,
        /// How long was waited.
        timeout: Duration,
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
    /// 401, 403, 406, 451: the publisher does not want us, or not like this.
    #[error("{host} refuses us ({status}); it may block programs: write to the publisher, or set `headers` for this source")]
    Refused {
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
    #[error("{host} failed ({status})")]
    Failed {
        /// The host.
        host: String,
        /// The status.
        status: u16,
    },
    /// The body is longer than any feed should be.
    #[error("{url} is longer than {} MiB after decoding", limit >> 20)]
    TooLarge {
        /// The address.
        url: String,
        /// The limit, in bytes.
        limit: usize,
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
    /// A file that could not be read.
    #[error("{url} could not be read")]
    File {
        /// The address.
        url: String,
        /// What the system said.
        #[source]
        cause: io::Error,
    },
    /// The client could not be made.
    #[error("the HTTP client could not be set up")]
    Setup {
        /// Why.
        #[source]
        cause: Box<dyn Error + Send + Sync>,
    },
}

/// What a failed request means.
pub(super) fn no_answer(url: &Url, cause: reqwest::Error) -> FetchError {
    let mut inner: Option<&(dyn Error + 'static)> = Some(&cause);
    while let Some(error) = inner {
        if error.is::<NotPublic>() {
            return FetchError::Forbidden { url: url.to_string(), why: "its name leads to an address that is not public" };
        }
        inner = error.source();
    }
    let what = match &cause {
        cause if cause.is_timeout() => "it took too long",
        cause if cause.is_connect() => "no connection",
        cause if cause.is_decode() || cause.is_body() => "the answer broke off or could not be decoded",
        _ => "the request failed",
    };
    FetchError::NoAnswer { host: url.host_str().unwrap_or_default().to_owned(), what, cause: Box::new(cause.without_url()) }
}

/// What a status other than success means.
pub(super) fn refused(url: &Url, status: u16, retry_after: Option<Duration>) -> FetchError {
    let host = url.host_str().unwrap_or_default().to_owned();
    match status {
        429 | 503 => FetchError::SlowDown { host, status, retry_after },
        410 => FetchError::Gone { url: url.to_string() },
        404 => FetchError::Missing { url: url.to_string() },
        401 | 403 | 406 | 451 => FetchError::Refused { host, status },
        status => FetchError::Failed { host, status },
    }
}
