//! One source as the text of a `[[source]]` block, ready to paste.
//!
//! Only what differs from the defaults is written, in the order in which `sources.toml` explains it.

use std::fmt::{Display, Write};

use toml::Value;

use super::Settings;
use crate::model::{ContentPolicy, DateOrder, Defaults, PageRules, Pick, Private, Source, Timetable, timetable::write_duration};

/// The block that says what is known of a source. Read again, it is the same source.
///
/// A time limit that is the one of `[fetch]` by default is left out.
pub fn source_block(source: &Source) -> String {
    let usual = Source::new(source.id.clone(), source.title.clone(), source.url.clone());
    let mut block = Block("[[source]]\n".to_owned());
    block.text("id", source.id.as_str());
    block.text("title", &source.title);
    block.text("url", source.url.as_str());
    block.maybe("home", source.home.as_ref());
    block.maybe("organization", source.organization.as_ref());
    block.maybe("lang", source.lang.as_ref());
    if source.rank != usual.rank {
        block.value("rank", i64::from(source.rank));
    }
    match &source.timetable {
        Timetable::Adaptive => {}
        Timetable::Every(every) => block.text("every", &write_duration(*every)),
        Timetable::Cron(cron) => {
            block.text("cron", cron.expression());
            block.maybe("timezone", cron.zone());
        }
    }
    block.maybe("expect", source.expect.map(write_duration).as_ref());
    block.list("topics", &source.topics);
    block.list("countries", &source.countries);
    if source.defaults == Defaults::Always {
        block.text("defaults", "always");
    }
    match source.content {
        ContentPolicy::Summary => {}
        ContentPolicy::Full => block.text("content", "full"),
        ContentPolicy::Title => block.text("content", "title"),
    }
    if source.dates == DateOrder::MonthFirst {
        block.text("dates", "mdy");
    }
    block.maybe("rights", source.rights.as_ref());
    if !source.headers.is_empty() {
        let headers: toml::Table = source.headers.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
        block.value("headers", headers);
    }
    if source.timeout != usual.timeout && source.timeout != Settings::default().fetch.timeout {
        block.text("timeout", &write_duration(source.timeout));
    }
    match &source.allow_private {
        Private::Refused => {}
        Private::Allowed => block.value("allow_private", true),
        Private::Within(ranges) => block.list("allow_private", ranges),
    }
    if source.allow_downgrade {
        block.value("allow_downgrade", true);
    }
    if !source.enabled {
        block.value("enabled", false);
    }
    // A date of TOML stands without quotes.
    block.line("probed", source.probed.as_ref());
    block.maybe("note", source.note.as_ref());
    if let Some(page) = &source.page {
        block.page(page);
    }
    block.0
}

struct Block(String);

impl Block {
    fn line(&mut self, key: &str, value: Option<impl Display>) {
        if let Some(value) = value {
            // Writing into a text does not fail.
            let _ = writeln!(self.0, "{key} = {value}");
        }
    }

    fn value(&mut self, key: &str, value: impl Into<Value>) {
        self.line(key, Some(value.into()));
    }

    fn text(&mut self, key: &str, text: &str) {
        self.value(key, text);
    }

    fn maybe(&mut self, key: &str, value: Option<impl ToString>) {
        if let Some(value) = value {
            self.text(key, &value.to_string());
        }
    }

    fn list(&mut self, key: &str, list: &[impl ToString]) {
        if !list.is_empty() {
            self.value(key, list.iter().map(ToString::to_string).collect::<Vec<_>>());
        }
    }

    fn page(&mut self, page: &PageRules) {
        self.0.push_str("[source.page]\n");
        self.text("item", page.item.as_str());
        self.maybe("until", page.until.as_ref());
        self.maybe("title", page.title.as_ref());
        self.maybe("link", page.link.as_ref());
        self.maybe("summary", page.summary.as_ref());
        self.maybe("image", page.image.as_ref());
        self.maybe("country", page.country.as_ref());
        self.maybe("date", page.date.as_ref());
        self.list("formats", &page.formats);
        self.maybe("locale", page.locale.as_ref());
        self.maybe("next", page.next.as_ref());
        if page.pages != 1 {
            self.value("pages", i64::from(page.pages));
        }
        if let Some(detail) = &page.detail {
            self.0.push_str("[source.page.detail]\n");
            let pick = |pick: &Option<Pick>| pick.as_ref().map(ToString::to_string);
            self.maybe("date", pick(&detail.date));
            self.maybe("summary", pick(&detail.summary));
            self.maybe("country", pick(&detail.country));
        }
    }
}
