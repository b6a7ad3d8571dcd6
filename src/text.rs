//! Text and what it promises: what XML allows, one line, folded for comparison.
//!
//! Everything here is linear in the length of its input and changes nothing the second time.

use std::{borrow::Cow, sync::LazyLock};

use base64::Engine as _;
use unicode_normalization::{IsNormalized, UnicodeNormalization, char::is_combining_mark, is_nfc_quick};

/// Whether XML 1.0 allows the character (§2.2 `Char`); feeds of ours hold no other.
pub fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..='\u{10FFFF}')
}

/// The text without characters that XML 1.0 forbids and without C1 controls.
pub fn xml_safe(text: &str) -> Cow<'_, str> {
    let is_good = |c: char| is_xml_char(c) && !('\u{7F}'..='\u{9F}').contains(&c);
    // Characters are looked at only in texts that have a byte which begins one of those.
    let is_suspect = |b: u8| is_control_byte(b) || b == 0x7F || b == 0xC2 || b == 0xEF;
    let is_suspicious = text.as_bytes().chunks(CHUNK).any(|part| part.iter().fold(false, |found, b| found | is_suspect(*b)));
    if !is_suspicious || text.chars().all(is_good) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.chars().filter(|c| is_good(*c)).collect())
    }
}

/// What a text in base64 (RFC 4648 §4) stands for, where it is text.
pub fn from_base64(packed: &str) -> Option<String> {
    base64::engine::general_purpose::STANDARD.decode(packed).ok().and_then(|bytes| String::from_utf8(bytes).ok())
}

/// Bytes that are looked at together, without a branch for each.
const CHUNK: usize = 1 << 10;

fn is_control_byte(byte: u8) -> bool {
    byte < b' ' && byte != b'\t' && byte != b'\n' && byte != b'\r'
}

/// Whether a text holds control characters that XML 1.0 forbids (below U+0020).
pub fn has_controls(text: &str) -> bool {
    text.as_bytes().chunks(CHUNK).any(|part| part.iter().fold(false, |found, b| found | is_control_byte(*b)))
}

/// Whether a character is invisible and can make a title read otherwise than it is written:
/// bidirectional overrides and isolates, zero-width characters, the byte order mark, the soft hyphen.
///
/// The zero-width joiner and non-joiner stay: Persian and emoji need them.
fn is_treacherous(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2060}' | '\u{FEFF}' | '\u{AD}' | '\u{061C}')
}

/// Where `what` first stands: as `str::find`, and many times faster in texts of some length.
pub fn find(text: &str, what: &str) -> Option<usize> {
    match what.as_bytes() {
        [one] => memchr::memchr(*one, text.as_bytes()),
        more => memchr::memmem::find(text.as_bytes(), more),
    }
}

/// Where either of two signs of ASCII first stands.
pub fn find_either(text: &str, one: u8, other: u8) -> Option<usize> {
    memchr::memchr2(one, other, text.as_bytes())
}

/// Every place where a sign of ASCII stands, in order.
pub fn places(text: &str, sign: u8) -> impl Iterator<Item = usize> {
    memchr::memchr_iter(sign, text.as_bytes())
}

/// One clean line: forbidden, invisible and control characters gone, runs of white space made
/// one space, ends trimmed, composed (NFC).
pub fn one_line(text: &str) -> String {
    // Most text is one line as it is, and plain words are copied whole.
    if text.as_bytes().chunks(CHUNK).all(|part| part.iter().fold(true, |plain, b| plain & is_plain_byte(*b))) {
        let text = text.trim_ascii();
        if is_spaced_by_one(text.as_bytes()) {
            return text.to_owned();
        }
        let mut line = String::with_capacity(text.len());
        for word in text.split_ascii_whitespace() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        return line;
    }
    // What is taken out may have stood between a letter and its accent: so composed last.
    let line = one_line_of(text);
    // Most text is composed as it is, and to see that costs less than to compose it.
    if is_composed(&line) || is_nfc_quick(line.chars()) == IsNormalized::Yes { line } else { line.nfc().collect() }
}

/// Whether a byte is a visible character of ASCII, or white space that is one to `split_ascii_whitespace` as well.
fn is_plain_byte(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r')
}

/// Whether all white space is single spaces. Each pair is looked at, whatever came before, so that many are looked at in one step.
fn is_spaced_by_one(bytes: &[u8]) -> bool {
    bytes
        .iter()
        .zip(bytes.get(1..).unwrap_or_default())
        .fold(true, |single, (one, next)| single & (*one >= b' ') & ((*one != b' ') | (*next != b' ')))
}

/// Whether all characters are below U+0300, the first one that can be composed with another.
fn is_composed(text: &str) -> bool {
    text.as_bytes().chunks(CHUNK).all(|part| part.iter().fold(true, |below, b| below & (*b < 0xCC)))
}

fn one_line_of(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    let mut gap = false;
    let mut rest = text;
    while let Some(next) = rest.chars().next() {
        // Visible characters of ASCII go together.
        let plain = rest.bytes().take_while(u8::is_ascii_graphic).count();
        let (piece, after) = rest.split_at(if plain == 0 { next.len_utf8() } else { plain });
        rest = after;
        if plain == 0 && (next.is_whitespace() || next == '\u{85}') {
            gap = true;
        } else if plain > 0 || is_xml_char(next) && !next.is_control() && !is_treacherous(next) {
            if gap && !line.is_empty() {
                line.push(' ');
            }
            gap = false;
            line.push_str(piece);
        }
    }
    line
}

/// The text for comparison: decomposed, accents dropped, lower case, `ß ø ł đ œ æ ı` spelt out.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    fold_into(&mut folded, text);
    folded
}

/// The same, at the end of another text.
pub fn fold_into(folded: &mut String, text: &str) {
    // Decomposing looks every character up; ASCII has nothing to decompose, and for the rest of Latin it was done once.
    if text.is_ascii() {
        let from = folded.len();
        folded.push_str(text);
        folded[from..].make_ascii_lowercase();
    } else if text.chars().all(|c| c < LATIN_ENDS) {
        text.chars().for_each(|c| folded.push_str(&LATIN[c as usize]));
    } else {
        fold_any(folded, text);
    }
}

/// The first character after those of [`LATIN`]. None before it joins with its neighbours.
const LATIN_ENDS: char = '\u{250}';
/// The characters of Latin, folded.
static LATIN: LazyLock<Vec<Box<str>>> = LazyLock::new(|| {
    let fold = |c: char| {
        let mut folded = String::new();
        fold_any(&mut folded, c.encode_utf8(&mut [0; 4]));
        folded.into()
    };
    ('\0'..LATIN_ENDS).map(fold).collect()
});

fn fold_any(folded: &mut String, text: &str) {
    for c in text.nfkd().filter(|c| !is_combining_mark(*c)) {
        for c in c.to_lowercase() {
            match c {
                'ß' => folded.push_str("ss"),
                'ø' => folded.push('o'),
                'ł' => folded.push('l'),
                'đ' => folded.push('d'),
                'œ' => folded.push_str("oe"),
                'æ' => folded.push_str("ae"),
                'ı' => folded.push('i'),
                c if is_combining_mark(c) => {}
                c => folded.push(c),
            }
        }
    }
}

/// Lower-case ASCII letters and digits of a text, with single hyphens between its words; at most `most` bytes.
pub fn slug(text: &str, most: usize) -> String {
    let mut slug = String::new();
    for c in fold(&shorten(text, 4 * most)).chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') && c != '\'' && c != '’' {
            slug.push('-');
        }
    }
    if slug.len() > most {
        // Between two words, when there is a place in the second half.
        let cut = slug[..most].rfind('-').filter(|at| *at >= most / 2).unwrap_or(most);
        slug.truncate(cut);
    }
    slug.trim_end_matches('-').to_owned()
}

/// The first `limit` characters, cut at a space where there is one in the last fifth, with `…` when something was cut.
pub fn shorten(text: &str, limit: usize) -> String {
    // A character takes a byte, or more where it is not of ASCII.
    let end = match text.as_bytes().get(..limit) {
        Some(head) if head.is_ascii() => Some(limit).filter(|end| *end < text.len()),
        _ => text.char_indices().nth(limit).map(|(end, _)| end),
    };
    let Some(end) = end else { return text.to_owned() };
    let head = &text[..end];
    let cut = head.rfind(' ').filter(|at| *at >= end - end / 5).unwrap_or(end);
    format!("{}…", head[..cut].trim_end_matches([' ', ',', ';', ':', '.']))
}

/// The text with the addresses in it as everybody may see them: without name and password, and
/// without query, which can hold keys; `?…` stands where one was.
pub fn without_secrets(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        shown.push_str(before);
        let end = after.find(|c: char| c.is_whitespace() || matches!(c, '"' | '<' | '>' | '`' | '“' | '”')).unwrap_or(after.len());
        let (address, more) = after.split_at(end);
        let (place, query) = address.split_at(address.find(['?', '#']).unwrap_or(address.len()));
        let host = place.find('/').unwrap_or(place.len());
        shown.push_str(&place[place[..host].rfind('@').map_or(0, |at| at + 1)..]);
        if !query.is_empty() {
            shown.push_str("?…");
        }
        rest = more;
    }
    shown.push_str(rest);
    shown
}

/// An address as it may be published: without name and password, and without what in its query looks like a key.
///
/// The rest of the query stays, because many feeds differ in nothing else.
pub fn without_keys(address: &str) -> String {
    let (address, query) = address.split_once('?').map_or((address, None), |(address, query)| (address, Some(query)));
    let shown = without_secrets(address);
    let is_key = |pair: &&str| {
        let name = pair.split('=').next().unwrap_or_default().to_ascii_lowercase();
        let is_named = |word: &&str| name.contains(*word);
        name.ends_with("key")
            || matches!(&*name, "auth" | "sig" | "signature")
            || ["token", "secret", "passw", "credential"].iter().any(is_named)
    };
    let kept: Vec<&str> = query.into_iter().flat_map(|query| query.split('&')).filter(|pair| !is_key(pair)).collect();
    if kept.is_empty() { shown } else { format!("{shown}?{}", kept.join("&")) }
}

/// Whether a text is a media type, `type/subtype`, perhaps with parameters (RFC 6838 §4.2): publishers write other things there.
pub fn is_media_type(text: &str) -> bool {
    let is_name = |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&b));
    let essence = text.split(';').next().unwrap_or_default().trim();
    essence.split_once('/').is_some_and(|(kind, name)| is_name(kind) && is_name(name))
}

/// An error and its causes in one sentence; what a cause repeats is said once.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        cause = error.source();
    }
    text
}

/// What a panic said, which is nearly always a text.
pub fn of_panic(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned()).or_else(|| panic.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "a panic without words".to_owned())
}

/// The candidates nearest to a mistyped word, best first: for "did you mean".
///
/// Near is a Jaro-Winkler similarity of at least 0.75 after folding; at most `most` are given.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>, most: usize) -> Vec<&'a str> {
    let word = fold(word);
    let mut near: Vec<(f64, &str)> = candidates
        .into_iter()
        .map(|candidate| (likeness(&word, &fold(candidate)), candidate))
        .filter(|(likeness, _)| *likeness >= 0.75)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    near.truncate(most);
    near.into_iter().map(|(_, candidate)| candidate).collect()
}

/// How like a word is to a name, or to one of the longer words in it: `smugling` means `migrant-smuggling`.
fn likeness(word: &str, name: &str) -> f64 {
    let parts = name.split(|c: char| !c.is_alphanumeric()).filter(|part| part.len() > 3 && part.len() < name.len());
    let by_part = parts.map(|part| strsim::jaro_winkler(word, part)).filter(|likeness| *likeness >= 0.9);
    // The whole name comes before one that only has the word in it.
    by_part.map(|likeness| likeness * 0.95).fold(strsim::jaro_winkler(word, name), f64::max)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use super::*;

    #[test]
    fn a_line_has_no_invisible_or_forbidden_characters() {
        assert_eq!(one_line(" Caf\u{65}\u{301} \u{0}\u{202E}\n\t de\u{200B} la  Paix\u{FFFE} "), "Café de la Paix");
        assert_eq!(one_line(&one_line("a \u{1} \u{2} b")), "a b");
        assert_eq!(["a b", " a b\n", "a  b", "a\tb", "a \r\nb", "a\n b"].map(one_line), ["a b"; 6]);
        assert_eq!(["", " ", "a", " a"].map(one_line), ["", "", "a", "a"]);
        assert_eq!(one_line("\t a\r\n  b c \n"), one_line("\t a\r\n \u{200B} b\u{A0}c \n"));
        assert_eq!(one_line("a\u{4}\u{309}"), "\u{1EA3}");
        assert_eq!(one_line(" a\u{B}b\u{7F}\u{1F}c "), "a bc");
    }

    #[test]
    fn folding_spells_out_and_drops_accents() {
        assert_eq!(fold("Œuvre Straße ÍNDICE Ñandú Łódź"), "oeuvre strasse indice nandu lodz");
        let latin: String = ('\u{1}'..'\u{252}').collect();
        for text in [latin.clone(), latin.chars().rev().collect()] {
            let mut folded = String::new();
            fold_any(&mut folded, &text);
            assert_eq!(fold(&text), folded);
            assert_eq!(fold(&text.replace(['\u{250}', '\u{251}'], "")), folded.replace(['\u{250}', '\u{251}'], ""));
        }
    }

    #[test]
    fn a_mistyped_name_finds_its_neighbour() {
        assert_eq!(nearest("migrant-smugling", ["remittances", "migrant-smuggling", "youth"], 3), ["migrant-smuggling"]);
        assert_eq!(nearest("smugling", ["remittances", "migrant-smuggling", "youth"], 3), ["migrant-smuggling"]);
        assert_eq!(nearest("youth", ["youth-work", "youth"], 3), ["youth", "youth-work"]);
        assert_eq!(nearest("zzz", ["remittances"], 3), Vec::<&str>::new());
    }

    #[test]
    fn a_published_address_has_no_key_and_keeps_what_it_asks_for() {
        for (address, shown) in [
            ("https://reliefweb.example/rss.xml?country=100&lang=es", "https://reliefweb.example/rss.xml?country=100&lang=es"),
            ("https://ann:hunter2@news.example/feed?API_KEY=1&author=2&access_token=x", "https://news.example/feed?author=2"),
            ("https://news.example/feed?key=1", "https://news.example/feed"),
            ("https://news.example/feed", "https://news.example/feed"),
            ("file:///srv/feed.xml", "file:///srv/feed.xml"),
        ] {
            assert_eq!(without_keys(address), shown);
        }
    }

    #[test]
    fn addresses_are_shown_without_what_may_be_a_key() {
        for (text, shown) in [
            ("https://ann:hunter2@news.example:8080/feed?key=1&x=2#top is gone (410)", "https://news.example:8080/feed?… is gone (410)"),
            (
                "`tributary discover http://a.example/?k=1` and https://b.example",
                "`tributary discover http://a.example/?…` and https://b.example",
            ),
            ("url = \"https://a@b@c.example\" <https://d.example/x@y>", "url = \"https://c.example\" <https://d.example/x@y>"),
            ("no address? none at all", "no address? none at all"),
            ("it ends with ://", "it ends with ://"),
        ] {
            assert_eq!(without_secrets(text), shown);
        }
    }

    #[test]
    fn a_text_is_shortened_between_words() {
        assert_eq!(shorten("one two three", 8), "one two…");
        assert_eq!(shorten("dós tres cuatro", 9), "dós tres…");
        assert_eq!(["short", "shört"].map(|text| shorten(text, 5)), ["short", "shört"]);
        assert_eq!(shorten("short", 9), "short");
    }
}
