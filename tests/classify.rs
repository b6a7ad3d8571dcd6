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
        ("U.S. judges halt deportations", "", vec!["US"]),
        ("EE. UU. amplía los visados", "", vec!["US"]),
        ("THEY TOLD US TO WAIT", "", vec![]),
        ("Congo: families on the road", "", vec!["CD"]),
        ("Guinea, Guinea-Bissau and Equatorial Guinea sign", "", vec!["GN", "GQ", "GW"]),
        ("Niger and Nigeria reopen their border", "", vec!["NE", "NG"]),
        ("Tchad : des villages accueillent", "", vec!["TD"]),
        ("Calle México: la historia de un barrio", "", vec![]),
        ("Migrants saved off Libya", "The agency, based in Valletta, Malta, said so.", vec!["LY"]),
        ("Clinics open in Honduras", "The clinics are funded by Canada, Norway and Sweden.", vec!["HN"]),
        ("Cierran un albergue en Tapachula", "Los migrantes iban camino a los Estados Unidos.", vec!["MX"]),
        ("Central America agrees on a protocol", "Guatemala City. Officials met for two days.", vec![]),
        ("Course for the region ends", "San José, Costa Rica. The course had forty pupils.", vec!["CR"]),
        (
            "Portugal muda as regras",
            "A regra vale para cidadãos de Angola, Brasil, Cabo Verde, Guiné-Bissau, Moçambique, São Tomé e Príncipe e Timor-Leste.",
            vec!["PT"],
        ),
    ] {
        let mut told = countries(title, summary);
        told.sort();
        assert_eq!(told, expected, "{title}");
    }
}

#[test]
fn a_region_is_told_and_never_its_members() {
    for (title, expected) in [
        ("América Latina debate una visa común", "latin-america"),
        ("Central American youth meet", "central-america"),
        ("Des départs d'Afrique de l'Ouest", "west-africa"),
    ] {
        let labels = file(title, "");
        assert_eq!(labels.regions.iter().map(|label| label.slug.as_str()).collect::<Vec<_>>(), [expected], "{title}");
        assert_eq!(labels.countries, [], "{title}");
    }
}

#[test]
fn a_word_that_a_heavier_term_has_consumed_is_no_half_of_a_pair() {
    let labels = file("Boats save migrant lives", "");
    let rules: Vec<&str> = labels.topics.iter().flat_map(|label| &label.evidence).map(|evidence| &*evidence.rule).collect();
    assert!(rules.contains(&"migrant lives") && !rules.contains(&"sav* ~3 lives"), "{labels:?}");
}

#[test]
fn a_name_said_a_thousand_times_is_told_three_times() {
    let labels = file("Interview with Barbara Jordan", &"Barbara Jordan spoke of Central America. ".repeat(1000));
    assert!(
        labels
            .rejected
            .iter()
            .map(|rejected| rejected.evidence.len())
            .chain(labels.regions.iter().map(|region| region.evidence.len()))
            .all(|told| told <= 3)
    );
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
fn an_item_without_a_topic_tells_which_it_came_near() {
    let labels = file("A week in the valley", "The adolescents met a volunteer.");
    let near: Vec<(&str, f32, Vec<&str>)> = labels
        .near
        .iter()
        .map(|label| (label.slug.as_str(), label.score, label.evidence.iter().map(|evidence| evidence.text.as_str()).collect()))
        .collect();
    assert_eq!((labels.topics.len(), near), (0, vec![("youth", 3.0, vec!["adolescents"])]), "{:?}", labels.rejected);
    // What is filed came near nothing.
    let labels = file("Migrant smuggling in Guatemala", "The adolescents met a volunteer.");
    assert!(!labels.topics.is_empty() && labels.near.is_empty());
    assert!(!serde_json::to_string(&labels).unwrap().contains("near"));
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
