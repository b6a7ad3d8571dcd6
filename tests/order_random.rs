//! The same pulls in another order of their items, and with restarts anywhere between, give the same stories, ids and bytes.
//!
//! Three publishers tell the same true items in their own words, edit them, take them back and tell them anew; one of them waits
//! for the others. Each script is played twice: once as it is, and once with each document turned about, with restarts, and with
//! the view made anew from the journal. Where items have no date of their own, the order of the document is that of their places:
//! then all else has to be the same.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common {
    pub mod world;
}

use std::collections::BTreeMap;

use common::world::{BEGIN, HOUR, World};
use proptest::prelude::*;
use tributary::model::{Second, Story};

const SOURCES: [&str; 3] = ["wire", "paper", "mirror"];
/// True items, and things that a publisher can do with each.
const ITEMS: usize = 6;

/// What becomes of a view between two pulls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Between {
    Nothing,
    Restart,
    Rebuild,
}

/// One pull: whose, which items are listed, which are edited before and which taken back; and what only the second play does.
#[derive(Debug, Clone)]
struct Pull {
    source: usize,
    listed: Vec<usize>,
    edited: Option<usize>,
    retracted: Option<usize>,
    order: Vec<usize>,
    between: Between,
}

fn pull() -> impl Strategy<Value = Pull> {
    let listed = proptest::sample::subsequence((0..ITEMS).collect::<Vec<_>>(), 0..=ITEMS);
    let (edited, retracted) = (prop::option::weighted(0.4, 0..ITEMS), prop::option::weighted(0.3, 0..ITEMS));
    let order = Just((0..ITEMS).collect::<Vec<_>>()).prop_shuffle();
    let between = prop_oneof![3 => Just(Between::Nothing), 1 => Just(Between::Restart), 1 => Just(Between::Rebuild)];
    (0..SOURCES.len(), listed, edited, retracted, order, between).prop_map(|(source, listed, edited, retracted, order, between)| Pull {
        source,
        listed,
        edited,
        retracted,
        order,
        between,
    })
}

/// What a publisher tells of a true item after so many edits: others in their own words, a series, and one that another copies under its own address.
fn entry(source: usize, item: usize, edits: usize, hours: i64, is_dated: bool) -> String {
    const WORDS: [&str; 4] = ["bridge", "harvest", "clinic", "railway"];
    let name = SOURCES[source];
    let later = ["", " on Monday", " on Monday at noon", " after a long wait"][edits % 4];
    let (title, text) = match item {
        0..4 => {
            let word = WORDS[item];
            let who = ["", "Paper: ", ""][source];
            let figure = 1_237 + 311 * item;
            (
                format!("{who}The {word} of the northern district opens again{later}"),
                format!(
                    "After {figure} days of repairs the {word} is open to everybody, said the mayor, who had cut {} ribbons before.",
                    item + 3
                ),
            )
        }
        _ => (
            format!("Flash update {} on the flood in the valley", item + 7),
            format!("The water keeps rising and {}12 people had to leave their homes{later}.", item + 1),
        ),
    };
    // The paper lists the page of the wire itself.
    let link = if item == 3 && source == 1 { "https://wire.example/3".to_owned() } else { format!("https://{name}.example/{item}") };
    let at = |hours: i64, seconds: i64| Second::from_unix(BEGIN + hours * HOUR + seconds);
    let (published, updated) = (at(0, 60 * item as i64 + source as i64), at(hours, 60 * item as i64 + source as i64));
    let published = if is_dated { format!("<published>{published}</published>") } else { String::new() };
    format!(
        "<entry><id>urn:{name}:{item}</id><title>{title}</title><link href=\"{link}\"/>{published}\
         <updated>{updated}</updated><summary>{text}</summary></entry>"
    )
}

/// Plays a script, and gives all stories and the feeds as they are published at the end.
fn play(pulls: &[Pull], is_turned: bool, is_dated: bool) -> (Vec<Story>, Vec<String>) {
    let mut world = World::with(&SOURCES, |name| match name {
        "mirror" => "rank = 8\nsettle = \"90m\"\n".to_owned(),
        // Which of them are too many is a matter of their order.
        "paper" if is_dated => "rank = 4\nmost_per_hour = 3\n".to_owned(),
        "paper" => "rank = 4\n".to_owned(),
        _ => "rank = 1\n".to_owned(),
    });
    let mut edits: BTreeMap<(usize, usize), (usize, i64)> = BTreeMap::new();
    for pull in pulls {
        let hours = world.hours() + 1;
        let key = |item: usize| (pull.source, item);
        if let Some(item) = pull.edited {
            let edited = edits.entry(key(item)).or_default();
            *edited = (edited.0 + 1, hours);
        }
        let order = if is_turned { pull.order.clone() } else { (0..ITEMS).collect() };
        let listed = order.into_iter().filter(|item| pull.listed.contains(item)).map(|item| {
            let (edits, hours) = edits.get(&key(item)).copied().unwrap_or_default();
            entry(pull.source, item, edits, hours, is_dated)
        });
        let retracted = pull.retracted.map(|item| {
            let when = Second::from_unix(BEGIN + hours * HOUR);
            format!("<at:deleted-entry ref=\"urn:{}:{item}\" when=\"{when}\"/>", SOURCES[pull.source])
        });
        let document = format!(
            "<feed xmlns=\"http://www.w3.org/2005/Atom\" xmlns:at=\"http://purl.org/atompub/tombstones/1.0\"><title>T</title>{}{}</feed>",
            listed.collect::<String>(),
            retracted.unwrap_or_default()
        );
        world.poll_body(SOURCES[pull.source], &document);
        match pull.between {
            Between::Restart if is_turned => world.restart(),
            Between::Rebuild if is_turned => world.rebuild(),
            _ => {}
        }
    }
    let feeds = ["feed.atom", "feed/source/wire.atom", "feed/source/mirror.json", "feed.rss"];
    (world.all(), feeds.iter().map(|feed| world.print(feed)).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(16), failure_persistence: None, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn neither_the_order_of_items_nor_a_restart_makes_a_difference(pulls in prop::collection::vec(pull(), 2..9)) {
        let (plain, turned) = (play(&pulls, false, true), play(&pulls, true, true));
        prop_assert_eq!(plain.0, turned.0);
        prop_assert_eq!(plain.1, turned.1);
    }

    #[test]
    fn without_dates_the_order_of_items_makes_no_difference_but_in_their_places(pulls in prop::collection::vec(pull(), 2..7)) {
        let unplaced = |is_turned: bool| {
            let (mut stories, _) = play(&pulls, is_turned, false);
            for edition in stories.iter_mut().flat_map(|story| &mut story.editions) {
                (edition.position, edition.updated) = (Second::EPOCH, Second::EPOCH);
            }
            stories.sort_by_key(|story| story.id);
            stories
        };
        prop_assert_eq!(unplaced(false), unplaced(true));
    }
}
