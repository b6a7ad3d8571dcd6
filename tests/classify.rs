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

/// Another set, where one is named: `TRIBUTARY_EVAL=items.jsonl cargo test --test classify -- --nocapture`.
#[test]
fn another_set_is_scored_where_one_is_named() {
    let Some(items) = std::env::var("TRIBUTARY_EVAL").ok().and_then(|path| read(&path)) else {
        println!("skipped: TRIBUTARY_EVAL names no set");
        return;
    };
    tell("other", &score(&CLASSIFIER, &items));
}

#[test]
fn names_that_look_like_countries_are_told_apart() {
    for (title, summary, expected) in [
        ("Refugees reach Chad", "", vec!["TD"]),
        ("Chad Wolf speaks in Texas", "", vec!["US"]),
        ("New Mexico opens a shelter", "", vec!["US"]),
        ("The Panama Papers and recruitment", "", vec![]),
        ("They told us about it", "It was about us.", vec![]),
        ("The US sends aid", "", vec!["US"]),
        ("A fee of US$30 is charged", "", vec![]),
        ("Aid for Papua New Guinea", "", vec!["PG"]),
        ("Deux Haïtiens et un ambassadeur", "Les deux hommes sont rentrés hier soir chez eux après un long voyage en bateau.", vec!["HT"]),
        ("Central American youth meet", "", vec![]),
    ] {
        assert_eq!(countries(title, summary), expected, "{title}");
    }
}

#[test]
fn evidence_points_at_the_words_it_quotes() {
    let (title, summary) =
        ("Tráfico ilícito de migrantes en Guatemala", "Ginebra – La policía de Honduras detuvo a seis coyotes en Tecún Umán, dijo la OIM.");
    let labels = file(title, summary);
    let all = labels.topics.iter().flat_map(|label| &label.evidence).chain(labels.countries.iter().flat_map(|label| &label.evidence));
    let mut count = 0;
    for evidence in all.chain(labels.rejected.iter().flat_map(|rejected| &rejected.evidence)) {
        let field = if evidence.field == Field::Title { title } else { summary };
        let at = evidence.at as usize;
        assert_eq!(&field[at..at + evidence.text.len()], evidence.text, "{evidence:?}");
        count += 1;
    }
    assert!(count >= 5, "{labels:?}");
    assert_eq!(labels.topics[0].slug.as_str(), "migrant-smuggling");
    assert!(
        labels.rejected.iter().any(|rejected| rejected.label == "country:CH" && rejected.rule.contains("dateline")),
        "{:?}",
        labels.rejected
    );
    assert_eq!(file(title, summary), labels, "the same item is filed alike each time");
}

#[test]
fn hostile_texts_take_no_time() {
    for text in ["Georgia ".repeat(60_000), "a ".repeat(300_000), "é".repeat(500_000), "migrant smuggl".repeat(40_000)] {
        let labels = file(&text, &text);
        assert!(labels.countries.len() <= 8 && labels.topics.len() <= 4);
    }
}

#[test]
fn a_bilingual_title_is_in_no_one_language_and_a_short_one_in_none() {
    assert_eq!(file("Situation report 12 [EN/FR]", "").lang.value.as_str(), "mul");
    assert_eq!(file("OIM 2020", "").lang.value.as_str(), "und");
    assert_eq!(file("La OIM inicia un curso para jóvenes de la región", "").lang.value.as_str(), "es");
}
