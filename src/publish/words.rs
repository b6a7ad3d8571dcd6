//! The few words that feeds say themselves, in four languages.

use chrono::{Datelike, NaiveDate};

use crate::model::Lang;

/// "why is this here?"
pub(super) fn why(lang: Lang) -> &'static str {
    pick(["why is this here?", "¿por qué está aquí?", "pourquoi est-ce ici ?", "por que isto está aqui?"], lang)
}

/// "also", before the names of the others who told it.
pub(super) fn also(lang: Lang) -> &'static str {
    pick(["also", "también", "aussi", "também"], lang)
}

/// What was filed in the archive because its source brought too much.
pub(super) fn too_much(lang: Lang) -> &'static str {
    pick(["too much at once", "demasiado de una vez", "trop à la fois", "demais de uma vez"], lang)
}

/// "and 12 more", "and more than 150 more"; nothing where there are none.
pub(super) fn more(left: usize, are_counted: bool, lang: Lang) -> Option<String> {
    let words = match (left, are_counted) {
        (0, true) => return None,
        (_, true) => ["and {} more", "y {} más", "et {} de plus", "e mais {}"],
        (_, false) => ["and more than {} more", "y más de {} más", "et plus de {} de plus", "e mais de {} outras"],
    };
    Some(pick(words, lang).replace("{}", &left.to_string()))
}

/// A day for people: `8 Sep 2020`, `8 sept. 2020`.
pub fn day(day: NaiveDate, lang: Lang) -> String {
    const MONTHS: [[&str; 12]; 4] = [
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
        ["ene.", "feb.", "mar.", "abr.", "may.", "jun.", "jul.", "ago.", "sept.", "oct.", "nov.", "dic."],
        ["janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."],
        ["jan.", "fev.", "mar.", "abr.", "mai.", "jun.", "jul.", "ago.", "set.", "out.", "nov.", "dez."],
    ];
    let months = pick([&MONTHS[0], &MONTHS[1], &MONTHS[2], &MONTHS[3]], lang);
    format!("{} {} {}", day.day(), months[day.month0() as usize], day.year())
}

/// The one of four that is in a language; the English one for a language that we do not speak.
pub(super) fn pick<T: Copy>(of_four: [T; 4], lang: Lang) -> T {
    let at = Lang::SPOKEN.iter().position(|spoken| *spoken == lang).unwrap_or(0);
    of_four[at]
}
