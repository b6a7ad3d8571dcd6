//! A publisher on loopback that serves documents from memory: for the demonstration and for tests.
//!
//! It answers as good publishers do, with `ETag` and 304, or fails as it is told to, and it
//! remembers what it was asked. Nothing of it is reachable from elsewhere.

use std::{
    collections::BTreeMap,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
    service::TowerToHyperService,
};
use tokio::{net::TcpListener, task::JoinHandle};

/// One request that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Path and query.
    pub path: String,
    /// Header names and values, in order of arrival.
    pub headers: Vec<(String, String)>,
    /// The status it was answered with.
    pub status: u16,
}

#[derive(Default)]
struct Shelf {
    documents: BTreeMap<String, (String, String)>,
    failures: BTreeMap<String, (u16, Option<u32>)>,
    seen: Vec<Seen>,
}

/// A publisher on loopback. It stops when it is dropped.
pub struct Publisher {
    address: SocketAddr,
    shelf: Arc<Mutex<Shelf>>,
    task: JoinHandle<()>,
}

impl Publisher {
    /// Starts one at a free port of 127.0.0.1.
    pub async fn start() -> io::Result<Self> {
        Self::start_at(Ipv4Addr::LOCALHOST).await
    }

    /// Starts one at a free port of a loopback address: each address is a host of its own.
    pub async fn start_at(host: Ipv4Addr) -> io::Result<Self> {
        let listener = TcpListener::bind((host, 0)).await?;
        let address = listener.local_addr()?;
        let shelf: Arc<Mutex<Shelf>> = Arc::default();
        let service = Router::new().fallback(serve).with_state(shelf.clone());
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let service = TowerToHyperService::new(service.clone());
                tokio::spawn(async move {
                    let _ = Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        Ok(Self { address, shelf, task })
    }

    fn shelf(&self) -> std::sync::MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its address, without a final slash.
    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Puts a document at a path, or at a path and query; from now on that answers well. What has no document with its query has the path's.
    pub fn put(&self, path: &str, content_type: &str, body: &str) {
        let mut shelf = self.shelf();
        shelf.failures.remove(path);
        shelf.documents.insert(path.to_owned(), (content_type.to_owned(), body.to_owned()));
    }

    /// Lets a path fail with a status, and say when to come back, in seconds.
    pub fn fail(&self, path: &str, status: u16, retry_after: Option<u32>) {
        self.shelf().failures.insert(path.to_owned(), (status, retry_after));
    }

    /// What it was asked, in order.
    pub fn seen(&self) -> Vec<Seen> {
        self.shelf().seen.clone()
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(State(shelf): State<Arc<Mutex<Shelf>>>, request: Request) -> Response {
    let mut shelf = shelf.lock().unwrap_or_else(PoisonError::into_inner);
    let whole = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
    let is_known = shelf.documents.contains_key(&whole) || shelf.failures.contains_key(&whole);
    let path = if is_known { whole } else { request.uri().path().to_owned() };
    let response = answer(&shelf, &path, &request);
    let headers = request.headers().iter().map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
    let seen = Seen {
        path: request.uri().path_and_query().map(ToString::to_string).unwrap_or_default(),
        headers: headers.collect(),
        status: response.status().as_u16(),
    };
    shelf.seen.push(seen);
    response
}

fn answer(shelf: &Shelf, path: &str, request: &Request) -> Response {
    let mut response = Response::new(Body::empty());
    let mut set = |name, value: String| {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    };
    if let Some((status, retry_after)) = shelf.failures.get(path) {
        if let Some(seconds) = retry_after {
            set(header::RETRY_AFTER, seconds.to_string());
        }
        *response.status_mut() = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        return response;
    }
    let Some((content_type, body)) = shelf.documents.get(path) else {
        *response.status_mut() = StatusCode::NOT_FOUND;
        return response;
    };
    let tag = format!("\"{}\"", &blake3::hash(body.as_bytes()).to_hex()[..16]);
    set(header::ETAG, tag.clone());
    set(header::CONTENT_TYPE, content_type.clone());
    if request.headers().get(header::IF_NONE_MATCH).is_some_and(|asked| asked.as_bytes() == tag.as_bytes()) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    } else {
        *response.body_mut() = Body::from(body.clone());
    }
    response
}
