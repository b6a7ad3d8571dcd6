//! `classify` and `eval` through the real program.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common {
    pub mod daemon;
}

use std::{fs, process::Output};

use common::daemon::Place;
use serde_json::Value;

const RULES: &str = "builtin = false\n[[topic]]\nslug = \"smuggling\"\n[topic.en]\nstrong = [\"smuggl*\"]\nmedium = [\"guides\"]\n\
    [[topic]]\nslug = \"return\"\n[topic.en]\nstrong = [\"deport*\"]\n";
const OLD_RULES: &str = "builtin = false\n[[topic]]\nslug = \"smuggling\"\n[topic.en]\nmedium = [\"smuggl*\"]\n\
    [[topic]]\nslug = \"return\"\n[topic.en]\nstrong = [\"deport*\", \"flight*\"]\n[[mask]]\nforms = [\"Honduran Post\"]\n";

const ITEMS: &str = r#"{"id": "a", "lang": "en", "title": "Police in Guatemala look for guides who smuggled people", "summary": "The work is funded by Canada.", "topics": ["smuggling"], "countries": ["GT", "CA"]}
{"id": "b", "lang": "en", "title": "A flight for the families who waited", "summary": "They were on the plane to Honduras.", "topics": ["return"], "countries": ["HN"], "regions": ["rcm"]}

{"id": "c", "lang": "es", "title": "Otra noticia de la ciudad y de la gente", "summary": "", "topics_ok": ["return"]}
"#;

fn place() -> Place {
    let place = Place::new("");
    fs::write(place.path("config/topics.toml"), RULES).unwrap();
    fs::write(place.path("old.toml"), OLD_RULES).unwrap();
    fs::write(place.path("items.jsonl"), ITEMS).unwrap();
    place
}

fn run(place: &Place, arguments: &[&str]) -> Output {
    place.command(arguments).current_dir(place.path("")).output().unwrap()
}

fn words(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_set_is_scored_in_tables_with_each_mistake() {
    let place = place();
    let told = words(&run(&place, &["eval", "items.jsonl", "--errors"]).stdout);
    let expected = "\
3 items

               P      R     F1  macro P  macro R  macro F1  hits  false  missed
topics     1.000  0.500  0.667    1.000    0.500     0.500     1      0       1
countries  1.000  0.667  0.800    1.000    0.667     0.667     2      0       1
regions    1.000  0.000  0.000    1.000    0.000     0.000     0      0       1

language  items  told  told by title  topics P      R     F1  countries P      R     F1  regions P      R     F1
en            2     2              2     1.000  0.500  0.667        1.000  0.667  0.800      1.000  0.000  0.000
es            1     1              1     1.000  1.000  1.000        1.000  1.000  1.000      1.000  1.000  1.000
all           3     3              3     1.000  0.500  0.667        1.000  0.667  0.800      1.000  0.000  0.000

topics         P      R     F1  hits  false  missed
return     1.000  0.000  0.000     0      0       1
smuggling  1.000  1.000  1.000     1      0       0

countries      P      R     F1  hits  false  missed
CA         1.000  0.000  0.000     0      0       1
GT         1.000  1.000  1.000     1      0       0
HN         1.000  1.000  1.000     1      0       0

regions      P      R     F1  hits  false  missed
rcm      1.000  0.000  0.000     0      0       1

topics: missed return at b: A flight for the families who waited

countries: missed CA at a: Police in Guatemala look for guides who smuggled people
    weighed 0.5 and rejected: only mentioned
      +0.5 summary 22-28 “Canada”: name, a donor

regions: missed rcm at b: A flight for the families who waited
";
    assert_eq!(told, expected);
}

#[test]
fn a_set_is_scored_as_one_object_also_from_standard_input() {
    let place = place();
    let file = fs::File::open(place.path("items.jsonl")).unwrap();
    let output = place.command(&["eval", "-", "--json", "--errors"]).stdin(file).output().unwrap();
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&told["items"], &told["topics"]["micro"]["misses"], &told["languages"]["share"]), (&3.into(), &1.into(), &1.0.into()));
    assert_eq!(told["topics"]["labels"]["smuggling"]["f1"], 1.0);
    assert_eq!(told["countries"]["languages"]["en"]["hits"], 2);
    assert_eq!(told["countries"]["errors"][0]["evidence"][0]["text"], "Canada");
}

#[test]
fn a_figure_below_the_least_fails_and_is_named() {
    let place = place();
    let least = |figures: &[&str]| {
        let output = run(&place, &[&["eval", "items.jsonl"], figures].concat());
        (output.status.code(), words(&output.stderr))
    };
    assert_eq!(least(&["--min", "topics=0.66", "--min", "languages-titles=1"]), (Some(0), String::new()));
    let told = "tributary: topics 0.667 is below 0.7; countries-macro 0.667 is below 0.9\n";
    assert_eq!(least(&["--min", "topics=0.7", "--min", "countries-macro=0.9", "--min", "topics-precision=1"]), (Some(1), told.to_owned()));
    let (code, told) = least(&["--min", "topcis=0.7"]);
    assert!(code == Some(2) && told.contains("there is no figure `topcis`; known are countries, countries-macro"), "{told}");
}

#[test]
fn lines_that_are_no_labelled_items_are_told_all_at_once() {
    let place = place();
    fs::write(
        place.path("bad.jsonl"),
        "{\"id\": \"a\", \"lang\": \"en\"}\n\nnothing\n{\"id\": \"a\", \"lang\": \"en\", \"title\": \"A\", \"countries\": [\"gt\"]}\n",
    )
    .unwrap();
    let output = run(&place, &["eval", "items.jsonl", "bad.jsonl"]);
    let told = words(&output.stderr);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines[0], "tributary: 3 lines are no labelled items");
    assert!(lines[1].starts_with("bad.jsonl:1: missing field `title`"), "{told}");
    assert!(lines[2].starts_with("bad.jsonl:3: expected"), "{told}");
    assert_eq!(lines[3], "bad.jsonl:4: `gt` is not a two-letter country code in capitals");
    assert!(lines[4].starts_with("an item is one line such as {\"id\""), "{told}");
}

#[test]
fn a_label_that_no_configuration_knows_is_noted() {
    let place = place();
    fs::write(
        place.path("odd.jsonl"),
        "{\"id\": \"a\", \"lang\": \"en\", \"title\": \"A\", \"topics\": [\"smugling\"], \"regions\": [\"carribean\"]}\n",
    )
    .unwrap();
    let told = words(&run(&place, &["eval", "odd.jsonl"]).stderr);
    let expected = "note: there is no region `carribean`, so it counts as missed; did you mean `caribbean`?\n\
        note: there is no topic `smugling`, so it counts as missed; did you mean `smuggling`?\n";
    assert_eq!(told, expected);
}

#[test]
fn an_item_is_explained_for_people() {
    let place = place();
    let told = words(&run(&place, &["classify", "items.jsonl", "--explain", "--format", "text"]).stdout);
    let first: Vec<&str> = told.split("\n\n").next().unwrap().lines().collect();
    let expected = [
        "Police in Guatemala look for guides who smuggled people",
        "  language en (declared on the item)",
        "  + topic:smuggling 16",
        "      +6 title 29-35 “guides”: guides",
        "      +10 title 40-48 “smuggled”: smuggl*",
        "  + country:GT 4 about",
        "      +4 title 10-19 “Guatemala”: name",
        "  x country:CA 0.5 mentioned (only mentioned)",
        "      +0.5 summary 22-28 “Canada”: name, a donor",
    ];
    assert_eq!(first, expected);
    let piped = words(&run(&place, &["classify", "items.jsonl", "--explain"]).stdout);
    let line: Value = serde_json::from_str(piped.lines().next().unwrap()).unwrap();
    assert_eq!(line["labels"]["rejected"][0]["role"], "mentioned");
}

#[test]
fn what_moves_between_two_sets_of_rules_is_told_and_nothing_else() {
    let place = place();
    let told = words(&run(&place, &["classify", "items.jsonl", "--against", "old.toml", "--format", "text"]).stdout);
    let expected = "\
A flight for the families who waited
  - topic:return 10
      +10 title 2-8 “flight”: flight*

1 of 3 items are filed differently
label         lost  gained
topic:return     1       0
";
    assert_eq!(told, expected);
    fs::write(place.path("lines"), "{\"id\": 7, \"title\": \"Honduran Post tells of guides\"}\n{\"no\": \"item\"}\n{\"title\": \"The boat\", \"lang\": \"en\", \"summary\": \"It smuggled people.\"}\n").unwrap();
    let piped = words(&run(&place, &["classify", "lines", "--against", "old.toml"]).stdout);
    let lines: Vec<Value> = piped.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let labels =
        |moved: &Value| moved.as_array().unwrap().iter().map(|moved| moved["label"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(lines.len(), 3, "{piped}");
    assert_eq!((&lines[0]["id"], labels(&lines[0]["gained"])), (&7.into(), vec!["topic:smuggling".to_owned(), "country:HN".to_owned()]));
    assert_eq!(
        (&lines[1]["gained"][0]["label"], &lines[1]["gained"][0]["other"]["rule"]),
        (&"topic:smuggling".into(), &"below the threshold".into())
    );
    assert_eq!(
        lines[2],
        serde_json::json!({ "items": 2, "moved": 2, "labels": { "topic:smuggling": { "lost": 0, "gained": 2 }, "country:HN": { "lost": 0, "gained": 1 } } })
    );
}
