//! Pages that want to see a person: what guards of web sites send to programs.
//!
//! They come with 403, but also with 503 and 429, and are then no wish to be asked later. The words are those of the pages of
//! Cloudflare, AWS, Vercel, SiteGround, Imperva, DDoS-Guard, Sucuri, DataDome and PerimeterX.

use reqwest::header::HeaderMap;

/// As much of a page as is looked at, in bytes.
pub(super) const LOOKED_AT: usize = 64 << 10;

/// Headers that say it.
const HEADERS: &[(&str, &[&str])] = &[
    ("cf-mitigated", &["challenge"]),
    ("x-amzn-waf-action", &["challenge", "captcha"]),
    ("x-vercel-mitigated", &["challenge", "deny"]),
    ("sg-captcha", &["challenge"]),
];

/// Words that say it, in lower case.
const WORDS: &[&str] = &[
    "<title>just a moment",
    "attention required! | cloudflare",
    "/cdn-cgi/challenge-platform/",
    "enable javascript and cookies to continue",
    "checking your browser before accessing",
    "vercel security checkpoint",
    "_incapsula_resource",
    "ddos-guard",
    "sucuri website firewall",
    "captcha-delivery.com",
    "px-captcha",
];

/// Whether an answer says in its headers that it is a challenge.
pub(super) fn is_told_by(headers: &HeaderMap) -> bool {
    HEADERS.iter().any(|(name, values)| {
        let said = headers.get(*name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        values.iter().any(|value| said.eq_ignore_ascii_case(value))
    })
}

/// Whether the beginning of a page is that of a challenge.
pub(super) fn is_shown_by(page: &[u8]) -> bool {
    let page = String::from_utf8_lossy(page).to_ascii_lowercase();
    WORDS.iter().any(|words| page.contains(words))
}
