//! When sources are asked, through the public door: publishers on loopback and clocks that do as they are told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common {
    pub mod world;
}

use std::time::Duration;

use common::world::{DAY, World, entry};

#[test]
fn the_rhythm_of_a_source_is_kept_through_restarts_and_is_in_the_journal() {
    let mut world = World::new();
    // Three weekly items; a look a day shows two more, which are a week apart.
    let weekly = |n: i64| entry(&format!("Note {n}")).guid(n).at(24 * 7 * (n - 3));
    for day in 0..10 {
        let entries: Vec<_> = (0..4 + day / 7).map(weekly).collect();
        world.poll(&entries);
        world.wait(DAY - 3600);
    }
    let rhythm = world.state("wire").rhythm;
    assert_eq!(
        serde_json::to_string(&rhythm).unwrap(),
        r#"[["2020-08-23",1],["2020-08-30",1],["2020-09-06",1],["2020-09-13",1],["2020-09-20",1]]"#
    );
    assert_eq!(rhythm.usual_gap(), Some(Duration::from_hours(7 * 24)));
    // Both compare what is known of every source before and after.
    world.restart();
    world.rebuild();
}
