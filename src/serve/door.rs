//! Where programs hand something in: the one place that takes a body.
//!
//! What is behind a door is not ours to know; it is handed what came, and says what to answer. A body is read whole before,
//! within a bound of its length; the time that it may take is that of every answer.

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
    /// What was sent.
    pub body: Bytes,
}

/// What is answered there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// A sentence.
    pub text: String,
}

type Answering = Pin<Box<dyn Future<Output = Reply> + Send>>;

/// A door, and what stands behind it.
pub struct Door {
    longest: usize,
    answer: Box<dyn Fn(Knock) -> Answering + Send + Sync>,
}

impl Door {
    /// One that takes bodies of so many bytes.
    pub fn new<F: Future<Output = Reply> + Send + 'static>(longest: usize, answer: impl Fn(Knock) -> F + Send + Sync + 'static) -> Self {
        Self { longest, answer: Box::new(move |knock| Box::pin(answer(knock))) }
    }

    /// Takes in what is sent.
    pub(super) async fn answer(&self, request: Request) -> Response {
        if request.method() != Method::POST {
            return answer::post_alone();
        }
        if !is_form(request.headers()) {
            return answer::problem(StatusCode::UNSUPPORTED_MEDIA_TYPE, "a form is taken here: application/x-www-form-urlencoded", &[]);
        }
        let Ok(body) = body::to_bytes(request.into_body(), self.longest).await else {
            let detail = format!("more than {} bytes are not taken", self.longest);
            return answer::problem(StatusCode::PAYLOAD_TOO_LARGE, &detail, &[]);
        };
        let Reply { status, text } = (self.answer)(Knock { body }).await;
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if status.is_success() { answer::probe(status, answer::PLAIN, format!("{text}\n")) } else { answer::problem(status, &text, &[]) }
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    let told = headers.get(header::CONTENT_TYPE).and_then(|told| told.to_str().ok()).unwrap_or_default();
    told.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")
}
