//! `topics.toml`: the rules by which items are filed: topics, and what to add to the gazetteer.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Layer,
    reader::{Reader, Table},
};
use crate::{
    model::{CountryCode, FourNames, Lang, Mask, Place, PlaceKind, Region, RegionSlug, Terms, Topic, TopicRules, TopicSlug, choice::NONE},
    text,
};

/// Takes what a file says: topics are changed by slug, switched off, or added.
pub(super) fn read(reader: &mut Reader<'_>, rules: &mut TopicRules, layer: Layer, overridden: &mut Vec<String>) {
    if layer == (Layer::BuiltIn { dropped: true }) {
        overridden.push("the built-in topics are dropped".to_owned());
    }
    let mut seen: Vec<TopicSlug> = Vec::new();
    // Topics whose former names stand in this file, and where.
    let mut renamed: Vec<(TopicSlug, usize)> = Vec::new();
    let mut root = reader.root();
    root.ignore(&["builtin"]);
    root.integer("version", 1..=1);
    root.table("defaults", |table| {
        let defaults = &mut rules.defaults;
        set(&mut defaults.threshold, table.number("threshold", 1.0..=50.0));
        set(&mut defaults.max_topics, table.integer("max_topics", 1..=20).and_then(|n| usize::try_from(n).ok()));
        set(&mut defaults.floor, table.number("floor", 0.0..=1.0));
        set(&mut defaults.title_factor, table.number("title_factor", 1.0..=10.0));
        set(&mut defaults.text_cap, table.integer("text_cap", 1..=20).and_then(|n| u32::try_from(n).ok()));
        table.table("weights", |table| {
            for (n, key) in ["strong", "medium", "weak"].into_iter().enumerate() {
                set(&mut defaults.weights[n], table.number(key, 0.1..=50.0));
            }
        });
    });
    root.tables("topic", |table| {
        let Some(slug) = table.parsed::<TopicSlug>("slug") else {
            if !table.has("slug") {
                table.wrong("has no `slug`");
            }
            return table.ignore(&[
                "label",
                "definition",
                "threshold",
                "categories",
                "aliases",
                "enabled",
                "retired",
                "gcm",
                "reliefweb",
                "iptc",
                "en",
                "es",
                "fr",
                "pt",
            ]);
        };
        table.call(format!("topic `{slug}`"));
        if slug.as_str() == NONE {
            table.wrong_at("slug", "`none` stands for what is filed under no topic; choose another slug");
        }
        if seen.contains(&slug) {
            table.wrong_at("slug", "the same slug stands further up");
        }
        seen.push(slug.clone());
        let known = rules.topics.iter().position(|topic| topic.slug == slug);
        let mut topic = known.map_or_else(|| new(slug.clone()), |at| rules.topics[at].clone());
        let before = topic.clone();
        one(table, &mut topic);
        if table.has("aliases") {
            renamed.push((slug.clone(), table.place_of("aliases")));
        }
        let retired = table.flag("retired").unwrap_or(false);
        let enabled = table.flag("enabled").unwrap_or(true) && !retired;
        if retired && layer != (Layer::BuiltIn { dropped: true }) {
            rules.retired.extend(topic.aliases.iter().cloned().chain([slug.clone()]));
        }
        match known {
            Some(at) if !enabled => {
                rules.topics.remove(at);
                overridden.push(format!("topic `{slug}` is {}", if retired { "retired" } else { "switched off" }));
            }
            Some(at) => {
                if layer == Layer::Own && before != topic {
                    overridden.push(format!("topic `{slug}` is changed: {}", table.keys("slug")));
                }
                rules.topics[at] = topic;
            }
            None if enabled && layer != (Layer::BuiltIn { dropped: true }) => {
                if layer == Layer::Own {
                    overridden.push(format!("topic `{slug}` is added"));
                }
                rules.topics.push(topic);
            }
            None => {}
        }
    });
    former_names(&mut root, rules, &renamed, overridden);
    let before = (rules.places.len(), rules.masks.len());
    root.tables("region", |table| rules.regions.extend(region(table, overridden)));
    root.tables("place", |table| rules.places.extend(place(table)));
    root.tables("mask", |table| rules.masks.extend(mask(table)));
    let added = [("place", rules.places.len() - before.0), ("mask", rules.masks.len() - before.1)];
    overridden.extend(added.into_iter().filter(|(_, count)| *count > 0).map(|(what, count)| format!("[[{what}]]: {count} added")));
    root.finish();
}

/// Sees to it that a name leads to one topic: what is a topic is no former name, and no two have the same one.
///
/// What a file says twice is a mistake in it; what it says goes before what is built in.
fn former_names(root: &mut Table<'_, '_>, rules: &mut TopicRules, renamed: &[(TopicSlug, usize)], overridden: &mut Vec<String>) {
    let live: BTreeSet<TopicSlug> = rules.topics.iter().map(|topic| topic.slug.clone()).collect();
    let mut taken: BTreeMap<TopicSlug, TopicSlug> = BTreeMap::new();
    for (slug, at) in renamed {
        let Some(topic) = rules.topics.iter().find(|topic| topic.slug == *slug) else { continue };
        for alias in &topic.aliases {
            let wrong = if live.contains(alias) {
                Some(format!("`aliases`: `{alias}` is a topic, and no former name of one; switch it off, or take it out here"))
            } else {
                taken.insert(alias.clone(), slug.clone()).map(|other| format!("`aliases`: `{alias}` leads to `{other}` already"))
            };
            if let Some(wrong) = wrong {
                root.wrong_there(*at, &format!("topic `{slug}`"), &wrong);
            }
        }
    }
    rules.retired.retain(|slug| !live.contains(slug));
    for topic in &mut rules.topics {
        let Topic { slug, aliases, .. } = topic;
        aliases.retain(|alias| {
            let is_its = !live.contains(alias) && taken.get(alias).is_none_or(|owner| owner == slug);
            if !is_its {
                overridden.push(format!("`{alias}` is no former name of topic `{slug}` any more"));
            }
            is_its
        });
    }
}

/// `[[region]]`: a group of one's own, or more forms of a built-in one.
fn region(table: &mut Table<'_, '_>, overridden: &mut Vec<String>) -> Option<Region> {
    let slug = table.parsed::<RegionSlug>("slug");
    if let Some(slug) = &slug {
        table.call(format!("region `{slug}`"));
    } else if !table.has("slug") {
        table.wrong("has no `slug`");
    }
    let mut label = FourNames::default();
    table.table("label", |table| four_names(table, &mut label));
    let (slug, forms) = slug.zip(forms(table))?;
    overridden.push(format!("region `{slug}` has forms of your own"));
    Some(Region { slug, label, forms })
}

/// `[[place]]`: forms that give a country.
fn place(table: &mut Table<'_, '_>) -> Option<Place> {
    let code = table.parsed::<CountryCode>("code");
    if let Some(code) = code {
        table.call(format!("place in `{code}`"));
    } else if !table.has("code") {
        table.wrong("has no `code`; give the two letters of its country");
    }
    let kind = match table.string("kind").as_deref() {
        None | Some("place") => PlaceKind::Place,
        Some("name") => PlaceKind::Name,
        Some("demonym") => PlaceKind::Demonym,
        Some(other) => {
            table.wrong_at("kind", &format!("`kind` is `name`, `place` or `demonym`, not `{other}`"));
            PlaceKind::Place
        }
    };
    let (code, forms) = code.zip(forms(table))?;
    Some(Place { code, kind, forms })
}

/// `[[mask]]`: forms that only look as if they gave a country.
fn mask(table: &mut Table<'_, '_>) -> Option<Mask> {
    let code = table.parsed::<CountryCode>("code");
    table.ignore(&["why"]);
    Some(Mask { code, forms: forms(table)? })
}

fn forms(table: &mut Table<'_, '_>) -> Option<Vec<String>> {
    let form = |text: &str| match term(text) {
        Ok(form) if !form.contains('~') => Ok(form),
        Ok(_) => Err(format!("the form `{text}` is a name, which knows no `~`")),
        Err(_) => Err(format!("the form `{text}` can not be understood; write words, or `word*` with two letters or more")),
    };
    let forms = table.list("forms", form);
    if !table.has("forms") {
        table.wrong("has no `forms`; list the words as they stand in texts");
    }
    forms
}

fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

fn new(slug: TopicSlug) -> Topic {
    let name = slug.to_string();
    let label = FourNames { en: name.clone(), es: name.clone(), fr: name.clone(), pt: name };
    Topic { slug, label, definition: String::new(), threshold: None, categories: Vec::new(), aliases: Vec::new(), terms: BTreeMap::new() }
}

fn one(table: &mut Table<'_, '_>, topic: &mut Topic) {
    table.table("label", |table| four_names(table, &mut topic.label));
    set(&mut topic.definition, table.string("definition"));
    topic.threshold = table.number("threshold", 1.0..=50.0).or(topic.threshold);
    set(&mut topic.categories, table.list("categories", |text| Ok(text.to_owned())));
    set(&mut topic.aliases, table.list("aliases", |slug| slug.parse().map_err(|error| format!("{error}"))));
    for (key, lang) in [("en", Lang::EN), ("es", Lang::ES), ("fr", Lang::FR), ("pt", Lang::PT)] {
        table.table(key, |table| {
            let terms: &mut Terms = topic.terms.entry(lang).or_default();
            set(&mut terms.strong, table.list("strong", term));
            set(&mut terms.medium, table.list("medium", term));
            set(&mut terms.weak, table.list("weak", term));
            set(&mut terms.not, table.list("not", term));
        });
    }
    table.ignore(&["gcm", "reliefweb", "iptc"]);
}

/// A term as `classify` will understand it.
fn term(text: &str) -> Result<String, String> {
    let has_words = |part: &str| part.chars().any(char::is_alphanumeric);
    let is_good = match text.split_once('~') {
        None => has_words(text),
        Some((first, rest)) => {
            let (distance, second) = rest.split_once(' ').unwrap_or((rest, ""));
            has_words(first) && has_words(second) && distance.parse::<usize>().is_ok()
        }
    };
    let short = text.split([' ', '-']).any(|word| word.ends_with('*') && word.chars().filter(|c| c.is_alphanumeric()).count() < 2);
    match (is_good, short) {
        (true, false) => Ok(text.to_owned()),
        (true, true) => Err(format!("the term `{text}` would match nearly every word; give at least two letters before *")),
        (false, _) => Err(format!("the term `{text}` can not be understood; write words, `word*`, or `a ~4 b`")),
    }
}

/// The topic of that name, or the one that had it formerly: a topic that is renamed breaks nobody's files.
pub(super) fn find(topics: &[Topic], name: &str) -> Result<TopicSlug, String> {
    let known = topics.iter().find(|topic| topic.slug.as_str() == name);
    let former = || topics.iter().find(|topic| topic.aliases.iter().any(|alias| alias.as_str() == name));
    match known.or_else(former) {
        Some(topic) => Ok(topic.slug.clone()),
        None => Err(absent("topic", name, topics.iter().map(|topic| topic.slug.as_str()))),
    }
}

/// How something that is not there is told.
pub(super) fn absent<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> String {
    match text::nearest(name, known, 1).first() {
        Some(near) => format!("there is no {what} `{name}`; did you mean `{near}`?"),
        None => format!("there is no {what} `{name}`"),
    }
}

/// Names in four languages; those that are not given keep what they were.
pub(super) fn four_names(table: &mut Table<'_, '_>, names: &mut FourNames) {
    set(&mut names.en, table.string("en"));
    set(&mut names.es, table.string("es"));
    set(&mut names.fr, table.string("fr"));
    set(&mut names.pt, table.string("pt"));
}
