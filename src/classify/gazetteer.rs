//! What countries and regions are called, and what only looks like them.
//!
//! Built once from the tables beside this file: names from Unicode CLDR, everything else written
//! by hand (`gazetteer/NOTICE`). Each table is explained in its first lines. What an operator adds in
//! `topics.toml` goes before all of them.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};
use serde::Deserialize;

use super::{
    tokens::{Words, key, phrase},
    trie::{Lexicon, Trie},
};
use crate::{
    model::{CountryCode, Field, FourNames, Lang, PlaceKind, Region, RegionSlug, TopicRules},
    text,
};

const NAMES: &str = include_str!("gazetteer/names.tsv");
const DISPLAY: &str = include_str!("gazetteer/display.tsv");
const ALIASES: &str = include_str!("gazetteer/aliases.tsv");
const DEMONYMS: &str = include_str!("gazetteer/demonyms.tsv");
const PLACES: &str = include_str!("gazetteer/places.tsv");
const CAPITALS: &str = include_str!("gazetteer/capitals.tsv");
const REGIONS: &str = include_str!("gazetteer/regions.tsv");
const AMBIGUITY: &str = include_str!("gazetteer/ambiguity.toml");

/// What a form is, best first: where one form is several things, the first one counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Region,
    Mask,
    Name,
    Place,
    Mission,
    Capital,
    Demonym,
}

impl Kind {
    /// Whether it is a place within a country.
    pub(super) fn is_city(self) -> bool {
        matches!(self, Self::Place | Self::Capital)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Mask => "mask",
            Self::Region => "region",
            Self::Name => "name",
            Self::Place => "place",
            Self::Mission => "mission",
            Self::Capital => "capital",
            Self::Demonym => "demonym",
        }
    }
}

/// One meaning of one form.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) kind: Kind,
    /// Whether the operator said so: then no rule of ours asks whether it is meant.
    pub(super) own: bool,
    /// The country; none for a mask that gives none, and for a region.
    pub(super) code: Option<CountryCode>,
    pub(super) region: Option<RegionSlug>,
    /// The language a demonym belongs to.
    pub(super) lang: Option<Lang>,
    /// The form as written but for a last full stop, when its letter case has to match.
    pub(super) exact: Option<Box<str>>,
    /// Which of its words has to begin with a capital.
    pub(super) capital_at: Option<usize>,
}

/// Words that speak for or against a name, wherever in the item they stand.
#[derive(Debug, Deserialize)]
#[serde(from = "String")]
pub(super) struct Clue {
    /// As it was written.
    pub(super) text: String,
    /// Folded, a space before, between and after its words.
    pub(super) folded: String,
}

impl From<String> for Clue {
    fn from(text: String) -> Self {
        Self { folded: format!(" {} ", key(&text)), text }
    }
}

/// When a name counts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Require {
    term: String,
    pub(super) code: CountryCode,
    #[serde(default)]
    pub(super) any: Vec<Clue>,
    #[serde(default)]
    pub(super) none: Vec<Clue>,
    #[serde(default)]
    pub(super) person_before: bool,
    #[serde(default)]
    pub(super) case: bool,
    #[serde(default)]
    pub(super) langs: Vec<Lang>,
    /// `drop`, `half`, or the code of another country.
    pub(super) otherwise: String,
}

#[derive(Debug, Deserialize)]
struct Mask {
    #[serde(default)]
    code: Option<CountryCode>,
    forms: Vec<String>,
}

/// A demonym of several countries.
#[derive(Debug, Deserialize)]
pub(super) struct Shared {
    terms: Vec<String>,
    pub(super) prefer: CountryCode,
    #[serde(default)]
    pub(super) instead: BTreeMap<CountryCode, Vec<Clue>>,
    #[serde(default)]
    pub(super) needs: Vec<Clue>,
}

/// Phrases before a name that say that it is not the subject.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AsideTable {
    why: String,
    /// Whether a city after it is where one met; a country after it may be the subject all the same.
    #[serde(default)]
    venue: bool,
    before: Vec<String>,
}

/// A phrase before a name that says that it is not the subject.
#[derive(Debug)]
pub(super) struct Aside {
    /// Folded, after a space.
    pub(super) phrase: String,
    pub(super) why: String,
    pub(super) venue: bool,
}

#[derive(Debug, Deserialize)]
struct PrefixMask {
    words: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct PersonBefore {
    titles: Vec<String>,
    first_names: Vec<String>,
    surnames_after: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Dateline {
    hq: Vec<String>,
    hub: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Ambiguity {
    mask: Vec<Mask>,
    compound: BTreeMap<CountryCode, Vec<String>>,
    require: Vec<Require>,
    demonym: Vec<Shared>,
    aside: Vec<AsideTable>,
    prefix_mask: PrefixMask,
    person_before: PersonBefore,
    dateline: Dateline,
}

/// Everything that is known of names. The maps hash quickly rather than safely: what they hold is of the program or of its operator.
#[derive(Debug)]
pub(super) struct Gazetteer {
    /// The words of all tables, those of topics as well.
    pub(super) lexicon: Lexicon,
    pub(super) trie: Trie<Entry>,
    pub(super) require: FxHashMap<String, Require>,
    pub(super) shared: Vec<Shared>,
    /// Index into `shared` by folded term.
    pub(super) shared_by_term: FxHashMap<String, usize>,
    pub(super) compound: FxHashMap<String, CountryCode>,
    /// By the last word of their phrase.
    pub(super) asides: FxHashMap<String, Vec<Aside>>,
    pub(super) prefix_mask: FxHashSet<String>,
    pub(super) before_a_surname: FxHashSet<String>,
    pub(super) after_a_first_name: FxHashSet<String>,
    pub(super) hq: FxHashSet<String>,
    pub(super) hub: FxHashSet<String>,
    /// Country by its whole folded name.
    pub(super) by_name: FxHashMap<String, CountryCode>,
}

fn rows(table: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    table.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).skip(1).map(|line| line.split('\t').collect())
}

fn forms(cell: &str) -> impl Iterator<Item = &str> {
    cell.split(';').map(str::trim).filter(|form| !form.is_empty())
}

impl Gazetteer {
    /// Builds it. The tables are part of the program; that they can be read is what its tests say.
    pub(super) fn new(rules: &TopicRules) -> Self {
        let ambiguity: Option<Ambiguity> = toml::from_str(AMBIGUITY).ok();
        let mut gazetteer = Self {
            lexicon: Lexicon::default(),
            trie: Trie::default(),
            require: FxHashMap::default(),
            shared: Vec::new(),
            shared_by_term: FxHashMap::default(),
            compound: FxHashMap::default(),
            asides: FxHashMap::default(),
            prefix_mask: FxHashSet::default(),
            before_a_surname: FxHashSet::default(),
            after_a_first_name: FxHashSet::default(),
            hq: FxHashSet::default(),
            hub: FxHashSet::default(),
            by_name: FxHashMap::default(),
        };
        for row in rows(NAMES) {
            if let [code, _, form] = row[..] {
                gazetteer.by_name.extend(code.parse().map(|code| (key(form), code)));
                gazetteer.add(form, Kind::Name, code, None, false);
            }
        }
        for row in rows(ALIASES) {
            if let [code, _, flags, list] = row[..] {
                for form in forms(list) {
                    if let (false, Ok(code)) = (flags.contains('c'), code.parse()) {
                        gazetteer.by_name.entry(key(form)).or_insert(code);
                    }
                    gazetteer.add(form, Kind::Name, code, None, flags.contains('c'));
                }
            }
        }
        for row in rows(PLACES) {
            if let [code, kind, list] = row[..] {
                let kind = if kind == "org" { Kind::Mission } else { Kind::Place };
                forms(list).for_each(|form| gazetteer.add(form, kind, code, None, false));
            }
        }
        for row in rows(CAPITALS) {
            if let [code, list] = row[..] {
                forms(list).for_each(|form| gazetteer.add(form, Kind::Capital, code, None, false));
            }
        }
        for row in rows(DEMONYMS) {
            if let [code, lang, list] = row[..] {
                forms(list).for_each(|form| gazetteer.add(form, Kind::Demonym, code, lang.parse().ok(), false));
            }
        }
        for row in rows(REGIONS) {
            let Some(slug) = row.first().and_then(|slug| slug.parse::<RegionSlug>().ok()) else { continue };
            row[1..].iter().flat_map(|cell| forms(cell)).for_each(|form| gazetteer.add_region(form, &slug));
        }
        if let Some(ambiguity) = ambiguity {
            gazetteer.take(ambiguity);
        }
        gazetteer.take_own(rules);
        gazetteer
    }

    fn add(&mut self, form: &str, kind: Kind, code: &str, lang: Option<Lang>, exact: bool) {
        let Ok(code) = code.parse() else { return };
        // Names and English demonyms have a capital; the others are written as any word.
        let needs_capital = kind != Kind::Demonym || lang == Some(Lang::EN);
        let capital_at = if needs_capital { capital_at(form) } else { None };
        let exact = exact.then(|| form.trim_end_matches('.').into());
        self.trie.add(
            &mut self.lexicon,
            &phrase(form),
            Entry { kind, own: false, code: Some(code), region: None, lang, exact, capital_at },
        );
    }

    /// A form all in capitals is an abbreviation, and has to stand like that.
    fn add_region(&mut self, form: &str, slug: &RegionSlug) {
        let exact = form.chars().all(|c| c.is_uppercase()).then(|| form.into());
        let region = Some(slug.clone());
        let entry = Entry { kind: Kind::Region, own: false, code: None, region, lang: None, exact, capital_at: capital_at(form) };
        self.trie.add(&mut self.lexicon, &phrase(form), entry);
    }

    fn take_own(&mut self, rules: &TopicRules) {
        for region in &rules.regions {
            let label = &region.label;
            let names = [&label.en, &label.es, &label.fr, &label.pt].into_iter().filter(|name| !name.is_empty());
            names.chain(&region.forms).for_each(|form| self.add_region(form, &region.slug));
        }
        for place in &rules.places {
            let kind = match place.kind {
                PlaceKind::Name => Kind::Name,
                PlaceKind::Place => Kind::Place,
                PlaceKind::Demonym => Kind::Demonym,
            };
            for form in &place.forms {
                if kind == Kind::Name {
                    self.by_name.insert(key(form), place.code);
                }
                let capital_at = capital_at(form).filter(|_| kind != Kind::Demonym);
                let entry = Entry { kind, own: true, code: Some(place.code), region: None, lang: None, exact: None, capital_at };
                self.trie.add(&mut self.lexicon, &phrase(form), entry);
            }
        }
        for (code, form) in rules.masks.iter().flat_map(|mask| mask.forms.iter().map(|form| (mask.code, form))) {
            let entry = Entry { kind: Kind::Mask, own: true, code, region: None, lang: None, exact: None, capital_at: None };
            self.trie.add(&mut self.lexicon, &phrase(form), entry);
        }
    }

    fn take(&mut self, ambiguity: Ambiguity) {
        for mask in ambiguity.mask {
            // A longer name of a country is a name, and needs no mask.
            let is_name = |form: &String| mask.code.is_some() && self.by_name.get(&key(form)).copied() == mask.code;
            for form in mask.forms.iter().filter(|form| !is_name(form)).collect::<Vec<_>>() {
                let entry =
                    Entry { kind: Kind::Mask, own: false, code: mask.code, region: None, lang: None, exact: None, capital_at: None };
                self.trie.add(&mut self.lexicon, &phrase(form), entry);
            }
        }
        for (code, halves) in ambiguity.compound {
            self.compound.extend(halves.iter().map(|half| (text::fold(half), code)));
        }
        self.require.extend(ambiguity.require.into_iter().map(|require| (key(&require.term), require)));
        for shared in ambiguity.demonym {
            self.shared_by_term.extend(shared.terms.iter().map(|term| (key(term), self.shared.len())));
            self.shared.push(shared);
        }
        for aside in ambiguity.aside {
            for words in aside.before.iter().map(|before| phrase(before)) {
                let last = words.last().cloned().unwrap_or_default();
                let phrase = format!(" {}", words.join(" "));
                self.asides.entry(last).or_default().push(Aside { phrase, why: aside.why.clone(), venue: aside.venue });
            }
        }
        let folded = |list: Vec<String>| list.iter().map(|word| key(word)).collect::<FxHashSet<_>>();
        self.prefix_mask = folded(ambiguity.prefix_mask.words);
        self.before_a_surname =
            folded(ambiguity.person_before.titles).into_iter().chain(folded(ambiguity.person_before.first_names)).collect();
        self.after_a_first_name = folded(ambiguity.person_before.surnames_after);
        (self.hq, self.hub) = (folded(ambiguity.dateline.hq), folded(ambiguity.dateline.hub));
    }
}

/// The first word of a form that is written with a capital.
fn capital_at(form: &str) -> Option<usize> {
    Words::of(Field::Title, form).tokens.iter().position(|token| token.capital)
}

/// What countries and regions are called in the four languages: the built-in ones, and the operator's regions.
pub fn names(own: &[Region]) -> (BTreeMap<CountryCode, FourNames>, BTreeMap<RegionSlug, FourNames>) {
    let four = |row: &[&str]| FourNames { en: row[1].into(), es: row[2].into(), fr: row[3].into(), pt: row[4].into() };
    let countries = rows(DISPLAY).filter(|row| row.len() == 5).filter_map(|row| Some((row[0].parse().ok()?, four(&row))));
    let regions = rows(REGIONS).filter(|row| row.len() >= 5).filter_map(|row| Some((row[0].parse().ok()?, four(&row))));
    let mut regions: BTreeMap<RegionSlug, FourNames> = regions.collect();
    for region in own {
        let slug = region.slug.to_string();
        let names = regions.entry(region.slug.clone()).or_insert_with(|| FourNames {
            en: slug.clone(),
            es: slug.clone(),
            fr: slug.clone(),
            pt: slug,
        });
        let FourNames { en, es, fr, pt } = &region.label;
        for (name, own) in [(&mut names.en, en), (&mut names.es, es), (&mut names.fr, fr), (&mut names.pt, pt)] {
            if !own.is_empty() {
                name.clone_from(own);
            }
        }
    }
    (countries.collect(), regions)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_row_of_every_table_is_understood() {
        toml::from_str::<Ambiguity>(AMBIGUITY).unwrap();
        for (table, columns) in [(NAMES, 3), (DISPLAY, 5), (ALIASES, 4), (DEMONYMS, 3), (PLACES, 3), (CAPITALS, 2)] {
            for row in rows(table) {
                assert_eq!(row.len(), columns, "{row:?}");
                row[0].parse::<CountryCode>().unwrap();
            }
        }
        for row in rows(REGIONS) {
            assert_eq!(row.len(), 6, "{row:?}");
            row[0].parse::<RegionSlug>().unwrap();
        }
    }

    #[test]
    fn every_country_has_a_name_in_four_languages_and_is_found_by_it() {
        let (countries, regions) = names(&[]);
        let gazetteer = Gazetteer::new(&TopicRules::default());
        for code in CountryCode::all() {
            let name = &countries[&code];
            for name in [&name.en, &name.es, &name.fr, &name.pt] {
                assert_eq!(gazetteer.by_name[&key(name)], code, "{name}");
            }
        }
        assert!(regions.values().all(|name| [&name.en, &name.es, &name.fr, &name.pt].iter().all(|name| !name.is_empty())));
    }
}
