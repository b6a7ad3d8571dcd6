//! Deeds that are asked for over HTTP: on a listener of their own, with a token.
//!
//! `POST /pull` and its like, with a body of JSON; what is told of it comes back as `rows`, what went wrong as a problem (RFC 9457).
//! Without the token nothing is said, not even which deeds there are. Deliberately absent: the deeds, which are those of the control
//! socket (`daemon`), reading, cookies, and any other way to be let in.

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use axum::{
    Router,
    extract::{DefaultBodyLimit, Path, State},
    http::{HeaderMap, StatusCode, header},
    response::Response,
    routing::post,
};
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::answer;

/// The shortest token that is taken, in characters: nobody guesses so many.
const SHORTEST: usize = 16;
/// The longest body of a question, in bytes.
const LONGEST: usize = 64 << 10;

/// What whoever asks has to show. It is kept as a hash, and never told.
#[derive(Clone, Copy)]
pub struct Token(blake3::Hash);

impl Token {
    /// A token that is long enough to be one.
    pub fn new(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.chars().count() < SHORTEST {
            return Err(format!("the token of [admin] is shorter than {SHORTEST} characters; `openssl rand -hex 32` makes one"));
        }
        Ok(Self(blake3::hash(text.as_bytes())))
    }

    /// Whether the headers show it (RFC 6750 §2.1). Hashes are compared, and in the same time wherever they differ.
    fn is_shown(&self, headers: &HeaderMap) -> bool {
        let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let shown = shown.and_then(|value| value.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        shown.is_some_and(|(_, token)| blake3::hash(token.trim().as_bytes()) == self.0)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

/// Why a deed was not done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undone {
    /// There is no such deed.
    Unknown,
    /// The question is not understood.
    Unclear(String),
    /// It could not be done.
    Failed(String),
}

/// What became of a deed.
pub type Outcome = Pin<Box<dyn Future<Output = Result<(), Undone>> + Send>>;
/// Does what is asked for by name and body, and tells of it.
pub type Deeds = Arc<dyn Fn(String, Value, mpsc::Sender<Value>) -> Outcome + Send + Sync>;

/// A service that does deeds for whoever has the token.
pub(super) fn service(token: Token, deeds: Deeds) -> Router {
    let router = Router::new().route("/{deed}", post(ask)).fallback(nothing).method_not_allowed_fallback(nothing);
    router.layer(DefaultBodyLimit::max(LONGEST)).with_state((token, deeds))
}

async fn nothing(State((token, _)): State<(Token, Deeds)>, headers: HeaderMap) -> Response {
    if token.is_shown(&headers) { undone(&Undone::Unknown) } else { refused() }
}

async fn ask(State((token, deeds)): State<(Token, Deeds)>, Path(deed): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    if !token.is_shown(&headers) {
        return refused();
    }
    let question = if body.trim_ascii().is_empty() { Ok(json!({})) } else { serde_json::from_slice(&body) };
    let question = match question {
        Ok(question @ Value::Object(_)) => question,
        Ok(_) => return undone(&Undone::Unclear("the body is no JSON object".to_owned())),
        Err(error) => return undone(&Undone::Unclear(format!("the body is no JSON: {error}"))),
    };
    let (rows, mut told) = mpsc::channel(64);
    // It goes on when whoever asked hangs up.
    let work = tokio::spawn(deeds(deed, question, rows));
    let mut heard = Vec::new();
    while let Some(row) = told.recv().await {
        heard.push(row);
    }
    match work.await {
        Ok(Ok(())) => answer::deed(&json!({ "rows": heard })),
        Ok(Err(why)) => undone(&why),
        Err(fall) => undone(&Undone::Failed(fall.to_string())),
    }
}

fn refused() -> Response {
    let mut response = answer::problem(StatusCode::UNAUTHORIZED, "show the token of [admin]: `Authorization: Bearer …`", &[]);
    response.headers_mut().insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static("Bearer"));
    response
}

fn undone(why: &Undone) -> Response {
    match why {
        Undone::Unknown => answer::problem(StatusCode::NOT_FOUND, "there is no such deed; POST to /pull, /reload, /act or /withdraw", &[]),
        Undone::Unclear(what) => answer::problem(StatusCode::BAD_REQUEST, what, &[]),
        Undone::Failed(why) => answer::problem(StatusCode::CONFLICT, why, &[]),
    }
}
