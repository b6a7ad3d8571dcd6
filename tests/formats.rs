//! The same stories in Atom, RSS and JSON Feed: what is written, and what readers take from it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;
#[path = "common/http.rs"]
mod http;
#[path = "common/site.rs"]
mod site;

use std::{collections::BTreeSet, fs, sync::Arc};

use common::at;
use http::{ask, get, subscribe};
use proptest::prelude::*;
use serde_json::json;
use site::{card, publishing, site, told};
use tributary::{
    html::SafeHtml,
    model::{Category, ContentPolicy, Enclosure, Filter, Lang, Page, RawFeed, RawText, Shown, Story},
    publish::{self, Feed},
    serve::Publishing,
};

type Write = fn(&Feed<'_>) -> Vec<u8>;

/// Each format, with its extension and its media type.
const FORMATS: [(&str, &str, Write); 3] = [
    ("atom", "application/atom+xml; charset=utf-8", publish::atom),
    ("rss", "application/rss+xml; charset=utf-8", publish::rss),
    ("json", "application/feed+json", publish::json),
];

fn written(stories: &[Story], publishing: &Publishing, (extension, _, write): (&str, &str, Write)) -> String {
    let entries = stories.iter().map(|story| Shown { story: Arc::new(story.clone()), edition: 0 }).collect();
    let page = Page { entries, changed: at(1) };
    let bytes = write(&Feed {
        site: &publishing.site,
        names: &publishing.names,
        sources: &publishing.sources,
        filter: &Filter::default(),
        saved: None,
        own: &Filter::default(),
        content: ContentPolicy::Full,
        daily: None,
        path: &format!("feed.{extension}"),
        home: "feed",
        page: &page,
        more: &publish::More::default(),
        genesis: publishing.genesis,
    });
    String::from_utf8(bytes).unwrap()
}

fn strict(text: &str) -> feed_rs::model::Feed {
    feed_rs::parser::parse(text.as_bytes()).unwrap()
}

/// A story that has something of everything.
fn full(n: i64) -> (Story, Publishing) {
    let mut publishing = publishing("https://news.example.org/");
    publishing.sources.get_mut(&"wire".parse().unwrap()).unwrap().content = ContentPolicy::Full;
    publishing.sources.insert("paper".parse().unwrap(), card("paper"));
    let mut story = told(n, "climate-and-disasters", "GT");
    story.regions = vec!["central-america".parse().unwrap()];
    story.editions[0].updated = at(90);
    let mut copy = story.copies[0].clone();
    copy.item.source = "paper".parse().unwrap();
    copy.item.link = Some("https://paper.example/1?a=1&b=2".into());
    copy.labels.lang.value = Lang::ES;
    let item = &mut story.copies[0].item;
    item.published = Some(at(-86_400));
    item.authors = vec!["Ana".into(), "Luis <Pérez>".into()];
    item.content = Some(SafeHtml::sanitise("<p>All <b>of</b> it ]]&gt; &amp; more.</p>", None));
    item.categories = vec![
        Category { term: "Youth, camps & more".into(), scheme: None, label: None },
        Category { term: "c7".into(), scheme: Some("https://wire.example/terms".into()), label: Some("Camps".into()) },
    ];
    item.enclosures = vec![
        Enclosure { url: "https://wire.example/1.mp3".into(), media_type: Some("audio/mpeg".into()), length: Some(7) },
        Enclosure { url: "https://wire.example/1".into(), media_type: Some("a file".into()), length: None },
    ];
    item.image = Some("https://wire.example/1.jpg".into());
    item.rights = Some("© Wire".into());
    story.copies.push(copy);
    (story, publishing)
}

#[test]
fn an_entry_is_written_whole() {
    let (story, publishing) = full(1);
    for format in FORMATS {
        let text = written(std::slice::from_ref(&story), &publishing, format);
        let told = if format.0 == "json" { text.replace(",\"", ",\n\"") } else { text.replace("><", ">\n<") };
        let golden = format!("tests/golden/entry.{}", format.0);
        if std::env::var_os("WRITE_GOLDEN").is_some() {
            fs::write(&golden, format!("{told}\n")).unwrap();
        }
        assert_eq!(told.trim(), fs::read_to_string(&golden).unwrap_or_default().trim());
        assert_eq!(written(std::slice::from_ref(&story), &publishing, format), text, "the same stories give the same bytes");
    }
}

#[test]
fn a_feed_without_stories_has_the_date_of_the_beginning() {
    let publishing = publishing("https://news.example.org/");
    let [atom, rss, json] = FORMATS.map(|format| written(&[], &publishing, format));
    assert!(atom.contains("<updated>2020-09-13T12:10:00+00:00</updated>"), "{atom}");
    assert!(rss.contains("<lastBuildDate>Sun, 13 Sep 2020 12:10:00 GMT</lastBuildDate>"), "{rss}");
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&json).unwrap(),
        json!({
            "version": "https://jsonfeed.org/version/1.1",
            "title": "News",
            "home_page_url": "https://news.example.org/",
            "feed_url": "https://news.example.org/feed.json",
            "icon": "https://news.example.org/icon.png",
            "favicon": "https://news.example.org/icon.png",
            "language": "en",
            "authors": [{ "name": "News" }],
            "_tributary": { "id": "urn:uuid:42c4e493-c049-5770-95da-f7f25590dae9", "updated": "2020-09-13T12:10:00Z" },
            "items": [],
        })
    );
    for text in [atom, rss, json] {
        assert_eq!(strict(&text).entries.len(), 0);
    }
}

/// What any reader has to know of a story.
fn gist(feed: &feed_rs::model::Feed) -> Vec<[String; 5]> {
    let of = |entry: &feed_rs::model::Entry| {
        let authors: Vec<&str> = entry.authors.iter().filter_map(|author| author.name.as_deref()).collect();
        // RSS has its text as a description, the others as content.
        let content = entry.content.as_ref().and_then(|content| content.body.clone());
        [
            entry.id.clone(),
            entry.title.as_ref().unwrap().content.clone(),
            entry.links[0].href.clone(),
            entry.published.unwrap().to_rfc3339(),
            format!("{} {}", authors.join(" & "), content.unwrap_or_else(|| entry.summary.as_ref().unwrap().content.clone())),
        ]
    };
    feed.entries.iter().map(of).collect()
}

fn words(text: RawText) -> String {
    let (RawText::Plain(words) | RawText::Html(words)) = text;
    words
}

#[test]
fn each_format_tells_the_same_stories() {
    let site = site();
    let (story, _) = full(9);
    site.app.changed(&site.store.apply(&site::record(2, vec![story])).unwrap());
    for query in ["", "?topic=youth", "?country=gt,-hn&lang=es", "?limit=2&content=title", "?topic=none"] {
        let [atom, rss, json] =
            FORMATS.map(|(extension, ..)| gist(&strict(&get(site.address, &format!("/feed.{extension}{query}")).text())));
        assert_eq!(atom, rss, "{query}");
        assert_eq!(atom, json, "{query}");
    }
    assert_eq!(gist(&strict(&get(site.address, "/feed.json").text())).len(), 4);
    // We read them ourselves, without mending anything.
    let [atom, rss, json] = FORMATS.map(|(extension, ..)| subscribe(site.address, &format!("/feed.{extension}")));
    let told = |feed: &RawFeed| -> Vec<_> {
        feed.items
            .iter()
            .map(|item| (item.id.clone(), item.title.clone().map(words), item.link.clone(), item.lang.clone(), item.authors.clone()))
            .collect()
    };
    assert_eq!((told(&atom), told(&atom)), (told(&rss), told(&json)));
}

#[test]
fn each_format_has_its_type_its_validators_and_its_canonical_self() {
    let site = site();
    let mut tags = BTreeSet::new();
    for (extension, media_type, _) in FORMATS {
        for (path, own) in [
            (format!("/feed.{extension}"), format!("feed.{extension}")),
            (
                format!("/feed/country/GT/topic/youth.{extension}?lang=en&utm_source=x"),
                format!("feed/topic/youth/country/gt.{extension}?lang=en"),
            ),
        ] {
            let reply = get(site.address, &path);
            assert_eq!((reply.status, reply.header("content-type")), (200, Some(media_type)), "{path}");
            assert_eq!(reply.header("last-modified"), Some("Sun, 13 Sep 2020 12:26:41 GMT"));
            let text = reply.text();
            let (before, after) = if extension == "json" { ("\"feed_url\":\"", "\"") } else { ("href=\"", "\"") };
            let self_of = |text: &str| text.split(before).nth(1).unwrap().split(after).next().unwrap().to_owned();
            assert_eq!(self_of(&text), format!("https://news.example.org/{own}"));
            assert_eq!(get(site.address, &format!("/{own}")), reply, "equal filters are one feed");
            let tag = reply.header("etag").unwrap();
            assert!(tags.insert(tag.to_owned()), "{path} is a representation of its own");
            let known = ask(site.address, "GET", &path, &[("If-None-Match", tag)]);
            assert_eq!((known.status, known.header("etag"), known.body.len()), (304, Some(tag), 0));
            let head = ask(site.address, "HEAD", &path, &[]);
            assert_eq!((head.status, head.body.len(), head.header("content-length")), (200, 0, reply.header("content-length")));
        }
        let moved = get(site.address, &format!("/feed/country/GTM.{extension}"));
        let to = format!("https://news.example.org/feed/country/gt.{extension}");
        assert_eq!((moved.status, moved.header("location")), (301, Some(to.as_str())));
        assert_eq!(get(site.address, &format!("/feed/topic/yuoth.{extension}")).status, 404);
        assert_eq!(get(site.address, &format!("/feed.{extension}?topicc=youth")).status, 400);
    }
    // What is work for editors is no feed for readers.
    let editor = FORMATS.map(|(extension, ..)| get(site.address, &format!("/editor.{extension}")).status);
    assert_eq!(editor, [200, 404, 404]);
}

#[test]
fn a_changed_story_is_new_in_each_format() {
    let site = site();
    let tags =
        || FORMATS.map(|(extension, ..)| get(site.address, &format!("/feed/topic/diaspora.{extension}")).header("etag").map(str::to_owned));
    let before = tags();
    site.app.changed(&site.store.apply(&site::record(2, vec![told(1, "youth", "MX")])).unwrap());
    assert_eq!(tags(), before, "it is in another feed");
    site.app.changed(&site.store.apply(&site::record(3, vec![told(3, "diaspora", "MX")])).unwrap());
    assert!(tags().iter().zip(&before).all(|(after, before)| after != before));
}

#[test]
fn a_page_names_its_feeds() {
    let site = site();
    for (path, feeds) in [
        ("/", vec!["/feed.atom", "/feed.rss", "/feed.json"]),
        ("/feed", vec!["/feed.atom", "/feed.rss", "/feed.json"]),
        (
            "/feed/topic/youth?country=gt,-us",
            vec!["/feed/topic/youth.atom?country=gt,-us", "/feed/topic/youth.rss?country=gt,-us", "/feed/topic/youth.json?country=gt,-us"],
        ),
        ("/editor", vec!["/editor.atom"]),
    ] {
        let text = get(site.address, path).text();
        let links: Vec<(&str, &str)> = text
            .split("<link rel=\"alternate\" type=\"")
            .skip(1)
            .map(|link| {
                (link.split('"').next().unwrap(), link.split("href=\"https://news.example.org").nth(1).unwrap().split('"').next().unwrap())
            })
            .collect();
        assert_eq!(links.iter().map(|(_, address)| *address).collect::<Vec<_>>(), feeds, "{path}");
        for (media_type, address) in links {
            let reply = get(site.address, address);
            assert!(reply.status == 200 && reply.header("content-type").unwrap().starts_with(media_type), "{address}");
        }
    }
}

#[test]
fn a_text_in_no_known_language_does_not_take_on_the_feeds() {
    let publishing = publishing("https://news.example.org/");
    let mut story = told(1, "youth", "GT");
    story.editions[0].lang = Lang::UNKNOWN;
    let [atom, rss, json] = FORMATS.map(|format| written(std::slice::from_ref(&story), &publishing, format));
    assert!(atom.contains("<title xml:lang=\"und\">"), "{atom}");
    assert!(rss.contains("<dc:language>und</dc:language>"), "{rss}");
    assert!(json.contains("\"language\":\"und\""), "{json}");
}

#[test]
fn a_picture_is_shown_where_more_than_a_title_is_allowed() {
    let (story, mut publishing) = full(1);
    for (policy, is_shown) in [(ContentPolicy::Full, true), (ContentPolicy::Summary, true), (ContentPolicy::Title, false)] {
        publishing.sources.get_mut(&"wire".parse().unwrap()).unwrap().content = policy;
        for format in FORMATS {
            let text = written(std::slice::from_ref(&story), &publishing, format);
            assert_eq!(text.contains("https://wire.example/1.jpg"), is_shown, "{policy:?}: {text}");
        }
    }
    // We find it again ourselves.
    publishing.sources.get_mut(&"wire".parse().unwrap()).unwrap().content = ContentPolicy::Summary;
    let base = "http://reader.example/".parse().unwrap();
    for format in FORMATS {
        let about = tributary::parse::About { content_type: Some(format.1), base: &base, dates: Default::default() };
        let feed = tributary::parse::parse(written(std::slice::from_ref(&story), &publishing, format).as_bytes(), &about).unwrap();
        assert_eq!(feed.items[0].image.as_deref(), Some("https://wire.example/1.jpg"), "{}", format.0);
    }
}

#[test]
fn an_entry_keeps_its_id_to_the_letter_and_has_an_author() {
    let publishing = publishing("https://news.example.org/");
    let mut story = told(1, "youth", "GT");
    story.editions[0].entry_id = "https://wire.example/cafe\u{301}".into();
    story.copies[0].item.authors = vec![" \u{200B}".into()];
    story.copies[0].item.enclosures =
        vec![Enclosure { url: "https://wire.example/a".into(), media_type: Some("a file".into()), length: None }];
    let [atom, rss, json] = FORMATS.map(|format| {
        let text = written(std::slice::from_ref(&story), &publishing, format);
        assert!(!text.contains("a file"), "{text}");
        let entry = strict(&text).entries.remove(0);
        (entry.id, entry.authors.into_iter().map(|author| author.name).collect::<Vec<_>>())
    });
    assert_eq!(atom, ("https://wire.example/cafe\u{301}".to_owned(), vec![Some("WIRE".to_owned())]));
    assert_eq!((&rss, &json), (&atom, &atom));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_publisher_writes_the_feed_is_well_formed(title in "\\PC{0,20}|[\u{0}-\u{20}<>&\"'\\]]{0,8}", summary in any::<String>(), author in any::<String>(), term in any::<String>()) {
        let mut story = told(1, "youth", "GT");
        let item = &mut story.copies[0].item;
        item.title = title;
        item.summary = format!("{summary}]]>");
        item.authors = vec![author.clone()];
        item.categories = vec![Category { term: term.clone(), scheme: None, label: Some(author.clone()) }];
        item.enclosures = vec![Enclosure { url: format!("https://wire.example/{term}"), media_type: Some(term), length: None }];
        item.rights = Some(author);
        let publishing = publishing("https://news.example.org/");
        let mut gists = Vec::new();
        for format in FORMATS {
            let text = written(std::slice::from_ref(&story), &publishing, format);
            prop_assert!(text.chars().all(tributary::text::is_xml_char));
            if format.0 != "json" {
                let mut reader = quick_xml::Reader::from_reader(text.as_bytes());
                reader.config_mut().check_end_names = true;
                loop {
                    match reader.read_event() {
                        Ok(quick_xml::events::Event::Eof) => break,
                        Ok(_) => {}
                        Err(error) => prop_assert!(false, "{}: {}", format.0, error),
                    }
                }
            }
            let feed = strict(&text);
            prop_assert_eq!(feed.entries.len(), 1);
            gists.push((feed.entries[0].id.clone(), feed.entries[0].published));
        }
        prop_assert_eq!(&gists[0], &gists[1]);
        prop_assert_eq!(&gists[0], &gists[2]);
    }
}
