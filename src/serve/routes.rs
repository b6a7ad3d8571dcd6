//! Every address there is, on one page.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, header},
    middleware,
    response::Response,
};
use serde_json::json;
use tower_http::{catch_panic::CatchPanicLayer, timeout::TimeoutLayer};

use super::{
    App, Door, Format, Publishing, Standing, Wrong, answer,
    answer::Wish,
    cache::{Finished, Question},
    counted::counted,
    gate::{self, Asker, Unmade},
    lists,
    openapi::openapi,
    pages::{self, Ui, form::Filled, stories::Beside},
    reading,
    sheets::Depends,
    status::Form,
};
use crate::{
    model::{self, Gone, StoryId},
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
    let asker = app.gate.asker(request.extensions().get(), request.headers());
    if let Some((door, rest)) = door(&app, request.uri().path()) {
        // What a hub tells is nobody's question.
        return match if door.is_for_everybody() { app.gate.charge(asker) } else { Ok(()) } {
            Ok(()) => door.answer(&rest, request).await,
            Err(unmade) => turned_away(&unmade, |status, detail| answer::problem(status, detail, &[])),
        };
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
    let beside = Beside::read(head.uri.query().unwrap_or_default());
    let ui = Ui::of(beside.ui, &head.headers, &publishing);
    let asking = Asking {
        app: &app,
        publishing: &publishing,
        address: head.uri.path_and_query().map_or("/", |address| address.as_str()),
        query: head.uri.query().unwrap_or_default(),
        beside,
        ui,
        headers: &head.headers,
        asker,
    };
    let Some(below) = below else { return asking.wrong(&Wrong::NoPage, Format::Atom) };
    asking.answer(below.trim_end_matches('/')).await
}

/// The door that is asked for, where it is open, and the rest of the address.
fn door<'a>(app: &'a App, path: &str) -> Option<(&'a Door, String)> {
    let publishing = app.publishing.load();
    let below = path.strip_prefix(publishing.site.base.path())?.trim_end_matches('/');
    let hub = app.hub.get().filter(|_| below == "hub" && publishing.site.hub.is_some());
    let callback = || Some((app.callbacks.get()?, below.strip_prefix("websub/")?.to_owned()));
    hub.map(|door| (door, String::new())).or_else(callback)
}

/// Who asks for what.
struct Asking<'a> {
    app: &'a Arc<App>,
    publishing: &'a Publishing,
    /// Path and query, as they came.
    address: &'a str,
    query: &'a str,
    /// The query taken apart, as pages understand it.
    beside: Beside<'a>,
    ui: Ui,
    headers: &'a HeaderMap,
    asker: Asker,
}

impl Asking<'_> {
    fn asked(&self) -> (&HeaderMap, Asker) {
        (self.headers, self.asker)
    }

    /// What there is at an address below the base.
    async fn answer(&self, below: &str) -> Response {
        match below {
            "" => self.people("feed").await,
            "find" => self.find(),
            "build" | "map" | "trends" => self.sheet(below).await,
            "map.csv" | "trends.csv" => self.table(below).await,
            "topics.json" => self.list(lists::topics),
            "countries.json" => self.list(lists::countries),
            "sources.json" => self.list(lists::sources),
            "openapi.json" => answer::list(&openapi(self.publishing), self.headers),
            "opml" => self.opml().await,
            "status" => self.status_page().await,
            "status.json" => self.status(Form::Json).await,
            "status.atom" => self.status(Form::Atom).await,
            "livez" => answer::probe(StatusCode::OK, answer::PLAIN, "alive\n"),
            "readyz" => ready(self.app),
            _ => match (below.strip_prefix("story/"), pages::assets::find(below)) {
                (Some(id), _) => self.story(id).await,
                (None, Some(asset)) => {
                    let wish = self.wish(&asset.finished).await;
                    answer::asset(&asset.finished, &wish, asset.media_type, asset.is_named(below))
                }
                (None, None) => match self.publishing.art.answer(below, &self.publishing.site.base, self.headers) {
                    Some(picture) => picture,
                    None => self.feed(below).await,
                },
            },
        }
    }

    async fn feed(&self, below: &str) -> Response {
        let Some((path, format)) = Format::of(below) else { return self.wrong(&Wrong::NoPage, Format::Atom) };
        if format == Format::Page {
            return self.people(path).await;
        }
        if is_a_persons_look(self.headers) && matches!(format, Format::Atom | Format::Rss) {
            let mark = if self.query.is_empty() { "" } else { "?" };
            return answer::see_other(&format!("{}{path}{mark}{}", self.publishing.site.base.path(), self.query));
        }
        match reading::read(path, self.query, self.publishing) {
            Ok(asked) if self.app.is_ahead(&asked) => self.wrong(&Wrong::NoPage, format),
            Ok(asked) if !asked.base.formats().contains(&format) => self.wrong(&Wrong::NoPage, format),
            Ok(asked) => {
                let question = self.app.question(asked, format);
                let response = self.finished(&question).await;
                if response.status().is_success() {
                    let is_so_still = || std::ptr::eq(&**self.app.publishing.load(), self.publishing);
                    self.app.cache.remember(self.address, &question, is_so_still);
                }
                response
            }
            Err(error) => self.wrong(&error, format),
        }
    }

    /// A filter as a page.
    async fn people(&self, path: &str) -> Response {
        let read = reading::read(path, &self.beside.filter, self.publishing);
        match read.and_then(|asked| Ok((asked, self.beside.view(self.ui)?))) {
            Ok((asked, _)) if self.app.is_ahead(&asked) => self.wrong(&Wrong::NoPage, Format::Page),
            Ok((asked, view)) => self.finished(&Question { view: Some(view), ..self.app.question(asked, Format::Page) }).await,
            Err(error) => self.wrong(&error, Format::Page),
        }
    }

    async fn finished(&self, question: &Question) -> Response {
        self.app.answer(question, self.headers, self.asker).await.unwrap_or_else(|error| self.failed(&error))
    }

    /// A list of subscriptions, by the same language.
    async fn opml(&self) -> Response {
        let asked = match reading::read("feed", self.query, self.publishing) {
            Ok(asked) => asked,
            Err(Wrong::Elsewhere(asked)) => return answer::elsewhere(&self.publishing.site.address(&asked.list(self.publishing))),
            Err(error) => return self.wrong(&error, Format::Atom),
        };
        // It is made anew each time.
        let place = match self.app.gate.pass(self.asker).await {
            Ok(place) => place,
            Err(unmade) => return self.failed(&unmade),
        };
        let app = self.app.clone();
        let made = super::workshop().make(move || {
            let _place = place;
            app.opml(&asked)
        });
        match made.await.unwrap_or(Err(StoreError::Damaged { what: "something that a list was to show" })) {
            Ok(list) => answer::subscriptions(list, self.headers),
            Err(error) => self.failed(&error),
        }
    }

    /// What was filled in on a page leads to the page of that.
    fn find(&self) -> Response {
        match Filled::read(self.query).asked(self.publishing) {
            Ok(asked) => answer::see_other(&self.frame().to(&asked.path(self.publishing, Format::Page))),
            Err(error) => self.wrong(&error, Format::Page),
        }
    }

    /// The builder, or a picture.
    async fn sheet(&self, which: &str) -> Response {
        let (filled, ui, query) = (Filled::read(self.query), self.ui, self.beside.filter.clone());
        let name = format!("{which}?{query} {ui:?}");
        let made = if which == "build" {
            self.app.sheet(&name, Depends::OnStories, self.asked(), move |app| app.builder(&filled, &query, ui)).await
        } else {
            let asked = match pages::picture(&filled, self.publishing, which) {
                Ok(asked) => asked,
                Err(error) => return self.wrong(&error, Format::Page),
            };
            let is_map = which == "map";
            let make = move |app: &App| if is_map { app.map(&asked, &filled, ui) } else { app.trends(&asked, &filled, ui) };
            self.app.sheet(&name, Depends::OnStories, self.asked(), make).await
        };
        match made {
            Ok((finished, wish)) => answer::page(&finished, &wish),
            Err(error) => self.failed(&error),
        }
    }

    /// The numbers behind a picture.
    async fn table(&self, which: &str) -> Response {
        let picture = which.trim_end_matches(".csv");
        let asked = match pages::picture(&Filled::read(self.query), self.publishing, picture) {
            Ok(asked) => asked,
            Err(error) => return self.wrong(&error, Format::Atom),
        };
        let is_map = picture == "map";
        let make = move |app: &App| if is_map { app.map_csv(&asked) } else { app.trends_csv(&asked) };
        match self.app.sheet(&format!("{which}?{}", self.query), Depends::OnStories, self.asked(), make).await {
            Ok((finished, wish)) => answer::table(&finished, &wish),
            Err(error) => self.failed(&error),
        }
    }

    async fn story(&self, id: &str) -> Response {
        let Ok(id) = StoryId::parse_str(id) else { return self.wrong(&Wrong::NoPage, Format::Page) };
        let store = self.app.store.clone();
        let story = match tokio::task::spawn_blocking(move || store.story(&id)).await {
            Ok(Ok(Some(story))) => story,
            Ok(Ok(None)) => return self.problem(StatusCode::NOT_FOUND, "there is no such story", None),
            Ok(Err(error)) => return self.failed(&error),
            Err(error) => return self.failed(&error),
        };
        match story.edited.gone {
            None => {
                let html = pages::story::page(&story, self.ui, self.publishing, None);
                let finished = Finished::new(html.into_bytes(), story.first_edition().updated);
                answer::page(&finished, &self.wish(&finished).await)
            }
            Some(Gone::Joined(other)) => answer::elsewhere(&self.publishing.site.address(&format!("story/{other}"))),
            Some(Gone::Hidden) => self.problem(StatusCode::GONE, "this story was taken out of all feeds by an editor", None),
            Some(Gone::Withdrawn) => self.problem(StatusCode::GONE, "this story was withdrawn with its source", None),
            Some(Gone::Retracted) => self.problem(StatusCode::GONE, "this story was withdrawn by its publisher", None),
            Some(Gone::Waiting(_)) => self.problem(StatusCode::NOT_FOUND, "this story is not shown yet: it waits for its original", None),
            Some(Gone::Pruned) => self.problem(StatusCode::GONE, "this story is kept no longer", None),
            Some(Gone::Erased) => self.problem(StatusCode::GONE, "this story was taken down", None),
        }
    }

    /// How the sources are.
    async fn status(&self, form: Form) -> Response {
        match self.app.status(form, self.headers, self.asker).await {
            Ok(Some((finished, wish))) => answer::status(&finished, &wish, form.media_type()),
            Ok(None) => self.wrong(&Wrong::NoPage, Format::Atom),
            Err(error) => self.failed(&error),
        }
    }

    /// The same for people.
    async fn status_page(&self) -> Response {
        let Some(watched) = self.app.watched() else { return self.wrong(&Wrong::NoPage, Format::Page) };
        let state = Filled::read(self.query).one("state").map(str::to_owned);
        let only = state.and_then(|state| model::Standing::ALL.into_iter().find(|standing| standing.as_str() == state));
        let (name, ui) = (format!("status {only:?} {:?}", self.ui), self.ui);
        match self.app.sheet(&name, Depends::OnTheMoment, self.asked(), move |app| app.status_page(&watched, only, ui)).await {
            Ok((finished, wish)) => answer::page_of_the_moment(&finished, &wish),
            Err(error) => self.failed(&error),
        }
    }

    fn list(&self, list: fn(&Publishing, &crate::store::Counts) -> serde_json::Value) -> Response {
        answer::list(&list(self.publishing, &self.app.store.counts()), self.headers)
    }

    /// What somebody would like of a finished page, which is there then.
    async fn wish(&self, finished: &Finished) -> Wish {
        let wish = Wish::of(finished, self.headers, None);
        if !wish.is_known() {
            finished.code(wish.coding).await;
        }
        wish
    }

    fn frame(&self) -> pages::Frame<'_> {
        pages::Frame::new(self.publishing, self.ui, pages::Place::Elsewhere, "", "")
    }

    /// Whether what is wrong is told in a page: no program that reads feeds asks for one.
    fn is_for_people(&self) -> bool {
        let accepted = self.headers.get(header::ACCEPT).and_then(|accepted| accepted.to_str().ok());
        accepted.is_some_and(|accepted| accepted.contains("text/html"))
    }

    fn wrong(&self, wrong: &Wrong, format: Format) -> Response {
        let status = match wrong {
            Wrong::Bad(_) => StatusCode::BAD_REQUEST,
            Wrong::Retired(_) => StatusCode::GONE,
            Wrong::NoPage | Wrong::Unknown { .. } => StatusCode::NOT_FOUND,
            Wrong::Elsewhere(asked) => {
                let there = self.publishing.site.address(&asked.path(self.publishing, format));
                return answer::elsewhere(&there);
            }
        };
        self.problem(status, &wrong.detail(self.publishing), Some(wrong))
    }

    /// What is wrong: a page for a browser, and what programs can read for everybody else.
    fn problem(&self, status: StatusCode, detail: &str, wrong: Option<&Wrong>) -> Response {
        if self.is_for_people() {
            return answer::page_for_one(status, pages::wrong::page(status.as_u16(), detail, wrong, self.ui, self.publishing));
        }
        let nearest = match wrong {
            Some(Wrong::Unknown { nearest, .. }) => nearest.as_slice(),
            _ => &[],
        };
        answer::problem(status, detail, nearest)
    }

    fn failed(&self, error: &(dyn std::error::Error + 'static)) -> Response {
        let unmade = error.downcast_ref();
        if let Some(unmade @ (Unmade::TooOften { .. } | Unmade::TooMany)) = unmade {
            return turned_away(unmade, |status, detail| self.problem(status, detail, None));
        }
        let error: &(dyn std::error::Error + 'static) = match unmade {
            Some(Unmade::Store(error)) => error,
            _ => error,
        };
        if let Some(error @ StoreError::NoWords) = error.downcast_ref() {
            return if self.is_for_people() {
                self.problem(StatusCode::SERVICE_UNAVAILABLE, &error.to_string(), None)
            } else {
                answer::later(&error.to_string())
            };
        }
        tracing::error!(error, "an answer could not be made: {error}");
        self.problem(StatusCode::INTERNAL_SERVER_ERROR, "the store could not be read; the daemon's log says more", None)
    }
}

/// Whoever may have nothing made now is told when to ask again.
fn turned_away(unmade: &Unmade, problem: impl FnOnce(StatusCode, &str) -> Response) -> Response {
    let (status, wait) = match unmade {
        Unmade::TooOften { wait, .. } => (StatusCode::TOO_MANY_REQUESTS, *wait),
        _ => (StatusCode::SERVICE_UNAVAILABLE, Duration::ZERO),
    };
    answer::after(problem(status, &unmade.to_string()), gate::seconds(wait))
}

/// Whether somebody looks at it in a browser: no program that reads feeds says so (Fetch Metadata §2).
pub(super) fn is_a_persons_look(headers: &HeaderMap) -> bool {
    let says = |name: &str, value: &str| headers.get(name).is_some_and(|said| said == value);
    says("sec-fetch-mode", "navigate") && says("sec-fetch-dest", "document")
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
