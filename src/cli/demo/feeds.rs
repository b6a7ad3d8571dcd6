//! The feeds of the sample world, written out as publishers write them.
//!
//! Small writers on purpose: what [`publish`](crate::publish) writes has to be right in every corner, and
//! what stands here has to look like somebody else's. One of them is wrong on purpose, and says where.

use std::fmt::Write as _;

use serde_json::json;

use super::world::{Article, Sample, Telling};

/// RSS 2.0 with guid, `dc:language` and the text in `content:encoded`.
pub(super) fn rss(sample: &Sample, base: &str, told: &[Telling]) -> String {
    let Sample { title, home, path, lang, .. } = sample;
    let mut feed = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel>
<title>{}</title>
<link>{}</link>
<description>{}</description>
<language>{lang}</language>
<atom:link rel="self" type="application/rss+xml" href="{}"/>
"#,
        escape(title),
        escape(home),
        escape(title),
        escape(&format!("{base}{path}")),
    );
    for Telling { article, address, at } in told {
        let _ = write!(
            feed,
            r#"<item>
<title>{}</title>
<link>{}</link>
<guid isPermaLink="false">{}</guid>
<pubDate>{}</pubDate>
<dc:language>{}</dc:language>
<description>{}</description>
<content:encoded>{}</content:encoded>
</item>
"#,
            escape(article.title),
            escape(address),
            escape(&id(sample, article)),
            at.date_time().to_rfc2822(),
            article.lang,
            escape(article.summary),
            escape(&html(article)),
        );
    }
    feed + "</channel>\n</rss>\n"
}

/// Atom 1.0 with ids of its own and `xml:lang` on each entry (RFC 4287).
pub(super) fn atom(sample: &Sample, base: &str, told: &[Telling]) -> String {
    let Sample { title, home, path, lang, .. } = sample;
    let (title, home) = (escape(title), escape(home));
    // A feed without entries has not changed since 1970.
    let updated = told.iter().map(|telling| telling.at).max().unwrap_or(crate::model::Second::EPOCH);
    let mut feed = format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{lang}">
<id>{home}</id>
<title>{title}</title>
<updated>{updated}</updated>
<author><name>{title}</name></author>
<link rel="alternate" type="text/html" href="{home}"/>
<link rel="self" type="application/atom+xml" href="{}"/>
"#,
        escape(&format!("{base}{path}")),
    );
    for Telling { article, address, at } in told {
        let _ = write!(
            feed,
            r#"<entry xml:lang="{}">
<id>{}</id>
<title>{}</title>
<link rel="alternate" type="text/html" href="{}"/>
<published>{at}</published>
<updated>{at}</updated>
<summary>{}</summary>
<content type="html">{}</content>
</entry>
"#,
            article.lang,
            escape(&id(sample, article)),
            escape(article.title),
            escape(address),
            escape(article.summary),
            escape(&html(article)),
        );
    }
    feed + "</feed>\n"
}

/// JSON Feed 1.1.
pub(super) fn json(sample: &Sample, base: &str, told: &[Telling]) -> String {
    let items: Vec<_> = told
        .iter()
        .map(|Telling { article, address, at }| {
            json!({
                "id": id(sample, article),
                "url": address,
                "title": article.title,
                "summary": article.summary,
                "content_html": html(article),
                "date_published": at,
                "language": article.lang,
            })
        })
        .collect();
    let feed = json!({
        "version": "https://jsonfeed.org/version/1.1",
        "title": sample.title,
        "home_page_url": sample.home,
        "feed_url": format!("{base}{}", sample.path),
        "language": sample.lang,
        "items": items,
    });
    format!("{feed:#}\n")
}

/// RSS 2.0 as many publishers serve it: `&` stands bare, HTML's entities are declared nowhere, items
/// have no guid, and the transfer broke off within the last item.
pub(super) fn broken_rss(sample: &Sample, told: &[Telling]) -> String {
    let Sample { title, home, lang, .. } = sample;
    let mut feed = format!("<rss version=\"2.0\">\n<channel>\n<title>{title}</title>\n<link>{home}</link>\n<language>{lang}</language>\n");
    let mut last = feed.len();
    for Telling { article, address, at } in told {
        last = feed.len();
        let _ = write!(
            feed,
            "<item>\n<title>{}</title>\n<link>{address}</link>\n<pubDate>{}</pubDate>\n<description>{}</description>\n</item>\n",
            with_entities(article.title),
            at.date_time().to_rfc2822(),
            with_entities(article.summary),
        );
    }
    if let Some(length) = feed[last..].find("</description>") {
        feed.truncate(last + length);
    }
    feed
}

/// A publisher's own id for an article (RFC 4151): each teller has another.
fn id(sample: &Sample, article: &Article) -> String {
    let host = sample.home.trim_start_matches("https://").split('/').next().unwrap_or_default();
    format!("tag:{host},2020:{}", article.slug)
}

/// The article as a page would hold it, with a word on where it comes from.
fn html(article: &Article) -> String {
    let note = match article.lang {
        "es" => "Texto de muestra; el enlace no lleva a ninguna parte.",
        _ => "A sample text; its link leads nowhere.",
    };
    format!("<p>{}</p>\n<p><em>{note}</em></p>", escape(article.summary))
}

/// Text as XML and HTML write it, in elements and in attributes.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Text with entities that XML does not have, as if it were HTML.
fn with_entities(text: &str) -> String {
    text.replace('“', "&ldquo;").replace('”', "&rdquo;").replace(", ", ",&nbsp;").replace('é', "&eacute;")
}
