//! From the address of a page to a source, through the real program: publishers on loopback, whole outputs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common {
    pub mod daemon;
}

use std::{fs, process::Output};

use common::daemon::Place;
use tributary::serve::sample::Publisher;

const HTML: &str = "text/html; charset=utf-8";
const RSS: &str = "application/rss+xml";

/// A publisher, and the runtime that it lives in.
struct Site {
    publisher: Publisher,
    _runtime: tokio::runtime::Runtime,
}

impl Site {
    fn new(documents: &[(&str, &str, &str)]) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let publisher = runtime.block_on(Publisher::start()).unwrap();
        for (path, content_type, body) in documents {
            publisher.put(path, content_type, body);
        }
        Self { publisher, _runtime: runtime }
    }

    fn address(&self, path: &str) -> String {
        format!("{}{path}", self.publisher.base())
    }

    /// What was asked, in order.
    fn asked(&self) -> Vec<String> {
        self.publisher.seen().into_iter().map(|seen| seen.path).collect()
    }

    /// What was printed, with the parts that differ from run to run named. The port has five digits, as `PPPPP` has.
    fn plain(&self, printed: &[u8]) -> String {
        let port = self.publisher.base().rsplit(':').next().unwrap().to_owned();
        let text = String::from_utf8(printed.to_vec()).unwrap().replace(&format!("{port:P<5}"), "PPPPP");
        let line = |line: &str| if line.starts_with("probed = ") { "probed = TODAY".to_owned() } else { line.to_owned() };
        text.lines().map(|text| line(text) + "\n").collect()
    }
}

fn discover(place: &Place, address: &str, more: &[&str]) -> Output {
    place.run(&[&["discover", address, "--allow-private"], more].concat())
}

fn item(n: u32, title: &str, more: &str) -> String {
    format!("<item><title>{title}</title><link>/{n}</link><guid isPermaLink=\"false\">{n} at ruta</guid>{more}</item>")
}

fn rss(title: &str, items: &str) -> String {
    format!(
        "<rss version=\"2.0\" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\"><channel><title>{title}</title><link>/</link>{items}</channel></rss>"
    )
}

/// Two posts; in the newer form with dates and the whole text.
fn posts(is_whole: bool) -> String {
    let more = |day: u32, words: &str| {
        let whole = format!(
            "<content:encoded><![CDATA[<p>{words}</p><p><a href=\"/x\">Siga leyendo</a> en la página del observatorio.</p>]]></content:encoded>"
        );
        format!("<pubDate>{day:02} Apr 2026 10:30:00 GMT</pubDate><description>{words}</description>{}", if is_whole { &whole } else { "" })
    };
    let first = more(27, "Las redes de tráfico ilícito de migrantes en Guatemala llevan a las personas por caminos nuevos.");
    let second = more(20, "Cada vez más jóvenes de Honduras vuelven de México y buscan trabajo en su país.");
    rss(
        "Observatorio de la Ruta",
        &(item(17, "El tráfico ilícito de migrantes cambia de ruta en Guatemala", &first)
            + &item(16, "Jóvenes retornados a Honduras", &second)),
    )
}

fn atom() -> String {
    let entry = |n: u32, day: u32, title: &str, words: &str| {
        format!(
            "<entry><id>{n} at ruta</id><title>{title}</title><link href=\"/{n}\"/><published>2026-04-{day}T10:30:00Z</published><updated>2026-04-{day}T10:30:00Z</updated>\
             <summary>{words}</summary><content type=\"html\">&lt;p&gt;{words}&lt;/p&gt;&lt;p&gt;&lt;a href=\"/x\"&gt;Siga leyendo&lt;/a&gt; en la página.&lt;/p&gt;</content></entry>"
        )
    };
    format!(
        "<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>Observatorio de la Ruta</title><id>x</id><updated>2026-04-27T10:30:00Z</updated>{}{}</feed>",
        entry(
            17,
            27,
            "El tráfico ilícito de migrantes cambia de ruta en Guatemala",
            "Las redes de tráfico ilícito de migrantes en Guatemala llevan a las personas por caminos nuevos."
        ),
        entry(16, 20, "Jóvenes retornados a Honduras", "Cada vez más jóvenes de Honduras vuelven de México y buscan trabajo en su país.")
    )
}

fn wordpress() -> Site {
    let atom = atom();
    let (whole, old) = (posts(true), posts(false));
    Site::new(&[
        ("/", HTML, include_str!("pages/wordpress.html")),
        ("/feed/", RSS, &whole),
        ("/feed/atom/", "application/atom+xml", &atom),
        ("/feed/old/", RSS, &old),
        (
            "/comments/feed/",
            RSS,
            &rss("Comentarios en: Observatorio de la Ruta", &item(99, "Sobre la ruta", "<pubDate>28 Apr 2026 10:30:00 GMT</pubDate>")),
        ),
    ])
}

#[test]
fn the_best_feed_of_several_is_taken_and_the_others_are_told_why_not() {
    let (site, place) = (wordpress(), Place::new(""));
    let output = discover(&place, &site.address("/"), &[]);
    let block = "[[source]]\nid = \"observatorio-de-la-ruta\"\ntitle = \"Observatorio de la Ruta\"\nurl = \"http://127.0.0.1:PPPPP/feed/atom/\"\n\
                 home = \"http://127.0.0.1:PPPPP/\"\nlang = \"es\"\nallow_private = true\nprobed = TODAY\n";
    assert_eq!(site.plain(&output.stdout), block);
    let told = r#"http://127.0.0.1:PPPPP/ is an HTML page titled “Observatorio de la Ruta – Noticias de la migración”
feed
http://127.0.0.1:PPPPP/feed/atom/      linked    best: Atom 1.0, 2 items, all dated, all with ids, all with whole text, in es as the page, newest of 2026-04-27
http://127.0.0.1:PPPPP/feed/           declared  it tells the same in an older form: RSS 2.0, 2 items, all dated, all with ids, all with whole text, in es as the page, newest of 2026-04-27
http://127.0.0.1:PPPPP/feed/old/       linked    it has less text: RSS 2.0, 2 items, all dated, all with ids, all with a summary, in es as the page, newest of 2026-04-27
http://127.0.0.1:PPPPP/boletin.xml     linked    there is nothing (404)
http://127.0.0.1:PPPPP/comments/feed/  declared  not asked: it holds comments

now it has 2 items
date        lang  title                                                        topics                          places
2026-04-27  es    El tráfico ilícito de migrantes cambia de ruta en Guatemala  migrant-smuggling               GT
2026-04-20  es    Jóvenes retornados a Honduras                                youth return-and-reintegration  HN

nothing was written: with --write it is added to sources.toml
"#;
    assert_eq!(site.plain(&output.stderr), told);
    assert_eq!(output.status.code(), Some(0));
    // Each address once, and no address that the page does not tell of.
    assert_eq!(site.asked(), ["/", "/feed/", "/feed/atom/", "/feed/old/", "/boletin.xml"]);
}

#[test]
fn a_source_is_written_once() {
    let (site, place) = (wordpress(), Place::new("# our own\n"));
    let file = place.path("config/sources.toml");
    let first = discover(&place, &site.address("/"), &["--write"]);
    assert_eq!(first.status.code(), Some(0));
    let written = fs::read_to_string(&file).unwrap();
    assert_eq!(written, format!("builtin = false\n# our own\n\n{}", String::from_utf8(first.stdout.clone()).unwrap()));
    let told = String::from_utf8(first.stderr).unwrap();
    assert!(told.ends_with(&format!("`observatorio-de-la-ruta` was added to {}\n", fs::canonicalize(&file).unwrap().display())), "{told}");

    let second = discover(&place, &site.address("/"), &["--write"]);
    assert_eq!((second.status.code(), second.stdout.len()), (Some(0), 0));
    assert!(String::from_utf8(second.stderr).unwrap().ends_with("it is already there as `observatorio-de-la-ruta`\n"));
    assert_eq!(fs::read_to_string(&file).unwrap(), written);

    // What was written is pulled.
    let pulled = place.succeed(&["pull", "--json"]);
    let row: serde_json::Value = serde_json::from_str(&pulled).unwrap();
    assert_eq!((&row["source"], &row["items"], &row["trouble"]), (&"observatorio-de-la-ruta".into(), &2.into(), &serde_json::Value::Null));
}

#[test]
fn the_same_is_told_to_programs() {
    let (site, place) = (wordpress(), Place::new(""));
    let output = discover(&place, &site.address("/"), &["--json"]);
    let lines: Vec<serde_json::Value> = site.plain(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |key: &str| lines.iter().filter(|line| !line[key].is_null()).cloned().collect::<Vec<_>>();
    assert_eq!(of("page").len(), 1);
    let feeds: Vec<(String, bool, bool)> = of("feed")
        .iter()
        .map(|feed| (feed["feed"].as_str().unwrap().replace("http://127.0.0.1:PPPPP", ""), feed["works"] == true, feed["best"] == true))
        .collect();
    let feeds: Vec<(&str, bool, bool)> = feeds.iter().map(|(path, works, best)| (path.as_str(), *works, *best)).collect();
    assert_eq!(
        feeds,
        [
            ("/feed/atom/", true, true),
            ("/feed/", true, false),
            ("/feed/old/", true, false),
            ("/boletin.xml", false, false),
            ("/comments/feed/", false, false)
        ]
    );
    let item = serde_json::json!({ "item": "Jóvenes retornados a Honduras", "url": "http://127.0.0.1:PPPPP/16", "published": "2026-04-20T10:30:00Z",
        "lang": "es", "topics": ["youth", "return-and-reintegration"], "countries": ["HN"], "regions": [] });
    assert_eq!(of("item")[1], item);
    let source = &of("source")[0];
    assert_eq!((&source["source"], &source["is_there"]), (&"observatorio-de-la-ruta".into(), &false.into()));
    assert!(source["block"].as_str().unwrap().starts_with("[[source]]\nid = "));
}

#[test]
fn an_address_that_is_a_feed_is_taken_as_it_is() {
    let (site, place) = (
        wordpress(),
        Place::new("[[source]]\nid = \"observatorio-de-la-ruta\"\ntitle = \"Another one\"\nurl = \"https://other.example/feed\"\n"),
    );
    let output = discover(&place, &site.address("/feed/old/"), &[]);
    let told = site.plain(&output.stderr);
    let first = "http://127.0.0.1:PPPPP/feed/old/ is itself a feed\nfeed\nhttp://127.0.0.1:PPPPP/feed/old/  given  best: RSS 2.0, 2 items, all dated, all with ids, all with a summary, in es, newest of 2026-04-27\n";
    assert!(told.starts_with(first), "{told}");
    assert!(site.plain(&output.stdout).starts_with("[[source]]\nid = \"observatorio-de-la-ruta-2\"\n"), "an id is never given twice");
    assert_eq!(site.asked(), ["/feed/old/"]);
}

#[test]
fn usual_places_are_tried_only_when_the_page_tells_of_none_and_only_until_there_is_one() {
    let place = Place::new("");
    let page = "<html><title>Sala de prensa</title><meta name=generator content='Drupal 10'><p>Hola</p></html>";
    let site = Site::new(&[("/es/prensa", HTML, page), ("/rss.xml", RSS, &rss("Prensa", "")), ("/atom.xml", RSS, &posts(false))]);
    let output = discover(&place, &site.address("/es/prensa"), &[]);
    // The first feed has no items, so that the search goes on.
    assert_eq!(site.asked(), ["/es/prensa", "/es/rss.xml", "/es/feed", "/rss.xml", "/feed", "/feed/", "/rss", "/atom.xml"]);
    let told = site.plain(&output.stderr);
    assert!(told.contains("http://127.0.0.1:PPPPP/rss.xml     guessed  it has no items: RSS 2.0, 0 items\n"), "{told}");
    assert!(site.plain(&output.stdout).contains("url = \"http://127.0.0.1:PPPPP/atom.xml\"\n"));
}

#[test]
fn a_site_that_asks_for_quiet_is_asked_no_more() {
    let place = Place::new("");
    let site = Site::new(&[("/", HTML, "<html><title>Quiet</title><p>Please.</p></html>")]);
    site.publisher.fail("/feed", 429, Some(3600));
    let output = discover(&place, &site.address("/"), &[]);
    assert_eq!(site.asked(), ["/", "/feed"]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
    let told = site.plain(&output.stderr);
    assert!(told.contains("guessed  127.0.0.1 asked us to slow down (429)\n"), "{told}");
    assert!(told.contains("guessed  not asked: 127.0.0.1 wants to be left alone\n"), "{told}");
}

#[test]
fn comments_alone_are_no_source() {
    let place = Place::new("");
    let comments = rss("Comments on: The route", &item(99, "By somebody", ""));
    let page = "<html><title>The route</title><link rel=alternate type=application/rss+xml href=/replies><p>Words.</p></html>";
    let site = Site::new(&[("/post", HTML, page), ("/replies", RSS, &comments)]);
    let output = discover(&place, &site.address("/post"), &[]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
    let told = site.plain(&output.stderr);
    assert!(told.contains("/replies     declared  it holds comments: RSS 2.0, 1 item"), "{told}");
}

#[test]
fn pages_that_would_do_harm_are_told_in_good_time() {
    let place = Place::new("");
    let attributes: String = (0..200_000).map(|n| format!(" a{n:x}")).collect();
    let site = Site::new(&[
        ("/tags", HTML, &"<li><a href=/x>Something that looks like news</a>".repeat(60_000)),
        ("/attributes", HTML, &format!("<html><title>A tag</title><a{attributes}>")),
        ("/deep", HTML, &("<html><title>A well</title>".to_owned() + &"<div><a href=/x>".repeat(10_000))),
        ("/large", HTML, &"x".repeat(9 << 20)),
    ]);
    let told = |path: &str| {
        let output = discover(&place, &site.address(path), &[]);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
        site.plain(&output.stderr).lines().last().unwrap().to_owned()
    };
    assert_eq!(told("/tags"), "tributary: http://127.0.0.1:PPPPP/tags: the page has more than 15000 elements; no listing needs as many");
    assert_eq!(
        told("/large"),
        "tributary: http://127.0.0.1:PPPPP/large is longer than 8 MiB after decoding; [fetch] max_body_mib is the limit"
    );
    for path in ["/attributes", "/deep"] {
        assert!(told(path).starts_with("tributary: there is no feed, and nothing on the page repeats"));
    }
}

#[test]
fn nobody_is_asked_without_leave() {
    let (site, place) = (wordpress(), Place::new(""));
    let refused = |arguments: &[&str]| {
        let output = place.run(arguments);
        assert_eq!(output.stdout.len(), 0);
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, told) = refused(&["discover", "https://site.example/"]);
    assert!(code == 2 && told.starts_with("tributary: no contact address is configured"), "{told}");
    let (code, told) = refused(&["discover", &site.address("/"), "--contact", "editor@example.org"]);
    assert!(code == 1 && told.contains("is not public, or leads to what is not; --allow-private lets it be asked"), "{told}");
    for address in ["file:///etc/passwd", "ftp://site.example/", "https://", "java script"] {
        let (code, told) = refused(&["discover", address, "--contact", "editor@example.org"]);
        assert!(code == 2 && told.contains("is not the address of a page"), "{address}: {told}");
    }
    let (code, told) = refused(&["discover", "https://me:secret@site.example/", "--contact", "editor@example.org"]);
    assert!(code == 2 && told.contains("holds a name or password") && !told.contains("secret"), "{told}");
    assert_eq!(site.asked().len(), 0);
}

#[test]
fn a_page_may_not_lead_to_other_private_addresses() {
    let place = Place::new("");
    let secret = Site::new(&[("/feed", RSS, &posts(true))]);
    let page = format!(
        "<html><title>Trap</title><link rel=alternate type=application/rss+xml href='{}'></html>",
        secret.address("/feed").replace("127.0.0.1", "127.0.0.2")
    );
    let site = Site::new(&[("/", HTML, &page)]);
    let output = discover(&place, &site.address("/"), &[]);
    assert_eq!(secret.asked().len(), 0);
    let told = site.plain(&output.stderr);
    assert!(told.contains("is not asked: the address is not public"), "{told}");
}

#[test]
fn a_page_with_neither_is_told_with_what_to_try() {
    let place = Place::new("");
    let site = Site::new(&[("/about", HTML, include_str!("pages/nothing.html"))]);
    let output = discover(&place, &site.address("/about"), &["--write"]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
    let told = site.plain(&output.stderr);
    let last = told.lines().last().unwrap();
    assert_eq!(
        last,
        "tributary: there is no feed, and nothing on the page repeats like a list of news; look for a page of news on that site, or write `[source.page]` by hand"
    );
    assert_eq!(fs::read_to_string(place.path("config/sources.toml")).unwrap(), "builtin = false\n");
}

/// A Drupal listing without a feed, as a site.
fn drupal() -> Site {
    Site::new(&[("/es/noticias", HTML, include_str!("pages/drupal-listing.html"))])
}

const DRUPAL: &str = r#"[[source]]
id = "oficina-regional-de-ejemplo"
title = "Oficina Regional de Ejemplo"
url = "http://127.0.0.1:PPPPP/es/noticias"
lang = "es"
allow_private = true
probed = TODAY
[source.page]
item = "div.views-row"
title = "div.views-field-title a"
link = "div.views-field-title a"
summary = "div.views-field-body"
image = "img"
date = "div.views-field-created"
"#;

#[test]
fn a_page_without_a_feed_is_proposed_with_selectors_and_read_before_it_is_shown() {
    let (site, place) = (drupal(), Place::new(""));
    let output = discover(&place, &site.address("/es/noticias"), &[]);
    let told = site.plain(&output.stderr);
    assert_eq!(site.plain(&output.stdout), DRUPAL, "{told}");
    let end = r#"there is no feed; the page itself can be read

now it has 4 items
date        lang  title                                                                            topics                                           places
2020-09-08  es    Guatemala y México acuerdan un protocolo contra el tráfico ilícito de migrantes  migrant-smuggling capacity-building              GT MX
2020-09-02  es    Jóvenes retornados encuentran empleo en una feria en San Salvador                return-and-reintegration youth labour-migration  SV
2020-08-27  es    Las remesas a Honduras crecen pese a la pandemia, según un estudio               remittances migration-data migration-health      HN
2020-08-19  es    Costa Rica estrena un albergue para la niñez migrante no acompañada              children-on-the-move humanitarian-response       CR

nothing was written: with --write it is added to sources.toml
"#;
    let from = told.find("there is no feed").unwrap_or_default();
    assert_eq!(&told[from..], end);
}

#[test]
fn the_block_of_a_page_reads_the_items_that_were_shown() {
    let (site, place) = (drupal(), Place::new(""));
    let shown = discover(&place, &site.address("/es/noticias"), &["--json", "--write"]);
    assert_eq!(shown.status.code(), Some(0), "{}", String::from_utf8_lossy(&shown.stderr));
    let lines: Vec<serde_json::Value> = shown.stdout.split(|b| *b == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect();
    let mut shown: Vec<String> =
        lines.iter().filter_map(|line| Some(format!("{} {}", line["item"].as_str()?, line["url"].as_str()?))).collect();
    assert_eq!(shown.len(), 4);
    place.succeed(&["pull"]);
    let feed = place.succeed(&["print", "feed.atom"]);
    let base = "http://reader.example/".parse().unwrap();
    let about = tributary::parse::About { content_type: None, base: &base, dates: Default::default() };
    let feed = tributary::parse::parse(feed.as_bytes(), &about).unwrap();
    let title = |title: &Option<tributary::model::RawText>| match title {
        Some(tributary::model::RawText::Plain(title) | tributary::model::RawText::Html(title)) => title.clone(),
        None => String::new(),
    };
    let mut pulled: Vec<String> =
        feed.items.iter().map(|item| format!("{} {}", title(&item.title), item.link.clone().unwrap_or_default())).collect();
    shown.sort();
    pulled.sort();
    assert_eq!(pulled, shown);

    let again = discover(&place, &site.address("/es/noticias"), &["--write"]);
    assert!(String::from_utf8(again.stderr).unwrap().ends_with("it is already there as `oficina-regional-de-ejemplo`\n"));
}

#[test]
fn lists_of_other_shapes_are_read_with_their_dates() {
    let read = |path: &str, page: &str| {
        let (site, place) = (Site::new(&[(path, HTML, page)]), Place::new(""));
        let output = discover(&place, &site.address(path), &["--json"]);
        let plain = site.plain(&output.stdout);
        let lines: Vec<serde_json::Value> = plain.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().replace("http://127.0.0.1:PPPPP", "");
        let item = |line: &serde_json::Value| {
            Some(format!("{} {}: {}", text(&line["published"]).get(..10)?, text(&line["url"]), line["item"].as_str()?))
        };
        let block = text(&lines.last().unwrap()["block"]);
        (lines.iter().filter_map(item).collect::<Vec<_>>(), block[block.find("[source.page]").unwrap_or(block.len())..].to_owned())
    };
    // Cards that are links themselves; pictures that are fetched late.
    let (items, page) = read("/stories", include_str!("pages/cards.html"));
    assert_eq!(
        items,
        [
            "2026-04-28 /stories/bridge: A bridge of jobs for Venezuelans in Colombia",
            "2026-04-21 /stories/school: A school on wheels reaches displaced children in Haiti",
            "2026-04-14 /stories/clinic: A clinic at the border of Ecuador and Peru",
            "2026-04-07 /stories/radio: Radio warns of smugglers in the Darién",
            "2026-03-31 /stories/court: A court in Mexico frees twelve people from detention",
        ]
    );
    let expected = "[source.page]\nitem = \"a.card\"\ntitle = \"h5.card-title\"\nlink = \".\"\nsummary = \"p.card-text\"\nimage = \"img.card-img-top@data-src\"\ndate = \"time\"\n";
    assert_eq!(page, expected);
    // An old page without classes; the twenty-first can not be a month.
    let (items, page) = read("/mission/press.html", include_str!("pages/plain-list.html"));
    assert_eq!(
        items,
        [
            "2020-08-21 /mission/news/2020-17.html: Deportation flights from the United States to Honduras resume",
            "2020-08-12 /mission/news/2020-16.html: Diaspora groups in Spain send masks to clinics in Paraguay",
            "2020-07-30 /mission/news/2020-15.html: Border posts between Panama and Costa Rica get new equipment",
            "2020-07-04 /mission/news/2020-14.html: Victims of trafficking find shelter in a new house in Belize",
        ]
    );
    assert_eq!(page, "[source.page]\nitem = \"ul > li\"\ntitle = \"a\"\nlink = \"a\"\ndate = \"i\"\n");
}
