//! What two publishers' tellings are compared by, made ready once.
//!
//! Of an item that is its title without the site's name, the beginning of its text without dateline
//! and boilerplate, the figures in both, and where it can be read. Deliberately absent: any judgement.

use std::{cell::OnceCell, collections::BTreeSet};

use url::Url;

use super::{
    Telling,
    tokens::{Kind, Word, hash, mix, words},
};
use crate::{
    model::{CountryCode, Field, Item, Labels, Lang, Role, Second, SourceId, TopicSlug},
    text,
};

/// Words of the text that are compared.
const LEAD: usize = 70;
/// Words of the title that are compared.
const TITLE: usize = 60;
/// Words of the text that the keys of an item are made of: a copy may be cut off soon after.
const OPENING: usize = 25;
/// A dateline ends within this many words.
const DATELINE: usize = 14;
/// A site's name at the end of a title has this many words at most.
const SITE: usize = 4;
/// Figures that keys are made of, two at a time.
const FIGURES: usize = 5;
/// Hash functions, and how many of their least values make one key: texts that share two thirds of their
/// pairs of words share one of eight keys with a probability of 0.98.
const BANDS: usize = 8;
const ROWS: usize = 2;

/// Runs of words that keys are made of.
const RUNS: usize = 4;

/// What a title may begin with, and says nothing of what it tells.
const OPENERS: [&str; 12] = [
    "UPDATE:",
    "UPDATED:",
    "CORRECTION:",
    "CORRECTED:",
    "BREAKING:",
    "PRESS RELEASE:",
    "ACTUALIZACIÓN:",
    "COMUNICADO:",
    "COMUNICADO DE PRENSA:",
    "COMMUNIQUÉ:",
    "COMMUNIQUÉ DE PRESSE:",
    "ATUALIZAÇÃO:",
];
/// What follows these is no longer the text.
const CLOSERS: [&str; 8] =
    ["Read more", "appeared first on", "Continue reading", "Leer más", "Seguir leyendo", "Lire la suite", "Leia mais", "Saiba mais"];

/// What an item is compared by. Most tellings are strangers to each other, and a few questions show it: each part is made when it is
/// first asked for.
#[derive(Debug)]
pub struct Sketch<'a> {
    telling: Telling<'a>,
    /// When it was published, or else first seen; whether it says so itself.
    pub(super) at: Second,
    pub(super) is_dated: bool,
    url: OnceCell<Option<Url>>,
    title: OnceCell<Vec<Word>>,
    lead: OnceCell<Vec<Word>>,
    shingles: OnceCell<Vec<u64>>,
    lead_shingles: OnceCell<Vec<u64>>,
    figures: OnceCell<Vec<u64>>,
}

/// What tellings of one story have in common.
#[derive(Debug, Clone)]
pub struct Keys {
    /// Each of these is enough to look.
    pub sure: Vec<u64>,
    /// Two of these are.
    pub bands: Vec<u64>,
}

impl<'a> Sketch<'a> {
    /// Of a telling that was first seen at `seen`.
    pub fn of(telling: Telling<'a>, seen: Second) -> Self {
        let dated = dated(telling.item);
        Self {
            telling,
            at: dated.unwrap_or(seen),
            is_dated: dated.is_some(),
            url: OnceCell::new(),
            title: OnceCell::new(),
            lead: OnceCell::new(),
            shingles: OnceCell::new(),
            lead_shingles: OnceCell::new(),
            figures: OnceCell::new(),
        }
    }

    pub(super) fn source(&self) -> &'a SourceId {
        &self.telling.item.source
    }

    pub(super) fn lang(&self) -> Lang {
        self.telling.labels.lang.value
    }

    /// The words of its title, without the site's name.
    pub(super) fn title(&self) -> &[Word] {
        self.title.get_or_init(|| words(title(&self.telling.item.title, || [self.host(), self.source().as_str()]), TITLE))
    }

    /// The words that its text begins with.
    pub(super) fn lead(&self) -> &[Word] {
        self.lead.get_or_init(|| words(lead(&self.telling.item.summary), LEAD))
    }

    /// Pairs of neighbouring words of title and lead, as hashes, sorted.
    pub(super) fn shingles(&self) -> &[u64] {
        self.shingles.get_or_init(|| sorted(pairs(self.title()).chain(self.lead_shingles().iter().copied())))
    }

    /// The same of the lead alone.
    pub(super) fn lead_shingles(&self) -> &[u64] {
        self.lead_shingles.get_or_init(|| sorted(pairs(self.lead())))
    }

    /// Figures that few texts share, sorted.
    pub(super) fn figures(&self) -> &[u64] {
        self.figures.get_or_init(|| sorted(self.title().iter().chain(self.lead()).filter_map(Word::figure)))
    }

    /// Words that name places, as whoever filed the item found them in its title.
    pub(super) fn places(&self) -> BTreeSet<String> {
        let Labels { countries, regions, .. } = self.telling.labels;
        let evidence = countries.iter().flat_map(|label| &label.evidence).chain(regions.iter().flat_map(|label| &label.evidence));
        let places = evidence.filter(|evidence| evidence.field == Field::Title).flat_map(|evidence| words(&evidence.text, TITLE));
        places.filter(|word| !word.is_small()).map(|word| word.text).collect()
    }

    /// Countries that its words say it is about, sorted.
    pub(super) fn countries(&self) -> Vec<CountryCode> {
        sorted(self.telling.labels.countries.iter().filter(|label| label.role != Role::Source).map(|label| label.code))
    }

    /// Its topics, sorted.
    pub(super) fn topics(&self) -> Vec<&'a TopicSlug> {
        sorted(self.telling.labels.topics.iter().map(|label| &label.slug))
    }

    /// The publisher's domain, without its parts for languages and sections.
    pub(super) fn site(&self) -> String {
        site(self.host())
    }

    /// The address without host and language, when it has more than one word.
    pub(super) fn path(&self) -> String {
        self.url().map(path).unwrap_or_default()
    }

    /// Pictures and documents that belong to it.
    pub(super) fn media(&self) -> BTreeSet<&'a str> {
        let Item { enclosures, image, .. } = self.telling.item;
        enclosures.iter().map(|enclosure| enclosure.url.as_str()).chain(image.as_deref()).collect()
    }

    /// Names in title and text: what a translation keeps.
    pub(super) fn names(&self) -> BTreeSet<&str> {
        self.title().iter().chain(self.lead()).filter(|word| word.is_name && !word.is_small()).map(|word| word.text.as_str()).collect()
    }

    /// What it shares with tellings that may be of the same story, whatever their language.
    pub fn keys(&self) -> Keys {
        let mut sure: Vec<u64> = self.title_names().into_iter().flatten().collect();
        let figures: Vec<u64> = self.figures().iter().rev().take(FIGURES).copied().collect();
        for (n, one) in figures.iter().enumerate() {
            sure.extend(figures[n + 1..].iter().map(|other| hash(("figures", one.min(other), one.max(other)))));
        }
        sure.extend(figures.iter().filter(|figure| !figure.is_multiple_of(100)).map(|figure| hash(("figure", figure))));
        sure.extend(at_site(&self.site(), self.lang(), self.day()));
        let path = self.path();
        if !path.is_empty() {
            sure.push(hash(("path", path)));
        }
        sure.extend(self.media().iter().map(|media| hash(("media", media))));
        sure.extend(self.least());
        let opening = pairs(self.title()).chain(pairs(self.lead().get(..OPENING).unwrap_or(self.lead())));
        Keys { sure: sorted(sure), bands: bands(opening) }
    }

    /// The keys of what its site tells in other languages some days before or after.
    pub fn neighbours(&self, days: i64) -> Vec<u64> {
        let (site, today) = (self.site(), self.day());
        let others = [Lang::EN, Lang::ES, Lang::FR, Lang::PT].into_iter().filter(|lang| *lang != self.lang());
        others.flat_map(|lang| (today - days..=today + days).filter_map(|day| at_site(&site, lang, day)).collect::<Vec<_>>()).collect()
    }

    fn url(&self) -> Option<&Url> {
        self.url.get_or_init(|| self.telling.item.link.as_deref().and_then(|link| Url::parse(link).ok())).as_ref()
    }

    fn host(&self) -> &str {
        self.url().and_then(Url::host_str).unwrap_or_default()
    }

    fn day(&self) -> i64 {
        self.at.unix().div_euclid(86_400)
    }

    /// The runs of three words that have the least hashes: a text that stands within a longer one has some of them, too.
    fn least(&self) -> Vec<u64> {
        let run = |run: &[Word]| hash(("run", run[0].hash, run[1].hash, run[2].hash));
        let mut runs = sorted(self.title().windows(3).chain(self.lead().windows(3)).map(run));
        runs.truncate(RUNS);
        runs
    }

    /// The whole title and the words that carry it, when they say enough.
    fn title_names(&self) -> Option<[u64; 2]> {
        let heavy = heavy(self.title());
        (heavy.len() >= 3).then(|| [hash(("title", hashes(self.title()).collect::<Vec<_>>())), hash(("words", heavy))])
    }
}

/// The key of what a site tells in a language on a day.
fn at_site(site: &str, lang: Lang, day: i64) -> Option<u64> {
    (!site.is_empty()).then(|| hash(("day", site, lang.as_str(), day)))
}

/// When an item was published, or else last changed.
pub fn dated(item: &Item) -> Option<Second> {
    item.published.or(item.updated)
}

/// The words that carry a text.
pub(super) fn content(words: &[Word]) -> impl Iterator<Item = &str> {
    words.iter().filter(|word| !word.is_small()).map(|word| word.text.as_str())
}

/// The same as hashes, sorted.
fn heavy(words: &[Word]) -> Vec<u64> {
    sorted(words.iter().filter(|word| !word.is_small()).map(|word| word.hash))
}

pub(super) fn hashes(words: &[Word]) -> impl Iterator<Item = u64> {
    words.iter().map(|word| word.hash)
}

fn sorted<T: Ord>(list: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut list: Vec<T> = list.into_iter().collect();
    list.sort_unstable();
    list.dedup();
    list
}

/// Pairs of neighbouring words.
fn pairs(words: &[Word]) -> impl Iterator<Item = u64> {
    words.windows(2).map(|pair| hash((pair[0].hash, pair[1].hash)))
}

/// The least values under [`BANDS`] × [`ROWS`] hash functions, [`ROWS`] at a time (MinHash; Broder 1997).
fn bands(shingles: impl Iterator<Item = u64>) -> Vec<u64> {
    const FUNCTIONS: usize = BANDS * ROWS;
    let mut least = [u64::MAX; FUNCTIONS];
    let seeds: [u64; FUNCTIONS] = std::array::from_fn(|function| mix(function as u64 + 1));
    let mut is_empty = true;
    for shingle in shingles {
        is_empty = false;
        for (least, seed) in least.iter_mut().zip(seeds) {
            *least = (*least).min(mix(shingle ^ seed));
        }
    }
    if is_empty { Vec::new() } else { least.chunks(ROWS).enumerate().map(|(band, least)| hash(("band", band, least))).collect() }
}

/// A title without what it begins with, and without the name of the site it ends with. `who` says whose it is: host and source.
fn title<'a, 'b>(title: &'a str, who: impl FnOnce() -> [&'b str; 2]) -> &'a str {
    let is_begin = |opener: &&&str| title.get(..opener.len()).is_some_and(|begin| begin.ends_with(':') && begin.to_uppercase() == **opener);
    let opener = OPENERS.iter().find(is_begin);
    let title = opener.map_or(title, |opener| title[opener.len()..].trim_start());
    if !title.contains(['|', '-', '–', '—', ':']) {
        return title;
    }
    let Some((at, gap)) = [" | ", " - ", " – ", " — ", " :: "].iter().filter_map(|gap| title.rfind(gap).map(|at| (at, gap.len()))).max()
    else {
        return title;
    };
    let name = words(&title[at + gap..], SITE + 1);
    let heavy: Vec<&str> = content(&name).collect();
    let is_its = |who: &&str| heavy.iter().all(|word| who.contains(word));
    let is_site = name.len() <= SITE && !heavy.is_empty() && who().iter().any(is_its);
    if is_site { title[..at].trim_end() } else { title }
}

/// A text without dateline and boilerplate.
fn lead(summary: &str) -> &str {
    let end = CLOSERS.iter().filter_map(|closer| text::find(summary, closer)).min().unwrap_or(summary.len());
    let text = &summary[..end];
    let head = text.char_indices().filter(|(_, c)| c.is_whitespace()).nth(DATELINE).map_or(text, |(at, _)| &text[..at]);
    if !head.contains(['-', '–', '—']) {
        return text;
    }
    let dashes = [" – ", " — ", " - ", "– ", "— ", ".- ", ")- ", "/- "];
    match dashes.iter().filter_map(|dash| head.find(dash).map(|at| at + dash.len())).min() {
        Some(from) => text[from..].trim_start(),
        None => text,
    }
}

/// The domain of a publisher: the last two labels of a host, or three where the last two are everybody's (`gob.mx`, `org.br`).
fn site(host: &str) -> String {
    let labels: Vec<&str> = host.split('.').collect();
    let is_common =
        |label: &str| matches!(label, "ac" | "co" | "com" | "edu" | "gob" | "gouv" | "gov" | "int" | "net" | "ngo" | "nom" | "org");
    let own = match labels[..] {
        [.., second, last] if labels.len() > 2 && last.len() == 2 && is_common(second) => 3,
        _ => 2,
    };
    if labels.len() < 2 || labels.iter().any(|label| label.is_empty()) {
        String::new()
    } else {
        labels[labels.len() - own.min(labels.len())..].join(".")
    }
}

/// The path of an address without language: what the versions of one page in several languages have in common.
fn path(url: &Url) -> String {
    let is_language =
        |part: &&str| matches!(part.to_ascii_lowercase().as_str(), "en" | "es" | "fr" | "pt" | "ar" | "pt-br" | "es-mx" | "es-419");
    let parts: Vec<&str> =
        url.path_segments().into_iter().flatten().filter(|part| !part.is_empty()).filter(|part| !is_language(part)).collect();
    // A word or two are a section, and stand for many pages.
    let says_much = parts.last().is_some_and(|last| last.len() >= 12 || last.bytes().filter(u8::is_ascii_digit).count() >= 4);
    if says_much { parts.join("/") } else { String::new() }
}

/// Which of its words count, in their order.
pub(super) fn counting(words: &[Word]) -> Vec<&str> {
    words.iter().filter(|word| word.counts()).map(|word| word.text.as_str()).collect()
}

/// Which of its words are numbers.
pub(super) fn numbers(words: &[Word]) -> BTreeSet<&str> {
    words.iter().filter(|word| matches!(word.kind, Kind::Number | Kind::Figure)).map(|word| word.text.as_str()).collect()
}

/// Which part of the shorter of two sorted lists stands in the other, and which part of both is common.
pub(super) fn overlap(one: &[u64], other: &[u64]) -> (f32, f32) {
    let common = common(one, other).count() as f32;
    let shorter = one.len().min(other.len()) as f32;
    let all = (one.len() + other.len()) as f32 - common;
    (common / shorter.max(1.0), common / all.max(1.0))
}

/// What two sorted lists have in common.
pub(super) fn shared(one: &[u64], other: &[u64]) -> Vec<u64> {
    common(one, other).collect()
}

fn common(one: &[u64], other: &[u64]) -> impl Iterator<Item = u64> {
    let mut other = other.iter().copied().peekable();
    let mut is_there = move |value: u64| {
        while other.next_if(|next| *next < value).is_some() {}
        other.peek() == Some(&value)
    };
    one.iter().copied().filter(move |value| is_there(*value))
}

/// Which part of the words that carry the shorter of two tellings stands in the other.
pub(super) fn matter(one: &Sketch<'_>, other: &Sketch<'_>) -> f32 {
    let words = |of: &Sketch<'_>| sorted(heavy(of.title()).into_iter().chain(heavy(of.lead())));
    overlap(&words(one), &words(other)).0
}
