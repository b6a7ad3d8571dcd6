//! Addresses: the one to follow, and the one to compare.

use url::Url;

/// Query parameters that say where a reader came from, never what is read.
const TRACKING: &[&str] = &[
    "_ga",
    "_gl",
    "_hsenc",
    "_hsmi",
    "at_campaign",
    "at_medium",
    "cmpid",
    "dclid",
    "fbclid",
    "gclid",
    "gclsrc",
    "igshid",
    "mc_cid",
    "mc_eid",
    "mkt_tok",
    "msclkid",
    "ocid",
    "ref_src",
    "s_cid",
    "twclid",
    "xtor",
    "yclid",
];

/// Host labels that show the same page in another dress.
const DRESS: &[&str] = &["www.", "m.", "mobile.", "amp."];

fn is_tracking(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.starts_with("utm_") || TRACKING.binary_search(&name.as_str()).is_ok()
}

/// An address that a reader can follow: absolute, `http` or `https`, without tracking parameters or credentials.
pub fn follow(address: &str, base: &Url) -> Option<Url> {
    let address = address.trim();
    if address.is_empty() {
        return None;
    }
    let mut url = base.join(address).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())?;
    let _ = url.set_username("").and_then(|()| url.set_password(None));
    if let Some(query) = url.query() {
        let kept: Vec<&str> = query.split('&').filter(|pair| !is_tracking(pair.split('=').next().unwrap_or_default())).collect();
        let kept = kept.join("&");
        if kept != query {
            url.set_query((!kept.is_empty()).then_some(&kept));
        }
    }
    Some(url)
}

/// What makes two addresses one page: host, path and the parameters that carry identity.
///
/// Scheme, `www.`/`m.`/`amp.`, default ports, `/amp`, `index.html`, a final slash, tracking
/// parameters, their order and the fragment (unless `#!`) do not count. Other parameters and the case of the path do.
pub fn canonical(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default().trim_end_matches('.').to_ascii_lowercase();
    let mut host = host.as_str();
    while let Some(bare) = DRESS.iter().find_map(|dress| host.strip_prefix(dress)).filter(|bare| bare.contains('.')) {
        host = bare;
    }
    let mut text = host.to_owned();
    if let Some(port) = url.port().filter(|port| !matches!((url.scheme(), port), ("http" | "https", 80 | 443))) {
        text.push_str(&format!(":{port}"));
    }
    let path = unescape(url.path());
    let mut parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    while parts.last().is_some_and(|last| matches!(*last, "amp" | "index.html" | "index.htm" | "index.php")) {
        parts.pop();
    }
    for part in parts {
        text.push('/');
        text.push_str(part);
    }
    let query = url.query().map(unescape).unwrap_or_default();
    let mut pairs: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty() && !is_noise(pair)).collect();
    pairs.sort_unstable();
    for (n, pair) in pairs.iter().enumerate() {
        text.push(if n == 0 { '?' } else { '&' });
        text.push_str(pair);
    }
    if let Some(state) = url.fragment().filter(|fragment| fragment.starts_with('!')) {
        text.push('#');
        text.push_str(state);
    }
    text
}

fn is_noise(pair: &str) -> bool {
    let name = pair.split('=').next().unwrap_or_default();
    is_tracking(name) || matches!(pair, "amp" | "amp=1" | "output=amp" | "outputType=amp" | "close=true")
}

/// Escapes of characters that need none are undone, the others are written in capitals (RFC 3986 §6.2.2).
fn unescape(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut plain = String::with_capacity(text.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok())).flatten();
        match code {
            Some(code) if code.is_ascii_alphanumeric() || b"-._~".contains(&code) => plain.push(char::from(code)),
            Some(code) => plain.push_str(&format!("%{code:02X}")),
            None => {
                let c = text[at..].chars().next().unwrap_or('%');
                plain.push(c);
                at += c.len_utf8();
                continue;
            }
        }
        at += 3;
    }
    plain
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use proptest::prelude::*;

    use super::*;

    fn key(address: &str) -> String {
        canonical(&Url::parse(address).unwrap())
    }

    #[test]
    fn one_page_has_one_canonical_address() {
        for (one, other) in [
            ("http://www.iom.int/news/x", "https://iom.int/news/x/"),
            ("https://iom.int/news/x?utm_source=rss&utm_medium=feed", "https://iom.int/news/x"),
            ("https://m.example.org/a?b=2&a=1", "http://example.org/a?a=1&b=2"),
            ("https://example.org/a/amp", "https://example.org/a"),
            ("https://example.org/a/index.html#top", "https://example.org/a"),
            ("https://example.org:443/%7Ea/%c3%b1", "http://example.org:80/~a/ñ"),
            ("https://example.org./a//b", "https://EXAMPLE.org/a/b"),
            ("https://dtm.example.int/reports/x?close=true", "https://dtm.example.int/reports/x"),
        ] {
            assert_eq!(key(one), key(other));
        }
    }

    #[test]
    fn other_pages_stay_other_pages() {
        for (one, other) in [
            ("https://example.org/story.asp?NewsID=1", "https://example.org/story.asp?NewsID=2"),
            ("https://example.org/?p=1", "https://example.org/?p=2"),
            ("https://example.org/es/news/x", "https://example.org/en/news/x"),
            ("https://example.org/News", "https://example.org/news"),
            ("https://a.example.org/x", "https://b.example.org/x"),
            ("https://example.org/x#!a", "https://example.org/x#!b"),
            ("https://example.org/a%2Fb", "https://example.org/a/b"),
            ("https://example.org:8080/x", "https://example.org/x"),
        ] {
            assert_ne!(key(one), key(other));
        }
    }

    #[test]
    fn only_addresses_that_can_be_followed_are() {
        let base = Url::parse("https://example.org/news/feed.xml").unwrap();
        let to = |address: &str| follow(address, &base).map(String::from);
        assert_eq!(to("../a?utm_campaign=x&id=7").as_deref(), Some("https://example.org/a?id=7"));
        assert_eq!(to("//u:p@other.org/x").as_deref(), Some("https://other.org/x"));
        for bad in ["", "javascript:alert(1)", "data:text/html,x", "mailto:a@b.c", "ftp://x/y"] {
            assert_eq!(to(bad), None, "{bad}");
        }
        assert!(TRACKING.is_sorted());
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_canonical_address_is_its_own(address in "https?://(www\\.|m\\.)?[a-z]{1,5}\\.org(:80|:8080)?(/[a-zA-Z%0-9~.]{0,8}){0,4}(\\?[a-z_=&%]{0,12})?(#!?[a-z]{0,3})?") {
            if let Ok(url) = Url::parse(&address) {
                let once = canonical(&url);
                let again = Url::parse(&format!("https://{once}")).unwrap();
                prop_assert_eq!(canonical(&again), once);
            }
        }
    }
}
