//! The language of an item, by what deserves most trust.
//!
//! A detector always answers; *unknown* is ours to say: of a text too short, or one whose
//! everyday words speak another language than the detector.

use url::Url;

use super::Subject;
use crate::model::{Lang, LangFrom, Language};

/// A detected language overrules a declared one from this many letters on.
const SURE: usize = 120;
/// Fewer letters than this tell nothing.
const SHORTEST: usize = 20;
/// Detecting takes time with length, and is as sure after this many bytes.
const READ: usize = 400;

/// Everyday words that belong to one of our languages.
const EVERYDAY: [(Lang, &[&str]); 4] = [
    (Lang::EN, &["the", "of", "and", "to", "in", "for", "with", "on", "from", "by", "is", "are", "at", "as"]),
    (Lang::ES, &["el", "la", "los", "las", "de", "del", "y", "en", "para", "con", "por", "una", "un", "su", "sobre", "al"]),
    (Lang::FR, &["le", "la", "les", "des", "du", "de", "et", "en", "pour", "avec", "une", "un", "au", "aux", "dans", "sur", "par"]),
    (Lang::PT, &["o", "os", "as", "da", "do", "das", "dos", "de", "e", "em", "para", "com", "por", "uma", "um", "na", "no", "sobre", "ao"]),
];

/// Tells the language, and which step told it.
pub(super) fn tell(subject: &Subject<'_>) -> Language {
    if is_bilingual(subject.title) {
        return Language { value: Lang::MULTI, from: LangFrom::Title };
    }
    let both = format!("{} {}", subject.title, subject.summary);
    let letters = both.chars().filter(|c| c.is_alphabetic()).count();
    let sure = (letters >= SURE).then(|| detect(&both)).flatten();
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
        // A short title that plainly speaks another language than its feed.
        return language;
    }
    let told = if letters >= SHORTEST { detect(&both) } else { None };
    let told = told.map(|value| Language { value, from: if subject.summary.is_empty() { LangFrom::Title } else { LangFrom::Text } });
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

/// What the text says by itself; nothing when it is undecided.
fn detect(text: &str) -> Option<Lang> {
    let end = (0..=text.len().min(READ)).rev().find(|at| text.is_char_boundary(*at))?;
    let detected: Lang = match whichlang::detect_language(&text[..end]) {
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
    let words: Vec<String> =
        text[..end].split(|c: char| !c.is_alphabetic()).map(str::to_lowercase).filter(|word| !word.is_empty()).collect();
    let votes = |lang: Lang| {
        let own = EVERYDAY.iter().find(|(known, _)| *known == lang).map_or(&[][..], |(_, own)| own);
        words.iter().filter(|word| own.contains(&word.as_str())).count()
    };
    let best = EVERYDAY.iter().map(|(lang, _)| (votes(*lang), *lang)).max_by_key(|(votes, _)| *votes)?;
    // Two everyday words more in another language: the detector was led astray, or the text is mixed.
    (best.0 < votes(detected) + 2).then_some(detected)
}
