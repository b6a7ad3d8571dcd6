//! The filter language: what an address means, what it is called, and what it is refused for.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;
#[path = "common/http.rs"]
mod http;
#[path = "common/site.rs"]
mod site;

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use common::{NOON, at, item, labels};
use http::{Reply, get};
use proptest::{prelude::*, strategy::ValueTree};
use site::{Site3, canonical, publishing, publishing_of, record, serve_with, site, titles, told};
use tributary::{
    config,
    model::{Copy, Edition, Evidence, Field, Lang, Second, Story, TopicLabel, Why},
    serve::Publishing,
};

const BASE: &str = "https://news.example.org/";
const PATIENCE: Duration = Duration::from_secs(10);

fn id(reply: &Reply) -> String {
    reply.text().split("<id>").nth(1).unwrap().split('<').next().unwrap().to_owned()
}

fn title(reply: &Reply) -> String {
    reply.text().split("<title>").nth(1).unwrap().split('<').next().unwrap().replace("&apos;", "'").replace("&#39;", "'")
}

/// What an address comes to: its canonical self below the base, or what is wrong with it.
fn comes_to(site: &Site3, path: &str) -> String {
    let reply = get(site.address, path);
    let below = |address: &str| address.strip_prefix(BASE).unwrap().to_owned();
    match reply.status {
        200 => below(&canonical(&reply)),
        301 => format!("301 {}", below(reply.header("location").unwrap())),
        status => format!("{status} {}", reply.json()["detail"].as_str().unwrap()),
    }
}

#[test]
fn every_address_comes_to_its_canonical_self_or_says_what_is_wrong() {
    let site = site();
    let long = format!("/feed.atom?topic={}", "y".repeat(2_100));
    let many = format!("/feed.atom?country=gt&{}", "topic=youth&".repeat(16));
    let names = format!("/feed.atom?country={}", "gt,mx,".repeat(40) + "hn");
    let wordy = format!("/feed.atom?q={}", (0..17).map(|n| format!("w{n}")).collect::<Vec<_>>().join("+"));
    let long_word = format!("/feed.atom?q={}", "y".repeat(201));
    site.store.read_words(at(0), &|| true).unwrap();
    for (path, expected) in [
        // What could be asked before has the addresses it had.
        ("/feed.atom", "feed.atom"),
        ("/feed.atom?topic=youth", "feed/topic/youth.atom"),
        ("/feed/country/GT/topic/Youth.atom", "feed/topic/youth/country/gt.atom"),
        ("/feed.atom?lang=es", "feed/lang/es.atom"),
        ("/feed/country/gt.atom?lang=es&limit=20", "feed/country/gt.atom?lang=es&limit=20"),
        (
            "/feed.atom?topic=youth&topic=diaspora&country=hn&country=gt&region=central-america&source=wire&lang=en",
            "feed/topic/diaspora/country/gt/region/central-america/source/wire.atom?country=hn&lang=en&topic=youth",
        ),
        // Or, and, not, none.
        ("/feed.atom?topic=youth,diaspora", "feed.atom?topic=diaspora,youth"),
        ("/feed/topic/youth%2Cdiaspora.atom", "feed.atom?topic=diaspora,youth"),
        ("/feed.atom?country=mx,gt,-us", "feed.atom?country=gt,mx,-us"),
        ("/feed.atom?country=-us&country=gt&topic=-diaspora", "feed.atom?country=gt,-us&topic=-diaspora"),
        ("/feed/country/gt.atom?country=-us", "feed.atom?country=gt,-us"),
        ("/feed.atom?country=gt&country=gt,mx", "feed/country/gt.atom"),
        ("/feed.atom?country=gt,mx,-mx", "feed.atom?country=gt,-mx"),
        ("/feed/topic/none.atom", "feed/topic/none.atom"),
        ("/feed.atom?topic=NONE&country=none", "feed/topic/none/country/none.atom"),
        ("/feed.atom?topic=-none", "feed.atom?topic=-none"),
        ("/feed.atom?topic=-none&topic=youth", "feed/topic/youth.atom"),
        ("/feed.atom?source=-wire", "feed.atom?source=-wire"),
        // Languages.
        ("/feed.atom?lang=pt,es", "feed.atom?lang=es,pt"),
        ("/feed.atom?lang=es,und", "feed/lang/es.atom"),
        ("/feed.atom?lang=es-419", "feed/lang/es.atom"),
        ("/feed.atom?prefer=es,en,es", "feed.atom?prefer=es,en"),
        ("/feed.atom?prefer=es&lang=en", "feed/lang/en.atom"),
        ("/feed.atom?prefer=fr,es&lang=es,pt", "feed.atom?lang=es,pt&prefer=es"),
        // Time.
        ("/feed.atom?since=p4w", "feed.atom?since=P28D"),
        ("/feed.atom?since=2026-01-31T00:00:00Z&until=2026-02-28T23:59:59Z", "feed.atom?since=2026-01-31&until=2026-02-28"),
        ("/feed.atom?since=2026-01-31T12:00:00+02:00", "feed.atom?since=2026-01-31T10:00:00Z"),
        ("/feed.atom?since=P1Y&until=P6M", "feed.atom?since=P12M&until=P6M"),
        // How it is shown.
        ("/feed.atom?per_source=5&limit=50&content=full", "feed.atom?per_source=5"),
        ("/feed.atom?content=Title&limit=200", "feed.atom?content=title&limit=200"),
        // Words.
        ("/feed.atom?q=Youth+CAMP,+camps", "feed.atom?q=camp+youth"),
        ("/feed.atom?q=%22Cambio+Clim%C3%A1tico%22+-deporte", "feed.atom?q=%22cambio+climatico%22+-deporte"),
        ("/feed.atom?q=%E2%80%9Cvirtual%20camp%E2%80%9D&q=camp&country=gt", "feed/country/gt.atom?q=%22virtual+camp%22"),
        ("/feed.atom?q=title:camp*", "feed.atom?q=%22title+camp%22"),
        ("/feed.atom?q=%D8%A7%D9%84%D9%87%D8%AC%D8%B1%D8%A9", "feed.atom?q=%D8%A7%D9%84%D9%87%D8%AC%D8%B1%D8%A9"),
        // Days.
        ("/feed/topic/youth.atom?View=Daily", "feed/topic/youth.atom?view=daily"),
        ("/feed.atom?view=daily&tz=utc&limit=30", "feed.atom?view=daily"),
        ("/feed.atom?view=daily&tz=america/guatemala&limit=7", "feed.atom?limit=7&tz=America/Guatemala&view=daily"),
        ("/feed.atom?view=daily&tz=Etc/GMT%2B5", "feed.atom?tz=Etc/GMT%2B5&view=daily"),
        // What messengers do to addresses.
        ("/feed/topic/youth.atom/?utm_source=x&UTM_medium=y&fbclid=z&_=1&gclid=2", "feed/topic/youth.atom"),
        ("/feed.atom?topic=youth&amp;country=gt", "feed/topic/youth/country/gt.atom"),
        ("/feed.atom?topic=youth%2C%20diaspora", "feed.atom?topic=diaspora,youth"),
        // Other names.
        ("/feed/country/GTM.atom", "301 feed/country/gt.atom"),
        ("/feed/country/M%C3%A9xico.atom?lang=es", "301 feed/country/mx.atom?lang=es"),
        ("/feed.atom?country=Guatemala,Mexique,-Estados%20Unidos", "301 feed.atom?country=gt,mx,-us"),
        ("/feed.atom?topic=fair-recruitment,youth", "301 feed.atom?topic=ethical-recruitment,youth"),
        // Mistakes.
        ("/feed.atom?topics=youth", "400 unknown key `topics`; did you mean `topic`?"),
        (
            "/feed.atom?zzz=1",
            "400 unknown key `zzz`; known are topic, country, region, source, lang, prefer, q, since, until, limit, per_source, content, view, tz",
        ),
        ("/feed/q/camp.atom", "400 `q` stands behind the question mark: feed.atom?q=…"),
        ("/feed.atom?q=", "400 `q` has no value"),
        ("/feed.atom?q=*", "400 `q`: there is no word in it; write words, \"phrases in quotes\", and -words to leave out"),
        (&wordy, "400 `q`: it has 17 words; 16 are the most"),
        ("/feed.atom?q=a+b+c+d+e+f+g+h&q=i+j+k+l+m+n+o+p+r", "400 `q`: it has 17 words; 16 are the most"),
        (&long_word, "400 `q`: it is 201 characters long; 200 are the most"),
        (
            "/feed.atom?q=camp&q=-camps",
            "400 what is asked of `q` excludes itself, so that nothing could ever be in the feed; leave one of the wishes out",
        ),
        ("/feed.atom?view=weekly", "400 `view` is `weekly`; it can be daily"),
        ("/feed.atom?tz=America/Guatemala", "400 `tz` is the time zone of days; ask for view=daily with it"),
        ("/feed.atom?view=daily&tz=Guatemala", "400 `tz`: `Guatemala` is no time zone; did you mean America/Guatemala?"),
        ("/feed.atom?view=daily&tz=UTC&tz=Asia/Tokyo", "400 `tz` is given twice; once is enough"),
        ("/feed.atom?view=daily&limit=31", "400 `limit` is `31`; of days it can be 1 to 30"),
        ("/editor.atom?view=daily", "400 `view` is not for editors; what nobody filed is told story by story"),
        ("/feed/limit/5.atom", "400 `limit` stands behind the question mark: feed.atom?limit=…"),
        ("/feed/topic.atom", "400 `topic` has no value; an address such as feed/topic/youth.atom has"),
        ("/feed.atom?topic=", "400 `topic` has no value"),
        ("/feed.atom?topic=youth,", "400 `youth,` has an empty part; write names with commas between, and `-` before those to leave out"),
        ("/feed.atom?topic=-", "400 `-` has an empty part; write names with commas between, and `-` before those to leave out"),
        (
            "/feed.atom?country=us,-us",
            "400 what is asked of `country` excludes itself, so that nothing could ever be in the feed; leave one of the wishes out",
        ),
        (
            "/feed/topic/none.atom?topic=youth",
            "400 what is asked of `topic` excludes itself, so that nothing could ever be in the feed; leave one of the wishes out",
        ),
        ("/feed/topic/yuoth.atom", "404 there is no topic `yuoth`; did you mean youth?"),
        ("/feed.atom?topic=youth,-yuoth", "404 there is no topic `yuoth`; did you mean youth?"),
        ("/feed.atom?region=none", "404 there is no region `none`"),
        ("/feed.atom?source=wired", "404 there is no source `wired`; did you mean wire?"),
        ("/feed/lang/spanish.atom", "400 `lang`: `spanish` is not a language tag such as en, es, fr or pt"),
        ("/feed.atom?lang=-en", "400 `lang=-en`: a language can not be left out; name those to show, such as lang=es,pt"),
        ("/feed.atom?lang=es&lang=fr", "400 `lang` is given twice; once is enough"),
        ("/feed.atom?limit=5&limit=6", "400 `limit` is given twice; once is enough"),
        ("/feed.atom?limit=201", "400 `limit` is `201`; it can be 1 to 200"),
        ("/feed.atom?per_source=0", "400 `per_source` is `0`; it can be 1 to 200"),
        ("/feed.atom?content=all", "400 `content` is `all`; it can be title, summary or full"),
        ("/feed.atom?since=P1D&until=P5D", "400 `until` is before `since`"),
        (
            "/feed.atom?since=yesterday",
            "400 `since`: `yesterday` is no time; write a day such as 2026-01-31, a time such as 2026-01-31T12:00:00Z, or days, weeks, months or years back such as P30D (at most P100Y)",
        ),
        ("/feed/saved/smuggling.atom", "404 there is no saved `smuggling`; did you mean smuggling-guatemala?"),
        (&many, "400 more than 16 keys"),
        (&names, "400 more than 64 names"),
        (&long, "400 the address is 2110 bytes long; 2048 are the most; an editor can save a long filter under a name"),
        ("/feed.rdf", "404 there is nothing at this address; feeds are at feed.atom and feed/topic/….atom, or .rss or .json"),
    ] {
        let came = comes_to(&site, path);
        assert_eq!(came, expected, "{path}");
        let is_address = came.starts_with("feed");
        if is_address {
            assert_eq!(comes_to(&site, &format!("/{came}")), came, "its canonical self is its own");
        }
    }
}

/// A query of pieces that look like filters, and of others.
fn queries() -> impl Strategy<Value = String> {
    let key = proptest::sample::select(vec![
        "topic",
        "country",
        "region",
        "source",
        "lang",
        "prefer",
        "since",
        "until",
        "limit",
        "per_source",
        "content",
        "view",
        "tz",
        "Topic",
        "topics",
        "utm_x",
        "_",
        "",
        "q",
    ]);
    let name = proptest::sample::select(vec![
        "youth",
        "diaspora",
        "gt",
        "mx",
        "GTM",
        "Guatemala",
        "none",
        "wire",
        "es",
        "en",
        "sahel",
        "P30D",
        "2026-01-31",
        "5",
        "title",
        "x",
        "",
        "%2C",
    ]);
    let part = ("-?", name).prop_map(|(minus, name)| format!("{minus}{name}"));
    let value = proptest::collection::vec(part, 1..4).prop_map(|parts| parts.join(","));
    let strange = "[a-z=,&%+;-]{0,12}".prop_map(|text| (text, String::new()));
    let pair = prop_oneof![5 => (key.prop_map(str::to_owned), value), 1 => strange];
    proptest::collection::vec(pair.prop_map(|(key, value)| format!("{key}={value}")), 0..5).prop_map(|pairs| pairs.join("&"))
}

#[test]
fn whatever_is_asked_is_answered_and_never_with_more_than_was_asked_for() {
    let site = site();
    site.store.read_words(at(0), &|| true).unwrap();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut served = 0;
    for _ in 0..2_000 {
        let query = queries().new_tree(&mut runner).unwrap().current();
        let came = comes_to(&site, &format!("/feed.atom?{query}"));
        let Some((status, _)) = came.split_once(' ') else {
            served += 1;
            assert_eq!(comes_to(&site, &format!("/{came}")), came, "{query}");
            // A key that chooses stories is found again, unless another says the same.
            for key in ["topic", "country", "region", "source", "since", "until", "per_source", "q"] {
                assert_eq!(
                    query.to_lowercase().split('&').any(|pair| pair.starts_with(&format!("{key}="))),
                    came.contains(key),
                    "{query}: {came}"
                );
            }
            continue;
        };
        assert!(["301", "400", "404"].contains(&status), "{query}: {came}");
    }
    assert!(served > 200, "{served}");
}

#[test]
fn feed_ids_are_for_ever() {
    let site = site();
    // Name-based ids (RFC 9562 §5.5) over the text of the filter, made by another program.
    for (path, name) in [
        ("/feed.atom", "42c4e493-c049-5770-95da-f7f25590dae9"),
        ("/feed.atom?limit=5", "42c4e493-c049-5770-95da-f7f25590dae9"),
        ("/feed/topic/youth.atom", "e679bddb-7879-5bdc-bd6a-b35b3bb54df5"),
        ("/feed/country/gt.atom", "cdf6c745-45fb-54c4-8ee7-f7399923e5cf"),
        ("/feed/region/central-america.atom", "91a80e28-dada-5dac-ae25-aceea599270e"),
        ("/feed/source/wire.atom", "a0648070-21c9-57b9-9ad4-398619dee1ec"),
        ("/feed/lang/es.atom", "7ce1f1aa-ba4d-5dd7-a6c9-b92e3b705b78"),
        (
            "/feed.atom?topic=youth&topic=diaspora&country=hn&country=gt&region=central-america&source=wire&lang=en",
            "26f90592-99ca-5cc0-9a6d-f089d92b8c2a",
        ),
    ] {
        assert_eq!(id(&get(site.address, path)), format!("urn:uuid:{name}"), "{path}");
    }
}

#[test]
fn equal_filters_are_one_feed_and_different_ones_are_not() {
    let site = site();
    let groups = [
        &["/feed.atom?topic=youth,diaspora&country=-us", "/feed.atom?country=-us&topic=diaspora,youth,diaspora"][..],
        &["/feed.atom?topic=youth&topic=diaspora&country=-us"],
        &["/feed/topic/youth.atom?country=-us", "/feed.atom?topic=youth&topic=youth,diaspora&country=-US"],
        &["/feed.atom?topic=-youth&country=-us"],
        &["/feed.atom?topic=none&country=-us"],
        &["/feed.atom?topic=-none&country=-us"],
        &["/feed.atom?prefer=es,en"],
        &["/feed.atom?prefer=en,es"],
        &["/feed.atom?since=P30D", "/feed.atom?since=p30d"],
        &["/feed.atom?until=P30D"],
        &["/feed.atom?per_source=2"],
        &["/feed.atom?q=told+story", "/feed.atom?q=%22Story%22+TOLD", "/feed.atom?q=told&q=st%C3%B3ry"],
        &["/feed.atom?q=%22story+told%22"],
        &["/feed.atom?view=daily", "/feed.atom?view=daily&tz=UTC"],
        &["/feed.atom?view=daily&tz=Asia/Tokyo"],
    ];
    site.store.read_words(at(0), &|| true).unwrap();
    let mut ids = Vec::new();
    for group in groups {
        let replies: Vec<Reply> = group.iter().map(|path| get(site.address, path)).collect();
        for reply in &replies {
            assert_eq!((reply.header("etag"), &reply.body), (replies[0].header("etag"), &replies[0].body), "{group:?}");
        }
        ids.push(id(&replies[0]));
    }
    let count = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), count);
}

/// A story without labels.
fn unfiled(n: i64) -> Story {
    let mut story = told(n, "youth", "GT");
    story.topics.clear();
    story.countries.clear();
    story
}

#[test]
fn filters_hold_what_they_say() {
    let site = site();
    let mut second = told(5, "diaspora", "MX");
    second.topics.push("youth".parse().unwrap());
    site.store.apply(&record(2, vec![unfiled(4), second])).unwrap();
    for (query, expected) in [
        ("topic=youth,diaspora", &[5, 3, 2, 1][..]),
        ("topic=youth&topic=diaspora", &[5]),
        ("topic=-youth", &[4, 3]),
        ("topic=diaspora,-youth", &[3]),
        ("topic=none", &[4]),
        ("topic=none,diaspora", &[5, 4, 3]),
        ("topic=-none&country=-gt,-hn", &[5]),
        ("country=none", &[4]),
        ("country=gt,mx,-hn&topic=youth", &[5, 1]),
        ("source=wire&limit=2", &[5, 4]),
        ("source=-wire", &[]),
        ("per_source=3", &[5, 4, 3]),
        ("per_source=3&topic=-diaspora", &[4, 2, 1]),
        ("since=2020-09-13T12:26:43Z", &[5, 4, 3]),
        ("until=2020-09-13T12:26:43Z", &[3, 2, 1]),
        ("since=2020-09-13T12:26:42Z&until=2020-09-13T12:26:43Z", &[3, 2]),
        ("since=2020-09-13&until=2020-09-13", &[5, 4, 3, 2, 1]),
        ("since=2020-09-14", &[]),
        ("until=2020-09-12", &[]),
    ] {
        let expected: Vec<String> = expected.iter().map(|n| format!("Story {n}")).collect();
        assert_eq!(titles(&get(site.address, &format!("/feed.atom?{query}"))), expected, "{query}");
    }
}

#[test]
fn the_last_days_end_with_the_day() {
    let now = Arc::new(AtomicI64::new(NOON + 3_600));
    let clock = {
        let now = now.clone();
        Arc::new(move || Second::from_unix(now.load(Ordering::SeqCst)))
    };
    let site = serve_with(publishing(BASE), PATIENCE, clock);
    let path = "/feed.atom?since=P1D";
    let first = get(site.address, path);
    assert_eq!(titles(&first).len(), 3);
    // The stories are of noon; a day later they are of yesterday, another day later they are gone.
    now.fetch_add(86_400, Ordering::SeqCst);
    let second = get(site.address, path);
    assert_eq!((first.header("etag"), second.header("last-modified")), (second.header("etag"), Some("Mon, 14 Sep 2020 00:00:00 GMT")));
    now.fetch_add(86_400, Ordering::SeqCst);
    assert_eq!(titles(&get(site.address, path)).len(), 0);
    assert_eq!(titles(&get(site.address, "/feed.atom?until=P1D")).len(), 3);
}

/// A story told in English, and then in Spanish by another.
fn twice(n: i64, later: i64) -> Story {
    let mut story = told(n, "youth", "GT");
    let mut item = item("paper", &format!("p{n}"), &format!("Historia {n}"));
    item.summary = "Lo que se cuenta.".into();
    let edition = Edition {
        lang: Lang::ES,
        entry_id: format!("https://paper.example/p{n}"),
        position: at(later),
        updated: at(later),
        preferred: 1,
        ..story.editions[0].clone()
    };
    story.editions.push(edition);
    story.copies.push(Copy {
        item,
        labels: labels(Lang::ES),
        first_seen: at(later),
        revised: None,
        rank: 5,
        why: Why::SameLink { link: "x".into() },
        refused: Vec::new(),
        revisions: Vec::new(),
        retracted: None,
    });
    story
}

#[test]
fn a_preferred_edition_that_arrives_later_takes_the_place_of_the_old_one() {
    let site = site();
    let shown = |query: &str| titles(&get(site.address, &format!("/feed.atom?{query}")));
    assert_eq!(shown("prefer=es,en"), ["Story 3", "Story 2", "Story 1"]);
    let touched = site.store.apply(&record(2, vec![twice(2, 50)])).unwrap();
    site.app.changed(&touched);
    assert_eq!(shown("prefer=es,en"), ["Historia 2", "Story 3", "Story 1"]);
    assert_eq!(shown("prefer=fr,en"), ["Story 3", "Story 2", "Story 1"]);
    assert_eq!(shown("prefer=fr"), ["Story 3", "Story 2", "Story 1"]);
    assert_eq!(shown("lang=es"), ["Historia 2"]);
    assert_eq!(shown("lang=en"), ["Story 3", "Story 2", "Story 1"]);
    // Of several languages the one first kept, unless another is preferred.
    assert_eq!(shown("lang=es,en"), ["Story 3", "Story 2", "Story 1"]);
    assert_eq!(shown("lang=es,en&prefer=es"), ["Historia 2", "Story 3", "Story 1"]);
    // Any copy makes a story one of a source; the preferred copy of what is shown counts.
    assert_eq!(shown("lang=es,en&per_source=1&prefer=es"), ["Historia 2", "Story 3"]);
    assert_eq!(shown("prefer=es&since=2020-09-13T12:27:00Z"), ["Historia 2"]);
}

#[test]
fn an_answer_is_dropped_when_a_story_enters_changes_or_leaves_and_not_otherwise() {
    let site = site();
    let tag = |path: &str| get(site.address, path).header("etag").unwrap().to_owned();
    let paths =
        ["topic=-youth", "topic=none", "country=none", "topic=-diaspora", "prefer=es", "per_source=1", "topic=youth,diaspora&country=-gt"];
    let tags = || paths.map(|query| tag(&format!("/feed.atom?{query}")));
    let write = |seq: u64, story: Story| site.app.changed(&site.store.apply(&record(seq, vec![story])).unwrap());
    let changed =
        |before: &[String; 7], after: &[String; 7]| -> Vec<bool> { before.iter().zip(after).map(|(one, other)| one != other).collect() };
    let mut before = tags();
    let mut step = |seq: u64, story: Story| {
        write(seq, story);
        let after = tags();
        let told = changed(&before, &after);
        before = after;
        told
    };
    let yes_no = |told: &str| told.chars().map(|c| c == '+').collect::<Vec<bool>>();
    // Story 1 loses its topic: it leaves `-diaspora` not at all, enters `-youth` and `none`. Story 3 is newest: one for each source.
    assert_eq!(
        step(2, {
            let mut story = told(1, "youth", "GT");
            story.topics.clear();
            story
        }),
        yes_no("++-++--")
    );
    assert_eq!(step(3, told(1, "diaspora", "GT")), yes_no("++-++--"));
    assert_eq!(
        step(4, {
            let mut story = told(1, "diaspora", "GT");
            story.countries.clear();
            story
        }),
        yes_no("+-+-+-+")
    );
    assert_eq!(step(5, twice(1, 90)), yes_no("+-+++-+"));
}

#[test]
fn the_title_says_the_filter_in_words() {
    let site = site();
    site.store.read_words(at(0), &|| true).unwrap();
    for (query, expected) in [
        ("", "News"),
        ("topic=youth", "Youth — News"),
        ("country=gt", "Guatemala — News"),
        ("country=us", "United States — News"),
        ("source=wire&lang=es", "WIRE, en español — News"),
        (
            "topic=migrant-smuggling,refugees-and-asylum&country=gt,-us&lang=en",
            "Migrant smuggling or refugees and asylum, in Guatemala, not in the United States, in English — News",
        ),
        (
            "topic=migrant-smuggling,youth&country=gt,-us&lang=es",
            "Tráfico ilícito de migrantes o juventud, en Guatemala, salvo en Estados Unidos, en español — News",
        ),
        (
            "topic=migrant-smuggling,youth&country=gt,-us&lang=fr",
            "Trafic illicite de migrants ou jeunesse, Guatemala, sauf États-Unis, en français — News",
        ),
        (
            "topic=migrant-smuggling,youth&country=gt,-us&lang=pt",
            "Contrabando de migrantes ou juventude, Guatemala, exceto Estados Unidos, em português — News",
        ),
        ("topic=youth,-diaspora,-remittances", "Youth, not diaspora or remittances — News"),
        ("topic=youth&topic=diaspora,remittances", "Diaspora or remittances, and youth — News"),
        (
            "topic=youth&topic=diaspora&country=hn&prefer=es,en",
            "Diáspora y juventud, en Honduras, de preferencia en español, luego inglés — News",
        ),
        ("country=gt,hn&region=caribbean&lang=es", "Guatemala u Honduras, en el Caribe, en español — News"),
        ("topic=none&country=none", "No topic, in no country — News"),
        ("topic=-none&country=-gt,-none", "Any topic, in any country, not in Guatemala — News"),
        ("lang=es,pt&since=P30D", "In Spanish or Portuguese, since 30 days ago — News"),
        ("q=camp+%22climate+change%22+-virtual", "“camp” and “climate change”, without “virtual” — News"),
        ("q=-virtual+-remote&topic=youth", "Youth, without “remote” or “virtual” — News"),
        ("topic=youth&q=camp+iom&lang=es", "Juventud, con «camp» e «iom», en español — News"),
        ("q=camp+-virtual&country=gt&lang=fr", "Guatemala, avec « camp », sans « virtual », en français — News"),
        ("q=camp+-virtual&country=gt&lang=pt", "Guatemala, com “camp”, sem “virtual”, em português — News"),
        ("view=daily", "Day by day — News"),
        ("topic=youth&view=daily&tz=America/Guatemala&lang=es", "Juventud, en español, día a día (America/Guatemala) — News"),
        ("lang=fr&since=P1Y1D&until=2026-01-31", "En français, depuis 12 mois et 1 jour, jusqu'au 31 janv. 2026 — News"),
        ("topic=youth&per_source=3&since=2026-01-31T12:00:00Z", "Youth, since 31 Jan 2026 12:00:00 UTC, at most 3 per source — News"),
    ] {
        assert_eq!(title(&get(site.address, &format!("/feed.atom?{query}"))), expected, "{query}");
    }
}

#[test]
fn where_no_language_is_asked_the_site_says_it_in_its_own() {
    let mut publishing = publishing(BASE);
    publishing.site.lang = Lang::PT;
    let site = serve_with(publishing, PATIENCE, Arc::new(|| at(0)));
    let feed = get(site.address, "/feed/topic/youth.atom");
    assert_eq!(title(&feed), "Juventude — News");
    assert!(feed.text().contains("por que isto está aqui?"));
    assert_eq!(title(&get(site.address, "/feed/topic/youth.atom?prefer=fr")), "Jeunesse, de préférence en français — News");
}

fn configured(feeds: &str) -> Publishing {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("feeds.toml"), feeds).unwrap();
    publishing_of(BASE, &config::load(Some(dir.path()), std::iter::empty(), &[]).unwrap())
}

#[test]
fn a_saved_feed_may_be_a_union_and_takes_further_wishes() {
    let feeds = r#"
[[feed]]
slug = "mine"
title = { en = "Mine", es = "Lo mío" }
topics = ["youth,diaspora"]
limit = 2
content = "title"

[[feed.any]]
countries = ["HN"]

[[feed.any]]
topics = ["-youth"]
countries = ["gt,mx"]
"#;
    let site = serve_with(configured(feeds), PATIENCE, Arc::new(|| at(0)));
    let saved = get(site.address, "/feed/saved/mine.atom");
    assert_eq!((titles(&saved), title(&saved)), (vec!["Story 3".to_owned(), "Story 2".to_owned()], "Mine — News".to_owned()));
    assert!(!saved.text().contains("What is told"), "no more than the title is shown");
    for (path, expected) in [
        ("/feed/saved/MINE.atom?limit=2&content=full&utm_source=x", "feed/saved/mine.atom"),
        ("/feed/saved/mine.atom?limit=50", "feed/saved/mine.atom?limit=50"),
        ("/feed/saved/mine.atom?country=gt&lang=en", "feed/saved/mine.atom?country=gt&lang=en"),
        (
            "/feed/saved/mine.atom?topic=-youth,-diaspora",
            "400 what is asked of `topic` excludes itself, so that nothing could ever be in the feed; leave one of the wishes out",
        ),
    ] {
        assert_eq!(comes_to(&site, path), expected, "{path}");
    }
    let further = get(site.address, "/feed/saved/mine.atom?country=gt&lang=es");
    assert_eq!((titles(&further), title(&further)), (vec![], "Lo mío, en Guatemala, en español — News".to_owned()));
    assert_eq!(titles(&get(site.address, "/feed/saved/mine.atom?country=gt")), ["Story 3"]);
}

#[test]
fn a_saved_feed_may_ask_for_words() {
    let feeds = "[[feed]]\nslug = \"twos\"\ntitle = { en = \"Twos\" }\nq = 'Story 2'\n";
    let site = serve_with(configured(feeds), PATIENCE, Arc::new(|| at(0)));
    site.store.read_words(at(0), &|| true).unwrap();
    assert_eq!(titles(&get(site.address, "/feed/saved/twos.atom")), ["Story 2"]);
    assert_eq!(titles(&get(site.address, "/feed/saved/twos.atom?q=-told")), Vec::<String>::new());
    let further = get(site.address, "/feed/saved/twos.atom?q=told");
    assert_eq!((titles(&further), title(&further)), (vec!["Story 2".to_owned()], "Twos, with “told” — News".to_owned()));
    assert_eq!(comes_to(&site, "/feed/saved/twos.atom?q=Told"), "feed/saved/twos.atom?q=told");
}

#[test]
fn editors_see_what_nobody_filed_and_what_came_near() {
    let site = site();
    let evidence = |text: &str| Evidence { field: Field::Title, text: text.into(), at: 0, rule: text.to_lowercase().into(), weight: 3.0 };
    let mut story = unfiled(4);
    story.copies[0].labels.near =
        vec![TopicLabel { slug: "youth".parse().unwrap(), score: 4.0, evidence: vec![evidence("Camp"), evidence("young people")] }];
    let mut nowhere = told(5, "youth", "GT");
    nowhere.countries.clear();
    let about = format!("/story/{}", story.id);
    site.store.apply(&record(2, vec![story, nowhere])).unwrap();
    let feed = get(site.address, "/editor.atom");
    assert_eq!(
        (titles(&feed), title(&feed)),
        (vec!["Story 5".to_owned(), "Story 4".to_owned()], "No country, no topic or too much at once — News".to_owned())
    );
    let summaries: Vec<String> =
        feed.text().split("<summary").skip(1).map(|rest| rest.split(['<', '>']).nth(1).unwrap().to_owned()).collect();
    assert_eq!(summaries, ["WIRE · no country", "WIRE · no topic, no country · nearly: Youth 4 (“Camp”, “young people”)"]);
    assert!(feed.text().contains("<link href=\"https://wire.example/n4\" rel=\"alternate\""), "{}", feed.text());
    assert_ne!(id(&feed), id(&get(site.address, "/feed.atom")));
    assert_eq!(comes_to(&site, "/editor.atom?country=GT&limit=10"), "editor.atom?country=gt&limit=10");
    assert_eq!(titles(&get(site.address, "/editor.atom?topic=-none")), ["Story 5"]);
    let page = get(site.address, "/editor?country=gt").text();
    assert!(page.contains("<h1>No topic, in Guatemala or too much at once, in Guatemala</h1>"), "{page}");
    assert_eq!(
        comes_to(&site, "/editor/topic/youth.atom"),
        "404 there is nothing at this address; feeds are at feed.atom and feed/topic/….atom, or .rss or .json"
    );
    assert!(comes_to(&site, "/editor.atom?topicc=youth").starts_with("400 unknown key"));
    let page = get(site.address, &about).text();
    assert!(page.contains("<h2>Nearly filed under</h2><dl class=\"filed\"><div><dt><a href=\"/feed/topic/youth\">Youth</a>"), "{page}");
    // What is filed leaves it.
    site.app.changed(&site.store.apply(&record(3, vec![told(5, "youth", "GT")])).unwrap());
    assert_eq!(titles(&get(site.address, "/editor.atom")), ["Story 4"]);
}

#[test]
fn a_list_of_subscriptions_has_each_topic_that_has_stories() {
    let site = site();
    let reply = get(site.address, "/opml?country=gt&lang=en&utm_source=x");
    let text = reply.text();
    let listed = |attribute: &str| -> Vec<String> {
        let begin = format!(" {attribute}=\"");
        text.split(&begin).skip(1).map(|rest| rest.split('"').next().unwrap().replace("&amp;", "&")).collect()
    };
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("text/x-opml; charset=utf-8")));
    assert_eq!(
        listed("xmlUrl"),
        [
            "https://news.example.org/feed/country/gt.atom?lang=en",
            "https://news.example.org/feed/topic/diaspora/country/gt.atom?lang=en",
            "https://news.example.org/feed/topic/youth/country/gt.atom?lang=en",
        ]
    );
    assert_eq!(
        listed("title"),
        ["Guatemala, in English — News", "Diaspora, in Guatemala, in English — News", "Youth, in Guatemala, in English — News"]
    );
    for address in listed("xmlUrl").iter().chain(&listed("htmlUrl")) {
        assert_eq!(get(site.address, address.strip_prefix("https://news.example.org").unwrap()).status, 200, "{address}");
    }
    assert_eq!(get(site.address, "/opml?topic=-youth&country=gt").text().matches("<outline").count(), 2);
    assert_eq!(get(site.address, "/opml?contry=gt").json()["detail"], "unknown key `contry`; did you mean `country`?");
    let moved = get(site.address, "/opml?country=GTM");
    assert_eq!((moved.status, moved.header("location")), (301, Some("https://news.example.org/opml?country=gt")));
}

#[test]
fn a_page_keeps_to_its_address() {
    let site = site();
    let reply = get(site.address, "/feed/country/GTM?lang=es");
    assert_eq!((reply.status, reply.header("location")), (301, Some("https://news.example.org/feed/country/gt?lang=es")));
    let page = get(site.address, "/feed?topic=youth,diaspora&country=-hn").text();
    assert!(page.contains("https://news.example.org/feed.atom?country=-hn&#38;topic=diaspora,youth"), "{page}");
    assert!(page.contains("Story 3") && page.contains("Story 1") && !page.contains("Story 2"), "{page}");
}
