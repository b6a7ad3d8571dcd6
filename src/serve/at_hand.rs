//! The short way: a feed that is at hand is answered by its address alone, before it is asked what the address means.
//!
//! Nearly every request is for a feed that somebody else asked for just so before. It costs two look-ups and a write. Whatever
//! is not at hand in the coding that is liked, or may be answered otherwise, goes the long way, by the [routes](super::routes).
//! Deliberately absent: any answer that the long way would not give.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Instant,
};

use axum::{Router, http::Method, response::Response, routing::future::RouteFuture};
use hyper::body::Incoming;
use tower::Service;

use super::{App, answer, answer::Wish, client::Peer, routes::is_a_persons_look};
use crate::meters::Kind;

/// The service that answers one connection of a reader.
#[derive(Clone)]
pub(super) struct ShortWay {
    app: Arc<App>,
    routes: Router,
    peer: Peer,
}

impl ShortWay {
    /// One that leaves to the routes what it does not have.
    pub(super) fn before(routes: Router, app: Arc<App>, peer: Peer) -> Self {
        Self { app, routes, peer }
    }

    fn answer<B>(&self, request: &hyper::Request<B>) -> Option<Response> {
        let (address, headers, began) = (request.uri().path_and_query()?, request.headers(), Instant::now());
        if request.method() != Method::GET || is_a_persons_look(headers) {
            return None;
        }
        let (finished, format, wish) = self.app.cache.at_hand(address.as_str(), began, |finished| {
            let wish = Wish::of(finished, headers, Some(finished.changed));
            (wish.is_known() || finished.has(wish.coding)).then_some(wish)
        })?;
        let response = answer::feed(&finished, &wish, format.content_type());
        self.app.meters.answered(Kind::Feed, response.status().as_u16(), began.elapsed());
        Some(response)
    }
}

/// An answer that is there, or one on its way.
pub(super) enum Answering {
    /// There; nothing once it was given.
    Now(Option<Response>),
    /// On its way.
    Later(Pin<Box<RouteFuture<Infallible>>>),
}

impl Future for Answering {
    type Output = Result<Response, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            // Nobody asks again after that.
            Self::Now(response) => response.take().map_or(Poll::Pending, |response| Poll::Ready(Ok(response))),
            Self::Later(routes) => routes.as_mut().poll(context),
        }
    }
}

impl Service<hyper::Request<Incoming>> for ShortWay {
    type Response = Response;
    type Error = Infallible;
    type Future = Answering;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // A router is always ready.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: hyper::Request<Incoming>) -> Answering {
        if let Some(response) = self.answer(&request) {
            return Answering::Now(Some(response));
        }
        request.extensions_mut().insert(self.peer);
        Answering::Later(Box::pin(self.routes.call(request)))
    }
}
