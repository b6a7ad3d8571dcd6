//! Answers: validators, conditions, headers (RFC 9110 §8, §13).

use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::Response,
};
use bytes::Bytes;
use chrono::{DateTime, NaiveDateTime};
use serde_json::{Value, json};

use super::{cache::Finished, coding::Coding};
use crate::model::{PictureKind, Second};

/// What shared caches may do with a feed: five minutes, and a day when we can not be reached.
const FEED_CACHING: &str = "public, max-age=300, stale-while-revalidate=300, stale-if-error=86400";
/// An archived page that is closed: a day, within which an editor's word reaches whoever asks by way of a cache.
const CLOSED_CACHING: &str = "public, max-age=86400, stale-while-revalidate=86400, stale-if-error=604800";
/// Atom.
pub(super) const ATOM: &str = "application/atom+xml; charset=utf-8";
/// RSS.
pub(super) const RSS: &str = "application/rss+xml; charset=utf-8";
/// JSON Feed. JSON is UTF-8 by itself (RFC 8259 §8.1).
pub(super) const JSON_FEED: &str = "application/feed+json";
/// JSON.
pub(super) const JSON: &str = "application/json; charset=utf-8";
/// A table of numbers.
pub(super) const CSV: &str = "text/csv; charset=utf-8";
/// A page.
pub(super) const HTML: &str = "text/html; charset=utf-8";
/// Lists of subscriptions.
pub(super) const OPML: &str = "text/x-opml; charset=utf-8";
/// A word or two.
pub(super) const PLAIN: &str = "text/plain; charset=utf-8";
/// A page of ours needs nothing but its own style and script, and may ask us for another page.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// What a hash names never changes.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
/// Pictures change when the operator wants another.
const ART_CACHING: &str = "public, max-age=86400";
/// Lists have live counts.
const LIST_CACHING: &str = "public, max-age=60";
/// Headers of an answer that is at hand, and a few that are put to them on the way.
const HEADERS: usize = 12;
/// When what is being made may be there, in seconds.
const SOON: u64 = 10;

/// What an asker would like of a finished answer, and has already.
pub(super) struct Wish {
    /// The coding it is answered in.
    pub(super) coding: Coding,
    /// The coding of this very answer that it has.
    known: Option<Coding>,
}

impl Wish {
    /// What is asked of an answer, which has `changed` as `Last-Modified` where that can be relied on.
    pub(super) fn of(finished: &Finished, asked: &HeaderMap, changed: Option<Second>) -> Self {
        let coding = finished.offered(Coding::liked(asked));
        Self { coding, known: known(asked, coding, &finished.tag, changed) }
    }

    /// Whether it has this answer.
    pub(super) fn is_known(&self) -> bool {
        self.known.is_some()
    }
}

/// A finished feed, or the word that the asker has it already.
pub(super) fn feed(finished: &Finished, wish: &Wish, media_type: &'static str) -> Response {
    let caching = if finished.is_closed { CLOSED_CACHING } else { FEED_CACHING };
    let mut response = ready_made(finished, wish, media_type, caching);
    put(response.headers_mut(), header::LAST_MODIFIED, finished.said.changed.as_ref());
    put(response.headers_mut(), header::LINK, finished.said.links.as_ref().filter(|_| !wish.is_known()));
    response
}

/// Something finished about the sources, or the word that the asker has it already. It is true for a moment only,
/// so that caches ask each time, and a date to the second says nothing.
pub(super) fn status(finished: &Finished, wish: &Wish, media_type: &'static str) -> Response {
    ready_made(finished, wish, media_type, "no-cache")
}

/// A finished page, or the word that the asker has it already.
pub(super) fn page(finished: &Finished, wish: &Wish) -> Response {
    as_page(ready_made(finished, wish, HTML, LIST_CACHING))
}

/// A finished page that is true for a moment only.
pub(super) fn page_of_the_moment(finished: &Finished, wish: &Wish) -> Response {
    as_page(ready_made(finished, wish, HTML, "no-cache"))
}

/// A finished table of numbers.
pub(super) fn table(finished: &Finished, wish: &Wish) -> Response {
    ready_made(finished, wish, CSV, LIST_CACHING)
}

/// What pages are drawn with; `is_named` when its name has its hash.
pub(super) fn asset(finished: &Finished, wish: &Wish, media_type: &'static str, is_named: bool) -> Response {
    ready_made(finished, wish, media_type, if is_named { FOR_EVER } else { "no-cache" })
}

/// A page for one person, which nobody keeps: what is wrong, or what an editor sees.
pub(super) fn page_for_one(status: StatusCode, html: String) -> Response {
    let mut response = as_page(text(status, HTML, html));
    set(response.headers_mut(), header::CACHE_CONTROL, "no-store");
    response
}

/// What goes with every page. It comes in the language that the browser asks for.
fn as_page(mut response: Response) -> Response {
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, PAGE_POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::VARY, "Accept-Encoding, Accept-Language"),
    ] {
        set(response.headers_mut(), name, value);
    }
    response
}

/// A picture. One that is drawn in words may hold scripts, which nobody runs.
pub(super) fn picture(finished: &Finished, wish: &Wish, media_type: &'static str) -> Response {
    let mut response = ready_made(finished, wish, media_type, ART_CACHING);
    if media_type == PictureKind::Svg.media_type() {
        set(response.headers_mut(), header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'; sandbox");
    }
    response
}

/// Finished bytes of a type.
fn ready_made(finished: &Finished, wish: &Wish, media_type: &'static str, caching: &'static str) -> Response {
    let (bytes, coding) = finished.bytes(wish.coding);
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    headers.reserve(HEADERS);
    put(headers, header::ETAG, finished.said.tag(wish.known.unwrap_or(coding)));
    for (name, value) in [
        (header::CACHE_CONTROL, caching),
        (header::VARY, "Accept-Encoding"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_EXPOSE_HEADERS, "ETag, Link"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if wish.is_known() {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return response;
    }
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if coding != Coding::Identity {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding.name()));
    }
    // Said here, and not by whatever is between us and the reader, it stands at the same place however the answer was come by.
    headers.insert(header::CONTENT_LENGTH, bytes.len().into());
    *response.body_mut() = Body::from(bytes.clone());
    response
}

fn put(headers: &mut HeaderMap, name: HeaderName, value: Option<&HeaderValue>) {
    if let Some(value) = value {
        headers.insert(name, value.clone());
    }
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    // What can not stand in a header is left out; nothing of ours contains such.
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// Which coding of this the asker's validators say that it has already.
///
/// `If-None-Match` goes before `If-Modified-Since` (§13.2.2) and compares weakly. The tag of any coding
/// counts, because caches code and decode on the way; the answer names that tag, so that they find what they keep.
fn known(asked: &HeaderMap, coding: Coding, tag: &str, changed: Option<Second>) -> Option<Coding> {
    let lists: Vec<&HeaderValue> = asked.get_all(header::IF_NONE_MATCH).iter().collect();
    if lists.is_empty() {
        let since = asked.get(header::IF_MODIFIED_SINCE).and_then(|value| value.to_str().ok()).and_then(http_date);
        return since.filter(|since| changed.is_some_and(|changed| changed <= *since)).map(|_| coding);
    }
    let theirs: Vec<&str> = lists.iter().filter_map(|list| list.to_str().ok()).flat_map(|list| list.split(',')).map(str::trim).collect();
    if theirs.contains(&"*") {
        return Some(coding);
    }
    let is_named = |coding: &Coding| {
        theirs.iter().any(|theirs| theirs.trim_start_matches("W/").trim_matches('"').strip_prefix(tag) == Some(coding.suffix()))
    };
    [coding, Coding::Identity].into_iter().chain(Coding::SHORTER).find(is_named)
}

/// A date in any of the three forms that HTTP has had (§5.6.7).
fn http_date(text: &str) -> Option<Second> {
    let old = |form: &str| NaiveDateTime::parse_from_str(text, form).ok().map(|time| time.and_utc());
    let time = DateTime::parse_from_rfc2822(text).ok().map(|time| time.to_utc());
    time.or_else(|| old("%A, %d-%b-%y %H:%M:%S GMT")).or_else(|| old("%a %b %e %H:%M:%S %Y")).map(Second::of)
}

/// A list as JSON, or the word that the asker has it already.
pub(super) fn list(value: &Value, asked: &HeaderMap) -> Response {
    live(JSON, value.to_string(), asked)
}

/// A list of subscriptions, in the same way.
pub(super) fn subscriptions(list: String, asked: &HeaderMap) -> Response {
    live(OPML, list, asked)
}

/// Made anew each time, and so not coded.
fn live(media_type: &'static str, list: String, asked: &HeaderMap) -> Response {
    let finished = Finished::new(list.into_bytes(), Second::EPOCH);
    let wish = Wish::of(&finished, asked, None);
    ready_made(&finished, &wish, media_type, LIST_CACHING)
}

/// An error that programs can read (RFC 9457).
pub(super) fn problem(status: StatusCode, detail: &str, nearest: &[String]) -> Response {
    let title = status.canonical_reason().unwrap_or("Error");
    let mut body = json!({ "title": title, "status": status.as_u16(), "detail": detail });
    if !nearest.is_empty() {
        body["nearest"] = nearest.into();
    }
    let mut response = text(status, "application/problem+json", body.to_string());
    set(response.headers_mut(), header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    set(response.headers_mut(), header::CACHE_CONTROL, "no-store");
    response
}

/// 503: what is asked for can not be given yet.
pub(super) fn later(detail: &str) -> Response {
    after(problem(StatusCode::SERVICE_UNAVAILABLE, detail, &[]), SOON)
}

/// The same answer, with the word that it is worth asking again after so many seconds.
pub(super) fn after(mut response: Response, seconds: u64) -> Response {
    set(response.headers_mut(), header::RETRY_AFTER, &seconds.to_string());
    response
}

/// 200: what became of a deed. Nobody keeps it.
pub(super) fn deed(told: &serde_json::Value) -> Response {
    let mut response = text(StatusCode::OK, JSON, format!("{told}\n"));
    set(response.headers_mut(), header::CACHE_CONTROL, "no-store");
    response
}

/// 301: the same under its right name, for ever.
pub(super) fn elsewhere(address: &str) -> Response {
    let mut response = text(StatusCode::MOVED_PERMANENTLY, PLAIN, format!("{address}\n"));
    set(response.headers_mut(), header::LOCATION, address);
    set(response.headers_mut(), header::CACHE_CONTROL, "public, max-age=86400");
    response
}

/// 303: what a person is shown instead. Nobody keeps it, since a program is answered otherwise.
pub(super) fn see_other(address: &str) -> Response {
    let mut response = text(StatusCode::SEE_OTHER, PLAIN, format!("{address}\n"));
    set(response.headers_mut(), header::LOCATION, address);
    set(response.headers_mut(), header::CACHE_CONTROL, "no-store");
    response
}

/// 302: it is there for now.
pub(super) fn found_at(address: &str) -> Response {
    let mut response = text(StatusCode::FOUND, PLAIN, format!("{address}\n"));
    set(response.headers_mut(), header::LOCATION, address);
    set(response.headers_mut(), header::CACHE_CONTROL, ART_CACHING);
    response
}

/// 405, and what may be done instead.
pub(super) fn not_allowed() -> Response {
    let mut response = problem(StatusCode::METHOD_NOT_ALLOWED, "feeds can be read (GET, HEAD), nothing else", &[]);
    set(response.headers_mut(), header::ALLOW, "GET, HEAD, OPTIONS");
    response
}

/// 405, where something is handed in.
pub(super) fn post_alone() -> Response {
    let mut response = problem(StatusCode::METHOD_NOT_ALLOWED, "programs subscribe to feeds here (WebSub), by POST", &[]);
    set(response.headers_mut(), header::ALLOW, "POST");
    response
}

/// What a browser asks before it lets a script read a feed.
pub(super) fn options() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    for (name, value) in [
        (header::ALLOW, "GET, HEAD, OPTIONS"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, OPTIONS"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "If-None-Match, If-Modified-Since"),
        (header::ACCESS_CONTROL_MAX_AGE, "86400"),
    ] {
        set(response.headers_mut(), name, value);
    }
    response
}

/// How it is right now.
pub(super) fn probe(status: StatusCode, media_type: &str, told: impl Into<Bytes>) -> Response {
    let mut response = text(status, media_type, told);
    set(response.headers_mut(), header::CACHE_CONTROL, "no-store");
    response
}

/// The same answer without a length that is not its own: what a 304 stands for has another (RFC 9110 §8.6). The framework counts the
/// bytes of every body, also of one that can not be.
pub(super) fn without_false_length(mut response: Response) -> Response {
    if response.status() == StatusCode::NOT_MODIFIED {
        response.headers_mut().remove(header::CONTENT_LENGTH);
    }
    response
}

/// A text of a type.
pub(super) fn text(status: StatusCode, media_type: &str, body: impl Into<Bytes>) -> Response {
    let mut response = Response::new(Body::from(body.into()));
    *response.status_mut() = status;
    set(response.headers_mut(), header::CONTENT_TYPE, media_type);
    set(response.headers_mut(), header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    response
}
