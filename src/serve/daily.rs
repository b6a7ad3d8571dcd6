//! The days that are over, by the clocks of a zone, with the stories of each.
//!
//! What is still to come of today is never told: a day is told when it is over, and then changes only when its stories do.
//! Deliberately absent: how a day is written (`publish`).

use std::time::Duration;

use chrono::{Days, NaiveDate};

use super::{App, Asked, Format, Publishing, archive::Found};
use crate::{
    model::{Filter, Page, Second, When, Window, Zone},
    publish::{Daily, Day, More},
    store::StoreError,
};

/// How far back days are told, and so the most that are.
pub(super) const DAYS: usize = 30;
/// Stories of a day that are told.
const TOLD: usize = 50;
/// Stories of a day that are counted; that there are more is said without saying how many.
const COUNTED: usize = 200;

impl App {
    /// The last days before the one that begins with `today`, newest first; and a page without entries that says when
    /// they last changed.
    pub(super) fn days(&self, publishing: &Publishing, asked: &Asked, zone: Zone, today: Second) -> Result<(Daily, Found), StoreError> {
        let mut page = Page { entries: Vec::new(), changed: publishing.genesis };
        let (mut days, wanted) = (Vec::new(), asked.filter.window(today));
        let before = (1..).map_while(|n| zone.day_of(today).checked_sub_days(Days::new(n)));
        for date in before.take(DAYS) {
            let window = Window { from: Some(zone.begin_of(date)), below: Some(zone.end_of(date)) };
            let told = self.store.query(&asked.filter, window.and(wanted), COUNTED + 1)?;
            page.changed = page.changed.max(told.changed);
            if !told.entries.is_empty() {
                days.push(day(date, window, told, asked.of_day(publishing, window)));
            }
            if days.len() >= asked.limit {
                break;
            }
        }
        Ok((Daily { zone, days }, Found { page, more: More::default(), is_closed: false }))
    }
}

fn day(date: NaiveDate, window: Window, told: Page, address: String) -> Day {
    let mut stories = told.entries;
    let (counted, are_counted) = (stories.len().min(COUNTED), stories.len() <= COUNTED);
    stories.truncate(TOLD);
    let left = counted - stories.len();
    Day { date, ends: window.below.unwrap_or(Second::EPOCH), address, stories, left, are_counted }
}

impl Asked {
    /// The address of a page with the stories of a day; of all, where the address of that day can not be said.
    fn of_day(&self, publishing: &Publishing, window: Window) -> String {
        let last = |below: Second| below.minus(Duration::from_secs(1));
        let bounds = Filter { since: window.from.map(When::At), until: window.below.map(last).map(When::At), ..Filter::default() };
        let bare = Filter { since: None, until: None, ..self.own.clone() };
        let own = bare.and(&bounds).ok().filter(|own| self.base.filter(publishing).and(own).is_ok());
        let asked = Self { daily: None, limit: self.base.usual(publishing, None).0, own: own.unwrap_or(bare), ..self.clone() };
        publishing.site.address(&asked.path(publishing, Format::Page))
    }
}
