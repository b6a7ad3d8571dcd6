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
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    task::JoinSet,
    time::{Instant, Sleep},
};
use tower::{Service, util::MapResponse};

use super::{
    App, Exposition, Limits, Token, admin, answer,
    at_hand::ShortWay,
    client::Peer,
    crowd::{Crowd, Ear},
    exposition, routes,
};
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

/// Does deeds and shows editors their pages, for whoever shows the token, until `stop` becomes true. These connections are not counted either.
pub async fn listen_admin(
    listener: TcpListener,
    token: Token,
    app: Arc<App>,
    deeds: admin::Deeds,
    limits: &Limits,
    stop: watch::Receiver<bool>,
) {
    let service = admin::service(admin::Desk { token, deeds, app });
    serve(listener, |_| service.clone(), limits, Meters::default(), stop).await;
}

async fn serve<S>(listener: TcpListener, service: impl Fn(Peer) -> S, limits: &Limits, meters: Meters, mut stop: watch::Receiver<bool>)
where
    S: Service<hyper::Request<Incoming>, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
{
    let (seats, crowd) = (Arc::new(Semaphore::new(limits.connections)), Crowd::new());
    let (open, mut connections) = (GracefulShutdown::new(), JoinSet::new());
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(limits.header).max_buf_size(64 << 10);
    builder.http2().timer(TokioTimer::new()).keep_alive_interval(Duration::from_secs(30)).max_concurrent_streams(64);
    loop {
        let accepted = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            accepted = listener.accept() => accepted,
        };
        while connections.try_join_next().is_some() {}
        match accepted {
            Ok((stream, from)) => {
                let seat = tokio::select! {
                    _ = stop.wait_for(|stop| *stop) => break,
                    seat = seat(&seats, &crowd, &meters) => seat,
                };
                let guest = crowd.sit();
                // Answers are written whole: waiting to fill a packet only delays them.
                let _ = stream.set_nodelay(true);
                let stream = TokioIo::new(Impatient::new(stream, limits.header, guest.ear()));
                let connection = builder.serve_connection_with_upgrades(
                    stream,
                    TowerToHyperService::new(MapResponse::new(service(Peer(from.ip())), answer::without_false_length)),
                );
                let connection = open.watch(connection.into_owned());
                let counted = meters.connected();
                connections.spawn(async move {
                    tokio::select! {
                        // A client that breaks off is no event.
                        _ = connection => {}
                        () = guest.has_to_leave() => {}
                    }
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

/// A seat for one who was let in. When there is none, those who want nothing are sent away.
async fn seat(seats: &Arc<Semaphore>, crowd: &Crowd, meters: &Meters) -> Option<OwnedSemaphorePermit> {
    loop {
        if let Ok(seat) = seats.clone().try_acquire_owned() {
            return Some(seat);
        }
        meters.sent_away(crowd.make_room());
        // Nobody may have been quiet; somebody will be.
        if let Ok(seat) = tokio::time::timeout(BREATH, seats.clone().acquire_owned()).await {
            return seat.ok();
        }
    }
}

/// Bytes of the preface by which HTTP/2 is known (RFC 9113 §3.4): with fewer, nobody knows what is spoken.
const PREFACE: usize = 24;

/// A connection that fails when nothing has moved on it for a while.
struct Impatient {
    stream: TcpStream,
    /// Bytes read so far.
    heard: usize,
    patience: Pin<Box<Sleep>>,
    ear: Ear,
    /// Whether anything was written since something was read: then all of it is an answer.
    is_answering: bool,
}

impl Impatient {
    /// The beginning, [`PREFACE`] bytes, has to be there within `beginning`.
    fn new(stream: TcpStream, beginning: Duration, ear: Ear) -> Self {
        Self { stream, heard: 0, patience: Box::pin(tokio::time::sleep(beginning)), ear, is_answering: false }
    }

    fn note_written<T>(&mut self, poll: &Poll<io::Result<T>>) {
        if poll.is_ready() {
            self.is_answering = true;
            self.ear.is_busy();
        }
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
        let read = into.filled().len() - before;
        if read > 0 {
            self.heard = self.heard.saturating_add(read);
            self.is_answering = false;
            self.ear.is_busy();
        }
        self.or_give_up(context, poll)
    }
}

impl AsyncWrite for Impatient {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.note_written(&poll);
        self.or_give_up(context, poll)
    }

    fn poll_write_vectored(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[io::IoSlice<'_>]) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.note_written(&poll);
        self.or_give_up(context, poll)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let poll = Pin::new(&mut self.stream).poll_flush(context);
        if self.is_answering && poll.is_ready() {
            self.is_answering = false;
            self.ear.is_quiet();
        }
        poll
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
