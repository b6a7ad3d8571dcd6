//! From bytes to items: what publishers serve, read and cleaned.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use proptest::prelude::*;
use tributary::{
    clean::{Origin, clean},
    model::{DateOrder, Item, RawFeed, UpstreamFrom},
    parse::{About, ParseError, parse},
};
use url::Url;

fn base() -> Url {
    Url::parse("https://wire.example/feed.xml").unwrap()
}

fn parsed(body: &[u8], content_type: Option<&str>) -> Result<RawFeed, ParseError> {
    parse(body, &About { content_type, base: &base(), dates: DateOrder::DayFirst })
}

fn read(body: impl AsRef<[u8]>) -> RawFeed {
    parsed(body.as_ref(), None).unwrap()
}

fn items(body: impl AsRef<[u8]>) -> Vec<Item> {
    let feed = read(body);
    let (source, base) = ("wire".parse().unwrap(), base());
    let origin = Origin { source: &source, base: &base, feed_lang: feed.lang.as_deref() };
    feed.items.into_iter().filter_map(|raw| clean(raw, &origin).ok()).collect()
}

fn titles(body: impl AsRef<[u8]>) -> Vec<String> {
    items(body).into_iter().map(|item| item.title).collect()
}

const RSS: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<channel><title>Wire</title><link>https://wire.example/</link><language>es-419</language><ttl>90</ttl>
<skipHours><hour>0</hour><hour>23</hour></skipHours><skipDays><day>Sunday</day></skipDays>
<item><title>Tr&#225;fico &amp;amp; trata</title><link>/n/1?utm_source=rss&amp;id=7</link><guid isPermaLink="false">12 at https://wire.example</guid>
<pubDate>Tue, 08 Sep 2020 06:00:00 -0600</pubDate><description>&lt;p&gt;Un curso &lt;b&gt;virtual&lt;/b&gt;.&lt;/p&gt;</description>
<content:encoded><![CDATA[<p>Un curso <a href="/x">virtual</a>.</p><script>x()</script>]]></content:encoded>
<dc:creator>Ana Ruiz</dc:creator><category domain="https://wire.example/tags">Juventud</category>
<enclosure url="/a.mp3" type="audio/mpeg" length="12"/></item>
<item><title>Second</title><guid>https://wire.example/n/2</guid></item>
</channel></rss>"#;

#[test]
fn an_rss_item_is_read_whole() {
    let feed = read(RSS);
    assert_eq!((feed.kind.as_str(), feed.repaired.len()), ("RSS 2.0", 0));
    assert_eq!(feed.hints.quiet_for, Some(std::time::Duration::from_secs(5400)));
    assert_eq!((feed.hints.skip_hours, feed.hints.skip_days), (1 | 1 << 23, 1 << 6));
    let items = items(RSS);
    let told = serde_json::to_value(&items[0]).unwrap();
    let expected = serde_json::json!({
        "source": "wire", "upstream": {"id": "12 at https://wire.example", "from": "guid"},
        "link": "https://wire.example/n/1?id=7", "canonical": "wire.example/n/1?id=7",
        "title": "Tráfico & trata", "summary": "Un curso virtual.",
        "content": "<p>Un curso <a href=\"https://wire.example/x\" rel=\"noopener noreferrer nofollow\">virtual</a>.</p>",
        "published": "2020-09-08T12:00:00Z", "feed_lang": "es", "authors": ["Ana Ruiz"],
        "categories": [{"term": "Juventud", "scheme": "https://wire.example/tags"}],
        "enclosures": [{"url": "https://wire.example/a.mp3", "type": "audio/mpeg", "length": 12}],
    });
    assert_eq!(told, expected);
    assert_eq!(items[1].link.as_deref(), Some("https://wire.example/n/2"));
}

#[test]
fn atom_and_json_feed_are_read_alike() {
    let atom = r#"<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en"><title>Wire</title><id>urn:x</id><updated>2020-09-08T12:00:00Z</updated>
      <entry><id>tag:wire.example,2020:1</id><title type="html">R&amp;amp;D &lt;b&gt;grows&lt;/b&gt;</title><link href="n/1"/>
      <link rel="enclosure" href="a.pdf" type="application/pdf"/><updated>2020-09-08T12:00:00Z</updated><summary>About it.</summary></entry></feed>"#;
    let json = r#"{"version":"https://jsonfeed.org/version/1.1","title":"Wire","language":"en","items":[
      {"id":"tag:wire.example,2020:1","url":"https://wire.example/n/1","title":"R&D grows","summary":"About it.","content_text":"About it.",
       "attachments":[{"url":"https://wire.example/a.pdf","mime_type":"application/pdf"}],"date_modified":"2020-09-08T12:00:00Z"}]}"#;
    let (one, other) = (&items(atom)[0], &items(json)[0]);
    for item in [one, other] {
        assert_eq!(item.upstream.id, "tag:wire.example,2020:1");
        assert_eq!((item.title.as_str(), item.summary.as_str()), ("R&D grows", "About it."));
        assert_eq!(item.link.as_deref(), Some("https://wire.example/n/1"));
        assert_eq!(item.updated.map(|at| at.to_string()).as_deref(), Some("2020-09-08T12:00:00Z"));
        assert_eq!(item.enclosures[0].url, "https://wire.example/a.pdf");
    }
}

#[test]
fn what_is_broken_is_mended_and_said() {
    let rss = |items: &str| format!("<rss version=\"2.0\"><channel><title>W</title>{items}</channel></rss>");
    let one = "<item><title>A</title><link>https://wire.example/1</link></item>";
    for (what, body, expected) in [
        ("bare & and unknown entities", rss("<item><title>R&D caf&eacute; & more</title></item>"), vec!["R&D café & more"]),
        ("text before the feed", format!("<br />\nWarning: x\n{}", rss(one)), vec!["A"]),
        ("cut off", rss(one).replace("</channel></rss>", "<item><title>B</ti"), vec!["A"]),
        ("characters that XML forbids", rss("<item><title>A\u{1}B</title><description>x &amp; \u{b}</description></item>"), vec!["AB"]),
        ("markup in text", rss("<item><title>A</title><description>one<br>two</description></item>"), vec!["A"]),
        ("tags that do not match", rss(&format!("{one}<item><title>B</x></item>")), vec!["A", "B"]),
        ("tags that do not match", rss(&format!("<item><title>B<link>https://wire.example/2</link></item>{one}")), vec!["B", "A"]),
        ("items that do not end", rss(&format!("<item><title>B</title>{one}")), vec!["B", "A"]),
        ("bare <", rss("<item><title>1 < 2</title></item>"), vec!["1 < 2"]),
        ("tags that do not end", rss("<item><title>A</title><enclosure url=\"x</item>"), vec!["A"]),
    ] {
        let feed = read(&body);
        assert!(feed.repaired.iter().any(|note| note == what), "{what}: {:?}", feed.repaired);
        assert_eq!(titles(&body), expected, "{what}");
    }
}

#[test]
fn an_address_beside_letters_that_are_no_ascii_costs_nothing() {
    let feed = "<rss version=\"2.0\"><channel><title>W</title><managingEditor>«a@b.org»</managingEditor>\
                <item><title>A</title><author>Niña （a@b.org）</author></item><item><title>B</title></item></channel></rss>";
    assert_eq!(titles(feed), ["A", "B"]);
}

#[test]
fn every_encoding_comes_out_as_it_was_meant() {
    let text = "<?xml version=\"1.0\" encoding=\"@\"?><rss version=\"2.0\"><channel><item><title>Niñez</title></item></channel></rss>";
    let utf8 = text.replace('@', "utf-8");
    let latin: Vec<u8> = text.replace('@', "iso-8859-1").chars().map(|c| c as u8).collect();
    let undeclared: Vec<u8> = text.replace('@', "utf-8").chars().map(|c| c as u8).collect();
    let wide: Vec<u8> = text.replace('@', "utf-16").encode_utf16().flat_map(u16::to_be_bytes).collect();
    let mislabelled = text.replace('@', "iso-8859-1").into_bytes();
    for body in [utf8.clone().into_bytes(), latin, undeclared, wide, mislabelled, format!("\u{FEFF}{utf8}").into_bytes()] {
        assert_eq!(titles(body), ["Niñez"]);
    }
    assert_eq!(parsed(utf8.as_bytes(), Some("text/xml; charset=\"utf-8\"")).unwrap().items.len(), 1);
}

#[test]
fn what_is_no_feed_is_called_by_its_name() {
    let said = |body: &[u8]| parsed(body, None).unwrap_err().to_string();
    assert_eq!(said(b""), "the publisher sent an empty body instead of a feed");
    assert_eq!(
        said(b"<!DOCTYPE html><html><head><title>Just a  moment</title>"),
        "the publisher sent an HTML page titled “Just a moment” instead of a feed"
    );
    assert_eq!(said(b"\x89PNG\r\n"), "the publisher sent a PNG image instead of a feed");
    assert_eq!(said(b"{\"ok\":true}"), "the publisher sent JSON that is no JSON Feed instead of a feed");
    assert_eq!(
        said(b"<rss version=\"2.0\"><channel><item><title>"),
        "the feed is broken beyond repair: it is cut off before the end of its first item"
    );
}

#[test]
fn of_too_many_items_the_first_are_read() {
    let many = read(format!("<rss version=\"2.0\"><channel>{}</channel></rss>", "<item/>".repeat(10_001)));
    assert_eq!((many.items.len(), many.repaired), (10_000, vec!["more than 10000 items; the rest is left out".to_owned()]));
}

#[test]
fn old_formats_are_read() {
    let atom03 = r#"<feed version="0.3" xmlns="http://purl.org/atom/ns#"><title>W</title><entry><id>urn:1</id><title>A</title>
        <link rel="alternate" href="https://wire.example/1"/><issued>2004-05-01T10:00:00Z</issued><modified>2004-05-02T10:00:00Z</modified></entry></feed>"#;
    let item = &items(atom03)[0];
    assert_eq!((item.title.as_str(), item.published.unwrap().to_string().as_str()), ("A", "2004-05-01T10:00:00Z"));
    let rdf = r#"<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"><channel rdf:about="x"><title>W</title></channel>
        <item rdf:about="https://wire.example/1"><title>A</title><link>https://wire.example/1</link></item></rdf:RDF>"#;
    assert_eq!(titles(rdf), ["A"]);
    assert_eq!(titles("<RSS><CHANNEL><item><title>A</title></item></CHANNEL></RSS>"), ["A"]);
    assert_eq!(titles("<rss version='0.94'><channel><item><title>A</title></item></channel></rss>"), ["A"]);
}

#[test]
fn an_item_without_an_id_keeps_its_identity() {
    let of = |title: &str, rest: &str| {
        items(format!("<rss version=\"2.0\"><channel><item><title>{title}</title>{rest}</item></channel></rss>"))[0].upstream.clone()
    };
    let linked = of("A", "<link>http://www.wire.example/1/</link>");
    assert_eq!((linked.id.as_str(), linked.from), ("wire.example/1", UpstreamFrom::Link));
    assert_eq!(of("Edited", "<link>https://wire.example/1</link>"), linked);
    let given = of("A", "<pubDate>Tue, 08 Sep 2020 06:00:00 GMT</pubDate>");
    assert_eq!(
        (given.clone(), given.from),
        (of("A", "<pubDate>Tue, 08 Sep 2020 06:00:00 GMT</pubDate><description>more</description>"), UpstreamFrom::Given)
    );
    let number =
        items(r#"{"version":"https://jsonfeed.org/version/1","title":"W","items":[{"id":42,"title":null,"content_text":"Words"}]}"#);
    assert_eq!((number[0].upstream.id.as_str(), number[0].summary.as_str()), ("42", "Words"));
}

#[test]
fn any_cut_of_a_feed_is_read_or_refused() {
    for cut in (0..RSS.len()).filter(|cut| RSS.is_char_boundary(*cut)) {
        match parsed(&RSS.as_bytes()[..cut], None) {
            Ok(feed) => assert!(feed.items.len() <= 2),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_makes_the_reader_panic(noise in proptest::collection::vec(any::<u8>(), 0..60), at in 0usize..1_200) {
        let mut body = RSS.as_bytes().to_vec();
        let at = at.min(body.len());
        body.splice(at..at, noise);
        let _ = parsed(&body, None);
    }
}
