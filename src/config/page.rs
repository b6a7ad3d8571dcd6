//! `[source.page]`: how a listing without a feed is read.

use super::{reader::Table, sources::choice};
use crate::{
    html::Selector,
    model::{Detail, Lang, PageRules, Pick, page::MOST_PAGES},
};

/// Takes what the table says; `page = false` is for a site that has a feed by now.
pub(super) fn read(table: &mut Table<'_, '_>, page: &mut Option<PageRules>) {
    if table.is_false("page") {
        *page = None;
        return;
    }
    table.table("page", |table| {
        if page.is_none() && !table.has("item") {
            table.wrong("has no `item`; give the selector of one item of the listing, such as \"article.news\"");
        }
        let item: Option<Selector> = table.parsed("item");
        // Stands in for one that is missing or wrong, so that the other mistakes are told as well.
        let stand_in = || "item".parse().ok().map(PageRules::of);
        let Some(mut read) = page.take().or_else(|| item.clone().map(PageRules::of)).or_else(stand_in) else { return };
        one(table, item, &mut read);
        *page = Some(read);
    });
}

fn one(table: &mut Table<'_, '_>, item: Option<Selector>, page: &mut PageRules) {
    if let Some(item) = item {
        page.item = item;
    }
    page.until = table.parsed("until").or(page.until.take());
    pick(table, "title", &mut page.title);
    pick(table, "link", &mut page.link);
    pick(table, "summary", &mut page.summary);
    pick(table, "image", &mut page.image);
    pick(table, "country", &mut page.country);
    pick(table, "date", &mut page.date);
    if let Some(formats) = table.list("formats", |text| text.parse().map_err(|error| format!("`formats`: {error}"))) {
        page.formats = formats;
    }
    let spoken = [("en", Lang::EN), ("es", Lang::ES), ("fr", Lang::FR), ("pt", Lang::PT)];
    page.locale = choice(table, "locale", &spoken).or(page.locale);
    pick(table, "next", &mut page.next);
    if let Some(pages) = table.integer("pages", 1..=i64::from(MOST_PAGES)) {
        page.pages = u8::try_from(pages).unwrap_or(1);
    }
    if page.pages > 1 && page.next.is_none() && !table.has("next") {
        table.wrong_at("pages", "`pages` means something only beside `next`, the link to the next page");
    }
    table.table("detail", |table| {
        let detail = page.detail.get_or_insert_with(Detail::default);
        pick(table, "date", &mut detail.date);
        pick(table, "summary", &mut detail.summary);
        pick(table, "country", &mut detail.country);
        if *detail == Detail::default() && !["date", "summary", "country"].iter().any(|key| table.has(key)) {
            table.wrong("names neither `date` nor `summary` nor `country`; give the selector of one of them on an item's own page");
        }
    });
}

fn pick(table: &mut Table<'_, '_>, key: &'static str, pick: &mut Option<Pick>) {
    *pick = table.parsed(key).or(pick.take());
}
