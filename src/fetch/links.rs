//! Links in the head of an answer (RFC 8288), as far as they say where a feed is and who tells of its changes.
//!
//! Deliberately absent: every other relation, and links that are said of something else (`anchor`).

use reqwest::header::{HeaderMap, LINK};
use url::Url;

/// Where the first link of a relation leads.
pub(super) fn link(headers: &HeaderMap, relation: &str, base: &Url) -> Option<String> {
    let lines = headers.get_all(LINK).iter().filter_map(|line| line.to_str().ok());
    let found = lines.flat_map(links).find(|(_, parameters)| is_of(parameters, relation))?.0;
    base.join(found.trim()).ok().map(String::from)
}

/// Each address of a line, and what is said of it.
fn links(line: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = line;
    std::iter::from_fn(move || {
        let (address, after) = rest.split_once('<')?.1.split_once('>')?;
        let mut is_quoted = false;
        let end = after.find(|c| {
            is_quoted ^= c == '"';
            c == ',' && !is_quoted
        });
        let (parameters, next) = after.split_at(end.unwrap_or(after.len()));
        rest = next;
        Some((address, parameters))
    })
}

/// Whether it is said that a link is of a relation; a link may be of several.
fn is_of(parameters: &str, relation: &str) -> bool {
    let mut named = parameters.split(';').filter_map(|parameter| parameter.split_once('='));
    let is_elsewhere = parameters.split(';').any(|parameter| parameter.trim().to_ascii_lowercase().starts_with("anchor"));
    let is_named = |value: &str| value.trim().trim_matches('"').split_ascii_whitespace().any(|word| word.eq_ignore_ascii_case(relation));
    !is_elsewhere && named.any(|(name, value)| name.trim().eq_ignore_ascii_case("rel") && is_named(value))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use reqwest::header::HeaderValue;

    use super::*;

    #[test]
    fn a_feed_and_its_hub_are_found_among_other_links() {
        let mut headers = HeaderMap::new();
        for line in [
            "</style.css>; rel=preload; as=style, <https://hub.example/a,b>; title=\"x, y\"; rel=\"alternate hub\", nonsense",
            "<https://other.example/>; rel=hub, </feed>;REL=Self",
            "<https://wrong.example/>; rel=next; anchor=\"/x\", <",
        ] {
            headers.append(LINK, HeaderValue::from_static(line));
        }
        let found = ["hub", "self", "next", "icon"].map(|relation| link(&headers, relation, &"https://wire.example/x".parse().unwrap()));
        let expected = [Some("https://hub.example/a,b"), Some("https://wire.example/feed"), None, None];
        assert_eq!(found, expected.map(|address| address.map(str::to_owned)));
    }
}
