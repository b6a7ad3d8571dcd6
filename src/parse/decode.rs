//! From bytes to text: byte order mark, then what is plainly UTF-8, then HTTP, declaration, guess.

use std::borrow::Cow;

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// As much of a document as an encoding is guessed from, in bytes.
const GUESS_FROM: usize = 64 << 10;

/// The text of a document, and what had to be assumed.
pub fn decode<'a>(body: &'a [u8], content_type: Option<&str>) -> (Cow<'a, str>, Vec<String>) {
    let mut notes = Vec::new();
    if let Some(text) = utf32(body) {
        return (Cow::Owned(text), notes);
    }
    if let Some((encoding, length)) = Encoding::for_bom(body) {
        return (encoding.decode_without_bom_handling(&body[length..]).0, notes);
    }
    if let Some(encoding) = wide(body) {
        return (encoding.decode_without_bom_handling(body).0, notes);
    }
    let declared = charset(content_type).or_else(|| declaration(body)).or_else(|| meta(body));
    // Bytes that are UTF-8 and not mere ASCII are UTF-8, whatever they are said to be.
    if let Ok(text) = std::str::from_utf8(body) {
        let is_ascii = body.is_ascii();
        if let Some(other) = declared.filter(|encoding| *encoding != UTF_8 && !is_ascii && encoding.is_ascii_compatible()) {
            notes.push(format!("UTF-8 was declared to be {}", other.name()));
        }
        if declared.is_none_or(|encoding| encoding == UTF_8 || encoding.is_single_byte()) {
            return (Cow::Borrowed(text), notes);
        }
    }
    let encoding = declared.unwrap_or(UTF_8);
    let (text, bad) = encoding.decode_without_bom_handling(body);
    if !bad {
        return (text, notes);
    }
    notes.push(format!("bytes that are not {}", encoding.name()));
    // A few stray bytes are replaced; more of them are another encoding, which is guessed from the bytes.
    let stray = text.matches('\u{FFFD}').count();
    if encoding != UTF_8 || stray * 200 <= text.chars().count() {
        return (text, notes);
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(&body[..body.len().min(GUESS_FROM)], true);
    let guess = detector.guess(None, Utf8Detection::Deny);
    notes.push(format!("read as {}, by guess", guess.name()));
    (guess.decode_without_bom_handling(body).0, notes)
}

/// UTF-16 without a byte order mark shows in the first characters, which are ASCII in any feed.
fn wide(body: &[u8]) -> Option<&'static Encoding> {
    match body {
        [b'<' | b'{', 0, ..] => Some(UTF_16LE),
        [0, b'<' | b'{', ..] => Some(UTF_16BE),
        _ => None,
    }
}

/// UTF-32, with a byte order mark or beginning with `<` or `{`, which no browser knows and some publishers serve.
fn utf32(body: &[u8]) -> Option<String> {
    let (is_big, from) = match body {
        [0, 0, 0xFE, 0xFF, ..] => (true, 4),
        [0xFF, 0xFE, 0, 0, ..] => (false, 4),
        [0, 0, 0, b'<' | b'{', ..] => (true, 0),
        [b'<' | b'{', 0, 0, 0, ..] => (false, 0),
        _ => return None,
    };
    let units = body[from..].as_chunks::<4>().0.iter();
    let code = |unit: &[u8; 4]| if is_big { u32::from_be_bytes(*unit) } else { u32::from_le_bytes(*unit) };
    Some(units.map(|unit| char::from_u32(code(unit)).unwrap_or('\u{FFFD}')).collect())
}

/// The charset of an HTTP `Content-Type` (RFC 9110 §8.3.1).
fn charset(content_type: Option<&str>) -> Option<&'static Encoding> {
    let parameters = content_type?.split(';').skip(1);
    let value = parameters.filter_map(|part| part.split_once('=')).find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))?.1;
    Encoding::for_label(value.trim().trim_matches('"').as_bytes())
}

/// The encoding of an XML declaration (XML 1.0 §4.3.3). What claims to be UTF-16 in single bytes is not.
fn declaration(body: &[u8]) -> Option<&'static Encoding> {
    let head = String::from_utf8_lossy(&body[..body.len().min(200)]).into_owned();
    let declaration = head.split_once("<?xml")?.1.split_once("?>")?.0.to_owned();
    let value = declaration.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start().to_owned();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let label = value[1..].split(quote).next()?;
    Encoding::for_label(label.as_bytes()).filter(|encoding| encoding.is_ascii_compatible())
}

/// The encoding that an HTML page names in its head: `<meta charset>` or `<meta http-equiv>` (HTML §13.2.3.2).
fn meta(body: &[u8]) -> Option<&'static Encoding> {
    let head = String::from_utf8_lossy(&body[..body.len().min(1024)]).to_ascii_lowercase();
    if !head.contains("<html") && !head.contains("<!doctype html") {
        return None;
    }
    let label = head.split_once("<meta")?.1.split_once("charset")?.1.trim_start().strip_prefix('=')?;
    let label =
        label.trim_start().trim_start_matches(['"', '\'']).split(|c: char| !c.is_ascii_alphanumeric() && !"-_:".contains(c)).next()?;
    Encoding::for_label(label.as_bytes()).filter(|encoding| encoding.is_ascii_compatible())
}
