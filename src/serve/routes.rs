//! Every address there is, on one page.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode},
    middleware,
    response::Response,
};
use serde_json::json;
use tower_http::{catch_panic::CatchPanicLayer, timeout::TimeoutLayer};

use super::{App, Asked, Door, Format, Standing, Wrong, answer, counted::counted, openapi::openapi, pages, reading, status::Form};
use crate::{
    model::{Gone, StoryId},
    store::StoreError,
};

/// No answer takes longer than this.
const PATIENCE: Duration = Duration::from_secs(15);

/// The service that answers.
pub(super) fn service(app: Arc<App>) -> Router {
    Router::new()
        .fallback(route)
        .with_state(app.clone())
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, PATIENCE))
        .layer(CatchPanicLayer::new())
        .layer(middleware::from_fn_with_state(app, counted))
}

async fn route(State(app): State<Arc<App>>, request: Request) -> Response {
    if let Some((door, rest)) = door(&app, request.uri().path()) {
        return door.answer(&rest, request).await;
    }
    match request.method() {
        &Method::GET | &Method::HEAD => {}
        &Method::OPTIONS => return answer::options(),
        _ => return answer::not_allowed(),
    }
    // The body is never read, and must not be held while an answer is made.
    let (head, _) = request.into_parts();
    let path = head.uri.path();
    match path {
        "/livez" => return answer::probe(StatusCode::OK, answer::PLAIN, "alive\n"),
        "/readyz" => return ready(&app),
        // Never below the base path, which a proxy passes on to everybody.
        "/metrics" => {
            if let Some(exposition) = app.exposition.get() {
                return exposition.clone().answer().await;
            }
        }
        _ => {}
    }
    let publishing = app.publishing.load_full();
    // A base path that ends with a slash may be asked for without it.
    let base = publishing.site.base.path();
    let below = path.strip_prefix(base).or_else(|| base.strip_suffix('/').filter(|base| *base == path).map(|_| ""));
    let Some(below) = below else { return wrong(&Wrong::NoPage, &publishing, Format::Atom) };
    let below = below.trim_end_matches('/');
    match below {
        "" => answer::page(pages::index(&app, &publishing)),
        "topics.json" => lists(&app, &head.headers, pages::topics),
        "countries.json" => lists(&app, &head.headers, pages::countries),
        "sources.json" => lists(&app, &head.headers, pages::sources),
        "openapi.json" => answer::list(&openapi(&publishing), &head.headers),
        "opml" => opml(&app, &publishing, head.uri.query(), &head.headers).await,
        "status" => status(&app, Form::Page, &head.headers).await,
        "status.json" => status(&app, Form::Json, &head.headers).await,
        "status.atom" => status(&app, Form::Atom, &head.headers).await,
        "livez" => answer::probe(StatusCode::OK, answer::PLAIN, "alive\n"),
        "readyz" => ready(&app),
        _ => match below.strip_prefix("story/") {
            Some(id) => story(&app, &publishing, id).await,
            None if let Some(picture) = publishing.art.answer(below, &publishing.site.base, &head.headers) => picture,
            None => feed(&app, &publishing, below, head.uri.query(), &head.headers).await,
        },
    }
}

/// The door that is asked for, where it is open, and the rest of the address.
fn door<'a>(app: &'a App, path: &str) -> Option<(&'a Door, String)> {
    let publishing = app.publishing.load();
    let below = path.strip_prefix(publishing.site.base.path())?.trim_end_matches('/');
    let hub = app.hub.get().filter(|_| below == "hub" && publishing.site.hub.is_some());
    let callback = || Some((app.callbacks.get()?, below.strip_prefix("websub/")?.to_owned()));
    hub.map(|door| (door, String::new())).or_else(callback)
}

async fn feed(app: &Arc<App>, publishing: &super::Publishing, path: &str, query: Option<&str>, headers: &HeaderMap) -> Response {
    let Some((path, format)) = Format::of(path) else { return wrong(&Wrong::NoPage, publishing, Format::Atom) };
    let read = reading::read(path, query.unwrap_or_default(), publishing);
    match (read, format) {
        (Ok(asked), _) if app.is_ahead(&asked) => wrong(&Wrong::NoPage, publishing, format),
        (Ok(asked), Format::Page) => people(app, publishing, asked).await,
        (Ok(asked), _) if !asked.base.formats().contains(&format) => wrong(&Wrong::NoPage, publishing, format),
        (Ok(asked), _) => app.answer(&app.question(asked, format), headers).await.unwrap_or_else(|error| failed(&error)),
        (Err(error), _) => wrong(&error, publishing, format),
    }
}

/// A list of subscriptions, by the same language.
async fn opml(app: &Arc<App>, publishing: &super::Publishing, query: Option<&str>, headers: &HeaderMap) -> Response {
    let asked = match reading::read("feed", query.unwrap_or_default(), publishing) {
        Ok(asked) => asked,
        Err(Wrong::Elsewhere(asked)) => return answer::elsewhere(&publishing.site.address(&asked.list(publishing))),
        Err(error) => return wrong(&error, publishing, Format::Atom),
    };
    let app = app.clone();
    match tokio::task::spawn_blocking(move || app.opml(&asked)).await {
        Ok(Ok(list)) => answer::subscriptions(list, headers),
        Ok(Err(error)) => failed(&error),
        Err(error) => failed(&error),
    }
}

async fn people(app: &Arc<App>, publishing: &super::Publishing, asked: Asked) -> Response {
    // Nobody subscribes to an archived page.
    let feed = asked.current();
    let links: Vec<pages::FeedLink> =
        feed.base.formats().iter().map(|format| (*format, publishing.site.address(&feed.path(publishing, *format)))).collect();
    let (app, question) = (app.clone(), app.question(asked, Format::Page));
    match tokio::task::spawn_blocking(move || app.write(&question, |feed| pages::feed(feed, &links))).await {
        Ok(Ok((html, ..))) => answer::page(html),
        Ok(Err(error)) => failed(&error),
        Err(error) => failed(&error),
    }
}

async fn story(app: &Arc<App>, publishing: &super::Publishing, id: &str) -> Response {
    let Ok(id) = StoryId::parse_str(id) else { return wrong(&Wrong::NoPage, publishing, Format::Atom) };
    let store = app.store.clone();
    match tokio::task::spawn_blocking(move || store.story(&id)).await {
        Ok(Ok(Some(story))) => match story.edited.gone {
            None => answer::page(pages::story(&story, publishing)),
            Some(Gone::Joined(other)) => answer::elsewhere(&publishing.site.address(&format!("story/{other}"))),
            Some(Gone::Hidden) => answer::problem(StatusCode::GONE, "this story was taken out of all feeds by an editor", &[]),
            Some(Gone::Pruned) => answer::problem(StatusCode::GONE, "this story is kept no longer", &[]),
            Some(Gone::Erased) => answer::problem(StatusCode::GONE, "this story was taken down", &[]),
            Some(Gone::Retracted) => answer::problem(StatusCode::GONE, "this story was withdrawn by its publisher", &[]),
            Some(Gone::Waiting(_)) => answer::problem(StatusCode::NOT_FOUND, "this story is not shown yet: it waits for its original", &[]),
            Some(Gone::Withdrawn) => answer::problem(StatusCode::GONE, "this story was withdrawn with its source", &[]),
        },
        Ok(Ok(None)) => answer::problem(StatusCode::NOT_FOUND, "there is no such story", &[]),
        Ok(Err(error)) => failed(&error),
        Err(error) => failed(&error),
    }
}

/// How the sources are.
async fn status(app: &Arc<App>, form: Form, headers: &HeaderMap) -> Response {
    match app.status(form, headers).await {
        Ok(Some((finished, wish))) => answer::status(&finished, &wish, form.media_type()),
        Ok(None) => wrong(&Wrong::NoPage, &app.publishing.load(), Format::Atom),
        Err(error) => failed(&error),
    }
}

fn lists(app: &App, headers: &HeaderMap, list: fn(&super::Publishing, &crate::store::Counts) -> serde_json::Value) -> Response {
    answer::list(&list(&app.publishing.load(), &app.store.counts()), headers)
}

fn ready(app: &App) -> Response {
    let (status, text) = match &**app.standing.load() {
        Standing::Ready => (StatusCode::OK, json!({ "ready": true })),
        // What is there is served, and that is what readiness means to whoever sends readers here.
        Standing::ReadOnly(why) => (StatusCode::OK, json!({ "ready": true, "read_only": why })),
        Standing::Starting => (StatusCode::SERVICE_UNAVAILABLE, json!({ "ready": false })),
    };
    answer::probe(status, answer::JSON, format!("{text}\n"))
}

fn wrong(wrong: &Wrong, publishing: &super::Publishing, format: Format) -> Response {
    let detail = wrong.detail(publishing);
    match wrong {
        Wrong::Bad(_) => answer::problem(StatusCode::BAD_REQUEST, &detail, &[]),
        Wrong::Retired(_) => answer::problem(StatusCode::GONE, &detail, &[]),
        Wrong::NoPage => answer::problem(StatusCode::NOT_FOUND, &detail, &[]),
        Wrong::Unknown { nearest, .. } => answer::problem(StatusCode::NOT_FOUND, &detail, nearest),
        Wrong::Elsewhere(asked) => answer::elsewhere(&publishing.site.address(&asked.path(publishing, format))),
    }
}

fn failed(error: &(dyn std::error::Error + 'static)) -> Response {
    if let Some(error @ StoreError::NoWords) = error.downcast_ref() {
        return answer::later(&error.to_string());
    }
    tracing::error!(error, "an answer could not be made: {error}");
    answer::problem(StatusCode::INTERNAL_SERVER_ERROR, "the store could not be read; the daemon's log says more", &[])
}
