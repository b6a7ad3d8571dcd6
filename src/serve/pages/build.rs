//! The feed builder: choose, see what it gives, take the address along.
//!
//! It is a plain form whose answer is the page itself. Checkboxes are the truth; the map and the live preview are only another
//! way to them, for those who have a script.

use askama::Template;

use super::{
    Frame, Place, Ui, Words,
    form::{self, Choice, Filled},
    rows::Row,
    subscribe::{self, Subscribe},
    told::{Time, number},
    words::fill,
    world::{self, SHAPES, Shape},
};
use crate::{
    model::{Filter, Second},
    publish::More,
    serve::{App, Asked, Base, Format, Publishing},
    store::StoreError,
};

/// Stories that are shown of what was chosen.
const LATEST: usize = 5;
/// Stories are counted up to this.
const COUNTED: usize = 10_000;
/// A preview tells of so many wishes what their lack would change.
const LACKS: usize = 6;
/// Days by which a rate is told.
const YEAR: i64 = 365;
/// Days in which something has to be frequent to be told by the week or day.
const MONTH: i64 = 28;
const DAY: i64 = 86_400;

/// A country on the map, and whether it is chosen.
struct Chosen<'a> {
    shape: &'a Shape,
    name: &'a str,
    is_chosen: bool,
}

/// What was chosen gives this.
struct Outcome {
    /// In one sentence.
    wording: String,
    /// How much, how often, when last.
    rate: String,
    /// How much it would be without one of the wishes.
    lacks: Vec<String>,
    page: String,
    subscribe: Subscribe,
    json: String,
    rows: Vec<Row>,
}

#[derive(Template)]
#[template(path = "build.html")]
struct Build<'a> {
    frame: Frame<'a>,
    topics: Vec<Choice>,
    is_all: bool,
    without_topics: Vec<Choice>,
    countries: Vec<Choice>,
    other_countries: Vec<Choice>,
    without_countries: Vec<Choice>,
    regions: Vec<Choice>,
    langs: Vec<Choice>,
    sources: Vec<Choice>,
    words: String,
    also: Option<String>,
    map: Vec<Chosen<'a>>,
    window: &'static str,
    /// What it gives, or why it can not be: that in English, as programs are told.
    outcome: Result<Outcome, String>,
}

/// The keys that have boxes.
const KEYS: [&str; 5] = ["topic", "country", "region", "source", "lang"];

/// The address of the builder with a filter filled in; nothing for what is not made of everything.
pub(super) fn address(asked: &Asked, publishing: &Publishing) -> Option<String> {
    if asked.base != Base::All {
        return None;
    }
    let pairs = form::pairs(asked, publishing);
    let (mut fields, mut also): (Vec<Field>, Vec<(&str, &str)>) = (Vec::new(), Vec::new());
    for key in KEYS {
        let wishes: Vec<&str> = pairs.iter().filter(|(known, _)| *known == key).map(|(_, value)| value.as_str()).collect();
        match ticked(key, &wishes) {
            Some(boxes) => fields.extend(boxes),
            None => also.extend(wishes.into_iter().map(|wish| (key, wish))),
        }
    }
    fields.extend(pairs.iter().filter(|(key, _)| *key == "q").map(|(key, value)| ((*key).to_owned(), value.clone())));
    also.extend(pairs.iter().filter(|(key, _)| *key != "q" && !KEYS.contains(key)).map(|(key, value)| (*key, value.as_str())));
    let also = form::query(also);
    fields.extend((!also.is_empty()).then(|| ("also".to_owned(), also)));
    let query = form::query(fields.iter().map(|(key, value)| (key.as_str(), value.as_str())));
    Some(if query.is_empty() { "build".to_owned() } else { format!("build?{query}") })
}

/// A name and a value.
type Field = (String, String);

/// The boxes that say what is wished of a key; nothing where boxes can not say it.
fn ticked(key: &str, wishes: &[&str]) -> Option<Vec<Field>> {
    let all: Vec<Vec<&str>> = wishes.iter().map(|wish| wish.split(',').collect()).collect();
    let left_out: Vec<&str> = all.iter().flatten().filter_map(|name| name.strip_prefix('-')).collect();
    let any: Vec<Vec<&str>> = all.iter().map(|wish| wish.iter().copied().filter(|name| !name.starts_with('-')).collect()).collect();
    let any: Vec<Vec<&str>> = any.into_iter().filter(|any| !any.is_empty()).collect();
    let is_all = key == "topic" && any.len() > 1 && any.iter().all(|any| any.len() == 1);
    let can_leave_out = matches!(key, "topic" | "country");
    let is_named = !any.iter().flatten().chain(&left_out).any(|name| *name == "none");
    if !is_named || (any.len() > 1 && !is_all) || !(left_out.is_empty() || can_leave_out) {
        return None;
    }
    let mut fields: Vec<Field> = any.into_iter().flatten().map(|name| (key.to_owned(), name.to_owned())).collect();
    fields.extend(left_out.into_iter().map(|name| (format!("not-{key}"), name.to_owned())));
    fields.extend(is_all.then(|| ("topics".to_owned(), "all".to_owned())));
    Some(fields)
}

impl App {
    /// The builder, with what was filled in.
    pub(in crate::serve) fn builder(&self, filled: &Filled, query: &str, ui: Ui) -> Result<Vec<u8>, StoreError> {
        let publishing = self.publishing.load_full();
        let own = if query.is_empty() { "build".to_owned() } else { format!("build?{query}") };
        let title = Words::of(ui.lang).build;
        let plain = Frame::new(&publishing, ui, Place::Build, title, &own);
        let asked = filled.asked(&publishing);
        let outcome = match &asked {
            Ok(asked) => Ok(self.outcome(asked, &plain)?),
            Err(wrong) => Err(wrong.detail(&publishing)),
        };
        let feeds = asked.iter().flat_map(|asked| subscribe::links(asked, &publishing)).collect();
        let frame = Frame::new(&publishing, ui, Place::Build, title, &own).with_feeds(feeds);
        let counts = self.store.counts();
        let choices = |key: &str, field: &str| form::choices(key, &filled.all(field), &counts, &plain);
        let chosen = filled.all("country");
        let (countries, other_countries): (Vec<Choice>, Vec<Choice>) =
            choices("country", "country").into_iter().partition(|choice| choice.count > 0 || choice.is_chosen);
        let with_stories = |mut choices: Vec<Choice>| {
            choices.retain(|choice| choice.count > 0 || choice.is_chosen);
            choices
        };
        let shape = |shape: &'static Shape| {
            let code = shape.code.as_str().to_ascii_lowercase();
            let name = publishing.names.countries.get(&shape.code).map_or("", |names| names.in_lang(ui.lang));
            Chosen { shape, name, is_chosen: chosen.contains(&code) }
        };
        let page = Build {
            topics: choices("topic", "topic"),
            is_all: filled.one("topics") == Some("all"),
            without_topics: choices("topic", "not-topic"),
            countries,
            other_countries,
            without_countries: with_stories(choices("country", "not-country")),
            regions: choices("region", "region"),
            langs: choices("lang", "lang"),
            sources: choices("source", "source"),
            words: filled.all("q").join(" "),
            also: filled.one("also").map(str::to_owned),
            map: SHAPES.iter().map(shape).collect(),
            window: world::WINDOW,
            outcome,
            frame,
        };
        Ok(page.render().unwrap_or_default().into_bytes())
    }

    fn outcome(&self, asked: &Asked, frame: &Frame<'_>) -> Result<Outcome, StoreError> {
        let (publishing, now) = (frame.publishing, (self.clock)());
        let page = self.store.query(&asked.filter, asked.filter.window(now), LATEST)?;
        let own = asked.path(publishing, Format::Page);
        let alone = More::default();
        let feed = publishing.feed(asked, ["", &own], &page, &alone);
        let rows = page.entries.iter().map(|shown| Row::of(&feed, shown, frame)).collect();
        let subscribe = Subscribe::to(asked, publishing);
        Ok(Outcome {
            wording: form::wording(asked, frame).unwrap_or_else(|| frame.w.everything.to_owned()),
            rate: self.rate(&asked.filter, now, frame, true)?,
            lacks: self.lacks(asked, now, frame)?,
            page: frame.to(&own),
            json: subscribe.feeds.iter().find(|feed| feed.format == Format::Json).map(|feed| feed.address.clone()).unwrap_or_default(),
            subscribe,
            rows,
        })
    }

    /// What each wish keeps out: how much there would be without it.
    fn lacks(&self, asked: &Asked, now: Second, frame: &Frame<'_>) -> Result<Vec<String>, StoreError> {
        let wishes = form::pairs(asked, frame.publishing);
        if wishes.len() < 2 {
            return Ok(Vec::new());
        }
        let lack = |(wish, without): (String, Asked)| {
            let rate = self.rate(&without.filter, now, frame, false)?;
            Ok(fill(frame.w.without_it, &[&wish, &rate]))
        };
        form::lacks(asked, frame).into_iter().take(LACKS).map(lack).collect()
    }

    /// "About 3 stories a month, the last on 12 May 2026": by the last weeks where they say enough, else by the last year.
    fn rate(&self, filter: &Filter, now: Second, frame: &Frame<'_>, is_whole: bool) -> Result<String, StoreError> {
        let places = self.store.places(filter, filter.window(now), COUNTED)?;
        let Some(last) = places.first() else { return Ok(frame.w.none_yet.to_owned()) };
        let rate = pace(&places, now, frame);
        if !is_whole {
            return Ok(rate);
        }
        let day = Time::day(*last, frame.lang()).told;
        let all = if places.len() == COUNTED {
            fill(frame.w.more_than, &[&number(COUNTED as u64, frame.lang())])
        } else {
            number(places.len() as u64, frame.lang())
        };
        Ok(format!("{rate}, {} · {}", fill(frame.w.last_on, &[&day]), fill(frame.w.in_all, &[&all])))
    }
}

/// How many come in which time.
fn pace(places: &[Second], now: Second, frame: &Frame<'_>) -> String {
    let w = frame.w;
    let within = |days: i64| places.iter().filter(|at| at.unix() > now.unix() - days * DAY).count() as u64;
    let (month, year) = (within(MONTH), within(YEAR));
    let told = |form: &str, count: u64| fill(form, &[&frame.stories(count)]);
    // A rate is told in the shortest time in which there are at least two.
    match (month, year) {
        (56.., _) => told(w.about_a_day, rounded(month, MONTH)),
        (8.., _) => told(w.about_a_week, rounded(month, 4)),
        (_, 12..) => told(w.about_a_month, rounded(year, 12)),
        (_, 1..) => told(w.about_a_year, year),
        _ => w.seldom.to_owned(),
    }
}

fn rounded(count: u64, by: i64) -> u64 {
    let by = by.unsigned_abs();
    (count + by / 2) / by
}
