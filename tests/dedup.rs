//! What becomes of an item, and what never happens to a story.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;

use common::{at, item, labels};
use tributary::{
    dedup::{self, Also, By, Candidates, Decision, Own, Sketch, Sought, Teller, Telling, Window, decide, refile},
    model::{
        Act, Gone, Item, Labels, Lang, Retracted, Retraction, Revision, Rule, Said, Second, Story, TextChange, TopicLabel, Verdict, Why,
    },
};

const WIRE: Teller<'static> = Teller { rank: 1, hosts: &["wire.example"], settles: false };
const PAPER: Teller<'static> = Teller { rank: 5, hosts: &["www.paper.example"], settles: false };

fn begin(item: Item, lang: Lang, teller: Teller<'_>, now: Second) -> Story {
    match decide(item, labels(lang), teller, Candidates::default(), now) {
        Decision::NewStory(story) => story,
        other => panic!("{other:?}"),
    }
}

fn linked(item: Item, lang: Lang, teller: Teller<'_>, story: &Story, now: Second) -> Decision {
    decide(item, labels(lang), teller, Candidates { linked: &[story], ..Candidates::default() }, now)
}

fn own(item: Item, story: &Story, now: Second) -> Decision {
    known(item, Own { story, copy: 0, by: By::Id, also: None, keeps_link: false }, now)
}

fn known(item: Item, own: Own<'_>, now: Second) -> Decision {
    decide(item, labels(Lang::EN), WIRE, Candidates { own: Some(own), ..Candidates::default() }, now)
}

/// The paper's copy of the wire's page.
fn copy(title: &str) -> Item {
    let wire = item("wire", "1", title);
    Item { link: wire.link, canonical: wire.canonical, ..item("paper", "p1", title) }
}

#[test]
fn the_same_page_told_by_two_sources_is_one_story() {
    let story = begin(item("wire", "1", "A course for young people"), Lang::EN, WIRE, at(0));
    let Decision::Joined(joined) = linked(copy("A course for young people"), Lang::EN, PAPER, &story, at(9)) else { panic!("it joins") };
    assert_eq!(joined.copies.len(), 2);
    assert_eq!((joined.id, &joined.editions), (story.id, &story.editions), "the worse copy changes nothing that readers see");
}

#[test]
fn a_story_is_found_by_what_its_first_item_was_looked_for() {
    let dated = Item { published: Some(at(-9)), ..item("wire", "1", "480 young people of Puebla and Oaxaca begin a course of 12 weeks") };
    let linked = Item { link: Some("https://www.wire.example/es/curso-de-jovenes".to_owned()), ..dated.clone() };
    let told = Item { summary: "In 2 halls 1,204 of them hear what awaits them; 311 came from Guatemala.".to_owned(), ..linked.clone() };
    for item in [item("wire", "1", "A course for young people"), dated, linked, told] {
        let labels = labels(Lang::ES);
        let trace = Sought::of(&Sketch::of(Telling { item: &item, labels: &labels }, at(0))).trace();
        let story = begin(item, Lang::ES, WIRE, at(0));
        let mut window = Window::default();
        window.add(&story, at(0));
        assert_eq!(window.into_traces().remove(&story.id), Some(trace));
    }
}

#[test]
fn a_story_that_is_filed_again_keeps_its_languages_and_is_about_what_its_editions_are() {
    let story = begin(item("wire", "1", "A course for young people"), Lang::EN, WIRE, at(0));
    let Decision::Joined(story) = linked(copy("A course for young people"), Lang::EN, PAPER, &story, at(9)) else { panic!("it joins") };
    let spanish = Item { link: story.copies[0].item.link.clone(), ..copy("A course for young people (es)") };
    let Decision::NewEdition(story) = linked(Item { source: "radio".parse().unwrap(), ..spanish }, Lang::ES, PAPER, &story, at(10)) else {
        panic!("it is an edition")
    };
    let filed = |lang, topics: &[(&str, f32)]| {
        let topic = |(slug, score): &(&str, f32)| TopicLabel { slug: slug.parse().unwrap(), score: *score, evidence: vec![] };
        Labels { topics: topics.iter().map(topic).collect(), ..labels(lang) }
    };
    assert_eq!(refile(&story, story.copies.iter().map(|copy| copy.labels.clone())), None);
    // Of the paper's copy nobody sees anything, so that it files nothing.
    let other = [
        filed(Lang::FR, &[("youth", 5.0)]),
        filed(Lang::FR, &[("diaspora", 99.0)]),
        filed(Lang::FR, &[("remittances", 7.0), ("youth", 6.0)]),
    ];
    let again = refile(&story, other.clone()).unwrap();
    assert_eq!(again.topics.iter().map(AsRef::as_ref).collect::<Vec<&str>>(), ["remittances", "youth"]);
    assert_eq!((again.id, &again.editions), (story.id, &story.editions));
    for ((before, after), other) in story.copies.iter().zip(&again.copies).zip(&other) {
        assert_eq!((&after.item, after.labels.lang, &after.labels.topics), (&before.item, before.labels.lang, &other.topics));
    }
    assert_eq!(refile(&again, other), None);
}

#[test]
fn copying_an_address_gets_nobody_into_a_story() {
    let story = begin(item("wire", "1", "A course for young people"), Lang::EN, WIRE, at(0));
    let hijack = linked(copy("Buy cheap watches here now"), Lang::EN, PAPER, &story, at(9));
    assert!(matches!(hijack, Decision::NewStory(_)), "{hijack:?}");
    // The publisher whose page it is may call it what it likes.
    let late = begin(copy("Seen on the wire: a course"), Lang::EN, PAPER, at(0));
    assert!(matches!(linked(item("wire", "1", "Young people learn"), Lang::EN, WIRE, &late, at(9)), Decision::Joined(_)));
    // Numbered series share much and are not the same.
    let twelve = begin(item("wire", "1", "Flash update 12 on the flood in the valley"), Lang::EN, WIRE, at(0));
    assert!(matches!(linked(copy("Flash update 13 on the flood in the valley"), Lang::EN, PAPER, &twelve, at(9)), Decision::NewStory(_)));
}

#[test]
fn a_better_copy_takes_over_once_and_while_the_story_is_young() {
    let story = begin(copy("A course for young people"), Lang::EN, PAPER, at(0));
    let original = Item { summary: "With much more to say about it.".into(), ..item("wire", "1", "A course for young people") };
    let Decision::Joined(taken) = linked(original.clone(), Lang::EN, WIRE, &story, at(60)) else { panic!("it joins") };
    let (before, after) = (&story.editions[0], &taken.editions[0]);
    assert_eq!((after.preferred, after.switched, after.updated), (1, Some(at(60)), at(60)));
    assert_eq!((&after.entry_id, after.position), (&before.entry_id, before.position), "id and place never move");
    let Decision::Joined(late) = linked(original, Lang::EN, WIRE, &story, at(3 * 86_400)) else { panic!("it joins") };
    assert_eq!((late.editions[0].preferred, late.editions[0].updated), (0, at(0)));
}

#[test]
fn another_language_is_an_edition_of_its_own() {
    let story = begin(item("wire", "1", "A course for young people"), Lang::EN, WIRE, at(0));
    let spanish = Item { canonical: story.copies[0].item.canonical.clone(), ..item("wire-es", "1", "A course for young people") };
    let Decision::NewEdition(both) = linked(spanish, Lang::ES, WIRE, &story, at(9)) else { panic!("an edition") };
    assert_eq!(both.editions.iter().map(|edition| edition.lang).collect::<Vec<_>>(), [Lang::EN, Lang::ES]);
    assert_ne!(both.editions[0].entry_id, both.editions[1].entry_id);
    assert_eq!(both.first_edition().lang, Lang::EN);
}

#[test]
fn only_what_readers_should_see_is_a_change() {
    let story = begin(item("wire", "1", "A course for young people"), Lang::EN, WIRE, at(0));
    for same in [
        item("wire", "1", "A  course for young\u{a0}people"),
        item("wire", "1", "A COURSE for young people"),
        Item { authors: vec!["Ana".into()], published: Some(at(-9)), ..item("wire", "1", "A course for young people") },
    ] {
        assert_eq!(own(same, &story, at(9)), Decision::Same);
    }
    let Decision::Revised(revised) = own(item("wire", "1", "Corrected: a course"), &story, at(9)) else { panic!("a revision") };
    assert_eq!((revised.editions[0].updated, revised.editions[0].position, revised.copies[0].revised), (at(9), at(0), Some(at(9))));
}

#[test]
fn an_item_keeps_its_first_id_and_goes_by_the_last_one_too() {
    let story = begin(item("wire", "1", "A course for young people"), Lang::EN, WIRE, at(0));
    let own = Own { story: &story, copy: 0, by: By::Link, also: None, keeps_link: false };
    let other = |title: &str| Item { canonical: story.copies[0].item.canonical.clone(), ..item("wire", "2", title) };
    let named = |by_itself| Some(Also { key: "2", by_itself });
    assert_eq!(known(other("A course for young people"), own, at(9)), Decision::Same);
    assert_eq!(known(other("A course for young people"), Own { also: named(false), ..own }, at(9)), Decision::Same);
    let redated = Item { published: Some(at(-5)), ..other("A course for young people") };
    let Decision::Renamed(renamed) = known(redated, Own { also: named(true), ..own }, at(9)) else { panic!("renamed") };
    assert_eq!(renamed.copies[0].item.published, Some(at(-5)), "what is written anyway takes the date along");
    let upstream = &renamed.copies[0].item.upstream;
    assert_eq!((upstream.id.as_str(), upstream.also.as_deref()), ("1", Some("2")));
    assert_eq!((renamed.id, &renamed.editions, renamed.copies[0].revised), (story.id, &story.editions, None), "readers see nothing of it");
    let Decision::Revised(revised) = known(other("A longer course"), Own { also: named(false), ..own }, at(9)) else { panic!("revised") };
    let upstream = &revised.copies[0].item.upstream;
    assert_eq!((upstream.id.as_str(), upstream.also.as_deref()), ("1", Some("2")), "what is written anyway takes it along");
}

#[test]
fn the_session_in_a_link_is_no_news() {
    let at_page =
        |link: &str| Item { link: Some(format!("https://{link}")), canonical: Some(link.into()), ..item("wire", "1", "A course") };
    let story = begin(at_page("wire.example/read?n=1&sid=7"), Lang::EN, WIRE, at(0));
    let own = Own { story: &story, copy: 0, by: By::Text, also: None, keeps_link: false };
    let Decision::Renamed(renamed) = known(at_page("wire.example/read?n=1&sid=8"), own, at(9)) else { panic!("another query") };
    assert_eq!(renamed.copies[0].item.canonical.as_deref(), Some("wire.example/read?n=1&sid=8"));
    assert_eq!(renamed.editions, story.editions);
    assert_eq!(known(at_page("wire.example/read?n=1&sid=8"), Own { keeps_link: true, ..own }, at(9)), Decision::Same);
    assert!(matches!(known(at_page("wire.example/course"), own, at(9)), Decision::Revised(_)), "another page");
}

#[test]
fn a_page_that_its_source_fills_anew_is_joined_by_nobody_of_that_source() {
    let story = begin(item("wire", "1", "Monday's briefing"), Lang::EN, WIRE, at(0));
    let Decision::Joined(both) = linked(copy("Monday's briefing"), Lang::EN, PAPER, &story, at(5)) else { panic!("it joins") };
    let next = Item { canonical: story.copies[0].item.canonical.clone(), ..item("wire", "2", "Tuesday's news") };
    assert!(matches!(linked(next, Lang::EN, WIRE, &both, at(9)), Decision::NewStory(_)));
}

#[test]
fn an_entry_keeps_the_publishers_id_when_it_is_an_iri_and_free() {
    let entry = |id: &str, id_is_used: bool| {
        let candidates = Candidates { id_is_used, ..Candidates::default() };
        match decide(item("wire", id, "Title"), labels(Lang::EN), WIRE, candidates, at(0)) {
            Decision::NewStory(story) => story.editions[0].entry_id.clone(),
            other => panic!("{other:?}"),
        }
    };
    for iri in ["https://wire.example/1", "tag:wire.example,2020:1", "urn:uuid:6e0c4b52-9d4f-4c1e-8a57-747269627574"] {
        assert_eq!(entry(iri, false), iri);
        assert!(entry(iri, true).starts_with("urn:uuid:") && entry(iri, true) != iri);
    }
    for other in ["12 at https://wire.example", "42", "https://", "a b:c", "x"] {
        assert!(entry(other, false).starts_with("urn:uuid:"), "{other}");
        assert_eq!(entry(other, false), entry(other, false));
    }
}

#[test]
fn of_two_stories_the_one_that_waits_is_the_younger_however_old_it_is() {
    let mut waiting = begin(item("mirror", "1", "A course"), Lang::EN, PAPER, at(0));
    waiting.edited.gone = Some(Gone::Waiting(at(900)));
    let shown = begin(item("wire", "1", "A course"), Lang::EN, WIRE, at(100));
    let said = Said { act: Act::Join, at: at(200), who: None, why: None };
    let (whole, left) = dedup::join(&waiting, &shown, &Why::Between, said.clone()).unwrap();
    assert_eq!((whole.id, &whole.editions, whole.edited.gone), (shown.id, &shown.editions, None));
    assert_eq!((whole.copies.len(), left.joined()), (2, Some(shown.id)));
    // Two that wait, wait for the shorter time.
    let mut other = begin(item("paper", "2", "A course"), Lang::EN, PAPER, at(50));
    other.edited.gone = Some(Gone::Waiting(at(500)));
    let (whole, _) = dedup::join(&waiting, &other, &Why::Between, said).unwrap();
    assert_eq!((whole.id, whole.waits()), (waiting.id, Some(at(500))));
}

#[test]
fn a_wait_is_ended_by_a_better_rank_or_by_whoever_does_not_wait() {
    let mut waiting = begin(copy("A course for all"), Lang::EN, PAPER, at(0));
    waiting.edited.gone = Some(Gone::Waiting(at(900)));
    let told = |rank, settles| linked(item("wire", "1", "A course for all"), Lang::EN, Teller { rank, settles, ..WIRE }, &waiting, at(60));
    for (rank, settles) in [(1, false), (9, false), (1, true)] {
        let Decision::Opened(story) = told(rank, settles) else { panic!("{rank} {settles}") };
        assert_eq!((story.edited.gone, story.first_edition().switched), (None, None));
        assert_eq!(story.first_edition().preferred, usize::from(rank == 1), "it opens with the best");
    }
    let Decision::Joined(story) = told(5, true) else { panic!("an equal that waits as well") };
    assert_eq!(story.waits(), Some(at(900)));
    assert_eq!((dedup::open(&waiting, at(899)), dedup::open(&waiting, at(900)).map(|story| story.edited.gone)), (None, Some(None)));
}

#[test]
fn what_an_editor_hid_stays_hidden_whatever_its_publisher_says() {
    let mut hidden = begin(item("wire", "1", "A course"), Lang::EN, WIRE, at(0));
    hidden.edited.gone = Some(Gone::Hidden);
    let word = Retraction { id: "1".into(), when: Some(at(10)) };
    let retracted = dedup::retract(&hidden, 0, &word, at(20)).unwrap();
    assert_eq!((retracted.edited.gone, retracted.copies[0].retracted.is_some()), (Some(Gone::Hidden), true));
    assert_eq!(dedup::retract(&retracted, 0, &word, at(30)), None, "the same word twice");
    let Decision::Joined(told) = linked(copy("A course"), Lang::EN, PAPER, &retracted, at(40)) else { panic!("it joins") };
    assert_eq!(told.edited.gone, Some(Gone::Hidden));
}

#[test]
fn what_happened_to_a_story_is_written_so_for_ever() {
    let mut story = begin(item("wire", "1", "A course"), Lang::EN, WIRE, at(0));
    assert!(!["verdict", "revisions", "retracted", "edited"].iter().any(|key| serde_json::to_string(&story).unwrap().contains(key)));
    let [first, old, most] = [Rule::FirstLook, Rule::Old, Rule::TooMany { most: 3 }].map(|rule| Some(Verdict { rule, at: at(1) }));
    story.editions[0].verdict = most;
    story.edited.gone = Some(Gone::Waiting(at(900)));
    story.copies[0].retracted = Some(Retracted { seen: at(5), when: Some(at(4)) });
    let text = TextChange { gone: "12".into(), new: "15".into(), words: [6, 7] };
    story.copies[0].revisions = vec![Revision { at: at(3), title: Some("Courses".into()), link: Some(String::new()), text: Some(text) }];
    let mut written = serde_json::to_value(&story).unwrap();
    assert_eq!(
        written["copies"][0]["revisions"],
        serde_json::json!([{"at": at(3), "title": "Courses", "link": "", "text": {"gone": "12", "new": "15", "words": [6, 7]}}])
    );
    assert_eq!(written["copies"][0]["retracted"], serde_json::json!({"seen": at(5), "when": at(4)}));
    assert_eq!(written["editions"][0]["verdict"], serde_json::json!({"rule": {"too_many": {"most": 3}}, "at": at(1)}));
    assert_eq!(written["edited"]["gone"], serde_json::json!({"waiting": at(900)}));
    let rules = [first, old].map(|verdict| serde_json::to_value(verdict.unwrap().rule).unwrap());
    assert_eq!(rules, ["first_look", "old"]);
    assert_eq!(serde_json::to_value(Gone::Retracted).unwrap(), "retracted");
    // What a later version adds is ignored.
    written["copies"][0]["retracted"]["by"] = "the editor".into();
    written["copies"][0]["revisions"][0]["by"] = "the editor".into();
    written["editions"][0]["verdict"]["mood"] = "stern".into();
    assert_eq!(serde_json::from_value::<Story>(written).unwrap(), story);
}
