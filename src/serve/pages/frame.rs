//! What stands around every page.

use super::{
    Ui, Words, assets,
    told::{self, number},
    words::fill,
};
use crate::{
    model::Lang,
    serve::{Format, Publishing},
};

/// Which of the pages in the navigation a page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::serve) enum Place {
    Stories,
    Build,
    Map,
    Trends,
    Sources,
    /// None of them.
    Elsewhere,
}

/// A feed that a page tells readers of.
pub(in crate::serve) struct FeedLink {
    pub(super) format: Format,
    /// Its public address.
    pub(super) address: String,
}

/// Where a link leads, and what it says.
pub(super) struct Link {
    pub(super) to: String,
    pub(super) text: String,
    pub(super) is_here: bool,
}

/// What stands around a page, and what all pages are written with.
pub(in crate::serve) struct Frame<'a> {
    pub(super) publishing: &'a Publishing,
    ui: Ui,
    pub(super) w: &'static Words,
    /// What it is called in a tab and in a list of results.
    pub(super) title: String,
    place: Place,
    /// Its address below the base, without the choice of language.
    own: String,
    /// Feeds that hold what it shows.
    pub(super) feeds: Vec<FeedLink>,
    /// Whether it is a page for editors, on a listener of their own.
    is_for_editors: bool,
}

impl<'a> Frame<'a> {
    /// The frame of a page with an address below the base; the title of the site is added to its own.
    pub(in crate::serve) fn new(publishing: &'a Publishing, ui: Ui, place: Place, title: &str, own: &str) -> Self {
        let site = &publishing.site.title;
        let title = if title.is_empty() { site.clone() } else { format!("{title} — {site}") };
        Self { publishing, ui, w: Words::of(ui.lang), title, place, own: own.to_owned(), feeds: Vec::new(), is_for_editors: false }
    }

    /// The frame of a page for editors. Their listener has nothing but these: links to feeds and their pages lead to the public address.
    pub(super) fn for_editors(publishing: &'a Publishing, ui: Ui, title: &str, own: &str) -> Self {
        Self { is_for_editors: true, ..Self::new(publishing, ui, Place::Elsewhere, title, own) }
    }

    /// Where its picture is, which editors have to do without.
    pub(super) fn icon(&self) -> Option<String> {
        (!self.is_for_editors).then(|| self.file("icon.svg"))
    }

    /// The same, which tells readers of feeds.
    pub(super) fn with_feeds(self, feeds: Vec<FeedLink>) -> Self {
        Self { feeds, ..self }
    }

    pub(super) fn lang(&self) -> Lang {
        self.ui.lang
    }

    pub(super) fn site(&self) -> &str {
        &self.publishing.site.title
    }

    /// The language that has to stay in a form.
    pub(super) fn chosen(&self) -> Option<Lang> {
        self.ui.is_chosen.then_some(self.ui.lang)
    }

    /// An address of ours as a link: without a host, and with the language that was chosen.
    pub(in crate::serve) fn to(&self, below: &str) -> String {
        self.link(below, self.chosen())
    }

    fn link(&self, below: &str, lang: Option<Lang>) -> String {
        let site = &self.publishing.site;
        let root = match self.is_for_editors {
            true if below.starts_with("feed") => site.base.as_str(),
            true => "/",
            false => site.base.path(),
        };
        // Everything is at the root.
        let below = match below.strip_prefix("feed") {
            Some(rest) if rest.is_empty() || rest.starts_with('?') => rest,
            _ => below,
        };
        let mark = if below.contains('?') { '&' } else { '?' };
        let lang = lang.map(|lang| format!("{mark}ui={lang}")).unwrap_or_default();
        format!("{root}{below}{lang}")
    }

    /// An address of ours without any choice of language: for what is no page.
    pub(super) fn file(&self, below: &str) -> String {
        self.link(below, None)
    }

    pub(super) fn style(&self) -> String {
        self.file(&assets::STYLE.name)
    }

    pub(super) fn script(&self) -> String {
        self.file(&assets::SCRIPT.name)
    }

    /// The one address of the page for whoever lists pages.
    pub(super) fn canonical(&self) -> String {
        self.publishing.site.address(if self.own == "feed" { "" } else { &self.own })
    }

    /// The pages that stand beside one another.
    pub(super) fn navigation(&self) -> Vec<Link> {
        let w = self.w;
        if self.is_for_editors {
            let here = Link { to: self.to(""), text: w.editing.to_owned(), is_here: self.own.is_empty() };
            return vec![here, Link { to: self.to("feed"), text: w.public_site.to_owned(), is_here: false }];
        }
        let pages = [
            (Place::Stories, "", w.stories),
            (Place::Build, "build", w.build),
            (Place::Map, "map", w.map),
            (Place::Trends, "trends", w.trends),
            (Place::Sources, "status", w.sources),
        ];
        let link =
            |(place, below, text): (Place, &str, &str)| Link { to: self.to(below), text: text.to_owned(), is_here: place == self.place };
        pages.map(link).into()
    }

    /// This page in each language.
    pub(super) fn languages(&self) -> Vec<(Lang, Link)> {
        let link = |lang: Lang| Link {
            to: self.link(&self.own, Some(lang)),
            text: told::language(lang).to_owned(),
            is_here: lang == self.ui.lang,
        };
        Lang::SPOKEN.map(|lang| (lang, link(lang))).into()
    }

    /// So many stories.
    pub(super) fn stories(&self, count: u64) -> String {
        if count == 1 { self.w.one_story.to_owned() } else { fill(self.w.many_stories, &[&number(count, self.lang())]) }
    }
}
