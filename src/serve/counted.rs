//! Every request is counted once, by what was asked for and how it was answered.
//!
//! Its time is over when the answer is ready: how fast a reader takes it says nothing about us. It stands
//! around everything else, so that answers that took too long or fell over are counted too.
//! Deliberately absent: addresses, which could be any number of labels.

use std::{sync::Arc, time::Instant};

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};

use super::App;
use crate::meters::Kind;

/// Passes a request on, and counts its answer.
pub(super) async fn counted(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let (kind, began) = (kind(request.uri().path(), app.publishing.load().site.base.path()), Instant::now());
    let response = next.run(request).await;
    app.meters.answered(kind, response.status().as_u16(), began.elapsed());
    response
}

/// What a path asks for. Whether it is there is not known yet.
fn kind(path: &str, base: &str) -> Kind {
    let below = path.strip_prefix(base).unwrap_or(path).trim_matches('/');
    let (first, rest) = below.split_once('/').unwrap_or((below, ""));
    let (name, extension) = first.split_once('.').unwrap_or((first, ""));
    match name {
        "livez" | "readyz" => Kind::Probe,
        "feed" | "editor" if extension.is_empty() && !rest.contains('.') => Kind::Page,
        "feed" | "editor" => Kind::Feed,
        "" | "find" | "build" | "map" | "trends" | "page" => Kind::Page,
        "story" => Kind::Story,
        "topics" | "countries" | "sources" | "opml" | "openapi" => Kind::List,
        "status" => Kind::Status,
        _ => Kind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_address_is_of_one_kind() {
        let kinds = [
            ("/livez", Kind::Probe),
            ("/news/readyz", Kind::Probe),
            ("/news/", Kind::Page),
            ("/news", Kind::Other),
            ("/news/feed", Kind::Page),
            ("/news/feed/topic/youth", Kind::Page),
            ("/news/build", Kind::Page),
            ("/news/map.csv", Kind::Page),
            ("/news/feed.atom", Kind::Feed),
            ("/news/feed/topic/youth/country/gt.atom", Kind::Feed),
            ("/news/feed/saved/labour.json", Kind::Feed),
            ("/news/editor.atom", Kind::Feed),
            ("/news/story/0b5e", Kind::Story),
            ("/news/topics.json", Kind::List),
            ("/news/opml", Kind::List),
            ("/news/status.atom", Kind::Status),
            ("/metrics", Kind::Other),
            ("/wp-login.php", Kind::Other),
        ];
        for (path, expected) in kinds {
            assert_eq!(kind(path, "/news/"), expected, "{path}");
        }
        assert_eq!(kind("/", "/"), Kind::Page);
    }
}
