//! Times, numbers and languages as people write them.

use crate::{
    model::{Lang, Second},
    publish,
};

/// A time on a page.
pub(super) struct Time {
    /// For programs.
    pub(super) iso: String,
    /// For people.
    pub(super) told: String,
}

impl Time {
    /// A day and the minute, UTC: `8 Sep 2020, 14:05`.
    pub(super) fn minute(at: Second, lang: Lang) -> Self {
        let told = format!("{}, {}", publish::day(at.day(), lang), at.date_time().format("%H:%M"));
        Self { iso: at.to_string(), told }
    }

    /// A day: `8 Sep 2020`.
    pub(super) fn day(at: Second, lang: Lang) -> Self {
        Self { iso: at.to_string(), told: publish::day(at.day(), lang) }
    }
}

/// A number with the marks between thousands that its language writes (Unicode CLDR): Spanish has none in four digits.
pub(super) fn number(n: u64, lang: Lang) -> String {
    let digits = n.to_string();
    let mark = match lang {
        Lang::FR => '\u{202f}',
        Lang::PT => '.',
        Lang::ES => '.',
        _ => ',',
    };
    if lang == Lang::ES && digits.len() < 5 {
        return digits;
    }
    let mut told = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            told.push(mark);
        }
        told.push(digit);
    }
    told
}

/// A number to a tenth, with the comma or point of its language.
pub(super) fn tenths(n: f64, lang: Lang) -> String {
    let told = format!("{n:.1}");
    if lang == Lang::EN { told } else { told.replace('.', ",") }
}

/// A language by its own name; of one that we have no name for, its code.
pub(super) fn language(lang: Lang) -> &'static str {
    const NAMES: &[(&str, &str)] = &[
        ("en", "English"),
        ("es", "Español"),
        ("fr", "Français"),
        ("pt", "Português"),
        ("ar", "العربية"),
        ("de", "Deutsch"),
        ("el", "Ελληνικά"),
        ("fa", "فارسی"),
        ("ht", "Kreyòl ayisyen"),
        ("it", "Italiano"),
        ("ja", "日本語"),
        ("nl", "Nederlands"),
        ("pl", "Polski"),
        ("ro", "Română"),
        ("ru", "Русский"),
        ("sw", "Kiswahili"),
        ("tr", "Türkçe"),
        ("uk", "Українська"),
        ("ur", "اردو"),
        ("vi", "Tiếng Việt"),
        ("zh", "中文"),
    ];
    NAMES.iter().find(|(code, _)| *code == lang.as_str()).map_or("", |(_, name)| name)
}

/// The `lang` of something on a page: nothing known is said as nothing (HTML §3.2.6.2).
pub(super) fn tag(lang: Lang) -> String {
    if lang.is_known() { lang.to_string() } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_their_language_does() {
        let told = |n| Lang::SPOKEN.map(|lang| number(n, lang));
        assert_eq!(told(7), ["7", "7", "7", "7"]);
        assert_eq!(told(1_234), ["1,234", "1234", "1\u{202f}234", "1.234"]);
        assert_eq!(told(1_234_567), ["1,234,567", "1.234.567", "1\u{202f}234\u{202f}567", "1.234.567"]);
        assert_eq!(Lang::SPOKEN.map(|lang| tenths(1.25, lang)), ["1.2", "1,2", "1,2", "1,2"]);
    }
}
