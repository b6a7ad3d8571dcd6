//! A small world of true items, told by publishers of every behaviour, in any order, with any edits: each is one story.
//!
//! Every item carries a mark in its text that no rule knows of. However it is told, the stories
//! have to carry each mark that was ever shown once, under the title that was shown last. The [`World`]
//! adds that no place, no entry id and no story changes or disappears, and that restarts and the journal alone tell the same.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common {
    pub mod world;
}

use std::collections::BTreeMap;

use common::world::{BEGIN, DAY, Entry, HOUR, World, entry};
use proptest::prelude::*;

/// What a publisher does with ids and links.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Behaviour {
    GuidAndLink,
    Guid,
    Link,
    Nothing,
    ChurningGuidAndLink,
    ChurningGuid,
    Sessions,
    SlotsAndLink,
    Slots,
    OneGuidAndLinks,
    GuidsAndOneLink,
    OneGuidAndOneLink,
}

use Behaviour::*;

const BEHAVIOURS: [Behaviour; 12] = [
    GuidAndLink,
    Guid,
    Link,
    Nothing,
    ChurningGuidAndLink,
    ChurningGuid,
    Sessions,
    SlotsAndLink,
    Slots,
    OneGuidAndLinks,
    GuidsAndOneLink,
    OneGuidAndOneLink,
];

#[derive(Debug, Clone, Copy)]
enum Edit {
    /// A word more in the title.
    Longer,
    /// A word less.
    Shorter,
    /// Another word in a word's place.
    Reworded,
    Text,
    Date,
}

/// One document: which items, turned by how much, which is there twice, and what was edited before.
#[derive(Debug, Clone)]
struct Poll {
    shown: Vec<usize>,
    turned: usize,
    twice: bool,
    edits: Vec<(usize, Edit)>,
    restart: bool,
}

const ITEMS: usize = 8;

fn poll() -> impl Strategy<Value = Poll> {
    let shown = proptest::sample::subsequence((0..ITEMS).collect::<Vec<_>>(), 1..=ITEMS);
    let edit = prop_oneof![Just(Edit::Longer), Just(Edit::Shorter), Just(Edit::Reworded), Just(Edit::Text), Just(Edit::Date)];
    (shown, 0..ITEMS, prop::bool::weighted(0.2), prop::collection::vec((0..ITEMS, edit), 0..3), prop::bool::weighted(0.2))
        .prop_map(|(shown, turned, twice, edits, restart)| Poll { shown, turned, twice, edits, restart })
}

/// A word that only this item has.
fn word(item: usize, n: usize) -> String {
    const HEADS: [&str; 8] = ["bar", "cel", "dun", "fog", "gim", "hov", "jat", "kes"];
    const TAILS: [&str; 8] = ["ado", "ele", "isk", "orm", "uly", "ync", "ast", "elf"];
    format!("{}{}{}", HEADS[item], TAILS[n % 8], TAILS[(n / 8 + 3 * item) % 8])
}

/// The items as they are first written. Some are a series that is told in the same words, numbers apart.
fn world_of_items(by_day: bool) -> Vec<Entry> {
    (0..ITEMS)
        .map(|item| {
            let words = |from: usize, count: usize| (from..from + count).map(|n| word(item, n)).collect::<Vec<_>>().join(" ");
            let told = match item {
                0..3 => entry(&format!("Flash update {} on the flood in the valley", item + 7)).text(&format!(
                    "The water keeps rising and all roads to the villages of the valley are closed until further notice. mark{item}x"
                )),
                _ => entry(&words(0, 6)).text(&format!("{} mark{item}x", words(6, 16))),
            };
            let date = BEGIN - 9 * DAY + item as i64 * 11 * HOUR;
            Entry { date: Some(if by_day { date - date % DAY } else { date + 60 * (7 + item as i64) }), ..told }
        })
        .collect()
}

fn edited(entry: &Entry, edit: Edit, nth: usize) -> Entry {
    let mut title: Vec<String> = entry.title.split(' ').map(str::to_owned).collect();
    let mut text: Vec<String> = entry.text.split(' ').map(str::to_owned).collect();
    match edit {
        Edit::Longer if title.len() < 9 => title.push(format!("plus{}", ["one", "two", "six"][nth % 3])),
        Edit::Shorter if title.len() > 5 => drop(title.pop()),
        Edit::Reworded if title.len() > 5 => *title.last_mut().unwrap() = format!("anew{}", ["ly", "ed", "er"][nth % 3]),
        Edit::Text => text[nth % 4] = format!("other{}", ["wise", "kind", "part"][nth % 3]),
        Edit::Date => return Entry { date: entry.date.map(|at| at + HOUR * (1 + nth as i64 % 30)), ..entry.clone() },
        _ => {}
    }
    Entry { title: title.join(" "), text: text.join(" "), ..entry.clone() }
}

/// An item as a publisher of that behaviour lists it at the `fetch`th fetch, in the `slot`th place of its list.
fn listed(behaviour: Behaviour, told: &Entry, item: usize, slot: usize, fetch: usize) -> Entry {
    let told = told.clone();
    let (guid, link) = (format!("item-{item}"), format!("https://wire.example/news/{item}"));
    let churn = format!("{:016x}", ((item + ITEMS * fetch) as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let page = "https://wire.example/news";
    match behaviour {
        GuidAndLink => told.guid(guid).link(link),
        Guid => told.guid(guid),
        Link => told.link(link),
        Nothing => told,
        ChurningGuidAndLink => told.guid(churn).link(link),
        ChurningGuid => told.guid(churn),
        Sessions => told.guid(format!("https://wire.example/read?n={item}&session={churn}")),
        SlotsAndLink => told.guid(format!("slot-{slot}")).link(link),
        Slots => told.guid(format!("slot-{slot}")),
        OneGuidAndLinks => told.guid("https://wire.example/").link(link),
        GuidsAndOneLink => told.guid(guid).link(page),
        OneGuidAndOneLink => told.guid("https://wire.example/").link(page),
    }
}

fn mark(text: &str) -> String {
    text.split(|c: char| !c.is_alphanumeric()).find(|word| word.starts_with("mark") && word.ends_with('x')).unwrap_or("none").to_owned()
}

/// `behaviours` are the publisher's before and after it had its site made anew, at the third fetch.
fn tell(behaviours: (Behaviour, Behaviour), by_day: bool, polls: &[Poll]) {
    let mut world = World::new();
    let mut items = world_of_items(by_day);
    let mut shown: BTreeMap<String, String> = BTreeMap::new();
    for (fetch, poll) in polls.iter().enumerate() {
        let behaviour = if fetch < 3 { behaviours.0 } else { behaviours.1 };
        // Under one guid and one link, "update 7" that is followed by "update 8" in the same words is a revision.
        let told_apart = |item: &usize| behaviour != OneGuidAndOneLink || *item > 2;
        let shown_now: Vec<usize> = poll.shown.iter().copied().filter(told_apart).collect();
        if shown_now.is_empty() {
            continue;
        }
        // Where neither id nor link holds, an item alone in its document that is edited twice between two fetches has
        // nothing left to be known by; nor has one that is edited while its site is made anew.
        let (is_bare, is_made_anew) = (matches!(behaviour, ChurningGuid | Sessions), behaviours.0 != behaviours.1);
        let in_sight = |item: &usize| !(is_bare || is_made_anew) || shown_now.contains(item);
        // A new date alone is nothing that is written down.
        let is_kept = |edit: &Edit| !(is_made_anew && matches!(edit, Edit::Date));
        let most = if is_made_anew && fetch >= 3 {
            0
        } else if is_bare {
            1
        } else {
            2
        };
        let edits = poll.edits.iter().filter(|(item, edit)| in_sight(item) && is_kept(edit)).take(most);
        for (n, (item, edit)) in edits.enumerate() {
            items[*item] = edited(&items[*item], *edit, fetch + n);
        }
        // The newest stands first, as the list has it; what is shown of it is turned.
        let mut document: Vec<Entry> =
            shown_now.iter().rev().enumerate().map(|(slot, item)| listed(behaviour, &items[*item], *item, slot, fetch)).collect();
        let turned = poll.turned % document.len();
        document.rotate_left(turned);
        if poll.twice {
            document.push(document[0].clone());
        }
        shown.extend(shown_now.iter().map(|item| (mark(&items[*item].text), items[*item].title.clone())));
        world.poll(&document);
        let mut told: Vec<(String, String)> =
            world.all().iter().map(|story| (mark(&story.copies[0].item.summary), story.copies[0].item.title.clone())).collect();
        told.sort();
        let expected: Vec<(String, String)> = shown.clone().into_iter().collect();
        assert_eq!(told, expected, "{behaviour:?}, fetch {fetch}");
        if poll.restart {
            world.restart();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(32), failure_persistence: None, max_shrink_iters: 400, ..ProptestConfig::default() })]

    #[test]
    fn every_true_item_is_one_story(behaviour in proptest::sample::select(BEHAVIOURS.to_vec()), by_day: bool, polls in prop::collection::vec(poll(), 2..8)) {
        tell((behaviour, behaviour), by_day, &polls);
    }

    #[test]
    fn a_site_made_anew_tells_nothing_twice(before in proptest::sample::select(BEHAVIOURS.to_vec()), after in proptest::sample::select(BEHAVIOURS.to_vec()), by_day: bool, polls in prop::collection::vec(poll(), 4..9)) {
        tell((before, after), by_day, &polls);
    }
}
