//! A day as one entry: `view=daily`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod common;
#[path = "common/http.rs"]
mod http;
#[path = "common/site.rs"]
mod site;

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use common::story;
use http::{Reply, get, subscribe};
use site::{Site3, publishing, record, serve_with};
use tributary::model::{Gone, Second, Story};

fn second(text: &str) -> Second {
    text.parse().unwrap()
}

/// A story that stands at a time.
fn told(n: i64, at: &str) -> Story {
    let mut story = story("wire", &format!("d{n}"), &format!("Told {n}"), second(at));
    story.copies[0].item.summary = format!("Line of {n} & more.");
    story
}

struct Clock(Arc<AtomicI64>);

impl Clock {
    fn set(&self, at: &str) {
        self.0.store(second(at).unix(), Ordering::SeqCst);
    }
}

/// A server, and what its clock says.
fn site_at(now: &str) -> (Site3, Clock) {
    let now = Arc::new(AtomicI64::new(second(now).unix()));
    let clock = Clock(now.clone());
    let site = serve_with(
        publishing("https://news.example.org/"),
        Duration::from_secs(10),
        Arc::new(move || Second::from_unix(now.load(Ordering::SeqCst))),
    );
    (site, clock)
}

/// Of each entry: title, published, updated, titles of the stories in it, what follows them.
fn days(reply: &Reply) -> Vec<[String; 5]> {
    let text = reply.text();
    assert_eq!(reply.status, 200, "{text}");
    let within = |entry: &str, from: &str, to: &str| entry.split(from).nth(1).unwrap_or_default().split(to).next().unwrap().to_owned();
    let entries = text.split("<entry>").skip(1).map(|entry| {
        let content = within(entry, "type=\"html\">", "</content>").replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
        let lines: Vec<String> =
            content.split("<li").skip(1).map(|line| within(line, "<a ", "</a>").rsplit('>').next().unwrap().to_owned()).collect();
        let after = within(&content, "<p>", "</a>").rsplit('>').next().unwrap().to_owned();
        [
            within(entry, "<title xml:lang=\"en\">", "<"),
            within(entry, "<published>", "<"),
            within(entry, "<updated>", "<"),
            lines.join(" "),
            after,
        ]
    });
    entries.collect()
}

fn row(title: &str, published: &str, updated: &str, stories: &str) -> [String; 5] {
    [title, published, updated, stories, ""].map(str::to_owned)
}

#[test]
fn a_day_is_told_when_it_is_over_by_the_clocks_of_the_zone() {
    let (site, clock) = site_at("2026-03-03T12:00:00Z");
    let stories = vec![
        told(1, "2026-03-01T05:30:00Z"),
        told(2, "2026-03-01T23:00:00Z"),
        told(3, "2026-03-02T05:59:59Z"),
        told(4, "2026-03-03T06:00:00Z"),
    ];
    site.store.apply(&record(2, stories)).unwrap();
    let utc = get(site.address, "/feed.atom?view=daily");
    assert_eq!(
        days(&utc),
        [
            row("News: 2 Mar 2026", "2026-03-03T00:00:00+00:00", "2026-03-03T00:00:00+00:00", "Told 3"),
            row("News: 1 Mar 2026", "2026-03-02T00:00:00+00:00", "2026-03-02T00:00:00+00:00", "Told 2 Told 1"),
        ]
    );
    let path = "/feed.atom?view=daily&tz=America/Guatemala";
    let there = get(site.address, path);
    assert_eq!(
        days(&there),
        [
            row("News: 1 Mar 2026", "2026-03-02T06:00:00+00:00", "2026-03-02T06:00:00+00:00", "Told 3 Told 2"),
            row("News: 28 Feb 2026", "2026-03-01T06:00:00+00:00", "2026-03-01T06:00:00+00:00", "Told 1"),
        ]
    );
    // The last second of the day, and the first of the next: what was kept for the day is not asked for any more.
    clock.set("2026-03-04T05:59:59Z");
    assert_eq!(get(site.address, path).header("etag"), there.header("etag"));
    clock.set("2026-03-04T06:00:00Z");
    let next = days(&get(site.address, path));
    assert_eq!(next[0], row("News: 3 Mar 2026", "2026-03-04T06:00:00+00:00", "2026-03-04T06:00:00+00:00", "Told 4"));
    assert_eq!(next[1..], days(&there));
}

#[test]
fn an_entry_keeps_its_name_and_changes_when_its_stories_do() {
    let (site, _) = site_at("2026-03-03T12:00:00Z");
    let path = "/feed/topic/youth.atom?view=daily";
    let youth = |n: i64, at: &str| {
        let mut story = told(n, at);
        story.topics = vec!["youth".parse().unwrap()];
        story
    };
    let mut seq = 1;
    let mut write = |stories: Vec<Story>| {
        seq += 1;
        site.app.changed(&site.store.apply(&record(seq, stories)).unwrap());
        get(site.address, path)
    };
    let ids =
        |reply: &Reply| -> Vec<String> { reply.text().split("<id>").skip(1).map(|id| id.split('<').next().unwrap().to_owned()).collect() };
    let first = write(vec![youth(1, "2026-03-01T10:00:00Z"), youth(2, "2026-03-02T10:00:00Z")]);
    assert_eq!(days(&first).len(), 2);
    // Today is not told, so that nothing changed.
    let today = write(vec![youth(3, "2026-03-03T10:00:00Z")]);
    assert_eq!((today.header("etag"), &today.body), (first.header("etag"), &first.body));
    let mut revised = youth(1, "2026-03-01T10:00:00Z");
    revised.copies[0].item.title = "Told anew".into();
    revised.editions[0].updated = second("2026-03-03T11:00:00Z");
    let after = write(vec![revised.clone()]);
    assert_eq!((ids(&after), days(&after)[0].clone()), (ids(&first), days(&first)[0].clone()));
    assert_eq!(days(&after)[1], row("Youth: 1 Mar 2026", "2026-03-02T00:00:00+00:00", "2026-03-03T11:00:00+00:00", "Told anew"));
    // A day without stories is no entry.
    revised.edited.gone = Some(Gone::Hidden);
    assert_eq!(days(&write(vec![revised])), days(&first)[..1]);
    let others =
        ["/feed.atom?view=daily", "/feed/topic/youth.atom?view=daily&tz=Atlantic/Reykjavik"].map(|path| ids(&get(site.address, path)));
    assert!(others.iter().flatten().all(|id| !ids(&first).contains(id)), "each feed has days of its own");
}

#[test]
fn what_is_told_is_bounded_and_says_so() {
    let (site, _) = site_at("2026-03-03T12:00:00Z");
    let busy = |day: &str, count: i64, first: i64| -> Vec<Story> {
        let begin = second(&format!("{day}T00:00:00Z")).unix();
        (0..count).map(|n| told(first + n, &Second::from_unix(begin + n * 60).to_string())).collect()
    };
    let mut stories =
        [busy("2026-03-02", 50, 0), busy("2026-03-01", 51, 1_000), busy("2026-02-28", 200, 2_000), busy("2026-02-27", 201, 3_000)].concat();
    stories.extend((0..60).map(|n| told(10_000 + n, &Second::from_unix(second("2026-02-26T10:00:00Z").unix() - n * 86_400).to_string())));
    for (seq, stories) in stories.chunks(60).enumerate() {
        site.store.apply(&record(seq as u64 + 2, stories.to_vec())).unwrap();
    }
    let all = days(&get(site.address, "/feed.atom?view=daily"));
    let more: Vec<(usize, &str)> = all[..5].iter().map(|day| (day[3].split("Told ").count() - 1, day[4].as_str())).collect();
    assert_eq!(more, [(50, ""), (50, "and 1 more"), (50, "and 150 more"), (50, "and more than 150 more"), (1, "")]);
    assert_eq!((all.len(), all[29][0].as_str()), (30, "News: 1 Feb 2026"));
    let some = get(site.address, "/feed.atom?view=daily&limit=2");
    assert_eq!(days(&some), all[..2]);
    // The rest of a day is a page away.
    let text = some.text();
    let page = text.split("<entry>").nth(2).unwrap().split("href=\"https://news.example.org").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(page, "/feed?since=2026-03-01&amp;until=2026-03-01");
    assert!(get(site.address, &page.replace("&amp;", "&")).text().contains("Told 1050"));
}

#[test]
fn days_are_told_alike_in_every_format() {
    let (site, _) = site_at("2026-03-03T12:00:00Z");
    let mut told = told(1, "2026-03-02T10:00:00Z");
    told.copies[0].item.title = "A <b> & \"c\"".into();
    site.store.apply(&record(2, vec![told])).unwrap();
    let query = "view=daily&tz=Europe/Madrid&lang=es&country=-us";
    site.store.apply(&record(3, vec![])).unwrap();
    let query = query.replace("&lang=es", "&prefer=es");
    let [atom, rss, json] = ["atom", "rss", "json"].map(|format| subscribe(site.address, &format!("/feed.{format}?{query}")));
    assert_eq!(atom.items.len(), 1);
    for other in [&rss, &json] {
        let of = |feed: &tributary::model::RawFeed| {
            let item = &feed.items[0];
            (item.id.clone(), item.link.clone(), item.published)
        };
        assert_eq!(of(other), of(&atom));
    }
    let written = get(site.address, &format!("/feed.json?{query}")).json();
    assert_eq!(written["title"], "Salvo en Estados Unidos, de preferencia en español, día a día (Europe/Madrid) — News");
    assert_eq!(written["items"][0]["title"], "Salvo en Estados Unidos, de preferencia en español: 2 mar. 2026");
    assert_eq!(
        written["items"][0]["content_html"],
        "<ul><li lang=\"en\"><a href=\"https://wire.example/d1\">A &lt;b&gt; &amp; &quot;c&quot;</a> — WIRE<br>Line of 1 &amp; more.</li></ul>"
    );
    assert_eq!(
        written["items"][0]["url"],
        "https://news.example.org/feed?country=-us&prefer=es&since=2026-03-01T23:00:00Z&until=2026-03-02T22:59:59Z"
    );
    assert!(written["items"][0].get("_tributary").is_none());
    let titles = get(site.address, &format!("/feed.json?{query}&content=title")).json();
    assert!(!titles["items"][0]["content_html"].as_str().unwrap().contains("Line of"));
}

#[test]
fn days_go_with_every_other_wish() {
    let (site, _) = site_at("2026-03-20T12:00:00Z");
    let stories = (1..=18).map(|n| told(n, &format!("2026-03-{n:02}T10:00:00Z"))).collect();
    site.store.apply(&record(2, stories)).unwrap();
    site.store.read_words(second("2026-03-19T00:00:00Z"), &|| true).unwrap();
    let count = |query: &str| days(&get(site.address, &format!("/feed.atom?view=daily&{query}"))).len();
    for (query, expected) in [
        ("limit=30", 18),
        ("since=P10D", 9),
        ("since=2026-03-05&until=2026-03-07", 3),
        ("since=2026-03-05T11:00:00Z", 13),
        ("q=line+7", 1),
        ("q=-line", 0),
        ("source=wire&per_source=1", 18),
        ("lang=fr", 0),
    ] {
        assert_eq!(count(query), expected, "{query}");
    }
    // The page of a daily feed is that of its stories, and names the feed.
    let page = get(site.address, "/feed?view=daily").text();
    assert!(page.contains("Told 18") && page.contains("https://news.example.org/feed.atom?view=daily"), "{page}");
}
