//! All of a feed, page after page (RFC 5005 §4).
//!
//! A feed shows its newest stories; those before stand in archived pages, by the month in which they were first kept, at most
//! [`PART`] in each, in the order of keeping. A full page, and the last of a month that is over, holds the same stories for ever
//! but for what editors do, what is filed anew and what is kept no longer. The last page of all still grows. Readers do not ask
//! again for a page that they have, so that the feed names it by how many it has so far: each story that comes gives it another
//! address, and at none of them the stories change.
//!
//! JSON Feed has no archives, and one way on: `next_url` asks for what stands before the last story shown.
//! Deliberately absent: archives of every question. Whoever wants one saves the filter under a name.

use std::time::Duration;

use super::{App, Asked, Base, Format, Publishing, cache::Question};
use crate::{
    model::{Filter, Month, Page, Second, When, Window},
    publish::More,
    store::{Archive, StoreError},
};

/// The most stories of one archived page.
pub(super) const PART: usize = 100;
/// A month is over this long after its end: what was pulled in it is kept by then.
const GRACE: Duration = Duration::from_hours(1);

/// An archived page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Leaf {
    /// When its stories were first kept.
    pub month: Month,
    /// Which of the month's pages, from 1.
    pub part: usize,
    /// How many of its stories, where it is not all that it will have.
    pub first: Option<usize>,
}

/// What is written in a document, and what is known of it.
pub(super) struct Found {
    pub(super) page: Page,
    pub(super) more: More,
    /// Whether it holds these stories for ever.
    pub(super) is_closed: bool,
}

impl Leaf {
    /// The last page of a month that has so many stories.
    fn last(month: Month, total: usize) -> Self {
        Self { month, part: total.div_ceil(PART).max(1), first: None }
    }

    /// The same under the name that it has for now.
    fn so_far(self, total: usize) -> Self {
        Self { first: Some(total - self.before()).filter(|first| *first < PART), ..self }
    }

    /// How many stories of the month stand before it.
    fn before(self) -> usize {
        (self.part - 1) * PART
    }

    /// What stands in the path.
    pub(super) fn path(self) -> String {
        let part = if self.part > 1 { format!("/part/{}", self.part) } else { String::new() };
        let first = self.first.map_or_else(String::new, |first| format!("/first/{first}"));
        format!("/archive/{}{part}{first}", self.month)
    }
}

impl Asked {
    /// Whether all of it can be had page after page: it is named by path alone, time takes nothing out of it, and it does not ask for words,
    /// which stories begin and cease to say.
    pub(super) fn has_archive(&self, publishing: &Publishing) -> bool {
        self.base != Base::Unfiled
            && !self.filter.is_relative()
            && self.filter.per_source.is_none()
            && self.filter.words.is_empty()
            && !self.path(publishing, Format::Page).contains('?')
    }

    /// The feed that it is an archived page of, or is itself.
    pub(super) fn current(&self) -> Self {
        Self { leaf: None, ..self.clone() }
    }

    fn at(&self, leaf: Leaf) -> Self {
        Self { leaf: Some(leaf), ..self.clone() }
    }

    /// What stands before the last story of a page, for those that know no archives.
    fn before(&self, page: &Page, publishing: &Publishing) -> Option<Self> {
        let last = page.entries.last()?.edition().position;
        // Of how many each source has shown the address knows nothing; and a saved feed may have an end of its own.
        if self.filter.per_source.is_some() || self.base.filter(publishing).until.is_some() {
            return None;
        }
        let until = Some(When::At(last.minus(Duration::from_secs(1))));
        let [own, filter] = [&self.own, &self.filter].map(|filter| Filter { until, ..filter.clone() }.settled());
        filter.check().ok().map(|()| Self { own, filter, ..self.clone() })
    }
}

impl App {
    /// Whether somebody asks for the archive of a month that has not begun.
    pub(super) fn is_ahead(&self, asked: &Asked) -> bool {
        asked.leaf.is_some_and(|leaf| leaf.month.begins() > (self.clock)())
    }

    /// Whether a month is over for good.
    pub(super) fn is_over(&self, month: Month) -> bool {
        month.next().begins().plus(GRACE) <= (self.clock)()
    }

    /// The stories that were asked for, and where there are more of them.
    pub(super) fn find(&self, question: &Question, publishing: &Publishing) -> Result<Found, StoreError> {
        let Question { asked, format, day, .. } = question;
        let window = asked.filter.window(day.unwrap_or(Second::EPOCH));
        match asked.leaf {
            Some(leaf) => self.archived(asked, leaf, window, day.is_none(), |asked| asked.path(publishing, *format)),
            None => self.newest(asked, *format, window, publishing),
        }
    }

    fn newest(&self, asked: &Asked, format: Format, window: Window, publishing: &Publishing) -> Result<Found, StoreError> {
        // One more tells whether there are more.
        let beyond = usize::from(format == Format::Json);
        let mut page = self.store.query(&asked.filter, window, asked.limit + beyond)?;
        let has_more = page.entries.len() > asked.limit;
        page.entries.truncate(asked.limit);
        let older = match format {
            Format::Json => has_more.then(|| asked.before(&page, publishing)).flatten(),
            Format::Atom | Format::Rss if asked.has_archive(publishing) => {
                let last = self.store.last_month(&asked.filter, window);
                last.map(|(month, total)| asked.at(Leaf::last(month, total).so_far(total)))
            }
            _ => None,
        };
        let older = older.map(|asked| asked.path(publishing, format));
        Ok(Found { page, more: More { older, ..More::default() }, is_closed: false })
    }

    fn archived(
        &self,
        asked: &Asked,
        leaf: Leaf,
        window: Window,
        is_over: bool,
        path: impl Fn(&Asked) -> String,
    ) -> Result<Found, StoreError> {
        let end = leaf.before() + leaf.first.unwrap_or(PART);
        let archive = self.store.archive(&asked.filter, window, leaf.month, &(leaf.before()..end))?;
        // A full page has a next one as soon as one more story has come.
        let is_closed = is_over || archive.total >= end + usize::from(leaf.first.is_none());
        let more = beside(asked, leaf, &archive, is_closed && leaf.first.is_none(), path);
        Ok(Found { page: archive.page, more, is_closed })
    }
}

/// Where the pages before and after an archived one are.
fn beside(asked: &Asked, leaf: Leaf, archive: &Archive, has_next: bool, path: impl Fn(&Asked) -> String) -> More {
    let older = match leaf.part {
        1 => archive.before.map(|(month, total)| Leaf::last(month, total)),
        part => Some(Leaf { part: (part - 1).min(Leaf::last(leaf.month, archive.total).part), first: None, ..leaf }),
    };
    let newer = has_next.then(|| {
        if archive.total > leaf.before() + PART {
            return Leaf { part: leaf.part + 1, ..leaf };
        }
        // The month after, though nothing may have been kept in it yet: what comes then must not change this page.
        let month = archive.after.filter(|_| archive.total == 0).unwrap_or(leaf.month.next());
        Leaf { month, part: 1, first: None }
    });
    let address = |leaf: Leaf| path(&asked.at(leaf));
    More { current: Some(path(&asked.current())), older: older.map(address), newer: newer.map(address) }
}
