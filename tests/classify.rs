//! Items filed where an editor would file them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use tributary::{
    classify::{
        Classifier, Subject,
        eval::{Labelled, Score, score},
    },
    model::{
        Category, Defaults, Field, FourNames, Labels, Lang, Mask, Place, PlaceKind, Region, Role, Terms, Topic, TopicDefaults, TopicRules,
    },
};

static RULES: LazyLock<TopicRules> = LazyLock::new(|| tributary::config::load(None, std::iter::empty(), &[]).unwrap().topics);
static CLASSIFIER: LazyLock<Classifier> = LazyLock::new(|| Classifier::new(&RULES).unwrap());

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
        for miss in &told.mistakes {
            println!("    {} {} at {}", if miss.given { "false" } else { "missed" }, miss.label, miss.item);
        }
    }
    println!("{name} languages: {:.3}, by titles alone {:.3}", score.languages.share(), score.titles.share());
}

#[test]
fn our_own_set_is_filed_well() {
    let items = read("tests/eval/items.jsonl").unwrap();
    let score = score(&CLASSIFIER, &items);
    tell("own", &score);
    for (figure, reached, least) in [
        ("countries", score.countries.micro.f1(), 0.95),
        ("precision of countries", score.countries.micro.precision(), 0.96),
        ("topics", score.topics.micro.f1(), 0.88),
        ("topics, macro", score.topics.macro_f1(), 0.82),
        ("languages", score.languages.share(), 0.99),
        ("languages by titles alone", score.titles.share(), 0.95),
    ] {
        assert!(reached >= least, "{figure}: {reached:.3} is below {least}");
    }
}

#[test]
fn our_own_set_is_wide_enough_to_say_something() {
    let items = read("tests/eval/items.jsonl").unwrap();
    assert!(items.len() >= 130);
    let ids: BTreeSet<&str> = items.iter().map(|item| item.id.as_str()).collect();
    assert_eq!(ids.len(), items.len(), "an id stands twice");
    for lang in ["en", "es", "fr", "pt"] {
        assert!(items.iter().filter(|item| item.lang.as_str() == lang).count() >= 25, "{lang}");
    }
    for topic in &RULES.topics {
        let count = items.iter().filter(|item| item.topics.iter().any(|slug| slug == topic.slug.as_str())).count();
        assert!(count >= 2, "{} is wanted {count} times", topic.slug);
    }
    for label in items.iter().flat_map(|item| item.topics.iter().chain(&item.topics_ok)) {
        assert!(RULES.topics.iter().any(|topic| topic.slug.as_str() == label), "there is no topic {label}");
    }
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
        ("Detenidos en un barrio de Iquique", "", vec!["CL"]),
        ("Haitians held in Tapachula", "", vec!["HT", "MX"]),
        ("Haitians wait", "They ended the workshop. In Tapachula a shelter opened.", vec!["HT", "MX"]),
        ("Migrants gathered in Tapachula", "", vec!["MX"]),
        ("Eles aprendem inglês antes da viagem", "", vec![]),
        ("Le Parlement français débat", "Les députés se réunissent lundi pour en parler, et le débat sera long.", vec!["FR"]),
        ("Cierran el barrio México", "", vec![]),
        ("Clínica nova no Acre", "A obra foi paga pelo Japão.", vec!["BR"]),
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
fn a_country_has_the_role_that_the_text_gives_it() {
    let given = |title: &str, summary: &str| -> Vec<(String, Role)> {
        file(title, summary).countries.iter().map(|label| (label.code.to_string(), label.role)).collect()
    };
    let rejected = |title: &str, summary: &str| -> Vec<(String, Option<Role>)> {
        file(title, summary).rejected.into_iter().filter(|one| one.label.starts_with("country:")).map(|one| (one.label, one.role)).collect()
    };
    fn one<T>(code: &str, role: T) -> Vec<(String, T)> {
        vec![(code.to_owned(), role)]
    }
    let (clinics, paid) = ("Clinics open in Honduras", "They are funded by Canada.");
    assert_eq!(given(clinics, paid), one("HN", Role::About));
    assert_eq!(rejected(clinics, paid), one("country:CA", Some(Role::Mentioned)));
    let (course, office) = ("Course for officials ends", "Nairobi – The course had forty pupils.");
    assert_eq!(given(course, office), one("KE", Role::Venue));
    assert_eq!(rejected(course, office), one("country:KE", Some(Role::Venue)));
    assert_eq!(given("Judges trained", "The workshop in Tegucigalpa lasted two days."), one("HN", Role::Venue));
    assert_eq!(given("Workshop in Honduras ends", ""), one("HN", Role::About));
    let (talks, region) = ("Nairobi hosts talks", "Ministers met in Nairobi.");
    assert_eq!(given(talks, region), one("KE", Role::About));
    assert_eq!(given("Nairobi hosts talks on the Horn of Africa", region), []);
    assert_eq!(rejected("Nairobi hosts talks on the Horn of Africa", "").len(), 1);
    let source = CLASSIFIER.classify(&Subject { title: "A day on the road", countries: &["GT".parse().unwrap()], ..Subject::default() });
    assert_eq!(source.countries.iter().map(|label| (label.code.to_string(), label.role)).collect::<Vec<_>>(), one("GT", Role::Source));
    assert_eq!(rejected("Interview with Barbara Jordan", ""), one("country:JO", None));
}

#[test]
fn labels_of_an_older_journal_are_about_their_countries_and_are_written_as_they_were() {
    let written = r#"{"code":"GT","score":6.0,"evidence":[]}"#;
    let label: tributary::model::CountryLabel = serde_json::from_str(written).unwrap();
    assert_eq!(label.role, Role::About);
    assert_eq!(serde_json::to_string(&label).unwrap(), written);
}

#[test]
fn what_an_operator_adds_goes_before_what_is_built_in() {
    let words = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    let label = FourNames { en: "Trifinio region".into(), ..FourNames::default() };
    let rules = TopicRules {
        regions: vec![Region { slug: "trifinio".parse().unwrap(), label, forms: words(&["Plan Trifinio", "PTCARL"]) }],
        places: vec![
            Place { code: "PA".parse().unwrap(), kind: PlaceKind::Place, forms: words(&["Paso Canoas"]) },
            Place { code: "HN".parse().unwrap(), kind: PlaceKind::Demonym, forms: words(&["catrachit*"]) },
            Place { code: "GE".parse().unwrap(), kind: PlaceKind::Name, forms: words(&["Georgia"]) },
        ],
        masks: vec![Mask { code: None, forms: words(&["Guatemala Football Club"]) }],
        ..TopicRules::default()
    };
    let own = Classifier::new(&rules).unwrap();
    for (title, countries, regions) in [
        ("Albergue en Paso Canoas", vec!["PA"], vec![]),
        ("Los catrachitos vuelven", vec!["HN"], vec![]),
        ("Guatemala Football Club wins", vec![], vec![]),
        ("A farm near Savannah, Georgia", vec!["GE"], vec![]),
        ("El Plan Trifinio celebra", vec![], vec!["trifinio"]),
        ("The Trifinio Region and the PTCARL", vec![], vec!["trifinio"]),
        ("ptcarl is no word", vec![], vec![]),
    ] {
        let labels = own.classify(&Subject { title, ..Subject::default() });
        assert_eq!(labels.countries.iter().map(|label| label.code.to_string()).collect::<Vec<_>>(), countries, "{title}");
        assert_eq!(labels.regions.iter().map(|label| label.slug.to_string()).collect::<Vec<_>>(), regions, "{title}");
    }
    let (_, names) = tributary::classify::names(&rules.regions);
    let name = &names[&"trifinio".parse().unwrap()];
    assert_eq!((name.en.as_str(), name.es.as_str()), ("Trifinio region", "trifinio"));
}

#[test]
fn a_region_is_told_and_never_its_members() {
    for (title, expected) in [
        ("América Latina debate una visa común", "latin-america"),
        ("Central American youth meet", "central-america"),
        ("Des départs d'Afrique de l'Ouest", "west-africa"),
        ("RCM member countries meet", "rcm"),
        ("La Conferencia Regional sobre Migración aprueba su plan", "rcm"),
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
fn a_longer_term_wins_wherever_it_begins() {
    let labels = file("", "Contra la trata de personas");
    let rules: Vec<&str> = labels.topics[0].evidence.iter().map(|evidence| &*evidence.rule).collect();
    assert_eq!((labels.topics[0].slug.as_str(), rules), ("trafficking-in-persons", vec!["la trata de personas"]));
    let terms = Terms { medium: vec!["green card".into()], strong: vec!["card holder abroad".into()], ..Terms::default() };
    let labels =
        with_terms(terms).classify(&Subject { title: "A green card holder abroad", item_lang: Some(Lang::EN), ..Subject::default() });
    let rules: Vec<&str> = labels.topics[0].evidence.iter().map(|evidence| &*evidence.rule).collect();
    assert_eq!(rules, ["card holder abroad"]);
}

/// A classifier of one topic with English terms.
fn with_terms(terms: Terms) -> Classifier {
    let name = "one".to_owned();
    let topic = Topic {
        slug: "one".parse().unwrap(),
        label: FourNames { en: name.clone(), es: name.clone(), fr: name.clone(), pt: name },
        definition: String::new(),
        threshold: None,
        categories: vec!["One".into()],
        aliases: Vec::new(),
        terms: BTreeMap::from([(Lang::EN, terms)]),
    };
    Classifier::new(&TopicRules { defaults: TopicDefaults::default(), topics: vec![topic], ..TopicRules::default() }).unwrap()
}

/// No clock: what is kept of an item is bounded, whatever it holds; that time grows with its length alone is what the numbers are for.
#[test]
fn hostile_texts_and_rules_give_bounded_labels() {
    let strangers =
        ["中文 ".repeat(100_000), "ሰላም ".repeat(100_000), "\u{202e}🧨".repeat(100_000), " ".repeat(1_000_000), "a\u{301}".repeat(200_000)];
    let texts =
        ["Georgia ".repeat(60_000), "a ".repeat(500_000), "é".repeat(500_000), "migrant smuggl".repeat(70_000), "de la ".repeat(170_000)];
    for text in texts.iter().chain(&strangers) {
        let labels = file(text, text);
        assert!(labels.countries.len() <= 8 && labels.topics.len() <= 4);
        assert!(evidence_of(&labels) <= 4 * 50 + 8 * 5 + labels.rejected.len() * 50, "{labels:?}");
    }
    let far = format!("El {}Salvador", " ".repeat(300_000));
    let quoted = file(&far, "").countries[0].evidence[0].text.len();
    assert!(quoted <= 200, "{quoted} bytes are quoted");

    let many: Vec<String> = (0..10_000).map(|n| format!("word{n}")).collect();
    let labels = with_terms(Terms { strong: many.clone(), ..Terms::default() }).classify(&Subject {
        title: &many.join(" "),
        summary: &many.join(" ").repeat(15),
        item_lang: Some(Lang::EN),
        ..Subject::default()
    });
    assert_eq!(labels.topics[0].evidence.len(), 50);
    assert!(labels.topics[0].score > 40_000.0, "all of it counts: {}", labels.topics[0].score);

    let pairs = (0..10_000).map(|n| format!("a ~1000 b{n}")).chain(["a ~1000 b".to_owned()]).collect();
    let labels = with_terms(Terms { strong: pairs, weak: vec!["a".into(), "b".into()], ..Terms::default() }).classify(&Subject {
        title: &"a b ".repeat(500_000),
        item_lang: Some(Lang::EN),
        ..Subject::default()
    });
    assert_eq!(evidence_of(&labels), 3, "{labels:?}");
}

fn evidence_of(labels: &Labels) -> usize {
    let given = labels.topics.iter().map(|label| &label.evidence).chain(labels.countries.iter().map(|label| &label.evidence));
    given.chain(labels.rejected.iter().map(|rejected| &rejected.evidence)).map(Vec::len).sum()
}

#[test]
fn a_category_that_is_repeated_counts_once() {
    let categories: Vec<Category> = (0..1000).map(|_| Category { term: "Training".into(), scheme: None, label: None }).collect();
    let labels =
        CLASSIFIER.classify(&Subject { title: "News", categories: &categories, defaults: Defaults::default(), ..Subject::default() });
    assert_eq!((labels.topics[0].slug.as_str(), labels.topics[0].score), ("capacity-building", 5.0));
}

#[test]
fn a_bilingual_title_is_in_no_one_language_and_a_short_one_in_none() {
    assert_eq!(file("Situation report 12 [EN/FR]", "").lang.value.as_str(), "mul");
    assert_eq!(file("OIM 2020", "").lang.value.as_str(), "und");
    assert_eq!(file("La OIM inicia un curso para jóvenes de la región", "").lang.value.as_str(), "es");
}
