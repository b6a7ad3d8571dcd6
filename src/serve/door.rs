//! Where programs hand something in: the one place that takes a body.
//!
//! What is behind a door is not ours to know; it is handed what came, and says what to answer. A body is read whole before,
//! within a bound of its length, and only for whom the door is open; the time that it may take is that of every answer.

use std::{future::Future, pin::Pin};

use axum::{
    body,
    extract::Request,
    http::{HeaderMap, Method, StatusCode, header},
    response::Response,
};
use bytes::Bytes;

use super::answer;

/// What came to a door.
#[derive(Debug)]
pub struct Knock {
    /// What the address says behind the door's.
    pub rest: String,
    /// Its query.
    pub query: String,
    /// What was sent; nothing when something was asked.
    pub body: Option<Bytes>,
    /// How it was signed: `X-Hub-Signature`.
    pub signature: Option<String>,
}

/// What is answered there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// A sentence, or whatever was asked for.
    pub text: String,
}

type Answering = Pin<Box<dyn Future<Output = Reply> + Send>>;

/// For whom a door is open.
type Admits = Box<dyn Fn(&str) -> bool + Send + Sync>;

/// A door, and what stands behind it.
pub struct Door {
    longest: usize,
    /// For whom it is open, by the rest of the address; none takes forms, and is open for everybody.
    admits: Option<Admits>,
    answer: Box<dyn Fn(Knock) -> Answering + Send + Sync>,
}

impl Door {
    /// One that takes forms of so many bytes.
    pub fn for_forms<F: Future<Output = Reply> + Send + 'static>(
        longest: usize,
        answer: impl Fn(Knock) -> F + Send + Sync + 'static,
    ) -> Self {
        Self { longest, admits: None, answer: Box::new(move |knock| Box::pin(answer(knock))) }
    }

    /// One that takes questions and whatever else is sent, up to so many bytes, from whom it admits.
    pub fn for_calls<F: Future<Output = Reply> + Send + 'static>(
        longest: usize,
        admits: impl Fn(&str) -> bool + Send + Sync + 'static,
        answer: impl Fn(Knock) -> F + Send + Sync + 'static,
    ) -> Self {
        Self { longest, admits: Some(Box::new(admits)), answer: Box::new(move |knock| Box::pin(answer(knock))) }
    }

    /// Whether anybody may come.
    pub(super) fn is_for_everybody(&self) -> bool {
        self.admits.is_none()
    }

    /// Takes in what is sent.
    pub(super) async fn answer(&self, rest: &str, request: Request) -> Response {
        let (is_asked, is_sent) = (request.method() == Method::GET, request.method() == Method::POST);
        match &self.admits {
            Some(admits) if !admits(rest) => return answer::problem(StatusCode::NOT_FOUND, "there is nothing at this address", &[]),
            Some(_) if is_asked || is_sent => {}
            None if is_sent && is_form(request.headers()) => {}
            None if is_sent => {
                return answer::problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, "a form is taken here: application/x-www-form-urlencoded", &[]);
            }
            _ => return answer::post_alone(),
        }
        let (head, body) = request.into_parts();
        let body = if is_sent {
            let Ok(body) = body::to_bytes(body, self.longest).await else {
                let detail = format!("more than {} bytes are not taken", self.longest);
                return answer::problem(StatusCode::PAYLOAD_TOO_LARGE, &detail, &[]);
            };
            Some(body)
        } else {
            None
        };
        let signature = head.headers.get("x-hub-signature").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let query = head.uri.query().unwrap_or_default().to_owned();
        let Reply { status, text } = (self.answer)(Knock { rest: rest.to_owned(), query, body, signature }).await;
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if status.is_success() { answer::probe(status, answer::PLAIN, text) } else { answer::problem(status, &text, &[]) }
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    let told = headers.get(header::CONTENT_TYPE).and_then(|told| told.to_str().ok()).unwrap_or_default();
    told.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
}
