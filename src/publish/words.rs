//! The few words that feeds say themselves, in four languages.

use super::Feed;
use crate::model::{FourNames, Lang, Second};

/// The title of a feed: the specific words first, the site last.
pub fn title(feed: &Feed<'_>) -> String {
    let lang = feed.lang();
    let name = |names: Option<&FourNames>, otherwise: &str| names.map_or(otherwise, |names| names.in_lang(lang)).to_owned();
    let filter = feed.filter;
    let mut parts: Vec<String> = Vec::new();
    if let Some(saved) = feed.saved {
        parts.push(saved.in_lang(lang).to_owned());
    } else {
        parts.extend(filter.topics.iter().map(|slug| name(feed.names.topics.get(slug), slug.as_str())));
        parts.extend(filter.countries.iter().map(|code| name(feed.names.countries.get(code), code.as_str())));
        parts.extend(filter.regions.iter().map(|slug| name(feed.names.regions.get(slug), slug.as_str())));
        parts.extend(filter.sources.iter().map(|id| feed.sources.get(id).map_or_else(|| id.to_string(), |card| card.title.clone())));
        parts.extend(filter.lang.map(|shown| in_language(shown, lang)));
    }
    if parts.is_empty() {
        return feed.site.title.clone();
    }
    format!("{} — {}", parts.join(" · "), feed.site.title)
}

/// "in Spanish".
fn in_language(shown: Lang, lang: Lang) -> String {
    let names = match shown {
        Lang::EN => ["in English", "en inglés", "en anglais", "em inglês"],
        Lang::ES => ["in Spanish", "en español", "en espagnol", "em espanhol"],
        Lang::FR => ["in French", "en francés", "en français", "em francês"],
        Lang::PT => ["in Portuguese", "en portugués", "en portugais", "em português"],
        other => return other.to_string(),
    };
    pick(names, lang).to_owned()
}

/// "why is this here?"
pub(super) fn why(lang: Lang) -> &'static str {
    pick(["why is this here?", "¿por qué está aquí?", "pourquoi est-ce ici ?", "por que isto está aqui?"], lang)
}

/// "also", before the names of the others who told it.
pub(super) fn also(lang: Lang) -> &'static str {
    pick(["also", "también", "aussi", "também"], lang)
}

/// A day for people: `8 Sep 2020`, `8 sept. 2020`.
pub(super) fn day(at: Second, lang: Lang) -> String {
    const MONTHS: [[&str; 12]; 4] = [
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
        ["ene.", "feb.", "mar.", "abr.", "may.", "jun.", "jul.", "ago.", "sept.", "oct.", "nov.", "dic."],
        ["janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."],
        ["jan.", "fev.", "mar.", "abr.", "mai.", "jun.", "jul.", "ago.", "set.", "out.", "nov.", "dez."],
    ];
    use chrono::Datelike;
    let time = at.date_time();
    let months = pick([&MONTHS[0], &MONTHS[1], &MONTHS[2], &MONTHS[3]], lang);
    format!("{} {} {}", time.day(), months[time.month0() as usize], time.year())
}

fn pick<T: Copy>(of_four: [T; 4], lang: Lang) -> T {
    let at = Lang::SPOKEN.iter().position(|spoken| *spoken == lang).unwrap_or(0);
    of_four[at]
}
