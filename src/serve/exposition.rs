//! Metrics, as Prometheus asks for them.
//!
//! They are made anew for whoever asks, by one thread at a time, so that those who ask often cost one thread and
//! not all. Deliberately absent: what is told (`meters`), and any way to ask for it by an address
//! below the base path.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use tokio::sync::Mutex;

use crate::meters;

/// Makes the text that tells all metrics.
pub struct Exposition {
    make: Box<dyn Fn() -> String + Send + Sync>,
    turn: Arc<Mutex<()>>,
}

impl Exposition {
    /// One whose text is made so, on a thread that may wait for the disk.
    pub fn new(make: impl Fn() -> String + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { make: Box::new(make), turn: Arc::default() })
    }

    /// The text as it is now.
    pub(super) async fn answer(self: Arc<Self>) -> Response {
        // The turn goes with the work: whoever hangs up does not make room for a second thread.
        let turn = self.turn.clone().lock_owned().await;
        let made = tokio::task::spawn_blocking(move || {
            let text = (self.make)();
            drop(turn);
            text
        });
        match made.await {
            Ok(text) => ([(header::CONTENT_TYPE, meters::MEDIA_TYPE), (header::CACHE_CONTROL, "no-store")], text).into_response(),
            Err(error) => {
                tracing::error!(%error, "the metrics could not be told: {error}");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

/// A service that answers at `/metrics` and nowhere else.
pub(super) fn service(exposition: Arc<Exposition>) -> Router {
    let answer = |State(exposition): State<Arc<Exposition>>| exposition.answer();
    Router::new().route("/metrics", get(answer)).with_state(exposition)
}
