//! Listings without a feed: each shape read with the very block that ships, and the whole way from page to feed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

#[path = "common/daemon.rs"]
mod daemon;
#[path = "common/http.rs"]
mod http;

use std::fs;

use daemon::Place;
use serde_json::Value;
use tributary::{
    classify::Classifier,
    clean::{Origin, clean},
    config::{self, Config},
    model::{Item, PageRules, RawFeed, RawItem, RawText, Second, Source},
    parse::{About, Listing, detail, listing},
    serve::sample::Publisher,
};
use url::Url;

fn shipped() -> Config {
    config::load(None, std::iter::empty(), &[]).unwrap()
}

fn source(config: &Config, id: &str) -> Source {
    config.sources.iter().find(|source| source.id.as_str() == id).unwrap().clone()
}

fn fixture(name: &str) -> Vec<u8> {
    fs::read(format!("tests/pages/{name}.html")).unwrap()
}

/// What the source's own block reads on a page of ours.
fn read(source: &Source, page: &str, url: &str) -> Listing {
    let base: Url = url.parse().unwrap();
    listing(&fixture(page), &About { content_type: None, base: &base, dates: source.dates }, source.page.as_ref().unwrap()).unwrap()
}

fn cleaned(source: &Source, feed: &RawFeed, url: &str, raw: RawItem) -> Item {
    clean(raw, &Origin { source: &source.id, base: &url.parse().unwrap(), feed_lang: feed.lang.as_deref() }).unwrap()
}

/// Each item in one line: title, link, date, summary, picture, categories; what is absent is left out.
fn told(source: &Source, listing: Listing, url: &str) -> Vec<String> {
    let feed = listing.feed.clone();
    listing.feed.items.into_iter().map(|raw| line(&cleaned(source, &feed, url, raw))).collect()
}

fn line(item: &Item) -> String {
    let countries: Vec<&str> = item.categories.iter().map(|category| category.term.as_str()).collect();
    let parts = [
        item.title.clone(),
        item.link.clone().unwrap_or_default(),
        item.published.map(|at| at.to_string().replace("T00:00:00Z", "")).unwrap_or_default(),
        item.summary.clone(),
        item.image.clone().unwrap_or_default(),
        countries.join("+"),
    ];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" | ")
}

/// Reads a fixture with the block of that id, at its address and this query.
fn by_block(id: &str, query: &str) -> Vec<String> {
    let source = source(&shipped(), id);
    let url = format!("{}{query}", source.url);
    let listing = read(&source, id, &url);
    told(&source, listing, &url)
}

#[test]
fn the_programme_in_english_and_spanish() {
    assert_eq!(
        by_block("iom-mesoamerica", ""),
        [
            "Border officers study how to protect migrants & refugees | https://programamesocaribe.iom.int/en/news/border-officers-study-protection | 2018-08-09 | Forty officers finished a three-day course on first assistance. | Guatemala+Honduras+Other",
            "Young people make radio about safe migration | https://programamesocaribe.iom.int/en/news/youth-radio | 2018-07-31 | Twelve short programmes are on the air this month. | Costa Rica",
            "Call for papers | https://programamesocaribe.iom.int/en/news/call-for-papers",
        ]
    );
    assert_eq!(
        by_block("iom-mesoamerica-es", "?page=1"),
        [
            "Curso virtual sobre la trata de personas | https://programamesocaribe.iom.int/es/noticia/curso-virtual-trata | 2020-09-08 | El curso dura seis semanas y es gratuito. | Belize+Costa Rica+El Salvador+Otro",
            "Estudio sobre remesas en tiempos de pandemia | https://programamesocaribe.iom.int/es/noticia/remesas | 2020-07-01 | Ocho de cada diez hogares reciben menos que antes. | Guatemala",
        ]
    );
}

#[test]
fn titles_and_teasers_alone_and_the_rest_on_the_items_own_page() {
    let source = source(&shipped(), "iom-mesoamerica-guatemala");
    let url = format!("{}?page=7", source.url);
    let mut read = read(&source, "iom-mesoamerica-guatemala", &url);
    let wants: Vec<&str> = read.wants.iter().flatten().map(Url::as_str).collect();
    let (first, second) =
        ("https://programamesocaribe.iom.int/en/news/consular-network", "https://programamesocaribe.iom.int/en/news/returned-youth");
    assert_eq!(wants, [first, second]);
    assert_eq!(read.next.as_ref().map(Url::as_str), Some("https://programamesocaribe.iom.int/en/paises/guatemala?page=8"));
    let base: Url = first.parse().unwrap();
    let about = About { content_type: None, base: &base, dates: source.dates };
    detail(&fixture("iom-mesoamerica-article"), &about, source.page.as_ref().unwrap(), &mut read.feed.items[0]).unwrap();
    assert_eq!(
        told(&source, read, &url),
        [
            format!(
                "Consuls agree on a network against smuggling | {first} | 2020-09-08 | The network joins twelve offices along the route. | \
                 Belize+Costa Rica+Dominican Republic+Guatemala+Other"
            ),
            format!("Returned youth learn a trade | {second} | Carpentry and cooking are asked for most."),
        ]
    );
}

#[test]
fn the_regional_office_with_empty_dates_and_the_months_first() {
    assert_eq!(
        by_block("iom-san-jose", "?page=1"),
        [
            "How families use remittances | https://rosanjose.iom.int/site/en/news/blog-families-and-remittances | 2020-08-21 | A conversation with three households.",
            "What is regular migration? | https://rosanjose.iom.int/site/en/news/what-is-regular-migration | The words, one by one.",
            "Five questions on asylum | https://rosanjose.iom.int/site/en/news/five-questions | 2020-03-04",
        ]
    );
    assert_eq!(
        by_block("iom-san-jose-es", ""),
        [
            "Migrar en tiempos de pandemia | https://rosanjose.iom.int/site/es/noticia/migrar-en-pandemia | 2020-08-21 | Lo que cuentan quienes se quedaron a medio camino.",
            "¿Qué es la apatridia? | https://rosanjose.iom.int/site/es/noticia/que-es-la-apatridia | Una explicación breve.",
        ]
    );
}

#[test]
fn teasers_of_a_newer_site_with_late_pictures_and_captions_before_titles() {
    assert_eq!(
        by_block("iom-news", ""),
        [
            "Displaced families drill their own well | https://www.iom.int/news/well-drilled | 2024-05-14T07:30:00Z | Water is now ten minutes away. | https://www.iom.int/sites/1200.webp | Ethiopia+Kenya",
            "New data on returns | https://www.iom.int/news/new-data | 2024-05-13T23:15:00Z | Returns rose by a fifth.",
        ]
    );
    assert_eq!(
        by_block("iom-dakar", ""),
        [
            "Coast guards train with fishermen in Senegal | https://rodakar.iom.int/news/coast-guards-trained | 2018-06-19 | Dakar – Thirty coast guards and as many fishermen practised together how to find a boat at... | https://rodakar.iom.int/sites/boat.jpg",
            "A cinema caravan crosses six regions | https://rodakar.iom.int/news/cinema-caravan | 2018-06-15 | Films about leaving and staying were shown in...",
        ]
    );
}

#[test]
fn a_table_of_titles_in_capitals_and_lists_of_reports_and_events() {
    assert_eq!(
        by_block("iom-north-central-america", ""),
        [
            "ALBERGUE RECIBE A NIÑEZ RETORNADA | https://nortedecentroamerica.iom.int/es/news/retornados-2016 | 2016-02-19",
            "FERIA DE EMPLEO PARA PERSONAS RETORNADAS | https://nortedecentroamerica.iom.int/es/news/feria-de-empleo | 2016-02-01",
        ]
    );
    assert_eq!(
        by_block("iom-dtm-reports", ""),
        [
            "Flow Monitoring Report 46 | https://dtm.iom.int/reports/flow-monitoring-46 | Six points were watched in May. | Chad",
            "Rapport sur les déplacements 12 | https://dtm.iom.int/fr/node/8123 | Les inondations restent la première cause. | Burundi",
        ]
    );
    assert_eq!(
        by_block("rcm", ""),
        [
            "Taller sobre alertas tempranas | https://rcmvs.org/es/eventos/taller-alertas | 2020-03-03 | Acordar cómo avisar a los países vecinos. Probar el formulario común.",
            "Seminario consular | https://rcmvs.org/es/eventos/seminario-consular | Compartir prácticas de protección.",
        ]
    );
}

#[test]
fn one_page_of_many_items_is_split() {
    assert_eq!(
        by_block("iom-newsdesk", ""),
        [
            "Rescue in the desert | https://www.iom.int/news/rescue-desert | A patrol found twelve people near a well. All are safe. Read more",
            "School opens again | Lessons began on Monday. Two hundred pupils Nine teachers",
            "Guide for consuls | https://www.iom.int/news/guide-consuls | It is free, and in three languages.",
        ]
    );
}

#[test]
fn the_line_of_countries_is_weighed_by_the_classifier() {
    let config = shipped();
    let (classifier, source) = (Classifier::new(&config.topics).unwrap(), source(&config, "iom-mesoamerica"));
    let read = read(&source, "iom-mesoamerica", source.url.as_str());
    let item = cleaned(&source, &read.feed, source.url.as_str(), read.feed.items[0].clone());
    assert_eq!(item.categories[0].scheme.as_deref(), Some("urn:tributary:country-line"));
    let countries: Vec<String> = classifier.of(&item, &source).countries.iter().map(|label| label.code.to_string()).collect();
    assert_eq!(countries, ["GT", "HN"]);
}

#[test]
fn every_block_that_ships_has_a_page_that_it_reads() {
    let config = shipped();
    let pages: Vec<&Source> = config.sources.iter().filter(|source| source.page.is_some()).collect();
    assert!(pages.len() >= 11);
    for source in pages {
        let listing = read(source, source.id.as_str(), source.url.as_str());
        assert_eq!(listing.feed.kind, "page");
        assert!(listing.feed.title.is_some() && listing.feed.lang.is_some() && listing.feed.repaired.is_empty(), "{}", source.id);
        // Nobody could try them, and they say so.
        assert!(!source.enabled && source.probed.is_none() && source.note.as_ref().unwrap().contains("Nobody could try"), "{}", source.id);
    }
}

fn rules(block: &str) -> PageRules {
    let dir = tempfile::tempdir().unwrap();
    let text = format!("builtin = false\n[[source]]\nid = \"x\"\ntitle = \"X\"\nurl = \"https://x.example/\"\n[source.page]\n{block}\n");
    fs::write(dir.path().join("sources.toml"), text).unwrap();
    config::load(Some(dir.path()), std::iter::empty(), &[]).unwrap().sources[0].page.clone().unwrap()
}

fn items(block: &str, page: &str) -> Vec<RawItem> {
    let base = "https://x.example/news".parse().unwrap();
    let about = About { content_type: Some("text/html"), base: &base, dates: tributary::model::DateOrder::DayFirst };
    listing(page.as_bytes(), &about, &rules(block)).unwrap().feed.items
}

#[test]
fn what_has_no_key_is_found_where_it_usually_stands() {
    let links = |block: &str, page: &str| -> Vec<String> {
        items(block, page).into_iter().map(|item| item.link.unwrap_or_else(|| "none".into())).collect()
    };
    let item = "item = \"li\"";
    for (page, expected) in [
        ("<li><h3>A</h3><a href=1>more</a>", "https://x.example/1"),
        ("<li><a href=/tag>tag</a><h3><a href=2>A</a></h3>", "https://x.example/2"),
        ("<li><a href=3><h3>A</h3></a>", "https://x.example/3"),
        ("<li><a href=#top>up</a><a href='mailto:a@b.example'>mail</a><a href=4>A</a>", "https://x.example/4"),
        ("<base href=/es/><li><a href=5>A</a>", "https://x.example/es/5"),
        ("<li><h3>A</h3><a href='javascript:go()'>go</a>", "none"),
        ("<a href=6><ul><li><h3>A</h3></ul></a>", "https://x.example/6"),
    ] {
        assert_eq!(links(item, page), [expected], "{page}");
    }
    // An attribute that is named is what is read; an item can be a link itself.
    assert_eq!(
        links("item = \"a.n\"\nlink = \".\"\ntitle = \"@title\"", "<a class=n href=7 title=' A  B '>x</a>"),
        ["https://x.example/7"]
    );
    assert_eq!(links("item = \"li\"\nlink = \"@data-url\"", "<li data-url=/8><h3>A</h3>"), ["https://x.example/8"]);
}

#[test]
fn dates_are_read_by_attribute_format_and_order_or_are_absent() {
    let date = |block: &str, page: &str| {
        let block = format!("item = \"li\"\n{block}");
        items(&block, page)[0].published.map(|at| at.to_rfc3339()).unwrap_or_default()
    };
    let page = |inner: &str| format!("<li><h3>A</h3>{inner}");
    assert_eq!(date("date = \"time\"", &page("<time datetime='2020-09-08T10:00:00-06:00'>yesterday</time>")), "2020-09-08T16:00:00+00:00");
    assert_eq!(date("date = \".d\"", &page("<p class=d>On <time datetime=2020-09-08>Tuesday</time></p>")), "2020-09-08T00:00:00+00:00");
    assert_eq!(date("date = \"time\"", &page("<time datetime='soon'>8 September 2020</time>")), "2020-09-08T00:00:00+00:00");
    assert_eq!(date("date = \"p@data-d\"", &page("<p data-d='2020-09-08'>1 May 2019</p>")), "2020-09-08T00:00:00+00:00");
    assert_eq!(date("date = \"i\"", &page("<i>Date Publish:</i><i>Date Publish: 8 September 2020</i>")), "2020-09-08T00:00:00+00:00");
    assert_eq!(date("date = \"i\"\nformats = [\"%m/%d/%Y\"]", &page("<i>03/04/2020</i>")), "2020-03-04T00:00:00+00:00");
    assert_eq!(date("date = \"i\"", &page("<i>03/04/2020</i>")), "2020-04-03T00:00:00+00:00");
    for nothing in ["", "<i></i>", "<i>Date Publish:</i>", "<i>yesterday</i>", "<i>31/31/2020</i>", "<b>8 September 2020</b>"] {
        assert_eq!(date("date = \"i\"", &page(nothing)), "", "{nothing}");
    }
}

#[test]
fn a_page_that_is_no_listing_says_what_it_is() {
    let said = |block: &str, page: &str| {
        let base = "https://x.example/news".parse().unwrap();
        let about = About { content_type: None, base: &base, dates: tributary::model::DateOrder::DayFirst };
        listing(page.as_bytes(), &about, &rules(block)).unwrap_err().to_string()
    };
    let item = "item = \".views-row\"";
    assert_eq!(
        said(item, "<!doctype html><html><title>Under repair</title><p>Come back.</p>"),
        "the publisher sent an HTML page titled “Under repair”, in which `item` = \".views-row\" matches nothing; \
         when the site has changed, `tributary discover https://x.example/news` proposes selectors"
    );
    assert!(said(item, "<html><title>Sign in</title><input type=password>").contains("sent a login page titled “Sign in”, in which"));
    assert!(said(item, "\u{89}PNG").contains("in which `item`"));
    assert!(said(item, "").contains("sent an empty body, in which"));
    assert_eq!(
        said(item, "<html><title>News</title><div class=views-row>one</div><div class=views-row>two</div>"),
        "the publisher sent an HTML page titled “News”, in which `item` = \".views-row\" matches 2×, never with a title or a link; \
         when the site has changed, `tributary discover https://x.example/news` proposes selectors"
    );
    let renamed = "<html><title>News</title><div class=views-row><a href=1>A</a></div>";
    assert!(said("item = \".views-row\"\ntitle = \"h3\"", renamed).contains("matches 1×, never with a `title` = \"h3\""));
    assert!(said(item, &"<p>".repeat(20_000)).contains("the page has more than 15000 elements"));
}

#[test]
fn an_old_page_in_another_encoding_is_read_as_it_was_meant() {
    let page: Vec<u8> =
        "<html><head><meta http-equiv=\"Content-Type\" content=\"text/html; charset=iso-8859-1\"></head><li><a href=1>Niñez</a>"
            .chars()
            .map(|c| c as u8)
            .collect();
    let base = "https://x.example/".parse().unwrap();
    let about = About { content_type: Some("text/html"), base: &base, dates: tributary::model::DateOrder::DayFirst };
    let feed = listing(&page, &about, &rules("item = \"li\"")).unwrap().feed;
    assert_eq!(feed.items[0].title, Some(tributary::model::RawText::Plain("Niñez".into())));
}

/// A publisher of pages, and a source that reads them.
struct World {
    runtime: tokio::runtime::Runtime,
    publisher: Publisher,
    place: Place,
}

const HTML: &str = "text/html; charset=utf-8";

/// An item of the listing: its number, and what its own page says.
fn row_html(n: u32) -> String {
    format!("<article class=news><h3><a href=\"/news/{n}\">Report {n} on migrant smuggling</a></h3><p class=where>Guatemala</p></article>")
}

fn own_page(n: u32) -> String {
    format!(
        "<html><title>Report {n}</title><p class=date>{} Septiembre, 2020</p><div class=lead><p>What matter {n} is about.</p></div>",
        n % 30 + 1
    )
}

impl World {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let publisher = runtime.block_on(Publisher::start()).unwrap();
        let place = Place::new(&format!(
            "[[source]]\nid = \"office\"\ntitle = \"Office\"\nurl = \"{}/en/news\"\nevery = \"1h\"\nallow_private = true\n\
             [source.page]\nitem = \"article.news\"\ntitle = \"h3 a\"\ncountry = \".where\"\nnext = \".next\"\npages = 3\n\
             [source.page.detail]\ndate = \".date\"\nsummary = \".lead\"\n",
            publisher.base()
        ));
        Self { runtime, publisher, place }
    }

    /// Puts the items of one page of the listing, newest first, and their own pages.
    fn put(&self, path: &str, items: impl Iterator<Item = u32>, next: Option<&str>) {
        let items: Vec<u32> = items.collect();
        let rows: String = items.iter().map(|n| row_html(*n)).collect();
        let next = next.map(|next| format!("<a class=next href=\"{next}\">next</a>")).unwrap_or_default();
        self.publisher.put(path, HTML, &format!("<html lang=en><title>News of the office</title>{rows}{next}</html>"));
        for n in items {
            self.publisher.put(&format!("/news/{n}"), HTML, &own_page(n));
        }
    }

    /// Pulls, and gives what was told of the source and which paths were asked for.
    fn pull(&self) -> (Value, Vec<String>) {
        let before = self.publisher.seen().len();
        let told = self.place.run(&["pull", "--json"]);
        let row = String::from_utf8(told.stdout).unwrap();
        let asked = self.publisher.seen()[before..].iter().map(|seen| format!("{} {}", seen.status, seen.path)).collect();
        (serde_json::from_str(row.trim()).unwrap(), asked)
    }

    fn standing(&self) -> Value {
        serde_json::from_str(self.place.succeed(&["sources", "--json"]).trim()).unwrap()
    }

    /// Number, day and beginning of the text of every entry about Guatemala, by number.
    fn entries(&self) -> Vec<String> {
        let daemon = self.place.start(&["--read-only"]);
        let feed = http::subscribe(daemon.address, "/feed/topic/migrant-smuggling/country/gt.atom?limit=100");
        daemon.stop();
        let words = |text: Option<RawText>| match text {
            Some(RawText::Plain(text) | RawText::Html(text)) => tributary::html::text_of(&text),
            None => String::new(),
        };
        let entry = |item: RawItem| {
            let text = words(item.content.or(item.summary));
            let day = item.published.unwrap().format("%Y-%m-%d").to_string();
            (words(item.title), day, text.trim().lines().next().unwrap_or_default().to_owned())
        };
        let mut entries: Vec<String> =
            feed.items.into_iter().map(entry).map(|(title, day, text)| format!("{title} | {day} | {text}")).collect();
        entries.sort();
        entries
    }
}

#[test]
fn a_listing_of_several_pages_becomes_a_feed_and_what_is_known_is_not_asked_again() {
    let world = World::new();
    world.put("/en/news", [4, 3].into_iter(), Some("?page=1"));
    world.put("/en/news?page=1", [2, 1].into_iter(), Some("/en/news?page=2"));
    world.publisher.put("/en/news?page=2", HTML, "<html><title>News of the office</title><p>There is no more.</p></html>");
    let (row, asked) = world.pull();
    assert_eq!((row["items"].as_u64(), row["new"].as_u64(), row["trouble"].as_str()), (Some(4), Some(4), None), "{row}");
    let all =
        ["/en/news", "/en/news?page=1", "/en/news?page=2", "/news/1", "/news/2", "/news/3", "/news/4"].map(|path| format!("200 {path}"));
    assert_eq!(asked, all);
    let entries = world.entries();
    assert_eq!(
        entries,
        (1..5).map(|n| format!("Report {n} on migrant smuggling | 2020-09-0{} | What matter {n} is about.", n + 1)).collect::<Vec<_>>()
    );
    assert_eq!(world.standing()["standing"], "silent", "it answers, and its last news is of 2020");

    // Nothing changed: one conditional question, and no other.
    let (row, asked) = world.pull();
    assert_eq!((row["unchanged"].as_bool(), asked), (Some(true), vec!["304 /en/news".to_owned()]));

    // One item more, and another title: only the new item's own page is asked for, and the old one keeps its date and text.
    world.put("/en/news", [5, 4, 3].into_iter(), None);
    let page =
        format!("<html><title>News of the office</title>{}{}</html>", row_html(5), row_html(4).replace("Report 4", "Corrected report 4"));
    world.publisher.put("/en/news", HTML, &page);
    let (row, asked) = world.pull();
    assert_eq!((row["new"].as_u64(), row["revised"].as_u64()), (Some(1), Some(1)), "{row}");
    assert_eq!(asked, ["200 /en/news", "200 /news/5"]);
    let entries = world.entries();
    assert_eq!(entries.len(), 5);
    assert_eq!(entries[0], "Corrected report 4 on migrant smuggling | 2020-09-05 | What matter 4 is about.");
    drop(world.runtime);
}

#[test]
fn the_daemon_pulls_listings_as_it_pulls_feeds() {
    let world = World::new();
    world.put("/en/news", [2, 1].into_iter(), None);
    let mut daemon = world.place.start(&[]);
    assert_eq!(daemon.next_pull().as_deref(), Some("office"));
    assert_eq!(http::subscribe(daemon.address, "/feed.atom").items.len(), 2);
    world.put("/en/news", [3, 2, 1].into_iter(), None);
    let (row, _) = world.pull();
    assert_eq!(row["new"].as_u64(), Some(1), "{row}");
    assert_eq!(http::subscribe(daemon.address, "/feed.atom").items.len(), 3);
    daemon.stop();
}

#[test]
fn many_new_items_come_with_several_pulls_and_none_is_lost() {
    let world = World::new();
    world.put("/en/news", (1..=23).rev(), None);
    for (pull, (items, pages)) in [(10, 10), (20, 10), (23, 3)].into_iter().enumerate() {
        let (row, asked) = world.pull();
        assert_eq!(row["items"].as_u64(), Some(items), "pull {pull}");
        // Never taken for known while something waits, and never asked for twice.
        assert_eq!(asked.iter().filter(|asked| *asked == "200 /en/news").count(), 1);
        assert_eq!(asked.iter().filter(|asked| asked.starts_with("200 /news/")).count(), pages, "pull {pull}: {asked:?}");
    }
    assert_eq!(world.pull().1, ["304 /en/news"]);
    assert_eq!(world.entries().len(), 23);
}

#[test]
fn a_listing_whose_selectors_stop_matching_is_broken_until_they_match_again() {
    let world = World::new();
    world.put("/en/news", [2, 1].into_iter(), None);
    world.pull();
    world.publisher.put("/en/news", HTML, "<html><title>Our new site</title><div class=card><a href=/news/3>Report 3</a></div></html>");
    let (row, asked) = world.pull();
    let told = format!(
        "the publisher sent an HTML page titled “Our new site”, in which `item` = \"article.news\" matches nothing; \
         when the site has changed, `tributary discover {}/en/news` proposes selectors",
        world.publisher.base()
    );
    assert_eq!((row["trouble"].as_str(), asked.len()), (Some(told.as_str()), 1));
    let standing = world.standing();
    assert_eq!((standing["standing"].as_str(), standing["trouble"].as_str()), (Some("broken"), Some(told.as_str())));
    assert_eq!(world.entries().len(), 2, "what it told before is still there");
    let checked = world.place.run(&["check", "--online", "--contact", "editor@example.org"]);
    assert!(String::from_utf8(checked.stdout).unwrap().contains(&format!("office: no feed: {told}")));

    world.put("/en/news", [3, 2, 1].into_iter(), None);
    let (row, _) = world.pull();
    assert_eq!((row["new"].as_u64(), row["trouble"].as_str()), (Some(1), None), "{row}");
    assert_eq!(world.standing()["standing"], "fine");
    let checked = world.place.run(&["check", "--online", "--contact", "editor@example.org"]);
    assert!(String::from_utf8(checked.stdout).unwrap().contains("office: works: page, 3 items, undated"));
}

#[test]
fn selectors_that_an_editor_changes_are_tried_on_the_same_page() {
    let world = World::new();
    world.put("/en/news", [2, 1].into_iter(), None);
    world.pull();
    let file = world.place.path("config/sources.toml");
    let sources = fs::read_to_string(&file).unwrap();
    fs::write(&file, sources.replace("article.news", "article.old")).unwrap();
    let (row, asked) = world.pull();
    assert!(row["trouble"].as_str().unwrap().contains("`item` = \"article.old\" matches nothing"), "{row}");
    assert_eq!(asked, ["200 /en/news"]);
    fs::write(&file, sources).unwrap();
    assert_eq!(world.pull().1, ["304 /en/news"]);
}

#[test]
fn pages_of_items_that_fail_are_tried_again_and_then_done_without() {
    let world = World::new();
    world.put("/en/news", [3, 2, 1].into_iter(), None);
    world.publisher.fail("/news/1", 500, None);
    world.publisher.fail("/news/3", 404, None);
    for pull in 1..=2 {
        let (row, _) = world.pull();
        assert_eq!(row["items"].as_u64(), Some(2), "pull {pull}: what is gone is kept without, what failed waits");
        let standing = world.standing();
        assert_eq!((standing["standing"].as_str(), standing["trouble"].as_str()), (Some("repaired"), None));
        assert!(standing["repaired"][0].as_str().unwrap().contains("their own pages do not answer"), "{standing}");
    }
    let (row, asked) = world.pull();
    assert_eq!((row["items"].as_u64(), asked), (Some(3), vec!["200 /en/news".to_owned(), "500 /news/1".to_owned()]));
    assert_eq!(world.standing()["standing"], "fine");
    assert_eq!(world.pull().1, ["304 /en/news"]);
}

#[test]
fn a_host_that_asks_to_be_left_alone_is() {
    let world = World::new();
    world.put("/en/news", [3, 2, 1].into_iter(), None);
    world.publisher.fail("/news/2", 429, Some(7200));
    let (row, asked) = world.pull();
    assert_eq!((row["items"].as_u64(), asked.len()), (Some(1), 3), "{asked:?}");
    let standing = world.standing();
    let (asked, not_before) = (standing["asked"].as_str().unwrap(), standing["not_before"].as_str().unwrap());
    let second = |text: &str| text.parse::<Second>().unwrap();
    assert_eq!(second(not_before).since(second(asked)).as_secs(), 7200);
    // Also by who wants it now.
    let (row, asked) = world.pull();
    assert!(row["trouble"].as_str().is_some_and(|why| why.contains("asked us to leave it alone until")), "{row}");
    assert_eq!(asked.len(), 0);
}

#[test]
fn other_hosts_are_not_asked() {
    let world = World::new();
    let other = world.runtime.block_on(Publisher::start()).unwrap();
    let page = format!("<html><title>News</title>{}<a class=next href=\"{}/more\">next</a></html>", row_html(1), other.base());
    world.publisher.put("/en/news", HTML, &page.replace("/news/1", &format!("{}/news/1", other.base())));
    let (row, asked) = world.pull();
    assert_eq!((row["items"].as_u64(), asked.len(), other.seen().len()), (Some(1), 1, 0));
}

#[test]
fn no_listing_takes_for_ever() {
    let deep = format!("{}{}", "<div>".repeat(250), "word <span>word</span> ".repeat(2_000));
    let nested = format!("<ul>{}</ul>", "<li><div><div><div><div>x".repeat(500));
    let flat = "<h3>x</h3><p>y</p>".repeat(2_000);
    let wide = format!("<li>{}</li>", "<b>1</b><img src=data:x>".repeat(2_000));
    for block in [
        "item = \"div, li, h3\"\nsummary = \"div, span, p, b\"\ndate = \"div, span, b\"\nimage = \"div, span, img\"\ncountry = \"div, span, b\"",
        "item = \"h3, span\"\nuntil = \"hr\"\nsummary = \"p\"\ndate = \"p\"\nformats = [\"%d %B %Y\"]",
    ] {
        let rules = rules(block);
        for page in [&deep, &nested, &flat, &wide] {
            let started = std::time::Instant::now();
            let base = "https://x.example/".parse().unwrap();
            let _ = listing(page.as_bytes(), &About { content_type: None, base: &base, dates: Default::default() }, &rules);
            assert!(started.elapsed().as_secs() < 20, "{block}");
        }
    }
}
