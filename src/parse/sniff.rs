//! What was sent instead of a feed, in words for people.

use crate::{html, text};

/// How far into a text is looked, in characters.
const HEAD: usize = 20_000;

/// Names what a body is. `text` is the body decoded.
pub(super) fn what_is(body: &[u8], text: &str) -> String {
    let magic: [(&[u8], &str); 8] = [
        (b"\x89PNG", "a PNG image"),
        (b"\xFF\xD8\xFF", "a JPEG image"),
        (b"GIF8", "a GIF image"),
        (b"RIFF", "a RIFF file, such as a WebP image"),
        (b"%PDF", "a PDF document"),
        (b"\x1F\x8B", "a gzip file"),
        (b"PK\x03\x04", "a zip file"),
        (b"BZh", "a bzip2 file"),
    ];
    if body.is_empty() {
        return "an empty body".to_owned();
    }
    if let Some((_, name)) = magic.iter().find(|(magic, _)| body.starts_with(magic)) {
        return (*name).to_owned();
    }
    if text.trim().is_empty() {
        return "a blank body".to_owned();
    }
    let head: String = text.chars().take(HEAD).collect();
    let lower = head.to_ascii_lowercase();
    let has = |part: &str| lower.contains(part);
    if has("<!doctype html") || has("<html") || has("<body") {
        let challenge = has("cf-challenge") || has("challenge-platform") || has("captcha") || has("just a moment");
        let kind = match () {
            () if has("type=\"password\"") || has("type='password'") || has("type=password") => "a login page",
            () if challenge => "a page that asks whether we are human",
            () => "an HTML page",
        };
        return format!("{kind}{}", title(&head, &lower).unwrap_or_default());
    }
    match () {
        () if text.starts_with(['{', '[']) => "JSON that is no JSON Feed".to_owned(),
        () if has("<opml") => "an OPML list".to_owned(),
        () if has("<urlset") || has("<sitemapindex") => "a site map".to_owned(),
        () if has("<svg") => "an SVG image".to_owned(),
        () => format!("something that begins “{}”", text::shorten(&text::one_line(&head), 40)),
    }
}

fn title(head: &str, lower: &str) -> Option<String> {
    let open = lower.find("<title")?;
    let from = open + lower[open..].find('>')? + 1;
    let length = lower[from..].find('<')?;
    let title = text::one_line(&html::text_of(&head[from..from + length]));
    (!title.is_empty()).then(|| format!(" titled “{}”", text::shorten(&title, 80)))
}
