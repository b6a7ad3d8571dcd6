//! What an editor does in a browser: pages with forms, which need no script.
//!
//! A form is sent to the deed that it is for, and the answer is a page that says what came of it.
//! Deliberately absent: who is let in (`admin`), how pages look (`pages::editing`), and the deeds.

use std::sync::Arc;

use axum::{
    http::{HeaderMap, StatusCode, Uri},
    response::Response,
};
use serde_json::{Value, json};

use super::{
    Publishing,
    admin::{Desk, Undone},
    answer::{self, Wish},
    pages::{self, Filled, Ui, editing::Editor},
    reading,
};
use crate::{
    health,
    model::{Gone, Story, StoryId},
    store::StoreError,
};

/// Stories of each kind that are listed at most.
const LISTED: usize = 30;

/// One who looks or acts.
struct Visit<'a> {
    desk: &'a Desk,
    publishing: Arc<Publishing>,
    key: String,
    ui: Ui,
}

impl<'a> Visit<'a> {
    fn of(desk: &'a Desk, uri: &Uri, headers: &HeaderMap) -> Self {
        let publishing = desk.app.publishing.load_full();
        let ui = Ui::of(Filled::read(uri.query().unwrap_or_default()).one("ui"), headers, &publishing);
        Self { desk, publishing, key: desk.token.form_key(), ui }
    }

    fn editor(&self) -> Editor<'_> {
        Editor { publishing: &self.publishing, ui: self.ui, key: &self.key }
    }

    /// What could not be done, and why.
    fn failed(&self, status: StatusCode, why: &str) -> Response {
        answer::page_for_one(status, self.editor().failed(why))
    }

    fn undone(&self, why: &Undone) -> Response {
        match why {
            Undone::Unknown => self.failed(StatusCode::NOT_FOUND, "there is no such deed"),
            Undone::Unclear(what) => self.failed(StatusCode::BAD_REQUEST, what),
            Undone::Failed(why) => self.failed(StatusCode::CONFLICT, why),
        }
    }

    /// What waits for an editor.
    async fn overview(&self) -> Response {
        let (app, publishing) = (self.desk.app.clone(), self.publishing.clone());
        let looking = tokio::task::spawn_blocking(move || {
            let unfiled = reading::read("editor", "", &publishing).map_err(|wrong| wrong.detail(&publishing))?;
            let now = (app.clock)();
            let window = unfiled.filter.window(now);
            let told = |error: StoreError| error.to_string();
            let unfiled = app.store.query(&unfiled.filter, window, LISTED).map_err(told)?;
            let unfiled: Vec<Arc<Story>> = unfiled.entries.into_iter().map(|shown| shown.story).collect();
            let waiting = app.store.waiting().into_iter().take(LISTED).filter_map(|id| app.store.story(&id).transpose());
            let waiting = waiting.collect::<Result<Vec<Arc<Story>>, _>>().map_err(told)?;
            let floods = app.store.states().map_err(told)?;
            let floods = floods.into_iter().filter_map(|state| Some((state.source, state.guard.flood?)));
            let floods = floods.filter(|(_, flood)| now.since(flood.verdict.at) < health::FLOOD_TOLD);
            Ok::<_, String>(pages::editing::Seen { unfiled, waiting, floods: floods.collect() })
        });
        match looking.await {
            Ok(Ok(seen)) => answer::page_for_one(StatusCode::OK, self.editor().overview(&seen)),
            Ok(Err(why)) => self.failed(StatusCode::SERVICE_UNAVAILABLE, &why),
            Err(fall) => self.failed(StatusCode::INTERNAL_SERVER_ERROR, &fall.to_string()),
        }
    }

    /// Leads to the story of a name.
    async fn find(&self, name: &str) -> Response {
        match self.desk.have_done("story".to_owned(), json!({ "story": name })).await {
            Ok(rows) => match rows.first().and_then(|row| row["story"].as_str()) {
                Some(id) => answer::see_other(&self.editor().address_of(id)),
                None => self.failed(StatusCode::NOT_FOUND, "there is no such story"),
            },
            Err(why) => self.undone(&why),
        }
    }

    async fn story(&self, id: &str) -> Response {
        let Ok(id) = StoryId::parse_str(id) else { return self.failed(StatusCode::NOT_FOUND, "there is no such story") };
        let app = self.desk.app.clone();
        match tokio::task::spawn_blocking(move || app.store.story(&id)).await {
            Ok(Ok(Some(story))) => match story.edited.gone {
                Some(Gone::Joined(other)) => answer::see_other(&self.editor().address_of(&other.to_string())),
                _ => answer::page_for_one(StatusCode::OK, pages::story::page(&story, self.ui, &self.publishing, Some(self.editor()))),
            },
            Ok(Ok(None)) => self.failed(StatusCode::NOT_FOUND, "there is no such story"),
            Ok(Err(error)) => self.failed(StatusCode::SERVICE_UNAVAILABLE, &error.to_string()),
            Err(fall) => self.failed(StatusCode::INTERNAL_SERVER_ERROR, &fall.to_string()),
        }
    }
}

/// Shows an editor a page.
pub(super) async fn look(desk: &Desk, uri: &Uri, headers: &HeaderMap) -> Response {
    let visit = Visit::of(desk, uri, headers);
    let below = uri.path().trim_start_matches('/');
    if let Some(asset) = pages::assets::find(below) {
        let wish = Wish::of(&asset.finished, headers, None);
        return answer::asset(&asset.finished, &wish, asset.media_type, asset.is_named(below));
    }
    let filled = Filled::read(uri.query().unwrap_or_default());
    match (below, below.strip_prefix("story/"), filled.one("story")) {
        ("", ..) => visit.overview().await,
        ("story", _, Some(name)) => visit.find(name).await,
        (_, Some(id), _) => visit.story(id).await,
        _ => visit.failed(StatusCode::NOT_FOUND, "there is nothing at this address"),
    }
}

/// Does what a form asks for.
pub(super) async fn act(desk: &Desk, who: &str, deed: String, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Response {
    let visit = Visit::of(desk, uri, headers);
    let filled = Filled::read(&String::from_utf8_lossy(body));
    // Browsers say where a form was sent from; what says nothing has to know the key all the same.
    let is_from_here = headers.get("sec-fetch-site").is_none_or(|from| from == "same-origin");
    if !is_from_here || !filled.one("key").is_some_and(|key| desk.token.is_on(key)) {
        return visit.failed(
            StatusCode::FORBIDDEN,
            "this form was not made by this page as it is now; open the page again, and send it from there",
        );
    }
    match desk.have_done(deed.clone(), question(&deed, &filled, who)).await {
        Ok(rows) => answer::page_for_one(StatusCode::OK, visit.editor().done(&rows, filled.one("story"))),
        Err(why) => visit.undone(&why),
    }
}

/// What a form asks for, as a program would ask it.
fn question(deed: &str, filled: &Filled, who: &str) -> Value {
    let told = |key: &str| filled.one(key).unwrap_or_default();
    let words = json!({ "who": Some(who).filter(|who| !who.is_empty()), "why": filled.one("why") });
    match deed {
        "pull" => json!({ "ids": filled.all("source") }),
        "withdraw" | "release_flood" => json!({ "source": told("source"), "words": words }),
        "act" => {
            let is_said = |key: &str| filled.one(key).is_some();
            let wish = json!({
                "act": told("act"), "as_new": is_said("as_new"), "forget": is_said("forget"), "copy": told("copy"), "other": told("other"),
                "topics": change(filled, "topic"), "countries": change(filled, "country"), "regions": change(filled, "region"),
            });
            json!({ "story": told("story"), "wish": wish, "words": words })
        }
        _ => json!({}),
    }
}

/// Labels that are given and taken: `+youth`, `-asylum`.
fn change(filled: &Filled, key: &str) -> Vec<String> {
    let given = filled.all(&format!("give-{key}")).into_iter().map(|label| format!("+{label}"));
    let taken = filled.all(&format!("take-{key}")).into_iter().map(|label| format!("-{label}"));
    given.chain(taken).collect()
}
