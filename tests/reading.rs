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

/// Each of these once cost a reader seconds for every hundred kilobytes; were it quadratic, the test would not end.
#[test]
fn what_is_hostile_takes_no_longer_than_what_is_large() {
    let rss = |text: &str| format!("<rss version=\"2.0\"><channel><item><title>A</title>{text}</item></channel></rss>");
    let described = |text: &str| rss(&format!("<description><![CDATA[{text}]]></description>"));
    for (what, body) in [
        ("ampersands", described(&"&".repeat(500_000))),
        ("ampersands outside CDATA", rss(&format!("<description>{}</description>", "&".repeat(500_000)))),
        ("nested blocks", described(&"<div>".repeat(50_000))),
        ("nested blocks outside CDATA", rss(&format!("<description>{}</description>", "<div>".repeat(50_000)))),
        ("titles that do not end", rss(&"<title>".repeat(50_000))),
        ("elements that nobody knows", rss(&"<x>".repeat(100_000))),
        ("comments that do not end", rss(&"<!-- >".repeat(50_000))),
        ("instructions that do not end", rss(&"<? >".repeat(50_000))),
        ("document types", rss(&"<!DOCTYPE [ >".repeat(50_000))),
        ("quotes that do not end", rss(&"<a b=\"".repeat(50_000))),
        ("attributes", rss(&format!("<link {}/>", "a='1' ".repeat(50_000)))),
        ("namespaces", rss(&(0..20_000).map(|n| format!("<x xmlns:a{n}='u'/>")).collect::<String>())),
        ("categories", rss(&(0..20_000).map(|n| format!("<category>{n}</category>")).collect::<String>())),
        ("names of characters", rss(&(0..50_000).map(|n| format!("&a{n};")).collect::<String>())),
        ("empty items", rss(&"<item/>".repeat(200_000))),
        ("a title of a megabyte", rss(&format!("<title>{}</title>", "word ".repeat(200_000)))),
    ] {
        let feed = read(&body);
        assert!((1..=10_000).contains(&items(&body).len()), "{what}: {:?}", feed.repaired);
    }
    let json = format!("{{\"items\":[{}]}}", ["{\"id\":1}"; 50_000].join(","));
    assert_eq!(read(json).items.len(), 10_000);
    let deep = format!("{{\"items\":[{{\"id\":{}", "[".repeat(100_000));
    assert!(parsed(deep.as_bytes(), None).is_err());
}

#[test]
fn a_date_follows_the_order_of_its_source() {
    let feed = "<rss version=\"2.0\"><channel><item><title>A</title><pubDate>03/04/2020 10:00</pubDate></item>\
                <item><title>B</title><pubDate>08/21/2020</pubDate></item><item><title>C</title><pubDate>soon</pubDate></item></channel></rss>";
    let dates = |dates| {
        let feed = parse(feed.as_bytes(), &About { content_type: None, base: &base(), dates }).unwrap();
        let told: Vec<String> = feed.items.iter().map(|item| item.published.map_or("none".to_owned(), |at| at.to_rfc3339())).collect();
        (told, feed.repaired)
    };
    let unread = vec!["dates that can not be read: 1".to_owned()];
    let told = |first: &str| vec![format!("{first}T10:00:00+00:00"), "2020-08-21T00:00:00+00:00".to_owned(), "none".to_owned()];
    assert_eq!(dates(DateOrder::DayFirst), (told("2020-04-03"), unread.clone()));
    assert_eq!(dates(DateOrder::MonthFirst), (told("2020-03-04"), unread));
}

#[test]
fn every_vocabulary_that_publishers_use_is_read() {
    let rss = r#"<rss version="2.0" xmlns:itunes="http://www.itunes.com/DTDs/PodCast-1.0.dtd" xmlns:media="http://search.yahoo.com/mrss/"
      xmlns:georss="http://www.georss.org/georss" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>W</title>
      <image><title>Logo</title><url>l.png</url></image>
      <item><title>A</title><guid>1</guid><itunes:author>Ana Ruiz</itunes:author><author>b@wire.example (Bo Li)</author>
      <itunes:keywords>ports, boats</itunes:keywords><dc:subject>Rescue</dc:subject><media:category>News</media:category><dc:date>2020-09-08</dc:date>
      <content:encoded>&lt;p&gt;Whole &lt;a href="x"&gt;text&lt;/a&gt;&lt;/p&gt;</content:encoded>
      <media:group><media:content url="/a.jpg" medium="image"/><media:content url="/a.mp4" type="video/mp4" fileSize="9"/><media:title>No</media:title></media:group>
      <source url="https://other.example/"><title>Other</title></source><georss:point>14.63 -90.51</georss:point></item></channel></rss>"#;
    let told = serde_json::to_value(&items(rss)[0]).unwrap();
    let expected = serde_json::json!({
        "source": "wire", "upstream": {"id": "1", "from": "guid"}, "title": "A", "summary": "Whole text",
        "content": "<p>Whole <a href=\"https://wire.example/x\" rel=\"noopener noreferrer nofollow\">text</a></p>",
        "published": "2020-09-08T00:00:00Z", "authors": ["Ana Ruiz", "Bo Li"],
        "categories": [
            {"term": "ports", "scheme": "http://www.itunes.com/"}, {"term": "boats", "scheme": "http://www.itunes.com/"},
            {"term": "Rescue"}, {"term": "News", "scheme": "http://search.yahoo.com/mrss/category_schema"},
        ],
        "enclosures": [{"url": "https://wire.example/a.mp4", "type": "video/mp4", "length": 9}],
        "image": "https://wire.example/a.jpg", "point": {"latitude": 14_630_000, "longitude": -90_510_000},
    });
    assert_eq!(told, expected);
}

#[test]
fn atom_is_read_with_its_bases_languages_and_kinds_of_text() {
    let atom = r#"<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="es" xml:base="https://wire.example/es/"><title>W</title><id>urn:x</id>
      <entry xml:lang="pt" xml:base="p/"><id>urn:1</id><title>1 &lt; 2 &amp;amp;</title><link rel="alternate" href="1"/><link rel="replies" href="r"/>
      <author><name>Ana</name><email>a@wire.example</email></author><source><title>Other</title><id>urn:o</id></source>
      <category term="youth" scheme="urn:t" label="Youth"/><published>2020-09-08T12:00:00-06:00</published><updated>2020-09-09T12:00:00Z</updated>
      <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>One<a name="x"/> <a href="2">two</a> &amp; <![CDATA[<3>]]></p></div></content></entry></feed>"#;
    let item = &items(atom)[0];
    assert_eq!(
        (item.upstream.id.as_str(), item.title.as_str(), item.link.as_deref()),
        ("urn:1", "1 < 2 &amp;", Some("https://wire.example/es/p/1"))
    );
    assert_eq!((item.lang.unwrap().to_string(), item.feed_lang.unwrap().to_string()), ("pt".to_owned(), "es".to_owned()));
    assert_eq!((item.authors.clone(), item.categories[0].label.as_deref()), (vec!["Ana".to_owned()], Some("Youth")));
    assert_eq!(item.published.unwrap().to_string(), "2020-09-08T18:00:00Z");
    let content = "<p>One<a rel=\"noopener noreferrer nofollow\"></a> <a href=\"https://wire.example/es/p/2\" rel=\"noopener noreferrer nofollow\">two</a> &amp; &lt;3&gt;</p>";
    assert_eq!(item.content.as_ref().unwrap().as_str(), content);
}

#[test]
fn json_is_read_item_by_item() {
    let feed =
        read("{\"version\":\"https://jsonfeed.org/version/1.1\",\"items\":[{\"id\":1,\"title\":\"A\"},7,{\"id\":\"2\",\"title\":\"B\"}]}");
    assert_eq!((feed.kind.as_str(), feed.items.len()), ("JSON Feed 1.1", 2));
    assert_eq!(feed.repaired, ["ids that are no text", "items that can not be read: 1"]);
    for broken in [
        "{\"items\":[{\"id\":\"1\",\"title\":\"A\\ud800 b\",},{\"id\":\"2\",\"title\":\"B\"},]}",
        "{\"items\":[{\"id\":\"1\",\"title\":\"A\n b\"},{\"id\":\"2\",\"title\":\"B\"},{\"id\":\"3\",\"ti",
    ] {
        let feed = read(broken);
        assert_eq!((feed.items.len(), feed.repaired.len()), (2, 1), "{broken}");
    }
}

#[test]
fn an_attachment_is_told_once_however_often_it_is_named() {
    let attached = |inside: &str| {
        let item = format!("<item><title>A</title>{inside}</item>");
        let rss = format!("<rss version=\"2.0\" xmlns:media=\"http://search.yahoo.com/mrss/\"><channel>{item}</channel></rss>");
        serde_json::to_value(&items(rss)[0].enclosures).unwrap()
    };
    let (media, enclosure) = ("<media:content url='/a.mp3?utm_source=x' fileSize='7'/>", "<enclosure url='/a.mp3' type='audio/mpeg'/>");
    let media = media.replace("fileSize", "medium='audio' fileSize");
    let once = serde_json::json!([{"url": "https://wire.example/a.mp3", "type": "audio/mpeg", "length": 7}]);
    for inside in [format!("{media}{enclosure}"), format!("{enclosure}{media}{enclosure}")] {
        assert_eq!(attached(&inside), once, "{inside}");
    }
    // What the publisher attached comes before what is one form of it among many.
    let forms =
        "<media:group><media:content url='/low.mp4' type='video/mp4'/><media:content url='/high.mp4' type='video/mp4'/></media:group>";
    let told = attached(&format!("{forms}<enclosure url='/high.mp4' length='9'/>"));
    let expected = serde_json::json!([
        {"url": "https://wire.example/high.mp4", "type": "video/mp4", "length": 9}, {"url": "https://wire.example/low.mp4", "type": "video/mp4"},
    ]);
    assert_eq!(told, expected);
}

#[test]
fn what_is_said_of_a_film_stands_in_for_a_description_and_never_for_one_that_is_there() {
    let told = |inside: &str| {
        let entry = format!("<entry><id>urn:1</id><title>A</title>{inside}</entry>");
        let feed = format!("<feed xmlns='http://www.w3.org/2005/Atom' xmlns:media='http://search.yahoo.com/mrss/'>{entry}</feed>");
        let item = items(feed).remove(0);
        (item.title, item.summary, item.content.map(|content| content.as_str().to_owned()))
    };
    let film = "<media:group><media:title>Film</media:title><media:description>How 1 &lt; 2 came about.</media:description></media:group>";
    let of = |summary: &str, content: Option<&str>| ("A".to_owned(), summary.to_owned(), content.map(str::to_owned));
    assert_eq!(told(film), of("How 1 < 2 came about.", None));
    assert_eq!(told(&format!("{film}<summary>The story.</summary>")), of("The story.", None));
    assert_eq!(told(&format!("<summary>The story.</summary>{film}")), of("The story.", None));
}

#[test]
fn a_category_that_is_told_twice_is_kept_once() {
    let rss = "<rss version='2.0' xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd'><channel><item><title>A</title>\
               <itunes:category text='News'/><itunes:category text='News'/><category>News</category><category> News</category>\
               <itunes:keywords>boats, boats</itunes:keywords></item></channel></rss>";
    let told = serde_json::to_value(&items(rss)[0].categories).unwrap();
    let podcasts = "http://www.itunes.com/";
    let expected = serde_json::json!([{"term": "News", "scheme": podcasts}, {"term": "News"}, {"term": "boats", "scheme": podcasts}]);
    assert_eq!(told, expected);
}

#[test]
fn signs_in_a_title_that_are_no_tag_stay() {
    let title = |written: &str| {
        let written = written.replace('&', "&amp;").replace('<', "&lt;");
        titles(format!("<rss version='2.0'><channel><item><title>{written}</title><guid>1</guid></item></channel></rss>")).remove(0)
    };
    for (written, read) in [
        ("#include </etc/shadow>", "#include </etc/shadow>"),
        ("Nice <gorilla> what's he weigh?", "Nice <gorilla> what's he weigh?"),
        ("<B>Bold</B> and <gorilla>", "Bold and <gorilla>"),
        ("One<br/>two <!-- three -->four", "One two four"),
        ("Write to <ana@wire.example>", "Write to <ana@wire.example>"),
        ("1 < 2 &amp; 3 > 2", "1 < 2 & 3 > 2"),
        ("1 <b", "1 <b"),
    ] {
        assert_eq!(title(written), read, "{written}");
    }
}

#[test]
fn what_stands_in_an_unknown_element_does_not_replace_what_the_entry_says_itself() {
    let own = "<title>A</title><id>urn:own</id><published>2020-09-08T12:00:00Z</published><updated>2020-09-09T12:00:00Z</updated>";
    let nested = "<a:collection xmlns:a='http://www.w3.org/2007/app'><title>Other</title><id>urn:other</id>\
                  <published>2001-01-01T00:00:00Z</published><updated>2001-01-01T00:00:00Z</updated></a:collection>";
    let read = |inside: &str| {
        let item = items(format!("<feed xmlns='http://www.w3.org/2005/Atom'><entry>{inside}</entry></feed>")).remove(0);
        (item.title, item.upstream.id, item.published.map(|at| at.to_string()), item.updated.map(|at| at.to_string()))
    };
    let own_alone = read(own);
    assert_eq!((own_alone.0.as_str(), own_alone.1.as_str()), ("A", "urn:own"));
    assert_eq!(read(&format!("{own}{nested}")), own_alone);
    assert_eq!(read(&format!("{nested}{own}")), own_alone);
    assert_eq!(read(nested).1, "urn:other");
}

#[test]
fn escaped_markup_within_markup_is_read_as_the_entry_says() {
    let summary = |kind: &str| {
        let text = "<div xmlns='http://www.w3.org/1999/xhtml'>One &lt;b&gt;two&lt;/b&gt; &amp;amp; 3</div>";
        let entry = format!("<entry><id>urn:1</id><title>A</title><summary type='{kind}'>{text}</summary></entry>");
        items(format!("<feed xmlns='http://www.w3.org/2005/Atom'>{entry}</feed>")).remove(0).summary
    };
    assert_eq!((summary("html").as_str(), summary("xhtml").as_str()), ("One two & 3", "One <b>two</b> &amp; 3"));
}

#[test]
fn relations_and_addresses_are_known_however_they_are_written() {
    let atom = "<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>urn:1</id><title>A</title>\
                <link rel='http://www.iana.org/assignments/relation/alternate' href='/1'/><link rel='alternate' href='/2'/>\
                <link rel='http://www.iana.org/assignments/relation/enclosure' href='/a.pdf'/></entry>\
                <entry><id>HTTPS://WIRE.example/2</id><title type='application/octet-stream'>test</title></entry>\
                <entry><id>urn:3</id><title mode='base64'>Qm9hdHM=</title></entry></feed>";
    let told: Vec<_> =
        items(atom).into_iter().map(|item| (item.title, item.link, item.enclosures.into_iter().map(|e| e.url).collect())).collect();
    let link = |path: &str| Some(format!("https://wire.example{path}"));
    let expected: Vec<(String, Option<String>, Vec<String>)> = vec![
        ("A".to_owned(), link("/1"), link("/a.pdf").into_iter().collect()),
        ("test".to_owned(), link("/2"), vec![]),
        ("Boats".to_owned(), None, vec![]),
    ];
    assert_eq!(told, expected);
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
