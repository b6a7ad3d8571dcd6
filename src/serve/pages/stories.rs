//! The latest stories of a filter, as a list to read.

use std::cmp::Reverse;

use askama::Template;

use super::{
    Frame, Place, Ui,
    form::{self, Chip, Narrow},
    frame::Link,
    rows::Row,
    subscribe::{self, Subscribe},
    words::{self, fill},
};
use crate::{
    model::{Page, Second, Shown, Window},
    publish::More,
    serve::{App, Asked, Base, Format, Publishing, Wrong, archive::Found, cache::Finished, cache::Question},
    store::{Counts, StoreError},
    text,
};

/// Stories on a page, where nobody asks for another number: a few screens.
const USUAL: usize = 25;
/// Stories are counted up to this; it says "more than" beyond.
const COUNTED: usize = 10_000;
/// Newer stories are looked through up to this many, to find those just before a place.
const NEWER: usize = 100_000;
/// Countries that are offered on the first page.
const COUNTRIES: usize = 16;

/// Which stories of a list a page shows. Places never change, so that a page does not either but for what was taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::serve) enum Cursor {
    Newest,
    /// Those that stand just before this second.
    Before(Second),
    /// Those that stand just after it.
    After(Second),
}

/// How a list is shown to somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::serve) struct View {
    pub(super) ui: Ui,
    pub(super) cursor: Cursor,
}

/// What the address of a page asks beside its filter.
pub(in crate::serve) struct Beside<'a> {
    /// The query without it.
    pub(in crate::serve) filter: String,
    /// The language that was chosen.
    pub(in crate::serve) ui: Option<&'a str>,
    cursor: [Option<&'a str>; 2],
}

impl<'a> Beside<'a> {
    /// Takes a query apart.
    pub(in crate::serve) fn read(query: &'a str) -> Self {
        let (mut ui, mut cursor, mut rest) = (None, [None, None], Vec::new());
        for part in query.split('&') {
            match part.split_once('=') {
                Some(("ui", value)) => ui = Some(value),
                Some(("before", value)) => cursor[0] = Some(value),
                Some(("after", value)) => cursor[1] = Some(value),
                _ => rest.push(part),
            }
        }
        Self { filter: rest.join("&"), ui, cursor }
    }

    /// Which stories are asked for.
    pub(in crate::serve) fn view(&self, ui: Ui) -> Result<View, Wrong> {
        let second = |text: &str| {
            let text = text.replace("%3A", ":").replace("%3a", ":");
            text.parse().map_err(|error| Wrong::Bad(format!("where the page begins: {error}")))
        };
        let cursor = match self.cursor {
            [Some(before), _] => Cursor::Before(second(before)?),
            [None, Some(after)] => Cursor::After(second(after)?),
            [None, None] => Cursor::Newest,
        };
        Ok(View { ui, cursor })
    }
}

/// A heading with links below.
struct Group {
    name: &'static str,
    links: Vec<(Link, String)>,
}

#[derive(Template)]
#[template(path = "stories.html")]
struct Stories<'a> {
    frame: Frame<'a>,
    heading: String,
    total: String,
    chips: Vec<Chip>,
    clear: String,
    narrow: Narrow,
    in_builder: Option<String>,
    subscribe: Subscribe,
    rows: Vec<Row>,
    newest: Option<String>,
    newer: Option<String>,
    older: Option<String>,
    browse: Vec<Group>,
    unfiled: Option<String>,
}

/// The stories of one page.
struct Cut {
    shown: Page,
    /// Where they begin.
    cursor: Cursor,
    /// Whether there are older ones.
    has_older: bool,
    /// How many there are in all, up to [`COUNTED`] and one.
    total: usize,
    /// The pages around an archived one.
    archived: Option<More>,
}

impl App {
    /// The page of a filter.
    pub(in crate::serve) fn stories(&self, question: &Question, view: &View) -> Result<Finished, StoreError> {
        let publishing = self.publishing.load();
        let Question { asked, day, .. } = question;
        let window = asked.filter.window(day.unwrap_or(Second::EPOCH));
        let size = if asked.limit == asked.base.usual(&publishing, asked.daily).0 { asked.limit.min(USUAL) } else { asked.limit };
        let cut = match asked.leaf {
            // An archived page is shown whole.
            Some(_) => {
                let Found { page, more, .. } = self.find(question, &publishing)?;
                Cut { total: page.entries.len(), shown: page, cursor: Cursor::Newest, has_older: false, archived: Some(more) }
            }
            None => self.cut(asked, window, size, view.cursor)?,
        };
        let html = page(&publishing, asked, view.ui, &cut, &self.store.counts());
        Ok(Finished::new(html.into_bytes(), cut.shown.changed))
    }

    /// The stories that a cursor points to.
    fn cut(&self, asked: &Asked, window: Window, size: usize, cursor: Cursor) -> Result<Cut, StoreError> {
        let cursor = match cursor {
            Cursor::After(at) => self.before_newer(asked, window, size, at)?,
            other => other,
        };
        let below = match cursor {
            Cursor::Before(at) => Some(window.below.map_or(at, |below| below.min(at))),
            _ => window.below,
        };
        // One more, to see whether there are any.
        let mut shown = self.store.query(&asked.filter, Window { below, ..window }, size + 1)?;
        let has_older = shown.entries.len() > size;
        shown.entries.truncate(size);
        let total = self.store.places(&asked.filter, window, COUNTED + 1)?.len();
        Ok(Cut { shown, cursor, has_older, total, archived: None })
    }

    /// Where the nearest newer stories begin: they are the newest, when there are no more than a page of them.
    fn before_newer(&self, asked: &Asked, window: Window, size: usize, at: Second) -> Result<Cursor, StoreError> {
        let after = Second::from_unix(at.unix() + 1);
        let from = window.from.map_or(after, |from| from.max(after));
        let newer = self.store.places(&asked.filter, Window { from: Some(from), ..window }, NEWER)?;
        Ok(newer.len().checked_sub(size + 1).map_or(Cursor::Newest, |next| Cursor::Before(newer[next])))
    }
}

fn page(publishing: &Publishing, asked: &Asked, ui: Ui, cut: &Cut, counts: &Counts) -> String {
    let own = asked.path(publishing, Format::Page);
    let is_home = asked.base == Base::All && asked.own.is_empty();
    let alone = More::default();
    let feed = publishing.feed(asked, ["", &own], &cut.shown, &alone);
    let plain = Frame::new(publishing, ui, Place::Stories, "", &own);
    let heading = form::wording(asked, &plain).unwrap_or_else(|| plain.w.latest.to_owned());
    let title = if is_home && cut.cursor == Cursor::Newest { "" } else { &heading };
    let frame = Frame::new(publishing, ui, Place::Stories, title, &own).with_feeds(subscribe::links(asked, publishing));
    // Where only so many of each source are shown, there is no order to go on in.
    let is_paged = asked.filter.per_source.is_none();
    let at = |shown: Option<&Shown>| shown.map(|shown| shown.edition().position).filter(|_| is_paged);
    let mark = if own.contains('?') { '&' } else { '?' };
    let further = |key: &str, at: Second| frame.to(&format!("{own}{mark}{key}={at}"));
    let (first, last) = (at(cut.shown.entries.first()), at(cut.shown.entries.last()));
    let is_later = cut.cursor != Cursor::Newest;
    let [newest, newer, older] = match &cut.archived {
        Some(more) => [&more.current, &more.newer, &more.older].map(|path| path.as_deref().map(|path| frame.to(path))),
        None => [
            is_later.then(|| frame.to(&own)),
            first.filter(|_| is_later).map(|at| further("after", at)),
            last.filter(|_| cut.has_older).map(|at| further("before", at)),
        ],
    };
    let page = Stories {
        heading,
        total: if cut.total > COUNTED {
            fill(frame.w.more_than, &[&frame.stories(COUNTED as u64)])
        } else {
            frame.stories(cut.total as u64)
        },
        chips: form::chips(asked, &frame),
        clear: frame.to(if asked.base == Base::Unfiled { "editor" } else { "" }),
        narrow: form::narrow(asked, counts, &frame),
        in_builder: super::build::address(asked, publishing).map(|address| frame.to(&address)),
        subscribe: Subscribe::to(asked, publishing),
        rows: cut.shown.entries.iter().map(|shown| Row::of(&feed, shown, &frame)).collect(),
        newest,
        newer,
        older,
        browse: if is_home { browse(counts, &frame) } else { Vec::new() },
        unfiled: is_home.then(|| frame.to("editor")),
        frame,
    };
    // Writing to memory does not fail.
    page.render().unwrap_or_default()
}

/// What there is most of.
fn browse(counts: &Counts, frame: &Frame<'_>) -> Vec<Group> {
    let group = |name: &'static str, key: &str, most: usize| {
        let mut choices = form::choices(key, &[], counts, frame);
        choices.retain(|choice| choice.count > 0);
        choices.sort_by_key(|choice| Reverse(choice.count));
        choices.truncate(most);
        choices.sort_by_cached_key(|choice| text::fold(&choice.name));
        let link = |choice: form::Choice| {
            let to = frame.to(&format!("feed/{key}/{}", choice.value));
            (Link { to, text: choice.name, is_here: false }, choice.told)
        };
        Group { name, links: choices.into_iter().map(link).collect() }
    };
    let w = frame.w;
    let saved = frame.publishing.feeds.values().map(|feed| {
        let to = frame.to(&format!("feed/saved/{}", feed.slug));
        (Link { to, text: feed.title.in_lang(frame.lang()).to_owned(), is_here: false }, String::new())
    });
    let saved = Group { name: w.saved, links: saved.collect() };
    let groups =
        [saved, group(w.topics, "topic", usize::MAX), group(w.countries, "country", COUNTRIES), group(w.regions, "region", COUNTRIES)];
    groups.into_iter().filter(|group| !group.links.is_empty()).collect()
}
