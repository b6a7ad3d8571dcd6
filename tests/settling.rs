//! What publishers take back, what waits for its original, what is too much at once, and what changed of it: at the level of
//! pulls, through the real writer.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common {
    pub mod world;
}

use common::world::{BEGIN, Entry, HOUR, World, entry};
use tributary::model::{Gone, Rule, Second, Story};

/// An item that has nothing in common with any other: `n` is the word that tells it apart.
fn told(n: usize) -> Entry {
    const WORDS: [&str; 12] =
        ["bridge", "harvest", "clinic", "railway", "museum", "harbour", "school", "glacier", "market", "theatre", "orchard", "quarry"];
    let word = WORDS[n % WORDS.len()];
    let link = format!("https://wire.example/{n}");
    entry(&format!("The {word} of district {n} opens again"))
        .text(&format!("After {} weeks the {word} is open.", n + 3))
        .link(&link)
        .guid(link)
        .at(0)
}

/// The Atom document of these items, each with the hour of its last change, and of what is taken back, each since an hour.
fn atom(items: &[(usize, i64)], retracted: &[(usize, Option<i64>)]) -> String {
    let at = |hours: i64| Second::from_unix(BEGIN + hours * HOUR + 60);
    let items = items.iter().map(|(n, hours)| {
        let Entry { title, text, link, .. } = told(*n);
        let link = link.unwrap();
        format!(
            "<entry><id>{link}</id><title>{title}</title><link href=\"{link}\"/><updated>{}</updated><summary>{text}</summary></entry>",
            at(*hours)
        )
    });
    let retracted = retracted.iter().map(|(n, hours)| {
        let when = hours.map(|hours| format!(" when=\"{}\"", at(hours))).unwrap_or_default();
        format!("<at:deleted-entry ref=\"https://wire.example/{n}\"{when}><at:comment>A slip</at:comment></at:deleted-entry>")
    });
    format!(
        "<feed xmlns=\"http://www.w3.org/2005/Atom\" xmlns:at=\"http://purl.org/atompub/tombstones/1.0\"><title>Wire</title>{}{}</feed>",
        items.collect::<String>(),
        retracted.collect::<String>()
    )
}

/// The titles that readers see, in the order of their places.
fn shown(world: &World) -> Vec<String> {
    let shown = |story: &Story| story.preferred(story.first_edition()).item.title.clone();
    world.all().iter().filter(|story| !story.is_gone()).map(shown).collect()
}

fn title(n: usize) -> String {
    told(n).title
}

#[test]
fn what_its_publisher_takes_back_goes_and_does_not_come_back_until_it_is_told_anew() {
    let mut world = World::new();
    world.poll_body("wire", &atom(&[(1, 0), (2, 0)], &[]));
    let report = world.poll_body("wire", &atom(&[(2, 0)], &[(1, Some(2))]));
    assert_eq!((report.withdrawn, shown(&world)), (1, vec![title(2)]));
    let story = world.all().into_iter().find(|story| story.is_gone()).unwrap();
    assert_eq!(story.edited.gone, Some(Gone::Retracted));
    let said = &story.edited.acts[0];
    assert_eq!((said.who.as_deref(), said.why.as_deref()), (Some("wire"), Some("withdrawn by its publisher")));
    // The same document, the same item listed as it was, and the tombstone without it: nothing happens.
    for (items, retracted) in [(&[(2, 0)][..], &[(1, Some(2))][..]), (&[(1, 0), (2, 0)], &[]), (&[(1, 0), (2, 0)], &[(1, Some(2))])] {
        let before = world.all();
        let report = world.poll_body("wire", &atom(items, retracted));
        assert_eq!((report.withdrawn + report.new + report.revised, world.all()), (0, before));
    }
    world.rebuild();
    // Told anew it stands where it stood.
    let place = story.first_edition().position;
    let report = world.poll_body("wire", &atom(&[(1, 5), (2, 0)], &[(1, Some(2))]));
    assert_eq!((report.revised, shown(&world).len()), (1, 2));
    let back = world.all().into_iter().find(|again| again.id == story.id).unwrap();
    assert_eq!((back.first_edition().position, back.copies[0].retracted, back.edited.acts.len()), (place, None, 2));
    // And it can be taken back again.
    assert_eq!(world.poll_body("wire", &atom(&[(2, 0)], &[(1, Some(6))])).withdrawn, 1);
}

#[test]
fn a_story_that_others_tell_goes_on_in_their_words() {
    let mut world = World::of(&["wire", "paper"]);
    world.poll_body("wire", &atom(&[(1, 0), (2, 0)], &[]));
    let theirs = Entry { guid: Some("p1".into()), link: Some("https://paper.example/1".into()), ..told(1) };
    world.poll_of("paper", &[Entry { title: format!("Paper: {}", theirs.title), ..theirs.clone() }]);
    let story =
        |world: &World| world.all().into_iter().find(|story| story.copies.iter().any(|copy| copy.item.source.as_str() == "paper")).unwrap();
    assert_eq!((world.all().len(), story(&world).copies.len()), (2, 2));
    // Nobody takes back what another one tells.
    let strange = atom(&[], &[(1, Some(3))]);
    world.poll_body("paper", &strange);
    assert_eq!(story(&world).copies.len(), 2);
    world.poll_body("wire", &atom(&[(2, 0)], &[(1, Some(4))]));
    let left = story(&world);
    assert_eq!((left.is_gone(), left.copies.len(), left.edited.withdrawn.len()), (false, 1, 1));
    assert!(shown(&world).contains(&format!("Paper: {}", title(1))));
    world.poll_body("wire", &atom(&[(1, 0), (2, 0)], &[(1, Some(4))]));
    assert_eq!(story(&world), left, "it is known again, and left out");
    world.poll_body("wire", &atom(&[(1, 8), (2, 0)], &[]));
    assert_eq!((story(&world).copies.len(), story(&world).edited.withdrawn.len()), (2, 0));
}

#[test]
fn a_story_that_was_taken_back_is_there_again_when_another_source_tells_it() {
    let mut world = World::of(&["wire", "paper"]);
    world.poll_body("wire", &atom(&[(1, 0)], &[]));
    world.poll_body("wire", &atom(&[(2, 0)], &[(1, Some(2))]));
    assert_eq!(shown(&world), [title(2)]);
    let theirs = Entry { guid: Some("p1".into()), link: Some("https://paper.example/1".into()), ..told(1) };
    world.poll_of("paper", std::slice::from_ref(&theirs));
    assert_eq!(shown(&world).len(), 2);
    let story = world.all().into_iter().find(|story| story.copies[0].item.source.as_str() == "paper").unwrap();
    assert_eq!((story.copies.len(), story.edited.withdrawn.len(), story.edited.gone), (1, 1, None));
    // The one that took it back can tell it anew, beside the other.
    world.poll_body("wire", &atom(&[(1, 9)], &[(1, Some(2))]));
    assert_eq!((shown(&world).len(), world.all().iter().map(|story| story.copies.len()).max()), (2, Some(2)));
}

#[test]
fn a_document_that_takes_nearly_everything_back_is_not_believed() {
    let mut world = World::new();
    let all: Vec<(usize, i64)> = (0..10).map(|n| (n, 0)).collect();
    world.poll_body("wire", &atom(&all, &[]));
    let most: Vec<(usize, Option<i64>)> = (0..6).map(|n| (n, Some(2))).collect();
    let report = world.poll_body("wire", &atom(&all[6..], &most));
    assert_eq!((report.withdrawn, shown(&world).len(), world.state("wire").guard.disbelieved), (0, 10, 6));
    let handful = &most[..5];
    let report = world.poll_body("wire", &atom(&all[6..], handful));
    assert_eq!((report.withdrawn, shown(&world).len(), world.state("wire").guard.disbelieved), (5, 5, 0));
}

#[test]
fn a_tombstone_without_a_time_counts_for_what_is_not_listed_and_one_id_for_several_items_for_nothing() {
    let mut world = World::new();
    world.poll_body("wire", &atom(&[(1, 0), (2, 0)], &[]));
    assert_eq!(world.poll_body("wire", &atom(&[(1, 0), (2, 0)], &[(1, None)])).withdrawn, 0);
    assert_eq!(world.poll_body("wire", &atom(&[(2, 0)], &[(1, None), (7, None)])).withdrawn, 1);
    assert_eq!(shown(&world), [title(2)]);
}

/// A world in which `mirror` is of a low rank and waits two hours.
fn waiting() -> World {
    let mut world = World::with(&["wire", "mirror"], |name| match name {
        "mirror" => "rank = 8\nsettle = \"2h\"\n".to_owned(),
        _ => "rank = 1\n".to_owned(),
    });
    // Of a source's first look only what is older is filed at once.
    for name in ["wire", "mirror"] {
        world.poll_of(name, &[]);
    }
    world
}

fn mirrored(n: usize) -> Entry {
    let Entry { title, text, .. } = told(n);
    entry(&format!("{title} | Mirror")).text(&text).link(format!("https://mirror.example/{n}")).guid(format!("m{n}")).at(2)
}

#[test]
fn a_story_waits_for_its_original_and_opens_with_it() {
    let mut world = waiting();
    let report = world.poll_of("mirror", &[mirrored(1)]);
    assert_eq!((report.new, shown(&world).len()), (1, 0), "it is kept, and nobody sees it");
    world.rebuild();
    world.poll_of("wire", &[told(1).at(3)]);
    assert_eq!(shown(&world), [title(1)]);
    let story = world.all().remove(0);
    let edition = story.first_edition();
    assert_eq!((story.copies.len(), edition.preferred, edition.switched, edition.updated), (2, 1, None, edition.position));
    assert_eq!(edition.position, Second::from_unix(BEGIN + 4 * HOUR), "its place is of when it was first shown");
}

#[test]
fn a_wait_ends_in_time_and_a_restart_neither_ends_nor_prolongs_it() {
    let mut world = waiting();
    world.poll_of("mirror", &[mirrored(1), mirrored(2)]);
    world.restart();
    world.poll_of("mirror", &[mirrored(1), mirrored(2), mirrored(3)]);
    assert_eq!(shown(&world).len(), 0);
    world.rebuild();
    world.poll_of("wire", &[told(9).at(4)]);
    let titles = [mirrored(2), mirrored(1), told(9)].map(|entry| entry.title);
    assert_eq!(shown(&world), titles, "the two whose wait is over stand before what this look brought");
    assert_eq!(world.all().iter().find(|story| story.is_gone()).unwrap().waits(), Some(Second::from_unix(BEGIN + 6 * HOUR)));
    world.poll_of("wire", &[told(9).at(4)]);
    assert_eq!(shown(&world)[3], mirrored(3).title);
    // The original that comes too late joins what is shown.
    world.poll_of("wire", &[told(1).at(7)]);
    assert_eq!(shown(&world).len(), 4);
}

#[test]
fn old_items_and_the_archive_of_a_first_look_do_not_wait() {
    let mut world = World::with(&["mirror"], |_| "settle = \"2h\"\n".to_owned());
    world.poll_of("mirror", &[mirrored(1).at(-90), mirrored(2).at(0)]);
    assert_eq!(shown(&world), [mirrored(1).title]);
}

#[test]
fn more_than_a_source_may_have_within_an_hour_is_filed_in_the_archive() {
    let mut world = World::with(&["wire"], |_| "most_per_hour = 3\n".to_owned());
    world.poll(&[]);
    let dated: Vec<Entry> =
        (0..5).map(|n| told(n).at(1)).enumerate().map(|(n, entry)| Entry { date: entry.date.map(|at| at + n as i64), ..entry }).collect();
    world.poll(&dated);
    let archived: Vec<bool> = world.all().iter().map(|story| story.first_edition().archived).collect();
    assert_eq!(archived, [true, true, false, false, false]);
    let verdict = world.all()[0].first_edition().verdict.unwrap();
    assert_eq!((verdict.rule, verdict.at), (Rule::TooMany { most: 3 }, Second::from_unix(BEGIN + 2 * HOUR)));
    assert_eq!(world.state("wire").guard.flood.map(|flood| (flood.verdict, flood.entries)), Some((verdict, 2)));
    world.rebuild();
    // An hour later there is room again.
    world.poll(&[told(7).at(3)]);
    assert!(!world.all().last().unwrap().first_edition().archived);
    assert_eq!(world.state("wire").guard.new_within_hour(Second::from_unix(BEGIN + 3 * HOUR)), 1);
}

#[test]
fn each_change_of_an_item_is_written_down_and_trivial_ones_are_none() {
    let mut world = World::new();
    let first = told(0).text("The bridge was closed for 3 weeks. 2 comments");
    world.poll(std::slice::from_ref(&first));
    for trivial in [
        first.clone().text("The bridge  was closed for 3 weeks. 14 comments"),
        first.clone().link("https://wire.example/0?utm_source=feed"),
        first.clone().title("The BRIDGE of district 0 opens again"),
    ] {
        assert_eq!(world.poll(std::slice::from_ref(&trivial)).revised, 0, "{trivial:?}: {:?}", world.all());
    }
    let second =
        first.clone().title("The bridge of district 0 opens again on Monday").text("The bridge was closed for 4 weeks. 20 comments");
    world.poll(std::slice::from_ref(&second));
    world.poll(&[second.link("https://wire.example/news/0")]);
    world.rebuild();
    let revisions = world.all().remove(0).copies.remove(0).revisions;
    let told: Vec<String> = revisions.iter().map(|revision| revision.words()).collect();
    let expected = [
        "title, was “The bridge of district 0 opens again”; text, 9 words before and 9 after: “3 weeks. 2” became “4 weeks. 20”",
        "link, was https://wire.example/0",
    ];
    assert_eq!(told, expected);
    for n in 0..25 {
        world.poll(&[first.clone().title(&format!("The bridge of district {n} opens again"))]);
    }
    assert_eq!(world.all().remove(0).copies.remove(0).revisions.len(), 20);
}
