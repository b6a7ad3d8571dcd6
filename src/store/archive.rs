//! All that was ever kept, by the month in which it was.
//!
//! A month's stories are numbered in the order in which they were first kept, so that what arrives comes after all that is there and
//! moves nothing. A place in feeds would not do: an old item of a new source has one at its own date, years back.
//! Deliberately absent: how many make a page, and what its address is.

use std::{ops::Range, sync::Arc};

use super::{
    Store, StoreError,
    index::Index,
    terms::{self, Meeting, Term},
};
use crate::model::{Filter, Month, Page, Second, Shown, Window};

/// Some of the stories of a filter that were first kept in a month.
#[derive(Debug, Clone, PartialEq)]
pub struct Archive {
    /// These stories, newest position first.
    pub page: Page,
    /// How many there are of the month.
    pub total: usize,
    /// The last month before it that has any, and how many.
    pub before: Option<(Month, usize)>,
    /// The first month after it that has any.
    pub after: Option<Month>,
}

impl Store {
    /// Those of a filter's stories that were first kept in a month, by their numbers in the order of keeping.
    ///
    /// A story that has several editions to show may have a number more than it is shown under.
    pub fn archive(&self, filter: &Filter, window: Window, month: Month, numbers: &Range<usize>) -> Result<Archive, StoreError> {
        let asked = terms::asked(filter);
        self.steadily(|is_still| {
            let index = self.index();
            let of_month = kept_in(&asked, month);
            let places = index.in_order_of_keeping(places(&index, &of_month, window));
            let (applied, total, changed) = (index.applied, places.len(), self.changed(&index, &of_month));
            let chosen: Vec<_> = places.into_iter().skip(numbers.start).take(numbers.len()).collect();
            let months = months(&index);
            let has_any = |month: &&Month| !index.newest(&kept_in(&asked, **month), &mut window.clone(), 1).is_empty();
            let after = months.iter().filter(|other| **other > month).find(has_any).copied();
            let before = last_before(&index, &asked, window, Some(month));
            drop(index);
            let mut entries = Vec::new();
            for (at, number) in chosen {
                let Some((_, story)) = self.kept(number)?.filter(|(seq, _)| is_still || *seq <= applied) else { return Ok(None) };
                let edition = filter.edition_of(&story).filter(|edition| story.editions[*edition].position == at);
                entries.extend(edition.map(|edition| Shown { story: Arc::new(story), edition }));
            }
            entries.sort_by_key(|shown| std::cmp::Reverse(shown.edition().position));
            Ok(Some(Archive { page: Page { entries, changed }, total, before, after }))
        })
    }

    /// The last month in which stories of a filter were first kept, and how many.
    pub fn last_month(&self, filter: &Filter, window: Window) -> Option<(Month, usize)> {
        last_before(&self.index(), &terms::asked(filter), window, None)
    }
}

/// The last month before another that has any, and how many.
fn last_before(index: &Index, asked: &[Meeting], window: Window, month: Option<Month>) -> Option<(Month, usize)> {
    let months = months(index);
    let earlier = months.iter().rev().filter(|other| month.is_none_or(|month| **other < month));
    earlier.map(|other| (*other, places(index, &kept_in(asked, *other), window).len())).find(|(_, total)| *total > 0)
}

/// The months in which anything was kept, ascending.
fn months(index: &Index) -> Vec<Month> {
    let kept = |(term, _): (&Term, u64)| match term {
        Term::Kept(month) => Some(*month),
        _ => None,
    };
    let mut months: Vec<Month> = index.counts().filter_map(kept).collect();
    months.sort_unstable();
    months
}

/// The same meetings, where the month has to be met as well.
fn kept_in(asked: &[Meeting], month: Month) -> Vec<Meeting> {
    asked.iter().map(|meeting| meeting.and(Term::Kept(month))).collect()
}

/// All positions within a window at which one of the meetings takes place.
fn places(index: &Index, asked: &[Meeting], mut window: Window) -> Vec<Second> {
    index.newest(asked, &mut window, usize::MAX)
}
