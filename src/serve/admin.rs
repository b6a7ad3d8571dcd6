//! Deeds that are asked for over HTTP: on a listener of their own, with a token.
//!
//! A program shows it as `Bearer` and asks by `POST /pull` and its like, with a body of JSON; what is told of it comes back as `rows`,
//! what went wrong as a problem (RFC 9457). A person's browser shows it as the password of `Basic`, and is given pages with forms
//! (`editing`). Without the token nothing is said, not even which deeds there are.
//!
//! A browser shows what it was told once with whatever is sent here, also by pages of others. So what it shows opens forms alone, and
//! each of ours holds a key that only our pages know. Deliberately absent: the deeds, which are those of the control socket (`daemon`),
//! cookies, sessions, and any other way to be let in.

use std::{fmt, future::Future, pin::Pin, sync::Arc};

use axum::{
    Router,
    extract::{DefaultBodyLimit, Path, State},
    http::{HeaderMap, StatusCode, Uri, header},
    response::Response,
    routing::{get, post},
};
use bytes::Bytes;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::{App, answer, editing};
use crate::text;

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

    /// Who shows it, if anybody does (RFC 6750 §2.1, RFC 7617 §2). Hashes are compared, and in the same time wherever they differ.
    fn shown_by(&self, headers: &HeaderMap) -> Option<By> {
        let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let (scheme, shown) = shown?.split_once(' ')?;
        let is_it = |text: &str| blake3::hash(text.trim().as_bytes()) == self.0;
        if scheme.eq_ignore_ascii_case("bearer") {
            return is_it(shown).then_some(By::Program);
        }
        let told = scheme.eq_ignore_ascii_case("basic").then(|| text::from_base64(shown.trim())).flatten()?;
        let (name, password) = told.split_once(':')?;
        is_it(password).then(|| By::Person(text::one_line(name)))
    }

    fn key(&self) -> blake3::Hash {
        blake3::keyed_hash(self.0.as_bytes(), b"forms")
    }

    /// What each of our forms holds.
    pub(super) fn form_key(&self) -> String {
        self.key().to_hex().to_string()
    }

    /// Whether a form is one of ours.
    pub(super) fn is_on(&self, form_key: &str) -> bool {
        blake3::Hash::from_hex(form_key).is_ok_and(|key| key == self.key())
    }
}

/// Who shows the token.
enum By {
    Program,
    /// A person, by the name that was given; it may be empty.
    Person(String),
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

/// What the listener needs.
pub(super) struct Desk {
    pub(super) token: Token,
    pub(super) deeds: Deeds,
    pub(super) app: Arc<App>,
}

/// A service that does deeds for whoever has the token.
pub(super) fn service(desk: Desk) -> Router {
    let router = Router::new().route("/", get(look)).route("/{deed}", post(ask).get(look)).route("/story/{id}", get(look));
    let router = router.fallback(nothing).method_not_allowed_fallback(nothing);
    router.layer(DefaultBodyLimit::max(LONGEST)).with_state(Arc::new(desk))
}

async fn nothing(State(desk): State<Arc<Desk>>, headers: HeaderMap) -> Response {
    desk.token.shown_by(&headers).map_or_else(refused, |_| undone(&Undone::Unknown))
}

/// A page for editors.
async fn look(State(desk): State<Arc<Desk>>, uri: Uri, headers: HeaderMap) -> Response {
    match desk.token.shown_by(&headers) {
        None => refused(),
        Some(By::Program) => undone(&Undone::Unknown),
        Some(By::Person(_)) => editing::look(&desk, &uri, &headers).await,
    }
}

async fn ask(State(desk): State<Arc<Desk>>, Path(deed): Path<String>, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    match desk.token.shown_by(&headers) {
        None => refused(),
        Some(By::Person(who)) => editing::act(&desk, &who, deed, &uri, &headers, &body).await,
        Some(By::Program) => {
            let question = if body.trim_ascii().is_empty() { Ok(json!({})) } else { serde_json::from_slice(&body) };
            match question {
                Ok(question @ Value::Object(_)) => match desk.have_done(deed, question).await {
                    Ok(rows) => answer::deed(&json!({ "rows": rows })),
                    Err(why) => undone(&why),
                },
                Ok(_) => undone(&Undone::Unclear("the body is no JSON object".to_owned())),
                Err(error) => undone(&Undone::Unclear(format!("the body is no JSON: {error}"))),
            }
        }
    }
}

impl Desk {
    /// Has a deed done, and gives what is told of it.
    pub(super) async fn have_done(&self, deed: String, question: Value) -> Result<Vec<Value>, Undone> {
        let (rows, mut told) = mpsc::channel(64);
        // It goes on when whoever asked hangs up.
        let work = tokio::spawn((self.deeds)(deed, question, rows));
        let mut heard = Vec::new();
        while let Some(row) = told.recv().await {
            heard.push(row);
        }
        match work.await {
            Ok(done) => done.map(|()| heard),
            Err(fall) => Err(Undone::Failed(fall.to_string())),
        }
    }
}

fn refused() -> Response {
    let mut response = answer::problem(StatusCode::UNAUTHORIZED, "show the token of [admin]: `Authorization: Bearer …`", &[]);
    for scheme in ["Bearer", "Basic realm=\"Tributary: any name, and the token of [admin] as password\", charset=\"UTF-8\""] {
        response.headers_mut().append(header::WWW_AUTHENTICATE, header::HeaderValue::from_static(scheme));
    }
    response
}

fn undone(why: &Undone) -> Response {
    match why {
        Undone::Unknown => answer::problem(
            StatusCode::NOT_FOUND,
            "there is no such deed; POST to /pull, /reload, /story, /act, /withdraw or /release_flood",
            &[],
        ),
        Undone::Unclear(what) => answer::problem(StatusCode::BAD_REQUEST, what, &[]),
        Undone::Failed(why) => answer::problem(StatusCode::CONFLICT, why, &[]),
    }
}
