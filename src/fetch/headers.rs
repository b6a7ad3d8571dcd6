//! Headers as they were sent.
//!
//! A header is bytes, and need not be UTF-8 (RFC 9110 §5.5: `obs-text`). Validators have to go back
//! byte for byte, also through a journal of JSON texts; each byte is therefore one character, as in
//! ISO-8859-1.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

/// A validator as a text of one character a byte; an empty one is none.
pub(super) fn verbatim(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let value = headers.get(name).filter(|value| !value.is_empty())?;
    Some(value.as_bytes().iter().map(|byte| char::from(*byte)).collect())
}

/// The bytes of such a text; `None` for what never came from a header: nothing is sent then, rather than something made up.
pub(super) fn sent_back(text: &str) -> Option<HeaderValue> {
    let bytes: Option<Vec<u8>> = text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
    HeaderValue::from_bytes(&bytes?).ok()
}

/// A header that is read rather than sent back, when it is text.
pub(super) fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name).and_then(|value| std::str::from_utf8(value.as_bytes()).ok()).map(str::to_owned)
}

/// The members of a list header, in lower case: several lines are one list (RFC 9110 §5.3).
pub(super) fn list(headers: &HeaderMap, name: &HeaderName) -> Vec<String> {
    let lines = headers.get_all(name).iter().filter_map(|value| std::str::from_utf8(value.as_bytes()).ok());
    lines.flat_map(|line| line.split(',')).map(|member| member.trim().to_ascii_lowercase()).filter(|member| !member.is_empty()).collect()
}

/// How many bytes the headers of an answer are.
pub(super) fn size(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len()).sum()
}
