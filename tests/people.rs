//! What people are shown, as a browser without a script gets it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;
#[path = "common/http.rs"]
mod http;
#[path = "common/site.rs"]
mod site;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    io::Read,
    sync::Arc,
    time::Duration,
};

use common::at;
use http::{Reply, ask, get};
use site::{Site3, publishing, record, serve_with, site, told};
use tributary::{
    model::{Evidence, Field, Lang, Story, TopicLabel},
    serve::Publishing,
};

const TYPED: &[(&str, &str)] = &[("Accept", "text/html,application/xhtml+xml")];

/// Parts of a text between two others.
fn between<'a>(text: &'a str, begin: &str, end: &str) -> Vec<&'a str> {
    text.split(begin).skip(1).map(|rest| rest.split(end).next().unwrap()).collect()
}

fn unescaped(text: &str) -> String {
    text.replace("&#38;", "&").replace("&#34;", "\"").replace("&#39;", "'").replace("&amp;", "&")
}

/// The titles of a list of stories.
fn listed(page: &str) -> Vec<String> {
    let titles = between(page, "<h3 lang=\"", "</a>").into_iter().filter(|title| title.contains("dir=\"auto\""));
    titles.map(|title| title.rsplit('>').next().unwrap().to_owned()).collect()
}

/// A site with so many stories more.
fn busy(stories: i64, publishing: Publishing) -> Site3 {
    let site = serve_with(publishing, Duration::from_secs(10), Arc::new(|| at(86_400)));
    let topics = ["youth", "diaspora", "migrant-smuggling"];
    for (n, first) in (0..stories).step_by(50).enumerate() {
        let told = (first..stories.min(first + 50)).map(|n| told(n + 10, topics[(n % 3) as usize], ["GT", "MX"][(n % 2) as usize]));
        site.store.apply(&record(n as u64 + 2, told.collect())).unwrap();
    }
    site
}

#[test]
fn a_page_needs_nothing_from_elsewhere_and_says_so() {
    let site = site();
    let page = get(site.address, "/");
    let policy = page.header("content-security-policy").unwrap();
    for rule in
        ["default-src 'none'", "script-src 'self'", "style-src 'self'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"]
    {
        assert!(policy.contains(rule), "{policy}");
    }
    assert!(!policy.contains("unsafe") && page.header("set-cookie").is_none());
    assert_eq!((page.header("vary"), page.header("referrer-policy")), (Some("Accept-Encoding, Accept-Language"), Some("no-referrer")));
    let text = page.text();
    assert!(!text.contains("<img") && !text.contains(" style=") && !text.contains("<style"), "{text}");
    let loaded: Vec<&str> =
        between(&text, "<script src=\"", "\"").into_iter().chain(between(&text, "rel=\"stylesheet\" href=\"", "\"")).collect();
    assert_eq!(loaded.len(), 2);
    for path in loaded {
        let asset = get(site.address, path);
        assert_eq!((asset.status, asset.header("cache-control")), (200, Some("public, max-age=31536000, immutable")), "{path}");
        let former = path.replace(path.split('.').nth(1).unwrap(), "000000000000");
        let former = get(site.address, &former);
        assert_eq!((former.status, former.header("cache-control"), &former.body), (200, Some("no-cache"), &asset.body));
        assert_eq!(ask(site.address, "GET", path, &[("If-None-Match", asset.header("etag").unwrap())]).status, 304);
    }
    assert_eq!(get(site.address, "/page.a.b.css").status, 404);
}

#[test]
fn a_page_speaks_the_readers_language_and_keeps_it_in_its_links() {
    let site = site();
    let page = |path: &str, wish: &str| ask(site.address, "GET", path, &[("Accept-Language", wish)]).text();
    for (wish, lang, heading) in [
        ("es-GT,en;q=0.5", "es", "Últimas noticias"),
        ("fr", "fr", "Dernières actualités"),
        ("pt-BR", "pt", "Últimas notícias"),
        ("de", "en", "Latest stories"),
    ] {
        let text = page("/", wish);
        assert!(text.contains(&format!("<html lang=\"{lang}\">")) && text.contains(&format!("<h1>{heading}</h1>")), "{wish}: {text}");
        assert!(!text.contains("href=\"/build?ui="), "nobody chose it");
    }
    let chosen = page("/feed/topic/youth?ui=fr", "es");
    assert!(chosen.contains("<h1>Jeunesse</h1>") && chosen.contains("2 actualités"), "{chosen}");
    assert!(chosen.contains("href=\"/build?ui=fr\"") && chosen.contains("href=\"/feed/country/gt?ui=fr\""), "{chosen}");
    assert!(chosen.contains("href=\"/feed/topic/youth?ui=pt\"") && chosen.contains("https://news.example.org/feed/topic/youth.atom"));
    assert_eq!(get(site.address, "/feed.atom?ui=es").status, 400, "it is no part of the filter");
    assert_eq!(get(site.address, "/?ui=xx").status, 200);
}

#[test]
fn a_list_is_walked_to_its_end_and_back() {
    let site = busy(60, publishing("https://news.example.org/"));
    let link = |text: &str, rel: &str| {
        let links = between(text, "<a ", ">").into_iter().find(|link| link.contains(&format!("rel=\"{rel}\"")));
        links.map(|link| unescaped(between(link, "href=\"", "\"")[0]))
    };
    let mut pages = vec![("/?ui=en".to_owned(), get(site.address, "/?ui=en").text())];
    while let Some(older) = link(&pages[pages.len() - 1].1, "next") {
        let text = get(site.address, &older).text();
        pages.push((older, text));
    }
    let all: Vec<String> = pages.iter().flat_map(|(_, text)| listed(text)).collect();
    let expected: Vec<String> = (10..70).rev().chain([3, 2, 1]).map(|n| format!("Story {n}")).collect();
    assert_eq!((pages.len(), all), (3, expected));
    // Back again, page by page, the same stories.
    let mut back = pages[2].1.clone();
    for expected in [&pages[1].1, &pages[0].1] {
        back = get(site.address, &link(&back, "prev").unwrap()).text();
        assert_eq!(listed(&back), listed(expected));
    }
    assert_eq!(link(&back, "prev"), None);
    // What comes meanwhile moves nothing.
    let (second, before) = &pages[1];
    site.app.changed(&site.store.apply(&record(4, vec![told(99, "youth", "GT")])).unwrap());
    assert_eq!(listed(&get(site.address, second).text()), listed(before));
    assert_eq!(get(site.address, "/?before=yesterday").status, 400);
}

#[test]
fn a_form_leads_to_the_canonical_page() {
    let site = site();
    let find = |query: &str| {
        let reply = get(site.address, &format!("/find?{query}"));
        (reply.status, reply.header("location").unwrap_or_default().to_owned())
    };
    assert_eq!(find("in=feed&topic=youth&country=&region=&source=&lang="), (303, "/feed/topic/youth".into()));
    assert_eq!(find("topic=youth&country=gt&lang=en&ui=es"), (303, "/feed/topic/youth/country/gt?lang=en&ui=es".into()));
    assert_eq!(find("topic=&also=topic%3Ddiaspora%26country%3D-us"), (303, "/feed/topic/diaspora?country=-us".into()));
    assert_eq!(find("in=editor&country=gt"), (303, "/editor?country=gt".into()));
    assert_eq!(find("in=https%3A%2F%2Fevil.example&topic=youth").1, "/feed/topic/youth", "nothing leads elsewhere");
    assert_eq!(find(""), (303, "/".into()));
    assert_eq!(find("topic=yuoth").0, 404);
    assert_eq!((find("topics=youth&tpic=youth").0, get(site.address, "/map.csv?contry=gt").status), (400, 400), "a mistake is not all");
    assert_eq!(find("topic=youth&prefer=es&utm_source=x").1, "/feed/topic/youth?prefer=es");
    // The form on a page holds what its filter is, also what it has no field for.
    let page = get(site.address, "/feed/topic/youth?country=gt,hn&prefer=es").text();
    assert!(page.contains("<option value=\"youth\" selected>Youth</option>"), "{page}");
    assert!(page.contains("<option value=\"gt,hn\" selected>Guatemala or Honduras</option>"), "{page}");
    assert!(page.contains("name=\"also\" value=\"prefer=es\""), "{page}");
    let without: Vec<String> =
        between(&page, "<div class=\"chips\">", "</div>").iter().flat_map(|chips| between(chips, "href=\"", "\"")).map(unescaped).collect();
    assert_eq!(without[0], "/feed?country=gt,hn&prefer=es".replace("/feed", "/"));
    assert!(without.iter().all(|path| get(site.address, path).status == 200), "{without:?}");
}

#[test]
fn a_feed_is_built_by_a_plain_form() {
    let site = site();
    let built = |query: &str| {
        let text = get(site.address, &format!("/build?{query}")).text();
        let outcome = text.split("id=\"outcome\"").nth(1).unwrap().split("</section>").next().unwrap().to_owned();
        let address = between(&outcome, "data-address>", "<").first().map(|address| unescaped(address));
        (address.unwrap_or_default(), outcome)
    };
    let (address, outcome) = built("topic=youth&topic=diaspora&country=gt&not-country=us&lang=");
    assert_eq!(address, "https://news.example.org/feed.atom?country=gt,-us&topic=diaspora,youth");
    assert!(outcome.contains("Diaspora or youth, in Guatemala, not in the United States"), "{outcome}");
    assert!(outcome.contains("2 in all") && outcome.contains("the last on 13 Sep 2020"), "{outcome}");
    assert!(outcome.contains("Story 3") && outcome.contains("Story 1") && !outcome.contains("Story 2"), "{outcome}");
    assert_eq!(built("topic=youth&topic=diaspora&topics=all").0, "https://news.example.org/feed/topic/diaspora.atom?topic=youth");
    assert_eq!(built("").0, "https://news.example.org/feed.atom");
    let (_, wrong) = built("country=us&not-country=us");
    assert!(wrong.contains("excludes itself"), "{wrong}");
    // From a page into the builder and back.
    let page = get(site.address, "/feed/topic/youth?topic=diaspora&country=-us,gt&prefer=es").text();
    let into = between(&page, "href=\"/build?", "\"").into_iter().find(|link| link.contains("topics=all")).map(unescaped).unwrap();
    assert_eq!(built(&into).0, "https://news.example.org/feed/topic/diaspora.atom?country=gt,-us&prefer=es&topic=youth");
    let subscribed = http::subscribe(site.address, address.strip_prefix("https://news.example.org").unwrap());
    assert_eq!(subscribed.items.len(), 2);
}

fn smuggled() -> Story {
    let mut story = told(4, "migrant-smuggling", "GT");
    story.copies[0].item.title = "Migrant <smuggling> in Guatemala".into();
    let evidence = Evidence { field: Field::Title, text: "smuggling".into(), at: 9, rule: "smuggling".into(), weight: 4.5 };
    let elsewhere = Evidence { at: 3, ..evidence.clone() };
    story.copies[0].labels.topics =
        vec![TopicLabel { slug: "migrant-smuggling".parse().unwrap(), score: 4.5, evidence: vec![evidence, elsewhere] }];
    story
}

#[test]
fn a_storys_page_marks_the_words_and_takes_complaints() {
    let site = serve_with(
        Publishing { feedback: Some("desk@example.org".into()), ..publishing("https://news.example.org/") },
        Duration::from_secs(10),
        Arc::new(|| at(86_400)),
    );
    let story = smuggled();
    let path = format!("/story/{}", story.id);
    site.store.apply(&record(2, vec![story])).unwrap();
    let text = get(site.address, &path).text();
    assert!(text.contains("Migrant &#60;<mark>smuggling</mark>&#62; in Guatemala</h1>"), "{text}");
    assert!(text.contains("<q dir=\"auto\">smuggling</q> in the title") && text.contains("rule smuggling, weight 4.5"), "{text}");
    assert!(text.contains("mailto:desk@example.org?subject=Wrong%20here"), "{text}");
    assert!(text.contains("label") && text.contains("topic%3Dmigrant-smuggling"), "{text}");
    assert!(text.contains("WIRE told it first") && text.contains(&format!("https://news.example.org{path}")), "{text}");
    let spanish = get(site.address, &format!("{path}?ui=es")).text();
    assert!(spanish.contains("en el título") && spanish.contains("peso 4,5") && spanish.contains("Clasificada en"), "{spanish}");
    let plain = ask(site.address, "GET", &path, TYPED);
    assert_eq!(ask(site.address, "GET", &path, &[("If-None-Match", plain.header("etag").unwrap())]).status, 304);
}

#[test]
fn a_browser_is_told_in_a_page_what_is_wrong_and_a_program_as_before() {
    let site = site();
    let page = |path: &str| ask(site.address, "GET", path, TYPED);
    let wrong = page("/feed/topic/yuoth?ui=es");
    assert_eq!(
        (wrong.status, wrong.header("content-type"), wrong.header("cache-control")),
        (404, Some("text/html; charset=utf-8"), Some("no-store"))
    );
    assert!(
        wrong.text().contains("¿Quiso decir") && wrong.text().contains("<a href=\"/feed/topic/youth?ui=es\">youth</a>"),
        "{}",
        wrong.text()
    );
    assert_eq!(["/nothing", "/feed?topics=x", "/feed/topic/quarantine", "/story/1"].map(|path| page(path).status), [404, 400, 410, 404]);
    assert_eq!(get(site.address, "/feed/topic/yuoth").header("content-type"), Some("application/problem+json"));
}

#[test]
fn a_browser_that_goes_to_a_feed_is_sent_to_its_page_and_nobody_else_is() {
    let site = site();
    let go = |path: &str, dest: &str| ask(site.address, "GET", path, &[("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-Dest", dest)]);
    let sent = go("/feed/topic/youth.atom?country=gt", "document");
    assert_eq!(
        (sent.status, sent.header("location"), sent.header("cache-control")),
        (303, Some("/feed/topic/youth?country=gt"), Some("no-store"))
    );
    assert_eq!([go("/feed.atom", "iframe").status, go("/feed.json", "document").status, get(site.address, "/feed.atom").status], [200; 3]);
    assert_eq!(ask(site.address, "GET", "/feed.atom", TYPED).status, 200, "what a reader accepts is no sign of a person");
}

#[test]
fn pictures_tell_the_numbers_that_their_tables_do() {
    let site = busy(60, publishing("https://news.example.org/"));
    let csv = get(site.address, "/map.csv?since=all");
    assert_eq!(csv.header("content-type"), Some("text/csv; charset=utf-8"));
    assert_eq!(csv.text(), "code,name,stories\nGT,Guatemala,32\nMX,Mexico,30\nHN,Honduras,1\nnone,,0\n");
    assert_eq!(
        get(site.address, "/map.csv?since=all&topic=youth").text(),
        "code,name,stories\nGT,Guatemala,11\nMX,Mexico,10\nHN,Honduras,1\nnone,,0\n"
    );
    let map = get(site.address, "/map?topic=youth&since=").text();
    assert!(
        map.contains("<title>Guatemala: 11 stories</title>") && map.contains("href=\"/feed/country/gt?topic=youth&#38;since=P30D\""),
        "{map}"
    );
    let trends = get(site.address, "/trends.csv?topic=&country=hn").text();
    let lines: Vec<&str> = trends.lines().collect();
    assert_eq!((lines[0], lines.len(), lines[26]), ("kind,slug,week,stories", 53, "topic,youth,2020-09-14,0"));
    assert_eq!(lines[25], "topic,youth,2020-09-07,1");
    let page = get(site.address, "/trends").text();
    assert!(page.contains("Migrant smuggling") && page.contains("WIRE"), "{page}");
    // A new story shows at once.
    site.app.changed(&site.store.apply(&record(4, vec![told(99, "youth", "HN")])).unwrap());
    let moved = get(site.address, "/map?since=all&topic=youth&country=hn").text();
    assert!(moved.contains("<title>Honduras: 2 stories</title>"), "{moved}");
}

/// Whatever a page of ours links to.
fn links(text: &str) -> BTreeSet<String> {
    let all = between(text, "href=\"", "\"").into_iter().map(unescaped).filter(|link| link.starts_with('/'));
    all.map(|link| link.split('#').next().unwrap().to_owned()).collect()
}

#[test]
fn every_link_of_every_page_leads_somewhere_and_no_page_is_large() {
    let site = busy(60, publishing("https://news.example.org/"));
    let get = |path: &str| -> Reply { ask(site.address, "GET", path, &[("Accept-Encoding", "gzip"), ("Accept-Language", "pt")]) };
    let (mut seen, mut ahead) = (BTreeSet::new(), VecDeque::from(["/".to_owned()]));
    let mut sizes: BTreeMap<usize, String> = BTreeMap::new();
    while let Some(path) = ahead.pop_front().filter(|_| seen.len() < 400) {
        if !seen.insert(path.clone()) || path.starts_with("/status") {
            continue;
        }
        let reply = get(&path);
        assert_eq!(reply.status, 200, "{path}");
        if reply.header("content-type") != Some("text/html; charset=utf-8") {
            continue;
        }
        sizes.insert(reply.body.len(), path);
        let mut text = String::new();
        flate2::read::GzDecoder::new(&reply.body[..]).read_to_string(&mut text).unwrap();
        assert!(text.trim_end().ends_with("</html>"));
        ahead.extend(links(&text));
    }
    assert!(seen.len() > 100, "{}", seen.len());
    let (largest, path) = sizes.last_key_value().unwrap();
    assert!(*largest < 60 << 10, "{path} has {largest} bytes");
}

#[test]
fn a_page_below_a_base_path_stays_below_it() {
    let site = serve_with(publishing("https://news.example.org/feeds/"), Duration::from_secs(10), Arc::new(|| at(86_400)));
    let text = get(site.address, "/feeds/?ui=es").text();
    assert!(links(&text).iter().all(|link| link.starts_with("/feeds/")), "{:?}", links(&text));
    assert_eq!(get(site.address, "/feeds/find?topic=youth").header("location"), Some("/feeds/feed/topic/youth"));
}

#[test]
fn a_story_in_arabic_says_so() {
    let site = site();
    let mut story = told(5, "youth", "GT");
    story.copies[0].item.title = "شباب".into();
    let arabic: Lang = "ar".parse().unwrap();
    story.copies[0].labels.lang.value = arabic;
    story.editions[0].lang = arabic;
    site.app.changed(&site.store.apply(&record(2, vec![story])).unwrap());
    let text = get(site.address, "/").text();
    assert!(text.contains("<h3 lang=\"ar\" dir=\"auto\">") && text.contains("<span lang=\"ar\">العربية</span>"), "{text}");
}

#[test]
fn an_empty_page_helps() {
    let site = site();
    let text = get(site.address, "/feed/topic/remittances?country=gt").text();
    assert!(text.contains("No story here yet") && text.contains("Remove: Remittances"), "{text}");
    assert!(text.contains("https://news.example.org/feed/topic/remittances/country/gt.atom"), "{text}");
}
