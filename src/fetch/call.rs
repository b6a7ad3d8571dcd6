//! One request to a program that asked for it: a hub, or a subscriber (WebSub).
//!
//! The same addresses are refused as for sources, at the same places. Redirects are not followed: whoever wants to be told
//! elsewhere says so. Of the answer, a beginning is enough. Deliberately absent: trying again, which is the caller's to decide.

use bytes::Bytes;
use reqwest::{
    Method,
    header::{HeaderMap, HeaderName, HeaderValue},
};
use tokio::time::{Duration, timeout};
use url::Url;

use super::{Client, FetchError, Wait, body, host_of, way};
use crate::model::Private;

/// A request.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// Where.
    pub url: &'a Url,
    /// What is sent (POST); without it, the address is asked (GET).
    pub body: Option<&'a Bytes>,
    /// Further headers.
    pub headers: &'a [(&'static str, String)],
    /// It has to be over within this.
    pub timeout: Duration,
    /// Which addresses may be asked though they are not public, at any port.
    pub allow_private: &'a Private,
    /// So many bytes of the answer's body are read.
    pub most: usize,
}

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The status.
    pub status: u16,
    /// The beginning of the body.
    pub body: Vec<u8>,
}

impl Client {
    /// Whether an address may be called at all, as far as that can be said before its name is looked up.
    pub fn may_call(&self, url: &Url, allow_private: &Private) -> Result<(), FetchError> {
        way::check_address(url, allow_private)?;
        if allow_private.is_refused() { way::check_port(url, &self.inner.policy) } else { Ok(()) }
    }

    /// Calls once.
    pub async fn call(&self, call: &Call<'_>) -> Result<Answered, FetchError> {
        self.may_call(call.url, call.allow_private)?;
        let late = || FetchError::TooSlow { host: host_of(call.url), wait: Wait::Whole, limit: call.timeout };
        timeout(call.timeout, self.call_in_time(call)).await.map_err(|_| late())?
    }

    async fn call_in_time(&self, call: &Call<'_>) -> Result<Answered, FetchError> {
        let seat = self.inner.hosts.seat(call.url.host_str().unwrap_or_default()).await;
        let mut headers = HeaderMap::new();
        for (name, value) in call.headers {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(HeaderName::from_static(name), value);
            }
        }
        let method = if call.body.is_some() { Method::POST } else { Method::GET };
        let (mut response, _) = self.send(method, call.url, headers, call.body, call.allow_private, &seat).await?;
        let status = response.status().as_u16();
        let body = body::beginning(&mut response, call.most, self.inner.policy.silence).await;
        Ok(Answered { status, body })
    }
}
