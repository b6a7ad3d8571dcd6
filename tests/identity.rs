//! How an item is known again: publishers are polled again and again, and do with their ids what publishers do.
//!
//! Every poll goes the whole way, from a loopback publisher into a real journal and store. That no
//! place, no entry id and no story ever changes or disappears, that journal and view agree, and that the journal
//! alone tells the same, is checked by the [`World`] itself, at each poll and at its end.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common {
    pub mod world;
}

use std::collections::BTreeSet;

use common::world::{DAY, Entry, World, entry};
use tributary::{apply::Report, model::Ids};

const SHELTER: &str = "The new shelter near the river has room for sixty families and opens its doors on Monday.";
const COURSE: &str = "Forty young people learned how to repair solar panels during a three month course in the capital.";
const RESCUE: &str = "Fishermen pulled nineteen castaways out of rough water after their engine failed at night.";
const BUDGET: &str = "Parliament approved money for twelve registration desks along the northern highway.";

/// Four items that have nothing in common, oldest first.
fn four() -> Vec<Entry> {
    vec![
        entry("A shelter opens at the river").text(SHELTER).at(-9),
        entry("Solar course for young people ends").text(COURSE).at(-7),
        entry("Castaways are saved from rough water").text(RESCUE).at(-5),
        entry("Parliament pays for registration desks").text(BUDGET).at(-3),
    ]
}

fn linked(entries: Vec<Entry>) -> Vec<Entry> {
    entries.into_iter().enumerate().map(|(n, entry)| entry.link(format!("https://wire.example/news/{n}"))).collect()
}

fn with_guids(entries: Vec<Entry>) -> Vec<Entry> {
    entries.into_iter().enumerate().map(|(n, entry)| entry.guid(format!("item-{n}"))).collect()
}

/// What a poll came to: new and revised.
fn came(report: Report) -> (usize, usize) {
    (report.new, report.revised)
}

fn titles_of(entries: &[Entry]) -> Vec<String> {
    let mut titles: Vec<String> = entries.iter().map(|entry| entry.title.clone()).collect();
    titles.sort();
    titles
}

// --- no guid, with a link -----------------------------------------------------------------------

#[test]
fn an_item_without_guid_is_known_by_its_link_whatever_else_is_edited() {
    let mut world = World::new();
    let mut items = linked(four());
    assert_eq!(came(world.poll(&items)), (4, 0));
    let entries: BTreeSet<String> = world.entries().into_iter().map(|(_, id)| id).collect();
    items[0].title = "A shelter for sixty families opens".into();
    items[1] = items[1].clone().at(3);
    items[2].text = "The engine failed at night; all nineteen were brought ashore by fishermen who heard them shout.".into();
    items[3] =
        items[3].clone().title("Money for desks").text("Twelve desks along the northern highway get money, parliament approved.").at(4);
    items.reverse();
    assert_eq!(came(world.poll(&items)), (0, 3), "a new date alone is nothing that readers should see");
    world.restart();
    assert_eq!(came(world.poll(&items)), (0, 0));
    assert_eq!(world.titles(), titles_of(&items));
    let now: BTreeSet<String> = world.entries().into_iter().map(|(_, id)| id).collect();
    assert_eq!(now, entries);
}

#[test]
fn a_link_in_another_dress_is_the_same_link() {
    let mut world = World::new();
    let items = linked(four());
    world.poll(&items);
    for dress in [
        |link: &str| format!("{link}?utm_source=rss&utm_medium=feed"),
        |link: &str| link.replace("https://", "http://"),
        |link: &str| link.replace("https://", "https://www."),
        |link: &str| format!("{link}/"),
        |link: &str| link.to_owned(),
    ] {
        let dressed: Vec<Entry> = items.iter().map(|e| e.clone().link(dress(e.link.as_ref().unwrap()))).collect();
        assert_eq!(came(world.poll(&dressed)), (0, 0));
    }
    assert_eq!(world.titles().len(), 4);
}

// --- neither guid nor link ----------------------------------------------------------------------

#[test]
fn an_item_with_neither_guid_nor_link_is_found_again_by_its_text() {
    let mut world = World::new();
    let items = four();
    assert_eq!(came(world.poll(&items)), (4, 0));
    assert_eq!(came(world.poll(&items.iter().rev().cloned().collect::<Vec<_>>())), (0, 0));
    // A word in the title, the date, the text, title and date together, title and text together.
    let mut edited = items.clone();
    edited[0].title = "A new shelter opens at the river".into();
    edited[1] = edited[1].clone().at(2);
    edited[2].text = "Fishermen pulled nineteen castaways out of rough water when the engine of their boat failed at night.".into();
    edited[3] = edited[3].clone().title("Parliament pays for more registration desks").at(1);
    assert_eq!(came(world.poll(&edited)), (0, 3));
    world.restart();
    assert_eq!(came(world.poll(&edited)), (0, 0));
    // And back again.
    assert_eq!(came(world.poll(&items)), (0, 3));
    assert_eq!(came(world.poll(&edited)), (0, 3));
    assert_eq!(world.titles(), titles_of(&edited));
}

#[test]
fn a_title_that_is_wholly_reworded_is_found_again_by_date_and_text() {
    let mut world = World::new();
    let items = four();
    world.poll(&items);
    let reworded: Vec<Entry> = items.iter().enumerate().map(|(n, e)| e.clone().title(["Eins", "Zwei", "Drei", "Vier"][n])).collect();
    assert_eq!(came(world.poll(&reworded)), (0, 4));
    assert_eq!(world.titles(), ["Drei", "Eins", "Vier", "Zwei"]);
}

#[test]
fn numbered_items_without_keys_stay_apart() {
    let mut world = World::new();
    let flash =
        |n: i64| entry(&format!("Flash update {n} on the flood in the valley")).text("The water is rising and the road is closed.").at(n);
    assert_eq!(came(world.poll(&[flash(12)])), (1, 0));
    assert_eq!(came(world.poll(&[flash(13)])), (1, 0));
    assert_eq!(came(world.poll(&[flash(14), flash(13)])), (1, 0));
    assert_eq!(came(world.poll(&[flash(12)])), (0, 0), "the old one comes back");
    assert_eq!(world.titles().len(), 3);
}

#[test]
fn equal_titles_are_one_item_only_when_all_is_equal() {
    let mut world = World::new();
    let briefing = || entry("Daily briefing");
    let document = [
        briefing().text(SHELTER).on(-3),
        briefing().text(COURSE).on(-2),
        briefing().text(RESCUE).on(-2),
        briefing().text(RESCUE).on(-2),
        briefing().on(-1),
    ];
    assert_eq!(came(world.poll(&document)), (4, 0), "the third is there twice");
    assert_eq!(came(world.poll(&document)), (0, 0));
    let mut shuffled = document.to_vec();
    shuffled.rotate_left(2);
    world.restart();
    assert_eq!(came(world.poll(&shuffled)), (0, 0));
    // One of two that share title and date is edited, and finds its own.
    shuffled.iter_mut().filter(|e| e.text == COURSE).for_each(|e| e.text = COURSE.replace("Forty", "Forty-one"));
    assert_eq!(came(world.poll(&shuffled)), (0, 1));
    assert_eq!(came(world.poll(&shuffled)), (0, 0));
    assert_eq!(world.titles(), vec!["Daily briefing"; 4]);
}

#[test]
fn items_that_are_only_titles_are_known_again() {
    let mut world = World::new();
    let items: Vec<Entry> = four().into_iter().map(|e| e.text("").undated()).collect();
    assert_eq!(came(world.poll(&items)), (4, 0));
    assert_eq!(came(world.poll(&items)), (0, 0));
    let mut edited = items.clone();
    edited[1].title = "Solar course for young people has ended".into();
    assert_eq!(came(world.poll(&edited)), (0, 1));
    assert_eq!(came(world.poll(&edited)), (0, 0));
    assert_eq!(world.titles(), titles_of(&edited));
}

#[test]
fn reports_on_several_countries_with_one_boilerplate_stay_apart() {
    let mut world = World::new();
    let report = |country: &str, day: i64| {
        entry(&format!("Situation of returned migrants in {country}"))
            .text("Please refer to the attached map for all the figures of this week.")
            .on(day)
    };
    assert_eq!(came(world.poll(&[report("Guatemala", -1), report("Honduras", -1)])), (2, 0));
    assert_eq!(came(world.poll(&[report("Honduras", -1), report("Panama", -1)])), (1, 0));
    assert_eq!(world.titles().len(), 3);
}

// --- guids that change at every fetch -----------------------------------------------------------

/// Items with a guid that was never there before.
fn churned(items: &[Entry], fetch: usize) -> Vec<Entry> {
    items.iter().enumerate().map(|(n, e)| e.clone().guid(format!("{:08x}-{n}", 2_654_435_761u32.wrapping_mul(fetch as u32 + 7)))).collect()
}

#[test]
fn churning_guids_with_links_make_no_second_story_and_are_recognised() {
    let mut world = World::new();
    let mut items = linked(four());
    assert_eq!(came(world.poll(&churned(&items, 0))), (4, 0));
    assert_eq!(world.state("wire").ids, None);
    assert_eq!(came(world.poll(&churned(&items, 1))), (0, 0));
    assert_eq!(world.state("wire").ids, Some(Ids::Renewed), "once may be a new way to make ids");
    assert_eq!(came(world.poll(&churned(&items, 2))), (0, 0));
    assert_eq!(world.state("wire").ids, Some(Ids::Changing));
    // From now on nothing is written for it.
    let records = world.records();
    for fetch in 3..6 {
        assert_eq!(came(world.poll(&churned(&items, fetch))), (0, 0));
    }
    assert_eq!(world.state("wire").ids, Some(Ids::Changing), "also after a restart");
    // A restart ends a round of checks, which is one record.
    assert_eq!(world.records(), records + 1);
    items[0].title = "Something else altogether is told here".into();
    items.push(entry("A fifth item").link("https://wire.example/news/5").at(5));
    assert_eq!(came(world.poll(&churned(&items, 6))), (1, 1));
    assert_eq!(came(world.poll(&churned(&items, 7))), (0, 0));
    assert_eq!(world.titles(), titles_of(&items));
    let (_, id) = world.entries().into_iter().find(|(title, _)| title == "A fifth item").unwrap();
    assert!(id.starts_with("urn:uuid:"), "no random id is taken over: {id}");
}

#[test]
fn churning_guids_and_edited_titles_in_one_fetch_make_no_second_story() {
    for date_only in [false, true] {
        let mut world = World::new();
        let mut items = linked(four());
        if date_only {
            items = items.into_iter().map(|e| e.on(-1)).collect();
        }
        world.poll(&churned(&items, 0));
        items[0].title = "A shelter for sixty families".into();
        items[1].title = "What forty people learned".into();
        items[2].text = String::new();
        items.push(entry("A new one").link("https://wire.example/news/9").at(1));
        items.push(entry("Another new one").link("https://wire.example/news/10").at(1));
        items.push(entry("Yet another").link("https://wire.example/news/11").at(1));
        assert_eq!(came(world.poll(&churned(&items, 1))), (3, 3));
        items.reverse();
        assert_eq!(came(world.poll(&churned(&items, 2))), (0, 0));
        assert_eq!(world.titles(), titles_of(&items));
    }
}

#[test]
fn one_item_with_a_churning_guid_and_an_edited_title_is_the_same_item() {
    let mut world = World::new();
    let item = entry("A shelter opens at the river").link("https://wire.example/news/1").on(-1);
    world.poll(&churned(std::slice::from_ref(&item), 0));
    assert_eq!(came(world.poll(&churned(&[item.clone().title("Sixty families get a roof")], 1))), (0, 1));
    assert_eq!(came(world.poll(&churned(&[item.clone().title("A roof for many")], 2))), (0, 1));
    assert_eq!(world.titles(), ["A roof for many"]);
}

#[test]
fn churning_guids_without_links_make_no_second_story() {
    let mut world = World::new();
    let mut items = four();
    assert_eq!(came(world.poll(&churned(&items, 0))), (4, 0));
    // All churn at once, one is edited, and the document also brings what is new.
    items[1].title = "Solar course for many young people ends".into();
    items.insert(
        0,
        entry("Radio station for returnees goes on air").text("It broadcasts in four languages every evening from now on.").at(1),
    );
    assert_eq!(came(world.poll(&churned(&items, 1))), (1, 1));
    world.restart();
    assert_eq!(came(world.poll(&churned(&items, 2))), (0, 0));
    assert_eq!(world.state("wire").ids, Some(Ids::Changing));
    items[2].title = "Castaways were saved from rough water".into();
    items.reverse();
    assert_eq!(came(world.poll(&churned(&items, 3))), (0, 1));
    for fetch in 4..7 {
        assert_eq!(came(world.poll(&churned(&items, fetch))), (0, 0));
    }
    assert_eq!(world.titles(), titles_of(&items));
}

#[test]
fn permalinks_that_carry_a_session_make_no_second_story() {
    let mut world = World::new();
    let session = |items: &[Entry], fetch: usize| -> Vec<Entry> {
        // The guid is the only link there is, and changes with each visitor.
        items
            .iter()
            .enumerate()
            .map(|(n, e)| e.clone().guid(format!("https://wire.example/read.asp?n={n}&sid={fetch}x{}", fetch * 77)))
            .collect()
    };
    let mut items = four();
    assert_eq!(came(world.poll(&session(&items, 0))), (4, 0));
    assert_eq!(came(world.poll(&session(&items, 1))), (0, 0));
    items[3].title = "Parliament pays for the registration desks".into();
    items.push(entry("Radio for returnees").text("It broadcasts in four languages every evening from now on.").at(2));
    assert_eq!(came(world.poll(&session(&items, 2))), (1, 1));
    assert_eq!(world.state("wire").ids, Some(Ids::Changing));
    assert_eq!(came(world.poll(&session(&items, 3))), (0, 0));
    let records = world.records();
    assert_eq!(came(world.poll(&session(&items, 4))), (0, 0));
    assert_eq!(came(world.poll(&session(&items, 5))), (0, 0));
    assert_eq!(world.records(), records + 1);
    assert_eq!(world.titles(), titles_of(&items));
}

#[test]
fn a_site_that_moves_tells_nothing_twice_and_is_believed_again() {
    let mut world = World::new();
    let old = with_guids(linked(four()));
    world.poll(&old);
    let moved = |e: &Entry| {
        e.clone().guid(e.guid.clone().unwrap().replace("item", "node")).link(e.link.clone().unwrap().replace("wire.example", "new.example"))
    };
    let mut new: Vec<Entry> = old.iter().map(moved).collect();
    assert_eq!(came(world.poll(&new)), (0, 4), "the link is news");
    assert_eq!(came(world.poll(&new)), (0, 0));
    new.push(entry("A fifth item").guid("node-5").link("https://new.example/news/5").at(4));
    assert_eq!(came(world.poll(&new)), (1, 0));
    assert_eq!(world.state("wire").ids, None, "its new ids hold");
    assert_eq!(world.titles(), titles_of(&new));
}

#[test]
fn a_wire_whose_document_is_all_new_is_no_churning_one() {
    let mut world = World::new();
    for poll in 0..5i64 {
        let items: Vec<Entry> = (0..4)
            .map(|n| {
                entry(&format!("Report on the matter of day {}", poll * 4 + n))
                    .guid(poll * 4 + n)
                    .link(format!("https://wire.example/{poll}/{n}"))
                    .text(SHELTER)
                    .at(poll)
            })
            .collect();
        assert_eq!(came(world.poll(&items)), (4, 0));
    }
    assert_eq!(world.state("wire").ids, None);
}

// --- one guid for several items -----------------------------------------------------------------

#[test]
fn items_that_all_have_the_sites_address_as_guid_are_known_by_their_links() {
    for links in [true, false] {
        let mut world = World::new();
        let items: Vec<Entry> = if links { linked(four()) } else { four() };
        let mut items: Vec<Entry> = items.into_iter().map(|e| e.guid("https://wire.example/")).collect();
        assert_eq!(came(world.poll(&items)), (4, 0), "links: {links}");
        assert_eq!(world.state("wire").ids, Some(Ids::Repeating));
        assert_eq!(came(world.poll(&items)), (0, 0));
        items.reverse();
        items[0].title = "Parliament pays for most registration desks".into();
        assert_eq!(came(world.poll(&items)), (0, 1), "links: {links}");
        // When but one is left, its guid is unique in the document and still says nothing.
        assert_eq!(came(world.poll(&items[..1])), (0, 0));
        let new = entry("Radio for returnees").guid("https://wire.example/").text("It broadcasts in four languages every evening.").at(2);
        let new = if links { new.link("https://wire.example/news/8") } else { new };
        assert_eq!(came(world.poll(std::slice::from_ref(&new))), (1, 0), "links: {links}");
        world.restart();
        items.push(new);
        assert_eq!(came(world.poll(&items)), (0, 0));
        assert_eq!(world.titles(), titles_of(&items));
    }
}

#[test]
fn slots_that_move_down_a_list_are_no_identity() {
    for links in [true, false] {
        let mut world = World::new();
        let all: Vec<Entry> = (0..12i64)
            .map(|n| {
                let words = [
                    "river", "harbour", "school", "bridge", "market", "clinic", "border", "station", "valley", "island", "court", "stadium",
                ];
                let (here, there) = (words[n as usize], words[(n as usize * 5 + 3) % 12]);
                let entry = entry(&format!("News from the {here}"))
                    .text(&format!("At the {here} {n} people and their {there} were seen by a {here} officer{n} today."))
                    .at(n - 20);
                if links { entry.link(format!("https://wire.example/{here}")) } else { entry }
            })
            .collect();
        for until in 4..=12 {
            let slots: Vec<Entry> =
                all[until - 4..until].iter().rev().enumerate().map(|(slot, e)| e.clone().guid(format!("latest-{slot}"))).collect();
            let expected = if until == 4 { 4 } else { 1 };
            assert_eq!(came(world.poll(&slots)), (expected, 0), "links: {links}, until {until}");
            assert_eq!(came(world.poll(&slots.iter().rev().cloned().collect::<Vec<_>>())), (0, 0));
        }
        assert_eq!(world.state("wire").ids, Some(Ids::Repeating));
        assert_eq!(world.titles(), titles_of(&all));
    }
}

#[test]
fn an_item_that_is_edited_and_has_anothers_slot_is_known_by_its_text() {
    let mut world = World::new();
    let all = four();
    let slots = |shown: &[&Entry]| -> Vec<Entry> {
        shown.iter().enumerate().map(|(slot, entry)| (*entry).clone().guid(format!("slot-{slot}"))).collect()
    };
    let edited = all[0].clone().title("A shelter opens at the broad river");
    assert_eq!(came(world.poll(&slots(&[&all[3], &all[2], &all[1], &all[0]]))), (4, 0));
    // Two are where they were, so that ids are believed; the third is edited, and has another's slot.
    assert_eq!(came(world.poll(&slots(&[&all[3], &all[2], &edited]))), (0, 1));
    assert_eq!(world.titles(), titles_of(&[edited, all[1].clone(), all[2].clone(), all[3].clone()]));
}

#[test]
fn a_counter_that_begins_anew_overwrites_nothing() {
    for links in [true, false] {
        let mut world = World::new();
        let numbered = |items: Vec<Entry>, of: &str| -> Vec<Entry> {
            let number = |(n, e): (usize, Entry)| if links { e.link(format!("https://wire.example/{of}/{n}")) } else { e }.guid(n);
            items.into_iter().enumerate().map(number).collect()
        };
        let old = numbered(four(), "old");
        world.poll(&old);
        let new = vec![
            entry("Radio for returnees").text("It broadcasts in four languages every evening from now on.").at(30),
            entry("Teachers wanted in the highlands").text("Two hundred posts are open until the rainy season begins again.").at(31),
        ];
        let new = numbered(new, "new");
        assert_eq!(came(world.poll(&new)), (2, 0), "links: {links}");
        assert_eq!(came(world.poll(&new)), (0, 0));
        let all = [old, new].concat();
        assert_eq!(came(world.poll(&all)), (0, 0), "links: {links}");
        assert_eq!(world.titles(), titles_of(&all));
    }
}

#[test]
fn todays_briefing_under_one_guid_and_one_link_is_a_new_item_every_day() {
    let mut world = World::new();
    let days = [
        entry("Today's briefing: floods in Panama").text(SHELTER),
        entry("Today's briefing: elections in Chile").text(COURSE),
        entry("Today's briefing: boats near Haiti").text(RESCUE),
        entry("Today's briefing: money in Mexico").text(BUDGET),
    ];
    let other = entry("About this service")
        .guid("about")
        .link("https://wire.example/about")
        .text("Who writes the briefing and how to reach the desk by mail or telephone.")
        .at(-90);
    for (day, briefing) in days.iter().enumerate() {
        let briefing = briefing.clone().guid("briefing").link("https://wire.example/briefing").on(day as i64);
        let new = if day == 0 { 2 } else { 1 };
        assert_eq!(came(world.poll(&[briefing.clone(), other.clone()])), (new, 0), "day {day}");
        // Corrected later on that day.
        let corrected = briefing.clone().title(&format!("{}, corrected", briefing.title));
        assert_eq!(came(world.poll(&[other.clone(), corrected.clone()])), (0, 1), "day {day}");
        assert_eq!(came(world.poll(&[corrected, other.clone()])), (0, 0));
        assert_eq!(came(world.poll(&[briefing, other.clone()])), (0, 1));
        world.wait(DAY);
        world.restart();
    }
    assert_eq!(world.titles(), titles_of(&[&days[..], &[other]].concat()));
}

#[test]
fn a_daily_page_is_a_new_item_for_longer_than_a_link_is_looked_up() {
    let mut world = World::new();
    for day in 0..40i64 {
        let words = ["alpha", "bravo", "carol", "delta", "echoes", "foxes", "golfer", "hotels"];
        let word = |n: i64| words[(day * n % 8) as usize];
        let text = format!("{}{day} {}{day} told {}{day} that a{day} b{day} c{day} d{day} e{day}", word(1), word(3), word(5));
        let page = entry(&format!("{}{day} and {}{day}", word(1), word(3))).text(&text).on(day);
        let page = page.link("https://wire.example/today");
        assert_eq!(came(world.poll(std::slice::from_ref(&page))), (1, 0), "day {day}");
        let archive = entry("The archive").link("https://wire.example/archive").undated();
        assert_eq!(came(world.poll(&[page, archive])), (usize::from(day == 0), 0), "day {day}");
        world.wait(DAY);
    }
    assert_eq!(world.titles().len(), 41);
}

#[test]
fn translations_that_share_a_guid_are_items_of_their_own() {
    let mut world = World::new();
    let english = entry("Sixty families move into the new shelter").text(SHELTER).link("https://wire.example/en/shelter").guid("77").at(-3);
    let spanish = entry("Sesenta familias se mudan al nuevo albergue")
        .text("El nuevo albergue cerca del río tiene lugar para sesenta familias y abre sus puertas el lunes.")
        .link("https://wire.example/es/albergue")
        .guid("77")
        .at(-3);
    let (other, otra) = (
        entry("Solar course ends").text(COURSE).link("https://wire.example/en/solar").guid("78").at(-2),
        entry("Termina el curso de energía solar")
            .text("Cuarenta jóvenes aprendieron a reparar paneles solares durante tres meses en la capital.")
            .link("https://wire.example/es/solar")
            .guid("78")
            .at(-2),
    );
    assert_eq!(came(world.poll(&[english.clone(), other.clone()])), (2, 0));
    // The other language comes later, and alone.
    assert_eq!(came(world.poll(std::slice::from_ref(&spanish))), (1, 0));
    assert_eq!(came(world.poll(&[spanish.clone(), english.clone(), otra.clone(), other.clone()])), (1, 0));
    assert_eq!(came(world.poll(&[otra.clone(), other.clone(), english.clone(), spanish.clone()])), (0, 0));
    let edited = spanish.clone().title("Sesenta familias van al nuevo albergue");
    assert_eq!(came(world.poll(&[edited.clone(), english.clone(), other.clone()])), (0, 1));
    assert_eq!(world.titles(), titles_of(&[edited, english, other, otra]));
}

#[test]
fn an_edited_item_under_its_guid_stays_a_revision() {
    let mut world = World::new();
    let mut items = with_guids(linked(four()));
    world.poll(&items);
    // Reworded: in every word, with the date moved, with a new link, without its link, with another number.
    items[0].title = "Sixty households can sleep dry".into();
    items[1] = items[1].clone().title("What forty learned").at(3);
    items[2] = items[2].clone().title("Castaways saved from rough water at night").link("https://wire.example/news/castaways-saved").at(2);
    items[3].link = None;
    assert_eq!(came(world.poll(&items)), (0, 4));
    assert_eq!(came(world.poll(&items)), (0, 0));
    let mut toll = entry("At least 12 dead after a boat capsizes").text(RESCUE).guid("toll").link("https://wire.example/toll").at(1);
    items.push(toll.clone());
    assert_eq!(came(world.poll(&items)), (1, 0));
    toll = toll.title("At least 15 dead after a boat capsizes").at(5);
    items[4] = toll;
    assert_eq!(came(world.poll(&items)), (0, 1));
    assert_eq!(world.state("wire").ids, None);
    assert_eq!(world.titles(), titles_of(&items));
}

// --- ids that collide between sites -------------------------------------------------------------

#[test]
fn equal_numbers_of_two_sites_never_meet() {
    let mut world = World::of(&["wire", "paper"]);
    let on = |site: &str, items: Vec<Entry>| -> Vec<Entry> {
        items.into_iter().enumerate().map(|(n, e)| e.guid(n + 12).link(format!("https://{site}.example/{n}"))).collect()
    };
    let mut wire = on("wire", four());
    let paper = on(
        "paper",
        vec![entry("Teachers wanted").text("Two hundred posts are open.").at(-2), entry("Radio on air").text("In four languages.").at(-1)],
    );
    assert_eq!(came(world.poll_of("wire", &wire)), (4, 0));
    assert_eq!(came(world.poll_of("paper", &paper)), (2, 0));
    wire[0].title = "A shelter opened at the river".into();
    assert_eq!(came(world.poll_of("wire", &wire)), (0, 1));
    assert_eq!(came(world.poll_of("paper", &paper)), (0, 0));
    let stories = world.all();
    assert!(stories.iter().all(|story| story.copies.len() == 1));
    assert!(stories.iter().all(|story| story.editions[0].entry_id == format!("urn:uuid:{}", story.id)), "a number is no IRI");
    assert!(stories.iter().all(|story| story.id.get_version_num() == 5));
}

#[test]
fn a_source_that_copies_ids_and_links_gets_nobodys_story() {
    let mut world = World::of(&["wire", "paper"]);
    let wire = with_guids(linked(four()));
    world.poll_of("wire", &wire);
    let before = world.entries();
    let copied: Vec<Entry> = wire
        .iter()
        .map(|e| e.clone().title("Buy cheap watches here now").text("Cheap watches of all colours, sent home within two days."))
        .collect();
    assert_eq!(came(world.poll_of("paper", &copied[..1])), (1, 0));
    assert!(before.iter().all(|entry| world.entries().contains(entry)));
}

// --- ids that are made in another way from one day on -------------------------------------------

#[test]
fn a_new_way_to_make_guids_tells_nothing_twice() {
    type Scheme = fn(usize) -> String;
    let schemes: [(&str, Scheme, Scheme); 4] = [
        (
            "feed view to canonical",
            |n| format!("https://wire.example/feed/view/en/story/{n}"),
            |n| format!("https://wire.example/en/story/{n}"),
        ),
        ("wordpress to permalink", |n| format!("https://wire.example/?p={n}"), |n| format!("https://wire.example/news/{n}")),
        ("http to https", |n| format!("http://wire.example/id/{n}"), |n| format!("https://wire.example/id/{n}")),
        ("number to tag", |n| n.to_string(), |n| format!("tag:wire.example,2020:{n}")),
    ];
    for (name, old, new) in schemes {
        let mut world = World::new();
        let keyed =
            |items: &[Entry], scheme: Scheme| -> Vec<Entry> { items.iter().enumerate().map(|(n, e)| e.clone().guid(scheme(n))).collect() };
        let mut items = linked(four());
        world.poll(&keyed(&items, old));
        let changed = world.changed();
        assert_eq!(came(world.poll(&keyed(&items, new))), (0, 0), "{name}");
        assert_eq!(world.changed(), changed, "{name}: readers see nothing of it");
        items[1].title = "Something else under the new guid".into();
        items[1] = items[1].clone().at(5);
        items.push(entry("A fifth item").link("https://wire.example/news/5").at(4));
        assert_eq!(came(world.poll(&keyed(&items, new))), (1, 1), "{name}");
        assert_eq!(world.state("wire").ids, None, "{name}");
        // The new guid is an identity like the old one: the link may change after it.
        items[2].link = Some("https://wire.example/castaways".into());
        items[2].title = "Castaways are safe, says the coast guard".into();
        assert_eq!(came(world.poll(&keyed(&items, new))), (0, 1), "{name}");
        assert_eq!(came(world.poll(&keyed(&items, new))), (0, 0), "{name}");
        assert_eq!(world.titles(), titles_of(&items), "{name}");
    }
}

#[test]
fn guids_that_go_or_come_tell_nothing_twice() {
    let mut world = World::new();
    let items = linked(four());
    world.poll(&items);
    assert_eq!(came(world.poll(&with_guids(items.clone()))), (0, 0));
    assert_eq!(came(world.poll(&items)), (0, 0));
    assert_eq!(came(world.poll(&four())), (0, 4), "even their links are gone");
    assert_eq!(came(world.poll(&four())), (0, 0));
    assert_eq!(came(world.poll(&with_guids(items))), (0, 4));
    assert_eq!(world.titles().len(), 4);
}

// --- one link for several items -----------------------------------------------------------------

#[test]
fn items_that_share_one_link_are_known_by_guid_else_by_text() {
    for (guids, link) in [
        (true, "https://wire.example/"),
        (true, "https://wire.example/news"),
        (false, "https://wire.example/"),
        (false, "https://wire.example/news"),
    ] {
        let mut world = World::new();
        let keyed = |items: Vec<Entry>| {
            let items = items.into_iter().map(|e| e.link(link)).collect();
            if guids { with_guids(items) } else { items }
        };
        let mut items = keyed(four());
        assert_eq!(came(world.poll(&items)), (4, 0), "{link}, guids: {guids}");
        assert_eq!(came(world.poll(&items)), (0, 0), "{link}, guids: {guids}");
        items[0].title = "A new shelter opens at the river".into();
        items.reverse();
        assert_eq!(came(world.poll(&items)), (0, 1), "{link}, guids: {guids}");
        // One at a time.
        for item in &items {
            assert_eq!(came(world.poll(std::slice::from_ref(item))), (0, 0), "{link}, guids: {guids}: {item:?}");
        }
        let new = entry("Radio for returnees").text("It broadcasts in four languages every evening from now on.").link(link).at(7);
        let new = if guids { new.guid("item-9") } else { new };
        assert_eq!(came(world.poll(std::slice::from_ref(&new))), (1, 0), "{link}, guids: {guids}");
        world.restart();
        items.push(new);
        assert_eq!(came(world.poll(&items)), (0, 0), "{link}, guids: {guids}");
        assert_eq!(world.titles(), titles_of(&items));
    }
}

#[test]
fn twenty_and_more_items_on_one_page_are_known_again() {
    let mut world = World::new();
    let items: Vec<Entry> = (0..40)
        .map(|n| {
            entry(&format!("Point {n} of the day's digest"))
                .text(&format!("What was decided on point {n}."))
                .link("https://wire.example/digest")
                .on(-1)
        })
        .collect();
    assert_eq!(came(world.poll(&items)), (40, 0));
    assert_eq!(came(world.poll(&items)), (0, 0));
    assert_eq!(world.titles().len(), 40);
}

// --- leaving and coming back --------------------------------------------------------------------

#[test]
fn an_item_that_comes_back_after_weeks_is_the_same_item() {
    type Keys = fn(Vec<Entry>, usize) -> Vec<Entry>;
    let behaviours: [(&str, Keys); 5] = [
        ("guid and link", |items, _| with_guids(linked(items))),
        ("link", |items, _| linked(items)),
        ("guid", |items, _| with_guids(items)),
        ("nothing", |items, _| items),
        ("churning guid and link", |items, fetch| churned(&linked(items), fetch)),
    ];
    for (name, keys) in behaviours {
        let mut world = World::new();
        world.poll(&keys(four(), 0));
        let filler = |week: i64| -> Vec<Entry> {
            (0..3)
                .map(|n| {
                    let m = week * 3 + n;
                    entry(&format!("Notice{m} of office{m} about matter{m}"))
                        .text(&format!("a{m} b{m} c{m} d{m} e{m} f{m} g{m}"))
                        .at(week * 168 + n)
                        .guid(format!("filler-{m}"))
                        .link(format!("https://wire.example/filler/{m}"))
                })
                .collect()
        };
        for week in 1..5 {
            world.wait(7 * DAY);
            let mut items = filler(week);
            if name == "nothing" {
                items.iter_mut().for_each(|e| (e.guid, e.link) = (None, None));
            }
            assert_eq!(came(world.poll(&items)), (3, 0), "{name}");
        }
        world.restart();
        assert_eq!(came(world.poll(&keys(four(), 9))), (0, 0), "{name}");
        assert_eq!(world.titles().len(), 16, "{name}");
    }
}

// --- the same item twice in one document --------------------------------------------------------

#[test]
fn an_item_that_is_listed_twice_is_told_once() {
    let mut world = World::new();
    let item = || entry("A shelter opens at the river").text(SHELTER).link("https://wire.example/news/1").guid("1").at(-3);
    for (name, document) in [
        ("as it is", vec![item(), item()]),
        ("under two guids", vec![item(), item().guid("2")]),
        ("with a corrected title", vec![item(), item().title("A new shelter opens at the river")]),
        ("under another section", vec![item(), item().link("https://wire.example/press/1")]),
    ] {
        let report = world.poll(&document);
        let report_again = world.poll(&document.iter().rev().cloned().collect::<Vec<_>>());
        assert_eq!((world.titles().len(), report_again.new, report_again.revised), (1, 0, 0), "{name}: {report:?}");
    }
}

#[test]
fn white_space_in_a_guid_does_not_count_and_letter_case_does() {
    let mut world = World::new();
    let item = |guid: &str| entry("A shelter opens").link("https://wire.example/a").guid(guid).at(-2);
    let other = |guid: &str| entry("Quite another matter").link("https://wire.example/b").guid(guid).at(-2);
    assert_eq!(came(world.poll(&[item("Item  7"), other("item 7")])), (2, 0), "RFC 4287 §4.2.6.1: compared character by character");
    assert_eq!(came(world.poll(&[other("\n item 7 "), item("Item\t7")])), (0, 0));
    // Letter case alone makes two ids, and two ids of one link, title and date are one item.
    assert_eq!(came(world.poll(&[item("ITEM 7"), item("Item 7"), other("item 7")])), (0, 0));
    assert_eq!(world.titles().len(), 2);
    assert_eq!(world.state("wire").ids, None);
}

#[test]
fn the_order_of_a_document_decides_nothing() {
    let mut forward = World::new();
    let mut backward = World::new();
    let documents: Vec<Vec<Entry>> = vec![
        churned(&four(), 0),
        churned(&four()[1..], 1),
        linked(four()),
        four().into_iter().map(|e| e.guid("same").link("https://wire.example/page")).collect(),
        with_guids(four().into_iter().map(|e| e.link("https://wire.example/page")).collect()),
    ];
    for document in documents {
        let ahead = forward.poll(&document);
        let behind = backward.poll(&document.iter().rev().cloned().collect::<Vec<_>>());
        assert_eq!(came(ahead), came(behind));
    }
    assert_eq!(forward.titles(), titles_of(&four()));
    let ids = |world: &World| world.all().iter().map(|story| story.id).collect::<Vec<_>>();
    assert_eq!(ids(&forward), ids(&backward));
}

#[test]
fn a_thousand_items_that_only_their_text_tells_apart_are_a_thousand() {
    let mut world = World::new();
    let text = |n: usize| format!("Only the text {n} is another one in item {n}.");
    let alike: Vec<Entry> =
        (0..1_000).map(|n| entry("One title for all of them").guid("one").link("https://wire.example/one").text(&text(n)).on(-1)).collect();
    assert_eq!(came(world.poll(&alike)), (1_000, 0));
    assert_eq!(came(world.poll(&alike.iter().rev().cloned().collect::<Vec<_>>())), (0, 0));
}
