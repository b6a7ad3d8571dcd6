//! Items filed where an editor would file them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::sync::LazyLock;

use tributary::{
    classify::{
        Classifier, Subject,
        eval::{Labelled, Score, score},
    },
    model::{Field, Labels},
};

static CLASSIFIER: LazyLock<Classifier> = LazyLock::new(|| {
    let config = tributary::config::load(None, std::iter::empty(), &[]).unwrap();
    Classifier::new(&config.topics).unwrap()
});

fn file(title: &str, summary: &str) -> Labels {
    CLASSIFIER.classify(&Subject { title, summary, ..Subject::default() })
}

fn countries(title: &str, summary: &str) -> Vec<String> {
    file(title, summary).countries.iter().map(|label| label.code.to_string()).collect()
}

fn read(path: &str) -> Option<Vec<Labelled>> {
    let text = std::fs::read_to_string(path).ok()?;
    Some(text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

fn tell(name: &str, score: &Score) {
    for (axis, told) in [("topics", &score.topics), ("countries", &score.countries), ("regions", &score.regions)] {
        let micro = told.micro;
        let (p, r, f) = (micro.precision(), micro.recall(), micro.f1());
        println!("{name} {axis}: P {p:.3} R {r:.3} F1 {f:.3}, macro F1 {:.3}, {micro:?}", told.macro_f1());
        for (id, label, given) in &told.mistakes {
            println!("    {} {label} at {id}", if *given { "false" } else { "missed" });
        }
    }
    println!("{name} languages: {} of {}", score.languages.0, score.languages.1);
}

#[test]
fn our_own_set_is_filed_well() {
    let score = score(&CLASSIFIER, &read("tests/eval/items.jsonl").unwrap());
    tell("own", &score);
    assert!(score.countries.micro.f1() >= 0.95, "countries {:.3}", score.countries.micro.f1());
    assert!(score.topics.micro.f1() >= 0.85, "topics {:.3}", score.topics.micro.f1());
}

/// The development set, where it is at hand: `cargo test --test classify -- --nocapture development`.
#[test]
fn the_development_set_is_scored_where_it_is() {
    let Some(items) = read("../shared/eval/items.jsonl") else {
        println!("skipped: there is no development set beside the project");
        return;
    };
    tell("development", &score(&CLASSIFIER, &items));
}
