//! Which countries and regions an item is about, and what was taken for one and is none.
//!
//! The longest known form wins and consumes its words; rules then ask whether it is the name of a
//! person, a street, a language or a town elsewhere. What stays is weighed by where it stands.

use std::{borrow::Cow, collections::BTreeMap};

use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    Classifier, Subject,
    evidence::{plain, quoted},
    gazetteer::{Aside, Clue, Entry, Kind, Require},
    tokens::{Words, key},
};
use crate::model::{CountryCode, CountryLabel, Defaults, Evidence, Field, Lang, RegionLabel, RegionSlug, Rejected, Role};

/// Words that may stand between a phrase such as `funded by` and a name.
#[rustfmt::skip]
const FILLERS: &[&str] = &[
    "the", "of", "el", "la", "las", "los", "de", "del", "le", "les", "l", "du", "des", "d", "o", "os", "as", "da", "do", "das", "dos",
    "government", "governments", "gobierno", "gobiernos", "gouvernement", "gouvernements", "governo", "governos",
];
/// Words of the text that are its lead.
const LEAD: usize = 60;
/// A dateline ends within this many words.
const DATELINE: usize = 14;
const TITLE_WEIGHT: f32 = 4.0;
const LEAD_WEIGHT: f32 = 2.0;
const LATER_WEIGHT: f32 = 1.0;
/// Everything that is not the name itself.
const INDIRECT: f32 = 0.8;
/// The seat of an organization outside the title, a donor, a place that people are on the way to.
const ASIDE: f32 = 0.25;
/// A country is given from this score on ...
const THRESHOLD: f32 = 1.5;
/// ... and this share of the best one's.
const FLOOR: f32 = 0.35;
/// Countries of one item at most.
const MOST: usize = 8;
/// More names than this in one sentence are a list of members.
const LIST: usize = 6;
/// Below this the source's own country is added.
const WEAK: f32 = 2.0;

/// What a venue weighs that is given for want of better.
const FALLBACK: f32 = 0.5;
const OFFICE: &str = "dateline of a regional office, for want of better";
const VENUE: &str = "where one met, for want of better";

/// Evidence kept of what was rejected, and of a region: a name said a thousand times is told three times.
const TOLD: usize = 3;

/// One form that was found.
struct Found {
    code: CountryCode,
    kind: Kind,
    field: Field,
    at: usize,
    words: usize,
    weight: f32,
    rule: Cow<'static, str>,
    role: Role,
    /// Whether it is a city where organizations have their seats or offices.
    is_office: bool,
}

impl Found {
    fn add_rule(&mut self, more: &str) {
        let rule = self.rule.to_mut();
        rule.push_str(", ");
        rule.push_str(more);
    }

    /// A donor, a seat, a place on the way.
    fn only_mention(&mut self, why: &str) {
        self.weight *= ASIDE;
        self.role = Role::Mentioned;
        self.add_rule(why);
    }
}

/// Countries and regions, and what was rejected.
pub(super) fn tell(
    classifier: &Classifier,
    subject: &Subject<'_>,
    fields: &[Words<'_>],
    lang: Lang,
) -> (Vec<CountryLabel>, Vec<RegionLabel>, Vec<Rejected>) {
    let mut search = Search {
        classifier,
        subject,
        fields,
        lang,
        clues: FxHashMap::default(),
        found: Vec::new(),
        fallback: Vec::new(),
        has_list: false,
        regions: BTreeMap::new(),
        rejected: Vec::new(),
    };
    for words in fields {
        search.field(words);
    }
    search.set_venues_aside();
    search.halve_lists();
    search.categories();
    search.weigh()
}

struct Search<'a> {
    classifier: &'a Classifier,
    subject: &'a Subject<'a>,
    fields: &'a [Words<'a>],
    lang: Lang,
    /// Clues that were looked for already, so that no text makes us look again and again.
    clues: FxHashMap<&'a str, bool>,
    found: Vec<Found>,
    /// Where one met or wrote, and how that is told: given for want of better.
    fallback: Vec<(CountryCode, &'static str)>,
    /// Whether it lists many countries, so that none of them is the subject.
    has_list: bool,
    regions: BTreeMap<RegionSlug, Vec<Evidence>>,
    rejected: Vec<Rejected>,
}

impl<'a> Search<'a> {
    fn field(&mut self, words: &Words<'_>) {
        let mut dateline = if words.field == Field::Title { 0 } else { dateline(words) };
        // Where the last name that is not the subject ended, and why it is not.
        let mut aside: Option<(usize, &'a Aside)> = None;
        let mut at = 0;
        while at < words.tokens.len() {
            let Some((length, entry)) = self.longest(words, at) else {
                at += self.compound(words, at).max(1);
                continue;
            };
            if at == 0 && dateline == 0 && words.field != Field::Title {
                dateline = self.dateline_sentence(words);
            }
            let joined = aside.filter(|(end, _)| is_joined(words, *end, at)).map(|(_, aside)| aside);
            // Where a workshop is held says what it is about when it is a country, and not when it is a city.
            let own = || self.aside(words, at).filter(|aside| !aside.venue || entry.kind.is_city());
            let here = joined.or_else(own);
            aside = here.map(|aside| (at + length, aside));
            self.consider(words, at, length, entry, dateline, here);
            at += length;
        }
    }

    /// The longest form that begins at a word and may stand there, and its best meaning.
    fn longest(&self, words: &Words<'_>, at: usize) -> Option<(usize, &'a Entry)> {
        let mut best: Option<(usize, &Entry)> = None;
        self.classifier.gazetteer.trie.walk(words, at, |length, entries| {
            if best.is_none_or(|(longest, _)| length >= longest) {
                let fits = entries.iter().filter(|entry| self.fits(words, at, length, entry));
                best = fits.min_by_key(|entry| (!entry.own, entry.kind)).map(|entry| (length, entry)).or(best);
            }
        });
        best
    }

    fn fits(&self, words: &Words<'_>, at: usize, length: usize, entry: &Entry) -> bool {
        if let Some(exact) = &entry.exact {
            // "US" among capitals may be "us".
            let is_any_word = length == 1 && words.shouts && words.tokens.len() > 1;
            return words.slice(at, at + length) == &**exact && !is_any_word && !words.after(at + length - 1).starts_with('$');
        }
        let speaks = entry.kind != Kind::Demonym || !self.lang.is_known() || entry.lang.is_none_or(|lang| lang == self.lang);
        speaks && entry.capital_at.is_none_or(|word| words.tokens.get(at + word).is_some_and(|token| token.capital))
    }

    /// Why a name is not the subject, by the words before it.
    fn aside(&self, words: &Words<'_>, at: usize) -> Option<&'a Aside> {
        let content = |at: usize| (0..at).rev().find(|before| words.word(*before).is_some_and(|word| !FILLERS.contains(&word)));
        let asides = &self.classifier.gazetteer.asides;
        let why = |last: usize| {
            let before = words.before(last + 1);
            let is_one_sentence = |aside: &Aside| {
                let first = (last + 1).saturating_sub(aside.phrase.split_whitespace().count());
                words.tokens[first].sentence == words.tokens[at].sentence
            };
            asides.get(words.word(last)?)?.iter().find(|aside| before.ends_with(&*aside.phrase) && is_one_sentence(aside))
        };
        let last = content(at)?;
        // "based in Lyon, France": a town that we do not know may stand between.
        why(last).or_else(|| content(last).filter(|_| words.tokens[last].capital).and_then(why))
    }

    /// How many words the first sentence has when it is nothing but places: `San José, Costa Rica. The …`.
    fn dateline_sentence(&self, words: &Words<'_>) -> usize {
        let end = words.tokens.iter().take_while(|token| token.sentence == words.tokens[0].sentence).count();
        let mut at = 0;
        while let Some((length, _)) = self.longest(words, at).filter(|(length, _)| at + length <= end) {
            at += length;
        }
        if at == end && end < words.tokens.len() { end } else { 0 }
    }

    fn consider(&mut self, words: &Words<'_>, at: usize, length: usize, entry: &'a Entry, dateline: usize, aside: Option<&Aside>) {
        if let Some(region) = &entry.region {
            let told = self.regions.entry(region.clone()).or_default();
            if told.len() < TOLD {
                told.push(quoted(words, at, length, "region", zone_weight(words, at)));
            }
            return;
        }
        let Some(code) = entry.code else { return };
        let weight = zone_weight(words, at) * if entry.kind == Kind::Name { 1.0 } else { INDIRECT };
        let rule = Cow::Borrowed(entry.kind.name());
        let mut found =
            Found { code, kind: entry.kind, field: words.field, at, words: length, weight, rule, role: Role::About, is_office: false };
        let is_meant = entry.own || entry.kind == Kind::Mask || self.is_meant(words, &mut found);
        if is_meant && (entry.kind == Kind::Mask || self.stands_for_itself(words, &mut found, dateline, aside)) {
            self.found.push(found);
        }
    }

    /// Whether a form names a country here; sets which one, and how surely.
    fn is_meant(&mut self, words: &Words<'_>, found: &mut Found) -> bool {
        let gazetteer = &self.classifier.gazetteer;
        let (at, length) = (found.at, found.words);
        let term = words.phrase(at, at + length);
        if is_named_after(words, at, |word| gazetteer.prefix_mask.contains(word)) {
            return self.reject(words, found, "street, quarter or school named after it", None);
        }
        let require = gazetteer.require.get(term).filter(|require| require.langs.is_empty() || require.langs.contains(&self.lang));
        match require.map_or(Verdict::Counts(found.code), |require| self.require(require, words, at, length)) {
            Verdict::Counts(code) => found.code = code,
            Verdict::Half => {
                found.weight *= 0.5;
                found.add_rule("uncertain");
            }
            Verdict::Other(other, why) => {
                self.reject(words, found, &why, None);
                found.code = other;
                found.add_rule(&why);
            }
            Verdict::Drop(why) => return self.reject(words, found, &why, None),
        }
        if let Some(shared) = gazetteer.shared_by_term.get(term).map(|at| &gazetteer.shared[*at]) {
            if !shared.needs.is_empty() && !shared.needs.iter().any(|clue| self.has(clue)) {
                return self.reject(words, found, "demonym of another place", None);
            }
            let instead = shared.instead.iter().find(|(_, clues)| clues.iter().any(|clue| self.has(clue))).map(|(code, _)| *code);
            found.code = instead.unwrap_or(shared.prefer);
        }
        true
    }

    /// Whether a country that is meant may be the subject; a donor, a seat, a place on the way stays as a mere mention.
    fn stands_for_itself(&mut self, words: &Words<'_>, found: &mut Found, dateline: usize, aside: Option<&Aside>) -> bool {
        let gazetteer = &self.classifier.gazetteer;
        let term = words.phrase(found.at, found.at + found.words);
        let (is_hq, is_hub) = (gazetteer.hq.contains(term), gazetteer.hub.contains(term));
        found.is_office = is_hq || is_hub;
        if found.at < dateline {
            let in_parentheses = words.text[..words.tokens[found.at].start].trim_end().ends_with('(');
            if is_hq {
                return self.reject(words, found, "dateline of a headquarters", Some(Role::Venue));
            }
            if in_parentheses || is_hub {
                self.fallback.push((found.code, OFFICE));
                return self.reject(words, found, "dateline of a regional office", Some(Role::Venue));
            }
            if self.is_about_a_region() {
                return self.reject(words, found, "dateline of news about a region", Some(Role::Venue));
            }
        } else if is_hq && words.field != Field::Title {
            found.only_mention("seat of organizations");
        } else if let Some(aside) = aside {
            if aside.venue {
                self.fallback.push((found.code, VENUE));
                return self.reject(words, found, &aside.why, Some(Role::Venue));
            }
            found.only_mention(&aside.why);
        }
        true
    }

    /// `haïtiano-dominicaine`: the first half is a demonym when a hyphen and another demonym follow.
    fn compound(&mut self, words: &Words<'_>, at: usize) -> usize {
        if !words.after(at).starts_with(['-', '‐', '‑']) {
            return 0;
        }
        let Some(code) = self.classifier.gazetteer.compound.get(words.phrase(at, at + 1)).copied() else { return 0 };
        if self.longest(words, at + 1).is_some_and(|(_, entry)| entry.kind == Kind::Demonym) {
            let weight = zone_weight(words, at) * INDIRECT;
            let (kind, rule) = (Kind::Demonym, Cow::Borrowed("demonym, first half of two"));
            self.found.push(Found { code, kind, field: words.field, at, words: 1, weight, rule, role: Role::About, is_office: false });
        }
        1
    }

    fn require(&mut self, require: &'a Require, words: &Words<'_>, at: usize, length: usize) -> Verdict {
        let otherwise = |why: String| match require.otherwise.as_str() {
            "half" => Verdict::Half,
            "drop" => Verdict::Drop(why),
            code => code.parse().map_or(Verdict::Drop(why.clone()), |code| Verdict::Other(code, why)),
        };
        if require.case && !words.tokens[at].capital {
            return Verdict::Drop("a common word here".to_owned());
        }
        if require.person_before {
            let gazetteer = &self.classifier.gazetteer;
            let before = at.checked_sub(1).filter(|before| words.tokens[*before].sentence == words.tokens[at].sentence);
            let after = Some(at + length).filter(|after| words.tokens.get(*after).is_some_and(|token| token.capital));
            let is_among =
                |set: &FxHashSet<String>, at: Option<usize>| at.and_then(|at| words.word(at)).is_some_and(|word| set.contains(word));
            if is_among(&gazetteer.before_a_surname, before) || is_among(&gazetteer.after_a_first_name, after) {
                return Verdict::Drop("name of a person".to_owned());
            }
        }
        if let Some(clue) = require.none.iter().find(|clue| self.has(clue)) {
            return otherwise(format!("“{}” speaks against it", clue.text));
        }
        let is_own = self.subject.countries.contains(&require.code);
        if !require.any.is_empty() && !is_own && !require.any.iter().any(|clue| self.has(clue)) {
            return otherwise("nothing else speaks for it".to_owned());
        }
        Verdict::Counts(require.code)
    }

    /// Whether a clue occurs anywhere in the item.
    fn has(&mut self, clue: &'a Clue) -> bool {
        let fields = self.fields;
        *self.clues.entry(&clue.folded).or_insert_with(|| fields.iter().any(|words| words.folded.contains(&clue.folded)))
    }

    /// Whether the title names a region: then the place of the dateline is where one met.
    fn is_about_a_region(&self) -> bool {
        self.regions.values().flatten().any(|evidence| evidence.field == Field::Title)
    }

    /// Tells what a form was taken for and is not; gives `false`, for it does not count.
    fn reject(&mut self, words: &Words<'_>, found: &Found, why: &str, role: Option<Role>) -> bool {
        let label = format!("country:{}", found.code);
        let evidence = quoted(words, found.at, found.words, why, 0.0);
        match self.rejected.iter_mut().find(|known| known.label == label && known.rule == why) {
            Some(known) if known.evidence.len() >= TOLD => {}
            Some(known) => known.evidence.push(evidence),
            None => self.rejected.push(Rejected { label, score: 0.0, rule: why.to_owned(), role, evidence: vec![evidence] }),
        }
        false
    }

    /// A city of offices in the title of news about a region is where one met, unless its country is named too.
    fn set_venues_aside(&mut self) {
        let Some(title) = self.fields.iter().find(|words| words.field == Field::Title).filter(|_| self.is_about_a_region()) else { return };
        let is_named = |found: &Found| !found.is_office && found.role == Role::About;
        let named: FxHashSet<CountryCode> = self.found.iter().filter(|found| is_named(found)).map(|found| found.code).collect();
        let is_venue = |found: &Found| found.is_office && found.field == Field::Title && !named.contains(&found.code);
        for venue in self.found.extract_if(.., |found| is_venue(found)).collect::<Vec<_>>() {
            self.reject(title, &venue, "where one met about a region", Some(Role::Venue));
        }
    }

    /// Membership lists: more than a handful of countries in one sentence count half, and are mere mentions.
    fn halve_lists(&mut self) {
        if self.found.len() <= LIST {
            return;
        }
        let sentence = |found: &Found| {
            let words = self.fields.iter().find(|words| words.field == found.field);
            (found.field as u8, words.map_or(0, |words| words.tokens[found.at].sentence))
        };
        let mut sizes: FxHashMap<(u8, u32), FxHashSet<CountryCode>> = FxHashMap::default();
        for found in self.found.iter().filter(|found| matches!(found.kind, Kind::Name | Kind::Demonym)) {
            sizes.entry(sentence(found)).or_default().insert(found.code);
        }
        let in_list: Vec<bool> =
            self.found.iter().map(|found| sizes.get(&sentence(found)).is_some_and(|codes| codes.len() > LIST)).collect();
        for (found, _) in self.found.iter_mut().zip(in_list).filter(|(found, in_list)| *in_list && found.field != Field::Title) {
            found.weight *= 0.5;
            found.role = Role::Mentioned;
            found.add_rule("in a long list");
            self.has_list = true;
        }
    }

    /// Publishers that name countries among their categories.
    fn categories(&mut self) {
        for category in self.subject.categories {
            if let Some(code) = self.classifier.gazetteer.by_name.get(&key(&category.term)) {
                let (field, rule) = (Field::Category, Cow::Borrowed("category"));
                let (role, is_office) = (Role::About, false);
                self.found.push(Found {
                    code: *code,
                    kind: Kind::Name,
                    field,
                    at: 0,
                    words: 0,
                    weight: LEAD_WEIGHT,
                    rule,
                    role,
                    is_office,
                });
            }
        }
    }

    fn weigh(mut self) -> (Vec<CountryLabel>, Vec<RegionLabel>, Vec<Rejected>) {
        let mut labels: BTreeMap<CountryCode, CountryLabel> = BTreeMap::new();
        let mut in_title: Vec<CountryCode> = Vec::new();
        let mut counted: FxHashMap<(CountryCode, u8), u32> = FxHashMap::default();
        for found in &self.found {
            let words = self.fields.iter().find(|words| words.field == found.field);
            let zone = match words {
                Some(words) if found.field != Field::Title && found.at < LEAD && words.field == Field::Summary => 1,
                _ => 2 + found.field as u8,
            };
            let times = counted.entry((found.code, zone)).or_default();
            *times += 1;
            // Once in the title, twice in each other part: a name said ten times is still one country.
            if *times > if found.field == Field::Title { 1 } else { 2 } {
                continue;
            }
            if found.field == Field::Title && found.weight >= TITLE_WEIGHT {
                in_title.push(found.code);
            }
            let label = labels.entry(found.code).or_insert_with(|| label(found.code, 0.0, Role::Mentioned, Vec::new()));
            if found.role == Role::About {
                label.role = Role::About;
            }
            label.score += found.weight;
            label.evidence.push(match words {
                Some(words) => quoted(words, found.at, found.words, &found.rule, found.weight),
                None => plain(found.field, found.code.as_str(), &found.rule, found.weight),
            });
        }
        let best = labels.values().map(|label| label.score).fold(0.0, f32::max);
        let mut given = Vec::new();
        for label in labels.into_values() {
            let rule = if label.role == Role::Mentioned {
                "only mentioned"
            } else if label.score < THRESHOLD {
                "too little speaks for it"
            } else if label.score < FLOOR * best && !in_title.contains(&label.code) {
                "little beside the others"
            } else {
                given.push(label);
                continue;
            };
            self.rejected.push(Rejected {
                label: format!("country:{}", label.code),
                score: label.score,
                rule: rule.to_owned(),
                role: Some(label.role).filter(|role| *role == Role::Mentioned),
                evidence: label.evidence,
            });
        }
        if given.is_empty() && !self.is_about_a_region() && !self.has_list {
            let venue = self.fallback.first();
            given.extend(venue.map(|(code, why)| {
                let evidence = vec![plain(Field::Summary, code.as_str(), why, FALLBACK)];
                label(*code, FALLBACK, Role::Venue, evidence)
            }));
        }
        let always = self.subject.defaults == Defaults::Always;
        if always || given.is_empty() || best < WEAK {
            for code in self.subject.countries {
                if !given.iter().any(|label| label.code == *code) {
                    let evidence = vec![plain(Field::Source, code.as_str(), "country of the source", THRESHOLD)];
                    given.push(label(*code, THRESHOLD, Role::Source, evidence));
                }
            }
        }
        given.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.code.cmp(&b.code)));
        given.truncate(MOST);
        let regions = self.regions.into_iter().map(|(slug, evidence)| RegionLabel { slug, evidence }).collect();
        (given, regions, self.rejected)
    }
}

fn label(code: CountryCode, score: f32, role: Role, evidence: Vec<Evidence>) -> CountryLabel {
    CountryLabel { code, score, role, evidence }
}

enum Verdict {
    Counts(CountryCode),
    Half,
    Other(CountryCode, String),
    Drop(String),
}

fn zone_weight(words: &Words<'_>, at: usize) -> f32 {
    match words.field {
        Field::Title => TITLE_WEIGHT,
        _ if at < LEAD => LEAD_WEIGHT,
        _ => LATER_WEIGHT,
    }
}

/// How many words stand before the dash that ends a dateline; 0 when there is none.
fn dateline(words: &Words<'_>) -> usize {
    let Some(last) = words.tokens.get(words.tokens.len().min(DATELINE).wrapping_sub(1)) else { return 0 };
    let head = &words.text[..last.end];
    let dashes = [" – ", " — ", " - ", "– ", "— ", ".- ", ") –", ") —", ") -"];
    let Some(end) = dashes.iter().filter_map(|dash| head.find(dash)).min() else { return 0 };
    words.tokens.iter().take_while(|token| token.end <= end).count()
}

/// Whether a word such as `calle` stands before it, with an article between at most. `Una calle de` some place is there.
fn is_named_after(words: &Words<'_>, at: usize, is_street: impl Fn(&str) -> bool) -> bool {
    let is_article = |word: &str| matches!(word, "de" | "del" | "la" | "las" | "los" | "du" | "des" | "da" | "do");
    let is_one_of_many = |word: &str| matches!(word, "un" | "una" | "une" | "um" | "uma" | "unos" | "unas" | "dos" | "varios" | "varias");
    let here = words.tokens[at].sentence;
    let mut before =
        (at.saturating_sub(4)..at).rev().filter(|before| words.tokens[*before].sentence == here).map(|before| words.word(before));
    before.by_ref().flatten().find(|word| !is_article(word)).is_some_and(is_street) && !before.next().flatten().is_some_and(is_one_of_many)
}

/// Whether a name goes on a list: nothing but articles and a word for *and* lies between.
fn is_joined(words: &Words<'_>, end: usize, at: usize) -> bool {
    let is_small =
        |between: usize| words.word(between).is_some_and(|word| FILLERS.contains(&word) || matches!(word, "and" | "y" | "e" | "et"));
    at - end <= 3 && words.tokens[end - 1].sentence == words.tokens[at].sentence && (end..at).all(is_small)
}
