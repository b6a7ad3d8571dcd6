//! The language of an item, by what deserves most trust.
//!
//! A detector always answers; *unknown* is ours to say: of a text too short, or one whose
//! everyday words speak another language than the detector.

use std::sync::LazyLock;

use rustc_hash::FxHashMap;
use url::Url;

use super::{Subject, tokens::Words};
use crate::model::{Lang, LangFrom, Language};

/// A detected language overrules a declared one from this many letters on.
const SURE: usize = 120;
/// Fewer letters than this tell nothing.
const SHORTEST: usize = 20;
/// Detecting takes time with length, and is as sure after this many characters.
const READ: usize = 200;

/// Words of a text that have a vote on its language.
const VOTERS: usize = 60;

/// Everyday words, folded, that belong to one of our languages.
const EVERYDAY: [(Lang, &[&str]); 4] = [
    (Lang::EN, &["the", "of", "and", "to", "in", "for", "with", "on", "from", "by", "is", "are", "at", "as"]),
    (Lang::ES, &["el", "la", "los", "las", "de", "del", "y", "en", "para", "con", "por", "una", "un", "su", "sobre", "al"]),
    (Lang::FR, &["le", "la", "les", "des", "du", "de", "et", "en", "pour", "avec", "une", "un", "au", "aux", "dans", "sur", "par"]),
    (Lang::PT, &["o", "os", "as", "da", "do", "das", "dos", "de", "e", "em", "para", "com", "por", "uma", "um", "na", "no", "sobre", "ao"]),
];

/// The languages of [`EVERYDAY`] that have a word, one bit each by their place in it.
static SPEAKS: LazyLock<FxHashMap<&str, u8>> = LazyLock::new(|| {
    let mut speaks = FxHashMap::default();
    for (n, (_, words)) in EVERYDAY.iter().enumerate() {
        words.iter().for_each(|word| *speaks.entry(*word).or_default() |= 1 << n);
    }
    speaks
});

/// Tells the language, and which step told it.
pub(super) fn tell(subject: &Subject<'_>, fields: &[Words<'_>]) -> Language {
    if is_bilingual(subject.title) {
        return Language { value: Lang::MULTI, from: LangFrom::Title };
    }
    let text = || subject.title.chars().chain(" ".chars()).chain(subject.summary.chars());
    let letters = text().filter(|c| c.is_alphabetic()).take(SURE).count();
    let read: String = text().take(READ).collect();
    let detected = if letters >= SHORTEST { detect(&read, fields) } else { None };
    let sure = detected.filter(|_| letters >= SURE);
    let declared = |value: Option<Lang>, from| value.filter(|lang| lang.is_known()).map(|value| Language { value, from });
    let overruled = |declared: Language| match sure {
        Some(sure) if sure != declared.value => Language { value: sure, from: LangFrom::Text },
        _ => declared,
    };
    let first = declared(subject.item_lang, LangFrom::Item).or_else(|| declared(subject.url.and_then(in_address), LangFrom::Address));
    if let Some(language) = first {
        return overruled(language);
    }
    if let Some(value) = sure {
        return Language { value, from: LangFrom::Text };
    }
    if let Some(language) = declared(subject.feed_lang, LangFrom::Feed) {
        return language;
    }
    let told = detected.map(|value| Language { value, from: if subject.summary.is_empty() { LangFrom::Title } else { LangFrom::Text } });
    told.or_else(|| declared(subject.source_lang, LangFrom::Source)).unwrap_or(Language { value: Lang::UNKNOWN, from: LangFrom::None })
}

/// Titles such as `Report [EN/FR]`.
fn is_bilingual(title: &str) -> bool {
    let Some((_, rest)) = title.rsplit_once('[') else { return false };
    let Some((inner, _)) = rest.split_once(']') else { return false };
    let langs = inner.split(['/', ',', '-']).map(str::trim);
    langs.clone().count() >= 2 && langs.clone().all(|lang| matches!(lang.to_ascii_uppercase().as_str(), "EN" | "FR" | "ES" | "PT" | "AR"))
}

/// A language that is a label of the host or a part of the path: `es.unhcr.org`, `/es/noticias`.
fn in_address(url: &str) -> Option<Lang> {
    let url = Url::parse(url).ok()?;
    let label = url.host_str()?.split('.').next()?.to_owned();
    let parts = url.path_segments()?.take(3).map(str::to_owned);
    let known = |part: &String| matches!(part.to_ascii_lowercase().as_str(), "en" | "es" | "fr" | "pt" | "ar" | "pt-br" | "es-mx");
    std::iter::once(label).chain(parts).find(known)?.parse().ok()
}

/// What a text says by itself; nothing when its everyday words disagree.
fn detect(text: &str, fields: &[Words<'_>]) -> Option<Lang> {
    let detected: Lang = match whichlang::detect_language(text) {
        whichlang::Lang::Eng => Lang::EN,
        whichlang::Lang::Spa => Lang::ES,
        whichlang::Lang::Fra => Lang::FR,
        whichlang::Lang::Por => Lang::PT,
        other => match other.three_letter_code() {
            "ara" => "ar",
            "deu" => "de",
            "ita" => "it",
            "nld" => "nl",
            "rus" => "ru",
            "tur" => "tr",
            "vie" => "vi",
            "hin" => "hi",
            "jpn" => "ja",
            "kor" => "ko",
            "cmn" => "zh",
            "swe" => "sv",
            _ => return None,
        }
        .parse()
        .ok()?,
    };
    let mut votes = [0; EVERYDAY.len()];
    let words = fields.iter().flat_map(|words| (0..words.tokens.len()).filter_map(|at| words.word(at))).take(VOTERS);
    for speaks in words.filter_map(|word| SPEAKS.get(word)) {
        votes.iter_mut().enumerate().for_each(|(n, votes)| *votes += speaks >> n & 1);
    }
    let own = EVERYDAY.iter().position(|(lang, _)| *lang == detected).map_or(0, |at| votes[at]);
    // Two everyday words more in another language: the detector was led astray, or the text is mixed.
    votes.iter().all(|votes| *votes < own + 2).then_some(detected)
}
