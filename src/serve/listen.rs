//! Connections: how many, how slow, and how they end.
//!
//! The framework's own loop sets no time limit on a request's head, so that a few thousand
//! half-open connections could hold the daemon and its shutdown for ever. This one does.

use std::{sync::Arc, time::Duration};

use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use tokio::{
    net::TcpListener,
    sync::{Semaphore, watch},
};

use super::{App, Limits, routes};

/// After an `accept` that failed for want of descriptors, others are given time to close.
const BREATH: Duration = Duration::from_millis(100);

/// Answers until `stop` becomes true; open answers are then finished, within the limit.
pub async fn listen(listener: TcpListener, app: Arc<App>, limits: &Limits, mut stop: watch::Receiver<bool>) {
    let service = routes::service(app);
    let seats = Arc::new(Semaphore::new(limits.connections));
    let open = GracefulShutdown::new();
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(limits.header).max_buf_size(64 << 10);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(Duration::from_secs(30)).max_concurrent_streams(64);
    loop {
        let seat = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            seat = seats.clone().acquire_owned() => seat,
        };
        let Ok(seat) = seat else { break };
        let accepted = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                // Answers are written whole: waiting to fill a packet only delays them.
                let _ = stream.set_nodelay(true);
                let connection = builder.serve_connection_with_upgrades(TokioIo::new(stream), TowerToHyperService::new(service.clone()));
                let connection = open.watch(connection.into_owned());
                tokio::spawn(async move {
                    // A client that breaks off is no event.
                    let _ = connection.await;
                    drop(seat);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken: {error}");
                tokio::time::sleep(BREATH).await;
            }
        }
    }
    drop(listener);
    if tokio::time::timeout(limits.drain, open.shutdown()).await.is_err() {
        tracing::warn!("connections that did not end within {} s were cut", limits.drain.as_secs());
    }
}
