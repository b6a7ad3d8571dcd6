//! Connections: how many, how slow, and how they end.
//!
//! The framework's own loop sets no time limit on a request's head, so that a few thousand
//! half-open connections could hold the daemon and its shutdown for ever. This one does. The limit
//! on the head begins only when it is known which HTTP is spoken, and ends with the head: who says
//! nothing at all, or reads nothing of an answer, is cut by [`Impatient`].

use std::{
    convert::Infallible,
    future::Future,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use axum::response::Response;
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::JoinSet,
    time::{Instant, Sleep},
};
use tower::{Service, util::MapResponse};

use super::{App, Exposition, Limits, Token, admin, answer, at_hand::ShortWay, client::Peer, exposition, routes};
use crate::meters::Meters;

/// After an `accept` that failed for want of descriptors, others are given time to close.
const BREATH: Duration = Duration::from_millis(100);
/// A connection on which nothing moves is cut after this; longer than any answer takes to be made.
const IDLE: Duration = Duration::from_secs(60);

/// Answers until `stop` becomes true; open answers are then finished, within the limit.
pub async fn listen(listener: TcpListener, app: Arc<App>, limits: &Limits, stop: watch::Receiver<bool>) {
    let meters = app.meters.clone();
    let routes = routes::service(app.clone());
    serve(listener, |from| ShortWay::before(routes.clone(), app.clone(), from), limits, meters, stop).await;
}

/// Tells metrics, and nothing else, until `stop` becomes true. These connections are not counted among those of readers.
pub async fn listen_metrics(listener: TcpListener, exposition: Arc<Exposition>, limits: &Limits, stop: watch::Receiver<bool>) {
    let service = exposition::service(exposition);
    serve(listener, |_| service.clone(), limits, Meters::default(), stop).await;
}

/// Does deeds for whoever shows the token, until `stop` becomes true. These connections are not counted either.
pub async fn listen_admin(listener: TcpListener, token: Token, deeds: admin::Deeds, limits: &Limits, stop: watch::Receiver<bool>) {
    let service = admin::service(token, deeds);
    serve(listener, |_| service.clone(), limits, Meters::default(), stop).await;
}

async fn serve<S>(listener: TcpListener, service: impl Fn(Peer) -> S, limits: &Limits, meters: Meters, mut stop: watch::Receiver<bool>)
where
    S: Service<hyper::Request<Incoming>, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    let seats = Arc::new(Semaphore::new(limits.connections));
    let (open, mut connections) = (GracefulShutdown::new(), JoinSet::new());
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
        while connections.try_join_next().is_some() {}
        match accepted {
            Ok((stream, from)) => {
                // Answers are written whole: waiting to fill a packet only delays them.
                let _ = stream.set_nodelay(true);
                let stream = TokioIo::new(Impatient::new(stream, limits.header));
                let connection = builder.serve_connection_with_upgrades(
                    stream,
                    TowerToHyperService::new(MapResponse::new(service(Peer(from.ip())), answer::without_false_length)),
                );
                let connection = open.watch(connection.into_owned());
                let counted = meters.connected();
                connections.spawn(async move {
                    // A client that breaks off is no event.
                    let _ = connection.await;
                    drop((seat, counted));
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
        tracing::warn!("connections that did not end within {} s are cut", limits.drain.as_secs());
    }
    connections.shutdown().await;
}

/// Bytes of the preface by which HTTP/2 is known (RFC 9113 §3.4): with fewer, nobody knows what is spoken.
const PREFACE: usize = 24;

/// A connection that fails when nothing has moved on it for a while.
struct Impatient {
    stream: TcpStream,
    /// Bytes read so far.
    heard: usize,
    patience: Pin<Box<Sleep>>,
}

impl Impatient {
    /// The beginning, [`PREFACE`] bytes, has to be there within `beginning`.
    fn new(stream: TcpStream, beginning: Duration) -> Self {
        Self { stream, heard: 0, patience: Box::pin(tokio::time::sleep(beginning)) }
    }

    /// Passes on what is ready and waits anew; gives up when nothing is and patience is at its end.
    fn or_give_up<T>(&mut self, context: &mut Context<'_>, poll: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if poll.is_ready() {
            if self.heard >= PREFACE {
                self.patience.as_mut().reset(Instant::now() + IDLE);
            }
            return poll;
        }
        ready!(self.patience.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Impatient {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let poll = Pin::new(&mut self.stream).poll_read(context, into);
        self.heard = self.heard.saturating_add(into.filled().len() - before);
        self.or_give_up(context, poll)
    }
}

impl AsyncWrite for Impatient {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.or_give_up(context, poll)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.or_give_up(context, poll)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
